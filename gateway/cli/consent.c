/* consent.c owns the command `consent`: putting down what somebody answered about sharing, ending it, showing it.
 * SECURITY: a record is personal data: it is encrypted here, for the storage key, and the store keeps what it cannot
 * read. */
#include "cli/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/operator.h"
#include "crypto/crypto.h"

#define DAY_MS INT64_C(86400000)
/* Days that an answer may be said to hold: to the end of childhood and the years in which it is looked at again. */
#define UNTIL_DAYS 36525

/* The command's own words; NULL where not given. */
struct words {
	const char *child, *to, *categories, *state, *by, *name, *competent, *form;
	const char *told, *told_by, *told_at, *language, *purpose, *until, *at, *limits, *reason, *why;
};

/* ---- the words of the command */

static bool one_of(const char *word, const char *list)
{
	return word == NULL || (strchr(word, ' ') == NULL && word[0] != '*' && wg_list_has(list, word));
}

/* What is wrong with a record's words; NULL when nothing is. */
static const char *wrong_record(const struct words *w)
{
	if (w->state == NULL || !one_of(w->state, "given refused not-sought not-known"))
		return "say what was answered: --state given, refused, not-sought or not-known (to end one: consent withdraw)";
	if (w->by == NULL || !one_of(w->by, "child parental-responsibility carer nobody"))
		return "say who answered: --by child, parental-responsibility, carer or nobody";
	bool asked = strcmp(w->state, "given") == 0 || strcmp(w->state, "refused") == 0;
	if (asked == (strcmp(w->by, "nobody") == 0))
		return asked ? "somebody gave or refused it: --by child, parental-responsibility or carer"
		             : "what was not asked, or is not known, nobody answered: --by nobody";
	if (!one_of(w->competent, "yes no not-judged"))
		return "--competent yes, no or not-judged";
	if (w->competent != NULL && strcmp(w->by, "child") != 0)
		return "--competent is said of a child who answered";
	if (strcmp(w->state, "not-sought") == 0 && w->reason == NULL)
		return "say why nobody was asked: --reason TEXT";
	if (w->until != NULL && strcmp(w->state, "given") != 0)
		return "--until says how long what was given holds";
	return NULL;
}

static const char *misuse(const struct words *w, const char *word, int operands)
{
	bool record = strcmp(word, "record") == 0, withdraw = strcmp(word, "withdraw") == 0;
	if (operands != 1 || (!record && !withdraw && strcmp(word, "show") != 0))
		return "say record, withdraw or show";
	if (w->child == NULL || w->child[0] == '\0')
		return "say which child: --child REF";
	if (!record && !withdraw)
		return NULL;
	if (w->to == NULL || w->to[strspn(w->to, ", ")] == '\0')
		return "say for whom: --to ROLE[,ROLE], or --to '*' for everybody";
	if (w->why == NULL || w->why[0] == '\0')
		return "say why with --why: it goes to the log; name no child in it";
	if (!one_of(w->form, "spoken written form not-known"))
		return "--form spoken, written, form or not-known";
	return record ? wrong_record(w) : NULL;
}

/* ---- a record of them */

static enum wg_code check_roles(const struct wg_policy *policy, const char *roles, struct wg_err *err)
{
	char role[WG_LIMIT_NAME + 1], safe[2 * WG_LIMIT_NAME];
	for (const char *p = roles; strcmp(roles, "*") != 0 && *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		(void)snprintf(role, sizeof role, "%.*s", (int)(n < sizeof role ? n : sizeof role - 1), p);
		if (n >= sizeof role || !wg_policy_has_role(policy, role)) {
			const char *near = wg_policy_role_nearest(policy, role);
			return wg_err_set(err, WG_REJECT, "--to: the policy knows no role \"%s\"%s%s%s",
			                  wg_defang(role, safe, sizeof safe), near[0] != '\0' ? "; did you mean \"" : "", near,
			                  near[0] != '\0' ? "\"?" : "");
		}
		p += n;
	}
	return WG_OK;
}

static enum wg_code read_times(const struct words *w, int64_t now, struct wg_consent *r, struct wg_err *err)
{
	char day[11];
	r->at = now;
	r->until = INT64_MAX;
	if (w->at != NULL && (!wg_people_moment(w->at, now / DAY_MS, &r->at) || r->at > now))
		return wg_err_set(err, WG_REJECT,
		                  "--at: a moment that has been, like 2026-11-22T10:30:00Z or \"22 November "
		                  "2026 10:30\"");
	if (w->until == NULL)
		return WG_OK;
	if (!wg_people_day(w->until, now / DAY_MS + UNTIL_DAYS, day) || !wg_consent_until(day, &r->until))
		return wg_err_set(err, WG_REJECT, "--until: a day like 2026-12-31");
	return r->until > r->at ? WG_OK : wg_err_set(err, WG_REJECT, "--until: that is before it was answered");
}

static char *own(const char *text, bool *short_of)
{
	if (text == NULL || text[0] == '\0')
		return NULL;
	char *copy = strdup(text);
	*short_of = *short_of || copy == NULL;
	return copy;
}

static enum wg_code read_texts(const struct words *w, struct wg_consent *r, struct wg_err *err)
{
	char name[WG_OPERATOR_TEXT];
	bool short_of = false;
	r->answered_by = own(w->by, &short_of);
	r->answered_name = own(w->name, &short_of);
	r->competent = own(w->competent, &short_of);
	r->form = own(w->form, &short_of);
	r->told = own(w->told, &short_of);
	r->told_by = own(w->told_by, &short_of);
	r->told_at = own(w->told_at, &short_of);
	r->language = own(w->language, &short_of);
	r->purpose = own(w->purpose, &short_of);
	r->limits = own(w->limits, &short_of);
	r->reason = own(w->reason, &short_of);
	r->recorded_by = own(wg_operator(name), &short_of);
	return short_of ? wg_err_set(err, WG_SYSTEM, "no memory for a record of consent") : WG_OK;
}

static enum wg_code read_categories(const char *list, wg_categories *out, struct wg_err *err)
{
	struct wg_err why = { 0 };
	return wg_categories_parse(list, out, &why) == WG_OK ? WG_OK
	                                                     : wg_err_set(err, WG_REJECT, "--categories: %.900s", why.text);
}

static enum wg_code make_record(const struct words *w, const struct wg_policy *policy, struct wg_consent **out,
                                struct wg_err *err)
{
	WG_CLEANUP(wg_consent_freep) struct wg_consent *r = calloc(1, sizeof *r);
	WG_AUTO_FREE char *categories = w->categories != NULL ? wg_people_list(w->categories) : NULL;
	int64_t now = wg_clock_now();
	if (r == NULL || (r->to = wg_people_list(w->to)) == NULL || (categories == NULL && w->categories != NULL))
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	if (!wg_consent_state_find(w->state, &r->state))
		return wg_err_set(err, WG_REJECT, "--state is none that is known");
	enum wg_code code = check_roles(policy, r->to, err);
	r->categories = wg_categories_all();
	if (code == WG_OK && categories != NULL && categories[0] != '\0')
		code = read_categories(categories, &r->categories, err);
	if (code == WG_OK)
		code = read_times(w, now, r, err);
	if (code == WG_OK)
		code = read_texts(w, r, err);
	if (code == WG_OK)
		code = wg_id_make(now, r->id, err);
	if (code == WG_OK)
		*out = wg_steal(&r);
	return code;
}

/* Writes it, reads it back, as whoever decides will, and hands it over encrypted. */
static enum wg_code keep(const struct wg_process *process, struct wg_admin *admin, uint64_t child,
                         const struct wg_consent *record, const char *why, unsigned *pulled, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_STORE_RECORD_MAX), sealed = WG_BUF(WG_STORE_RECORD_MAX);
	WG_CLEANUP(wg_consent_freep) struct wg_consent *back = NULL;
	char name[WG_OPERATOR_TEXT];
	enum wg_code code = wg_consent_write(record, &text, err);
	if (code == WG_OK) {
		code = wg_consent_parse(text.data, text.len, process->config->paths.xsd, &back, err);
		if (code != WG_OK)
			code = wg_err_add(err, "this cannot be kept");
	}
	if (code == WG_OK)
		code = wg_cms_encrypt(process->storage_cert, WG_CIPHER_GCM, text.data, text.len, &sealed, err);
	struct wg_record_new new = { .blob = sealed.data, .blob_len = sealed.len };
	memcpy(new.id, record->id, sizeof new.id);
	if (code == WG_OK)
		code = wg_client_record(admin->client, child, &new, wg_operator(name), why, pulled, err);
	wg_buf_wipe(&text);
	return code;
}

static enum wg_code record(const struct words *w, const struct wg_process *process, struct wg_admin *admin,
                           uint64_t child, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(wg_consent_freep) struct wg_consent *r = NULL;
	WG_CLEANUP(wg_consents_freep) struct wg_consents *all = NULL;
	unsigned pulled = 0;
	enum wg_code code = make_record(w, process->policy, &r, err);
	if (code == WG_OK)
		code = keep(process, admin, child, r, w->why, &pulled, err);
	if (code != WG_OK)
		return code;
	wg_buf_printf(out, "recorded: %s, as %s\n", wg_consent_state_name(r->state), r->id);
	if (r->state == WG_CONSENT_GIVEN)
		wg_buf_puts(out,
		            "what was withheld before stays so until somebody asks for it: wardgate queue retry DELIVERY\n");
	if (pulled > 0)
		wg_buf_printf(out, "%u message%s about the child %s decided again; nothing more of %s goes out before that\n",
		              pulled, pulled == 1 ? "" : "s", pulled == 1 ? "is" : "are", pulled == 1 ? "it" : "them");
	else
		wg_buf_puts(out, "nothing about the child was waiting to be sent\n");
	code = wg_consent_records(process, admin, child, &all, err);
	if (code == WG_OK) {
		wg_buf_puts(out, "\nIn force now:\n");
		wg_consent_in_force(all, wg_clock_now(), out);
	}
	return code;
}

/* ---- reading */

static enum wg_code open_record(const struct wg_process *process, const struct wg_record *sealed,
                                struct wg_consents *into, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_STORE_RECORD_MAX);
	struct wg_consent *one = NULL;
	enum wg_code code =
		wg_cms_decrypt(process->storage_key, process->storage_cert, sealed->blob, sealed->blob_len, &text, err);
	if (code == WG_OK)
		code = wg_consent_parse(text.data, text.len, process->config->paths.xsd, &one, err);
	if (code == WG_OK)
		code = wg_consents_add(into, one, err);
	wg_buf_wipe(&text);
	return code == WG_OK ? code : wg_err_add(err, "record %s", sealed->id);
}

enum wg_code wg_consent_records(const struct wg_process *process, struct wg_admin *admin, uint64_t child,
                                struct wg_consents **out, struct wg_err *err)
{
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	struct wg_record *records = NULL;
	unsigned count = 0;
	char name[WG_OPERATOR_TEXT];
	enum wg_code code = wg_consents_new(&consents, err);
	if (code == WG_OK)
		code = wg_client_records(admin->client, child, wg_operator(name), &records, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = open_record(process, &records[i], consents, err);
	wg_records_free(records, count);
	if (code == WG_OK)
		*out = wg_steal(&consents);
	return code;
}

static enum wg_code show(const struct wg_cli *cli, const struct wg_process *process, struct wg_admin *admin,
                         uint64_t child, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	enum wg_code code = wg_consent_records(process, admin, child, &consents, err);
	if (code != WG_OK)
		return code;
	if (cli->json)
		wg_consent_json(consents, wg_clock_now(), out);
	else
		wg_consent_print(consents, wg_clock_now(), out);
	return WG_OK;
}

static enum wg_code run(const struct wg_cli *cli, const struct words *w, const char *word, struct wg_buf *out,
                        struct wg_err *err)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	WG_CLEANUP(wg_process_free) struct wg_process process = { 0 };
	uint64_t child = 0;
	enum wg_code code = wg_cli_config(cli, &config, err);
	if (code == WG_OK)
		code = wg_process_load(config, &process, err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, err);
	if (code == WG_OK)
		code = wg_people_child(&process, &admin, w->child, &child, err);
	if (code != WG_OK)
		return code;
	return strcmp(word, "show") == 0 ? show(cli, &process, &admin, child, out, err)
	                                 : record(w, &process, &admin, child, out, err);
}

static int run_consent(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	struct words w = { 0 };
	const struct wg_option options[] = {
		{ "child", &w.child, NULL },
		{ "to", &w.to, NULL },
		{ "state", &w.state, NULL },
		{ "categories", &w.categories, NULL },
		{ "by", &w.by, NULL },
		{ "name", &w.name, NULL },
		{ "form", &w.form, NULL },
		{ "competent", &w.competent, NULL },
		{ "told", &w.told, NULL },
		{ "told-by", &w.told_by, NULL },
		{ "told-at", &w.told_at, NULL },
		{ "language", &w.language, NULL },
		{ "purpose", &w.purpose, NULL },
		{ "until", &w.until, NULL },
		{ "at", &w.at, NULL },
		{ "limits", &w.limits, NULL },
		{ "reason", &w.reason, NULL },
		{ "why", &w.why, NULL },
		{ NULL, NULL, NULL },
	};
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands > 0 ? argv[1] : "";
	const char *wrong = misuse(&w, word, operands);
	if (wrong != NULL)
		return wg_misuse_word(&wg_command_consent, operands > 0 ? word : NULL, wrong);
	if (strcmp(word, "withdraw") == 0)
		w.state = wg_consent_state_name(WG_CONSENT_WITHDRAWN);
	enum wg_code code = run(cli, &w, word, &out, &err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "output", &err);
	int status = code != WG_OK ? wg_fail("consent", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}

const struct wg_command wg_command_consent = {
	.name = "consent",
	.words = "record withdraw show",
	.summary = "record, withdraw or show what a child or others answered about sharing",
	.help =
		"usage: wardgate consent record --child REF --to ROLE[,ROLE]|'*' --state STATE --by WHO --why TEXT\n"
		"           [--categories NAME[,NAME]] [--name TEXT] [--competent yes|no|not-judged] [--form FORM]\n"
		"           [--told TEXT] [--told-by TEXT] [--told-at TEXT] [--language TEXT] [--purpose TEXT]\n"
		"           [--at TIME] [--until DATE] [--limits TEXT] [--reason TEXT]\n"
		"       wardgate consent withdraw --child REF --to ROLE[,ROLE]|'*' --why TEXT [--categories ...] [--by WHO]\n"
		"           [--name TEXT] [--at TIME] [--reason TEXT]\n"
		"       wardgate consent show --child REF [--json]\n\n"
		"REF is the id of a message about the child; an NHS number (or nhs:NUMBER); SYSTEM:NUMBER for a number in an\n"
		"agency's system; a police reference (or FORCE:REFERENCE); or 'full name, date of birth'. With --child - it "
		"is\n"
		"read from standard input, so that it stands in no list of processes and no history of commands.\n"
		"  STATE    given, refused, not-sought (say --reason) or not-known\n"
		"  WHO      child, parental-responsibility, carer or nobody; --competent says whether the child was judged "
		"able\n"
		"           to decide this\n"
		"  ROLE     whom it is about, by the roles of the policy; '*' is everybody\n"
		"  --categories  what it is about; otherwise everything\n"
		"  --told   what the child was told of sharing, --told-by whom, --told-at what time, in which --language\n"
		"  --until  the last day on which what was given holds\n"
		"  --form   spoken, written, form or not-known\n"
		"  --limits the answer in the words of who gave it; --reason why nobody was asked, or why it ended\n"
		"An answer that is later counts before an earlier one, one that names a role before one for everybody; but a "
		"later no to\neverybody ends all. What is still unsent is decided again at once. A safeguarding rule may share "
		"all the same, and\nsays so. The record is kept encrypted; --why goes to the log: name no child in it. Who "
		"looked is logged.\n\n"
		"examples:\n"
		"  wardgate consent record --child 06bcd8k1m3v5x7z9a2c4e6g8j0 --to school --state refused --by child \\\n"
		"      --competent yes --told 'who would see it, and why' --told-by 'the interviewer' --why 'said in the "
		"interview'\n"
		"  echo 'Tess Example, 2011-03-14' | wardgate consent withdraw --child - --to '*' --by child --why 'she rang'\n"
		"  wardgate consent show --child nhs:9990000018\n",
	.run = run_consent,
};
