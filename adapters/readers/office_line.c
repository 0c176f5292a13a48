/* office_line.c owns how a paragraph becomes lines and pairs: its controls, its runs of tick boxes, its bold labels.
 * SECURITY: the text is outside text; all is linear in it but for the sorting of a paragraph's controls. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/office_internal.h"
#include "readers/office_tick.h"

/* Blank lines that may stand between a question and its boxes. */
#define BLANKS_MAX 2

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
	wg_buf_put(rest->text, rest->para->text.data + from, to - from);
	wg_buf_put(rest->bold, rest->para->bold.data + from, to - from);
}

/* Whole lines before the last one stay; the last one, when it only introduces the control, goes. */
static void keep_before(struct rest *rest, size_t from, size_t to)
{
	size_t line = to;
	while (line > from && rest->para->text.data[line - 1] != '\n')
		line--;
	keep(rest, from, is_caption((const char *)rest->para->text.data + line, to - line) ? line : to);
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

static void put_pair(struct wg_office_reading *r, const char *label, const char *value, unsigned table, unsigned row)
{
	wg_office_end_boxes(r);
	struct wg_item *item = wg_items_pair(&r->items, label, value);
	if (item == NULL)
		return;
	item->table = table;
	item->row = table != 0 ? row : ++r->items.lines;
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

bool wg_office_controls(struct wg_office_reading *r, const struct wg_office_para *para, unsigned table, unsigned row,
                        struct wg_buf *rest_text, struct wg_buf *rest_bold)
{
	struct rest rest = { .para = para, .text = rest_text, .bold = rest_bold };
	size_t at = 0, boxes = para->n_controls > 0 ? count_boxes(wg_buf_text(&para->text)) : 0;
	bool any = false;
	WG_AUTO_FREE const struct wg_office_control **order = calloc(para->n_controls + 1, sizeof *order);
	for (size_t i = 0; order != NULL && i < para->n_controls; i++)
		order[i] = &para->controls[i];
	if (order != NULL)
		qsort(order, para->n_controls, sizeof(*order), by_start);
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
		if (r != NULL)
			put_pair(r, c->label, wg_buf_text(&value), table, row);
		any = true;
	}
	keep(&rest, at, para->text.len);
	return any;
}

/* The line before a run of boxes, if it is what they answer: taken back out of the items. */
static void take_question(struct wg_office_reading *r)
{
	struct wg_items *items = &r->items;
	size_t i = items->count, blanks = 0;
	while (i > 0 && blanks <= BLANKS_MAX && items->list[i - 1].kind == WG_ITEM_LINE &&
	       items->list[i - 1].text[0] == '\0')
		i--, blanks++;
	if (i == 0 || items->list[i - 1].kind != WG_ITEM_LINE)
		return;
	const char *s = items->list[i - 1].text;
	size_t start, n = strlen(s);
	struct wg_label l;
	bool split = wg_label_split(s, &start, &l);
	if (n == 0 || n > WG_OFFICE_LABEL_BYTES || (split ? s[start + l.value] != '\0' : s[n - 1] == '.'))
		return;
	wg_buf_puts(&r->label, s);
	for (size_t k = items->count; k >= i; k--) {
		free(items->list[k - 1].text);
		items->list[k - 1] = (struct wg_item){ 0 };
	}
	items->count = i - 1;
}

static void add_boxes(struct wg_office_reading *r, const char *line, size_t len)
{
	if (!r->boxes)
		take_question(r);
	r->boxes = true;
	if (r->options.len > 0)
		wg_buf_putc(&r->options, '\n');
	wg_buf_put(&r->options, line, len);
}

/* Boxes that answer no question: one alone on its line is a question by itself. */
static void lone_box(struct wg_office_reading *r, const char *line, size_t len)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(WG_LIMIT_MESSAGE);
	const char *tick = NULL;
	size_t boxes = 0;
	for (size_t i = 0; i < len; i++) {
		if (wg_office_tick_at(line + i) == WG_OFFICE_TICK_NONE) {
			wg_buf_putc(&words, line[i]);
			continue;
		}
		tick = wg_office_tick_at(line + i) == WG_OFFICE_TICK_ON ? WG_TICK_ON : WG_TICK_OFF;
		boxes++;
		i += WG_OFFICE_TICK_BYTES - 1;
	}
	struct wg_item *item;
	if (boxes == 1 && trimmed_len(wg_buf_text(&words), words.len) > 0 && words.len <= WG_OFFICE_LABEL_BYTES)
		item = wg_items_pair(&r->items, wg_buf_text(&words), tick);
	else
		item = wg_items_line(&r->items, line, len);
	if (item != NULL && item->kind == WG_ITEM_PAIR)
		item->row = ++r->items.lines;
}

void wg_office_end_boxes(struct wg_office_reading *r)
{
	if (!r->boxes)
		return;
	r->boxes = false;
	if (r->label.len > 0) {
		put_pair(r, wg_buf_text(&r->label), wg_buf_text(&r->options), 0, 0);
	} else {
		for (const char *s = wg_buf_text(&r->options); *s != '\0';) {
			size_t n = strcspn(s, "\n");
			lone_box(r, s, n);
			s += n + (s[n] == '\n');
		}
	}
	wg_buf_reset(&r->label);
	wg_buf_reset(&r->options);
}

/* Bold words at the start of a line with others behind them are a label, unless punctuation says it already. */
static size_t bold_label(const char *line, const uint8_t *bold, size_t n)
{
	size_t b = 0;
	while (b < n && (bold[b] != 0 || blank(line[b])))
		b++;
	size_t len = trimmed_len(line, b);
	if (len == 0 || len >= n || len == b || memchr(bold, 1, n) == NULL || strchr(":?.,;-!", line[len - 1]) != NULL)
		return 0;
	return strchr(":?.,;-)!", line[b]) == NULL ? len : 0;
}

/* "Injured [ ] Yes [x] No": the words before the first box are a label. */
static size_t box_label(const char *line)
{
	size_t n = 0, start;
	struct wg_label l;
	while (line[n] != '\0' && wg_office_tick_at(line + n) == WG_OFFICE_TICK_NONE)
		n++;
	size_t len = trimmed_len(line, n);
	if (line[n] == '\0' || len == 0 || len == n || wg_label_split(line, &start, &l))
		return 0;
	return len;
}

static bool ends_with_box(const char *line, size_t n)
{
	n = trimmed_len(line, n);
	return n >= WG_OFFICE_TICK_BYTES && wg_office_tick_at(line + n - WG_OFFICE_TICK_BYTES) != WG_OFFICE_TICK_NONE;
}

static void add_line(struct wg_office_reading *r, char *line, const uint8_t *bold, size_t n)
{
	size_t lead = strspn(line, " \t"), start;
	struct wg_label l;
	bool box = wg_office_tick_at(line + lead) != WG_OFFICE_TICK_NONE;
	if (box || (ends_with_box(line, n) && !wg_label_split(line, &start, &l))) {
		add_boxes(r, line + lead, n - lead);
		return;
	}
	if (n == 0 && r->boxes) /* boxes in paragraphs with blank ones between them */
		return;
	wg_office_end_boxes(r);
	size_t label = wg_office_tick_has(line) ? box_label(line) : bold_label(line, bold, n);
	if (label > 0)
		line[label] = WG_LABEL_MARK; /* a blank stands there */
	struct wg_item *item = wg_items_line(&r->items, line, n);
	if (item != NULL && n > 0) {
		const struct wg_buf text = { .data = (uint8_t *)line, .len = n }, marks = { .data = (uint8_t *)bold, .len = n };
		item->bold = wg_office_is_bold(&text, &marks);
	}
}

void wg_office_lines(struct wg_office_reading *r, const struct wg_office_para *para)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf bold = WG_BUF(WG_LIMIT_MESSAGE);
	bool taken = wg_office_controls(r, para, 0, 0, &text, &bold);
	if (taken && trimmed_len(wg_buf_text(&text), text.len) == 0)
		return;
	wg_buf_putc(&text, '\n');
	wg_buf_putc(&bold, 0);
	if (text.failed || bold.failed) {
		r->items.no_memory = true;
		return;
	}
	for (size_t at = 0; at < text.len;) {
		char *line = (char *)text.data + at;
		size_t n = strcspn(line, "\n");
		line[n] = '\0';
		add_line(r, line, bold.data + at, n);
		at += n + 1;
	}
}
