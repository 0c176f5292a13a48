/* Decisions: who gets what of a notice, and why. Pure: facts in, decision out; no clock, no store, no network. */
#ifndef WG_POLICY_DECIDE_H
#define WG_POLICY_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "notice/category.h"
#include "notice/notice.h"
#include "policy/consent.h"
#include "policy/directory.h"
#include "policy/told.h"

struct wg_policy;

/* Loads path and, through extends=, the layers below it from the same folder; validated by xsd_dir/policy.xsd. Anything
 * unknown (attribute, function, variable, category, role, kind) is WG_CONFIG with file:line and the nearest known name.
 * A granting rule without basis or source does not load. */
enum wg_code wg_policy_load(const char *path, const char *xsd_dir, const struct wg_schema *schema,
                            struct wg_policy **out, struct wg_err *err) WG_MUST;
void wg_policy_freep(struct wg_policy **policy);
/* "staffordshire-stoke 2026-11-22" and the SHA-256 over all layers, hex. */
const char *wg_policy_version(const struct wg_policy *policy);
const char *wg_policy_hash(const struct wg_policy *policy);
/* Whether a layer declares the role. */
bool wg_policy_has_role(const struct wg_policy *policy, const char *role);
/* The one that is spelt most like it; "" when none comes near. */
const char *wg_policy_role_nearest(const struct wg_policy *policy, const char *role);

/* Whether the grade of risk of a notice (episode/risk, or update/new-risk) is one that the region has for a child: by
 * the <grades> of the host authority, otherwise of the placing one. True when it is, when neither has any or nothing is
 * graded, and when the child is 18 on the day of now (RFC 3339; NULL: not asked). Otherwise false, and why says so in a
 * sentence without personal data ("the grade of risk is not one that authority 860 has for a child in a first report:
 * MEDIUM HIGH (SSOT 6)"): a person must look, and the notice goes on to its recipients meanwhile. */
bool wg_policy_grade(const struct wg_policy *policy, const struct wg_notice *notice, const char *now, char *why,
                     size_t size);
/* Room for every such sentence. */
#define WG_POLICY_GRADE_TEXT 384

/* What is known beside the notice itself. Text; NULL or "" when unknown. */
struct wg_facts {
	const char *self;      /* organisation of this gateway */
	const char *submitter; /* organisation that handed it in */
	bool own;              /* this gateway wrote it itself: whom it is addressed to is honoured */
	const char
		*now; /* RFC 3339: for age(), working-hours() and the dates of rules; never read from a clock. Required */
	const char *live_episode; /* whether the child is missing now: "yes", "no", NULL when that is not known */
	/* The records of this child, those that came with this notice among them; NULL: only what the notice itself says
	 * counts. */
	const struct wg_consents *consents;
	/* Who has, or will have, what this notice concerns. */
	const struct wg_told *told;
	unsigned told_count;
};

enum wg_effect { WG_SHARE, WG_WITHHOLD, WG_REVIEW, WG_DENY };

/* Why one category is given or not. Strings live as long as the policy. */
struct wg_reason {
	unsigned category;     /* number of the category */
	enum wg_effect effect; /* WG_SHARE, or WG_WITHHOLD (also when nothing grants it: rule is then NULL) */
	const char *rule;      /* id, "policy/rule", or NULL */
	const char *basis;     /* "UK GDPR 6(1)(e), 9(2)(g); DPA 2018 schedule 1 paragraph 18", or NULL */
	const char *source;    /* "SSOT 18.4" or NULL */
	const char *consent;   /* the state for this role and category: "given", "refused", ...; static text, never NULL */
	bool override;         /* given by a rule with overrides="consent" although consent is needed and not given */
	const char *kept_back; /* override: the rule with unless="consent" that would have kept it back; NULL otherwise */
};

enum wg_verdict { WG_VERDICT_SEND, WG_VERDICT_REVIEW, WG_VERDICT_DENY };

struct wg_decision {
	const struct wg_organisation *organisation;
	const struct wg_desk *desk;
	char role[WG_LIMIT_NAME + 1];
	char of[WG_LIMIT_NAME +
	        1];     /* "placing", "host", "sender", "named", "national", "addressed"; who is reached as one that was
	                 * told before has the side under which it was, or "told" where that is not known */
	char also[256]; /* other roles that lead to the same desk, "police-missing of host"; "" when none. One
	                 * delivery per desk, decided under the role that reached it first */
	const char *route_source; /* why it is a recipient */
	/* Who handed the notice in may know that this desk is told: it is of the same organisation, the notice names it, it
	 * was this gateway's own organisation, or the role is one that the policy says may be known. Otherwise that it is
	 * told is itself information. */
	bool known_to_sender;
	enum wg_verdict verdict;
	char verdict_rule[160];   /* the rule behind REVIEW or DENY, with its source; "" for SEND */
	char due[24];             /* REVIEW: ISO duration or "" */
	wg_categories allowed;    /* what this recipient may have, whether it stands in the notice or not */
	wg_categories granted;    /* present in the notice and granted */
	wg_categories withheld;   /* present and not granted */
	wg_categories overridden; /* of what is granted: against a consent that is not given, by name of the rule */
	wg_categories in_text; /* granted free text may hold it and this recipient may not have it, whether it stands in a
	                        * place of its own or not: for that a person has to read it (REVIEW) */
	unsigned due_minutes;  /* of due; 0 when there is none */
	bool second_person;    /* REVIEW: two people must release it */
	char escalate[WG_LIMIT_NAME +
	              1]; /* REVIEW with due: the role in our own organisation that is told when it has passed */
	char reader[WG_LIMIT_NAME + 1]; /* the role in our own organisation that is told when text which a person has to
	                                 * read was not read in time, whatever sent it to review; "" for nobody */
	unsigned delay_minutes;         /* not sent before so long after the decision */
	char keep[8];                   /* how long the recipient may keep it ("P6Y"); "" when nothing is said */
	wg_categories mark;  /* withheld and to be named in the copy: only where a rule says marker="say" and none "none" */
	int64_t valid_until; /* wall ms at which something given ends that a gate for this role or a condition asked for:
	                      * from then on it has to be decided again. INT64_MAX when there is no such instant */
	/* Id of the <deadline> by which it has to be confirmed; "" when there is none, or nothing is sent. */
	char confirm[WG_LIMIT_NAME + 1];
	struct wg_reason *reasons; /* one per category present in the notice */
	unsigned reason_count;
};

struct wg_decisions {
	struct wg_decision *list;
	unsigned count;
	char unreachable[512]; /* recipients the policy names and the directory cannot reach: "front-door of 000 (unknown)",
	                        * or that nobody is a recipient at all; a person must look. "" only when everybody was
	                        * reached */
};

/* Routes and decides. A notice that is itself a copy (header/copy-for) goes only to desks of its copy-for organisation.
 * The organisation that submitted is never a recipient unless a route says so with even-to-sender="true" or a rule
 * tells another of its desks. */
enum wg_code wg_decide(const struct wg_policy *policy, const struct wg_directory *directory, struct wg_notice *notice,
                       const struct wg_facts *facts, struct wg_decisions **out, struct wg_err *err) WG_MUST;
void wg_decisions_freep(struct wg_decisions **decisions);

/* Whether some rule or route that can apply to notices of that kind asks live-episode(), by itself or through a
 * definition: then they have to be decided again when an episode of the child opens or ends. */
bool wg_policy_watches_live(const struct wg_policy *policy, const char *kind);

/* One decision as the disclosure record and `--json` print it: one JSON object: recipient, known_to_sender, role, side;
 * verdict with rule, due, second_person, escalate, delay (minutes), keep, confirm, valid_until (RFC 3339, or "");
 * granted, withheld, marked, overridden, in_text (lists of categories); reasons (per category: effect, rule, basis,
 * source, consent, override, kept_back); elements, when notice is not NULL:
 * {"given": [...], "withheld": [...]}, each {"place": "child/name/full", "category": "identity", "count": 1}; policy
 * version and hash. Names of places, never what stands there: no personal data. */
void wg_decision_json(const struct wg_policy *policy, const struct wg_decision *decision,
                      const struct wg_notice *notice, struct wg_buf *out);
/* The same for people: several lines of text. */
void wg_decision_text(const struct wg_policy *policy, const struct wg_decision *decision, struct wg_buf *out);

/* How long this gateway keeps what it holds of notices of a kind, by <retention>: kind_of_self is the kind of its own
 * organisation ("council"). NULL when nothing is said: it is kept. *source (may be NULL): where that comes from. */
const char *wg_policy_retention(const struct wg_policy *policy, const char *kind, const char *kind_of_self,
                                const char **source);

/* What a reader of the files would overlook, one finding a line, each with what to do, into out; "" when there is
 * nothing: rules that can never apply (no route leads to their roles for their kinds, everything they give is withheld
 * from everybody, their time is over on the day of now, they wait for a confirmation), categories that nobody may ever
 * see, roles that are recipients of a kind and are given nothing of it, routes whose recipients nobody in the directory
 * can be (directory NULL: not asked). *count says how many. */
enum wg_code wg_policy_conflicts(const struct wg_policy *policy, const struct wg_directory *directory,
                                 const struct wg_schema *schema, const char *now, struct wg_buf *out, unsigned *count,
                                 struct wg_err *err) WG_MUST;

/* Every rule and route in turn, for tools that print or trace a policy. */
struct wg_policy_item {
	const char *id;     /* "england/frame"; of a route "england/route-3", counted in its file from 1; of a
	                     * definition "england/$critical-to-safeguard" */
	const char *layer;  /* "england" */
	const char *what;   /* "rule", "route", "grades", "retention", "hours", "text-review", "definition", "deadline" */
	const char *source; /* its <source> */
	const char *text;   /* a sentence or two that a data protection officer can sign */
	const char *note;   /* its <note>, or NULL */
	const char *kinds;  /* kinds of notice that it is about, separated by blanks, or "*"; "" where it has none */
	const char *roles;  /* roles that it is about, the same way */
	const char *basis;  /* of a rule that shares, in words; NULL otherwise */
	enum wg_effect effect; /* of a rule */
};
unsigned wg_policy_items(const struct wg_policy *policy);
bool wg_policy_item(const struct wg_policy *policy, unsigned i, struct wg_policy_item *out);

#endif
