/* How long this gateway keeps what: the policy's periods as instants. */
#ifndef WG_ROLE_RETENTION_H
#define WG_ROLE_RETENTION_H

#include "role/process.h"

/* The instant that lies a period ("P6Y", "P18M", "P90D") before now: the same time of day in London on the same day of
 * the month, or on its last when it has none such. False when it is no period. */
bool wg_retention_before(const char *period, int64_t now, int64_t *before);

struct wg_retention_rule {
	const char *kind;   /* of notice; "" for what never had one */
	const char *keep;   /* the period; NULL: nothing is said, so it is kept */
	const char *source; /* where that comes from; lives as long as the policy */
	int64_t before;     /* what has been still since before then may go */
};

/* One for every kind of notice, then one for what never had one (rejected, or divided into others): that is kept as
 * long as the kind that is kept longest. The caller frees *out. WG_CONFIG when the directory does not know this
 * gateway's organisation. */
enum wg_code wg_retention_rules(const struct wg_process *process, int64_t now, struct wg_retention_rule **out,
                                unsigned *count, struct wg_err *err) WG_MUST;

#endif
