/* zip.c owns the expanding of a ZIP archive's entries with libzip, after zip_directory.c has found it sound.
 * SECURITY: the archive is hostile. libzip has no limits of its own: what it gives is counted against what the
 * directory said, and all that is read against one total. It sees the archive in memory only and never a file. */
#include "readers/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "readers/zip_internal.h"

struct wg_zip {
	zip_t *lib;
	struct wg_zip_directory dir;
	uint64_t expanded; /* by all reads so far */
};

static enum wg_code lib_open(const void *bytes, size_t len, zip_t **out, struct wg_err *err)
{
	zip_error_t fault;
	zip_error_init(&fault);
	zip_source_t *source = zip_source_buffer_create(bytes, len, 0, &fault);
	/* no ZIP_CHECKCONS: zip_directory.c checks more, and libzip refuses sound files of some office programs for the
	 * version that they name */
	zip_t *lib = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &fault) : NULL;
	int why = zip_error_code_zip(&fault);
	zip_error_fini(&fault);
	if (lib != NULL) {
		*out = lib;
		return WG_OK;
	}
	zip_source_free(source);
	if (why == ZIP_ER_MEMORY)
		return wg_err_set(err, WG_SYSTEM, "no memory for the parts of a document");
	return wg_err_set(err, WG_REJECT, "the document is not a sound ZIP archive (error %d): save it again", why);
}

/* libzip must see the very entries that were checked. */
static bool agrees(zip_t *lib, const struct wg_zip_directory *dir)
{
	if (zip_get_num_entries(lib, 0) != (zip_int64_t)dir->count)
		return false;
	for (size_t i = 0; i < dir->count; i++) {
		zip_stat_t st;
		if (zip_stat_index(lib, i, ZIP_FL_ENC_RAW, &st) != 0 || strcmp(st.name, dir->entries[i].name) != 0 ||
		    st.size != dir->entries[i].size || st.comp_size != dir->entries[i].packed)
			return false;
	}
	return true;
}

enum wg_code wg_zip_open(const void *bytes, size_t len, struct wg_zip **out, struct wg_err *err)
{
	struct wg_zip *zip = calloc(1, sizeof *zip);
	if (zip == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a document");
	enum wg_code code = wg_zip_directory_read(bytes, len, &zip->dir, err);
	if (code == WG_OK)
		code = lib_open(bytes, len, &zip->lib, err);
	if (code == WG_OK && !agrees(zip->lib, &zip->dir))
		code = wg_err_set(err, WG_REJECT, "the document is not a sound ZIP archive (read in two ways): save it again");
	if (code == WG_OK)
		*out = zip;
	else
		wg_zip_freep(&zip);
	return code;
}

void wg_zip_freep(struct wg_zip **zip)
{
	if (*zip == NULL)
		return;
	if ((*zip)->lib != NULL)
		zip_discard((*zip)->lib);
	wg_zip_directory_free(&(*zip)->dir);
	free(*zip);
	*zip = NULL;
}

size_t wg_zip_count(const struct wg_zip *zip)
{
	return zip->dir.count;
}

const char *wg_zip_name(const struct wg_zip *zip, size_t i)
{
	return zip->dir.entries[i].name;
}

uint64_t wg_zip_largest(const struct wg_zip *zip, const char *folder)
{
	uint64_t largest = 0;
	for (size_t i = 0; i < zip->dir.count; i++)
		if (strncmp(zip->dir.entries[i].name, folder, strlen(folder)) == 0 && zip->dir.entries[i].size > largest)
			largest = zip->dir.entries[i].size;
	return largest;
}

static size_t find(const struct wg_zip *zip, const char *name)
{
	size_t i = 0;
	while (i < zip->dir.count && strcmp(zip->dir.entries[i].name, name) != 0)
		i++;
	return i;
}

bool wg_zip_has(const struct wg_zip *zip, const char *name)
{
	return find(zip, name) < zip->dir.count;
}

static enum wg_code damaged(struct wg_err *err)
{
	return wg_err_set(err, WG_REJECT,
	                  "a part of the document is damaged: its length or checksum is wrong: send it again");
}

/* libzip checks the checksum when it reaches the end of the entry, so the end must be reached: by one byte more, which
 * there is not. */
static enum wg_code expand(zip_file_t *file, size_t size, struct wg_buf *out, struct wg_err *err)
{
	uint8_t over, *at = wg_buf_room(out, size);
	size_t got = 0;
	zip_int64_t n = 1;
	if (at == NULL)
		return wg_buf_check(out, "a part of the document", err);
	while (got < size && (n = zip_fread(file, at + got, size - got)) > 0)
		got += (size_t)n;
	if (n >= 0)
		n = zip_fread(file, &over, sizeof over);
	if (n != 0 || got != size)
		return damaged(err);
	out->len += size;
	wg_buf_put(out, NULL, 0); /* it ends in a NUL */
	return WG_OK;
}

enum wg_code wg_zip_read(struct wg_zip *zip, const char *name, struct wg_buf *out, struct wg_err *err)
{
	size_t i = find(zip, name);
	if (i == zip->dir.count)
		return wg_err_set(err, WG_NOT_FOUND, "the document has no part of that name");
	uint64_t size = zip->dir.entries[i].size;
	if (size > WG_ZIP_TOTAL_BYTES - zip->expanded)
		return wg_err_set(err, WG_LIMIT, "the document expands to more than the limit");
	zip->expanded += size;
	zip_file_t *file = zip_fopen_index(zip->lib, i, 0);
	if (file == NULL)
		return damaged(err);
	enum wg_code code = expand(file, (size_t)size, out, err); /* within the limit of them all */
	(void)zip_fclose(file);                                   /* was only read; its checksum was seen by expand */
	return code;
}
