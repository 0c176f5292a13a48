/* office_read.c owns the order in which a document becomes fields: sections, then what stands under them, then what a
 * person must know was not read.
 * SECURITY: what a document hides, comments on or struck out is never placed as its content: it is said by a remark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/office_internal.h"
#include "readers/office_tick.h"

/* "[x] Other: cousin's house" was split at its colon: the box goes to the value. */
static void unbox_label(struct wg_found_field *f, struct wg_buf *value)
{
	enum wg_office_tick tick = WG_OFFICE_TICK_NONE;
	size_t n = 0;
	for (const char *s = f->label; *s != '\0'; s++) {
		if (wg_office_tick_at(s) == WG_OFFICE_TICK_NONE) {
			f->label[n++] = *s;
			continue;
		}
		tick = tick == WG_OFFICE_TICK_ON ? tick : wg_office_tick_at(s);
		s += WG_OFFICE_TICK_BYTES - 1;
	}
	f->label[n] = '\0';
	size_t lead = strspn(f->label, " \t");
	if (f->label[lead] != '\0')
		(void)memmove(f->label, f->label + lead, strlen(f->label + lead) + 1);
	else
		(void)memcpy(f->label, "box", sizeof "box"); /* as long as the box that stood there */
	if (tick == WG_OFFICE_TICK_ON && value->len == 0)
		wg_buf_puts(value, "yes");
}

/* The values of the fields that were found since the first, in words instead of boxes. */
static void resolve_fields(struct wg_office_reading *r, size_t first)
{
	for (size_t i = first; i < r->found->count; i++) {
		struct wg_found_field *f = &r->found->fields[i];
		if (f->remark || (!wg_office_tick_has(f->value) && !wg_office_tick_has(f->label)))
			continue;
		WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
		bool filled = f->value[0] != '\0';
		if (wg_office_tick_has(f->value))
			wg_tick_value(f->value, &value);
		else
			wg_buf_puts(&value, f->value);
		if (wg_office_tick_has(f->label))
			unbox_label(f, &value);
		char *words = strdup(wg_buf_text(&value));
		if (words == NULL) {
			r->found->no_memory = true;
			return;
		}
		free(f->value);
		f->value = words;
		r->found->filled += (size_t)(words[0] != '\0') - (size_t)filled;
	}
}

void wg_office_flush(struct wg_office_reading *r)
{
	wg_office_end_boxes(r);
	size_t first = r->found->count;
	unsigned lines = r->items.lines, tables = r->items.tables;
	if (r->code == WG_OK)
		r->code = wg_items_read(&r->items, r->found, r->err);
	resolve_fields(r, first);
	wg_items_free(&r->items);
	r->items.lines = lines;
	r->items.tables = tables;
}

void wg_office_section(struct wg_office_reading *r, const char *heading)
{
	wg_office_flush(r);
	char *copy = heading != NULL ? strdup(heading) : NULL;
	r->found->no_memory = r->found->no_memory || (heading != NULL && copy == NULL);
	free(r->section);
	r->section = copy;
	wg_found_section(r->found, copy);
}

void wg_office_field(struct wg_office_reading *r, const char *label, const char *value, const char *at)
{
	size_t first = r->found->count;
	wg_found_field(r->found, label, value, at);
	resolve_fields(r, first);
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
	if (!para->heading && !para->title && !wg_office_is_bold(&para->text, &para->bold))
		return false;
	size_t start;
	struct wg_label l;
	bool said = wg_label_split(s, &start, &l) && s[start + l.value] != '\0';
	if (wg_office_is_capitals(s))
		return true; /* "SECTION 2: THE CHILD" */
	return !said && (para->heading || para->title || form_follows(flow, i + 1));
}

void wg_office_walk(struct wg_office_reading *r, const struct wg_office_flow *flow)
{
	for (size_t i = 0; i < flow->n && r->code == WG_OK; i++) {
		const struct wg_office_block *block = &flow->blocks[i];
		if (block->table != NULL) {
			wg_office_table(r, block->table);
		} else if (block->para != NULL && is_section(flow, i)) {
			wg_office_section(r, block->para->title ? NULL : wg_buf_text(&block->para->text));
			wg_found_text(r->found, wg_buf_text(&block->para->text));
			r->items.lines++;
		} else if (block->para != NULL) {
			wg_office_lines(r, block->para);
		}
	}
}

/* Headers and footers hold the organisation's own letterhead: only what is clearly a field of the form is one. The same
 * line on several pages is said once. */
static void margin_line(struct wg_office_reading *r, const char *line, unsigned number)
{
	size_t start;
	struct wg_label l;
	char at[64];
	if (is_blank(line) || strstr(wg_buf_text(&r->found->text), line) != NULL)
		return;
	wg_found_text(r->found, line);
	if (!wg_label_split(line, &start, &l) || line[start + l.value] == '\0' ||
	    wg_label_is_contact(line + start, l.label_len))
		return;
	WG_AUTO_FREE char *label = strndup(line + start, l.label_len);
	(void)snprintf(at, sizeof at, "header or footer, line %u", number); /* fits */
	if (label != NULL)
		wg_office_field(r, label, line + start + l.value, at);
}

/* Every line of text, whatever holds it. */
static void each_line(struct wg_office_reading *r, const struct wg_office_flow *flow, bool margin, unsigned *number)
{
	for (size_t i = 0; i < flow->n; i++) {
		const struct wg_office_table *t = flow->blocks[i].table;
		const char *s = flow->blocks[i].para != NULL ? wg_buf_text(&flow->blocks[i].para->text) : "";
		for (size_t k = 0; t != NULL && k < t->n; k++)
			for (size_t c = 0; c < t->rows[k].n; c++)
				each_line(r, &t->rows[k].cells[c].flow, margin, number);
		while (*s != '\0') {
			size_t n = strcspn(s, "\n");
			WG_AUTO_FREE char *line = strndup(s, n);
			s += n + (s[n] == '\n');
			++*number;
			if (line != NULL && margin)
				margin_line(r, line, *number);
			else if (line != NULL && !is_blank(line))
				wg_found_text(r->found, line);
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
	WG_AUTO_FREE struct wg_office_control **list = calloc(labels.n + 1, sizeof(*list));
	if (list == NULL)
		return false;
	labels = (struct labels){ .list = list, .cap = labels.n };
	collect(&labels, &doc->body);
	qsort(list, labels.n, sizeof(*list), by_label);
	for (size_t i = 1; i < labels.n; i++)
		if (strcmp(list[i - 1]->label, list[i]->label) == 0)
			list[i - 1]->shared = list[i]->shared = true;
	return true;
}

enum wg_code wg_office_read(struct wg_office *doc, struct wg_found *found, struct wg_err *err)
{
	if (doc->no_memory || !mark_shared(doc))
		return wg_err_set(err, WG_SYSTEM, "no memory for the document");
	struct wg_office_reading r = { .found = found,
		                           .items = { .where = "document" },
		                           .label = WG_BUF(WG_LIMIT_MESSAGE),
		                           .options = WG_BUF(WG_LIMIT_MESSAGE),
		                           .err = err };
	unsigned number = 0;
	wg_office_walk(&r, &doc->body);
	wg_office_section(&r, NULL); /* flushes */
	each_line(&r, &doc->margin, true, &number);
	each_line(&r, &doc->notes, false, &number);
	say_comments(doc, found);
	say_dropped(doc, found);
	bool failed = r.label.failed || r.options.failed;
	wg_items_free(&r.items);
	wg_buf_free(&r.label);
	wg_buf_free(&r.options);
	free(r.section);
	return r.code == WG_OK && failed ? wg_err_set(err, WG_SYSTEM, "no memory for the document") : r.code;
}
