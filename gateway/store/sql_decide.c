/* sql_decide.c owns what a decision leaves: a delivery for each recipient, with the record of why, and what becomes
 * of the deliveries that were decided before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/damage.h"

#define RECIPIENT_MAX (2 * WG_LIMIT_NAME + 2)

/* ---- what may be decided */

/* An alarm watches a delivery of the same message that goes to review. */
static enum wg_code check_alarm(const struct wg_msg_done *done, const struct wg_dlv_new *d, struct wg_err *err)
{
	if (d->alarm_of == 0)
		return WG_OK;
	const struct wg_dlv_new *watched = d->alarm_of <= done->delivery_count ? &done->deliveries[d->alarm_of - 1] : d;
	if (d->state != WG_DLV_SEALED || watched->state != WG_DLV_REVIEW || watched->alarm_of != 0)
		return wg_err_set(err, WG_REJECT, "an alarm is sealed, and watches another delivery that is to be reviewed");
	return WG_OK;
}

/* One word of printable ASCII, or nothing: it stands in headers and URLs. */
static bool is_word(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s > 0x7e)
			return false;
	return true;
}

/* By what it is known to its recipient, and what is asked of that one. */
static enum wg_code check_known(const struct wg_dlv_new *d, struct wg_err *err)
{
	if (!is_word(d->reference))
		return wg_err_set(err, WG_REJECT, "a delivery's reference is not one word of printable ASCII");
	if ((d->token_hash[0] != '\0' && !wg_is_hash(d->token_hash)) ||
	    (d->copy_hash[0] != '\0' && !wg_is_hash(d->copy_hash)))
		return wg_err_set(err, WG_REJECT, "the hash of a delivery's token or copy is not SHA-256 in lower-case hex");
	if (!is_word(d->confirm)) /* "layer/rule", as the policy calls it */
		return wg_err_set(err, WG_REJECT, "a delivery's confirm rule is not one word of printable ASCII");
	if (d->hook && strcmp(d->channel, "pull") != 0)
		return wg_err_set(err, WG_REJECT, "only a desk that fetches its copies has a webhook");
	return WG_OK;
}

static enum wg_code check_delivery(const struct wg_dlv_new *d, struct wg_err *err)
{
	if (!wg_name_valid(d->organisation) || !wg_name_valid(d->desk) || !wg_name_valid(d->role) ||
	    !wg_name_valid(d->channel) || (d->of[0] != '\0' && !wg_name_valid(d->of)))
		return wg_err_set(err, WG_REJECT, "a delivery's organisation, desk, role, side or channel is not a name");
	if (d->state != WG_DLV_SEALED && d->state != WG_DLV_REVIEW && d->state != WG_DLV_WITHHELD)
		return wg_err_set(err, WG_REJECT, "a delivery cannot start as %s", wg_delivery_state_name(d->state));
	if ((d->state == WG_DLV_WITHHELD) != (d->envelope_len == 0))
		return wg_err_set(err, WG_REJECT, "a delivery that is %s %s an envelope", wg_delivery_state_name(d->state),
		                  d->envelope_len == 0 ? "needs" : "has no use for");
	if (d->envelope_len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "an envelope is larger than %zu bytes", (size_t)WG_LIMIT_ENVELOPE);
	if (d->not_before < 0 || d->due < 0 || d->valid_until < 0)
		return wg_err_set(err, WG_REJECT, "a delivery cannot wait for, or be good until, an instant before all others");
	if (d->disclosure == NULL || !wg_json_walk(d->disclosure, strlen(d->disclosure), NULL, NULL))
		return wg_err_set(err, WG_REJECT, "a delivery without a disclosure record (JSON): no record, no send");
	return check_known(d, err);
}

enum wg_code wg_decide_check(const struct wg_msg_done *done, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < done->delivery_count; i++) {
		code = check_delivery(&done->deliveries[i], err);
		if (code == WG_OK)
			code = check_alarm(done, &done->deliveries[i], err);
	}
	return code;
}

/* ---- what was decided before */

/* A delivery that this message has already. */
struct old {
	struct wg_dlv_rec rec;
	struct wg_dlv_rec watched; /* of an alarm: the delivery that it watches */
	bool held;
};

struct olds {
	struct old *list;
	size_t count;
	bool any; /* there were some, be they superseded long since */
};

static void olds_free(struct olds *o)
{
	free(o->list);
	*o = (struct olds){ 0 };
}

static enum wg_code supersede_one(struct wg_store *store, struct wg_now now, struct old *old, struct wg_err *err)
{
	old->held = old->rec.state == WG_DLV_HELD;
	if (!wg_delivery_may((int)old->rec.state, WG_DLV_SUPERSEDED, WG_WHO_PROCESS))
		return WG_OK; /* sent already, or a person's to decide */
	enum wg_code code =
		wg_delivery_move(store, now, &old->rec, WG_DLV_SUPERSEDED, WG_WHO_PROCESS, NULL, "decided again", err);
	old->rec.state = WG_DLV_SUPERSEDED;
	return code;
}

static enum wg_code read_old(struct wg_store *store, int64_t seq, struct old *old, struct wg_err *err)
{
	enum wg_code code = wg_delivery_by_seq(store, seq, &old->rec, err);
	if (code == WG_OK && old->rec.alarm_of != 0)
		code = wg_delivery_by_seq(store, old->rec.alarm_of, &old->watched, err);
	return code;
}

/* What was decided before and has not been sent is superseded; *olds holds everything that was there. Alarms first:
 * else the review that goes with them would recall them as settled, which it is not. */
static enum wg_code supersede(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              struct olds *olds, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = WG_OK;
	if (!wg_message_first(msg))
		code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(msg->seq)), SIZE_MAX, &seqs, &n, err);
	olds->any = n > 0;
	if (code == WG_OK && n > 0 && (olds->list = calloc(n, sizeof *olds->list)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		code = read_old(store, seqs[i], &olds->list[olds->count], err);
		if (code == WG_OK && olds->list[olds->count].rec.state != WG_DLV_SUPERSEDED)
			olds->count++;
	}
	for (int alarms = 1; alarms >= 0; alarms--)
		for (size_t i = 0; code == WG_OK && i < olds->count; i++)
			if ((olds->list[i].rec.alarm_of != 0) == (alarms == 1))
				code = supersede_one(store, now, &olds->list[i], err);
	return code;
}

static bool same_desk(const struct wg_dlv_rec *r, const struct wg_dlv_new *d)
{
	return strcmp(r->organisation, d->organisation) == 0 && strcmp(r->desk, d->desk) == 0 &&
	       strcmp(r->role, d->role) == 0;
}

/* The same recipient; of an alarm one that watches the same recipient. One that was recalled because what it warned of
 * was settled says nothing about a new review. */
static struct old *old_of(const struct olds *olds, const struct wg_msg_done *done, const struct wg_dlv_new *d)
{
	for (size_t i = 0; i < olds->count; i++) {
		struct old *old = &olds->list[i];
		if ((old->rec.alarm_of != 0) != (d->alarm_of != 0) || !same_desk(&old->rec, d) ||
		    (d->alarm_of != 0 && old->rec.state == WG_DLV_RECALLED))
			continue;
		if (d->alarm_of == 0 || same_desk(&old->watched, &done->deliveries[d->alarm_of - 1]))
			return old;
	}
	return NULL;
}

/* ---- what is decided now */

/* How one delivery is put: what of the decision a person's word, or a recall, has changed. */
struct placed {
	enum wg_delivery_state as;
	bool hold, refused, restored;
	const char *reason;
	int64_t alarm_of, seq;
	char id[WG_ID_TEXT];
};

static void reference_of(const struct wg_msg_rec *msg, const struct wg_dlv_new *d, char out[WG_REFERENCE_TEXT])
{
	if (d->reference[0] != '\0')
		(void)snprintf(out, WG_REFERENCE_TEXT, "%s", d->reference); /* the same size */
	else
		(void)snprintf(out, WG_REFERENCE_TEXT, "%s.%s.%s", msg->id, d->organisation, d->desk); /* it fits */
}

/* The record's and the envelope's hashes go into the log: neither can be exchanged afterwards unseen. */
static enum wg_code log_delivery(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 const struct wg_dlv_new *d, const char *epoch, const struct placed *p,
                                 const char *envelope, struct wg_err *err)
{
	char reference[WG_REFERENCE_TEXT], bound[WG_DAMAGE_REFERENCE];
	uint8_t raw[WG_SHA256_LEN];
	const char *state = p->hold ? "held" : wg_delivery_state_name(p->as);
	char record[WG_STORE_HASH], detail[WG_STORE_REASON + 240];
	wg_sha256(d->disclosure, strlen(d->disclosure), raw);
	wg_hex(raw, sizeof raw, record);
	reference_of(msg, d, reference);
	wg_damage_reference(reference, bound);
	(void)snprintf(detail, sizeof detail,
	               "recipient=%s/%s role=%s%s%s channel=%s%s%s%s%sepoch=%s envelope=%s disclosure=%s", d->organisation,
	               d->desk, d->role, d->of[0] != '\0' ? " of=" : "", d->of, d->channel,
	               d->alarm_of != 0 ? " alarm" : "", d->second_person ? " second-person" : "",
	               d->overrides ? " overrides-consent" : "", bound, epoch, envelope,
	               record); /* every part is bounded; the sum fits */
	const struct wg_entry entry = {
		.who = WG_WHO_PROCESS, .event = state, .message = msg->id, .delivery = p->id, .state = state, .detail = detail
	};
	return wg_chain_append(store, now, &entry, err);
}

static enum wg_code put_row(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, int64_t episode,
                            const char *epoch, const struct wg_dlv_new *d, bool maybe, int64_t envelope, int64_t ready,
                            struct placed *p, struct wg_err *err)
{
	char recipient[RECIPIENT_MAX], reference[WG_REFERENCE_TEXT];
	bool row = false;
	const char *as = wg_delivery_state_name(p->as);
	reference_of(msg, d, reference);
	(void)snprintf(recipient, sizeof recipient, "%s/%s", d->organisation, d->desk); /* it fits: both are bounded */
	enum wg_code code = wg_db_row(
		store, SQL_DLV_PUT,
		WG_ARGS(wg_db_text(p->id), wg_db_int(msg->seq), wg_db_ref(d->alarm_of == 0 ? episode : 0),
	            wg_db_text(recipient), wg_db_text(d->organisation), wg_db_text(d->desk), wg_db_text(d->role),
	            wg_db_text(d->channel), wg_db_text(p->hold ? "held" : as), wg_db_int(now.wall),
	            wg_db_text(p->hold ? as : NULL), wg_db_text_or_null(p->reason), wg_db_text(epoch), wg_db_ref(envelope),
	            wg_db_int(d->deadline), wg_db_int(maybe), wg_db_int(msg->turn), wg_db_text(d->of),
	            wg_db_int(d->not_before), wg_db_int(d->due), wg_db_int(d->second_person), wg_db_ref(p->alarm_of),
	            wg_db_int(d->overrides), wg_db_int(p->refused), wg_db_int(d->valid_until), wg_db_text(reference),
	            wg_db_text(d->token_hash), wg_db_text(d->copy_hash), wg_db_text(d->confirm), wg_db_int(d->hook),
	            wg_db_int(d->known), wg_db_int(ready)),
		&row, err);
	if (code == WG_OK && row)
		p->seq = wg_db_col_int(store, SQL_DLV_PUT, 0);
	wg_db_end(store, SQL_DLV_PUT);
	const struct wg_counted_dlv counted = {
		.organisation = d->organisation, .desk = d->desk, .channel = d->channel, .confirm = d->confirm[0] != '\0'
	};
	return code == WG_OK ? wg_count_delivery(store, &counted, WG_STATES_NEW, p->hold ? WG_DLV_HELD : p->as, err) : code;
}

static enum wg_code put_record(struct wg_store *store, struct wg_now now, int64_t delivery, const char *record,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf kept = WG_BUF(WG_STORE_DISCLOSURE_MAX);
	bool packed = false;
	enum wg_code code = wg_disclosure_pack(store, record, &kept, &packed, err);
	return code == WG_OK ? wg_db_run(store, SQL_DISCLOSURE_PUT,
	                                 WG_ARGS(wg_db_int(delivery), wg_db_int(now.wall), wg_db_text(wg_buf_text(&kept)),
	                                         wg_db_int(packed)),
	                                 err)
	                     : code;
}

static enum wg_code put_delivery(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                                 int64_t episode, const char *epoch, const struct wg_dlv_new *d, bool maybe,
                                 struct placed *p, struct wg_err *err)
{
	char hash[WG_STORE_HASH] = "-";
	int64_t envelope = 0;
	struct wg_dlv_rec fresh = {
		.state = WG_DLV_DECIDED, .alarm_of = p->alarm_of, .hook = d->hook, .not_before = d->not_before
	};
	memcpy(fresh.confirm, d->confirm, sizeof fresh.confirm);
	const int64_t ready = p->hold ? 0 : wg_delivery_reaches(now, &fresh, p->as).ready;
	enum wg_code code = wg_id_make(now.wall, p->id, err);
	if (code == WG_OK && d->envelope_len > 0)
		code = wg_blob_put(store, d->envelope, d->envelope_len, &envelope, hash, err);
	if (code == WG_OK)
		code = put_row(store, now, msg, episode, epoch, d, maybe, envelope, ready, p, err);
	fresh.seq = p->seq;
	if (code == WG_OK)
		code = put_record(store, now, p->seq, d->disclosure, err);
	if (code == WG_OK)
		code = log_delivery(store, now, msg, d, epoch, p, hash, err);
	if (code == WG_OK && !p->hold && p->as == WG_DLV_SEALED && strcmp(d->channel, "pull") != 0)
		wg_fresh_keep(store, WG_FRESH_ENVELOPE, envelope, d->envelope, d->envelope_len);
	return code == WG_OK && !p->hold ? wg_delivery_follow(store, now, &fresh, p->as, err) : code;
}

/* Whether a person has said no to this recipient of the message, and nobody yes since. */
static enum wg_code was_refused(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_dlv_new *d,
                                bool *refused, struct wg_err *err)
{
	char recipient[RECIPIENT_MAX];
	bool row = false;
	*refused = false;
	if (d->alarm_of != 0)
		return WG_OK;
	(void)snprintf(recipient, sizeof recipient, "%s/%s", d->organisation, d->desk); /* it fits: both are bounded */
	enum wg_code code =
		wg_db_row(store, SQL_DLV_REFUSED, WG_ARGS(wg_db_int(msg->seq), wg_db_text(recipient)), &row, err);
	*refused = code == WG_OK && row && wg_db_col_int(store, SQL_DLV_REFUSED, 0) != 0;
	wg_db_end(store, SQL_DLV_REFUSED);
	return code;
}

/* What stands against sending it as decided: its sender's recall, a person's no, a person's hold. before: the message
 * was decided before, to whomever. */
static enum wg_code place(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_dlv_new *d,
                          const struct old *old, bool before, const char *recalled, struct placed *p,
                          struct wg_err *err)
{
	enum wg_code code = WG_OK;
	*p = (struct placed){ .as = d->state, .reason = d->reason };
	if (before)
		code = was_refused(store, msg, d, &p->refused, err);
	if (p->refused && d->state == WG_DLV_SEALED) {
		p->as = WG_DLV_REVIEW;
		p->reason = "a person decided before not to share this";
	}
	if (recalled[0] != '\0' && d->state != WG_DLV_WITHHELD) {
		p->as = WG_DLV_RECALLED;
		p->reason = recalled;
	}
	/* A person's hold outlives the new decision. */
	p->hold = old != NULL && old->held && (p->as == WG_DLV_SEALED || p->as == WG_DLV_REVIEW);
	/* It waited in a backup that was put back: it may have been decided and sent since, and withdrawn. */
	if (old == NULL && msg->seq <= store->restored && d->alarm_of == 0 && p->as == WG_DLV_SEALED) {
		p->hold = p->restored = true;
		p->reason = "it waited in a backup that was put back: it may have been sent since";
	}
	return code;
}

/* One delivery, unless its recipient was sent to already; an alarm, unless there is nothing new that it watches. */
static enum wg_code put_one(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, int64_t episode,
                            const struct wg_msg_done *done, unsigned i, const struct olds *olds, const char *recalled,
                            int64_t *seqs, struct wg_err *err)
{
	const struct wg_dlv_new *d = &done->deliveries[i];
	const struct old *old = old_of(olds, done, d);
	struct placed p;
	if (old != NULL && old->rec.state != WG_DLV_SUPERSEDED)
		return WG_OK;
	if (d->alarm_of != 0 && seqs[d->alarm_of - 1] == 0)
		return WG_OK;
	enum wg_code code = place(store, msg, d, old, olds->any, recalled, &p, err);
	p.alarm_of = d->alarm_of != 0 ? seqs[d->alarm_of - 1] : 0;
	if (code == WG_OK)
		code = put_delivery(store, now, msg, episode, done->epoch, d, p.restored || (old != NULL && old->rec.maybe), &p,
		                    err);
	if (code == WG_OK && old != NULL)
		code = wg_db_run(store, SQL_TASK_CARRY, WG_ARGS(wg_db_int(p.seq), wg_db_int(old->rec.seq)), err);
	if (code == WG_OK && p.as != WG_DLV_RECALLED)
		seqs[i] = p.seq;
	return code;
}

enum wg_code wg_decide_put(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, int64_t episode,
                           const struct wg_msg_done *done, const char *recalled, struct wg_err *err)
{
	WG_CLEANUP(olds_free) struct olds olds = { 0 };
	char why[WG_STORE_REASON] = "";
	int64_t seqs[WG_LIMIT_RECIPIENTS] = { 0 };
	enum wg_code code = supersede(store, now, msg, &olds, err);
	if (recalled != NULL && recalled[0] != '\0')
		(void)snprintf(why, sizeof why, "recalled by its sender with message %s", recalled); /* it fits */
	for (int alarms = 0; alarms <= 1; alarms++) /* what they watch comes first */
		for (unsigned i = 0; code == WG_OK && recalled != NULL && i < done->delivery_count; i++)
			if ((done->deliveries[i].alarm_of != 0) == (alarms == 1))
				code = put_one(store, now, msg, episode, done, i, &olds, why, seqs, err);
	return code;
}
