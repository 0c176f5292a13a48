/* audit.c owns the command `audit`: the log is whole, and nobody changed it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "role/admin.h"

/* "1234:0a1b..." */
static bool kept_of(const char *text, uint64_t *entry, const char **hash)
{
	char number[24];
	const size_t n = strcspn(text, ":");
	if (n == 0 || n >= sizeof number || strlen(text) - n != 1 + 64)
		return false;
	memcpy(number, text, n);
	number[n] = '\0';
	*hash = text + n + 1;
	return wg_num_parse(number, 1, INT64_MAX, entry);
}

static int run_audit(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	char head[WG_STORE_HASH] = "";
	const char *contains = NULL, *kept_head = "";
	uint64_t kept = 0;
	const struct wg_option options[] = { { "contains", &contains, NULL }, { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || strcmp(argv[1], "verify") != 0)
		return wg_misuse_word(&wg_command_audit, operands > 0 ? argv[1] : NULL, "say verify");
	if (contains != NULL && !kept_of(contains, &kept, &kept_head))
		return wg_misuse(&wg_command_audit, "--contains takes ENTRY:HASH, as audit verify and log-end say them");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_client_audit(admin.client, kept, kept_head, &entries, head, &err);
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
	.words = "verify",
	.summary = "verify the hash-chained log",
	.help = "usage: wardgate audit verify [--contains ENTRY:HASH] [--json]\n\n"
			"Walks the whole log: every entry's hash, the chain, no gaps, and that the states agree with what was "
			"logged last.\n"
			"A whole folder put back from an older copy agrees with itself: only who has noted a later end elsewhere "
			"can tell.\n"
			"The monitor role says the end each hour on its log (log-end, with entries and head), so a journal that is "
			"kept\n"
			"on another machine has it; a backup has one too. --contains says whether such an end is in the log.\n"
			"Exit status: 0 clean, 65 not, with the entry that does not fit.\n\n"
			"example:\n"
			"  wardgate audit verify\n"
			"  wardgate audit verify --contains 48213:9f2c0d...\n",
	.run = run_audit,
};
