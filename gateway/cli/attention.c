/* attention.c owns the command `attention`: a person's way with what the gateway did not understand. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/attention.h"
#include "cli/operator.h"
#include "crypto/crypto.h"
#include "policy/reasons.h"
#include "sys/file.h"

#define LIST_MOST 1000

/* The command's own words. */
struct words {
	const char *with, *why, *to;
	bool edits, labels_only;
};

/* ---- list */

static void put_row(const struct wg_cli *cli, const struct wg_row *r, struct wg_buf *out)
{
	char age[32], safe[sizeof r->reason + 1], since[WG_CLOCK_TEXT];
	if (cli->json) {
		wg_buf_printf(
			out, "{\"id\":\"%s\",\"organisation\":\"%s\",\"kind\":\"%s\",\"way\":\"%s\",\"since\":\"%s\",\"assigned\":",
			r->id, r->organisation, r->kind, r->way, wg_clock_format(r->since, since));
		wg_buf_put_json(out, r->assigned);
		wg_buf_puts(out, ",\"reason\":");
		wg_buf_put_json(out, r->reason);
		wg_buf_puts(out, "}\n");
		return;
	}
	wg_buf_printf(out, "%s  %-14s from %s by %s, for %s, %s%s\n    ", r->id, r->kind[0] != '\0' ? r->kind : "(unknown)",
	              r->organisation, r->way, wg_age(wg_clock_now() - r->since, age, sizeof age),
	              r->assigned[0] != '\0' ? "with " : "with nobody", r->assigned);
	wg_reasons_wrap(4, wg_defang(r->reason, safe, sizeof safe), out);
}

static enum wg_code list(const struct wg_cli *cli, struct wg_admin *admin, struct wg_buf *out, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_list(admin->client, "messages", "attention", "", LIST_MOST, &rows, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		put_row(cli, &rows[i], out);
	free(rows);
	if (code == WG_OK && count == 0 && !cli->json)
		wg_buf_puts(out, "Nothing waits for a person.\n");
	else if (code == WG_OK && !cli->json)
		wg_buf_puts(out, count == LIST_MOST ? "\nOnly the first are shown.\n"
		                                    : "\nLook at one: wardgate attention show ID\n");
	return code;
}

/* ---- show */

static enum wg_code show(const struct words *w, struct wg_case *c, struct wg_buf *out)
{
	const struct wg_resolving resolving = wg_case_resolving(c);
	if (!w->edits) {
		wg_case_print(c, !w->labels_only, out);
		return WG_OK;
	}
	if (c->earlier != NULL) {
		wg_buf_puts(out, "# What was answered before:\n");
		wg_resolution_write(c->earlier, c->read.fields, out);
	}
	if (c->read.divided) {
		wg_buf_puts(out, "# A table whose rows wait: look at the original, then take the # away.\n#text is read\n");
		return WG_OK;
	}
	if (c->answer)
		wg_buf_puts(out, "# It answers a copy of ours. Once that is dealt with:\n#text is read\n");
	wg_resolution_template(&resolving, c->read.notice, !w->labels_only, c->row.organisation[0] == '\0', out);
	return WG_OK;
}

/* ---- resolve and return */

static enum wg_code read_answers(const struct words *w, struct wg_resolution **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_RESOLUTION_MAX);
	enum wg_code code = w->with != NULL ? wg_file_read(w->with, &text, err) : WG_OK;
	if (code == WG_OK)
		code = wg_resolution_parse(wg_buf_text(&text), text.len, w->with != NULL ? w->with : "resolution", out, err);
	wg_buf_wipe(&text);
	return code;
}

/* What would come of it: the same that the gateway will do, so that a slip shows here and not in a queue. */
static enum wg_code rehearse(struct wg_case *c, const struct wg_resolution *resolution, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf open = WG_BUF((size_t)256 * 1024);
	const struct wg_resolving resolving = wg_case_resolving(c);
	if (c->read.divided)
		return wg_case_table(resolution, err);
	bool about_it = resolution->count > 0 || resolution->kind[0] != '\0' || resolution->give_back != NULL;
	if (c->answer && resolution->text_read && !about_it)
		return WG_OK;
	if (c->row.organisation[0] == '\0' && resolution->sender[0] == '\0')
		return wg_err_set(err, WG_REJECT,
		                  "not everything is answered yet: say who sent it (\"sender = ORGANISATION\", its id in the "
		                  "directory); wardgate queue cancel closes what nobody is to act on");
	if (resolution->sender[0] != '\0' && wg_directory_find(c->process.directory, resolution->sender) == NULL)
		return wg_err_set(err, WG_REJECT, "sender: the directory has no organisation with the id %s",
		                  resolution->sender);
	enum wg_code code = wg_resolution_apply(&resolving, resolution, &c->read.notice, &open, err);
	if (code != WG_OK || resolution->give_back != NULL)
		return code;
	if (open.len > 0) {
		char list[400];
		(void)snprintf(list, sizeof list, "%s", wg_buf_text(&open)); /* cut: the first are enough */
		for (char *p = list; *p != '\0'; p++)
			*p = *p == '\n' ? ' ' : *p;
		return wg_err_set(err, WG_REJECT, "not everything is answered yet: %s", list);
	}
	code = wg_notice_validate(c->read.notice, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "the notice would not be valid");
}

static enum wg_code hand_over(const struct words *w, struct wg_case *c, const struct wg_resolution *resolution,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_RESOLUTION_MAX), sealed = WG_BUF(WG_STORE_RESOLUTION_MAX);
	char name[WG_OPERATOR_TEXT];
	wg_resolution_write(resolution, c->read.fields, &text);
	enum wg_code code = wg_buf_check(&text, "resolution", err);
	if (code == WG_OK)
		code = wg_cms_encrypt(c->process.storage_cert, WG_CIPHER_GCM, text.data, text.len, &sealed, err);
	if (code == WG_OK)
		code = wg_client_resolve(c->admin->client, c->row.id, wg_operator(name), w->why, sealed.data, sealed.len, err);
	wg_buf_wipe(&text);
	return code;
}

static enum wg_code resolve(const struct words *w, struct wg_case *c, bool give_back, struct wg_buf *out,
                            struct wg_err *err)
{
	WG_AUTO_RESOLUTION struct wg_resolution *resolution = NULL;
	enum wg_code code = read_answers(w, &resolution, err);
	if (code == WG_OK && give_back && resolution->give_back == NULL && (resolution->give_back = strdup(w->why)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	if (code == WG_OK)
		code = rehearse(c, resolution, err);
	if (code == WG_OK)
		code = hand_over(w, c, resolution, err);
	if (code == WG_OK)
		wg_buf_printf(out, "%s %s; wardgate queue show %s tells what becomes of it\n", c->row.id,
		              give_back ? "goes back to its owner" : "goes on", c->row.id);
	return code;
}

static enum wg_code on_case(const struct words *w, const char *word, const struct wg_config *config,
                            struct wg_admin *admin, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_CASE struct wg_case c = { .config = config, .admin = admin };
	enum wg_code code = wg_case_open(&c, id, err);
	if (code != WG_OK)
		return code;
	if (strcmp(word, "show") == 0)
		return show(w, &c, out);
	return resolve(w, &c, strcmp(word, "return") == 0, out, err);
}

static enum wg_code assign(const struct words *w, struct wg_admin *admin, const char *id, struct wg_buf *out,
                           struct wg_err *err)
{
	char name[WG_OPERATOR_TEXT];
	const char *to = w->to != NULL ? w->to : wg_operator(name);
	char who[WG_OPERATOR_TEXT];
	enum wg_code code =
		wg_client_assign(admin->client, id, to, wg_operator(who), w->why != NULL ? w->why : "assigned", err);
	if (code == WG_OK)
		wg_buf_printf(out, "%s is with %s\n", id, to[0] != '\0' ? to : "nobody");
	return code;
}

/* What is wrong with the words of the command; NULL when nothing is. */
static const char *misuse(const struct words *w, const char *word, int operands, const char *id)
{
	static const char *const known[] = { "list", "show", "assign", "resolve", "return" };
	bool found = false;
	for (size_t i = 0; i < WG_COUNT(known); i++)
		found = found || strcmp(word, known[i]) == 0;
	if (!found)
		return "say list, show, assign, resolve or return";
	if (strcmp(word, "list") == 0)
		return operands > 1 ? "list takes no operands" : NULL;
	if (operands != 2 || !wg_id_valid(id))
		return "name one message by its id (26 characters)";
	if (strcmp(word, "resolve") == 0 && w->with == NULL)
		return "name the file with the answers: --with FILE (wardgate attention show ID --edits makes one)";
	if ((strcmp(word, "resolve") == 0 || strcmp(word, "return") == 0) && (w->why == NULL || w->why[0] == '\0'))
		return "say why with --why: it goes to the log, and with return to the owner; name no child in it";
	return NULL;
}

static int run_attention(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	struct words w = { 0 };
	const struct wg_option options[] = { { "with", &w.with, NULL },
		                                 { "why", &w.why, NULL },
		                                 { "to", &w.to, NULL },
		                                 { "edits", NULL, &w.edits },
		                                 { "labels-only", NULL, &w.labels_only },
		                                 { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands > 0 ? argv[1] : "list", *id = operands > 1 ? argv[2] : "";
	const char *wrong = misuse(&w, word, operands, id);
	if (wrong != NULL)
		return wg_misuse_word(&wg_command_attention, word, wrong);
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK && strcmp(word, "list") == 0)
		code = list(cli, &admin, &out, &err);
	else if (code == WG_OK && strcmp(word, "assign") == 0)
		code = assign(&w, &admin, id, &out, &err);
	else if (code == WG_OK)
		code = on_case(&w, word, config, &admin, id, &out, &err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "output", &err);
	int status = code != WG_OK ? wg_fail("attention", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}

const struct wg_command wg_command_attention = {
	.name = "attention",
	.words = "list show assign resolve return",
	.summary = "list, show, assign, resolve or return what a person must look at",
	.help =
		"usage: wardgate attention list [--json]\n"
		"       wardgate attention show ID [--labels-only] [--edits]\n"
		"       wardgate attention assign ID [--to NAME] [--why TEXT]\n"
		"       wardgate attention resolve ID --with FILE --why TEXT\n"
		"       wardgate attention return ID --why TEXT [--with FILE]\n\n"
		"A message waits here when something of it was not understood: a field without a place, a value that cannot "
		"be\n"
		"read, words outside any field, something missing, or a child that may be another one.\n"
		"  list     what waits, since when, why, and with whom\n"
		"  show     the document and the notice side by side; who looked is logged. --labels-only hides the answers;\n"
		"           --edits prints the open questions, to be answered in a file\n"
		"  assign   who looks after it: NAME, or you; --to '' for nobody\n"
		"  resolve  apply the answers and let the message go on. FILE - is standard input\n"
		"  return   send it back to its owner with the list of what is missing; nobody else gets it meanwhile\n\n"
		"An answer is one line: a place and its value (\"child/date-of-birth = 14/03/2011\", \"... = not known\"), a "
		"field and\n"
		"its place (\"field 12 -> missing/other\"), \"field 13 is read\", \"text is read\", \"same child as ID\", "
		"\"new child\",\n"
		"\"new episode\", \"kind = missing\"; for a mail that nobody signed \"sender = derbyshire-police\", once you "
		"have\n"
		"asked them by a number that you know and that is not from the mail. TEXT goes to the log: name no child in "
		"it.\n\n"
		"examples:\n"
		"  wardgate attention list\n"
		"  wardgate attention show 06bcd8k1m3v5x7z9a2c4e6g8j0 --edits > answers\n"
		"  wardgate attention resolve 06bcd8k1m3v5x7z9a2c4e6g8j0 --with answers --why 'rang the home'\n"
		"  wardgate attention return 06bcd8k1m3v5x7z9a2c4e6g8j0 --why 'please add the date of birth'\n",
	.run = run_attention,
};
