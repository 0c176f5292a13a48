/* Sealed mail through the real program: what is opened, and that everything else is refused in the same words. */
#include "../crypto/pki.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "crypto/trust_set.h"
#include "sys/child.h"

#define PROGRAM WG_BINARY_DIR "/bin/wardgate-reader-smime"
#define ENTITY "Content-Type: text/plain\r\n\r\nFull name: Tess Example\r\n"
#define HEAD "From: a@b.example\r\nSubject: Notice\r\nMIME-Version: 1.0\r\n"
#define TYPE "Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name=smime.p7m\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"

static void put_base64(struct wg_buf *out, const struct wg_buf *der)
{
	WG_AUTO_FREE char *text = wg_base64_encode(der->data, der->len);
	assert_non_null(text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		wg_buf_putc(out, text[i]);
		if (i % 76 == 75)
			wg_buf_puts(out, "\r\n");
	}
	wg_buf_puts(out, "\r\n");
}

/* An entity of that header around DER. */
static void wrap(struct wg_buf *out, const char *head, const struct wg_buf *der)
{
	wg_buf_puts(out, head);
	wg_buf_puts(out, "\r\n");
	put_base64(out, der);
}

/* The anchors of two partners that share an authority, and of one that has its own. */
static void put_anchors(struct wg_buf *in)
{
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *set = NULL;
	WG_AUTO_BUF struct wg_buf wire = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char pem[65536];
	assert_int_equal(wg_trust_set_new(&set, &pki_err), WG_OK);
	size_t len = pki_read("ca.pem", pem, sizeof pem);
	assert_int_equal(wg_trust_set_add(set, "derbyshire staffordshire", pem, len, &pki_err), WG_OK);
	len = pki_read("hostile/ca.pem", pem, sizeof pem);
	assert_int_equal(wg_trust_set_add(set, "stranger", pem, len, &pki_err), WG_OK);
	wg_trust_set_write(set, &wire);
	wg_buf_bytes(in, wire.data, wire.len);
}

/* Two pairs: mail to either is opened. */
static void put_keys(struct wg_buf *out)
{
	static const char *const pairs[] = { "staffordshire/smime", "specimen/smime" };
	struct wg_keyring ring = { .count = 0 };
	for (size_t i = 0; i < WG_COUNT(pairs); i++) {
		struct wg_key *key = NULL;
		struct wg_cert *cert = NULL;
		pki_pair(pairs[i], &key, &cert);
		assert_int_equal(wg_keyring_add(&ring, &key, &cert, &pki_err), WG_OK);
	}
	assert_int_equal(wg_keyring_write(&ring, out, &pki_err), WG_OK);
	wg_keyring_free(&ring);
}

/* As the gateway of staffordshire. */
static enum wg_code run(const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err)
{
	static const char *const argv[] = { "wardgate-reader-smime", NULL };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_buf_wipe) struct wg_buf keys = WG_BUF(WG_LIMIT_CONFIG_FILE);
	put_keys(&keys);
	put_anchors(&in);
	wg_buf_put(&in, bytes, len);
	const struct wg_child child = { .program = PROGRAM,
		                            .argv = argv,
		                            .in = in.data,
		                            .in_len = in.len,
		                            .secret = keys.data,
		                            .secret_len = keys.len,
		                            .wall_ms = 60000,
		                            .cpu_s = 20,
		                            .memory = (uint64_t)256 * 1024 * 1024 };
	*err = (struct wg_err){ 0 };
	return wg_child_run(&child, out, err);
}

static void sign(const char *who, const char *content, struct wg_buf *der)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	pki_pair(who, &key, &cert);
	assert_int_equal(wg_cms_sign(key, cert, content, strlen(content), der, &pki_err), WG_OK);
}

static void encrypt(const char *to, enum wg_cipher cipher, const struct wg_buf *plain, struct wg_buf *der)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	pki_pair(to, NULL, &cert);
	assert_int_equal(wg_cms_encrypt(cert, cipher, plain->data, plain->len, der, &pki_err), WG_OK);
}

/* Signed by signer with an inner header, sealed to recipient. */
static void seal(const char *signer, const char *inner_head, const char *recipient, enum wg_cipher cipher,
                 struct wg_buf *der)
{
	WG_AUTO_BUF struct wg_buf signed_data = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	sign(signer, ENTITY, &signed_data);
	wrap(&inner, inner_head, &signed_data);
	encrypt(recipient, cipher, &inner, der);
}

static void assert_opened_as(const struct wg_buf *mail, const char *by, const char *organisations)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err;
	if (run(mail->data, mail->len, &out, &err) != WG_OK)
		fail_msg("%s", err.text);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	pki_pair(by, NULL, &cert);
	assert_int_equal(wg_cert_facts(cert, &facts, &err), WG_OK);
	struct wg_cur cur = WG_CUR(out.data, out.len);
	char signer[WG_FINGERPRINT_TEXT];
	size_t len;
	wg_cur_name(&cur, signer, sizeof signer);
	WG_AUTO_FREE char *names = wg_cur_str(&cur, 1000);
	const uint8_t *entity = wg_cur_bytes(&cur, &len);
	assert_true(wg_cur_end(&cur));
	assert_string_equal(names, organisations);
	assert_string_equal(signer, facts.fingerprint);
	assert_int_equal(len, strlen(ENTITY));
	assert_memory_equal(entity, ENTITY, len);
}

static void assert_opened(const struct wg_buf *mail)
{
	assert_opened_as(mail, "derbyshire/smime", "derbyshire staffordshire");
}

static void assert_refused(const char *name, const void *bytes, size_t len)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err;
	enum wg_code code = run(bytes, len, &out, &err);
	if (code != WG_REJECT || strstr(err.text, "reader smime: could not be opened") == NULL)
		fail_msg("%s: %s: %s", name, wg_code_name(code), err.text);
	assert_int_equal(out.len, 0);
}

static void opens(void **state)
{
	(void)state;
	static const enum wg_cipher ciphers[] = { WG_CIPHER_CBC, WG_CIPHER_GCM };
	for (size_t i = 0; i < WG_COUNT(ciphers); i++) {
		WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE);
		WG_AUTO_BUF struct wg_buf mail = WG_BUF(WG_LIMIT_ENVELOPE);
		seal("derbyshire/smime", TYPE BASE64, "staffordshire/smime", ciphers[i], &der);
		assert_opened(&der);
		wrap(&mail, HEAD TYPE BASE64, &der);
		assert_opened(&mail);
	}
}

/* Mail to the other of our pairs; and a signer of a partner's own authority speaks for that partner only. */
static void opens_with_any_pair(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE);
	seal("derbyshire/smime", TYPE BASE64, "specimen/smime", WG_CIPHER_CBC, &der);
	assert_opened(&der);
	wg_buf_reset(&der);
	seal("hostile/unknown-ca-smime", TYPE BASE64, "specimen/smime", WG_CIPHER_GCM, &der);
	assert_opened_as(&der, "hostile/unknown-ca-smime", "stranger");
}

/* Everything about the seal that may be wrong. */
static void refuses_wrong_seals(void **state)
{
	(void)state;
	static const struct {
		const char *name, *signer, *inner, *recipient;
	} seals[] = {
		{ "expired", "hostile/expired-smime", TYPE BASE64, "staffordshire/smime" },
		{ "no mail certificate", "hostile/no-eku-smime", TYPE BASE64, "staffordshire/smime" },
		{ "sealed to another", "derbyshire/smime", TYPE BASE64, "derbyshire/smime" },
		{ "inside no CMS by its type", "derbyshire/smime", "Content-Type: text/plain\r\n" BASE64,
		  "staffordshire/smime" },
		{ "inside two types", "derbyshire/smime", TYPE "Content-Type: text/plain\r\n" BASE64, "staffordshire/smime" },
	};
	for (size_t i = 0; i < WG_COUNT(seals); i++) {
		WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE);
		seal(seals[i].signer, seals[i].inner, seals[i].recipient, WG_CIPHER_CBC, &der);
		assert_refused(seals[i].name, der.data, der.len);
	}
}

/* Encrypted only, signed only, sealed twice, and what is beside the seal. */
static void refuses_wrong_shapes(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf plain = WG_BUF(1000);
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_AUTO_BUF struct wg_buf mail = WG_BUF(WG_LIMIT_ENVELOPE);
	wg_buf_puts(&plain, ENTITY);
	encrypt("staffordshire/smime", WG_CIPHER_CBC, &plain, &der);
	assert_refused("encrypted only", der.data, der.len);
	wg_buf_reset(&der);
	sign("derbyshire/smime", ENTITY, &der);
	assert_refused("signed only", der.data, der.len);
	wg_buf_reset(&der);
	seal("derbyshire/smime", TYPE BASE64, "staffordshire/smime", WG_CIPHER_GCM, &der);
	static const char *const heads[] = { HEAD TYPE,
		                                 HEAD BASE64,
		                                 HEAD TYPE TYPE BASE64,
		                                 HEAD TYPE BASE64 BASE64,
		                                 HEAD "Content-Type: multipart/mixed; boundary=b\r\n" BASE64,
		                                 HEAD
		                                 "Content-Type: text/plain\r\n folded: application/pkcs7-mime\r\n" BASE64 };
	for (size_t i = 0; i < WG_COUNT(heads); i++) {
		wg_buf_reset(&mail);
		wrap(&mail, heads[i], &der);
		assert_refused(heads[i], mail.data, mail.len);
	}
	wg_buf_reset(&mail);
	wrap(&mail, HEAD TYPE BASE64, &der);
	wg_buf_puts(&mail, "--b\r\nContent-Type: text/plain\r\n\r\nbeside\r\n");
	assert_refused("text beside the seal", mail.data, mail.len);
	assert_refused("nothing", "", 0);
	assert_refused("header only", HEAD TYPE BASE64, strlen(HEAD TYPE BASE64));
	for (size_t i = 0; i < der.len; i += der.len / 16 + 1) { /* the rest is tested in the crypto room */
		der.data[i] ^= 1;
		assert_refused("flipped bit", der.data, der.len);
		der.data[i] ^= 1;
		assert_refused("cut short", der.data, i);
	}
	assert_opened(&der);
}

/* What the gateway itself hands over wrongly is never the sender's fault. */
static void own_faults_are_not_the_documents(void **state)
{
	(void)state;
	static const char *const argv[] = { "wardgate-reader-smime", NULL };
	const struct wg_child child = { .program = PROGRAM,
		                            .argv = argv,
		                            .in = "\0\0\0\1x",
		                            .in_len = 5,
		                            .secret = "no key",
		                            .secret_len = 6,
		                            .wall_ms = 60000,
		                            .cpu_s = 20,
		                            .memory = (uint64_t)256 * 1024 * 1024 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	struct wg_err err;
	assert_int_equal(wg_child_run(&child, &out, &err), WG_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(opens_with_any_pair),
		cmocka_unit_test(refuses_wrong_seals),
		cmocka_unit_test(refuses_wrong_shapes),
		cmocka_unit_test(own_faults_are_not_the_documents),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
