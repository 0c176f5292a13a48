/* schema_codes.c owns what the codes of a place mean, looked up in the schema's documents once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* The words of one code: a line of the schema. */
#define MEANING_MAX 1024

struct wg_code_words {
	char value[WG_LIMIT_NAME + 1];
	char *words;
};

struct wg_codes {
	struct wg_codes *next; /* of the schema's */
	char type[WG_LIMIT_NAME + 1];
	size_t count;
	struct wg_code_words list[];
};

static enum wg_code read_codes(struct wg_codes *codes, const struct _xmlNode *first, struct wg_err *err)
{
	for (const struct _xmlNode *c = first; c != NULL; c = wg_xml_next(c, "enumeration")) {
		WG_AUTO_BUF struct wg_buf words = WG_BUF(MEANING_MAX);
		struct wg_code_words *one = &codes->list[codes->count];
		if (!wg_xml_attr_into(c, "value", one->value, sizeof one->value))
			continue; /* longer than any code: nobody looks for it */
		wg_schema_words(c, &words);
		enum wg_code code = wg_buf_check(&words, "what a code means", err);
		if (code != WG_OK)
			return code;
		one->words = strdup(wg_buf_text(&words));
		if (one->words == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
		codes->count++;
	}
	return WG_OK;
}

/* The codes of a simple type; *out stays NULL when it has none. */
static enum wg_code codes_of(struct wg_schema *schema, const char *type, const struct wg_codes **out,
                             struct wg_err *err)
{
	for (const struct wg_codes *known = schema->codes; known != NULL; known = known->next)
		if (strcmp(known->type, type) == 0) {
			*out = known;
			return WG_OK;
		}
	const struct _xmlNode *first = wg_schema_codes(schema, type);
	size_t count = 0;
	for (const struct _xmlNode *c = first; c != NULL; c = wg_xml_next(c, "enumeration"))
		count++;
	if (count == 0)
		return WG_OK;
	struct wg_codes *codes = calloc(1, sizeof *codes + count * sizeof codes->list[0]);
	if (codes == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	memcpy(codes->type, type, strlen(type) + 1);
	codes->next = schema->codes;
	schema->codes = codes;
	*out = codes;
	return read_codes(codes, first, err);
}

static enum wg_code of_type(struct wg_schema *schema, struct wg_type *type, struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1];
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < type->n_places && code == WG_OK; i++) {
		struct wg_place *place = &type->places[i];
		if (wg_place_text(place) && wg_place_type_name(schema, place, name, sizeof name))
			code = codes_of(schema, name, &place->codes, err);
	}
	for (size_t i = 0; i < type->n_attributes && code == WG_OK; i++)
		if (wg_xml_attr_into(type->attributes[i].declared, "type", name, sizeof name))
			code = codes_of(schema, name, &type->attributes[i].codes, err);
	return code;
}

enum wg_code wg_schema_load_codes(struct wg_schema *schema, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < schema->n_types && code == WG_OK; i++)
		code = of_type(schema, schema->types[i], err);
	return code;
}

void wg_schema_free_codes(struct wg_schema *schema)
{
	for (struct wg_codes *next, *c = schema->codes; c != NULL; c = next) {
		next = c->next;
		for (size_t i = 0; i < c->count; i++)
			free(c->list[i].words);
		free(c);
	}
	schema->codes = NULL;
}

const char *wg_place_meaning(const struct wg_place *place, const char *value, const char *code)
{
	const struct wg_attribute *coded = code != NULL ? wg_type_attribute(place->type, "code") : NULL;
	const struct wg_codes *codes = coded != NULL ? coded->codes : place->codes;
	const char *said = coded != NULL ? code : value;
	for (size_t i = 0; codes != NULL && i < codes->count; i++)
		if (strcmp(codes->list[i].value, said) == 0)
			return codes->list[i].words;
	return "";
}
