/* Owns the reading of SMTP replies. SECURITY: every byte a mail server sends passes here; a reply is whole, single and
 * within limits, or the connection is given up. Fuzzed by tests/channel/fuzz_smtp.c. */
#include "channel/smtp_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

void wg_smtp_reply_reset(struct wg_smtp_reply *reply)
{
	reply->code = 0;
	reply->enhanced[0] = reply->text[0] = '\0';
	reply->lines = 0;
	reply->text_len = reply->line_len = reply->total = 0;
	reply->done = false;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Three digits that RFC 5321 4.2.1 allows: 2yz to 5yz, y from 0 to 5. 0 when they are not. */
static int code_of(const char *line, size_t len)
{
	if (len < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' || !digit(line[2]))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* RFC 3463 2: class.subject.detail, whose class is the first digit of the code. Length, 0 when there is none. */
static size_t enhanced_len(const char *s, size_t len, int code)
{
	size_t i = 1;

	if (len < 5 || s[0] != '0' + code / 100 || (s[0] != '2' && s[0] != '4' && s[0] != '5'))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;
		if (i >= len || s[i++] != '.')
			return 0;
		while (i < len && digit(s[i]) && digits < 4)
			i++, digits++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	return i == len || s[i] == ' ' ? i : 0;
}

static enum wg_code end_line(struct wg_smtp_reply *reply, struct wg_err *err)
{
	const char *line = reply->line;
	size_t len = reply->line_len;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	int code = code_of(line, len);
	if (code == 0 || (len > 3 && line[3] != ' ' && line[3] != '-'))
		return wg_err_set(err, WG_REJECT, "the server's answer is not an SMTP reply");
	if (reply->code != 0 && code != reply->code)
		return wg_err_set(err, WG_REJECT, "the lines of the server's reply contradict each other (%d, %d)", reply->code,
		                  code);
	if (++reply->lines > WG_SMTP_REPLY_LINES)
		return wg_err_set(err, WG_LIMIT, "the server's reply does not end: more than %d lines", WG_SMTP_REPLY_LINES);
	const char *text = line + (len > 4 ? 4 : len);
	size_t text_len = len > 4 ? len - 4 : 0, enhanced = enhanced_len(text, text_len, code);
	if (enhanced > 0 && enhanced < sizeof reply->enhanced) {
		memcpy(reply->enhanced, text, enhanced);
		reply->enhanced[enhanced] = '\0';
	}
	/* fits: the bytes of all lines are counted, and each had a code before its text */
	memcpy(reply->text + reply->text_len, text, text_len);
	reply->text_len += text_len;
	reply->text[reply->text_len++] = '\n';
	reply->text[reply->text_len] = '\0';
	reply->code = code;
	reply->line_len = 0;
	reply->done = len == 3 || line[3] == ' ';
	return WG_OK;
}

enum wg_code wg_smtp_reply_take(struct wg_smtp_reply *reply, char byte, struct wg_err *err)
{
	if (byte == '\0')
		return wg_err_set(err, WG_REJECT, "the server's reply holds a NUL byte");
	if (++reply->total > WG_SMTP_REPLY_BYTES)
		return wg_err_set(err, WG_LIMIT, "the server's reply does not end: more than %zu bytes", WG_SMTP_REPLY_BYTES);
	if (byte == '\n')
		return end_line(reply, err);
	if (reply->line_len + 1 >= sizeof reply->line)
		return wg_err_set(err, WG_LIMIT, "a line of the server's reply does not end: more than %d bytes",
		                  WG_SMTP_REPLY_LINE);
	reply->line[reply->line_len++] = byte;
	return WG_OK;
}

const char *wg_smtp_reply_words(const struct wg_smtp_reply *reply, char *out, size_t size)
{
	char words[WG_SMTP_REPLY_LINE + 8];
	const char *text = reply->text;

	while (*text == '\n')
		text++;
	(void)snprintf(words, sizeof words, "%d %.*s", reply->code, (int)strcspn(text, "\n"), text); /* fits a line */
	return wg_defang(words, out, size);
}

/* ---- EHLO */

static bool word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

static const char *next_word(const char **at, size_t *len)
{
	*at += strspn(*at, " ");
	const char *word = *at;
	*len = strcspn(word, " \n");
	*at += *len;
	return *len > 0 ? word : NULL;
}

static void read_auth(const char *at, struct wg_smtp_offers *out)
{
	static const struct {
		const char *name;
		unsigned bit;
	} mechanisms[] = {
		{ "PLAIN", WG_SMTP_AUTH_PLAIN },
		{ "XOAUTH2", WG_SMTP_AUTH_XOAUTH2 },
		{ "SCRAM-SHA-256", WG_SMTP_AUTH_SCRAM },
		{ "SCRAM-SHA-256-PLUS", WG_SMTP_AUTH_SCRAM_PLUS },
	};
	size_t len;

	for (const char *word = next_word(&at, &len); word; word = next_word(&at, &len))
		for (size_t i = 0; i < WG_COUNT(mechanisms); i++)
			if (word_is(word, len, mechanisms[i].name))
				out->auth |= mechanisms[i].bit;
}

static void read_size(const char *at, struct wg_smtp_offers *out)
{
	char number[24];
	size_t len;
	const char *word = next_word(&at, &len);

	out->size = true;
	out->size_max = 0;
	if (!word || len >= sizeof number)
		return;
	memcpy(number, word, len);
	number[len] = '\0';
	if (!wg_num_parse(number, 0, UINT64_MAX, &out->size_max))
		out->size_max = 0;
}

void wg_smtp_offers_read(const struct wg_smtp_reply *reply, struct wg_smtp_offers *out)
{
	const char *line = strchr(reply->text, '\n');

	*out = (struct wg_smtp_offers){ 0 };
	for (line = line ? line + 1 : ""; *line; line += strcspn(line, "\n") + 1) {
		const char *at = line;
		size_t len;
		const char *word = next_word(&at, &len);
		if (!word)
			continue;
		out->starttls |= word_is(word, len, "STARTTLS");
		out->pipelining |= word_is(word, len, "PIPELINING");
		out->dsn |= word_is(word, len, "DSN");
		out->require_tls |= word_is(word, len, "REQUIRETLS");
		if (word_is(word, len, "SIZE"))
			read_size(at, out);
		if (word_is(word, len, "AUTH"))
			read_auth(at, out);
	}
}

void wg_smtp_receipt(const char *text, char *out, size_t size)
{
	static const char *const marks[] = { "queued as ", "id=" };
	char line[WG_SMTP_REPLY_LINE];
	size_t len = strcspn(text, "\r\n");

	for (size_t i = 0; i < WG_COUNT(marks); i++) {
		const char *mark = strstr(text, marks[i]);
		if (mark && (size_t)(mark - text) < len) {
			text = mark + strlen(marks[i]);
			len = strcspn(text, " ;\r\n");
			break;
		}
	}
	(void)snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), text); /* cut is fine */
	(void)wg_defang(line, out, size); /* returns its buffer */
}
