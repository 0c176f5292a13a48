/* trust.c owns the folder of lists and answers about revoked certificates, as it is read. */
#include "role/trust.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/file.h"

enum wg_code wg_trust_folder(const struct wg_config *config, char out[WG_PATH_TEXT], struct wg_err *err)
{
	return wg_path_join(config->state, "trust", out, err);
}

enum wg_revocation_need wg_trust_need(const struct wg_organisation *organisation)
{
	return wg_trust_need_of(organisation->revocation);
}

enum wg_revocation_need wg_trust_need_of(enum wg_revocation revocation)
{
	switch (revocation) {
	case WG_REVOCATION_REQUIRED:
		return WG_NEED_FRESH_ANSWER;
	case WG_REVOCATION_NONE:
		return WG_NEED_NOTHING;
	case WG_REVOCATION_OFFERED:
		break;
	}
	return WG_NEED_ANSWER_IF_ANY;
}

enum wg_code wg_trust_add(struct wg_revocations *r, const char *path, struct wg_buf *faults, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_REVOCATION_FILE_MAX);
	struct wg_err fault = { 0 };
	enum wg_code code = wg_file_read(path, &bytes, &fault);
	if (code == WG_OK)
		code = wg_revocations_add(r, bytes.data, bytes.len, &fault);
	if (code == WG_OK)
		return WG_OK;
	if (code == WG_SYSTEM) {
		*err = fault;
		return code;
	}
	if (faults != NULL)
		wg_buf_printf(faults, "%s: %s\n", path, fault.text);
	return WG_OK;
}

/* crl-HASH.der and ocsp-HASH.der, and nothing else that may lie there (a file being written, above all). */
static bool is_kept(const char *name)
{
	size_t len = strlen(name);
	return (strncmp(name, "crl-", 4) == 0 || strncmp(name, "ocsp-", 5) == 0) && len > 4 &&
	       strcmp(name + len - 4, ".der") == 0;
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder); /* it was only read */
}

static enum wg_code add_folder(struct wg_revocations *r, const char *path, struct wg_buf *faults, struct wg_err *err)
{
	__attribute__((cleanup(close_folder))) DIR *folder = opendir(path);
	enum wg_code code = WG_OK;
	if (folder == NULL)
		return WG_OK; /* nothing was fetched yet */
	for (const struct dirent *e; code == WG_OK && (e = readdir(folder)) != NULL;) {
		char file[WG_PATH_TEXT];
		if (!is_kept(e->d_name))
			continue;
		code = wg_path_join(path, e->d_name, file, err);
		if (code == WG_OK)
			code = wg_trust_add(r, file, faults, err);
	}
	return code;
}

enum wg_code wg_trust_revocations(const struct wg_config *config, const struct wg_directory *directory,
                                  struct wg_revocations **out, struct wg_buf *faults, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *r = NULL;
	char folder[WG_PATH_TEXT];
	enum wg_code code = wg_trust_folder(config, folder, err);
	if (code == WG_OK)
		code = wg_revocations_new(&r, err);
	if (code == WG_OK)
		code = add_folder(r, folder, faults, err);
	if (code == WG_OK && config->smime_crl[0] != '\0')
		code = wg_trust_add(r, config->smime_crl, faults, err);
	for (unsigned i = 0; code == WG_OK && i < wg_directory_count(directory); i++)
		if (wg_directory_at(directory, i)->trust_crl[0] != '\0')
			code = wg_trust_add(r, wg_directory_at(directory, i)->trust_crl, faults, err);
	if (code == WG_OK)
		*out = wg_steal(&r);
	return code;
}

uint64_t wg_trust_stamp(const struct wg_config *config)
{
	char folder[WG_PATH_TEXT];
	struct stat st;
	struct wg_err err;
	/* every file in it is renamed into place, which touches the folder */
	if (wg_trust_folder(config, folder, &err) != WG_OK || stat(folder, &st) != 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}
