/* cms_parts.c owns the parts of sealed objects as DER (RFC 5652 section 6, RFC 5083 section 2.1, RFC 5753 section 3.1,
 * RFC 5084 section 3.2), as OpenSSL writes them for the same certificate. */
#include "crypto/cms_parts.h"

#include <limits.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "crypto/der.h"

#define NONCE_LEN ((size_t)12) /* of GCM */
#define BLOCK_LEN ((size_t)16)
/* P-521, the largest curve. */
#define SECRET_MAX ((size_t)66)
/* Issuer and serial of one certificate; five certificates. Both are files' that were read with a limit. */
#define WHO_MAX ((size_t)64 * 1024)
#define CERTS_MAX ((size_t)512 * 1024)
#define CERTS 16

const uint8_t wg_cms_version_0[] = { 0x02, 0x01, 0x00 }, wg_cms_version_3[] = { 0x02, 0x01, 0x03 };
static const uint8_t version_2[] = { 0x02, 0x01, 0x02 };
const uint8_t wg_cms_ec_key[] = { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
const uint8_t wg_cms_agreement[] = { 0x30, 0x15, 0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01, 0x30, 0x0b,
	                                 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d };
/* ECC-CMS-SharedInfo (RFC 5753 7.2): id-aes256-wrap, no ukm, 256 bits; behind the counter of the KDF (SEC 1 3.6.1) */
static const uint8_t shared_info[] = { 0x00, 0x00, 0x00, 0x01, 0x30, 0x15, 0x30, 0x0b, 0x06,
	                                   0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01,
	                                   0x2d, 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00 };

const struct wg_cms_form
	wg_cms_forms[] = {
		[WG_CIPHER_CBC] = { .type = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03 },
	                        .type_len = 11,
	                        .before = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0x30, 0x1d,
	                                    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a, 0x04, 0x10 },
	                        .before_len = 26,
	                        .nonce_len = BLOCK_LEN },
		[WG_CIPHER_GCM] = { .type = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 },
	                        .type_len = 13,
	                        .before = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07,
	                                    0x01, 0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	                                    0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, 0x0c },
	                        .before_len = 28,
	                        .nonce_len = NONCE_LEN,
	                        .after = { 0x02, 0x01, WG_CMS_TAG_LEN },
	                        .after_len = 3,
	                        .tag_len = WG_CMS_TAG_LEN },
	};

/* ---- algorithms, looked up by their names once */

static struct wg_cms_kit kit;

static void fetch(void)
{
	kit.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	kit.cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	kit.wrap = EVP_CIPHER_fetch(NULL, "AES256-WRAP", NULL);
	kit.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	wg_ossl_forget();
}

const struct wg_cms_kit *wg_cms_kit(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, fetch); /* fails only for a bad once object */
	return kit.gcm != NULL && kit.cbc != NULL && kit.wrap != NULL && kit.sha256 != NULL ? &kit : NULL;
}

/* ---- what an object says of a certificate */

struct wg_cert_parts *wg_cert_parts_new(void)
{
	struct wg_cert_parts *parts = wg_mem_malloc(sizeof *parts);
	if (parts != NULL)
		*parts = (struct wg_cert_parts){ .who = WG_BUF(WHO_MAX), .certs = WG_BUF(CERTS_MAX) };
	return parts;
}

void wg_cert_parts_freep(struct wg_cert_parts **parts)
{
	struct wg_cert_parts *p = *parts;
	if (p == NULL)
		return;
	wg_buf_free(&p->who);
	wg_buf_free(&p->certs);
	for (size_t i = 0; i < WG_COUNT(p->to); i++)
		EVP_PKEY_CTX_free(p->to[i]);
	free(p);
	*parts = NULL;
}

/* What was put of it when nothing failed; else nothing. */
static const struct wg_buf *finish(struct wg_buf *b, bool made)
{
	if (made && !b->failed)
		return b;
	wg_buf_reset(b);
	wg_ossl_forget();
	return NULL;
}

const struct wg_buf *wg_cert_who(const struct wg_cert *cert)
{
	struct wg_cert_parts *parts = cert->parts;
	unsigned char *issuer = NULL, *serial = NULL;
	if (parts == NULL || parts->who.len > 0)
		return parts != NULL ? &parts->who : NULL;
	int n = i2d_X509_NAME(X509_get_issuer_name(cert->x509), &issuer),
		m = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert->x509), &serial);
	if (n > 0 && m > 0) {
		wg_buf_put(&parts->who, issuer, (size_t)n);
		wg_buf_put(&parts->who, serial, (size_t)m);
		wg_der_enclose(&parts->who, 0, WG_DER_SEQUENCE);
	}
	OPENSSL_free(issuer);
	OPENSSL_free(serial);
	return finish(&parts->who, n > 0 && m > 0);
}

static bool put_cert(struct wg_buf *out, X509 *x509, struct wg_der_piece *piece)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x509, &der);
	*piece = (struct wg_der_piece){ .at = out->len, .len = n > 0 ? (size_t)n : 0 };
	wg_buf_put(out, der, piece->len);
	OPENSSL_free(der);
	return n > 0;
}

const struct wg_buf *wg_cert_set(const struct wg_cert *cert)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(CERTS_MAX);
	struct wg_cert_parts *parts = cert->parts;
	struct wg_der_piece pieces[CERTS];
	int behind = cert->chain != NULL ? sk_X509_num(cert->chain) : 0;
	if (parts == NULL || parts->certs.len > 0)
		return parts != NULL ? &parts->certs : NULL;
	bool made = behind < CERTS && put_cert(&all, cert->x509, &pieces[0]);
	for (int i = 0; made && i < behind; i++)
		made = put_cert(&all, sk_X509_value(cert->chain, i), &pieces[i + 1]);
	if (made && !all.failed) {
		wg_der_put_sorted(&parts->certs, &all, pieces, (size_t)behind + 1, true);
		wg_der_enclose(&parts->certs, 0, WG_DER_0);
	}
	return finish(&parts->certs, made && !all.failed);
}

/* ---- key agreement */

bool wg_cms_agree(EVP_PKEY *private, EVP_PKEY *public, uint8_t kek[static WG_CMS_KEY_LEN])
{
	uint8_t secret[SECRET_MAX + sizeof shared_info];
	size_t len = SECRET_MAX;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, private, NULL);
	bool done = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, public, 0) == 1 &&
	            EVP_PKEY_derive(ctx, secret, &len) == 1 && len <= SECRET_MAX;
	if (done) {
		memcpy(secret + len, shared_info, sizeof shared_info);
		wg_sha256(secret, len + sizeof shared_info, kek);
	}
	wg_wipe(secret, sizeof secret);
	EVP_PKEY_CTX_free(ctx);
	return done;
}

EVP_PKEY *wg_cms_pair(EVP_PKEY *like)
{
	EVP_PKEY *pair = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, like, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_keygen(ctx, &pair) != 1)
		pair = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pair;
}

/* The originator's public key. */
static bool put_point(struct wg_buf *out, EVP_PKEY *pair)
{
	unsigned char *point = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key(pair, &point), from = out->len;
	wg_buf_put(out, wg_cms_ec_key, sizeof wg_cms_ec_key);
	wg_der_head(out, WG_DER_BITS, n + 1);
	wg_buf_u8(out, 0); /* no unused bits */
	wg_buf_put(out, point, n);
	wg_der_enclose(out, from, WG_DER_1);
	wg_der_enclose(out, from, WG_DER_0);
	OPENSSL_free(point);
	return n > 0;
}

bool wg_cms_put_kari(struct wg_buf *out, EVP_PKEY *pair, const struct wg_cert *cert)
{
	static const uint8_t room[WG_CMS_WRAPPED_LEN];
	const struct wg_buf *who = wg_cert_who(cert);
	size_t from = out->len;
	if (who == NULL)
		return false;
	wg_buf_put(out, wg_cms_version_3, sizeof wg_cms_version_3);
	bool made = put_point(out, pair);
	wg_buf_put(out, wg_cms_agreement, sizeof wg_cms_agreement);
	size_t keys = out->len;
	wg_buf_put(out, who->data, who->len);
	wg_der_head(out, WG_DER_OCTETS, sizeof room);
	wg_buf_put(out, room, sizeof room);
	wg_der_enclose(out, keys, WG_DER_SEQUENCE);
	wg_der_enclose(out, keys, WG_DER_SEQUENCE);
	wg_der_enclose(out, from, WG_DER_1);
	return made && !out->failed;
}

/* ---- the content */

/* All that stands before the encrypted content; sealed_len of that. */
static void put_before(const struct wg_cms_form *f, const struct wg_buf *infos, bool agrees, const uint8_t *nonce,
                       size_t sealed_len, struct wg_buf *out)
{
	size_t about = (size_t)f->before_len + f->nonce_len + f->after_len + wg_der_whole_len(sealed_len);
	size_t data = sizeof wg_cms_version_0 + infos->len + wg_der_whole_len(about) +
	              (f->tag_len > 0 ? wg_der_whole_len(f->tag_len) : 0);
	size_t typed = f->type_len + wg_der_whole_len(wg_der_whole_len(data));
	(void)wg_buf_room(out, wg_der_whole_len(typed)); /* all at once; without it every line below fails */
	wg_der_head(out, WG_DER_SEQUENCE, typed);
	wg_buf_put(out, f->type, f->type_len);
	wg_der_head(out, WG_DER_0, wg_der_whole_len(data));
	wg_der_head(out, WG_DER_SEQUENCE, data);
	/* RFC 5652 6.1: an EnvelopedData with a key agreement is of version 2; RFC 5083 2.1 knows 0 only */
	wg_buf_put(out, agrees && f->tag_len == 0 ? version_2 : wg_cms_version_0, sizeof wg_cms_version_0);
	wg_buf_put(out, infos->data, infos->len);
	wg_der_head(out, WG_DER_SEQUENCE, about);
	wg_buf_put(out, f->before, f->before_len);
	wg_buf_put(out, nonce, f->nonce_len);
	wg_buf_put(out, f->after, f->after_len);
	wg_der_head(out, WG_DER_PLAIN_0, sealed_len); /* [0] IMPLICIT OCTET STRING */
}

bool wg_cms_put_sealed(EVP_CIPHER_CTX *ctx, enum wg_cipher cipher, const struct wg_buf *infos, bool agrees,
                       const uint8_t key[static WG_CMS_KEY_LEN], const void *content, size_t len, struct wg_buf *out)
{
	const struct wg_cms_form *f = &wg_cms_forms[cipher];
	const struct wg_cms_kit *k = wg_cms_kit();
	uint8_t nonce[BLOCK_LEN], tag[2 + WG_CMS_TAG_LEN] = { WG_DER_OCTETS, WG_CMS_TAG_LEN };
	size_t from = out->len, sealed_len = cipher == WG_CIPHER_CBC ? len - len % BLOCK_LEN + BLOCK_LEN : len;
	int n = 0, last = 0;
	if (k == NULL || len > WG_LIMIT_ENVELOPE || RAND_bytes(nonce, sizeof nonce) != 1)
		return false;
	put_before(f, infos, agrees, nonce, sealed_len, out);
	uint8_t *at = wg_buf_room(out, sealed_len + (f->tag_len > 0 ? sizeof tag : 0));
	bool made = at != NULL &&
	            EVP_EncryptInit_ex2(ctx, cipher == WG_CIPHER_CBC ? k->cbc : k->gcm, key, nonce, NULL) == 1 &&
	            (len == 0 || EVP_EncryptUpdate(ctx, at, &n, content, (int)len) == 1) &&
	            EVP_EncryptFinal_ex(ctx, at + n, &last) == 1 && (size_t)n + (size_t)last == sealed_len;
	if (made && f->tag_len > 0)
		made = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, f->tag_len, tag + 2) == 1;
	if (out->failed)
		return false;
	out->len = made ? out->len + sealed_len : from;
	out->data[out->len] = 0;
	if (!made)
		return false;
	if (f->tag_len > 0)
		wg_buf_put(out, tag, sizeof tag);
	return !out->failed;
}
