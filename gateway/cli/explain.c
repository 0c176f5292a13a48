/* explain.c owns the command `explain`: who was told what of a message, under which rule, afterwards, from the store.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/related.h"
#include "policy/reasons.h"
#include "role/admin.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s != NULL ? s : "";
}

static bool is_marked(const json_t *record, const char *category)
{
	const json_t *marked = json_object_get(record, "marked");
	for (size_t i = 0; i < json_array_size(marked); i++) {
		const char *name = json_string_value(json_array_get(marked, i));
		if (name != NULL && strcmp(name, category) == 0)
			return true;
	}
	return false;
}

/* One side: the categories given, or those not given. */
static void put_side(const json_t *record, const char *effect, const char *title, struct wg_buf *out)
{
	const json_t *reasons = json_object_get(record, "reasons");
	struct wg_reason_words words[WG_REASONS_MAX];
	unsigned n = 0;
	for (size_t i = 0; i < json_array_size(reasons) && n < WG_REASONS_MAX; i++) {
		const json_t *r = json_array_get(reasons, i);
		if (strcmp(text_of(r, "effect"), effect) == 0)
			words[n++] = (struct wg_reason_words){ .category = text_of(r, "category"),
				                                   .rule = text_of(r, "rule"),
				                                   .basis = text_of(r, "basis"),
				                                   .source = text_of(r, "source"),
				                                   .consent = text_of(r, "consent"),
				                                   .kept_back = text_of(r, "kept_back"),
				                                   .said = is_marked(record, text_of(r, "category")) };
	}
	wg_reasons_text(title, words, n, out);
}

static void put_record(const json_t *row, struct wg_buf *out)
{
	const json_t *record = json_object_get(row, "record");
	bool sent = strcmp(text_of(row, "state"), "withheld") != 0;
	wg_buf_printf(out, "%s/%s, as %s of %s, by %s: %s\n", text_of(row, "organisation"), text_of(row, "desk"),
	              text_of(row, "role"), text_of(record, "of"), text_of(row, "channel"), text_of(row, "state"));
	if (text_of(row, "reason")[0] != '\0')
		wg_buf_printf(out, "  %s\n", text_of(row, "reason"));
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
	wg_buf_printf(&line, "decided %s, recipient because of %s", text_of(row, "decided"),
	              text_of(record, "route_source"));
	wg_buf_puts(out, "  ");
	wg_reasons_wrap(2, wg_buf_text(&line), out);
	if (text_of(record, "verdict_rule")[0] != '\0')
		wg_buf_printf(out, "  %s by %s\n", text_of(record, "verdict"), text_of(record, "verdict_rule"));
	put_side(record, "share", sent ? "given" : "would be given", out);
	put_side(record, "withhold", "not given", out);
	wg_buf_printf(out, "  policy %s, %.12s\n", text_of(record, "policy"), text_of(record, "policy_hash"));
}

static enum wg_code as_text(const struct wg_buf *json, struct wg_buf *out, struct wg_err *err)
{
	json_error_t fault;
	json_t *rows = json_loadb((const char *)json->data, json->len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_array(rows)) {
		json_decref(rows);
		return wg_err_set(err, WG_CORRUPT, "the disclosure records are not readable (line %d)", fault.line);
	}
	for (size_t i = 0; i < json_array_size(rows); i++) {
		wg_buf_puts(out, out->len > 0 ? "\n" : "");
		put_record(json_array_get(rows, i), out);
	}
	if (json_array_size(rows) == 0)
		wg_buf_puts(out, "Nothing was decided about this message yet; wardgate queue show ID says where it stands.\n");
	json_decref(rows);
	return wg_buf_check(out, "explanation", err);
}

static int run_explain(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	WG_AUTO_BUF struct wg_buf json = WG_BUF((size_t)16 << 20), text = WG_BUF((size_t)16 << 20),
							  related = WG_BUF((size_t)1 << 20);
	struct wg_err err = { 0 };
	const struct wg_option options[] = { { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || !wg_id_valid(argv[1]))
		return wg_misuse(&wg_command_explain, "name one message by its id (26 characters)");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_client_explain(admin.client, argv[1], &json, &err);
	if (code == WG_OK && !cli->json)
		code = wg_client_related(admin.client, argv[1], &related, &err);
	if (code == WG_OK && !cli->json)
		code = wg_related_text(&related, &text, &err);
	if (code == WG_OK && !cli->json)
		code = as_text(&json, &text, &err);
	if (code != WG_OK)
		return wg_fail("explain", &err);
	return wg_print(cli->json ? &json : &text) ? EX_OK : EX_IOERR;
}

const struct wg_command wg_command_explain = {
	.name = "explain",
	.summary = "say who was told what of a message, and why",
	.help = "usage: wardgate explain ID [--json]\n\n"
			"Prints the disclosure record of every recipient: each category given or withheld, with rule, lawful basis "
			"and source,\n"
			"the policy version it was decided under, and what became of the delivery; before it, the messages about\n"
			"the same child and the same episode, by their ids. No personal data.\n\n"
			"example:\n"
			"  wardgate explain 06bcd8k1m3v5x7z9a2c4e6g8j0\n",
	.run = run_explain,
};
