/* reasons.c owns the lines in which a decision's reasons stand for people. */
#include "policy/reasons.h"

#include <string.h>

#include "base/mem.h"

#define INDENT 4
#define LABEL 16 /* "        source  " */

void wg_reasons_wrap(size_t indent, const char *text, struct wg_buf *out)
{
	size_t column = indent;
	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		if (column > indent && column + 1 + n > WG_REASONS_WIDTH) {
			wg_buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			wg_buf_putc(out, ' ');
			column++;
		}
		wg_buf_put(out, text, n);
		column += n;
		text += n + strspn(text + n, " ");
	}
	wg_buf_putc(out, '\n');
}

static void put_labelled(struct wg_buf *out, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	wg_buf_printf(out, "        %-8s", label);
	wg_reasons_wrap(LABEL, text, out);
}

static bool equal(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same(const struct wg_reason_words *a, const struct wg_reason_words *b)
{
	return a->said == b->said && equal(a->rule, b->rule) && equal(a->basis, b->basis) && equal(a->source, b->source) &&
	       equal(a->consent, b->consent) && equal(a->kept_back, b->kept_back);
}

static bool came_before(const struct wg_reason_words *list, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (same(&list[k], &list[i]))
			return true;
	return false;
}

/* What was answered, or what was done although it was. */
static void put_consent(struct wg_buf *out, const struct wg_reason_words *reason)
{
	static const struct {
		const char *state, *although;
	} words[] = {
		{ "not-sought", "although nobody was asked for agreement" },
		{ "expired", "although the agreement has expired" },
		{ "refused", "although it was refused" },
		{ "withdrawn", "although the agreement was withdrawn" },
	};
	const char *state = reason->consent != NULL ? reason->consent : "", *although = "although no agreement is known";
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strcmp(words[i].state, state) == 0)
			although = words[i].although;
	if (reason->kept_back != NULL && reason->kept_back[0] != '\0')
		wg_buf_printf(out, "        given %s (%s asks for it)\n", although, reason->kept_back);
	else if (strcmp(state, "not-known") != 0)
		put_labelled(out, "consent", state);
}

/* All categories with the reason of list[first], which is the first of them. */
static void put_group(struct wg_buf *out, const struct wg_reason_words *list, unsigned count, unsigned first)
{
	WG_AUTO_BUF struct wg_buf names = WG_BUF(16384);
	const struct wg_reason_words *reason = &list[first];
	for (unsigned i = first; i < count; i++)
		if (same(&list[i], reason))
			wg_buf_printf(&names, "%s%s", i > first ? ", " : "", list[i].category);
	if (names.failed)
		wg_buf_fail(out);
	wg_buf_printf(out, "%*s", INDENT, "");
	wg_reasons_wrap(INDENT, wg_buf_text(&names), out);
	if (reason->rule == NULL || reason->rule[0] == '\0')
		wg_buf_puts(out, "        no rule grants it\n");
	put_labelled(out, "rule", reason->rule);
	put_labelled(out, "basis", reason->basis);
	put_labelled(out, "source", reason->source);
	put_consent(out, reason);
	if (reason->said)
		wg_buf_puts(out, "        the copy says that this is withheld\n");
}

void wg_reasons_text(const char *title, const struct wg_reason_words *list, unsigned count, struct wg_buf *out)
{
	if (count > 0)
		wg_buf_printf(out, "  %s\n", title);
	for (unsigned i = 0; i < count; i++)
		if (!came_before(list, i))
			put_group(out, list, count, i);
}
