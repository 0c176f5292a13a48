/* listen.c owns how a Unix socket comes into being, and whose place it may take. */
#include "sys/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

static int stream_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* WG_OK when nothing is there, or what was there is a socket on which nobody listens: that is removed. */
static enum wg_code make_way(const struct sockaddr_un *at, struct wg_err *err)
{
	struct stat st;
	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT ? WG_OK : wg_err_errno(err, "%s", at->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return wg_err_set(err, WG_CONFIG, "%s is there and is no socket: move it away, or name another path",
		                  at->sun_path);
	WG_AUTO_CLOSE int fd = stream_socket();
	if (fd < 0)
		return wg_err_errno(err, "socket");
	/* EAGAIN: somebody listens, and is busy */
	if (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 || errno == EAGAIN)
		return wg_err_set(err, WG_CONFIG, "%s: another process listens there", at->sun_path);
	if (errno != ECONNREFUSED)
		return wg_err_errno(err, "%s", at->sun_path);
	return unlink(at->sun_path) == 0 ? WG_OK : wg_err_errno(err, "%s, which nobody listens on", at->sun_path);
}

enum wg_code wg_listen_unix(const char *path, mode_t mode, int backlog, int *out, struct wg_err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof at.sun_path)
		return wg_err_set(err, WG_CONFIG, "%s: the path of a socket has at most %zu bytes", path,
		                  sizeof at.sun_path - 1);
	memcpy(at.sun_path, path, strlen(path));
	enum wg_code code = make_way(&at, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_CLOSE int fd = stream_socket();
	mode_t before = umask(0777);
	bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
	(void)umask(before); /* never fails */
	if (!bound || chmod(path, mode) != 0 || listen(fd, backlog) != 0)
		return wg_err_errno(err, "listening on %s", path);
	*out = fd;
	fd = -1; /* the caller's now */
	return WG_OK;
}
