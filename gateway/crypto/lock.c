/* lock.c owns what rests under a key that lies before it: nobody is kept out who has both, but once the head is
 * destroyed the rest is gone too (store/STATES.md, "Content and its keys"). AES-256-GCM. */
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/lock.h"

#define MAGIC "WGL1"
#define MAGIC_LEN ((size_t)4)
#define KEY_LEN ((size_t)32)
#define NONCE_LEN ((size_t)12)
#define TAG_LEN ((size_t)16)

_Static_assert(WG_LOCK_HEAD == MAGIC_LEN + KEY_LEN + NONCE_LEN + TAG_LEN, "the head is these four");

bool wg_locked(const void *bytes, size_t len)
{
	return len >= WG_LOCK_HEAD && memcmp(bytes, MAGIC, MAGIC_LEN) == 0;
}

/* Both ways of GCM: sets key and nonce, turns len bytes into as many. */
static bool turn(EVP_CIPHER_CTX *ctx, bool lock, const uint8_t *key, const uint8_t *nonce, const uint8_t *in,
                 size_t len, uint8_t *out)
{
	int n = 0;
	return EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, lock ? 1 : 0) == 1 &&
	       EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len;
}

enum wg_code wg_lock(const void *plain, size_t len, struct wg_buf *out, struct wg_err *err)
{
	uint8_t head[WG_LOCK_HEAD] = MAGIC;
	uint8_t *key = head + MAGIC_LEN, *nonce = key + KEY_LEN, *tag = nonce + NONCE_LEN;
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WG_AUTO_FREE uint8_t *rest = malloc(len + 1);
	int n = 0;
	if (len > INT_MAX)
		return wg_err_set(err, WG_LIMIT, "too much to lock");
	enum wg_code code = WG_OK;
	if (ctx == NULL || rest == NULL || RAND_priv_bytes(key, (int)KEY_LEN) != 1 ||
	    RAND_bytes(nonce, (int)NONCE_LEN) != 1 || !turn(ctx, true, key, nonce, plain, len, rest) ||
	    EVP_CipherFinal_ex(ctx, rest + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, (int)TAG_LEN, tag) != 1)
		code = wg_ossl_err(err, WG_SYSTEM, "locking");
	if (code == WG_OK) {
		wg_buf_put(out, head, sizeof head);
		wg_buf_put(out, rest, len);
		code = wg_buf_check(out, "what is locked", err);
	}
	wg_wipe(head, sizeof head);
	return code;
}

enum wg_code wg_unlock(const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err)
{
	if (!wg_locked(bytes, len) || len - WG_LOCK_HEAD > INT_MAX)
		return wg_err_set(err, WG_CRYPTO, "could not be opened");
	const uint8_t *key = (const uint8_t *)bytes + MAGIC_LEN, *nonce = key + KEY_LEN, *tag = nonce + NONCE_LEN;
	size_t n = len - WG_LOCK_HEAD;
	uint8_t copy[TAG_LEN]; /* the call takes no const */
	memcpy(copy, tag, sizeof copy);
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WG_AUTO_FREE uint8_t *plain = malloc(n + 1);
	int last = 0;
	if (ctx == NULL || plain == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory");
	enum wg_code code = WG_OK;
	if (!turn(ctx, false, key, nonce, tag + TAG_LEN, n, plain) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, (int)TAG_LEN, copy) != 1 ||
	    EVP_CipherFinal_ex(ctx, plain + n, &last) != 1)
		code = wg_ossl_err(err, WG_CRYPTO, "could not be opened");
	if (code == WG_OK) {
		wg_buf_put(out, plain, n);
		code = wg_buf_check(out, "what was locked", err);
	}
	wg_wipe(plain, n);
	return code;
}
