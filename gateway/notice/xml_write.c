/* xml_write.c owns writing the trees of notices. A content hash, and what a partner holds against a copy, are of these
 * bytes: they are libxml2's to the last (tests/notice/test_write.c). */
#include "notice/xml_write.h"

#include <libxml/tree.h>
#include <string.h>

#include "notice/notice.h"

/* libxml2 indents no deeper; a notice has 6. */
#define DEPTH_MAX 30

struct writing {
	struct wg_buf *out;
	wg_xml_leave_out *leave_out;
	bool strange; /* left to libxml2 */
};

/* s with those of its characters that are in signs written as they have to be. */
static void put_escaped(struct writing *w, const xmlChar *s, const char *signs)
{
	const char *p = (const char *)s;
	for (;;) {
		size_t n = strcspn(p, signs);
		wg_buf_put(w->out, p, n);
		p += n;
		switch (*p++) {
		case '\0':
			return;
		case '<':
			wg_buf_puts(w->out, "&lt;");
			break;
		case '>':
			wg_buf_puts(w->out, "&gt;");
			break;
		case '&':
			wg_buf_puts(w->out, "&amp;");
			break;
		case '"':
			wg_buf_puts(w->out, "&quot;");
			break;
		case '\t':
			wg_buf_puts(w->out, "&#9;");
			break;
		case '\n':
			wg_buf_puts(w->out, "&#10;");
			break;
		default:
			wg_buf_puts(w->out, "&#13;"); /* the last of the signs */
		}
	}
}

static void put_attributes(struct writing *w, const xmlNode *node)
{
	for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next) {
		w->strange = w->strange || ns->prefix != NULL || strcmp((const char *)ns->href, WG_NOTICE_NS) != 0;
		wg_buf_puts(w->out, " xmlns=\"" WG_NOTICE_NS "\"");
	}
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		if (w->leave_out != NULL && w->leave_out((const xmlNode *)a))
			continue;
		w->strange = w->strange || a->ns != NULL;
		wg_buf_putc(w->out, ' ');
		wg_buf_puts(w->out, (const char *)a->name);
		wg_buf_puts(w->out, "=\"");
		for (const xmlNode *c = a->children; c != NULL; c = c->next)
			if (c->type == XML_TEXT_NODE && c->content != NULL)
				put_escaped(w, c->content, "<>&\"\t\n\r");
			else
				w->strange = true;
		wg_buf_putc(w->out, '"');
	}
}

static void put_indent(struct writing *w, unsigned depth)
{
	static const char blanks[] = "                                                            ";
	w->strange = w->strange || depth > DEPTH_MAX;
	if (!w->strange)
		wg_buf_put(w->out, blanks, (size_t)2 * depth);
}

static bool holds_text(const xmlNode *node)
{
	for (const xmlNode *c = node->children; c != NULL; c = c->next)
		if (c->type == XML_TEXT_NODE)
			return true;
	return false;
}

static void put_element(struct writing *w, const xmlNode *node, unsigned depth, bool format);

/* How many were written. */
static size_t put_children(struct writing *w, const xmlNode *node, unsigned depth, bool format)
{
	size_t count = 0;
	for (const xmlNode *c = node->children; c != NULL && !w->strange; c = c->next) {
		if (w->leave_out != NULL && w->leave_out(c))
			continue;
		count++;
		if (c->type == XML_ELEMENT_NODE)
			put_element(w, c, depth, format);
		else if (c->type == XML_TEXT_NODE && c->content != NULL)
			put_escaped(w, c->content, "<>&\r");
		else
			w->strange = true;
		if (format)
			wg_buf_putc(w->out, '\n');
	}
	return count;
}

/* The recursion is as deep as the tree, at most WG_LIMIT_XML_DEPTH. */
static void put_element(struct writing *w, const xmlNode *node, unsigned depth, bool format)
{
	const char *name = (const char *)node->name;
	bool inner = format && !holds_text(node);
	if (node->ns != NULL && node->ns->prefix != NULL)
		w->strange = true;
	if (format)
		put_indent(w, depth);
	wg_buf_putc(w->out, '<');
	wg_buf_puts(w->out, name);
	put_attributes(w, node);
	if (node->children == NULL) {
		wg_buf_puts(w->out, "/>");
		w->strange = w->strange || (w->leave_out != NULL && node->properties == NULL);
		return;
	}
	wg_buf_puts(w->out, inner ? ">\n" : ">");
	if (put_children(w, node, depth + 1, inner) == 0)
		w->strange = true;
	if (inner)
		put_indent(w, depth);
	wg_buf_puts(w->out, "</");
	wg_buf_puts(w->out, name);
	wg_buf_putc(w->out, '>');
}

/* One root, and nothing that the declaration would have to say. */
static bool plain_document(const xmlDoc *doc)
{
	return doc->children != NULL && doc->children->next == NULL && doc->children->type == XML_ELEMENT_NODE &&
	       doc->standalone != 0 && doc->standalone != 1 &&
	       (doc->version == NULL || strcmp((const char *)doc->version, "1.0") == 0);
}

bool wg_xml_write(const struct _xmlDoc *doc, bool format, wg_xml_leave_out *leave_out, struct wg_buf *out)
{
	struct writing w = { .out = out, .leave_out = leave_out };
	size_t before = out->len;
	if (!plain_document(doc) || out->failed)
		return false;
	wg_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	put_element(&w, doc->children, 0, format);
	wg_buf_putc(out, '\n');
	if (w.strange && !out->failed) {
		out->len = before;
		wg_buf_put(out, "", 0); /* what is there ends here again */
	}
	return !w.strange;
}
