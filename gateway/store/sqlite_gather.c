/* sqlite_gather.c owns a VFS of SQLite's that gathers the writes to a database and to its write-ahead log. Invariants:
 * 1. What waits is one run of bytes: len of them for the place at.
 * 2. Nothing waits when a call other than a write or a control comes back; after a failure neither: as with a write
 * that failed, the log then ends before what was lost, and SQLite undoes the transaction that it belonged to; to the
 * database only checkpoints write, which come to nothing before its sync came back. */
#include "store/sqlite_gather.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A page is written to a log behind a head of 24 bytes: fifteen of 8 KiB. SQLite's own file takes 128 KiB less one byte
 * at a time, and writes the wrong part of more. */
#define GATHER_MAX ((size_t)120 * 1024)

struct gathered {
	sqlite3_file file; /* first: SQLite knows this only */
	sqlite3_file *real;
	uint8_t *bytes;
	size_t len;
	sqlite3_int64 at;
};

static struct gathered *of(sqlite3_file *file)
{
	return (struct gathered *)file;
}

static int flush(struct gathered *g)
{
	size_t len = g->len;
	g->len = 0;
	return len > 0 ? g->real->pMethods->xWrite(g->real, g->bytes, (int)len, g->at) : SQLITE_OK;
}

static int close_file(sqlite3_file *file)
{
	struct gathered *g = of(file);
	int rc = flush(g), closed = g->real->pMethods->xClose(g->real);
	free(g->bytes);
	g->bytes = NULL;
	return rc != SQLITE_OK ? rc : closed;
}

static int read_file(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
	struct gathered *g = of(file);
	int rc = flush(g);
	return rc == SQLITE_OK ? g->real->pMethods->xRead(g->real, out, n, at) : rc;
}

static int write_file(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct gathered *g = of(file);
	if (n < 0 || (size_t)n > GATHER_MAX - g->len || at != g->at + (sqlite3_int64)g->len) {
		int rc = flush(g);
		if (rc != SQLITE_OK)
			return rc;
		g->at = at;
	}
	if (n < 0 || (size_t)n > GATHER_MAX) /* no page is that large */
		return g->real->pMethods->xWrite(g->real, p, n, at);
	memcpy(g->bytes + g->len, p, (size_t)n);
	g->len += (size_t)n;
	return SQLITE_OK;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	struct gathered *g = of(file);
	int rc = flush(g);
	return rc == SQLITE_OK ? g->real->pMethods->xTruncate(g->real, size) : rc;
}

static int sync_file(sqlite3_file *file, int flags)
{
	struct gathered *g = of(file);
	int rc = flush(g);
	return rc == SQLITE_OK ? g->real->pMethods->xSync(g->real, flags) : rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct gathered *g = of(file);
	int rc = flush(g);
	return rc == SQLITE_OK ? g->real->pMethods->xFileSize(g->real, size) : rc;
}

static int lock_file(sqlite3_file *file, int level)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xLock(g->real, level);
}

static int unlock_file(sqlite3_file *file, int level)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xUnlock(g->real, level);
}

static int is_reserved(sqlite3_file *file, int *out)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xCheckReservedLock(g->real, out);
}

/* Nothing is written for it: what most of these come back with SQLite does not look at, and a write that failed would
 * be lost without a word. None asks for what is in the file. */
static int control(sqlite3_file *file, int what, void *arg)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xFileControl(g->real, what, arg);
}

static int sector(sqlite3_file *file)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xSectorSize(g->real);
}

static int device(sqlite3_file *file)
{
	struct gathered *g = of(file);
	return g->real->pMethods->xDeviceCharacteristics(g->real);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, /* no memory mapping, which is off, and no shared memory: whoever is alone needs none */
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = is_reserved,
	.xFileControl = control,
	.xSectorSize = sector,
	.xDeviceCharacteristics = device,
};

/* ---- the file system: the machine's own, which has to be handed itself */

static sqlite3_vfs *own(sqlite3_vfs *vfs)
{
	return vfs->pAppData;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	if ((flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0)
		return own(vfs)->xOpen(own(vfs), name, file, flags, out);
	struct gathered *g = of(file);
	*g = (struct gathered){ .real = (sqlite3_file *)(void *)(g + 1), .bytes = malloc(GATHER_MAX) };
	if (g->bytes == NULL)
		return SQLITE_NOMEM;
	int rc = own(vfs)->xOpen(own(vfs), name, g->real, flags, out);
	if (rc == SQLITE_OK) {
		g->file.pMethods = &methods;
		return SQLITE_OK;
	}
	if (g->real->pMethods != NULL)
		(void)g->real->pMethods->xClose(g->real); /* it was not opened: nothing is lost */
	free(g->bytes);
	g->bytes = NULL;
	return rc;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
	return own(vfs)->xDelete(own(vfs), name, sync);
}

static int can_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	return own(vfs)->xAccess(own(vfs), name, flags, out);
}

static int full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	return own(vfs)->xFullPathname(own(vfs), name, n, out);
}

static int randomness(sqlite3_vfs *vfs, int n, char *out)
{
	return own(vfs)->xRandomness(own(vfs), n, out);
}

static int pause_for(sqlite3_vfs *vfs, int us)
{
	return own(vfs)->xSleep(own(vfs), us);
}

static int last_error(sqlite3_vfs *vfs, int n, char *out)
{
	return own(vfs)->xGetLastError(own(vfs), n, out);
}

static int day(sqlite3_vfs *vfs, double *out)
{
	return own(vfs)->xCurrentTime(own(vfs), out);
}

const char *wg_sqlite_gather(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.zName = "wardgate-gather",
		.xOpen = open_file,
		.xDelete = delete_file,
		.xAccess = can_access,
		.xFullPathname = full_name,
		.xRandomness = randomness,
		.xSleep = pause_for,
		.xCurrentTime = day,
		.xGetLastError = last_error,
	};
	if (vfs.pAppData != NULL)
		return vfs.zName;
	/* Before anything else of SQLite: it counts no memory, for which every allocation would take a lock. Where it was
	 * used before it refuses, and goes on counting. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	if (real == NULL)
		return NULL;
	vfs.szOsFile = (int)sizeof(struct gathered) + real->szOsFile;
	vfs.mxPathname = real->mxPathname;
	vfs.pAppData = real;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) {
		vfs.pAppData = NULL;
		return NULL;
	}
	return vfs.zName;
}
