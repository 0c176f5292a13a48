/* map_test.c owns `wardgate map test`: what becomes of every box of a form, for the person who writes its map.
 * SECURITY: answers are personal: they are shown only when asked for, and those that may hold a password never. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cli/map.h"
#include "notice/value.h"
#include "sys/file.h"

/* A map begins so, within its first lines. */
#define MAP_MARK "urn:wardgate:map:1"
#define MAP_HEAD 4096

struct testing {
	const struct wg_cli *cli;
	bool values, named; /* named: one map was named */
	struct wg_map_room room, all;
	struct wg_buf out;
	size_t answered, placed, forms;
	bool complete;
};

/* Of one form. */
struct verdict {
	const char *file, *at; /* at: of a row, or NULL */
	const struct wg_read *read;
	char chosen[WG_LIMIT_NAME + 1], why[200]; /* the map it would be given to; or why none */
	size_t answered, placed;
	bool recognised, valid, complete;
	struct wg_err fault;
};

static bool is_map(const char *file)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_err err = { 0 };
	if (strcmp(file, "-") == 0)
		return true;
	if (wg_file_read(file, &bytes, &err) != WG_OK)
		return false;
	char head[MAP_HEAD];
	size_t n = bytes.len < sizeof head - 1 ? bytes.len : sizeof head - 1;
	memcpy(head, bytes.data, n);
	head[n] = '\0';
	return memchr(head, '\0', n) == NULL && strstr(head, MAP_MARK) != NULL;
}

/* Which map the gateway would take, and why not this one. */
static void settle_choice(const struct testing *t, struct verdict *v)
{
	const char *own = v->read->report->map;
	const struct wg_maps *among = t->all.maps != NULL ? t->all.maps : t->room.maps;
	const char *id = wg_maps_choose(among, v->read->fields, v->why, sizeof v->why);
	if (id == NULL && among != t->room.maps) /* a map that is not in the folder yet */
		id = wg_maps_choose(t->room.maps, v->read->fields, v->why, sizeof v->why);
	(void)snprintf(v->chosen, sizeof v->chosen, "%s", id != NULL ? id : "");
	v->recognised = id != NULL && strcmp(id, own) == 0;
}

/* Counts answered boxes, and those that have their place. A box for a password has none, and is in order. */
static void count_boxes(const struct wg_report *report, struct verdict *v)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct wg_placement *p = &report->placements[i];
		bool empty = p->what == WG_EMPTY || p->what == WG_NOT_CARRIED ||
		             (p->what == WG_UNMAPPED && wg_value_blank(v->read->fields->fields[i].value));
		v->answered += !empty;
		v->placed += p->what == WG_PLACED;
	}
}

static void judge(const struct testing *t, struct verdict *v)
{
	const struct wg_report *report = v->read->report;
	count_boxes(report, v);
	settle_choice(t, v);
	v->valid = v->read->notice != NULL && wg_notice_validate(v->read->notice, &v->fault) == WG_OK;
	v->complete = v->valid && v->recognised && !report->attention && v->placed == v->answered;
}

static unsigned percent(size_t part, size_t whole)
{
	return whole > 0 ? (unsigned)(part * 100 / whole) : 0;
}

static bool shows_value(const struct testing *t, const struct wg_placement *p)
{
	return t->values && p->what != WG_NOT_CARRIED;
}

static void text_field(struct testing *t, const struct wg_placement *p, const struct wg_field *field)
{
	wg_buf_printf(&t->out, "  %-11s  %-40s  %-24s  %s%s%s\n",
	              p->what == WG_PLACED ? "placed" : wg_placing_name(p->what), p->label, p->at, p->to,
	              p->to[0] != '\0' && p->note[0] != '\0' ? "; " : "", p->note);
	if (field->section != NULL)
		wg_buf_printf(&t->out, "               below the heading \"%s\"\n", field->section);
	if (shows_value(t, p) && !wg_value_blank(field->value))
		wg_buf_printf(&t->out, "               = %s\n", field->value);
}

static void text_verdict(struct testing *t, const struct verdict *v)
{
	const struct wg_report *r = v->read->report;
	wg_buf_printf(&t->out, "%s%s%s: map %s\n", v->file, v->at != NULL ? ", " : "", v->at != NULL ? v->at : "",
	              r->map[0] != '\0' ? r->map : "none");
	if (!v->recognised && v->chosen[0] != '\0')
		wg_buf_printf(&t->out, "  not recognised: the form would be given to the map %s\n", v->chosen);
	else if (!v->recognised)
		wg_buf_printf(&t->out, "  not recognised: %s; titles= and labels= of recognise mark a form\n", v->why);
	for (size_t i = 0; i < r->count; i++)
		text_field(t, &r->placements[i], &v->read->fields->fields[i]);
	if (r->missing[0] != '\0')
		wg_buf_printf(&t->out, "  missing: %s\n", r->missing);
	if (r->prose > 0)
		wg_buf_printf(&t->out,
		              "  %u sentences stand outside any box: prose= of recognise names those that say nothing\n",
		              r->prose);
	if (v->read->notice != NULL && !v->valid)
		wg_buf_printf(&t->out, "  the notice is not valid: %s\n", v->fault.text);
	wg_buf_printf(&t->out, "  coverage: %zu of %zu answered boxes have their place (%u %%)%s\n\n", v->placed,
	              v->answered, percent(v->placed, v->answered), v->complete ? "" : "; a person would have to look");
}

static void json_pair(struct wg_buf *out, const char *name, const char *value)
{
	wg_buf_printf(out, ",\"%s\":", name);
	wg_buf_put_json(out, value);
}

static void json_verdict(struct testing *t, const struct verdict *v)
{
	const struct wg_report *r = v->read->report;
	wg_buf_printf(&t->out, "%s{\"file\":", t->forms > 1 ? "," : "");
	wg_buf_put_json(&t->out, v->file);
	if (v->at != NULL)
		json_pair(&t->out, "at", v->at);
	json_pair(&t->out, "map", r->map);
	json_pair(&t->out, "chosen", v->chosen);
	json_pair(&t->out, "missing", r->missing);
	wg_buf_printf(
		&t->out,
		",\"recognised\":%s,\"valid\":%s,\"prose\":%u,\"answered\":%zu,\"placed\":%zu,\"complete\":%s,\"fields\":[",
		v->recognised ? "true" : "false", v->valid ? "true" : "false", r->prose, v->answered, v->placed,
		v->complete ? "true" : "false");
	for (size_t i = 0; i < r->count; i++) {
		const struct wg_placement *p = &r->placements[i];
		wg_buf_printf(&t->out, "%s{\"label\":", i > 0 ? "," : "");
		wg_buf_put_json(&t->out, p->label);
		json_pair(&t->out, "at", p->at);
		json_pair(&t->out, "what", wg_placing_name(p->what));
		json_pair(&t->out, "to", p->to);
		json_pair(&t->out, "note", p->note);
		if (v->read->fields->fields[i].section != NULL)
			json_pair(&t->out, "section", v->read->fields->fields[i].section);
		if (shows_value(t, p))
			json_pair(&t->out, "value", v->read->fields->fields[i].value);
		wg_buf_puts(&t->out, "}");
	}
	wg_buf_puts(&t->out, "]}");
}

static void say(struct testing *t, const char *file, const char *at, const struct wg_read *read)
{
	struct verdict v = { .file = file, .at = at, .read = read };
	judge(t, &v);
	t->forms++;
	t->answered += v.answered;
	t->placed += v.placed;
	t->complete = t->complete && v.complete;
	if (t->cli->json)
		json_verdict(t, &v);
	else
		text_verdict(t, &v);
}

static enum wg_code test_file(struct testing *t, const char *file, struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 };
	enum wg_code code = wg_map_room_read(&t->room, file, &read, err);
	if (code == WG_OK && !read.divided && read.report == NULL)
		return wg_err_set(err, WG_REJECT, "%s is a notice already: no map is asked", file);
	if (code == WG_OK && !read.divided)
		say(t, file, NULL, &read);
	for (size_t i = 0; code == WG_OK && read.divided && i < read.n_parts; i++) {
		WG_AUTO_READ struct wg_read row = { 0 };
		code = wg_map_room_part(&t->room, &read.parts[i], &row, err);
		if (code == WG_OK && row.report != NULL)
			say(t, file, read.parts[i].at, &row);
	}
	return code;
}

static void conclude(struct testing *t)
{
	if (t->cli->json)
		wg_buf_printf(&t->out, "],\"answered\":%zu,\"placed\":%zu,\"complete\":%s}\n", t->answered, t->placed,
		              t->complete ? "true" : "false");
	else if (t->forms > 1)
		wg_buf_printf(&t->out, "%zu forms: %zu of %zu answered boxes have their place (%u %%)\n", t->forms, t->placed,
		              t->answered, percent(t->placed, t->answered));
}

/* The other maps, for whether the form would be given to the named one. One of them that is wrong is not in the way. */
static void open_others(struct testing *t, const char *map)
{
	struct wg_err err = { 0 };
	if (wg_map_room_open(&t->all, NULL, &err) == WG_OK)
		return;
	wg_map_room_close(&t->all);
	(void)fprintf(stderr, "wardgate map: whether other maps fit too is not known, beside %s: %s\n", map, err.text);
}

int wg_map_test(const struct wg_cli *cli, char **files, int count, bool values)
{
	struct testing t = { .cli = cli, .values = values, .out = WG_BUF(WG_LIMIT_READER_OUTPUT), .complete = true };
	struct wg_err err = { 0 };
	t.named = is_map(files[0]);
	if (t.named && count < 2)
		return wg_misuse(&wg_command_map, "map test wants a FILE behind the map");
	enum wg_code code = wg_map_room_open(&t.room, t.named ? files[0] : NULL, &err);
	if (code == WG_OK && t.named)
		open_others(&t, files[0]);
	wg_buf_puts(&t.out, cli->json ? "{\"forms\":[" : "");
	for (int i = t.named ? 1 : 0; code == WG_OK && i < count; i++)
		code = test_file(&t, files[i], &err);
	if (code == WG_OK)
		conclude(&t);
	if (code == WG_OK)
		code = wg_buf_check(&t.out, "test", &err);
	if (code == WG_OK && !wg_print(&t.out))
		code = wg_err_set(&err, WG_SYSTEM, "the test could not be written");
	wg_buf_wipe(&t.out);
	wg_map_room_close(&t.room);
	wg_map_room_close(&t.all);
	return code != WG_OK ? wg_fail("map", &err) : t.complete ? EX_OK : WG_EXIT_ATTENTION;
}
