/* Drop folders: what is renamed in is taken once or refused with an answer; what is in the way is said once and keeps
 * nobody else waiting; no file name comes into the log. */
#include "gate.h"

#include "../refused_memory.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "role/intake.h"
#include "role/role.h"
#include "sys/file.h"

static struct gate_store store;
static struct wg_config *config;
static struct wg_intake intake;
static int real_stderr = -1, log_fd = -1;

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	wg_role_signals();
	gate_store_open(&store, "state");
	config = gate_load();
	intake = (struct wg_intake){ .config = config, .adds = store.intake };
	if (wg_cert_load(config->storage.certificate, &intake.storage_cert, &pki_err) != WG_OK ||
	    wg_rest_new(intake.storage_cert, &intake.rest, &pki_err) != WG_OK ||
	    wg_intake_drops_prepare(config, &pki_err) != WG_OK)
		return -1;
	log_fd = open(pki("log"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return log_fd >= 0 && real_stderr >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	wg_rest_freep(&intake.rest);
	wg_cert_freep(&intake.storage_cert);
	free(config);
	gate_store_close(&store);
	wg_closep(&log_fd);
	wg_closep(&real_stderr);
	return pki_teardown(state);
}

static const char *drop(const char *folder, const char *name)
{
	static char ring[4][PATH_MAX];
	static unsigned next;
	char *path = ring[next++ % 4];
	(void)snprintf(path, PATH_MAX, "%s/drop/%s/%s", pki_dir, folder, name); /* fits */
	return path;
}

static bool there(const char *folder, const char *name)
{
	struct stat st;
	return lstat(drop(folder, name), &st) == 0;
}

static void put(const char *name, const char *text)
{
	assert_int_equal(wg_file_write(drop("tmp", name), text, strlen(text), 0600, &pki_err), WG_OK);
	assert_int_equal(rename(drop("tmp", name), drop("new", name)), 0);
}

/* Until the store has answered everything. */
static void hear(void)
{
	while (intake.pending_count > 0 && !intake.failed) {
		struct pollfd in = { .fd = wg_client_fd(intake.adds), .events = POLLIN };
		assert_int_equal(poll(&in, 1, 60000), 1);
		wg_intake_take(&intake);
	}
}

static unsigned long refuse_at; /* the request for memory that fails during a look; 0: none */

/* One look, and what the store says; how often the event is in what it logged. */
static unsigned scan(const char *event)
{
	static char text[262144];
	off_t from = lseek(log_fd, 0, SEEK_END);
	assert_true(from >= 0 && dup2(log_fd, STDERR_FILENO) >= 0);
	memory_asked = 0;
	memory_fails_at = refuse_at;
	wg_intake_drops_scan(&intake);
	memory_fails_at = 0;
	hear();
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	ssize_t n = pread(log_fd, text, sizeof text - 1, from);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_null(strstr(text, "Canary"));
	assert_false(intake.failed);
	unsigned count = 0;
	for (const char *at = text; (at = strstr(at, event)) != NULL; at++)
		count++;
	return count;
}

static void holds(const char *folder, const char *name, const char *words)
{
	struct wg_buf b = WG_BUF(65536);
	if (wg_file_read(drop(folder, name), &b, &pki_err) != WG_OK || strstr(wg_buf_text(&b), words) == NULL)
		fail_msg("%s/%s: no \"%s\" in it: %s", folder, name, words, wg_buf_text(&b));
	wg_buf_free(&b);
}

static void test_taken(void **state)
{
	(void)state;
	put("Tess Canaryname 1.eml", "Subject: one\n\nx\n");
	assert_int_equal(scan("\"accepted\""), 1);
	assert_false(there("new", "Tess Canaryname 1.eml"));
	holds("new", "Tess Canaryname 1.eml.receipt.json", "\"state\":\"accepted\"");
	assert_int_equal(scan("\""), 0); /* nothing is left to do, nothing is said */
	/* the same again: the same receipt, and no second message */
	struct wg_buf first = WG_BUF(4096), second = WG_BUF(4096);
	assert_int_equal(wg_file_read(drop("new", "Tess Canaryname 1.eml.receipt.json"), &first, &pki_err), WG_OK);
	put("other.eml", "Subject: one\n\nx\n");
	assert_int_equal(scan("\"accepted-again\""), 1);
	assert_int_equal(wg_file_read(drop("new", "other.eml.receipt.json"), &second, &pki_err), WG_OK);
	assert_string_equal(wg_buf_text(&first), wg_buf_text(&second));
	wg_buf_free(&first);
	wg_buf_free(&second);
}

/* Not yet handed over: being copied, or our own. */
static void test_left_alone(void **state)
{
	(void)state;
	put(".half.eml", "Subject: x\n\nx\n");
	put("x.receipt.json", "{}");
	assert_int_equal(scan("\""), 0);
	assert_true(there("new", ".half.eml"));
	assert_true(there("new", "x.receipt.json"));
}

/* Refused with the reason; a second one of the same name does not take the place of the first. */
static void test_refused(void **state)
{
	(void)state;
	static const char *const answers[] = { "Canary.eml.refused.json", "Canary.eml~2.refused.json",
		                                   "Canary.eml~3.refused.json" };
	static const char *const files[] = { "Canary.eml", "Canary.eml~2", "Canary.eml~3" };
	static const char *const texts[] = { "%PDF-1", "%PDF-2", "%PDF-3" };
	for (size_t i = 0; i < WG_COUNT(files); i++) {
		put("Canary.eml", texts[i]);
		assert_int_equal(scan("\"refused\""), 1);
		assert_false(there("new", "Canary.eml"));
		holds("refused", answers[i], "is a PDF but its file name");
	}
	for (size_t i = 0; i < WG_COUNT(files); i++)
		holds("refused", files[i], texts[i]);
}

/* What is no file is moved away like a file, and never followed or opened. */
static void test_no_files(void **state)
{
	(void)state;
	char longest[256];
	memset(longest, 'C', 255);
	longest[255] = '\0';
	(void)gate_write("outside.eml", "Subject: outside\n\nx\n");
	assert_int_equal(symlink(pki("outside.eml"), drop("new", "Canarylink.eml")), 0);
	assert_int_equal(mkdir(drop("new", "Canaryfolder.eml"), 0700), 0);
	assert_int_equal(mkfifo(drop("new", "Canarypipe.eml"), 0600), 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%.*s", (int)sizeof address.sun_path - 1,
	               drop("new", "Canarysocket.eml")); /* short */
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
	wg_closep(&s);
	put(longest + 5, "Subject: long\n\nx\n"); /* 250 bytes: an answer's name would not fit */
	assert_int_equal(scan("\"refused\""), 5);
	static const char *const names[] = { "Canarylink.eml", "Canaryfolder.eml", "Canarypipe.eml", "Canarysocket.eml" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		char answer[64];
		(void)snprintf(answer, sizeof answer, "%s.refused.json", names[i]); /* fits */
		assert_false(there("new", names[i]));
		assert_true(there("refused", names[i]));
		assert_true(there("refused", answer));
	}
	assert_false(there("new", longest + 5));
	assert_true(there("refused", longest + 55)); /* cut to 200 bytes */
	holds("refused", "Canarylink.eml.refused.json", "a link");
	assert_int_equal(access(pki("outside.eml"), R_OK), 0);
	assert_int_equal(scan("\""), 0);
}

/* Forms and tables of every kind are taken; what is none is refused in words that help. */
static void test_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *words; /* words: of the refusal, or NULL */
	} table[] = {
		{ "Canary form.pdf", "%PDF-1.7\n", NULL },
		{ "Canary table.csv", "Name,Age\n", NULL },
		{ "Canary page.html", "<html></html>", NULL },
		{ "Canary form.docx", "<html></html>", "rename it to end in .html" },
		{ "Canary form.doc", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "save it as .docx" },
		{ "Canary photo.jpg", "\xFF\xD8\xFF\xE0", "a picture" },
	};
	unsigned refused = 0;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		put(table[i].name, table[i].text);
		refused += table[i].words != NULL;
	}
	assert_int_equal(scan("\"refused\""), refused);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char answer[64];
		(void)snprintf(answer, sizeof answer, "%s.%s.json", table[i].name,
		               table[i].words != NULL ? "refused" : "receipt"); /* fits */
		holds(table[i].words != NULL ? "refused" : "new", answer,
		      table[i].words != NULL ? table[i].words : "\"state\":\"accepted\"");
	}
	assert_int_equal(scan("\""), 0);
}

/* Files that cannot be taken, more of them than are taken in one look and than are remembered: they keep nobody
 * waiting, each is said once, and again when it is gone. */
static void test_in_the_way(void **state)
{
	(void)state;
	enum { MANY = WG_INTAKE_FAULTS + 10 };
	static int writers[MANY];
	for (int i = 0; i < MANY; i++) {
		char name[64], text[64];
		(void)snprintf(name, sizeof name, "Canary %d.eml", i);                 /* fits */
		(void)snprintf(text, sizeof text, "Subject: in the way %d\n\nx\n", i); /* fits */
		writers[i] = open(drop("new", name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(writers[i] >= 0);
		assert_int_equal(write(writers[i], text, strlen(text)), (ssize_t)strlen(text));
	}
	put("z last.eml", "Subject: last\n\nx\n");
	assert_int_equal(scan("\"drop-not-taken\""), WG_INTAKE_FAULTS);
	assert_true(there("new", "z last.eml.receipt.json"));
	assert_int_equal(scan("\""), 0);
	assert_int_equal(scan("\""), 0);
	wg_closep(&writers[0]);
	assert_int_equal(scan("\"drop-cleared\""), 1);
	assert_true(there("new", "Canary 0.eml.receipt.json"));
	for (int i = 1; i < MANY; i++)
		wg_closep(&writers[i]);
	unsigned cleared = 0;
	for (int i = 0; i < 3; i++) /* so many at one look */
		cleared += scan("\"drop-cleared\"");
	assert_true(cleared >= WG_INTAKE_FAULTS - 1);
	assert_int_equal(intake.fault_count, 0);
	assert_true(there("new", "Canary 73.eml.receipt.json"));
	assert_int_equal(scan("\""), 0);
}

/* The receipt cannot be written: the message is accepted all the same, said once, and answered when it can be. */
static void test_no_receipt(void **state)
{
	(void)state;
	put("receiptless Canary.eml", "Subject: no receipt\n\nx\n");
	assert_int_equal(mkdir(drop("new", "receiptless Canary.eml.receipt.json"), 0700), 0); /* in its place */
	assert_int_equal(scan("\"drop-not-taken\""), 1);
	assert_int_equal(scan("\""), 0);
	assert_true(there("new", "receiptless Canary.eml"));
	assert_int_equal(rmdir(drop("new", "receiptless Canary.eml.receipt.json")), 0);
	assert_int_equal(scan("\"drop-cleared\""), 1);
	assert_false(there("new", "receiptless Canary.eml"));
	holds("new", "receiptless Canary.eml.receipt.json", "\"id\"");
}

static void test_folder_gone(void **state)
{
	(void)state;
	assert_int_equal(rename(drop("new", ""), drop("gone", "")), 0);
	assert_int_equal(scan("\"drop-not-taken\""), 1);
	assert_int_equal(scan("\""), 0);
	assert_int_equal(rename(drop("gone", ""), drop("new", "")), 0);
	assert_int_equal(scan("\"drop-cleared\""), 1);
}

/* A store that says nothing keeps nobody waiting here; what it was given it is not given again, and answered when it
 * speaks. */
static void test_silent_store(void **state)
{
	(void)state;
	put("Canary silence.eml", "Subject: silence\n\nx\n");
	assert_int_equal(kill(store.pid, SIGSTOP), 0);
	wg_intake_drops_scan(&intake);
	wg_intake_drops_scan(&intake);
	assert_int_equal(kill(store.pid, SIGCONT), 0);
	assert_int_equal(intake.pending_count, 1);
	assert_int_equal(intake.dropped_count, 1);
	assert_true(there("new", "Canary silence.eml"));
	assert_int_equal(scan("\"accepted\""), 1);
	assert_int_equal(intake.dropped_count, 0);
	assert_false(there("new", "Canary silence.eml"));
	assert_true(there("new", "Canary silence.eml.receipt.json"));
}

/* Memory that is refused is not the file's fault: it stays until it is taken. */
static void test_no_memory(void **state)
{
	(void)state;
	unsigned long n = 0;
	bool enough = false;
	memory_fails_once = true;
	while (!enough) {
		char name[64], text[9000], answer[96];
		memset(text, 'x', sizeof text - 1);
		text[sizeof text - 1] = '\0';
		(void)snprintf(name, sizeof name, "Canary %lu.eml", ++n); /* fits */
		(void)snprintf(answer, sizeof answer, "%s.receipt.json", name);
		int len = snprintf(text, sizeof text, "Subject: short of memory %lu\n\n", n);
		text[len] = 'x'; /* the text goes on */
		put(name, text);
		refuse_at = n;
		(void)scan("\"");
		enough = memory_asked < n;
		refuse_at = 0;
		if (there("refused", name))
			fail_msg("allocation %lu: the file was refused", n);
		(void)scan("\"");
		assert_false(there("new", name));
		assert_true(there("new", answer));
	}
	assert_true(n > 5);
	assert_int_equal(intake.fault_count, 0);
}

/* Who opens a file for writing while it is read makes the kernel send this, and its default is death. */
static void test_lease_signal(void **state)
{
	(void)state;
	struct sigaction now;
	assert_int_equal(sigaction(SIGIO, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, SIG_IGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),      cmocka_unit_test(test_left_alone),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_files),   cmocka_unit_test(test_kinds),        cmocka_unit_test(test_in_the_way),
		cmocka_unit_test(test_no_receipt), cmocka_unit_test(test_folder_gone),  cmocka_unit_test(test_lease_signal),
		cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_silent_store),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
