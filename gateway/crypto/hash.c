/* hash.c owns SHA-256 and HMAC-SHA-256. */
#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto_internal.h"

static_assert(WG_HASH_LEN == SHA256_DIGEST_LENGTH, "WG_HASH_LEN is the length of SHA-256");
static_assert(WG_HASH_TEXT == 2 * WG_HASH_LEN + 1, "WG_HASH_TEXT holds the hash as hex");

void wg_sha256_hex(const void *p, size_t len, char out[WG_HASH_TEXT])
{
	uint8_t hash[WG_HASH_LEN];
	(void)SHA256(p != NULL ? p : "", len, hash); /* returns hash */
	wg_hex(hash, sizeof hash, out);
}

enum wg_code wg_hmac_hex(const void *key, size_t key_len, const void *p, size_t len, char out[WG_HASH_TEXT],
                         struct wg_err *err)
{
	if (key_len == 0 || key_len > INT_MAX)
		return wg_err_set(err, WG_CONFIG, "a key for identifiers has %zu bytes: it must not be empty", key_len);
	uint8_t hash[WG_HASH_LEN];
	unsigned n = 0;
	if (HMAC(EVP_sha256(), key, (int)key_len, p != NULL ? p : "", len, hash, &n) == NULL || n != sizeof hash)
		return wg_ossl_err(err, WG_SYSTEM, "HMAC failed");
	wg_hex(hash, sizeof hash, out);
	wg_wipe(hash, sizeof hash);
	return WG_OK;
}
