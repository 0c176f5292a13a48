/* schema.c owns the command `schema`: what a notice can hold, for those who write maps and policies. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "notice/notice.h"
#include "role/paths.h"

/* The whole reference is some 300 KB. */
#define PAGE_MAX ((size_t)8 << 20)

static int run_schema(const struct wg_cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(wg_schema_freep))) struct wg_schema *schema = NULL;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(PAGE_MAX);
	struct wg_paths paths;
	struct wg_err err = { 0 };
	bool html = false, markdown = false;
	const struct wg_option options[] = { { "html", NULL, &html },
		                                 { "markdown", NULL, &markdown },
		                                 { NULL, NULL, NULL } };
	int operands;
	(void)cli; /* no configuration is needed */
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	bool doc = operands == 1 && strcmp(argv[1], "doc") == 0;
	bool list = (operands == 1 || operands == 2) && strcmp(argv[1], "paths") == 0;
	if ((!doc && !list) || (list && (html || markdown)) || (html && markdown))
		return wg_misuse_word(&wg_command_schema, operands > 0 ? argv[1] : NULL,
		                      "say doc, or paths with or without one kind of notice");
	enum wg_code code = wg_paths_find(NULL, NULL, &paths, &err);
	if (code == WG_OK)
		code = wg_schema_load(paths.xsd, &schema, &err);
	if (code == WG_OK)
		code = doc ? wg_schema_doc(schema, html, &out, &err)
		           : wg_schema_paths(schema, operands == 2 ? argv[2] : NULL, &out, &err);
	if (code != WG_OK)
		return wg_fail("schema", &err);
	return wg_print(&out) ? EX_OK : EX_IOERR;
}

const struct wg_command wg_command_schema = {
	.name = "schema",
	.words = "doc paths",
	.summary = "say what a notice can hold: kinds, places, categories, codes",
	.help = "usage: wardgate schema doc [--html | --markdown]\n"
			"       wardgate schema paths [KIND]\n\n"
			"doc prints the reference of the notice, made of the schema: every kind with its mandatory places, every "
			"place with\n"
			"its category and type, every code with its source and dates. Markdown, unless --html is given.\n"
			"paths lists the places that a map can fill, one a line: path, type, category, what it is. [+] marks what "
			"may stand\n"
			"more than once. With KIND only the places of notices of that kind. No configuration is needed.\n\n"
			"examples:\n"
			"  wardgate schema doc --html > notice.html\n"
			"  wardgate schema paths return-interview | grep account\n",
	.run = run_schema,
};
