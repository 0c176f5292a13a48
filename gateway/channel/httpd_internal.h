/* What httpd.c (connections) and httpd_request.c (requests) share.
 *
 * Invariants:
 * 1. A wg_httpd_conn lives exactly as long as its SSL, whose extra data it is: libevent frees the SSL some time after
 * the connection, and even after the httpd, so conn->httpd may be NULL and the SSL's end is the only end of a conn.
 * 2. conn->request and request->conn point at each other or are both NULL. request->evreq is NULL once the connection
 * has gone: the handler may answer all the same, and the answer goes nowhere.
 * 3. At most one timer per conn: first the handshake, then the request, then the answer, then the next request. When it
 * fires the socket is shut down, and libevent finds the end of the stream by itself.
 * 4. Bytes of a request's header are in head until the header is whole; evhttp gets it in one piece, or, when it is
 * refused, a small request of our own instead, which the refusal answers. Bytes of a body go straight to evhttp, those
 * of a chunked one in chunks that were read and written anew: when it turns out to be bad or too large, evhttp is told
 * that it ends there, and the refusal answers what it then takes for a request. */
#ifndef WG_CHANNEL_HTTPD_INTERNAL_H
#define WG_CHANNEL_HTTPD_INTERNAL_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "channel/httpd.h"
#include "channel/httpd_chunk.h"
#include "channel/httpd_guard.h"
#include "channel/httpd_head.h"

struct wg_httpd_conn {
	struct wg_httpd *httpd;
	struct wg_httpd_conn *next, **link; /* the list of httpd; link is where the pointer to us stands */
	struct bufferevent *bev;
	struct event *timer;
	struct wg_http_request *request;
	struct wg_httpd_guard guard;
	struct evbuffer *head;           /* of a header that is not whole yet; of a chunked body, what just came */
	struct wg_httpd_chunks chunks;   /* of the request in hand */
	struct wg_httpd_refusal refusal; /* of the request in hand; status 0: none */
	size_t held;                     /* of the body in hand; its part of httpd->held */
	uint64_t swallow;                /* bytes of a body that nobody wants: dropped as they come */
	bool linger;                     /* refused in the middle: swallows what comes until the peer has read why */
	bool moving;                     /* the input is being changed by ourselves */
	bool surplus;                    /* one connection too many: never served */
	bool known;                      /* client is filled in */
	struct wg_cert_facts client;
};

struct wg_http_request {
	struct wg_httpd_conn *conn;
	struct evhttp_request *evreq;
	char *path;
	bool close;                  /* the connection ends with this answer */
	bool linger;                 /* it ends when the peer has read this answer */
	char address[46];            /* of the peer, numeric (INET6_ADDRSTRLEN); "" when unknown */
	struct wg_cert_facts client; /* a copy: the handler may look at it after the connection has gone */
};

struct wg_httpd {
	struct evhttp *http;
	struct event_base *base;
	struct ssl_ctx_st *tls;
	struct wg_httpd_spec spec;
	unsigned short port;
	unsigned connections;
	size_t held; /* never more than spec.max_held, unless that is 0 */
	struct wg_httpd_conn *conns;
	wg_http_handler handler;
	void *arg;
	struct wg_accept *accept;
};

/* The connection behind an evhttp request; NULL when it is not one of ours over TLS. */
struct wg_httpd_conn *wg_httpd_conn_of(struct evhttp_request *evreq);
void wg_httpd_conn_arm(struct wg_httpd_conn *conn, int ms);
void wg_httpd_conn_disarm(struct wg_httpd_conn *conn);
void wg_httpd_conn_drop(struct wg_httpd_conn *conn);
/* Room for len more bytes of the body in hand; false when there is none. */
bool wg_httpd_conn_hold(struct wg_httpd_conn *conn, uint64_t len);
/* The request in hand was answered, or has gone. */
void wg_httpd_conn_release(struct wg_httpd_conn *conn);

/* The evbuffer callback of a connection's input: every byte that TLS delivered, before evhttp sees it. */
void wg_httpd_bytes_came(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg);

/* evhttp's callback for every request; arg is the httpd. */
void wg_httpd_request_arrived(struct evhttp_request *evreq, void *arg);

#endif
