/* items.c owns the list of all that a policy says, for tools that print or trace it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/confirm_internal.h"
#include "policy/say_internal.h"

/* The longest sentence: a rule for 64 roles with words of 160, and a condition of 2000 letters. */
#define SENTENCE_MAX ((size_t)64 * 1024)

/* What the lists have in common. */
struct face {
	const char *what, *source, *note;
	unsigned layer;
};

static struct face face_of(const struct wg_policy *p, const struct wg_item *item)
{
	unsigned i = item->index;
	if (item->kind == WG_ITEM_ROUTE)
		return (struct face){ "route", p->routes[i].source, p->routes[i].note, p->routes[i].layer };
	if (item->kind == WG_ITEM_GRADES)
		return (struct face){ "grades", p->grades[i].source, p->grades[i].note, p->grades[i].layer };
	if (item->kind == WG_ITEM_RETENTION)
		return (struct face){ "retention", p->retentions[i].source, p->retentions[i].note, p->retentions[i].layer };
	if (item->kind == WG_ITEM_HOURS)
		return (struct face){ "hours", p->hours[i].source, p->hours[i].note, p->hours[i].layer };
	if (item->kind == WG_ITEM_TEXT_REVIEW)
		return (struct face){ "text-review", p->text_reviews[i].source, p->text_reviews[i].note,
			                  p->text_reviews[i].layer };
	if (item->kind == WG_ITEM_DEFINE)
		return (struct face){ "definition", p->defines[i].source, p->defines[i].note, p->defines[i].layer };
	if (item->kind == WG_ITEM_DEADLINE)
		return (struct face){ "deadline", p->deadlines[i].source, p->deadlines[i].note, p->deadlines[i].layer };
	return (struct face){ "rule", p->rules[i].source, p->rules[i].note, p->rules[i].layer };
}

/* "england/frame", or the layer, what it is, and which of them in its file: "england/route-3". */
static char *id_of(const struct wg_policy *policy, unsigned at)
{
	const struct wg_item *item = &policy->items[at];
	struct face face = face_of(policy, item);
	unsigned number = 1;
	char *id = NULL;
	if (item->kind == WG_ITEM_DEFINE) /* a rule may have the same name */
		return asprintf(&id, "%s/$%s", policy->layers[face.layer].id, policy->defines[item->index].name) >= 0 ? id
		                                                                                                      : NULL;
	if (item->kind == WG_ITEM_RULE)
		return strdup(policy->rules[item->index].id);
	if (item->kind == WG_ITEM_DEADLINE)
		return strdup(policy->deadlines[item->index].id);
	for (unsigned i = 0; i < at; i++)
		number += policy->items[i].kind == item->kind && face_of(policy, &policy->items[i]).layer == face.layer ? 1 : 0;
	return asprintf(&id, "%s/%s-%u", policy->layers[face.layer].id, face.what, number) >= 0 ? id : NULL;
}

/* The names of a set, as the file would list them. */
static char *names_of(const struct wg_set *set, const char *(*name)(const struct wg_policy *p, unsigned i),
                      const struct wg_policy *policy, unsigned count)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(SENTENCE_MAX);
	if (set != NULL && wg_set_full(set))
		return strdup("*");
	for (unsigned i = 0; set != NULL && i < count; i++)
		if (wg_set_has(set, i))
			wg_buf_printf(&out, "%s%s", out.len > 0 ? " " : "", name(policy, i));
	return out.failed ? NULL : strdup(wg_buf_text(&out));
}

static const char *kind_name(const struct wg_policy *policy, unsigned i)
{
	return policy->kinds[i];
}

static const char *role_name(const struct wg_policy *policy, unsigned i)
{
	return policy->roles[i].name;
}

/* What an item is about. */
static void fill_about(const struct wg_policy *p, struct wg_item *item)
{
	const struct wg_set *kinds = NULL, *roles = NULL;
	struct wg_set to = { 0 };
	unsigned i = item->index;
	if (item->kind == WG_ITEM_RULE) {
		kinds = &p->rules[i].kinds;
		roles = &p->rules[i].to;
	} else if (item->kind == WG_ITEM_ROUTE) {
		kinds = &p->routes[i].kinds;
		roles = &to;
		for (unsigned t = 0; t < p->routes[i].to_count; t++)
			wg_set_add(&to, p->routes[i].to[t].role);
	} else if (item->kind == WG_ITEM_RETENTION) {
		kinds = &p->retentions[i].kinds;
	} else if (item->kind == WG_ITEM_DEADLINE) {
		kinds = &p->deadlines[i].kinds;
		roles = &p->deadlines[i].to;
	}
	item->kinds = names_of(kinds, kind_name, p, p->kind_count);
	item->roles = names_of(roles, role_name, p, p->role_count);
}

enum wg_code wg_policy_fill_items(struct wg_policy *policy, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(SENTENCE_MAX);
	for (unsigned i = 0; i < policy->item_count; i++) {
		struct wg_item *item = &policy->items[i];
		wg_buf_reset(&text);
		wg_say_item(policy, item, &text);
		enum wg_code code = wg_buf_check(&text, "the sentence of a rule", err);
		if (code != WG_OK)
			return code;
		item->id = id_of(policy, i);
		item->text = strdup(wg_buf_text(&text));
		fill_about(policy, item);
		if (item->id == NULL || item->text == NULL || item->kinds == NULL || item->roles == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
		item->text[0] = (char)toupper((unsigned char)item->text[0]);
	}
	return WG_OK;
}

unsigned wg_policy_items(const struct wg_policy *policy)
{
	return policy->item_count;
}

bool wg_policy_item(const struct wg_policy *policy, unsigned i, struct wg_policy_item *out)
{
	if (i >= policy->item_count)
		return false;
	const struct wg_item *item = &policy->items[i];
	const struct wg_rule *rule = item->kind == WG_ITEM_RULE ? &policy->rules[item->index] : NULL;
	struct face face = face_of(policy, item);
	*out = (struct wg_policy_item){ .id = item->id,
		                            .layer = policy->layers[face.layer].id,
		                            .what = face.what,
		                            .source = face.source,
		                            .text = item->text,
		                            .note = face.note,
		                            .kinds = item->kinds,
		                            .roles = item->roles,
		                            .basis = rule != NULL ? rule->basis : NULL,
		                            .effect = rule != NULL ? rule->effect : WG_SHARE };
	return true;
}
