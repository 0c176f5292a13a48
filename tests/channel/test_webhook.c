/* Webhooks: signed as Standard Webhooks 1.0 says, without personal data, and what each answer means. */
#include <sys/stat.h>

#include "../crypto/pki.h"
#include "base/mem.h"
#include "channel/webhook.h"
#include "https_peer.h"

static char url[128], certificate[PATH_MAX], key[PATH_MAX], secret[PATH_MAX];

static struct wg_webhook_target target_of(unsigned short port)
{
	static const char words[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
	pki_write("hook.secret", words, sizeof words - 1);
	(void)snprintf(url, sizeof url, "https://localhost:%u/hook", (unsigned)port);
	(void)snprintf(certificate, sizeof certificate, "%s", pki("staffordshire/client.pem"));
	(void)snprintf(key, sizeof key, "%s", pki("staffordshire/client.key"));
	(void)snprintf(secret, sizeof secret, "%s", pki("hook.secret"));
	assert_int_equal(chmod(secret, 0600), 0);
	return (struct wg_webhook_target){
		.url = url,
		.secret = secret,
		.tls = { .certificate = certificate, .key = key, .ca = pki("ca.pem") },
		.expect_ip = "127.0.0.1",
		.total_ms = 20000,
	};
}

static const struct wg_hook hook = { .organisation = "derbyshire",
	                                 .desk = "front-door",
	                                 .delivery = "01k9tess00examp1e0m1ss1ng1",
	                                 .reference = "01k9tess00examp1e0m1ss1ng2.derbyshire.front-door",
	                                 .kind = "missing" };

/* The vector of the specification's own libraries. */
static void test_signature(void **state)
{
	(void)state;
	char *signature = NULL;
	assert_int_equal(wg_webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
	                                 "1614265330", "{\"test\": 2432232314}", &signature, &pki_err),
	                 WG_OK);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	free(signature);
}

static void test_secrets(void **state)
{
	(void)state;
	static const char *const table[] = { "",
		                                 "whsec_",
		                                 "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		                                 "whsec_AAAA",
		                                 "whsec_!!!!",
		                                 "whsec_"
		                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		                                 "AAAAAAAAAAAAAAAA" };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char *signature = NULL;
		assert_int_equal(wg_webhook_sign(table[i], "id", "1", "{}", &signature, &pki_err), WG_CONFIG);
		assert_null(signature);
	}
}

#define EMPTY "Content-Length: 0\r\n\r\n"

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		enum wg_hook_outcome outcome;
		unsigned wait_ms;
	} table[] = {
		{ "HTTP/1.1 200 OK\r\n" EMPTY, WG_HOOK_TOLD, 0 },
		{ "HTTP/1.1 204 OK\r\n\r\n", WG_HOOK_TOLD, 0 },
		{ "HTTP/1.1 410 Gone\r\n" EMPTY, WG_HOOK_GONE, 0 },
		{ "HTTP/1.1 400 No\r\n" EMPTY, WG_HOOK_AGAIN, 0 },
		{ "HTTP/1.1 503 No\r\nRetry-After: 9\r\n" EMPTY, WG_HOOK_AGAIN, 9000 },
		{ "HTTP/1.1 302 Found\r\nLocation: https://localhost/x\r\n" EMPTY, WG_HOOK_AGAIN, 0 },
		{ "nonsense\r\n\r\n", WG_HOOK_AGAIN, 0 },
		{ NULL, WG_HOOK_AGAIN, 0 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script("derbyshire/server", table[i].answer, 1);
		struct wg_webhook_target target = target_of(peer.port);
		struct wg_webhook_result r;
		wg_webhook_send(&target, &hook, 1795300000000, &r);
		if (r.outcome != table[i].outcome || r.wait_ms != table[i].wait_ms || r.tls_fault || r.detail[0] == '\0')
			fail_msg("%s: outcome %d, wait %u: %s", table[i].answer, (int)r.outcome, r.wait_ms, r.detail);
		peer_stop(&peer);
	}
}

/* Whoever answers there has to be who the URL says, or hears nothing. */
static void test_their_identity(void **state)
{
	(void)state;
	static const char *const table[] = { "hostile/unknown-ca-server", "hostile/wrong-name-server",
		                                 "hostile/expired-server", "derbyshire/client" };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct peer peer = peer_script(table[i], "HTTP/1.1 200 OK\r\n" EMPTY, 1);
		struct wg_webhook_target target = target_of(peer.port);
		struct wg_webhook_result r;
		wg_webhook_send(&target, &hook, 1795300000000, &r);
		assert_int_equal(r.outcome, WG_HOOK_AGAIN);
		assert_true(r.tls_fault);
		assert_int_equal(*peer_reached, 0);
		peer_stop(&peer);
	}
}

static void test_own_faults(void **state)
{
	(void)state;
	struct peer peer = peer_script("derbyshire/server", "HTTP/1.1 200 OK\r\n" EMPTY, 1);
	struct wg_webhook_target target = target_of(peer.port);
	struct wg_webhook_result r;
	assert_int_equal(chmod(secret, 0644), 0);
	wg_webhook_send(&target, &hook, 1795300000000, &r);
	assert_int_equal(r.outcome, WG_HOOK_AGAIN);
	assert_non_null(strstr(r.detail, "chmod 600"));
	target.secret = "/nowhere/secret";
	wg_webhook_send(&target, &hook, 1795300000000, &r);
	assert_int_equal(r.outcome, WG_HOOK_AGAIN);
	target = target_of(peer.port);
	target.url = "http://localhost/";
	wg_webhook_send(&target, &hook, 1795300000000, &r);
	assert_int_equal(r.outcome, WG_HOOK_AGAIN);
	assert_int_equal(*peer_reached, 0);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature),      cmocka_unit_test(test_secrets),    cmocka_unit_test(test_answers),
		cmocka_unit_test(test_their_identity), cmocka_unit_test(test_own_faults),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
