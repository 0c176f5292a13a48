/* audit.c owns the command `audit`: the log is whole, and nobody changed it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "role/admin.h"

static int run_audit(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	char head[WG_STORE_HASH] = "";
	const struct wg_option options[] = { { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || strcmp(argv[1], "verify") != 0)
		return wg_misuse(&wg_command_audit, "say verify");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_client_audit(admin.client, &entries, head, &err);
	if (code != WG_OK)
		return wg_fail("audit", &err);
	if (cli->json)
		(void)printf("{\"entries\":%" PRIu64 ",\"head\":\"%s\",\"clean\":true}\n", entries, head);
	else
		(void)printf("clean: %" PRIu64
		             " entries, head %s\nKeep the head elsewhere: a later log that does not contain it was cut.\n",
		             entries, head);
	return EX_OK;
}

const struct wg_command wg_command_audit = {
	.name = "audit",
	.summary = "verify the hash-chained log",
	.help = "usage: wardgate audit verify [--json]\n\n"
			"Walks the whole log: every entry's hash, the chain, no gaps, and that the states agree with what was "
			"logged last.\n"
			"Exit status: 0 clean, 65 not, with the entry that does not fit.\n\n"
			"example:\n"
			"  wardgate audit verify\n",
	.run = run_audit,
};
