/* LMTP: what is answered to what, where a mail ends, and that it makes no difference how the bytes are cut; then the
 * same over a real socket, with its limits. */
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/lmtp.h"

/* The time limits of a server that is dripped at: long enough for a machine that is slow. */
#define DRIP_MS 3000
#define HELLO "LHLO mx.example\r\n"
#define FROM "MAIL FROM:<a@a.example>\r\n"
#define TO "RCPT TO:<b@b.example>\r\n"
#define UP HELLO FROM TO "DATA\r\n"
/* The codes that UP is answered with, the greeting before it. */
#define UP_SAID "220 250 250 250 354"

struct row {
	const char *name, *sent;
	const char *said;  /* the codes of the replies, in order */
	const char *mails; /* the mails, each in brackets */
};

/* NUL is written as \001 here, and put in its place. */
static const struct row rows[] = {
	{ "one mail", UP "Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n", UP_SAID " 250 221", "[Subject: x\r\n\r\ny\r\n]" },
	{ "an answer for each recipient", HELLO FROM TO TO TO "DATA\r\nx\r\n.\r\n",
	  "220 250 250 250 250 250 354 250 250 250", "[x\r\n]" },
	{ "two mails", UP "x\r\n.\r\n" FROM TO "DATA\r\ny\r\n.\r\n", UP_SAID " 250 250 250 354 250", "[x\r\n][y\r\n]" },
	{ "empty mail", UP ".\r\n", UP_SAID " 250", "[]" },
	{ "stuffed dots", UP "..\r\n...\r\n.x\r\na.\r\n.\r\n", UP_SAID " 250", "[.\r\n..\r\nx\r\na.\r\n]" },
	{ "8 bit", UP "\xc3\xa9\xff\r\n.\r\n", UP_SAID " 250", "[\xc3\xa9\xff\r\n]" },
	{ "no line end at the end", UP "x.\r\n.\r\n", UP_SAID " 250", "[x.\r\n]" },
	{ "bare LF is content", UP "a\nb\r\n.\r\n", UP_SAID " 250", "[a\nb\r\n]" },
	{ "bare CR is content", UP "a\rb\r\r\n.\r\n", UP_SAID " 250", "[a\rb\r\r\n]" },
	{ "CR behind a stuffed dot", UP ".\rx\r\n.\r\n", UP_SAID " 250", "[\rx\r\n]" },
	/* smuggling: each of these is an end for some program */
	{ "LF dot LF", UP "a\n.\n" FROM, UP_SAID " 550", "" },
	{ "LF dot CR LF", UP "a\n.\r\n" FROM, UP_SAID " 550", "" },
	{ "CR LF dot LF", UP "a\r\n.\n" FROM, UP_SAID " 550", "" },
	{ "CR dot CR LF", UP "a\r.\r\n" FROM, UP_SAID " 550", "" },
	{ "CR LF dot CR dot CR LF", UP "a\r\n.\r.\r\n" FROM, UP_SAID " 550", "" },
	{ "dot LF first", UP ".\n" FROM, UP_SAID " 550", "" },
	{ "each recipient hears of it", HELLO FROM TO TO "DATA\r\na\n.\r\n", "220 250 250 250 250 354 550 550", "" },
	{ "NUL", UP "a\001b\r\n.\r\nNOOP\r\n", UP_SAID " 550 250", "" },
	{ "larger than said", UP "0123456789012345678901234567890123456789\r\n.\r\nNOOP\r\n", UP_SAID " 552 250", "" },
	{ "as large as can be", UP "012345678901234567890123456789\r\n.\r\n", UP_SAID " 250",
	  "[012345678901234567890123456789\r\n]" },
	{ "SIZE", HELLO "MAIL FROM:<a@a.example> SIZE=33 BODY=8BITMIME\r\n" FROM, "220 250 552 250", "" },
	{ "SIZE that fits", HELLO "MAIL FROM:<> BODY=7bit size=32\r\n", "220 250 250", "" },
	{ "SIZE that is none", HELLO "MAIL FROM:<> SIZE=-1\r\nMAIL FROM:<> SIZE=99999999999999999999\r\n",
	  "220 250 501 501", "" },
	{ "unknown parameters", HELLO "MAIL FROM:<> SMTPUTF8\r\n" FROM "RCPT TO:<b@b.example> NOTIFY=NEVER\r\n",
	  "220 250 555 250 555", "" },
	{ "out of order", "MAIL FROM:<>\r\n" HELLO "RCPT TO:<b@b.example>\r\nDATA\r\n" FROM FROM "DATA\r\n",
	  "220 503 250 503 503 250 503 503", "" },
	{ "RSET", HELLO FROM TO "RSET\r\nDATA\r\n", "220 250 250 250 250 503", "" },
	{ "LHLO again", HELLO FROM TO HELLO "DATA\r\n", "220 250 250 250 250 503", "" },
	{ "not SMTP", "HELO x\r\nEHLO x\r\nSTARTTLS\r\n\r\n", "220 500 500 500 500", "" },
	{ "no paths",
	  HELLO "MAIL FROM: a@a.example\r\nMAIL TO:<>\r\nMAIL\r\n" FROM "RCPT TO:<>\r\nRCPT TO:<b\r\nRCPT <b@b>\r\n",
	  "220 250 501 501 501 250 501 501 501", "" },
	{ "quoted", HELLO "MAIL FROM:<\"a> \\\" b\"@a.example>\r\nRCPT TO: <\" \"@b.example>\r\n", "220 250 250 250", "" },
	{ "other words", HELLO "NOOP\r\nVRFY x\r\nnoop x\r\nNOOPX\r\nDATA x\r\n", "220 250 250 252 250 500 501", "" },
	{ "LF ends a command", "LHLO x\nNOOP\n", "220 250 250", "" },
	{ "control characters in a command", HELLO "NOOP \001\r\nNOOP a\rb\r\nNOOP\r\n", "220 250 500 500 250", "" },
};

struct run {
	struct wg_lmtp_session s;
	struct wg_lmtp_room room;
	struct wg_buf said, mails;
};

/* Only final lines: their codes. */
static void hear(struct run *run)
{
	const char *p = wg_buf_text(&run->s.out);
	while (*p != '\0') {
		size_t n = strcspn(p, "\n");
		assert_true(n > 4 && p[n] == '\n' && p[n - 1] == '\r');
		if (p[3] == ' ')
			wg_buf_printf(&run->said, "%s%.3s", run->said.len > 0 ? " " : "", p);
		p += n + 1;
	}
	wg_buf_reset(&run->s.out);
}

static void start(struct run *run, size_t most)
{
	*run = (struct run){ .room = { .most = most }, .said = WG_BUF(65536), .mails = WG_BUF(65536) };
	wg_lmtp_session_start(&run->s, 32, &run->room);
	hear(run);
}

static void feed(struct run *run, const char *p, size_t len, size_t step)
{
	while (len > 0 && run->s.state != WG_LMTP_CLOSED) {
		size_t n = wg_lmtp_session_feed(&run->s, p, len < step ? len : step);
		p += n;
		len -= n;
		hear(run);
		if (run->s.state != WG_LMTP_HELD)
			continue;
		wg_buf_printf(&run->mails, "[%s]", wg_buf_text(&run->s.mail));
		wg_lmtp_session_answer(&run->s, WG_LMTP_KEPT, "01jd0000000000000000000000");
		hear(run);
	}
}

static void finish(struct run *run)
{
	wg_lmtp_session_free(&run->s);
	assert_int_equal(run->room.used, 0);
	wg_buf_free(&run->said);
	wg_buf_free(&run->mails);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sent[1024];
		size_t len = strlen(rows[i].sent);
		memcpy(sent, rows[i].sent, len);
		for (size_t k = 0; k < len; k++)
			sent[k] = sent[k] == '\001' ? '\0' : sent[k];
		for (size_t step = 1; step <= len; step = step < 12 ? step + 1 : step + len) {
			struct run run;
			start(&run, 1000);
			feed(&run, sent, len, step);
			if (strcmp(wg_buf_text(&run.said), rows[i].said) != 0 ||
			    strcmp(wg_buf_text(&run.mails), rows[i].mails) != 0)
				fail_msg("%s, %zu at a time: \"%s\", mails %s", rows[i].name, step, wg_buf_text(&run.said),
				         wg_buf_text(&run.mails));
			finish(&run);
		}
	}
}

static void test_no_room(void **state)
{
	(void)state;
	struct run a, b;
	start(&a, 40);
	start(&b, 0);
	b.s.room = &a.room;
	feed(&a, UP "012345678901234567890\r\n", strlen(UP) + 23, 1000);
	feed(&b, UP "01234567890123456789\r\n.\r\n", strlen(UP) + 25, 1000); /* more than is left */
	assert_string_equal(wg_buf_text(&b.said), UP_SAID " 452");
	feed(&b, FROM TO "DATA\r\n0123\r\n.\r\n", strlen(FROM TO) + 15, 1000);
	assert_string_equal(wg_buf_text(&b.mails), "[0123\r\n]");
	feed(&a, "01234567890\r\n.\r\n" FROM TO, strlen(FROM TO) + 16, 1000); /* 552: and what it had is free again */
	assert_string_equal(wg_buf_text(&a.said), UP_SAID " 552 250 250");
	assert_int_equal(a.room.used, 0);
	a.room.used = 40; /* others have it all */
	feed(&a, "DATA\r\n", 6, 1000);
	assert_string_equal(wg_buf_text(&a.said), UP_SAID " 552 250 250 452");
	a.room.used = 0;
	finish(&b);
	finish(&a);
}

static void test_fates(void **state)
{
	(void)state;
	static const struct {
		enum wg_lmtp_fate fate;
		const char *said;
	} fates[] = { { WG_LMTP_KEPT, "250 2.0.0 ID kept\r\n250 2.0.0 ID kept\r\n" },
		          { WG_LMTP_LATER, "451 4.3.0 not now: try again\r\n451 4.3.0 not now: try again\r\n" },
		          { WG_LMTP_FULL, "452 4.3.1 no room now: try again\r\n452 4.3.1 no room now: try again\r\n" } };
	static const char sent[] = HELLO FROM TO TO "DATA\r\nx\r\n.\r\nNOOP\r\n";
	for (size_t i = 0; i < WG_COUNT(fates); i++) {
		struct run run;
		start(&run, 1000);
		size_t n = wg_lmtp_session_feed(&run.s, sent, sizeof sent - 1);
		assert_int_equal(run.s.state, WG_LMTP_HELD);
		assert_int_equal(n, sizeof sent - 1 - 6); /* what is pipelined behind waits */
		assert_int_equal(wg_lmtp_session_feed(&run.s, sent, sizeof sent - 1), 0);
		wg_buf_reset(&run.s.out);
		wg_lmtp_session_answer(&run.s, fates[i].fate, "ID");
		assert_string_equal(wg_buf_text(&run.s.out), fates[i].said);
		wg_buf_reset(&run.s.out);
		wg_lmtp_session_answer(&run.s, WG_LMTP_KEPT, "ID"); /* nothing is held any more */
		assert_int_equal(run.s.out.len, 0);
		finish(&run);
	}
}

static void test_patience(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		unsigned times;
		enum wg_lmtp_state after;
	} table[] = { { "HUH\r\n", WG_LMTP_FAULTS - 1, WG_LMTP_COMMANDS },
		          { "HUH\r\n", WG_LMTP_FAULTS, WG_LMTP_CLOSED },
		          { "NOOP\r\n", WG_LMTP_IDLE_COMMANDS - 1, WG_LMTP_COMMANDS },
		          { "NOOP\r\n", WG_LMTP_IDLE_COMMANDS, WG_LMTP_CLOSED },
		          { "0123456789ABCDEF", WG_LMTP_LINE / 16 - 1, WG_LMTP_COMMANDS },
		          { "0123456789ABCDEF", WG_LMTP_LINE / 16 + 1, WG_LMTP_CLOSED } };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct run run;
		start(&run, 1000);
		for (unsigned k = 0; k < table[i].times; k++)
			feed(&run, table[i].line, strlen(table[i].line), 1000);
		assert_int_equal(run.s.state, table[i].after);
		finish(&run);
	}
	struct run run;
	start(&run, 1000);
	feed(&run, HELLO FROM, strlen(HELLO FROM), 1000);
	for (unsigned k = 0; k <= WG_LMTP_RECIPIENTS; k++)
		feed(&run, TO, strlen(TO), 1000);
	assert_int_equal(run.s.recipients, WG_LMTP_RECIPIENTS);
	assert_string_equal(wg_buf_text(&run.said) + run.said.len - 3, "452");
	finish(&run);
}

/* ---- over a socket */

static char folder[64], path[96];

static struct wg_lmtp_spec spec_of(void)
{
	return (struct wg_lmtp_spec){ .path = path,
		                          .mode = 0660,
		                          .max_mail = 100000,
		                          .max_under_way = 150000,
		                          .max_connections = 3,
		                          .command_ms = 30000,
		                          .data_ms = 30000 };
}

/* By the first letter: l later, h: answered when the loop turns again, x: never; others kept at once. */
static struct wg_lmtp_mail *later_mail;

static void answer_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	wg_lmtp_answer(later_mail, WG_LMTP_KEPT, "later");
}

static void serve_mail(void *arg, struct wg_lmtp_mail *mail)
{
	size_t len;
	const uint8_t *p = wg_lmtp_mail_bytes(mail, &len);
	const struct timeval soon = { .tv_usec = 50000 };
	if (len > 0 && p[0] == 'l') {
		wg_lmtp_answer(mail, WG_LMTP_LATER, "");
	} else if (len > 0 && p[0] == 'h') {
		later_mail = mail;
		(void)event_base_once(arg, -1, EV_TIMEOUT, answer_later, NULL, &soon);
	} else if (len == 0 || p[0] != 'x') {
		char id[32];
		(void)snprintf(id, sizeof id, "n%zu", len);
		wg_lmtp_answer(mail, WG_LMTP_KEPT, id);
	}
}

static void stop_loop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	(void)event_base_loopbreak(arg);
}

static pid_t serve(struct wg_lmtp_spec spec)
{
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct wg_err err = { 0 };
		struct wg_lmtp *lmtp = NULL;
		struct event_base *base = event_base_new();
		struct event *term = evsignal_new(base, SIGTERM, stop_loop, base);
		if (event_add(term, NULL) != 0 || wg_lmtp_start(base, &spec, serve_mail, base, &lmtp, &err) != WG_OK)
			_exit(2);
		(void)close(ready[0]);
		(void)!write(ready[1], "x", 1);
		(void)event_base_dispatch(base);
		wg_lmtp_freep(&lmtp);
		event_free(term);
		event_base_free(base);
		exit(0);
	}
	char c;
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	int status;
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int ring(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 20 };
	memcpy(at.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static void say(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0)
			return; /* hung up on: what it said before is looked at */
		p += n;
		len -= (size_t)n;
	}
}

/* Reads until the text has been said, or the end; "" stands for the end. */
static void expect(int fd, const char *text)
{
	char heard[65536];
	size_t len = 0;
	ssize_t n = 1;
	while (len < sizeof heard - 1 && (n = read(fd, heard + len, sizeof heard - 1 - len)) > 0) {
		len += (size_t)n;
		heard[len] = '\0';
		if (text[0] != '\0' && strstr(heard, text) != NULL)
			return;
	}
	heard[len] = '\0';
	if (text[0] != '\0' || n != 0)
		fail_msg("no \"%s\" but \"%s\" (%s)", text, heard, n < 0 ? strerror(errno) : "the end");
}

static void test_server(void **state)
{
	(void)state;
	pid_t pid = serve(spec_of());
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	int fd = ring();
	/* everything at once, a mail that is held in the middle */
	static const char all[] = UP "x\r\n" /* in the middle of it */;
	static const char pipelined[] =
		UP "held\r\n.\r\n" FROM TO "DATA\r\nlater\r\n.\r\n" FROM TO TO "DATA\r\nnow\r\n.\r\nQUIT\r\n";
	say(fd, pipelined, sizeof pipelined - 1);
	expect(fd,
	       "250 2.0.0 later kept\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go ahead, CR LF dot CR LF at the end\r\n451 ");
	expect(fd, "");
	(void)close(fd);
	/* one that hangs up while its mail is held, and one in the middle of its mail */
	fd = ring();
	say(fd, UP "held\r\n.\r\n", strlen(UP) + 9);
	expect(fd, "354");
	(void)close(fd);
	fd = ring();
	say(fd, all, sizeof all - 1);
	(void)close(fd);
	usleep(200000);
	fd = ring();
	say(fd, UP "now\r\n.\r\nQUIT\r\n", strlen(UP) + 14);
	expect(fd, "250 2.0.0 n5 kept\r\n221");
	(void)close(fd);
	stop(pid);
}

static void test_server_limits(void **state)
{
	(void)state;
	struct wg_lmtp_spec spec = spec_of();
	spec.command_ms = spec.data_ms = DRIP_MS;
	pid_t pid = serve(spec);
	static char big[120000];
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = i % 80 == 78 ? '\r' : i % 80 == 79 ? '\n' : 'b';
	int a = ring(), b = ring(), c = ring();
	expect(a, "220");
	expect(b, "220");
	expect(c, "220");
	int d = ring(); /* one too many */
	expect(d, "421");
	expect(d, "");
	(void)close(d);
	say(a, UP, strlen(UP));
	say(a, big, sizeof big);
	say(a, "\r\n.\r\n", 5);
	expect(a, "552");
	/* a byte now and then is no sign of life: neither in commands nor in a mail */
	say(b, UP, strlen(UP));
	expect(b, "354");
	for (int i = 0; i < DRIP_MS / 150 + 2; i++) {
		say(b, "x", 1);
		say(c, "x", 1);
		usleep(150000);
	}
	expect(b, "421");
	expect(b, "");
	expect(c, "421");
	expect(c, "");
	(void)close(a);
	(void)close(b);
	(void)close(c);
	a = ring(); /* and there is room again; this one never reads what it is told */
	int small = 4096;
	(void)setsockopt(a, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	static const char burst[] = HELLO HELLO HELLO HELLO HELLO HELLO HELLO HELLO;
	for (int i = 0; i < 20000; i++)
		say(a, burst, sizeof burst - 1);
	(void)close(a);
	a = ring();
	say(a, UP "xxx", strlen(UP) + 3);
	expect(a, "354");
	stop(pid); /* somebody is connected, with half a mail */
	expect(a, "421");
	(void)close(a);
}

static void test_socket(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct wg_lmtp *lmtp = NULL, *second = NULL;
	struct wg_err err = { 0 };
	struct wg_lmtp_spec spec = spec_of();
	(void)unlink(path);
	assert_int_equal(wg_lmtp_start(base, &spec, serve_mail, base, &lmtp, &err), WG_OK);
	assert_int_equal(wg_lmtp_start(base, &spec, serve_mail, base, &second, &err), WG_CONFIG); /* it lives */
	assert_non_null(strstr(err.text, "another process listens there"));
	wg_lmtp_freep(&lmtp);
	struct stat st;
	assert_int_equal(lstat(path, &st), 0); /* left behind, as after a crash */
	assert_int_equal(wg_lmtp_start(base, &spec, serve_mail, base, &lmtp, &err), WG_OK);
	wg_lmtp_freep(&lmtp);
	assert_int_equal(unlink(path), 0);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	(void)fclose(f);
	assert_int_equal(wg_lmtp_start(base, &spec, serve_mail, base, &lmtp, &err), WG_CONFIG); /* not ours to remove */
	assert_int_equal(unlink(path), 0);
	char longer[200];
	memset(longer, 'x', sizeof longer - 1);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	spec.path = longer;
	assert_int_equal(wg_lmtp_start(base, &spec, serve_mail, base, &lmtp, &err), WG_CONFIG);
	assert_null(lmtp);
	event_base_free(base);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/wardgate-lmtp-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/lmtp", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),    cmocka_unit_test(test_no_room), cmocka_unit_test(test_fates),
		cmocka_unit_test(test_patience), cmocka_unit_test(test_server),  cmocka_unit_test(test_server_limits),
		cmocka_unit_test(test_socket),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
