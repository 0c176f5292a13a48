/* category.c owns the table of data categories. The same list, in the same order, stands in
 * xsd/wardgate/1/categories.xsd. */
#include "notice/category.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/schema_nearest.h"

static const char *const names[] = {
	"administrative",
	"identity",
	"contact",
	"confidential-address",
	"description",
	"photograph",
	"episode",
	"last-seen",
	"circumstances",
	"risk",
	"health",
	"disability",
	"equality",
	"legal-status",
	"care-plan",
	"placement",
	"family",
	"third-party",
	"alleged-perpetrator",
	"online-identity",
	"exploitation",
	"sexual-activity",
	"self-harm",
	"substance-use",
	"offending",
	"child-account",
	"carer-account",
	"wishes",
	"intelligence",
	"recommendation",
	"professional-contact",
	"sharing",
	"delivery",
};

_Static_assert(WG_COUNT(names) <= 64, "a set of categories is 64 bits");

unsigned wg_category_count(void)
{
	return WG_COUNT(names);
}

const char *wg_category_name(unsigned i)
{
	return i < WG_COUNT(names) ? names[i] : "unknown";
}

wg_categories wg_categories_all(void)
{
	return ~(wg_categories)0 >> (64 - WG_COUNT(names));
}

wg_categories wg_category_find(const char *name)
{
	for (unsigned i = 0; i < WG_COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			return (wg_categories)1 << i;
	return WG_CATEGORIES_NONE;
}

enum wg_code wg_categories_parse(const char *list, wg_categories *out, struct wg_err *err)
{
	static const char blanks[] = " \t\r\n";
	wg_categories set = WG_CATEGORIES_NONE;
	for (const char *p = list + strspn(list, blanks); *p != '\0'; p += strspn(p, blanks)) {
		size_t n = strcspn(p, blanks);
		char name[WG_LIMIT_NAME + 1];
		if (n > WG_LIMIT_NAME)
			return wg_err_set(err, WG_CONFIG, "a category name of %zu bytes", n);
		memcpy(name, p, n);
		name[n] = '\0';
		wg_categories one = strcmp(name, "*") == 0 ? wg_categories_all() : wg_category_find(name);
		if (one == WG_CATEGORIES_NONE)
			return wg_err_set(err, WG_CONFIG, "unknown category \"%s\"; did you mean \"%s\"?", name,
			                  wg_nearest(name, names, WG_COUNT(names)));
		set |= one;
		p += n;
	}
	*out = set;
	return WG_OK;
}

const char *wg_categories_format(wg_categories set, char *out, unsigned size)
{
	size_t used = 0;
	if (size > 0)
		out[0] = '\0';
	for (unsigned i = 0; i < WG_COUNT(names); i++) {
		if ((set >> i & 1) == 0 || used >= size)
			continue;
		int n = snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", names[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}
