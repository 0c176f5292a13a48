/* smime_split.c owns the taking apart of multipart/signed.
 * SECURITY: bytes are hostile. What a mail program may show around the signed part must not be taken for signed: only
 * the fixed words that programs put there are let pass. */
#include "readers/smime_split.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/smime_entity.h"

/* OpenSSL; Thunderbird and Outlook; Apple and others. */
static const char *const preambles[] = {
	"This is an S/MIME signed message",
	"This is a cryptographically signed message in MIME format.",
	"This is a multi-part message in MIME format.",
	"This is a multipart message in MIME format.",
	("This is a MIME-formatted message. If you see this text it means that your E-mail software does not support "
	 "MIME-formatted messages."),
};

static bool only_blanks(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(" \t\r\n", s[i]) == NULL || s[i] == '\0')
			return false;
	return true;
}

static bool preamble_known(const char *s, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", s[0]) != NULL && s[0] != '\0')
		s++, n--;
	while (n > 0 && only_blanks(s + n - 1, 1))
		n--;
	if (n == 0)
		return true;
	for (size_t i = 0; i < WG_COUNT(preambles); i++)
		if (n == strlen(preambles[i]) && memcmp(s, preambles[i], n) == 0)
			return true;
	return false;
}

/* A line that is a boundary. */
struct mark {
	size_t start, next; /* of the line, and of what follows it */
	bool last;
};

/* The next boundary line at or behind from; false when there is none. */
static bool find_mark(const struct wg_smime_head *h, const char *body, size_t len, size_t from, struct mark *out)
{
	size_t n = strlen(h->boundary);
	for (size_t at = from; at < len;) {
		const char *end = memchr(body + at, '\n', len - at);
		size_t next = end != NULL ? (size_t)(end - body) + 1 : len, line = next - at;
		if (line >= n + 2 && body[at] == '-' && body[at + 1] == '-' && memcmp(body + at + 2, h->boundary, n) == 0) {
			const char *rest = body + at + 2 + n;
			size_t left = line - n - 2;
			bool last = left >= 2 && rest[0] == '-' && rest[1] == '-';
			if (only_blanks(rest + (last ? 2 : 0), left - (last ? 2 : 0))) {
				*out = (struct mark){ .start = at, .next = next, .last = last };
				return true;
			}
		}
		at = next;
	}
	return false;
}

/* What was signed: without the line end that belongs to the boundary, and with CRLF however the mail was kept. */
static void put_canonical(const char *s, size_t n, struct wg_buf *out)
{
	if (n > 0 && s[n - 1] == '\n')
		n -= n > 1 && s[n - 2] == '\r' ? 2 : 1;
	for (size_t i = 0; i < n;) {
		const char *end = memchr(s + i, '\n', n - i);
		size_t to = end != NULL ? (size_t)(end - s) : n;
		bool bare = end != NULL && (to == 0 || s[to - 1] != '\r');
		wg_buf_put(out, s + i, to - i);
		if (end != NULL)
			wg_buf_puts(out, bare ? "\r\n" : "\n");
		i = to + (end != NULL);
	}
}

const char *wg_smime_split(const struct wg_smime_head *head, const char *body, size_t len, struct wg_buf *content,
                           struct wg_buf *der)
{
	struct mark first, middle, end, more;
	struct wg_smime_head second;
	if (head->unclear || head->boundary[0] == '\0' || !wg_smime_type_is(head->protocol, "pkcs7-signature"))
		return "it says that it is signed, and not how";
	if (!find_mark(head, body, len, 0, &first) || first.last || !find_mark(head, body, len, first.next, &middle) ||
	    middle.last || !find_mark(head, body, len, middle.next, &end) || !end.last)
		return "it says that it is signed, and is not of two parts";
	if (!preamble_known(body, first.start) || !only_blanks(body + end.next, len - end.next) ||
	    find_mark(head, body, len, end.next, &more))
		return "something stands around what is signed";
	const char *part = body + middle.next;
	size_t part_len = end.start - middle.next;
	wg_smime_head_read(part, part_len, &second);
	if (second.body == 0 || second.types != 1 || second.unclear || !wg_smime_type_is(second.type, "pkcs7-signature") ||
	    !wg_smime_body(&second, part, part_len, der))
		return "the part beside what is signed is no signature";
	put_canonical(body + first.next, middle.start - first.next, content);
	return content->failed || der->failed ? "it is too large" : NULL;
}
