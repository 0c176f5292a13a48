/* Signing, sealing, opening and verifying: round trips, every flipped byte, and every shape that must be refused. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/limits.h"
#include "base/mem.h"
#include "pki.h"

#define SMALL "Content-Type: text/plain\r\n\r\nTess Example was last seen at the pier.\r\n"
#define LARGE 100003

static char large[LARGE];

static void seal(const char *from, const char *to, enum wg_cipher cipher, const void *content, size_t len,
                 struct wg_buf *out)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *peer = NULL;
	pki_pair(from, &key, &cert);
	pki_pair(to, NULL, &peer);
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_int_equal(wg_cms_sign(key, cert, content, len, &inner, &pki_err), WG_OK);
	assert_int_equal(wg_cms_encrypt(peer, cipher, inner.data, inner.len, out, &pki_err), WG_OK);
}

struct opener {
	struct wg_key *key;
	struct wg_cert *cert;
	struct wg_trust *trust;
};

static struct opener opener_of(const char *name)
{
	struct opener o = { .trust = pki_trust("ca.pem", NULL) };
	pki_pair(name, &o.key, &o.cert);
	return o;
}

static void opener_free(struct opener *o)
{
	wg_key_freep(&o->key);
	wg_cert_freep(&o->cert);
	wg_trust_freep(&o->trust);
}

static enum wg_code open_sealed(const struct opener *o, const void *der, size_t len, struct wg_buf *out,
                                struct wg_cert **signer)
{
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_code code = wg_cms_decrypt(o->key, o->cert, der, len, &inner, &pki_err);
	return code != WG_OK ? code : wg_cms_verify(o->trust, inner.data, inner.len, out, signer, &pki_err);
}

static void test_round_trips(void **state)
{
	(void)state;
	static const char *const recipients[] = { "staffordshire/smime", "staffordshire/storage" }; /* RSA, EC */
	static const enum wg_cipher ciphers[] = { WG_CIPHER_CBC, WG_CIPHER_GCM };
	static const size_t sizes[] = { 0, 1, 15, 16, 17, LARGE };
	memset(large, 'x', sizeof large);
	for (size_t r = 0; r < WG_COUNT(recipients); r++) {
		struct opener o = opener_of(recipients[r]);
		for (size_t i = 0; i < WG_COUNT(ciphers) * WG_COUNT(sizes); i++) {
			size_t size = sizes[i / WG_COUNT(ciphers)];
			WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
			WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
			seal("derbyshire/smime", recipients[r], ciphers[i % WG_COUNT(ciphers)], large, size, &sealed);
			assert_int_equal(open_sealed(&o, sealed.data, sealed.len, &out, &signer), WG_OK);
			assert_int_equal(out.len, size);
			assert_memory_equal(wg_buf_text(&out), large, size);
			struct wg_cert_facts facts;
			assert_int_equal(wg_cert_facts(signer, &facts, &pki_err), WG_OK);
			assert_string_equal(facts.emails[0], "gateway@derbyshire.example");
		}
		opener_free(&o);
	}
}

static void test_ec_signer(void **state)
{
	(void)state;
	struct opener o = opener_of("staffordshire/smime");
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	seal("derbyshire/storage", "staffordshire/smime", WG_CIPHER_CBC, SMALL, sizeof SMALL - 1, &sealed);
	assert_int_equal(open_sealed(&o, sealed.data, sealed.len, &out, &signer), WG_OK);
	assert_string_equal(wg_buf_text(&out), SMALL);
	opener_free(&o);
}

/* Flips every byte, two ways: what is accepted at all must be the very content that was sent. */
static void flip_all(const struct opener *o, uint8_t *der, size_t len, bool sealed)
{
	static const uint8_t flips[] = { 0x01, 0x80 };
	size_t refused = 0;
	for (size_t i = 0; i < len * WG_COUNT(flips); i++) {
		uint8_t flip = flips[i % WG_COUNT(flips)];
		size_t at = i / WG_COUNT(flips);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
		WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
		der[at] ^= flip;
		enum wg_code code = sealed ? open_sealed(o, der, len, &out, &signer)
		                           : wg_cms_verify(o->trust, der, len, &out, &signer, &pki_err);
		der[at] ^= flip;
		if (code == WG_OK) {
			assert_string_equal(wg_buf_text(&out), SMALL);
			continue;
		}
		refused++;
		assert_int_equal(code, WG_CRYPTO);
		assert_string_equal(pki_err.text, "could not be opened");
		assert_int_equal(out.len, 0);
		assert_null(signer);
	}
	/* the rest is padding of the encoding, where nothing is said */
	assert_true(refused > len * WG_COUNT(flips) * 9 / 10);
}

static void test_flipped_sealed(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		enum wg_cipher cipher;
	} table[] = {
		{ "staffordshire/smime", WG_CIPHER_CBC },
		{ "staffordshire/storage", WG_CIPHER_GCM },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct opener o = opener_of(table[i].to);
		WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE);
		seal("derbyshire/storage", table[i].to, table[i].cipher, SMALL, sizeof SMALL - 1, &sealed);
		flip_all(&o, sealed.data, sealed.len, true);
		opener_free(&o);
	}
}

static void test_flipped_signed(void **state)
{
	(void)state;
	struct opener o = opener_of("derbyshire/smime");
	WG_AUTO_BUF struct wg_buf signed_data = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_int_equal(wg_cms_sign(o.key, o.cert, SMALL, sizeof SMALL - 1, &signed_data, &pki_err), WG_OK);
	flip_all(&o, signed_data.data, signed_data.len, false);
	opener_free(&o);
}

/* GCM says at once what CBC only says through the signature inside. */
static void test_gcm_authenticates(void **state)
{
	(void)state;
	struct opener o = opener_of("staffordshire/storage");
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_int_equal(wg_cms_encrypt(o.cert, WG_CIPHER_GCM, SMALL, sizeof SMALL - 1, &sealed, &pki_err), WG_OK);
	for (size_t back = 1; back <= 16 + sizeof SMALL; back++) { /* the tag is last, the ciphertext before it */
		sealed.data[sealed.len - back] ^= 1;
		assert_int_equal(wg_cms_decrypt(o.key, o.cert, sealed.data, sealed.len, &out, &pki_err), WG_CRYPTO);
		sealed.data[sealed.len - back] ^= 1;
	}
	assert_int_equal(wg_cms_decrypt(o.key, o.cert, sealed.data, sealed.len, &out, &pki_err), WG_OK);
	assert_string_equal(wg_buf_text(&out), SMALL);
	opener_free(&o);
}

static void test_truncated(void **state)
{
	(void)state;
	struct opener o = opener_of("derbyshire/smime");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	assert_int_equal(wg_cms_sign(o.key, o.cert, SMALL, sizeof SMALL - 1, &der, &pki_err), WG_OK);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(wg_cms_verify(o.trust, der.data, len, &out, &signer, &pki_err), WG_CRYPTO);
	wg_buf_putc(&der, 'x');
	assert_int_equal(wg_cms_verify(o.trust, der.data, der.len, &out, &signer, &pki_err), WG_CRYPTO);
	opener_free(&o);
}

static EVP_PKEY *raw_key(const char *name)
{
	FILE *f = fopen(pki(name), "r");
	assert_non_null(f);
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	(void)fclose(f); /* was only read */
	assert_non_null(key);
	return key;
}

static X509 *raw_cert(const char *name)
{
	FILE *f = fopen(pki(name), "r");
	assert_non_null(f);
	X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f); /* was only read */
	assert_non_null(cert);
	return cert;
}

struct shape {
	const char *name;
	const char *signers[2]; /* pairs under the temporary folder */
	const EVP_MD *(*digest)(void);
	unsigned flags;
	bool accepted;
	const char *crl;
};

/* Moves the only signer of one object to another: content and certificates stay behind, signed by nobody. */
static void move_signer(CMS_ContentInfo *from, CMS_ContentInfo *to)
{
	CMS_SignerInfo *signer = sk_CMS_SignerInfo_pop(CMS_get0_SignerInfos(from));
	assert_non_null(signer);
	assert_true(sk_CMS_SignerInfo_push(CMS_get0_SignerInfos(to), signer) > 0);
}

static void put_cms(const CMS_ContentInfo *cms, struct wg_buf *out)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	wg_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
}

static CMS_ContentInfo *parse_cms(const struct wg_buf *der)
{
	const unsigned char *p = der->data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der->len);
	assert_non_null(cms);
	return cms;
}

static void test_nobody_signed(void **state)
{
	(void)state;
	struct opener o = opener_of("derbyshire/smime");
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	assert_int_equal(wg_cms_sign(o.key, o.cert, SMALL, sizeof SMALL - 1, &der, &pki_err), WG_OK);
	CMS_ContentInfo *none = parse_cms(&der), *two = parse_cms(&der);
	move_signer(none, two);
	wg_buf_reset(&der);
	put_cms(none, &der);
	assert_int_equal(wg_cms_verify(o.trust, der.data, der.len, &out, &signer, &pki_err), WG_CRYPTO);
	wg_buf_reset(&der);
	put_cms(two, &der);
	assert_int_equal(wg_cms_verify(o.trust, der.data, der.len, &out, &signer, &pki_err), WG_CRYPTO);
	CMS_ContentInfo_free(none);
	CMS_ContentInfo_free(two);
	opener_free(&o);
}

/* Signed-data of any shape, made with OpenSSL directly. */
static void make_shape(const struct shape *s, struct wg_buf *out)
{
	BIO *in = BIO_new_mem_buf(SMALL, sizeof SMALL - 1);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY | s->flags);
	assert_non_null(in);
	assert_non_null(cms);
	for (size_t i = 0; i < 2 && s->signers[i] != NULL; i++) {
		char file[256];
		(void)snprintf(file, sizeof file, "%s.key", s->signers[i]);
		EVP_PKEY *key = raw_key(file);
		(void)snprintf(file, sizeof file, "%s.pem", s->signers[i]);
		X509 *cert = raw_cert(file);
		unsigned again = i > 0 && strcmp(s->signers[0], s->signers[1]) == 0 ? CMS_NOCERTS : 0; /* it is there already */
		assert_non_null(CMS_add1_signer(cms, cert, key, s->digest(), CMS_PARTIAL | CMS_BINARY | s->flags | again));
		EVP_PKEY_free(key);
		X509_free(cert);
	}
	if (CMS_final(cms, in, NULL, CMS_BINARY | s->flags) != 1)
		fail_msg("%s: not made: %s", s->name, ERR_reason_error_string(ERR_get_error()));
	put_cms(cms, out);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void test_shapes(void **state)
{
	(void)state;
	static const struct shape table[] = {
		{ "one signer", { "derbyshire/smime" }, EVP_sha256, 0, true, NULL },
		{ "one signer, CRL", { "derbyshire/smime" }, EVP_sha256, 0, true, "crl.pem" },
		{ "SHA-512", { "derbyshire/smime" }, EVP_sha512, 0, true, NULL },
		{ "two signers", { "derbyshire/smime", "staffordshire/smime" }, EVP_sha256, 0, false, NULL },
		{ "the same signer twice", { "derbyshire/smime", "derbyshire/smime" }, EVP_sha256, 0, false, NULL },
		{ "detached", { "derbyshire/smime" }, EVP_sha256, CMS_DETACHED, false, NULL },
		{ "no signed attributes", { "derbyshire/smime" }, EVP_sha256, CMS_NOATTR, false, NULL },
		{ "signer's certificate left out", { "derbyshire/smime" }, EVP_sha256, CMS_NOCERTS, false, NULL },
		{ "SHA-1", { "derbyshire/smime" }, EVP_sha1, 0, false, NULL },
		{ "expired", { "hostile/expired-smime" }, EVP_sha256, 0, false, NULL },
		{ "unknown authority", { "hostile/unknown-ca-smime" }, EVP_sha256, 0, false, NULL },
		{ "wrong extended key usage", { "hostile/no-eku-smime" }, EVP_sha256, 0, false, NULL },
		{ "a TLS certificate", { "derbyshire/server" }, EVP_sha256, 0, false, NULL },
		{ "revoked", { "hostile/revoked-smime" }, EVP_sha256, 0, false, "crl.pem" },
		{ "stale CRL", { "derbyshire/smime" }, EVP_sha256, 0, false, "hostile/crl-stale.pem" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
		WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("ca.pem", table[i].crl);
		make_shape(&table[i], &der);
		enum wg_code code = wg_cms_verify(trust, der.data, der.len, &out, &signer, &pki_err);
		if ((code == WG_OK) != table[i].accepted)
			fail_msg("%s: %s", table[i].name, wg_code_name(code));
		if (code != WG_OK)
			assert_string_equal(pki_err.text, "could not be opened");
		assert_int_equal(signer != NULL, table[i].accepted);
	}
}

/* Signed is not sealed, sealed is not signed, and other kinds are neither. */
static void test_kinds(void **state)
{
	(void)state;
	struct opener o = opener_of("derbyshire/smime");
	WG_AUTO_BUF struct wg_buf made = WG_BUF(WG_LIMIT_ENVELOPE), sealed = WG_BUF(WG_LIMIT_ENVELOPE),
							  out = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	assert_int_equal(wg_cms_sign(o.key, o.cert, SMALL, sizeof SMALL - 1, &made, &pki_err), WG_OK);
	assert_int_equal(wg_cms_decrypt(o.key, o.cert, made.data, made.len, &out, &pki_err), WG_CRYPTO);
	assert_int_equal(wg_cms_encrypt(o.cert, WG_CIPHER_CBC, SMALL, sizeof SMALL - 1, &sealed, &pki_err), WG_OK);
	assert_int_equal(wg_cms_verify(o.trust, sealed.data, sealed.len, &out, &signer, &pki_err), WG_CRYPTO);
	/* decrypts, and is refused by verify, because nobody signed it */
	assert_int_equal(open_sealed(&o, sealed.data, sealed.len, &out, &signer), WG_CRYPTO);
	BIO *in = BIO_new_mem_buf(SMALL, sizeof SMALL - 1);
	CMS_ContentInfo *digest = CMS_digest_create(in, EVP_sha256(), CMS_BINARY);
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(digest, &der);
	assert_true(len > 0);
	assert_int_equal(wg_cms_verify(o.trust, der, (size_t)len, &out, &signer, &pki_err), WG_CRYPTO);
	assert_int_equal(wg_cms_decrypt(o.key, o.cert, der, (size_t)len, &out, &pki_err), WG_CRYPTO);
	assert_int_equal(out.len, 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(digest);
	BIO_free(in);
	opener_free(&o);
}

static void test_wrong_key(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	seal("derbyshire/smime", "staffordshire/smime", WG_CIPHER_CBC, SMALL, sizeof SMALL - 1, &sealed);
	struct opener stranger = opener_of("derbyshire/smime"), mixed = opener_of("staffordshire/smime");
	assert_int_equal(open_sealed(&stranger, sealed.data, sealed.len, &out, &signer), WG_CRYPTO);
	assert_string_equal(pki_err.text, "could not be opened");
	wg_key_freep(&mixed.key); /* the right certificate, another's key */
	pki_pair("derbyshire/smime", &mixed.key, NULL);
	assert_int_equal(open_sealed(&mixed, sealed.data, sealed.len, &out, &signer), WG_CRYPTO);
	assert_string_equal(pki_err.text, "could not be opened");
	opener_free(&stranger);
	opener_free(&mixed);
}

/* A caller's small buffer is a limit, and says so; it is no crypto failure. */
static void test_output_limit(void **state)
{
	(void)state;
	struct opener o = opener_of("derbyshire/smime");
	WG_AUTO_BUF struct wg_buf made = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(10);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	assert_int_equal(wg_cms_sign(o.key, o.cert, SMALL, sizeof SMALL - 1, &made, &pki_err), WG_OK);
	assert_int_equal(wg_cms_verify(o.trust, made.data, made.len, &out, &signer, &pki_err), WG_LIMIT);
	assert_null(signer);
	opener_free(&o);
}

/* The head ends behind the wrapped key: without it the rest does not open, and with it alone nothing is lost of it. */
static void test_head(void **state)
{
	(void)state;
	static const char *const names[] = { "staffordshire/smime", "staffordshire/storage" }; /* RSA, EC */
	for (size_t n = 0; n < WG_COUNT(names); n++)
		for (int cipher = WG_CIPHER_CBC; cipher <= WG_CIPHER_GCM; cipher++)
			for (size_t len = 1; len <= LARGE; len *= 10) {
				struct opener o = opener_of(names[n]);
				WG_AUTO_BUF struct wg_buf made = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
				size_t end = 0;
				assert_int_equal(wg_cms_encrypt(o.cert, (enum wg_cipher)cipher, large, len, &made, &pki_err), WG_OK);
				assert_int_equal(wg_cms_head_end(made.data, made.len, &end, &pki_err), WG_OK);
				assert_in_range(end, 100, 1100);
				assert_true(made.len - end >= len);
				for (size_t cut = 0; cut < end; cut++) {
					size_t never = 0;
					assert_int_equal(wg_cms_head_end(made.data, cut, &never, NULL), WG_CRYPTO);
				}
				memset(made.data + end - 32, 0, 32); /* the last of what wraps the key */
				assert_true(wg_cms_decrypt(o.key, o.cert, made.data, made.len, &out, NULL) == WG_CRYPTO ||
				            out.len != len || memcmp(out.data, large, len) != 0);
				assert_int_equal(wg_cms_head_check(o.cert, 2048, &pki_err), WG_OK);
				assert_int_equal(wg_cms_head_check(o.cert, end, &pki_err), WG_CONFIG);
				opener_free(&o);
			}
}

/* An issuer's name that does not end moves the key out of the head: such a certificate is refused. */
static void test_head_too_long(void **state)
{
	(void)state;
	char subject[4096] = "/CN=Specimen", file[256];
	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(subject + strlen(subject), sizeof subject - strlen(subject), "/OU=%02u%060d", i, 0);
	(void)snprintf(file, sizeof file, "%s", pki("long.pem"));
	const char *const argv[] = { "openssl",       "req",  "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
		                         pki("long.key"), "-out", file,    "-subj",   subject,    NULL };
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	assert_int_equal(pki_run("long.log", argv), 0);
	assert_int_equal(wg_cert_load(file, &cert, &pki_err), WG_OK);
	assert_int_equal(wg_cms_head_check(cert, 2048, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "shorter issuer name"));
	assert_int_equal(wg_cms_head_check(cert, 8192, &pki_err), WG_OK);
}

static void test_no_head(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { { "", 0 },
		         { "x", 1 },
		         { "\x30\x80\x06\x01\x2a\xa0\x80\x30\x80\x02\x01\x00\x31\x00", 14 }, /* indefinite */
		         { "\x30\x84\xff\xff\xff\xff\x06\x01\x2a", 9 },
		         { "\x30\x0c\x06\x01\x2a\xa0\x07\x30\x05\x02\x01\x00\x04\x00", 14 }, /* no recipients */
		         { "\x30\x0a\x06\x01\x2a\xa0\x05\x30\x03\x02\x01\x00", 12 } };
	size_t end = 77;
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		assert_int_equal(wg_cms_head_end(rows[i].bytes, rows[i].len, &end, &pki_err), WG_CRYPTO);
	assert_int_equal(end, 77);
	static const char least[] = "\x30\x0c\x06\x01\x2a\xa0\x07\x30\x05\x02\x01\x00\x31\x00rest";
	assert_int_equal(wg_cms_head_end(least, sizeof least - 1, &end, &pki_err), WG_OK);
	assert_int_equal(end, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_ec_signer),
		cmocka_unit_test(test_flipped_sealed),
		cmocka_unit_test(test_flipped_signed),
		cmocka_unit_test(test_gcm_authenticates),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_nobody_signed),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_head_too_long),
		cmocka_unit_test(test_no_head),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
