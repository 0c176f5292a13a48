/* mailbox_box.c owns which mailboxes there are, and which files and folders their pollers may look into. */
#include <string.h>

#include "base/mem.h"
#include "crypto/hsm.h"
#include "role/mailbox.h"

unsigned wg_mailbox_count(const struct wg_config *c)
{
	return c->imap_count + (c->mesh.mailbox[0] != '\0');
}

struct wg_mailbox_box wg_mailbox_at(const struct wg_config *c, unsigned at)
{
	if (at < c->imap_count) {
		const struct wg_imap *b = &c->imaps[at];
		return (
			struct wg_mailbox_box){ .way = "imap", .host = b->host, .user = b->user, .poll_s = b->poll_s, .imap = b };
	}
	return (struct wg_mailbox_box){
		.way = "mesh", .host = c->mesh.url, .user = c->mesh.mailbox, .poll_s = c->mesh.poll_s, .mesh = c
	};
}

unsigned wg_mailbox_files(const struct wg_mailbox_box *box, const char *files[WG_MAILBOX_FILES])
{
	if (box->imap != NULL) {
		files[0] = box->imap->secret;
		return 1;
	}
	files[0] = box->mesh->mesh.tls.certificate;
	files[1] = wg_hsm_named(box->mesh->mesh.tls.key) ? box->mesh->hsm.pin : box->mesh->mesh.tls.key;
	files[2] = box->mesh->mesh.password;
	files[3] = box->mesh->mesh.shared_key;
	return 4;
}

/* ---- where they may be looked for */

static void folder_of(const char *path, char out[WG_PATH_TEXT])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;
	memcpy(out, path, n);
	out[n] = '\0';
}

/* Something lies in the folder, or deeper. */
static bool holds(const char *folder, size_t len, const char *path)
{
	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

void wg_mailbox_secret_folder(const struct wg_config *c, const struct wg_mailbox_box *box, const char *file,
                              char out[WG_PATH_TEXT])
{
	const char *const keys[] = { c->storage.key,      c->smimes[0].key,       c->lookup_key,
		                         c->https_in.tls.key, c->acknowledge.tls.key, c->mail_out.tls.key,
		                         c->mail_out.secret,  c->https_out.tls.key,   c->hsm.pin };
	const char *const mesh[] = { c->mesh.tls.key, c->mesh.password, c->mesh.shared_key };
	folder_of(file, out);
	size_t len = strlen(out);
	/* of the state folder too, whatever lies below it */
	bool shared = len == 0 || (strncmp(c->state, out, len) == 0 && (c->state[len] == '/' || c->state[len] == '\0'));
	for (size_t i = 0; i < WG_COUNT(keys); i++)
		shared = shared || holds(out, len, keys[i]);
	for (unsigned i = 1; i < c->smime_count; i++)
		shared = shared || holds(out, len, c->smimes[i].key);
	for (size_t i = 0; box->imap != NULL && i < WG_COUNT(mesh); i++)
		shared = shared || holds(out, len, mesh[i]);
	for (unsigned i = 0; box->imap == NULL && i < c->imap_count; i++)
		shared = shared || holds(out, len, c->imaps[i].secret);
	if (shared)
		out[0] = '\0';
}
