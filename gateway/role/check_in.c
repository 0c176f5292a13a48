/* check_in.c owns what can be said of mail in before the intake role meets it. */
#include "role/check_in.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/tls.h"
#include "role/mailbox.h"

static enum wg_code check_secret(const struct wg_config *c, const struct wg_mailbox_box *box, const char *secret,
                                 struct wg_buf *out, struct wg_err *err)
{
	struct stat st;
	char folder[WG_PATH_TEXT];
	if (stat(secret, &st) != 0 || access(secret, R_OK) != 0) {
		(void)wg_err_errno(err, "secret %s", secret);
		return err->code = WG_CONFIG;
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return wg_err_set(err, WG_CONFIG, "secret %s is empty, or no file: write the password or token into it",
		                  secret);
	if ((st.st_mode & 077) != 0)
		return wg_err_set(err, WG_CONFIG, "secret %s can be read by others: chmod 600 it", secret);
	wg_mailbox_secret_folder(c, box, secret, folder);
	if (folder[0] == '\0' && out != NULL)
		wg_buf_printf(
			out,
			"warning: %s: secret %s lies beside keys of this gateway, so the process that polls may not "
			"look into that folder: after renaming a new one over it reload the gateway, or move it to a folder "
			"of its own\n",
			box->imap != NULL ? "intake imap" : "mesh", secret);
	return WG_OK;
}

static enum wg_code check_mailbox(const struct wg_config *c, const struct wg_mailbox_box *box, struct wg_buf *out,
                                  struct wg_err *err)
{
	struct wg_tls tls = { .ca = box->imap != NULL ? box->imap->ca : c->mesh.ca };
	const char *files[WG_MAILBOX_FILES];
	unsigned count = wg_mailbox_files(box, files);
	if (box->imap == NULL) {
		tls.certificate = c->mesh.tls.certificate;
		tls.key = c->mesh.tls.key;
	}
	struct ssl_ctx_st *context = NULL;
	enum wg_code code = wg_tls_client(&tls, &context, err);
	wg_tls_freep(&context);
	/* of MESH the first two are the pair that was just tried */
	for (unsigned i = box->imap != NULL ? 0 : 2; code == WG_OK && i < count; i++)
		code = check_secret(c, box, files[i], out, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s %s", box->imap != NULL ? "intake imap" : "mesh", box->host);
}

static enum wg_code check_lmtp(const char *path, struct wg_err *err)
{
	struct sockaddr_un at;
	struct stat st;
	char folder[WG_PATH_TEXT];
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL && slash > path ? (size_t)(slash - path) : 1;
	memcpy(folder, path, n); /* absolute: it was resolved */
	folder[n] = '\0';
	if (strlen(path) >= sizeof at.sun_path)
		return wg_err_set(err, WG_CONFIG, "intake lmtp: %s: the path of a socket has at most %zu bytes", path,
		                  sizeof at.sun_path - 1);
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
		return wg_err_set(err, WG_CONFIG, "intake lmtp: there is no folder %s to put the socket in", folder);
	if (access(folder, W_OK) != 0)
		return wg_err_set(err, WG_CONFIG, "intake lmtp: nothing can be made in %s", folder);
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return wg_err_set(err, WG_CONFIG,
		                  "intake lmtp: %s is there and is no socket: move it away, or name another path", path);
	return WG_OK;
}

enum wg_code wg_check_in(const struct wg_config *c, struct wg_buf *out, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < wg_mailbox_count(c); i++) {
		const struct wg_mailbox_box box = wg_mailbox_at(c, i);
		code = check_mailbox(c, &box, out, err);
	}
	if (code == WG_OK && c->lmtp[0] != '\0')
		code = check_lmtp(c->lmtp, err);
	return code;
}
