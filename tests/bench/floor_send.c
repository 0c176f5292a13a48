/* floor_send.c: copies written to a server over TLS by connections that stay open, and nothing else: no store, no
 * processes for the keys, no retries. What the gateway's ways out reach is given as a ratio to this.
 *
 * usage: floor_send smtp|https PORT CA CERTIFICATE KEY COPY CONNECTIONS SECONDS
 * smtp:  STARTTLS, then MAIL, RCPT and DATA in one write (RFC 2920), the copy, its answer.
 * https: one POST after the other, with the client certificate.
 * Prints `floor-smtp N copies/s` or `floor-https N copies/s`; exit 1 when one copy was not taken. */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define COPY_MAX ((size_t)1 << 20)
#define CONNECTIONS_MAX 16

struct talk {
	BIO *bio;  /* buffered for reading: socket, later TLS over it */
	char *put; /* the copy as it goes out, with what goes before it */
	size_t len;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "floor_send: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	must(f != NULL, path);
	char *bytes = malloc(COPY_MAX);
	must(bytes != NULL, "memory");
	*len = fread(bytes, 1, COPY_MAX, f);
	must(*len > 0 && *len < COPY_MAX, path);
	(void)fclose(f); /* read only */
	return bytes;
}

/* Line ends of mail, a second dot where a line begins with one, and the dot that ends it (RFC 5321 4.5.2). */
static void make_mail(struct talk *t, const char *text, size_t len)
{
	bool begins = true;
	t->put = malloc(2 * len + 8);
	must(t->put != NULL, "memory");
	for (size_t i = 0; i < len; i++) {
		if (begins && text[i] == '.')
			t->put[t->len++] = '.';
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			t->put[t->len++] = '\r';
		t->put[t->len++] = text[i];
		begins = text[i] == '\n';
	}
	memcpy(t->put + t->len, begins ? ".\r\n" : "\r\n.\r\n", begins ? 3 : 5);
	t->len += begins ? 3 : 5;
}

static void make_post(struct talk *t, const char *body, size_t len)
{
	t->put = malloc(len + 512);
	must(t->put != NULL, "memory");
	int n = snprintf(t->put, 512,
	                 "POST /v1/notices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs7-mime\r\n"
	                 "Content-Length: %zu\r\n\r\n",
	                 len);
	must(n > 0 && n < 512, "request");
	memcpy(t->put + n, body, len);
	t->len = (size_t)n + len;
}

static void put(struct talk *t, const char *bytes, size_t len)
{
	size_t n = 0;
	must(BIO_write_ex(t->bio, bytes, len, &n) == 1 && n == len && BIO_flush(t->bio) == 1, "write");
}

static void puts_to(struct talk *t, const char *text)
{
	put(t, text, strlen(text));
}

static void get_line(struct talk *t, char *line, int size)
{
	must(BIO_gets(t->bio, line, size) > 0, "read");
}

/* One reply of SMTP, all its lines. */
static void reply(struct talk *t, char wanted)
{
	char line[1024];
	do
		get_line(t, line, sizeof line);
	while (strlen(line) > 3 && line[3] == '-');
	must(line[0] == wanted, line);
}

/* From here on over TLS. */
static void secure(struct talk *t, SSL_CTX *context)
{
	SSL *ssl = NULL;
	BIO *tls = BIO_new_ssl(context, 1), *buffer = BIO_new(BIO_f_buffer());
	must(tls != NULL && buffer != NULL && BIO_get_ssl(tls, &ssl) == 1, "memory");
	BIO *plain = BIO_pop(t->bio);                 /* the socket, without the buffer that read in clear */
	(void)BIO_free(t->bio);                       /* only that buffer */
	(void)SSL_set_mode(ssl, SSL_MODE_AUTO_RETRY); /* returns the mode */
	must(SSL_set1_host(ssl, "localhost") == 1 && SSL_set_tlsext_host_name(ssl, "localhost") == 1, "name");
	(void)BIO_push(tls, plain); /* return their first argument */
	t->bio = BIO_push(buffer, tls);
	must(BIO_do_handshake(tls) == 1 && SSL_get_verify_result(ssl) == X509_V_OK, "handshake");
}

static void connect_to(struct talk *t, unsigned short port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                     .sin_port = htons(port),
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0, "connect");
	BIO *buffer = BIO_new(BIO_f_buffer()), *plain = BIO_new_socket(fd, BIO_CLOSE);
	must(buffer != NULL && plain != NULL, "memory");
	t->bio = BIO_push(buffer, plain);
}

static void open_smtp(struct talk *t, SSL_CTX *context)
{
	reply(t, '2');
	puts_to(t, "EHLO floor.example\r\n");
	reply(t, '2');
	puts_to(t, "STARTTLS\r\n");
	reply(t, '2');
	secure(t, context);
	puts_to(t, "EHLO floor.example\r\n");
	reply(t, '2');
}

static void send_smtp(struct talk *t)
{
	puts_to(t, "MAIL FROM:<floor@staffordshire.example>\r\nRCPT TO:<floor@derbyshire.example>\r\nDATA\r\n");
	reply(t, '2');
	reply(t, '2');
	reply(t, '3');
	put(t, t->put, t->len);
	reply(t, '2');
}

/* Blanks, digits, the end of the line. */
static size_t length_of(char *text)
{
	uint64_t n = 0;
	text += strspn(text, " ");
	text[strcspn(text, "\r\n")] = '\0';
	must(wg_num_parse(text, 0, 1000, &n), "Content-Length");
	return (size_t)n;
}

static void send_https(struct talk *t)
{
	char line[1024];
	size_t len = 0, n = 0;
	put(t, t->put, t->len);
	get_line(t, line, sizeof line);
	must(strncmp(line, "HTTP/1.1 2", 10) == 0, line);
	do {
		get_line(t, line, sizeof line);
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			len = length_of(line + 15);
	} while (line[0] != '\r' && line[0] != '\n');
	must(len < sizeof line && (len == 0 || (BIO_read_ex(t->bio, line, len, &n) == 1 && n == len)), "answer");
}

/* One connection for that long; how many copies were taken goes to fd. */
static void one(int fd, char **argv, unsigned short port, double seconds)
{
	struct talk t = { 0 };
	bool mail = strcmp(argv[1], "smtp") == 0;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	must(context != NULL && SSL_CTX_load_verify_file(context, argv[3]) == 1 &&
	         SSL_CTX_use_certificate_chain_file(context, argv[4]) == 1 &&
	         SSL_CTX_use_PrivateKey_file(context, argv[5], SSL_FILETYPE_PEM) == 1,
	     "certificate or key");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	size_t len;
	char *copy = slurp(argv[6], &len);
	if (mail)
		make_mail(&t, copy, len);
	else
		make_post(&t, copy, len);
	connect_to(&t, port);
	if (mail)
		open_smtp(&t, context);
	else
		secure(&t, context);
	long n = 0;
	for (double start = now(); now() - start < seconds; n++) {
		if (mail)
			send_smtp(&t);
		else
			send_https(&t);
	}
	must(write(fd, &n, sizeof n) == (ssize_t)sizeof n, "pipe");
	BIO_free_all(t.bio);
	SSL_CTX_free(context);
	free(t.put);
	free(copy);
}

int main(int argc, char **argv)
{
	int ends[2], status;
	must(argc == 9 && (strcmp(argv[1], "smtp") == 0 || strcmp(argv[1], "https") == 0),
	     "usage: floor_send smtp|https PORT CA CERTIFICATE KEY COPY CONNECTIONS SECONDS:");
	uint64_t port = 0, connections = 0;
	must(wg_num_parse(argv[2], 1, 65535, &port) && wg_num_parse(argv[7], 1, CONNECTIONS_MAX, &connections),
	     "port, connections");
	double seconds = strtod(argv[8], NULL);
	must(seconds > 0 && pipe(ends) == 0, "seconds");
	for (uint64_t i = 0; i < connections; i++) {
		pid_t pid = fork();
		must(pid >= 0, "fork");
		if (pid == 0) {
			one(ends[1], argv, (unsigned short)port, seconds);
			_exit(0);
		}
	}
	bool good = true;
	while (wait(&status) > 0)
		good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	must(good, "a connection");
	long total = 0, n;
	for (uint64_t i = 0; i < connections; i++) {
		must(read(ends[0], &n, sizeof n) == (ssize_t)sizeof n, "pipe");
		total += n;
	}
	(void)printf("floor-%s %.1f copies/s\n", argv[1], (double)total / seconds);
	return 0;
}
