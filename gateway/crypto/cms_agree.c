/* cms_agree.c owns the opening of what was sealed for one P-256 key, as DER of one shape.
 * SECURITY: wg_cms_agree_open takes any bytes. The shape is compared byte for byte wherever it has no choice; the point
 * that came with an object is checked to be on the curve when it is decoded (the curve's cofactor is 1, so it is then a
 * key); nothing of the plaintext is handed on before the tag was found right. */
#include "crypto/cms_agree.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_parts.h"
#include "crypto/der.h"

#define KEY_LEN WG_CMS_KEY_LEN
#define WRAPPED_LEN WG_CMS_WRAPPED_LEN
#define TAG_LEN WG_CMS_TAG_LEN
#define POINT_LEN ((size_t)65) /* 04, x, y */

/* Beside those of cms_parts.h, the parts of the shape that have no choice: originatorKey around a point of P-256. */
static const uint8_t originator_head[] = { 0xa0, 0x51, 0xa1, 0x4f }, point_head[] = { 0x03, 0x42, 0x00 };
static const uint8_t wrapped_head[] = { 0x04, WRAPPED_LEN }, tag_head[] = { 0x04, TAG_LEN };

/* The content, once its tag was found right. */
static bool open_content(const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t len, uint8_t *tag,
                         uint8_t *out)
{
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	return ctx != NULL && EVP_DecryptInit_ex2(ctx, wg_cms_kit()->gcm, key, nonce, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)TAG_LEN, tag) == 1 &&
	       (len == 0 || (EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len)) &&
	       EVP_DecryptFinal_ex(ctx, out + len, &last) == 1 && last == 0;
}

static bool unwrap(const uint8_t *with, const uint8_t *wrapped, uint8_t out[static WRAPPED_LEN])
{
	WG_CLEANUP(wg_auto_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	if (ctx == NULL)
		return false;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	return EVP_DecryptInit_ex2(ctx, wg_cms_kit()->wrap, with, NULL, NULL) == 1 &&
	       EVP_DecryptUpdate(ctx, out, &n, wrapped, (int)WRAPPED_LEN) == 1 && (size_t)n == KEY_LEN;
}

static bool on_p256(const EVP_PKEY *key)
{
	char group[16];
	size_t len = 0;
	return key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 && strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* Where the parts of an object lie. */
struct found {
	const uint8_t *point, *wrapped, *nonce, *tag;
	struct wg_der who, text;
};

/* With its head. */
static bool whole(struct wg_der *in, enum wg_der_tag tag, struct wg_der *out)
{
	const uint8_t *from = in->p;
	struct wg_der value;
	if (!wg_der_enter(in, tag, &value))
		return false;
	*out = (struct wg_der){ .p = from, .left = (size_t)(in->p - from) };
	return true;
}

static bool find_recipient(struct wg_der *set, struct found *f)
{
	struct wg_der kari, keys, one;
	return wg_der_enter(set, WG_DER_1, &kari) && set->left == 0 &&
	       wg_der_same(&kari, wg_cms_version_3, sizeof wg_cms_version_3) &&
	       wg_der_same(&kari, originator_head, sizeof originator_head) &&
	       wg_der_same(&kari, wg_cms_ec_key, sizeof wg_cms_ec_key) &&
	       wg_der_same(&kari, point_head, sizeof point_head) && (f->point = wg_der_take(&kari, POINT_LEN)) != NULL &&
	       wg_der_same(&kari, wg_cms_agreement, sizeof wg_cms_agreement) &&
	       wg_der_enter(&kari, WG_DER_SEQUENCE, &keys) && kari.left == 0 &&
	       wg_der_enter(&keys, WG_DER_SEQUENCE, &one) && keys.left == 0 && whole(&one, WG_DER_SEQUENCE, &f->who) &&
	       wg_der_same(&one, wrapped_head, sizeof wrapped_head) &&
	       (f->wrapped = wg_der_take(&one, WRAPPED_LEN)) != NULL && one.left == 0;
}

static bool find_content(struct wg_der *content, struct found *f)
{
	const struct wg_cms_form *gcm = &wg_cms_forms[WG_CIPHER_GCM];
	return wg_der_same(content, gcm->before, gcm->before_len) &&
	       (f->nonce = wg_der_take(content, gcm->nonce_len)) != NULL &&
	       wg_der_same(content, gcm->after, gcm->after_len) && wg_der_enter(content, WG_DER_PLAIN_0, &f->text) &&
	       content->left == 0;
}

static bool find(struct wg_der all, struct found *f)
{
	const struct wg_cms_form *gcm = &wg_cms_forms[WG_CIPHER_GCM];
	struct wg_der outer, content, data, set, text;
	return wg_der_enter(&all, WG_DER_SEQUENCE, &outer) && all.left == 0 &&
	       wg_der_same(&outer, gcm->type, gcm->type_len) && wg_der_enter(&outer, WG_DER_0, &content) &&
	       outer.left == 0 && wg_der_enter(&content, WG_DER_SEQUENCE, &data) && content.left == 0 &&
	       wg_der_same(&data, wg_cms_version_0, sizeof wg_cms_version_0) && wg_der_enter(&data, WG_DER_SET, &set) &&
	       find_recipient(&set, f) && wg_der_enter(&data, WG_DER_SEQUENCE, &text) && find_content(&text, f) &&
	       wg_der_same(&data, tag_head, sizeof tag_head) && (f->tag = wg_der_take(&data, TAG_LEN)) != NULL &&
	       data.left == 0;
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
	WG_CLEANUP(wg_auto_pkey) EVP_PKEY *peer = EVP_PKEY_new();
	last->known = point[0] == 0x04 && peer != NULL && EVP_PKEY_copy_parameters(peer, key->pkey) == 1 &&
	              EVP_PKEY_set1_encoded_public_key(peer, point, POINT_LEN) == 1 &&
	              wg_cms_agree(key->pkey, peer, last->with);
	memcpy(last->point, point, POINT_LEN);
	return last->known ? last->with : NULL;
}

/* The key is in this process, and there is a place for what it agrees on. */
static bool can_agree(const struct wg_key *key)
{
	return !key->hsm && key->agreed != NULL && wg_cms_kit() != NULL;
}

void wg_agreed_prepare(struct wg_key *key)
{
	if (!key->hsm && on_p256(key->pkey))
		key->agreed = calloc(1, sizeof *key->agreed); /* without, OpenSSL opens everything */
}

enum wg_cms_agree wg_cms_agree_open(const struct wg_key *key, const struct wg_cert *cert, const void *der, size_t len,
                                    struct wg_buf *out)
{
	uint8_t content_key[WRAPPED_LEN], tag[TAG_LEN];
	struct found f;
	if (len > WG_LIMIT_ENVELOPE || !can_agree(key) || !find((struct wg_der){ .p = der, .left = len }, &f))
		return WG_CMS_AGREE_NOT_MINE;
	const struct wg_buf *mine = wg_cert_who(cert);
	if (mine == NULL || mine->len != f.who.left || memcmp(mine->data, f.who.p, mine->len) != 0)
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
