/* key.c owns struct wg_key: private keys from PEM, never with a password prompt, wiped when freed.
 * SECURITY: key bytes pass through here; no error text holds any of them. */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_agree.h"
#include "crypto/cms_signed.h"
#include "crypto/hsm.h"
#include "crypto/hsm_internal.h"

/* A key with its certificate chain in one file; RSA-8192 takes 7 KB. */
#define KEY_FILE_MAX ((size_t)64 * 1024)
/* NIST SP 800-57: 112 bits of strength, the least that is allowed today. */
#define KEY_STRENGTH_MIN 112

/* A daemon cannot be asked for a password, and OpenSSL would ask on the terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg; /* the signature is OpenSSL's */
	return -1;
}

static enum wg_code check_kind(const EVP_PKEY *pkey, struct wg_err *err)
{
	int kind = EVP_PKEY_get_base_id(pkey);
	if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
		return wg_err_set(err, WG_CONFIG, "the key is neither RSA nor EC: mail programs open no other");
	if (EVP_PKEY_get_security_bits(pkey) < KEY_STRENGTH_MIN)
		return wg_err_set(err, WG_CONFIG, "the key is too weak: RSA of 2048 bits or more, or EC P-256 or more");
	return WG_OK;
}

enum wg_code wg_key_parse(const void *pem, size_t len, struct wg_key **out, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = wg_ossl_view(pem, len);
	if (bio == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "no memory for a key");
	WG_CLEANUP(wg_key_freep) struct wg_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a key");
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (key->pkey == NULL)
		return wg_ossl_err(err, WG_CONFIG, "no private key that can be read (PEM, without a password)");
	enum wg_code code = check_kind(key->pkey, err);
	if (code != WG_OK)
		return code;
	wg_agreed_prepare(key);
	wg_cms_signed_prepare(key);
	*out = wg_steal(&key);
	return WG_OK;
}

static enum wg_code load_hsm(const char *uri, struct wg_key **out, struct wg_err *err)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a key");
	enum wg_code code = wg_hsm_open(uri, key, err);
	if (code == WG_OK)
		code = check_kind(key->pkey, err);
	if (code == WG_OK)
		*out = wg_steal(&key);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%.200s", uri);
}

enum wg_code wg_key_load(const char *path, struct wg_key **out, struct wg_err *err)
{
	if (wg_hsm_named(path))
		return load_hsm(path, out, err);
	WG_CLEANUP(wg_buf_wipe) struct wg_buf pem = WG_BUF(KEY_FILE_MAX);
	enum wg_code code = wg_pem_read(path, true, &pem, err);
	if (code != WG_OK)
		return code;
	code = wg_key_parse(pem.data, pem.len, out, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", path);
}

void wg_key_freep(struct wg_key **key)
{
	if (*key == NULL)
		return;
	wg_agreed_freep(&(*key)->agreed);
	EVP_PKEY_CTX_free((*key)->signing);
	EVP_PKEY_free((*key)->pkey); /* OpenSSL clears the private numbers */
	free((*key)->asking);        /* after the key, which points to it */
	free(*key);
	*key = NULL;
}

enum wg_code wg_key_matches(const struct wg_key *key, const struct wg_cert *cert, struct wg_err *err)
{
	if (X509_check_private_key(cert->x509, key->pkey) != 1)
		return wg_ossl_err(err, WG_CONFIG, "the private key does not belong to the certificate");
	return WG_OK;
}

const char *wg_key_opens(struct wg_key *key)
{
	static char words[128];
	static const struct {
		unsigned bit;
		const char *name;
	} ways[] = { { WG_HSM_DOES_PKCS1, "RSA PKCS#1 v1.5" },
		         { WG_HSM_DOES_OAEP_SHA1, "RSA-OAEP with SHA-1" },
		         { WG_HSM_DOES_OAEP_SHA256, "RSA-OAEP with SHA-256" },
		         { WG_HSM_DOES_ECDH, "ECDH" } };
	if (!key->hsm)
		return "everything";
	if (key->does == 0 && key->asking == NULL)
		key->does = wg_hsm_does(key->pkey);
	words[0] = '\0';
	for (size_t i = 0; i < WG_COUNT(ways); i++) {
		size_t used = strlen(words);
		if ((key->does & ways[i].bit) != 0)
			(void)snprintf(words + used, sizeof words - used, "%s%s", used > 0 ? ", " : "", ways[i].name); /* fits */
	}
	return words;
}

bool wg_key_stays(const struct wg_key *key)
{
	return key->hsm;
}
