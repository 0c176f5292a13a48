/* mail_part.c owns single parts of a mail.
 * SECURITY: names, types and references are the sender's words; they leave here cleaned. */
#include "readers/mail_part.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"

/* A file name of a person; longer ones are cut, the ending stays. */
#define NAME_BYTES 200
#define ENDING_BYTES 12

bool wg_mail_part_is(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *ct = g_mime_object_get_content_type(object);
	return ct != NULL && g_mime_content_type_is_type(ct, type, subtype);
}

enum wg_code wg_mail_part_bytes(GMimePart *part, size_t number, size_t max, struct wg_buf *out, struct wg_err *err)
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
		return wg_err_set(err, WG_REJECT, "part %zu: its content cannot be decoded", number);
	return wg_buf_check(out, "part of the message", err);
}

/* The last component of a path: some programs send where the file lay. */
static const char *without_folder(const char *name)
{
	const char *slash = strrchr(name, '/'), *backslash = strrchr(name, '\\');
	const char *last = slash > backslash || backslash == NULL ? slash : backslash;
	return last != NULL ? last + 1 : name;
}

char *wg_mail_part_name(GMimeObject *object)
{
	const char *name = GMIME_IS_PART(object) ? g_mime_part_get_filename((GMimePart *)object) : NULL;
	WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
	if (name == NULL)
		return NULL;
	name = without_folder(name);
	wg_clean_line(&clean, name, strlen(name));
	if (clean.len <= NAME_BYTES)
		return clean.len > 0 ? wg_buf_steal(&clean) : NULL;
	WG_AUTO_BUF struct wg_buf cut = WG_BUF(WG_LIMIT_CONFIG_FILE);
	const char *s = wg_buf_text(&clean), *ending = strrchr(s, '.');
	size_t n = NAME_BYTES;
	while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
		n--;
	wg_buf_put(&cut, s, n);
	wg_buf_puts(&cut, "...");
	if (ending != NULL && strlen(ending) <= ENDING_BYTES)
		wg_buf_puts(&cut, ending);
	return wg_buf_steal(&cut);
}

char *wg_mail_part_type(GMimeObject *object)
{
	GMimeContentType *ct = g_mime_object_get_content_type(object);
	const char *type = ct != NULL ? g_mime_content_type_get_media_type(ct) : NULL;
	const char *subtype = ct != NULL ? g_mime_content_type_get_media_subtype(ct) : NULL;
	WG_AUTO_BUF struct wg_buf raw = WG_BUF(WG_LIMIT_MESSAGE), clean = WG_BUF(WG_LIMIT_MESSAGE);
	if (type == NULL || subtype == NULL || strlen(type) + strlen(subtype) > NAME_BYTES)
		return NULL;
	wg_buf_printf(&raw, "%s/%s", type, subtype);
	for (size_t i = 0; i < raw.len; i++)
		if (raw.data[i] >= 'A' && raw.data[i] <= 'Z')
			raw.data[i] = (uint8_t)(raw.data[i] + 32);
	wg_clean_line(&clean, wg_buf_text(&raw), raw.len);
	return wg_buf_steal(&clean);
}

bool wg_mail_part_kept(GMimeObject *object)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(object);
	const char *how = d != NULL ? g_mime_content_disposition_get_disposition(d) : NULL;
	return how != NULL && strcasecmp(how, "attachment") == 0;
}

void wg_mail_part_refer(struct wg_buf *refs, const char *html, size_t len)
{
	const char *end = html + len, *s = html;
	while ((s = memchr(s, ':', (size_t)(end - s))) != NULL) {
		bool cid = s - html >= 3 && strncasecmp(s - 3, "cid", 3) == 0;
		s++;
		if (!cid)
			continue;
		size_t n = 0;
		while (n < (size_t)(end - s) && strchr("\"'<> \t\r\n)\\", s[n]) == NULL)
			n++;
		wg_buf_putc(refs, '\n');
		wg_buf_put(refs, s, n);
		s += n;
	}
	wg_buf_putc(refs, '\n');
}

bool wg_mail_part_shown(GMimeObject *object, bool related, const struct wg_buf *refs)
{
	const char *id = g_mime_object_get_content_id(object);
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_LIMIT_MESSAGE);
	if (id == NULL || wg_mail_part_kept(object))
		return false;
	if (related || refs->len == 0)
		return related;
	wg_buf_printf(&line, "\n%s\n", id);
	return !line.failed && memmem(refs->data, refs->len, line.data, line.len) != NULL;
}
