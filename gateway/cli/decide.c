/* decide.c owns the command `decide`: who would get what of a notice, and why, without sending anything. */
#include "policy/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "sys/file.h"

struct decide {
	const char *file, *policy_file, *directory_file, *self, *from, *at, *project;
	struct wg_config *config; /* NULL when policy and directory were named */
	struct wg_paths paths;
	struct wg_schema *schema;
	struct wg_policy *policy;
	struct wg_directory *directory;
	struct wg_notice *notice;
	struct wg_decisions *decisions;
};

static void decide_free(struct decide *d)
{
	wg_decisions_freep(&d->decisions);
	wg_notice_freep(&d->notice);
	wg_policy_freep(&d->policy);
	wg_directory_freep(&d->directory);
	wg_schema_freep(&d->schema);
	free(d->config);
}

static enum wg_code decide_load(const struct wg_cli *cli, struct decide *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	enum wg_code code = WG_OK;
	if (d->policy_file == NULL || d->directory_file == NULL) {
		code = wg_cli_config(cli, &d->config, err);
		if (code != WG_OK)
			return wg_err_add(err, "neither --policy and --directory nor a configuration");
		d->policy_file = d->policy_file != NULL ? d->policy_file : d->config->policy;
		d->directory_file = d->directory_file != NULL ? d->directory_file : d->config->directory;
		d->self = d->self != NULL ? d->self : d->config->organisation;
		d->paths = d->config->paths;
	} else {
		code = wg_paths_find(NULL, NULL, &d->paths, err);
	}
	if (code == WG_OK)
		code = wg_schema_load(d->paths.xsd, &d->schema, err);
	if (code == WG_OK)
		code = wg_directory_load(d->directory_file, d->paths.xsd, &d->directory, err);
	if (code == WG_OK)
		code = wg_policy_load(d->policy_file, d->paths.xsd, d->schema, &d->policy, err);
	if (code == WG_OK)
		code = wg_file_read(d->file, &bytes, err);
	if (code == WG_OK)
		code = wg_notice_parse(d->schema, bytes.data, bytes.len, d->file, &d->notice, err);
	wg_buf_wipe(&bytes);
	return code;
}

static enum wg_code print_decisions(const struct wg_cli *cli, const struct decide *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)8 << 20);
	if (cli->json)
		wg_buf_puts(&out, "{\"decisions\":[");
	for (unsigned i = 0; i < d->decisions->count; i++) {
		if (i > 0)
			wg_buf_puts(&out, cli->json ? "," : "\n");
		if (cli->json)
			wg_decision_json(d->policy, &d->decisions->list[i], d->notice, &out);
		else
			wg_decision_text(d->policy, &d->decisions->list[i], &out);
	}
	if (cli->json) {
		wg_buf_puts(&out, "],\"unreachable\":");
		wg_buf_put_json(&out, d->decisions->unreachable);
		wg_buf_puts(&out, "}\n");
	} else if (d->decisions->unreachable[0] != '\0') {
		wg_buf_printf(&out, "\nCannot be reached, a person must look: %s\n", d->decisions->unreachable);
	} else if (d->decisions->count == 0) {
		wg_buf_puts(&out, "Nobody: no route of the policy applies to this notice.\n");
	}
	enum wg_code code = wg_buf_check(&out, "decisions", err);
	if (code == WG_OK && !wg_print(&out))
		code = wg_err_set(err, WG_SYSTEM, "the decisions could not be written");
	return code;
}

/* The copy that the recipient "organisation" or "organisation/desk" would get. */
static enum wg_code print_projection(const struct decide *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_NOTICE);
	for (unsigned i = 0; i < d->decisions->count; i++) {
		WG_AUTO_NOTICE struct wg_notice *copy = NULL;
		const struct wg_decision *one = &d->decisions->list[i];
		size_t n = strlen(one->organisation->id);
		bool match =
			strncmp(d->project, one->organisation->id, n) == 0 &&
			(d->project[n] == '\0' || (d->project[n] == '/' && strcmp(d->project + n + 1, one->desk->name) == 0));
		if (!match)
			continue;
		if (one->verdict == WG_VERDICT_DENY)
			return wg_err_set(err, WG_DENIED, "%s gets nothing: %s", d->project, one->verdict_rule);
		struct wg_copy want = { .organisation = one->organisation->id,
			                    .desk = one->desk->name,
			                    .granted = one->granted,
			                    .mark = one->mark,
			                    .reason = "not shared with this recipient" };
		enum wg_code code = wg_notice_project(d->notice, &want, &copy, err);
		if (code == WG_OK)
			code = wg_notice_serialise(copy, &out, err);
		if (code == WG_OK && !wg_print(&out))
			code = wg_err_set(err, WG_SYSTEM, "the copy could not be written");
		return code;
	}
	return wg_err_set(err, WG_NOT_FOUND,
	                  "%s is no recipient of this notice; wardgate decide without --project lists them", d->project);
}

static int run_decide(const struct wg_cli *cli, int argc, char **argv)
{
	struct decide d = { 0 };
	struct wg_err err = { 0 };
	char now[WG_CLOCK_TEXT];
	const struct wg_option options[] = { { "policy", &d.policy_file, NULL },
		                                 { "directory", &d.directory_file, NULL },
		                                 { "self", &d.self, NULL },
		                                 { "from", &d.from, NULL },
		                                 { "at", &d.at, NULL },
		                                 { "project", &d.project, NULL },
		                                 { NULL, NULL, NULL } };
	int operands;
	int64_t when;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1)
		return wg_misuse(&wg_command_decide, "name one NOTICE.xml");
	if (d.at != NULL && !wg_clock_parse(d.at, &when))
		return wg_misuse(&wg_command_decide, "--at wants a time like 2026-11-22T09:30:00Z");
	d.file = argv[1];
	enum wg_code code = decide_load(cli, &d, &err);
	char sender[WG_LIMIT_NAME + 1] = "";
	if (code == WG_OK && d.from == NULL)
		(void)wg_notice_get_into(d.notice, "header/sender/@organisation", sender,
		                         sizeof sender); /* the schema demands one */
	struct wg_facts facts = {
		.self = d.self != NULL ? d.self : "",
		.submitter = d.from != NULL ? d.from : sender,
		.own = d.self != NULL && strcmp(d.self, d.from != NULL ? d.from : sender) == 0,
		.now = d.at != NULL ? d.at : wg_clock_format(wg_clock_now(), now),
	};
	if (code == WG_OK)
		code = wg_decide(d.policy, d.directory, d.notice, &facts, &d.decisions, &err);
	if (code == WG_OK)
		code = d.project != NULL ? print_projection(&d, &err) : print_decisions(cli, &d, &err);
	int status = code != WG_OK                         ? wg_fail("decide", &err)
	             : d.decisions->unreachable[0] != '\0' ? WG_EXIT_ATTENTION
	                                                   : EX_OK;
	decide_free(&d);
	return status;
}

const struct wg_command wg_command_decide = {
	.name = "decide",
	.summary = "say who would get what of a notice, and why, without sending",
	.help = "usage: wardgate decide [--project ORGANISATION[/DESK]] [--json] [--policy FILE --directory FILE]\n"
			"                       [--self NAME] [--from NAME] [--at TIME] NOTICE.xml\n\n"
			"Prints the decision for every recipient: each category given or withheld, with rule, lawful basis and "
			"source.\n"
			"  --project RECIPIENT  print the redacted notice that this recipient would get instead\n"
			"  --policy, --directory  instead of those of the configuration\n"
			"  --self NAME          the organisation of the gateway\n"
			"  --from NAME          the organisation that hands the notice in (otherwise the notice's sender)\n"
			"  --at TIME            decide as of this time, e.g. 2026-11-22T09:30:00Z\n\n"
			"Exit status: 0, or 10 when a recipient cannot be reached.\n\n"
			"examples:\n"
			"  wardgate convert report.eml > notice.xml; wardgate decide notice.xml\n"
			"  wardgate decide --project derbyshire/front-door notice.xml\n",
	.run = run_decide,
};
