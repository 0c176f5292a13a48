/* Every document of tests/corpora/docx and tests/corpora/odt, read by the real program, gives exactly the fields that
 * stand beside it. */
#include <dirent.h>

#include "run.h"

#include "base/limits.h"
#include "base/mem.h"
#include "sys/file.h"

static const struct folder {
	const char *reader, *path;
	const char *endings[2];
	size_t at_least;
} folders[] = {
	{ "wardgate-reader-docx", WG_SOURCE_DIR "/tests/corpora/docx/", { ".docx", ".docm" }, 16 },
	{ "wardgate-reader-odt", WG_SOURCE_DIR "/tests/corpora/odt/", { ".odt", ".ott" }, 7 },
};

static void check(const struct folder *folder, const char *name)
{
	char path[512], expected_path[512];
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf expected = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_LIMIT_READER_OUTPUT);
	int stem = (int)(strrchr(name, '.') - name);
	(void)snprintf(path, sizeof path, "%s%s", folder->path, name); /* a cut path is not found */
	(void)snprintf(expected_path, sizeof expected_path, "%s%.*s.fields.xml", folder->path, stem, name); /* likewise */
	if (wg_file_read(path, &in, &err) != WG_OK || wg_file_read(expected_path, &expected, &err) != WG_OK)
		fail_msg("%s", err.text);
	run_fields(folder->reader, in.data, in.len, &out);
	if (out.len != expected.len || memcmp(out.data, expected.data, out.len) != 0)
		fail_msg("%s: expected\n%s\nbut it gave\n%s", name, wg_buf_text(&expected), wg_buf_text(&out));
	run_fields(folder->reader, in.data, in.len, &again);
	assert_string_equal(wg_buf_text(&out), wg_buf_text(&again));
}

static void corpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(folders); i++) {
		size_t documents = 0;
		DIR *dir = opendir(folders[i].path);
		assert_non_null(dir);
		for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
			const char *ending = strrchr(e->d_name, '.');
			if (ending == NULL ||
			    (strcmp(ending, folders[i].endings[0]) != 0 && strcmp(ending, folders[i].endings[1]) != 0))
				continue;
			check(&folders[i], e->d_name);
			documents++;
		}
		(void)closedir(dir); /* was only read */
		assert_true(documents >= folders[i].at_least);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(corpus) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
