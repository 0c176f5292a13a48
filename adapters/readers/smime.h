/* Sealed mail opened: encrypted to us, signed inside by one whom our anchors know. */
#ifndef WG_READERS_SMIME_H
#define WG_READERS_SMIME_H

#include "base/buf.h"
#include "base/err.h"

/* Takes what the gateway hands over, before confinement: our private key (PEM) from descriptor 3 to its end; from
 * standard input our certificate and the trust anchors (PEM, each behind its length in 32 bits, big endian). */
enum wg_code wg_smime_prepare(struct wg_err *err) WG_MUST;

/* in: the rest of standard input: DER, or a mail or MIME entity of type application/pkcs7-mime. out, in wire form: the
 * fingerprint of the signer's certificate (string), and the signed MIME entity (bytes). Whatever is wrong: WG_CRYPTO,
 * in the same words. */
enum wg_code wg_smime_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
