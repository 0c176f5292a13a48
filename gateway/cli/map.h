/* `wardgate map`: what its subcommands share. */
#ifndef WG_CLI_MAP_H
#define WG_CLI_MAP_H

#include "cli/cli.h"
#include "role/read.h"

/* Folders, schema and maps. */
struct wg_map_room {
	struct wg_paths paths;
	struct wg_schema *schema;
	struct wg_maps *maps;
};

/* only: the file of one map, "-" for standard input; NULL for all of the maps folder. */
enum wg_code wg_map_room_open(struct wg_map_room *room, const char *only, struct wg_err *err) WG_MUST;
void wg_map_room_close(struct wg_map_room *room);

/* Reads a document as the gateway would, with the maps of the room. */
enum wg_code wg_map_room_read(const struct wg_map_room *room, const char *file, struct wg_read *out, struct wg_err *err)
	WG_MUST;
/* The same for one part of a document that divides. */
enum wg_code wg_map_room_part(const struct wg_map_room *room, const struct wg_part *part, struct wg_read *out,
                              struct wg_err *err) WG_MUST;

/* `wardgate map test`; first: the operand behind the word test. */
int wg_map_test(const struct wg_cli *cli, char **files, int count, bool values);

#endif
