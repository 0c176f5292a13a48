/* Character sets of mail, into UTF-8, without opening a file once the reader is confined. */
#ifndef WG_READERS_CHARSET_H
#define WG_READERS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Loads the converters; call before confinement. False when this machine lacks one. What is not loaded is not known
 * afterwards: charset.c answers iconv_open for the whole process, the libraries included, from what was loaded. */
bool wg_charset_prepare(void);

/* The same for a program that needs none: all are unknown afterwards. */
void wg_charset_none(void);

/* Converts len bytes in the charset of that name (NULL: not said). What says UTF-8 or ASCII or nothing and is not valid
 * UTF-8 reads as windows-1252, as mail programs do; a byte that the charset does not have becomes U+FFFD. False when
 * the charset is not known: then the bytes were read as UTF-8 or windows-1252 all the same, and a person should look.
 */
bool wg_charset_to_utf8(const char *name, const void *bytes, size_t len, struct wg_buf *out);

#endif
