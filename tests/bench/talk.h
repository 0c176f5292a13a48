/* talk.h: one connection of a program that makes load: TLS over a socket, lines and blocks. What fails ends the program
 * with its name and what failed. */
#ifndef WG_BENCH_TALK_H
#define WG_BENCH_TALK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define COPY_MAX ((size_t)1 << 20)

struct talk {
	BIO *bio;  /* buffered for reading: socket, later TLS over it */
	char *put; /* the copy as it goes out, with what goes before it */
	size_t len;
};

void must(bool ok, const char *what);
/* Seconds of a clock that nobody sets. */
double now(void);
/* A file of at most COPY_MAX bytes; the caller frees it. */
char *slurp(const char *path, size_t *len);
/* TLS with our certificate, the server's checked against ca; the caller frees it. */
SSL_CTX *client_context(const char *ca, const char *certificate, const char *key);
void connect_to(struct talk *t, unsigned short port);
/* From here on over TLS; the server has to be localhost. */
void secure(struct talk *t, SSL_CTX *context);
void put(struct talk *t, const char *bytes, size_t len);
void puts_to(struct talk *t, const char *text);
void get_line(struct talk *t, char *line, int size);
/* The answer to a request over HTTPS, read whole: its status. answer holds the body, cut to size, and a NUL. */
int http_answer(struct talk *t, char *answer, size_t size);

#endif
