/* The check of notices against libxml2's validator, which is the oracle: whatever is done to a notice, a yes is
 * libxml2's yes; and libxml2's yes is one here too, unless something is written in a way that is left to it. */
#include "base/asan.h"
#include "notice/valid_internal.h"
#include "notice_seeds.h"

/* Changed notices; each is judged twice. */
#define ROUNDS (WG_ASAN ? 4000 : 12000)
/* The same notice is changed so often, then comes the next. */
#define CHANGES 12

static bool oracle(xmlDoc *doc, struct wg_err *err)
{
	struct wg_xml *xml = wg_xml_adopt(xmlCopyDoc(doc, 1), "changed");
	assert_non_null(xml);
	enum wg_code code = wg_xml_validate(xml, schema->xsd, err);
	assert_true(code == WG_OK || code == WG_REJECT);
	wg_xml_freep(&xml);
	return code == WG_OK;
}

/* A value that a type may have to normalise, or of the rarer forms of a time or of base64. */
static bool rare(const char *s)
{
	size_t n = strlen(s);
	return strpbrk(s, "\t\n\r") != NULL || strstr(s, "  ") != NULL || s[0] == ' ' || (n > 0 && s[n - 1] == ' ') ||
	       strstr(s, "T24:") != NULL || strstr(s, "14:00") != NULL || strchr(s, '=') != NULL ||
	       strstr(s, "QUJD QUJD") != NULL;
}

static bool holds_rare(const xmlNode *node)
{
	bool found = false;
	for (const xmlAttr *a = node->properties; a != NULL && !found; a = a->next) {
		xmlChar *value = xmlNodeGetContent((const xmlNode *)a);
		found = rare((const char *)value);
		xmlFree(value);
	}
	if (wg_xml_first(node, NULL) == NULL) {
		WG_AUTO_FREE char *text = wg_xml_text(node);
		/* in pieces, or empty where the schema has words for that */
		bool pieces = node->children != NULL && (node->children->next != NULL || node->children->type != XML_TEXT_NODE);
		static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
		/* libxml2 passes over what is no base64 */
		found = found || (strcmp((const char *)node->name, "attachment") == 0 && text[strspn(text, digits)] != '\0');
		return found || rare(text) || pieces || (text[0] == '\0' && strcmp((const char *)node->name, "marking") == 0);
	}
	for (const xmlNode *c = node->children; c != NULL && !found; c = c->next)
		found = c->type == XML_ELEMENT_NODE ? holds_rare(c) : c->type != XML_TEXT_NODE;
	return found;
}

struct tally {
	unsigned valid, invalid, left;
};

/* Both verdicts on one tree; what is the matter with it stands in what. */
static void judge(xmlDoc *doc, const char *what, struct tally *tally)
{
	struct wg_err err = { 0 };
	xmlNode *root = xmlDocGetRootElement(doc);
	bool ours = wg_valid(schema, root), theirs = oracle(doc, &err);
	if (ours == theirs) {
		tally->valid += ours ? 1 : 0;
		tally->invalid += ours ? 0 : 1;
		return;
	}
	if (theirs && holds_rare(root)) {
		tally->left++;
		return;
	}
	xmlChar *text = NULL;
	int len = 0;
	xmlDocDumpMemory(doc, &text, &len);
	print_error("%.20000s\n", (const char *)text);
	fail_msg("%s: here it is %s, for libxml2 %s", what, ours ? "valid" : "not plainly valid",
	         theirs ? "valid" : err.text);
}

static void test_all_of_the_schema_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema->n_types; i++)
		if (!schema->types[i]->checked)
			fail_msg("the type \"%s\" is left to libxml2", schema->types[i]->name);
}

/* What is left to libxml2 is not refused. */
static void test_rare_forms_are_valid_notices(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	assert_true(wg_valid(schema, wg_xml_root(notice->xml)));
	assert_wg(wg_notice_set(notice, "header/sent", "2026-11-20T24:00:00Z", &err));
	assert_false(wg_valid(schema, wg_xml_root(notice->xml)));
	assert_wg(wg_notice_validate(notice, &err));
	assert_wg(wg_notice_set(notice, "header/sent", "2026-11-20T24:00:01Z", &err));
	assert_int_equal(wg_notice_validate(notice, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "sent: holds a value that is not of its type"));
}

static void test_whole_notices_are_valid(void **state)
{
	(void)state;
	struct tally tally = { 0 };
	for (size_t i = 0; i < seeds.count; i++)
		judge(seeds.list[i], "unchanged", &tally);
	assert_int_equal(tally.valid, seeds.count);
}

static void test_changed_notices(void **state)
{
	(void)state;
	struct tally tally = { 0 };
	uint64_t number = 0x9E3779B97F4A7C15u;
	struct twists twists = { .schema = schema, .next = next_number, .arg = &number };
	for (unsigned done = 0; done < ROUNDS;) {
		xmlDoc *doc = xmlCopyDoc(seeds.list[twist_next(&twists, seeds.count)], 1), *before = NULL;
		for (unsigned i = 0; i < CHANGES; i++, done++) {
			char what[64];
			unsigned valid = tally.valid, left = tally.left;
			before = xmlCopyDoc(doc, 1);
			twist(&twists, xmlDocGetRootElement(doc));
			(void)snprintf(what, sizeof what, "change %u", done);
			judge(doc, what, &tally);
			bool good = tally.valid > valid || tally.left > left;
			xmlFreeDoc(good ? before : doc); /* what is no notice any more says little of the next change */
			doc = good ? doc : before;
		}
		xmlFreeDoc(doc);
	}
	print_message("%u changes: %u valid, %u not, %u left to libxml2 though valid\n", ROUNDS, tally.valid, tally.invalid,
	              tally.left);
	assert_true(tally.valid > ROUNDS / 5 && tally.invalid > ROUNDS / 5 && tally.left < ROUNDS / 4);
}

/* Where a simple type is used for the first time. */
struct use {
	char type[WG_LIMIT_NAME + 1];
	xmlDoc *doc;
	char path[256];
};

static struct use uses[160];
static size_t n_uses;

static xmlNode *node_at(xmlDoc *doc, const char *path, const char **attribute)
{
	xmlNode *node = xmlDocGetRootElement(doc);
	*attribute = NULL;
	while (node != NULL && *path != '\0') {
		char step[WG_LIMIT_NAME + 1];
		size_t n = strcspn(path, "/[");
		if (*path == '@') {
			*attribute = path + 1;
			return node;
		}
		(void)snprintf(step, sizeof step, "%.*s", (int)n, path);
		node = wg_xml_first(node, step);
		path += strcspn(path, "/");
		path += *path == '/' ? 1 : 0;
	}
	return node;
}

static void note_use(void *arg, const char *path, const struct wg_place *place, const struct wg_attribute *attribute)
{
	struct use use = { .doc = arg };
	const char *ignored;
	if (attribute != NULL)
		assert_true(wg_xml_attr_into(attribute->declared, "type", use.type, sizeof use.type));
	else if (!wg_place_text(place) || !wg_place_type_name(schema, place, use.type, sizeof use.type))
		return;
	for (size_t i = 0; i < n_uses; i++)
		if (strcmp(uses[i].type, use.type) == 0)
			return;
	(void)snprintf(use.path, sizeof use.path, "%s", path);
	if (node_at(use.doc, path, &ignored) == NULL)
		return;
	assert_true(n_uses < WG_COUNT(uses));
	uses[n_uses++] = use;
}

/* Every value of the list in a place of every simple type. */
static void test_values_of_every_type(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	struct tally tally = { 0 };
	static const char *const kinds[] = { "receipt", "alert", "recall", "correction", "absence", "missing", "found" };
	for (size_t i = 0; i < WG_COUNT(kinds) + wg_schema_kinds(schema); i++) {
		const char *kind = i < WG_COUNT(kinds) ? kinds[i] : wg_schema_kind(schema, i - WG_COUNT(kinds));
		size_t k = 0;
		while (strcmp(wg_schema_kind(schema, k), kind) != 0)
			k++;
		assert_wg(wg_schema_walk(schema, kind, note_use, seeds.list[k], &err));
	}
	for (size_t u = 0; u < n_uses; u++) {
		const char *attribute;
		xmlDoc *doc = xmlCopyDoc(uses[u].doc, 1);
		xmlNode *node = node_at(doc, uses[u].path, &attribute);
		for (size_t i = 0; i + 1 < TWIST_VALUES; i++) { /* the last is long */
			WG_AUTO_FREE char *value = twist_value(i);
			if (attribute != NULL)
				(void)xmlSetProp(node, (const xmlChar *)attribute, (const xmlChar *)value);
			else
				twist_text(node, value);
			char what[128];
			(void)snprintf(what, sizeof what, "%.64s, value %zu", uses[u].type, i);
			judge(doc, what, &tally);
		}
		xmlFreeDoc(doc);
	}
	print_message("%zu types: %u valid, %u not, %u left to libxml2 though valid\n", n_uses, tally.valid, tally.invalid,
	              tally.left);
	assert_true(n_uses > 50 && tally.valid > n_uses && tally.invalid > n_uses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_the_schema_is_understood),
		cmocka_unit_test(test_rare_forms_are_valid_notices),
		cmocka_unit_test(test_whole_notices_are_valid),
		cmocka_unit_test(test_changed_notices),
		cmocka_unit_test(test_values_of_every_type),
	};
	return cmocka_run_group_tests_name("valid", tests, make_seeds, free_seeds);
}
