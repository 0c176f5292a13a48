/* Maps as an operator writes them: labels matched, files refused with their line and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/xml.h"
#include "sys/file.h"

static struct wg_schema *schema;
static char folder[64];

static int set_up(void **state)
{
	(void)state;
	struct wg_err err = { .text = "" };
	wg_xml_init();
	(void)snprintf(folder, sizeof folder, "/tmp/wardgate-maps-XXXXXX");
	if (mkdtemp(folder) == NULL || wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wg_schema_freep(&schema);
	return rmdir(folder);
}

static void folds_labels(void **state)
{
	(void)state;
	static const struct {
		const char *label, *folded;
	} rows[] = {
		{ "Full name", "full name" },
		{ "FULL NAME:", "full name" },
		{ "1. Full name", "full name" },
		{ "1) Full name", "full name" },
		{ "1 Full name", "full name" },
		{ "12. Full name?", "full name" },
		{ "Q3) Full name", "full name" },
		{ "q3. Full name", "full name" },
		{ "Q 3: Full name", "full name" },
		{ "Q3 Full name", "full name" },
		{ "3.1 Full name", "full name" },
		{ "3.1.2) Full name", "full name" },
		{ "(a) Full name", "full name" },
		{ "a) Full name", "full name" },
		{ "a. Full name", "full name" },
		{ "iv) Full name", "full name" },
		{ "(iv) Full name", "full name" },
		{ "- Full name", "full name" },
		{ "* Full name", "full name" },
		{ "1 - Full name", "full name" },
		{ "Full name *", "full name" },
		{ "Full   name :-", "full name" },
		{ "Full_name", "full name" },
		{ "Child\xe2\x80\x99s name", "childs name" },
		{ "A full name", "a full name" },
		{ "I saw them", "i saw them" },
		{ "999 call", "999 call" },
		{ "1.", "1" },
		{ "2", "2" },
		{ "Q3", "q3" },
		{ "Quick notes", "quick notes" },
		{ "vi", "vi" },
		{ "", "" },
		{ "???", "" },
		{ "24 hour contact", "hour contact" },
		{ "(Full name)", "full name" },
		{ "2026/1 log", "2026 1 log" },
		{ "D.O.B.", "d o b" },
		{ "1.Full name", "full name" },
		{ "N.H.S. number", "n h s number" },
		{ "M / F", "m f" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char out[WG_MAP_LABEL_MAX];
		wg_map_label_fold(rows[i].label, out);
		if (strcmp(out, rows[i].folded) != 0)
			fail_msg("\"%s\" is \"%s\"", rows[i].label, out);
	}
	char huge[WG_MAP_LABEL_MAX * 4], out[WG_MAP_LABEL_MAX];
	memset(huge, 'a', sizeof huge);
	huge[sizeof huge - 1] = '\0';
	wg_map_label_fold(huge, out);
	assert_int_equal(strlen(out), WG_MAP_LABEL_MAX - 1);
}

static void finds_the_nearest_spelling(void **state)
{
	(void)state;
	struct wg_map_labels labels = { 0 };
	struct wg_err err = { .text = "" };
	assert_int_equal(wg_map_labels_add(&labels, "name | last seen* | D.O.B. | d o b", 1, NULL, &err), WG_OK);
	assert_int_equal(wg_map_labels_add(&labels, "last seen by* | last seen by whom", 2, NULL, &err), WG_OK);
	assert_int_equal(labels.count, 5); /* d.o.b and d o b are one */
	static const struct {
		const char *folded;
		int field; /* -1: none */
	} rows[] = {
		{ "name", 1 },
		{ "names", 1 }, /* a plural is no other question */
		{ "name of child", -1 },
		{ "d o b", 1 },
		{ "last seen", 1 },
		{ "last seen at", 1 },
		{ "last seenat", -1 },
		{ "last seen by", 2 },
		{ "last", -1 },
		{ "last seen by whom", 2 },
		{ "", -1 },
		{ "was last seen", -1 },
		{ "last seen by a witness", 2 },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_map_keys keys;
		wg_map_label_keys(rows[i].folded, &keys);
		const struct wg_map_label *l = wg_map_labels_find(&labels, &keys);
		if ((l != NULL ? (int)l->field : -1) != rows[i].field)
			fail_msg("\"%s\": %d", rows[i].folded, l != NULL ? (int)l->field : -1);
	}
	assert_int_equal(wg_map_labels_add(&labels, "NAME:", 2, NULL, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "twice"));
	assert_int_equal(wg_map_labels_add(&labels, "a || b", 3, NULL, &err), WG_CONFIG);
	assert_int_equal(wg_map_labels_add(&labels, " ", 3, NULL, &err), WG_CONFIG);
	wg_map_labels_free(&labels);
}

#define MAP(attributes, inside) "<map xmlns=\"urn:wardgate:map:1\" " attributes ">" inside "</map>"
#define KNOWN "<recognise labels=\"mark\"/>"
#define FIELD(attributes) "<field source=\"test\" " attributes "/>"
#define GOOD "id=\"a\" kind=\"missing\""

/* Loads a folder with that one map in it. */
static enum wg_code load(const char *xml, struct wg_err *err)
{
	char path[128];
	struct wg_maps *maps = NULL;
	(void)snprintf(path, sizeof path, "%s/a.xml", folder);
	assert_int_equal(wg_file_write(path, xml, strlen(xml), 0600, err), WG_OK);
	enum wg_code code = wg_maps_load(folder, WG_SOURCE_DIR "/xsd", schema, &maps, err);
	assert_true((maps != NULL) == (code == WG_OK));
	wg_maps_freep(&maps);
	assert_int_equal(unlink(path), 0);
	return code;
}

static void loads_what_is_right(void **state)
{
	(void)state;
	static const char *const rows[] = {
		MAP(GOOD, KNOWN FIELD("to=\"child/name\" as=\"person-name\" labels=\"name\"")),
		MAP(GOOD " required=\"child/name/full child/age|child/date-of-birth\"",
		    KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")),
		MAP(GOOD, KNOWN FIELD("to=\"missing/other\" as=\"text\" heading=\"A\" labels=\"a\"")
		              FIELD("to=\"missing/other\" as=\"text\" heading=\"B\" labels=\"b\"")),
		MAP(GOOD, KNOWN FIELD("to=\"authorities/police[+]\" as=\"police-force\" area=\"host\" labels=\"a\"")
		              FIELD("to=\"authorities/police[+]\" as=\"police-force\" area=\"placing\" labels=\"b\"")),
		MAP(GOOD, KNOWN FIELD("as=\"password\" labels=\"password\"")),
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { .text = "" };
		if (load(rows[i], &err) != WG_OK)
			fail_msg("row %zu: %s", i, err.text);
	}
}

static void refuses_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *words;
	} rows[] = {
		{ "map", "a.xml:" },
		{ MAP(GOOD, ""), "a.xml:1" },
		{ MAP("id=\"a\" kind=\"lost\"", KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")), "kind" },
		{ MAP("kind=\"missing\"", KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")), "id" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/aeg\" as=\"line\" labels=\"age\"")), "age" }, /* the nearest name */
		{ MAP(GOOD, KNOWN "\n\n" FIELD("to=\"child/aeg\" as=\"line\" labels=\"age\"")), "a.xml:3" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child\" as=\"text\" labels=\"child\"")), "child" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"date\" labels=\"age\"")), "said" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"numbers\" labels=\"age\"")), "as" },
		{ MAP(GOOD, KNOWN FIELD("to=\"found/when\" as=\"when\" labels=\"when\"")), "kind" },
		{ MAP(GOOD, KNOWN FIELD("as=\"line\" labels=\"age\"")), "needs to" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"password\" labels=\"age\"")), "password" },
		{ MAP(GOOD, KNOWN FIELD("to=\"authorities/police[+]\" as=\"police-force\" labels=\"a\"")), "area" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" area=\"host\" labels=\"a\"")), "area" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" heading=\"Age\" labels=\"a\"")), "heading" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age | \"")), "empty" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")
		                FIELD("to=\"child/gender\" as=\"line\" labels=\"AGE:\"")),
		  "twice" },
		{ MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"a\"")
		                FIELD("to=\"child/age\" as=\"line\" labels=\"b\"")),
		  "already" },
		{ MAP(GOOD " required=\"child/aeg\"", KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")), "age" },
		{ MAP(GOOD, KNOWN "<field to=\"child/age\" as=\"line\" labels=\"age\"/>"), "source" },
		{ "<codes xmlns=\"urn:wardgate:map:1\"><table name=\"t\" source=\"s\"><code value=\"1\" name=\"One\" "
		  "from=\"2021-02-30\"/></table></codes>",
		  "a.xml" },
		{ "<codes xmlns=\"urn:wardgate:map:1\"><table name=\"t\" source=\"s\"><code value=\"1\" name=\"One\" "
		  "from=\"2021-02-03\" "
		  "until=\"2021-02-02\"/></table></codes>",
		  "first not after" },
		{ "<codes xmlns=\"urn:wardgate:map:1\"><table name=\"t\" source=\"s\" ignore=\"council\"><code value=\"1\" "
		  "name=\"One\" words=\"the | "
		  "council\"/></table></codes>",
		  "ignored" },
		{ "<codes xmlns=\"urn:wardgate:map:1\"><table name=\"t\" source=\"s\"><code value=\"1\" "
		  "name=\"One\"/></table></codes>",
		  "no map" },
		{ "<!DOCTYPE map>" MAP(GOOD, KNOWN FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")), "DOCTYPE" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { .text = "" };
		enum wg_code code = load(rows[i].xml, &err);
		if (code != WG_CONFIG || err.code != WG_CONFIG || strstr(err.text, rows[i].words) == NULL)
			fail_msg("row %zu: %s: %s", i, wg_code_name(code), err.text);
	}
}

/* A map that uses a file in common with others: what it says itself goes first. */
static void uses_what_is_common(void **state)
{
	(void)state;
	static const char common[] =
		"<common xmlns=\"urn:wardgate:map:1\" prose=\"see below*\">"
		"<field to=\"child/name\" as=\"person-name\" labels=\"name | child\" source=\"t\"/>"
		"<field to=\"missing/circumstances\" as=\"text\" labels=\"notes | summary\" source=\"t\"/></common>";
	static const char map[] =
		"<map xmlns=\"urn:wardgate:map:1\" id=\"m\" kind=\"missing\"><recognise labels=\"yp\"/><use common=\"child\"/>"
		"<field to=\"child/name\" as=\"person-name\" labels=\"yp\" source=\"t\"/>"
		"<field to=\"missing/other\" as=\"text\" labels=\"notes\" source=\"t\"/></map>";
	static const char *const rows[][2] = { { "yp", "child/name" },
		                                   { "name", "child/name" },
		                                   { "child", "child/name" },
		                                   { "notes", "missing/other" },
		                                   { "summary", "missing/circumstances" } };
	struct wg_maps *maps = NULL;
	struct wg_err err = { .text = "" };
	char path[128], one[128];
	bool tie;
	(void)snprintf(path, sizeof path, "%s/common-child.xml", folder);
	(void)snprintf(one, sizeof one, "%s/m.xml", folder);
	assert_int_equal(wg_file_write(one, map, strlen(map), 0600, &err), WG_OK);
	assert_int_equal(wg_maps_load(folder, WG_SOURCE_DIR "/xsd", schema, &maps, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "common-child.xml")); /* it is not there yet */
	err = (struct wg_err){ .text = "" };
	assert_int_equal(wg_file_write(path, common, strlen(common), 0600, &err), WG_OK);
	enum wg_code code = wg_maps_load(folder, WG_SOURCE_DIR "/xsd", schema, &maps, &err);
	(void)unlink(path);
	(void)unlink(one);
	assert_string_equal(err.text, "");
	assert_int_equal(code, WG_OK);
	assert_int_equal(maps->count, 1);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		const struct wg_map_field *f = wg_map_field_find(&maps->maps[0], rows[i][0], NULL, WG_MAP_ALONE, &tie);
		assert_non_null(f);
		assert_string_equal(f->to, rows[i][1]);
	}
	assert_int_equal(wg_maps_sentences(maps, "See below for all of it, as it was told to us."), 0);
	assert_int_equal(wg_maps_sentences(maps, "Look below for all of it, as it was told to us."), 1);
	wg_maps_freep(&maps);
}

static void wants_a_folder_with_maps(void **state)
{
	(void)state;
	struct wg_maps *maps = NULL;
	struct wg_err err = { .text = "" };
	assert_int_equal(wg_maps_load(folder, WG_SOURCE_DIR "/xsd", schema, &maps, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "no map"));
	assert_int_equal(wg_maps_load("/nowhere/at/all", WG_SOURCE_DIR "/xsd", schema, &maps, &err), WG_CONFIG);
	assert_int_equal(wg_maps_load(folder, "/nowhere/at/all", schema, &maps, &err), WG_CONFIG);
	assert_null(maps);
}

static void codes_have_days(void **state)
{
	(void)state;
	struct wg_maps *maps = NULL;
	struct wg_err err = { .text = "" };
	int64_t before, after;
	assert_true(wg_clock_days(2021, 3, 31, &before));
	after = before + 1;
	assert_int_equal(wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err), WG_OK);
	const struct wg_map_code *c = wg_map_codes_find(maps, "authority", "Northamptonshire County Council", before);
	assert_non_null(c);
	assert_string_equal(c->value, "928");
	assert_null(wg_map_codes_find(maps, "authority", "Northamptonshire County Council", after));
	assert_null(wg_map_codes_find(maps, "authority", "North Northamptonshire", before));
	c = wg_map_codes_find(maps, "authority", "North Northamptonshire", after);
	assert_non_null(c);
	assert_string_equal(c->value, "940");
	assert_null(wg_map_codes_find(maps, "authority", "", after));
	assert_null(wg_map_codes_find(maps, "authority", "Council", after));
	assert_null(wg_map_codes_find(maps, "no such table", "Derby", after));
	/* every code is found by its own name and by itself on a day on which it holds, and by every word of it */
	for (size_t i = 0; i < maps->n_codes; i++) {
		const struct wg_map_code *own = &maps->codes[i];
		int64_t day = own->from > after ? own->from : own->until < after ? own->until : after;
		assert_string_equal(wg_map_codes_find(maps, own->table, own->name, day)->value, own->value);
		assert_string_equal(wg_map_codes_find(maps, own->table, own->value, day)->value, own->value);
		for (size_t w = 0; w < own->words.count; w++)
			assert_string_equal(wg_map_codes_find(maps, own->table, own->words.list[w].text, day)->value, own->value);
	}
	wg_maps_freep(&maps);
	wg_maps_freep(&maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_labels),        cmocka_unit_test(finds_the_nearest_spelling),
		cmocka_unit_test(loads_what_is_right), cmocka_unit_test(refuses_what_is_wrong),
		cmocka_unit_test(uses_what_is_common), cmocka_unit_test(wants_a_folder_with_maps),
		cmocka_unit_test(codes_have_days),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
