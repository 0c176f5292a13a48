/* config.c owns the reading of the configuration. */
#include "role/config.h"

#include <arpa/inet.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/hsm.h"
#include "notice/xml.h"
#include "role/team.h"
#include "store/store.h"

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
	text_of(r, node, "key", out->key, sizeof out->key);
	if (!wg_hsm_named(out->key)) /* the name of a key in an HSM is no path */
		path_of(r, node, "key", out->key);
	if (r->code == WG_OK && (out->certificate[0] == '\0') != (out->key[0] == '\0'))
		r->code = wg_xml_complain(r->doc, node, r->err, "certificate and key come together: give both or neither");
}

static bool numeric(const char *address)
{
	struct in6_addr any;
	return inet_pton(AF_INET, address, &any) == 1 || inet_pton(AF_INET6, address, &any) == 1;
}

static bool flag_of(struct reading *r, const struct _xmlNode *node, const char *name, bool otherwise)
{
	char word[8];
	text_of(r, node, name, word, sizeof word);
	return word[0] != '\0' ? strcmp(word, "true") == 0 || strcmp(word, "1") == 0 : otherwise;
}

static enum wg_config_auth auth_of(struct reading *r, const struct _xmlNode *node, enum wg_config_auth otherwise)
{
	static const char *const names[] = { "none", "plain", "scram-sha-256", "xoauth2" };
	char word[16];
	text_of(r, node, "auth", word, sizeof word);
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(word, names[i]) == 0)
			return (enum wg_config_auth)i;
	return otherwise;
}

static enum wg_revocation revocation_of(struct reading *r, const struct _xmlNode *node)
{
	char word[16];
	text_of(r, node, "revocation", word, sizeof word);
	return strcmp(word, "required") == 0 ? WG_REVOCATION_REQUIRED
	       : strcmp(word, "none") == 0   ? WG_REVOCATION_NONE
	                                     : WG_REVOCATION_OFFERED;
}

static enum wg_config_tls tls_of(struct reading *r, const struct _xmlNode *node, enum wg_config_tls otherwise)
{
	char word[16];
	text_of(r, node, "tls", word, sizeof word);
	if (word[0] == '\0')
		return otherwise;
	return strcmp(word, "implicit") == 0 ? WG_CONFIG_IMPLICIT : WG_CONFIG_STARTTLS;
}

static void read_imap(struct reading *r, const struct _xmlNode *node, struct wg_imap *imap)
{
	text_of(r, node, "host", imap->host, sizeof imap->host);
	text_of(r, node, "user", imap->user, sizeof imap->user);
	text_of(r, node, "folder", imap->folder, sizeof imap->folder);
	if (imap->folder[0] == '\0')
		memcpy(imap->folder, "INBOX", sizeof "INBOX");
	path_of(r, node, "ca", imap->ca);
	path_of(r, node, "secret", imap->secret);
	imap->tls = tls_of(r, node, WG_CONFIG_IMPLICIT);
	imap->auth = auth_of(r, node, WG_AUTH_PLAIN);
	imap->port = (unsigned short)number_of(r, node, "port", imap->tls == WG_CONFIG_IMPLICIT ? 993 : 143);
	imap->poll_s = number_of(r, node, "poll", 30);
	imap->revocation = revocation_of(r, node);
	if (r->code == WG_OK && !wg_hostname_valid(imap->host))
		r->code = wg_xml_complain(r->doc, node, r->err, "host is not a host name (a certificate must carry it)");
	if (r->code == WG_OK && imap->auth != WG_AUTH_PLAIN && imap->auth != WG_AUTH_XOAUTH2)
		r->code = wg_xml_complain(r->doc, node, r->err, "auth for imap is plain or xoauth2");
}

static void read_mail_in(struct reading *r, const struct _xmlNode *node, struct wg_config *c)
{
	const struct _xmlNode *page = wg_xml_first(node, "acknowledge"), *lmtp = wg_xml_first(node, "lmtp");
	if (page != NULL) {
		pair_of(r, page, &c->acknowledge.tls);
		text_of(r, page, "address", c->acknowledge.address, sizeof c->acknowledge.address);
		text_of(r, page, "url", c->acknowledge.url, sizeof c->acknowledge.url);
		c->acknowledge.port = (unsigned short)number_of(r, page, "port", 0);
		if (r->code == WG_OK && !numeric(c->acknowledge.address))
			r->code = wg_xml_complain(r->doc, page, r->err, "address is not a numeric address to listen on");
	}
	for (const struct _xmlNode *i = wg_xml_first(node, "imap"); i != NULL && c->imap_count < WG_CONFIG_IMAPS;
	     i = wg_xml_next(i, "imap"))
		read_imap(r, i, &c->imaps[c->imap_count++]);
	if (lmtp != NULL)
		path_of(r, lmtp, "socket", c->lmtp);
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
	read_mail_in(r, node, c);
	if (r->code == WG_OK && https == NULL && c->drop_count == 0 && c->imap_count == 0 && c->lmtp[0] == '\0')
		r->code = wg_xml_complain(r->doc, node, r->err, "nothing can come in: add <https>, <imap>, <lmtp> or <drop>");
}

static void check_mail_out(struct reading *r, const struct _xmlNode *mail, const struct wg_config *c)
{
	const char *fault = NULL;
	if (!c->mail_out.direct && !wg_hostname_valid(c->mail_out.host))
		fault = "host is not a host name (a certificate must carry it)";
	else if (c->mail_out.direct && c->mail_out.host[0] != '\0')
		fault = "route=\"direct\" has no host=: take one of them out";
	else if (c->mail_out.direct && c->dns.trust_anchor[0] == '\0')
		fault = "route=\"direct\" needs <dns trust-anchor=\"...\"/> in <deliver>";
	else if (c->mail_out.direct && c->mail_out.auth != WG_AUTH_NONE)
		fault = "route=\"direct\" has no auth=: a recipient's own server asks for none";
	else if (c->mail_out.direct && c->mail_out.crl[0] != '\0')
		fault = "route=\"direct\" has no crl=: the recipients' servers have authorities of their own";
	else if ((c->mail_out.auth != WG_AUTH_NONE) != (c->mail_out.user[0] != '\0' && c->mail_out.secret[0] != '\0'))
		fault = "auth=, user= and secret= come together";
	else if (c->mail_out.libesmtp &&
	         (c->mail_out.direct || c->mail_out.how == WG_CONFIG_IMPLICIT || c->mail_out.auth != WG_AUTH_NONE))
		fault = "engine=\"libesmtp\" is for a smarthost with STARTTLS and without auth only";
	else if (!wg_address_valid(c->mail_out.from))
		fault = "from is not an e-mail address";
	if (r->code == WG_OK && fault != NULL)
		r->code = wg_xml_complain(r->doc, mail, r->err, "%s", fault);
}

static void read_mail_out(struct reading *r, const struct _xmlNode *mail, struct wg_config *c)
{
	char word[16];
	text_of(r, mail, "route", word, sizeof word);
	c->mail_out.direct = strcmp(word, "direct") == 0;
	text_of(r, mail, "engine", word, sizeof word);
	c->mail_out.libesmtp = strcmp(word, "libesmtp") == 0;
	text_of(r, mail, "host", c->mail_out.host, sizeof c->mail_out.host);
	text_of(r, mail, "from", c->mail_out.from, sizeof c->mail_out.from);
	text_of(r, mail, "user", c->mail_out.user, sizeof c->mail_out.user);
	path_of(r, mail, "secret", c->mail_out.secret);
	path_of(r, mail, "ca", c->mail_out.ca);
	path_of(r, mail, "crl", c->mail_out.crl);
	pair_of(r, mail, &c->mail_out.tls);
	c->mail_out.how = tls_of(r, mail, WG_CONFIG_STARTTLS);
	c->mail_out.auth = auth_of(r, mail, WG_AUTH_NONE);
	c->mail_out.require_tls = flag_of(r, mail, "require-tls", true);
	c->mail_out.reports = flag_of(r, mail, "reports", true);
	c->mail_out.revocation = revocation_of(r, mail);
	c->mail_out.port = (unsigned short)number_of(r, mail, "port", c->mail_out.how == WG_CONFIG_IMPLICIT ? 465 : 25);
	check_mail_out(r, mail, c);
}

static void read_deliver(struct reading *r, const struct _xmlNode *node, struct wg_config *c)
{
	const struct _xmlNode *mail = wg_xml_first(node, "mail"), *dns = wg_xml_first(node, "dns");
	if (dns != NULL) {
		path_of(r, dns, "trust-anchor", c->dns.trust_anchor);
		path_of(r, dns, "sts-ca", c->dns.sts_ca);
		text_of(r, dns, "resolver", c->dns.resolver, sizeof c->dns.resolver);
		text_of(r, dns, "unproven", c->dns.unproven, sizeof c->dns.unproven);
		if (r->code == WG_OK)
			r->code = wg_path_join(c->state, "sts", c->dns.sts_cache, r->err);
	}
	if (mail != NULL)
		read_mail_out(r, mail, c);
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

static void read_beside(struct reading *r, const struct _xmlNode *root, struct wg_config *c)
{
	const struct _xmlNode *mesh = wg_xml_first(root, "mesh"), *monitor = wg_xml_first(root, "monitor");
	const struct _xmlNode *hsm = wg_xml_first(root, "hsm");
	if (mesh != NULL) {
		pair_of(r, mesh, &c->mesh.tls);
		text_of(r, mesh, "url", c->mesh.url, sizeof c->mesh.url);
		text_of(r, mesh, "mailbox", c->mesh.mailbox, sizeof c->mesh.mailbox);
		path_of(r, mesh, "ca", c->mesh.ca);
		path_of(r, mesh, "password", c->mesh.password);
		path_of(r, mesh, "shared-key", c->mesh.shared_key);
		c->mesh.poll_s = number_of(r, mesh, "poll", 300);
		c->mesh.chunk = number_of(r, mesh, "chunk", 20 * 1024 * 1024);
		c->mesh.revocation = revocation_of(r, mesh);
	}
	c->monitor.revocation_s = 3600;
	c->monitor.oldest_s = 1800;
	c->monitor.fault_s = 30;
	if (monitor != NULL) {
		text_of(r, monitor, "address", c->monitor.address, sizeof c->monitor.address);
		path_of(r, monitor, "socket", c->monitor.socket);
		c->monitor.port = (unsigned short)number_of(r, monitor, "port", 0);
		c->monitor.revocation_s = number_of(r, monitor, "revocation", 3600);
		c->monitor.private_addresses = flag_of(r, monitor, "private-addresses", false);
		c->monitor.oldest_s = number_of(r, monitor, "oldest", 1800);
		c->monitor.fault_s = number_of(r, monitor, "fault", 30);
		bool net = c->monitor.address[0] != '\0' && c->monitor.port != 0 && numeric(c->monitor.address);
		if (r->code == WG_OK && net == (c->monitor.socket[0] != '\0'))
			r->code = wg_xml_complain(r->doc, monitor, r->err,
			                          "monitor needs a numeric address= and a port=, or socket=, and not both");
	}
	if (hsm != NULL) {
		path_of(r, hsm, "module", c->hsm.module);
		path_of(r, hsm, "pin", c->hsm.pin);
		path_of(r, hsm, "folder", c->hsm.folder);
		path_of(r, hsm, "configuration", c->hsm.configuration);
		c->hsm.network = flag_of(r, hsm, "network", false);
	}
	if (r->code == WG_OK)
		r->code = wg_hsm_use(c->hsm.module, c->hsm.pin, r->err);
}

static void read_backup(struct reading *r, const struct _xmlNode *backup, struct wg_config *c)
{
	if (backup == NULL)
		return;
	for (const struct _xmlNode *i = wg_xml_first(backup, "certificate");
	     i != NULL && c->backup.count < WG_CMS_RECIPIENTS; i = wg_xml_next(i, "certificate"))
		path_of(r, i, "file", c->backup.certificates[c->backup.count++]);
	c->backup.warn_s = number_of(r, backup, "warn", 108000);
}

static void read_store(struct reading *r, const struct _xmlNode *store, struct wg_config *c)
{
	char driver[16];
	if (store == NULL)
		return;
	text_of(r, store, "driver", driver, sizeof driver);
	text_of(r, store, "database", c->store.database, sizeof c->store.database);
	text_of(r, store, "keys", c->store.keys, sizeof c->store.keys);
	const bool shared = strcmp(driver, "postgresql") == 0;
	if (r->code == WG_OK && (shared != (c->store.database[0] != '\0') || shared != (c->store.keys[0] != '\0')))
		r->code = wg_xml_complain(r->doc, store, r->err, "driver postgresql has a database and keys, sqlite neither");
	else if (r->code == WG_OK && shared && strcmp(c->store.database, c->store.keys) == 0)
		r->code = wg_xml_complain(r->doc, store, r->err,
		                          "keys is the same as database: a copy of the one would open the other");
}

void wg_config_place(const struct wg_config *config, struct wg_store_place *out)
{
	const bool shared = config->store.database[0] != '\0';
	*out = (struct wg_store_place){ .folder = config->state,
		                            .database = shared ? config->store.database : NULL,
		                            .keys = shared ? config->store.keys : NULL };
}

/* While one waits until what it did is on disk, or for a reader, others work, and what several have done goes to disk
 * at once: with two for each processor a part of each stood idle, four were no faster than three. Idle, one costs half
 * a MiB. */
#define WORKERS_A_PROCESSOR 3

static unsigned workers_here(void)
{
	cpu_set_t set;
	int n = WORKERS_A_PROCESSOR * (sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1);
	return n < 1 ? 1 : n > WG_TEAM_MAX ? WG_TEAM_MAX : (unsigned)n;
}

static void read_process(struct reading *r, const struct _xmlNode *process, struct wg_config *c)
{
	c->process_workers = workers_here();
	if (process != NULL)
		c->process_workers = number_of(r, process, "workers", c->process_workers);
	if (r->code == WG_OK && (c->process_workers == 0 || c->process_workers > WG_TEAM_MAX))
		r->code = wg_xml_complain(r->doc, process, r->err, "workers is 1 to %d", WG_TEAM_MAX);
}

static void read_gateway(struct reading *r, const struct _xmlNode *root, struct wg_config *c)
{
	char samples[8];
	text_of(r, root, "organisation", c->organisation, sizeof c->organisation);
	path_of(r, root, "state", c->state);
	read_store(r, wg_xml_first(root, "store"), c);
	path_of(r, wg_xml_first(root, "policy"), "file", c->policy);
	path_of(r, wg_xml_first(root, "directory"), "file", c->directory);
	path_of(r, wg_xml_first(root, "lookup"), "key", c->lookup_key);
	pair_of(r, wg_xml_first(root, "storage"), &c->storage);
	const struct _xmlNode *smime = wg_xml_first(root, "smime");
	pair_of(r, smime, &c->smimes[c->smime_count++]);
	for (const struct _xmlNode *i = wg_xml_first(smime, "pair"); i != NULL && c->smime_count < WG_CONFIG_SMIMES;
	     i = wg_xml_next(i, "pair"))
		pair_of(r, i, &c->smimes[c->smime_count++]);
	path_of(r, smime, "ca", c->smime_ca);
	path_of(r, smime, "crl", c->smime_crl);
	read_process(r, wg_xml_first(root, "process"), c);
	read_intake(r, wg_xml_first(root, "intake"), c);
	read_deliver(r, wg_xml_first(root, "deliver"), c);
	read_beside(r, root, c);
	read_backup(r, wg_xml_first(root, "backup"), c);
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
	(void)wg_mem_refused(); /* that was somebody else's */
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
	/* an attribute that could not be copied was taken for one that is not there */
	if (r.code == WG_OK && wg_mem_refused())
		r.code = wg_err_set(err, WG_SYSTEM, "no memory for the configuration");
	if (r.code == WG_OK)
		*out = wg_steal(&c);
	return r.code;
}

void wg_config_print(const struct wg_config *c, struct wg_buf *out)
{
	wg_buf_printf(out, "organisation  %s\nstate         %s\npolicy        %s\ndirectory     %s\n", c->organisation,
	              c->state, c->policy, c->directory);
	if (c->store.database[0] != '\0')
		wg_buf_printf(out, "store         PostgreSQL (%s), keys in (%s)\n", c->store.database, c->store.keys);
	wg_buf_printf(out, "process       %u %s\n", c->process_workers, c->process_workers == 1 ? "worker" : "workers");
	if (c->https_in.port != 0)
		wg_buf_printf(out, "https in      %s port %u\n", c->https_in.address, c->https_in.port);
	for (unsigned i = 0; i < c->drop_count; i++)
		wg_buf_printf(out, "drop folder   %s (submits as %s)\n", c->drops[i].folder, c->drops[i].organisation);
	if (c->mail_out.port != 0)
		wg_buf_printf(out, "mail out      %s port %u, from %s, %s required\n",
		              c->mail_out.direct ? "servers of the recipients," : c->mail_out.host, c->mail_out.port,
		              c->mail_out.from, c->mail_out.how == WG_CONFIG_IMPLICIT ? "TLS from the first byte" : "STARTTLS");
	for (unsigned i = 0; i < c->imap_count; i++)
		wg_buf_printf(out, "imap in       %s port %u, %s of %s, every %u s\n", c->imaps[i].host, c->imaps[i].port,
		              c->imaps[i].folder, c->imaps[i].user, c->imaps[i].poll_s);
	if (c->lmtp[0] != '\0')
		wg_buf_printf(out, "lmtp in       %s\n", c->lmtp);
	if (c->acknowledge.port != 0)
		wg_buf_printf(out, "confirm page  %s port %u, as %s\n", c->acknowledge.address, c->acknowledge.port,
		              c->acknowledge.url);
	if (c->mesh.mailbox[0] != '\0')
		wg_buf_printf(out, "mesh          mailbox %s at %s, every %u s\n", c->mesh.mailbox, c->mesh.url,
		              c->mesh.poll_s);
	if (c->monitor.port != 0)
		wg_buf_printf(out, "monitor       %s port %u\n", c->monitor.address, c->monitor.port);
	else if (c->monitor.socket[0] != '\0')
		wg_buf_printf(out, "monitor       %s\n", c->monitor.socket);
	if (c->https_out.tls.certificate[0] != '\0')
		wg_buf_printf(out, "https out     with %s\n", c->https_out.tls.certificate);
	wg_buf_printf(out, "retry         first after %u s, at most every %u s, given up after %u s\n", c->retry_first_s,
	              c->retry_most_s, c->give_up_s);
	if (c->hsm.module[0] != '\0')
		wg_buf_printf(out, "hsm           %s, its PIN in %s%s\n", c->hsm.module, c->hsm.pin,
		              c->hsm.network ? ", may connect outward" : "");
	wg_buf_printf(out, "keys          storage, smime and lookup keys are read from files%s and never shown\n",
	              c->hsm.module[0] != '\0' ? ", those named pkcs11: stay in the HSM," : "");
}
