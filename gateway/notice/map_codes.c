/* map_codes.c owns the tables that turn names into codes: data with its source and its dates, so that a council that is
 * abolished is an edit of a file. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"
#include "notice/xml.h"

#define WORDS_MAX 200

/* Takes the words of ignore out of a folded text, in place. */
static void drop_words(char *text, const char *ignore)
{
	char *out = text;
	for (char *p = text; *p != '\0';) {
		size_t n = strcspn(p, " ");
		bool drop = false;
		for (const char *w = ignore; *w != '\0' && !drop;) {
			size_t m = strcspn(w, " ");
			drop = m == n && strncmp(w, p, n) == 0;
			w += m + (w[m] == ' ');
		}
		size_t step = n + (p[n] == ' ');
		if (!drop) {
			if (out > text)
				*out++ = ' ';
			memmove(out, p, n);
			out += n;
		}
		p += step;
	}
	*out = '\0';
}

static bool known_day(const char *text, int64_t otherwise, int64_t *day)
{
	char iso[WG_VALUE_DATE];
	int64_t ms;
	char instant[WG_CLOCK_TEXT];
	*day = otherwise;
	if (text == NULL)
		return true;
	if (strlen(text) != 10 || !wg_value_date(text, INT64_MAX, iso) || strcmp(text, iso) != 0)
		return false;
	(void)snprintf(instant, sizeof instant, "%sT00:00:00Z", iso);
	if (!wg_clock_parse(instant, &ms))
		return false;
	*day = ms / 86400000;
	return true;
}

/* The words of one code, folded, with the ignored ones gone. */
static enum wg_code read_words(struct wg_map_code *c, const char *words, struct wg_err *err)
{
	struct wg_map_labels folded = { 0 };
	enum wg_code code = words != NULL ? wg_map_labels_add(&folded, words, 0, NULL, err) : WG_OK;
	for (size_t i = 0; code == WG_OK && i < folded.count; i++) {
		drop_words(folded.list[i].text, c->ignore);
		wg_map_label_singular(folded.list[i].text);
		if (folded.list[i].text[0] == '\0')
			code = wg_err_set(err, WG_CONFIG, "nothing is left of a word when the ignored ones are gone");
	}
	c->words = folded; /* freed with the code, whatever happened */
	return code;
}

static enum wg_code read_code(struct wg_maps *maps, const struct wg_xml *xml, const struct _xmlNode *table,
                              const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_map_code *codes = reallocarray(maps->codes, maps->n_codes + 1, sizeof *codes);
	if (codes == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for codes");
	maps->codes = codes;
	struct wg_map_code *c = &codes[maps->n_codes++];
	*c = (struct wg_map_code){ 0 };
	WG_AUTO_FREE char *words = wg_xml_attr(node, "words"), *from = wg_xml_attr(node, "from"),
					  *until = wg_xml_attr(node, "until"), *ignore = wg_xml_attr(table, "ignore");
	c->name = wg_xml_attr(node, "name");
	char folded[WORDS_MAX];
	if (!wg_xml_attr_into(table, "name", c->table, sizeof c->table) ||
	    !wg_xml_attr_into(node, "value", c->value, sizeof c->value) ||
	    !wg_value_fold(ignore != NULL ? ignore : "", folded, sizeof folded))
		return wg_xml_complain(xml, node, err, "a name, a code or the ignored words are too long");
	c->ignore = strdup(folded);
	if (c->name == NULL || c->ignore == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for codes");
	if (!known_day(from, INT64_MIN, &c->from) || !known_day(until, INT64_MAX, &c->until) || c->from > c->until)
		return wg_xml_complain(xml, node, err,
		                       "from and until are dates such as 2021-04-01, the first not after the second");
	enum wg_code code = read_words(c, words, err);
	if (code == WG_CONFIG)
		code = wg_err_add(err, "%s:%d", wg_xml_docname(xml), wg_xml_line(node));
	return code;
}

enum wg_code wg_map_codes_read(struct wg_maps *maps, const struct wg_xml *xml, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (struct _xmlNode *table = wg_xml_first(wg_xml_root(xml), "table"); table != NULL && code == WG_OK;
	     table = wg_xml_next(table, "table"))
		for (struct _xmlNode *node = wg_xml_first(table, "code"); node != NULL && code == WG_OK;
		     node = wg_xml_next(node, "code"))
			code = read_code(maps, xml, table, node, err);
	return code;
}

void wg_map_codes_free(struct wg_maps *maps)
{
	for (size_t i = 0; i < maps->n_codes; i++) {
		free(maps->codes[i].name);
		free(maps->codes[i].ignore);
		wg_map_labels_free(&maps->codes[i].words);
	}
	free(maps->codes);
	maps->codes = NULL;
	maps->n_codes = 0;
}

static bool means(const struct wg_map_code *c, const char *folded)
{
	char words[WORDS_MAX], name[WORDS_MAX];
	(void)snprintf(words, sizeof words, "%s", folded);
	drop_words(words, c->ignore);
	if (words[0] == '\0')
		return false;
	wg_map_label_singular(words);
	if (wg_value_fold(c->value, name, sizeof name) && strcmp(name, folded) == 0)
		return true;
	if (wg_value_fold(c->name, name, sizeof name) &&
	    (drop_words(name, c->ignore), wg_map_label_singular(name), strcmp(name, words) == 0))
		return true;
	for (size_t i = 0; i < c->words.count; i++)
		if (strcmp(c->words.list[i].text, words) == 0)
			return true;
	return false;
}

bool wg_map_codes_known(const struct wg_maps *maps, const char *table)
{
	for (size_t i = 0; i < maps->n_codes; i++)
		if (strcmp(maps->codes[i].table, table) == 0)
			return true;
	return false;
}

static const struct wg_map_code *find_whole(const struct wg_maps *maps, const char *table, const char *words,
                                            int64_t day)
{
	const struct wg_map_code *found = NULL;
	char folded[WORDS_MAX];
	if (!wg_value_fold(words, folded, sizeof folded) || folded[0] == '\0')
		return NULL;
	for (size_t i = 0; i < maps->n_codes; i++) {
		const struct wg_map_code *c = &maps->codes[i];
		if (strcmp(c->table, table) != 0 || day < c->from || day > c->until || !means(c, folded))
			continue;
		if (found != NULL && strcmp(found->value, c->value) != 0)
			return NULL;
		found = c;
	}
	return found;
}

const struct wg_map_code *wg_map_codes_find(const struct wg_maps *maps, const char *table, const char *words,
                                            int64_t day)
{
	const struct wg_map_code *found = find_whole(maps, table, words, day);
	if (found != NULL || strlen(words) >= WORDS_MAX)
		return found;
	/* "C2 - full care order", "Derbyshire (830)": every part must say the same */
	char parts[WORDS_MAX];
	(void)snprintf(parts, sizeof parts, "%s", words);
	char *p = parts;
	for (bool more = true; more;) {
		size_t n = strcspn(p, "(),;:/-\n");
		more = p[n] != '\0';
		p[n] = '\0';
		if (!wg_value_blank(p)) {
			const struct wg_map_code *one = find_whole(maps, table, p, day);
			if (one == NULL || (found != NULL && strcmp(found->value, one->value) != 0))
				return NULL;
			found = one;
		}
		p += n + 1;
	}
	return found;
}
