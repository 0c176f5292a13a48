/* policy_room.c owns the files of one run of `wardgate policy`: what is loaded once, and where the tests are. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/policy.h"

/* Test files of one run. */
#define ROOM_TEST_FILES 256

enum wg_code wg_policy_room_open(struct wg_policy_room *room, struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	enum wg_code code = wg_paths_find(NULL, NULL, &room->paths, err);
	if (code == WG_OK)
		code = wg_schema_load(room->paths.xsd, &room->schema, err);
	if (code == WG_OK)
		code = wg_path_join(room->paths.xsd, "policy-tests.xsd", path, err);
	return code == WG_OK ? wg_xml_xsd_load(path, &room->tests_xsd, err) : code;
}

void wg_policy_room_close(struct wg_policy_room *room)
{
	for (unsigned i = 0; i < room->count; i++) {
		wg_policy_freep(&room->files[i].policy);
		wg_directory_freep(&room->files[i].directory);
	}
	room->count = 0;
	wg_xml_xsd_freep(&room->tests_xsd);
	wg_schema_freep(&room->schema);
}

/* The entry of a file, new when it was not asked for before. */
static enum wg_code entry(struct wg_policy_room *room, const char *path, struct wg_policy_room_file **out,
                          struct wg_err *err)
{
	for (unsigned i = 0; i < room->count; i++)
		if (strcmp(room->files[i].path, path) == 0)
			return *out = &room->files[i], WG_OK;
	if (room->count == WG_POLICY_ROOM_FILES)
		return wg_err_set(err, WG_LIMIT, "more than %u policies and directories at once", (unsigned)room->count);
	struct wg_policy_room_file *one = &room->files[room->count];
	int n = snprintf(one->path, sizeof one->path, "%s", path);
	if (n < 0 || (size_t)n >= sizeof one->path)
		return wg_err_set(err, WG_LIMIT, "a path is longer than %zu bytes", sizeof one->path);
	room->count++;
	*out = one;
	return WG_OK;
}

enum wg_code wg_policy_room_policy(struct wg_policy_room *room, const char *path, const struct wg_policy **out,
                                   struct wg_err *err)
{
	struct wg_policy_room_file *one = NULL;
	enum wg_code code = entry(room, path, &one, err);
	if (code == WG_OK && one->policy == NULL)
		code = wg_policy_load(path, room->paths.xsd, room->schema, &one->policy, err);
	if (code == WG_OK)
		*out = one->policy;
	return code;
}

enum wg_code wg_policy_room_directory(struct wg_policy_room *room, const char *path, const struct wg_directory **out,
                                      struct wg_err *err)
{
	struct wg_policy_room_file *one = NULL;
	enum wg_code code = entry(room, path, &one, err);
	if (code == WG_OK && one->directory == NULL)
		code = wg_directory_load(path, room->paths.xsd, &one->directory, err);
	if (code == WG_OK)
		*out = one->directory;
	return code;
}

/* ---- test files */

static int is_test_file(const struct dirent *entry_of)
{
	size_t n = strlen(entry_of->d_name);
	return entry_of->d_name[0] != '.' && n > 4 && strcmp(entry_of->d_name + n - 4, ".xml") == 0;
}

static enum wg_code add_file(struct wg_policy_files *files, const char *path, struct wg_err *err)
{
	if (files->path == NULL && (files->path = calloc(ROOM_TEST_FILES, sizeof *files->path)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the names of files");
	if (files->count == ROOM_TEST_FILES)
		return wg_err_set(err, WG_LIMIT, "more than %d files of tests", ROOM_TEST_FILES);
	int n = snprintf(files->path[files->count], WG_PATH_TEXT, "%s", path);
	if (n < 0 || n >= WG_PATH_TEXT)
		return wg_err_set(err, WG_LIMIT, "a path is longer than %d bytes", WG_PATH_TEXT);
	files->count++;
	return WG_OK;
}

/* A folder also holds the directories that tests decide with: what begins with "directory" is none of them. */
static enum wg_code add_folder(struct wg_policy_files *files, const char *folder, struct wg_err *err)
{
	struct dirent **names = NULL;
	char path[WG_PATH_TEXT];
	enum wg_code code = WG_OK;
	int n = scandir(folder, &names, is_test_file, alphasort);
	if (n < 0)
		return wg_err_errno(err, "%s", folder);
	for (int i = 0; i < n; i++) {
		if (code == WG_OK && strncmp(names[i]->d_name, "directory", 9) != 0) {
			code = wg_path_join(folder, names[i]->d_name, path, err);
			code = code == WG_OK ? add_file(files, path, err) : code;
		}
		free(names[i]);
	}
	free((void *)names);
	return code;
}

enum wg_code wg_policy_files_add(struct wg_policy_files *files, const char *path, struct wg_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return wg_err_errno(err, "%s", path);
	return S_ISDIR(st.st_mode) ? add_folder(files, path, err) : add_file(files, path, err);
}

void wg_policy_files_free(struct wg_policy_files *files)
{
	free(files->path);
	*files = (struct wg_policy_files){ 0 };
}

enum wg_code wg_policy_files_usual(const struct wg_cli *cli, const struct wg_policy_room *room, char out[WG_PATH_TEXT],
                                   struct wg_err *err)
{
	struct wg_config *config = NULL;
	struct wg_err ignored = { 0 };
	enum wg_code code = WG_OK;
	if (wg_cli_config(cli, &config, &ignored) == WG_OK)
		code = wg_path_beside(config->policy, "tests", out, err);
	else
		code = wg_path_beside(room->paths.xsd, "policy/tests", out, err);
	free(config);
	return code;
}

/* ---- decisions */

const char *wg_policy_who(const struct wg_decision *decision, char out[WG_POLICY_WHO_TEXT])
{
	(void)snprintf(out, WG_POLICY_WHO_TEXT, "%s of %s (%s/%s)", decision->role, decision->of,
	               decision->organisation->id, decision->desk->name);
	return out;
}

const char *wg_policy_verdict_name(enum wg_verdict verdict)
{
	static const char *const names[] = { "send", "review", "deny" };
	return names[verdict];
}

const struct wg_reason *wg_policy_reason(const struct wg_decision *decision, unsigned category)
{
	for (unsigned i = 0; i < decision->reason_count; i++)
		if (decision->reasons[i].category == category)
			return &decision->reasons[i];
	return NULL;
}

wg_categories wg_policy_given(const struct wg_decision *decision)
{
	return decision->verdict == WG_VERDICT_DENY ? WG_CATEGORIES_NONE : decision->granted;
}

const struct wg_decision *wg_policy_same(const struct wg_decisions *all, const struct wg_decision *one)
{
	for (unsigned i = 0; i < all->count; i++)
		if (strcmp(all->list[i].organisation->id, one->organisation->id) == 0 &&
		    strcmp(all->list[i].desk->name, one->desk->name) == 0)
			return &all->list[i];
	return NULL;
}
