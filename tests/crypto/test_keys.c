/* Keys, certificates, trust and hashes. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/tls.h"
#include "pki.h"

static void test_key_permissions(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		enum wg_code code;
	} table[] = { { 0600, WG_OK },     { 0400, WG_OK },     { 0640, WG_CONFIG },
		          { 0604, WG_CONFIG }, { 0644, WG_CONFIG }, { 0660, WG_CONFIG } };
	const char *path = pki("derbyshire/smime.key");
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
		assert_int_equal(chmod(path, table[i].mode), 0);
		assert_int_equal(wg_key_load(path, &key, &pki_err), table[i].code);
		assert_int_equal(key != NULL, table[i].code == WG_OK);
		if (table[i].code != WG_OK)
			assert_non_null(strstr(pki_err.text, "chmod 600"));
	}
	assert_int_equal(chmod(path, 0600), 0);
}

/* A file with a canary where the key should be: whatever is wrong, the words never hold what stood there. */
static void test_no_key_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
	} table[] = {
		{ "empty", "" },
		{ "not PEM", "CANARY-0815" },
		{ "not base64", "-----BEGIN PRIVATE KEY-----\nCANARY-0815!\n-----END PRIVATE KEY-----\n" },
		{ "not DER", "-----BEGIN PRIVATE KEY-----\nQ0FOQVJZLTA4MTU=\n-----END PRIVATE KEY-----\n" },
		{ "unfinished", "-----BEGIN CANARY-0815-----\nQ0FOQVJZ" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_key *key = NULL;
		struct wg_cert *cert = NULL;
		pki_write("canary.key", table[i].text, strlen(table[i].text));
		assert_int_equal(chmod(pki("canary.key"), 0600), 0);
		assert_int_equal(wg_key_load(pki("canary.key"), &key, &pki_err), WG_CONFIG);
		assert_null(strstr(pki_err.text, "CANARY"));
		assert_null(strstr(pki_err.text, "Q0FO"));
		assert_int_equal(wg_cert_load(pki("canary.key"), &cert, &pki_err), WG_CONFIG);
		assert_null(strstr(pki_err.text, "CANARY"));
	}
}

static void test_bad_files(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	struct wg_trust *trust = NULL;
	assert_int_equal(wg_key_load(pki("nowhere.key"), &key, &pki_err), WG_NOT_FOUND);
	assert_int_equal(wg_key_load(pki("derbyshire"), &key, &pki_err), WG_CONFIG); /* a folder */
	assert_int_equal(wg_cert_load(pki("derbyshire/smime.key"), &cert, &pki_err), WG_CONFIG);
	assert_int_equal(wg_trust_load(pki("derbyshire/smime.key"), NULL, &trust, &pki_err), WG_CONFIG);
	assert_int_equal(wg_trust_load(pki("ca.pem"), pki("ca.pem"), &trust, &pki_err), WG_CONFIG); /* no CRL in there */
	static char huge[512 * 1024];
	memset(huge, 'x', sizeof huge);
	pki_write("huge.pem", huge, sizeof huge);
	assert_int_equal(wg_cert_load(pki("huge.pem"), &cert, &pki_err), WG_LIMIT);
	const char *const weak[] = { "openssl", "genpkey",       "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
		                         "-out",    pki("weak.key"), NULL };
	assert_int_equal(pki_run("weak.log", weak), 0);
	assert_int_equal(chmod(pki("weak.key"), 0600), 0);
	assert_int_equal(wg_key_load(pki("weak.key"), &key, &pki_err), WG_CONFIG);
	const char *const locked[] = { "openssl",  "pkey",          "-in",  pki("derbyshire/smime.key"), "-aes256",
		                           "-passout", "pass:specimen", "-out", pki("locked.key"),           NULL };
	assert_int_equal(pki_run("locked.log", locked), 0);
	assert_int_equal(chmod(pki("locked.key"), 0600), 0);
	assert_int_equal(wg_key_load(pki("locked.key"), &key, &pki_err), WG_CONFIG); /* and does not wait for a terminal */
	const char *const other[] = { "openssl", "genpkey", "-algorithm", "ED25519", "-out", pki("other.key"), NULL };
	assert_int_equal(pki_run("other.log", other), 0);
	assert_int_equal(chmod(pki("other.key"), 0600), 0);
	assert_int_equal(wg_key_load(pki("other.key"), &key, &pki_err), WG_CONFIG);
	assert_null(key);
	assert_null(cert);
	assert_null(trust);
}

static void test_matches(void **state)
{
	(void)state;
	WG_CLEANUP(wg_key_freep) struct wg_key *mine = NULL, *other = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	pki_pair("derbyshire/smime", &mine, &cert);
	pki_pair("staffordshire/smime", &other, NULL);
	assert_int_equal(wg_key_matches(mine, cert, &pki_err), WG_OK);
	assert_int_equal(wg_key_matches(other, cert, &pki_err), WG_CONFIG);
}

static void test_facts(void **state)
{
	(void)state;
	static const struct {
		const char *name, *email, *dns, *type;
		bool sign, encrypt, server, client;
	} table[] = {
		{ "derbyshire/smime", "gateway@derbyshire.example", "derbyshire.example", "RSA-2048", true, true, false,
		  false },
		{ "derbyshire/storage", "", "", "EC-P-256", true, true, false, false },
		{ "derbyshire/client", "", "derbyshire.example", "EC-P-256", false, false, false, true },
		{ "derbyshire/server", "", "localhost", "EC-P-256", false, false, true, false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		struct wg_cert_facts f;
		pki_pair(table[i].name, NULL, &cert);
		assert_int_equal(wg_cert_facts(cert, &f, &pki_err), WG_OK);
		assert_string_equal(f.emails[0], table[i].email);
		assert_string_equal(f.dns[0], table[i].dns);
		assert_string_equal(f.key_type, table[i].type);
		assert_int_equal(f.can_sign, table[i].sign);
		assert_int_equal(f.can_encrypt, table[i].encrypt);
		assert_int_equal(f.server_auth, table[i].server);
		assert_int_equal(f.client_auth, table[i].client);
		assert_false(f.ca);
		assert_true(f.sample);
		assert_non_null(strstr(f.subject, "OU=derbyshire"));
		assert_int_equal(f.not_after - f.not_before, (int64_t)30 * 86400 * 1000);
		assert_true(f.not_before <= wg_clock_wall() && wg_clock_wall() < f.not_after);
		assert_int_equal(strspn(f.fingerprint, "0123456789abcdef"), 64);
		assert_int_equal(strspn(f.key_pin, "0123456789abcdef"), 64);
	}
	WG_CLEANUP(wg_cert_freep) struct wg_cert *ca = NULL;
	struct wg_cert_facts f;
	assert_int_equal(wg_cert_load(pki("ca.pem"), &ca, &pki_err), WG_OK);
	assert_int_equal(wg_cert_facts(ca, &f, &pki_err), WG_OK);
	assert_true(f.ca);
}

/* The fingerprint is the one that people compare. */
static void test_fingerprint(void **state)
{
	(void)state;
	const char *const argv[] = { "openssl", "x509",         "-in",     pki("derbyshire/smime.pem"),
		                         "-noout",  "-fingerprint", "-sha256", NULL };
	assert_int_equal(pki_run("fingerprint", argv), 0);
	char text[256] = "", hex[WG_FINGERPRINT_TEXT] = "";
	text[pki_read("fingerprint", text, sizeof text - 1)] = '\0';
	size_t n = 0;
	for (const char *p = strchr(text, '='); *p != '\0' && n < sizeof hex - 1; p++)
		if (strchr("0123456789ABCDEF", *p) != NULL)
			hex[n++] = (char)(*p >= 'A' ? *p + 'a' - 'A' : *p);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_facts f;
	pki_pair("derbyshire/smime", NULL, &cert);
	assert_int_equal(wg_cert_facts(cert, &f, &pki_err), WG_OK);
	assert_string_equal(f.fingerprint, hex);
}

/* Certificates whose names lie about their end, or hold what names do not hold. */
static void test_odd_names(void **state)
{
	(void)state;
	static const char *const table[] = {
		"subjectAltName=ASN1:NULL",                                           /* not a list of names */
		"subjectAltName=DER:30:0e:82:0c:61:2e:74:65:73:74:00:2e:65:76:69:6c", /* a.test NUL .evil */
		"subjectAltName=DER:30:08:82:06:61:0a:62:2e:63:64",                   /* a line end */
		"subjectAltName=DER:30:02:82:00",                                     /* nothing */
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		struct wg_cert_facts f = { .subject = "untouched" };
		const char *const argv[] = { "openssl", "req",
			                         "-x509",   "-new",
			                         "-key",    pki("derbyshire/client.key"),
			                         "-subj",   "/CN=Odd Specimen",
			                         "-addext", table[i],
			                         "-out",    pki("odd.pem"),
			                         NULL };
		if (pki_run("odd.log", argv) != 0)
			fail_msg("openssl made no certificate with %s", table[i]);
		enum wg_code code = wg_cert_load(pki("odd.pem"), &cert, &pki_err);
		if (code == WG_OK)
			code = wg_cert_facts(cert, &f, &pki_err);
		if (code != WG_CRYPTO)
			fail_msg("%s: %s", table[i], wg_code_name(code));
		assert_string_equal(f.subject, "untouched");
	}
}

static void test_trust(void **state)
{
	(void)state;
	static const struct {
		const char *name, *crl;
		enum wg_purpose purpose;
		const char *words; /* NULL: accepted */
	} table[] = {
		{ "derbyshire/smime", NULL, WG_PURPOSE_SMIME_SIGN, NULL },
		{ "derbyshire/smime", "crl.pem", WG_PURPOSE_SMIME_SIGN, NULL },
		{ "derbyshire/smime", NULL, WG_PURPOSE_SMIME_ENCRYPT, NULL },
		{ "derbyshire/storage", NULL, WG_PURPOSE_SMIME_ENCRYPT, NULL },
		{ "derbyshire/server", NULL, WG_PURPOSE_TLS_SERVER, NULL },
		{ "derbyshire/client", NULL, WG_PURPOSE_TLS_CLIENT, NULL },
		{ "derbyshire/server", NULL, WG_PURPOSE_TLS_CLIENT, "purpose" },
		{ "derbyshire/client", NULL, WG_PURPOSE_TLS_SERVER, "purpose" },
		{ "derbyshire/smime", NULL, WG_PURPOSE_TLS_CLIENT, "purpose" },
		{ "derbyshire/client", NULL, WG_PURPOSE_SMIME_SIGN, "purpose" },
		{ "derbyshire/client", NULL, WG_PURPOSE_SMIME_ENCRYPT, "not made for this use" },
		{ "hostile/no-eku-smime", NULL, WG_PURPOSE_SMIME_ENCRYPT, "not made for this use" },
		{ "hostile/unknown-ca-smime", NULL, WG_PURPOSE_SMIME_SIGN, "not among the anchors" },
		{ "hostile/unknown-ca-smime", NULL, WG_PURPOSE_SMIME_ENCRYPT, "not among the anchors" },
		{ "hostile/expired-smime", NULL, WG_PURPOSE_SMIME_SIGN, "expired" },
		{ "hostile/expired-smime", NULL, WG_PURPOSE_SMIME_ENCRYPT, "expired" },
		{ "hostile/revoked-smime", NULL, WG_PURPOSE_SMIME_SIGN, NULL },
		{ "hostile/revoked-smime", "crl.pem", WG_PURPOSE_SMIME_SIGN, "revoked" },
		{ "hostile/revoked-smime", "crl.pem", WG_PURPOSE_SMIME_ENCRYPT, "revoked" },
		{ "derbyshire/smime", "hostile/crl-stale.pem", WG_PURPOSE_SMIME_SIGN, "CRL has expired" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("ca.pem", table[i].crl);
		pki_pair(table[i].name, NULL, &cert);
		enum wg_code code = wg_trust_check(trust, cert, table[i].purpose, &pki_err);
		bool right =
			table[i].words == NULL ? code == WG_OK : code == WG_CRYPTO && strstr(pki_err.text, table[i].words) != NULL;
		if (!right)
			fail_msg("row %zu, %s: %s", i, table[i].name, code == WG_OK ? "accepted" : pki_err.text);
	}
}

/* Anchors and revocation lists from memory decide as they do from files. */
static void test_trust_parse(void **state)
{
	(void)state;
	static const struct {
		const char *parts[2];
		enum wg_code load, good, revoked;
	} table[] = {
		{ { "ca.pem" }, WG_OK, WG_OK, WG_OK },
		{ { "ca.pem", "crl.pem" }, WG_OK, WG_OK, WG_CRYPTO },
		{ { "ca.pem", "hostile/crl-stale.pem" }, WG_OK, WG_CRYPTO, WG_CRYPTO },
		{ { "hostile/ca.pem" }, WG_OK, WG_CRYPTO, WG_CRYPTO },
		{ { "crl.pem" }, WG_CONFIG, WG_OK, WG_OK },
		{ { NULL }, WG_CONFIG, WG_OK, WG_OK },
	};
	WG_CLEANUP(wg_cert_freep) struct wg_cert *good = NULL, *revoked = NULL;
	pki_pair("derbyshire/smime", NULL, &good);
	pki_pair("hostile/revoked-smime", NULL, &revoked);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = NULL;
		char pem[16384];
		size_t len = 0;
		for (size_t part = 0; part < 2 && table[i].parts[part] != NULL; part++)
			len += pki_read(table[i].parts[part], pem + len, sizeof pem - len);
		assert_int_equal(wg_trust_parse(pem, len, &trust, &pki_err), table[i].load);
		if (table[i].load != WG_OK)
			continue;
		assert_int_equal(wg_trust_check(trust, good, WG_PURPOSE_SMIME_SIGN, &pki_err), table[i].good);
		assert_int_equal(wg_trust_check(trust, revoked, WG_PURPOSE_SMIME_SIGN, &pki_err), table[i].revoked);
	}
}

static void test_tls_set_up(void **state)
{
	(void)state;
	const char *certificate = pki("derbyshire/server.pem"), *key = pki("derbyshire/server.key"), *ca = pki("ca.pem");
	const char *other = pki("staffordshire/server.key");
	const struct {
		const char *name;
		struct wg_tls tls;
		enum wg_code server, client;
	} table[] = {
		{ "whole", { certificate, key, ca, NULL, NULL }, WG_OK, WG_OK },
		{ "anonymous", { NULL, NULL, ca, NULL, NULL }, WG_CONFIG, WG_OK },
		{ "no key", { certificate, NULL, ca, NULL, NULL }, WG_CONFIG, WG_CONFIG },
		{ "another's key", { certificate, other, ca, NULL, NULL }, WG_CONFIG, WG_CONFIG },
		{ "nobody is trusted", { certificate, key, NULL, NULL, NULL }, WG_CONFIG, WG_CONFIG },
		{ "no such file", { certificate, key, "/nowhere.pem", NULL, NULL }, WG_NOT_FOUND, WG_NOT_FOUND },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_CLEANUP(wg_tls_freep) struct ssl_ctx_st *server = NULL, *client = NULL;
		enum wg_code code = wg_tls_server(&table[i].tls, NULL, NULL, &server, &pki_err);
		if (code != table[i].server || (server != NULL) != (code == WG_OK))
			fail_msg("server, %s: %s", table[i].name, wg_code_name(code));
		code = wg_tls_client(&table[i].tls, &client, &pki_err);
		if (code != table[i].client || (client != NULL) != (code == WG_OK))
			fail_msg("client, %s: %s", table[i].name, wg_code_name(code));
	}
}

static void test_hashes(void **state)
{
	(void)state;
	char hex[WG_HASH_TEXT];
	wg_sha256_hex("abc", 3, hex); /* FIPS 180-4 */
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	wg_sha256_hex(NULL, 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(wg_hmac_hex("Jefe", 4, "what do ya want for nothing?", 28, hex, &pki_err),
	                 WG_OK); /* RFC 4231 case 2 */
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(wg_hmac_hex("", 0, "x", 1, hex, &pki_err), WG_CONFIG);
}

/* A key that was set up is kept: each is hashed with its own all the same, in whatever order. RFC 4231. */
static void test_keys_in_turn(void **state)
{
	(void)state;
	static const struct {
		int byte;
		size_t len;
		const char *text, *hash;
	} cases[] = {
		{ 0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ 0xaa, 131,
		  "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
		  "hashed before being used by the HMAC algorithm.",
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
		{ 0x0c, 20, "Test With Truncation", "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5" },
	};
	uint8_t key[131];
	char hex[WG_HASH_TEXT];
	for (size_t i = 0; i < WG_COUNT(cases); i++)
		for (size_t k = 0; k < WG_COUNT(cases); k++)
			for (int twice = 0; twice < 2; twice++) {
				const size_t at = twice == 0 ? i : k;
				memset(key, cases[at].byte, cases[at].len);
				for (int again = 0; again < 2; again++) {
					assert_int_equal(
						wg_hmac_hex(key, cases[at].len, cases[at].text, strlen(cases[at].text), hex, &pki_err), WG_OK);
					assert_string_equal(hex, cases[at].hash);
				}
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_permissions), cmocka_unit_test(test_no_key_in_words),
		cmocka_unit_test(test_bad_files),       cmocka_unit_test(test_matches),
		cmocka_unit_test(test_facts),           cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_odd_names),       cmocka_unit_test(test_trust),
		cmocka_unit_test(test_tls_set_up),      cmocka_unit_test(test_trust_parse),
		cmocka_unit_test(test_hashes),          cmocka_unit_test(test_keys_in_turn),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
