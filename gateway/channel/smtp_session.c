/* Owns wg_way_smtp: a session of mails to one smarthost, or to the servers of one domain, that stays open between
 * copies. Runs in a worker of its own; SIGPIPE is ignored while it talks. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "channel/session_internal.h"
#include "channel/smtp_mail.h"
#include "channel/smtp_open.h"
#include "crypto/peer.h"

/* How long a session is silent before it says NOOP: servers close after five minutes (RFC 5321 4.5.3.2.7), some after
 * two. */
#define KEEP_MS 60000
/* How long a NOOP or a QUIT may take. */
#define KEEP_WAIT_MS 5000
#define CLOSE_MS 500
/* Connections in a row that end under an item before the rest of the items waits for another time. */
#define LOSSES 2

struct smtp_session {
	struct wg_session base;
	const struct wg_send_target *target;
	struct wg_smtp_talk talk;
	struct wg_smtp_known known;
	char domain[WG_HOST_TEXT]; /* direct: whose server this is */
	bool ready;                /* talk may be used for a mail */
};

/* What one call of offer has learned. */
struct round {
	unsigned losses;
	bool ended; /* no item goes out any more */
	struct wg_smtp_fault fault;
};

static struct sigaction pipe_ignore(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before = { 0 };

	(void)sigaction(SIGPIPE, &ignore, &before); /* fails only for a signal that does not exist */
	return before;
}

static void pipe_restore(const struct sigaction *before)
{
	(void)sigaction(SIGPIPE, before, NULL); /* as above */
}

static void drop(struct smtp_session *s)
{
	wg_smtp_talk_close(&s->talk, CLOSE_MS);
	s->ready = false;
}

static bool open_for(struct smtp_session *s, const char *domain, struct wg_smtp_fault *fault)
{
	s->ready = wg_smtp_open(&s->talk, s->target, domain, &s->known, &s->base.counts, fault);
	if (s->ready)
		(void)snprintf(s->domain, sizeof s->domain, "%s", domain); /* fits: part of a checked address */
	return s->ready;
}

/* A connection that is there and was not closed by the other side meanwhile, and whose server could not have been
 * revoked since. */
static bool still_open(struct smtp_session *s, const char *domain)
{
	struct wg_err err;

	if (s->ready && !s->target->smtp_host && strcmp(s->domain, domain) != 0)
		drop(s);
	if (s->ready && (wg_peer_news(s->target->tls.peer) || wg_smtp_link_quiet(&s->talk.link, &err) != WG_OK))
		drop(s);
	return s->ready;
}

static void defer(struct wg_send_item *item, const struct wg_smtp_fault *fault)
{
	wg_smtp_result(item, fault->refused ? WG_SENT_REFUSED : WG_SENT_DEFER, fault->words);
	item->result.tls_fault = fault->tls;
	item->result.login_fault = fault->login;
}

/* What an item's end says about the next ones. After 421 the server is not asked again at once; a connection that ends
 * twice in a row will do so a third time. */
static void learn(struct smtp_session *s, struct round *round, const struct wg_send_item *item)
{
	round->losses = s->talk.over ? round->losses + 1 : 0;
	if (!s->talk.over)
		return;
	round->ended = round->losses >= LOSSES || s->talk.reply.code == 421;
	round->fault = (struct wg_smtp_fault){ .tls = item->result.tls_fault };
	(void)snprintf(round->fault.words, sizeof round->fault.words, "not tried, the server ended the session: %.*s", 200,
	               item->result.detail); /* fits */
	drop(s);
}

static void offer_one(struct smtp_session *s, struct wg_send_item *item, const char *domain, struct round *round)
{
	bool warm = still_open(s, domain);

	if (!warm && !open_for(s, domain, &round->fault)) {
		round->ended = true;
		defer(item, &round->fault);
		return;
	}
	bool told = wg_smtp_mail_offer(&s->talk, s->target, item);
	if (!told && warm) { /* the connection had died in the meantime: that was no try */
		drop(s);
		warm = false;
		if (!open_for(s, domain, &round->fault)) {
			round->ended = true;
			defer(item, &round->fault);
			return;
		}
		(void)wg_smtp_mail_offer(&s->talk, s->target, item); /* the result says it all */
	}
	s->base.counts.reused += warm;
	learn(s, round, item);
}

static void offer(struct wg_session *session, struct wg_send_item *items, size_t count, wg_session_told *told,
                  void *arg)
{
	struct smtp_session *s = (struct smtp_session *)session;
	struct sigaction before = pipe_ignore();
	struct round round = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct wg_send_item *item = &items[i];
		struct wg_err err = { .code = WG_OK };
		if (wg_smtp_mail_check(s->target, item, &err) != WG_OK) {
			wg_smtp_result(item, WG_SENT_REFUSED, err.text);
		} else if (round.ended) {
			defer(item, &round.fault);
		} else {
			const char *to = item->to ? item->to : s->target->to;
			offer_one(s, item, strchr(to, '@') + 1, &round);
		}
		if (told)
			told(arg, item);
	}
	pipe_restore(&before);
}

static bool keep(struct wg_session *session)
{
	struct smtp_session *s = (struct smtp_session *)session;
	struct sigaction before = pipe_ignore();
	struct wg_err err;

	if (s->ready && wg_smtp_link_quiet(&s->talk.link, &err) != WG_OK)
		drop(s);
	if (s->ready && wg_clock_monotonic() - s->talk.heard >= KEEP_MS) {
		s->talk.until = wg_clock_monotonic() + KEEP_WAIT_MS;
		if (wg_smtp_talk_ask(&s->talk, "NOOP", "NOOP", &err) != WG_OK || s->talk.over || s->talk.reply.code / 100 != 2)
			drop(s);
	}
	pipe_restore(&before);
	return s->ready;
}

static enum wg_code open_session(const struct wg_send_target *target, struct wg_session **out, struct wg_err *err)
{
	enum wg_code code = wg_smtp_target_check(target, err);

	if (code != WG_OK)
		return code;
	struct smtp_session *s = calloc(1, sizeof *s);
	if (s == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a session");
	s->base.way = &wg_way_smtp;
	s->target = target;
	wg_smtp_talk_init(&s->talk);
	*out = &s->base;
	return WG_OK;
}

static void close_session(struct wg_session **session)
{
	struct smtp_session *s = (struct smtp_session *)*session;

	if (s == NULL)
		return;
	struct sigaction before = pipe_ignore();
	drop(s);
	wg_smtp_known_free(&s->known);
	free(s);
	*session = NULL;
	pipe_restore(&before);
}

const struct wg_way wg_way_smtp = {
	.name = "smtp", .open = open_session, .offer = offer, .keep = keep, .close = close_session
};
