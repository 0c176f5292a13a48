/* office_style.c owns the styles of an office document.
 * SECURITY: a style may be based on itself: a chain is followed for so many steps only. */
#include "readers/office_style.h"

#include <stdlib.h>
#include <string.h>

/* Word itself allows some ten. */
#define BASED_ON_MAX 12

void wg_office_styles_free(struct wg_office_styles *styles)
{
	for (size_t i = 0; i < styles->n; i++) {
		free(styles->list[i].id);
		free(styles->list[i].based_on);
	}
	free(styles->list);
	*styles = (struct wg_office_styles){ 0 };
}

bool wg_office_styles_add(struct wg_office_styles *styles, struct wg_office_style *style)
{
	bool good = style->id != NULL && style->based_on != NULL;
	if (good && styles->n == styles->cap) {
		size_t cap = styles->cap == 0 ? 64 : styles->cap * 2;
		struct wg_office_style *bigger = reallocarray(styles->list, cap, sizeof *bigger);
		good = bigger != NULL;
		styles->list = good ? bigger : styles->list;
		styles->cap = good ? cap : styles->cap;
	}
	if (!good) {
		free(style->id);
		free(style->based_on);
		return false;
	}
	styles->list[styles->n++] = *style;
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct wg_office_style *)a)->id, ((const struct wg_office_style *)b)->id);
}

void wg_office_styles_sort(struct wg_office_styles *styles)
{
	if (styles->n > 0)
		qsort(styles->list, styles->n, sizeof *styles->list, by_id);
}

static const struct wg_office_style *find(const struct wg_office_styles *styles, const char *id)
{
	const struct wg_office_style key = { .id = (char *)id };
	return styles->n > 0 ? bsearch(&key, styles->list, styles->n, sizeof key, by_id) : NULL;
}

bool wg_office_style_of(const struct wg_office_styles *styles, const char *id, struct wg_office_style *out)
{
	struct wg_office_style all = { 0 };
	const struct wg_office_style *s = find(styles, id);
	bool known = s != NULL;
	for (unsigned step = 0; s != NULL && step < BASED_ON_MAX; step++) {
		all.heading = all.heading || s->heading;
		all.contents = all.contents || s->contents;
		all.shaded = all.shaded || s->shaded;
		all.bold = all.bold_said ? all.bold : s->bold;
		all.hidden = all.hidden_said ? all.hidden : s->hidden;
		all.bold_said = all.bold_said || s->bold_said;
		all.hidden_said = all.hidden_said || s->hidden_said;
		s = s->based_on[0] != '\0' ? find(styles, s->based_on) : NULL;
	}
	*out = all;
	return known;
}
