/* policy_check.c owns `wardgate policy check`: what a reader of a policy would overlook. */
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/policy.h"

#define CHECK_OUTPUT ((size_t)4 << 20)

struct checking {
	const char *policy, *directory, *at;
	struct wg_config *config; /* where they come from when they were not named */
	struct wg_policy_room room;
	struct wg_buf found;
	unsigned count;
};

static enum wg_code find(const struct wg_cli *cli, struct checking *c, struct wg_err *err)
{
	const struct wg_policy *policy = NULL;
	const struct wg_directory *directory = NULL;
	char now[WG_CLOCK_TEXT];
	enum wg_code code = WG_OK;
	if (c->policy == NULL) {
		code = wg_cli_config(cli, &c->config, err);
		if (code != WG_OK)
			return wg_err_add(err, "neither a POLICY nor a configuration");
		c->policy = c->config->policy;
		c->directory = c->directory != NULL ? c->directory : c->config->directory;
	}
	code = wg_policy_room_open(&c->room, err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&c->room, c->policy, &policy, err);
	if (code == WG_OK && c->directory != NULL)
		code = wg_policy_room_directory(&c->room, c->directory, &directory, err);
	if (code == WG_OK)
		code = wg_policy_conflicts(policy, directory, c->room.schema,
		                           c->at != NULL ? c->at : wg_clock_format(wg_clock_now(), now), &c->found, &c->count,
		                           err);
	return code;
}

static void json_found(const struct checking *c, struct wg_buf *out)
{
	WG_AUTO_FREE char *text = strdup(wg_buf_text(&c->found));
	char *rest = text, *line;
	const char *between = "";
	wg_buf_printf(out, "{\"count\":%u,\"findings\":[", c->count);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		wg_buf_puts(out, between);
		wg_buf_put_json(out, line);
		between = ",";
	}
	wg_buf_puts(out, "]}\n");
}

static enum wg_code say(const struct wg_cli *cli, const struct checking *c, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(CHECK_OUTPUT);
	if (cli->json)
		json_found(c, &out);
	else
		wg_buf_printf(&out, "%s%s: %u to look at%s\n", wg_buf_text(&c->found), c->policy, c->count,
		              c->directory != NULL ? "" : "; without --directory nobody asked whom it reaches");
	enum wg_code code = wg_buf_check(&out, "what was found", err);
	if (code == WG_OK && !wg_print(&out))
		code = wg_err_set(err, WG_SYSTEM, "the findings could not be written");
	return code;
}

int wg_policy_check(const struct wg_cli *cli, int argc, char **argv)
{
	struct checking c = { .found = WG_BUF(CHECK_OUTPUT) };
	struct wg_err err = { 0 };
	int operands;
	int64_t when;
	const struct wg_option options[] = { { "directory", &c.directory, NULL },
		                                 { "at", &c.at, NULL },
		                                 { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands > 1)
		return wg_misuse(&wg_command_policy, "check one POLICY");
	if (c.at != NULL && !wg_clock_parse(c.at, &when))
		return wg_misuse(&wg_command_policy, "--at wants a time like 2026-11-22T09:30:00Z");
	c.policy = operands == 1 ? argv[1] : NULL;
	enum wg_code code = find(cli, &c, &err);
	if (code == WG_OK)
		code = say(cli, &c, &err);
	int status = code != WG_OK ? wg_fail("policy check", &err) : c.count > 0 ? WG_EXIT_ATTENTION : EX_OK;
	free(c.config);
	wg_buf_free(&c.found);
	wg_policy_room_close(&c.room);
	return status;
}
