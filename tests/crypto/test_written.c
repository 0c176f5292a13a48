/* CMS objects that are written directly: byte for byte what OpenSSL's CMS makes of the same, but for what is random;
 * and the DER below them. */
#include "pki.h"

#include <openssl/err.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_agree.h"
#include "crypto/cms_parts.h"
#include "crypto/cms_sealed.h"
#include "crypto/cms_signed.h"
#include "crypto/der.h"

#define LARGE 70000
#define NOW 1795339800000LL /* 2026-11-22T09:30:00Z */

static uint8_t large[LARGE];

/* Keys and certificates of further kinds: signed by themselves. */
static void make_pairs(void)
{
	static const struct {
		const char *name, *kind;
	} rows[] = { { "p384", "ec_paramgen_curve:P-384" }, { "p521", "ec_paramgen_curve:P-521" }, { "rsa3072", NULL } };
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char key[256], cert[256];
		(void)snprintf(key, sizeof key, "%s.key", pki(rows[i].name));
		(void)snprintf(cert, sizeof cert, "%s.pem", pki(rows[i].name));
		const char *const argv[] = { "openssl",
			                         "req",
			                         "-x509",
			                         "-nodes",
			                         "-subj",
			                         "/CN=Robin Specimen",
			                         "-newkey",
			                         rows[i].kind != NULL ? "ec" : "rsa:3072",
			                         "-keyout",
			                         key,
			                         "-out",
			                         cert,
			                         rows[i].kind != NULL ? "-pkeyopt" : NULL,
			                         rows[i].kind,
			                         NULL };
		assert_int_equal(pki_run("pair.log", argv), 0);
	}
}

static int setup(void **state)
{
	int rc = pki_setup(state);
	if (rc == 0)
		make_pairs();
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 7);
	return rc;
}

static const char *const pairs[] = { "staffordshire/smime", "staffordshire/storage", "p384", "p521", "rsa3072" };
/* around every length at which DER needs another byte for one of them */
static const size_t sizes[] = { 0,   1,   15,  16,  17,  60,   100,   127,   128,   150,
	                            200, 255, 256, 700, 900, 4096, 65000, 65400, 65535, LARGE };

static size_t end_of_same(const struct wg_buf *a, const struct wg_buf *b)
{
	size_t at = 0;
	while (at < a->len && at < b->len && a->data[at] == b->data[at])
		at++;
	return at;
}

/* ---- signed */

/* Whether the two differ in nothing but a signature by EC, which is the last value of both, and in the lengths above
 * it, which is as long as it happens to be. */
static void assert_same_but_signature(const struct wg_key *key, const struct wg_buf *ours, const struct wg_buf *theirs)
{
	if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA) {
		assert_int_equal(ours->len, theirs->len);
		assert_memory_equal(ours->data, theirs->data, ours->len);
		return;
	}
	const unsigned char *p = ours->data, *q = theirs->data;
	CMS_ContentInfo *a = d2i_CMS_ContentInfo(NULL, &p, (long)ours->len);
	CMS_ContentInfo *b = d2i_CMS_ContentInfo(NULL, &q, (long)theirs->len);
	assert_non_null(a);
	assert_non_null(b);
	ASN1_OCTET_STRING *one = CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(a), 0));
	ASN1_OCTET_STRING *other = CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(b), 0));
	assert_int_equal(ASN1_STRING_set(one, "", 0), 1);
	assert_int_equal(ASN1_STRING_set(other, "", 0), 1);
	unsigned char *c = NULL, *d = NULL;
	int n = i2d_CMS_ContentInfo(a, &c), m = i2d_CMS_ContentInfo(b, &d);
	assert_int_equal(n, m);
	assert_memory_equal(c, d, (size_t)n);
	OPENSSL_free(c);
	OPENSSL_free(d);
	CMS_ContentInfo_free(a);
	CMS_ContentInfo_free(b);
}

/* Encoded once more by OpenSSL it is what it was: DER throughout, everything in its order. */
static void assert_der(const struct wg_buf *der)
{
	const unsigned char *p = der->data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der->len);
	assert_non_null(cms);
	assert_ptr_equal(p, der->data + der->len);
	unsigned char *again = NULL;
	int n = i2d_CMS_ContentInfo(cms, &again);
	assert_int_equal(n, der->len);
	assert_memory_equal(again, der->data, der->len);
	OPENSSL_free(again);
	CMS_ContentInfo_free(cms);
}

static void test_signed(void **state)
{
	(void)state;
	for (size_t k = 0; k < WG_COUNT(pairs); k++) {
		struct wg_key *key = NULL;
		struct wg_cert *cert = NULL;
		pki_pair(pairs[k], &key, &cert);
		for (size_t i = 0; i < WG_COUNT(sizes); i++) {
			WG_AUTO_BUF struct wg_buf ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE),
									  out = WG_BUF(WG_LIMIT_ENVELOPE);
			WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
			assert_true(wg_cms_signed_put(key, cert, large, sizes[i], NOW, &ours));
			assert_int_equal(wg_cms_sign_slowly(key, cert, large, sizes[i], NOW, &theirs, &pki_err), WG_OK);
			assert_same_but_signature(key, &ours, &theirs);
			assert_der(&ours);
			assert_int_equal(wg_cms_verify_any(ours.data, ours.len, &out, &signer, &pki_err), WG_OK);
			assert_int_equal(out.len, sizes[i]);
			assert_memory_equal(wg_buf_text(&out), large, sizes[i]);
		}
		wg_key_freep(&key);
		wg_cert_freep(&cert);
	}
}

/* The last second of the short form of a year, and the first of the long one. */
static void test_times(void **state)
{
	(void)state;
	static const int64_t times[] = { 0, 999, 1000, 946684799000, 2524607999999, 2524608000000, 253402300799000 };
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	pki_pair("staffordshire/smime", &key, &cert);
	for (size_t i = 0; i < WG_COUNT(times); i++) {
		WG_AUTO_BUF struct wg_buf ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE);
		assert_true(wg_cms_signed_put(key, cert, "x", 1, times[i], &ours));
		assert_int_equal(wg_cms_sign_slowly(key, cert, "x", 1, times[i], &theirs, &pki_err), WG_OK);
		assert_same_but_signature(key, &ours, &theirs);
	}
	wg_key_freep(&key);
	wg_cert_freep(&cert);
}

static void add_file(const char *name, struct wg_buf *out)
{
	char text[16384];
	size_t n = pki_read(name, text, sizeof text);
	assert_true(n > 0);
	wg_buf_put(out, text, n);
}

/* A chain goes along, in the order of DER, whatever the order in the file; what stands there twice goes once, which
 * OpenSSL's CMS refuses. */
static void test_chain(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(65536), ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE),
							  twice = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *doubled = NULL;
	pki_pair("staffordshire/smime", &key, NULL);
	add_file("staffordshire/smime.pem", &pem);
	add_file("rsa3072.pem", &pem);
	add_file("p521.pem", &pem);
	add_file("ca.pem", &pem);
	assert_int_equal(wg_cert_parse(pem.data, pem.len, &cert, &pki_err), WG_OK);
	assert_true(wg_cms_signed_put(key, cert, large, 1000, NOW, &ours));
	assert_int_equal(wg_cms_sign_slowly(key, cert, large, 1000, NOW, &theirs, &pki_err), WG_OK);
	assert_same_but_signature(key, &ours, &theirs);
	add_file("p521.pem", &pem);
	assert_int_equal(wg_cert_parse(pem.data, pem.len, &doubled, &pki_err), WG_OK);
	assert_int_equal(wg_cms_sign(key, doubled, large, 1000, &twice, &pki_err), WG_OK);
	assert_int_equal(twice.len, ours.len);
	assert_der(&twice);
}

/* ---- sealed */

static bool opens(const char *name, const struct wg_buf *der, size_t len)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	pki_pair(name, &key, &cert);
	wg_agreed_freep(&key->agreed); /* OpenSSL opens it */
	return wg_cms_decrypt(key, cert, der->data, der->len, &out, &pki_err) == WG_OK && out.len == len &&
	       memcmp(wg_buf_text(&out), large, len) == 0;
}

/* The lengths are those of OpenSSL's, all is DER in its order, and the heads are the same but for what is random: a
 * wrapped key, and of an agreement the point. */
static void test_sealed(void **state)
{
	(void)state;
	for (size_t k = 0; k < WG_COUNT(pairs); k++)
		for (int c = WG_CIPHER_CBC; c <= WG_CIPHER_GCM; c++) {
			WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
			pki_pair(pairs[k], NULL, &cert);
			const struct wg_cert *const to[] = { cert };
			EVP_PKEY *public = X509_get0_pubkey(cert->x509);
			size_t bytes = (size_t)EVP_PKEY_get_bits(public) / 8 + (EVP_PKEY_get_bits(public) % 8 != 0);
			size_t random = EVP_PKEY_get_base_id(public) == EVP_PKEY_RSA ? bytes : 2 * bytes + WG_CMS_WRAPPED_LEN;
			for (size_t i = 0; i < WG_COUNT(sizes); i++) {
				WG_AUTO_BUF struct wg_buf ours = WG_BUF(WG_LIMIT_ENVELOPE), theirs = WG_BUF(WG_LIMIT_ENVELOPE);
				size_t head = 0, theirs_head = 0, differ = 0;
				assert_true(wg_cms_sealed_put(to, 1, (enum wg_cipher)c, large, sizes[i], &ours));
				assert_int_equal(wg_cms_encrypt_slowly(to, 1, (enum wg_cipher)c, large, sizes[i], &theirs, &pki_err),
				                 WG_OK);
				assert_int_equal(ours.len, theirs.len);
				assert_der(&ours);
				assert_int_equal(wg_cms_head_end(ours.data, ours.len, &head, &pki_err), WG_OK);
				assert_int_equal(wg_cms_head_end(theirs.data, theirs.len, &theirs_head, &pki_err), WG_OK);
				assert_int_equal(head, theirs_head);
				for (size_t at = end_of_same(&ours, &theirs); at < head; at++)
					differ += ours.data[at] != theirs.data[at];
				assert_in_range(differ, random / 2, random);
				size_t after = head; /* up to the nonce they are the same again */
				while (ours.data[after] == theirs.data[after])
					after++;
				assert_in_range(after - head, 26, 40);
				assert_true(opens(pairs[k], &ours, sizes[i]));
			}
		}
}

/* Four at once, each of which opens it; no two objects share a content key, a nonce or an agreement. */
static void test_several(void **state)
{
	(void)state;
	static const char *const names[] = { "staffordshire/storage", "rsa3072", "p384", "staffordshire/smime" };
	struct wg_cert *to[WG_COUNT(names)] = { NULL };
	for (size_t i = 0; i < WG_COUNT(names); i++)
		pki_pair(names[i], NULL, &to[i]);
	for (int c = WG_CIPHER_CBC; c <= WG_CIPHER_GCM; c++) {
		WG_AUTO_BUF struct wg_buf one = WG_BUF(WG_LIMIT_ENVELOPE), two = WG_BUF(WG_LIMIT_ENVELOPE);
		size_t end = 0;
		assert_int_equal(wg_cms_encrypt_all((const struct wg_cert *const *)to, WG_COUNT(to), (enum wg_cipher)c, large,
		                                    5000, &one, &pki_err),
		                 WG_OK);
		assert_int_equal(wg_cms_encrypt_all((const struct wg_cert *const *)to, WG_COUNT(to), (enum wg_cipher)c, large,
		                                    5000, &two, &pki_err),
		                 WG_OK);
		assert_der(&one);
		assert_int_equal(one.len, two.len);
		for (size_t i = 0; i < WG_COUNT(names); i++)
			assert_true(opens(names[i], &one, 5000));
		/* nothing of 16 bytes that is encrypted in one is found in the other */
		assert_int_equal(wg_cms_head_end(one.data, one.len, &end, &pki_err), WG_OK);
		for (size_t at = end + 100; at + 16 <= one.len; at += 16)
			assert_null(memmem(two.data, two.len, one.data + at, 16));
	}
	for (size_t i = 0; i < WG_COUNT(names); i++)
		wg_cert_freep(&to[i]);
}

/* What has no room in the caller's buffer is a limit, and nothing half written counts; what was there stays. */
static void test_no_room(void **state)
{
	(void)state;
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	pki_pair("staffordshire/smime", &key, &cert);
	WG_AUTO_BUF struct wg_buf small = WG_BUF(2000), before = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_int_equal(wg_cms_sign(key, cert, large, 4000, &small, &pki_err), WG_LIMIT);
	wg_buf_reset(&small);
	assert_int_equal(wg_cms_encrypt(cert, WG_CIPHER_CBC, large, 4000, &small, &pki_err), WG_LIMIT);
	wg_buf_puts(&before, "before");
	assert_int_equal(wg_cms_encrypt(cert, WG_CIPHER_GCM, large, 4000, &before, &pki_err), WG_OK);
	assert_memory_equal(before.data, "before0", 7); /* and a SEQUENCE: 0x30 */
}

/* ---- DER */

static void test_lengths(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, (1u << 24) - 1, 1u << 24 };
	for (size_t i = 0; i < WG_COUNT(lengths); i++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(64);
		unsigned char theirs[16], *p = theirs;
		ASN1_put_object(&p, 1, (int)lengths[i], V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
		wg_der_head(&b, WG_DER_SEQUENCE, lengths[i]);
		assert_int_equal(b.len, p - theirs);
		assert_int_equal(b.len, wg_der_head_len(lengths[i]));
		assert_memory_equal(b.data, theirs, b.len);
	}
}

/* What is not whole, of another tag, or not in the shortest form is not entered, and the cursor stays. */
static void test_enter(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len, value; /* SIZE_MAX: refused */
	} rows[] = {
		{ "", 0, SIZE_MAX },
		{ "\x30", 1, SIZE_MAX },
		{ "\x30\x00", 2, 0 },
		{ "\x31\x00", 2, SIZE_MAX },
		{ "\x30\x01", 2, SIZE_MAX },
		{ "\x30\x01x", 3, 1 },
		{ "\x30\x80x", 3, SIZE_MAX },
		{ "\x30\x81\x01x", 4, SIZE_MAX },
		{ "\x30\x81\x80x", 4, SIZE_MAX },
		{ "\x30\x82\x00\x01x", 5, SIZE_MAX },
		{ "\x30\x85\x00\x00\x00\x00\x01x", 8, SIZE_MAX },
		{ "\x30\x84\xff\xff\xff\xff", 6, SIZE_MAX },
		{ "\x30\x84\xff", 3, SIZE_MAX },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_der in = { .p = (const uint8_t *)rows[i].bytes, .left = rows[i].len }, value = { NULL, 77 };
		bool entered = wg_der_enter(&in, WG_DER_SEQUENCE, &value);
		assert_int_equal(entered, rows[i].value != SIZE_MAX);
		assert_int_equal(value.left, entered ? rows[i].value : 77);
		assert_int_equal(in.left, entered ? 0 : rows[i].len);
	}
}

static void test_sorted(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf all = WG_BUF(64), out = WG_BUF(64);
	wg_buf_puts(&all, "bbaabab");
	struct wg_der_piece pieces[] = { { 0, 2 }, { 2, 2 }, { 4, 1 }, { 5, 2 }, { 3, 2 } }; /* bb aa b ab ab */
	wg_der_put_sorted(&out, &all, pieces, WG_COUNT(pieces), true);
	assert_string_equal(wg_buf_text(&out), "aaabbbb"); /* aa ab b bb */
	wg_buf_reset(&out);
	wg_der_put_sorted(&out, &all, pieces, WG_COUNT(pieces), false);
	assert_string_equal(wg_buf_text(&out), "aaababbbb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed),  cmocka_unit_test(test_times),   cmocka_unit_test(test_chain),
		cmocka_unit_test(test_sealed),  cmocka_unit_test(test_several), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_enter),   cmocka_unit_test(test_sorted),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
