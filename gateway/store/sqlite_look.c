/* sqlite_look.c owns the look at a store.db that nothing may change by: not even the write-ahead log that a gateway
 * which was killed has left, and which may hold the only word of the version. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite_internal.h"
#include "sys/file.h"

/* https://www.sqlite.org/fileformat.html, 1.3 */
#define HEADER 100
#define VERSION_AT 60
static const char magic[16] = "SQLite format 3";

static enum wg_code check_lock(const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	if (asprintf(&path, "%s/store.lock", folder) < 0) {
		path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	WG_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fd < 0)
		return errno == ENOENT ? WG_OK : wg_err_errno(err, "open %s", path);
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return WG_OK;
	return errno == EAGAIN || errno == EACCES
	           ? wg_err_set(err, WG_AGAIN, "%s: another process has this store open", path)
	           : wg_err_errno(err, "lock %s", path);
}

/* The log holds what is not in the file yet: SQLite reads both, and is told not to tidy up at the end. */
static enum wg_code ask_sqlite(const char *path, int64_t *version, struct wg_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK) /* no file of shared memory */
		rc = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA query_only=ON", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*version = sqlite3_column_int(stmt, 0);
	enum wg_code code = rc == SQLITE_ROW
	                        ? WG_OK
	                        : wg_err_set(err, WG_CORRUPT, "%s: SQLite error %d (%s)", path, rc, sqlite3_errstr(rc));
	(void)sqlite3_finalize(stmt); /* repeats the failure seen above */
	(void)sqlite3_close(db);
	return code;
}

static uint32_t be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static enum wg_code read_file(const char *path, const char *log, int64_t *version, uint64_t *size, struct wg_err *err)
{
	uint8_t head[HEADER];
	struct stat st;
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	*version = 0;
	if (fd < 0)
		return errno == ENOENT ? WG_OK : wg_err_errno(err, "open %s", path);
	if (fstat(fd, &st) != 0)
		return wg_err_errno(err, "%s", path);
	*size = (uint64_t)st.st_size;
	if (st.st_size == 0)
		return WG_OK; /* a start that was cut off at its first step */
	if (pread(fd, head, sizeof head, 0) != HEADER || memcmp(head, magic, sizeof magic) != 0)
		return wg_err_set(err, WG_CONFIG, "%s is no store", path);
	*version = (int32_t)be32(head + VERSION_AT);
	wg_closep(&fd); /* before SQLite takes its locks: closing any descriptor of the file would drop them */
	return stat(log, &st) == 0 && st.st_size > 0 ? ask_sqlite(path, version, err) : WG_OK;
}

enum wg_code wg_sqlite_look(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL, *log = NULL;
	int64_t version = 0;
	uint64_t size = 0;
	if (asprintf(&path, "%s/store.db", place->folder) < 0 || asprintf(&log, "%s/store.db-wal", place->folder) < 0)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_sqlite_not_copying(place->folder, err);
	if (code == WG_OK)
		code = check_lock(place->folder, err);
	if (code == WG_OK)
		code = read_file(path, log, &version, &size, err);
	if (code == WG_OK)
		wg_sqlite_migration(version, size, out);
	if (code == WG_OK && version > 0)
		code = wg_file_free(place->folder, &out->room, err);
	out->room_known = true;
	return code;
}
