/* policy_explain.c owns `wardgate policy explain`: a policy as sentences, by kind of notice and role, that a data
 * protection officer can read through and sign. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/policy.h"

#define EXPLAIN_OUTPUT ((size_t)16 << 20)
/* Columns of a line of text, and how far sentences stand in. */
#define EXPLAIN_WIDTH 100
#define EXPLAIN_INDENT 4

struct explaining {
	bool html;
	const struct wg_policy *policy;
	const struct wg_schema *schema;
	struct wg_buf out;
	bool *said; /* per item: it stands further up in full */
};

/* ---- the page */

static void put_html(struct explaining *e, const char *text)
{
	wg_buf_put_xml(&e->out, text, strlen(text));
}

/* Words, broken into lines that stand in by indent. */
static void put_wrapped(struct explaining *e, int indent, const char *text)
{
	size_t column = 0;
	while (*(text += strspn(text, " \t\r\n")) != '\0') {
		size_t n = strcspn(text, " \t\r\n");
		if (column > 0 && column + 1 + n > (size_t)(EXPLAIN_WIDTH - indent)) {
			wg_buf_putc(&e->out, '\n');
			column = 0;
		}
		wg_buf_printf(&e->out, "%*s", column == 0 ? indent : 1, "");
		wg_buf_put(&e->out, text, n);
		column += n + 1;
		text += n;
	}
	wg_buf_putc(&e->out, '\n');
}

static void put_heading(struct explaining *e, int level, const char *text)
{
	if (e->html) {
		wg_buf_printf(&e->out, "<h%d>", level);
		put_html(e, text);
		wg_buf_printf(&e->out, "</h%d>\n", level);
		return;
	}
	wg_buf_putc(&e->out, '\n');
	if (level > 2) {
		put_wrapped(e, 2, text);
		return;
	}
	wg_buf_printf(&e->out, "%s\n", text);
	for (size_t i = 0; i < strlen(text); i++)
		wg_buf_putc(&e->out, level == 1 ? '=' : '-');
	wg_buf_putc(&e->out, '\n');
}

static void put_sentence(struct explaining *e, const struct wg_policy_item *item)
{
	const char *const parts[][2] = { { "Source", item->source }, { "Note", item->note } };
	if (e->html) {
		wg_buf_puts(&e->out, "<li>");
		put_html(e, item->text);
		wg_buf_puts(&e->out, " <small>");
	} else {
		put_wrapped(e, EXPLAIN_INDENT, item->text);
	}
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		if (parts[i][1] == NULL || parts[i][1][0] == '\0')
			continue;
		WG_AUTO_BUF struct wg_buf line = WG_BUF(8192);
		bool ended = strchr(".!?", parts[i][1][strlen(parts[i][1]) - 1]) != NULL;
		wg_buf_printf(&line, "%s: %s%s", parts[i][0], parts[i][1], ended ? "" : ".");
		if (e->html)
			put_html(e, wg_buf_text(&line)), wg_buf_putc(&e->out, ' ');
		else
			put_wrapped(e, EXPLAIN_INDENT, wg_buf_text(&line));
	}
	if (e->html) {
		wg_buf_puts(&e->out, "<code>");
		put_html(e, item->id);
		wg_buf_puts(&e->out, "</code></small></li>\n");
	} else {
		wg_buf_printf(&e->out, "%*s[%s]\n\n", EXPLAIN_INDENT, "", item->id);
	}
}

/* ---- what belongs together */

static bool is_rule(const struct wg_policy_item *item)
{
	return strcmp(item->what, "rule") == 0;
}

static bool is_about(const struct wg_policy_item *item, const char *kind)
{
	const char *kinds = item->kinds != NULL ? item->kinds : "";
	if (strcmp(kinds, "*") == 0)
		return strcmp(kind, "*") == 0;
	return kinds[0] != '\0' && strcmp(kind, "*") != 0 && wg_list_has(kinds, kind);
}

static const char *roles_of(const struct wg_policy_item *item)
{
	return item->roles != NULL ? item->roles : "";
}

static bool is_wanted(const struct wg_policy_item *item, const char *kind, bool rules, const char *roles)
{
	if (!is_about(item, kind))
		return false;
	return rules ? is_rule(item) && strcmp(roles_of(item), roles) == 0 : strcmp(item->what, "route") == 0;
}

/* What was said for an earlier kind already, by name: nobody reads a sentence forty times. */
static void put_said_before(struct explaining *e, const char *kind, bool rules, const char *roles)
{
	WG_AUTO_BUF struct wg_buf names = WG_BUF(64 << 10);
	struct wg_policy_item item;
	for (unsigned i = 0; i < wg_policy_items(e->policy); i++)
		if (e->said[i] && wg_policy_item(e->policy, i, &item) && is_wanted(&item, kind, rules, roles))
			wg_buf_printf(&names, "%s%s", names.len > 0 ? ", " : "The same as above: ", item.id);
	if (names.len == 0)
		return;
	wg_buf_putc(&names, '.');
	if (e->html) {
		wg_buf_puts(&e->out, "<p>");
		put_html(e, wg_buf_text(&names));
		wg_buf_puts(&e->out, "</p>\n");
	} else {
		put_wrapped(e, EXPLAIN_INDENT, wg_buf_text(&names));
		wg_buf_putc(&e->out, '\n');
	}
}

/* Routes of a kind (rules false), or its rules for one list of roles. */
static void put_items(struct explaining *e, const char *kind, bool rules, const char *roles)
{
	struct wg_policy_item item;
	unsigned n = 0;
	put_said_before(e, kind, rules, roles);
	for (unsigned i = 0; i < wg_policy_items(e->policy); i++) {
		if (e->said[i] || !wg_policy_item(e->policy, i, &item) || !is_wanted(&item, kind, rules, roles))
			continue;
		if (n++ == 0)
			wg_buf_puts(&e->out, e->html ? "<ul>\n" : "");
		put_sentence(e, &item);
		e->said[i] = true;
	}
	wg_buf_puts(&e->out, e->html && n > 0 ? "</ul>\n" : "");
}

static bool is_any(const struct explaining *e, const char *kind, const char *what)
{
	struct wg_policy_item item;
	for (unsigned i = 0; i < wg_policy_items(e->policy); i++)
		if (wg_policy_item(e->policy, i, &item) && is_about(&item, kind) &&
		    (what == NULL || strcmp(item.what, what) == 0))
			return true;
	return false;
}

/* Whether an item before number i has the same roles for this kind: then its heading stands already. */
static bool is_repeated(const struct explaining *e, const char *kind, unsigned i, const char *roles)
{
	struct wg_policy_item item;
	for (unsigned before = 0; before < i; before++)
		if (wg_policy_item(e->policy, before, &item) && is_rule(&item) && is_about(&item, kind) &&
		    strcmp(roles_of(&item), roles) == 0)
			return true;
	return false;
}

static void put_kind(struct explaining *e, const char *kind, const char *title)
{
	struct wg_policy_item item;
	if (!is_any(e, kind, NULL))
		return;
	put_heading(e, 2, title);
	if (is_any(e, kind, "route")) {
		put_heading(e, 3, "Who is told");
		put_items(e, kind, false, "");
	}
	for (unsigned i = 0; i < wg_policy_items(e->policy); i++) {
		if (!wg_policy_item(e->policy, i, &item) || !is_rule(&item) || !is_about(&item, kind) ||
		    is_repeated(e, kind, i, roles_of(&item)))
			continue;
		WG_AUTO_BUF struct wg_buf heading = WG_BUF(8192);
		wg_buf_printf(&heading, "For %s", strcmp(roles_of(&item), "*") == 0 ? "everybody" : roles_of(&item));
		put_heading(e, 3, wg_buf_text(&heading));
		put_items(e, kind, true, roles_of(&item));
	}
}

/* What is neither a route nor a rule: definitions first, then (definitions false) grades, hours, retention. */
static void put_others(struct explaining *e, bool definitions, const char *title)
{
	struct wg_policy_item item;
	unsigned n = 0;
	for (unsigned i = 0; i < wg_policy_items(e->policy); i++) {
		if (!wg_policy_item(e->policy, i, &item) || is_rule(&item) || strcmp(item.what, "route") == 0 ||
		    (strcmp(item.what, "definition") == 0) != definitions)
			continue;
		if (n++ == 0) {
			put_heading(e, 2, title);
			wg_buf_puts(&e->out, e->html ? "<ul>\n" : "");
		}
		put_sentence(e, &item);
	}
	wg_buf_puts(&e->out, e->html && n > 0 ? "</ul>\n" : "");
}

static void put_signature(struct explaining *e)
{
	static const char words[] =
		"I have read this policy. What it gives, keeps back and leaves to a person is as it should be.";
	static const char *const lines[] = { "Name", "Office", "Date", "Signature" };
	put_heading(e, 2, "Signed");
	if (e->html)
		wg_buf_printf(&e->out, "<p>%s</p>\n<table>\n", words);
	else
		put_wrapped(e, EXPLAIN_INDENT, words);
	for (size_t i = 0; i < WG_COUNT(lines); i++)
		wg_buf_printf(&e->out,
		              e->html ? "<tr><th>%s</th><td></td></tr>\n" : "\n    %-10s ______________________________\n",
		              lines[i]);
	wg_buf_puts(&e->out, e->html ? "</table>\n</body>\n</html>\n" : "");
}

static void put_head(struct explaining *e)
{
	static const char style[] =
		"body{font:11pt/1.45 sans-serif;max-width:52em;margin:2em auto;padding:0 1em}h2{border-bottom:1px solid #888}"
		"h3{font-size:1em}small{color:#444}li{margin:.5em 0;break-inside:avoid}table{border-collapse:collapse}"
		"th{text-align:left;padding:1em 2em 0 0}td{border-bottom:1px solid #000;width:24em}";
	char title[200];
	(void)snprintf(title, sizeof title, "Sharing policy %s", wg_policy_version(e->policy)); /* versions are short */
	if (e->html) {
		wg_buf_puts(&e->out, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
		put_html(e, title);
		wg_buf_printf(&e->out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	}
	put_heading(e, 1, title);
	WG_AUTO_BUF struct wg_buf edition = WG_BUF(4096);
	wg_buf_printf(
		&edition,
		"Nothing is given to anybody unless a sentence below gives it. What is kept back stays kept back whatever "
		"else is said. This is the edition whose files have the SHA-256 %s.",
		wg_policy_hash(e->policy));
	if (e->html)
		wg_buf_printf(&e->out, "<p>%s</p>\n", wg_buf_text(&edition));
	else
		put_wrapped(e, EXPLAIN_INDENT, wg_buf_text(&edition));
}

static void put_policy(struct explaining *e)
{
	put_head(e);
	put_others(e, true, "Words with a meaning of their own");
	put_kind(e, "*", "Every kind of notice");
	for (size_t k = 0; k < wg_schema_kinds(e->schema); k++) {
		char title[WG_LIMIT_NAME + 16];
		(void)snprintf(title, sizeof title, "Notices: %s", wg_schema_kind(e->schema, k));
		put_kind(e, wg_schema_kind(e->schema, k), title);
	}
	put_others(e, false, "Grades, hours, and how long things are kept");
	put_signature(e);
}

int wg_policy_explain(const struct wg_cli *cli, int argc, char **argv)
{
	struct explaining e = { .out = WG_BUF(EXPLAIN_OUTPUT) };
	WG_AUTO_POLICY_ROOM struct wg_policy_room room = { 0 };
	struct wg_config *config = NULL;
	struct wg_err err = { 0 };
	int operands;
	const struct wg_option options[] = { { "html", NULL, &e.html }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands > 1)
		return wg_misuse(&wg_command_policy, "explain one POLICY");
	enum wg_code code = operands == 1 ? WG_OK : wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_policy_room_open(&room, &err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&room, operands == 1 ? argv[1] : config->policy, &e.policy, &err);
	if (code == WG_OK) {
		e.schema = room.schema;
		e.said = calloc(wg_policy_items(e.policy) + 1, sizeof *e.said);
		if (e.said != NULL)
			put_policy(&e);
		code = e.said != NULL ? wg_buf_check(&e.out, "the policy in words", &err)
		                      : wg_err_set(&err, WG_SYSTEM, "no memory for the policy in words");
	}
	int status = code != WG_OK ? wg_fail("policy explain", &err) : EX_OK;
	if (code == WG_OK && !wg_print(&e.out))
		status = EX_IOERR;
	free(config);
	free(e.said);
	wg_buf_free(&e.out);
	return status;
}
