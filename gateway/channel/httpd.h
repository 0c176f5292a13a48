/* HTTPS inward: libevent's evhttp over TLS with our own context. Limits on headers, body, connections and total time
 * per request always. */
#ifndef WG_CHANNEL_HTTPD_H
#define WG_CHANNEL_HTTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "crypto/tls.h"

struct event_base;
struct wg_httpd;
struct wg_http_request; /* one request in hand; answered exactly once, now or later */

struct wg_httpd_spec {
	const char *address; /* numeric IPv4 or IPv6 */
	unsigned short port; /* 0: any free port, see wg_httpd_port */
	size_t max_header, max_body;
	/* Bytes of all bodies together that are on their way or in hand, as announced, or as they come where they are
	 * chunked: what does not fit any more is answered 503 with Retry-After, before it is read. 0: no such limit. */
	size_t max_held;
	unsigned max_connections;
	int request_ms; /* total deadline from the first byte of a request to its last */
	int idle_ms;
	bool strangers; /* clients show no certificate: wg_http_client gives empty facts */
	/* Asked before a POST's body is read: words why nothing can be taken now (answered 503 with Retry-After), a
	 * literal; NULL to go on. May be NULL itself. Gets the handler's arg. */
	const char *(*busy)(void *arg);
};

/* Called with each complete request. The handler keeps request until it answers with wg_http_answer. */
typedef void (*wg_http_handler)(void *arg, struct wg_http_request *request);

/* tls is borrowed. Listens at once, serves when the base runs. Silences libevent's own log (wg_loop_silence) and
 * ignores SIGPIPE, for the process. What is not clean HTTP/1.1 with one framing, of GET or POST, and small enough is
 * answered with a problem and never reaches the handler. */
enum wg_code wg_httpd_start(struct event_base *base, const struct wg_httpd_spec *spec, struct ssl_ctx_st *tls,
                            wg_http_handler handler, void *arg, struct wg_httpd **out, struct wg_err *err) WG_MUST;
unsigned short wg_httpd_port(const struct wg_httpd *httpd);
/* Requests still in hand may then only be answered, and the answers go nowhere. Run or free the base afterwards:
 * libevent frees the connections there. */
void wg_httpd_freep(struct wg_httpd **httpd);

/* Facts of a request; borrowed until it is answered. */
const char *wg_http_method(const struct wg_http_request *r); /* "GET", "POST", ... */
const char *wg_http_path(
	const struct wg_http_request *r); /* decoded once, without query; a path with NUL or CTL was refused before */
const char *
wg_http_header(const struct wg_http_request *r,
               const char *name); /* NULL when absent; a header given twice that must be single was refused before */
const uint8_t *wg_http_body(const struct wg_http_request *r, size_t *len);
const struct wg_cert_facts *wg_http_client(const struct wg_http_request *r);
/* The value of a query parameter as it stands there, undecoded, into out. 1: it is there; 0: it is not (out ""); -1: it
 * comes twice, or does not fit. */
int wg_http_query(const struct wg_http_request *r, const char *name, char *out, size_t size);
/* The peer's address, numeric, without port; "" when unknown. */
const char *wg_http_address(const struct wg_http_request *r);

struct wg_http_header {
	const char *name, *value;
};
/* Answers and frees the request. Content-Length is always sent. headers is NULL-name-terminated or NULL. */
void wg_http_answer(struct wg_http_request *r, int status, const char *content_type, const void *body, size_t len,
                    const struct wg_http_header *headers);
/* application/problem+json (RFC 9457): type urn:wardgate:problem:NAME, title, status, detail. A 503 carries
 * Retry-After.
 */
void wg_http_problem(struct wg_http_request *r, int status, const char *name, const char *title, const char *detail);

/* The same with further members: `more` is JSON text that begins with a comma, or "". */
void wg_http_problem_more(struct wg_http_request *r, int status, const char *name, const char *title,
                          const char *detail, const char *more, const struct wg_http_header *headers);

#endif
