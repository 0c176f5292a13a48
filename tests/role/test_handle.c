/* One message through the process role against a real store: to which state every kind of fault leads, what its
 * recipients get, and what is kept from the log. */
#include "gate.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "channel/mime.h"
#include "sys/file.h"

static struct gate gate;

static int setup(void **state)
{
	return gate_setup(state) == 0 ? gate_open(&gate) : -1;
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

static const char *submit(const void *bytes, size_t len, const char *organisation, const char *type)
{
	return gate_submit(&gate, bytes, len, organisation, type);
}

static void handle(bool first_try)
{
	gate_handle(&gate, first_try);
}

static const char *submit_report(const char *reference, const char *placing, const char *extra)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	gate_report(&bytes, reference, placing, extra);
	const char *id = submit(bytes.data, bytes.len, "staffordshire-police", "message/rfc822");
	wg_buf_free(&bytes);
	return id;
}

static void is_message(const char *id, const char *state, const char *words)
{
	gate_is_message(&gate, id, state, words);
}

static void is_delivery(const char *id, const char *organisation, const char *state, const char *words)
{
	gate_is_delivery(&gate, id, organisation, state, words);
}

static void test_routed(void **state)
{
	(void)state;
	const char *id = submit_report("ROLE-ROUTED", "Derbyshire", "");
	handle(false);
	is_message(id, "routed", "");
	is_delivery(id, "derbyshire", "sealed", "");
	is_delivery(id, "staffordshire", "sealed", "");
	is_delivery(id, "derbyshire-police", "sealed", "");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, "staffordshire-police").id, ""); /* who told us */
	assert_string_equal(gate_row(&gate.store, "messages", id, NULL).kind, "missing");
}

static void test_attention(void **state)
{
	(void)state;
	const char *id = submit_report("ROLE-UNMAPPED", "Derbyshire", "Canarylabel: ultraviolet\n");
	struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE), report = WG_BUF(WG_LIMIT_READER_OUTPUT);
	handle(false);
	is_message(id, "attention", "1 field unmapped");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, ""); /* nothing leaves */
	/* what could not be placed is kept for the person, sealed */
	assert_int_equal(wg_client_blob(gate.store.admin, id, "report", "test", &blob, &pki_err), WG_OK);
	assert_null(memmem(blob.data, blob.len, "Canarylabel", 11));
	assert_int_equal(
		wg_cms_decrypt(gate.process.storage_key, gate.process.storage_cert, blob.data, blob.len, &report, &pki_err),
		WG_OK);
	assert_non_null(strstr(wg_buf_text(&report), "Canarylabel"));
	wg_buf_free(&blob);
	wg_buf_free(&report);
}

static void test_rejected(void **state)
{
	(void)state;
	static const char bomb[] = "<!DOCTYPE l [<!ENTITY a \"Canary\">]><l>&a;</l>";
	static const char invalid[] =
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"Canary\" kind=\"missing\" version=\"1\"/>";
	const char *id = submit(bomb, sizeof bomb - 1, "staffordshire-police", "application/xml");
	handle(false);
	is_message(id, "rejected", "DOCTYPE");
	id = submit(invalid, sizeof invalid - 1, "staffordshire-police", "application/xml");
	handle(false);
	is_message(id, "rejected", "notice");
}

/* One desk's certificate cannot be used: the others are served, a person is told which and why, and once the directory
 * is mended it is decided again. */
static void test_cannot_seal(void **state)
{
	(void)state;
	static const struct {
		const char *certificate, *words;
	} table[] = { { "hostile/expired-smime.pem", "expired" }, { "nowhere.pem", "nowhere.pem" } };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char reference[32], to[128];
		(void)snprintf(to, sizeof to, "example\" certificate=\"%s", table[i].certificate); /* fits */
		char *text = gate_directory("example\" certificate=\"derbyshire-police/smime.pem", to);
		gate_reload(&gate, text);
		free(text);
		(void)snprintf(reference, sizeof reference, "ROLE-CANNOT-SEAL-%zu", i); /* fits */
		const char *id = submit_report(reference, "Derbyshire", "");
		gate_handle_until_not(&gate, "accepted", id);
		is_message(id, "attention", table[i].words);
		is_message(id, "attention", "derbyshire-police/missing");
		is_delivery(id, "derbyshire-police", "withheld", table[i].words);
		is_delivery(id, "derbyshire", "sealed", "");
		is_delivery(id, "staffordshire", "sealed", "");
		text = gate_directory("test", "test");
		gate_reload(&gate, text); /* another epoch: it comes back */
		free(text);
		gate_handle_until_not(&gate, "attention", id);
		gate_handle_until_not(&gate, "normalised", id);
		is_message(id, "routed", "");
		struct wg_row *rows = NULL;
		unsigned count = 0, sealed = 0;
		assert_int_equal(wg_client_list(gate.store.admin, "deliveries", "sealed", id, 100, &rows, &count, &pki_err),
		                 WG_OK);
		for (unsigned k = 0; k < count; k++)
			sealed += strcmp(rows[k].organisation, "derbyshire-police") == 0;
		assert_int_equal(sealed, 1);
		assert_int_equal(count, 3);
		free(rows);
	}
}

/* The directory has no desk for the placing authority: those who can be reached are, and a person sees to the rest. */
static void test_unreachable(void **state)
{
	(void)state;
	const char *id = submit_report("ROLE-UNREACHABLE", "Leicester", "");
	handle(false);
	is_message(id, "attention", "cannot be reached");
	is_delivery(id, "staffordshire", "sealed", "");
}

/* A table is a message a row, each read like one that came alone; what is wrong with one row is that row's. */
static void test_divided(void **state)
{
	(void)state;
	static const char table[] =
		"Full name;Date of birth;Police incident number;Force;Risk level;When last seen;Where last seen;Circumstances "
		"of "
		"going missing;Looked after child;Placing authority;Host authority\n"
		"Kita Canaryrowa;07/08/2012;ROW-1;Staffordshire Police;High;21/11/2026 at 19:30;bus stop;Left;Yes;Derbyshire;"
		"Staffordshire\n"
		"Kitb Canaryrowb;when the Canary sang;ROW-2;Staffordshire Police;High;21/11/2026 at 19:30;bus stop;Left;Yes;"
		"Derbyshire;Staffordshire\n";
	char id[WG_ID_TEXT];
	memcpy(id, submit(table, sizeof table - 1, "staffordshire-police", "text/csv"), sizeof id);
	handle(false);
	is_message(id, "divided", "divided into 2 messages");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, "");
	handle(false);
	handle(false);
	struct wg_row *rows = NULL;
	unsigned count = 0, routed = 0, attention = 0;
	assert_int_equal(wg_client_list(gate.store.admin, "messages", "*", "", 1000, &rows, &count, &pki_err), WG_OK);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(rows[i].parent, id) != 0)
			continue;
		routed += strcmp(rows[i].state, "routed") == 0;
		attention += strcmp(rows[i].state, "attention") == 0;
		assert_null(strstr(rows[i].reason, "Canary"));
	}
	free(rows);
	assert_int_equal(routed, 1);
	assert_int_equal(attention, 1);
}

/* Words around a table wait for a person; the rows do not. Once somebody has answered, the message is at its end, and
 * no row is there twice. */
static void test_divided_beside_words(void **state)
{
	(void)state;
	static const char mail[] =
		"From: missing@staffordshire-police.example\nTo: front-door@staffordshire.example\nSubject: episodes\n"
		"Message-ID: <table@staffordshire-police.example>\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
		"His mother must not be told where he sleeps tonight.\n\n--b\nContent-Type: text/csv\n"
		"Content-Disposition: attachment; filename=\"episodes.csv\"\n\n"
		"Full name;Date of birth;Police incident number;Force;Risk level;When last seen;Where last seen;Circumstances "
		"of "
		"going missing;Looked after child;Placing authority;Host authority\n"
		"Kitc Canaryrowc;07/08/2012;ROW-3;Staffordshire Police;High;21/11/2026 at 19:30;bus stop;Left;Yes;Derbyshire;"
		"Staffordshire\n"
		"Kitd Canaryrowd;07/08/2012;ROW-4;Staffordshire Police;High;21/11/2026 at 19:30;bus stop;Left;Yes;Derbyshire;"
		"Staffordshire\n--b--\n";
	struct wg_buf said = WG_BUF(4096);
	char id[WG_ID_TEXT];
	memcpy(id, submit(mail, sizeof mail - 1, "staffordshire-police", "message/rfc822"), sizeof id);
	handle(false);
	is_message(id, "attention", "divided into 2 messages");
	handle(false);
	handle(false);
	assert_int_equal(wg_cms_encrypt(gate.process.storage_cert, WG_CIPHER_GCM, "text is read\n", 13, &said, &pki_err),
	                 WG_OK);
	assert_int_equal(wg_client_resolve(gate.store.admin, id, "robin", "seen", said.data, said.len, &pki_err), WG_OK);
	wg_buf_free(&said);
	handle(false);
	is_message(id, "divided", "2 of them were there before");
}

/* The same name, another date of birth: nobody is told anything until a person has said who it is. */
static void test_doubt(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	const char *first = submit_report("ROLE-DOUBT", "Derbyshire", "");
	char known[WG_ID_TEXT];
	memcpy(known, first, sizeof known);
	handle(false);
	is_message(known, "routed", "");
	gate_report(&bytes, "ROLE-DOUBT", "Derbyshire", "");
	char *born = strstr((char *)bytes.data, "07/08/2012");
	assert_non_null(born);
	memcpy(born, "09/08/2012", 10);
	const char *id = submit(bytes.data, bytes.len, "staffordshire-police", "message/rfc822");
	wg_buf_free(&bytes);
	handle(false);
	is_message(id, "attention", "another date of birth");
	is_message(id, "attention", known);
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, "");
}

/* ---- sealed messages */

static void sealed_report(const char *reference, const char *signer, struct wg_buf *out)
{
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	struct wg_buf mail = WG_BUF(WG_LIMIT_MESSAGE), entity = WG_BUF(WG_LIMIT_MESSAGE), der = WG_BUF(WG_LIMIT_MESSAGE),
				  signed_data = WG_BUF(WG_LIMIT_MESSAGE);
	gate_report(&mail, reference, "Derbyshire", "");
	for (size_t i = 0; i < mail.len; i++) { /* signed content is canonical */
		if (mail.data[i] == '\n')
			wg_buf_putc(&entity, '\r');
		wg_buf_putc(&entity, (char)mail.data[i]);
	}
	pki_pair(signer, &key, &cert);
	if (wg_cms_sign(key, cert, entity.data, entity.len, &der, &pki_err) != WG_OK ||
	    wg_mime_pkcs7(der.data, der.len, "signed-data", &signed_data, &pki_err) != WG_OK ||
	    wg_cms_encrypt(gate.process.smime.certs[0], WG_CIPHER_CBC, signed_data.data, signed_data.len, out, &pki_err) !=
	        WG_OK)
		fail_msg("%s", pki_err.text);
	wg_key_freep(&key);
	wg_cert_freep(&cert);
	wg_buf_free(&mail);
	wg_buf_free(&entity);
	wg_buf_free(&der);
	wg_buf_free(&signed_data);
}

static void test_sealed(void **state)
{
	(void)state;
	static const struct {
		const char *signer, *state, *words;
	} table[] = {
		{ "staffordshire-police/smime", "routed", "" },
		{ "derbyshire/smime", "rejected", "not signed by staffordshire-police" }, /* a partner, but not the submitter */
		{ "hostile/unknown-ca-smime", "rejected", "could not be opened" },
		{ "hostile/expired-smime", "rejected", "could not be opened" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf sealed = WG_BUF(WG_LIMIT_MESSAGE);
		char reference[32];
		(void)snprintf(reference, sizeof reference, "ROLE-SEALED-%zu", i); /* fits */
		sealed_report(reference, table[i].signer, &sealed);
		const char *id = submit(sealed.data, sealed.len, "staffordshire-police", "application/pkcs7-mime");
		handle(false);
		is_message(id, table[i].state, table[i].words);
		wg_buf_free(&sealed);
	}
	/* sealed, but to somebody else: said in the same words */
	struct wg_buf other = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_cert *cert = NULL;
	pki_pair("derbyshire/smime", NULL, &cert);
	assert_int_equal(wg_cms_encrypt(cert, WG_CIPHER_CBC, "Subject: x\n\ny", 13, &other, &pki_err), WG_OK);
	const char *id = submit(other.data, other.len, "staffordshire-police", "application/pkcs7-mime");
	handle(false);
	is_message(id, "rejected", "could not be opened");
	wg_cert_freep(&cert);
	wg_buf_free(&other);
}

/* Of several that are recorded one cannot be read: who signs with another is believed all the same. */
static void test_signer_file_gone(void **state)
{
	(void)state;
	static const char line[] = "    <signer certificate=\"staffordshire-police/smime.pem\"/>\n",
					  gone[] = "    <signer certificate=\"staffordshire-police/gone.pem\"/>\n";
	char both[sizeof line + sizeof gone], id[WG_ID_TEXT];
	(void)snprintf(both, sizeof both, "%s%s", gone, line); /* fits */
	for (int left = 1; left >= 0; left--) {
		struct wg_buf sealed = WG_BUF(WG_LIMIT_MESSAGE);
		char *text = gate_directory(line, left ? both : gone);
		gate_reload(&gate, text);
		free(text);
		sealed_report(left ? "ROLE-GONE-1" : "ROLE-GONE-0", "staffordshire-police/smime", &sealed);
		memcpy(id, submit(sealed.data, sealed.len, "staffordshire-police", "application/pkcs7-mime"), sizeof id);
		gate_handle_until_not(&gate, "accepted", id);
		is_message(id, left ? "routed" : "attention", left ? "" : "gone.pem");
		wg_buf_free(&sealed);
	}
}

/* We do not know with what the submitter signs: ours to mend, so the sender is not refused. */
static void test_signer_unknown(void **state)
{
	(void)state;
	struct wg_buf sealed = WG_BUF(WG_LIMIT_MESSAGE);
	char *text = gate_directory("    <signer certificate=\"staffordshire-police/smime.pem\"/>\n", "");
	gate_reload(&gate, text);
	free(text);
	sealed_report("ROLE-NO-SIGNER", "staffordshire-police/smime", &sealed);
	char id[WG_ID_TEXT];
	memcpy(id, submit(sealed.data, sealed.len, "staffordshire-police", "application/pkcs7-mime"), sizeof id);
	gate_handle_until_not(&gate, "accepted", id);
	is_message(id, "attention", "<signer certificate=");
	wg_buf_free(&sealed);
}

/* ---- faults of ours */

/* Stored for another storage key: a person must look; the sender is not to blame. */
static void test_foreign_original(void **state)
{
	(void)state;
	struct wg_cert *other = NULL, *mine = gate.process.storage_cert;
	pki_pair("derbyshire/storage", NULL, &other);
	gate.process.storage_cert = other;
	const char *id = submit_report("ROLE-FOREIGN", "Derbyshire", "");
	gate.process.storage_cert = mine;
	handle(false);
	is_message(id, "attention", "cannot be opened with the storage key");
	wg_cert_freep(&other);
}

/* What kills or fails its reader each time goes back, and after the last try to a person: not for ever, not refused. */
static void test_poison(void **state)
{
	(void)state;
	char readers[WG_PATH_TEXT];
	memcpy(readers, gate.config->paths.readers, sizeof readers);
	assert_int_equal(symlink("/bin/false", pki("wardgate-reader-mail")), 0);
	const char *id = submit_report("ROLE-POISON", "Derbyshire", "");
	(void)snprintf(gate.config->paths.readers, sizeof gate.config->paths.readers, "%s", pki_dir); /* fits */
	handle(true);
	is_message(id, "accepted", "");
	assert_true(gate_row(&gate.store, "messages", id, NULL).next > 0);
	unsigned tries = 1;
	while (strcmp(gate_row(&gate.store, "messages", id, NULL).state, "accepted") == 0) {
		handle(true);
		assert_true(++tries <= WG_STORE_TRIES);
	}
	assert_int_equal(tries, WG_STORE_TRIES);
	is_message(id, "attention", "");
	memcpy(gate.config->paths.readers, readers, sizeof readers);
	/* mended, and read anew */
	unsigned changed = 0;
	assert_int_equal(wg_client_act(gate.store.admin, "retry", id, "test", "mended", &changed, &pki_err), WG_OK);
	handle(false);
	is_message(id, "routed", "");
}

/* The lease went to somebody else meanwhile: nothing is said twice, and the role goes on. */
static void test_lease_lost(void **state)
{
	(void)state;
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	const char *id = submit_report("ROLE-LOST", "Derbyshire", "");
	assert_int_equal(wg_client_lease_messages(gate.store.process, 1, 30000, &jobs, &count, &pki_err), WG_OK);
	assert_int_equal(count, 1);
	gate_store_lose(&gate.store, GATE_STORE);
	handle(false);
	is_message(id, "routed", "");
	assert_int_equal(gate_logged(&gate, &jobs[0]), WG_OK);
	is_message(id, "routed", "");
	wg_msg_jobs_free(jobs, count);
}

/* Of everything above, nothing that stood in a report came into the log; the faults did. */
static void test_log(void **state)
{
	(void)state;
	struct wg_buf log = WG_BUF(WG_LIMIT_MESSAGE);
	static const char *const there[] = { "cannot-seal", "put-back", "lease-lost", "\"rejected\"", "\"attention\"" };
	static const char *const never[] = { "Canary", "07/08/2012", "2012-08-07", "ultraviolet" };
	gate_never_logged(never, WG_COUNT(never), &log);
	for (size_t i = 0; i < WG_COUNT(there); i++)
		if (strstr(wg_buf_text(&log), there[i]) == NULL)
			fail_msg("%s is not in the log", there[i]);
	wg_buf_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routed),
		cmocka_unit_test(test_attention),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_divided),
		cmocka_unit_test(test_divided_beside_words),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_foreign_original),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_lease_lost),
		cmocka_unit_test(test_cannot_seal),
		cmocka_unit_test(test_signer_file_gone),
		cmocka_unit_test(test_signer_unknown),
		cmocka_unit_test(test_log),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
