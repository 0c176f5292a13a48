/* sql_intake.c owns accepting: one submission becomes one message, however often it is sent.
 * SECURITY: a new message's members come from outside by way of intake; each is checked before it is kept. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/sql_internal.h"

static bool is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

bool wg_is_hash(const char *s)
{
	return is_hex(s, WG_STORE_HASH - 1);
}

enum wg_code wg_keys_check(const struct wg_match_key *keys, unsigned count, struct wg_err *err)
{
	for (unsigned i = 0; i < count; i++)
		if (!is_hex(keys[i].key, WG_STORE_KEY - 1) ||
		    (keys[i].scope[0] != '\0' && !is_hex(keys[i].scope, WG_STORE_KEY - 1)))
			return wg_err_set(err, WG_REJECT, "a key is not a hash: what it stands for must not come here");
	return WG_OK;
}

/* One line of printable ASCII: what a header value may be. */
static bool is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static enum wg_code check_new(const struct wg_msg_new *msg, struct wg_err *err)
{
	if (!wg_id_valid(msg->id))
		return wg_err_set(err, WG_REJECT, "the message id is not one of this gateway's");
	/* Whose a mail is, is known when it was opened: process says it with done. */
	bool later = msg->organisation[0] == '\0' && *msg->way != '*' && wg_list_has("imap lmtp mesh", msg->way);
	if ((!later && !wg_name_valid(msg->organisation)) || !wg_name_valid(msg->way))
		return wg_err_set(err, WG_REJECT, "the organisation or the way in is not a name");
	if (!wg_is_hash(msg->content_hash))
		return wg_err_set(err, WG_REJECT, "the content hash is not SHA-256 in lower-case hex");
	if (!is_plain(msg->idempotency_key) || !is_plain(msg->content_type))
		return wg_err_set(err, WG_REJECT,
		                  "the idempotency key or the content type has characters outside printable ASCII");
	if (msg->blob_len == 0)
		return wg_err_set(err, WG_REJECT, "the message is empty");
	if (msg->blob_len > WG_STORE_BLOB_MAX)
		return wg_err_set(err, WG_LIMIT, "the message is larger than %zu bytes", (size_t)WG_STORE_BLOB_MAX);
	return WG_OK;
}

/* 0 when there is none. */
static enum wg_code seq_of(struct wg_store *store, enum wg_sql id, const char *organisation, const char *what,
                           int64_t *seq, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, id, WG_ARGS(wg_db_text(organisation), wg_db_text(what)), &row, err);
	if (code == WG_OK)
		*seq = row ? wg_db_col_int(store, id, 0) : 0;
	wg_db_end(store, id);
	return code;
}

static enum wg_code keep_key(struct wg_store *store, const struct wg_msg_new *msg, int64_t seq, struct wg_err *err)
{
	if (msg->idempotency_key[0] == '\0')
		return WG_OK;
	return wg_db_run(store, SQL_KEY_PUT,
	                 WG_ARGS(wg_db_text(msg->organisation), wg_db_text(msg->idempotency_key), wg_db_int(seq)), err);
}

/* One that was there already; the first key that it came under stays with it. */
static enum wg_code add_key(struct wg_store *store, const struct wg_msg_new *msg, int64_t seq, struct wg_err *err)
{
	enum wg_code code = keep_key(store, msg, seq, err);
	if (code != WG_OK || msg->idempotency_key[0] == '\0')
		return code;
	return wg_db_run(store, SQL_MSG_KEY, WG_ARGS(wg_db_int(seq), wg_db_text(msg->idempotency_key)), err);
}

static enum wg_code receipt_of(struct wg_store *store, int64_t seq, bool duplicate, struct wg_msg_receipt *out,
                               struct wg_err *err)
{
	struct wg_msg_rec rec;
	enum wg_code code = wg_message_by_seq(store, seq, &rec, err);
	if (code != WG_OK)
		return code;
	*out = (struct wg_msg_receipt){ .accepted_at = rec.accepted_at, .state = rec.state, .duplicate = duplicate };
	memcpy(out->id, rec.id, sizeof out->id);
	memcpy(out->content_hash, rec.content_hash, sizeof out->content_hash);
	return WG_OK;
}

enum wg_code wg_message_by_content(struct wg_store *store, const char *organisation, const char *content_hash,
                                   int64_t *seq, struct wg_err *err)
{
	return seq_of(store, SQL_CONTENT_FIND, organisation, content_hash, seq, err);
}

/* Where it came from: by intake, out of another message, or from ourselves. */
static enum wg_code log_new(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                            const struct wg_msg_rec *parent, unsigned number, const char *blob, struct wg_err *err)
{
	char detail[WG_STORE_REASON], part[WG_ID_TEXT + 32] = "";
	if (parent != NULL)
		(void)snprintf(part, sizeof part, " part=%u of=%s", number, parent->id); /* it fits */
	(void)snprintf(detail, sizeof detail, "organisation=%s way=%s content=%s%s blob=%s", msg->organisation, msg->way,
	               msg->content_hash, part, blob); /* every part is bounded; the sum fits */
	bool inside = parent != NULL || strcmp(msg->way, "self") == 0;
	const struct wg_entry entry = { .who = inside ? WG_WHO_PROCESS : WG_WHO_INTAKE,
		                            .event = "accepted",
		                            .message = msg->id,
		                            .state = "accepted",
		                            .detail = detail };
	return wg_chain_append(store, now, &entry, err);
}

enum wg_code wg_message_put(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                            const struct wg_msg_rec *parent, unsigned number, int64_t *seq, struct wg_err *err)
{
	int64_t blob = 0;
	char hash[WG_STORE_HASH];
	bool row = false;
	enum wg_code code = check_new(msg, err);
	if (code == WG_OK)
		code = wg_blob_put(store, msg->blob, msg->blob_len, &blob, hash, err);
	if (code != WG_OK)
		return code;
	code = wg_db_row(store, SQL_MSG_PUT,
	                 WG_ARGS(wg_db_text(msg->id), wg_db_text(msg->organisation), wg_db_text(msg->content_hash),
	                         wg_db_text(msg->content_type), wg_db_text(msg->way),
	                         wg_db_int(parent != NULL ? parent->accepted_at : now.wall), wg_db_int(now.wall),
	                         wg_db_int(blob), wg_db_ref(parent != NULL ? parent->turn : 0),
	                         wg_db_text(msg->idempotency_key)),
	                 &row, err);
	if (code == WG_OK && row)
		*seq = wg_db_col_int(store, SQL_MSG_PUT, 0);
	wg_db_end(store, SQL_MSG_PUT);
	if (code == WG_OK)
		wg_fresh_keep(store, WG_FRESH_ORIGINAL, blob, msg->blob, msg->blob_len);
	if (code == WG_OK)
		code = wg_count_message(store, WG_STATES_NEW, WG_MSG_ACCEPTED, err);
	return code == WG_OK ? log_new(store, now, msg, parent, number, hash, err) : code;
}

static enum wg_code add_fresh(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                              struct wg_msg_receipt *out, struct wg_err *err)
{
	int64_t seq = 0;
	enum wg_code code = wg_message_put(store, now, msg, NULL, 0, &seq, err);
	if (code == WG_OK)
		code = keep_key(store, msg, seq, err);
	if (code != WG_OK)
		return code;
	*out = (struct wg_msg_receipt){ .accepted_at = now.wall, .state = WG_MSG_ACCEPTED };
	memcpy(out->id, msg->id, sizeof out->id);
	memcpy(out->content_hash, msg->content_hash, sizeof out->content_hash);
	return WG_OK;
}

enum wg_code wg_store_add(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                          struct wg_msg_receipt *out, struct wg_err *err)
{
	int64_t by_key = 0, by_content = 0;
	enum wg_code code = check_new(msg, err);
	if (code == WG_OK && msg->idempotency_key[0] != '\0')
		wg_db_ahead(store, SQL_CONTENT_FIND, WG_ARGS(wg_db_text(msg->organisation), wg_db_text(msg->content_hash)));
	if (code == WG_OK && msg->idempotency_key[0] != '\0')
		code = seq_of(store, SQL_KEY_FIND, msg->organisation, msg->idempotency_key, &by_key, err);
	if (code == WG_OK)
		code = seq_of(store, SQL_CONTENT_FIND, msg->organisation, msg->content_hash, &by_content, err);
	if (code != WG_OK)
		return code;
	if (by_key != 0 &&
	    by_key != by_content) { /* the same content all the same when it has got its organisation since */
		struct wg_msg_receipt first = { .id = "" };
		code = receipt_of(store, by_key, true, &first, err);
		if (code == WG_OK && strcmp(first.content_hash, msg->content_hash) != 0)
			/* the sender may not know that anything was taken under it */
			code =
				wg_err_set(err, WG_REJECT,
			               "this idempotency key was used before with other content, for message %s: send new content "
			               "under a new key",
			               first.id);
		if (code == WG_OK)
			*out = first;
		return code;
	}
	if (by_content == 0)
		return add_fresh(store, now, msg, out, err);
	if (by_key == 0)
		code = add_key(store, msg, by_content, err);
	return code == WG_OK ? receipt_of(store, by_content, true, out, err) : code;
}

static enum wg_code lines_of(struct wg_store *store, int64_t message, struct wg_msg_status *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf lines = WG_BUF(WG_LIMIT_FRAME / 64);
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code =
		wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(message)), WG_STORE_LIST_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_dlv_rec d;
		code = wg_delivery_by_seq(store, seqs[i], &d, err);
		if (code != WG_OK || d.state == WG_DLV_SUPERSEDED || d.alarm_of != 0)
			continue; /* an alarm is between us and those who decide here */
		if (!d.known)
			out->others[d.state]++;
		else
			wg_buf_printf(&lines, "%s/%s %s\n", d.organisation, d.desk, wg_delivery_state_name(d.state));
	}
	wg_buf_put(&lines, "", 0); /* so that no lines are an empty text */
	if (code == WG_OK)
		code = wg_buf_check(&lines, "the list of deliveries", err);
	if (code == WG_OK)
		out->deliveries = wg_buf_steal(&lines);
	return code;
}

enum wg_code wg_store_status(struct wg_store *store, const char *id, const char *organisation,
                             struct wg_msg_status *out, struct wg_err *err)
{
	struct wg_msg_rec rec;
	struct wg_msg_status status = { .deliveries = NULL };
	enum wg_code code = wg_message_by_id(store, id, &rec, err);
	if (code == WG_OK && (*organisation == '\0' || strcmp(rec.organisation, organisation) != 0))
		code = wg_err_set(err, WG_NOT_FOUND, "no such message"); /* the same words: a stranger learns nothing */
	if (code == WG_OK)
		code = receipt_of(store, rec.seq, false, &status.receipt, err);
	if (code == WG_OK)
		code = lines_of(store, rec.seq, &status, err);
	if (code == WG_OK)
		code = wg_parts_lines(store, rec.seq, &status.parts, err);
	if (code != WG_OK) {
		wg_freep(&status.deliveries);
		return code;
	}
	memcpy(status.reason, rec.reason, sizeof status.reason);
	*out = status;
	return WG_OK;
}
