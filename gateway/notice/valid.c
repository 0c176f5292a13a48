/* valid.c owns the check of a whole notice against what valid_model.c and valid_value.c read of the schema.
 * SECURITY: the tree is a stranger's. A yes is believed: what is in any way out of the ordinary is none. */
#include <libxml/tree.h>
#include <string.h>

#include "notice/notice.h"
#include "notice/valid_internal.h"
#include "notice/xml.h"

struct check {
	const xmlNs *ns; /* the last one that was seen to be the notice's */
};

static bool in_namespace(struct check *check, const xmlNode *node)
{
	if (node->ns == NULL || (node->ns != check->ns && strcmp((const char *)node->ns->href, WG_NOTICE_NS) != 0))
		return false;
	check->ns = node->ns;
	return true;
}

/* The text of an element or attribute that holds nothing else; NULL when it is in pieces. */
static const char *text_of(const xmlNode *first)
{
	if (first == NULL)
		return "";
	return first->type == XML_TEXT_NODE && first->next == NULL && first->content != NULL ? (const char *)first->content
	                                                                                     : NULL;
}

static bool check_attributes(const struct wg_type *type, const xmlNode *node)
{
	unsigned required = 0, found = 0;
	for (size_t i = 0; type != NULL && i < type->n_attributes; i++)
		required |= type->attributes[i].required ? 1u << i : 0u;
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		const struct wg_attribute *known = a->ns == NULL ? wg_type_attribute(type, (const char *)a->name) : NULL;
		const char *value = known != NULL ? text_of(a->children) : NULL;
		if (value == NULL || !wg_simple_holds(known->simple, value))
			return false;
		found |= 1u << (known - type->attributes);
	}
	return (required & ~found) == 0;
}

static bool blank(const xmlNode *text)
{
	const char *s = (const char *)text->content;
	return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

/* Where the elements of one type have got to. */
struct order {
	const struct wg_type *type;
	size_t at;      /* the place whose turn it is */
	unsigned count; /* of its elements so far */
};

/* Behind the place whose turn it is, and behind the choice that it is one of; false when something is missing. */
static bool leave(struct order *o)
{
	const struct wg_place *place = &o->type->places[o->at];
	if (o->count < place->least)
		return false;
	o->count = 0;
	o->at++;
	return true;
}

/* The one of a choice that bears this name; NULL: none does. Moves behind the choice. */
static const struct wg_place *choose(struct order *o, const char *name)
{
	const struct wg_place *found = NULL, *places = o->type->places;
	unsigned choice = places[o->at].choice;
	for (; o->at < o->type->n_places && places[o->at].choice == choice; o->at++)
		if (strcmp(places[o->at].name, name) == 0)
			found = &places[o->at];
	return found;
}

/* The place of the next element; NULL when none may stand here. Names are unique within a type, so that the first place
 * of that name is the only one. */
static const struct wg_place *next_place(struct order *o, const char *name)
{
	while (o->at < o->type->n_places) {
		const struct wg_place *place = &o->type->places[o->at];
		if (place->choice != 0)
			return choose(o, name);
		if (strcmp(place->name, name) == 0)
			return ++o->count <= place->most ? place : NULL;
		if (!leave(o))
			return NULL;
	}
	return NULL;
}

/* Nothing that has to stand is missing at the end. */
static bool complete(struct order *o)
{
	while (o->at < o->type->n_places)
		if (o->type->places[o->at].choice != 0 || !leave(o))
			return false;
	return true;
}

static bool check_element(struct check *check, const struct wg_place *place, const xmlNode *node);

/* The recursion is as deep as the schema. */
static bool check_children(struct check *check, const struct wg_type *type, const xmlNode *node)
{
	struct order order = { .type = type };
	if (type->n_places == 0)
		return node->children == NULL;
	for (const xmlNode *c = node->children; c != NULL; c = c->next) {
		if (c->type == XML_TEXT_NODE && blank(c))
			continue;
		if (c->type != XML_ELEMENT_NODE || !in_namespace(check, c))
			return false;
		const struct wg_place *place = next_place(&order, (const char *)c->name);
		if (place == NULL || !check_element(check, place, c))
			return false;
	}
	return complete(&order);
}

static bool check_element(struct check *check, const struct wg_place *place, const xmlNode *node)
{
	const struct wg_type *type = place->type;
	if ((type != NULL && !type->checked) || !check_attributes(type, node))
		return false;
	if (type != NULL && !type->text)
		return check_children(check, type, node);
	const char *text = text_of(node->children);
	return text != NULL && !(place->by_default && text[0] == '\0') && wg_simple_holds(place->simple, text);
}

bool wg_valid(const struct wg_schema *schema, const struct _xmlNode *root)
{
	struct check check = { 0 };
	return in_namespace(&check, root) && strcmp((const char *)root->name, schema->root.name) == 0 &&
	       check_element(&check, &schema->root, root);
}
