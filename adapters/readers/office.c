/* office.c owns struct wg_office: a document while it is taken apart. */
#include "readers/office.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/office_tick.h"

/* Words that a document hides: more than this is said to be there, not shown. */
#define HIDDEN_BYTES 4000

void wg_office_init(struct wg_office *doc)
{
	*doc = (struct wg_office){ .hidden = WG_BUF(HIDDEN_BYTES) };
}

static void flow_free(struct wg_office_flow *flow);

static void para_free(struct wg_office_para *para)
{
	if (para == NULL)
		return;
	wg_buf_free(&para->text);
	wg_buf_free(&para->bold);
	for (size_t i = 0; i < para->n_controls; i++)
		free(para->controls[i].label);
	free(para->controls);
	free(para);
}

static void table_free(struct wg_office_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->n; i++) {
		for (size_t k = 0; k < table->rows[i].n; k++)
			flow_free(&table->rows[i].cells[k].flow);
		free(table->rows[i].cells);
	}
	free(table->rows);
	free(table);
}

/* As deep as the tables are nested, which the depth of the XML bounds. */
static void flow_free(struct wg_office_flow *flow)
{
	for (size_t i = 0; i < flow->n; i++) {
		para_free(flow->blocks[i].para);
		table_free(flow->blocks[i].table);
	}
	free(flow->blocks);
	*flow = (struct wg_office_flow){ 0 };
}

void wg_office_free(struct wg_office *doc)
{
	flow_free(&doc->body);
	flow_free(&doc->margin);
	flow_free(&doc->notes);
	flow_free(&doc->comments);
	wg_buf_free(&doc->hidden);
}

/* Room for one more behind n of them; the old list stays when memory runs out. Lists grow at powers of two. */
static bool make_room(struct wg_office *doc, void **list, size_t n, size_t size)
{
	if (n > 0 && (n & (n - 1)) != 0)
		return true;
	void *bigger = reallocarray(*list, n > 0 ? 2 * n : 1, size);
	if (bigger == NULL) {
		doc->no_memory = true;
		return false;
	}
	*list = bigger;
	return true;
}

static struct wg_office_block *add_block(struct wg_office *doc, struct wg_office_flow *flow)
{
	void *list = flow->blocks;
	if (!make_room(doc, &list, flow->n, sizeof *flow->blocks))
		return NULL;
	flow->blocks = list;
	flow->blocks[flow->n] = (struct wg_office_block){ 0 };
	return &flow->blocks[flow->n++];
}

struct wg_office_para *wg_office_add_para(struct wg_office *doc, struct wg_office_flow *flow)
{
	struct wg_office_block *block = flow != NULL ? add_block(doc, flow) : NULL;
	if (block == NULL)
		return NULL;
	block->para = calloc(1, sizeof *block->para);
	if (block->para == NULL) {
		doc->no_memory = true;
		return NULL;
	}
	block->para->text = WG_BUF(WG_LIMIT_MESSAGE);
	block->para->bold = WG_BUF(WG_LIMIT_MESSAGE);
	return block->para;
}

struct wg_office_table *wg_office_add_table(struct wg_office *doc, struct wg_office_flow *flow)
{
	struct wg_office_block *block = flow != NULL ? add_block(doc, flow) : NULL;
	if (block == NULL)
		return NULL;
	block->table = calloc(1, sizeof *block->table);
	doc->no_memory = doc->no_memory || block->table == NULL;
	return block->table;
}

struct wg_office_row *wg_office_add_row(struct wg_office *doc, struct wg_office_table *table)
{
	void *list = table != NULL ? table->rows : NULL;
	if (table == NULL || !make_room(doc, &list, table->n, sizeof *table->rows))
		return NULL;
	table->rows = list;
	table->rows[table->n] = (struct wg_office_row){ 0 };
	return &table->rows[table->n++];
}

struct wg_office_cell *wg_office_add_cell(struct wg_office *doc, struct wg_office_row *row)
{
	void *list = row != NULL ? row->cells : NULL;
	if (row == NULL || !make_room(doc, &list, row->n, sizeof *row->cells))
		return NULL;
	row->cells = list;
	row->cells[row->n] = (struct wg_office_cell){ .span = 1 };
	return &row->cells[row->n++];
}

/* The marks of bold keep step with the text. */
static void keep_step(struct wg_office *doc, struct wg_office_para *para, bool bold)
{
	while (para->bold.len < para->text.len && !para->bold.failed)
		wg_buf_putc(&para->bold, bold ? 1 : 0);
	doc->no_memory = doc->no_memory || para->text.failed || para->bold.failed;
}

void wg_office_add_text(struct wg_office *doc, struct wg_office_para *para, const char *text, size_t len, bool bold)
{
	if (para == NULL)
		return;
	WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
	wg_clean_line(&clean, text, len);
	doc->no_memory = doc->no_memory || clean.failed;
	wg_office_tick_normalise(&para->text, wg_buf_text(&clean), clean.len);
	keep_step(doc, para, bold);
}

void wg_office_add_byte(struct wg_office *doc, struct wg_office_para *para, char c)
{
	if (para == NULL)
		return;
	wg_buf_putc(&para->text, c);
	keep_step(doc, para, false);
}

void wg_office_add_box(struct wg_office *doc, struct wg_office_para *para, bool ticked)
{
	if (para == NULL)
		return;
	wg_buf_puts(&para->text, ticked ? WG_TICK_ON : WG_TICK_OFF);
	keep_step(doc, para, false);
}

/* "Text1", "Check Box 3", "goog_rdk_12": what a program calls a control whose author gave it no name. */
static bool made_up(const char *label)
{
	static const char *const words[] = {
		"text",          "check",           "check box",     "checkbox",        "dropdown",     "drop-down",
		"drop down",     "combobox",        "combo box",     "list box",        "date",         "date picker",
		"rich text",     "picture",         "plain text",    "control",         "goog_rdk_",    "text field",
		"text box",      "listbox",         "textbox",       "content control", "date field",   "time field",
		"numeric field", "formatted field", "pattern field", "currency field",  "option button"
	};
	size_t n = strlen(label);
	while (n > 0 && ((label[n - 1] >= '0' && label[n - 1] <= '9') || label[n - 1] == ' '))
		n--;
	bool number = label[n] != '\0';
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strlen(words[i]) == n && strncasecmp(label, words[i], n) == 0)
			return number || strcmp(words[i], "date") != 0;
	return n == 0;
}

void wg_office_add_control(struct wg_office *doc, struct wg_office_para *para, const char *label, size_t start,
                           bool box)
{
	void *list = para != NULL ? para->controls : NULL;
	if (para == NULL || !make_room(doc, &list, para->n_controls, sizeof *para->controls))
		return;
	para->controls = list;
	struct wg_office_control c = { .start = start, .end = para->text.len, .box = box };
	if (label != NULL && !made_up(label)) {
		WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_CONFIG_FILE);
		wg_clean_line(&clean, label, strlen(label));
		c.label = strdup(wg_buf_text(&clean));
		doc->no_memory = doc->no_memory || c.label == NULL;
	}
	para->controls[para->n_controls++] = c;
}
