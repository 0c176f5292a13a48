/* kind_text.c owns what text can be: mail, XML, HTML, a table.
 * SECURITY: runs on hostile bytes outside the sandbox, over the first bytes only. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "role/kind_look.h"

/* The head of a table with less than three columns is not told from prose. */
#define TABLE_SEPARATORS 2

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- markup */

/* The name of the element that begins at s ("<name"): its length, 0 when none does. */
static size_t element(const char *s, size_t len)
{
	size_t n = 0;
	if (len < 2 || s[0] != '<')
		return 0;
	while (n + 1 < len && !blank(s[n + 1]) && s[n + 1] != '>' && s[n + 1] != '/' && s[n + 1] != '<')
		n++;
	bool letter = n > 0 && ((s[1] >= 'A' && s[1] <= 'Z') || (s[1] >= 'a' && s[1] <= 'z') || s[1] == '_');
	return letter ? n : 0;
}

static bool one_of(const char *name, size_t n, const char *list)
{
	while (*list != '\0') {
		size_t m = strcspn(list, " ");
		if (m == n && strncasecmp(name, list, n) == 0)
			return true;
		list += m + strspn(list + m, " ");
	}
	return false;
}

/* Bytes of blanks, comments and the XML declaration before what decides; *declared: an XML declaration was among them.
 * What does not end within the head ends there. */
static size_t skip_front(const char *s, size_t len, bool *declared)
{
	size_t i = 0;
	for (;;) {
		while (i < len && blank(s[i]))
			i++;
		bool comment = len - i >= 4 && memcmp(s + i, "<!--", 4) == 0, pi = len - i >= 2 && memcmp(s + i, "<?", 2) == 0;
		if (!comment && !pi)
			return i;
		*declared = *declared || pi;
		const char *end = comment ? memmem(s + i + 4, len - i - 4, "-->", 3) : memchr(s + i, '>', len - i);
		if (end == NULL)
			return len;
		i = (size_t)(end - s) + (comment ? 3 : 1);
	}
}

/* "<!DOCTYPE html": also with what XHTML puts behind it. */
static bool html_doctype(const char *s, size_t len)
{
	static const char word[] = "<!doctype";
	if (len < sizeof word || strncasecmp(s, word, sizeof word - 1) != 0 || !blank(s[sizeof word - 1]))
		return false;
	size_t i = sizeof word;
	while (i < len && blank(s[i]))
		i++;
	return len - i > 4 && strncasecmp(s + i, "html", 4) == 0 && (blank(s[i + 4]) || s[i + 4] == '>');
}

/* The beginning is "<...". Elements that mean something in HTML alone make it HTML; those that other XML uses too make
 * it HTML where somebody said so. */
static bool look_markup(const char *s, size_t len, struct wg_kind_seen *seen)
{
	static const char pages[] = "html head body";
	static const char parts[] = "div span p h1 h2 h3 h4 h5 h6 meta br hr font center style script ul ol dl b table";
	static const char either[] = "form title section article header main fieldset a base link label td tr";
	bool declared = false;
	size_t at = skip_front(s, len, &declared);
	if (at >= len) {
		if (!declared)
			return false;
		*seen = (struct wg_kind_seen){ .can = { WG_DOCUMENT_XML }, .count = 1, .sure = 1 };
		return true;
	}
	s += at, len -= at;
	size_t n = element(s, len);
	const char *name = s + 1;
	if (html_doctype(s, len) || one_of(name, n, pages))
		*seen = (struct wg_kind_seen){ .can = { WG_DOCUMENT_HTML }, .count = 1, .sure = 1 };
	else if (!declared && one_of(name, n, parts))
		*seen = (struct wg_kind_seen){ .can = { WG_DOCUMENT_HTML, WG_DOCUMENT_XML }, .count = 2, .sure = 1 };
	else if (!declared && one_of(name, n, either))
		*seen = (struct wg_kind_seen){ .can = { WG_DOCUMENT_XML, WG_DOCUMENT_HTML }, .count = 2, .sure = 1 };
	else if (n > 0 || declared || (len > 1 && s[0] == '<' && s[1] == '!'))
		*seen = (struct wg_kind_seen){ .can = { WG_DOCUMENT_XML }, .count = 1, .sure = 1 };
	else
		return false;
	return true;
}

/* ---- lines */

/* RFC 5322 2.2 allows all printable characters; letters, digits and these are what anybody uses, and JSON is none. */
static bool in_field_name(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.';
}

/* "Name: value" on the first line, or the mbox "From " line. */
static bool looks_mail(const char *s, size_t len)
{
	if (len > 5 && memcmp(s, "From ", 5) == 0)
		return true;
	size_t n = 0;
	while (n < len && n < 76 && in_field_name(s[n]))
		n++;
	return n > 0 && n < len && s[n] == ':';
}

/* Tables are text: no control characters but line ends and tabs. */
static bool is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 && !blank(s[i]) && s[i] != '\f')
			return false;
	return true;
}

static bool looks_table(const char *s, size_t len)
{
	static const char separators[] = ",;\t|";
	size_t best = 0;
	for (const char *c = separators; *c != '\0'; c++) {
		size_t count = 0;
		for (size_t i = 0; i < len && s[i] != '\n' && s[i] != '\r'; i++)
			count += s[i] == *c;
		best = count > best ? count : best;
	}
	return best >= TABLE_SEPARATORS || (len > 4 && strncasecmp(s, "sep=", 4) == 0);
}

void wg_kind_look_text(const char *head, size_t len, struct wg_kind_seen *seen)
{
	static const char neither[] = "neither XML, HTML, a table (.csv), an e-mail (message/rfc822, .eml), a Word, "
								  "OpenDocument, Excel or PDF form, nor sealed with S/MIME; send one of these";
	*seen = (struct wg_kind_seen){ .words = neither };
	if (look_markup(head, len, seen))
		return;
	size_t lead = 0;
	while (lead < len && blank(head[lead]))
		lead++;
	bool text = is_text(head, len) && lead < len && strchr("<{[%", head[lead]) == NULL;
	bool table = text && looks_table(head + lead, len - lead), mail = looks_mail(head, len);
	if (mail)
		seen->can[seen->count++] = WG_DOCUMENT_MAIL;
	if (table || (text && !mail)) /* behind a mail, and without separators, somebody has to say that it is one */
		seen->can[seen->count++] = WG_DOCUMENT_CSV;
	seen->sure = mail || table ? 1 : 0;
}
