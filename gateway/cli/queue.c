/* queue.c owns the command `queue`: what is under way, where, why, since when; and the operator's hand on it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/operator.h"
#include "cli/related.h"
#include "policy/reasons.h"

#define LIST_MOST 1000

/* ---- list */

/* ,"name":"2026-11-22T12:00:00Z", or null for none */
static void put_instant(struct wg_buf *out, const char *name, int64_t at)
{
	char text[WG_CLOCK_TEXT];
	if (at != 0)
		wg_buf_printf(out, ",\"%s\":\"%s\"", name, wg_clock_format(at, text));
	else
		wg_buf_printf(out, ",\"%s\":null", name);
}

static void put_row_json(struct wg_buf *out, const struct wg_row *r)
{
	char since[WG_CLOCK_TEXT];
	wg_buf_printf(out,
	              "{\"id\":\"%s\",\"message\":\"%s\",\"state\":\"%s\",\"organisation\":\"%s\",\"desk\":\"%s\","
	              "\"channel\":\"%s\",\"kind\":\"%s\","
	              "\"way\":\"%s\",\"since\":\"%s\"",
	              r->id, r->message, r->state, r->organisation, r->desk, r->channel, r->kind, r->way,
	              wg_clock_format(r->since, since));
	put_instant(out, "next", r->next);
	wg_buf_printf(out, ",\"attempts\":%u,\"may-have-arrived\":%s,\"reason\":", r->attempts,
	              r->maybe ? "true" : "false");
	wg_buf_put_json(out, r->reason);
	wg_buf_puts(out, ",\"assigned\":");
	wg_buf_put_json(out, r->assigned);
	wg_buf_printf(out, ",\"role\":\"%s\",\"of\":\"%s\",\"alarm\":%s", r->role, r->of, r->alarm ? "true" : "false");
	put_instant(out, "due", r->due);
	put_instant(out, "not-before", r->not_before);
	wg_buf_printf(out, ",\"part-of\":\"%s\"}\n", r->parent);
}

/* What a person can do about a row that waits for one; NULL when it does not. */
static const char *what_to_do(const struct wg_row *r)
{
	static const struct {
		const char *state, *words;
	} hints[] = {
		{ "attention",
		  "look and answer: wardgate attention show %s; or read it anew (wardgate queue retry), or cancel" },
		{ "review", "look, then release or withhold it: wardgate review show %s" },
		{ "held", "let it go: wardgate queue release %s --why TEXT; or cancel" },
		{ "failed", "try again: wardgate queue retry %s; or cancel" },
	};
	for (size_t i = 0; i < WG_COUNT(hints); i++)
		if (strcmp(hints[i].state, r->state) == 0)
			return hints[i].words;
	return NULL;
}

static void put_indented(struct wg_buf *out, const char *words)
{
	wg_buf_puts(out, "    ");
	wg_reasons_wrap(4, words, out);
}

static void put_what_to_do(struct wg_buf *out, const struct wg_row *r)
{
	char words[256];
	const char *hint = what_to_do(r), *at = hint != NULL ? strstr(hint, "%s") : NULL;
	if (at == NULL)
		return;
	(void)snprintf(words, sizeof words, "%.*s%s%s", (int)(at - hint), hint, r->id, at + 2); /* fits */
	put_indented(out, words);
}

static void put_delivery_facts(struct wg_buf *out, const struct wg_row *r, int64_t now)
{
	char next[32];
	wg_buf_printf(out, "    of message %s", r->message);
	if (r->attempts > 0)
		wg_buf_printf(out, ", tried %u %s", r->attempts, r->attempts == 1 ? "time" : "times");
	if (r->next > now)
		wg_buf_printf(out, ", next try in %s", wg_age(r->next - now, next, sizeof next));
	if (r->alarm)
		wg_buf_puts(out, ", an alarm: sent only when a review of it is overdue");
	if (r->not_before > now && strcmp(r->state, "sealed") == 0)
		wg_buf_printf(out, ", not before %s", wg_clock_format(r->not_before, next));
	wg_buf_puts(out, r->maybe ? ", may have arrived already\n" : "\n");
}

static void put_row_text(struct wg_buf *out, const struct wg_row *r)
{
	char age[32], safe[sizeof r->reason + 1];
	int64_t now = wg_clock_wall();
	bool delivery = r->desk[0] != '\0';
	const char *kind = r->alarm ? "alarm" : r->kind[0] != '\0' ? r->kind : delivery ? r->channel : "?";
	wg_buf_printf(out, "%s  %-12s %-8s ", r->id, r->state, kind);
	if (delivery)
		wg_buf_printf(out, "to %s/%s by %s", r->organisation, r->desk, r->channel);
	else
		wg_buf_printf(out, "from %s by %s", r->organisation, r->way);
	wg_buf_printf(out, ", for %s", wg_age(now - r->since, age, sizeof age));
	if (r->assigned[0] != '\0')
		wg_buf_printf(out, ", %s looks after it", wg_defang(r->assigned, safe, sizeof safe));
	if (r->parent[0] != '\0')
		wg_buf_printf(out, ", part of %s", r->parent);
	wg_buf_putc(out, '\n');
	if (delivery)
		put_delivery_facts(out, r, now);
	if (r->reason[0] != '\0')
		put_indented(out, wg_defang(r->reason, safe, sizeof safe));
	put_what_to_do(out, r);
}

static enum wg_code list_one(const struct wg_cli *cli, struct wg_admin *admin, const char *what, const char *state,
                             const char *id, struct wg_buf *out, unsigned *count, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	enum wg_code code = wg_client_list(admin->client, what, state, id, LIST_MOST, &rows, count, err);
	if (code == WG_OK && *count > 0 && !cli->json)
		wg_buf_printf(out, "%s%s:\n", out->len > 0 ? "\n" : "", what);
	for (unsigned i = 0; code == WG_OK && i < *count; i++) {
		if (cli->json)
			put_row_json(out, &rows[i]);
		else
			put_row_text(out, &rows[i]);
	}
	free(rows);
	return code;
}

static int run_list(const struct wg_cli *cli, struct wg_admin *admin, const char *state)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	struct wg_err err = { 0 };
	unsigned messages = 0, deliveries = 0;
	enum wg_message_state message;
	enum wg_delivery_state delivery;
	bool every = state[0] == '\0' || strcmp(state, "*") == 0; /* most states are of one of the two only */
	bool of_messages = every || wg_message_state_find(state, &message);
	bool of_deliveries = every || wg_delivery_state_find(state, &delivery);
	enum wg_code code = WG_OK;
	if (!of_messages && !of_deliveries)
		return wg_misuse(&wg_command_queue, "--state: there is no such state; wardgate queue list --all shows states");
	if (of_messages)
		code = list_one(cli, admin, "messages", state, "", &out, &messages, &err);
	if (code == WG_OK && of_deliveries)
		code = list_one(cli, admin, "deliveries", state, "", &out, &deliveries, &err);
	if (code == WG_OK && !cli->json && messages + deliveries == 0)
		wg_buf_puts(&out, state[0] == '\0' ? "Nothing is unfinished.\n" : "Nothing is in that state.\n");
	if (code == WG_OK && (messages == LIST_MOST || deliveries == LIST_MOST) && !cli->json)
		wg_buf_printf(&out, "Only the first %d are shown.\n", LIST_MOST);
	if (code == WG_OK)
		code = wg_buf_check(&out, "list", &err);
	return code != WG_OK ? wg_fail("queue", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
}

/* ---- show */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text != NULL ? text : "";
}

/* The log's entries for people: when, who, what. Hashes and what stands in the lists above are for --json. */
static enum wg_code put_history(const struct wg_buf *json, struct wg_buf *out, struct wg_err *err)
{
	json_error_t fault;
	json_t *rows = json_loadb(wg_buf_text(json), json->len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_array(rows)) {
		json_decref(rows);
		return wg_err_set(err, WG_CORRUPT, "the history is not readable (line %d)", fault.line);
	}
	wg_buf_puts(out, "\nhistory:\n");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *detail = text_of(row, "detail");
		char safe[256];
		wg_buf_printf(out, "  %s  %-10s %-12s %s", text_of(row, "at"), text_of(row, "actor"), text_of(row, "event"),
		              text_of(row, "delivery"));
		if (detail[0] != '\0' && strchr(detail, '=') == NULL)
			wg_buf_printf(out, "%s%s", text_of(row, "delivery")[0] != '\0' ? ": " : "",
			              wg_defang(detail, safe, sizeof safe));
		wg_buf_putc(out, '\n');
	}
	json_decref(rows);
	return WG_OK;
}

/* What it has to do with other messages; nothing for a delivery. */
static enum wg_code put_related(const struct wg_cli *cli, struct wg_admin *admin, const char *id, struct wg_buf *out,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF((size_t)1 << 20);
	enum wg_code code = wg_client_related(admin->client, id, &json, err);
	if (code == WG_NOT_FOUND)
		return WG_OK;
	if (code != WG_OK)
		return code;
	if (cli->json) {
		wg_buf_put(out, json.data, json.len);
		return WG_OK;
	}
	wg_buf_putc(out, '\n');
	return wg_related_text(&json, out, err);
}

static enum wg_code show_facts(const struct wg_cli *cli, struct wg_admin *admin, const char *id, struct wg_buf *out,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf history = WG_BUF((size_t)8 << 20);
	unsigned messages = 0, deliveries = 0;
	enum wg_code code = list_one(cli, admin, "messages", "*", id, out, &messages, err);
	if (code == WG_OK)
		code = list_one(cli, admin, "deliveries", "*", id, out, &deliveries, err);
	if (code == WG_OK && messages + deliveries == 0)
		code = wg_err_set(err, WG_NOT_FOUND,
		                  "there is no message or delivery %s; wardgate queue list shows what is unfinished", id);
	if (code == WG_OK)
		code = put_related(cli, admin, id, out, err);
	if (code == WG_OK)
		code = wg_client_history(admin->client, id, LIST_MOST, &history, err);
	if (code == WG_OK) {
		if (cli->json)
			wg_buf_put(out, history.data, history.len);
		else
			code = put_history(&history, out, err);
		wg_buf_putc(out, '\n');
	}
	return code;
}

static int run_show(const struct wg_cli *cli, const struct wg_config *config, struct wg_admin *admin, const char *id,
                    const char *which, bool unmask)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_err err = { 0 };
	enum wg_code code =
		unmask ? wg_operator_open(config, admin, id, which, &out, &err) : show_facts(cli, admin, id, &out, &err);
	int status = code != WG_OK ? wg_fail("queue", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}

/* ---- acting */

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
		return wg_misuse(&wg_command_queue, "say list, show, retry, hold, release or cancel");
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
	if (list)
		return run_list(cli, &admin, all ? "*" : state);
	if (show)
		return run_show(cli, config, &admin, id, which, unmask);
	return run_act(&admin, word, id, why != NULL && why[0] != '\0' ? why : "by hand"); /* only retry needs no why */
}

const struct wg_command wg_command_queue = {
	.name = "queue",
	.summary = "list, show, retry, hold, release or cancel what is under way",
	.help =
		"usage: wardgate queue list [--state STATE | --all] [--json]\n"
		"       wardgate queue show ID [--unmask [--which original|notice|report|resolution]] [--json]\n"
		"       wardgate queue retry ID\n"
		"       wardgate queue hold|release|cancel ID --why TEXT\n\n"
		"ID is that of a message (then all its deliveries are meant) or of one delivery.\n"
		"  list     what is unfinished: where, why, since when, when it is tried next\n"
		"  show     one message with its deliveries, the messages about the same child and episode, and its history;\n"
		"           --unmask prints the notice itself, and that is logged\n"
		"  retry    try now what was deferred or has failed; decide again what was withheld, under what is known now\n"
		"  hold     keep from being sent; release lets a held delivery, or one that waits for review, go\n"
		"  cancel   give up for good; the record stays\n\n"
		"examples:\n"
		"  wardgate queue list\n"
		"  wardgate queue show 06bcd8k1m3v5x7z9a2c4e6g8j0 --unmask\n"
		"  wardgate queue release 06bcd8k1m3v5x7z9a2c4e6g8j0 --why 'agreed with the social worker'\n",
	.run = run_queue,
};
