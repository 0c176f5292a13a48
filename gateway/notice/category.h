/* Categories of data: policy speaks of these only, and every element of the schema carries exactly one. */
#ifndef WG_NOTICE_CATEGORY_H
#define WG_NOTICE_CATEGORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A set of categories, one bit each; the bit of a category is its place in the table of category.c, so sets never go to
 * disk as numbers, only as names. */
typedef uint64_t wg_categories;

#define WG_CATEGORIES_NONE ((wg_categories)0)

/* The number of categories, and the name of number i. */
unsigned wg_category_count(void);
const char *wg_category_name(unsigned i);
wg_categories wg_categories_all(void);

/* The one-bit set of a name; 0 when there is no such category. */
wg_categories wg_category_find(const char *name);

/* Names separated by blanks, or "*" for all; WG_CONFIG with the unknown name (and the nearest known one) otherwise. */
enum wg_code wg_categories_parse(const char *list, wg_categories *out, struct wg_err *err) WG_MUST;

/* The names separated by single blanks, in table order, into out of size bytes. Returns out. */
const char *wg_categories_format(wg_categories set, char *out, unsigned size);
#define WG_CATEGORIES_TEXT 1024

#endif
