/* purge.c owns the command `purge`: what has been kept for as long as the policy says, and what a person keeps from it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "cli/operator.h"
#include "cli/people.h"
#include "role/retention.h"

/* One answer of the store: WG_STORE_REPORTS_MAX rows of some 250 bytes. */
#define ROWS_MAX ((size_t)1 << 20)
#define OUTPUT_MAX ((size_t)256 << 20)
/* A person who waits is told how far it is this often. */
#define TELL_MS 2000
/* Messages that stay are named up to so many a kind: --json names all. */
#define NAMED_MAX 20

struct run {
	const struct wg_cli *cli;
	struct wg_admin *admin;
	bool dry;
	int64_t told;
	uint64_t purged, kept, bytes;
	struct wg_buf *out;
};

/* ---- one kind */

static const char *const fates[] = { "undelivered", "review", "attention", "legal-hold", "missing", "concerned" };
static const char *const fate_words[] = {
	"not delivered to everybody yet, or given up and nobody has settled it",
	"waiting for a person to review it",
	"waiting for a person's attention",
	"under legal hold",
	"of an episode that has not ended: as far as is known here the child is missing",
	"concerned by a message, or made into parts, that are still under way",
};

static void count_row(const json_t *row, unsigned counts[WG_COUNT(fates)], unsigned *purged)
{
	const char *fate = wg_people_text(row, "fate");
	for (size_t i = 0; i < WG_COUNT(fates); i++)
		if (strcmp(fate, fates[i]) == 0)
			counts[i]++;
	*purged += strcmp(fate, "purge") == 0;
}

static void tell(struct run *run, const struct wg_retention_rule *rule, const json_t *rows)
{
	int64_t now = wg_clock_monotonic();
	if (now - run->told < TELL_MS)
		return;
	run->told = now;
	(void)fprintf(stderr, "wardgate purge: %s: %" PRIu64 " messages %s so far ...\n",
	              rule->kind[0] != '\0' ? rule->kind : "without a kind", run->purged + json_array_size(rows),
	              run->dry ? "found" : "purged");
}

/* All rows of a kind, and what they give back. */
static enum wg_code ask_all(struct run *run, const struct wg_retention_rule *rule, json_t *rows, uint64_t *bytes,
                            struct wg_err *err)
{
	char name[WG_OPERATOR_TEXT], why[WG_STORE_REASON], after[WG_ID_TEXT] = "";
	(void)snprintf(why, sizeof why, "kept %s by %.300s", rule->keep, rule->source); /* it fits */
	bool more = true;
	enum wg_code code = WG_OK;
	while (code == WG_OK && more) {
		WG_AUTO_BUF struct wg_buf json = WG_BUF(ROWS_MAX);
		uint64_t freed = 0;
		const struct wg_purge what = { .kind = rule->kind,
			                           .before = rule->before,
			                           .dry = run->dry,
			                           .after = after,
			                           .who = wg_operator(name),
			                           .why = why };
		code = wg_client_purge(run->admin->client, &what, &json, &freed, &more, err);
		if (code != WG_OK)
			break;
		json_t *page = json_loadb(wg_buf_text(&json), json.len, JSON_REJECT_DUPLICATES, NULL);
		size_t n = json_array_size(page);
		if (!json_is_array(page) || json_array_extend(rows, page) != 0 || (more && n == 0))
			code = wg_err_set(err, WG_CORRUPT, "the store's list is not readable");
		else if (n > 0)
			(void)snprintf(after, sizeof after, "%s", wg_people_text(json_array_get(page, n - 1), "message")); /* id */
		json_decref(page);
		*bytes += freed;
		tell(run, rule, rows);
	}
	return code;
}

static const char *period_words(const char *keep, char out[32])
{
	size_t digits = strlen(keep) - 2;
	const char *unit = keep[digits + 1] == 'Y' ? "year" : keep[digits + 1] == 'M' ? "month" : "day";
	(void)snprintf(out, 32, "%.*s %s%s", (int)digits, keep + 1, unit,
	               digits == 1 && keep[1] == '1' ? "" : "s"); /* four digits at most */
	return out;
}

static const char *size_words(uint64_t bytes, char out[32])
{
	if (bytes < 10000)
		(void)snprintf(out, 32, "%" PRIu64 " bytes", bytes); /* short, as the others */
	else if (bytes < 10000000)
		(void)snprintf(out, 32, "%" PRIu64 " kB", bytes / 1000);
	else
		(void)snprintf(out, 32, "%" PRIu64 " MB", bytes / 1000000);
	return out;
}

static void put_stays(const json_t *rows, const unsigned counts[WG_COUNT(fates)], struct wg_buf *out)
{
	for (size_t f = 0; f < WG_COUNT(fates); f++) {
		unsigned named = 0;
		if (counts[f] == 0)
			continue;
		wg_buf_printf(out, "  %u %s: %s\n", counts[f], counts[f] == 1 ? "stays" : "stay", fate_words[f]);
		for (size_t i = 0; i < json_array_size(rows) && named <= NAMED_MAX; i++) {
			const json_t *row = json_array_get(rows, i);
			if (strcmp(wg_people_text(row, "fate"), fates[f]) != 0)
				continue;
			if (named++ < NAMED_MAX)
				wg_buf_printf(out, "    %s\n", wg_people_text(row, "message"));
			else
				wg_buf_puts(out, "    and others: --json names all\n");
		}
	}
}

static void put_text(struct run *run, const struct wg_retention_rule *rule, const json_t *rows,
                     const unsigned counts[WG_COUNT(fates)], unsigned purged, uint64_t bytes)
{
	char period[32], when[WG_CLOCK_WORDS], size[32];
	wg_buf_printf(run->out, "%s: kept %s, by: ", rule->kind[0] != '\0' ? rule->kind : "without a kind",
	              period_words(rule->keep, period));
	wg_people_words(2, rule->source, run->out);
	wg_buf_printf(run->out, "  nothing has happened since %s to\n", wg_clock_words(rule->before, when));
	const char *done = run->dry ? "would go" : purged == 1 ? "has gone" : "have gone";
	wg_buf_printf(run->out, "  %u that %s: %s %s\n", purged, done, size_words(bytes, size),
	              run->dry ? "of content" : "given back to the disk");
	put_stays(rows, counts, run->out);
}

static enum wg_code put_json(struct run *run, const struct wg_retention_rule *rule, json_t *rows, uint64_t bytes,
                             struct wg_err *err)
{
	char before[WG_CLOCK_TEXT];
	json_t *kind = json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:O}", "kind", rule->kind, "keep", rule->keep, "source",
	                         rule->source, "before", wg_clock_format(rule->before, before), "dry", (int)run->dry,
	                         "bytes", (json_int_t)bytes, "messages", rows);
	WG_AUTO_FREE char *text = kind != NULL ? json_dumps(kind, JSON_COMPACT) : NULL;
	json_decref(kind);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	wg_buf_puts(run->out, text);
	wg_buf_putc(run->out, '\n');
	return WG_OK;
}

static enum wg_code run_kind(struct run *run, const struct wg_retention_rule *rule, bool named, struct wg_err *err)
{
	unsigned counts[WG_COUNT(fates)] = { 0 }, purged = 0;
	uint64_t bytes = 0;
	if (rule->keep == NULL) {
		if (named && !run->cli->json)
			wg_buf_printf(run->out, "%s: the policy says nothing of how long it is kept, so all of it stays\n",
			              rule->kind);
		return WG_OK;
	}
	json_t *rows = json_array();
	enum wg_code code = rows != NULL ? ask_all(run, rule, rows, &bytes, err) : wg_err_set(err, WG_SYSTEM, "memory");
	for (size_t i = 0; code == WG_OK && i < json_array_size(rows); i++)
		count_row(json_array_get(rows, i), counts, &purged);
	if (code == WG_OK && run->cli->json)
		code = put_json(run, rule, rows, bytes, err);
	else if (code == WG_OK && (named || json_array_size(rows) > 0))
		put_text(run, rule, rows, counts, purged, bytes);
	run->purged += purged;
	run->kept += json_array_size(rows) - purged;
	run->bytes += bytes;
	json_decref(rows);
	return code;
}

/* ---- all of them */

static void put_sum(struct run *run)
{
	char size[32];
	if (run->cli->json) {
		wg_buf_printf(run->out, "{\"dry\":%s,\"purged\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
		              run->dry ? "true" : "false", run->purged, run->kept, run->bytes);
		return;
	}
	if (run->purged + run->kept == 0) {
		wg_buf_puts(run->out, "Nothing has been kept for as long as the policy says.\n");
		return;
	}
	wg_buf_printf(run->out, "%s%" PRIu64 " %s, %s; %" PRIu64 " due and kept back.\n", run->out->len > 0 ? "\n" : "",
	              run->purged, run->dry ? "would be purged" : "purged", size_words(run->bytes, size), run->kept);
	if (run->dry && run->purged > 0)
		wg_buf_puts(run->out, "Nothing was changed. Without --dry-run the content of these is destroyed for good, in\n"
		                      "backups of the database too; that they came, and who was told what, stays on record.\n");
}

static int purge(const struct wg_cli *cli, const struct wg_process *process, struct wg_admin *admin, bool dry,
                 const char *kind)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(OUTPUT_MAX);
	WG_AUTO_FREE struct wg_retention_rule *rules = NULL;
	struct wg_err err = { 0 };
	struct run run = { .cli = cli, .admin = admin, .dry = dry, .told = wg_clock_monotonic(), .out = &out };
	unsigned count = 0;
	enum wg_code code = wg_retention_rules(process, wg_clock_now(), &rules, &count, &err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		if (kind == NULL || strcmp(rules[i].kind, kind) == 0)
			code = run_kind(&run, &rules[i], kind != NULL, &err);
	if (run.purged > 0 || code == WG_OK)
		put_sum(&run);
	if (code == WG_OK)
		code = wg_buf_check(&out, "the list", &err);
	bool printed = wg_print(&out); /* after a failure too: what was purged was */
	return code != WG_OK ? wg_fail("purge", &err) : printed ? EX_OK : EX_IOERR;
}

/* ---- holds */

static enum wg_code whose(const struct wg_process *process, struct wg_admin *admin, const char *ref, bool child,
                          uint64_t *number, const char **id, struct wg_err *err)
{
	*id = "";
	if (wg_id_valid(ref) && !child) {
		*id = ref;
		return WG_OK;
	}
	return wg_people_child(process, admin, ref, number, err);
}

static int hold(const struct wg_process *process, struct wg_admin *admin, const char *ref, bool child, bool on,
                const char *why)
{
	struct wg_err err = { 0 };
	char name[WG_OPERATOR_TEXT];
	const char *id = "";
	uint64_t number = 0;
	unsigned changed = 0;
	enum wg_code code = whose(process, admin, ref, child, &number, &id, &err);
	if (code == WG_OK)
		code = wg_client_legal_hold(admin->client, number, id, on, wg_operator(name), why, &changed, &err);
	if (code != WG_OK)
		return wg_fail("purge", &err);
	if (changed == 0)
		(void)printf("Nothing changed: the legal hold %s.\n", on ? "stood already" : "did not stand");
	else
		(void)printf("%u %s %s.%s\n", changed, changed == 1 ? "message is" : "messages are",
		             on ? "kept until the hold is lifted" : "no longer held",
		             on && id[0] == '\0' ? " What comes about this child from now on is kept too." : "");
	return EX_OK;
}

/* ---- the command */

static const char *misuse(const char *word, int operands, bool dry, const char *kind, const char *why, bool child)
{
	bool holds = strcmp(word, "hold") == 0 || strcmp(word, "unhold") == 0;
	if (*word != '\0' && !holds)
		return "say hold or unhold, or nothing to purge";
	if (!holds)
		return why != NULL || child ? "--why and --child belong to hold and unhold" : NULL;
	if (operands != 2)
		return "name one message by its id, or one child by a reference";
	if (dry || kind != NULL)
		return "--dry-run and --kind do not belong to hold and unhold";
	return why == NULL || why[0] == '\0' ? "say why with --why: it goes to the log; name no child in it" : NULL;
}

static bool kind_known(const struct wg_process *process, const char *kind)
{
	return kind == NULL || wg_schema_body(process->schema, kind) != NULL;
}

static int run_purge(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_process process = { 0 };
	struct wg_err err = { 0 };
	const char *kind = NULL, *why = NULL;
	bool dry = false, child = false;
	const struct wg_option options[] = { { "kind", &kind, NULL },
		                                 { "why", &why, NULL },
		                                 { "dry-run", NULL, &dry },
		                                 { "child", NULL, &child },
		                                 { NULL, NULL, NULL } };
	int operands, status;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	const char *word = operands > 0 ? argv[1] : "", *wrong = misuse(word, operands, dry, kind, why, child);
	if (wrong != NULL)
		return wg_misuse(&wg_command_purge, wrong);
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_process_load(config, &process, &err);
	if (code == WG_OK && !kind_known(&process, kind))
		code = wg_err_set(&err, WG_REJECT, "there is no such kind of notice; did you mean \"%s\"?",
		                  wg_schema_kind_nearest(process.schema, kind));
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code != WG_OK)
		status = wg_fail("purge", &err);
	else if (*word != '\0')
		status = hold(&process, &admin, argv[2], child, strcmp(word, "hold") == 0, why);
	else
		status = purge(cli, &process, &admin, dry, kind);
	wg_process_free(&process);
	return status;
}

const struct wg_command wg_command_purge = {
	.name = "purge",
	.summary = "destroy what was kept as long as the policy says, or keep something from that",
	.help = "usage: wardgate purge [--dry-run] [--kind KIND] [--json]\n"
			"       wardgate purge hold|unhold REF --why TEXT [--child]\n\n"
			"The policy says by <retention> how long each kind of notice is kept, counted from the last thing that "
			"happened\n"
			"to one. What is older loses its content: the document as it came, the notice, what was sent, and the keys "
			"that\n"
			"open them in every backup of the database. That it came, and who was told what and why, stays on record.\n"
			"Never purged is what is not delivered, waits for a person, concerns a child who is still missing, or is "
			"under\n"
			"legal hold.\n"
			"  --dry-run  say what would go and what would stay, and why; change nothing\n"
			"  --kind     only notices of this kind\n"
			"  hold       keep a message, or all that is and will be kept of a child, until unhold. REF is the id of a "
			"message\n"
			"             (with --child: all of its child), or a reference of the child as of wardgate disclosures; - "
			"reads\n"
			"             it from standard input\n"
			"Run it each night, after looking at --dry-run once. Backups: the chapter on them in README.md.\n\n"
			"examples:\n"
			"  wardgate purge --dry-run\n"
			"  wardgate purge --kind digest\n"
			"  wardgate purge hold 06bcd8k1m3v5x7z9a2c4e6g8j0 --child --why 'case review 12 of 2026'\n",
	.run = run_purge,
};
