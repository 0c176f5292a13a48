/* intake_mailbox.c owns intake's end of the mailboxes, those of mail servers and of MESH: what a poller hands over goes
 * to the store, and the poller hears when the store has it for good; only then it marks the mail. A mail that was added
 * and not marked (by MESH: acknowledged) comes again, byte for byte the same, and the store says that it has it.
 * SECURITY: a poller meets strangers; nothing but a mail and its size is believed of it. */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/intake.h"
#include "role/mailbox.h"

/* Packets taken in one turn, so that the other ways in have theirs: 2 MB. */
#define TURN 32

static void answer(struct wg_mailbox *m, uint32_t serial, bool kept)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET);
	const struct wg_mailbox_packet packet = { .what = kept ? WG_MAILBOX_KEPT : WG_MAILBOX_NOT_KEPT, .serial = serial };
	wg_mailbox_pack(&packet, &b);
	/* a poller that does not get its answer marks nothing, and the mail comes again */
	(void)send(m->fd, wg_buf_text(&b), b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say_time(struct wg_mailbox *m)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET);
	const struct wg_mailbox_packet packet = { .what = WG_MAILBOX_TIME, .size = (uint64_t)wg_clock_now() };
	wg_mailbox_pack(&packet, &b);
	/* a poller that does not get its answer does not poll, and says so */
	(void)send(m->fd, wg_buf_text(&b), b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void told(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                 const struct wg_err *failed)
{
	struct wg_mailbox *m = arg;
	(void)intake; /* the signature is wg_intake_told's */
	if (failed->code == WG_OK)
		wg_log(WG_LOG_INFO, receipt->duplicate ? "accepted-again" : "accepted", "message", receipt->id, "way",
		       m->box.way, "mailbox", m->box.host, NULL);
	else
		wg_log_err(WG_LOG_WARNING, "not-accepted", failed, "way", m->box.way, "mailbox", m->box.host, NULL);
	answer(m, number, failed->code == WG_OK);
}

static void add(struct wg_mailbox *m, uint32_t serial, const void *bytes, size_t len)
{
	WG_AUTO_BUF struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg;
	struct wg_err err = { 0 };
	enum wg_code code = wg_intake_seal_mail(m->intake, m->box.way, bytes, len, &blob, &msg, &err);
	if (code == WG_OK)
		code = wg_intake_add(m->intake, &msg, told, m, serial, 0, &err);
	if (code == WG_OK)
		return;
	wg_log_err(WG_LOG_WARNING, "not-accepted", &err, "way", m->box.way, "mailbox", m->box.host, NULL);
	answer(m, serial, false);
}

static void put_mail_note(const struct wg_mailbox *m, const struct wg_mailbox_packet *p, struct wg_buf *out)
{
	wg_buf_printf(out,
	              "Subject: A mail is too large to be taken in\r\nMIME-Version: 1.0\r\n"
	              "Content-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n"
	              "A mail of %llu bytes arrived, and this gateway takes at most %zu. It was not fetched.\r\n\r\n"
	              "Mailbox: %s at %s, folder %s\r\nNumber (UID): %u\r\nMessage-ID: %s\r\n\r\n"
	              "It is still there, flagged. Open it there, and hand in what it holds in smaller parts.\r\n",
	              (unsigned long long)p->size, WG_LIMIT_MESSAGE, m->box.user, m->box.host, m->box.imap->folder, p->uid,
	              p->words[0] != '\0' ? p->words : "none that could be read");
}

/* How large it is nobody has said; it was fetched until it was too much. */
static void put_mesh_note(const struct wg_mailbox *m, const struct wg_mailbox_packet *p, struct wg_buf *out)
{
	wg_buf_printf(out,
	              "Subject: A MESH message is too large to be taken in\r\nMIME-Version: 1.0\r\n"
	              "Content-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n"
	              "A MESH message of more than %zu bytes waits, and this gateway takes no larger ones.\r\n\r\n"
	              "MESH mailbox: %s\r\nMESH message id: %s\r\n\r\n"
	              "It is still there, and not acknowledged. Fetch it with another MESH client and hand in what it "
	              "holds in smaller parts, or ask the sender to. MESH gives it up after five days and tells the "
	              "sender so.\r\n",
	              WG_LIMIT_MESSAGE, m->box.user, p->words);
}

/* A note of ours in the place of what is too large: a person has to look into the mailbox. It says the same each time,
 * so that the store folds it. */
static void add_note(struct wg_mailbox *m, const struct wg_mailbox_packet *p)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(4096);
	if (m->box.imap != NULL)
		put_mail_note(m, p, &text);
	else
		put_mesh_note(m, p, &text);
	wg_log(WG_LOG_WARNING, "mail-too-large", "mailbox", m->box.host, "alarm", "mail-too-large", NULL);
	add(m, p->serial, wg_buf_text(&text), text.len);
}

/* As people know it: "notices@gateway.example at mail.example". */
static void name_of(const struct wg_mailbox_box *box, char out[static WG_STORE_WAY])
{
	char port[8] = "", text[2 * WG_STORE_WAY];
	bool usual = box->imap == NULL || box->imap->port == (box->imap->tls == WG_CONFIG_IMPLICIT ? 993 : 143);
	bool inbox = box->imap == NULL || strcmp(box->imap->folder, "INBOX") == 0;
	if (!usual)
		(void)snprintf(port, sizeof port, ":%u", box->imap->port); /* fits */
	(void)snprintf(text, sizeof text, "%.60s at %.60s%s%s%.30s", box->user, box->host, port, inbox ? "" : " ",
	               inbox ? "" : box->imap->folder); /* cut is fine */
	(void)wg_defang(text, out, WG_STORE_WAY);       /* likewise */
}

/* Beside the log, which nobody may read tonight: the monitor makes an alert of it. */
static void tell_store(struct wg_mailbox *m, const struct wg_mailbox_packet *p)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(WG_STORE_WAYS_MAX);
	char name[WG_STORE_WAY], words[WG_STORE_DETAIL] = "";
	struct wg_err err = { 0 };
	for (unsigned i = 0; i < m->intake->mailbox_count; i++) {
		name_of(&m->intake->mailboxes[i].box, name);
		wg_buf_printf(&all, "%s%s", i > 0 ? "\n" : "", name);
	}
	name_of(&m->box, name);
	if (p->code != WG_OK)
		(void)snprintf(words, sizeof words, "%.*s", (int)sizeof words - 1, p->words[0] != '\0' ? p->words : "no words");
	m->said = wg_client_trouble(m->intake->asks, wg_buf_text(&all), name, words, p->serial, &err) == WG_OK;
	if (!m->said && wg_client_gone(&err))
		wg_intake_fail(m->intake, &err); /* otherwise it is told after the next look */
}

static void over(struct wg_mailbox *m, const struct wg_mailbox_packet *p)
{
	char kept[24];
	struct wg_err why = { .code = p->code };
	(void)snprintf(kept, sizeof kept, "%llu", (unsigned long long)p->size); /* 20 digits at most */
	(void)snprintf(why.text, sizeof why.text, "%s", p->words);
	m->taking = false; /* a poller that was killed left it half */
	wg_buf_free(&m->mail);
	if (p->size > 0)
		wg_log(WG_LOG_INFO, "polled", "mailbox", m->box.host, "user", m->box.user, "kept", kept, NULL);
	if (p->code != WG_OK && p->code != m->fault)
		wg_log_err(WG_LOG_ERROR, "mailbox-failing", &why, "mailbox", m->box.host, "user", m->box.user, "alarm",
		           "mailbox", NULL);
	else if (p->code == WG_OK && m->fault != WG_OK)
		wg_log(WG_LOG_INFO, "mailbox-cleared", "mailbox", m->box.host, "user", m->box.user, "alarm", "mailbox", NULL);
	if (!m->said || p->code != m->fault)
		tell_store(m, p);
	m->fault = p->code;
}

/* Who polls changes no file; what it says that its server showed is a hint, which the monitor role verifies. */
static void note_server(const struct wg_mailbox *m, const struct wg_mailbox_packet *p)
{
	struct wg_peer_watch watch;
	wg_peer_watch(&watch, m->intake->config, NULL, m->box.imap != NULL ? WG_PEER_IMAP : WG_PEER_MESH, m->box.host);
	wg_peer_note(&watch.place, watch.seen, (const char *)p->bytes, p->len, p->code != WG_OK);
}

/* False when no poller of ours would say this here. */
static bool take(struct wg_mailbox *m, const struct wg_mailbox_packet *p)
{
	bool mine = m->taking && p->serial == m->serial;
	switch (p->what) {
	case WG_MAILBOX_BEGIN:
		if (p->size > WG_LIMIT_MESSAGE)
			return false;
		wg_buf_free(&m->mail);
		m->serial = p->serial;
		m->size = p->size;
		m->taking = true;
		return true;
	case WG_MAILBOX_BYTES:
		if (!mine || p->len > m->size - m->mail.len)
			return false;
		wg_buf_put(&m->mail, p->bytes, p->len);
		return true;
	case WG_MAILBOX_END:
		if (!mine || (m->mail.len != m->size && !m->mail.failed))
			return false;
		m->taking = false;
		if (m->mail.failed)
			answer(m, p->serial, false); /* no memory */
		else
			add(m, p->serial, wg_buf_text(&m->mail), m->mail.len);
		wg_buf_free(&m->mail);
		return true;
	case WG_MAILBOX_LARGE:
		add_note(m, p);
		return true;
	case WG_MAILBOX_SEEN:
		note_server(m, p);
		return true;
	case WG_MAILBOX_REPORT:
		wg_log(WG_LOG_WARNING, "mesh-report", "mailbox", m->box.user, "why", p->words, NULL);
		return true;
	case WG_MAILBOX_OVER:
		over(m, p);
		return true;
	case WG_MAILBOX_TIME:
		say_time(m);
		return true;
	case WG_MAILBOX_KEPT:
	case WG_MAILBOX_NOT_KEPT:
		break;
	}
	return false;
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t bytes[WG_MAILBOX_PACKET];
	struct wg_mailbox *m = arg;
	(void)what; /* the signature is libevent's */
	for (int i = 0; i < TURN; i++) {
		struct wg_mailbox_packet packet;
		struct wg_err err = { 0 };
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			(void)wg_err_set(&err, WG_SYSTEM, "the process that polls %s ended", m->box.host);
		else if (wg_mailbox_unpack(bytes, (size_t)n, &packet, &err) == WG_OK && !take(m, &packet))
			(void)wg_err_set(&err, WG_CORRUPT, "the process that polls %s said what none should", m->box.host);
		if (err.code == WG_OK)
			continue;
		wg_intake_fail(m->intake, &err);
		return;
	}
}

enum wg_code wg_intake_mailbox_start(struct wg_intake *intake, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < wg_mailbox_count(intake->config); i++) {
		struct wg_mailbox *m = &intake->mailboxes[i];
		*m = (struct wg_mailbox){
			.intake = intake, .box = wg_mailbox_at(intake->config, i), .fd = -1, .mail = WG_BUF(WG_LIMIT_MESSAGE)
		};
		intake->mailbox_count = i + 1;
		code = wg_mailbox_start(intake->config, &m->box, &m->fd, err);
	}
	return code;
}

enum wg_code wg_intake_mailbox_watch(struct wg_intake *intake, struct wg_err *err)
{
	for (unsigned i = 0; i < intake->mailbox_count; i++) {
		struct wg_mailbox *m = &intake->mailboxes[i];
		m->event = event_new(intake->base, m->fd, EV_READ | EV_PERSIST, readable, m);
		if (m->event == NULL || event_add(m->event, NULL) != 0)
			return wg_err_set(err, WG_SYSTEM, "no memory to watch a mailbox");
	}
	return WG_OK;
}

void wg_intake_mailbox_stop(struct wg_intake *intake)
{
	for (unsigned i = 0; i < intake->mailbox_count; i++) {
		struct wg_mailbox *m = &intake->mailboxes[i];
		if (m->event != NULL)
			event_free(m->event);
		m->event = NULL;
		wg_closep(&m->fd);
		wg_buf_free(&m->mail);
	}
	intake->mailbox_count = 0;
}
