/* Owns the guard around libesmtp: the name check, the injection check, lost writes, endless replies, tickets, client
 * certificates. SECURITY: every reply of a mail server passes here first. The library would deliver on a connection
 * that this file refuses; the tests keep each case, with the bare library as the control. */
#include "channel/smtp_guard.h"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "crypto/tls.h"

/* What a server may say to one of our commands: the longest EHLO replies seen have some 1 KB. */
#define REPLY_MAX (64 * 1024)
/* Above any pile of session tickets, below any receive buffer: as long as this stands, poll reports nothing to read. */
#define TICKETS_MAX (64 * 1024)

static pthread_once_t slot_once = PTHREAD_ONCE_INIT;
static int slot = -1; /* where an SSL_CTX keeps its guard */

static void slot_make(void)
{
	slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

void wg_smtp_guard_refuse(struct wg_smtp_guard *guard, bool tls_fault, const char *why)
{
	if (!guard->bad) {
		guard->tls_fault = tls_fault;
		(void)wg_defang(why, guard->why, sizeof guard->why); /* returns its buffer */
	}
	guard->bad = true;
	wg_smtp_watch_cut(guard->watch);
}

bool wg_smtp_guard_sound(const struct wg_smtp_guard *guard)
{
	return guard->up && !guard->bad && !guard->lost && !wg_smtp_watch_passed(guard->watch);
}

/* The library reads into a buffer that it keeps over the start of TLS: a second line behind the answer to STARTTLS
 * would be taken for an answer given inside TLS. So would one that came before we asked. */
static bool answer_exact(const struct wg_smtp_guard *guard)
{
	const char *end = memchr(guard->answer, '\n', guard->answer_len);

	return guard->asked && guard->answer_len < sizeof guard->answer - 1 && guard->answer_len > 4 &&
	       memcmp(guard->answer, "220 ", 4) == 0 && end == guard->answer + guard->answer_len - 1;
}

static void note_read(struct wg_smtp_guard *guard, const char *bytes, size_t len)
{
	size_t keep = len < sizeof guard->last ? len : sizeof guard->last - 1;

	if (!guard->quit) {
		memcpy(guard->last, bytes, keep);
		guard->last[keep] = '\0';
	}
	guard->unasked += len;
	if (guard->unasked > REPLY_MAX)
		wg_smtp_guard_refuse(guard, false, "the server's reply does not end");
	if (guard->asked && !guard->named) {
		size_t room = sizeof guard->answer - 1 - guard->answer_len;
		keep = len < room ? len : room;
		memcpy(guard->answer + guard->answer_len, bytes, keep);
		guard->answer_len += keep;
		guard->answer[guard->answer_len] = '\0';
	}
}

/* While tickets lie unread the library takes them for a reply, and waits for the rest of it without having sent its
 * EHLO. */
static void hold_tickets(SSL *ssl, bool hold)
{
	int least = hold ? TICKETS_MAX : 1;

	(void)setsockopt(SSL_get_fd(ssl), SOL_SOCKET, SO_RCVLOWAT, &least,
	                 sizeof least); /* if it fails the watchdog ends the wait */
}

static void note_written(struct wg_smtp_guard *guard, const char *bytes, size_t len)
{
	guard->unasked = 0;
	if (!guard->asked && len == strlen("STARTTLS\r\n") && memcmp(bytes, "STARTTLS\r\n", len) == 0)
		guard->asked = true;
	guard->quit = guard->quit || (len >= 4 && memcmp(bytes, "QUIT", 4) == 0);
	if (guard->up)
		hold_tickets(guard->ssl, false);
}

/* The library's monitor: all it reads, all it writes but content. It stays off after a BDAT, so nothing rests on it
 * from there. */
static void monitor(const char *bytes, int len, int writing, void *arg)
{
	struct wg_smtp_guard *guard = arg;

	if (len <= 0)
		return;
	wg_smtp_watch_progress(guard->watch);
	if (writing == SMTP_CB_READING)
		note_read(guard, bytes, (size_t)len);
	else if (writing == SMTP_CB_WRITING)
		note_written(guard, bytes, (size_t)len);
}

/* Sees every transfer under TLS. The library ignores a write that failed, drops those bytes and goes on: here it is
 * remembered. */
static long transfer(BIO *bio, int operation, const char *bytes, size_t len, int argi, long argl, int ret,
                     size_t *processed)
{
	struct wg_smtp_guard *guard = (struct wg_smtp_guard *)BIO_get_callback_arg(bio);

	(void)bytes, (void)len, (void)argi, (void)argl, (void)processed; /* part of OpenSSL's signature */
	if (operation != (BIO_CB_WRITE | BIO_CB_RETURN) && operation != (BIO_CB_READ | BIO_CB_RETURN))
		return ret;
	if (ret > 0)
		wg_smtp_watch_progress(guard->watch);
	else if (!BIO_should_retry(bio) && operation == (BIO_CB_WRITE | BIO_CB_RETURN))
		guard->lost = true;
	return ret;
}

static void handshake_begins(struct wg_smtp_guard *guard, SSL *ssl)
{
	struct wg_err err = { .code = WG_OK };

	if (!answer_exact(guard))
		wg_smtp_guard_refuse(guard, true, "the answer to STARTTLS was not exactly one line: injected?");
	else if (wg_tls_expect(ssl, guard->host, &err) != WG_OK)
		wg_smtp_guard_refuse(guard, false, err.text);
	guard->named = true;
	guard->ssl = ssl;
	BIO_set_callback_arg(SSL_get_wbio(ssl), (char *)guard);
	BIO_set_callback_ex(SSL_get_wbio(ssl), transfer); /* one BIO for both directions, since the descriptor is one */
}

/* A fatal alert, sent or received; the library throws the reason away with the SSL. */
static void note_alert(struct wg_smtp_guard *guard, const SSL *ssl, int alert)
{
	char words[sizeof guard->why];
	long verified = SSL_get_verify_result(ssl);

	if (guard->up || guard->bad || alert >> 8 != SSL3_AL_FATAL)
		return;
	(void)snprintf(words, sizeof words, "TLS: %s", /* cut is fine */
	               verified != X509_V_OK ? wg_tls_verified_words(ssl) : SSL_alert_desc_string_long(alert));
	wg_smtp_guard_refuse(guard, true, words);
}

static void info(const SSL *ssl, int where, int ret)
{
	struct wg_smtp_guard *guard = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);

	if ((where & SSL_CB_HANDSHAKE_START) && !guard->named) /* later ones are tickets */
		handshake_begins(guard, (SSL *)ssl);               /* const only in the signature of the callback */
	else if (where & SSL_CB_ALERT)
		note_alert(guard, ssl, ret);
}

static void begin_connection(struct wg_smtp_guard *guard)
{
	guard->asked = guard->named = guard->up = guard->quit = false;
	guard->ssl = NULL;
	guard->unasked = guard->answer_len = 0;
	guard->last[0] = guard->answer[0] = '\0';
	wg_smtp_watch_connected(guard->watch);
}

static void tls_up(struct wg_smtp_guard *guard, SSL *ssl)
{
	X509 *own = SSL_get_certificate(ssl);

	if (own)
		(void)X509_up_ref(own); /* the library frees a reference that is not its own; fails only for NULL */
	if (guard->bad || !guard->named || ssl != guard->ssl || SSL_get_verify_result(ssl) != X509_V_OK) {
		wg_smtp_guard_refuse(guard, true, "TLS: not verified");
		return;
	}
	guard->up = true;
	hold_tickets(ssl, true);
}

/* The library compares the certificate with the name a resolver gave back, which may be forged. The handshake has
 * compared it with the name that was asked for: that alone decides, both ways. */
static void wrong_name(struct wg_smtp_guard *guard, int *ok)
{
	*ok = guard->named && !guard->bad && SSL_get_verify_result(guard->ssl) == X509_V_OK;
	if (!*ok)
		wg_smtp_guard_refuse(guard, true, "TLS: the certificate carries another name");
}

static void event(smtp_session_t session, int number, void *arg, ...)
{
	struct wg_smtp_guard *guard = arg;
	va_list args;

	(void)session; /* part of the library's signature */
	va_start(args, arg);
	if (number == SMTP_EV_CONNECT) {
		begin_connection(guard);
	} else if (number == SMTP_EV_STARTTLS_OK) {
		tls_up(guard, va_arg(args, SSL *));
	} else if (number == SMTP_EV_WRONG_PEER_CERTIFICATE) {
		wrong_name(guard, va_arg(args, int *));
	} else if (number == SMTP_EV_EXTNA_STARTTLS) {
		wg_smtp_guard_refuse(guard, true, "the server does not offer STARTTLS");
	} else if (number >= SMTP_EV_WEAK_CIPHER && number <= SMTP_EV_UNUSABLE_CA_LIST) {
		wg_smtp_guard_refuse(guard, true, "TLS: the certificate or the cipher was not accepted");
	} else if (number == SMTP_EV_MESSAGESENT) {
		bool *sound = smtp_message_get_application_data(va_arg(args, smtp_message_t));
		*sound = wg_smtp_guard_sound(guard);
	}
	va_end(args);
}

enum wg_code wg_smtp_guard_arm(struct wg_smtp_guard *guard, smtp_session_t session, SSL_CTX *ctx, struct wg_err *err)
{
	(void)pthread_once(&slot_once, slot_make); /* fails only for a bad once object */
	if (slot < 0 || SSL_CTX_set_ex_data(ctx, slot, guard) != 1)
		return wg_err_set(err, WG_SYSTEM, "TLS cannot be set up");
	SSL_CTX_set_info_callback(ctx, info);
	if (!smtp_starttls_set_ctx(session, ctx) || !smtp_starttls_enable(session, Starttls_REQUIRED) ||
	    !smtp_set_monitorcb(session, monitor, guard, 0) || !smtp_set_eventcb(session, event, guard))
		return wg_err_set(err, WG_SYSTEM, "mail library cannot be set up");
	return WG_OK;
}
