/* Documents through the real readers: what becomes of each, and that no reason repeats what stood in one. */
#include "gate.h"

#include <unistd.h>

#include "base/text.h"
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
		{ "Canarylabel: ultraviolet\n", "1 field unmapped" },
		{ "Canarylabel: ultraviolet\nOther Canarylabel: infrared\n", "2 fields unmapped" },
		{ "Full name: Robin Canaryname\n", "2 fields ambiguous" },
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
	/* and so was one that says nothing: only the reader of XML means something by it, which is held against the
	 * document */
	assert_int_equal(symlink("/bin/true", pki("wardgate-reader-mail")), 0);
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_MAIL, bytes.data, bytes.len, &facts, &read, &err), WG_REJECT);
	assert_int_equal(unlink(pki("wardgate-reader-mail")), 0);
	assert_int_equal(symlink("/bin/true", pki("wardgate-reader-xml")), 0);
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_XML, bytes.data, bytes.len, &facts, &read, &err), WG_REJECT);
	assert_int_equal(unlink(pki("wardgate-reader-xml")), 0);
	wg_buf_free(&bytes);
}

/* A report by mail with one file attached; its name holds a canary. */
static void with_file(struct wg_buf *out, const char *body, const char *type, const char *ending, const void *bytes,
                      size_t len)
{
	char *text = wg_base64_encode(bytes, len);
	assert_non_null(text);
	wg_buf_printf(out,
	              "From: missing@staffordshire-police.example\nSubject: x\nMIME-Version: 1.0\n"
	              "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n%s\n"
	              "--b\nContent-Type: %s\nContent-Disposition: attachment; filename=\"Tess Canaryname%s\"\n"
	              "Content-Transfer-Encoding: base64\n\n",
	              body, type, ending);
	for (size_t i = 0; text[i] != '\0'; i++) {
		wg_buf_putc(out, text[i]);
		if (i % 76 == 75)
			wg_buf_putc(out, '\n');
	}
	wg_buf_puts(out, "\n--b--\n");
	free(text);
}

#define FORM                                                                                                        \
	"Full name: Tess Example\nDate of birth: 14/03/2011\nLast seen: 20/11/2026 18:10\nMissing from: Sample House\n" \
	"Circumstances: Left after tea.\n"
#define PAGE                                                                                                       \
	"<html><p>Full name: Tess Example<p>Date of birth: 14/03/2011<p>Last seen: 20/11/2026 18:10<p>Circumstances: " \
	"Left."
#define JPEG "\xFF\xD8\xFF\xE0 a photograph"
#define ROWS                                                                              \
	"Full name,Date of birth,Last seen\nTess Example,14/03/2011,20/11/2026 18:10\nRobin " \
	"Specimen,01/02/2010,20/11/2026 19:00\n"

static const struct {
	const char *body, *type, *ending, *bytes;
	size_t len;
	bool notice;
	const char *words; /* of the reason; NULL: nobody is called */
	const char *at;    /* stands in the report's lines */
} files[] = {
#define F(s) s, sizeof(s) - 1
	{ FORM, "image/jpeg", ".jpg", F(JPEG), true, NULL, "part 3" },
	{ "Please see the attached.", "image/jpeg", ".jpg", F(JPEG), false, "no notice was made", "part 3" },
	{ FORM, "image/gif", ".gif", F("GIF89a"), true, "JPEG or PNG", "part 3" },
	{ FORM, "image/jpeg", ".jpg", F(JPEG "PK\5\6\0\0\0\0"), true, "JPEG or PNG", "part 3" },
	{ FORM, "text/x-vcard", ".vcf", F("BEGIN:VCARD\n"), true, NULL, "part 3" },
	{ FORM, "application/msword", ".doc", F("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), true, "save it as .docx", "part 3" },
	{ FORM, "application/pdf", ".pdf", F("<html><p>x"), true, "declared as another type", "part 3" },
	{ FORM, "application/octet-stream", ".pdf", F("<html><p>x"), true, "ending of another type", "part 3" },
	{ FORM, "text/html", ".html", F("<html><body></body>"), true, "nothing in it", "part 3" },
	{ FORM, "text/xml", ".xml", F("<!DOCTYPE a [<!ENTITY x \"Canary\">]><a>&x;</a>"), true, "DOCTYPE", "part 3" },
	{ FORM, "text/html", ".html", F("<html><p>Canary label: Canary value"), true, "no map recognises",
	  "attachment Tess Canaryname.html: page, line 1" },
	{ FORM, "text/html", ".html", F(PAGE), true, "ambiguous", "attachment Tess Canaryname.html: page, line 1" },
	{ "Please see the attached.", "text/html", ".html", F(PAGE), true, NULL,
	  "attachment Tess Canaryname.html: page, line 1" },
	{ "Please see the attached.\nTel: 01632 960001", "text/html", ".html", F(PAGE), true, NULL, "body, line 2" },
	{ "Please see the attached.\nCanary hat: red", "text/html", ".html", F(PAGE), true, "something of its own",
	  "body, line 2" },
	{ "Please see the attached.\nDOB: 14/03/2011\nDate of birth: 15/03/2011", "text/html", ".html", F(PAGE), true,
	  "contradict", "body, line 3" },
	{ "His mother must not be told where he lives.", "text/html", ".html", F(PAGE), true, "1 sentence",
	  "page, line 1" },
	{ FORM, "text/csv", ".csv", F(ROWS), false, "2 forms", "body, line 1" },
#undef F
};

static bool report_has(const struct wg_report *report, const char *at)
{
	for (size_t i = 0; i < report->count; i++)
		if (strstr(report->placements[i].at, at) != NULL)
			return true;
	return false;
}

/* One file beside a report: what becomes of it, who is called, and that no reason names it. */
static void test_attached(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(files); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		struct wg_read read = { 0 };
		with_file(&bytes, files[i].body, files[i].type, files[i].ending, files[i].bytes, files[i].len);
		if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		bool right =
			files[i].words != NULL ? read.attention && strstr(read.reason, files[i].words) != NULL : !read.attention;
		if (!right || (read.notice != NULL) != files[i].notice || strstr(read.reason, "Canary") != NULL)
			fail_msg("row %zu: attention %d: %s", i, read.attention, read.reason);
		if (read.report == NULL || !report_has(read.report, files[i].at))
			fail_msg("row %zu: nothing in the report at %s", i, files[i].at);
		assert_int_equal(read.report->count, read.fields->count);
		assert_int_equal(read.report->attention, read.attention);
		wg_read_free(&read);
		wg_buf_free(&bytes);
	}
}

/* A photograph is carried with its bytes, and one that is larger than the schema takes is not. */
static void test_photograph(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		bool carried;
	} table[] = { { 100, true }, { 1100000, true }, { 1100001, false } };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE), xml = WG_BUF(WG_LIMIT_NOTICE);
		struct wg_read read = { 0 };
		char hash[WG_HASH_TEXT], there[WG_HASH_TEXT];
		uint8_t *photo = calloc(1, table[i].len);
		assert_non_null(photo);
		memcpy(photo, JPEG, sizeof JPEG - 1);
		wg_sha256_hex(photo, table[i].len, hash);
		with_file(&bytes, FORM, "image/jpeg", ".jpg", photo, table[i].len);
		free(photo);
		if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		assert_int_equal(wg_notice_get_into(read.notice, "attachment/@sha256", there, sizeof there), table[i].carried);
		assert_int_equal(read.attention, !table[i].carried);
		assert_true(!table[i].carried || strcmp(hash, there) == 0);
		assert_int_equal(wg_notice_validate(read.notice, &pki_err), WG_OK);
		assert_int_equal(wg_notice_serialise(read.notice, &xml, &pki_err), WG_OK);
		wg_buf_free(&xml);
		wg_read_free(&read);
		wg_buf_free(&bytes);
	}
}

/* A table of several rows, by itself and attached: its rows are messages of their own. */
static void test_divided(void **state)
{
	(void)state;
	static const struct {
		const char *body; /* NULL: by itself */
		const char *at, *words;
	} table[] = {
		{ NULL, "row 3", NULL },
		{ "Please see the attached.", "attachment Tess Canaryname.csv: row 3", NULL },
		{ "His mother must not be told where he lives.", "attachment Tess Canaryname.csv: row 3", "of its own" },
		{ "Canary hat: red", "attachment Tess Canaryname.csv: row 3", "of its own" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		struct wg_read read = { 0 }, row = { 0 };
		char name[64];
		if (table[i].body != NULL)
			with_file(&bytes, table[i].body, "text/csv", ".csv", ROWS, sizeof ROWS - 1);
		else
			wg_buf_puts(&bytes, ROWS);
		if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		assert_true(read.divided);
		assert_null(read.notice);
		assert_null(read.report);
		assert_int_equal(read.n_parts, 2);
		assert_string_equal(read.parts[1].at, table[i].at);
		assert_int_equal(read.attention, table[i].words != NULL);
		if (table[i].words != NULL && strstr(read.reason, table[i].words) == NULL)
			fail_msg("row %zu: %s", i, read.reason);
		if (wg_read_document(&reading, WG_DOCUMENT_CSV, read.parts[1].bytes, read.parts[1].len, &facts, &row,
		                     &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		assert_true(wg_notice_get_into(row.notice, "child/name/full", name, sizeof name));
		assert_string_equal(name, "Robin Specimen");
		wg_read_free(&row);
		wg_read_free(&read);
		wg_buf_free(&bytes);
	}
}

/* More documents than one message has: the rest is not read, and a person is told. */
static void test_many_attached(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	wg_buf_puts(
		&bytes,
		"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n" FORM);
	for (int i = 0; i < 14; i++)
		wg_buf_puts(&bytes, "--b\nContent-Type: text/xml\n\n<a>words</a>\n");
	wg_buf_puts(&bytes, "--b--\n");
	if (read_bytes(&bytes, &read, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_true(read.attention);
	assert_non_null(read.notice);
	unsigned unread = 0;
	for (size_t i = 0; i < read.report->count; i++)
		unread += strstr(read.report->placements[i].note, "more than 12 documents") != NULL;
	assert_int_equal(unread, 2);
	wg_read_free(&read);
	wg_buf_free(&bytes);
}

/* The reader of an attachment is not there: this machine's fault, tried again, and nothing half read. */
static void test_no_reader_of_attachment(void **state)
{
	(void)state;
	struct wg_paths elsewhere = paths;
	struct wg_reading none = { .paths = &elsewhere, .schema = schema, .maps = maps };
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_read read = { 0 };
	struct wg_err err = { 0 };
	char mail[PATH_MAX + 64];
	(void)snprintf(mail, sizeof mail, "%s/wardgate-reader-mail", paths.readers); /* fits */
	(void)snprintf(elsewhere.readers, sizeof elsewhere.readers, "%s", pki_dir);  /* fits */
	assert_int_equal(symlink(mail, pki("wardgate-reader-mail")), 0);
	with_file(&bytes, FORM, "text/html", ".html", PAGE, sizeof PAGE - 1);
	assert_int_equal(wg_read_document(&none, WG_DOCUMENT_MAIL, bytes.data, bytes.len, &facts, &read, &err), WG_SYSTEM);
	assert_null(read.fields);
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
		cmocka_unit_test(test_attached),
		cmocka_unit_test(test_photograph),
		cmocka_unit_test(test_divided),
		cmocka_unit_test(test_many_attached),
		cmocka_unit_test(test_no_reader_of_attachment),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
