/* keyring.c owns our own key pairs of one purpose, and the opening of CMS with whichever fits.
 * SECURITY: holds private keys and meets bytes of strangers; failures say the same words as wg_cms_decrypt does. */
#include "crypto/keyring.h"

#include <openssl/pem.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hsm_internal.h"

#define UNOPENED "could not be opened"

static enum wg_code read_use(const struct wg_cert *cert, struct wg_keyring_use *out, struct wg_err *err)
{
	struct wg_cert_facts facts;
	enum wg_code code = wg_cert_facts(cert, &facts, err);
	if (code == WG_OK)
		*out = (struct wg_keyring_use){
			.known = true, .can_sign = facts.can_sign, .not_before = facts.not_before, .not_after = facts.not_after
		};
	return code;
}

enum wg_code wg_keyring_add(struct wg_keyring *ring, struct wg_key **key, struct wg_cert **cert, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	if (ring->count >= WG_KEYRING_MAX)
		code = wg_err_set(err, WG_LIMIT, "more than %d key pairs for one purpose", WG_KEYRING_MAX);
	if (code == WG_OK)
		code = wg_key_matches(*key, *cert, err);
	if (code == WG_OK && (*key)->hsm && (*key)->asking == NULL)
		(*key)->does = wg_hsm_does((*key)->pkey);
	if (code == WG_OK) {
		struct wg_err ignored;
		ring->uses[ring->count] = (struct wg_keyring_use){ 0 };
		(void)read_use(*cert, &ring->uses[ring->count], &ignored); /* said when it is to sign */
		ring->keys[ring->count] = wg_steal(key);
		ring->certs[ring->count++] = wg_steal(cert);
	}
	wg_key_freep(key);
	wg_cert_freep(cert);
	return code;
}

void wg_keyring_free(struct wg_keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++) {
		wg_key_freep(&ring->keys[i]);
		wg_cert_freep(&ring->certs[i]);
	}
	ring->count = 0;
}

enum wg_code wg_keyring_signer(const struct wg_keyring *ring, int64_t now, size_t *which, struct wg_err *err)
{
	char why[WG_ERR_TEXT_MAX] = "";
	int64_t newest = INT64_MIN;
	bool found = false;
	for (size_t i = 0; i < ring->count; i++) {
		struct wg_keyring_use use = ring->uses[i];
		enum wg_code code = use.known ? WG_OK : read_use(ring->certs[i], &use, err);
		if (code != WG_OK)
			return code;
		const char *fault = !use.can_sign          ? "is not made for signing (key usage)"
		                    : now < use.not_before ? "is not valid yet"
		                    : now > use.not_after  ? "has expired"
		                                           : NULL;
		size_t used = strlen(why);
		if (fault != NULL)
			(void)snprintf(why + used, sizeof why - used, "; certificate %zu %s", i + 1, fault); /* cut: words */
		else if (!found || use.not_before >= newest) {
			newest = use.not_before;
			*which = i;
			found = true;
		}
	}
	return found ? WG_OK : wg_err_set(err, WG_CRYPTO, "there is no certificate of ours to sign with%s", why);
}

/* The reader gets it, or what stands for it. */
static bool opens(const struct wg_key *key)
{
	return !key->hsm || key->does != 0;
}

static enum wg_code write_pair(const struct wg_key *key, const struct wg_cert *cert, struct wg_buf *out,
                               struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *secret = BIO_new(BIO_s_secmem()); /* cleared when it is freed */
	WG_CLEANUP(wg_auto_bio) BIO *open = BIO_new(BIO_s_mem());
	char *p = NULL;
	if (secret == NULL || open == NULL || PEM_write_bio_X509(open, cert->x509) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "a key pair cannot be handed over");
	if (!key->hsm && PEM_write_bio_PKCS8PrivateKey(secret, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return wg_ossl_err(err, WG_CONFIG, "a private key cannot be written");
	long n = BIO_get_mem_data(secret, &p);
	wg_buf_bytes(out, p, (size_t)n);
	n = BIO_get_mem_data(open, &p);
	wg_buf_bytes(out, p, (size_t)n);
	return wg_buf_check(out, "key pairs", err);
}

enum wg_code wg_keyring_write(const struct wg_keyring *ring, struct wg_buf *out, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	uint32_t count = 0;
	for (size_t i = 0; i < ring->count; i++)
		count += opens(ring->keys[i]);
	if (count == 0)
		return wg_err_set(
			err, WG_CONFIG,
			"no key of ours opens what partners seal for us: those in the HSM only sign. Let one of them unwrap "
			"(CKA_DECRYPT, of an EC key CKA_DERIVE), or add a pair with a key file");
	wg_buf_u32(out, count);
	for (size_t i = 0; code == WG_OK && i < ring->count; i++)
		if (opens(ring->keys[i])) {
			wg_buf_u8(out, (uint8_t)i);
			code = write_pair(ring->keys[i], ring->certs[i], out, err);
		}
	return code == WG_OK ? wg_buf_check(out, "key pairs", err) : code;
}

/* The key itself, or without one the key that is asked for under that number. */
static enum wg_code read_key(const uint8_t *pem, size_t len, const struct wg_hsm_line *line, uint8_t number,
                             const struct wg_cert *cert, struct wg_key **out, struct wg_err *err)
{
	if (len > 0)
		return wg_key_parse(pem, len, out, err);
	WG_CLEANUP(wg_key_freep) struct wg_key *key = calloc(1, sizeof *key);
	EVP_PKEY *public = X509_get0_pubkey(cert->x509);
	if (key == NULL || public == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a key");
	enum wg_code code = wg_hsm_asked(line, number, public, key, err);
	if (code == WG_OK)
		*out = wg_steal(&key);
	return code;
}

enum wg_code wg_keyring_read(const void *p, size_t len, const struct wg_hsm_line *line, struct wg_keyring *out,
                             struct wg_err *err)
{
	struct wg_keyring ring = { .count = 0 };
	struct wg_cur cur = WG_CUR(p, len);
	uint32_t count = wg_cur_u32(&cur);
	enum wg_code code = WG_OK;
	for (uint32_t i = 0; code == WG_OK && i < count && !cur.failed; i++) {
		size_t key_len, cert_len;
		uint8_t number = wg_cur_u8(&cur);
		const uint8_t *key_pem = wg_cur_bytes(&cur, &key_len), *cert_pem = wg_cur_bytes(&cur, &cert_len);
		struct wg_key *key = NULL;
		struct wg_cert *cert = NULL;
		if (cur.failed)
			break;
		if (key_len == 0 && line == NULL)
			continue;
		code = wg_cert_parse(cert_pem, cert_len, &cert, err);
		if (code == WG_OK)
			code = read_key(key_pem, key_len, line, number, cert, &key, err);
		if (code == WG_OK)
			code = wg_keyring_add(&ring, &key, &cert, err);
		wg_key_freep(&key);
		wg_cert_freep(&cert);
	}
	if (code == WG_OK && (!wg_cur_end(&cur) || ring.count == 0))
		code = wg_err_set(err, WG_CORRUPT, "key pairs that were handed over are not whole");
	if (code == WG_OK)
		*out = ring;
	else
		wg_keyring_free(&ring);
	return code;
}

enum wg_code wg_keyring_decrypt(const struct wg_keyring *ring, const void *der, size_t len, struct wg_buf *out,
                                struct wg_err *err)
{
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	WG_CLEANUP(wg_auto_bio) BIO *plain = BIO_new(BIO_s_mem());
	int type = cms != NULL ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
	bool sealed = type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData, opened = false;
	/* A pair that the object was not encrypted to fails here, which tells nobody anything: the recipients stand in it
	 * in the clear. One that it was encrypted to never fails here, forged or not: OpenSSL goes on with a random key. */
	for (size_t i = 0; sealed && !opened && i < ring->count; i++) {
		wg_hsm_expect(ring->keys[i], ring->certs[i], cms);
		opened = CMS_decrypt_set1_pkey_and_peer(cms, ring->keys[i]->pkey, ring->certs[i]->x509, NULL) == 1;
	}
	opened = opened && plain != NULL && CMS_decrypt(cms, NULL, NULL, NULL, plain, 0) == 1;
	wg_ossl_forget();
	if (!opened)
		return wg_err_set(err, WG_CRYPTO, UNOPENED);
	char *data = NULL;
	long n = BIO_get_mem_data(plain, &data);
	if (n > 0)
		wg_buf_put(out, data, (size_t)n);
	return wg_buf_check(out, "the content of a CMS object", err);
}
