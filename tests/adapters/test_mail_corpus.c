/* Every mail of tests/corpora/mail, read by the real program, gives exactly the fields that stand beside it. */
#include <dirent.h>

#include "run.h"

#include "base/limits.h"
#include "base/mem.h"
#include "sys/file.h"

#define CORPUS WG_SOURCE_DIR "/tests/corpora/mail/"
#define MAILS_AT_LEAST 32

static void check(const char *eml)
{
	char path[512], expected_path[512];
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf expected = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_LIMIT_READER_OUTPUT);
	int stem = (int)(strlen(eml) - strlen(".eml"));
	(void)snprintf(path, sizeof path, "%s%s", CORPUS, eml); /* a cut path is not found */
	(void)snprintf(expected_path, sizeof expected_path, "%s%.*s.fields.xml", CORPUS, stem, eml); /* likewise */
	if (wg_file_read(path, &in, &err) != WG_OK || wg_file_read(expected_path, &expected, &err) != WG_OK)
		fail_msg("%s", err.text);
	run_fields("wardgate-reader-mail", in.data, in.len, &out);
	if (out.len != expected.len || memcmp(out.data, expected.data, out.len) != 0)
		fail_msg("%s: expected\n%s\nbut it gave\n%s", eml, wg_buf_text(&expected), wg_buf_text(&out));
	run_fields("wardgate-reader-mail", in.data, in.len, &again);
	assert_string_equal(wg_buf_text(&out), wg_buf_text(&again));
}

static void corpus(void **state)
{
	(void)state;
	size_t mails = 0;
	DIR *dir = opendir(CORPUS);
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
		size_t n = strlen(e->d_name);
		if (n > 4 && strcmp(e->d_name + n - 4, ".eml") == 0) {
			check(e->d_name);
			mails++;
		}
	}
	(void)closedir(dir); /* was only read */
	assert_true(mails >= MAILS_AT_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(corpus) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
