/* A policy in sentences that a data protection officer can sign. */
#ifndef WG_POLICY_SAY_INTERNAL_H
#define WG_POLICY_SAY_INTERNAL_H

#include "policy/policy_internal.h"

/* say_when.c: a condition in words; what has none stands in quotes as it was written. */
void wg_say_when(const char *condition, struct wg_buf *out);

/* say.c: one item in a sentence or two. */
void wg_say_item(const struct wg_policy *policy, const struct wg_item *item, struct wg_buf *out);
/* items.c: id and text of every item, once all layers are read. */
enum wg_code wg_policy_fill_items(struct wg_policy *policy, struct wg_err *err) WG_MUST;
/* "the police force's missing persons unit": what its <role> says of it, up to the first colon or full stop. */
void wg_say_role(const struct wg_policy *policy, unsigned role, struct wg_buf *out);
/* "PT4H" as "4 hours". */
void wg_say_time(const char *text, struct wg_buf *out);
/* "the kinds found and recall", "the missing persons unit and the home", " (host or named in the notice)", ", from ...,
 * when ...", " Only for children of or in the authorities 830.": as they stand in a sentence. */
void wg_say_kinds(const struct wg_policy *policy, const struct wg_set *set, struct wg_buf *out);
void wg_say_roles(const struct wg_policy *policy, const struct wg_set *set, struct wg_buf *out);
void wg_say_sides(unsigned sides, struct wg_buf *out);
void wg_say_bounds(const struct wg_span *span, const struct wg_when *when, struct wg_buf *out);
void wg_say_areas(const struct wg_policy_layer *layer, struct wg_buf *out);
/* Hyphens as blanks: "return interview". */
void wg_say_name(const char *name, struct wg_buf *out);

#endif
