/* map_load.c owns the reading of maps: an operator's files, answered with file and line where they are wrong. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/schema_internal.h"
#include "notice/xml.h"

#define PATH_MAX_BYTES 4096

/* The tables of codes stand in files that begin so. */
#define CODES_FILE "codes"
/* What several maps use in common: common-child.xml. */
#define COMMON_FILE "common-"

/* A map under way, with the document it comes from. */
struct loading {
	struct wg_maps *maps;
	struct wg_map *map;
	const struct wg_xml *xml;
	const struct wg_xml_xsd *xsd;
	const char *dir; /* where files in common lie */
	struct wg_err *err;
};

/* Each required place, or one of several with bars between ("child/date-of-birth|child/age"), is a place of the schema.
 */
static enum wg_code check_required(const struct loading *l, const struct _xmlNode *node)
{
	for (const char *p = l->map->required != NULL ? l->map->required : ""; *p != '\0';) {
		char path[WG_MAP_TO_MAX];
		size_t n = strcspn(p, " |\n\t");
		if (n >= sizeof path)
			return wg_xml_complain(l->xml, node, l->err, "a required place is too long");
		memcpy(path, p, n);
		path[n] = '\0';
		if (n > 0 && !wg_schema_find(l->maps->schema, path, NULL, NULL))
			return wg_schema_complain(l->maps->schema, path, l->err) == WG_OK
			           ? WG_OK
			           : wg_err_add(l->err, "%s:%d", wg_xml_docname(l->xml), wg_xml_line(node));
		p += n + (p[n] != '\0');
	}
	return WG_OK;
}

/* The root's attributes. */
static enum wg_code read_root(const struct loading *l, const struct _xmlNode *root)
{
	struct wg_map *map = l->map;
	map->required = wg_xml_attr(root, "required");
	map->file = strdup(wg_xml_docname(l->xml));
	if (map->file == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for maps");
	if (!wg_xml_attr_into(root, "id", map->id, sizeof map->id) ||
	    !wg_xml_attr_into(root, "kind", map->kind, sizeof map->kind))
		return wg_xml_complain(l->xml, root, l->err, "id or kind is too long");
	for (size_t i = 0; i + 1 < l->maps->count; i++)
		if (strcmp(l->maps->maps[i].id, map->id) == 0)
			return wg_xml_complain(l->xml, root, l->err, "another map has the id \"%s\": it stands in %s", map->id,
			                       l->maps->maps[i].file);
	return check_required(l, root);
}

/* A notice of the map's kind takes all its places: asked once for each that stands directly below the notice. */
static enum wg_code check_kind(const struct loading *l, const struct _xmlNode *root)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	const struct wg_map *map = l->map;
	if (wg_notice_new(l->maps->schema, map->kind, "0", &notice, l->err) != WG_OK)
		return wg_err_add(l->err, "%s:%d", map->file, wg_xml_line(root));
	for (size_t i = 0; i < map->n_fields; i++) {
		const struct wg_map_field *f = &map->fields[i];
		size_t n = strcspn(f->to, "/");
		bool asked = n == 0;
		for (size_t k = 0; k < i && !asked; k++)
			asked = strncmp(map->fields[k].to, f->to, n) == 0 && strcspn(map->fields[k].to, "/") == n;
		if (!asked && wg_map_field_try(f, notice, l->err) != WG_OK)
			return wg_err_add(l->err, "%s:%d", map->file, f->line);
	}
	return WG_OK;
}

static enum wg_code load_xml(const struct wg_xml_xsd *xsd, const char *path, struct wg_xml **out, struct wg_err *err)
{
	enum wg_code code = wg_xml_load(path, out, err);
	if (code == WG_OK)
		code = wg_xml_validate(*out, xsd, err);
	if (code == WG_REJECT) { /* the operator's file, not a message */
		code = WG_CONFIG;
		if (err != NULL)
			err->code = WG_CONFIG;
	}
	return code;
}

static bool common_path(const char *dir, const char *name, char path[PATH_MAX_BYTES])
{
	int len = snprintf(path, PATH_MAX_BYTES, "%s/" COMMON_FILE "%s.xml", dir, name);
	return len > 0 && len < PATH_MAX_BYTES;
}

/* Reads common-NAME.xml into the maps, once. */
static enum wg_code load_common(const struct loading *l, const char *name, const char *path)
{
	WG_AUTO_XML struct wg_xml *xml = NULL;
	if (l->maps->n_commons == WG_MAP_COMMONS_MAX)
		return wg_err_set(l->err, WG_CONFIG, "more than %d files in common", WG_MAP_COMMONS_MAX);
	struct wg_map *common = calloc(1, sizeof *common);
	if (common == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for maps");
	l->maps->commons[l->maps->n_commons++] = common;
	(void)snprintf(common->id, sizeof common->id, "%s", name);
	enum wg_code code = load_xml(l->xsd, path, &xml, l->err);
	if (code != WG_OK)
		return code;
	const struct _xmlNode *root = wg_xml_root(xml);
	if (strcmp(wg_xml_name(root), "common") != 0)
		return wg_xml_complain(xml, root, l->err, "maps use what begins with <common>");
	WG_AUTO_FREE char *prose = wg_xml_attr(root, "prose");
	if (prose != NULL && wg_map_labels_add(&common->prose, prose, 0, NULL, l->err) != WG_OK)
		return wg_err_add(l->err, "%s:%d", path, wg_xml_line(root));
	for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL && code == WG_OK;
	     node = wg_xml_next(node, NULL))
		code = wg_map_field_read(l->maps, common, xml, node, l->err);
	return code;
}

/* <use common="child"/>: the fields of common-child.xml, behind the map's own. */
static enum wg_code read_common(const struct loading *l, const struct _xmlNode *use)
{
	char name[WG_LIMIT_NAME + 1], path[PATH_MAX_BYTES];
	const struct wg_map *common = NULL;
	if (!wg_xml_attr_into(use, "common", name, sizeof name))
		return wg_xml_complain(l->xml, use, l->err, "use needs common");
	if (!common_path(l->dir, name, path))
		return wg_err_set(l->err, WG_CONFIG, "maps folder %s: its name is too long", l->dir);
	for (size_t i = 0; i < l->maps->n_commons; i++)
		if (strcmp(l->maps->commons[i]->id, name) == 0)
			common = l->maps->commons[i];
	if (common == NULL && load_common(l, name, path) != WG_OK)
		return wg_err_add(l->err, "%s:%d: use", l->map->file, wg_xml_line(use));
	if (common == NULL)
		common = l->maps->commons[l->maps->n_commons - 1];
	return wg_map_field_use(l->map, common, l->xml, use, l->err);
}

/* What a map says itself goes before what it uses, wherever that stands. */
static enum wg_code read_lines(const struct loading *l, const struct _xmlNode *root, bool uses)
{
	enum wg_code code = WG_OK;
	for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL && code == WG_OK;
	     node = wg_xml_next(node, NULL)) {
		const char *name = wg_xml_name(node);
		if ((strcmp(name, "use") == 0) != uses)
			continue;
		code = uses                         ? read_common(l, node)
		       : strcmp(name, "field") == 0 ? wg_map_field_read(l->maps, l->map, l->xml, node, l->err)
		                                    : wg_map_recognise_read(l->map, l->xml, node, l->err);
	}
	return code;
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
	*l->map = (struct wg_map){ 0 };
	enum wg_code code = read_root(l, root);
	if (code == WG_OK)
		code = read_lines(l, root, false);
	if (code == WG_OK)
		code = read_lines(l, root, true);
	return code == WG_OK ? check_kind(l, root) : code;
}

static enum wg_code read_file(struct wg_maps *maps, const struct wg_xml_xsd *xsd, const char *dir, const char *path,
                              struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *xml = NULL;
	enum wg_code code = load_xml(xsd, path, &xml, err);
	if (code != WG_OK)
		return code;
	struct loading l = { .maps = maps, .xml = xml, .xsd = xsd, .dir = dir, .err = err };
	const char *root = wg_xml_name(wg_xml_root(xml));
	if (strcmp(root, "common") == 0)
		return wg_xml_complain(xml, wg_xml_root(xml), err,
		                       "what maps use in common stands in a file " COMMON_FILE "NAME.xml");
	return strcmp(root, "codes") == 0 ? wg_map_codes_read(maps, xml, err) : read_map(&l);
}

static int is_xml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".xml") == 0 &&
	       strncmp(entry->d_name, COMMON_FILE, strlen(COMMON_FILE)) != 0; /* those are read where a map uses them */
}

static int is_codes(const struct dirent *entry)
{
	return is_xml(entry) && strncmp(entry->d_name, CODES_FILE, strlen(CODES_FILE)) == 0;
}

static enum wg_code read_folder(struct wg_maps *maps, const struct wg_xml_xsd *xsd, const char *dir,
                                int (*which)(const struct dirent *entry), struct wg_err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, which, alphasort);
	if (n < 0)
		return wg_err_errno(err, "maps folder %s", dir);
	enum wg_code code = WG_OK;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX_BYTES];
		int len = snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		if (code == WG_OK && (len < 0 || (size_t)len >= sizeof path))
			code = wg_err_set(err, WG_CONFIG, "maps folder %s: its name is too long", dir);
		if (code == WG_OK)
			code = read_file(maps, xsd, dir, path, err);
		free(entries[i]);
	}
	free(entries);
	return code;
}

/* Tables may stand in a file that is read after the maps that name them. */
static enum wg_code check_tables(const struct wg_maps *maps, struct wg_err *err)
{
	for (size_t i = 0; i < maps->count; i++)
		for (size_t k = 0; k < maps->maps[i].n_fields; k++) {
			const struct wg_map_field *f = &maps->maps[i].fields[k];
			if (f->table[0] != '\0' && !wg_map_codes_known(maps, f->table))
				return wg_err_set(err, WG_CONFIG, "%s:%d: there is no table \"%s\" in the files of codes",
				                  maps->maps[i].file, f->line, f->table);
		}
	return WG_OK;
}

enum wg_code wg_maps_load_only(const char *maps_dir, const char *xsd_dir, const struct wg_schema *schema,
                               const char *map, struct wg_maps **out, struct wg_err *err)
{
	char path[PATH_MAX_BYTES];
	struct wg_xml_xsd *xsd = NULL;
	WG_CLEANUP(wg_maps_freep) struct wg_maps *maps = calloc(1, sizeof *maps);
	if (maps == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for maps");
	maps->schema = schema;
	(void)wg_mem_refused(); /* that was somebody else's */
	int len = snprintf(path, sizeof path, "%s/map.xsd", xsd_dir);
	if (len < 0 || (size_t)len >= sizeof path)
		return wg_err_set(err, WG_CONFIG, "schema folder %s: its name is too long", xsd_dir);
	enum wg_code code = wg_xml_xsd_load(path, &xsd, err);
	if (code == WG_OK)
		code = read_folder(maps, xsd, maps_dir, map != NULL ? is_codes : is_xml, err);
	if (code == WG_OK && map != NULL)
		code = read_file(maps, xsd, maps_dir, map, err);
	if (code == WG_OK && maps->count == 0)
		code = map != NULL ? wg_err_set(err, WG_CONFIG, "%s is not a map", map)
		                   : wg_err_set(err, WG_CONFIG, "maps folder %s: there is no map in it", maps_dir);
	if (code == WG_OK)
		code = check_tables(maps, err);
	/* an attribute that could not be copied was taken for one that is not there */
	if (code == WG_OK && wg_mem_refused())
		code = wg_err_set(err, WG_SYSTEM, "no memory for maps");
	wg_xml_xsd_freep(&xsd);
	if (code == WG_NOT_FOUND) {
		code = WG_CONFIG;
		if (err != NULL)
			err->code = WG_CONFIG;
	}
	maps->forced = map != NULL;
	if (code == WG_OK)
		*out = wg_steal(&maps);
	return code;
}

enum wg_code wg_maps_load(const char *maps_dir, const char *xsd_dir, const struct wg_schema *schema,
                          struct wg_maps **out, struct wg_err *err)
{
	return wg_maps_load_only(maps_dir, xsd_dir, schema, NULL, out, err);
}

size_t wg_maps_count(const struct wg_maps *maps)
{
	return maps->count;
}

struct wg_map_about wg_maps_about(const struct wg_maps *maps, size_t i)
{
	const struct wg_map *map = &maps->maps[i];
	size_t labels = map->labels.count;
	for (size_t k = 0; k < map->n_uses; k++)
		labels += map->uses[k]->labels.count;
	return (struct wg_map_about){
		.id = map->id, .kind = map->kind, .file = map->file, .fields = map->n_fields, .labels = labels
	};
}

static void free_map(struct wg_map *map)
{
	for (size_t k = 0; k < map->n_fields; k++) {
		if (map->fields[k].common)
			continue;
		free(map->fields[k].heading);
		wg_map_labels_free(&map->fields[k].under);
	}
	free(map->fields);
	free(map->required);
	free(map->file);
	free(map->over);
	wg_map_labels_free(&map->labels);
	wg_map_labels_free(&map->signature);
	wg_map_labels_free(&map->titles);
	wg_map_labels_free(&map->subjects);
	wg_map_labels_free(&map->prose);
}

void wg_maps_freep(struct wg_maps **maps)
{
	struct wg_maps *m = *maps;
	*maps = NULL;
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->count; i++)
		free_map(&m->maps[i]);
	for (size_t i = 0; i < m->n_commons; i++) {
		free_map(m->commons[i]);
		free(m->commons[i]);
	}
	free(m->maps);
	wg_map_codes_free(m);
	free(m);
}
