/* Keys that stay in an HSM: a PKCS#11 module, reached through OpenSSL's engine of libp11. Names are RFC 7512 URIs. */
#ifndef WG_CRYPTO_HSM_H
#define WG_CRYPTO_HSM_H

#include <stdbool.h>

#include "base/err.h"
#include "crypto/hsm_wire.h"

/* A key= that names a key in an HSM rather than a file. */
bool wg_hsm_named(const char *key);

/* Which module, and the file of its PIN ("" for none of both): remembered for this process and those it forks. Nothing
 * is loaded before the first key is. WG_LIMIT when a path is too long. */
enum wg_code wg_hsm_use(const char *module, const char *pin_file, struct wg_err *err) WG_MUST;

/* From now on this process asks for keys in the HSM over the line, borrowed for good, and never loads the module.
 * wg_hsm_lost: nobody answered there, or said that the HSM does not answer; nothing more will be answered. */
void wg_hsm_ask_over(const struct wg_hsm_line *line);
bool wg_hsm_lost(void);

/* The other end: opens the keys that it is asked for, at most WG_HSM_KEYS, and does with them what it is asked, until
 * the line ends or the HSM does not answer any more, which is said once. May be asked for anything that
 * crypto/hsm_wire.h has: it is for a role of the gateway, which answers for who asks it in turn.
 * hint: put behind the words of why a key cannot be opened. */
#define WG_HSM_KEYS 16
void wg_hsm_serve(const struct wg_hsm_line *line, const char *hint);

#endif
