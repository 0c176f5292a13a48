/* The files of certificates and keys that configuration and directory name: for whoever watches them for a change, and
 * for whoever may read the public ones. */
#ifndef WG_ROLE_FILES_H
#define WG_ROLE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/directory.h"
#include "role/config.h"

/* secret: a private key, a password; otherwise a certificate, anchors, a list of revoked ones. Not what is kept in an
 * HSM. directory may be NULL. */
typedef void wg_files_each(void *arg, const char *path, bool secret);
void wg_files(const struct wg_config *config, const struct wg_directory *directory, wg_files_each *each, void *arg);

/* Changes when one of them is replaced, written, removed or comes: a hash of their names, numbers, sizes and times. */
uint64_t wg_files_stamp(const struct wg_config *config, const struct wg_directory *directory);

#endif
