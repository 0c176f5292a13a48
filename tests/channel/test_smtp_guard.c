/* The channel against every misbehaviour of a mail server that we know, and bare libesmtp as the control: where the
 * guard is said to be needed, the library alone has to be seen failing. */
#include <dlfcn.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libesmtp.h>

#include "base/mem.h"
#include "smtp_peer.h"

#define ITEMS 3
#define SMALL 4000
#define LARGE ((size_t)6 * 1024 * 1024)
/* No test waits for this: it only turns a hang into a failure. */
#define LONG_MS 60000
/* How long a control is watched before it counts as hung; the healthy ones take some 100 ms. */
#define HANG_MS 4000
/* The limit for peers who never finish: long enough to get as far as they let us. */
#define SHORT_MS 3000

/* What a worker does and what it found. Lies in shared memory. */
struct job {
	unsigned port;
	const char *host, *to;
	const void *bytes;
	size_t len, count;
	int total_ms;
	bool client, slow_event;
	struct wg_send_item items[ITEMS];
	/* bare library only */
	int started, error, code[ITEMS];
	bool certificate_freed;
};

/* A resolver that has been lied to: "victim.example" is an alias of elsewhere.example. Interposed for libesmtp too. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&real, &symbol, sizeof real);
	if (!node || strcmp(node, "victim.example") != 0)
		return real(node, service, hints, res);
	int failed = real("127.0.0.1", service, hints, res);
	if (!failed) {
		free((*res)->ai_canonname);
		(*res)->ai_canonname = strdup("elsewhere.example");
	}
	return failed;
}

static void guarded(void *arg)
{
	struct job *job = arg;
	const struct wg_send_target target = {
		.smtp_host = job->host ? job->host : "localhost",
		.smtp_port = job->port,
		.helo = "gateway.wardgate.example",
		.from = "gateway@wardgate.example",
		.expect_ip = job->host ? NULL : "127.0.0.1",
		.connect_ms = LONG_MS,
		.total_ms = job->total_ms,
		.tls = { .ca = smtp_path("pki/ca.pem"),
		         .crl = smtp_path("pki/crl.pem"),
		         .certificate = job->client ? smtp_path("pki/derbyshire/client.pem") : NULL,
		         .key = job->client ? smtp_path("pki/derbyshire/client.key") : NULL },
	};

	for (size_t i = 0; i < job->count; i++)
		job->items[i] = (struct wg_send_item){ .bytes = job->bytes, .len = job->len, .to = job->to };
	wg_channel_smtp.send(&target, job->items, job->count);
}

static void certificate_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp; /* part of OpenSSL's signature */
	if (ptr)
		*(bool *)ptr = true;
}

/* The context that the library would make for itself, but with our authority. */
static SSL_CTX *bare_context(struct job *job)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (SSL_CTX_load_verify_locations(ctx, smtp_path("pki/ca.pem"), NULL) != 1)
		_exit(3);
	if (job->client) {
		int index = X509_get_ex_new_index(0, NULL, NULL, NULL, certificate_freed);
		if (SSL_CTX_use_certificate_file(ctx, smtp_path("pki/derbyshire/client.pem"), SSL_FILETYPE_PEM) != 1 ||
		    SSL_CTX_use_PrivateKey_file(ctx, smtp_path("pki/derbyshire/client.key"), SSL_FILETYPE_PEM) != 1 ||
		    X509_set_ex_data(SSL_CTX_get0_certificate(ctx), index, &job->certificate_freed) != 1)
			_exit(3);
	}
	return ctx;
}

/* An application that is busy for a moment when it hears that TLS is up: nothing forbids that. */
static void slow_event(smtp_session_t session, int number, void *arg, ...)
{
	(void)session, (void)arg; /* part of the library's signature */
	if (number == SMTP_EV_STARTTLS_OK)
		(void)usleep(300000); /* cut short: as good */
}

struct text {
	const void *bytes;
	size_t len;
	bool given;
};

static const char *give_text(void **ctx, int *len, void *arg)
{
	struct text *text = arg;

	(void)ctx; /* not needed */
	if (len)
		*len = text->given ? 0 : (int)text->len;
	text->given = len != NULL;
	return text->bytes;
}

/* How the library's manual says to send: TLS required, start, look at the status. */
static void bare(void *arg)
{
	struct job *job = arg;
	struct text texts[ITEMS];
	smtp_message_t messages[ITEMS];
	char server[80];
	smtp_session_t session = smtp_create_session();

	(void)snprintf(server, sizeof server, "%s:%u", job->host ? job->host : "localhost", job->port); /* fits */
	(void)setenv("HOME", "/nonexistent", 1); /* fails only for a bad name */
	(void)signal(SIGPIPE, SIG_IGN);          /* as an application must */
	(void)smtp_set_server(session, server);  /* a failure shows as a session that does not start */
	(void)smtp_set_hostname(session, "gateway.wardgate.example");
	(void)smtp_starttls_enable(session, Starttls_REQUIRED);
	(void)smtp_starttls_set_ctx(session, bare_context(job));
	(void)smtp_set_timeout(session, Timeout_TRANSFER | Timeout_OVERRIDE_RFC2822_MINIMUM, 1000);
	if (job->slow_event)
		(void)smtp_set_eventcb(session, slow_event, NULL);
	for (size_t i = 0; i < job->count; i++) {
		texts[i] = (struct text){ job->bytes, job->len, false };
		messages[i] = smtp_add_message(session);
		(void)smtp_set_reverse_path(messages[i], "gateway@wardgate.example");
		(void)smtp_set_messagecb(messages[i], give_text, &texts[i]);
		(void)smtp_add_recipient(messages[i], job->to);
	}
	job->started = smtp_start_session(session);
	job->error = smtp_errno();
	for (size_t i = 0; i < job->count; i++)
		job->code[i] = smtp_message_transfer_status(messages[i])->code;
}

static struct job *new_job(const struct smtp_peer *peer, const struct wg_buf *mail, size_t count)
{
	struct job *job = smtp_shared(sizeof *job);

	*job = (struct job){ .port = peer->port,
		                 .to = "desk@front-door.example",
		                 .bytes = mail->data,
		                 .len = mail->len,
		                 .count = count,
		                 .total_ms = LONG_MS };
	return job;
}

struct row {
	const char *scenario;
	size_t size;
	int total_ms;
	enum wg_sent what;
	bool tls_fault, maybe;
	const char *detail; /* must occur in it */
	long accepted;
};

static const struct row rows[] = {
	{ "good", SMALL, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "good", LARGE, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "pipelining", LARGE, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "chunking", LARGE, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "chunking-slow", LARGE, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "chunking-554", LARGE, LONG_MS, WG_SENT_REFUSED, false, false, "DATA: 554", 0 },
	{ "chunking-stall", LARGE, SHORT_MS, WG_SENT_DEFER, false, false, "time limit (total)", 0 },
	{ "tls-1.2", SMALL, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "controls", SMALL, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	{ "pause", LARGE, LONG_MS, WG_SENT_OK, false, false, "accepted", 1 },
	/* TLS that is missing, refused, tampered with or unverified: an alarm, and nothing in the clear */
	{ "no-starttls", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "does not offer STARTTLS", 0 },
	{ "starttls-454", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "454", 0 },
	{ "starttls-502", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "502", 0 },
	{ "starttls-two-lines", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "exactly one line", 0 },
	{ "starttls-drop", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "STARTTLS failed", 0 },
	{ "ehlo-refused", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "does not offer STARTTLS", 0 },
	{ "inject", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "injected", 0 },
	{ "inject-early", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "injected", 0 },
	{ "inject-junk", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "injected", 0 },
	{ "wrong-name", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "hostname mismatch", 0 },
	{ "unknown-ca", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "issuer", 0 },
	{ "expired", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "expired", 0 },
	{ "revoked", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "revoked", 0 },
	{ "tls-1.1", SMALL, LONG_MS, WG_SENT_DEFER, true, false, "protocol version", 0 },
	/* no end in sight */
	{ "stall", LARGE, SHORT_MS, WG_SENT_DEFER, false, false, "time limit (total)", 0 },
	{ "silent", SMALL, SHORT_MS, WG_SENT_DEFER, false, false, "time limit (total)", 0 },
	{ "drip", SMALL, SHORT_MS, WG_SENT_DEFER, false, false, "time limit (total)", 0 },
	{ "endless-ehlo", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "does not end", 0 },
	{ "endless-ehlo-tls", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "does not end", 0 },
	{ "endless-line", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "", 0 },
	/* lost on the way */
	{ "drop-in-data", LARGE, LONG_MS, WG_SENT_DEFER, false, false, "", 0 },
	{ "drop-after-data", SMALL, LONG_MS, WG_SENT_DEFER, false, true, "", 0 },
	{ "half-answer", SMALL, LONG_MS, WG_SENT_DEFER, false, true, "", 0 },
	{ "end-354", SMALL, LONG_MS, WG_SENT_DEFER, false, true, "", 0 },
	/* answers */
	{ "greeting-554", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "554 go away", 0 },
	{ "mail-450", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "MAIL: 450 later", 0 },
	{ "mail-530", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "MAIL: 530", 0 },
	{ "mail-550", SMALL, LONG_MS, WG_SENT_REFUSED, false, false, "MAIL: 550 no such sender", 0 },
	{ "rcpt-550-chunking", LARGE, LONG_MS, WG_SENT_REFUSED, false, false, "RCPT: 550 no such desk", 0 },
	{ "rcpt-450", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "RCPT: 450 later", 0 },
	{ "rcpt-550", SMALL, LONG_MS, WG_SENT_REFUSED, false, false, "RCPT: 550 no such desk", 0 },
	{ "data-451", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "DATA: 451 later", 0 },
	{ "data-554", SMALL, LONG_MS, WG_SENT_REFUSED, false, false, "DATA: 554 no", 0 },
	{ "end-451", SMALL, LONG_MS, WG_SENT_DEFER, false, false, "DATA: 451 later", 0 },
	{ "end-554", SMALL, LONG_MS, WG_SENT_REFUSED, false, false, "DATA: 554 not wanted", 0 },
};

static void check_accepted(const struct smtp_peer *peer, int i, const struct wg_buf *mail)
{
	struct wg_buf got WG_AUTO_BUF = WG_BUF(0);

	smtp_peer_accepted(peer, i, &got);
	assert_int_equal(got.len, mail->len);
	assert_memory_equal(got.data, mail->data, mail->len);
}

static void test_every_row(void **state)
{
	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
		struct smtp_peer peer;
		smtp_mail(&mail, row->size);
		smtp_peer_start(&peer, row->scenario);
		struct job *job = new_job(&peer, &mail, 1);
		job->total_ms = row->total_ms;
		enum smtp_ended ended = smtp_work(guarded, job, LONG_MS);
		smtp_peer_stop(&peer);
		const struct wg_send_result *r = &job->items[0].result;
		if (ended != SMTP_RAN || r->what != row->what || r->tls_fault != row->tls_fault || r->maybe != row->maybe ||
		    !strstr(r->detail, row->detail) || (r->receipt[0] != '\0') != (row->accepted > 0) ||
		    r->login_fault != (strcmp(row->scenario, "mail-530") == 0) || smtp_peer_number(&peer, "clear") != 0 ||
		    smtp_peer_number(&peer, "accepted") != row->accepted)
			fail_msg("%s: ended %d, what %d, tls %d, maybe %d, \"%s\", receipt \"%s\"; the peer saw:\n%s",
			         row->scenario, ended, r->what, r->tls_fault, r->maybe, r->detail, r->receipt, peer.report);
		if (row->accepted)
			check_accepted(&peer, 1, &mail);
		if (strncmp(row->detail, "MAIL", 4) == 0 || strncmp(row->detail, "RCPT", 4) == 0)
			assert_int_equal(smtp_peer_number(&peer, "taken"), 0); /* no content for nobody */
	}
}

static void test_receipt(void **state)
{
	static const struct {
		const char *scenario, *receipt;
	} cases[] = { { "good", "Q000001" }, { "controls", "A" } };

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
		struct smtp_peer peer;
		smtp_mail(&mail, SMALL);
		smtp_peer_start(&peer, cases[i].scenario);
		struct job *job = new_job(&peer, &mail, 1);
		assert_int_equal(smtp_work(guarded, job, LONG_MS), SMTP_RAN);
		smtp_peer_stop(&peer);
		assert_string_equal(job->items[0].result.receipt, cases[i].receipt);
	}
}

/* Three messages in one session: what becomes of one says nothing about the others. */
static void test_three(void **state)
{
	static const struct {
		const char *scenario;
		enum wg_sent what[ITEMS];
		long accepted;
	} cases[] = {
		{ "good", { WG_SENT_OK, WG_SENT_OK, WG_SENT_OK }, 3 },
		{ "chunking", { WG_SENT_OK, WG_SENT_OK, WG_SENT_OK }, 3 },
		{ "rcpt-550-second", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "rcpt-550-second-pipelined", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "rcpt-550-second-chunking", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "end-451-second", { WG_SENT_OK, WG_SENT_DEFER, WG_SENT_OK }, 2 },
		{ "end-554-second", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "mail-550-second", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "mail-550-second-pipelined", { WG_SENT_OK, WG_SENT_REFUSED, WG_SENT_OK }, 2 },
		{ "unknown-ca", { WG_SENT_DEFER, WG_SENT_DEFER, WG_SENT_DEFER }, 0 },
	};

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
		struct smtp_peer peer;
		smtp_mail(&mail, SMALL);
		smtp_peer_start(&peer, cases[i].scenario);
		struct job *job = new_job(&peer, &mail, ITEMS);
		assert_int_equal(smtp_work(guarded, job, LONG_MS), SMTP_RAN);
		smtp_peer_stop(&peer);
		for (size_t k = 0; k < ITEMS; k++) {
			const struct wg_send_result *r = &job->items[k].result;
			if (r->what != cases[i].what[k] || r->maybe)
				fail_msg("%s, message %zu: what %d, \"%s\"", cases[i].scenario, k, r->what, r->detail);
		}
		assert_int_equal(smtp_peer_number(&peer, "accepted"), cases[i].accepted);
		assert_true(smtp_peer_lines(&peer, "verb BDAT") <= 3 * ITEMS); /* a server counts refused commands */
		for (int k = 1; k <= (int)cases[i].accepted; k++)
			check_accepted(&peer, k, &mail);
	}
}

/* What may not be said on the wire is refused before anybody is called. */
static void test_unfit(void **state)
{
	static const struct {
		const char *to, *bytes, *detail;
	} cases[] = {
		{ "desk@front-door.example\r\nRCPT TO:<thief@elsewhere.example>", "A: b\r\n\r\nc\r\n", "address" },
		{ "desk@front-door.example>", "A: b\r\n\r\nc\r\n", "address" },
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
		struct wg_buf mail WG_AUTO_BUF = WG_BUF(SMALL);
		struct smtp_peer peer;
		wg_buf_puts(&mail, cases[i].bytes);
		smtp_peer_start(&peer, "good");
		struct job *job = new_job(&peer, &mail, 1);
		job->to = cases[i].to;
		assert_int_equal(smtp_work(guarded, job, LONG_MS), SMTP_RAN);
		smtp_peer_stop(&peer);
		assert_int_equal(job->items[0].result.what, WG_SENT_REFUSED);
		assert_non_null(strstr(job->items[0].result.detail, cases[i].detail));
		assert_int_equal(smtp_peer_lines(&peer, "rcpt"), 0);
	}
}

struct
try {
	struct wg_send_target target;
	struct wg_send_item item;
};

static void one_try(void *arg)
{
	struct try *try = arg;

	try->item = (struct wg_send_item){ .bytes = "A: b\r\n\r\n", .len = 8, .to = "desk@front-door.example" };
	wg_channel_smtp.send(&try->target, &try->item, 1);
	wg_channel_smtp.send(&try->target, NULL, 0); /* nothing to do is not a fault */
}

/* A target that is not fit, or not there: tried again later, and no alarm about TLS. */
static void test_target(void **state)
{
	const struct wg_send_target good = {
		.smtp_host = "localhost",
		.smtp_port = 9,
		.helo = "g.example",
		.from = "g@w.example",
		.expect_ip = "127.0.0.1",
		.connect_ms = LONG_MS,
		.total_ms = LONG_MS,
		.tls = { .ca = smtp_path("pki/ca.pem") },
	};
	struct wg_send_target bad[11];
	static const char *const details[WG_COUNT(bad)] = { "host name",   "host name",   "host name",   "host name",
		                                                "EHLO",        "own address", "own address", "numeric",
		                                                "time limits", "TLS",         "refused" };

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(bad); i++)
		bad[i] = good;
	bad[0].smtp_host = NULL;
	bad[1].smtp_host = "local host";
	bad[2].smtp_port = 0;
	bad[3].smtp_port = 65536;
	bad[4].helo = "g.example\r\nMAIL FROM:<>";
	bad[5].from = "g@w.example> SIZE=1";
	bad[6].from = NULL;
	bad[7].expect_ip = "127.0.0.1:25";
	bad[8].total_ms = 0;
	bad[9].tls.ca = NULL; /* bad[10]: nobody listens at that port */
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		struct try *try = smtp_shared(sizeof *try);
		try->target = bad[i];
		assert_int_equal(smtp_work(one_try, try, LONG_MS), SMTP_RAN);
		const struct wg_send_result *r = &try->item.result;
		if (r->what != WG_SENT_DEFER || r->tls_fault || r->maybe || !strstr(r->detail, details[i]))
			fail_msg("target %zu: what %d, \"%s\"", i, r->what, r->detail);
	}
}

/* Tickets: 30 sessions with a server that sends eight in each. */
static void test_tickets(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start(&peer, "tickets");
	for (int i = 0; i < 30; i++) {
		struct job *job = new_job(&peer, &mail, 1);
		assert_int_equal(smtp_work(guarded, job, LONG_MS), SMTP_RAN);
		assert_int_equal(job->items[0].result.what, WG_SENT_OK);
	}
	smtp_peer_stop(&peer);
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 30);
}

static void five_sends(void *arg)
{
	for (int i = 0; i < 5; i++)
		guarded(arg);
}

/* The same client certificate, whole, in session after session of one process. */
static void test_client_certificate(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start(&peer, "client-cert");
	struct job *job = new_job(&peer, &mail, 1);
	job->client = true;
	assert_int_equal(smtp_work(five_sends, job, LONG_MS), SMTP_RAN);
	smtp_peer_stop(&peer);
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 5);
	assert_int_equal(smtp_peer_lines(&peer, "client another-agency.example"), 5);
}

/* A name that a forged alias leads elsewhere: the certificate must carry the name that was asked for. */
static void test_forged_alias(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start(&peer, "wrong-name-quiet"); /* it has a good certificate, for elsewhere.example */
	struct job *job = new_job(&peer, &mail, 1);
	job->host = "victim.example";
	assert_int_equal(smtp_work(guarded, job, LONG_MS), SMTP_RAN);
	assert_int_equal(job->items[0].result.what, WG_SENT_DEFER);
	assert_true(job->items[0].result.tls_fault);
	assert_int_equal(smtp_work(bare, job, LONG_MS), SMTP_RAN);
	assert_int_equal(job->code[0], 250); /* the control: delivered to the impostor */
	smtp_peer_stop(&peer);
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 1);
}

static void run_bare(const char *scenario, size_t size, size_t count, struct smtp_peer *peer, struct job **job,
                     enum smtp_ended expected)
{
	static struct wg_buf mail; /* outlives the job that points at it */
	char quiet[64];

	wg_buf_free(&mail);
	smtp_mail(&mail, size);
	(void)snprintf(quiet, sizeof quiet, "%s%s", scenario, expected == SMTP_HUNG ? "" : "-quiet"); /* fits */
	smtp_peer_start(peer, quiet);
	*job = new_job(peer, &mail, count);
	(*job)->slow_event = strcmp(scenario, "tickets") == 0;
	(*job)->client = strcmp(scenario, "client-cert") == 0;
	enum smtp_ended ended = smtp_work(bare, *job, expected == SMTP_HUNG ? HANG_MS : LONG_MS);
	smtp_peer_stop(peer);
	if (ended != expected)
		fail_msg("bare library, %s: ended %d, started %d, error %d, code %d; the peer saw:\n%s", scenario, ended,
		         (*job)->started, (*job)->error, (*job)->code[0], peer->report);
}

static void test_control_good(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("good", SMALL, 1, &peer, &job, SMTP_RAN);
	assert_int_equal(job->code[0], 250); /* so the control is able to deliver */
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 1);
}

static void test_control_tickets(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("tickets", SMALL, 1, &peer, &job, SMTP_HUNG);
}

static void test_control_unverified(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("wrong-name", SMALL, 1, &peer, &job, SMTP_RAN);
	assert_true(job->started && job->error == 0); /* "success", and nothing was delivered */
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 0);
	run_bare("unknown-ca", SMALL, 1, &peer, &job, SMTP_RAN);
	assert_true(job->started && job->error == 0);
	assert_int_equal(smtp_peer_number(&peer, "accepted"), 0);
}

static void test_control_injection(void **state)
{
	static const char *const scenarios[] = { "inject", "inject-early" };

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(scenarios); i++) {
		struct smtp_peer peer;
		struct job *job;
		run_bare(scenarios[i], SMALL, 1, &peer, &job, SMTP_RAN);
		assert_true(job->started);
		assert_int_equal(job->code[0], 250); /* while the server had said 550 */
		assert_int_equal(smtp_peer_number(&peer, "accepted"), 0);
	}
}

static void test_control_pause(void **state)
{
	struct wg_buf got WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("pause", LARGE, 1, &peer, &job, SMTP_RAN);
	assert_int_equal(job->code[0], 250);
	smtp_peer_accepted(&peer, 1, &got);
	assert_true(got.len < job->len); /* accepted with a hole in it */
}

static void test_control_client_certificate(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("client-cert", SMALL, 1, &peer, &job, SMTP_RAN);
	assert_true(job->certificate_freed); /* while the context still points at it */
}

static void test_control_endless(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("endless-ehlo", SMALL, 1, &peer, &job, SMTP_HUNG);
}

static void test_control_recipient(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	smtp_mail(&mail, SMALL);
	smtp_peer_start(&peer, "good-quiet");
	struct job *job = new_job(&peer, &mail, 1);
	job->to = "desk@front-door.example>\r\nRCPT TO:<thief@elsewhere.example";
	assert_int_equal(smtp_work(bare, job, LONG_MS), SMTP_RAN);
	smtp_peer_stop(&peer);
	assert_int_equal(smtp_peer_lines(&peer, "rcpt"), 2); /* one recipient became two commands */
}

static void test_control_lone_lf(void **state)
{
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(SMALL), got WG_AUTO_BUF = WG_BUF(0);
	struct smtp_peer peer;

	(void)state; /* nothing of the group's */
	wg_buf_puts(&mail, "A: b\r\n\r\nc\n.\nMAIL FROM:<x@y.example>\r\n");
	smtp_peer_start(&peer, "good-quiet");
	struct job *job = new_job(&peer, &mail, 1);
	assert_int_equal(smtp_work(bare, job, LONG_MS), SMTP_RAN);
	smtp_peer_stop(&peer);
	assert_int_equal(job->code[0], 250);
	smtp_peer_accepted(&peer, 1, &got);
	assert_non_null(strstr(wg_buf_text(&got), "c\n.\nMAIL")); /* passed on as it stood */
}

/* Found on the way: the content goes out behind a RCPT whose answer, a refusal, was not waited for. */
static void test_control_eager(void **state)
{
	struct smtp_peer peer;
	struct job *job;

	(void)state; /* nothing of the group's */
	run_bare("rcpt-550-chunking", SMALL, 1, &peer, &job, SMTP_RAN);
	assert_true(smtp_peer_number(&peer, "taken") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_receipt),
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_forged_alias),
		cmocka_unit_test(test_control_good),
		cmocka_unit_test(test_control_tickets),
		cmocka_unit_test(test_control_unverified),
		cmocka_unit_test(test_control_injection),
		cmocka_unit_test(test_control_pause),
		cmocka_unit_test(test_control_client_certificate),
		cmocka_unit_test(test_control_endless),
		cmocka_unit_test(test_control_recipient),
		cmocka_unit_test(test_control_lone_lf),
		cmocka_unit_test(test_control_eager),
	};

	return cmocka_run_group_tests_name("smtp guard", tests, smtp_setup, smtp_teardown);
}
