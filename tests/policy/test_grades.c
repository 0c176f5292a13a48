/* Grades of risk: the region's list for a child, the host before the placing authority, and no list for adults. */
#include "policy_test.h"

#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
#define LOW_TO_HIGH \
	"<grades of=\"860 861\" allow=\"LOW MEDIUM HIGH\" first=\"MEDIUM HIGH\"><source>SSOT 6</source></grades>"
#define DERBY "<grades of=\"830\" allow=\"NAR MEDIUM HIGH\"><source>DD 4.2</source></grades>"

/* A notice of that kind; body holds what is graded there. */
static struct wg_notice *graded(const char *kind, const char *grade, const char *born, const char *placing,
                                const char *host)
{
	struct wg_err err = { 0 };
	struct wg_notice *notice = NULL;
	must(wg_notice_new(schema, kind, "01k9tess00examp1e0grade001", &notice, &err), &err);
	const char *const places[][2] = {
		{ strcmp(kind, "risk-update") == 0 ? "update/new-risk" : "episode/risk", grade },
		{ "child/date-of-birth", born },
		{ "authorities/placing", placing },
		{ "authorities/host", host },
	};
	for (size_t i = 0; i < WG_COUNT(places); i++)
		if (places[i][1] != NULL)
			must(wg_notice_set(notice, places[i][0], places[i][1], &err), &err);
	return notice;
}

static void test_grades(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *grade, *born, *placing, *host, *why; /* why NULL: good */
	} cases[] = {
		{ "missing", "MEDIUM", "2011-03-14", "830", "860", NULL },
		{ "missing", "HIGH", "2011-03-14", NULL, "861", NULL },
		{ "missing", "LOW", "2011-03-14", "830", "860",
		  "authority 860 has for a child in a first report: MEDIUM HIGH (SSOT 6)" },
		{ "missing-onward", "LOW", "2011-03-14", "830", "860", NULL },
		{ "missing-onward", "NAR", "2011-03-14", "830", "860",
		  "authority 860 has for a child: LOW MEDIUM HIGH (SSOT 6)" },
		{ "risk-update", "NAR", NULL, "830", "861", "authority 861" },
		{ "risk-update", "LOW", NULL, "830", "861", NULL },
		{ "missing", "LOW", "2011-03-14", "830", NULL, "authority 830 has for a child: NAR MEDIUM HIGH (DD 4.2)" },
		{ "missing", "NAR", "2011-03-14", "830", "999", NULL },
		{ "missing", "LOW", "2011-03-14", "830", "999", "authority 830" },
		{ "missing", "LOW", "2011-03-14", "999", "998", NULL },
		{ "missing", "LOW", "2011-03-14", NULL, NULL, NULL },
		{ "missing", NULL, "2011-03-14", "830", "860", NULL },
		{ "missing", "", "2011-03-14", "830", "860", NULL },
		/* 18 on the day itself, not the day before; what was said and could not be read is a child */
		{ "missing", "LOW", "2008-11-22", "830", "860", NULL },
		{ "missing", "LOW", "2008-11-23", "830", "860", "first report" },
		{ "missing", "LOW", "", "830", "860", "first report" },
	};
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = policy_of(HEAD DERBY LOW_TO_HIGH "</policy>");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char why[WG_POLICY_GRADE_TEXT];
		WG_AUTO_NOTICE struct wg_notice *notice =
			graded(cases[i].kind, cases[i].grade, cases[i].born, cases[i].placing, cases[i].host);
		bool good = wg_policy_grade(policy, notice, NOW, why, sizeof why);
		if (good != (cases[i].why == NULL) || strstr(why, good ? "" : cases[i].why) == NULL || (good && why[0] != '\0'))
			fail_msg("case %zu: %s: \"%s\"", i, good ? "good" : "not good", why);
	}
}

/* Of two lists for one authority the later of a layer, and the higher layer, counts. */
static void test_the_last_counts(void **state)
{
	(void)state;
	char why[WG_POLICY_GRADE_TEXT];
	WG_CLEANUP(wg_policy_freep)
	struct wg_policy *policy =
		policy_of(HEAD LOW_TO_HIGH "<grades of=\"860\" allow=\"HIGH\"><source>L-1</source></grades></policy>");
	WG_AUTO_NOTICE struct wg_notice *notice = graded("missing", "MEDIUM", NULL, NULL, "860");
	assert_false(wg_policy_grade(policy, notice, NULL, why, sizeof why));
	assert_non_null(strstr(why, "for a child: HIGH (L-1)"));
	WG_AUTO_NOTICE struct wg_notice *other = graded("missing", "MEDIUM", NULL, NULL, "861");
	assert_true(wg_policy_grade(policy, other, NULL, why, sizeof why));
}

/* Whoever wants no words gets none; and a year of birth that nobody has yet is no age. */
static void test_odd_questions(void **state)
{
	(void)state;
	char why[WG_POLICY_GRADE_TEXT];
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = policy_of(HEAD LOW_TO_HIGH "</policy>");
	WG_AUTO_NOTICE struct wg_notice *notice = graded("missing", "NAR", NULL, NULL, "860");
	assert_false(wg_policy_grade(policy, notice, NOW, NULL, 0));
	set(notice, "child/date-of-birth", "9500-01-01");
	assert_false(wg_policy_grade(policy, notice, NOW, why, sizeof why));
}

static void test_the_policy_of_the_region(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	char why[WG_POLICY_GRADE_TEXT];
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = NULL;
	must(wg_policy_load(POLICY_DIR "/staffordshire-stoke.xml", XSD_DIR, schema, &policy, &err), &err);
	static const char *const grades[] = { "NAR", "VLOW", "LOW", "MEDIUM", "HIGH" };
	for (size_t i = 0; i < WG_COUNT(grades); i++) {
		WG_AUTO_NOTICE struct wg_notice *first = graded("missing", grades[i], NULL, "830", "860");
		WG_AUTO_NOTICE struct wg_notice *later = graded("risk-update", grades[i], NULL, "830", "861");
		assert_int_equal(wg_policy_grade(policy, first, NOW, why, sizeof why), i >= 3);
		assert_int_equal(wg_policy_grade(policy, later, NOW, why, sizeof why), i >= 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grades),
		cmocka_unit_test(test_the_last_counts),
		cmocka_unit_test(test_odd_questions),
		cmocka_unit_test(test_the_policy_of_the_region),
	};
	return cmocka_run_group_tests(tests, open_schemas, close_schemas);
}
