/* What rests sealed: opened by what opens every other sealed object, of the same form, each with a key of its own that
 * is wrapped in its own head. */
#include "pki.h"

#include <time.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/rest.h"

#define LARGE 300000

static uint8_t large[LARGE];

static struct wg_rest *rest_for(const struct wg_cert *cert)
{
	struct wg_rest *rest = NULL;
	assert_int_equal(wg_rest_new(cert, &rest, &pki_err), WG_OK);
	return rest;
}

static void test_there_and_back(void **state)
{
	(void)state;
	static const char *const whose[] = { "staffordshire/storage", "staffordshire/smime" }; /* EC, RSA */
	/* around every length at which the encoding of a length becomes longer */
	static const size_t sizes[] = {
		0, 1, 15, 16, 17, 60, 100, 127, 128, 200, 255, 256, 4096, 65000, 65535, 65536, LARGE
	};
	memset(large, 'x', sizeof large);
	for (size_t w = 0; w < WG_COUNT(whose); w++) {
		struct wg_key *key = NULL;
		struct wg_cert *cert = NULL;
		pki_pair(whose[w], &key, &cert);
		struct wg_rest *rest = rest_for(cert);
		for (size_t i = 0; i < WG_COUNT(sizes); i++) {
			WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
			assert_int_equal(wg_rest_seal(rest, large, sizes[i], &sealed, &pki_err), WG_OK);
			assert_int_equal(wg_cms_decrypt(key, cert, sealed.data, sealed.len, &out, &pki_err), WG_OK);
			assert_int_equal(out.len, sizes[i]);
			assert_memory_equal(wg_buf_text(&out), large, sizes[i]);
			if (sizes[i] >= 16)
				assert_null(memmem(sealed.data, sealed.len, large, 16));
		}
		wg_rest_freep(&rest);
		wg_key_freep(&key);
		wg_cert_freep(&cert);
	}
}

/* As OpenSSL makes it, so that whatever opens the one opens the other, and the head ends where wg_cms_head_check was
 * told that it does. */
static void test_same_form(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert);
	static const size_t sizes[] = { 0, 100, 1000, 70000 };
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		WG_AUTO_BUF struct wg_buf ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE);
		size_t our_head = 0, their_head = 0;
		assert_int_equal(wg_rest_seal(rest, large, sizes[i], &ours, &pki_err), WG_OK);
		const struct wg_cert *const to[] = { cert };
		assert_int_equal(wg_cms_encrypt_slowly(to, 1, WG_CIPHER_GCM, large, sizes[i], &theirs, &pki_err), WG_OK);
		assert_int_equal(ours.len, theirs.len);
		assert_int_equal(wg_cms_head_end(ours.data, ours.len, &our_head, &pki_err), WG_OK);
		assert_int_equal(wg_cms_head_end(theirs.data, theirs.len, &their_head, &pki_err), WG_OK);
		assert_int_equal(our_head, their_head);
		/* what differs is what is random: a point, a wrapped key, a nonce, the content and its tag */
		size_t differ = 0;
		for (size_t at = 0; at < our_head; at++)
			differ += ours.data[at] != theirs.data[at];
		assert_in_range(differ, 80, 64 + 40);
	}
	wg_rest_freep(&rest);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

/* Two of the same second share the agreement and nothing that opens them: with the head of one put before the other,
 * neither opens. */
static void test_heads_apart(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert);
	WG_AUTO_BUF struct wg_buf a = WG_BUF(10000), b = WG_BUF(10000), out = WG_BUF(10000);
	size_t head = 0;
	assert_int_equal(wg_rest_seal(rest, "one", 3, &a, &pki_err), WG_OK);
	assert_int_equal(wg_rest_seal(rest, "two", 3, &b, &pki_err), WG_OK);
	assert_int_equal(wg_cms_head_end(a.data, a.len, &head, &pki_err), WG_OK);
	assert_memory_not_equal(a.data + head - 40, b.data + head - 40, 40);
	memcpy(a.data, b.data, head);
	assert_int_equal(wg_cms_decrypt(key, cert, a.data, a.len, &out, &pki_err), WG_CRYPTO);
	memset(b.data, 0, head); /* as a purge leaves it */
	assert_int_equal(wg_cms_decrypt(key, cert, b.data, b.len, &out, &pki_err), WG_CRYPTO);
	wg_rest_freep(&rest);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

/* The point that the agreement is made with: where two heads of the same form begin to differ. */
static bool same_agreement(const struct wg_buf *a, const struct wg_buf *b, const struct wg_buf *of_openssl)
{
	size_t at = 0;
	while (a->data[at] == of_openssl->data[at])
		at++;
	return memcmp(a->data + at, b->data + at, 32) == 0;
}

static void test_anew(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert), *other = rest_for(cert);
	WG_AUTO_BUF struct wg_buf a = WG_BUF(10000), b = WG_BUF(10000), c = WG_BUF(10000), out = WG_BUF(10000);
	assert_int_equal(wg_cms_encrypt(cert, WG_CIPHER_GCM, "one", 3, &c, &pki_err), WG_OK);
	assert_int_equal(wg_rest_seal(rest, "one", 3, &a, &pki_err), WG_OK);
	assert_int_equal(wg_rest_seal(other, "one", 3, &b, &pki_err), WG_OK);
	assert_false(same_agreement(&a, &b, &c));
	const struct timespec over = { .tv_sec = WG_REST_MS / 1000, .tv_nsec = 20000000 };
	assert_int_equal(nanosleep(&over, NULL), 0);
	wg_rest_forget(rest); /* nothing is left of it, and it goes on */
	wg_buf_reset(&b);
	assert_int_equal(wg_rest_seal(rest, "one", 3, &b, &pki_err), WG_OK);
	assert_false(same_agreement(&a, &b, &c));
	assert_int_equal(wg_cms_decrypt(key, cert, b.data, b.len, &out, &pki_err), WG_OK);
	wg_buf_reset(&out);
	assert_int_equal(wg_cms_decrypt(key, cert, a.data, a.len, &out, &pki_err), WG_OK); /* the old ones open as before */
	wg_rest_freep(&rest);
	wg_rest_freep(&other);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

static void test_changed(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert);
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(10000);
	size_t head = 0, refused = 0;
	assert_int_equal(wg_rest_seal(rest, "a notice", 8, &sealed, &pki_err), WG_OK);
	assert_int_equal(wg_cms_head_end(sealed.data, sealed.len, &head, &pki_err), WG_OK);
	for (size_t i = head; i < sealed.len; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(10000);
		sealed.data[i] ^= 1;
		enum wg_code code = wg_cms_decrypt(key, cert, sealed.data, sealed.len, &out, &pki_err);
		refused += code == WG_CRYPTO;
		if (code == WG_OK)
			assert_string_equal(wg_buf_text(&out), "a notice");
		sealed.data[i] ^= 1;
	}
	assert_true(refused >= 8 + 12 + 16); /* content, nonce and tag; what the types are called may be read another way */
	wg_rest_freep(&rest);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

static void test_room(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert);
	WG_AUTO_BUF struct wg_buf small = WG_BUF(300);
	assert_int_equal(wg_rest_seal(rest, large, 300, &small, &pki_err), WG_LIMIT);
	assert_int_equal(wg_rest_seal(rest, large, WG_LIMIT_ENVELOPE + 1, &small, &pki_err), WG_LIMIT);
	wg_rest_freep(&rest);
	wg_rest_freep(&rest);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

/* The program opens it too. */
static void test_openssl(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/storage", &key, &cert);
	struct wg_rest *rest = rest_for(cert);
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(10000);
	char out[64];
	assert_int_equal(wg_rest_seal(rest, "a notice", 8, &sealed, &pki_err), WG_OK);
	pki_write("sealed.der", sealed.data, sealed.len);
	const char *const open[] = { "openssl",
		                         "cms",
		                         "-decrypt",
		                         "-inform",
		                         "DER",
		                         "-in",
		                         pki("sealed.der"),
		                         "-recip",
		                         pki("staffordshire/storage.pem"),
		                         "-inkey",
		                         pki("staffordshire/storage.key"),
		                         "-binary",
		                         "-out",
		                         pki("opened"),
		                         NULL };
	assert_int_equal(pki_run("log", open), 0);
	assert_int_equal(pki_read("opened", out, sizeof out), 8);
	assert_memory_equal(out, "a notice", 8);
	wg_rest_freep(&rest);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_same_form), cmocka_unit_test(test_heads_apart),
		cmocka_unit_test(test_anew),           cmocka_unit_test(test_changed),   cmocka_unit_test(test_room),
		cmocka_unit_test(test_openssl),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
