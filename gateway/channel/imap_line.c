/* imap_line.c owns the reading of single lines of an IMAP server.
 * SECURITY: every byte is the server's, which may be hostile or broken: lengths are given, numbers are read whole. */
#include "channel/imap_line.h"

#include <string.h>
#include <strings.h>

/* What is left of a line. */
struct rest {
	const char *p;
	size_t len;
};

static struct rest begin(const char *line, size_t len)
{
	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	return (struct rest){ .p = line, .len = len };
}

static bool take(struct rest *r, const char *text)
{
	size_t n = strlen(text);
	if (r->len < n || strncasecmp(r->p, text, n) != 0)
		return false;
	r->p += n;
	r->len -= n;
	return true;
}

static bool take_number(struct rest *r, uint64_t most, uint64_t *out)
{
	uint64_t v = 0;
	size_t n = 0;
	for (; n < r->len && r->p[n] >= '0' && r->p[n] <= '9'; n++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(r->p[n] - '0'), &v) || v > most)
			return false;
	if (n == 0)
		return false;
	r->p += n;
	r->len -= n;
	*out = v;
	return true;
}

/* RFC 3501 2.3.1.1: a non-zero 32-bit number. */
static bool take_uid(struct rest *r, uint32_t *out)
{
	uint64_t v;
	if (!take_number(r, UINT32_MAX, &v) || v == 0)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* The next word, up to a blank or a bracket; empty at the end. */
static struct rest take_word(struct rest *r)
{
	struct rest word = { .p = r->p };
	while (r->len > 0 && *r->p == ' ') {
		r->p++;
		r->len--;
	}
	word.p = r->p;
	while (r->len > 0 && *r->p != ' ' && *r->p != ')' && *r->p != ']' && *r->p != '(') {
		r->p++;
		r->len--;
		word.len++;
	}
	return word;
}

static bool is(const struct rest *word, const char *text)
{
	return word->len == strlen(text) && strncasecmp(word->p, text, word->len) == 0;
}

enum wg_imap_line wg_imap_exists(const char *line, size_t len, uint32_t *count)
{
	struct rest r = begin(line, len);
	uint64_t v;
	if (!take(&r, "* ") || !take_number(&r, UINT32_MAX, &v) || !take(&r, " EXISTS") || r.len != 0)
		return WG_IMAP_OTHER;
	*count = (uint32_t)v;
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_validity(const char *line, size_t len, uint32_t *validity)
{
	struct rest r = begin(line, len);
	uint32_t v;
	if (!take(&r, "* OK [UIDVALIDITY "))
		return WG_IMAP_OTHER;
	if (!take_uid(&r, &v) || !take(&r, "]"))
		return WG_IMAP_BAD;
	*validity = v;
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_may_flag(const char *line, size_t len, const char *keyword, bool *may)
{
	struct rest r = begin(line, len);
	bool found = false;
	if (!take(&r, "* OK [PERMANENTFLAGS ("))
		return WG_IMAP_OTHER;
	for (struct rest word = take_word(&r); word.len > 0; word = take_word(&r))
		found = found || is(&word, "\\*") || is(&word, keyword);
	if (!take(&r, ")]"))
		return WG_IMAP_BAD;
	*may = found;
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_capability(const char *line, size_t len, const char *name, bool *has)
{
	struct rest r = begin(line, len);
	bool found = false;
	if (!take(&r, "* CAPABILITY"))
		return WG_IMAP_OTHER;
	for (struct rest word = take_word(&r); word.len > 0; word = take_word(&r))
		found = found || is(&word, name);
	if (r.len != 0)
		return WG_IMAP_BAD;
	*has = found;
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_list(const char *line, size_t len, char *separator, size_t *name)
{
	struct rest r = begin(line, len);
	char c = '\0';
	if (!take(&r, "* LIST ("))
		return WG_IMAP_OTHER;
	const char *close = memchr(r.p, ')', r.len);
	if (close == NULL)
		return WG_IMAP_BAD;
	r.len -= (size_t)(close - r.p);
	r.p = close;
	if (!take(&r, ") "))
		return WG_IMAP_BAD;
	if (!take(&r, "NIL")) {
		if (!take(&r, "\"") || (r.len > 0 && *r.p == '\\' && !take(&r, "\\")) || r.len == 0)
			return WG_IMAP_BAD;
		c = *r.p++;
		r.len--;
		if (!take(&r, "\"") || c < 0x21 || c > 0x7e)
			return WG_IMAP_BAD;
	}
	if (!take(&r, " ") || r.len == 0)
		return WG_IMAP_BAD;
	*separator = c;
	*name = (size_t)(r.p - line);
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_search(const char *line, size_t len, uint32_t *uids, size_t max, size_t *count)
{
	struct rest r = begin(line, len);
	size_t n = *count;
	if (!take(&r, "* SEARCH"))
		return WG_IMAP_OTHER;
	while (r.len > 0) {
		while (take(&r, " "))
			;
		if (r.len == 0)
			break; /* some servers put a blank behind the last */
		if (n == max || !take_uid(&r, &uids[n]) || (r.len > 0 && *r.p != ' '))
			return WG_IMAP_BAD;
		n++;
	}
	*count = n;
	return WG_IMAP_READ;
}

/* Over "* 12 FETCH (". */
static bool take_fetch(struct rest *r)
{
	uint32_t sequence;
	return take(r, "* ") && take_uid(r, &sequence) && take(r, " FETCH (");
}

/* Over one value: a word or a list without lists in it. */
static bool skip_value(struct rest *r)
{
	while (take(r, " "))
		;
	if (!take(r, "("))
		return take_word(r).len > 0;
	const char *close = memchr(r->p, ')', r->len);
	if (close == NULL)
		return false;
	r->len -= (size_t)(close - r->p) + 1;
	r->p = close + 1;
	return true;
}

enum wg_imap_line wg_imap_size(const char *line, size_t len, uint32_t *uid, uint64_t *size)
{
	struct rest r = begin(line, len);
	uint32_t u = 0;
	uint64_t s = 0;
	bool have_size = false, good = true;
	if (!take_fetch(&r))
		return WG_IMAP_OTHER;
	for (struct rest word = take_word(&r); good && word.len > 0; word = take_word(&r)) {
		if (is(&word, "UID")) {
			good = u == 0 && take(&r, " ") && take_uid(&r, &u);
		} else if (is(&word, "RFC822.SIZE")) {
			good = !have_size && take(&r, " ") && take_number(&r, UINT64_MAX, &s);
			have_size = true;
		} else {
			good = skip_value(&r);
		}
	}
	if (!good || !take(&r, ")") || r.len != 0)
		return WG_IMAP_BAD;
	if (u == 0 || !have_size)
		return WG_IMAP_OTHER;
	*uid = u;
	*size = s;
	return WG_IMAP_READ;
}

enum wg_imap_line wg_imap_literal(const char *line, size_t len, uint32_t *uid, uint64_t *size)
{
	struct rest r = begin(line, len);
	uint32_t u = 0;
	uint64_t s;
	if (!take_fetch(&r) || r.len == 0 || r.p[r.len - 1] != '}')
		return WG_IMAP_OTHER;
	for (;;) {
		while (take(&r, " "))
			;
		if (take(&r, "{"))
			break;
		if (r.len == 0)
			return WG_IMAP_BAD;
		if (take(&r, "UID ")) {
			if (u != 0 || !take_uid(&r, &u))
				return WG_IMAP_BAD;
		} else {
			/* the name of the section, blanks and brackets in it, or another item */
			r.p++;
			r.len--;
		}
	}
	if (!take_number(&r, UINT64_MAX, &s) || !take(&r, "}") || r.len != 0)
		return WG_IMAP_BAD;
	*uid = u;
	*size = s;
	return WG_IMAP_READ;
}
