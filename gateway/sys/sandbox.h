/* Confinement: each process says in its first lines what it may do, and cannot take it back. */
#ifndef WG_SYS_SANDBOX_H
#define WG_SYS_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

enum wg_sandbox_kind {
	WG_SANDBOX_READER,  /* read, write, memory, exit: no files, no sockets, no processes */
	WG_SANDBOX_STORE,   /* its own folder, sockets that already listen (accept allowed); no network, no exec */
	WG_SANDBOX_INTAKE,  /* accept on what already listens, drop folders, the store's socket connected; no connect */
	WG_SANDBOX_PROCESS, /* the store's socket already connected; fork and exec of readers; no sockets at all */
	WG_SANDBOX_DELIVER, /* fork of workers, connect outward (TCP), name resolution; no exec, no listening */
	WG_SANDBOX_MONITOR, /* accept on what already listens; fork of a fetcher that connects outward; no exec */
	WG_SANDBOX_FETCH,   /* as DELIVER, but changes no file and reaches no Unix socket by its name: not the store's */
	WG_SANDBOX_HSM,     /* a PKCS#11 module that knows a token in this machine: threads, its files; no sockets */
	WG_SANDBOX_HSM_NET, /* one that talks to its HSM through sockets: also connect outward, and name resolution */
	WG_SANDBOX_SHARED,  /* as STORE, whose database is elsewhere: also connect outward, and name resolution */
	WG_SANDBOX_TEAM,    /* who keeps several of PROCESS: as these, and they still have to connect to the store */
	WG_SANDBOX_NEST,    /* as READER; hears on descriptor 3, says there what it did: copies itself for each document */
};

struct wg_sandbox {
	enum wg_sandbox_kind kind;
	const char *const *read;  /* NULL-terminated lists of files or folders; NULL: none. Folders with all below them. */
	const char *const *write; /* read and write, create, remove */
	const char *const *execute; /* read and execute (programs, the dynamic loader and its libraries) */
};

/* First line of every role: no new privileges, not dumpable, no core files, umask 077. */
enum wg_code wg_sandbox_harden(struct wg_err *err) WG_MUST;

/* Landlock (for as much of its ABI as the kernel has) and a seccomp filter that kills the process at a forbidden system
 * call. WG_SYSTEM when the kernel has no seccomp, WG_NOT_FOUND when a named path is not there: the caller must not go
 * on. Landlock missing alone is not an error: the words of err then say so although WG_OK is returned (err->text not
 * empty), for the caller to log. Call it from the only thread. Besides what the lists name, a kind may read the public
 * files of the system that its libraries open by themselves: name resolution for DELIVER, the dynamic loader and
 * libraries for PROCESS and TEAM, what well-known modules are configured with for HSM and HSM_NET. */
enum wg_code wg_sandbox_enter(const struct wg_sandbox *what, struct wg_err *err) WG_MUST;

/* In a copy that a NEST made: from what a NEST may to what a READER may, which it cannot take back. That is one small
 * filter more; the rest it has from the NEST already, which had to be made once only. WG_SYSTEM: it must not go on. */
enum wg_code wg_sandbox_narrow(struct wg_err *err) WG_MUST;

#endif
