/* What is sealed here opens in openssl cms and in gpgsm, which nobody here wrote, and the other way round. gpgsm gets a
 * home of its own with a trust list and without revocation checks, because dirmngr would want a network. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "pki.h"

#define ENTITY "Content-Type: text/plain\r\n\r\nTess Example was last seen at the pier.\r\n"

static void expect_file(const char *name, const char *content)
{
	char text[4096];
	size_t n = pki_read(name, text, sizeof text - 1);
	text[n] = '\0';
	assert_string_equal(text, content);
}

#define GPGSM_TRIES 10

static void must_run(const char *log, const char *const argv[])
{
	int status = pki_run(log, argv);
	if (status == 0)
		return;
	char text[2048];
	text[pki_read(log, text, sizeof text - 1)] = '\0';
	fail_msg("%s %s: status %d: %s", argv[0], argv[1], status, text);
}

/* Signed by derbyshire, sealed for the certificate to, into the file sealed.der. */
static void seal(const char *to, enum wg_cipher cipher)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *peer = NULL;
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE), sealed = WG_BUF(WG_LIMIT_ENVELOPE);
	pki_pair("derbyshire/smime", &key, &cert);
	pki_pair(to, NULL, &peer);
	assert_int_equal(wg_cms_sign(key, cert, ENTITY, sizeof ENTITY - 1, &inner, &pki_err), WG_OK);
	assert_int_equal(wg_cms_encrypt(peer, cipher, inner.data, inner.len, &sealed, &pki_err), WG_OK);
	pki_write("signed.der", inner.data, inner.len);
	pki_write("sealed.der", sealed.data, sealed.len);
}

static const struct {
	const char *pair;
	enum wg_cipher cipher;
	const char *shape; /* what openssl's print of the object must hold */
} sealed_table[] = {
	{ "staffordshire/smime", WG_CIPHER_CBC, "rsaEncryption" },
	{ "staffordshire/smime", WG_CIPHER_GCM, "rsaesOaep" },
	{ "staffordshire/storage", WG_CIPHER_CBC, "dhSinglePass-stdDH-sha256kdf-scheme" },
	{ "staffordshire/storage", WG_CIPHER_GCM, "dhSinglePass-stdDH-sha256kdf-scheme" },
};

static void test_openssl_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(sealed_table); i++) {
		char certificate[256], key[256];
		(void)snprintf(certificate, sizeof certificate, "%s.pem", sealed_table[i].pair);
		(void)snprintf(key, sizeof key, "%s.key", sealed_table[i].pair);
		seal(sealed_table[i].pair, sealed_table[i].cipher);
		const char *const decrypt[] = { "openssl",  "cms",
			                            "-decrypt", "-binary",
			                            "-inform",  "DER",
			                            "-in",      pki("sealed.der"),
			                            "-recip",   pki(certificate),
			                            "-inkey",   pki(key),
			                            "-out",     pki("opened.der"),
			                            NULL };
		must_run("decrypt.log", decrypt);
		const char *const verify[] = { "openssl", "cms",         "-verify", "-binary",
			                           "-inform", "DER",         "-in",     pki("opened.der"),
			                           "-CAfile", pki("ca.pem"), "-out",    pki("content"),
			                           NULL };
		must_run("verify.log", verify);
		expect_file("content", ENTITY);
	}
}

/* The ciphers are what the directory promises the recipient. */
static void test_shapes_on_the_wire(void **state)
{
	(void)state;
	static char text[65536];
	for (size_t i = 0; i < WG_COUNT(sealed_table); i++) {
		bool gcm = sealed_table[i].cipher == WG_CIPHER_GCM;
		seal(sealed_table[i].pair, sealed_table[i].cipher);
		const char *const print[] = { "openssl", "cms", "-cmsout", "-print",          "-noout",
			                          "-inform", "DER", "-in",     pki("sealed.der"), NULL };
		must_run("print.log", print);
		text[pki_read("print.log", text, sizeof text - 1)] = '\0';
		assert_non_null(strstr(text, sealed_table[i].shape));
		assert_non_null(strstr(text, gcm ? "aes-256-gcm" : "aes-256-cbc"));
		assert_int_equal(strstr(text, "authEnvelopedData") != NULL, gcm);
	}
}

static void test_openssl_makes(void **state)
{
	(void)state;
	pki_write("entity", ENTITY, sizeof ENTITY - 1);
	const char *const sign[] = { "openssl",
		                         "cms",
		                         "-sign",
		                         "-binary",
		                         "-nodetach",
		                         "-outform",
		                         "DER",
		                         "-in",
		                         pki("entity"),
		                         "-signer",
		                         pki("staffordshire/smime.pem"),
		                         "-inkey",
		                         pki("staffordshire/smime.key"),
		                         "-out",
		                         pki("theirs.der"),
		                         NULL };
	must_run("sign.log", sign);
	static const char *const ciphers[] = { "-aes256", "-aes-256-gcm", "-aes128" };
	for (size_t i = 0; i < WG_COUNT(ciphers); i++) {
		const char *const encrypt[] = { "openssl",
			                            "cms",
			                            "-encrypt",
			                            "-binary",
			                            "-outform",
			                            "DER",
			                            ciphers[i],
			                            "-in",
			                            pki("theirs.der"),
			                            "-out",
			                            pki("theirs-sealed.der"),
			                            pki("derbyshire/smime.pem"),
			                            NULL };
		must_run("encrypt.log", encrypt);
		static uint8_t der[65536];
		size_t len = pki_read("theirs-sealed.der", der, sizeof der);
		WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *signer = NULL;
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("ca.pem", "crl.pem");
		WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_ENVELOPE);
		pki_pair("derbyshire/smime", &key, &cert);
		assert_int_equal(wg_cms_decrypt(key, cert, der, len, &inner, &pki_err), WG_OK);
		assert_int_equal(wg_cms_verify(trust, inner.data, inner.len, &out, &signer, &pki_err), WG_OK);
		assert_string_equal(wg_buf_text(&out), ENTITY);
	}
}

/* A home for gpgsm: the authority trusted by its fingerprint, no network, no questions. */
static void make_gpg_home(void)
{
	static const char conf[] = "disable-crl-checks\ndisable-dirmngr\nno-secmem-warning\n";
	static const char agent[] = "allow-loopback-pinentry\n";
	assert_int_equal(mkdir(pki("gpg"), 0700), 0);
	pki_write("gpg/gpgsm.conf", conf, sizeof conf - 1);
	pki_write("gpg/gpg-agent.conf", agent, sizeof agent - 1);
	assert_int_equal(setenv("GNUPGHOME", pki("gpg"), 1), 0);
	const char *const print[] = { "openssl", "x509", "-in", pki("ca.pem"), "-noout", "-fingerprint", "-sha1", NULL };
	must_run("ca-print", print); /* gpgsm names certificates by SHA-1 */
	char text[256] = "", line[300];
	text[pki_read("ca-print", text, sizeof text - 1)] = '\0';
	char *start = strchr(text, '=');
	assert_non_null(start);
	start[strcspn(start, "\n")] = '\0';
	int n = snprintf(line, sizeof line, "%s S relax\n", start + 1);
	pki_write("gpg/trustlist.txt", line, (size_t)n);
	const char *const bundle[] = { "openssl",
		                           "pkcs12",
		                           "-export",
		                           "-in",
		                           pki("staffordshire/smime.pem"),
		                           "-inkey",
		                           pki("staffordshire/smime.key"),
		                           "-certfile",
		                           pki("ca.pem"),
		                           "-passout",
		                           "pass:specimen",
		                           "-keypbe",
		                           "PBE-SHA1-3DES",
		                           "-certpbe",
		                           "PBE-SHA1-3DES",
		                           "-macalg",
		                           "sha1",
		                           "-out",
		                           pki("bundle.p12"),
		                           NULL };
	pki_write("stdin", "specimen\n", 9);
	const char *const take[] = { "gpgsm", "--batch",  "--pinentry-mode", "loopback", "--passphrase-fd",
		                         "0",     "--import", pki("bundle.p12"), NULL };
	/* gpgsm 2.2 cannot read one PKCS#12 file in some twenty, for good: it depends on the random salt */
	for (unsigned tries = 1; tries < GPGSM_TRIES; tries++) {
		must_run("bundle.log", bundle);
		if (pki_run("import.log", take) == 0)
			return;
	}
	must_run("bundle.log", bundle);
	must_run("import.log", take);
}

static void end_gpg_home(void)
{
	const char *const stop[] = { "gpgconf", "--kill", "all", NULL };
	must_run("gpgconf.log", stop);
}

static void test_gpgsm_opens(void **state)
{
	(void)state;
	make_gpg_home();
	seal("staffordshire/smime", WG_CIPHER_CBC);
	const char *const decrypt[] = { "gpgsm",           "--batch", "--yes",    "--pinentry-mode",     "loopback",
		                            "--passphrase-fd", "0",       "--output", pki("gpg-opened.der"), "--decrypt",
		                            pki("sealed.der"), NULL };
	must_run("gpg-decrypt.log", decrypt);
	const char *const verify[] = {
		"gpgsm", "--batch", "--yes", "--output", pki("gpg-content"), "--verify", pki("gpg-opened.der"), NULL
	};
	must_run("gpg-verify.log", verify);
	expect_file("gpg-content", ENTITY);
	char text[4096];
	text[pki_read("gpg-verify.log", text, sizeof text - 1)] = '\0';
	assert_non_null(strstr(text, "Good signature"));
	/* the control: the same verification notices a changed byte */
	static uint8_t der[65536];
	size_t len = pki_read("gpg-opened.der", der, sizeof der);
	uint8_t *pier = memmem(der, len, "pier", 4);
	assert_non_null(pier);
	pier[0] = 'b';
	pki_write("gpg-opened.der", der, len);
	assert_int_not_equal(pki_run("gpg-verify.log", verify), 0);
	end_gpg_home();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openssl_opens),
		cmocka_unit_test(test_shapes_on_the_wire),
		cmocka_unit_test(test_openssl_makes),
		cmocka_unit_test(test_gpgsm_opens),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
