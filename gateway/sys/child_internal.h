/* From fork to exec: what child.c needs of child_spawn.c. */
#ifndef WG_SYS_CHILD_INTERNAL_H
#define WG_SYS_CHILD_INTERNAL_H

#include <sys/types.h>

#include "sys/child.h"

/* A running child. Invariants: 1. pid is the id of its process group too. 2. It is not reaped while pid > 0, so neither
 * id can have been given to somebody else. 3. The pipe ends are ours and do not block; -1 once closed. */
struct wg_child_proc {
	pid_t pid;
	int pidfd;                           /* readable once it has ended */
	int in, secret, out, err, ask, told; /* ask, told: of a program that may ask */
};

/* Starts it: at WG_OK the program has been executed. WG_SYSTEM otherwise, and nothing is left running. */
enum wg_code wg_child_spawn(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_err *err) WG_MUST;

/* What a program asks, as far as it has come, and its answer. Zeroed at first. */
struct wg_child_asking {
	struct wg_buf question, answer, frame; /* frame: the answer with its length before it */
};
void wg_child_asking_free(struct wg_child_asking *asking);

/* Reads, answers and writes what can be without waiting. Not WG_OK: what the answerer said, or WG_REJECT when the
 * program asks nonsense. */
enum wg_code wg_child_ask(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_child_asking *asking,
                          struct wg_err *err) WG_MUST;

#endif
