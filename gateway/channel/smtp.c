/* Owns delivery by SMTP: one session to the smarthost, a message for each item, and what each answer means. libesmtp
 * speaks the protocol, smtp_guard.c keeps it honest, smtp_watch.c keeps it from waiting for ever. Runs in a worker
 * process that does this one thing and ends: HOME and the signal disposition of SIGPIPE are set for it. A name lookup
 * that hangs is bounded only by the wall-clock limit on that worker. SECURITY: replies come from a verified server, but
 * are outside text: defanged before they go into a result. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mime_wire.h"
#include "channel/session_internal.h"
#include "channel/smtp_guard.h"
#include "channel/smtp_login.h"
#include "channel/smtp_reply.h"

/* RFC 5321 4.5.3.2.6: the longest time that a server may take for one answer, the one to the end of DATA. */
#define SILENCE_MS (10 * 60 * 1000)
/* The library must not give up by itself: it would drop a block and go on. A day is beyond every limit of ours. */
#define LIBRARY_TIMEOUT_MS (24L * 60 * 60 * 1000)
/* Debian's home that never exists: the library would look there for certificates of its own. */
#define NO_HOME "/nonexistent"
/* A host name, a colon and a port. */
#define HOST_PORT 264

/* One item on its way. */
struct letter {
	struct wg_smtp_guard *guard;
	struct wg_send_item *item;
	smtp_message_t message; /* NULL: not sent, the result is written already */
	smtp_recipient_t recipient;
	bool given; /* to the library */
	bool whole; /* and written by it to a connection that was sound to the end */
	bool sound; /* and the connection was still sound when the last answer came */
};

struct run {
	const struct wg_send_target *target;
	struct wg_smtp_guard guard;
	struct wg_smtp_watch *watch;
	SSL_CTX *ctx;
	smtp_session_t session;
	struct letter *letters;
	size_t count, sent; /* sent: letters with a message */
};

static void run_free(struct run *run)
{
	wg_smtp_watch_stop(&run->watch);
	if (run->session)
		(void)smtp_destroy_session(run->session); /* fails only for NULL */
	wg_tls_freep(&run->ctx);
	free(run->letters);
}

static void set_result(struct wg_send_item *item, enum wg_sent what, const char *detail)
{
	item->result = (struct wg_send_result){ .what = what };
	(void)wg_defang(detail, item->result.detail, sizeof item->result.detail); /* returns its buffer */
}

static bool is(int code, int hundred)
{
	return code / 100 == hundred;
}

/* The library's source of content: all in one piece, and then, asked again, the end. In one piece because a chunked
 * transfer makes a command of each, and a server counts those it refuses as errors of ours. A failure has errno set and
 * the connection closed: the library would still write the last chunk, and a message with a hole in it would count as
 * whole. */
static const char *give(void **context, int *len, void *arg)
{
	struct letter *letter = arg;

	(void)context; /* memory that the library would free for us: not needed */
	if (!len) {
		letter->given = letter->whole = false;
		return NULL;
	}
	*len = 0;
	if (!wg_smtp_guard_sound(letter->guard)) {
		wg_smtp_watch_cut(letter->guard->watch);
		errno = EPIPE;
		return NULL;
	}
	letter->whole = letter->given;
	if (letter->given)
		return NULL;
	letter->given = true;
	*len = (int)letter->item->len; /* at most WG_LIMIT_ENVELOPE */
	return letter->item->bytes;
}

/* What must hold of an item before a byte of it goes out. */
static enum wg_code check_item(const struct wg_send_target *target, const struct wg_send_item *item, struct wg_err *err)
{
	const char *to = item->to ? item->to : target->to;

	if (!to || !wg_address_valid(to))
		return wg_err_set(err, WG_REJECT, "the recipient's address cannot be written into an SMTP command");
	if (item->len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "the envelope is larger than any may be");
	return wg_mime_wire_check(item->bytes, item->len, err);
}

static enum wg_code add_letter(struct run *run, struct wg_send_item *item, struct letter *letter, struct wg_err *err)
{
	*letter = (struct letter){ .guard = &run->guard, .item = item };
	if (check_item(run->target, item, err) != WG_OK) {
		set_result(item, WG_SENT_REFUSED, err->text);
		return WG_OK;
	}
	letter->message = smtp_add_message(run->session);
	if (!letter->message || !smtp_set_reverse_path(letter->message, run->target->from) ||
	    !smtp_size_set_estimate(letter->message, item->len) || !smtp_set_messagecb(letter->message, give, letter))
		return wg_err_set(err, WG_SYSTEM, "mail library: out of memory");
	letter->recipient = smtp_add_recipient(letter->message, item->to ? item->to : run->target->to);
	if (!letter->recipient)
		return wg_err_set(err, WG_SYSTEM, "mail library: out of memory");
	smtp_message_set_application_data_release(letter->message, &letter->sound, NULL);
	run->sent++;
	return WG_OK;
}

static enum wg_code add_letters(struct run *run, struct wg_send_item *items, struct wg_err *err)
{
	enum wg_code code = WG_OK;

	run->letters = calloc(run->count, sizeof *run->letters);
	if (!run->letters)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	for (size_t i = 0; code == WG_OK && i < run->count; i++)
		code = add_letter(run, &items[i], &run->letters[i], err);
	return code;
}

static enum wg_code check_target(const struct wg_send_target *target, struct wg_err *err)
{
	struct in_addr address;

	if (!target->smtp_host || !wg_hostname_valid(target->smtp_host) || target->smtp_port == 0 ||
	    target->smtp_port > 65535)
		return wg_err_set(err, WG_CONFIG, "smarthost: no valid host name and port");
	if (!target->helo || !wg_hostname_valid(target->helo))
		return wg_err_set(err, WG_CONFIG, "own name for EHLO is not a host name");
	if (!target->from || !wg_address_valid(target->from))
		return wg_err_set(err, WG_CONFIG, "own address is not an e-mail address");
	if (target->expect_ip && inet_pton(AF_INET, target->expect_ip, &address) != 1)
		return wg_err_set(err, WG_CONFIG, "expected address is not a numeric IPv4 address");
	if (target->connect_ms <= 0 || target->total_ms <= 0)
		return wg_err_set(err, WG_CONFIG, "time limits are missing");
	return WG_OK;
}

static enum wg_code set_timeouts(smtp_session_t session, struct wg_err *err)
{
	static const int which[] = { Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER, Timeout_DATA2 };

	for (size_t i = 0; i < WG_COUNT(which); i++)
		if (!smtp_set_timeout(session, which[i], LIBRARY_TIMEOUT_MS))
			return wg_err_set(err, WG_SYSTEM, "mail library: no time limits");
	return WG_OK;
}

static enum wg_code open_session(struct run *run, struct wg_err *err)
{
	const struct wg_send_target *target = run->target;
	char server[HOST_PORT];

	(void)snprintf(server, sizeof server, "%s:%u",
	               target->expect_ip ? target->expect_ip : target->smtp_host, /* fits: both checked */
	               target->smtp_port);
	run->session = smtp_create_session();
	if (!run->session || !smtp_set_server(run->session, server) || !smtp_set_hostname(run->session, target->helo))
		return wg_err_set(err, WG_SYSTEM, "mail library: out of memory");
	/* Without this the library pipelines the content behind a RCPT that it knows no answer to. */
	if (!smtp_option_require_all_recipients(run->session, 1))
		return wg_err_set(err, WG_SYSTEM, "mail library cannot be set up");
	enum wg_code code = set_timeouts(run->session, err);
	if (code == WG_OK)
		code = wg_tls_client(&target->tls, &run->ctx, err);
	if (code == WG_OK)
		code = wg_smtp_guard_arm(&run->guard, run->session, run->ctx, err);
	return code;
}

/* The environment the library sees: no certificates and keys of its own finding. */
static enum wg_code set_environment(struct wg_err *err)
{
	if (setenv("HOME", NO_HOME, 1) != 0 || unsetenv("XDG_CONFIG_DIR") != 0)
		return wg_err_errno(err, "environment");
	return WG_OK;
}

static enum wg_code prepare(struct run *run, struct wg_send_item *items, struct wg_err *err)
{
	const struct wg_smtp_watch_limits limits = { run->target->connect_ms, run->target->total_ms, SILENCE_MS };
	enum wg_code code = check_target(run->target, err);

	if (code == WG_OK)
		code = set_environment(err);
	if (code == WG_OK)
		code = open_session(run, err);
	if (code == WG_OK)
		code = add_letters(run, items, err);
	if (code == WG_OK && run->sent > 0)
		code = wg_smtp_watch_start(&limits, &run->watch, err);
	run->guard.host = run->target->smtp_host;
	run->guard.watch = run->watch;
	return code;
}

/* The first answer of the server that was a no to this letter; NULL when there was none. */
static const struct smtp_status *refusal(const struct letter *letter, const char **command)
{
	const struct {
		const char *command;
		const struct smtp_status *status;
	} answers[] = {
		{ "MAIL", smtp_reverse_path_status(letter->message) },
		{ "RCPT", smtp_recipient_status(letter->recipient) },
		{ "DATA", smtp_message_transfer_status(letter->message) },
	};

	for (size_t i = 0; i < WG_COUNT(answers); i++) {
		*command = answers[i].command;
		if (is(answers[i].status->code, 4) || is(answers[i].status->code, 5))
			return answers[i].status;
	}
	return NULL;
}

static void judge_refusal(struct letter *letter, const char *command, const struct smtp_status *status)
{
	char words[WG_SMTP_LINE];
	const char *text = status->text ? status->text : "";

	(void)snprintf(words, sizeof words, "%s: %d %.*s", command, status->code, (int)strcspn(text, "\r\n"),
	               text);                             /* cut is fine */
	bool login = wg_smtp_login_wanting(status->code); /* it speaks of us, not of the mail */
	set_result(letter->item, is(status->code, 5) && !login ? WG_SENT_REFUSED : WG_SENT_DEFER, words);
	letter->item->result.login_fault = login;
}

/* No answer to this letter: why the session ended, in words, cut at size. */
static void describe_end(const struct run *run, bool started, int error, char *out, size_t size)
{
	const struct wg_smtp_guard *guard = &run->guard;
	const char *passed = run->watch ? wg_smtp_watch_passed(run->watch) : NULL;
	char reason[128] = "";

	if (guard->bad)
		(void)snprintf(out, size, "%s", guard->why);
	else if (passed)
		(void)snprintf(out, size, "time limit (%s) passed", passed);
	else if (guard->asked && !guard->up)
		(void)snprintf(out, size, "STARTTLS failed; answer: %.*s", (int)strcspn(guard->answer, "\r\n"), guard->answer);
	else if (error && smtp_strerror(error, reason, sizeof reason))
		(void)snprintf(out, size, "session failed: %s", reason);
	else if (!started)
		(void)snprintf(out, size, "the server did not accept the session; last reply: %.*s",
		               (int)strcspn(guard->last, "\r\n"), guard->last);
	else
		(void)snprintf(out, size, "connection lost; last reply: %.*s", (int)strcspn(guard->last, "\r\n"), guard->last);
}

static bool delivered(const struct run *run, const struct letter *letter, bool started)
{
	return started && run->guard.up && !run->guard.bad && letter->whole && letter->sound &&
	       is(smtp_message_transfer_status(letter->message)->code, 2) &&
	       is(smtp_recipient_status(letter->recipient)->code, 2) && smtp_recipient_check_complete(letter->recipient);
}

static void judge(const struct run *run, struct letter *letter, bool started, int error)
{
	struct wg_send_result *result = &letter->item->result;
	const char *command = "";
	char words[WG_SMTP_LINE + 64];

	if (delivered(run, letter, started)) {
		set_result(letter->item, WG_SENT_OK, "accepted");
		if (smtp_message_transfer_status(letter->message)->text)
			wg_smtp_receipt(smtp_message_transfer_status(letter->message)->text, result->receipt,
			                sizeof result->receipt);
		return;
	}
	const struct smtp_status *no = run->guard.up && !run->guard.bad ? refusal(letter, &command) : NULL;
	if (no) {
		judge_refusal(letter, command, no);
		return;
	}
	describe_end(run, started, error, words, sizeof words);
	set_result(letter->item, WG_SENT_DEFER, words);
	result->tls_fault = run->guard.tls_fault ||
	                    (run->guard.asked && !run->guard.up && !run->guard.bad && !wg_smtp_watch_passed(run->watch));
	result->maybe = letter->whole;
}

static void send_smtp(const struct wg_send_target *target, struct wg_send_item *items, size_t count)
{
	WG_CLEANUP(run_free) struct run run = { .target = target, .count = count };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct wg_err err = { .code = WG_OK };

	if (count == 0)
		return;
	if (prepare(&run, items, &err) != WG_OK) {
		for (size_t i = 0; i < count; i++)
			set_result(&items[i], WG_SENT_DEFER, err.text);
		return;
	}
	if (run.sent == 0)
		return;
	(void)sigaction(SIGPIPE, &ignore, &before); /* fails only for a signal that does not exist */
	bool started = smtp_start_session(run.session) != 0;
	int error = smtp_errno();
	(void)sigaction(SIGPIPE, &before, NULL); /* as above */
	for (size_t i = 0; i < run.count; i++)
		if (run.letters[i].message)
			judge(&run, &run.letters[i], started, error);
}

const struct wg_channel wg_channel_smtp = { .name = "smtp", .send = send_smtp };

/* ---- as a way out: the library says goodbye after each batch, so nothing is kept */

struct esmtp {
	struct wg_session base;
	const struct wg_send_target *target;
};

static enum wg_code esmtp_open(const struct wg_send_target *target, struct wg_session **out, struct wg_err *err)
{
	struct esmtp *s = calloc(1, sizeof *s);
	if (s == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a session");
	s->base.way = &wg_way_libesmtp;
	s->target = target;
	*out = &s->base;
	return WG_OK;
}

static void esmtp_offer(struct wg_session *session, struct wg_send_item *items, size_t count, wg_session_told *told,
                        void *arg)
{
	struct esmtp *s = (struct esmtp *)session; /* its first member */
	send_smtp(s->target, items, count);
	s->base.counts.connections += count > 0;
	for (size_t i = 0; told != NULL && i < count; i++)
		told(arg, &items[i]);
}

static void esmtp_close(struct wg_session **session)
{
	free(*session);
	*session = NULL;
}

const struct wg_way wg_way_libesmtp = {
	.name = "libesmtp", .open = esmtp_open, .offer = esmtp_offer, .close = esmtp_close
};
