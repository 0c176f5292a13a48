/* route.c owns who is a recipient: one delivery per desk, and nobody who is named vanishes: who cannot be reached is
 * put into words for a person. SECURITY: copy-for comes from the notice; it only ever selects entries of the directory.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* Adds one entry; when there is no more room, what is there ends in "...", so that a cut list never looks whole. */
void wg_route_unreachable(const struct wg_routing *routing, const char *role, const char *of, const char *why)
{
	static const char more[] = "; ...";
	struct wg_decisions *out = routing->out;
	char entry[256];
	(void)snprintf(entry, sizeof entry, "%s%s%s (%s)", role, of[0] != '\0' ? " of " : "", of,
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
		(void)snprintf(out->unreachable + used, sizeof out->unreachable - used, "%s%s", used > 0 ? "; " : "",
		               entry); /* fits */
}

static void note_also(struct wg_decision *decision, const char *role, const char *of)
{
	char entry[2 * WG_LIMIT_NAME + 8];
	if (strcmp(decision->role, role) == 0 && strcmp(decision->of, of) == 0)
		return;
	(void)snprintf(entry, sizeof entry, "%s of %s", role, of); /* two names fit */
	size_t used = strlen(decision->also), n = strlen(entry) + (used > 0 ? 2 : 0);
	if (strstr(decision->also, entry) == NULL && n < sizeof decision->also - used)
		(void)snprintf(decision->also + used, sizeof decision->also - used, "%s%s", used > 0 ? ", " : "",
		               entry); /* fits */
}

/* Whether who handed the notice in may know of this recipient. The side under which somebody was told before says who
 * named it then, which may have been another sender: only the side that is followed now counts. */
static bool known_to_sender(const struct wg_routing *routing, const struct wg_organisation *o, const char *role)
{
	const char *submitter = routing->view->given->submitter, *self = routing->view->given->self;
	unsigned r = wg_policy_role(routing->policy, role);
	bool ours = submitter != NULL && self != NULL && strcmp(submitter, self) == 0;
	return ours || (submitter != NULL && strcmp(o->id, submitter) == 0) || routing->following == WG_SIDE_NAMED ||
	       routing->following == WG_SIDE_ADDRESSED || (r != WG_SET_OTHER && routing->policy->roles[r].known_to_sender);
}

enum wg_code wg_route_add(const struct wg_routing *routing, const char *source, const struct wg_organisation *o,
                          const struct wg_desk *desk, const char *role, const char *of, struct wg_err *err)
{
	struct wg_decisions *out = routing->out;
	if (desk == routing->not_to)
		return WG_OK;
	bool known = known_to_sender(routing, o, role);
	for (unsigned i = 0; i < out->count; i++) {
		if (out->list[i].desk == desk) {
			note_also(&out->list[i], role, of);
			out->list[i].known_to_sender = out->list[i].known_to_sender || known;
			return WG_OK;
		}
	}
	if (out->count == WG_LIMIT_RECIPIENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients", WG_LIMIT_RECIPIENTS);
	unsigned side = wg_side_find(of);
	routing->recipients[out->count] =
		(struct wg_recipient){ .role = wg_policy_role(routing->policy, role),
		                       .side = side < WG_SIDES ? (enum wg_side)side : WG_SIDE_TOLD };
	struct wg_decision *d = &out->list[out->count++];
	*d = (struct wg_decision){ .organisation = o, .desk = desk, .route_source = source, .known_to_sender = known };
	(void)snprintf(d->role, sizeof d->role, "%s", role); /* a name fits */
	(void)snprintf(d->of, sizeof d->of, "%s", of);       /* the same */
	return WG_OK;
}

/* The desk that handed the notice in, where it says which; NULL when it does not. */
static enum wg_code sender_desk(const struct wg_routing *routing, const struct wg_desk **out, struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1];
	const struct wg_organisation *o = wg_directory_find(routing->directory, routing->view->given->submitter);
	enum wg_code code = wg_facts_view_name(routing->view, "header/sender/@desk", name, sizeof name, err);
	*out = o != NULL ? wg_organisation_desk(o, name) : NULL;
	return code;
}

enum wg_code wg_route_tell(const struct wg_routing *routing, unsigned role, const char *source, struct wg_err *err)
{
	struct wg_routing telling = *routing;
	/* Of a child at home nobody names a placing authority: the one of the area is responsible. */
	enum wg_side side = routing->view->side[0][0] != '\0' ? WG_SIDE_PLACING : WG_SIDE_HOST;
	struct wg_route_to to = { .role = role, .side = side };
	memcpy(to.role_name, routing->policy->roles[role].name, sizeof to.role_name);
	enum wg_code code = sender_desk(routing, &telling.not_to, err);
	return code == WG_OK ? wg_route_side(&telling, &to, source, true, err) : code;
}

void wg_route_end(const struct wg_routing *routing)
{
	char desk[2 * WG_LIMIT_NAME + 8];
	if (routing->out->count > 0 || routing->out->unreachable[0] != '\0')
		return;
	(void)snprintf(desk, sizeof desk, "%s/%s", routing->copy_organisation, routing->copy_desk); /* two names fit */
	if (routing->copy_organisation[0] != '\0')
		wg_route_unreachable(routing, desk, "", "a copy for it, and no route of this policy leads there");
	else
		wg_route_unreachable(routing, "nobody", "", "no route of this policy gives this notice a recipient");
}

enum wg_code wg_route_notice(struct wg_routing *routing, struct wg_facts_view *view, struct wg_err *err)
{
	const struct wg_policy *policy = routing->policy;
	enum wg_code code = wg_facts_view_name(view, "header/copy-for/@organisation", routing->copy_organisation,
	                                       sizeof routing->copy_organisation, err);
	if (code == WG_OK)
		code = wg_facts_view_name(view, "header/copy-for/@desk", routing->copy_desk, sizeof routing->copy_desk, err);
	for (unsigned i = 0; i < policy->route_count && code == WG_OK; i++) {
		const struct wg_route *route = &policy->routes[i];
		bool applies = wg_facts_view_in_force(view, route->layer, &route->kinds, &route->span);
		if (applies)
			code = wg_facts_view_test(view, &route->when, &applies, err);
		if (code != WG_OK)
			return wg_err_add(err, "route of %s", route->source);
		for (unsigned k = 0; applies && k < route->to_count && code == WG_OK; k++)
			code = wg_route_side(routing, &route->to[k], route->source, route->even_to_sender, err);
	}
	return code;
}
