/* file.c owns durable files: the order write, fsync, rename, fsync of the folder is kept here and nowhere else.
 * SECURITY: paths come from configuration, contents from outside; a path is never built from a message. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"

/* Longest path taken: PATH_MAX of Linux. */
#define FILE_PATH_MAX 4096
/* A temporary name: a dot, the random part, ".tmp". */
#define FILE_TEMP_RANDOM 12
#define FILE_TEMP_NAME (1 + 2 * FILE_TEMP_RANDOM + sizeof ".tmp")
/* One read: large enough that 16 MB take few calls. */
#define FILE_CHUNK ((size_t)64 * 1024)

/* The folder of a path, opened, and the name in it; borrowed from path. */
struct file_place {
	int folder;
	const char *name;
};

static void place_close(struct file_place *at)
{
	wg_closep(&at->folder);
}

static enum wg_code place_open(const char *path, struct file_place *at, struct wg_err *err)
{
	char folder[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	if (*name == '\0' || len >= sizeof folder)
		return wg_err_set(err, WG_SYSTEM, "%.200s: not the name of a file", path);
	memcpy(folder, len > 0 ? path : ".", len > 0 ? len : 1);
	folder[len > 0 ? len : 1] = '\0';
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return wg_err_errno(err, "open folder %.200s", folder);
	*at = (struct file_place){ .folder = fd, .name = name };
	return WG_OK;
}

static enum wg_code read_all(int fd, const char *path, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_FREE char *chunk = malloc(FILE_CHUNK);
	if (chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory while reading %.200s", path);
	for (;;) {
		ssize_t n = read(fd, chunk, FILE_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "read %.200s", path);
		if (n == 0)
			return wg_buf_check(out, path, err);
		wg_buf_put(out, chunk, (size_t)n);
		wg_wipe(chunk, (size_t)n); /* the file may be a key */
		if (out->failed)
			return wg_buf_check(out, path, err);
	}
}

enum wg_code wg_file_read(const char *path, struct wg_buf *out, struct wg_err *err)
{
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", out, err);
	/* O_NONBLOCK: opening a FIFO must not wait for a writer who never comes */
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return wg_err_errno(err, "open %.200s", path);
	struct stat st;
	if (fstat(fd, &st) != 0)
		return wg_err_errno(err, "stat %.200s", path);
	if (!S_ISREG(st.st_mode))
		return wg_err_set(err, WG_SYSTEM, "%.200s: not a regular file", path);
	return read_all(fd, path, out, err);
}

enum wg_code wg_file_secret(const char *path, struct wg_buf *out, struct wg_err *err)
{
	struct stat st;
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return wg_err_set(err, WG_CONFIG, "%.300s: %s", path, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return wg_err_set(err, WG_CONFIG, "%.300s must be a file that only its owner may open: chmod 600 it", path);
	enum wg_code code = read_all(fd, path, out, err);
	if (code != WG_OK) {
		err->code = WG_CONFIG;
		return WG_CONFIG;
	}
	while (out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r'))
		out->data[--out->len] = '\0';
	if (out->len == 0)
		return wg_err_set(err, WG_CONFIG, "%.300s is empty", path);
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] < 0x20 || out->data[i] == 0x7f)
			return wg_err_set(err, WG_CONFIG, "%.300s does not hold one line of text", path);
	return WG_OK;
}

enum wg_code wg_fd_write(int fd, const void *p, size_t len, struct wg_err *err)
{
	const uint8_t *at = p;
	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "write");
		at += n;
		len -= (size_t)n;
	}
	return WG_OK;
}

/* The temporary file, filled and on disk. An fsync that failed is never tried again: the kernel may have dropped the
 * pages and would then say that all is well. */
static enum wg_code fill(int folder, const char *temp, const void *p, size_t len, mode_t mode, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return wg_err_errno(err, "create temporary file");
	enum wg_code code = wg_fd_write(fd, p, len, err);
	if (code == WG_OK && fchmod(fd, mode) != 0)
		code = wg_err_errno(err, "set mode of temporary file");
	if (code == WG_OK && fsync(fd) != 0)
		code = wg_err_errno(err, "fsync of temporary file");
	if (code != WG_OK)
		(void)unlinkat(folder, temp, 0); /* the first failure is the one to report */
	return code;
}

static enum wg_code temp_name(char out[FILE_TEMP_NAME], struct wg_err *err)
{
	uint8_t random[FILE_TEMP_RANDOM];
	char hex[2 * FILE_TEMP_RANDOM + 1];
	enum wg_code code = wg_random(random, sizeof random, err);
	if (code != WG_OK)
		return code;
	wg_hex(random, sizeof random, hex);
	(void)snprintf(out, FILE_TEMP_NAME, ".%s.tmp", hex); /* fits by construction */
	return WG_OK;
}

enum wg_code wg_file_write(const char *path, const void *p, size_t len, mode_t mode, struct wg_err *err)
{
	WG_CLEANUP(place_close) struct file_place at = { .folder = -1, .name = "" };
	char temp[FILE_TEMP_NAME];
	enum wg_code code = place_open(path, &at, err);
	if (code == WG_OK)
		code = temp_name(temp, err);
	if (code == WG_OK)
		code = fill(at.folder, temp, p, len, mode, err);
	if (code != WG_OK)
		return wg_err_add(err, "write %.200s", path);
	if (renameat(at.folder, temp, at.folder, at.name) != 0) {
		code = wg_err_errno(err, "rename to %.200s", path);
		(void)unlinkat(at.folder, temp, 0); /* the rename's failure is the one to report */
		return code;
	}
	if (fsync(at.folder) != 0)
		return wg_err_errno(err, "fsync of the folder of %.200s", path);
	return WG_OK;
}

enum wg_code wg_file_remove(const char *path, struct wg_err *err)
{
	WG_CLEANUP(place_close) struct file_place at = { .folder = -1, .name = "" };
	enum wg_code code = place_open(path, &at, err);
	if (code == WG_NOT_FOUND)
		return WG_OK; /* no folder, so no file */
	if (code != WG_OK)
		return code;
	if (unlinkat(at.folder, at.name, 0) != 0 && errno != ENOENT)
		return wg_err_errno(err, "remove %.200s", path);
	if (fsync(at.folder) != 0)
		return wg_err_errno(err, "fsync of the folder of %.200s", path);
	return WG_OK;
}

/* One level. The parent is synced too, else a power cut could take the new folder with all that was synced in it. */
static enum wg_code make_one(const char *path, struct wg_err *err)
{
	if (mkdir(path, 0700) != 0) {
		struct stat st;
		if (errno != EEXIST)
			return wg_err_errno(err, "make folder %.200s", path);
		if (stat(path, &st) != 0)
			return wg_err_errno(err, "stat %.200s", path);
		return S_ISDIR(st.st_mode) ? WG_OK : wg_err_set(err, WG_SYSTEM, "%.200s: is there, but not a folder", path);
	}
	WG_CLEANUP(place_close) struct file_place at = { .folder = -1, .name = "" };
	enum wg_code code = place_open(path, &at, err);
	if (code == WG_OK && fsync(at.folder) != 0)
		code = wg_err_errno(err, "fsync of the folder of %.200s", path);
	return code;
}

enum wg_code wg_file_mkdir(const char *path, struct wg_err *err)
{
	char part[FILE_PATH_MAX];
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof part)
		return wg_err_set(err, WG_SYSTEM, "%.200s: not the name of a folder", path);
	memcpy(part, path, len);
	part[len] = '\0';
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/' || part[i - 1] == '/')
			continue;
		part[i] = '\0';
		enum wg_code code = make_one(part, err);
		part[i] = '/';
		if (code != WG_OK)
			return code;
	}
	return make_one(part, err);
}

enum wg_code wg_file_sync_folder(const char *path, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return wg_err_errno(err, "open folder %.200s", path);
	return fsync(fd) == 0 ? WG_OK : wg_err_errno(err, "fsync of folder %.200s", path);
}

enum wg_code wg_file_free(const char *path, uint64_t *bytes, struct wg_err *err)
{
	struct statvfs st;
	if (statvfs(path, &st) != 0)
		return wg_err_errno(err, "free space of %.200s", path);
	uint64_t free_bytes;
	if (__builtin_mul_overflow((uint64_t)st.f_bavail, (uint64_t)st.f_frsize, &free_bytes))
		free_bytes = UINT64_MAX;
	*bytes = free_bytes;
	return WG_OK;
}
