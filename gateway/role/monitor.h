/* What the monitor role says: metrics for machines, alerts for people. Counts, names of organisations and of
 * certificates; nothing of a child or a message. */
#ifndef WG_ROLE_MONITOR_H
#define WG_ROLE_MONITOR_H

#include <jansson.h>

#include "base/buf.h"
#include "policy/directory.h"
#include "role/config.h"
#include "store/confirm.h"

/* What it looked at last. */
struct wg_monitor_view {
	const json_t *metrics; /* of wg_client_metrics */
	const json_t *silence; /* of wg_client_silence; an array */
	const json_t *watched; /* what else is watched: an array of {name, use, days (integer; null: no end), warn (whether
	                           its days are worth an alert: false where another has taken its place), words ("" when
	                          nothing is wrong), stale (boolean), unheard (boolean: stale because nobody has
	                          answered yet)}; certificates and revocation data */
	bool asking;       /* somebody is asked about revoked ones, or is about to be: who is unheard may be so only now */
	unsigned oldest_s; /* a recipient's oldest copy that was not handed over for so long is an alert */
	unsigned backup_s; /* so is no verified backup for so long; 0: nobody wants to know */
	unsigned fault_s;  /* so is one that is tried in vain for so long, and a mailbox that cannot be read */
};

/* Every certificate that there is, as an array for view.watched. now: wall ms. The caller frees with json_decref. */
enum wg_code wg_monitor_watched(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                                json_t **out, struct wg_err *err) WG_MUST;

/* Prometheus text exposition format 0.0.4. Label values are names of the directory, so their number is bounded. */
void wg_monitor_text(const struct wg_monitor_view *view, struct wg_buf *out);

/* Every alert that holds now, each key once, at most max, those that the store knows already before all others; returns
 * their number. */
unsigned wg_monitor_alerts(const struct wg_monitor_view *view, struct wg_alert *out, unsigned max);

/* Days before the end of a certificate at which it is said, the longest first; 0: it is over. */
#define WG_MONITOR_DAYS     \
	{                       \
		60, 30, 14, 7, 1, 0 \
	}

/* "organisation/desk", or the organisation alone, of an object that has these members. */
#define WG_MONITOR_RECIPIENT (2 * WG_LIMIT_NAME + 2)
void wg_monitor_recipient(const json_t *row, char out[static WG_MONITOR_RECIPIENT]);

#endif
