/* tree.c owns the flattening of XML documents.
 * SECURITY: the bytes are hostile and go through wg_xml_parse only: no DOCTYPE, no entities, bounded depth and nodes.
 */
#include "readers/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/notice.h"
#include "notice/xml.h"
#include "readers/charset.h"
#include "readers/clean.h"
#include "readers/found.h"

#include <libxml/tree.h> /* attributes are walked here; notice/xml.h asks for them by name only */

#define NAME_BYTES 200
#define PATH_BYTES 1500
#define LABEL_BYTES 1000

enum wg_code wg_tree_prepare(struct wg_err *err)
{
	wg_xml_init();
	return wg_charset_prepare()
	           ? WG_OK
	           : wg_err_set(err, WG_SYSTEM, "the C library's charset converters (gconv) are not installed");
}

bool wg_tree_is_notice(const void *xml, size_t len)
{
	bool is = false;
	struct wg_err ignored;
	return wg_xml_is(xml, len, "part", WG_NOTICE_NS, "notice", &is, &ignored) == WG_OK && is;
}

static bool upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool letter(char c)
{
	return upper(c) || (c >= 'a' && c <= 'z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "dateOfBirth", "date-of-birth", "DATE_OF_BIRTH", "DOBDate" and "within72Hours" as words: "date of birth", "DATE OF
 * BIRTH", "DOB Date", "within 72 Hours". */
static void words_of(const char *name, struct wg_buf *out)
{
	for (size_t i = 0; name[i] != '\0' && i < NAME_BYTES; i++) {
		char c = name[i];
		bool next_lower = name[i + 1] >= 'a' && name[i + 1] <= 'z';
		bool starts = i > 0 && ((upper(c) && (!upper(name[i - 1]) || next_lower)) || (digit(c) && letter(name[i - 1])));
		if (starts && name[i - 1] != '-' && name[i - 1] != '_' && name[i - 1] != '.')
			wg_buf_putc(out, ' ');
		wg_buf_putc(out, c == '-' || c == '_' || c == '.' ? ' ' : c);
	}
}

struct flat {
	struct wg_found *found;
	char path[PATH_BYTES];
};

static void put(struct flat *flat, const struct _xmlNode *node, const char *attribute, const char *value)
{
	WG_AUTO_BUF struct wg_buf label = WG_BUF(LABEL_BYTES);
	WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
	char at[PATH_BYTES + 300];
	words_of(wg_xml_name(node), &label);
	if (attribute != NULL) {
		wg_buf_putc(&label, ' ');
		words_of(attribute, &label);
	}
	for (const char *line = value;; line++) { /* lines stay lines */
		size_t n = strcspn(line, "\n");
		wg_clean_line(&clean, line, n);
		line += n;
		if (*line == '\0')
			break;
		wg_buf_putc(&clean, '\n');
	}
	(void)snprintf(at, sizeof at, "line %d, %s%s%.200s", wg_xml_line(node), flat->path, attribute != NULL ? "/@" : "",
	               attribute != NULL ? attribute : ""); /* cut at worst, for people only */
	wg_found_field(flat->found, wg_buf_text(&label), wg_buf_text(&clean), at);
}

/* Text of the node itself, outside its elements, that is more than blanks. */
static bool has_own_text(const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next)
		if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content != NULL &&
		    n->content[strspn((const char *)n->content, " \t\r\n")] != '\0')
			return true;
	return false;
}

static void put_attributes(struct flat *flat, const xmlNode *node)
{
	static const char xsi[] =
		"http://www.w3.org/2001/XMLSchema-instance"; /* says where a schema is, nothing of the case */
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		if (a->ns != NULL && a->ns->href != NULL && strcmp((const char *)a->ns->href, xsi) == 0)
			continue;
		xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
		put(flat, node, (const char *)a->name, value != NULL ? (const char *)value : "");
		xmlFree(value);
	}
}

/* The depth was bounded while parsing. in_text: the text was already read with that of an element above. */
static void flatten(struct flat *flat, const xmlNode *node, bool in_text)
{
	size_t before = strlen(flat->path);
	(void)snprintf(flat->path + before, sizeof flat->path - before, "%s%.*s", before > 0 ? "/" : "", NAME_BYTES,
	               wg_xml_name(node));
	put_attributes(flat, node);
	const xmlNode *child = wg_xml_first(node, NULL);
	bool whole = !in_text && (child == NULL || has_own_text(node)); /* a leaf, or text with markup in it */
	if (whole) {
		WG_AUTO_FREE char *text = wg_xml_text(node);
		if (text == NULL)
			flat->found->no_memory = true;
		else
			put(flat, node, NULL, text);
	}
	for (; child != NULL; child = wg_xml_next(child, NULL))
		flatten(flat, child, in_text || whole);
	flat->path[before] = '\0';
}

enum wg_code wg_tree_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	bool notice = false;
	enum wg_code code = wg_xml_is(wg_buf_text(in), in->len, "document", WG_NOTICE_NS, "notice", &notice, err);
	if (code == WG_OK && notice && in->len > WG_LIMIT_NOTICE)
		code = wg_err_set(err, WG_LIMIT, "the notice is larger than the limit: send it in parts");
	else if (code == WG_OK && !notice)
		code = wg_xml_parse(wg_buf_text(in), in->len, "document", &doc, err);
	if (code != WG_OK || notice)
		return code;
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	struct flat flat = { .found = &found };
	flatten(&flat, wg_xml_root(doc), false);
	return wg_found_write(&found, "xml", in, out, err);
}
