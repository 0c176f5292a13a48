/* Owns the time limits of a send through a library that blocks without limits of its own.
 * SECURITY: a peer that never answers, or answers one byte at a time, is left here. */
#include "channel/smtp_watch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* Descriptors looked at. A new socket gets the lowest free number, so it lies below as long as some are free below. */
#define DESCRIPTORS 1024
#define DESCRIPTORS_FREE_MIN 16
/* How often, once a limit has passed, to look for sockets that were opened since (the next address of the same name).
 */
#define AGAIN_MS 50

struct wg_smtp_watch {
	bool foreign[DESCRIPTORS]; /* open before us: not ours to touch; constant once the thread runs */
	struct wg_smtp_watch_limits limits;
	int64_t start;
	_Atomic int64_t progress;
	_Atomic bool connected;
	const char *_Atomic passed;
	pthread_t thread;
	pthread_mutex_t lock; /* guards stop */
	pthread_cond_t wake;
	bool stop;
};

static bool is_tcp(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM)
		return false;
	len = sizeof domain;
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && (domain == AF_INET || domain == AF_INET6);
}

void wg_smtp_watch_cut(struct wg_smtp_watch *watch)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (!watch->foreign[fd] && is_tcp(fd))
			(void)shutdown(fd, SHUT_RDWR); /* one that is down already says so: nothing more to do */
}

void wg_smtp_watch_connected(struct wg_smtp_watch *watch)
{
	atomic_store(&watch->connected, true);
}

void wg_smtp_watch_progress(struct wg_smtp_watch *watch)
{
	atomic_store(&watch->progress, wg_clock_monotonic());
}

const char *wg_smtp_watch_passed(const struct wg_smtp_watch *watch)
{
	return atomic_load(&watch->passed);
}

/* The limit that has passed at now, or NULL; *next is the instant to look again. */
static const char *look(const struct wg_smtp_watch *watch, int64_t now, int64_t *next)
{
	int64_t total = watch->start + watch->limits.total_ms;
	int64_t silence = atomic_load(&watch->progress) + watch->limits.silence_ms;
	int64_t connect = atomic_load(&watch->connected) ? total : watch->start + watch->limits.connect_ms;

	*next = total < silence ? total : silence;
	*next = *next < connect ? *next : connect;
	if (now < *next)
		return NULL;
	*next = now + AGAIN_MS;
	return now >= total ? "total" : now >= connect ? "connect" : "silence";
}

static void *run(void *arg)
{
	struct wg_smtp_watch *watch = arg;

	(void)pthread_mutex_lock(&watch->lock); /* a plain mutex of our own: cannot fail */
	while (!watch->stop) {
		int64_t next;
		const char *passed = look(watch, wg_clock_monotonic(), &next);
		if (passed) {
			if (!wg_smtp_watch_passed(watch))
				atomic_store(&watch->passed, passed);
			wg_smtp_watch_cut(watch);
		}
		struct timespec at = { .tv_sec = next / 1000, .tv_nsec = next % 1000 * 1000000 };
		(void)pthread_cond_timedwait(&watch->wake, &watch->lock, &at); /* time out or woken: look either way */
	}
	(void)pthread_mutex_unlock(&watch->lock); /* held here */
	return NULL;
}

/* Notes what is open now. */
static enum wg_code note_foreign(struct wg_smtp_watch *watch, struct wg_err *err)
{
	size_t free_count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		watch->foreign[fd] = fcntl(fd, F_GETFD) >= 0;
		free_count += !watch->foreign[fd];
	}
	if (free_count < DESCRIPTORS_FREE_MIN)
		return wg_err_set(err, WG_SYSTEM, "too many descriptors are open to watch a connection");
	return WG_OK;
}

/* The thread takes no signals: they are the worker's. */
static enum wg_code start_thread(struct wg_smtp_watch *watch, struct wg_err *err)
{
	pthread_condattr_t attr;
	sigset_t all, before;

	(void)pthread_mutex_init(&watch->lock, NULL); /* cannot fail on Linux, like the three below */
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&watch->thread, NULL, run, watch);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return WG_OK;
	(void)pthread_cond_destroy(&watch->wake); /* nobody waits */
	(void)pthread_mutex_destroy(&watch->lock);
	return wg_err_set(err, WG_SYSTEM, "watchdog thread could not be started");
}

enum wg_code wg_smtp_watch_start(const struct wg_smtp_watch_limits *limits, struct wg_smtp_watch **out,
                                 struct wg_err *err)
{
	WG_AUTO_FREE void *memory = calloc(1, sizeof(struct wg_smtp_watch));
	struct wg_smtp_watch *watch = memory;

	if (!watch)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	watch->limits = *limits;
	watch->start = wg_clock_monotonic();
	atomic_init(&watch->progress, watch->start);
	atomic_init(&watch->connected, false);
	atomic_init(&watch->passed, NULL);
	enum wg_code code = note_foreign(watch, err);
	if (code == WG_OK)
		code = start_thread(watch, err);
	if (code == WG_OK)
		*out = wg_steal(&memory);
	return code;
}

void wg_smtp_watch_stop(struct wg_smtp_watch **watch)
{
	struct wg_smtp_watch *w = *watch;

	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock); /* as in run */
	w->stop = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
	*watch = NULL;
}
