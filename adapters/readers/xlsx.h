/* A workbook (Office Open XML) into labelled fields. */
#ifndef WG_READERS_XLSX_H
#define WG_READERS_XLSX_H

#include "base/buf.h"
#include "base/err.h"

/* in: an .xlsx file. out: <fields reader="xlsx">: forms and single rows as fields, tables of several rows divided. What
 * is hidden, calculated without a stored result, linked from elsewhere or drawn is not read, and a remark says so.
 * WG_REJECT: no ZIP that every program reads alike, no workbook, a part that is not well-formed or has a DOCTYPE.
 * WG_LIMIT: too many rows, by what the sheet declares or by count. */
enum wg_code wg_xlsx_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
