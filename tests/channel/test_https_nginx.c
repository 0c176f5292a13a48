/* Copies pushed to a real nginx that wants client certificates: what arrives there, and what its refusals mean here. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../crypto/pki.h"
#include "../own_port.h"
#include "base/mem.h"
#include "channel/session.h"
#include "sys/file.h"

#define KEY "01jd0000000000000000000000.derbyshire.front-door"

/* Servers of one nginx: what each is for. */
enum { PUSH, CLOSING, OTHER_CA, SMALL, AWAY, SERVERS };

static unsigned short ports[SERVERS];
static pid_t nginx;
static char certificate[PATH_MAX], key[PATH_MAX], url[128];

static bool listens(unsigned short port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                     .sin_port = htons(port),
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool yes = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	(void)close(fd); /* nothing was kept back */
	return yes;
}

static void put_server(struct wg_buf *b, unsigned short port, const char *ca, const char *more)
{
	wg_buf_printf(b,
	              "server { listen 127.0.0.1:%u ssl; ssl_certificate %s/derbyshire/server.pem;\n"
	              "ssl_certificate_key %s/derbyshire/server.key; ssl_client_certificate %s/%s;\n"
	              "ssl_verify_client on; ssl_verify_depth 3; ssl_session_tickets on; %s }\n",
	              (unsigned)port, pki_dir, pki_dir, pki_dir, ca, more);
}

static void write_config(void)
{
	struct wg_buf b = WG_BUF(64 * 1024);
	wg_buf_printf(
		&b,
		"daemon off; worker_processes 1; pid %s/nginx.pid; error_log %s/nginx-error.log;\n"
		"events { worker_connections 64; }\nhttp {\n"
		"log_format seen '$ssl_client_verify $http_idempotency_key $content_type $content_length $status';\n"
		"access_log %s/nginx.log seen;\n"
		"client_body_temp_path %s/nginx-body; proxy_temp_path %s/nginx-proxy; fastcgi_temp_path %s/nginx-fastcgi;\n"
		"uwsgi_temp_path %s/nginx-uwsgi; scgi_temp_path %s/nginx-scgi; ssl_session_cache shared:all:1m;\n",
		pki_dir, pki_dir, pki_dir, pki_dir, pki_dir, pki_dir, pki_dir, pki_dir);
	static const char take[] =
		"default_type application/json; location = /v1/notices { return 202 '{\"id\":\"nginx-1\"}'; }";
	char closing[256];
	(void)snprintf(closing, sizeof closing, "keepalive_requests 1; %s", take);
	put_server(&b, ports[PUSH], "ca.pem", take);
	put_server(&b, ports[CLOSING], "ca.pem", closing);
	put_server(&b, ports[OTHER_CA], "hostile/unknown-ca-server.pem", take);
	put_server(&b, ports[SMALL], "ca.pem", "client_max_body_size 1k; location / { proxy_pass http://127.0.0.1:9; }");
	put_server(
		&b, ports[AWAY], "ca.pem",
		"location = /moved { return 301 https://localhost/elsewhere; } location = /busy { add_header Retry-After 11 "
		"always; return 503; } location = /shut { deny all; } location = /gateway { proxy_pass http://127.0.0.1:9; }");
	wg_buf_puts(&b, "}\n");
	assert_false(b.failed);
	pki_write("nginx.conf", b.data, b.len);
	wg_buf_free(&b);
}

static int setup(void **state)
{
	char config[PATH_MAX];
	if (pki_setup(state) != 0)
		return -1;
	for (size_t i = 0; i < SERVERS; i++)
		assert_true(ports[i] = own_port());
	write_config();
	(void)snprintf(config, sizeof config, "%s", pki("nginx.conf"));
	nginx = fork();
	if (nginx == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);                                    /* cannot fail */
		(void)execlp("nginx", "nginx", "-p", pki_dir, "-c", config, (char *)NULL); /* returns only when it failed */
		_exit(127);
	}
	for (int i = 0; i < 3000 && !listens(ports[AWAY]); i++)
		(void)usleep(20000);
	if (!listens(ports[AWAY])) {
		print_error("nginx did not start: is nginx-light installed (ops/packages)?\n");
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)kill(nginx, SIGTERM); /* it is ours */
	(void)waitpid(nginx, NULL, 0);
	return pki_teardown(state);
}

static struct wg_send_target target_of(int server, const char *path)
{
	(void)snprintf(url, sizeof url, "https://localhost:%u%s", (unsigned)ports[server], path);
	(void)snprintf(certificate, sizeof certificate, "%s", pki("staffordshire/client.pem"));
	(void)snprintf(key, sizeof key, "%s", pki("staffordshire/client.key"));
	return (struct wg_send_target){ .url = url,
		                            .content_type = "application/pkcs7-mime",
		                            .expect_ip = "127.0.0.1",
		                            .tls = { .certificate = certificate, .key = key, .ca = pki("ca.pem") },
		                            .total_ms = 20000 };
}

static struct wg_send_item item_of(const void *bytes, size_t len)
{
	return (struct wg_send_item){ .message_id = KEY, .bytes = bytes, .len = len, .idempotency_key = KEY };
}

static struct wg_send_result push(const struct wg_send_target *target, const void *bytes, size_t len)
{
	struct wg_session *session = NULL;
	struct wg_send_item item = item_of(bytes, len);
	assert_int_equal(wg_way_https.open(target, &session, &pki_err), WG_OK);
	wg_way_https.offer(session, &item, 1, NULL, NULL);
	wg_way_https.close(&session);
	return item.result;
}

static void test_push(void **state)
{
	(void)state;
	static char large[400000];
	memset(large, 'x', sizeof large);
	struct wg_send_target target = target_of(PUSH, "/v1/notices");
	struct wg_send_item items[] = { item_of("small", 5), item_of(large, sizeof large), item_of("again", 5) };
	struct wg_session *session = NULL;
	assert_int_equal(wg_way_https.open(&target, &session, &pki_err), WG_OK);
	wg_way_https.offer(session, items, WG_COUNT(items), NULL, NULL);
	for (size_t i = 0; i < WG_COUNT(items); i++) {
		if (items[i].result.what != WG_SENT_OK)
			fail_msg("%zu: %s", i, items[i].result.detail);
		assert_string_equal(items[i].result.receipt, "nginx-1");
	}
	assert_int_equal(wg_session_counts(session)->connections, 1);
	assert_int_equal(wg_session_counts(session)->reused, 2);
	wg_way_https.close(&session);
	struct wg_buf log = WG_BUF(1 << 20);
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s", pki("nginx.log"));
	assert_int_equal(wg_file_read(path, &log, &pki_err), WG_OK);
	assert_non_null(strstr(wg_buf_text(&log), "SUCCESS " KEY " application/pkcs7-mime 5 202"));
	assert_non_null(strstr(wg_buf_text(&log), "SUCCESS " KEY " application/pkcs7-mime 400000 202"));
	wg_buf_free(&log);
}

/* A server that closes after each answer is shaken hands with anew, but the TLS session is resumed. */
static void test_resumed(void **state)
{
	(void)state;
	struct wg_send_target target = target_of(CLOSING, "/v1/notices");
	struct wg_send_item items[] = { item_of("one", 3), item_of("two", 3), item_of("three", 5) };
	struct wg_session *session = NULL;
	assert_int_equal(wg_way_https.open(&target, &session, &pki_err), WG_OK);
	wg_way_https.offer(session, items, WG_COUNT(items), NULL, NULL);
	for (size_t i = 0; i < WG_COUNT(items); i++)
		assert_int_equal(items[i].result.what, WG_SENT_OK);
	assert_int_equal(wg_session_counts(session)->connections, 3);
	assert_int_equal(wg_session_counts(session)->resumed, 2);
	assert_int_equal(wg_session_counts(session)->reused, 0);
	wg_way_https.close(&session);
}

/* nginx says by a page that it does not take a certificate: the copy waits, and it is an alarm. */
static void test_our_identity(void **state)
{
	(void)state;
	struct wg_send_target target = target_of(OTHER_CA, "/v1/notices");
	struct wg_send_result r = push(&target, "body", 4);
	assert_int_equal(r.what, WG_SENT_DEFER);
	assert_true(r.tls_fault);
	assert_false(r.maybe);
	static const char *const pairs[] = { "hostile/unknown-ca-client", "hostile/expired-client" };
	for (size_t i = 0; i < WG_COUNT(pairs) + 1; i++) {
		target = target_of(PUSH, "/v1/notices");
		if (i < WG_COUNT(pairs)) {
			(void)snprintf(certificate, sizeof certificate, "%s/%s.pem", pki_dir, pairs[i]);
			(void)snprintf(key, sizeof key, "%s/%s.key", pki_dir, pairs[i]);
		} else {
			target.tls.certificate = target.tls.key = NULL;
		}
		r = push(&target, "body", 4);
		if (r.what != WG_SENT_DEFER || !r.tls_fault || r.maybe)
			fail_msg("%zu: %d %d %d %s", i, (int)r.what, r.tls_fault, r.maybe, r.detail);
	}
}

static void test_answers(void **state)
{
	(void)state;
	static char large[5000];
	memset(large, 'x', sizeof large);
	struct wg_send_target target = target_of(SMALL, "/v1/notices");
	struct wg_send_result r = push(&target, large, sizeof large);
	assert_int_equal(r.what, WG_SENT_REFUSED);
	assert_string_equal(r.detail, "answered 413");
	static const struct {
		const char *path, *words;
		bool maybe;
		unsigned wait_ms;
		bool login;
	} table[] = { { "/moved", "redirects are not followed", false, 0, false },
		          { "/busy", "answered 503", false, 11000, false },
		          { "/gateway", "answered 502", true, 0, false },
		          { "/shut", "answered 403 (they do not let us in", false, 0, true } };
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		target = target_of(AWAY, table[i].path);
		r = push(&target, "body", 4);
		if (r.what != WG_SENT_DEFER || r.maybe != table[i].maybe || r.wait_ms != table[i].wait_ms ||
		    r.login_fault != table[i].login || strstr(r.detail, table[i].words) == NULL)
			fail_msg("%s: %d %d %u %s", table[i].path, (int)r.what, r.maybe, r.wait_ms, r.detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_our_identity),
		cmocka_unit_test(test_answers),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
