/* lmtp.c owns the Unix socket and the connections of LMTP: deadlines, limits, and who waits for which answer.
 * SECURITY: whoever may write to the socket hands mail over; nothing is believed of it, not even that it is the mail
 * server. */
#include "channel/lmtp.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "channel/loop.h"
#include "sys/listen.h"

#define LISTEN_BACKLOG 64
/* Replies that the peer has not read; more, and it does not mean to. */
#define UNREAD_MAX ((size_t)64 * 1024)
/* Bytes taken in one turn, so that one mail server does not keep the others waiting. */
#define READ_MOST ((size_t)256 * 1024)

/* One connection; it is the mail in hand too, since there is at most one. It outlives its socket while it is held.
 * Invariants: held => session.state is HELD; bev NULL => held, and nobody waits for the answer. */
struct wg_lmtp_mail {
	struct wg_lmtp *lmtp;
	struct wg_lmtp_mail *next, **link;
	struct bufferevent *bev;
	struct event *timer;
	struct wg_lmtp_session session;
	bool held, closing, in_feed;
};

struct wg_lmtp {
	struct event_base *base;
	struct evconnlistener *listener;
	struct wg_accept *accept;
	struct wg_lmtp_spec spec;
	struct wg_lmtp_room room;
	wg_lmtp_handler *handler;
	void *arg;
	struct wg_lmtp_mail *conns;
	unsigned count;
};

static void conn_free(struct wg_lmtp_mail *c)
{
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	if (c->timer != NULL)
		event_free(c->timer);
	if (c->link != NULL) {
		*c->link = c->next;
		if (c->next != NULL)
			c->next->link = c->link;
		c->lmtp->count--;
	}
	wg_lmtp_session_free(&c->session);
	free(c);
}

/* The socket is gone; a mail that is held still has to be answered by the role. */
static void hang_up(struct wg_lmtp_mail *c)
{
	if (!c->held) {
		conn_free(c);
		return;
	}
	(void)event_del(c->timer); /* cannot fail for an event that was made */
	bufferevent_free(c->bev);
	c->bev = NULL;
}

static void arm(struct wg_lmtp_mail *c, int ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
	(void)event_add(c->timer, &in); /* fails only for want of memory; the connections stay limited */
}

/* Sends what the session has to say. False when the connection is gone. */
static bool flush(struct wg_lmtp_mail *c)
{
	struct wg_buf *out = &c->session.out;
	bool failed = out->failed || (out->len > 0 && bufferevent_write(c->bev, out->data, out->len) != 0);
	wg_buf_reset(out);
	size_t unread = evbuffer_get_length(bufferevent_get_output(c->bev));
	if (failed || unread > UNREAD_MAX || (c->session.state == WG_LMTP_CLOSED && unread == 0)) {
		hang_up(c);
		return false;
	}
	if (c->session.state == WG_LMTP_CLOSED && !c->closing) {
		c->closing = true; /* the rest goes out, then written() ends it */
		(void)bufferevent_disable(c->bev, EV_READ);
		arm(c, c->lmtp->spec.data_ms);
	}
	return true;
}

/* Lets the session eat until it wants nothing more. False when the connection is gone. */
static bool eat(struct wg_lmtp_mail *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_iovec part;
	while (!c->closing && evbuffer_peek(in, -1, NULL, &part, 1) >= 1 && part.iov_len > 0) {
		enum wg_lmtp_state before = c->session.state;
		unsigned idle = c->session.idle_commands + c->session.faults + c->session.recipients;
		size_t n = wg_lmtp_session_feed(&c->session, part.iov_base, part.iov_len);
		(void)evbuffer_drain(in, n); /* what was just peeked at is there */
		if (c->session.state == WG_LMTP_DATA && before != WG_LMTP_DATA)
			arm(c, c->lmtp->spec.data_ms);
		else if (c->session.state == WG_LMTP_COMMANDS &&
		         (before != c->session.state ||
		          idle != c->session.idle_commands + c->session.faults + c->session.recipients))
			arm(c, c->lmtp->spec.command_ms); /* a command, not a byte, is a sign of life */
		if (!flush(c))
			return false;
		if (c->session.state != WG_LMTP_HELD)
			continue;
		(void)event_del(c->timer); /* it is we who are waited for now */
		(void)bufferevent_disable(c->bev, EV_READ);
		c->held = true;
		c->lmtp->handler(c->lmtp->arg, c);
		if (c->held)
			return true;
		if (!flush(c)) /* answered at once */
			return false;
	}
	return true;
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct wg_lmtp_mail *c = arg;
	(void)bev;
	c->in_feed = true;
	if (eat(c))
		c->in_feed = false;
}

static void written(struct bufferevent *bev, void *arg)
{
	struct wg_lmtp_mail *c = arg;
	if (c->closing && evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		hang_up(c);
}

static void event_came(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		hang_up(arg);
}

static void out_of_time(evutil_socket_t fd, short what, void *arg)
{
	struct wg_lmtp_mail *c = arg;
	(void)fd, (void)what; /* the signature is libevent's */
	if (c->closing) {
		hang_up(c); /* it does not even read */
		return;
	}
	wg_lmtp_session_end(&c->session, "out of time");
	(void)flush(c); /* gone either way */
}

void wg_lmtp_answer(struct wg_lmtp_mail *c, enum wg_lmtp_fate fate, const char *id)
{
	wg_lmtp_session_answer(&c->session, fate, id);
	c->held = false;
	if (c->bev == NULL) {
		conn_free(c); /* the mail server hung up: it will hand the mail over again */
		return;
	}
	arm(c, c->lmtp->spec.command_ms);
	(void)bufferevent_enable(c->bev, EV_READ);
	if (!c->in_feed && flush(c))
		readable(c->bev, c); /* what was pipelined behind the mail */
}

const uint8_t *wg_lmtp_mail_bytes(const struct wg_lmtp_mail *mail, size_t *len)
{
	*len = mail->session.mail.len;
	return (const uint8_t *)wg_buf_text(&mail->session.mail);
}

/* ---- listening */

static void refuse(evutil_socket_t fd)
{
	static const char words[] = "421 4.3.2 too many connections: try again\r\n";
	(void)send(fd, words, sizeof words - 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* a courtesy */
	(void)close(fd);                                                      /* it was only accepted */
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct wg_lmtp *lmtp = arg;
	(void)listener, (void)from, (void)len; /* the signature is libevent's */
	struct wg_lmtp_mail *c = lmtp->count < lmtp->spec.max_connections ? calloc(1, sizeof *c) : NULL;
	if (c == NULL) {
		refuse(fd);
		return;
	}
	c->lmtp = lmtp;
	c->bev = bufferevent_socket_new(lmtp->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(lmtp->base, out_of_time, c);
	wg_lmtp_session_start(&c->session, lmtp->spec.max_mail, &lmtp->room);
	if (c->bev == NULL || c->timer == NULL) {
		if (c->bev == NULL)
			refuse(fd);
		conn_free(c);
		return;
	}
	c->next = lmtp->conns;
	c->link = &lmtp->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	lmtp->conns = c;
	lmtp->count++;
	bufferevent_setcb(c->bev, readable, written, event_came, c);
	/* All that was read is eaten before more is, so no watermark bounds it: to set one ends the process when memory
	 * runs out (libevent 2.1.12). */
	(void)bufferevent_set_max_single_read(c->bev, READ_MOST); /* without it the turns are only shorter */
	arm(c, lmtp->spec.command_ms);
	if (bufferevent_enable(c->bev, EV_READ | EV_WRITE) != 0)
		conn_free(c);
	else
		(void)flush(c); /* the greeting */
}

enum wg_code wg_lmtp_start(struct event_base *base, const struct wg_lmtp_spec *spec, wg_lmtp_handler *handler,
                           void *arg, struct wg_lmtp **out, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = -1;
	enum wg_code code = wg_listen_unix(spec->path, spec->mode, LISTEN_BACKLOG, &fd, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_lmtp_freep) struct wg_lmtp *lmtp = calloc(1, sizeof *lmtp);
	if (lmtp == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for LMTP");
	lmtp->base = base;
	lmtp->spec = *spec;
	lmtp->spec.path = NULL; /* the caller's memory */
	lmtp->room.most = spec->max_under_way;
	lmtp->handler = handler;
	lmtp->arg = arg;
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail for SIGPIPE; a peer that hangs up must not end the process */
	lmtp->listener = evconnlistener_new(base, accepted, lmtp, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (lmtp->listener == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a listener");
	fd = -1; /* the listener owns it */
	lmtp->accept = wg_accept_new(base, lmtp->listener);
	if (lmtp->accept == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a listener");
	*out = wg_steal(&lmtp);
	return WG_OK;
}

void wg_lmtp_freep(struct wg_lmtp **lmtp)
{
	struct wg_lmtp *l = *lmtp;
	if (l == NULL)
		return;
	wg_accept_freep(&l->accept);
	if (l->listener != NULL)
		evconnlistener_free(l->listener);
	while (l->conns != NULL) {
		struct wg_lmtp_mail *c = l->conns;
		wg_lmtp_session_end(&c->session, "stopping: try again later");
		struct wg_buf *out = &c->session.out;
		if (c->bev != NULL && out->len > 0) /* a courtesy: the loop does not run any more */
			(void)send(bufferevent_getfd(c->bev), out->data, out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		conn_free(c);
	}
	free(l);
	*lmtp = NULL;
}
