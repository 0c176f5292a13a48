/* Owns the making of mail bodies: entities and whole mails, built with GMime from our own text.
 * SECURITY: header values are checked here and refused, never repaired; every body goes out as base64, so that nothing
 * in it can be read as a boundary, a header or the end of a message. */
#include "channel/mime.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mime_wire.h"
#include "crypto/crypto.h"

/* A subject is one short neutral line: with its name it stays under the 78 characters that RFC 5322 asks for. */
#define SUBJECT_MAX 60
/* Hex digits of the boundary: enough to be unique, short enough for the 70 characters of RFC 2046 5.1.1. */
#define BOUNDARY_DIGITS 40
#define BOUNDARY_TEXT (BOUNDARY_DIGITS + 8)
/* The last second of the year 9999, which GDateTime and RFC 5322 can still write. */
#define DATE_MAX_MS 253402300799000LL

static void object_freep(void *p)
{
	void *object;
	memcpy(&object, p, sizeof(void *));
	if (object)
		g_object_unref(object);
}
#define AUTO_OBJECT WG_CLEANUP(object_freep)

static void date_freep(GDateTime **date)
{
	if (*date)
		g_date_time_unref(*date);
}

static void format_freep(GMimeFormatOptions **format)
{
	if (*format)
		g_mime_format_options_free(*format);
}

/* GMime counts its initialisations without a lock. */
static void ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, g_mime_init); /* fails only for a bad once object */
}

/* A body that is spliced in when the rest is written: a name that stands where it goes, and its bytes. GMime would pass
 * them through three filters, one of them byte by byte; they are base64 of ours, whose lines need no further look. */
struct body {
	const char *name; /* "=N=", alone on its line, as nothing else is */
	const void *bytes;
	size_t len;
};
#define BODIES_MAX 3
struct bodies {
	struct body list[BODIES_MAX];
	size_t count;
};

/* RFC 2045 6.8: lines of at most 76, of which each stands for so many bytes. */
#define LINE_BYTES 57

static void put_body(const struct body *body, struct wg_buf *out)
{
	const uint8_t *p = body->bytes;
	char line[LINE_BYTES / 3 * 4 + 3];
	for (size_t at = 0; at < body->len; at += LINE_BYTES) {
		size_t n = wg_base64_put(p + at, body->len - at < LINE_BYTES ? body->len - at : LINE_BYTES, line);
		line[n++] = '\r', line[n++] = '\n';
		wg_buf_put(out, line, n);
	}
	wg_wipe(line, sizeof line);
}

/* The skeleton with the bodies in their places, each of which is there once, on a line of its own. */
static enum wg_code splice(const GByteArray *skeleton, const struct bodies *bodies, struct wg_buf *out,
                           struct wg_err *err)
{
	const uint8_t *p = skeleton->data, *end = p + skeleton->len;
	for (size_t i = 0; i < bodies->count; i++) {
		char line[16];
		size_t len = (size_t)snprintf(line, sizeof line, "\r\n%s\r\n", bodies->list[i].name); /* fits */
		const uint8_t *at = memmem(p, (size_t)(end - p), line, len);
		if (at == NULL)
			return wg_err_set(err, WG_SYSTEM, "mail body has no place for its content");
		wg_buf_put(out, p, (size_t)(at + 2 - p));
		put_body(&bodies->list[i], out);
		p = at + len;
	}
	wg_buf_put(out, p, (size_t)(end - p));
	return wg_buf_check(out, "mail body", err);
}

/* The object as bytes with CRLF line ends, appended to out; nothing is appended on failure. */
static enum wg_code write_object(GMimeObject *object, const struct bodies *bodies, struct wg_buf *out,
                                 struct wg_err *err)
{
	AUTO_OBJECT GMimeStream *memory = g_mime_stream_mem_new();
	AUTO_OBJECT GMimeStream *stream = g_mime_stream_filter_new(memory);
	AUTO_OBJECT GMimeFilter *crlf = g_mime_filter_unix2dos_new(TRUE);
	WG_CLEANUP(format_freep) GMimeFormatOptions *format = g_mime_format_options_new();

	(void)g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream), crlf); /* an id, wanted only to remove it again */
	if (g_mime_object_write_to_stream(object, format, stream) < 0 || g_mime_stream_flush(stream) != 0)
		return wg_err_set(err, WG_SYSTEM, "mail body could not be written");
	const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
	enum wg_code code = wg_mime_wire_check(bytes->data, bytes->len, err);
	if (code != WG_OK)
		return wg_err_add(err, "mail body");
	return splice(bytes, bodies, out, err);
}

/* A leaf whose base64 content is spliced in later; bytes are borrowed until then. The caller unrefs. */
static GMimePart *part_new(const char *type, const char *subtype, const void *bytes, size_t len, struct bodies *bodies)
{
	static const char *const names[BODIES_MAX] = { "=0=", "=1=", "=2=" };
	struct body *body = &bodies->list[bodies->count];
	*body = (struct body){ .name = names[bodies->count++], .bytes = bytes, .len = len };
	AUTO_OBJECT GMimeStream *stream = g_mime_stream_mem_new_with_buffer(body->name, strlen(body->name));
	/* said to be base64 already: it is written as it is */
	AUTO_OBJECT GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_BASE64);
	GMimePart *part = g_mime_part_new_with_type(type, subtype);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
	return part;
}

/* Text goes into base64 with CRLF line ends, its canonical form (RFC 2046 4.1.1), which canonical keeps. */
static enum wg_code add_text(GMimeMultipart *to, const char *subtype, const char *text, struct wg_buf *canonical,
                             struct bodies *bodies, struct wg_err *err)
{
	size_t len = strlen(text);

	if (!wg_utf8_valid(text, len))
		return wg_err_set(err, WG_REJECT, "text/%s part is not UTF-8", subtype);
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
		wg_buf_put(canonical, text + at, n);
		if (end != NULL && (n == 0 || text[at + n - 1] != '\r'))
			wg_buf_putc(canonical, '\r');
		if (end != NULL)
			wg_buf_putc(canonical, '\n');
		at += n + 1;
	}
	enum wg_code code = wg_buf_check(canonical, "text part", err);
	if (code != WG_OK)
		return code;
	AUTO_OBJECT GMimePart *part = part_new("text", subtype, wg_buf_text(canonical), canonical->len, bodies);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_multipart_add(to, GMIME_OBJECT(part));
	return WG_OK;
}

/* A multipart whose boundary follows from seed and level alone. The leading "=_" occurs in no base64 body. */
static GMimeMultipart *multipart_new(const char *subtype, const char *seed)
{
	struct wg_buf words WG_AUTO_BUF = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char hash[WG_HASH_TEXT], boundary[BOUNDARY_TEXT] = "=_wg-";
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype(subtype);

	wg_buf_printf(&words, "%s:%s", subtype, seed);
	wg_sha256_hex(wg_buf_text(&words), words.len, hash);
	memcpy(boundary + strlen(boundary), hash, BOUNDARY_DIGITS);
	g_mime_multipart_set_boundary(multipart, boundary);
	return multipart;
}

enum wg_code wg_mime_entity(const char *text, const char *html, const void *xml, size_t xml_len, const char *seed,
                            struct wg_buf *out, struct wg_err *err)
{
	ready();
	if (text == NULL && html == NULL && xml == NULL)
		return wg_err_set(err, WG_REJECT, "a mail with nothing in it");
	if (xml_len > WG_LIMIT_ENVELOPE || (text != NULL && strlen(text) > WG_LIMIT_ENVELOPE) ||
	    (html != NULL && strlen(html) > WG_LIMIT_ENVELOPE))
		return wg_err_set(err, WG_LIMIT, "notice is larger than an envelope may be");
	AUTO_OBJECT GMimeMultipart *mixed = multipart_new("mixed", seed);
	AUTO_OBJECT GMimeMultipart *alternative = multipart_new("alternative", seed);
	struct wg_buf plain WG_AUTO_BUF = WG_BUF(2 * WG_LIMIT_ENVELOPE), page WG_AUTO_BUF = WG_BUF(2 * WG_LIMIT_ENVELOPE);
	struct bodies bodies = { .count = 0 };
	GMimeMultipart *words = text != NULL && html != NULL ? alternative : mixed;
	enum wg_code code = text != NULL ? add_text(words, "plain", text, &plain, &bodies, err) : WG_OK;
	if (code == WG_OK && html != NULL)
		code = add_text(words, "html", html, &page, &bodies, err);
	if (code != WG_OK)
		return code;
	if (words == alternative)
		g_mime_multipart_add(mixed, GMIME_OBJECT(alternative));
	if (xml != NULL) {
		AUTO_OBJECT GMimePart *attachment = part_new("application", "xml", xml, xml_len, &bodies);
		g_mime_part_set_filename(attachment, "notice.xml"); /* neutral: it outlives the mail on somebody's disk */
		g_mime_multipart_add(mixed, GMIME_OBJECT(attachment));
	}
	return write_object(GMIME_OBJECT(mixed), &bodies, out, err);
}

/* The pkcs7-mime leaf (RFC 8551 3.2); NULL for a type that is not one of the three. The caller unrefs. */
static GMimePart *pkcs7_new(const void *der, size_t len, const char *smime_type, struct bodies *bodies,
                            struct wg_err *err)
{
	static const char *const types[] = { "signed-data", "enveloped-data", "authEnveloped-data" };
	bool known = false;

	for (size_t i = 0; i < WG_COUNT(types); i++)
		known = known || strcmp(types[i], smime_type) == 0;
	if (!known || len == 0 || len > WG_LIMIT_ENVELOPE) {
		(void)wg_err_set(err, known ? WG_LIMIT : WG_REJECT,
		                 known ? "CMS object is empty or too large" : "unknown smime-type");
		return NULL;
	}
	GMimePart *part = part_new("application", "pkcs7-mime", der, len, bodies);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "smime-type", smime_type);
	g_mime_part_set_filename(part, "smime.p7m");
	return part;
}

enum wg_code wg_mime_pkcs7(const void *der, size_t len, const char *smime_type, struct wg_buf *out, struct wg_err *err)
{
	struct wg_err why = { .code = WG_OK };
	struct bodies bodies = { .count = 0 };

	ready();
	AUTO_OBJECT GMimePart *part = pkcs7_new(der, len, smime_type, &bodies, &why);
	if (!part)
		return wg_err_set(err, why.code, "%s", why.text);
	return write_object(GMIME_OBJECT(part), &bodies, out, err);
}

/* One line of printable UTF-8; GMime encodes what is not ASCII (RFC 2047). */
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
		{ "Message-ID", wg_address_valid(head->message_id) }, /* the same shape: dot-atom, @, host name */
		{ "In-Reply-To", !head->in_reply_to || wg_address_valid(head->in_reply_to) },
		{ "Subject", subject_valid(head->subject) },
		{ "Date", head->date_ms >= 0 && head->date_ms <= DATE_MAX_MS },
	};

	for (size_t i = 0; i < WG_COUNT(values); i++)
		if (!values[i].valid)
			return wg_err_set(err, WG_REJECT, "value of %s cannot be written into a mail", values[i].name);
	return WG_OK;
}

static void put_in_reply_to(GMimeMessage *mail, const char *id)
{
	char value[WG_LIMIT_ADDRESS + 3]; /* <, >, NUL; the id was checked to be an address in form */

	(void)snprintf(value, sizeof value, "<%s>", id); /* fits, see above */
	g_mime_object_set_header(GMIME_OBJECT(mail), "In-Reply-To", value, NULL);
}

enum wg_code wg_mime_mail(const struct wg_mail_head *head, const void *der, size_t len, const char *smime_type,
                          struct wg_buf *out, struct wg_err *err)
{
	struct wg_err why = { .code = WG_OK };
	struct bodies bodies = { .count = 0 };

	ready();
	enum wg_code code = check_head(head, err);
	if (code != WG_OK)
		return code;
	AUTO_OBJECT GMimePart *body = pkcs7_new(der, len, smime_type, &bodies, &why);
	if (!body)
		return wg_err_set(err, why.code, "%s", why.text);
	AUTO_OBJECT GMimeMessage *mail = g_mime_message_new(FALSE);
	WG_CLEANUP(date_freep) GDateTime *date = g_date_time_new_from_unix_utc(head->date_ms / 1000);
	g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_FROM, NULL, head->from);
	g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_TO, NULL, head->to);
	g_mime_message_set_date(mail, date);
	g_mime_message_set_message_id(mail, head->message_id);
	g_mime_message_set_subject(mail, head->subject, "utf-8");
	if (head->in_reply_to)
		put_in_reply_to(mail, head->in_reply_to);
	g_mime_object_set_header(GMIME_OBJECT(mail), "Auto-Submitted", "auto-generated", NULL); /* RFC 3834 */
	if (head->read_receipt)
		g_mime_object_set_header(GMIME_OBJECT(mail), "Disposition-Notification-To", head->from, NULL);
	g_mime_message_set_mime_part(mail, GMIME_OBJECT(body));
	return write_object(GMIME_OBJECT(mail), &bodies, out, err);
}
