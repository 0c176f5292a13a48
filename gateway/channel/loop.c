/* loop.c owns what is said of an event loop that cannot work, and the pause of a listener that has no descriptor left.
 */
#include "channel/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Nobody can be taken: when it is tried again. */
#define ACCEPT_PAUSE_MS 100

struct wg_accept {
	struct evconnlistener *listener;
	struct event *again;
	struct wg_accept *next; /* of all in this process: the listener's own argument is its owner's */
};

static void (*faults_told)(const char *words);
static struct wg_accept *all;

void wg_loop_faults(void (*told)(const char *words))
{
	faults_told = told;
}

static void fault(const char *words)
{
	if (faults_told != NULL)
		faults_told(words);
}

/* Of its words only those of the loop, which speak of descriptors. */
static void filter_log(int severity, const char *words)
{
	static const char *const loop[] = { "Epoll ", "epoll_wait", "epoll_create" };
	for (size_t i = 0; severity >= EVENT_LOG_WARN && i < WG_COUNT(loop); i++)
		if (strncmp(words, loop[i], strlen(loop[i])) == 0)
			fault(words);
}

void wg_loop_silence(void)
{
	event_set_log_callback(filter_log);
}

static void pause_listener(struct wg_accept *a)
{
	const struct timeval in = { .tv_usec = ACCEPT_PAUSE_MS * 1000 };
	if (event_add(a->again, &in) == 0) /* else it goes on as before */
		(void)evconnlistener_disable(a->listener);
}

static void listen_again(evutil_socket_t fd, short what, void *arg)
{
	struct wg_accept *a = arg;
	(void)fd, (void)what; /* the signature is libevent's */
	if (evconnlistener_enable(a->listener) != 0)
		pause_listener(a); /* it cannot be watched now */
}

static void failed(struct evconnlistener *listener, void *arg)
{
	char words[128];
	(void)arg;                                                                                /* its owner's */
	(void)snprintf(words, sizeof words, "a connection cannot be taken: %s", strerror(errno)); /* cut is fine */
	fault(words);
	for (struct wg_accept *a = all; a != NULL; a = a->next)
		if (a->listener == listener)
			pause_listener(a);
}

struct wg_accept *wg_accept_new(struct event_base *base, struct evconnlistener *listener)
{
	struct wg_accept *a = calloc(1, sizeof *a);
	if (a == NULL || (a->again = evtimer_new(base, listen_again, a)) == NULL) {
		free(a);
		return NULL;
	}
	a->listener = listener;
	a->next = all;
	all = a;
	evconnlistener_set_error_cb(listener, failed);
	return a;
}

void wg_accept_freep(struct wg_accept **accept)
{
	struct wg_accept *a = *accept;
	for (struct wg_accept **at = &all; a != NULL && *at != NULL; at = &(*at)->next)
		if (*at == a) {
			*at = a->next;
			break;
		}
	if (a != NULL)
		event_free(a->again);
	free(a);
	*accept = NULL;
}
