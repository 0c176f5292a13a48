/* policy_test.c owns `wardgate policy test`: it runs the tests of policies and says which were not met, where and
 * why. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/policy.h"
#include "cli/policy_tests.h"

/* What all tests of one run may say. */
#define TEST_OUTPUT ((size_t)16 << 20)
/* And one of them. */
#define TEST_WORDS ((size_t)256 << 10)

struct running {
	const struct wg_cli *cli;
	bool verbose;
	struct wg_policy_room room;
	struct wg_policy_files files;
	struct wg_buf out;
	unsigned passed, failed;
};

/* One test, decided. */
struct outcome {
	const struct wg_policy_tests *tests;
	const struct _xmlNode *test;
	char id[2 * WG_LIMIT_NAME + 2];
	struct wg_decisions *decisions; /* NULL when it could not be decided */
	struct wg_buf unmet;            /* lines of "LINE: words" */
	unsigned failed;
};

static void text_decision(struct wg_buf *out, const struct wg_decision *d)
{
	char who[WG_POLICY_WHO_TEXT], set[WG_CATEGORIES_TEXT];
	wg_buf_printf(out, "          %s: %s%s%s%s\n", wg_policy_who(d, who), wg_policy_verdict_name(d->verdict),
	              d->verdict_rule[0] != '\0' ? " by " : "", d->verdict_rule, d->also[0] != '\0' ? "; also" : "");
	if (d->also[0] != '\0')
		wg_buf_printf(out, "            also %s\n", d->also);
	wg_buf_printf(out, "            given: %s\n", wg_categories_format(wg_policy_given(d), set, sizeof set));
	wg_buf_printf(out, "            kept back: %s\n", wg_categories_format(d->withheld, set, sizeof set));
	if (d->overridden != WG_CATEGORIES_NONE)
		wg_buf_printf(out, "            against the consent: %s\n",
		              wg_categories_format(d->overridden, set, sizeof set));
}

static void text_came(struct wg_buf *out, const struct wg_decisions *all)
{
	wg_buf_puts(out, all != NULL && all->count > 0 ? "        what came:\n" : "        what came: nobody\n");
	for (unsigned i = 0; all != NULL && i < all->count; i++)
		text_decision(out, &all->list[i]);
	if (all != NULL && all->unreachable[0] != '\0')
		wg_buf_printf(out, "          cannot be reached: %s\n", all->unreachable);
}

/* Calls with every line of what is not met: its number in the file, and its words without the line end. */
static void each_unmet(const struct outcome *o,
                       void (*line)(struct running *r, const struct outcome *o, const char *no, const char *words,
                                    bool first),
                       struct running *r)
{
	WG_AUTO_FREE char *text = strdup(wg_buf_text(&o->unmet));
	char *rest = text, *one;
	bool first = true;
	while ((one = strsep(&rest, "\n")) != NULL && *one != '\0') {
		char *words = strchr(one, ':');
		if (words == NULL)
			continue;
		*words = '\0';
		line(r, o, one, words + 2, first);
		first = false;
	}
}

static void text_line(struct running *r, const struct outcome *o, const char *no, const char *words, bool first)
{
	(void)first;
	wg_buf_printf(&r->out, "        %s:%s: %s\n", o->tests->file, no, words);
}

static void text_outcome(struct running *r, const struct outcome *o)
{
	WG_AUTO_FREE char *about = wg_xml_attr(o->test, "about");
	if (o->failed == 0 && !r->verbose)
		return;
	wg_buf_printf(&r->out, "%s  %s  %s:%d\n        %s\n", o->failed > 0 ? "FAILED" : "passed", o->id, o->tests->file,
	              wg_xml_line(o->test), about != NULL ? about : "");
	each_unmet(o, text_line, r);
	text_came(&r->out, o->decisions);
}

static void json_line(struct running *r, const struct outcome *o, const char *no, const char *words, bool first)
{
	(void)o;
	wg_buf_printf(&r->out, "%s{\"line\":%s,\"text\":", first ? "" : ",", no);
	wg_buf_put_json(&r->out, words);
	wg_buf_putc(&r->out, '}');
}

static void json_outcome(struct running *r, const struct outcome *o)
{
	WG_AUTO_FREE char *about = wg_xml_attr(o->test, "about"), *covers = wg_xml_attr(o->test, "covers");
	const char *texts[][2] = { { "id", o->id }, { "file", o->tests->file }, { "about", about }, { "covers", covers } };
	wg_buf_printf(&r->out, "%s{\"passed\":%s,\"line\":%d", r->passed + r->failed > 0 ? "," : "",
	              o->failed == 0 ? "true" : "false", wg_xml_line(o->test));
	for (size_t i = 0; i < WG_COUNT(texts); i++) {
		wg_buf_printf(&r->out, ",\"%s\":", texts[i][0]);
		wg_buf_put_json(&r->out, texts[i][1] != NULL ? texts[i][1] : "");
	}
	wg_buf_puts(&r->out, ",\"unmet\":[");
	each_unmet(o, json_line, r);
	wg_buf_puts(&r->out, "]}");
}

static enum wg_code decide(const struct wg_policy *policy, const struct wg_directory *directory, struct outcome *o,
                           struct wg_err *err)
{
	WG_AUTO_SCENE struct wg_policy_scene scene = { 0 };
	enum wg_code code = wg_policy_scene_open(o->tests, o->test, &scene, err);
	if (code == WG_OK)
		code = wg_decide(policy, directory, scene.notice, &scene.facts, &o->decisions, err);
	return code == WG_OK ? wg_policy_expect(o->tests, o->test, policy, &scene, o->decisions, &o->unmet, &o->failed, err)
	                     : code;
}

static void run_one(struct running *r, const struct wg_policy_tests *tests, const struct _xmlNode *test,
                    const struct wg_policy *policy, const struct wg_directory *directory)
{
	struct outcome o = { .tests = tests, .test = test, .unmet = WG_BUF(TEST_WORDS) };
	struct wg_err err = { 0 };
	char id[WG_LIMIT_NAME + 1];
	(void)wg_xml_attr_into(test, "id", id, sizeof id); /* the schema bounds it */
	(void)snprintf(o.id, sizeof o.id, "%s/%s", tests->name, id);
	if (decide(policy, directory, &o, &err) != WG_OK) {
		wg_buf_printf(&o.unmet, "%d: it could not be decided: %s\n", wg_xml_line(test), err.text);
		o.failed++;
	}
	if (r->cli->json)
		json_outcome(r, &o);
	else
		text_outcome(r, &o);
	r->passed += o.failed == 0;
	r->failed += o.failed > 0;
	wg_decisions_freep(&o.decisions);
	wg_buf_free(&o.unmet);
}

/* What cannot be read is a failure of its own: the other files are run all the same. */
static void fail_file(struct running *r, const char *file, const struct wg_err *why)
{
	if (r->cli->json) {
		wg_buf_printf(&r->out, "%s{\"passed\":false,\"file\":", r->passed + r->failed > 0 ? "," : "");
		wg_buf_put_json(&r->out, file);
		wg_buf_puts(&r->out, ",\"unmet\":[{\"line\":0,\"text\":");
		wg_buf_put_json(&r->out, why->text);
		wg_buf_puts(&r->out, "}]}");
	} else {
		wg_buf_printf(&r->out, "FAILED  %s\n        none of its tests could be run: %s\n", file, why->text);
	}
	r->failed++;
}

static void run_file(struct running *r, const char *file)
{
	struct wg_err err = { 0 };
	WG_AUTO_POLICY_TESTS struct wg_policy_tests *tests = NULL;
	const struct wg_policy *policy = NULL;
	const struct wg_directory *directory = NULL;
	enum wg_code code = wg_policy_tests_load(file, r->room.schema, r->room.tests_xsd, &tests, &err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&r->room, tests->policy, &policy, &err);
	if (code == WG_OK)
		code = wg_policy_room_directory(&r->room, tests->directory, &directory, &err);
	if (code == WG_OK)
		code = wg_policy_tests_roles(tests, policy, &err);
	if (code != WG_OK) {
		fail_file(r, file, &err);
		return;
	}
	const struct _xmlNode *test = wg_xml_first(wg_xml_root(tests->doc), "test");
	for (; test != NULL; test = wg_xml_next(test, "test"))
		run_one(r, tests, test, policy, directory);
}

static enum wg_code run_all(struct running *r, char **operands, int count, struct wg_err *err)
{
	char usual[WG_PATH_TEXT];
	enum wg_code code = wg_policy_room_open(&r->room, err);
	if (code == WG_OK && count == 0) {
		code = wg_policy_files_usual(r->cli, &r->room, usual, err);
		code = code == WG_OK ? wg_policy_files_add(&r->files, usual, err) : code;
	}
	for (int i = 0; i < count && code == WG_OK; i++)
		code = wg_policy_files_add(&r->files, operands[i], err);
	if (code == WG_OK && r->files.count == 0)
		code = wg_err_set(err, WG_CONFIG, "there is no test in what was named: a test file ends with .xml");
	if (r->cli->json)
		wg_buf_puts(&r->out, "{\"tests\":[");
	for (unsigned i = 0; i < r->files.count && code == WG_OK; i++)
		run_file(r, r->files.path[i]);
	if (r->cli->json)
		wg_buf_printf(&r->out, "],\"passed\":%u,\"failed\":%u}\n", r->passed, r->failed);
	else
		wg_buf_printf(&r->out, "%u passed, %u failed\n", r->passed, r->failed);
	return code == WG_OK ? wg_buf_check(&r->out, "the words about the tests", err) : code;
}

int wg_policy_test(const struct wg_cli *cli, int argc, char **argv)
{
	struct running r = { .cli = cli, .out = WG_BUF(TEST_OUTPUT) };
	struct wg_err err = { 0 };
	int operands;
	const struct wg_option options[] = { { "verbose", NULL, &r.verbose }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	enum wg_code code = run_all(&r, argv + 1, operands, &err);
	int status = code != WG_OK ? wg_fail("policy test", &err) : r.failed > 0 ? EX_DATAERR : EX_OK;
	if (code == WG_OK && !wg_print(&r.out))
		status = EX_IOERR;
	wg_buf_free(&r.out);
	wg_policy_files_free(&r.files);
	wg_policy_room_close(&r.room);
	return status;
}
