/* A database that an earlier version left is opened, migrated and gone on with; its log is still whole. */
#include "store/store.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "rig.h"
#include "store/migrate.h"
#include "store/sqlite_internal.h"

#define HEAD_2 "3321420db45ff082d5feeb1cf10c38d60de677621a2b9f23a9d6f49c750e405c"
#define HEAD "49190eb1f7a6cd70d983472bd629997938db315a45ad0d828d811789a8eacc66"

static struct wg_now now = { .wall = 1800000000000, .steady = 5000 };

#define HEAD_4 "c74458d37af6fca035985c736ef282c1e6b3e4615fbcd858d4c68a4f6a1a8b35"
#define HEAD_10 "9bed8349b915cdff426eb728c1205e1a7569a073d56e4083c45b1ff2be93f7bc"

/* A database of a dump. */
static void fill(const char *folder, const char *name, const char *from)
{
	char path[128], dump[256];
	WG_AUTO_BUF struct wg_buf text = WG_BUF(1u << 20);
	char chunk[4096];
	sqlite3 *db = NULL;
	(void)snprintf(dump, sizeof dump, WG_SOURCE_DIR "/tests/store/corpus/%s.sql", from); /* short */
	int fd = open(dump, O_RDONLY);
	assert_true(fd >= 0);
	for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
		wg_buf_put(&text, chunk, (size_t)n);
	assert_int_equal(close(fd), 0);
	(void)snprintf(path, sizeof path, "%s/%s", folder, name); /* short */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* the dump makes sqlite_sequence by itself, and fills it */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	if (sqlite3_exec(db, wg_buf_text(&text), NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(path, 0600), 0);
}

/* A folder with the store of that version in it. */
static char *old_store(int version)
{
	char *folder = rig_folder(), from[32];
	(void)snprintf(from, sizeof from, "version-%d", version); /* short */
	fill(folder, "store.db", from);
	(void)snprintf(from, sizeof from, "version-%d-keys", version); /* short */
	if (version >= 4)
		fill(folder, "keys.db", from);
	return folder;
}

static int64_t number(struct wg_store *store, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(wg_sqlite_of(store)->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt); /* was only read */
	return n;
}

static void opened_and_migrated(void **state)
{
	char *folder = old_store(1), head[WG_STORE_HASH];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	(void)state;
	for (int round = 0; round < 2; round++) { /* the second time there is nothing to migrate */
		OK(wg_store_open(folder, &store, &err));
		OK(wg_store_audit(store, &entries, head, &err));
		assert_int_equal(entries, 20);
		assert_string_equal(head, HEAD);
		assert_int_equal(number(store, "PRAGMA user_version"), 13);
		assert_int_equal(number(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
		assert_int_equal(number(store, "SELECT count(*) FROM message WHERE turn = seq AND bulk = 0"), 6);
		assert_int_equal(number(store, "SELECT count(*) FROM delivery WHERE turn = message"), 6);
		assert_int_equal(number(store, "SELECT count(*) FROM child"), 2);
		assert_int_equal(number(store, "SELECT count(*) FROM message WHERE child IS NOT NULL AND child = episode"), 3);
		assert_int_equal(number(store, "SELECT ended FROM episode WHERE id = 1"), 1); /* found */
		assert_int_equal(number(store, "SELECT ended FROM episode WHERE id = 2"), 0);
		wg_store_closep(&store);
	}
	rig_remove(folder);
}

static struct wg_match_key old_key(enum wg_key_kind kind, const char *end)
{
	struct wg_match_key k = { .kind = kind };
	(void)snprintf(k.key, sizeof k.key, "%028d%s", 0, end); /* exactly its size */
	return k;
}

/* What the old keys were made of is not known any more; the same hash is the same fact all the same. */
static void goes_on(void **state)
{
	static const struct {
		enum wg_relation relation;
		enum wg_key_kind kind;
		const char *key;
		enum wg_key_kind kind_2;
		const char *key_2;
		int64_t child, episode; /* 3: the next one that is made; 0: doubt */
	} rows[] = {
		{ WG_RELATION_OPENS, WG_KEY_NAME_BIRTH, "1f1c", WG_KEY_NHS, "0001", 1, 3 },
		{ WG_RELATION_CLOSES, WG_KEY_REFERENCE, "beef", WG_KEY_NHS, "0002", 2, 2 },
		{ WG_RELATION_WITHIN, WG_KEY_NHS, "0002", WG_KEY_NAME, "0003", 2, 2 },
		{ WG_RELATION_WITHIN, WG_KEY_NAME_BIRTH, "1f1c", WG_KEY_NHS, "0002", 0, 0 },
		{ WG_RELATION_WITHIN, WG_KEY_REFERENCE, "c0de", WG_KEY_NHS, "beef", 0, 0 },
	};
	char *folder = old_store(1), head[WG_STORE_HASH];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	struct wg_dlv_job *sent = NULL;
	unsigned count = 0;
	uint64_t entries = 0;
	(void)state;
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, now, &count, &err));
	OK(wg_db_exec(store, "UPDATE message SET lease_owner = 9 WHERE seq = 6", &err)); /* the one that waits stays out */
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		struct wg_msg_new m = rig_message(100 + i);
		struct wg_msg_receipt receipt;
		struct wg_msg_job *jobs = NULL;
		struct wg_msg_done_result r;
		struct wg_msg_rec rec;
		const struct wg_match_key keys[] = { old_key(rows[i].kind, rows[i].key),
			                                 old_key(rows[i].kind_2, rows[i].key_2) };
		OK(wg_store_add(store, now, &m, &receipt, &err));
		OK(wg_store_lease_messages(store, now, 1, 1, &jobs, &count, &err));
		assert_int_equal(count, 1);
		struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, NULL, 0);
		wg_msg_jobs_free(jobs, count);
		done.relation = rows[i].relation;
		done.keys = keys;
		done.key_count = 2;
		OK(wg_store_done(store, now, &done, &r, &err));
		OK(wg_message_by_id(store, done.id, &rec, &err));
		if (rec.child != rows[i].child || rec.episode != rows[i].episode || r.doubt != (rows[i].child == 0))
			fail_msg("row %u: child %d, episode %d: %s", i, (int)rec.child, (int)rec.episode, r.reason);
	}
	/* what waited to be sent is sent, in its order: of one recipient the first of each child */
	OK(wg_store_lease_deliveries(store, now, 1, "", 100, 100, &sent, &count, &err));
	assert_true(count >= 3);
	wg_dlv_jobs_free(sent, count);
	OK(wg_store_audit(store, &entries, head, &err));
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	rig_remove(folder);
}

static void expect(struct wg_store *store, const char *sql, int64_t want)
{
	int64_t got = number(store, sql);
	if (got != want)
		fail_msg("%s: %d instead of %d", sql, (int)got, (int)want);
}

/* Two children, of one an episode that has ended and one that is open; what version 3 adds stands at nothing. */
static void from_version_2(void **state)
{
	char *folder = old_store(2), head[WG_STORE_HASH];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	(void)state;
	for (int round = 0; round < 2; round++) {
		OK(wg_store_open(folder, &store, &err));
		OK(wg_store_audit(store, &entries, head, &err));
		assert_int_equal(entries, 34);
		assert_string_equal(head, HEAD_2);
		expect(store, "PRAGMA user_version", 13);
		expect(store, "SELECT count(*) FROM pragma_foreign_key_check", 0);
		expect(store,
		       "SELECT count(*) FROM message WHERE notice_id = '' AND legal_hold = 0 AND purged_at = 0 AND watches = 0",
		       7);
		expect(store, "SELECT group_concat(relation, '') FROM (SELECT relation FROM message ORDER BY seq)", 1211000);
		expect(store, "SELECT count(*) FROM child WHERE legal_hold = 0 AND records = 0", 3);
		expect(store,
		       "SELECT count(*) FROM delivery WHERE side = '' AND not_before = 0 AND due = 0 AND alarm_of IS NULL"
		       " AND stale = 0 AND refused = 0 AND overrides = 0 AND valid_until = 0",
		       8);
		expect(store, "SELECT count(*) FROM record", 0);
		wg_store_closep(&store);
	}
	rig_remove(folder);
}

/* What was told then is known, reviews are released, and consent takes back what waits since then. */
static void goes_on_from_version_2(void **state)
{
	char *folder = old_store(2), head[WG_STORE_HASH];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	struct wg_msg_new m = rig_message(100);
	struct wg_msg_receipt receipt;
	struct wg_context c = { 0 };
	const struct wg_match_key tess = old_key(WG_KEY_NHS, "0001");
	const struct wg_record_new record = { .id = "0123456789abcdefghjkmnpqrs", .blob = "withdrawn", .blob_len = 9 };
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0, pulled = 0;
	uint64_t entries = 0, child = 0;
	(void)state;
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, now, &count, &err));
	OK(wg_store_add(store, now, &m, &receipt, &err));
	OK(wg_store_context(store, receipt.id, WG_RELATION_CLOSES, &tess, 1, WG_CHILD_BY_KEYS, "", NULL, &c, &err));
	assert_true(c.child == 1 && c.live && !c.doubt);
	assert_int_equal(c.told_count, 1); /* of the open episode */
	assert_string_equal(c.told[0].of, "");
	wg_context_free(&c);
	OK(wg_store_child(store, "", &tess, 1, &child, &err));
	OK(wg_store_record(store, now, child, &record, "robin", "the child said so", &pulled, &err));
	assert_int_equal(pulled, 3);
	OK(wg_store_act(store, now, "release", receipt.id, "robin", "a test", &count, &err));
	assert_int_equal(count, 0);
	OK(wg_db_exec(store,
	              "UPDATE message SET lease_owner = 9, state = 'routed' WHERE state IN ('accepted', 'normalised')",
	              &err)); /* what waits stays out */
	OK(wg_store_lease_deliveries(store, now, 1, "", 100, 100, &jobs, &count, &err));
	assert_int_equal(count, 1); /* the profile of another child: all else is stale, or a person's */
	wg_dlv_jobs_free(jobs, count);
	wg_store_rollback(store);
	OK(wg_store_begin(store, &err));
	OK(wg_store_audit(store, &entries, head, &err));
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	rig_remove(folder);
}

/* Three recipients of one message: handed over, deferred, not tried; one of another; and one that waits under its key.
 */
static void from_version_4(void **state)
{
	char *folder = old_store(4), head[WG_STORE_HASH];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	(void)state;
	for (int round = 0; round < 2; round++) {
		OK(wg_store_open(folder, &store, &err));
		OK(wg_store_audit(store, &entries, head, &err));
		assert_int_equal(entries, 16);
		assert_string_equal(head, HEAD_4);
		expect(store, "PRAGMA user_version", 13);
		expect(store, "SELECT count(*) FROM pragma_foreign_key_check", 0);
		expect(store, "SELECT count(*) FROM delivery", 4);
		expect(store,
		       "SELECT count(*) FROM delivery d JOIN message m ON m.seq = d.message WHERE d.reference = m.id || '.' ||"
		       " d.organisation || '.' || d.desk AND d.ready_at = 1700000000000 AND d.confirm = '' AND d.pending = 0",
		       4);
		expect(store, "SELECT count(*) FROM delivery WHERE (handed_at = 1700000000000) = (state = 'handed-over')", 4);
		expect(store, "SELECT count(*) FROM message WHERE submission_key = 'key-3' AND state = 'accepted'", 1);
		expect(store, "SELECT count(*) FROM message WHERE submission_key = '' AND state = 'routed'", 2);
		expect(store, "SELECT sum(n) FROM counter WHERE kind = 'delivery'", 4);
		expect(store, "SELECT n FROM counter WHERE kind = 'outcome' AND name = 'https handed-over'", 1);
		expect(store, "SELECT sum(n) FROM counter WHERE kind = 'open'", 3);
		expect(store, "SELECT count(*) FROM task", 0);
		wg_store_closep(&store);
	}
	rig_remove(folder);
}

/* What was handed over then is confirmed now; what waited is sent under its reference; the mail of then is read. */
static void goes_on_from_version_4(void **state)
{
	char *folder = old_store(4), head[WG_STORE_HASH], reference[WG_REFERENCE_TEXT];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 }, refused = { 0 };
	struct wg_msg_job *jobs = NULL;
	struct wg_dlv_job *sent = NULL;
	struct wg_receipt_result result;
	unsigned count = 0;
	uint64_t entries = 0;
	(void)state;
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, now, &count, &err));
	struct wg_dlv_rec handed = { 0 };
	OK(wg_delivery_by_seq(store, number(store, "SELECT seq FROM delivery WHERE state = 'handed-over'"), &handed, &err));
	(void)snprintf(reference, sizeof reference, "%s.meadowton.%s", handed.message_id, handed.desk); /* short */
	assert_string_equal(handed.reference, reference);
	struct wg_receipt_new r = { .level = WG_RECEIPT_ACKNOWLEDGED, .organisation = "meadowton", .person = "Sam Duty" };
	memcpy(r.reference, reference, sizeof r.reference);
	OK(wg_store_receipt(store, now, WG_WHO_INTAKE, &r, &result, &refused, &err));
	assert_true(refused.code == WG_OK && result.moved && result.state == WG_DLV_ACKNOWLEDGED);
	OK(wg_store_lease_messages(store, now, 1, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(jobs[0].idempotency_key, "key-3");
	assert_string_equal(jobs[0].way, "https");
	const struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, NULL, 0);
	struct wg_msg_done_result routed;
	OK(wg_store_done(store, now, &done, &routed, &err));
	wg_msg_jobs_free(jobs, count);
	OK(wg_store_lease_deliveries(store, now, 1, "", 100, 100, &sent, &count, &err));
	assert_int_equal(count, 3);
	for (unsigned i = 0; i < count; i++)
		assert_non_null(strstr(sent[i].reference, ".meadowton."));
	wg_dlv_jobs_free(sent, count);
	OK(wg_store_audit(store, &entries, head, &err));
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	rig_remove(folder);
}

/* Two copies handed over, one under way, four messages not decided; the counters of then are wrong. */
static void from_version_10(void **state)
{
	static const char *const gone[] = { "message_counted", "message_moved", "delivery_counted", "delivery_moved",
		                                "receipt_counted" };
	char *folder = old_store(10), head[WG_STORE_HASH], path[128], sql[128];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	sqlite3 *db = NULL;
	uint64_t entries = 0;
	(void)state;
	(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE counter SET n = n + 7 WHERE kind <> 'outcome'", NULL, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	for (int round = 0; round < 2; round++) {
		OK(wg_store_open(folder, &store, &err));
		OK(wg_store_begin(store, &err));
		OK(wg_store_audit(store, &entries, head, &err));
		OK(wg_store_commit(store, &err));
		assert_int_equal(entries, 22);
		assert_string_equal(head, HEAD_10);
		expect(store, "PRAGMA user_version", 13);
		expect(store, "SELECT count(*) FROM pragma_foreign_key_check", 0);
		for (size_t i = 0; i < WG_COUNT(gone); i++) {
			(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE name = '%s'",
			               gone[i]); /* short */
			expect(store, sql, 0);
		}
		expect(store, "SELECT n FROM counter WHERE kind = 'delivery' AND name = 'handed-over'", 2);
		expect(store, "SELECT n FROM counter WHERE kind = 'delivery' AND name = 'sealed'", 0);
		expect(store, "SELECT n FROM counter WHERE kind = 'message' AND name = 'accepted'", 4);
		expect(store, "SELECT n FROM counter WHERE kind = 'open'", 1);
		expect(store, "SELECT n FROM counter WHERE kind = 'unconfirmed'", 2);
		expect(store, "SELECT n FROM counter WHERE kind = 'outcome' AND name = 'mail handed-over'", 2);
		wg_store_closep(&store);
	}
	OK(wg_store_open(folder, &store, &err)); /* and it is counted on from there: the copy under way is given up */
	OK(wg_store_begin(store, &err));
	unsigned lost = 0;
	OK(wg_store_recover(store, now, &lost, &err));
	OK(wg_store_audit(store, &entries, head, &err));
	OK(wg_store_commit(store, &err));
	assert_int_equal(lost, 2);
	expect(store, "SELECT n FROM counter WHERE kind = 'delivery' AND name = 'sending'", 0);
	expect(store, "SELECT n FROM counter WHERE kind = 'delivery' AND name = 'deferred'", 1);
	wg_store_closep(&store);
	rig_remove(folder);
}

/* Keyed hashes are cut where they stand, and what was kept under them is found by what is asked for now; what is no
 * hash of that length stays as it is. */
static void from_longer_keys(void **state)
{
	static const char more[] =
		"INSERT INTO child_key VALUES('short', 1, 2, 'system', 1);"
		"INSERT INTO child_key VALUES('1234567890123456789012345678901212345678901234567890123456789012', 2, -1, '', "
	    "NULL);"
		"INSERT INTO episode_reference VALUES('short', 1, NULL); UPDATE message SET content_key = 'short' WHERE seq = "
	    "4";
	static const struct wg_match_key name = { .kind = WG_KEY_NAME_BIRTH, .key = "6082aeca9fcafffc3a16cd52e002d551" };
	static const struct {
		const char *sql;
		int64_t want;
	} rows[] = {
		{ "SELECT count(*) FROM child_key", 20 },
		{ "SELECT count(*) FROM child_key WHERE length(key) = 32 AND (scope = '') = (kind <> 1)", 19 },
		{ "SELECT count(*) FROM child_key WHERE scope = 'cd892494455f6fa019e5b1e015c26726' AND message = child", 3 },
		{ "SELECT count(*) FROM child_key WHERE key = 'short' AND scope = 'system' AND child = 1", 1 },
		{ "SELECT child FROM child_key WHERE key = '12345678901234567890123456789012' AND kind = -1", 2 },
		{ "SELECT count(*) FROM episode_reference WHERE length(key) = 32 AND message = episode", 3 },
		{ "SELECT episode FROM episode_reference WHERE key = '06372ce4b2d72ac2dcdad8d716ba1e11'", 3 },
		{ "SELECT episode FROM episode_reference WHERE key = 'short'", 1 },
		{ "SELECT seq FROM message WHERE content_key = '12484f05c53ba1531b0daa92fba7e0e5'", 1 },
		{ "SELECT seq FROM message WHERE content_key = 'short'", 4 },
		{ "SELECT count(*) FROM message WHERE content_key IS NULL", 3 },
		{ "SELECT count(*) FROM message WHERE length(content_hash) = 64", 7 },
		{ "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'", 0 },
	};
	char *folder = old_store(10), path[128];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	sqlite3 *db = NULL;
	(void)state;
	(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, more, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	for (int round = 0; round < 2; round++) {
		uint64_t child = 0;
		bool own = true, other = false;
		OK(wg_store_open(folder, &store, &err));
		for (size_t i = 0; i < WG_COUNT(rows); i++)
			expect(store, rows[i].sql, rows[i].want);
		OK(wg_store_child(store, "", &name, 1, &child, &err));
		assert_int_equal(child, 1);
		OK(wg_store_strangers(store, 1, &name, 1, &own, &err));
		OK(wg_store_strangers(store, 2, &name, 1, &other, &err));
		assert_true(other && !own);
		wg_store_closep(&store);
	}
	rig_remove(folder);
}

/* ---- a look that changes nothing */

/* Names and contents of all files of a folder, in the order of names. */
static void hash_folder(const char *folder, char out[WG_STORE_HASH])
{
	struct dirent **names = NULL;
	struct wg_sha256 sha;
	uint8_t raw[WG_SHA256_LEN];
	const int n = scandir(folder, &names, NULL, alphasort);
	assert_true(n > 2);
	wg_sha256_init(&sha);
	for (int i = 0; i < n; i++) {
		char path[512], chunk[4096];
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name); /* short */
		wg_sha256_update(&sha, names[i]->d_name, strlen(names[i]->d_name) + 1);
		int fd = names[i]->d_type == DT_REG ? open(path, O_RDONLY) : -1;
		for (ssize_t got; fd >= 0 && (got = read(fd, chunk, sizeof chunk)) > 0;)
			wg_sha256_update(&sha, chunk, (size_t)got);
		wg_closep(&fd);
		free(names[i]);
	}
	free(names);
	wg_sha256_final(&sha, raw);
	wg_hex(raw, sizeof raw, out);
}

static enum wg_code look(const char *folder, struct wg_schema_view *view, struct wg_err *err)
{
	const struct wg_store_place place = { .folder = folder };
	char before[WG_STORE_HASH], after[WG_STORE_HASH];
	hash_folder(folder, before);
	enum wg_code code = wg_store_schema(&place, view, err);
	hash_folder(folder, after);
	assert_string_equal(before, after);
	return code;
}

static void looked_at(void **state)
{
	static const int versions[] = { 1, 2, 4, 10 };
	struct wg_err err = { 0 };
	(void)state;
	for (size_t i = 0; i < WG_COUNT(versions); i++) {
		char *folder = old_store(versions[i]);
		const struct wg_store_place place = { .folder = folder };
		struct wg_schema_view view = { 0 };
		struct wg_store *store = NULL;
		OK(look(folder, &view, &err));
		assert_int_equal(view.version, versions[i]);
		assert_true(view.current >= 9 && view.room_known && view.room > 0 && view.size > 0);
		/* one that moves every document takes more than one that leaves them */
		assert_int_equal(view.needed - WG_STORE_RESERVE, versions[i] < 4 ? 3 * view.size : view.size / 2);
		for (int64_t v = view.version; v < view.current; v++)
			assert_true(strlen(wg_store_schema_step(&place, v)) > 5);
		assert_string_equal(wg_store_schema_step(&place, view.current), "");
		OK(wg_store_open(folder, &store, &err)); /* as it said */
		FAILS(WG_AGAIN, wg_store_schema(&place, &view, &err));
		wg_store_closep(&store);
		OK(look(folder, &view, &err));
		assert_true(view.version == view.current && view.needed == 0);
		rig_remove(folder);
	}
}

/* A process that was killed leaves a log that alone knows the version: it is read, and stays. */
static void looked_at_after_a_kill(void **state)
{
	char *folder = old_store(4);
	struct wg_schema_view view = { 0 };
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	int status = 0;
	(void)state;
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(wg_store_open(folder, &store, &err) == WG_OK ? 0 : 1); /* nothing is closed */
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	OK(look(folder, &view, &err));
	assert_int_equal(view.version, view.current);
	rig_remove(folder);
}

static void not_without_room(void **state)
{
	const struct wg_schema_view tight = { .version = 4, .current = 9, .needed = 1000, .room = 999 },
								wide = { .version = 4, .current = 9, .needed = 1000, .room = 1000 };
	struct wg_err err = { 0 };
	(void)state;
	FAILS(WG_AGAIN, wg_schema_room(&tight, &err));
	assert_non_null(strstr(err.text, "nothing was changed"));
	OK(wg_schema_room(&wide, &err));
}

/* Nothing of it is changed either. */
static void newer(void **state)
{
	char *folder = old_store(4), path[128], before[WG_STORE_HASH], after[WG_STORE_HASH];
	struct wg_schema_view view = { 0 };
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	sqlite3 *db = NULL;
	(void)state;
	(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	FAILS(WG_CONFIG, look(folder, &view, &err));
	assert_non_null(strstr(err.text, "schema version 99"));
	FAILS(WG_CONFIG, wg_store_open(folder, &store, &err));
	hash_folder(folder, before);
	FAILS(WG_CONFIG, wg_store_open(folder, &store, &err));
	hash_folder(folder, after);
	assert_string_equal(before, after);
	rig_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opened_and_migrated), cmocka_unit_test(goes_on),
		cmocka_unit_test(from_version_2),      cmocka_unit_test(goes_on_from_version_2),
		cmocka_unit_test(from_version_4),      cmocka_unit_test(goes_on_from_version_4),
		cmocka_unit_test(from_version_10),     cmocka_unit_test(from_longer_keys),
		cmocka_unit_test(looked_at),           cmocka_unit_test(looked_at_after_a_kill),
		cmocka_unit_test(not_without_room),    cmocka_unit_test(newer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
