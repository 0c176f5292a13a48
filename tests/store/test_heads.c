/* keys.db, the file of the blobs' keys: where a key is and that no head is without its mask, what every crash between
 * two writes leaves, what a failing disk and a copy of one of the two files put back mean, and that what was destroyed
 * is in no file any more.
 *
 * This program stands between SQLite and the kernel: it can kill itself before any write, sync or cut, and make one
 * fail. */
#include "store/keys_internal.h"
#include "store/sqlite_internal.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "base/asan.h"
#include "disk_calls.h"
#include "heads.h"
#include "store/purge_internal.h"

/* ---- where heads are */

static void apart(void **state)
{
	char *folder = rig_folder(), id[WG_ID_TEXT];
	uint8_t content[WG_STORE_HEAD + sizeof REST];
	struct wg_err err = { 0 };
	(void)state;
	struct wg_store *store = open_store(folder);
	deliver_whole(store, 1, id);
	OK(read_blob(store, id, "original", 1, 'o', &err));
	OK(read_blob(store, id, "notice", 1, 'n', &err));
	level(store);
	const struct known keys[] = { key_of(store, 1, 'o'), key_of(store, 1, 'n'), key_of(store, 1, 'e') };
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "PRAGMA user_version"), 2);
	assert_int_equal(count_of(wg_sqlite_of(store)->db, "PRAGMA page_size"), 4096);
	assert_int_equal(count_of(wg_sqlite_of(store)->db, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "PRAGMA page_size"), 1024);
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "PRAGMA secure_delete"), 1);
	wg_store_closep(&store);
	for (size_t i = 0; i < 3; i++) {
		content_of(1, "one"[i], content);
		assert_false(in_file(folder, "store.db", content, 16) || in_file(folder, "keys.db", content, 16));
		assert_true(in_file(folder, "keys.db", keys[i].key, WG_KEYS_LEN));
		assert_false(in_file(folder, "store.db", keys[i].key, WG_KEYS_LEN));
	}
	assert_true(in_file(folder, "store.db", REST, sizeof REST));
	assert_false(in_file(folder, "keys.db", REST, sizeof REST));
	char path[160];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/keys.db", folder); /* short */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	rig_remove(folder);
}

/* Blobs around the length of a head. */
static void lengths(void **state)
{
	static const size_t rows[] = { 1, 2, 99, 100, 2047, 2048, 2049, 4096, 100000 };
	char *folder = rig_folder();
	struct wg_err err = { 0 };
	(void)state;
	struct wg_store *store = open_store(folder);
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		for (int committed = 0; committed < 2; committed++) {
			WG_AUTO_FREE uint8_t *bytes = malloc(rows[i]), *got = NULL;
			char hash[WG_STORE_HASH];
			size_t len = 0;
			int64_t id = 0;
			assert_non_null(bytes);
			for (size_t k = 0; k < rows[i]; k++)
				bytes[k] = (uint8_t)(k * 2654435761u >> 13);
			OK(wg_store_begin(store, &err));
			OK(wg_blob_put(store, bytes, rows[i], &id, hash, &err));
			if (committed == 1) {
				OK(wg_store_commit(store, &err));
				OK(wg_store_begin(store, &err));
			}
			OK(wg_blob_get(store, id, &got, &len, &err));
			assert_int_equal(len, rows[i]);
			assert_memory_equal(got, bytes, len);
			wg_store_rollback(store);
		}
	wg_store_closep(&store);
	rig_remove(folder);
}

#define MASK_SUM "80cbd86ad0d42bf5cee4ceb2d0e6891c0589fd2acdd0a2c191cabeea24e6923e"

/* The mask, reckoned by another program (Python's hashlib), around the length of a head and of a block. */
static void mask(void **state)
{
	static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	uint8_t key[WG_KEYS_LEN], bytes[WG_STORE_HEAD + 1] = { 0 }, sum[WG_SHA256_LEN];
	char text[WG_STORE_HASH];
	(void)state;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	wg_keys_mask(key, hash, bytes, sizeof bytes);
	assert_int_equal(bytes[WG_STORE_HEAD], 0);
	wg_sha256(bytes, WG_STORE_HEAD, sum);
	wg_hex(sum, sizeof sum, text);
	assert_string_equal(text, MASK_SUM);
	uint8_t part[33] = { 0 };
	wg_keys_mask(key, hash, part, sizeof part);
	assert_memory_equal(part, bytes, sizeof part);
	wg_keys_mask(key, hash, bytes, sizeof bytes); /* and away again */
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
	/* what does not belong together is not joined */
	uint8_t row[WG_STORE_HEAD] = { 0 }, out[64];
	static const char damaged[WG_STORE_HASH] = "0011";
	assert_true(wg_keys_join(row, WG_KEYS_ROW, part, 33, hash, out, 33));
	assert_false(wg_keys_join(row, WG_KEYS_ROW - 1, part, 33, hash, out, 33));
	assert_false(wg_keys_join(row, 0, part, 33, hash, out, 33));
	assert_false(wg_keys_join(row, WG_KEYS_ROW, part, 33, damaged, out, 33));
	assert_false(wg_keys_join(row, WG_KEYS_ROW, part, 33, hash, out, 32));
	assert_true(wg_keys_join(row, WG_STORE_HEAD, part, 3, hash, out, 64)); /* a head, as until version 2 */
	assert_false(wg_keys_join(row, 60, part, 3, hash, out, 64));
}

/* Keys are made many at a time, before they are needed; those that were not given are by whoever comes next. */
static void made_before(void **state)
{
	enum { COUNT = 500 };
	char *folder = rig_folder(), hash[WG_STORE_HASH];
	struct wg_err err = { 0 };
	int64_t id = 0, made = 0;
	(void)state;
	struct wg_store *store = open_store(folder);
	for (int kept = 0; kept < 2; kept++) {
		OK(wg_store_begin(store, &err));
		for (unsigned i = 0; i < COUNT; i++)
			OK(wg_blob_put(store, &i, sizeof i, &id, hash, &err));
		if (kept == 0) { /* the keys are there for whoever comes */
			wg_store_rollback(store);
			made = count_of(wg_sqlite_of(store)->keys, "SELECT last FROM batch");
			assert_int_equal(last_given(store), 0);
		} else
			OK(wg_store_commit(store, &err));
	}
	assert_true(made >= COUNT);
	assert_int_equal(last_given(store), COUNT);
	assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(DISTINCT head) FROM blob"), COUNT);
	wg_store_closep(&store);
	store = open_store(folder);
	OK(wg_store_begin(store, &err));
	OK(wg_blob_put(store, "a", 1, &id, hash, &err));
	OK(wg_store_commit(store, &err));
	assert_int_equal(last_given(store), COUNT + 1);
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "SELECT last FROM batch"), made);
	/* a backup has those that were given */
	WG_AUTO_BUF struct wg_buf rows = WG_BUF(4u << 20);
	OK(wg_store_heads(store, 400, false, &rows, &err));
	struct wg_cur cur = WG_CUR(rows.data, rows.len);
	assert_int_equal(wg_cur_u32(&cur), COUNT + 1 - 400);
	/* a number whose key is lost is passed over */
	char sql[96];
	(void)snprintf(sql, sizeof sql, "DELETE FROM head WHERE id = %d", COUNT + 2);
	OK(wg_sqlite_keys_exec(store, sql, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_blob_put(store, "b", 1, &id, hash, &err));
	OK(wg_store_commit(store, &err));
	assert_int_equal(last_given(store), COUNT + 3);
	wg_store_closep(&store);
	rig_remove(folder);
}

/* What is undone or rolled back leaves nothing, and its numbers are given again. */
static void undone(void **state)
{
	char *folder = rig_folder(), id[WG_ID_TEXT], kept[WG_ID_TEXT];
	struct wg_err err = { 0 };
	(void)state;
	struct wg_store *store = open_store(folder);
	OK(wg_store_begin(store, &err));
	deliver(store, then, 1, kept);
	OK(wg_store_mark(store, &err));
	deliver(store, then, 2, id);
	OK(wg_store_undo(store, &err));
	OK(wg_store_mark(store, &err));
	deliver(store, then, 3, id);
	OK(wg_store_keep(store, &err));
	OK(wg_store_commit(store, &err));
	level(store);
	OK(read_blob(store, id, "original", 3, 'o', &err));
	OK(read_blob(store, kept, "notice", 1, 'n', &err));
	OK(wg_store_begin(store, &err));
	deliver(store, then, 4, id);
	wg_store_rollback(store);
	level(store);
	deliver_whole(store, 5, id);
	OK(read_blob(store, id, "original", 5, 'o', &err));
	level(store);
	assert_int_equal(last_given(store), 12); /* of three messages */
	wg_store_closep(&store);
	rig_remove(folder);
}

/* A damaged key is damage, like any other; no transaction touches keys.db as long as there are keys to be given. */
static void damage(void **state)
{
	char *folder = rig_folder(), id[WG_ID_TEXT], other[WG_ID_TEXT];
	struct wg_err err = { 0 };
	uint64_t entries;
	char head[WG_STORE_HASH];
	(void)state;
	struct wg_store *store = open_store(folder);
	deliver_whole(store, 1, id);
	fail_on = "keys.db"; /* any call would be a fault */
	deliver_whole(store, 2, other);
	fail_on = NULL;
	wg_store_closep(&store);
	store = open_store(folder);
	OK(wg_sqlite_keys_exec(store, "UPDATE head SET bytes = zeroblob(1024) WHERE id = 1", &err));
	FAILS(WG_CORRUPT, read_blob(store, id, "original", 1, 'o', &err));
	assert_int_equal(wg_store_damaged(store), 1);
	FAILS(WG_CORRUPT, wg_store_audit(store, &entries, head, &err));
	OK(wg_sqlite_keys_exec(store, "UPDATE head SET bytes = x'00' WHERE id = 1", &err));
	FAILS(WG_CORRUPT, read_blob(store, id, "original", 1, 'o', &err));
	OK(wg_sqlite_keys_exec(store, "DELETE FROM head WHERE id = 1", &err));
	FAILS(WG_CORRUPT, read_blob(store, id, "original", 1, 'o', &err));
	assert_non_null(strstr(err.text, "missing from keys.db"));
	assert_int_equal(wg_store_fault(store, NULL), WG_OK); /* the others go on */
	wg_store_closep(&store);
	rig_remove(folder);
}

/* ---- a disk that fails */

/* Every call in turn by which keys are made: none of them is given. */
static void a_failing_disk_acknowledges_nothing(void **state)
{
	unsigned failures = 0;
	(void)state;
	for (unsigned calls = 0;; calls++) {
		char *folder = rig_folder(), id[WG_ID_TEXT], hash[WG_STORE_HASH];
		struct wg_err err = { 0 };
		int64_t blob = 0;
		enum wg_code code = WG_OK;
		struct wg_store *store = open_store(folder);
		deliver_whole(store, 1, id);
		OK(wg_store_begin(store, &err));
		fail_on = "keys.db";
		fail_not = calls;
		for (unsigned i = 0; code == WG_OK && i < 2 * WG_KEYS_MADE_MIN; i++)
			code = wg_blob_put(store, &i, sizeof i, &blob, hash, &err);
		fail_on = NULL;
		fail_not = 0;
		if (code != WG_OK) {
			assert_int_equal(code, WG_SYSTEM);
			assert_int_equal(wg_store_fault(store, &err), WG_SYSTEM);
			assert_non_null(strstr(err.text, "keys.db"));
			FAILS(WG_SYSTEM, wg_store_commit(store, &err));
			FAILS(WG_SYSTEM, wg_store_begin(store, &err)); /* and never tries again */
			failures++;
		}
		wg_store_closep(&store);
		store = open_store(folder);
		level(store);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM blob"), 4);
		OK(read_blob(store, id, "original", 1, 'o', &err));
		deliver_whole(store, 2, id);
		wg_store_closep(&store);
		rig_remove(folder);
		if (code == WG_OK)
			break;
	}
	assert_true(failures > 1);
}

/* Blobs in one transaction, with more keys than there are; the disk is full from so many writes to that file on. */
static enum wg_code put_while_full(struct wg_store *store, const char *file, unsigned writes, struct wg_err *err)
{
	char hash[WG_STORE_HASH];
	int64_t blob = 0;
	enum wg_code code = wg_store_begin(store, err);
	fail_on = file;
	fail_not = writes;
	fail_full = true;
	for (unsigned i = 0; code == WG_OK && i < 2 * WG_KEYS_MADE_MIN; i++)
		code = wg_blob_put(store, &i, sizeof i, &blob, hash, err);
	if (code == WG_OK)
		code = wg_store_commit(store, err);
	fail_on = NULL;
	fail_not = 0;
	fail_full = false;
	return code;
}

/* Every write in turn, the commit's too: it is refused, nothing of it is there then or later, and the store goes on. */
static void a_full_disk_is_no_fault(void **state)
{
	static const char *const files[] = { "store.db-wal", "keys.db" };
	(void)state;
	for (size_t f = 0; f < WG_COUNT(files); f++) {
		enum wg_code code = WG_AGAIN;
		unsigned refused = 0;
		for (; code != WG_OK; refused += code != WG_OK) {
			char *folder = rig_folder(), first[WG_ID_TEXT], second[WG_ID_TEXT];
			struct wg_err err = { 0 };
			struct wg_store *store = open_store(folder);
			deliver_whole(store, 1, first);
			code = put_while_full(store, files[f], refused, &err);
			assert_true(code == WG_OK || code == WG_AGAIN);
			assert_int_equal(wg_store_fault(store, NULL), WG_OK);
			assert_int_equal(wg_store_full(store), code != WG_OK);
			if (code != WG_OK)
				wg_store_rollback(store);
			deliver_whole(store, 2, second);
			wg_store_closep(&store);
			store = open_store(folder);
			level(store);
			assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM blob"),
			                 code == WG_OK ? 8 + 2 * WG_KEYS_MADE_MIN : 8);
			OK(read_blob(store, first, "original", 1, 'o', &err));
			OK(read_blob(store, second, "original", 2, 'o', &err));
			wg_store_closep(&store);
			rig_remove(folder);
		}
		assert_true(refused > 0);
	}
}

/* While destroying: it is not acknowledged either, and made good at the next start. */
static void a_failing_disk_while_destroying(void **state)
{
	unsigned failures = 0;
	(void)state;
	for (unsigned calls = 0;; calls++) {
		char *folder = rig_folder(), id[WG_ID_TEXT];
		struct wg_err err = { 0 };
		uint64_t heads = 0;
		struct wg_store *store = open_store(folder);
		deliver_whole(store, 1, id);
		size_t n = 0;
		WG_AUTO_FREE struct known *keys = all_keys(store, &n);
		OK(wg_store_begin(store, &err));
		OK(wg_purge_message(store, later, 1, id, "robin", "a test", &heads, &err));
		fail_on = "keys.db";
		fail_not = calls;
		enum wg_code code = wg_store_commit(store, &err);
		fail_on = NULL;
		fail_not = 0;
		assert_int_equal(wg_store_fault(store, NULL), code);
		wg_store_closep(&store);
		store = open_store(folder);
		level(store);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM message WHERE purged_at <> 0"), 1);
		assert_int_equal(check_files(store, folder, keys, n), 5); /* of four blobs, and the one that is spent */
		wg_store_closep(&store);
		rig_remove(folder);
		failures += code != WG_OK;
		if (code == WG_OK)
			break;
	}
	assert_true(failures > 4);
}

/* ---- killed before every single write, sync and cut */

/* Each takes long under the sanitizer. */
#define MOVE_STEP 2
/* Most calls of a purge copy pages out of the log, one like the other. */
#define PURGE_STEP 2

/* What the child does; it tells by one letter each that it has come so far. */
static void child_runs(const char *folder, int calls, int tell)
{
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	char id[WG_ID_TEXT];
	unsigned lost;
	atomic_store(&kill_after, calls);
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, later, &lost, &err));
	OK(wg_store_commit(store, &err));
	(void)!write(tell, "s", 1); /* started */
	deliver_whole(store, 2, id);
	(void)!write(tell, "d", 1); /* delivered: acknowledged */
	OK(wg_store_begin(store, &err));
	deliver(store, later, 3, id);
	OK(wg_store_commit(store, &err));
	(void)!write(tell, "l", 1);
	if (purge_all(store, then.wall + 1000) == 0)
		_exit(4);
	(void)!write(tell, "p", 1); /* purged: acknowledged */
	wg_store_closep(&store);
	_exit(0);
}

/* Messages that are there before, the first of them old enough to go: with the second that comes all keys are given. */
#define BEFORE 15

/* Message 1 was there; 2 may have come; 3 is too young to go. told: how far the child had come. */
static void check_after_kill(const char *folder, const char *told, const struct known *keys, size_t n)
{
	struct wg_err err = { 0 };
	struct wg_store *store = open_store(folder);
	level(store);
	int64_t messages = count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM message"),
			purged = count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM message WHERE purged_at <> 0");
	assert_in_range(messages, BEFORE + (strchr(told, 'l') != NULL ? 2 : strchr(told, 'd') != NULL ? 1 : 0), BEFORE + 2);
	assert_true(purged == 0 || purged == 2);
	if (strchr(told, 'p') != NULL)
		assert_int_equal(purged, 2);
	assert_int_equal(count_of(wg_sqlite_of(store)->db,
	                          "SELECT count(*) FROM message WHERE purged_at <> 0 AND accepted_at > 1800000000000"),
	                 0);
	assert_int_equal(check_files(store, folder, keys, n), 4 * purged);
	/* and it goes on */
	char id[WG_ID_TEXT];
	deliver_whole(store, 9, id);
	OK(read_blob(store, id, "notice", 9, 'n', &err));
	level(store);
	wg_store_closep(&store);
}

static void copy_file(const char *from, const char *to, const char *name)
{
	char path[160], chunk[65536];
	(void)snprintf(path, sizeof path, "%s/%s", from, name); /* short, as the other */
	int in = open(path, O_RDONLY);
	(void)snprintf(path, sizeof path, "%s/%s", to, name);
	(void)unlink(path); /* it need not be there */
	if (in < 0)
		return;
	int out = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(out >= 0);
	for (ssize_t n; (n = read(in, chunk, sizeof chunk)) > 0;)
		assert_int_equal(write(out, chunk, (size_t)n), n);
	assert_int_equal(close(in), 0);
	assert_int_equal(close(out), 0);
}

static void copy_store(const char *from, const char *to, bool store, bool keys)
{
	if (store) {
		copy_file(from, to, "store.db");
		copy_file(from, to, "store.db-wal");
	}
	if (keys) {
		copy_file(from, to, "keys.db");
		copy_file(from, to, "keys.db-wal");
	}
}

static void killed_at_every_call(void **state)
{
	char *template = rig_folder(), id[WG_ID_TEXT];
	unsigned kills = 0, told_by[5] = { 0 };
	(void)state;
	struct wg_err err = { 0 };
	struct wg_store *store = open_store(template);
	size_t n = 0;
	deliver_whole(store, 1, id);
	OK(wg_store_begin(store, &err));
	for (unsigned i = 1; i < BEFORE; i++)
		deliver(store, later, 100 + i, id);
	OK(wg_store_commit(store, &err));
	WG_AUTO_FREE struct known *keys = all_keys(store, &n);
	assert_int_equal(n, 4 * (BEFORE + 1)); /* message 3 takes new ones */
	wg_store_closep(&store);
	for (int calls = 1, step = 1;; calls += step) {
		char *folder = rig_folder(), told[8] = "";
		int pipes[2], status = 0;
		copy_store(template, folder, true, true);
		assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child_runs(folder, calls, pipes[1]);
		assert_int_equal(close(pipes[1]), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(read(pipes[0], told, sizeof told - 1) >= 0);
		assert_int_equal(close(pipes[0]), 0);
		told_by[strlen(told)]++;
		check_after_kill(folder, told, keys, n);
		step = strchr(told, 'l') != NULL ? PURGE_STEP : 1;
		rig_remove(folder);
		if (WIFEXITED(status)) { /* it came to its end: every call before has been hit */
			assert_int_equal(WEXITSTATUS(status), 0);
			break;
		}
		assert_int_equal(WTERMSIG(status), SIGKILL);
		kills++;
	}
	(void)printf("killed before each of %u calls: %u in the first delivery, %u in the second, %u while purging\n",
	             kills, told_by[1], told_by[2], told_by[3]);
	assert_true(told_by[1] > 2 && told_by[2] > 2 && told_by[3] > 10);
	rig_remove(template);
}

/* ---- the migration */

/* A folder with the store of version 1 in it. */
static char *old_store(void)
{
	char *folder = rig_folder(), path[128], chunk[4096];
	WG_AUTO_BUF struct wg_buf text = WG_BUF(1u << 20);
	sqlite3 *db = NULL;
	int fd = open(WG_SOURCE_DIR "/tests/store/corpus/version-1.sql", O_RDONLY);
	assert_true(fd >= 0);
	for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
		wg_buf_put(&text, chunk, (size_t)n);
	assert_int_equal(close(fd), 0);
	(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* the dump makes sqlite_sequence by itself, and fills it */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	assert_int_equal(sqlite3_exec(db, wg_buf_text(&text), NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(path, 0600), 0);
	return folder;
}

/* Killed before every call while an old store is taken over: nothing is lost, and nothing of what was in it is left in
 * store.db, where a backup would find it. */
static void moved(void **state)
{
	static const char old[] = "ciphertext of report";
	char *template = old_store();
	unsigned kills = 0;
	(void)state;
	assert_true(in_file(template, "store.db", old, sizeof old - 1));
	for (int calls = 1;; calls += MOVE_STEP) {
		char *folder = rig_folder();
		int status = 0;
		copy_store(template, folder, true, true);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct wg_err err = { 0 };
			struct wg_store *store = NULL;
			atomic_store(&kill_after, calls);
			_exit(wg_store_open(folder, &store, &err) == WG_OK ? 0 : 3); /* as if killed: nothing is closed */
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		struct wg_store *store = open_store(folder);
		level(store);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM message"), 6);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "PRAGMA auto_vacuum"), 2);
		assert_int_equal(count_of(wg_sqlite_of(store)->db, "PRAGMA freelist_count"), 0);
		if (in_file(folder, "store.db", old, sizeof old - 1))
			fail_msg("killed before call %d: still in store.db, %s", calls, folder);
		assert_false(in_file(folder, "store.db-wal", old, sizeof old - 1));
		assert_true(in_file(folder, "keys.db", old, sizeof old - 1) ||
		            in_file(folder, "keys.db-wal", old, sizeof old - 1));
		wg_store_closep(&store);
		rig_remove(folder);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			break;
		}
		kills++;
	}
	(void)printf("killed before %u calls of the migration, one in %d\n", kills, MOVE_STEP);
	assert_true(kills > 20);
	rig_remove(template);
}

/* ---- copies put back */

static void an_old_store_with_the_keys_of_today(void **state)
{
	char *folder = rig_folder(), *backup = rig_folder(), ids[5][WG_ID_TEXT];
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf history = WG_BUF(1 << 16);
	struct wg_store *store = open_store(folder);
	deliver_whole(store, 1, ids[1]);
	OK(wg_store_begin(store, &err)); /* young, so that it stays */
	deliver(store, later, 2, ids[2]);
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	copy_store(folder, backup, true, false);
	store = open_store(folder);
	assert_int_equal(purge_all(store, then.wall + 1000), 1);
	struct known third = { .id = 0 };
	if (*state == NULL) { /* and the second time nothing came after the purge */
		deliver_whole(store, 3, ids[3]);
		third = key_of(store, 3, 'o');
	}
	wg_store_closep(&store);

	copy_store(backup, folder, true, false);
	assert_true(in_file(folder, "store.db", ids[1], WG_ID_TEXT - 1));
	store = open_store(folder);
	FAILS(WG_NOT_FOUND, read_blob(store, ids[1], "original", 1, 'o', &err));
	assert_non_null(strstr(err.text, "was destroyed on"));
	FAILS(WG_NOT_FOUND, read_blob(store, ids[1], "notice", 1, 'n', &err));
	OK(read_blob(store, ids[2], "original", 2, 'o', &err));
	OK(read_blob(store, ids[2], "notice", 2, 'n', &err));
	OK(wg_store_history(store, ids[1], 100, &history, &err)); /* purged again, and it says so */
	assert_non_null(strstr(wg_buf_text(&history), "was put back"));
	uint64_t entries;
	char head[WG_STORE_HASH];
	OK(wg_store_audit(store, &entries, head, &err));
	/* the keys of what came after the copy are untouched: the right store.db may still turn up */
	assert_true(*state != NULL || key_in(folder, &third));
	deliver_whole(store, 4, ids[4]);
	assert_true(key_of(store, 4, 'o').id > third.id);
	OK(read_blob(store, ids[4], "original", 4, 'o', &err));
	wg_store_closep(&store);
	store = open_store(folder); /* nothing is left to be levelled */
	OK(read_blob(store, ids[4], "notice", 4, 'n', &err));
	assert_true(*state != NULL || key_in(folder, &third));
	wg_store_closep(&store);
	rig_remove(folder);
	rig_remove(backup);
}

static void old_keys_with_the_store_of_today(void **state)
{
	enum { LAST = WG_KEYS_MADE_MIN / 4 + 1 }; /* the first whose keys are not in the copy */
	char *folder = rig_folder(), *backup = rig_folder(), ids[LAST + 2][WG_ID_TEXT];
	struct wg_err err = { 0 };
	(void)state;
	struct wg_store *store = open_store(folder);
	deliver_whole(store, 1, ids[1]);
	wg_store_closep(&store);
	copy_store(folder, backup, false, true);
	store = open_store(folder);
	for (unsigned n = 2; n <= LAST; n++)
		deliver_whole(store, n, ids[n]);
	wg_store_closep(&store);
	copy_store(backup, folder, false, true);
	OK(wg_store_open(folder, &store, &err));
	assert_int_equal(wg_store_damaged(store), 4); /* original, notice, report, envelope: told at once */
	OK(read_blob(store, ids[1], "original", 1, 'o', &err));
	OK(read_blob(store, ids[2], "original", 2, 'o', &err)); /* its key was made before the copy */
	FAILS(WG_CORRUPT, read_blob(store, ids[LAST], "original", LAST, 'o', &err));
	deliver_whole(store, LAST + 1, ids[LAST + 1]); /* under numbers of its own */
	OK(read_blob(store, ids[LAST + 1], "original", LAST + 1, 'o', &err));
	FAILS(WG_CORRUPT, read_blob(store, ids[LAST], "original", LAST, 'o', &err));
	wg_store_closep(&store);
	rig_remove(folder);
	rig_remove(backup);
}

static void refused(void **state)
{
	char *folder = rig_folder(), *other = rig_folder(), path[160], id[WG_ID_TEXT];
	struct wg_err err = { 0 };
	(void)state;
	struct wg_store *store = open_store(folder);
	deliver_whole(store, 1, id);
	wg_store_closep(&store);
	store = open_store(other);
	wg_store_closep(&store);
	(void)snprintf(path, sizeof path, "%s/keys.db", folder); /* short */
	copy_store(folder, other, true, false);
	FAILS(WG_CONFIG, wg_store_open(other, &store, &err));
	assert_non_null(strstr(err.text, "not of one gateway"));
	copy_store(folder, other, false, true);
	assert_int_equal(unlink(path), 0);
	FAILS(WG_CONFIG, wg_store_open(folder, &store, &err));
	assert_non_null(strstr(err.text, "is missing"));
	FAILS(WG_CONFIG, wg_store_open(folder, &store, &err)); /* nothing was made in its place */
	assert_int_equal(access(path, F_OK), -1);
	copy_store(other, folder, false, true); /* put back: all is well */
	store = open_store(folder);
	OK(read_blob(store, id, "original", 1, 'o', &err));
	wg_store_closep(&store);
	rig_remove(folder);
	rig_remove(other);
}

/* ---- destroyed for good */

#define MANY 400

/* Many messages, purged in an order in which the trees of keys.db have to be joined and divided again and again: none
 * that was destroyed is left in a file, while the others are whole. */
static void in_no_file(void **state)
{
	char *folder = rig_folder();
	char(*ids)[WG_ID_TEXT] = calloc(MANY, WG_ID_TEXT);
	struct wg_err err = { 0 };
	bool gone[MANY] = { false };
	uint32_t random = 12345;
	struct known *keys = NULL;
	size_t known = 0;
	(void)state;
	assert_non_null(ids);
	struct wg_store *store = open_store(folder);
	for (unsigned round = 0; round < 2; round++) {
		OK(wg_store_begin(store, &err));
		for (unsigned n = round * MANY / 2; n < (round + 1) * MANY / 2; n++)
			deliver(store, then, n, ids[n]);
		OK(wg_store_commit(store, &err));
		if (round == 0) { /* enough of them for the second round too */
			int64_t blob = 0;
			char hash[WG_STORE_HASH];
			OK(wg_store_begin(store, &err));
			for (unsigned n = 0; n < 3 * MANY; n++)
				OK(wg_blob_put(store, &n, sizeof n, &blob, hash, &err));
			wg_store_rollback(store);
			keys = all_keys(store, &known);
			assert_true(known > 4 * MANY + 12);
		}
		for (unsigned batch = 0; batch < 6; batch++) {
			uint64_t heads = 0;
			OK(wg_store_begin(store, &err));
			for (unsigned i = 0; i < MANY / 16; i++) {
				random = random * 1664525u + 1013904223u;
				unsigned n = (random >> 8) % ((round + 1) * MANY / 2);
				if (!gone[n])
					OK(wg_purge_message(store, later, n + 1, ids[n], "robin", "a test", &heads, &err));
				gone[n] = true;
			}
			OK(wg_store_commit(store, &err));
		}
		level(store);
	}
	unsigned count = 0;
	for (unsigned n = 0; n < MANY; n++) {
		count += gone[n];
		if (!gone[n])
			OK(read_blob(store, ids[n], "original", n, 'o', &err));
	}
	assert_in_range(count, MANY / 4, MANY * 3 / 4);
	assert_in_range(check_files(store, folder, keys, known), 4 * count, 4 * count + 12);
	free(keys);
	/* the room of what went was given back: no more pages than heads need, and some for the trees */
	assert_int_equal(count_of(wg_sqlite_of(store)->keys, "PRAGMA freelist_count"), 0);
	assert_true(count_of(wg_sqlite_of(store)->keys, "PRAGMA page_count") <
	            count_of(wg_sqlite_of(store)->keys, "SELECT count(*) FROM head") * 13 / 10 + count / 10 + 20);
	wg_store_closep(&store);
	free(ids);
	rig_remove(folder);
}

static char purged_only[] = "nothing came after the purge";

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apart),
		cmocka_unit_test(lengths),
		cmocka_unit_test(mask),
		cmocka_unit_test(made_before),
		cmocka_unit_test(undone),
		cmocka_unit_test(damage),
		cmocka_unit_test(a_failing_disk_acknowledges_nothing),
		cmocka_unit_test(a_full_disk_is_no_fault),
		cmocka_unit_test(a_failing_disk_while_destroying),
		cmocka_unit_test(killed_at_every_call),
		cmocka_unit_test(moved),
		cmocka_unit_test(an_old_store_with_the_keys_of_today),
		cmocka_unit_test_prestate(an_old_store_with_the_keys_of_today, purged_only),
		cmocka_unit_test(old_keys_with_the_store_of_today),
		cmocka_unit_test(refused),
		cmocka_unit_test(in_no_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
