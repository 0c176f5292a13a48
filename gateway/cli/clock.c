/* clock.c owns the command `clock`: whether the store believes the machine's clock, and a person's word that it is
 * right.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/operator.h"
#include "cli/people.h"
#include "cli/said.h"

static bool show(const struct wg_cli *cli, const json_t *metrics, struct wg_buf *out)
{
	char store_when[WG_CLOCK_WORDS], when[WG_CLOCK_WORDS];
	const char *words = wg_people_text(metrics, "clock"), *now = wg_people_text(metrics, "now"),
			   *machine = wg_people_text(metrics, "machine"); /* of the store or, shared, of its database */
	bool ok = strcmp(words, "ok") == 0;
	if (cli->json) {
		wg_buf_printf(out, "{\"ok\":%s,\"words\":", ok ? "true" : "false");
		wg_buf_put_json(out, words);
		wg_buf_puts(out, ",\"store\":");
		wg_buf_put_json(out, now);
		wg_buf_puts(out, ",\"machine\":");
		wg_buf_put_json(out, machine);
		wg_buf_puts(out, "}\n");
		return ok;
	}
	(void)wg_people_stamp(now, store_when);
	(void)wg_people_stamp(machine, when);
	if (ok) {
		wg_buf_printf(out, "The clock is right: %s.\n", store_when);
		return ok;
	}
	wg_buf_puts(out, "Something is wrong: ");
	wg_people_words(20, words, out);
	wg_buf_printf(out,
	              "    the machine says         %s\n"
	              "    the store goes on with   %s\n"
	              "Nothing expires by the machine's clock meanwhile. Put that clock right, and all is well again by\n"
	              "itself. Only if it is right now: wardgate clock accept --why TEXT\n",
	              when, store_when);
	return ok;
}

static int run_show(const struct wg_cli *cli, struct wg_admin *admin)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)4096);
	struct wg_err err = { 0 };
	json_t *metrics = NULL;
	bool ok = true;
	enum wg_code code = wg_said_metrics(admin, &metrics, &err);
	if (code == WG_OK) {
		ok = show(cli, metrics, &out);
		code = wg_buf_check(&out, "answer", &err);
	}
	json_decref(metrics);
	if (code != WG_OK)
		return wg_fail("clock", &err);
	return !wg_print(&out) ? EX_IOERR : ok ? EX_OK : WG_EXIT_ATTENTION;
}

static int run_accept(struct wg_admin *admin, const char *why)
{
	char name[WG_OPERATOR_TEXT], when[WG_CLOCK_WORDS];
	json_t *metrics = NULL;
	struct wg_err err = { 0 };
	unsigned changed = 0;
	enum wg_code code = wg_client_act(admin->client, "accept-clock", "", wg_operator(name), why, &changed, &err);
	if (code == WG_OK)
		code = wg_said_metrics(admin, &metrics, &err);
	if (code == WG_OK)
		(void)printf("accepted: it is %s; waits and deadlines go by it from now on\n",
		             wg_people_stamp(wg_people_text(metrics, "machine"), when)); /* main looks at stdout */
	json_decref(metrics);
	return code == WG_OK ? EX_OK : wg_fail("clock", &err);
}

static int run_clock(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	const char *why = NULL;
	int count = 0;
	const struct wg_option options[] = { { "why", &why, NULL }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	bool accept = count == 1 && strcmp(argv[1], "accept") == 0;
	if (!accept && count != 0)
		return wg_misuse_word(&wg_command_clock, argv[1], "say nothing, or accept");
	if (accept != (why != NULL && why[0] != '\0'))
		return wg_misuse(&wg_command_clock,
		                 accept ? "say why with --why: it goes to the log" : "--why belongs to accept");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code != WG_OK)
		return wg_fail("clock", &err);
	return accept ? run_accept(&admin, why) : run_show(cli, &admin);
}

const struct wg_command wg_command_clock = {
	.name = "clock",
	.words = "accept",
	.summary = "whether the machine's clock is believed, and saying that it is right",
	.help =
		"usage: wardgate clock [--json]\n"
		"       wardgate clock accept --why TEXT\n\n"
		"When the machine's clock is set by more than a little, the store goes on by a steady clock of its own, so "
		"that\n"
		"nothing expires and no deadline is skipped, until the clock is back.\n"
		"  accept  the machine's clock is right now, whatever the store makes of it; TEXT and your name go to the log\n"
		"Exit 0 when nothing is wrong with the clock, 10 when something is.\n\n"
		"examples:\n"
		"  wardgate clock\n"
		"  wardgate clock accept --why 'the battery was changed; compared with two other clocks'\n",
	.run = run_clock,
};
