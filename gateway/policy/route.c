/* route.c owns who is a recipient: routes of the policy, looked up in the directory. Nobody who is named vanishes: who
 * cannot be reached is put into words for a person. SECURITY: authority codes and copy-for come from the notice; they
 * only ever select entries of the directory. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* One notice being routed. */
struct routing {
	const struct wg_directory *directory;
	const struct wg_facts_view *view;
	struct wg_decisions *out;
	char copy_organisation[WG_LIMIT_NAME + 1], copy_desk[WG_LIMIT_NAME + 1]; /* "" when the notice is no copy */
	char side[2][32]; /* the codes of the placing and the host authority, defanged; "" when not given */
};

/* Adds one entry; when there is no more room, what is there ends in "...", so that a cut list never looks whole. */
static void unreachable(struct wg_decisions *out, const char *role, const char *of, const char *why)
{
	static const char more[] = "; ...";
	char entry[256];
	(void)snprintf(entry, sizeof entry, "%s%s%s%s (%s)", role, of[0] != '\0' ? " of " : "", of, "",
	               why); /* a cut is harmless */
	if (strstr(out->unreachable, entry) != NULL)
		return;
	size_t used = strlen(out->unreachable), n = strlen(entry) + (used > 0 ? 2 : 0),
		   room = sizeof out->unreachable - sizeof more;
	if (used > room)
		return;
	if (n > room - used)
		memcpy(out->unreachable + used, more, sizeof more);
	else
		(void)snprintf(out->unreachable + used, sizeof out->unreachable - used, "%s%s", used > 0 ? "; " : "", entry);
}

/* The authority's own organisation, or the force that covers it. NULL with why. */
static const struct wg_organisation *organisation_of(const struct routing *r, const struct wg_route_to *to,
                                                     const char *code, const char **why)
{
	if (code[0] == '\0') {
		*why = "the notice names no such authority";
		return NULL;
	}
	*why = to->police ? "no police force in the directory covers it" : "not in the directory";
	return to->police ? wg_directory_police(r->directory, code) : wg_directory_by_code(r->directory, code);
}

static void note_also(struct wg_decision *decision, const struct wg_route_to *to)
{
	char entry[2 * WG_LIMIT_NAME + 8];
	if (strcmp(decision->role, to->role) == 0 && strcmp(decision->of, to->of) == 0)
		return;
	(void)snprintf(entry, sizeof entry, "%s of %s", to->role, to->of); /* two names fit */
	size_t used = strlen(decision->also), n = strlen(entry) + (used > 0 ? 2 : 0);
	if (strstr(decision->also, entry) == NULL && n < sizeof decision->also - used)
		(void)snprintf(decision->also + used, sizeof decision->also - used, "%s%s", used > 0 ? ", " : "", entry);
}

static enum wg_code add_recipient(const struct routing *r, const struct wg_route *route, const struct wg_route_to *to,
                                  const struct wg_organisation *organisation, const struct wg_desk *desk,
                                  struct wg_err *err)
{
	struct wg_decisions *out = r->out;
	for (unsigned i = 0; i < out->count; i++) {
		if (out->list[i].desk == desk) {
			note_also(&out->list[i], to);
			return WG_OK;
		}
	}
	if (out->count == WG_LIMIT_RECIPIENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients", WG_LIMIT_RECIPIENTS);
	struct wg_decision *d = &out->list[out->count++];
	*d = (struct wg_decision){ .organisation = organisation, .desk = desk, .route_source = route->source };
	memcpy(d->role, to->role, sizeof d->role);
	memcpy(d->of, to->of, sizeof d->of);
	return WG_OK;
}

/* Adds the desk of that organisation; one that is not there or is suspended is put into words. */
static enum wg_code add_desk(const struct routing *r, const struct wg_route *route, const struct wg_route_to *to,
                             const struct wg_organisation *o, struct wg_err *err)
{
	const struct wg_desk *desk = wg_organisation_role(o, to->role);
	if (desk == NULL || desk->suspended) {
		unreachable(r->out, to->role, o->id, desk == NULL ? "no desk there has that role" : "its desk is suspended");
		return WG_OK;
	}
	return add_recipient(r, route, to, o, desk, err);
}

/* Back to whoever handed the notice in. A route names a role for each kind of organisation; only those of the sender's
 * kind apply. Of a copy, whom it is for is who once sent the form: it is at its end there, or it would go to and fro.
 */
static enum wg_code follow_back(const struct routing *r, const struct wg_route *route, const struct wg_route_to *to,
                                struct wg_err *err)
{
	const char *back = r->copy_organisation[0] != '\0' ? r->copy_organisation : r->view->given->submitter;
	const struct wg_organisation *o = back != NULL ? wg_directory_find(r->directory, back) : NULL;
	if (o == NULL)
		unreachable(r->out, "sender", "", "not in the directory");
	else if (strcmp(o->kind, to->at) == 0)
		return add_desk(r, route, to, o, err);
	return WG_OK;
}

static enum wg_code follow(const struct routing *r, const struct wg_route *route, const struct wg_route_to *to,
                           struct wg_err *err)
{
	if (to->sender)
		return follow_back(r, route, to, err);
	const char *code = r->side[strcmp(to->of, "placing") == 0 ? 0 : 1], *why = NULL;
	bool copy = r->copy_organisation[0] != '\0';
	const struct wg_organisation *o = organisation_of(r, to, code, &why);
	if (o == NULL) {
		/* Of a copy, others than the one it is for were the business of who made it. */
		if (!copy)
			unreachable(r->out, to->role, code[0] != '\0' ? code : to->of, why);
		return WG_OK;
	}
	if (copy && strcmp(o->id, r->copy_organisation) != 0)
		return WG_OK;
	const char *submitter = r->view->given->submitter;
	if (!route->even_to_sender && submitter != NULL && strcmp(o->id, submitter) == 0)
		return WG_OK;
	return add_desk(r, route, to, o, err);
}

static void read_text(const struct wg_notice *notice, const char *path, char *out, size_t size)
{
	char raw[256];
	if (!wg_notice_get_into(notice, path, raw, sizeof raw))
		raw[0] = '\0';
	(void)wg_defang(raw, out, size);
}

/* Nobody at all is as much a fault as somebody who is missing. */
static void note_nobody(const struct routing *r)
{
	if (r->out->count > 0 || r->out->unreachable[0] != '\0')
		return;
	char desk[2 * WG_LIMIT_NAME + 8];
	(void)snprintf(desk, sizeof desk, "%s/%s", r->copy_organisation, r->copy_desk); /* two names fit */
	if (r->copy_organisation[0] != '\0')
		unreachable(r->out, desk, "", "a copy for it, and no route of this policy leads there");
	else
		unreachable(r->out, "nobody", "", "no route of this policy gives this notice a recipient");
}

enum wg_code wg_route_notice(const struct wg_policy *policy, const struct wg_directory *directory,
                             const struct wg_notice *notice, struct wg_facts_view *view, struct wg_decisions *out,
                             struct wg_err *err)
{
	struct routing r = { .directory = directory, .view = view, .out = out };
	read_text(notice, "header/copy-for/@organisation", r.copy_organisation, sizeof r.copy_organisation);
	read_text(notice, "header/copy-for/@desk", r.copy_desk, sizeof r.copy_desk);
	read_text(notice, "authorities/placing", r.side[0], sizeof r.side[0]);
	read_text(notice, "authorities/host", r.side[1], sizeof r.side[1]);
	enum wg_code code = WG_OK;
	for (unsigned i = 0; i < policy->route_count && code == WG_OK; i++) {
		const struct wg_route *route = &policy->routes[i];
		bool applies = wg_facts_view_in_force(view, route->kinds, &route->span);
		if (applies)
			code = wg_facts_view_test(view, route->when, &applies, err);
		if (code != WG_OK)
			code = wg_err_add(err, "route of %s", route->source);
		for (unsigned k = 0; applies && k < route->to_count && code == WG_OK; k++)
			code = follow(&r, route, &route->to[k], err);
	}
	if (code == WG_OK)
		note_nobody(&r);
	return code;
}
