/* What a person types meets what a notice says: the same child, by whichever way it is named; and what names nobody is
 * refused without being repeated. */
#include "gate.h"

#include "role/child_ref.h"
#include "role/match.h"
#include "role/outcome.h"

#define TODAY INT64_C(20779) /* 2026-11-22 */

static struct wg_config *config;
static struct wg_process process;

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	config = gate_load();
	if (wg_process_load(config, &process, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return 0;
}

static int teardown(void **state)
{
	wg_process_free(&process);
	free(config);
	return pki_teardown(state);
}

/* The keys of a notice that says one thing in that place, or two. */
static struct wg_outcome *keys_of(const char *const places[4], const char *organisation)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	struct wg_msg_job job = { .token = 1 };
	(void)snprintf(job.organisation, sizeof job.organisation, "%s", organisation); /* short */
	struct wg_outcome *o = wg_outcome_new(&process, &job);
	assert_non_null(o);
	(void)snprintf(o->done.kind, sizeof o->done.kind, "missing"); /* fits */
	if (wg_notice_new(process.schema, "missing", "x", &notice, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	for (size_t i = 0; i < 4 && places[i] != NULL; i += 2)
		if (wg_notice_set(notice, places[i], places[i + 1], &pki_err) != WG_OK)
			fail_msg("%s: %s", places[i], pki_err.text);
	if (wg_match_keys(&process, &job, notice, o, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return o;
}

static unsigned meet(const struct wg_outcome *o, const struct wg_child_ref *ref)
{
	unsigned kinds = 0;
	for (unsigned i = 0; i < ref->count; i++)
		for (unsigned k = 0; k < o->done.key_count; k++)
			if (ref->keys[i].kind == o->done.keys[k].kind && strcmp(ref->keys[i].key, o->done.keys[k].key) == 0 &&
			    strcmp(ref->keys[i].scope, o->done.keys[k].scope) == 0)
				kinds |= 1u << ref->keys[i].kind;
	return kinds;
}

#define POLICE "staffordshire-police"
#define BIRTH "child/date-of-birth", "2011-03-14"
#define NAMED(name)                    \
	{                                  \
		"child/name/full", name, BIRTH \
	}

static void test_meets(void **state)
{
	(void)state;
	static const struct {
		const char *places[4], *from, *typed;
		unsigned kinds; /* 0: they do not meet */
	} cases[] = {
		{ { "child/nhs-number", "9990000018" }, POLICE, "9990000018", 1u << WG_KEY_NHS },
		{ { "child/nhs-number", "9990000018" }, POLICE, " nhs:999 000 0018 ", 1u << WG_KEY_NHS },
		{ { "child/nhs-number", "9990000018" }, "derbyshire", "NHS:999-000-0018", 1u << WG_KEY_NHS },
		{ { "child/nhs-number", "9990000026" }, POLICE, "9990000018", 0 },
		{ NAMED("Tess Example"), POLICE, "Tess Example, 2011-03-14", 1u << WG_KEY_NAME_BIRTH },
		{ NAMED("Tess Example"), POLICE, "EXAMPLE, Tess, 14/03/2011", 1u << WG_KEY_NAME_BIRTH },
		{ NAMED("TESS EXAMPLE"), POLICE, "tess example,14 March 2011", 1u << WG_KEY_NAME_BIRTH },
		{ NAMED("Tess"), POLICE, "Tess, 2011-03-14", 1u << WG_KEY_NAME_BIRTH },
		{ NAMED("Tess Example"), POLICE, "Tess Example, 2011-03-15", 0 },
		{ NAMED("Tess Example"), POLICE, "Tess Sample, 2011-03-14", 0 },
		{ { "child/local-id", "C-123", "child/local-id/@scheme", "Liquidlogic" },
		  "derbyshire",
		  "Liquidlogic:C-123",
		  1u << WG_KEY_LOCAL_ID },
		{ { "child/local-id", "C-123", "child/local-id/@scheme", "Liquidlogic" },
		  POLICE,
		  "liquid logic: c123",
		  1u << WG_KEY_LOCAL_ID },
		{ { "child/local-id", "C-123", "child/local-id/@scheme", "Derbyshire" },
		  POLICE,
		  "derbyshire:C-123",
		  1u << WG_KEY_LOCAL_ID },
		{ { "child/local-id", "C-123" }, "derbyshire", "C-123", 1u << WG_KEY_LOCAL_ID },
		{ { "child/local-id", "C-123" }, "derbyshire", "derbyshire:C-123", 1u << WG_KEY_LOCAL_ID },
		{ { "child/local-id", "C-123" }, "derbyshire", "staffordshire:C-123", 0 },
		{ { "child/local-id", "C-123", "child/local-id/@scheme", "Mosaic" }, POLICE, "Liquidlogic:C-123", 0 },
		{ { "child/pupil-number", "H801200001001" }, POLICE, "pupil number:H801200001001", 1u << WG_KEY_LOCAL_ID },
		{ { "episode/police-reference", "MP/26/1234" }, POLICE, "MP/26/1234", 1u << WG_KEY_REFERENCE },
		{ { "episode/police-reference", "MP/26/1234", "episode/police-reference/@force", "derbyshire-police" },
		  "staffordshire",
		  "mp 26 1234",
		  1u << WG_KEY_REFERENCE },
		{ { "episode/police-reference", "MP/26/1234", "episode/police-reference/@force",
		    "derbyshire-police (example)" },
		  "staffordshire",
		  "derbyshire-police:MP/26/1234",
		  1u << WG_KEY_REFERENCE },
		{ { "episode/police-reference", "MP/26/1234", "episode/police-reference/@force", "Far Force" },
		  "staffordshire",
		  "Far Force:MP/26/1234",
		  1u << WG_KEY_REFERENCE },
		{ { "episode/police-reference", "MP/26/1234" }, POLICE, "derbyshire-police:MP/26/1234", 0 },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_child_ref ref = { 0 };
		struct wg_outcome *o = keys_of(cases[i].places, cases[i].from);
		if (wg_child_ref_read(cases[i].typed, process.directory, &process.lookup_key, TODAY, &ref, &pki_err) != WG_OK)
			fail_msg("case %zu: %s", i, pki_err.text);
		unsigned kinds = meet(o, &ref);
		if (kinds != cases[i].kinds || ref.id[0] != '\0' || ref.count == 0)
			fail_msg("case %zu: %x of %u keys", i, kinds, ref.count);
		wg_child_ref_free(&ref);
		assert_null(ref.keys);
		wg_outcome_freep(&o);
	}
}

static void test_message(void **state)
{
	(void)state;
	struct wg_child_ref ref = { 0 };
	assert_int_equal(
		wg_child_ref_read("06bcd8k1m3v5x7z9a2c4e6g8j0", process.directory, &process.lookup_key, TODAY, &ref, &pki_err),
		WG_OK);
	assert_string_equal(ref.id, "06bcd8k1m3v5x7z9a2c4e6g8j0");
	assert_int_equal(ref.count, 0);
	wg_child_ref_free(&ref);
}

/* Nothing of what was typed comes back: it may be a name, or a number with a slip in it. */
static void test_refused(void **state)
{
	(void)state;
	char endless[1000];
	memset(endless, '7', sizeof endless);
	endless[sizeof endless - 1] = '\0';
	const char *const cases[] = { "",
		                          "   ",
		                          "Specimen",
		                          "nhs:9990000019",
		                          "nhs:Specimen",
		                          "Robin Specimen",
		                          "Robin Specimen, soon",
		                          "Robin Specimen, 2031-03-14",
		                          ", 2011-03-14",
		                          "Specimen:",
		                          ":77",
		                          endless };
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		struct wg_child_ref ref = { 0 };
		enum wg_code code = wg_child_ref_read(cases[i], process.directory, &process.lookup_key, TODAY, &ref, &err);
		if (code != WG_REJECT || err.text[0] == '\0' || strstr(err.text, "Specimen") != NULL ||
		    strstr(err.text, "999") != NULL || strstr(err.text, "77") != NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
		wg_child_ref_free(&ref);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_meets), cmocka_unit_test(test_message),
		                                cmocka_unit_test(test_refused) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
