/* peers.c owns the folder of chains that were seen on TLS connections, and who is watched at which connection.
 * SECURITY: several roles write it, one of which meets strangers' servers: names are ours and checked when they are
 * read, content is a hint that its reader verifies. */
#include "role/peers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "role/trust.h"
#include "sys/file.h"

/* A chain that is met all the time is written down anew so often, which is how its reader knows that it is in use. */
#define AGAIN_MS ((int64_t)6 * 3600 * 1000)
#define REFUSED_AGAIN_MS ((int64_t)60 * 1000)
/* With AGAIN_MS and some hours of quiet: certificates that are in use side by side. */
#define CURRENT_MS ((int64_t)24 * 3600 * 1000)
/* Digits of a leaf's fingerprint in a name: 64 bits tell those of one place apart. */
#define LEAF_DIGITS 16

static const char *const kinds[WG_PEER_KINDS] = { "https", "mail", "mesh", "imap", "client" };

const char *wg_peer_kind_name(enum wg_peer_kind kind)
{
	return (unsigned)kind < WG_PEER_KINDS ? kinds[kind] : "";
}

enum wg_code wg_peers_folder(const struct wg_config *config, char out[WG_PATH_TEXT], struct wg_err *err)
{
	return wg_path_join(config->state, "seen", out, err);
}

enum wg_code wg_peers_prepare(const struct wg_config *config, struct wg_err *err)
{
	char folder[WG_PATH_TEXT];
	enum wg_code code = wg_trust_folder(config, folder, err);
	if (code == WG_OK)
		code = wg_file_mkdir(folder, err);
	if (code == WG_OK)
		code = wg_peers_folder(config, folder, err);
	return code == WG_OK ? wg_file_mkdir(folder, err) : code;
}

/* ---- names: KIND_ORGANISATION_HOST_LEAF.pem; none of the four has an underscore */

static void name_of(const struct wg_peer_place *place, const char *fingerprint, char out[160])
{
	(void)snprintf(out, 160, "%s_%s_%s_%.*s.pem", wg_peer_kind_name(place->kind), place->organisation, place->host,
	               LEAF_DIGITS, fingerprint); /* fits */
}

/* The next part of a name into out, which has size bytes; false when it is none. */
static bool next_part(const char **at, char end, const char *letters, char *out, size_t size)
{
	size_t n = strspn(*at, letters);
	if (n >= size || (*at)[n] != end)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + 1;
	return true;
}

static bool read_name(const char *name, struct wg_peer_place *out)
{
	static const char hex[] = "0123456789abcdef", names[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char kind[8], leaf[LEAF_DIGITS + 1];
	const char *at = name;
	*out = (struct wg_peer_place){ .kind = WG_PEER_HTTPS };
	if (!next_part(&at, '_', names, kind, sizeof kind) ||
	    !next_part(&at, '_', names, out->organisation, sizeof out->organisation) ||
	    !next_part(&at, '_', hex, out->host, sizeof out->host) || !next_part(&at, '.', hex, leaf, sizeof leaf) ||
	    strlen(leaf) != LEAF_DIGITS || strcmp(at, "pem") != 0)
		return false;
	for (unsigned k = 0; k < WG_PEER_KINDS; k++) {
		if (strcmp(kind, kinds[k]) != 0)
			continue;
		out->kind = (enum wg_peer_kind)k;
		return true;
	}
	return false;
}

/* Of a URL only its host and port: the path is another place of the same server. */
static void hash_host(const char *host, char out[WG_PEER_HOST])
{
	char hash[WG_HASH_TEXT];
	out[0] = '\0';
	if (host == NULL)
		return;
	const char *from = strstr(host, "://");
	from = from != NULL ? from + 3 : host;
	wg_sha256_hex(from, strcspn(from, "/?#"), hash);
	memcpy(out, hash, WG_PEER_HOST - 1);
	out[WG_PEER_HOST - 1] = '\0';
}

/* ---- at the connection */

static int64_t mtime_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static unsigned files_in(const char *folder)
{
	unsigned n = 0;
	DIR *dir = opendir(folder);
	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		(void)closedir(dir); /* it was only read */
	return n;
}

void wg_peer_note(const struct wg_peer_place *place, const char *seen, const char *pem, size_t len, bool refused)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	struct wg_err err = { 0 };
	struct stat st;
	char name[160], path[WG_PATH_TEXT];
	if (seen[0] == '\0' || wg_cert_parse(pem, len, &cert, NULL) != WG_OK || wg_cert_facts(cert, &facts, NULL) != WG_OK)
		return;
	name_of(place, facts.fingerprint, name);
	enum wg_code code = wg_path_join(seen, name, path, &err);
	bool there = code == WG_OK && stat(path, &st) == 0;
	int64_t age = there ? wg_clock_wall() - mtime_ms(&st) : 0;
	if (there && age >= 0 && age < (refused ? REFUSED_AGAIN_MS : AGAIN_MS))
		return;
	if (code == WG_OK && !there && files_in(seen) >= WG_PEER_SEEN_MAX)
		code = wg_err_set(&err, WG_LIMIT, "more than %d chains were seen: the monitor role clears away what is over",
		                  WG_PEER_SEEN_MAX);
	if (code == WG_OK)
		code = wg_file_write(path, pem, len, 0644, &err); /* read by the monitor, which may have a user of its own */
	if (code != WG_OK)
		wg_log_err(WG_LOG_WARNING, "peer-not-noted", &err, "place", wg_peer_kind_name(place->kind), "organisation",
		           place->organisation, NULL);
}

static void told(void *arg, const struct wg_peer_look *look)
{
	const struct wg_peer_watch *watch = arg;
	wg_peer_note(&watch->place, watch->seen, look->pem, look->len, look->fault != WG_CERT_FINE);
}

/* What is the organisation's own setting, where it has one; otherwise that of the place. */
static enum wg_revocation_need need_of(const struct wg_config *c, const struct wg_organisation *o,
                                       enum wg_peer_kind kind, const char host[WG_PEER_HOST])
{
	char hash[WG_PEER_HOST];
	if (o != NULL && (kind != WG_PEER_MAIL || o->trust_ca[0] != '\0'))
		return wg_trust_need(o);
	if (kind == WG_PEER_MESH)
		return wg_trust_need_of(c->mesh.revocation);
	for (unsigned i = 0; kind == WG_PEER_IMAP && i < c->imap_count; i++) {
		hash_host(c->imaps[i].host, hash);
		if (strcmp(hash, host) == 0)
			return wg_trust_need_of(c->imaps[i].revocation);
	}
	return wg_trust_need_of(c->mail_out.revocation);
}

void wg_peer_watch_whom(struct wg_peer_watch *watch, const struct wg_config *config,
                        const struct wg_organisation *organisation)
{
	unsigned lists = 0;
	watch->place.organisation[0] = '\0';
	if (organisation != NULL)
		memcpy(watch->place.organisation, organisation->id, sizeof watch->place.organisation);
	if (organisation != NULL && organisation->trust_crl[0] != '\0')
		watch->lists[lists++] = organisation->trust_crl;
	if (watch->place.kind == WG_PEER_CLIENT && config->https_in.crl[0] != '\0')
		watch->lists[lists++] = config->https_in.crl;
	watch->lists[lists] = NULL;
	watch->peer.need = need_of(config, organisation, watch->place.kind, watch->place.host);
}

void wg_peer_watch(struct wg_peer_watch *watch, const struct wg_config *config,
                   const struct wg_organisation *organisation, enum wg_peer_kind kind, const char *host)
{
	*watch = (struct wg_peer_watch){ .place = { .kind = kind } };
	hash_host(host, watch->place.host);
	/* both were joined before, when the role made them */
	if (wg_trust_folder(config, watch->held, NULL) != WG_OK)
		watch->held[0] = '\0';
	if (wg_peers_folder(config, watch->seen, NULL) != WG_OK)
		watch->seen[0] = '\0';
	watch->peer.held = watch->held[0] != '\0' ? watch->held : NULL;
	watch->peer.lists = watch->lists;
	watch->peer.told = told;
	watch->peer.arg = watch;
	wg_peer_watch_whom(watch, config, organisation);
}

/* ---- what was seen */

static bool same_place(const struct wg_peer_place *a, const struct wg_peer_place *b)
{
	return a->kind == b->kind && strcmp(a->organisation, b->organisation) == 0 && strcmp(a->host, b->host) == 0;
}

static void mark_current(struct wg_peer_file *files, unsigned count, int64_t now)
{
	for (unsigned i = 0; i < count; i++) {
		bool last = true;
		for (unsigned k = 0; k < count && last; k++)
			last = !same_place(&files[i].place, &files[k].place) || files[k].seen_at <= files[i].seen_at;
		files[i].last = last;
		files[i].current = last || now - files[i].seen_at < CURRENT_MS;
	}
}

enum wg_code wg_peers_list(const struct wg_config *config, int64_t now, struct wg_peer_file **out, unsigned *count,
                           struct wg_err *err)
{
	char folder[WG_PATH_TEXT], path[WG_PATH_TEXT];
	enum wg_code code = wg_peers_folder(config, folder, err);
	WG_AUTO_FREE struct wg_peer_file *files = code == WG_OK ? calloc(WG_PEER_SEEN_MAX, sizeof *files) : NULL;
	unsigned n = 0;
	if (code == WG_OK && files == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for the chains that were seen");
	DIR *dir = code == WG_OK ? opendir(folder) : NULL; /* not there: nothing was seen yet */
	for (const struct dirent *e; code == WG_OK && dir != NULL && n < WG_PEER_SEEN_MAX && (e = readdir(dir)) != NULL;) {
		struct wg_peer_file *file = &files[n];
		struct stat st;
		if (!read_name(e->d_name, &file->place) || wg_path_join(folder, e->d_name, path, NULL) != WG_OK ||
		    stat(path, &st) != 0)
			continue;
		(void)snprintf(file->name, sizeof file->name, "%.159s", e->d_name); /* fits: read_name bounds it */
		file->seen_at = mtime_ms(&st);
		n++;
	}
	if (dir != NULL)
		(void)closedir(dir); /* it was only read */
	if (code != WG_OK)
		return code;
	mark_current(files, n, now);
	*out = wg_steal(&files);
	*count = n;
	return WG_OK;
}

uint64_t wg_peers_stamp(const struct wg_config *config)
{
	char folder[WG_PATH_TEXT];
	struct stat st;
	if (wg_peers_folder(config, folder, NULL) != WG_OK || stat(folder, &st) != 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

static const char *or_null(const char *path)
{
	return path[0] != '\0' ? path : NULL;
}

static const char *imap_anchors(const struct wg_config *c, const struct wg_peer_place *place)
{
	char hash[WG_PEER_HOST];
	for (unsigned i = 0; i < c->imap_count; i++) {
		hash_host(c->imaps[i].host, hash);
		if (strcmp(hash, place->host) == 0)
			return or_null(c->imaps[i].ca);
	}
	return NULL;
}

const char *wg_peer_anchors(const struct wg_config *c, const struct wg_directory *directory,
                            const struct wg_peer_place *place, enum wg_revocation_need *need)
{
	const struct wg_organisation *o =
		place->organisation[0] != '\0' ? wg_directory_find(directory, place->organisation) : NULL;
	if (place->organisation[0] != '\0' && o == NULL)
		return NULL;
	*need = need_of(c, o, place->kind, place->host);
	switch (place->kind) {
	case WG_PEER_HTTPS:
		return or_null(o != NULL && o->trust_ca[0] != '\0' ? o->trust_ca : c->https_out.ca);
	case WG_PEER_MAIL:
		return or_null(c->mail_out.ca);
	case WG_PEER_MESH:
		return or_null(c->mesh.ca);
	case WG_PEER_IMAP:
		return imap_anchors(c, place);
	case WG_PEER_CLIENT:
		return or_null(c->https_in.client_ca);
	}
	return NULL;
}
