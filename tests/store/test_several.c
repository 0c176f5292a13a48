/* Messages in work at the same time, one step at a time in every order that there is: what the store holds in the end
 * is what one process would have left that took them one after the other. Beside it stand orders that must be possible:
 * what is about other children is not waited for. */
#include "sharing.h"
#include "store/sqlite_internal.h"

#define MESSAGES_MAX 3
#define STEPS_MAX (4 * MESSAGES_MAX)
#define TEXT_MAX 8192
#define OWNER(i) (100 + (uint64_t)(i))

/* What several agencies hand in at the same time. */
struct story {
	const char *name;
	struct notice before[2]; /* completed before; kind of relation NONE without keys: none */
	unsigned before_count;
	struct notice now[MESSAGES_MAX];
	unsigned count;
	int names[MESSAGES_MAX]; /* 1 + the message of now that this one names in header/concerns; 0: none */
	bool beside;             /* two contexts are given at a time, in some order of steps */
};

enum kind { LEASE, CONTEXT, DONE };
struct step {
	enum kind kind;
	unsigned message;
};

struct play {
	struct scene *s;
	const struct story *story;
	char ids[MESSAGES_MAX + 2][WG_ID_TEXT]; /* those of now, then those of before */
	uint64_t tokens[MESSAGES_MAX];
	char heard[MESSAGES_MAX][256]; /* the context in words */
	struct wg_told told[MESSAGES_MAX][8];
	unsigned told_count[MESSAGES_MAX];
	bool live[MESSAGES_MAX], open[MESSAGES_MAX];
	bool overlapped;
};

/* ---- the three steps of a worker */

static void lease(struct play *p, unsigned i)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_store_lease_messages(p->s->store, p->s->now, OWNER(i), 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(jobs[0].id, p->ids[i]); /* in their order, whoever leases */
	p->tokens[i] = jobs[0].token;
	wg_msg_jobs_free(jobs, count);
}

static const char *concerns_of(const struct play *p, unsigned i)
{
	int named = p->story->names[i];
	return named > 0 ? p->ids[named - 1] : p->story->now[i].concerns;
}

/* False when it is not its turn. */
static bool context(struct play *p, unsigned i)
{
	struct wg_err err = { 0 };
	const struct notice *n = &p->story->now[i];
	struct wg_match_key keys[4];
	struct wg_context c = { 0 };
	bool turn = false;
	unsigned count = notice_keys(n, keys);
	OK(wg_store_context_in_turn(p->s->store, p->ids[i], n->relation, keys, count, n->choice, "", concerns_of(p, i),
	                            &turn, &c, &err));
	if (!turn) {
		assert_true(c.told == NULL && c.records == NULL);
		return false;
	}
	(void)snprintf(p->heard[i], sizeof p->heard[i], "%s%s%s%srecords %u told %s", c.child != 0 ? "child " : "",
	               c.live ? "live " : "", c.doubt ? "doubt " : "", c.concerns_unknown ? "unknown " : "", c.record_count,
	               told_words(&c)); /* short */
	p->live[i] = c.live;
	p->told_count[i] = c.told_count < 8 ? c.told_count : 8;
	for (unsigned k = 0; k < p->told_count[i]; k++)
		p->told[i][k] = c.told[k];
	wg_context_free(&c);
	for (unsigned k = 0; k < p->story->count; k++)
		p->overlapped = p->overlapped || p->open[k];
	p->open[i] = true;
	return true;
}

/* As the process role decides: whoever was told hears of it. */
static void complete(struct play *p, unsigned i)
{
	struct wg_err err = { 0 };
	const struct notice *n = &p->story->now[i];
	struct wg_dlv_new d[12];
	struct wg_match_key keys[4];
	struct wg_msg_done_result result;
	unsigned count = 0;
	for (; count < n->delivery_count; count++)
		d[count] = n->deliveries[count];
	for (unsigned k = 0; k < p->told_count[i]; k++) {
		bool there = false;
		for (unsigned m = 0; m < count; m++)
			there = there || strcmp(d[m].desk, p->told[i][k].desk) == 0;
		if (!there)
			d[count++] = to_desk(p->told[i][k].desk, p->told[i][k].of, WG_DLV_SEALED);
	}
	struct wg_msg_done done = rig_done(p->ids[i], p->tokens[i], d, count);
	done.relation = n->relation;
	done.keys = keys;
	done.key_count = notice_keys(n, keys);
	done.concerns = concerns_of(p, i);
	done.recalls = n->recalls;
	done.consents = n->consents;
	done.consent_count = n->consent_count;
	done.child_choice = n->choice;
	done.watches_live = n->watches;
	done.live = p->live[i];
	if (n->content_key != NULL)
		(void)snprintf(done.content_key, sizeof done.content_key, "%s", n->content_key); /* short */
	OK(wg_store_done(p->s->store, p->s->now, &done, &result, &err));
	p->open[i] = false;
}

/* What has to be decided again, until nothing has. */
static void again(struct play *p)
{
	struct wg_err err = { 0 };
	for (unsigned rounds = 0;; rounds++) {
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0, i = 0;
		OK(wg_store_lease_messages(p->s->store, p->s->now, ME, 1, &jobs, &count, &err));
		if (count == 0) {
			free(jobs);
			return;
		}
		assert_true(rounds < 8);
		while (i < p->story->count && strcmp(p->ids[i], jobs[0].id) != 0)
			i++;
		assert_true(i < p->story->count);
		p->tokens[i] = jobs[0].token;
		wg_msg_jobs_free(jobs, count);
		assert_true(context(p, i));
		complete(p, i);
	}
}

/* ---- what is left */

/* Ids of messages become their numbers: they differ each time. */
static void name_messages(const struct play *p, char *text)
{
	for (unsigned i = 0; i < MESSAGES_MAX + 2; i++)
		for (char *at = text; p->ids[i][0] != '\0' && (at = strstr(at, p->ids[i])) != NULL;) {
			memset(at, '.', WG_ID_TEXT - 1);
			at[0] = (char)('A' + i);
		}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Deliveries in the order of their desks: which message's came first is no matter. */
static void put_deliveries(struct play *p, const char *id, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	char *lines[64];
	OK(wg_store_list(p->s->store, "deliveries", "*", id, 64, &rows, &count, &err));
	for (unsigned i = 0; i < count; i++)
		assert_true(asprintf(&lines[i], " %s/%s %s %s", rows[i].desk, rows[i].of, rows[i].state, rows[i].reason) > 0);
	qsort(lines, count, sizeof lines[0], by_text);
	for (unsigned i = 0; i < count; i++) {
		wg_buf_printf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(rows);
}

static void describe(struct play *p, char text[TEXT_MAX])
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(TEXT_MAX - 1);
	again(p);
	for (unsigned i = 0; i < MESSAGES_MAX + 2; i++) {
		struct wg_row *rows = NULL;
		unsigned count = 0;
		if (p->ids[i][0] == '\0')
			continue;
		OK(wg_store_list(p->s->store, "messages", "*", p->ids[i], 1, &rows, &count, &err));
		wg_buf_printf(&out, "%c: %s (%s) heard %s\n ", 'A' + (int)i, rows[0].state, rows[0].reason,
		              i < MESSAGES_MAX ? p->heard[i] : "");
		free(rows);
		OK(wg_store_related(p->s->store, p->ids[i], &out, &err));
		wg_buf_printf(&out, "\n");
		put_deliveries(p, p->ids[i], &out);
	}
	wg_buf_printf(&out, "children %d, episodes %d of which open %d, keys %d, records %d\n",
	              (int)number(p->s, "SELECT count(*) FROM child"), (int)number(p->s, "SELECT count(*) FROM episode"),
	              (int)number(p->s, "SELECT count(*) FROM episode WHERE ended = 0"),
	              (int)number(p->s, "SELECT count(*) FROM child_key"),
	              (int)number(p->s, "SELECT count(*) FROM record"));
	OK(wg_buf_check(&out, "text", &err));
	(void)snprintf(text, TEXT_MAX, "%s", wg_buf_text(&out)); /* it fits */
	name_messages(p, text);
}

/* ---- one order of steps, from an empty store */

static void begin(struct play *p, struct scene *s, const struct story *story)
{
	struct wg_err err = { 0 };
	*p = (struct play){ .s = s, .story = story };
	OK(wg_store_begin(s->store, &err));
	for (unsigned i = 0; i < story->before_count; i++)
		send_notice(s, 1 + i, &story->before[i], p->ids[MESSAGES_MAX + i]);
	for (unsigned i = 0; i < story->count; i++)
		accept_notice(s, 10 + i, &story->now[i], p->ids[i]);
}

static void end(struct play *p)
{
	uint64_t entries;
	char head[WG_STORE_HASH];
	struct wg_err err = { 0 };
	OK(wg_store_audit(p->s->store, &entries, head, &err));
	wg_store_rollback(p->s->store);
}

/* False when the last step had to wait; the others must not. */
static bool perform(struct play *p, const struct step *steps, unsigned count)
{
	for (unsigned k = 0; k < count; k++) {
		if (steps[k].kind == LEASE)
			lease(p, steps[k].message);
		else if (steps[k].kind == DONE)
			complete(p, steps[k].message);
		else if (!context(p, steps[k].message)) {
			assert_int_equal(k, count - 1);
			return false;
		}
	}
	return true;
}

struct search {
	struct scene *s;
	const struct story *story;
	char want[TEXT_MAX];
	struct step steps[STEPS_MAX];
	unsigned ends;
	bool overlapped;
};

/* Whose turn it is in that many steps: how far each message has come. */
static void progress(const struct search *x, unsigned count, unsigned done[MESSAGES_MAX], unsigned *leased)
{
	*leased = 0;
	memset(done, 0, MESSAGES_MAX * sizeof done[0]);
	for (unsigned k = 0; k < count; k++) {
		done[x->steps[k].message]++;
		*leased += x->steps[k].kind == LEASE;
	}
}

static void check_end(struct search *x, struct play *p)
{
	char got[TEXT_MAX];
	describe(p, got);
	if (strcmp(got, x->want) != 0) {
		for (unsigned k = 0; k < 3 * x->story->count; k++)
			print_error("%c%u ", "LCD"[x->steps[k].kind], x -> steps[k].message);
		fail_msg("%s: one after the other leaves\n%sand this order\n%s", x->story->name, x->want, got);
	}
	x->ends++;
	x->overlapped = x->overlapped || p->overlapped;
}

/* Every way on from the first count steps. At least one of them is open: nobody waits for ever. */
static bool walk(struct search *x, unsigned count)
{
	struct play p;
	unsigned at[MESSAGES_MAX], leased = 0;
	bool any = false;
	begin(&p, x->s, x->story);
	bool open = perform(&p, x->steps, count);
	if (open && count == 3 * x->story->count)
		check_end(x, &p);
	end(&p);
	if (!open || count == 3 * x->story->count)
		return open;
	progress(x, count, at, &leased);
	for (unsigned i = 0; i < x->story->count; i++) {
		if (at[i] == 3 || (at[i] == 0 && i != leased))
			continue;
		x->steps[count] = (struct step){ .kind = (enum kind)at[i], .message = i };
		any = walk(x, count + 1) || any;
	}
	if (!any)
		fail_msg("%s: after %u steps everybody waits", x->story->name, count);
	return true;
}

static void tell(struct scene *s, const struct story *story)
{
	struct search *x = calloc(1, sizeof *x);
	struct play p;
	assert_non_null(x);
	x->s = s;
	x->story = story;
	begin(&p, s, story);
	for (unsigned i = 0; i < story->count; i++) {
		const struct step steps[] = { { LEASE, i }, { CONTEXT, i }, { DONE, i } };
		assert_true(perform(&p, steps, 3));
	}
	describe(&p, x->want);
	end(&p);
	(void)walk(x, 0);
	if (x->ends < 2 || x->overlapped != story->beside)
		fail_msg("%s: %u orders, contexts beside each other: %d\n%s", story->name, x->ends, x->overlapped, x->want);
	free(x);
}

/* ---- the stories */

#define TO(list) .deliveries = list, .delivery_count = WG_COUNT(list)

static void every_order(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	const struct wg_dlv_new both[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
		                               to_desk("duty", "host", WG_DLV_SEALED) };
	const struct wg_dlv_new one[] = { to_desk("nurse", "host", WG_DLV_SEALED) };
	const struct wg_dlv_new shown[] = { to_desk("nurse", "host", WG_DLV_REVIEW) };
	const struct notice missing = { .relation = WG_RELATION_OPENS, .nhs = "tess", TO(both) };
	const struct notice found = { .relation = WG_RELATION_CLOSES, .nhs = "tess", TO(one) };
	const struct notice home = { .organisation = "meadowton", .relation = WG_RELATION_CLOSES, .nhs = "tess", TO(one) };
	const struct notice numbered = { .relation = WG_RELATION_OPENS, .nhs = "tess", .reference = "r1", TO(both) };
	const struct notice by_reference = {
		.organisation = "meadowton", .relation = WG_RELATION_CLOSES, .reference = "r1", TO(one)
	};
	const struct notice update = { .relation = WG_RELATION_WITHIN, .nhs = "tess", TO(one) };
	const struct notice form = { .relation = WG_RELATION_NONE, .nhs = "tess", .watches = true, TO(shown) };
	const struct notice other = { .relation = WG_RELATION_OPENS, .nhs = "kit", TO(both) };
	const struct notice third = { .relation = WG_RELATION_CLOSES, .nhs = "moss", TO(one) };
	const struct notice correction = { .relation = WG_RELATION_WITHIN, .nhs = "tess", TO(one) };
	const struct notice recall = { .relation = WG_RELATION_WITHIN, .nhs = "tess", .recalls = true, TO(one) };
	const struct notice same[] = { { .relation = WG_RELATION_OPENS, .nhs = "tess", .content_key = "k1", TO(both) } };
	const struct story stories[] = {
		{ "missing, found", .now = { missing, found }, .count = 2 },
		{ "missing, found of another sender", .now = { missing, home }, .count = 2 },
		{ "found, missing again", .before = { missing }, .before_count = 1, .now = { found, missing }, .count = 2 },
		{ "found, missing again, an update", .before = { missing }, .before_count = 1,
		  .now = { found, missing, update }, .count = 3 },
		{ "two reports of a child that nobody knew, found", .now = { missing, missing, home }, .count = 3 },
		{ "known by a reference, by a number", .now = { numbered, by_reference, missing }, .count = 3 },
		{ "a form that waits for an episode", .now = { form, missing }, .count = 2 },
		{ "a form that was too late", .before = { missing }, .before_count = 1, .now = { form, found }, .count = 2 },
		{ "a form, and another child", .now = { form, other, missing }, .count = 3, .beside = true },
		{ "an update of nothing, missing, found", .now = { update, missing, home }, .count = 3 },
		{ "two children", .now = { missing, other }, .count = 2, .beside = true },
		{ "two children, one found", .now = { missing, other, found }, .count = 3, .beside = true },
		{ "three children", .before = { missing }, .before_count = 1, .now = { found, other, third }, .count = 3,
		  .beside = true },
		{ "a correction names what is in work", .now = { missing, correction, other }, .count = 3,
		  .names = { 0, 1, 0 } },
		{ "a recall names what is in work", .now = { missing, recall }, .count = 2, .names = { 0, 1 } },
		{ "the same content twice", .now = { same[0], same[0], home }, .count = 3 },
	};
	OK(wg_store_commit(s->store, &err));
	for (size_t i = 0; i < WG_COUNT(stories); i++)
		tell(s, &stories[i]);
	OK(wg_store_begin(s->store, &err));
}

/* Whoever has to wait is asked again whenever another is done: of its children nothing is looked for until then. */
static void waiting_asks_for_little(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char ids[2][WG_ID_TEXT];
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	add(s, 1, ids[0]);
	add(s, 2, ids[1]);
	OK(wg_store_lease_messages(s->store, s->now, OWNER(0), 2, &jobs, &count, &err));
	assert_int_equal(count, 2);
	wg_msg_jobs_free(jobs, count);
	sqlite3_stmt *search = wg_sqlite_of(s->store)->stmt[SQL_CHILD_BY_KEY];
	for (unsigned i = 0; i < 3; i++) { /* the second too early, the first, the second */
		const unsigned of = i == 1 ? 0 : 1;
		const struct wg_match_key key = rig_key(WG_KEY_NAME_BIRTH, of == 0 ? "tess" : "alex");
		struct wg_context c = { 0 };
		bool turn = false;
		const int asked = sqlite3_stmt_status(search, SQLITE_STMTSTATUS_RUN, 0);
		OK(wg_store_context_in_turn(s->store, ids[of], WG_RELATION_OPENS, &key, 1, WG_CHILD_BY_KEYS, "", NULL, &turn,
		                            &c, &err));
		wg_context_free(&c);
		assert_int_equal(turn, i > 0);
		assert_int_equal(sqlite3_stmt_status(search, SQLITE_STMTSTATUS_RUN, 0) > asked, i > 0);
	}
}

/* Who shares a first name and a birthday with another is somebody else: neither looked for nor waited for. */
static void a_first_name_is_nobody(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	const struct wg_match_key key = rig_key(WG_KEY_FORENAME_BIRTH, "tess|0103");
	char ids[2][WG_ID_TEXT];
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	add(s, 1, ids[0]);
	add(s, 2, ids[1]);
	OK(wg_store_lease_messages(s->store, s->now, OWNER(0), 2, &jobs, &count, &err));
	assert_int_equal(count, 2);
	wg_msg_jobs_free(jobs, count);
	for (unsigned i = 0; i < 2; i++) {
		struct wg_context c = { 0 };
		bool turn = false;
		OK(wg_store_context_in_turn(s->store, ids[i], WG_RELATION_OPENS, &key, 1, WG_CHILD_BY_KEYS, "", NULL, &turn, &c,
		                            &err));
		wg_context_free(&c);
		assert_true(turn);
	}
	sqlite3_stmt *search = wg_sqlite_of(s->store)->stmt[SQL_CHILD_BY_KEY];
	assert_int_equal(sqlite3_stmt_status(search, SQLITE_STMTSTATUS_RUN, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(waiting_asks_for_little, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_first_name_is_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_order, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
