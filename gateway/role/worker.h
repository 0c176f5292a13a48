/* Workers of the deliver role: one process per recipient and batch, killable, gone afterwards. */
#ifndef WG_ROLE_WORKER_H
#define WG_ROLE_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "channel/send.h"
#include "policy/directory.h"
#include "role/config.h"
#include "store/client.h"

struct wg_worker {
	pid_t pid;                             /* 0: free */
	int fd;                                /* its results come here */
	int64_t kill_at;                       /* monotonic ms */
	char recipient[2 * WG_LIMIT_NAME + 2]; /* "org/desk" */
	struct wg_dlv_job *jobs;               /* owned; all for this recipient */
	unsigned count;
	struct wg_buf said; /* results so far, wire form */
};

/* How long a worker may take for count envelopes, in ms. */
int64_t wg_worker_time(unsigned count);

/* Starts a worker for jobs (all of one desk), which is killed after time_ms; takes jobs over. WG_SYSTEM when it cannot
 * be started: the jobs are then still the caller's. */
enum wg_code wg_worker_start(struct wg_worker *worker, const struct wg_config *config,
                             const struct wg_organisation *organisation, const struct wg_desk *desk,
                             struct wg_dlv_job *jobs, unsigned count, int64_t time_ms, struct wg_err *err) WG_MUST;

/* Reads what there is to read; true when the worker is at its end (everything said, died, or killed for time). */
bool wg_worker_poll(struct wg_worker *worker, int64_t now);

/* After the end: the result of each of the count jobs, in order; when not all was said whole, all are deferrals that
 * may have arrived. Reaps the process and frees the slot; jobs go to the caller. */
void wg_worker_finish(struct wg_worker *worker, struct wg_send_result *results);

#endif
