/* check.c owns `wardgate check`. */
#include "role/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/schema_nearest.h"
#include "policy/confirm.h"
#include "role/admin.h"
#include "role/certs.h"
#include "role/check_in.h"
#include "role/process.h"

#define SUBMISSIONS 465 /* RFC 8314 section 7.3 */

/* A TLS pair: there, belonging together, for this side of the connection, no sample unless samples are allowed. */
static enum wg_code check_tls(const struct wg_config *c, const char *what, const struct wg_pair *pair, bool server,
                              struct wg_err *err)
{
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	if (pair->certificate[0] == '\0')
		return WG_OK;
	enum wg_code code = wg_key_load(pair->key, &key, err);
	if (code == WG_OK)
		code = wg_cert_load(pair->certificate, &cert, err);
	if (code == WG_OK)
		code = wg_key_matches(key, cert, err);
	if (code != WG_OK)
		(void)wg_err_add(err, "%s with %s", pair->key, pair->certificate); /* code is that already */
	if (code == WG_OK)
		code = wg_cert_facts(cert, &facts, err);
	if (code == WG_OK && facts.sample && !c->samples)
		code =
			wg_err_set(err, WG_CONFIG,
		               "%s is a sample made by certs-example/make: use a certificate of your own, or, for a trial, add "
		               "<samples allowed=\"true\"/>",
		               pair->certificate);
	if (code == WG_OK && !(server ? facts.server_auth : facts.client_auth))
		code = wg_err_set(err, WG_CONFIG, "%s is not a certificate for a TLS %s (extended key usage)",
		                  pair->certificate, server ? "server" : "client");
	wg_cert_freep(&cert);
	wg_key_freep(&key);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", what);
}

static bool admit_nobody(void *arg, const struct wg_cert_facts *client)
{
	(void)arg, (void)client; /* the context is made and thrown away */
	return false;
}

/* The context that the role will make of the same files: the anchors of the other side are read here too. */
static enum wg_code check_context(const char *what, const struct wg_pair *pair, const char *ca, const char *crl,
                                  bool server, struct wg_err *err)
{
	struct ssl_ctx_st *context = NULL;
	bool have = pair->certificate[0] != '\0';
	struct wg_tls tls = { .certificate = have ? pair->certificate : NULL,
		                  .key = have ? pair->key : NULL,
		                  .ca = ca,
		                  .crl = crl != NULL && crl[0] != '\0' ? crl : NULL };
	if (ca[0] == '\0')
		return WG_OK; /* not configured */
	enum wg_code code =
		server ? wg_tls_server(&tls, admit_nobody, NULL, &context, err) : wg_tls_client(&tls, &context, err);
	wg_tls_freep(&context);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", what);
}

static enum wg_code check_connections(const struct wg_config *c, struct wg_buf *out, struct wg_err *err)
{
	enum wg_code code = check_tls(c, "intake https", &c->https_in.tls, true, err);
	if (code == WG_OK)
		code = check_context("intake https", &c->https_in.tls, c->https_in.client_ca, c->https_in.crl, true, err);
	if (code == WG_OK)
		code = check_tls(c, "deliver mail", &c->mail_out.tls, false, err);
	if (code == WG_OK)
		code = check_context("deliver mail", &c->mail_out.tls, c->mail_out.ca, c->mail_out.crl, false, err);
	if (code == WG_OK)
		code = check_tls(c, "deliver https", &c->https_out.tls, false, err);
	if (code == WG_OK)
		code = check_context("deliver https", &c->https_out.tls, c->https_out.ca, NULL, false, err);
	if (out != NULL && c->mail_out.port == SUBMISSIONS && c->mail_out.how == WG_CONFIG_STARTTLS)
		wg_buf_printf(out,
		              "warning: mail out: port %d speaks TLS from the first byte: add tls=\"implicit\" to <mail>\n",
		              SUBMISSIONS);
	if (code == WG_OK)
		code = wg_check_in(c, out, err);
	return code;
}

/* Whenever it is. */
static bool made_for_signing(const struct wg_keyring *ring)
{
	struct wg_cert_facts facts;
	struct wg_err ignored; /* one that cannot be read cannot sign */
	for (size_t i = 0; i < ring->count; i++)
		if (wg_cert_facts(ring->certs[i], &facts, &ignored) == WG_OK && facts.can_sign)
			return true;
	return false;
}

static enum wg_code check_keys(const struct wg_process *p, bool start, struct wg_err *err)
{
	struct wg_cert_facts facts;
	enum wg_code code = wg_cert_facts(p->storage_cert, &facts, err);
	if (code == WG_OK && !facts.can_encrypt)
		code =
			wg_err_set(err, WG_CONFIG, "%s: its key usage does not allow encryption", p->config->storage.certificate);
	size_t signer = 0;
	if (code == WG_OK && !(start && made_for_signing(&p->smime)))
		code = wg_keyring_signer(&p->smime, wg_clock_now(), &signer, err);
	return code;
}

/* A role that the policy does not know, and nearly knows: whoever it was meant for gets nothing. */
static void check_roles(const struct wg_process *p, const struct wg_organisation *o, struct wg_buf *out)
{
	char role[WG_LIMIT_NAME + 1], hint[WG_HINT];
	for (unsigned d = 0; d < o->desk_count; d++)
		for (const char *at = o->desks[d].roles; (at = wg_next_name(at, role)) != NULL;)
			if (!wg_policy_has_role(p->policy, role) &&
			    wg_hint(role, wg_policy_role_nearest(p->policy, role), hint)[0] != '\0')
				wg_buf_printf(out, "warning: desk %s/%s has the role \"%s\", which the policy does not know%s\n", o->id,
				              o->desks[d].name, role, hint);
}

/* Recipients that could not be reached are warnings: the others are still served. */
static void check_desks(const struct wg_process *p, struct wg_buf *out)
{
	const struct wg_organisation *self = wg_directory_find(p->directory, p->config->organisation);
	const struct wg_desk *ops = self != NULL ? wg_organisation_role(self, WG_CONFIRM_ROLE_OPERATOR) : NULL;
	if (out != NULL && (ops == NULL || ops->suspended))
		wg_buf_printf(out,
		              "note: no desk of %s has the role operator: nobody is told of alerts, nor at last that a notice "
		              "is not confirmed\n",
		              p->config->organisation);
	for (unsigned i = 0; out != NULL && i < wg_directory_count(p->directory); i++)
		check_roles(p, wg_directory_at(p->directory, i), out);
	for (unsigned i = 0; i < p->cert_count; i++) {
		const struct wg_desk *desk = p->certs[i].desk;
		const char *lacks = NULL;
		if (desk->channel == WG_CHANNEL_MAIL && p->config->mail_out.port == 0)
			lacks = "is written to by mail, but <deliver> has no <mail>";
		if (desk->channel == WG_CHANNEL_HTTPS && p->config->https_out.tls.certificate[0] == '\0')
			lacks = "is reached by https, but <deliver> has no <https>";
		if (out != NULL && lacks != NULL)
			wg_buf_printf(out, "warning: desk %s/%s %s\n", p->certs[i].organisation->id, desk->name, lacks);
	}
}

/* Every certificate that there is, as `wardgate cert status` tells of them. */
static enum wg_code check_certificates(const struct wg_process *p, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_cert_item *items = NULL;
	unsigned count = 0;
	enum wg_code code = wg_certs_list(p->config, p->directory, wg_clock_now(), true, &items, &count, err);
	for (unsigned i = 0; code == WG_OK && out != NULL && i < count; i++)
		if (items[i].level != WG_CERT_LEVEL_OK)
			wg_buf_printf(out, "warning: %s%s%s %s: %s\n", items[i].what, items[i].whose[0] != '\0' ? " " : "",
			              items[i].whose, items[i].file, items[i].words);
	return code;
}

/* What a reader of the policy would overlook. No warnings: a region seldom needs every rule of the nation's layer, so
 * that they are many, and would hide what is said of this machine. */
static enum wg_code check_policy(const struct wg_process *p, struct wg_buf *out, struct wg_err *err)
{
	char now[WG_CLOCK_TEXT];
	unsigned count = 0;
	WG_AUTO_BUF struct wg_buf found = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_policy_conflicts(p->policy, p->directory, p->schema, wg_clock_format(wg_clock_now(), now),
	                                        &found, &count, err);
	if (code == WG_OK && out != NULL && count > 0)
		wg_buf_printf(out,
		              "note: policy: %u to look at, such as roles that no desk has and rules without a route: wardgate "
		              "policy check lists them\n",
		              count);
	return code;
}

enum wg_code wg_check(const char *config_file, bool start, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_process p;
	enum wg_code code = wg_config_load(config_file, &config, err);
	if (code != WG_OK)
		return code;
	wg_admin_time(config);
	code = wg_process_load(config, &p, err);
	if (code == WG_OK)
		code = check_keys(&p, start, err);
	if (code == WG_OK)
		code = check_connections(config, out, err);
	for (unsigned i = 0; code == WG_OK && i < config->drop_count; i++)
		if (wg_directory_find(p.directory, config->drops[i].organisation) == NULL)
			code = wg_err_set(err, WG_CONFIG, "%s: drop folder %s submits as \"%s\", which is not in the directory",
			                  config->file, config->drops[i].folder, config->drops[i].organisation);
	if (code == WG_OK)
		code = check_policy(&p, out, err);
	if (code == WG_OK) {
		check_desks(&p, out);
		code = check_certificates(&p, out, err);
	}
	if (code == WG_OK && out != NULL) {
		wg_config_print(config, out);
		wg_buf_printf(out, "maps          %zu, in %s\n", wg_maps_count(p.maps), config->paths.maps);
	}
	wg_process_free(&p);
	return code;
}
