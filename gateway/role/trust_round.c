/* trust_round.c owns the asking about revoked certificates: who, when, what is kept, what goes.
 * SECURITY: an answer is admitted before it is written (crypto/revocation.h), and judged again each time it is read. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "channel/revocation.h"
#include "role/desk_certs.h"
#include "role/peers.h"
#include "role/trust.h"
#include "sys/file.h"

/* Of all certificates: some 1,000 partners with a list and a responder each, and the machines of each. */
#define SOURCES_MAX 8192
/* An OCSP answer has one or two KB, with the certificates of its signer some more. */
#define OCSP_MAX ((size_t)64 * 1024)

struct round {
	const struct wg_config *config;
	struct wg_trust_set *anchors;
	int64_t now;
	bool force;
	char folder[WG_PATH_TEXT];
	wg_revocation_told *told;
	void *arg;
	char (*files)[80]; /* names of what was asked for or is good yet, each once */
	unsigned file_count, kept;
};

static bool asked_already(const struct round *r, const char *file)
{
	for (unsigned i = 0; i < r->file_count; i++)
		if (strcmp(r->files[i], file) == 0)
			return true;
	return false;
}

/* When it was made, and whether it has to be asked for anew. */
static bool is_due(const struct round *r, const char *path, int64_t *made)
{
	WG_AUTO_BUF struct wg_buf held = WG_BUF(WG_REVOCATION_FILE_MAX);
	struct wg_revocation_times times;
	struct stat st;
	int64_t every = (int64_t)r->config->monitor.revocation_s * 1000;
	*made = INT64_MIN;
	if (stat(path, &st) != 0 || wg_file_read(path, &held, NULL) != WG_OK ||
	    wg_revocation_file_times(held.data, held.len, &times, NULL) != WG_OK)
		return true;
	*made = times.made;
	int64_t written = (int64_t)st.st_mtim.tv_sec * 1000;
	return r->force || r->now - written >= every || written > r->now || times.next - r->now < every;
}

static enum wg_code fetch(const struct round *r, const struct wg_trust *trust, const struct wg_cert *cert,
                          const struct wg_revocation_source *s, struct wg_buf *out, struct wg_revocation_times *times,
                          struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf request = WG_BUF(4096), answer = WG_BUF(s->ocsp ? OCSP_MAX : WG_REVOCATION_FILE_MAX);
	enum wg_code code = s->ocsp ? wg_revocation_request(trust, cert, s, &request, err) : WG_OK;
	struct wg_revocation_fetch what = {
		.url = s->url,
		.request = s->ocsp ? request.data : NULL,
		.request_len = request.len,
		.private_addresses = r->config->monitor.private_addresses,
	};
	if (code == WG_OK)
		code = wg_revocation_fetch(&what, &answer, err);
	if (code == WG_OK)
		code = wg_revocation_admit(trust, cert, s, request.data, request.len, answer.data, answer.len, r->now, out,
		                           times, err);
	return code;
}

/* One source: fetched when due, kept when it is not older than what is held. */
static enum wg_code ask(struct round *r, const struct wg_trust *trust, const struct wg_cert *cert, const char *name,
                        const struct wg_revocation_source *s, struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	struct wg_err fault = { 0 };
	struct wg_revocation_times times;
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(WG_REVOCATION_FILE_MAX);
	int64_t made;
	if (asked_already(r, s->file) || r->file_count >= SOURCES_MAX)
		return WG_OK;
	memcpy(r->files[r->file_count++], s->file, sizeof s->file);
	enum wg_code code = wg_path_join(r->folder, s->file, path, err);
	if (code != WG_OK || !is_due(r, path, &made))
		return code;
	enum wg_code got = fetch(r, trust, cert, s, &answer, &times, &fault);
	if (got == WG_OK && times.made < made)
		got = wg_err_set(&fault, WG_CRYPTO, "the answer is older than the one that is held");
	if (got == WG_OK) {
		/* readable by the other roles, which may have users of their own: nothing in it is secret */
		code = wg_file_write(path, answer.data, answer.len, 0644, err);
		r->kept += code == WG_OK;
	}
	if (code == WG_OK && r->told != NULL)
		r->told(r->arg, s->url, name, got, fault.text);
	return code;
}

/* *leads: it is there, and there is a chain from it to the anchors; who else has nobody to ask. */
static enum wg_code ask_all(struct round *r, const struct wg_trust *trust, const char *path, bool *leads,
                            struct wg_err *err)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_revocation_source sources[WG_REVOCATION_SOURCES_MAX];
	unsigned count = 0;
	enum wg_code code = WG_OK;
	*leads = trust != NULL && wg_cert_load(path, &cert, NULL) == WG_OK &&
	         wg_revocation_sources(trust, cert, sources, &count, NULL) == WG_OK;
	for (unsigned i = 0; code == WG_OK && *leads && i < count; i++)
		code = ask(r, trust, cert, path, &sources[i], err);
	return code;
}

/* One that is not there or leads nowhere is told by `wardgate cert status`. */
static enum wg_code ask_about(struct round *r, const char *organisation, const char *path, struct wg_err *err)
{
	bool leads;
	return ask_all(r, wg_trust_set_of(r->anchors, organisation), path, &leads, err);
}

static enum wg_code ask_organisation(struct round *r, const struct wg_organisation *o, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned k = 0; code == WG_OK && k < o->signer_count; k++)
		code = ask_about(r, o->id, o->signers[k], err);
	for (unsigned d = 0; code == WG_OK && d < o->desk_count; d++)
		for (unsigned k = 0; code == WG_OK && k < o->desks[d].certificate_count; k++)
			code = ask_about(r, o->id, o->desks[d].certificates[k], err);
	return code;
}

/* ---- what was seen */

/* The anchors of the last place that was asked for: most are the same file. */
struct anchors {
	const char *path;
	struct wg_trust *trust;
};

static const struct wg_trust *anchors_of(struct anchors *held, const char *path)
{
	if (path == NULL || (held->path != NULL && strcmp(path, held->path) == 0))
		return path != NULL ? held->trust : NULL;
	wg_trust_freep(&held->trust);
	held->path = path;
	return wg_trust_load(path, NULL, &held->trust, NULL) == WG_OK ? held->trust : NULL;
}

/* One chain; it is thrown away when it was not met for long, or leads nowhere: then it was never verified, or its
 * anchor is not ours any more. */
static enum wg_code ask_peer(struct round *r, const struct wg_directory *directory, const struct wg_peer_file *file,
                             const char *folder, struct anchors *held, struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	enum wg_revocation_need need = WG_NEED_NOTHING;
	const struct wg_trust *trust = anchors_of(held, wg_peer_anchors(r->config, directory, &file->place, &need));
	bool leads = false, over = r->now - file->seen_at > WG_PEER_KEEP_MS;
	enum wg_code code = wg_path_join(folder, file->name, path, err);
	if (code == WG_OK && !over && need != WG_NEED_NOTHING)
		code = ask_all(r, trust, path, &leads, err);
	return code == WG_OK && !leads ? wg_file_remove(path, err) : code;
}

static enum wg_code ask_peers(struct round *r, const struct wg_directory *directory, struct wg_err *err)
{
	char folder[WG_PATH_TEXT];
	WG_AUTO_FREE struct wg_peer_file *files = NULL;
	struct anchors held = { 0 };
	unsigned count = 0;
	enum wg_code code = wg_peers_folder(r->config, folder, err);
	if (code == WG_OK)
		code = wg_peers_list(r->config, r->now, &files, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = ask_peer(r, directory, &files[i], folder, &held, err);
	wg_trust_freep(&held.trust);
	return code;
}

/* What no certificate names any more: a list of a partner who has left must not lie there for ever. */
static enum wg_code tidy(const struct round *r, struct wg_err *err)
{
	DIR *folder = opendir(r->folder);
	enum wg_code code = WG_OK;
	if (folder == NULL)
		return wg_err_errno(err, "%s", r->folder);
	for (const struct dirent *e; code == WG_OK && (e = readdir(folder)) != NULL;) {
		char path[WG_PATH_TEXT];
		if ((strncmp(e->d_name, "crl-", 4) != 0 && strncmp(e->d_name, "ocsp-", 5) != 0) || asked_already(r, e->d_name))
			continue;
		code = wg_path_join(r->folder, e->d_name, path, err);
		if (code == WG_OK)
			code = wg_file_remove(path, err);
	}
	(void)closedir(folder); /* it was only read */
	return code;
}

enum wg_code wg_revocation_round(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                                 bool force, wg_revocation_told *told, void *arg, unsigned *kept, struct wg_err *err)
{
	struct round r = { .config = config, .now = now, .force = force, .told = told, .arg = arg };
	enum wg_code code = wg_trust_folder(config, r.folder, err);
	if (code == WG_OK)
		code = wg_file_mkdir(r.folder, err);
	if (code == WG_OK)
		code = wg_anchors_load(directory, config->smime_ca, &r.anchors, err);
	if (code == WG_OK && (r.files = calloc(SOURCES_MAX, sizeof *r.files)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for what is asked");
	for (unsigned i = 0; code == WG_OK && i < wg_directory_count(directory); i++)
		code = ask_organisation(&r, wg_directory_at(directory, i), err);
	for (unsigned i = 0; code == WG_OK && i < config->smime_count; i++)
		code = ask_about(&r, config->organisation, config->smimes[i].certificate, err);
	if (code == WG_OK)
		code = ask_peers(&r, directory, err);
	if (code == WG_OK)
		code = tidy(&r, err);
	if (code == WG_OK)
		*kept = r.kept;
	free(r.files);
	wg_trust_set_freep(&r.anchors);
	return code;
}
