/* Random notices for the property test: every kind, every place with words of its own, few or many places, some twice.
 * What a notice holds is then read back out of its XML by plain means, as is what a copy holds. */
#ifndef WG_TESTS_PROPERTY_NOTICE_H
#define WG_TESTS_PROPERTY_NOTICE_H

#include "../notice/pictures.h"
#include "base/mem.h"
#include "base/text.h"
#include "property_schema.h"

#define PN_ITEMS 4000
#define PN_DEPTH 8

/* ---- numbers: one seed, one case */

static uint64_t pr_state;

/* splitmix64 */
static uint64_t pr_bits(void)
{
	uint64_t z = pr_state += 0x9e3779b97f4a7c15U;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static unsigned pr_pick(unsigned n)
{
	return (unsigned)((pr_bits() >> 33) % n);
}

static bool pr_one_in(unsigned n)
{
	return pr_pick(n) == 0;
}

/* ---- making */

struct pn_step {
	const char *name;
	bool add, repeats; /* add: not made yet */
};

struct pn_making {
	struct wg_notice *notice;
	const char *body;
	struct pn_step steps[PN_DEPTH];
	int depth;
	unsigned one_in, canaries; /* of places that are filled */
	bool png;                  /* the photograph made last */
};

/* A value for types that are no free words; NULL for those that are. */
static const char *pn_plain(const char *type)
{
	static const char *const values[][2] = {
		{ "day", "2011-03-14" },
		{ "instant", "2026-11-20T22:41:07Z" },
		{ "postcode", "ZZ9 9ZZ" },
		{ "nhs-number", "9990000018" },
		{ "pupil-number", "A999999999999" },
		{ "sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "count", "417" },
		{ "place", "child/name/full" },
		{ "local-authority", "830" },
		{ "police-force", "E23000015" },
		{ "recipient", "front-door" },
		{ "own-name", "derbyshire" },
		{ "notice-id", "01k9tess00examp1e0000000ld" },
		{ "keep", "P6Y" },
		{ "consent-categories", "identity risk" },
		{ "xs:boolean", "true" },
		{ "xs:token", "1" },
	};
	for (size_t i = 0; i < WG_COUNT(values); i++)
		if (strcmp(values[i][0], type) == 0)
			return values[i][1];
	return NULL;
}

/* Two authorities out of three, and the organisations that places may name. */
static const char *pn_special(const char *path)
{
	static const char *const hosts[] = { "860", "830", "831" }, *const desks[] = { "door", "social", "other" };
	if (strcmp(path, "authorities/placing") == 0)
		return "830";
	if (strcmp(path, "header/sender/@desk") == 0)
		return desks[pr_pick(3)];
	if (strcmp(path, "answer/item/place") == 0) {
		const char *named = ps_places[pr_pick((unsigned)ps_place_count)].path;
		return named[0] != '@' ? named : "child/name/full"; /* the notice's own are no places here */
	}
	if (strcmp(path, "authorities/host") == 0)
		return hosts[pr_pick(3)];
	if (strcmp(path, "child/school") == 0 && pr_one_in(2))
		return "Specimen School";
	return NULL;
}

/* A photograph with a canary in it; what follows that says whether the picture can be cleaned. */
static const char *pn_picture(struct pn_making *m, const char *canary)
{
	static char text[1024];
	char words[40];
	bool broken = pr_one_in(4);
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(sizeof text / 2);
	m->png = pr_one_in(2);
	(void)snprintf(words, sizeof words, "%s%s", canary, broken ? "broken" : "whole");
	picture_with(&bytes, m->png, words, broken);
	WG_AUTO_FREE char *base64 = wg_base64_encode(bytes.data, bytes.len);
	assert_non_null(base64);
	(void)snprintf(text, sizeof text, "%s", base64);
	return text;
}

static void pn_path(const struct pn_making *m, bool bare, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (int i = 0; i < m->depth; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s%s", i > 0 ? "/" : "", m->steps[i].name,
		                         bare || !m->steps[i].repeats ? ""
		                         : m->steps[i].add            ? "[+]"
		                                                      : "[last]");
	assert_true(used < size);
}

/* Sets the place that the steps lead to. */
static void pn_set(struct pn_making *m, const char *type)
{
	struct wg_err err = { 0 };
	char path[256], bare[256], canary[32];
	const char *value = NULL;
	pn_path(m, false, path, sizeof path);
	pn_path(m, true, bare, sizeof bare);
	(void)snprintf(canary, sizeof canary, "Zq%04uq", ++m->canaries);
	value = strcmp(bare, "attachment") == 0 ? pn_picture(m, canary) : pn_special(bare);
	if (strcmp(bare, "attachment/@type") == 0)
		value = m->png ? "image/png" : "image/jpeg";
	for (const char *t = type; value == NULL && t[0] != '\0'; t = ps_type(t) != NULL ? ps_type(t)->base : "") {
		value = pn_plain(t);
		if (value == NULL && ps_type(t) != NULL && ps_type(t)->first_code[0] != '\0')
			value = ps_type(t)->first_code;
	}
	must(wg_notice_set(m->notice, path, value != NULL ? value : canary, &err), &err);
	for (int i = 0; i < m->depth; i++)
		m->steps[i].add = false;
}

/* Text that may be left out although an attribute stands there. */
static bool pn_may_be_empty(const char *type)
{
	const struct ps_type *t = ps_type(type);
	return t != NULL && (strcmp(t->base, "said") == 0 || strcmp(t->base, "day") == 0);
}

static void pn_fill(struct pn_making *m, const char *type);

static void pn_attributes(struct pn_making *m, const char *type)
{
	const struct ps_type *t = ps_type(type);
	char name[PS_NAME + 1];
	for (int i = 0; t != NULL && i < t->count; i++) {
		const struct ps_decl *d = &t->decls[i];
		if (!d->attribute || !(d->required || m->steps[m->depth - 1].add || pr_one_in(2)))
			continue;
		(void)snprintf(name, sizeof name, "@%.60s", d->name);
		m->steps[m->depth++] = (struct pn_step){ name, false, false };
		pn_set(m, d->type);
		m->depth--;
	}
}

static void pn_element(struct pn_making *m, const struct ps_decl *d)
{
	m->steps[m->depth++] = (struct pn_step){ d->name, d->repeats, d->repeats };
	if (ps_holds(d->type))
		pn_fill(m, d->type);
	else if (!pn_may_be_empty(d->type) || !pr_one_in(4))
		pn_set(m, d->type);
	pn_attributes(m, d->type);
	m->depth--;
}

static bool pn_is_body(const char *name)
{
	bool body = false;
	for (int i = 0; i < ps_kind_count; i++)
		body = body || strcmp(ps_kinds[i][1], name) == 0;
	return body;
}

/* The frame that every notice has, and what the test itself needs. */
static bool pn_always(const struct pn_making *m, const char *name)
{
	return (m->depth == 1 && strcmp(m->steps[0].name, "authorities") == 0 && strcmp(name, "police") != 0) ||
	       (m->depth == 1 && strcmp(m->steps[0].name, "header") == 0 && strcmp(name, "sender") == 0);
}

static bool pn_left_out(const struct pn_making *m, const char *name)
{
	if (m->depth == 0)
		return strcmp(name, "withheld") == 0 || (strcmp(name, m->body) != 0 && pn_is_body(name));
	return m->depth == 1 && strcmp(m->steps[0].name, "header") == 0 &&
	       (strcmp(name, "copy-for") == 0 || strcmp(name, "keep") == 0);
}

static void pn_fill(struct pn_making *m, const char *type)
{
	const struct ps_type *t = ps_type(type);
	for (int i = 0; t != NULL && i < t->count; i++) {
		const struct ps_decl *d = &t->decls[i];
		if (d->attribute || pn_left_out(m, d->name))
			continue;
		bool holds = ps_holds(d->type);
		/* containers are entered often, so that deep places come up as often as others */
		bool wanted = pn_always(m, d->name) || !d->optional || pr_one_in(holds ? (m->one_in + 1) / 2 : m->one_in);
		if (m->depth == 0 && d->optional)
			wanted = pr_one_in(holds ? 2 : m->one_in);
		for (unsigned times = !wanted ? 0 : d->repeats && pr_one_in(3) ? 2 : 1; times > 0; times--)
			pn_element(m, d);
	}
}

/* A notice of a random kind: most have few places, some have all. */
static struct wg_notice *pn_make(const struct wg_schema *loaded)
{
	static const unsigned shapes[] = { 4, 8, 16, 24, 40, 80 };
	struct wg_err err = { 0 };
	unsigned kind = pr_pick((unsigned)ps_kind_count);
	struct pn_making m = { .body = ps_kinds[kind][1], .one_in = pr_one_in(60) ? 1 : shapes[pr_pick(WG_COUNT(shapes))] };
	must(wg_notice_new(loaded, ps_kinds[kind][0], "01k9tess00examp1e0property", &m.notice, &err), &err);
	pn_fill(&m, "notice");
	return m.notice;
}

/* ---- reading back */

struct pn_item {
	const struct ps_place *place;
	int holder; /* the element that it stands in, counted */
	char value[80];
};

struct pn_content {
	struct pn_item items[PN_ITEMS];
	int count;
	uint64_t present; /* categories of all that is there and of what holds it */
	char kind[PS_NAME];
};

struct pn_open {
	char path[192];
	int number;
	bool holds, says; /* elements; text or an attribute */
};

struct pn_reader {
	struct pn_content *out;
	struct pn_open open[PN_DEPTH + 2];
	int depth, opened;
	char hollow[192]; /* an element with nothing in it at all, where there should be none */
};

static void pn_note(struct pn_reader *r, const char *path, const char *value, size_t n)
{
	struct pn_content *c = r->out;
	const struct ps_place *place = ps_place(path);
	if (place == NULL)
		fail_msg("%s is no place of the schema", path);
	if (c->count == PN_ITEMS)
		fail_msg("more than %d places in a notice", PN_ITEMS);
	struct pn_item *item = &c->items[c->count++];
	item->place = place;
	item->holder = r->depth > 1 ? r->open[r->depth - 2].number : 0;
	(void)snprintf(item->value, sizeof item->value, "%.*s", (int)n, value); /* a cut value is cut in both */
	c->present |= place->need;
	if (strcmp(path, "answer/item/place") == 0) { /* that something is to be said there is itself of that category */
		const struct ps_place *named = ps_place(item->value);
		c->present |= named != NULL ? named->need : 0;
	}
}

/* name="value" pairs of a tag, declarations left out. */
static void pn_note_attributes(struct pn_reader *r, const char *tag, size_t len)
{
	char path[256];
	struct pn_open *here = &r->open[r->depth - 1];
	for (const char *p = memchr(tag, ' ', len); p != NULL && p < tag + len;) {
		const char *name = p + 1, *eq = memchr(name, '=', (size_t)(tag + len - name));
		if (eq == NULL)
			return;
		const char *end = strchr(eq + 2, '"');
		(void)snprintf(path, sizeof path, "%s%s@%.*s", here->path, here->path[0] != '\0' ? "/" : "", (int)(eq - name),
		               name);
		if (strncmp(name, "xmlns", 5) != 0) {
			pn_note(r, path, eq + 2, (size_t)(end - eq) - 2);
			here->says = true;
		}
		if (r->depth == 1 && strncmp(name, "kind=", 5) == 0)
			ps_copy(r->out->kind, PS_NAME, eq + 2, (size_t)(end - eq) - 2);
		p = end + 1;
	}
}

static void pn_open_tag(struct pn_reader *r, const char *tag, size_t len)
{
	size_t n = strcspn(tag, " />");
	const struct pn_open *above = r->depth > 0 ? &r->open[r->depth - 1] : NULL;
	if (r->depth == PN_DEPTH + 2)
		fail_msg("a notice is deeper than %d", PN_DEPTH);
	struct pn_open *here = &r->open[r->depth++];
	char path[192] = "";
	if (above != NULL) /* the root has no path */
		(void)snprintf(path, sizeof path, "%.120s%s%.*s", above->path, above->path[0] != '\0' ? "/" : "", (int)n, tag);
	*here = (struct pn_open){ 0 };
	memcpy(here->path, path, sizeof path);
	here->number = ++r->opened;
	if (r->depth > 1)
		r->open[r->depth - 2].holds = true;
	pn_note_attributes(r, tag, tag[len - 1] == '/' ? len - 1 : len);
}

static void pn_close_tag(struct pn_reader *r)
{
	const struct pn_open *here = &r->open[--r->depth];
	/* the frame and the body stay in every copy; anything deeper that is empty would say that something was there */
	if (!here->holds && !here->says && strchr(here->path, '/') != NULL)
		(void)snprintf(r->hollow, sizeof r->hollow, "%s", here->path);
}

/* The places of a serialised notice in their order. */
static void pn_read(const char *xml, struct pn_content *out, char hollow[192])
{
	struct pn_reader r = { .out = out };
	out->count = 0;
	out->present = 0;
	for (const char *p = strchr(xml, '<'); p != NULL; p = strchr(p, '<')) {
		const char *end = strchr(p, '>');
		size_t len = (size_t)(end - p) - 1, n = strcspn(end + 1, "<");
		if (p[1] == '/') {
			pn_close_tag(&r);
		} else if (p[1] != '?') {
			pn_open_tag(&r, p + 1, len);
			if (strspn(end + 1, " \n") < n) {
				r.open[r.depth - 1].says = true;
				pn_note(&r, r.open[r.depth - 1].path, end + 1, n);
			}
			if (p[len] == '/')
				pn_close_tag(&r);
		}
		p = end;
	}
	memcpy(hollow, r.hollow, sizeof r.hollow);
}

#endif
