/* paths.c owns the finding of the gateway's own files. */
#include "role/paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum wg_code wg_path_join(const char *folder, const char *name, char out[WG_PATH_TEXT], struct wg_err *err)
{
	int n = snprintf(out, WG_PATH_TEXT, "%s/%s", folder, name);
	if (n < 0 || n >= WG_PATH_TEXT)
		return wg_err_set(err, WG_LIMIT, "path too long: %.200s...", folder);
	return WG_OK;
}

enum wg_code wg_path_beside(const char *base, const char *name, char out[WG_PATH_TEXT], struct wg_err *err)
{
	const char *slash = strrchr(base, '/');
	if (name[0] == '/' || slash == NULL) {
		size_t n = strlen(name);
		if (n >= WG_PATH_TEXT)
			return wg_err_set(err, WG_LIMIT, "path too long: %.200s...", name);
		memcpy(out, name, n + 1);
		return WG_OK;
	}
	char folder[WG_PATH_TEXT];
	size_t n = (size_t)(slash - base);
	if (n >= sizeof folder)
		return wg_err_set(err, WG_LIMIT, "path too long: %.200s...", base);
	memcpy(folder, base, n);
	folder[n] = '\0';
	return wg_path_join(folder, name, out, err);
}

/* folder/probe exists: out becomes the folder without dots and links. */
static bool try_folder(const char *folder, const char *probe, char out[WG_PATH_TEXT])
{
	char path[WG_PATH_TEXT], real[PATH_MAX];
	if (wg_path_join(folder, probe, path, NULL) != WG_OK || access(path, R_OK) != 0)
		return false;
	if (realpath(folder, real) == NULL || strlen(real) >= WG_PATH_TEXT)
		return false;
	memcpy(out, real, strlen(real) + 1);
	return true;
}

static bool try_beside(const char *program, const char *relative, const char *probe, char out[WG_PATH_TEXT])
{
	char folder[WG_PATH_TEXT];
	return wg_path_beside(program, relative, folder, NULL) == WG_OK && try_folder(folder, probe, out);
}

static bool find_data(const char *data, const char *program, char out[WG_PATH_TEXT])
{
	static const char probe[] = "xsd/wardgate/1/notice.xsd";
	if (data != NULL)
		return try_folder(data, probe, out);
	const char *env = getenv("WARDGATE_DATA");
	return (env != NULL && try_folder(env, probe, out)) || try_beside(program, WG_INSTALLED_DATA, probe, out) ||
	       try_beside(program, "../../..", probe, out);
}

static bool find_readers(const char *readers, const char *program, char out[WG_PATH_TEXT])
{
	static const char probe[] = "wardgate-reader-mail";
	if (readers != NULL)
		return try_folder(readers, probe, out);
	return try_beside(program, ".", probe, out) || try_beside(program, WG_INSTALLED_READERS, probe, out);
}

enum wg_code wg_paths_find(const char *data, const char *readers, struct wg_paths *out, struct wg_err *err)
{
	char program[PATH_MAX], root[WG_PATH_TEXT];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	if (n <= 0)
		return wg_err_errno(err, "cannot find out where this program is (/proc/self/exe)");
	if ((size_t)n >= WG_PATH_TEXT)
		return wg_err_set(err, WG_LIMIT, "the path of this program is longer than %d bytes", WG_PATH_TEXT);
	program[n] = '\0';
	memcpy(out->program, program, (size_t)n + 1);
	if (!find_data(data, program, root))
		return wg_err_set(err, WG_CONFIG,
		                  "cannot find the schemas (xsd/wardgate/1/notice.xsd) in %s; name the folder that holds "
		                  "xsd/ and adapters/ with data= in the configuration or WARDGATE_DATA",
		                  data != NULL ? data : WG_INSTALLED_DATA " beside the program");
	if (!find_readers(readers, program, out->readers))
		return wg_err_set(err, WG_CONFIG,
		                  "cannot find the readers (wardgate-reader-mail) in %s; name their folder with readers= in "
		                  "the configuration",
		                  readers != NULL ? readers : "the program's folder or " WG_INSTALLED_READERS);
	enum wg_code code = wg_path_join(root, "xsd", out->xsd, err);
	if (code == WG_OK)
		code = wg_path_join(root, "adapters/maps", out->maps, err);
	if (code == WG_OK)
		code = wg_path_join(root, "ops/openapi.yaml", out->openapi, err);
	return code;
}
