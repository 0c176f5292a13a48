/* What a person decides about: the copy that a delivery holds, made again from the kept notice and the disclosure
 * record, and proven to be that copy; beside it the whole notice with what stays behind. Personal data. */
#ifndef WG_ROLE_REVIEW_H
#define WG_ROLE_REVIEW_H

#include <jansson.h>

#include "notice/notice.h"

struct wg_review {
	struct wg_notice *original, *copy;
	wg_categories granted;
};

/* notice: plaintext of the kept notice; record: the disclosure record of the delivery to that desk (granted, marked,
 * keep, copy_sha256). WG_CORRUPT when what comes out is not byte for byte what the record says would be sent; nothing
 * is to be shown then. wg_review_close in any case. */
enum wg_code wg_review_open(const struct wg_schema *schema, const struct wg_buf *notice, const json_t *record,
                            const char *organisation, const char *desk, struct wg_review *out, struct wg_err *err)
	WG_MUST;
void wg_review_close(struct wg_review *review);
#define WG_AUTO_REVIEW __attribute__((cleanup(wg_review_close)))

/* Every text and attribute of the original, in its order, each with the categories for want of which it is not in the
 * copy (none: it is). Calls each until one does not give WG_OK. */
struct wg_review_line {
	const char *path; /* as the schema writes it */
	const char *value;
	unsigned category;
	wg_categories missing;
};
enum wg_code wg_review_each(struct wg_review *review,
                            enum wg_code (*each)(void *arg, const struct wg_review_line *line, struct wg_err *err),
                            void *arg, struct wg_err *err) WG_MUST;

#endif
