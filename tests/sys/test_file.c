/* Tests of sys/file.h: contents, refusals, and what is left when any system call fails or the process is killed at it.
 * The failures are real ones of the kernel's interface, put there by strace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "scratch.h"
#include "sys/child.h"

#define PROBE WG_BINARY_DIR "/bin/sys_probe"

static size_t entries(void)
{
	size_t n = 0;
	DIR *d = opendir(scratch);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d); /* was only read */
	return n;
}

static int begin(void **state)
{
	(void)state;
	return scratch_make() ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return scratch_remove() ? 0 : -1;
}

static void written_is_read_back(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 1000000 };
	WG_AUTO_FREE uint8_t *bytes = malloc(1000000);
	assert_non_null(bytes);
	for (size_t i = 0; i < 1000000; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(1000000);
		struct stat st;
		assert_int_equal(wg_file_write(scratch_path("f"), bytes, sizes[i], 0640, NULL), WG_OK);
		assert_int_equal(wg_file_read(scratch_path("f"), &b, NULL), WG_OK);
		assert_int_equal(b.len, sizes[i]);
		assert_memory_equal(b.data != NULL ? b.data : bytes, bytes, sizes[i]);
		assert_int_equal(stat(scratch_path("f"), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(entries(), 1); /* no temporary file is left */
	}
}

static void read_refusals(void **state)
{
	(void)state;
	struct wg_err err;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(10);
	assert_int_equal(wg_file_read(scratch_path("absent"), &b, &err), WG_NOT_FOUND);
	assert_non_null(strstr(err.text, "absent"));
	assert_int_equal(wg_file_read(scratch, &b, &err), WG_SYSTEM); /* a folder */
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(wg_file_read(scratch_path("fifo"), &b, &err), WG_SYSTEM); /* and does not wait for a writer */
	assert_int_equal(wg_file_read("/dev/zero", &b, &err), WG_SYSTEM);
	assert_int_equal(wg_file_write(scratch_path("f"), "01234567890", 11, 0600, NULL), WG_OK);
	assert_int_equal(wg_file_read(scratch_path("f"), &b, &err), WG_LIMIT);
	wg_buf_reset(&b);
	assert_int_equal(wg_file_write(scratch_path("f"), "0123456789", 10, 0600, NULL), WG_OK);
	assert_int_equal(wg_file_read(scratch_path("f"), &b, &err), WG_OK);
}

/* A secret is one line out of a file of its owner's alone; its words are in no error. */
static void secrets(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		enum wg_code code;
		const char *words; /* of the error, or the secret */
	} cases[] = {
		{ "canary 1", 0600, WG_OK, "canary 1" },
		{ "canary\r\n", 0400, WG_OK, "canary" },
		{ "canary", 0640, WG_CONFIG, "chmod 600" },
		{ "canary", 0604, WG_CONFIG, "chmod 600" },
		{ "", 0600, WG_CONFIG, "is empty" },
		{ "\r\n\n", 0600, WG_CONFIG, "is empty" },
		{ "canary\ncanary", 0600, WG_CONFIG, "one line" },
		{ "canary\x7f", 0600, WG_CONFIG, "one line" },
		{ "canary canary canary", 0600, WG_CONFIG, "/f" },
	};
	struct wg_err err;
	(void)state;
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(16);
		assert_int_equal(wg_file_write(scratch_path("f"), cases[i].text, strlen(cases[i].text), 0600, NULL), WG_OK);
		assert_int_equal(chmod(scratch_path("f"), cases[i].mode), 0);
		assert_int_equal(wg_file_secret(scratch_path("f"), &b, &err), cases[i].code);
		if (cases[i].code == WG_OK) {
			assert_string_equal(wg_buf_text(&b), cases[i].words);
		} else {
			assert_non_null(strstr(err.text, cases[i].words));
			assert_null(strstr(err.text, "canary"));
		}
	}
	WG_AUTO_BUF struct wg_buf b = WG_BUF(16);
	assert_int_equal(wg_file_secret(scratch_path("absent"), &b, &err), WG_CONFIG);
	assert_int_equal(wg_file_secret(scratch, &b, &err), WG_CONFIG); /* a folder */
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(wg_file_secret(scratch_path("fifo"), &b, &err), WG_CONFIG); /* and does not wait for a writer */
}

static void write_refusals(void **state)
{
	(void)state;
	struct wg_err err;
	assert_int_equal(wg_file_write(scratch_path("no/such/folder"), "x", 1, 0600, &err), WG_NOT_FOUND);
	assert_int_equal(wg_file_write(scratch_path(""), "x", 1, 0600, &err), WG_SYSTEM);
	assert_int_equal(wg_file_mkdir(scratch_path("folder"), NULL), WG_OK);
	assert_int_equal(wg_file_write(scratch_path("folder"), "x", 1, 0600, &err),
	                 WG_SYSTEM); /* cannot replace a folder */
	assert_int_equal(entries(), 1);
}

static void remove_is_idempotent(void **state)
{
	(void)state;
	assert_int_equal(wg_file_write(scratch_path("f"), "x", 1, 0600, NULL), WG_OK);
	assert_int_equal(wg_file_remove(scratch_path("f"), NULL), WG_OK);
	assert_int_equal(entries(), 0);
	assert_int_equal(wg_file_remove(scratch_path("f"), NULL), WG_OK);
	assert_int_equal(wg_file_remove(scratch_path("no/such"), NULL), WG_OK);
	assert_int_equal(wg_file_remove(scratch, NULL), WG_SYSTEM); /* a folder is not a file */
}

static void mkdir_makes_all_levels(void **state)
{
	(void)state;
	struct wg_err err;
	struct stat st;
	assert_int_equal(wg_file_mkdir(scratch_path("a//b/c/"), NULL), WG_OK);
	assert_int_equal(stat(scratch_path("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(wg_file_mkdir(scratch_path("a/b/c"), NULL), WG_OK);
	assert_int_equal(wg_file_mkdir("/", NULL), WG_OK);
	assert_int_equal(wg_file_mkdir("", &err), WG_SYSTEM);
	assert_int_equal(wg_file_write(scratch_path("a/f"), "x", 1, 0600, NULL), WG_OK);
	assert_int_equal(wg_file_mkdir(scratch_path("a/f"), &err), WG_SYSTEM);
	assert_int_equal(wg_file_mkdir(scratch_path("a/f/g"), &err), WG_SYSTEM);
}

static void free_space(void **state)
{
	(void)state;
	uint64_t bytes = 0;
	assert_int_equal(wg_file_free(scratch, &bytes, NULL), WG_OK);
	assert_true(bytes > 0);
	assert_int_equal(wg_file_free(scratch_path("absent"), &bytes, NULL), WG_NOT_FOUND);
}

static void fd_write_goes_through_short_writes(void **state)
{
	(void)state;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct wg_err err;
	assert_true(full >= 0);
	assert_int_equal(wg_fd_write(full, "x", 1, &err), WG_SYSTEM);
	assert_non_null(strstr(err.text, strerror(ENOSPC)));
	assert_int_equal(wg_fd_write(full, "", 0, &err), WG_OK);
	(void)close(full); /* nothing was written */
}

/* Runs `sys_probe store PATH new` under strace with one option of its own; the trace goes into the file "trace". */
static enum wg_code store_under_strace(const char *option, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	char trace[128], path[128];
	(void)snprintf(trace, sizeof trace, "%s", scratch_path("trace")); /* both fit: the folder's name is short */
	(void)snprintf(path, sizeof path, "%s", scratch_path("f"));
	const char *argv[] = { "strace", "-y", "-o", trace, "-e", option, PROBE, "store", path, "new", NULL };
	const struct wg_child spec = {
		.program = "/usr/bin/strace",
		.argv = argv,
		.wall_ms = 30000,
		.cpu_s = 30,
		.memory = (uint64_t)4 << 30,
	};
	return wg_child_run(&spec, &out, err);
}

/* The order that survives a power cut: the file is synced, then renamed, then its folder is synced. */
static void order_on_disk(void **state)
{
	(void)state;
	struct wg_err err;
	if (store_under_strace("trace=fsync,fdatasync,renameat,rename,renameat2", &err) != WG_OK)
		fail_msg("%s", err.text);
	WG_AUTO_BUF struct wg_buf b = WG_BUF(65536);
	assert_int_equal(wg_file_read(scratch_path("trace"), &b, NULL), WG_OK);
	const char *file = strstr(wg_buf_text(&b), ".tmp>)");
	assert_non_null(file);
	const char *rename = strstr(file, "rename");
	assert_non_null(rename);
	char folder[96];
	(void)snprintf(folder, sizeof folder, "<%s>)", scratch); /* fits */
	const char *sync = strstr(rename, "fsync(");
	assert_non_null(sync);
	assert_non_null(strstr(sync, folder));
}

/* Every call of the write fails once: the old file stands, and no temporary file is left. */
static void any_call_fails(void **state)
{
	(void)state;
	static const char *const table[] = {
		"inject=write:error=ENOSPC:when=1", "inject=write:error=EIO:when=1",    "inject=fchmod:error=EPERM:when=1",
		"inject=fsync:error=EIO:when=1",    "inject=renameat:error=EIO:when=1", "inject=getrandom:error=EFAULT:when=1+",
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_err err;
		assert_int_equal(wg_file_write(scratch_path("f"), "old", 3, 0600, NULL), WG_OK);
		enum wg_code code = store_under_strace(table[i], &err);
		if (code != WG_SYSTEM || !scratch_holds("f", "old"))
			fail_msg("%s: %s %s", table[i], wg_code_name(code), err.text);
		assert_int_equal(entries(), 2); /* f and trace */
	}
	struct wg_err err;
	assert_int_equal(store_under_strace("inject=fsync:error=EIO:when=2", &err),
	                 WG_SYSTEM); /* the folder's: is reported */
	assert_int_equal(store_under_strace("inject=write:error=EINTR:when=1", &err), WG_OK);
	assert_true(scratch_holds("f", "new"));
}

/* Killed at every call: what is under the name is the old or the new file, whole. */
static void killed_at_any_call(void **state)
{
	(void)state;
	static const char *const calls[] = { "openat", "getrandom", "write", "fchmod", "fsync", "renameat", "close" };
	size_t kills = 0, old = 0;
	for (size_t i = 0; i < WG_COUNT(calls); i++) {
		for (int when = 1; when <= 8; when++) {
			char option[64];
			struct wg_err err;
			(void)snprintf(option, sizeof option, "inject=%s:signal=KILL:when=%d", calls[i], when); /* fits */
			assert_int_equal(wg_file_write(scratch_path("f"), "old", 3, 0600, NULL), WG_OK);
			kills += store_under_strace(option, &err) != WG_OK;
			bool is_old = scratch_holds("f", "old");
			old += is_old;
			assert_true(is_old || scratch_holds("f", "new"));
		}
	}
	assert_true(kills >= 8); /* the harness did kill ... */
	assert_true(old >= 5);   /* ... and before the rename too */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_is_read_back, begin, end),
		cmocka_unit_test_setup_teardown(read_refusals, begin, end),
		cmocka_unit_test_setup_teardown(secrets, begin, end),
		cmocka_unit_test_setup_teardown(write_refusals, begin, end),
		cmocka_unit_test_setup_teardown(remove_is_idempotent, begin, end),
		cmocka_unit_test_setup_teardown(mkdir_makes_all_levels, begin, end),
		cmocka_unit_test_setup_teardown(free_space, begin, end),
		cmocka_unit_test(fd_write_goes_through_short_writes),
		cmocka_unit_test_setup_teardown(order_on_disk, begin, end),
		cmocka_unit_test_setup_teardown(any_call_fails, begin, end),
		cmocka_unit_test_setup_teardown(killed_at_any_call, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
