/* map.c owns the command `map`: drafting, testing and listing maps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/map.h"
#include "sys/file.h"

enum wg_code wg_map_room_open(struct wg_map_room *room, const char *only, struct wg_err *err)
{
	enum wg_code code = wg_paths_find(NULL, NULL, &room->paths, err);
	if (code == WG_OK)
		code = wg_schema_load(room->paths.xsd, &room->schema, err);
	if (code == WG_OK)
		code = wg_maps_load_only(room->paths.maps, room->paths.xsd, room->schema, only, &room->maps, err);
	return code;
}

void wg_map_room_close(struct wg_map_room *room)
{
	wg_maps_freep(&room->maps);
	wg_schema_freep(&room->schema);
}

static enum wg_code read_bytes(const struct wg_map_room *room, enum wg_document kind, const void *bytes, size_t len,
                               struct wg_read *out, struct wg_err *err)
{
	char id[WG_ID_TEXT], now[WG_CLOCK_TEXT];
	int64_t wall = wg_clock_now();
	struct wg_reading reading = { .paths = &room->paths, .schema = room->schema, .maps = room->maps };
	enum wg_code code = wg_id_make(wall, id, err);
	if (code != WG_OK)
		return code;
	struct wg_envelope_facts facts = { .id = id, .organisation = "not-stated", .received = wg_clock_format(wall, now) };
	return wg_read_document(&reading, kind, bytes, len, &facts, out, err);
}

enum wg_code wg_map_room_read(const struct wg_map_room *room, const char *file, struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_document kind;
	enum wg_code code = wg_file_read(file, &bytes, err);
	if (code == WG_OK)
		code = wg_document_kind(bytes.data, bytes.len, NULL, strcmp(file, "-") == 0 ? NULL : file, &kind, err);
	if (code == WG_OK && kind == WG_DOCUMENT_SEALED)
		code = wg_err_set(err, WG_REJECT, "a sealed document is opened by a running gateway only: take what was in it");
	if (code == WG_OK)
		code = read_bytes(room, kind, bytes.data, bytes.len, out, err);
	wg_buf_wipe(&bytes);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", file);
}

enum wg_code wg_map_room_part(const struct wg_map_room *room, const struct wg_part *part, struct wg_read *out,
                              struct wg_err *err)
{
	return read_bytes(room, WG_DOCUMENT_CSV, part->bytes, part->len, out, err);
}

/* ---- new */

/* The kind that was named, or that of the map which knows the form already. */
static enum wg_code settle_kind(const struct wg_map_room *room, const struct wg_fields *fields, const char **kind,
                                struct wg_err *err)
{
	char why[160];
	if (*kind != NULL)
		return WG_OK;
	const char *id = wg_maps_choose(room->maps, fields, why, sizeof why);
	for (size_t i = 0; id != NULL && i < wg_maps_count(room->maps); i++)
		if (strcmp(wg_maps_about(room->maps, i).id, id) == 0)
			*kind = wg_maps_about(room->maps, i).kind;
	if (*kind != NULL)
		return WG_OK;
	WG_AUTO_BUF struct wg_buf kinds = WG_BUF(4096);
	for (size_t i = 0; i < wg_schema_kinds(room->schema); i++)
		wg_buf_printf(&kinds, "%s%s", i > 0 ? " " : "", wg_schema_kind(room->schema, i));
	return wg_err_set(err, WG_CONFIG, "what kind of notice is the form? Say --kind, one of: %s", wg_buf_text(&kinds));
}

/* "forms/Specimen House.docx" is called specimen-house. */
static void name_after(const char *file, char out[WG_LIMIT_NAME + 1])
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	const char *dot = strrchr(name, '.');
	size_t n = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name), o = 0;
	for (size_t i = 0; i < n && o < WG_LIMIT_NAME; i++) {
		char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (plain)
			out[o++] = c;
		else if (o > 0 && out[o - 1] != '-')
			out[o++] = '-';
	}
	while (o > 0 && out[o - 1] == '-')
		o--;
	out[o] = '\0';
}

/* A form that divides is a table: one row has all its labels. */
static enum wg_code draft(const struct wg_map_room *room, const char *file, const char *kind, const char *id,
                          struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 }, row = { 0 };
	enum wg_code code = wg_map_room_read(room, file, &read, err);
	if (code == WG_OK && read.divided && read.n_parts > 0)
		code = wg_map_room_part(room, &read.parts[0], &row, err);
	const struct wg_fields *fields = row.fields != NULL ? row.fields : read.fields;
	if (code == WG_OK && fields->notice_xml != NULL)
		code = wg_err_set(err, WG_REJECT, "%s is a notice already: it needs no map", file);
	if (code == WG_OK)
		code = settle_kind(room, fields, &kind, err);
	return code == WG_OK ? wg_map_draft(room->maps, fields, kind, id, out, err) : code;
}

static int run_new(const char *file, const char *kind, const char *id)
{
	struct wg_map_room room = { 0 };
	struct wg_err err = { 0 };
	char name[WG_LIMIT_NAME + 1];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_CONFIG_FILE);
	name_after(file, name);
	if (id == NULL)
		id = name[0] != '\0' ? name : "form";
	enum wg_code code = wg_map_room_open(&room, NULL, &err);
	if (code == WG_OK)
		code = draft(&room, file, kind, id, &out, &err);
	if (code == WG_OK && !wg_print(&out))
		code = wg_err_set(&err, WG_SYSTEM, "the draft could not be written");
	wg_map_room_close(&room);
	return code == WG_OK ? EX_OK : wg_fail("map", &err);
}

/* ---- list */

static void put_about(const struct wg_cli *cli, const struct wg_map_about *m, bool first, struct wg_buf *out)
{
	if (!cli->json) {
		wg_buf_printf(out, "%-32s %-28s %4zu boxes %5zu labels  %s\n", m->id, m->kind, m->fields, m->labels, m->file);
		return;
	}
	wg_buf_printf(out, "%s{\"id\":", first ? "" : ",");
	wg_buf_put_json(out, m->id);
	wg_buf_puts(out, ",\"kind\":");
	wg_buf_put_json(out, m->kind);
	wg_buf_printf(out, ",\"fields\":%zu,\"labels\":%zu,\"file\":", m->fields, m->labels);
	wg_buf_put_json(out, m->file);
	wg_buf_puts(out, "}");
}

static int run_list(const struct wg_cli *cli)
{
	struct wg_map_room room = { 0 };
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_map_room_open(&room, NULL, &err);
	wg_buf_puts(&out, cli->json ? "{\"maps\":[" : "");
	for (size_t i = 0; code == WG_OK && i < wg_maps_count(room.maps); i++) {
		struct wg_map_about about = wg_maps_about(room.maps, i);
		put_about(cli, &about, i == 0, &out);
	}
	wg_buf_puts(&out, cli->json ? "]}\n" : "");
	if (code == WG_OK)
		code = wg_buf_check(&out, "list", &err);
	if (code == WG_OK && !wg_print(&out))
		code = wg_err_set(&err, WG_SYSTEM, "the list could not be written");
	wg_map_room_close(&room);
	return code == WG_OK ? EX_OK : wg_fail("map", &err);
}

static int run_map(const struct wg_cli *cli, int argc, char **argv)
{
	const char *kind = NULL, *id = NULL;
	bool values = false;
	const struct wg_option options[] = {
		{ "kind", &kind, NULL }, { "id", &id, NULL }, { "show-values", NULL, &values }, { NULL, NULL, NULL }
	};
	int count;
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	const char *what = count > 0 ? argv[1] : "";
	if (strcmp(what, "new") == 0) {
		if (count != 2 || values || (id != NULL && !wg_name_valid(id)))
			return wg_misuse(&wg_command_map, "map new wants one FILE; an --id has small letters, digits and hyphens");
		return run_new(argv[2], kind, id);
	}
	if (kind != NULL || id != NULL)
		return wg_misuse(&wg_command_map, "--kind and --id belong to map new");
	if (strcmp(what, "list") == 0 && count == 1 && !values)
		return run_list(cli);
	if (strcmp(what, "test") == 0 && count >= 2)
		return wg_map_test(cli, argv + 2, count - 1, values);
	return wg_misuse_word(&wg_command_map, count > 0 ? what : NULL, "say map new, map test or map list");
}

const struct wg_command wg_command_map = {
	.name = "map",
	.words = "new test list",
	.summary = "draft, test and list maps: which boxes of a form go where",
	.help =
		"usage: wardgate map new [--kind KIND] [--id ID] FILE\n"
		"       wardgate map test [--show-values] [--json] [MAP|-] FILE...\n"
		"       wardgate map list [--json]\n\n"
		"new   reads an example form and prints a draft of its map. Only labels are written, never an answer.\n"
		"      Places are proposed where another map or the schema knows the label; the rest stands as comments.\n"
		"  --kind KIND    the kind of notice; otherwise that of the map which knows the form\n"
		"  --id ID        the map's name; otherwise after FILE\n"
		"test  shows what becomes of every box of each FILE: with MAP (- is standard input) by that map alone, and\n"
		"      whether the form would be given to it; otherwise by the map that the gateway would choose.\n"
		"  --show-values  show the answers too; they are personal\n"
		"list  lists the maps of the maps folder with their kinds.\n\n"
		"Exit status of test: 0 every answered box has its place and nothing is missing, 10 otherwise.\n\n"
		"examples:\n"
		"  wardgate map new --kind missing form.docx > specimen-house.xml\n"
		"  wardgate map test specimen-house.xml form.docx other.docx\n"
		"  wardgate map test inbox/*.eml\n",
	.run = run_map,
};
