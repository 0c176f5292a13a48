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
#include "readers/mail_part.h"
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
	bool related;       /* within what a page is made of */
	struct wg_buf refs; /* which parts the pages show */
	struct wg_err *err;
};

static enum wg_code walk_object(struct walk *w, GMimeObject *object);

enum wg_code wg_mail_prepare(struct wg_err *err)
{
	wg_gmime_prepare();
	return wg_tree_prepare(err);
}

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* What cannot be handed on as a document. */
static void remark_unread(struct walk *w, const char *why)
{
	char at[64];
	(void)snprintf(at, sizeof at, "part %zu", w->parts);
	wg_found_remark(w->found, "Attachment (not read)", why, at);
}

static enum wg_code read_text(struct walk *w, GMimeObject *object, bool html)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = wg_mail_part_bytes((GMimePart *)object, w->parts, TEXT_BYTES, &bytes, w->err);
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
		wg_mail_part_refer(&w->refs, wg_buf_text(&text), text.len);
	if (html)
		code = wg_items_html(&items, wg_buf_text(&text), text.len, w->err);
	else
		wg_items_plain(&items, wg_buf_text(&text), text.len, strcasecmp(or_empty(format), "flowed") == 0,
		               strcasecmp(or_empty(delsp), "yes") == 0);
	if (code == WG_OK)
		code = wg_items_read(&items, w->found, w->err);
	return code;
}

static bool name_ends(const char *name, const char *ending)
{
	size_t n = name != NULL ? strlen(name) : 0, m = strlen(ending);
	return n > m && strcasecmp(name + n - m, ending) == 0;
}

/* Text that is the mail's own words. A file that somebody attached is a document, but for a note: .txt, or no name. */
static bool is_body(GMimeObject *object, const char *name, bool *html)
{
	*html = wg_mail_part_is(object, "text", "html");
	if (*html)
		return !(name != NULL && wg_mail_part_kept(object));
	return wg_mail_part_is(object, "text", "plain") &&
	       (name == NULL || name_ends(name, ".txt") || !wg_mail_part_kept(object)) && !name_ends(name, ".xml");
}

/* A file: one of our notices, or a document for whoever asked to read. Its type is what it was declared as; its content
 * decides later. */
static enum wg_code take_file(struct walk *w, GMimeObject *object, const char *name)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	WG_AUTO_FREE char *type = wg_mail_part_type(object);
	char at[64];
	bool xml = wg_mail_part_is(object, "application", "xml") || wg_mail_part_is(object, "text", "xml") ||
	           name_ends(name, ".xml");
	enum wg_code code = wg_mail_part_bytes((GMimePart *)object, w->parts, WG_LIMIT_MESSAGE, &bytes, w->err);
	if (code != WG_OK)
		return code;
	(void)snprintf(at, sizeof at, "part %zu", w->parts); /* fits */
	if (xml && wg_tree_is_notice(wg_buf_text(&bytes), bytes.len))
		wg_found_notice(w->found, bytes.data, bytes.len);
	else
		wg_found_document(w->found, at, name, type, wg_mail_part_shown(object, w->related, &w->refs), bytes.data,
		                  bytes.len);
	return WG_OK;
}

static enum wg_code walk_leaf(struct walk *w, GMimeObject *object)
{
	if (!GMIME_IS_PART(object)) { /* message/partial and the like */
		remark_unread(w, "a part of a message that was sent in pieces, or one that is kept elsewhere");
		return WG_OK;
	}
	WG_AUTO_FREE char *name = wg_mail_part_name(object);
	bool html;
	return is_body(object, name, &html) ? read_text(w, object, html) : take_file(w, object, name);
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
	return wg_mail_part_is(object, "application", "pkcs7-signature") ||
	       wg_mail_part_is(object, "application", "x-pkcs7-signature") ||
	       wg_mail_part_is(object, "application", "pgp-signature");
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
	if (wg_mail_part_is(object, "multipart", "alternative"))
		return walk_alternative(w, multipart);
	enum wg_code code = WG_OK;
	bool was = w->related;
	w->related = was || wg_mail_part_is(object, "multipart", "related");
	int n = g_mime_multipart_get_count(multipart);
	for (int i = 0; i < n && code == WG_OK; i++) {
		GMimeObject *part = g_mime_multipart_get_part(multipart, i);
		if (wg_mail_part_is(object, "multipart", "signed") && i > 0 && is_signature(part))
			wg_found_text(w->found, "Signature not checked here.");
		else
			code = walk_object(w, part);
	}
	w->related = was;
	return code;
}

/* A report that was forwarded as an attachment is read like the body it was. */
static enum wg_code walk_message(struct walk *w, GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	GMimeObject *inner = message != NULL ? g_mime_message_get_mime_part(message) : NULL;
	if (inner == NULL) {
		remark_unread(w, "a message with nothing in it");
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
	struct walk w = { .found = &found, .where = "body", .refs = WG_BUF(WG_LIMIT_MESSAGE), .err = err };
	enum wg_code code = walk_object(&w, g_mime_message_get_mime_part(message));
	wg_buf_free(&w.refs);
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
