/* The packets between intake and those who poll: what was packed is unpacked, and nothing else is; where a secret may
 * be looked for; what check says of mail in. */
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/check_in.h"
#include "role/intake.h"
#include "role/mailbox.h"
#include "store/wire.h"

static void test_packets(void **state)
{
	(void)state;
	static uint8_t chunk[WG_MAILBOX_CHUNK + 1];
	memset(chunk, 'x', sizeof chunk);
	const struct wg_mailbox_packet packets[] = {
		{ .what = WG_MAILBOX_BEGIN, .serial = 1, .uid = UINT32_MAX, .size = 16777216 },
		{ .what = WG_MAILBOX_BYTES, .serial = 1, .bytes = chunk, .len = WG_MAILBOX_CHUNK },
		{ .what = WG_MAILBOX_LARGE, .serial = 2, .size = UINT64_MAX, .words = "<a@b.example>" },
		{ .what = WG_MAILBOX_REPORT, .words = "message SENT0 was not delivered: 14" },
		{ .what = WG_MAILBOX_OVER, .code = WG_CRYPTO, .words = "words", .size = 7 },
		{ .what = WG_MAILBOX_NOT_KEPT, .serial = UINT32_MAX },
		{ .what = WG_MAILBOX_TIME, .size = 1795340405000 },
	};
	for (size_t i = 0; i < WG_COUNT(packets); i++) {
		struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET);
		struct wg_mailbox_packet got;
		struct wg_err err;
		wg_mailbox_pack(&packets[i], &b);
		assert_false(b.failed);
		assert_int_equal(wg_mailbox_unpack(b.data, b.len, &got, &err), WG_OK);
		assert_true(got.what == packets[i].what && got.serial == packets[i].serial && got.uid == packets[i].uid &&
		            got.size == packets[i].size && got.code == packets[i].code && got.len == packets[i].len);
		assert_string_equal(got.words, packets[i].words);
		assert_true(got.len == 0 || memcmp(got.bytes, packets[i].bytes, got.len) == 0);
		for (size_t cut = 0; cut < b.len; cut += cut < 40 ? 1 : 977)
			assert_int_equal(wg_mailbox_unpack(b.data, cut, &got, &err), WG_CORRUPT);
		b.data[0] = 0;
		assert_int_equal(wg_mailbox_unpack(b.data, b.len, &got, &err), WG_CORRUPT);
		b.data[0] = WG_MAILBOX_TIME + 1;
		assert_int_equal(wg_mailbox_unpack(b.data, b.len, &got, &err), WG_CORRUPT);
		wg_buf_free(&b);
	}
	struct wg_buf b = WG_BUF((size_t)1 << 20);
	struct wg_mailbox_packet large = packets[1], got;
	struct wg_err err;
	large.len = sizeof chunk;
	wg_mailbox_pack(&large, &b);
	assert_int_equal(wg_mailbox_unpack(b.data, b.len, &got, &err), WG_CORRUPT);
	wg_buf_free(&b);
}

static struct wg_config config_of(const char *secret)
{
	struct wg_config c = { .state = "/var/lib/wardgate", .lookup_key = "/etc/wardgate/lookup.key", .smime_count = 2 };
	(void)snprintf(c.storage.key, sizeof c.storage.key, "/etc/wardgate/keys/storage.key");
	(void)snprintf(c.smimes[1].key, sizeof c.smimes[1].key, "/srv/second/smime.key");
	(void)snprintf(c.imaps[0].secret, sizeof c.imaps[0].secret, "%s", secret);
	return c;
}

static void test_secret_folder(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *folder;
	} table[] = {
		{ "/etc/wardgate/imap/secret", "/etc/wardgate/imap" },
		{ "/run/tokens/imap", "/run/tokens" },
		{ "/etc/wardgate/secret", "" },      /* keys lie there */
		{ "/etc/wardgate/keys/secret", "" }, /* and there */
		{ "/etc/secret", "" },               /* and below */
		{ "/srv/second/secret", "" },
		{ "/var/lib/wardgate/secret", "" }, /* the store's own folder */
		{ "/var/secret", "" },
		{ "/secret", "" },
		{ "/var/lib/wardgate-secrets/imap", "/var/lib/wardgate-secrets" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_config c = config_of(table[i].secret);
		char folder[WG_PATH_TEXT];
		c.imap_count = 1;
		const struct wg_mailbox_box box = wg_mailbox_at(&c, 0);
		wg_mailbox_secret_folder(&c, &box, c.imaps[0].secret, folder);
		if (strcmp(folder, table[i].folder) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", table[i].secret, folder, table[i].folder);
	}
}

/* MESH's own files do not shut out one another; those of others do. */
static void test_mesh_folder(void **state)
{
	(void)state;
	struct wg_config c = config_of("/run/tokens/imap");
	c.imap_count = 1;
	(void)snprintf(c.mesh.mailbox, sizeof c.mesh.mailbox, "WGOT001");
	(void)snprintf(c.mesh.tls.certificate, sizeof c.mesh.tls.certificate, "/srv/mesh/client.pem");
	(void)snprintf(c.mesh.tls.key, sizeof c.mesh.tls.key, "/srv/mesh/client.key");
	(void)snprintf(c.mesh.password, sizeof c.mesh.password, "/run/tokens/mesh");
	(void)snprintf(c.mesh.shared_key, sizeof c.mesh.shared_key, "/etc/wardgate/keys/mesh");
	assert_int_equal(wg_mailbox_count(&c), 2);
	const struct wg_mailbox_box imap = wg_mailbox_at(&c, 0), mesh = wg_mailbox_at(&c, 1);
	const char *files[WG_MAILBOX_FILES];
	char folder[WG_PATH_TEXT];
	assert_true(imap.imap == &c.imaps[0] && mesh.imap == NULL);
	assert_string_equal(mesh.user, "WGOT001");
	assert_int_equal(wg_mailbox_files(&mesh, files), 4);
	static const char *const wanted[] = { "/srv/mesh", "/srv/mesh", "", "" };
	for (size_t i = 0; i < WG_COUNT(wanted); i++) {
		wg_mailbox_secret_folder(&c, &mesh, files[i], folder);
		assert_string_equal(folder, wanted[i]);
	}
	wg_mailbox_secret_folder(&c, &imap, c.imaps[0].secret, folder);
	assert_string_equal(folder, "");
}

static void test_check(void **state)
{
	(void)state;
	char folder[] = "/tmp/wardgate-check-XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/socket", folder);
	struct wg_config c = { 0 };
	struct wg_err err = { 0 };
	struct wg_buf out = WG_BUF(4096);
	assert_int_equal(wg_check_in(&c, &out, &err), WG_OK); /* nothing configured */
	(void)snprintf(c.lmtp, sizeof c.lmtp, "%s", path);
	assert_int_equal(wg_check_in(&c, &out, &err), WG_OK);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	(void)fclose(f);
	assert_int_equal(wg_check_in(&c, &out, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "is no socket"));
	assert_int_equal(unlink(path), 0);
	(void)snprintf(c.lmtp, sizeof c.lmtp, "%s/no/socket", folder);
	assert_int_equal(wg_check_in(&c, &out, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "there is no folder"));
	(void)snprintf(c.lmtp, sizeof c.lmtp, "%s/%0120d", folder, 1);
	assert_int_equal(wg_check_in(&c, &out, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "at most 107 bytes"));
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(out.len, 0);
	wg_buf_free(&out);
}

/* What the keeper says next; there is nothing else to be said. */
static struct wg_mailbox_packet next_of(int fd)
{
	static uint8_t bytes[WG_MAILBOX_PACKET];
	struct wg_mailbox_packet packet = { 0 };
	struct wg_err err = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 30000), 1);
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);
	if (n <= 0)
		fail_msg("the keeper has ended");
	assert_int_equal(wg_mailbox_unpack(bytes, (size_t)n, &packet, &err), WG_OK);
	if (packet.what != WG_MAILBOX_TIME)
		return packet;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET); /* a poller begins; as intake does */
	packet.size = (uint64_t)wg_clock_now();
	wg_mailbox_pack(&packet, &b);
	assert_true(send(fd, b.data, b.len, 0) == (ssize_t)b.len);
	return next_of(fd);
}

/* One mailbox that cannot be polled must not take all ways in with it: intake ends when its keeper does. */
static void test_a_file_that_is_not_there(void **state)
{
	(void)state;
	char folder[] = "/tmp/wardgate-mailbox-XXXXXX", secret[PATH_MAX];
	struct wg_err err = { 0 };
	struct wg_config *c = calloc(1, sizeof *c);
	int fd = -1;
	assert_non_null(c);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(secret, sizeof secret, "%s/secret", folder);
	*c = config_of(secret);
	(void)snprintf(c->state, sizeof c->state, "%s", folder); /* so that the secret's file itself is named */
	c->imap_count = 1;
	c->imaps[0].poll_s = 1;
	c->imaps[0].port = 1;
	(void)snprintf(c->imaps[0].host, sizeof c->imaps[0].host, "127.0.0.1");
	(void)snprintf(c->imaps[0].ca, sizeof c->imaps[0].ca, "/dev/null");
	const struct wg_mailbox_box box = wg_mailbox_at(c, 0);
	assert_int_equal(wg_mailbox_start(c, &box, &fd, &err), WG_OK);
	for (int i = 0; i < 2; i++) {
		struct wg_mailbox_packet said = next_of(fd);
		assert_int_equal(said.what, WG_MAILBOX_OVER);
		assert_int_equal(said.code, WG_CONFIG);
		assert_non_null(strstr(said.words, "confinement"));
	}
	FILE *f = fopen(secret, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	struct wg_mailbox_packet said = next_of(fd);
	for (int i = 0; i < 3 && strstr(said.words, "confinement") != NULL; i++)
		said = next_of(fd);
	assert_int_equal(said.what, WG_MAILBOX_OVER); /* now it polls; there is no server here */
	assert_null(strstr(said.words, "confinement"));
	assert_int_equal(close(fd), 0);
	assert_true(wait(NULL) > 0);
	assert_int_equal(unlink(secret), 0);
	assert_int_equal(rmdir(folder), 0);
	free(c);
}

/* How a poll ended; intake reads it, and the store may be told. */
static void say_over(struct wg_intake *intake, int keeper, enum wg_code how)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET);
	const struct wg_mailbox_packet over = { .what = WG_MAILBOX_OVER, .code = how, .words = "words" };
	wg_mailbox_pack(&over, &b);
	assert_true(send(keeper, b.data, b.len, 0) == (ssize_t)b.len);
	assert_int_equal(event_base_loop(intake->base, EVLOOP_ONCE), 0);
}

/* What the store will answer to its n-th question. */
static void will_answer(int store, uint32_t n, enum wg_code code, const char *words)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(4096);
	const struct wg_frame to = { .tag = n, .op = WG_OP_TROUBLE };
	struct wg_err err = { 0 };
	wg_wire_answer(&b, &to, code, 1, words, strlen(words));
	assert_int_equal(wg_wire_send(store, b.data, b.len, NULL, 0, &err), WG_OK);
}

/* While the store has no database, intake goes on, and tells it later how it stands with a mailbox. */
static void test_told_later(void **state)
{
	(void)state;
	struct wg_config *c = calloc(1, sizeof *c);
	struct wg_intake *intake = calloc(1, sizeof *intake);
	struct wg_err err = { 0 };
	int keeper[2], store[2];
	assert_true(c != NULL && intake != NULL);
	*c = config_of("/etc/wardgate/imap.secret");
	c->imap_count = 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keeper), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, store), 0);
	*intake = (struct wg_intake){ .config = c, .base = event_base_new(), .mailbox_count = 1 };
	struct wg_mailbox *m = &intake->mailboxes[0];
	*m = (struct wg_mailbox){ .intake = intake, .box = wg_mailbox_at(c, 0), .fd = keeper[0], .mail = WG_BUF(1) };
	assert_int_equal(wg_client_adopt(store[0], &intake->asks, &err), WG_OK);
	assert_int_equal(wg_intake_mailbox_watch(intake, &err), WG_OK);
	will_answer(store[1], 1, WG_AGAIN, "not accepting: the database cannot be reached");
	say_over(intake, keeper[1], WG_OK);
	assert_false(intake->failed || m->said);
	will_answer(store[1], 2, WG_OK, "");
	say_over(intake, keeper[1], WG_OK);
	assert_true(!intake->failed && m->said);
	say_over(intake, keeper[1], WG_OK); /* no news: nothing is asked */
	assert_int_equal(close(store[1]), 0);
	say_over(intake, keeper[1], WG_AGAIN);
	assert_true(intake->failed);
	wg_intake_mailbox_stop(intake);
	event_base_free(intake->base);
	wg_client_freep(&intake->asks);
	assert_int_equal(close(keeper[1]), 0);
	free(intake);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_secret_folder),
		cmocka_unit_test(test_mesh_folder),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_a_file_that_is_not_there),
		cmocka_unit_test(test_told_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
