/* bare.c is the body of a reader program without its confinement: what ops/bench holds the confined one against. Built
 * beside tests only; nothing installs it. */
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "readers/reader.h"
#include "sys/file.h"

enum wg_code wg_reader_slurp(int fd, struct wg_buf *out, const char *what, struct wg_err *err)
{
	uint8_t block[16384];
	for (ssize_t n; (n = read(fd, block, sizeof block)) != 0;) {
		if (n < 0)
			return wg_err_errno(err, "%s: cannot be read", what);
		wg_buf_put(out, block, (size_t)n);
	}
	return wg_buf_check(out, what, err);
}

void wg_reader_main(const struct wg_reader *reader, size_t in_max)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(in_max), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	enum wg_code code = reader->prepare(&err);
	tzset();
	if (code == WG_OK)
		code = wg_reader_slurp(STDIN_FILENO, &in, "document", &err);
	if (code == WG_OK)
		code = reader->read(&in, &out, &err);
	if (code == WG_OK)
		code = wg_fd_write(STDOUT_FILENO, out.data, out.len, &err);
	_exit(code == WG_OK ? EX_OK : EX_DATAERR);
}
