/* Schema and maps of which memory was refused while they were loaded: a schema without its minOccurs, or a map without
 * its conditions, must not be put to use. */
#include "../refused_copy.h"
#include "notice/map.h"
#include "notice_fixture.h"

static enum wg_code load_again(const char *folder, struct wg_err *err)
{
	struct wg_schema *again = NULL;
	enum wg_code code = wg_schema_load(folder, &again, err);
	assert_int_equal(code == WG_OK, again != NULL);
	wg_schema_freep(&again);
	return code;
}

static enum wg_code load_maps(const char *folder, struct wg_err *err)
{
	struct wg_maps *all = NULL;
	enum wg_code code = wg_maps_load(folder, XSD_DIR, schema, &all, err);
	assert_int_equal(code == WG_OK, all != NULL);
	wg_maps_freep(&all);
	return code;
}

static void test_schema(void **state)
{
	(void)state;
	refuse_each_copy(load_again, XSD_DIR);
}

static void test_maps(void **state)
{
	(void)state;
	refuse_each_copy(load_maps, WG_SOURCE_DIR "/adapters/maps");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_schema), cmocka_unit_test(test_maps) };
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
