/* pick.c owns the reading of a body's items: which are fields, and which are words outside any field.
 * SECURITY: a value never runs on into a line that itself looks like a label. A form whose fields flow into each other
 * would carry one category of data inside another; a field too many only means that a person looks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/pick_internal.h"
#include "readers/tick.h"

/* Values longer than this that end like a sentence are prose, which may have paragraphs. */
#define PROSE_BYTES 40
/* Labels among the next lines that show that a form begins below a disclaimer. */
#define FORM_LABELS 3

/* A complete field: its tick boxes as the words that they tick. */
static void put_field(struct wg_pick *p, const char *label, const char *value)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_MESSAGE);
	wg_tick_value(value, &said);
	if (said.failed)
		p->found->no_memory = true;
	wg_found_field(p->found, label, wg_buf_text(&said), p->at);
}

static void close_field(struct wg_pick *p)
{
	if (p->open)
		put_field(p, wg_buf_text(&p->label), wg_buf_text(&p->value));
	wg_buf_reset(&p->label);
	wg_buf_reset(&p->value);
	p->open = false;
	p->lone = p->boxes = false;
	p->blank = false;
}

static void open_field(struct wg_pick *p, const struct wg_item *item, const char *label, size_t len, bool question)
{
	close_field(p);
	wg_buf_put(&p->label, label, len);
	(void)snprintf(p->at, sizeof p->at, "%s, %sline %u", p->items->where, item->quote > 0 ? "quoted " : "",
	               item->line); /* fits */
	p->open = true;
	p->question = question;
}

static void append(struct wg_pick *p, const char *line)
{
	if (p->value.len > 0)
		wg_buf_putc(&p->value, '\n');
	wg_buf_puts(&p->value, line + strspn(line, " \t"));
	p->boxes = p->boxes || wg_tick_any(line);
	p->blank = false;
}

static void words(struct wg_pick *p, const struct wg_item *item)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_MESSAGE);
	for (const char *s = item->text; *s != '\0'; s++)
		wg_buf_putc(&line, *s == WG_LABEL_MARK ? ' ' : *s);
	wg_found_text(p->found, wg_buf_text(&line));
}

/* The fields below stand under this heading, without what it is drawn with. */
static void section(struct wg_pick *p, const char *heading)
{
	static const char drawn[] = "-=_*~# \t";
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_CONFIG_FILE);
	heading += strspn(heading, drawn);
	size_t n = strlen(heading);
	while (n > 0 && strchr(drawn, heading[n - 1]) != NULL)
		n--;
	for (size_t i = 0; i < n; i++)
		wg_buf_putc(&line, heading[i] == WG_LABEL_MARK ? ' ' : heading[i]);
	if (n > 0)
		wg_found_section(p->found, wg_buf_text(&line));
}

/* A line outside any field: a heading, or words. */
static void take_words(struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = wg_pick_line(p, i + 1);
	close_field(p);
	words(p, item);
	bool brief = strlen(item->text) <= WG_PICK_BOLD_BYTES;
	bool drawn = item->bold || (below != NULL && wg_label_is_rule(below->text)); /* bold, or underlined */
	if (p->footer == FOOTER_NONE && ((brief && drawn) || wg_label_is_heading(item->text)))
		section(p, item->text);
}

/* Below a sign-off or a disclaimer: true when item i stays outside any field. */
static bool stays_in_footer(struct wg_pick *p, size_t i, const char *label, size_t len)
{
	if (p->footer == FOOTER_NONE)
		return false;
	bool form = len > 0 && !wg_label_is_contact(label, len) &&
	            (p->footer == FOOTER_SIGNATURE ||
	             (p->footer == FOOTER_DISCLAIMER && wg_pick_labels_ahead(p, i) >= FORM_LABELS));
	if (form)
		p->footer = FOOTER_NONE;
	return !form;
}

/* A line with a label, and perhaps a second one behind it. */
static void take_label(struct wg_pick *p, const struct wg_item *item, const char *s, struct wg_label l)
{
	for (;;) {
		open_field(p, item, s, l.label_len, l.question);
		const char *value = s + l.value;
		size_t second = wg_pick_second(value), start = 0;
		if (second == 0) {
			if (value[0] != '\0')
				append(p, value);
			return;
		}
		WG_AUTO_FREE char *first = strndup(value, second);
		if (first != NULL)
			append(p, first);
		s = value + second;
		if (!wg_label_split(s, &start, &l)) /* second_column saw that it does */
			return;
		s += start;
	}
}

/* "Full name<tab>Tess Example", as a table looks when it was pasted as text: even cells are labels. */
static bool take_tabs(struct wg_pick *p, const struct wg_item *item)
{
	const char *cell[8];
	size_t len[8], n = 0;
	for (const char *s = item->text + strspn(item->text, " \t"); *s != '\0'; s += strspn(s, "\t")) {
		if (n == WG_COUNT(cell))
			return false;
		cell[n] = s;
		len[n] = strcspn(s, "\t");
		s += len[n++];
	}
	if (n < 2 || n % 2 != 0)
		return false;
	for (size_t i = 0; i < n; i += 2)
		if (len[i] > WG_PICK_BOLD_BYTES || memchr(cell[i], '.', len[i]) != NULL)
			return false;
	for (size_t i = 0; i < n; i += 2) {
		open_field(p, item, cell[i], len[i], false);
		wg_buf_put(&p->value, cell[i + 1], len[i + 1]);
	}
	return true;
}

/* Does the line at i go on with the value that is open? */
static bool goes_on(const struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = wg_pick_line(p, i + 1);
	const char *line = item->text;
	if (!p->open || wg_label_is_rule(line) || (p->lone && line[0] != ' ' && line[0] != '\t'))
		return false;
	if (p->value.len == 0)
		return !(wg_label_is_heading(line) && strpbrk(line, "=#*_") != NULL);
	if (p->boxes && wg_pick_asks_below(p, i))
		return false;
	if (item->bold && !p->bold && strlen(line) <= WG_PICK_BOLD_BYTES)
		return false;
	if (!p->blank)
		return !(wg_label_is_heading(line) &&
		         (strpbrk(line, "=#*_") != NULL || (below != NULL && wg_label_is_rule(below->text))));
	char last = (char)p->value.data[p->value.len - 1];
	bool prose = p->value.len >= PROSE_BYTES && (last == '.' || last == '!' || last == '?' || last == '"');
	return !wg_label_is_heading(line) && (line[0] == ' ' || line[0] == '\t' || prose) && wg_pick_later(p, i + 1);
}

/* Marks between and around mails; true when the line was one. */
static bool take_boundary(struct wg_pick *p, const struct wg_item *item)
{
	const char *s = item->text;
	enum wg_footer footer = FOOTER_NONE;
	if (strcmp(s, "-- ") == 0)
		footer = FOOTER_REST;
	else if (strcmp(s, "--") == 0 || wg_label_is_sign_off(s))
		footer = FOOTER_SIGNATURE;
	else if (wg_label_is_disclaimer(s))
		footer = FOOTER_DISCLAIMER;
	else if (!wg_label_is_forward(s))
		return false;
	close_field(p);
	wg_found_section(p->found, NULL);
	if (footer == FOOTER_NONE || p->footer != FOOTER_REST)
		p->footer = footer;
	words(p, item);
	return true;
}

/* One box with its words: "[x] Medication needed" is answered by its box. */
static void take_lone_box(struct wg_pick *p, const struct wg_item *item, const char *s)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_label l = { 0 };
	size_t start = 0;
	wg_tick_value(s, &said);
	bool ticked = said.len > 0;
	wg_buf_reset(&said);
	wg_tick_words(s, &said);
	const char *text = wg_buf_text(&said);
	if (wg_label_split(text, &start, &l) && text[start + l.value] != '\0') {
		open_field(p, item, text + start, l.label_len, false);
		append(p, text + start + l.value);
	} else {
		open_field(p, item, text, strlen(text), false);
		if (ticked)
			append(p, "yes");
	}
	p->lone = true;
}

/* A line with boxes: more of the value that is open, or a field by itself. False when it has none. */
static bool take_boxes(struct wg_pick *p, size_t i)
{
	static const char nameless[] = "Tick boxes without a label";
	const struct wg_item *item = &p->items->list[i];
	const char *s = item->text + strspn(item->text, " \t-*");
	size_t first, boxes, start;
	bool ends;
	struct wg_label l;
	boxes = wg_tick_count(s, &first, &ends);
	if (boxes == 0 || (first > 0 && !(ends && boxes > 1)))
		return false;
	if (first > 0 && wg_label_split(s, &start, &l) && start + l.value < first) /* "Interpreter: Yes [ ] No [x]" */
		return false;
	if (p->open && !p->lone && (p->value.len == 0 || (!p->blank && p->boxes))) {
		append(p, s);
	} else if (p->footer != FOOTER_NONE) {
		words(p, item);
	} else if (boxes == 1) {
		take_lone_box(p, item, s);
	} else {
		open_field(p, item, nameless, strlen(nameless), false);
		append(p, s);
	}
	return true;
}

/* "Looked after [x] Yes [ ] No", "Medication [x]": what stands before the first box is the label. */
static bool label_of_boxes(const char *s, struct wg_label *out)
{
	size_t first;
	bool ends;
	size_t boxes = wg_tick_count(s, &first, &ends);
	if (boxes == 0 || first == 0 || first > WG_PICK_ASKS_BYTES || (ends && boxes > 1))
		return false;
	*out = (struct wg_label){ .label_len = first, .value = first, .question = true };
	return true;
}

/* The line at i; returns how many items were used. */
static size_t take_line(struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = wg_pick_line(p, i + 1);
	const char *s = item->text;
	struct wg_label l = { 0 };
	size_t start = 0;
	if (take_boxes(p, i))
		return 1;
	if (wg_label_split(s, &start, &l)) {
		s += start;
	} else if (label_of_boxes(s, &l)) {
		start = 0;
	} else if (p->dashes && wg_label_split_dash(s, &l)) {
		start = 0;
	} else if (below != NULL && wg_label_wraps(s, below->text) && (!p->open || p->blank || p->question)) {
		WG_AUTO_BUF struct wg_buf joined = WG_BUF(WG_LIMIT_CONFIG_FILE);
		wg_buf_printf(&joined, "%s %s", s, below->text + strspn(below->text, " \t"));
		open_field(p, item, wg_buf_text(&joined), joined.len, true);
		return 2;
	} else if (wg_pick_bold(p, i) || (wg_pick_asks_below(p, i) && !goes_on(p, i))) {
		l.label_len = l.value = strlen(s);
	}
	if (stays_in_footer(p, i, s, l.label_len)) {
		words(p, item);
	} else if (l.label_len > 0) {
		take_label(p, item, s, l);
	} else if (strchr(s, '\t') == NULL || !take_tabs(p, item)) {
		if (goes_on(p, i)) {
			append(p, s);
		} else {
			take_words(p, i);
		}
	}
	return 1;
}

/* One item; returns how many were used. */
static size_t take_any(struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i];
	if (item->kind == WG_ITEM_LINE && item->text[0] == '\0') {
		p->blank = true;
		return 1;
	}
	if (item->quote != p->quote) {
		close_field(p);
		wg_found_section(p->found, NULL);
		p->footer = FOOTER_NONE;
		p->quote = item->quote;
	}
	if (item->kind == WG_ITEM_LINE) {
		size_t headers = wg_pick_header(p, i);
		if (headers > 0) {
			close_field(p);
			wg_found_section(p->found, NULL);
			p->footer = FOOTER_NONE;
			for (size_t k = 0; k < headers; k++)
				words(p, &p->items->list[i + k]);
			return headers;
		}
		return take_boundary(p, item) ? 1 : take_line(p, i);
	}
	close_field(p);
	if (item->kind == WG_ITEM_HEAD && item->text[0] == '\0') {
		wg_found_section(p->found, NULL); /* what stood under the heading before is over */
	} else if (item->kind == WG_ITEM_HEAD) {
		words(p, item);
		section(p, item->text);
	} else if (stays_in_footer(p, i, item->text, strlen(item->text))) {
		words(p, item);
		wg_found_text(p->found, item->value);
	} else {
		if (item->table == 0)
			(void)snprintf(p->at, sizeof p->at, "%s, line %u", p->items->where, item->row); /* fits */
		else
			(void)snprintf(p->at, sizeof p->at, "%s, table %u, row %u", p->items->where, item->table,
			               item->row); /* fits */
		wg_found_row(p->found, item->data_row);
		put_field(p, item->text, item->value);
		wg_found_row(p->found, 0);
	}
	return 1;
}

static size_t take_item(struct wg_pick *p, size_t i)
{
	bool blank = p->items->list[i].text[0] == '\0';
	size_t n = take_any(p, i);
	if (!blank)
		p->bold = p->items->list[i + n - 1].bold_end;
	return n;
}

enum wg_code wg_items_read(const struct wg_items *items, struct wg_found *found, struct wg_err *err)
{
	if (items->no_memory)
		return wg_err_set(err, WG_SYSTEM, "no memory for the lines of the body");
	if (items->over)
		return wg_err_set(err, WG_LIMIT, "%s: there are more lines than the limit: send it in parts", items->where);
	struct wg_pick p = {
		.items = items, .found = found, .label = WG_BUF(WG_LIMIT_MESSAGE), .value = WG_BUF(WG_LIMIT_MESSAGE)
	};
	p.dashes = wg_pick_dashes(items);
	wg_found_section(found, NULL);
	for (size_t i = 0; i < items->count;)
		i += take_item(&p, i);
	close_field(&p);
	wg_found_section(found, NULL);
	bool failed = p.label.failed || p.value.failed;
	wg_buf_free(&p.label);
	wg_buf_free(&p.value);
	return failed ? wg_err_set(err, WG_SYSTEM, "no memory for a field") : WG_OK;
}
