/* What SQLite writes to its files, gathered: all of it is in the file once a commit came back, what lies in memory is
 * seen by whoever reads, a write that fails late undoes the transaction, and only that, and a checkpoint that fails at
 * any of them is as one that was not made. */
#include "store/sqlite_gather.h"

#include <sqlite3.h>

#include "disk_calls.h"
#include "rig.h"

#define ROWS 300 /* of 3,000 bytes: some seven pieces of the log, and more than the cache holds */

static char *folder;

static const char *path_of(const char *name)
{
	static char ring[4][256];
	static unsigned next;
	char *path = ring[next++ % 4];
	(void)snprintf(path, sizeof ring[0], "%s/%s", folder, name); /* fits */
	return path;
}

static void run(sqlite3 *db, const char *sql)
{
	char *words = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s: %s", sql, words);
}

static int number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int n = sqlite3_column_int(stmt, 0);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	return n;
}

/* As the store has it, but for a cache that is soon full. */
static sqlite3 *open_with(const char *vfs)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2(path_of("t.db"), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), SQLITE_OK);
	run(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	        "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=8;"
	        "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
	return db;
}

static void put_rows(sqlite3 *db, int first)
{
	sqlite3_stmt *stmt = NULL;
	char bytes[3000];
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO t(n, bytes) VALUES(?1, ?2)", -1, &stmt, NULL), SQLITE_OK);
	for (int i = first; i < first + ROWS; i++) {
		memset(bytes, 'a' + i % 26, sizeof bytes);
		assert_int_equal(sqlite3_bind_int(stmt, 1, i), SQLITE_OK);
		assert_int_equal(sqlite3_bind_blob(stmt, 2, bytes, sizeof bytes, SQLITE_TRANSIENT), SQLITE_OK);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			break;                 /* the disk: the commit says so too */
		(void)sqlite3_reset(stmt); /* was done */
	}
	(void)sqlite3_finalize(stmt); /* repeats what was seen */
}

static void is_whole(sqlite3 *db, int rows)
{
	assert_int_equal(number(db, "SELECT count(*) FROM t"), rows);
	assert_int_equal(number(db, "SELECT count(*) FROM t WHERE CAST(bytes AS TEXT) <> replace(hex(zeroblob(1500)), '0',"
	                            " char(unicode('a') + n % 26))"),
	                 0);
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}

static void copy_file(const char *from, const char *to)
{
	static char bytes[8 * 1024 * 1024];
	FILE *in = fopen(path_of(from), "rb"), *out = fopen(path_of(to), "wb");
	assert_non_null(in);
	assert_non_null(out);
	size_t n = fread(bytes, 1, sizeof bytes, in);
	assert_true(n < sizeof bytes);
	assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

/* What a machine that stops now finds, by SQLite's own account: so many rows, or, where it may be, a second lot too. */
static void left_behind(int rows, bool second)
{
	sqlite3 *db = NULL;
	copy_file("t.db", "copy.db");
	copy_file("t.db-wal", "copy.db-wal");
	assert_int_equal(sqlite3_open_v2(path_of("copy.db"), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	is_whole(db, second && number(db, "SELECT count(*) FROM t") == rows + ROWS ? rows + ROWS : rows);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(unlink(path_of("copy.db")), 0);
	(void)unlink(path_of("copy.db-wal")); /* the closing took it away */
}

static int setup(void **state)
{
	(void)state;
	folder = rig_folder();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fail_on = NULL;
	rig_remove(folder);
	return 0;
}

static void all_is_in_the_file(void **state)
{
	(void)state;
	sqlite3 *db = open_with(wg_sqlite_gather());
	run(db, "BEGIN IMMEDIATE");
	put_rows(db, 0);
	is_whole(db, ROWS); /* much of it no longer in the cache, and some not yet in the file */
	run(db, "COMMIT");
	left_behind(ROWS, false);
	run(db, "BEGIN IMMEDIATE");
	put_rows(db, ROWS);
	run(db, "ROLLBACK");
	is_whole(db, ROWS);
	run(db, "INSERT INTO t(n, bytes) SELECT n + 1000 * 26, bytes FROM t WHERE n < 5"); /* some pages only */
	left_behind(ROWS + 5, false);
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	left_behind(ROWS + 5, false);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	db = open_with(NULL);
	is_whole(db, ROWS + 5);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Each write and each sync of the log in turn, until there is none left to fail. */
static void a_late_failure_undoes(void **state)
{
	(void)state;
	sqlite3 *db = open_with(wg_sqlite_gather());
	run(db, "BEGIN IMMEDIATE");
	put_rows(db, 0);
	run(db, "COMMIT");
	unsigned failed = 0;
	for (unsigned k = 0; k < 100; k++) {
		run(db, "BEGIN IMMEDIATE");
		fail_not = k;
		fail_on = "t.db-wal";
		put_rows(db, ROWS);
		int rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		fail_on = NULL;
		if (rc == SQLITE_OK)
			break;
		failed++;
		if (sqlite3_get_autocommit(db) == 0)
			run(db, "ROLLBACK");
		is_whole(db, ROWS);
		left_behind(ROWS, true); /* all of it was written where only the sync failed */
	}
	assert_in_range(failed, 5, 99); /* it was written in pieces, and all of them were tried */
	is_whole(db, 2 * ROWS);
	left_behind(2 * ROWS, false);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Each write, sync and cut of a checkpoint in turn, alone or with all that follow. */
static void fail_checkpoints(bool once)
{
	fail_once = once;
	sqlite3 *db = open_with(wg_sqlite_gather());
	run(db, "BEGIN IMMEDIATE");
	put_rows(db, 0);
	run(db, "COMMIT");
	unsigned failed = 0;
	for (unsigned k = 0; k < ROWS; k++) {
		fail_not = k;
		fail_on = "/t.db"; /* and its log, which a checkpoint syncs before it reads from it */
		int rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_FULL, NULL, NULL);
		fail_on = NULL;
		if (rc == SQLITE_OK)
			break;
		failed++;
		is_whole(db, ROWS);
		left_behind(ROWS, false);
	}
	assert_in_range(failed, 5, ROWS / 5);       /* it was written in pieces of many pages, and all of them were tried */
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)"); /* only what was copied is left */
	is_whole(db, ROWS);
	left_behind(ROWS, false);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fail_once = false;
}

static void a_checkpoint_that_fails_loses_nothing(void **state)
{
	(void)state;
	fail_checkpoints(false);
}

static void a_checkpoint_that_fails_once_loses_nothing(void **state)
{
	(void)state;
	fail_checkpoints(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_in_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_late_failure_undoes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_checkpoint_that_fails_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_checkpoint_that_fails_once_loses_nothing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
