/* Messages whose heads and keys can be told apart in the store's files, and what always holds between the two files. */
#ifndef WG_TESTS_STORE_HEADS_H
#define WG_TESTS_STORE_HEADS_H

#include "scene.h"
#include "store/keys_internal.h"
#include "store/sqlite_internal.h"

#define REST "rest of the content"

/* A head full of one word that no other has, and a rest. */
static inline void content_of(unsigned n, char what, uint8_t out[WG_STORE_HEAD + sizeof REST])
{
	char word[17];
	(void)snprintf(word, sizeof word, "<key-%c-%08u>", what, n); /* sixteen */
	for (size_t i = 0; i < WG_STORE_HEAD; i += 16)
		memcpy(out + i, word, 16);
	memcpy(out + WG_STORE_HEAD, REST, sizeof REST);
}

static inline void read_file(const char *folder, const char *name, struct wg_buf *out)
{
	char path[160], chunk[65536];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name); /* short */
	int fd = open(path, O_RDONLY);
	for (ssize_t n; fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0;)
		wg_buf_put(out, chunk, (size_t)n);
	if (fd >= 0)
		assert_int_equal(close(fd), 0);
	assert_false(out->failed);
}

static inline bool holds(const struct wg_buf *b, const void *bytes, size_t len)
{
	return b->len > 0 && memmem(b->data, b->len, bytes, len) != NULL;
}

static inline bool in_file(const char *folder, const char *name, const void *bytes, size_t len)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(256u << 20);
	read_file(folder, name, &all);
	return holds(&all, bytes, len);
}

/* Everything in every file of the store. */
static inline void read_files(const char *folder, struct wg_buf *out)
{
	static const char *const names[] = { "store.db", "store.db-wal", "keys.db", "keys.db-wal", "keys.db-journal" };
	for (size_t i = 0; i < WG_COUNT(names); i++)
		read_file(folder, names[i], out);
}

/* Message n, routed and handed over, in the transaction that is open. Its original, its notice and its envelope have
 * heads of their own. */
static inline void deliver(struct wg_store *store, struct wg_now now, unsigned n, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	uint8_t original[WG_STORE_HEAD + sizeof REST], notice[sizeof original], envelope[sizeof original];
	struct wg_msg_new m = rig_message(n);
	struct wg_msg_receipt r;
	struct wg_msg_job *jobs = NULL;
	struct wg_dlv_job *sent = NULL;
	struct wg_msg_done_result result;
	unsigned count = 0, stale = 0;
	content_of(n, 'o', original);
	content_of(n, 'n', notice);
	content_of(n, 'e', envelope);
	m.blob = original;
	m.blob_len = sizeof original;
	OK(wg_store_epoch(store, now, "e1", &err));
	OK(wg_store_add(store, now, &m, &r, &err));
	OK(wg_store_lease_messages(store, now, ME, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	assert_memory_equal(jobs[0].blob, original, sizeof original); /* before the commit, too */
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	d.envelope = envelope;
	d.envelope_len = sizeof envelope;
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
	done.notice = notice;
	done.notice_len = sizeof notice;
	OK(wg_store_done(store, now, &done, &result, &err));
	wg_msg_jobs_free(jobs, count);
	OK(wg_store_lease_deliveries(store, now, ME, "", 1, 1, &sent, &count, &err));
	assert_int_equal(count, 1);
	struct wg_dlv_report report = { .token = sent[0].token, .state = WG_DLV_HANDED_OVER };
	memcpy(report.id, sent[0].id, sizeof report.id);
	wg_dlv_jobs_free(sent, count);
	OK(wg_store_report(store, now, &report, 1, &stale, &err));
	memcpy(id, r.id, WG_ID_TEXT);
}

static const struct wg_now then = { .wall = 1700000000000, .steady = 5000 };
static const struct wg_now later = { .wall = 1900000000000, .steady = 5000 };

static inline void deliver_whole(struct wg_store *store, unsigned n, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	OK(wg_store_begin(store, &err));
	deliver(store, then, n, id);
	OK(wg_store_commit(store, &err));
}

/* Everything accepted before `before`, in one transaction; how many. */
static inline unsigned purge_all(struct wg_store *store, int64_t before)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	uint64_t freed = 0;
	unsigned n = 0;
	bool more = false;
	const struct wg_purge what = {
		.kind = "missing", .before = before, .after = "", .who = "robin", .why = "kept 6 years by a test"
	};
	OK(wg_store_begin(store, &err));
	OK(wg_store_purge(store, later, &what, &out, &freed, &more, &err));
	OK(wg_store_commit(store, &err));
	assert_false(more);
	for (const char *p = wg_buf_text(&out); (p = strstr(p, "\"purge\"")) != NULL; p++)
		n++;
	return n;
}

static inline enum wg_code read_blob(struct wg_store *store, const char *id, const char *which, unsigned n, char what,
                                     struct wg_err *out)
{
	struct wg_err err = { 0 };
	uint8_t want[WG_STORE_HEAD + sizeof REST], *bytes = NULL;
	size_t len = 0;
	content_of(n, what, want);
	OK(wg_store_begin(store, &err));
	enum wg_code code = wg_store_blob(store, later, id, which, "robin", &bytes, &len, out);
	if (code == WG_OK) {
		assert_int_equal(len, sizeof want);
		assert_memory_equal(bytes, want, sizeof want);
	}
	free(bytes);
	wg_store_rollback(store);
	return code;
}

static inline int64_t count_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt); /* was only read */
	return n;
}

/* A key as keys.db has it. */
struct known {
	int64_t id;
	uint8_t key[WG_KEYS_LEN];
};

/* The number of the blob with that content, and its key. */
static inline struct known key_of(struct wg_store *store, unsigned n, char what)
{
	uint8_t content[WG_STORE_HEAD + sizeof REST], raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH], sql[256];
	struct known out = { .id = 0 };
	sqlite3_stmt *stmt = NULL;
	content_of(n, what, content);
	wg_sha256(content, sizeof content, raw);
	wg_hex(raw, sizeof raw, hash);
	(void)snprintf(sql, sizeof sql, "SELECT head FROM blob WHERE hash = '%s'", hash); /* short */
	out.id = count_of(wg_sqlite_of(store)->db, sql);
	(void)snprintf(sql, sizeof sql, "SELECT bytes FROM head WHERE id = %lld", (long long)out.id);
	assert_int_equal(sqlite3_prepare_v2(wg_sqlite_of(store)->keys, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(stmt, 0), WG_KEYS_ROW);
	memcpy(out.key, (const uint8_t *)sqlite3_column_blob(stmt, 0) + WG_KEYS_ROW - WG_KEYS_LEN, WG_KEYS_LEN);
	(void)sqlite3_finalize(stmt); /* was only read */
	return out;
}

/* All that there are; the caller frees. */
static inline struct known *all_keys(struct wg_store *store, size_t *n)
{
	sqlite3_stmt *stmt = NULL;
	struct known *out = calloc((size_t)count_of(wg_sqlite_of(store)->keys, "SELECT count(*) FROM head"), sizeof *out);
	assert_non_null(out);
	*n = 0;
	assert_int_equal(
		sqlite3_prepare_v2(wg_sqlite_of(store)->keys, "SELECT id, bytes FROM head ORDER BY id", -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		out[*n].id = sqlite3_column_int64(stmt, 0);
		memcpy(out[(*n)++].key, (const uint8_t *)sqlite3_column_blob(stmt, 1) + WG_KEYS_ROW - WG_KEYS_LEN, WG_KEYS_LEN);
	}
	(void)sqlite3_finalize(stmt); /* was only read */
	return out;
}

static inline bool key_in(const char *folder, const struct known *k)
{
	WG_AUTO_BUF struct wg_buf files = WG_BUF(256u << 20);
	read_files(folder, &files);
	return holds(&files, k->key, sizeof k->key);
}

static inline int64_t last_given(struct wg_store *store)
{
	return count_of(wg_sqlite_of(store)->db,
	                "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM meta WHERE key = 'head-last'");
}

/* What always holds between transactions: each number that was given has its blob and each blob its key, nothing waits
 * to be destroyed, and the audit says that all is well. */
static inline void level(struct wg_store *store)
{
	struct wg_err err = { 0 };
	uint64_t entries;
	char head[WG_STORE_HASH], sql[128];
	const int64_t last = last_given(store);
	OK(wg_store_audit(store, &entries, head, &err));
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM head WHERE id <= %lld", (long long)last); /* short */
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, sql),
	                 count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM blob WHERE head <> 0"));
	assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM shred"), 0);
	assert_true(count_of(wg_sqlite_of(store)->keys, "SELECT last FROM batch") >= last);
}

/* Of these keys none that was destroyed is in a file, and every other one is. How many were destroyed. */
static inline unsigned check_files(struct wg_store *store, const char *folder, const struct known *list, size_t n)
{
	WG_AUTO_BUF struct wg_buf files = WG_BUF(256u << 20);
	unsigned gone = 0;
	read_files(folder, &files);
	for (size_t i = 0; i < n; i++) {
		char sql[96];
		(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM gone WHERE id = %lld", (long long)list[i].id); /* short */
		const bool destroyed = count_of(wg_sqlite_of(store)->keys, sql) == 1;
		if (holds(&files, list[i].key, WG_KEYS_LEN) == destroyed)
			fail_msg("key %lld, destroyed: %d", (long long)list[i].id, destroyed);
		gone += destroyed;
	}
	return gone;
}

static inline struct wg_store *open_store(const char *folder)
{
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	unsigned lost;
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, later, &lost, &err));
	OK(wg_store_commit(store, &err));
	return store;
}

#endif
