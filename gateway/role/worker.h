/* Workers of the deliver role: processes that keep one session open with one target and hand over copies one after the
 * other, killable, gone when idle for long. A worker holds the copies it was given and its TLS and login secrets; it
 * has neither the store's socket nor anything of the other workers. */
#ifndef WG_ROLE_WORKER_H
#define WG_ROLE_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "channel/session.h"
#include "policy/directory.h"
#include "role/config.h"
#include "store/client.h"

#define WG_WORKER_TARGET (2 * WG_LIMIT_NAME + 300)

struct wg_worker {
	pid_t pid;                              /* 0: free */
	int fd;                                 /* a socket: copies go out, results come back */
	char target[WG_WORKER_TARGET];          /* what its session is open with */
	char recipient[2 * WG_LIMIT_NAME + 2];  /* "org/desk" of the batch; "" when idle */
	char address[WG_LIMIT_ADDRESS + 1];     /* mail: of that desk */
	char mailbox[65], workflow[65];         /* mesh: of that desk */
	struct wg_dlv_job *jobs;                /* owned: the batch */
	unsigned count, given, told, in_flight; /* given: put into out; told: with a result */
	int64_t time_ms, kill_at;               /* for one copy; monotonic ms */
	int64_t idle_since;                     /* monotonic ms */
	struct wg_buf out, said;
	size_t sent;                     /* of out and the copy behind it */
	struct wg_session_counts counts; /* of its session, as last told */
	uint64_t copies;                 /* that have the worker's own word on them, in all batches */
};

/* Which session copies for the desk go over: the same text, the same session. */
void wg_worker_target(const struct wg_config *config, const struct wg_organisation *organisation,
                      const struct wg_desk *desk, char out[static WG_WORKER_TARGET]);

/* Starts an idle worker for the target of the desk. WG_SYSTEM when it cannot be started. */
enum wg_code wg_worker_start(struct wg_worker *worker, const struct wg_config *config,
                             const struct wg_organisation *organisation, const struct wg_desk *desk, struct wg_err *err)
	WG_MUST;

/* Copies of one batch, and how long a worker may take for each, in ms: connecting and sending have 80 s. A whole batch
 * of the slowest ends before its lease does (WG_STORE_LEASE_DELIVERY_MS), so that none is sent beside itself. */
#define WG_WORKER_BATCH 16
#define WG_WORKER_TIME_MS 100000

/* Gives an idle worker a batch, all of one desk of its target; takes jobs over. A copy that takes longer than time_ms
 * ends the worker. */
void wg_worker_give(struct wg_worker *worker, const struct wg_organisation *organisation, const struct wg_desk *desk,
                    struct wg_dlv_job *jobs, unsigned count, int64_t time_ms);

/* A job of the batch has its result. */
typedef void wg_worker_told(void *arg, const struct wg_dlv_job *job, const struct wg_send_result *result);

/* Writes and reads what can be without waiting; tells each result once, in order of the jobs. When the worker died,
 * said nonsense or was killed for time, the rest of its batch is told as deferred (given: it may have arrived), and the
 * slot is free. After the last result the worker is idle. */
void wg_worker_step(struct wg_worker *worker, int64_t now, wg_worker_told *told, void *arg);

/* Whether it wants to write; for poll. */
bool wg_worker_writes(const struct wg_worker *worker);

/* However a worker ends, one line "session" of the log says how its session went: the kind of its target (never which
 * one: under direct mail that is a partner's domain), copies, connections, and of these how many resumed TLS, and the
 * copies that went over a connection that was there already. None when it never said anything. */

/* Ends an idle worker; its session says goodbye by itself. Does not wait: reaped by wg_workers_reap. */
void wg_worker_dismiss(struct wg_worker *worker);
/* Kills it now; what of its batch has no result is told as deferred. Waits for its end. */
void wg_worker_kill(struct wg_worker *worker, wg_worker_told *told, void *arg);
/* Reaps dismissed workers that have ended, and kills those that had a second and did not. */
void wg_workers_reap(int64_t now);

#endif
