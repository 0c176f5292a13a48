/* Documents through the real readers: what becomes of each, and that no reason repeats what stood in one. */
#include "gate.h"

#include <unistd.h>

#include "sys/file.h"

static struct wg_schema *schema;
static struct wg_maps *maps;
static struct wg_paths paths;
static struct wg_reading reading;

static const struct wg_envelope_facts facts = { .id = "01k9tess00examp1e0m1ss1ng1",
	                                            .organisation = "staffordshire-police",
	                                            .received = "2026-11-21T22:41:07Z" };

static int setup(void **state)
{
	struct wg_err err = { 0 };
	if (gate_setup(state) != 0 || wg_paths_find(NULL, NULL, &paths, &err) != WG_OK ||
	    wg_schema_load(paths.xsd, &schema, &err) != WG_OK ||
	    wg_maps_load(paths.maps, paths.xsd, schema, &maps, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	reading = (struct wg_reading){ .paths = &paths, .schema = schema, .maps = maps };
	return 0;
}

static int teardown(void **state)
{
	wg_maps_freep(&maps);
	wg_schema_freep(&schema);
	return pki_teardown(state);
}

static void corpus(const char *name, struct wg_buf *out)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, WG_SOURCE_DIR "/tests/corpora/%s", name); /* fits */
	if (wg_file_read(path, out, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

static enum wg_code read_bytes(const struct wg_buf *bytes, struct wg_read *out, struct wg_err *err)
{
	enum wg_document kind;
	enum wg_code code = wg_document_kind(bytes->data, bytes->len, NULL, NULL, &kind, err);
	return code != WG_OK ? code : wg_read_document(&reading, kind, bytes->data, bytes->len, &facts, out, err);
}

static void test_notice(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	char text[128];
	corpus("notice/missing-example.xml", &bytes);
	if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_false(read.attention);
	assert_null(read.report); /* it was a notice already */
	assert_true(wg_notice_get_into(read.notice, "child/name/full", text, sizeof text));
	assert_string_equal(text, "Tess Example");
	/* the first gateway's time stays */
	assert_true(wg_notice_get_into(read.notice, "header/received", text, sizeof text));
	assert_string_equal(text, "2026-11-20T22:41:07Z");
	wg_read_free(&read);
	wg_buf_free(&bytes);
}

static void test_mail(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	char text[128];
	gate_report(&bytes, "ROLE-READ-1", "Derbyshire", "");
	if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	if (read.attention)
		fail_msg("%s", read.reason);
	assert_non_null(read.report);
	assert_true(wg_notice_get_into(read.notice, "@id", text, sizeof text));
	assert_string_equal(text, facts.id);
	assert_true(wg_notice_get_into(read.notice, "header/received", text, sizeof text));
	assert_string_equal(text, facts.received);
	assert_true(wg_notice_get_into(read.notice, "header/sender/@organisation", text, sizeof text));
	assert_string_equal(text, facts.organisation);
	wg_read_free(&read);
	wg_buf_free(&bytes);
}

/* A person must look; why is said in numbers and in our own words. */
static void test_attention(void **state)
{
	(void)state;
	static const struct {
		const char *extra, *words;
	} table[] = {
		{ "Canarylabel: ultraviolet\n", "1 fields unmapped" },
		{ "Canarylabel: ultraviolet\nOther Canarylabel: infrared\n", "2 fields unmapped" },
		{ "Full name: Robin Canaryname\n", "2 ambiguous" },
		{ "Date of birth: 08/07/2013\n", "ambiguous" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		struct wg_read read = { 0 };
		gate_report(&bytes, "ROLE-READ-2", "Derbyshire", table[i].extra);
		if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		if (!read.attention || strstr(read.reason, table[i].words) == NULL || strstr(read.reason, "Canary") != NULL)
			fail_msg("row %zu: %s", i, read.reason);
		wg_read_free(&read);
		wg_buf_free(&bytes);
	}
}

/* No map knows this mail: everything is kept, nothing is guessed. */
static void test_no_map(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	wg_buf_puts(&bytes, "From: a@b.example\nSubject: Canteen\n\nMenu: Canarysoup\nPrice: 2\n");
	assert_int_equal(read_bytes(&bytes, &read, &pki_err), WG_OK);
	assert_true(read.attention);
	assert_null(read.notice);
	assert_non_null(read.report);
	assert_non_null(strstr(read.reason, "no map recognised"));
	assert_null(strstr(read.reason, "Canary"));
	wg_read_free(&read);
	wg_buf_free(&bytes);
}

/* A notice in a mail, and beside it what nobody read: it must not pass as if the notice said it all. */
static void test_notice_with_unread(void **state)
{
	(void)state;
	static const struct {
		const char *part;
		bool attention;
	} table[] = {
		{ "Content-Type: text/plain\n\nPlease find the notice attached.\n", false },
		{ "Content-Type: text/plain\n\nHis mother must not be told where he lives.\n", true },
		{ "Content-Type: text/plain\n\nMother: must not be told\n", true },
		{ "Content-Type: image/jpeg; name=\"Tess Canaryname.jpg\"\nContent-Disposition: attachment; filename=\"Tess "
		  "Canaryname.jpg\"\nContent-Transfer-Encoding: base64\n\n/9j/4AAQSkZJRg==\n",
		  true },
		/* a label in the words around it that looks like the reader's own */
		{ "Content-Type: text/plain\n\nTess Canaryname (not read): yes\n", true },
	};
	struct wg_buf notice = WG_BUF(WG_LIMIT_MESSAGE);
	corpus("notice/missing-example.xml", &notice);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		struct wg_read read = { 0 };
		wg_buf_printf(&bytes,
		              "From: missing@staffordshire-police.example\nSubject: x\nMIME-Version: 1.0\n"
		              "Content-Type: multipart/mixed; boundary=b\n\n--b\n%s\n--b\nContent-Type: application/xml; "
		              "name=\"notice.xml\"\nContent-Disposition: attachment; filename=\"notice.xml\"\n\n",
		              table[i].part);
		wg_buf_put(&bytes, notice.data, notice.len);
		wg_buf_puts(&bytes, "\n--b--\n");
		if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		assert_non_null(read.notice);
		if (read.attention != table[i].attention || strstr(read.reason, "Canary") != NULL)
			fail_msg("row %zu: attention %d: %s", i, read.attention, read.reason);
		wg_read_free(&read);
		wg_buf_free(&bytes);
	}
	wg_buf_free(&notice);
}

/* Refused, with a reason that repeats nothing; what was read before it is not changed by it. */
static void test_hostile(void **state)
{
	(void)state;
	static const char *const names[] = { "hostile/entity-laughs.xml", "hostile/entity-external.xml", "hostile/deep.xml",
		                                 "hostile/notice-empty.xml",  "notice/many-attributes.xml",  "notice/deep.xml",
		                                 "notice/outside-entity.xml", "notice/wrong-body.xml" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		struct wg_read read = { 0 };
		struct wg_err err = { 0 };
		corpus(names[i], &bytes);
		enum wg_code code = read_bytes(&bytes, &read, &err);
		if ((code != WG_REJECT && code != WG_LIMIT) || err.text[0] == '\0')
			fail_msg("%s: %s: %s", names[i], wg_code_name(code), err.text);
		assert_null(read.notice);
		assert_null(read.fields);
		wg_buf_free(&bytes);
	}
}

/* A reader that is not there, or does not end well, is this machine's fault: the message is not refused for it. */
static void test_no_reader(void **state)
{
	(void)state;
	struct wg_paths elsewhere = paths;
	struct wg_reading none = { .paths = &elsewhere, .schema = schema, .maps = maps };
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	struct wg_err err = { 0 };
	gate_report(&bytes, "ROLE-READ-3", "Derbyshire", "");
	(void)snprintf(elsewhere.readers, sizeof elsewhere.readers, "%s", pki_dir); /* fits */
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_MAIL, bytes.data, bytes.len, &facts, &read, &err), WG_SYSTEM);
	assert_int_equal(symlink("/bin/false", pki("wardgate-reader-mail")), 0);
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_MAIL, bytes.data, bytes.len, &facts, &read, &err), WG_SYSTEM);
	assert_int_equal(unlink(pki("wardgate-reader-mail")), 0);
	/* one that talks nonsense was led astray by the document: refused */
	assert_int_equal(symlink("/bin/cat", pki("wardgate-reader-mail")), 0);
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_MAIL, bytes.data, bytes.len, &facts, &read, &err), WG_REJECT);
	assert_null(strstr(err.text, "Canary"));
	assert_int_equal(unlink(pki("wardgate-reader-mail")), 0);
	wg_buf_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_attention),
		cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_notice_with_unread),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_no_reader),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
