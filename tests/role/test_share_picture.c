/* A photograph on its way to its recipients: what a camera wrote into it stays behind, and one that cannot be cleaned
 * holds nobody up. */
#include "share.h"

#include "base/text.h"
#include "sys/file.h"

#define HOST "staffordshire/front-door"
#define PLACING "derbyshire/front-door"
#define CORPUS WG_SOURCE_DIR "/tests/corpora/picture/"

static struct gate gate;

static int setup(void **state)
{
	(void)state;
	return share_setup(&gate);
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

/* An attachment of the first len bytes of a picture of the corpus; 0: all. */
static void attach(struct wg_buf *out, const char *name, const char *type, size_t len)
{
	char path[512], hash[WG_HASH_TEXT];
	struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	(void)snprintf(path, sizeof path, "%s%s", CORPUS, name);
	if (wg_file_read(path, &bytes, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	len = len > 0 ? len : bytes.len;
	WG_AUTO_FREE char *text = wg_base64_encode(bytes.data, len);
	wg_sha256_hex(bytes.data, len, hash);
	wg_buf_printf(out, "<attachment name=\"Canary %s\" type=\"%s\" sha256=\"%s\">", name, type, hash);
	wg_buf_puts(out, text);
	wg_buf_puts(out, "</attachment>");
	wg_buf_free(&bytes);
}

/* A missing report with one photograph, or with one that is cut short as well. */
static void submit(unsigned number, const char *child, bool cut, char id[WG_ID_TEXT])
{
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	wg_buf_printf(
		&xml,
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"share-picture-%u\" kind=\"missing\" version=\"1\"><header>"
		"<sender organisation=\"staffordshire-police\"/><received>2026-11-21T20:00:00Z</received></header>"
		"<episode><police-reference force=\"Staffordshire Police\">SP-78-%u</police-reference></episode>"
		"<child looked-after=\"true\">%s</child><authorities><placing>830</placing><host>860</host></authorities>"
		"<missing><circumstances>Nothing more is known</circumstances></missing>",
		number, number, child);
	if (cut)
		attach(&xml, "colour-all.png", "image/png", 300);
	attach(&xml, "baseline-all.jpg", "image/jpeg", 0);
	wg_buf_puts(&xml, "</notice>\n");
	memcpy(id, gate_submit(&gate, xml.data, xml.len, "staffordshire-police", "application/xml"), WG_ID_TEXT);
	wg_buf_free(&xml);
	gate_handle_until_not(&gate, "accepted", id);
}

/* In the copy stands the picture that test_picture expects, and no other. */
static void check_copy(const char *id, bool left_out)
{
	char path[512], hash[WG_HASH_TEXT], value[200];
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), clean = WG_BUF(WG_LIMIT_NOTICE);
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	share_copy(&gate, share_row(&gate, id, PLACING, false).id, "derbyshire", &xml);
	if (wg_notice_parse(gate.process.schema, xml.data, xml.len, "copy", &copy, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	(void)snprintf(path, sizeof path, "%s%s", CORPUS, "baseline-all.jpg.clean");
	if (wg_file_read(path, &clean, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	WG_AUTO_FREE char *expected = wg_base64_encode(clean.data, clean.len);
	WG_AUTO_FREE char *picture = wg_notice_get(copy, "attachment");
	assert_string_equal(picture, expected);
	wg_sha256_hex(clean.data, clean.len, hash);
	assert_true(wg_notice_get_into(copy, "attachment/@sha256", value, sizeof value));
	assert_string_equal(value, hash);
	assert_true(wg_notice_get_into(copy, "attachment/@name", value, sizeof value));
	assert_string_equal(value, "photograph-1.jpg");
	assert_int_equal(wg_notice_pictures(copy), 1);
	assert_true((strstr(wg_buf_text(&xml), "<withheld category=\"photograph\">" WG_COPY_PICTURE "<") != NULL) ==
	            left_out);
	wg_buf_free(&xml);
	wg_buf_free(&clean);
}

static json_int_t recorded(const char *id, const char *recipient)
{
	json_t *record = share_record(&gate, id, share_row(&gate, id, recipient, false).id);
	json_int_t n = json_integer_value(json_object_get(record, "photographs_left_out"));
	json_decref(record);
	return n;
}

static void test_clean(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	submit(1, "<name><full>Tess Canarypicture</full></name><date-of-birth>2012-05-06</date-of-birth>", false, id);
	gate_is_message(&gate, id, "routed", "");
	share_is(&gate, id, PLACING, "sealed", "");
	check_copy(id, false);
	assert_int_equal(recorded(id, PLACING), 0);
}

/* The copy goes, without that picture; the copy, the record and a person are told. Who is not given photographs hears
 * nothing of one. */
static void test_left_out(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	submit(2, "<name><full>Robin Canaryodd</full></name><date-of-birth>2013-07-08</date-of-birth>", true, id);
	gate_is_message(&gate, id, "attention", "a photograph was left out");
	share_is(&gate, id, PLACING, "sealed", "");
	share_is(&gate, id, HOST, "sealed", "");
	check_copy(id, true);
	assert_int_equal(recorded(id, PLACING), 1);
	assert_int_equal(recorded(id, HOST), 0);
	share_copy(&gate, share_row(&gate, id, HOST, false).id, "staffordshire", &xml);
	assert_null(strstr(wg_buf_text(&xml), "photograph"));
	wg_buf_free(&xml);
}

static void test_log(void **state)
{
	(void)state;
	struct wg_buf log = WG_BUF(WG_LIMIT_MESSAGE);
	static const char *const never[] = { "anary", "Sample Street", "2012", "2013" };
	gate_never_logged(never, WG_COUNT(never), &log);
	wg_buf_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_clean), cmocka_unit_test(test_left_out),
		                                cmocka_unit_test(test_log) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
