/* MESH against a service that does what the public description says, with client certificates: what is sent, in how
 * many chunks, under which token; what becomes of it; what waits in the own mailbox; and faults at each place. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../crypto/pki.h"
#include "../refused_memory.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mesh.h"

#define REFERENCE "01jd0000000000000000000000.health.desk"

/* ---- the service */

struct service {
	pid_t pid;
	int in;    /* closing it ends the service */
	FILE *out; /* its facts */
	unsigned port;
	char said[8192]; /* all facts, after stop */
};

static struct service start(const char *fault)
{
	struct service s = { .in = -1 };
	int in[2], out[2];
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(126);
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd); /* what is open of the test's */
		execl(WG_SOURCE_DIR "/tests/peers/mesh_server.py", "mesh_server.py", pki_dir, pki_dir, fault, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	s.in = in[1];
	s.out = fdopen(out[0], "r");
	assert_non_null(s.out);
	char line[32] = "";
	uint64_t port = 0;
	assert_non_null(fgets(line, sizeof line, s.out));
	line[strcspn(line, "\n")] = '\0';
	assert_true(strncmp(line, "port ", 5) == 0 && wg_num_parse(line + 5, 1, 65535, &port));
	s.port = (unsigned)port;
	return s;
}

static void stop(struct service *s)
{
	int status = 0;
	(void)close(s->in);
	size_t n = fread(s->said, 1, sizeof s->said - 1, s->out);
	s->said[n] = '\0';
	(void)fclose(s->out);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_int_equal(status, 0);
	assert_non_null(strstr(s->said, "plain 0"));
}

/* ---- the client */

static char url[128], certificate[PATH_MAX], key[PATH_MAX], ca[PATH_MAX], password[PATH_MAX], shared[PATH_MAX];

static struct wg_send_target target_of(const struct service *s, const char *mailbox, size_t chunk)
{
	(void)snprintf(url, sizeof url, "https://localhost:%u/", s->port);
	(void)snprintf(certificate, sizeof certificate, "%s", pki("staffordshire/client.pem"));
	(void)snprintf(key, sizeof key, "%s", pki("staffordshire/client.key"));
	(void)snprintf(ca, sizeof ca, "%s", pki("ca.pem"));
	(void)snprintf(password, sizeof password, "%s", pki("mesh.password"));
	(void)snprintf(shared, sizeof shared, "%s", pki("mesh.key"));
	pki_write("mesh.password", "mesh-password\n", 14);
	pki_write("mesh.key", "mesh-shared-key", 15);
	assert_int_equal(chmod(pki("mesh.password"), 0600) | chmod(pki("mesh.key"), 0600), 0);
	return (struct wg_send_target){ .url = url,
		                            .expect_ip = "127.0.0.1",
		                            .tls = { .certificate = certificate, .key = key, .ca = ca },
		                            .connect_ms = 20000,
		                            .total_ms = 20000,
		                            .mesh_mailbox = mailbox,
		                            .mesh_password = password,
		                            .mesh_key = shared,
		                            .mesh_chunk = chunk };
}

static struct wg_session *open_session(const struct wg_send_target *target)
{
	struct wg_session *session = NULL;
	if (wg_way_mesh.open(target, &session, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return session;
}

static struct wg_send_item item_of(const char *to, const char *bytes)
{
	return (struct wg_send_item){
		.message_id = REFERENCE, .mesh_to = to, .mesh_workflow = "WARDGATE_V1", .bytes = bytes, .len = strlen(bytes)
	};
}

static void expect(const struct wg_send_item *item, enum wg_sent what, bool maybe, const char *words)
{
	const struct wg_send_result *r = &item->result;
	if (r->what != what || r->maybe != maybe || strstr(r->detail, words) == NULL)
		fail_msg("what %d, maybe %d: %s", (int)r->what, r->maybe, r->detail);
	assert_null(strstr(r->detail, "mesh-")); /* neither password nor key */
}

/* ---- tests */

/* Worked out by hand with openssl dgst -sha256 -hmac: the token of the public description's form. */
static void test_token(void **state)
{
	(void)state;
	struct wg_buf token = WG_BUF(1024);
	char hash[WG_HASH_TEXT];
	static const char text[] = "WGOT001:00ff:7:secret:202611221504";
	assert_int_equal(wg_hmac_hex("key", 3, text, sizeof text - 1, hash, &pki_err), WG_OK);
	assert_int_equal(wg_mesh_token("WGOT001", "secret", "key", "00ff", 7, (int64_t)1795359899 * 1000, &token, &pki_err),
	                 WG_OK);
	char want[256];
	(void)snprintf(want, sizeof want, "NHSMESH WGOT001:00ff:7:202611221504:%s", hash);
	assert_string_equal(wg_buf_text(&token), want);
	wg_buf_free(&token);
}

/* One, several and very many chunks over one connection; the other side fetches what was sent, byte for byte. */
static void test_there_and_back(void **state)
{
	(void)state;
	struct service s = start("");
	static char bytes[50001];
	for (size_t i = 0; i + 1 < sizeof bytes; i++)
		bytes[i] = (char)('!' + i % 90);
	struct wg_send_item items[] = { item_of("WGOT002", "short"), item_of("WGOT002", bytes) };
	struct wg_send_target target = target_of(&s, "WGOT001", 1024);
	struct wg_session *session = open_session(&target);
	wg_way_mesh.offer(session, items, 2, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		expect(&items[i], WG_SENT_OK, false, "mailbox");
		assert_int_equal(strlen(items[i].result.receipt), 32);
	}
	char words[256];
	assert_int_equal(wg_mesh_track(session, items[1].result.receipt, words, sizeof words), WG_MESH_WAITING);
	assert_int_equal(wg_session_counts(session)->connections, 1);
	assert_true(wg_session_counts(session)->reused >= 49);

	struct wg_send_target other = target_of(&s, "WGOT002", 1024);
	struct wg_session *inbox = open_session(&other);
	WG_AUTO_FREE char(*ids)[65] = NULL;
	unsigned count = 0;
	assert_int_equal(wg_mesh_list(inbox, &ids, &count, &pki_err), WG_OK);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct wg_mesh_message facts;
		struct wg_buf got = WG_BUF(100000);
		assert_string_equal(ids[i], items[i].result.receipt);
		if (wg_mesh_fetch(inbox, ids[i], &facts, &got, &pki_err) != WG_OK)
			fail_msg("%s", pki_err.text);
		assert_int_equal(got.len, items[i].len);
		assert_memory_equal(got.data, items[i].bytes, got.len);
		assert_string_equal(facts.from, "WGOT001");
		assert_string_equal(facts.workflow, "WARDGATE_V1");
		assert_string_equal(facts.local_id, REFERENCE);
		assert_false(facts.report);
		wg_buf_free(&got);
		assert_int_equal(wg_mesh_keep(inbox, ids[i], &pki_err), WG_OK);
	}
	struct wg_buf small = WG_BUF(10000); /* larger than one may be */
	struct wg_mesh_message facts;
	assert_int_equal(wg_mesh_fetch(inbox, ids[1], &facts, &small, &pki_err), WG_LIMIT);
	wg_buf_free(&small);
	assert_int_equal(wg_mesh_track(session, items[1].result.receipt, words, sizeof words), WG_MESH_ACKNOWLEDGED);
	assert_int_equal(wg_mesh_track(session, "NEVERSENT", words, sizeof words), WG_MESH_UNKNOWN);
	assert_int_equal(wg_mesh_track(session, "../inbox", words, sizeof words), WG_MESH_UNKNOWN);
	assert_int_equal(wg_mesh_fetch(inbox, "NEVERSENT", &facts, &(struct wg_buf){ .max = 10 }, &pki_err), WG_NOT_FOUND);
	wg_way_mesh.close(&inbox);
	wg_way_mesh.close(&session);
	stop(&s);
	assert_non_null(strstr(s.said, "refused 0"));
	assert_non_null(strstr(s.said, " WGOT001 WGOT002 WARDGATE_V1 " REFERENCE " 50000 acknowledged"));
}

/* What was fetched is acknowledged, and MESH forgets it: a part must never be taken for the whole. */
static void test_parts(void **state)
{
	(void)state;
	static const struct {
		const char *fault;
		enum wg_code code;
	} rows[] = { { "blank-range", WG_OK }, { "no-range", WG_AGAIN }, { "lost-part", WG_AGAIN } };
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct service s = start(rows[i].fault);
		struct wg_send_target target = target_of(&s, "WGOT001", 4);
		struct wg_session *session = open_session(&target);
		struct wg_send_item item = item_of("WGOT001", "ten bytes!");
		wg_way_mesh.offer(session, &item, 1, NULL, NULL);
		expect(&item, WG_SENT_OK, false, "mailbox");
		struct wg_mesh_message facts;
		struct wg_buf got = WG_BUF(1000);
		assert_int_equal(wg_mesh_fetch(session, item.result.receipt, &facts, &got, &pki_err), rows[i].code);
		if (rows[i].code == WG_OK)
			assert_string_equal(wg_buf_text(&got), item.bytes);
		wg_buf_free(&got);
		wg_way_mesh.close(&session);
		stop(&s);
	}
}

/* A message that is fetched while memory is refused is not too large, and it is whole or not there: a person would be
 * told of the one, and MESH would forget what is missing of the other. */
static void test_no_memory(void **state)
{
	(void)state;
	struct service s = start("");
	struct wg_send_target target = target_of(&s, "WGOT001", 9000);
	struct wg_session *session = open_session(&target);
	static char bytes[20001];
	memset(bytes, 'b', sizeof bytes - 1);
	struct wg_send_item item = item_of("WGOT001", bytes);
	wg_way_mesh.offer(session, &item, 1, NULL, NULL);
	expect(&item, WG_SENT_OK, false, "mailbox");
	unsigned long n = 0;
	memory_fails_once = true;
	do {
		struct wg_mesh_message facts;
		struct wg_buf got = WG_BUF(100000);
		struct wg_session *inbox = open_session(&target); /* whose buffers grow anew */
		memory_asked = 0;
		memory_fails_at = ++n;
		enum wg_code code = wg_mesh_fetch(inbox, item.result.receipt, &facts, &got, &pki_err);
		memory_fails_at = 0;
		const bool good = code == WG_OK && got.len == item.len && memcmp(got.data, bytes, item.len) == 0;
		if (code == WG_OK ? !good : code != WG_SYSTEM && code != WG_AGAIN)
			fail_msg("allocation %lu: %s, %zu bytes", n, wg_code_name(code), got.len);
		wg_buf_free(&got);
		wg_way_mesh.close(&inbox);
	} while (memory_asked >= n);
	assert_true(n > 5);
	wg_way_mesh.close(&session);
	stop(&s);
}

static void test_refusals(void **state)
{
	(void)state;
	struct service s = start("");
	struct wg_send_target target = target_of(&s, "WGOT001", 1024);
	struct wg_session *session = open_session(&target);
	struct wg_send_item items[] = { item_of("NOBODY", "x"), item_of("WGOT002\r\nX: y", "x"), item_of(NULL, "x"),
		                            item_of("WGOT002", "") };
	wg_way_mesh.offer(session, items, WG_COUNT(items), NULL, NULL);
	expect(&items[0], WG_SENT_REFUSED, false, "Unregistered to address");
	for (size_t i = 1; i < WG_COUNT(items); i++)
		expect(&items[i], WG_SENT_REFUSED, false, "");
	wg_way_mesh.close(&session);
	stop(&s);
	assert_null(strstr(s.said, "sent "));
}

/* What goes wrong on the way, what is said of it, and whether it may have arrived. */
static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *fault;
		size_t chunk;
		enum wg_sent what;
		bool maybe;
		const char *words;
	} rows[] = {
		{ "drop-last", 4, WG_SENT_DEFER, true, "" },
		{ "drop-last", 100, WG_SENT_DEFER, true, "" },
		{ "drop-first", 4, WG_SENT_DEFER, false, "" }, /* an upload that is not complete is never delivered */
		{ "busy", 100, WG_SENT_DEFER, false, "503" },
		{ "wrong-password", 100, WG_SENT_DEFER, false, "Invalid Authentication Token" },
		{ "no-id", 100, WG_SENT_DEFER, true, "no id" },
		{ "junk", 100, WG_SENT_DEFER, true, "no id" },
		{ "huge", 100, WG_SENT_DEFER, true, "no id" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct service s = start(rows[i].fault);
		struct wg_send_target target = target_of(&s, "WGOT001", rows[i].chunk);
		struct wg_session *session = open_session(&target);
		struct wg_send_item item = item_of("WGOT002", "ten bytes!");
		wg_way_mesh.offer(session, &item, 1, NULL, NULL);
		expect(&item, rows[i].what, rows[i].maybe, rows[i].words);
		if (strcmp(rows[i].fault, "busy") == 0)
			assert_int_equal(item.result.wait_ms, 120000);
		assert_int_equal(item.result.login_fault, strcmp(rows[i].fault, "wrong-password") == 0);
		wg_way_mesh.close(&session);
		stop(&s);
	}
}

static void test_not_delivered(void **state)
{
	(void)state;
	struct service s = start("expired");
	struct wg_send_target target = target_of(&s, "WGOT001", 1024);
	struct wg_session *session = open_session(&target);
	struct wg_send_item item = item_of("WGOT002", "x");
	char words[256];
	wg_way_mesh.offer(session, &item, 1, NULL, NULL);
	expect(&item, WG_SENT_OK, false, "");
	assert_int_equal(wg_mesh_track(session, item.result.receipt, words, sizeof words), WG_MESH_UNDELIVERED);
	assert_non_null(strstr(words, "not collected"));
	wg_way_mesh.close(&session);
	stop(&s);
	s = start("report");
	target = target_of(&s, "WGOT001", 1024);
	session = open_session(&target);
	struct wg_mesh_message facts;
	struct wg_buf got = WG_BUF(1000);
	assert_int_equal(wg_mesh_fetch(session, "REPORT0", &facts, &got, &pki_err), WG_OK);
	assert_true(facts.report);
	assert_string_equal(facts.linked, "SENT0");
	assert_string_equal(facts.status, "14");
	assert_non_null(strstr(facts.said, "not collected"));
	wg_buf_free(&got);
	wg_way_mesh.close(&session);
	stop(&s);
}

/* The service's certificate is not ours to believe: nothing is asked, no token leaves. */
static void test_tls(void **state)
{
	(void)state;
	struct service s = start("");
	struct wg_send_target target = target_of(&s, "WGOT001", 1024);
	(void)snprintf(ca, sizeof ca, "%s", pki("hostile/ca.pem"));
	struct wg_session *session = open_session(&target);
	struct wg_send_item item = item_of("WGOT002", "x");
	wg_way_mesh.offer(session, &item, 1, NULL, NULL);
	expect(&item, WG_SENT_DEFER, false, "");
	assert_true(item.result.tls_fault);
	wg_way_mesh.close(&session);
	stop(&s);
	assert_non_null(strstr(s.said, "tokens 0"));
	assert_non_null(strstr(s.said, "refused 0"));
}

static void test_settings(void **state)
{
	(void)state;
	struct service s = { .port = 1 };
	struct wg_session *session = NULL;
	struct wg_send_target target = target_of(&s, "WG/OT", 1024);
	assert_int_equal(wg_way_mesh.open(&target, &session, &pki_err), WG_CONFIG);
	target.mesh_mailbox = "WGOT001";
	pki_write("mesh.password", "\n", 1);
	assert_int_equal(wg_way_mesh.open(&target, &session, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "mesh.password is empty"));
	pki_write("mesh.password", "mesh-password", 13);
	assert_int_equal(chmod(pki("mesh.password"), 0640), 0); /* others could read it */
	assert_int_equal(wg_way_mesh.open(&target, &session, &pki_err), WG_CONFIG);
	assert_non_null(strstr(pki_err.text, "chmod 600"));
	target.mesh_password = pki("not-there");
	assert_int_not_equal(wg_way_mesh.open(&target, &session, &pki_err), WG_OK);
	assert_null(session);
	wg_way_mesh.close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),    cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_faults),   cmocka_unit_test(test_not_delivered),  cmocka_unit_test(test_tls),
		cmocka_unit_test(test_settings), cmocka_unit_test(test_parts),          cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
