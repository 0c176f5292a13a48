/* https_peer.c owns the processes and sockets on the other side of the HTTPS tests. */
#include "https_peer.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../crypto/pki.h"
#include "base/mem.h"

#define WAIT_S 20

volatile int *peer_reached, *peer_unasked;
const struct wg_httpd_spec peer_spec = {
	.address = "127.0.0.1",
	.max_header = 8192,
	.max_body = 65536,
	.max_connections = 50,
	.request_ms = 20000,
	.idle_ms = 20000,
};

static struct wg_http_request *held;

static bool admit(void *arg, const struct wg_cert_facts *client)
{
	(void)arg; /* nothing to carry */
	return client->dns[0][0] != '\0' && strcmp(client->dns[0], "unheard-of.example") != 0;
}

static void answer_receipt(struct wg_http_request *r)
{
	static const struct wg_http_header headers[] = { { "Location", "/v1/notices/x" }, { NULL, NULL } };
	char body[64];
	size_t len;
	(void)wg_http_body(r, &len); /* only the length matters here */
	int n = snprintf(body, sizeof body, "{\"id\":\"r-%s-%zu\"}", wg_http_method(r), len);
	wg_http_answer(r, 202, "application/json", body, (size_t)n, headers);
}

static void answer_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what; /* the signature is libevent's */
	answer_receipt(arg);
}

/* Took another form under the key before; a key with a colon is a later form's. */
static void answer_reused(struct wg_http_request *r)
{
	static const char body[] = "{\"type\":\"urn:wardgate:problem:key-reused\",\"title\":\"Used\",\"status\":422,"
							   "\"receipt-id\":\"first-1\"}";
	const char *key = wg_http_header(r, "Idempotency-Key");
	if (key != NULL && strchr(key, ':') != NULL)
		answer_receipt(r);
	else
		wg_http_answer(r, 422, "application/problem+json", body, sizeof body - 1, NULL);
}

static void handle(void *arg, struct wg_http_request *r)
{
	const struct timeval soon = { .tv_usec = 1000 };
	const char *path = wg_http_path(r);
	(*peer_reached)++;
	if (strcmp(path, "/v1/notices") == 0) {
		answer_receipt(r);
	} else if (strcmp(path, "/later") == 0) {
		(void)event_base_once(arg, -1, EV_TIMEOUT, answer_later, r, &soon); /* a lost answer fails the test */
	} else if (strcmp(path, "/reused") == 0) {
		answer_reused(r);
	} else if (strcmp(path, "/hold") == 0 && held == NULL) {
		held = r;
	} else if (strcmp(path, "/who") == 0) {
		const char *name = wg_http_client(r)->dns[0];
		wg_http_answer(r, 200, "text/plain", name, strlen(name), NULL);
	} else {
		wg_http_problem(r, 404, "not-found", "Not found", "There is nothing here.");
	}
}

static void stop_loop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;                 /* the signature is libevent's */
	(void)event_base_loopexit(arg, NULL); /* peer_stop notices a loop that goes on */
}

static void paths_of(const char *name, char certificate[PATH_MAX], char key[PATH_MAX])
{
	(void)snprintf(certificate, PATH_MAX, "%s/%s.pem", pki_dir, name);
	(void)snprintf(key, PATH_MAX, "%s/%s.key", pki_dir, name);
}

/* In a child: cmocka's asserts would run the other tests once more. */
static _Noreturn void die(const char *words)
{
	(void)fprintf(stderr, "peer: %s\n", words);
	_exit(90);
}

static SSL_CTX *server_context(const char *name)
{
	char certificate[PATH_MAX], key[PATH_MAX];
	paths_of(name, certificate, key);
	const struct wg_tls tls = { .certificate = certificate, .key = key, .ca = pki("ca.pem"), .crl = pki("crl.pem") };
	SSL_CTX *ctx = NULL;
	if (wg_tls_server(&tls, admit, NULL, &ctx, &pki_err) != WG_OK)
		die(pki_err.text);
	return ctx;
}

/* In the child: tells the parent the port. */
static void say_port(int fd, unsigned short port)
{
	if (write(fd, &port, sizeof port) != sizeof port)
		die("no pipe");
	(void)close(fd); /* said what was to be said */
}

static void run_httpd(const struct wg_httpd_spec *spec, int fd)
{
	SSL_CTX *ctx = server_context("derbyshire/server");
	struct event_base *base = event_base_new();
	struct wg_httpd *httpd = NULL;
	struct event *end = evsignal_new(base, SIGTERM, stop_loop, base);
	if (event_add(end, NULL) != 0 || wg_httpd_start(base, spec, ctx, handle, base, &httpd, &pki_err) != WG_OK)
		die(pki_err.text);
	say_port(fd, wg_httpd_port(httpd));
	(void)event_base_dispatch(base); /* ends by SIGTERM only */
	wg_httpd_freep(&httpd);
	if (held != NULL)
		answer_receipt(held); /* too late on purpose: goes nowhere, and frees */
	event_free(end);
	event_base_free(base);
	wg_tls_freep(&ctx);
}

/* Forks; the child has the write end of a pipe and ends when run returns. */
static struct peer start(void (*run)(const void *arg, int fd), const void *arg)
{
	int fds[2];
	if (peer_reached == NULL) {
		void *shared = mmap(NULL, 2 * sizeof *peer_reached, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		assert_true(shared != MAP_FAILED);
		peer_reached = shared;
		peer_unasked = peer_reached + 1;
	}
	*peer_reached = *peer_unasked = 0;
	(void)signal(SIGPIPE, SIG_IGN); /* servers hang up in our face here: that is what is tested */
	assert_int_equal(pipe(fds), 0);
	struct peer peer = { .pid = fork() };
	assert_true(peer.pid >= 0);
	if (peer.pid == 0) {
		(void)close(fds[0]);                    /* the parent's end */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
		run(arg, fds[1]);
		exit(0); /* not _exit: a leak checker has its say */
	}
	(void)close(fds[1]); /* the child's end */
	assert_int_equal(read(fds[0], &peer.port, sizeof peer.port), sizeof peer.port);
	(void)close(fds[0]); /* was only read */
	return peer;
}

static void run_httpd_any(const void *arg, int fd)
{
	run_httpd(arg, fd);
}

struct peer peer_httpd(const struct wg_httpd_spec *spec)
{
	return start(run_httpd_any, spec);
}

static int listen_any(unsigned short *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die("no socket");
	*port = ntohs(address.sin_port);
	return fd;
}

static volatile sig_atomic_t stopping;

static void on_term(int signal)
{
	(void)signal; /* there is only one */
	stopping = 1;
}

/* accept() that SIGTERM interrupts. */
static int next_client(int listener)
{
	int fd = stopping ? -1 : accept(listener, NULL, NULL);
	const struct timeval wait = { .tv_sec = WAIT_S };
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait); /* only against a hung test */
	return fd;
}

static void watch_term(void)
{
	const struct sigaction action = { .sa_handler = on_term }; /* no SA_RESTART */
	if (sigaction(SIGTERM, &action, NULL) != 0)
		die("no signals");
}

/* The digits at p. */
static size_t read_number(const char *p)
{
	size_t n = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (size_t)(*p - '0');
	return n;
}

struct script {
	const char *name, *answer;
	size_t times;
	bool chatty, fickle;
};

/* Reads one request: its header, and as many bytes after it as Content-Length says. */
static bool read_request(SSL *ssl)
{
	static char text[1 << 20];
	size_t len = 0, want = SIZE_MAX;
	while (len < want && len < sizeof text - 1) {
		int n = SSL_read(ssl, text + len, (int)(sizeof text - 1 - len));
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
		if (want != SIZE_MAX || end == NULL || length == NULL)
			continue;
		want = (size_t)(end + 4 - text) + read_number(length + 16);
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		if (len < want && strstr(text, "Expect: 100-continue") != NULL &&
		    SSL_write(ssl, go_on, sizeof go_on - 1) != sizeof go_on - 1)
			return false;
	}
	return true;
}

static bool say_id(SSL *ssl, const char *word)
{
	char body[64], answer[160];
	int n = snprintf(body, sizeof body, "{\"id\":\"%s-%d\"}", word, *peer_reached);
	n = snprintf(answer, sizeof answer, "HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%s", n, body);
	return SSL_write(ssl, answer, n) == n;
}

static void chat(SSL *ssl)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	const int yes = 1; /* what is said is there then: it waits for nobody's acknowledgement of what was said before */
	if (setsockopt(SSL_get_fd(ssl), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0)
		die("TCP_NODELAY");
	while (read_request(ssl)) {
		(*peer_reached)++;
		if (!say_id(ssl, "asked"))
			return;
		(void)nanosleep(&moment, NULL); /* shorter, and it would come with the answer */
		bool said = say_id(ssl, "unasked");
		(*peer_unasked)++;
		if (!said)
			return;
	}
}

/* Each connection's first request is answered; the second is taken, and not. */
static void take_two(SSL *ssl)
{
	for (int i = 0; i < 2 && read_request(ssl); i++) {
		(*peer_reached)++;
		if (i == 0 && !say_id(ssl, "asked"))
			return;
	}
}

static void serve_script(const struct script *script, SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		die("no TLS");
	bool shaken = SSL_accept(ssl) == 1;
	if (shaken && script->chatty) {
		chat(ssl);
	} else if (shaken && script->fickle) {
		take_two(ssl);
	} else if (shaken && read_request(ssl)) {
		(*peer_reached)++;
		bool open = true;
		for (size_t i = 0; script->answer != NULL && i < script->times && open; i++)
			open = SSL_write(ssl, script->answer, (int)strlen(script->answer)) > 0;
		(void)SSL_shutdown(ssl); /* the peer may have gone */
	}
	SSL_free(ssl);
	/* closing on unread bytes would reset the connection, and the peer might never see our alert */
	(void)shutdown(fd, SHUT_WR); /* the peer may have gone */
	char rest[4096];
	while (read(fd, rest, sizeof rest) > 0)
		;
	(void)close(fd); /* nothing was kept back */
}

static void run_script(const void *arg, int fd)
{
	const struct script *script = arg;
	unsigned short port;
	watch_term();
	SSL_CTX *ctx = server_context(script->name);
	int listener = listen_any(&port);
	say_port(fd, port);
	for (int client; (client = next_client(listener)) >= 0;)
		serve_script(script, ctx, client);
	wg_tls_freep(&ctx);
	(void)close(listener); /* nothing was kept back */
}

struct peer peer_script(const char *name, const char *answer, size_t times)
{
	const struct script script = { .name = name, .answer = answer, .times = times };
	return start(run_script, &script);
}

struct peer peer_chatty(const char *name)
{
	const struct script script = { .name = name, .chatty = true };
	return start(run_script, &script);
}

struct peer peer_fickle(const char *name)
{
	const struct script script = { .name = name, .fickle = true };
	return start(run_script, &script);
}

static void run_deaf(const void *arg, int fd)
{
	unsigned short port;
	(void)arg; /* nothing to carry */
	watch_term();
	int listener = listen_any(&port);
	say_port(fd, port);
	while (next_client(listener) >= 0)
		;                  /* left open until the process ends */
	(void)close(listener); /* nothing was kept back */
}

struct peer peer_deaf(void)
{
	return start(run_deaf, NULL);
}

void peer_stop(struct peer *peer)
{
	int status = -1;
	assert_int_equal(kill(peer->pid, SIGTERM), 0);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static SSL_CTX *raw_context(const struct raw *raw)
{
	char certificate[PATH_MAX], key[PATH_MAX];
	struct wg_tls tls = { .ca = pki("ca.pem") };
	SSL_CTX *ctx = NULL;
	if (raw->identity != NULL) {
		paths_of(raw->identity, certificate, key);
		tls.certificate = certificate;
		tls.key = key;
	}
	if (wg_tls_client(&tls, &ctx, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	if (raw->max_version != 0) { /* an old client: our own policy has to give way here */
		SSL_CTX_set_security_level(ctx, 0);
		assert_int_equal(SSL_CTX_set_min_proto_version(ctx, 0), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(ctx, raw->max_version), 1);
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL"), 1);
	}
	return ctx;
}

SSL *raw_connect(const struct raw *raw, unsigned short port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		                           .sin_port = htons(port) };
	const struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	SSL_CTX *ctx = raw_context(raw);
	SSL *ssl = SSL_new(ctx);
	assert_non_null(ssl);
	wg_tls_freep(&ctx); /* the SSL holds it */
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	assert_int_equal(wg_tls_expect(ssl, raw->name != NULL ? raw->name : "localhost", &pki_err), WG_OK);
	if (SSL_connect(ssl) != 1) {
		raw_close(ssl);
		return NULL;
	}
	return ssl;
}

void raw_close(SSL *ssl)
{
	if (ssl == NULL)
		return;
	int fd = SSL_get_fd(ssl);
	SSL_free(ssl);
	(void)close(fd); /* nothing was kept back */
}

int raw_answer(SSL *ssl, char *out, size_t size)
{
	size_t len = 0, want = SIZE_MAX;
	out[0] = '\0';
	while (len < want && len < size - 1) {
		int n = SSL_read(ssl, out + len, (int)(size - 1 - len));
		if (n <= 0)
			break;
		len += (size_t)n;
		out[len] = '\0';
		const char *end = strstr(out, "\r\n\r\n"), *length = strcasestr(out, "Content-Length: ");
		if (want == SIZE_MAX && end != NULL && length != NULL)
			want = (size_t)(end + 4 - out) + read_number(length + 16);
	}
	/* an answer without a length ends with the connection */
	bool whole =
		strncmp(out, "HTTP/1.", 7) == 0 && strstr(out, "\r\n\r\n") != NULL && (want == SIZE_MAX || len >= want);
	return whole ? (int)read_number(out + 9) : 0;
}

int raw_exchange(const struct raw *raw, unsigned short port, const void *bytes, size_t len, char *out, size_t size)
{
	out[0] = '\0';
	SSL *ssl = raw_connect(raw, port);
	if (ssl == NULL)
		return 0;
	(void)SSL_write(ssl, bytes, (int)len); /* the server may end it earlier: the answer tells */
	int status = raw_answer(ssl, out, size);
	raw_close(ssl);
	return status;
}
