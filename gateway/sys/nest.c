/* nest.c owns the asking side of nests: starting them, ordering children from them, taking what is ready.
 *
 * Invariants: (1) a nest with pid > 0 was started by wg_child_spawn and is not reaped; (2) ordered: the nest has an
 * order whose answer was not read; next holds our ends of that child's pipes, and no pid. */
#include "sys/nest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/nest_internal.h"

/* A nest that starts loads its libraries; more than this and something is wrong with it. */
#define ANSWER_MS 20000
#define PROGRAM_TEXT 1024

struct nest {
	char program[PROGRAM_TEXT];
	struct wg_child_proc self; /* secret: our end of the socket */
	unsigned cpu_s;            /* its limits, which its children have from it */
	uint64_t memory;
	unsigned runs;
	bool ordered;
	struct wg_child_proc next;
	unsigned failing; /* runs in a row that had to do without it */
	struct wg_err why;
};

struct wg_nests {
	struct nest list[WG_NESTS_MAX];
	unsigned count;
};

static const struct wg_child_proc none = {
	.pidfd = -1, .in = -1, .secret = -1, .out = -1, .err = -1, .ask = -1, .told = -1
};

static void proc_close(struct wg_child_proc *proc)
{
	int *const ends[] = { &proc->pidfd, &proc->in, &proc->secret, &proc->out, &proc->err, &proc->ask, &proc->told };
	for (size_t i = 0; i < WG_COUNT(ends); i++)
		wg_closep(ends[i]);
}

/* Ends it and its group, and reaps it. */
static void proc_end(struct wg_child_proc *proc)
{
	if (proc->pid > 0) {
		(void)kill(-proc->pid, SIGKILL); /* the group may not be there yet: */
		(void)kill(proc->pid, SIGKILL);
		while (waitpid(proc->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	proc_close(proc);
	*proc = none;
}

/* The answer to the order: the child's id. */
static enum wg_code hear(struct nest *n, struct wg_err *err)
{
	struct pollfd from = { .fd = n->self.secret, .events = POLLIN };
	int32_t pid = 0;
	int ready;
	n->ordered = false;
	do
		ready = poll(&from, 1, ANSWER_MS);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0 || recv(n->self.secret, &pid, sizeof pid, 0) != (ssize_t)sizeof pid || pid <= 0)
		return wg_err_set(err, WG_SYSTEM, "%.200s: the program that waits for documents does not answer", n->program);
	n->next.pid = pid;
	if (setpgid(pid, pid) != 0) /* it is ended by its group */
		return wg_err_errno(err, "child: process group");
	n->next.pidfd = pidfd_open(pid, 0);
	return n->next.pidfd >= 0 ? WG_OK : wg_err_errno(err, "child: pidfd");
}

static void nest_end(struct nest *n)
{
	struct wg_err ignored;
	if (n->ordered)
		(void)hear(n, &ignored); /* one that was never told of ends when its input does, which is now */
	proc_end(&n->next);
	proc_end(&n->self);
	n->ordered = false;
	n->runs = 0;
}

enum wg_code wg_nests_new(struct wg_nests **out, struct wg_err *err)
{
	struct wg_nests *nests = calloc(1, sizeof *nests);
	if (nests == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the programs that wait for documents");
	*out = nests;
	return WG_OK;
}

void wg_nests_freep(struct wg_nests **nests)
{
	for (unsigned i = 0; *nests != NULL && i < (*nests)->count; i++)
		nest_end(&(*nests)->list[i]);
	free(*nests);
	*nests = NULL;
}

unsigned wg_nests_failing(const struct wg_nests *nests, const char **words)
{
	unsigned most = 0;
	*words = "";
	for (unsigned i = 0; i < nests->count; i++)
		if (nests->list[i].failing > most) {
			most = nests->list[i].failing;
			*words = nests->list[i].why.text;
		}
	return most;
}

static enum wg_code nest_start(struct nest *n, const struct wg_child *run, struct wg_err *err)
{
	const char *slash = strrchr(n->program, '/');
	const char *const argv[] = { slash != NULL ? slash + 1 : n->program, NULL };
	const struct wg_child spec = {
		.program = n->program, .argv = argv, .nest = true, .cpu_s = run->cpu_s, .memory = run->memory
	};
	enum wg_code code = wg_child_spawn(&spec, &n->self, err);
	if (code != WG_OK)
		return code;
	/* it reads nothing and says nothing */
	int *const ends[] = { &n->self.in, &n->self.out, &n->self.err, &n->self.ask, &n->self.told };
	for (size_t i = 0; i < WG_COUNT(ends); i++)
		wg_closep(ends[i]);
	n->cpu_s = run->cpu_s;
	n->memory = run->memory;
	n->runs = 0;
	return WG_OK;
}

/* Three pipes, of which the child's ends go with the order. */
static enum wg_code send_order(struct nest *n, int ours[WG_NEST_PIPES], int theirs[WG_NEST_PIPES], struct wg_err *err)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int) * WG_NEST_PIPES)];
	} control;
	for (int i = 0; i < WG_NEST_PIPES; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0)
			return wg_err_errno(err, "child: pipe");
		theirs[i] = ends[i == 0 ? 0 : 1];
		ours[i] = ends[i == 0 ? 1 : 0];
		if (fcntl(ours[i], F_SETFL, O_NONBLOCK) != 0)
			return wg_err_errno(err, "child: pipe");
	}
	memset(&control, 0, sizeof control);
	char byte = 0;
	struct iovec bytes = { .iov_base = &byte, .iov_len = sizeof byte };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int) * WG_NEST_PIPES);
	memcpy(CMSG_DATA(rights), theirs, sizeof(int) * WG_NEST_PIPES);
	if (sendmsg(n->self.secret, &message, MSG_NOSIGNAL) != (ssize_t)sizeof byte)
		return wg_err_errno(err, "%.200s: the program that waits for documents is gone", n->program);
	return WG_OK;
}

static enum wg_code order(struct nest *n, struct wg_err *err)
{
	int ours[WG_NEST_PIPES] = { -1, -1, -1 }, theirs[WG_NEST_PIPES] = { -1, -1, -1 };
	enum wg_code code = send_order(n, ours, theirs, err);
	for (int i = 0; i < WG_NEST_PIPES; i++) {
		wg_closep(&theirs[i]);
		if (code != WG_OK)
			wg_closep(&ours[i]);
	}
	if (code != WG_OK)
		return code;
	n->next = none;
	n->next.in = ours[0];
	n->next.out = ours[1];
	n->next.err = ours[2];
	n->ordered = true;
	n->runs++;
	return WG_OK;
}

static struct nest *find(struct wg_nests *nests, const char *program)
{
	for (unsigned i = 0; i < nests->count; i++)
		if (strcmp(nests->list[i].program, program) == 0)
			return &nests->list[i];
	if (nests->count == WG_NESTS_MAX || strlen(program) >= PROGRAM_TEXT)
		return NULL;
	struct nest *n = &nests->list[nests->count++];
	*n = (struct nest){ .self = none, .next = none };
	memcpy(n->program, program, strlen(program) + 1);
	return n;
}

static bool ended(int pidfd)
{
	struct pollfd from = { .fd = pidfd, .events = POLLIN };
	return poll(&from, 1, 0) != 0;
}

/* The child that is ready, if there is one: something may have ended it while it waited, which says nothing about the
 * input that it never saw. */
static bool have_ready(struct nest *n)
{
	struct wg_err ignored;
	if (!n->ordered)
		return false;
	bool heard = hear(n, &ignored) == WG_OK;
	if (heard && !ended(n->next.pidfd))
		return true;
	if (heard)
		proc_end(&n->next);
	else
		nest_end(n);
	return false;
}

enum wg_code wg_nests_take(struct wg_nests *nests, const struct wg_child *spec, struct wg_child_proc *proc,
                           struct wg_err *err)
{
	struct nest *n = find(nests, spec->program);
	enum wg_code code = WG_OK;
	if (n == NULL)
		return wg_err_set(err, WG_SYSTEM, "more than %d programs that wait for documents", WG_NESTS_MAX);
	if (n->self.pid > 0 && (n->cpu_s != spec->cpu_s || n->memory != spec->memory))
		nest_end(n); /* it is one for other runs */
	if (!have_ready(n)) {
		if (n->self.pid > 0 && (n->runs >= WG_NEST_RUNS || ended(n->self.pidfd)))
			nest_end(n);
		if (n->self.pid <= 0)
			code = nest_start(n, spec, err);
		if (code == WG_OK)
			code = order(n, err);
		if (code == WG_OK)
			code = hear(n, err);
	}
	if (code != WG_OK) {
		nest_end(n);
		n->failing++;
		n->why = *err;
		return code;
	}
	n->failing = 0;
	*proc = n->next;
	n->next = none;
	return WG_OK;
}

void wg_nests_ask(struct wg_nests *nests, const struct wg_child *spec)
{
	struct nest *n = find(nests, spec->program);
	struct wg_err ignored;
	if (n == NULL || n->self.pid <= 0 || n->ordered || n->runs >= WG_NEST_RUNS)
		return;
	if (order(n, &ignored) != WG_OK)
		nest_end(n); /* the next run starts another */
}
