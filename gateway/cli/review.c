/* review.c owns the command `review`: a person's decision about a delivery that the policy does not let go by itself.
 * Nothing skips policy: what is released is the copy that was decided, and the store moves it. */
#include "cli/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/operator.h"

/* Columns of what is no terminal, and of a terminal that does not say. */
#define NARROW 80

/* ---- one delivery */

static enum wg_code find_row(struct wg_reviewing *r, const char *id, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_list(r->admin->client, "deliveries", "*", id, 2, &rows, &count, err);
	if (code == WG_OK && (count != 1 || strcmp(rows[0].id, id) != 0))
		code = wg_err_set(err, WG_NOT_FOUND, "there is no delivery %s; wardgate review list shows those that wait", id);
	if (code == WG_OK)
		r->row = rows[0];
	free(rows);
	return code;
}

static enum wg_code find_record(struct wg_reviewing *r, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF((size_t)16 << 20);
	enum wg_code code = wg_client_explain(r->admin->client, r->row.message, &json, err);
	if (code != WG_OK)
		return code;
	r->decisions = json_loadb(wg_buf_text(&json), json.len, JSON_REJECT_DUPLICATES, NULL);
	for (size_t i = 0; i < json_array_size(r->decisions); i++) {
		const json_t *one = json_array_get(r->decisions, i);
		if (strcmp(wg_people_text(one, "delivery"), r->row.id) == 0)
			r->record = json_object_get(one, "record");
	}
	return json_is_object(r->record) ? WG_OK
	                                 : wg_err_set(err, WG_CORRUPT, "there is no disclosure record of %s", r->row.id);
}

enum wg_code wg_reviewing_open(struct wg_reviewing *r, const char *id, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf notice = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = find_row(r, id, err);
	if (code == WG_OK)
		code = find_record(r, err);
	if (code == WG_OK)
		code = wg_process_load(r->config, &r->process, err);
	if (code == WG_OK)
		code = wg_operator_open(r->config, r->admin, r->row.message, "notice", &notice, err);
	if (code == WG_OK)
		code = wg_review_open(r->process.schema, &notice, r->record, r->row.organisation, r->row.desk, &r->review, err);
	wg_buf_wipe(&notice);
	return code;
}

void wg_reviewing_close(struct wg_reviewing *r)
{
	wg_review_close(&r->review);
	json_decref(r->decisions);
	r->decisions = NULL;
	r->record = NULL;
	wg_process_free(&r->process);
}

/* ---- the command */

static unsigned columns(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < NARROW)
		return NARROW;
	return size.ws_col;
}

static enum wg_code show(const struct wg_cli *cli, const struct wg_config *config, struct wg_admin *admin,
                         const char *id, bool html, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_REVIEWING struct wg_reviewing r = { .config = config, .admin = admin };
	enum wg_code code = wg_reviewing_open(&r, id, err);
	if (code != WG_OK)
		return code;
	return html        ? wg_review_html(&r, out, err)
	       : cli->json ? wg_review_json(&r, out, err)
	                   : wg_review_text(&r, columns(), out, err);
}

/* What stands after a release or a withhold: a first of two has not let it go yet. */
static void say_result(struct wg_admin *admin, const char *word, const char *id, struct wg_buf *out)
{
	struct wg_row *rows = NULL;
	struct wg_err err = { 0 };
	unsigned count = 0;
	if (wg_client_list(admin->client, "deliveries", "*", id, 1, &rows, &count, &err) != WG_OK || count != 1)
		wg_buf_printf(out, "%s: %s\n", id, word);
	else if (strcmp(word, "release") == 0 && strcmp(rows[0].state, "review") == 0)
		wg_buf_printf(out, "%s is released by one of two people: somebody else must release it too\n", id);
	else if (strcmp(word, "seen") == 0)
		wg_buf_printf(out, "%s: the override of consent was looked at\n", id);
	else
		wg_buf_printf(out, "%s is %s\n", id, strcmp(word, "release") == 0 ? "released and on its way" : rows[0].state);
	free(rows);
}

static enum wg_code act(struct wg_admin *admin, const char *word, const char *id, const char *why, struct wg_buf *out,
                        struct wg_err *err)
{
	char name[WG_OPERATOR_TEXT];
	unsigned changed = 0;
	struct wg_row *rows = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_list(admin->client, "deliveries", "*", id, 2, &rows, &count, err);
	bool one = code == WG_OK && count == 1 && strcmp(rows[0].id, id) == 0;
	bool waits = one && (strcmp(word, "seen") == 0 ? rows[0].overrides : strcmp(rows[0].state, "review") == 0);
	if (code == WG_OK && !one)
		code = wg_err_set(err, WG_NOT_FOUND, "there is no delivery %s; wardgate review list shows those that wait", id);
	else if (code == WG_OK && !waits)
		code = wg_err_set(err, WG_REJECT, "%s %s; wardgate queue show %s tells its history", id,
		                  strcmp(word, "seen") == 0 ? "overrides no consent that somebody has still to look at"
		                                            : "does not wait for a review",
		                  id);
	free(rows);
	if (code == WG_OK)
		code = wg_client_act(admin->client, word, id, wg_operator(name), why, &changed, err);
	if (code == WG_OK && changed == 0 && strcmp(word, "release") != 0)
		code = wg_err_set(err, WG_REJECT, "%s is not in a state for that any more", id);
	if (code == WG_OK)
		say_result(admin, word, id, out);
	return code;
}

static const char *misuse(const char *word, int operands, const char *id, const char *why, bool html)
{
	bool acts = strcmp(word, "release") == 0 || strcmp(word, "withhold") == 0;
	bool named = acts || strcmp(word, "show") == 0 || strcmp(word, "seen") == 0;
	if (!named && strcmp(word, "list") != 0)
		return "say list, show, release, withhold or seen";
	if (!named && operands > 1)
		return "list takes no operands";
	if (named && (operands != 2 || !wg_id_valid(id)))
		return "name one delivery by its id (26 characters)";
	if (acts && (why == NULL || why[0] == '\0'))
		return "say why with --why: it stands in the register; name no child in it";
	if (html && strcmp(word, "show") != 0)
		return "--html is for show";
	return NULL;
}

static int run_review(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_err err = { 0 };
	const char *why = NULL;
	bool html = false;
	const struct wg_option options[] = { { "why", &why, NULL }, { "html", NULL, &html }, { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands > 0 ? argv[1] : "list", *id = operands > 1 ? argv[2] : "";
	const char *wrong = misuse(word, operands, id, why, html);
	if (wrong != NULL)
		return wg_misuse_word(&wg_command_review, word, wrong);
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK && strcmp(word, "list") == 0)
		code = wg_review_list(cli, &admin, &out, &err);
	else if (code == WG_OK && strcmp(word, "show") == 0)
		code = show(cli, config, &admin, id, html, &out, &err);
	else if (code == WG_OK)
		code = act(&admin, word, id, why != NULL && why[0] != '\0' ? why : "looked at", &out, &err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "output", &err);
	int status = code != WG_OK ? wg_fail("review", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}

const struct wg_command wg_command_review = {
	.name = "review",
	.words = "list show release withhold seen",
	.summary = "list, show, release or withhold what a person must decide about",
	.help =
		"usage: wardgate review list [--json]\n"
		"       wardgate review show ID [--html | --json]\n"
		"       wardgate review release|withhold ID --why TEXT\n"
		"       wardgate review seen ID [--why TEXT]\n\n"
		"A delivery waits here when a rule asks for a person, or when the search of its text found what may be "
		"somebody\n"
		"else. ID is that of the delivery.\n"
		"  list      what waits, the overdue first: for whom, why, by when, who must decide; and the overrides of a "
		"consent\n"
		"            that nobody has looked at\n"
		"  show      the copy exactly as the recipient would see it, and the whole original beside it, with what "
		"stays\n"
		"            behind marked; --html writes one page with both. Who looked is logged\n"
		"  release   let it go; where the rule asks for two people, both must say so\n"
		"  withhold  decide not to share it\n"
		"  seen      an override of a consent was looked at\n"
		"TEXT and your login name stand in the register: name no child in it.\n\n"
		"examples:\n"
		"  wardgate review list\n"
		"  wardgate review show 06bcd8k1m3v5x7z9a2c4e6g8j0 --html > copy.html\n"
		"  wardgate review release 06bcd8k1m3v5x7z9a2c4e6g8j0 --why 'agreed with the social worker'\n",
	.run = run_review,
};
