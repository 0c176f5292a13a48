/* Memory that is refused once while schema and maps are loaded: an attribute that could not be copied looks like one
 * that is not there, and a schema without its minOccurs, or a map without its conditions, must not be put to use. */
#include "notice/map.h"
#include "notice_fixture.h"

/* Of so many places, spread over the whole load: each takes a load of its own. */
#define PLACES 20

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);

static unsigned long asked, fails_at; /* 0: never */

/* The linker puts this before every call of our own rooms. */
char *__wrap_strdup(const char *s)
{
	return ++asked == fails_at ? NULL : __real_strdup(s);
}

static enum wg_code load(bool maps, struct wg_err *err)
{
	struct wg_schema *again = NULL;
	struct wg_maps *all = NULL;
	asked = 0;
	enum wg_code code = maps ? wg_maps_load(WG_SOURCE_DIR "/adapters/maps", XSD_DIR, schema, &all, err)
	                         : wg_schema_load(XSD_DIR, &again, err);
	assert_int_equal(code == WG_OK, again != NULL || all != NULL);
	wg_schema_freep(&again);
	wg_maps_freep(&all);
	return code;
}

static void refuse_each(bool maps)
{
	struct wg_err err = { 0 };
	fails_at = 0;
	assert_wg(load(maps, &err));
	const unsigned long all = asked;
	assert_true(all > PLACES);
	for (unsigned long i = 0; i < PLACES; i++) {
		fails_at = 1 + i * (all - 1) / (PLACES - 1);
		err = (struct wg_err){ 0 };
		if (load(maps, &err) == WG_OK)
			fail_msg("copy %lu of %lu was refused, and what was loaded is put to use", fails_at, all);
	}
	fails_at = 0; /* and it harms no later one */
	assert_wg(load(maps, &err));
}

static void test_schema(void **state)
{
	(void)state;
	refuse_each(false);
}

static void test_maps(void **state)
{
	(void)state;
	refuse_each(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_schema), cmocka_unit_test(test_maps) };
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
