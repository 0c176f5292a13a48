/* Sealed mail through the real program: what is opened, and that everything else is refused in the same words. */
#include "../crypto/pki.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
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

static void put_file(struct wg_buf *in, const char *name)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(WG_LIMIT_CONFIG_FILE);
	uint8_t block[65536];
	wg_buf_put(&pem, block, pki_read(name, block, sizeof block));
	wg_buf_bytes(in, pem.data, pem.len);
}

/* As the gateway of staffordshire. */
static enum wg_code run(const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err)
{
	static const char *const argv[] = { "wardgate-reader-smime", NULL };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_ENVELOPE);
	uint8_t key[65536];
	size_t key_len = pki_read("staffordshire/smime.key", key, sizeof key);
	put_file(&in, "staffordshire/smime.pem");
	put_file(&in, "ca.pem");
	wg_buf_put(&in, bytes, len);
	const struct wg_child child = { .program = PROGRAM,
		                            .argv = argv,
		                            .in = in.data,
		                            .in_len = in.len,
		                            .secret = key,
		                            .secret_len = key_len,
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

static void assert_opened(const struct wg_buf *mail)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err;
	if (run(mail->data, mail->len, &out, &err) != WG_OK)
		fail_msg("%s", err.text);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	pki_pair("derbyshire/smime", NULL, &cert);
	assert_int_equal(wg_cert_facts(cert, &facts, &err), WG_OK);
	struct wg_cur cur = WG_CUR(out.data, out.len);
	char signer[WG_FINGERPRINT_TEXT];
	size_t len;
	wg_cur_name(&cur, signer, sizeof signer);
	const uint8_t *entity = wg_cur_bytes(&cur, &len);
	assert_true(wg_cur_end(&cur));
	assert_string_equal(signer, facts.fingerprint);
	assert_int_equal(len, strlen(ENTITY));
	assert_memory_equal(entity, ENTITY, len);
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

/* Everything about the seal that may be wrong. */
static void refuses_wrong_seals(void **state)
{
	(void)state;
	static const struct {
		const char *name, *signer, *inner, *recipient;
	} seals[] = {
		{ "unknown authority", "hostile/unknown-ca-smime", TYPE BASE64, "staffordshire/smime" },
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
		cmocka_unit_test(refuses_wrong_seals),
		cmocka_unit_test(refuses_wrong_shapes),
		cmocka_unit_test(own_faults_are_not_the_documents),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
