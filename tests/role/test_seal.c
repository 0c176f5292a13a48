/* Sealing: one projection becomes an envelope that openssl opens with the recipient's key, and nobody with another. */
#include "gate.h"

#include <unistd.h>

#include "base/text.h"
#include "crypto/lock.h"
#include "sys/file.h"

static struct wg_config *config;
static struct wg_process process;
static struct wg_notice *notice;
static const struct wg_ask *asked;

static int setup(void **state)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	if (gate_setup(state) != 0)
		return -1;
	config = gate_load();
	if (wg_process_load(config, &process, &pki_err) != WG_OK ||
	    wg_file_read(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml", &bytes, &pki_err) != WG_OK ||
	    wg_notice_parse(process.schema, bytes.data, bytes.len, "notice", &notice, &pki_err) != WG_OK) {
		print_error("%s\n", pki_err.text);
		return -1;
	}
	wg_buf_free(&bytes);
	return 0;
}

static int teardown(void **state)
{
	wg_notice_freep(&notice);
	wg_process_free(&process);
	free(config);
	return pki_teardown(state);
}

static struct wg_sealing sealing(void)
{
	return (struct wg_sealing){ .ring = &process.smime,
		                        .held = { .anchors = process.anchors, .revocations = process.revocations },
		                        .certs = process.certs,
		                        .cert_count = process.cert_count,
		                        .from = config->mail_out.from };
}

static enum wg_code seal_for(const struct wg_sealing *s, const char *organisation, struct wg_buf *out,
                             struct wg_err *err)
{
	const struct wg_organisation *o = wg_directory_find(process.directory, organisation);
	struct wg_notice *copy = NULL;
	assert_non_null(o);
	struct wg_copy want = { .organisation = o->id,
		                    .desk = o->desks[0].name,
		                    .granted = wg_category_find("identity") | wg_category_find("episode") |
		                               wg_category_find("risk") | wg_category_find("last-seen"),
		                    .reason = "not shared with this recipient" };
	assert_int_equal(wg_notice_project(notice, &want, &copy, err), WG_OK);
	char reference[WG_REFERENCE_TEXT];
	wg_reference("01k9tess00examp1e0m1ss1ng1", o->id, o->desks[0].name, reference);
	const struct wg_sending sending = {
		.reference = reference, .date_ms = 1795300000000, .organisation = o, .desk = &o->desks[0], .ask = asked
	};
	enum wg_code code = wg_seal(s, copy, &sending, out, err);
	wg_notice_freep(&copy);
	return code;
}

static void test_mail(void **state)
{
	(void)state;
	static char inner[262144];
	struct wg_sealing s = sealing();
	struct wg_buf mail = WG_BUF(WG_LIMIT_ENVELOPE);
	if (seal_for(&s, "staffordshire", &mail, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	pki_write("mail.eml", mail.data, mail.len);
	const char *text = wg_buf_text(&mail);
	assert_non_null(strstr(text, "From: gateway@staffordshire.example"));
	assert_non_null(strstr(text, "01k9tess00examp1e0m1ss1ng1.staffordshire.front-door@staffordshire.example"));
	/* nothing of the child outside the seal; in base64 four letters stand by chance */
	static const char *const canaries[] = { "Tess", "2011", "SP-26-445566", "notice.xml" };
	const char *body = strstr(text, "\r\n\r\n");
	WG_AUTO_FREE uint8_t *der = NULL;
	size_t len = 0;
	assert_non_null(body);
	assert_int_equal(wg_base64_decode(body, strlen(body), &der, &len, &pki_err), WG_OK);
	for (size_t i = 0; i < WG_COUNT(canaries); i++) {
		assert_null(memmem(text, (size_t)(body - text), canaries[i], strlen(canaries[i])));
		assert_null(memmem(der, len, canaries[i], strlen(canaries[i])));
	}
	assert_int_equal(gate_opened("mail.eml", "SMIME", "staffordshire", inner, sizeof inner), 0);
	assert_non_null(strstr(inner, "notice.xml"));
	assert_non_null(strstr(inner, "text/html"));
	assert_non_null(strstr(inner, "text/plain"));
	assert_int_not_equal(gate_opened("mail.eml", "SMIME", "derbyshire", inner, sizeof inner), 0);
	wg_buf_free(&mail);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what))
		n++;
	return n;
}

/* What asks to confirm stands in the text and on the page, and not in the XML; the mail asks for a read receipt. */
static void test_asked(void **state)
{
	(void)state;
	static char inner[262144];
	char token[WG_TOKEN_TEXT], again[WG_TOKEN_TEXT];
	assert_int_equal(wg_token_make(token, &pki_err), WG_OK);
	const struct wg_ask ask = { .token = token,
		                        .reference = "01k9tess00examp1e0m1ss1ng1.them.desk",
		                        .reply = true,
		                        .url = "https://confirm.staffordshire.example",
		                        .until = 1795347000000,
		                        .ask_whom = "Staffordshire <County> Council",
		                        .telephone = "01632 960000" };
	struct wg_sealing s = sealing();
	struct wg_buf mail = WG_BUF(WG_LIMIT_ENVELOPE), parts = WG_BUF(WG_LIMIT_ENVELOPE);
	asked = &ask;
	assert_int_equal(seal_for(&s, "staffordshire", &mail, &pki_err), WG_OK);
	asked = NULL;
	assert_non_null(strstr(wg_buf_text(&mail), "Disposition-Notification-To: gateway@staffordshire.example\r\n"));
	assert_null(strstr(wg_buf_text(&mail), token)); /* nobody on the way reads it */
	pki_write("mail.eml", mail.data, mail.len);
	assert_int_equal(gate_opened("mail.eml", "SMIME", "staffordshire", inner, sizeof inner), 0);
	gate_unquoted(inner, strlen(inner), &parts);
	const char *text = wg_buf_text(&parts);
	assert_int_equal(times(text, token), 4); /* code and link, in text and page */
	assert_int_equal(times(text, "https://confirm.staffordshire.example/wgc-"), 2);
	assert_int_equal(times(text, "22 November 2026, 11:30"), 2);
	assert_int_equal(times(text, "&lt;County&gt;"), 1);
	assert_int_equal(times(text, "01632 960000"), 2);
	const char *xml = strstr(text, "<?xml");
	assert_non_null(xml);
	assert_null(strstr(xml, token));
	size_t at = 0;
	assert_true(wg_token_find(text, strlen(text), &at, again));
	assert_string_equal(token, again);
	wg_buf_free(&mail);
	wg_buf_free(&parts);
}

/* A desk gets what it wants of the three. */
static void test_wanted(void **state)
{
	(void)state;
	static char inner[262144];
	static const struct {
		const char *parts;
		bool text, html, xml;
	} table[] = { { "text", true, false, false },
		          { "html xml", false, true, true },
		          { "xml", false, false, true },
		          { "text html xml", true, true, true } };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_desk *desk =
			&((struct wg_organisation *)(uintptr_t)wg_directory_find(process.directory, "staffordshire"))->desks[0];
		struct wg_sealing s = sealing();
		struct wg_buf mail = WG_BUF(WG_LIMIT_ENVELOPE);
		desk->wants_text = table[i].text, desk->wants_html = table[i].html, desk->wants_xml = table[i].xml;
		assert_int_equal(seal_for(&s, "staffordshire", &mail, &pki_err), WG_OK);
		desk->wants_text = desk->wants_html = desk->wants_xml = true;
		pki_write("mail.eml", mail.data, mail.len);
		assert_int_equal(gate_opened("mail.eml", "SMIME", "staffordshire", inner, sizeof inner), 0);
		assert_int_equal(strstr(inner, "text/plain") != NULL, table[i].text);
		assert_int_equal(strstr(inner, "text/html") != NULL, table[i].html);
		assert_int_equal(strstr(inner, "notice.xml") != NULL, table[i].xml);
		wg_buf_free(&mail);
	}
}

static void test_https(void **state)
{
	(void)state;
	static char inner[262144];
	struct wg_sealing s = sealing();
	struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE);
	if (seal_for(&s, "derbyshire", &der, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	pki_write("object.der", der.data, der.len);
	assert_int_equal(gate_opened("object.der", "DER", "derbyshire", inner, sizeof inner), 0);
	assert_non_null(strstr(inner, "notice.xml"));
	assert_int_not_equal(gate_opened("object.der", "DER", "staffordshire", inner, sizeof inner), 0);
	wg_buf_free(&der);
}

/* A desk that wants plain XML gets the copy and nothing around it; by mail it never does. */
static void test_xml(void **state)
{
	(void)state;
	struct wg_desk *desk =
		&((struct wg_organisation *)(uintptr_t)wg_directory_find(process.directory, "derbyshire"))->desks[0];
	struct wg_sealing s = sealing();
	struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_channel_kind channel = desk->channel;
	desk->format = WG_FORMAT_XML;
	s.cert_count = 0; /* no certificate is needed */
	assert_int_equal(seal_for(&s, "derbyshire", &out, &pki_err), WG_OK);
	struct wg_buf locked = out; /* as it rests in the store */
	out = WG_BUF(WG_LIMIT_ENVELOPE);
	assert_null(memmem(locked.data, locked.len, "Tess", 4));
	assert_null(memmem(locked.data, locked.len, "notice", 6));
	assert_int_equal(wg_unlock(locked.data, locked.len, &out, &pki_err), WG_OK);
	wg_buf_free(&locked);
	assert_int_equal(strncmp(wg_buf_text(&out), "<?xml", 5), 0);
	assert_non_null(strstr(wg_buf_text(&out), "Tess"));
	struct wg_notice *copy = NULL;
	assert_int_equal(wg_notice_parse(process.schema, out.data, out.len, "copy", &copy, &pki_err), WG_OK);
	wg_notice_freep(&copy);
	wg_buf_free(&out);
	static const enum wg_channel_kind sealed[] = { WG_CHANNEL_MAIL, WG_CHANNEL_MESH };
	for (size_t i = 0; i < WG_COUNT(sealed); i++) {
		struct wg_buf none = WG_BUF(WG_LIMIT_ENVELOPE);
		desk->channel = sealed[i];
		assert_int_equal(seal_for(&s, "derbyshire", &none, &pki_err), WG_CONFIG);
		assert_int_equal(none.len, 0);
		wg_buf_free(&none);
	}
	desk->channel = channel;
	desk->format = WG_FORMAT_SEALED;
}

/* Every reason not to seal: no envelope, and words that name recipient and reason. */
static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *certificate, *words;
	} table[] = {
		{ "hostile/expired-smime.pem", "expired" }, { "hostile/revoked-smime.pem", "revoked" },
		{ "hostile/unknown-ca-smime.pem", "" },     { "hostile/no-eku-smime.pem", "" },
		{ "nowhere.pem", "nowhere.pem" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_sealing s = sealing();
		const struct wg_organisation *o = wg_directory_find(process.directory, "derbyshire");
		struct wg_desk_cert only = { .organisation = o, .desk = &o->desks[0], .count = 1 };
		struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
		struct wg_err err = { 0 };
		WG_CLEANUP(wg_revocations_freep) struct wg_revocations *lists = NULL;
		char pem[65536];
		size_t len = pki_read("crl.pem", pem, sizeof pem);
		assert_int_equal(wg_revocations_new(&lists, &err), WG_OK);
		assert_int_equal(wg_revocations_add(lists, pem, len, &err), WG_OK);
		s.held.revocations = lists;
		if (wg_cert_load(pki(table[i].certificate), &only.certs[0], &err) != WG_OK)
			(void)snprintf(only.faults[0], sizeof only.faults[0], "%.250s", err.text); /* as wg_desk_certs_load does */
		s.certs = &only;
		s.cert_count = 1;
		err = (struct wg_err){ 0 };
		enum wg_code code = seal_for(&s, "derbyshire", &out, &err);
		if (code == WG_OK || out.len != 0 || strstr(err.text, "derbyshire/front-door") == NULL ||
		    strstr(err.text, table[i].words) == NULL)
			fail_msg("%s: %s, %zu bytes: %s", table[i].certificate, wg_code_name(code), out.len, err.text);
		wg_cert_freep(&only.certs[0]);
		wg_buf_free(&out);
	}
}

static void test_mail_is_off(void **state)
{
	(void)state;
	struct wg_sealing s = sealing();
	struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	s.from = NULL;
	assert_int_equal(seal_for(&s, "staffordshire", &out, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "<mail>"));
	assert_int_equal(out.len, 0);
	wg_buf_free(&out);
}

/* Longest names: the reference is whole, and a mail goes out under it. */
static void test_reference(void **state)
{
	struct wg_sealing s = sealing();
	struct wg_buf mail WG_AUTO_BUF = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_desk *desk =
		&((struct wg_organisation *)(uintptr_t)wg_directory_find(process.directory, "staffordshire"))->desks[0];
	char was[sizeof desk->name];
	(void)state;
	char name[WG_LIMIT_NAME + 1], out[WG_REFERENCE_TEXT];
	memset(name, 'n', WG_LIMIT_NAME);
	name[WG_LIMIT_NAME] = '\0';
	wg_reference("01k9tess00examp1e0m1ss1ng1", name, name, out);
	assert_int_equal(strlen(out), 26 + 1 + WG_LIMIT_NAME + 1 + WG_LIMIT_NAME);
	memcpy(was, desk->name, sizeof was);
	memcpy(desk->name, name, sizeof name);
	assert_int_equal(seal_for(&s, "staffordshire", &mail, &pki_err), WG_OK);
	memcpy(desk->name, was, sizeof was);
	assert_non_null(strstr(wg_buf_text(&mail), name));
}

/* What envelopes depend on is what the epoch tells: another anchor, mailbox or certificate is another epoch. */
static void test_epoch(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} table[] = {
		{ "from=\"gateway@", "from=\"other@" },
		{ " ca=\"ca.pem\"/>\n  <lookup", " ca=\"hostile/ca.pem\"/>\n  <lookup" },
		{ "<smime certificate=\"staffordshire/smime.pem\" key=\"staffordshire/smime.key\"",
		  "<smime certificate=\"specimen/smime.pem\" key=\"specimen/smime.key\"" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_process other;
		struct wg_config *changed = NULL;
		char *text = gate_config(table[i].from, table[i].to);
		assert_int_equal(wg_config_load(gate_write("other.xml", text), &changed, &pki_err), WG_OK);
		if (wg_process_load(changed, &other, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		assert_string_not_equal(other.epoch, process.epoch);
		wg_process_free(&other);
		free(changed);
		free(text);
	}
	struct wg_process same;
	assert_int_equal(wg_process_load(config, &same, &pki_err), WG_OK);
	assert_string_equal(same.epoch, process.epoch);
	wg_process_free(&same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),        cmocka_unit_test(test_asked),     cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_https),       cmocka_unit_test(test_xml),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_mail_is_off), cmocka_unit_test(test_reference), cmocka_unit_test(test_epoch),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
