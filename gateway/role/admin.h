/* The operator's connection to the store: to the running gateway, or, when none runs, to a store process made for the
 * occasion. */
#ifndef WG_ROLE_ADMIN_H
#define WG_ROLE_ADMIN_H

#include <sys/types.h>

#include "role/config.h"
#include "store/client.h"

struct wg_admin {
	struct wg_client *client;
	pid_t store; /* 0 when the gateway runs */
};

/* WG_AGAIN when neither works, with the reason. */
enum wg_code wg_admin_open(const struct wg_config *config, struct wg_admin *out, struct wg_err *err) WG_MUST;
void wg_admin_close(struct wg_admin *admin);
#define WG_AUTO_ADMIN __attribute__((cleanup(wg_admin_close)))

#endif
