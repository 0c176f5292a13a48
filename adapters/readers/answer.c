/* answer.c owns the way through a mail that may answer a copy of ours: its headers, its report, its words.
 * SECURITY: bytes are hostile; GMime parses them in this process, which is confined, after the same first look as in
 * mail.c. What is found is evidence for others to judge. */
#include "readers/answer.h"

#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "readers/answer_internal.h"
#include "readers/charset.h"
#include "readers/gmime_guard.h"
#include "readers/mail_part.h"
#include "readers/mail_scan.h"

#define PARTS_MAX 100
#define DEPTH_MAX 20
/* Words of a reply, with all it quotes. */
#define TEXT_BYTES ((size_t)1024 * 1024)
/* The header of what is returned. */
#define RETURNED_BYTES ((size_t)256 * 1024)
/* A portal's mail has a few lines, a report of a missing child more. */
#define PORTAL_TEXT 4000

struct walk {
	struct wg_answer *a;
	struct wg_buf text;
	size_t parts;
	unsigned depth;
	bool plain;  /* text holds the plain rendering */
	bool report; /* within multipart/report */
	bool portal; /* a wrapped message is attached */
	struct wg_err *err;
};

enum wg_code wg_answer_prepare(struct wg_err *err)
{
	(void)err;
	wg_gmime_prepare();
	return WG_OK;
}

/* ---- what names a copy of ours */

static bool part_of_reference(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* The length of MESSAGE.ORGANISATION.DESK at s; 0 when it is none. */
static size_t reference_at(const char *s, size_t left)
{
	char id[WG_ID_TEXT];
	size_t n = 0, dots = 0;
	while (n < left && n < WG_REFERENCE_TEXT && part_of_reference(s[n]))
		dots += s[n++] == '.';
	while (n > 0 && s[n - 1] == '.')
		dots -= s[--n] == '.';
	if (n <= WG_ID_LEN || n >= WG_REFERENCE_TEXT || s[WG_ID_LEN] != '.' || dots != 2)
		return 0;
	memcpy(id, s, WG_ID_LEN);
	id[WG_ID_LEN] = '\0';
	return wg_id_valid(id) ? n : 0;
}

static void add_reference(struct wg_answer *a, const char *s, size_t n, bool firm)
{
	for (unsigned i = 0; i < a->reference_count; i++)
		if (strlen(a->references[i]) == n && memcmp(a->references[i], s, n) == 0)
			return;
	if (a->reference_count == WG_ANSWER_REFERENCES || n >= sizeof a->references[0])
		return;
	memcpy(a->references[a->reference_count], s, n);
	a->references[a->reference_count++][n] = '\0';
	if (firm && a->firm + 1 == a->reference_count)
		a->firm++;
}

void wg_answer_references(struct wg_answer *a, const char *text, size_t len, bool firm)
{
	for (size_t i = 0; i + WG_ID_LEN < len; i++) {
		if ((i > 0 && part_of_reference(text[i - 1])) || text[i + WG_ID_LEN] != '.')
			continue;
		size_t n = reference_at(text + i, len - i), domain = 0;
		if (n == 0)
			continue;
		if (i + n < len && text[i + n] == '@')
			while (i + n + 1 + domain < len && domain < 255 &&
			       (part_of_reference(text[i + n + 1 + domain]) ||
			        (text[i + n + 1 + domain] >= 'A' && text[i + n + 1 + domain] <= 'Z')))
				domain++;
		add_reference(a, text + i, n + (domain > 0 ? domain + 1 : 0), firm);
		i += n;
	}
}

void wg_answer_tokens(struct wg_answer *a, const char *text, size_t len)
{
	char token[WG_TOKEN_TEXT];
	for (size_t at = 0; a->token_count < WG_ANSWER_TOKENS && wg_token_find(text, len, &at, token);) {
		bool there = false;
		for (unsigned i = 0; i < a->token_count; i++)
			there = there || strcmp(a->tokens[i], token) == 0;
		if (!there)
			memcpy(a->tokens[a->token_count++], token, sizeof token);
	}
}

/* ---- the parts */

static enum wg_code walk_object(struct walk *w, GMimeObject *object);

static enum wg_code take_text(struct walk *w, GMimeObject *object, bool html)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 }, text = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = wg_mail_part_bytes((GMimePart *)object, w->parts, WG_LIMIT_MESSAGE, &bytes, w->err);
	if (code != WG_OK)
		return code;
	(void)wg_charset_to_utf8(g_mime_object_get_content_type_parameter(object, "charset"), wg_buf_text(&bytes),
	                         bytes.len, &text); /* one that is not known is read as well as can be */
	size_t room = w->text.len < TEXT_BYTES ? TEXT_BYTES - w->text.len : 0;
	if (html)
		wg_answer_page(wg_buf_text(&text), text.len < room ? text.len : room, &w->text);
	else
		wg_buf_put(&w->text, wg_buf_text(&text), text.len < room ? text.len : room);
	wg_buf_putc(&w->text, '\n');
	return wg_buf_check(&w->text, "words of the mail", w->err);
}

static enum wg_code take_status(struct walk *w, GMimeObject *object, bool disposition)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	enum wg_code code = wg_mail_part_bytes((GMimePart *)object, w->parts, RETURNED_BYTES, &bytes, w->err);
	if (code == WG_OK && disposition)
		wg_answer_disposition(w->a, wg_buf_text(&bytes), bytes.len);
	else if (code == WG_OK)
		wg_answer_delivery(w->a, wg_buf_text(&bytes), bytes.len);
	return code;
}

/* What came back of our mail: only the line that names it, for its words may be anybody's. */
static void take_returned(struct walk *w, const char *text, size_t len)
{
	static const char name[] = "message-id:";
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - (text + at)) : len - at;
		if (n <= 1)
			return;
		if (n >= sizeof name - 1 && strncasecmp(text + at, name, sizeof name - 1) == 0) {
			const char *more = end != NULL ? memchr(end + 1, '\n', len - at - n - 1) : NULL;
			bool folded = more != NULL && (end[1] == ' ' || end[1] == '\t');
			wg_answer_references(w->a, text + at, folded ? (size_t)(more - (text + at)) : n, true);
		}
		at += n + 1;
	}
}

static enum wg_code take_headers(struct walk *w, GMimeObject *object)
{
	WG_AUTO_BUF struct wg_buf bytes = { 0 };
	enum wg_code code = wg_mail_part_bytes((GMimePart *)object, w->parts, RETURNED_BYTES, &bytes, w->err);
	if (code == WG_OK)
		take_returned(w, wg_buf_text(&bytes), bytes.len);
	return code;
}

static enum wg_code walk_message(struct walk *w, GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	const char *id = message != NULL ? g_mime_message_get_message_id(message) : NULL;
	if (id != NULL)
		wg_answer_references(w->a, id, strlen(id), w->report);
	w->a->documents = w->a->documents || !w->report;
	return WG_OK;
}

static bool name_ends(const char *name, const char *ending)
{
	if (name == NULL)
		return false;
	size_t n = strlen(name), m = strlen(ending);
	return n >= m && strcasecmp(name + n - m, ending) == 0;
}

/* A file beside the words. Logos and cards of whoever wrote are none. */
static void take_file(struct walk *w, GMimeObject *object, const char *name)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	bool picture = type != NULL && g_mime_content_type_is_type(type, "image", "*") && !wg_mail_part_kept(object);
	bool card = wg_mail_part_is(object, "text", "vcard") || wg_mail_part_is(object, "text", "x-vcard");
	bool signature = wg_mail_part_is(object, "application", "pkcs7-signature") ||
	                 wg_mail_part_is(object, "application", "x-pkcs7-signature");
	if (picture || card || signature)
		return;
	w->a->documents = true;
	w->a->notice = w->a->notice || wg_mail_part_is(object, "application", "xml") ||
	               wg_mail_part_is(object, "text", "xml") || name_ends(name, ".xml");
	w->portal = w->portal || wg_mail_part_is(object, "application", "x-microsoft-rpmsg-message") ||
	            name_ends(name, ".rpmsg") || (name != NULL && strcasestr(name, "securedoc") != NULL);
}

static enum wg_code walk_leaf(struct walk *w, GMimeObject *object)
{
	if (!GMIME_IS_PART(object))
		return WG_OK;
	WG_AUTO_FREE char *name = wg_mail_part_name(object);
	if (wg_mail_part_is(object, "message", "delivery-status") ||
	    wg_mail_part_is(object, "message", "global-delivery-status"))
		return take_status(w, object, false);
	if (wg_mail_part_is(object, "message", "disposition-notification") ||
	    wg_mail_part_is(object, "message", "global-disposition-notification"))
		return take_status(w, object, true);
	if (wg_mail_part_is(object, "text", "rfc822-headers") || wg_mail_part_is(object, "message", "global-headers") ||
	    wg_mail_part_is(object, "message", "global"))
		return take_headers(w, object);
	bool html = wg_mail_part_is(object, "text", "html");
	bool words = (html || wg_mail_part_is(object, "text", "plain")) && !wg_mail_part_kept(object) && name == NULL;
	if (words)
		return take_text(w, object, html);
	take_file(w, object, name);
	return WG_OK;
}

/* The plain rendering is what somebody wrote; a page where there is none, or nothing in it. */
static enum wg_code walk_alternative(struct walk *w, GMimeMultipart *multipart)
{
	int n = g_mime_multipart_get_count(multipart);
	enum wg_code code = WG_OK;
	bool found = false;
	for (int pass = 0; pass < 2 && !found && code == WG_OK; pass++)
		for (int i = 0; i < n && !found && code == WG_OK; i++) {
			GMimeObject *part = g_mime_multipart_get_part(multipart, i);
			size_t before = w->text.len;
			if (part == NULL || wg_mail_part_is(part, "text", "plain") != (pass == 0))
				continue;
			code = walk_object(w, part);
			const char *text = wg_buf_text(&w->text);
			found = w->text.len > before && strspn(text + before, " \t\r\n") < w->text.len - before;
		}
	return code;
}

static enum wg_code walk_multipart(struct walk *w, GMimeMultipart *multipart)
{
	GMimeObject *object = (GMimeObject *)multipart;
	bool was = w->report;
	enum wg_code code = WG_OK;
	if (wg_mail_part_is(object, "multipart", "alternative"))
		return walk_alternative(w, multipart);
	w->report = was || wg_mail_part_is(object, "multipart", "report");
	int n = g_mime_multipart_get_count(multipart);
	for (int i = 0; i < n && code == WG_OK; i++)
		code = walk_object(w, g_mime_multipart_get_part(multipart, i));
	w->report = was;
	return code;
}

static enum wg_code walk_object(struct walk *w, GMimeObject *object)
{
	if (object == NULL)
		return WG_OK;
	if (++w->parts > PARTS_MAX || w->depth >= DEPTH_MAX)
		return wg_err_set(w->err, WG_LIMIT, "the message has more than %d parts, or they are nested too deeply",
		                  PARTS_MAX);
	w->depth++;
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

/* ---- what kind of mail it is */

static const char *header(GMimeMessage *message, const char *name)
{
	const char *value = g_mime_object_get_header((GMimeObject *)message, name);
	return value != NULL ? value : "";
}

static bool holds(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

static bool begins(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncasecmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* A machine answered. Its programs say so; a subject alone counts only for what answers a copy of ours.
 * "auto-generated" is what reports of forces and our own copies say of themselves: no answer. */
static bool is_auto(GMimeMessage *message, const struct wg_answer *a)
{
	static const char *const subjects[] = { "automatic reply", "autoreply",         "auto reply",         "auto-reply",
		                                    "out of office",   "out of the office", "automatic response", "auto:",
		                                    "away from",       "vacation",          "on annual leave" };
	const char *subject = g_mime_message_get_subject(message);
	const char *submitted = header(message, "Auto-Submitted");
	bool ours = a->reference_count > 0 || a->token_count > 0;
	if (strncasecmp(submitted, "auto-replied", 12) == 0)
		return true;
	bool sign = (*submitted != '\0' && strncasecmp(submitted, "no", 2) != 0) ||
	            *header(message, "X-Auto-Response-Suppress") != '\0' || *header(message, "X-Autoreply") != '\0' ||
	            *header(message, "X-Autorespond") != '\0' ||
	            strcasecmp(header(message, "Precedence"), "auto_reply") == 0 ||
	            strcasecmp(header(message, "Precedence"), "bulk") == 0 ||
	            strcasecmp(header(message, "Precedence"), "junk") == 0;
	return ours && (sign || (subject != NULL && begins(subject, subjects, WG_COUNT(subjects))));
}

/* A mail server's own words: nobody is to answer (null return path), or a server's address, and the words. */
static bool is_bounce(GMimeMessage *message, const char *text)
{
	static const char *const froms[] = { "mailer-daemon@", "postmaster@", "microsoftexchange" };
	static const char *const subjects[] = { "undeliver",
		                                    "failure notice",
		                                    "mail delivery failed",
		                                    "returned mail",
		                                    "delivery status notification",
		                                    "delivery failure",
		                                    "delivery has failed",
		                                    "mail delivery system",
		                                    "message could not be delivered" };
	static const char *const words[] = { "hi. this is the qmail-send program",
		                                 "could not be delivered",
		                                 "couldn't be delivered",
		                                 "delivery to the following recipients failed",
		                                 "delivery has failed to these recipients",
		                                 "undeliverable",
		                                 "permanent error",
		                                 "this is the mail system at host",
		                                 "i'm afraid i wasn't able to deliver" };
	const char *subject = g_mime_message_get_subject(message);
	const char *path = header(message, "Return-Path");
	bool nobody = strncmp(path, "<>", 2) == 0 || holds(header(message, "From"), froms, WG_COUNT(froms));
	return nobody &&
	       ((subject != NULL && holds(subject, subjects, WG_COUNT(subjects))) || holds(text, words, WG_COUNT(words)));
}

/* Mail that a web portal keeps: Egress, Microsoft, Cisco, Proofpoint, Zivver, Mimecast, and those like them. */
static bool is_portal(GMimeMessage *message, const struct walk *w)
{
	static const char *const words[] = { "has sent you a protected message",
		                                 "has sent you an encrypted message",
		                                 "you have received an encrypted message",
		                                 "you have received a secure message",
		                                 "you've received an encrypted message",
		                                 "read the message",
		                                 "registered envelope",
		                                 "click here to read",
		                                 "click to view secure",
		                                 "view encrypted email",
		                                 "switch.egress.com",
		                                 "reader.egress.com",
		                                 "to read this message, open the attachment",
		                                 "access this secure message",
		                                 "you've got a secure message",
		                                 "sign in to read",
		                                 "one-time passcode to view" };
	const char *subject = g_mime_message_get_subject(message);
	const char *text = wg_buf_text(&w->text);
	return w->portal || (w->text.len < PORTAL_TEXT && (holds(text, words, WG_COUNT(words)) ||
	                                                   (subject != NULL && holds(subject, words, WG_COUNT(words)))));
}

static enum wg_answer_kind kind_of(GMimeMessage *message, const struct walk *w)
{
	const struct wg_answer *a = w->a;
	if (a->kind != WG_ANSWER_NONE) /* a report said so of itself */
		return a->kind;
	if (a->notice)
		return WG_ANSWER_NONE;
	if (is_bounce(message, wg_buf_text(&w->text)))
		return WG_ANSWER_BOUNCE;
	if (is_auto(message, a))
		return WG_ANSWER_AUTO;
	if (a->firm > 0 || a->token_count > 0)
		return WG_ANSWER_REPLY;
	return is_portal(message, w) ? WG_ANSWER_PORTAL : WG_ANSWER_NONE;
}

static enum wg_code read_message(GMimeMessage *message, struct wg_answer *a, struct wg_err *err)
{
	struct walk w = { .a = a, .text = WG_BUF(2 * TEXT_BYTES), .err = err };
	const char *reply = header(message, "In-Reply-To"), *references = header(message, "References");
	wg_answer_references(a, reply, strlen(reply), true);
	enum wg_code code = walk_object(&w, g_mime_message_get_mime_part(message));
	/* the last of References is what is answered; those before it are older */
	wg_answer_references(a, references, strlen(references), true);
	if (code == WG_OK) {
		wg_answer_tokens(a, wg_buf_text(&w.text), w.text.len);
		wg_answer_references(a, wg_buf_text(&w.text), w.text.len, false);
		a->kind = kind_of(message, &w);
		if (a->kind == WG_ANSWER_REPLY)
			wg_answer_text(a, wg_buf_text(&w.text), w.text.len);
	}
	wg_buf_wipe(&w.text);
	return code;
}

enum wg_code wg_answer_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	struct wg_answer a = { 0 };
	enum wg_code code = wg_mail_scan(in, err);
	if (code != WG_OK)
		return code;
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(wg_buf_text(in), in->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	if (message == NULL)
		code = wg_err_set(err, WG_REJECT, "this is not an e-mail message");
	else
		code = read_message(message, &a, err);
	if (code == WG_OK) {
		wg_answer_write(&a, out);
		code = wg_buf_check(out, "what was found", err);
	}
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return code;
}
