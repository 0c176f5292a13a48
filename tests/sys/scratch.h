/* A folder of its own for one test program, removed with all below it. */
#ifndef WG_TESTS_SYS_SCRATCH_H
#define WG_TESTS_SYS_SCRATCH_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "sys/file.h"

static char scratch[64];

static inline bool scratch_make(void)
{
	(void)snprintf(scratch, sizeof scratch, "/tmp/wg-sys-XXXXXX"); /* fits */
	return mkdtemp(scratch) != NULL;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw; /* the walk's form */
	return remove(path);
}

static inline bool scratch_remove(void)
{
	return nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

/* scratch "/" name; valid until the fourth call after this one. */
static inline const char *scratch_path(const char *name)
{
	static char paths[4][512];
	static size_t turn;
	char *path = paths[turn++ % 4];
	(void)snprintf(path, sizeof paths[0], "%s/%s", scratch, name); /* the names are short */
	return path;
}

/* True when the file is there and holds exactly this text. */
static inline bool scratch_holds(const char *name, const char *text)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_LIMIT_CONFIG_FILE);
	return wg_file_read(scratch_path(name), &b, NULL) == WG_OK && strcmp(wg_buf_text(&b), text) == 0;
}

#endif
