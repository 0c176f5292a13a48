/* nest_serve.c owns the side of the program: from an order to a child that is ready for its input.
 * SECURITY: what comes on the socket is from the process that started this one; no outside byte is met here. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/mem.h"
#include "sys/nest_internal.h"

bool wg_nest_is(void)
{
	int type = 0;
	socklen_t len = sizeof type;
	return getsockopt(WG_NEST_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

/* False when nobody asks any more, or asks what is no order. */
static bool hear_order(struct wg_nest_order *order, int pipes[WG_NEST_PIPES])
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int) * WG_NEST_PIPES)];
	} control;
	struct iovec bytes = { .iov_base = order, .iov_len = sizeof *order };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
	};
	ssize_t n;
	do
		n = recvmsg(WG_NEST_FD, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *rights = n == (ssize_t)sizeof *order ? CMSG_FIRSTHDR(&message) : NULL;
	if (rights == NULL || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int) * WG_NEST_PIPES))
		return false;
	memcpy(pipes, CMSG_DATA(rights), sizeof(int) * WG_NEST_PIPES);
	return true;
}

/* As the child of child_spawn.c, but for what holds for the nest already. */
static enum wg_code hatch(const struct wg_nest_order *order, const int pipes[WG_NEST_PIPES], pid_t parent,
                          struct wg_err *err)
{
	/* one second between the soft limit, whose SIGXCPU tells why, and the hard one, which nothing survives */
	const struct rlimit cpu = { .rlim_cur = order->cpu_s, .rlim_max = (rlim_t)order->cpu_s + 1 };
	const struct rlimit memory = { .rlim_cur = order->memory, .rlim_max = order->memory };
	if (setpgid(0, 0) != 0) /* the parent does it too: whoever is first */
		return wg_err_errno(err, "process group");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		return wg_err_errno(err, "tie to parent");
	for (int i = 0; i < WG_NEST_PIPES; i++)
		if (dup2(pipes[i], i) < 0)
			return wg_err_errno(err, "pipes");
	if (close_range(WG_NEST_PIPES, ~0U, 0) != 0)
		return wg_err_errno(err, "descriptors");
	if (setrlimit(RLIMIT_CPU, &cpu) != 0 || (!WG_ASAN && setrlimit(RLIMIT_AS, &memory) != 0))
		return wg_err_errno(err, "limits");
	return WG_OK;
}

enum wg_code wg_nest_serve(struct wg_err *err)
{
	struct wg_nest_order order;
	int pipes[WG_NEST_PIPES];
	pid_t parent = getppid();
	while (hear_order(&order, pipes)) {
		/* a child of who asks, as if that had forked it: it waits for it, ends it, and takes it along when it dies */
		int32_t pid = (int32_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			return hatch(&order, pipes, parent, err);
		for (int i = 0; i < WG_NEST_PIPES; i++)
			wg_closep(&pipes[i]);
		if (send(WG_NEST_FD, &pid, sizeof pid, MSG_NOSIGNAL) != (ssize_t)sizeof pid)
			break;
	}
	_exit(0);
}
