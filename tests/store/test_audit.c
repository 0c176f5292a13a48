/* The audit: a store that was used passes; the same store with one thing changed behind its back does not. */
#include "store/store.h"

#include "rig.h"
#include "store/sql_internal.h"

static const struct wg_now now = { .wall = 1700000000000, .steady = 5000 };

/* Two messages, three deliveries in different states, an act, a read. */
static void fill(struct wg_store *store)
{
	struct wg_err err = { 0 };
	OK(wg_store_begin(store, &err));
	for (unsigned i = 0; i < 2; i++) {
		struct wg_msg_new m = rig_message(i);
		struct wg_msg_receipt receipt;
		struct wg_msg_job *jobs = NULL;
		struct wg_dlv_job *sent = NULL;
		struct wg_msg_done_result result;
		unsigned count = 0, stale;
		char text[WG_STORE_HEAD + 32];
		(void)snprintf(text, sizeof text, RIG_HEAD "report %u", i); /* it fits */
		m.blob = text;
		m.blob_len = strlen(text);
		OK(wg_store_add(store, now, &m, &receipt, &err));
		OK(wg_store_lease_messages(store, now, 1, 1, &jobs, &count, &err));
		struct wg_dlv_new d[2] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b") };
		struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, d, 2 - i);
		OK(wg_store_done(store, now, &done, &result, &err));
		wg_msg_jobs_free(jobs, count);
		OK(wg_store_lease_deliveries(store, now, 1, "", 1, 1, &sent, &count, &err));
		struct wg_dlv_report report = { .token = sent[0].token, .state = WG_DLV_HANDED_OVER };
		memcpy(report.id, sent[0].id, sizeof report.id);
		OK(wg_store_report(store, now, &report, 1, &stale, &err));
		wg_dlv_jobs_free(sent, count);
	}
	OK(wg_store_commit(store, &err));
}

/* What somebody with the sqlite3 command might do, and words of the finding. The triggers are gone first: they keep
 * mistakes out, not people. */
static const struct {
	const char *sql, *words;
} changes[] = {
	{ "UPDATE log SET detail = detail || ' ' WHERE seq = 3", "log entry 3 does not fit" },
	{ "UPDATE log SET at = at + 1 WHERE seq = 1", "log entry 1 does not fit" },
	{ "UPDATE log SET actor = 'admin:robin' WHERE seq = 4", "log entry 4 does not fit" },
	{ "UPDATE log SET hash = printf('%064d', 0) WHERE seq = 5", "log entry 5 does not fit" },
	{ "UPDATE log SET prev = printf('%064d', 0) WHERE seq = 5", "log entry 5 does not fit" },
	{ "UPDATE log SET detail = zeroblob(100000) WHERE seq = 2", "" },
	{ "UPDATE log SET detail = printf('%100000s', 'x') WHERE seq = 2", "log entry 2 is longer" },
	{ "DELETE FROM log WHERE seq = 1", "log entry 1 is missing" },
	{ "DELETE FROM log WHERE seq = 4", "log entry 4 is missing" },
	{ "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)", "its end was cut off" },
	{ "DELETE FROM log WHERE seq > 5; UPDATE meta SET value = '5 ' || (SELECT hash FROM log WHERE seq = 5) WHERE key = "
	  "'log-head'",
	  "logged last" },
	{ "DELETE FROM log; DELETE FROM meta WHERE key = 'log-head'", "logged last" },
	{ "INSERT INTO log SELECT seq + 100, at, actor, event, message, delivery, state, detail, prev, hash FROM log WHERE "
	  "seq = 1",
	  "is missing" },
	{ "UPDATE message SET state = 'rejected' WHERE seq = 1", "the state of a message" },
	{ "UPDATE delivery SET state = 'withheld' WHERE seq = 1", "the state of a delivery" },
	{ "PRAGMA foreign_keys=OFF; DELETE FROM message WHERE seq = 2", "gone" },
	{ "PRAGMA foreign_keys=OFF; DELETE FROM delivery WHERE seq = 3", "gone" },
	{ "UPDATE disclosure SET record = '{}' WHERE delivery = 1", "disclosure record or the envelope" },
	{ "DELETE FROM disclosure WHERE delivery = 2", "disclosure record or the envelope" },
	{ "UPDATE delivery SET envelope = 1 WHERE seq = 2", "disclosure record or the envelope" },
	{ "UPDATE message SET original = (SELECT original FROM message WHERE seq = 2) WHERE seq = 1",
	  "original of a message" },
	{ "UPDATE blob SET bytes = CAST(substr(bytes, 1, 2048) || CAST('report 9' AS BLOB) AS BLOB) WHERE"
	  " substr(bytes, 2049) = CAST('report 1' AS BLOB)",
	  "blob" },
	{ "UPDATE blob SET hash = 'aa' WHERE substr(bytes, 2049) = CAST('report 1' AS BLOB)", "original of a message" },
	{ "UPDATE message SET notice = original WHERE seq = 2", "notice of a message" },
	{ "UPDATE message SET report = original WHERE seq = 2", "extraction report of a message" },
	{ "UPDATE message SET resolution = original WHERE seq = 2", "what a person said of a message" },
	{ "PRAGMA foreign_keys=OFF; DELETE FROM blob WHERE id = 1", "original of a message" },
	{ "PRAGMA foreign_keys=OFF; DELETE FROM blob WHERE substr(bytes, 2049) = CAST('notice' AS BLOB)",
	  "notice of a message" },
	{ "PRAGMA foreign_keys=OFF; DELETE FROM blob WHERE substr(bytes, 2049) = CAST('sealed' AS BLOB)",
	  "disclosure record or the envelope" },
};

static void untouched(void **state)
{
	char *folder = rig_folder();
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	uint64_t entries = 0, again = 0;
	char head[WG_STORE_HASH], same[WG_STORE_HASH];
	(void)state;
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_audit(store, &entries, head, &err)); /* empty */
	assert_int_equal(entries, 0);
	fill(store);
	OK(wg_store_audit(store, &entries, head, &err));
	assert_in_range(entries, 10, 20);
	wg_store_closep(&store);
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_audit(store, &again, same, &err));
	assert_int_equal(again, entries);
	assert_string_equal(same, head);
	wg_store_closep(&store);
	rig_remove(folder);
}

static void touched(void **state)
{
	static const char drop[] =
		"DROP TRIGGER log_kept; DROP TRIGGER log_fixed; DROP TRIGGER disclosure_kept; DROP TRIGGER disclosure_fixed";
	(void)state;
	for (size_t i = 0; i < WG_COUNT(changes); i++) {
		char *folder = rig_folder();
		struct wg_store *store = NULL;
		struct wg_err err = { 0 };
		uint64_t entries;
		char head[WG_STORE_HASH];
		OK(wg_store_open(folder, &store, &err));
		fill(store);
		OK(wg_db_exec(store, drop, &err));
		bool done = wg_db_exec(store, changes[i].sql, &err) == WG_OK;
		if (*changes[i].words != '\0') {
			OK(done ? WG_OK : err.code);
			FAILS(WG_CORRUPT, wg_store_audit(store, &entries, head, &err));
			if (strstr(err.text, changes[i].words) == NULL)
				fail_msg("%s: found, but as: %s", changes[i].sql, err.text);
		} else if (done) { /* refused by the table's own types, or found */
			FAILS(WG_CORRUPT, wg_store_audit(store, &entries, head, &err));
		}
		wg_store_closep(&store);
		rig_remove(folder);
	}
}

/* With the triggers in place nobody changes the log by mistake. */
static void append_only(void **state)
{
	static const char *const sql[] = { "UPDATE log SET at = 0", "DELETE FROM log", "UPDATE disclosure SET record = ''",
		                               "DELETE FROM disclosure" };
	(void)state;
	for (size_t i = 0; i < WG_COUNT(sql); i++) {
		char *folder = rig_folder();
		struct wg_store *store = NULL;
		struct wg_err err = { 0 };
		OK(wg_store_open(folder, &store, &err));
		fill(store);
		FAILS(WG_REJECT, wg_db_exec(store, sql[i], &err));
		wg_store_closep(&store);
		rig_remove(folder);
	}
}

/* A byte flipped in the file itself, at every so many places: found, or (in free space, or a member that no promise
 * covers) without effect; never a crash, and the bytes of the originals and the log are among the places. */
static void flipped_bytes(void **state)
{
	char *folder = rig_folder(), path[128];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf file = WG_BUF(8u << 20);
	unsigned found = 0;
	(void)state;
	OK(wg_store_open(folder, &store, &err));
	fill(store);
	wg_store_closep(&store);
	(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	char chunk[4096];
	for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
		wg_buf_put(&file, chunk, (size_t)n);
	assert_true(file.len > 20000);
	static const char *const marks[] = { "report 1", "accepted", "{\"rule\":\"share\"}", "sealed" };
	for (size_t m = 0; m < WG_COUNT(marks); m++) {
		const uint8_t *at = memmem(file.data, file.len, marks[m], strlen(marks[m]));
		assert_non_null(at);
	}
	for (size_t at = 0; at < file.len; at += 419) {
		uint8_t flipped = file.data[at] ^ 0x10;
		uint64_t entries;
		char head[WG_STORE_HASH];
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
		enum wg_code code = wg_store_open(folder, &store, &err);
		if (code == WG_OK)
			code = wg_store_audit(store, &entries, head, &err);
		found += code != WG_OK;
		wg_store_closep(&store);
		assert_int_equal(pwrite(fd, file.data, file.len, 0), (ssize_t)file.len); /* as it was, whatever SQLite did */
		assert_int_equal(ftruncate(fd, (off_t)file.len), 0);
	}
	assert_true(found > 20);
	const uint8_t *original = memmem(file.data, file.len, "report 1", 8);
	uint8_t flipped = (uint8_t)(*original ^ 1);
	uint64_t entries;
	char head[WG_STORE_HASH];
	assert_int_equal(pwrite(fd, &flipped, 1, original - file.data), 1);
	OK(wg_store_open(folder, &store, &err));
	FAILS(WG_CORRUPT, wg_store_audit(store, &entries, head, &err));
	wg_store_closep(&store);
	assert_int_equal(close(fd), 0);
	rig_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(untouched), cmocka_unit_test(touched),
		                                cmocka_unit_test(append_only), cmocka_unit_test(flipped_bytes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
