/* What the files of the reader of workbooks share. */
#ifndef WG_READERS_XLSX_INTERNAL_H
#define WG_READERS_XLSX_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "readers/table.h"
#include "readers/zip.h"

/* Sheets of a workbook: a form has up to five, an export one for each quarter. */
#define WG_XLSX_SHEETS_MAX 50
#define WG_XLSX_NAME_BYTES 300 /* of a sheet: 31 characters in a spreadsheet program */
#define WG_XLSX_PATH_BYTES 300 /* of a part */

/* One walk through a part, element by element, without a tree. The handlers may be NULL; a handler that sets fault
 * (WG_REJECT) or limit (WG_LIMIT) stops the walk with these words. */
struct wg_xlsx_walk {
	void (*start)(struct wg_xlsx_walk *walk, const char *name);
	void (*end)(struct wg_xlsx_walk *walk, const char *name);
	struct wg_buf *text; /* where character data goes, or NULL when nobody wants it */
	void *of;            /* the handlers' own */
	const char *fault, *limit;
	/* of the element that starts */
	const unsigned char **attributes;
	int n_attributes;
	/* the walk's own */
	unsigned depth;
	void *parser;
};

/* An attribute of the element that starts, by local name; "" and false when it is not there or does not fit. */
bool wg_xlsx_attribute(const struct wg_xlsx_walk *walk, const char *name, char *out, size_t size);
/* The same as a number; false when it is not there or none. */
bool wg_xlsx_number(const struct wg_xlsx_walk *walk, const char *name, unsigned max, unsigned *out);
bool wg_xlsx_flag(const struct wg_xlsx_walk *walk, const char *name); /* "1" or "true" */

/* Reads the part of that path and walks through it. what stands in messages. WG_REJECT when the part is not there. */
enum wg_code wg_xlsx_walk(struct wg_zip *zip, const char *path, const char *what, struct wg_xlsx_walk *walk,
                          struct wg_err *err) WG_MUST;

/* Text in workbooks writes characters as _x000D_: resolved in place. */
void wg_xlsx_unescape(char *text);

/* What a number in a cell is, by its number format. */
enum wg_xlsx_kind { WG_XLSX_NUMBER, WG_XLSX_DATE, WG_XLSX_TIME, WG_XLSX_DATE_TIME, WG_XLSX_ELAPSED, WG_XLSX_PERCENT };

struct wg_xlsx_format {
	enum wg_xlsx_kind kind;
	unsigned zeros; /* the format has only so many zeros: a number is filled up to them */
	bool bold;
};

struct wg_xlsx_styles {
	struct wg_xlsx_format *formats; /* by the style number of a cell */
	size_t count, cap;
};

/* path: of the styles part; without one every cell is a plain number. */
enum wg_code wg_xlsx_styles_read(struct wg_zip *zip, const char *path, struct wg_xlsx_styles *out, struct wg_err *err)
	WG_MUST;
void wg_xlsx_styles_free(struct wg_xlsx_styles *styles);
/* The kind and the zeros of a format code ("dd/mm/yyyy", "00000"). */
void wg_xlsx_format_code(const char *code, struct wg_xlsx_format *out);
void wg_xlsx_format_builtin(unsigned id, struct wg_xlsx_format *out);

/* The stored number as a person would read it in the cell: dates as dd/mm/yyyy or dd/mm/yyyy HH:MM. False when it is no
 * number, or none that a date can have. */
bool wg_xlsx_value(const char *stored, const struct wg_xlsx_format *format, bool from_1904, char *out, size_t size);
/* "2026-11-21T21:40:00" likewise. */
bool wg_xlsx_value_iso(const char *stored, char *out, size_t size);

/* The texts that cells refer to by number. */
struct wg_xlsx_strings {
	char **list;
	size_t count, cap;
};

enum wg_code wg_xlsx_strings_read(struct wg_zip *zip, const char *path, struct wg_xlsx_strings *out, struct wg_err *err)
	WG_MUST;
void wg_xlsx_strings_free(struct wg_xlsx_strings *strings);

/* What all sheets of a workbook share. */
struct wg_xlsx_book {
	struct wg_zip *zip;
	struct wg_xlsx_styles styles;
	struct wg_xlsx_strings strings;
	bool from_1904;
	size_t sheet;        /* the one that is read, from 1: for messages, which name no text of the document */
	struct wg_buf lists; /* the places that drop-down lists take their options from, a line for each */
};

/* The sheet of that part, whose cells go into table (its name is set). */
enum wg_code wg_xlsx_sheet(struct wg_xlsx_book *book, const char *path, struct wg_table *table, struct wg_err *err)
	WG_MUST;

/* "B12": column and row from 1, both within what a spreadsheet can have; the bytes read, 0 when it is none. */
size_t wg_xlsx_reference(const char *s, unsigned *column, unsigned *row);

/* Where the relationships of part say that its first target of that type is ("styles", "worksheet"); id: the one with
 * that id, whatever its type. False when there is none, or when it leads out of the archive. */
bool wg_xlsx_target(struct wg_zip *zip, const char *part, const char *type, const char *id,
                    char out[WG_XLSX_PATH_BYTES]);

#endif
