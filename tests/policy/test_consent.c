/* Records of consent: which is in force, as XML and back, out of a notice. */
#include "policy_test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "policy/consent.h"

#define NOON INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */
#define HOUR INT64_C(3600000)

static char *own(const char *text)
{
	char *copy = text != NULL ? strdup(text) : NULL;
	assert_true(text == NULL || copy != NULL);
	return copy;
}

static struct wg_consent *record_of(unsigned number, const char *state, const char *to, int64_t at)
{
	struct wg_consent *r = calloc(1, sizeof *r);
	assert_non_null(r);
	(void)snprintf(r->id, sizeof r->id, "01k9tess00examp1e0c%07u", number);
	assert_true(wg_consent_state_find(state, &r->state));
	r->to = own(to);
	r->at = at;
	r->until = INT64_MAX;
	r->categories = wg_categories_all();
	return r;
}

static void add(struct wg_consents *consents, struct wg_consent *record)
{
	struct wg_err err = { 0 };
	must(wg_consents_add(consents, record, &err), &err);
}

static unsigned number_of(const char *category)
{
	unsigned i = 0;
	while (wg_category_find(category) >> i != 1)
		i++;
	return i;
}

static void test_names(void **state)
{
	(void)state;
	static const char *const names[] = { "given", "not-known", "not-sought", "expired", "refused", "withdrawn" };
	enum wg_consent_state found;
	for (size_t i = 0; i < WG_CONSENT_STATES; i++) {
		assert_string_equal(wg_consent_state_name((enum wg_consent_state)i), names[i]);
		assert_true(wg_consent_state_find(names[i], &found));
		assert_int_equal(found, i);
	}
	assert_false(wg_consent_state_find("", &found));
	assert_false(wg_consent_state_find("Given", &found));
}

/* One line a record: when, in hours around noon, until when (0: without end), state, to, categories (NULL: all). */
struct line {
	int at, until;
	const char *state, *to, *categories;
};

static const struct {
	struct line lines[4];
	const char *role, *category, *want;
	int counts; /* number of the line that counts, from 1; 0: none */
} force_cases[] = {
	{ { { 0 } }, "school", "identity", "not-known", 0 },
	{ { { -1, 0, "given", "school", NULL } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "school", NULL } }, "parent", "identity", "not-known", 0 },
	{ { { -1, 0, "given", "schools", NULL } }, "school", "identity", "not-known", 0 },
	{ { { -1, 0, "given", "home school", NULL } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "*", NULL } }, "school", "identity", "given", 1 },
	/* what names the role before what is for all, however old; the other way round too */
	{ { { -9, 0, "refused", "school", NULL }, { -1, 0, "given", "*", NULL } }, "school", "identity", "refused", 1 },
	{ { { -9, 0, "given", "school", NULL }, { -1, 0, "not-known", "*", NULL } }, "school", "identity", "given", 1 },
	{ { { -9, 0, "refused", "school", NULL }, { -1, 0, "not-sought", "*", NULL } },
	  "school",
	  "identity",
	  "refused",
	  1 },
	/* but a later no to everybody is one to those who were named too; not of the same instant, not an earlier one */
	{ { { -9, 0, "given", "school", NULL }, { -1, 0, "withdrawn", "*", NULL } }, "school", "identity", "withdrawn", 2 },
	{ { { -9, 0, "given", "school", NULL }, { -1, 0, "refused", "*", NULL } }, "school", "identity", "refused", 2 },
	{ { { -9, 0, "given", "school", NULL }, { -1, 0, "refused", "*", "health" } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "school", NULL }, { -1, 0, "refused", "*", NULL } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "school", NULL }, { -9, 0, "withdrawn", "*", NULL } }, "school", "identity", "given", 1 },
	{ { { -9, 0, "given", "school", NULL }, { -5, 0, "refused", "*", NULL }, { -1, 0, "given", "*", NULL } },
	  "school",
	  "identity",
	  "given",
	  1 },
	{ { { -9, 0, "not-known", "school", NULL }, { -1, 0, "given", "*", NULL } }, "school", "identity", "not-known", 1 },
	{ { { -1, 0, "given", "*", NULL }, { -9, 0, "refused", "school", NULL } }, "parent", "identity", "given", 1 },
	/* the latest answer, in whatever order they come */
	{ { { -2, 0, "given", "school", NULL }, { -1, 0, "refused", "school", NULL } },
	  "school",
	  "identity",
	  "refused",
	  2 },
	{ { { -1, 0, "given", "school", NULL }, { -2, 0, "refused", "school", NULL } }, "school", "identity", "given", 1 },
	{ { { -3, 0, "given", "*", NULL }, { -2, 0, "withdrawn", "*", NULL }, { -1, 0, "given", "*", NULL } },
	  "school",
	  "identity",
	  "given",
	  3 },
	/* that nobody asked this time undoes no answer; where there is none, the latest of them */
	{ { { -2, 0, "refused", "school", NULL }, { -1, 0, "not-sought", "school", NULL } },
	  "school",
	  "identity",
	  "refused",
	  1 },
	{ { { -2, 0, "given", "school", NULL }, { -1, 0, "not-known", "school", NULL } },
	  "school",
	  "identity",
	  "given",
	  1 },
	{ { { -1, 0, "not-known", "school", NULL }, { -2, 0, "given", "school", NULL } },
	  "school",
	  "identity",
	  "given",
	  2 },
	{ { { -2, 0, "not-sought", "*", NULL }, { -1, 0, "not-known", "*", NULL } }, "school", "identity", "not-known", 2 },
	/* of one instant what holds back more */
	{ { { -1, 0, "given", "school", NULL }, { -1, 0, "refused", "school", NULL } },
	  "school",
	  "identity",
	  "refused",
	  2 },
	{ { { -1, 0, "withdrawn", "school", NULL }, { -1, 0, "refused", "school", NULL } },
	  "school",
	  "identity",
	  "withdrawn",
	  1 },
	{ { { -1, 0, "not-known", "school", NULL }, { -1, 0, "given", "school", NULL } },
	  "school",
	  "identity",
	  "not-known",
	  1 },
	{ { { -1, 0, "not-sought", "*", NULL }, { -1, 0, "not-known", "*", NULL } },
	  "school",
	  "identity",
	  "not-sought",
	  1 },
	{ { { -2, 0, "given", "*", NULL }, { -2, 0, "not-known", "*", NULL }, { -1, 0, "not-known", "*", NULL } },
	  "school",
	  "identity",
	  "not-known",
	  2 },
	/* not before it was said, from that instant on */
	{ { { 1, 0, "given", "school", NULL } }, "school", "identity", "not-known", 0 },
	{ { { 0, 0, "given", "school", NULL } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "*", NULL }, { 1, 0, "withdrawn", "*", NULL } }, "school", "identity", "given", 1 },
	/* the end */
	{ { { -2, 1, "given", "school", NULL } }, "school", "identity", "given", 1 },
	{ { { -2, -1, "given", "school", NULL } }, "school", "identity", "expired", 1 },
	{ { { -2, -1, "refused", "school", NULL } }, "school", "identity", "refused", 1 },
	{ { { -2, -1, "given", "school", NULL }, { -2, 0, "given", "*", NULL } }, "school", "identity", "expired", 1 },
	{ { { -2, -1, "given", "*", NULL }, { -2, 0, "not-sought", "*", NULL } }, "school", "identity", "expired", 1 },
	{ { { -2, -1, "given", "*", NULL }, { -2, 0, "refused", "*", NULL } }, "school", "identity", "refused", 2 },
	/* categories */
	{ { { -1, 0, "given", "school", "identity contact" } }, "school", "contact", "given", 1 },
	{ { { -1, 0, "given", "school", "identity contact" } }, "school", "health", "not-known", 0 },
	{ { { -9, 0, "given", "*", NULL }, { -1, 0, "refused", "*", "health" } }, "school", "health", "refused", 2 },
	{ { { -9, 0, "given", "*", NULL }, { -1, 0, "refused", "*", "health" } }, "school", "identity", "given", 1 },
	{ { { -9, 0, "given", "*", NULL }, { -1, 0, "refused", "school", "health" } }, "school", "identity", "given", 1 },
	{ { { -1, 0, "given", "school", NULL }, { -1, 0, "refused", "school", "health" } },
	  "school",
	  "identity",
	  "given",
	  1 },
	{ { { -1, 0, "given", "school", NULL }, { -1, 0, "refused", "school", "health" } },
	  "school",
	  "health",
	  "refused",
	  2 },
};

static void test_in_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(force_cases); i++) {
		struct wg_err err = { 0 };
		WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
		must(wg_consents_new(&consents, &err), &err);
		for (unsigned j = 0; j < WG_COUNT(force_cases[i].lines) && force_cases[i].lines[j].state != NULL; j++) {
			const struct line *l = &force_cases[i].lines[j];
			struct wg_consent *r = record_of(j + 1, l->state, l->to, NOON + l->at * HOUR);
			if (l->until != 0)
				r->until = NOON + l->until * HOUR;
			if (l->categories != NULL)
				must(wg_categories_parse(l->categories, &r->categories, &err), &err);
			add(consents, r);
		}
		const struct wg_consent *which = NULL, *want = NULL;
		if (force_cases[i].counts > 0)
			want = wg_consents_at(consents, (size_t)force_cases[i].counts - 1);
		unsigned category = number_of(force_cases[i].category);
		enum wg_consent_state got = wg_consents_state(consents, force_cases[i].role, category, NOON, &which);
		if (strcmp(wg_consent_state_name(got), force_cases[i].want) != 0 || which != want)
			fail_msg("case %zu: %s of record %s", i, wg_consent_state_name(got), which != NULL ? which->id : "none");
		assert_int_equal(wg_consents_state(consents, force_cases[i].role, category, NOON, NULL), got);
	}
	assert_int_equal(wg_consents_state(NULL, "school", 0, NOON, NULL), WG_CONSENT_NOT_KNOWN);
	assert_int_equal(wg_consents_count(NULL), 0);
	assert_null(wg_consents_at(NULL, 0));
}

/* A record that says of nobody whom it is for counts for nobody. */
static void test_for_nobody(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	must(wg_consents_new(&consents, &err), &err);
	add(consents, record_of(1, "given", NULL, NOON));
	assert_int_equal(wg_consents_state(consents, "school", 0, NOON, NULL), WG_CONSENT_NOT_KNOWN);
	assert_int_equal(wg_consents_state(consents, "*", 0, NOON, NULL), WG_CONSENT_NOT_KNOWN);
	struct wg_consents *none = NULL;
	wg_consents_freep(&none);
	assert_null(none);
}

/* A given one ends in the instant of its until, neither a millisecond earlier nor later. */
static void test_end(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	must(wg_consents_new(&consents, &err), &err);
	struct wg_consent *r = record_of(1, "given", "*", NOON);
	r->until = NOON + HOUR;
	add(consents, r);
	assert_int_equal(wg_consents_state(consents, "school", 0, NOON + HOUR - 1, NULL), WG_CONSENT_GIVEN);
	assert_int_equal(wg_consents_state(consents, "school", 0, NOON + HOUR, NULL), WG_CONSENT_EXPIRED);
	assert_int_equal(wg_consents_state(consents, "school", 0, NOON - 1, NULL), WG_CONSENT_NOT_KNOWN);
}

static void test_add(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	must(wg_consents_new(&consents, &err), &err);
	for (unsigned i = 0; i < WG_CONSENTS_MAX; i++)
		add(consents, record_of(i, "given", "*", NOON));
	add(consents, record_of(7, "refused", "*", NOON)); /* takes the place of the eighth */
	assert_int_equal(wg_consents_count(consents), WG_CONSENTS_MAX);
	assert_int_equal(wg_consents_at(consents, 7)->state, WG_CONSENT_REFUSED);
	assert_null(wg_consents_at(consents, WG_CONSENTS_MAX));
	assert_int_equal(wg_consents_add(consents, record_of(WG_CONSENTS_MAX, "given", "*", NOON), &err), WG_LIMIT);
	assert_int_equal(wg_consents_count(consents), WG_CONSENTS_MAX);
}

static void test_until(void **state)
{
	(void)state;
	static const struct {
		const char *day, *first_instant_behind; /* NULL: no day */
	} cases[] = {
		{ "2026-11-22", "2026-11-23T00:00:00Z" },
		{ "2026-07-01", "2026-07-01T23:00:00Z" },
		{ "2026-12-31", "2027-01-01T00:00:00Z" },
		{ "2028-02-28", "2028-02-29T00:00:00Z" },
		/* the clocks go forward on 29 March and back on 25 October: the days before, on and after */
		{ "2026-03-28", "2026-03-29T00:00:00Z" },
		{ "2026-03-29", "2026-03-29T23:00:00Z" },
		{ "2026-10-24", "2026-10-24T23:00:00Z" },
		{ "2026-10-25", "2026-10-26T00:00:00Z" },
		{ "2026-02-30", NULL },
		{ "2026-13-01", NULL },
		{ "2026-00-01", NULL },
		{ "9999-12-31", NULL },
		{ "2026-1-01", NULL },
		{ "2026-11-221", NULL },
		{ "2026/11/22", NULL },
		{ "22-11-2026", NULL },
		{ "2026-11/22", NULL },
		{ "2026-11-2x", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		int64_t got = -1;
		char text[WG_CLOCK_TEXT];
		bool good = wg_consent_until(cases[i].day, &got);
		if (good != (cases[i].first_instant_behind != NULL) ||
		    (good && strcmp(wg_clock_format(got, text), cases[i].first_instant_behind) != 0))
			fail_msg("%s: %s", cases[i].day, good ? text : "no day");
	}
}

static struct wg_consent *full_record(void)
{
	struct wg_consent *r = record_of(1, "given", "school safeguarding-health", NOON + 123);
	r->until = NOON + HOUR;
	r->categories = wg_category_find("identity") | wg_category_find("health");
	r->answered_by = own("child");
	r->answered_name = own("Tess Example");
	r->competent = own("yes");
	r->form = own("spoken");
	r->told = own("who sees it & why\n<all of it>");
	r->told_by = own("Alex \"Sample\"");
	r->told_at = own("Tuesday, after school");
	r->language = own("English");
	r->purpose = own("a safe way home");
	r->limits = own("not to <him>");
	r->reason = own("she rang");
	r->message = own("01k9tess00examp1e0m1ss1ng1");
	r->recorded_by = own("operator");
	return r;
}

static void assert_same(const struct wg_consent *a, const struct wg_consent *b)
{
	const char *const pairs[][2] = {
		{ a->id, b->id },
		{ a->to, b->to },
		{ a->answered_by, b->answered_by },
		{ a->answered_name, b->answered_name },
		{ a->competent, b->competent },
		{ a->form, b->form },
		{ a->told, b->told },
		{ a->told_by, b->told_by },
		{ a->told_at, b->told_at },
		{ a->language, b->language },
		{ a->purpose, b->purpose },
		{ a->limits, b->limits },
		{ a->reason, b->reason },
		{ a->message, b->message },
		{ a->recorded_by, b->recorded_by },
	};
	for (size_t i = 0; i < WG_COUNT(pairs); i++) {
		assert_int_equal(pairs[i][0] == NULL, pairs[i][1] == NULL);
		if (pairs[i][0] != NULL)
			assert_string_equal(pairs[i][0], pairs[i][1]);
	}
	assert_int_equal(a->state, b->state);
	assert_true(a->at == b->at && a->until == b->until && a->categories == b->categories);
}

static void test_round_trip(void **state)
{
	(void)state;
	struct wg_consent *empty = record_of(5, "refused", "*", NOON); /* nothing said is not kept as something */
	empty->told_by = own("");
	empty->purpose = own("");
	struct wg_err fault = { 0 };
	WG_AUTO_BUF struct wg_buf bare = WG_BUF(64 * 1024);
	must(wg_consent_write(empty, &bare, &fault), &fault);
	assert_null(strstr(wg_buf_text(&bare), "purpose"));
	assert_null(strstr(wg_buf_text(&bare), "told by"));
	wg_consent_freep(&empty);
	struct wg_consent *records[] = { full_record(), record_of(2, "withdrawn", "*", NOON),
		                             record_of(3, "not-sought", "*", -HOUR - 1),
		                             record_of(4, "not-known", "parent", 1) };
	for (size_t i = 0; i < WG_COUNT(records); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf text = WG_BUF(64 * 1024);
		WG_CLEANUP(wg_consent_freep) struct wg_consent *back = NULL;
		must(wg_consent_write(records[i], &text, &err), &err);
		must(wg_consent_parse(text.data, text.len, XSD_DIR, &back, &err), &err);
		assert_same(records[i], back);
		wg_consent_freep(&records[i]);
	}
}

#define OPEN "<consent xmlns=\"urn:wardgate:consent:1\" version=\"1\" id=\"01k9tess00examp1e0c0000001\" "

#define BLANKS "                                "
#define BLANKS_250 BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS
#define BLANKS_1000 BLANKS_250 BLANKS_250 BLANKS_250 BLANKS_250

/* What does not fit is refused, without a word of what was there. */
static void test_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"",
		"<consent/>",
		OPEN "/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\"/>",
		OPEN "state=\"expired\" at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\"Robin\" at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-02-30T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"* school\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"Robin\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\" categories=\"robin\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\" categories=\"\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\" until=\"Robin\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\"><answered by=\"Robin\"/></consent>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\"><password>Robin</password></consent>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\" robin=\"Robin\"/>",
		/* blanks that the schema looks past are none that we write */
		"<consent xmlns=\"urn:wardgate:consent:1\" version=\"1\" id=\" 01k9tess00examp1e0c0000001\" state=\"given\" "
		"at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\" given\" at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\"given" BLANKS "\" at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z \" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z" BLANKS "\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" until=\"2026-11-22T12:00:00Z \" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" until=\"2026-11-22T12:00:00Z" BLANKS "\" to=\"*\"/>",
		OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\" categories=\"identity" BLANKS_1000 "\"/>",
		"<consent xmlns=\"urn:wardgate:consent:1\" version=\"2\" id=\"01k9tess00examp1e0c0000001\" state=\"given\" "
		"at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		"<consent xmlns=\"urn:wardgate:consent:1\" version=\"1\" id=\"Robin\" state=\"given\" "
		"at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
		"<!DOCTYPE consent>" OPEN "state=\"given\" at=\"2026-11-22T12:00:00Z\" to=\"*\"/>",
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		struct wg_consent *record = NULL;
		enum wg_code code = wg_consent_parse(cases[i], strlen(cases[i]), XSD_DIR, &record, &err);
		if (code != WG_REJECT || record != NULL || err.text[0] == '\0' || strstr(err.text, "Robin") != NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
	}
	struct wg_err err = { 0 };
	struct wg_consent *record = NULL;
	assert_int_equal(wg_consent_parse("<x/>", 4, "/nowhere", &record, &err), WG_CONFIG);
	char long_dir[600];
	memset(long_dir, 'a', sizeof long_dir);
	long_dir[sizeof long_dir - 1] = '\0';
	assert_int_equal(wg_consent_ready(long_dir, &err), WG_LIMIT);
	must(wg_consent_ready(XSD_DIR, &err), &err);
}

/* A record never becomes larger than the store keeps, whatever a person writes and however it is escaped. */
static void test_largest(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consent_freep) struct wg_consent *r = full_record(), *back = NULL;
	char big[3001], words[2001], line[301];
	memset(big, '&', sizeof big - 1);
	memset(words, '&', sizeof words - 1);
	memset(line, '&', sizeof line - 1);
	big[sizeof big - 1] = words[sizeof words - 1] = line[sizeof line - 1] = '\0';
	char **texts[] = { &r->told,    &r->limits,  &r->purpose,  &r->reason,     &r->answered_name,
		               &r->told_by, &r->told_at, &r->language, &r->recorded_by };
	const char *const with[] = { big, big, words, words, line, line, line, line, line };
	for (size_t i = 0; i < WG_COUNT(texts); i++) {
		free(*texts[i]);
		*texts[i] = own(with[i]);
	}
	WG_AUTO_BUF struct wg_buf text = WG_BUF(1024 * 1024);
	must(wg_consent_write(r, &text, &err), &err);
	assert_true(text.len < 60 * 1024);
	must(wg_consent_parse(text.data, text.len, XSD_DIR, &back, &err), &err);
	assert_same(r, back);
	wg_consent_freep(&back);
	wg_buf_reset(&text);
	free(r->limits);
	r->limits = malloc(3002);
	assert_non_null(r->limits);
	memset(r->limits, 'x', 3001);
	r->limits[3001] = '\0';
	must(wg_consent_write(r, &text, &err), &err);
	assert_int_equal(wg_consent_parse(text.data, text.len, XSD_DIR, &back, &err), WG_REJECT);
	WG_AUTO_BUF struct wg_buf small = WG_BUF(100);
	assert_int_equal(wg_consent_write(r, &small, &err), WG_LIMIT);
}

#define NOTICE(sharing)                                                                                         \
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">" \
	"<header><sender organisation=\"x\"/><received>2026-11-22T11:00:00Z</received></header>"                    \
	"<child><name><full>Robin Specimen</full></name></child><authorities/><missing/>" sharing "</notice>"
#define MESSAGE "01k9tess00examp1e0message1"

static struct wg_consents *from(const char *sharing, const char *message)
{
	char text[8192];
	struct wg_err err = { 0 };
	struct wg_consents *consents = NULL;
	(void)snprintf(text, sizeof text, NOTICE("%s"), sharing);
	WG_AUTO_NOTICE struct wg_notice *notice = notice_of(text);
	must(wg_consents_new(&consents, &err), &err);
	must(wg_consents_from_notice(consents, notice, message, NOON, &err), &err);
	for (size_t i = 0; i < wg_consents_count(consents); i++) { /* each can be kept and read again */
		WG_AUTO_BUF struct wg_buf out = WG_BUF(64 * 1024);
		WG_CLEANUP(wg_consent_freep) struct wg_consent *back = NULL;
		must(wg_consent_write(wg_consents_at(consents, i), &out, &err), &err);
		must(wg_consent_parse(out.data, out.len, XSD_DIR, &back, &err), &err);
		assert_same(wg_consents_at(consents, i), back);
	}
	return consents;
}

static void test_from_notice(void **state)
{
	(void)state;
	WG_CLEANUP(wg_consents_freep)
	struct wg_consents *c =
		from("<sharing><told by=\"Alex Sample\" at=\"before the talk\"> Who sees it. </told>"
	         "<consent to=\"police-missing\" state=\"given\" by=\"child\">Yes, but not where I was</consent>"
	         "<consent to=\"school\" state=\"refused\" by=\"Tess Example\" answered-by=\"child\" competent=\"yes\" "
	         "form=\"spoken\" at=\"2026-11-22T10:30:00+00:00\" until=\"2026-12-31\" categories=\"health self-harm\" "
	         "reason=\"does not want it known\"/>"
	         "<consent to=\"*\" state=\"not-sought\" at=\"2026-11-22T12:00:01Z\" until=\"\"/>"
	         "<consent to=\"home\" state=\"given\" until=\"2026-02-31\" by=\"child\" answered-by=\"carer\"/></sharing>",
	         MESSAGE);
	assert_int_equal(wg_consents_count(c), 4);
	const struct wg_consent *a = wg_consents_at(c, 0), *b = wg_consents_at(c, 1), *d = wg_consents_at(c, 2),
							*e = wg_consents_at(c, 3);
	struct wg_consent want_a = { .state = WG_CONSENT_GIVEN,
		                         .at = NOON,
		                         .until = INT64_MAX,
		                         .to = (char *)"police-missing",
		                         .categories = wg_categories_all(),
		                         .answered_by = (char *)"child",
		                         .told = (char *)"Who sees it.",
		                         .told_by = (char *)"Alex Sample",
		                         .told_at = (char *)"before the talk",
		                         .limits = (char *)"Yes, but not where I was",
		                         .message = (char *)MESSAGE };
	struct wg_consent want_b = want_a;
	memcpy(want_a.id, a->id, sizeof want_a.id);
	assert_same(a, &want_a);
	memcpy(want_b.id, b->id, sizeof want_b.id);
	want_b.state = WG_CONSENT_REFUSED;
	want_b.at = NOON - HOUR * 3 / 2;
	assert_true(wg_consent_until("2026-12-31", &want_b.until));
	want_b.to = (char *)"school";
	want_b.categories = wg_category_find("health") | wg_category_find("self-harm");
	want_b.answered_name = (char *)"Tess Example";
	want_b.competent = (char *)"yes";
	want_b.form = (char *)"spoken";
	want_b.reason = (char *)"does not want it known";
	want_b.limits = NULL;
	assert_same(b, &want_b);
	/* said to be answered after it came in: not believed; an end on no day: it holds for no instant */
	assert_true(d->at == NOON && d->until == INT64_MAX);
	assert_int_equal(wg_consents_state(c, "home", 0, NOON, NULL), WG_CONSENT_EXPIRED);
	assert_string_equal(e->answered_by, "carer");
	assert_null(e->answered_name);
}

/* The same notice gives the same ids, another message other ones; all are ids that the store takes. */
static void test_ids(void **state)
{
	(void)state;
	static const char sharing[] =
		"<sharing><consent to=\"*\" state=\"given\"/><consent to=\"*\" state=\"refused\"/></sharing>";
	WG_CLEANUP(wg_consents_freep)
	struct wg_consents *a = from(sharing, MESSAGE), *b = from(sharing, MESSAGE),
					   *c = from(sharing, "01k9tess00examp1e0message2"), *d = from(sharing, "given");
	const char *one = wg_consents_at(a, 0)->id, *two = wg_consents_at(a, 1)->id;
	assert_string_equal(one, wg_consents_at(b, 0)->id);
	assert_string_equal(two, wg_consents_at(b, 1)->id);
	assert_string_not_equal(one, two);
	assert_string_not_equal(one, wg_consents_at(c, 0)->id);
	assert_memory_equal(one, MESSAGE, 10); /* when */
	assert_true(wg_id_valid(one) && wg_id_valid(two) && wg_id_valid(wg_consents_at(d, 0)->id));
	WG_CLEANUP(wg_consents_freep) struct wg_consents *none = from("", MESSAGE), *empty = from("<sharing/>", MESSAGE);
	assert_int_equal(wg_consents_count(none) + wg_consents_count(empty), 0);
}

/* Long words are cut at a character; a category that is not known is refused with its place. */
static void test_notice_edges(void **state)
{
	(void)state;
	static char sharing[7600];
	int n = snprintf(sharing, sizeof sharing, "<sharing><consent to=\"*\" state=\"given\">");
	for (int i = 0; i < 3500; i++)
		n += snprintf(sharing + n, sizeof sharing - (size_t)n, "é");
	(void)snprintf(sharing + n, sizeof sharing - (size_t)n, "</consent></sharing>");
	WG_CLEANUP(wg_consents_freep) struct wg_consents *c = from(sharing, MESSAGE);
	assert_int_equal(strlen(wg_consents_at(c, 0)->limits), 6000);
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = notice_of(
		NOTICE("<sharing><consent to=\"*\" state=\"given\"/><consent to=\"*\" state=\"given\" categories=\"helth\"/>"
	           "</sharing>"));
	WG_CLEANUP(wg_consents_freep) struct wg_consents *bad = NULL;
	must(wg_consents_new(&bad, &err), &err);
	assert_int_equal(wg_consents_from_notice(bad, notice, MESSAGE, NOON, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "sharing/consent[2]/@categories"));
}

/* More records than one child may have are refused, not left out. */
static void test_too_many(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consents_freep) struct wg_consents *c = NULL;
	WG_AUTO_NOTICE struct wg_notice *notice =
		notice_of(NOTICE("<sharing><consent to=\"*\" state=\"given\"/></sharing>"));
	must(wg_consents_new(&c, &err), &err);
	for (unsigned i = 0; i < WG_CONSENTS_MAX; i++)
		add(c, record_of(i, "given", "*", NOON));
	assert_int_equal(wg_consents_from_notice(c, notice, MESSAGE, NOON, &err), WG_LIMIT);
}

/* A notice that was put together and not validated: nobody is said to have agreed who has not, and nothing is made of
 * an answer that is for nobody. */
static void test_not_validated(void **state)
{
	(void)state;
	static const struct {
		const char *state, *to, *at, *by;
		enum wg_code code;
		const char *want;
	} cases[] = {
		{ "given", "*", "2026-11-22T11:00:00Z", "*", WG_OK, "given" },
		{ " refused ", "*", "an hour ago", NULL, WG_OK, "refused" },
		{ "expired", "*", NULL, NULL, WG_OK, "not-known" },
		{ "agreed", "*", NULL, NULL, WG_OK, "not-known" },
		{ NULL, "*", NULL, NULL, WG_OK, "not-known" },
		{ "given", NULL, NULL, NULL, WG_SYSTEM, NULL },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		WG_CLEANUP(wg_consents_freep) struct wg_consents *c = NULL;
		must(wg_notice_new(schema, "missing", "x", &notice, &err), &err);
		set(notice, "sharing/consent", "");
		if (cases[i].state != NULL)
			set(notice, "sharing/consent/@state", cases[i].state);
		if (cases[i].to != NULL)
			set(notice, "sharing/consent/@to", cases[i].to);
		if (cases[i].at != NULL)
			set(notice, "sharing/consent/@at", cases[i].at);
		if (cases[i].by != NULL)
			set(notice, "sharing/consent/@by", cases[i].by);
		must(wg_consents_new(&c, &err), &err);
		assert_int_equal(wg_consents_from_notice(c, notice, MESSAGE, NOON, &err), cases[i].code);
		if (cases[i].code == WG_OK)
			assert_string_equal(wg_consent_state_name(wg_consents_state(c, "school", 0, NOON, NULL)), cases[i].want);
		assert_int_equal(wg_consents_count(c), cases[i].code == WG_OK ? 1 : 0);
	}
}

/* What somebody who mistypes the role of an answer meant. */
static void test_role_meant(void **state)
{
	(void)state;
	WG_CLEANUP(wg_policy_freep)
	struct wg_policy *policy = policy_of(
		"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><role name=\"front-door\" at=\"council\"/>"
		"<role name=\"front-desk\" at=\"council\"/><role name=\"school\" at=\"school\"/></policy>");
	static const char *const cases[][2] = {
		{ "front-dor", "front-door" },
		{ "front-dsk", "front-desk" },
		{ "School", "school" },
		{ "parent", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++)
		assert_string_equal(wg_policy_role_nearest(policy, cases[i][0]), cases[i][1]);
}

/* ---- memory at its end: the program is linked so that these stand before the real ones */

static int calls_left = -1; /* below 0: none fails; otherwise the call after so many */

static bool out_of_memory(void)
{
	return calls_left >= 0 && calls_left-- == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(n, size);
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
	return out_of_memory() ? NULL : __real_strdup(s);
}

char *__real_wg_xml_attr(const struct _xmlNode *node, const char *name);
char *__wrap_wg_xml_attr(const struct _xmlNode *node, const char *name);
char *__wrap_wg_xml_attr(const struct _xmlNode *node, const char *name)
{
	return out_of_memory() ? NULL : __real_wg_xml_attr(node, name);
}

struct _xmlDoc *__real_wg_notice_facts(struct wg_notice *notice, struct wg_err *err);
struct _xmlDoc *__wrap_wg_notice_facts(struct wg_notice *notice, struct wg_err *err);
struct _xmlDoc *__wrap_wg_notice_facts(struct wg_notice *notice, struct wg_err *err)
{
	if (!out_of_memory())
		return __real_wg_notice_facts(notice, err);
	(void)wg_err_set(err, WG_SYSTEM, "no memory for a notice's facts");
	return NULL;
}

/* Every allocation fails once, in turn: WG_SYSTEM, or a record that lacks a word; never one that allows more. */
static void test_memory(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_consent_freep) struct wg_consent *full = full_record();
	WG_AUTO_BUF struct wg_buf text = WG_BUF(64 * 1024);
	WG_AUTO_NOTICE struct wg_notice *notice = notice_of(NOTICE(
		"<sharing><consent to=\"school\" state=\"refused\" by=\"child\" at=\"2026-11-22T10:30:00Z\"/></sharing>"));
	must(wg_consent_write(full, &text, &err), &err);
	unsigned failed = 0;
	for (int n = 0, going = 1; going; n++) {
		WG_CLEANUP(wg_consents_freep) struct wg_consents *c = NULL;
		WG_CLEANUP(wg_consent_freep) struct wg_consent *back = NULL;
		calls_left = n;
		enum wg_code code = wg_consents_new(&c, &err);
		if (code == WG_OK)
			code = wg_consents_from_notice(c, notice, MESSAGE, NOON, &err);
		if (code == WG_OK)
			code = wg_consent_parse(text.data, text.len, XSD_DIR, &back, &err);
		going = calls_left < 0;
		calls_left = -1;
		failed += code != WG_OK;
		assert_true(code == WG_OK || code == WG_SYSTEM || code == WG_REJECT);
		assert_int_not_equal(wg_consents_state(c, "school", 0, NOON, NULL), WG_CONSENT_GIVEN);
		assert_true(code != WG_OK || (back->to != NULL && wg_consents_at(c, 0)->to != NULL));
	}
	assert_in_range(failed, 7, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),      cmocka_unit_test(test_in_force),      cmocka_unit_test(test_end),
		cmocka_unit_test(test_add),        cmocka_unit_test(test_until),         cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_largest),       cmocka_unit_test(test_from_notice),
		cmocka_unit_test(test_ids),        cmocka_unit_test(test_notice_edges),  cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_for_nobody), cmocka_unit_test(test_not_validated), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_role_meant),
	};
	return cmocka_run_group_tests(tests, open_schemas, close_schemas);
}
