/* office_line.c owns how a paragraph becomes lines and pairs: its controls and its bold labels.
 * SECURITY: the text is outside text; all is linear in it but for the sorting of a paragraph's controls. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/office_internal.h"
#include "readers/office_tick.h"

/* Underscores or dots in a row that are no text; three dots are. */
#define DRAWN_MIN 3

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static size_t trimmed_len(const char *s, size_t n)
{
	while (n > 0 && blank(s[n - 1]))
		n--;
	return n;
}

bool wg_office_is_bold(const struct wg_buf *text, const struct wg_buf *bold)
{
	const char *s = wg_buf_text(text);
	bool any = false;
	for (size_t i = 0; i < text->len && i < bold->len; i++) {
		if (wg_office_tick_at(s + i) != WG_OFFICE_TICK_NONE) {
			i += WG_OFFICE_TICK_BYTES - 1;
			continue;
		}
		if (!blank(s[i]) && bold->data[i] == 0)
			return false;
		any = any || !blank(s[i]);
	}
	return any;
}

bool wg_office_is_capitals(const char *line)
{
	size_t letters = 0, n = strlen(line);
	for (size_t i = 0; i < n; i++) {
		if (line[i] >= 'a' && line[i] <= 'z')
			return false;
		letters += line[i] >= 'A' && line[i] <= 'Z';
	}
	return letters >= 4 && n <= WG_OFFICE_HEADING_BYTES;
}

/* Words before a control that only say what it is for. */
static bool is_caption(const char *s, size_t n)
{
	while (n > 0 && blank(*s))
		s++, n--;
	n = trimmed_len(s, n);
	if (n == 0)
		return true;
	WG_AUTO_FREE char *line = strndup(s, n);
	size_t start;
	struct wg_label l;
	if (line == NULL || n > WG_OFFICE_LABEL_BYTES || strchr(line, '\n') != NULL || strstr(line, ". ") != NULL)
		return false;
	return !wg_label_split(line, &start, &l) || line[start + l.value] == '\0';
}

static int by_start(const void *a, const void *b)
{
	const struct wg_office_control *x = *(const struct wg_office_control *const *)a;
	const struct wg_office_control *y = *(const struct wg_office_control *const *)b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static size_t count_boxes(const char *s)
{
	size_t boxes = 0;
	for (; *s != '\0'; s++)
		boxes += wg_office_tick_at(s) != WG_OFFICE_TICK_NONE;
	return boxes;
}

/* The rest of a paragraph while its controls are taken out. */
struct rest {
	const struct wg_office_para *para;
	struct wg_buf *text, *bold;
};

static void keep(struct rest *rest, size_t from, size_t to)
{
	if (to > from) { /* an empty paragraph has no memory */
		wg_buf_put(rest->text, rest->para->text.data + from, to - from);
		wg_buf_put(rest->bold, rest->para->bold.data + from, to - from);
	}
}

/* Whole lines before the last one stay; the last one, when it only introduces the control, goes. */
static void keep_before(struct rest *rest, size_t from, size_t to)
{
	size_t line = to;
	while (line > from && rest->para->text.data[line - 1] != '\n')
		line--;
	keep(rest, from, is_caption(wg_buf_text(&rest->para->text) + line, to - line) ? line : to);
}

/* A control without a label of its own: what stands before it on its line is the label, also without a colon. */
static void mark(struct rest *rest)
{
	size_t n = rest->text->len, line = n;
	const char *s = wg_buf_text(rest->text);
	while (line > 0 && s[line - 1] != '\n')
		line--;
	size_t len = trimmed_len(s + line, n - line);
	if (len == 0 || len > WG_OFFICE_LABEL_BYTES || strchr(":?.,;-!(/", s[line + len - 1]) != NULL ||
	    memchr(s + line, ':', len) != NULL || memchr(s + line, WG_LABEL_MARK, len) != NULL)
		return;
	wg_buf_putc(rest->text, WG_LABEL_MARK);
	wg_buf_putc(rest->bold, 0);
}

static void put_pair(struct wg_items *items, const char *label, const char *value, unsigned table, unsigned row)
{
	struct wg_item *item = wg_items_pair(items, label, value);
	if (item == NULL)
		return;
	item->table = table;
	item->row = table != 0 ? row : ++items->lines;
}

/* The value of a labelled control; of a box also the words behind it on its line. Returns where it ends. */
static size_t control_value(const struct wg_office_para *para, const struct wg_office_control *c, struct wg_buf *value)
{
	const char *s = wg_buf_text(&para->text);
	size_t end = c->box ? c->end + strcspn(s + c->end, "\n") : c->end;
	wg_buf_put(value, s + c->start, end - c->start);
	return end;
}

static bool has_label(const struct wg_office_control *c, size_t boxes)
{
	return c->label != NULL && !c->shared && !(c->box && boxes > 1);
}

bool wg_office_controls(struct wg_items *items, const struct wg_office_para *para, unsigned table, unsigned row,
                        struct wg_buf *rest_text, struct wg_buf *rest_bold)
{
	struct rest rest = { .para = para, .text = rest_text, .bold = rest_bold };
	size_t at = 0, boxes = para->n_controls > 0 ? count_boxes(wg_buf_text(&para->text)) : 0;
	bool any = false;
	WG_AUTO_FREE const struct wg_office_control **order = calloc(para->n_controls + 1, sizeof(void *));
	for (size_t i = 0; order != NULL && i < para->n_controls; i++)
		order[i] = &para->controls[i];
	if (order != NULL)
		qsort(order, para->n_controls, sizeof(void *), by_start);
	for (size_t i = 0; order != NULL && i < para->n_controls; i++) {
		const struct wg_office_control *c = order[i];
		if (c->start < at)
			continue;
		if (!has_label(c, boxes)) {
			keep(&rest, at, c->start);
			if (!c->box)
				mark(&rest);
			keep(&rest, c->start, c->end);
			at = c->end;
			continue;
		}
		WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
		keep_before(&rest, at, c->start);
		at = control_value(para, c, &value);
		put_pair(items, c->label, wg_buf_text(&value), table, row);
		any = true;
	}
	keep(&rest, at, para->text.len);
	return any;
}

/* Bold words at the start of a line with others behind them are a label, unless punctuation says it already. */
static size_t bold_label(const char *line, const uint8_t *bold, size_t n)
{
	size_t b = 0, start;
	struct wg_label l;
	while (b < n && (bold[b] != 0 || blank(line[b])))
		b++;
	size_t len = trimmed_len(line, b);
	if (len == 0 || len >= n || len == b || memchr(bold, 1, n) == NULL || strchr(":?.,;-)!", line[b]) != NULL)
		return 0;
	if (line[len - 1] == '?')
		return wg_label_split(line, &start, &l) ? 0 : len;
	return strchr(":.,;-!", line[len - 1]) == NULL ? len : 0;
}

/* Lines drawn to be written on ("Signed ______", "Date .......") say nothing: they become blanks, and a label before
 * one at the end gets a colon. */
static void undraw(char *line, size_t n)
{
	size_t before = trimmed_len(line, n), dots = before;
	for (size_t i = 0; i < n;) {
		size_t run = strspn(line + i, "_");
		if (run >= DRAWN_MIN)
			memset(line + i, ' ', run);
		i += run > 0 ? run : 1;
	}
	while (dots > 0 && line[dots - 1] == '.')
		dots--;
	if (before - dots > DRAWN_MIN)
		memset(line + dots, ' ', before - dots);
	size_t end = trimmed_len(line, n);
	if (end > 0 && end < before && end <= WG_OFFICE_HEADING_BYTES && memchr(line, ':', end) == NULL &&
	    line[end - 1] != '?')
		line[end] = ':';
}

static void add_line(struct wg_items *items, char *line, const uint8_t *bold, size_t n)
{
	undraw(line, n);
	size_t label = wg_office_tick_has(line) ? 0 : bold_label(line, bold, n);
	if (label > 0)
		line[label] = WG_LABEL_MARK; /* a blank stands there */
	struct wg_item *item = wg_items_line(items, line, n);
	if (item != NULL && n > 0) {
		const struct wg_buf text = { .data = (uint8_t *)line, .len = n }, marks = { .data = (uint8_t *)bold, .len = n };
		item->bold = wg_office_is_bold(&text, &marks);
	}
}

void wg_office_lines(struct wg_items *items, const struct wg_office_para *para)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf bold = WG_BUF(WG_LIMIT_MESSAGE);
	bool taken = wg_office_controls(items, para, 0, 0, &text, &bold);
	if (taken && trimmed_len(wg_buf_text(&text), text.len) == 0)
		return;
	wg_buf_putc(&text, '\n');
	wg_buf_putc(&bold, 0);
	if (text.failed || bold.failed) {
		items->no_memory = true;
		return;
	}
	bool boxes = wg_office_tick_has(wg_buf_text(&text));
	for (size_t at = 0; at < text.len;) {
		char *line = (char *)text.data + at;
		size_t n = strcspn(line, "\n");
		line[n] = '\0';
		add_line(items, line, bold.data + at, n);
		at += n + 1;
	}
	if (para->n_controls > 0 && !boxes) /* what was filled in ends with its paragraph */
		wg_office_gap(items);
}
