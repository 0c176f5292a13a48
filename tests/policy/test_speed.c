/* A rough figure, for people: how many notices a second are decided, with the shipped policy and three recipients each.
 * It is printed and nothing depends on it; the test is that every one was decided. */
#include "base/clock.h"

#include "policy_test.h"

#define NOTICES 500

static void test_speed(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	must(wg_policy_load(POLICY_DIR "/staffordshire-stoke.xml", XSD_DIR, schema, &policy, &err), &err);
	must(wg_directory_load(POLICY_DIR "/directory-example.xml", XSD_DIR, &directory, &err), &err);
	struct wg_notice *notices[NOTICES];
	for (unsigned i = 0; i < NOTICES; i++)
		notices[i] = notice_file(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml");
	unsigned made = 0;
	int64_t start = wg_clock_monotonic();
	for (unsigned i = 0; i < NOTICES; i++) {
		struct wg_decisions *d = decide(policy, directory, notices[i]);
		made += d->count;
		wg_decisions_freep(&d);
	}
	int64_t took = wg_clock_monotonic() - start;
	assert_int_equal(made, 3 * NOTICES);
	print_message("%u decisions about %d notices in %lld ms: %lld decisions/s\n", made, NOTICES, (long long)took,
	              took > 0 ? (long long)made * 1000 / took : 0);
	for (unsigned i = 0; i < NOTICES; i++)
		wg_notice_freep(&notices[i]);
	wg_directory_freep(&directory);
	wg_policy_freep(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_speed) };
	return cmocka_run_group_tests_name("speed", tests, open_schemas, close_schemas);
}
