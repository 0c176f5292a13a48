/* mailbox_mesh.c owns one poll of the gateway's own MESH mailbox, in a process of its own that may be killed at any
 * moment: what was not acknowledged to MESH stays there and is fetched again, byte for byte the same.
 * SECURITY: the messages are strangers'. They are handed on unopened; of what the service says of them nothing is
 * believed but their ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "role/courier.h"
#include "role/mailbox_internal.h"

/* So many messages in a row that cannot be had: the service is in trouble, not they. */
#define FAULTS_MOST 3

#define ID_SIZE sizeof((struct wg_mesh_message *)0)->id

struct round {
	struct wg_session *session;
	struct wg_mailbox_poller *poller;
	char ids[WG_IMAP_BATCH][ID_SIZE]; /* given and not settled, as poller->serials */
	bool large[WG_IMAP_BATCH];
	struct wg_err fault; /* the first of a message that does not keep the others waiting */
};

static bool passed(const struct wg_mailbox_shared *s, const char *id)
{
	for (unsigned i = 0; i < WG_MAILBOX_PASSED; i++)
		if (strncmp(s->passed[i], id, ID_SIZE) == 0)
			return true;
	return false;
}

static void pass(struct wg_mailbox_shared *s, const char *id)
{
	memcpy(s->passed[s->passed_count++ % WG_MAILBOX_PASSED], id, ID_SIZE);
}

static void remember(struct round *r, const struct wg_err *fault)
{
	if (r->fault.code == WG_OK)
		r->fault = *fault;
}

/* Intake's word on what was given; what it keeps is acknowledged. One that is too large is not, although its note is
 * kept: MESH would forget it, and the sender would take it for delivered. */
static enum wg_code settle(struct round *r, struct wg_err *err)
{
	bool kept[WG_IMAP_BATCH] = { false };
	unsigned count = r->poller->count;
	struct wg_err fault = { 0 };
	enum wg_code code = wg_mailbox_settle(r->poller, kept, count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		if (!kept[i]) {
			(void)wg_err_set(&fault, WG_AGAIN, "message %s was not taken: it stays in the mailbox", r->ids[i]);
			remember(r, &fault);
			continue;
		}
		r->poller->shared->progress.kept++;
		if (r->large[i])
			pass(r->poller->shared, r->ids[i]);
		else if (wg_mesh_keep(r->session, r->ids[i], &fault) != WG_OK && fault.code != WG_NOT_FOUND)
			remember(r, &fault);
	}
	return code;
}

/* Deliver asks after each of ours and makes the receipt of it; here the report is only seen. */
static enum wg_code take_report(struct round *r, const struct wg_mesh_message *m, struct wg_err *err)
{
	struct wg_mailbox_packet packet = { .what = WG_MAILBOX_REPORT };
	(void)snprintf(packet.words, sizeof packet.words, "message %s was not delivered: %s %s", m->linked, m->status,
	               m->said); /* fits */
	enum wg_code code = wg_mailbox_send(r->poller->fd, &packet, err);
	struct wg_err fault = { 0 };
	if (code == WG_OK && wg_mesh_keep(r->session, m->id, &fault) != WG_OK && fault.code != WG_NOT_FOUND)
		remember(r, &fault);
	return code;
}

static enum wg_code give(struct round *r, const char *id, const struct wg_buf *bytes, bool large, struct wg_err *err)
{
	struct wg_imap_mail mail = { .len = bytes->len, .size = bytes->len };
	unsigned place = r->poller->count;
	if (!large)
		mail.bytes = (const uint8_t *)wg_buf_text(bytes); /* never NULL */
	(void)snprintf(mail.message_id, sizeof mail.message_id, "%s", id);
	memcpy(r->ids[place], id, ID_SIZE);
	r->large[place] = large;
	enum wg_code code = wg_mailbox_give(r->poller, &mail, err);
	return code == WG_OK && r->poller->count == WG_IMAP_BATCH ? settle(r, err) : code;
}

/* WG_OK also when it could not be had: *had is false then. Otherwise intake is gone. */
static enum wg_code take(struct round *r, const char *id, bool *had, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_mesh_message m;
	struct wg_err fault = { 0 };
	enum wg_code code = wg_mesh_fetch(r->session, id, &m, &bytes, &fault);
	*had = code == WG_OK || code == WG_NOT_FOUND || code == WG_LIMIT;
	if (code == WG_OK && m.report)
		return take_report(r, &m, err);
	if (code == WG_OK || code == WG_LIMIT)
		return give(r, id, &bytes, code == WG_LIMIT, err);
	if (code != WG_NOT_FOUND) /* that is: somebody else has fetched it, or its time was over */
		remember(r, &fault);
	return WG_OK;
}

static enum wg_code take_all(struct round *r, char (*ids)[ID_SIZE], unsigned count, struct wg_err *err)
{
	struct wg_imap_progress *progress = &r->poller->shared->progress;
	unsigned begin = count > 0 ? progress->at % count : 0; /* behind the one at which a poll was killed */
	unsigned faults = 0;
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < count && faults < FAULTS_MOST; i++) {
		unsigned at = (begin + i) % count;
		bool had = true;
		progress->at = at + 1;
		if (!passed(r->poller->shared, ids[at]))
			code = take(r, ids[at], &had, err);
		faults = had ? 0 : faults + 1;
	}
	if (code == WG_OK && r->poller->count > 0)
		code = settle(r, err);
	return code;
}

enum wg_code wg_mailbox_poll_mesh(const struct wg_config *config, struct wg_mailbox_poller *poller, struct wg_err *err)
{
	struct round r = { .poller = poller };
	struct wg_imap_progress *progress = &poller->shared->progress;
	struct wg_send_target target;
	struct wg_peer_watch watch;
	WG_AUTO_FREE char(*ids)[ID_SIZE] = NULL;
	unsigned count = 0;
	const struct wg_way *way = wg_courier_mesh_target(config, &target, &watch);
	watch.peer.told = wg_mailbox_met; /* this process changes no file */
	watch.peer.arg = poller;
	progress->kept = 0;
	progress->more = false;
	enum wg_code code = way->open(&target, &r.session, err);
	if (code != WG_OK)
		return code;
	code = wg_mesh_list(r.session, &ids, &count, err);
	if (code == WG_OK)
		code = take_all(&r, ids, count, err);
	if (code == WG_OK) {
		progress->at = 0;
		progress->more = count == WG_MESH_INBOX_MAX;
	}
	way->close(&r.session);
	if (code == WG_OK && r.fault.code != WG_OK) {
		*err = r.fault;
		code = r.fault.code;
	}
	return code;
}
