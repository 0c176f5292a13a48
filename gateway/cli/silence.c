/* silence.c owns the command `silence`: from whom, and to whom, nothing was heard for longer than is usual for them. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/people.h"
#include "cli/ring.h"
#include "cli/said.h"

static void put_json(const struct wg_directory *directory, const json_t *r, struct wg_buf *out)
{
	static const char *const texts[] = { "organisation", "desk", "direction", "last" };
	for (size_t i = 0; i < WG_COUNT(texts); i++) {
		wg_buf_printf(out, "%c\"%s\":", i == 0 ? '{' : ',', texts[i]);
		wg_buf_put_json(out, wg_people_text(r, texts[i]));
	}
	wg_buf_printf(out, ",\"gap_s\":%lld,\"usual_s\":%lld,\"silent\":%s",
	              (long long)json_integer_value(json_object_get(r, "gap_s")),
	              (long long)json_integer_value(json_object_get(r, "usual_s")),
	              json_is_true(json_object_get(r, "silent")) ? "true" : "false");
	wg_ring_json(directory, wg_people_text(r, "organisation"), wg_people_text(r, "desk"), out);
	wg_buf_puts(out, "}\n");
}

static void put_text(const struct wg_directory *directory, const json_t *r, struct wg_buf *out)
{
	char age[32], usual[32], when[WG_CLOCK_WORDS];
	const char *organisation = wg_people_text(r, "organisation"), *desk = wg_people_text(r, "desk");
	const char *last = wg_people_stamp(wg_people_text(r, "last"), when);
	int64_t usual_s = json_integer_value(json_object_get(r, "usual_s"));
	bool from = strcmp(wg_people_text(r, "direction"), "from") == 0,
		 silent = json_is_true(json_object_get(r, "silent"));
	wg_buf_printf(out, "%s %s%s%s: ", from ? "from" : "to", organisation, desk[0] != '\0' ? "/" : "", desk);
	if (last[0] == '\0')
		wg_buf_puts(out, "nothing yet");
	else
		wg_buf_printf(out, "%s %s%s", silent ? "nothing for" : "heard of",
		              wg_age(json_integer_value(json_object_get(r, "gap_s")) * 1000, age, sizeof age),
		              silent ? "" : " ago");
	if (usual_s > 0)
		wg_buf_printf(out, "; usual is at most %s", wg_age(usual_s * 1000, usual, sizeof usual));
	else
		wg_buf_puts(out, "; too little was heard to say what is usual");
	wg_buf_printf(out, "\n    last %s\n", last[0] != '\0' ? last : "never");
	if (!silent)
		return;
	wg_buf_puts(out, "    ring ");
	wg_ring_text(directory, organisation, desk, out);
	wg_buf_puts(out, from ? "\n    ask whether they send, and where to; then wardgate attention list\n"
	                      : "\n    ask whether what was sent arrives; then wardgate queue list --state unconfirmed\n");
}

static unsigned put_all(const struct wg_cli *cli, const struct wg_directory *directory, const json_t *rows, bool all,
                        struct wg_buf *out)
{
	unsigned silent = 0;
	size_t i;
	json_t *r;
	json_array_foreach(rows, i, r)
	{
		bool is = json_is_true(json_object_get(r, "silent"));
		silent += is;
		if (!is && !all)
			continue;
		if (cli->json)
			put_json(directory, r, out);
		else
			put_text(directory, r, out);
	}
	if (!cli->json && silent == 0)
		wg_buf_puts(out, "Nobody is silent for longer than is usual for them.\n");
	return silent;
}

static int run_silence(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	json_t *rows = NULL;
	unsigned silent = 0;
	bool all = false;
	int count = 0;
	const struct wg_option options[] = { { "all", NULL, &all }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	if (count != 0)
		return wg_misuse(&wg_command_silence, "it takes no operands");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_said_silence(&admin, &rows, &err);
	if (code == WG_OK) {
		directory = wg_ring_load("silence", config);
		silent = put_all(cli, directory, rows, all, &out);
		code = wg_buf_check(&out, "list", &err);
	}
	wg_directory_freep(&directory);
	json_decref(rows);
	if (code != WG_OK)
		return wg_fail("silence", &err);
	return !wg_print(&out) ? EX_IOERR : silent > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

const struct wg_command wg_command_silence = {
	.name = "silence",
	.summary = "from whom nothing was heard for longer than usual, and whom to ring",
	.help =
		"usage: wardgate silence [--all] [--json]\n\n"
		"Senders from whom nothing came, and recipients to whom nothing went and from whom no receipt came, for more\n"
		"than twice the longest time that is usual for them. What is usual is what was so in the last 90 days.\n"
		"  --all  everybody, and how long ago it was\n"
		"Exit 0 when nobody is silent, 10 when somebody is.\n\n"
		"examples:\n"
		"  wardgate silence\n"
		"  wardgate silence --all --json\n",
	.run = run_silence,
};
