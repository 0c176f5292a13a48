/* cms_mail.c owns the judgement of a mail's signature.
 * SECURITY: meets objects of strangers. Accepted is one shape only; whatever two programs could see differently (two
 * signers, content both inside and beside) is refused before any key is used. */
#include "crypto/cms_mail.h"

#include <openssl/pem.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"

/* A signature by RSA of 16,384 bits; nothing that is used today comes near it. */
#define SIGNATURE_BYTES 2048
/* Certificates that are told beside the signer's: wg_cert_parse takes as many. */
#define CHAIN_TOLD 4

enum wg_cms_kind wg_cms_kind_of(const void *der, size_t len)
{
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	int type = cms != NULL ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
	wg_ossl_forget();
	if (cms == NULL)
		return WG_CMS_NONE;
	if (type == NID_pkcs7_signed)
		return WG_CMS_SIGNED;
	return type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData ? WG_CMS_SEALED : WG_CMS_OTHER;
}

/* Why the shape is not taken, in words; NULL: it is. */
static const char *shape_fault(CMS_ContentInfo *cms, bool beside)
{
	if (cms == NULL || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return "its signature is not an object that can be read";
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	if (sk_CMS_SignerInfo_num(signers) <= 0)
		return "it holds certificates, and no signature";
	if (sk_CMS_SignerInfo_num(signers) > 1)
		return "it has more than one signature, and which of them counts cannot be told";
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return "what is signed is not of the type that mails have";
	if (wg_cms_has_content(cms) && beside)
		return "its signature has content of its own, beside the content of the mail";
	if (!wg_cms_has_content(cms) && !beside)
		return "there is a signature, and nothing that was signed";
	CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
	if (CMS_signed_get_attr_count(signer) <= 0)
		return "its signature has no signed attributes";
	if (!wg_cms_digest_strong(signer))
		return "its signature uses a digest that is no longer safe";
	if (ASN1_STRING_length(CMS_SignerInfo_get0_signature(signer)) > SIGNATURE_BYTES)
		return "its signature is larger than any that is in use";
	return NULL;
}

/* Why nobody's anchors accept a certificate, as far as its own facts say. */
static const char *chain_fault(const struct wg_cert_facts *facts)
{
	int64_t now = wg_clock_now();
	if (now > facts->not_after)
		return "the signer's certificate has expired";
	if (now < facts->not_before)
		return "the signer's certificate is not valid yet";
	if (!facts->can_sign)
		return "the signer's certificate is not made for signing mail";
	return "no organisation of the directory has an anchor for the signer's certificate";
}

static enum wg_code judge(const struct wg_trust_set *set, const struct wg_cert *by, struct wg_buf *organisations,
                          struct wg_err *err)
{
	struct wg_cert_facts facts;
	enum wg_code code = wg_cert_facts(by, &facts, err);
	if (code == WG_CRYPTO)
		return wg_err_set(err, WG_CRYPTO, "the names in the signer's certificate are not names");
	if (code == WG_OK && facts.ca)
		return wg_err_set(err, WG_CRYPTO, "it is signed with an authority's certificate, not with a writer's");
	if (code == WG_OK)
		code = wg_trust_set_match(set, by, WG_PURPOSE_SMIME_SIGN, organisations, err);
	if (code == WG_OK && organisations->len == 0)
		code = wg_err_set(err, WG_CRYPTO, "%s", chain_fault(&facts));
	return code;
}

enum wg_code wg_cms_verify_mail(const struct wg_trust_set *set, const void *der, size_t len,
                                const struct wg_buf *beside, struct wg_buf *out, struct wg_cert **signer,
                                struct wg_buf *organisations, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	WG_CLEANUP(wg_auto_bio) BIO *detached = beside != NULL ? wg_ossl_view(beside->data, beside->len) : NULL;
	WG_CLEANUP(wg_auto_bio) BIO *content = BIO_new(BIO_s_mem());
	WG_CLEANUP(wg_cert_freep) struct wg_cert *by = NULL;
	const char *fault = shape_fault(cms, beside != NULL);
	if (fault == NULL && (content == NULL || (beside != NULL && detached == NULL)))
		return wg_ossl_err(err, WG_SYSTEM, "no memory for a signature");
	/* the chain is judged below, for each organisation by itself; bytes stay as they are */
	if (fault == NULL && CMS_verify(cms, NULL, NULL, detached, content, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		fault = "its signature does not fit what is signed, or its signer's certificate is not in it";
	wg_ossl_forget();
	if (fault != NULL)
		return wg_err_set(err, WG_CRYPTO, "%s", fault);
	enum wg_code code = wg_cms_signer(cms, &by, err);
	if (code != WG_OK)
		return wg_err_set(err, WG_CRYPTO, "the signer's certificate cannot be read");
	code = judge(set, by, organisations, err);
	wg_ossl_forget();
	if (code != WG_OK)
		return code;
	char *data = NULL;
	long n = BIO_get_mem_data(content, &data);
	if (n > 0)
		wg_buf_put(out, data, (size_t)n);
	*signer = wg_steal(&by);
	return wg_buf_check(out, "what was signed", err);
}

enum wg_code wg_cert_pem(const struct wg_cert *cert, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = BIO_new(BIO_s_mem());
	bool written = bio != NULL && PEM_write_bio_X509(bio, cert->x509) == 1;
	int n = sk_X509_num(cert->chain); /* -1 when there is none */
	for (int i = 0; written && i < n && i < CHAIN_TOLD; i++) {
		X509 *one = sk_X509_value(cert->chain, i);
		written = X509_cmp(one, cert->x509) == 0 || PEM_write_bio_X509(bio, one) == 1;
	}
	if (!written)
		return wg_ossl_err(err, WG_SYSTEM, "a certificate cannot be written");
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);
	wg_buf_put(out, text, len > 0 ? (size_t)len : 0);
	return wg_buf_check(out, "a certificate", err);
}

void wg_cms_peek(const void *der, size_t len, struct wg_buf *out)
{
	WG_CLEANUP(wg_auto_cms) CMS_ContentInfo *cms = wg_cms_parse(der, len);
	if (cms != NULL && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed && wg_cms_has_content(cms)) {
		const ASN1_OCTET_STRING *content = *CMS_get0_content(cms);
		wg_buf_put(out, ASN1_STRING_get0_data(content), (size_t)ASN1_STRING_length(content));
	}
	wg_ossl_forget();
}
