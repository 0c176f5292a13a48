/* map_label.c owns the matching of labels.
 * SECURITY: labels come from strangers' documents; they are cut at WG_MAP_LABEL_MAX before they are looked at. */
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Behind "3", "3.1", "iv" or "a" at p; NULL when there is none of them. */
static const char *number_end(const char *p, bool *plain)
{
	*plain = false;
	if (is_digit(*p)) {
		size_t n = strspn(p, "0123456789");
		if (n > 3)
			return NULL;
		p += n;
		*plain = n <= 2;
		while (*p == '.' && is_digit(p[1]))
			p += 1 + strspn(p + 1, "0123456789");
		return p;
	}
	size_t roman = strspn(p, "ivxIVX");
	if (roman > 0 && roman <= 5 && !is_letter(p[roman]))
		return p + roman;
	return is_letter(*p) && !is_letter(p[1]) ? p + 1 : NULL;
}

/* Behind a numbering such as "1.", "Q3)", "(b)", "3.1 -", "12 "; p itself when there is none. */
static const char *skip_numbering(const char *label)
{
	const char *p = label + strspn(label, " \t*-");
	bool bracket = *p == '(', question = false, plain = false;
	if (bracket)
		p++;
	if ((*p == 'Q' || *p == 'q') && (is_digit(p[1]) || (p[1] == ' ' && is_digit(p[2])))) {
		question = true;
		p += p[1] == ' ' ? 2 : 1;
	}
	bool letter = !is_digit(*p);
	p = number_end(p, &plain);
	if (p == NULL)
		return label;
	size_t blanks = strspn(p, " \t");
	bool sign = p[blanks] != '\0' && strchr(").:-", p[blanks]) != NULL;
	if (bracket ? p[blanks] != ')' : !sign && !(blanks > 0 && (plain || question)))
		return label;
	p += blanks;
	size_t signs = strspn(p, ").:-");
	if (letter && !bracket && p[signs] != ' ' && p[signs] != '\t')
		return label; /* "D.O.B" is no numbering */
	p += strspn(p, ").:- \t");
	return *p != '\0' ? p : label;
}

void wg_map_label_fold(const char *label, char out[WG_MAP_LABEL_MAX])
{
	char cut[WG_MAP_LABEL_MAX];
	size_t n = strnlen(label, sizeof cut - 1);
	memcpy(cut, label, n);
	cut[n] = '\0';
	if (!wg_value_fold(skip_numbering(cut), out, WG_MAP_LABEL_MAX))
		out[0] = '\0'; /* folding never makes a label longer */
}

static bool begins_with_words(const char *folded, const char *words)
{
	size_t n = strlen(words);
	return strncmp(folded, words, n) == 0 && (folded[n] == '\0' || folded[n] == ' ');
}

const struct wg_map_label *wg_map_labels_find(const struct wg_map_labels *labels, const char *folded)
{
	const struct wg_map_label *best = NULL;
	for (size_t i = 0; i < labels->count; i++) {
		const struct wg_map_label *l = &labels->list[i];
		if (strcmp(l->text, folded) == 0 && (!l->open || best == NULL || best->open))
			best = l;
		else if (l->open && begins_with_words(folded, l->text) &&
		         (best == NULL || (best->open && strlen(best->text) < strlen(l->text))))
			best = l;
		if (best != NULL && !best->open)
			break;
	}
	return best;
}

static enum wg_code add_one(struct wg_map_labels *labels, const char *text, bool open, size_t field, struct wg_err *err)
{
	if (text[0] == '\0')
		return wg_err_set(err, WG_CONFIG, "a label is empty: write words between the bars");
	for (size_t i = 0; i < labels->count; i++) {
		if (labels->list[i].open != open || strcmp(labels->list[i].text, text) != 0)
			continue;
		if (labels->list[i].field == field)
			return WG_OK; /* "d.o.b | d o b" is one spelling, written twice */
		return wg_err_set(err, WG_CONFIG, "the label \"%s\" stands twice in this map: a label has one place", text);
	}
	struct wg_map_label *list = reallocarray(labels->list, labels->count + 1, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for labels");
	labels->list = list;
	char *copy = strdup(text);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for labels");
	list[labels->count++] = (struct wg_map_label){ .text = copy, .open = open, .field = field };
	return WG_OK;
}

enum wg_code wg_map_labels_add(struct wg_map_labels *labels, const char *list, size_t field, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (const char *p = list; code == WG_OK; p++) {
		char one[WG_MAP_LABEL_MAX], folded[WG_MAP_LABEL_MAX];
		size_t n = strcspn(p, "|"), len = n;
		if (n >= sizeof one)
			return wg_err_set(err, WG_CONFIG, "a label is longer than %d characters", WG_MAP_LABEL_MAX);
		memcpy(one, p, n);
		while (len > 0 && strchr(" \t\n", one[len - 1]) != NULL)
			len--;
		bool open = len > 0 && one[len - 1] == '*';
		one[open ? len - 1 : len] = '\0';
		wg_map_label_fold(one, folded);
		code = add_one(labels, folded, open, field, err);
		p += n;
		if (*p == '\0')
			break;
	}
	return code;
}

void wg_map_labels_free(struct wg_map_labels *labels)
{
	for (size_t i = 0; i < labels->count; i++)
		free(labels->list[i].text);
	free(labels->list);
	*labels = (struct wg_map_labels){ 0 };
}

bool wg_map_phrase_in(const struct wg_map_labels *phrases, const char *text)
{
	char folded[WG_MAP_LABEL_MAX];
	char cut[WG_MAP_LABEL_MAX];
	size_t n = strnlen(text, sizeof cut - 1);
	memcpy(cut, text, n);
	cut[n] = '\0';
	if (!wg_value_fold(cut, folded, sizeof folded))
		return false;
	for (size_t i = 0; i < phrases->count; i++) {
		const char *phrase = phrases->list[i].text;
		for (const char *p = folded; (p = strstr(p, phrase)) != NULL; p++)
			if ((p == folded || p[-1] == ' ') && begins_with_words(p, phrase))
				return true;
	}
	return false;
}
