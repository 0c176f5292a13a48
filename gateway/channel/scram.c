/* Owns the messages of SCRAM. SECURITY: reads what a mail server says before it has proven that it knows the password:
 * every field has a limit, the computing too. Fuzzed by tests/channel/fuzz_scram.c. */
#include "channel/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"

#define NONCE_BYTES 24
#define USER_MAX 256
#define PASSWORD_MAX 1024
#define SALT_MAX 256

/* What SASLprep (RFC 4013) leaves as it is. */
static bool printable(const char *s, size_t max)
{
	size_t len = strnlen(s, max + 1);

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static enum wg_code set_nonce(struct wg_scram *scram, struct wg_err *err)
{
	uint8_t random[NONCE_BYTES];
	enum wg_code code = wg_random(random, sizeof random, err);

	if (code != WG_OK)
		return code;
	WG_AUTO_FREE char *text = wg_base64_encode(random, sizeof random);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a login");
	(void)snprintf(scram->nonce, sizeof scram->nonce, "%s", text); /* fits: 24 bytes are 32 characters */
	return WG_OK;
}

enum wg_code wg_scram_first(struct wg_scram *scram, const char *user, const struct wg_scram_binding *binding, bool bind,
                            struct wg_buf *out, struct wg_err *err)
{
	*scram = (struct wg_scram){ .bare = WG_BUF(2 * WG_SCRAM_MESSAGE_MAX) };
	if (!printable(user, USER_MAX))
		return wg_err_set(err, WG_CONFIG, "login: SCRAM needs a user name of printable ASCII");
	if (bind && (binding->type == NULL || binding->len > sizeof binding->data))
		return wg_err_set(err, WG_CRYPTO, "login: this connection cannot be bound to");
	enum wg_code code = set_nonce(scram, err);
	if (code != WG_OK)
		return code;
	if (bind)
		(void)snprintf(scram->header, sizeof scram->header, "p=%s,,", binding->type); /* fits both types */
	else
		(void)snprintf(scram->header, sizeof scram->header, "%s", binding->type != NULL ? "y,," : "n,,");
	scram->binding_len = strlen(scram->header);
	memcpy(scram->binding, scram->header, scram->binding_len);
	if (bind) {
		memcpy(scram->binding + scram->binding_len, binding->data, binding->len);
		scram->binding_len += binding->len;
	}
	wg_buf_puts(&scram->bare, "n=");
	for (const char *p = user; *p; p++)
		if (*p == '=' || *p == ',')
			wg_buf_printf(&scram->bare, "=%02X", (unsigned)*p);
		else
			wg_buf_putc(&scram->bare, *p);
	wg_buf_printf(&scram->bare, ",r=%s", scram->nonce);
	wg_buf_printf(out, "%s%s", scram->header, wg_buf_text(&scram->bare));
	return wg_buf_check(&scram->bare, "login", err);
}

/* ---- the server's first message */

struct challenge {
	const char *nonce;
	size_t nonce_len;
	uint8_t *salt;
	size_t salt_len;
	uint64_t iterations;
};

static void challenge_free(struct challenge *c)
{
	free(c->salt);
}

/* The attribute that must stand at *at: "k=value", up to a comma. */
static bool attribute(const char **at, const char *end, char key, const char **value, size_t *len)
{
	if (end - *at < 2 || (*at)[0] != key || (*at)[1] != '=')
		return false;
	*value = *at + 2;
	const char *comma = memchr(*value, ',', (size_t)(end - *value));
	*len = (size_t)((comma ? comma : end) - *value);
	*at = comma ? comma + 1 : end;
	return *len > 0;
}

static bool read_number(const char *value, size_t len, uint64_t *out)
{
	char number[12];

	if (len >= sizeof number)
		return false;
	memcpy(number, value, len);
	number[len] = '\0';
	return wg_num_parse(number, 1, UINT32_MAX, out);
}

static enum wg_code read_challenge(const struct wg_scram *scram, const char *message, size_t len, struct challenge *out,
                                   struct wg_err *err)
{
	const char *at = message, *end = message + len, *value;
	size_t value_len, ours = strlen(scram->nonce);
	enum wg_code bad = WG_REJECT;

	if (len > WG_SCRAM_MESSAGE_MAX || memchr(message, '\0', len) != NULL)
		return wg_err_set(err, bad, "login: the server's first message is too long or holds NUL");
	if (!attribute(&at, end, 'r', &out->nonce, &out->nonce_len)) /* also where "m=" asks for what nobody knows */
		return wg_err_set(err, bad, "login: the server's first message is not SCRAM");
	if (out->nonce_len <= ours || CRYPTO_memcmp(out->nonce, scram->nonce, ours) != 0)
		return wg_err_set(err, bad, "login: the server answers another login than ours (nonce)");
	if (!attribute(&at, end, 's', &value, &value_len) ||
	    wg_base64_decode(value, value_len, &out->salt, &out->salt_len, NULL) != WG_OK || out->salt_len == 0 ||
	    out->salt_len > SALT_MAX)
		return wg_err_set(err, bad, "login: the server's salt cannot be read");
	if (!attribute(&at, end, 'i', &value, &value_len) || !read_number(value, value_len, &out->iterations))
		return wg_err_set(err, bad, "login: the server's number of iterations cannot be read");
	if (out->iterations < WG_SCRAM_ITERATIONS_MIN || out->iterations > WG_SCRAM_ITERATIONS_MAX)
		return wg_err_set(err, bad, "login: the server asks for %llu iterations; from %d to %d are taken",
		                  (unsigned long long)out->iterations, WG_SCRAM_ITERATIONS_MIN, WG_SCRAM_ITERATIONS_MAX);
	return WG_OK;
}

static bool hmac(const uint8_t key[WG_SHA256_LEN], const void *p, size_t len, uint8_t out[WG_SHA256_LEN])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, WG_SHA256_LEN, p, len, out, &n) != NULL && n == WG_SHA256_LEN;
}

/* RFC 5802 3: the proof that we know the password, and the signature by which the server will prove that it does. */
static bool prove(struct wg_scram *scram, const char *password, const struct challenge *challenge, const char *auth,
                  size_t auth_len, uint8_t proof[WG_SHA256_LEN])
{
	uint8_t salted[WG_SHA256_LEN], client[WG_SHA256_LEN], stored[WG_SHA256_LEN], server[WG_SHA256_LEN];
	bool done = PKCS5_PBKDF2_HMAC(password, (int)strlen(password), challenge->salt, (int)challenge->salt_len,
	                              (int)challenge->iterations, EVP_sha256(), sizeof salted, salted) == 1 &&
	            hmac(salted, "Client Key", 10, client) && hmac(salted, "Server Key", 10, server);
	if (done) {
		wg_sha256(client, sizeof client, stored);
		done = hmac(stored, auth, auth_len, proof) && hmac(server, auth, auth_len, scram->server);
		for (size_t i = 0; i < WG_SHA256_LEN; i++)
			proof[i] ^= client[i];
	}
	wg_wipe(salted, sizeof salted);
	wg_wipe(client, sizeof client);
	wg_wipe(stored, sizeof stored);
	wg_wipe(server, sizeof server);
	return done;
}

enum wg_code wg_scram_answer(struct wg_scram *scram, const char *password, const char *message, size_t len,
                             struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(challenge_free) struct challenge challenge = { 0 };
	WG_AUTO_BUF struct wg_buf last = WG_BUF(2 * WG_SCRAM_MESSAGE_MAX), auth = WG_BUF(8 * WG_SCRAM_MESSAGE_MAX);
	uint8_t proof[WG_SHA256_LEN];

	if (!printable(password, PASSWORD_MAX))
		return wg_err_set(err, WG_CONFIG, "login: SCRAM needs a password of printable ASCII");
	enum wg_code code = read_challenge(scram, message, len, &challenge, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_FREE char *bound = wg_base64_encode(scram->binding, scram->binding_len);
	wg_buf_printf(&last, "c=%s,r=", bound ? bound : "");
	wg_buf_put(&last, challenge.nonce, challenge.nonce_len);
	wg_buf_printf(&auth, "%s,", wg_buf_text(&scram->bare));
	wg_buf_put(&auth, message, len);
	wg_buf_printf(&auth, ",%s", wg_buf_text(&last));
	if (bound == NULL || last.failed || auth.failed ||
	    !prove(scram, password, &challenge, wg_buf_text(&auth), auth.len, proof))
		return wg_err_set(err, WG_SYSTEM, "login: the proof could not be made");
	WG_AUTO_FREE char *text = wg_base64_encode(proof, sizeof proof);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a login");
	wg_buf_printf(out, "%s,p=%s", wg_buf_text(&last), text);
	scram->answered = true;
	return wg_buf_check(out, "login", err);
}

enum wg_code wg_scram_verify(const struct wg_scram *scram, const char *message, size_t len, struct wg_err *err)
{
	const char *at = message, *value;
	size_t value_len, signature_len = 0;
	WG_AUTO_FREE uint8_t *signature = NULL;

	if (!scram->answered || len > WG_SCRAM_MESSAGE_MAX || memchr(message, '\0', len) != NULL ||
	    !attribute(&at, message + len, 'v', &value, &value_len) ||
	    wg_base64_decode(value, value_len, &signature, &signature_len, NULL) != WG_OK ||
	    signature_len != sizeof scram->server || CRYPTO_memcmp(signature, scram->server, signature_len) != 0)
		return wg_err_set(err, WG_REJECT, "login: the server did not prove that it knows the password");
	return WG_OK;
}

void wg_scram_wipe(struct wg_scram *scram)
{
	wg_buf_wipe(&scram->bare);
	wg_wipe(scram, sizeof *scram);
}
