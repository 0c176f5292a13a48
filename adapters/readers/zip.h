/* A ZIP archive in memory (docx, odt, xlsx), opened only when every program that reads ZIP would see the same in it. */
#ifndef WG_READERS_ZIP_H
#define WG_READERS_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct wg_zip;

/* Checks the whole directory before one byte is expanded; bytes are borrowed until wg_zip_freep. WG_REJECT with the
 * reason: no ZIP, bytes before, between or behind the entries, an entry that its own header and the directory describe
 * differently, entries that overlap, two of the same name (also in other case), a name that leads elsewhere (absolute,
 * "..", backslash), a link, encryption, a method other than stored and deflate. WG_LIMIT: more entries, larger, or
 * packed tighter than the limits. */
enum wg_code wg_zip_open(const void *bytes, size_t len, struct wg_zip **out, struct wg_err *err) WG_MUST;
void wg_zip_freep(struct wg_zip **zip);
#define WG_AUTO_ZIP __attribute__((cleanup(wg_zip_freep)))

/* Entries in the order of the directory, folders among them (their names end with a slash). A name is UTF-8 without
 * control characters, borrowed. */
size_t wg_zip_count(const struct wg_zip *zip);
const char *wg_zip_name(const struct wg_zip *zip, size_t i);
/* Bytes that the largest entry of a folder ("word/media/") says it expands to; 0 when there is none. */
uint64_t wg_zip_largest(const struct wg_zip *zip, const char *folder);
/* By exact name. */
bool wg_zip_has(const struct wg_zip *zip, const char *name);

/* Appends what the entry holds. WG_NOT_FOUND when there is no such entry; WG_REJECT when its bytes are not what the
 * directory says (length, checksum, broken compression); WG_LIMIT when out's maximum or the total of all reads of this
 * archive is passed. out may be partly written on failure. */
enum wg_code wg_zip_read(struct wg_zip *zip, const char *name, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
