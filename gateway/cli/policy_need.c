/* policy_need.c owns the list of what policies answer for, and finding its numbers in a text.
 * SECURITY: reads a file of the operator's; a line that does not fit is refused, its words are not repeated. */
#include "cli/policy_need.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* ---- numbers */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "S-05" at s, not within a longer word. The length, or 0. */
static size_t number_at(const char *s, char letters[3], unsigned *number)
{
	static const char *const known[] = { "S", "MK", "R" };
	for (size_t i = 0; i < WG_COUNT(known); i++) {
		size_t n = strlen(known[i]);
		if (strncmp(s, known[i], n) != 0 || s[n] != '-' || !is_digit(s[n + 1]) || !is_digit(s[n + 2]) ||
		    is_digit(s[n + 3]) || is_letter(s[n + 3]))
			continue;
		(void)snprintf(letters, 3, "%s", known[i]);
		*number = (unsigned)(s[n + 1] - '0') * 10 + (unsigned)(s[n + 2] - '0');
		return n + 3;
	}
	return 0;
}

/* " to S-07" or " to 07" behind a number of those letters. The length, or 0. */
static size_t range_at(const char *s, const char *letters, unsigned *last)
{
	char other[3];
	if (strncmp(s, " to ", 4) != 0)
		return 0;
	size_t n = number_at(s + 4, other, last);
	if (n > 0)
		return strcmp(other, letters) == 0 ? 4 + n : 0;
	if (!is_digit(s[4]) || !is_digit(s[5]) || is_digit(s[6]) || is_letter(s[6]) || s[6] == '.')
		return 0;
	*last = (unsigned)(s[4] - '0') * 10 + (unsigned)(s[5] - '0');
	return 6;
}

bool wg_policy_cites_next(struct wg_policy_cites *cites, char out[WG_POLICY_NEED_ID])
{
	const char *start = cites->at;
	while (cites->next == cites->last && *cites->at != '\0') {
		unsigned number = 0, last = 0;
		bool within =
			cites->at > start && (is_letter(cites->at[-1]) || is_digit(cites->at[-1]) || cites->at[-1] == '-');
		size_t n = within ? 0 : number_at(cites->at, cites->letters, &number);
		if (n == 0) {
			cites->at++;
			continue;
		}
		cites->at += n;
		n = range_at(cites->at, cites->letters, &last);
		cites->at += n;
		cites->next = number;
		cites->last = n > 0 && last >= number ? last + 1 : number + 1;
	}
	if (cites->next == cites->last)
		return false;
	(void)snprintf(out, WG_POLICY_NEED_ID, "%s-%02u", cites->letters, cites->next++ % 100);
	return true;
}

/* ---- the list */

void wg_policy_needs_free(struct wg_policy_needs *needs)
{
	for (unsigned i = 0; i < needs->count; i++) {
		struct wg_policy_need *n = &needs->list[i];
		free(n->title);
		free(n->where);
		free(n->why);
		wg_buf_free(&n->rules);
		wg_buf_free(&n->tests);
	}
	free(needs->list);
	*needs = (struct wg_policy_needs){ 0 };
}

struct wg_policy_need *wg_policy_needs_find(const struct wg_policy_needs *needs, const char *id)
{
	for (unsigned i = 0; i < needs->count; i++)
		if (strcmp(needs->list[i].id, id) == 0)
			return &needs->list[i];
	return NULL;
}

static char *trimmed(char *s)
{
	s += strspn(s, " \t\r");
	for (size_t n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

/* The part before sep, trimmed, *rest behind it; NULL when there is no sep and last is false. */
static char *part(char **rest, const char *sep, bool last)
{
	char *s = *rest, *end = s != NULL ? strstr(s, sep) : NULL;
	if (s == NULL || (end == NULL && !last))
		return NULL;
	*rest = end != NULL ? end + strlen(sep) : NULL;
	if (end != NULL)
		*end = '\0';
	return trimmed(s);
}

/* "product: FILE: reason", "outside: reason", "unsaid: reason" */
static bool read_how(struct wg_policy_need *need, char *text)
{
	static const struct {
		const char *word;
		enum wg_policy_need_how how;
	} words[] = { { "product", WG_NEED_PRODUCT }, { "outside", WG_NEED_OUTSIDE }, { "unsaid", WG_NEED_UNSAID } };
	char *word = part(&text, ":", false);
	for (size_t i = 0; word != NULL && i < WG_COUNT(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		need->how = words[i].how;
		char *where = need->how == WG_NEED_PRODUCT ? part(&text, ":", false) : NULL;
		char *why = text != NULL ? trimmed(text) : NULL;
		if (why == NULL || *why == '\0' || (need->how == WG_NEED_PRODUCT && (where == NULL || *where == '\0')))
			return false;
		need->where = where != NULL ? strdup(where) : NULL;
		need->why = strdup(why);
		return true;
	}
	return false;
}

/* False when the line is not one. */
static bool read_line(struct wg_policy_need *need, char *line)
{
	char letters[3];
	unsigned number;
	char *rest = line, *id = part(&rest, "|", false), *title = part(&rest, "|", true);
	if (id == NULL || title == NULL || *title == '\0')
		return false;
	size_t n = number_at(id, letters, &number);
	if (n == 0 || id[n] != '\0')
		return false;
	(void)snprintf(need->id, sizeof need->id, "%s", id); /* as long as a number is */
	need->title = strdup(title);
	return rest == NULL || read_how(need, trimmed(rest));
}

static enum wg_code add_line(struct wg_policy_needs *needs, char *line, unsigned number, const char *file,
                             struct wg_err *err)
{
	if (needs->count == WG_POLICY_NEEDS_MAX)
		return wg_err_set(err, WG_LIMIT, "%s: more than %d requirements", file, WG_POLICY_NEEDS_MAX);
	struct wg_policy_need *need = &needs->list[needs->count++];
	*need = (struct wg_policy_need){ .line = number, .rules = WG_BUF(256 << 10), .tests = WG_BUF(256 << 10) };
	if (!read_line(need, line))
		return wg_err_set(
			err, WG_CONFIG,
			"%s:%u: a line says \"S-01 | title\", and in a third column product: FILE: reason, outside: reason "
			"or unsaid: reason",
			file, number);
	if (wg_policy_needs_find(needs, need->id) != need)
		return wg_err_set(err, WG_CONFIG, "%s:%u: %s comes twice", file, number, need->id);
	return WG_OK;
}

enum wg_code wg_policy_needs_read(const char *bytes, size_t len, const char *file, struct wg_policy_needs *out,
                                  struct wg_err *err)
{
	WG_AUTO_NEEDS struct wg_policy_needs needs = { 0 };
	WG_AUTO_FREE char *text = strndup(bytes, len);
	needs.list = calloc(WG_POLICY_NEEDS_MAX, sizeof *needs.list);
	if (text == NULL || needs.list == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the requirements");
	if (!wg_utf8_valid(bytes, len) || memchr(bytes, '\0', len) != NULL)
		return wg_err_set(err, WG_CONFIG, "%s: is not text in UTF-8", file);
	enum wg_code code = WG_OK;
	char *rest = text, *line;
	for (unsigned number = 1; code == WG_OK && (line = strsep(&rest, "\n")) != NULL; number++) {
		line = trimmed(line);
		if (*line != '\0' && *line != '#')
			code = add_line(&needs, line, number, file, err);
	}
	if (code != WG_OK)
		return code;
	*out = needs;
	needs = (struct wg_policy_needs){ 0 };
	return WG_OK;
}
