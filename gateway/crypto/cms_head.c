/* cms_head.c owns the question how far into a sealed object its wrapped data keys reach: whoever keeps that part apart
 * can destroy it, and the rest stays closed.
 * SECURITY: made for objects of our own; takes any bytes, and believes no length that they name. */
#include <limits.h>

#include "crypto/crypto_internal.h"

/* Contents longer than the one that is tried here make the lengths before the keys longer: three of them, by at most
 * three bytes each. */
#define LENGTHS 9

/* A cursor over DER: the part of the innermost value entered that was not read yet. */
struct der {
	const unsigned char *p;
	long left;
};

/* Reads the head of the next value, which must be of that tag and class and fit; *value is what it holds. */
static bool next(struct der *in, int tag, int class, struct der *value)
{
	long len = 0;
	int got = 0, of = 0;
	const unsigned char *p = in->p;
	int rc = in->left > 0 ? ASN1_get_object(&p, &len, &got, &of, in->left) : 0x80;
	if ((rc & 0x81) != 0 || got != tag || of != class || len > in->left - (p - in->p))
		return false; /* not whole, of indefinite length, or another one */
	*value = (struct der){ .p = p, .left = len };
	in->left -= p - in->p + len;
	in->p = p + len;
	return true;
}

enum wg_code wg_cms_head_end(const void *object, size_t len, size_t *end, struct wg_err *err)
{
	struct der all = { .p = object, .left = len <= LONG_MAX ? (long)len : 0 }, outer, content, data, part;
	bool is = next(&all, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &outer) &&
	          next(&outer, V_ASN1_OBJECT, V_ASN1_UNIVERSAL, &part) &&
	          next(&outer, 0, V_ASN1_CONTEXT_SPECIFIC, &content) &&
	          next(&content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &data) &&
	          next(&data, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &part);
	if (is && !next(&data, V_ASN1_SET, V_ASN1_UNIVERSAL, &part)) /* about the sender, where anything is */
		is = next(&data, 0, V_ASN1_CONTEXT_SPECIFIC, &part) && next(&data, V_ASN1_SET, V_ASN1_UNIVERSAL, &part);
	wg_ossl_forget();
	if (!is)
		return wg_err_set(err, WG_CRYPTO, "not a sealed object in DER");
	*end = (size_t)(data.p - (const unsigned char *)object);
	return WG_OK;
}

enum wg_code wg_cms_head_check(const struct wg_cert *cert, size_t limit, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(65536);
	size_t end = 0;
	enum wg_code code = wg_cms_encrypt(cert, WG_CIPHER_GCM, "trial", 5, &sealed, err);
	if (code == WG_OK)
		code = wg_cms_head_end(sealed.data, sealed.len, &end, err);
	if (code == WG_OK && end + LENGTHS > limit)
		code = wg_err_set(
			err, WG_CONFIG,
			"what is encrypted to this certificate has its key in the first %zu bytes, and only %zu are kept "
			"where they can be destroyed: use a certificate with a shorter issuer name or key",
			end + LENGTHS, limit);
	return code;
}
