/* conflicts.c owns what a reader of the files would overlook: rules that can never apply, categories that nobody ever
 * sees, recipients who are given nothing or whom nobody can be. It looks at what is certain: a condition may be true or
 * false, so only rules without one are taken to withhold. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "policy/confirm_internal.h"
#include "policy/say_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* All names of one sort on one line. */
#define LIST_MAX ((size_t)WG_POLICY_ITEMS * (2 * WG_LIMIT_NAME + 4))

/* What can come together: for every kind and role the sides on which it is a recipient, what it is certainly not given
 * on each of them, and what some rule gives it. */
struct cell {
	unsigned sides;
	bool given;
	wg_categories withheld[WG_SIDES]; /* by rules that speak for every notice, or those of one layer */
};

struct search {
	const struct wg_policy *policy;
	int64_t today;
	struct cell *cells; /* kind_count times role_count */
	wg_categories seen; /* by somebody */
	struct wg_buf *out;
	unsigned found;
};

static void search_close(struct search *s)
{
	free(s->cells);
}

static struct cell *cell_at(const struct search *s, unsigned kind, unsigned role)
{
	return &s->cells[(size_t)kind * s->policy->role_count + role];
}

static bool over(const struct search *s, const struct wg_span *span)
{
	return span->until < s->today;
}

static void finding(struct search *s, const char *what, const char *words)
{
	wg_buf_printf(s->out, "%s: %s\n", what, words);
	s->found++;
}

/* The same from lists; one that is not whole is no finding but a want of memory. */
static void finding_of(struct search *s, const struct wg_buf *what, const struct wg_buf *words)
{
	if (what->failed || words->failed)
		wg_buf_fail(s->out);
	finding(s, wg_buf_text(what), wg_buf_text(words));
}

/* ---- who can be a recipient of what */

static void reach(const struct search *s, const struct wg_set *kinds, unsigned role, unsigned sides)
{
	for (unsigned k = 0; k < s->policy->kind_count; k++)
		if (wg_set_has(kinds, k))
			cell_at(s, k, role)->sides |= sides;
}

/* Those that can be told of a kind: whoever can be a recipient of any kind, under any side. */
static void reach_told(const struct search *s, const struct wg_set *kinds, unsigned role)
{
	for (unsigned r = 0; r < s->policy->role_count; r++) {
		unsigned sides = 0;
		for (unsigned k = 0; k < s->policy->kind_count; k++)
			sides |= cell_at(s, k, r)->sides;
		if (sides != 0 && (role == WG_SET_OTHER || role == r))
			reach(s, kinds, r, sides | 1U << WG_SIDE_TOLD);
	}
}

/* Any desk can be addressed: in the roles to which the rules give such a notice. */
static void reach_addressed(const struct search *s, const struct wg_set *kinds)
{
	for (unsigned r = 0; r < s->policy->role_count; r++)
		for (unsigned i = 0; i < s->policy->rule_count; i++) {
			const struct wg_rule *rule = &s->policy->rules[i];
			if (rule->effect == WG_SHARE && (rule->sides >> WG_SIDE_ADDRESSED & 1) != 0 && wg_set_has(&rule->to, r) &&
			    !wg_set_full(&rule->kinds))
				reach(s, kinds, r, 1U << WG_SIDE_ADDRESSED);
		}
}

static void find_recipients(const struct search *s)
{
	const struct wg_policy *p = s->policy;
	/* Routes to those that were told come last: they lead to whom the others lead. */
	for (unsigned told = 0; told < 2; told++)
		for (unsigned i = 0; i < p->route_count; i++)
			for (unsigned k = 0; k < p->routes[i].to_count && !over(s, &p->routes[i].span); k++) {
				const struct wg_route_to *to = &p->routes[i].to[k];
				if (told == 0 && to->side == WG_SIDE_ADDRESSED)
					reach_addressed(s, &p->routes[i].kinds);
				else if (told == 0 && to->side != WG_SIDE_TOLD)
					reach(s, &p->routes[i].kinds, to->role, 1U << to->side);
				else if (told == 1 && to->side == WG_SIDE_TOLD)
					reach_told(s, &p->routes[i].kinds, to->role);
			}
	for (unsigned i = 0; i < p->rule_count; i++)
		if (p->rules[i].tell != WG_SET_OTHER && !over(s, &p->rules[i].span))
			reach(s, &p->rules[i].kinds, p->rules[i].tell, 1U << WG_SIDE_PLACING);
}

/* ---- what they are certainly not given */

static void withhold(const struct search *s, const struct wg_rule *rule)
{
	for (unsigned k = 0; k < s->policy->kind_count; k++)
		for (unsigned r = 0; r < s->policy->role_count && wg_set_has(&rule->kinds, k); r++)
			for (unsigned side = 0; side < WG_SIDES && wg_set_has(&rule->to, r); side++)
				if ((rule->sides >> side & 1) != 0)
					cell_at(s, k, r)->withheld[side] |= rule->categories;
}

/* Rules that withhold whatever is so, wherever the rules of one layer apply. */
static void find_withheld(const struct search *s, unsigned layer)
{
	const struct wg_policy *p = s->policy;
	for (unsigned i = 0; i < p->kind_count * p->role_count; i++)
		memset(s->cells[i].withheld, 0, sizeof s->cells[i].withheld);
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct wg_rule *rule = &p->rules[i];
		bool certain = rule->effect == WG_WITHHOLD && !rule->gate && rule->when.condition == NULL &&
		               rule->span.from <= s->today && rule->span.until == INT64_MAX;
		if (certain && (rule->layer == layer || p->layers[rule->layer].everywhere))
			withhold(s, rule);
	}
}

/* ---- rules that can never apply */

/* Whether a rule has any recipient, and what of its categories any of them would be given. */
static bool has_recipient(struct search *s, const struct wg_rule *rule, wg_categories *given)
{
	bool any = false;
	for (unsigned k = 0; k < s->policy->kind_count; k++)
		for (unsigned r = 0; r < s->policy->role_count && wg_set_has(&rule->kinds, k); r++) {
			struct cell *cell = cell_at(s, k, r);
			unsigned sides = wg_set_has(&rule->to, r) ? cell->sides & rule->sides : 0;
			wg_categories here = 0;
			for (unsigned side = 0; side < WG_SIDES; side++)
				if ((sides >> side & 1) != 0)
					here |= rule->categories & ~cell->withheld[side];
			any = any || sides != 0;
			*given |= here;
			if (rule->effect == WG_SHARE && (here & ~wg_category_find("administrative")) != 0)
				cell->given = true;
		}
	return any;
}

static void check_rule(struct search *s, const struct wg_rule *rule)
{
	wg_categories given = 0;
	if (rule->unconfirmed)
		finding(s, rule->id,
		        "waits for a confirmation: check the law that it rests on and add <confirm> to a higher layer");
	else if (over(s, &rule->span))
		finding(s, rule->id, "its time is over: take it out, or give it a new until=");
	else if (!has_recipient(s, rule, &given))
		finding(s, rule->id, "no route leads to its roles for its kinds: add a <route>, or take the rule out");
	else if (rule->effect == WG_SHARE && given == 0)
		finding(s, rule->id,
		        "everything that it gives is withheld from everybody it is for: take it out, or add an except= there");
	if (rule->effect == WG_SHARE)
		s->seen |= given;
}

static void check_rules(struct search *s)
{
	const struct wg_policy *p = s->policy;
	for (unsigned layer = 0; layer < p->layer_count; layer++) {
		find_withheld(s, layer);
		for (unsigned i = 0; i < p->rule_count; i++)
			if (p->rules[i].layer == layer)
				check_rule(s, &p->rules[i]);
	}
}

/* ---- categories and roles */

static void check_categories(struct search *s)
{
	for (unsigned c = 0; c < wg_category_count(); c++)
		if ((s->seen >> c & 1) == 0)
			finding(s, wg_category_name(c), "nobody may ever see this category: no rule shares it with a recipient");
}

/* The kinds of which a role is a recipient and is given nothing; false when there are none. */
static bool given_nothing(const struct search *s, unsigned role, struct wg_set *kinds)
{
	bool any = false;
	*kinds = (struct wg_set){ 0 };
	for (unsigned k = 0; k < s->policy->kind_count; k++)
		if (cell_at(s, k, role)->sides != 0 && !cell_at(s, k, role)->given) {
			wg_set_add(kinds, k);
			any = true;
		}
	return any;
}

static bool same_kinds(const struct search *s, unsigned role, const struct wg_set *kinds)
{
	struct wg_set its;
	return given_nothing(s, role, &its) && memcmp(&its, kinds, sizeof its) == 0;
}

/* Roles with the same kinds stand on one line, at the first of them. */
static void check_roles(struct search *s)
{
	const struct wg_policy *p = s->policy;
	for (unsigned r = 0; r < p->role_count; r++) {
		WG_AUTO_BUF struct wg_buf kinds = WG_BUF(LIST_MAX), roles = WG_BUF(LIST_MAX);
		struct wg_set here;
		bool first = given_nothing(s, r, &here);
		for (unsigned before = 0; before < r; before++)
			first = first && !same_kinds(s, before, &here);
		for (unsigned other = r; first && other < p->role_count; other++)
			if (same_kinds(s, other, &here))
				wg_buf_printf(&roles, "%s%s", roles.len > 0 ? ", " : "", p->roles[other].name);
		for (unsigned k = 0; first && k < p->kind_count; k++)
			if (wg_set_has(&here, k))
				wg_buf_printf(&kinds, "%s%s", kinds.len > 0 ? ", " : "", p->kinds[k]);
		if (!first)
			continue;
		wg_buf_puts(&kinds,
		            " may come to this role and give it nothing: add a rule that shares, or leave it out of the "
		            "route");
		finding_of(s, &roles, &kinds);
	}
}

/* ---- routes that lead to nobody */

static bool somebody_has(const struct wg_directory *directory, const struct wg_role *role)
{
	const char *at = strcmp(role->at, "family") == 0 ? "council" : role->at;
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		if (strcmp(o->kind, at) == 0 && wg_organisation_role(o, role->name) != NULL)
			return true;
	}
	return false;
}

/* The routes that lead to a role: "england/route-1, england/route-4". */
static void routes_to(const struct wg_policy *p, unsigned role, struct wg_buf *out)
{
	for (unsigned i = 0; i < p->item_count; i++) {
		const struct wg_item *item = &p->items[i];
		bool leads = false;
		for (unsigned k = 0; item->kind == WG_ITEM_ROUTE && k < p->routes[item->index].to_count; k++)
			leads = leads || p->routes[item->index].to[k].role == role;
		if (leads)
			wg_buf_printf(out, "%s%s", out->len > 0 ? ", " : "", item->id);
	}
}

static void check_routes(struct search *s, const struct wg_directory *directory)
{
	const struct wg_policy *p = s->policy;
	for (unsigned r = 0; r < p->role_count; r++) {
		WG_AUTO_BUF struct wg_buf role = WG_BUF(LIST_MAX), routes = WG_BUF(LIST_MAX);
		if (!somebody_has(directory, &p->roles[r]))
			routes_to(p, r, &routes);
		if (routes.len == 0 && !routes.failed)
			continue;
		wg_buf_puts(&role, p->roles[r].name);
		wg_buf_printf(&routes, " %s to nobody: add a desk with that role to the directory (at \"%s\")",
		              strchr(wg_buf_text(&routes), ',') != NULL ? "lead" : "leads", p->roles[r].at);
		finding_of(s, &role, &routes);
	}
}

enum wg_code wg_policy_conflicts(const struct wg_policy *policy, const struct wg_directory *directory,
                                 const struct wg_schema *schema, const char *now, struct wg_buf *out, unsigned *count,
                                 struct wg_err *err)
{
	WG_CLEANUP(search_close) struct search s = { .policy = policy, .out = out };
	int64_t ms;
	(void)schema; /* the policy has its kinds */
	if (now == NULL || !wg_clock_parse(now, &ms))
		return wg_err_set(err, WG_CONFIG, "the time of the search for conflicts is missing or not RFC 3339");
	s.today = (ms + (int64_t)wg_clock_london_offset(ms) * 60 * 1000) / DAY_MS;
	s.cells = calloc((size_t)policy->kind_count * policy->role_count + 1, sizeof *s.cells);
	if (s.cells == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to look for conflicts");
	wg_buf_puts(out, "");
	find_recipients(&s);
	check_rules(&s);
	check_categories(&s);
	check_roles(&s);
	if (directory != NULL)
		check_routes(&s, directory);
	enum wg_code code = wg_confirm_conflicts(policy, directory, out, &s.found, err);
	if (code == WG_OK)
		code = wg_buf_check(out, "the list of conflicts", err);
	if (code == WG_OK)
		*count = s.found;
	return code;
}
