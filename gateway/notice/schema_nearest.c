/* schema_nearest.c owns the edit distance behind "did you mean". */
#include "notice/schema_nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

size_t wg_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[WG_LIMIT_NAME + 1]; /* changes from the first i characters of a to each beginning of b */
	if (la > WG_LIMIT_NAME || lb > WG_LIMIT_NAME)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1] ? 1 : 0));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *wg_nearest(const char *name, const char *const *names, size_t n)
{
	const char *best = "";
	size_t shortest = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		size_t d = wg_distance(name, names[i]);
		if (d < shortest || best[0] == '\0') {
			best = names[i];
			shortest = d;
		}
	}
	return best;
}

const char *wg_next_name(const char *names, char one[WG_LIMIT_NAME + 1])
{
	names += strspn(names, " ");
	const size_t n = strcspn(names, " ");
	(void)snprintf(one, WG_LIMIT_NAME + 1, "%.*s", (int)n, names); /* our own names fit */
	return n > 0 ? names + n : NULL;
}

const char *wg_hint(const char *name, const char *names, char out[WG_HINT])
{
	char one[WG_LIMIT_NAME + 1];
	const size_t len = strlen(name);
	out[0] = '\0';
	if (len == 0 || len > WG_LIMIT_NAME)
		return out;
	size_t best = 2 + len / 3; /* one slip in a short name, a few in a long one: further off is no guess but noise */
	while ((names = wg_next_name(names, one)) != NULL) {
		const size_t d = wg_distance(name, one);
		if (d >= best)
			continue;
		best = d;
		(void)snprintf(out, WG_HINT, "; did you mean \"%s\"?", one); /* at most 64 + 18 */
	}
	return out;
}
