/* map_draft_words.c owns the promise that a draft holds nobody's data: which words of a form may be written down.
 * SECURITY: a form is read that is about a child. Labels come from it, and a reader may take an answer for a label. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_draft.h"
#include "notice/schema_internal.h"
#include "notice/value.h"
#include "notice/xml.h"

/* Longer answers are sentences, whose words are anybody's. */
#define PERSONAL_MAX 120

/* So many digits are a number of somebody's. */
#define DIGITS_MAX 4

/* "of the" is no title. */
#define FILLER_MAX 3

/* A longer line is a sentence. */
#define TITLE_WORDS_MAX 9

static enum wg_code add_words(struct wg_map_labels *set, const char *text, struct wg_err *err)
{
	char folded[WG_MAP_LABEL_MAX * 2];
	enum wg_code code = WG_OK;
	if (!wg_value_fold(text, folded, sizeof folded))
		return WG_OK;
	for (char *p = folded; *p != '\0' && code == WG_OK;) {
		size_t n = strcspn(p, " ");
		bool more = p[n] != '\0';
		p[n] = '\0';
		if (n < WG_MAP_LABEL_MAX)
			code = wg_map_labels_add(set, p, 0, NULL, err);
		p += n + more;
	}
	return code;
}

static enum wg_code add_labels(struct wg_map_labels *set, const struct wg_map_labels *labels, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < labels->count && code == WG_OK; i++)
		code = add_words(set, labels->list[i].text, err);
	return code;
}

/* Names and documentation of what a type holds. */
static enum wg_code add_type(struct wg_map_labels *set, const struct wg_type *type, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < type->n_places && code == WG_OK; i++) {
		const struct _xmlNode *annotation = wg_xml_first(type->places[i].declared, "annotation");
		const struct _xmlNode *said = annotation != NULL ? wg_xml_first(annotation, "documentation") : NULL;
		WG_AUTO_FREE char *text = said != NULL ? wg_xml_text(said) : NULL;
		code = add_words(set, type->places[i].name, err);
		if (code == WG_OK && text != NULL)
			code = add_words(set, text, err);
	}
	return code;
}

enum wg_code wg_draft_words_load(struct wg_draft_words *words, const struct wg_maps *maps,
                                 const struct wg_fields *fields, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < maps->count && code == WG_OK; i++) {
		code = add_labels(&words->common, &maps->maps[i].labels, err);
		if (code == WG_OK)
			code = add_labels(&words->common, &maps->maps[i].titles, err);
		if (code == WG_OK)
			code = add_labels(&words->common, &maps->maps[i].subjects, err);
	}
	for (size_t i = 0; i < maps->n_commons && code == WG_OK; i++)
		code = add_labels(&words->common, &maps->commons[i]->labels, err);
	for (size_t i = 0; i < maps->schema->n_types && code == WG_OK; i++)
		code = add_type(&words->common, maps->schema->types[i], err);
	for (size_t i = 0; i < maps->schema->n_kinds && code == WG_OK; i++)
		code = add_words(&words->common, maps->schema->kinds[i].name, err);
	for (size_t i = 0; i < fields->count && code == WG_OK; i++)
		if (strlen(fields->fields[i].value) <= PERSONAL_MAX)
			code = add_words(&words->personal, fields->fields[i].value, err);
	return code;
}

void wg_draft_words_free(struct wg_draft_words *words)
{
	wg_map_labels_free(&words->common);
	wg_map_labels_free(&words->personal);
}

static bool in(const struct wg_map_labels *set, const char *word, size_t n)
{
	struct wg_map_keys keys;
	char one[WG_MAP_LABEL_MAX];
	if (n >= sizeof one)
		return false;
	memcpy(one, word, n);
	one[n] = '\0';
	wg_map_label_keys(one, &keys);
	return wg_map_labels_find(set, &keys) != NULL;
}

/* A word of an answer that no map and no place uses, or a number. */
static bool somebodys(const struct wg_draft_words *words, const char *word, size_t n)
{
	size_t digits = 0;
	for (size_t i = 0; i < n; i++)
		digits += word[i] >= '0' && word[i] <= '9';
	return digits > DIGITS_MAX || (in(&words->personal, word, n) && !in(&words->common, word, n));
}

/* A name rather than a question: every word has a capital letter, and none is a word of a map or of the schema. */
static bool like_name(const struct wg_draft_words *words, const char *label)
{
	bool begins = true;
	for (const char *p = label; *p != '\0'; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (unsigned char)*p >= 0x80;
		if (begins && *p >= 'a' && *p <= 'z')
			return false;
		begins = !letter && *p != '\'';
	}
	char folded[WG_MAP_LABEL_MAX];
	wg_map_label_bare(label, folded);
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		if (in(&words->common, p, n))
			return false;
		p += n + (p[n] == ' ');
	}
	return true;
}

bool wg_draft_label(const struct wg_draft_words *words, const char *label, char out[WG_MAP_LABEL_MAX + 2])
{
	char folded[WG_MAP_LABEL_MAX];
	wg_map_label_bare(label, folded);
	size_t keep = 0;
	bool cut = false;
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		cut = somebodys(words, p, n);
		if (cut)
			break;
		keep = (size_t)(p - folded) + n;
		p += n + (p[n] == ' ');
	}
	(void)snprintf(out, WG_MAP_LABEL_MAX + 2, "%.*s%s", (int)keep, folded, cut ? "*" : "");
	return keep > 0 && !like_name(words, label);
}

bool wg_draft_title(const struct wg_draft_words *words, const char *line, char out[WG_MAP_LABEL_MAX])
{
	char folded[WG_MAP_LABEL_MAX];
	size_t best = 0, best_words = 0, run = 0, run_words = 0, long_words = 0, all = 1;
	wg_map_label_fold(line, folded);
	for (const char *p = folded; *p != '\0'; p++)
		all += *p == ' ';
	if (all > TITLE_WORDS_MAX)
		return false;
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		bool known = in(&words->common, p, n);
		run = known && run_words == 0 ? (size_t)(p - folded) : run;
		run_words = known ? run_words + 1 : 0;
		long_words = known ? long_words + (n > FILLER_MAX) : 0;
		size_t end = (size_t)(p - folded) + n;
		if (run_words > best_words && long_words >= 2) {
			best = run;
			best_words = run_words;
			(void)snprintf(out, WG_MAP_LABEL_MAX, "%.*s", (int)(end - best), folded + best);
		}
		p += n + (p[n] == ' ');
	}
	return best_words >= 2;
}
