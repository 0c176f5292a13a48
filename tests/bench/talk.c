/* talk.c owns one connection of a program that makes load, and how such a program fails: at once, with what failed. */
#include "talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s: %s failed\n", program_invocation_short_name, what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

double now(void)
{
	struct timespec t;
	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

char *slurp(const char *path, size_t *len)
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

SSL_CTX *client_context(const char *ca, const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	must(context != NULL && SSL_CTX_load_verify_file(context, ca) == 1 &&
	         SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
	         SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
	     "certificate or key");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

void put(struct talk *t, const char *bytes, size_t len)
{
	size_t n = 0;
	must(BIO_write_ex(t->bio, bytes, len, &n) == 1 && n == len && BIO_flush(t->bio) == 1, "write");
}

void puts_to(struct talk *t, const char *text)
{
	put(t, text, strlen(text));
}

void get_line(struct talk *t, char *line, int size)
{
	must(BIO_gets(t->bio, line, size) > 0, "read");
}

/* From here on over TLS. */
void secure(struct talk *t, SSL_CTX *context)
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

void connect_to(struct talk *t, unsigned short port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                     .sin_port = htons(port),
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0, "connect");
	/* what takes several writes is not to wait for the other side's delayed acknowledgement */
	must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) == 0, "TCP_NODELAY");
	BIO *buffer = BIO_new(BIO_f_buffer()), *plain = BIO_new_socket(fd, BIO_CLOSE);
	must(buffer != NULL && plain != NULL, "memory");
	t->bio = BIO_push(buffer, plain);
}

/* Blanks, digits, the end of the line. */
static size_t length_of(char *text)
{
	uint64_t n = 0;
	text += strspn(text, " ");
	text[strcspn(text, "\r\n")] = '\0';
	must(wg_num_parse(text, 0, 4000, &n), "Content-Length");
	return (size_t)n;
}

int http_answer(struct talk *t, char *answer, size_t size)
{
	char line[4096];
	size_t len = 0, n = 0;
	uint64_t status = 0;
	get_line(t, line, sizeof line);
	must(strncmp(line, "HTTP/1.1 ", 9) == 0 && strlen(line) > 12, line);
	line[12] = '\0';
	must(wg_num_parse(line + 9, 100, 599, &status), line);
	do {
		get_line(t, line, sizeof line);
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			len = length_of(line + 15);
	} while (line[0] != '\r' && line[0] != '\n');
	must(len < sizeof line && (len == 0 || (BIO_read_ex(t->bio, line, len, &n) == 1 && n == len)), "answer");
	line[len] = '\0';
	(void)snprintf(answer, size, "%s", line); /* cut, as said */
	return (int)status;
}
