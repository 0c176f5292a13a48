/* MTA-STS in words: TXT records, policies, which host a policy names, and what is remembered. The fetching is tried in
 * test_mail_route.py, against a real server. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/sts.h"
#include "crypto/crypto.h"
#include "sys/file.h"

static void test_txt(void **state)
{
	(void)state;
	static const struct {
		const char *txt, *id; /* NULL: none */
	} table[] = {
		{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
		{ "v=STSv1;id=a", "a" },
		{ "v=STSv1 ; id=a ;", "a" },
		{ "v=STSv1; later=x; id=7;", "7" },
		{ "v=STSv1; id=01234567890123456789012345678901", "01234567890123456789012345678901" },
		{ "v=STSv1; id=012345678901234567890123456789012", NULL }, /* 33 */
		{ "v=STSv1; id=", NULL },
		{ "v=STSv1;", NULL },
		{ "v=STSv1; id=a; id=b", NULL },
		{ "v=STSv1; id=a-b", NULL },
		{ "v=STSv1; id=a b", NULL },
		{ "v=STSv2; id=a", NULL },
		{ "v=STSv11; id=a", NULL },
		{ "id=a; v=STSv1", NULL },
		{ "", NULL },
		{ ";", NULL },
		{ "v=spf1 -all", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char id[WG_STS_ID] = "untouched";
		assert_int_equal(wg_sts_read_txt(table[i].txt, id), table[i].id != NULL);
		assert_string_equal(id, table[i].id != NULL ? table[i].id : "untouched");
	}
}

#define HEAD "version: STSv1\n"
static void test_policy(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fault; /* NULL: good */
		enum wg_sts_mode mode;
		uint32_t max_age;
		unsigned mx;
	} table[] = {
		{ HEAD "mode: enforce\nmx: mail.example\nmx: *.example.net\nmax_age: 604800\n", NULL, WG_STS_MODE_ENFORCE,
		  604800, 2 },
		{ "version: STSv1\r\nmode: testing\r\nmx: a.example\r\nmax_age: 1\r\n", NULL, WG_STS_MODE_TESTING, 1, 1 },
		{ HEAD "mode:none\nmax_age:86400", NULL, WG_STS_MODE_NONE, 86400, 0 },
		{ HEAD "  mode :  enforce  \nmx:\ta.example\nmax_age: 5\n\n", NULL, WG_STS_MODE_ENFORCE, 5, 1 },
		{ HEAD "mode: enforce\nmode: none\nmx: a.example\nmax_age: 5\nmax_age: 6\n", NULL, WG_STS_MODE_ENFORCE, 5, 1 },
		{ HEAD "mode: enforce\nlater: thing\nmx: a.example\nmax_age: 5\n", NULL, WG_STS_MODE_ENFORCE, 5, 1 },
		{ HEAD "mode: enforce\nmx: a.example\nmax_age: 9999999999\n", NULL, WG_STS_MODE_ENFORCE, WG_STS_AGE_MAX, 1 },
		{ HEAD "mode: enforce\nmx: MAIL.Example\nmax_age: 5\n", NULL, WG_STS_MODE_ENFORCE, 5, 1 },
		{ "", "missing", 0, 0, 0 },
		{ "mode: enforce\nmx: a.example\nmax_age: 5\n", "missing", 0, 0, 0 },
		{ "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 5\n", "version", 0, 0, 0 },
		{ HEAD "mx: a.example\nmax_age: 5\n", "missing", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a.example\n", "missing", 0, 0, 0 },
		{ HEAD "mode: enforce\nmax_age: 5\n", "no server", 0, 0, 0 },
		{ HEAD "mode: Enforce\nmx: a.example\nmax_age: 5\n", "mode", 0, 0, 0 },
		{ HEAD "mode: report\nmx: a.example\nmax_age: 5\n", "mode", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a.example\nmax_age: -5\n", "max_age", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a.example\nmax_age: 5s\n", "max_age", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a.example\nmax_age: 99999999999\n", "max_age", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: *\nmax_age: 5\n", "server that cannot be", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: *.*.example\nmax_age: 5\n", "server that cannot be", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: m*.example\nmax_age: 5\n", "server that cannot be", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx:\nmax_age: 5\n", "server", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a b\nmax_age: 5\n", "server that cannot be", 0, 0, 0 },
		{ HEAD "mode enforce\nmx: a.example\nmax_age: 5\n", "no field", 0, 0, 0 },
		{ HEAD "mode: enforce\rmx: a.example\rmax_age: 5\n", "line", 0, 0, 0 },
		{ HEAD "mode: enforce\nmx: a.example\nmax_age: 5\n\x7f", "plain text", 0, 0, 0 },
		{ "<html>\n", "no field", 0, 0, 0 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_sts_policy policy = { .max_age = 42 };
		struct wg_err err = { 0 };
		enum wg_code code = wg_sts_read(table[i].text, strlen(table[i].text), &policy, &err);
		assert_int_equal(code, table[i].fault == NULL ? WG_OK : WG_REJECT);
		if (code != WG_OK) {
			if (strstr(err.text, table[i].fault) == NULL)
				fail_msg("%s: %s", table[i].text, err.text);
			assert_int_equal(policy.max_age, 42);
			continue;
		}
		assert_int_equal(policy.mode, table[i].mode);
		assert_int_equal(policy.max_age, table[i].max_age);
		assert_int_equal(policy.mx_count, table[i].mx);
	}
}

static void test_policy_limits(void **state)
{
	(void)state;
	struct wg_sts_policy policy;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf text = WG_BUF((size_t)1 << 20);
	wg_buf_puts(&text, HEAD "mode: enforce\nmax_age: 5\n");
	for (int i = 0; i < WG_STS_MX; i++)
		wg_buf_printf(&text, "mx: mx%d.example\n", i);
	assert_int_equal(wg_sts_read(text.data, text.len, &policy, &err), WG_OK);
	assert_int_equal(policy.mx_count, WG_STS_MX);
	wg_buf_puts(&text, "mx: one.more.example\n");
	assert_int_equal(wg_sts_read(text.data, text.len, &policy, &err), WG_REJECT);
	wg_buf_reset(&text);
	wg_buf_puts(&text, HEAD "mode: none\nmax_age: 5\nx: ");
	for (int i = 0; i < 1000; i++)
		wg_buf_putc(&text, 'x');
	assert_int_equal(wg_sts_read(text.data, text.len, &policy, &err), WG_REJECT);
	wg_buf_reset(&text);
	wg_buf_puts(&text, HEAD "mode: none\nmax_age: 5\n");
	while (text.len <= WG_STS_BODY_MAX)
		wg_buf_puts(&text, "x: y\n");
	assert_int_equal(wg_sts_read(text.data, text.len, &policy, &err), WG_REJECT);
	assert_int_equal(wg_sts_read("a\0b", 3, &policy, &err), WG_REJECT);
}

/* RFC 8461 section 4.1, with RFC 6125 6.4: a wildcard is one whole label. */
static void test_match(void **state)
{
	(void)state;
	static const struct {
		const char *mx, *host;
		bool match;
	} table[] = {
		{ "mail.example", "mail.example", true },         { "mail.example", "MAIL.EXAMPLE", true },
		{ "mail.example", "mail.example.net", false },    { "mail.example", "xmail.example", false },
		{ "*.example.net", "a.example.net", true },       { "*.example.net", "A.Example.Net", true },
		{ "*.example.net", "a.b.example.net", false },    { "*.example.net", "example.net", false },
		{ "*.example.net", ".example.net", false },       { "*.example.net", "aexample.net", false },
		{ "*.example.net", "a.example.net.evil", false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_sts_policy policy = { .mx_count = 1 };
		(void)snprintf(policy.mx[0], sizeof policy.mx[0], "%s", table[i].mx);
		assert_int_equal(wg_sts_match(&policy, table[i].host), table[i].match);
	}
	struct wg_sts_policy none = { 0 };
	assert_false(wg_sts_match(&none, "mail.example"));
}

/* ---- what is remembered */

static char folder[] = "/tmp/wardgate-sts-XXXXXX";

static void path_of(const char *domain, char path[PATH_MAX])
{
	char hash[WG_HASH_TEXT];
	wg_sha256_hex(domain, strlen(domain), hash);
	(void)snprintf(path, PATH_MAX, "%s/%s.sts", folder, hash);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static void test_remembered(void **state)
{
	(void)state;
	static const char body[] = HEAD "mode: enforce\nmx: mail.example\nmax_age: 100\n";
	static struct wg_sts_kept kept;
	struct wg_err err = { 0 };
	const int64_t t = 1700000000000;
	assert_false(wg_sts_recall(folder, "council.example", t, &kept));
	assert_int_equal(wg_sts_remember(folder, "council.example", "a1", t, body, strlen(body), &err), WG_OK);
	assert_true(wg_sts_recall(folder, "council.example", t, &kept));
	assert_string_equal(kept.id, "a1");
	assert_true(kept.fetched == t && kept.policy.mode == WG_STS_MODE_ENFORCE && kept.policy.mx_count == 1);
	assert_true(wg_sts_recall(folder, "council.example", t + 99999, &kept));
	assert_false(wg_sts_recall(folder, "council.example", t + 100000, &kept));  /* max_age is over */
	assert_true(wg_sts_recall(folder, "council.example", t - 86400000, &kept)); /* a clock set back ends nothing */
	assert_false(wg_sts_recall(folder, "other.example", t, &kept));
	assert_int_equal(wg_sts_remember(folder, "council.example", "b2", t + 5, body, strlen(body), &err), WG_OK);
	assert_true(wg_sts_recall(folder, "council.example", t, &kept));
	assert_string_equal(kept.id, "b2");
	assert_int_not_equal(wg_sts_remember("/nonexistent/folder", "council.example", "a", t, body, 5, &err), WG_OK);
}

/* One domain's policy is not another's, and what was cut or edited is none. */
static void test_damaged(void **state)
{
	(void)state;
	static struct wg_sts_kept kept;
	struct wg_err err = { 0 };
	static const char body[] = HEAD "mode: enforce\nmx: mail.example\nmax_age: 100\n";
	assert_int_equal(wg_sts_remember(folder, "specimen.example", "a1", 1000, body, strlen(body), &err), WG_OK);
	char path[PATH_MAX];
	path_of("specimen.example", path);
	WG_AUTO_BUF struct wg_buf file = WG_BUF((size_t)4096);
	assert_int_equal(wg_file_read(path, &file, &err), WG_OK);
	for (size_t cut = 0; cut < file.len - 1; cut++) {
		assert_int_equal(wg_file_write(path, file.data, cut, 0600, &err), WG_OK);
		bool recalled = wg_sts_recall(folder, "specimen.example", 1000, &kept);
		/* a whole number of seconds is the one thing whose end does not show */
		assert_true(!recalled || kept.policy.max_age < 100);
	}
	static const char *const heads[] = { "wardgate-sts-1 other.example a1 1000\n",
		                                 "wardgate-sts-2 specimen.example a1 1000\n",
		                                 "wardgate-sts-1 specimen.example a1 -1\n",
		                                 "wardgate-sts-1 specimen.example a1\n",
		                                 "\n",
		                                 "wardgate-sts-1 specimen.example 012345678901234567890123456789012 1\n" };
	for (size_t i = 0; i < WG_COUNT(heads); i++) {
		WG_AUTO_BUF struct wg_buf edited = WG_BUF((size_t)4096);
		wg_buf_printf(&edited, "%s%s", heads[i], body);
		assert_int_equal(wg_file_write(path, edited.data, edited.len, 0600, &err), WG_OK);
		assert_false(wg_sts_recall(folder, "specimen.example", 1000, &kept));
	}
}

static int remove_folder(void **state)
{
	(void)state;
	char path[PATH_MAX];
	static const char *const domains[] = { "council.example", "specimen.example" };
	for (size_t i = 0; i < WG_COUNT(domains); i++) {
		path_of(domains[i], path);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_txt),   cmocka_unit_test(test_policy),     cmocka_unit_test(test_policy_limits),
		cmocka_unit_test(test_match), cmocka_unit_test(test_remembered), cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
