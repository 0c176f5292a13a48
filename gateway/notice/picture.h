/* A photograph without what cameras and programs write beside it: where and when it was taken, by which device, the
 * whole picture of which this one was cut out, comments, earlier versions. */
#ifndef WG_NOTICE_PICTURE_H
#define WG_NOTICE_PICTURE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Copies what is needed to show the picture, and nothing else, in place of what out holds. type is "image/jpeg" or
 * "image/png", and the bytes must be of that type. Nothing is decoded: the picture itself stays as it is, with whatever
 * can be seen in it. What is left out: all metadata, colour profiles, thumbnails, further pictures (animation too), and
 * all that follows the picture. Of the metadata of a JPEG one thing is kept, which way up it is, unless that is as it
 * lies; of its Adobe segment, how colours are coded. Cleaning what is clean changes nothing, and nothing grows.
 * WG_REJECT, in words without values, when the bytes are not wholly what they say they are; then, as on any failure,
 * out is empty. Time is linear in len, memory is out's alone: its maximum need not be above len. */
enum wg_code wg_picture_clean(const char *type, const void *bytes, size_t len, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

#endif
