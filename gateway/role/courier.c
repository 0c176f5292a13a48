/* courier.c owns what a worker process does: one session, one copy after the other. What it is given comes from the
 * deliver role and is trusted; what a server answers is not, and is defanged by the channel. */
#include "role/courier.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/lock.h"
#include "sys/file.h"

#define CONNECT_MS 20000
/* RFC 5321 4.5.3.2 allows a server 10 minutes after the final dot; we give one copy one minute, so that a batch ends
 * long before its lease does (WG_STORE_LEASE_DELIVERY_MS). */
#define TOTAL_MS 60000
/* How often an idle session is looked after. */
#define KEEP_MS 5000

void wg_courier_put_result(struct wg_buf *b, const struct wg_send_result *r, const struct wg_session_counts *counts)
{
	wg_buf_u8(b, (uint8_t)r->what);
	wg_buf_u8(b, r->tls_fault);
	wg_buf_u8(b, r->maybe);
	wg_buf_u8(b, r->login_fault);
	wg_buf_u32(b, r->wait_ms);
	wg_buf_str(b, r->detail);
	wg_buf_str(b, r->receipt);
	wg_buf_u32(b, counts->connections);
	wg_buf_u32(b, counts->resumed);
	wg_buf_u32(b, counts->reused);
}

bool wg_courier_get_result(struct wg_cur *c, struct wg_send_result *r, struct wg_session_counts *counts)
{
	struct wg_send_result got = { 0 };
	uint8_t what = wg_cur_u8(c);
	got.tls_fault = wg_cur_u8(c) != 0;
	got.maybe = wg_cur_u8(c) != 0;
	got.login_fault = wg_cur_u8(c) != 0;
	got.wait_ms = wg_cur_u32(c);
	wg_cur_name(c, got.detail, sizeof got.detail);
	wg_cur_name(c, got.receipt, sizeof got.receipt);
	struct wg_session_counts seen = { .connections = wg_cur_u32(c), .resumed = wg_cur_u32(c), .reused = wg_cur_u32(c) };
	if (!wg_cur_end(c) || what > WG_SENT_REFUSED)
		return false;
	got.what = (enum wg_sent)what;
	*r = got;
	*counts = seen;
	return true;
}

static struct wg_tls tls_of(const struct wg_pair *pair, const char *ca)
{
	bool have = pair->certificate[0] != '\0';
	return (struct wg_tls){ .certificate = have ? pair->certificate : NULL, .key = have ? pair->key : NULL, .ca = ca };
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* The enums of config and channel have the same members in the same order. */
_Static_assert((int)WG_AUTH_NONE == (int)WG_SEND_AUTH_NONE && (int)WG_AUTH_XOAUTH2 == (int)WG_SEND_AUTH_XOAUTH2,
               "two lists of one thing");

static const struct wg_way *mail_target(const struct wg_config *c, const struct wg_organisation *o,
                                        struct wg_send_target *target, struct wg_peer_watch *watch)
{
	const char *at = strchr(c->mail_out.from, '@');
	target->smtp_host = or_null(c->mail_out.host);
	target->smtp_port = c->mail_out.port;
	target->from = c->mail_out.from;
	target->helo = at != NULL ? at + 1 : "localhost";
	target->implicit_tls = c->mail_out.how == WG_CONFIG_IMPLICIT;
	target->auth = (enum wg_send_auth)c->mail_out.auth;
	target->user = or_null(c->mail_out.user);
	target->secret = or_null(c->mail_out.secret);
	target->require_tls = c->mail_out.require_tls;
	target->reports = c->mail_out.reports;
	target->dns_anchor = or_null(c->dns.trust_anchor);
	target->dns_resolver = or_null(c->dns.resolver);
	target->sts_cache = or_null(c->dns.sts_cache);
	target->dns_names_for = or_null(c->dns.unproven);
	target->sts_ca = c->dns.sts_ca[0] != '\0' ? c->dns.sts_ca : c->mail_out.ca;
	target->tls = tls_of(&c->mail_out.tls, c->mail_out.ca);
	target->tls.crl = or_null(c->mail_out.crl);
	wg_peer_watch(watch, c, c->mail_out.direct ? o : NULL, WG_PEER_MAIL, or_null(c->mail_out.host));
	target->tls.peer = &watch->peer;
	return c->mail_out.libesmtp ? &wg_way_libesmtp : &wg_way_smtp;
}

struct wg_tls wg_courier_https_tls(const struct wg_config *c, const struct wg_organisation *o, const char *url,
                                   struct wg_peer_watch *watch)
{
	struct wg_tls tls = tls_of(&c->https_out.tls, o->trust_ca[0] != '\0' ? o->trust_ca : c->https_out.ca);
	wg_peer_watch(watch, c, o, WG_PEER_HTTPS, url);
	tls.peer = &watch->peer;
	return tls;
}

static const struct wg_way *https_target(const struct wg_config *c, const struct wg_organisation *o,
                                         const struct wg_desk *desk, struct wg_send_target *target,
                                         struct wg_peer_watch *watch)
{
	target->url = desk->url;
	target->later_forms = true;
	target->content_type = desk->format == WG_FORMAT_XML ? "application/xml" : "application/pkcs7-mime";
	target->tls = wg_courier_https_tls(c, o, desk->url, watch);
	return &wg_way_https;
}

const struct wg_way *wg_courier_mesh_target(const struct wg_config *c, struct wg_send_target *target,
                                            struct wg_peer_watch *watch)
{
	*target = (struct wg_send_target){ .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS };
	target->url = c->mesh.url;
	target->mesh_mailbox = c->mesh.mailbox;
	target->mesh_password = c->mesh.password;
	target->mesh_key = c->mesh.shared_key;
	target->mesh_chunk = c->mesh.chunk;
	target->tls = tls_of(&c->mesh.tls, c->mesh.ca);
	wg_peer_watch(watch, c, NULL, WG_PEER_MESH, c->mesh.url);
	target->tls.peer = &watch->peer;
	return &wg_way_mesh;
}

static const struct wg_way *target_of(const struct wg_config *config, const struct wg_organisation *organisation,
                                      const struct wg_desk *desk, struct wg_send_target *target,
                                      struct wg_peer_watch *watch)
{
	*target = (struct wg_send_target){ .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS };
	if (desk->channel == WG_CHANNEL_MAIL)
		return mail_target(config, organisation, target, watch);
	return desk->channel == WG_CHANNEL_MESH ? wg_courier_mesh_target(config, target, watch)
	                                        : https_target(config, organisation, desk, target, watch);
}

/* One copy out of a frame. The texts live as long as the frame. */
struct copy {
	char reference[WG_REFERENCE_TEXT], address[WG_LIMIT_ADDRESS + 1], mailbox[65], workflow[65];
	const uint8_t *bytes;
	size_t len;
};

static bool get_copy(const struct wg_buf *frame, struct copy *out)
{
	struct wg_cur cur = WG_CUR(frame->data, frame->len);
	wg_clock_hear((int64_t)wg_cur_u64(&cur)); /* it judges certificates by the time of the deliver role */
	wg_cur_name(&cur, out->reference, sizeof out->reference);
	wg_cur_name(&cur, out->address, sizeof out->address);
	wg_cur_name(&cur, out->mailbox, sizeof out->mailbox);
	wg_cur_name(&cur, out->workflow, sizeof out->workflow);
	out->bytes = wg_cur_bytes(&cur, &out->len);
	return out->bytes != NULL && wg_cur_end(&cur);
}

/* All of len bytes; false at the end of the stream or a failure. */
static bool read_all(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, p, len);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Until there is something to read; the session is kept warm meanwhile. */
static void wait_for_work(int fd, const struct wg_way *way, struct wg_session *session)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	while (poll(&p, 1, KEEP_MS) == 0)
		if (session != NULL && way->keep != NULL)
			(void)way->keep(session); /* what became of it shows at the next copy */
}

static bool read_frame(int fd, struct wg_buf *frame)
{
	uint8_t head[4];
	if (!read_all(fd, head, sizeof head))
		return false;
	struct wg_cur cur = WG_CUR(head, sizeof head);
	uint32_t len = wg_cur_u32(&cur);
	wg_buf_reset(frame);
	uint8_t *at = wg_buf_room(frame, len);
	if (at == NULL || !read_all(fd, at, len))
		return false;
	frame->len = len;
	return true;
}

struct courier {
	int fd;
	struct wg_session *session;
	struct wg_err fault; /* why there is no session */
};

static void nothing(void *arg, struct wg_send_item *item)
{
	(void)arg, (void)item; /* one item an offer: its result is there when the offer returns */
}

static void offer(struct courier *c, const struct wg_way *way, struct wg_send_item *item)
{
	WG_CLEANUP(wg_buf_wipe) struct wg_buf plain = WG_BUF(WG_LIMIT_ENVELOPE);
	if (c->session != NULL && wg_locked(item->bytes, item->len)) {
		if (wg_unlock(item->bytes, item->len, &plain, &c->fault) != WG_OK) {
			(void)snprintf(item->result.detail, sizeof item->result.detail, "the copy %.100s", c->fault.text);
			return;
		}
		item->bytes = plain.data;
		item->len = plain.len;
	}
	way->offer(c->session, item, 1, nothing, NULL);
}

static bool carry(struct courier *c, const struct wg_way *way, struct copy *copy)
{
	static const struct wg_session_counts none;
	struct wg_send_item item = {
		.message_id = copy->reference,
		.idempotency_key = copy->reference,
		.bytes = copy->bytes,
		.len = copy->len,
		.to = or_null(copy->address),
		.mesh_to = or_null(copy->mailbox),
		.mesh_workflow = or_null(copy->workflow),
		.result = { .what = WG_SENT_DEFER, .detail = "not tried" },
	};
	if (c->session != NULL)
		offer(c, way, &item);
	else
		(void)snprintf(item.result.detail, sizeof item.result.detail, "%.*s", (int)sizeof item.result.detail - 1,
		               c->fault.text);
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(WG_COURIER_ANSWER_MAX), framed = WG_BUF(WG_COURIER_ANSWER_MAX + 4);
	wg_courier_put_result(&answer, &item.result, c->session != NULL ? wg_session_counts(c->session) : &none);
	wg_buf_bytes(&framed, answer.data, answer.len); /* in one piece: each wakes the role */
	struct wg_err err;
	return !answer.failed && !framed.failed && wg_fd_write(c->fd, framed.data, framed.len, &err) == WG_OK;
}

_Noreturn void wg_courier(int fd, const struct wg_config *config, const struct wg_organisation *organisation,
                          const struct wg_desk *desk)
{
	WG_AUTO_BUF struct wg_buf frame = WG_BUF(WG_LIMIT_FRAME);
	struct wg_send_target target;
	struct wg_peer_watch watch;
	struct courier c = { .fd = fd };
	struct copy copy;
	const struct wg_way *way = target_of(config, organisation, desk, &target, &watch);
	if (way->open(&target, &c.session, &c.fault) != WG_OK)
		c.session = NULL;
	bool good = true;
	while (good) {
		wait_for_work(fd, way, c.session);
		if (!read_frame(fd, &frame))
			break;
		good = get_copy(&frame, &copy) && carry(&c, way, &copy);
	}
	if (c.session != NULL)
		way->close(&c.session);
	_exit(good ? 0 : 1);
}
