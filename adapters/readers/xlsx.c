/* xlsx.c owns the workbook: its sheets, and what of it is not read.
 * SECURITY: a hostile archive of hostile XML; zip.c refuses what two programs could read in two ways, xlsx_part.c what
 * no workbook needs. Macros, links and objects are never followed; a remark says that they were there. */
#include "readers/xlsx.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "readers/found.h"
#include "readers/xlsx_internal.h"

/* The places that drop-down lists name: some bytes for each cell that has one. */
#define LISTS_BYTES ((size_t)1024 * 1024)
/* Text boxes of one workbook. */
#define DRAWN_BYTES ((size_t)1024 * 1024)

struct sheet_entry {
	char name[WG_XLSX_NAME_BYTES], path[WG_XLSX_PATH_BYTES];
	bool hidden;
};

struct workbook {
	struct wg_xlsx_book book;
	char path[WG_XLSX_PATH_BYTES]; /* of the part that lists the sheets */
	struct sheet_entry *sheets;
	size_t n_sheets;
	struct wg_table *tables; /* of the sheets that are shown */
	size_t n_tables;
	struct wg_table remarks; /* only its remarks: what is said of the whole workbook */
	struct wg_buf names;     /* defined names and the places they stand for, a line for each */
	bool no_workbook;
};

static void workbook_free(struct workbook *w)
{
	for (size_t i = 0; i < w->n_tables; i++)
		wg_table_free(&w->tables[i]);
	free(w->tables);
	free(w->sheets);
	wg_table_free(&w->remarks);
	wg_buf_free(&w->names);
	wg_buf_free(&w->book.lists);
	wg_xlsx_styles_free(&w->book.styles);
	wg_xlsx_strings_free(&w->book.strings);
	wg_zip_freep(&w->book.zip);
}

static void start_sheet(struct wg_xlsx_walk *walk, struct workbook *w)
{
	char id[100], state[20];
	if (w->n_sheets >= WG_XLSX_SHEETS_MAX) {
		walk->limit = "it has more sheets than the limit: send it in parts";
		return;
	}
	struct sheet_entry *sheet = &w->sheets[w->n_sheets];
	*sheet = (struct sheet_entry){ 0 };
	if (!wg_xlsx_attribute(walk, "name", sheet->name, sizeof sheet->name) ||
	    !wg_xlsx_attribute(walk, "id", id, sizeof id) || !wg_xlsx_target(w->book.zip, w->path, NULL, id, sheet->path)) {
		walk->fault = "it names a sheet that it does not have";
		return;
	}
	sheet->hidden = wg_xlsx_attribute(walk, "state", state, sizeof state) && strcmp(state, "visible") != 0;
	w->n_sheets++;
}

static void on_start(struct wg_xlsx_walk *walk, const char *name)
{
	struct workbook *w = walk->of;
	char text[WG_XLSX_NAME_BYTES];
	if (walk->depth == 1) {
		w->no_workbook = strcmp(name, "workbook") != 0;
	} else if (strcmp(name, "workbookPr") == 0) {
		w->book.from_1904 = wg_xlsx_flag(walk, "date1904");
	} else if (strcmp(name, "sheet") == 0) {
		start_sheet(walk, w);
	} else if (strcmp(name, "definedName") == 0 && wg_xlsx_attribute(walk, "name", text, sizeof text)) {
		wg_buf_printf(&w->names, "%s\t", text);
		walk->text = &w->names;
	}
}

static void on_end(struct wg_xlsx_walk *walk, const char *name)
{
	struct workbook *w = walk->of;
	if (strcmp(name, "definedName") == 0)
		wg_buf_putc(&w->names, '\n');
	walk->text = NULL;
}

static enum wg_code read_workbook(struct workbook *w, struct wg_err *err)
{
	struct wg_xlsx_walk walk = { .start = on_start, .end = on_end, .of = w };
	char path[WG_XLSX_PATH_BYTES];
	if (!wg_xlsx_target(w->book.zip, "", "officeDocument", NULL, w->path))
		return wg_err_set(err, WG_REJECT, "it is no workbook: save it as .xlsx with a spreadsheet program");
	size_t n = strlen(w->path);
	if (n > 4 && strcmp(w->path + n - 4, ".bin") == 0)
		return wg_err_set(err, WG_REJECT, "it is a binary workbook (.xlsb): save it as .xlsx");
	enum wg_code code = wg_xlsx_walk(w->book.zip, w->path, "the workbook", &walk, err);
	if (code == WG_OK && w->no_workbook)
		return wg_err_set(err, WG_REJECT, "it is an office document and no workbook");
	if (code == WG_OK && wg_xlsx_target(w->book.zip, w->path, "styles", NULL, path))
		code = wg_xlsx_styles_read(w->book.zip, path, &w->book.styles, err);
	if (code == WG_OK && wg_xlsx_target(w->book.zip, w->path, "sharedStrings", NULL, path))
		code = wg_xlsx_strings_read(w->book.zip, path, &w->book.strings, err);
	return code == WG_OK ? wg_buf_check(&w->names, "the workbook's defined names", err) : code;
}

/* True when a line of buf begins with the sheet's name, as formulas write it: Lists!$A$1 or 'My lists'!$A$1. */
static bool refers_to(const char *line, const char *sheet)
{
	size_t n = strlen(sheet);
	line += *line == '=' || *line == ' ';
	bool quoted = *line == '\'';
	line += quoted;
	return strncmp(line, sheet, n) == 0 && line[n + (quoted && line[n] == '\'')] == '!';
}

/* Does a drop-down list take its options from there, by its name or by a defined name? Then it is hidden on purpose. */
static bool holds_options(const struct workbook *w, const char *sheet)
{
	for (const char *line = wg_buf_text(&w->book.lists); *line != '\0';) {
		size_t n = strcspn(line, "\n");
		if (refers_to(line, sheet))
			return true;
		for (const char *name = wg_buf_text(&w->names); *name != '\0';) {
			size_t of_name = strcspn(name, "\t\n"), all = strcspn(name, "\n");
			bool same = of_name == n && name[of_name] == '\t' && strncmp(name, line, n) == 0;
			if (same && refers_to(name + of_name + 1, sheet))
				return true;
			name += all + (name[all] == '\n');
		}
		line += n + (line[n] == '\n');
	}
	return false;
}

static enum wg_code read_sheets(struct workbook *w, bool hidden, struct wg_err *err)
{
	for (size_t i = 0; i < w->n_sheets; i++) {
		if (w->sheets[i].hidden != hidden)
			continue;
		struct wg_table *table = &w->tables[w->n_tables];
		*table = (struct wg_table){ .name = strdup(w->sheets[i].name) };
		w->n_tables++;
		if (table->name == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for a sheet");
		w->book.sheet = i + 1;
		enum wg_code code = wg_xlsx_sheet(&w->book, w->sheets[i].path, table, err);
		if (code != WG_OK)
			return code;
		if (!hidden)
			continue;
		if (table->count > 0 && !holds_options(w, w->sheets[i].name))
			wg_table_remark(&w->remarks, 0, "Hidden sheet (not read)", w->sheets[i].name);
		wg_table_free(table);
		w->n_tables--;
	}
	return WG_OK;
}

/* Text in drawings: boxes that somebody wrote into. */
static void on_drawn_start(struct wg_xlsx_walk *walk, const char *name)
{
	if (strcmp(name, "t") == 0)
		walk->text = walk->of;
}

static void on_drawn_end(struct wg_xlsx_walk *walk, const char *name)
{
	(void)name;
	walk->text = NULL;
}

static enum wg_code drawn(struct workbook *w, const char *path, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(DRAWN_BYTES);
	struct wg_xlsx_walk walk = { .start = on_drawn_start, .end = on_drawn_end, .of = &text };
	enum wg_code code = wg_xlsx_walk(w->book.zip, path, "a drawing", &walk, err);
	const char *s = wg_buf_text(&text);
	if (code == WG_OK && s[strspn(s, " \t\r\n")] != '\0')
		wg_table_remark(&w->remarks, 0, "Text box (not read)", "text is drawn over the cells: write it into cells");
	return code;
}

static enum wg_code other_parts(struct workbook *w, struct wg_err *err)
{
	static const struct {
		const char *part, *label, *value;
	} known[] = {
		{ "vbaProject", "Macros (not read)", "the workbook has macros: they were neither read nor run" },
		{ "/externalLinks/", "External links (not read)",
		  "values come from other workbooks: only what is stored was read" },
		{ "/embeddings/", "Embedded object (not read)", "another document is embedded: send it by itself" },
		{ "/activeX/", "Controls (not read)", "boxes are drawn over the cells: write their answers into cells" },
		{ "/ctrlProps/", "Controls (not read)", "boxes are drawn over the cells: write their answers into cells" },
		{ "/comments", "Comments (not read)", "cells have comments: write them into cells" },
		{ "/threadedComments/", "Comments (not read)", "cells have comments: write them into cells" },
	};
	const char *last = "";
	for (size_t k = 0; k < WG_COUNT(known); k++)
		for (size_t i = 0; i < wg_zip_count(w->book.zip); i++)
			if (strstr(wg_zip_name(w->book.zip, i), known[k].part) != NULL && strcmp(last, known[k].label) != 0) {
				last = known[k].label;
				wg_table_remark(&w->remarks, 0, last, known[k].value);
			}
	if (wg_zip_largest(w->book.zip, "xl/media/") > WG_LIMIT_LOGO)
		wg_table_remark(&w->remarks, 0, "Picture (not read)",
		                "a picture stands in the workbook: send it as a file if it matters");
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < wg_zip_count(w->book.zip); i++)
		if (strstr(wg_zip_name(w->book.zip, i), "/drawings/drawing") != NULL)
			code = drawn(w, wg_zip_name(w->book.zip, i), err);
	return code;
}

/* What is said of the whole workbook is said of each of its tables, since each row of them may go another way; of a
 * form only once. */
static void spread_remarks(struct workbook *w)
{
	size_t at = 0;
	for (size_t i = 0; i < w->n_tables; i++)
		for (size_t k = 0; w->tables[i].count > 0 && k < w->remarks.n_remarks; k++, at++)
			wg_table_remark(&w->tables[i], 0, w->remarks.remarks[k].label, w->remarks.remarks[k].value);
}

static enum wg_code read_all(struct workbook *w, struct wg_err *err)
{
	w->sheets = calloc(WG_XLSX_SHEETS_MAX, sizeof *w->sheets);
	w->tables = calloc(WG_XLSX_SHEETS_MAX, sizeof *w->tables);
	if (w->sheets == NULL || w->tables == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a workbook");
	enum wg_code code = read_workbook(w, err);
	if (code == WG_OK)
		code = read_sheets(w, false, err);
	if (code == WG_OK)
		code = read_sheets(w, true, err);
	if (code == WG_OK)
		code = other_parts(w, err);
	if (code == WG_OK)
		spread_remarks(w);
	return code;
}

enum wg_code wg_xlsx_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(workbook_free) struct workbook w = { .names = WG_BUF(LISTS_BYTES), .book.lists = WG_BUF(LISTS_BYTES) };
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	enum wg_code code = wg_zip_open(wg_buf_text(in), in->len, &w.book.zip, err);
	if (code == WG_OK)
		code = read_all(&w, err);
	if (code == WG_OK)
		code = wg_buf_check(&w.book.lists, "the options of drop-down lists", err);
	if (code == WG_OK)
		code = wg_tables_read(w.tables, w.n_tables, &found, err);
	return code == WG_OK ? wg_found_write(&found, "xlsx", in, out, err) : code;
}
