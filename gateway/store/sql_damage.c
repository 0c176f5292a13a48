/* sql_damage.c owns rows that are not what was logged. The log is believed, not the row: it is chained, and written
 * beside the row in the same transaction; a row that contradicts it was changed by nobody here. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/damage.h"
#include "store/driver.h"
#include "store/purge_internal.h"

enum wg_code wg_damage_count(struct wg_store *store, struct wg_now now, struct wg_err *err)
{
	char at[24];
	(void)snprintf(at, sizeof at, "%lld", (long long)now.wall); /* 20 bytes at most */
	return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("damaged-at"), wg_db_text(at)), err);
}

static enum wg_code tell(struct wg_store *store, struct wg_now now, const char *message, const char *delivery,
                         const char *words, struct wg_err *err)
{
	char id[2][WG_ID_TEXT]; /* they may be damaged themselves */
	const struct wg_entry entry = { .who = WG_WHO_STORE,
		                            .event = "damage",
		                            .message = wg_defang(message, id[0], sizeof id[0]),
		                            .delivery = wg_defang(delivery, id[1], sizeof id[1]),
		                            .detail = words };
	enum wg_code code = wg_chain_append(store, now, &entry, err);
	store->damaged++;
	return code == WG_OK ? wg_damage_count(store, now, err) : code;
}

/* The index that gave a row whose state it does not hold is damaged as well, and would give it for ever. */
static enum wg_code index_again(struct wg_store *store, const char *sql, struct wg_err *err)
{
	return store->driver == &wg_sqlite_driver ? wg_db_exec(store, sql, err) : WG_OK;
}

static bool ends_with(const char *s, const char *end)
{
	const size_t a = strlen(s), b = strlen(end);
	return a >= b && strcmp(s + a - b, end) == 0;
}

/* ---- messages */

/* What the row says and what the log says of it. */
struct message_proof {
	char id[WG_ID_TEXT], state[24], logged[24], detail[WG_STORE_REASON], blob[WG_STORE_HASH];
	size_t len; /* of the blob */
};

static enum wg_code read_message(struct wg_store *store, int64_t seq, struct message_proof *p, struct wg_err *err)
{
	bool row = false;
	*p = (struct message_proof){ .id = "" };
	enum wg_code code = wg_db_row(store, SQL_MSG_PROOF, WG_ARGS(wg_db_int(seq)), &row, err);
	if (code == WG_OK && row) {
		wg_db_col_text(store, SQL_MSG_PROOF, 0, p->id, sizeof p->id);
		wg_db_col_text(store, SQL_MSG_PROOF, 1, p->state, sizeof p->state);
		wg_db_col_text(store, SQL_MSG_PROOF, 2, p->logged, sizeof p->logged);
		wg_db_col_text(store, SQL_MSG_PROOF, 3, p->detail, sizeof p->detail);
		wg_db_col_text(store, SQL_MSG_PROOF, 4, p->blob, sizeof p->blob);
		p->len = (size_t)wg_db_col_int(store, SQL_MSG_PROOF, 5);
	}
	wg_db_end(store, SQL_MSG_PROOF);
	return code;
}

/* Whose a mail is, is found later. */
static bool message_fits(const struct message_proof *p, const struct wg_msg_rec *rec)
{
	char begin[2 * WG_LIMIT_NAME], content[WG_STORE_HASH + 16], end[WG_STORE_HASH + 16];
	(void)snprintf(begin, sizeof begin, "organisation=%s way=", rec->organisation); /* it fits, as the others */
	(void)snprintf(content, sizeof content, " content=%s ", rec->content_hash);
	(void)snprintf(end, sizeof end, " blob=%s", p->blob);
	return (strncmp(p->detail, begin, strlen(begin)) == 0 || strncmp(p->detail, "organisation= ", 14) == 0) &&
	       strstr(p->detail, content) != NULL && ends_with(p->detail, end);
}

/* Without a word of the log a person has to say what it is. */
static enum wg_code right_message(struct wg_store *store, struct wg_now now, int64_t seq, const struct message_proof *p,
                                  struct wg_err *err)
{
	enum wg_message_state was, logged;
	char words[128], said[24];
	const bool known = wg_message_state_find(p->logged, &logged);
	const char *to = known ? p->logged : "attention";
	(void)snprintf(words, sizeof words, "its row said %s, the log says %s: put right",
	               wg_defang(p->state, said, sizeof said), known ? p->logged : "nothing"); /* it fits */
	enum wg_code code =
		wg_query_run(store, "UPDATE message SET state = ?2, lease_owner = 0, reason = ?3 WHERE seq = ?1",
	                 WG_ARGS(wg_db_int(seq), wg_db_text(to), wg_db_text(words)), err);
	const bool valid = wg_message_state_find(p->state, &was);
	if (code == WG_OK && !valid)
		code = index_again(store, "REINDEX message", err);
	if (code == WG_OK && !known) /* else it is counted as what the log says: it never moved from there */
		code = wg_count_message(store, valid ? (int)was : WG_STATES_NEW, WG_MSG_ATTENTION, err);
	return code == WG_OK ? tell(store, now, p->id, "", words, err) : code;
}

void wg_message_sound_ahead(struct wg_store *store, int64_t seq)
{
	wg_db_ahead(store, SQL_MSG_PROOF, WG_ARGS(wg_db_int(seq)));
}

enum wg_code wg_message_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_msg_rec *rec,
                              bool *sound, size_t *len, struct wg_err *err)
{
	struct message_proof p;
	enum wg_code code = read_message(store, seq, &p, err);
	*len = p.len;
	*sound = code == WG_OK && rec != NULL && strcmp(p.state, p.logged) == 0 && message_fits(&p, rec);
	if (code != WG_OK || *sound)
		return code;
	if (p.id[0] == '\0' && p.state[0] == '\0') { /* an index that names a row that is not there */
		code = index_again(store, "REINDEX message", err);
		return code == WG_OK ? tell(store, now, "", "", "an index named a message that is not there", err) : code;
	}
	if (rec == NULL || strcmp(p.state, p.logged) != 0)
		return right_message(store, now, seq, &p, err);
	store->damaged++;
	code = wg_message_move(store, now, rec, WG_MSG_ATTENTION, WG_WHO_STORE, NULL,
	                       "it is not what was accepted, by the log: ask its sender to send it again", NULL, err);
	return code == WG_OK ? wg_damage_count(store, now, err) : code;
}

/* ---- deliveries */

struct delivery_proof {
	char id[WG_ID_TEXT], message[WG_ID_TEXT], of[WG_ID_TEXT], state[24], logged[24]; /* of: the message, by the log */
	char detail[WG_STORE_REASON + 256], end[2 * WG_STORE_HASH + 32];
	size_t len; /* of its envelope */
};

/* "message detail" */
static void take_first_entry(struct delivery_proof *p, const char *entry)
{
	const size_t n = strcspn(entry, " ");
	(void)snprintf(p->of, sizeof p->of, "%.*s", (int)(n < WG_ID_TEXT ? n : 0), entry); /* it fits */
	(void)snprintf(p->detail, sizeof p->detail, "%s", entry + n + (entry[n] == ' ')); /* a longer one is none of ours */
}

static enum wg_code read_delivery(struct wg_store *store, int64_t seq, struct delivery_proof *p, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf record = WG_BUF(WG_STORE_DISCLOSURE_MAX);
	bool row = false;
	*p = (struct delivery_proof){ .id = "" };
	enum wg_code code = wg_db_row(store, SQL_DLV_PROOF, WG_ARGS(wg_db_int(seq)), &row, err);
	if (code == WG_OK && row) {
		uint8_t raw[WG_SHA256_LEN];
		char hash[WG_STORE_HASH], blob[WG_STORE_HASH];
		wg_db_col_text(store, SQL_DLV_PROOF, 0, p->id, sizeof p->id);
		wg_db_col_text(store, SQL_DLV_PROOF, 1, p->message, sizeof p->message);
		wg_db_col_text(store, SQL_DLV_PROOF, 2, p->state, sizeof p->state);
		wg_db_col_text(store, SQL_DLV_PROOF, 3, p->logged, sizeof p->logged);
		take_first_entry(p, wg_db_col_borrow(store, SQL_DLV_PROOF, 4));
		wg_db_col_text(store, SQL_DLV_PROOF, 5, blob, sizeof blob);
		p->len = (size_t)wg_db_col_int(store, SQL_DLV_PROOF, 8);
		code = wg_disclosure_put(store, wg_db_col_borrow(store, SQL_DLV_PROOF, 6),
		                         wg_db_col_int(store, SQL_DLV_PROOF, 7) != 0, &record, err);
		wg_sha256(wg_buf_text(&record), record.len, raw);
		wg_hex(raw, sizeof raw, hash);
		(void)snprintf(p->end, sizeof p->end, " envelope=%s disclosure=%s", blob, hash); /* it fits */
	}
	wg_db_end(store, SQL_DLV_PROOF);
	return code;
}

/* What was logged before references were has no word of it. */
static bool reference_fits(const struct delivery_proof *p, const struct wg_dlv_rec *rec)
{
	char reference[WG_DAMAGE_REFERENCE];
	wg_damage_reference(rec->reference, reference);
	return strstr(p->detail, " reference=") == NULL || strstr(p->detail, reference) != NULL;
}

void wg_damage_reference(const char *reference, char out[WG_DAMAGE_REFERENCE])
{
	uint8_t raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH];
	wg_sha256(reference, strlen(reference), raw);
	wg_hex(raw, sizeof raw, hash);
	(void)snprintf(out, WG_DAMAGE_REFERENCE, " reference=%.16s ", hash); /* exactly its size */
}

static bool delivery_fits(const struct delivery_proof *p, const struct wg_dlv_rec *rec)
{
	char begin[3 * WG_LIMIT_NAME + 64], channel[32], epoch[WG_STORE_HASH + 16];
	(void)snprintf(begin, sizeof begin, "recipient=%s/%s role=%s ", rec->organisation, rec->desk,
	               rec->role); /* it fits, as the other */
	(void)snprintf(channel, sizeof channel, " channel=%s ", rec->channel);
	(void)snprintf(epoch, sizeof epoch, " epoch=%s ", rec->epoch);
	return strcmp(p->message, p->of) == 0 && strncmp(p->detail, begin, strlen(begin)) == 0 &&
	       strstr(p->detail, channel) != NULL && strstr(p->detail, epoch) != NULL && reference_fits(p, rec) &&
	       ends_with(p->detail, p->end);
}

/* One of which the log says nothing was counted by what its row said, if that was a state. */
static enum wg_code count_held(struct wg_store *store, int64_t seq, int from, struct wg_err *err)
{
	struct wg_dlv_rec d = { 0 };
	enum wg_code code = wg_delivery_by_seq(store, seq, &d, err);
	const struct wg_counted_dlv counted = {
		.organisation = d.organisation, .desk = d.desk, .channel = d.channel, .confirm = d.confirm[0] != '\0'
	};
	return code == WG_OK ? wg_count_delivery(store, &counted, from, WG_DLV_HELD, err) : code;
}

static enum wg_code right_delivery(struct wg_store *store, struct wg_now now, int64_t seq,
                                   const struct delivery_proof *p, struct wg_err *err)
{
	enum wg_delivery_state was, logged = WG_DLV_HELD;
	char words[128], said[24];
	const bool known = wg_delivery_state_find(p->logged, &logged);
	(void)snprintf(words, sizeof words, "its row said %s, the log says %s: put right",
	               wg_defang(p->state, said, sizeof said), known ? p->logged : "nothing"); /* it fits */
	/* Without a word of the log it leaves only when a person has looked. */
	enum wg_code code =
		wg_query_run(store,
	                 "UPDATE delivery SET state = ?2, lease_owner = 0, reason = ?3, held_from = CASE WHEN ?2 = 'held'"
	                 " THEN 'review' ELSE held_from END WHERE seq = ?1",
	                 WG_ARGS(wg_db_int(seq), wg_db_text(known ? p->logged : "held"), wg_db_text(words)), err);
	const bool valid = wg_delivery_state_find(p->state, &was);
	if (code == WG_OK && !valid)
		code = index_again(store, "REINDEX delivery", err);
	if (code == WG_OK && !known) /* else it is counted as what the log says */
		code = count_held(store, seq, valid ? (int)was : WG_STATES_NEW, err);
	if (code == WG_OK)
		code = tell(store, now, p->message, p->id, words, err);
	return code == WG_OK && known && logged == WG_DLV_SENDING ? wg_delivery_missed(store, now, seq, err) : code;
}

/* Its row names another message than the log, and that one is there: *right, the row says so again. Where it names the
 * same one, it is that message which has lost its id. */
static enum wg_code right_message_of(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *rec,
                                     const struct delivery_proof *p, bool *right, struct wg_err *err)
{
	struct wg_msg_rec msg;
	*right = false;
	if (rec == NULL || strcmp(p->message, p->of) == 0 || !wg_id_valid(p->of))
		return WG_OK;
	enum wg_code code = wg_message_by_id(store, p->of, &msg, err);
	if (code != WG_OK && wg_store_fault(store, NULL) == WG_OK)
		return WG_OK; /* not to be found: the copy is made again, or a person looks */
	if (code != WG_OK || msg.seq == rec->message)
		return code;
	*right = true;
	code = wg_query_run(store, "UPDATE delivery SET message = ?2 WHERE seq = ?1",
	                    WG_ARGS(wg_db_int(rec->seq), wg_db_int(msg.seq)), err);
	return code == WG_OK ? tell(store, now, p->of, p->id, "its row named another message than the log: put right", err)
	                     : code;
}

void wg_delivery_sound_ahead(struct wg_store *store, int64_t seq)
{
	wg_db_ahead(store, SQL_DLV_PROOF, WG_ARGS(wg_db_int(seq)));
}

enum wg_code wg_delivery_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_dlv_rec *rec,
                               bool *sound, size_t *len, struct wg_err *err)
{
	struct delivery_proof p;
	enum wg_code code = read_delivery(store, seq, &p, err);
	*len = p.len;
	*sound = code == WG_OK && rec != NULL && strcmp(p.state, p.logged) == 0 && delivery_fits(&p, rec);
	if (code != WG_OK || *sound)
		return code;
	if (p.id[0] == '\0' && p.state[0] == '\0') {
		code = index_again(store, "REINDEX delivery", err);
		return code == WG_OK ? tell(store, now, "", "", "an index named a delivery that is not there", err) : code;
	}
	bool right = false;
	code = right_message_of(store, now, rec, &p, &right, err);
	if (code != WG_OK || right)
		return code;
	if (rec == NULL || strcmp(p.state, p.logged) != 0)
		return right_delivery(store, now, seq, &p, err);
	if (!wg_delivery_may((int)rec->state, WG_DLV_DECIDED, WG_WHO_STORE)) /* it went out before: that cannot be undone */
		return tell(store, now, p.message, p.id, "it is not what was handed over: it is not given again", err);
	store->damaged++;
	code = wg_delivery_seal_again(store, now, rec, err);
	return code == WG_OK ? wg_damage_count(store, now, err) : code;
}
