/* The shipped policies over the shipped examples: three recipients, three different copies, each valid and each
 * explained. */
#include <jansson.h>

#include "policy_test.h"

#define NOTICES WG_SOURCE_DIR "/tests/corpora/notice"

static struct wg_policy *policy;
static struct wg_directory *directory;

static int open_all(void **state)
{
	struct wg_err err = { 0 };
	if (open_schemas(state) != 0)
		return -1;
	must(wg_policy_load(POLICY_DIR "/staffordshire-stoke.xml", XSD_DIR, schema, &policy, &err), &err);
	must(wg_directory_load(POLICY_DIR "/directory-example.xml", XSD_DIR, &directory, &err), &err);
	return 0;
}

static int close_all(void **state)
{
	wg_policy_freep(&policy);
	wg_directory_freep(&directory);
	return close_schemas(state);
}

static void copy_text(const struct wg_notice *notice, const struct wg_decision *d, struct wg_buf *out,
                      struct wg_notice **copy)
{
	struct wg_err err = { 0 };
	struct wg_copy what = { .organisation = d->organisation->id,
		                    .desk = d->desk->name,
		                    .granted = d->granted,
		                    .mark = d->mark,
		                    .reason = "not shared with this recipient" };
	must(wg_notice_project(notice, &what, copy, &err), &err);
	must(wg_notice_validate(*copy, &err), &err);
	must(wg_notice_serialise(*copy, out, &err), &err);
	assert_int_equal(wg_notice_categories(*copy) & ~d->granted, 0);
}

#define PLACING "derbyshire"
#define HOST "staffordshire"
#define POLICE "derbyshire-police"

/* Words of the example notices, and who reads them: a letter each for placing, host, police. */
static const struct {
	const char *file, *word, *who;
} words[] = {
	{ "missing-example.xml", "Tess Example", "PHp" },
	{ "missing-example.xml", "small scar on left hand", "PHp" },
	{ "missing-example.xml", "In the garden of the home", "PHp" },
	{ "missing-example.xml", "Went out after a phone call", "PHp" },
	{ "missing-example.xml", "has not taken her inhaler", "PHp" },
	{ "missing-example.xml", "An older person may be buying", "PHp" },
	{ "missing-example.xml", "SP-26-445566", "PHp" },
	{ "missing-example.xml", "The home has one from October", "Pp" },
	{ "missing-example.xml", "1 Sample Street", "PHp" },
	{ "missing-example.xml", "asthma", "PHp" }, /* graded medium, so the police are told what she needs */
	{ "missing-example.xml", "Specimen House Limited", "PH" },
	{ "missing-example.xml", "robin.specimen@derbyshire.example", "PH" },
	{ "missing-example.xml", "Kit Placeholder", "Pp" },
	{ "missing-example.xml", "Sam Sample", "Pp" },
	{ "missing-example.xml", "Grandmother", "Pp" },
	{ "missing-example.xml", "tess_sample", "Pp" },
	{ "missing-example.xml", "Full care order", "P" },
	{ "missing-example.xml", "child-protection", "P" },
	{ "missing-example.xml", "Does not want her school", "P" },
	{ "missing-example.xml", "not-sought", "P" },
	{ "missing-example.xml", "White British", "" },
	{ "missing-example.xml", "<religion", "" },
};

static struct wg_decisions *decide_file(const char *file, struct wg_notice **notice)
{
	char path[512];
	(void)snprintf(path, sizeof path, NOTICES "/%s", file);
	*notice = notice_file(path);
	return decide(policy, directory, *notice);
}

static void test_who_reads_what(void **state)
{
	(void)state;
	struct wg_notice *notice = NULL;
	struct wg_decisions *d = decide_file("missing-example.xml", &notice);
	static const char *const who[] = { PLACING, HOST, POLICE };
	static const char letters[] = "PHp";
	struct wg_buf original = WG_BUF(WG_LIMIT_NOTICE);
	struct wg_err err = { 0 };
	must(wg_notice_serialise(notice, &original, &err), &err);
	assert_int_equal(d->count, 3);
	assert_string_equal(d->unreachable, "");
	for (size_t r = 0; r < WG_COUNT(who); r++) {
		struct wg_buf text = WG_BUF(WG_LIMIT_NOTICE);
		struct wg_notice *copy = NULL;
		const struct wg_decision *one = decision_for(d, who[r]);
		assert_int_equal(one->verdict, WG_VERDICT_SEND);
		copy_text(notice, one, &text, &copy);
		for (size_t i = 0; i < WG_COUNT(words); i++) {
			bool may = strchr(words[i].who, letters[r]) != NULL;
			assert_non_null(strstr(wg_buf_text(&original), words[i].word)); /* or the row would prove nothing */
			if ((strstr(wg_buf_text(&text), words[i].word) != NULL) != may)
				fail_msg("%s %s \"%s\"", who[r], may ? "lacks" : "reads", words[i].word);
		}
		wg_buf_free(&text);
		wg_notice_freep(&copy);
	}
	wg_buf_free(&original);
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
}

static void test_three_different_copies(void **state)
{
	(void)state;
	static const char *const files[] = { "missing-example.xml", "found-example.xml" };
	for (size_t f = 0; f < WG_COUNT(files); f++) {
		struct wg_notice *notice = NULL;
		struct wg_decisions *d = decide_file(files[f], &notice);
		assert_int_equal(d->count, 3);
		for (unsigned i = 0; i < d->count; i++) {
			struct wg_buf text = WG_BUF(WG_LIMIT_NOTICE);
			struct wg_notice *copy = NULL;
			assert_int_equal(d->list[i].verdict, WG_VERDICT_SEND);
			copy_text(notice, &d->list[i], &text, &copy);
			for (unsigned k = 0; k < i; k++)
				assert_int_not_equal(d->list[i].granted, d->list[k].granted);

			/* The copy, handed in at the recipient's own gateway, goes to the desk it is for and to nobody else. */
			struct wg_decisions *again = decide_at(policy, directory, copy, "staffordshire", NOW);
			bool to_sender = strcmp(d->list[i].organisation->id, "staffordshire") == 0;
			assert_int_equal(again->count, to_sender ? 0 : 1);
			if (!to_sender) {
				const struct wg_decision *own = decision_for(again, d->list[i].organisation->id);
				assert_ptr_equal(own->desk, d->list[i].desk);
				assert_int_equal(own->granted & ~d->list[i].granted, 0);
			} else {
				assert_true(again->unreachable[0] != '\0');
			}
			wg_decisions_freep(&again);
			wg_buf_free(&text);
			wg_notice_freep(&copy);
		}
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
	}
}

/* Every category given says by which rule, on what basis and from what source; the JSON says the same and reads back.
 */
static void test_explained(void **state)
{
	(void)state;
	struct wg_notice *notice = NULL;
	struct wg_decisions *d = decide_file("missing-example.xml", &notice);
	for (unsigned i = 0; i < d->count; i++) {
		struct wg_buf json = WG_BUF(65536), text = WG_BUF(65536);
		json_error_t fault;
		for (unsigned k = 0; k < d->list[i].reason_count; k++) {
			const struct wg_reason *r = &d->list[i].reasons[k];
			if (r->effect == WG_SHARE && (r->rule == NULL || r->basis == NULL || r->source == NULL))
				fail_msg("%s is given without a reason", wg_category_name(r->category));
			if (r->rule != NULL)
				assert_non_null(r->source);
		}
		wg_decision_json(policy, &d->list[i], NULL, &json);
		wg_decision_text(policy, &d->list[i], &text);
		assert_false(json.failed || text.failed);
		json_t *object = json_loads(wg_buf_text(&json), JSON_REJECT_DUPLICATES, &fault);
		assert_non_null(object);
		assert_string_equal(json_string_value(json_object_get(object, "organisation")), d->list[i].organisation->id);
		assert_string_equal(json_string_value(json_object_get(object, "verdict")), "send");
		assert_string_equal(json_string_value(json_object_get(object, "policy")), "staffordshire-stoke 2026-11-22");
		assert_string_equal(json_string_value(json_object_get(object, "policy_hash")), wg_policy_hash(policy));
		json_t *reasons = json_object_get(object, "reasons");
		assert_int_equal(json_array_size(reasons), d->list[i].reason_count);
		assert_int_equal(json_array_size(json_object_get(object, "granted")) +
		                     json_array_size(json_object_get(object, "withheld")),
		                 d->list[i].reason_count);
		assert_null(strchr(wg_buf_text(&json), '\n'));
		static const char *const canaries[] = { "Tess", "Kit Placeholder", "Sample", "Robin", "9990000018" };
		for (size_t k = 0; k < WG_COUNT(canaries); k++) {
			assert_null(strstr(wg_buf_text(&json), canaries[k]));
			assert_null(strstr(wg_buf_text(&text), canaries[k]));
		}
		bool ungranted = false;
		for (unsigned k = 0; k < d->list[i].reason_count; k++)
			ungranted = ungranted || d->list[i].reasons[k].rule == NULL;
		assert_int_equal(strstr(wg_buf_text(&text), "no rule grants it") != NULL, ungranted);
		assert_non_null(strstr(wg_buf_text(&text), "england/"));
		assert_non_null(strstr(wg_buf_text(&text), "UK GDPR 6(1)(e)"));
		json_decref(object);
		wg_buf_free(&json);
		wg_buf_free(&text);
	}
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
}

static void test_marker(void **state)
{
	(void)state;
	struct wg_notice *notice = NULL;
	struct wg_decisions *d = decide_file("missing-example.xml", &notice);
	assert_set(decision_for(d, HOST)->mark, "care-plan family third-party"); /* so that it can ask */
	assert_set(decision_for(d, PLACING)->mark, "");
	assert_set(decision_for(d, POLICE)->mark, "");
	struct wg_buf text = WG_BUF(WG_LIMIT_NOTICE);
	struct wg_notice *copy = NULL;
	copy_text(notice, decision_for(d, HOST), &text, &copy);
	assert_non_null(strstr(wg_buf_text(&text), "<withheld category=\"family\">"));
	assert_null(strstr(wg_buf_text(&text), "category=\"equality\""));
	wg_buf_free(&text);
	wg_notice_freep(&copy);
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
}

/* One change to the missing example, and what it does to whom. */
static const struct {
	const char *path, *value, *organisation, *category;
	bool given;
	enum wg_verdict verdict;
} changes[] = {
	{ "episode/risk", "HIGH", POLICE, "health", true, WG_VERDICT_SEND },
	{ "episode/risk", "MEDIUM", POLICE, "health", true, WG_VERDICT_SEND },
	{ "episode/risk", "LOW", POLICE, "health", false,
	  WG_VERDICT_SEND }, /* no grade for a child: wg_policy_grade calls a person */
	{ "episode/risk", "LOW", PLACING, "health", true, WG_VERDICT_SEND },
	{ "episode/risk", "NAR", HOST, "health", true, WG_VERDICT_SEND },
	{ "missing/other", "more", POLICE, "equality", false, WG_VERDICT_SEND },
	{ "child/confidential-address", "3 Hidden Road", PLACING, "confidential-address", true, WG_VERDICT_SEND },
	{ "child/confidential-address", "3 Hidden Road", HOST, "confidential-address", false, WG_VERDICT_SEND },
	{ "child/confidential-address", "3 Hidden Road", POLICE, "confidential-address", true, WG_VERDICT_SEND },
	{ "child/care-plan", "a plan", PLACING, "care-plan", true, WG_VERDICT_SEND },
	{ "child/care-plan", "a plan", HOST, "care-plan", false, WG_VERDICT_SEND },
	{ "child/care-plan", "a plan", POLICE, "care-plan", false, WG_VERDICT_SEND },
	{ "missing/alleged-perpetrator", "somebody", POLICE, "alleged-perpetrator", true, WG_VERDICT_SEND },
	{ "missing/alleged-perpetrator", "somebody", HOST, "alleged-perpetrator", false, WG_VERDICT_SEND },
	{ "missing/substance-use", "some", HOST, "substance-use", false,
	  WG_VERDICT_SEND }, /* section 16LA is not confirmed */
	{ "child/date-of-birth", "2008-11-22", PLACING, "identity", true, WG_VERDICT_REVIEW }, /* eighteen today */
	{ "child/date-of-birth", "2008-11-23", PLACING, "identity", true, WG_VERDICT_SEND },
};

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(changes); i++) {
		struct wg_notice *notice = notice_file(NOTICES "/missing-example.xml");
		set(notice, changes[i].path, changes[i].value);
		struct wg_decisions *d = decide(policy, directory, notice);
		const struct wg_decision *one = decision_for(d, changes[i].organisation);
		const struct wg_reason *r = find_reason(one, changes[i].category);
		if (r == NULL || (r->effect == WG_SHARE) != changes[i].given || one->verdict != changes[i].verdict)
			fail_msg("row %zu: %s of %s: %s, verdict %d by %s", i, changes[i].category, changes[i].organisation,
			         r == NULL               ? "absent"
			         : r->effect == WG_SHARE ? "given"
			                                 : "withheld",
			         (int)one->verdict, one->verdict_rule);
		if (one->verdict == WG_VERDICT_REVIEW)
			assert_true(one->due[0] != '\0');
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
	}
}

/* A local layer on the region's confirms section 16LA: from its day on the host gets more, and the reason says why. */
static void test_confirmed_duty(void **state)
{
	(void)state;
	static const char local[] =
		"<policy xmlns=\"urn:wardgate:policy:1\" id=\"local\" extends=\"staffordshire-stoke\" version=\"1\">"
		"<confirm rule=\"england/duty-to-disclose\" by=\"Information governance lead\" on=\"2026-10-01\"/></policy>";
	struct wg_policy *confirmed = NULL;
	struct wg_err err = { 0 };
	must(wg_policy_parse(local, sizeof local - 1, "local.xml", POLICY_DIR "/", policy_xsd, schema, &confirmed, &err),
	     &err);
	static const struct {
		const char *now;
		bool given;
	} days[] = { { "2026-09-29T22:59:59Z", false }, { "2026-09-29T23:00:00Z", true }, { NOW, true } };
	for (size_t i = 0; i < WG_COUNT(days); i++) {
		struct wg_notice *notice = notice_file(NOTICES "/missing-example.xml");
		struct wg_decisions *d = decide_at(confirmed, directory, notice, "staffordshire-police", days[i].now);
		const struct wg_reason *r = reason_for(decision_for(d, HOST), "legal-status");
		assert_int_equal(r->effect == WG_SHARE, days[i].given);
		if (days[i].given) {
			assert_string_equal(r->rule, "england/duty-to-disclose");
			assert_non_null(strstr(r->basis, "Children Act 2004 section 16LA"));
		}
		assert_int_equal(reason_for(decision_for(d, HOST), "family")->effect, WG_WITHHOLD);
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
	}
	wg_policy_freep(&confirmed);
}

/* One force for both authorities: it sent the report and gets no copy of it. Own child: nobody elsewhere is told. */
static void test_neighbours(void **state)
{
	(void)state;
	struct wg_notice *notice = notice_file(NOTICES "/missing-example.xml");
	set(notice, "authorities/placing", "861");
	struct wg_decisions *d = decide(policy, directory, notice);
	assert_int_equal(d->count, 2);
	assert_string_equal(decision_for(d, "stoke-on-trent")->of, "placing");
	assert_string_equal(decision_for(d, HOST)->of, "host");
	wg_decisions_freep(&d);
	set(notice, "authorities/placing", "860");
	d = decide(policy, directory, notice);
	assert_int_equal(d->count, 1);
	assert_string_equal(d->list[0].organisation->id, HOST);
	assert_string_equal(d->list[0].of, "host");
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
}

static void test_deterministic(void **state)
{
	(void)state;
	char first[16384] = "";
	for (int round = 0; round < 5; round++) {
		struct wg_buf all = WG_BUF(sizeof first - 1);
		struct wg_notice *notice = NULL;
		struct wg_decisions *d = decide_file("found-example.xml", &notice);
		for (unsigned i = 0; i < d->count; i++)
			wg_decision_text(policy, &d->list[i], &all);
		assert_false(all.failed);
		if (round == 0)
			memcpy(first, wg_buf_text(&all), all.len + 1);
		assert_string_equal(wg_buf_text(&all), first);
		wg_buf_free(&all);
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_reads_what), cmocka_unit_test(test_three_different_copies),
		cmocka_unit_test(test_explained),      cmocka_unit_test(test_marker),
		cmocka_unit_test(test_changes),        cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_deterministic),  cmocka_unit_test(test_confirmed_duty),
	};
	return cmocka_run_group_tests_name("projections", tests, open_all, close_all);
}
