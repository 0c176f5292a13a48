/* Revoked or not: lists and OCSP answers that openssl made, good, old, and made by the wrong one; and the judgement of
 * certificates that rests on them. */
#include "pki.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/judge.h"

#define PARTNER WG_SOURCE_DIR "/tests/crypto/partner-pki"
#define DAY ((int64_t)86400000)

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(pki_dir) == NULL)
		return -1;
	const char *const argv[] = { PARTNER, pki_dir, "9", "9", NULL };
	return pki_run("partner.log", argv);
}

static struct wg_cert *load(const char *name)
{
	struct wg_cert *cert = NULL;
	char file[64];
	(void)snprintf(file, sizeof file, "%s.pem", name);
	if (wg_cert_load(pki(file), &cert, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return cert;
}

static void put_file(struct wg_buf *out, const char *name)
{
	static char bytes[65536];
	wg_buf_put(out, bytes, pki_read(name, bytes, sizeof bytes));
}

/* files: names separated by blanks */
static struct wg_revocations *held(const char *files)
{
	struct wg_revocations *r = NULL;
	char name[64];
	size_t n;
	assert_int_equal(wg_revocations_new(&r, &pki_err), WG_OK);
	for (const char *p = files; *p != '\0'; p += n, p += strspn(p, " ")) {
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(65536);
		n = strcspn(p, " ");
		(void)snprintf(name, sizeof name, "%.*s", (int)n, p);
		put_file(&bytes, name);
		if (wg_revocations_add(r, bytes.data, bytes.len, &pki_err) != WG_OK)
			fail_msg("%s: %s", name, pki_err.text);
	}
	return r;
}

static void test_lists(void **state)
{
	(void)state;
	static const struct {
		const char *cert, *files;
		int64_t later;
		enum wg_revocation_state state;
		const char *words;
	} table[] = {
		{ "desk", "", 0, WG_REVOCATION_MISSING, "has not answered yet" },
		{ "desk", "www/sub.crl www/root.crl", 0, WG_REVOCATION_GOOD, "" },
		{ "desk", "www/sub.crl", 0, WG_REVOCATION_MISSING, "Partner root" }, /* of the intermediate nothing is known */
		{ "desk", "www/root.crl", 0, WG_REVOCATION_MISSING, "Partner intermediate" },
		{ "desk", "crl/stale.crl www/root.crl", 0, WG_REVOCATION_STALE, "2021-01-01" },
		{ "desk", "crl/stale.crl www/sub.crl www/root.crl", 0, WG_REVOCATION_GOOD, "" }, /* the fresh one counts */
		{ "desk", "crl/stranger.crl www/root.crl", 0, WG_REVOCATION_MISSING, "Partner intermediate" },
		{ "desk", "crl/stranger.crl www/sub.crl www/root.crl", 0, WG_REVOCATION_GOOD, "" },
		{ "desk", "www/sub.crl www/root.crl", 11 * DAY, WG_REVOCATION_STALE, "ran out" },
		{ "desk", "www/sub.crl www/root.crl", 8 * DAY, WG_REVOCATION_GOOD, "" }, /* though it has expired then */
		{ "revoked", "www/sub.crl www/root.crl", 0, WG_REVOCATION_REVOKED, "was revoked" },
		{ "revoked", "www/sub.crl", 0, WG_REVOCATION_REVOKED, "was revoked" },
		{ "revoked", "crl/stale.crl", 0, WG_REVOCATION_REVOKED, "was revoked" }, /* nobody comes back from that */
		{ "bare", "", 0, WG_REVOCATION_MISSING, "Partner root" },
		{ "bare", "www/root.crl", 0, WG_REVOCATION_NOWHERE, "names nobody to ask" },
		{ "bare", "www/sub.crl www/root.crl", 0, WG_REVOCATION_GOOD, "" },
	};
	struct wg_trust *trust = pki_trust("root.pem", NULL);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_cert *cert = load(table[i].cert);
		struct wg_revocations *r = held(table[i].files);
		struct wg_revocation_verdict v;
		if (wg_revocation_judge(r, trust, cert, wg_clock_wall() + table[i].later, &v, &pki_err) != WG_OK)
			fail_msg("row %zu: %s", i, pki_err.text);
		if (v.state != table[i].state || strstr(v.words, table[i].words) == NULL ||
		    (v.words[0] == '\0') != (v.state == WG_REVOCATION_GOOD))
			fail_msg("row %zu: %s: %s", i, wg_revocation_state_name(v.state), v.words);
		wg_revocations_freep(&r);
		wg_cert_freep(&cert);
	}
	struct wg_cert *cert = load("desk");
	struct wg_trust *other = pki_trust("stranger.pem", NULL);
	struct wg_revocation_verdict v;
	assert_int_equal(wg_revocation_judge(NULL, other, cert, wg_clock_wall(), &v, &pki_err), WG_CRYPTO);
	assert_int_equal(wg_revocation_judge(NULL, trust, cert, wg_clock_wall(), &v, &pki_err), WG_OK);
	assert_int_equal(v.state, WG_REVOCATION_MISSING);
	wg_cert_freep(&cert);
	wg_trust_freep(&other);
	wg_trust_freep(&trust);
}

static void test_sources(void **state)
{
	(void)state;
	struct wg_trust *trust = pki_trust("root.pem", NULL);
	struct wg_revocation_source s[WG_REVOCATION_SOURCES_MAX], again[WG_REVOCATION_SOURCES_MAX];
	unsigned count = 0, other = 0;
	struct wg_cert *cert = load("desk"), *next = load("next"), *bare = load("bare"), *old = load("old");
	assert_int_equal(wg_revocation_sources(trust, cert, s, &count, &pki_err), WG_OK);
	assert_int_equal(count, 3);
	assert_true(s[0].ocsp && !s[1].ocsp && !s[2].ocsp);
	assert_string_equal(s[0].url, "http://127.0.0.1:9/");
	assert_string_equal(s[1].url, "http://127.0.0.1:9/sub.crl");
	assert_string_equal(s[2].url, "http://127.0.0.1:9/root.crl");
	assert_true(s[0].depth == 0 && s[1].depth == 0 && s[2].depth == 1);
	assert_int_equal(wg_revocation_sources(trust, next, again, &other, &pki_err), WG_OK);
	assert_int_equal(other, 3);
	assert_string_not_equal(s[0].file, again[0].file); /* an answer is about one certificate, a list about many */
	assert_string_equal(s[1].file, again[1].file);
	assert_int_equal(wg_revocation_sources(trust, bare, s, &count, &pki_err), WG_OK);
	assert_int_equal(count, 1);
	assert_int_equal(wg_revocation_sources(trust, old, s, &count, &pki_err), WG_OK); /* dates do not matter */
	assert_int_equal(count, 3);
	wg_cert_freep(&cert);
	wg_cert_freep(&next);
	wg_cert_freep(&bare);
	wg_cert_freep(&old);
	wg_trust_freep(&trust);
}

/* openssl answers what stands in request; minutes: how long its answer is good for. */
static void answer(const struct wg_buf *request, const char *signer, const char *minutes, struct wg_buf *out)
{
	char pem[64], key[64];
	(void)snprintf(pem, sizeof pem, "%s.pem", signer);
	(void)snprintf(key, sizeof key, "%s.key", signer);
	pki_write("request.der", request->data, request->len);
	const char *const argv[] = {
		"openssl", "ocsp",         "-index", pki("sub.index"),   "-rsigner", pki(pem),          "-rkey", pki(key),
		"-CA",     pki("sub.pem"), "-reqin", pki("request.der"), "-respout", pki("answer.der"), "-nmin", minutes,
		NULL
	};
	if (pki_run("ocsp.log", argv) != 0)
		fail_msg("openssl ocsp does not run: see ocsp.log");
	put_file(out, "answer.der");
}

/* Who may answer, and what is kept. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *cert, *signer, *words;
		enum wg_revocation_state state;
		const char *beside; /* files that are held too */
	} table[] = {
		{ "desk", "sub", NULL, WG_REVOCATION_GOOD, "" },  /* the issuer itself */
		{ "desk", "ocsp", NULL, WG_REVOCATION_GOOD, "" }, /* delegated, and nobody need ask about it */
		{ "revoked", "ocsp", NULL, WG_REVOCATION_REVOKED, "" },
		{ "desk", "ocsp-listed", "entitles", WG_REVOCATION_GOOD, "www/sub.crl" }, /* believed with a list, not alone */
		{ "desk", "ocsp-no-use", "entitles", WG_REVOCATION_MISSING, "" },
		{ "desk", "stranger", "entitles", WG_REVOCATION_MISSING, "" }, /* the issuer's name, another key */
		{ "desk", "root", "entitles", WG_REVOCATION_MISSING, "" },
	};
	struct wg_trust *trust = pki_trust("root.pem", NULL);
	int64_t now = wg_clock_wall();
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf request = WG_BUF(4096), said = WG_BUF(65536), kept = WG_BUF(65536);
		struct wg_cert *cert = load(table[i].cert);
		struct wg_revocation_source s[WG_REVOCATION_SOURCES_MAX];
		struct wg_revocation_times times;
		struct wg_revocation_verdict v;
		unsigned count = 0;
		assert_int_equal(wg_revocation_sources(trust, cert, s, &count, &pki_err), WG_OK);
		assert_int_equal(wg_revocation_request(trust, cert, &s[0], &request, &pki_err), WG_OK);
		answer(&request, table[i].signer, "60", &said);
		enum wg_code code = wg_revocation_admit(trust, cert, &s[0], request.data, request.len, said.data, said.len, now,
		                                        &kept, &times, &pki_err);
		if (code != (table[i].words == NULL ? WG_OK : WG_CRYPTO) ||
		    (table[i].words != NULL && strstr(pki_err.text, table[i].words) == NULL))
			fail_msg("row %zu: %s: %s", i, wg_code_name(code), pki_err.text);
		char files[128];
		(void)snprintf(files, sizeof files, "www/root.crl %s", table[i].beside);
		struct wg_revocations *r = held(files);
		assert_int_equal(wg_revocations_add(r, said.data, said.len, &pki_err), WG_OK);
		assert_int_equal(wg_revocation_judge(r, trust, cert, now, &v, &pki_err), WG_OK);
		if (v.state != table[i].state)
			fail_msg("row %zu: %s: %s", i, wg_revocation_state_name(v.state), v.words);
		wg_revocations_freep(&r);
		wg_cert_freep(&cert);
	}
	wg_trust_freep(&trust);
}

/* An answer to another question, about another certificate, of the wrong kind, too late, or not whole. */
static void test_not_admitted(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf first = WG_BUF(4096), second = WG_BUF(4096), said = WG_BUF(65536), kept = WG_BUF(65536),
							  list = WG_BUF(65536), stale = WG_BUF(65536), stranger = WG_BUF(65536);
	struct wg_trust *trust = pki_trust("root.pem", NULL);
	struct wg_cert *cert = load("desk"), *next = load("next");
	struct wg_revocation_source s[WG_REVOCATION_SOURCES_MAX], t[WG_REVOCATION_SOURCES_MAX];
	struct wg_revocation_times times;
	unsigned count = 0;
	assert_int_equal(wg_revocation_sources(trust, cert, s, &count, &pki_err), WG_OK);
	assert_int_equal(wg_revocation_sources(trust, next, t, &count, &pki_err), WG_OK);
	assert_int_equal(wg_revocation_request(trust, cert, &s[0], &first, &pki_err), WG_OK);
	assert_int_equal(wg_revocation_request(trust, cert, &s[0], &second, &pki_err), WG_OK);
	answer(&first, "ocsp", "60", &said);
	put_file(&list, "www/sub.crl");
	put_file(&stale, "crl/stale.crl");
	put_file(&stranger, "crl/stranger.crl");
	int64_t now = wg_clock_wall(); /* after all of them were made */
	const struct {
		const struct wg_cert *cert;
		const struct wg_revocation_source *source;
		const struct wg_buf *request, *bytes;
		size_t cut;
		int64_t now;
		enum wg_code code;
		const char *words;
	} table[] = {
		{ cert, &s[0], &first, &said, 0, now, WG_OK, "" },
		{ cert, &s[0], &second, &said, 0, now, WG_CRYPTO, "nonce" },
		{ next, &t[0], &first, &said, 0, now, WG_CRYPTO, "not about this certificate" },
		{ cert, &s[0], &first, &list, 0, now, WG_CRYPTO, "not an OCSP answer" },
		{ cert, &s[1], &first, &said, 0, now, WG_CRYPTO, "not one list" },
		{ cert, &s[0], &first, &said, 0, now + 2 * 3600000, WG_CRYPTO, "time is over" },
		{ cert, &s[0], &first, &said, 1, now, WG_CRYPTO, "no list" },
		{ cert, &s[1], &first, &list, 0, now, WG_OK, "" },
		{ cert, &s[2], &first, &list, 0, now, WG_CRYPTO, "not about this certificate" }, /* of another authority */
		{ cert, &s[1], &first, &list, 1, now, WG_CRYPTO, "no list" },
		{ cert, &s[1], &first, &list, 0, now + 11 * DAY, WG_CRYPTO, "time is over" },
		{ cert, &s[1], &first, &list, 0, now - 2 * DAY, WG_CRYPTO, "" }, /* from the future */
		{ cert, &s[1], &first, &stale, 0, now, WG_CRYPTO, "time is over" },
		{ cert, &s[1], &first, &stranger, 0, now, WG_CRYPTO, "not about this certificate" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		wg_buf_reset(&kept);
		enum wg_code code = wg_revocation_admit(
			trust, table[i].cert, table[i].source, table[i].request->data, table[i].request->len, table[i].bytes->data,
			table[i].bytes->len - table[i].cut, table[i].now, &kept, &times, &pki_err);
		if (code != table[i].code || (code != WG_OK && strstr(pki_err.text, table[i].words) == NULL) ||
		    (code == WG_OK) != (kept.len > 0))
			fail_msg("row %zu: %s: %s", i, wg_code_name(code), pki_err.text);
		if (code == WG_OK)
			assert_true(times.made <= now && times.next > now);
	}
	/* every bit of an answer that is turned: never good */
	for (size_t i = 0; i < said.len; i += 7) {
		struct wg_revocations *r = held("www/root.crl");
		struct wg_revocation_verdict v;
		said.data[i] ^= 0x10;
		if (wg_revocations_add(r, said.data, said.len, NULL) == WG_OK) {
			assert_int_equal(wg_revocation_judge(r, trust, cert, now, &v, &pki_err), WG_OK);
			/* the certificates that travel in it may be bent without harm: ours are used */
			if (v.state == WG_REVOCATION_REVOKED)
				fail_msg("byte %zu: %s", i, v.words);
		}
		said.data[i] ^= 0x10;
		wg_revocations_freep(&r);
	}
	wg_cert_freep(&cert);
	wg_cert_freep(&next);
	wg_trust_freep(&trust);
}

static void test_judge(void **state)
{
	(void)state;
	static const char lists[] = "www/sub.crl www/root.crl", mailbox[] = "safeguarding@partner.example";
	static const struct {
		const char *cert, *files, *address, *domains;
		enum wg_purpose purpose;
		enum wg_revocation_need need;
		enum wg_cert_fault fault;
		bool doubt;
	} table[] = {
		{ "desk", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_FINE, false },
		{ "desk", lists, "Safeguarding@Partner.Example", "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER,
		  WG_CERT_FINE, false },
		{ "other", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_ADDRESS, false },
		{ "nobody", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_FINE, false },
		{ "domain", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_FINE, false },
		{ "domain", lists, "a@elsewhere.example", "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_ADDRESS,
		  false },
		{ "other", lists, NULL, "elsewhere.example partner.example", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER,
		  WG_CERT_FINE, false },
		{ "other", lists, NULL, "elsewhere.example", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_ADDRESS,
		  false },
		{ "other", lists, NULL, "artner.example", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_ADDRESS,
		  false },
		{ "sign", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_USE, false },
		{ "desk", lists, NULL, NULL, WG_PURPOSE_TLS_SERVER, WG_NEED_FRESH_ANSWER, WG_CERT_USE, false },
		{ "old", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_EXPIRED, false },
		{ "future", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_EARLY, false },
		{ "stranger", lists, NULL, NULL, WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_NOTHING, WG_CERT_USE, false },
		{ "revoked", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_ANSWER_IF_ANY, WG_CERT_REVOKED, false },
		{ "revoked", lists, mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_NOTHING, WG_CERT_FINE, false },
		{ "desk", "", mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER, WG_CERT_UNKNOWN, false },
		{ "desk", "", mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_ANSWER_IF_ANY, WG_CERT_FINE, true },
		{ "desk", "", mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_NOTHING, WG_CERT_FINE, false },
		{ "desk", "crl/stale.crl www/root.crl", mailbox, "", WG_PURPOSE_SMIME_ENCRYPT, WG_NEED_FRESH_ANSWER,
		  WG_CERT_UNKNOWN, false },
		{ "desk", "crl/stale.crl www/root.crl", mailbox, "", WG_PURPOSE_SMIME_SIGN, WG_NEED_ANSWER_IF_ANY, WG_CERT_FINE,
		  true },
	};
	struct wg_trust *trust = pki_trust("root.pem", NULL);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_cert *cert = load(table[i].cert);
		struct wg_revocations *r = held(table[i].files);
		const struct wg_judge judge = { .trust = trust,
			                            .revocations = r,
			                            .need = table[i].need,
			                            .now = wg_clock_wall(),
			                            .purpose = table[i].purpose,
			                            .address = table[i].address,
			                            .domains = table[i].domains };
		struct wg_cert_judgement j;
		wg_cert_judge(&judge, cert, &j);
		if (j.fault != table[i].fault || j.doubt != table[i].doubt ||
		    (j.words[0] == '\0') != (j.fault == WG_CERT_FINE && !j.doubt))
			fail_msg("row %zu: \"%s\" %d: %s", i, wg_cert_fault_name(j.fault), j.doubt, j.words);
		wg_revocations_freep(&r);
		wg_cert_freep(&cert);
	}
	/* whose chain leads elsewhere: the words say to whom */
	struct wg_trust *other = pki_trust("stranger.pem", NULL);
	struct wg_cert *cert = load("desk");
	const struct wg_judge judge = { .trust = other, .now = wg_clock_wall(), .purpose = WG_PURPOSE_SMIME_ENCRYPT };
	struct wg_cert_judgement j;
	wg_cert_judge(&judge, cert, &j);
	assert_int_equal(j.fault, WG_CERT_CHAIN);
	assert_non_null(strstr(j.words, "Partner root"));
	assert_non_null(strstr(j.words, "not among the anchors"));
	wg_cert_freep(&cert);
	wg_trust_freep(&other);
	wg_trust_freep(&trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),        cmocka_unit_test(test_sources), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_not_admitted), cmocka_unit_test(test_judge),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
