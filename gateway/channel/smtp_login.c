/* Owns logging in to a mail server. SECURITY: holds the password or token for as long as one exchange takes; nothing of
 * it goes into words, and smtp_talk.c lets nothing out before the server is verified. */
#include "channel/smtp_login.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/scram.h"
#include "sys/file.h"

/* An access token: those of large providers have some 2 to 4 KB. */
#define SECRET_MAX ((size_t)8 * 1024)
/* RFC 4954 4: with an initial response an AUTH line must still fit a command line, 512 bytes with its end. */
#define INITIAL_LINE 510

bool wg_smtp_login_wanting(int code)
{
	return code == 530 || code == 534 || code == 535 || code == 538;
}

/* ---- one step of an exchange */

static enum wg_code no_memory(struct wg_err *err)
{
	return wg_err_set(err, WG_SYSTEM, "no memory for a login");
}

/* Sends bytes as base64, behind "AUTH MECHANISM " when that is given; then the reply. */
static enum wg_code send_part(struct wg_smtp_talk *talk, const char *mechanism, const void *bytes, size_t len,
                              struct wg_err *err)
{
	struct wg_buf line = WG_BUF(WG_SMTP_COMMAND_MAX - 2);
	char *text = wg_base64_encode(bytes, len);
	enum wg_code code = text != NULL ? WG_OK : no_memory(err);

	if (code == WG_OK && mechanism != NULL && strlen(mechanism) + 6 + strlen(text) > INITIAL_LINE) {
		wg_buf_printf(&line, "AUTH %s", mechanism);
		code = wg_smtp_talk_ask(talk, "AUTH", wg_buf_text(&line), err);
		if (code == WG_OK && talk->reply.code == 334) {
			wg_buf_reset(&line);
			mechanism = NULL;
		}
	}
	if (code == WG_OK && line.len == 0) {
		if (mechanism != NULL)
			wg_buf_printf(&line, "AUTH %s ", mechanism);
		wg_buf_puts(&line, text);
		code = wg_buf_check(&line, "login", err);
		if (code == WG_OK)
			code = wg_smtp_talk_ask(talk, "AUTH", wg_buf_text(&line), err);
	}
	if (text != NULL)
		wg_wipe(text, strlen(text));
	free(text);
	wg_buf_wipe(&line);
	return code;
}

/* The bytes of a 334. */
static enum wg_code take_part(struct wg_smtp_talk *talk, uint8_t **out, size_t *len, struct wg_err *err)
{
	if (talk->reply.code != 334 || talk->reply.lines != 1 ||
	    wg_base64_decode(talk->reply.text, talk->reply.text_len, out, len, NULL) != WG_OK)
		return wg_err_set(err, WG_REJECT, "login: the server's challenge cannot be read");
	return WG_OK;
}

/* What the end of an exchange means. A 4yz is for now; a 5yz says the login is wrong, never that the message is. */
static enum wg_code judge(struct wg_smtp_talk *talk, const char *mechanism, struct wg_err *err)
{
	char words[200];
	int code = talk->reply.code;

	if (code / 100 == 2)
		return WG_OK;
	(void)wg_smtp_reply_words(&talk->reply, words, sizeof words); /* returns its buffer */
	if (code / 100 == 5)
		return wg_err_set(err, WG_CONFIG, "login (%s) refused, check user and password: %s", mechanism, words);
	return wg_err_set(err, code / 100 == 4 ? WG_AGAIN : WG_REJECT, "login (%s) not taken: %s", mechanism, words);
}

/* ---- mechanisms */

static enum wg_code login_plain(struct wg_smtp_talk *talk, const char *user, const struct wg_buf *secret,
                                struct wg_err *err)
{
	struct wg_buf message = WG_BUF(SECRET_MAX + 1024); /* RFC 4616: NUL user NUL password */

	wg_buf_putc(&message, '\0');
	wg_buf_puts(&message, user);
	wg_buf_putc(&message, '\0');
	wg_buf_put(&message, secret->data, secret->len);
	enum wg_code code = wg_buf_check(&message, "login", err);
	if (code == WG_OK)
		code = send_part(talk, "PLAIN", message.data, message.len, err);
	wg_buf_wipe(&message);
	return code == WG_OK ? judge(talk, "PLAIN", err) : code;
}

static enum wg_code login_xoauth2(struct wg_smtp_talk *talk, const char *user, const struct wg_buf *secret,
                                  struct wg_err *err)
{
	struct wg_buf message = WG_BUF(SECRET_MAX + 1024);

	wg_buf_printf(&message, "user=%s\001auth=Bearer %s\001\001", user, wg_buf_text(secret));
	enum wg_code code = wg_buf_check(&message, "login", err);
	if (code == WG_OK)
		code = send_part(talk, "XOAUTH2", message.data, message.len, err);
	wg_buf_wipe(&message);
	/* a 334 here carries what is wrong in JSON; the empty answer fetches the refusal itself */
	if (code == WG_OK && talk->reply.code == 334)
		code = wg_smtp_talk_ask(talk, "AUTH", "", err);
	return code == WG_OK ? judge(talk, "XOAUTH2", err) : code;
}

/* RFC 5929 4.1: the digest of the server's certificate, by the hash of its signature, SHA-256 where that is weaker. */
static void bind_end_point(SSL *ssl, struct wg_scram_binding *out)
{
	X509 *peer = SSL_get0_peer_certificate(ssl);
	unsigned len = 0;
	int hash = NID_undef;

	if (peer == NULL || X509_get_signature_info(peer, &hash, NULL, NULL, NULL) != 1 || hash == NID_undef)
		return;
	const EVP_MD *md = hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
	if (md == NULL || EVP_MD_get_size(md) > (int)sizeof out->data || X509_digest(peer, md, out->data, &len) != 1)
		return;
	out->type = "tls-server-end-point";
	out->len = len;
}

/* What this connection can be bound to: RFC 9266 for TLS 1.3, the server's certificate before. */
static void bind_channel(SSL *ssl, struct wg_scram_binding *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	*out = (struct wg_scram_binding){ 0 };
	if (SSL_version(ssl) < TLS1_3_VERSION) {
		bind_end_point(ssl, out);
	} else if (SSL_export_keying_material(ssl, out->data, 32, label, sizeof label - 1, NULL, 0, 0) == 1) {
		out->type = "tls-exporter";
		out->len = 32;
	}
}

/* The middle and the end: challenge, proof, and the server's own proof, without which a "235" is worth nothing. */
static enum wg_code exchange_scram(struct wg_smtp_talk *talk, struct wg_scram *scram, const char *mechanism,
                                   const char *password, struct wg_err *err)
{
	WG_AUTO_FREE uint8_t *first = NULL, *last = NULL;
	size_t first_len = 0, last_len = 0;
	struct wg_buf message = WG_BUF(4 * WG_SCRAM_MESSAGE_MAX);

	if (talk->reply.code / 100 != 3)
		return judge(talk, mechanism, err);
	enum wg_code code = take_part(talk, &first, &first_len, err);
	if (code == WG_OK)
		code = wg_scram_answer(scram, password, (const char *)first, first_len, &message, err);
	if (code == WG_OK)
		code = send_part(talk, NULL, message.data, message.len, err);
	wg_buf_wipe(&message);
	if (code == WG_OK && talk->reply.code / 100 > 3)
		return judge(talk, mechanism, err);
	if (code == WG_OK && talk->reply.code / 100 == 2)
		return wg_err_set(err, WG_CONFIG, "login (%s): the server did not prove that it knows the password", mechanism);
	if (code == WG_OK)
		code = take_part(talk, &last, &last_len, err);
	if (code == WG_OK)
		code = wg_scram_verify(scram, (const char *)last, last_len, err);
	if (code == WG_OK)
		code = wg_smtp_talk_ask(talk, "AUTH", "", err);
	return code == WG_OK ? judge(talk, mechanism, err) : code;
}

static enum wg_code login_scram(struct wg_smtp_talk *talk, const char *user, const struct wg_buf *secret,
                                struct wg_err *err)
{
	struct wg_scram_binding binding;
	struct wg_scram scram;
	struct wg_buf message = WG_BUF(WG_SCRAM_MESSAGE_MAX);

	bind_channel(talk->link.ssl, &binding);
	bool bind = (talk->offers.auth & WG_SMTP_AUTH_SCRAM_PLUS) != 0 && binding.type != NULL;
	if (!bind && (talk->offers.auth & WG_SMTP_AUTH_SCRAM) == 0)
		return wg_err_set(err, WG_CONFIG, "login: the server offers SCRAM only with a binding that cannot be made");
	if ((talk->offers.auth & WG_SMTP_AUTH_SCRAM_PLUS) != 0 && !bind)
		binding.type = NULL; /* "n": we cannot, which the server must not take for a removed offer */
	const char *mechanism = bind ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
	enum wg_code code = wg_scram_first(&scram, user, &binding, bind, &message, err);
	if (code == WG_OK)
		code = send_part(talk, mechanism, message.data, message.len, err);
	if (code == WG_OK)
		code = exchange_scram(talk, &scram, mechanism, wg_buf_text(secret), err);
	wg_buf_wipe(&message);
	wg_scram_wipe(&scram);
	wg_wipe(&binding, sizeof binding);
	/* a server that does not keep to SCRAM gets no second try in this session */
	talk->over = talk->over || code == WG_REJECT;
	return code == WG_REJECT ? (err->code = WG_CONFIG) : code;
}

static bool user_valid(const char *user)
{
	for (const char *p = user; p != NULL && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return user != NULL && user[0] != '\0' && strlen(user) < 256;
}

enum wg_code wg_smtp_login(struct wg_smtp_talk *talk, const struct wg_send_target *target, struct wg_err *err)
{
	static const struct {
		enum wg_send_auth auth;
		unsigned offers;
		const char *name;
		enum wg_code (*login)(struct wg_smtp_talk *, const char *, const struct wg_buf *, struct wg_err *);
	} ways[] = {
		{ WG_SEND_AUTH_PLAIN, WG_SMTP_AUTH_PLAIN, "PLAIN", login_plain },
		{ WG_SEND_AUTH_SCRAM_SHA_256, WG_SMTP_AUTH_SCRAM | WG_SMTP_AUTH_SCRAM_PLUS, "SCRAM-SHA-256", login_scram },
		{ WG_SEND_AUTH_XOAUTH2, WG_SMTP_AUTH_XOAUTH2, "XOAUTH2", login_xoauth2 },
	};

	if (target->auth == WG_SEND_AUTH_NONE)
		return WG_OK;
	for (size_t i = 0; i < WG_COUNT(ways); i++) {
		if (ways[i].auth != target->auth)
			continue;
		if (!user_valid(target->user))
			return wg_err_set(err, WG_CONFIG, "login: no valid user name is configured");
		if ((talk->offers.auth & ways[i].offers) == 0)
			return wg_err_set(err, WG_CONFIG, "login: the server does not offer AUTH %s inside TLS", ways[i].name);
		struct wg_buf secret = WG_BUF(SECRET_MAX);
		enum wg_code code = target->secret != NULL
		                        ? wg_file_secret(target->secret, &secret, err)
		                        : wg_err_set(err, WG_CONFIG, "no file of a password or token is configured");
		if (code != WG_OK)
			code = wg_err_add(err, "login");
		else
			code = ways[i].login(talk, target->user, &secret, err);
		wg_buf_wipe(&secret);
		return code;
	}
	return wg_err_set(err, WG_CONFIG, "login: an unknown mechanism is configured");
}
