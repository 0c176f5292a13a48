/* httpd_request.c owns one request: which shapes are taken at all, its facts, and its one answer.
 * SECURITY: meets the headers and bodies of clients that were admitted; they may still be broken or hostile. */
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/keyvalq_struct.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/httpd_internal.h"

/* Headers that say how a message is framed or what it means: twice would be two meanings. */
static const char *const single[] = {
	"host",       "content-length", "content-type",   "content-encoding", "transfer-encoding",
	"connection", "expect",         "idempotency-key"
};

static size_t count_header(struct evhttp_request *evreq, const char *name)
{
	size_t count = 0;
	for (const struct evkeyval *h = evhttp_request_get_input_headers(evreq)->tqh_first; h != NULL; h = h->next.tqe_next)
		if (evutil_ascii_strcasecmp(h->key, name) == 0)
			count++;
	return count;
}

static const char *find_header(struct evhttp_request *evreq, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(evreq), name);
}

static bool all_digits(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s < '0' || *s > '9')
			return false;
	return true;
}

/* RFC 9112 section 6: exactly one way of saying how long the body is. Returns the status to refuse with, or 0. */
static int check_framing(struct evhttp_request *evreq, const char **why)
{
	const char *length = find_header(evreq, "content-length"), *coding = find_header(evreq, "transfer-encoding");
	bool post = evhttp_request_get_command(evreq) == EVHTTP_REQ_POST;
	*why = "content-length and transfer-encoding exclude each other";
	if (length != NULL && coding != NULL)
		return 400;
	*why = "content-length is not a number";
	if (length != NULL && !all_digits(length))
		return 400;
	*why = "transfer-encoding is not chunked";
	if (coding != NULL && evutil_ascii_strcasecmp(coding, "chunked") != 0)
		return 400;
	*why = "a GET has no body";
	if (!post && (coding != NULL || (length != NULL && strcmp(length, "0") != 0)))
		return 400;
	*why = "say how long the body is";
	if (post && length == NULL && coding == NULL)
		return 411;
	return 0;
}

/* The path, decoded once. NULL when it holds what a path may not. */
static char *decode_path(struct evhttp_request *evreq)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(evreq);
	const char *raw = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	/* "//host/path" and "http://host/path" name a host of their own */
	if (raw == NULL || raw[0] != '/' || evhttp_uri_get_host(uri) != NULL || evhttp_uri_get_scheme(uri) != NULL)
		return NULL;
	size_t len = 0;
	char *path = evhttp_uridecode(raw, 0, &len);
	bool fine = path != NULL && strlen(path) == len && wg_utf8_valid(path, len);
	for (size_t i = 0; fine && i < len; i++)
		fine = (unsigned char)path[i] >= 0x20 && path[i] != 0x7f;
	if (!fine) {
		free(path);
		path = NULL;
	}
	return path;
}

/* Returns the status to refuse with, or 0. */
static int check_request(struct wg_http_request *r, const char **why)
{
	*why = "the header is not clean HTTP/1.1 (folded or unfinished lines, blanks in names, control characters)";
	if (r->conn->guard.bad)
		return 400;
	*why = "a header that may come only once came twice";
	for (size_t i = 0; i < WG_COUNT(single); i++)
		if (count_header(r->evreq, single[i]) > 1)
			return 400;
	*why = "the host header is missing";
	if (find_header(r->evreq, "host") == NULL)
		return 400;
	int status = check_framing(r->evreq, why);
	if (status != 0)
		return status;
	*why = "the path cannot be read";
	r->path = decode_path(r->evreq);
	return r->path != NULL ? 0 : 400;
}

/* The client's certificate does not change within a connection. */
static bool know_client(struct wg_httpd_conn *conn)
{
	if (!conn->known)
		conn->known = wg_tls_peer(bufferevent_openssl_get_ssl(conn->bev), &conn->client, NULL) == WG_OK;
	return conn->known;
}

/* Something that is not ours, or too many: no answer, the socket just ends. */
static void refuse_silently(struct evhttp_request *evreq, struct wg_httpd_conn *conn)
{
	if (conn != NULL) {
		wg_httpd_conn_drop(conn);
	} else {
		struct evhttp_connection *evcon = evhttp_request_get_connection(evreq);
		struct bufferevent *bev = evcon != NULL ? evhttp_connection_get_bufferevent(evcon) : NULL;
		if (bev != NULL)
			(void)shutdown(bufferevent_getfd(bev), SHUT_RDWR); /* fails only when the peer was faster */
	}
	evhttp_send_error(evreq, 400, NULL); /* goes nowhere; evhttp wants each request ended */
}

void wg_httpd_request_arrived(struct evhttp_request *evreq, void *arg)
{
	struct wg_httpd *httpd = arg;
	struct wg_httpd_conn *conn = wg_httpd_conn_of(evreq);
	struct wg_http_request *r = conn != NULL && !conn->surplus && know_client(conn) ? calloc(1, sizeof *r) : NULL;
	if (r == NULL) {
		refuse_silently(evreq, conn);
		return;
	}
	wg_httpd_conn_disarm(conn); /* whole; from here the time is ours, not the client's */
	r->conn = conn;
	r->evreq = evreq;
	r->client = conn->client;
	conn->request = r;
	/* bytes behind the request were not watched by the guard: no pipelining */
	r->close = evbuffer_get_length(bufferevent_get_input(conn->bev)) > 0;
	const char *why = "";
	int status = check_request(r, &why);
	if (status == 0) {
		httpd->handler(httpd->arg, r);
		return;
	}
	r->close = true;
	wg_http_problem(r, status, status == 411 ? "length-required" : "bad-request",
	                status == 411 ? "Length required" : "Bad request", why);
}

const char *wg_http_method(const struct wg_http_request *r)
{
	return r->evreq != NULL && evhttp_request_get_command(r->evreq) == EVHTTP_REQ_POST ? "POST" : "GET";
}

const char *wg_http_path(const struct wg_http_request *r)
{
	return r->path;
}

const char *wg_http_header(const struct wg_http_request *r, const char *name)
{
	return r->evreq != NULL ? find_header(r->evreq, name) : NULL;
}

const uint8_t *wg_http_body(const struct wg_http_request *r, size_t *len)
{
	static const uint8_t empty[1];
	struct evbuffer *buffer = r->evreq != NULL ? evhttp_request_get_input_buffer(r->evreq) : NULL;
	size_t n = buffer != NULL ? evbuffer_get_length(buffer) : 0;
	const uint8_t *p = n > 0 ? evbuffer_pullup(buffer, -1) : empty;
	*len = p != NULL ? n : 0;
	return p != NULL ? p : empty;
}

const struct wg_cert_facts *wg_http_client(const struct wg_http_request *r)
{
	return &r->client;
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 507, "Insufficient Storage" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Answer";
}

/* The answer is with the kernel: wait for the next request, but not for ever. */
static void answer_sent(struct evhttp_request *evreq, void *arg)
{
	(void)evreq; /* the signature is libevent's */
	struct wg_httpd_conn *conn = arg;
	if (conn->httpd != NULL)
		wg_httpd_conn_arm(conn, conn->httpd->spec.idle_ms);
}

/* evhttp refuses a header with a line end in it, and then it is left out. */
static void put_header(struct wg_http_request *r, const char *name, const char *value)
{
	(void)evhttp_add_header(evhttp_request_get_output_headers(r->evreq), name, value); /* see above */
}

static void send_answer(struct wg_http_request *r, int status, const char *content_type, const void *body, size_t len,
                        const struct wg_http_header *headers)
{
	char length[24];
	(void)snprintf(length, sizeof length, "%zu", len); /* 20 digits at most */
	struct evbuffer *out = evbuffer_new();
	if (out == NULL || evbuffer_add(out, body != NULL ? body : "", len) != 0) {
		if (out != NULL)
			evbuffer_free(out);
		evhttp_send_error(r->evreq, 503, NULL);
		return;
	}
	if (content_type != NULL)
		put_header(r, "Content-Type", content_type);
	put_header(r, "Content-Length", length);
	put_header(r, "Cache-Control", "no-store");
	if (r->close)
		put_header(r, "Connection", "close");
	for (; headers != NULL && headers->name != NULL; headers++)
		put_header(r, headers->name, headers->value);
	evhttp_request_set_on_complete_cb(r->evreq, answer_sent, r->conn);
	evhttp_send_reply(r->evreq, status, reason(status), out);
	evbuffer_free(out);
}

void wg_http_answer(struct wg_http_request *r, int status, const char *content_type, const void *body, size_t len,
                    const struct wg_http_header *headers)
{
	struct wg_httpd_conn *conn = r->conn;
	if (conn != NULL) {
		conn->request = NULL;
		wg_httpd_guard_reset(&conn->guard);
	}
	if (r->evreq != NULL && conn != NULL && conn->httpd != NULL) {
		wg_httpd_conn_arm(conn, conn->httpd->spec.request_ms); /* a client that does not read its answer */
		send_answer(r, status, content_type, body, len, headers);
	}
	free(r->path);
	free(r);
}

void wg_http_problem(struct wg_http_request *r, int status, const char *name, const char *title, const char *detail)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(4096);
	wg_buf_printf(&body, "{\"type\":\"urn:wardgate:problem:%s\",\"title\":", name);
	wg_buf_put_json(&body, title);
	wg_buf_printf(&body, ",\"status\":%d,\"detail\":", status);
	wg_buf_put_json(&body, detail);
	wg_buf_putc(&body, '}');
	if (body.failed) { /* words longer than any of ours: the status says enough */
		wg_buf_reset(&body);
		wg_buf_puts(&body, "{}");
	}
	wg_http_answer(r, status, "application/problem+json", wg_buf_text(&body), body.len, NULL);
}
