/* The deadlines of a policy in its own form. */
#ifndef WG_POLICY_CONFIRM_INTERNAL_H
#define WG_POLICY_CONFIRM_INTERNAL_H

#include "policy/confirm.h"
#include "policy/policy_internal.h"

/* Steps of one rule: four levels, and whom there is to tell of each. */
#define WG_CONFIRM_STEPS 12

/* How long a step waits. */
struct wg_confirm_wait {
	char text[8];
	int64_t ms;    /* of elapsed, or of open, time */
	unsigned days; /* "P2D" with in=: so many days on which it is open; 0 otherwise */
};

struct wg_confirm_step {
	enum wg_confirm_level missing;
	struct wg_confirm_wait after;
	char in[WG_LIMIT_NAME + 1]; /* "": all hours; "desk": those of the desk */
	enum wg_confirm_whom whom;
	char role[WG_LIMIT_NAME + 1]; /* WG_CONFIRM_ROLE */
};
#define WG_CONFIRM_IN_DESK "desk"

struct wg_deadline {
	char id[WG_POLICY_RULE_ID];
	unsigned layer;
	struct wg_set kinds, to, except; /* to: without those of except= */
	unsigned sides;                  /* as a rule's */
	char *at;                        /* kinds of organisation; "" for any */
	struct wg_when when;
	struct wg_confirm_step steps[WG_CONFIRM_STEPS];
	unsigned step_count;
	char *source, *note;
};

/* policy_confirm.c */
void wg_deadlines_free(struct wg_policy *policy);

/* confirm.c: the rule for one recipient of a notice: of those that apply, the one that names the kind before *, then
 * one with a condition, then one that names recipients, then that of the highest layer, then the last that was written.
 * NULL when there is none. judged: for each rule -1, or whether its condition is true; filled as they are asked. */
enum wg_code wg_confirm_choose(struct wg_facts_view *view, const struct wg_recipient *to, const char *at,
                               signed char *judged, const struct wg_deadline **out, struct wg_err *err) WG_MUST;
const struct wg_deadline *wg_confirm_find(const struct wg_policy *policy, const char *id);

/* confirm_time.c: the instant at which that much time has passed since then; hours "": all time counts, and so it does
 * when the policy has no hours of that name. INT64_MAX: never. */
int64_t wg_confirm_due(const struct wg_policy *policy, const char *hours, int64_t since,
                       const struct wg_confirm_wait *wait);
/* The first instant from then on at which it is open; INT64_MAX: never. */
int64_t wg_confirm_opens(const struct wg_policy *policy, const char *hours, int64_t from);

/* say_confirm.c */
void wg_say_deadline(const struct wg_policy *policy, const struct wg_deadline *one, struct wg_buf *out);
/* conflicts_confirm.c: what a reader of the deadlines would overlook. *found counts. */
enum wg_code wg_confirm_conflicts(const struct wg_policy *policy, const struct wg_directory *directory,
                                  struct wg_buf *out, unsigned *found, struct wg_err *err) WG_MUST;

#endif
