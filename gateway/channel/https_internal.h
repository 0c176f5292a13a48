/* One curl handle under the gateway's own TLS policy, for what goes out over HTTPS: copies (https.c) and webhooks
 * (webhook.c). Private to gateway/channel.
 *
 * Invariants:
 * 1. The handle talks to one host and one port: what it keeps (connection, TLS session) was verified for that name.
 * 2. Nothing is followed, taken from the environment, or believed of a name but by our own anchors. */
#ifndef WG_CHANNEL_HTTPS_INTERNAL_H
#define WG_CHANNEL_HTTPS_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/tls.h"

/* Our receipts have 200 bytes; a problem with a list of errors some more. */
#define WG_HTTPS_ANSWER_MAX ((size_t)64 * 1024)
#define WG_HTTPS_HOST 256

struct wg_https_spec {
	const char *url;
	const char *expect_ip;    /* tests: connect here instead of resolving the host; NULL */
	const struct wg_tls *tls; /* all borrowed until wg_https_close */
	int connect_ms, total_ms; /* 0: 10 s and 2 min */
	/* libcurl sends a request again by itself when a connection that was kept dies under it. Not where the other side
	 * would take that for a second message. */
	bool once;
	size_t answer_max; /* of a body; 0: WG_HTTPS_ANSWER_MAX */
	/* Each header line of an answer, without its end and blanks before that; NULL: nobody looks at them. */
	void (*header)(void *arg, const char *line, size_t len);
	void *header_arg;
};

struct wg_https {
	struct wg_https_spec spec;
	CURL *curl; /* NULL after a failure, until the next request */
	struct curl_slist *resolve;
	char host[WG_HTTPS_HOST], port[8];
	struct wg_buf answer; /* body of the last answer */
	size_t header_bytes;
	const uint8_t *left; /* of the body that is sent once */
	size_t left_len;
	bool too_large;
	int alert;           /* the last fatal TLS alert that came in; -1: none */
	int64_t verified;    /* monotonic ms of the last handshake in which the server showed its chain; 0: none yet */
	unsigned requests;   /* of this one: more than 1 when libcurl sent it again by itself */
	unsigned resumed;    /* handshakes that resumed an earlier session; counts on */
	struct wg_err setup; /* why our own TLS could not be set up; code WG_OK when it could */
	char words[CURL_ERROR_SIZE];
};

/* What became of one request. */
struct wg_https_end {
	CURLcode rc;
	long status;      /* 0: no whole answer came */
	long connections; /* that were made for it */
	bool went_out;    /* the whole body was sent */
	bool again;       /* it was sent more than once: the other side may have had it before */
	bool tls_fault;   /* TLS was the reason why there is no answer */
	bool turned_away; /* the other side did not let us in: nothing of what was sent was read */
	unsigned wait_ms; /* Retry-After, at most an hour; 0: not said */
};

/* https://host[:port]/path without user and password; false otherwise, or when the host is too long. */
bool wg_https_url(const char *url, char host[WG_HTTPS_HOST], char port[8]);
/* h must be zero. WG_CONFIG when the URL cannot be used; WG_SYSTEM when libcurl cannot be set up. */
enum wg_code wg_https_open(struct wg_https *h, const struct wg_https_spec *spec, struct wg_err *err) WG_MUST;
/* Sends body with the headers and waits for the end. headers are borrowed for the call. */
void wg_https_post(struct wg_https *h, const struct curl_slist *headers, const void *body, size_t len,
                   struct wg_https_end *end);
/* Any request: method as it stands on the wire; url of the same host and port (CURLE_URL_MALFORMAT otherwise), NULL:
 * that of the spec; body NULL: none. */
void wg_https_ask(struct wg_https *h, const char *method, const char *url, const struct curl_slist *headers,
                  const void *body, size_t len, struct wg_https_end *end);
/* The words for an operator of a request that got no answer. */
const char *wg_https_words(const struct wg_https *h, const struct wg_https_end *end);
/* Closes its connection too. Takes what wg_https_open left behind after a failure, and zero. */
void wg_https_close(struct wg_https *h);

/* Adds "NAMEVALUE" to the list; false when it is too long or memory runs out. */
bool wg_https_header(struct curl_slist **list, const char *name, const char *value);
void wg_https_headers_freep(struct curl_slist **list);
/* Printable ASCII, 1 to max bytes: no second line. */
bool wg_https_header_value(const char *s, size_t max);

#endif
