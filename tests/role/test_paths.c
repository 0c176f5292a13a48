/* Paths beside files, and where the gateway finds its own: this program lies in a build tree. */
#include "role/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_beside(void **state)
{
	(void)state;
	static const struct {
		const char *base, *name, *want;
	} table[] = {
		{ "/etc/wardgate/gateway.xml", "directory.xml", "/etc/wardgate/directory.xml" },
		{ "/etc/wardgate/gateway.xml", "../ca.pem", "/etc/wardgate/../ca.pem" },
		{ "/etc/wardgate/gateway.xml", "/srv/ca.pem", "/srv/ca.pem" },
		{ "/gateway.xml", "state", "/state" },
		{ "gateway.xml", "state", "state" },
		{ "a/gateway.xml", "b/c", "a/b/c" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char out[WG_PATH_TEXT];
		assert_int_equal(wg_path_beside(table[i].base, table[i].name, out, NULL), WG_OK);
		assert_string_equal(out, table[i].want);
	}
}

/* At the limit, one below and one above it: the whole path, or none. */
static void test_long(void **state)
{
	(void)state;
	char name[2 * WG_PATH_TEXT], out[WG_PATH_TEXT];
	struct wg_err err = { 0 };
	for (size_t n = WG_PATH_TEXT - 8; n < WG_PATH_TEXT + 8; n++) {
		memset(name, 'n', n);
		name[n] = '\0';
		/* alone; behind "/d/" */
		assert_int_equal(wg_path_beside("gateway.xml", name, out, &err), n < WG_PATH_TEXT ? WG_OK : WG_LIMIT);
		enum wg_code want = n + 3 < WG_PATH_TEXT ? WG_OK : WG_LIMIT;
		assert_int_equal(wg_path_beside("/d/gateway.xml", name, out, &err), want);
		if (want == WG_OK)
			assert_int_equal(strlen(out), n + 3);
		else
			assert_non_null(strstr(err.text, "path too long"));
		assert_int_equal(wg_path_join("/d", name, out, &err), want);
		/* a base that is too long itself */
		name[n - 1] = '/';
		assert_int_equal(wg_path_beside(name, "x", out, &err), n + 1 < WG_PATH_TEXT ? WG_OK : WG_LIMIT);
	}
}

static void test_found(void **state)
{
	(void)state;
	struct wg_paths paths;
	struct wg_err err = { 0 };
	char path[WG_PATH_TEXT];
	if (wg_paths_find(NULL, NULL, &paths, &err) != WG_OK)
		fail_msg("%s", err.text);
	const char *const there[][2] = {
		{ paths.xsd, "config.xsd" },
		{ paths.xsd, "wardgate/1/notice.xsd" },
		{ paths.readers, "wardgate-reader-xml" },
	};
	for (size_t i = 0; i < WG_COUNT(there); i++) {
		assert_int_equal(wg_path_join(there[i][0], there[i][1], path, &err), WG_OK);
		assert_int_equal(access(path, R_OK), 0);
		assert_int_equal(path[0], '/');
		assert_null(strstr(path, "/../"));
	}
	assert_int_equal(access(paths.program, X_OK), 0);
}

/* What the operator names is there, or that is said: nothing else is tried in its place. */
static void test_named(void **state)
{
	(void)state;
	struct wg_paths paths;
	struct wg_err err = { 0 };
	assert_int_equal(wg_paths_find(WG_SOURCE_DIR, NULL, &paths, &err), WG_OK);
	assert_string_equal(paths.xsd, WG_SOURCE_DIR "/xsd");
	assert_int_equal(wg_paths_find("/nowhere", NULL, &paths, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere"));
	assert_non_null(strstr(err.text, "data="));
	assert_int_equal(wg_paths_find(NULL, "/nowhere", &paths, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere"));
	assert_non_null(strstr(err.text, "readers="));
	assert_int_equal(setenv("WARDGATE_DATA", WG_SOURCE_DIR, 1), 0);
	assert_int_equal(wg_paths_find(NULL, NULL, &paths, &err), WG_OK);
	assert_int_equal(unsetenv("WARDGATE_DATA"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_beside), cmocka_unit_test(test_long),
		                                cmocka_unit_test(test_found), cmocka_unit_test(test_named) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
