/* policy_diff.c owns `wardgate policy diff`: which rules differ between two policies, and what that comes to for the
 * notices of tests and examples. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/policy.h"
#include "cli/policy_gain.h"
#include "cli/policy_tests.h"
#include "sys/file.h"

#define DIFF_OUTPUT ((size_t)16 << 20)

struct diffing {
	const struct wg_cli *cli;
	const char *old_file, *new_file, *tests, *notices, *directory_file, *at;
	struct wg_policy_room room;
	const struct wg_policy *old, *new;
	const struct wg_directory *directory; /* of --directory, otherwise of the first file of tests */
	struct wg_policy_gains gains;
	struct wg_buf out;
	unsigned rules, compared, differing, unread;
};

/* ---- rules */

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* The item of another policy that is the same: a rule by its name; what has none by its words, for its number moves
 * when something is added before it. */
static bool find_item(const struct wg_policy *in, const struct wg_policy_item *like, struct wg_policy_item *out)
{
	for (unsigned i = 0; i < wg_policy_items(in); i++) {
		if (!wg_policy_item(in, i, out) || strcmp(out->what, like->what) != 0)
			continue;
		if (strcmp(like->what, "rule") == 0 || strcmp(like->what, "deadline") == 0
		        ? strcmp(out->id, like->id) == 0
		        : strcmp(out->layer, like->layer) == 0 && is_same_text(out->text, like->text) &&
		              is_same_text(out->source, like->source))
			return true;
	}
	return false;
}

static void put_words(struct diffing *d, const char *name, const struct wg_policy_item *item)
{
	if (d->cli->json) {
		wg_buf_printf(&d->out, ",\"%s\":{\"text\":", name);
		wg_buf_put_json(&d->out, item->text);
		wg_buf_puts(&d->out, ",\"source\":");
		wg_buf_put_json(&d->out, item->source != NULL ? item->source : "");
		wg_buf_puts(&d->out, "}");
	} else {
		wg_buf_printf(&d->out, "    %s: %s (%s)\n", name, item->text,
		              item->source != NULL ? item->source : "no source");
	}
}

static void put_change(struct diffing *d, const char *what, const struct wg_policy_item *was,
                       const struct wg_policy_item *is)
{
	const struct wg_policy_item *item = is != NULL ? is : was;
	if (d->cli->json) {
		wg_buf_printf(&d->out, "%s{\"change\":\"%s\",\"what\":\"%s\",\"id\":", d->rules > 0 ? "," : "", what,
		              item->what);
		wg_buf_put_json(&d->out, item->id);
	} else {
		wg_buf_printf(&d->out, "  %s %s %s\n", what, item->what, item->id);
	}
	if (was != NULL)
		put_words(d, "was", was);
	if (is != NULL)
		put_words(d, "is", is);
	wg_buf_puts(&d->out, d->cli->json ? "}" : "");
	d->rules++;
}

static void compare_rules(struct diffing *d)
{
	struct wg_policy_item one, other;
	for (unsigned i = 0; i < wg_policy_items(d->old); i++) {
		if (!wg_policy_item(d->old, i, &one))
			continue;
		if (!find_item(d->new, &one, &other))
			put_change(d, "removed", &one, NULL);
		else if (!is_same_text(one.text, other.text) || !is_same_text(one.source, other.source))
			put_change(d, "changed", &one, &other);
	}
	for (unsigned i = 0; i < wg_policy_items(d->new); i++)
		if (wg_policy_item(d->new, i, &one) && !find_item(d->old, &one, &other))
			put_change(d, "added", NULL, &one);
}

/* ---- what it comes to */

static enum wg_code compare(struct diffing *d, const struct wg_directory *directory, struct wg_notice *notice,
                            const struct wg_facts *facts, const char *example, struct wg_err *err)
{
	struct wg_decisions *was = NULL, *is = NULL;
	char kind[WG_LIMIT_NAME + 1];
	(void)wg_notice_get_into(notice, "@kind", kind, sizeof kind); /* the schema demands one */
	enum wg_code code = wg_decide(d->old, directory, notice, facts, &was, err);
	if (code == WG_OK)
		code = wg_decide(d->new, directory, notice, facts, &is, err);
	if (code == WG_OK) {
		d->compared++;
		d->differing += wg_policy_gains_compare(&d->gains, kind, example, was, is);
	}
	wg_decisions_freep(&was);
	wg_decisions_freep(&is);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", example);
}

static const char *own_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static enum wg_code compare_test(struct diffing *d, const struct wg_policy_tests *tests, const struct _xmlNode *test,
                                 const struct wg_directory *directory, struct wg_err *err)
{
	WG_AUTO_SCENE struct wg_policy_scene scene = { 0 };
	char id[WG_LIMIT_NAME + 1], example[2 * WG_LIMIT_NAME + 2];
	(void)wg_xml_attr_into(test, "id", id, sizeof id); /* the schema bounds it */
	(void)snprintf(example, sizeof example, "%s/%s", tests->name, id);
	enum wg_code code = wg_policy_scene_open(tests, test, &scene, err);
	return code == WG_OK ? compare(d, directory, scene.notice, &scene.facts, example, err) : code;
}

/* Tests of another region's policy say nothing here: its notices are not for these routes. */
static enum wg_code compare_file(struct diffing *d, const char *file, struct wg_err *err)
{
	WG_AUTO_POLICY_TESTS struct wg_policy_tests *tests = NULL;
	const struct wg_directory *directory = NULL;
	enum wg_code code = wg_policy_tests_load(file, d->room.schema, d->room.tests_xsd, &tests, err);
	if (code == WG_OK)
		code = wg_policy_room_directory(&d->room, d->directory_file != NULL ? d->directory_file : tests->directory,
		                                &directory, err);
	if (code != WG_OK)
		return code;
	d->directory = d->directory != NULL ? d->directory : directory;
	if (strcmp(own_name(tests->policy), own_name(d->old_file)) != 0 &&
	    strcmp(own_name(tests->policy), own_name(d->new_file)) != 0)
		return WG_OK;
	const struct _xmlNode *test = wg_xml_first(wg_xml_root(tests->doc), "test");
	for (; test != NULL && code == WG_OK; test = wg_xml_next(test, "test"))
		code = compare_test(d, tests, test, directory, err);
	return code;
}

static enum wg_code compare_tests(struct diffing *d, struct wg_err *err)
{
	WG_AUTO_POLICY_FILES struct wg_policy_files files = { 0 };
	enum wg_code code = wg_policy_files_add(&files, d->tests, err);
	for (unsigned i = 0; i < files.count && code == WG_OK; i++)
		code = compare_file(d, files.path[i], err);
	return code;
}

static int is_xml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".xml") == 0;
}

/* One example; what is no notice is counted and left. */
static enum wg_code compare_example(struct diffing *d, const char *name, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	struct wg_err ignored = { 0 };
	char path[WG_PATH_TEXT], sender[WG_LIMIT_NAME + 1], received[40];
	enum wg_code code = wg_path_join(d->notices, name, path, err);
	if (code != WG_OK)
		return code;
	if (wg_file_read(path, &bytes, &ignored) != WG_OK ||
	    wg_notice_parse(d->room.schema, bytes.data, bytes.len, path, &notice, &ignored) != WG_OK) {
		d->unread++;
		return WG_OK;
	}
	(void)wg_notice_get_into(notice, "header/sender/@organisation", sender, sizeof sender);
	(void)wg_notice_get_into(notice, "header/received", received, sizeof received);
	struct wg_facts facts = { .self = "", .submitter = sender, .now = d->at != NULL ? d->at : received };
	if (facts.now[0] == '\0') {
		d->unread++;
		return WG_OK;
	}
	return compare(d, d->directory, notice, &facts, name, err);
}

static enum wg_code compare_examples(struct diffing *d, struct wg_err *err)
{
	struct dirent **names = NULL;
	enum wg_code code = WG_OK;
	if (d->directory == NULL && d->directory_file != NULL)
		code = wg_policy_room_directory(&d->room, d->directory_file, &d->directory, err);
	if (code != WG_OK)
		return code;
	if (d->directory == NULL)
		return wg_err_set(err, WG_CONFIG, "--notices needs --directory FILE, or --tests that name one");
	int n = scandir(d->notices, &names, is_xml, alphasort);
	if (n < 0)
		return wg_err_errno(err, "%s", d->notices);
	for (int i = 0; i < n; i++) {
		code = code == WG_OK ? compare_example(d, names[i]->d_name, err) : code;
		free(names[i]);
	}
	free((void *)names);
	return code;
}

/* ---- the command */

static enum wg_code load(struct diffing *d, struct wg_err *err)
{
	enum wg_code code = wg_policy_room_open(&d->room, err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&d->room, d->old_file, &d->old, err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&d->room, d->new_file, &d->new, err);
	return code;
}

static enum wg_code diff(struct diffing *d, struct wg_err *err)
{
	bool json = d->cli->json;
	enum wg_code code = load(d, err);
	if (code != WG_OK)
		return code;
	wg_buf_printf(&d->out, json ? "{\"old\":\"%s\",\"new\":\"%s\",\"rules\":[" : "Rules, from %s to %s:\n",
	              wg_policy_version(d->old), wg_policy_version(d->new));
	compare_rules(d);
	if (!json && d->rules == 0)
		wg_buf_puts(&d->out, "  none differs\n");
	if (d->tests != NULL)
		code = compare_tests(d, err);
	if (code == WG_OK && d->notices != NULL)
		code = compare_examples(d, err);
	if (code != WG_OK)
		return code;
	if (json)
		wg_buf_printf(&d->out, "],\"compared\":%u,\"differing\":%u,\"unread\":%u,\"gained\":%u,\"lost\":%u,\"gains\":",
		              d->compared, d->differing, d->unread, d->gains.gained, d->gains.lost);
	else
		wg_buf_printf(&d->out, "\nWhat that comes to, over %u notices:\n", d->compared);
	code = wg_policy_gains_print(&d->gains, json, &d->out, err);
	if (json)
		wg_buf_puts(&d->out, "}\n");
	else
		wg_buf_printf(&d->out,
		              "%u rules and routes differ; %u of %u notices come to something else: %u categories gained, %u "
		              "lost%s\n",
		              d->rules, d->differing, d->compared, d->gains.gained, d->gains.lost,
		              d->unread > 0 ? "; some files of --notices are no notices" : "");
	return code;
}

int wg_policy_diff(const struct wg_cli *cli, int argc, char **argv)
{
	struct diffing d = { .cli = cli, .out = WG_BUF(DIFF_OUTPUT) };
	struct wg_err err = { 0 };
	int operands;
	int64_t when;
	const struct wg_option options[] = { { "tests", &d.tests, NULL },
		                                 { "notices", &d.notices, NULL },
		                                 { "directory", &d.directory_file, NULL },
		                                 { "at", &d.at, NULL },
		                                 { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 2)
		return wg_misuse(&wg_command_policy, "diff names the OLD policy and the NEW one");
	if (d.at != NULL && !wg_clock_parse(d.at, &when))
		return wg_misuse(&wg_command_policy, "--at wants a time like 2026-11-22T09:30:00Z");
	d.old_file = argv[1];
	d.new_file = argv[2];
	enum wg_code code = diff(&d, &err);
	if (code == WG_OK)
		code = wg_buf_check(&d.out, "the differences", &err);
	int status = code != WG_OK ? wg_fail("policy diff", &err) : EX_OK;
	if (code == WG_OK && !wg_print(&d.out))
		status = EX_IOERR;
	wg_policy_gains_free(&d.gains);
	wg_buf_free(&d.out);
	wg_policy_room_close(&d.room);
	return status;
}
