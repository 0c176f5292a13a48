/* The channel against mail servers that people run: Postfix, and the small one of the demo. What was handed over must
 * lie in the mailbox byte for byte, behind the headers that the server put before it. Postfix needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "smtp_peer.h"

#define ITEMS 3
#define LIMIT_MS 60000

struct job {
	unsigned port;
	struct wg_send_item items[ITEMS];
};

static void send_all(void *arg)
{
	struct job *job = arg;
	const struct wg_send_target target = {
		.smtp_host = "mail.example",
		.smtp_port = job->port,
		.helo = "gateway.wardgate.example",
		.from = "gateway@wardgate.example",
		.expect_ip = "127.0.0.1",
		.connect_ms = LIMIT_MS,
		.total_ms = LIMIT_MS,
		.tls = { .ca = smtp_path("pki/ca.pem"), .crl = smtp_path("pki/crl.pem") },
	};

	wg_channel_smtp.send(&target, job->items, ITEMS);
}

/* One mail to a desk, one to a desk that refuses, one to a desk that is busy, in one session. */
static void exchange(struct smtp_peer *peer, const char *mailbox, size_t size)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0), got WG_AUTO_BUF = WG_BUF(0);
	struct job *job = smtp_shared(sizeof *job);

	smtp_mail(&mail, size);
	*job = (struct job){ .port = peer->port,
		                 .items = { { .bytes = mail.data, .len = mail.len, .to = "refused@front-door.example" },
		                            { .bytes = mail.data, .len = mail.len, .to = "desk@front-door.example" },
		                            { .bytes = mail.data, .len = mail.len, .to = "later@front-door.example" } } };
	assert_int_equal(smtp_work(send_all, job, 2 * LIMIT_MS), SMTP_RAN);
	static const enum wg_sent expected[ITEMS] = { WG_SENT_REFUSED, WG_SENT_OK, WG_SENT_DEFER };
	for (size_t i = 0; i < ITEMS; i++) {
		const struct wg_send_result *r = &job->items[i].result;
		if (r->what != expected[i] || r->tls_fault || r->maybe || (r->receipt[0] != '\0') != (r->what == WG_SENT_OK))
			fail_msg("message %zu: what %d, \"%s\", receipt \"%s\"", i, r->what, r->detail, r->receipt);
	}
	smtp_arrived(mailbox, "not a header", &got);
	smtp_to_lf(&mail);
	assert_true(got.len > mail.len);
	assert_memory_equal(got.data + got.len - mail.len, mail.data, mail.len);
	/* what stands before it is headers and nothing else: no line of ours was eaten or doubled */
	for (const char *p = wg_buf_text(&got), *end = p + got.len - mail.len; p < end;
	     p = (const char *)memchr(p, '\n', got.len) + 1)
		assert_true(*p == '\t' || *p == ' ' || memchr(p, ':', strcspn(p, "\n")) != NULL);
}

static const size_t sizes[] = { 2000, 3 * 1024 * 1024 };

static void test_postfix(void **state)
{
	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		struct smtp_peer peer;
		const char *folder = smtp_path("postfix-%zu", i);
		const char *args[] = { folder, smtp_own_port(), smtp_path("pki"), NULL };
		smtp_peer_exec(&peer, WG_SOURCE_DIR "/tests/peers/postfix.sh", args);
		exchange(&peer, smtp_path("postfix-%zu/mail/all/new", i), sizes[i]);
		smtp_peer_stop(&peer);
	}
}

static void test_maildir(void **state)
{
	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		struct smtp_peer peer;
		const char *args[] = { smtp_path("maildir-%zu", i), smtp_path("pki/mail/server.pem"),
			                   smtp_path("pki/mail/server.key"), NULL };
		smtp_peer_exec(&peer, WG_SOURCE_DIR "/tests/peers/maildir_smtpd.py", args);
		exchange(&peer, smtp_path("maildir-%zu/desk@front-door.example/new", i), sizes[i]);
		smtp_peer_stop(&peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maildir),
		cmocka_unit_test(test_postfix),
	};

	return cmocka_run_group_tests_name("smtp servers", tests, smtp_setup, smtp_teardown);
}
