/* stuck.c owns the command `stuck`: what is unfinished or unconfirmed for too long, the worst first, on one screen.
 * Where it is, why, since when, when it is tried next, whom to ring and what to type; nothing of a child. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/people.h"
#include "cli/ring.h"
#include "cli/said.h"
#include "policy/reasons.h"

/* Rows in one answer of the store; it is asked until it has no more. */
#define PAGE 1000
/* Of one recipient and class so many are listed, the oldest, and the others are counted: who is down does not hide the
 * others. */
#define GROUP_MOST 1000
/* What fits one screen; the rest is counted. */
#define GROUPS_MOST 8
/* A refusal is no state that ends by itself, and nobody can take it back: after this it is history. */
#define REFUSED_MS (INT64_C(72) * 3600 * 1000)
#define AFTER_MOST_MIN 525600

/* The worst first. */
enum class { REFUSED, GIVEN_UP, ATTENTION, REVIEW, UNDECIDED, UNSENT, UNCONFIRMED, HELD };

static const struct {
	const char *name, *one, *many, *todo; /* todo: %s is the id of the oldest */
	bool delivery, says_why;              /* the words of a refusal are those of somebody else: not on this screen */
} classes[] = {
	[REFUSED] = { "refused", "copy was refused", "copies were refused", "ring them; wardgate queue show %s says why",
	              true, false },
	[GIVEN_UP] = { "given-up", "copy was given up", "copies were given up",
	               "wardgate why-not %s; then wardgate queue retry, with the same id", true, true },
	[ATTENTION] = { "attention", "message waits for a person", "messages wait for a person",
	                "wardgate attention show %s", false, true },
	[REVIEW] = { "review", "copy waits for a person's release", "copies wait for a person's release",
	             "wardgate review show %s", true, true },
	[UNDECIDED] = { "not-decided", "message is not decided", "messages are not decided",
	                "see that the process role runs; wardgate queue show %s", false, true },
	[UNSENT] = { "not-handed-over", "copy is not handed over", "copies are not handed over", "wardgate why-not %s",
	             true, true },
	[UNCONFIRMED] = { "not-confirmed", "copy is not confirmed by a person", "copies are not confirmed by a person",
	                  "ring them and ask who has it; wardgate queue show %s", true, false },
	[HELD] = { "held", "copy is held by us", "copies are held by us", "wardgate queue release %s --why TEXT; or cancel",
	           true, true },
};

struct item {
	struct wg_row *row; /* our own */
	enum class class;
	int64_t since;
};

/* All of one class that are for, or from, one desk. */
struct group {
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1];
	enum class class;
	unsigned count; /* those that are not kept too */
};

struct stuck {
	const struct wg_cli *cli;
	const struct wg_directory *directory;
	int64_t now, after, fault;
	struct item *items;
	struct group *groups;
	unsigned count, group_count, whole;
};

static void stuck_free(struct stuck *s)
{
	for (unsigned i = 0; i < s->count; i++)
		free(s->items[i].row);
	free(s->items);
	free(s->groups);
}

/* ---- what is stuck */

/* What a row is, and from when its time counts; false while it is as it should be. */
static bool judge(const struct stuck *s, const struct wg_row *r, enum class *class, int64_t *since)
{
	*since = r->since;
	if (r->desk[0] == '\0') {
		*class = strcmp(r->state, "attention") == 0 ? ATTENTION : UNDECIDED;
		return *class == ATTENTION || s->now - r->since >= s->after;
	}
	if (strcmp(r->state, "refused") == 0) {
		*class = REFUSED;
		return s->now - r->since < REFUSED_MS;
	}
	if (r->unconfirmed) {
		*class = UNCONFIRMED;
		*since = r->handed != 0 ? r->handed : r->since;
		return r->told > 0 || s->now - *since >= s->after;
	}
	if (strcmp(r->state, "failed") == 0) {
		*class = GIVEN_UP;
		return true;
	}
	if (strcmp(r->state, "review") == 0) {
		*class = REVIEW;
		return r->due != 0 ? r->due <= s->now : s->now - r->since >= s->after;
	}
	*class = strcmp(r->state, "held") == 0 ? HELD : UNSENT;
	if (*class == UNSENT && r->ready != 0)
		*since = r->ready; /* each try enters the state anew */
	bool faulty = *class == UNSENT && ((r->fault != 0 && s->now - r->fault >= s->fault) ||
	                                   (strcmp(r->state, "sending") == 0 && s->now - r->since >= s->fault));
	return faulty || (s->now - *since >= s->after && r->not_before <= s->now);
}

static int worst_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return strcmp(x->row->id, y->row->id);
}

static struct group *group_of(const struct stuck *s, const struct item *item)
{
	struct group *g = s->groups;
	for (unsigned i = 0; i < s->group_count; i++, g++)
		if (g->class == item->class && strcmp(g->organisation, item->row->organisation) == 0 &&
		    strcmp(g->desk, item->row->desk) == 0)
			return g;
	return NULL;
}

static enum wg_code count_in_group(struct stuck *s, const struct item *item, struct group **out, struct wg_err *err)
{
	struct group *g = group_of(s, item);
	if (g == NULL) {
		struct group *more = reallocarray(s->groups, s->group_count + 1, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for a list");
		s->groups = more;
		g = &more[s->group_count++];
		*g = (struct group){ .class = item->class };
		memcpy(g->organisation, item->row->organisation, sizeof g->organisation);
		memcpy(g->desk, item->row->desk, sizeof g->desk);
	}
	g->count++;
	*out = g;
	return WG_OK;
}

/* Counts it, and keeps a copy of it if it is one of those that are listed. */
static enum wg_code keep(struct stuck *s, const struct item *item, struct wg_err *err)
{
	struct group *g = NULL;
	enum wg_code code = count_in_group(s, item, &g, err);
	if (code != WG_OK || g->count > GROUP_MOST)
		return code;
	struct item *items = reallocarray(s->items, s->count + 1, sizeof *items);
	if (items != NULL)
		s->items = items;
	struct wg_row *row = items != NULL ? malloc(sizeof *row) : NULL;
	if (row == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a list");
	*row = *item->row;
	items[s->count] = *item;
	items[s->count++].row = row;
	return WG_OK;
}

/* All of a list, page after page. */
static enum wg_code take(struct stuck *s, struct wg_admin *admin, const char *what, const char *state,
                         struct wg_err *err)
{
	char after[WG_ID_TEXT] = "";
	unsigned n = PAGE;
	enum wg_code code = WG_OK;
	while (code == WG_OK && n == PAGE) {
		WG_AUTO_FREE struct wg_row *rows = NULL;
		code = wg_client_list_after(admin->client, what, state, after, PAGE, &rows, &n, err);
		for (unsigned i = 0; code == WG_OK && i < n; i++) {
			struct item item = { .row = &rows[i] };
			if (judge(s, item.row, &item.class, &item.since))
				code = keep(s, &item, err);
		}
		if (code == WG_OK && n > 0)
			memcpy(after, rows[n - 1].id, sizeof after);
	}
	return code;
}

/* ---- the whole */

static void put_whole(struct stuck *s, const char *name, const char *words, const char *todo, struct wg_buf *out)
{
	s->whole++;
	if (!s->cli->json) {
		wg_buf_printf(out, "%s: ", name);
		wg_people_words(4, words, out);
		wg_buf_printf(out, "    do: %s\n", todo);
		return;
	}
	wg_buf_printf(out, "{\"class\":\"%s\",\"reason\":", name);
	wg_buf_put_json(out, words);
	wg_buf_puts(out, ",\"do\":");
	wg_buf_put_json(out, todo);
	wg_buf_puts(out, "}\n");
}

static void put_faults(struct stuck *s, const json_t *metrics, struct wg_buf *out)
{
	const char *clock = wg_people_text(metrics, "clock"), *why = wg_people_text(metrics, "why");
	char words[96];
	json_int_t late = json_integer_value(json_object_get(metrics, "tasks_overdue"));
	if (!json_is_true(json_object_get(metrics, "accepting")))
		put_whole(s, "not-accepting", why[0] != '\0' ? why : "nothing new is accepted",
		          "make room on the disk; then wardgate stuck", out);
	if (strcmp(clock, "ok") != 0)
		put_whole(s, "clock", clock, "wardgate clock", out);
	(void)snprintf(words, sizeof words, "%lld looks at unconfirmed copies are late", (long long)late); /* fits */
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(metrics, "troubles"), i, one)
	{
		char reason[512];
		(void)snprintf(reason, sizeof reason, "%s: %s", wg_people_text(one, "name"),
		               wg_people_text(one, "words")); /* both are bounded by the store */
		put_whole(s, "mailbox", reason, "put it right; it is tried again by itself; until then look into it by hand",
		          out);
	}
	if (late > 0)
		put_whole(s, "tasks-overdue", words, "see that the process role runs: wardgate alerts", out);
}

/* ---- printing */

/* What the next machine said when it took a copy that nobody has confirmed: no reason, but what its operator asks for
 * first. "" when it said nothing. */
static const char *taken_with(const struct item *i)
{
	bool by_machine = strcmp(i->row->state, "handed-over") == 0 && strcmp(i->row->channel, "pull") != 0;
	return i->class == UNCONFIRMED && by_machine ? i->row->reason : "";
}

static void put_todo(const struct item *i, char out[static 160])
{
	const char *todo = classes[i->class].todo, *at = strstr(todo, "%s");
	(void)snprintf(out, 160, "%.*s%s%s", (int)(at - todo), todo, i->row->id, at + 2); /* fits */
}

static void put_instant(const char *name, int64_t at, struct wg_buf *out)
{
	char text[WG_CLOCK_TEXT];
	if (at != 0)
		wg_buf_printf(out, ",\"%s\":\"%s\"", name, wg_clock_format(at, text));
	else
		wg_buf_printf(out, ",\"%s\":null", name);
}

static void put_json(const struct stuck *s, const struct item *i, struct wg_buf *out)
{
	const struct wg_row *r = i->row;
	char todo[160];
	wg_buf_printf(out,
	              "{\"class\":\"%s\",\"id\":\"%s\",\"message\":\"%s\",\"organisation\":\"%s\",\"desk\":\"%s\","
	              "\"state\":\"%s\",\"kind\":\"%s\",\"way\":\"%s\"",
	              classes[i->class].name, r->id, r->message, r->organisation, r->desk, r->state, r->kind,
	              r->desk[0] != '\0' ? r->channel : r->way);
	put_instant("since", i->since, out);
	put_instant("next", r->next > s->now ? r->next : 0, out);
	put_instant("due", r->due, out);
	wg_buf_printf(out,
	              ",\"age_s\":%lld,\"attempts\":%u,\"told\":%u,\"reason\":", (long long)((s->now - i->since) / 1000),
	              r->attempts, r->told);
	wg_buf_put_json(out, classes[i->class].says_why ? r->reason : "");
	wg_buf_puts(out, ",\"taken_with\":");
	wg_buf_put_json(out, taken_with(i));
	wg_ring_json(s->directory, r->organisation, r->desk, out);
	put_todo(i, todo);
	wg_buf_puts(out, ",\"do\":");
	wg_buf_put_json(out, todo);
	wg_buf_puts(out, "}\n");
}

static void put_since(const struct stuck *s, const struct item *i, struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF((size_t)2048);
	const struct wg_row *r = i->row;
	char when[WG_CLOCK_WORDS], age[32];
	wg_buf_printf(&words, "since %s; %s%s%s by %s", wg_clock_words(i->since, when), r->state,
	              r->kind[0] != '\0' ? ", " : "", r->kind, r->desk[0] != '\0' ? r->channel : r->way);
	if (r->attempts > 0 && classes[i->class].delivery)
		wg_buf_printf(&words, ", tried %u %s", r->attempts, r->attempts == 1 ? "time" : "times");
	if (r->next > s->now)
		wg_buf_printf(&words, ", next try in %s", wg_age(r->next - s->now, age, sizeof age));
	else if (i->class == GIVEN_UP)
		wg_buf_puts(&words, ", not tried again by itself");
	if (i->class == UNCONFIRMED && r->told > 0)
		wg_buf_printf(&words, ", others told %u %s", r->told, r->told == 1 ? "time" : "times");
	wg_buf_puts(out, "    ");
	wg_reasons_wrap(4, wg_buf_text(&words), out);
}

/* n of them, the oldest of which is i. */
static void put_group(const struct stuck *s, const struct item *i, unsigned n, struct wg_buf *out)
{
	const struct wg_row *r = i->row;
	char age[32], todo[160], safe[sizeof r->reason + 1];
	wg_buf_printf(out, "%s%s%s%s: ", classes[i->class].delivery ? "" : "from ",
	              r->organisation[0] != '\0' ? r->organisation : "nobody that is known yet",
	              r->desk[0] != '\0' ? "/" : "", r->desk);
	wg_buf_printf(out, "%u %s, %sfor %s\n", n, n == 1 ? classes[i->class].one : classes[i->class].many,
	              n == 1 ? "" : "the oldest ", wg_age(s->now - i->since, age, sizeof age));
	put_since(s, i, out);
	if (i->class == UNSENT && strcmp(r->channel, "pull") == 0)
		wg_buf_puts(out, "    why: it lies ready, and nobody there has fetched it\n");
	else if (taken_with(i)[0] != '\0') {
		wg_buf_puts(out, "    taken with: ");
		wg_reasons_wrap(16, wg_defang(taken_with(i), safe, sizeof safe), out);
	} else if (r->reason[0] != '\0' && classes[i->class].says_why) {
		wg_buf_puts(out, "    why: ");
		wg_reasons_wrap(9, wg_defang(r->reason, safe, sizeof safe), out);
	}
	if (r->organisation[0] != '\0') {
		WG_AUTO_BUF struct wg_buf words = WG_BUF((size_t)2048);
		wg_ring_text(s->directory, r->organisation, r->desk, &words);
		wg_buf_puts(out, "    ring: ");
		wg_reasons_wrap(10, wg_buf_text(&words), out);
	}
	put_todo(i, todo);
	wg_buf_puts(out, "    do: ");
	wg_reasons_wrap(8, todo, out);
}

static bool same_group(const struct item *a, const struct item *b)
{
	return a->class == b->class && strcmp(a->row->organisation, b->row->organisation) == 0 &&
	       strcmp(a->row->desk, b->row->desk) == 0;
}

/* A recipient that is down has all its copies in one place; the list is sorted, so the first of a group is its oldest.
 */
static void put_groups(const struct stuck *s, bool all, struct wg_buf *out)
{
	unsigned groups = 0, left = 0;
	for (unsigned i = 0; i < s->count; i++) {
		bool told = false;
		for (unsigned k = 0; k < i && !told; k++)
			told = same_group(&s->items[k], &s->items[i]);
		if (told)
			continue;
		unsigned n = group_of(s, &s->items[i])->count; /* each item was counted in one */
		if (groups++ < GROUPS_MOST || all)
			put_group(s, &s->items[i], n, out);
		else
			left += n;
	}
	if (left > 0)
		wg_buf_printf(out, "And %u more: wardgate stuck --all\n", left);
	if (s->count + s->whole == 0)
		wg_buf_puts(out, "Nothing is stuck.\n");
}

static enum wg_code look(struct stuck *s, struct wg_admin *admin, bool all, struct wg_buf *out, struct wg_err *err)
{
	json_t *metrics = NULL;
	enum wg_code code = wg_said_metrics(admin, &metrics, err);
	if (code == WG_OK) {
		s->now = wg_said_now(metrics);
		put_faults(s, metrics, out);
	}
	json_decref(metrics);
	if (code == WG_OK)
		code = take(s, admin, "messages", "", err);
	if (code == WG_OK)
		code = take(s, admin, "deliveries", "", err);
	if (code == WG_OK)
		code = take(s, admin, "deliveries", "unconfirmed", err);
	if (code == WG_OK)
		code = take(s, admin, "deliveries", "refused", err);
	if (code != WG_OK)
		return code;
	if (s->count > 1)
		qsort(s->items, s->count, sizeof *s->items, worst_first);
	for (unsigned i = 0; s->cli->json && i < s->count; i++)
		put_json(s, &s->items[i], out);
	if (!s->cli->json)
		put_groups(s, all, out);
	return wg_buf_check(out, "list", err);
}

static int run_stuck(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_directory *directory = NULL;
	struct stuck s = { .cli = cli };
	struct wg_err err = { 0 };
	const char *after = NULL;
	uint64_t minutes = 0;
	bool all = false;
	int count = 0;
	const struct wg_option options[] = { { "after", &after, NULL }, { "all", NULL, &all }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	if (count != 0 || (after != NULL && !wg_num_parse(after, 0, AFTER_MOST_MIN, &minutes)))
		return wg_misuse(&wg_command_stuck, count != 0 ? "it takes no operands" : "--after: a number of minutes");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK) {
		s.directory = directory = wg_ring_load("stuck", config);
		s.after = after != NULL ? (int64_t)minutes * 60000 : (int64_t)config->monitor.oldest_s * 1000;
		s.fault = (int64_t)config->monitor.fault_s * 1000;
		code = look(&s, &admin, all, &out, &err);
	}
	unsigned found = s.count + s.whole;
	stuck_free(&s);
	wg_directory_freep(&directory);
	if (code != WG_OK)
		return wg_fail("stuck", &err);
	return !wg_print(&out) ? EX_IOERR : found > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

const struct wg_command wg_command_stuck = {
	.name = "stuck",
	.summary = "what is stuck, the worst first: why, since when, whom to ring, what to do",
	.help = "usage: wardgate stuck [--after MINUTES] [--all] [--json]\n\n"
			"One screen: what was refused (in the last three days) or given up, waits for a person, is past its "
			"review, is\n"
			"not handed over or not confirmed for too long, or is held. One entry for each recipient, with the oldest "
			"copy.\n"
			"  --after  what is too long: as <monitor oldest=\"SECONDS\"/> says, otherwise 30 minutes. A copy of which "
			"others\n"
			"           were told that it is not confirmed is always there, and so is what waits for a person, and "
			"what is\n"
			"           tried in vain for <monitor fault=\"SECONDS\"/>, otherwise 30 seconds\n"
			"  --all    all of it; --json has each copy and message\n"
			"Exit 0 when nothing is stuck, 10 when something is.\n\n"
			"examples:\n"
			"  wardgate stuck\n"
			"  wardgate stuck --after 5\n"
			"  wardgate --json stuck | jq -r '[.class, .organisation, .telephone] | @tsv'\n",
	.run = run_stuck,
};
