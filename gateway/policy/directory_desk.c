/* directory_desk.c owns reading one desk, and the certificates and anchors of an organisation. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/directory_internal.h"

enum wg_code wg_directory_own(const struct wg_xml *doc, const struct _xmlNode *node, const char *name, char **out,
                              struct wg_err *err)
{
	char value[4096]; /* lists of 64 names of 64 letters at most, by the schema */
	enum wg_code code = wg_names_attr(doc, node, name, value, sizeof value, err);
	if (code != WG_OK)
		return code;
	char *copy = strdup(value);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the directory");
	*out = copy;
	return WG_OK;
}

static enum wg_code path_attr(const struct wg_xml *doc, const char *path, const struct _xmlNode *node, const char *name,
                              char *out, size_t size, struct wg_err *err)
{
	char value[512];
	enum wg_code code = wg_names_attr(doc, node, name, value, sizeof value, err);
	if (code == WG_OK && value[0] != '\0' && wg_names_beside(path, value, out, size, err) != WG_OK)
		code = wg_xml_complain(doc, node, err, "%s: the path is too long", name);
	return code;
}

static bool said_true(const char *word)
{
	return strcmp(word, "true") == 0 || strcmp(word, "1") == 0;
}

/* https, a host name, perhaps a port and a path; no user, no fragment: it goes to libcurl and stands in logs. */
static bool url_valid(const char *url)
{
	static const char scheme[] = "https://";
	if (strncmp(url, scheme, sizeof scheme - 1) != 0 || strpbrk(url, "@#\\ \"'<>") != NULL)
		return false;
	char host[256];
	const char *start = url + sizeof scheme - 1;
	size_t n = strcspn(start, ":/?");
	if (n == 0 || n >= sizeof host)
		return false;
	memcpy(host, start, n);
	host[n] = '\0';
	if (!wg_hostname_valid(host))
		return false;
	if (start[n] != ':')
		return true;
	char port[8];
	size_t digits = strcspn(start + n + 1, "/?");
	if (digits >= sizeof port)
		return false;
	memcpy(port, start + n + 1, digits);
	port[digits] = '\0';
	uint64_t number;
	return wg_num_parse(port, 1, 65535, &number);
}

/* What a desk must have for its channel, and what would say nothing there; the schema cannot say "if". */
static const char *channel_fault(const struct wg_desk *desk)
{
	const bool mail = desk->channel == WG_CHANNEL_MAIL, https = desk->channel == WG_CHANNEL_HTTPS;
	const bool mesh = desk->channel == WG_CHANNEL_MESH;
	if (mail && !wg_address_valid(desk->address))
		return "a mail desk needs address=, an e-mail address";
	if (mail && desk->url[0] != '\0')
		return "a mail desk has no url=: take it out, or say channel=\"https\"";
	if (https && !url_valid(desk->url))
		return "an https desk needs url=, https://host/path without user or fragment";
	if (!mail && desk->address[0] != '\0' && !wg_address_valid(desk->address))
		return "address= is not an e-mail address";
	if (https && desk->address[0] != '\0')
		return "an https desk has no address=: take it out, or say channel=\"mail\"";
	if (mail && desk->format != WG_FORMAT_SEALED)
		return "mail is always sealed: format=\"xml\" is for channel=\"https\" only";
	if (desk->format == WG_FORMAT_SEALED && desk->certificate[0] == '\0')
		return "a desk that gets sealed copies needs certificate=";
	if (mesh && desk->format != WG_FORMAT_SEALED)
		return "MESH is always sealed: format=\"xml\" is for channel=\"https\" and \"pull\" only";
	if (mesh && (desk->mailbox[0] == '\0' || desk->workflow[0] == '\0'))
		return "a mesh desk needs mailbox= and workflow=";
	if (desk->webhook[0] != '\0' && desk->channel != WG_CHANNEL_PULL)
		return "webhook= is for channel=\"pull\" only";
	if (desk->webhook[0] != '\0' && (!url_valid(desk->webhook) || desk->webhook_secret[0] == '\0'))
		return "webhook= is https://host/path without user or fragment, and needs webhook-secret=";
	return NULL;
}

static void read_parts(const char *list, struct wg_desk *desk)
{
	desk->wants_text = wg_list_has(list, "text");
	desk->wants_html = wg_list_has(list, "html");
	desk->wants_xml = wg_list_has(list, "xml");
}

/* As the schema says: the parser fills in no defaults. */
#define IN_FLIGHT 16

static enum wg_code read_words(const struct wg_xml *doc, const struct _xmlNode *node, struct wg_desk *desk,
                               struct wg_err *err)
{
	char word[32];
	uint64_t number = 0;
	enum wg_code code = wg_names_attr(doc, node, "channel", word, sizeof word, err);
	for (int c = WG_CHANNEL_MAIL; code == WG_OK && c <= WG_CHANNEL_MESH; c++)
		if (strcmp(word, wg_channel_name((enum wg_channel_kind)c)) == 0)
			desk->channel = (enum wg_channel_kind)c;
	if (code == WG_OK && (code = wg_names_attr(doc, node, "format", word, sizeof word, err)) == WG_OK)
		desk->format = strcmp(word, "xml") == 0 ? WG_FORMAT_XML : WG_FORMAT_SEALED;
	if (code == WG_OK && (code = wg_names_attr(doc, node, "cipher", word, sizeof word, err)) == WG_OK)
		desk->gcm = strcmp(word, "gcm") == 0;
	if (code == WG_OK && (code = wg_names_attr(doc, node, "parts", word, sizeof word, err)) == WG_OK)
		read_parts(word[0] != '\0' ? word : "text html xml", desk);
	if (code == WG_OK && (code = wg_names_attr(doc, node, "in-flight", word, sizeof word, err)) == WG_OK)
		desk->in_flight = wg_num_parse(word, 1, 64, &number) ? (unsigned)number : IN_FLIGHT;
	if (code == WG_OK && (code = wg_names_attr(doc, node, "suspended", word, sizeof word, err)) == WG_OK)
		desk->suspended = said_true(word);
	return code;
}

/* "DESK" is one of the same organisation. */
static enum wg_code read_instead(const struct wg_xml *doc, const struct _xmlNode *node, const char *name,
                                 const struct wg_organisation *o, char *out, size_t size, struct wg_err *err)
{
	char word[2 * WG_LIMIT_NAME + 2];
	enum wg_code code = wg_names_attr(doc, node, name, word, sizeof word, err);
	if (code == WG_OK && strchr(word, '/') != NULL)
		(void)snprintf(out, size, "%s", word);
	else if (code == WG_OK && word[0] != '\0')
		(void)snprintf(out, size, "%s/%.*s", o->id, WG_LIMIT_NAME, word); /* not longer, by the schema */
	return code;
}

static enum wg_code read_certificates(const struct wg_xml *doc, const char *path, const struct _xmlNode *node,
                                      struct wg_desk *desk, struct wg_err *err)
{
	enum wg_code code = path_attr(doc, path, node, "certificate", desk->certificate, sizeof desk->certificate, err);
	if (code == WG_OK && desk->certificate[0] != '\0')
		memcpy(desk->certificates[desk->certificate_count++], desk->certificate, sizeof desk->certificate);
	for (struct _xmlNode *c = wg_xml_first(node, "certificate");
	     code == WG_OK && c != NULL && desk->certificate_count < WG_DESK_CERTIFICATES;
	     c = wg_xml_next(c, "certificate"))
		code = path_attr(doc, path, c, "file", desk->certificates[desk->certificate_count++],
		                 sizeof *desk->certificates, err);
	if (code == WG_OK)
		memcpy(desk->certificate, desk->certificates[0], sizeof desk->certificate);
	return code;
}

enum wg_code wg_directory_read_desk(const struct wg_xml *doc, const char *path, const struct wg_organisation *o,
                                    const struct _xmlNode *node, struct wg_desk *desk, struct wg_err *err)
{
	const struct {
		const char *name;
		char *out;
		size_t size;
	} texts[] = {
		{ "name", desk->name, sizeof desk->name },
		{ "address", desk->address, sizeof desk->address },
		{ "url", desk->url, sizeof desk->url },
		{ "telephone", desk->telephone, sizeof desk->telephone },
		{ "mailbox", desk->mailbox, sizeof desk->mailbox },
		{ "workflow", desk->workflow, sizeof desk->workflow },
		{ "webhook", desk->webhook, sizeof desk->webhook },
		{ "hours", desk->hours, sizeof desk->hours },
	};
	enum wg_code code = wg_directory_own(doc, node, "roles", &desk->roles, err);
	for (size_t i = 0; i < WG_COUNT(texts) && code == WG_OK; i++)
		code = wg_names_attr(doc, node, texts[i].name, texts[i].out, texts[i].size, err);
	if (code == WG_OK)
		code = path_attr(doc, path, node, "webhook-secret", desk->webhook_secret, sizeof desk->webhook_secret, err);
	if (code == WG_OK)
		code = read_certificates(doc, path, node, desk, err);
	if (code == WG_OK)
		code = read_words(doc, node, desk, err);
	if (code == WG_OK)
		code = read_instead(doc, node, "alternate", o, desk->alternate, sizeof desk->alternate, err);
	if (code == WG_OK)
		code = read_instead(doc, node, "out-of-hours", o, desk->out_of_hours, sizeof desk->out_of_hours, err);
	const char *fault = code == WG_OK ? channel_fault(desk) : NULL;
	return fault != NULL ? wg_xml_complain(doc, node, err, "desk %s: %s", desk->name, fault) : code;
}

static enum wg_code read_trust(const struct wg_xml *doc, const char *path, const struct _xmlNode *node,
                               struct wg_organisation *o, struct wg_err *err)
{
	char word[16];
	enum wg_code code = path_attr(doc, path, node, "ca", o->trust_ca, sizeof o->trust_ca, err);
	if (code == WG_OK)
		code = path_attr(doc, path, node, "crl", o->trust_crl, sizeof o->trust_crl, err);
	if (code == WG_OK)
		code = wg_names_attr(doc, node, "revocation", word, sizeof word, err);
	if (code == WG_OK)
		o->revocation = strcmp(word, "required") == 0 ? WG_REVOCATION_REQUIRED
		                : strcmp(word, "none") == 0   ? WG_REVOCATION_NONE
		                                              : WG_REVOCATION_OFFERED;
	return code;
}

enum wg_code wg_directory_read_keys(const struct wg_xml *doc, const char *path, const struct _xmlNode *node,
                                    struct wg_organisation *o, struct wg_err *err)
{
	char word[8];
	enum wg_code code = WG_OK;
	for (struct _xmlNode *s = wg_xml_first(node, "signer");
	     code == WG_OK && s != NULL && o->signer_count < WG_DESK_CERTIFICATES; s = wg_xml_next(s, "signer"))
		code = path_attr(doc, path, s, "certificate", o->signers[o->signer_count++], sizeof *o->signers, err);
	memcpy(o->signer, o->signers[0], sizeof o->signer);
	const struct _xmlNode *trust = wg_xml_first(node, "trust"), *discover = wg_xml_first(node, "discover");
	if (code == WG_OK && trust != NULL)
		code = read_trust(doc, path, trust, o, err);
	if (code == WG_OK && discover != NULL)
		code = wg_names_attr(doc, discover, "ldap", o->ldap, sizeof o->ldap, err);
	if (code == WG_OK && discover != NULL &&
	    (code = wg_names_attr(doc, discover, "smimea", word, sizeof word, err)) == WG_OK)
		o->smimea = said_true(word);
	return code;
}
