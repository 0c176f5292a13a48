/* The way out over HTTPS against our real server, and against servers that misbehave: what counts as sent, what is
 * tried again. */
#include <sys/stat.h>
#include <time.h>

#include "../crypto/pki.h"
#include "base/mem.h"
#include "channel/session.h"
#include "https_peer.h"

#define KEY "01jd0000000000000000000000"

static char url[128], certificate[PATH_MAX], key[PATH_MAX];

static struct wg_send_target target_of(unsigned short port, const char *path)
{
	(void)snprintf(url, sizeof url, "https://localhost:%u%s", (unsigned)port, path);
	(void)snprintf(certificate, sizeof certificate, "%s", pki("staffordshire/client.pem"));
	(void)snprintf(key, sizeof key, "%s", pki("staffordshire/client.key"));
	return (struct wg_send_target){
		.url = url,
		.content_type = "application/pkcs7-mime",
		.expect_ip = "127.0.0.1",
		.tls = { .certificate = certificate, .key = key, .ca = pki("ca.pem"), .crl = pki("crl.pem") },
		.connect_ms = 20000,
		.total_ms = 20000,
	};
}

static struct wg_send_item item_of(const char *bytes)
{
	return (struct wg_send_item){ .message_id = KEY, .bytes = bytes, .len = strlen(bytes), .idempotency_key = KEY };
}

static struct wg_send_result send_one(const struct wg_send_target *target, const char *bytes)
{
	struct wg_send_item item = item_of(bytes);
	wg_channel_https.send(target, &item, 1);
	return item.result;
}

static void expect(const struct wg_send_result *r, const char *name, enum wg_sent what, bool tls_fault, bool maybe)
{
	if (r->what != what || r->tls_fault != tls_fault || r->maybe != maybe)
		fail_msg("%s: what %d, tls_fault %d, maybe %d: %s", name, (int)r->what, r->tls_fault, r->maybe, r->detail);
	if (what != WG_SENT_OK)
		assert_true(r->detail[0] != '\0' && r->receipt[0] == '\0');
}

static void test_batch(void **state)
{
	(void)state;
	static char big[60000];
	memset(big, 'x', sizeof big - 1);
	struct peer peer = peer_httpd(&peer_spec);
	struct wg_send_target target = target_of(peer.port, "/v1/notices");
	struct wg_send_item items[] = { item_of("one"), item_of(big), item_of("three") };
	wg_channel_https.send(&target, items, WG_COUNT(items));
	static const char *const receipts[] = { "r-POST-3", "r-POST-59999", "r-POST-5" };
	for (size_t i = 0; i < WG_COUNT(items); i++) {
		expect(&items[i].result, "batch", WG_SENT_OK, false, false);
		assert_string_equal(items[i].result.receipt, receipts[i]);
	}
	assert_int_equal(*peer_reached, 3);
	peer_stop(&peer);
}

/* We are refused: always an alarm, by a server that hangs up at once too, whose reset follows its alert. */
static void test_our_identity(void **state)
{
	(void)state;
	static const struct {
		const char *name, *pair;
	} table[] = {
		{ "unknown authority", "hostile/unknown-ca-client" },
		{ "unknown agency", "hostile/unknown-agency-client" },
		{ "wrong use", "hostile/no-eku-client" },
		{ "expired", "hostile/expired-client" },
		{ "none", NULL },
	};
	struct peer peers[] = { peer_script("derbyshire/server", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1),
		                    peer_httpd(&peer_spec) };
	for (size_t i = 0; i < WG_COUNT(table) * 2; i++) {
		struct wg_send_target target = target_of(peers[i % 2].port, "/v1/notices");
		const char *pair = table[i / 2].pair;
		if (pair != NULL) {
			(void)snprintf(certificate, sizeof certificate, "%s/%s.pem", pki_dir, pair);
			(void)snprintf(key, sizeof key, "%s/%s.key", pki_dir, pair);
		} else {
			target.tls.certificate = target.tls.key = NULL;
		}
		struct wg_send_result r = send_one(&target, "body");
		expect(&r, table[i / 2].name, WG_SENT_DEFER, true, false);
	}
	assert_int_equal(*peer_reached, 0);
	peer_stop(&peers[0]);
	peer_stop(&peers[1]);
}

struct told {
	const struct wg_send_item *items;
	size_t count;
};

/* Each result comes when it is known, in order. */
static void note_told(void *arg, struct wg_send_item *item)
{
	struct told *told = arg;
	assert_ptr_equal(item, &told->items[told->count]);
	assert_true(item->result.detail[0] != '\0');
	told->count++;
}

static void test_session(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	struct wg_send_target target = target_of(peer.port, "/v1/notices");
	struct wg_send_item items[] = { item_of("one"), item_of("two"), item_of("three") };
	struct told told = { .items = items };
	struct wg_session *session = NULL;
	assert_int_equal(wg_way_https.open(&target, &session, &pki_err), WG_OK);
	assert_int_equal(*peer_reached, 0);
	wg_way_https.offer(session, items, WG_COUNT(items), note_told, &told);
	assert_int_equal(told.count, WG_COUNT(items));
	const struct wg_session_counts *counts = wg_session_counts(session);
	assert_int_equal(counts->connections, 1);
	assert_int_equal(counts->reused, 2);
	told.count = 0;
	wg_way_https.offer(session, items, WG_COUNT(items), note_told, &told); /* kept warm between copies */
	assert_int_equal(counts->connections, 1);
	assert_int_equal(counts->reused, 5);
	peer_stop(&peer);
	wg_way_https.offer(session, items, 1, NULL, NULL); /* found dead, opened again, nobody there */
	expect(&items[0].result, "gone", WG_SENT_DEFER, false, false);
	wg_way_https.close(&session);
	assert_null(session);
	wg_way_https.close(&session);
}

/* The other side has an earlier form of the copy under the same key: this one goes under a key of its own, once. */
static void test_key_reused(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	struct wg_send_target target = target_of(peer.port, "/reused");
	struct wg_send_result r = send_one(&target, "another document"); /* what is no copy has no later form */
	expect(&r, "reused by mistake", WG_SENT_REFUSED, false, false);
	assert_int_equal(*peer_reached, 1);
	*peer_reached = 0;
	target.later_forms = true;
	r = send_one(&target, "later form");
	expect(&r, "later form", WG_SENT_OK, false, false);
	assert_string_equal(r.receipt, "r-POST-10");
	assert_non_null(strstr(r.detail, "an earlier form was taken before as first-1"));
	assert_int_equal(*peer_reached, 2);
	peer_stop(&peer);
	peer =
		peer_script("derbyshire/server",
	                "HTTP/1.1 422 No\r\nContent-Length: 42\r\n\r\n{\"type\":\"urn:wardgate:problem:key-reused\"}", 1);
	target = target_of(peer.port, "/");
	target.later_forms = true;
	r = send_one(&target, "body");
	expect(&r, "never endless", WG_SENT_REFUSED, false, false);
	assert_int_equal(*peer_reached, 2);
	peer_stop(&peer);
}

/* What the other side says of its refusal reaches the operator, and nothing more of it than words. */
static void test_problem(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *detail;
		unsigned wait_ms;
	} table[] = {
		{ "HTTP/1.1 403 No\r\nContent-Length: 32\r\n\r\n{\"detail\":\"Not\\u00a0from\\nyou.\"}",
		  "answered 403: Not\xc2\xa0"
		  "from you. (they do not let us in: ask them whether they know our certificate)",
		  0 },
		{ "HTTP/1.1 400 No\r\nContent-Length: 21\r\n\r\n{\"title\":\"Bad shape\"}", "answered 400: Bad shape", 0 },
		{ "HTTP/1.1 400 No\r\nContent-Length: 27\r\n\r\n{\"detail\":\"a\\u001b[31mred\"}", "answered 400: a?[31mred",
		  0 },
		{ "HTTP/1.1 503 No\r\nRetry-After: 7\r\n"
		  "Content-Length: 0\r\n\r\n",
		  "answered 503", 7000 },
		{ "HTTP/1.1 429 No\r\nRetry-After: 999999\r\n"
		  "Content-Length: 0\r\n\r\n",
		  "answered 429", 3600000 },
		{ "HTTP/1.1 503 No\r\nRetry-After: soon\r\n"
		  "Content-Length: 0\r\n\r\n",
		  "answered 503", 0 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script("derbyshire/server", table[i].answer, 1);
		struct wg_send_target target = target_of(peer.port, "/");
		struct wg_send_result r = send_one(&target, "body");
		assert_string_equal(r.detail, table[i].detail);
		assert_int_equal(r.wait_ms, table[i].wait_ms);
		peer_stop(&peer);
	}
}

/* Whoever the server is not supposed to be gets no byte of the envelope. */
static void test_their_identity(void **state)
{
	(void)state;
	static const char *const table[] = { "hostile/unknown-ca-server", "hostile/wrong-name-server",
		                                 "hostile/expired-server", "hostile/revoked-server", "derbyshire/client" };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script(table[i], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1);
		struct wg_send_target target = target_of(peer.port, "/");
		struct wg_send_item items[] = { item_of("one"), item_of("two") };
		wg_channel_https.send(&target, items, WG_COUNT(items));
		expect(&items[0].result, table[i], WG_SENT_DEFER, true, false);
		expect(&items[1].result, table[i], WG_SENT_DEFER, true, false);
		assert_int_equal(*peer_reached, 0);
		peer_stop(&peer);
	}
}

/* The CN of this certificate says localhost; its alternative name does not, and only that counts. Nor does a good chain
 * help under another name than the one that was asked for. */
static void test_other_name(void **state)
{
	(void)state;
	struct peer peer = peer_script("derbyshire/server", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1);
	struct wg_send_target target = target_of(peer.port, "/");
	(void)snprintf(url, sizeof url, "https://staffordshire.example:%u/", (unsigned)peer.port);
	struct wg_send_result r = send_one(&target, "body");
	expect(&r, "another agency's server", WG_SENT_DEFER, true, false);
	(void)snprintf(url, sizeof url, "https://derbyshire.example:%u/", (unsigned)peer.port);
	r = send_one(&target, "body");
	expect(&r, "the right one", WG_SENT_OK, false, false);
	(void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", (unsigned)peer.port);
	target.expect_ip = NULL;
	r = send_one(&target, "body");
	expect(&r, "by address", WG_SENT_OK, false, false);
	assert_int_equal(*peer_reached, 2);
	peer_stop(&peer);
}

#define EMPTY "Content-Length: 0\r\n\r\n"

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *receipt;
		enum wg_sent what;
		bool maybe;
	} table[] = {
		{ "HTTP/1.1 202 Accepted\r\nContent-Length: 12\r\n\r\n{\"id\":\"a-1\"}", "a-1", WG_SENT_OK, false },
		{ "HTTP/1.1 200 OK\r\n" EMPTY, "", WG_SENT_OK, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"id\":\"a\\r\\nb\"}", "", WG_SENT_OK, false },
		{ "HTTP/1.1 400 No\r\n" EMPTY, "", WG_SENT_REFUSED, false },
		{ "HTTP/1.1 401 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 403 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 409 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 410 No\r\n" EMPTY, "", WG_SENT_REFUSED, false },
		{ "HTTP/1.1 413 No\r\n" EMPTY, "", WG_SENT_REFUSED, false },
		{ "HTTP/1.1 415 No\r\n" EMPTY, "", WG_SENT_REFUSED, false },
		{ "HTTP/1.1 422 No\r\n" EMPTY, "", WG_SENT_REFUSED, false },
		{ "HTTP/1.1 404 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 429 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 500 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 503 No\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 502 No\r\n" EMPTY, "", WG_SENT_DEFER, true },
		{ "HTTP/1.1 204 Nothing\r\n\r\n", "", WG_SENT_DEFER, true },
		{ "HTTP/1.1 302 Found\r\nLocation: https://localhost/elsewhere\r\n" EMPTY, "", WG_SENT_DEFER, false },
		{ "HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{\"id\":", "", WG_SENT_DEFER, true },
		{ "nonsense\r\n\r\n", "", WG_SENT_DEFER, true },
		{ NULL, "", WG_SENT_DEFER, true },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script("derbyshire/server", table[i].answer, 1);
		struct wg_send_target target = target_of(peer.port, "/");
		struct wg_send_result r = send_one(&target, "body");
		expect(&r, table[i].answer != NULL ? table[i].answer : "no answer", table[i].what, false, table[i].maybe);
		assert_string_equal(r.receipt, table[i].receipt);
		/* about us, not about the copy: for the operator to see to */
		bool about_us = table[i].answer != NULL &&
		                (strstr(table[i].answer, " 401 ") != NULL || strstr(table[i].answer, " 403 ") != NULL);
		assert_int_equal(r.login_fault, about_us);
		assert_int_equal(*peer_reached, 1);
		peer_stop(&peer);
	}
}

/* What came before its question is no answer: another copy's fate would be taken for this one's. */
static void test_unasked(void **state)
{
	(void)state;
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	struct peer peer = peer_chatty("derbyshire/server");
	struct wg_send_target target = target_of(peer.port, "/");
	struct wg_session *session = NULL;
	assert_int_equal(wg_way_https.open(&target, &session, &pki_err), WG_OK);
	for (int i = 1; i <= 3; i++) {
		char want[32];
		struct wg_send_item item = item_of("body");
		(void)snprintf(want, sizeof want, "asked-%d", i);
		wg_way_https.offer(session, &item, 1, NULL, NULL);
		assert_string_equal(item.result.receipt, want);
		for (int n = 0; n < 3000 && *peer_unasked < i; n++)
			(void)nanosleep(&moment, NULL); /* until what was not asked for is there */
	}
	wg_way_https.close(&session);
	peer_stop(&peer);
}

/* A connection that was kept dies when the whole copy went out on it: it goes again on another, under its key, and is
 * known as one that may have been there before. */
static void test_again(void **state)
{
	(void)state;
	struct peer peer = peer_fickle("derbyshire/server");
	struct wg_send_target target = target_of(peer.port, "/");
	struct wg_session *session = NULL;
	assert_int_equal(wg_way_https.open(&target, &session, &pki_err), WG_OK);
	for (int i = 0; i < 3; i++) {
		struct wg_send_item item = item_of("body");
		wg_way_https.offer(session, &item, 1, NULL, NULL);
		expect(&item.result, "taken", WG_SENT_OK, false, i > 0);
		assert_int_equal(*peer_reached, 2 * i + 1);
	}
	wg_way_https.close(&session);
	peer_stop(&peer);
}

/* An answer without end, in its body or in its header, is cut off and not believed. */
static void test_endless(void **state)
{
	(void)state;
	static char body[8192], header[8192];
	int n = snprintf(body, sizeof body, "HTTP/1.1 202 Accepted\r\nX-A: b\r\n\r\n");
	memset(body + n, 'x', sizeof body - 1 - (size_t)n);
	n = snprintf(header, sizeof header, "HTTP/1.1 202 Accepted\r\n");
	for (; (size_t)n < sizeof header - 64; n += 8)
		memcpy(header + n, "X-A: b\r\n", 8);
	static const char *const table[] = { body, header };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script("derbyshire/server", table[i], 100000);
		struct wg_send_target target = target_of(peer.port, "/");
		struct wg_send_result r = send_one(&target, "body");
		expect(&r, "endless", WG_SENT_DEFER, false, true);
		peer_stop(&peer);
	}
}

static void test_unreachable(void **state)
{
	(void)state;
	struct peer peer = peer_deaf();
	struct wg_send_target target = target_of(peer.port, "/");
	target.connect_ms = target.total_ms = 300;
	struct wg_send_result r = send_one(&target, "body");
	expect(&r, "accepts and is silent", WG_SENT_DEFER, false, false);
	peer_stop(&peer);
	target.connect_ms = target.total_ms = 20000;
	struct wg_send_item items[] = { item_of("one"), item_of("two") };
	wg_channel_https.send(&target, items, WG_COUNT(items)); /* nobody listens there any more */
	expect(&items[0].result, "nobody", WG_SENT_DEFER, false, false);
	expect(&items[1].result, "nobody", WG_SENT_DEFER, false, false);
}

static void test_unusable(void **state)
{
	(void)state;
	static const struct {
		const char *url, *key, *type;
	} table[] = {
		{ "http://localhost/", KEY, "text/plain" },
		{ "ftp://localhost/", KEY, "text/plain" },
		{ "file:///etc/hostname", KEY, "text/plain" },
		{ "https://user:secret@localhost/", KEY, "text/plain" },
		{ "https://", KEY, "text/plain" },
		{ NULL, KEY, "text/plain" },
		{ "https://localhost/", "a\r\nX-A: b", "text/plain" },
		{ "https://localhost/", "", "text/plain" },
		{ "https://localhost/", NULL, "text/plain" },
		{ "https://localhost/", KEY, "text/plain\r\nX-A: b" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_send_target target = target_of(1, "/");
		target.url = table[i].url;
		target.content_type = table[i].type;
		struct wg_send_item item = item_of("body");
		item.idempotency_key = table[i].key;
		wg_channel_https.send(&target, &item, 1);
		expect(&item.result, table[i].url != NULL ? table[i].url : "no URL", WG_SENT_REFUSED, false, false);
		assert_null(strstr(item.result.detail, "secret"));
	}
}

/* Our own key is open to others: nothing is sent, and it is an alarm. */
static void test_open_key(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	struct wg_send_target target = target_of(peer.port, "/v1/notices");
	assert_int_equal(chmod(key, 0644), 0);
	struct wg_send_result r = send_one(&target, "body");
	assert_int_equal(chmod(key, 0600), 0);
	expect(&r, "open key", WG_SENT_DEFER, true, false);
	assert_non_null(strstr(r.detail, "chmod 600"));
	assert_int_equal(*peer_reached, 0);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),      cmocka_unit_test(test_session),      cmocka_unit_test(test_key_reused),
		cmocka_unit_test(test_problem),    cmocka_unit_test(test_our_identity), cmocka_unit_test(test_their_identity),
		cmocka_unit_test(test_other_name), cmocka_unit_test(test_answers),      cmocka_unit_test(test_endless),
		cmocka_unit_test(test_again),      cmocka_unit_test(test_unreachable),  cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_open_key),   cmocka_unit_test(test_unasked),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
