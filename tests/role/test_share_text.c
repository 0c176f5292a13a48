/* The search of what would leave: another child, or an address that must not become known, interrupts the copy of who
 * should not have it, says where and never what, and goes when a person has released it. */
#include "share.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "role/outcome.h"

#define HOST "staffordshire/front-door"
#define PLACING "derbyshire/front-door"
#define POLICE "derbyshire-police/missing"
#define TEXT "missing/circumstances"
#define NAME "another child's name in " TEXT
#define BIRTH "another child's date of birth in " TEXT
#define NHS "another child's NHS number in " TEXT
#define ADDRESS "a confidential address in " TEXT

static struct gate gate;

/* Whom the gateway knows before: a child with a number, its sibling, another with two names, and one in hiding. */
static const struct said known[] = {
	{ .number = 1, .name = "Kit Canarysibling", .born = "2011-03-14", .nhs = "9990000018" },
	{ .number = 2, .name = "Vi Canarysibling", .born = "2013-05-06", .nhs = "9990000026" },
	{ .number = 3,
	  .name = "Oona O'Canarymark",
	  .born = "2010-10-10",
	  .nhs = "9990000034",
	  .child = "<local-id scheme=\"Derbyshire\">C-3</local-id>" },
	{ .number = 4, .name = "Ezra Canaryhiding", .born = "2012-12-12", .nhs = "9990000042", .hidden = "ZZ9 9ZY" },
};

static int setup(void **state)
{
	(void)state;
	if (share_setup(&gate) != 0)
		return -1;
	for (size_t i = 0; i < WG_COUNT(known); i++) {
		char id[WG_ID_TEXT];
		share_notice(&gate, &known[i], id);
		gate_is_message(&gate, id, "routed", "");
	}
	return 0;
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

/* A report of a child of its own with that text. */
static void report(unsigned number, const char *text, const char *risk, char id[WG_ID_TEXT])
{
	static const char *const digits[] = { "oh", "un", "du", "tri", "qua", "quin", "sex", "sept", "oct", "non" };
	char name[64], born[16];
	(void)snprintf(name, sizeof name, "Tess%s Canaryown%s", digits[number / 10 % 10], digits[number % 10]); /* fits */
	(void)snprintf(born, sizeof born, "2014-%02u-%02u", 1 + number / 28 % 12, 1 + number % 28);             /* fits */
	const struct said said = { .number = 100 + number, .name = name, .born = born, .text = text, .risk = risk };
	share_notice(&gate, &said, id);
	gate_is_message(&gate, id, "routed", "");
}

/* host, placing: what the search found for each, "" for nothing. The host authority is given no third-party data, the
 * placing one is, and hidden addresses too where the risk is HIGH; the police get no free text. */
static const struct {
	const char *text, *host, *placing, *risk;
} texts[] = {
	{ "Left with Kit Canarysibling after tea", NAME, "", NULL },
	{ "left with kit canarysibling", NAME, "", NULL },
	{ "LEFT WITH KIT CANARYSIBLING", NAME, "", NULL },
	{ "CANARYSIBLING, Kit was seen too", NAME, "", NULL },
	{ "Seen at Vi Canarysibling's flat and with Kit Canarysibling", NAME, "", NULL }, /* siblings: said once */
	{ "A friend of Oona O&#x2019;Canarymark", NAME, "", NULL },
	{ "With Kit, and a Canarysibling we do not know", "", "", NULL },
	{ "A friend, born on 14 March 2011, was there", BIRTH, "", NULL },
	{ "The friend was there on 14 March 2011", "", "", NULL }, /* nobody says that it is of birth */
	{ "The friend's DOB: 14/03/2011", BIRTH, "", NULL },
	{ "The friend was born 15/03/2011", "", "", NULL }, /* of nobody we know */
	{ "Number 999 000 0018 was on the form", NHS, NHS, NULL },
	{ "Number 9990000018 was on the form", NHS, NHS, "HIGH" },
	{ "Number 999 000 0107 was on the form", "", "", NULL }, /* of nobody we know */
	{ "Kit Canarysibling, born 14/03/2011, 999 000 0018", NHS "; " BIRTH "; " NAME, NHS, NULL },
	{ "Wanted to go to ZZ9 9ZY again", ADDRESS, ADDRESS, NULL },
	{ "Wanted to go to zz99zy again", ADDRESS, "", "HIGH" },
	{ "Wanted to go to ZZ8 8ZZ again", "", "", NULL },
};

static void look(const char *id, const char *recipient, const char *found)
{
	share_is(&gate, id, recipient, found[0] != '\0' ? "review" : "sealed", found);
	share_found(&gate, id, recipient, found);
	struct wg_row row = share_row(&gate, id, recipient, false);
	static const char *const never[] = { "ibling", "IBLING", "2011", "999", "ZZ9", "zz9" };
	for (size_t i = 0; i < WG_COUNT(never); i++)
		assert_null(strstr(row.reason, never[i]));
	assert_true((row.due != 0) == (found[0] != '\0')); /* a report of a missing child does not lie about */
}

static void test_texts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WG_COUNT(texts); i++) {
		char id[WG_ID_TEXT];
		print_message("%s\n", texts[i].text);
		report(i, texts[i].text, texts[i].risk, id);
		look(id, HOST, texts[i].host);
		look(id, PLACING, texts[i].placing);
		look(id, POLICE, "");
	}
}

/* Its own words are no surprise, wherever they stand; nor is a child of the same name. */
static void test_own(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	static const char child[] = "<local-id scheme=\"Derbyshire\">C-3</local-id>";
	struct said again = { .number = 3,
		                  .id = "share-own-a",
		                  .name = "Oona O'Canarymark",
		                  .born = "2010-10-10",
		                  .nhs = "9990000034",
		                  .child = child,
		                  .text = "Oona O'Canarymark, born 10/10/2010, 999 000 0034, went out again" };
	share_notice(&gate, &again, id);
	look(id, HOST, "");
	/* a namesake with numbers and a birthday of its own: neither is told of as the other */
	const struct said namesake = { .number = 200,
		                           .name = "Kit Canarysibling",
		                           .born = "2014-11-11",
		                           .nhs = "9990000050",
		                           .text = "Kit Canarysibling left after tea" };
	share_notice(&gate, &namesake, id);
	gate_is_message(&gate, id, "routed", "");
	look(id, HOST, "");
	/* a twin: the day is the child's own, the name is not */
	const struct said twin = { .number = 201,
		                       .name = "Bea Canarysibling",
		                       .born = "2011-03-14",
		                       .nhs = "9990000069",
		                       .text = "Her brother Kit Canarysibling, born 14/03/2011, saw her last" };
	share_notice(&gate, &twin, id);
	gate_is_message(&gate, id, "routed", "");
	look(id, HOST, NAME);
	/* an earlier number of its own, which this notice does not give */
	const struct said short_notice = { .number = 3,
		                               .id = "share-own-b",
		                               .name = "Oona O'Canarymark",
		                               .born = "2010-10-10",
		                               .text = "Her card says 999 000 0034" };
	share_notice(&gate, &short_notice, id);
	look(id, HOST, "");
}

/* An address that must not become known stays so, in the notice that says it and in all that come later. */
static void test_hidden(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	const struct said says = { .number = 210,
		                       .name = "Ned Canaryhere",
		                       .born = "2013-10-01",
		                       .hidden = "ZZ7 7ZZ",
		                       .text = "He may have gone to Canaryhidden Mews, ZZ7 7ZZ" };
	share_notice(&gate, &says, id);
	look(id, HOST, ADDRESS);
	const struct said later = { .number = 210,
		                        .id = "share-hidden-later",
		                        .name = "Ned Canaryhere",
		                        .born = "2013-10-01",
		                        .text = "Was seen near zz7 7zz" };
	share_notice(&gate, &later, id);
	look(id, HOST, ADDRESS);
	look(id, PLACING, ADDRESS);
	const struct said home = { .number = 210,
		                       .id = "share-hidden-place",
		                       .name = "Ned Canaryhere",
		                       .born = "2013-10-01",
		                       .text = "Went out",
		                       .risk = "HIGH",
		                       .hidden = "ZZ7 7ZZ" };
	share_notice(&gate, &home, id); /* in its own place it goes to who may have it, and to nobody else */
	look(id, PLACING, "");
	look(id, HOST, "");
}

/* Released by a person, it goes as it is. */
static void test_release(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	int64_t before = wg_clock_wall();
	report(50, "Left with Kit Canarysibling after tea", NULL, id);
	struct wg_row row = share_row(&gate, id, HOST, false);
	assert_false(row.second_person);
	assert_string_equal(row.state, "review");
	/* within the hour, and the one who answers for what has to be read hears when it was not */
	assert_true(row.due > before && row.due <= wg_clock_wall() + (int64_t)3600 * 1000);
	struct wg_row alarm = share_row(&gate, id, "staffordshire/review", true);
	assert_string_equal(alarm.state, "sealed");
	assert_string_equal(alarm.role, "review-lead");
	assert_true(alarm.not_before == row.due);
	share_act(&gate, "release", row.id, "robin");
	share_is(&gate, id, HOST, "sealed", "");
	assert_string_equal(share_row(&gate, id, "staffordshire/review", true).state, "recalled");
	share_copy(&gate, row.id, "staffordshire", &xml);
	assert_non_null(strstr(wg_buf_text(&xml), "Kit Canarysibling"));
	wg_buf_free(&xml);
}

/* What is not searched to its end goes to nobody unread. */
static void test_too_long(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf text = WG_BUF(WG_LIMIT_NOTICE);
	for (unsigned i = 0; text.len < 19000; i++) /* words in a row: each could be part of a name */
		wg_buf_printf(&text, "%c%c%c ", 'b' + (char)(i % 20), 'b' + (char)(i / 20 % 20), 'b' + (char)(i / 400 % 20));
	report(51, wg_buf_text(&text), NULL, id);
	look(id, HOST, "more than can be searched in the notice");
	look(id, PLACING, "more than can be searched in the notice");
	wg_buf_free(&text);
}

/* More hidden addresses than are kept: those that are kept are sought, and a person hears of the rest. */
static void test_many_addresses(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf child = WG_BUF(WG_LIMIT_NOTICE);
	wg_buf_puts(&child, "<confidential-address>");
	for (unsigned i = 0; i < WG_OUTCOME_KEYS; i++)
		wg_buf_printf(&child, "ZZ%u %uZZ, ", 10 + i, i % 10);
	wg_buf_puts(&child, "</confidential-address>");
	const struct said said = { .number = 220,
		                       .name = "Abe Canarymoved",
		                       .born = "2013-11-01",
		                       .child = wg_buf_text(&child),
		                       .text = "Was seen at ZZ10 0ZZ" };
	share_notice(&gate, &said, id);
	gate_is_message(&gate, id, "attention", "more confidential addresses");
	look(id, HOST, ADDRESS);
	wg_buf_free(&child);
}

static void test_log(void **state)
{
	(void)state;
	struct wg_buf log = WG_BUF(WG_LIMIT_MESSAGE);
	static const char *const never[] = {
		"anary", "ANARY", "2011", "9990000018", "999 000", "ZZ9", "zz9", "ZZ7", "ZZ10"
	};
	gate_never_logged(never, WG_COUNT(never), &log);
	wg_buf_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),   cmocka_unit_test(test_own),      cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_release), cmocka_unit_test(test_too_long), cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_log),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
