/* Deadlines of a delivery: what has to come back from a recipient, by when, and who is told when it does not. Pure:
 * facts and an instant in, the next thing to do out. The rules are <deadline> of a policy; what a level is stands in
 * store/RECEIPTS.md. */
#ifndef WG_POLICY_CONFIRM_H
#define WG_POLICY_CONFIRM_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/decide.h"

/* In their order: who has reached one has reached those before it. */
enum wg_confirm_level {
	WG_CONFIRM_HANDED_OVER, /* the next machine on the way has taken it */
	WG_CONFIRM_RECEIVED,    /* the other side's machine has it for good */
	WG_CONFIRM_OPENED,      /* it was displayed to, or fetched by, somebody */
	WG_CONFIRM_ACKNOWLEDGED /* a named person has it */
};
#define WG_CONFIRM_LEVELS 4
const char *wg_confirm_level_name(enum wg_confirm_level level); /* "handed-over", "received", ... */

enum wg_confirm_whom {
	WG_CONFIRM_ALTERNATE,    /* the desk's alternate= in the directory */
	WG_CONFIRM_OUT_OF_HOURS, /* its out-of-hours= */
	WG_CONFIRM_SENDER, /* who handed the notice in: the desk with the role "notifications", or to which a form goes back
	                    */
	WG_CONFIRM_OPERATOR, /* the desk of our own organisation with the role "operator" */
	WG_CONFIRM_ROLE      /* a role in our own organisation */
};
#define WG_CONFIRM_WHOMS 5

/* Roles of the directory that are looked for by name. */
#define WG_CONFIRM_ROLE_OPERATOR "operator"
#define WG_CONFIRM_ROLE_SENDER "notifications"

/* Kinds of notice that are under no rule, whatever a policy says: an alarm that nobody confirms must not alarm for
 * ever. */
bool wg_confirm_exempt(const char *kind);

/* What is known of one delivery. Texts may be ""; instants are wall ms, 0 for not yet. */
struct wg_confirm_facts {
	const char *rule; /* id of the rule it was decided under */
	const char *kind, *organisation, *desk, *role, *of;
	const char *sender;                                  /* organisation that handed the notice in */
	const char *self;                                    /* organisation of this gateway */
	int64_t since;                                       /* from when its time counts */
	int64_t handed_over, received, opened, acknowledged; /* each counts for those before it too */
	bool failed;    /* it will not arrive, or was refused: nobody waits for the rest of the time */
	bool hidden;    /* the sender may not know of this recipient: the operator is told in the sender's place */
	bool ended;     /* recalled, withheld, superseded: nothing is expected any more */
	unsigned steps; /* of the rule's, told or passed so far */
};

enum wg_confirm_what { WG_CONFIRM_WAIT, WG_CONFIRM_TELL, WG_CONFIRM_OVER };

struct wg_confirm_desk {
	const struct wg_organisation *organisation; /* NULL: there is none */
	const struct wg_desk *desk;
};

struct wg_confirm_next {
	enum wg_confirm_what what;
	int64_t at;     /* WAIT: when to look again; TELL: when that step was due */
	unsigned steps; /* TELL: to be kept as told */
	enum wg_confirm_level missing;
	enum wg_confirm_whom whom; /* TELL: as the rule says; "to" may be another's when there is no such desk */
	struct wg_confirm_desk to; /* TELL */
	const char *source;        /* of the rule; lives as long as the policy. NULL: there is no rule */
	bool in_vain; /* OVER: something is missing, and there is no rule, or nobody who could be told: policy or directory
	                 may yet be mended */
};

/* The next thing to do about a delivery at the instant now; never fails. Steps come in order, each at most once; one
 * whose level was reached is passed over; for one whose desk is not there, is suspended or is the recipient itself, the
 * next whom the rule names is told in its place, at its time, and at last the operator; nobody is told twice that the
 * same level is missing. A sender is not told of a recipient that is hidden from it. When the rule is gone from the
 * policy, the one counts that the policy has now for the kind and recipient without looking at the notice. */
void wg_confirm_next(const struct wg_policy *policy, const struct wg_directory *directory,
                     const struct wg_confirm_facts *facts, int64_t now, struct wg_confirm_next *out);

/* The desk of an organisation that hears what became of what it sent: with the role "notifications", otherwise the one
 * to which the policy returns forms. organisation NULL when there is none. */
struct wg_confirm_desk wg_confirm_sender(const struct wg_policy *policy, const struct wg_directory *directory,
                                         const char *organisation);

/* For tools and tests: the steps of a rule. false when there is none of that number, or no such rule. */
struct wg_confirm_step_view {
	enum wg_confirm_level missing;
	const char *after, *in;       /* "PT15M"; "" for all hours, "desk", or the name of hours */
	char tell[WG_LIMIT_NAME + 8]; /* "alternate", "role:front-door" */
};
bool wg_confirm_step(const struct wg_policy *policy, const char *rule, unsigned i, struct wg_confirm_step_view *out);
/* When that step is due, its time counted from since at the desk (NULL: one without hours): INT64_MAX for never. */
int64_t wg_confirm_step_due(const struct wg_policy *policy, const char *rule, unsigned i, const struct wg_desk *desk,
                            int64_t since);

#endif
