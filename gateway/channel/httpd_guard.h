/* Watches the raw bytes of request headers for what evhttp would quietly repair: folded lines, bare CR or LF, blanks in
 * a field name, control characters. Two programs that repair differently can be played against each other (request
 * smuggling). */
#ifndef WG_CHANNEL_HTTPD_GUARD_H
#define WG_CHANNEL_HTTPD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_httpd_guard {
	size_t line;  /* bytes of the current line so far */
	size_t lines; /* whole lines of this request so far */
	uint8_t last; /* the byte before */
	bool named;   /* the current line has had its colon */
	bool started; /* a byte of this request was seen */
	bool ended;   /* the empty line was seen: what follows is a body and is not looked at */
	bool bad;     /* sticks until the next request */
};

/* Before the first byte of each request: all zero. */
void wg_httpd_guard_reset(struct wg_httpd_guard *guard);

/* The next bytes, in any portions. */
void wg_httpd_guard_feed(struct wg_httpd_guard *guard, const uint8_t *p, size_t len);

#endif
