/* sql_attend.c owns a person's work on a message in attention: who looks after it, and what was said of it. Each is
 * logged with who and why. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/sql_internal.h"

/* WG_REJECT unless the message is in attention and somebody says why. */
static enum wg_code find(struct wg_store *store, const char *id, const char *who, const char *why,
                         struct wg_msg_rec *out, struct wg_err *err)
{
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who acts and why: it goes into the log");
	enum wg_code code = wg_message_by_id(store, id, out, err);
	if (code == WG_OK && out->state != WG_MSG_ATTENTION)
		code = wg_err_set(err, WG_REJECT, "message %s is %s: it does not wait for a person", id,
		                  wg_message_state_name(out->state));
	return code;
}

/* One line of text: it is shown in lists. */
static bool is_line(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return wg_utf8_valid(s, strlen(s));
}

enum wg_code wg_store_assign(struct wg_store *store, struct wg_now now, const char *id, const char *to, const char *who,
                             const char *why, struct wg_err *err)
{
	struct wg_msg_rec msg;
	char detail[WG_STORE_REASON + WG_LIMIT_NAME];
	if (!is_line(to))
		return wg_err_set(err, WG_REJECT, "whoever looks after a message is named in one line of text");
	enum wg_code code = find(store, id, who, why, &msg, err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_MSG_ASSIGN, WG_ARGS(wg_db_int(msg.seq), wg_db_text(to)), err);
	if (code != WG_OK)
		return code;
	(void)snprintf(detail, sizeof detail, "to %s: %s", *to != '\0' ? to : "nobody", why); /* cut: words */
	const struct wg_entry entry = {
		.who = WG_WHO_ADMIN, .person = who, .event = "assign", .message = id, .detail = detail
	};
	return wg_chain_append(store, now, &entry, err);
}

enum wg_code wg_store_resolve(struct wg_store *store, struct wg_now now, const char *id, const char *who,
                              const char *why, const void *blob, size_t len, struct wg_err *err)
{
	struct wg_msg_rec msg;
	int64_t kept = 0;
	char hash[WG_STORE_HASH], detail[WG_STORE_REASON + WG_STORE_HASH + 16], reason[WG_STORE_REASON];
	if (len == 0 || len > WG_STORE_RESOLUTION_MAX)
		return wg_err_set(err, len == 0 ? WG_REJECT : WG_LIMIT, "a resolution has between 1 and %zu bytes",
		                  (size_t)WG_STORE_RESOLUTION_MAX);
	enum wg_code code = find(store, id, who, why, &msg, err);
	if (code == WG_OK)
		code = wg_blob_put(store, blob, len, &kept, hash, err);
	if (code == WG_OK)
		code = wg_blob_replaced(store, msg.seq, msg.resolution, err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_MSG_RESOLVE, WG_ARGS(wg_db_int(msg.seq), wg_db_int(kept)), err);
	if (code != WG_OK)
		return code;
	/* The hash stands where SQL_AUDIT_RESOLUTION looks for it. */
	(void)snprintf(detail, sizeof detail, "resolution=%s %s", hash, why); /* it fits */
	(void)snprintf(reason, sizeof reason, "resolved: %s", why);           /* cut is acceptable in words */
	const struct wg_entry entry = {
		.who = WG_WHO_ADMIN, .person = who, .event = "resolve", .message = id, .detail = detail
	};
	code = wg_chain_append(store, now, &entry, err);
	return code == WG_OK ? wg_message_move(store, now, &msg, WG_MSG_ACCEPTED, WG_WHO_ADMIN, who, reason, NULL, err)
	                     : code;
}
