/* `wardgate policy`: what its subcommands share: the loaded files, the notices of the tests, and how a decision is
 * printed. */
#ifndef WG_CLI_POLICY_H
#define WG_CLI_POLICY_H

#include "cli/cli.h"
#include "notice/xml.h"
#include "policy/decide.h"
#include "role/paths.h"

/* Policies and directories of one run: five regions, a national one, and a few to spare. */
#define WG_POLICY_ROOM_FILES 32

/* Folders, the schema, and every policy and directory that was asked for, each loaded once. Never copy one. */
struct wg_policy_room {
	struct wg_paths paths;
	struct wg_schema *schema;
	struct wg_xml_xsd *tests_xsd;
	struct wg_policy_room_file {
		char path[WG_PATH_TEXT];
		struct wg_policy *policy;
		struct wg_directory *directory;
	} files[WG_POLICY_ROOM_FILES];
	unsigned count;
};

enum wg_code wg_policy_room_open(struct wg_policy_room *room, struct wg_err *err) WG_MUST;
void wg_policy_room_close(struct wg_policy_room *room);
#define WG_AUTO_POLICY_ROOM __attribute__((cleanup(wg_policy_room_close)))
/* Borrowed from the room. */
enum wg_code wg_policy_room_policy(struct wg_policy_room *room, const char *path, const struct wg_policy **out,
                                   struct wg_err *err) WG_MUST;
enum wg_code wg_policy_room_directory(struct wg_policy_room *room, const char *path, const struct wg_directory **out,
                                      struct wg_err *err) WG_MUST;

/* The *.xml of folders and files as they were named, folders in the order of the names in them. */
struct wg_policy_files {
	char (*path)[WG_PATH_TEXT];
	unsigned count;
};
enum wg_code wg_policy_files_add(struct wg_policy_files *files, const char *path, struct wg_err *err) WG_MUST;
void wg_policy_files_free(struct wg_policy_files *files);
#define WG_AUTO_POLICY_FILES __attribute__((cleanup(wg_policy_files_free)))
/* Where the tests are when nobody says so: the folder tests beside the configured policy; without a configuration that
 * of the gateway's own policies. */
enum wg_code wg_policy_files_usual(const struct wg_cli *cli, const struct wg_policy_room *room, char out[WG_PATH_TEXT],
                                   struct wg_err *err) WG_MUST;

/* "front-door of host (staffordshire/front-door)" */
#define WG_POLICY_WHO_TEXT (4 * WG_LIMIT_NAME + 16)
const char *wg_policy_who(const struct wg_decision *decision, char out[WG_POLICY_WHO_TEXT]);
const char *wg_policy_verdict_name(enum wg_verdict verdict);
/* The reason for a category of a decision; NULL when the notice has none of it. */
const struct wg_reason *wg_policy_reason(const struct wg_decision *decision, unsigned category);
/* What leaves, once a person has released it where one must: nothing of what is denied. */
wg_categories wg_policy_given(const struct wg_decision *decision);
/* The decision for the same recipient under another policy; NULL when it is none there. */
const struct wg_decision *wg_policy_same(const struct wg_decisions *all, const struct wg_decision *one);

/* The subcommands; argv[0] is the subcommand's name. */
int wg_policy_test(const struct wg_cli *cli, int argc, char **argv);
int wg_policy_check(const struct wg_cli *cli, int argc, char **argv);
int wg_policy_diff(const struct wg_cli *cli, int argc, char **argv);
int wg_policy_replay(const struct wg_cli *cli, int argc, char **argv);
int wg_policy_explain(const struct wg_cli *cli, int argc, char **argv);
int wg_policy_trace(const struct wg_cli *cli, int argc, char **argv);

#endif
