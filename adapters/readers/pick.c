/* pick.c owns the reading of a body's items: which are fields, and which are words outside any field.
 * SECURITY: a value never runs on into a line that itself looks like a label. A form whose fields flow into each other
 * would carry one category of data inside another; a field too many only means that a person looks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/items.h"
#include "readers/label.h"

/* Values longer than this that end like a sentence are prose, which may have paragraphs. */
#define PROSE_BYTES 40
/* Labels among the next lines that show that a form begins below a disclaimer. */
#define FORM_LABELS 3
#define FORM_LINES 12
/* A document is laid out with dashes when it has so many such lines. */
#define DASH_LINES 3
#define BOLD_LABEL_BYTES 80
/* How far anything looks ahead, so that no document makes the reading quadratic. */
#define LOOK_AHEAD 200
#define HEADER_LINES 40
#define COLUMNS_BYTES 2000

enum footer { FOOTER_NONE, FOOTER_SIGNATURE, FOOTER_DISCLAIMER, FOOTER_REST };

struct pick {
	const struct wg_items *items;
	struct wg_found *found;
	struct wg_buf label, value; /* of the field that is open */
	char at[160];
	bool open, question, blank; /* blank: a blank line came after the last one taken */
	bool dashes;
	enum footer footer;
	unsigned quote;
};

static void close_field(struct pick *p)
{
	if (p->open)
		wg_found_field(p->found, wg_buf_text(&p->label), wg_buf_text(&p->value), p->at);
	wg_buf_reset(&p->label);
	wg_buf_reset(&p->value);
	p->open = false;
	p->blank = false;
}

static void open_field(struct pick *p, const struct wg_item *item, const char *label, size_t len, bool question)
{
	close_field(p);
	wg_buf_put(&p->label, label, len);
	(void)snprintf(p->at, sizeof p->at, "%s, %sline %u", p->items->where, item->quote > 0 ? "quoted " : "",
	               item->line); /* fits */
	p->open = true;
	p->question = question;
}

static void append(struct pick *p, const char *line)
{
	if (p->value.len > 0)
		wg_buf_putc(&p->value, '\n');
	wg_buf_puts(&p->value, line + strspn(line, " \t"));
	p->blank = false;
}

static void words(struct pick *p, const struct wg_item *item)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_MESSAGE);
	for (const char *s = item->text; *s != '\0'; s++)
		wg_buf_putc(&line, *s == WG_LABEL_MARK ? ' ' : *s);
	wg_found_text(p->found, wg_buf_text(&line));
}

static const struct wg_item *line_at(const struct pick *p, size_t i)
{
	const struct wg_item *item = i < p->items->count ? &p->items->list[i] : NULL;
	return item != NULL && item->kind == WG_ITEM_LINE ? item : NULL;
}

static bool is_label(const struct pick *p, const struct wg_item *item)
{
	size_t start;
	struct wg_label l;
	return wg_label_split(item->text, &start, &l) || (p->dashes && wg_label_split_dash(item->text, &l));
}

/* The lines of a mail's header that was pasted with it ("From: ... Sent: ... Subject: ..."): how many items from i, or
 * 0. */
static size_t header_block(const struct pick *p, size_t i)
{
	enum { FROM = 1, SENT, DATE, TO, SUBJECT };
	unsigned seen = 0;
	size_t n = 0, known = 0, folded = 0;
	const struct wg_item *item;
	while (n < HEADER_LINES && (item = line_at(p, i + n)) != NULL && item->text[0] != '\0') {
		size_t start;
		struct wg_label l = { 0 };
		unsigned which =
			wg_label_split(item->text, &start, &l) ? wg_label_mail_header(item->text + start, l.label_len) : 0;
		if (which == 0 && (known == 0 || l.label_len > 0 || ++folded > 5))
			break;
		if (which != 0)
			known = n + 1, seen |= 1u << which;
		n++;
	}
	bool when = (seen & (1u << SENT | 1u << DATE)) != 0, what = (seen & (1u << TO | 1u << SUBJECT)) != 0;
	return (seen & 1u << FROM) != 0 && when && what ? known : 0;
}

/* How many of the next lines are labels of a form, not of a business card. */
static size_t labels_ahead(const struct pick *p, size_t i)
{
	size_t labels = 0;
	for (size_t n = 0; n < FORM_LINES && i + n < p->items->count; n++) {
		const struct wg_item *item = &p->items->list[i + n];
		size_t start;
		struct wg_label l;
		if (item->kind == WG_ITEM_PAIR)
			labels++;
		else if (wg_label_split(item->text, &start, &l) && !wg_label_is_contact(item->text + start, l.label_len))
			labels++;
	}
	return labels;
}

/* Below a sign-off or a disclaimer: true when item i stays outside any field. */
static bool stays_in_footer(struct pick *p, size_t i, const char *label, size_t len)
{
	if (p->footer == FOOTER_NONE)
		return false;
	bool form =
		len > 0 && !wg_label_is_contact(label, len) &&
		(p->footer == FOOTER_SIGNATURE || (p->footer == FOOTER_DISCLAIMER && labels_ahead(p, i) >= FORM_LABELS));
	if (form)
		p->footer = FOOTER_NONE;
	return !form;
}

/* "Gender: F      Build: slim": where the second label of the line begins, 0 when there is none. */
static size_t second_column(const char *value)
{
	if (strnlen(value, COLUMNS_BYTES) == COLUMNS_BYTES)
		return 0;
	for (size_t i = 0; value[i] != '\0'; i++) {
		bool gap = value[i] == '\t' || strncmp(value + i, "   ", 3) == 0;
		if (!gap)
			continue;
		size_t next = i + strspn(value + i, " \t"), start;
		struct wg_label l;
		if (value[next] != '\0' && wg_label_split(value + next, &start, &l) && value[next + start + l.label_len] == ':')
			return next;
		if (value[next] == '\0')
			break;
		i = next - 1;
	}
	return 0;
}

/* A line with a label, and perhaps a second one behind it. */
static void take_label(struct pick *p, const struct wg_item *item, const char *s, struct wg_label l)
{
	for (;;) {
		open_field(p, item, s, l.label_len, l.question);
		const char *value = s + l.value;
		size_t second = second_column(value), start = 0;
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
static bool take_tabs(struct pick *p, const struct wg_item *item)
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
		if (len[i] > BOLD_LABEL_BYTES || memchr(cell[i], '.', len[i]) != NULL)
			return false;
	for (size_t i = 0; i < n; i += 2) {
		open_field(p, item, cell[i], len[i], false);
		wg_buf_put(&p->value, cell[i + 1], len[i + 1]);
	}
	return true;
}

/* A bold line alone is the label of what stands below it, unless that is a label or bold itself. */
static bool bold_label(const struct pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = line_at(p, i + 1);
	return item->bold && strlen(item->text) <= BOLD_LABEL_BYTES && !wg_label_is_heading(item->text) && below != NULL &&
	       below->text[0] != '\0' && !below->bold && !is_label(p, below);
}

static bool later_label(const struct pick *p, size_t i)
{
	for (size_t end = i + LOOK_AHEAD; i < p->items->count && i < end; i++) {
		const struct wg_item *item = &p->items->list[i];
		if (item->quote != p->quote || (item->kind == WG_ITEM_LINE && wg_label_is_sign_off(item->text)))
			return false;
		if (item->kind == WG_ITEM_PAIR || (item->kind == WG_ITEM_LINE && is_label(p, item)))
			return true;
	}
	return false;
}

/* Does the line at i go on with the value that is open? */
static bool goes_on(const struct pick *p, size_t i)
{
	const char *line = p->items->list[i].text;
	const struct wg_item *below = line_at(p, i + 1);
	if (!p->open || wg_label_is_rule(line))
		return false;
	if (p->value.len == 0)
		return !(wg_label_is_heading(line) && strpbrk(line, "=#*_") != NULL);
	if (!p->blank)
		return !(wg_label_is_heading(line) &&
		         (strpbrk(line, "=#*_") != NULL || (below != NULL && wg_label_is_rule(below->text))));
	char last = (char)p->value.data[p->value.len - 1];
	bool prose = p->value.len >= PROSE_BYTES && (last == '.' || last == '!' || last == '?' || last == '"');
	return !wg_label_is_heading(line) && (line[0] == ' ' || line[0] == '\t' || prose) && later_label(p, i + 1);
}

/* Marks between and around mails; true when the line was one. */
static bool take_boundary(struct pick *p, const struct wg_item *item)
{
	const char *s = item->text;
	enum footer footer = FOOTER_NONE;
	if (strcmp(s, "-- ") == 0)
		footer = FOOTER_REST;
	else if (strcmp(s, "--") == 0 || wg_label_is_sign_off(s))
		footer = FOOTER_SIGNATURE;
	else if (wg_label_is_disclaimer(s))
		footer = FOOTER_DISCLAIMER;
	else if (!wg_label_is_forward(s))
		return false;
	close_field(p);
	if (footer == FOOTER_NONE || p->footer != FOOTER_REST)
		p->footer = footer;
	words(p, item);
	return true;
}

/* The line at i; returns how many items were used. */
static size_t take_line(struct pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = line_at(p, i + 1);
	const char *s = item->text;
	struct wg_label l = { 0 };
	size_t start = 0;
	if (wg_label_split(s, &start, &l)) {
		s += start;
	} else if (p->dashes && wg_label_split_dash(s, &l)) {
		start = 0;
	} else if (below != NULL && wg_label_wraps(s, below->text) && (!p->open || p->blank || p->question)) {
		WG_AUTO_BUF struct wg_buf joined = WG_BUF(WG_LIMIT_CONFIG_FILE);
		wg_buf_printf(&joined, "%s %s", s, below->text + strspn(below->text, " \t"));
		open_field(p, item, wg_buf_text(&joined), joined.len, true);
		return 2;
	} else if (bold_label(p, i)) {
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
			close_field(p);
			words(p, item);
		}
	}
	return 1;
}

static size_t take_item(struct pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i];
	if (item->kind == WG_ITEM_LINE && item->text[0] == '\0') {
		p->blank = true;
		return 1;
	}
	if (item->quote != p->quote) {
		close_field(p);
		p->footer = FOOTER_NONE;
		p->quote = item->quote;
	}
	if (item->kind == WG_ITEM_LINE) {
		size_t headers = header_block(p, i);
		if (headers > 0) {
			close_field(p);
			p->footer = FOOTER_NONE;
			for (size_t k = 0; k < headers; k++)
				words(p, &p->items->list[i + k]);
			return headers;
		}
		return take_boundary(p, item) ? 1 : take_line(p, i);
	}
	close_field(p);
	if (item->kind == WG_ITEM_HEAD) {
		words(p, item);
	} else if (stays_in_footer(p, i, item->text, strlen(item->text))) {
		words(p, item);
		wg_found_text(p->found, item->value);
	} else {
		if (item->table == 0)
			(void)snprintf(p->at, sizeof p->at, "%s, line %u", p->items->where, item->row); /* fits */
		else
			(void)snprintf(p->at, sizeof p->at, "%s, table %u, row %u", p->items->where, item->table,
			               item->row); /* fits */
		wg_found_field(p->found, item->text, item->value, p->at);
	}
	return 1;
}

static bool has_dashes(const struct wg_items *items)
{
	size_t dashed = 0, colons = 0;
	for (size_t i = 0; i < items->count; i++) {
		size_t start;
		struct wg_label l;
		if (items->list[i].kind != WG_ITEM_LINE)
			continue;
		if (wg_label_split(items->list[i].text, &start, &l))
			colons++;
		else if (wg_label_split_dash(items->list[i].text, &l))
			dashed++;
	}
	return dashed >= DASH_LINES && dashed > colons;
}

enum wg_code wg_items_read(const struct wg_items *items, struct wg_found *found, struct wg_err *err)
{
	if (items->no_memory)
		return wg_err_set(err, WG_SYSTEM, "no memory for the lines of the body");
	if (items->over)
		return wg_err_set(err, WG_LIMIT, "%s: there are more lines than the limit: send it in parts", items->where);
	struct pick p = {
		.items = items, .found = found, .label = WG_BUF(WG_LIMIT_MESSAGE), .value = WG_BUF(WG_LIMIT_MESSAGE)
	};
	p.dashes = has_dashes(items);
	for (size_t i = 0; i < items->count;)
		i += take_item(&p, i);
	close_field(&p);
	bool failed = p.label.failed || p.value.failed;
	wg_buf_free(&p.label);
	wg_buf_free(&p.value);
	return failed ? wg_err_set(err, WG_SYSTEM, "no memory for a field") : WG_OK;
}
