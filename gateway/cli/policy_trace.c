/* policy_trace.c owns `wardgate policy trace`: which rule and which test answer each requirement, as a table that is
 * kept beside the policies, and what nothing answers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/policy.h"
#include "cli/policy_need.h"
#include "cli/policy_tests.h"
#include "sys/file.h"

#define TRACE_OUTPUT ((size_t)8 << 20)
/* Names of rules that were counted already: as many as there are items of policies. */
#define TRACE_ITEMS 8192

struct tracing {
	const char *tests, *requirements;
	struct wg_policy_room room;
	struct wg_policy_needs needs;
	struct wg_buf out, faults; /* faults: what nothing answers, and what is cited and not known */
	unsigned fault_count, tests_count;
	char (*seen)[2 * WG_LIMIT_NAME + 2];
	unsigned seen_count;
};

static void fault(struct tracing *t, const char *fmt, ...) WG_PRINTF(2, 3);

static void fault(struct tracing *t, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args); /* cut when longer */
	va_end(args);
	wg_buf_printf(&t->faults, "%s\n", text);
	t->fault_count++;
}

/* ---- rules */

/* A layer that several policies extend counts once. */
static bool is_new(struct tracing *t, const char *id)
{
	for (unsigned i = 0; i < t->seen_count; i++)
		if (strcmp(t->seen[i], id) == 0)
			return false;
	if (t->seen_count < TRACE_ITEMS)
		(void)snprintf(t->seen[t->seen_count++], sizeof t->seen[0], "%s", id);
	return true;
}

/* "england: frame, circumstances; midlands: ..." */
static void put_name(struct wg_buf *out, const char *group, const char *name)
{
	char head[WG_LIMIT_NAME + 4];
	(void)snprintf(head, sizeof head, "%s: ", group); /* names are bounded */
	const char *text = wg_buf_text(out), *last = NULL;
	for (const char *p = text; (p = strstr(p, head)) != NULL; p++)
		last = p;
	bool same = last != NULL && strchr(last, ';') == NULL;
	wg_buf_printf(out, "%s%s%s", out->len == 0 ? "" : same ? ", " : "; ", same ? "" : head, name);
}

static void cite_item(struct tracing *t, const struct wg_policy_item *item)
{
	char id[WG_POLICY_NEED_ID];
	struct wg_policy_cites cites = { .at = item->source != NULL ? item->source : "" };
	const char *name = strchr(item->id, '/');
	while (wg_policy_cites_next(&cites, id)) {
		struct wg_policy_need *need = wg_policy_needs_find(&t->needs, id);
		if (need != NULL)
			put_name(&need->rules, item->layer, name != NULL ? name + 1 : item->id);
		else
			fault(t, "%s cites %s, which is not on the list", item->id, id);
	}
}

static enum wg_code cite_policy(struct tracing *t, const char *file, struct wg_err *err)
{
	const struct wg_policy *policy = NULL;
	struct wg_policy_item item;
	enum wg_code code = wg_policy_room_policy(&t->room, file, &policy, err);
	for (unsigned i = 0; code == WG_OK && i < wg_policy_items(policy); i++)
		if (wg_policy_item(policy, i, &item) && is_new(t, item.id))
			cite_item(t, &item);
	return code;
}

/* ---- tests */

static void cover_test(struct tracing *t, const struct wg_policy_tests *tests, const struct _xmlNode *test)
{
	WG_AUTO_FREE char *covers = wg_xml_attr(test, "covers");
	char name[WG_LIMIT_NAME + 1];
	char *rest = covers, *id;
	(void)wg_xml_attr_into(test, "id", name, sizeof name); /* the schema bounds it */
	t->tests_count++;
	while ((id = strsep(&rest, " \t\r\n")) != NULL) {
		struct wg_policy_need *need = *id != '\0' ? wg_policy_needs_find(&t->needs, id) : NULL;
		bool ours = strncmp(id, "S-", 2) == 0 || strncmp(id, "MK-", 3) == 0 || strncmp(id, "R-", 2) == 0;
		if (need != NULL)
			put_name(&need->tests, tests->name, name);
		else if (ours)
			fault(t, "%s:%d: covers %s, which is not on the list", tests->file, wg_xml_line(test), id);
	}
}

static enum wg_code cover_file(struct tracing *t, const char *file, struct wg_err *err)
{
	WG_AUTO_POLICY_TESTS struct wg_policy_tests *tests = NULL;
	enum wg_code code = wg_policy_tests_load(file, t->room.schema, t->room.tests_xsd, &tests, err);
	const struct _xmlNode *test = code == WG_OK ? wg_xml_first(wg_xml_root(tests->doc), "test") : NULL;
	for (; test != NULL; test = wg_xml_next(test, "test"))
		cover_test(t, tests, test);
	return code;
}

static enum wg_code cover_tests(struct tracing *t, struct wg_err *err)
{
	WG_AUTO_POLICY_FILES struct wg_policy_files files = { 0 };
	enum wg_code code = wg_policy_files_add(&files, t->tests, err);
	for (unsigned i = 0; i < files.count && code == WG_OK; i++)
		code = cover_file(t, files.path[i], err);
	return code;
}

/* ---- the table */

/* A bar would end the cell. */
static void put_cell(struct wg_buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			wg_buf_puts(out, "\\|");
		else
			wg_buf_putc(out, *text);
}

static enum wg_code check_product(struct tracing *t, const struct wg_policy_need *need, struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	enum wg_code code = wg_path_beside(t->requirements, need->where, path, err);
	if (code == WG_OK && access(path, F_OK) != 0)
		fault(t, "%s:%u: %s: there is no %s", t->requirements, need->line, need->id, need->where);
	return code;
}

static void put_answered(struct tracing *t)
{
	wg_buf_puts(
		&t->out,
		"## By rules, with tests\n\n| id | requirement | rules, routes and grades that cite it | tests that cover "
		"it |\n|---|---|---|---|\n");
	for (unsigned i = 0; i < t->needs.count; i++) {
		const struct wg_policy_need *need = &t->needs.list[i];
		if (need->how != WG_NEED_RULE)
			continue;
		wg_buf_printf(&t->out, "| %s | ", need->id);
		put_cell(&t->out, need->title);
		wg_buf_printf(&t->out, " | %s | %s |\n", need->rules.len > 0 ? wg_buf_text(&need->rules) : "**none**",
		              need->tests.len > 0 ? wg_buf_text(&need->tests) : "**none**");
		if (need->rules.len == 0)
			fault(t, "%s: no rule cites it: %s", need->id, need->title);
		if (need->tests.len == 0)
			fault(t, "%s: no test covers it: %s", need->id, need->title);
	}
}

static enum wg_code put_others(struct tracing *t, enum wg_policy_need_how how, const char *title, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	wg_buf_printf(&t->out,
	              "\n## %s\n\n| id | requirement | %swhy | rules and tests all the same |\n|---|---|%s---|---|\n",
	              title, how == WG_NEED_PRODUCT ? "where | " : "", how == WG_NEED_PRODUCT ? "---|" : "");
	for (unsigned i = 0; i < t->needs.count && code == WG_OK; i++) {
		const struct wg_policy_need *need = &t->needs.list[i];
		if (need->how != how)
			continue;
		wg_buf_printf(&t->out, "| %s | ", need->id);
		put_cell(&t->out, need->title);
		if (how == WG_NEED_PRODUCT) {
			const char *where = need->where;
			while (strncmp(where, "../", 3) == 0)
				where += 3;
			wg_buf_printf(&t->out, " | `%s`", where);
			code = check_product(t, need, err);
		}
		wg_buf_puts(&t->out, " | ");
		put_cell(&t->out, need->why);
		wg_buf_printf(&t->out, " | %s%s%s |\n", wg_buf_text(&need->rules),
		              need->rules.len > 0 && need->tests.len > 0 ? "; tests " : "", wg_buf_text(&need->tests));
	}
	return code;
}

static void put_sum(struct tracing *t)
{
	unsigned sums[4] = { 0 };
	for (unsigned i = 0; i < t->needs.count; i++)
		sums[t->needs.list[i].how]++;
	wg_buf_printf(
		&t->out,
		"\n%u requirements: %u by rules and tests, %u elsewhere in the product, %u outside the gateway, %u of which "
		"the protocol says nothing. %u tests. ",
		t->needs.count, sums[WG_NEED_RULE], sums[WG_NEED_PRODUCT], sums[WG_NEED_OUTSIDE], sums[WG_NEED_UNSAID],
		t->tests_count);
	if (t->fault_count == 0)
		wg_buf_puts(&t->out, "Nothing is missing.\n");
	else
		wg_buf_printf(&t->out, "%u missing.\n", t->fault_count);
}

static enum wg_code put_table(struct tracing *t, struct wg_err *err)
{
	wg_buf_puts(&t->out,
	            "# Which rule and which test answer each requirement\n\n"
	            "Made by `wardgate policy trace`; a test compares it with a fresh one. The requirements are in "
	            "`tests/requirements.txt`.\n\n");
	put_answered(t);
	enum wg_code code = put_others(t, WG_NEED_PRODUCT, "Met elsewhere in the product", err);
	if (code == WG_OK)
		code = put_others(t, WG_NEED_OUTSIDE, "Outside the gateway", err);
	if (code == WG_OK)
		code = put_others(t, WG_NEED_UNSAID, "Nothing said by the protocol", err);
	put_sum(t);
	return code == WG_OK ? wg_buf_check(&t->out, "the table", err) : code;
}

/* ---- the command */

static enum wg_code read_needs(struct tracing *t, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_file_read(t->requirements, &bytes, err);
	return code == WG_OK ? wg_policy_needs_read(wg_buf_text(&bytes), bytes.len, t->requirements, &t->needs, err) : code;
}

static enum wg_code trace(struct tracing *t, const struct wg_cli *cli, char **policies, int count, struct wg_err *err)
{
	char usual[WG_PATH_TEXT];
	t->seen = calloc(TRACE_ITEMS, sizeof *t->seen);
	if (t->seen == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the names of rules");
	enum wg_code code = wg_policy_room_open(&t->room, err);
	if (code == WG_OK && t->tests == NULL) {
		code = wg_policy_files_usual(cli, &t->room, usual, err);
		t->tests = usual;
	}
	if (code == WG_OK)
		code = read_needs(t, err);
	for (int i = 0; i < count && code == WG_OK; i++)
		code = cite_policy(t, policies[i], err);
	if (code == WG_OK)
		code = cover_tests(t, err);
	if (code == WG_OK)
		code = put_table(t, err);
	t->tests = NULL; /* it may have been ours */
	return code;
}

int wg_policy_trace(const struct wg_cli *cli, int argc, char **argv)
{
	struct tracing t = { .out = WG_BUF(TRACE_OUTPUT), .faults = WG_BUF(TRACE_OUTPUT) };
	struct wg_err err = { 0 };
	int operands;
	const struct wg_option options[] = { { "tests", &t.tests, NULL },
		                                 { "requirements", &t.requirements, NULL },
		                                 { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands == 0 || t.requirements == NULL)
		return wg_misuse(&wg_command_policy, "trace names every POLICY, and --requirements FILE");
	enum wg_code code = trace(&t, cli, argv + 1, operands, &err);
	int status = code != WG_OK ? wg_fail("policy trace", &err) : t.fault_count > 0 ? EX_DATAERR : EX_OK;
	if (code == WG_OK && !wg_print(&t.out))
		status = EX_IOERR;
	if (code == WG_OK)
		(void)fputs(wg_buf_text(&t.faults), stderr);
	wg_policy_needs_free(&t.needs);
	wg_buf_free(&t.out);
	wg_buf_free(&t.faults);
	free(t.seen);
	wg_policy_room_close(&t.room);
	return status;
}
