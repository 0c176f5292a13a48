/* cms.c owns signing, sealing, opening and verifying of CMS (RFC 5652, RFC 5083).
 * SECURITY: wg_cms_decrypt and wg_cms_verify meet bytes of strangers. Every failure to open or verify says the same
 * words, so that nobody learns from answers how far a forged message got. Nothing that was only decrypted may be
 * believed: a flipped bit in CBC decrypts without an error, so a caller accepts only what wg_cms_verify returned. */
#include <limits.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_agree.h"
#include "crypto/cms_sealed.h"
#include "crypto/cms_signed.h"

#define UNOPENED "could not be opened"

/* Bytes after the object belong to nobody: a second object hidden there must not travel along. */
CMS_ContentInfo *wg_cms_parse(const void *der, size_t len)
{
	if (der == NULL || len == 0 || len > WG_LIMIT_ENVELOPE)
		return NULL;
	const unsigned char *p = der;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)len);
	if (cms != NULL && p != (const unsigned char *)der + len) {
		CMS_ContentInfo_free(cms);
		cms = NULL;
	}
	return cms;
}

static enum wg_code put_der(const CMS_ContentInfo *cms, struct wg_buf *out, struct wg_err *err)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);
	if (len <= 0)
		return wg_ossl_err(err, WG_CRYPTO, "a CMS object cannot be encoded");
	wg_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
	return wg_buf_check(out, "a CMS object", err);
}

/* What was written to a memory BIO, to the caller's buffer. The BIO clears its own memory when it is freed. */
static enum wg_code put_content(BIO *bio, struct wg_buf *out, struct wg_err *err)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	if (len > 0)
		wg_buf_put(out, data, (size_t)len);
	return wg_buf_check(out, "the content of a CMS object", err);
}

/* Tells the partner's mail program what we open, best first. */
static bool add_capabilities(CMS_SignerInfo *signer)
{
	STACK_OF(X509_ALGOR) *able = NULL;
	bool ok = CMS_add_simple_smimecap(&able, NID_aes_256_gcm, -1) == 1 &&
	          CMS_add_simple_smimecap(&able, NID_aes_256_cbc, -1) == 1 && CMS_add_smimecap(signer, able) == 1;
	sk_X509_ALGOR_pop_free(able, X509_ALGOR_free);
	return ok;
}

/* When it was signed. */
static bool add_time(CMS_SignerInfo *signer, int64_t ms)
{
	ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)(ms / 1000));
	bool ok =
		now != NULL && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, ASN1_STRING_type(now), now, -1) == 1;
	ASN1_TIME_free(now);
	return ok;
}

enum wg_code wg_cms_sign_slowly(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                                int64_t now, struct wg_buf *out, struct wg_err *err)
{
	const unsigned flags = CMS_PARTIAL | CMS_BINARY | CMS_NOSMIMECAP;
	WG_CLEANUP(wg_auto_bio) BIO *in = wg_ossl_view(content, len);
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = CMS_sign(NULL, NULL, cert->chain, NULL, flags);
	if (in == NULL || cms == NULL)
		return wg_ossl_err(err, WG_CRYPTO, "nothing was signed");
	CMS_SignerInfo *signer = CMS_add1_signer(cms, cert->x509, key->pkey, EVP_sha256(), flags);
	if (signer == NULL || !add_time(signer, now) || !add_capabilities(signer) ||
	    CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return wg_hsm_fault(key, err) ? WG_SYSTEM : wg_ossl_err(err, WG_CRYPTO, "nothing was signed");
	return put_der(cms, out, err);
}

enum wg_code wg_cms_sign(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                         struct wg_buf *out, struct wg_err *err)
{
	int64_t now = wg_clock_now(); /* the time that the gateway goes by */
	return wg_cms_signed_put(key, cert, content, len, now, out)
	           ? WG_OK
	           : wg_cms_sign_slowly(key, cert, content, len, now, out, err);
}

/* The key transport that the cipher's recipients are known to open; OpenSSL's own defaults would be PKCS#1 v1.5 for RSA
 * and a SHA-1 KDF for EC. */
static bool set_transport(CMS_RecipientInfo *recipient, const EVP_PKEY *to, enum wg_cipher cipher)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(recipient);
	if (ctx == NULL)
		return false;
	if (EVP_PKEY_get_base_id(to) == EVP_PKEY_EC)
		return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
	if (cipher == WG_CIPHER_CBC)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
}

static bool add_recipient(CMS_ContentInfo *cms, const struct wg_cert *recipient, enum wg_cipher cipher)
{
	const EVP_PKEY *to = X509_get0_pubkey(recipient->x509);
	CMS_RecipientInfo *info = to != NULL ? CMS_add1_recipient_cert(cms, recipient->x509, CMS_KEY_PARAM) : NULL;
	return info != NULL && set_transport(info, to, cipher);
}

enum wg_code wg_cms_encrypt_slowly(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                                   const void *content, size_t len, struct wg_buf *out, struct wg_err *err)
{
	const unsigned flags = CMS_PARTIAL | CMS_BINARY;
	WG_CLEANUP(wg_auto_bio) BIO *in = wg_ossl_view(content, len);
	WG_CLEANUP(wg_auto_cms)
	CMS_ContentInfo *cms =
		CMS_encrypt(NULL, NULL, cipher == WG_CIPHER_GCM ? EVP_aes_256_gcm() : EVP_aes_256_cbc(), flags);
	bool made = in != NULL && cms != NULL;
	for (size_t i = 0; made && i < count; i++)
		made = add_recipient(cms, recipients[i], cipher);
	if (!made || CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return wg_ossl_err(err, WG_CRYPTO, "nothing was encrypted");
	return put_der(cms, out, err);
}

enum wg_code wg_cms_encrypt_all(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                                const void *content, size_t len, struct wg_buf *out, struct wg_err *err)
{
	if (count == 0)
		return wg_err_set(err, WG_CONFIG, "there is no certificate to encrypt to");
	if (count > WG_CMS_RECIPIENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d certificates to encrypt to", WG_CMS_RECIPIENTS);
	return wg_cms_sealed_put(recipients, count, cipher, content, len, out)
	           ? WG_OK
	           : wg_cms_encrypt_slowly(recipients, count, cipher, content, len, out, err);
}

enum wg_code wg_cms_encrypt(const struct wg_cert *recipient, enum wg_cipher cipher, const void *content, size_t len,
                            struct wg_buf *out, struct wg_err *err)
{
	return wg_cms_encrypt_all(&recipient, 1, cipher, content, len, out, err);
}

enum wg_code wg_cms_decrypt(const struct wg_key *key, const struct wg_cert *cert, const void *der, size_t len,
                            struct wg_buf *out, struct wg_err *err)
{
	enum wg_cms_agree agreed = der != NULL ? wg_cms_agree_open(key, cert, der, len, out) : WG_CMS_AGREE_FAILED;
	if (agreed == WG_CMS_AGREE_OPENED)
		return wg_buf_check(out, "the content of a CMS object", err);
	if (agreed == WG_CMS_AGREE_FAILED)
		return wg_err_set(err, WG_CRYPTO, UNOPENED);
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	WG_CLEANUP(wg_auto_bio) BIO *plain = BIO_new(BIO_s_mem());
	int type = cms != NULL ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
	bool sealed = type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData;
	/* With the certificate given, OpenSSL goes on with a random key when the key transport was forged, so that an
	 * attacker cannot tell the two kinds of failure apart. CMS_decrypt checks the tag of GCM before it returns 1. */
	if (sealed)
		wg_hsm_expect(key, cert, cms);
	bool opened = sealed && plain != NULL && CMS_decrypt(cms, key->pkey, cert->x509, NULL, plain, 0) == 1;
	wg_ossl_forget();
	if (!opened)
		return wg_hsm_fault(key, err) ? WG_SYSTEM : wg_err_set(err, WG_CRYPTO, UNOPENED);
	return put_content(plain, out, err);
}

bool wg_cms_digest_strong(CMS_SignerInfo *signer)
{
	X509_ALGOR *digest = NULL;
	const ASN1_OBJECT *object = NULL;
	CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, NULL);
	X509_ALGOR_get0(&object, NULL, NULL, digest);
	int nid = OBJ_obj2nid(object);
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* The shape that is accepted: data inside, one signer, signed attributes. Without signed attributes a signature over
 * some other message's attributes could be passed off as one over content. */
static bool shape_accepted(CMS_ContentInfo *cms)
{
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return false;
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	if (!wg_cms_has_content(cms) || sk_CMS_SignerInfo_num(signers) != 1)
		return false;
	CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
	return CMS_signed_get_attr_count(signer) > 0 && wg_cms_digest_strong(signer);
}

bool wg_cms_has_content(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);
	return content != NULL && *content != NULL;
}

enum wg_code wg_cms_signer(CMS_ContentInfo *cms, struct wg_cert **signer, struct wg_err *err)
{
	X509 *x509 = NULL;
	CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	CMS_SignerInfo_get0_algs(info, NULL, &x509, NULL, NULL);
	if (x509 == NULL)
		return wg_err_set(err, WG_CRYPTO, UNOPENED);
	enum wg_code code = wg_cert_wrap(x509, signer, err);
	if (code == WG_OK)
		(*signer)->chain = CMS_get1_certs(cms); /* NULL when there is no other */
	return code;
}

/* Whose certificate is not held against trust (NULL) is held against something else by the caller. */
static enum wg_code verify(const struct wg_trust *trust, const void *der, size_t len, struct wg_buf *out,
                           struct wg_cert **signer, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	WG_CLEANUP(wg_auto_bio) BIO *content = BIO_new(BIO_s_mem());
	/* signature and content are checked always, chain and purpose unless the caller does; bytes stay as they are */
	unsigned flags = CMS_BINARY | (trust == NULL ? CMS_NO_SIGNER_CERT_VERIFY : 0);
	X509_STORE *store = trust != NULL ? trust->store : NULL;
	if (store != NULL)
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(wg_clock_now() / 1000));
	bool valid = cms != NULL && content != NULL && shape_accepted(cms) &&
	             CMS_verify(cms, NULL, store, NULL, content, flags) == 1;
	wg_ossl_forget();
	if (!valid)
		return wg_err_set(err, WG_CRYPTO, UNOPENED);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *by = NULL;
	enum wg_code code = wg_cms_signer(cms, &by, err);
	if (code == WG_OK)
		code = put_content(content, out, err);
	if (code == WG_OK)
		*signer = wg_steal(&by);
	return code;
}

enum wg_code wg_cms_verify(const struct wg_trust *trust, const void *der, size_t len, struct wg_buf *out,
                           struct wg_cert **signer, struct wg_err *err)
{
	return verify(trust, der, len, out, signer, err);
}

enum wg_code wg_cms_verify_any(const void *der, size_t len, struct wg_buf *out, struct wg_cert **signer,
                               struct wg_err *err)
{
	return verify(NULL, der, len, out, signer, err);
}
