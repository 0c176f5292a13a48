/* sql_done.c owns the completion of a message: one transaction for its state, notice, child, episode, records,
 * deliveries and disclosures. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/sql_internal.h"

#define DOCUMENTS_MAX (2 * WG_STORE_HASH + 32)

/* Where a message ends, and the words of why. */
struct end {
	enum wg_message_state state;
	bool doubt; /* about the child: nothing is sent */
	bool stale; /* decided under records of the child that have changed since */
	bool keyed; /* no other message has this content: its key is this one's */
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

static enum wg_code check_done(const struct wg_msg_done *done, struct wg_err *err)
{
	if (done->state != WG_MSG_ROUTED && done->state != WG_MSG_ATTENTION && done->state != WG_MSG_RETURNED &&
	    done->state != WG_MSG_DIVIDED && done->state != WG_MSG_REJECTED && done->state != WG_MSG_ANSWER)
		return wg_err_set(err, WG_REJECT, "processing cannot end as %s", wg_message_state_name(done->state));
	bool ends = done->state == WG_MSG_REJECTED || done->state == WG_MSG_DIVIDED || done->state == WG_MSG_ANSWER;
	if (ends && done->delivery_count > 0)
		return wg_err_set(err, WG_REJECT, "a message that is %s has no deliveries", wg_message_state_name(done->state));
	if (done->part_count > 0 ? done->state != WG_MSG_DIVIDED && done->state != WG_MSG_ATTENTION
	                         : done->state == WG_MSG_DIVIDED)
		return wg_err_set(err, WG_REJECT, "a divided message has parts, and no other but one in attention");
	if (done->delivery_count > WG_LIMIT_RECIPIENTS || done->key_count > WG_STORE_KEYS_MAX ||
	    done->part_count > WG_LIMIT_DOCUMENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients, %d keys or %d parts", WG_LIMIT_RECIPIENTS,
		                  WG_STORE_KEYS_MAX, WG_LIMIT_DOCUMENTS);
	if (*done->kind != '\0' && !wg_name_valid(done->kind))
		return wg_err_set(err, WG_REJECT, "the kind is not a name");
	if (*done->epoch == '\0' && done->delivery_count > 0)
		return wg_err_set(err, WG_REJECT, "decisions without an epoch");
	if (*done->notice_id != '\0' && !wg_concern_id(done->notice_id))
		return wg_err_set(err, WG_REJECT, "the id that the notice gives itself is none");
	if ((*done->organisation != '\0' && !wg_name_valid(done->organisation)) ||
	    (*done->sender_copy_hash != '\0' && !wg_is_hash(done->sender_copy_hash)))
		return wg_err_set(err, WG_REJECT, "the sender is not a name, or the hash of its copy is none");
	if (done->receipt_count > WG_STORE_RECEIPTS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d receipts", WG_STORE_RECEIPTS_MAX);
	if (done->consent_count > WG_STORE_RECORDS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d records", WG_STORE_RECORDS_MAX);
	enum wg_code code = wg_keys_check(done->keys, done->key_count, err);
	if (code == WG_OK)
		code = wg_concern_check(done->concerns, err);
	for (unsigned i = 0; code == WG_OK && i < done->consent_count; i++)
		code = wg_record_check(&done->consents[i], err);
	return code == WG_OK ? wg_decide_check(done, err) : code;
}

/* Whose it is, where that is known only now. *same: that organisation handed in the same before: its id, or "". */
static enum wg_code take_sender(struct wg_store *store, const struct wg_msg_done *done, struct wg_msg_rec *msg,
                                char same[WG_ID_TEXT], struct wg_err *err)
{
	int64_t seq = 0;
	struct wg_msg_rec other;
	if (*done->organisation == '\0' || strcmp(done->organisation, msg->organisation) == 0)
		return WG_OK;
	if (msg->organisation[0] != '\0')
		return wg_err_set(err, WG_REJECT, "message %s is of another organisation already", msg->id);
	enum wg_code code = wg_message_by_content(store, done->organisation, msg->content_hash, &seq, err);
	if (code == WG_OK && seq != 0) {
		code = wg_message_by_seq(store, seq, &other, err);
		if (code == WG_OK)
			memcpy(same, other.id, WG_ID_TEXT);
		return code;
	}
	if (code == WG_OK)
		code =
			wg_db_run(store, SQL_MSG_ORGANISATION, WG_ARGS(wg_db_int(msg->seq), wg_db_text(done->organisation)), err);
	memcpy(msg->organisation, done->organisation, sizeof msg->organisation);
	return code;
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

#define SAME_ARGS(done) WG_ARGS(wg_db_text((done)->id), wg_db_text((done)->content_key))

/* The same content from the same organisation, in another message: its id, or "". */
static enum wg_code find_same(struct wg_store *store, const struct wg_msg_done *done, char *id, size_t size,
                              struct wg_err *err)
{
	bool row = false;
	id[0] = '\0';
	if (*done->content_key == '\0' || !is_kept(done->state))
		return WG_OK;
	enum wg_code code = wg_db_row(store, SQL_MSG_SAME, SAME_ARGS(done), &row, err);
	if (code == WG_OK && row)
		wg_db_col_text(store, SQL_MSG_SAME, 0, id, size);
	wg_db_end(store, SQL_MSG_SAME);
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
		code = wg_decide_put(store, now, msg, 0, done, NULL, err);
	return code == WG_OK ? wg_message_move(store, now, msg, WG_MSG_DUPLICATE, WG_WHO_PROCESS, NULL, why, NULL, err)
	                     : code;
}

/* message.watches, of one that was decided as of a child that is missing; one less: as of one that is not. */
#define WATCHES_LIVE 2

/* 0: that does not matter, or nothing of it was decided. */
static int64_t watches(const struct wg_msg_done *done, const struct end *end)
{
	bool decided = is_kept(done->state) && !end->doubt;
	return decided && done->watches_live ? WATCHES_LIVE - !done->live : 0;
}

/* Its row in its end. What follows in this transaction asks of it as it is then. */
static enum wg_code put_row(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                            const struct wg_msg_done *done, const struct end *end, const struct wg_matched *m,
                            int64_t notice, int64_t report, struct wg_err *err)
{
	return wg_db_run(store, SQL_MSG_DONE,
	                 WG_ARGS(wg_db_int(msg->seq), wg_db_ref(notice), wg_db_ref(report), wg_db_text(done->kind),
	                         wg_db_text_or_null(end->keyed ? done->content_key : NULL), wg_db_text_or_null(done->epoch),
	                         wg_db_text(done->notice_id), wg_db_int(done->relation), wg_db_int(watches(done, end)),
	                         wg_db_text(wg_message_state_name(end->state)), wg_db_int(now.wall),
	                         wg_db_text_or_null(end->reason), wg_db_ref(m->child), wg_db_text(m->child_how),
	                         wg_db_ref(m->episode), wg_db_int(m->episode_new), wg_db_text(m->unlooked),
	                         wg_db_text(done->sender_reference), wg_db_text(done->sender_copy_hash)),
	                 err);
}

/* *words: the hashes of both, for the log: neither can be exchanged afterwards unseen. */
static enum wg_code put_documents(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                                  int64_t *notice, int64_t *report, char words[DOCUMENTS_MAX], struct wg_err *err)
{
	char notice_hash[WG_STORE_HASH] = "-", report_hash[WG_STORE_HASH] = "-";
	enum wg_code code = WG_OK;
	if (done->notice_len > WG_STORE_BLOB_MAX || done->report_len > WG_STORE_BLOB_MAX)
		return wg_err_set(err, WG_LIMIT, "the notice or the report is larger than %zu bytes",
		                  (size_t)WG_STORE_BLOB_MAX);
	if (done->notice_len > 0)
		code = wg_blob_put(store, done->notice, done->notice_len, notice, notice_hash, err);
	if (code == WG_OK && *notice != 0)
		code = wg_blob_replaced(store, msg->seq, msg->notice, err);
	if (code == WG_OK && done->report_len > 0)
		code = wg_blob_put(store, done->report, done->report_len, report, report_hash, err);
	if (code == WG_OK && *report != 0)
		code = wg_blob_replaced(store, msg->seq, msg->report, err);
	(void)snprintf(words, DOCUMENTS_MAX, "notice=%s report=%s", notice_hash, report_hash); /* it fits */
	return code;
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
                          const struct wg_msg_done *done, struct end *end, struct wg_matched *m, struct wg_err *err)
{
	enum wg_code code = wg_match_run(store, now, msg, done, m, err);
	if (code != WG_OK)
		return code;
	end->doubt = m->doubt;
	if (m->words[0] != '\0') {
		end->state = WG_MSG_ATTENTION;
		end_add(end, "%s", m->words);
	}
	if (m->log[0] == '\0')
		return WG_OK;
	const struct wg_entry entry = { .who = WG_WHO_PROCESS, .event = "match", .message = msg->id, .detail = m->log };
	return wg_chain_append(store, now, &entry, err);
}

/* The records that came with a message whose child is certain. Those of a message that got no child are dropped: the
 * notice brings them again when a person has said whom it is about. */
static enum wg_code keep_records(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 const struct wg_msg_done *done, const struct wg_matched *m, struct end *end,
                                 struct wg_err *err)
{
	bool full = false;
	if (end->doubt || m->child == 0)
		return WG_OK;
	enum wg_code code = wg_records_keep(store, now, msg, done, m, &end->stale, &full, err);
	if (code == WG_OK && full) {
		end->state = WG_MSG_ATTENTION;
		end_add(end, "not all answers about sharing were kept: the child has %d records", WG_STORE_RECORDS_MAX);
	}
	return code;
}

/* Whom it is about, what it names, what was agreed in it. */
static enum wg_code relate(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                           const struct wg_msg_done *done, struct end *end, struct wg_matched *m, struct wg_err *err)
{
	enum wg_code code = match(store, now, msg, done, end, m, err);
	if (code == WG_OK)
		code = keep_records(store, now, msg, done, m, end, err);
	if (code == WG_OK)
		code = wg_concern_put(store, msg, done, err);
	return code == WG_OK ? wg_concern_recall(store, now, msg, done, err) : code;
}

/* The records of its child changed after the process role had asked for them: nothing of it is sent, and it is decided
 * once more. So are those that depend on an episode that it, or another meanwhile, opened or ended. */
static enum wg_code decide_again(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 const struct wg_msg_done *done, const struct wg_matched *m, struct end *end,
                                 struct wg_err *err)
{
	enum wg_code code = WG_OK;
	bool itself = false;
	if (end->stale)
		code = wg_db_run(store, SQL_DLV_STALE_OF, WG_ARGS(wg_db_int(msg->seq)), err);
	if (code == WG_OK && end->stale)
		code = wg_message_again(store, now, msg->seq, "consent changed", err);
	if (code == WG_OK &&
	    (!m->fresh || watches(done, end) == WATCHES_LIVE)) /* else there is nobody, and it is not missing */
		code = wg_turn_live(store, now, msg, &itself, err);
	if (code == WG_OK && (end->stale || itself))
		end->state = WG_MSG_NORMALISED;
	return code;
}

/* Everything that a message which is no duplicate leaves behind. */
static enum wg_code keep_all(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             const struct wg_msg_done *done, struct end *end, struct wg_err *err)
{
	struct wg_matched m;
	int64_t notice = 0, report = 0;
	char by[WG_ID_TEXT], words[DOCUMENTS_MAX] = "", detail[DOCUMENTS_MAX + WG_LIMIT_NAME + 8 + WG_STORE_REASON];
	wg_matched_start(msg, &m);
	enum wg_code code = divide(store, now, msg, done, end, err);
	if (code == WG_OK && is_kept(done->state))
		code = relate(store, now, msg, done, end, &m, err);
	if (code == WG_OK)
		code = put_documents(store, msg, done, &notice, &report, words, err);
	if (code == WG_OK)
		code = wg_message_check(msg, end->state, WG_WHO_PROCESS, err);
	if (code == WG_OK)
		code = wg_concern_recalled(store, msg->id, done->notice_id, by, err); /* asked before its row changes */
	if (code == WG_OK)
		code = put_row(store, now, msg, done, end, &m, notice, report, err);
	if (code == WG_OK)
		code = wg_decide_put(store, now, msg, is_kept(done->state) ? m.episode : 0, done, end->doubt ? NULL : by, err);
	if (code == WG_OK && is_kept(done->state) && !end->doubt)
		code = wg_form_replaces(store, now, msg, done, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(detail, sizeof detail, "%s%s%s %s", words, *done->organisation != '\0' ? " from=" : "",
	               done->organisation, end->reason); /* cut is acceptable in words */
	code = wg_message_moved(store, now, msg, end->state, WG_WHO_PROCESS, NULL, detail, err);
	return code == WG_OK && is_kept(done->state) ? decide_again(store, now, msg, done, &m, end, err) : code;
}

/* What will be asked of most messages, with the first that is. */
static void ask_ahead(struct wg_store *store, const struct wg_msg_done *done)
{
	wg_evidence_ahead(store, done);
	wg_records_ahead(store, done);
	wg_concern_recalled_ahead(store, done->id, done->notice_id);
	if (*done->content_key != '\0')
		wg_db_ahead(store, SQL_MSG_SAME, SAME_ARGS(done));
}

enum wg_code wg_store_done(struct wg_store *store, struct wg_now now, const struct wg_msg_done *done,
                           struct wg_msg_done_result *out, struct wg_err *err)
{
	struct wg_msg_rec msg;
	struct wg_msg_done_result result = { .state = WG_MSG_DUPLICATE };
	struct end end = { .state = done->state };
	char same[WG_ID_TEXT] = "";
	enum wg_code code = check_done(done, err);
	if (code == WG_OK && is_kept(done->state))
		ask_ahead(store, done);
	if (code == WG_OK)
		code = wg_message_by_id(store, done->id, &msg, err);
	if (code == WG_OK && (msg.owner == 0 || msg.token != done->token))
		code = wg_err_set(err, WG_NOT_FOUND, "the lease of message %s was lost", done->id);
	if (code == WG_OK)
		code = check_epoch(store, now, done->epoch, err);
	if (code == WG_OK)
		code = take_sender(store, done, &msg, same, err);
	if (code == WG_OK && is_kept(done->state) && !wg_message_first(&msg))
		wg_db_ahead(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(msg.seq)));
	bool sent_before = *same != '\0';
	if (code == WG_OK && !sent_before)
		code = find_same(store, done, same, sizeof same, err);
	if (code != WG_OK)
		return code;
	if (done->reason != NULL)
		end_add(&end, "%s", done->reason);
	/* What was decided once is no duplicate; it leaves the content's key to the other, as what is rejected does. */
	result.duplicate = *same != '\0' && msg.state == WG_MSG_ACCEPTED;
	end.keyed = *same == '\0' && is_kept(done->state);
	if (sent_before && !result.duplicate) { /* a person had it meanwhile; what came first has gone out */
		end.state = WG_MSG_ATTENTION;
		end.doubt = true;
		end_add(&end, "its sender had sent the same before as message %s", same);
	}
	if (result.duplicate) {
		memcpy(result.duplicate_of, same, sizeof same);
		code = end_as_duplicate(store, now, &msg, done, &result, err);
	} else {
		code = keep_all(store, now, &msg, done, &end, err);
		result.state = end.state;
		result.doubt = end.doubt;
		memcpy(result.reason, end.reason, sizeof result.reason);
	}
	if (code == WG_OK)
		code = wg_receipts_keep(store, now, done, &result.receipts_unknown, err);
	if (code == WG_OK)
		*out = result;
	return code;
}
