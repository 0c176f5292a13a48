/* cms_head.c owns the question how far into a sealed object its wrapped data keys reach: whoever keeps that part apart
 * can destroy it, and the rest stays closed.
 * SECURITY: made for objects of our own; takes any bytes, and believes no length that they name. */
#include "crypto/crypto_internal.h"
#include "crypto/der.h"

/* Contents longer than the one that is tried here make the lengths before the keys longer: three of them, by at most
 * three bytes each. */
#define LENGTHS 9

enum wg_code wg_cms_head_end(const void *object, size_t len, size_t *end, struct wg_err *err)
{
	struct wg_der all = { .p = object, .left = len }, outer, content, data, part;
	bool is = wg_der_enter(&all, WG_DER_SEQUENCE, &outer) && wg_der_enter(&outer, WG_DER_OID, &part) &&
	          wg_der_enter(&outer, WG_DER_0, &content) && wg_der_enter(&content, WG_DER_SEQUENCE, &data) &&
	          wg_der_enter(&data, WG_DER_INTEGER, &part);
	if (is && !wg_der_enter(&data, WG_DER_SET, &part)) /* about the sender, where anything is */
		is = wg_der_enter(&data, WG_DER_0, &part) && wg_der_enter(&data, WG_DER_SET, &part);
	if (!is)
		return wg_err_set(err, WG_CRYPTO, "not a sealed object in DER");
	*end = (size_t)(data.p - (const uint8_t *)object);
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
