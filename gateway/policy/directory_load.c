/* directory_load.c owns reading a directory file and refusing one that contradicts itself. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/directory_internal.h"

static const struct wg_names_row language[] = {
	{ "directory", NULL, "version" },
	{ "organisation", NULL, "id kind code areas" },
	{ "organisation", "kind", "council police health home provider school national" },
	{ "name", NULL, "" },
	{ "alias", NULL, "" },
	{ "domain", NULL, "" },
	{ "client", NULL, "dns uri key" },
	{ "signer", NULL, "certificate" },
	{ "trust", NULL, "ca crl revocation" },
	{ "trust", "revocation", "required offered none" },
	{ "discover", NULL, "ldap smimea" },
	{ "desk", NULL,
	  "name roles channel address url mailbox workflow webhook webhook-secret format cipher parts certificate "
	  "telephone "
	  "alternate out-of-hours hours in-flight suspended" },
	{ "desk", "channel", "mail https pull mesh" },
	{ "certificate", NULL, "file" },
	{ "desk", "format", "sealed xml" },
	{ "desk", "cipher", "cbc gcm" },
	{ NULL, NULL, NULL },
};

/* One load under way. */
struct load {
	const struct wg_xml *doc;
	const char *path;
	struct wg_directory *directory;
	const struct _xmlNode *node; /* where a complaint points */
};

/* The text of a child, or its attribute when given, "" when it has none; the caller frees. NULL when memory ran out. */
static char *text_of(const struct _xmlNode *child, const char *attribute)
{
	if (attribute == NULL)
		return wg_xml_text(child);
	return wg_names_has_attr(child, attribute) ? wg_xml_attr(child, attribute) : strdup("");
}

/* Text of every child called name, or its attribute when given, separated by blanks. Never NULL on WG_OK. */
static enum wg_code list_of(const struct _xmlNode *node, const char *name, const char *attribute, char **out,
                            struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(64 * 1024); /* 32 client entries of 200, 16 domains of 253: far below */
	wg_buf_puts(&list, "");
	for (struct _xmlNode *child = wg_xml_first(node, name); child != NULL; child = wg_xml_next(child, name)) {
		WG_AUTO_FREE char *text = text_of(child, attribute);
		if (text == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
		wg_buf_puts(&list, list.len > 0 && text[0] != '\0' ? " " : "");
		wg_buf_puts(&list, text);
	}
	enum wg_code code = wg_buf_check(&list, name, err);
	if (code == WG_OK)
		*out = wg_buf_steal(&list);
	return code;
}

static enum wg_code read_desks(const struct load *load, const struct _xmlNode *node, struct wg_organisation *o,
                               struct wg_err *err)
{
	unsigned n = 0;
	for (struct _xmlNode *desk = wg_xml_first(node, "desk"); desk != NULL; desk = wg_xml_next(desk, "desk"))
		n++;
	o->desks = calloc(n > 0 ? n : 1, sizeof *o->desks);
	if (o->desks == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	for (struct _xmlNode *desk = wg_xml_first(node, "desk"); desk != NULL; desk = wg_xml_next(desk, "desk")) {
		struct wg_desk *d = &o->desks[o->desk_count++];
		enum wg_code code = wg_directory_read_desk(load->doc, load->path, o, desk, d, err);
		if (code != WG_OK)
			return code;
		if (wg_organisation_desk(o, d->name) != d)
			return wg_xml_complain(load->doc, desk, err, "desk %s stands twice in %s", d->name, o->id);
	}
	return WG_OK;
}

/* Each of these sees a name that the organisation being read wants for itself alone. */
static enum wg_code area_is_free(void *arg, const char *code, struct wg_err *err)
{
	const struct load *load = arg;
	const struct wg_organisation *other = wg_directory_police(load->directory, code);
	return other == NULL
	           ? WG_OK
	           : wg_xml_complain(load->doc, load->node, err, "area %s is already covered by %s", code, other->id);
}

static enum wg_code client_is_free(void *arg, const char *name, struct wg_err *err)
{
	const struct load *load = arg;
	for (unsigned i = 0; i < load->directory->count; i++) {
		const struct wg_organisation *o = &load->directory->organisations[i];
		if (wg_list_has(o->client_names, name) || wg_list_has(o->client_keys, name))
			return wg_xml_complain(load->doc, load->node, err, "client %s already belongs to %s", name, o->id);
	}
	return WG_OK;
}

static enum wg_code check_clients(const struct load *load, const struct _xmlNode *node, struct wg_err *err)
{
	for (struct _xmlNode *client = wg_xml_first(node, "client"); client != NULL;
	     client = wg_xml_next(client, "client")) {
		char dns[256], uri[256], key[80];
		enum wg_code code = wg_names_attr(load->doc, client, "dns", dns, sizeof dns, err);
		if (code == WG_OK)
			code = wg_names_attr(load->doc, client, "uri", uri, sizeof uri, err);
		if (code == WG_OK)
			code = wg_names_attr(load->doc, client, "key", key, sizeof key, err);
		if (code != WG_OK)
			return code;
		if ((dns[0] != '\0') + (uri[0] != '\0') + (key[0] != '\0') != 1)
			return wg_xml_complain(load->doc, client, err, "client needs exactly one of dns=, uri= and key=");
		if (dns[0] != '\0' && !wg_hostname_valid(dns))
			return wg_xml_complain(load->doc, client, err, "client dns=\"%s\" is not a host name", dns);
	}
	return WG_OK;
}

static enum wg_code check_organisation(struct load *load, const struct _xmlNode *node, const struct wg_organisation *o,
                                       struct wg_err *err)
{
	const struct wg_organisation *same = wg_directory_by_code(load->directory, o->code);
	if (wg_directory_find(load->directory, o->id) != NULL)
		return wg_xml_complain(load->doc, node, err, "organisation %s stands twice", o->id);
	if (same != NULL)
		return wg_xml_complain(load->doc, node, err, "code %s already belongs to %s", o->code, same->id);
	bool police = strcmp(o->kind, "police") == 0;
	if (o->areas[0] != '\0' && !police && strcmp(o->kind, "health") != 0 && strcmp(o->kind, "provider") != 0)
		return wg_xml_complain(load->doc, node, err,
		                       "areas= is for kind=\"police\", \"health\" and \"provider\" only: take it out");
	enum wg_code code = check_clients(load, node, err);
	load->node = node;
	if (code == WG_OK && police)
		code = wg_names_each(o->areas, area_is_free, load, err);
	if (code == WG_OK)
		code = wg_names_each(o->client_names, client_is_free, load, err);
	if (code == WG_OK)
		code = wg_names_each(o->client_keys, client_is_free, load, err);
	return code;
}

/* Its code and its own name: another may have the same name, and then it names neither. */
static void put_called(const char *name, struct wg_buf *called)
{
	char folded[WG_DIRECTORY_NAME];
	if (wg_directory_fold(name, folded, sizeof folded)) /* there need be no code */
		wg_buf_printf(called, "%s\n", folded);
}

/* An alias is written to be understood: it must not be what another is called. */
static enum wg_code add_alias(const struct load *load, const struct _xmlNode *node, const struct wg_organisation *o,
                              struct wg_buf *called, struct wg_err *err)
{
	WG_AUTO_FREE char *name = wg_xml_text(node);
	if (name == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	const struct wg_organisation *other = wg_directory_named(load->directory, o->kind, name);
	if (other != NULL)
		return wg_xml_complain(load->doc, node, err, "alias of %s: %s is called that already", o->id, other->id);
	put_called(name, called);
	return WG_OK;
}

static enum wg_code read_called(const struct load *load, const struct _xmlNode *node, struct wg_organisation *o,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf called = WG_BUF(18 * WG_DIRECTORY_NAME); /* 16 aliases by the schema */
	enum wg_code code = WG_OK;
	wg_buf_puts(&called, "");
	put_called(o->code, &called);
	put_called(o->name, &called);
	for (struct _xmlNode *alias = wg_xml_first(node, "alias"); alias != NULL && code == WG_OK;
	     alias = wg_xml_next(alias, "alias"))
		code = add_alias(load, alias, o, &called, err);
	if (code == WG_OK)
		code = wg_buf_check(&called, "aliases", err);
	if (code == WG_OK)
		o->called = wg_buf_steal(&called);
	return code;
}

/* DNS names and URIs share one list: a URI has a colon and a host name has none. */
static enum wg_code read_client_names(const struct _xmlNode *node, struct wg_organisation *o, struct wg_err *err)
{
	WG_AUTO_FREE char *dns = NULL, *uris = NULL;
	enum wg_code code = list_of(node, "client", "dns", &dns, err);
	if (code == WG_OK)
		code = list_of(node, "client", "uri", &uris, err);
	if (code == WG_OK && asprintf(&o->client_names, "%s %s", dns, uris) < 0) {
		o->client_names = NULL; /* asprintf leaves it undefined */
		code = wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	}
	return code;
}

static enum wg_code read_organisation(struct load *load, const struct _xmlNode *node, struct wg_organisation *o,
                                      struct wg_err *err)
{
	enum wg_code code = wg_names_attr(load->doc, node, "id", o->id, sizeof o->id, err);
	if (code == WG_OK)
		code = wg_names_attr(load->doc, node, "kind", o->kind, sizeof o->kind, err);
	if (code == WG_OK)
		code = wg_names_attr(load->doc, node, "code", o->code, sizeof o->code, err);
	if (code == WG_OK)
		code = wg_directory_own(load->doc, node, "areas", &o->areas, err);
	if (code == WG_OK)
		code = list_of(node, "name", NULL, &o->name, err);
	if (code == WG_OK)
		code = read_called(load, node, o, err);
	if (code == WG_OK)
		code = list_of(node, "domain", NULL, &o->domains, err);
	if (code == WG_OK)
		code = read_client_names(node, o, err);
	if (code == WG_OK)
		code = list_of(node, "client", "key", &o->client_keys, err);
	if (code == WG_OK)
		code = wg_directory_read_keys(load->doc, load->path, node, o, err);
	if (code == WG_OK)
		code = check_organisation(load, node, o, err);
	return code == WG_OK ? read_desks(load, node, o, err) : code;
}

static enum wg_code read_all(struct load *load, struct wg_err *err)
{
	const struct _xmlNode *root = wg_xml_root(load->doc);
	unsigned n = 0;
	for (struct _xmlNode *o = wg_xml_first(root, NULL); o != NULL; o = wg_xml_next(o, NULL))
		n++;
	load->directory->organisations = calloc(n + 1, sizeof *load->directory->organisations);
	if (load->directory->organisations == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL; node = wg_xml_next(node, NULL)) {
		struct wg_organisation *o = &load->directory->organisations[load->directory->count];
		enum wg_code code = read_organisation(load, node, o, err);
		load->directory
			->count++; /* not before: the checks compare it with the others; but also when it failed: to be freed */
		if (code != WG_OK)
			return code;
	}
	return WG_OK;
}

/* Who is told in a desk's place may stand further down in the file: looked up when all is read. */
static enum wg_code check_instead(const struct load *load, struct wg_err *err)
{
	const struct wg_directory *d = load->directory;
	for (unsigned i = 0; i < d->count; i++) {
		const struct wg_organisation *o = &d->organisations[i], *other;
		for (unsigned k = 0; k < o->desk_count; k++) {
			const struct wg_desk *desk = &o->desks[k], *there;
			const char *names[] = { desk->alternate, desk->out_of_hours };
			for (size_t n = 0; n < WG_COUNT(names); n++)
				if (names[n][0] != '\0' && (!wg_directory_desk(d, names[n], &other, &there) || there == desk))
					return wg_xml_complain(load->doc, wg_xml_root(load->doc), err,
					                       "desk %s of %s: %s=\"%s\" is not another desk of this directory", desk->name,
					                       o->id, n == 0 ? "alternate" : "out-of-hours", names[n]);
		}
	}
	return WG_OK;
}

enum wg_code wg_directory_parse(const void *bytes, size_t len, const char *path, const struct wg_xml_xsd *xsd,
                                struct wg_directory **out, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	enum wg_code code = wg_names_parse(bytes, len, path, &doc, err);
	if (code == WG_OK)
		code = wg_names_validate(doc, xsd, language, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_directory_freep) struct wg_directory *directory = calloc(1, sizeof *directory);
	if (directory == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	wg_names_hash(bytes, len, directory->hash);
	struct load load = { .doc = doc, .path = path, .directory = directory };
	code = read_all(&load, err);
	if (code == WG_OK)
		code = check_instead(&load, err);
	if (code == WG_OK)
		*out = wg_steal(&directory);
	return code;
}

enum wg_code wg_directory_load(const char *path, const char *xsd_dir, struct wg_directory **out, struct wg_err *err)
{
	char xsd_path[512];
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_CLEANUP(wg_xml_xsd_freep) struct wg_xml_xsd *xsd = NULL;
	if (snprintf(xsd_path, sizeof xsd_path, "%s/directory.xsd", xsd_dir) >= (int)sizeof xsd_path)
		return wg_err_set(err, WG_LIMIT, "the path of directory.xsd is too long");
	enum wg_code code = wg_xml_xsd_load(xsd_path, &xsd, err);
	if (code == WG_OK)
		code = wg_names_read(path, &bytes, err);
	if (code == WG_OK)
		code = wg_directory_parse(bytes.data, bytes.len, path, xsd, out, err);
	return code;
}
