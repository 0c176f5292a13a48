/* Reads the tables of MATCHING.md and holds match.c to them, row by row; and what is said of a doubt. */
#include "store/match.h"

#include "rig.h"

#define ROWS_MAX 64
#define CELLS_MAX 8

struct row {
	char line[512];
	char *cells[CELLS_MAX];
};

struct table {
	struct row rows[ROWS_MAX];
	size_t count, width;
};

/* Cuts "| a | b |" into its cells, in place. */
static size_t cells_of(char *line, char *cells[])
{
	size_t n = 0;
	for (char *p = strchr(line, '|'); p != NULL && n < CELLS_MAX;) {
		char *end = strchr(p + 1, '|');
		if (end == NULL)
			break;
		*end = '\0';
		for (p++; *p == ' '; p++)
			;
		for (char *q = end - 1; q >= p && *q == ' '; q--)
			*q = '\0';
		cells[n++] = p;
		p = end;
	}
	return n;
}

/* The table whose heading row begins with that cell. */
static void read_table(const char *first, struct table *t)
{
	char line[512];
	bool inside = false;
	FILE *f = fopen(WG_SOURCE_DIR "/gateway/store/MATCHING.md", "r");
	assert_non_null(f);
	*t = (struct table){ .count = 0 };
	while (fgets(line, sizeof line, f) != NULL) {
		if (line[0] == '|' && strncmp(line + 2, first, strlen(first)) == 0 && line[2 + strlen(first)] == ' ') {
			inside = true;
			continue;
		}
		if (line[0] != '|')
			inside = false;
		if (!inside || strncmp(line, "|---", 4) == 0)
			continue;
		assert_true(t->count < ROWS_MAX);
		struct row *r = &t->rows[t->count++];
		memcpy(r->line, line, sizeof r->line);
		size_t n = cells_of(r->line, r->cells);
		assert_true(t->width == 0 || t->width == n);
		t->width = n;
	}
	(void)fclose(f); /* was only read */
	assert_true(t->count > 5);
}

/* ---- children */

static unsigned kinds_of(const char *names)
{
	static const char *const kinds[WG_KEY_KINDS] = {
		[WG_KEY_REFERENCE] = "reference",
		[WG_KEY_LOCAL_ID] = "local-id",
		[WG_KEY_NHS] = "nhs",
		[WG_KEY_NAME_BIRTH] = "name-and-birth",
		[WG_KEY_BIRTH] = "birth",
		[WG_KEY_NAME] = "name",
		[WG_KEY_SURNAME_BIRTH] = "surname-and-birth",
		[WG_KEY_FORENAME_BIRTH] = "forename-and-birth",
		[WG_KEY_SWAPPED] = "swapped",
		[WG_KEY_CONFIDENTIAL] = "confidential",
	};
	unsigned set = 0;
	for (size_t n; *names != '\0'; names += n + (names[n] == ' ')) {
		unsigned k = 0;
		n = strcspn(names, " ");
		while (k < WG_KEY_KINDS && (strlen(kinds[k]) != n || strncmp(kinds[k], names, n) != 0))
			k++;
		if (k == WG_KEY_KINDS)
			fail_msg("MATCHING.md: there is no key %s", names);
		set |= WG_KIND(k);
	}
	return set;
}

static struct wg_match_child child_of(const struct row *r)
{
	struct wg_match_child c = {
		.child = 1, .agree = kinds_of(r->cells[1]), .differ = kinds_of(r->cells[2]), .shared = kinds_of(r->cells[3])
	};
	return c;
}

static void judge(const struct wg_match_child *list, size_t count, const char *want, const char *what)
{
	static const char *const names[] = { [WG_MATCH_NEW] = "new", [WG_MATCH_SAME] = "same", [WG_MATCH_DOUBT] = "doubt" };
	size_t which = 99, named = 0;
	enum wg_match_verdict got = wg_match_judge(list, count, &which);
	if (strcmp(names[got], want) != 0)
		fail_msg("%s: %s, MATCHING.md says %s", what, names[got], want);
	for (size_t i = 0; i < count; i++)
		named += wg_match_doubtful(&list[i]);
	if (got == WG_MATCH_DOUBT)
		assert_true(named > 0); /* a person is told about whom */
	if (got == WG_MATCH_NEW)
		assert_int_equal(named, 0);
	assert_true(got != WG_MATCH_SAME || which == 0);
}

static void one_child(void **state)
{
	struct table t;
	(void)state;
	read_table("case", &t);
	assert_int_equal(t.width, 5);
	for (size_t i = 0; i < t.count; i++) {
		struct wg_match_child c = child_of(&t.rows[i]);
		judge(&c, c.agree == 0 ? 0 : 1, t.rows[i].cells[4], t.rows[i].cells[0]);
	}
}

static void several_children(void **state)
{
	struct table t;
	(void)state;
	read_table("children beside each other", &t);
	for (size_t i = 0; i + 1 < t.count; i += 2) {
		assert_string_equal(t.rows[i + 1].cells[0], "");
		struct wg_match_child c[2] = { child_of(&t.rows[i]), child_of(&t.rows[i + 1]) };
		judge(c, 2, t.rows[i].cells[4], t.rows[i].cells[0]);
	}
}

/* A verdict of SAME never rests on hints, whatever else there is: every combination of what agrees and differs. */
static void only_strong_keys_decide(void **state)
{
	const unsigned strong =
		WG_KIND(WG_KEY_REFERENCE) | WG_KIND(WG_KEY_LOCAL_ID) | WG_KIND(WG_KEY_NHS) | WG_KIND(WG_KEY_NAME_BIRTH);
	const unsigned against = WG_KIND(WG_KEY_LOCAL_ID) | WG_KIND(WG_KEY_NHS) | WG_KIND(WG_KEY_BIRTH);
	(void)state;
	for (unsigned agree = 0; agree < 1u << WG_KEY_KINDS; agree++)
		for (unsigned differ = 0; differ < 1u << WG_KEY_KINDS; differ++) {
			struct wg_match_child c = { .child = 1, .agree = agree, .differ = differ };
			size_t which = 0;
			if (wg_match_judge(&c, 1, &which) == WG_MATCH_SAME && ((agree & strong) == 0 || (differ & against) != 0))
				fail_msg("agree %x, differ %x is taken for the same child", agree, differ);
		}
}

static void words(void **state)
{
	static const struct {
		unsigned agree, differ;
		const char *words;
	} rows[] = {
		{ WG_KIND(WG_KEY_NAME), 0, "the same name" },
		{ WG_KIND(WG_KEY_NAME), WG_KIND(WG_KEY_BIRTH) | WG_KIND(WG_KEY_NAME_BIRTH),
		  "the same name, but another date of birth" },
		{ WG_KIND(WG_KEY_NHS) | WG_KIND(WG_KEY_NAME), WG_KIND(WG_KEY_BIRTH),
		  "the same NHS number, name, but another date of birth" },
		{ WG_KIND(WG_KEY_NAME_BIRTH) | WG_KIND(WG_KEY_NAME) | WG_KIND(WG_KEY_BIRTH), WG_KIND(WG_KEY_NHS),
		  "the same name and date of birth, but another NHS number" },
		{ WG_KIND(WG_KEY_SWAPPED) | WG_KIND(WG_KEY_NAME), WG_KIND(WG_KEY_BIRTH) | WG_KIND(WG_KEY_NAME_BIRTH),
		  "the same name, and date of birth with day and month exchanged" },
		{ WG_KIND(WG_KEY_SURNAME_BIRTH) | WG_KIND(WG_KEY_BIRTH), WG_KIND(WG_KEY_NAME) | WG_KIND(WG_KEY_NAME_BIRTH),
		  "the same surname and date of birth, but another name" },
		{ WG_KIND(WG_KEY_REFERENCE), WG_KIND(WG_KEY_NAME), "the same police reference, but another name" },
	};
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_match_child c = { .agree = rows[i].agree, .differ = rows[i].differ };
		char out[160], small[16];
		wg_match_words(&c, out, sizeof out);
		assert_string_equal(out, rows[i].words);
		wg_match_words(&c, small, sizeof small); /* cut, never past its end */
		assert_memory_equal(small, out, sizeof small - 1);
	}
}

/* ---- episodes */

static bool yes(const char *cell)
{
	return strcmp(cell, "yes") == 0;
}

static enum wg_relation relation_of(const char *name)
{
	static const char *const names[] = { "none", "opens", "closes", "within", "after" };
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum wg_relation)i;
	fail_msg("MATCHING.md: there is no relation %s", name);
	return WG_RELATION_NONE;
}

static struct wg_match_view view_of(const char *reference, const char *have)
{
	bool other = strstr(have, "with another") != NULL, known = strstr(have, "known") != NULL;
	bool ended = strstr(have, "ended") != NULL, open = strstr(have, "open") != NULL;
	struct wg_match_view v = { .reference = strcmp(reference, "none") != 0,
		                       .known = known,
		                       .known_open = known && open,
		                       .open = open,
		                       .open_referenced = open && (other || known),
		                       .closed = ended,
		                       .closed_referenced = ended && (other || known),
		                       .before_end = strstr(have, "before its end") != NULL };
	return v;
}

static void episodes(void **state)
{
	static const char *const places[] = { [WG_EPISODE_NONE] = "none",
		                                  [WG_EPISODE_KNOWN] = "known",
		                                  [WG_EPISODE_OPEN] = "open",
		                                  [WG_EPISODE_CLOSED] = "ended",
		                                  [WG_EPISODE_NEW] = "new" };
	struct table t;
	(void)state;
	read_table("relation", &t);
	assert_int_equal(t.width, 7);
	for (size_t i = 0; i < t.count; i++) {
		char **c = t.rows[i].cells;
		struct wg_match_view v = view_of(c[1], c[2]);
		struct wg_match_episode e = wg_match_episode(relation_of(c[0]), &v);
		if (strcmp(places[e.to], c[3]) != 0 || e.ends != yes(c[4]) || e.attach != yes(c[5]) ||
		    (e.doubt != NULL) != yes(c[6]))
			fail_msg("%s, reference %s, %s: goes to %s%s%s%s", c[0], c[1], c[2], places[e.to],
			         e.ends ? ", ends it" : "", e.attach ? ", takes the reference" : "",
			         e.doubt != NULL ? ", doubt" : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_child), cmocka_unit_test(several_children), cmocka_unit_test(only_strong_keys_decide),
		cmocka_unit_test(words),     cmocka_unit_test(episodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
