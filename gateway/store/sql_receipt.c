/* sql_receipt.c owns receipts: whose word counts for a delivery, what it does to it, and that each is kept once,
 * with its entry in the log. RECEIPTS.md has the table. SECURITY: what a receipt says was written by others. Its words
 * are defanged and kept with the row; the log has their hash only. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

#define SALT_LEN 16
#define WORDS_MAX 4096
#define SAME_TEXT 160

static const char *const names[WG_RECEIPT_LEVELS] = {
	"noted", "received", "opened", "acknowledged", "refused", "failed"
};

const char *wg_receipt_level_name(enum wg_receipt_level level)
{
	return (size_t)level < WG_RECEIPT_LEVELS ? names[level] : "unknown";
}

bool wg_receipt_level_find(const char *name, enum wg_receipt_level *out)
{
	for (size_t i = 0; i < WG_RECEIPT_LEVELS; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum wg_receipt_level)i;
			return true;
		}
	return false;
}

/* ---- what it does */

/* What was given to the other side stands on a ladder that only goes up, so that the order of receipts does not matter,
 * nor how often each comes. A refusal stands above "opened": somebody looked, and said no; a named person who has it
 * after all stands above that. -1: not on it. */
static int rank_of(enum wg_delivery_state state)
{
	static const enum wg_delivery_state ladder[] = { WG_DLV_HANDED_OVER, WG_DLV_FAILED,  WG_DLV_RECEIVED,
		                                             WG_DLV_OPENED,      WG_DLV_REFUSED, WG_DLV_ACKNOWLEDGED };
	for (size_t i = 0; i < WG_COUNT(ladder); i++)
		if (ladder[i] == state)
			return (int)i;
	return -1;
}

static enum wg_delivery_state target_of(enum wg_receipt_level level)
{
	switch (level) {
	case WG_RECEIPT_FAILED:
		return WG_DLV_FAILED;
	case WG_RECEIPT_RECEIVED:
		return WG_DLV_RECEIVED;
	case WG_RECEIPT_OPENED:
		return WG_DLV_OPENED;
	case WG_RECEIPT_REFUSED:
		return WG_DLV_REFUSED;
	case WG_RECEIPT_ACKNOWLEDGED:
		return WG_DLV_ACKNOWLEDGED;
	case WG_RECEIPT_NOTED:
		break;
	}
	return WG_DLV_HANDED_OVER; /* below all others: moves nothing */
}

/* One that waits to be tried again, or for a person: only what was tried can have arrived. */
static enum wg_receipt_effect effect_on_waiting(const struct wg_dlv_rec *dlv, enum wg_receipt_level level, bool known)
{
	if (dlv->attempts == 0)
		return WG_RECEIPT_UNSENT;
	return level != WG_RECEIPT_FAILED && (known || dlv->maybe) ? WG_RECEIPT_MOVES : WG_RECEIPT_KEPT;
}

enum wg_receipt_effect wg_receipt_effect(const struct wg_dlv_rec *dlv, enum wg_receipt_level level, bool known)
{
	if (level == WG_RECEIPT_NOTED)
		return WG_RECEIPT_KEPT;
	switch (dlv->state) {
	case WG_DLV_SENDING:
		return WG_RECEIPT_WAITS;
	case WG_DLV_FAILED:
		if (dlv->attempts == 0)
			return WG_RECEIPT_UNSENT;
		return level != WG_RECEIPT_FAILED ? WG_RECEIPT_MOVES : WG_RECEIPT_KEPT;
	case WG_DLV_HANDED_OVER:
	case WG_DLV_RECEIVED:
	case WG_DLV_OPENED:
	case WG_DLV_REFUSED:
	case WG_DLV_ACKNOWLEDGED:
		return rank_of(target_of(level)) > rank_of(dlv->state) ? WG_RECEIPT_MOVES : WG_RECEIPT_KEPT;
	case WG_DLV_DECIDED:
	case WG_DLV_HELD:
	case WG_DLV_DEFERRED:
		return effect_on_waiting(dlv, level, known);
	case WG_DLV_RECALLED:
	case WG_DLV_SUPERSEDED:
		return dlv->attempts == 0 ? WG_RECEIPT_UNSENT : WG_RECEIPT_KEPT;
	case WG_DLV_SEALED:
	case WG_DLV_REVIEW:
	case WG_DLV_WITHHELD:
		break;
	}
	return WG_RECEIPT_UNSENT;
}

/* ---- what may be said */

static bool is_hash_or_none(const char *s)
{
	return *s == '\0' || wg_is_hash(s);
}

static enum wg_code check_receipt(const struct wg_receipt_new *r, struct wg_err *err)
{
	int ways = (r->reference[0] != '\0') + (r->delivery[0] != '\0') + (r->token_hash[0] != '\0');
	if (ways != 1)
		return wg_err_set(err, WG_REJECT, "a receipt names its delivery in one way: by reference, id or token");
	if ((size_t)r->level >= WG_RECEIPT_LEVELS)
		return wg_err_set(err, WG_REJECT, "there is no such level of receipts");
	if ((r->organisation[0] != '\0' && !wg_name_valid(r->organisation)) ||
	    (r->way[0] != '\0' && !wg_name_valid(r->way)))
		return wg_err_set(err, WG_REJECT, "the organisation or the way of a receipt is not a name");
	if (!is_hash_or_none(r->token_hash) || !is_hash_or_none(r->copy_hash) || !is_hash_or_none(r->log_head))
		return wg_err_set(err, WG_REJECT, "a hash in a receipt is not SHA-256 in lower-case hex");
	if (r->message[0] != '\0' && !wg_id_valid(r->message))
		return wg_err_set(err, WG_REJECT, "the message that brought a receipt has no id of ours");
	if (r->said_at < 0)
		return wg_err_set(err, WG_REJECT, "a receipt was given at no time that there is");
	if (r->level == WG_RECEIPT_ACKNOWLEDGED && r->person[strspn(r->person, " ")] == '\0')
		return wg_err_set(err, WG_REJECT, "who has it? An acknowledgement names a person");
	return WG_OK;
}

/* Whether this giver may say this of that delivery. *known: it is its recipient. */
static enum wg_code check_giver(const struct wg_receipt_new *r, const struct wg_dlv_rec *dlv, bool *known,
                                struct wg_err *err)
{
	*known = r->token_hash[0] != '\0' || strcmp(r->organisation, dlv->organisation) == 0;
	if (*known)
		return WG_OK;
	if (r->organisation[0] != '\0')
		return wg_err_set(err, WG_NOT_FOUND, "no such delivery to %s", r->organisation);
	if (r->level == WG_RECEIPT_ACKNOWLEDGED || r->level == WG_RECEIPT_REFUSED)
		return wg_err_set(err, WG_REJECT, "only its recipient can say this, by signature, certificate or token");
	return WG_OK;
}

/* ---- keeping */

struct words {
	char person[WG_STORE_PERSON], detail[WG_STORE_DETAIL], id[129];
	char same[SAME_TEXT]; /* what makes it the same again */
	char salt[2 * SALT_LEN + 1], hash[WG_STORE_HASH];
};

static const char *asked_of(const struct wg_receipt_new *r)
{
	return r->reference[0] != '\0' ? r->reference : r->delivery[0] != '\0' ? r->delivery : r->token_hash;
}

enum wg_code wg_receipt_hash(const struct wg_receipt_words *w, char out[WG_STORE_HASH], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WORDS_MAX);
	const char *const texts[] = { w->salt,   w->level,  w->giver,     w->way,      w->asked,  w->same,
		                          w->person, w->detail, w->copy_hash, w->log_head, w->message };
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_buf_str(&b, texts[i]);
	wg_buf_u64(&b, (uint64_t)w->said_at);
	uint8_t raw[WG_SHA256_LEN];
	enum wg_code code = wg_buf_check(&b, "a receipt", err);
	if (code != WG_OK)
		return code;
	wg_sha256(b.data, b.len, raw);
	wg_hex(raw, sizeof raw, out);
	return WG_OK;
}

static enum wg_code read_words(const struct wg_receipt_new *r, struct words *w, struct wg_err *err)
{
	uint8_t salt[SALT_LEN], raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH];
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WORDS_MAX);
	(void)wg_defang(r->person, w->person, sizeof w->person);
	(void)wg_defang(r->detail, w->detail, sizeof w->detail);
	(void)wg_defang(r->id, w->id, sizeof w->id);
	wg_buf_str(&b, r->way); /* without an id of its own it is the same when it says the same */
	wg_buf_str(&b, w->person);
	wg_buf_str(&b, w->detail);
	enum wg_code code = wg_buf_check(&b, "a receipt", err);
	if (code == WG_OK)
		code = wg_random(salt, sizeof salt, err);
	if (code != WG_OK)
		return code;
	wg_sha256(b.data, b.len, raw);
	wg_hex(raw, sizeof raw, hash);
	wg_hex(salt, sizeof salt, w->salt);
	(void)snprintf(w->same, sizeof w->same, "%s%s", w->id[0] != '\0' ? "id " : "says ",
	               w->id[0] != '\0' ? w->id : hash);
	const struct wg_receipt_words words = { .salt = w->salt,
		                                    .level = wg_receipt_level_name(r->level),
		                                    .giver = r->organisation,
		                                    .way = r->way,
		                                    .asked = asked_of(r),
		                                    .same = w->same,
		                                    .person = w->person,
		                                    .detail = w->detail,
		                                    .copy_hash = r->copy_hash,
		                                    .log_head = r->log_head,
		                                    .message = r->message,
		                                    .said_at = r->said_at };
	return wg_receipt_hash(&words, w->hash, err);
}

static enum wg_code log_receipt(struct wg_store *store, struct wg_now now, enum wg_states_who who,
                                const struct wg_receipt_new *r, const struct words *w, const struct wg_dlv_rec *dlv,
                                const char *refused, struct wg_err *err)
{
	char detail[WG_STORE_REASON + 4 * WG_STORE_HASH];
	/* The hash stands where wg_receipt_audit looks for it. The head of their log is kept in ours: each witnesses the
	 * other. */
	(void)snprintf(detail, sizeof detail, "%s level=%s way=%s giver=%s%s%s%s%s%s%s%s", w->hash,
	               wg_receipt_level_name(r->level), r->way[0] != '\0' ? r->way : "-",
	               r->organisation[0] != '\0' ? r->organisation : "-", r->token_hash[0] != '\0' ? " token" : "",
	               r->copy_hash[0] != '\0' ? " copy=" : "", r->copy_hash, r->log_head[0] != '\0' ? " head=" : "",
	               r->log_head, *refused != '\0' ? " refused: " : "",
	               refused); /* every part is bounded; the sum fits */
	const struct wg_entry entry = { .who = who,
		                            .event = *refused != '\0' ? "receipt-refused" : "receipt",
		                            .message = dlv->message_id,
		                            .delivery = dlv->id,
		                            .detail = detail };
	return wg_chain_append(store, now, &entry, err);
}

static enum wg_code put_row(struct wg_store *store, struct wg_now now, const struct wg_receipt_new *r,
                            const struct words *w, const struct wg_dlv_rec *dlv, int64_t *seq, struct wg_err *err)
{
	char recipient[2 * WG_LIMIT_NAME + 2];
	bool row = false;
	(void)snprintf(recipient, sizeof recipient, "%s/%s", dlv->organisation, dlv->desk); /* it fits */
	enum wg_code code =
		wg_db_row(store, SQL_RECEIPT_PUT,
	              WG_ARGS(wg_db_int(dlv->seq), wg_db_text(recipient), wg_db_int(now.wall),
	                      wg_db_text(wg_receipt_level_name(r->level)), wg_db_text(r->organisation), wg_db_text(r->way),
	                      wg_db_text(asked_of(r)), wg_db_text(w->same), wg_db_int(r->token_hash[0] != '\0'),
	                      wg_db_text(w->person), wg_db_text(w->detail), wg_db_text(r->copy_hash),
	                      wg_db_text(r->log_head), wg_db_text(r->message), wg_db_int(r->said_at), wg_db_text(w->salt)),
	              &row, err);
	if (code == WG_OK && row)
		*seq = wg_db_col_int(store, SQL_RECEIPT_PUT, 0);
	wg_db_end(store, SQL_RECEIPT_PUT);
	return code == WG_OK ? wg_count_receipt(store, wg_receipt_level_name(r->level), err) : code;
}

/* By whom, or why: for the row of the delivery. */
static void reason_of(enum wg_receipt_level level, const char *person, const char *detail, char out[WG_STORE_REASON])
{
	bool named = level == WG_RECEIPT_ACKNOWLEDGED && *person != '\0';
	(void)snprintf(out, WG_STORE_REASON, "%s%s%s%s", named ? "by " : "", named ? person : "",
	               named && *detail != '\0' ? ": " : "", detail); /* it fits */
}

static enum wg_code move(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                         enum wg_receipt_level level, enum wg_states_who who, const char *person, const char *detail,
                         int64_t seq, struct wg_err *err)
{
	char reason[WG_STORE_REASON];
	reason_of(level, person, detail, reason);
	enum wg_code code =
		wg_delivery_move_words(store, now, dlv, target_of(level), who, NULL, reason, "by its receipt", err);
	return code == WG_OK ? wg_db_run(store, SQL_RECEIPT_MOVED, WG_ARGS(wg_db_int(seq), wg_db_int(1)), err) : code;
}

static enum wg_code wait_for_end(struct wg_store *store, const struct wg_dlv_rec *dlv, enum wg_receipt_level level,
                                 int64_t seq, struct wg_err *err)
{
	int rank = rank_of(target_of(level));
	enum wg_code code = wg_db_run(store, SQL_RECEIPT_MOVED, WG_ARGS(wg_db_int(seq), wg_db_int(2)), err);
	if (code == WG_OK && rank > dlv->pending)
		code = wg_db_run(store, SQL_DLV_PENDING, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(rank)), err);
	return code;
}

/* ---- which delivery, and whether it was said before */

static enum wg_code result_of(struct wg_store *store, int64_t seq, bool moved, bool again,
                              struct wg_receipt_result *out, struct wg_err *err)
{
	struct wg_dlv_rec dlv;
	enum wg_code code = wg_delivery_by_seq(store, seq, &dlv, err);
	if (code != WG_OK)
		return code;
	*out = (struct wg_receipt_result){ .state = dlv.state, .moved = moved, .again = again };
	memcpy(out->delivery, dlv.id, sizeof out->delivery);
	memcpy(out->message, dlv.message_id, sizeof out->message);
	return WG_OK;
}

/* *delivery is 0 when it is new. */
static enum wg_code find_same(struct wg_store *store, const struct wg_receipt_new *r, const struct words *w,
                              int64_t *delivery, bool *moved, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_RECEIPT_SAME,
	                              WG_ARGS(wg_db_text(asked_of(r)), wg_db_text(r->organisation), wg_db_text(w->same),
	                                      wg_db_text(wg_receipt_level_name(r->level))),
	                              &row, err);
	*delivery = code == WG_OK && row ? wg_db_col_int(store, SQL_RECEIPT_SAME, 0) : 0;
	*moved = *delivery != 0 && wg_db_col_int(store, SQL_RECEIPT_SAME, 1) == 1;
	wg_db_end(store, SQL_RECEIPT_SAME);
	return code;
}

static enum wg_code find_delivery(struct wg_store *store, const struct wg_receipt_new *r, struct wg_dlv_rec *out,
                                  struct wg_err *err)
{
	bool row = false;
	enum wg_sql sql = r->reference[0] != '\0' ? SQL_DLV_BY_REFERENCE : SQL_DLV_BY_TOKEN;
	if (r->delivery[0] != '\0')
		return wg_delivery_by_id(store, r->delivery, out, err);
	enum wg_code code = wg_db_row(store, sql, WG_ARGS(wg_db_text(asked_of(r)), wg_db_text(r->copy_hash)), &row, err);
	int64_t seq = code == WG_OK && row ? wg_db_col_int(store, sql, 0) : 0;
	wg_db_end(store, sql);
	if (code == WG_OK && seq == 0)
		code = wg_err_set(err, WG_NOT_FOUND, "no such delivery");
	return code == WG_OK ? wg_delivery_by_seq(store, seq, out, err) : code;
}

/* What was purged has nothing left that a receipt could be kept with. */
static enum wg_code check_kept(struct wg_store *store, int64_t message, struct wg_err *err)
{
	int64_t purged = 0;
	enum wg_code code = wg_query_number(store, "SELECT purged_at FROM message WHERE seq = ?1",
	                                    WG_ARGS(wg_db_int(message)), &purged, err);
	if (code == WG_OK && purged != 0)
		code = wg_err_set(err, WG_NOT_FOUND, "its message was purged under the retention rule");
	return code;
}

/* A token is good for one person: the same person again has said it already. *used: by whoever; *mine: by this one. */
static enum wg_code look_at_token(struct wg_store *store, const struct wg_receipt_new *r, const struct words *w,
                                  const struct wg_dlv_rec *dlv, bool *used, bool *mine, bool *moved, struct wg_err *err)
{
	bool row = false;
	*used = *mine = *moved = false;
	if (r->token_hash[0] == '\0' || (r->level != WG_RECEIPT_ACKNOWLEDGED && r->level != WG_RECEIPT_REFUSED))
		return WG_OK;
	enum wg_code code = wg_db_row(store, SQL_RECEIPT_TOKEN, WG_ARGS(wg_db_int(dlv->seq)), &row, err);
	*used = code == WG_OK && row;
	*mine = *used && strcmp(wg_db_col_borrow(store, SQL_RECEIPT_TOKEN, 0), w->person) == 0;
	*moved = *used && wg_db_col_int(store, SQL_RECEIPT_TOKEN, 1) == 1;
	wg_db_end(store, SQL_RECEIPT_TOKEN);
	return code;
}

/* Enough of one giver is kept: nobody fills the store with what somebody may send at will. */
static enum wg_code check_room(struct wg_store *store, const struct wg_receipt_new *r, const struct wg_dlv_rec *dlv,
                               struct wg_err *err)
{
	bool row = false, token = r->token_hash[0] != '\0';
	int64_t n = 0, max = r->organisation[0] != '\0' || token ? WG_STORE_RECEIPTS_KEPT : WG_STORE_RECEIPTS_UNSIGNED;
	enum wg_code code =
		wg_db_row(store, SQL_RECEIPT_COUNT, WG_ARGS(wg_db_int(dlv->seq), wg_db_text(r->organisation), wg_db_int(token)),
	              &row, err);
	if (code == WG_OK && row)
		n = wg_db_col_int(store, SQL_RECEIPT_COUNT, 0);
	wg_db_end(store, SQL_RECEIPT_COUNT);
	if (code == WG_OK && n >= max)
		code = wg_err_set(err, WG_REJECT, "%" PRId64 " receipts of this delivery are kept already", n);
	return code;
}

/* Why it cannot be of this delivery; NULL when it can. */
static const char *objection(const struct wg_receipt_new *r, const struct wg_dlv_rec *dlv, bool known, bool token_used)
{
	if (token_used)
		return "somebody else has used this token before";
	if (r->copy_hash[0] != '\0' && dlv->copy_hash[0] != '\0' && strcmp(r->copy_hash, dlv->copy_hash) != 0)
		return "it is of another copy than the one that was sent";
	if (wg_receipt_effect(dlv, r->level, known) == WG_RECEIPT_UNSENT)
		return "nothing was sent that it could be of";
	return NULL;
}

static enum wg_code keep(struct wg_store *store, struct wg_now now, enum wg_states_who who,
                         const struct wg_receipt_new *r, const struct words *w, const struct wg_dlv_rec *dlv,
                         bool known, bool *moved, struct wg_err *err)
{
	int64_t seq = 0;
	enum wg_receipt_effect effect = wg_receipt_effect(dlv, r->level, known);
	enum wg_code code = check_room(store, r, dlv, err);
	if (code == WG_OK)
		code = put_row(store, now, r, w, dlv, &seq, err);
	if (code == WG_OK)
		code = log_receipt(store, now, who, r, w, dlv, "", err);
	if (code == WG_OK && effect == WG_RECEIPT_MOVES)
		code = move(store, now, dlv, r->level, who, w->person, w->detail, seq, err);
	if (code == WG_OK && effect == WG_RECEIPT_WAITS)
		code = wait_for_end(store, dlv, r->level, seq, err);
	*moved = effect == WG_RECEIPT_MOVES;
	return code;
}

enum wg_code wg_store_receipt(struct wg_store *store, struct wg_now now, enum wg_states_who who,
                              const struct wg_receipt_new *receipt, struct wg_receipt_result *out,
                              struct wg_err *refused, struct wg_err *err)
{
	struct wg_dlv_rec dlv;
	struct words w;
	int64_t before = 0;
	bool moved = false, known = false, used = false, mine = false;
	refused->code = WG_OK;
	enum wg_code code = check_receipt(receipt, err);
	if (code == WG_OK)
		code = read_words(receipt, &w, err);
	if (code == WG_OK)
		code = find_same(store, receipt, &w, &before, &moved, err);
	if (code == WG_OK && before != 0)
		return result_of(store, before, moved, true, out, err);
	if (code == WG_OK)
		code = find_delivery(store, receipt, &dlv, err);
	if (code == WG_OK)
		code = check_kept(store, dlv.message, err);
	if (code == WG_OK)
		code = check_giver(receipt, &dlv, &known, err);
	if (code == WG_OK)
		code = look_at_token(store, receipt, &w, &dlv, &used, &mine, &moved, err);
	if (code != WG_OK)
		return code;
	if (mine)
		return result_of(store, dlv.seq, moved, true, out, err);
	const char *why = objection(receipt, &dlv, known, used);
	if (why != NULL) {
		wg_err_set(refused, WG_REJECT, "%s", why);
		return log_receipt(store, now, who, receipt, &w, &dlv, why, err);
	}
	code = keep(store, now, who, receipt, &w, &dlv, known, &moved, err);
	return code == WG_OK ? result_of(store, dlv.seq, moved, false, out, err) : code;
}

/* ---- what came while it was being sent */

/* The highest of them, in the current transaction's order; a bounce counts only when the attempt was handed over: what
 * is tried again, or has failed anyway, it does not change. */
static enum wg_code highest_waiting(struct wg_store *store, const struct wg_dlv_rec *dlv, int64_t *seq,
                                    enum wg_receipt_level *level, char person[WG_STORE_PERSON],
                                    char detail[WG_STORE_DETAIL], struct wg_err *err)
{
	int best = dlv->state == WG_DLV_HANDED_OVER ? 0 : 1;
	bool row = true;
	*seq = 0;
	enum wg_code code = wg_db_query(store, SQL_RECEIPT_WAITING, WG_ARGS(wg_db_int(dlv->seq)), err);
	while (code == WG_OK) {
		enum wg_receipt_level l = WG_RECEIPT_NOTED;
		code = wg_db_step(store, SQL_RECEIPT_WAITING, &row, err);
		if (code != WG_OK || !row)
			break;
		if (!wg_receipt_level_find(wg_db_col_borrow(store, SQL_RECEIPT_WAITING, 1), &l) ||
		    rank_of(target_of(l)) <= best)
			continue;
		best = rank_of(target_of(l));
		*seq = wg_db_col_int(store, SQL_RECEIPT_WAITING, 0);
		*level = l;
		wg_db_col_text(store, SQL_RECEIPT_WAITING, 2, person, WG_STORE_PERSON);
		wg_db_col_text(store, SQL_RECEIPT_WAITING, 3, detail, WG_STORE_DETAIL);
	}
	wg_db_end(store, SQL_RECEIPT_WAITING);
	return code;
}

enum wg_code wg_receipt_waiting(struct wg_store *store, struct wg_now now, int64_t seq, bool *moved, struct wg_err *err)
{
	struct wg_dlv_rec dlv;
	enum wg_receipt_level level = WG_RECEIPT_NOTED;
	char person[WG_STORE_PERSON] = "", detail[WG_STORE_DETAIL] = "";
	int64_t receipt = 0;
	*moved = false;
	enum wg_code code = wg_delivery_by_seq(store, seq, &dlv, err);
	if (code == WG_OK)
		code = highest_waiting(store, &dlv, &receipt, &level, person, detail, err);
	if (code == WG_OK)
		code = wg_query_run(store, "UPDATE receipt SET moved = 0 WHERE delivery = ?1 AND moved = 2",
		                    WG_ARGS(wg_db_int(seq)), err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_DLV_PENDING, WG_ARGS(wg_db_int(seq), wg_db_int(0)), err);
	dlv.maybe = true; /* who has it, has it from this attempt or one before */
	if (code != WG_OK || receipt == 0 || wg_receipt_effect(&dlv, level, true) != WG_RECEIPT_MOVES)
		return code;
	*moved = true;
	return move(store, now, &dlv, level, WG_WHO_STORE, person, detail, receipt, err);
}

enum wg_code wg_receipts_keep(struct wg_store *store, struct wg_now now, const struct wg_msg_done *done,
                              unsigned *unknown, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	*unknown = 0;
	for (unsigned i = 0; code == WG_OK && i < done->receipt_count; i++) {
		struct wg_receipt_new r = done->receipts[i];
		struct wg_receipt_result result;
		struct wg_err refused = { 0 };
		if (r.message[0] == '\0')
			memcpy(r.message, done->id, sizeof r.message);
		code = wg_store_receipt(store, now, WG_WHO_PROCESS, &r, &result, &refused, err);
		bool fits = code == WG_OK && refused.code == WG_OK;
		if ((code == WG_NOT_FOUND || code == WG_REJECT) && wg_store_fault(store, NULL) == WG_OK)
			code = WG_OK;
		*unknown += !fits;
	}
	return code;
}
