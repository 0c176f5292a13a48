/* render_page.c owns which fields a page has and in which sections they stand. Every element that holds something makes
 * a field: what no list of render_words.c knows stands in the section of its holder, under its own name. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/render_internal.h"

/* The words of one page: a rendering of more is refused anyway (WG_LIMIT_NOTICE). */
#define WORDS_MAX ((size_t)4 * 1024 * 1024)
/* Fields and sections at first. */
#define ROOM_AT_FIRST 64

/* Elements of a body that hold others, by name: each name has a section of its own, where there are several they are
 * numbered. */
struct holder {
	const xmlNode *node;
	size_t next; /* of the same name, as number + 1; 0: none */
};

struct group {
	const xmlNode *first;
	size_t head, tail; /* numbers of holders */
	bool several;
};

struct making {
	struct wg_page *page;
	const struct wg_schema *schema;
	struct holder *holders;
	size_t holder_count, holder_room;
	struct group *groups;
	size_t group_count, group_room;
};

/* What stands before a label, outermost first. */
struct prefix {
	const struct prefix *above;
	const xmlNode *node;
	bool label; /* by its label, not by its name */
};

/* Where the walk is. */
struct walk {
	const struct wg_place *place;
	const struct prefix *before;
	unsigned number; /* of the holder among several; 0: none */
	bool held;       /* in the last section */
};

/* Room for one more; false when memory ran out. */
static bool room(void **list, size_t count, size_t *have, size_t size)
{
	if (count < *have)
		return true;
	size_t more = *have > 0 ? 2 * *have : ROOM_AT_FIRST;
	void *grown = reallocarray(*list, more, size);
	if (grown == NULL)
		return false;
	*list = grown;
	*have = more;
	return true;
}

/* ---- fields */

/* What is put next is words of its own, from here on. */
static size_t begin(const struct making *m)
{
	return m->page->words.len;
}

static void end(const struct making *m)
{
	wg_buf_putc(&m->page->words, '\0');
}

static void put_before(const struct making *m, const struct prefix *prefix)
{
	if (prefix == NULL)
		return;
	put_before(m, prefix->above); /* as deep as the schema */
	if (prefix->label)
		wg_render_label(prefix->node, &m->page->words);
	else
		wg_render_words((const char *)prefix->node->name, &m->page->words);
	wg_buf_puts(&m->page->words, ", ");
}

static struct wg_field *add_field(struct making *m)
{
	struct wg_page *page = m->page;
	void *list = page->fields;
	page->failed = page->failed || !room(&list, page->field_count, &page->field_room, sizeof *page->fields);
	page->fields = list;
	return page->failed ? NULL : &page->fields[page->field_count++];
}

static void put_field(struct making *m, const xmlNode *node, const struct walk *at)
{
	struct wg_field *field = add_field(m);
	if (field == NULL)
		return;
	field->part = at->held ? WG_PART_NONE : wg_render_part(node);
	field->section = at->held ? m->page->section_count - 1 : 0;
	field->label = begin(m);
	if (at->number > 0)
		wg_buf_printf(&m->page->words, "%u. ", at->number);
	put_before(m, at->before);
	wg_render_label(node, &m->page->words);
	end(m);
	field->value = begin(m);
	wg_render_value(node, at->place, &m->page->words);
	end(m);
}

static void put_said(struct making *m, const char *label, const char *value, enum wg_part part)
{
	struct wg_field *field = add_field(m);
	if (field == NULL)
		return;
	*field = (struct wg_field){ .part = part, .label = begin(m) };
	wg_buf_puts(&m->page->words, label);
	end(m);
	field->value = begin(m);
	wg_buf_puts(&m->page->words, value);
	end(m);
}

/* ---- the walk */

/* A worker: a person or an office with what it is reached by. */
static bool is_worker(const xmlNode *node)
{
	static const char *const parts[] = { "name", "role", "organisation", "telephone", "email", "address", "team" };
	if (wg_render_is(node, "episode", "officer"))
		return true;
	if (!wg_render_is(node->parent, NULL, "child") || wg_render_is(node, NULL, "placement"))
		return false;
	for (size_t i = 0; i < WG_COUNT(parts); i++)
		if (wg_xml_first(node, parts[i]) != NULL)
			return true;
	return false;
}

/* An element of the child, or of a body, that holds others and has a section for its name. */
static bool is_holder(const xmlNode *node)
{
	const xmlNode *parent = node->parent;
	if (wg_render_is(parent, NULL, "child"))
		return wg_render_is(node, NULL, "relative") || wg_render_is(node, NULL, "unborn") ||
		       wg_render_is(node, NULL, "status");
	return wg_xml_first(node, NULL) != NULL && parent->parent != NULL && wg_render_is(parent->parent, NULL, "notice") &&
	       !wg_render_is(parent, NULL, "episode") && !wg_render_is(parent, NULL, "header") &&
	       !wg_render_is(node, NULL, "last-seen") && !wg_render_is(node, NULL, "informant");
}

/* Down to what holds words or attributes. Holders are walked where their section stands. The recursion is bounded by
 * the depth that wg_xml_parse allows. */
static void walk(struct making *m, const xmlNode *node, const struct walk *at)
{
	if (is_holder(node))
		return;
	if (wg_xml_first(node, NULL) == NULL) {
		if ((node->children != NULL && node->children->content != NULL && node->children->content[0] != '\0') ||
		    node->properties != NULL)
			put_field(m, node, at);
		return;
	}
	bool worker = is_worker(node);
	struct prefix prefix = { .above = at->before, .node = node, .label = worker };
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		struct walk below = *at;
		below.before = worker || at->held ? &prefix : at->before;
		below.place = at->place != NULL ? wg_type_place(at->place->type, (const char *)c->name) : NULL;
		walk(m, c, &below);
	}
}

/* ---- sections */

static void add_section(struct making *m, const char *title, const enum wg_part *parts)
{
	struct wg_page *page = m->page;
	void *list = page->sections;
	page->failed = page->failed || !room(&list, page->section_count, &page->section_room, sizeof *page->sections);
	page->sections = list;
	if (page->failed)
		return;
	struct wg_section *section = &page->sections[page->section_count++];
	*section = (struct wg_section){ .title = begin(m) };
	if (parts != NULL)
		memcpy(section->parts, parts, sizeof section->parts);
	if (title != NULL)
		wg_buf_puts(&page->words, title);
}

static void take_holder(struct making *m, const xmlNode *node)
{
	void *list = m->holders;
	m->page->failed = m->page->failed || !room(&list, m->holder_count, &m->holder_room, sizeof *m->holders);
	m->holders = list;
	if (m->page->failed)
		return;
	size_t own = m->holder_count++;
	m->holders[own] = (struct holder){ .node = node };
	for (size_t i = 0; i < m->group_count; i++) {
		struct group *g = &m->groups[i];
		if (strcmp((const char *)g->first->name, (const char *)node->name) != 0)
			continue;
		m->holders[g->tail].next = own + 1;
		g->tail = own;
		g->several = true;
		return;
	}
	list = m->groups;
	m->page->failed = !room(&list, m->group_count, &m->group_room, sizeof *m->groups);
	m->groups = list;
	if (!m->page->failed)
		m->groups[m->group_count++] = (struct group){ .first = node, .head = own, .tail = own };
}

static void take_holders(struct making *m, const xmlNode *root)
{
	for (const xmlNode *c = wg_xml_first(root, NULL); c != NULL; c = wg_xml_next(c, NULL))
		for (const xmlNode *h = wg_xml_first(c, NULL); h != NULL; h = wg_xml_next(h, NULL))
			if (is_holder(h))
				take_holder(m, h);
}

/* The place of an element that stands two below the root. */
static const struct wg_place *place_of(const struct making *m, const xmlNode *node)
{
	const struct wg_place *above = wg_type_place(m->schema->root.type, (const char *)node->parent->name);
	return above != NULL ? wg_type_place(above->type, (const char *)node->name) : NULL;
}

static void add_group(struct making *m, const struct group *g)
{
	unsigned number = 0;
	add_section(m, NULL, NULL);
	wg_render_holder(g->first, &m->page->words);
	end(m);
	for (size_t i = g->head + 1; i != 0 && !m->page->failed; i = m->holders[i - 1].next) {
		const xmlNode *node = m->holders[i - 1].node;
		const struct wg_place *place = place_of(m, node);
		number++;
		for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
			struct walk at = { .number = g->several ? number : 0, .held = true };
			at.place = place != NULL ? wg_type_place(place->type, (const char *)c->name) : NULL;
			walk(m, c, &at);
		}
	}
}

/* Which groups stand here: those that begin outside the child, or with the child's own of these names. */
static void add_groups(struct making *m, const char *of_child, const char *or_of_child)
{
	for (size_t i = 0; i < m->group_count; i++) {
		const xmlNode *first = m->groups[i].first;
		bool child = wg_render_is(first->parent, NULL, "child");
		if (child ? of_child != NULL && (wg_render_is(first, NULL, of_child) || wg_render_is(first, NULL, or_of_child))
		          : of_child == NULL)
			add_group(m, &m->groups[i]);
	}
}

/* In the order of the page. title NULL: groups stand here. */
static const struct {
	const char *title;
	enum wg_part parts[WG_SECTION_PARTS];
	const char *of_child, *or_of_child;
} sections[] = {
	{ "What to do now", { WG_PART_DO, WG_PART_RING }, NULL, NULL },
	{ "Key facts", { WG_PART_KEY_1, WG_PART_KEY_2, WG_PART_KEY_3 }, NULL, NULL },
	{ "What happened", { WG_PART_WHAT, WG_PART_OTHER }, NULL, NULL },
	{ NULL, { WG_PART_NONE }, NULL, NULL },
	{ "Risk and vulnerability", { WG_PART_RISK_1, WG_PART_RISK_2 }, NULL, NULL },
	{ "Episode", { WG_PART_EPISODE }, NULL, NULL },
	{ NULL, { WG_PART_NONE }, "unborn", "status" },
	{ "Description", { WG_PART_DESCRIPTION_1, WG_PART_DESCRIPTION_2, WG_PART_PHOTOGRAPH }, NULL, NULL },
	{ "Health and disability", { WG_PART_HEALTH }, NULL, NULL },
	{ "Home and contact", { WG_PART_CONTACT }, NULL, NULL },
	{ "Care and placement", { WG_PART_CARE, WG_PART_PLACEMENT }, NULL, NULL },
	{ "Workers", { WG_PART_WORKERS }, NULL, NULL },
	{ NULL, { WG_PART_NONE }, "relative", "relative" },
	{ "Other people", { WG_PART_PEOPLE_1, WG_PART_PEOPLE_2 }, NULL, NULL },
	{ "Identity and background", { WG_PART_IDENTITY }, NULL, NULL },
	{ "Sharing, consent and wishes", { WG_PART_SHARING }, NULL, NULL },
	{ "Authorities", { WG_PART_AUTHORITIES }, NULL, NULL },
	{ "Not shared in this copy", { WG_PART_WITHHELD }, NULL, NULL },
	{ "About this report", { WG_PART_ABOUT }, NULL, NULL },
};

static void add_sections(struct making *m)
{
	for (size_t i = 0; i < WG_COUNT(sections); i++)
		if (sections[i].title != NULL) {
			add_section(m, sections[i].title, sections[i].parts);
			end(m);
		} else {
			add_groups(m, sections[i].of_child, sections[i].or_of_child);
		}
}

/* ---- the page */

static void put_marking(struct making *m, const xmlNode *root)
{
	const xmlNode *header = wg_xml_first(root, "header"),
				  *marking = header != NULL ? wg_xml_first(header, "marking") : NULL;
	const char *said = marking != NULL && marking->children != NULL ? (const char *)marking->children->content : "";
	m->page->marking = begin(m);
	wg_buf_puts(&m->page->words, said[0] != '\0' ? said : "OFFICIAL-SENSITIVE");
	end(m);
}

static void put_own(struct making *m, const xmlNode *root)
{
	const xmlNode *child = wg_xml_first(root, "child");
	const char *id = wg_render_attribute(root, "id");
	const char *cared = child != NULL ? wg_render_attribute(child, "looked-after") : NULL;
	if (id != NULL)
		put_said(m, "Notice number", id, WG_PART_ABOUT);
	if (cared != NULL)
		put_said(m, "Looked after",
		         strcmp(cared, "true") == 0    ? "Yes"
		         : strcmp(cared, "false") == 0 ? "No"
		                                       : "Not known",
		         WG_PART_CARE);
}

static void make(struct making *m, const xmlNode *root)
{
	const char *kind = wg_render_attribute_or(root, "kind");
	m->page->good_news = strcmp(kind, "found") == 0 || strcmp(kind, "found-onward") == 0;
	m->page->title = begin(m);
	wg_render_title(root, kind, &m->page->words);
	end(m);
	put_marking(m, root);
	take_holders(m, root);
	add_sections(m);
	put_own(m, root);
	for (const xmlNode *c = wg_xml_first(root, NULL); c != NULL && !m->page->failed; c = wg_xml_next(c, NULL)) {
		struct walk at = { .place = wg_type_place(m->schema->root.type, (const char *)c->name) };
		walk(m, c, &at);
	}
}

enum wg_code wg_page_new(const struct wg_notice *notice, struct wg_page **out, struct wg_err *err)
{
	WG_CLEANUP(wg_page_freep) struct wg_page *page = calloc(1, sizeof *page);
	if (page == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a page");
	page->words = WG_BUF(WORDS_MAX);
	struct making m = { .page = page, .schema = notice->schema };
	make(&m, wg_xml_root(notice->xml));
	free(m.holders);
	free(m.groups);
	if (page->failed)
		return wg_err_set(err, WG_SYSTEM, "no memory for a page");
	enum wg_code code = wg_buf_check(&page->words, "page of a notice", err);
	if (code == WG_OK)
		*out = wg_steal(&page);
	return code;
}

void wg_page_freep(struct wg_page **page)
{
	if (*page == NULL)
		return;
	wg_buf_wipe(&(*page)->words);
	free((*page)->fields);
	free((*page)->sections);
	free(*page);
	*page = NULL;
}
