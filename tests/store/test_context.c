/* What the store says to a decision before it is taken: whose child, missing now or not, who was told, whose a key is.
 */
#include "sharing.h"

#define OPENS WG_RELATION_OPENS
#define CLOSES WG_RELATION_CLOSES
#define WITHIN WG_RELATION_WITHIN
#define NONE WG_RELATION_NONE

static void a_child_and_its_episode(void **state)
{
	struct scene *s = *state;
	char missing[WG_ID_TEXT], found[WG_ID_TEXT], later[WG_ID_TEXT];
	const struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
		                            to_desk("duty", "host", WG_DLV_SEALED) };
	const struct notice opens = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice closes = { .relation = CLOSES, .nhs = "tess", .deliveries = d, .delivery_count = 1 };
	const struct notice profile = { .relation = NONE, .nhs = "tess" }, other = { .relation = CLOSES, .nhs = "kit" };
	accept_notice(s, 1, &opens, missing);
	expect_context(s, missing, &opens, "told: "); /* nobody is known yet; asking makes nobody known */
	expect_context(s, missing, &opens, "told: ");
	(void)decide_notice(s, missing, &opens);
	expect_context(s, missing, &opens, "child told: "); /* itself counts nothing: it is not missing but for it */
	accept_notice(s, 2, &closes, found);
	expect_context(s, found, &closes, "child live told: front-door/placing duty/host");
	expect_context(s, found, &profile, "child live told: ");
	expect_context(s, found, &other, "told: ");
	(void)decide_notice(s, found, &closes);
	/* decided again it is told the same: it was missing but for this message */
	expect_context(s, found, &closes, "child live told: front-door/placing duty/host");
	accept_notice(s, 3, &profile, later);
	expect_context(s, later, &profile, "child told: ");
	const struct notice update = { .relation = WITHIN, .nhs = "tess" };
	expect_context(s, later, &update, "child told: front-door/placing duty/host"); /* of the last episode */
	(void)decide_notice(s, later, &profile);
}

/* A second report, and one that an episode began with and a person counted away. */
static void live_is_somebody_elses_word(void **state)
{
	struct scene *s = *state;
	char first[WG_ID_TEXT], second[WG_ID_TEXT], update[WG_ID_TEXT];
	const struct notice opens = { .relation = OPENS, .nhs = "tess" }, within = { .relation = WITHIN, .nhs = "tess" };
	send_notice(s, 1, &opens, first);
	send_notice(s, 2, &within, update);
	expect_context(s, first, &opens, "child told: "); /* an update does not make it missing */
	send_notice(s, 3, &opens, second);
	expect_context(s, first, &opens, "child live told: ");
	expect_context(s, second, &opens, "child live told: ");
}

static void doubt_is_nobody(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	struct wg_err err = { 0 };
	const struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &tess, a);
	send_notice(s, 2, &kit, b);
	accept_notice(s, 3, &tess, c);
	const struct wg_match_key both[] = { rig_key(WG_KEY_NHS, "tess"), rig_key(WG_KEY_NHS, "kit") };
	struct wg_context x = { 0 };
	OK(wg_store_context(s->store, c, CLOSES, both, 2, WG_CHILD_BY_KEYS, "", NULL, &x, &err));
	assert_true(x.doubt && x.child == 0 && !x.live && x.told_count == 0 && x.record_count == 0);
	wg_context_free(&x);
	/* a person's word settles it */
	const struct notice said = { .relation = CLOSES, .choice = WG_CHILD_SAME, .child_as = b };
	expect_context(s, c, &said, "child live told: front-door/placing");
	const struct notice fresh = { .relation = CLOSES, .nhs = "tess", .choice = WG_CHILD_NEW };
	expect_context(s, c, &fresh, "told: ");
	const struct notice nobody = { .relation = CLOSES, .choice = WG_CHILD_SAME, .child_as = c };
	expect_context(s, c, &nobody, "doubt told: ");
	/* doubt or not, who has what the notice names is known */
	const struct notice named = { .relation = CLOSES, .choice = WG_CHILD_SAME, .child_as = c, .concerns = a };
	expect_context(s, c, &named, "doubt told: front-door/placing");
}

/* Who has it or will have it: by state of the delivery. */
static void told_by_state(void **state)
{
	static const struct {
		enum wg_delivery_state state;
		const char *more; /* columns beside it */
		bool told;
	} rows[] = {
		{ WG_DLV_DECIDED, "", true },
		{ WG_DLV_SEALED, "", true },
		{ WG_DLV_SENDING, "", true },
		{ WG_DLV_HANDED_OVER, "", true },
		{ WG_DLV_RECEIVED, "", true },
		{ WG_DLV_ACKNOWLEDGED, "", true },
		{ WG_DLV_OPENED, "", true },
		{ WG_DLV_REFUSED, "", true },
		{ WG_DLV_REVIEW, "", false },
		{ WG_DLV_WITHHELD, "", false },
		{ WG_DLV_DEFERRED, "", true },
		{ WG_DLV_FAILED, "", false },
		{ WG_DLV_RECALLED, "", false },
		{ WG_DLV_SUPERSEDED, "", false },
		{ WG_DLV_HELD, ", held_from = 'sealed'", true },
		{ WG_DLV_HELD, ", held_from = 'review'", false },
		{ WG_DLV_FAILED, ", maybe = 1", true }, /* it may have arrived */
		{ WG_DLV_RECALLED, ", maybe = 1", true },
		{ WG_DLV_SUPERSEDED, ", maybe = 1", false }, /* the one in its place says so */
		{ WG_DLV_SEALED, ", alarm_of = 2", false },
		{ WG_DLV_SEALED, ", epoch = 'older'", true },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], found[WG_ID_TEXT];
	const struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
		                            to_desk("duty", "host", WG_DLV_WITHHELD) };
	const struct notice opens = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice closes = { .relation = CLOSES, .nhs = "tess" };
	send_notice(s, 1, &opens, id);
	accept_notice(s, 2, &closes, found);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sql[256];
		mark(s);
		(void)snprintf(sql, sizeof sql, "UPDATE delivery SET state = '%s'%s WHERE seq = 1",
		               wg_delivery_state_name(rows[i].state), rows[i].more); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		struct wg_context c = context_of(s, found, &closes);
		if (c.told_count != rows[i].told)
			fail_msg("row %zu (%s%s): told %u", i, wg_delivery_state_name(rows[i].state), rows[i].more, c.told_count);
		wg_context_free(&c);
		OK(wg_store_undo(s->store, &err));
	}
}

/* What waits for a person, and by when: of the message itself only, and no alarm. */
static void due_of_reviews(void **state)
{
	static const struct {
		enum wg_delivery_state state;
		const char *more;
		bool due;
	} rows[] = {
		{ WG_DLV_REVIEW, "", true },
		{ WG_DLV_REVIEW, ", due = 0", false },
		{ WG_DLV_HELD, ", held_from = 'review'", true },
		{ WG_DLV_HELD, ", held_from = 'sealed'", false },
		{ WG_DLV_SEALED, "", false }, /* released: what is asked next is another question */
		{ WG_DLV_WITHHELD, "", false },
		{ WG_DLV_SUPERSEDED, "", false },
		{ WG_DLV_RECALLED, "", false },
		{ WG_DLV_REVIEW, ", alarm_of = 2", false },
		{ WG_DLV_REVIEW, ", epoch = 'older'", true },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], other[WG_ID_TEXT];
	struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_REVIEW),
		                      to_desk("duty", "host", WG_DLV_WITHHELD) };
	d[0].due = s->now.wall + 60000;
	const struct notice opens = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	send_notice(s, 1, &opens, id);
	accept_notice(s, 2, &opens, other);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sql[256];
		mark(s);
		(void)snprintf(sql, sizeof sql, "UPDATE delivery SET state = '%s'%s WHERE seq = 1",
		               wg_delivery_state_name(rows[i].state), rows[i].more); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		struct wg_context c = context_of(s, id, &opens), none = context_of(s, other, &opens);
		if (c.due_count != rows[i].due || none.due_count != 0)
			fail_msg("row %zu (%s%s): %u", i, wg_delivery_state_name(rows[i].state), rows[i].more, c.due_count);
		if (c.due_count > 0) {
			assert_true(c.dues[0].due == d[0].due);
			assert_string_equal(c.dues[0].organisation, d[0].organisation);
			assert_string_equal(c.dues[0].desk, d[0].desk);
			assert_string_equal(c.dues[0].role, d[0].role);
		}
		wg_context_free(&c);
		wg_context_free(&none);
		OK(wg_store_undo(s->store, &err));
	}
}

static void told_of_what_is_named(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], kits[WG_ID_TEXT], c[WG_ID_TEXT], both[WG_LIMIT_NAME];
	const char *unknown = "7123456789abcdefghjkmnpqrs";
	const struct wg_dlv_new one = to_desk("front-door", "placing", WG_DLV_SEALED),
							two[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
		                              to_desk("front-door", "host", WG_DLV_SEALED) },
							other = to_desk("school", "host", WG_DLV_SEALED);
	const struct notice first = { .relation = OPENS, .nhs = "tess", .deliveries = &one, .delivery_count = 1 };
	const struct notice second = { .organisation = "meadowton",
		                           .relation = OPENS,
		                           .nhs = "tess",
		                           .notice_id = "case-7",
		                           .deliveries = two,
		                           .delivery_count = 2 };
	const struct notice kit = { .organisation = "birchford",
		                        .relation = OPENS,
		                        .nhs = "kit",
		                        .notice_id = "case-7",
		                        .deliveries = &other,
		                        .delivery_count = 1 };
	struct notice n = { .relation = WITHIN, .nhs = "tess" };
	send_notice(s, 1, &first, a);
	send_notice(s, 2, &second, b);
	send_notice(s, 3, &kit, kits);
	accept_notice(s, 4, &n, c);
	n.concerns = b; /* by the id of the message, of another organisation */
	expect_context(s, c, &n, "child live told: front-door/placing front-door/host");
	n.concerns = "case-7"; /* by the id that the notice gives itself: not that of another agency's child */
	expect_context(s, c, &n, "child live told: front-door/placing front-door/host");
	n.concerns = a;
	expect_context(s, c, &n, "child live told: front-door/placing");
	(void)snprintf(both, sizeof both, " %s  case-7 ", a); /* each recipient once */
	n.concerns = both;
	expect_context(s, c, &n, "child live told: front-door/placing front-door/host");
	(void)snprintf(both, sizeof both, "%s %s", a, unknown); /* one of them is not here */
	n.concerns = both;
	expect_context(s, c, &n, "child live unknown told: front-door/placing");
	n.concerns = unknown; /* and not those of the episode in its place */
	expect_context(s, c, &n, "child live unknown told: ");
	n.concerns = kits; /* about another child: who was told of that one is not told of this one */
	expect_context(s, c, &n, "child live unknown told: ");
	n.concerns = "Not-An-Id";
	expect_context(s, c, &n, "child live unknown told: ");
	n.concerns = c; /* itself counts nothing */
	expect_context(s, c, &n, "child live told: ");
	n.concerns = " ";
	expect_context(s, c, &n, "child live told: front-door/placing front-door/host"); /* names none: the episode's */
	/* whom it is about is not known: what its own organisation sent is meant, another's number is not */
	n.nhs = NULL;
	n.concerns = "case-7";
	expect_context(s, c, &n, "unknown told: ");
	n.concerns = kits;
	expect_context(s, c, &n, "told: school/host");
}

static void limits(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_context c = { 0 };
	struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	bool hit = false;
	char id[WG_ID_TEXT], many[(WG_STORE_CONCERNS_MAX + 1) * 2 + 1] = "";
	const struct notice n = { .relation = OPENS };
	accept_notice(s, 1, &n, id);
	for (int i = 0; i <= WG_STORE_CONCERNS_MAX; i++)
		memcpy(many + 2 * i, "x ", 3);
	FAILS(WG_LIMIT, wg_store_context(s->store, id, OPENS, &key, 1, WG_CHILD_BY_KEYS, "", many, &c, &err));
	FAILS(WG_NOT_FOUND, wg_store_context(s->store, "0123456789abcdefghjkmnpqrs", OPENS, &key, 1, WG_CHILD_BY_KEYS, "",
	                                     NULL, &c, &err));
	key.key[0] = 'T';
	FAILS(WG_REJECT, wg_store_context(s->store, id, OPENS, &key, 1, WG_CHILD_BY_KEYS, "", NULL, &c, &err));
	FAILS(WG_REJECT, wg_store_strangers(s->store, 0, &key, 1, &hit, &err));
	assert_null(c.told);
}

static void strangers(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .reference = "OP-1", .confidential = "ZZ9 9ZZ" };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .reference = "OP-2", .confidential = "ZZ9 9ZZ" };
	struct wg_msg_rec rec;
	send_notice(s, 1, &tess, a);
	send_notice(s, 2, &kit, b);
	OK(wg_message_by_id(s->store, a, &rec, &err));
	uint64_t child = (uint64_t)rec.child;
	assert_int_not_equal(child, 0);
	const struct {
		struct wg_match_key key;
		bool own, any; /* hit with Tess's child, and with none */
	} rows[] = {
		{ rig_key(WG_KEY_NHS, "tess"), false, true },
		{ rig_key(WG_KEY_NHS, "kit"), true, true },
		{ rig_key(WG_KEY_NHS, "nobody"), false, false },
		{ rig_key(WG_KEY_NAME, "kit"), false, false }, /* of another kind */
		{ rig_key(WG_KEY_REFERENCE, "OP-1"), false, true },
		{ rig_key(WG_KEY_REFERENCE, "OP-2"), true, true },
		{ rig_key(WG_KEY_REFERENCE, "OP-3"), false, false },
		{ rig_key(WG_KEY_CONFIDENTIAL, "ZZ9 9ZZ"), true, true }, /* its own too */
		{ rig_key(WG_KEY_CONFIDENTIAL, "ZZ9 8ZZ"), false, false },
	};
	struct wg_match_key keys[WG_COUNT(rows)];
	bool hit[WG_COUNT(rows)];
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		keys[i] = rows[i].key;
	for (int any = 0; any <= 1; any++) {
		OK(wg_store_strangers(s->store, any ? 0 : child, keys, WG_COUNT(rows), hit, &err));
		for (size_t i = 0; i < WG_COUNT(rows); i++)
			if (hit[i] != (any ? rows[i].any : rows[i].own))
				fail_msg("row %zu, %s: %d", i, any ? "any child" : "the child", hit[i]);
	}
	/* one key that both have belongs to the child too */
	OK(wg_db_exec(s->store,
	              "INSERT INTO child_key SELECT key, 1, kind, scope, NULL FROM child_key WHERE child = 2 AND "
	              "kind = 2",
	              &err));
	OK(wg_store_strangers(s->store, child, &keys[1], 1, hit, &err));
	assert_false(hit[0]);
	/* one from before kinds were known is of any */
	OK(wg_db_exec(s->store, "UPDATE child_key SET kind = -1 WHERE child = 2 AND kind = 2", &err));
	const struct wg_match_key old = rows[3].key;
	OK(wg_store_strangers(s->store, child, &old, 1, hit, &err));
	assert_true(hit[0]);
	OK(wg_store_strangers(s->store, 2, &old, 1, hit, &err));
	assert_false(hit[0]);
}

/* A confidential postcode says nothing of who somebody is. */
static void confidential_matches_nobody(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .confidential = "ZZ9 9ZZ" };
	const struct notice only = { .relation = OPENS, .confidential = "ZZ9 9ZZ" };
	const struct notice moved = { .relation = OPENS, .nhs = "tess", .confidential = "ZZ9 8ZZ" };
	send_notice(s, 1, &tess, a);
	accept_notice(s, 2, &only, b);
	expect_context(s, b, &only, "told: ");
	(void)decide_notice(s, b, &only);
	assert_int_equal(number(s, "SELECT count(DISTINCT child) FROM message"), 2);
	accept_notice(s, 3, &moved, c); /* another address speaks against nobody */
	expect_context(s, c, &moved, "child live told: ");
	(void)decide_notice(s, c, &moved);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key WHERE kind = 9"), 3);
}

static void the_child_that_a_person_means(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	uint64_t child = 0, other = 0;
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .reference = "OP-1" };
	const struct notice kit = { .relation = OPENS, .nhs = "kit" }, nobody = { .relation = NONE };
	send_notice(s, 1, &tess, a);
	send_notice(s, 2, &kit, b);
	send_notice(s, 3, &nobody, c);
	const struct wg_match_key keys[] = { rig_key(WG_KEY_REFERENCE, "OP-1"), rig_key(WG_KEY_NHS, "tess"),
		                                 rig_key(WG_KEY_NHS, "kit"), rig_key(WG_KEY_NHS, "alex"),
		                                 rig_key(WG_KEY_BIRTH, "tess") };
	OK(wg_store_child(s->store, a, NULL, 0, &child, &err));
	OK(wg_store_child(s->store, "", keys, 2, &other, &err)); /* by number and by reference: the same child */
	assert_int_equal(child, other);
	OK(wg_store_child(s->store, "", &keys[2], 1, &other, &err));
	assert_int_not_equal(child, other);
	FAILS(WG_REJECT, wg_store_child(s->store, "", keys, 3, &other, &err));
	FAILS(WG_NOT_FOUND, wg_store_child(s->store, "", &keys[3], 2, &other, &err));
	FAILS(WG_NOT_FOUND, wg_store_child(s->store, c, NULL, 0, &other, &err)); /* about nobody */
	FAILS(WG_NOT_FOUND, wg_store_child(s->store, "0123456789abcdefghjkmnpqrs", NULL, 0, &other, &err));
}

/* A store with some thousands of children: what one message's questions cost. The figure is for people. */
static void what_it_costs(void **state)
{
	enum { CHILDREN = 5000, KEYS = 600 };
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &tess, id);
	OK(wg_db_exec(s->store,
	              "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5009)"
	              " INSERT INTO child(id, made_at) SELECT i, 1 FROM n",
	              &err));
	OK(wg_db_exec(
		s->store,
		EITHER("INSERT INTO child_key(key, child, kind, scope) SELECT printf('%032x', c.id * 8 + k.kind), c.id,"
	           " k.kind, '' FROM child c, (SELECT 2 AS kind UNION SELECT 3 UNION SELECT 5 UNION SELECT 6) k"
	           " WHERE c.id >= 10",
	           "INSERT INTO child_key(key, child, kind, scope) SELECT lpad(to_hex(c.id * 8 + k.kind), 32, '0'), c.id, "
	           "k.kind, '' FROM child c, (SELECT 2 AS kind UNION SELECT 3 UNION SELECT 5 UNION SELECT 6) k WHERE c.id "
	           ">= 10"),
		&err));
	WG_AUTO_FREE struct wg_match_key *keys = calloc(KEYS, sizeof *keys);
	WG_AUTO_FREE bool *hit = calloc(KEYS, sizeof *hit);
	assert_true(keys != NULL && hit != NULL);
	for (unsigned i = 0; i < KEYS; i++) { /* every tenth is somebody's */
		keys[i].kind = i % 2 == 0 ? WG_KEY_NAME : WG_KEY_NHS;
		(void)snprintf(keys[i].key, sizeof keys[i].key, "%032x",
		               i % 10 == 0 ? (100 + i) * 8 + (unsigned)keys[i].kind : 0x100000 + i); /* exactly its size */
	}
	int64_t from = micros();
	OK(wg_store_strangers(s->store, 1, keys, KEYS, hit, &err));
	int64_t mid = micros();
	expect_context(s, id, &tess, "child told: ");
	int64_t until = micros();
	unsigned hits = 0;
	for (unsigned i = 0; i < KEYS; i++)
		hits += hit[i];
	assert_int_equal(hits, KEYS / 10);
	print_message("strangers of %d keys among %d children: %.2f ms; a context: %.2f ms\n", KEYS, CHILDREN,
	              (double)(mid - from) / 1000, (double)(until - mid) / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_child_and_its_episode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(live_is_somebody_elses_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(doubt_is_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_by_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(due_of_reviews, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_of_what_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strangers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(confidential_matches_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_child_that_a_person_means, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_it_costs, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
