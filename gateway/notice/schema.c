/* schema.c owns looking things up in a loaded schema; schema_load.c makes one. */
#include "notice/schema_internal.h"

#include <libxml/tree.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/notice.h"
#include "notice/schema_nearest.h"
#include "notice/xml.h"

const struct wg_place *wg_type_place(const struct wg_type *type, const char *name)
{
	for (size_t i = 0; type != NULL && i < type->n_places; i++)
		if (type->places[i].name[0] == name[0] && strcmp(type->places[i].name, name) == 0)
			return &type->places[i];
	return NULL;
}

const struct wg_attribute *wg_type_attribute(const struct wg_type *type, const char *name)
{
	for (size_t i = 0; type != NULL && i < type->n_attributes; i++)
		if (strcmp(type->attributes[i].name, name) == 0)
			return &type->attributes[i];
	return NULL;
}

/* What stands in its name attribute; NULL when there is none. Without a copy: it lives as long as the documents. */
static const char *name_of(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (strcmp((const char *)a->name, "name") == 0)
			return a->children != NULL && a->children->next == NULL ? (const char *)a->children->content : NULL;
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct wg_global *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order != 0 ? order : strcmp(x->kind, y->kind);
}

enum wg_code wg_schema_load_globals(struct wg_schema *schema, struct wg_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < schema->n_docs; i++)
		for (const xmlNode *c = wg_xml_first(wg_xml_root(schema->docs[i]), NULL); c != NULL; c = wg_xml_next(c, NULL))
			n++;
	schema->globals = calloc(n + 1, sizeof *schema->globals);
	if (schema->globals == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	for (size_t i = 0; i < schema->n_docs; i++)
		for (const xmlNode *c = wg_xml_first(wg_xml_root(schema->docs[i]), NULL); c != NULL; c = wg_xml_next(c, NULL))
			if (name_of(c) != NULL)
				schema->globals[schema->n_globals++] = (struct wg_global){ wg_xml_name(c), name_of(c), c };
	qsort(schema->globals, schema->n_globals, sizeof *schema->globals, by_name);
	return WG_OK;
}

const struct _xmlNode *wg_schema_global(const struct wg_schema *schema, const char *definition, const char *name)
{
	const struct wg_global key = { .kind = definition, .name = name };
	const struct wg_global *found =
		schema->n_globals > 0 ? bsearch(&key, schema->globals, schema->n_globals, sizeof key, by_name) : NULL;
	return found != NULL ? found->node : NULL;
}

bool wg_place_text(const struct wg_place *place)
{
	return place->type == NULL || place->type->text;
}

wg_categories wg_place_attribute_category(const struct wg_place *place, const struct wg_attribute *attribute)
{
	return attribute->category != WG_CATEGORIES_NONE ? attribute->category : place->category;
}

bool wg_path_step(const char **path, struct wg_step *step)
{
	const char *p = *path;
	*step = (struct wg_step){ .attribute = *p == '@' };
	p += step->attribute ? 1 : 0;
	size_t n = strcspn(p, "/[@");
	if (n == 0 || n > WG_LIMIT_NAME)
		return false;
	memcpy(step->name, p, n);
	p += n;
	step->add = strncmp(p, "[+]", 3) == 0;
	step->last = strncmp(p, "[last]", 6) == 0;
	if (p[0] == '[' && p[1] >= '1' && p[1] <= '9' && p[2] == ']')
		step->nth = (unsigned)(p[1] - '0');
	p += step->add || step->nth > 0 ? 3 : step->last ? 6 : 0;
	if (*p == '/' && p[1] != '\0' && !step->attribute)
		p++;
	else if (*p != '\0' || (step->attribute && (step->add || step->last || step->nth > 0)))
		return false;
	*path = p;
	return true;
}

bool wg_schema_find(const struct wg_schema *schema, const char *path, wg_categories *category, bool *text)
{
	const struct wg_place *place = &schema->root;
	const struct wg_attribute *attribute = NULL;
	struct wg_step step;
	if (*path == '\0')
		return false;
	while (*path != '\0') {
		if (!wg_path_step(&path, &step) || step.nth > 0)
			return false;
		if (step.attribute)
			attribute = wg_type_attribute(place->type, step.name);
		else
			place = wg_type_place(place->type, step.name);
		if (place == NULL || (step.attribute && attribute == NULL) || ((step.add || step.last) && !place->repeats))
			return false;
	}
	if (category != NULL)
		*category = attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category;
	if (text != NULL)
		*text = attribute != NULL || wg_place_text(place);
	return true;
}

/* Improves *best by the names of one type. */
static void nearest_in(const struct wg_type *type, const char *name, bool attribute, const char **best,
                       size_t *shortest)
{
	size_t n = type == NULL ? 0 : attribute ? type->n_attributes : type->n_places;
	for (size_t i = 0; i < n; i++) {
		const char *known = attribute ? type->attributes[i].name : type->places[i].name;
		size_t d = wg_distance(name, known);
		if (d < *shortest) {
			*shortest = d;
			*best = known;
		}
	}
}

const char *wg_type_nearest(const struct wg_type *type, const char *name, bool attribute)
{
	const char *best = "";
	size_t shortest = SIZE_MAX;
	nearest_in(type, name, attribute, &best, &shortest);
	return best;
}

enum wg_code wg_schema_complain(const struct wg_schema *schema, const char *path, struct wg_err *err)
{
	const struct wg_type *type = schema->root.type;
	const char *whole = path, *above = "notice";
	const struct wg_place *place = &schema->root;
	struct wg_step step = { 0 };
	while (*path != '\0' && wg_path_step(&path, &step)) {
		if (step.attribute ? wg_type_attribute(type, step.name) == NULL : wg_type_place(type, step.name) == NULL) {
			const char *best = wg_type_nearest(type, step.name, step.attribute), *at = step.attribute ? "@" : "";
			if (best[0] == '\0')
				return wg_err_set(err, WG_CONFIG, "the schema has no place \"%s\": nothing stands below \"%s\"", whole,
				                  above);
			return wg_err_set(err, WG_CONFIG,
			                  "the schema has no place \"%s\": no \"%s%s\" in \"%s\"; did you mean \"%s%s\"?", whole,
			                  at, step.name, above, at, best);
		}
		if (step.attribute)
			break;
		place = wg_type_place(type, step.name);
		if ((step.add || step.last) && !place->repeats)
			return wg_err_set(err, WG_CONFIG, "\"%s\": \"%s\" may stand only once", whole, step.name);
		type = place->type;
		above = place->name;
	}
	return wg_err_set(err, WG_CONFIG, "\"%s\" is not a place in a notice", whole);
}

enum wg_code wg_schema_check_place(const struct wg_schema *schema, const char *path, struct wg_err *err)
{
	bool text = false;
	return wg_schema_find(schema, path, NULL, &text) && text ? WG_OK : wg_schema_complain(schema, path, err);
}

bool wg_schema_knows(const struct wg_schema *schema, const char *name, bool attribute)
{
	for (size_t i = 0; i < schema->n_types; i++)
		if (attribute ? wg_type_attribute(schema->types[i], name) != NULL
		              : wg_type_place(schema->types[i], name) != NULL)
			return true;
	return !attribute && strcmp(schema->root.name, name) == 0;
}

const char *wg_schema_nearest(const struct wg_schema *schema, const char *name, bool attribute)
{
	const char *best = "";
	size_t shortest = SIZE_MAX;
	for (size_t i = 0; i < schema->n_types; i++)
		nearest_in(schema->types[i], name, attribute, &best, &shortest);
	return best;
}
