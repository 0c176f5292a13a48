/* The one MIME shape that a CMS object travels in. */
#ifndef WG_READERS_SMIME_ENTITY_H
#define WG_READERS_SMIME_ENTITY_H

#include <stdbool.h>

#include "base/buf.h"
#include "readers/smime_head.h"

/* Appends the CMS object inside: DER as it is; or a header with exactly one Content-Type, application/pkcs7-mime, and
 * exactly one Content-Transfer-Encoding, base64, and nothing but base64 below it. False for everything else. */
bool wg_smime_entity(const void *bytes, size_t len, struct wg_buf *der);

/* The object below a header that was read: exactly one Content-Transfer-Encoding, base64, and nothing but base64. */
bool wg_smime_body(const struct wg_smime_head *head, const char *text, size_t len, struct wg_buf *der);

#endif
