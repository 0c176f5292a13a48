/* Outside text made safe, and numbers read whole or not at all. */
#ifndef WG_BASE_TEXT_H
#define WG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Decodes one UTF-8 character of at most len bytes into *c; returns its length, 0 when it is not valid UTF-8 (overlong,
 * surrogate, above U+10FFFF, cut short). */
size_t wg_utf8_decode(const char *s, size_t len, uint32_t *c);
bool wg_utf8_valid(const char *s, size_t len);

/* Writes s into out for a log line or an error: control characters, DEL, what is not UTF-8 and what no XML can hold as
 * '?', cut at size - 1 with "..." at the end. Returns out. */
const char *wg_defang(const char *s, char *out, size_t size);

/* What stands around a line of a protocol: blank, tab, CR, LF. Of no locale. */
static inline bool wg_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A whole decimal number within [min, max], no sign, no blanks, nothing behind it. */
bool wg_num_parse(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/* An e-mail address this gateway is willing to write into an SMTP command: one @, a dot-atom before it, a host name
 * after it (letters, digits, hyphens, at least two labels), at most WG_LIMIT_ADDRESS bytes, no quoting, no control
 * characters. */
bool wg_address_valid(const char *s);

/* A Message-ID, without its brackets, of the same shape: what stands before the @ is no mailbox, and longer than one
 * may be where names of an organisation and a desk are (RFC 5322 section 3.6.4). At most WG_LIMIT_MESSAGE_ID bytes. */
bool wg_message_id_valid(const char *s);

/* A host name (letters, digits, hyphens, dots; labels 1 to 63). An IP literal is not one. */
bool wg_hostname_valid(const char *s);

/* One of our own names: [a-z0-9][a-z0-9-]*, at most WG_LIMIT_NAME bytes. */
bool wg_name_valid(const char *s);

/* True when list, names separated by blanks, holds name or holds "*". */
bool wg_list_has(const char *list, const char *name);

/* Base64 (RFC 4648): writes a NUL-terminated string that the caller frees; NULL when memory runs out. */
char *wg_base64_encode(const void *p, size_t len);
/* The same into out, which has (len + 2) / 3 * 4 bytes, without a NUL; returns how many were written. */
size_t wg_base64_put(const void *p, size_t len, char *out);
/* Blanks and line ends are skipped, anything else that is not base64 is an error. The caller frees *out. */
enum wg_code wg_base64_decode(const char *s, size_t len, uint8_t **out, size_t *out_len, struct wg_err *err) WG_MUST;

/* Lower-case hex of len bytes into out, which has 2 * len + 1 bytes. */
void wg_hex(const void *p, size_t len, char *out);

#endif
