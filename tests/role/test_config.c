/* The configuration: read as it was meant, or refused with file and line and what is wrong. */
#include "../refused_copy.h"
#include "gate.h"

#include <unistd.h>

#include "role/check.h"

static void test_good(void **state)
{
	(void)state;
	char want[PATH_MAX];
	struct wg_config *c = gate_load();
	struct wg_buf text = WG_BUF(65536);
	assert_string_equal(c->organisation, "staffordshire");
	(void)snprintf(want, sizeof want, "%s/state", pki_dir); /* fits */
	assert_string_equal(c->state, want);
	(void)snprintf(want, sizeof want, "%s/staffordshire/storage.key", pki_dir); /* fits */
	assert_string_equal(c->storage.key, want);
	assert_string_equal(c->policy, WG_SOURCE_DIR "/policy/staffordshire-stoke.xml");
	assert_string_equal(c->https_in.address, "127.0.0.1");
	assert_int_equal(c->https_in.port, 8443);
	assert_int_equal(c->drop_count, 1);
	assert_string_equal(c->drops[0].organisation, "staffordshire-police");
	assert_int_equal(c->mail_out.port, 2525);
	assert_string_equal(c->mail_out.from, "gateway@staffordshire.example");
	assert_string_equal(c->mail_out.tls.key, "");
	assert_int_equal(c->retry_first_s, 1);
	assert_int_equal(c->retry_most_s, 4);
	assert_int_equal(c->give_up_s, 3600);
	assert_true(c->samples);
	wg_config_print(c, &text);
	assert_non_null(strstr(wg_buf_text(&text), "submits as staffordshire-police"));
	wg_buf_free(&text);
	free(c);
}

/* Relative paths are relative to the file, wherever the program was started; a link to it counts as the file. */
static void test_relative(void **state)
{
	(void)state;
	struct wg_config *c = NULL;
	char was[PATH_MAX], want[PATH_MAX];
	assert_non_null(getcwd(was, sizeof was));
	assert_int_equal(chdir(pki_dir), 0);
	enum wg_code code = wg_config_load("gateway.xml", &c, &pki_err);
	assert_int_equal(chdir(was), 0);
	assert_int_equal(code, WG_OK);
	(void)snprintf(want, sizeof want, "%s/directory.xml", pki_dir); /* fits */
	assert_string_equal(c->directory, want);
	free(c);
}

static void test_defaults(void **state)
{
	(void)state;
	char *text = gate_config(
		"    <retry first=\"1\" most=\"4\" give-up=\"3600\"/>\n  </deliver>\n  <samples allowed=\"true\"/>\n",
		"  </deliver>\n");
	struct wg_config *c = NULL;
	assert_int_equal(wg_config_load(gate_write("defaults.xml", text), &c, &pki_err), WG_OK);
	assert_int_equal(c->retry_first_s, 30);
	assert_int_equal(c->retry_most_s, 1800);
	assert_int_equal(c->give_up_s, 259200);
	assert_in_range(c->process_workers, 1, 16);
	assert_false(c->samples);
	free(c);
	free(text);
}

/* Every way in and out that a gateway may have, and what is meant where nothing is said. */
static void test_ways(void **state)
{
	(void)state;
	char *text =
		gate_config("<deliver>\n", "<deliver>\n<dns trust-anchor=\"root.key\" resolver=\"127.0.0.1@5353\"/>\n");
	const char *mail_in =
		"<imap host=\"mail.test\" ca=\"ca.pem\" user=\"u\" secret=\"s\"/>"
		"<imap host=\"two.test\" tls=\"starttls\" ca=\"ca.pem\" user=\"u\" secret=\"s\" auth=\"xoauth2\""
		" folder=\"In/Box\" poll=\"7\"/><lmtp socket=\"lmtp.sock\"/>";
	const char *beside = "<mesh url=\"https://mesh.test/\" ca=\"ca.pem\" mailbox=\"M1\" password=\"p\" shared-key=\"k\""
						 " certificate=\"c.pem\" key=\"k.pem\"/><monitor socket=\"m.sock\"/>"
						 "<hsm module=\"/usr/lib/x.so\" pin=\"pin\"/><process workers=\"3\"/></gateway>";
	char *drop = strstr(text, "<drop"), *end = strstr(text, "</gateway>"), *all = NULL;
	assert_true(drop != NULL && end != NULL);
	assert_true(asprintf(&all, "%.*s%s%.*s%s", (int)(drop - text), text, mail_in, (int)(end - drop), drop, beside) > 0);
	struct wg_config *c = NULL;
	if (wg_config_load(gate_write("ways.xml", all), &c, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_int_equal(c->imap_count, 2);
	assert_int_equal(c->imaps[0].port, 993);
	assert_int_equal(c->imaps[0].tls, WG_CONFIG_IMPLICIT);
	assert_int_equal(c->imaps[0].auth, WG_AUTH_PLAIN);
	assert_int_equal(c->imaps[0].poll_s, 30);
	assert_string_equal(c->imaps[0].folder, "INBOX");
	assert_int_equal(c->imaps[1].port, 143);
	assert_int_equal(c->imaps[1].tls, WG_CONFIG_STARTTLS);
	assert_int_equal(c->imaps[1].auth, WG_AUTH_XOAUTH2);
	assert_int_equal(c->imaps[1].poll_s, 7);
	assert_non_null(strstr(c->lmtp, "/lmtp.sock"));
	assert_string_equal(c->mesh.mailbox, "M1");
	assert_int_equal(c->mesh.chunk, 20 * 1024 * 1024);
	assert_non_null(strstr(c->monitor.socket, "/m.sock"));
	assert_int_equal(c->monitor.revocation_s, 3600);
	assert_string_equal(c->hsm.module, "/usr/lib/x.so");
	assert_string_equal(c->dns.resolver, "127.0.0.1@5353");
	assert_int_equal(c->mail_out.how, WG_CONFIG_STARTTLS);
	assert_int_equal(c->mail_out.auth, WG_AUTH_NONE);
	assert_true(c->mail_out.require_tls && c->mail_out.reports && !c->mail_out.direct && !c->mail_out.libesmtp);
	assert_int_equal(c->monitor.fault_s, 30);
	assert_string_equal(c->mail_out.crl, "");
	assert_int_equal(c->process_workers, 3);
	free(c);
	free(all);
	free(text);
}

/* from: what is changed in the good one; line: where the fault then stands; word: what the operator has to read. */
static const struct {
	const char *from, *to;
	unsigned line;
	const char *word;
} broken[] = {
	{ "<lookup key=", "<lookop key=", 7, "lookop" },
	{ "<lookup key=", "<lookop key=", 7, "did you mean \"lookup\"" },
	{ "<gateway ", "<gatewey ", 18, "not well-formed XML: an end tag" }, /* its end no longer fits */
	{ "<lookup key=", "<lookup key", 7, "quotation mark missing" },
	{ "host=\"localhost\"", "host=\"<\"", 13, "&lt;" },
	{ "host=\"localhost\"", "host=\"a&b\"", 13, "&amp;" },
	{ "config:1\"", "config:2\"", 2, "gateway" },
	{ " organisation=\"staffordshire\"", "", 2, "organisation" },
	{ " organisation=\"staffordshire\"", " organisation=\"Staffordshire Council\"", 2, "organisation" },
	{ " state=\"state\"", "", 2, "state" },
	{ " state=\"state\"", " state=\"\"", 2, "state" },
	{ " state=\"state\"", " state=\"state\" colour=\"blue\"", 2, "colour" },
	{ "  <directory file=\"directory.xml\"/>\n", "", 2, "directory" },
	{ "  <directory file=\"directory.xml\"/>\n", "  <directory file=\"a\"/>\n  <directory file=\"b\"/>\n", 5,
	  "directory" },
	{ "<directory file=", "<directory fiel=", 4, "fiel" },
	{ "<directory file=", "<directory fiel=", 4, "did you mean \"file\"" },
	{ " state=\"state\"", " state=\"state\" stete=\"state\"", 2, "did you mean \"state\"" },
	{ "<storage certificate=", "<storage certifikate=", 5, "did you mean \"certificate\"" }, /* of its type */
	{ "client-ca=", "clientca=", 9, "did you mean \"client-ca\"" },                          /* beside its type's */
	{ " key=\"staffordshire/storage.key\"", "", 5, "key" },
	{ " ca=\"ca.pem\"/>\n  <lookup", "/>\n  <lookup", 6, "ca" },
	{ "port=\"8443\"", "port=\"0\"", 9, "port" },
	{ "port=\"8443\"", "port=\"65536\"", 9, "port" },
	{ "port=\"8443\"", "port=\"https\"", 9, "port" },
	{ "address=\"127.0.0.1\"", "address=\"localhost\"", 9, "numeric address" },
	{ "address=\"127.0.0.1\"", "address=\"127.0.0.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1\"",
	  9, "address is longer" },
	{ "<drop folder=\"drop\" organisation=\"staffordshire-police\"/>",
	  "<drop folder=\"drop\" organisation=\"derbyshire\"/>\n    <drop folder=\"drop\" "
	  "organisation=\"staffordshire-police\"/>",
	  11, "another <drop>" },
	{ "host=\"localhost\"", "host=\"mail server\"", 13, "host name" },
	{ "host=\"localhost\" port=\"2525\" ca=\"ca.pem\"", "host=\"localhost\" port=\"2525\"", 13, "ca" },
	{ "from=\"gateway@staffordshire.example\"", "from=\"gateway\"", 13, "e-mail address" },
	{ "from=\"gateway@staffordshire.example\"", "from=\"gateway@staffordshire.example\" key=\"k.pem\"", 13,
	  "come together" },
	{ "  <lookup key=", "  <process workers=\"0\"/><lookup key=", 7, "workers" },
	{ "  <lookup key=", "  <process workers=\"17\"/><lookup key=", 7, "workers: is more than is allowed: '16'" },
	{ "  <lookup key=", "  <process wrokers=\"2\"/><lookup key=", 7, "wrokers" },
	{ "first=\"1\"", "first=\"0\"", 15, "first" },
	{ "first=\"1\"", "first=\"1 minute\"", 15, "first" },
	{ "first=\"1\"", "first=\"5\"", 15, "at most as long" },
	{ "most=\"4\"", "most=\"3601\"", 15, "at most as long" },
	{ "give-up=\"3600\"", "give-up=\"99999999\"", 15, "give-up" },
	{ "<samples allowed=\"true\"/>", "<samples allowed=\"perhaps\"/>", 17, "allowed" },
	{ "</gateway>", "", 19, "not well-formed XML: it ends while" },
	{ "<gateway ", "<!DOCTYPE gateway [<!ENTITY a \"b\">]>\n<gateway ", 0, "DOCTYPE" },
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(broken); i++) {
		struct wg_config *c = NULL;
		struct wg_err err = { 0 };
		char place[64];
		char *text = gate_config(broken[i].from, broken[i].to);
		enum wg_code code = wg_config_load(gate_write("broken.xml", text), &c, &err);
		(void)snprintf(place, sizeof place, "/broken.xml:%u", broken[i].line); /* fits */
		if (broken[i].line == 0)
			(void)snprintf(place, sizeof place, "/broken.xml"); /* fits */
		if (code != WG_CONFIG || strstr(err.text, place) == NULL || strstr(err.text, broken[i].word) == NULL)
			fail_msg("row %zu (%s): wanted %s and \"%s\": %s: %s", i, broken[i].to, place, broken[i].word,
			         wg_code_name(code), err.text);
		assert_null(c);
		free(text);
	}
}

/* A list of what was revoked is that of the smarthost's authority; the recipients' servers have others. */
static void test_revoked_smarthosts(void **state)
{
	(void)state;
	struct wg_config *c = NULL;
	char *text = gate_config("<mail host=", "<mail crl=\"crl.pem\" host=");
	assert_int_equal(wg_config_load(gate_write("revoked.xml", text), &c, &pki_err), WG_OK);
	assert_non_null(strstr(c->mail_out.crl, "/crl.pem"));
	free(c);
	free(text);
	c = NULL;
	text = gate_config("<mail host=\"localhost\"",
	                   "<dns trust-anchor=\"root.key\"/>\n<mail crl=\"crl.pem\" route=\"direct\"");
	assert_int_equal(wg_config_load(gate_write("revoked.xml", text), &c, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "has no crl="));
	free(text);
}

/* Nothing can come in: neither HTTPS nor a folder. */
static void test_no_way_in(void **state)
{
	(void)state;
	char *text = gate_config("    <drop folder=\"drop\" organisation=\"staffordshire-police\"/>\n", "");
	char *start = strstr(text, "    <https address"), *end = start != NULL ? strchr(start, '\n') : NULL;
	struct wg_config *c = NULL;
	assert_non_null(end);
	memmove(start, end + 1, strlen(end + 1) + 1);
	assert_int_equal(wg_config_load(gate_write("broken.xml", text), &c, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "nothing can come in"));
	free(text);
}

static void test_long_paths(void **state)
{
	(void)state;
	char name[600], *text;
	struct wg_config *c = NULL;
	memset(name, 'n', sizeof name);
	memcpy(name, "state=\"", 7);
	memcpy(name + 507, "\"", 2); /* 500 characters: the schema's limit */
	text = gate_config("state=\"state\"", name);
	assert_int_equal(wg_config_load(gate_write("long.xml", text), &c, &pki_err), WG_OK);
	assert_int_equal(strlen(c->state), strlen(pki_dir) + 1 + 500);
	free(c);
	free(text);
	memset(name + 507, 'n', 1);
	memcpy(name + 508, "\"", 2);
	c = NULL;
	text = gate_config("state=\"state\"", name);
	assert_int_equal(wg_config_load(gate_write("long.xml", text), &c, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "long.xml:2"));
	free(text);
}

static void test_not_there(void **state)
{
	(void)state;
	struct wg_config *c = NULL;
	assert_int_equal(wg_config_load(pki("nowhere.xml"), &c, &pki_err), WG_NOT_FOUND);
	assert_non_null(strstr(pki_err.text, "nowhere.xml"));
	assert_non_null(strstr(pki_err.text, "--config"));
	assert_int_not_equal(wg_config_load(pki_dir, &c, &pki_err), WG_OK);
}

/* data= and readers= are heeded before the file can be validated, for the schema is where data= says. */
static void test_data(void **state)
{
	(void)state;
	struct wg_config *c = NULL;
	char *text = gate_config(" state=", " data=\"" WG_SOURCE_DIR "\" readers=\"" WG_BINARY_DIR "/bin\" state=");
	assert_int_equal(wg_config_load(gate_write("data.xml", text), &c, &pki_err), WG_OK);
	assert_string_equal(c->paths.xsd, WG_SOURCE_DIR "/xsd");
	free(c);
	free(text);
	c = NULL;
	text = gate_config(" state=", " data=\"/nowhere\" state=");
	assert_int_equal(wg_config_load(gate_write("data.xml", text), &c, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "/nowhere"));
	free(text);
}

static enum wg_code load(const char *file, struct wg_err *err)
{
	struct wg_config *c = NULL;
	enum wg_code code = wg_config_load(file, &c, err);
	assert_int_equal(code == WG_OK, c != NULL);
	free(c);
	return code;
}

/* revocation="required" that was not seen for want of memory is not off. */
static void test_refused_memory(void **state)
{
	(void)state;
	refuse_each_copy(load, pki("gateway.xml"));
}

static void test_check(void **state)
{
	(void)state;
	struct wg_buf out = WG_BUF(65536);
	struct wg_err err = { 0 };
	if (wg_check(pki("gateway.xml"), false, &out, &err) != WG_OK)
		fail_msg("%s", err.text);
	assert_non_null(strstr(wg_buf_text(&out), "organisation  staffordshire"));
	wg_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),      cmocka_unit_test(test_relative),   cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ways),      cmocka_unit_test(test_broken),     cmocka_unit_test(test_revoked_smarthosts),
		cmocka_unit_test(test_no_way_in), cmocka_unit_test(test_long_paths), cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_data),      cmocka_unit_test(test_check),      cmocka_unit_test(test_refused_memory),
	};
	return cmocka_run_group_tests(tests, gate_setup, pki_teardown);
}
