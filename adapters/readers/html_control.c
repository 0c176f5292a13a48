/* html_control.c owns the controls of a form in a page that was saved filled in: what each says, and whose label it is.
 * SECURITY: the markup is hostile. Labels are found by a table that is made once; no node is looked at more than a
 * fixed number of times. What a page keeps from the eye (hidden and password inputs) is not read. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/html_internal.h"
#include "readers/label.h"
#include "readers/tick.h"

/* A label that is longer is text that somebody put into one. */
#define LABEL_BYTES 400
/* How deep a <label> is searched for the control that it holds. */
#define INNER_DEPTH 4
#define INNER_NODES 50

/* ---- which label names what */

static bool is_input(const xmlNode *node, const char *const *types, size_t n)
{
	if (!wg_html_is(node, "input"))
		return false;
	xmlChar *type = xmlGetProp(node, (const xmlChar *)"type");
	bool found = false;
	for (size_t i = 0; type != NULL && i < n; i++)
		found = found || strcasecmp((const char *)type, types[i]) == 0;
	xmlFree(type);
	return found;
}

static bool is_box(const xmlNode *node)
{
	static const char *const types[] = { "checkbox", "radio" };
	return is_input(node, types, WG_COUNT(types));
}

/* Says nothing of the form, or is not meant to be seen. */
static bool is_silent(const xmlNode *node)
{
	static const char *const types[] = { "hidden", "submit", "button", "reset", "image", "file", "password" };
	return is_input(node, types, WG_COUNT(types));
}

static bool has_value(const xmlNode *node)
{
	return wg_html_is(node, "select") || wg_html_is(node, "textarea") ||
	       (wg_html_is(node, "input") && !is_box(node) && !is_silent(node));
}

/* The node behind this one in the order of the page, below root. */
static xmlNode *next_node(xmlNode *node, const xmlNode *root)
{
	if (node != NULL && node->children != NULL && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node != NULL && node != root && node->next == NULL)
		node = node->parent;
	return node != NULL && node != root ? node->next : NULL;
}

static void remember(xmlHashTablePtr table, xmlNode *node, const char *attribute)
{
	xmlChar *id = xmlGetProp(node, (const xmlChar *)attribute);
	if (id != NULL && id[0] != '\0')
		(void)xmlHashAddEntry(table, id, node); /* of two with one name the first counts */
	xmlFree(id);
}

void wg_html_labels_find(struct wg_html_labels *labels, xmlNode *root)
{
	labels->labels = xmlHashCreate(64);
	labels->controls = xmlHashCreate(64);
	if (labels->labels == NULL || labels->controls == NULL) {
		wg_html_labels_free(labels);
		return;
	}
	for (xmlNode *n = root; n != NULL; n = next_node(n, root)) {
		if (wg_html_is(n, "label"))
			remember(labels->labels, n, "for");
		else if (has_value(n))
			remember(labels->controls, n, "id");
	}
}

void wg_html_labels_free(struct wg_html_labels *labels)
{
	if (labels->labels != NULL)
		xmlHashFree(labels->labels, NULL);
	if (labels->controls != NULL)
		xmlHashFree(labels->controls, NULL);
	*labels = (struct wg_html_labels){ 0 };
}

static const xmlNode *look_up(xmlHashTablePtr table, const xmlNode *node, const char *attribute)
{
	xmlChar *id = table != NULL ? xmlGetProp(node, (const xmlChar *)attribute) : NULL;
	const xmlNode *found = id != NULL ? xmlHashLookup(table, id) : NULL;
	xmlFree(id);
	return found;
}

static bool holds_control(const xmlNode *node, unsigned depth, unsigned *nodes)
{
	for (const xmlNode *n = node->children; n != NULL && depth < INNER_DEPTH && ++*nodes < INNER_NODES; n = n->next)
		if (wg_html_is(n, "input") || wg_html_is(n, "select") || wg_html_is(n, "textarea") ||
		    (n->type == XML_ELEMENT_NODE && holds_control(n, depth + 1, nodes)))
			return true;
	return false;
}

bool wg_html_names(const xmlNode *node)
{
	unsigned nodes = 0;
	return wg_html_is(node, "label") && !holds_control(node, 0, &nodes);
}

/* ---- what it says */

static void add_clean(struct wg_buf *out, const char *text)
{
	for (const char *s = text;; s++) {
		size_t n = strcspn(s, "\r\n");
		wg_clean_line(out, s, n);
		s += n;
		if (s[0] == '\r' && s[1] == '\n')
			s++;
		if (*s == '\0')
			return;
		wg_buf_putc(out, '\n');
	}
}

static void add_content(struct wg_buf *out, const xmlNode *node)
{
	xmlChar *text = xmlNodeGetContent(node);
	if (text != NULL)
		add_clean(out, (const char *)text);
	xmlFree(text);
}

/* The options that are marked as chosen; a list that shows its first one because nobody chose says nothing. */
static void add_chosen(struct wg_buf *out, xmlNode *select)
{
	for (xmlNode *n = next_node(select, select); n != NULL; n = next_node(n, select)) {
		if (!wg_html_is(n, "option") || xmlHasProp(n, (const xmlChar *)"selected") == NULL)
			continue;
		if (out->len > 0)
			wg_buf_puts(out, "; ");
		add_content(out, n);
	}
}

static void add_value(struct wg_buf *out, xmlNode *node)
{
	if (wg_html_is(node, "select")) {
		add_chosen(out, node);
	} else if (wg_html_is(node, "textarea")) {
		add_content(out, node);
	} else {
		xmlChar *value = xmlGetProp(node, (const xmlChar *)"value");
		if (value != NULL)
			add_clean(out, (const char *)value);
		xmlFree(value);
	}
}

/* ---- whose label it is */

static void add_words(struct wg_buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		wg_buf_putc(out, *text == '_' || *text == '\n' || *text == WG_LABEL_MARK ? ' ' : *text);
}

/* aria-label, title or name, the first there is. */
static void add_attribute(struct wg_buf *out, const xmlNode *node)
{
	static const char *const attributes[] = { "aria-label", "title", "name" };
	for (size_t i = 0; i < WG_COUNT(attributes) && out->len == 0; i++) {
		WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
		xmlChar *text = xmlGetProp(node, (const xmlChar *)attributes[i]);
		if (text != NULL)
			add_clean(&clean, (const char *)text);
		xmlFree(text);
		if (clean.len <= LABEL_BYTES)
			add_words(out, wg_buf_text(&clean));
	}
}

/* The words before the control on its line, when they can only be its label. They leave the line. */
static void take_line(struct wg_html *h, struct wg_buf *label)
{
	const char *line = wg_buf_text(&h->line);
	size_t start;
	struct wg_label l;
	bool said = wg_label_split(line, &start, &l) && line[start + l.value] != '\0';
	if (h->line.len == 0 || h->line.len > LABEL_BYTES || said || wg_tick_any(line))
		return;
	add_words(label, line);
	wg_buf_reset(&h->line);
	h->bold_len = 0;
	h->bold_start = h->space = h->blank = false;
}

/* The value where the control stands: after words that are no label, or as what a cell says. */
static void put_inline(struct wg_html *h, const char *value)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_MESSAGE);
	for (const char *s = value; *s != '\0';) {
		size_t n = strcspn(s, "\n");
		wg_buf_reset(&line);
		wg_buf_putc(&line, ' ');
		wg_buf_put(&line, s, n);
		wg_buf_putc(&line, ' ');
		wg_html_text(h, wg_buf_text(&line));
		s += n;
		if (*s == '\n') {
			wg_html_end_line(h, false);
			s++;
		}
	}
}

static void take_value(struct wg_html *h, xmlNode *node)
{
	WG_AUTO_BUF struct wg_buf label = WG_BUF(WG_LIMIT_MESSAGE), value = WG_BUF(WG_LIMIT_MESSAGE);
	/* a label is read for one control: one that thousands name would be read thousands of times */
	const xmlNode *named =
		look_up(h->labels->controls, node, "id") == node ? look_up(h->labels->labels, node, "id") : NULL;
	add_value(&value, node);
	if (named != NULL) {
		wg_html_end_line(h, false);
		add_content(&label, named);
		if (label.len > LABEL_BYTES)
			wg_buf_reset(&label);
	} else {
		take_line(h, &label);
	}
	if (label.len == 0 && h->line.len == 0 && !h->cell)
		add_attribute(&label, node);
	h->items->no_memory = h->items->no_memory || label.failed || value.failed;
	if (label.len == 0) {
		put_inline(h, wg_buf_text(&value));
		return;
	}
	WG_AUTO_BUF struct wg_buf words = WG_BUF(WG_LIMIT_MESSAGE);
	add_words(&words, wg_buf_text(&label));
	struct wg_item *item = wg_items_pair(h->items, wg_buf_text(&words), wg_buf_text(&value));
	if (item != NULL)
		item->row = ++h->items->lines;
}

bool wg_html_control(struct wg_html *h, const xmlNode *node)
{
	xmlNode *n = (xmlNode *)(uintptr_t)node; /* walked through, not changed */
	if (wg_html_is(node, "label"))
		return look_up(h->labels->controls, node, "for") != NULL && look_up(h->labels->labels, node, "for") == node;
	if (is_silent(node))
		return true;
	if (is_box(node)) {
		bool ticked = xmlHasProp(n, (const xmlChar *)"checked") != NULL;
		wg_html_text(h, ticked ? " " WG_TICK_ON " " : " " WG_TICK_OFF " ");
		return true;
	}
	if (!has_value(node))
		return false;
	take_value(h, n);
	return true;
}
