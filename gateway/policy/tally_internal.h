/* What the rules that apply to one recipient say of the categories. */
#ifndef WG_POLICY_TALLY_INTERNAL_H
#define WG_POLICY_TALLY_INTERNAL_H

#include "policy/policy_internal.h"

#define WG_TALLY_CATEGORIES 64 /* a set has 64 bits */

struct wg_tally {
	wg_categories shared, lifted;  /* by share rules; of those, by rules with overrides="consent" */
	wg_categories withheld, gated; /* by withhold rules; by those with unless="consent" whose consent is not given */
	wg_categories say, never_say;  /* markers of what is withheld */
	wg_categories gate_say, gate_never; /* the same of what is gated */
	wg_categories unreviewed;           /* free text of these goes without a person having read it */
	bool asked;                         /* a gate asked for consent */
	/* Per category, the first rule that does it. */
	const struct wg_rule *sharer[WG_TALLY_CATEGORIES], *lifter[WG_TALLY_CATEGORIES], *withholder[WG_TALLY_CATEGORIES],
		*gater[WG_TALLY_CATEGORIES];
	enum wg_consent_state consent[WG_TALLY_CATEGORIES]; /* of those that are in the notice or may be in its text */
};

/* One more rule that applies: share or withhold. */
void wg_tally_add(struct wg_tally *tally, const struct wg_rule *rule);
/* What this recipient may have, whether it is in the notice or not. */
wg_categories wg_tally_allowed(const struct wg_tally *tally);
/* The rule that keeps back the first of these that another rule would give; NULL when there is none. */
const struct wg_rule *wg_tally_keeper(const struct wg_tally *tally, wg_categories present);
/* Fills granted, withheld, overridden, mark and reasons of a decision. */
enum wg_code wg_tally_close(const struct wg_tally *tally, wg_categories present, struct wg_decision *out,
                            struct wg_err *err) WG_MUST;

#endif
