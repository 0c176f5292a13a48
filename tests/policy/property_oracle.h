/* The naive oracle: who is a recipient, what each is given, and what becomes of it. */
#ifndef WG_TESTS_PROPERTY_ORACLE_H
#define WG_TESTS_PROPERTY_ORACLE_H

#include "property_policy.h"

/* The directory of the test. Each role of an organisation has a desk of its own. */
static const char po_directory_text[] = "<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
#define PO_DESK(name, role) \
	"<desk name=\"" name "\" roles=\"" role "\" channel=\"mail\" address=\"desk@a.example\" certificate=\"a\"/>"
#define PO_COUNCIL(id, code)                                                                                           \
	"<organisation id=\"" id "\" kind=\"council\" code=\"" code "\"><name>" id "</name>" PO_DESK("door", "front-door") \
		PO_DESK("social", "social-worker") PO_DESK("family", "parent") "</organisation>"
#define PO_OTHER(id, kind, more, name, desk, role)                                                         \
	"<organisation id=\"" id "\" kind=\"" kind "\"" more "><name>" name "</name>" PO_DESK(desk, role) "</" \
																									  "organisation>"
	PO_COUNCIL("placer", "830") PO_COUNCIL("host", "860") PO_COUNCIL("third", "831")
		PO_OTHER("placer-police", "police", " areas=\"830 831\"", "placer-police", "missing", "police-missing")
			PO_OTHER("host-police", "police", " areas=\"860\"", "host-police", "missing", "police-missing")
				PO_OTHER("trust", "health", " areas=\"830 860\"", "trust", "team", "health-team")
					PO_OTHER("school", "school", "", "Specimen School", "office", "school")
						PO_OTHER("bureau", "national", "", "bureau", "duty", "bureau") "</directory>";

/* Organisation, by role and authority; NULL when nobody has it. */
static const char *po_covering(int role, const char *code)
{
	static const char *const table[][3] = {
		{ "council", "830", "placer" },       { "council", "860", "host" },       { "council", "831", "third" },
		{ "family", "830", "placer" },        { "family", "860", "host" },        { "family", "831", "third" },
		{ "police", "830", "placer-police" }, { "police", "860", "host-police" }, { "police", "831", "placer-police" },
		{ "health", "830", "trust" },         { "health", "860", "trust" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		if (strcmp(table[i][0], pp_roles[role].at) == 0 && strcmp(table[i][1], code) == 0)
			return table[i][2];
	return NULL;
}

static const char *po_kind_of(const char *organisation)
{
	static const char *const kinds[][2] = { { "placer", "council" },     { "host", "council" },
		                                    { "third", "council" },      { "placer-police", "police" },
		                                    { "host-police", "police" }, { "nobody-known", "" } };
	for (size_t i = 0; i < WG_COUNT(kinds); i++)
		if (strcmp(kinds[i][0], organisation) == 0)
			return kinds[i][1];
	return "";
}

/* One way in which a desk is reached. */
struct po_way {
	const char *organisation;
	int role, side;
};
#define PO_WAYS 128

struct po_ways {
	struct po_way list[PO_WAYS];
	int count;
};

static void po_add(struct po_ways *ways, const char *organisation, int role, int side)
{
	if (organisation == NULL)
		return;
	for (int i = 0; i < ways->count; i++)
		if (ways->list[i].role == role && ways->list[i].side == side &&
		    strcmp(ways->list[i].organisation, organisation) == 0)
			return;
	assert_true(ways->count < PO_WAYS);
	ways->list[ways->count++] = (struct po_way){ organisation, role, side };
}

static int po_role(const char *name)
{
	for (size_t i = 0; i < PP_ROLES; i++)
		if (strcmp(pp_roles[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int po_side(const char *name)
{
	for (size_t i = 0; i < PP_SIDES; i++)
		if (strcmp(pp_sides[i], name) == 0)
			return (int)i;
	return (int)PP_TOLD;
}

static const char *po_family_is_council(const char *at)
{
	return strcmp(at, "family") == 0 ? "council" : at;
}

static void po_told(struct po_ways *ways, const struct pp_policy *p, int role)
{
	for (int i = 0; i < p->told_count; i++)
		if (strcmp(p->told[i].role, pp_roles[role].name) == 0 && strcmp(p->told[i].organisation, p->submitter) != 0)
			po_add(ways, p->told[i].organisation, role, po_side(p->told[i].of));
}

static void po_follow(struct po_ways *ways, const struct pp_policy *p, const struct pn_content *c, int role, int side,
                      bool even_to_sender)
{
	const char *found = NULL;
	if (side == (int)PP_TOLD) {
		po_told(ways, p, role);
		return;
	}
	if (side == 0 || side == 1)
		found = po_covering(role, pp_value(c, side == 0 ? "authorities/placing" : "authorities/host"));
	else if (side == 2)
		found = strcmp(po_kind_of(p->submitter), po_family_is_council(pp_roles[role].at)) == 0 ? p->submitter : NULL;
	else if (side == 3)
		found = pp_says(c, "child/school", "Specimen School") ? "school" : NULL;
	else
		found = "bureau";
	if (found != NULL && (side == 2 || even_to_sender || strcmp(found, p->submitter) != 0))
		po_add(ways, found, role, side);
}

static bool po_applies(const struct pp_policy *p, const struct pp_rule *r, const struct pn_content *c,
                       const struct po_way *w)
{
	if ((r->to >> w->role & 1) == 0 || (r->except >> w->role & 1) != 0)
		return false;
	if (r->of != 0 && (w->side == (int)PP_TOLD || (r->of >> w->side & 1) == 0))
		return false;
	return pp_in_force(r->layer, r->kinds, r->from, r->until, r->when, c, p);
}

/* ---- consent */

/* An agreement that has ended is none any more. */
static enum wg_consent_state po_state(const struct pp_record *r)
{
	return r->state == WG_CONSENT_GIVEN && r->until <= PP_NOW ? WG_CONSENT_EXPIRED : r->state;
}

static bool po_speaks(const struct pp_record *r, int role, int cat, bool everybody)
{
	return r->at <= PP_NOW && (r->cats >> cat & 1) != 0 && (everybody ? r->roles == 0 : (r->roles >> role & 1) != 0);
}

/* Of the records for the role by name, or of those for everybody, the one that counts: the latest that is an answer, or
 * the latest where nobody answered; of the same instant the one that holds back more. NULL when there is none. */
static const struct pp_record *po_latest(const struct pp_policy *p, int role, int cat, bool everybody)
{
	const struct pp_record *best = NULL;
	for (int answers = 1; answers >= 0 && best == NULL; answers--)
		for (int i = 0; i < p->record_count; i++) {
			const struct pp_record *r = &p->records[i];
			bool answer = r->state != WG_CONSENT_NOT_KNOWN && r->state != WG_CONSENT_NOT_SOUGHT;
			if (po_speaks(r, role, cat, everybody) && answer == (answers == 1) && (best == NULL || r->at > best->at))
				best = r;
		}
	for (int i = 0; best != NULL && i < p->record_count; i++) {
		const struct pp_record *r = &p->records[i];
		if (po_speaks(r, role, cat, everybody) && r->at == best->at && po_state(r) > po_state(best))
			best = r;
	}
	return best;
}

static bool po_agreed(const struct pp_policy *p, int role, int cat)
{
	const struct pp_record *named = po_latest(p, role, cat, false), *all = po_latest(p, role, cat, true);
	const struct pp_record *counts = named != NULL ? named : all;
	if (named != NULL && all != NULL && all->at > named->at && po_state(all) >= WG_CONSENT_REFUSED)
		counts = all;
	return counts != NULL && po_state(counts) == WG_CONSENT_GIVEN;
}

/* ---- what one recipient gets */

struct po_answer {
	uint64_t allowed, granted, marked; /* granted and marked: of what is present */
	int verdict, keep;                 /* keep: years, 0 when nothing is said */
};

static bool po_names(const struct pp_rule *r, int cat)
{
	if (r->star)
		return r->effect != PP_WITHHOLD || cat != 0; /* the frame cannot be withheld */
	return r->any || (r->cats >> cat & 1) != 0;
}

/* One recipient's case. */
struct po_case {
	const struct pp_policy *policy;
	const struct pn_content *content;
	struct po_way way;
	bool applies[PP_RULES];
};

static void po_category(const struct po_case *k, int cat, struct po_answer *out)
{
	bool shared = false, lifted = false, withheld = false, gated = false, say = false, never = false, gate_say = false,
		 gate_never = false;
	bool agreed = po_agreed(k->policy, k->way.role, cat);
	for (int i = 0; i < k->policy->rule_count; i++) {
		const struct pp_rule *r = &k->policy->rules[i];
		if (!k->applies[i] || !po_names(r, cat))
			continue;
		if (r->effect == PP_SHARE) {
			shared = true;
			lifted = lifted || r->overrides;
		} else if (r->effect == PP_WITHHOLD && !r->gate) {
			withheld = true;
			say = say || r->marker == PP_SAY;
			never = never || r->marker == PP_NONE;
		} else if (r->effect == PP_WITHHOLD && !agreed) {
			gated = true;
			gate_say = gate_say || r->marker == PP_SAY;
			gate_never = gate_never || r->marker == PP_NONE;
		}
	}
	bool closed = gated && !lifted;
	if (shared && !withheld && !closed)
		out->allowed |= (uint64_t)1 << cat;
	else if ((say || (closed && gate_say)) && !never && !(closed && gate_never))
		out->marked |= (uint64_t)1 << cat;
}

/* Free text that this recipient would get unread although it may hold something else. */
static bool po_hides(const struct po_case *k, uint64_t allowed)
{
	for (int i = 0; i < k->content->count; i++) {
		const struct ps_place *place = k->content->items[i].place;
		bool unread = false;
		if ((place->need & ~allowed) != 0 || (place->may & ~allowed) == 0)
			continue;
		for (int r = 0; r < k->policy->rule_count && !unread; r++)
			unread = k->policy->rules[r].unread && k->applies[r] && po_names(&k->policy->rules[r], (int)place->own);
		if (!unread)
			return true;
	}
	return false;
}

static bool po_names_any(const struct pp_rule *r, uint64_t set)
{
	for (int cat = 0; cat < ps_category_count; cat++)
		if ((set >> cat & 1) != 0 && po_names(r, cat))
			return true;
	return false;
}

static void po_begin(struct po_case *k, const struct pp_policy *p, const struct pn_content *c, const struct po_way *w)
{
	*k = (struct po_case){ .policy = p, .content = c, .way = *w };
	for (int i = 0; i < p->rule_count; i++)
		k->applies[i] = po_applies(p, &p->rules[i], c, w);
}

static struct po_answer po_answer(const struct po_case *k)
{
	struct po_answer out = { .verdict = PP_SEND_IT };
	for (int cat = 0; cat < ps_category_count; cat++)
		po_category(k, cat, &out);
	out.granted = out.allowed & k->content->present;
	out.marked &= k->content->present;
	for (int i = 0; i < k->policy->rule_count; i++) {
		const struct pp_rule *r = &k->policy->rules[i];
		if (!k->applies[i] || !(r->any || po_names_any(r, out.granted)))
			continue;
		if (r->effect == PP_DENY)
			out.verdict = PP_DENY_IT;
		if (r->effect == PP_REVIEW && out.verdict != PP_DENY_IT)
			out.verdict = PP_REVIEW_IT;
		if (r->keep != 0 && (out.keep == 0 || r->keep < out.keep))
			out.keep = r->keep;
	}
	if ((out.granted & 1) == 0 || (out.granted & ~(uint64_t)1) == 0)
		out.verdict = PP_DENY_IT;
	else if (out.verdict == PP_SEND_IT && po_hides(k, out.allowed))
		out.verdict = PP_REVIEW_IT;
	return out;
}

/* Every way by which a route makes somebody a recipient. */
static void po_route(const struct pp_policy *p, const struct pn_content *c, struct po_ways *ways)
{
	ways->count = 0;
	for (int i = 0; i < p->route_count; i++) {
		const struct pp_route *r = &p->routes[i];
		if (!pp_in_force(r->layer, r->kinds, r->from, r->until, r->when, c, p))
			continue;
		for (int k = 0; k < r->count; k++)
			po_follow(ways, p, c, r->to[k].role, r->to[k].side, r->even_to_sender);
	}
}

/* Whom the rules that had to do with one recipient want told: at the placing authority, which may have sent the notice
 * itself, but not at the desk that did. */
static void po_tell(const struct po_case *k, uint64_t granted, struct po_ways *ways)
{
	for (int i = 0; i < k->policy->rule_count; i++) {
		const struct pp_rule *r = &k->policy->rules[i];
		bool bites = r->effect >= PP_REVIEW ? r->any || po_names_any(r, granted) : po_names_any(r, k->content->present);
		bool sent_it = strcmp(k->policy->submitter, "placer") == 0 &&
		               pp_says(k->content, "header/sender/@desk", r->tell == 0 ? "door" : "social");
		if (r->tell >= 0 && k->applies[i] && bites && !sent_it)
			po_follow(ways, k->policy, k->content, r->tell, 0, true);
	}
}

#endif
