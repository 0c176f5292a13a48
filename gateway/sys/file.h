/* Files, durably: the bytes and the name are on disk before a write returns. */
#ifndef WG_SYS_FILE_H
#define WG_SYS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the whole file to out, whose maximum bounds it (WG_LIMIT). WG_NOT_FOUND, WG_SYSTEM otherwise. Refuses what is
 * not a regular file. "-" is standard input. */
enum wg_code wg_file_read(const char *path, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* A password, key or token: one line of text out of a regular file that only its owner may open; the line end goes, and
 * the text ends with NUL. out's maximum bounds it; the caller wipes it. WG_CONFIG, with the path and what to do,
 * otherwise; nothing of the file is in the words. */
enum wg_code wg_file_secret(const char *path, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* Writes a temporary file beside path, fsyncs it, renames it, fsyncs the folder. On failure path is as it was and the
 * temporary file is gone; only when the very last step fails, the folder's fsync, path may be either the old or the
 * new. */
enum wg_code wg_file_write(const char *path, const void *p, size_t len, mode_t mode, struct wg_err *err) WG_MUST;

/* unlink, then fsync of the folder. A file that is not there is WG_OK. */
enum wg_code wg_file_remove(const char *path, struct wg_err *err) WG_MUST;

/* Makes the folder and its parents (0700 unless there); WG_OK when it was there. */
enum wg_code wg_file_mkdir(const char *path, struct wg_err *err) WG_MUST;

/* fsync of a folder: the names that are in it now last. */
enum wg_code wg_file_sync_folder(const char *path, struct wg_err *err) WG_MUST;

/* Free bytes an ordinary user may still write on the file system of path. */
enum wg_code wg_file_free(const char *path, uint64_t *bytes, struct wg_err *err) WG_MUST;

/* All of len to a descriptor, through short writes and EINTR. */
enum wg_code wg_fd_write(int fd, const void *p, size_t len, struct wg_err *err) WG_MUST;

#endif
