/* certs_peers.c owns the part of the list of certificates that is in no file of an operator's: what was seen on TLS
 * connections. Only whether it was revoked is told of it: when it ends is for its owner to watch. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "role/certs_internal.h"
#include "role/peers.h"

struct seen {
	const char *folder;
	const char *path; /* of the anchors that are held */
	struct wg_trust *trust;
};

static const char *what_of(enum wg_peer_kind kind)
{
	static const char *const names[WG_PEER_KINDS] = { "https server", "mail server", "mesh server", "imap server",
		                                              "client" };
	return names[kind];
}

static const struct wg_trust *anchors_of(struct seen *s, const char *path)
{
	if (s->path != NULL && strcmp(path, s->path) == 0)
		return s->trust;
	wg_trust_freep(&s->trust);
	s->path = path;
	return wg_trust_load(path, NULL, &s->trust, NULL) == WG_OK ? s->trust : NULL;
}

static void say_of(struct wg_cert_item *item, const struct wg_cert_judgement *j, bool client)
{
	if (j->fault == WG_CERT_REVOKED)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "%s: %s until they replace it: ring them", j->words,
		             client ? "nothing is taken in over it" : "nothing goes there");
	else if (j->fault == WG_CERT_UNKNOWN)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN,
		             "%s: %s until somebody answers, since revocation is required: wardgate cert fetch says why not",
		             j->words, client ? "nothing is taken in over it" : "nothing goes there");
	else if (j->doubt)
		wg_certs_say(item, j->revocation == WG_REVOCATION_NOWHERE ? WG_CERT_LEVEL_OK : WG_CERT_LEVEL_WARNING, "%s",
		             j->words);
}

static void add_peer(struct wg_certs_list *l, struct seen *s, const struct wg_peer_file *file)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	struct wg_cert_judgement j;
	char path[WG_PATH_TEXT];
	bool client = file->place.kind == WG_PEER_CLIENT;
	enum wg_revocation_need need = WG_NEED_NOTHING;
	const char *ca = wg_peer_anchors(l->config, l->directory, &file->place, &need);
	if (ca == NULL || need == WG_NEED_NOTHING || wg_path_join(s->folder, file->name, path, NULL) != WG_OK ||
	    wg_cert_load(path, &cert, NULL) != WG_OK || wg_cert_facts(cert, &facts, NULL) != WG_OK)
		return;
	const struct wg_judge judge = { .trust = anchors_of(s, ca),
		                            .revocations = l->held.revocations,
		                            .need = need,
		                            .now = l->now,
		                            .purpose = client ? WG_PURPOSE_TLS_CLIENT : WG_PURPOSE_TLS_SERVER };
	wg_cert_judge(&judge, cert, &j);
	if (j.fault != WG_CERT_FINE && j.fault < WG_CERT_REVOKED)
		return; /* it is over, or leads nowhere: the next connection says more of it than we could */
	if (j.fault != WG_CERT_FINE && !file->last)
		return; /* another has taken its place; when it is met once more it is refused, and the last again */
	struct wg_cert_item *item = wg_certs_add(l, what_of(file->place.kind), file->place.organisation, path);
	if (item == NULL)
		return;
	wg_certs_fill(l, item, &facts);
	item->stage = -1;
	item->used = true;
	item->asked = true;
	item->revocation = j.revocation;
	say_of(item, &j, client);
}

void wg_certs_add_peers(struct wg_certs_list *l)
{
	char folder[WG_PATH_TEXT];
	WG_AUTO_FREE struct wg_peer_file *files = NULL;
	struct seen s = { .folder = folder };
	unsigned count = 0;
	if (l->code == WG_OK)
		l->code = wg_peers_folder(l->config, folder, l->err);
	if (l->code == WG_OK)
		l->code = wg_peers_list(l->config, l->now, &files, &count, l->err);
	for (unsigned i = 0; l->code == WG_OK && i < count; i++)
		if (files[i].current)
			add_peer(l, &s, &files[i]);
	wg_trust_freep(&s.trust);
}
