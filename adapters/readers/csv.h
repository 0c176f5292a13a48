/* Separated values (RFC 4180, and what spreadsheets write) into labelled fields. */
#ifndef WG_READERS_CSV_H
#define WG_READERS_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "readers/table.h"

/* Loads what opens files at its first use; call before confinement. */
enum wg_code wg_csv_prepare(struct wg_err *err) WG_MUST;

/* in: one table. out: <fields reader="csv">: the one row below the heading row, or the form, as fields; several rows
 * divided. WG_REJECT with the row and what to do about it; WG_LIMIT when it is larger than the limits. A value that
 * begins like a formula is text like any other. */
enum wg_code wg_csv_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* The bytes as UTF-8 with a line end \n: UTF-8 with or without its mark, UTF-16 with its mark, else windows-1252.
 * WG_REJECT: NUL, two encodings in one file, or bytes that are in none. */
enum wg_code wg_csv_text(const struct wg_buf *in, struct wg_buf *text, struct wg_err *err) WG_MUST;

#endif
