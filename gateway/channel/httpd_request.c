/* httpd_request.c owns one request: which shapes are taken at all, its facts, and its one answer.
 * SECURITY: meets the headers and bodies of clients that were admitted; they may still be broken or hostile. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/httpd_internal.h"

/* A peer that was refused in the middle of its body has so long to read why. */
#define LINGER_MS 5000
/* What a disk or a restart may take, in seconds. */
#define RETRY_AFTER "5"
/* An answer of so many bytes is copied behind its header; more goes as it is. */
#define ONE_PIECE_MAX ((size_t)8192)
/* A list of errors, each some 200 bytes. */
#define PROBLEM_MAX ((size_t)32 * 1024)

static const char *find_header(struct evhttp_request *evreq, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(evreq), name);
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

/* The client's certificate does not change within a connection. */
static bool know_client(struct wg_httpd_conn *conn)
{
	if (!conn->known && conn->httpd->spec.strangers)
		conn->known = true;
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

static void read_address(int fd, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage from = { 0 };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t len = sizeof from;
	out[0] = '\0';
	if (getpeername(fd, (struct sockaddr *)&from, &len) != 0)
		return;
	memcpy(&v4, &from, sizeof v4);
	memcpy(&v6, &from, sizeof v6);
	const void *address = from.ss_family == AF_INET6 ? (const void *)&v6.sin6_addr : (const void *)&v4.sin_addr;
	if (inet_ntop(from.ss_family, address, out, INET6_ADDRSTRLEN) == NULL)
		out[0] = '\0';
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
	read_address(bufferevent_getfd(conn->bev), r->address);
	conn->request = r;
	/* bytes behind the request were not watched by the guard: no pipelining */
	r->close = evbuffer_get_length(bufferevent_get_input(conn->bev)) > 0;
	struct wg_httpd_refusal refusal = conn->refusal;
	if (refusal.status == 0 && (r->path = decode_path(evreq)) == NULL) {
		refusal = (struct wg_httpd_refusal){ 400, "bad-request", "Bad request", "the path cannot be read" };
		r->close = true;
	}
	if (refusal.status == 0) {
		httpd->handler(httpd->arg, r);
		return;
	}
	conn->refusal = (struct wg_httpd_refusal){ 0 };
	r->linger = conn->linger;
	wg_http_problem(r, refusal.status, refusal.name, refusal.title, refusal.why);
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

int wg_http_query(const struct wg_http_request *r, const char *name, char *out, size_t size)
{
	const struct evhttp_uri *uri = r->evreq != NULL ? evhttp_request_get_evhttp_uri(r->evreq) : NULL;
	const char *p = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
	size_t len = strlen(name);
	int found = 0;
	out[0] = '\0';
	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, "&");
		if (n > len && p[len] == '=' && strncmp(p, name, len) == 0) {
			if (found++ > 0 || n - len - 1 >= size)
				return -1;
			memcpy(out, p + len + 1, n - len - 1);
			out[n - len - 1] = '\0';
		}
		p += n + (p[n] == '&');
	}
	return found;
}

const char *wg_http_address(const struct wg_http_request *r)
{
	return r->address;
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
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 507, "Insufficient Storage" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Answer";
}

/* The answer is with the kernel: wait for the next request, or for the peer to have read it, but not for ever. */
static void answer_sent(struct evhttp_request *evreq, void *arg)
{
	(void)evreq; /* the signature is libevent's */
	struct wg_httpd_conn *conn = arg;
	if (conn->httpd == NULL)
		return;
	if (conn->linger)
		(void)shutdown(bufferevent_getfd(conn->bev), SHUT_WR); /* fails only when the peer was faster */
	int wait = conn->httpd->spec.idle_ms;
	wg_httpd_conn_arm(conn, conn->linger && wait > LINGER_MS ? LINGER_MS : wait);
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
	/* who lingers closes later, by itself: evhttp would reset a peer that still sends, and it would not read why */
	if (r->close || r->linger)
		put_header(r, "Connection", r->linger ? "close, close" : "close");
	for (; headers != NULL && headers->name != NULL; headers++)
		put_header(r, headers->name, headers->value);
	evhttp_request_set_on_complete_cb(r->evreq, answer_sent, r->conn);
	struct evbuffer *whole = bufferevent_get_output(r->conn->bev);
	evhttp_send_reply(r->evreq, status, reason(status), out);
	evbuffer_free(out);
	/* header and body lie there in two pieces, and each would be a record, a packet and a system call of its own */
	if (len <= ONE_PIECE_MAX)
		(void)evbuffer_pullup(whole, -1); /* without memory for that they go as they are */
}

void wg_http_answer(struct wg_http_request *r, int status, const char *content_type, const void *body, size_t len,
                    const struct wg_http_header *headers)
{
	struct wg_httpd_conn *conn = r->conn;
	if (conn != NULL) {
		conn->request = NULL;
		wg_httpd_conn_release(conn);
		wg_httpd_guard_reset(&conn->guard);
		conn->chunks = (struct wg_httpd_chunks){ 0 };
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
	static const struct wg_http_header wait[] = { { "Retry-After", RETRY_AFTER }, { NULL, NULL } };
	wg_http_problem_more(r, status, name, title, detail, "", status == 503 || status == 429 ? wait : NULL);
}

void wg_http_problem_more(struct wg_http_request *r, int status, const char *name, const char *title,
                          const char *detail, const char *more, const struct wg_http_header *headers)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(PROBLEM_MAX);
	wg_buf_printf(&body, "{\"type\":\"urn:wardgate:problem:%s\",\"title\":", name);
	wg_buf_put_json(&body, title);
	wg_buf_printf(&body, ",\"status\":%d,\"detail\":", status);
	wg_buf_put_json(&body, detail);
	wg_buf_puts(&body, more);
	wg_buf_putc(&body, '}');
	if (body.failed) { /* words longer than any of ours: the status says enough */
		wg_buf_reset(&body);
		wg_buf_puts(&body, "{}");
	}
	wg_http_answer(r, status, "application/problem+json", wg_buf_text(&body), body.len, headers);
}
