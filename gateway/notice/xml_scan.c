/* xml_scan.c owns the look at XML before it is parsed.
 * SECURITY: hostile bytes. It reads tags as if they were well-formed: up to the first place where they are not it
 * agrees with the parser, and behind that place the parser does not go. */
#include "notice/xml_scan.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* Attributes and namespace declarations of one element: the largest of ours has 8, a stylesheet's root some 10. */
#define ATTRIBUTES_MAX 64
/* An XML declaration ends within this. */
#define DECLARATION_MAX 256

/* What follows mark in [p, end), or NULL. */
static const char *behind(const char *p, const char *end, const char *mark)
{
	size_t n = strlen(mark);
	const char *found = memmem(p, (size_t)(end - p), mark, n);
	return found != NULL ? found + n : NULL;
}

static bool starts(const char *p, const char *end, const char *mark)
{
	size_t n = strlen(mark);
	return (size_t)(end - p) >= n && memcmp(p, mark, n) == 0;
}

/* Any other encoding is refused: converters are files that libc would open, and the scan below reads ASCII. */
static bool encoding_known(const char *p, const char *end)
{
	static const char *const known[] = { "UTF-8", "US-ASCII", "ISO-8859-1" };
	static const char usual[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
	char declaration[DECLARATION_MAX + 1];
	size_t n = (size_t)(end - p) < DECLARATION_MAX ? (size_t)(end - p) : DECLARATION_MAX;
	if (starts(p, end, usual) || !starts(p, end, "<?xml"))
		return true;
	memcpy(declaration, p, n);
	declaration[n] = '\0';
	char *stop = strstr(declaration, "?>");
	if (stop == NULL)
		return false;
	*stop = '\0';
	const char *value = strstr(declaration, "encoding");
	if (value == NULL)
		return true;
	value += strlen("encoding");
	value += strspn(value, " \t\r\n=");
	for (size_t i = 0; i < WG_COUNT(known); i++) {
		size_t k = strlen(known[i]);
		if ((*value == '"' || *value == '\'') && strncasecmp(value + 1, known[i], k) == 0 && value[k + 1] == *value)
			return true;
	}
	return false;
}

/* Behind the tag that starts at p, or NULL when it does not end; counts its attributes. */
static const char *behind_tag(const char *p, const char *end, size_t *attributes)
{
	for (; p < end && *p != '>'; p++) {
		if (*p != '"' && *p != '\'')
			continue;
		(*attributes)++;
		p = memchr(p + 1, *p, (size_t)(end - p) - 1);
		if (p == NULL)
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

const char *wg_xml_scan(const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;
	if (starts(p, end, "\xEF\xBB\xBF"))
		p += 3;
	if (memchr(bytes, '\0', len) != NULL || !encoding_known(p, end))
		return "the encoding is not one of UTF-8, US-ASCII and ISO-8859-1";
	while (p != NULL && (p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		size_t attributes = 0;
		if (starts(p, end, "<!--"))
			p = behind(p + 4, end, "-->");
		else if (starts(p, end, "<![CDATA["))
			p = behind(p, end, "]]>");
		else if (starts(p, end, "<?"))
			p = behind(p, end, "?>");
		else if (starts(p, end, "<!"))
			return "a DOCTYPE is not accepted: remove it and send again";
		else
			p = behind_tag(p, end, &attributes);
		if (attributes > ATTRIBUTES_MAX)
			return "an element has too many attributes";
	}
	return NULL;
}
