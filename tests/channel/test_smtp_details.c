/* wg_way_smtp where a table of servers does not reach: names that resolve to something else, several addresses, time
 * that passes, what goes into the commands, client certificates, many sessions. */
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/session.h"
#include "crypto/tls.h"
#include "smtp_peer.h"

#define ITEMS 3
#define SMALL 2000
#define LONG_MS 60000
#define SECRET "CANARY-secret-01632"

/* ---- a world that is not as it seems */

static int64_t shift_ms; /* what the monotonic clock is ahead */

int clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);

	if (rc == 0 && id == CLOCK_MONOTONIC)
		out->tv_sec += (time_t)(shift_ms / 1000); /* whole seconds do */
	return rc;
}

/* "victim.example" is an alias of elsewhere.example; "many.example" has an address where nobody listens, then one of
 * the other family, then the good one. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&real, &symbol, sizeof real);
	if (node && strcmp(node, "victim.example") == 0) {
		int failed = real("127.0.0.1", service, hints, res);
		if (!failed) {
			free((*res)->ai_canonname);
			(*res)->ai_canonname = strdup("elsewhere.example");
		}
		return failed;
	}
	if (node && strcmp(node, "localhost") == 0) {
		static const char *const addresses[] = { "127.0.0.3", "::1", "127.0.0.1" };
		struct addrinfo **next = res;
		for (size_t i = 0; i < WG_COUNT(addresses); i++) {
			if (real(addresses[i], service, hints, next) != 0)
				return EAI_FAIL;
			while (*next)
				next = &(*next)->ai_next;
		}
		return 0;
	}
	return real(node, service, hints, res);
}

/* ---- jobs */

struct job {
	struct wg_send_target target;
	struct wg_send_item items[ITEMS];
	size_t count;
	int64_t shift_ms; /* the clock jumps so far after the first item */
	bool kept;        /* and this is what keep said then */
	int sessions;
	enum wg_code opened;
	struct wg_session_counts counts;
};

static void session(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < job->sessions; i++) {
		struct wg_session *s = NULL;
		struct wg_err err;
		job->opened = wg_way_smtp.open(&job->target, &s, &err);
		if (job->opened != WG_OK)
			return;
		wg_way_smtp.offer(s, job->items, 1, NULL, NULL);
		if (job->shift_ms) {
			(void)poll(NULL, 0, 100); /* the other side closes, where it wants to */
			shift_ms += job->shift_ms;
			job->kept = wg_way_smtp.keep(s);
		}
		wg_way_smtp.offer(s, job->items + 1, job->count - 1, NULL, NULL);
		job->counts = *wg_session_counts(s);
		wg_way_smtp.close(&s);
	}
}

static struct job *new_job(unsigned port, const struct wg_buf *mail)
{
	struct job *job = smtp_shared(sizeof *job);

	job->target = (struct wg_send_target){
		.smtp_host = "localhost",
		.smtp_port = port,
		.helo = "gateway.wardgate.example",
		.from = "gateway@wardgate.example",
		.to = "desk@front-door.example",
		.user = "gateway",
		.require_tls = true,
		.reports = true,
		.expect_ip = "127.0.0.1",
		.connect_ms = LONG_MS,
		.total_ms = LONG_MS,
		.tls = { .ca = smtp_path("pki/ca.pem"), .crl = smtp_path("pki/crl.pem") },
	};
	job->count = ITEMS;
	job->sessions = 1;
	for (size_t i = 0; i < ITEMS; i++)
		job->items[i] = (struct wg_send_item){ .message_id = "a+b=c d", .bytes = mail->data, .len = mail->len };
	return job;
}

static void run(struct smtp_peer *peer, struct job *job)
{
	assert_int_equal(smtp_work(session, job, LONG_MS), SMTP_RAN);
	smtp_peer_stop(peer);
}

static void all_ok(const struct job *job, const struct smtp_peer *peer)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->items[i].result.what != WG_SENT_OK)
			fail_msg("mail %zu: \"%s\"; the peer saw:\n%s", i, job->items[i].result.detail, peer->report);
}

/* ---- tests */

/* The name that was asked for decides, not what a resolver makes of it. */
static void test_alias(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start_in(&peer, "smtp_hostile.py", "wrong-name"); /* its certificate is for elsewhere.example */
	struct job *job = new_job(peer.port, &mail);
	job->target.smtp_host = "victim.example";
	job->target.expect_ip = NULL;
	run(&peer, job);
	assert_true(job->items[0].result.what == WG_SENT_DEFER && job->items[0].result.tls_fault);
	assert_non_null(strstr(job->items[0].result.detail, "hostname mismatch"));
	assert_int_equal(smtp_peer_number(&peer, "inside"), 0);
}

static void test_addresses(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start_in(&peer, "smtp_hostile.py", "good");
	struct job *job = new_job(peer.port, &mail);
	job->target.expect_ip = NULL;
	run(&peer, job);
	all_ok(job, &peer);
	assert_int_equal(job->counts.connections, 1);
	assert_int_equal(job->counts.reused, ITEMS - 1);
	/* nobody listens: not TLS's fault */
	struct job *nobody = new_job(9, &mail);
	assert_int_equal(smtp_work(session, nobody, LONG_MS), SMTP_RAN);
	assert_true(nobody->items[0].result.what == WG_SENT_DEFER && !nobody->items[0].result.tls_fault);
	assert_non_null(strstr(nobody->items[0].result.detail, "refused"));
	nobody->target.smtp_host = "nowhere.invalid";
	nobody->target.expect_ip = NULL;
	assert_int_equal(smtp_work(session, nobody, LONG_MS), SMTP_RAN);
	assert_non_null(strstr(nobody->items[0].result.detail, "no address is known"));
}

static int param_lines(const struct smtp_peer *peer, const char *param)
{
	char line[200];

	(void)snprintf(line, sizeof line, "param %s\n", param); /* fits */
	return (int)smtp_peer_lines(peer, line);
}

/* What is asked for, in xtext, and only where it is offered. */
static void test_parameters(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;
	char size[40];

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	(void)snprintf(size, sizeof size, "SIZE=%zu", mail.len); /* fits */
	for (int reports = 0; reports < 2; reports++) {
		smtp_peer_start_in(&peer, "smtp_hostile.py", "dsn");
		struct job *job = new_job(peer.port, &mail);
		job->target.reports = reports;
		job->items[1].message_id = NULL;
		job->items[2].to = "o'neil+x=y@front-door.example";
		run(&peer, job);
		all_ok(job, &peer);
		assert_int_equal(param_lines(&peer, size), 3);
		assert_int_equal(param_lines(&peer, "RET=HDRS"), reports ? 3 : 0);
		assert_int_equal(param_lines(&peer, "ENVID=a+2Bb+3Dc+20d"), reports ? 2 : 0);
		assert_int_equal(param_lines(&peer, "NOTIFY=SUCCESS,FAILURE,DELAY"), reports ? 3 : 0);
		assert_int_equal(param_lines(&peer, "ORCPT=rfc822;desk@front-door.example"), reports ? 2 : 0);
		assert_int_equal(param_lines(&peer, "ORCPT=rfc822;o'neil+2Bx+3Dy@front-door.example"), reports ? 1 : 0);
		assert_int_equal(param_lines(&peer, "REQUIRETLS"), 0);
	}
	static const struct {
		const char *scenario;
		int lines;
	} cases[] = { { "require-tls", 3 }, { "dsn-clear-only", 0 }, { "good", 0 } };
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		smtp_peer_start_in(&peer, "smtp_hostile.py", cases[i].scenario);
		struct job *job = new_job(peer.port, &mail);
		run(&peer, job);
		all_ok(job, &peer);
		assert_int_equal(param_lines(&peer, "REQUIRETLS"), cases[i].lines);
		assert_int_equal((int)smtp_peer_lines(&peer, "param "), cases[i].lines);
	}
}

/* Which mechanism went over the wire. */
static void test_mechanisms(void **state)
{
	static const struct {
		const char *scenario, *login;
		enum wg_send_auth auth;
	} cases[] = {
		{ "auth-plain", "login ok PLAIN", WG_SEND_AUTH_PLAIN },
		{ "auth-scram", "login ok SCRAM-SHA-256\n", WG_SEND_AUTH_SCRAM_SHA_256 },
		{ "auth-scram-plus", "login ok SCRAM-SHA-256-PLUS", WG_SEND_AUTH_SCRAM_SHA_256 },
		{ "auth-scram-plus-1.2", "login ok SCRAM-SHA-256-PLUS", WG_SEND_AUTH_SCRAM_SHA_256 },
		{ "auth-xoauth2", "login ok XOAUTH2", WG_SEND_AUTH_XOAUTH2 },
	};
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct smtp_peer peer;
		smtp_peer_start_in(&peer, "smtp_hostile.py", cases[i].scenario);
		struct job *job = new_job(peer.port, &mail);
		job->target.auth = cases[i].auth;
		job->target.secret = smtp_secret(SECRET);
		run(&peer, job);
		all_ok(job, &peer);
		assert_int_equal(smtp_peer_lines(&peer, cases[i].login), 1);
		assert_int_equal(smtp_peer_lines(&peer, "login "), 1); /* once a connection, not once a mail */
	}
}

/* The file of the secret is fit, or nobody is told it. */
static void test_secret(void **state)
{
	static const struct {
		const char *secret; /* NULL: no file */
		mode_t mode;
		const char *words;
	} cases[] = {
		{ NULL, 0, "No such file" },        { "", 0600, "is empty" },     { "\n", 0600, "is empty" },
		{ "one\ntwo\n", 0600, "one line" }, { "a\tb", 0600, "one line" }, { SECRET, 0640, "chmod 600" },
		{ SECRET, 0604, "chmod 600" },
	};
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct smtp_peer peer;
		smtp_peer_start_in(&peer, "smtp_hostile.py", "auth-plain");
		struct job *job = new_job(peer.port, &mail);
		job->target.auth = WG_SEND_AUTH_PLAIN;
		job->target.secret = cases[i].secret ? smtp_secret(cases[i].secret) : smtp_path("absent");
		if (cases[i].secret)
			assert_int_equal(chmod(job->target.secret, cases[i].mode), 0);
		run(&peer, job);
		const struct wg_send_result *r = &job->items[0].result;
		if (r->what != WG_SENT_DEFER || !r->login_fault || !strstr(r->detail, cases[i].words))
			fail_msg("secret %zu: what %d, \"%s\"", i, r->what, r->detail);
		assert_int_equal(smtp_peer_lines(&peer, "verb AUTH"), 0);
	}
}

/* A minute of silence, then NOOP; the connection is used again. */
static void test_keep(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	for (int minute = 0; minute < 2; minute++) {
		struct smtp_peer peer;
		smtp_peer_start_in(&peer, "smtp_hostile.py", "good");
		struct job *job = new_job(peer.port, &mail);
		job->shift_ms = minute ? 61000 : 50000;
		run(&peer, job);
		all_ok(job, &peer);
		assert_true(job->kept);
		assert_int_equal(smtp_peer_lines(&peer, "verb NOOP"), minute);
		assert_int_equal(smtp_peer_number(&peer, "connections"), 1);
		assert_int_equal(job->counts.reused, ITEMS - 1);
	}
}

/* A server that closes after each mail: resumed while the full handshake is fresh, verified anew after that. */
static void test_resumption(void **state)
{
	static const struct {
		const char *scenario;
		int64_t shift_ms;
		unsigned resumed;
	} cases[] = {
		{ "resumes", 1000, 2 },
		{ "resumes-1.2", 1000, 2 },
		{ "resumes", WG_TLS_RESUME_MS + 1000, 1 }, /* the third resumes the second */
		{ "resumption-refused", 1000, 0 },
	};
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct smtp_peer peer;
		smtp_peer_start_in(&peer, "smtp_hostile.py", cases[i].scenario);
		struct job *job = new_job(peer.port, &mail);
		job->shift_ms = cases[i].shift_ms;
		run(&peer, job);
		all_ok(job, &peer);
		assert_false(job->kept);
		assert_int_equal(job->counts.connections, ITEMS);
		assert_int_equal(job->counts.resumed, cases[i].resumed);
		assert_int_equal(smtp_peer_number(&peer, "resumed"), cases[i].resumed);
		assert_int_equal(job->counts.reused, 0);
	}
}

/* The same certificate in every session, resumed or not. */
static void test_client_certificate(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start_in(&peer, "smtp_zoo.py", "client-cert");
	struct job *job = new_job(peer.port, &mail);
	job->target.tls.certificate = smtp_path("pki/derbyshire/client.pem");
	job->target.tls.key = smtp_path("pki/derbyshire/client.key");
	job->sessions = 4;
	run(&peer, job);
	all_ok(job, &peer);
	assert_int_equal(smtp_peer_lines(&peer, "client another-agency.example\n"), 4); /* the CN of derbyshire's */
	assert_int_equal(smtp_peer_lines(&peer, "client "), 4);
}

/* TLS 1.3 with tickets: bare libesmtp hung in 7 of 30 such sessions. */
static void test_thirty(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start_in(&peer, "smtp_zoo.py", "tickets");
	struct job *job = new_job(peer.port, &mail);
	job->sessions = 30;
	run(&peer, job);
	all_ok(job, &peer);
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 30 * ITEMS);
}

/* What may not be said on the wire is refused before anybody is called. */
static void test_unfit(void **state)
{
	static const struct {
		const char *to, *bytes, *detail;
	} cases[] = {
		{ "desk@front-door.example\r\nRCPT TO:<thief@elsewhere.example>", "A: b\r\n\r\nc\r\n", "address" },
		{ "desk@front-door.example> NOTIFY=NEVER", "A: b\r\n\r\nc\r\n", "address" },
		{ "desk", "A: b\r\n\r\nc\r\n", "address" },
		{ "", "A: b\r\n\r\nc\r\n", "address" },
		{ "desk@front-door.example", "A: b\r\n\r\nc\n.\r\n", "lone LF" },
		{ "desk@front-door.example", "A: b\r\n\r\nc\r.\r\n", "lone CR" },
		{ "desk@front-door.example", "A: b\r\n\r\nc\n.\nMAIL FROM:<x@y.example>\r\n", "lone LF" },
		{ "desk@front-door.example", "A: b\r\n\r\nc", "line end" },
		{ "desk@front-door.example", "A: b\r\n\r\n\xc3\xa9\r\n", "7-bit" },
		{ "desk@front-door.example", "", "line end" },
	};

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		const struct wg_buf mail = { .data = (uint8_t *)(uintptr_t)cases[i].bytes, .len = strlen(cases[i].bytes) };
		struct smtp_peer peer;
		smtp_peer_start_in(&peer, "smtp_hostile.py", "good");
		struct job *job = new_job(peer.port, &mail);
		job->target.to = cases[i].to;
		run(&peer, job);
		for (size_t k = 0; k < ITEMS; k++) {
			assert_int_equal(job->items[k].result.what, WG_SENT_REFUSED);
			assert_non_null(strstr(job->items[k].result.detail, cases[i].detail));
		}
		assert_int_equal(smtp_peer_number(&peer, "connections"), 0);
	}
}

/* What can never be reached as it is described is said when the session is made. */
static void test_target(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct wg_send_target bad[10];

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	struct job *job = new_job(25, &mail);
	for (size_t i = 0; i < WG_COUNT(bad); i++)
		bad[i] = job->target;
	bad[0].smtp_host = "local host";
	bad[1].smtp_port = 0;
	bad[2].smtp_port = 65536;
	bad[3].helo = "g.example\r\nMAIL FROM:<>";
	bad[4].from = "g@w.example> SIZE=1";
	bad[5].from = NULL;
	bad[6].expect_ip = "127.0.0.1:25";
	bad[7].total_ms = 0;
	bad[8].connect_ms = -1;
	bad[9].smtp_host = NULL;
	bad[9].auth = WG_SEND_AUTH_PLAIN; /* a password for whoever serves a domain */
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		struct wg_session *s = NULL;
		struct wg_err err = { .code = WG_OK };
		assert_int_equal(wg_way_smtp.open(&bad[i], &s, &err), WG_CONFIG);
		assert_true(s == NULL && err.text[0] != '\0');
	}
	/* a file of authorities that is not there is no TLS fault of the server's */
	struct smtp_peer peer;
	smtp_peer_start_in(&peer, "smtp_hostile.py", "good");
	job = new_job(peer.port, &mail);
	job->target.tls.ca = smtp_path("absent");
	run(&peer, job);
	assert_true(job->items[0].result.what == WG_SENT_DEFER && !job->items[0].result.tls_fault);
	assert_int_equal(smtp_peer_number(&peer, "inside"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alias),      cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_secret),     cmocka_unit_test(test_keep),
		cmocka_unit_test(test_resumption), cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_thirty),     cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_target),
	};

	return cmocka_run_group_tests_name("smtp details", tests, smtp_setup, smtp_teardown);
}
