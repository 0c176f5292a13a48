/* map_load.c owns the reading of maps: an operator's files, answered with file and line where they are wrong. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/schema_internal.h"
#include "notice/xml.h"

#define PATH_MAX_BYTES 4096

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
};

/* A map under way, with the document it comes from. */
struct loading {
	struct wg_maps *maps;
	struct wg_map *map;
	const struct wg_xml *xml;
	struct wg_err *err;
};

/* Puts file:line before what a lower function said. */
static enum wg_code located(const struct loading *l, const struct _xmlNode *node, enum wg_code code)
{
	return code == WG_OK ? WG_OK : wg_err_add(l->err, "%s:%d", wg_xml_docname(l->xml), wg_xml_line(node));
}

static enum wg_code check_to(const struct loading *l, const struct _xmlNode *node, const struct wg_map_field *field)
{
	for (size_t i = 0; i < WG_COUNT(kinds[0].below) && kinds[field->as].below[i] != NULL; i++) {
		const char *below = kinds[field->as].below[i];
		char path[WG_MAP_TO_MAX + 32];
		bool text = false;
		(void)snprintf(path, sizeof path, "%s%s%s", field->to, below[0] != '\0' ? "/" : "", below);
		if (!wg_schema_find(l->maps->schema, path, NULL, &text))
			return located(l, node, wg_schema_complain(l->maps->schema, path, l->err));
		if (!text)
			return wg_xml_complain(l->xml, node, l->err, "\"%s\" holds other elements: \"%s\" cannot be written there",
			                       path, kinds[field->as].name);
	}
	size_t n = strcspn(field->to, "/");
	bool body = strncmp(field->to, "missing/", n + 1) == 0 || strncmp(field->to, "found/", n + 1) == 0;
	if (body && strncmp(field->to, l->map->kind, n) != 0)
		return wg_xml_complain(l->xml, node, l->err, "\"%s\" is not a place in a notice of kind \"%s\"", field->to,
		                       l->map->kind);
	return WG_OK;
}

/* Kinds whose values are compared with what is in the place already: parts of a name, answers that hold more than one
 * thing. */
static bool reconciled(enum wg_map_as as)
{
	return as == WG_AS_PERSON_NAME || as == WG_AS_FORENAMES || as == WG_AS_SURNAME || as == WG_AS_WHEN_WHERE ||
	       as == WG_AS_WHERE_WHEN_BY;
}

/* One place has one field, unless its answers can stand together. */
static enum wg_code check_shared(const struct loading *l, const struct _xmlNode *node, const struct wg_map_field *field)
{
	for (size_t i = 0; i + 1 < l->map->n_fields; i++) {
		const struct wg_map_field *other = &l->map->fields[i];
		if (field->to[0] == '\0' || strcmp(other->to, field->to) != 0 || strstr(field->to, "[+]") != NULL ||
		    strcmp(kinds[other->as].below[0], kinds[field->as].below[0]) != 0)
			continue;
		if ((other->heading != NULL && field->heading != NULL) ||
		    (reconciled(other->as) && reconciled(field->as) && other->as != field->as))
			continue;
		return wg_xml_complain(
			l->xml, node, l->err,
			"\"%s\" is filled at line %d already: add the label there, or give both fields a heading", field->to,
			other->line);
	}
	return WG_OK;
}

static enum wg_code read_field(const struct loading *l, const struct _xmlNode *node)
{
	struct wg_map_field *fields = reallocarray(l->map->fields, l->map->n_fields + 1, sizeof *fields);
	if (fields == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for a map");
	l->map->fields = fields;
	struct wg_map_field *f = &fields[l->map->n_fields++];
	*f = (struct wg_map_field){ .as = WG_AS_COUNT, .line = wg_xml_line(node), .heading = wg_xml_attr(node, "heading") };
	WG_AUTO_FREE char *as = wg_xml_attr(node, "as"), *labels = wg_xml_attr(node, "labels");
	for (size_t i = 0; as != NULL && i < WG_AS_COUNT; i++)
		if (strcmp(kinds[i].name, as) == 0)
			f->as = (enum wg_map_as)i;
	if (f->as == WG_AS_COUNT || labels == NULL)
		return wg_xml_complain(l->xml, node, l->err, "a field needs as and labels");
	if (!wg_xml_attr_into(node, "to", f->to, sizeof f->to) || !wg_xml_attr_into(node, "area", f->area, sizeof f->area))
		return wg_xml_complain(l->xml, node, l->err, "to or area is too long");
	if ((f->to[0] == '\0') != (f->as == WG_AS_PASSWORD))
		return wg_xml_complain(l->xml, node, l->err, "a field needs to, and a password may not have one");
	if ((f->area[0] != '\0') != (f->as == WG_AS_POLICE_FORCE))
		return wg_xml_complain(l->xml, node, l->err,
		                       "area says whose police force it is, and stands with as=\"police-force\" only");
	if (f->heading != NULL && f->as != WG_AS_TEXT && f->as != WG_AS_ONLINE_IDENTITY)
		return wg_xml_complain(l->xml, node, l->err, "a heading stands with as=\"text\" or \"online-identity\" only");
	enum wg_code code = check_to(l, node, f);
	if (code == WG_OK)
		code = check_shared(l, node, f);
	return code == WG_OK ? located(l, node, wg_map_labels_add(&l->map->labels, labels, l->map->n_fields - 1, l->err))
	                     : code;
}

static enum wg_code read_recognise(const struct loading *l, const struct _xmlNode *node)
{
	WG_AUTO_FREE char *subject = wg_xml_attr(node, "subject"), *labels = wg_xml_attr(node, "labels");
	WG_AUTO_FREE char *prose = wg_xml_attr(node, "prose");
	enum wg_code code = WG_OK;
	if (subject != NULL)
		code = wg_map_labels_add(&l->map->subjects, subject, 0, l->err);
	if (code == WG_OK && labels != NULL)
		code = wg_map_labels_add(&l->map->signature, labels, 0, l->err);
	if (code == WG_OK && prose != NULL)
		code = wg_map_labels_add(&l->map->prose, prose, 0, l->err);
	if (!wg_xml_attr_into(node, "over", l->map->over, sizeof l->map->over))
		code = wg_err_set(l->err, WG_CONFIG, "over is too long");
	return located(l, node, code);
}

/* Each required place, or one of several with bars between ("child/date-of-birth|child/age"), is a place of the schema.
 */
static enum wg_code check_required(const struct loading *l, const struct _xmlNode *node)
{
	for (const char *p = l->map->required; *p != '\0';) {
		char path[WG_MAP_TO_MAX];
		size_t n = strcspn(p, " |\n\t");
		if (n >= sizeof path)
			return wg_xml_complain(l->xml, node, l->err, "a required place is too long");
		memcpy(path, p, n);
		path[n] = '\0';
		if (n > 0 && !wg_schema_find(l->maps->schema, path, NULL, NULL))
			return located(l, node, wg_schema_complain(l->maps->schema, path, l->err));
		p += n + (p[n] != '\0');
	}
	return WG_OK;
}

static enum wg_code read_map(struct loading *l)
{
	const struct _xmlNode *root = wg_xml_root(l->xml);
	if (l->maps->count == WG_MAP_MAPS_MAX)
		return wg_xml_complain(l->xml, root, l->err, "more than %d maps", WG_MAP_MAPS_MAX);
	struct wg_map *maps = reallocarray(l->maps->maps, l->maps->count + 1, sizeof *maps);
	if (maps == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for maps");
	l->maps->maps = maps;
	l->map = &maps[l->maps->count++];
	*l->map = (struct wg_map){ .required = wg_xml_attr(root, "required") };
	if (l->map->required == NULL)
		l->map->required = strdup("");
	if (l->map->required == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for maps");
	if (!wg_xml_attr_into(root, "id", l->map->id, sizeof l->map->id) ||
	    !wg_xml_attr_into(root, "kind", l->map->kind, sizeof l->map->kind))
		return wg_xml_complain(l->xml, root, l->err, "id or kind is too long");
	for (size_t i = 0; i + 1 < l->maps->count; i++)
		if (strcmp(maps[i].id, l->map->id) == 0)
			return wg_xml_complain(l->xml, root, l->err, "another map has the id \"%s\"", l->map->id);
	enum wg_code code = check_required(l, root);
	for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL && code == WG_OK;
	     node = wg_xml_next(node, NULL))
		code = strcmp(wg_xml_name(node), "field") == 0 ? read_field(l, node) : read_recognise(l, node);
	return code;
}

static enum wg_code read_file(struct wg_maps *maps, const struct wg_xml_xsd *xsd, const char *path, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *xml = NULL;
	enum wg_code code = wg_xml_load(path, &xml, err);
	if (code == WG_OK)
		code = wg_xml_validate(xml, xsd, err);
	if (code == WG_REJECT) { /* the operator's file, not a message */
		code = WG_CONFIG;
		if (err != NULL)
			err->code = WG_CONFIG;
	}
	if (code != WG_OK)
		return code;
	struct loading l = { .maps = maps, .xml = xml, .err = err };
	return strcmp(wg_xml_name(wg_xml_root(xml)), "codes") == 0 ? wg_map_codes_read(maps, xml, err) : read_map(&l);
}

static int is_xml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".xml") == 0;
}

static enum wg_code read_folder(struct wg_maps *maps, const struct wg_xml_xsd *xsd, const char *dir, struct wg_err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_xml, alphasort);
	if (n < 0)
		return wg_err_errno(err, "maps folder %s", dir);
	enum wg_code code = WG_OK;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX_BYTES];
		int len = snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		if (code == WG_OK && (len < 0 || (size_t)len >= sizeof path))
			code = wg_err_set(err, WG_CONFIG, "maps folder %s: its name is too long", dir);
		if (code == WG_OK)
			code = read_file(maps, xsd, path, err);
		free(entries[i]);
	}
	free(entries);
	if (code == WG_OK && maps->count == 0)
		code = wg_err_set(err, WG_CONFIG, "maps folder %s: there is no map in it", dir);
	return code;
}

enum wg_code wg_maps_load(const char *maps_dir, const char *xsd_dir, const struct wg_schema *schema,
                          struct wg_maps **out, struct wg_err *err)
{
	char path[PATH_MAX_BYTES];
	struct wg_xml_xsd *xsd = NULL;
	WG_CLEANUP(wg_maps_freep) struct wg_maps *maps = calloc(1, sizeof *maps);
	if (maps == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for maps");
	maps->schema = schema;
	int len = snprintf(path, sizeof path, "%s/map.xsd", xsd_dir);
	if (len < 0 || (size_t)len >= sizeof path)
		return wg_err_set(err, WG_CONFIG, "schema folder %s: its name is too long", xsd_dir);
	enum wg_code code = wg_xml_xsd_load(path, &xsd, err);
	if (code == WG_OK)
		code = read_folder(maps, xsd, maps_dir, err);
	wg_xml_xsd_freep(&xsd);
	if (code == WG_NOT_FOUND) {
		code = WG_CONFIG;
		if (err != NULL)
			err->code = WG_CONFIG;
	}
	if (code == WG_OK)
		*out = wg_steal(&maps);
	return code;
}

void wg_maps_freep(struct wg_maps **maps)
{
	struct wg_maps *m = *maps;
	*maps = NULL;
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->count; i++) {
		struct wg_map *map = &m->maps[i];
		for (size_t k = 0; k < map->n_fields; k++)
			free(map->fields[k].heading);
		free(map->fields);
		free(map->required);
		wg_map_labels_free(&map->labels);
		wg_map_labels_free(&map->signature);
		wg_map_labels_free(&map->subjects);
		wg_map_labels_free(&map->prose);
	}
	free(m->maps);
	wg_map_codes_free(m);
	free(m);
}
