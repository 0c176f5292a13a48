/* hsm_expect.c owns the reading of how a sealed object wraps its content key: whoever is asked to unwrap it has to be
 * told, and OpenSSL tells its key methods the padding only.
 * SECURITY: meets objects of strangers. What it does not find in order is not expected, and then not asked for. */
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hsm_internal.h"

enum wg_hsm_digest wg_hsm_digest_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	if (algorithm == NULL)
		return WG_HSM_SHA1; /* RFC 8017 A.2.1: what is left out */
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	switch (OBJ_obj2nid(object)) {
	case NID_sha1:
		return WG_HSM_SHA1;
	case NID_sha224:
		return WG_HSM_SHA224;
	case NID_sha256:
		return WG_HSM_SHA256;
	case NID_sha384:
		return WG_HSM_SHA384;
	case NID_sha512:
		return WG_HSM_SHA512;
	default:
		return 0;
	}
}

/* The digest of MGF1, the one mask that there is. */
static enum wg_hsm_digest mask_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	if (algorithm == NULL)
		return WG_HSM_SHA1;
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	if (OBJ_obj2nid(object) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return 0;
	const unsigned char *p = ASN1_STRING_get0_data(value);
	X509_ALGOR *digest = d2i_X509_ALGOR(NULL, &p, ASN1_STRING_length(value));
	enum wg_hsm_digest found = digest != NULL ? wg_hsm_digest_of(digest) : 0;
	X509_ALGOR_free(digest);
	return found;
}

static bool take_label(const X509_ALGOR *source, struct wg_hsm_expected *e)
{
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	if (source == NULL)
		return true;
	X509_ALGOR_get0(&object, &type, &value, source);
	if (OBJ_obj2nid(object) != NID_pSpecified || type != V_ASN1_OCTET_STRING ||
	    ASN1_STRING_length(value) > WG_HSM_LABEL_MAX)
		return false;
	e->label_len = (size_t)ASN1_STRING_length(value);
	if (e->label_len > 0)
		memcpy(e->label, ASN1_STRING_get0_data(value), e->label_len);
	return true;
}

static bool take_transport(const X509_ALGOR *algorithm, struct wg_hsm_expected *e)
{
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	if (OBJ_obj2nid(object) == NID_rsaEncryption) {
		e->padding = WG_HSM_PKCS1;
		return true;
	}
	if (OBJ_obj2nid(object) != NID_rsaesOaep || type != V_ASN1_SEQUENCE)
		return false;
	const unsigned char *p = ASN1_STRING_get0_data(value);
	RSA_OAEP_PARAMS *params = d2i_RSA_OAEP_PARAMS(NULL, &p, ASN1_STRING_length(value));
	e->padding = WG_HSM_OAEP;
	e->digest = params != NULL ? wg_hsm_digest_of(params->hashFunc) : 0;
	e->mask = params != NULL ? mask_of(params->maskGenFunc) : 0;
	bool known = (unsigned)e->digest != 0 && (unsigned)e->mask != 0 && take_label(params->pSourceFunc, e);
	RSA_OAEP_PARAMS_free(params);
	return known;
}

/* How long the content key has to be: asked of the cipher that OpenSSL makes ready for the content. */
static uint8_t wanted(CMS_ContentInfo *cms)
{
	EVP_CIPHER_CTX *cipher = NULL;
	WG_CLEANUP(wg_auto_bio) BIO *chain = CMS_dataInit(cms, NULL);
	BIO *at = chain != NULL ? BIO_find_type(chain, BIO_TYPE_CIPHER) : NULL;
	if (at == NULL || BIO_get_cipher_ctx(at, &cipher) != 1 || cipher == NULL)
		return 0;
	int len = EVP_CIPHER_CTX_get_key_length(cipher);
	return len == 16 || len == 24 || len == 32 ? (uint8_t)len : 0;
}

void wg_hsm_expect(const struct wg_key *key, const struct wg_cert *cert, CMS_ContentInfo *cms)
{
	if (key->asking == NULL)
		return;
	struct wg_hsm_expected e = { 0 };
	STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
	bool found = false;
	key->asking->expected = e;
	for (int i = 0; !found && i < sk_CMS_RecipientInfo_num(all); i++) {
		CMS_RecipientInfo *one = sk_CMS_RecipientInfo_value(all, i);
		X509_ALGOR *algorithm = NULL;
		if (CMS_RecipientInfo_type(one) != CMS_RECIPINFO_TRANS || CMS_RecipientInfo_ktri_cert_cmp(one, cert->x509) != 0)
			continue;
		found = CMS_RecipientInfo_ktri_get0_algs(one, NULL, NULL, &algorithm) == 1 && algorithm != NULL;
		if (!found || !take_transport(algorithm, &e))
			break;
		e.wanted = wanted(cms);
		if (e.wanted != 0)
			key->asking->expected = e;
	}
	wg_ossl_forget();
}
