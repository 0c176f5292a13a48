/* Opens AuthEnvelopedData for one P-256 certificate directly: nearly all that this gateway keeps at rest is of this one
 * shape (RFC 5083, RFC 5084 AES-256-GCM, RFC 5753 ephemeral-static ECDH with the SHA-256 KDF, RFC 3394 key wrap;
 * crypto/rest.h writes it, and so does OpenSSL). OpenSSL's general code takes many times as long, most of it in looking
 * algorithms up by name, in checking once more that a key of P-256 is one, and in an agreement that was the same for
 * the message before. What is of any other shape is left to OpenSSL. */
#ifndef WG_CRYPTO_CMS_AGREE_H
#define WG_CRYPTO_CMS_AGREE_H

#include "crypto/crypto_internal.h"

/* What became of an object: NOT_MINE is not of that shape, not for that certificate, or the key is of another kind or
 * not in this process; FAILED does not open, or memory ran out: no reason is told. */
enum wg_cms_agree { WG_CMS_AGREE_NOT_MINE, WG_CMS_AGREE_OPENED, WG_CMS_AGREE_FAILED };
/* Appends the content to out when it opens; takes any bytes. One key, one thread: it keeps what it agreed on last,
 * which whoever has the key could find out anyway. */
enum wg_cms_agree wg_cms_agree_open(const struct wg_key *key, const struct wg_cert *cert, const void *der, size_t len,
                                    struct wg_buf *out) WG_MUST;

/* Gives a key that was read a place for that, where it is one for which this is used; wiped and freed with the key. */
void wg_agreed_prepare(struct wg_key *key);
void wg_agreed_freep(struct wg_agreed **agreed);

#endif
