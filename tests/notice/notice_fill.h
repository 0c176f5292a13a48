/* Every place of a notice filled with words of its own, by the schema alone: nothing here knows a name of an element.
 */
#ifndef WG_TESTS_NOTICE_FILL_H
#define WG_TESTS_NOTICE_FILL_H

#include "notice/schema_print.h"
#include "notice_fixture.h"
#include "pictures.h"

/* Settable places of one kind: the interview has some 480, with those that all notices share. */
#define FILLED_MAX 1024

struct filled {
	char path[256]; /* "[last]" where a place repeats */
	char words[32]; /* what was set there; no two canaries are part of one another */
	bool canary;    /* free words; false: a code, a date, a number */
	const struct wg_place *place;
	const struct wg_attribute *attribute;
};

struct filling {
	struct wg_notice *notice;
	struct filled list[FILLED_MAX];
	size_t count;
};

/* A value for types that are no free words; NULL for those that are. */
static inline const char *plain_value(const char *type)
{
	static const struct {
		const char *type, *value;
	} values[] = {
		{ "day", "2011-03-14" },
		{ "date", "2011-03-14" },
		{ "instant", "2026-11-20T22:41:07Z" },
		{ "postcode", "ZZ9 9ZZ" },
		{ "nhs-number", "9990000018" },
		{ "pupil-number", "A999999999999" },
		{ "sha256", JPEG_SHA256 },
		{ "photograph-bytes", JPEG_BASE64 },
		{ "count", "417" },
		{ "place", "child/name/full" },
		{ "local-authority", "830" },
		{ "police-force", "E23000015" },
		{ "recipient", "front-door" },
		{ "own-name", "derbyshire" },
		{ "notice-id", "01k9tess00examp1e0000000ld" },
		{ "keep", "P6Y" },
		{ "consent-categories", "identity risk" },
		{ "xs:token", "1" },
	};
	for (size_t i = 0; i < WG_COUNT(values); i++)
		if (strcmp(values[i].type, type) == 0)
			return values[i].value;
	return NULL;
}

/* "a[+]/b" as "a[last]/b": one of each, in one place. */
static inline void one_of_each(const char *path, char *out, size_t size)
{
	size_t used = 0;
	for (const char *p = path; *p != '\0' && used + 8 < size;) {
		if (strncmp(p, "[+]", 3) == 0) {
			used += (size_t)snprintf(out + used, size - used, "[last]");
			p += 3;
		} else {
			out[used++] = *p++;
		}
	}
	out[used] = '\0';
}

static inline void fill_place(void *arg, const char *path, const struct wg_place *place,
                              const struct wg_attribute *attribute)
{
	struct filling *filling = arg;
	char type[WG_LIMIT_NAME + 1] = "", code[WG_LIMIT_NAME + 1];
	if (attribute == NULL && !wg_place_text(place))
		return;
	if (path[0] == '@' || strncmp(path, "header/copy-for", 15) == 0 || strncmp(path, "withheld", 8) == 0)
		return; /* of the notice itself, and of copies */
	assert_true(filling->count < FILLED_MAX);
	struct filled *one = &filling->list[filling->count++];
	*one = (struct filled){ .place = place, .attribute = attribute };
	one_of_each(path, one->path, sizeof one->path);
	if (attribute != NULL)
		assert_true(wg_xml_attr_into(attribute->declared, "type", type, sizeof type));
	else
		assert_true(wg_place_type_name(schema, place, type, sizeof type));
	const struct _xmlNode *codes = wg_schema_codes(schema, type);
	const char *value = plain_value(type);
	if (codes != NULL) {
		assert_true(wg_xml_attr_into(codes, "value", code, sizeof code));
		value = code;
	}
	one->canary = value == NULL;
	(void)snprintf(one->words, sizeof one->words, "Zq%04zuq", filling->count);
	struct wg_err err = { 0 };
	assert_wg(wg_notice_set(filling->notice, one->path, value != NULL ? value : one->words, &err));
}

/* A whole, valid notice of that kind; the caller frees filling->notice. */
static inline void fill_notice(struct filling *filling, const char *kind)
{
	struct wg_err err = { 0 };
	filling->notice = NULL;
	filling->count = 0;
	assert_wg(wg_notice_new(schema, kind, "01k9tess00examp1e0f1lled01", &filling->notice, &err));
	assert_wg(wg_schema_walk(schema, kind, fill_place, filling, &err));
	assert_wg(wg_notice_validate(filling->notice, &err));
}

#endif
