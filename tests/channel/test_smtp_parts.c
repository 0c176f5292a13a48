/* The parts of the SMTP client that need no connection: replies, what EHLO offers, the messages of SCRAM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/scram.h"
#include "channel/smtp_reply.h"

static struct wg_smtp_reply reply;

/* Feeds text until the reply is done; what was said of the last byte. *used: how many bytes that took. */
static enum wg_code feed(const char *text, size_t len, size_t *used, struct wg_err *err)
{
	enum wg_code code = WG_OK;

	wg_smtp_reply_reset(&reply);
	for (*used = 0; code == WG_OK && !reply.done && *used < len; (*used)++)
		code = wg_smtp_reply_take(&reply, text[*used], err);
	return code;
}

static void test_replies(void **state)
{
	static const struct {
		const char *text;
		enum wg_code code;
		int number;
		const char *enhanced, *words;
	} cases[] = {
		{ "250 ok\r\n", WG_OK, 250, "", "250 ok" },
		{ "250\r\n", WG_OK, 250, "", "250 " },
		{ "250 ok\n", WG_OK, 250, "", "250 ok" },
		{ "250-a\r\n250-b\r\n250 c\r\n", WG_OK, 250, "", "250 a" },
		{ "250-\r\n250 second\r\n", WG_OK, 250, "", "250 second" },
		{ "550 5.1.1 no such desk\r\n", WG_OK, 550, "5.1.1", "550 5.1.1 no such desk" },
		{ "450 4.255.999 x\r\n", WG_OK, 450, "4.255.999", "450 4.255.999 x" },
		{ "550 4.1.1 another class\r\n", WG_OK, 550, "", "550 4.1.1 another class" },
		{ "550 5.1.1000 x\r\n", WG_OK, 550, "", "550 5.1.1000 x" },
		{ "550 5.1\r\n", WG_OK, 550, "", "550 5.1" },
		{ "250 2.0.0\r\n", WG_OK, 250, "2.0.0", "250 2.0.0" },
		{ "334 dGVzdA==\r\n", WG_OK, 334, "", "334 dGVzdA==" },
		{ "550 a\033[2Jb\x80\r\n", WG_OK, 550, "", "550 a?[2Jb?" },
		{ "\r\n", WG_REJECT, 0, "", "" },
		{ "25 ok\r\n", WG_REJECT, 0, "", "" },
		{ "2500 ok\r\n", WG_REJECT, 0, "", "" },
		{ "250ok\r\n", WG_REJECT, 0, "", "" },
		{ "150 ok\r\n", WG_REJECT, 0, "", "" },
		{ "650 ok\r\n", WG_REJECT, 0, "", "" },
		{ "260 ok\r\n", WG_REJECT, 0, "", "" },
		{ " 250 ok\r\n", WG_REJECT, 0, "", "" },
		{ "HTTP/1.1 200 OK\r\n", WG_REJECT, 0, "", "" },
		{ "250-ok\r\n550 no\r\n", WG_REJECT, 250, "", "" },
		{ "250-ok\r\n251 ok\r\n", WG_REJECT, 250, "", "" },
		{ "250 o\0k\r\n", WG_REJECT, 0, "", "" },
	};

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { .code = WG_OK };
		char words[WG_SMTP_REPLY_LINE];
		size_t used, len = i + 1 == WG_COUNT(cases) ? 9 : strlen(cases[i].text);
		enum wg_code code = feed(cases[i].text, len, &used, &err);
		if (code != cases[i].code || (code == WG_OK) != reply.done)
			fail_msg("reply %zu: %d, %s", i, code, err.text);
		if (code != WG_OK)
			continue;
		assert_int_equal(used, len);
		assert_int_equal(reply.code, cases[i].number);
		assert_string_equal(reply.enhanced, cases[i].enhanced);
		assert_string_equal(wg_smtp_reply_words(&reply, words, sizeof words), cases[i].words);
	}
}

/* One reply ends where it ends: what follows is not taken. */
static void test_reply_end(void **state)
{
	static const char two[] = "250-a\r\n250 b\r\n550 c\r\n";
	struct wg_err err;
	size_t used;

	(void)state; /* nothing of the group's */
	assert_int_equal(feed(two, sizeof two - 1, &used, &err), WG_OK);
	assert_true(reply.done);
	assert_int_equal(used, 14);
	assert_string_equal(reply.text, "a\nb\n");
}

static void test_reply_limits(void **state)
{
	struct wg_buf b WG_AUTO_BUF = WG_BUF((size_t)1 << 20);
	struct wg_err err;
	size_t used;

	(void)state; /* nothing of the group's */
	for (unsigned lines = WG_SMTP_REPLY_LINES - 1; lines <= WG_SMTP_REPLY_LINES; lines++) {
		wg_buf_reset(&b);
		for (unsigned i = 0; i < lines; i++)
			wg_buf_puts(&b, "250-x\r\n");
		wg_buf_puts(&b, "250 end\r\n");
		assert_int_equal(feed(wg_buf_text(&b), b.len, &used, &err), lines < WG_SMTP_REPLY_LINES ? WG_OK : WG_LIMIT);
	}
	for (size_t len = WG_SMTP_REPLY_LINE - 1; len <= WG_SMTP_REPLY_LINE; len++) {
		wg_buf_reset(&b);
		wg_buf_puts(&b, "250 ");
		while (b.len < len)
			wg_buf_putc(&b, 'x');
		wg_buf_puts(&b, "\n");
		assert_int_equal(feed(wg_buf_text(&b), b.len, &used, &err), len < WG_SMTP_REPLY_LINE ? WG_OK : WG_LIMIT);
	}
	wg_buf_reset(&b);
	while (b.len <= WG_SMTP_REPLY_BYTES)
		wg_buf_printf(&b, "250-%0900d\r\n", 0);
	assert_int_equal(feed(wg_buf_text(&b), b.len, &used, &err), WG_LIMIT);
	assert_int_equal(used, WG_SMTP_REPLY_BYTES + 1);
}

static void test_offers(void **state)
{
	static const char ehlo[] = "250-STARTTLS AUTH PLAIN DSN\r\n250-pipelining\r\n250-SIZE 1000\r\n250-DSN\r\n"
							   "250-AUTH LOGIN plain SCRAM-SHA-256-PLUS SCRAM-SHA-1\r\n250-XSTARTTLS\r\n"
							   "250-AUTH=XOAUTH2\r\n250 REQUIRETLSX\r\n";
	static const struct {
		const char *line;
		uint64_t max;
	} sizes[] = { { "SIZE", 0 },
		          { "SIZE 0", 0 },
		          { "SIZE 12", 12 },
		          { "SIZE -1", 0 },
		          { "SIZE 99999999999999999999", 0 },
		          { "SIZE 1 2", 1 },
		          { "SIZE 123456789012345678901234567890", 0 } };
	struct wg_smtp_offers offers;
	struct wg_err err;
	char text[120];
	size_t used;

	(void)state; /* nothing of the group's */
	assert_int_equal(feed(ehlo, sizeof ehlo - 1, &used, &err), WG_OK);
	wg_smtp_offers_read(&reply, &offers);
	assert_true(offers.pipelining && offers.dsn && offers.size && !offers.starttls && !offers.require_tls);
	assert_int_equal(offers.size_max, 1000);
	assert_int_equal(offers.auth, WG_SMTP_AUTH_PLAIN | WG_SMTP_AUTH_SCRAM_PLUS);
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		(void)snprintf(text, sizeof text, "250-mail\r\n250 %s\r\n", sizes[i].line); /* fits */
		assert_int_equal(feed(text, strlen(text), &used, &err), WG_OK);
		wg_smtp_offers_read(&reply, &offers);
		assert_true(offers.size);
		assert_int_equal(offers.size_max, sizes[i].max);
	}
}

static void test_receipts(void **state)
{
	static const struct {
		const char *text, *receipt;
	} cases[] = { { "2.0.0 Ok: queued as 4X1y2z\n", "4X1y2z" },
		          { "OK id=1tEfgh-0001\n", "1tEfgh-0001" },
		          { "2.6.0 <x@y.example> queued\n", "2.6.0 <x@y.example> queued" },
		          { "first\nqueued as later\n", "first" },
		          { "queued as a\033b c\n", "a?b" },
		          { "", "" } };
	char receipt[64];

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		wg_smtp_receipt(cases[i].text, receipt, sizeof receipt);
		assert_string_equal(receipt, cases[i].receipt);
	}
}

/* ---- SCRAM */

/* RFC 7677 3: user "user", password "pencil". */
#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define SERVER_FIRST "r=" NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define CLIENT_LAST "c=biws,r=" NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_LAST "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* An exchange that began with the nonce of the RFC. */
static void begin(struct wg_scram *scram)
{
	const struct wg_scram_binding none = { 0 };
	struct wg_buf first WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX);

	assert_int_equal(wg_scram_first(scram, "user", &none, false, &first, NULL), WG_OK);
	assert_memory_equal(wg_buf_text(&first), "n,,n=user,r=", 12);
	(void)snprintf(scram->nonce, sizeof scram->nonce, NONCE); /* fits */
	wg_buf_reset(&scram->bare);
	wg_buf_puts(&scram->bare, "n=user,r=" NONCE);
}

static void test_scram(void **state)
{
	struct wg_buf last WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX);
	struct wg_scram scram;

	(void)state; /* nothing of the group's */
	begin(&scram);
	assert_int_equal(wg_scram_verify(&scram, SERVER_LAST, strlen(SERVER_LAST), NULL), WG_REJECT); /* too early */
	assert_int_equal(wg_scram_answer(&scram, "pencil", SERVER_FIRST, strlen(SERVER_FIRST), &last, NULL), WG_OK);
	assert_string_equal(wg_buf_text(&last), CLIENT_LAST);
	assert_int_equal(wg_scram_verify(&scram, SERVER_LAST, strlen(SERVER_LAST), NULL), WG_OK);
	static const char *const lies[] = { "",
		                                "v=",
		                                "e=invalid-proof",
		                                "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		                                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==",
		                                ("V" SERVER_LAST),
		                                "v=AAAA" };
	for (size_t i = 0; i < WG_COUNT(lies); i++)
		assert_int_equal(wg_scram_verify(&scram, lies[i], strlen(lies[i]), NULL), WG_REJECT);
	wg_scram_wipe(&scram);
}

static void test_scram_challenges(void **state)
{
	static const char *const bad[] = {
		"",
		"r=",
		"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",              /* nothing of its own */
		"r=xOprNGfwEbeRWgbNEkqOyy,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", /* not ours */
		"r=" NONCE "x,i=4096,s=W22ZaJ0SNY7soEsUEjb6gQ==",
		"r=" NONCE "x,s=,i=4096",
		"r=" NONCE "x,s=W22,i=4096",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x",
		"r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999",
		"m=unheard-of,r=" NONCE "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	};

	(void)state; /* nothing of the group's */
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		struct wg_buf last WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX);
		struct wg_scram scram;
		begin(&scram);
		if (wg_scram_answer(&scram, "pencil", bad[i], strlen(bad[i]), &last, NULL) != WG_REJECT)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(last.len, 0);
		wg_scram_wipe(&scram);
	}
}

/* The header says what was bound to, or that we could have. */
static void test_scram_binding(void **state)
{
	struct wg_scram_binding binding = { .type = "tls-exporter", .len = 32 };
	struct wg_buf first WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX), last WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX);
	struct wg_scram scram;
	char message[200];

	(void)state; /* nothing of the group's */
	memset(binding.data, 'B', sizeof binding.data);
	assert_int_equal(wg_scram_first(&scram, "a,b=c", &binding, false, &first, NULL), WG_OK);
	assert_memory_equal(wg_buf_text(&first), "y,,n=a=2Cb=3Dc,r=", 17);
	wg_scram_wipe(&scram);
	wg_buf_reset(&first);
	assert_int_equal(wg_scram_first(&scram, "user", &binding, true, &first, NULL), WG_OK);
	assert_memory_equal(wg_buf_text(&first), "p=tls-exporter,,n=user,r=", 25);
	(void)snprintf(message, sizeof message, "r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", scram.nonce); /* fits */
	assert_int_equal(wg_scram_answer(&scram, "pencil", message, strlen(message), &last, NULL), WG_OK);
	assert_memory_equal(wg_buf_text(&last), "c=cD10bHMtZXhwb3J0ZXIsLEJCQkJC", 30);
	wg_scram_wipe(&scram);
	static const char *const users[] = { "", "\xc3\xa9lan", "a\nb" };
	for (size_t i = 0; i < WG_COUNT(users); i++) {
		assert_int_equal(wg_scram_first(&scram, users[i], &binding, false, &first, NULL), WG_CONFIG);
		wg_scram_wipe(&scram);
	}
	binding.type = NULL;
	assert_int_equal(wg_scram_first(&scram, "user", &binding, true, &first, NULL), WG_CRYPTO);
	wg_scram_wipe(&scram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),          cmocka_unit_test(test_reply_end),
		cmocka_unit_test(test_reply_limits),     cmocka_unit_test(test_offers),
		cmocka_unit_test(test_receipts),         cmocka_unit_test(test_scram),
		cmocka_unit_test(test_scram_challenges), cmocka_unit_test(test_scram_binding),
	};

	return cmocka_run_group_tests_name("smtp parts", tests, NULL, NULL);
}
