/* One part of a mail: its bytes, its name, and whether the mail shows it within its text. */
#ifndef WG_READERS_MAIL_PART_H
#define WG_READERS_MAIL_PART_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

bool wg_mail_part_is(GMimeObject *object, const char *type, const char *subtype);

/* The decoded bytes; out has max as its maximum afterwards. number: of the part, for the words of a failure. */
enum wg_code wg_mail_part_bytes(GMimePart *part, size_t number, size_t max, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

/* The file name as it was sent, cleaned, and the media type in small letters: NULL when there is none. The caller
 * frees. */
char *wg_mail_part_name(GMimeObject *object);
char *wg_mail_part_type(GMimeObject *object);
/* Sent to be kept, by its Content-Disposition. */
bool wg_mail_part_kept(GMimeObject *object);

/* Notes which parts a page refers to ("cid:..."); refs grows up to its maximum. */
void wg_mail_part_refer(struct wg_buf *refs, const char *html, size_t len);
/* Does a page show this part? One that is noted in refs, or the one that it is sent with (related). */
bool wg_mail_part_shown(GMimeObject *object, bool related, const struct wg_buf *refs);

#endif
