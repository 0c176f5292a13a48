/* From fork to exec: what child.c needs of child_spawn.c. */
#ifndef WG_SYS_CHILD_INTERNAL_H
#define WG_SYS_CHILD_INTERNAL_H

#include <sys/types.h>

#include "sys/child.h"

/* A running child. Invariants: 1. pid is the id of its process group too. 2. It is not reaped while pid > 0, so neither
 * id can have been given to somebody else. 3. The four pipe ends are ours and do not block; -1 once closed. */
struct wg_child_proc {
	pid_t pid;
	int pidfd; /* readable once it has ended */
	int in, secret, out, err;
};

/* Starts it: at WG_OK the program has been executed. WG_SYSTEM otherwise, and nothing is left running. */
enum wg_code wg_child_spawn(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_err *err) WG_MUST;

#endif
