/* sql_concern.c owns what a message names in header/concerns, and the recall of what is unsent of it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

bool wg_concern_id(const char *s)
{
	size_t len = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz-");
	return len > 0 && len <= WG_LIMIT_NAME && s[len] == '\0' && s[0] != '-';
}

bool wg_concern_next(const char **at, char out[WG_CONCERN_TEXT])
{
	const char *p = *at + strspn(*at, " ");
	size_t len = strcspn(p, " ");
	if (len == 0)
		return false;
	(void)snprintf(out, WG_CONCERN_TEXT, "%.*s", len < WG_CONCERN_TEXT ? (int)len : 0, p); /* it fits */
	if (!wg_concern_id(out))
		out[0] = '\0';
	*at = p + len;
	return true;
}

enum wg_code wg_concern_check(const char *concerns, struct wg_err *err)
{
	char id[WG_CONCERN_TEXT];
	const char *at = concerns != NULL ? concerns : "";
	unsigned n = 0;
	while (wg_concern_next(&at, id))
		n++;
	return n <= WG_STORE_CONCERNS_MAX
	           ? WG_OK
	           : wg_err_set(err, WG_LIMIT, "a message that concerns more than %d others", WG_STORE_CONCERNS_MAX);
}

enum wg_code wg_concern_put(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                            struct wg_err *err)
{
	char id[WG_CONCERN_TEXT];
	const char *at = done->concerns != NULL ? done->concerns : "";
	enum wg_code code = WG_OK;
	if (!wg_message_first(msg))
		code = wg_db_run(store, SQL_CONCERN_CLEAR, WG_ARGS(wg_db_int(msg->seq)), err);
	while (code == WG_OK && wg_concern_next(&at, id)) {
		const struct wg_arg args[] = { wg_db_int(msg->seq), wg_db_text(id), wg_db_int(done->recalls) };
		if (id[0] == '\0')
			continue;
		code = wg_db_run(store, SQL_CONCERN_PUT, args, WG_COUNT(args), err);
		if (code == WG_OK)
			code = wg_db_run(store, SQL_CONCERN_SAME, args, WG_COUNT(args), err);
	}
	return code;
}

/* Whether what replaces a message goes, or may go, to that desk: what was withheld from it takes nothing's place. */
static bool goes_to(const struct wg_msg_done *done, const struct wg_dlv_rec *d)
{
	for (unsigned i = 0; i < done->delivery_count; i++) {
		const struct wg_dlv_new *n = &done->deliveries[i];
		if (n->alarm_of == 0 && n->state != WG_DLV_WITHHELD && strcmp(n->organisation, d->organisation) == 0 &&
		    strcmp(n->desk, d->desk) == 0)
			return true;
	}
	return false;
}

enum wg_code wg_concern_recall_unsent(struct wg_store *store, struct wg_now now, int64_t message,
                                      const struct wg_msg_done *later, const char *why, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(message)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_dlv_rec d;
		code = wg_delivery_by_seq(store, seqs[i], &d, err);
		if (code == WG_OK && (later == NULL || (d.alarm_of == 0 && goes_to(later, &d))) &&
		    wg_delivery_may((int)d.state, WG_DLV_RECALLED, WG_WHO_PROCESS))
			code = wg_delivery_move(store, now, &d, WG_DLV_RECALLED, WG_WHO_PROCESS, NULL, why, err);
	}
	return code;
}

static enum wg_code recall_named(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 const char *id, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	char why[WG_STORE_REASON];
	(void)snprintf(why, sizeof why, "recalled by its sender with message %s", msg->id); /* it fits */
	enum wg_code code = wg_db_seqs(store, SQL_CONCERNED, WG_ARGS(wg_db_text(id)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_msg_rec named;
		code = wg_message_by_seq(store, seqs[i], &named, err);
		if (code == WG_OK && named.seq != msg->seq && msg->organisation[0] != '\0' &&
		    strcmp(named.organisation, msg->organisation) == 0)
			code = wg_concern_recall_unsent(store, now, named.seq, NULL, why, err);
	}
	return code;
}

enum wg_code wg_concern_recall(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                               const struct wg_msg_done *done, struct wg_err *err)
{
	char id[WG_CONCERN_TEXT];
	const char *at = done->recalls && done->concerns != NULL ? done->concerns : "";
	enum wg_code code = WG_OK;
	while (code == WG_OK && wg_concern_next(&at, id))
		if (id[0] != '\0')
			code = recall_named(store, now, msg, id, err);
	return code;
}

#define RECALLED_ARGS(message, notice_id) WG_ARGS(wg_db_text(message), wg_db_text(notice_id))

void wg_concern_recalled_ahead(struct wg_store *store, const char *message, const char *notice_id)
{
	wg_db_ahead(store, SQL_RECALLED_BY, RECALLED_ARGS(message, notice_id));
}

enum wg_code wg_concern_recalled(struct wg_store *store, const char *message, const char *notice_id,
                                 char by[WG_ID_TEXT], struct wg_err *err)
{
	bool row = false;
	by[0] = '\0';
	enum wg_code code = wg_db_row(store, SQL_RECALLED_BY, RECALLED_ARGS(message, notice_id), &row, err);
	if (code == WG_OK && row)
		wg_db_col_text(store, SQL_RECALLED_BY, 0, by, WG_ID_TEXT);
	wg_db_end(store, SQL_RECALLED_BY);
	return code;
}
