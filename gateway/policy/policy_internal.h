/* The policy's own form, shared by the files that read, route, decide and explain. */
#ifndef WG_POLICY_POLICY_INTERNAL_H
#define WG_POLICY_POLICY_INTERNAL_H

#include <stdint.h>

#include "notice/condition.h"
#include "notice/xml.h"
#include "policy/decide.h"
#include "policy/names_internal.h"
#include "policy/set_internal.h"

/* Layers of one policy: the nation, five regions, what holds them together, and local ones. */
#define WG_POLICY_LAYERS 16
/* Roles, definitions, routes and rules of all layers together: the fullest protocol has some 40 message kinds for 33
 * roles. */
#define WG_POLICY_ITEMS 4096
/* "policy/rule" */
#define WG_POLICY_RULE_ID (2 * WG_LIMIT_NAME + 2)
/* Codes of authorities are three digits. */
#define WG_POLICY_AREAS 1000

/* Days since 1970-01-01 in London, both ends inclusive; INT64_MIN and INT64_MAX where open. */
struct wg_span {
	int64_t from, until;
};

/* How a recipient came to be one; a rule's of= is a set of these. */
enum wg_side {
	WG_SIDE_PLACING,
	WG_SIDE_HOST,
	WG_SIDE_SENDER,
	WG_SIDE_NAMED,
	WG_SIDE_NATIONAL,
	WG_SIDE_TOLD,     /* told before, and the side under which is not known */
	WG_SIDE_ADDRESSED /* a notice of the gateway itself names its desk */
};
#define WG_SIDES 7
extern const char *const wg_side_names[WG_SIDES];
/* WG_SIDES when there is none of that name. */
unsigned wg_side_find(const char *name);

/* One file. */
struct wg_policy_layer {
	char id[WG_LIMIT_NAME + 1];
	bool everywhere;                             /* no areas=: it speaks for every notice */
	uint64_t areas[(WG_POLICY_AREAS + 63) / 64]; /* otherwise one bit for each code */
};

struct wg_role {
	char name[WG_LIMIT_NAME + 1];
	char at[WG_LIMIT_NAME + 1]; /* kind of organisation */
	char *words;                /* who that is */
	char **named;               /* places that name its organisation */
	unsigned named_count;
	bool known_to_sender; /* who handed the notice in may know that this role is told */
};

/* when and its text are NULL for "always". */
struct wg_when {
	struct wg_condition *condition;
	char *text;
	bool live; /* it asks live-episode(), by itself or through a definition */
};

struct wg_define {
	char name[WG_LIMIT_NAME + 1];
	struct wg_when when;
	unsigned layer;
	char *source, *note;
};

struct wg_route_to {
	char role_name[WG_LIMIT_NAME + 1]; /* "*": any, of="told" only */
	unsigned role;                     /* WG_SET_OTHER: any */
	enum wg_side side;
};

struct wg_route {
	unsigned layer;
	char *source, *note;
	struct wg_set kinds;
	struct wg_span span;
	struct wg_when when;
	bool even_to_sender;
	struct wg_route_to *to;
	unsigned to_count;
};

/* Whether the copy names a withheld category: silence is the default, "none" insists on it. */
enum wg_marker { WG_MARKER_SILENT, WG_MARKER_SAY, WG_MARKER_NONE };

/* How soon, and who is told when that has passed. */
struct wg_due {
	char text[8];     /* "PT4H", "" without one */
	unsigned minutes; /* UINT_MAX without one */
	char escalate[WG_LIMIT_NAME + 1];
};

/* How long something may be kept. */
struct wg_period {
	char text[8];   /* "P75Y", "" when nothing is said */
	unsigned hours; /* UINT_MAX when nothing is said */
};

struct wg_rule {
	char id[WG_POLICY_RULE_ID];
	unsigned layer; /* 0 is the lowest, the nation's */
	enum wg_effect effect;
	struct wg_set kinds, to;  /* to: without those of except= */
	struct wg_set except;     /* for its words */
	unsigned sides;           /* bits of enum wg_side; all when of= is not given */
	wg_categories categories; /* review and deny: all when not given */
	bool star;                /* categories="*": for its words */
	bool unconditional;       /* review and deny without categories: whatever would be given */
	struct wg_span span;
	struct wg_when when;
	enum wg_marker marker;
	struct wg_due due;
	bool second_person;
	bool gate;       /* withhold: only what is not agreed to */
	bool overrides;  /* share: although it is not agreed to */
	bool unreviewed; /* share: free text goes without a person having read it */
	unsigned delay;  /* share: minutes */
	unsigned tell;   /* a role; WG_SET_OTHER when nobody */
	struct wg_period keep;
	char *basis, *source, *note; /* basis NULL when none was given */
	bool unconfirmed;            /* needs confirmation and has none: never applies */
};

/* Which grades of risk a child may have in some authorities; all lists of words. */
struct wg_grades {
	unsigned layer;
	char *of, *allow, *first, *source, *note; /* first "": as allow */
};

/* One line of the hours of an office, minutes of the day in London. */
struct wg_hours {
	unsigned layer;
	char name[WG_LIMIT_NAME + 1];
	unsigned days; /* bit 0 is Monday */
	unsigned opens, closes;
	bool closed_days; /* shut on them */
	char *source, *note;
};

struct wg_text_review {
	unsigned layer;
	struct wg_due due;
	char *source, *note;
};

struct wg_retention {
	unsigned layer;
	struct wg_set kinds;
	bool any_kind, any_at;
	char *at; /* kinds of organisation */
	struct wg_period keep;
	char *source, *note;
};

/* What wg_policy_item gives, in the order of the layers from the lowest and of each file. */
enum wg_item_kind {
	WG_ITEM_RULE,
	WG_ITEM_ROUTE,
	WG_ITEM_GRADES,
	WG_ITEM_RETENTION,
	WG_ITEM_HOURS,
	WG_ITEM_TEXT_REVIEW,
	WG_ITEM_DEFINE,
	WG_ITEM_DEADLINE
};
struct wg_item {
	enum wg_item_kind kind;
	unsigned index; /* in its list */
	char *id, *text, *kinds, *roles;
};

/* Invariants once loaded: (1) rules are in the order in which they are cited: the highest layer first, within a layer
 * as they were written; (2) routes, defines, hours, text reviews and retentions are the other way round, lowest layer
 * first, and a define uses only earlier ones; (3) rule ids, role names and define names are unique; (4) every role that
 * is named is in roles, every kind in kinds; (5) a share rule has a basis. */
struct wg_policy {
	struct wg_policy_layer layers[WG_POLICY_LAYERS]; /* the lowest first: none extends a later one */
	unsigned layer_count;
	char kinds[WG_SET_MAX][WG_LIMIT_NAME + 1]; /* of the schema: a set of kinds means these numbers */
	unsigned kind_count;
	struct wg_role *roles;
	struct wg_define *defines;
	struct wg_route *routes;
	struct wg_rule *rules;
	struct wg_grades *grades; /* lowest layer first */
	struct wg_hours *hours;
	int64_t *closed; /* days since 1970-01-01 in London */
	struct wg_text_review *text_reviews;
	struct wg_retention *retentions;
	struct wg_deadline *deadlines; /* confirm_internal.h; lowest layer first */
	struct wg_item *items;
	unsigned role_count, define_count, route_count, rule_count, grades_count, hours_count, closed_count,
		text_review_count, retention_count, deadline_count, item_count;
	char version[2 * WG_LIMIT_NAME + 2];
	char hash[WG_NAMES_HASH];
	struct wg_condition_spare
		*spare; /* what a test leaves for the next, of whatever notice: the one thing that changes */
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

/* policy_layers.c: the files of a policy, read and put in order. */
struct wg_layers {
	const struct wg_xml_xsd *xsd;
	const struct wg_names_row *language;
	const char *folder;
	struct wg_xml *docs[WG_POLICY_LAYERS]; /* the lowest first */
	char ids[WG_POLICY_LAYERS][WG_LIMIT_NAME + 1];
	char digests[WG_POLICY_LAYERS][WG_NAMES_HASH];
	unsigned count;
};
enum wg_code wg_layers_read(struct wg_layers *layers, const void *bytes, size_t len, const char *name,
                            struct wg_err *err) WG_MUST;
void wg_layers_close(struct wg_layers *layers);

/* policy_words.c: attributes shared by rules and routes. */
enum wg_code wg_policy_words_list(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  char **out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_kinds(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_set *out,
                                   struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_roles(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                   struct wg_set *out, struct wg_err *err) WG_MUST;
/* One role by an attribute; WG_SET_OTHER when it is not there. */
enum wg_code wg_policy_words_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  unsigned *out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_span(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_span *out,
                                  struct wg_err *err) WG_MUST;
/* "2026-09-30"; false when there is no such day. */
bool wg_policy_words_day(const char *text, int64_t *day);
/* false when not there. */
enum wg_code wg_policy_words_bool(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  bool *out, struct wg_err *err) WG_MUST;
/* "PT4H" to minutes and "P6Y" to hours; the schema has seen to the form. Minutes and hours UINT_MAX and the text ""
 * when the attribute is not there. */
enum wg_code wg_policy_words_due(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                 struct wg_due *out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_words_period(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_period *out,
                                    struct wg_err *err) WG_MUST;
/* The text of a child on one line. *out is "" when it is not there. */
enum wg_code wg_policy_words_child(const struct _xmlNode *node, const char *name, char **out, struct wg_err *err)
	WG_MUST;
/* <source> and <note>; *note is NULL when there is none. */
enum wg_code wg_policy_words_source(const struct _xmlNode *node, char **source, char **note, struct wg_err *err)
	WG_MUST;
/* The text of node itself, on one line. */
char *wg_policy_words_text(const struct _xmlNode *node);

/* policy_when.c */
enum wg_code wg_policy_read_when(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_when *out,
                                 struct wg_err *err) WG_MUST;
void wg_when_free(struct wg_when *when);

/* WG_SET_OTHER when there is none of that name. */
unsigned wg_policy_role(const struct wg_policy *policy, const char *name);
unsigned wg_policy_kind(const struct wg_policy *policy, const char *name);
/* The complaint that a role is not known, with a guess. */
enum wg_code wg_policy_no_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *role,
                               struct wg_err *err);

/* policy_role.c, policy_route.c, policy_rule.c, grades.c, hours.c, policy_keep.c, policy_confirm.c: one element into
 * the policy. */
enum wg_code wg_policy_add_role(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_add_route(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_add_rule(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_add_grades(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
enum wg_code wg_policy_add_hours(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_add_closed(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
enum wg_code wg_policy_add_text_review(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
enum wg_code wg_policy_add_retention(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
enum wg_code wg_policy_add_deadline(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
	WG_MUST;
/* policy_basis.c: the lawful basis of a rule, and whether it is enough. */
enum wg_code wg_policy_read_basis(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                                  struct wg_err *err) WG_MUST;
/* "file:line: rule england/x: words" */
enum wg_code wg_policy_rule_complain(const struct wg_layer *layer, const struct _xmlNode *node,
                                     const struct wg_rule *rule, const char *words, struct wg_err *err);
/* One more zeroed item at the end of a list, counted; what: "roles", for the words. WG_LIMIT at WG_POLICY_ITEMS. */
enum wg_code wg_policy_grow(void **list, unsigned *count, size_t size, const char *what, struct wg_err *err) WG_MUST;
#define WG_POLICY_GROW(list, count, what, err)                                             \
	({                                                                                     \
		void *grown_ = (list);                                                             \
		enum wg_code code_ = wg_policy_grow(&grown_, &(count), sizeof *(list), what, err); \
		(list) = grown_;                                                                   \
		code_;                                                                             \
	})
/* Notes that an item was read, for wg_policy_item. */
enum wg_code wg_policy_add_item(struct wg_policy *policy, enum wg_item_kind kind, unsigned index, struct wg_err *err)
	WG_MUST;

/* hours.c: whether the office of that name is open on a day of London, at that minute of it. */
bool wg_policy_has_hours(const struct wg_policy *policy, const char *name);
bool wg_policy_open(const struct wg_policy *policy, const char *name, int64_t day, unsigned minute);

/* facts.c: what a notice answers to conditions. */
struct wg_facts_view {
	const struct wg_policy *policy;
	const struct wg_directory *directory;
	const struct wg_facts *given;
	const struct wg_consents *consents; /* given, or what the notice itself says */
	struct wg_consents *own;            /* what the notice itself says, where nothing was given */
	struct _xmlDoc *doc;                /* borrowed from the notice */
	int64_t now, today;                 /* wall ms; the day in London */
	unsigned minute;                    /* of the day in London */
	unsigned kind;                      /* number of the kind */
	wg_categories present;              /* in the notice, the frame left out */
	char side[2][32];              /* the codes of the placing and the host authority, defanged; "" when not given */
	bool speaks[WG_POLICY_LAYERS]; /* the layer's areas have to do with this notice */
	signed char *defined;          /* one per define: -1 not judged yet */
	int64_t until;                 /* the first end of anything given that a condition has asked for */
	enum wg_code fault;            /* of a definition that could not be judged */
	struct wg_err why;
	char scratch[16];
};
extern const char *const wg_facts_functions[], *const wg_facts_variables[];
enum wg_code wg_facts_view_open(const struct wg_policy *policy, const struct wg_directory *directory,
                                struct wg_notice *notice, const struct wg_facts *facts, struct wg_facts_view *out,
                                struct wg_err *err) WG_MUST;
void wg_facts_view_close(struct wg_facts_view *view);
/* No condition: true */
enum wg_code wg_facts_view_test(struct wg_facts_view *view, const struct wg_when *when, bool *out, struct wg_err *err)
	WG_MUST;
/* What stands at a path such as "child/placement/@code", the first where there are several; NULL when it is not there.
 */
enum wg_code wg_facts_view_text(const struct wg_facts_view *view, const char *path, char **out, struct wg_err *err)
	WG_MUST;
/* The same, defanged and cut; "" when it is not there. */
enum wg_code wg_facts_view_name(const struct wg_facts_view *view, const char *path, char *out, size_t size,
                                struct wg_err *err) WG_MUST;
/* Whether what a layer says of kinds and days has to do with this notice at all. */
bool wg_facts_view_in_force(const struct wg_facts_view *view, unsigned layer, const struct wg_set *kinds,
                            const struct wg_span *span);

/* facts_answers.c: the functions. */
const char *wg_facts_function(void *view, const char *name, const char *const *args, int n);

/* One recipient, beside what the decision says of it. */
struct wg_recipient {
	unsigned role; /* WG_SET_OTHER: the policy has no such role now */
	enum wg_side side;
};

/* One notice being routed. */
struct wg_routing {
	const struct wg_policy *policy;
	const struct wg_directory *directory;
	const struct wg_facts_view *view;
	struct wg_decisions *out;
	struct wg_recipient *recipients; /* one for each of out->list, WG_LIMIT_RECIPIENTS long */
	char copy_organisation[WG_LIMIT_NAME + 1], copy_desk[WG_LIMIT_NAME + 1]; /* "" when the notice is no copy */
	const struct wg_desk *not_to;                                            /* never a recipient now; NULL: none */
	enum wg_side following;                                                  /* the side that a route leads to now */
};

/* route.c: fills organisation, desk, role, of, also and route_source of a decision per desk, and unreachable. */
enum wg_code wg_route_notice(struct wg_routing *routing, struct wg_facts_view *view, struct wg_err *err) WG_MUST;
/* One more recipient: that role of the placing authority, or of the host where no placing one is named, because of a
 * rule with tell=; also where that authority handed the notice in, but not the desk that did. */
enum wg_code wg_route_tell(const struct wg_routing *routing, unsigned role, const char *source, struct wg_err *err)
	WG_MUST;
/* Afterwards: that nobody is a recipient at all is put into words. */
void wg_route_end(const struct wg_routing *routing);
/* Adds one entry to the words about who cannot be reached. */
void wg_route_unreachable(const struct wg_routing *routing, const char *role, const char *of, const char *why);
/* route_side.c: calls wg_route_add for every desk on one side. source: of the route, or of the rule that tells. */
enum wg_code wg_route_side(const struct wg_routing *routing, const struct wg_route_to *to, const char *source,
                           bool even_to_sender, struct wg_err *err) WG_MUST;
/* One desk: a recipient, once. */
enum wg_code wg_route_add(const struct wg_routing *routing, const char *source, const struct wg_organisation *o,
                          const struct wg_desk *desk, const char *role, const char *of, struct wg_err *err) WG_MUST;

#endif
