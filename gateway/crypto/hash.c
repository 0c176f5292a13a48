/* hash.c owns SHA-256 and HMAC-SHA-256. */
#include <assert.h>
#include <openssl/crypto.h>
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

/* HMAC-SHA-256 (RFC 2104) for the key that was used last: its two halves, each with its first block taken in. The key
 * is kept, which whoever asks holds anyway. OpenSSL takes ten times as long for a name or a number. */
struct ready {
	bool set;
	uint8_t key[WG_SHA256_BLOCK]; /* as RFC 2104 pads or hashes it */
	struct wg_sha256 inner, outer;
};

static void set_half(struct wg_sha256 *half, const uint8_t key[static WG_SHA256_BLOCK], uint8_t pad)
{
	uint8_t block[WG_SHA256_BLOCK];
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = key[i] ^ pad;
	wg_sha256_init(half);
	wg_sha256_update(half, block, sizeof block);
	wg_wipe(block, sizeof block);
}

static const struct ready *ready_for(const void *key, size_t key_len)
{
	static _Thread_local struct ready ready;
	uint8_t block[WG_SHA256_BLOCK] = { 0 };
	if (key_len > sizeof block)
		wg_sha256(key, key_len, block);
	else
		memcpy(block, key, key_len);
	if (!ready.set || CRYPTO_memcmp(block, ready.key, sizeof block) != 0) {
		memcpy(ready.key, block, sizeof block);
		set_half(&ready.inner, block, 0x36);
		set_half(&ready.outer, block, 0x5c);
		ready.set = true;
	}
	wg_wipe(block, sizeof block);
	return &ready;
}

enum wg_code wg_hmac_hex(const void *key, size_t key_len, const void *p, size_t len, char out[WG_HASH_TEXT],
                         struct wg_err *err)
{
	if (key_len == 0)
		return wg_err_set(err, WG_CONFIG, "a key for identifiers has no bytes: it must not be empty");
	const struct ready *ready = ready_for(key, key_len);
	struct wg_sha256 inner = ready->inner, outer = ready->outer;
	uint8_t hash[WG_HASH_LEN];
	wg_sha256_update(&inner, p, len);
	wg_sha256_final(&inner, hash);
	wg_sha256_update(&outer, hash, sizeof hash);
	wg_sha256_final(&outer, hash);
	wg_hex(hash, sizeof hash, out);
	wg_wipe(hash, sizeof hash);
	wg_wipe(&inner, sizeof inner); /* what was hashed stands in its block */
	wg_wipe(&outer, sizeof outer);
	return WG_OK;
}
