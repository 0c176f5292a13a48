/* serve.c owns the commands `serve` and `check`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "notice/schema_nearest.h"
#include "role/check.h"
#include "role/role.h"

static const char role_names[] = "store intake process deliver monitor";

static bool is_role(const char *word)
{
	char one[WG_LIMIT_NAME + 1];
	for (const char *p = role_names; (p = wg_next_name(p, one)) != NULL;)
		if (strcmp(word, one) == 0)
			return true;
	return false;
}

static int no_role(const char *word)
{
	char said[WG_LIMIT_NAME + 1], hint[WG_HINT], text[256];
	(void)snprintf(text, sizeof text, "there is no role \"%s\"%s (store, intake, process, deliver or monitor)",
	               wg_defang(word, said, sizeof said),
	               wg_hint(word, role_names, hint)); /* cut is acceptable in words */
	return wg_misuse(&wg_command_serve, text);
}

static int run_serve(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_err err = { 0 };
	const char *role = NULL;
	const struct wg_option options[] = { { "role", &role, NULL }, { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands > 0)
		return wg_misuse(&wg_command_serve, "takes no operands");
	if (role != NULL && !is_role(role))
		return no_role(role);
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = role != NULL ? wg_role_run(role, config, &err) : wg_supervise(config, &err);
	if (code == WG_OK)
		return EX_OK;
	wg_log_err(WG_LOG_ERROR, "stopped", &err, NULL);
	return role != NULL ? wg_code_exit(code) : wg_fail("serve", &err);
}

static int run_check(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 20);
	struct wg_err err = { 0 };
	const struct wg_option options[] = { { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands > 0)
		return wg_misuse(&wg_command_check, "takes no operands");
	if (wg_check(cli->config, false, &out, &err) != WG_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (!wg_print(&out))
		return EX_IOERR;
	bool warned = strstr(wg_buf_text(&out), "warning: ") != NULL;
	(void)printf("%s: %s\n", cli->config, warned ? "usable, with the warnings above" : "in order");
	return warned ? 1 : 0;
}

const struct wg_command wg_command_serve = {
	.name = "serve",
	.summary = "run the gateway",
	.help = "usage: wardgate serve [--role NAME] [--config FILE]\n\n"
			"Runs and watches all roles: store, intake, process, deliver, monitor.\n"
			"One that dies is started again; nothing is lost.\n"
			"  --role NAME  run this role only, as a service by itself (see wardgate(1), UNITS)\n\n"
			"SIGTERM stops, SIGHUP reads the configuration again: a faulty one changes nothing.\n"
			"The log is one JSON object a line on standard error.\n\n"
			"examples:\n"
			"  wardgate check --config /etc/wardgate/gateway.xml && wardgate serve --config /etc/wardgate/gateway.xml\n"
			"  wardgate serve --role intake\n",
	.run = run_serve,
};

const struct wg_command wg_command_check = {
	.name = "check",
	.summary = "check configuration, policy, directory, maps, keys and certificates",
	.help = "usage: wardgate check [--config FILE]\n\n"
			"Loads everything as the roles will, says what is wrong, where and what to do, and prints the effective "
			"configuration.\n"
			"Exit status: 0 in order, 1 usable with warnings, 2 not usable.\n\n"
			"example:\n"
			"  wardgate check --config gateway.xml\n",
	.run = run_check,
};
