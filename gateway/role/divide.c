/* divide.c owns what becomes of a document that is several notices: each part sealed for the store as an original of
 * its own, to be read like one that came alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "role/outcome.h"

/* What every part is: a table of the heading row and one row. */
#define PART_TYPE "text/csv"

static enum wg_code seal_part(struct wg_process *p, const struct wg_part *part, struct wg_part_new *out,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_code code = wg_rest_seal(p->rest, part->bytes, part->len, &sealed, err);
	if (code != WG_OK)
		return code;
	wg_sha256_hex(part->bytes, part->len, out->content_hash);
	(void)snprintf(out->content_type, sizeof out->content_type, PART_TYPE); /* fits */
	out->blob_len = sealed.len;
	out->blob = wg_buf_steal(&sealed);
	return WG_OK;
}

enum wg_code wg_handle_divide(struct wg_process *p, const struct wg_msg_job *job, const struct wg_read *read,
                              struct wg_outcome *o, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	o->parts = calloc(read->n_parts + 1, sizeof *o->parts);
	if (o->parts == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	o->done.parts = o->parts;
	for (size_t i = 0; code == WG_OK && i < read->n_parts; i++) {
		code = seal_part(p, &read->parts[i], &o->parts[i], err);
		o->done.part_count += code == WG_OK;
	}
	/* What came around the rows waits for a person, once: who has answered has seen it. */
	bool ask = read->attention && job->resolution == NULL;
	if (code == WG_OK)
		wg_outcome_settle(o, ask ? WG_MSG_ATTENTION : WG_MSG_DIVIDED, ask ? read->reason : "");
	return code;
}
