/* discover.c owns the command `discover`: which certificates of a partner's desks can be found, and what is to be said
 * of each. It changes nothing: a person puts a certificate into the directory. */
#include "channel/discover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "policy/directory.h"
#include "sys/file.h"

#define OUTPUT_MAX ((size_t)1 << 20)
#define PEM_MAX ((size_t)32 * 1024)

/* What is known of one certificate that was found. */
struct judged {
	struct wg_cert_facts facts;
	bool readable, known, usable;
	char why[256]; /* when it is not usable */
};

struct search {
	const struct wg_cli *cli;
	const struct wg_config *config;
	const struct wg_organisation *organisation;
	struct wg_trust *trust;
	const char *save; /* folder, or NULL */
	struct wg_buf out;
	bool news;         /* a person has to look at something */
	enum wg_code lost; /* the last place that could not be asked */
	unsigned desks;
};

static const char *anchors_of(const struct search *s)
{
	return s->organisation->trust_ca[0] != '\0' ? s->organisation->trust_ca : s->config->smime_ca;
}

static enum wg_code load_anchors(struct search *s, struct wg_err *err)
{
	bool own = s->organisation->trust_ca[0] != '\0';
	const char *crl = own ? s->organisation->trust_crl : s->config->smime_crl;
	return wg_trust_load(anchors_of(s), crl[0] != '\0' ? crl : NULL, &s->trust, err);
}

/* ---- judging */

static bool has_address(const struct wg_cert_facts *facts, const char *address)
{
	for (size_t i = 0; i < WG_COUNT(facts->emails); i++)
		if (strcasecmp(facts->emails[i], address) == 0)
			return true;
	return false;
}

static bool is_known(const struct wg_desk *desk, const char *fingerprint)
{
	for (unsigned i = 0; i < desk->certificate_count; i++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		struct wg_cert_facts facts;
		if (wg_cert_load(desk->certificates[i], &cert, NULL) == WG_OK && wg_cert_facts(cert, &facts, NULL) == WG_OK &&
		    strcmp(facts.fingerprint, fingerprint) == 0)
			return true;
	}
	return false;
}

static void judge(const struct search *s, const struct wg_desk *desk, const struct wg_found *found, struct judged *out)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(PEM_MAX);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_err err = { 0 };
	*out = (struct judged){ 0 };
	wg_found_pem(found, &pem);
	out->readable = wg_cert_parse(wg_buf_text(&pem), pem.len, &cert, &err) == WG_OK &&
	                wg_cert_facts(cert, &out->facts, &err) == WG_OK;
	if (!out->readable) {
		(void)snprintf(out->why, sizeof out->why, "it is no certificate that can be read"); /* fits */
		return;
	}
	out->known = is_known(desk, out->facts.fingerprint);
	if (wg_trust_check(s->trust, cert, WG_PURPOSE_SMIME_ENCRYPT, &err) != WG_OK)
		(void)snprintf(out->why, sizeof out->why, "%.255s", err.text);
	else if (!has_address(&out->facts, desk->address))
		(void)snprintf(out->why, sizeof out->why, "it is not for the desk's address");
	else if (out->facts.sample && !s->config->samples)
		(void)snprintf(out->why, sizeof out->why, "it is a sample, never for real use");
	out->usable = out->why[0] == '\0';
}

/* ---- telling */

static void put_day(struct wg_buf *out, int64_t wall)
{
	char text[WG_CLOCK_TEXT];
	wg_buf_printf(out, "%.10s", wg_clock_format(wall, text)); /* the day */
}

static void put_uses(struct wg_buf *out, const struct wg_cert_facts *facts)
{
	if (facts->can_encrypt && facts->can_sign)
		wg_buf_puts(out, "for encrypting and signing");
	else
		wg_buf_puts(out, facts->can_encrypt ? "for encrypting" : facts->can_sign ? "for signing only" : "not for mail");
}

static void say_one(struct search *s, const struct wg_found *found, const struct judged *j)
{
	struct wg_buf *out = &s->out;
	wg_buf_printf(out, "  found by %s\n", found->source);
	if (j->readable) {
		wg_buf_printf(out, "    subject      %s (decides nothing)\n    SHA-256      %s\n    key          %s, ",
		              j->facts.subject, j->facts.fingerprint, j->facts.key_type);
		put_uses(out, &j->facts);
		wg_buf_puts(out, "\n    valid        ");
		put_day(out, j->facts.not_before);
		wg_buf_puts(out, " to ");
		put_day(out, j->facts.not_after);
		wg_buf_puts(out, "\n    addresses   ");
		for (size_t i = 0; i < WG_COUNT(j->facts.emails); i++)
			if (j->facts.emails[i][0] != '\0')
				wg_buf_printf(out, " %s", j->facts.emails[i]);
		wg_buf_puts(out, "\n");
	}
	wg_buf_printf(out, "    %s%s%s\n", j->usable ? "fits the anchors and the address" : "cannot be used: ", j->why,
	              j->known ? "; it is in the directory already" : "");
}

static void json_one(struct search *s, const struct wg_found *found, const struct judged *j, bool first)
{
	struct wg_buf *out = &s->out;
	wg_buf_puts(out, first ? "{\"source\":" : ",{\"source\":");
	wg_buf_put_json(out, found->source);
	wg_buf_printf(out, ",\"fingerprint\":\"%s\",\"subject\":", j->facts.fingerprint);
	wg_buf_put_json(out, j->facts.subject);
	wg_buf_printf(out, ",\"usable\":%s,\"known\":%s,\"why\":", j->usable ? "true" : "false",
	              j->known ? "true" : "false");
	wg_buf_put_json(out, j->why);
	wg_buf_puts(out, "}");
}

/* DESK-FINGERPRINT.pem in the folder; says so. */
static enum wg_code save_one(struct search *s, const struct wg_desk *desk, const struct wg_found *found,
                             const struct judged *j, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(PEM_MAX);
	char path[WG_PATH_TEXT], name[3 * WG_LIMIT_NAME];
	(void)snprintf(name, sizeof name, "%s-%s-%.16s.pem", s->organisation->id, desk->name,
	               j->facts.fingerprint); /* fits */
	wg_found_pem(found, &pem);
	enum wg_code code = wg_path_join(s->save, name, path, err);
	if (code == WG_OK)
		code = wg_buf_check(&pem, "a certificate", err);
	if (code == WG_OK)
		code = wg_file_write(path, pem.data, pem.len, 0644, err);
	if (code == WG_OK && !s->cli->json)
		wg_buf_printf(
			&s->out,
			"    written to %s\n    to use it: ask the desk for its SHA-256 by telephone; put the file beside the "
			"directory,\n    and <certificate file=\"%s\"/> into <desk name=\"%s\">; then wardgate check\n",
			path, name, desk->name);
	return code;
}

/* ---- one desk */

static void say_lost(struct search *s, const struct wg_err *err)
{
	s->lost = err->code;
	if (s->cli->json)
		(void)fprintf(stderr, "wardgate discover: %s\n", err->text);
	else
		wg_buf_printf(&s->out, "  could not be asked: %s\n", err->text);
}

static void look(struct search *s, const struct wg_desk *desk, struct wg_findings *found)
{
	struct wg_err err = { 0 };
	const struct wg_organisation *o = s->organisation;
	const char *resolver = s->config->dns.resolver[0] != '\0' ? s->config->dns.resolver : NULL;
	const struct wg_discover_ldap ldap = { .url = o->ldap, .ca = anchors_of(s) };
	if (o->smimea && wg_discover_smimea(s->config->dns.trust_anchor, resolver, desk->address, found, &err) != WG_OK)
		say_lost(s, &err);
	if (o->ldap[0] != '\0' && wg_discover_ldap(&ldap, desk->address, found, &err) != WG_OK)
		say_lost(s, &err);
}

static enum wg_code run_desk(struct search *s, const struct wg_desk *desk, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_findings *found = calloc(1, sizeof *found);
	if (found == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for certificates");
	if (s->cli->json)
		wg_buf_printf(&s->out, "%s{\"desk\":\"%s/%s\",\"found\":[", s->desks > 0 ? "," : "", s->organisation->id,
		              desk->name);
	else
		wg_buf_printf(&s->out, "%s/%s (%s)\n", s->organisation->id, desk->name, desk->address);
	s->desks++;
	look(s, desk, found);
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < found->count; i++) {
		struct judged j;
		judge(s, desk, &found->found[i], &j);
		if (s->cli->json)
			json_one(s, &found->found[i], &j, i == 0);
		else
			say_one(s, &found->found[i], &j);
		s->news = s->news || !j.usable || !j.known;
		if (s->save != NULL && j.usable && !j.known)
			code = save_one(s, desk, &found->found[i], &j, err);
	}
	s->news = s->news || found->others > 0;
	if (s->cli->json)
		wg_buf_printf(&s->out, "],\"others\":%u}", found->others);
	else if (found->others > 0)
		wg_buf_printf(&s->out, "  %u more that hold no whole certificate of the address, or are too many\n",
		              found->others);
	else if (found->count == 0)
		wg_buf_puts(&s->out, "  nothing was found\n");
	return code;
}

static enum wg_code run_all(struct search *s, const char *desk, struct wg_err *err)
{
	const struct wg_organisation *o = s->organisation;
	if (!o->smimea && o->ldap[0] == '\0')
		return wg_err_set(err, WG_CONFIG,
		                  "the directory does not say where certificates of %s may be looked for: add "
		                  "<discover ldap=\"...\"/> or <discover smimea=\"true\"/>",
		                  o->id);
	if (o->smimea && s->config->dns.trust_anchor[0] == '\0')
		return wg_err_set(err, WG_CONFIG, "SMIMEA records need DNSSEC: add <dns trust-anchor=\"...\"/> to <deliver>");
	enum wg_code code = load_anchors(s, err);
	if (s->cli->json)
		wg_buf_puts(&s->out, "[");
	for (unsigned i = 0; code == WG_OK && i < o->desk_count; i++)
		if (o->desks[i].address[0] != '\0' && (desk == NULL || strcmp(o->desks[i].name, desk) == 0))
			code = run_desk(s, &o->desks[i], err);
	if (code == WG_OK && s->desks == 0)
		return wg_err_set(err, WG_NOT_FOUND, "%s has no such desk with a mail address", o->id);
	if (s->cli->json)
		wg_buf_puts(&s->out, "]\n");
	return code == WG_OK ? wg_buf_check(&s->out, "what was found", err) : code;
}

/* ---- the command */

static enum wg_code find_organisation(const struct wg_directory *directory, const char *word,
                                      char id[WG_LIMIT_NAME + 1], const struct wg_organisation **out,
                                      struct wg_err *err)
{
	size_t len = strcspn(word, "/");
	(void)snprintf(id, WG_LIMIT_NAME + 1, "%.*s", (int)(len < WG_LIMIT_NAME ? len : WG_LIMIT_NAME), word);
	*out = wg_directory_find(directory, id);
	return *out != NULL ? WG_OK : wg_err_set(err, WG_NOT_FOUND, "the directory knows no organisation %s", id);
}

static int finish(struct search *s)
{
	if (!wg_print(&s->out))
		return EX_IOERR;
	if (s->news)
		return WG_EXIT_ATTENTION;
	return s->lost != WG_OK ? wg_code_exit(s->lost) : EX_OK;
}

static int run_discover(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_CLEANUP(wg_directory_freep) struct wg_directory *directory = NULL;
	struct search s = { .cli = cli, .out = WG_BUF(OUTPUT_MAX) };
	struct wg_err err = { 0 };
	char id[WG_LIMIT_NAME + 1];
	const struct wg_option options[] = { { "save", &s.save, NULL }, { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1)
		return wg_misuse(&wg_command_discover, "name one organisation, or one of its desks as ORGANISATION/DESK");
	const char *slash = strchr(argv[1], '/');
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_directory_load(config->directory, config->paths.xsd, &directory, &err);
	if (code == WG_OK)
		code = find_organisation(directory, argv[1], id, &s.organisation, &err);
	s.config = config;
	if (code == WG_OK)
		code = run_all(&s, slash != NULL ? slash + 1 : NULL, &err);
	int status = code == WG_OK ? finish(&s) : wg_fail("discover", &err);
	wg_trust_freep(&s.trust);
	wg_buf_free(&s.out);
	return status;
}

const struct wg_command wg_command_discover = {
	.name = "discover",
	.summary = "look for certificates of a partner's desks in DNS and LDAP",
	.help =
		"usage: wardgate discover ORGANISATION[/DESK] [--save FOLDER] [--json]\n\n"
		"Looks where the directory allows it (<discover smimea=\"true\" ldap=\"ldaps://...\"/>) for S/MIME "
		"certificates of\n"
		"the desks' addresses: SMIMEA records, which must be signed (DNSSEC), and LDAP over TLS. Each is checked "
		"against\n"
		"the anchors for that organisation and the desk's address. What is found is a hint: nothing is changed.\n"
		"  --save FOLDER  write those that fit and are new there, and say how to put them into the directory\n\n"
		"Exit status: 0 nothing new; 10 a person must look: something new, or something that does not fit; 75 a place\n"
		"could not be asked; 77 a place did not prove itself.\n\n"
		"examples:\n"
		"  wardgate discover staffordshire\n"
		"  wardgate discover staffordshire/front-door --save /etc/wardgate/certificates\n",
	.run = run_discover,
};
