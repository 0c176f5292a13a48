/* Random policies over four layers, random answers about sharing, and what they mean: an oracle written from the words
 * of policy/README.md and xsd/policy.xsd, that asks every rule in turn, with no sets of the gateway's and none of its
 * code. */
#ifndef WG_TESTS_PROPERTY_POLICY_H
#define WG_TESTS_PROPERTY_POLICY_H

#include "property_notice.h"

#define PP_LAYERS 4
#define PP_RULES 48
#define PP_ROUTES 8
#define PP_RECORDS 8
#define PP_TEXT 65536
#define PP_DAY INT64_C(86400000)
#define PP_NOW INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

enum { PP_SHARE, PP_WITHHOLD, PP_REVIEW, PP_DENY };
enum { PP_SILENT, PP_SAY, PP_NONE };
enum { PP_SEND_IT, PP_REVIEW_IT, PP_DENY_IT };

static const struct {
	const char *name, *at, *named;
} pp_roles[] = {
	{ "front-door", "council", "" },
	{ "social-worker", "council", "" },
	{ "police-missing", "police", "" },
	{ "health-team", "health", "" },
	{ "school", "school", " named=\"child/school\"" },
	{ "parent", "family", "" },
	{ "bureau", "national", "" },
};
#define PP_ROLES WG_COUNT(pp_roles)
static const char *const pp_sides[] = { "placing", "host", "sender", "named", "national" };
#define PP_SIDES WG_COUNT(pp_sides)
#define PP_TOLD PP_SIDES /* told before, nobody knows under which side */

/* The layers: for everybody, for 830, for 860 and 999, and one over both that holds for 860 and 831. */
static const struct {
	const char *id, *head, *areas;
} pp_layers[PP_LAYERS] = {
	{ "base", "", "" },
	{ "west", " extends=\"base\" areas=\"830\"", "830" },
	{ "east", " extends=\"base\" areas=\"860 999\"", "860 999" },
	{ "local", " extends=\"west east\" areas=\"860 831\"", "860 831" },
};

struct pp_rule {
	int effect, layer, from, until, when, marker, tell, keep;
	uint64_t kinds, cats;
	unsigned to, except, of;
	bool star, any, gate, overrides, unread, review_frame;
};

struct pp_route {
	int layer, from, until, when, count;
	uint64_t kinds;
	bool even_to_sender;
	struct {
		int role, side;
	} to[4];
};

struct pp_record {
	enum wg_consent_state state;
	int64_t at, until;
	unsigned roles; /* 0: everybody */
	uint64_t cats;
};

struct pp_policy {
	struct pp_rule rules[PP_RULES];
	struct pp_route routes[PP_ROUTES];
	struct pp_record records[PP_RECORDS];
	struct wg_told told[3];
	int rule_count, route_count, record_count, told_count;
	const char *submitter;
};

/* ---- conditions, with what they mean */

static bool pp_says(const struct pn_content *c, const char *path, const char *value)
{
	for (int i = 0; i < c->count; i++)
		if (strcmp(c->items[i].place->path, path) == 0 && strcmp(c->items[i].value, value) == 0)
			return true;
	return false;
}

static const char *pp_value(const struct pn_content *c, const char *path)
{
	for (int i = 0; i < c->count; i++)
		if (strcmp(c->items[i].place->path, path) == 0)
			return c->items[i].value;
	return "";
}

static const char *const pp_whens[] = {
	NULL,
	"true()",
	"false()",
	"child/@looked-after = 'true'",
	"not(child/@looked-after = 'true')",
	"authorities/placing != authorities/host",
	"child/nhs-number = '9990000018' or authorities/host = '831'",
	"$submitter = 'placer-police'",
	"$schooled",
	"not($schooled) and authorities/host = '860'",
};

static bool pp_when(int which, const struct pn_content *c, const struct pp_policy *p)
{
	bool looked_after = pp_says(c, "child/@looked-after", "true"),
		 schooled = pp_says(c, "child/school", "Specimen School");
	const char *host = pp_value(c, "authorities/host");
	switch (which) {
	case 2:
		return false;
	case 3:
		return looked_after;
	case 4:
		return !looked_after;
	case 5:
		return strcmp(pp_value(c, "authorities/placing"), host) != 0;
	case 6:
		return pp_says(c, "child/nhs-number", "9990000018") || strcmp(host, "831") == 0;
	case 7:
		return strcmp(p->submitter, "placer-police") == 0;
	case 8:
		return schooled;
	case 9:
		return !schooled && strcmp(host, "860") == 0;
	default:
		return true;
	}
}

/* Days: none, yesterday, today, tomorrow. */
static const char *const pp_days[] = { NULL, "2026-11-21", "2026-11-22", "2026-11-23" };

static bool pp_in_force(int layer, uint64_t kinds, int from, int until, int when, const struct pn_content *c,
                        const struct pp_policy *p)
{
	const char *areas = pp_layers[layer].areas;
	bool speaks = areas[0] == '\0' || strstr(areas, pp_value(c, "authorities/placing")) != NULL ||
	              strstr(areas, pp_value(c, "authorities/host")) != NULL;
	int kind = 0;
	while (strcmp(ps_kinds[kind][0], c->kind) != 0)
		kind++;
	return speaks && (kinds >> kind & 1) != 0 && from != 3 && until != 1 && pp_when(when, c, p);
}

/* ---- making */

static uint64_t pp_some_kinds(void)
{
	uint64_t all = ((uint64_t)1 << ps_kind_count) - 1;
	uint64_t some = pr_bits() & all;
	return !pr_one_in(3) ? all : some != 0 ? some : 1;
}

static void pp_span(int *from, int *until)
{
	*from = pr_one_in(5) ? (int)pr_pick(4) : 0;
	*until = pr_one_in(5) ? (int)pr_pick(4) : 0;
	if (*until != 0 && *from > *until)
		*from = 0;
}

static struct pp_rule pp_random_rule(void)
{
	/* of twenty */
	unsigned which = pr_pick(20);
	int effect = which < 13 ? PP_SHARE : which < 18 ? PP_WITHHOLD : which < 19 ? PP_REVIEW : PP_DENY;
	struct pp_rule r = { .effect = effect, .tell = -1 };
	uint64_t all = ((uint64_t)1 << ps_category_count) - 1;
	r.layer = (int)pr_pick(PP_LAYERS);
	r.kinds = pp_some_kinds();
	pp_span(&r.from, &r.until);
	r.when = pr_one_in(2) ? 0 : (int)pr_pick(WG_COUNT(pp_whens));
	r.cats = pr_bits() & all;
	if (r.effect != PP_SHARE)
		r.cats &= pr_bits() & pr_bits() & pr_bits();
	if (r.effect == PP_WITHHOLD)
		r.cats &= ~(uint64_t)1;
	r.star = r.effect != PP_SHARE && pr_one_in(20);
	r.any = r.effect >= PP_REVIEW && pr_one_in(12);
	if (!r.star && !r.any && r.cats == 0)
		r.cats = 2;
	r.to = 1 + pr_pick((1U << PP_ROLES) - 2);
	r.except = pr_one_in(4) ? 1U << pr_pick(PP_ROLES) : 0;
	r.of = pr_one_in(4) ? 1 + pr_pick((1U << PP_SIDES) - 1) : 0;
	r.marker = r.effect == PP_WITHHOLD ? (int)pr_pick(3) : 0;
	r.gate = r.effect == PP_WITHHOLD && pr_one_in(2);
	r.overrides = r.effect == PP_SHARE && pr_one_in(3);
	r.unread = r.effect == PP_SHARE && pr_one_in(2);
	r.keep = r.effect == PP_SHARE && pr_one_in(3) ? 1 + (int)pr_pick(9) : 0;
	r.tell = pr_one_in(12) ? (int)pr_pick(2) : -1;
	return r;
}

/* The frame for most roles; without it nobody gets anything. */
static struct pp_rule pp_frame_rule(void)
{
	return (struct pp_rule){ .effect = PP_SHARE,
		                     .kinds = ((uint64_t)1 << ps_kind_count) - 1,
		                     .cats = 1,
		                     .tell = -1,
		                     .to = pr_one_in(6) ? 1 + pr_pick((1U << PP_ROLES) - 2) : (1U << PP_ROLES) - 1 };
}

static struct pp_route pp_random_route(void)
{
	struct pp_route r = { .layer = pr_one_in(2) ? 0 : (int)pr_pick(PP_LAYERS), .kinds = pp_some_kinds() };
	pp_span(&r.from, &r.until);
	r.when = !pr_one_in(3) ? 0 : (int)pr_pick(WG_COUNT(pp_whens));
	r.count = 2 + (int)pr_pick(3);
	r.even_to_sender = pr_one_in(4);
	for (int i = 0; i < r.count; i++) {
		r.to[i].role = (int)pr_pick(PP_ROLES);
		const char *at = pp_roles[r.to[i].role].at;
		r.to[i].side = strcmp(at, "national") == 0 ? 4 : strcmp(at, "school") == 0 ? 3 : (int)pr_pick(3);
		if (pr_one_in(8))
			r.to[i].side = (int)PP_TOLD;
	}
	return r;
}

static void pp_random_records(struct pp_policy *p)
{
	static const enum wg_consent_state states[] = { WG_CONSENT_GIVEN,     WG_CONSENT_GIVEN,      WG_CONSENT_GIVEN,
		                                            WG_CONSENT_NOT_KNOWN, WG_CONSENT_NOT_SOUGHT, WG_CONSENT_REFUSED,
		                                            WG_CONSENT_WITHDRAWN };
	p->record_count = (int)pr_pick(PP_RECORDS + 1);
	for (int i = 0; i < p->record_count; i++) {
		struct pp_record *r = &p->records[i];
		*r = (struct pp_record){ .state = states[pr_pick(WG_COUNT(states))], .until = INT64_MAX };
		r->at = PP_NOW + ((int64_t)pr_pick(5) - 3) * PP_DAY; /* one of them tomorrow */
		if (pr_one_in(4))
			r->until = PP_NOW + ((int64_t)pr_pick(3) - 1) * PP_DAY;
		r->roles = pr_one_in(3) ? 0 : 1 + pr_pick((1U << PP_ROLES) - 1);
		r->cats = pr_one_in(3) ? ((uint64_t)1 << ps_category_count) - 1
		                       : pr_bits() & (((uint64_t)1 << ps_category_count) - 1);
	}
}

static void pp_make(struct pp_policy *p)
{
	static const char *const submitters[] = { "placer-police", "host-police", "placer", "nobody-known" };
	static const struct wg_told told[] = {
		{ "third", "social", "social-worker", "host" },
		{ "school", "office", "school", "named" },
		{ "host", "family", "parent", "" },
	};
	*p = (struct pp_policy){ .submitter = submitters[pr_pick(WG_COUNT(submitters))] };
	p->rules[p->rule_count++] = pp_frame_rule();
	for (unsigned n = 2 + pr_pick(PP_RULES - 4); n > 0; n--)
		p->rules[p->rule_count++] = pp_random_rule();
	for (unsigned n = 3 + pr_pick(PP_ROUTES - 3); n > 0; n--)
		p->routes[p->route_count++] = pp_random_route();
	pp_random_records(p);
	for (size_t i = 0; i < WG_COUNT(told); i++)
		if (pr_one_in(2))
			p->told[p->told_count++] = told[i];
}

/* ---- as XML */

static void pp_put_names(struct wg_buf *out, const char *attribute, uint64_t set, const char *(*name)(size_t), size_t n)
{
	bool any = false;
	for (size_t i = 0; i < n; i++)
		if ((set >> i & 1) != 0) {
			wg_buf_printf(out, "%s%s", any ? " " : attribute, name(i));
			any = true;
		}
	wg_buf_puts(out, any ? "\"" : "");
}

static const char *pp_kind_name(size_t i)
{
	return ps_kinds[i][0];
}

static const char *pp_role_name(size_t i)
{
	return pp_roles[i].name;
}

static const char *pp_side_name(size_t i)
{
	return pp_sides[i];
}

static const char *pp_category_name(size_t i)
{
	return ps_categories[i];
}

static void pp_put_span(struct wg_buf *out, int from, int until)
{
	if (from != 0)
		wg_buf_printf(out, " from=\"%s\"", pp_days[from]);
	if (until != 0)
		wg_buf_printf(out, " until=\"%s\"", pp_days[until]);
}

static void pp_put_kinds(struct wg_buf *out, uint64_t kinds)
{
	if (kinds == ((uint64_t)1 << ps_kind_count) - 1)
		wg_buf_puts(out, " kind=\"*\"");
	else
		pp_put_names(out, " kind=\"", kinds, pp_kind_name, (size_t)ps_kind_count);
}

static void pp_put_rule(struct wg_buf *out, const struct pp_rule *r, int number)
{
	static const char *const effects[] = { "share", "withhold", "review", "deny" };
	static const char *const markers[] = { "", " marker=\"say\"", " marker=\"none\"" };
	wg_buf_printf(out, "<rule id=\"r%d\" effect=\"%s\"%s", number, effects[r->effect], markers[r->marker]);
	pp_put_kinds(out, r->kinds);
	pp_put_names(out, " to=\"", r->to, pp_role_name, PP_ROLES);
	pp_put_names(out, " except=\"", r->except, pp_role_name, PP_ROLES);
	pp_put_names(out, " of=\"", r->of, pp_side_name, PP_SIDES);
	if (r->star)
		wg_buf_puts(out, " categories=\"*\"");
	else if (!r->any)
		pp_put_names(out, " categories=\"", r->cats, pp_category_name, (size_t)ps_category_count);
	pp_put_span(out, r->from, r->until);
	wg_buf_puts(out, r->gate ? " unless=\"consent\"" : r->overrides ? " overrides=\"consent\"" : "");
	wg_buf_puts(out, r->unread ? " text=\"unreviewed\"" : "");
	if (r->keep != 0)
		wg_buf_printf(out, " keep=\"P%dY\"", r->keep);
	if (r->tell >= 0)
		wg_buf_printf(out, " tell=\"%s\"", pp_roles[r->tell].name);
	wg_buf_puts(out, ">");
	if (pp_whens[r->when] != NULL)
		wg_buf_printf(out, "<when>%s</when>", pp_whens[r->when]);
	wg_buf_printf(out, "%s<source>S-01</source></rule>\n",
	              r->effect == PP_SHARE ? "<basis gdpr=\"6(1)(e) 9(2)(g)\"/>" : "");
}

static void pp_put_route(struct wg_buf *out, const struct pp_route *r)
{
	wg_buf_puts(out, "<route");
	pp_put_kinds(out, r->kinds);
	pp_put_span(out, r->from, r->until);
	wg_buf_puts(out, r->even_to_sender ? " even-to-sender=\"true\">" : ">");
	if (pp_whens[r->when] != NULL)
		wg_buf_printf(out, "<when>%s</when>", pp_whens[r->when]);
	for (int i = 0; i < r->count; i++)
		wg_buf_printf(out, "<to role=\"%s\" of=\"%s\"/>", pp_roles[r->to[i].role].name,
		              r->to[i].side == (int)PP_TOLD ? "told" : pp_sides[r->to[i].side]);
	wg_buf_puts(out, "<source>S-01</source></route>\n");
}

static void pp_write(const struct pp_policy *p, int layer, struct wg_buf *out)
{
	wg_buf_printf(out, "<policy xmlns=\"urn:wardgate:policy:1\" id=\"%s\"%s version=\"1\">\n", pp_layers[layer].id,
	              pp_layers[layer].head);
	for (size_t i = 0; layer == 0 && i < PP_ROLES; i++)
		wg_buf_printf(out, "<role name=\"%s\" at=\"%s\"%s/>\n", pp_roles[i].name, pp_roles[i].at, pp_roles[i].named);
	if (layer == 0)
		wg_buf_puts(
			out,
			"<define name=\"schooled\"><when>child/school = 'Specimen School'</when><source>S-01</source></define>\n");
	for (int i = 0; i < p->route_count; i++)
		if (p->routes[i].layer == layer)
			pp_put_route(out, &p->routes[i]);
	for (int i = 0; i < p->rule_count; i++)
		if (p->rules[i].layer == layer)
			pp_put_rule(out, &p->rules[i], i);
	wg_buf_puts(out, "</policy>\n");
}

#endif
