/* What every reader promises about its answer, whatever the document: the fuzz targets call this. */
#ifndef WG_TESTS_FUZZ_READER_H
#define WG_TESTS_FUZZ_READER_H

#include <stdlib.h>

#include "base/limits.h"
#include "notice/map.h"

struct fuzz_reader {
	enum wg_code (*prepare)(struct wg_err *err);
	enum wg_code (*read)(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err);
	bool ready;
	bool silent_for_notice; /* an empty answer means that the document is a notice of ours */
};

/* Reads one document without confinement, so that the sanitizers see it. The fields, which the caller frees; NULL when
 * the document was refused. */
static inline struct wg_fields *fuzz_read(struct fuzz_reader *reader, const struct wg_buf *in)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_fields *fields = NULL;
	if (!reader->ready && reader->prepare(&err) != WG_OK)
		abort();
	reader->ready = true;
	enum wg_code code = in->failed ? WG_LIMIT : reader->read(in, &out, &err);
	if (code == WG_OK && out.len == 0 && reader->silent_for_notice)
		code = wg_fields_of_notice(in->data, in->len, &fields, &err);
	else if (code == WG_OK && wg_fields_parse(out.data, out.len, &fields, &err) != WG_OK)
		abort(); /* the gateway must understand every answer */
	if (code != WG_OK && code != WG_REJECT && code != WG_LIMIT)
		abort(); /* a document is never the machine's fault */
	return fields;
}

#endif
