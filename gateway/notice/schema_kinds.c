/* schema_kinds.c owns the kinds of notice: their names, bodies and mandatory places, as codes.xsd says them. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/notice.h"
#include "notice/schema_internal.h"
#include "notice/schema_nearest.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* Words with single blanks between; false when they do not fit. */
static bool words_into(const char *text, char *out, size_t size)
{
	static const char blanks[] = " \t\r\n";
	size_t used = 0;
	out[0] = '\0';
	for (const char *p = text + strspn(text, blanks); *p != '\0'; p += strspn(p, blanks)) {
		size_t n = strcspn(p, blanks), gap = used > 0 ? 1 : 0;
		if (n + gap >= size - used)
			return false;
		if (gap != 0)
			out[used++] = ' ';
		memcpy(out + used, p, n);
		used += n;
		out[used] = '\0';
		p += n;
	}
	return true;
}

/* Every place of a list of places is in the schema. */
static enum wg_code check_places(const struct wg_schema *schema, const char *list, struct wg_err *err)
{
	char path[WG_SCHEMA_REQUIRES];
	for (const char *p = list; list[0] != '\0';) {
		size_t n = strcspn(p, " |");
		memcpy(path, p, n);
		path[n] = '\0';
		if (!wg_schema_find(schema, path, NULL, NULL)) /* nor is "" a place: a||b */
			return wg_schema_complain(schema, path, err);
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	return WG_OK;
}

static enum wg_code read_kind(struct wg_schema *schema, const struct _xmlNode *declared, struct wg_err *err)
{
	struct wg_kind *kind = &schema->kinds[schema->n_kinds];
	const struct _xmlNode *body = wg_schema_info(declared, "body"), *requires = wg_schema_info(declared, "requires");
	WG_AUTO_FREE char *body_name = body != NULL ? wg_xml_text(body) : NULL;
	WG_AUTO_FREE char *places = requires != NULL ? wg_xml_text(requires) : NULL;
	*kind = (struct wg_kind){ .declared = declared };
	if (!wg_xml_attr_into(declared, "value", kind->name, sizeof kind->name) || kind->name[0] == '\0')
		return wg_err_set(err, WG_CONFIG, "a kind of notice without a usable name");
	if (body_name == NULL || (kind->body = wg_type_place(schema->root.type, body_name)) == NULL)
		return wg_err_set(err, WG_CONFIG, "the kind \"%s\" names no body that stands below notice", kind->name);
	if (places != NULL && !words_into(places, kind->requires, sizeof kind->requires))
		return wg_err_set(err, WG_CONFIG, "the kind \"%s\" requires more than %d bytes of places", kind->name,
		                  WG_SCHEMA_REQUIRES);
	schema->n_kinds++;
	enum wg_code code = check_places(schema, kind->requires, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "the kind \"%s\"", kind->name);
}

enum wg_code wg_schema_load_kinds(struct wg_schema *schema, const char *folder, struct wg_err *err)
{
	const struct _xmlNode *type = wg_schema_global(schema, "simpleType", "kind");
	const struct _xmlNode *values = type != NULL ? wg_xml_first(type, "restriction") : NULL;
	const struct _xmlNode *value = values != NULL ? wg_xml_first(values, "enumeration") : NULL;
	enum wg_code code = value != NULL ? WG_OK : wg_err_set(err, WG_CONFIG, "the schema lists no kinds of notice");
	for (; value != NULL && code == WG_OK; value = wg_xml_next(value, "enumeration")) {
		if (schema->n_kinds == WG_SCHEMA_KINDS)
			return wg_err_set(err, WG_CONFIG, "%s: more than %d kinds of notice", folder, WG_SCHEMA_KINDS);
		code = read_kind(schema, value, err);
	}
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", folder);
}

const struct wg_kind *wg_schema_kind_named(const struct wg_schema *schema, const char *kind)
{
	for (size_t i = 0; i < schema->n_kinds; i++)
		if (strcmp(schema->kinds[i].name, kind) == 0)
			return &schema->kinds[i];
	return NULL;
}

bool wg_schema_is_body(const struct wg_schema *schema, const struct wg_place *place)
{
	for (size_t i = 0; i < schema->n_kinds; i++)
		if (schema->kinds[i].body == place)
			return true;
	return false;
}

size_t wg_schema_kinds(const struct wg_schema *schema)
{
	return schema->n_kinds;
}

const char *wg_schema_kind(const struct wg_schema *schema, size_t i)
{
	return i < schema->n_kinds ? schema->kinds[i].name : NULL;
}

const char *wg_schema_body(const struct wg_schema *schema, const char *kind)
{
	const struct wg_kind *found = wg_schema_kind_named(schema, kind);
	return found != NULL ? found->body->name : NULL;
}

const char *wg_schema_requires(const struct wg_schema *schema, const char *kind)
{
	const struct wg_kind *found = wg_schema_kind_named(schema, kind);
	return found != NULL && found->requires[0] != '\0' ? found->requires : NULL;
}

const char *wg_schema_kind_nearest(const struct wg_schema *schema, const char *kind)
{
	const char *names[WG_SCHEMA_KINDS];
	for (size_t i = 0; i < schema->n_kinds; i++)
		names[i] = schema->kinds[i].name;
	return wg_nearest(kind, names, schema->n_kinds);
}
