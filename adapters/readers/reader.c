/* reader.c owns the life of a reader program: harden, prepare, confine, read, answer, leave.
 * SECURITY: everything read here is hostile, and the parser that gets it may be taken over by it; the confinement is
 * entered before the first byte is read. */
#include "readers/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "sys/file.h"
#include "sys/nest.h"
#include "sys/sandbox.h"

/* The year 9999, in ms. */
#define TIME_MAX 253402300799999ULL
/* One read. */
#define READ_BLOCK ((size_t)16384)

enum wg_code wg_reader_slurp(int fd, struct wg_buf *out, const char *what, struct wg_err *err)
{
	ssize_t n = 1;
	while (n != 0) {
		uint8_t over, *at = &over; /* into the buffer at once, and one byte more, which says that it is too small */
		size_t left = out->max - out->len, room = left < READ_BLOCK ? left : READ_BLOCK;
		if (room > 0 && (at = wg_buf_room(out, room)) == NULL)
			break;
		n = read(fd, at, room > 0 ? room : 1);
		if (n < 0 && errno != EINTR)
			return wg_err_errno(err, "%s: cannot be read", what);
		if (n > 0 && room > 0)
			out->len += (size_t)n;
		wg_buf_put(out, at, n > 0 && room == 0 ? 1 : 0); /* of nothing too: it ends in a NUL */
		if (out->failed)
			break;
	}
	return wg_buf_check(out, what, err);
}

/* What is found out at its first use, a nest finds out for all its children: in a virtual machine the question to the
 * processor takes longer than the hash. */
static void warm(void)
{
	uint8_t hash[WG_SHA256_LEN];
	wg_sha256("", 0, hash);
}

static enum wg_code run(const struct wg_reader *reader, size_t in_max, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(in_max);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_sandbox_harden(err);
	if (code != WG_OK)
		return code;
	code = reader->prepare(err);
	if (code != WG_OK)
		return code;
	/* Without TZ, libc looks at /etc/localtime whenever a library asks for a local time (libzip does for each entry).
	 */
	if (setenv("TZ", "UTC0", 1) != 0)
		return wg_err_errno(err, "the time zone cannot be set");
	tzset();
	warm();
	const struct wg_sandbox confinement = { .kind = WG_SANDBOX_READER };
	code = wg_nest_is() ? wg_nest_serve(reader->leave, err)
	                    : wg_sandbox_enter(&confinement, err); /* or in a child for each document */
	if (code == WG_OK)
		code = wg_reader_slurp(STDIN_FILENO, &in, "document", err);
	if (code == WG_OK)
		code = reader->read(&in, &out, err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "answer", err);
	if (code == WG_OK)
		code = wg_fd_write(STDOUT_FILENO, out.data, out.len, err);
	return code;
}

/* One line on standard error; the words come from our own messages, the defanging is for what a library put among them.
 */
static void complain(const char *name, const struct wg_err *err)
{
	char safe[WG_ERR_TEXT_MAX];
	WG_AUTO_BUF struct wg_buf line = WG_BUF(2 * WG_ERR_TEXT_MAX);
	wg_buf_printf(&line, "%s: %s\n", name, wg_defang(err->text, safe, sizeof safe));
	struct wg_err ignored;
	if (!line.failed && wg_fd_write(STDERR_FILENO, line.data, line.len, &ignored) != WG_OK)
		return; /* nobody is left to tell; the exit status says the same */
}

bool wg_reader_time(int argc, char **argv)
{
	uint64_t now = 0;
	if (argc < 2)
		return true;
	if (!wg_num_parse(argv[1], 1, TIME_MAX, &now))
		return false;
	wg_clock_hear((int64_t)now);
	return true;
}

void wg_reader_main(const struct wg_reader *reader, size_t in_max)
{
	struct wg_err err = { 0 };
	enum wg_code code = run(reader, in_max, &err);
	if (code == WG_OK)
		_exit(EX_OK);
	complain(reader->name, &err);
	_exit(code == WG_REJECT || code == WG_LIMIT || code == WG_CRYPTO ? EX_DATAERR : EX_OSERR);
}
