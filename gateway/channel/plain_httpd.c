/* plain_httpd.c owns the server of metrics and health: one GET for each connection, and no more of HTTP than that.
 * SECURITY: whoever reaches the address speaks to it: bounded in connections, bytes and time, so that nobody takes the
 * descriptors that the monitor itself works with. */
#include "channel/plain_httpd.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "channel/loop.h"
#include "sys/listen.h"

/* A scraper sends a few headers and no body. */
#define HEADERS_MAX ((size_t)8192)
/* From the first byte of a request to the last of its answer. */
#define TIMEOUT_S 10
#define BACKLOG 16
/* The group may be the scraper's. */
#define SOCKET_MODE 0660
/* Scrapers, and people who look. */
#define CONNECTIONS_MAX 32
/* A gateway with a thousand recipients says some 400 bytes of each. */
#define BODY_MAX ((size_t)4 * 1024 * 1024)

struct connection {
	struct wg_plain_httpd *httpd;
	struct connection *next, **link;
	struct bufferevent *bev;
	struct event *timer;
	bool answered; /* it ends when all is written */
};

struct wg_plain_httpd {
	struct event_base *base;
	struct evconnlistener *listener;
	struct wg_accept *accept;
	struct connection *connections;
	unsigned count;
	wg_plain_handler handler;
	void *arg;
	char socket[sizeof((struct sockaddr_un *)0)->sun_path]; /* removed at the end; "" for an address */
};

/* ---- connections */

static void end(struct connection *c)
{
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	if (c->timer != NULL)
		event_free(c->timer);
	if (c->link != NULL) {
		*c->link = c->next;
		if (c->next != NULL)
			c->next->link = c->link;
		c->httpd->count--;
	}
	free(c);
}

static void put(struct connection *c, int status, const char *type, const struct wg_buf *body)
{
	const char *reason = status == 200   ? "OK"
	                     : status == 400 ? "Bad Request"
	                     : status == 404 ? "Not Found"
	                     : status == 501 ? "Not Implemented"
	                                     : "Service Unavailable";
	struct evbuffer *out = bufferevent_get_output(c->bev);
	bool written = evbuffer_add_printf(out,
	                                   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	                                   "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	                                   status, reason, type, body->len) > 0 &&
	               evbuffer_add(out, wg_buf_text(body), body->len) == 0;
	c->answered = true;
	if (!written)
		end(c);
}

/* "GET /path?query HTTP/1.1": the path ends up in line; 0, or the status that says what is wrong. */
static int read_line(char *line, size_t len)
{
	char *path = strchr(line, ' '), *version = path != NULL ? strchr(path + 1, ' ') : NULL;
	if (strlen(line) != len || version == NULL || path[1] != '/' || strncmp(version, " HTTP/1.", 8) != 0)
		return 400;
	if (strncmp(line, "GET ", 4) != 0)
		return 501;
	*version = '\0';
	path[1 + strcspn(path + 1, "?")] = '\0';
	memmove(line, path + 1, strlen(path + 1) + 1);
	return 0;
}

static void answer(struct connection *c, char *line, size_t len)
{
	const struct wg_plain_httpd *h = c->httpd;
	WG_AUTO_BUF struct wg_buf body = WG_BUF(BODY_MAX);
	const char *type = "text/plain; charset=utf-8";
	int status = read_line(line, len);
	if (status == 0)
		status = h->handler(h->arg, line, &body, &type);
	if (body.failed) {
		wg_buf_reset(&body);
		status = 503;
	}
	put(c, status, type, &body);
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t held = evbuffer_get_length(in), len = 0;
	if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0) {
		if (held >= HEADERS_MAX)
			end(c);
		return;
	}
	(void)bufferevent_disable(bev, EV_READ); /* what follows is not wanted */
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF_STRICT);
	if (line != NULL)
		answer(c, line, len);
	else
		end(c);
	free(line);
}

static void written(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;
	(void)bev; /* the signature is libevent's */
	if (c->answered)
		end(c);
}

static void event_came(struct bufferevent *bev, short what, void *arg)
{
	(void)bev; /* the signature is libevent's */
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		end(arg);
}

static void out_of_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what; /* the signature is libevent's */
	end(arg);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct wg_plain_httpd *h = arg;
	const struct timeval in = { .tv_sec = TIMEOUT_S };
	(void)listener, (void)from, (void)len; /* the signature is libevent's */
	struct connection *c = h->count < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
	if (c == NULL) {
		(void)close(fd); /* it was only accepted */
		return;
	}
	c->httpd = h;
	c->bev = bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(h->base, out_of_time, c);
	if (c->bev == NULL || c->timer == NULL || event_add(c->timer, &in) != 0) {
		if (c->bev == NULL)
			(void)close(fd); /* as above */
		end(c);
		return;
	}
	c->next = h->connections;
	c->link = &h->connections;
	if (c->next != NULL)
		c->next->link = &c->next;
	h->connections = c;
	h->count++;
	bufferevent_setcb(c->bev, readable, written, event_came, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, HEADERS_MAX);
	if (bufferevent_enable(c->bev, EV_READ | EV_WRITE) != 0)
		end(c);
}

/* ---- listening */

#define LISTEN (LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE)

static enum wg_code listen_unix(struct wg_plain_httpd *h, const char *path, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = -1;
	enum wg_code code = wg_listen_unix(path, SOCKET_MODE, BACKLOG, &fd, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(h->socket, sizeof h->socket, "%s", path); /* fits: it was listened on */
	h->listener = evconnlistener_new(h->base, accepted, h, LISTEN, 0, fd);
	if (h->listener == NULL)
		return wg_err_set(err, WG_SYSTEM, "monitor socket %s: no memory", path);
	fd = -1; /* the listener owns it */
	return WG_OK;
}

static enum wg_code listen_address(struct wg_plain_httpd *h, const char *address, unsigned short port,
                                   struct wg_err *err)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		                            .ai_socktype = SOCK_STREAM };
	struct addrinfo *at = NULL;
	char service[8];
	(void)snprintf(service, sizeof service, "%u", (unsigned)port); /* fits */
	if (getaddrinfo(address, service, &hints, &at) != 0)
		return wg_err_set(err, WG_CONFIG, "monitor: \"%s\" is not a numeric address to listen on", address);
	errno = 0;
	h->listener = evconnlistener_new_bind(h->base, accepted, h, LISTEN, BACKLOG, at->ai_addr, (int)at->ai_addrlen);
	freeaddrinfo(at);
	if (h->listener == NULL)
		return wg_err_errno(err, "monitor %s port %u: cannot listen there", address, (unsigned)port);
	return WG_OK;
}

enum wg_code wg_plain_httpd_start(struct event_base *base, const char *path, const char *address, unsigned short port,
                                  wg_plain_handler handler, void *arg, struct wg_plain_httpd **out, struct wg_err *err)
{
	WG_CLEANUP(wg_plain_httpd_freep) struct wg_plain_httpd *h = calloc(1, sizeof *h);
	if (h == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the monitor's server");
	h->base = base;
	h->handler = handler;
	h->arg = arg;
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail for SIGPIPE; a peer that hangs up must not end the process */
	enum wg_code code = path != NULL ? listen_unix(h, path, err) : listen_address(h, address, port, err);
	if (code == WG_OK && (h->accept = wg_accept_new(base, h->listener)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a listener");
	wg_loop_silence();
	if (code == WG_OK)
		*out = wg_steal(&h);
	return code;
}

void wg_plain_httpd_freep(struct wg_plain_httpd **httpd)
{
	struct wg_plain_httpd *h = *httpd;
	if (h == NULL)
		return;
	wg_accept_freep(&h->accept);
	if (h->listener != NULL)
		evconnlistener_free(h->listener);
	for (struct connection *c = h->connections, *next; c != NULL; c = next) {
		next = c->next;
		end(c);
	}
	if (h->socket[0] != '\0')
		(void)unlink(h->socket); /* the next start finds it stale otherwise */
	free(h);
	*httpd = NULL;
}
