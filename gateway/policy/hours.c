/* hours.c owns when an office is open: <hours> and <closed>. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* "17:30", by the schema. */
static unsigned minutes_of(const char *text)
{
	char part[2][3] = { "", "" };
	uint64_t hour = 0, minute = 0;
	memcpy(part[0], text, 2);
	memcpy(part[1], text + 3, 2);
	(void)wg_num_parse(part[0], 0, 24, &hour);   /* 0 when it is no number, which the schema refused */
	(void)wg_num_parse(part[1], 0, 59, &minute); /* the same */
	return (unsigned)(hour * 60 + minute);
}

static enum wg_code add_day(void *arg, const char *name, struct wg_err *err)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	unsigned *days = arg;
	(void)err;
	for (unsigned i = 0; i < WG_COUNT(names); i++)
		*days |= strcmp(names[i], name) == 0 ? 1U << i : 0;
	return WG_OK;
}

enum wg_code wg_policy_add_hours(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	WG_AUTO_FREE char *days = NULL;
	char opens[8] = "", closes[8] = "";
	enum wg_code code = WG_POLICY_GROW(policy->hours, policy->hours_count, "hours", err);
	if (code != WG_OK)
		return code;
	struct wg_hours *one = &policy->hours[policy->hours_count - 1];
	one->layer = layer->number;
	one->closed_days = true;
	code = wg_names_attr(layer->doc, node, "name", one->name, sizeof one->name, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "days", &days, err);
	if (code == WG_OK)
		code = wg_names_each(days, add_day, &one->days, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "opens", opens, sizeof opens, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "closes", closes, sizeof closes, err);
	if (code == WG_OK)
		code = wg_policy_words_bool(layer, node, "closed-days", &one->closed_days, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &one->source, &one->note, err);
	if (code != WG_OK)
		return code;
	one->opens = minutes_of(opens);
	one->closes = minutes_of(closes);
	if (one->opens >= one->closes)
		return wg_xml_complain(
			layer->doc, node, err,
			"hours %s: it closes before it opens; over midnight write two lines, the first until 24:00", one->name);
	return wg_policy_add_item(policy, WG_ITEM_HOURS, policy->hours_count - 1, err);
}

static enum wg_code add_closed_day(void *arg, const char *name, struct wg_err *err)
{
	const struct wg_layer *layer = ((void **)arg)[0];
	const struct _xmlNode *node = ((void **)arg)[1];
	struct wg_policy *policy = layer->policy;
	int64_t day;
	if (!wg_policy_words_day(name, &day))
		return wg_xml_complain(layer->doc, node, err, "\"%s\" is not a day", name);
	enum wg_code code = WG_POLICY_GROW(policy->closed, policy->closed_count, "closed days", err);
	if (code == WG_OK)
		policy->closed[policy->closed_count - 1] = day;
	return code;
}

enum wg_code wg_policy_add_closed(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	WG_AUTO_FREE char *days = NULL;
	const void *arg[] = { layer, node };
	enum wg_code code = wg_policy_words_list(layer, node, "days", &days, err);
	return code == WG_OK ? wg_names_each(days, add_closed_day, arg, err) : code;
}

bool wg_policy_has_hours(const struct wg_policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->hours_count; i++)
		if (strcmp(policy->hours[i].name, name) == 0)
			return true;
	return false;
}

static bool is_closed(const struct wg_policy *policy, int64_t day)
{
	for (unsigned i = 0; i < policy->closed_count; i++)
		if (policy->closed[i] == day)
			return true;
	return false;
}

bool wg_policy_open(const struct wg_policy *policy, const char *name, int64_t day, unsigned minute)
{
	unsigned weekday = (unsigned)(((day + 3) % 7 + 7) % 7); /* 1 January 1970 was a Thursday */
	for (unsigned i = 0; i < policy->hours_count; i++) {
		const struct wg_hours *one = &policy->hours[i];
		bool shut = one->closed_days && is_closed(policy, day);
		if (strcmp(one->name, name) == 0 && (one->days >> weekday & 1) != 0 && minute >= one->opens &&
		    minute < one->closes && !shut)
			return true;
	}
	return false;
}
