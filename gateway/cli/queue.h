/* The parts of the command `queue`. */
#ifndef WG_CLI_QUEUE_H
#define WG_CLI_QUEUE_H

#include "cli/cli.h"
#include "policy/directory.h"
#include "role/admin.h"

#define WG_QUEUE_MOST 1000

struct wg_queueing {
	const struct wg_cli *cli;
	const struct wg_config *config;
	struct wg_admin *admin;
	const struct wg_directory *directory; /* NULL when it could not be read */
};

/* ,"name":"2026-11-22T12:00:00Z", or null for none */
void wg_queue_instant(struct wg_buf *out, const char *name, int64_t at);

/* The rows of one kind ("messages", "deliveries") in a state, of one message or delivery or all (id ""). */
enum wg_code wg_queue_rows(const struct wg_queueing *q, const char *what, const char *state, const char *id,
                           struct wg_buf *out, unsigned *count, struct wg_err *err) WG_MUST;
/* The whole of `list`; an exit status. */
int wg_queue_list(const struct wg_queueing *q, const char *state);
/* The whole of `show`; an exit status. */
int wg_queue_show(const struct wg_queueing *q, const char *id, const char *which, bool unmask);

#endif
