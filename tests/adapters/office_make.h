/* For the tests and fuzz targets of the office readers: archives with parts of the test's choice. */
#ifndef WG_TESTS_ADAPTERS_OFFICE_MAKE_H
#define WG_TESTS_ADAPTERS_OFFICE_MAKE_H

#include <stddef.h>

#include "base/buf.h"

/* A sound archive of parts that are not packed, while it is written. */
struct office_zip {
	struct wg_buf *out;
	struct wg_buf directory;
	unsigned count;
};

void office_zip_begin(struct office_zip *zip, struct wg_buf *out);
void office_zip_add(struct office_zip *zip, const char *name, const void *bytes, size_t len);
void office_zip_end(struct office_zip *zip);

/* The smallest Word document and the smallest OpenDocument text with that main part. */
void office_docx(struct wg_buf *out, const void *document, size_t len);
void office_odt(struct wg_buf *out, const void *content, size_t len);

#endif
