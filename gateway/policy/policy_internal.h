/* The policy's own form, shared by the files that read, route, decide and explain. */
#ifndef WG_POLICY_POLICY_INTERNAL_H
#define WG_POLICY_POLICY_INTERNAL_H

#include <stdint.h>

#include "notice/condition.h"
#include "notice/xml.h"
#include "policy/decide.h"
#include "policy/names_internal.h"

/* Layers over each other: nation, region, local, and a few to spare. */
#define WG_POLICY_LAYERS 8
/* Roles, definitions, routes and rules of all layers together: the fullest protocol has some 40 message kinds for 33
 * roles. */
#define WG_POLICY_ITEMS 4096
/* "policy/rule" */
#define WG_POLICY_RULE_ID (2 * WG_LIMIT_NAME + 2)

/* Days since 1970-01-01 in London, both ends inclusive; INT64_MIN and INT64_MAX where open. */
struct wg_span {
	int64_t from, until;
};

struct wg_role {
	char name[WG_LIMIT_NAME + 1];
	char at[WG_LIMIT_NAME + 1]; /* kind of organisation */
};

struct wg_define {
	char name[WG_LIMIT_NAME + 1];
	struct wg_condition *when;
};

struct wg_route_to {
	char role[WG_LIMIT_NAME + 1];
	char of[WG_LIMIT_NAME + 1];
	bool police;                /* the role is done by a police force: the one that covers the authority */
	bool sender;                /* of whoever handed the notice in, where that is an organisation of this kind */
	char at[WG_LIMIT_NAME + 1]; /* the kind of organisation that has the role */
};

struct wg_route {
	char *kinds, *source;
	struct wg_span span;
	struct wg_condition *when; /* NULL: always */
	bool even_to_sender;
	struct wg_route_to *to;
	unsigned to_count;
};

/* Whether the copy names a withheld category: silence is the default, "none" insists on it. */
enum wg_marker { WG_MARKER_SILENT, WG_MARKER_SAY, WG_MARKER_NONE };

struct wg_rule {
	char id[WG_POLICY_RULE_ID];
	unsigned layer; /* 0 is the lowest, the nation's */
	enum wg_effect effect;
	char *kinds, *to, *except, *of; /* lists, "" for none; of "" means either side */
	wg_categories categories;       /* review and deny: all when not given */
	bool unconditional;             /* review and deny without categories: whatever would be given */
	struct wg_span span;
	struct wg_condition *when; /* NULL: always */
	enum wg_marker marker;
	char due[24];
	unsigned due_minutes; /* UINT_MAX without due */
	char *basis, *source; /* basis NULL when none was given */
	bool unconfirmed;     /* needs confirmation and has none: never applies */
};

/* Which grades of risk a child may have in some authorities; all lists of words. */
struct wg_grades {
	char *of, *allow, *first, *source; /* first "": as allow */
};

/* Invariants once loaded: (1) rules are in the order in which they are cited: the highest layer first, within a layer
 * as they were written; (2) routes and defines are the other way round, lowest layer first, and a define uses only
 * earlier ones; (3) rule ids, role names and define names are unique; (4) every role that is named is in roles; (5) a
 * share rule has a basis. */
struct wg_policy {
	struct wg_role *roles;
	struct wg_define *defines;
	struct wg_route *routes;
	struct wg_rule *rules;
	struct wg_grades *grades; /* lowest layer first */
	unsigned role_count, define_count, route_count, rule_count, grades_count;
	unsigned layers;
	char version[2 * WG_LIMIT_NAME + 2];
	char hash[WG_NAMES_HASH];
};

/* Where one layer is read from and into. */
struct wg_layer {
	const struct wg_xml *doc;
	const struct wg_schema *schema;
	struct wg_policy *policy;
	char id[WG_LIMIT_NAME + 1];
	unsigned number;
};

/* The same as wg_policy_load from bytes of the top layer. folder is where lower layers are looked for, with its last
 * slash; NULL: extends= is refused. */
enum wg_code wg_policy_parse(const void *bytes, size_t len, const char *name, const char *folder,
                             const struct wg_xml_xsd *xsd, const struct wg_schema *schema, struct wg_policy **out,
                             struct wg_err *err) WG_MUST;

/* policy_words.c: attributes shared by rules and routes. */
enum wg_code wg_policy_words_list(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  char **out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_kinds(const struct wg_layer *layer, const struct _xmlNode *node, char **out,
                                   struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_roles(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                   char **out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_span(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_span *out,
                                  struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_child(const struct _xmlNode *node, const char *name, char **out, struct wg_err *err)
	WG_MUST;
enum wg_code wg_policy_words_when(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_condition **out,
                                  struct wg_err *err) WG_MUST;
const struct wg_role *wg_policy_role(const struct wg_policy *policy, const char *name);
/* The complaint that a role is not known, with a guess. */
enum wg_code wg_policy_no_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *role,
                               struct wg_err *err);

/* policy_route.c and policy_rule.c: one element into the policy. */
enum wg_code wg_policy_add_route(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_add_rule(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
/* grades.c: the same for <grades>. */
enum wg_code wg_policy_add_grades(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
void wg_policy_free_grades(struct wg_policy *policy);
/* One more zeroed item at the end of *list; NULL when memory or WG_POLICY_ITEMS is at its end. */
void *wg_policy_grow(void *list, unsigned *count, size_t size);

/* facts.c: what a notice answers to conditions. */
struct wg_facts_view {
	const struct wg_policy *policy;
	const struct wg_facts *given;
	struct _xmlDoc *doc; /* borrowed from the notice */
	int64_t today;       /* in London */
	char kind[WG_LIMIT_NAME + 1];
	bool *defined; /* one per define, those before defined_count are known */
	unsigned defined_count;
	char scratch[16];
};
extern const char *const wg_facts_functions[], *const wg_facts_variables[];
enum wg_code wg_facts_view_open(const struct wg_policy *policy, struct wg_notice *notice, const struct wg_facts *facts,
                                struct wg_facts_view *out, struct wg_err *err) WG_MUST;
void wg_facts_view_close(struct wg_facts_view *view);
/* when NULL: true */
enum wg_code wg_facts_view_test(struct wg_facts_view *view, const struct wg_condition *when, bool *out,
                                struct wg_err *err) WG_MUST;
bool wg_facts_view_in_force(const struct wg_facts_view *view, const char *kinds, const struct wg_span *span);

/* route.c: fills organisation, desk, role, of, also and route_source of a decision per desk, and unreachable. */
enum wg_code wg_route_notice(const struct wg_policy *policy, const struct wg_directory *directory,
                             const struct wg_notice *notice, struct wg_facts_view *view, struct wg_decisions *out,
                             struct wg_err *err) WG_MUST;

#endif
