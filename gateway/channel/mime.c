/* Owns the making of mail bodies: entities and whole mails, written as they stand on the wire.
 * SECURITY: header values are checked here and refused, never repaired; every body goes out as quoted-printable or
 * base64, in neither of which "=_" can stand, so that nothing in it can be read as a boundary. What is written has no
 * other parts than literal text of this file, checked values, digits and these two; it is read back by another parser
 * in the tests. */
#include "channel/mime.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mime_wire.h"
#include "crypto/crypto.h"

#define CRLF "\r\n"
/* A subject is one short neutral line: with its name it stays under the 78 characters that RFC 5322 asks for. */
#define SUBJECT_MAX 60
/* Bytes of a subject in one encoded word (RFC 2047 2: at most 75 characters, the line at most 76). */
#define WORD_BYTES 36
/* Hex digits of the boundary: enough to be unique, short enough for the 70 characters of RFC 2046 5.1.1. */
#define BOUNDARY_DIGITS 40
#define BOUNDARY_TEXT (BOUNDARY_DIGITS + 8)
/* The last second of the year 9999, which RFC 5322 can still write. */
#define DATE_MAX_MS 253402300799000LL
#define DAY_MS (24LL * 60 * 60 * 1000)
/* RFC 2045 6.8: lines of at most 76, of which each stands for so many bytes. */
#define LINE_BYTES ((size_t)57)
#define LINE_CHARS (LINE_BYTES / 3 * 4)

static size_t base64_len(size_t len)
{
	size_t rest = len % LINE_BYTES;
	return len / LINE_BYTES * (LINE_CHARS + 2) + (rest > 0 ? (rest + 2) / 3 * 4 + 2 : 0);
}

static void put_base64(struct wg_buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t *start = wg_buf_room(out, base64_len(len)), *at = start;
	if (start == NULL)
		return;
	for (size_t done = 0; done < len; done += LINE_BYTES) {
		at += wg_base64_put(p + done, len - done < LINE_BYTES ? len - done : LINE_BYTES, (char *)at);
		*at++ = '\r';
		*at++ = '\n';
	}
	out->len += (size_t)(at - start);
	*at = 0;
}

/* Text goes into base64 with CRLF line ends, its canonical form (RFC 2046 4.1.1). */
static void put_canonical(struct wg_buf *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
		bool bare = end != NULL && (n == 0 || text[at + n - 1] != '\r');
		uint8_t *to = wg_buf_room(out, n + 2);
		if (to == NULL)
			return;
		memcpy(to, text + at, n);
		to += n;
		if (bare)
			*to++ = '\r';
		if (end != NULL)
			*to++ = '\n';
		out->len = (size_t)(to - out->data);
		at += n + 1;
	}
}

/* ---- quoted-printable (RFC 2045 6.7): of a text of mostly English a tenth longer than that, base64 a third */

/* Of a line, so that one more character fits at its end, or a blank there as three. */
#define QUOTED_CHARS ((size_t)73)
#define EACH 0x0101010101010101u
#define TOP (EACH << 7)

static bool stands_for_itself(uint8_t c)
{
	return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/* The top bit of each of these eight bytes that does not stand for itself, or is a tab: no sum below reaches the next
 * byte. */
static uint64_t special(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	const uint64_t low = v & ~TOP, printed = low + EACH * (0x80 - ' '), other = (low ^ EACH * '=') + EACH * 0x7f,
				   no_del = (low ^ EACH * 0x7f) + EACH * 0x7f;
	return (v | ~(printed & other & no_del)) & TOP;
}

/* Whether base64 would be longer. */
static bool quotes_well(const uint8_t *p, size_t len)
{
	size_t quoted = 0, i = 0;
	for (; len - i >= 8; i += 8)
		quoted += (size_t)__builtin_popcountll(special(p + i));
	for (; i < len; i++)
		quoted += stands_for_itself(p[i]) ? 0 : 1;
	return quoted <= len / 8;
}

static size_t put_octet(uint8_t *to, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";
	to[0] = '=';
	to[1] = (uint8_t)digits[c >> 4];
	to[2] = (uint8_t)digits[c & 15];
	return 3;
}

/* What stands for itself, up to so many characters of a line; mostly that ends what can be had of it. */
static size_t put_plain(uint8_t *to, size_t room, const uint8_t *p, size_t len)
{
	size_t n = 0, most = len < room ? len : room;
	for (; most - n >= 8 && special(p + n) == 0; n += 8)
		memcpy(to + n, p + n, 8);
	for (; n < most && stands_for_itself(p[n]); n++)
		to[n] = p[n];
	return n;
}

/* One line, with its end; how many bytes of p it takes. lines: those of p are lines of the text; otherwise every byte
 * of p counts. No line ends with a blank. */
static size_t put_quoted_line(struct wg_buf *out, const uint8_t *p, size_t len, bool lines)
{
	uint8_t *line = wg_buf_room(out, QUOTED_CHARS + 5);
	size_t at = 0, n = 0;
	bool ends = false;
	if (line == NULL)
		return len;
	while (at < len && !ends) {
		size_t plain = put_plain(line + n, QUOTED_CHARS - n, p + at, len - at);
		n += plain;
		at += plain;
		if (at == len || n == QUOTED_CHARS)
			break;
		if (lines && (p[at] == '\n' || (p[at] == '\r' && len - at > 1 && p[at + 1] == '\n'))) {
			at += p[at] == '\r' ? 2 : 1;
			ends = true;
		} else if (n + 3 <= QUOTED_CHARS) {
			n += put_octet(line + n, p[at++]);
		} else {
			break;
		}
	}
	if (!ends && at < len)
		line[n++] = '=';
	else if (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n += put_octet(line + n - 1, line[n - 1]) - 1;
	line[n++] = '\r';
	line[n++] = '\n';
	line[n] = 0;
	out->len += n;
	return at;
}

/* A line's end at the end of text is followed by one that belongs to the boundary (RFC 2046 5.1.1). */
static void put_quoted(struct wg_buf *out, const uint8_t *p, size_t len, bool lines)
{
	(void)wg_buf_room(out, len + len / 8); /* at once; without it each line makes room */
	for (size_t at = 0; at < len;)
		at += put_quoted_line(out, p + at, len - at, lines);
	if (len == 0 || (lines && p[len - 1] == '\n'))
		wg_buf_puts(out, CRLF);
}

/* ---- the parts */

/* The last header of a part, and its body. What follows the body is a boundary. */
static enum wg_code put_body(const void *bytes, size_t len, bool lines, struct wg_buf *out, struct wg_err *err)
{
	const uint8_t *p = bytes;
	if (quotes_well(p, len)) {
		wg_buf_puts(out, "Content-Transfer-Encoding: quoted-printable" CRLF CRLF);
		put_quoted(out, p, len, lines);
		return WG_OK;
	}
	WG_CLEANUP(wg_buf_wipe) struct wg_buf canonical = WG_BUF(2 * WG_LIMIT_ENVELOPE);
	if (lines) {
		(void)wg_buf_room(&canonical, len + len / 16); /* at once, where lines are of the usual length */
		put_canonical(&canonical, bytes, len);
	}
	wg_buf_puts(out, "Content-Transfer-Encoding: base64" CRLF CRLF);
	put_base64(out, lines ? canonical.data : p, lines ? canonical.len : len);
	return wg_buf_check(&canonical, "text part", err);
}

static enum wg_code put_text(const char *subtype, const char *text, struct wg_buf *out, struct wg_err *err)
{
	size_t len = strlen(text);
	if (!wg_utf8_valid(text, len))
		return wg_err_set(err, WG_REJECT, "text/%s part is not UTF-8", subtype);
	wg_buf_puts(out, "Content-Type: text/");
	wg_buf_puts(out, subtype);
	wg_buf_puts(out, "; charset=utf-8" CRLF);
	return put_body(text, len, true, out, err);
}

/* Follows from seed and level alone. The leading "=_" occurs in no body. */
static enum wg_code make_boundary(const char *subtype, const char *seed, char out[static BOUNDARY_TEXT],
                                  struct wg_err *err)
{
	struct wg_buf words WG_AUTO_BUF = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char hash[WG_HASH_TEXT];
	wg_buf_puts(&words, subtype);
	wg_buf_putc(&words, ':');
	wg_buf_puts(&words, seed);
	enum wg_code code = wg_buf_check(&words, "seed of a boundary", err);
	if (code != WG_OK)
		return code;
	wg_sha256_hex(wg_buf_text(&words), words.len, hash);
	(void)snprintf(out, BOUNDARY_TEXT, "=_wg-%.*s", BOUNDARY_DIGITS, hash); /* fits */
	return WG_OK;
}

static void put_multipart(struct wg_buf *out, const char *subtype, const char *boundary)
{
	wg_buf_printf(out, "Content-Type: multipart/%s;" CRLF "\tboundary=\"%s\"" CRLF CRLF, subtype, boundary);
}

/* A line of its own: what stands before it ends with one. */
static void put_boundary(struct wg_buf *out, const char *boundary, bool last)
{
	wg_buf_puts(out, "--");
	wg_buf_puts(out, boundary);
	wg_buf_puts(out, last ? "--" CRLF : CRLF);
}

/* Both, for the reader to choose from. */
static enum wg_code put_alternative(const char *text, const char *html, const char *seed, struct wg_buf *out,
                                    struct wg_err *err)
{
	char boundary[BOUNDARY_TEXT];
	enum wg_code code = make_boundary("alternative", seed, boundary, err);
	if (code != WG_OK)
		return code;
	put_multipart(out, "alternative", boundary);
	put_boundary(out, boundary, false);
	code = put_text("plain", text, out, err);
	put_boundary(out, boundary, false);
	if (code == WG_OK)
		code = put_text("html", html, out, err);
	put_boundary(out, boundary, true);
	wg_buf_puts(out, CRLF);
	return code;
}

static enum wg_code put_entity(const char *text, const char *html, const void *xml, size_t xml_len, const char *seed,
                               struct wg_buf *out, struct wg_err *err)
{
	char boundary[BOUNDARY_TEXT];
	enum wg_code code = make_boundary("mixed", seed, boundary, err);
	if (code != WG_OK)
		return code;
	put_multipart(out, "mixed", boundary);
	if (text != NULL || html != NULL)
		put_boundary(out, boundary, false);
	if (text != NULL && html != NULL)
		code = put_alternative(text, html, seed, out, err);
	else if (text != NULL)
		code = put_text("plain", text, out, err);
	else if (html != NULL)
		code = put_text("html", html, out, err);
	if (xml != NULL) {
		put_boundary(out, boundary, false);
		/* a neutral name: it outlives the mail on somebody's disk */
		wg_buf_puts(out, "Content-Type: application/xml; name=notice.xml" CRLF
		                 "Content-Disposition: attachment; filename=notice.xml" CRLF);
		if (code == WG_OK)
			code = put_body(xml, xml_len, false, out, err);
	}
	put_boundary(out, boundary, true);
	return code;
}

/* What was put since from is taken back when something failed. */
static enum wg_code finish(struct wg_buf *out, size_t from, enum wg_code code, struct wg_err *err)
{
	if (code == WG_OK)
		code = wg_buf_check(out, "mail body", err);
	if (code != WG_OK && out->len > from) {
		out->len = from;
		out->data[from] = 0;
	}
	return code;
}

enum wg_code wg_mime_entity(const char *text, const char *html, const void *xml, size_t xml_len, const char *seed,
                            struct wg_buf *out, struct wg_err *err)
{
	size_t text_len = text != NULL ? strlen(text) : 0, html_len = html != NULL ? strlen(html) : 0, from = out->len;
	if (text == NULL && html == NULL && xml == NULL)
		return wg_err_set(err, WG_REJECT, "a mail with nothing in it");
	if (xml_len > WG_LIMIT_ENVELOPE || text_len > WG_LIMIT_ENVELOPE || html_len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "notice is larger than an envelope may be");
	return finish(out, from, put_entity(text, html, xml, xml_len, seed, out, err), err);
}

/* The pkcs7-mime leaf (RFC 8551 3.2). */
static enum wg_code put_pkcs7(const void *der, size_t len, const char *smime_type, struct wg_buf *out,
                              struct wg_err *err)
{
	static const char *const types[] = { "signed-data", "enveloped-data", "authEnveloped-data" };
	bool known = false;

	for (size_t i = 0; i < WG_COUNT(types); i++)
		known = known || strcmp(types[i], smime_type) == 0;
	if (!known)
		return wg_err_set(err, WG_REJECT, "unknown smime-type");
	if (len == 0 || len > WG_LIMIT_ENVELOPE)
		return wg_err_set(err, WG_LIMIT, "CMS object is empty or too large");
	wg_buf_printf(out,
	              "Content-Type: application/pkcs7-mime; smime-type=%s;" CRLF "\tname=smime.p7m" CRLF
	              "Content-Transfer-Encoding: base64" CRLF
	              "Content-Disposition: attachment; filename=smime.p7m" CRLF CRLF,
	              smime_type);
	put_base64(out, der, len);
	return WG_OK;
}

enum wg_code wg_mime_pkcs7(const void *der, size_t len, const char *smime_type, struct wg_buf *out, struct wg_err *err)
{
	size_t from = out->len;
	return finish(out, from, put_pkcs7(der, len, smime_type, out, err), err);
}

/* One line of printable UTF-8. */
static bool subject_valid(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > SUBJECT_MAX || !wg_utf8_valid(s, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return true;
}

static enum wg_code check_head(const struct wg_mail_head *head, struct wg_err *err)
{
	const struct {
		const char *name;
		bool valid;
	} values[] = {
		{ "From", wg_address_valid(head->from) },
		{ "To", wg_address_valid(head->to) },
		{ "Message-ID", wg_message_id_valid(head->message_id) },
		{ "In-Reply-To", !head->in_reply_to || wg_message_id_valid(head->in_reply_to) },
		{ "Subject", subject_valid(head->subject) },
		{ "Date", head->date_ms >= 0 && head->date_ms <= DATE_MAX_MS },
	};

	for (size_t i = 0; i < WG_COUNT(values); i++)
		if (!values[i].valid)
			return wg_err_set(err, WG_REJECT, "value of %s cannot be written into a mail", values[i].name);
	return WG_OK;
}

/* RFC 5322 3.3: "Sun, 22 Nov 2026 09:30:00 +0000". */
static void put_date(struct wg_buf *out, long long ms)
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char at[WG_CLOCK_TEXT];
	(void)wg_clock_format(ms, at); /* "2026-11-22T09:30:00Z"; returns at */
	int month = (at[5] - '0') * 10 + at[6] - '1';
	wg_buf_printf(out, "Date: %.3s, %.2s %.3s %.4s %.8s +0000" CRLF, days + ms / DAY_MS % 7 * 3, at + 8,
	              months + (month >= 0 && month < 12 ? month : 0) * 3, at, at + 11);
}

/* As it is where it is ASCII; otherwise in encoded words (RFC 2047), each of whole characters. */
static void put_subject(struct wg_buf *out, const char *s)
{
	size_t len = strlen(s), plain = 0;
	while (plain < len && (s[plain] & 0x80) == 0)
		plain++;
	wg_buf_puts(out, "Subject:");
	if (plain == len) {
		wg_buf_putc(out, ' ');
		wg_buf_puts(out, s);
	}
	for (size_t at = 0, n; plain < len && at < len; at += n) {
		char word[WORD_BYTES / 3 * 4];
		n = len - at < WORD_BYTES ? len - at : WORD_BYTES;
		while (at + n < len && (s[at + n] & 0xc0) == 0x80)
			n--;
		wg_buf_puts(out, at > 0 ? CRLF " =?UTF-8?B?" : " =?UTF-8?B?");
		wg_buf_put(out, word, wg_base64_put(s + at, n, word));
		wg_buf_puts(out, "?=");
	}
	wg_buf_puts(out, CRLF);
}

static void put_field(struct wg_buf *out, const char *name, const char *before, const char *value, const char *behind)
{
	wg_buf_puts(out, name);
	wg_buf_puts(out, before);
	wg_buf_puts(out, value);
	wg_buf_puts(out, behind);
}

static void put_head(struct wg_buf *out, const struct wg_mail_head *head)
{
	put_field(out, "From", ": ", head->from, CRLF);
	put_field(out, "To", ": ", head->to, CRLF);
	put_date(out, head->date_ms);
	put_field(out, "Message-Id", ": <", head->message_id, ">" CRLF);
	put_subject(out, head->subject);
	if (head->in_reply_to != NULL)
		put_field(out, "In-Reply-To", ": <", head->in_reply_to, ">" CRLF);
	wg_buf_puts(out, "Auto-Submitted: auto-generated" CRLF); /* RFC 3834 */
	if (head->read_receipt)
		put_field(out, "Disposition-Notification-To", ": ", head->from, CRLF);
	wg_buf_puts(out, "MIME-Version: 1.0" CRLF);
}

enum wg_code wg_mime_mail(const struct wg_mail_head *head, const void *der, size_t len, const char *smime_type,
                          struct wg_buf *out, struct wg_err *err)
{
	size_t from = out->len;
	enum wg_code code = check_head(head, err);
	if (code != WG_OK)
		return code;
	put_head(out, head);
	code = wg_buf_check(out, "mail body", err);
	if (code == WG_OK && wg_mime_wire_check(out->data + from, out->len - from, err) != WG_OK)
		code = wg_err_add(err, "mail body"); /* never: all of it was checked */
	if (code == WG_OK)
		code = put_pkcs7(der, len, smime_type, out, err);
	return finish(out, from, code, err);
}
