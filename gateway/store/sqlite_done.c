/* sqlite_done.c owns the completion of a message: one transaction for its state, notice, episode, deliveries and
 * disclosures. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/sqlite_internal.h"

#define RECIPIENT_MAX (2 * WG_LIMIT_NAME + 2)
#define DOCUMENTS_MAX (2 * WG_STORE_HASH + 32)

/* A delivery that this message has already. */
struct old {
	struct wg_dlv_rec rec;
	bool held;
};

struct olds {
	struct old *list;
	size_t count;
};

static void olds_free(struct olds *o)
{
	free(o->list);
	*o = (struct olds){ 0 };
}

/* Where a message ends, and the words of why. */
struct end {
	enum wg_message_state state;
	bool doubt; /* about the child: nothing is sent */
	char reason[WG_STORE_REASON];
};

/* One more reason, behind "; ". */
static WG_PRINTF(2, 3) void end_add(struct end *end, const char *fmt, ...)
{
	size_t used = strlen(end->reason);
	va_list ap;
	va_start(ap, fmt);
	if (used > 0 && used < sizeof end->reason - 2) {
		memcpy(end->reason + used, "; ", 3);
		used += 2;
	}
	(void)vsnprintf(end->reason + used, sizeof end->reason - used, fmt, ap); /* cut is acceptable in words */
	va_end(ap);
}

static bool is_json(struct wg_store *store, const char *text, struct wg_err *err)
{
	bool row = false, valid = false;
	if (wg_db_row(store, SQL_JSON_VALID, WG_ARGS(wg_db_text(text)), &row, err) == WG_OK)
		valid = row && wg_db_col_int(store, SQL_JSON_VALID, 0) == 1;
	wg_db_end(store, SQL_JSON_VALID);
	return valid;
}

static enum wg_code check_delivery(struct wg_store *store, const struct wg_dlv_new *d, struct wg_err *err)
{
	if (!wg_name_valid(d->organisation) || !wg_name_valid(d->desk) || !wg_name_valid(d->role) ||
	    !wg_name_valid(d->channel))
		return wg_err_set(err, WG_REJECT, "a delivery's organisation, desk, role or channel is not a name");
	if (d->state != WG_DLV_SEALED && d->state != WG_DLV_REVIEW && d->state != WG_DLV_WITHHELD)
		return wg_err_set(err, WG_REJECT, "a delivery cannot start as %s", wg_delivery_state_name(d->state));
	if ((d->state == WG_DLV_WITHHELD) != (d->envelope_len == 0))
		return wg_err_set(err, WG_REJECT, "a delivery that is %s %s an envelope", wg_delivery_state_name(d->state),
		                  d->envelope_len == 0 ? "needs" : "has no use for");
	if (d->envelope_len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "an envelope is larger than %zu bytes", (size_t)WG_LIMIT_ENVELOPE);
	if (d->disclosure == NULL || !is_json(store, d->disclosure, err))
		return wg_err_set(err, WG_REJECT, "a delivery without a disclosure record (JSON): no record, no send");
	return WG_OK;
}

static enum wg_code check_done(struct wg_store *store, const struct wg_msg_done *done, struct wg_err *err)
{
	if (done->state != WG_MSG_ROUTED && done->state != WG_MSG_ATTENTION && done->state != WG_MSG_RETURNED &&
	    done->state != WG_MSG_DIVIDED && done->state != WG_MSG_REJECTED)
		return wg_err_set(err, WG_REJECT, "processing cannot end as %s", wg_message_state_name(done->state));
	bool ends = done->state == WG_MSG_REJECTED || done->state == WG_MSG_DIVIDED;
	if (ends && done->delivery_count > 0)
		return wg_err_set(err, WG_REJECT, "a message that is %s has no deliveries", wg_message_state_name(done->state));
	if (done->part_count > 0 ? done->state != WG_MSG_DIVIDED && done->state != WG_MSG_ATTENTION
	                         : done->state == WG_MSG_DIVIDED)
		return wg_err_set(err, WG_REJECT, "a divided message has parts, and no other but one in attention");
	if (done->delivery_count > WG_LIMIT_RECIPIENTS || done->key_count > WG_STORE_KEYS_MAX ||
	    done->part_count > WG_LIMIT_DOCUMENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients, %d keys or %d parts", WG_LIMIT_RECIPIENTS,
		                  WG_STORE_KEYS_MAX, WG_LIMIT_DOCUMENTS);
	for (unsigned i = 0; i < done->key_count; i++)
		if (!wg_is_hash(done->keys[i].key) || (*done->keys[i].scope != '\0' && !wg_is_hash(done->keys[i].scope)))
			return wg_err_set(err, WG_REJECT, "a key is not a hash: what it stands for must not come here");
	if (*done->kind != '\0' && !wg_name_valid(done->kind))
		return wg_err_set(err, WG_REJECT, "the kind is not a name");
	if (*done->epoch == '\0' && done->delivery_count > 0)
		return wg_err_set(err, WG_REJECT, "decisions without an epoch");
	for (unsigned i = 0; i < done->delivery_count; i++) {
		enum wg_code code = check_delivery(store, &done->deliveries[i], err);
		if (code != WG_OK)
			return code;
	}
	return WG_OK;
}

/* The first epoch that is told becomes the current one; later, decisions under another than the current one are
 * refused. */
static enum wg_code check_epoch(struct wg_store *store, struct wg_now now, const char *epoch, struct wg_err *err)
{
	char current[WG_STORE_HASH];
	if (*epoch == '\0')
		return WG_OK;
	enum wg_code code = wg_epoch_now(store, current, err);
	if (code != WG_OK || strcmp(current, epoch) == 0)
		return code;
	if (*current == '\0')
		return wg_store_epoch(store, now, epoch, err);
	return wg_err_set(err, WG_AGAIN,
	                  "decided under another epoch than the current one: tell the epoch, then decide again");
}

/* What is turned away or given back may come again: it is no duplicate of anything, and belongs to no child yet. */
static bool is_kept(enum wg_message_state state)
{
	return state == WG_MSG_ROUTED || state == WG_MSG_ATTENTION;
}

/* The same content from the same organisation, in another message: its id, or "". */
static enum wg_code find_same(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                              char *id, size_t size, struct wg_err *err)
{
	bool row = false;
	id[0] = '\0';
	if (*done->content_key == '\0' || !is_kept(done->state))
		return WG_OK;
	enum wg_code code = wg_db_row(
		store, SQL_MSG_SAME, WG_ARGS(wg_db_text(msg->organisation), wg_db_text(done->content_key), wg_db_int(msg->seq)),
		&row, err);
	if (code == WG_OK && row)
		wg_db_col_text(store, SQL_MSG_SAME, 0, id, size);
	wg_db_end(store, SQL_MSG_SAME);
	return code;
}

/* What was decided before and has not been sent is superseded; *olds holds everything that was there. */
static enum wg_code supersede(struct wg_store *store, struct wg_now now, int64_t message, struct olds *olds,
                              struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(message)), SIZE_MAX, &seqs, &n, err);
	if (code == WG_OK && n > 0 && (olds->list = calloc(n, sizeof *olds->list)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct old *old = &olds->list[olds->count];
		code = wg_delivery_by_seq(store, seqs[i], &old->rec, err);
		if (code != WG_OK || old->rec.state == WG_DLV_SUPERSEDED)
			continue;
		olds->count++;
		old->held = old->rec.state == WG_DLV_HELD;
		if (!wg_delivery_may((int)old->rec.state, WG_DLV_SUPERSEDED, WG_WHO_PROCESS))
			continue; /* sent already, or a person's to decide */
		code = wg_delivery_move(store, now, &old->rec, WG_DLV_SUPERSEDED, WG_WHO_PROCESS, NULL, "decided again", err);
		old->rec.state = WG_DLV_SUPERSEDED;
	}
	return code;
}

static struct old *old_of(const struct olds *olds, const struct wg_dlv_new *d)
{
	for (size_t i = 0; i < olds->count; i++) {
		struct wg_dlv_rec *r = &olds->list[i].rec;
		if (strcmp(r->organisation, d->organisation) == 0 && strcmp(r->desk, d->desk) == 0 &&
		    strcmp(r->role, d->role) == 0)
			return &olds->list[i];
	}
	return NULL;
}

/* The record's and the envelope's hashes go into the log: neither can be exchanged afterwards unseen. */
static enum wg_code log_delivery(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 const struct wg_dlv_new *d, const char *epoch, const char *id, const char *state,
                                 const char *envelope, struct wg_err *err)
{
	uint8_t raw[WG_SHA256_LEN];
	char record[WG_STORE_HASH], detail[WG_STORE_REASON + 128];
	wg_sha256(d->disclosure, strlen(d->disclosure), raw);
	wg_hex(raw, sizeof raw, record);
	(void)snprintf(detail, sizeof detail, "recipient=%s/%s role=%s channel=%s epoch=%s envelope=%s disclosure=%s",
	               d->organisation, d->desk, d->role, d->channel, epoch, envelope,
	               record); /* every part is bounded; the sum fits */
	const struct wg_entry entry = {
		.who = WG_WHO_PROCESS, .event = state, .message = msg->id, .delivery = id, .state = state, .detail = detail
	};
	return wg_chain_append(store, now, &entry, err);
}

static enum wg_code put_delivery(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 int64_t episode, const char *epoch, const struct wg_dlv_new *d, const struct old *old,
                                 struct wg_err *err)
{
	char id[WG_ID_TEXT], recipient[RECIPIENT_MAX], hash[WG_STORE_HASH] = "-";
	int64_t envelope = 0, seq = 0;
	bool row = false;
	/* A person's hold outlives the new decision. */
	bool hold = old != NULL && old->held && d->state != WG_DLV_WITHHELD;
	const char *as = wg_delivery_state_name(d->state), *state = hold ? "held" : as;
	(void)snprintf(recipient, sizeof recipient, "%s/%s", d->organisation, d->desk); /* it fits: both are bounded */
	enum wg_code code = wg_id_make(now.wall, id, err);
	if (code == WG_OK && d->envelope_len > 0)
		code = wg_blob_put(store, d->envelope, d->envelope_len, &envelope, hash, err);
	if (code != WG_OK)
		return code;
	code =
		wg_db_row(store, SQL_DLV_PUT,
	              WG_ARGS(wg_db_text(id), wg_db_int(msg->seq), wg_db_ref(episode), wg_db_text(recipient),
	                      wg_db_text(d->organisation), wg_db_text(d->desk), wg_db_text(d->role), wg_db_text(d->channel),
	                      wg_db_text(state), wg_db_int(now.wall), wg_db_text(hold ? as : NULL),
	                      wg_db_text_or_null(d->reason), wg_db_text(epoch), wg_db_ref(envelope), wg_db_int(d->deadline),
	                      wg_db_int(old != NULL && old->rec.maybe), wg_db_int(msg->turn)),
	              &row, err);
	if (code == WG_OK && row)
		seq = wg_db_col_int(store, SQL_DLV_PUT, 0);
	wg_db_end(store, SQL_DLV_PUT);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_DISCLOSURE_PUT,
		                 WG_ARGS(wg_db_int(seq), wg_db_int(now.wall), wg_db_text(d->disclosure)), err);
	return code == WG_OK ? log_delivery(store, now, msg, d, epoch, id, state, hash, err) : code;
}

static enum wg_code put_deliveries(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                   int64_t episode, const struct wg_msg_done *done, bool send, struct wg_err *err)
{
	WG_CLEANUP(olds_free) struct olds olds = { 0 };
	enum wg_code code = supersede(store, now, msg->seq, &olds, err);
	for (unsigned i = 0; code == WG_OK && send && i < done->delivery_count; i++) {
		const struct wg_dlv_new *d = &done->deliveries[i];
		const struct old *old = old_of(&olds, d);
		if (old == NULL || old->rec.state == WG_DLV_SUPERSEDED)
			code = put_delivery(store, now, msg, episode, done->epoch, d, old, err);
	}
	return code;
}

static enum wg_code end_as_duplicate(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                     const struct wg_msg_done *done, const struct wg_msg_done_result *result,
                                     struct wg_err *err)
{
	char why[WG_STORE_REASON];
	(void)snprintf(why, sizeof why, "the same content as message %s", result->duplicate_of); /* it fits */
	enum wg_code code =
		wg_db_run(store, SQL_MSG_DUPLICATE,
	              WG_ARGS(wg_db_int(msg->seq), wg_db_text(result->duplicate_of), wg_db_text(done->kind)), err);
	if (code == WG_OK) /* it may have been in attention before, with deliveries that wait */
		code = put_deliveries(store, now, msg, 0, done, false, err);
	return code == WG_OK ? wg_message_move(store, now, msg, WG_MSG_DUPLICATE, WG_WHO_PROCESS, NULL, why, NULL, err)
	                     : code;
}

/* *words: the hashes of both, for the log: neither can be exchanged afterwards unseen. */
static enum wg_code put_documents(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                                  bool keyed, char words[DOCUMENTS_MAX], struct wg_err *err)
{
	int64_t notice = 0, report = 0;
	char notice_hash[WG_STORE_HASH] = "-", report_hash[WG_STORE_HASH] = "-";
	enum wg_code code = WG_OK;
	if (done->notice_len > WG_STORE_BLOB_MAX || done->report_len > WG_STORE_BLOB_MAX)
		return wg_err_set(err, WG_LIMIT, "the notice or the report is larger than %zu bytes",
		                  (size_t)WG_STORE_BLOB_MAX);
	if (done->notice_len > 0)
		code = wg_blob_put(store, done->notice, done->notice_len, &notice, notice_hash, err);
	if (code == WG_OK && done->report_len > 0)
		code = wg_blob_put(store, done->report, done->report_len, &report, report_hash, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(words, DOCUMENTS_MAX, "notice=%s report=%s", notice_hash, report_hash); /* it fits */
	return wg_db_run(store, SQL_MSG_DONE,
	                 WG_ARGS(wg_db_int(msg->seq), wg_db_ref(notice), wg_db_ref(report), wg_db_text(done->kind),
	                         wg_db_text_or_null(keyed ? done->content_key : NULL), wg_db_text_or_null(done->epoch)),
	                 err);
}

/* "12 messages", and how many of them had come before. */
static enum wg_code divide(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                           const struct wg_msg_done *done, struct end *end, struct wg_err *err)
{
	unsigned fresh = 0;
	enum wg_code code = wg_parts_put(store, now, msg, done, &fresh, err);
	if (code != WG_OK || done->part_count == 0)
		return code;
	end_add(end, "divided into %u messages", done->part_count);
	if (fresh < done->part_count)
		end_add(end, "%u of them were there before", done->part_count - fresh);
	return WG_OK;
}

/* Doubt about the child stops the message; doubt about the episode alone lets it go on, and calls a person. */
static enum wg_code match(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                          const struct wg_msg_done *done, struct end *end, int64_t *episode, struct wg_err *err)
{
	struct wg_matched m = { .child = 0 };
	enum wg_code code = wg_match_run(store, now, msg, done, &m, err);
	if (code != WG_OK)
		return code;
	*episode = m.episode;
	end->doubt = m.doubt;
	if (m.words[0] != '\0') {
		end->state = WG_MSG_ATTENTION;
		end_add(end, "%s", m.words);
	}
	if (m.log[0] == '\0')
		return WG_OK;
	const struct wg_entry entry = { .who = WG_WHO_PROCESS, .event = "match", .message = msg->id, .detail = m.log };
	return wg_chain_append(store, now, &entry, err);
}

/* Everything that a message which is no duplicate leaves behind. */
static enum wg_code keep_all(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             const struct wg_msg_done *done, bool keyed, struct end *end, struct wg_err *err)
{
	int64_t episode = 0;
	char words[DOCUMENTS_MAX] = "", detail[DOCUMENTS_MAX + WG_STORE_REASON];
	enum wg_code code = divide(store, now, msg, done, end, err);
	if (code == WG_OK && is_kept(done->state))
		code = match(store, now, msg, done, end, &episode, err);
	if (code == WG_OK)
		code = put_documents(store, msg, done, keyed, words, err);
	if (code == WG_OK)
		code = put_deliveries(store, now, msg, episode, done, !end->doubt, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(detail, sizeof detail, "%s %s", words, end->reason); /* cut is acceptable in words */
	return wg_message_move(store, now, msg, end->state, WG_WHO_PROCESS, NULL, end->reason, detail, err);
}

enum wg_code wg_store_done(struct wg_store *store, struct wg_now now, const struct wg_msg_done *done,
                           struct wg_msg_done_result *out, struct wg_err *err)
{
	struct wg_msg_rec msg;
	struct wg_msg_done_result result = { .state = WG_MSG_DUPLICATE };
	struct end end = { .state = done->state };
	char same[WG_ID_TEXT] = "";
	enum wg_code code = wg_message_by_id(store, done->id, &msg, err);
	if (code == WG_OK && (msg.owner == 0 || msg.token != done->token))
		code = wg_err_set(err, WG_NOT_FOUND, "the lease of message %s was lost", done->id);
	if (code == WG_OK)
		code = check_done(store, done, err);
	if (code == WG_OK)
		code = check_epoch(store, now, done->epoch, err);
	if (code == WG_OK)
		code = find_same(store, &msg, done, same, sizeof same, err);
	if (code != WG_OK)
		return code;
	if (done->reason != NULL)
		end_add(&end, "%s", done->reason);
	/* What was decided once is no duplicate; it leaves the content's key to the other, as what is rejected does. */
	result.duplicate = *same != '\0' && msg.state == WG_MSG_ACCEPTED;
	bool keyed = *same == '\0' && is_kept(done->state);
	if (result.duplicate) {
		memcpy(result.duplicate_of, same, sizeof same);
		code = end_as_duplicate(store, now, &msg, done, &result, err);
	} else {
		code = keep_all(store, now, &msg, done, keyed, &end, err);
		result.state = end.state;
		result.doubt = end.doubt;
		memcpy(result.reason, end.reason, sizeof result.reason);
	}
	if (code == WG_OK)
		*out = result;
	return code;
}
