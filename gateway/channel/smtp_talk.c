/* Owns what is said to a mail server, and when. SECURITY: the one place that writes to the connection: no word of a
 * message and no login leaves before the server was verified, and no answer is believed that came before its question.
 */
#include "channel/smtp_talk.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* What is gathered of the content before it is written: one TLS record. */
#define PIECE (16 * 1024)

void wg_smtp_talk_init(struct wg_smtp_talk *talk)
{
	memset(talk, 0, sizeof *talk);
	talk->link = WG_SMTP_LINK;
}

void wg_smtp_talk_verified(struct wg_smtp_talk *talk)
{
	talk->verified = true;
}

static enum wg_code end(struct wg_smtp_talk *talk, enum wg_code code)
{
	talk->over = true;
	return code;
}

/* All that may be said to somebody who has proven nothing: these verbs, one line, nothing of a message. */
static bool harmless(const char *lines, size_t len)
{
	static const char *const verbs[] = { "EHLO ", "STARTTLS\r\n", "NOOP\r\n", "QUIT\r\n" };
	const char *eol = memchr(lines, '\n', len);

	if (eol != lines + len - 1)
		return false;
	for (size_t i = 0; i < WG_COUNT(verbs); i++)
		if (len >= strlen(verbs[i]) && memcmp(lines, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

void wg_smtp_talk_step(struct wg_smtp_talk *talk, int ms)
{
	int64_t until = wg_clock_monotonic() + ms;

	talk->link.until = until < talk->until ? until : talk->until;
}

/* Whether anything lies there that nobody asked for. In the clear that is somebody who wants it taken for an answer
 * given later, inside TLS; from a verified server it is the notice that it closes (RFC 5321 3.8), or not SMTP. */
static enum wg_code listen(struct wg_smtp_talk *talk, struct wg_err *err)
{
	enum wg_code code = wg_smtp_link_quiet(&talk->link, err);

	if (code == WG_OK)
		return WG_OK;
	if (code == WG_REJECT && !talk->verified)
		return end(talk, wg_err_set(err, WG_CRYPTO, "the server's answer came before it was asked: injected?"));
	if (code != WG_REJECT)
		return end(talk, code);
	wg_smtp_talk_step(talk, WG_SMTP_STEP_MS);
	talk->owed = 1;
	code = wg_smtp_talk_hear(talk, "unasked", WG_SMTP_STEP_MS, err);
	if (code != WG_OK)
		return end(talk, code);
	char words[200];
	return end(talk, wg_err_set(err, talk->reply.code == 421 ? WG_AGAIN : WG_REJECT, "the server said unasked: %s",
	                            wg_smtp_reply_words(&talk->reply, words, sizeof words)));
}

enum wg_code wg_smtp_talk_say(struct wg_smtp_talk *talk, const char *lines, size_t len, unsigned commands,
                              struct wg_err *err)
{
	if (talk->over)
		return wg_err_set(err, WG_AGAIN, "the session is over");
	if (!talk->verified && !harmless(lines, len))
		return end(talk, wg_err_set(err, WG_CRYPTO, "refused to say this outside verified TLS"));
	enum wg_code code = talk->owed == 0 ? listen(talk, err) : WG_OK;
	if (code != WG_OK)
		return code;
	wg_smtp_talk_step(talk, WG_SMTP_STEP_MS);
	code = wg_smtp_link_write(&talk->link, lines, len, err);
	if (code != WG_OK)
		return end(talk, code);
	talk->owed += commands;
	return WG_OK;
}

enum wg_code wg_smtp_talk_hear(struct wg_smtp_talk *talk, const char *what, int ms, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	char byte;

	wg_smtp_reply_reset(&talk->reply);
	wg_smtp_talk_step(talk, ms);
	while (code == WG_OK && !talk->reply.done) {
		code = wg_smtp_link_byte(&talk->link, &byte, err);
		if (code == WG_OK)
			code = wg_smtp_reply_take(&talk->reply, byte, err);
	}
	if (code != WG_OK) {
		talk->over = true;
		return wg_err_add(err, "%s", what);
	}
	talk->heard = wg_clock_monotonic();
	talk->owed -= talk->owed > 0;
	talk->over = talk->over || talk->reply.code == 421;
	return WG_OK;
}

enum wg_code wg_smtp_talk_ask(struct wg_smtp_talk *talk, const char *what, const char *line, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf command = WG_BUF(WG_SMTP_COMMAND_MAX);

	wg_buf_printf(&command, "%s\r\n", line);
	enum wg_code code = wg_buf_check(&command, what, err);
	if (code == WG_OK)
		code = wg_smtp_talk_say(talk, wg_buf_text(&command), command.len, 1, err);
	if (code == WG_OK)
		code = wg_smtp_talk_hear(talk, what, WG_SMTP_STEP_MS, err);
	wg_buf_wipe(&command); /* it may have been a login */
	return code;
}

/* A reply that is not what was needed to go on. */
static enum wg_code refused(struct wg_smtp_talk *talk, enum wg_code code, const char *what, struct wg_err *err)
{
	char words[200];

	return wg_err_set(err, code, "%s refused: %s", what, wg_smtp_reply_words(&talk->reply, words, sizeof words));
}

enum wg_code wg_smtp_talk_ehlo(struct wg_smtp_talk *talk, const char *helo, struct wg_err *err)
{
	char line[300];

	(void)snprintf(line, sizeof line, "EHLO %s", helo); /* fits: a host name */
	talk->offers = (struct wg_smtp_offers){ 0 };
	enum wg_code code = wg_smtp_talk_ask(talk, "EHLO", line, err);
	if (code != WG_OK)
		return code;
	if (talk->reply.code / 100 != 2)
		return refused(talk, WG_AGAIN, "EHLO", err);
	wg_smtp_offers_read(&talk->reply, &talk->offers);
	return WG_OK;
}

enum wg_code wg_smtp_talk_starttls(struct wg_smtp_talk *talk, struct wg_err *err)
{
	if (!talk->offers.starttls)
		return wg_err_set(err, WG_CRYPTO, "the server offers no STARTTLS");
	/* whoever cuts or stalls here keeps TLS from us */
	if (wg_smtp_talk_ask(talk, "STARTTLS", "STARTTLS", err) != WG_OK)
		return err->code = WG_CRYPTO;
	if (talk->reply.code != 220)
		return refused(talk, WG_CRYPTO, "STARTTLS", err);
	/* what follows in the clear would be read after the handshake, as if said inside TLS (CVE-2011-0411 and its kin) */
	if (talk->reply.lines != 1 || talk->link.at != talk->link.end)
		return end(talk, wg_err_set(err, WG_CRYPTO, "the answer to STARTTLS was not exactly one line: injected?"));
	return WG_OK;
}

/* Content on its way: gathered in pieces, with every dot at the start of a line doubled (RFC 5321 4.5.2). */
struct outflow {
	struct wg_smtp_talk *talk;
	size_t len;
	char piece[PIECE];
};

/* A server that speaks in the middle does not take it: then no more of it goes out. */
static enum wg_code flush(struct outflow *out, struct wg_err *err)
{
	enum wg_code code = listen(out->talk, err);

	wg_smtp_talk_step(out->talk, WG_SMTP_STEP_MS);
	if (code == WG_OK)
		code = wg_smtp_link_write(&out->talk->link, out->piece, out->len, err);
	out->len = 0;
	return code;
}

static enum wg_code put(struct outflow *out, const char *bytes, size_t len, struct wg_err *err)
{
	enum wg_code code = WG_OK;

	while (code == WG_OK && len > 0) {
		size_t part = PIECE - out->len < len ? PIECE - out->len : len;
		memcpy(out->piece + out->len, bytes, part);
		out->len += part;
		bytes += part;
		len -= part;
		if (out->len == PIECE)
			code = flush(out, err);
	}
	return code;
}

static enum wg_code put_lines(struct outflow *out, const char *bytes, size_t len, struct wg_err *err)
{
	const char *from = bytes, *end = bytes + len, *dot = bytes;
	enum wg_code code = WG_OK;

	while (code == WG_OK && (dot = memchr(dot, '.', (size_t)(end - dot))) != NULL) {
		if (dot == bytes || dot[-1] == '\n') {
			code = put(out, from, (size_t)(dot - from) + 1, err);
			from = dot; /* once more */
		}
		dot++;
	}
	return code == WG_OK ? put(out, from, (size_t)(end - from), err) : code;
}

/* The dot goes with the last of the content, in one TLS record or behind others: the server has it only when all of
 * that went out. */
enum wg_code wg_smtp_talk_content(struct wg_smtp_talk *talk, const void *bytes, size_t len, bool *whole,
                                  struct wg_err *err)
{
	static const char dot[] = ".\r\n";
	struct outflow out = { .talk = talk };

	*whole = false;
	if (talk->over || !talk->verified)
		return end(talk, wg_err_set(err, WG_CRYPTO, "no content goes out outside verified TLS"));
	enum wg_code code = put_lines(&out, bytes, len, err);
	if (code == WG_OK)
		code = put(&out, dot, sizeof dot - 1, err);
	if (code == WG_OK && out.len > 0)
		code = flush(&out, err);
	if (code != WG_OK) {
		talk->over = true;
		return wg_err_add(err, "content");
	}
	talk->owed = 1;
	*whole = true;
	return WG_OK;
}

void wg_smtp_talk_close(struct wg_smtp_talk *talk, int ms)
{
	int64_t until = wg_clock_monotonic() + ms;

	if (!talk->over && talk->owed == 0 && talk->link.fd >= 0) {
		talk->until = until;
		struct wg_err err;
		bool heard = wg_smtp_talk_say(talk, "QUIT\r\n", 6, 1, &err) == WG_OK &&
		             wg_smtp_talk_hear(talk, "QUIT", ms, &err) == WG_OK;
		talk->over = talk->over || !heard; /* whatever it says, it is over */
	}
	wg_smtp_link_close(&talk->link);
	wg_smtp_talk_init(talk);
}
