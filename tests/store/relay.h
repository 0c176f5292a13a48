/* A relay between a store and a real PostgreSQL, in a thread of its own: it loses what it is told to lose, or stands
 * still as a server does that hangs, or a network that carries nothing more and tells nobody. */
#ifndef TESTS_STORE_RELAY_H
#define TESTS_STORE_RELAY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rig.h"

enum { PASS, LOSE_REQUEST, LOSE_ANSWER };
#define LINKS 32 /* there are two, and some more for each try to come back */

struct relay {
	char *folder;
	int listening;
	pthread_t thread;
	atomic_int cut, stop, cuts;
	atomic_int after;  /* statement: only a commit of what ran it is cut; 0: any */
	atomic_int frozen; /* nothing passes, in either direction */
	struct {
		int client, server;
		bool deaf; /* what the server says is thrown away, and then it ends */
		bool ran;  /* the statement `after`, in the transaction that is open */
	} link[LINKS];
	unsigned count;
};

static inline int relay_socket(const char *folder, bool listens)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s/.s.PGSQL.5432", folder); /* short */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (listens) {
		assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof to), 0);
		assert_int_equal(listen(fd, LINKS), 0);
	} else if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static inline void relay_end_link(struct relay *r, unsigned i)
{
	(void)close(r->link[i].client);
	(void)close(r->link[i].server);
	r->link[i] = r->link[--r->count];
}

/* Whether it runs that statement: its Bind names the unnamed portal and that statement (PostgreSQL's manual, 55.7). */
static inline bool relay_runs(const char *p, size_t len, int statement)
{
	char wanted[16] = "";
	int n = snprintf(wanted + 1, sizeof wanted - 1, "s%d", statement) + 2; /* a NUL before and after */
	return memmem(p, len, wanted, (size_t)n) != NULL;
}

static inline bool relay_pass(struct relay *r, unsigned link, bool up)
{
	char buffer[65536];
	const int from = up ? r->link[link].client : r->link[link].server,
			  to = up ? r->link[link].server : r->link[link].client;
	const int after = atomic_load(&r->after);
	ssize_t n = recv(from, buffer, sizeof buffer, 0);
	if (n <= 0)
		return false;
	if (!up && r->link[link].deaf) {
		atomic_fetch_add(&r->cuts, 1);
		return false;
	}
	if (up && after != 0)
		r->link[link].ran = r->link[link].ran || relay_runs(buffer, (size_t)n, after);
	if (up && relay_runs(buffer, (size_t)n, SQL_COMMIT) && (after == 0 || r->link[link].ran)) {
		const int cut = atomic_exchange(&r->cut, PASS);
		if (cut == LOSE_REQUEST) {
			atomic_fetch_add(&r->cuts, 1);
			return false;
		}
		r->link[link].deaf = cut == LOSE_ANSWER;
		r->link[link].ran = false;
	}
	for (ssize_t sent = 0; sent < n;) {
		ssize_t m = send(to, buffer + sent, (size_t)(n - sent), MSG_NOSIGNAL);
		if (m <= 0)
			return false;
		sent += m;
	}
	return true;
}

static inline void relay_step(struct relay *r)
{
	struct pollfd fds[1 + 2 * LINKS] = { { .fd = r->listening, .events = POLLIN } };
	unsigned count = r->count;
	for (unsigned i = 0; i < count; i++) {
		fds[1 + 2 * i] = (struct pollfd){ .fd = r->link[i].client, .events = POLLIN };
		fds[2 + 2 * i] = (struct pollfd){ .fd = r->link[i].server, .events = POLLIN };
	}
	if (poll(fds, 1 + 2 * count, 20) <= 0)
		return;
	for (unsigned i = count; i-- > 0;) {
		bool good = true;
		if (fds[1 + 2 * i].revents != 0)
			good = relay_pass(r, i, true);
		if (good && fds[2 + 2 * i].revents != 0)
			good = relay_pass(r, i, false);
		if (!good)
			relay_end_link(r, i);
	}
	if (fds[0].revents != 0 && r->count < LINKS) {
		int client = accept(r->listening, NULL, NULL), server = relay_socket(pg_socket(), false);
		r->link[r->count].client = client;
		r->link[r->count].server = server;
		r->link[r->count].deaf = r->link[r->count].ran = false;
		r->count++;
	}
}

static inline void *relay_run(void *arg)
{
	struct relay *r = arg;
	while (!atomic_load(&r->stop))
		if (atomic_load(&r->frozen) != 0)
			(void)poll(NULL, 0, 5);
		else
			relay_step(r);
	while (r->count > 0)
		relay_end_link(r, 0);
	return NULL;
}

static inline void relay_start(struct relay *r)
{
	r->folder = rig_folder();
	r->listening = relay_socket(r->folder, true);
	assert_int_equal(pthread_create(&r->thread, NULL, relay_run, r), 0);
}

static inline void relay_end(struct relay *r)
{
	atomic_store(&r->stop, 1);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	(void)close(r->listening);
	rig_remove(r->folder);
}

/* The same database, by way of the relay. */
static inline void relay_way(const struct relay *r, const char *conninfo, const char *more, char *out, size_t size)
{
	(void)snprintf(out, size, "host=%s%s %s", r->folder, strchr(conninfo, ' '), more); /* they are short */
}

#endif
