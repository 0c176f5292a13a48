/* smime_head.c owns the strict reading of a header.
 * SECURITY: bytes are hostile. Nothing is guessed: a field that is not plain counts as not there, and a parameter that
 * is not plain makes the whole type unclear. */
#include "readers/smime_head.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

/* Trace lines, DKIM and all. */
#define HEADER_BYTES ((size_t)256 * 1024)
/* One field, unfolded. */
#define FIELD_BYTES 4096

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool wg_smime_type_is(const char *type, const char *pkcs7)
{
	static const char application[] = "application/", old[] = "x-";
	if (strncmp(type, application, sizeof application - 1) != 0)
		return false;
	type += sizeof application - 1;
	if (strncmp(type, old, sizeof old - 1) == 0)
		type += sizeof old - 1;
	return strcmp(type, pkcs7) == 0;
}

/* ---- Content-Type */

/* A token or a quoted string at *s into out, lower case unless it is a boundary; false when it is neither. */
static bool take_value(const char **s, char *out, size_t size)
{
	const char *p = *s;
	size_t n = 0;
	bool quoted = *p == '"';
	for (p += quoted; *p != '\0'; p++) {
		if (quoted ? *p == '"' : (strchr("; \t\r\n", *p) != NULL))
			break;
		if (quoted && *p == '\\' && *++p == '\0')
			return false;
		if (!quoted && strchr("()<>@,:\\\"[]", *p) != NULL)
			return false;
		if (n + 1 >= size || (unsigned char)*p < ' ' || (unsigned char)*p > 126)
			return false;
		out[n++] = *p;
	}
	if (quoted && *p++ != '"')
		return false;
	out[n] = '\0';
	*s = p;
	return true;
}

static void lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
}

/* One parameter; false when it makes the type unclear. */
static bool take_parameter(struct wg_smime_head *h, const char **s, bool *boundary, bool *protocol)
{
	char name[32], value[512];
	size_t n = strcspn(*s, "= \t;\r\n");
	if (n == 0 || n >= sizeof name || (*s)[n] != '=')
		return false;
	memcpy(name, *s, n);
	name[n] = '\0';
	lower(name);
	*s += n + 1;
	if (!take_value(s, value, sizeof value))
		return false;
	bool cut = strncmp(name, "boundary*", 9) == 0 || strncmp(name, "protocol*", 9) == 0;
	if (strcmp(name, "boundary") == 0) {
		if (*boundary || strlen(value) >= sizeof h->boundary || value[0] == '\0')
			return false;
		*boundary = true;
		memcpy(h->boundary, value, strlen(value) + 1);
	} else if (strcmp(name, "protocol") == 0) {
		if (*protocol || strlen(value) >= sizeof h->protocol)
			return false;
		*protocol = true;
		lower(value);
		memcpy(h->protocol, value, strlen(value) + 1);
	}
	return !cut;
}

static void take_type(struct wg_smime_head *h, const char *value)
{
	bool boundary = false, protocol = false;
	size_t n = strcspn(value, "; \t\r\n");
	h->type[0] = h->boundary[0] = h->protocol[0] = '\0';
	h->unclear = n == 0 || n >= sizeof h->type;
	if (h->unclear)
		return;
	memcpy(h->type, value, n);
	h->type[n] = '\0';
	lower(h->type);
	for (const char *s = value + n; !h->unclear;) {
		s += strspn(s, " \t\r\n");
		if (*s == '\0')
			break;
		h->unclear = *s++ != ';';
		s += strspn(s, " \t\r\n");
		if (!h->unclear && *s != '\0')
			h->unclear = !take_parameter(h, &s, &boundary, &protocol);
	}
}

/* ---- From */

/* Do the words of an encoded word (RFC 2047) hold an @? What cannot be decoded could. */
static bool hides_at(char encoding, const char *text, size_t n)
{
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	struct wg_err ignored;
	if (encoding == 'q' || encoding == 'Q')
		return memmem(text, n, "=40", 3) != NULL;
	return wg_base64_decode(text, n, &bytes, &len, &ignored) != WG_OK || memchr(bytes, '@', len) != NULL;
}

/* "=?charset?Q?text?=" at s, of left bytes: is there an @ in it that nobody sees here? */
static bool encoded_at(const char *s, size_t left)
{
	if (left < 2 || s[0] != '=' || s[1] != '?')
		return false;
	const char *mark = memchr(s + 2, '?', left - 2), *past = s + left;
	if (mark == NULL || past - mark < 3 || mark[2] != '?')
		return false;
	const char *text = mark + 3, *end = memmem(text, (size_t)(past - text), "?=", 2);
	return hides_at(mark[1], text, (size_t)((end != NULL ? end : past) - text));
}

/* The display name shows an address that is another than the one behind it. */
static bool is_trick(const char *name, size_t n, const char *address)
{
	size_t m = strlen(address);
	for (size_t i = 0; i < n; i++)
		if (encoded_at(name + i, n - i))
			return true;
	while (n > 0 && (blank(*name) || *name == '"' || *name == '\''))
		name++, n--;
	while (n > 0 && (blank(name[n - 1]) || name[n - 1] == '"' || name[n - 1] == '\''))
		n--;
	return memchr(name, '@', n) != NULL && !(n == m && strncasecmp(name, address, n) == 0);
}

bool wg_smime_mailbox(const char *value, char address[WG_LIMIT_ADDRESS + 1], bool *trick)
{
	size_t n = strlen(value), open = n, close = n;
	bool quoted = false;
	for (size_t i = 0; i < n; i++) {
		if (quoted && value[i] == '\\' && i + 1 < n)
			i++;
		else if (value[i] == '"')
			quoted = !quoted;
		else if (!quoted && value[i] == '<' && open == n)
			open = i;
		else if (!quoted && value[i] == '>' && close == n && open < n)
			close = i;
		else if (!quoted && strchr(",;:()<>", value[i]) != NULL) /* two, a group, a comment */
			return false;
	}
	const char *s = value + (open < n ? open + 1 : 0);
	size_t len = open < n ? (close < n ? close - open - 1 : 0) : n;
	if (quoted || (open < n && close + 1 + strspn(value + (close < n ? close + 1 : n), " \t\r\n") < n))
		return false;
	while (len > 0 && blank(*s))
		s++, len--;
	while (len > 0 && blank(s[len - 1]))
		len--;
	if (len == 0 || len > WG_LIMIT_ADDRESS)
		return false;
	memcpy(address, s, len);
	address[len] = '\0';
	*trick = *trick || is_trick(value, open < n ? open : 0, address);
	return wg_address_valid(address);
}

/* ---- the whole header */

static void take_field(struct wg_smime_head *h, const char *s, size_t n)
{
	char value[FIELD_BYTES], address[WG_LIMIT_ADDRESS + 1];
	const char *colon = memchr(s, ':', n);
	size_t name = colon != NULL ? (size_t)(colon - s) : n, m = 0;
	while (name > 0 && blank(s[name - 1]))
		name--;
	for (const char *p = colon != NULL ? colon + 1 : s + n; p < s + n && m + 1 < sizeof value; p++)
		if (*p != '\r' && *p != '\n' && (m > 0 || !blank(*p)))
			value[m++] = *p;
	value[m] = '\0';
	bool whole = m + 1 < sizeof value && strlen(value) == m; /* no NUL in it */
	if (name == 12 && strncasecmp(s, "content-type", name) == 0) {
		h->types++;
		take_type(h, whole ? value : "");
	} else if (name == 25 && strncasecmp(s, "content-transfer-encoding", name) == 0) {
		h->transfers++;
		h->base64 = strncasecmp(value, "base64", 6) == 0 && strspn(value + 6, " \t") == strlen(value + 6);
	} else if (name == 4 && strncasecmp(s, "from", name) == 0) {
		h->froms++;
		h->from[0] = '\0';
		if (whole && wg_smime_mailbox(value, address, &h->trick))
			memcpy(h->from, address, strlen(address) + 1);
	} else if (name == 6 && strncasecmp(s, "sender", name) == 0) {
		bool ignored = false;
		h->senders++;
		h->sender[0] = '\0';
		if (whole && wg_smime_mailbox(value, address, &ignored))
			memcpy(h->sender, address, strlen(address) + 1);
	}
}

void wg_smime_head_read(const char *text, size_t len, struct wg_smime_head *out)
{
	size_t field = 0, at = 0;
	*out = (struct wg_smime_head){ 0 };
	while (at < len && at <= HEADER_BYTES) {
		const char *end = memchr(text + at, '\n', len - at);
		if (end == NULL)
			return;
		size_t next = (size_t)(end - text) + 1, n = next - at;
		bool empty = n == 1 || (n == 2 && text[at] == '\r');
		bool folded = !empty && (text[at] == ' ' || text[at] == '\t');
		if (!folded && at > field)
			take_field(out, text + field, at - field);
		if (empty) {
			out->body = next;
			return;
		}
		if (!folded)
			field = at;
		at = next;
	}
}
