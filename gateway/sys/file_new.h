/* A new file that is too large for memory: written in pieces under a temporary name, on disk with its name or not
 * there at all, and never in the place of one that was there. */
#ifndef WG_SYS_FILE_NEW_H
#define WG_SYS_FILE_NEW_H

#include <stddef.h>

#include "base/err.h"

struct wg_file_new;

/* Makes the temporary file (0600) in the folder of path. WG_REJECT when path is there already. */
enum wg_code wg_file_new_open(const char *path, struct wg_file_new **out, struct wg_err *err) WG_MUST;
enum wg_code wg_file_new_put(struct wg_file_new *file, const void *p, size_t len, struct wg_err *err) WG_MUST;
/* All of it to the disk, under its temporary name still; then the pages that the kernel kept are given up, so that who
 * reads it by wg_file_new_fd reads the disk where that is possible. Nothing is put after it. */
enum wg_code wg_file_new_sync(struct wg_file_new *file, struct wg_err *err) WG_MUST;
/* A descriptor to read it by; borrowed. */
int wg_file_new_fd(const struct wg_file_new *file);
/* After the sync: gives it its name, and that is on disk when it returns. WG_REJECT when the name was taken meanwhile.
 */
enum wg_code wg_file_new_name(struct wg_file_new *file, struct wg_err *err) WG_MUST;
/* Closes it; what has no name yet is removed. */
void wg_file_new_freep(struct wg_file_new **file);

#endif
