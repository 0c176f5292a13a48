/* One foreign program, run once: bytes in, bytes out, bounded in time, memory and output; what did not end well has
 * said nothing. */
#ifndef WG_SYS_CHILD_H
#define WG_SYS_CHILD_H

#include "base/buf.h"
#include "base/err.h"

struct wg_child {
	const char *program;     /* absolute path */
	const char *const *argv; /* argv[0] first, NULL last */
	const void *in;          /* standard input, whole; then end of file */
	size_t in_len;
	const void *secret; /* NULL, or bytes on descriptor 3 (a key), then end of file */
	size_t secret_len;
	int wall_ms;     /* killed after this many milliseconds */
	unsigned cpu_s;  /* RLIMIT_CPU */
	uint64_t memory; /* RLIMIT_AS in bytes; not set under AddressSanitizer, which needs terabytes */
};

/* Runs it with an empty environment, no other descriptors, in / , its own process group; standard error is dropped
 * except the first line, which becomes part of err when it fails. out's maximum bounds the output. WG_OK: it exited 0
 * and out is whole. WG_REJECT: it exited 65 (EX_DATAERR): the input is at fault, its first line on stderr says why
 * (defanged). WG_LIMIT: killed for time, CPU, memory or output, or crashed (which want of memory looks like too): the
 * input is more than the program can take. WG_SYSTEM: could not be started, made a forbidden system call, or ended
 * otherwise. After a failure out is empty. The child and its group are gone when this returns. */
enum wg_code wg_child_run(const struct wg_child *spec, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
