/* The two halves of confinement: files (Landlock) and system calls (seccomp). */
#ifndef WG_SYS_SANDBOX_INTERNAL_H
#define WG_SYS_SANDBOX_INTERNAL_H

#include <sched.h>
#include <signal.h>

#include "base/asan.h"
#include "sys/sandbox.h"

/* One bit for each kind, so that a table row can name several. */
#define WG_SANDBOX_BIT(kind) (1U << (kind))

/* Where a nest is told what to do. */
#define WG_NEST_FD 3
/* How a nest copies itself: a child of who asks, as if that had forked it. */
#define WG_NEST_CLONE (CLONE_PARENT | SIGCHLD)

/* Restricts files, TCP ports, abstract sockets and signals as far as the kernel's Landlock goes. *abi is the version
 * found, 0 when the kernel has none (still WG_OK). WG_NOT_FOUND: a path that the caller named is not there. */
enum wg_code wg_sandbox_landlock(const struct wg_sandbox *what, int *abi, struct wg_err *err) WG_MUST;

/* Loads the filter of the kind: what is not listed kills the process. */
enum wg_code wg_sandbox_filter(enum wg_sandbox_kind kind, struct wg_err *err) WG_MUST;

#endif
