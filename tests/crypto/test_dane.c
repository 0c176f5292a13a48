/* DANE, over a pipe in memory: which certificate gets past which records. The context trusts the example authority all
 * the while, so that a match by PKIX would show. */
#include "crypto/dane.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "crypto/tls.h"
#include "pki.h"

static X509 *load(const char *name)
{
	BIO *bio = BIO_new_file(pki(name), "r");
	assert_non_null(bio);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(cert);
	return cert;
}

/* The record that "openssl" would print for the certificate in the file name. */
static struct wg_tlsa record(int usage, int selector, int matching, const char *name)
{
	struct wg_tlsa r = { .usage = (uint8_t)usage, .selector = (uint8_t)selector, .matching = (uint8_t)matching };
	X509 *cert = load(name);
	uint8_t *der = NULL;
	int len = selector == 0 ? i2d_X509(cert, &der) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	assert_true(len > 0 && (size_t)len <= sizeof r.data);
	unsigned digest = 0;
	if (matching == 0)
		memcpy(r.data, der, r.len = (size_t)len);
	else
		assert_int_equal(
			EVP_Digest(der, (size_t)len, r.data, &digest, matching == 2 ? EVP_sha512() : EVP_sha256(), NULL), 1);
	if (matching != 0)
		r.len = digest;
	OPENSSL_free(der);
	X509_free(cert);
	return r;
}

static SSL_CTX *serve(const char *name, bool with_ca)
{
	char file[64];
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	assert_non_null(ctx);
	(void)snprintf(file, sizeof file, "%s.pem", name);
	assert_int_equal(SSL_CTX_use_certificate_file(ctx, pki(file), SSL_FILETYPE_PEM), 1);
	(void)snprintf(file, sizeof file, "%s.key", name);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, pki(file), SSL_FILETYPE_PEM), 1);
	if (with_ca)
		assert_int_equal(SSL_CTX_add_extra_chain_cert(ctx, load("ca.pem")), 1);
	return ctx;
}

static void pass(BIO *from, BIO *to)
{
	char bytes[4096];
	int n;
	while ((n = BIO_read(from, bytes, sizeof bytes)) > 0)
		assert_int_equal(BIO_write(to, bytes, n), n);
}

/* Both ends in turn, until both are done or one has failed. */
static bool shake(SSL *client, SSL *server)
{
	BIO *ends[4];
	for (size_t i = 0; i < WG_COUNT(ends); i++)
		assert_non_null(ends[i] = BIO_new(BIO_s_mem()));
	SSL_set_bio(client, ends[0], ends[1]);
	SSL_set_bio(server, ends[2], ends[3]);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int turn = 0; turn < 10; turn++) {
		int c = SSL_do_handshake(client);
		if (c != 1 && SSL_get_error(client, c) != SSL_ERROR_WANT_READ)
			return false;
		pass(ends[1], ends[2]);
		int s = SSL_do_handshake(server);
		if (s != 1 && SSL_get_error(server, s) != SSL_ERROR_WANT_READ)
			return false;
		pass(ends[3], ends[0]);
		if (c == 1 && s == 1)
			return true;
	}
	return false;
}

struct of {
	int usage, selector, matching;
	const char *certificate;
};

struct line {
	const char *words, *server;
	bool with_ca;
	struct of records[3];
	const char *names[3];
	bool right;
};

#define MAIL "mail.example"
static const struct line lines[] = {
	{ "3 1 1", "mail/server", 0, { { 3, 1, 1, "mail/server.pem" } }, { MAIL }, true },
	{ "3 0 1", "mail/server", 0, { { 3, 0, 1, "mail/server.pem" } }, { MAIL }, true },
	{ "3 1 2", "mail/server", 0, { { 3, 1, 2, "mail/server.pem" } }, { MAIL }, true },
	{ "3 0 2", "mail/server", 0, { { 3, 0, 2, "mail/server.pem" } }, { MAIL }, true },
	{ "3 0 0", "mail/server", 0, { { 3, 0, 0, "mail/server.pem" } }, { MAIL }, true },
	{ "3 1 0", "mail/server", 0, { { 3, 1, 0, "mail/server.pem" } }, { MAIL }, true },
	{ "3 of an authority nobody knows",
	  "hostile/unknown-ca-server",
	  0,
	  { { 3, 1, 1, "hostile/unknown-ca-server.pem" } },
	  { MAIL },
	  true },
	{ "3 with another name",
	  "hostile/wrong-name-server",
	  0,
	  { { 3, 1, 1, "hostile/wrong-name-server.pem" } },
	  { MAIL },
	  true },
	{ "3 that ran out", "hostile/expired-server", 0, { { 3, 1, 1, "hostile/expired-server.pem" } }, { MAIL }, true },
	{ "3 of another key, PKIX being right",
	  "mail/server",
	  1,
	  { { 3, 1, 1, "derbyshire/server.pem" } },
	  { MAIL },
	  false },
	{ "3 of the authority's key", "mail/server", 1, { { 3, 1, 1, "ca.pem" } }, { MAIL }, false },
	{ "3 old and new key",
	  "mail/server",
	  0,
	  { { 3, 1, 1, "derbyshire/server.pem" }, { 3, 1, 1, "mail/server.pem" } },
	  { MAIL },
	  true },
	{ "2 0 1", "mail/server", 1, { { 2, 0, 1, "ca.pem" } }, { MAIL }, true },
	{ "2 1 1", "mail/server", 1, { { 2, 1, 1, "ca.pem" } }, { MAIL }, true },
	{ "2 0 1, the authority not sent", "mail/server", 0, { { 2, 0, 1, "ca.pem" } }, { MAIL }, false },
	{ "2 0 0, the authority not sent", "mail/server", 0, { { 2, 0, 0, "ca.pem" } }, { MAIL }, true },
	{ "2 with another name", "mail/server", 1, { { 2, 0, 1, "ca.pem" } }, { "other.example" }, false },
	{ "2 with the domain's name", "mail/server", 1, { { 2, 0, 1, "ca.pem" } }, { "other.example", MAIL }, true },
	{ "2 with the third name", "mail/server", 1, { { 2, 0, 1, "ca.pem" } }, { "a.example", "b.example", MAIL }, true },
	{ "2 that ran out", "hostile/expired-server", 1, { { 2, 0, 1, "ca.pem" } }, { "localhost" }, false },
	{ "2 of another authority, PKIX being right",
	  "mail/server",
	  1,
	  { { 2, 0, 1, "hostile/ca.pem" } },
	  { MAIL },
	  false },
	{ "2 of the leaf", "mail/server", 1, { { 2, 1, 1, "mail/server.pem" } }, { "other.example" }, false },
	{ "2 wrong, 3 right",
	  "mail/server",
	  1,
	  { { 2, 0, 1, "hostile/ca.pem" }, { 3, 1, 1, "mail/server.pem" } },
	  { "other.example" },
	  true },
	{ "1 beside a 3 that is wrong",
	  "mail/server",
	  1,
	  { { 1, 1, 1, "mail/server.pem" }, { 3, 1, 1, "derbyshire/server.pem" } },
	  { MAIL },
	  false },
	{ "0 beside a 2 that is wrong",
	  "mail/server",
	  1,
	  { { 0, 0, 1, "ca.pem" }, { 2, 0, 1, "hostile/ca.pem" } },
	  { MAIL },
	  false },
};

static bool run(const struct line *line, SSL_CTX *client_ctx, char words[128])
{
	struct wg_tlsa *records = calloc(3, sizeof *records);
	unsigned count = 0, names = 0;
	assert_non_null(records);
	for (; count < 3 && line->records[count].certificate != NULL; count++) {
		const struct of *of = &line->records[count];
		records[count] = record(of->usage, of->selector, of->matching, of->certificate);
	}
	while (names < 3 && line->names[names] != NULL)
		names++;
	SSL_CTX *server_ctx = serve(line->server, line->with_ca);
	SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
	assert_int_equal(wg_tls_dane(client, line->names, names, records, count, &pki_err), WG_OK);
	bool shaken = shake(client, server);
	enum wg_code proven = wg_tls_dane_proven(client, words, 128, &pki_err);
	assert_int_equal(proven, shaken ? WG_OK : WG_CRYPTO);
	if (shaken)
		assert_string_equal(SSL_get_servername(server, TLSEXT_NAMETYPE_host_name), line->names[0]);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(server_ctx);
	free(records);
	return shaken;
}

static void test_table(void **state)
{
	(void)state;
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = NULL;
	/* with a list of revoked certificates that ran out: by PKIX nobody would pass, under DANE it has no say */
	const struct wg_tls tls = { .ca = pki("ca.pem"), .crl = pki("hostile/crl-stale.pem") };
	assert_int_equal(wg_tls_client(&tls, &ctx, &pki_err), WG_OK);
	for (size_t i = 0; i < WG_COUNT(lines); i++) {
		char words[128] = "";
		bool right = run(&lines[i], ctx, words);
		print_message("%-45s %s %s\n", lines[i].words, right ? "proven:" : "refused", words);
		assert_int_equal(right, lines[i].right);
	}
}

/* The same server, by name and authority: what the refusals above are measured against. Its proof by DANE is none. */
static void test_pkix_control(void **state)
{
	(void)state;
	char words[128];
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = NULL;
	const struct wg_tls tls = { .ca = pki("ca.pem") };
	assert_int_equal(wg_tls_client(&tls, &ctx, &pki_err), WG_OK);
	SSL_CTX *server_ctx = serve("mail/server", true);
	SSL *client = SSL_new(ctx), *server = SSL_new(server_ctx);
	assert_int_equal(wg_tls_expect(client, MAIL, &pki_err), WG_OK);
	assert_true(shake(client, server));
	assert_int_equal(wg_tls_dane_proven(client, words, sizeof words, &pki_err), WG_CRYPTO);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(server_ctx);
}

static void test_usable(void **state)
{
	(void)state;
	static const struct {
		uint8_t usage, selector, matching;
		size_t len;
		bool usable;
	} table[] = {
		{ 3, 1, 1, 32, true },  { 2, 0, 1, 32, true },    { 3, 1, 2, 64, true },
		{ 2, 1, 2, 64, true },  { 0, 1, 1, 32, false },   { 1, 1, 1, 32, false },
		{ 4, 1, 1, 32, false }, { 255, 1, 1, 32, false }, { 3, 2, 1, 32, false },
		{ 3, 1, 3, 32, false }, { 3, 1, 1, 31, false },   { 3, 1, 1, 33, false },
		{ 3, 1, 1, 0, false },  { 3, 1, 2, 32, false },   { 3, 1, 0, 0, false },
		{ 3, 1, 0, 32, false }, { 2, 0, 0, 64, false },   { 3, 0, 0, WG_TLSA_DATA, false },
	};
	SSL *ssl;
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = NULL;
	const struct wg_tls tls = { .ca = pki("ca.pem") };
	const char *const names[] = { MAIL };
	assert_int_equal(wg_tls_client(&tls, &ctx, &pki_err), WG_OK);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_tlsa r = { .usage = table[i].usage, .selector = table[i].selector, .matching = table[i].matching };
		r.len = table[i].len;
		assert_int_equal(wg_tlsa_usable(&r), table[i].usable);
		assert_non_null(ssl = SSL_new(ctx));
		assert_int_equal(wg_tls_dane(ssl, names, 1, &r, 1, &pki_err), table[i].usable ? WG_OK : WG_NOT_FOUND);
		SSL_free(ssl);
	}
	/* one byte behind a whole certificate makes it none */
	struct wg_tlsa whole = record(2, 0, 0, "ca.pem");
	assert_true(wg_tlsa_usable(&whole));
	whole.len++;
	assert_false(wg_tlsa_usable(&whole));
	whole = record(2, 0, 0, "ca.pem");
	whole.selector = 1;
	assert_false(wg_tlsa_usable(&whole));
	/* names that are none */
	const char *const bad[] = { "no name" };
	whole = record(3, 1, 1, "ca.pem");
	assert_non_null(ssl = SSL_new(ctx));
	assert_int_equal(wg_tls_dane(ssl, bad, 1, &whole, 1, &pki_err), WG_CONFIG);
	assert_int_equal(wg_tls_dane(ssl, names, 0, &whole, 1, &pki_err), WG_CONFIG);
	SSL_free(ssl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_pkix_control),
		cmocka_unit_test(test_usable),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
