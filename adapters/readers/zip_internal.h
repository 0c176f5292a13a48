/* What zip.c and zip_directory.c share: the directory of one archive.
 * Invariants: the entries lie one behind the other from byte 0 to the directory, each as its own header and the
 * directory both say; names are unlike each other in any case. */
#ifndef WG_READERS_ZIP_INTERNAL_H
#define WG_READERS_ZIP_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A form has some 15 parts, one with photographs some 50; a workbook has one for each sheet. */
#define WG_ZIP_ENTRIES_MAX 2000
/* One part expanded: as much XML as notice/xml.h parses. Photographs are smaller, for the message is bounded too. */
#define WG_ZIP_ENTRY_BYTES ((uint64_t)24 * 1024 * 1024)
/* All parts together, declared, and what is read in fact: a fifth of the memory that a reader has. */
#define WG_ZIP_TOTAL_BYTES ((uint64_t)48 * 1024 * 1024)
/* Office's XML packs to a tenth, long tables of one number to a hundredth; a bomb to a thousandth. */
#define WG_ZIP_RATIO 200
/* Smaller parts may pack as they like: a page of blanks is no bomb. */
#define WG_ZIP_RATIO_FROM ((uint64_t)512 * 1024)
/* The names of parts are paths within the archive: the longest of office programs has some 60 bytes. */
#define WG_ZIP_NAME_BYTES 250

struct wg_zip_entry {
	char *name;
	uint16_t flags, method;
	uint32_t crc;
	uint64_t packed, size; /* bytes in the archive; expanded */
	size_t offset;         /* of its own header */
};

struct wg_zip_directory {
	struct wg_zip_entry *entries; /* in the directory's order */
	size_t count;
};

void wg_zip_directory_free(struct wg_zip_directory *dir);
/* Reads and checks all; on failure nothing is kept. */
enum wg_code wg_zip_directory_read(const uint8_t *bytes, size_t len, struct wg_zip_directory *dir, struct wg_err *err)
	WG_MUST;

#endif
