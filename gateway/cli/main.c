/* main.c owns the entry: it finds the command, shows help, and calls it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "notice/schema_nearest.h"
#include "notice/xml.h"

static const char default_config[] = "/etc/wardgate/gateway.xml";

static const struct wg_command *const commands[] = {
	&wg_command_serve,   &wg_command_check,    &wg_command_submit,  &wg_command_convert, &wg_command_map,
	&wg_command_schema,  &wg_command_decide,   &wg_command_explain, &wg_command_queue,   &wg_command_attention,
	&wg_command_audit,   &wg_command_policy,   &wg_command_consent, &wg_command_review,  &wg_command_disclosures,
	&wg_command_purge,   &wg_command_discover, &wg_command_cert,    &wg_command_why_not, &wg_command_stuck,
	&wg_command_silence, &wg_command_alerts,   &wg_command_clock,   &wg_command_metrics, &wg_command_backup,
	&wg_command_restore, &wg_command_store,
};

static void usage(FILE *out)
{
	(void)fputs("wardgate: a gateway between the agencies that protect missing children\n\n"
	            "usage: wardgate [--config FILE] [--json] COMMAND ...\n\ncommands:\n",
	            out);
	for (size_t i = 0; i < WG_COUNT(commands); i++)
		(void)fprintf(out, "  %-11s  %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs(
		"\noptions:\n"
		"  --config FILE  the gateway's configuration (or WARDGATE_CONFIG; otherwise /etc/wardgate/gateway.xml)\n"
		"  --json         output for programs, where a command has one\n"
		"  --version      print the version\n"
		"\nwardgate COMMAND --help says more and shows examples. The manual: man wardgate.\n",
		out);
}

static const struct wg_command *find(const char *name)
{
	for (size_t i = 0; i < WG_COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static const char *likely(const char *name, char hint[WG_HINT])
{
	char names[1024] = "";
	if (name[0] == '-')
		return wg_hint(name, "--config --json --version --help", hint);
	for (size_t i = 0, used = 0; i < WG_COUNT(commands) && used < sizeof names - WG_LIMIT_NAME; i++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s ", commands[i]->name); /* it fits */
	return wg_hint(name, names, hint);
}

/* What a command printed has to be out, or it has failed: a full disk is no success. */
static int flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "wardgate: the output could not be written: %s\n", strerror(errno));
	return status == EX_OK ? EX_IOERR : status;
}

/* --config, --json and --help are understood after the command too; what is the command's own stays in argv. */
static int take_common(struct wg_cli *cli, int argc, char **argv, bool *help)
{
	int kept = 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			*help = true;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			cli->config = argv[++i];
		else if (strcmp(argv[i], "--config") == 0)
			return -1;
		else if (strncmp(argv[i], "--config=", 9) == 0)
			cli->config = argv[i] + 9;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static int run(int argc, char **argv)
{
	const char *env = getenv("WARDGATE_CONFIG");
	struct wg_cli cli = { .config = env != NULL ? env : default_config };
	bool help = false;
	argc = take_common(&cli, argc, argv, &help);
	if (argc > 1 && strcmp(argv[1], "help") == 0) { /* help COMMAND is COMMAND --help */
		help = true;
		argv++;
		argc--;
	}
	if (argc < 0) {
		(void)fputs("wardgate: --config needs the name of a file\n", stderr);
		return EX_USAGE;
	}
	if (argc < 2) {
		usage(help ? stdout : stderr);
		return help ? EX_OK : EX_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		(void)puts("wardgate " WG_VERSION);
		return EX_OK;
	}
	const struct wg_command *command = find(argv[1]);
	char hint[WG_HINT];
	if (command == NULL) {
		(void)fprintf(stderr, "wardgate: there is no %s \"%s\"%s (wardgate --help lists them)\n",
		              argv[1][0] == '-' ? "option" : "command", argv[1], likely(argv[1], hint));
		return EX_USAGE;
	}
	if (help) {
		(void)fputs(command->help, stdout);
		return EX_OK;
	}
	wg_xml_init();
	return command->run(&cli, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	wg_crypto_memory();
	wg_xml_memory();
	return flushed(run(argc, argv));
}
