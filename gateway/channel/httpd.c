/* httpd.c owns the listener and the connections: libevent's evhttp over our own TLS contexts, with deadlines and a
 * limit on their number. What a request may look like is in httpd_request.c and httpd_guard.c. SECURITY: meets
 * strangers; nothing of a request is read before the TLS handshake admitted its client. */
#include "channel/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "channel/httpd_internal.h"
#include "channel/loop.h"

#define LISTEN_BACKLOG 128
/* libevent's own timeout, which restarts with every byte, must never come before our total deadlines. */
#define EVHTTP_TIMEOUT_S 3600

static int conn_slot = -1;

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what; /* the signature is libevent's */
	wg_httpd_conn_drop(arg);
}

void wg_httpd_conn_arm(struct wg_httpd_conn *conn, int ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
	if (event_add(conn->timer, &in) != 0)
		wg_httpd_conn_drop(conn); /* no deadline, no connection */
}

void wg_httpd_conn_disarm(struct wg_httpd_conn *conn)
{
	(void)event_del(conn->timer); /* cannot fail for an event that was made */
}

void wg_httpd_conn_drop(struct wg_httpd_conn *conn)
{
	evutil_socket_t fd = bufferevent_getfd(conn->bev);
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR); /* fails only when the peer was faster */
}

bool wg_httpd_conn_hold(struct wg_httpd_conn *conn, uint64_t len)
{
	struct wg_httpd *h = conn->httpd;
	if (h->spec.max_held != 0 && len > h->spec.max_held - h->held)
		return false;
	conn->held += (size_t)len; /* at most max_body, which is one */
	h->held += (size_t)len;
	return true;
}

void wg_httpd_conn_release(struct wg_httpd_conn *conn)
{
	if (conn->httpd != NULL)
		conn->httpd->held -= conn->held;
	conn->held = 0;
}

/* The listener and the count forget the connection; its memory stays with the SSL. */
static void conn_unlink(struct wg_httpd_conn *conn)
{
	if (conn->timer != NULL)
		event_free(conn->timer);
	conn->timer = NULL;
	if (conn->httpd == NULL)
		return;
	wg_httpd_conn_release(conn);
	conn->httpd->connections--;
	*conn->link = conn->next;
	if (conn->next != NULL)
		conn->next->link = conn->link;
	conn->httpd = NULL;
}

static void conn_end(struct wg_httpd_conn *conn)
{
	if (conn->head != NULL)
		evbuffer_free(conn->head);
	free(conn);
}

/* Called by OpenSSL when the SSL ends. */
static void conn_free(void *parent, void *data, CRYPTO_EX_DATA *ex, int index, long argl, void *argp)
{
	(void)parent, (void)ex, (void)index, (void)argl, (void)argp; /* the signature is OpenSSL's */
	struct wg_httpd_conn *conn = data;
	if (conn == NULL)
		return;
	if (conn->request != NULL) {
		conn->request->evreq = NULL;
		conn->request->conn = NULL;
	}
	conn_unlink(conn);
	conn_end(conn);
}

static struct wg_httpd_conn *conn_make(struct wg_httpd *httpd)
{
	struct wg_httpd_conn *conn = calloc(1, sizeof *conn);
	if (conn == NULL)
		return NULL;
	conn->timer = evtimer_new(httpd->base, timer_fired, conn);
	conn->head = evbuffer_new();
	if (conn->timer == NULL || conn->head == NULL) {
		if (conn->timer != NULL)
			event_free(conn->timer);
		conn_end(conn);
		return NULL;
	}
	conn->httpd = httpd;
	conn->next = httpd->conns;
	conn->link = &httpd->conns;
	if (conn->next != NULL)
		conn->next->link = &conn->next;
	httpd->conns = conn;
	conn->surplus = ++httpd->connections > httpd->spec.max_connections;
	return conn;
}

/* evhttp asks for the bufferevent of a connection that it accepted. With NULL it would go on in the clear; the request
 * then finds no conn and is dropped unanswered (wg_httpd_conn_of). */
static struct bufferevent *conn_accept(struct event_base *base, void *arg)
{
	struct wg_httpd *httpd = arg;
	SSL *ssl = SSL_new(httpd->tls);
	struct wg_httpd_conn *conn = ssl != NULL ? conn_make(httpd) : NULL;
	if (conn == NULL) {
		SSL_free(ssl);
		return NULL;
	}
	if (SSL_set_ex_data(ssl, conn_slot, conn) != 1) {
		conn_unlink(conn);
		conn_end(conn);
		SSL_free(ssl);
		return NULL;
	}
	conn->bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (conn->bev == NULL || evbuffer_add_cb(bufferevent_get_input(conn->bev), wg_httpd_bytes_came, conn) == NULL) {
		if (conn->bev != NULL)
			bufferevent_free(conn->bev);
		else
			SSL_free(ssl);
		return NULL;
	}
	/* the handshake counts as the request's first byte; one connection too many is shut as soon as the loop runs */
	wg_httpd_conn_arm(conn, conn->surplus ? 0 : httpd->spec.request_ms);
	return conn->bev;
}

struct wg_httpd_conn *wg_httpd_conn_of(struct evhttp_request *evreq)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(evreq);
	struct bufferevent *bev = evcon != NULL ? evhttp_connection_get_bufferevent(evcon) : NULL;
	SSL *ssl = bev != NULL ? bufferevent_openssl_get_ssl(bev) : NULL;
	return ssl != NULL ? SSL_get_ex_data(ssl, conn_slot) : NULL;
}

/* Numeric addresses only: a name would ask the resolver, which this process may not reach. */
static enum wg_code read_address(const struct wg_httpd_spec *spec, struct sockaddr_storage *out, socklen_t *len,
                                 struct wg_err *err)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(spec->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(spec->port) };
	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, spec->address, &v4.sin_addr) == 1) {
		memcpy(out, &v4, sizeof v4);
		*len = sizeof v4;
	} else if (inet_pton(AF_INET6, spec->address, &v6.sin6_addr) == 1) {
		memcpy(out, &v6, sizeof v6);
		*len = sizeof v6;
	} else {
		return wg_err_set(err, WG_CONFIG, "\"%s\" is not a numeric address to listen on", spec->address);
	}
	return WG_OK;
}

static enum wg_code open_socket(const struct wg_httpd_spec *spec, int *out, unsigned short *port, struct wg_err *err)
{
	struct sockaddr_storage address;
	socklen_t len;
	enum wg_code code = read_address(spec, &address, &len, err);
	if (code != WG_OK)
		return code;
	const int yes = 1;
	WG_AUTO_CLOSE int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* without TCP_NODELAY, which accepted sockets inherit, answers wait for the peer's delayed acknowledgement */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
	    bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return wg_err_errno(err, "listening on %s port %u", spec->address, (unsigned)spec->port);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	memcpy(&v4, &address, sizeof v4);
	memcpy(&v6, &address, sizeof v6);
	*port = ntohs(address.ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
	*out = fd;
	fd = -1; /* the caller's now */
	return WG_OK;
}

static void set_limits(struct wg_httpd *httpd)
{
	evhttp_set_max_headers_size(httpd->http, (ev_ssize_t)httpd->spec.max_header);
	evhttp_set_max_body_size(httpd->http, (ev_ssize_t)httpd->spec.max_body);
	evhttp_set_allowed_methods(httpd->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_timeout(httpd->http, EVHTTP_TIMEOUT_S);
	/* a client that still sends a body we refused gets to read why; our deadline bounds the wait */
	(void)evhttp_set_flags(httpd->http, EVHTTP_SERVER_LINGERING_CLOSE); /* fails only for unknown flags */
	evhttp_set_bevcb(httpd->http, conn_accept, httpd);
	evhttp_set_gencb(httpd->http, wg_httpd_request_arrived, httpd);
}

static enum wg_code start_listening(struct wg_httpd *httpd, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = -1;
	enum wg_code code = open_socket(&httpd->spec, &fd, &httpd->port, err);
	if (code != WG_OK)
		return code;
	struct evconnlistener *listener =
		evconnlistener_new(httpd->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (listener == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a listener");
	fd = -1; /* the listener owns it */
	if ((httpd->accept = wg_accept_new(httpd->base, listener)) == NULL ||
	    evhttp_bind_listener(httpd->http, listener) == NULL) {
		wg_accept_freep(&httpd->accept);
		evconnlistener_free(listener);
		return wg_err_set(err, WG_SYSTEM, "no memory for a listener");
	}
	return WG_OK;
}

enum wg_code wg_httpd_start(struct event_base *base, const struct wg_httpd_spec *spec, struct ssl_ctx_st *tls,
                            wg_http_handler handler, void *arg, struct wg_httpd **out, struct wg_err *err)
{
	if (conn_slot < 0)
		conn_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, conn_free);
	WG_CLEANUP(wg_httpd_freep) struct wg_httpd *httpd = calloc(1, sizeof *httpd);
	if (conn_slot < 0 || httpd == NULL || (httpd->http = evhttp_new(base)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for an HTTP server");
	httpd->base = base;
	httpd->tls = tls;
	httpd->spec = *spec;
	httpd->handler = handler;
	httpd->arg = arg;
	wg_loop_silence();
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail for SIGPIPE; a peer that hangs up must not end the process */
	set_limits(httpd);
	enum wg_code code = start_listening(httpd, err);
	httpd->spec.address = NULL; /* the caller's memory */
	if (code == WG_OK)
		*out = wg_steal(&httpd);
	return code;
}

unsigned short wg_httpd_port(const struct wg_httpd *httpd)
{
	return httpd->port;
}

void wg_httpd_freep(struct wg_httpd **httpd)
{
	struct wg_httpd *h = *httpd;
	if (h == NULL)
		return;
	/* evhttp frees its requests now, but the SSLs, and with them the conns, only when the loop runs again */
	for (struct wg_httpd_conn *conn = h->conns; conn != NULL; conn = conn->next)
		if (conn->request != NULL)
			conn->request->evreq = NULL;
	wg_accept_freep(&h->accept);
	if (h->http != NULL)
		evhttp_free(h->http);
	while (h->conns != NULL)
		conn_unlink(h->conns);
	free(h);
	*httpd = NULL;
}
