/* Random notices and policies against the oracle: for every recipient, every element is in its copy exactly when the
 * oracle grants it, and nothing of what is not granted comes out on any other way. One seed makes one policy and a few
 * notices; what fails prints its seed: test_property --from SEED --seeds 1. */
#include "base/asan.h"
#include "base/sha256.h"
#include "base/text.h"
#include "channel/mime.h"
#include "notice/schema_print.h"
#include "policy_test.h"
#include "property_oracle.h"

/* Notices for each policy. */
#define NOTICES 3
/* A sample of the renderings: one case in so many, unless --render says otherwise. */
#define RENDER_EVERY 50

static uint64_t first_seed = 1;
static unsigned seeds = WG_ASAN ? 2000 : 5000, render_every = RENDER_EVERY;
static unsigned long cases, copies, pictures, verdicts[3];

/* What one seed is about, for messages. */
static struct {
	uint64_t seed;
	const char *recipient;
} at;

#define FAIL(...)                                                                                              \
	do {                                                                                                       \
		print_error("seed %llu, %s: ", (unsigned long long)at.seed, at.recipient);                             \
		print_error(__VA_ARGS__);                                                                              \
		print_error("\nagain: test_property --from %llu --seeds 1 --render 1\n", (unsigned long long)at.seed); \
		fail();                                                                                                \
	} while (0)

#define OK(call)                             \
	do {                                     \
		if ((call) != WG_OK)                 \
			FAIL("%s: %s", #call, err.text); \
	} while (0)

/* ---- the gateway's side */

static wg_categories gateway_set(uint64_t set)
{
	wg_categories out = 0;
	for (int i = 0; i < ps_category_count; i++)
		out |= (set >> i & 1) != 0 ? wg_category_find(ps_categories[i]) : 0;
	return out;
}

static struct wg_policy *load_policy(const struct pp_policy *p, const char *folder)
{
	struct wg_err err = { 0 };
	struct wg_policy *policy = NULL;
	WG_AUTO_BUF struct wg_buf top = WG_BUF(PP_TEXT);
	for (int i = 0; i < PP_LAYERS - 1; i++) {
		WG_AUTO_BUF struct wg_buf text = WG_BUF(PP_TEXT);
		char path[512];
		pp_write(p, i, &text);
		(void)snprintf(path, sizeof path, "%s/%s.xml", folder, pp_layers[i].id);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
		assert_int_equal(fclose(f), 0);
	}
	pp_write(p, PP_LAYERS - 1, &top);
	OK(wg_policy_parse(top.data, top.len, "local.xml", folder, policy_xsd, schema, &policy, &err));
	return policy;
}

static struct wg_consents *load_consents(const struct pp_policy *p)
{
	struct wg_err err = { 0 };
	struct wg_consents *consents = NULL;
	OK(wg_consents_new(&consents, &err));
	for (int i = 0; i < p->record_count; i++) {
		const struct pp_record *r = &p->records[i];
		struct wg_consent *record = calloc(1, sizeof *record);
		WG_AUTO_BUF struct wg_buf to = WG_BUF(1024);
		assert_non_null(record);
		for (size_t k = 0; k < PP_ROLES; k++)
			if ((r->roles >> k & 1) != 0)
				wg_buf_printf(&to, "%s%s", to.len > 0 ? " " : "", pp_roles[k].name);
		(void)snprintf(record->id, sizeof record->id, "01k9tess00examp1e0consent%d", i);
		record->state = r->state;
		record->at = r->at;
		record->until = r->until;
		record->categories = gateway_set(r->cats);
		record->to = strdup(r->roles == 0 ? "*" : wg_buf_text(&to));
		OK(wg_consents_add(consents, record, &err));
	}
	return consents;
}

/* ---- the copy as XML */

/* An item of an answer names a place that is not granted. */
static bool names_withheld(const struct pn_content *original, const struct pn_item *item, uint64_t granted)
{
	if (strncmp(item->place->path, "answer/item/", 12) != 0)
		return false;
	for (int i = 0; i < original->count; i++) {
		const struct pn_item *other = &original->items[i];
		if (other->holder != item->holder || strcmp(other->place->path, "answer/item/place") != 0)
			continue;
		const struct ps_place *named = ps_place(other->value);
		return named == NULL || (named->need & ~granted) != 0;
	}
	return false;
}

/* The photograph of which this place is a part: its own text stands after all that is said of it. */
static const char *picture_of(const struct pn_item *item)
{
	while (strcmp(item->place->path, "attachment") != 0)
		item++;
	return item->value;
}

/* The generator wrote it: pn_picture. */
static bool picture_is(const char *picture, const char *what)
{
	struct wg_err err = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	OK(wg_base64_decode(picture, strlen(picture) / 4 * 4, &bytes, &len, &err));
	bool is = memmem(bytes, len, what, strlen(what)) != NULL;
	free(bytes);
	return is;
}

/* What a place of a photograph should be in the copy; false when it should not be there. */
static bool expected_picture(const struct pn_item *item, unsigned *attachments, char *value, size_t size)
{
	const char *picture = picture_of(item);
	bool png = picture_is(picture, "PNG");
	if (picture_is(picture, "broken"))
		return false;
	if (strcmp(item->place->path, "attachment/@name") == 0)
		(void)snprintf(value, size, "photograph-%u.%s", ++*attachments, png ? "png" : "jpg");
	else if (strcmp(item->place->path, "attachment/@sha256") == 0)
		(void)snprintf(value, size, "%s", png ? PNG_SHA256 : JPEG_SHA256);
	else if (strcmp(item->place->path, "attachment") == 0)
		(void)snprintf(value, size, "%.79s", png ? PNG_BASE64 : JPEG_BASE64); /* what was read was cut, too */
	return true;
}

/* No word of what stood beside a picture is in it, and its hash is its own. */
static void check_pictures(const char *xml)
{
	for (const char *one = strstr(xml, "<attachment "); one != NULL; one = strstr(one + 1, "<attachment ")) {
		struct wg_err err = { 0 };
		uint8_t *bytes = NULL, hash[WG_SHA256_LEN];
		char text[2 * WG_SHA256_LEN + 1];
		size_t len = 0;
		const char *from = strchr(one, '>') + 1, *said = strstr(one, "sha256=\"") + 8;
		OK(wg_base64_decode(from, strcspn(from, "<"), &bytes, &len, &err));
		wg_sha256(bytes, len, hash);
		wg_hex(hash, sizeof hash, text);
		if (len == 0 || memmem(bytes, len, "Zq", 2) != NULL || strncmp(said, text, strlen(text)) != 0)
			FAIL("a photograph says more than it shows, or has another's hash");
		free(bytes);
		pictures++;
	}
}

/* What the copy should hold at place i of the original, if anything. */
static bool expected_at(const struct pn_content *original, const struct pn_item *item, const struct po_answer *answer,
                        unsigned *attachments, char *value, size_t size)
{
	if ((item->place->need & ~answer->granted) != 0 || names_withheld(original, item, answer->granted))
		return false;
	(void)snprintf(value, size, "%s", item->value);
	return strncmp(item->place->path, "attachment", 10) != 0 || expected_picture(item, attachments, value, size);
}

/* What a copy says of itself, and not the original. */
static bool own_of_copy(const struct pn_item *item, const struct pp_policy *p, const struct po_answer *answer,
                        uint64_t *named)
{
	char keep[8];
	(void)p;
	if (strcmp(item->place->path, "header/keep") == 0) {
		(void)snprintf(keep, sizeof keep, "P%dY", answer->keep);
		if (answer->keep == 0 || strcmp(item->value, keep) != 0)
			FAIL("header/keep should be %d years", answer->keep);
		return true;
	}
	if (strcmp(item->place->path, "withheld/@category") == 0)
		*named |= (uint64_t)1 << ps_category(item->value);
	return strncmp(item->place->path, "header/copy-for/", 16) == 0 || strncmp(item->place->path, "withheld", 8) == 0;
}

static void check_xml(const struct pn_content *original, const char *xml, const struct pp_policy *p,
                      const struct po_answer *answer)
{
	static struct pn_content copy;
	char hollow[192], value[80];
	uint64_t named = 0, left_out = 0;
	unsigned attachments = 0;
	int at_copy = 0;
	bool keep = false;
	pn_read(xml, &copy, hollow);
	if (hollow[0] != '\0')
		FAIL("%s stands in the copy with nothing in it", hollow);
	for (int i = 0; i < original->count; i++) {
		const struct pn_item *item = &original->items[i];
		while (at_copy < copy.count && own_of_copy(&copy.items[at_copy], p, answer, &named))
			keep = strcmp(copy.items[at_copy++].place->path, "header/keep") == 0 || keep;
		const struct pn_item *there = at_copy < copy.count ? &copy.items[at_copy] : NULL;
		if (!expected_at(original, item, answer, &attachments, value, sizeof value)) {
			if ((item->place->need & ~answer->granted) == 0 && strcmp(item->place->path, "attachment") == 0)
				left_out = (uint64_t)1 << ps_category("photograph");
			continue;
		}
		if (there == NULL || there->place != item->place || strcmp(there->value, value) != 0)
			FAIL("%s should be in the copy, where %s is", item->place->path,
			     there != NULL ? there->place->path : "the end");
		at_copy++;
	}
	while (at_copy < copy.count && own_of_copy(&copy.items[at_copy], p, answer, &named))
		keep = strcmp(copy.items[at_copy++].place->path, "header/keep") == 0 || keep;
	if (at_copy != copy.count)
		FAIL("%s is in the copy and not granted", copy.items[at_copy].place->path);
	if (named != (answer->marked | left_out) || keep != (answer->keep != 0))
		FAIL("what is named as withheld is not what should be, or how long to keep it is not said");
}

/* ---- every other way */

static bool is_canary(const char *value)
{
	return strncmp(value, "Zq", 2) == 0;
}

/* No words of the notice that are not granted (all: no words at all) stand in text. */
static void check_silent(const struct pn_content *original, const char *text, uint64_t granted, bool all,
                         const char *where)
{
	if (strstr(text, "Zq") == NULL)
		return;
	for (int i = 0; i < original->count; i++) {
		const struct pn_item *item = &original->items[i];
		bool given = !all && (item->place->need & ~granted) == 0 &&
		             strcmp(item->place->path, "attachment/@name") != 0 && !names_withheld(original, item, granted);
		if (is_canary(item->value) && !given && strstr(text, item->value) != NULL)
			FAIL("%s came out in %s", item->place->path, where);
	}
}

/* Of a mail's lines those of its heads: "=_" stands in no body, so what begins with "--" and has it is a boundary. */
static void keep_heads(const char *entity, struct wg_buf *out)
{
	bool head = true;
	for (const char *line = entity; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		const size_t len = strcspn(line, "\r\n");
		if (strncmp(line, "--", 2) == 0 && memmem(line, len, "=_", 2) != NULL)
			head = true;
		else if (len == 0)
			head = false;
		else if (head)
			wg_buf_printf(out, "%.*s\n", (int)len, line);
	}
}

static void check_renderings(const struct pn_content *original, const struct wg_notice *copy, const struct wg_buf *xml,
                             uint64_t granted)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf html = WG_BUF(WG_LIMIT_MESSAGE), text = WG_BUF(WG_LIMIT_MESSAGE),
							  entity = WG_BUF(WG_LIMIT_ENVELOPE), heads = WG_BUF(WG_LIMIT_MESSAGE);
	OK(wg_render_both(copy, &html, &text, &err));
	check_silent(original, wg_buf_text(&html), granted, false, "the page");
	check_silent(original, wg_buf_text(&text), granted, false, "the text");
	OK(wg_mime_entity(wg_buf_text(&text), wg_buf_text(&html), xml->data, xml->len, "seed", &entity, &err));
	keep_heads(wg_buf_text(&entity), &heads);
	assert_true(heads.len > 0);
	check_silent(original, wg_buf_text(&heads), granted, true, "the heads of the mail");
	check_silent(original, wg_buf_text(&entity), granted, false, "the mail");
	const char *name = strstr(wg_buf_text(&heads), "name=");
	for (; name != NULL; name = strstr(name + 1, "name="))
		if (strncmp(name, "name=notice.xml", 15) != 0)
			FAIL("a file name in the mail is not ours: %.40s", name);
}

/* Words about the notice, for records, operators and senders: never words of it. */
static void check_words(const struct pn_content *original, const struct wg_policy *policy, const struct wg_decision *d,
                        const struct wg_notice *notice)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF(WG_LIMIT_NOTICE), text = WG_BUF(WG_LIMIT_NOTICE);
	wg_decision_json(policy, d, notice, &json);
	wg_decision_text(policy, d, &text);
	assert_true(json.len > 0 && text.len > 0);
	check_silent(original, wg_buf_text(&json), 0, true, "the disclosure record");
	check_silent(original, wg_buf_text(&text), 0, true, "the decision in words");
}

/* What is wrong with a notice is said without what stands there. */
static void check_errors(const struct pn_content *original, const struct wg_notice *notice, const struct wg_buf *xml)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *bad = NULL, *copy = NULL;
	WG_AUTO_BUF struct wg_buf broken = WG_BUF(WG_LIMIT_MESSAGE);
	const char *canary = strstr(wg_buf_text(xml), "Zq");
	size_t cut = canary != NULL ? (size_t)(canary - wg_buf_text(xml)) + 3 : xml->len / 2;
	static const char *const faults[] = { "<unknown/>", "</unknown>", "&unknown;", "\x01", "<!--", "" };
	for (size_t i = 0; i < WG_COUNT(faults); i++) {
		broken.len = 0;
		wg_buf_put(&broken, xml->data, cut);
		wg_buf_puts(&broken, faults[i]);
		wg_buf_put(&broken, xml->data + cut, faults[i][0] != '\0' ? xml->len - cut : 0);
		if (wg_notice_parse(schema, broken.data, broken.len, "broken", &bad, &err) == WG_OK)
			FAIL("a broken notice was read");
		check_silent(original, err.text, 0, true, "words about a broken notice");
	}
	struct wg_copy how = { "Not A Name", "d", wg_categories_all(), 0, NULL, NULL };
	assert_int_equal(wg_notice_project(notice, &how, &copy, &err), WG_CONFIG);
	check_silent(original, err.text, 0, true, "words about a copy that was not made");
}

/* ---- one recipient, one notice, one seed */

static void check_recipient(const struct pp_policy *p, const struct pn_content *original, struct wg_notice *notice,
                            const struct wg_policy *policy, const struct wg_decision *d, const struct po_answer *answer)
{
	struct wg_err err = { 0 };
	static const enum wg_verdict want[] = { WG_VERDICT_SEND, WG_VERDICT_REVIEW, WG_VERDICT_DENY };
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_MESSAGE);
	cases++;
	verdicts[answer->verdict]++;
	if (d->verdict != want[answer->verdict])
		FAIL("the verdict is %d and should be %d: %s", (int)d->verdict, answer->verdict, d->verdict_rule);
	if (d->granted != gateway_set(answer->granted))
		FAIL("what is granted is not what should be");
	if (cases % render_every == 0)
		check_words(original, policy, d, notice);
	if (d->verdict == WG_VERDICT_DENY)
		return;
	copies++;
	struct wg_copy how = {
		d->organisation->id, d->desk->name, d->granted, d->mark, "not shared with this recipient", d->keep
	};
	OK(wg_notice_project(notice, &how, &copy, &err));
	OK(wg_notice_serialise(copy, &xml, &err));
	check_xml(original, wg_buf_text(&xml), p, answer);
	check_pictures(wg_buf_text(&xml));
	if (cases % render_every == 0)
		check_renderings(original, copy, &xml, answer->granted);
}

static const struct po_way *way_to(const struct po_ways *ways, const struct wg_decision *d, bool exact)
{
	for (int i = 0; i < ways->count; i++) {
		const struct po_way *w = &ways->list[i];
		if (strcmp(w->organisation, d->organisation->id) != 0 || strstr(d->desk->roles, pp_roles[w->role].name) == NULL)
			continue;
		if (!exact || (w->role == po_role(d->role) && w->side == po_side(d->of)))
			return w;
	}
	return NULL;
}

static void check_everybody_is_there(const struct po_ways *ways, const struct wg_decisions *decisions)
{
	for (int i = 0; i < ways->count; i++) {
		bool found = false;
		for (unsigned k = 0; k < decisions->count; k++)
			found = found || (strcmp(decisions->list[k].organisation->id, ways->list[i].organisation) == 0 &&
			                  strstr(decisions->list[k].desk->roles, pp_roles[ways->list[i].role].name) != NULL);
		if (!found)
			FAIL("%s of %s should be a recipient", pp_roles[ways->list[i].role].name, ways->list[i].organisation);
	}
}

static void check_notice(const struct pp_policy *p, const struct wg_policy *policy,
                         const struct wg_directory *directory, const struct wg_consents *consents)
{
	static struct pn_content original;
	struct wg_err err = { 0 };
	struct po_ways ways;
	char hollow[192];
	WG_AUTO_NOTICE struct wg_notice *notice = pn_make(schema);
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *decisions = NULL;
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_MESSAGE);
	at.recipient = "notice";
	OK(wg_notice_validate(notice, &err));
	OK(wg_notice_serialise(notice, &xml, &err));
	pn_read(wg_buf_text(&xml), &original, hollow);
	struct wg_facts facts = { .self = "host",
		                      .submitter = p->submitter,
		                      .now = NOW,
		                      .consents = consents,
		                      .told = p->told,
		                      .told_count = (unsigned)p->told_count };
	OK(wg_decide(policy, directory, notice, &facts, &decisions, &err));
	check_silent(&original, decisions->unreachable, 0, true, "words about who cannot be reached");
	po_route(p, &original, &ways);
	struct po_ways all = ways;
	for (unsigned i = 0; i < decisions->count; i++) {
		const struct wg_decision *d = &decisions->list[i];
		bool routed = way_to(&ways, d, false) != NULL;
		const struct po_way told = { d->organisation->id, po_role(d->role), po_side(d->of) };
		struct po_case k;
		at.recipient = d->desk->name;
		if (routed && way_to(&ways, d, true) == NULL)
			FAIL("%s was reached as %s of %s, which no route says", d->organisation->id, d->role, d->of);
		po_begin(&k, p, &original, &told);
		struct po_answer answer = po_answer(&k);
		if (routed)
			po_tell(&k, answer.granted, &all);
		else if (way_to(&all, d, true) == NULL)
			FAIL("%s is a recipient, which nothing says", d->organisation->id);
		check_recipient(p, &original, notice, policy, d, &answer);
	}
	check_everybody_is_there(&all, decisions);
	if (pr_one_in(20) || render_every == 1)
		check_errors(&original, notice, &xml);
}

static void test_property(void **state)
{
	(void)state;
	char folder[] = "/tmp/wardgate-property-XXXXXX/";
	struct wg_directory *directory = directory_of(po_directory_text);
	folder[sizeof folder - 2] = '\0';
	assert_non_null(mkdtemp(folder));
	folder[sizeof folder - 2] = '/';
	for (unsigned n = 0; n < seeds; n++) {
		static struct pp_policy p;
		at.seed = first_seed + n;
		at.recipient = "policy";
		pr_state = at.seed * 0x9e3779b97f4a7c15U;
		pp_make(&p);
		struct wg_policy *policy = load_policy(&p, folder);
		struct wg_consents *consents = load_consents(&p);
		for (int i = 0; i < NOTICES; i++)
			check_notice(&p, policy, directory, consents);
		wg_consents_freep(&consents);
		wg_policy_freep(&policy);
	}
	wg_directory_freep(&directory);
	for (int i = 0; i < PP_LAYERS - 1; i++) {
		char path[512];
		(void)snprintf(path, sizeof path, "%s%s.xml", folder, pp_layers[i].id);
		(void)remove(path);
	}
	(void)remove(folder);
	print_message(
		"seeds %llu to %llu: %lu cases, %lu copies, %lu photographs, verdicts %lu send, %lu review, %lu deny\n",
		(unsigned long long)first_seed, (unsigned long long)(first_seed + seeds - 1), cases, copies, pictures,
		verdicts[0], verdicts[1], verdicts[2]);
	if (seeds >= 1000) /* otherwise little was proved */
		assert_true(verdicts[0] > cases / 50 && verdicts[1] > cases / 50 && verdicts[2] > cases / 50 &&
		            pictures > copies / 100);
}

/* The table of places was read by plain means: it must be the whole schema. */
static void count_place(void *arg, const char *path, const struct wg_place *place, const struct wg_attribute *attribute)
{
	char plain[256];
	size_t used = 0;
	for (const char *p = path; *p != '\0'; p++)
		if (strncmp(p, "[+]", 3) == 0)
			p += 2;
		else
			plain[used++] = *p;
	plain[used] = '\0';
	const struct ps_place *own = ps_place(plain);
	if (attribute == NULL && !wg_place_text(place))
		return;
	assert_non_null(own);
	assert_true(gateway_set((uint64_t)1 << own->own) ==
	            (attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category));
	++*(int *)arg;
}

static void test_places(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	int count = 0;
	must(wg_schema_walk(schema, NULL, count_place, &count, &err), &err);
	assert_int_equal(count, ps_place_count);
	assert_int_equal(ps_kind_count, wg_schema_kinds(schema));
	assert_int_equal(ps_category_count, wg_category_count());
	assert_string_equal(ps_categories[0], "administrative");
}

static int load_all(void **state)
{
	ps_load(WG_SOURCE_DIR "/xsd/wardgate/1");
	return open_schemas(state);
}

static int free_all(void **state)
{
	return close_schemas(state);
}

/* --from SEED --seeds N --render N (every so many cases) */
static bool read_options(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t n = 0;
		if (!wg_num_parse(argv[i + 1], 1, UINT32_MAX, &n))
			return false;
		if (strcmp(argv[i], "--from") == 0)
			first_seed = n;
		else if (strcmp(argv[i], "--seeds") == 0)
			seeds = (unsigned)n;
		else if (strcmp(argv[i], "--render") == 0)
			render_every = (unsigned)n;
		else
			return false;
	}
	return argc % 2 == 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_places), cmocka_unit_test(test_property) };
	if (!read_options(argc, argv)) {
		(void)fprintf(stderr, "usage: test_property [--from SEED] [--seeds N] [--render N]\n");
		return 64;
	}
	return cmocka_run_group_tests_name("property", tests, load_all, free_all);
}
