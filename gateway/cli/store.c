/* store.c owns the command `store`: a look at all that is stored, with the gateway stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "store/check.h"

struct told {
	const struct wg_cli *cli;
	struct wg_buf *out;
};

static void on_finding(void *arg, const char *words, const char *todo)
{
	const struct told *t = arg;
	if (!t->cli->json) {
		wg_buf_printf(t->out, "%s\n    what to do: %s\n", words, todo);
		return;
	}
	wg_buf_puts(t->out, "{\"finding\":");
	wg_buf_put_json(t->out, words);
	wg_buf_puts(t->out, ",\"todo\":");
	wg_buf_put_json(t->out, todo);
	wg_buf_puts(t->out, "}\n");
}

/* A store that does not even open is a finding as well. */
static enum wg_code check(const struct wg_config *config, bool deep, struct told *told, struct wg_check *check,
                          struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = NULL;
	struct wg_store_place place;
	wg_config_place(config, &place);
	enum wg_code code = wg_store_open_at(&place, &store, err);
	*check = (struct wg_check){ .pages = true, .blobs = deep, .keys = true, .on = on_finding, .arg = told };
	if (code == WG_AGAIN)
		return wg_err_set(err, WG_AGAIN,
		                  "the gateway is running: stop it first, or look with wardgate audit verify meanwhile");
	if (code == WG_OK)
		code = wg_store_check(store, check, err);
	if (code == WG_CORRUPT) {
		check->findings++;
		on_finding(
			told, err->text,
			"what the file says cannot be relied on: keep the folder as it is, look at the disk, and put the last "
			"backup back (wardgate restore)");
		code = WG_OK;
	}
	return code;
}

static int run_store(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct told told = { cli, &out };
	struct wg_check result = { .findings = 0 };
	struct wg_err err = { 0 };
	bool deep = false;
	const struct wg_option options[] = { { "deep", NULL, &deep }, { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || strcmp(argv[1], "check") != 0)
		return wg_misuse(&wg_command_store, "say check");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = check(config, deep, &told, &result, &err);
	if (code != WG_OK)
		return wg_fail("store", &err);
	if (cli->json)
		wg_buf_printf(&out, "{\"findings\":%" PRIu64 ",\"deep\":%s,\"entries\":%" PRIu64 ",\"head\":\"%s\"}\n",
		              result.findings, deep ? "true" : "false", result.entries, result.head);
	else if (result.findings == 0)
		wg_buf_printf(&out, "Nothing found: %" PRIu64 " entries in the log, head %s.%s\n", result.entries, result.head,
		              deep ? "" : " The documents themselves were not read: --deep does.");
	else
		wg_buf_printf(&out, "%" PRIu64 " found.\n", result.findings);
	return !wg_print(&out) ? EX_IOERR : result.findings > 0 ? EX_DATAERR : EX_OK;
}

const struct wg_command wg_command_store = {
	.name = "store",
	.summary = "look at all that is stored, with the gateway stopped",
	.help =
		"usage: wardgate store check [--deep] [--json]\n\n"
		"Looks at every page of both databases, every reference between rows, every entry of the log and the chain "
		"of\n"
		"them, every state, record and receipt against the log, and the keys against what they open. Says each thing "
		"that\n"
		"is not as it was written, and what to do. Takes the store's lock, so the gateway has to be stopped; wardgate\n"
		"audit verify does as much without the pages while it runs.\n"
		"  --deep  read every stored document too, and hold it against its hash\n"
		"Exit status: 0 nothing found, 65 something was, 75 the gateway is running.\n\n"
		"examples:\n"
		"  wardgate store check --deep\n"
		"  wardgate --json store check | jq -r 'select(.finding) | .finding'\n",
	.run = run_store,
};
