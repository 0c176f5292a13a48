/* store.c owns the command `store`: a look at all that is stored, with the gateway stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/store.h"
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

static int run_check(const struct wg_cli *cli, bool deep)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct told told = { cli, &out };
	struct wg_check result = { .findings = 0 };
	struct wg_err err = { 0 };
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = check(config, deep, &told, &result, &err);
	if (code != WG_OK)
		return wg_fail("store check", &err);
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

static int run_store(const struct wg_cli *cli, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *why = NULL;
	bool deep = false, dry = false;
	const struct wg_option options[] = { { "deep", NULL, &deep }, { "dry-run", NULL, &dry }, { "from", &from, NULL },
		                                 { "to", &to, NULL },     { "why", &why, NULL },     { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands == 1 ? argv[1] : "";
	const bool check = strcmp(word, "check") == 0, migrate = strcmp(word, "migrate") == 0,
			   copy = strcmp(word, "copy") == 0, reopen = strcmp(word, "reopen") == 0;
	if (!check && !migrate && !copy && !reopen)
		return wg_misuse_word(&wg_command_store, operands > 0 ? argv[1] : NULL,
		                      "say check, migrate, copy or reopen, and options");
	if ((deep && !check) || (dry && !migrate) || ((from != NULL || to != NULL) && !copy))
		return wg_misuse(&wg_command_store, "--deep belongs to check, --dry-run to migrate, --from and --to to copy");
	if (copy && (from == NULL || to == NULL))
		return wg_misuse(&wg_command_store, "name two configurations: --from that of now, --to that of then");
	if (reopen != (why != NULL && why[0] != '\0'))
		return wg_misuse(&wg_command_store,
		                 reopen ? "say why with --why: it goes to the log" : "--why belongs to reopen");
	if (reopen)
		return wg_store_reopen_run(cli, why);
	return copy ? wg_store_copy_run(cli, from, to) : migrate ? wg_store_migrate_run(cli, dry) : run_check(cli, deep);
}

const struct wg_command wg_command_store = {
	.name = "store",
	.words = "check migrate copy reopen",
	.summary = "check, migrate or copy all that is stored, with the gateway stopped",
	.help =
		"usage: wardgate store check [--deep] [--json]\n"
		"       wardgate store migrate [--dry-run] [--json]\n"
		"       wardgate store copy --from CONFIG --to CONFIG [--json]\n"
		"       wardgate store reopen --why TEXT\n\n"
		"With the gateway stopped: each takes the store's lock. wardgate audit verify looks while it runs.\n\n"
		"check looks at every page of both databases, every reference between rows, every entry of the log and the "
		"chain\n"
		"of them, every state, record and receipt against the log, and the keys against what they open. Says each "
		"thing\n"
		"that is not as it was written, and what to do.\n"
		"  --deep  read every stored document too, and hold it against its hash\n\n"
		"migrate brings a store that an older program has left to this program's schema, as the first start would: "
		"forward\n"
		"only, in one transaction, and not without room on the disk. A store of a newer program is refused.\n"
		"  --dry-run  say which version is there, what each step does, what room it takes; change not a byte\n\n"
		"copy moves a gateway between SQLite and PostgreSQL, or to another place: every row, the keys, the log with "
		"its\n"
		"end, and the numbers that come next. --from is the configuration it runs by now, --to the one it will; they "
		"name\n"
		"the same organisation, storage certificate and lookup key. The new store has to be empty. What was written "
		"is\n"
		"read back and held against what was read, then against the log and every hash. A copy that is cut off leaves "
		"a\n"
		"new store that nothing opens; the same command begins anew. The old store is marked, and no gateway starts on "
		"it\n"
		"any more: two that go on from the same send everything twice.\n\n"
		"reopen takes that mark away, where the new store was never started, or is destroyed; the log says who did so "
		"and\n"
		"why.\n\n"
		"Exit status: 0; 10 copied, and something in it is damaged; 65 something was found, or what was read back is "
		"not\n"
		"what was copied, or the new store is not empty; 75 the gateway is running, or no room; 78 other versions, "
		"keys,\n"
		"or a copy that was cut off.\n\n"
		"examples:\n"
		"  wardgate store check --deep\n"
		"  wardgate --json store check | jq -r 'select(.finding) | .finding'\n"
		"  wardgate store migrate --dry-run\n"
		"  wardgate store copy --from /etc/wardgate/gateway.xml --to /etc/wardgate/gateway-postgresql.xml\n",
	.run = run_store,
};
