/* For the HTTPS tests: our real server in a process of its own, a scripted server, and a raw TLS client. */
#ifndef WG_TESTS_CHANNEL_HTTPS_PEER_H
#define WG_TESTS_CHANNEL_HTTPS_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "channel/httpd.h"

/* Requests that reached the handler of the server running now; shared between the processes. */
extern volatile int *peer_reached;
/* How often peer_chatty's server has said what it was not asked for. */
extern volatile int *peer_unasked;

struct peer {
	pid_t pid;
	unsigned short port;
};

/* The real server, with derbyshire's certificate. It admits whoever has a DNS name other than unheard-of.example. By
 * path: /v1/notices answers 202 with {"id":"r-METHOD-BODYLENGTH"}; /later the same after the loop has turned; /hold
 * never; /reused 422 for a key without a colon, else 202; /who 200 with the client's first DNS name; anything else 404.
 */
struct peer peer_httpd(const struct wg_httpd_spec *spec);
/* spec for tests that are not about limits: generous. */
extern const struct wg_httpd_spec peer_spec;

/* A server that does the handshake with certificate "NAME.pem" of the throwaway authority, reads one whole request,
 * sends answer (len bytes, repeated times), and closes. answer NULL: closes without a word. Serves until stopped. */
struct peer peer_script(const char *name, const char *answer, size_t times);
/* The same, and keeps the connection: answers each request with {"id":"asked-N"}, and a moment later once more,
 * unasked, with {"id":"unasked-N"}. */
struct peer peer_chatty(const char *name);
/* The same, but takes a connection's second request and closes without a word. */
struct peer peer_fickle(const char *name);
/* A socket that accepts, and nothing more. */
struct peer peer_deaf(void);

/* Ends the process and fails the test when it did not end by itself cleanly (a sanitizer's finding, a crash). */
void peer_stop(struct peer *peer);

struct raw {
	const char *identity; /* "derbyshire/client", or NULL: no certificate */
	int max_version;      /* 0, or TLS1_1_VERSION ... */
	const char *name;     /* the name to expect; NULL: localhost */
};
struct ssl_st;
/* Connects and shakes hands; NULL when the server did not want to. With TLS 1.3 a refusal shows only at the first read.
 */
struct ssl_st *raw_connect(const struct raw *raw, unsigned short port);
void raw_close(struct ssl_st *ssl);
/* Reads what comes until the end, an error or a whole answer with its body; out is NUL-terminated. Returns the status,
 * or 0 when no whole answer came. */
int raw_answer(struct ssl_st *ssl, char *out, size_t size);
/* Connects, sends, reads one answer. */
int raw_exchange(const struct raw *raw, unsigned short port, const void *bytes, size_t len, char *out, size_t size);

#endif
