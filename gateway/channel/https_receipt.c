/* https_receipt.c owns a strict walk over a JSON object (RFC 8259) that keeps one member. A JSON library is not of this
 * room, and all that is wanted is one short name. SECURITY: meets the answers of other gateways: depth and length are
 * bounded, and any doubt means "no receipt". */
#include "channel/https_receipt.h"

#include <stdbool.h>
#include <string.h>

/* Our own answers have depth 1; a problem's errors have 3. */
#define DEPTH_MAX 16

struct walk {
	const char *p, *end;
	bool failed;
};

static char peek(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r' || *w->p == '\n'))
		w->p++;
	return w->p < w->end ? *w->p : '\0';
}

static bool take(struct walk *w, char c)
{
	if (w->failed || peek(w) != c || c == '\0') {
		w->failed = true;
		return false;
	}
	w->p++;
	return true;
}

/* A string without its quotes, escapes left as they are. */
static size_t take_string(struct walk *w, const char **out)
{
	if (!take(w, '"'))
		return 0;
	const char *start = w->p;
	for (; w->p < w->end && *w->p != '"'; w->p++) {
		if ((unsigned char)*w->p < 0x20)
			break;
		if (*w->p == '\\' && ++w->p == w->end)
			break;
	}
	if (w->p >= w->end || *w->p != '"') {
		w->failed = true;
		return 0;
	}
	*out = start;
	return (size_t)(w->p++ - start);
}

/* A number or one of the three names: told apart by nobody here, so only their characters are checked. */
static void take_plain(struct walk *w)
{
	static const char allowed[] = "+-.0123456789Eaeflnrstu"; /* numbers, true, false, null */
	const char *start = w->p;
	while (w->p < w->end && memchr(allowed, *w->p, sizeof allowed - 1) != NULL)
		w->p++;
	if (w->p == start)
		w->failed = true;
}

/* Any value, iteratively: open brackets are counted, and matched by kind. */
static void skip_value(struct walk *w)
{
	char open[DEPTH_MAX];
	size_t depth = 0;
	const char *ignored = NULL;
	do {
		char c = peek(w);
		if (c == '{' || c == '[') {
			w->p++;
			if (depth == DEPTH_MAX) {
				w->failed = true;
				return;
			}
			open[depth++] = c == '{' ? '}' : ']';
		} else if (depth > 0 && c == open[depth - 1]) {
			w->p++;
			depth--;
		} else if (c == '"') {
			(void)take_string(w, &ignored); /* a failure sticks */
		} else if (depth > 0 && (c == ',' || c == ':')) {
			w->p++;
		} else {
			take_plain(w);
		}
	} while (depth > 0 && !w->failed);
}

static bool is_reference(const char *p, size_t len)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._:-";
	for (size_t i = 0; i < len; i++)
		if (memchr(allowed, p[i], sizeof allowed - 1) == NULL)
			return false;
	return len > 0;
}

void wg_https_receipt(const char *json, size_t len, char *out, size_t size)
{
	struct walk w = { .p = json, .end = json + len };
	const char *id = NULL, *name = NULL;
	size_t id_len = 0, found = 0;
	out[0] = '\0';
	(void)take(&w, '{'); /* a failure sticks */
	bool more = !w.failed && peek(&w) != '}';
	while (more && !w.failed) {
		size_t name_len = take_string(&w, &name);
		(void)take(&w, ':'); /* a failure sticks */
		if (!w.failed && name_len == 2 && memcmp(name, "id", 2) == 0 && peek(&w) == '"') {
			id_len = take_string(&w, &id);
			found++;
		} else if (!w.failed) {
			skip_value(&w);
		}
		more = !w.failed && peek(&w) == ',' && take(&w, ',');
	}
	(void)take(&w, '}'); /* a failure sticks */
	(void)peek(&w);      /* blanks at the end */
	if (w.failed || w.p != w.end || found != 1 || id_len >= size || !is_reference(id, id_len))
		return;
	memcpy(out, id, id_len);
	out[id_len] = '\0';
}
