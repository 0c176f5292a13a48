/* grades.c owns <grades>: which grades of risk a region has for a child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

enum wg_code wg_policy_add_grades(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	enum wg_code code = WG_POLICY_GROW(policy->grades, policy->grades_count, "lists of grades", err);
	if (code != WG_OK)
		return code;
	struct wg_grades *one = &policy->grades[policy->grades_count - 1]; /* counted also when it fails, to be freed */
	one->layer = layer->number;
	code = wg_policy_words_list(layer, node, "of", &one->of, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "allow", &one->allow, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "first", &one->first, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &one->source, &one->note, err);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_GRADES, policy->grades_count - 1, err) : code;
}

/* The highest layer's grades of an authority; NULL when it has none. */
static const struct wg_grades *grades_of(const struct wg_policy *policy, const char *authority)
{
	for (unsigned i = policy->grades_count; i-- > 0;)
		if (wg_list_has(policy->grades[i].of, authority))
			return &policy->grades[i];
	return NULL;
}

/* Days of this form compare as text; nobody is born on the 29th of February and 18 on another day than that or the 1st
 * of March. */
static bool adult(const struct wg_notice *notice, const char *now)
{
	char born[16], year[8] = "", birthday[16];
	uint64_t n;
	if (now == NULL || !wg_notice_get_into(notice, "child/date-of-birth", born, sizeof born) || strlen(born) != 10)
		return false;
	memcpy(year, born, 4);
	if (!wg_num_parse(year, 1, 9000, &n))
		return false;
	(void)snprintf(birthday, sizeof birthday, "%04u%.6s", (unsigned)n + 18, born + 4); /* fits */
	return strncmp(birthday, now, 10) <= 0;
}

bool wg_policy_grade(const struct wg_policy *policy, const struct wg_notice *notice, const char *now, char *why,
                     size_t size)
{
	static const char *const graded[] = { "episode/risk", "update/new-risk" };
	static const char *const sides[] = { "authorities/host", "authorities/placing" };
	char kind[WG_LIMIT_NAME + 1], authority[WG_LIMIT_NAME + 1] = "", grade[WG_LIMIT_NAME + 1];
	const struct wg_grades *grades = NULL;
	if (size > 0)
		why[0] = '\0';
	for (size_t i = 0; i < WG_COUNT(sides) && grades == NULL; i++)
		if (wg_notice_get_into(notice, sides[i], authority, sizeof authority))
			grades = grades_of(policy, authority);
	if (grades == NULL || adult(notice, now))
		return true;
	(void)wg_notice_get_into(notice, "@kind", kind, sizeof kind); /* every notice has one */
	bool first = grades->first[0] != '\0' && strcmp(kind, "missing") == 0;
	const char *allowed = first ? grades->first : grades->allow;
	for (size_t i = 0; i < WG_COUNT(graded); i++) {
		if (!wg_notice_get_into(notice, graded[i], grade, sizeof grade) || grade[0] == '\0' ||
		    wg_list_has(allowed, grade))
			continue;
		(void)snprintf(why, size, "the grade of risk is not one that authority %s has for a child%s: %s (%s)",
		               authority, first ? " in a first report" : "", allowed,
		               grades->source); /* cut when it does not fit */
		return false;
	}
	return true;
}
