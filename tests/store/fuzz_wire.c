/* Bytes of a peer, from the first one on: frames, the table of who may ask what, the readers of bodies, the driver. The
 * first byte of the input is the role. Each input runs in a transaction that is rolled back, on a store with one
 * message of each kind. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/server_internal.h"

static struct wg_server server;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void open_store(void)
{
	static char folder[] = "/tmp/wg-fuzz-XXXXXX";
	struct wg_err err = { 0 };
	must(mkdtemp(folder) != NULL);
	must(wg_store_open(folder, &server.store, &err) == WG_OK);
	server.folder = folder;
	server.now = (struct wg_now){ .wall = 1700000000000, .steady = 1000 };
	server.accepting = true;
	server.room = UINT64_MAX / 2;
	/* The store stays open, so its files may go: nothing is left in /tmp. */
	static const char *const names[] = { "store.db", "store.db-wal", "store.lock" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		char path[64];
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]); /* short */
		(void)unlink(path);                                           /* one that is not there yet is not missed */
	}
	(void)rmdir(folder); /* what is left over shows in /tmp */
}

/* The second message: about a child that has answered, with a delivery that was sent and waits to be confirmed, a
 * review for two people with its alarm, one that goes against a consent, and one that its desk fetches. A partner sent
 * it. The ids that deliveries get are chance: an input acts on all of the message. */
static void furnish_second(const struct wg_msg_job *job)
{
	struct wg_err err = { 0 };
	struct wg_dlv_new d[5];
	struct wg_msg_done_result result;
	struct wg_match_key key = { .kind = WG_KEY_NHS };
	const struct wg_record_new answer = { .id = "4123456789abcdefghjkmnpqrs", .blob = "a", .blob_len = 1 };
	memset(key.key, 'e', sizeof key.key - 1);
	for (int i = 0; i < 5; i++)
		d[i] = (struct wg_dlv_new){ .organisation = "oatshire",
			                        .role = "r",
			                        .channel = "mail",
			                        .of = "host",
			                        .desk = { (char)('d' + i), '\0' },
			                        .state = i == 1 ? WG_DLV_REVIEW : WG_DLV_SEALED,
			                        .disclosure = "{}",
			                        .envelope = "e",
			                        .envelope_len = 1 };
	d[1].second_person = true;
	d[1].due = d[2].not_before = server.now.wall + 1000;
	d[2].alarm_of = 2;
	d[3].overrides = true;
	memcpy(d[0].reference, "known.1", 8);
	memset(d[0].token_hash, 'f', sizeof d[0].token_hash - 1);
	memset(d[0].copy_hash, 'c', sizeof d[0].copy_hash - 1);
	memcpy(d[0].confirm, "rule", 5);
	memcpy(d[3].reference, "known.2", 8);
	memcpy(d[4].channel, "pull", 5);
	d[4].hook = true;
	struct wg_msg_done done = { .token = job->token,
		                        .state = WG_MSG_ROUTED,
		                        .epoch = "e1",
		                        .relation = WG_RELATION_OPENS,
		                        .keys = &key,
		                        .key_count = 1,
		                        .deliveries = d,
		                        .delivery_count = 5,
		                        .sender_reference = "theirs.1",
		                        .consents = &answer,
		                        .consent_count = 1 };
	memcpy(done.id, job->id, sizeof done.id);
	must(wg_store_done(server.store, server.now, &done, &result, &err) == WG_OK);
}

/* Inside the input's own transaction: a message that is leased, one that is routed and has a delivery on its way, and
 * one that waits for a person. */
static void furnish(void)
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_dlv_job *sent = NULL;
	unsigned count = 0;
	struct wg_msg_new m = { .id = "0123456789abcdefghjkmnpqrs",
		                    .organisation = "meadowton",
		                    .content_type = "x",
		                    .way = "https",
		                    .blob = "b",
		                    .blob_len = 1 };
	memset(m.content_hash, 'a', sizeof m.content_hash - 1);
	must(wg_store_add(server.store, server.now, &m, &receipt, &err) == WG_OK);
	memset(m.content_hash, 'b', sizeof m.content_hash - 1);
	m.id[0] = '1';
	m.organisation[0] = 'n'; /* of another sender: else its delivery would wait for the first message */
	must(wg_store_add(server.store, server.now, &m, &receipt, &err) == WG_OK);
	memset(m.content_hash, 'c', sizeof m.content_hash - 1);
	m.id[0] = '2';
	must(wg_store_add(server.store, server.now, &m, &receipt, &err) == WG_OK);
	must(wg_store_lease_messages(server.store, server.now, 9, 3, &jobs, &count, &err) == WG_OK && count == 3);
	furnish_second(&jobs[1]);
	struct wg_msg_done_result result;
	struct wg_match_key key = { .kind = WG_KEY_NHS };
	memset(key.key, 'd', sizeof key.key - 1);
	struct wg_msg_done wait = {
		.token = jobs[2].token, .state = WG_MSG_ATTENTION, .relation = WG_RELATION_OPENS, .keys = &key, .key_count = 1
	};
	memcpy(wait.id, jobs[2].id, sizeof wait.id);
	must(wg_store_done(server.store, server.now, &wait, &result, &err) == WG_OK);
	must(wg_store_lease_deliveries(server.store, server.now, 9, "", 2, 1, &sent, &count, &err) == WG_OK && count == 2);
	struct wg_dlv_report given = { .token = sent[0].token, .state = WG_DLV_HANDED_OVER };
	memcpy(given.id, sent[0].id, sizeof given.id);
	unsigned stale = 0;
	must(strcmp(sent[0].reference, "known.1") == 0 && strcmp(sent[1].reference, "known.2") == 0);
	must(wg_store_report(server.store, server.now, &given, 1, &stale, &err) == WG_OK && stale == 0);
	wg_msg_jobs_free(jobs, 3);
	wg_dlv_jobs_free(sent, 2);
}

/* What run_request of server_batch.c does, without a socket. False when the peer would be dropped. */
static bool answer(struct wg_conn *conn, const struct wg_frame *frame)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_err err = { 0 };
	struct wg_ask ask = { .server = &server, .conn = conn, .in = WG_CUR(frame->body, frame->len), .answer = &body };
	if (frame->code != 0 || !wg_ops_allowed(frame->op, conn->role))
		return false;
	must(wg_store_mark(server.store, &err) == WG_OK);
	enum wg_code code = wg_ops_run(&ask, frame->op, &err);
	must(wg_store_fault(server.store, &err) == WG_OK); /* no input may make the store distrust itself */
	must((code == WG_OK ? wg_store_keep(server.store, &err) : wg_store_undo(server.store, &err)) == WG_OK);
	return !ask.malformed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_err err = { 0 };
	struct wg_frame frame;
	uint64_t entries;
	char head[WG_STORE_HASH];
	if (size == 0)
		return 0;
	if (server.store == NULL)
		open_store();
	struct wg_conn *conn = wg_conn_new(-1, (enum wg_store_role)(data[0] % WG_STORE_ROLES), 5);
	must(conn != NULL && wg_store_begin(server.store, &err) == WG_OK);
	furnish();
	must(wg_wire_feed(&conn->in, data + 1, size - 1, &err) == WG_OK);
	while (wg_wire_peek(&conn->in, &frame, &err) == WG_OK && answer(conn, &frame))
		wg_wire_take(&conn->in, &frame);
	must(wg_store_audit(server.store, &entries, head, &err) == WG_OK); /* whatever was asked, states and log agree */
	wg_store_rollback(server.store);
	wg_conn_free(conn);
	return 0;
}
