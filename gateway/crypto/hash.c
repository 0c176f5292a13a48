/* hash.c owns SHA-256 and HMAC-SHA-256. */
#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "crypto/crypto_internal.h"

static_assert(WG_HASH_LEN == WG_SHA256_LEN, "WG_HASH_LEN is the length of SHA-256");
static_assert(WG_HASH_TEXT == 2 * WG_HASH_LEN + 1, "WG_HASH_TEXT holds the hash as hex");

void wg_sha256_hex(const void *p, size_t len, char out[WG_HASH_TEXT])
{
	uint8_t hash[WG_HASH_LEN];
	wg_sha256(p != NULL ? p : "", len, hash); /* OpenSSL's looks for the algorithm by its name each time */
	wg_hex(hash, sizeof hash, out);
}

/* Longer keys are set up each time. */
#define KEPT_KEY 64

/* Set up for HMAC-SHA-256 once a thread, and for a key once as long as the same is asked for: either takes longer than
 * most of what is hashed. It keeps the last key, which whoever asks holds anyway. */
struct ready {
	EVP_MAC_CTX *ctx;
	uint8_t key[KEPT_KEY];
	size_t key_len; /* 0: none is set up */
};

static EVP_MAC_CTX *new_ctx(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	OSSL_PARAM digest[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		                    OSSL_PARAM_construct_end() };
	EVP_MAC_free(mac); /* ctx holds it */
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, digest) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

/* Ready to be fed; NULL when it cannot be had. Whatever fails, the next begins with its key. */
static EVP_MAC_CTX *hmac_begin(const void *key, size_t key_len)
{
	static _Thread_local struct ready ready;
	if (ready.ctx == NULL)
		ready.ctx = new_ctx();
	if (ready.ctx == NULL)
		return NULL;
	const bool same = key_len == ready.key_len && CRYPTO_memcmp(key, ready.key, key_len) == 0;
	ready.key_len = 0;
	if (EVP_MAC_init(ready.ctx, same ? NULL : key, same ? 0 : key_len, NULL) != 1)
		return NULL;
	if (key_len <= KEPT_KEY) {
		memcpy(ready.key, key, key_len);
		ready.key_len = key_len;
	}
	return ready.ctx;
}

enum wg_code wg_hmac_hex(const void *key, size_t key_len, const void *p, size_t len, char out[WG_HASH_TEXT],
                         struct wg_err *err)
{
	if (key_len == 0 || key_len > INT_MAX)
		return wg_err_set(err, WG_CONFIG, "a key for identifiers has %zu bytes: it must not be empty", key_len);
	uint8_t hash[WG_HASH_LEN];
	size_t n = 0;
	EVP_MAC_CTX *ctx = hmac_begin(key, key_len);
	if (ctx == NULL || EVP_MAC_update(ctx, p != NULL ? p : (const void *)"", len) != 1 ||
	    EVP_MAC_final(ctx, hash, &n, sizeof hash) != 1 || n != sizeof hash)
		return wg_ossl_err(err, WG_SYSTEM, "HMAC failed");
	wg_hex(hash, sizeof hash, out);
	wg_wipe(hash, sizeof hash);
	return WG_OK;
}
