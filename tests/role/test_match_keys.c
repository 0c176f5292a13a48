/* The keys of a notice: which facts of two notices meet and which must not, told by pairs; that no name is among what
 * goes to the store; and that every kind of the schema knows what it has to do with an episode. */
#include "gate.h"

#include "role/match.h"
#include "role/outcome.h"

static struct wg_config *config;
static struct wg_process process;

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	config = gate_load();
	if (wg_process_load(config, &process, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return 0;
}

static int teardown(void **state)
{
	wg_process_free(&process);
	free(config);
	return pki_teardown(state);
}

/* Paths and values: "name=Tess Example;birth=2011-03-14"; the short names stand for the places. */
static void fill(struct wg_notice *notice, const char *text)
{
	static const struct {
		const char *word, *path;
	} places[] = {
		{ "name", "child/name/full" },
		{ "known", "child/name/known-as[+]" },
		{ "birth", "child/date-of-birth" },
		{ "nhs", "child/nhs-number" },
		{ "id", "child/local-id[+]" },
		{ "scheme", "child/local-id[last]/@scheme" },
		{ "pupil", "child/pupil-number" },
		{ "ref", "episode/police-reference" },
		{ "force", "episode/police-reference/@force" },
		{ "mother", "child/unborn/mother" },
		{ "expected", "child/unborn/expected" },
		{ "mother-nhs", "child/unborn/mother-nhs-number" },
	};
	char word[32], value[128];
	for (size_t n; *text != '\0'; text += n + (text[n] == ';')) {
		n = strcspn(text, ";");
		size_t w = strcspn(text, "="), at = 0;
		assert_true(w < n && w < sizeof word && n - w - 1 < sizeof value);
		(void)snprintf(word, sizeof word, "%.*s", (int)w, text);                     /* fits */
		(void)snprintf(value, sizeof value, "%.*s", (int)(n - w - 1), text + w + 1); /* fits */
		while (at < WG_COUNT(places) && strcmp(places[at].word, word) != 0)
			at++;
		assert_true(at < WG_COUNT(places));
		if (wg_notice_set(notice, places[at].path, value, &pki_err) != WG_OK)
			fail_msg("%s: %s", word, pki_err.text);
	}
}

static struct wg_outcome *keys_of(const char *text, const char *organisation)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	struct wg_msg_job job = { .token = 1 };
	(void)snprintf(job.organisation, sizeof job.organisation, "%s", organisation); /* short */
	struct wg_outcome *o = wg_outcome_new(&process, &job);
	assert_non_null(o);
	(void)snprintf(o->done.kind, sizeof o->done.kind, "missing"); /* fits */
	if (wg_notice_new(process.schema, "missing", "x", &notice, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	fill(notice, text);
	if (wg_match_keys(&process, &job, notice, o, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_int_equal(o->done.relation, WG_RELATION_OPENS);
	return o;
}

#define REF (1u << WG_KEY_REFERENCE)
#define ID (1u << WG_KEY_LOCAL_ID)
#define NHS (1u << WG_KEY_NHS)
#define NAME (1u << WG_KEY_NAME)
#define BORN (1u << WG_KEY_BIRTH)
#define SUR (1u << WG_KEY_SURNAME_BIRTH)
#define FORE (1u << WG_KEY_FORENAME_BIRTH)
#define SWAP (1u << WG_KEY_SWAPPED)
#define BOTH (1u << WG_KEY_NAME_BIRTH | NAME | BORN | SUR | FORE)
#define POLICE "staffordshire-police"

/* What the store would find of the first notice's keys when the second comes. */
static unsigned meet(const struct wg_outcome *first, const struct wg_outcome *second)
{
	unsigned kinds = 0;
	for (unsigned i = 0; i < second->done.key_count; i++)
		for (unsigned k = 0; k < first->done.key_count; k++) {
			const struct wg_match_key *new = &second->done.keys[i], *old = &first->done.keys[k];
			enum wg_key_kind kept = new->kind == WG_KEY_SWAPPED ? WG_KEY_NAME_BIRTH : new->kind;
			if (old->kind == kept && strcmp(old->key, new->key) == 0)
				kinds |= 1u << new->kind;
		}
	return kinds;
}

static void test_pairs(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned meet;
		const char *of_a, *of_b; /* who hands it in; NULL: the police */
	} rows[] = {
		{ "name=Tess Example;birth=2011-03-14", "name=Tess Example;birth=2011-03-14", BOTH, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-14", "name=TESS  EXAMPLE;birth=2011-03-14", BOTH, NULL, "derbyshire" },
		{ "name=Tess O'Example-Sample;birth=2011-03-14", "name=Tess OExample Sample;birth=2011-03-14", BOTH & ~SUR,
		  NULL, NULL },
		{ "name=Zo\xC3\xAB \xC3\x89xample;birth=2011-03-14", "name=ZO\xC3\x8B \xC3\xA9xample;birth=2011-03-14", BOTH,
		  NULL, NULL },
		{ "name=Zo\xC3\xAB Example;birth=2011-03-14", "name=Zoe Example;birth=2011-03-14", SUR | BORN, NULL, NULL },
		{ "name=\xC5\x81ukasz Example;birth=2011-03-14", "name=\xC5\x82ukasz Example;birth=2011-03-14", BOTH, NULL,
		  NULL },
		{ "name=\xC5\xBB"
		  "an Example;birth=2011-03-14",
		  "name=\xC5\xBC"
		  "an Example;birth=2011-03-14",
		  BOTH, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-14", "name=Tess Example;birth=2011-03-15", NAME, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-04", "name=Tess Example;birth=2011-04-03", NAME | SWAP, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-03", "name=Tess Example;birth=2011-03-03", BOTH, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-14", "name=Tess Sample;birth=2011-03-14", BORN | FORE, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-14", "name=Robin Example;birth=2011-03-14", BORN | SUR, NULL, NULL },
		{ "name=Tess Example;birth=2011-03-14", "name=Tess Mary Example;birth=2011-03-14", BORN | SUR | FORE, NULL,
		  NULL },
		{ "name=Tess;birth=2011-03-14", "name=Tess;birth=2011-03-14", BOTH & ~(SUR | FORE), NULL, NULL },
		{ "name=Theresa Example;known=Tess", "name=Tess Example", NAME, NULL, NULL },
		{ "name=Theresa Example;known=Tess", "name=Tess Sample", 0, NULL, NULL },
		{ "name=Theresa Example;known=Terry;known=Tess Other", "name=Tess Other", NAME, NULL, NULL },
		{ "name=Tess Example", "name=Tess Example;birth=2011-03-14", NAME, NULL, NULL },
		{ "nhs=9990000018", "nhs=9990000018", NHS, NULL, "derbyshire" },
		{ "nhs=9990000018", "nhs=9990000026", 0, NULL, NULL },
		/* a number means something in the system that gave it */
		{ "id=C-000123", "id=c000123", ID, NULL, NULL },
		{ "id=C-000123", "id=C-000123", 0, NULL, "derbyshire" },
		{ "id=1;scheme=Mosaic", "id=1;scheme=mosaic", ID, "derbyshire", "derbyshire" },
		{ "id=1;scheme=Mosaic", "id=1;scheme=Mosaic", 0, "derbyshire", "staffordshire" },
		{ "id=1;scheme=Mosaic", "id=1;scheme=Liquidlogic", 0, NULL, NULL },
		{ "id=1;scheme=derbyshire (example)", "id=1", ID, NULL, "derbyshire" },
		{ "id=1;id=2", "id=2", ID, NULL, NULL },
		{ "pupil=A820200012001", "pupil=A820200012001", ID, NULL, "derbyshire" },
		{ "pupil=A820200012001", "id=A820200012001", 0, NULL, NULL },
		/* a reference is one force's */
		{ "ref=SP-26-1", "ref=sp 26/1", REF, NULL, NULL },
		{ "ref=SP-26-1", "ref=SP-26-1", 0, NULL, "derbyshire" },
		{ "ref=SP-26-1", "ref=SP-26-1;force=staffordshire-police (example)", REF, NULL, "derbyshire" },
		{ "ref=SP-26-1;force=Staffordshire Police", "ref=SP-26-1", REF, "derbyshire", NULL },
		{ "ref=SP-26-1;force=Derbyshire Police", "ref=SP-26-1", 0, NULL, NULL },
		{ "ref=SP-26-1;force=Oatshire Police", "ref=SP-26-1;force=OATSHIRE POLICE", REF, NULL, "derbyshire" },
		/* a child that is not born yet is not its mother */
		{ "mother=Alex Sample;expected=2027-02-01", "mother=Alex Sample;expected=2027-02-01", BOTH, NULL, NULL },
		{ "mother=Alex Sample;expected=2027-02-01", "name=Alex Sample;birth=2027-02-01", BORN | SUR, NULL, NULL },
		{ "mother=Alex Sample;mother-nhs=9990000018", "nhs=9990000018", 0, NULL, NULL },
		{ "mother=Alex Sample;mother-nhs=9990000018", "mother=A Sample;mother-nhs=9990000018", ID, NULL, NULL },
	};
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_outcome *a = keys_of(rows[i].a, rows[i].of_a != NULL ? rows[i].of_a : POLICE);
		struct wg_outcome *b = keys_of(rows[i].b, rows[i].of_b != NULL ? rows[i].of_b : POLICE);
		if (meet(a, b) != rows[i].meet)
			fail_msg("%s and %s meet in %#x instead of %#x", rows[i].a, rows[i].b, meet(a, b), rows[i].meet);
		wg_outcome_freep(&a);
		wg_outcome_freep(&b);
	}
}

/* Thirty-two digits each, which differ under another lookup key: nobody without it can try names. */
static void test_only_hashes(void **state)
{
	static const char text[] =
		"name=Tess Example;birth=2011-03-04;nhs=9990000018;id=1;ref=SP-26-1;known=Tessie;pupil=A820200012001";
	(void)state;
	struct wg_outcome *a = keys_of(text, POLICE);
	assert_int_equal(a->done.key_count, 11);
	for (unsigned i = 0; i < a->done.key_count; i++) {
		const struct wg_match_key *k = &a->done.keys[i];
		assert_int_equal(strspn(k->key, "0123456789abcdef"), WG_STORE_KEY - 1);
		assert_int_equal(strspn(k->scope, "0123456789abcdef"), k->kind == WG_KEY_LOCAL_ID ? WG_STORE_KEY - 1 : 0);
		for (unsigned j = 0; j < i; j++) /* the same words as another kind are another key */
			assert_string_not_equal(k->key, a->done.keys[j].key);
	}
	process.lookup_key.data[0] ^= 1;
	struct wg_outcome *b = keys_of(text, POLICE);
	process.lookup_key.data[0] ^= 1;
	assert_int_equal(meet(a, b), 0);
	wg_outcome_freep(&a);
	wg_outcome_freep(&b);
}

/* As many as may be, and more than are kept: no key is written past the last. */
static void test_many(void **state)
{
	struct wg_buf text = WG_BUF(4096);
	(void)state;
	wg_buf_puts(&text, "name=Tess Example;birth=2011-03-04");
	for (int i = 0; i < 20; i++)
		wg_buf_printf(&text, ";id=%d;known=Kit%c", i, 'a' + i);
	struct wg_outcome *o = keys_of(wg_buf_text(&text), POLICE);
	assert_true(o->done.key_count <= WG_OUTCOME_KEYS);
	assert_true(o->done.key_count >= 20);
	wg_outcome_freep(&o);
	wg_buf_free(&text);
}

static void test_every_kind_has_a_relation(void **state)
{
	enum wg_relation relation;
	(void)state;
	for (size_t i = 0; i < wg_schema_kinds(process.schema); i++)
		if (!wg_match_relation(wg_schema_kind(process.schema, i), &relation))
			fail_msg("what has a notice of kind %s to do with an episode?", wg_schema_kind(process.schema, i));
	assert_false(wg_match_relation("nonsense", &relation));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pairs), cmocka_unit_test(test_only_hashes),
		                                cmocka_unit_test(test_many), cmocka_unit_test(test_every_kind_has_a_relation) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
