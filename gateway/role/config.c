/* config.c owns the reading of the configuration. */
#include "role/config.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/xml.h"

/* Reading a validated document: the first failure sticks, so that the code below reads as the file does. */
struct reading {
	const struct wg_xml *doc;
	const char *file; /* what paths are relative to */
	struct wg_err *err;
	enum wg_code code;
};

static void text_of(struct reading *r, const struct _xmlNode *node, const char *name, char *out, size_t size)
{
	if (r->code == WG_OK && !wg_xml_attr_into(node, name, out, size))
		r->code = wg_xml_complain(r->doc, node, r->err, "%s is longer than %zu characters", name, size - 1);
}

static void path_of(struct reading *r, const struct _xmlNode *node, const char *name, char out[WG_PATH_TEXT])
{
	char as_written[WG_PATH_TEXT];
	text_of(r, node, name, as_written, sizeof as_written);
	out[0] = '\0';
	if (r->code == WG_OK && as_written[0] != '\0')
		r->code = wg_path_beside(r->file, as_written, out, r->err);
}

static unsigned number_of(struct reading *r, const struct _xmlNode *node, const char *name, unsigned otherwise)
{
	char text[32];
	uint64_t v = otherwise;
	text_of(r, node, name, text, sizeof text);
	if (r->code == WG_OK && text[0] != '\0' && !wg_num_parse(text, 0, UINT_MAX, &v))
		r->code = wg_xml_complain(r->doc, node, r->err, "%s is not a number", name);
	return (unsigned)v;
}

static void pair_of(struct reading *r, const struct _xmlNode *node, struct wg_pair *out)
{
	path_of(r, node, "certificate", out->certificate);
	path_of(r, node, "key", out->key);
	if (r->code == WG_OK && (out->certificate[0] == '\0') != (out->key[0] == '\0'))
		r->code = wg_xml_complain(r->doc, node, r->err, "certificate and key come together: give both or neither");
}

static bool numeric(const char *address)
{
	struct in6_addr any;
	return inet_pton(AF_INET, address, &any) == 1 || inet_pton(AF_INET6, address, &any) == 1;
}

static void read_intake(struct reading *r, const struct _xmlNode *node, struct wg_config *c)
{
	const struct _xmlNode *https = wg_xml_first(node, "https");
	if (https != NULL) {
		pair_of(r, https, &c->https_in.tls);
		text_of(r, https, "address", c->https_in.address, sizeof c->https_in.address);
		path_of(r, https, "client-ca", c->https_in.client_ca);
		path_of(r, https, "crl", c->https_in.crl);
		c->https_in.port = (unsigned short)number_of(r, https, "port", 0);
	}
	if (r->code == WG_OK && https != NULL && !numeric(c->https_in.address))
		r->code =
			wg_xml_complain(r->doc, https, r->err,
		                    "address is not a numeric address to listen on: 127.0.0.1, 0.0.0.0 or ::, for example");
	for (const struct _xmlNode *d = wg_xml_first(node, "drop"); d != NULL && c->drop_count < WG_CONFIG_DROPS;
	     d = wg_xml_next(d, "drop")) {
		struct wg_drop *drop = &c->drops[c->drop_count++];
		path_of(r, d, "folder", drop->folder);
		for (unsigned i = 0; r->code == WG_OK && i + 1 < c->drop_count; i++)
			if (strcmp(c->drops[i].folder, drop->folder) == 0)
				r->code = wg_xml_complain(r->doc, d, r->err,
				                          "folder is that of another <drop>: who submits would be a guess");
		text_of(r, d, "organisation", drop->organisation, sizeof drop->organisation);
	}
	if (r->code == WG_OK && https == NULL && c->drop_count == 0)
		r->code = wg_xml_complain(r->doc, node, r->err, "nothing can come in: add <https> or <drop>");
}

static void read_deliver(struct reading *r, const struct _xmlNode *node, struct wg_config *c)
{
	const struct _xmlNode *mail = wg_xml_first(node, "mail");
	if (mail != NULL) {
		text_of(r, mail, "host", c->mail_out.host, sizeof c->mail_out.host);
		text_of(r, mail, "from", c->mail_out.from, sizeof c->mail_out.from);
		path_of(r, mail, "ca", c->mail_out.ca);
		pair_of(r, mail, &c->mail_out.tls);
		c->mail_out.port = (unsigned short)number_of(r, mail, "port", 25);
		if (r->code == WG_OK && !wg_hostname_valid(c->mail_out.host))
			r->code = wg_xml_complain(r->doc, mail, r->err, "host is not a host name (a certificate must carry it)");
		if (r->code == WG_OK && !wg_address_valid(c->mail_out.from))
			r->code = wg_xml_complain(r->doc, mail, r->err, "from is not an e-mail address");
	}
	const struct _xmlNode *https = wg_xml_first(node, "https");
	if (https != NULL) {
		pair_of(r, https, &c->https_out.tls);
		path_of(r, https, "ca", c->https_out.ca);
	}
	const struct _xmlNode *retry = wg_xml_first(node, "retry");
	if (retry != NULL) {
		c->retry_first_s = number_of(r, retry, "first", c->retry_first_s);
		c->retry_most_s = number_of(r, retry, "most", c->retry_most_s);
		c->give_up_s = number_of(r, retry, "give-up", c->give_up_s);
		if (r->code == WG_OK && (c->retry_first_s > c->retry_most_s || c->retry_most_s > c->give_up_s))
			r->code = wg_xml_complain(r->doc, retry, r->err,
			                          "first (%u s) is at most as long as most (%u s), and that as give-up (%u s)",
			                          c->retry_first_s, c->retry_most_s, c->give_up_s);
	}
}

static void read_gateway(struct reading *r, const struct _xmlNode *root, struct wg_config *c)
{
	char samples[8];
	text_of(r, root, "organisation", c->organisation, sizeof c->organisation);
	path_of(r, root, "state", c->state);
	path_of(r, wg_xml_first(root, "policy"), "file", c->policy);
	path_of(r, wg_xml_first(root, "directory"), "file", c->directory);
	path_of(r, wg_xml_first(root, "lookup"), "key", c->lookup_key);
	pair_of(r, wg_xml_first(root, "storage"), &c->storage);
	pair_of(r, wg_xml_first(root, "smime"), &c->smime);
	path_of(r, wg_xml_first(root, "smime"), "ca", c->smime_ca);
	path_of(r, wg_xml_first(root, "smime"), "crl", c->smime_crl);
	read_intake(r, wg_xml_first(root, "intake"), c);
	read_deliver(r, wg_xml_first(root, "deliver"), c);
	const struct _xmlNode *allowed = wg_xml_first(root, "samples");
	if (allowed != NULL) {
		text_of(r, allowed, "allowed", samples, sizeof samples);
		c->samples = strcmp(samples, "true") == 0 || strcmp(samples, "1") == 0;
	}
}

/* Before the file can be validated the schemas have to be found, and where they are may stand in it. */
static enum wg_code find_paths(struct reading *r, struct wg_config *c)
{
	char data[WG_PATH_TEXT], readers[WG_PATH_TEXT];
	path_of(r, wg_xml_root(r->doc), "data", data);
	path_of(r, wg_xml_root(r->doc), "readers", readers);
	if (r->code == WG_OK)
		r->code = wg_paths_find(data[0] != '\0' ? data : NULL, readers[0] != '\0' ? readers : NULL, &c->paths, r->err);
	return r->code;
}

enum wg_code wg_config_load(const char *file, struct wg_config **out, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	struct wg_xml_xsd *xsd = NULL;
	char full[PATH_MAX], schema[WG_PATH_TEXT];
	WG_AUTO_FREE struct wg_config *c = calloc(1, sizeof *c);
	if (c == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory");
	if (realpath(file, full) == NULL)
		return wg_err_errno(err, "configuration %.300s (name another with --config FILE)", file);
	if (strlen(full) >= sizeof c->file)
		return wg_err_set(err, WG_LIMIT, "configuration %.300s...: its path is longer than %zu bytes", full,
		                  sizeof c->file);
	memcpy(c->file, full, strlen(full) + 1);
	c->retry_first_s = 30;
	c->retry_most_s = 1800;
	c->give_up_s = 259200;
	enum wg_code code = wg_xml_load(full, &doc, err);
	struct reading r = { .doc = doc, .file = c->file, .err = err, .code = WG_OK };
	if (code == WG_OK)
		code = find_paths(&r, c);
	if (code == WG_OK)
		code = wg_path_join(c->paths.xsd, "config.xsd", schema, err);
	if (code == WG_OK)
		code = wg_xml_xsd_load(schema, &xsd, err);
	if (code == WG_OK && (code = wg_xml_validate(doc, xsd, err)) == WG_REJECT)
		err->code = code = WG_CONFIG;
	wg_xml_xsd_freep(&xsd);
	if (code != WG_OK)
		return code;
	read_gateway(&r, wg_xml_root(doc), c);
	if (r.code == WG_OK)
		*out = wg_steal(&c);
	return r.code;
}

void wg_config_print(const struct wg_config *c, struct wg_buf *out)
{
	wg_buf_printf(out, "organisation  %s\nstate         %s\npolicy        %s\ndirectory     %s\n", c->organisation,
	              c->state, c->policy, c->directory);
	if (c->https_in.port != 0)
		wg_buf_printf(out, "https in      %s port %u\n", c->https_in.address, c->https_in.port);
	for (unsigned i = 0; i < c->drop_count; i++)
		wg_buf_printf(out, "drop folder   %s (submits as %s)\n", c->drops[i].folder, c->drops[i].organisation);
	if (c->mail_out.port != 0)
		wg_buf_printf(out, "mail out      %s port %u, from %s, STARTTLS required\n", c->mail_out.host, c->mail_out.port,
		              c->mail_out.from);
	if (c->https_out.tls.certificate[0] != '\0')
		wg_buf_printf(out, "https out     with %s\n", c->https_out.tls.certificate);
	wg_buf_printf(out, "retry         first after %u s, at most every %u s, given up after %u s\n", c->retry_first_s,
	              c->retry_most_s, c->give_up_s);
	wg_buf_printf(out, "keys          storage, smime and lookup keys are read from files and never shown\n");
}
