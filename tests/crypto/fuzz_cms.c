/* Fuzz target: CMS objects from outside. The first byte says what the rest is: 0 and 1 raw DER to verify or to decrypt;
 * 2, 3, 4 edits, four bytes each (offset 24 bits, new value), to a message that was valid: signed, sealed with CBC,
 * sealed with GCM. Keys are made at the start, so that the corpus holds none. Whatever is accepted must be what was
 * signed. */
#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/crypto.h"

#define CONTENT "Robin Specimen was found."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wg_key *key;
static struct wg_cert *cert;
static struct wg_trust *trust;
static struct wg_buf messages[3] = { { .max = 65536 }, { .max = 65536 }, { .max = 65536 } };

static void must(bool right)
{
	if (!right)
		abort();
}

static void add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* A self-signed mail certificate, anchor of itself. */
static X509 *make_cert(EVP_PKEY *pkey)
{
	X509 *x509 = X509_new();
	must(x509 != NULL && X509_set_version(x509, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(x509), -3600) != NULL &&
	     X509_gmtime_adj(X509_getm_notAfter(x509), 86400) != NULL);
	X509_NAME *name = X509_get_subject_name(x509);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Specimen", -1, -1, 0) == 1);
	must(X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, pkey) == 1);
	add_extension(x509, NID_ext_key_usage, "emailProtection");
	add_extension(x509, NID_key_usage, "critical,digitalSignature,keyAgreement");
	must(X509_sign(x509, pkey, EVP_sha256()) > 0);
	return x509;
}

static void make_all(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	must(pkey != NULL);
	X509 *x509 = make_cert(pkey);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	must(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1);
	long len = BIO_get_mem_data(bio, &pem);
	must(wg_key_parse(pem, (size_t)len, &key, NULL) == WG_OK);
	(void)BIO_reset(bio); /* cannot fail for memory */
	must(PEM_write_bio_X509(bio, x509) == 1);
	len = BIO_get_mem_data(bio, &pem);
	must(wg_cert_parse(pem, (size_t)len, &cert, NULL) == WG_OK);
	char path[] = "/tmp/wardgate-fuzz-XXXXXX";
	int fd = mkstemp(path);
	must(fd >= 0 && write(fd, pem, (size_t)len) == len && close(fd) == 0);
	must(wg_trust_load(path, NULL, &trust, NULL) == WG_OK && unlink(path) == 0);
	BIO_free(bio);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	must(wg_cms_sign(key, cert, CONTENT, strlen(CONTENT), &messages[0], NULL) == WG_OK);
	must(wg_cms_encrypt(cert, WG_CIPHER_CBC, messages[0].data, messages[0].len, &messages[1], NULL) == WG_OK);
	must(wg_cms_encrypt(cert, WG_CIPHER_GCM, messages[0].data, messages[0].len, &messages[2], NULL) == WG_OK);
}

static void try_verify(const uint8_t *der, size_t len)
{
	struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_cert *signer = NULL;
	if (wg_cms_verify(trust, der, len, &out, &signer, NULL) == WG_OK)
		must(signer != NULL && strcmp(wg_buf_text(&out), CONTENT) == 0);
	else
		must(signer == NULL && out.len == 0);
	wg_cert_freep(&signer);
	wg_buf_free(&out);
}

static void try_decrypt(const uint8_t *der, size_t len)
{
	struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	if (wg_cms_decrypt(key, cert, der, len, &out, NULL) == WG_OK)
		try_verify(out.data, out.len);
	wg_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (key == NULL)
		make_all();
	if (size == 0)
		return 0;
	unsigned mode = data[0] % 5;
	size_t end = 0;
	must(wg_cms_head_end(data + 1, size - 1, &end, NULL) != WG_OK || end < size);
	if (mode < 2) {
		(mode == 0 ? try_verify : try_decrypt)(data + 1, size - 1);
		return 0;
	}
	const struct wg_buf *message = &messages[mode - 2];
	uint8_t *edited = malloc(message->len);
	must(edited != NULL);
	memcpy(edited, message->data, message->len);
	for (size_t i = 1; i + 4 <= size; i += 4)
		edited[((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) % message->len] = data[i + 3];
	(mode == 2 ? try_verify : try_decrypt)(edited, message->len);
	free(edited);
	return 0;
}
