/* disclosures.c owns the command `disclosures`: the register of who was told what, for the subject, for a case review,
 * and for those who wait for a confirmation. */
#include "cli/disclosures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/operator.h"
#include "policy/consent.h"

#define DAY_MS INT64_C(86400000)
/* What is not confirmed after so many days is no longer on anybody's list for today: --since asks for more. */
#define UNCONFIRMED_DAYS 30
/* The register as JSON: WG_STORE_LIST_MAX entries with their records. */
#define REGISTER_MAX ((size_t)64 << 20)
/* The same told in words, or as a page. */
#define OUTPUT_MAX ((size_t)256 << 20)

/* The command's own words; NULL where not given. */
struct words {
	const char *child, *since, *until, *purpose, *code, *why;
	bool all, html, unconfirmed;
};

/* ---- what is asked for */

static enum wg_code read_span(const struct words *w, int64_t *from, int64_t *until, struct wg_err *err)
{
	char day[11];
	int64_t today = wg_clock_now() / DAY_MS;
	*from = w->unconfirmed ? wg_clock_now() - UNCONFIRMED_DAYS * DAY_MS : 0;
	*until = INT64_MAX;
	if (w->since != NULL && !wg_people_moment(w->since, today + 1, from))
		return wg_err_set(err, WG_REJECT, "--since: a day like 2026-11-01, or a moment like 2026-11-01T10:00:00Z");
	if (w->until == NULL)
		return WG_OK;
	if (wg_people_day(w->until, today + 1, day) ? !wg_consent_until(day, until)
	                                            : !wg_people_moment(w->until, today + 1, until))
		return wg_err_set(err, WG_REJECT, "--until: a day like 2026-11-30 (to its end), or a moment");
	return *until > *from ? WG_OK : wg_err_set(err, WG_REJECT, "--until is before --since");
}

static enum wg_code read_register(struct wg_admin *admin, uint64_t child, int64_t from, int64_t until, json_t **out,
                                  struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF(REGISTER_MAX);
	char name[WG_OPERATOR_TEXT];
	enum wg_code code = wg_client_register(admin->client, child, from, until, wg_operator(name), &json, err);
	if (code != WG_OK)
		return code;
	*out = json_loadb(wg_buf_text(&json), json.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_array(*out))
		return WG_OK;
	json_decref(*out);
	*out = NULL;
	return wg_err_set(err, WG_CORRUPT, "the register is not readable");
}

/* Which child, by what the gateway knows; 0 for everybody. */
static enum wg_code find_child(const struct words *w, const struct wg_config *config, struct wg_admin *admin,
                               uint64_t *child, struct wg_err *err)
{
	*child = 0;
	if (w->child == NULL)
		return WG_OK;
	WG_CLEANUP(wg_process_free) struct wg_process process = { 0 };
	enum wg_code code = wg_process_load(config, &process, err);
	return code == WG_OK ? wg_people_child(&process, admin, w->child, child, err) : code;
}

void wg_disclosures_filter(json_t *entries, enum wg_disclosures_for purpose, unsigned *left_out)
{
	*left_out = 0;
	for (size_t i = 0; purpose == WG_FOR_SUBJECT_ACCESS && i < json_array_size(entries);) {
		json_t *entry = json_array_get(entries, i);
		if (json_is_object(json_object_get(entry, "exemption"))) {
			(void)json_array_remove(entries, i); /* i is within */
			++*left_out;
			continue;
		}
		(void)json_object_del(entry, "exemption");
		/* what was kept back from a recipient may be what the exemptions protect, and what was found is of others */
		(void)json_object_del(json_object_get(json_object_get(entry, "record"), "elements"), "withheld");
		(void)json_object_del(json_object_get(entry, "record"), "found");
		json_t *acts = json_object_get(entry, "acts"); /* a mark that was taken away again leaves none either */
		for (size_t a = json_array_size(acts); a-- > 0;)
			if (strcmp(wg_people_text(json_array_get(acts, a), "event"), "exempt") == 0)
				(void)json_array_remove(acts, a); /* likewise */
		i++;
	}
}

/* To the operator, not into what is handed out. */
static void say_left_out(json_t *entries, enum wg_disclosures_for purpose)
{
	for (size_t i = 0; purpose == WG_FOR_SUBJECT_ACCESS && i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i), *mark = json_object_get(entry, "exemption");
		char safe[600];
		if (json_is_object(mark))
			(void)fprintf(stderr, "wardgate disclosures: left out as exempt: %s (%s, by %s: %s)\n",
			              wg_people_text(entry, "delivery"), wg_people_text(mark, "code"), wg_people_text(mark, "who"),
			              wg_defang(wg_people_text(mark, "why"), safe, sizeof safe));
	}
}

static enum wg_code print_json(const json_t *entries, struct wg_buf *out, struct wg_err *err)
{
	char *text = json_dumps(entries, JSON_INDENT(1));
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the register");
	wg_buf_puts(out, text);
	wg_buf_putc(out, '\n');
	free(text);
	return WG_OK;
}

static enum wg_code print(const struct wg_cli *cli, const struct words *w, const struct wg_config *config,
                          struct wg_admin *admin, const char *message, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(wg_directory_freep) struct wg_directory *directory = NULL;
	json_t *entries = NULL;
	uint64_t child = 0;
	int64_t from = 0, until = 0;
	unsigned left_out = 0;
	struct wg_disclosing d = { .html = w->html };
	d.purpose =
		w->purpose != NULL && strcmp(w->purpose, "subject-access") == 0 ? WG_FOR_SUBJECT_ACCESS : WG_FOR_CASE_REVIEW;
	enum wg_code code = read_span(w, &from, &until, err);
	if (code == WG_OK && message[0] != '\0' && w->since == NULL)
		from = 0;
	if (code == WG_OK)
		code = wg_directory_load(config->directory, config->paths.xsd, &directory, err);
	if (code == WG_OK)
		code = find_child(w, config, admin, &child, err);
	if (code == WG_OK && message[0] != '\0')
		code = wg_client_child(admin->client, message, NULL, 0, &child, err);
	if (code == WG_OK)
		code = read_register(admin, child, from, until, &entries, err);
	d.directory = directory;
	for (size_t i = 0; message[0] != '\0' && i < json_array_size(entries);) {
		if (strcmp(wg_people_text(json_array_get(entries, i), "message"), message) == 0)
			i++;
		else
			(void)json_array_remove(entries, i); /* i is within */
	}
	if (code == WG_OK) {
		say_left_out(entries, d.purpose);
		wg_disclosures_filter(entries, d.purpose, &left_out);
		if (left_out > 0)
			(void)fprintf(stderr, "wardgate disclosures: %u left out; nothing in the output says so\n", left_out);
		if (w->unconfirmed)
			wg_disclosures_unconfirmed(&d, entries, cli->json, out);
		else if (cli->json)
			code = print_json(entries, out, err);
		else
			wg_disclosures_print(&d, entries, out);
	}
	json_decref(entries);
	return code;
}

static enum wg_code exempt(const struct words *w, struct wg_admin *admin, const char *delivery, struct wg_buf *out,
                           struct wg_err *err)
{
	char name[WG_OPERATOR_TEXT];
	const char *code_word = strcmp(w->code, "none") == 0 ? "" : w->code;
	enum wg_code code = wg_client_exempt(admin->client, delivery, code_word, wg_operator(name), w->why, err);
	if (code == WG_OK && code_word[0] != '\0')
		wg_buf_printf(out, "%s is exempt from a subject's access: %s\n", delivery, code_word);
	else if (code == WG_OK)
		wg_buf_printf(out, "%s is not exempt from a subject's access\n", delivery);
	return code;
}

/* ---- the command */

static const char *misuse_exempt(const struct words *w, int operands, const char *id)
{
	if (operands != 2 || !wg_id_valid(id))
		return "name one delivery by its id (26 characters)";
	if (w->code == NULL || w->code[0] == '*' || strchr(w->code, ' ') != NULL ||
	    !wg_list_has("none " WG_STORE_EXEMPTIONS, w->code))
		return "say which exemption: --code CODE, or none to take the mark away";
	if (w->why == NULL || w->why[0] == '\0')
		return "say why with --why: it stands in the register; name no child in it";
	return NULL;
}

static const char *misuse(const struct wg_cli *cli, const struct words *w, int operands, char **argv)
{
	const char *first = operands > 0 ? argv[1] : "", *id = operands > 1 ? argv[2] : "";
	if (strcmp(first, "exempt") == 0)
		return misuse_exempt(w, operands, id);
	if (w->code != NULL || w->why != NULL)
		return "--code and --why are for exempt";
	if (w->unconfirmed) {
		if (operands > 1 || (operands == 1 && !wg_id_valid(first)))
			return "name one message by its id (26 characters), or none";
		return w->all || w->child != NULL || w->html ? "--unconfirmed stands alone, with --since and --until" : NULL;
	}
	if (operands > 0)
		return "say --child REF, --all, --unconfirmed, or exempt DELIVERY";
	if (w->all == (w->child != NULL))
		return "say whose: --child REF, or --all";
	if (w->purpose != NULL && strcmp(w->purpose, "subject-access") != 0 && strcmp(w->purpose, "case-review") != 0)
		return "--for subject-access or case-review";
	if (w->purpose != NULL && w->all && strcmp(w->purpose, "subject-access") == 0)
		return "what a subject gets is about one child: --child REF";
	return w->html && cli->json ? "--html or --json" : NULL;
}

static int run_disclosures(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(OUTPUT_MAX);
	struct wg_err err = { 0 };
	struct words w = { 0 };
	const struct wg_option options[] = {
		{ "child", &w.child, NULL }, { "since", &w.since, NULL }, { "until", &w.until, NULL },
		{ "for", &w.purpose, NULL }, { "code", &w.code, NULL },   { "why", &w.why, NULL },
		{ "all", NULL, &w.all },     { "html", NULL, &w.html },   { "unconfirmed", NULL, &w.unconfirmed },
		{ NULL, NULL, NULL }
	};
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *wrong = misuse(cli, &w, operands, argv);
	if (wrong != NULL)
		return wg_misuse(&wg_command_disclosures, wrong);
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK && operands == 2)
		code = exempt(&w, &admin, argv[2], &out, &err);
	else if (code == WG_OK)
		code = print(cli, &w, config, &admin, operands > 0 ? argv[1] : "", &out, &err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "output", &err);
	int status = code != WG_OK ? wg_fail("disclosures", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}

const struct wg_command wg_command_disclosures = {
	.name = "disclosures",
	.summary = "the register: who was told what of a child, when, why, and who decided not to",
	.help =
		"usage: wardgate disclosures --child REF [--since TIME] [--until TIME] [--for subject-access|case-review]\n"
		"           [--html | --json]\n"
		"       wardgate disclosures --all [--since TIME] [--until TIME] [--html | --json]\n"
		"       wardgate disclosures --unconfirmed [MESSAGE] [--since TIME] [--until TIME] [--json]\n"
		"       wardgate disclosures exempt DELIVERY --code CODE --why TEXT\n\n"
		"REF as in wardgate consent --help; with --child - it is read from standard input. For every decision: when, "
		"to\n"
		"whom in what role, which categories and places, under which rule, lawful basis and policy version, what was\n"
		"known of consent, who decided, and what became of it; decisions not to share the same way. No content of a\n"
		"notice. Who asked is logged.\n"
		"  --for subject-access  leaves out what is marked exempt, without a trace; you are told on standard error\n"
		"  --html         a page to print\n"
		"  --unconfirmed  who was to get a correction, a recall or a found notice and has not confirmed it, with the\n"
		"                 telephone of the desk; of one message, or of the last 30 days\n"
		"  exempt         marks an entry as exempt from a subject's access. CODE: serious-harm, child-abuse-data,\n"
		"                 social-work, health, education, court, legal-privilege, crime, third-party; none takes the\n"
		"                 mark away\n"
		"TIME is a day (2026-11-01) or a moment (2026-11-01T10:00:00Z).\n\n"
		"examples:\n"
		"  wardgate disclosures --child nhs:9990000018 --for subject-access --html > answer.html\n"
		"  wardgate disclosures --unconfirmed\n"
		"  wardgate disclosures exempt 06bcd8k1m3v5x7z9a2c4e6g8j0 --code serious-harm --why 'agreed with the social "
		"worker'\n",
	.run = run_disclosures,
};
