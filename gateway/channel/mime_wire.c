/* Owns the rule of what bytes may go onto an SMTP connection as a message.
 * SECURITY: stands between every message and every receiver; a message it lets through cannot be taken for two. */
#include "channel/mime_wire.h"

#include <stdint.h>
#include <string.h>

/* RFC 5322 2.1.1: 998 characters and the CRLF. */
#define LINE_MAX_BYTES 998

#define EACH 0x0101010101010101u
#define TOP (EACH << 7)

/* The top bit of a byte of v that is 0; perhaps of bytes above such a one too, of none otherwise. */
static uint64_t noughts(uint64_t v)
{
	return (v - EACH) & ~v & TOP;
}

/* How many of these bytes, from the first, need no look by themselves: ASCII, and neither NUL, CR nor LF. Perhaps up to
 * seven fewer than there are. */
static size_t plain(const uint8_t *p, size_t len)
{
	size_t i = 0;
	for (uint64_t v; len - i >= sizeof v; i += sizeof v) {
		memcpy(&v, p + i, sizeof v);
		if (((v & TOP) | noughts(v) | noughts(v ^ (EACH * '\r')) | noughts(v ^ (EACH * '\n'))) != 0)
			break;
	}
	return i;
}

static enum wg_code too_long(struct wg_err *err)
{
	return wg_err_set(err, WG_REJECT, "message has a line of more than %d bytes", LINE_MAX_BYTES);
}

enum wg_code wg_mime_wire_check(const void *bytes, size_t len, struct wg_err *err)
{
	const uint8_t *p = bytes;
	size_t line = 0;

	for (size_t i = 0; i < len; i++) {
		size_t n = plain(p + i, len - i);
		line += n;
		i += n;
		if (line > LINE_MAX_BYTES)
			return too_long(err);
		if (i == len)
			break;
		if (p[i] == '\r' && i + 1 < len && p[i + 1] == '\n') {
			line = 0;
			i++;
			continue;
		}
		if (p[i] == '\r' || p[i] == '\n')
			return wg_err_set(err, WG_REJECT, "message has a lone %s at byte %zu", p[i] == '\r' ? "CR" : "LF", i);
		if (p[i] == 0 || p[i] > 0x7f)
			return wg_err_set(err, WG_REJECT, "message is not 7-bit text at byte %zu", i);
		if (++line > LINE_MAX_BYTES)
			return too_long(err);
	}
	if (len == 0 || line != 0)
		return wg_err_set(err, WG_REJECT, "message does not end with a line end");
	return WG_OK;
}
