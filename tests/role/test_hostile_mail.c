/* Mails as they come in, against the real readers and a real store: what a partner signed is routed as from that
 * partner, and nothing else ever is. hostile_mail.py makes them; the table is printed. */
#include "gate.h"

#include "base/limits.h"
#include "base/text.h"
#include "sys/file.h"

/* The issue asks for so many of each at least. */
#define HOSTILE_LEAST 35
#define GOOD_LEAST 10
#define PARTNER "staffordshire-police"

static struct gate gate;

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	char *text = gate_config("key=\"staffordshire/smime.key\" ca=\"ca.pem\"",
	                         "key=\"staffordshire/smime.key\" ca=\"ca.pem\" crl=\"crl.pem\"");
	(void)gate_write("gateway.xml", text);
	free(text);
	return gate_open(&gate);
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

static void submit_file(const char *name, char id[WG_ID_TEXT])
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	char path[128];
	(void)snprintf(path, sizeof path, "mails/%s.eml", name); /* fits */
	if (wg_file_read(pki(path), &bytes, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	memcpy(id, gate_submit_mail(&gate, bytes.data, bytes.len), WG_ID_TEXT);
	wg_buf_free(&bytes);
}

/* One mail through to its end; false when it went wrong. */
static bool try_one(const char *name, bool good, const char *words)
{
	char id[WG_ID_TEXT];
	submit_file(name, id);
	gate_handle(&gate, false);
	struct wg_row row = gate_row(&gate.store, "messages", id, NULL);
	bool routed = strcmp(row.state, "routed") == 0;
	bool fine = good ? routed && strcmp(row.organisation, PARTNER) == 0
	                 : strcmp(row.state, "attention") == 0 && row.organisation[0] == '\0' &&
	                       strstr(row.reason, "not authenticated") != NULL && strstr(row.reason, words) != NULL &&
	                       strstr(row.reason, "Canary") == NULL &&
	                       gate_row(&gate.store, "deliveries", id, NULL).id[0] == '\0';
	printf("%-4s %-28s %-9s %-20s %.110s\n", fine ? "ok" : "BAD", name, row.state, row.organisation, row.reason);
	return fine;
}

static void test_all(void **state)
{
	(void)state;
	static const char *const make[] = { WG_PYTHON, "-B", WG_SOURCE_DIR "/tests/role/hostile_mail.py", NULL, NULL };
	const char *argv[5];
	memcpy(argv, make, sizeof make);
	argv[3] = pki(".");
	if (pki_run("mails.log", argv) != 0) {
		char text[2048];
		text[pki_read("mails.log", text, sizeof text - 1)] = '\0';
		fail_msg("the mails could not be made: %s", text);
	}
	struct wg_buf list = WG_BUF(WG_LIMIT_CONFIG_FILE);
	unsigned good = 0, hostile = 0, bad = 0;
	assert_int_equal(wg_file_read(pki("mails/list"), &list, &pki_err), WG_OK);
	for (const char *p = wg_buf_text(&list); *p != '\0';) {
		char name[64], kind[16], words[128];
		size_t n = strcspn(p, "\t"), k = strcspn(p + n + 1, "\t"), w = strcspn(p + n + k + 2, "\n");
		assert_true(n < sizeof name && k < sizeof kind && w < sizeof words);
		(void)snprintf(name, sizeof name, "%.*s", (int)n, p);
		(void)snprintf(kind, sizeof kind, "%.*s", (int)k, p + n + 1);
		(void)snprintf(words, sizeof words, "%.*s", (int)w, p + n + k + 2);
		p += n + k + w + 3;
		bool is_good = strcmp(kind, "good") == 0;
		good += is_good;
		hostile += !is_good;
		bad += !try_one(name, is_good, words);
	}
	wg_buf_free(&list);
	printf("%u good, %u hostile, %u not as they should be\n", good, hostile, bad);
	assert_true(good >= GOOD_LEAST);
	assert_true(hostile >= HOSTILE_LEAST);
	assert_int_equal(bad, 0);
}

/* What nobody signed goes on once a person has said who sent it, and is theirs from then on; a person cannot say so of
 * one that nobody in the directory is, nor against a signature. */
static void answer(const char *id, const char *text)
{
	struct wg_buf sealed = WG_BUF(WG_STORE_RESOLUTION_MAX);
	assert_int_equal(wg_cms_encrypt(gate.process.storage_cert, WG_CIPHER_GCM, text, strlen(text), &sealed, &pki_err),
	                 WG_OK);
	if (wg_client_resolve(gate.store.admin, id, "robin", "rang them", sealed.data, sealed.len, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	wg_buf_free(&sealed);
	gate_handle(&gate, false);
}

static void test_person_says_who(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	gate_report(&bytes, "MAIL-UNSIGNED", "Derbyshire", "");
	char id[WG_ID_TEXT];
	memcpy(id, gate_submit_mail(&gate, bytes.data, bytes.len), sizeof id);
	gate_handle(&gate, false);
	gate_is_message(&gate, id, "attention", "nobody signed it; From says staffordshire-police.example");
	answer(id, "sender = nobody-known\n");
	gate_is_message(&gate, id, "attention", "the directory has no such organisation");
	answer(id, "sender = staffordshire-police\n");
	gate_is_message(&gate, id, "routed", "");
	assert_string_equal(gate_row(&gate.store, "messages", id, NULL).organisation, PARTNER);
	gate_is_delivery(&gate, id, "derbyshire", "sealed", "");
	wg_buf_free(&bytes);
}

/* What cannot be read at all is kept too: nobody is sent anything, and a person looks. */
static void test_unreadable(void **state)
{
	(void)state;
	static const char mail[] = "From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\nno boundary\r\n";
	char id[WG_ID_TEXT];
	memcpy(id, gate_submit_mail(&gate, mail, sizeof mail - 1), sizeof id);
	gate_handle(&gate, false);
	gate_is_message(&gate, id, "attention", "boundary");
	gate_is_message(&gate, id, "attention", "not authenticated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_person_says_who),
		cmocka_unit_test(test_unreadable),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
