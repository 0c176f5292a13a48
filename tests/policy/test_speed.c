/* A figure, for people and for ops/bench: how many recipients a second are decided on one core, with the policies of
 * all regions together, notices of every kind and children of every pair of authorities. It is printed and nothing
 * depends on it; the test is that every notice was decided. */
#include <time.h>

#include "policy_test.h"

#define ROUNDS 3

/* Of every region, within and across. */
static const char *const sides[][2] = {
	{ "860", "860" }, { "830", "860" }, { "860", "830" }, { "831", "861" }, { "856", "855" }, { "857", "856" },
	{ "940", "941" }, { "941", "830" }, { "891", "860" }, { "855", "940" }, { "861", "861" }, { "855", "891" },
};
static const char *const kinds[] = {
	"missing-example",
	"found-example",
	"missing",
	"found",
	"absence",
	"risk-update",
	"high-risk",
	"missing-onward",
	"return-interview",
	"grade-dispute",
	"prevention-interview",
	"profile",
	"placement-notice",
	"safeguarding-referral",
	"meeting-request",
	"count-alert",
};
#define NOTICES (WG_COUNT(sides) * WG_COUNT(kinds))

static struct wg_notice *notice_at(size_t i)
{
	char path[256];
	(void)snprintf(path, sizeof path, WG_SOURCE_DIR "/tests/corpora/notice/%s.xml", kinds[i % WG_COUNT(kinds)]);
	struct wg_notice *notice = notice_file(path);
	set(notice, "authorities/placing", sides[i / WG_COUNT(kinds)][0]);
	set(notice, "authorities/host", sides[i / WG_COUNT(kinds)][1]);
	return notice;
}

/* Of this process, in microseconds: what others do on the machine meanwhile does not count. */
static int64_t cpu_time(void)
{
	struct timespec t;
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void test_speed(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	struct wg_notice *notices[NOTICES];
	int64_t took[ROUNDS];
	must(wg_policy_load(POLICY_DIR "/midlands.xml", XSD_DIR, schema, &policy, &err), &err);
	must(wg_directory_load(POLICY_DIR "/tests/directory.xml", XSD_DIR, &directory, &err), &err);
	unsigned made = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < NOTICES; i++) /* fresh ones, so that nothing is known of them from before */
			notices[i] = notice_at(i);
		made = 0;
		int64_t start = cpu_time();
		for (size_t i = 0; i < NOTICES; i++) {
			struct wg_decisions *d = decide(policy, directory, notices[i]);
			assert_true(d->count > 0 || d->unreachable[0] != '\0');
			made += d->count;
			wg_decisions_freep(&d);
		}
		took[round] = cpu_time() - start;
		for (size_t i = 0; i < NOTICES; i++)
			wg_notice_freep(&notices[i]);
	}
	qsort(took, ROUNDS, sizeof *took, compare);
	assert_true(made > NOTICES);
	print_message("%u layers, %u rules, %u routes: %u recipients of %zu notices in %lld us\n", policy->layer_count,
	              policy->rule_count, policy->route_count, made, NOTICES, (long long)took[0]);
	print_message("policy-decisions %lld decisions/s\n", took[0] > 0 ? (long long)made * 1000000 / took[0] : 0);
	wg_directory_freep(&directory);
	wg_policy_freep(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_speed) };
	return cmocka_run_group_tests_name("speed", tests, open_schemas, close_schemas);
}
