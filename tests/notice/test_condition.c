/* Conditions: what they mean over a notice, what they may name, what stops the load. */
#include "notice/condition.h"
#include "notice_fixture.h"

static const char *const functions[] = { "consent", "age", "echo", NULL };
static const char *const variables[] = { "self", "critical", "nothing", NULL };
static const struct wg_vocabulary vocabulary = { .functions = functions, .variables = variables };

static const char *answer_function(void *arg, const char *name, const char *const *args, int n)
{
	static char said[64];
	(*(int *)arg)++;
	if (strcmp(name, "consent") == 0)
		return n == 1 && strcmp(args[0], "school") == 0 ? "refused" : "given";
	if (strcmp(name, "age") == 0)
		return n == 0 ? "15" : NULL;
	(void)snprintf(said, sizeof said, "%d:%s%s%s", n, n > 0 ? args[0] : "", n > 1 ? "," : "", n > 1 ? args[1] : "");
	return said;
}

static const char *answer_variable(void *arg, const char *name)
{
	(*(int *)arg)++;
	return strcmp(name, "self") == 0 ? "derbyshire" : strcmp(name, "critical") == 0 ? "true" : NULL;
}

/* All tests here run on what those before them left, failures among them; the answer is the same on nothing left. */
static struct wg_condition_spare spare;

static enum wg_code run(const char *text, struct wg_notice *notice, bool *out, struct wg_err *err)
{
	WG_CLEANUP(wg_condition_freep) struct wg_condition *condition = NULL;
	int calls = 0;
	struct wg_answers answers = { answer_function, answer_variable, &calls, &spare };
	struct wg_answers alone = { answer_function, answer_variable, &calls, NULL };
	enum wg_code code = wg_condition_compile(text, &vocabulary, schema, &condition, err);
	assert_true((condition != NULL) == (code == WG_OK));
	struct _xmlDoc *facts = wg_notice_facts(notice, err);
	assert_non_null(facts);
	if (code != WG_OK)
		return code;
	bool again = *out;
	code = wg_condition_test(condition, facts, &answers, out, err);
	assert_int_equal(wg_condition_test(condition, facts, &alone, &again, err), code);
	assert_int_equal(again, *out);
	return code;
}

static void test_what_conditions_mean(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
		{ "true()", true },
		{ "false()", false },
		{ "child/@looked-after = 'true'", true },
		{ "child/@looked-after='false'", false },
		{ "child/@looked-after = 'true' and authorities/placing != authorities/host", true },
		{ "authorities/placing = authorities/host", false },
		{ "not(child/confidential-address)", true },
		{ "child/confidential-address", false },
		{ "child/name/full", true },
		{ "episode/risk = 'MEDIUM' or episode/risk = 'HIGH'", true },
		{ "authorities/police[@area='host'] = 'E23000015'", true },
		{ "authorities/police[@area='placing'] = 'E23000015'", false },
		{ "authorities/police/@name = 'Staffordshire Police'", true },
		{ "count(authorities/police) = 2", true },
		{ "count(//telephone) > 2", true },
		{ "//@postcode = 'ST99 9ZZ'", true },
		{ ".//informant/name = 'Sam Sample'", true },
		{ "child/*", true },
		{ "child/child::age = 15", true },
		{ "child/attribute::looked-after = 'true'", true },
		{ "descendant::risk", true },
		{ "missing/last-seen[where and not(../found)]/when/@precision = 'approximate'", true },
		{ "@kind = 'missing'", true },
		{ "@kind='found'", false },
		{ "missing and not(found)", true },
		{ "found/when or child/age", true },
		{ "child[name[known-as]]/age", true },
		{ "contains(child/school, 'Academy')", true },
		{ "contains(missing/last-seen/where/text(), 'garden')", true },
		{ "consent('school') = 'refused'", true },
		{ "consent('gp') = 'refused'", false },
		{ "age() >= 15 and age() < 18", true },
		{ "age() < 3", false },
		{ "echo('a', 'b') = '2:a,b'", true },
		{ "echo(child/age) = '1:15'", true },
		{ "echo(1 + 1) = '1:2'", true },
		{ "echo() = '0:'", true },
		{ "$self = 'derbyshire'", true },
		{ "$critical", true },
		{ "$nothing", false },
		{ "$critical and not($nothing)", true },
		{ "2 * 3 div 2 mod 2 = 1", true },
		{ "child/age * 2 = 30", true },
		{ "child/age - 5 = 10", true },
		{ "'//bogus[position()]' = \"//bogus[position()]\"", true }, /* names in literals are words */
		{ "string-length(normalize-space(concat(child/age, ' '))) = 2", true },
	};
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		bool holds = !cases[i].holds;
		enum wg_code code = run(cases[i].text, notice, &holds, &err);
		if (code != WG_OK)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (holds != cases[i].holds)
			fail_msg("%s should be %s", cases[i].text, cases[i].holds ? "true" : "false");
	}
}

static void test_what_stops_the_load(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "child/@lookedafter = 'true'", "\"lookedafter\"; did you mean \"looked-after\"?" },
		{ "child/looked-after = 'true'", "did you mean \"@looked-after\"?" },
		{ "childs/age", "\"childs\"; did you mean \"child\"?" },
		{ "child/risk", "\"risk\" does not stand there" },
		{ "authorities/placing/name", "did you mean \"@name\"?" },
		{ "child/@postcode", "\"@postcode\" does not stand there; did you mean \"@looked-after\"?" },
		{ "authorities/police[@are='host']", "\"are\"; did you mean \"area\"?" },
		{ "authorities/police[@looked-after='host']", "does not stand there; did you mean \"@area\"?" },
		{ "child[age]/risk", "\"risk\" does not stand there" },
		{ "not(child/risk)", "\"risk\" does not stand there" },
		{ "consent(child/risk)", "\"risk\" does not stand there" },
		{ "//rsk", "\"rsk\"; did you mean \"risk\"?" },
		{ "notice/child", "\"notice\" does not stand there" },
		{ "/notice/child", "paths begin at the notice" },
		{ "consnt('gp')", "unknown function \"consnt\"; did you mean \"consent\"?" },
		{ "cont(child)", "did you mean \"count\"?" },
		{ "document('/etc/passwd')", "unknown function \"document\"" },
		{ "id('a')", "unknown function \"id\"" },
		{ "unparsed-text('/etc/passwd')", "unknown function" },
		{ "key('a', 'b')", "unknown function" },
		{ "$slef", "unknown variable \"slef\"; did you mean \"self\"?" },
		{ "authorities/police[1] = 'x'", "order of elements" },
		{ "authorities/police[ 2 ]", "order of elements" },
		{ "authorities/police[position() = 1]", "order of elements" },
		{ "authorities/police[last()]", "order of elements" },
		{ "child/following-sibling::authorities", "axis \"following-sibling\"" },
		{ "child/ancestor::notice", "axis \"ancestor\"" },
		{ "child/namespace::x", "axis \"namespace\"" },
		{ "child xor found", "unknown operator \"xor\"" },
		{ "child =", "not an XPath" },
		{ "child and", "not an XPath" },
		{ "(child", "not an XPath" },
		{ "child)", "not an XPath" },
		{ "child]", "not an XPath" },
		{ "", "not an XPath" },
		{ "child = 'x", "cannot be read" },
		{ "child # 'x'", "cannot be read" },
		{ "n:child", "unknown element \"n\"" },
		{ "$", "cannot be read" },
		{ "((((((((((((((((((((child))))))))))))))))))))", "nested more than" },
	};
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		bool holds = false;
		enum wg_code code = run(cases[i].text, notice, &holds, &err);
		if (code != WG_CONFIG || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("%s: %s: %s", cases[i].text, wg_code_name(code), code == WG_OK ? "loads" : err.text);
	}
	char *text = malloc(10001);
	assert_non_null(text);
	memset(text, ' ', 10000);
	text[10000] = '\0';
	bool holds = false;
	assert_int_equal(run(text, notice, &holds, &err), WG_CONFIG);
	free(text);
}

/* A failure is an error and never false; a search that multiplies stops at the limit. */
static void test_failures_are_not_false(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum wg_code code;
	} cases[] = {
		{ "count('x') = 1", WG_CONFIG },
		{ "true(1)", WG_CONFIG },
		{ "echo(1,2,3,4,5,6,7,8,9)", WG_CONFIG },
		{ "'x' | child", WG_CONFIG },
		{ "count(//*[count(//*[count(//*[count(//*) > 0]) > 0]) > 0]) > 0", WG_LIMIT },
	};
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		bool holds = true;
		enum wg_code code = run(cases[i].text, notice, &holds, &err);
		if (code != cases[i].code || !holds)
			fail_msg("%s: %s: %s", cases[i].text, wg_code_name(code), err.text);
	}
}

/* Facts follow what is set. */
static void test_facts_are_of_the_notice_as_it_stands(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	bool holds = false;
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	assert_wg(run("child/age = 15", notice, &holds, &err));
	assert_true(holds);
	assert_wg(wg_notice_set(notice, "child/age", "16", &err));
	assert_wg(run("child/age = 15", notice, &holds, &err));
	assert_false(holds);
}

/* A variable whose answer is itself a condition, five deep: more than are kept. */
struct nested {
	struct wg_answers answers;
	const struct wg_condition *condition;
	struct _xmlDoc *facts;
	int depth;
};

static const char *answer_nested(void *arg, const char *name)
{
	struct nested *nested = arg;
	struct wg_err err = { 0 };
	bool holds = false;
	(void)name;
	if (++nested->depth <= WG_CONDITION_SPARE + 1)
		assert_wg(wg_condition_test(nested->condition, nested->facts, &nested->answers, &holds, &err));
	else
		holds = true;
	return holds ? "true" : "";
}

static void test_within_each_other(void **state)
{
	(void)state;
	WG_CLEANUP(wg_condition_freep) struct wg_condition *condition = NULL;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	assert_wg(wg_condition_compile("child/name[full] and $self and child/name", &vocabulary, schema, &condition, &err));
	struct nested nested = { .condition = condition, .facts = wg_notice_facts(notice, &err) };
	nested.answers = (struct wg_answers){ .variable = answer_nested, .arg = &nested, .spare = &spare };
	for (int round = 0; round < 2; round++) {
		bool holds = false;
		nested.depth = 0;
		assert_wg(wg_condition_test(condition, nested.facts, &nested.answers, &holds, &err));
		assert_true(holds);
		assert_int_equal(nested.depth, WG_CONDITION_SPARE + 2);
		assert_int_equal(spare.count, WG_CONDITION_SPARE);
	}
}

static int free_all(void **state)
{
	wg_condition_spare_free(&spare);
	return free_schema(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_each_other),
		cmocka_unit_test(test_what_conditions_mean),
		cmocka_unit_test(test_what_stops_the_load),
		cmocka_unit_test(test_failures_are_not_false),
		cmocka_unit_test(test_facts_are_of_the_notice_as_it_stands),
	};
	return cmocka_run_group_tests(tests, load_schema, free_all);
}
