/* worker.c owns the worker processes of the deliver role: started for one target, given batch after batch, killed when
 * one copy takes too long, since libraries and servers can hang and that must cost one recipient only.
 *
 * Invariants: (1) jobs[0..told) have their results; jobs[told..given) are in the worker's hands or on the way there;
 * (2) at most in_flight jobs are given and not told; (3) recipient is "" exactly when count is 0; (4) out holds what
 * stands before jobs[given - 1] exactly while not all of that copy has left. */
#include "role/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/courier.h"

/* Where the socket is in the worker, behind the standard descriptors. */
#define COURIER_FD 3
/* What a copy has before it: a time, a reference, where it goes. */
#define HEAD_MAX ((size_t)4096)
/* From the goodbye to the end. */
#define GOODBYE_MS 2000
/* Dismissed workers on their way out; more than that many are waited for. */
#define LEAVING 32

static struct leaving {
	pid_t pid; /* 0: free */
	int64_t kill_at;
} leaving[LEAVING];

void wg_worker_target(const struct wg_config *config, const struct wg_organisation *organisation,
                      const struct wg_desk *desk, char out[static WG_WORKER_TARGET])
{
	const char *at = strchr(desk->address, '@');
	if (desk->channel == WG_CHANNEL_MAIL && !config->mail_out.direct)
		(void)snprintf(out, WG_WORKER_TARGET, "mail");
	else if (desk->channel == WG_CHANNEL_MAIL)
		(void)snprintf(out, WG_WORKER_TARGET, "mail %s", at != NULL ? at + 1 : "");
	else if (desk->channel == WG_CHANNEL_MESH)
		(void)snprintf(out, WG_WORKER_TARGET, "mesh");
	else
		(void)snprintf(out, WG_WORKER_TARGET, "%s/%s", organisation->id, desk->name);
}

/* A worker holds what it needs and no more: not the store's socket, over which it could say anything about anybody's
 * deliveries, and not the other workers'. */
static void let_go(int fd, pid_t parent)
{
	(void)signal(SIGTERM, SIG_DFL);         /* cannot fail */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a worker without its parent has nobody to report to; cannot fail */
	if (getppid() != parent || dup2(fd, COURIER_FD) != COURIER_FD || close_range(COURIER_FD + 1, ~0u, 0) != 0)
		_exit(1);
}

enum wg_code wg_worker_start(struct wg_worker *worker, const struct wg_config *config,
                             const struct wg_organisation *organisation, const struct wg_desk *desk, struct wg_err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return wg_err_errno(err, "socket for a worker");
	pid_t parent = getpid(), pid = fork();
	if (pid < 0) {
		enum wg_code code = wg_err_errno(err, "fork of a worker");
		wg_closep(&ends[0]);
		wg_closep(&ends[1]);
		return code;
	}
	if (pid == 0) {
		let_go(ends[1], parent);
		wg_courier(COURIER_FD, config, organisation, desk);
	}
	wg_closep(&ends[1]);
	*worker = (struct wg_worker){
		.pid = pid,
		.fd = ends[0],
		.out = WG_BUF(HEAD_MAX),
		.said = WG_BUF(64 * (size_t)WG_COURIER_ANSWER_MAX),
		.idle_since = wg_clock_monotonic(),
	};
	wg_worker_target(config, organisation, desk, worker->target);
	return WG_OK;
}

void wg_worker_give(struct wg_worker *w, const struct wg_organisation *organisation, const struct wg_desk *desk,
                    struct wg_dlv_job *jobs, unsigned count, int64_t time_ms)
{
	(void)snprintf(w->recipient, sizeof w->recipient, "%s/%s", organisation->id, desk->name);
	memcpy(w->address, desk->address, sizeof w->address);
	memcpy(w->mailbox, desk->mailbox, sizeof w->mailbox);
	memcpy(w->workflow, desk->workflow, sizeof w->workflow);
	w->jobs = jobs;
	w->count = count;
	w->given = w->told = 0;
	w->in_flight = desk->in_flight;
	w->time_ms = time_ms;
	w->kill_at = wg_clock_monotonic() + time_ms;
}

/* What stands before the next copy goes into out once the last copy has left: its bytes go out from where they lie. */
static void give_next(struct wg_worker *w)
{
	if (w->out.len > 0 || w->given == w->count || w->given - w->told >= w->in_flight)
		return;
	const struct wg_dlv_job *job = &w->jobs[w->given++];
	const char *const texts[] = { job->reference, w->address, w->mailbox, w->workflow };
	size_t len = 8 + 4 + job->envelope_len;
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		len += 4 + strlen(texts[i]);
	w->sent = 0;
	wg_buf_u32(&w->out, (uint32_t)len);
	wg_buf_u64(&w->out, (uint64_t)wg_clock_now());
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_buf_str(&w->out, texts[i]);
	wg_buf_u32(&w->out, (uint32_t)job->envelope_len);
}

/* Until it would block; false when the worker is gone. */
static bool write_some(struct wg_worker *w)
{
	for (;;) {
		give_next(w);
		if (w->out.failed)
			return false;
		if (w->out.len == 0)
			return true;
		const struct wg_dlv_job *job = &w->jobs[w->given - 1];
		size_t head = w->sent < w->out.len ? w->out.len - w->sent : 0;
		size_t past = head > 0 ? 0 : w->sent - w->out.len; /* of the copy */
		struct iovec pieces[] = { { w->out.data + w->out.len - head, head },
			                      { job->envelope + past, job->envelope_len - past } };
		struct msghdr message = { .msg_iov = pieces, .msg_iovlen = WG_COUNT(pieces) };
		ssize_t n = sendmsg(w->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		w->sent += (size_t)n;
		if (w->sent == w->out.len + job->envelope_len)
			wg_buf_reset(&w->out);
	}
}

/* Until it would block; false at the end of the stream. */
static bool read_some(struct wg_worker *w)
{
	uint8_t chunk[4096];
	while (!w->said.failed) {
		ssize_t n = recv(w->fd, chunk, sizeof chunk, MSG_DONTWAIT);
		if (n > 0) {
			wg_buf_put(&w->said, chunk, (size_t)n);
			if ((size_t)n < sizeof chunk)
				return true; /* all that was there; an end shows at the next look */
		} else if (n == 0) {
			return false;
		} else if (errno != EINTR) {
			return errno == EAGAIN;
		}
	}
	return false;
}

static void tell(struct wg_worker *w, const struct wg_send_result *result, wg_worker_told *told, void *arg)
{
	told(arg, &w->jobs[w->told], result);
	w->told++;
	w->kill_at = wg_clock_monotonic() + w->time_ms;
	if (w->told < w->count)
		return;
	wg_dlv_jobs_free(w->jobs, w->count);
	w->jobs = NULL;
	w->count = w->given = w->told = 0;
	w->recipient[0] = '\0';
	w->idle_since = wg_clock_monotonic();
}

/* Every whole answer in said; false when the worker says what it was not asked. */
static bool take_answers(struct wg_worker *w, wg_worker_told *told, void *arg)
{
	size_t at = 0;
	bool good = !w->said.failed;
	while (good && w->said.len - at >= 4) {
		struct wg_cur head = WG_CUR(w->said.data + at, 4);
		uint32_t len = wg_cur_u32(&head);
		struct wg_send_result result;
		if (len > WG_COURIER_ANSWER_MAX)
			return false;
		if (w->said.len - at - 4 < len)
			break;
		struct wg_cur cur = WG_CUR(w->said.data + at + 4, len);
		unsigned whole = w->given - (w->out.len > 0); /* nobody can answer what it has in part */
		good = w->told < whole && wg_courier_get_result(&cur, &result, &w->counts);
		if (good) {
			w->copies++;
			tell(w, &result, told, arg);
		}
		at += 4 + len;
	}
	if (at > 0)
		memmove(w->said.data, w->said.data + at, w->said.len - at);
	w->said.len -= at;
	return good;
}

/* The first word of target. "organisation/desk": HTTPS. */
static const char *kind_of(const struct wg_worker *w)
{
	static const char *const shared[] = { "mail", "mesh" };
	for (size_t i = 0; i < WG_COUNT(shared); i++) {
		size_t n = strlen(shared[i]);
		if (strncmp(w->target, shared[i], n) == 0 && (w->target[n] == '\0' || w->target[n] == ' '))
			return shared[i];
	}
	return "https";
}

static void log_session(const struct wg_worker *w)
{
	char copies[24], connections[16], resumed[16], reused[16];
	if (w->copies == 0)
		return;
	(void)snprintf(copies, sizeof copies, "%llu", (unsigned long long)w->copies); /* all fit */
	(void)snprintf(connections, sizeof connections, "%u", w->counts.connections);
	(void)snprintf(resumed, sizeof resumed, "%u", w->counts.resumed);
	(void)snprintf(reused, sizeof reused, "%u", w->counts.reused);
	wg_log(WG_LOG_INFO, "session", "target", kind_of(w), "copies", copies, "connections", connections, "resumed",
	       resumed, "reused", reused, NULL);
}

/* Waits for a process that is about to end, or was killed. Returns its status. */
static int reap(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* What had no result. A worker answers each copy before it begins the next, so only the first of them can have arrived,
 * unless it cannot be believed: then all that it was given. */
static void tell_rest(struct wg_worker *w, bool sound, const char *why, wg_worker_told *told, void *arg)
{
	unsigned first = w->told, given = w->given, count = w->count;
	for (unsigned i = first; i < count; i++) {
		bool begun = i < given && (i == first || !sound);
		struct wg_send_result result = { .what = WG_SENT_DEFER, .maybe = begun || w->jobs[i].maybe };
		(void)snprintf(result.detail, sizeof result.detail, "%s", begun ? why : "not tried");
		tell(w, &result, told, arg);
	}
}

static void end(struct wg_worker *w, bool sound, wg_worker_told *told, void *arg)
{
	char why[96];
	(void)kill(w->pid, SIGKILL); /* ours and not reaped: it is there, perhaps ended already */
	int status = reap(w->pid);
	bool killed = WIFSIGNALED(status);
	(void)snprintf(why, sizeof why, "the sending process ended without a whole result (%s %d)",
	               killed ? "signal" : "exit", killed ? WTERMSIG(status) : WEXITSTATUS(status)); /* fits */
	if (sound) { /* what it said between our last look and its end */
		(void)read_some(w);
		sound = take_answers(w, told, arg);
	}
	log_session(w);
	wg_closep(&w->fd);
	if (w->count > 0)
		tell_rest(w, sound, why, told, arg);
	wg_buf_wipe(&w->out);
	wg_buf_free(&w->out);
	wg_buf_free(&w->said);
	*w = (struct wg_worker){ .fd = -1 };
}

void wg_worker_step(struct wg_worker *w, int64_t now, wg_worker_told *told, void *arg)
{
	bool there = read_some(w);
	bool sound = take_answers(w, told, arg);
	if (!sound || !there || !write_some(w) || (w->count > 0 && now >= w->kill_at))
		end(w, sound, told, arg);
}

bool wg_worker_writes(const struct wg_worker *w)
{
	return w->out.len > 0;
}

void wg_worker_kill(struct wg_worker *w, wg_worker_told *told, void *arg)
{
	end(w, true, told, arg);
}

void wg_worker_dismiss(struct wg_worker *w)
{
	pid_t pid = w->pid;
	log_session(w);
	wg_closep(&w->fd);
	wg_buf_wipe(&w->out);
	wg_buf_free(&w->out);
	wg_buf_free(&w->said);
	*w = (struct wg_worker){ .fd = -1 };
	for (size_t i = 0; i < LEAVING; i++) {
		if (leaving[i].pid == 0) {
			leaving[i] = (struct leaving){ .pid = pid, .kill_at = wg_clock_monotonic() + GOODBYE_MS };
			return;
		}
	}
	(void)kill(pid, SIGKILL); /* no room to let it say goodbye */
	(void)reap(pid);
}

void wg_workers_reap(int64_t now)
{
	for (size_t i = 0; i < LEAVING; i++) {
		if (leaving[i].pid == 0)
			continue;
		if (now >= leaving[i].kill_at)
			(void)kill(leaving[i].pid, SIGKILL); /* ours and not reaped */
		int status;
		if (waitpid(leaving[i].pid, &status, WNOHANG) != 0)
			leaving[i].pid = 0;
	}
}
