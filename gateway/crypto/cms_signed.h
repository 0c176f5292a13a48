/* Writes SignedData directly, of the one shape that this gateway sends (RFC 5652 section 5): data inside, one signer
 * by issuer and serial number, SHA-256, and as signed attributes content type, time, what we open, digest. It is byte
 * for byte what OpenSSL's CMS makes, but for the signature where that is another each time (ECDSA). */
#ifndef WG_CRYPTO_CMS_SIGNED_H
#define WG_CRYPTO_CMS_SIGNED_H

#include "crypto/crypto_internal.h"

/* Appends the object to out. False: out is as it was, or has failed; the key is in another process, or something could
 * not be made: OpenSSL is to be asked, and says why where it cannot either. now: wall ms, from 1970 on. One key, one
 * thread. */
bool wg_cms_signed_put(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                       int64_t now, struct wg_buf *out);

/* Makes a key that was read ready for that, where it is in this process. */
void wg_cms_signed_prepare(struct wg_key *key);

#endif
