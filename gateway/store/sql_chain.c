/* sql_chain.c owns the log: append-only, each entry's hash over the entry and the hash before it.
 * What the chain shows: a changed, missing, added or reordered entry, and (by meta "log-head" and by the states that
 * the rows are in) a log cut at its end. What it cannot show: a whole database rewritten or rolled back by someone who
 * computes every hash anew. Against that, write down the head that `audit verify` prints where that someone cannot
 * reach. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/driver.h"

/* Words of one entry; a cut is better than a change that cannot be logged. */
#define DETAIL_MAX 768
#define ACTOR_MAX (WG_LIMIT_NAME + 16)
#define ENTRY_MAX 8192

static const char genesis[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct line {
	uint64_t seq;
	int64_t at;
	const char *actor, *event, *message, *delivery, *state, *detail, *prev;
};

/* The canonical form: wire form of every member in order, so that no two entries look the same. */
static enum wg_code hash_line(const struct line *line, char out[WG_STORE_HASH], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(ENTRY_MAX);
	wg_buf_u64(&b, line->seq);
	wg_buf_u64(&b, (uint64_t)line->at);
	const char *const texts[] = { line->actor, line->event,  line->message, line->delivery,
		                          line->state, line->detail, line->prev };
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_buf_str(&b, texts[i]);
	enum wg_code code = wg_buf_check(&b, "a log entry", err);
	if (code != WG_OK)
		return code;
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(b.data, b.len, raw);
	wg_hex(raw, sizeof raw, out);
	return WG_OK;
}

/* Asked once a transaction: nobody else writes the log while it runs. seq 0 and the genesis hash: it is empty. */
static enum wg_code find_head(struct wg_store *store, struct wg_err *err)
{
	bool row = false;
	if (store->head.known && store->driver->in_transaction(store))
		return WG_OK;
	enum wg_code code = wg_db_row(store, SQL_LOG_HEAD, NULL, 0, &row, err);
	if (code != WG_OK)
		return code;
	store->head.known = true;
	store->head.seq = row ? (uint64_t)wg_db_col_int(store, SQL_LOG_HEAD, 0) : 0;
	(void)snprintf(store->head.hash, sizeof store->head.hash, "%s",
	               row ? wg_db_col_borrow(store, SQL_LOG_HEAD, 1) : genesis); /* it fits */
	wg_db_end(store, SQL_LOG_HEAD);
	return WG_OK;
}

enum wg_code wg_chain_end(struct wg_store *store, uint64_t *seq, char hash[WG_STORE_HASH], struct wg_err *err)
{
	enum wg_code code = find_head(store, err);
	if (code == WG_OK) {
		*seq = store->head.seq;
		memcpy(hash, store->head.hash, WG_STORE_HASH);
	}
	return code;
}

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

enum wg_code wg_chain_append(struct wg_store *store, struct wg_now now, const struct wg_entry *entry,
                             struct wg_err *err)
{
	char hash[WG_STORE_HASH], actor[ACTOR_MAX], detail[DETAIL_MAX], person[WG_LIMIT_NAME + 1];
	enum wg_code code = find_head(store, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(actor, sizeof actor, "%s%s%s", wg_states_who_name(entry->who), entry->person != NULL ? ":" : "",
	               entry->person != NULL ? wg_defang(entry->person, person, sizeof person)
	                                     : ""); /* both parts are bounded */
	struct line line = { .seq = store->head.seq + 1,
		                 .at = now.wall,
		                 .actor = actor,
		                 .event = entry->event,
		                 .message = or_empty(entry->message),
		                 .delivery = or_empty(entry->delivery),
		                 .state = or_empty(entry->state),
		                 .detail = wg_defang(or_empty(entry->detail), detail, sizeof detail),
		                 .prev = store->head.hash };
	code = hash_line(&line, hash, err);
	if (code == WG_OK)
		code =
			wg_db_run(store, SQL_LOG_PUT,
		              WG_ARGS(wg_db_int((int64_t)line.seq), wg_db_int(line.at), wg_db_text(actor),
		                      wg_db_text(line.event), wg_db_text(line.message), wg_db_text(line.delivery),
		                      wg_db_text(line.state), wg_db_text(line.detail), wg_db_text(line.prev), wg_db_text(hash)),
		              err);
	if (code != WG_OK)
		return code;
	store->head.seq = line.seq;
	store->head.written = true;
	memcpy(store->head.hash, hash, sizeof store->head.hash);
	return store->driver->in_transaction(store) ? WG_OK : wg_chain_seal(store, err); /* else no commit does it */
}

enum wg_code wg_chain_seal(struct wg_store *store, struct wg_err *err)
{
	char head[WG_STORE_HASH + 24];
	if (!store->head.written)
		return WG_OK;
	enum wg_code code = find_head(store, err);
	(void)snprintf(head, sizeof head, "%" PRIu64 " %s", store->head.seq, store->head.hash); /* 20 digits at most */
	if (code == WG_OK && store->head.seq > 0)
		code = wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("log-head"), wg_db_text(head)), err);
	if (code == WG_OK)
		store->head.written = false;
	return code;
}

/* The current row of SQL_LOG_ALL against what must follow (seq, prev). */
static enum wg_code check_line(struct wg_store *store, uint64_t seq, const char *prev, char hash[WG_STORE_HASH],
                               struct wg_err *err)
{
	const char *text[10];
	for (int i = 2; i < 10; i++)
		text[i] = wg_db_col_borrow(store, SQL_LOG_ALL, i);
	struct line line = { .seq = (uint64_t)wg_db_col_int(store, SQL_LOG_ALL, 0),
		                 .at = wg_db_col_int(store, SQL_LOG_ALL, 1),
		                 .actor = text[2],
		                 .event = text[3],
		                 .message = text[4],
		                 .delivery = text[5],
		                 .state = text[6],
		                 .detail = text[7],
		                 .prev = text[8] };
	if (line.seq != seq)
		return wg_err_set(err, WG_CORRUPT, "log entry %" PRIu64 " is missing", seq);
	enum wg_code code = hash_line(&line, hash, err);
	if (code == WG_LIMIT)
		return wg_err_set(err, WG_CORRUPT, "log entry %" PRIu64 " is longer than any that was written", seq);
	if (code == WG_OK && (strcmp(line.prev, prev) != 0 || strcmp(text[9], hash) != 0))
		code = wg_err_set(err, WG_CORRUPT,
		                  "log entry %" PRIu64 " does not fit the chain: it or the one before was changed", seq);
	return code;
}

enum wg_code wg_chain_check(struct wg_store *store, uint64_t *entries, char head[WG_STORE_HASH], struct wg_err *err)
{
	char prev[WG_STORE_HASH], hash[WG_STORE_HASH], kept[WG_STORE_HASH + 24], found[WG_STORE_HASH + 24];
	(void)snprintf(prev, sizeof prev, "%s", genesis); /* it fits */
	uint64_t seq = 0;
	bool row = true;
	enum wg_code code = wg_chain_seal(store, err);
	if (code == WG_OK)
		code = wg_db_query(store, SQL_LOG_ALL, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_LOG_ALL, &row, err);
		if (code != WG_OK || !row)
			break;
		code = check_line(store, ++seq, prev, hash, err);
		if (code == WG_OK)
			memcpy(prev, hash, sizeof prev);
	}
	wg_db_end(store, SQL_LOG_ALL);
	if (code == WG_OK)
		code = wg_db_meta(store, "log-head", kept, sizeof kept, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(found, sizeof found, "%" PRIu64 " %s", seq, prev); /* 20 digits at most */
	if (strcmp(kept, found) != 0 && (seq > 0 || *kept != '\0'))
		return wg_err_set(err, WG_CORRUPT,
		                  "the log ends at entry %" PRIu64 ", which is not the head that was kept: its end was cut off",
		                  seq);
	*entries = seq;
	memcpy(head, prev, WG_STORE_HASH);
	return WG_OK;
}
