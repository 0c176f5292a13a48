/* Owns the transaction: MAIL, RCPT, DATA, content, and the judgement of each answer. SECURITY: an item is delivered
 * only on a 2yz that came after all of its content, the final dot included; whatever else happens after that dot leaves
 * it open whether the server has it. */
#include "channel/smtp_mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mime_wire.h"
#include "channel/smtp_login.h"

/* RFC 3461 4.4: an envelope id has at most 100 characters before it is encoded. */
#define ENVID_MAX 100
/* MAIL with all its parameters, or RCPT: an address, and one more three times as long in xtext. */
#define LINE_MAX_BYTES ((size_t)4096)
#define DATA "DATA\r\n"

void wg_smtp_result(struct wg_send_item *item, enum wg_sent what, const char *words)
{
	item->result = (struct wg_send_result){ .what = what };
	(void)wg_defang(words, item->result.detail, sizeof item->result.detail); /* returns its buffer */
}

static const char *address_of(const struct wg_send_target *target, const struct wg_send_item *item)
{
	return item->to ? item->to : target->to;
}

enum wg_code wg_smtp_mail_check(const struct wg_send_target *target, const struct wg_send_item *item,
                                struct wg_err *err)
{
	const char *to = address_of(target, item);

	if (!to || !wg_address_valid(to))
		return wg_err_set(err, WG_REJECT, "the recipient's address cannot be written into an SMTP command");
	if (item->len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "the envelope is larger than any may be");
	return wg_mime_wire_check(item->bytes, item->len, err);
}

/* ---- commands */

/* RFC 3461 4: printable ASCII but "+" and "=" as it is, the rest as "+" and two hex digits. */
static void put_xtext(struct wg_buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c > 0x20 && c < 0x7f && c != '+' && c != '=')
			wg_buf_putc(b, *s);
		else
			wg_buf_printf(b, "+%02X", c);
	}
}

/* What is asked for and offered. Nothing that is not offered is ever asked for. */
static void put_mail(struct wg_buf *b, const struct wg_send_target *target, const struct wg_send_item *item,
                     const struct wg_smtp_offers *offers)
{
	wg_buf_printf(b, "MAIL FROM:<%s>", target->from);
	if (offers->size)
		wg_buf_printf(b, " SIZE=%zu", item->len);
	if (offers->dsn && target->reports) {
		wg_buf_puts(b, " RET=HDRS");
		if (item->message_id && item->message_id[0] && strlen(item->message_id) <= ENVID_MAX) {
			wg_buf_puts(b, " ENVID=");
			put_xtext(b, item->message_id);
		}
	}
	if (offers->require_tls && target->require_tls)
		wg_buf_puts(b, " REQUIRETLS");
	wg_buf_puts(b, "\r\n");
}

static void put_rcpt(struct wg_buf *b, const struct wg_send_target *target, const struct wg_send_item *item,
                     const struct wg_smtp_offers *offers)
{
	const char *to = address_of(target, item);

	wg_buf_printf(b, "RCPT TO:<%s>", to);
	if (offers->dsn && target->reports) {
		wg_buf_puts(b, " NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;");
		put_xtext(b, to);
	}
	wg_buf_puts(b, "\r\n");
}

/* ---- the transaction */

/* How far it came, and the first answer that was a no. */
struct course {
	struct wg_smtp_talk *talk;
	const struct wg_send_target *target;
	struct wg_send_item *item;
	bool answered; /* the server has said something to MAIL that was not 421 */
	bool whole;    /* all of the content is out */
	bool refused;  /* the result is set from a reply */
};

static bool is(const struct course *c, int hundred)
{
	return c->talk->reply.code / 100 == hundred;
}

/* The last reply was not what takes the mail on: what it means. 530 and its kin speak of us, not of the mail. */
static void judge(struct course *c, const char *command)
{
	char words[sizeof c->item->result.detail], line[sizeof words];
	int code = c->talk->reply.code;
	bool login = wg_smtp_login_wanting(code);

	if (c->refused)
		return;
	c->refused = true;
	(void)snprintf(line, sizeof line, "%s: %s", command,
	               wg_smtp_reply_words(&c->talk->reply, words, sizeof words - 16)); /* fits */
	wg_smtp_result(c->item, code / 100 == 5 && !login ? WG_SENT_REFUSED : WG_SENT_DEFER, line);
	c->item->result.login_fault = login;
}

static enum wg_code hear(struct course *c, const char *what, int ms, struct wg_err *err)
{
	enum wg_code code = wg_smtp_talk_hear(c->talk, what, ms, err);

	if (code == WG_OK && c->talk->reply.code != 421)
		c->answered = true;
	return code;
}

/* MAIL, RCPT and DATA, together where the server takes that (RFC 2920 3.1), else each after the answer to the one
 * before; up to RCPT's answer. After a refusal the answers to the rest are heard by decline(). */
static enum wg_code address(struct course *c, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf mail = WG_BUF(LINE_MAX_BYTES), rcpt = WG_BUF(LINE_MAX_BYTES);
	const struct wg_smtp_offers *offers = &c->talk->offers;

	put_mail(&mail, c->target, c->item, offers);
	put_rcpt(offers->pipelining ? &mail : &rcpt, c->target, c->item, offers);
	if (offers->pipelining)
		wg_buf_puts(&mail, DATA);
	enum wg_code code = wg_buf_check(&mail, "MAIL", err);
	if (code == WG_OK)
		code = wg_smtp_talk_say(c->talk, wg_buf_text(&mail), mail.len, offers->pipelining ? 3 : 1, err);
	if (code == WG_OK)
		code = hear(c, "MAIL", WG_SMTP_STEP_MS, err);
	if (code != WG_OK)
		return code;
	if (!is(c, 2))
		judge(c, "MAIL");
	if (c->refused)
		return WG_OK;
	if (!offers->pipelining)
		code = wg_smtp_talk_say(c->talk, wg_buf_text(&rcpt), rcpt.len, 1, err);
	if (code == WG_OK)
		code = hear(c, "RCPT", WG_SMTP_STEP_MS, err);
	if (code == WG_OK && !is(c, 2))
		judge(c, "RCPT");
	return code;
}

/* What was said behind a command that was refused is answered as well. A server that wants content all the same gets
 * none: a dot alone ends it (RFC 2920 3.1), and whatever that is answered with, nobody was named to get it. */
static enum wg_code decline(struct course *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	bool asked = c->talk->owed > 0, ended = false;

	while (code == WG_OK && !c->talk->over && c->talk->owed > 0)
		code = hear(c, "DATA", WG_SMTP_STEP_MS, err);
	if (!asked || code != WG_OK || c->talk->over || c->talk->reply.code != 354)
		return code;
	code = wg_smtp_talk_content(c->talk, "", 0, &ended, err);
	return code == WG_OK ? hear(c, "end of content", WG_SMTP_END_MS, err) : code;
}

static enum wg_code content(struct course *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;

	if (!c->talk->offers.pipelining)
		code = wg_smtp_talk_say(c->talk, DATA, strlen(DATA), 1, err);
	if (code == WG_OK)
		code = hear(c, "DATA", WG_SMTP_STEP_MS, err);
	if (code != WG_OK)
		return code;
	if (c->talk->reply.code != 354) {
		if (is(c, 4) || is(c, 5)) {
			judge(c, "DATA");
			return WG_OK;
		}
		c->talk->over = true;
		return wg_err_set(err, WG_REJECT, "DATA: answered with %d", c->talk->reply.code);
	}
	code = wg_smtp_talk_content(c->talk, c->item->bytes, c->item->len, &c->whole, err);
	if (code == WG_OK)
		code = hear(c, "end of content", WG_SMTP_END_MS, err);
	if (code != WG_OK)
		return code;
	if (is(c, 4) || is(c, 5)) {
		judge(c, "end of content");
	} else if (!is(c, 2)) {
		c->talk->over = true;
		return wg_err_set(err, WG_REJECT, "end of content: answered with %d", c->talk->reply.code);
	}
	return WG_OK;
}

static void accepted(struct course *c)
{
	const struct wg_smtp_offers *offers = &c->talk->offers;
	char words[sizeof c->item->result.detail];

	(void)snprintf(words, sizeof words, "accepted%s%s%s%s", c->talk->reply.enhanced[0] ? " " : "",
	               c->talk->reply.enhanced,
	               c->target->require_tls && !offers->require_tls ? "; REQUIRETLS is not offered" : "",
	               c->target->reports && !offers->dsn ? "; delivery reports are not offered" : ""); /* fits */
	wg_smtp_result(c->item, WG_SENT_OK, words);
	wg_smtp_receipt(c->talk->reply.text, c->item->result.receipt, sizeof c->item->result.receipt);
}

/* Ends a transaction that was begun and did not come to its end, so that the next one begins afresh. */
static void reset(struct wg_smtp_talk *talk)
{
	struct wg_err err;

	if (talk->over)
		return;
	if (wg_smtp_talk_ask(talk, "RSET", "RSET", &err) != WG_OK || talk->reply.code / 100 != 2)
		talk->over = true;
}

bool wg_smtp_mail_offer(struct wg_smtp_talk *talk, const struct wg_send_target *target, struct wg_send_item *item)
{
	struct course course = { .talk = talk, .target = target, .item = item };
	struct wg_err err = { .code = WG_OK };

	if (talk->offers.size && talk->offers.size_max > 0 && item->len > talk->offers.size_max) {
		char words[120];
		(void)snprintf(words, sizeof words, "the server takes at most %" PRIu64 " bytes; this mail has %zu",
		               talk->offers.size_max, item->len); /* fits */
		wg_smtp_result(item, WG_SENT_REFUSED, words);
		return true;
	}
	talk->until = wg_clock_monotonic() + target->total_ms;
	enum wg_code code = address(&course, &err);
	if (code == WG_OK)
		code = course.refused ? decline(&course, &err) : content(&course, &err);
	if (course.refused) {
		reset(talk);
	} else if (code == WG_OK) {
		accepted(&course);
	} else {
		wg_smtp_result(item, WG_SENT_DEFER, err.text);
		item->result.tls_fault = code == WG_CRYPTO;
		item->result.maybe = course.whole;
	}
	return course.answered || !talk->over;
}
