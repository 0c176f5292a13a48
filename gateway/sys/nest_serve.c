/* nest_serve.c owns the side of the program: from an order to a child that is ready for its input.
 * SECURITY: what comes on the socket is from the process that started this one; no outside byte is met here. A child is
 * confined when it gets its input: what it needs for that it has from the nest, or loses on the way. */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/mem.h"
#include "sys/nest_internal.h"
#include "sys/sandbox_internal.h"

/* More than any piece that is free, less than what libc maps by itself. */
#define TIDY_BYTES ((size_t)100 * 1024)

bool wg_nest_is(void)
{
	int type = 0;
	socklen_t len = sizeof type;
	return getsockopt(WG_NEST_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

/* Nothing but the socket stays open, so that the pipes of an order get the numbers that they have in a child. */
static bool only_the_socket(void)
{
	for (int i = 0; i < WG_NEST_PIPES; i++)
		(void)close(i); /* pipes to nobody */
	return close_range(WG_NEST_FD + 1, ~0U, 0) == 0;
}

/* False when nobody asks any more, or asks what is no order. */
static bool hear_order(void)
{
	static const int wanted[WG_NEST_PIPES] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof wanted)];
	} control;
	char byte;
	struct iovec bytes = { .iov_base = &byte, .iov_len = sizeof byte };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
	};
	ssize_t n;
	do
		n = recvmsg(WG_NEST_FD, &message, 0);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *rights = n == (ssize_t)sizeof byte ? CMSG_FIRSTHDR(&message) : NULL;
	return rights != NULL && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof wanted) &&
	       memcmp(CMSG_DATA(rights), wanted, sizeof wanted) == 0;
}

/* As the child of child_spawn.c, but for what holds for the nest already: limits among it, and the group, into which
 * who asked puts it before the input comes. */
static enum wg_code hatch(pid_t parent, struct wg_err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		return wg_err_errno(err, "tie to parent");
	if (close(WG_NEST_FD) != 0)
		return wg_err_errno(err, "descriptors");
	return wg_sandbox_narrow(err);
}

/* Takes every free piece below the end of the heap, and keeps it: what a child asks for then comes from that end, page
 * after page. Pieces here and there would each have it copy the page that they stand in. */
static void tidy_memory(void)
{
	static void *kept; /* each piece begins with where the one before it is */
	(void)malloc_trim(0);
	void *volatile end = malloc(TIDY_BYTES); /* volatile: for the sake of the address */
	free(end);
	for (size_t size = TIDY_BYTES; end != NULL && !WG_ASAN && size >= sizeof kept; size /= 2)
		for (void **piece; (piece = malloc(size)) != NULL; kept = piece) {
			if ((uintptr_t)piece >= (uintptr_t)end) {
				free(piece);
				break;
			}
			*piece = kept;
		}
}

enum wg_code wg_nest_serve(const char *const *leave, struct wg_err *err)
{
	const struct wg_sandbox confinement = { .kind = WG_SANDBOX_NEST };
	pid_t parent = getppid();
	if (!only_the_socket())
		return wg_err_errno(err, "descriptors");
	enum wg_code code = wg_sandbox_enter(&confinement, err);
	if (code != WG_OK)
		return code;
	wg_nest_leave(leave);
	tidy_memory();
	while (hear_order()) {
		int32_t pid = (int32_t)syscall(SYS_clone, WG_NEST_CLONE, 0, 0, 0, 0);
		if (pid == 0)
			return hatch(parent, err);
		for (int i = 0; i < WG_NEST_PIPES; i++)
			(void)close(i); /* the child's */
		if (send(WG_NEST_FD, &pid, sizeof pid, MSG_NOSIGNAL) != (ssize_t)sizeof pid)
			break;
	}
	_exit(0);
}
