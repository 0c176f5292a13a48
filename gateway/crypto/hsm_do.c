/* hsm_do.c owns what is done with a key of the HSM for one who asked for it.
 * SECURITY: the asker may have been taken over by a hostile mail, and would like to know whether an encrypted key of
 * its making is well made (Bleichenbacher 1998, Manger 2001). It gets as many bytes as it wants in either case: the
 * key, or others that nobody can foresee and that are the same whenever the same is asked, so that asking twice tells
 * nothing either. The same is done in both cases, the attempt with a key of our own included, by which a fault of the
 * HSM is told from one of the mail, and the answer comes at the same pace. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/hsm_internal.h"

/* RSA of 16,384 bits, or a point of P-521. */
#define WORK_MAX 2048
#define SECRET_LEN 32

/* How long an unwrapping takes, whatever comes of it, or a multiple of that: so many times what a trial took, at
 * least and at most so much. A good one is two trials, one of a bad key three. */
#define PACE_TIMES 6
#define PACE_LEAST_US 10000
#define PACE_MOST_US 500000
static int64_t pace_us = PACE_LEAST_US;
static int64_t trial_us; /* the quickest of a key's trials: the first wakes the HSM up */

/* Of this process: what is answered in place of a content key is made with it. */
static struct {
	bool made;
	uint8_t bytes[SECRET_LEN];
} secret;

const EVP_MD *wg_hsm_md(enum wg_hsm_digest digest)
{
	switch (digest) {
	case WG_HSM_SHA1:
		return EVP_sha1();
	case WG_HSM_SHA224:
		return EVP_sha224();
	case WG_HSM_SHA256:
		return EVP_sha256();
	case WG_HSM_SHA384:
		return EVP_sha384();
	case WG_HSM_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

static EVP_PKEY_CTX *rsa_ctx(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *), const struct wg_hsm_request *r)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool made = ctx != NULL && init(ctx) == 1;
	if (made && r->padding == WG_HSM_PKCS1) {
		made = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	} else if (made) {
		uint8_t *label = r->label_len > 0 ? OPENSSL_memdup(r->label, r->label_len) : NULL;
		made = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, wg_hsm_md(r->digest)) > 0 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, wg_hsm_md(r->mask)) > 0 && (r->label_len == 0 || label != NULL);
		if (made && label != NULL && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)r->label_len) > 0)
			label = NULL; /* the context's now */
		else
			made = made && r->label_len == 0;
		OPENSSL_free(label);
	}
	if (!made) {
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* The bytes that were wrapped into out (WORK_MAX) and how many; 0 for none. */
static size_t unwrap(EVP_PKEY *pkey, const struct wg_hsm_request *r, uint8_t out[static WORK_MAX])
{
	size_t n = WORK_MAX;
	EVP_PKEY_CTX *ctx = rsa_ctx(pkey, EVP_PKEY_decrypt_init, r);
	if (ctx == NULL || EVP_PKEY_decrypt(ctx, out, &n, r->data, r->data_len) != 1)
		n = 0;
	EVP_PKEY_CTX_free(ctx);
	return n;
}

/* The key's public half, for what is to be done without the HSM; NULL when there is none. */
static EVP_PKEY *public_half(EVP_PKEY *pkey)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);
	const uint8_t *p = der;
	EVP_PKEY *public = len > 0 ? d2i_PUBKEY(NULL, &p, len) : NULL;
	OPENSSL_free(der);
	return public;
}

/* Whether the HSM opens what was wrapped in the way that r says, just now, by us. */
static bool try_unwrap(EVP_PKEY *pkey, const struct wg_hsm_request *like)
{
	uint8_t key[32], wrapped[WORK_MAX], got[WORK_MAX];
	size_t n = sizeof wrapped;
	EVP_PKEY *public = public_half(pkey);
	EVP_PKEY_CTX *ctx = public != NULL ? rsa_ctx(public, EVP_PKEY_encrypt_init, like) : NULL;
	bool right =
		ctx != NULL && RAND_bytes(key, sizeof key) == 1 && EVP_PKEY_encrypt(ctx, wrapped, &n, key, sizeof key) == 1;
	if (right) {
		struct wg_hsm_request own = *like;
		own.data = wrapped;
		own.data_len = n;
		right = unwrap(pkey, &own, got) == sizeof key && CRYPTO_memcmp(got, key, sizeof key) == 0;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(got, sizeof got);
	return right;
}

static int64_t now_us(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Until the pace is full, counted from began: the engine tries another way when an unwrapping fails, and that takes as
 * long again. */
static void wait_from(int64_t began)
{
	int64_t left = pace_us - (now_us() - began) % pace_us;
	struct timespec t = { .tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000 * 1000) };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

static bool try_way(EVP_PKEY *pkey, enum wg_hsm_padding padding, enum wg_hsm_digest digest)
{
	const struct wg_hsm_request like = { .op = WG_HSM_UNWRAP, .padding = padding, .digest = digest, .mask = digest };
	int64_t began = now_us();
	bool does = try_unwrap(pkey, &like);
	int64_t took = now_us() - began;
	if (does && took < trial_us)
		trial_us = took;
	return does;
}

/* Something that the key was seen to do before. */
static bool alive(EVP_PKEY *pkey, unsigned does)
{
	if ((does & WG_HSM_DOES_PKCS1) != 0)
		return try_way(pkey, WG_HSM_PKCS1, 0);
	if ((does & WG_HSM_DOES_OAEP_SHA256) != 0)
		return try_way(pkey, WG_HSM_OAEP, WG_HSM_SHA256);
	return (does & WG_HSM_DOES_OAEP_SHA1) != 0 && try_way(pkey, WG_HSM_OAEP, WG_HSM_SHA1);
}

/* Bytes in the place of a content key: nobody can foresee them, and the same request gets the same. */
static bool invent(const struct wg_hsm_request *r, uint8_t out[static 32])
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(WG_HSM_ASK_MAX);
	unsigned len = 32;
	if (!secret.made)
		secret.made = RAND_bytes(secret.bytes, SECRET_LEN) == 1;
	wg_hsm_put(r, &all);
	return secret.made && !all.failed &&
	       HMAC(EVP_sha256(), secret.bytes, SECRET_LEN, all.data, all.len, out, &len) != NULL;
}

static void do_unwrap(EVP_PKEY *pkey, unsigned does, const struct wg_hsm_request *r, struct wg_buf *out)
{
	uint8_t got[WORK_MAX] = { 0 }, invented[32] = { 0 }, key[32];
	int64_t began = now_us();
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || r->data_len != (size_t)EVP_PKEY_get_size(pkey)) {
		wg_hsm_tell(WG_HSM_REFUSED, NULL, 0, out);
		return;
	}
	bool able = invent(r, invented);
	size_t n = unwrap(pkey, r, got);
	bool answers = try_unwrap(pkey, r); /* in any case: it takes as long for good and bad */
	uint8_t good = (uint8_t)(0 - (uint8_t)(n == r->wanted));
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)((got[i] & good) | (invented[i] & (uint8_t)~good));
	wait_from(began);
	if (able && answers)
		wg_hsm_tell(WG_HSM_DONE, key, r->wanted, out);
	else
		wg_hsm_tell(able && alive(pkey, does) ? WG_HSM_UNABLE : WG_HSM_GONE, NULL, 0, out);
	OPENSSL_cleanse(got, sizeof got);
	OPENSSL_cleanse(invented, sizeof invented);
	OPENSSL_cleanse(key, sizeof key);
}

/* A public key on the same curve, of a point; NULL when the point is not on it (SEC 1 3.2.2.1). */
static EVP_PKEY *peer_of(EVP_PKEY *pkey, const uint8_t *point, size_t len)
{
	const EC_KEY *own = EVP_PKEY_get0_EC_KEY(pkey);
	const EC_GROUP *group = own != NULL ? EC_KEY_get0_group(own) : NULL;
	EC_KEY *key = EC_KEY_new();
	EVP_PKEY *peer = EVP_PKEY_new();
	bool made = group != NULL && key != NULL && peer != NULL && len > 0 && point[0] == POINT_CONVERSION_UNCOMPRESSED &&
	            EC_KEY_set_group(key, group) == 1 && EC_KEY_oct2key(key, point, len, NULL) == 1 &&
	            EC_KEY_check_key(key) == 1 && EVP_PKEY_set1_EC_KEY(peer, key) == 1;
	EC_KEY_free(key);
	if (made)
		return peer;
	EVP_PKEY_free(peer);
	return NULL;
}

static size_t derive(EVP_PKEY *pkey, EVP_PKEY *peer, uint8_t out[static WORK_MAX])
{
	size_t n = WORK_MAX;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
	    EVP_PKEY_derive(ctx, out, &n) != 1)
		n = 0;
	EVP_PKEY_CTX_free(ctx);
	return n;
}

/* Whether the HSM multiplies with this key, just now. */
static bool try_derive(EVP_PKEY *pkey)
{
	uint8_t got[WORK_MAX];
	EC_KEY *fresh = EC_KEY_new();
	EVP_PKEY *peer = EVP_PKEY_new();
	const EC_KEY *own = EVP_PKEY_get0_EC_KEY(pkey);
	bool made = own != NULL && fresh != NULL && peer != NULL && EC_KEY_set_group(fresh, EC_KEY_get0_group(own)) == 1 &&
	            EC_KEY_generate_key(fresh) == 1 && EVP_PKEY_set1_EC_KEY(peer, fresh) == 1;
	bool right = made && derive(pkey, peer, got) > 0;
	OPENSSL_cleanse(got, sizeof got);
	EC_KEY_free(fresh);
	EVP_PKEY_free(peer);
	return right;
}

static void do_derive(EVP_PKEY *pkey, unsigned does, const struct wg_hsm_request *r, struct wg_buf *out)
{
	uint8_t got[WORK_MAX];
	EVP_PKEY *peer = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC ? peer_of(pkey, r->data, r->data_len) : NULL;
	if (peer == NULL) { /* whether a point is on the curve is no secret */
		wg_hsm_tell(WG_HSM_REFUSED, NULL, 0, out);
		return;
	}
	size_t n = derive(pkey, peer, got);
	if (n > 0)
		wg_hsm_tell(WG_HSM_DONE, got, n, out);
	else
		wg_hsm_tell((does & WG_HSM_DOES_ECDH) == 0 || try_derive(pkey) ? WG_HSM_UNABLE : WG_HSM_GONE, NULL, 0, out);
	OPENSSL_cleanse(got, sizeof got);
	EVP_PKEY_free(peer);
}

static void do_sign(EVP_PKEY *pkey, const struct wg_hsm_request *r, struct wg_buf *out)
{
	uint8_t signature[WORK_MAX], *at = signature;
	int n = -1;
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && EVP_PKEY_get_size(pkey) <= WORK_MAX) {
		/* the engine's key is OpenSSL's by type only: its method is what signs */
		RSA *rsa = EVP_PKEY_get1_RSA(pkey);
		if (rsa != NULL && r->data_len + RSA_PKCS1_PADDING_SIZE <= (size_t)RSA_size(rsa))
			n = RSA_private_encrypt((int)r->data_len, r->data, signature, rsa, RSA_PKCS1_PADDING);
		RSA_free(rsa);
	} else if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && r->data_len <= EVP_MAX_MD_SIZE) {
		EC_KEY *ec = EVP_PKEY_get1_EC_KEY(pkey);
		ECDSA_SIG *made = ec != NULL ? ECDSA_do_sign(r->data, (int)r->data_len, ec) : NULL;
		n = made != NULL ? i2d_ECDSA_SIG(made, &at) : -1;
		ECDSA_SIG_free(made);
		EC_KEY_free(ec);
	}
	wg_hsm_tell(n > 0 ? WG_HSM_DONE : WG_HSM_UNABLE, signature, n > 0 ? (size_t)n : 0, out);
}

void wg_hsm_do(EVP_PKEY *pkey, unsigned does, const struct wg_hsm_request *r, struct wg_buf *out)
{
	switch (r->op) {
	case WG_HSM_SIGN:
		do_sign(pkey, r, out);
		break;
	case WG_HSM_UNWRAP:
		do_unwrap(pkey, does, r, out);
		break;
	case WG_HSM_DERIVE:
		do_derive(pkey, does, r, out);
		break;
	case WG_HSM_OPEN:
		wg_hsm_tell(WG_HSM_REFUSED, NULL, 0, out);
		break;
	}
	wg_ossl_forget();
}

unsigned wg_hsm_does(EVP_PKEY *pkey)
{
	unsigned does = 0;
	trial_us = PACE_MOST_US;
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC)
		does = try_derive(pkey) ? WG_HSM_DOES_ECDH : 0;
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && EVP_PKEY_get_size(pkey) <= WORK_MAX)
		does = (try_way(pkey, WG_HSM_PKCS1, 0) ? WG_HSM_DOES_PKCS1 : 0) |
		       (try_way(pkey, WG_HSM_OAEP, WG_HSM_SHA1) ? WG_HSM_DOES_OAEP_SHA1 : 0) |
		       (try_way(pkey, WG_HSM_OAEP, WG_HSM_SHA256) ? WG_HSM_DOES_OAEP_SHA256 : 0);
	int64_t pace = PACE_TIMES * trial_us < PACE_MOST_US ? PACE_TIMES * trial_us : PACE_MOST_US;
	if ((does & ~WG_HSM_DOES_ECDH) != 0 && pace > pace_us)
		pace_us = pace;
	wg_ossl_forget();
	return does;
}
