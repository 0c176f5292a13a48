/* For what must rest as ciphertext though its reader has no key of his own: a copy in plain XML for a desk that wants
 * it so inside mutual TLS. Its key lies in its head, which the store keeps apart and destroys when the copy is purged.
 */
#ifndef WG_CRYPTO_LOCK_H
#define WG_CRYPTO_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Bytes that locking adds, all in front; far less than WG_STORE_HEAD. */
#define WG_LOCK_HEAD ((size_t)64)

/* Appends head and ciphertext to out. */
enum wg_code wg_lock(const void *plain, size_t len, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Whether these bytes are what wg_lock makes; no mail, CMS object or XML begins so. */
bool wg_locked(const void *bytes, size_t len);
/* Appends the plaintext to out; nothing, and WG_CRYPTO, when a bit of it is not as it was made. */
enum wg_code wg_unlock(const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
