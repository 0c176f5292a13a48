/* httpd_hold.c owns the bytes of a request until its header is whole: then evhttp may have it, or it is refused before
 * anything is read of its body. Of a chunked body it owns what is let through to evhttp. SECURITY: meets strangers'
 * bytes first; what is held is bounded by the header's maximum. */
#include <event2/buffer.h>
#include <string.h>

#include "channel/httpd_internal.h"

/* In the place of a request that is refused: wg_httpd_request_arrived answers it with the refusal. */
static const char stand_in[] = "GET / HTTP/1.1\r\nHost: refused\r\n\r\n";

#define NO_ROOM \
	"The gateway has as much in hand as it can hold. Nothing was accepted: send the same request again later."

/* A body of unknown length, or one that the client may keep back. */
#define SWALLOW_ALL UINT64_MAX

static void drop_front(struct wg_httpd_conn *conn, struct evbuffer *buffer)
{
	size_t len = evbuffer_get_length(buffer);
	size_t n = conn->swallow < len ? (size_t)conn->swallow : len;
	(void)evbuffer_drain(buffer, n); /* n is there */
	if (conn->swallow != SWALLOW_ALL)
		conn->swallow -= n;
}

/* Looks at what came until the header ends; true when it did, *taken: how much of len belongs to it. */
static bool watch(struct wg_httpd_conn *conn, const uint8_t *p, size_t len, size_t *taken)
{
	for (*taken = 0; *taken < len && !conn->guard.ended; ++*taken)
		wg_httpd_guard_feed(&conn->guard, p + *taken, 1);
	return conn->guard.ended;
}

static struct wg_httpd_refusal judge(struct wg_httpd_conn *conn, size_t header, struct wg_httpd_head *head)
{
	struct wg_httpd_refusal refusal = { 0 };
	const struct wg_httpd_spec *spec = &conn->httpd->spec;
	const unsigned char *text = evbuffer_pullup(conn->head, (ev_ssize_t)header);
	*head = (struct wg_httpd_head){ .chunked = true };
	if (text == NULL)
		return (struct wg_httpd_refusal){ 503, "not-now", "Not now", "There is no memory for this request." };
	if (conn->guard.bad)
		return (struct wg_httpd_refusal){
			400, "bad-request", "Bad request",
			"the header is not clean HTTP/1.1 (folded or unfinished lines, blanks in names, control characters)"
		};
	wg_httpd_head_read((const char *)text, header, spec->max_body, head, &refusal);
	const char *busy = refusal.status == 0 && head->post && spec->busy != NULL ? spec->busy(conn->httpd->arg) : NULL;
	if (busy != NULL)
		refusal = (struct wg_httpd_refusal){ 503, "not-now", "The gateway cannot take this now", busy };
	else if (refusal.status == 0 && !head->chunked && !wg_httpd_conn_hold(conn, head->body))
		refusal = (struct wg_httpd_refusal){ 503, "not-now", "The gateway cannot take this now", NO_ROOM };
	return refusal;
}

/* What is behind a refused header is not wanted: what is here goes now, the rest as it comes. */
static void refuse(struct wg_httpd_conn *conn, struct evbuffer *input, const struct wg_httpd_head *head, size_t header)
{
	conn->swallow = head->chunked || (head->expects && head->body > 0) ? SWALLOW_ALL : head->body;
	/* a body that is larger than any we take is not waited for to its end */
	if (conn->refusal.status == 413)
		conn->swallow = SWALLOW_ALL;
	conn->linger = conn->swallow == SWALLOW_ALL;
	(void)evbuffer_drain(conn->head, header); /* it is there */
	drop_front(conn, conn->head);
	if (evbuffer_get_length(conn->head) > 0) { /* a request behind it that nobody watched */
		conn->swallow = SWALLOW_ALL;
		conn->linger = true;
		(void)evbuffer_drain(conn->head, evbuffer_get_length(conn->head)); /* as above */
	}
	if (evbuffer_add(input, stand_in, sizeof stand_in - 1) != 0)
		wg_httpd_conn_drop(conn);
}

/* ---- chunked bodies */

/* evhttp has seen nothing but whole chunks: it takes the request for whole, and the refusal answers it. */
static bool refuse_body(struct wg_httpd_conn *conn, struct evbuffer *input, bool room)
{
	static const struct wg_httpd_refusal bad = { 400, "bad-request", "Bad request",
		                                         "the body is not made of chunks as RFC 9112 section 7.1 has them" },
										 large = { 413, "too-large", "The document is too large",
		                                           "More of it came than is taken. Send less, or in parts." },
										 full = { 503, "not-now", "The gateway cannot take this now", NO_ROOM };
	conn->refusal = !room ? full : conn->chunks.state == WG_CHUNKED_LARGE ? large : bad;
	conn->chunks.on = false;
	conn->swallow = SWALLOW_ALL;
	conn->linger = true;
	return evbuffer_add(input, "0\r\n\r\n", 5) == 0;
}

static bool let_piece(struct evbuffer *input, const uint8_t *piece, size_t len)
{
	return len == 0 || (evbuffer_add_printf(input, "%zx\r\n", len) > 0 && evbuffer_add(input, piece, len) == 0 &&
	                    evbuffer_add(input, "\r\n", 2) == 0);
}

/* What stands in conn->head is of a chunked body: its pieces go to evhttp, in chunks of our own, without extensions and
 * trailers, which would become headers. What is behind its end goes as it is; the request is the connection's last. */
static void read_chunks(struct wg_httpd_conn *conn, struct evbuffer *input)
{
	size_t len = evbuffer_get_length(conn->head), at = 0;
	const uint8_t *p = evbuffer_pullup(conn->head, -1), *piece;
	bool fine = len == 0 || p != NULL, room = true;
	while (fine && room && at < len && conn->chunks.on) {
		size_t used, n;
		(void)wg_httpd_chunks_next(&conn->chunks, p + at, len - at, &used, &piece, &n); /* kept in the state */
		at += used;
		room = wg_httpd_conn_hold(conn, n);
		fine = !room || let_piece(input, piece, n);
	}
	if (fine && !room)
		fine = refuse_body(conn, input, false);
	else if (fine && conn->chunks.state == WG_CHUNKED_END)
		fine = evbuffer_add(input, "0\r\n\r\n", 5) == 0 && evbuffer_add(input, p + at, len - at) == 0;
	else if (fine && conn->chunks.state != WG_CHUNKED_MORE)
		fine = refuse_body(conn, input, true);
	(void)evbuffer_drain(conn->head, len); /* it is there */
	if (!fine)
		wg_httpd_conn_drop(conn);
}

/* The header to evhttp, and what came of the body behind it. */
static void begin_chunks(struct wg_httpd_conn *conn, struct evbuffer *input, size_t header)
{
	wg_httpd_chunks_begin(&conn->chunks, conn->httpd->spec.max_body);
	if (evbuffer_remove_buffer(conn->head, input, header) != (int)header)
		wg_httpd_conn_drop(conn);
	else
		read_chunks(conn, input);
}

static void header_whole(struct wg_httpd_conn *conn, struct evbuffer *input, size_t header)
{
	struct wg_httpd_head head;
	conn->refusal = judge(conn, header, &head);
	if (conn->refusal.status != 0)
		refuse(conn, input, &head, header);
	else if (head.chunked)
		begin_chunks(conn, input, header);
	else if (evbuffer_add_buffer(input, conn->head) != 0)
		wg_httpd_conn_drop(conn);
}

static void hold(struct wg_httpd_conn *conn, struct evbuffer *input)
{
	size_t before = evbuffer_get_length(conn->head), len = evbuffer_get_length(input), taken = 0;
	const uint8_t *p = evbuffer_pullup(input, -1);
	if (p == NULL) {
		wg_httpd_conn_drop(conn);
		return;
	}
	bool whole = watch(conn, p, len, &taken);
	bool large = before + taken > conn->httpd->spec.max_header;
	if (evbuffer_add_buffer(conn->head, input) != 0) {
		wg_httpd_conn_drop(conn);
	} else if (large) {
		const struct wg_httpd_head unread = { .chunked = true };
		conn->refusal = (struct wg_httpd_refusal){ 431, "header-too-large", "The header is too large",
			                                       "Send fewer or shorter headers." };
		conn->guard.ended = true;
		refuse(conn, input, &unread, before + taken);
	} else if (whole) {
		header_whole(conn, input, before + taken);
	}
}

static void take_new(struct wg_httpd_conn *conn, struct evbuffer *input)
{
	if (conn->swallow > 0)
		drop_front(conn, input);
	if (conn->chunks.on && evbuffer_add_buffer(conn->head, input) == 0)
		read_chunks(conn, input);
	else if (conn->chunks.on)
		wg_httpd_conn_drop(conn);
	else if (!conn->guard.ended && evbuffer_get_length(input) > 0)
		hold(conn, input);
}

void wg_httpd_bytes_came(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct wg_httpd_conn *conn = arg;
	if (info->n_added == 0 || conn->httpd == NULL || conn->moving ||
	    (conn->guard.ended && conn->swallow == 0 && !conn->chunks.on))
		return;
	if (!conn->guard.started && conn->swallow == 0)
		wg_httpd_conn_arm(conn, conn->httpd->spec.request_ms);
	/* what evhttp has not come to read yet stays before what is new: TLS gives several portions in one go */
	size_t old = evbuffer_get_length(buffer) - info->n_added;
	struct evbuffer *before = old > 0 ? evbuffer_new() : NULL;
	conn->moving = true;
	if (old > 0 && (before == NULL || evbuffer_remove_buffer(buffer, before, old) != (int)old))
		wg_httpd_conn_drop(conn);
	else
		take_new(conn, buffer);
	if (before != NULL && evbuffer_prepend_buffer(buffer, before) != 0)
		wg_httpd_conn_drop(conn);
	if (before != NULL)
		evbuffer_free(before);
	conn->moving = false;
}
