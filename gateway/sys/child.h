/* One foreign program, run once: bytes in, bytes out, bounded in time, memory and output; what did not end well has
 * said nothing. */
#ifndef WG_SYS_CHILD_H
#define WG_SYS_CHILD_H

#include "base/buf.h"
#include "base/err.h"

/* Descriptors that it may be given beside the three of every program. */
#define WG_CHILD_SECRET_FD 3
#define WG_CHILD_ASK_FD 4
#define WG_CHILD_TOLD_FD 5
/* One question, or one answer. */
#define WG_CHILD_FRAME_MAX 8192

struct wg_nests;

struct wg_child {
	/* NULL, or where the program may be ready already (sys/nest.h): one that does as a nest should, without secret and
	 * answer. Where none can be had, the program is started as ever. */
	struct wg_nests *nests;
	bool nest;               /* it is to be a nest itself: descriptor 3 is a socket */
	const char *program;     /* absolute path */
	const char *const *argv; /* argv[0] first, NULL last */
	const void *in;          /* standard input, whole; then end of file */
	size_t in_len;
	const void *secret; /* NULL, or bytes on descriptor 3 (a key), then end of file */
	size_t secret_len;
	/* NULL, or answers what the program asks: it writes a frame (length in 32 bits, big endian, and so many bytes) on
	 * descriptor 4, and reads one on descriptor 5 before it asks again. Is called between two looks at the program, and
	 * what it takes counts as the program's time. Not WG_OK: the program is ended, and that is what became of it. */
	enum wg_code (*answer)(void *arg, const void *question, size_t len, struct wg_buf *out, struct wg_err *err);
	void *answer_arg;
	int wall_ms;     /* killed so many milliseconds after it was started, or had from its nest */
	unsigned cpu_s;  /* RLIMIT_CPU; a nest has it for itself, and each of its children anew */
	uint64_t memory; /* RLIMIT_AS in bytes; not set under AddressSanitizer, which needs terabytes */
};

/* Runs it with an empty environment (a nest has its calls bound at its start), no other descriptors, in / , its own
 * process group; standard error is dropped except the first line, which becomes part of err when it fails. out's
 * maximum bounds the output. WG_OK: it exited 0 and out is whole. WG_REJECT: it exited 65 (EX_DATAERR): the input is at
 * fault, its first line on stderr says why (defanged). WG_LIMIT: killed for time, CPU, memory or output, or crashed
 * (which want of memory looks like too): the input is more than the program can take. WG_SYSTEM: could not be started,
 * made a forbidden system call, or ended otherwise. After a failure out is empty. The child and its group are gone when
 * this returns. */
enum wg_code wg_child_run(const struct wg_child *spec, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
