/* map_field.c owns the reading of one line of a map: an operator's words, answered with file and line where they are
 * wrong. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/schema_internal.h"
#include "notice/xml.h"

/* The places that one value fills below its "to": with "" in the list the place itself takes text. */
struct kind_of_value {
	const char *name;
	const char *below[4];
};

static const struct kind_of_value kinds[WG_AS_COUNT] = {
	[WG_AS_TEXT] = { "text", { "" } },
	[WG_AS_LINE] = { "line", { "" } },
	[WG_AS_PERSON_NAME] = { "person-name", { "full", "known-as" } },
	[WG_AS_FORENAMES] = { "forenames", { "full" } },
	[WG_AS_SURNAME] = { "surname", { "full" } },
	[WG_AS_KNOWN_AS] = { "known-as", { "known-as[+]" } },
	[WG_AS_DATE] = { "date", { "", "@said" } },
	[WG_AS_WHEN] = { "when", { "", "@value", "@precision" } },
	[WG_AS_WHEN_WHERE] = { "when-where", { "when", "where", "by" } },
	[WG_AS_WHERE_WHEN_BY] = { "where-when-by", { "when", "where", "by" } },
	[WG_AS_YES_NO] = { "yes-no", { "", "@answer" } },
	[WG_AS_LOOKED_AFTER] = { "looked-after", { "@looked-after" } },
	[WG_AS_ADDRESS] = { "address", { "", "@postcode" } },
	[WG_AS_TELEPHONE] = { "telephone", { "", "@network" } },
	[WG_AS_NETWORK] = { "network", { "@network" } },
	[WG_AS_NHS_NUMBER] = { "nhs-number", { "" } },
	[WG_AS_RISK] = { "risk", { "", "@said" } },
	[WG_AS_SEX] = { "sex", { "" } },
	[WG_AS_POLICE_REFERENCE] = { "police-reference", { "" } },
	[WG_AS_FORCE_NAME] = { "force-name", { "@force" } },
	[WG_AS_POLICE_FORCE] = { "police-force", { "", "@area", "@name" } },
	[WG_AS_AUTHORITY] = { "authority", { "", "@name" } },
	[WG_AS_ETHNICITY] = { "ethnicity", { "", "@code" } },
	[WG_AS_LEGAL_STATUS] = { "legal-status", { "", "@code" } },
	[WG_AS_PLACEMENT_TYPE] = { "placement-type", { "", "@code" } },
	[WG_AS_ONLINE_IDENTITY] = { "online-identity", { "" } },
	[WG_AS_PASSWORD] = { "password", { NULL } },
	[WG_AS_CODE] = { "code", { "" } },
	[WG_AS_CONSENT] = { "consent", { "", "@to", "@state" } },
	[WG_AS_DATE_AHEAD] = { "date-ahead", { "", "@said" } },
	[WG_AS_WHEN_AHEAD] = { "when-ahead", { "", "@value", "@precision" } },
	[WG_AS_NUMBER] = { "number", { "" } },
	[WG_AS_EMAIL] = { "email", { "" } },
	[WG_AS_PUPIL_NUMBER] = { "pupil-number", { "" } },
};

/* A line of a map under way, with the document it comes from. */
struct reading {
	struct wg_maps *maps;
	struct wg_map *map;
	const struct wg_xml *xml;
	const struct _xmlNode *node;
	struct wg_err *err;
};

const char *wg_map_as_name(enum wg_map_as as)
{
	return as < WG_AS_COUNT ? kinds[as].name : "";
}

/* Puts file:line before what a lower function said. */
static enum wg_code located(const struct reading *r, enum wg_code code)
{
	return code == WG_OK ? WG_OK : wg_err_add(r->err, "%s:%d", wg_xml_docname(r->xml), wg_xml_line(r->node));
}

#define complain(r, ...) wg_xml_complain((r)->xml, (r)->node, (r)->err, __VA_ARGS__)

static bool is_attribute(const char *to)
{
	return strstr(to, "/@") != NULL;
}

static enum wg_code check_to(const struct reading *r, struct wg_map_field *f)
{
	char path[WG_MAP_TO_MAX + 32];
	for (size_t i = 0; i < WG_COUNT(kinds[f->as].below) && kinds[f->as].below[i] != NULL; i++) {
		const char *below = kinds[f->as].below[i];
		bool text = false;
		(void)snprintf(path, sizeof path, "%s%s%s", f->to, below[0] != '\0' ? "/" : "", below);
		if (!wg_schema_find(r->maps->schema, path, NULL, &text))
			return located(r, wg_schema_complain(r->maps->schema, path, r->err));
		if (!text)
			return complain(r, "\"%s\" holds other elements: \"%s\" cannot be written there", path, kinds[f->as].name);
	}
	(void)snprintf(path, sizeof path, "%s/@code", f->to);
	f->coded = !is_attribute(f->to) && wg_schema_find(r->maps->schema, path, NULL, NULL);
	return WG_OK;
}

/* The simple type of the text of a place; "" when that is of XML Schema itself. */
static void text_type(const struct wg_schema *schema, const char *to, char out[WG_LIMIT_NAME + 1])
{
	const struct wg_place *place = NULL;
	const struct wg_type *type = schema->root.type;
	struct wg_step step;
	for (const char *p = to; *p != '\0' && wg_path_step(&p, &step) && !step.attribute;) {
		place = wg_type_place(type, step.name);
		type = place != NULL ? place->type : NULL;
	}
	out[0] = '\0';
	if (place == NULL || is_attribute(to) || !wg_xml_attr_into(place->declared, "type", out, WG_LIMIT_NAME + 1))
		return;
	if (type == NULL)
		return;
	const struct _xmlNode *complex = wg_schema_global(schema, "complexType", out);
	const struct _xmlNode *content = complex != NULL ? wg_xml_first(complex, "simpleContent") : NULL;
	const struct _xmlNode *extension = content != NULL ? wg_xml_first(content, "extension") : NULL;
	if (extension != NULL && !wg_xml_attr_into(extension, "base", out, WG_LIMIT_NAME + 1))
		out[0] = '\0';
}

/* Free words go where free words may stand (other ways to read write attributes too, which only such places have), and
 * several lines not where one may. */
static enum wg_code check_words(const struct reading *r, const struct wg_map_field *f)
{
	static const enum wg_map_as free_words[] = { WG_AS_TEXT,      WG_AS_LINE,  WG_AS_YES_NO,         WG_AS_ADDRESS,
		                                         WG_AS_TELEPHONE, WG_AS_EMAIL, WG_AS_ONLINE_IDENTITY };
	char type[WG_LIMIT_NAME + 1];
	bool words = false;
	for (size_t i = 0; i < WG_COUNT(free_words); i++)
		words = words || f->as == free_words[i];
	if (!words)
		return WG_OK;
	text_type(r->maps->schema, f->to, type);
	if (strcmp(type, "line") == 0 && f->as == WG_AS_TEXT)
		return complain(r, "\"%s\" holds one line: say as=\"line\"", f->to);
	if (type[0] != '\0' && strcmp(type, "line") != 0 && strcmp(type, "text") != 0 && strcmp(type, "said") != 0)
		return complain(r, "\"%s\" holds no free words (its type is %s): as=\"%s\" cannot be written there", f->to,
		                type, kinds[f->as].name);
	return WG_OK;
}

enum wg_code wg_map_field_try(const struct wg_map_field *field, struct wg_notice *notice, struct wg_err *err)
{
	char path[WG_MAP_TO_MAX + 32];
	const char *below = kinds[field->as].below[0];
	(void)snprintf(path, sizeof path, "%s%s%s", field->to, below[0] != '\0' ? "/" : "", below);
	return wg_notice_set(notice, path, "", err);
}

/* Kinds whose values are compared with what is in the place already: parts of a name, answers that hold more than one
 * thing. */
static bool reconciled(enum wg_map_as as)
{
	return as == WG_AS_PERSON_NAME || as == WG_AS_FORENAMES || as == WG_AS_SURNAME || as == WG_AS_WHEN_WHERE ||
	       as == WG_AS_WHERE_WHEN_BY;
}

bool wg_map_field_clash(const struct wg_map_field *a, const struct wg_map_field *b)
{
	if (a->place != b->place || b->to[0] == '\0' || strcmp(a->to, b->to) != 0)
		return false;
	bool repeats = b->group == 0 && strstr(b->to, "[+]") != NULL;
	if (repeats || strcmp(kinds[a->as].below[0], kinds[b->as].below[0]) != 0)
		return false;
	if (a->as != b->as)
		return !reconciled(a->as) || !reconciled(b->as);
	return (a->heading == NULL || b->heading == NULL) && a->under.count == 0 && b->under.count == 0;
}

/* One place has one field, unless its answers can stand together, or the other is of a file in common. */
static enum wg_code check_shared(const struct reading *r, const struct wg_map_field *f)
{
	size_t own = (size_t)(f - r->map->fields);
	for (size_t i = 0; i < own; i++) {
		const struct wg_map_field *other = &r->map->fields[i];
		bool alike = other->as == f->as && other->heading == NULL && f->heading == NULL;
		if (!wg_map_field_clash(other, f) || (f->common && alike))
			continue;
		if (f->common)
			return complain(
				r,
				"\"%s\" is filled at line %d already, and at line %d of the file in common in another way: read "
				"it alike, or say under= in one of them",
				f->to, other->line, f->line);
		return complain(r, "\"%s\" is filled at line %d already: add the label there, or give both fields a heading",
		                f->to, other->line);
	}
	return WG_OK;
}

/* Answers to fields that differ in their headings only are answers to one of them. */
static size_t same_as(const struct wg_map *map, const struct wg_map_field *f)
{
	size_t own = (size_t)(f - map->fields);
	for (size_t i = 0; i < own; i++) {
		const struct wg_map_field *o = &map->fields[i];
		if (o->place == f->place && o->as == f->as && f->to[0] != '\0' && strcmp(o->to, f->to) == 0 &&
		    o->heading == NULL && f->heading == NULL && strcmp(o->table, f->table) == 0 &&
		    strcmp(o->role, f->role) == 0 && strcmp(o->area, f->area) == 0)
			return i;
	}
	return own;
}

/* What may stand beside what. */
static enum wg_code check_attributes(const struct reading *r, const struct wg_map_field *f)
{
	if ((f->to[0] == '\0') != (f->as == WG_AS_PASSWORD))
		return complain(r, "a field needs to, and a password may not have one");
	if ((f->area[0] != '\0') != (f->as == WG_AS_POLICE_FORCE))
		return complain(r, "area says whose police force it is, and stands with as=\"police-force\" only");
	if (f->heading != NULL && f->as != WG_AS_TEXT && f->as != WG_AS_ONLINE_IDENTITY)
		return complain(r, "a heading stands with as=\"text\" or \"online-identity\" only");
	if ((f->table[0] != '\0') != (f->as == WG_AS_CODE))
		return complain(r, "table names a table of codes.xml, and stands with as=\"code\"");
	if ((f->role[0] != '\0') != (f->as == WG_AS_CONSENT))
		return complain(r, "role says about whom the answer is, and stands with as=\"consent\"");
	return WG_OK;
}

static enum wg_code read_attributes(const struct reading *r, struct wg_map_field *f)
{
	WG_AUTO_FREE char *as = wg_xml_attr(r->node, "as"), *under = wg_xml_attr(r->node, "under");
	f->heading = wg_xml_attr(r->node, "heading");
	for (size_t i = 0; as != NULL && i < WG_AS_COUNT; i++)
		if (strcmp(kinds[i].name, as) == 0)
			f->as = (enum wg_map_as)i;
	if (f->as == WG_AS_COUNT)
		return complain(r, "a field needs as");
	if (!wg_xml_attr_into(r->node, "to", f->to, sizeof f->to) ||
	    !wg_xml_attr_into(r->node, "area", f->area, sizeof f->area) ||
	    !wg_xml_attr_into(r->node, "role", f->role, sizeof f->role) ||
	    !wg_xml_attr_into(r->node, "table", f->table, sizeof f->table))
		return complain(r, "to, area, role or table is too long");
	f->place = wg_map_hash(f->to, strlen(f->to));
	const char *add = strstr(f->to, "[+]");
	f->group = add != NULL && add[3] == '/' && add[4] != '@' ? (size_t)(add - f->to) : 0;
	enum wg_code code = check_attributes(r, f);
	if (code == WG_OK && under != NULL)
		code = located(r, wg_map_labels_add(&f->under, under, 0, NULL, r->err));
	return code;
}

enum wg_code wg_map_field_read(struct wg_maps *maps, struct wg_map *map, const struct wg_xml *xml,
                               const struct _xmlNode *node, struct wg_err *err)
{
	struct reading r = { .maps = maps, .map = map, .xml = xml, .node = node, .err = err };
	struct wg_map_field *fields = reallocarray(map->fields, map->n_fields + 1, sizeof *fields);
	if (fields == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a map");
	map->fields = fields;
	struct wg_map_field *f = &fields[map->n_fields++];
	*f = (struct wg_map_field){ .as = WG_AS_COUNT, .line = wg_xml_line(node) };
	WG_AUTO_FREE char *labels = wg_xml_attr(node, "labels");
	enum wg_code code = labels != NULL ? read_attributes(&r, f) : complain(&r, "a field needs labels");
	if (code == WG_OK)
		code = check_to(&r, f);
	if (code == WG_OK)
		code = check_words(&r, f);
	if (code == WG_OK)
		code = check_shared(&r, f);
	f->same = same_as(map, f);
	if (code == WG_OK)
		code = located(&r, wg_map_labels_add(&map->labels, labels, map->n_fields - 1, map->fields, err));
	return code;
}

enum wg_code wg_map_field_use(struct wg_map *map, const struct wg_map *common, const struct wg_xml *xml,
                              const struct _xmlNode *node, struct wg_err *err)
{
	struct reading r = { .map = map, .xml = xml, .node = node, .err = err };
	size_t n = map->n_fields;
	if (map->n_uses == WG_MAP_USES_MAX)
		return complain(&r, "a map uses at most %d files in common", WG_MAP_USES_MAX);
	struct wg_map_field *fields = reallocarray(map->fields, n + common->n_fields + 1, sizeof *fields);
	if (fields == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a map");
	map->fields = fields;
	map->uses[map->n_uses] = common;
	map->offset[map->n_uses++] = n;
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < common->n_fields && code == WG_OK; i++) {
		struct wg_map_field *f = &fields[n + i];
		*f = common->fields[i];
		f->common = true;
		map->n_fields++;
		code = check_shared(&r, f);
		f->same = same_as(map, f);
	}
	return code;
}

enum wg_code wg_map_recognise_read(struct wg_map *map, const struct wg_xml *xml, const struct _xmlNode *node,
                                   struct wg_err *err)
{
	struct reading r = { .map = map, .xml = xml, .node = node, .err = err };
	const struct {
		const char *name;
		struct wg_map_labels *list;
	} lists[] = { { "subject", &map->subjects },
		          { "titles", &map->titles },
		          { "labels", &map->signature },
		          { "prose", &map->prose } };
	map->over = wg_xml_attr(node, "over");
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(lists) && code == WG_OK; i++) {
		WG_AUTO_FREE char *words = wg_xml_attr(node, lists[i].name);
		if (words != NULL)
			code = wg_map_labels_add(lists[i].list, words, 0, NULL, err);
	}
	return located(&r, code);
}
