/* rest.c owns the agreement under which contents of one second are sealed at rest. */
#include "crypto/rest.h"

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_parts.h"
#include "crypto/der.h"

#define KEY_LEN WG_CMS_KEY_LEN
#define WRAPPED_LEN WG_CMS_WRAPPED_LEN
/* Issuer and serial, the public point, algorithms: some 300 bytes. */
#define INFOS_MAX ((size_t)64 * 1024)

struct wg_rest {
	const struct wg_cert *cert;
	bool agrees; /* an EC key; another is left to wg_cms_encrypt */
	EVP_CIPHER_CTX *sealing, *wrapping;
	struct wg_buf infos; /* the RecipientInfos of the agreement in use; a wrapped key is their last WRAPPED_LEN bytes */
	int64_t until;       /* steady ms; 0: no agreement is in use */
};

/* ---- the agreement */

static void forget(struct wg_rest *rest)
{
	rest->until = 0;
	(void)EVP_CIPHER_CTX_reset(rest->wrapping); /* clears the key schedule; always 1 */
}

static bool renew(struct wg_rest *rest, int64_t now)
{
	uint8_t kek[KEY_LEN];
	EVP_PKEY *with = X509_get0_pubkey(rest->cert->x509), *pair = wg_cms_pair(with);
	forget(rest);
	EVP_CIPHER_CTX_set_flags(rest->wrapping, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	wg_buf_reset(&rest->infos);
	bool made = pair != NULL && wg_cms_agree(pair, with, kek) && wg_cms_put_kari(&rest->infos, pair, rest->cert);
	wg_der_enclose(&rest->infos, 0, WG_DER_SET);
	if (made && !rest->infos.failed && EVP_EncryptInit_ex2(rest->wrapping, wg_cms_kit()->wrap, kek, NULL, NULL) == 1)
		rest->until = now + WG_REST_MS;
	EVP_PKEY_free(pair);
	wg_wipe(kek, sizeof kek);
	return rest->until != 0;
}

/* ---- one content */

static bool wrap(struct wg_rest *rest, const uint8_t key[KEY_LEN])
{
	int n = 0;
	return EVP_EncryptInit_ex2(rest->wrapping, NULL, NULL, NULL, NULL) == 1 &&
	       EVP_EncryptUpdate(rest->wrapping, rest->infos.data + rest->infos.len - WRAPPED_LEN, &n, key, (int)KEY_LEN) ==
	           1 &&
	       (size_t)n == WRAPPED_LEN;
}

enum wg_code wg_rest_seal(struct wg_rest *rest, const void *content, size_t len, struct wg_buf *out, struct wg_err *err)
{
	uint8_t key[KEY_LEN];
	if (!rest->agrees)
		return wg_cms_encrypt(rest->cert, WG_CIPHER_GCM, content, len, out, err);
	if (len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "%zu bytes are more than are sealed at once", len);
	int64_t now = wg_clock_monotonic();
	bool made = (rest->until > now || renew(rest, now)) && RAND_priv_bytes(key, sizeof key) == 1 && wrap(rest, key) &&
	            wg_cms_put_sealed(rest->sealing, WG_CIPHER_GCM, &rest->infos, true, key, content, len, out);
	wg_wipe(key, sizeof key);
	if (out->failed)
		return wg_buf_check(out, "a CMS object", err);
	return made ? WG_OK : wg_ossl_err(err, WG_CRYPTO, "nothing was encrypted");
}

void wg_rest_forget(struct wg_rest *rest)
{
	if (rest->until != 0 && rest->until <= wg_clock_monotonic())
		forget(rest);
}

enum wg_code wg_rest_new(const struct wg_cert *cert, struct wg_rest **out, struct wg_err *err)
{
	WG_CLEANUP(wg_rest_freep) struct wg_rest *rest = calloc(1, sizeof *rest);
	if (rest == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to seal with");
	rest->cert = cert;
	rest->infos = WG_BUF(INFOS_MAX);
	const EVP_PKEY *to = X509_get0_pubkey(cert->x509);
	rest->agrees = to != NULL && EVP_PKEY_get_base_id(to) == EVP_PKEY_EC;
	rest->sealing = EVP_CIPHER_CTX_new();
	rest->wrapping = EVP_CIPHER_CTX_new();
	if (wg_cms_kit() == NULL || rest->sealing == NULL || rest->wrapping == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "no memory to seal with");
	*out = wg_steal(&rest);
	return WG_OK;
}

void wg_rest_freep(struct wg_rest **rest)
{
	struct wg_rest *r = *rest;
	if (r == NULL)
		return;
	EVP_CIPHER_CTX_free(r->wrapping);
	EVP_CIPHER_CTX_free(r->sealing);
	wg_buf_free(&r->infos);
	free(r);
	*rest = NULL;
}
