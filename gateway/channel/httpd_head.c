/* httpd_head.c owns the verdict about a request's header (RFC 9110, RFC 9112): the shapes that two programs could read
 * differently are not taken (request smuggling).
 * SECURITY: meets the headers of clients that were admitted; they may still be broken or hostile. */
#include "channel/httpd_head.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

/* The longest path we serve has some 120 bytes. */
#define TARGET_MAX 2048

struct span {
	const char *p;
	size_t len;
};

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.p, text, s.len) == 0;
}

/* The next line without its CR LF; false at the end. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->p, '\n', rest->len);
	if (end == NULL)
		return false;
	size_t n = (size_t)(end - rest->p);
	*line = (struct span){ rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n };
	rest->p = end + 1;
	rest->len -= n + 1;
	return true;
}

/* The value of a header, without the blanks around it, and how often it comes. */
static unsigned find(struct span lines, const char *name, struct span *value)
{
	struct span line;
	unsigned count = 0;
	size_t len = strlen(name);
	while (next_line(&lines, &line)) {
		if (line.len <= len || line.p[len] != ':' || strncasecmp(line.p, name, len) != 0)
			continue;
		struct span v = { line.p + len + 1, line.len - len - 1 };
		for (; v.len > 0 && (v.p[0] == ' ' || v.p[0] == '\t'); v.len--)
			v.p++;
		while (v.len > 0 && (v.p[v.len - 1] == ' ' || v.p[v.len - 1] == '\t'))
			v.len--;
		*value = v;
		count++;
	}
	return count;
}

static struct wg_httpd_refusal bad(const char *why)
{
	return (struct wg_httpd_refusal){ 400, "bad-request", "Bad request", why };
}

/* A target that evhttp would not read: it would answer by itself. */
static bool target_fine(struct span target)
{
	char text[TARGET_MAX];
	if (target.len == 0 || target.len >= sizeof text)
		return false;
	memcpy(text, target.p, target.len);
	text[target.len] = '\0';
	struct evhttp_uri *uri = evhttp_uri_parse_with_flags(text, EVHTTP_URI_NONCONFORMANT);
	if (uri != NULL)
		evhttp_uri_free(uri);
	return uri != NULL && text[0] == '/';
}

static struct wg_httpd_refusal read_first(struct span line, struct wg_httpd_head *out)
{
	const char *a = memchr(line.p, ' ', line.len), *b = memrchr(line.p, ' ', line.len);
	if (a == NULL || a == b || a == line.p)
		return bad("the first line is not METHOD /path HTTP/1.1");
	struct span method = { line.p, (size_t)(a - line.p) }, target = { a + 1, (size_t)(b - a - 1) },
				version = { b + 1, (size_t)(line.p + line.len - b - 1) };
	for (size_t i = 0; i < method.len; i++)
		if (method.p[i] < 'A' || method.p[i] > 'Z')
			return bad("the first line is not METHOD /path HTTP/1.1");
	if (version.len != 8 || (memcmp(version.p, "HTTP/1.1", 8) != 0 && memcmp(version.p, "HTTP/1.0", 8) != 0))
		return bad("the version is not HTTP/1.1");
	if (!target_fine(target))
		return bad("the path cannot be read");
	out->post = span_is(method, "POST");
	if (!out->post && !span_is(method, "GET"))
		return (struct wg_httpd_refusal){ 501, "method", "This method is not served here", "Only GET and POST are." };
	return (struct wg_httpd_refusal){ 0 };
}

/* RFC 9112 section 6: exactly one way of saying how long the body is. */
static struct wg_httpd_refusal read_framing(struct span lines, struct wg_httpd_head *out)
{
	struct span length, coding;
	char digits[20];
	bool has_length = find(lines, "Content-Length", &length) > 0;
	out->chunked = find(lines, "Transfer-Encoding", &coding) > 0;
	if (has_length && out->chunked)
		return bad("content-length and transfer-encoding exclude each other");
	if (out->chunked && !span_is(coding, "chunked"))
		return bad("transfer-encoding is not chunked");
	if (has_length) {
		if (length.len >= sizeof digits)
			return bad("content-length is not a number");
		memcpy(digits, length.p, length.len);
		digits[length.len] = '\0';
		if (!wg_num_parse(digits, 0, INT64_MAX, &out->body))
			return bad("content-length is not a number");
	}
	if (!out->post && (out->chunked || out->body > 0))
		return bad("a GET has no body");
	if (out->post && !has_length && !out->chunked)
		return (struct wg_httpd_refusal){ 411, "length-required", "Length required", "say how long the body is" };
	return (struct wg_httpd_refusal){ 0 };
}

void wg_httpd_head_read(const char *text, size_t len, size_t max_body, struct wg_httpd_head *out,
                        struct wg_httpd_refusal *refusal)
{
	/* how a message is framed or what it means: twice would be two meanings */
	static const char *const single[] = { "Host",       "Content-Length",    "Content-Type",
		                                  "Connection", "Transfer-Encoding", "Content-Encoding",
		                                  "Expect",     "Idempotency-Key",   "traceparent" };
	struct span lines = { text, len }, first, value;
	*out = (struct wg_httpd_head){ 0 };
	if (!next_line(&lines, &first)) {
		*refusal = bad("the first line is not METHOD /path HTTP/1.1");
		return;
	}
	*refusal = read_first(first, out);
	for (size_t i = 0; refusal->status == 0 && i < WG_COUNT(single); i++)
		if (find(lines, single[i], &value) > 1)
			*refusal = bad("a header that may come only once came twice");
	if (refusal->status == 0 && find(lines, "Host", &value) == 0)
		*refusal = bad("the host header is missing");
	if (refusal->status == 0)
		*refusal = read_framing(lines, out);
	bool expects = find(lines, "Expect", &value) > 0;
	out->expects = expects && span_is(value, "100-continue");
	if (refusal->status == 0 && expects && !out->expects)
		*refusal = (struct wg_httpd_refusal){ 417, "expectation", "This expectation is not met here",
			                                  "Only Expect: 100-continue is." };
	if (refusal->status == 0 && !out->chunked && out->body > max_body)
		*refusal = (struct wg_httpd_refusal){ 413, "too-large", "The document is too large",
			                                  "Nothing was read of it. Send less, or in parts." };
}
