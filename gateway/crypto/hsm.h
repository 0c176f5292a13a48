/* Keys that stay in an HSM: a PKCS#11 module, reached through OpenSSL's engine of libp11. Names are RFC 7512 URIs. */
#ifndef WG_CRYPTO_HSM_H
#define WG_CRYPTO_HSM_H

#include <stdbool.h>

#include "base/err.h"

/* A key= that names a key in an HSM rather than a file. */
bool wg_hsm_named(const char *key);

/* Which module, and the file of its PIN ("" for none of both): remembered for this process and those it forks. Nothing
 * is loaded before the first key is. WG_LIMIT when a path is too long. */
enum wg_code wg_hsm_use(const char *module, const char *pin_file, struct wg_err *err) WG_MUST;

#endif
