/* The process that holds the HSM for the process role: it alone loads the PKCS#11 module, reads the PIN and has the
 * session. The role asks it over a socket; so do, through the role, the confined readers that open sealed mail. */
#ifndef WG_ROLE_HSM_KEEPER_H
#define WG_ROLE_HSM_KEEPER_H

#include "role/config.h"

/* Whether the storage key or one of the S/MIME keys is in an HSM. */
bool wg_hsm_keeper_needed(const struct wg_config *config);

/* Starts it and leaves this process to ask it for keys (crypto/hsm.h), when it is needed; otherwise does nothing. Once,
 * before any key is loaded and before confinement. It ends with this process. */
enum wg_code wg_hsm_keeper_start(const struct wg_config *config, struct wg_err *err) WG_MUST;

#endif
