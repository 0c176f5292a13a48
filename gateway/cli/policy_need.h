/* The list of what policies answer for (policy/tests/requirements.txt): one requirement a line, "ID | title", or with a
 * third column that says why no rule can meet it. */
#ifndef WG_CLI_POLICY_NEED_H
#define WG_CLI_POLICY_NEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Requirements of one list; the five protocols have 135. */
#define WG_POLICY_NEEDS_MAX 1000
/* "MK-40" */
#define WG_POLICY_NEED_ID 8

enum wg_policy_need_how { WG_NEED_RULE, WG_NEED_PRODUCT, WG_NEED_OUTSIDE, WG_NEED_UNSAID };

struct wg_policy_need {
	char id[WG_POLICY_NEED_ID];
	unsigned line;
	enum wg_policy_need_how how;
	char *title, *where, *why;  /* where: of PRODUCT only; why: of all but RULE; otherwise NULL */
	struct wg_buf rules, tests; /* what answers it, for the table */
};

struct wg_policy_needs {
	struct wg_policy_need *list;
	unsigned count;
};

/* WG_CONFIG with file:line for what is not such a line, or a number that comes twice. */
enum wg_code wg_policy_needs_read(const char *bytes, size_t len, const char *file, struct wg_policy_needs *out,
                                  struct wg_err *err) WG_MUST;
void wg_policy_needs_free(struct wg_policy_needs *needs);
#define WG_AUTO_NEEDS __attribute__((cleanup(wg_policy_needs_free)))
/* NULL when there is none. */
struct wg_policy_need *wg_policy_needs_find(const struct wg_policy_needs *needs, const char *id);

/* The next number that a text cites, such as "S-05"; of "F-01 to F-05" each in turn. *at moves on; a cursor starts as
 * { text }. Only letters S, MK and R: the others are not requirements of policies. False at the end. */
struct wg_policy_cites {
	const char *at;
	char letters[3];
	unsigned next, last; /* of a range that is not at its end */
};
bool wg_policy_cites_next(struct wg_policy_cites *cites, char out[WG_POLICY_NEED_ID]);

#endif
