/* Tests of base/json.h: what is a JSON text, and which members of arrays are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"

/* In a block of its own exact size, so that a sanitizer sees a look behind the end. */
static bool walk(const char *text, wg_json_on *on, void *arg)
{
	const size_t len = strlen(text);
	char *own = malloc(len > 0 ? len : 1);
	assert_non_null(own);
	memcpy(own, text, len);
	const bool good = wg_json_walk(own, len, on, arg);
	free(own);
	return good;
}

static void what_is_json(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} table[] = {
		{ "{}", true },
		{ "[]", true },
		{ " { \"a\" : [ 1 , -2.5e+3 , true , false , null ] }\r\n\t", true },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", true },
		{ "\"\xc3\xa9\"", true },
		{ "0", true },
		{ "-0.5", true },
		{ "10E-2", true },
		{ "[[],{},[{}]]", true },
		{ "", false },
		{ " ", false },
		{ "{", false },
		{ "[", false },
		{ "[1", false },
		{ "[1,", false },
		{ "[1,]", false },
		{ "[,1]", false },
		{ "{\"a\"}", false },
		{ "{\"a\":}", false },
		{ "{\"a\":1,}", false },
		{ "{a:1}", false },
		{ "{'a':1}", false },
		{ "{\"a\":1}{", false },
		{ "{} x", false },
		{ "01", false },
		{ "+1", false },
		{ "1.", false },
		{ ".5", false },
		{ "1e", false },
		{ "-", false },
		{ "tru", false },
		{ "nulll", false },
		{ "\"", false },
		{ "\"\\\"", false },
		{ "\"\\x\"", false },
		{ "\"\\u12g4\"", false },
		{ "\"\\u12", false },
		{ "\"\n\"", false },
		{ "[1 2]", false },
		{ "{\"a\":1 \"b\":2}", false },
		{ "[}", false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		if (walk(table[i].text, NULL, NULL) != table[i].good)
			fail_msg("row %zu: %s", i, table[i].text);
	assert_false(wg_json_walk("1\0", 2, NULL, NULL)); /* a NUL is no blank */
	assert_true(wg_json_walk("12", 1, NULL, NULL));   /* and what is behind the end is not looked at */
}

static void depth(void **state)
{
	(void)state;
	char text[2 * (WG_JSON_DEPTH + 1) + 1];
	for (int d = WG_JSON_DEPTH; d <= WG_JSON_DEPTH + 1; d++) {
		memset(text, '[', (size_t)d);
		memset(text + d, ']', (size_t)d);
		text[2 * d] = '\0';
		assert_int_equal(walk(text, NULL, NULL), d == WG_JSON_DEPTH);
	}
}

struct seen {
	const char *text;
	char words[256];
};

static void note(void *arg, const struct wg_json_member *m)
{
	struct seen *s = arg;
	const size_t used = strlen(s->words);
	(void)snprintf(s->words + used, sizeof s->words - used, "%c%.*s ", m->number ? '#' : ' ', (int)m->len,
	               s->text + m->at); /* short */
}

static void members(void **state)
{
	(void)state;
	static const struct {
		const char *text, *told;
	} table[] = {
		{ "{\"a\":{\"b\":1},\"n\":7}", "" },
		{ "[{\"a\":1},2,{\"b\":[]},\"3\",[4],null]", " {\"a\":1} #2 #4 " },
		{ "{\"l\":[ {} , -1.5 ,{\"a\":{}}]}", " {} #-1.5 " },
		{ "[{\"a\":\"}],{[\\\"\"}]", " {\"a\":\"}],{[\\\"\"} " },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct seen s = { .text = table[i].text };
		assert_true(walk(table[i].text, note, &s));
		assert_string_equal(s.words, table[i].told);
	}
}

/* Each text that is cut short, or has one byte exchanged, is walked without looking behind its end. */
static void spoiled(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[{\"b\":\"\\u00e9\\n\"},-1.5e+7,true,false,null,[]],\"c\":{}}";
	char text[sizeof whole];
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		assert_false(walk(text, NULL, NULL));
	}
	for (size_t n = 0; n < sizeof whole - 1; n++)
		for (int c = 1; c < 256; c++) {
			memcpy(text, whole, sizeof whole);
			text[n] = (char)c;
			(void)walk(text, NULL, NULL); /* true or false: it comes back */
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_json),
		cmocka_unit_test(depth),
		cmocka_unit_test(members),
		cmocka_unit_test(spoiled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
