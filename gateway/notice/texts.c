/* texts.c owns the question which free text of a notice may hold more than its place says. */
#include <string.h>

#include "notice/notice_internal.h"

bool wg_node_says(const xmlNode *node)
{
	for (const xmlNode *c = node->children; c != NULL; c = c->next)
		if (c->content[strspn((const char *)c->content, " \t\r\n")] != '\0')
			return true;
	return false;
}

struct texts {
	struct wg_notice_text *list;
	unsigned count, max;
};

static void add(struct texts *t, wg_categories own, wg_categories need, wg_categories may)
{
	struct wg_notice_text text = { .category = (unsigned)__builtin_ctzll(own), .need = need, .may = may & ~need };
	for (unsigned i = 0; i < t->count; i++)
		if (t->list[i].category == text.category && t->list[i].need == need) {
			t->list[i].may |= text.may; /* who is given one of them is given all */
			return;
		}
	if (t->count < t->max)
		t->list[t->count++] = text;
}

/* The recursion is bounded by the depth that wg_xml_parse allows. What the schema does not know is not in a notice. */
static void collect(struct texts *t, const xmlNode *node, const struct wg_place *place, wg_categories above)
{
	wg_categories need = above | place->category;
	if (place->may != WG_CATEGORIES_NONE && wg_node_says(node))
		add(t, place->category, need, place->may);
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL))
		collect(t, c, wg_type_place(place->type, (const char *)c->name), need);
}

unsigned wg_notice_texts(const struct wg_notice *notice, struct wg_notice_text *out, unsigned max)
{
	struct texts t = { .list = out, .max = max };
	collect(&t, wg_xml_root(notice->xml), &notice->schema->root, WG_CATEGORIES_NONE);
	return t.count;
}
