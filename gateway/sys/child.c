/* child.c owns the running of a foreign program: feeding, draining, the deadline, the end, and what its end means.
 * SECURITY: what the program writes is outside input; it is bounded here and otherwise not looked at. */
#include "sys/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/child_internal.h"
#include "sys/nest_internal.h"

/* What is kept of standard error: one line that a person reads. */
#define CHILD_WORDS_MAX 256
/* One read: what a pipe holds. */
#define CHILD_CHUNK ((size_t)64 * 1024)

/* How the run stands. */
enum child_state { CHILD_RUNS, CHILD_ENDED, CHILD_LATE, CHILD_FLOODS, CHILD_FAULT, CHILD_REFUSED };

struct child_run {
	const struct wg_child *spec;
	struct wg_child_proc proc;
	struct wg_buf *out;
	char words[CHILD_WORDS_MAX]; /* standard error as far as kept, NUL-terminated */
	size_t words_len;
	size_t in_sent, secret_sent;
	struct wg_child_asking asking;
	char *chunk;       /* CHILD_CHUNK bytes, those that were used wiped at the end: what passes may be a key */
	size_t chunk_used; /* from its start */
	int status;        /* as of waitpid */
	int broken;        /* errno of a pipe that did not work: what went through it says nothing; 0: all did */
};

/* SIGPIPE of a child that does not read its input must not end this process, nor may its disposition be changed here:
 * it is blocked for the run and swallowed. */
struct pipe_guard {
	sigset_t before;
	bool was_pending;
};

static void guard_begin(struct pipe_guard *g)
{
	sigset_t pipe_only, pending;
	(void)sigemptyset(&pipe_only); /* these cannot fail with valid arguments */
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)sigpending(&pending);
	g->was_pending = sigismember(&pending, SIGPIPE) == 1;
	(void)sigprocmask(SIG_BLOCK, &pipe_only, &g->before);
}

static void guard_end(struct pipe_guard *g)
{
	sigset_t pipe_only;
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	if (!g->was_pending)
		(void)sigtimedwait(&pipe_only, NULL, &(struct timespec){ 0 }); /* EAGAIN: none came */
	(void)sigprocmask(SIG_SETMASK, &g->before, NULL);
}

static void run_free(struct child_run *run)
{
	wg_closep(&run->proc.in);
	wg_closep(&run->proc.secret);
	wg_closep(&run->proc.out);
	wg_closep(&run->proc.err);
	wg_closep(&run->proc.ask);
	wg_closep(&run->proc.told);
	wg_child_asking_free(&run->asking);
	wg_closep(&run->proc.pidfd);
	if (run->chunk != NULL)
		wg_wipe(run->chunk, run->chunk_used);
	free(run->chunk);
}

/* Writes what the pipe takes; closes it after the last byte, or when the child closed its end: it need not read all. */
static void feed(struct child_run *run, int *fd, const void *p, size_t len, size_t *sent)
{
	while (*fd >= 0 && *sent < len) {
		ssize_t n = write(*fd, (const char *)p + *sent, len - *sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			run->broken = errno != EPIPE ? errno : run->broken; /* it would judge half of its input */
			break;
		}
		*sent += (size_t)n;
	}
	wg_closep(fd);
}

/* One read; returns the bytes, 0 when there is nothing now or nothing more (then *fd is closed). */
static size_t take(struct child_run *run, int *fd)
{
	if (*fd < 0)
		return 0;
	ssize_t n;
	do
		n = read(*fd, run->chunk, CHILD_CHUNK);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		run->chunk_used = (size_t)n > run->chunk_used ? (size_t)n : run->chunk_used;
		return (size_t)n;
	}
	if (n < 0 && errno != EAGAIN)
		run->broken = errno; /* the rest of what it says is missing */
	if (n == 0 || errno != EAGAIN)
		wg_closep(fd);
	return 0;
}

static void drain_words(struct child_run *run)
{
	size_t n = take(run, &run->proc.err);
	size_t room = sizeof run->words - 1 - run->words_len;
	memcpy(run->words + run->words_len, run->chunk, n < room ? n : room);
	run->words_len += n < room ? n : room;
}

/* False when the output is more than out may hold. */
static bool drain_out(struct child_run *run)
{
	size_t n = take(run, &run->proc.out);
	wg_buf_put(run->out, run->chunk, n);
	return !run->out->failed;
}

/* What was in the pipes when it ended. A grandchild may hold them open, so end of file is not waited for. */
static bool drain_rest(struct child_run *run)
{
	size_t before;
	do {
		before = run->out->len;
		if (!drain_out(run))
			return false;
	} while (run->out->len > before);
	drain_words(run);
	return true;
}

/* err is set for CHILD_REFUSED only. */
static enum child_state step(struct child_run *run, int64_t deadline, struct wg_err *err)
{
	const struct wg_child *spec = run->spec;
	int64_t left = deadline - wg_clock_monotonic();
	if (left <= 0)
		return CHILD_LATE;
	struct pollfd fds[] = {
		{ .fd = run->proc.in, .events = POLLOUT },   { .fd = run->proc.secret, .events = POLLOUT },
		{ .fd = run->proc.out, .events = POLLIN },   { .fd = run->proc.err, .events = POLLIN },
		{ .fd = run->proc.pidfd, .events = POLLIN }, { .fd = run->proc.ask, .events = POLLIN },
	};
	if (poll(fds, WG_COUNT(fds), (int)left) < 0)
		return errno == EINTR ? CHILD_RUNS : CHILD_FAULT;
	if (fds[0].revents != 0)
		feed(run, &run->proc.in, spec->in, spec->in_len, &run->in_sent);
	if (fds[1].revents != 0)
		feed(run, &run->proc.secret, spec->secret, spec->secret_len, &run->secret_sent);
	if (fds[2].revents != 0 && !drain_out(run))
		return CHILD_FLOODS;
	if (fds[3].revents != 0)
		drain_words(run);
	if (fds[5].revents != 0 && wg_child_ask(spec, &run->proc, &run->asking, err) != WG_OK)
		return CHILD_REFUSED;
	if (run->broken != 0)
		return CHILD_FAULT;
	return fds[4].revents != 0 ? CHILD_ENDED : CHILD_RUNS;
}

/* Ends the group. The child is still unreaped, so the group's number is still its own. */
static void reap(struct child_run *run)
{
	(void)kill(-run->proc.pid, SIGKILL); /* ESRCH cannot be: a zombie counts */
	while (waitpid(run->proc.pid, &run->status, 0) < 0 && errno == EINTR)
		continue;
	run->proc.pid = 0;
}

static const char *first_line(struct child_run *run, char *out, size_t size)
{
	run->words[run->words_len] = '\0';
	run->words[strcspn(run->words, "\r\n")] = '\0';
	return wg_defang(run->words, out, size);
}

/* A library that gets no memory ends in one of several ways, and a crash on this input is as final as a limit: both say
 * that this input is more than the program can take. */
static enum wg_code judge_signal(int number, const char *program, const char *words, struct wg_err *err)
{
	switch (number) {
	case SIGXCPU:
		return wg_err_set(err, WG_LIMIT, "%.200s: used more processor time than its limit", program);
	case SIGKILL:
	case SIGABRT:
	case SIGSEGV:
	case SIGBUS:
	case SIGTRAP:
		return wg_err_set(err, WG_LIMIT, "%.200s: out of memory or crashed (SIG%s): %s", program, sigabbrev_np(number),
		                  words);
	case SIGSYS:
		return wg_err_set(err, WG_SYSTEM, "%.200s: killed at a forbidden system call", program);
	default:
		return wg_err_set(err, WG_SYSTEM, "%.200s: ended by signal %d: %s", program, number, words);
	}
}

static enum wg_code judge(struct child_run *run, enum child_state state, struct wg_err *err)
{
	char words[CHILD_WORDS_MAX];
	const char *program = run->spec->program;
	(void)first_line(run, words, sizeof words);
	if (state == CHILD_REFUSED)
		return err->code; /* the words are there */
	if (state == CHILD_LATE)
		return wg_err_set(err, WG_LIMIT, "%.200s: ran longer than %d ms", program, run->spec->wall_ms);
	if (state == CHILD_FLOODS)
		return wg_err_set(err, WG_LIMIT, "%.200s: wrote more than %zu bytes", program, run->out->max);
	if (run->broken != 0)
		return wg_err_set(err, WG_SYSTEM, "%.200s: the pipe to it failed: %s", program, strerror(run->broken));
	if (state == CHILD_FAULT)
		return wg_err_set(err, WG_SYSTEM, "%.200s: cannot wait for it", program);
	if (WIFSIGNALED(run->status))
		return judge_signal(WTERMSIG(run->status), program, words, err);
	int status = WEXITSTATUS(run->status);
	if (status == EX_DATAERR)
		return wg_err_set(err, WG_REJECT, "%s", *words != '\0' ? words : "refused without a reason");
	if (status != 0)
		return wg_err_set(err, WG_SYSTEM, "%.200s: exit status %d: %s", program, status, words);
	return WG_OK;
}

/* One that is ready, or else a new one. */
static enum wg_code start(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_err *err)
{
	struct wg_err ignored;
	if (spec->nests != NULL && wg_nests_take(spec->nests, spec, proc, &ignored) == WG_OK)
		return WG_OK;
	return wg_child_spawn(spec, proc, err);
}

static enum wg_code run_to_end(struct child_run *run, struct wg_err *err)
{
	const struct wg_child *spec = run->spec;
	enum wg_code code = start(spec, &run->proc, err);
	if (code != WG_OK)
		return code;
	int64_t deadline = wg_clock_monotonic() + spec->wall_ms; /* what it took to get a child is not the input's doing */
	if (spec->secret == NULL)
		wg_closep(&run->proc.secret);
	if (spec->answer == NULL) {
		wg_closep(&run->proc.ask);
		wg_closep(&run->proc.told);
	}
	enum child_state state = CHILD_RUNS;
	while (state == CHILD_RUNS)
		state = step(run, deadline, err);
	reap(run);
	if (spec->nests != NULL)
		wg_nests_ask(spec->nests, spec);
	if (state == CHILD_ENDED && !drain_rest(run))
		state = CHILD_FLOODS;
	return judge(run, state, err);
}

enum wg_code wg_child_run(const struct wg_child *spec, struct wg_buf *out, struct wg_err *err)
{
	const struct wg_child_proc none = {
		.pidfd = -1, .in = -1, .secret = -1, .out = -1, .err = -1, .ask = -1, .told = -1
	};
	WG_CLEANUP(run_free) struct child_run run = { .spec = spec, .out = out, .proc = none };
	run.chunk = malloc(CHILD_CHUNK);
	if (run.chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "child: out of memory");
	struct pipe_guard guard;
	guard_begin(&guard);
	enum wg_code code = run_to_end(&run, err);
	guard_end(&guard);
	if (code != WG_OK)
		wg_buf_reset(out);
	return code;
}
