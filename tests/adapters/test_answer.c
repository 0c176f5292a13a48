/* What the answer reader finds: every mail of the corpus through the real program, against what stands beside it. The
 * shapes are those of common mail programs and servers; the people are invented. */
#include "run.h"

#include <dirent.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/answer.h"
#include "sys/file.h"

#define CORPUS WG_SOURCE_DIR "/tests/corpora/answer"

static const char *const kinds[WG_ANSWER_KINDS] = { "none", "auto", "report", "read", "bounce", "reply", "portal" };
static const char *const actions[WG_ANSWER_ACTIONS] = {
	"other", "failed", "delayed", "delivered", "relayed", "expanded"
};
static const char *const dispositions[WG_ANSWER_DISPOSITIONS] = { "other",     "displayed", "deleted", "dispatched",
	                                                              "processed", "denied",    "failed" };

static void tell(const struct wg_answer *a, struct wg_buf *out)
{
	wg_buf_printf(out, "kind %s\n", kinds[a->kind]);
	for (unsigned i = 0; i < a->reference_count; i++)
		wg_buf_printf(out, "reference %s\n", a->references[i]);
	wg_buf_printf(out, "firm %u\n", a->firm);
	for (unsigned i = 0; i < a->token_count; i++)
		wg_buf_printf(out, "token %s\n", a->tokens[i]);
	for (unsigned i = 0; i < a->recipient_count; i++)
		wg_buf_printf(out, "recipient %s %s\n", actions[a->recipients[i].action], a->recipients[i].words);
	if (a->kind == WG_ANSWER_READ)
		wg_buf_printf(out, "disposition %s%s\n", dispositions[a->disposition], a->automatic ? " automatic" : "");
	if (a->person[0] != '\0')
		wg_buf_printf(out, "person %s\n", a->person);
	if (a->words[0] != '\0')
		wg_buf_printf(out, "words %s\n", a->words);
	wg_buf_printf(out, "%s%s%s%s", a->refused ? "refused\n" : "", a->more ? "more\n" : "",
	              a->documents ? "documents\n" : "", a->notice ? "notice\n" : "");
}

static bool try_one(const char *name)
{
	struct wg_buf mail = WG_BUF(WG_LIMIT_MESSAGE), expect = WG_BUF(WG_LIMIT_CONFIG_FILE),
				  said = WG_BUF(WG_LIMIT_READER_OUTPUT), told = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_err err = { 0 };
	struct wg_answer answer;
	char path[512];
	(void)snprintf(path, sizeof path, CORPUS "/%s.eml", name);
	assert_int_equal(wg_file_read(path, &mail, &err), WG_OK);
	(void)snprintf(path, sizeof path, CORPUS "/%s.expect", name);
	assert_int_equal(wg_file_read(path, &expect, &err), WG_OK);
	enum wg_code code = run_reader("wardgate-reader-answer", mail.data, mail.len, &said, &err);
	if (code == WG_OK)
		code = wg_answer_parse(said.data, said.len, &answer, &err);
	if (code == WG_OK)
		tell(&answer, &told);
	else
		wg_buf_printf(&told, "%s\n", err.text);
	bool same = strcmp(wg_buf_text(&told), wg_buf_text(&expect)) == 0;
	if (!same)
		print_error("%s: found\n%s, and expected\n%s\n", name, wg_buf_text(&told), wg_buf_text(&expect));
	wg_buf_free(&mail);
	wg_buf_free(&expect);
	wg_buf_free(&said);
	wg_buf_free(&told);
	return same;
}

static void test_corpus(void **state)
{
	(void)state;
	unsigned tried = 0, wrong = 0;
	DIR *dir = opendir(CORPUS);
	assert_non_null(dir);
	for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		char name[256];
		size_t n = strlen(e->d_name);
		if (n < 5 || strcmp(e->d_name + n - 4, ".eml") != 0)
			continue;
		(void)snprintf(name, sizeof name, "%.*s", (int)(n - 4), e->d_name);
		tried++;
		wrong += !try_one(name);
	}
	(void)closedir(dir);
	assert_true(tried >= 50);
	assert_int_equal(wrong, 0);
}

/* What a taken-over reader could say is refused whole. */
static void test_wire(void **state)
{
	(void)state;
	struct wg_answer a = { .kind = WG_ANSWER_REPORT, .reference_count = 1, .firm = 1, .recipient_count = 1 }, b;
	struct wg_buf out = WG_BUF(4096);
	struct wg_err err;
	(void)snprintf(a.references[0], sizeof a.references[0], "x");
	wg_answer_write(&a, &out);
	assert_int_equal(wg_answer_parse(out.data, out.len, &b, &err), WG_OK);
	assert_int_equal(b.recipient_count, 1);
	for (size_t n = 0; n < out.len; n++)
		assert_int_equal(wg_answer_parse(out.data, n, &b, &err), WG_REJECT);
	out.data[0] = WG_ANSWER_KINDS;
	assert_int_equal(wg_answer_parse(out.data, out.len, &b, &err), WG_REJECT);
	out.data[0] = 0;
	out.data[4] = WG_ANSWER_REFERENCES + 1;
	assert_int_equal(wg_answer_parse(out.data, out.len, &b, &err), WG_REJECT);
	wg_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_corpus), cmocka_unit_test(test_wire) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
