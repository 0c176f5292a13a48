/* route_side.c owns what the sides of a route mean: which organisations and desks of the directory stand on one.
 * SECURITY: codes and names of organisations come from the notice; they only ever select entries of the directory, and
 * a name that is none is not repeated. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* One <to> being followed. */
struct follow {
	const struct wg_routing *routing;
	const struct wg_route_to *to;
	const char *source; /* of the route, or of the rule with tell= */
	const char *at;     /* the kind of organisation that has the role; NULL for any role */
	bool even_to_sender;
};

static bool is_copy(const struct wg_routing *routing)
{
	return routing->copy_organisation[0] != '\0';
}

/* A copy goes to the organisation that it is for and to nobody else; nothing goes back to who handed it in, unless the
 * route says so. */
static bool may_go_to(const struct follow *f, const struct wg_organisation *o)
{
	const char *submitter = f->routing->view->given->submitter;
	if (is_copy(f->routing) && strcmp(o->id, f->routing->copy_organisation) != 0)
		return false;
	return f->even_to_sender || submitter == NULL || strcmp(o->id, submitter) != 0;
}

/* Of a copy, others than the one it is for were the business of who made it. */
static void unreachable(const struct follow *f, const char *of, const char *why)
{
	if (!is_copy(f->routing))
		wg_route_unreachable(f->routing, f->to->role_name, of, why);
}

/* Adds the desk of that organisation; one that is not there or is suspended is put into words. */
static enum wg_code add_desk(const struct follow *f, const struct wg_organisation *o, struct wg_err *err)
{
	const struct wg_desk *desk = wg_organisation_role(o, f->to->role_name);
	if (desk != NULL && !desk->suspended)
		return wg_route_add(f->routing, f->source, o, desk, f->to->role_name, wg_side_names[f->to->side], err);
	wg_route_unreachable(f->routing, f->to->role_name, o->id,
	                     desk == NULL ? "no desk there has that role" : "its desk is suspended");
	return WG_OK;
}

/* Back to whoever handed the notice in. A route names a role for each kind of organisation; only those of the sender's
 * kind apply. Of a copy, whom it is for is who once sent the form: it is at its end there, or it would go to and fro.
 */
static enum wg_code follow_back(const struct follow *f, struct wg_err *err)
{
	const struct wg_routing *r = f->routing;
	const struct wg_organisation *o =
		wg_directory_find(r->directory, is_copy(r) ? r->copy_organisation : r->view->given->submitter);
	if (o == NULL)
		wg_route_unreachable(r, "sender", "", "not in the directory");
	else if (strcmp(o->kind, f->at) == 0)
		return add_desk(f, o, err);
	return WG_OK;
}

/* The next of those that stand on the side of an authority: the authority itself, or who covers it. Of several that
 * cover it those count that have such a desk; when none has, the first stands for all. */
static const struct wg_organisation *next_of_area(const struct follow *f, const char *code,
                                                  const struct wg_organisation *after)
{
	const struct wg_directory *directory = f->routing->directory;
	const struct wg_organisation *o = after;
	while ((o = wg_directory_covering(directory, f->at, code, o)) != NULL)
		if (wg_organisation_role(o, f->to->role_name) != NULL)
			return o;
	return after == NULL ? wg_directory_covering(directory, f->at, code, NULL) : NULL;
}

static const char *nobody_covers(const char *at)
{
	static const struct {
		const char *at, *why;
	} words[] = {
		{ "police", "no police force in the directory covers it" },
		{ "health", "no health organisation in the directory covers it" },
		{ "provider", "no provider in the directory covers it" },
	};
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strcmp(words[i].at, at) == 0)
			return words[i].why;
	return "not in the directory";
}

static enum wg_code follow_area(const struct follow *f, struct wg_err *err)
{
	const char *code = f->routing->view->side[f->to->side == WG_SIDE_PLACING ? 0 : 1];
	enum wg_code result = WG_OK;
	const struct wg_organisation *o = next_of_area(f, code, NULL);
	if (code[0] == '\0')
		unreachable(f, wg_side_names[f->to->side], "the notice names no such authority");
	else if (o == NULL)
		unreachable(f, code, nobody_covers(f->at));
	for (; o != NULL && result == WG_OK; o = next_of_area(f, code, o))
		if (may_go_to(f, o))
			result = add_desk(f, o, err);
	return result;
}

/* The organisation that the notice names; a text that is none of the directory's is for a person. */
static enum wg_code follow_named(const struct follow *f, struct wg_err *err)
{
	const struct wg_role *role = &f->routing->policy->roles[f->to->role];
	bool named = false;
	for (unsigned i = 0; i < role->named_count; i++) {
		WG_AUTO_FREE char *text = NULL;
		enum wg_code code = wg_facts_view_text(f->routing->view, role->named[i], &text, err);
		if (code != WG_OK)
			return code;
		if (text == NULL || text[strspn(text, " \t\r\n")] == '\0')
			continue;
		named = true;
		const struct wg_organisation *o = wg_directory_named(f->routing->directory, f->at, text);
		if (o != NULL)
			return may_go_to(f, o) ? add_desk(f, o, err) : WG_OK;
	}
	if (named)
		unreachable(f, "", "the notice names one that is not in the directory");
	return WG_OK;
}

static enum wg_code follow_national(const struct follow *f, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	bool any = false;
	for (unsigned i = 0; i < wg_directory_count(f->routing->directory) && code == WG_OK; i++) {
		const struct wg_organisation *o = wg_directory_at(f->routing->directory, i);
		if (strcmp(o->kind, "national") != 0 || wg_organisation_role(o, f->to->role_name) == NULL)
			continue;
		any = true;
		if (may_go_to(f, o))
			code = add_desk(f, o, err);
	}
	if (!any)
		unreachable(f, "", "no national body in the directory has that role");
	return code;
}

/* One that was told before, at the desk and under the role and side that the record has. */
static enum wg_code add_told(const struct follow *f, const struct wg_told *told, struct wg_err *err)
{
	const struct wg_routing *r = f->routing;
	char role[WG_LIMIT_NAME + 1], name[WG_LIMIT_NAME + 1], why[WG_LIMIT_NAME + 64];
	const struct wg_organisation *o = wg_directory_find(r->directory, told->organisation);
	const struct wg_desk *desk = o != NULL ? wg_organisation_desk(o, told->desk) : NULL;
	if (desk != NULL && !desk->suspended)
		return wg_route_add(r, f->source, o, desk, told->role,
		                    told->of[0] != '\0' ? told->of : wg_side_names[WG_SIDE_TOLD], err);
	(void)snprintf(why, sizeof why, "told before; its desk %s is %s", wg_defang(told->desk, name, sizeof name),
	               desk != NULL ? "suspended" : "no longer in the directory"); /* a name fits */
	wg_route_unreachable(r, wg_defang(told->role, role, sizeof role), wg_defang(told->organisation, name, sizeof name),
	                     why);
	return WG_OK;
}

static enum wg_code follow_told(const struct follow *f, struct wg_err *err)
{
	const struct wg_facts *facts = f->routing->view->given;
	enum wg_code code = WG_OK;
	for (unsigned i = 0; i < facts->told_count && code == WG_OK; i++) {
		const struct wg_told *told = &facts->told[i];
		bool elsewhere = is_copy(f->routing) && strcmp(told->organisation, f->routing->copy_organisation) != 0;
		bool sender = facts->submitter != NULL && strcmp(told->organisation, facts->submitter) == 0;
		if (!elsewhere && !sender && (f->at == NULL || strcmp(told->role, f->to->role_name) == 0))
			code = add_told(f, told, err);
	}
	return code;
}

/* The role under which a desk gets what it is addressed: the one that the notice names, or the first of the desk's that
 * the policy knows. */
static void addressed_role(const struct follow *f, const struct wg_desk *desk, char *role, size_t size)
{
	if (role[0] != '\0' && wg_list_has(desk->roles, role))
		return;
	role[0] = '\0';
	for (const char *p = desk->roles; *p != '\0' && role[0] == '\0';) {
		size_t n = strcspn(p, " ");
		if (n > 0 && n < size)
			(void)snprintf(role, size, "%.*s", (int)n, p); /* fits */
		if (wg_policy_role(f->routing->policy, role) == WG_SET_OTHER)
			role[0] = '\0';
		p += n + strspn(p + n, " ");
	}
}

/* Whom a notice of the gateway itself is addressed to. What anybody else writes there counts for nothing; of a copy
 * from a partner's gateway, the desk of ours that it is for. */
static enum wg_code follow_addressed(const struct follow *f, struct wg_err *err)
{
	const struct wg_routing *r = f->routing;
	const struct wg_facts *facts = r->view->given;
	char name[WG_LIMIT_NAME + 1], desk_name[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_facts_view_name(r->view, "header/to/@organisation", name, sizeof name, err);
	if (code == WG_OK)
		code = wg_facts_view_name(r->view, "header/to/@desk", desk_name, sizeof desk_name, err);
	if (code == WG_OK)
		code = wg_facts_view_name(r->view, "header/to/@role", role, sizeof role, err);
	if (code != WG_OK)
		return code;
	if (is_copy(r)) {
		bool ours = facts->self != NULL && strcmp(r->copy_organisation, facts->self) == 0;
		(void)snprintf(name, sizeof name, "%s", ours ? r->copy_organisation : "");
		(void)snprintf(desk_name, sizeof desk_name, "%s", r->copy_desk);
	} else if (!facts->own) {
		name[0] = '\0';
	}
	const struct wg_organisation *o = wg_directory_find(r->directory, name);
	const struct wg_desk *desk = o == NULL              ? NULL
	                             : desk_name[0] != '\0' ? wg_organisation_desk(o, desk_name)
	                                                    : wg_organisation_role(o, role);
	if (desk == NULL || desk->suspended) {
		wg_route_unreachable(r, "addressed", "",
		                     desk != NULL ? "its desk is suspended" : "it names no desk of the directory");
		return WG_OK;
	}
	addressed_role(f, desk, role, sizeof role);
	return wg_route_add(r, f->source, o, desk, role, wg_side_names[WG_SIDE_ADDRESSED], err);
}

static enum wg_code (*const ways[WG_SIDES])(const struct follow *f, struct wg_err *err) = {
	[WG_SIDE_PLACING] = follow_area,        [WG_SIDE_HOST] = follow_area,         [WG_SIDE_SENDER] = follow_back,
	[WG_SIDE_NAMED] = follow_named,         [WG_SIDE_NATIONAL] = follow_national, [WG_SIDE_TOLD] = follow_told,
	[WG_SIDE_ADDRESSED] = follow_addressed,
};

enum wg_code wg_route_side(const struct wg_routing *routing, const struct wg_route_to *to, const char *source,
                           bool even_to_sender, struct wg_err *err)
{
	struct wg_routing now = *routing;
	struct follow f = { .routing = &now, .to = to, .source = source, .even_to_sender = even_to_sender };
	now.following = to->side;
	if (to->role != WG_SET_OTHER)
		f.at = routing->policy->roles[to->role].at;
	if (f.at != NULL && strcmp(f.at, "family") == 0)
		f.at = "council"; /* the desk of the authority whose worker speaks with the family */
	return ways[to->side](&f, err);
}
