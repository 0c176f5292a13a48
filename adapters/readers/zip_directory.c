/* zip_directory.c owns the directory of a ZIP archive, read strictly.
 * SECURITY: libzip believes the directory at the end and reads no other header, and it takes archives with anything
 * before, between or behind the entries. Programs that read the same bytes in another way would see another document,
 * so here every byte of the archive belongs to exactly one entry, and both its headers say the same; all before one
 * byte is expanded. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/zip_internal.h"

/* APPNOTE.TXT 6.3.10, 4.3: signatures and fixed lengths. */
#define END_SIG 0x06054b50U
#define END_BYTES 22
#define END64_SIG 0x06064b50U
#define END64_BYTES 56
#define LOCATOR_SIG 0x07064b50U
#define LOCATOR_BYTES 20
#define CENTRAL_SIG 0x02014b50U
#define LOCAL_SIG 0x04034b50U
#define LOCAL_BYTES 30
#define DESCRIPTOR_SIG 0x08074b50U
#define IS_64 0xFFFFFFFFU
#define IS_64_SHORT 0xFFFFU
#define FLAG_DESCRIPTOR (1U << 3)
/* 0 encrypted, 5 patched, 6 strong encryption, 13 masked headers */
#define FLAGS_REFUSED (1U << 5)
#define FLAGS_ENCRYPTED (1U << 0 | 1U << 6 | 1U << 13)
/* What both headers must say alike: all but how hard the packer tried, and whether the name is UTF-8 (ASCII ones are
 * both). */
#define FLAGS_COMPARED (~(1U << 1 | 1U << 2 | 1U << 11) & 0xFFFFU)
#define EXTRA_ZIP64 0x0001
#define EXTRA_AES 0x9901
#define EXTRA_UNICODE_NAME 0x7075 /* a second name: programs differ in which they take */
#define MADE_BY_UNIX 3
#define MADE_BY_MACOS 19

#define SAVE_AGAIN ": open it in the program that made it and save it again"

/* Little-endian bytes whose first failure sticks. */
struct le {
	const uint8_t *p;
	size_t left;
	bool failed;
};

static const uint8_t *le_bytes(struct le *c, size_t n)
{
	if (c->failed || c->left < n) {
		c->failed = true;
		return NULL;
	}
	const uint8_t *p = c->p;
	c->p += n;
	c->left -= n;
	return p;
}

static uint64_t le_number(struct le *c, size_t n)
{
	const uint8_t *p = le_bytes(c, n);
	uint64_t v = 0;
	for (size_t i = p != NULL ? n : 0; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static uint16_t le_16(struct le *c)
{
	return (uint16_t)le_number(c, 2);
}

static uint32_t le_32(struct le *c)
{
	return (uint32_t)le_number(c, 4);
}

static uint64_t le_64(struct le *c)
{
	return le_number(c, 8);
}

static enum wg_code refuse(struct wg_err *err, const char *what)
{
	return wg_err_set(err, WG_REJECT, "the document is not a sound ZIP archive (%s)%s", what, SAVE_AGAIN);
}

void wg_zip_directory_free(struct wg_zip_directory *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->entries[i].name);
	free(dir->entries);
	*dir = (struct wg_zip_directory){ 0 };
}

/* Where the directory lies, and how many entries it lists. */
struct place {
	uint64_t offset, size, count;
};

/* The end record in its long form, directly before the locator, which is directly before the short one. Numbers that
 * the short form has too must be the same there. */
static bool end64_read(const uint8_t *bytes, size_t len, struct place *place, size_t *end)
{
	if (len < END64_BYTES + LOCATOR_BYTES + END_BYTES)
		return false;
	size_t at = len - END_BYTES - LOCATOR_BYTES - END64_BYTES;
	struct le locator = { .p = bytes + at + END64_BYTES, .left = LOCATOR_BYTES };
	struct le c = { .p = bytes + at, .left = END64_BYTES };
	bool good = le_32(&locator) == LOCATOR_SIG && le_32(&locator) == 0 && le_64(&locator) == at && le_32(&locator) == 1;
	good = good && le_32(&c) == END64_SIG && le_64(&c) == END64_BYTES - 12;
	(void)le_32(&c); /* versions */
	good = good && le_32(&c) == 0 && le_32(&c) == 0;
	uint64_t here = le_64(&c), count = le_64(&c), size = le_64(&c), offset = le_64(&c);
	good = good && here == count && (place->count == IS_64_SHORT || place->count == count) &&
	       (place->size == IS_64 || place->size == size) && (place->offset == IS_64 || place->offset == offset);
	*place = (struct place){ .offset = offset, .size = size, .count = count };
	*end = at;
	return good;
}

static enum wg_code place_read(const uint8_t *bytes, size_t len, struct place *place, struct wg_err *err)
{
	if (len < END_BYTES)
		return refuse(err, "it is cut off");
	size_t end = len - END_BYTES;
	struct le c = { .p = bytes + end, .left = END_BYTES };
	if (le_32(&c) != END_SIG)
		return refuse(err, "it does not end with its directory: cut off, or something was put behind it");
	bool one_disk = le_32(&c) == 0;
	uint16_t here = le_16(&c);
	place->count = le_16(&c);
	place->size = le_32(&c);
	place->offset = le_32(&c);
	if (!one_disk || here != place->count || le_16(&c) != 0)
		return refuse(err, "it has a comment, or is one of several parts");
	bool locator = end >= LOCATOR_BYTES &&
	               le_32(&(struct le){ .p = bytes + end - LOCATOR_BYTES, .left = LOCATOR_BYTES }) == LOCATOR_SIG;
	bool needed = place->count == IS_64_SHORT || place->size == IS_64 || place->offset == IS_64;
	if ((locator || needed) && !end64_read(bytes, len, place, &end))
		return refuse(err, "its 64-bit end record contradicts itself");
	if (place->count > WG_ZIP_ENTRIES_MAX)
		return wg_err_set(err, WG_LIMIT, "the document holds more parts than the limit of %d", WG_ZIP_ENTRIES_MAX);
	if (place->count == 0)
		return refuse(err, "it is empty");
	if (place->offset > end || place->size != end - place->offset)
		return refuse(err, "its directory is not where it says");
	return WG_OK;
}

/* Fields of a header that a 64-bit extra field may hold instead. */
struct sizes {
	uint64_t size, packed, offset;
};

/* The 64-bit extra field: exactly the numbers that the fields ask for; or, where none asks, the same numbers again, as
 * some programs write them. */
static bool zip64_read(struct le body, struct sizes *s, size_t wanted)
{
	const uint64_t *said[] = { &s->size, &s->packed, &s->offset };
	if (wanted == 0) {
		for (size_t i = 0; i < WG_COUNT(said) && body.left > 0; i++)
			if (le_64(&body) != *said[i])
				return false;
		return body.left == 0 && !body.failed;
	}
	if (body.left != wanted)
		return false;
	s->size = s->size == IS_64 ? le_64(&body) : s->size;
	s->packed = s->packed == IS_64 ? le_64(&body) : s->packed;
	s->offset = s->offset == IS_64 ? le_64(&body) : s->offset;
	return true;
}

/* The extra fields of a header: sound, and nothing among them that says something else than the header. An entry's own
 * header has no offset: it is 0 in s. */
static const char *extra_read(const uint8_t *p, size_t len, struct sizes *s)
{
	struct le c = { .p = p, .left = len };
	size_t wanted = 8 * ((size_t)(s->size == IS_64) + (size_t)(s->packed == IS_64) + (size_t)(s->offset == IS_64));
	bool got = false;
	while (c.left > 0) {
		uint16_t id = le_16(&c), n = le_16(&c);
		struct le body = { .p = le_bytes(&c, n), .left = n };
		if (c.failed)
			return "an extra field is cut off";
		if (id == EXTRA_UNICODE_NAME)
			return "an entry has two names";
		if (id == EXTRA_AES)
			return "an entry is encrypted";
		if (id != EXTRA_ZIP64)
			continue;
		if (got || !zip64_read(body, s, wanted))
			return "a 64-bit extra field contradicts its entry";
		got = true;
	}
	return wanted > 0 && !got ? "a 64-bit extra field is missing" : NULL;
}

/* A path within the archive, whichever system reads it. */
static const char *name_fault(const char *name, size_t len)
{
	if (len == 0 || len > WG_ZIP_NAME_BYTES)
		return "an entry has no name, or one too long";
	if (!wg_utf8_valid(name, len))
		return "the name of an entry is not UTF-8";
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)name[i] < 0x20 || name[i] == 0x7F || name[i] == '\\' || name[i] == ':')
			return "the name of an entry has a character that paths must not have";
	if (name[0] == '/')
		return "the name of an entry is an absolute path";
	for (size_t i = 0; i < len;) {
		size_t n = 0;
		while (i + n < len && name[i + n] != '/')
			n++;
		if (n == 0 || (n == 1 && name[i] == '.') || (n == 2 && name[i] == '.' && name[i + 1] == '.'))
			return "the name of an entry leads out of its folder";
		i += n + 1;
	}
	return NULL;
}

static bool is_link(uint16_t made_by, uint32_t attributes)
{
	unsigned host = made_by >> 8, type = (attributes >> 16) & S_IFMT;
	return (host == MADE_BY_UNIX || host == MADE_BY_MACOS) && type != 0 && type != S_IFREG && type != S_IFDIR;
}

static enum wg_code check_entry(const struct wg_zip_entry *e, struct wg_err *err)
{
	if ((e->flags & FLAGS_ENCRYPTED) != 0)
		return wg_err_set(err, WG_REJECT, "the document is encrypted: save it without a password and send it again");
	if ((e->flags & FLAGS_REFUSED) != 0 || (e->method != 0 && e->method != 8))
		return refuse(err, "an entry is packed in a way that office programs do not use");
	if (e->method == 0 && e->packed != e->size)
		return refuse(err, "an entry that is not packed has two sizes");
	if (e->size > WG_ZIP_ENTRY_BYTES)
		return wg_err_set(err, WG_LIMIT, "a part of the document expands to more than the limit of %llu MiB",
		                  (unsigned long long)(WG_ZIP_ENTRY_BYTES >> 20));
	if (e->size > WG_ZIP_RATIO_FROM && e->size / WG_ZIP_RATIO > e->packed)
		return wg_err_set(err, WG_LIMIT,
		                  "a part of the document expands to more than %d times its size: refused as a bomb",
		                  WG_ZIP_RATIO);
	size_t n = strlen(e->name);
	if (e->name[n - 1] == '/' && (e->size != 0 || e->packed > 2)) /* a packed nothing has two bytes */
		return refuse(err, "a folder has contents");
	return WG_OK;
}

/* One line of the directory. */
static enum wg_code central_read(struct le *c, struct wg_zip_entry *e, struct wg_err *err)
{
	bool sig = le_32(c) == CENTRAL_SIG;
	uint16_t made_by = le_16(c);
	(void)le_16(c); /* version needed */
	e->flags = le_16(c);
	e->method = le_16(c);
	(void)le_32(c); /* time */
	e->crc = le_32(c);
	struct sizes s = { 0 };
	s.packed = le_32(c);
	s.size = le_32(c);
	size_t name_len = le_16(c), extra_len = le_16(c), comment_len = le_16(c);
	uint16_t disk = le_16(c);
	(void)le_16(c); /* text or not */
	uint32_t attributes = le_32(c);
	s.offset = le_32(c);
	const char *name = (const char *)le_bytes(c, name_len);
	const uint8_t *extra = le_bytes(c, extra_len);
	(void)le_bytes(c, comment_len);
	if (!sig || c->failed || name == NULL || extra == NULL)
		return refuse(err, "its directory is damaged");
	const char *fault = name_fault(name, name_len);
	if (fault == NULL && (disk != 0 || is_link(made_by, attributes)))
		fault = "an entry is a link, or lies elsewhere";
	if (fault == NULL)
		fault = extra_read(extra, extra_len, &s);
	if (fault != NULL)
		return refuse(err, fault);
	e->packed = s.packed;
	e->size = s.size;
	e->offset = (size_t)s.offset;
	e->name = strndup(name, name_len);
	return e->name != NULL ? check_entry(e, err) : wg_err_set(err, WG_SYSTEM, "no memory for the parts of a document");
}

/* What stands behind an entry whose sizes its own header did not know yet: with or without signature, 32 or 64 bits. */
static bool descriptor_fits(const uint8_t *p, size_t len, const struct wg_zip_entry *e)
{
	struct le c = { .p = p, .left = len };
	size_t wide = len >= 20 ? 8 : 4;
	if (len != 12 && len != 16 && len != 20 && len != 24)
		return false;
	if ((len == 16 || len == 24) && le_32(&c) != DESCRIPTOR_SIG)
		return false;
	return le_32(&c) == e->crc && le_number(&c, wide) == e->packed && le_number(&c, wide) == e->size && !c.failed;
}

/* The entry's own header against the directory's line; end: where the next one begins, which must be where this one
 * ends. */
static const char *local_fault(const uint8_t *bytes, size_t end, const struct wg_zip_entry *e)
{
	if (e->offset >= end || end - e->offset < LOCAL_BYTES)
		return "entries overlap";
	struct le c = { .p = bytes + e->offset, .left = end - e->offset };
	bool same = le_32(&c) == LOCAL_SIG;
	(void)le_16(&c); /* version needed */
	unsigned flags = le_16(&c), method = le_16(&c);
	(void)le_32(&c); /* time */
	uint32_t crc = le_32(&c);
	struct sizes s = { 0 };
	s.packed = le_32(&c);
	s.size = le_32(&c);
	size_t name_len = le_16(&c), extra_len = le_16(&c);
	const uint8_t *name = le_bytes(&c, name_len), *extra = le_bytes(&c, extra_len);
	if (!same || name == NULL || extra == NULL)
		return "an entry has no header of its own";
	const char *fault = extra_read(extra, extra_len, &s);
	if (fault != NULL)
		return fault;
	bool later = (flags & FLAG_DESCRIPTOR) != 0;
	same = strlen(e->name) == name_len && memcmp(name, e->name, name_len) == 0 && method == e->method &&
	       ((flags ^ e->flags) & FLAGS_COMPARED) == 0;
	same = same && ((later && crc == 0) || crc == e->crc) && ((later && s.packed == 0) || s.packed == e->packed) &&
	       ((later && s.size == 0) || s.size == e->size);
	if (!same)
		return "an entry and the directory contradict each other";
	if (le_bytes(&c, e->packed) == NULL)
		return "entries overlap";
	if (c.left > 0 && !(later && descriptor_fits(c.p, c.left, e)))
		return "there are bytes that belong to no entry";
	return later && c.left == 0 ? "an entry is cut off" : NULL;
}

static int by_offset(const void *a, const void *b)
{
	const struct wg_zip_entry *x = *(const struct wg_zip_entry *const *)a;
	const struct wg_zip_entry *y = *(const struct wg_zip_entry *const *)b;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp((*(const struct wg_zip_entry *const *)a)->name, (*(const struct wg_zip_entry *const *)b)->name);
}

/* The entries against each other, and against the bytes before the directory. */
static enum wg_code check_all(const uint8_t *bytes, size_t end, const struct wg_zip_directory *dir, struct wg_err *err)
{
	uint64_t total = 0;
	WG_AUTO_FREE const struct wg_zip_entry **order = calloc(dir->count, sizeof(void *));
	if (order == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the parts of a document");
	for (size_t i = 0; i < dir->count; i++) {
		order[i] = &dir->entries[i];
		total += dir->entries[i].size; /* each is bounded, and so is their number */
	}
	if (total > WG_ZIP_TOTAL_BYTES)
		return wg_err_set(err, WG_LIMIT,
		                  "the document expands to more than the limit of %llu MiB: take pictures out of it",
		                  (unsigned long long)(WG_ZIP_TOTAL_BYTES >> 20));
	qsort(order, dir->count, sizeof(void *), by_name);
	for (size_t i = 1; i < dir->count; i++)
		if (strcasecmp(order[i - 1]->name, order[i]->name) == 0)
			return refuse(err, "two entries have the same name");
	qsort(order, dir->count, sizeof(void *), by_offset);
	if (order[0]->offset != 0)
		return refuse(err, "something was put before it");
	if (order[dir->count - 1]->offset >= end) /* so that each entry's end, the next one's offset, lies within bytes */
		return refuse(err, "an entry is not where the directory says");
	for (size_t i = 0; i < dir->count; i++) {
		const char *fault = local_fault(bytes, i + 1 < dir->count ? order[i + 1]->offset : end, order[i]);
		if (fault != NULL)
			return refuse(err, fault);
	}
	return WG_OK;
}

enum wg_code wg_zip_directory_read(const uint8_t *bytes, size_t len, struct wg_zip_directory *dir, struct wg_err *err)
{
	struct place place = { 0 };
	struct wg_zip_directory read = { 0 };
	enum wg_code code = place_read(bytes, len, &place, err);
	if (code != WG_OK)
		return code;
	read.entries = calloc(place.count, sizeof *read.entries);
	if (read.entries == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the parts of a document");
	struct le c = { .p = bytes + place.offset, .left = place.size };
	while (code == WG_OK && read.count < place.count) /* counted before it is read, so that its name is freed */
		code = central_read(&c, &read.entries[read.count++], err);
	if (code == WG_OK && c.left > 0)
		code = refuse(err, "its directory lists more than it counts");
	if (code == WG_OK)
		code = check_all(bytes, place.offset, &read, err);
	if (code != WG_OK) {
		wg_zip_directory_free(&read);
		return code;
	}
	*dir = read;
	return WG_OK;
}
