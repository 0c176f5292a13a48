/* cms_agree.c owns the opening of what was sealed for one P-256 key, as DER of one shape.
 * SECURITY: wg_cms_agree_open takes any bytes. The shape is compared byte for byte wherever it has no choice; the point
 * that came with an object is checked to be on the curve when it is decoded (the curve's cofactor is 1, so it is then a
 * key); nothing of the plaintext is handed on before the tag was found right. */
#include "crypto/cms_agree.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

#define KEY_LEN ((size_t)32)
#define WRAPPED_LEN (KEY_LEN + 8)
#define NONCE_LEN ((size_t)12)
#define TAG_LEN ((size_t)16)
#define POINT_LEN ((size_t)65) /* 04, x, y */
/* DER of an issuer's name and a serial number; a certificate with more is OpenSSL's. */
#define WHO_MAX ((size_t)1024)

/* The parts of the shape that have no choice. */
static const uint8_t type_oid[] = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, /* id-smime-ct-authEnvelopedData */
	                                0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 };
static const uint8_t version_0[] = { 0x02, 0x01, 0x00 }, version_3[] = { 0x02, 0x01, 0x03 };
/* originatorKey: id-ecPublicKey, then a bit string of a point */
static const uint8_t originator[] = { 0xa0, 0x51, 0xa1, 0x4f, 0x30, 0x09, 0x06, 0x07, 0x2a,
	                                  0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x03, 0x42, 0x00 };
/* dhSinglePass-stdDH-sha256kdf-scheme with id-aes256-wrap */
static const uint8_t agreement[] = { 0x30, 0x15, 0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01, 0x30, 0x0b,
	                                 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d };
static const uint8_t wrapped_head[] = { 0x04, WRAPPED_LEN };
/* id-data, then aes256-GCM with a nonce and a tag of 16 bytes */
static const uint8_t content_type[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
static const uint8_t cipher_head[] = { 0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,     0x65,
	                                   0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, NONCE_LEN };
static const uint8_t cipher_tail[] = { 0x02, 0x01, TAG_LEN };
static const uint8_t tag_head[] = { 0x04, TAG_LEN };
/* ECC-CMS-SharedInfo (RFC 5753 7.2): id-aes256-wrap, no ukm, 256 bits; behind the counter of the KDF (SEC 1 3.6.1) */
static const uint8_t shared_info[] = { 0x00, 0x00, 0x00, 0x01, 0x30, 0x15, 0x30, 0x0b, 0x06,
	                                   0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01,
	                                   0x2d, 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00 };

enum tag { TAG_SEQUENCE = 0x30, TAG_SET = 0x31, TAG_CONTENT = 0xa0, TAG_AGREE = 0xa1, TAG_CIPHERTEXT = 0x80 };

static void drop_pkey_ctx(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
	*ctx = NULL;
}

static void drop_pkey(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
	*key = NULL;
}

static void drop_cipher_ctx(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
	*ctx = NULL;
}

/* ---- algorithms, looked up by their names once */

static struct {
	EVP_CIPHER *gcm, *wrap;
} algorithms;

static void fetch(void)
{
	algorithms.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	algorithms.wrap = EVP_CIPHER_fetch(NULL, "AES256-WRAP", NULL);
	wg_ossl_forget();
}

static bool ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, fetch); /* fails only for a bad once object */
	return algorithms.gcm != NULL && algorithms.wrap != NULL;
}

/* The content, once its tag was found right. */
static bool open_content(const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t len, uint8_t *tag,
                         uint8_t *out)
{
	WG_CLEANUP(drop_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	return ctx != NULL && EVP_DecryptInit_ex2(ctx, algorithms.gcm, key, nonce, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)TAG_LEN, tag) == 1 &&
	       (len == 0 || (EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len)) &&
	       EVP_DecryptFinal_ex(ctx, out + len, &last) == 1 && last == 0;
}

static bool unwrap(const uint8_t *with, const uint8_t *wrapped, uint8_t out[static WRAPPED_LEN])
{
	WG_CLEANUP(drop_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	if (ctx == NULL)
		return false;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	return EVP_DecryptInit_ex2(ctx, algorithms.wrap, with, NULL, NULL) == 1 &&
	       EVP_DecryptUpdate(ctx, out, &n, wrapped, (int)WRAPPED_LEN) == 1 && (size_t)n == KEY_LEN;
}

/* The key that wraps, out of one private and one public key. Neither is checked again here (see SECURITY). */
static bool agree(EVP_PKEY *private, EVP_PKEY *public, uint8_t out[static KEY_LEN])
{
	uint8_t secret[KEY_LEN + sizeof shared_info];
	WG_CLEANUP(drop_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, private, NULL);
	size_t len = KEY_LEN;
	bool done = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, public, 0) == 1 &&
	            EVP_PKEY_derive(ctx, secret, &len) == 1 && len == KEY_LEN;
	if (done) {
		memcpy(secret + KEY_LEN, shared_info, sizeof shared_info);
		(void)SHA256(secret, sizeof secret, out); /* returns out */
	}
	wg_wipe(secret, sizeof secret);
	return done;
}

static bool on_p256(const EVP_PKEY *key)
{
	char group[16];
	size_t len = 0;
	return key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 && strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* The certificate's issuer and serial number as they stand in an object; 0 when it has no room. */
static size_t who(const struct wg_cert *cert, uint8_t out[static WHO_MAX])
{
	const X509_NAME *issuer = X509_get_issuer_name(cert->x509);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert->x509);
	int name = i2d_X509_NAME(issuer, NULL), number = i2d_ASN1_INTEGER(serial, NULL);
	if (name <= 0 || number <= 0 || (size_t)name > WHO_MAX || (size_t)number > WHO_MAX - (size_t)name)
		return 0;
	uint8_t *p = out;
	(void)i2d_X509_NAME(issuer, &p); /* measured above */
	(void)i2d_ASN1_INTEGER(serial, &p);
	return (size_t)(p - out);
}

struct der {
	const uint8_t *p;
	size_t left;
};

static const uint8_t *take(struct der *in, size_t len)
{
	if (len > in->left)
		return NULL;
	const uint8_t *p = in->p;
	in->p += len;
	in->left -= len;
	return p;
}

static bool same(struct der *in, const uint8_t *bytes, size_t len)
{
	const uint8_t *p = take(in, len);
	return p != NULL && memcmp(p, bytes, len) == 0;
}

/* A value of that tag, its length in the shortest form, as DER wants it. */
static bool enter(struct der *in, enum tag tag, struct der *value)
{
	const uint8_t *p = take(in, 2);
	if (p == NULL || p[0] != (uint8_t)tag)
		return false;
	size_t len = p[1], bytes = len & 0x7f;
	if (len >= 0x80) {
		const uint8_t *q = bytes >= 1 && bytes <= 4 ? take(in, bytes) : NULL;
		if (q == NULL || q[0] == 0 || (bytes == 1 && q[0] < 0x80))
			return false;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | q[i];
	}
	const uint8_t *inside = take(in, len);
	*value = (struct der){ .p = inside, .left = len };
	return inside != NULL;
}

/* Where the parts of an object lie. */
struct found {
	const uint8_t *point, *wrapped, *nonce, *tag;
	struct der who, text;
};

static bool find_recipient(struct der *set, struct found *f)
{
	struct der kari, keys, one;
	return enter(set, TAG_AGREE, &kari) && set->left == 0 && same(&kari, version_3, sizeof version_3) &&
	       same(&kari, originator, sizeof originator) && (f->point = take(&kari, POINT_LEN)) != NULL &&
	       same(&kari, agreement, sizeof agreement) && enter(&kari, TAG_SEQUENCE, &keys) && kari.left == 0 &&
	       enter(&keys, TAG_SEQUENCE, &one) && keys.left == 0 && enter(&one, TAG_SEQUENCE, &f->who) &&
	       same(&one, wrapped_head, sizeof wrapped_head) && (f->wrapped = take(&one, WRAPPED_LEN)) != NULL &&
	       one.left == 0;
}

static bool find_content(struct der *content, struct found *f)
{
	return same(content, content_type, sizeof content_type) && same(content, cipher_head, sizeof cipher_head) &&
	       (f->nonce = take(content, NONCE_LEN)) != NULL && same(content, cipher_tail, sizeof cipher_tail) &&
	       enter(content, TAG_CIPHERTEXT, &f->text) && content->left == 0;
}

static bool find(struct der all, struct found *f)
{
	struct der outer, content, data, set, text;
	return enter(&all, TAG_SEQUENCE, &outer) && all.left == 0 && same(&outer, type_oid, sizeof type_oid) &&
	       enter(&outer, TAG_CONTENT, &content) && outer.left == 0 && enter(&content, TAG_SEQUENCE, &data) &&
	       content.left == 0 && same(&data, version_0, sizeof version_0) && enter(&data, TAG_SET, &set) &&
	       find_recipient(&set, f) && enter(&data, TAG_SEQUENCE, &text) && find_content(&text, f) &&
	       same(&data, tag_head, sizeof tag_head) && (f->tag = take(&data, TAG_LEN)) != NULL && data.left == 0;
}

struct wg_agreed {
	bool known;
	uint8_t point[POINT_LEN], with[KEY_LEN];
};

void wg_agreed_freep(struct wg_agreed **agreed)
{
	if (*agreed != NULL)
		wg_wipe(*agreed, sizeof **agreed);
	free(*agreed);
	*agreed = NULL;
}

/* The key that wraps, of the point that came with the object; none when it is not on the curve. Intake agrees once a
 * second (crypto/rest.h), so that the last one is mostly the one that is wanted. */
static const uint8_t *agree_with(const struct wg_key *key, const uint8_t *point)
{
	struct wg_agreed *last = key->agreed;
	if (last->known && memcmp(last->point, point, POINT_LEN) == 0)
		return last->with;
	WG_CLEANUP(drop_pkey) EVP_PKEY *peer = EVP_PKEY_new();
	last->known = point[0] == 0x04 && peer != NULL && EVP_PKEY_copy_parameters(peer, key->pkey) == 1 &&
	              EVP_PKEY_set1_encoded_public_key(peer, point, POINT_LEN) == 1 && agree(key->pkey, peer, last->with);
	memcpy(last->point, point, POINT_LEN);
	return last->known ? last->with : NULL;
}

/* The key is in this process, and there is a place for what it agrees on. */
static bool can_agree(const struct wg_key *key)
{
	return !key->hsm && key->agreed != NULL && ready();
}

void wg_agreed_prepare(struct wg_key *key)
{
	if (!key->hsm && on_p256(key->pkey))
		key->agreed = calloc(1, sizeof *key->agreed); /* without, OpenSSL opens everything */
}

enum wg_cms_agree wg_cms_agree_open(const struct wg_key *key, const struct wg_cert *cert, const void *der, size_t len,
                                    struct wg_buf *out)
{
	uint8_t mine[WHO_MAX], content_key[WRAPPED_LEN], tag[TAG_LEN];
	struct found f;
	if (len > WG_LIMIT_ENVELOPE || !can_agree(key) || !find((struct der){ .p = der, .left = len }, &f))
		return WG_CMS_AGREE_NOT_MINE;
	size_t n = who(cert, mine);
	if (n == 0 || n != f.who.left || memcmp(mine, f.who.p, n) != 0)
		return WG_CMS_AGREE_NOT_MINE;
	memcpy(tag, f.tag, sizeof tag); /* the call takes no const */
	uint8_t *text = wg_mem_malloc(f.text.left + 1);
	const uint8_t *with = text != NULL ? agree_with(key, f.point) : NULL;
	bool opened = with != NULL && unwrap(with, f.wrapped, content_key) &&
	              open_content(content_key, f.nonce, f.text.p, f.text.left, tag, text);
	wg_wipe(content_key, sizeof content_key);
	wg_ossl_forget();
	if (opened)
		wg_buf_put(out, text, f.text.left);
	if (text != NULL)
		wg_wipe(text, f.text.left);
	free(text);
	return opened ? WG_CMS_AGREE_OPENED : WG_CMS_AGREE_FAILED;
}
