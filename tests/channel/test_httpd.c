/* The server inward: who gets in, what is a request, what a deadline ends. Real TLS, real sockets, the server in its
 * own process. */
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <time.h>

#include "../crypto/pki.h"
#include "base/mem.h"
#include "https_peer.h"

#define ANSWER_SIZE 65536
#define HOST "Host: localhost\r\n"

static const struct raw derbyshire = { .identity = "derbyshire/client" };
static const char good[] = "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody";
static char answer[ANSWER_SIZE];

static void test_who_gets_in(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct raw raw;
		int status;
	} table[] = {
		{ "a known agency", { .identity = "derbyshire/client" }, 202 },
		{ "another one", { .identity = "staffordshire-police/client" }, 202 },
		{ "TLS 1.2", { .identity = "derbyshire/client", .max_version = TLS1_2_VERSION }, 202 },
		{ "no certificate", { .identity = NULL }, 0 },
		{ "no certificate, TLS 1.2", { .identity = NULL, .max_version = TLS1_2_VERSION }, 0 },
		{ "unknown authority", { .identity = "hostile/unknown-ca-client" }, 0 },
		{ "unknown agency", { .identity = "hostile/unknown-agency-client" }, 0 },
		{ "unknown agency, TLS 1.2",
		  { .identity = "hostile/unknown-agency-client", .max_version = TLS1_2_VERSION },
		  0 },
		{ "not made for clients", { .identity = "hostile/no-eku-client" }, 0 },
		{ "a mail certificate", { .identity = "derbyshire/smime" }, 0 },
		{ "expired", { .identity = "hostile/expired-client" }, 0 },
		{ "revoked", { .identity = "hostile/revoked-client" }, 0 },
		{ "TLS 1.1", { .identity = "derbyshire/client", .max_version = TLS1_1_VERSION }, 0 },
	};
	struct peer peer = peer_httpd(&peer_spec);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		int before = *peer_reached;
		int status = raw_exchange(&table[i].raw, peer.port, good, sizeof good - 1, answer, sizeof answer);
		if (status != table[i].status || *peer_reached != before + (status == 202))
			fail_msg("%s: status %d, reached %d", table[i].name, status, *peer_reached - before);
	}
	peer_stop(&peer);
}

/* The certificate's name decides, not its CN, which claims to be somebody else. */
static void test_client_facts(void **state)
{
	(void)state;
	static const char get[] = "GET /who HTTP/1.1\r\n" HOST "\r\n";
	struct peer peer = peer_httpd(&peer_spec);
	assert_int_equal(raw_exchange(&derbyshire, peer.port, get, sizeof get - 1, answer, sizeof answer), 200);
	assert_non_null(strstr(answer, "\r\n\r\nderbyshire.example"));
	peer_stop(&peer);
}

#define CHUNKED "POST /v1/notices HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

struct shape {
	const char *name, *bytes;
	int status;
	bool reached;
};

static const struct shape shapes[] = {
	{ "plain", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 202, true },
	{ "chunked", "POST /v1/notices HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 202,
	  true },
	{ "escaped path", "POST /v1%2fnotices HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 202, true },
	{ "answered later", "POST /later HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 202, true },
	{ "no such path", "GET /nothing?x=1 HTTP/1.1\r\n" HOST "\r\n", 404, true },
	{ "length and coding",
	  "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
	  false },
	{ "two lengths", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody!", 400,
	  false },
	{ "the same length twice",
	  "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", 400, false },
	{ "signed length", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\nbody", 400, false },
	{ "negative length", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: -4\r\n\r\nbody", 400, false },
	{ "length is a list", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\nbody", 400, false },
	{ "unknown coding", "POST /v1/notices HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 400, false },
	{ "two chunks, extensions, trailers",
	  CHUNKED "2;a=\"b\"\r\nbo\r\n02 ;c\r\ndy\r\n000\r\nContent-Length: 9\r\nX: y\r\n\r\n", 202, true },
	{ "no chunk but the last", CHUNKED "0\r\n\r\n", 202, true },
	{ "bad chunk", CHUNKED "zz\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a signed chunk", CHUNKED "+4\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a chunk in C", CHUNKED "0x4\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a chunk without size", CHUNKED "\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a blank before the size", CHUNKED " 4\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a size that ends in LF", CHUNKED "4\nbody\r\n0\r\n\r\n", 400, false },
	{ "a size that ends in CR", CHUNKED "4\rbody\r\n0\r\n\r\n", 400, false },
	{ "LF in an extension", CHUNKED "4;a\nb\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a chunk that is longer than it says", CHUNKED "3\r\nbody\r\n0\r\n\r\n", 400, false },
	{ "a chunk that ends in LF", CHUNKED "4\r\nbody\n0\r\n\r\n", 400, false },
	{ "a trailer that ends in LF", CHUNKED "4\r\nbody\r\n0\r\nX: y\n\r\n", 400, false },
	{ "an end that ends in LF", CHUNKED "4\r\nbody\r\n0\r\n\n", 400, false },
	{ "a bad chunk behind a good one", CHUNKED "4\r\nbody\r\nq\r\n\r\n", 400, false },
	{ "a chunk that is too large", CHUNKED "10001\r\n", 413, false },
	{ "chunks that are too large together", CHUNKED "4\r\nbody\r\nfffd\r\n", 413, false },
	{ "a chunk beyond all numbers", CHUNKED "ffffffffffffffffffffffff\r\nbody\r\n0\r\n\r\n", 413, false },
	{ "no length", "POST /v1/notices HTTP/1.1\r\n" HOST "\r\n", 411, false },
	{ "GET with a body", "GET /who HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 400, false },
	{ "folded line", "GET /who HTTP/1.1\r\n" HOST "X-A: b\r\n c\r\n\r\n", 400, false },
	{ "blank before colon", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\nbody", 400, false },
	{ "bare LF", "GET /who HTTP/1.1\n" HOST "\r\n", 400, false },
	{ "only LF", "GET /who HTTP/1.1\nHost: localhost\n\n", 400, false },
	{ "bare CR", "GET /who HTTP/1.1\r\n" HOST "X-A: b\rc\r\n\r\n", 400, false },
	{ "control character",
	  "GET /who HTTP/1.1\r\n" HOST "X-A: b\x01"
	  "c\r\n\r\n",
	  400, false },
	{ "no colon", "GET /who HTTP/1.1\r\n" HOST "nonsense\r\n\r\n", 400, false },
	{ "no host", "GET /who HTTP/1.1\r\nX-A: b\r\n\r\n", 400, false },
	{ "two hosts", "GET /who HTTP/1.1\r\n" HOST HOST "\r\n", 400, false },
	{ "two keys",
	  "POST /v1/notices HTTP/1.1\r\n" HOST "Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 4\r\n\r\nbody",
	  400, false },
	{ "NUL in path", "GET /who%00 HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "line end in path", "GET /who%0d%0aX HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "path is not UTF-8", "GET /who%ff HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "path with a host", "GET //elsewhere.example/who HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "absolute path", "GET https://elsewhere.example/who HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "relative path", "GET who HTTP/1.1\r\n" HOST "\r\n", 400, false },
	{ "other method", "DELETE /v1/notices HTTP/1.1\r\n" HOST "\r\n", 501, false },
	{ "no method at all", "\x16\x03\x01\x02\x03 x y\r\n\r\n", 400, false },
	{ "HTTP/9", "GET /who HTTP/9.9\r\n" HOST "\r\n", 400, false },
	{ "another expectation", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: tea\r\n\r\nbody", 417,
	  false },
	{ "more than is taken", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 413, false },
	{ "a length beyond numbers", "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n",
	  400, false },
};

static void test_shapes(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	for (size_t i = 0; i < WG_COUNT(shapes); i++) {
		int before = *peer_reached;
		int status =
			raw_exchange(&derbyshire, peer.port, shapes[i].bytes, strlen(shapes[i].bytes), answer, sizeof answer);
		if (status != shapes[i].status || *peer_reached != before + shapes[i].reached)
			fail_msg("%s: status %d, reached %d", shapes[i].name, status, *peer_reached - before);
		if (strcasestr(answer, "Content-Length: ") == NULL)
			fail_msg("%s: no Content-Length: %s", shapes[i].name, answer);
		/* one shape for all refusals */
		if (status >= 400 && strstr(answer, "application/problem+json") == NULL)
			fail_msg("%s: no problem: %s", shapes[i].name, answer);
	}
	peer_stop(&peer);
}

/* The same, one byte per TLS record: the answers may not depend on how the bytes arrive. */
static void test_shapes_bytewise(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	for (size_t i = 0; i < WG_COUNT(shapes); i++) {
		SSL *ssl = raw_connect(&derbyshire, peer.port);
		assert_non_null(ssl);
		for (const char *p = shapes[i].bytes; *p != '\0' && SSL_write(ssl, p, 1) == 1; p++)
			;
		int status = raw_answer(ssl, answer, sizeof answer);
		raw_close(ssl);
		if (status != shapes[i].status)
			fail_msg("%s: status %d", shapes[i].name, status);
	}
	peer_stop(&peer);
}

static void test_large(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	static char big[200000];
	memset(big, 'x', sizeof big);
	int n = snprintf(big, sizeof big, "GET /who HTTP/1.1\r\n" HOST "X-A: ");
	big[n] = 'x';
	memcpy(big + 20000, "\r\n\r\n", 4);
	int status = raw_exchange(&derbyshire, peer.port, big, 20004, answer, sizeof answer);
	assert_true(status == 400 || status == 413 || status == 431);
	n = snprintf(big, sizeof big, "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	big[n] = 'x';
	assert_int_equal(raw_exchange(&derbyshire, peer.port, big, (size_t)n + 100000, answer, sizeof answer), 413);
	n = snprintf(big, sizeof big, "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n");
	big[n] = 'x';
	assert_int_equal(*peer_reached, 0);
	assert_int_equal(raw_exchange(&derbyshire, peer.port, big, (size_t)n + 65536, answer, sizeof answer), 202);
	assert_non_null(strstr(answer, "r-POST-65536"));
	peer_stop(&peer);
}

static const char *always_busy(void *arg)
{
	(void)arg; /* nothing to carry */
	return "The disk is full. Nothing was accepted.";
}

/* What cannot be taken is refused before its body: to a client that keeps it back, and to one that sends it all the
 * same, whose connection goes on. */
static void test_refused_before_body(void **state)
{
	(void)state;
	struct wg_httpd_spec spec = peer_spec;
	spec.busy = always_busy;
	struct peer peer = peer_httpd(&spec);
	static const char asks[] =
		"POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n";
	assert_int_equal(raw_exchange(&derbyshire, peer.port, asks, sizeof asks - 1, answer, sizeof answer), 503);
	assert_non_null(strstr(answer, "The disk is full"));
	assert_non_null(strcasestr(answer, "Retry-After: 5"));
	assert_non_null(strcasestr(answer, "Connection: close"));
	static char big[60200];
	int n = snprintf(big, sizeof big, "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n");
	memset(big + n, 'x', 60000);
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(SSL_write(ssl, big, n + 60000), n + 60000);
		assert_int_equal(raw_answer(ssl, answer, sizeof answer), 503);
	}
	static const char get[] = "GET /who HTTP/1.1\r\n" HOST "\r\n";
	assert_int_equal(*peer_reached, 0);
	assert_int_equal(SSL_write(ssl, get, sizeof get - 1), sizeof get - 1);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 200);
	raw_close(ssl);
	peer_stop(&peer);
}

/* What all connections hold together has a limit: a document that no longer fits is refused before its body, one whose
 * length was not said as soon as it does not, and when others were answered there is room again. */
static void test_no_room(void **state)
{
	(void)state;
	struct wg_httpd_spec spec = peer_spec;
	spec.max_held = 60000;
	struct peer peer = peer_httpd(&spec);
	static const char half[] =
		"POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 40000\r\nExpect: 100-continue\r\n\r\n",
					  asks[] =
						  "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 30000\r\nExpect: 100-continue\r\n\r\n";
	static char rest[40000], chunk[4096 + 8];
	memset(rest, 'x', sizeof rest);
	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, 'x', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	SSL *slow = raw_connect(&derbyshire, peer.port), *other = raw_connect(&derbyshire, peer.port);
	assert_non_null(slow);
	assert_non_null(other);
	assert_int_equal(SSL_write(slow, half, sizeof half - 1), sizeof half - 1);
	assert_int_equal(raw_answer(slow, answer, 26), 100); /* as long as the interim answer: it counts now */
	assert_int_equal(raw_exchange(&derbyshire, peer.port, asks, sizeof asks - 1, answer, sizeof answer), 503);
	assert_non_null(strcasestr(answer, "Retry-After: 5"));
	assert_non_null(strstr(answer, "as much in hand as it can hold"));
	assert_int_equal(raw_exchange(&derbyshire, peer.port, good, sizeof good - 1, answer, sizeof answer), 202);
	assert_int_equal(SSL_write(other, CHUNKED, sizeof CHUNKED - 1), sizeof CHUNKED - 1);
	for (int i = 0; i < 6; i++) /* 4 fit */
		assert_int_equal(SSL_write(other, chunk, sizeof chunk), sizeof chunk);
	assert_int_equal(raw_answer(other, answer, sizeof answer), 503);
	assert_non_null(strcasestr(answer, "Retry-After: 5"));
	assert_int_equal(SSL_write(slow, rest, sizeof rest), sizeof rest);
	assert_int_equal(raw_answer(slow, answer, sizeof answer), 202);
	/* all of it is free again */
	static char large[60200];
	int n = snprintf(large, sizeof large, "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n");
	memset(large + n, 'x', 60000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_write(slow, large, n + 60000), n + 60000);
		assert_int_equal(raw_answer(slow, answer, sizeof answer), 202);
	}
	raw_close(slow);
	raw_close(other);
	peer_stop(&peer);
}

/* A client that asks first is told to go on. */
static void test_expect(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	static const char asks[] = "POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n";
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	assert_int_equal(SSL_write(ssl, asks, sizeof asks - 1), sizeof asks - 1);
	assert_int_equal(raw_answer(ssl, answer, 26), 100); /* as long as the interim answer */
	assert_int_equal(SSL_write(ssl, "body", 4), 4);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
	raw_close(ssl);
	peer_stop(&peer);
}

/* What is chunked arrives whole, its trailers do not, and the connection goes on; a client that asks first is told to
 * go on; one that sends too much reads why, though it still sends. */
static void test_chunked(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	static const char two[] = CHUNKED "2\r\nbo\r\n2;x\r\ndy\r\n0\r\nX-A: b\r\n\r\n",
					  asks[] = "POST /v1/notices HTTP/1.1\r\n" HOST
							   "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
					  rest[] = "3\r\nabc\r\n0\r\n\r\n", ahead[] = "1\r\na\r\n0\r\n\r\nGET /who HTTP/1.1\r\n";
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_write(ssl, two, sizeof two - 1), sizeof two - 1);
		assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
		assert_non_null(strstr(answer, "r-POST-4\""));
	}
	assert_int_equal(SSL_write(ssl, asks, sizeof asks - 1), sizeof asks - 1);
	assert_int_equal(raw_answer(ssl, answer, 26), 100); /* as long as the interim answer */
	assert_int_equal(SSL_write(ssl, rest, sizeof rest - 1), sizeof rest - 1);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
	assert_non_null(strstr(answer, "r-POST-3\""));
	assert_int_equal(SSL_write(ssl, CHUNKED, sizeof CHUNKED - 1), sizeof CHUNKED - 1);
	assert_int_equal(SSL_write(ssl, ahead, sizeof ahead - 1), sizeof ahead - 1);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 0); /* what was sent ahead is not served */
	raw_close(ssl);
	assert_int_equal(*peer_reached, 5);
	static char chunk[4096 + 8];
	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, 'x', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	assert_int_equal(SSL_write(ssl, CHUNKED, sizeof CHUNKED - 1), sizeof CHUNKED - 1);
	for (int i = 0; i < 40; i++) /* 16 are taken */
		assert_int_equal(SSL_write(ssl, chunk, sizeof chunk), sizeof chunk);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 413);
	assert_non_null(strstr(answer, "urn:wardgate:problem:too-large"));
	raw_close(ssl);
	assert_int_equal(*peer_reached, 5);
	peer_stop(&peer);
}

/* Keep-alive works, one after the other; requests sent ahead are not served, because nobody watched their bytes. */
static void test_keep_alive(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(SSL_write(ssl, good, sizeof good - 1), sizeof good - 1);
		assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
		assert_int_equal(*peer_reached, i);
	}
	/* the second request of a connection is watched as the first was */
	static const char folded[] = "GET /who HTTP/1.1\r\n" HOST "X-A: b\r\n c\r\n\r\n";
	assert_int_equal(SSL_write(ssl, folded, sizeof folded - 1), sizeof folded - 1);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 400);
	raw_close(ssl);
	peer_stop(&peer);
}

static void test_pipelined(void **state)
{
	(void)state;
	struct peer peer = peer_httpd(&peer_spec);
	char both[512];
	int n = snprintf(both, sizeof both, "%s%s", good, "GET /who HTTP/1.1\r\n" HOST "X-A: b\r\n c\r\n\r\n");
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	assert_int_equal(SSL_write(ssl, both, n), n);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
	assert_non_null(strcasestr(answer, "Connection: close"));
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 0);
	assert_int_equal(*peer_reached, 1);
	raw_close(ssl);
	peer_stop(&peer);
}

/* Bytes that keep dripping, in the header or in the body, do not keep a connection open; others are served meanwhile.
 */
static void test_drip(void **state)
{
	(void)state;
	static const char *const starts[] = {
		"GET /who HTTP/1.1\r\n" HOST "X-A: ",
		"POST /v1/notices HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n",
		CHUNKED "f000\r\n",
	};
	struct wg_httpd_spec spec = peer_spec;
	spec.request_ms = 2000;
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct peer peer = peer_httpd(&spec);
	for (size_t i = 0; i < WG_COUNT(starts); i++) {
		SSL *ssl = raw_connect(&derbyshire, peer.port);
		assert_non_null(ssl);
		int len = (int)strlen(starts[i]), sent = 0;
		assert_int_equal(SSL_write(ssl, starts[i], len), len);
		while (sent < 5000 && SSL_write(ssl, "x", 1) == 1) {
			(void)nanosleep(&pause, NULL); /* a shorter pause only makes more bytes */
			sent++;
		}
		assert_true(sent < 5000);
		raw_close(ssl);
	}
	assert_int_equal(*peer_reached, 0);
	assert_int_equal(raw_exchange(&derbyshire, peer.port, good, sizeof good - 1, answer, sizeof answer), 202);
	peer_stop(&peer);
}

/* A client that connects and never shakes hands, and one that is idle after its answer. */
static void test_silent_clients(void **state)
{
	(void)state;
	struct wg_httpd_spec spec = peer_spec;
	spec.request_ms = 2000;
	spec.idle_ms = 100;
	struct peer peer = peer_httpd(&spec);
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	assert_int_equal(SSL_write(ssl, good, sizeof good - 1), sizeof good - 1);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer), 202);
	assert_int_equal(raw_answer(ssl, answer, sizeof answer),
	                 0); /* the server ends it, else this waits and fails below */
	int fd = SSL_get_fd(ssl);
	char byte;
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	raw_close(ssl);
	peer_stop(&peer);
}

static void test_too_many(void **state)
{
	(void)state;
	struct wg_httpd_spec spec = peer_spec;
	spec.max_connections = 2;
	struct peer peer = peer_httpd(&spec);
	SSL *first = raw_connect(&derbyshire, peer.port), *second = raw_connect(&derbyshire, peer.port);
	assert_non_null(first);
	assert_non_null(second);
	assert_int_equal(raw_exchange(&derbyshire, peer.port, good, sizeof good - 1, answer, sizeof answer), 0);
	assert_int_equal(*peer_reached, 0);
	assert_int_equal(SSL_write(first, good, sizeof good - 1), sizeof good - 1);
	assert_int_equal(raw_answer(first, answer, sizeof answer), 202);
	raw_close(first);
	raw_close(second);
	int status = 0; /* the server hears of the closed ones in its own time */
	for (int i = 0; i < 1000 && status != 202; i++)
		status = raw_exchange(&derbyshire, peer.port, good, sizeof good - 1, answer, sizeof answer);
	assert_int_equal(status, 202);
	peer_stop(&peer);
}

/* The server ends while a request is in hand: peer_stop sees a clean end. A client that left before its answer is no
 * trouble either. */
static void test_ends(void **state)
{
	(void)state;
	static const char hold[] = "GET /hold HTTP/1.1\r\n" HOST "\r\n",
					  later[] = "POST /later HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n";
	struct peer peer = peer_httpd(&peer_spec);
	SSL *ssl = raw_connect(&derbyshire, peer.port);
	assert_non_null(ssl);
	assert_int_equal(SSL_write(ssl, hold, sizeof hold - 1), sizeof hold - 1);
	for (int i = 0; i < 20; i++) {
		SSL *gone = raw_connect(&derbyshire, peer.port);
		assert_non_null(gone);
		assert_int_equal(SSL_write(gone, later, sizeof later - 1), sizeof later - 1);
		raw_close(gone);
	}
	assert_int_equal(raw_exchange(&derbyshire, peer.port, good, sizeof good - 1, answer, sizeof answer), 202);
	peer_stop(&peer);
	raw_close(ssl);
}

static void test_bad_addresses(void **state)
{
	(void)state;
	static const char *const table[] = { "localhost", "127.0.0.1.1", "", "::g" };
	struct event_base *base = NULL;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_httpd_spec spec = peer_spec;
		struct wg_httpd *httpd = NULL;
		spec.address = table[i];
		assert_int_equal(wg_httpd_start(base, &spec, NULL, NULL, NULL, &httpd, &pki_err), WG_CONFIG);
		assert_null(httpd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_gets_in),    cmocka_unit_test(test_client_facts),
		cmocka_unit_test(test_shapes),         cmocka_unit_test(test_shapes_bytewise),
		cmocka_unit_test(test_large),          cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_pipelined),      cmocka_unit_test(test_drip),
		cmocka_unit_test(test_silent_clients), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_ends),           cmocka_unit_test(test_refused_before_body),
		cmocka_unit_test(test_no_room),        cmocka_unit_test(test_expect),
		cmocka_unit_test(test_chunked),        cmocka_unit_test(test_bad_addresses),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
