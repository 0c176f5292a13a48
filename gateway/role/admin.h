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
/* For who judges certificates and asks the store nothing else: the time of the running gateway (wg_clock_now). When
 * none runs, or it is not the caller's to ask, it stays that of the machine. */
void wg_admin_time(const struct wg_config *config);
#define WG_AUTO_ADMIN __attribute__((cleanup(wg_admin_close)))

#endif
