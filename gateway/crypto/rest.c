/* rest.c owns sealing at rest: the DER of an AuthEnvelopedData around a content (RFC 5083 section 2.1, RFC 5652 section
 * 6.2.2, RFC 5753 section 3.1, RFC 5084 section 3.2), as OpenSSL writes it for the same certificate. */
#include "crypto/rest.h"

#include <limits.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"

#define KEY_LEN 32
#define WRAPPED_LEN (KEY_LEN + 8) /* RFC 3394 */
#define NONCE_LEN 12
#define TAG_LEN 16
/* Issuer and serial, the public point, algorithms: some 300 bytes. */
#define INFOS_MAX ((size_t)64 * 1024)

enum { DER_SEQUENCE = 0x30, DER_SET = 0x31, DER_OCTETS = 0x04, DER_BITS = 0x03, DER_0 = 0xa0, DER_1 = 0xa1 };

/* id-ct-authEnvelopedData, and what the content says of itself: id-data, id-aes256-GCM with a nonce and a tag of 16. */
static const uint8_t type_sealed[] = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 };
static const uint8_t version_0[] = { 0x02, 0x01, 0x00 }, version_3[] = { 0x02, 0x01, 0x03 };
static const uint8_t before_nonce[] = {
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, /* id-data */
	0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, NONCE_LEN
};
static const uint8_t after_nonce[] = { 0x02, 0x01, TAG_LEN };
/* id-ecPublicKey; dhSinglePass-stdDH-sha256kdf-scheme with id-aes256-wrap. */
static const uint8_t ec_key[] = { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t agreement[] = { 0x30, 0x15, 0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01, 0x30, 0x0b,
	                                 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d };
/* ECC-CMS-SharedInfo (RFC 5753 section 7.2): id-aes256-wrap, no ukm, 256 bits. */
static const uint8_t shared_info[] = { 0x30, 0x15, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
	                                   0x04, 0x01, 0x2d, 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00 };

struct wg_rest {
	const struct wg_cert *cert;
	bool agrees; /* an EC key; another is left to wg_cms_encrypt */
	EVP_CIPHER *gcm, *wrap;
	EVP_CIPHER_CTX *sealing, *wrapping;
	struct wg_buf infos; /* the RecipientInfos of the agreement in use; a wrapped key is their last WRAPPED_LEN bytes */
	int64_t until;       /* steady ms; 0: no agreement is in use */
};

/* ---- DER */

static size_t head_len(size_t len)
{
	size_t n = 2;
	for (size_t rest = len; len >= 0x80 && rest > 0; rest >>= 8)
		n++;
	return n;
}

static size_t put_head(uint8_t out[2 + sizeof(size_t)], uint8_t tag, size_t len)
{
	size_t n = head_len(len);
	out[0] = tag;
	out[1] = (uint8_t)(n > 2 ? 0x80 | (n - 2) : len);
	for (size_t i = n - 1; i > 1; i--, len >>= 8)
		out[i] = (uint8_t)len;
	return n;
}

static void head(struct wg_buf *out, uint8_t tag, size_t len)
{
	uint8_t bytes[2 + sizeof len];
	wg_buf_put(out, bytes, put_head(bytes, tag, len));
}

/* What stands from there on becomes the content of a value with that tag. */
static void enclose(struct wg_buf *b, size_t from, uint8_t tag)
{
	static const uint8_t room[2 + sizeof(size_t)];
	size_t len = b->len - from;
	wg_buf_put(b, room, head_len(len));
	if (b->failed)
		return;
	memmove(b->data + from + head_len(len), b->data + from, len);
	(void)put_head(b->data + from, tag, len); /* as many bytes as there is room for */
}

/* The originator's public key. */
static bool put_point(struct wg_buf *out, EVP_PKEY *pair)
{
	unsigned char *point = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key(pair, &point), from = out->len;
	wg_buf_put(out, ec_key, sizeof ec_key);
	head(out, DER_BITS, n + 1);
	wg_buf_u8(out, 0); /* no unused bits */
	wg_buf_put(out, point, n);
	enclose(out, from, DER_1);
	enclose(out, from, DER_0);
	OPENSSL_free(point);
	return n > 0;
}

/* Whose key it is: issuer and serial, and room for the wrapped key. */
static bool put_recipient(struct wg_buf *out, const X509 *x509)
{
	static const uint8_t room[WRAPPED_LEN];
	unsigned char *issuer = NULL, *serial = NULL;
	int n = i2d_X509_NAME(X509_get_issuer_name(x509), &issuer),
		m = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &serial);
	size_t from = out->len;
	if (n > 0 && m > 0) {
		wg_buf_put(out, issuer, (size_t)n);
		wg_buf_put(out, serial, (size_t)m);
		enclose(out, from, DER_SEQUENCE);
		head(out, DER_OCTETS, sizeof room);
		wg_buf_put(out, room, sizeof room);
		enclose(out, from, DER_SEQUENCE);
		enclose(out, from, DER_SEQUENCE);
	}
	OPENSSL_free(issuer);
	OPENSSL_free(serial);
	return n > 0 && m > 0;
}

static bool put_infos(struct wg_buf *out, EVP_PKEY *pair, const X509 *x509)
{
	wg_buf_reset(out);
	wg_buf_put(out, version_3, sizeof version_3);
	bool made = put_point(out, pair);
	wg_buf_put(out, agreement, sizeof agreement);
	made = made && put_recipient(out, x509);
	enclose(out, 0, DER_1);
	enclose(out, 0, DER_SET);
	return made && !out->failed;
}

/* ---- the agreement */

static EVP_PKEY *make_pair(EVP_PKEY *like)
{
	EVP_PKEY *pair = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, like, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_keygen(ctx, &pair) != 1)
		pair = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pair;
}

static bool agree(EVP_PKEY *pair, EVP_PKEY *with, uint8_t kek[KEY_LEN])
{
	size_t len = KEY_LEN;
	unsigned char *info = OPENSSL_memdup(shared_info, sizeof shared_info);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	bool ready = info != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	             EVP_PKEY_CTX_set_ecdh_kdf_type(ctx, EVP_PKEY_ECDH_KDF_X9_63) == 1 &&
	             EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1 &&
	             EVP_PKEY_CTX_set_ecdh_kdf_outlen(ctx, KEY_LEN) == 1 && EVP_PKEY_derive_set_peer(ctx, with) == 1;
	bool given = ready && EVP_PKEY_CTX_set0_ecdh_kdf_ukm(ctx, info, sizeof shared_info) == 1;
	bool agreed = given && EVP_PKEY_derive(ctx, kek, &len) == 1 && len == KEY_LEN;
	if (!given)
		OPENSSL_free(info);
	EVP_PKEY_CTX_free(ctx);
	return agreed;
}

static void forget(struct wg_rest *rest)
{
	rest->until = 0;
	(void)EVP_CIPHER_CTX_reset(rest->wrapping); /* clears the key schedule; always 1 */
}

static bool renew(struct wg_rest *rest, int64_t now)
{
	uint8_t kek[KEY_LEN];
	EVP_PKEY *with = X509_get0_pubkey(rest->cert->x509), *pair = make_pair(with);
	forget(rest);
	EVP_CIPHER_CTX_set_flags(rest->wrapping, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (pair != NULL && agree(pair, with, kek) && put_infos(&rest->infos, pair, rest->cert->x509) &&
	    EVP_EncryptInit_ex2(rest->wrapping, rest->wrap, kek, NULL, NULL) == 1)
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
	       EVP_EncryptUpdate(rest->wrapping, rest->infos.data + rest->infos.len - WRAPPED_LEN, &n, key, KEY_LEN) == 1 &&
	       n == WRAPPED_LEN;
}

/* All that stands before the encrypted content. */
static void put_before(const struct wg_rest *rest, const uint8_t nonce[NONCE_LEN], size_t len, struct wg_buf *out)
{
	size_t about = sizeof before_nonce + NONCE_LEN + sizeof after_nonce + head_len(len) + len;
	size_t data = sizeof version_0 + rest->infos.len + head_len(about) + about + 2 + TAG_LEN;
	size_t typed = sizeof type_sealed + head_len(head_len(data) + data) + head_len(data) + data;
	(void)wg_buf_room(out, head_len(typed) + typed); /* all at once; without it every line below fails */
	head(out, DER_SEQUENCE, typed);
	wg_buf_put(out, type_sealed, sizeof type_sealed);
	head(out, DER_0, head_len(data) + data);
	head(out, DER_SEQUENCE, data);
	wg_buf_put(out, version_0, sizeof version_0);
	wg_buf_put(out, rest->infos.data, rest->infos.len);
	head(out, DER_SEQUENCE, about);
	wg_buf_put(out, before_nonce, sizeof before_nonce);
	wg_buf_put(out, nonce, NONCE_LEN);
	wg_buf_put(out, after_nonce, sizeof after_nonce);
	head(out, 0x80, len); /* [0] IMPLICIT OCTET STRING */
}

static bool put_sealed(struct wg_rest *rest, const uint8_t key[KEY_LEN], const uint8_t nonce[NONCE_LEN],
                       const void *content, size_t len, struct wg_buf *out)
{
	int n = 0, last = 0;
	uint8_t tag[2 + TAG_LEN] = { DER_OCTETS, TAG_LEN };
	uint8_t *at = wg_buf_room(out, len);
	if (at == NULL || EVP_EncryptInit_ex2(rest->sealing, rest->gcm, key, nonce, NULL) != 1 ||
	    (len > 0 && EVP_EncryptUpdate(rest->sealing, at, &n, content, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(rest->sealing, tag, &last) != 1 || (size_t)n != len || last != 0 ||
	    EVP_CIPHER_CTX_ctrl(rest->sealing, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag + 2) != 1)
		return false;
	out->len += len;
	wg_buf_put(out, tag, sizeof tag);
	return !out->failed;
}

enum wg_code wg_rest_seal(struct wg_rest *rest, const void *content, size_t len, struct wg_buf *out, struct wg_err *err)
{
	uint8_t key[KEY_LEN], nonce[NONCE_LEN];
	if (!rest->agrees)
		return wg_cms_encrypt(rest->cert, WG_CIPHER_GCM, content, len, out, err);
	if (len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "%zu bytes are more than are sealed at once", len);
	int64_t now = wg_clock_monotonic();
	bool made = (rest->until > now || renew(rest, now)) && RAND_priv_bytes(key, sizeof key) == 1 &&
	            RAND_bytes(nonce, sizeof nonce) == 1 && wrap(rest, key);
	if (made) {
		put_before(rest, nonce, len, out);
		made = put_sealed(rest, key, nonce, content, len, out);
	}
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
	rest->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	rest->wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	rest->sealing = EVP_CIPHER_CTX_new();
	rest->wrapping = EVP_CIPHER_CTX_new();
	if (rest->gcm == NULL || rest->wrap == NULL || rest->sealing == NULL || rest->wrapping == NULL)
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
	EVP_CIPHER_free(r->wrap);
	EVP_CIPHER_free(r->gcm);
	wg_buf_free(&r->infos);
	free(r);
	*rest = NULL;
}
