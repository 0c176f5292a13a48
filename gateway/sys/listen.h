/* A Unix socket that other programs of this machine connect to. */
#ifndef WG_SYS_LISTEN_H
#define WG_SYS_LISTEN_H

#include <sys/types.h>

#include "base/err.h"

/* Listens at path with that mode; nobody comes in before the mode is set. *fd is the caller's, non-blocking and closed
 * on exec; the file stays when it is closed. A socket on which nobody listens, left by a process that was killed, is
 * replaced. WG_CONFIG when a process listens there, when something else is there, or when the path is too long;
 * what errno says otherwise. Changes the process's umask for a moment: not beside a thread that makes files. */
enum wg_code wg_listen_unix(const char *path, mode_t mode, int backlog, int *fd, struct wg_err *err) WG_MUST;

#endif
