/* why_not.c owns the command `why-not`: what stands in the way of a recipient, and what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "notice/schema_nearest.h"
#include "policy/reasons.h"
#include "role/admin.h"
#include "role/why_not.h"

#define ROWS_MOST 1000
/* Deliveries that are told one by one. */
#define ROWS_TOLD 8
/* The ids of all organisations. */
#define NAMES_MAX ((size_t)1024 * 1024)

static const char *const state_names[] = { "good", "note", "bad" };

/* ---- whom it is about */

/* "ORGANISATION/DESK", or the id of a delivery: then its recipient. */
static enum wg_code find(const struct wg_directory *directory, struct wg_admin *admin, const char *word,
                         const struct wg_organisation **o, const struct wg_desk **desk, struct wg_err *err)
{
	char name[2 * WG_LIMIT_NAME + 2];
	struct wg_row *rows = NULL;
	unsigned count = 0;
	(void)snprintf(name, sizeof name, "%.*s", (int)sizeof name - 1, word); /* a longer one is nobody's */
	if (strchr(word, '/') == NULL && admin->client != NULL &&
	    wg_client_list(admin->client, "deliveries", "*", word, 1, &rows, &count, NULL) == WG_OK && count == 1)
		(void)snprintf(name, sizeof name, "%s/%s", rows[0].organisation, rows[0].desk); /* fits */
	free(rows);
	if (wg_directory_desk(directory, name, o, desk))
		return WG_OK;
	char text[600] = "";
	size_t n = strcspn(name, "/");
	name[n] = '\0';
	const struct wg_organisation *there = wg_directory_find(directory, name);
	for (unsigned d = 0; there != NULL && d < there->desk_count; d++) {
		size_t used = strlen(text);
		(void)snprintf(text + used, sizeof text - used, "%s%s/%s", used > 0 ? ", " : "", there->id,
		               there->desks[d].name); /* cut: words */
	}
	if (there != NULL)
		return wg_err_set(err, WG_NOT_FOUND, "the directory has no such desk; it has %s",
		                  text[0] != '\0' ? text : "no desk of that organisation");
	WG_AUTO_BUF struct wg_buf names = WG_BUF(NAMES_MAX);
	char hint[WG_HINT];
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		wg_buf_printf(&names, "%s ", wg_directory_at(directory, i)->id);
	return wg_err_set(err, WG_NOT_FOUND,
	                  "the directory has no such organisation, and there is no delivery of that id: give "
	                  "ORGANISATION/DESK, or the id of a delivery%s",
	                  wg_hint(name, wg_buf_text(&names), hint));
}

/* ---- its deliveries */

static bool is_under_way(const char *state)
{
	static const char *const states[] = { "sealed", "sending", "deferred", "review", "held", "failed", "handed-over" };
	for (size_t i = 0; i < WG_COUNT(states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

static void tell_row(const struct wg_row *row, int64_t now, struct wg_why *why)
{
	char words[400], age[32], next[64] = "", what[64];
	bool bad = strcmp(row->state, "failed") == 0;
	if (row->next > now)
		(void)snprintf(next, sizeof next, ", tried again in %s", wg_age(row->next - now, age, sizeof age)); /* fits */
	(void)snprintf(what, sizeof what, "delivery %s", row->id);                                              /* fits */
	char since[32], safe[256];
	(void)snprintf(words, sizeof words, "%s for %s%s%s%s", row->state, wg_age(now - row->since, since, sizeof since),
	               next, row->reason[0] != '\0' ? ": " : "",
	               wg_defang(row->reason, safe, sizeof safe)); /* cut: words */
	wg_why_add(why, bad ? WG_WHY_BAD : WG_WHY_NOTE, what, words,
	           bad                                 ? "when the reason is gone: wardgate queue retry, with its id"
	           : strcmp(row->state, "review") == 0 ? "a person decides: wardgate review show, with its id"
	           : strcmp(row->state, "held") == 0   ? "wardgate queue release, with its id"
	                                               : "");
}

static enum wg_code look_at_deliveries(struct wg_admin *admin, const struct wg_organisation *o,
                                       const struct wg_desk *desk, int64_t now, struct wg_why *why, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned count = 0, told = 0, more = 0;
	if (admin->client == NULL)
		return WG_OK;
	enum wg_code code = wg_client_list(admin->client, "deliveries", "", "", ROWS_MOST, &rows, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		if (strcmp(rows[i].organisation, o->id) != 0 || strcmp(rows[i].desk, desk->name) != 0 ||
		    !is_under_way(rows[i].state))
			continue;
		if (told++ < ROWS_TOLD)
			tell_row(&rows[i], now, why);
		else
			more++;
	}
	char words[64];
	(void)snprintf(words, sizeof words, "%u more are under way", more); /* fits */
	if (more > 0)
		wg_why_add(why, WG_WHY_NOTE, "deliveries", words, "wardgate queue list shows all");
	else if (told == 0 && code == WG_OK)
		wg_why_add(why, WG_WHY_GOOD, "deliveries", "none is under way or has failed", "");
	free(rows);
	return code;
}

/* ---- printing */

static unsigned put(const struct wg_cli *cli, const struct wg_why *why, const char *name, const struct wg_desk *desk,
                    struct wg_buf *out)
{
	unsigned bad = 0;
	for (unsigned i = 0; i < why->count; i++) {
		const struct wg_why_step *s = &why->steps[i];
		bad += s->state == WG_WHY_BAD;
		if (cli->json) {
			wg_buf_printf(out, "{\"state\":\"%s\",\"what\":", state_names[s->state]);
			wg_buf_put_json(out, s->what);
			wg_buf_puts(out, ",\"words\":");
			wg_buf_put_json(out, s->words);
			wg_buf_puts(out, ",\"todo\":");
			wg_buf_put_json(out, s->todo);
			wg_buf_puts(out, "}\n");
			continue;
		}
		wg_buf_printf(out, "%s %s\n        ",
		              s->state == WG_WHY_GOOD   ? "  ok  "
		              : s->state == WG_WHY_NOTE ? "  note"
		                                        : "  NO  ",
		              s->what);
		wg_reasons_wrap(8, s->words, out);
		if (s->todo[0] != '\0') {
			wg_buf_puts(out, "        to do: ");
			wg_reasons_wrap(15, s->todo, out);
		}
	}
	if (!cli->json && bad == 0)
		wg_buf_printf(out, "\nNothing stands in the way of %s.\n", name);
	else if (!cli->json)
		wg_buf_printf(out, "\n%u %s in the way of %s.%s%s\n", bad, bad == 1 ? "thing stands" : "things stand", name,
		              desk->telephone[0] != '\0' ? " Whom to ring: " : "", desk->telephone);
	return bad;
}

static int run_why_not(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_FREE struct wg_why *why = calloc(1, sizeof *why);
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_directory *directory = NULL;
	const struct wg_organisation *o = NULL;
	const struct wg_desk *desk = NULL;
	struct wg_err err = { 0 }, store = { 0 };
	bool online = false;
	int count = 0;
	const struct wg_option options[] = { { "online", NULL, &online }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	if (count != 1)
		return wg_misuse(&wg_command_why_not, "name one recipient: ORGANISATION/DESK, or the id of a delivery");
	if (why == NULL)
		return EX_OSERR;
	why->online = online;
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_directory_load(config->directory, config->paths.xsd, &directory, &err);
	if (code == WG_OK && wg_admin_open(config, &admin, &store) != WG_OK)
		admin = (struct wg_admin){ 0 }; /* told below: all but the deliveries can be said without the store */
	if (code == WG_OK)
		code = find(directory, &admin, argv[1], &o, &desk, &err);
	if (code == WG_OK)
		code = wg_why_not(config, directory, wg_clock_now(), o, desk, why, &err);
	if (code == WG_OK && admin.client == NULL)
		wg_why_add(why, WG_WHY_NOTE, "deliveries", store.text, "start the gateway to hear of them");
	if (code == WG_OK)
		code = look_at_deliveries(&admin, o, desk, wg_clock_now(), why, &err);
	unsigned bad = 0;
	if (code == WG_OK) {
		char name[2 * WG_LIMIT_NAME + 2];
		(void)snprintf(name, sizeof name, "%s/%s", o->id, desk->name); /* fits */
		bad = put(cli, why, name, desk, &out);
		code = wg_buf_check(&out, "answer", &err);
	}
	wg_directory_freep(&directory);
	if (code != WG_OK)
		return wg_fail("why-not", &err);
	return wg_print(&out) ? (bad > 0 ? 1 : EX_OK) : EX_IOERR;
}

const struct wg_command wg_command_why_not = {
	.name = "why-not",
	.summary = "why a recipient is not reached, and what to do",
	.help = "usage: wardgate why-not ORGANISATION/DESK|DELIVERY-ID [--online] [--json]\n\n"
			"Walks through everything that has to hold for that desk: the directory, the channel, each of its\n"
			"certificates with the check that failed, revocation, what we sign and connect with, its deliveries.\n"
			"  --online  also connects to its server, verifies it, and sends nothing\n"
			"Exit 0 when nothing stands in the way, 1 when something does.\n\n"
			"examples:\n"
			"  wardgate why-not staffordshire-police/missing\n"
			"  wardgate why-not 06bcd8k1m3v5x7z9a2c4e6g8j0 --online\n",
	.run = run_why_not,
};
