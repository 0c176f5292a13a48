/* sql_passage.c owns the passages of disclosure records: rule, basis and source of a category, or a place of a notice
 * and its category, say the same in every record under one policy. Each is kept once, found by the hash of its words,
 * and a record that is packed has its number instead, as a member of the same array: {"reasons":[17,18,22],...}. What
 * was given is put together again byte for byte; the log has the hash of that, so an exchanged passage shows.
 *
 * In memory, invariants:
 * 1. list[0 .. settled) were committed; the others are of the transaction that runs, and go when it is undone.
 * 2. In by_id each of list stands as its place plus one, in by_words the first of those with the same words (two rows
 *    have them where one was damaged for a while). There are twice as many slots as places.
 * 3. Words that are here are those that were put: what the database has damaged since does not come into it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/sql_internal.h"

/* What is shorter is as short as its number; what is longer is nobody's rule or place. */
#define WORDS_MIN 16
#define WORDS_MAX ((size_t)8 * 1024)
/* Kept in memory: some 30 categories under some dozens of rules, and some hundreds of places, come to a thousand.
 * Beyond either it begins anew. */
#define PLACES 4096
#define BYTES_MAX ((size_t)2 * 1024 * 1024)
#define SLOTS (2 * PLACES)
/* A number in a record that is read back: more digits are none of ours. */
#define DIGITS_MAX 18

struct passage {
	int64_t id;
	uint64_t sum;
	size_t len;
	char *words;
};

struct wg_passages {
	struct passage list[PLACES];
	uint32_t count, settled;
	size_t bytes;
	uint32_t by_words[SLOTS], by_id[SLOTS];
};

/* ---- in memory */

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 29);
}

/* Spreads; it need not withstand anybody: whoever writes records could write longer ones. */
static uint64_t sum_of(const char *p, size_t len)
{
	uint64_t h = len, word;
	for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
		memcpy(&word, p, sizeof word);
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, p, len);
	return mix(h, word);
}

static uint32_t *slot_of_words(struct wg_passages *k, const char *p, size_t len, uint64_t sum)
{
	uint32_t i = (uint32_t)(sum % SLOTS);
	for (;; i = (i + 1) % SLOTS) {
		const struct passage *there = k->by_words[i] != 0 ? &k->list[k->by_words[i] - 1] : NULL;
		if (there == NULL || (there->sum == sum && there->len == len && memcmp(there->words, p, len) == 0))
			return &k->by_words[i];
	}
}

static uint32_t *slot_of_id(struct wg_passages *k, int64_t id)
{
	uint32_t i = (uint32_t)(mix(0, (uint64_t)id) % SLOTS);
	while (k->by_id[i] != 0 && k->list[k->by_id[i] - 1].id != id)
		i = (i + 1) % SLOTS;
	return &k->by_id[i];
}

static void index_last(struct wg_passages *k)
{
	const struct passage *p = &k->list[k->count - 1];
	uint32_t *by_words = slot_of_words(k, p->words, p->len, p->sum), *by_id = slot_of_id(k, p->id);
	if (*by_words == 0)
		*by_words = k->count;
	if (*by_id == 0)
		*by_id = k->count;
}

static void forget_from(struct wg_passages *k, uint32_t first)
{
	for (uint32_t i = first; i < k->count; i++) {
		k->bytes -= k->list[i].len;
		free(k->list[i].words);
	}
	k->settled = k->settled < first ? k->settled : first;
	memset(k->by_words, 0, sizeof k->by_words);
	memset(k->by_id, 0, sizeof k->by_id);
	for (k->count = 0; k->count < first;) {
		k->count++;
		index_last(k);
	}
}

static void keep(struct wg_store *store, int64_t id, const char *words, size_t len)
{
	if (store->passages == NULL)
		store->passages = calloc(1, sizeof *store->passages);
	struct wg_passages *k = store->passages;
	if (k == NULL || len > WORDS_MAX) /* then it is read each time */
		return;
	if (k->count == PLACES || len > BYTES_MAX - k->bytes)
		forget_from(k, 0);
	char *own = malloc(len + 1);
	if (own == NULL)
		return;
	memcpy(own, words, len);
	own[len] = '\0';
	k->list[k->count++] = (struct passage){ .id = id, .sum = sum_of(own, len), .len = len, .words = own };
	k->bytes += len;
	index_last(k);
}

void wg_passages_settle(struct wg_store *store, bool committed)
{
	struct wg_passages *k = store->passages;
	if (k == NULL || k->settled == k->count)
		return;
	if (committed)
		k->settled = k->count;
	else
		forget_from(k, k->settled);
}

void wg_passages_clear(struct wg_store *store)
{
	if (store->passages == NULL)
		return;
	forget_from(store->passages, 0);
	free(store->passages);
	store->passages = NULL;
}

/* ---- in the database */

static void hash_of(const char *words, size_t len, char hash[WG_STORE_HASH])
{
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(words, len, raw);
	wg_hex(raw, sizeof raw, hash);
}

bool wg_passage_sound(const char *hash, const char *words)
{
	char is[WG_STORE_HASH];
	hash_of(words, strlen(words), is);
	return strcmp(is, hash) == 0;
}

/* The row of that hash whose words have it: *id, and the words into out unless that is NULL. 0: there is none. */
static enum wg_code find(struct wg_store *store, const char *hash, int64_t *id, struct wg_buf *out, struct wg_err *err)
{
	bool row = true;
	*id = 0;
	enum wg_code code = wg_db_query(store, SQL_PASSAGE_FIND, WG_ARGS(wg_db_text(hash)), err);
	while (code == WG_OK && *id == 0) {
		code = wg_db_step(store, SQL_PASSAGE_FIND, &row, err);
		if (code != WG_OK || !row)
			break;
		const char *words = wg_db_col_borrow(store, SQL_PASSAGE_FIND, 1);
		if (!wg_passage_sound(hash, words))
			continue; /* damaged: it is put once more */
		*id = wg_db_col_int(store, SQL_PASSAGE_FIND, 0);
		if (out != NULL)
			wg_buf_puts(out, words);
	}
	wg_db_end(store, SQL_PASSAGE_FIND);
	return code;
}

static enum wg_code put(struct wg_store *store, const char *hash, const char *words, int64_t *id, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_PASSAGE_PUT, WG_ARGS(wg_db_text(hash), wg_db_text(words)), &row, err);
	if (code == WG_OK && row)
		*id = wg_db_col_int(store, SQL_PASSAGE_PUT, 0);
	wg_db_end(store, SQL_PASSAGE_PUT);
	return code == WG_OK && *id == 0 ? wg_err_set(err, WG_SYSTEM, "a passage was put and has no number") : code;
}

/* The number of a passage, which it is given if it has none. */
static enum wg_code number_of(struct wg_store *store, const char *p, size_t len, int64_t *id, struct wg_err *err)
{
	struct wg_passages *k = store->passages;
	const uint32_t at = k != NULL ? *slot_of_words(k, p, len, sum_of(p, len)) : 0;
	if (at != 0) {
		*id = k->list[at - 1].id;
		return WG_OK;
	}
	char words[WORDS_MAX + 1], hash[WG_STORE_HASH];
	memcpy(words, p, len);
	words[len] = '\0';
	hash_of(words, len, hash);
	enum wg_code code = find(store, hash, id, NULL, err);
	if (code == WG_OK && *id == 0)
		code = put(store, hash, words, id, err);
	if (code == WG_OK)
		keep(store, *id, words, len);
	return code;
}

/* The words behind a number, into out: if those in its row are damaged, those of another row that has them. "null" for
 * one that is not there: what comes of it is JSON still, and not what the log has the hash of. */
static enum wg_code words_of(struct wg_store *store, int64_t id, struct wg_buf *out, struct wg_err *err)
{
	struct wg_passages *k = store->passages;
	const uint32_t at = k != NULL ? *slot_of_id(k, id) : 0;
	if (at != 0) {
		wg_buf_put(out, k->list[at - 1].words, k->list[at - 1].len);
		return WG_OK;
	}
	WG_AUTO_BUF struct wg_buf words = WG_BUF(WG_STORE_DISCLOSURE_MAX), better = WG_BUF(WG_STORE_DISCLOSURE_MAX);
	char hash[WG_STORE_HASH] = "";
	bool row = false;
	int64_t other = 0;
	enum wg_code code = wg_db_row(store, SQL_PASSAGE_GET, WG_ARGS(wg_db_int(id)), &row, err);
	if (code == WG_OK && row) {
		wg_db_col_text(store, SQL_PASSAGE_GET, 0, hash, sizeof hash);
		const char *kept = wg_db_col_borrow(store, SQL_PASSAGE_GET, 1);
		wg_buf_puts(&words, kept);
		if (words.failed && strlen(kept) <= WORDS_MAX) /* else it would look damaged */
			code = wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	wg_db_end(store, SQL_PASSAGE_GET);
	const bool sound = code == WG_OK && row && wg_passage_sound(hash, wg_buf_text(&words));
	if (code == WG_OK && row && !sound)
		code = find(store, hash, &other, &better, err);
	const struct wg_buf *use = other != 0 ? &better : &words;
	if (code == WG_OK && better.failed)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	if (code != WG_OK)
		return code;
	wg_buf_puts(out, row ? wg_buf_text(use) : "null");
	if (sound || other != 0)
		keep(store, id, wg_buf_text(use), use->len);
	return WG_OK;
}

/* ---- records */

/* One way or the other: text up to done stands in out already. */
struct rewriting {
	struct wg_store *store;
	const char *text;
	size_t done;
	struct wg_buf *out;
	bool as_it_is; /* it has numbers of its own where those of passages would stand */
	enum wg_code code;
	struct wg_err *err;
};

/* What is before the member; the member is done too. */
static void put_before(struct rewriting *r, const struct wg_json_member *m)
{
	wg_buf_put(r->out, r->text + r->done, m->at - r->done);
	r->done = m->at + m->len;
}

static void pack_member(void *arg, const struct wg_json_member *m)
{
	struct rewriting *r = arg;
	int64_t id = 0;
	r->as_it_is = r->as_it_is || m->number;
	if (r->code != WG_OK || r->as_it_is || m->len < WORDS_MIN || m->len > WORDS_MAX)
		return;
	r->code = number_of(r->store, r->text + m->at, m->len, &id, r->err);
	if (r->code != WG_OK)
		return;
	char number[24];
	(void)snprintf(number, sizeof number, "%" PRId64, id); /* 20 characters at most */
	put_before(r, m);
	wg_buf_puts(r->out, number);
}

static void unpack_member(void *arg, const struct wg_json_member *m)
{
	struct rewriting *r = arg;
	uint64_t id = 0;
	char number[DIGITS_MAX + 1];
	if (r->code != WG_OK || !m->number || m->len > DIGITS_MAX)
		return;
	memcpy(number, r->text + m->at, m->len);
	number[m->len] = '\0';
	if (!wg_num_parse(number, 1, INT64_MAX, &id))
		return;
	put_before(r, m);
	r->code = words_of(r->store, (int64_t)id, r->out, r->err);
}

enum wg_code wg_disclosure_pack(struct wg_store *store, const char *record, struct wg_buf *out, bool *packed,
                                struct wg_err *err)
{
	struct rewriting r = { .store = store, .text = record, .out = out, .err = err };
	const size_t len = strlen(record);
	const bool whole = wg_json_walk(record, len, pack_member, &r);
	if (r.code != WG_OK)
		return r.code;
	*packed = whole && !r.as_it_is && r.done > 0 && !out->failed;
	if (!*packed)
		wg_buf_reset(out);
	wg_buf_put(out, record + (*packed ? r.done : 0), len - (*packed ? r.done : 0));
	return wg_buf_check(out, "disclosure record", err);
}

/* Back to where it had len bytes, and as good as then. */
static void cut(struct wg_buf *out, size_t len)
{
	wg_buf_reset(out);
	out->len = len;
	if (out->data != NULL)
		out->data[len] = 0;
}

enum wg_code wg_disclosure_put(struct wg_store *store, const char *kept, bool packed, struct wg_buf *out,
                               struct wg_err *err)
{
	struct rewriting r = { .store = store, .text = kept, .out = out, .err = err };
	const size_t len = strlen(kept), before = out->len;
	const bool whole = packed && wg_json_walk(kept, len, unpack_member, &r);
	if (r.code != WG_OK)
		return r.code;
	if (packed && !whole) { /* whoever holds it against the log sees that it is damaged */
		cut(out, before);
		r.done = 0;
	}
	wg_buf_put(out, kept + r.done, len - r.done);
	return wg_buf_check(out, "disclosure record", err);
}

enum wg_code wg_disclosure_show(struct wg_store *store, const char *kept, bool packed, struct wg_buf *out,
                                struct wg_err *err)
{
	const size_t before = out->len;
	enum wg_code code = wg_disclosure_put(store, kept, packed, out, err);
	if (code != WG_OK || wg_json_walk(wg_buf_text(out) + before, out->len - before, NULL, NULL))
		return code;
	cut(out, before);
	wg_buf_puts(out, "null");
	return WG_OK;
}
