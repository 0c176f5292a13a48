/* cms_sealed.c owns the recipients of an object that is sealed, and its content key. */
#include "crypto/cms_sealed.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/mem.h"
#include "crypto/cms_parts.h"
#include "crypto/der.h"

/* Four recipients: issuer and serial of each, a wrapped key of at most 2 KiB. */
#define INFOS_MAX ((size_t)512 * 1024)
#define WRAPPED_MAX ((size_t)2048)

static const uint8_t pkcs1[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
	                             0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
/* id-RSAES-OAEP with SHA-256, and MGF1 with SHA-256 */
static const uint8_t oaep[] = { 0x30, 0x38, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
	                            0x07, 0x30, 0x2b, 0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	                            0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0xa1, 0x1a, 0x30, 0x18, 0x06, 0x09,
	                            0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0b, 0x06,
	                            0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };

/* ---- RSA */

/* Encrypts content keys to it, as its cipher's recipients are known to open. */
static EVP_PKEY_CTX *transport(EVP_PKEY *to, enum wg_cipher cipher)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, to, NULL);
	bool ready = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1;
	if (ready && cipher == WG_CIPHER_CBC)
		ready = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	else if (ready)
		ready = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
		        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
	if (ready)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool put_transport(const struct wg_cert *cert, EVP_PKEY *to, enum wg_cipher cipher,
                          const uint8_t key[static WG_CMS_KEY_LEN], struct wg_buf *out)
{
	const struct wg_buf *who = wg_cert_who(cert);
	uint8_t wrapped[WRAPPED_MAX];
	size_t from = out->len, n = sizeof wrapped;
	int size = EVP_PKEY_get_size(to);
	if (who == NULL || size <= 0 || (size_t)size > sizeof wrapped)
		return false;
	EVP_PKEY_CTX **ctx = &cert->parts->to[cipher];
	if (*ctx == NULL)
		*ctx = transport(to, cipher);
	if (*ctx == NULL || EVP_PKEY_encrypt(*ctx, wrapped, &n, key, WG_CMS_KEY_LEN) != 1)
		return false;
	wg_buf_put(out, wg_cms_version_0, sizeof wg_cms_version_0);
	wg_buf_put(out, who->data, who->len);
	if (cipher == WG_CIPHER_CBC)
		wg_buf_put(out, pkcs1, sizeof pkcs1);
	else
		wg_buf_put(out, oaep, sizeof oaep);
	wg_der_head(out, WG_DER_OCTETS, n);
	wg_buf_put(out, wrapped, n);
	wg_der_enclose(out, from, WG_DER_SEQUENCE);
	return true;
}

/* ---- EC */

static bool wrap(const uint8_t kek[static WG_CMS_KEY_LEN], const uint8_t key[static WG_CMS_KEY_LEN],
                 uint8_t out[static WG_CMS_WRAPPED_LEN])
{
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	if (ctx == NULL)
		return false;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	return EVP_EncryptInit_ex2(ctx, wg_cms_kit()->wrap, kek, NULL, NULL) == 1 &&
	       EVP_EncryptUpdate(ctx, out, &n, key, (int)WG_CMS_KEY_LEN) == 1 && (size_t)n == WG_CMS_WRAPPED_LEN;
}

static bool put_agreement(const struct wg_cert *cert, EVP_PKEY *to, const uint8_t key[static WG_CMS_KEY_LEN],
                          struct wg_buf *out)
{
	uint8_t kek[WG_CMS_KEY_LEN];
	EVP_PKEY *pair = wg_cms_pair(to);
	bool made = pair != NULL && wg_cms_agree(pair, to, kek) && wg_cms_put_kari(out, pair, cert) &&
	            wrap(kek, key, out->data + out->len - WG_CMS_WRAPPED_LEN);
	wg_wipe(kek, sizeof kek);
	EVP_PKEY_free(pair);
	return made;
}

/* ---- all of them */

static bool put_recipients(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                           const uint8_t key[static WG_CMS_KEY_LEN], struct wg_buf *out, bool *agrees)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(INFOS_MAX);
	struct wg_der_piece pieces[WG_CMS_RECIPIENTS];
	for (size_t i = 0; i < count; i++) {
		EVP_PKEY *to = X509_get0_pubkey(recipients[i]->x509);
		int kind = to != NULL ? EVP_PKEY_get_base_id(to) : EVP_PKEY_NONE;
		size_t at = all.len;
		bool put = kind == EVP_PKEY_EC    ? put_agreement(recipients[i], to, key, &all)
		           : kind == EVP_PKEY_RSA ? put_transport(recipients[i], to, cipher, key, &all)
		                                  : false;
		if (!put || all.failed)
			return false;
		pieces[i] = (struct wg_der_piece){ .at = at, .len = all.len - at };
		*agrees = *agrees || kind == EVP_PKEY_EC;
	}
	wg_der_put_sorted(out, &all, pieces, count, false);
	wg_der_enclose(out, 0, WG_DER_SET);
	return !out->failed;
}

bool wg_cms_sealed_put(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                       const void *content, size_t len, struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf infos = WG_BUF(INFOS_MAX);
	uint8_t key[WG_CMS_KEY_LEN];
	bool agrees = false;
	if (wg_cms_kit() == NULL || count == 0 || count > WG_CMS_RECIPIENTS)
		return false;
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool made = ctx != NULL && RAND_priv_bytes(key, sizeof key) == 1 &&
	            put_recipients(recipients, count, cipher, key, &infos, &agrees) &&
	            wg_cms_put_sealed(ctx, cipher, &infos, agrees, key, content, len, out);
	wg_wipe(key, sizeof key);
	if (!made)
		wg_ossl_forget();
	return made;
}
