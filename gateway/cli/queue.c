/* queue.c owns the command `queue`: what is under way, and the operator's hand on it. */
#include "cli/queue.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/operator.h"
#include "cli/ring.h"

static int run_act(struct wg_admin *admin, const char *action, const char *id, const char *why)
{
	struct wg_err err = { 0 };
	char name[WG_OPERATOR_TEXT];
	unsigned changed = 0;
	enum wg_code code = wg_client_act(admin->client, action, id, wg_operator(name), why, &changed, &err);
	if (code != WG_OK)
		return wg_fail("queue", &err);
	if (changed == 0) {
		(void)fprintf(stderr,
		              "wardgate queue: nothing of %s is in a state that %s applies to; wardgate queue show %s says "
		              "where it stands\n",
		              id, action, id);
		return EX_DATAERR;
	}
	(void)printf("%s: %u %s\n", action, changed, changed == 1 ? "change" : "changes"); /* main looks at stdout */
	return EX_OK;
}

static bool is_action(const char *word)
{
	static const char *const actions[] = { "retry", "hold", "release", "cancel" };
	for (size_t i = 0; i < WG_COUNT(actions); i++)
		if (strcmp(word, actions[i]) == 0)
			return true;
	return false;
}

static int run_queue(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	const char *state = "", *which = "notice", *why = NULL;
	bool unmask = false, all = false;
	const struct wg_option options[] = { { "state", &state, NULL },   { "which", &which, NULL }, { "why", &why, NULL },
		                                 { "unmask", NULL, &unmask }, { "all", NULL, &all },     { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands > 0 ? argv[1] : "list", *id = operands > 1 ? argv[2] : "";
	bool list = strcmp(word, "list") == 0, show = strcmp(word, "show") == 0, act = is_action(word);
	if (!list && !show && !act)
		return wg_misuse_word(&wg_command_queue, word, "say list, show, retry, hold, release or cancel");
	if (operands != (list ? (operands > 0 ? 1 : 0) : 2) || (!list && !wg_id_valid(id)))
		return wg_misuse(&wg_command_queue,
		                 list ? "list takes no operands" : "name one message or delivery by its id (26 characters)");
	if (act && strcmp(word, "retry") != 0 && (why == NULL || why[0] == '\0'))
		return wg_misuse(&wg_command_queue, "say why with --why: it goes to the log");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code != WG_OK)
		return wg_fail("queue", &err);
	if (act)
		return run_act(&admin, word, id, why != NULL && why[0] != '\0' ? why : "by hand"); /* only retry needs no why */
	struct wg_directory *directory = unmask ? NULL : wg_ring_load("queue", config);
	const struct wg_queueing q = { .cli = cli, .config = config, .admin = &admin, .directory = directory };
	int status = list ? wg_queue_list(&q, all ? "*" : state) : wg_queue_show(&q, id, which, unmask);
	wg_directory_freep(&directory);
	return status;
}

const struct wg_command wg_command_queue = {
	.name = "queue",
	.words = "list show retry hold release cancel",
	.summary = "list, show, retry, hold, release or cancel what is under way",
	.help =
		"usage: wardgate queue list [--state STATE | --all] [--json]\n"
		"       wardgate queue show ID [--unmask [--which original|notice|report|resolution]] [--json]\n"
		"       wardgate queue retry ID\n"
		"       wardgate queue hold|release|cancel ID --why TEXT\n\n"
		"ID is that of a message (then all its deliveries are meant) or of one delivery.\n"
		"  list     what is unfinished: where, why, since when, when it is tried next, whom to ring; --state "
		"unconfirmed:\n"
		"           what is handed over, and nobody there has said that they have it\n"
		"  show     one message with its deliveries, the messages about the same child and episode, the receipts that\n"
		"           came back, and its history;\n"
		"           --unmask prints the notice itself, and that is logged\n"
		"  retry    try now what was deferred or has failed; decide again what was withheld, under what is known now\n"
		"  hold     keep from being sent; release lets a held delivery, or one that waits for review, go\n"
		"  cancel   give up for good; the record stays\n\n"
		"examples:\n"
		"  wardgate queue list\n"
		"  wardgate queue list --state unconfirmed\n"
		"  wardgate queue show 06bcd8k1m3v5x7z9a2c4e6g8j0 --unmask\n"
		"  wardgate queue release 06bcd8k1m3v5x7z9a2c4e6g8j0 --why 'agreed with the social worker'\n",
	.run = run_queue,
};
