/* Objects sealed for one P-256 key: what OpenSSL writes, and what is written at rest, is opened directly and alike by
 * both; what is of another shape is left to OpenSSL or refused. */
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_agree.h"
#include "crypto/rest.h"
#include "pki.h"

#define CONTENT "Tess Example was last seen at the pier."
/* The end of what stands before the point: a bit string of 66 bytes, none of whose bits are left over. */
#define POINT_BEFORE "\x03\x42\x00"

struct pair {
	struct wg_key *key;
	struct wg_cert *cert;
};

static struct pair pair_of(const char *name)
{
	struct pair p = { 0 };
	pki_pair(name, &p.key, &p.cert);
	return p;
}

static void pair_free(struct pair *p)
{
	wg_key_freep(&p->key);
	wg_cert_freep(&p->cert);
}

/* With OpenSSL alone, as wg_cms_encrypt does for other keys. */
static void seal_there(const struct pair *p, const void *content, size_t len, struct wg_buf *out)
{
	BIO *in = BIO_new_mem_buf(content, (int)len);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_PARTIAL | CMS_BINARY);
	CMS_RecipientInfo *to = CMS_add1_recipient_cert(cms, p->cert->x509, CMS_KEY_PARAM);
	assert_non_null(to);
	assert_int_equal(EVP_PKEY_CTX_set_ecdh_kdf_md(CMS_RecipientInfo_get0_pkey_ctx(to), EVP_sha256()), 1);
	assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
	unsigned char *der = NULL;
	int n = i2d_CMS_ContentInfo(cms, &der);
	assert_true(n > 0);
	wg_buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static bool open_there(const struct pair *p, const struct wg_buf *der, struct wg_buf *out)
{
	const unsigned char *at = der->data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
	BIO *plain = BIO_new(BIO_s_mem());
	char *data = NULL;
	bool opened =
		cms != NULL && at == der->data + der->len && CMS_decrypt(cms, p->key->pkey, p->cert->x509, NULL, plain, 0) == 1;
	long n = BIO_get_mem_data(plain, &data);
	if (opened)
		wg_buf_put(out, data, (size_t)n);
	CMS_ContentInfo_free(cms);
	BIO_free(plain);
	wg_ossl_forget();
	return opened;
}

/* Lengths about those at which DER needs another byte for one of them. */
static void test_both_ways(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 16, 60, 100, 127, 128, 255, 256, 65000, 65535, 65536, 100003 };
	static char text[100003];
	struct pair p = pair_of("staffordshire/storage");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7);
	struct wg_rest *rest = NULL;
	assert_int_equal(wg_rest_new(p.cert, &rest, &pki_err), WG_OK);
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		WG_AUTO_BUF struct wg_buf ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE),
								  plain = WG_BUF(WG_LIMIT_ENVELOPE);
		assert_int_equal(wg_rest_seal(rest, text, sizes[i], &ours, &pki_err), WG_OK);
		assert_true(open_there(&p, &ours, &plain));
		assert_int_equal(plain.len, sizes[i]);
		wg_buf_reset(&plain);
		assert_int_equal(wg_cms_agree_open(p.key, p.cert, ours.data, ours.len, &plain), WG_CMS_AGREE_OPENED);
		assert_int_equal(plain.len, sizes[i]);
		assert_memory_equal(wg_buf_text(&plain), text, sizes[i]);
		seal_there(&p, text, sizes[i], &theirs);
		assert_int_equal(theirs.len, ours.len);
		wg_buf_reset(&plain);
		assert_int_equal(wg_cms_agree_open(p.key, p.cert, theirs.data, theirs.len, &plain), WG_CMS_AGREE_OPENED);
		assert_int_equal(plain.len, sizes[i]);
		assert_memory_equal(wg_buf_text(&plain), text, sizes[i]);
	}
	wg_rest_freep(&rest);
	pair_free(&p);
}

/* Two agreements in turn: what was kept of one is not used for the other. */
static void test_in_turn(void **state)
{
	(void)state;
	struct pair p = pair_of("staffordshire/storage");
	WG_AUTO_BUF struct wg_buf one = WG_BUF(WG_LIMIT_ENVELOPE), two = WG_BUF(WG_LIMIT_ENVELOPE);
	seal_there(&p, CONTENT, sizeof CONTENT - 1, &one);
	seal_there(&p, "another", 7, &two);
	for (int i = 0; i < 6; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
		const struct wg_buf *der = i % 3 == 0 ? &two : &one; /* two, one, one, ... */
		assert_int_equal(wg_cms_agree_open(p.key, p.cert, der->data, der->len, &out), WG_CMS_AGREE_OPENED);
		assert_string_equal(wg_buf_text(&out), i % 3 == 0 ? "another" : CONTENT);
	}
	pair_free(&p);
}

/* Every byte flipped: it does not open here, and what OpenSSL makes of it is no other content. */
static void test_flipped(void **state)
{
	(void)state;
	struct pair p = pair_of("staffordshire/storage");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	seal_there(&p, CONTENT, sizeof CONTENT - 1, &der);
	for (size_t i = 0; i < der.len; i++) {
		der.data[i] ^= 0x01;
		assert_int_not_equal(wg_cms_agree_open(p.key, p.cert, der.data, der.len, &out), WG_CMS_AGREE_OPENED);
		assert_int_equal(out.len, 0);
		der.data[i] ^= 0x01;
	}
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(wg_cms_agree_open(p.key, p.cert, der.data, len, &out), WG_CMS_AGREE_NOT_MINE);
	wg_buf_putc(&der, 'x');
	assert_int_equal(wg_cms_agree_open(p.key, p.cert, der.data, der.len, &out), WG_CMS_AGREE_NOT_MINE);
	assert_int_equal(wg_cms_decrypt(p.key, p.cert, der.data, der.len, &out, &pki_err), WG_CRYPTO);
	pair_free(&p);
}

/* A point that is not on the curve agrees with nobody (the attack by invalid curves). */
static void test_not_on_the_curve(void **state)
{
	(void)state;
	struct pair p = pair_of("staffordshire/storage");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	seal_there(&p, CONTENT, sizeof CONTENT - 1, &der);
	uint8_t *point = memmem(der.data, der.len, POINT_BEFORE, sizeof POINT_BEFORE - 1);
	assert_non_null(point);
	EVP_PKEY *peer = EVP_PKEY_new();
	assert_int_equal(EVP_PKEY_copy_parameters(peer, p.key->pkey), 1);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, point + 3, 65), 1);
	point[3 + 64] ^= 1; /* the last byte of y */
	assert_int_not_equal(EVP_PKEY_set1_encoded_public_key(peer, point + 3, 65), 1);
	assert_int_equal(wg_cms_agree_open(p.key, p.cert, der.data, der.len, &out), WG_CMS_AGREE_FAILED);
	/* and no more the second time, when the one before could be remembered */
	assert_int_equal(wg_cms_agree_open(p.key, p.cert, der.data, der.len, &out), WG_CMS_AGREE_FAILED);
	memset(point + 4, 0, 64);
	assert_int_equal(wg_cms_agree_open(p.key, p.cert, der.data, der.len, &out), WG_CMS_AGREE_FAILED);
	assert_int_equal(out.len, 0);
	EVP_PKEY_free(peer);
	pair_free(&p);
}

/* Other keys are OpenSSL's; an object for another certificate opens with nothing. */
static void test_not_mine(void **state)
{
	(void)state;
	struct pair ours = pair_of("staffordshire/storage"), other = pair_of("derbyshire/storage"),
				rsa = pair_of("staffordshire/smime");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_int_equal(wg_cms_encrypt(ours.cert, WG_CIPHER_GCM, CONTENT, sizeof CONTENT - 1, &der, &pki_err), WG_OK);
	assert_int_equal(wg_cms_agree_open(other.key, other.cert, der.data, der.len, &out), WG_CMS_AGREE_NOT_MINE);
	assert_int_equal(wg_cms_agree_open(other.key, ours.cert, der.data, der.len, &out), WG_CMS_AGREE_FAILED);
	assert_int_equal(wg_cms_decrypt(other.key, other.cert, der.data, der.len, &out, &pki_err), WG_CRYPTO);
	assert_int_equal(wg_cms_agree_open(rsa.key, rsa.cert, der.data, der.len, &out), WG_CMS_AGREE_NOT_MINE);
	assert_int_equal(out.len, 0);
	/* the same kind of object with its content in CBC */
	wg_buf_reset(&der);
	assert_int_equal(wg_cms_encrypt(ours.cert, WG_CIPHER_CBC, CONTENT, sizeof CONTENT - 1, &der, &pki_err), WG_OK);
	assert_int_equal(wg_cms_agree_open(ours.key, ours.cert, der.data, der.len, &out), WG_CMS_AGREE_NOT_MINE);
	assert_int_equal(wg_cms_decrypt(ours.key, ours.cert, der.data, der.len, &out, &pki_err), WG_OK);
	assert_string_equal(wg_buf_text(&out), CONTENT);
	pair_free(&ours);
	pair_free(&other);
	pair_free(&rsa);
}

static void test_limits(void **state)
{
	(void)state;
	struct pair p = pair_of("staffordshire/storage");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(8);
	assert_int_equal(wg_cms_encrypt(p.cert, WG_CIPHER_GCM, CONTENT, sizeof CONTENT - 1, &der, &pki_err), WG_OK);
	assert_int_equal(wg_cms_decrypt(p.key, p.cert, der.data, der.len, &out, &pki_err), WG_LIMIT);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),        cmocka_unit_test(test_in_turn),  cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_not_on_the_curve), cmocka_unit_test(test_not_mine), cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
