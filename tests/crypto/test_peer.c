/* The other side of a TLS connection, judged within the handshake by what lies in files: real handshakes, and lists and
 * certificates that openssl made. */
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki.h"

#include "base/mem.h"
#include "crypto/peer.h"
#include "crypto/tls.h"

#define PARTNER WG_SOURCE_DIR "/tests/crypto/partner-pki"

static char held[PATH_MAX]; /* pki() has room for a few at a time */

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(pki_dir) == NULL)
		return -1;
	const char *const argv[] = { PARTNER, pki_dir, "9", "9", NULL };
	(void)snprintf(held, sizeof held, "%s/held", pki_dir);
	return pki_run("partner.log", argv) != 0 ? -1 : mkdir(held, 0700);
}

static void openssl(const char *const *argv)
{
	if (pki_run("openssl.log", argv) != 0)
		fail_msg("openssl %s: see openssl.log", argv[1]);
}

/* Puts a list where what was fetched lies, under the name that the certificate's list has there; NULL takes it away. */
static void hold(const char *list, unsigned depth)
{
	static char bytes[65536];
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = NULL;
	struct wg_revocation_source sources[WG_REVOCATION_SOURCES_MAX];
	char name[128];
	unsigned count = 0, found = 0;
	assert_int_equal(wg_cert_load(pki("server.pem"), &cert, &pki_err), WG_OK);
	assert_int_equal(wg_trust_load(pki("root.pem"), NULL, &trust, &pki_err), WG_OK);
	assert_int_equal(wg_revocation_sources(trust, cert, sources, &count, &pki_err), WG_OK);
	for (unsigned i = 0; i < count; i++) {
		if (sources[i].ocsp || sources[i].depth != depth)
			continue;
		found++;
		(void)snprintf(name, sizeof name, "held/%s", sources[i].file);
		if (list == NULL)
			(void)unlink(pki(name));
		else {
			/* renamed into place, as the monitor role does */
			pki_write("held/part", bytes, pki_read(list, bytes, sizeof bytes));
			assert_int_equal(rename(pki("held/part"), pki(name)), 0);
		}
	}
	assert_int_equal(found, 1);
}

/* ---- one handshake */

struct told {
	unsigned calls;
	bool doubt;
	enum wg_cert_fault fault;
	char words[400];
	size_t certificates;
};

static void tell(void *arg, const struct wg_peer_look *look)
{
	struct told *t = arg;
	t->calls++;
	t->doubt = look->doubt;
	t->fault = look->fault;
	t->certificates = 0;
	(void)snprintf(t->words, sizeof t->words, "%s", look->words);
	assert_int_equal(strlen(look->fingerprint), 64);
	for (const char *p = look->pem; (p = strstr(p, "-----BEGIN CERT")) != NULL; p++)
		t->certificates++;
}

static bool admit(void *arg, const struct wg_cert_facts *client)
{
	(void)arg;
	return strcmp(client->dns[0], "partner.example") == 0;
}

/* True when both sides are through; why not, as the side with peer says it, otherwise. */
static bool shake(const char *server, struct wg_peer *of_server, struct wg_peer *of_client, char *words, size_t size)
{
	char pem[64], key[64];
	(void)snprintf(pem, sizeof pem, "%s.pem", server);
	(void)snprintf(key, sizeof key, "%s.key", server);
	const struct wg_tls theirs = { .certificate = pki(pem), .key = pki(key), .ca = pki("root.pem"), .peer = of_client };
	const struct wg_tls ours = {
		.certificate = pki("machine.pem"), .key = pki("machine.key"), .ca = pki("root.pem"), .peer = of_server
	};
	WG_CLEANUP(wg_tls_freep) SSL_CTX *server_ctx = NULL, *client_ctx = NULL;
	if (wg_tls_server(&theirs, admit, NULL, &server_ctx, &pki_err) != WG_OK ||
	    wg_tls_client(&ours, &client_ctx, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	SSL *a = SSL_new(client_ctx), *b = SSL_new(server_ctx);
	BIO *one = NULL, *two = NULL;
	assert_true(a != NULL && b != NULL && BIO_new_bio_pair(&one, 0, &two, 0) == 1);
	SSL_set_bio(a, one, one);
	SSL_set_bio(b, two, two);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	assert_int_equal(wg_tls_expect(a, "localhost", &pki_err), WG_OK);
	int met_a = 0, met_b = 0;
	for (int i = 0; i < 20 && (met_a != 1 || met_b != 1); i++) {
		met_a = SSL_do_handshake(a);
		met_b = SSL_do_handshake(b);
	}
	struct wg_err err = { 0 };
	(void)wg_tls_failed(of_server != NULL ? a : b, &err); /* the words are what matters */
	(void)snprintf(words, size, "%s", err.text);
	SSL_free(a);
	SSL_free(b);
	return met_a == 1 && met_b == 1;
}

static void expect(bool through, const char *server, struct wg_peer *peer, const char *part)
{
	char words[WG_ERR_TEXT_MAX];
	if (shake(server, peer, NULL, words, sizeof words) != through)
		fail_msg("%s: %s", server, words);
	if (!through && (strstr(words, part) == NULL || strstr(peer->words, part) == NULL))
		fail_msg("%s: \"%s\" is not in: %s", server, part, words);
	if (through)
		assert_string_equal(peer->words, "");
}

static void test_servers(void **state)
{
	(void)state;
	struct told t = { 0 };
	struct wg_peer peer = { .held = held, .told = tell, .arg = &t };
	assert_false(wg_peer_news(NULL) || wg_peer_news(&peer));
	/* nothing is held */
	expect(true, "server", &peer, "");
	assert_true(t.calls == 1 && t.doubt && t.fault == WG_CERT_FINE && t.certificates == 2);
	assert_non_null(strstr(t.words, "has not answered yet"));
	peer.need = WG_NEED_FRESH_ANSWER;
	expect(false, "server", &peer, "revocation is required (wardgate cert fetch asks now");
	assert_true(t.calls == 2 && !t.doubt && t.fault == WG_CERT_UNKNOWN);
	peer.need = WG_NEED_NOTHING;
	expect(true, "server", &peer, "");
	assert_int_equal(t.calls, 2); /* nobody asks */
	/* the authority's lists are there */
	peer.need = WG_NEED_FRESH_ANSWER;
	assert_false(wg_peer_news(&peer));
	hold("www/root.crl", 1);
	hold("www/hosts.crl", 0);
	assert_true(wg_peer_news(&peer));
	expect(true, "server", &peer, "");
	assert_true(t.calls == 3 && !t.doubt && t.fault == WG_CERT_FINE && t.words[0] == '\0');
	assert_false(wg_peer_news(&peer));
	expect(true, "server", &peer, "");
	assert_int_equal(t.calls, 3); /* it was good a moment ago */
	/* one that names nobody to ask */
	expect(false, "silent", &peer, "names nobody to ask");
	peer.need = WG_NEED_ANSWER_IF_ANY;
	expect(true, "silent", &peer, "");
	assert_true(t.calls == 5 && t.doubt);
	expect(true, "silent", &peer, "");
	assert_int_equal(t.calls, 5);
}

static void test_revoked(void **state)
{
	(void)state;
	struct told t = { 0 };
	struct wg_peer peer = { .held = held, .told = tell, .arg = &t };
	char words[WG_ERR_TEXT_MAX];
	expect(true, "server", &peer, "");
	assert_int_equal(chdir(pki_dir), 0);
	openssl((const char *const[]){ "openssl", "ca", "-config", "hosts.conf", "-revoke", "server.pem", NULL });
	openssl((const char *const[]){ "openssl", "ca", "-config", "hosts.conf", "-revoke", "machine.pem", NULL });
	openssl((const char *const[]){ "openssl", "ca", "-config", "hosts.conf", "-gencrl", "-out", "list.pem", NULL });
	expect(true, "server", &peer, ""); /* nobody has fetched it yet */
	hold("list.pem", 0);               /* PEM is taken too */
	expect(false, "server", &peer, "the server has to replace its certificate");
	assert_true(t.fault == WG_CERT_REVOKED && !t.doubt);
	assert_non_null(strstr(t.words, "CN=Partner server"));
	assert_non_null(strstr(t.words, "was revoked by \"CN=Partner machines"));
	assert_non_null(strstr(t.words, "since 20"));
	/* by a list that a person put somewhere, with nothing fetched */
	char list[PATH_MAX], root[PATH_MAX];
	(void)snprintf(list, sizeof list, "%s/list.pem", pki_dir);
	(void)snprintf(root, sizeof root, "%s/www/root.crl", pki_dir);
	const char *const lists[] = { list, root, "/nowhere.pem", NULL };
	struct wg_peer listed = { .lists = lists };
	expect(false, "server", &listed, "was revoked");
	expect(true, "spare", &listed, "");
	/* the other way round: a client comes in */
	t.calls = 0;
	assert_false(shake("spare", NULL, &peer, words, sizeof words));
	assert_true(t.calls == 1 && t.fault == WG_CERT_REVOKED);
	assert_non_null(strstr(words, "the client has to replace its certificate"));
	assert_non_null(strstr(words, "CN=Partner machine"));
}

static void test_stale(void **state)
{
	(void)state;
	struct told t = { 0 };
	struct wg_peer peer = { .held = held, .told = tell, .arg = &t };
	openssl((const char *const[]){ "openssl", "ca", "-config", "hosts.conf", "-gencrl", "-out", "list.pem",
	                               "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20260102000000Z", NULL });
	hold("list.pem", 0);
	expect(true, "spare", &peer, "");
	assert_true(t.doubt);
	assert_non_null(strstr(t.words, "the last answer ran out at 2026-01-02"));
	peer.need = WG_NEED_FRESH_ANSWER;
	expect(false, "spare", &peer, "the last answer ran out");
	/* damaged: it has said nothing */
	hold("partner.log", 0);
	expect(false, "spare", &peer, "has not answered yet");
	/* of another authority: it is not about this one */
	hold("crl/stranger.crl", 0);
	expect(false, "spare", &peer, "has not answered yet");
	hold(NULL, 0);
	expect(false, "spare", &peer, "has not answered yet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_stale),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
