/* csv.c owns the reading of separated values.
 * SECURITY: hostile bytes. One pass, no recursion; a quotation mark that does not end where it should is refused, since
 * every guess there moves values into other rows. */
#include "readers/csv.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/charset.h"

/* Lines that are looked at for the separator: title lines, the heading row, some data. */
#define LOOK_LINES 50
/* A line of empty cells is no data, and a file of them is none either. */
#define EMPTY_ROWS_MAX 20000

enum wg_code wg_csv_prepare(struct wg_err *err)
{
	return wg_charset_prepare()
	           ? WG_OK
	           : wg_err_set(err, WG_SYSTEM, "the C library's charset converters (gconv) are not installed");
}

struct csv {
	const char *p, *end;
	char separator;
	unsigned row, line; /* line: of the text, for messages: a quoted cell may have several */
};

static bool at_line_end(const struct csv *csv)
{
	return csv->p == csv->end || *csv->p == '\n' || *csv->p == '\r';
}

static void skip_line_end(struct csv *csv)
{
	if (csv->p < csv->end && *csv->p == '\r')
		csv->p++;
	if (csv->p < csv->end && *csv->p == '\n')
		csv->p++;
	csv->line++;
}

/* How often each candidate stands outside quotation marks in the line at *p; *p moves behind the line. */
static void count_line(const char **p, const char *end, const char *candidates, unsigned *counts)
{
	bool quoted = false;
	memset(counts, 0, strlen(candidates) * sizeof *counts);
	for (; *p < end && (quoted || (**p != '\n' && **p != '\r')); (*p)++) {
		const char *which = strchr(candidates, **p);
		if (**p == '"')
			quoted = !quoted;
		else if (!quoted && which != NULL)
			counts[which - candidates]++;
	}
	while (*p < end && (**p == '\n' || **p == '\r'))
		(*p)++;
}

/* The separator is the one that most lines have equally often; of two, the one that they have more often. */
static char find_separator(const char *p, const char *end)
{
	static const char candidates[] = ",;\t";
	unsigned counts[LOOK_LINES][sizeof candidates - 1];
	unsigned best = 0, best_lines = 0, best_times = 0;
	size_t n = 0;
	for (; n < LOOK_LINES && p < end; n++)
		count_line(&p, end, candidates, counts[n]);
	for (unsigned c = 0; c < sizeof candidates - 1; c++)
		for (size_t i = 0; i < n; i++) {
			unsigned lines = 0, times = counts[i][c];
			for (size_t k = 0; k < n; k++)
				lines += times > 0 && counts[k][c] == times;
			if (lines > best_lines || (lines == best_lines && times > best_times))
				best = c, best_lines = lines, best_times = times;
		}
	return candidates[best];
}

/* A quoted cell; csv stands behind its first mark, afterwards at the separator or the end of the line. */
static enum wg_code quoted(struct csv *csv, struct wg_buf *cell, struct wg_err *err)
{
	unsigned opened = csv->line;
	for (;; csv->p++) {
		if (csv->p == csv->end)
			return wg_err_set(err, WG_REJECT,
			                  "line %u (row %u): a quotation mark opens a cell there and none closes it: close it, or "
			                  "double it where it is part of the text",
			                  opened, csv->row);
		if (*csv->p == '"' && csv->p + 1 < csv->end && csv->p[1] == '"')
			csv->p++;
		else if (*csv->p == '"')
			break;
		else if (*csv->p == '\n' || (*csv->p == '\r' && (csv->p + 1 == csv->end || csv->p[1] != '\n')))
			csv->line++;
		wg_buf_putc(cell, *csv->p == '\r' ? '\n' : *csv->p);
		if (*csv->p == '\r' && csv->p + 1 < csv->end && csv->p[1] == '\n') {
			csv->p++;
			csv->line++;
		}
	}
	csv->p++;
	while (!at_line_end(csv) && *csv->p == ' ')
		csv->p++;
	if (!at_line_end(csv) && *csv->p != csv->separator)
		return wg_err_set(
			err, WG_REJECT,
			"line %u (row %u): text stands behind the quotation mark that closes a cell: double the marks "
			"that are part of the text",
			csv->line, csv->row);
	return WG_OK;
}

/* One cell, up to its separator or the end of its line. */
static enum wg_code read_cell(struct csv *csv, struct wg_buf *cell, struct wg_err *err)
{
	const char *start = csv->p;
	while (csv->p < csv->end && *csv->p == ' ')
		csv->p++;
	if (csv->p < csv->end && *csv->p == '"') {
		csv->p++;
		return quoted(csv, cell, err);
	}
	while (!at_line_end(csv) && *csv->p != csv->separator)
		csv->p++;
	wg_buf_put(cell, start, (size_t)(csv->p - start));
	return WG_OK;
}

static enum wg_code read_row(struct csv *csv, struct wg_table *table, struct wg_err *err)
{
	for (unsigned column = 1;; column++) {
		WG_AUTO_BUF struct wg_buf cell = WG_BUF(WG_TABLE_CELL_BYTES);
		enum wg_code code = read_cell(csv, &cell, err);
		if (code != WG_OK)
			return code;
		if (cell.failed)
			return wg_err_set(err, WG_LIMIT,
			                  "row %u: cell %u is longer than a cell may be: shorten it, or look for a quotation mark "
			                  "that is not closed",
			                  csv->row, column);
		(void)wg_table_cell(table, csv->row, column, wg_buf_text(&cell), cell.len);
		if (at_line_end(csv)) {
			struct wg_row *row = wg_table_row(table, csv->row);
			if (row != NULL)
				row->width = column;
			return wg_table_check(table, err);
		}
		csv->p++; /* the separator */
	}
}

/* "sep=;" on the first line, as a spreadsheet program writes and reads it. */
static void said_separator(struct csv *csv)
{
	csv->separator = '\0';
	if (csv->end - csv->p < 5 || memcmp(csv->p, "sep=", 4) != 0 || strchr(",;\t", csv->p[4]) == NULL)
		return;
	const char said = csv->p[4], *behind = csv->p + 5;
	if (behind < csv->end && *behind != '\n' && *behind != '\r')
		return;
	csv->separator = said;
	csv->p = behind;
	skip_line_end(csv);
	csv->row++;
}

static enum wg_code read_rows(const struct wg_buf *text, struct wg_table *table, struct wg_err *err)
{
	struct csv csv = { .p = wg_buf_text(text), .row = 1, .line = 1 };
	csv.end = csv.p + text->len;
	said_separator(&csv);
	if (csv.separator == '\0')
		csv.separator = find_separator(csv.p, csv.end);
	for (; csv.p < csv.end; csv.row++) {
		if (csv.row - table->count > EMPTY_ROWS_MAX)
			return wg_err_set(err, WG_LIMIT, "row %u: too many rows are empty: delete them and send again", csv.row);
		enum wg_code code = read_row(&csv, table, err);
		if (code != WG_OK)
			return code;
		if (csv.p < csv.end)
			skip_line_end(&csv);
	}
	return WG_OK;
}

static void table_free(struct wg_table *table)
{
	wg_table_free(table);
}

enum wg_code wg_csv_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_CLEANUP(table_free) struct wg_table table = { 0 };
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	enum wg_code code = wg_csv_text(in, &text, err);
	if (code == WG_OK)
		code = read_rows(&text, &table, err);
	if (code == WG_OK)
		code = wg_tables_read(&table, 1, &found, err);
	return code == WG_OK ? wg_found_write(&found, "csv", in, out, err) : code;
}
