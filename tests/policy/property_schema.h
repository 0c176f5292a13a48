/* What the property test knows of notices: the XSD files read by plain means, tag by tag, with nothing of the
 * gateway's. Every place with its category, those of all above it, and what its text may hold besides. */
#ifndef WG_TESTS_PROPERTY_SCHEMA_H
#define WG_TESTS_PROPERTY_SCHEMA_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PS_NAME 65
#define PS_LIST 256
#define PS_TYPES 400
#define PS_DECLS 90
#define PS_KINDS 64
#define PS_CATEGORIES 64
#define PS_PLACES 3000

struct ps_decl {
	char name[PS_NAME], type[PS_NAME], category[PS_NAME], may[PS_LIST];
	bool attribute, has_may, repeats, optional, required;
};

struct ps_type {
	char name[PS_NAME], base[PS_NAME], first_code[PS_NAME], may[PS_LIST];
	bool has_may;
	struct ps_decl decls[PS_DECLS];
	int count;
};

/* A place that can hold text or is an attribute. */
struct ps_place {
	char path[192];
	unsigned own;
	uint64_t need, may;
	bool attribute;
};

static struct ps_type ps_types[PS_TYPES];
static struct ps_place ps_places[PS_PLACES];
static char ps_kinds[PS_KINDS][2][PS_NAME], ps_categories[PS_CATEGORIES][PS_NAME];
static int ps_type_count, ps_place_count, ps_kind_count, ps_category_count;

static void ps_die(const char *what, const char *which)
{
	(void)fprintf(stderr, "property: %s: %s\n", what, which);
	abort();
}

static void ps_copy(char *out, size_t size, const char *from, size_t n)
{
	if (n >= size)
		ps_die("too long", from);
	memcpy(out, from, n);
	out[n] = '\0';
}

/* name="value" of a tag; false when it is not there. */
static bool ps_attribute(const char *tag, size_t len, const char *name, char *out)
{
	size_t n = strlen(name);
	out[0] = '\0';
	for (size_t i = 1; i + n + 2 < len; i++) {
		if ((tag[i - 1] != ' ' && tag[i - 1] != '\t' && tag[i - 1] != '\n') || strncmp(tag + i, name, n) != 0 ||
		    strncmp(tag + i + n, "=\"", 2) != 0)
			continue;
		const char *value = tag + i + n + 2, *end = strchr(value, '"');
		ps_copy(out, PS_NAME, value, end != NULL && (size_t)(end - value) < PS_NAME ? (size_t)(end - value) : 0);
		return true;
	}
	return false;
}

/* What is open while a file is read. */
struct ps_reading {
	struct ps_type *type;
	struct ps_decl *decl;
	char code[PS_NAME];
};

static void ps_declare(struct ps_reading *r, const char *tag, size_t len, bool attribute)
{
	char word[PS_NAME];
	static struct ps_decl root;
	struct ps_decl *d = r->type != NULL ? &r->type->decls[r->type->count++] : &root;
	if (r->type != NULL && r->type->count == PS_DECLS)
		ps_die("too many declarations", r->type->name);
	*d = (struct ps_decl){ .attribute = attribute };
	(void)ps_attribute(tag, len, "name", d->name);
	(void)ps_attribute(tag, len, "type", d->type);
	d->optional = ps_attribute(tag, len, "minOccurs", word) && strcmp(word, "0") == 0;
	d->repeats = ps_attribute(tag, len, "maxOccurs", word) && strcmp(word, "1") != 0;
	d->required = ps_attribute(tag, len, "use", word) && strcmp(word, "required") == 0;
	r->decl = tag[len - 1] == '/' ? NULL : d;
}

static void ps_begin_type(struct ps_reading *r, const char *tag, size_t len)
{
	if (ps_type_count == PS_TYPES)
		ps_die("too many types", tag);
	r->type = &ps_types[ps_type_count++];
	(void)ps_attribute(tag, len, "name", r->type->name);
}

static bool ps_is(const char *tag, const char *name)
{
	size_t n = strlen(name);
	return strncmp(tag, name, n) == 0 && strchr(" \t\n/>", tag[n]) != NULL;
}

static void ps_code(struct ps_reading *r, const char *tag, size_t len)
{
	(void)ps_attribute(tag, len, "value", r->code);
	if (r->type->first_code[0] == '\0')
		memcpy(r->type->first_code, r->code, PS_NAME);
	if (strcmp(r->type->name, "category") == 0)
		memcpy(ps_categories[ps_category_count++], r->code, PS_NAME);
}

/* A label: its text stands between tag and the next '<'. */
static void ps_label(struct ps_reading *r, const char *tag, size_t len)
{
	const char *text = tag + len + 1;
	size_t n = tag[len - 1] == '/' ? 0 : strcspn(text, "<");
	if (ps_is(tag, "wg:category") && r->decl != NULL) {
		ps_copy(r->decl->category, PS_NAME, text, n);
	} else if (ps_is(tag, "wg:may-contain") && r->type != NULL) {
		ps_copy(r->decl != NULL ? r->decl->may : r->type->may, PS_LIST, text, n);
		*(r->decl != NULL ? &r->decl->has_may : &r->type->has_may) = true;
	} else if (ps_is(tag, "wg:body")) {
		memcpy(ps_kinds[ps_kind_count][0], r->code, PS_NAME);
		ps_copy(ps_kinds[ps_kind_count++][1], PS_NAME, text, n);
	}
}

static void ps_tag(struct ps_reading *r, const char *tag, size_t len)
{
	if (ps_is(tag, "xs:complexType") || ps_is(tag, "xs:simpleType"))
		ps_begin_type(r, tag, len);
	else if (ps_is(tag, "/xs:complexType") || ps_is(tag, "/xs:simpleType"))
		r->type = NULL;
	else if (ps_is(tag, "xs:element") || ps_is(tag, "xs:attribute"))
		ps_declare(r, tag, len, ps_is(tag, "xs:attribute"));
	else if (ps_is(tag, "/xs:element") || ps_is(tag, "/xs:attribute"))
		r->decl = NULL;
	else if ((ps_is(tag, "xs:extension") || ps_is(tag, "xs:restriction")) && r->type != NULL)
		(void)ps_attribute(tag, len, "base", r->type->base);
	else if (ps_is(tag, "xs:enumeration") && r->type != NULL)
		ps_code(r, tag, len);
	else if (strncmp(tag, "wg:", 3) == 0)
		ps_label(r, tag, len);
}

static void ps_read_file(const char *path)
{
	static char text[1024 * 1024];
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
	if (n == 0 || n == sizeof text - 1 || fclose(f) != 0)
		ps_die("cannot be read", path);
	text[n] = '\0';
	struct ps_reading r = { 0 };
	for (const char *p = strchr(text, '<'); p != NULL; p = strchr(p, '<')) {
		const char *end = strncmp(p, "<!--", 4) == 0 ? strstr(p, "-->") : strchr(p, '>');
		if (end == NULL)
			ps_die("ends within a tag", path);
		if (p[1] != '!' && p[1] != '?')
			ps_tag(&r, p + 1, (size_t)(end - p) - 1);
		p = end;
	}
}

static struct ps_type *ps_type(const char *name)
{
	for (int i = 0; i < ps_type_count; i++)
		if (strcmp(ps_types[i].name, name) == 0)
			return &ps_types[i];
	return NULL;
}

static unsigned ps_category(const char *name)
{
	for (int i = 0; i < ps_category_count; i++)
		if (strcmp(ps_categories[i], name) == 0)
			return (unsigned)i;
	ps_die("no such category", name);
	return 0;
}

static uint64_t ps_set(const char *names)
{
	uint64_t set = 0;
	char one[PS_NAME];
	for (const char *p = names; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		ps_copy(one, sizeof one, p, n);
		set |= (uint64_t)1 << ps_category(one);
		p += n;
	}
	return set;
}

static uint64_t ps_may(const struct ps_decl *d)
{
	if (d->has_may)
		return ps_set(d->may);
	for (const struct ps_type *t = ps_type(d->type); t != NULL; t = ps_type(t->base))
		if (t->has_may)
			return ps_set(t->may);
	return 0;
}

/* The elements of that type hold others. */
static bool ps_holds(const char *type)
{
	const struct ps_type *t = ps_type(type);
	bool elements = false;
	for (int i = 0; t != NULL && i < t->count; i++)
		elements = elements || !t->decls[i].attribute;
	return elements || (t != NULL && t->base[0] == '\0');
}

static void ps_add_place(const char *path, const struct ps_decl *d, unsigned own, uint64_t need)
{
	if (ps_place_count == PS_PLACES)
		ps_die("too many places", path);
	struct ps_place *p = &ps_places[ps_place_count++];
	*p = (struct ps_place){ .own = own, .need = need, .may = ps_may(d), .attribute = d->attribute };
	ps_copy(p->path, sizeof p->path, path, strlen(path));
}

static void ps_expand(const char *type, const char *path, unsigned own, uint64_t need)
{
	const struct ps_type *t = ps_type(type);
	char below[192];
	for (int i = 0; t != NULL && i < t->count; i++) {
		const struct ps_decl *d = &t->decls[i];
		unsigned its = d->category[0] != '\0' ? ps_category(d->category) : own;
		uint64_t all = need | (uint64_t)1 << its;
		(void)snprintf(below, sizeof below, "%.150s%s%s%.30s", path, path[0] != '\0' ? "/" : "",
		               d->attribute ? "@" : "", d->name);
		if (!d->attribute && d->category[0] == '\0')
			ps_die("no category", below);
		if (d->attribute || !ps_holds(d->type))
			ps_add_place(below, d, its, all);
		if (!d->attribute)
			ps_expand(d->type, below, its, all);
	}
}

static int ps_by_path(const void *a, const void *b)
{
	return strcmp(((const struct ps_place *)a)->path, ((const struct ps_place *)b)->path);
}

static const struct ps_place *ps_place(const char *path)
{
	struct ps_place key;
	ps_copy(key.path, sizeof key.path, path, strlen(path));
	return bsearch(&key, ps_places, (size_t)ps_place_count, sizeof key, ps_by_path);
}

static void ps_load(const char *folder)
{
	DIR *dir = opendir(folder);
	char path[512];
	if (dir == NULL)
		ps_die("cannot be read", folder);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (strstr(e->d_name, ".xsd") == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		ps_read_file(path);
	}
	(void)closedir(dir);
	ps_expand("notice", "", ps_category("administrative"), (uint64_t)1 << ps_category("administrative"));
	qsort(ps_places, (size_t)ps_place_count, sizeof ps_places[0], ps_by_path);
}

#endif
