/* mail.c owns the way through a mail's parts: which are read, as what, and what is said of the rest.
 * SECURITY: the bytes are hostile, and GMime parses them in this process, which is confined. Its known endless loop
 * lies in writing parameters (g_mime_multipart_get_boundary and everything else that encodes a header): nothing here
 * writes. What it warns about as critical, two programs could read in two ways: such mail is refused. */
#include "readers/mail.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "readers/charset.h"
#include "readers/clean.h"
#include "readers/found.h"
#include "readers/gmime_guard.h"
#include "readers/items.h"
#include "readers/mail_scan.h"
#include "readers/tree.h"

#define PARTS_MAX 100
#define DEPTH_MAX 20
/* Text of all bodies after decoding; a form has a few KiB, a thread of answers some hundred. */
#define TEXT_BYTES ((size_t)4 * 1024 * 1024)

struct walk {
	struct wg_found *found;
	size_t parts, text_bytes;
	unsigned attached;             /* messages met inside */
	const char *where;             /* "body", "attached message 1" */
	unsigned bodies;               /* read so far in there */
	const char *bounds[DEPTH_MAX]; /* boundaries of the multiparts that are open */
	unsigned depth;
	struct wg_err *err;
};

static enum wg_code walk_object(struct walk *w, GMimeObject *object);

enum wg_code wg_mail_prepare(struct wg_err *err)
{
	wg_gmime_prepare();
	return wg_tree_prepare(err);
}

static bool is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *ct = g_mime_object_get_content_type(object);
	return ct != NULL && g_mime_content_type_is_type(ct, type, subtype);
}

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* "image/jpeg photo.jpg", defanged: name and type are the sender's words. */
static void describe(GMimeObject *object, char *out, size_t size)
{
	GMimeContentType *ct = g_mime_object_get_content_type(object);
	const char *name = GMIME_IS_PART(object) ? g_mime_part_get_filename((GMimePart *)object) : NULL;
	char raw[400];
	(void)snprintf(
		raw, sizeof raw, "%.60s/%.60s %.200s", or_empty(ct != NULL ? g_mime_content_type_get_media_type(ct) : NULL),
		or_empty(ct != NULL ? g_mime_content_type_get_media_subtype(ct) : NULL), or_empty(name)); /* cut is fine */
	(void)wg_defang(raw, out, size);
}

/* The decoded bytes of a part. */
static enum wg_code part_bytes(struct walk *w, GMimePart *part, size_t max, struct wg_buf *out)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	*out = WG_BUF(max);
	if (content == NULL)
		return WG_OK;
	GMimeStream *stream = g_mime_stream_mem_new();
	bool written = g_mime_data_wrapper_write_to_stream(content, stream) >= 0;
	GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
	if (written && bytes != NULL)
		wg_buf_put(out, bytes->data, bytes->len);
	g_object_unref(stream);
	if (!written)
		return wg_err_set(w->err, WG_REJECT, "part %zu: its content cannot be decoded", w->parts);
	return wg_buf_check(out, "part of the message", w->err);
}

static void remark_unread(struct walk *w, GMimeObject *object, size_t size)
{
	char what[300], line[400], at[64];
	describe(object, what, sizeof what);
	(void)snprintf(at, sizeof at, "part %zu", w->parts);
	(void)snprintf(line, sizeof line, "Attachment not read: %s", what);
	wg_found_text(w->found, line);
	(void)snprintf(line, sizeof line, "%s, %zu bytes", what, size);
	wg_found_remark(w->found, "Attachment (not read)", line, at);
}

static enum wg_code read_text(struct walk *w, GMimeObject *object, bool html)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = part_bytes(w, (GMimePart *)object, TEXT_BYTES, &bytes);
	if (code != WG_OK)
		return code;
	w->text_bytes += bytes.len;
	if (w->text_bytes > TEXT_BYTES)
		return wg_err_set(w->err, WG_LIMIT, "part %zu: the bodies are larger than the limit of %zu bytes", w->parts,
		                  TEXT_BYTES);
	const char *charset = g_mime_object_get_content_type_parameter(object, "charset");
	if (!wg_charset_to_utf8(charset, wg_buf_text(&bytes), bytes.len, &text)) {
		char safe[64], at[64];
		(void)snprintf(at, sizeof at, "part %zu", w->parts);
		wg_found_remark(w->found, "Character set (not known)", wg_defang(or_empty(charset), safe, sizeof safe), at);
	}
	char where[96];
	if (w->bodies++ == 0)
		(void)snprintf(where, sizeof where, "%s", w->where); /* fits, as below */
	else
		(void)snprintf(where, sizeof where, "%s, part %zu", w->where, w->parts);
	WG_AUTO_ITEMS struct wg_items items = { .where = where };
	const char *format = g_mime_object_get_content_type_parameter(object, "format");
	const char *delsp = g_mime_object_get_content_type_parameter(object, "delsp");
	if (html)
		code = wg_items_html(&items, wg_buf_text(&text), text.len, w->err);
	else
		wg_items_plain(&items, wg_buf_text(&text), text.len, strcasecmp(or_empty(format), "flowed") == 0,
		               strcasecmp(or_empty(delsp), "yes") == 0);
	if (code == WG_OK)
		code = wg_items_read(&items, w->found, w->err);
	return code;
}

static bool named_xml(GMimeObject *object)
{
	const char *name = g_mime_part_get_filename((GMimePart *)object);
	size_t n = name != NULL ? strlen(name) : 0;
	return is_type(object, "application", "xml") || is_type(object, "text", "xml") ||
	       (n > 4 && strcasecmp(name + n - 4, ".xml") == 0);
}

static enum wg_code walk_leaf(struct walk *w, GMimeObject *object)
{
	if (!GMIME_IS_PART(object)) { /* message/partial and the like */
		remark_unread(w, object, 0);
		return WG_OK;
	}
	bool html = is_type(object, "text", "html");
	if (!named_xml(object) && (html || is_type(object, "text", "plain")))
		return read_text(w, object, html);
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	enum wg_code code = part_bytes(w, (GMimePart *)object, WG_LIMIT_MESSAGE, &bytes);
	if (code != WG_OK)
		return code;
	if (named_xml(object) && wg_tree_is_notice(wg_buf_text(&bytes), bytes.len))
		wg_found_notice(w->found, bytes.data, bytes.len);
	else
		remark_unread(w, object, bytes.len);
	return WG_OK;
}

/* The same words twice: the rendering that shows more filled fields is taken, the earlier (plainer) one when they are
 * equal. */
static enum wg_code walk_alternative(struct walk *w, GMimeMultipart *multipart)
{
	struct wg_found *target = w->found;
	WG_AUTO_FOUND struct wg_found best;
	wg_found_init(&best);
	enum wg_code code = WG_OK;
	unsigned bodies = w->bodies;
	int n = g_mime_multipart_get_count(multipart);
	for (int i = 0; i < n && code == WG_OK; i++) {
		WG_AUTO_FOUND struct wg_found next;
		w->bodies = bodies; /* each is the same body */
		wg_found_init(&next);
		w->found = &next;
		code = walk_object(w, g_mime_multipart_get_part(multipart, i));
		bool better = i == 0 || next.filled > best.filled || (best.count == 0 && best.text.len == 0);
		if (better) {
			struct wg_found swap = best;
			best = next;
			next = swap;
		}
		wg_found_merge(&best, &next, true); /* what the other rendering had of attachments stays */
	}
	w->found = target;
	wg_found_merge(target, &best, false);
	return code;
}

/* A signature says nothing of the case, and here nobody can check it. */
static bool is_signature(GMimeObject *object)
{
	return is_type(object, "application", "pkcs7-signature") || is_type(object, "application", "x-pkcs7-signature") ||
	       is_type(object, "application", "pgp-signature");
}

static enum wg_code walk_multipart(struct walk *w, GMimeMultipart *multipart)
{
	GMimeObject *object = (GMimeObject *)multipart;
	const char *boundary = g_mime_object_get_content_type_parameter(object, "boundary");
	if (boundary == NULL)
		return wg_err_set(w->err, WG_REJECT, "part %zu: a multipart without a boundary: its parts cannot be told apart",
		                  w->parts);
	for (unsigned i = 0; i + 1 < w->depth; i++)
		if (w->bounds[i] != NULL && strcmp(w->bounds[i], boundary) == 0)
			return wg_err_set(w->err, WG_REJECT, "part %zu: two nested multiparts with the same boundary", w->parts);
	w->bounds[w->depth - 1] = boundary;
	if (is_type(object, "multipart", "alternative"))
		return walk_alternative(w, multipart);
	enum wg_code code = WG_OK;
	int n = g_mime_multipart_get_count(multipart);
	for (int i = 0; i < n && code == WG_OK; i++) {
		GMimeObject *part = g_mime_multipart_get_part(multipart, i);
		if (is_type(object, "multipart", "signed") && i > 0 && is_signature(part))
			wg_found_text(w->found, "Signature not checked here.");
		else
			code = walk_object(w, part);
	}
	return code;
}

/* A report that was forwarded as an attachment is read like the body it was. */
static enum wg_code walk_message(struct walk *w, GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	GMimeObject *inner = message != NULL ? g_mime_message_get_mime_part(message) : NULL;
	if (inner == NULL) {
		remark_unread(w, (GMimeObject *)part, 0);
		return WG_OK;
	}
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_CONFIG_FILE);
	const char *subject = or_empty(g_mime_message_get_subject(message));
	wg_buf_puts(&line, "Attached message: ");
	wg_clean_line(&line, subject, strlen(subject));
	wg_found_text(w->found, wg_buf_text(&line));
	char where[48];
	const char *outer = w->where;
	(void)snprintf(where, sizeof where, "attached message %u", ++w->attached);
	unsigned bodies = w->bodies;
	w->where = where;
	w->bodies = 0;
	enum wg_code code = walk_object(w, inner);
	w->where = outer;
	w->bodies = bodies;
	return code;
}

static enum wg_code walk_object(struct walk *w, GMimeObject *object)
{
	if (object == NULL)
		return WG_OK;
	if (++w->parts > PARTS_MAX)
		return wg_err_set(w->err, WG_LIMIT, "the message has more than %d parts: send it in several messages",
		                  PARTS_MAX);
	if (w->depth >= DEPTH_MAX)
		return wg_err_set(w->err, WG_LIMIT, "part %zu: nested more than %d deep", w->parts, DEPTH_MAX);
	w->bounds[w->depth++] = NULL;
	enum wg_code code;
	if (GMIME_IS_MULTIPART(object))
		code = walk_multipart(w, (GMimeMultipart *)object);
	else if (GMIME_IS_MESSAGE_PART(object))
		code = walk_message(w, (GMimeMessagePart *)object);
	else
		code = walk_leaf(w, object);
	w->depth--;
	return code;
}

/* Remembers the first thing that two programs could read in two ways. */
static void on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item, gpointer data)
{
	(void)offset, (void)item;
	const char **fault = data;
	const char *words = NULL;
	if (warning == GMIME_CRIT_CONFLICTING_HEADER)
		words = "a header that may stand once stands twice, with different content";
	else if (warning == GMIME_CRIT_CONFLICTING_PARAMETER)
		words = "a parameter of a header stands twice, with different content";
	else if (warning == GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY)
		words = "a multipart without a boundary: its parts cannot be told apart";
	else if (warning == GMIME_CRIT_NESTING_OVERFLOW)
		words = "its parts are nested too deeply";
	else if (warning == GMIME_CRIT_INVALID_HEADER_NAME)
		words = "a line in a header that is no header";
	if (*fault == NULL)
		*fault = words;
}

static char *clean_copy(const char *s)
{
	if (s == NULL)
		return NULL;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_MESSAGE);
	wg_clean_line(&out, s, strlen(s));
	return wg_buf_steal(&out);
}

/* The first mailbox of From. */
static char *sender(GMimeMessage *message)
{
	InternetAddressList *list = g_mime_message_get_from(message);
	InternetAddress *first =
		list != NULL && internet_address_list_length(list) > 0 ? internet_address_list_get_address(list, 0) : NULL;
	if (first == NULL || !INTERNET_ADDRESS_IS_MAILBOX(first))
		return NULL;
	return clean_copy(internet_address_mailbox_get_addr((InternetAddressMailbox *)first));
}

static enum wg_code read_message(GMimeMessage *message, const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	found.subject = clean_copy(g_mime_message_get_subject(message));
	found.from = sender(message);
	found.message_id = clean_copy(g_mime_message_get_message_id(message));
	struct walk w = { .found = &found, .where = "body", .err = err };
	enum wg_code code = walk_object(&w, g_mime_message_get_mime_part(message));
	if (code == WG_OK)
		code = wg_found_write(&found, "mail", in, out, err);
	return code;
}

enum wg_code wg_mail_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	enum wg_code code = wg_mail_scan(in, err);
	if (code != WG_OK)
		return code;
	const char *fault = NULL;
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_mime_parser_options_set_warning_callback(options, on_warning, &fault);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(wg_buf_text(in), in->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, options);
	if (message == NULL)
		code = wg_err_set(err, WG_REJECT, "this is not an e-mail message");
	else if (fault != NULL)
		code = wg_err_set(err, WG_REJECT, "%s: mail programs could read it in different ways", fault);
	else
		code = read_message(message, in, out, err);
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
	return code;
}
