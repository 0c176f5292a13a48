/* Every label of every map, as a form may write it: a good value comes to the place that the map says, and bad ones
 * never make the notice invalid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/xml.h"

static struct wg_schema *schema;
static struct wg_maps *maps;

static const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
	                                            .organisation = "derbyshire-police",
	                                            .received = "2026-11-22T09:30:00Z" };

static int load(void **state)
{
	(void)state;
	struct wg_err err = { .text = "" };
	wg_xml_init();
	if (wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK ||
	    wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	wg_maps_freep(&maps);
	wg_schema_freep(&schema);
	return 0;
}

/* A value that is right for a field of that kind. */
static const char *good_value(enum wg_map_as as)
{
	static const char *const values[WG_AS_COUNT] = {
		[WG_AS_DATE] = "14/03/2011",
		[WG_AS_WHEN] = "21/11/2026 21:40",
		[WG_AS_WHEN_WHERE] = "21/11/2026 21:40, Example Park",
		[WG_AS_WHERE_WHEN_BY] = "Example Park, 21/11/2026 21:40, by Sam Example",
		[WG_AS_LOOKED_AFTER] = "Yes",
		[WG_AS_TELEPHONE] = "07700 900123",
		[WG_AS_NHS_NUMBER] = "9990000018",
		[WG_AS_RISK] = "Medium",
		[WG_AS_SEX] = "F",
		[WG_AS_POLICE_REFERENCE] = "26*0123456",
		[WG_AS_FORCE_NAME] = "Leicestershire Police",
		[WG_AS_POLICE_FORCE] = "Leicestershire Police",
		[WG_AS_AUTHORITY] = "Rutland",
		[WG_AS_ETHNICITY] = "Indian",
		[WG_AS_LEGAL_STATUS] = "EPO",
		[WG_AS_PLACEMENT_TYPE] = "Children's home",
		[WG_AS_CONSENT] = "Agreed",
		[WG_AS_DATE_AHEAD] = "14/03/2027",
		[WG_AS_WHEN_AHEAD] = "14/03/2027 at 10:00",
		[WG_AS_NUMBER] = "3",
		[WG_AS_PUPIL_NUMBER] = "A123456789012",
		[WG_AS_EMAIL] = "robin@county.example",
	};
	return values[as] != NULL ? values[as] : "Some words";
}

/* The label in the way a form may write it. */
static void decorate(const char *label, size_t n, char *out, size_t size)
{
	static const char *const before[] = { "", "1. ", "Q3) ", "(b) ", "12 ", "" }, *const behind[] = {
		"", ":", "?", " :", " - ", "..."
	};
	(void)snprintf(out, size, "%s%s%s", before[n % 6], label, behind[n % 6]);
	for (char *c = out; n % 2 == 1 && *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
}

/* Words of a code of the table that is valid on the day of the facts. */
static const char *good_code(const struct wg_map_field *field)
{
	int64_t day = wg_map_day(facts.received);
	for (size_t i = 0; i < maps->n_codes; i++) {
		const struct wg_map_code *c = &maps->codes[i];
		if (strcmp(c->table, field->table) == 0 && c->from <= day && day <= c->until &&
		    wg_map_codes_find(maps, c->table, c->name, day) != NULL)
			return c->name;
	}
	fail_msg("the table %s has no code that can be read", field->table);
	return NULL;
}

/* Labels of a map, or of a file that it uses, with their fields. */
struct source {
	const struct wg_maps *alone; /* the one map */
	const struct wg_map_labels *labels;
	const struct wg_map_field *fields;
};

static char *heading(const struct wg_map_field *field)
{
	return field->under.count > 0 ? field->under.list[0].text : NULL;
}

/* The box without which this one says nothing: the number of a network, the name of a known-as. */
static bool partner(const struct source *s, const struct wg_map_field *field, struct wg_field *out)
{
	static const struct {
		enum wg_map_as as, wants;
		const char *value;
	} pairs[] = { { WG_AS_FORCE_NAME, WG_AS_POLICE_REFERENCE, "26*0123456" },
		          { WG_AS_KNOWN_AS, WG_AS_PERSON_NAME, "Tess Example" },
		          { WG_AS_NETWORK, WG_AS_TELEPHONE, "07700 900123" } };
	for (size_t i = 0; i < WG_COUNT(pairs); i++)
		for (size_t k = 0; field->as == pairs[i].as && k < s->labels->count; k++) {
			const struct wg_map_field *other = &s->fields[s->labels->list[k].field];
			if (other->as != pairs[i].wants || strcmp(other->to, field->to) != 0)
				continue;
			*out = (struct wg_field){ .label = s->labels->list[k].text,
				                      .value = (char *)pairs[i].value,
				                      .at = (char *)"body",
				                      .section = heading(other) };
			return true;
		}
	return false;
}

/* What becomes of the first of some fields; whatever does, the notice stays valid. */
static struct wg_placement place(const struct source *s, struct wg_field *fields, size_t count)
{
	struct wg_err err = { .text = "" };
	struct wg_fields form = { .reader = "mail", .fields = fields, .count = count };
	struct wg_notice *notice = NULL;
	struct wg_report *report = NULL;
	if (wg_map_apply(s->alone, &form, &facts, &notice, &report, &err) != WG_OK)
		fail_msg("%s", err.text);
	if (wg_notice_validate(notice, &err) != WG_OK)
		fail_msg("%s: \"%s\": %s", s->alone->maps[0].id, fields[0].label, err.text);
	struct wg_placement first = report->placements[0];
	wg_report_freep(&report);
	wg_notice_freep(&notice);
	return first;
}

/* One label. */
static void check(const struct source *s, size_t i, const char *const *bad, size_t n_bad)
{
	const struct wg_map_field *field = &s->fields[s->labels->list[i].field];
	char label[WG_MAP_LABEL_MAX], to[WG_MAP_TO_MAX];
	struct wg_field form[2];
	decorate(s->labels->list[i].text, i, label, sizeof label);
	form[0] = (struct wg_field){ .label = label, .at = (char *)"body", .section = heading(field) };
	form[0].value = (char *)(field->as == WG_AS_CODE ? good_code(field) : good_value(field->as));
	size_t count = partner(s, field, &form[1]) ? 2 : 1;
	struct wg_placement p = place(s, form, count);
	(void)snprintf(to, sizeof to, "%.*s", (int)strcspn(field->to, "["), field->to);
	if (p.what != (field->as == WG_AS_PASSWORD ? WG_NOT_CARRIED : WG_PLACED) || strncmp(p.to, to, strlen(to)) != 0)
		fail_msg("%s: \"%s\" became %s at \"%s\" (%s)", s->alone->maps[0].id, label, wg_placing_name(p.what), p.to,
		         p.note);
	bool first = i == 0 || s->labels->list[i - 1].field != s->labels->list[i].field;
	for (size_t b = 0; first && b < n_bad; b++) { /* what is bad in one spelling is bad in all */
		form[0].value = (char *)bad[b];
		(void)place(s, form, count);
	}
}

/* The map, or a file that it uses before this one, has the label for a place of its own. */
static bool hidden(const struct source *s, const char *label)
{
	const struct wg_map *map = s->alone->maps;
	struct wg_map_keys keys;
	wg_map_label_keys(label, &keys);
	if (s->labels == &map->labels)
		return false;
	bool there = wg_map_labels_find(&map->labels, &keys) != NULL;
	for (size_t u = 0; u < map->n_uses && &map->uses[u]->labels != s->labels && !there; u++)
		there = wg_map_labels_find(&map->uses[u]->labels, &keys) != NULL;
	return there;
}

static size_t check_all(const struct source *s)
{
	char *huge = malloc(30001);
	assert_non_null(huge);
	memset(huge, 'x', 30000);
	huge[30000] = '\0';
	const char *const bad[] = {
		"line one\nline two\n\nline three\twith a tab", "<&>\"']]>", "?", "\xc3\xa9\xf0\x9f\x98\x80", "0", huge
	};
	size_t count = 0;
	for (size_t i = 0; i < s->labels->count; i++) {
		if (hidden(s, s->labels->list[i].text))
			continue;
		check(s, i, bad, WG_COUNT(bad));
		count++;
	}
	free(huge);
	return count;
}

static void every_label_has_its_place(void **state)
{
	(void)state;
	size_t count = 0;
	for (size_t m = 0; m < maps->count; m++) {
		struct wg_maps alone = *maps;
		alone.maps = &maps->maps[m];
		alone.count = 1;
		alone.forced = true;
		const struct wg_map *map = alone.maps;
		struct source own = { .alone = &alone, .labels = &map->labels, .fields = map->fields };
		count += check_all(&own);
		for (size_t u = 0; u < map->n_uses; u++) {
			struct source used = { .alone = &alone,
				                   .labels = &map->uses[u]->labels,
				                   .fields = map->fields + map->offset[u] };
			count += check_all(&used);
		}
	}
	assert_true(count > 1400);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_label_has_its_place) };
	return cmocka_run_group_tests(tests, load, unload);
}
