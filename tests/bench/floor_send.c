/* floor_send.c: copies written to a server over TLS by connections that stay open, and nothing else: no store, no
 * processes for the keys, no retries. What the gateway's ways out reach is given as a ratio to this.
 *
 * usage: floor_send smtp|https PORT CA CERTIFICATE KEY COPY CONNECTIONS SECONDS
 * smtp:  STARTTLS, then MAIL, RCPT and DATA in one write (RFC 2920), the copy, its answer.
 * https: one POST after the other, with the client certificate.
 * Prints `floor-smtp N copies/s` or `floor-https N copies/s`; exit 1 when one copy was not taken. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "talk.h"

#define CONNECTIONS_MAX 16

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

/* One reply of SMTP, all its lines. */
static void reply(struct talk *t, char wanted)
{
	char line[1024];
	do
		get_line(t, line, sizeof line);
	while (strlen(line) > 3 && line[3] == '-');
	must(line[0] == wanted, line);
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

static void send_https(struct talk *t)
{
	char answer[256];
	put(t, t->put, t->len);
	must(http_answer(t, answer, sizeof answer) / 100 == 2, answer);
}

/* One connection for that long; how many copies were taken goes to fd. */
static void one(int fd, char **argv, unsigned short port, double seconds)
{
	struct talk t = { 0 };
	bool mail = strcmp(argv[1], "smtp") == 0;
	SSL_CTX *context = client_context(argv[3], argv[4], argv[5]);
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
