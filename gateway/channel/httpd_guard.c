/* httpd_guard.c owns the strictness of request headers (RFC 9112 sections 2.2, 5.1, 5.2).
 * SECURITY: meets the bytes of strangers first; keeps no copy, and its state has a fixed size. */
#include "channel/httpd_guard.h"

void wg_httpd_guard_reset(struct wg_httpd_guard *guard)
{
	*guard = (struct wg_httpd_guard){ 0 };
}

static void end_line(struct wg_httpd_guard *guard)
{
	if (guard->last != '\r')
		guard->bad = true;
	/* a line that was only "\r" ends the header; one that never had a colon is no header line */
	if (guard->line == (guard->last == '\r' ? 1u : 0u))
		guard->ended = true;
	else if (guard->lines > 0 && !guard->named)
		guard->bad = true;
	guard->lines++;
	guard->line = 0;
	guard->named = false;
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
}

static void feed_byte(struct wg_httpd_guard *guard, uint8_t c)
{
	guard->started = true;
	if (c == '\n') {
		end_line(guard);
		guard->last = c;
		return;
	}
	bool blank = c == ' ' || c == '\t';
	/* in a header line, a blank at its start is a fold and a blank before the colon makes another name of it */
	bool misplaced = guard->lines > 0 && blank && !guard->named;
	if (guard->last == '\r' || is_control(c) || misplaced)
		guard->bad = true;
	if (c == ':' && guard->line > 0)
		guard->named = true;
	guard->line++;
	guard->last = c;
}

void wg_httpd_guard_feed(struct wg_httpd_guard *guard, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && !guard->ended; i++)
		feed_byte(guard, p[i]);
}
