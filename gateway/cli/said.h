/* What the store says of the whole, for the commands of an operator. */
#ifndef WG_CLI_SAID_H
#define WG_CLI_SAID_H

#include <jansson.h>

#include "cli/cli.h"
#include "role/admin.h"

/* wg_client_metrics and wg_client_silence as JSON; the caller gives *out to json_decref. */
enum wg_code wg_said_metrics(struct wg_admin *admin, json_t **out, struct wg_err *err) WG_MUST;
enum wg_code wg_said_silence(struct wg_admin *admin, json_t **out, struct wg_err *err) WG_MUST;

/* How long ago an RFC 3339 instant was at now, in ms; 0 when either cannot be read or it lies ahead. */
int64_t wg_said_age(const char *then, int64_t now);
/* The store's time: what it waits and reckons by, whatever the machine's clock says. */
int64_t wg_said_now(const json_t *metrics);

#endif
