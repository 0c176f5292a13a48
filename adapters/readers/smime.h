/* Sealed mail opened: encrypted to us, signed inside by one whom our anchors know. */
#ifndef WG_READERS_SMIME_H
#define WG_READERS_SMIME_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/keyring.h"
#include "crypto/trust_set.h"

/* Takes what the gateway hands over, before confinement: our key pairs (wg_keyring_write) from descriptor 3 to its end;
 * from standard input the anchors (wg_trust_set_write) behind their length in 32 bits, big endian. */
enum wg_code wg_smime_prepare(struct wg_err *err) WG_MUST;
/* The same, once they were taken; a fuzz target hands them over itself. Borrowed. */
const struct wg_keyring *wg_smime_keys(void);
const struct wg_trust_set *wg_smime_anchors(void);
void wg_smime_hand_over(const struct wg_keyring *keys, struct wg_trust_set *set);

/* in: the rest of standard input: DER, or a mail or MIME entity of type application/pkcs7-mime. out, in wire form: the
 * fingerprint of the signer's certificate (string), and the signed MIME entity (bytes). Whatever is wrong: WG_CRYPTO,
 * in the same words. */
enum wg_code wg_smime_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
