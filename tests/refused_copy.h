/* Memory that is refused once to who loads a file: an attribute that could not be copied looks like one that is not
 * there, so what was loaded must not be put to use. The linker puts __wrap_strdup before every copy of a text that our
 * own rooms make (-Wl,--wrap=strdup). */
#ifndef WG_REFUSED_COPY_H
#define WG_REFUSED_COPY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* Of so many places, spread over the whole load: each takes a load of its own. */
#define REFUSED_COPIES 20

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);

static unsigned long copies, refused_copy; /* 0: none */

char *__wrap_strdup(const char *s)
{
	return ++copies == refused_copy ? NULL : __real_strdup(s);
}

/* load gives WG_OK only with something that could be used, and frees it. */
static void refuse_each_copy(enum wg_code (*load)(const char *what, struct wg_err *err), const char *what)
{
	struct wg_err err = { 0 };
	copies = refused_copy = 0;
	assert_int_equal(load(what, &err), WG_OK);
	const unsigned long all = copies;
	assert_true(all > REFUSED_COPIES);
	for (unsigned long i = 0; i < REFUSED_COPIES; i++) {
		copies = 0;
		refused_copy = 1 + i * (all - 1) / (REFUSED_COPIES - 1);
		err = (struct wg_err){ 0 };
		if (load(what, &err) == WG_OK)
			fail_msg("copy %lu of %lu was refused, and what was loaded is put to use", refused_copy, all);
	}
	refused_copy = 0; /* and it harms no later one */
	assert_int_equal(load(what, &err), WG_OK);
}

#endif
