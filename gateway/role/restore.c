/* restore.c owns the way back: both files are read whole, which proves that nobody changed or cut them, before anything
 * is written; then the two databases are made under a name of their own in the folder, opened and looked at all over,
 * told that they were put back, and only then get the names under which a gateway finds them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/backup_internal.h"
#include "store/restore.h"
#include "sys/file.h"

/* Where they are made, within the folder. */
#define WORK "restoring"
static const char *const names[] = { "keys.db", "store.db" }; /* store.db last: with it the gateway is there */

struct run {
	const struct wg_restore_job *job;
	struct wg_restore_result *out;
	struct wg_key *key;
	struct wg_cert *cert;
	char work[WG_PATH_TEXT];
};

static void run_free(struct run *r)
{
	wg_key_freep(&r->key);
	wg_cert_freep(&r->cert);
}

static enum wg_code open_in(struct run *r, const char *path, bool keys, struct wg_backup_in *in, struct wg_err *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return wg_err_errno(err, "open %.300s", path);
	enum wg_code code = wg_backup_in_open(fd, true, r->key, r->cert, NULL, in, err);
	if (code == WG_OK && in->head.keys != keys)
		code = wg_err_set(err, WG_REJECT, "it is the file of %s: name that of the store first, then that of its keys",
		                  in->head.keys ? "the keys" : "the store");
	return code == WG_OK ? code : wg_err_add(err, "%.300s", path);
}

/* To the end: then every piece was opened, and it ends where it was written to end. */
static enum wg_code read_whole(struct run *r, const char *path, bool keys, struct wg_backup_head *head,
                               struct wg_err *err)
{
	WG_CLEANUP(wg_backup_in_close) struct wg_backup_in in = { .fd = -1 };
	uint8_t *chunk = malloc(WG_BACKUP_CHUNK);
	if (chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	size_t got = 1;
	struct stat st = { .st_size = 0 };
	enum wg_code code = open_in(r, path, keys, &in, err);
	if (code == WG_OK)
		(void)fstat(in.fd, &st); /* for the progress only */
	while (code == WG_OK && got > 0) {
		code = wg_backup_in_get(&in, chunk, WG_BACKUP_CHUNK, &got, err);
		r->job->progress(r->job->arg, keys ? "reading the keys" : "reading the store", (uint64_t)in.at,
		                 (uint64_t)st.st_size);
	}
	if (code == WG_OK)
		*head = in.head;
	else if (in.vault != NULL)
		(void)wg_err_put_before(err, "%.300s", path); /* the code stays */
	wg_wipe(chunk, WG_BACKUP_CHUNK);
	free(chunk);
	return code;
}

static enum wg_code fit(const struct wg_restore_result *o, struct wg_err *err)
{
	char store[WG_CLOCK_TEXT], keys[WG_CLOCK_TEXT];
	if (strcmp(o->store.at.pair, o->keys.at.pair) != 0)
		return wg_err_set(err, WG_REJECT, "store and keys are not of one gateway");
	if (o->keys.at.last < o->store.at.last || o->keys.at.at < o->store.at.at)
		return wg_err_set(err, WG_REJECT,
		                  "the keys are of %s, older than the store of %s: what came in between could not be opened; "
		                  "take keys of the same time or newer, or an older store",
		                  wg_clock_format(o->keys.at.at, keys), wg_clock_format(o->store.at.at, store));
	return WG_OK;
}

/* ---- the folder */

static enum wg_code make_folder(struct run *r, struct wg_err *err)
{
	enum wg_code code = wg_file_mkdir(r->job->into, err);
	DIR *d = code == WG_OK ? opendir(r->job->into) : NULL;
	struct dirent *e;
	if (code == WG_OK && d == NULL)
		return wg_err_errno(err, "%.300s", r->job->into);
	while (code == WG_OK && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			code = wg_err_set(err, WG_REJECT, "%.300s is not empty: nothing is overwritten; name a new folder",
			                  r->job->into);
	if (d != NULL)
		(void)closedir(d); /* was only read */
	return code;
}

static enum wg_code path_in(const char *folder, const char *name, char out[WG_PATH_TEXT], struct wg_err *err)
{
	return wg_path_join(folder, name, out, err);
}

/* What was made so far. */
static void clear_work(const struct run *r)
{
	DIR *d = opendir(r->work);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0); /* "." and ".." refuse */
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(r->work); /* what is left over keeps the folder from being taken for one that is done */
}

/* ---- the two databases */

static enum wg_code write_store(struct run *r, struct wg_err *err)
{
	WG_CLEANUP(wg_backup_in_close) struct wg_backup_in in = { .fd = -1 };
	WG_AUTO_FREE uint8_t *chunk = malloc(WG_BACKUP_CHUNK);
	char path[WG_PATH_TEXT];
	size_t got = 1;
	uint64_t done = 0;
	if (chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = path_in(r->work, "store.db", path, err);
	if (code == WG_OK)
		code = open_in(r, r->job->store_file, false, &in, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return wg_err_errno(err, "make %.300s", path);
	while (code == WG_OK && got > 0) {
		code = wg_backup_in_get(&in, chunk, WG_BACKUP_CHUNK, &got, err);
		if (code == WG_OK)
			code = wg_fd_write(fd, chunk, got, err);
		done += got;
		r->job->progress(r->job->arg, "writing the store", done, done);
	}
	if (code == WG_OK && fsync(fd) != 0)
		code = wg_err_errno(err, "fsync of %.300s", path);
	return code;
}

struct rows {
	struct run *run;
	struct wg_backup_in in;
	bool destroyed;
	uint8_t bytes[WG_STORE_HEAD];
};

static enum wg_code next_key(void *arg, int64_t *id, const uint8_t **bytes, size_t *len, int64_t *gone,
                             struct wg_err *err)
{
	struct rows *rows = arg;
	enum wg_code code = wg_backup_in_row(&rows->in, rows->destroyed, id, rows->bytes, len, gone, err);
	if (code == WG_OK && *id == 0 && !rows->destroyed) {
		rows->destroyed = true;
		code = wg_backup_in_row(&rows->in, true, id, rows->bytes, len, gone, err);
	}
	*bytes = rows->destroyed ? NULL : rows->bytes;
	if (code == WG_OK && !rows->destroyed)
		rows->run->job->progress(rows->run->job->arg, "writing the keys (numbers)", (uint64_t)*id,
		                         (uint64_t)rows->run->out->keys.at.last);
	return code;
}

static enum wg_code write_keys(struct run *r, struct wg_err *err)
{
	struct rows *rows = calloc(1, sizeof *rows);
	if (rows == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	rows->run = r;
	rows->in.fd = -1;
	enum wg_code code = open_in(r, r->job->keys_file, true, &rows->in, err);
	if (code == WG_OK)
		code = wg_keys_make(r->work, r->out->keys.at.pair, r->out->keys.at.last, next_key, rows, err);
	wg_backup_in_close(&rows->in);
	wg_wipe(rows, sizeof *rows);
	free(rows);
	return code;
}

static void quiet(void *arg, const char *words, const char *todo)
{
	(void)arg;
	(void)words;
	(void)todo;
}

/* The log as it came, before anything is added to it. One that is not whole is a finding of the look that follows. */
static enum wg_code same_end(struct run *r, struct wg_store *store, struct wg_err *err)
{
	struct wg_check check = { .on = quiet };
	enum wg_code code = wg_store_check(store, &check, err);
	if (code == WG_OK && check.head[0] != '\0' &&
	    (check.entries != r->out->store.at.entries || strcmp(check.head, r->out->store.at.head) != 0))
		code = wg_err_set(err, WG_CORRUPT, "the log in the backup does not end where the backup says");
	r->out->entries = check.entries;
	memcpy(r->out->head, check.head, sizeof r->out->head);
	return code;
}

static enum wg_code look(struct run *r, struct wg_store *store, struct wg_err *err)
{
	struct wg_check check = { .pages = true, .blobs = true, .keys = true, .on = r->job->finding, .arg = r->job->arg };
	enum wg_code code = wg_store_check(store, &check, err);
	r->out->findings = check.findings;
	return code;
}

static enum wg_code tell_it(struct run *r, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = NULL;
	char words[WG_STORE_REASON], when[WG_CLOCK_TEXT];
	const struct wg_now now = { .wall = wg_clock_now(), .steady = wg_clock_monotonic() };
	r->job->progress(r->job->arg, "looking at all of it", 0, 0);
	enum wg_code code = wg_store_open(r->work, &store, err);
	if (code == WG_OK)
		code = same_end(r, store, err);
	/* Only then, so that what the keys say was purged since is no finding. */
	(void)snprintf(
		words, sizeof words,
		"put back from the backup of %s: it may have been sent, withdrawn or recalled since; ask, then release",
		wg_clock_format(r->out->store.at.at, when)); /* it fits */
	if (code == WG_OK)
		code = wg_store_restored(store, now, r->job->who, words, &r->out->held, err);
	return code == WG_OK ? look(r, store, err) : code;
}

static enum wg_code sync_folder(const char *path, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? WG_OK : wg_err_errno(err, "fsync of %.300s", path);
}

static enum wg_code into_place(struct run *r, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(names); i++) {
		char from[WG_PATH_TEXT], to[WG_PATH_TEXT];
		code = path_in(r->work, names[i], from, err);
		if (code == WG_OK)
			code = path_in(r->job->into, names[i], to, err);
		if (code == WG_OK && rename(from, to) != 0)
			code = wg_err_errno(err, "rename to %.300s", to);
	}
	return code == WG_OK ? sync_folder(r->job->into, err) : code;
}

static enum wg_code make_all(struct run *r, struct wg_err *err)
{
	enum wg_code code = path_in(r->job->into, WORK, r->work, err);
	if (code == WG_OK && mkdir(r->work, 0700) != 0)
		return wg_err_errno(err, "make %.300s", r->work);
	if (code == WG_OK)
		code = write_keys(r, err);
	if (code == WG_OK)
		code = write_store(r, err);
	if (code == WG_OK)
		code = tell_it(r, err);
	if (code == WG_OK)
		code = into_place(r, err);
	clear_work(r);
	return code;
}

enum wg_code wg_restore(const struct wg_restore_job *job, struct wg_restore_result *out, struct wg_err *err)
{
	WG_CLEANUP(run_free) struct run r = { .job = job, .out = out };
	*out = (struct wg_restore_result){ .findings = 0 };
	enum wg_code code = wg_key_load(job->key, &r.key, err);
	if (code == WG_OK)
		code = wg_cert_load(job->certificate, &r.cert, err);
	if (code == WG_OK)
		code = wg_key_matches(r.key, r.cert, err);
	if (code == WG_OK)
		code = read_whole(&r, job->store_file, false, &out->store, err);
	if (code == WG_OK)
		code = read_whole(&r, job->keys_file, true, &out->keys, err);
	if (code == WG_OK)
		code = fit(out, err);
	if (code == WG_OK)
		code = make_folder(&r, err);
	return code == WG_OK ? make_all(&r, err) : code;
}
