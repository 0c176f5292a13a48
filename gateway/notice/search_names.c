/* search_names.c owns finding what could be a name in running text: two to four words in a row, whatever their case, as
 * people type names in capitals, in small letters and turned round ("SPECIMEN, Robin").
 * SECURITY: the words were written by strangers; each word is looked at together with the three before it, no further.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/search_internal.h"
#include "notice/value.h"

#define WORDS_MAX 4
/* No part of a name is longer; a fold of four and the blanks between fit into a trace. */
#define WORD_BYTES 30

/* What stands before a word. */
enum gap { GAP_OTHER, GAP_BLANK, GAP_COMMA };

struct word {
	const char *at;
	size_t n;
	enum gap gap;
};

/* Words of running text that are no part of a name, in ASCII order. Words that are names too (Will, May, Mark, Hope)
 * are not here. */
static const char *const common[] = {
	"a",     "about",  "after",  "again", "all",       "also",  "am",      "an",     "and",     "any",   "are",
	"as",    "asked",  "at",     "away",  "back",      "be",    "because", "been",   "before",  "being", "but",
	"by",    "came",   "can",    "child", "could",     "did",   "do",      "does",   "down",    "for",   "from",
	"get",   "go",     "going",  "got",   "had",       "has",   "have",    "having", "he",      "her",   "here",
	"hers",  "him",    "his",    "home",  "how",       "i",     "if",      "in",     "into",    "is",    "it",
	"its",   "just",   "known",  "knows", "left",      "like",  "me",      "met",    "missing", "more",  "most",
	"mr",    "mrs",    "ms",     "my",    "near",      "no",    "not",     "now",    "of",      "off",   "often",
	"on",    "one",    "only",   "or",    "other",     "our",   "out",     "over",   "police",  "said",  "same",
	"saw",   "says",   "school", "see",   "seen",      "she",   "should",  "since",  "so",      "some",  "stayed",
	"still", "street", "than",   "that",  "the",       "their", "them",    "then",   "there",   "these", "they",
	"this",  "those",  "to",     "told",  "too",       "two",   "under",   "until",  "up",      "us",    "very",
	"wants", "was",    "we",     "went",  "were",      "what",  "when",    "where",  "which",   "while", "who",
	"why",   "with",   "would",  "yes",   "yesterday", "you",   "your",
};
/* The longest of them. */
#define COMMON_BYTES (sizeof "yesterday" - 1)

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Bytes of the word at p: letters with single hyphens and apostrophes between; 0 when there is none. */
static size_t word_at(const char *p)
{
	size_t n = 0;
	while (is_letter(p[n]) || (n > 0 && (p[n] == '\'' || p[n] == '-') && is_letter(p[n + 1])))
		n++;
	return n;
}

static int by_word(const void *word, const void *entry)
{
	const char *const *known = entry;
	return strcmp(word, *known);
}

static bool is_common(const char *word, size_t n)
{
	char small[COMMON_BYTES + 1];
	if (n > COMMON_BYTES)
		return false;
	for (size_t i = 0; i < n; i++)
		small[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
	small[n] = '\0';
	return bsearch(small, common, WG_COUNT(common), sizeof *common, by_word) != NULL;
}

/* Without the 's of "Robin Specimen's". */
static size_t without_possession(const char *word, size_t n)
{
	return n > 2 && word[n - 2] == '\'' && (word[n - 1] == 's' || word[n - 1] == 'S') ? n - 2 : n;
}

/* What stands between two words: at is behind the first, initial whether that was a single letter. */
static enum gap gap_between(const char *at, const char *word, bool initial)
{
	size_t n = (size_t)(word - at);
	if ((n == 1 && *at == ' ') || (initial && n == 2 && strncmp(at, ". ", 2) == 0) || (initial && n == 1 && *at == '.'))
		return GAP_BLANK;
	return (n == 1 && *at == ',') || (n == 2 && strncmp(at, ", ", 2) == 0) ? GAP_COMMA : GAP_OTHER;
}

static void add_name(struct wg_traces *t, const struct word *const *words, size_t count)
{
	char name[WORDS_MAX * (WORD_BYTES + 1) + 1], value[sizeof name];
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		memcpy(name + used, words[i]->at, words[i]->n);
		used += words[i]->n;
		name[used++] = ' ';
	}
	name[used] = '\0';
	(void)wg_value_fold(name, value, sizeof value); /* it fits: nothing grows */
	wg_traces_add(t, WG_TRACE_NAME, value);
	wg_wipe(name, sizeof name);
	wg_wipe(value, sizeof value);
}

/* The words as a name: turned round when there is one comma, none when there are more; and without what stands between
 * its first and its last word, as a second name or an initial is often left out. */
static void consider(struct wg_traces *t, const struct word *words, size_t count)
{
	const struct word *order[WORDS_MAX];
	size_t commas = 0, turn = 0;
	for (size_t i = 1; i < count; i++)
		if (words[i].gap == GAP_COMMA) {
			commas++;
			turn = i;
		}
	for (size_t i = 0; i < count; i++)
		order[i] = &words[(turn + i) % count];
	if (count < 2 || commas > 1 || order[0]->n < 2 || order[count - 1]->n < 2)
		return;
	add_name(t, order, count);
	order[1] = order[count - 1];
	if (count > 2)
		add_name(t, order, 2);
}

void wg_search_names(struct wg_traces *t, const char *plain)
{
	struct word last[WORDS_MAX]; /* the words of this run, the latest last */
	size_t count = 0;
	const char *end = plain; /* of the word before */
	for (const char *p = plain; *p != '\0' && !wg_traces_over(t);) {
		size_t n = word_at(p);
		if (n == 0) {
			p++;
			continue;
		}
		size_t own = without_possession(p, n);
		enum gap gap = count > 0 ? gap_between(end, p, last[count - 1].n == 1) : GAP_OTHER;
		if (gap == GAP_OTHER || count == WORDS_MAX) {
			size_t keep = gap == GAP_OTHER ? 0 : WORDS_MAX - 1;
			memmove(last, last + count - keep, keep * sizeof *last);
			count = keep;
		}
		end = p + n;
		p = end;
		if (own > WORD_BYTES || is_common(end - n, own)) {
			count = 0;
			continue;
		}
		last[count++] = (struct word){ end - n, own, gap };
		for (size_t k = 2; k <= count; k++)
			consider(t, last + count - k, k);
	}
}
