/* office_read.c owns the order in which a document becomes fields: its body, its margins, then what a person must know
 * was not read. SECURITY: what a document hides, comments on or struck out is never placed as its content: it is said
 * by a remark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/office_internal.h"
#include "readers/office_tick.h"

void wg_office_gap(struct wg_items *items)
{
	if (wg_items_line(items, "", 0) != NULL) /* a failure sticks in items */
		items->lines--;                      /* nobody who counts lines sees it */
}

void wg_office_heading(struct wg_items *items, const char *heading)
{
	struct wg_item *item = wg_items_line(items, heading, strlen(heading));
	if (item != NULL)
		item->kind = WG_ITEM_HEAD;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\n")] == '\0';
}

/* What follows, past blank paragraphs, is laid out as a form: then a bold line before it is its heading. */
static bool form_follows(const struct wg_office_flow *flow, size_t i)
{
	while (i < flow->n && flow->blocks[i].para != NULL && is_blank(wg_buf_text(&flow->blocks[i].para->text)) &&
	       flow->blocks[i].para->n_controls == 0)
		i++;
	if (i == flow->n)
		return false;
	const struct wg_office_para *para = flow->blocks[i].para;
	size_t start;
	struct wg_label l;
	return flow->blocks[i].table != NULL ||
	       (para != NULL && (para->n_controls > 0 || wg_label_split(wg_buf_text(&para->text), &start, &l) ||
	                         wg_office_tick_at(wg_buf_text(&para->text)) != WG_OFFICE_TICK_NONE));
}

/* "Part 1: The child", and over everything else "Return interview: before, during and after": no label has a number
 * behind it, no answer that stands beside its label in a title begins small. */
static bool is_titled(const struct wg_office_flow *flow, size_t i, const char *s, size_t start,
                      const struct wg_label *l)
{
	const char *label = s + start, *value = s + start + l->value;
	for (size_t k = 0; k < i; k++)
		if (flow->blocks[k].para == NULL || !is_blank(wg_buf_text(&flow->blocks[k].para->text)))
			return l->label_len > 0 && label[l->label_len - 1] >= '0' && label[l->label_len - 1] <= '9';
	return value[0] >= 'a' && value[0] <= 'z';
}

/* Is paragraph i a heading? A question is none, nor is a label: what stands below answers it. */
static bool is_section(const struct wg_office_flow *flow, size_t i)
{
	const struct wg_office_para *para = flow->blocks[i].para;
	const char *s = wg_buf_text(&para->text);
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t\n", s[n - 1]) != NULL)
		n--;
	if (n == 0 || n > WG_OFFICE_HEADING_BYTES || para->n_controls > 0 || wg_office_tick_has(s) ||
	    memchr(s, '\n', n) != NULL || s[n - 1] == '?' || s[n - 1] == ':')
		return false;
	if (!para->heading && !wg_office_is_bold(&para->text, &para->bold))
		return false;
	size_t start;
	struct wg_label l;
	bool said = wg_label_split(s, &start, &l) && s[start + l.value] != '\0';
	if (wg_office_is_capitals(s))
		return true; /* "SECTION 2: THE CHILD" */
	if (said)
		return para->heading && is_titled(flow, i, s, start, &l);
	return para->heading || form_follows(flow, i + 1);
}

/* A paragraph with boxes is whole, unless more boxes follow it. */
static void put_para(struct wg_items *items, const struct wg_office_flow *flow, size_t i)
{
	const struct wg_office_para *next = i + 1 < flow->n ? flow->blocks[i + 1].para : NULL;
	wg_office_lines(items, flow->blocks[i].para);
	if (wg_office_tick_has(wg_buf_text(&flow->blocks[i].para->text)) &&
	    (next == NULL || !wg_tick_begins(wg_buf_text(&next->text))))
		wg_office_gap(items);
}

void wg_office_walk(struct wg_items *items, const struct wg_office_flow *flow)
{
	for (size_t i = 0; i < flow->n; i++) {
		const struct wg_office_block *block = &flow->blocks[i];
		if (block->table != NULL)
			wg_office_table(items, block->table);
		else if (block->para != NULL && is_section(flow, i))
			wg_office_heading(items, wg_buf_text(&block->para->text));
		else if (block->para != NULL)
			put_para(items, flow, i);
	}
}

/* Headers and footers hold the organisation's own letterhead: only what is clearly a field of the form is one. The same
 * line on several pages is said once. */
static void margin_line(struct wg_found *found, const char *line, unsigned number)
{
	size_t start;
	struct wg_label l;
	char at[64];
	if (is_blank(line) || strstr(wg_buf_text(&found->text), line) != NULL)
		return;
	wg_found_text(found, line);
	if (!wg_label_split(line, &start, &l) || line[start + l.value] == '\0' ||
	    wg_label_is_contact(line + start, l.label_len))
		return;
	WG_AUTO_FREE char *label = strndup(line + start, l.label_len);
	(void)snprintf(at, sizeof at, "header or footer, line %u", number); /* fits */
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
	wg_tick_value(line + start + l.value, &value);
	found->no_memory = found->no_memory || label == NULL || value.failed;
	if (label != NULL)
		wg_found_field(found, label, wg_buf_text(&value), at);
}

/* Every line of text, whatever holds it. */
static void each_line(struct wg_found *found, const struct wg_office_flow *flow, bool margin, unsigned *number)
{
	for (size_t i = 0; i < flow->n; i++) {
		const struct wg_office_table *t = flow->blocks[i].table;
		const char *s = flow->blocks[i].para != NULL ? wg_buf_text(&flow->blocks[i].para->text) : "";
		for (size_t k = 0; t != NULL && k < t->n; k++)
			for (size_t c = 0; c < t->rows[k].n; c++)
				each_line(found, &t->rows[k].cells[c].flow, margin, number);
		while (*s != '\0') {
			size_t n = strcspn(s, "\n");
			WG_AUTO_FREE char *line = strndup(s, n);
			s += n + (s[n] == '\n');
			++*number;
			if (line != NULL && margin)
				margin_line(found, line, *number);
			else if (line != NULL && !is_blank(line))
				wg_found_text(found, line);
		}
	}
}

static void say_comments(const struct wg_office *doc, struct wg_found *found)
{
	char at[32];
	for (size_t i = 0; i < doc->comments.n; i++) {
		const struct wg_office_para *para = doc->comments.blocks[i].para;
		if (para == NULL || is_blank(wg_buf_text(&para->text)))
			continue;
		(void)snprintf(at, sizeof at, "comment %zu", i + 1); /* fits */
		wg_found_remark(found, "Comment in the document", wg_buf_text(&para->text), at);
	}
}

static void say_dropped(const struct wg_office *doc, struct wg_found *found)
{
	static const struct {
		const char *label, *words;
	} said[WG_OFFICE_DROPPED_COUNT] = {
		[WG_OFFICE_MACROS] = { "Macros (dropped)", "only the text was read: save it without macros, as .docx or .odt, "
		                                           "and check the fields" },
		[WG_OFFICE_OBJECT] = { "Embedded object (not read)",
		                       "another file is embedded in the document: attach it to the message by itself" },
		[WG_OFFICE_OUTSIDE] = { "Link to outside (dropped)", "the document fetches a template, a picture or data from "
		                                                     "elsewhere: nothing was fetched" },
		[WG_OFFICE_PICTURE] = { "Picture (not read)", "the document holds a picture: see the original" },
		[WG_OFFICE_CHUNK] = { "Inserted document (not read)",
		                      "another document was inserted whole: open it, save it again and send that" },
		[WG_OFFICE_DELETED] = { "Tracked changes (not read)",
		                        "words that were struck out were left out: accept or reject the changes" },
	};
	for (size_t i = 0; i < WG_COUNT(said); i++)
		if (doc->dropped[i])
			wg_found_remark(found, said[i].label, said[i].words, "document");
	/* what calls nobody is said all the same, to whoever looks */
	if (doc->logos)
		wg_found_text(found, "[Small pictures: not read]");
	if (doc->template_outside)
		wg_found_text(found, "[Template elsewhere: not fetched]");
	if (doc->hidden.len > 0 || doc->hidden.failed)
		wg_found_remark(found, "Hidden text",
		                doc->hidden.failed ? "the document hides much text: see the original"
		                                   : wg_buf_text(&doc->hidden),
		                "document");
}

/* The same label on several controls tells them not apart: people copy a control and forget to name it. */
struct labels {
	struct wg_office_control **list;
	size_t n, cap;
};

static void collect(struct labels *labels, const struct wg_office_flow *flow)
{
	for (size_t i = 0; i < flow->n; i++) {
		struct wg_office_para *para = flow->blocks[i].para;
		const struct wg_office_table *t = flow->blocks[i].table;
		for (size_t k = 0; para != NULL && k < para->n_controls; k++) {
			if (para->controls[k].label != NULL && labels->list != NULL && labels->n < labels->cap)
				labels->list[labels->n] = &para->controls[k];
			labels->n += para->controls[k].label != NULL;
		}
		for (size_t k = 0; t != NULL && k < t->n; k++)
			for (size_t c = 0; c < t->rows[k].n; c++)
				collect(labels, &t->rows[k].cells[c].flow);
	}
}

static int by_label(const void *a, const void *b)
{
	return strcmp((*(struct wg_office_control *const *)a)->label, (*(struct wg_office_control *const *)b)->label);
}

static bool mark_shared(struct wg_office *doc)
{
	struct labels labels = { 0 };
	collect(&labels, &doc->body);
	WG_AUTO_FREE struct wg_office_control **list = calloc(labels.n + 1, sizeof(void *));
	if (list == NULL)
		return false;
	labels = (struct labels){ .list = list, .cap = labels.n };
	collect(&labels, &doc->body);
	qsort(list, labels.n, sizeof(void *), by_label);
	for (size_t i = 1; i < labels.n; i++)
		if (strcmp(list[i - 1]->label, list[i]->label) == 0)
			list[i - 1]->shared = list[i]->shared = true;
	return true;
}

enum wg_code wg_office_read(struct wg_office *doc, struct wg_found *found, struct wg_err *err)
{
	if (doc->no_memory || !mark_shared(doc))
		return wg_err_set(err, WG_SYSTEM, "no memory for the document");
	WG_AUTO_ITEMS struct wg_items items = { .where = "document" };
	unsigned number = 0;
	wg_office_walk(&items, &doc->body);
	enum wg_code code = wg_items_read(&items, found, err);
	each_line(found, &doc->margin, true, &number);
	each_line(found, &doc->notes, false, &number);
	say_comments(doc, found);
	say_dropped(doc, found);
	return code;
}
