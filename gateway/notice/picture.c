/* picture.c owns the cleaning of photographs: which kind it is, and the one way out.
 * SECURITY: meets outside bytes, and what stays behind here would leave with every copy, past all redaction. */
#include "notice/picture.h"

#include <string.h>

#include "notice/picture_internal.h"

enum wg_code wg_picture_clean(const char *type, const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err)
{
	const char *fault = "is neither a JPEG nor a PNG";
	wg_buf_reset(out);
	if (strcmp(type, "image/jpeg") == 0)
		fault = wg_picture_jpeg(bytes, len, out);
	else if (strcmp(type, "image/png") == 0)
		fault = wg_picture_png(bytes, len, out);
	enum wg_code code = fault == NULL ? wg_buf_check(out, "a picture", err)
	                                  : wg_err_set(err, WG_REJECT, "the picture cannot be cleaned: it %s", fault);
	if (code != WG_OK)
		wg_buf_wipe(out);
	return code;
}
