/* why_not.c owns the walk through all that has to hold for one desk to be reached. */
#include "role/why_not.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "channel/probe.h"
#include "role/certs.h"
#include "role/courier.h"
#include "role/desk_certs.h"
#include "role/trust.h"

void wg_why_add(struct wg_why *why, enum wg_why_state state, const char *what, const char *words, const char *todo)
{
	if (why->count >= WG_WHY_MAX)
		return;
	struct wg_why_step *step = &why->steps[why->count++];
	step->state = state;
	(void)snprintf(step->what, sizeof step->what, "%.47s", what);     /* cut: words */
	(void)snprintf(step->words, sizeof step->words, "%.399s", words); /* cut: words */
	(void)snprintf(step->todo, sizeof step->todo, "%.199s", todo);    /* cut: words */
}

/* ---- the directory and the channel */

static void look_at_desk(const struct wg_config *c, const struct wg_desk *desk, struct wg_why *why)
{
	if (desk->suspended)
		wg_why_add(why, WG_WHY_BAD, "directory", "the desk is suspended: nothing is sent there",
		           "take suspended=\"true\" away from it in the directory, when it may be reached again");
	else
		wg_why_add(why, WG_WHY_GOOD, "directory", "the desk is there, and not suspended", "");
	switch (desk->channel) {
	case WG_CHANNEL_MAIL:
		if (c->mail_out.port == 0)
			wg_why_add(why, WG_WHY_BAD, "channel", "it is written to by mail, and <deliver> has no <mail>",
			           "add <mail> to <deliver> in the configuration");
		else
			wg_why_add(why, WG_WHY_GOOD, "channel",
			           c->mail_out.direct ? "by mail, to the servers of its domain" : "by mail, through the smarthost",
			           "");
		break;
	case WG_CHANNEL_HTTPS:
		if (c->https_out.tls.certificate[0] == '\0')
			wg_why_add(why, WG_WHY_BAD, "channel", "it is reached by HTTPS, and <deliver> has no <https>",
			           "add <https> to <deliver> in the configuration");
		else
			wg_why_add(why, WG_WHY_GOOD, "channel", "by HTTPS", "");
		break;
	case WG_CHANNEL_PULL:
		if (c->https_in.port == 0)
			wg_why_add(why, WG_WHY_BAD, "channel",
			           "it fetches what is for it, and <intake> has no <https> where it could",
			           "add <https> to <intake> in the configuration");
		else
			wg_why_add(why, WG_WHY_GOOD, "channel", "it fetches what is for it", "");
		break;
	case WG_CHANNEL_MESH:
		if (c->mesh.mailbox[0] == '\0')
			wg_why_add(why, WG_WHY_BAD, "channel", "it is reached by MESH, and the configuration has no <mesh>",
			           "add <mesh> to the configuration");
		else
			wg_why_add(why, WG_WHY_GOOD, "channel", "by MESH", "");
		break;
	}
}

/* ---- its certificates */

static const char *todo_of(const struct wg_cert_judgement *j)
{
	switch (j->fault) {
	case WG_CERT_FINE:
		return j->doubt ? "wardgate cert fetch asks the authority now, and says why it does not answer" : "";
	case WG_CERT_USE:
	case WG_CERT_EXPIRED:
	case WG_CERT_REVOKED:
		return "ask the partner for the certificate that is used now, and put it into the directory";
	case WG_CERT_ADDRESS:
		return "ask the partner for the certificate of this mailbox, or correct address= of the desk";
	case WG_CERT_EARLY:
		return "nothing: it is used from then on";
	case WG_CERT_CHAIN:
		return "put the authority into <trust ca=\"FILE\"/> of the organisation if it is the right one, or the missing "
			   "intermediate behind the certificate in its file";
	case WG_CERT_UNKNOWN:
		return "wardgate cert fetch asks the authority now, and says why it does not answer";
	}
	return "";
}

static void look_at_certificates(const struct wg_held *held, const struct wg_desk_cert *c, int64_t now,
                                 struct wg_why *why)
{
	unsigned good = 0, first = why->count;
	for (unsigned k = 0; k < c->count; k++) {
		struct wg_cert_judgement j;
		char what[64];
		const char *slash = strrchr(c->desk->certificates[k], '/');
		wg_desk_cert_judge(held, c, k, now, &j);
		good += j.fault == WG_CERT_FINE;
		(void)snprintf(what, sizeof what, "certificate %.40s",
		               slash != NULL ? slash + 1 : c->desk->certificates[k]); /* cut: words */
		wg_why_add(why,
		           j.fault != WG_CERT_FINE ? WG_WHY_BAD
		           : j.doubt               ? WG_WHY_NOTE
		                                   : WG_WHY_GOOD,
		           what, j.words[0] != '\0' ? j.words : "it can be encrypted to", todo_of(&j));
	}
	/* one that is good is enough: what is wrong with the others stops nothing */
	for (unsigned i = first; good > 0 && i < why->count; i++)
		if (why->steps[i].state == WG_WHY_BAD)
			why->steps[i].state = WG_WHY_NOTE;
	if (c->count == 0 && c->desk->format == WG_FORMAT_SEALED)
		wg_why_add(why, WG_WHY_BAD, "certificate", "none is recorded for the desk",
		           "ask the partner for it, and put it into certificate= of the desk");
}

/* ---- our own side */

/* Items of wg_certs_list that concern us: what signs, and what we show where we connect to. */
static enum wg_code look_at_own(const struct wg_config *c, const struct wg_directory *directory, int64_t now,
                                const struct wg_desk *desk, struct wg_why *why, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_cert_item *items = NULL;
	unsigned count = 0;
	static const char *const tls[] = { [WG_CHANNEL_MAIL] = "mail out",
		                               [WG_CHANNEL_HTTPS] = "https out",
		                               [WG_CHANNEL_PULL] = "intake https",
		                               [WG_CHANNEL_MESH] = "mesh" };
	enum wg_code code = wg_certs_list(c, directory, now, true, &items, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		const struct wg_cert_item *item = &items[i];
		char what[64];
		bool signs = strcmp(item->what, "smime") == 0;
		if (!signs && strcmp(item->what, tls[desk->channel]) != 0)
			continue;
		(void)snprintf(what, sizeof what, "our own: %s", item->what); /* fits */
		if (item->level == WG_CERT_LEVEL_OK)
			wg_why_add(why, WG_WHY_GOOD, what, item->used ? "it is in order" : "it is not used now", "");
		else
			wg_why_add(why, item->level == WG_CERT_LEVEL_BROKEN ? WG_WHY_BAD : WG_WHY_NOTE, what, item->words,
			           "wardgate cert status shows all of ours");
	}
	return code;
}

static void look_online(const struct wg_config *c, const struct wg_organisation *o, const struct wg_desk *desk,
                        struct wg_why *why)
{
	const struct wg_pair *pair = desk->channel == WG_CHANNEL_MAIL ? &c->mail_out.tls : &c->https_out.tls;
	bool have = pair->certificate[0] != '\0';
	struct wg_err err = { 0 };
	char url[600], words[256];
	if (desk->channel == WG_CHANNEL_MAIL && c->mail_out.port != 0 && !c->mail_out.direct)
		(void)snprintf(url, sizeof url, "%s://%s:%u", c->mail_out.how == WG_CONFIG_IMPLICIT ? "smtps" : "smtp",
		               c->mail_out.host, c->mail_out.port); /* fits */
	else if (desk->channel == WG_CHANNEL_HTTPS && c->https_out.tls.certificate[0] != '\0')
		(void)snprintf(url, sizeof url, "%s", desk->url); /* fits */
	else {
		wg_why_add(why, WG_WHY_NOTE, "connection", "there is no one server to try for this desk", "");
		return;
	}
	struct wg_peer_watch watch;
	struct wg_tls tls = { .certificate = have ? pair->certificate : NULL,
		                  .key = have ? pair->key : NULL,
		                  .ca = c->mail_out.ca,
		                  .crl = c->mail_out.crl[0] != '\0' ? c->mail_out.crl : NULL,
		                  .peer = &watch.peer };
	if (desk->channel == WG_CHANNEL_HTTPS)
		tls = wg_courier_https_tls(c, o, url, &watch);
	else
		wg_peer_watch(&watch, c, NULL, WG_PEER_MAIL, c->mail_out.host);
	watch.peer.told = NULL; /* it is a look: nothing is written down */
	if (wg_probe(url, &tls, &err) == WG_OK)
		wg_why_add(why, WG_WHY_GOOD, "connection", "its server answers, and its certificate is verified", "");
	else {
		(void)snprintf(words, sizeof words, "%.250s", err.text); /* cut: words */
		wg_why_add(why, WG_WHY_BAD, "connection", words,
		           err.code == WG_CRYPTO
		               ? "ask who runs the server: its name, its certificate, or ca= here is not right"
		               : "see whether the server runs and can be reached from here");
	}
}

enum wg_code wg_why_not(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                        const struct wg_organisation *organisation, const struct wg_desk *desk, struct wg_why *why,
                        struct wg_err *err)
{
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *anchors = NULL;
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *revocations = NULL;
	struct wg_desk_cert *certs = NULL;
	unsigned count = 0;
	look_at_desk(config, desk, why);
	enum wg_code code = wg_anchors_load(directory, config->smime_ca, &anchors, err);
	if (code == WG_OK)
		code = wg_trust_revocations(config, directory, &revocations, NULL, err);
	if (code == WG_OK)
		code = wg_desk_certs_load(directory, &certs, &count, err);
	const struct wg_held held = { .anchors = anchors, .revocations = revocations };
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		if (certs[i].organisation == organisation && certs[i].desk == desk)
			look_at_certificates(&held, &certs[i], now, why);
	wg_desk_certs_free(certs, count);
	if (code == WG_OK)
		code = look_at_own(config, directory, now, desk, why, err);
	if (code == WG_OK && why->online)
		look_online(config, organisation, desk, why);
	return code;
}
