/* Keys in an HSM, played by SoftHSM with a token folder of its own: they sign, open what is stored and what is sealed,
 * and speak TLS on both sides; they do so for processes that ask another for it, too; and what cannot be done, or may
 * not be asked, says so. */
#include "pki.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/hsm.h"
#include "crypto/keyring.h"
#include "crypto/tls.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN "624 ruth"
#define KEY(name) "pkcs11:token=wardgate;object=" name ";type=private"
static const char TEXT[] = "Content-Type: text/plain\r\n\r\nFull name: Tess Example\r\n";

/* Keys that go in: their names in the token, and where they are made. */
static const struct {
	const char *object, *file, *id;
} keys[] = {
	{ "smime", "derbyshire/smime", "01" },
	{ "storage", "derbyshire/storage", "02" },
	{ "server", "derbyshire/server", "03" },
	{ "client", "derbyshire/client", "04" },
};

static void write_secret(const char *name, const char *text)
{
	pki_write(name, text, strlen(text));
	assert_int_equal(chmod(pki(name), 0600), 0);
}

/* With pkcs11-tool, for softhsm2-util gives EC keys the right to sign and no other. */
static bool import(const char *object, const char *name, const char *id)
{
	char file[64];
	(void)snprintf(file, sizeof file, "%s.key", name);
	const char *const private[] = {
		"openssl", "pkey", "-in", pki(file), "-outform", "DER", "-out", pki("in.der"), NULL
	};
	const char *const public[] = { "openssl",  "pkey", "-in",  pki(file),      "-pubout",
		                           "-outform", "DER",  "-out", pki("out.der"), NULL };
	const char *const put_private[] = { "pkcs11-tool",
		                                "--module",
		                                MODULE,
		                                "--token-label",
		                                "wardgate",
		                                "--login",
		                                "--pin",
		                                PIN,
		                                "--write-object",
		                                pki("in.der"),
		                                "--type",
		                                "privkey",
		                                "--usage-sign",
		                                "--usage-decrypt",
		                                "--usage-derive",
		                                "--label",
		                                object,
		                                "--id",
		                                id,
		                                NULL };
	const char *const put_public[] = {
		"pkcs11-tool",  "--module", MODULE,   "--token-label", "wardgate", "--login", "--pin", PIN, "--write-object",
		pki("out.der"), "--type",   "pubkey", "--label",       object,     "--id",    id,      NULL
	};
	return pki_run("import.log", private) == 0 && pki_run("import.log", public) == 0 &&
	       pki_run("import.log", put_private) == 0 && pki_run("import.log", put_public) == 0;
}

static int setup(void **state)
{
	char conf[PATH_MAX];
	(void)signal(SIGPIPE, SIG_IGN); /* as roles do; cannot fail */
	if (pki_setup(state) != 0 || mkdir(pki("tokens"), 0700) != 0)
		return -1;
	(void)snprintf(conf, sizeof conf, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
	               pki("tokens"));
	write_secret("softhsm2.conf", conf);
	write_secret("pin", PIN "\n");
	write_secret("wrong-pin", "0000\n");
	if (setenv("SOFTHSM2_CONF", pki("softhsm2.conf"), 1) != 0)
		return -1;
	const char *const init[] = { "softhsm2-util", "--init-token", "--free", "--label", "wardgate", "--pin", PIN,
		                         "--so-pin",      "987 aloe",     NULL };
	if (pki_run("init.log", init) != 0)
		return -1;
	for (size_t i = 0; i < WG_COUNT(keys); i++)
		if (!import(keys[i].object, keys[i].file, keys[i].id))
			return -1;
	return wg_hsm_use(MODULE, pki("pin"), &pki_err) == WG_OK ? 0 : -1;
}

static struct wg_key *load(const char *uri)
{
	struct wg_key *key = NULL;
	if (wg_key_load(uri, &key, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_true(wg_key_stays(key));
	return key;
}

/* First: before a token was opened, which stays open. */
static void test_refused(void **state)
{
	(void)state;
	struct wg_key *key = NULL;
	assert_int_equal(wg_hsm_use("", "", &pki_err), WG_OK);
	assert_int_equal(wg_key_load(KEY("smime"), &key, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "<hsm module"));
	assert_int_equal(chmod(pki("pin"), 0644), 0);
	assert_int_equal(wg_hsm_use(MODULE, pki("pin"), &pki_err), WG_OK);
	assert_int_equal(wg_key_load(KEY("smime"), &key, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "chmod 600"));
	assert_null(strstr(pki_err.text, PIN));
	assert_int_equal(chmod(pki("pin"), 0600), 0);
	assert_int_equal(wg_key_load(KEY("nobody"), &key, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "no such private key"));
	assert_non_null(strstr(pki_err.text, "object=nobody"));
	assert_null(key);
}

static void test_signs(void **state)
{
	(void)state;
	static const char *const who[] = { "smime", "storage" }; /* RSA and EC */
	for (size_t i = 0; i < WG_COUNT(who); i++) {
		char uri[128], name[64];
		WG_AUTO_BUF struct wg_buf der = WG_BUF(65536), out = WG_BUF(65536);
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *signer = NULL;
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("ca.pem", NULL);
		(void)snprintf(uri, sizeof uri, KEY("%s"), who[i]);
		(void)snprintf(name, sizeof name, "derbyshire/%s", who[i]);
		WG_CLEANUP(wg_key_freep) struct wg_key *key = load(uri);
		pki_pair(name, NULL, &cert);
		assert_int_equal(wg_key_matches(key, cert, &pki_err), WG_OK);
		if (wg_cms_sign(key, cert, TEXT, sizeof TEXT - 1, &der, &pki_err) != WG_OK ||
		    wg_cms_verify(trust, der.data, der.len, &out, &signer, &pki_err) != WG_OK)
			fail_msg("%s: %s", who[i], pki_err.text);
		assert_int_equal(out.len, sizeof TEXT - 1);
	}
	WG_CLEANUP(wg_key_freep) struct wg_key *key = load(KEY("smime"));
	WG_CLEANUP(wg_cert_freep) struct wg_cert *other = NULL;
	pki_pair("staffordshire/smime", NULL, &other);
	assert_int_equal(wg_key_matches(key, other, &pki_err), WG_CONFIG);
}

static void test_opens(void **state)
{
	(void)state;
	static const char *const who[] = { "smime", "storage" };
	for (size_t i = 0; i < WG_COUNT(who); i++)
		for (int cipher = WG_CIPHER_CBC; cipher <= WG_CIPHER_GCM; cipher++) {
			char uri[128], name[64];
			WG_AUTO_BUF struct wg_buf der = WG_BUF(65536), out = WG_BUF(65536);
			struct wg_keyring ring = { .count = 0 };
			struct wg_cert *cert = NULL;
			(void)snprintf(uri, sizeof uri, KEY("%s"), who[i]);
			(void)snprintf(name, sizeof name, "derbyshire/%s", who[i]);
			struct wg_key *key = load(uri);
			pki_pair(name, NULL, &cert);
			assert_int_equal(wg_cms_encrypt(cert, (enum wg_cipher)cipher, TEXT, sizeof TEXT - 1, &der, &pki_err),
			                 WG_OK);
			if (wg_cms_decrypt(key, cert, der.data, der.len, &out, &pki_err) != WG_OK)
				fail_msg("%s, cipher %d: %s", who[i], cipher, pki_err.text);
			assert_memory_equal(out.data, TEXT, sizeof TEXT - 1);
			assert_int_equal(wg_keyring_add(&ring, &key, &cert, &pki_err), WG_OK);
			wg_buf_reset(&out);
			assert_int_equal(wg_keyring_decrypt(&ring, der.data, der.len, &out, &pki_err), WG_OK);
			wg_keyring_free(&ring);
		}
}

/* ---- another process has the HSM */

/* It holds the module and answers on the socket, until that is closed. */
static pid_t start_keeper(struct wg_hsm_line *line)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		const struct wg_hsm_line other = { .to = ends[1], .from = ends[1] };
		(void)close(ends[0]);
		wg_hsm_serve(&other, "");
		_exit(0);
	}
	(void)close(ends[1]);
	*line = (struct wg_hsm_line){ .to = ends[0], .from = ends[0] };
	return pid;
}

static void stop_keeper(pid_t pid, const struct wg_hsm_line *line)
{
	int status = 0;
	wg_hsm_ask_over(NULL);
	(void)close(line->to);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A reader in a thread of its own would be the same: it answers what comes on one pair of pipes from the ring. */
static pid_t start_answerer(const struct wg_keyring *ring, struct wg_hsm_line *line)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct wg_keyring_asks asks = { .ring = ring };
		WG_AUTO_BUF struct wg_buf question = WG_BUF(WG_HSM_ASK_MAX), answer = WG_BUF(WG_HSM_TOLD_MAX);
		(void)close(ends[0]);
		while (wg_hsm_frame_read(ends[1], -1, &question)) {
			if (wg_keyring_answer(&asks, question.data, question.len, &answer, &pki_err) != WG_OK)
				_exit(1);
			if (!wg_hsm_frame_write(ends[1], &answer))
				_exit(2);
			wg_buf_reset(&question);
			wg_buf_reset(&answer);
		}
		_exit(0);
	}
	(void)close(ends[1]);
	*line = (struct wg_hsm_line){ .to = ends[0], .from = ends[0], .once = true };
	return pid;
}

static const char *const kinds[] = { "smime", "storage" }; /* RSA and EC */

static void ring_of(const char *kind, struct wg_keyring *ring)
{
	char uri[128], name[64];
	struct wg_cert *cert = NULL;
	(void)snprintf(uri, sizeof uri, KEY("%s"), kind);
	(void)snprintf(name, sizeof name, "derbyshire/%s", kind);
	struct wg_key *key = load(uri);
	pki_pair(name, NULL, &cert);
	if (wg_keyring_add(ring, &key, &cert, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

/* Signs and opens with keys that another process has. */
static void test_asked_for(void **state)
{
	(void)state;
	struct wg_hsm_line line;
	pid_t keeper = start_keeper(&line);
	wg_hsm_ask_over(&line);
	for (size_t i = 0; i < WG_COUNT(kinds); i++) {
		struct wg_keyring ring = { .count = 0 };
		WG_AUTO_BUF struct wg_buf der = WG_BUF(65536), out = WG_BUF(65536);
		WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
		WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("ca.pem", NULL);
		ring_of(kinds[i], &ring);
		if (wg_cms_sign(ring.keys[0], ring.certs[0], TEXT, sizeof TEXT - 1, &der, &pki_err) != WG_OK ||
		    wg_cms_verify(trust, der.data, der.len, &out, &signer, &pki_err) != WG_OK)
			fail_msg("%s: %s", kinds[i], pki_err.text);
		assert_int_equal(out.len, sizeof TEXT - 1);
		for (int cipher = WG_CIPHER_CBC; cipher <= WG_CIPHER_GCM; cipher++) {
			wg_buf_reset(&der);
			wg_buf_reset(&out);
			assert_int_equal(
				wg_cms_encrypt(ring.certs[0], (enum wg_cipher)cipher, TEXT, sizeof TEXT - 1, &der, &pki_err), WG_OK);
			if (wg_keyring_decrypt(&ring, der.data, der.len, &out, &pki_err) != WG_OK)
				fail_msg("%s, cipher %d: %s", kinds[i], cipher, pki_err.text);
			assert_memory_equal(out.data, TEXT, sizeof TEXT - 1);
			wg_buf_reset(&out);
			if (wg_cms_decrypt(ring.keys[0], ring.certs[0], der.data, der.len, &out, &pki_err) != WG_OK)
				fail_msg("%s, cipher %d: %s", kinds[i], cipher, pki_err.text);
		}
		wg_keyring_free(&ring);
	}
	struct wg_key *key = NULL;
	assert_int_equal(wg_key_load(KEY("nobody"), &key, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "no such private key"));
	assert_false(wg_hsm_lost());
	stop_keeper(keeper, &line);
}

/* What a reader is handed opens, over two processes, once for each key. */
static void test_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(kinds); i++)
		for (int cipher = WG_CIPHER_CBC; cipher <= WG_CIPHER_GCM; cipher++) {
			struct wg_hsm_line line, asks;
			struct wg_keyring ring = { .count = 0 }, readers = { .count = 0 };
			WG_AUTO_BUF struct wg_buf handed = WG_BUF(65536), der = WG_BUF(65536), out = WG_BUF(65536);
			pid_t keeper = start_keeper(&line);
			wg_hsm_ask_over(&line);
			ring_of(kinds[i], &ring);
			assert_true(wg_keyring_in_hsm(&ring));
			assert_int_equal(wg_keyring_write(&ring, &handed, &pki_err), WG_OK);
			assert_null(strstr(wg_buf_text(&handed), "PRIVATE"));
			pid_t answerer = start_answerer(&ring, &asks);
			assert_int_equal(wg_keyring_read(handed.data, handed.len, NULL, &readers, &pki_err), WG_CORRUPT);
			assert_int_equal(wg_keyring_read(handed.data, handed.len, &asks, &readers, &pki_err), WG_OK);
			assert_int_equal(
				wg_cms_encrypt(ring.certs[0], (enum wg_cipher)cipher, TEXT, sizeof TEXT - 1, &der, &pki_err), WG_OK);
			if (wg_keyring_decrypt(&readers, der.data, der.len, &out, &pki_err) != WG_OK)
				fail_msg("%s, cipher %d: %s", kinds[i], cipher, pki_err.text);
			assert_memory_equal(out.data, TEXT, sizeof TEXT - 1);
			/* a second time it does not even ask */
			wg_buf_reset(&out);
			assert_int_equal(wg_keyring_decrypt(&readers, der.data, der.len, &out, &pki_err), WG_CRYPTO);
			wg_keyring_free(&readers);
			stop_keeper(answerer, &asks);
			wg_keyring_free(&ring);
			stop_keeper(keeper, &line);
		}
}

/* What a reader that was taken over may ask, and hears: nothing that helps it. */

static enum wg_code ask_ring(const struct wg_keyring *ring, const struct wg_hsm_request *r, struct wg_buf *answer)
{
	struct wg_keyring_asks asks = { .ring = ring };
	WG_AUTO_BUF struct wg_buf question = WG_BUF(2 * WG_HSM_ASK_MAX);
	wg_hsm_put(r, &question);
	wg_buf_reset(answer);
	return wg_keyring_answer(&asks, question.data, question.len, answer, &pki_err);
}

static void test_nonsense(void **state)
{
	(void)state;
	static const uint8_t some[WG_HSM_DATA_MAX] = { 4 };
	static const struct wg_hsm_request never[] = {
		{ .op = WG_HSM_SIGN, .data = some, .data_len = 51 },
		{ .op = WG_HSM_SIGN, .key = 1, .data = some, .data_len = 32 },
		{ .op = WG_HSM_OPEN, .data = some, .data_len = 20 },
		{ .op = 0, .data = some, .data_len = 256 },
		{ .op = 99, .data = some, .data_len = 256 },
		{ .op = WG_HSM_UNWRAP, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .padding = 3, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 0 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 255 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 255, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 257, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 0, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP,
		  .padding = WG_HSM_PKCS1,
		  .digest = WG_HSM_SHA256,
		  .data = some,
		  .data_len = 256,
		  .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .padding = WG_HSM_OAEP, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP,
		  .padding = WG_HSM_OAEP,
		  .digest = 6,
		  .mask = 1,
		  .data = some,
		  .data_len = 256,
		  .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .key = 1, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .key = 2, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_UNWRAP, .key = 255, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 32 },
		{ .op = WG_HSM_DERIVE, .key = 0, .data = some, .data_len = 65 },
		{ .op = WG_HSM_DERIVE, .key = 1, .data = some, .data_len = 33 },
		{ .op = WG_HSM_DERIVE, .key = 1, .data = some, .data_len = 65 }, /* not on the curve */
		{ .op = WG_HSM_DERIVE, .key = 1, .data = some + 1, .data_len = 65 },
		{ .op = WG_HSM_DERIVE, .key = 1, .wanted = 16, .data = some, .data_len = 65 },
	};
	struct wg_hsm_line line;
	struct wg_keyring ring = { .count = 0 };
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(WG_HSM_TOLD_MAX);
	pid_t keeper = start_keeper(&line);
	wg_hsm_ask_over(&line);
	ring_of("smime", &ring);
	ring_of("storage", &ring);
	for (size_t i = 0; i < WG_COUNT(never); i++) {
		if (ask_ring(&ring, &never[i], &answer) != WG_REJECT)
			fail_msg("request %zu was not refused: %s", i, pki_err.text);
		assert_null(strstr(pki_err.text, "padding"));
	}
	assert_false(wg_hsm_lost());
	/* one key, one question; the other key may be asked beside it */
	struct wg_keyring_asks asks = { .ring = &ring };
	WG_AUTO_BUF struct wg_buf question = WG_BUF(WG_HSM_ASK_MAX);
	wg_hsm_put(
		&(struct wg_hsm_request){
			.op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = some, .data_len = 256, .wanted = 32 },
		&question);
	assert_int_equal(wg_keyring_answer(&asks, question.data, question.len, &answer, &pki_err), WG_OK);
	wg_buf_reset(&answer);
	assert_int_equal(wg_keyring_answer(&asks, question.data, question.len, &answer, &pki_err), WG_REJECT);
	assert_int_equal(answer.len, 0);
	/* cut short, and with something behind it */
	for (size_t n = 0; n < question.len; n++) {
		asks.asked = 0;
		assert_int_equal(wg_keyring_answer(&asks, question.data, n, &answer, &pki_err), WG_REJECT);
	}
	wg_buf_u8(&question, 0);
	assert_int_equal(wg_keyring_answer(&asks, question.data, question.len, &answer, &pki_err), WG_REJECT);
	/* and once nobody has the HSM any more, that is what is said */
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_int_equal(waitpid(keeper, NULL, 0), keeper);
	asks.asked = 0;
	assert_int_equal(wg_keyring_answer(&asks, question.data, question.len - 1, &answer, &pki_err), WG_SYSTEM);
	assert_non_null(strstr(pki_err.text, "the HSM does not answer"));
	assert_true(wg_hsm_lost());
	wg_hsm_ask_over(NULL);
	(void)close(line.to);
	wg_keyring_free(&ring);
}

/* Encrypted keys that are not well made: as many bytes as were wanted, the same each time, others for each. */
static void test_padding(void **state)
{
	(void)state;
	struct wg_keyring ring = { .count = 0 };
	WG_AUTO_BUF struct wg_buf first = WG_BUF(WG_HSM_TOLD_MAX), again = WG_BUF(WG_HSM_TOLD_MAX),
							  before = WG_BUF(WG_HSM_TOLD_MAX);
	ring_of("smime", &ring);
	for (unsigned fill = 0; fill < 12; fill++)
		for (uint8_t wanted = 16; wanted <= 32; wanted = (uint8_t)(wanted + 8)) {
			uint8_t wrapped[256];
			memset(wrapped, (int)fill * 10, sizeof wrapped); /* below the modulus, and no padding ever */
			struct wg_hsm_request r = {
				.op = WG_HSM_UNWRAP, .padding = WG_HSM_PKCS1, .data = wrapped, .data_len = 256, .wanted = wanted
			};
			if (fill % 2 == 1) {
				r.padding = WG_HSM_OAEP;
				r.digest = r.mask = WG_HSM_SHA256;
			}
			enum wg_hsm_status status;
			const uint8_t *p;
			size_t n;
			assert_int_equal(ask_ring(&ring, &r, &first), WG_OK);
			assert_int_equal(ask_ring(&ring, &r, &again), WG_OK);
			assert_true(wg_hsm_told(&first, &status, &p, &n));
			assert_int_equal(status, WG_HSM_DONE);
			assert_int_equal(n, wanted);
			assert_int_equal(first.len, again.len);
			assert_memory_equal(first.data, again.data, first.len);
			assert_true(before.len != first.len || memcmp(before.data, first.data, first.len) != 0);
			wg_buf_reset(&before);
			wg_buf_put(&before, first.data, first.len);
		}
	wg_keyring_free(&ring);
}

static bool admit(void *arg, const struct wg_cert_facts *client)
{
	(void)arg;
	return strcmp(client->dns[0], "derbyshire.example") == 0;
}

static void test_tls(void **state)
{
	(void)state;
	const struct wg_tls server = { .certificate = pki("derbyshire/server.pem"),
		                           .key = KEY("server"),
		                           .ca = pki("ca.pem") };
	const struct wg_tls client = { .certificate = pki("derbyshire/client.pem"),
		                           .key = KEY("client"),
		                           .ca = pki("ca.pem") };
	const struct wg_tls wrong = { .certificate = pki("derbyshire/client.pem"),
		                          .key = KEY("server"),
		                          .ca = pki("ca.pem") };
	WG_CLEANUP(wg_tls_freep) SSL_CTX *server_ctx = NULL, *client_ctx = NULL, *none = NULL;
	if (wg_tls_server(&server, admit, NULL, &server_ctx, &pki_err) != WG_OK ||
	    wg_tls_client(&client, &client_ctx, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_int_equal(wg_tls_client(&wrong, &none, &pki_err), WG_CONFIG);
	SSL *a = SSL_new(client_ctx), *b = SSL_new(server_ctx);
	BIO *one = NULL, *two = NULL;
	assert_true(a != NULL && b != NULL && BIO_new_bio_pair(&one, 0, &two, 0) == 1);
	SSL_set_bio(a, one, one);
	SSL_set_bio(b, two, two);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	assert_int_equal(wg_tls_expect(a, "derbyshire.example", &pki_err), WG_OK);
	int met_a = 0, met_b = 0;
	for (int i = 0; i < 20 && (met_a != 1 || met_b != 1); i++) {
		met_a = SSL_do_handshake(a);
		met_b = SSL_do_handshake(b);
	}
	assert_true(met_a == 1 && met_b == 1);
	SSL_free(a);
	SSL_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_signs),    cmocka_unit_test(test_opens),
		cmocka_unit_test(test_padding), cmocka_unit_test(test_tls),      cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_reader),  cmocka_unit_test(test_nonsense), /* last: the HSM is lost then, for good */
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
