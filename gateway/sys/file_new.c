/* file_new.c owns new files that are written in pieces. */
#include "sys/file_new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/file.h"

#define RANDOM 12

struct wg_file_new {
	int folder, fd;
	char *path;
	const char *name; /* in path */
	char temp[1 + 2 * RANDOM + sizeof ".tmp"];
	bool there; /* the temporary file */
};

static enum wg_code taken(const char *path, struct wg_err *err)
{
	return wg_err_set(err, WG_REJECT, "%.300s is there already: nothing is overwritten", path);
}

static enum wg_code open_folder(struct wg_file_new *f, struct wg_err *err)
{
	char *slash = strrchr(f->path, '/');
	f->name = slash != NULL ? slash + 1 : f->path;
	if (*f->name == '\0')
		return wg_err_set(err, WG_SYSTEM, "%.300s: not the name of a file", f->path);
	const size_t len = slash == NULL ? 0 : slash == f->path ? 1 : (size_t)(slash - f->path);
	WG_AUTO_FREE char *folder = len > 0 ? strndup(f->path, len) : strdup(".");
	if (folder == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->folder >= 0 ? WG_OK : wg_err_errno(err, "open folder %.300s", folder);
}

static enum wg_code open_temp(struct wg_file_new *f, struct wg_err *err)
{
	uint8_t raw[RANDOM];
	char hex[2 * RANDOM + 1];
	struct stat st;
	if (fstatat(f->folder, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return taken(f->path, err);
	enum wg_code code = wg_random(raw, sizeof raw, err);
	if (code != WG_OK)
		return code;
	wg_hex(raw, sizeof raw, hex);
	(void)snprintf(f->temp, sizeof f->temp, ".%s.tmp", hex); /* fits by construction */
	f->fd = openat(f->folder, f->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	f->there = f->fd >= 0;
	return f->there ? WG_OK : wg_err_errno(err, "make a file beside %.300s", f->path);
}

enum wg_code wg_file_new_open(const char *path, struct wg_file_new **out, struct wg_err *err)
{
	WG_CLEANUP(wg_file_new_freep) struct wg_file_new *f = calloc(1, sizeof *f);
	if (f == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	f->folder = f->fd = -1;
	f->path = strdup(path);
	if (f->path == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = open_folder(f, err);
	if (code == WG_OK)
		code = open_temp(f, err);
	if (code == WG_OK)
		*out = wg_steal(&f);
	return code;
}

enum wg_code wg_file_new_put(struct wg_file_new *file, const void *p, size_t len, struct wg_err *err)
{
	enum wg_code code = wg_fd_write(file->fd, p, len, err);
	return code == WG_OK ? code : wg_err_add(err, "%.300s", file->path);
}

enum wg_code wg_file_new_sync(struct wg_file_new *file, struct wg_err *err)
{
	if (fsync(file->fd) != 0) /* never again: the kernel may have dropped the pages and would say that all is well */
		return wg_err_errno(err, "fsync of %.300s", file->path);
	(void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED); /* a hint; a file system may keep them */
	return WG_OK;
}

int wg_file_new_fd(const struct wg_file_new *file)
{
	return file->fd;
}

enum wg_code wg_file_new_name(struct wg_file_new *file, struct wg_err *err)
{
	int rc = renameat2(file->folder, file->temp, file->folder, file->name, RENAME_NOREPLACE);
	if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) { /* a file system that does not know this (NFS) has links */
		rc = linkat(file->folder, file->temp, file->folder, file->name, 0);
		if (rc == 0)
			(void)unlinkat(file->folder, file->temp, 0); /* it has its name: a second one does no harm */
	}
	if (rc != 0)
		return errno == EEXIST ? taken(file->path, err) : wg_err_errno(err, "naming %.300s", file->path);
	file->there = false;
	if (fsync(file->folder) != 0)
		return wg_err_errno(err, "fsync of the folder of %.300s", file->path);
	return WG_OK;
}

void wg_file_new_freep(struct wg_file_new **file)
{
	struct wg_file_new *f = *file;
	if (f == NULL)
		return;
	if (f->there)
		(void)unlinkat(f->folder, f->temp, 0); /* what is left over is a hidden file of half a backup */
	wg_closep(&f->fd);
	wg_closep(&f->folder);
	free(f->path);
	free(f);
	*file = NULL;
}
