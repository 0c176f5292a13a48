/* A role's work done by several processes that are alike: copies of one that has loaded everything, so that what they
 * load is in memory once. */
#ifndef WG_ROLE_TEAM_H
#define WG_ROLE_TEAM_H

#include "base/err.h"

/* Members of one team. Each has a connection to the store, and readers that wait for documents. */
#define WG_TEAM_MAX 16

struct wg_team {
	unsigned count;
	/* Runs in a process of its own until wg_role_stop, or until it cannot go on, which is an error. It tells
	 * wg_team_ready once it is at work. number: from 0; there is one process with each number at a time. */
	enum wg_code (*work)(void *arg, unsigned number, struct wg_err *err);
	/* In the process that keeps the team, every few seconds: whether it goes on. NULL: it always does. */
	enum wg_code (*look)(void *arg, struct wg_err *err);
	/* Once: all are at work. */
	void (*ready)(void *arg);
	void *arg;
};

/* Starts the members and keeps them: one that is killed or crashes is started again, with back-off when that happens
 * time and again. Ends them and returns: WG_OK at wg_role_stop; what look said; WG_AGAIN when a member could not go on
 * (it has logged why), for then none can. Members die with the process that keeps them. Call it from the only thread,
 * after wg_role_signals. */
enum wg_code wg_team_run(const struct wg_team *team, struct wg_err *err) WG_MUST;
/* In a member. */
void wg_team_ready(void);

#endif
