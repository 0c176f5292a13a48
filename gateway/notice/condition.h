/* Conditions: XPath 1.0 over the facts of a notice, with variables and a few functions given by the caller. */
#ifndef WG_NOTICE_CONDITION_H
#define WG_NOTICE_CONDITION_H

#include <stdbool.h>

#include "base/err.h"

struct _xmlDoc;
struct _xmlXPathContext;
struct wg_condition; /* a compiled expression; immutable */

/* What expressions may name. Both lists are NULL-terminated; anything else stops the load. */
struct wg_vocabulary {
	const char *const *functions; /* our own, e.g. "consent", "age"; all take strings and give a string */
	const char *const *variables; /* without "$" */
};

/* Compiles text and checks that every function is of XPath 1.0's own or in the vocabulary, every variable in the
 * vocabulary, and that every element or attribute name it mentions exists in the notice schema. WG_CONFIG with the
 * unknown name and the nearest known one. */
struct wg_schema;
enum wg_code wg_condition_compile(const char *text, const struct wg_vocabulary *vocabulary,
                                  const struct wg_schema *schema, struct wg_condition **out, struct wg_err *err)
	WG_MUST;
void wg_condition_freep(struct wg_condition **condition);

/* What one test leaves for the next, of whatever notice, so that many conditions cost less. Zeroed at first; freed by
 * wg_condition_spare_free. Not shared between threads. */
#define WG_CONDITION_SPARE 4 /* tests within each other that find one: definitions that use definitions */
struct wg_condition_spare {
	struct _xmlXPathContext *context[WG_CONDITION_SPARE];
	unsigned count;
};
void wg_condition_spare_free(struct wg_condition_spare *spare);

/* Answers a function or variable of the vocabulary: a string that lives until the next call, or NULL for "". */
struct wg_answers {
	const char *(*function)(void *arg, const char *name, const char *const *args, int n);
	const char *(*variable)(void *arg, const char *name);
	void *arg;
	struct wg_condition_spare *spare; /* may be NULL */
};

/* Evaluates to a boolean with the <notice> element as context. Bounded in steps (a named operation limit). A failure is
 * an error, never "false". facts comes from wg_notice_facts. */
enum wg_code wg_condition_test(const struct wg_condition *condition, struct _xmlDoc *facts,
                               const struct wg_answers *answers, bool *out, struct wg_err *err) WG_MUST;

#endif
