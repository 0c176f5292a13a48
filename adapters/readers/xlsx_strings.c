/* xlsx_strings.c owns the texts that a workbook's cells share.
 * SECURITY: hostile XML; the number of texts and their total are bounded. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "readers/xlsx_internal.h"

/* Every filled cell with a text of its own. */
#define STRINGS_MAX 500000

struct reading {
	struct wg_xlsx_strings *out;
	struct wg_buf text;
	size_t total;
	unsigned phonetic; /* how many <rPh> are open: how a text is spoken, not what it says */
	bool no_memory;
};

static void on_start(struct wg_xlsx_walk *walk, const char *name)
{
	struct reading *r = walk->of;
	if (strcmp(name, "si") == 0)
		wg_buf_reset(&r->text);
	r->phonetic += strcmp(name, "rPh") == 0;
	if (strcmp(name, "t") == 0 && r->phonetic == 0)
		walk->text = &r->text;
}

static void keep(struct wg_xlsx_walk *walk, struct reading *r)
{
	struct wg_xlsx_strings *s = r->out;
	r->total += r->text.len;
	if (s->count >= STRINGS_MAX || r->total > WG_TABLE_BYTES) {
		walk->limit = "there is more text than the limit: send it in parts";
		return;
	}
	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		char **bigger = reallocarray(s->list, cap, sizeof *bigger);
		if (bigger == NULL) {
			r->no_memory = true;
			return;
		}
		s->list = bigger;
		s->cap = cap;
	}
	s->list[s->count] = strdup(wg_buf_text(&r->text));
	if (s->list[s->count] == NULL) {
		r->no_memory = true;
		return;
	}
	wg_xlsx_unescape(s->list[s->count++]);
}

static void on_end(struct wg_xlsx_walk *walk, const char *name)
{
	struct reading *r = walk->of;
	if (strcmp(name, "t") == 0)
		walk->text = NULL;
	r->phonetic -= r->phonetic > 0 && strcmp(name, "rPh") == 0;
	if (strcmp(name, "si") == 0)
		keep(walk, r);
}

enum wg_code wg_xlsx_strings_read(struct wg_zip *zip, const char *path, struct wg_xlsx_strings *out, struct wg_err *err)
{
	struct reading r = { .out = out, .text = WG_BUF(WG_TABLE_CELL_BYTES) };
	struct wg_xlsx_walk walk = { .start = on_start, .end = on_end, .of = &r };
	enum wg_code code = wg_xlsx_walk(zip, path, "the workbook's texts", &walk, err);
	wg_buf_free(&r.text);
	return code == WG_OK && r.no_memory ? wg_err_set(err, WG_SYSTEM, "no memory for a workbook's texts") : code;
}

void wg_xlsx_strings_free(struct wg_xlsx_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->list[i]);
	free(strings->list);
	*strings = (struct wg_xlsx_strings){ 0 };
}
