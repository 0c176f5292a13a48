/* schema_print.c owns what the schema says of itself in words: documentation, meanings of codes, the list of places. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* A path of names: the schema is 5 deep. */
#define PLACE_PATH_MAX 512

/* Appends text with each run of blanks as one. */
static void put_words(const char *text, struct wg_buf *out)
{
	static const char blanks[] = " \t\r\n";
	for (const char *p = text + strspn(text, blanks); *p != '\0';) {
		size_t n = strcspn(p, blanks);
		wg_buf_put(out, p, n);
		p += n;
		p += strspn(p, blanks);
		if (*p != '\0')
			wg_buf_putc(out, ' ');
	}
}

void wg_schema_words(const struct _xmlNode *declared, struct wg_buf *out)
{
	const struct _xmlNode *annotation = declared != NULL ? wg_xml_first(declared, "annotation") : NULL;
	const struct _xmlNode *words = annotation != NULL ? wg_xml_first(annotation, "documentation") : NULL;
	WG_AUTO_FREE char *text = words != NULL ? wg_xml_text(words) : NULL;
	if (text != NULL)
		put_words(text, out);
}

const struct _xmlNode *wg_schema_info(const struct _xmlNode *declared, const char *name)
{
	const struct _xmlNode *annotation = wg_xml_first(declared, "annotation");
	const struct _xmlNode *info = annotation != NULL ? wg_xml_first(annotation, "appinfo") : NULL;
	for (; info != NULL; info = wg_xml_next(info, "appinfo")) {
		const struct _xmlNode *found = wg_xml_first(info, name);
		if (found != NULL && strcmp(wg_xml_ns(found), WG_SCHEMA_LABEL_NS) == 0)
			return found;
	}
	return NULL;
}

const struct _xmlNode *wg_schema_codes(const struct wg_schema *schema, const char *type)
{
	const struct _xmlNode *simple = wg_schema_global(schema, "simpleType", type);
	const struct _xmlNode *values = simple != NULL ? wg_xml_first(simple, "restriction") : NULL;
	return values != NULL ? wg_xml_first(values, "enumeration") : NULL;
}

bool wg_place_type_name(const struct wg_schema *schema, const struct wg_place *place, char *out, size_t size)
{
	char name[WG_LIMIT_NAME + 1];
	if (!wg_xml_attr_into(place->declared, "type", name, sizeof name))
		return false;
	const struct _xmlNode *complex = place->type != NULL ? wg_schema_global(schema, "complexType", name) : NULL;
	const struct _xmlNode *content = complex != NULL ? wg_xml_first(complex, "simpleContent") : NULL;
	const struct _xmlNode *extension = content != NULL ? wg_xml_first(content, "extension") : NULL;
	if (extension != NULL)
		return wg_xml_attr_into(extension, "base", out, size);
	return snprintf(out, size, "%s", name) < (int)size;
}

/* What goes down the tree of places. */
struct walk {
	const struct wg_schema *schema;
	const struct wg_place *body; /* NULL: every body */
	wg_schema_visit visit;
	void *arg;
};

/* The recursion ends with the schema, which the loader bounds: a type that holds itself would be refused by no one, but
 * there is none, and the path's length stops it. */
static void walk_place(const struct walk *walk, const struct wg_place *place, const char *path)
{
	char below[PLACE_PATH_MAX];
	for (size_t i = 0; place->type != NULL && i < place->type->n_attributes; i++) {
		const struct wg_attribute *a = &place->type->attributes[i];
		int n = snprintf(below, sizeof below, "%s%s@%s", path, path[0] != '\0' ? "/" : "", a->name);
		if (n > 0 && (size_t)n < sizeof below)
			walk->visit(walk->arg, below, place, a);
	}
	for (size_t i = 0; place->type != NULL && i < place->type->n_places; i++) {
		const struct wg_place *p = &place->type->places[i];
		int n = snprintf(below, sizeof below, "%s%s%s%s", path, path[0] != '\0' ? "/" : "", p->name,
		                 p->repeats ? "[+]" : "");
		bool other =
			place == &walk->schema->root && walk->body != NULL && p != walk->body && wg_schema_is_body(walk->schema, p);
		if (n < 0 || (size_t)n >= sizeof below || other)
			continue;
		walk->visit(walk->arg, below, p, NULL);
		walk_place(walk, p, below);
	}
}

enum wg_code wg_schema_walk(const struct wg_schema *schema, const char *kind, wg_schema_visit visit, void *arg,
                            struct wg_err *err)
{
	const struct wg_kind *known = kind != NULL ? wg_schema_kind_named(schema, kind) : NULL;
	if (kind != NULL && known == NULL)
		return wg_err_set(err, WG_CONFIG, "there is no kind of notice \"%s\"; did you mean \"%s\"?", kind,
		                  wg_schema_kind_nearest(schema, kind));
	struct walk walk = { schema, known != NULL ? known->body : NULL, visit, arg };
	walk_place(&walk, &schema->root, "");
	return WG_OK;
}

struct list {
	const struct wg_schema *schema;
	struct wg_buf *out;
};

/* path, type, category, documentation; places that only hold others are left out: nothing can be set there. */
static void list_place(void *arg, const char *path, const struct wg_place *place, const struct wg_attribute *attribute)
{
	const struct list *list = arg;
	char type[WG_LIMIT_NAME + 1] = "", category[WG_CATEGORIES_TEXT];
	if (attribute == NULL && !wg_place_text(place))
		return;
	if (attribute != NULL)
		(void)wg_xml_attr_into(attribute->declared, "type", type, sizeof type); /* left empty when there is none */
	else
		(void)wg_xml_attr_into(place->declared, "type", type, sizeof type); /* the loader saw it */
	wg_categories set = attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category;
	wg_buf_printf(list->out, "%-52s %-20s %-20s ", path, type, wg_categories_format(set, category, sizeof category));
	wg_schema_words(attribute != NULL ? attribute->declared : place->declared, list->out);
	while (list->out->len > 0 && list->out->data[list->out->len - 1] == ' ')
		list->out->len--;
	wg_buf_putc(list->out, '\n');
}

enum wg_code wg_schema_paths(const struct wg_schema *schema, const char *kind, struct wg_buf *out, struct wg_err *err)
{
	struct list list = { schema, out };
	enum wg_code code = wg_schema_walk(schema, kind, list_place, &list, err);
	return code == WG_OK ? wg_buf_check(out, "the list of places", err) : code;
}
