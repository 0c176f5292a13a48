/* sql_parts.c owns the division of one message into many: each part a message of its own, however often it is done.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

/* The message that part number i (from 0) is: one that its organisation has sent before, or a new one. */
static enum wg_code message_of(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *parent,
                               const struct wg_part_new *part, unsigned i, int64_t *seq, unsigned *fresh,
                               struct wg_err *err)
{
	struct wg_msg_new msg = { .blob = part->blob, .blob_len = part->blob_len };
	enum wg_code code = wg_message_by_content(store, parent->organisation, part->content_hash, seq, err);
	if (code != WG_OK || *seq != 0)
		return code;
	memcpy(msg.organisation, parent->organisation, sizeof msg.organisation);
	memcpy(msg.way, parent->way, sizeof msg.way);
	memcpy(msg.content_hash, part->content_hash, sizeof msg.content_hash);
	memcpy(msg.content_type, part->content_type, sizeof msg.content_type);
	code = wg_id_make(now.wall, msg.id, err);
	if (code == WG_OK)
		code = wg_message_put(store, now, &msg, parent, i + 1, seq, err);
	*fresh += code == WG_OK;
	return code;
}

enum wg_code wg_parts_put(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *parent,
                          const struct wg_msg_done *done, unsigned *fresh, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	*fresh = 0;
	for (unsigned i = 0; code == WG_OK && i < done->part_count; i++) {
		int64_t seq = 0;
		code = message_of(store, now, parent, &done->parts[i], i, &seq, fresh, err);
		if (code == WG_OK && seq == parent->seq)
			code = wg_err_set(err, WG_REJECT, "message %s cannot be a part of itself", parent->id);
		if (code == WG_OK)
			code =
				wg_db_run(store, SQL_PART_PUT, WG_ARGS(wg_db_int(parent->seq), wg_db_int(i + 1), wg_db_int(seq)), err);
	}
	return code;
}

enum wg_code wg_parts_lines(struct wg_store *store, int64_t parent, char **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf lines = WG_BUF(WG_LIMIT_FRAME / 64);
	bool row = true;
	enum wg_code code = wg_db_query(store, SQL_PARTS, WG_ARGS(wg_db_int(parent)), err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_PARTS, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_printf(&lines, "%s %s\n", wg_db_col_borrow(store, SQL_PARTS, 0), wg_db_col_borrow(store, SQL_PARTS, 1));
	}
	wg_db_end(store, SQL_PARTS);
	wg_buf_put(&lines, "", 0); /* so that no lines are an empty text */
	if (code == WG_OK)
		code = wg_buf_check(&lines, "the list of parts", err);
	if (code == WG_OK)
		*out = wg_buf_steal(&lines);
	return code;
}
