/* policy.c owns the command `policy`: it finds the subcommand. */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"

static const struct {
	const char *name;
	int (*run)(const struct wg_cli *cli, int argc, char **argv);
} subcommands[] = {
	{ "test", wg_policy_test },     { "check", wg_policy_check },     { "diff", wg_policy_diff },
	{ "replay", wg_policy_replay }, { "explain", wg_policy_explain }, { "trace", wg_policy_trace },
};

static int run_policy(const struct wg_cli *cli, int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < WG_COUNT(subcommands); i++) {
		char whole[32];
		if (strcmp(argv[1], subcommands[i].name) != 0)
			continue;
		(void)snprintf(whole, sizeof whole, "policy %s", subcommands[i].name);
		argv[1] = whole;
		return subcommands[i].run(cli, argc - 1, argv + 1);
	}
	return wg_misuse_word(&wg_command_policy, argc > 1 ? argv[1] : NULL, "name a sub-command");
}

const struct wg_command wg_command_policy = {
	.name = "policy",
	.words = "test check diff replay explain trace",
	.summary = "test, check, compare, replay, explain and trace sharing policies",
	.help = "usage: wardgate policy test [--verbose] [FILE|FOLDER ...]\n"
			"       wardgate policy check [--directory FILE] [--at TIME] [POLICY]\n"
			"       wardgate policy diff [--tests FOLDER] [--notices FOLDER] [--directory FILE] [--at TIME] OLD NEW\n"
			"       wardgate policy replay --since DATE [--until DATE] NEW\n"
			"       wardgate policy explain [--html] [POLICY]\n"
			"       wardgate policy trace --requirements FILE [--tests FOLDER] POLICY ...\n\n"
			"  test     runs policy tests, by default those in the folder tests beside the policy\n"
			"  check    says what a reader of a policy would overlook: rules that never apply, categories nobody sees\n"
			"  diff     says which rules differ, and which recipients gain or lose which categories\n"
			"  replay   says what past messages would have come to under another policy; changes nothing\n"
			"  explain  prints a policy as sentences that a data protection officer can sign\n"
			"  trace    prints which rule and which test answer each requirement\n\n"
			"The last line of test is \"N passed, N failed\". Exit status: 0; 65 when a test failed or something is "
			"missing.\n"
			"The manual: man wardgate-policy.\n\n"
			"examples:\n"
			"  wardgate policy test\n"
			"  wardgate policy test --verbose policy/tests/northamptonshire.xml\n"
			"  wardgate policy diff --tests policy/tests old/england.xml policy/england.xml\n",
	.run = run_policy,
};
