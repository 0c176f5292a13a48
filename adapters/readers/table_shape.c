/* table_shape.c owns the question what a table is, and the order in which a document's tables are read.
 * SECURITY: a table that could be read in two ways is not read in either: a value under the wrong label would reach
 * people who may not have it. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/table_internal.h"

/* The name of a column; a question may be longer than most. */
#define NAME_BYTES 300
/* "2026" may name a column, a telephone or reference number does not. */
#define NAME_DIGITS 4

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "14/03/2011", "14.3.11", "2011-03-14", "9:40". */
static bool like_date(const char *s)
{
	for (; *s != '\0'; s++) {
		size_t a = strspn(s, "0123456789");
		if (a == 0)
			continue;
		if (strchr("/.-:", s[a]) != NULL && s[a] != '\0' && is_digit(s[a + 1]) && a <= 4) {
			size_t b = strspn(s + a + 1, "0123456789");
			if (s[a] == ':' || (s[a + 1 + b] == s[a] && is_digit(s[a + 2 + b])))
				return true;
		}
		s += a - 1;
	}
	return false;
}

/* What no column is called: a date, a time, a number, an address. */
static bool like_value(const char *s)
{
	size_t letters = 0, digits = 0;
	for (const char *p = s; *p != '\0'; p++) {
		letters += is_letter(*p) || (unsigned char)*p >= 0x80;
		digits += is_digit(*p);
	}
	return strlen(s) > NAME_BYTES || strchr(s, '@') != NULL || like_date(s) || (letters == 0 && digits > NAME_DIGITS);
}

static bool like_name(const char *s)
{
	bool letters = false;
	for (const char *p = s; *p != '\0'; p++)
		letters = letters || is_letter(*p) || (unsigned char)*p >= 0x80;
	return letters && !like_value(s);
}

bool wg_row_names_columns(const struct wg_row *row)
{
	size_t names = 0;
	for (size_t i = 0; i < row->count; i++) {
		if (like_value(row->cells[i].text))
			return false;
		names += like_name(row->cells[i].text);
	}
	return names >= 2;
}

bool wg_row_all_bold(const struct wg_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (!row->cells[i].bold)
			return false;
	return true;
}

/* Bold, plain, bold, plain: labels with their values. A row whose first cell alone is bold may as well be one of a
 * table.
 */
static bool alternates(const struct wg_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i].bold != (i % 2 == 0))
			return false;
	return row->count % 2 == 0;
}

bool wg_row_cell_is_label(const struct wg_row *row, size_t i)
{
	const char *s = row->cells[i].text;
	char last = s[strlen(s) - 1];
	return last == ':' || last == '?' || (row->cells[i].bold && alternates(row));
}

bool wg_row_is_data(const struct wg_row *heading, const struct wg_row *row)
{
	bool same = row->count == heading->count;
	for (size_t i = 0; same && i < row->count; i++)
		same =
			row->cells[i].column == heading->cells[i].column && strcmp(row->cells[i].text, heading->cells[i].text) == 0;
	return row->count >= 2 && !same;
}

/* A row above the heading row that names groups of columns: all of it merged, and more names below. */
static bool names_groups(const struct wg_table *table, size_t i)
{
	const struct wg_row *row = &table->rows[i];
	if (i + 1 >= table->count || table->rows[i + 1].number != row->number + 1)
		return false;
	const struct wg_row *below = &table->rows[i + 1];
	bool wide = false;
	for (size_t k = 0; k < row->count; k++)
		wide = wide || row->cells[k].wide;
	return wide && below->count > row->count && wg_row_names_columns(below) && !wg_row_cell_is_label(below, 0);
}

enum wg_table_shape wg_table_shape(const struct wg_table *table, size_t *heading)
{
	size_t i = 0;
	while (i < table->count && (table->rows[i].count < 2 || names_groups(table, i)))
		i++;
	if (i == table->count)
		return table->count > 0 ? WG_TABLE_LINES : WG_TABLE_EMPTY;
	const struct wg_row *row = &table->rows[i];
	*heading = i;
	size_t beside = row->cells[0].tall ? 1 : 0; /* a heading at the side of several rows */
	if (row->count - beside <= 2 || wg_row_cell_is_label(row, 0))
		return WG_TABLE_FORM;
	return wg_row_names_columns(row) ? WG_TABLE_ROWS : WG_TABLE_BAD;
}

const char *wg_table_at(const struct wg_table *table, unsigned row, unsigned column, char out[WG_TABLE_AT])
{
	char letters[WG_TABLE_LETTERS];
	(void)wg_table_letters(column, letters);
	if (table->name != NULL)
		(void)snprintf(out, WG_TABLE_AT, "sheet %.200s, cell %s%u", table->name, letters, row);
	else
		(void)snprintf(out, WG_TABLE_AT, "row %u, column %s", row, letters);
	return out;
}

const char *wg_table_at_row(const struct wg_table *table, unsigned row, char out[WG_TABLE_AT])
{
	if (table->name != NULL)
		(void)snprintf(out, WG_TABLE_AT, "sheet %.200s%s", table->name, row > 0 ? ", row " : "");
	else
		(void)snprintf(out, WG_TABLE_AT, "%s", row > 0 ? "row " : "table");
	size_t n = strlen(out);
	if (row > 0)
		(void)snprintf(out + n, WG_TABLE_AT - n, "%u", row);
	return out;
}

/* What the tables of one document are. */
struct look {
	size_t forms, lines, tables, bad, data_rows;
	const struct wg_table *one; /* the last that is a table with a heading row */
	size_t one_heading;
};

static enum wg_code look_at(const struct wg_table *tables, size_t count, struct look *look, struct wg_err *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t heading = 0;
		enum wg_code code = wg_table_check(&tables[i], err);
		if (code != WG_OK)
			return tables[i].name != NULL ? wg_err_add(err, "sheet %zu", i + 1) : code;
		enum wg_table_shape shape = wg_table_shape(&tables[i], &heading);
		look->forms += shape == WG_TABLE_FORM;
		look->lines += shape == WG_TABLE_LINES;
		look->bad += shape == WG_TABLE_BAD;
		if (shape != WG_TABLE_ROWS)
			continue;
		code = wg_table_ragged(&tables[i], heading, err);
		if (code != WG_OK)
			return code;
		size_t rows = wg_table_data_rows(&tables[i], heading);
		look->tables++;
		look->data_rows += rows;
		if (rows > 0) {
			look->one = &tables[i];
			look->one_heading = heading;
		}
	}
	return WG_OK;
}

/* One message: forms, and the tables that belong to them. */
static void read_together(const struct wg_table *tables, size_t count, const struct look *look, struct wg_found *found)
{
	unsigned rows = 0;
	for (size_t i = 0; i < count; i++) {
		char at[WG_TABLE_AT];
		size_t heading = 0;
		const struct wg_table *t = &tables[i];
		if (wg_table_shape(t, &heading) == WG_TABLE_BAD)
			wg_found_remark(found, "Sheet (not read)", "it has many columns and no row that names them",
			                wg_table_at_row(t, 0, at));
		else if (look->forms == 0 && t == look->one)
			wg_table_single(t, heading, found);
		else
			wg_table_form(t, look->forms + look->tables > 1 ? t->name : NULL, &rows, found);
		wg_table_remarks(t, found);
	}
}

static void divide(const struct wg_table *tables, size_t count, struct wg_found *found)
{
	found->divided = true;
	for (size_t i = 0; i < count; i++) {
		size_t heading;
		if (wg_table_shape(&tables[i], &heading) == WG_TABLE_ROWS)
			wg_table_divide(&tables[i], heading, found);
	}
}

/* Sheets that stand beside tables and are none themselves: of a divided document nobody would see them. */
static enum wg_code beside(const struct look *look, struct wg_err *err)
{
	if (look->bad > 0 || look->lines > 0)
		return wg_err_set(err, WG_REJECT,
		                  "beside the tables there are %zu sheets that have no row of column names: send the tables "
		                  "in a document of their own",
		                  look->bad + look->lines);
	return WG_OK;
}

enum wg_code wg_tables_read(const struct wg_table *tables, size_t count, struct wg_found *found, struct wg_err *err)
{
	struct look look = { 0 };
	enum wg_code code = look_at(tables, count, &look, err);
	if (code != WG_OK)
		return code;
	if (look.forms == 0 && look.data_rows == 0 && look.bad > 0)
		return wg_err_set(err, WG_REJECT,
		                  "there is no heading row: the first row with several cells has to name the columns");
	if (look.forms == 0 && look.tables > 0 && look.data_rows == 0)
		return wg_err_set(err, WG_REJECT, "there is a heading row and no row below it");
	if (look.forms + look.tables + look.lines == 0)
		return wg_err_set(err, WG_REJECT, "there is no filled cell");
	if (look.data_rows > WG_LIMIT_DOCUMENTS)
		return wg_err_set(err, WG_LIMIT, "there are %zu rows, and one document may have %d: send it in parts",
		                  look.data_rows, WG_LIMIT_DOCUMENTS);
	if (look.forms > 0 || look.data_rows <= 1) {
		read_together(tables, count, &look, found);
		return found->count > 0 ? WG_OK
		                        : wg_err_set(err, WG_REJECT, "there is neither a table nor a label with a value");
	}
	code = beside(&look, err);
	if (code == WG_OK)
		divide(tables, count, found);
	return code;
}
