/* Whether a request may be taken at all, from its header alone: before a byte of its body is read, and before evhttp,
 * which would answer what it does not like with a page of its own. Pure: bytes in, verdict out. */
#ifndef WG_CHANNEL_HTTPD_HEAD_H
#define WG_CHANNEL_HTTPD_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why not; status 0: it may. All words are literals. */
struct wg_httpd_refusal {
	int status;
	const char *name, *title, *why; /* of the problem (RFC 9457) */
};

struct wg_httpd_head {
	bool post;
	bool chunked;
	bool expects;  /* Expect: 100-continue: the client may keep its body back */
	uint64_t body; /* its length; meaningless when chunked */
};

/* text: the first line, the header lines and the empty line, as the guard of httpd_guard.h found them clean. What was
 * read before something was found wrong stands in out. */
void wg_httpd_head_read(const char *text, size_t len, size_t max_body, struct wg_httpd_head *out,
                        struct wg_httpd_refusal *refusal);

#endif
