/* Writes EnvelopedData and AuthEnvelopedData directly (crypto/cms_parts.h) for certificates of RSA keys (RFC 5652
 * 6.2.1, with PKCS#1 v1.5 or OAEP: RFC 4056, RFC 3560) and of EC keys (RFC 5753), of the form that OpenSSL gives them.
 * Each object has a content key of its own, and each EC recipient an agreement of its own. */
#ifndef WG_CRYPTO_CMS_SEALED_H
#define WG_CRYPTO_CMS_SEALED_H

#include "crypto/crypto_internal.h"

/* Appends the object to out. False: out is as it was, or has failed; one of the keys is of another kind, or something
 * could not be made: OpenSSL is to be asked, and says why where it cannot either. One thread. */
bool wg_cms_sealed_put(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                       const void *content, size_t len, struct wg_buf *out);

#endif
