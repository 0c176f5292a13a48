/* cms_signed.c owns SignedData as DER. Its certificates are the signer's and the chain of the same file, in the order
 * of DER, none twice. */
#include "crypto/cms_signed.h"

#include <openssl/rsa.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_parts.h"
#include "crypto/der.h"

/* A signature by RSA of 16,384 bits. */
#define SIGNATURE_MAX ((size_t)2048)
/* The four attributes, the time in its longer form, and what stands before them. */
#define ATTRIBUTES_MAX ((size_t)160)
#define UTC_TIME 0x17
#define GENERALIZED_TIME 0x18

/* id-signedData; version 1, SHA-256, and the start of the content: id-data is behind its head. */
static const uint8_t type_signed[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const uint8_t version_1[] = { 0x02, 0x01, 0x01 };
static const uint8_t digests[] = { 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
	                               0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
#define DIGEST (digests + 2) /* without the SET around it */
#define DIGEST_LEN (sizeof digests - 2)
static const uint8_t id_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
static const uint8_t rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
};
static const uint8_t ecdsa[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

/* The attributes in the order of DER, which is that of their lengths: content type, time, what we open (AES-256-GCM,
 * then CBC, best first), digest. */
static const uint8_t content_type[] = { 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03,
	                                    0x31, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
static const uint8_t signing_time[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05 };
static const uint8_t capabilities[] = { 0x30, 0x29, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	                                    0x09, 0x0f, 0x31, 0x1c, 0x30, 0x1a, 0x30, 0x0b, 0x06, 0x09, 0x60,
	                                    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e, 0x30, 0x0b, 0x06,
	                                    0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a };
static const uint8_t message_digest[] = { 0x30, 0x2f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,       0xf7,
	                                      0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, WG_HASH_LEN };

/* RFC 5652 11.3: two digits of the year until 2049. */
static void put_time(struct wg_buf *out, int64_t now)
{
	char at[WG_CLOCK_TEXT]; /* "2026-11-22T09:30:00Z" */
	size_t from = out->len;
	bool two = strcmp(wg_clock_format(now, at), "2050") < 0;
	wg_buf_put(out, signing_time, sizeof signing_time);
	size_t value = out->len;
	wg_der_head(out, two ? UTC_TIME : GENERALIZED_TIME, two ? 13 : 15);
	wg_buf_printf(out, "%.*s%.2s%.2s%.2s%.2s%.2sZ", two ? 2 : 4, two ? at + 2 : at, at + 5, at + 8, at + 11, at + 14,
	              at + 17);
	wg_der_enclose(out, value, WG_DER_SET);
	wg_der_enclose(out, from, WG_DER_SEQUENCE);
}

static bool hash(const void *p, size_t len, uint8_t out[static WG_HASH_LEN])
{
	const struct wg_cms_kit *kit = wg_cms_kit();
	return kit != NULL && EVP_Digest(p, len, out, NULL, kit->sha256, NULL) == 1;
}

/* As they are signed: a SET. Where they stand in the object they have another tag. */
static bool put_attributes(struct wg_buf *out, const void *content, size_t len, int64_t now)
{
	uint8_t digest[WG_HASH_LEN];
	if (!hash(content, len, digest))
		return false;
	wg_buf_put(out, content_type, sizeof content_type);
	put_time(out, now);
	wg_buf_put(out, capabilities, sizeof capabilities);
	wg_buf_put(out, message_digest, sizeof message_digest);
	wg_buf_put(out, digest, sizeof digest);
	wg_der_enclose(out, 0, WG_DER_SET);
	return !out->failed;
}

/* What an object is put together of. */
struct parts {
	const void *content;
	size_t len;
	const struct wg_buf *who, *certs, *attributes;
	const uint8_t *algorithm, *signature;
	size_t algorithm_len, signature_len;
};

static void put_signer(const struct parts *p, size_t len, struct wg_buf *out)
{
	wg_der_head(out, WG_DER_SET, wg_der_whole_len(len));
	wg_der_head(out, WG_DER_SEQUENCE, len);
	wg_buf_put(out, version_1, sizeof version_1);
	wg_buf_put(out, p->who->data, p->who->len);
	wg_buf_put(out, DIGEST, DIGEST_LEN);
	wg_buf_u8(out, WG_DER_0); /* [0] IMPLICIT SET */
	wg_buf_put(out, p->attributes->data + 1, p->attributes->len - 1);
	wg_buf_put(out, p->algorithm, p->algorithm_len);
	wg_der_head(out, WG_DER_OCTETS, p->signature_len);
	wg_buf_put(out, p->signature, p->signature_len);
}

static bool put_object(const struct parts *p, struct wg_buf *out)
{
	size_t from = out->len;
	size_t signer = sizeof version_1 + p->who->len + DIGEST_LEN + p->attributes->len + p->algorithm_len +
	                wg_der_whole_len(p->signature_len);
	size_t octets = wg_der_whole_len(p->len), content = sizeof id_data + wg_der_whole_len(octets);
	size_t data = sizeof version_1 + sizeof digests + wg_der_whole_len(content) + p->certs->len +
	              wg_der_whole_len(wg_der_whole_len(signer));
	size_t typed = sizeof type_signed + wg_der_whole_len(wg_der_whole_len(data));
	(void)wg_buf_room(out, wg_der_whole_len(typed)); /* all at once; without it every line below fails */
	wg_der_head(out, WG_DER_SEQUENCE, typed);
	wg_buf_put(out, type_signed, sizeof type_signed);
	wg_der_head(out, WG_DER_0, wg_der_whole_len(data));
	wg_der_head(out, WG_DER_SEQUENCE, data);
	wg_buf_put(out, version_1, sizeof version_1);
	wg_buf_put(out, digests, sizeof digests);
	wg_der_head(out, WG_DER_SEQUENCE, content);
	wg_buf_put(out, id_data, sizeof id_data);
	wg_der_head(out, WG_DER_0, octets);
	wg_der_head(out, WG_DER_OCTETS, p->len);
	wg_buf_put(out, p->content, p->len);
	wg_buf_put(out, p->certs->data, p->certs->len);
	put_signer(p, signer, out);
	return !out->failed && out->len - from == wg_der_whole_len(typed);
}

bool wg_cms_signed_put(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                       int64_t now, struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf attributes = WG_BUF(ATTRIBUTES_MAX);
	uint8_t digest[WG_HASH_LEN], signature[SIGNATURE_MAX];
	bool ec = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC;
	struct parts p = { .content = content,
		               .len = len,
		               .who = wg_cert_who(cert),
		               .certs = wg_cert_set(cert),
		               .attributes = &attributes,
		               .algorithm = ec ? ecdsa : rsa,
		               .algorithm_len = ec ? sizeof ecdsa : sizeof rsa,
		               .signature = signature,
		               .signature_len = sizeof signature };
	if (key->signing == NULL || p.who == NULL || p.certs == NULL || len > WG_LIMIT_ENVELOPE)
		return false;
	bool made = put_attributes(&attributes, content, len, now) && hash(attributes.data, attributes.len, digest) &&
	            EVP_PKEY_sign(key->signing, signature, &p.signature_len, digest, sizeof digest) == 1;
	wg_ossl_forget();
	return made && put_object(&p, out);
}

void wg_cms_signed_prepare(struct wg_key *key)
{
	int size = EVP_PKEY_get_size(key->pkey);
	if (key->hsm || size <= 0 || (size_t)size > SIGNATURE_MAX)
		return;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1)) {
		key->signing = ctx;
		return;
	}
	EVP_PKEY_CTX_free(ctx);
	wg_ossl_forget();
}
