/* wg_way_smtp against mail servers that people run: Postfix with Dovecot for the logins, and OpenSMTPD. Both need root.
 * What was handed over must lie in the mailbox byte for byte, and a delivery report must name what it is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/session.h"
#include "smtp_peer.h"

#define ITEMS 3
#define LIMIT_MS 60000
#define REFERENCE "01h-reference-of-the-notice"

struct job {
	struct wg_send_target target;
	struct wg_send_item items[ITEMS];
	size_t count;
	struct wg_session_counts counts;
};

/* Two offers over one session, with a NOOP's worth of silence between. */
static void session(void *arg)
{
	struct job *job = arg;
	struct wg_session *s = NULL;
	struct wg_err err;

	if (wg_way_smtp.open(&job->target, &s, &err) != WG_OK)
		_exit(3);
	wg_way_smtp.offer(s, job->items, 1, NULL, NULL);
	(void)wg_way_smtp.keep(s); /* what it says shows in the counts */
	wg_way_smtp.offer(s, job->items + 1, job->count - 1, NULL, NULL);
	job->counts = *wg_session_counts(s);
	wg_way_smtp.close(&s);
}

static struct job *new_job(const struct smtp_peer *peer, const struct wg_buf *mail, bool implicit)
{
	static const char *const to[ITEMS] = { "refused@front-door.example", "desk@front-door.example",
		                                   "later@front-door.example" };
	struct job *job = smtp_shared(sizeof *job);

	job->target = (struct wg_send_target){
		.smtp_host = "localhost",
		.smtp_port = peer->port,
		.helo = "gateway.wardgate.example",
		.from = "gateway@wardgate.example",
		.implicit_tls = implicit,
		.require_tls = true,
		.reports = true,
		.expect_ip = "127.0.0.1",
		.connect_ms = LIMIT_MS,
		.total_ms = LIMIT_MS,
		.tls = { .ca = smtp_path("pki/ca.pem"), .crl = smtp_path("pki/crl.pem") },
	};
	job->count = ITEMS;
	for (size_t i = 0; i < ITEMS; i++)
		job->items[i] =
			(struct wg_send_item){ .message_id = REFERENCE, .bytes = mail->data, .len = mail->len, .to = to[i] };
	return job;
}

static void check_results(const struct job *job)
{
	static const enum wg_sent expected[ITEMS] = { WG_SENT_REFUSED, WG_SENT_OK, WG_SENT_DEFER };
	static const char *const words[ITEMS] = { "550 5.1.1", "accepted", "450 4.2.1" };

	for (size_t i = 0; i < ITEMS; i++) {
		const struct wg_send_result *r = &job->items[i].result;
		if (r->what != expected[i] || r->tls_fault || r->login_fault || r->maybe || !strstr(r->detail, words[i]) ||
		    (r->receipt[0] != '\0') != (r->what == WG_SENT_OK))
			fail_msg("mail %zu: what %d, \"%s\", receipt \"%s\"", i, r->what, r->detail, r->receipt);
	}
	assert_int_equal(job->counts.connections, 1);
	assert_int_equal(job->counts.reused, 2);
}

/* One mail to a desk that refuses, one to a desk, one to a desk that is busy; over one connection. */
static void exchange(const struct smtp_peer *peer, const char *mailbox, size_t size, bool implicit)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0), got WG_AUTO_BUF = WG_BUF(0);

	smtp_mail(&mail, size);
	struct job *job = new_job(peer, &mail, implicit);
	assert_int_equal(smtp_work(session, job, 2 * LIMIT_MS), SMTP_RAN);
	check_results(job);
	smtp_arrived(mailbox, "not a header", &got);
	smtp_to_lf(&mail);
	assert_true(got.len > mail.len);
	assert_memory_equal(got.data + got.len - mail.len, mail.data, mail.len);
}

static void start(struct smtp_peer *peer, const char *script, const char *folder, const char *option,
                  const char *option2)
{
	char program[512];
	const char *args[] = { smtp_path("%s", folder), smtp_own_port(), smtp_path("pki"), option, option2, NULL };

	(void)snprintf(program, sizeof program, "%s/tests/peers/%s", WG_SOURCE_DIR, script); /* a cut path does not start */
	smtp_peer_exec(peer, program, args);
}

static void test_postfix(void **state)
{
	struct wg_buf report WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	start(&peer, "postfix.sh", "postfix", NULL, NULL);
	exchange(&peer, smtp_path("postfix/mail/all/new"), 3 * 1024 * 1024, false);
	/* the report of a delivery that succeeded: asked for by NOTIFY, it carries ENVID and ORCPT, and no content (RET) */
	smtp_arrived(smtp_path("postfix/mail/all/new"), "Original-Envelope-Id: " REFERENCE, &report);
	assert_non_null(strstr(wg_buf_text(&report), "Original-Recipient: rfc822;desk@front-door.example"));
	assert_non_null(strstr(wg_buf_text(&report), "Action: delivered"));
	assert_true(report.len < 16384);
	smtp_peer_stop(&peer);
}

static void test_postfix_implicit(void **state)
{
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	start(&peer, "postfix.sh", "postfix-smtps", "smtps", NULL);
	exchange(&peer, smtp_path("postfix-smtps/mail/all/new"), 2000, true);
	smtp_peer_stop(&peer);
}

static void test_logins(void **state)
{
	static const struct {
		enum wg_send_auth auth;
		const char *user, *secret; /* NULL: the token */
		bool good;
	} cases[] = {
		{ WG_SEND_AUTH_PLAIN, "gateway", "CANARY-secret-01632", true },
		{ WG_SEND_AUTH_SCRAM_SHA_256, "gateway", "CANARY-secret-01632\n", true },
		{ WG_SEND_AUTH_XOAUTH2, "gateway", NULL, true },
		{ WG_SEND_AUTH_PLAIN, "gateway", "another", false },
		{ WG_SEND_AUTH_SCRAM_SHA_256, "gateway", "another", false },
		{ WG_SEND_AUTH_SCRAM_SHA_256, "a,b=c", "CANARY-secret-01632", false },
		{ WG_SEND_AUTH_XOAUTH2, "gateway", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJnYXRld2F5In0.AAAA", false },
	};
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	start(&peer, "postfix.sh", "postfix-sasl", "sasl", NULL);
	smtp_mail(&mail, 2000);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct job *job = new_job(&peer, &mail, false);
		job->target.auth = cases[i].auth;
		job->target.user = cases[i].user;
		job->target.secret = cases[i].secret ? smtp_secret(cases[i].secret) : smtp_path("postfix-sasl/token");
		assert_int_equal(smtp_work(session, job, 2 * LIMIT_MS), SMTP_RAN);
		if (cases[i].good) {
			check_results(job);
			continue;
		}
		const struct wg_send_result *r = &job->items[1].result;
		if (r->what != WG_SENT_DEFER || !r->login_fault || r->maybe || !strstr(r->detail, "check user and password"))
			fail_msg("login %zu: what %d, \"%s\"", i, r->what, r->detail);
	}
	smtp_peer_stop(&peer);
}

static void test_opensmtpd(void **state)
{
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	start(&peer, "opensmtpd.sh", "opensmtpd", "starttls", NULL);
	exchange(&peer, smtp_path("opensmtpd/mail/new"), 3 * 1024 * 1024, false);
	smtp_peer_stop(&peer);
	start(&peer, "opensmtpd.sh", "opensmtpd-smtps", "smtps", NULL);
	exchange(&peer, smtp_path("opensmtpd-smtps/mail/new"), 2000, true);
	smtp_peer_stop(&peer);
}

static void test_opensmtpd_login(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	start(&peer, "opensmtpd.sh", "opensmtpd-login", "starttls", NULL);
	smtp_mail(&mail, 2000);
	for (int good = 0; good < 2; good++) {
		struct job *job = new_job(&peer, &mail, false);
		job->target.auth = WG_SEND_AUTH_PLAIN;
		job->target.user = "gateway";
		job->target.secret = smtp_secret(good ? "CANARY-secret-01632" : "another");
		assert_int_equal(smtp_work(session, job, 2 * LIMIT_MS), SMTP_RAN);
		if (good)
			check_results(job);
		else
			assert_true(job->items[1].result.what == WG_SENT_DEFER && job->items[1].result.login_fault);
	}
	smtp_peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_postfix),   cmocka_unit_test(test_postfix_implicit), cmocka_unit_test(test_logins),
		cmocka_unit_test(test_opensmtpd), cmocka_unit_test(test_opensmtpd_login),
	};

	return cmocka_run_group_tests_name("smtp peers", tests, smtp_setup, smtp_teardown);
}
