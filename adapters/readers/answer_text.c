/* answer_text.c owns what somebody wrote back: the name on the first line, a refusal, or more.
 * SECURITY: words of a stranger, and what a machine wrote in a person's place must not pass for a name: whatever is not
 * plainly one goes before a person. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "readers/answer_internal.h"
#include "readers/clean.h"

#define LINE_MAX_BYTES 1024
/* The first line of the block that a copy begins with (gateway/role/ask.c). */
#define OUR_TITLE "please confirm that you have this notice"

struct lines {
	const char *text;
	size_t len, at;
};

static bool next_line(struct lines *l, char out[static LINE_MAX_BYTES])
{
	WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
	if (l->at >= l->len)
		return false;
	const char *s = l->text + l->at, *end = memchr(s, '\n', l->len - l->at);
	size_t n = end != NULL ? (size_t)(end - s) : l->len - l->at;
	l->at += n + 1;
	wg_clean_line(&clean, s, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
	const char *from = wg_buf_text(&clean);
	from += strspn(from, " \t");
	size_t m = strlen(from);
	while (m > 0 && (from[m - 1] == ' ' || from[m - 1] == '\t'))
		m--;
	m = m < LINE_MAX_BYTES ? m : LINE_MAX_BYTES - 1;
	memcpy(out, from, m);
	out[m] = '\0';
	return true;
}

static bool starts(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);
	return n >= m && strcasecmp(s + n - m, with) == 0;
}

static bool only(const char *s, const char *of, size_t least)
{
	return strlen(s) >= least && strspn(s, of) == strlen(s);
}

/* ---- where the quotation begins */

/* "On Sunday ... wrote:", which programs wrap. */
static bool attribution(const char *line, struct lines *l)
{
	char next[LINE_MAX_BYTES];
	struct lines ahead = *l;
	if (!starts(line, "on "))
		return false;
	for (int i = 0; i < 3; i++) {
		if (ends(line, "wrote:"))
			return true;
		if (!next_line(&ahead, next))
			return false;
		line = next;
	}
	return false;
}

/* "From: ..." with "Sent:", "To:" or "Subject:" below it, as Outlook begins what it quotes. */
static bool header_block(const char *line, const struct lines *l)
{
	char next[LINE_MAX_BYTES];
	struct lines ahead = *l;
	if (!starts(line, "from:") && !starts(line, "*from:"))
		return false;
	for (int i = 0; i < 4 && next_line(&ahead, next); i++)
		if (starts(next, "sent:") || starts(next, "to:") || starts(next, "subject:") || starts(next, "date:") ||
		    starts(next, "*sent:") || starts(next, "*to:"))
			return true;
	return false;
}

/* From here on all is quoted, marked or not. */
static bool quotation(const char *line, struct lines *l)
{
	return starts(line, "-----original message") || starts(line, "----- original message") ||
	       starts(line, "begin forwarded message") || starts(line, "---------- forwarded") || starts(line, OUR_TITLE) ||
	       header_block(line, l);
}

/* ---- names */

/* Words that stand in no name, and do where a machine or a hurried person writes. */
static bool no_name_word(const char *word, size_t n)
{
	static const char *const words[] = {
		"a",      "about",  "absence",   "all",       "am",      "an",       "and",       "any",      "are",     "as",
		"at",     "auto",   "automatic", "away",      "back",    "be",       "been",      "but",      "by",      "call",
		"can",    "child",  "confirm",   "confirmed", "contact", "copy",     "currently", "dear",     "desk",    "do",
		"e-mail", "email",  "for",       "from",      "good",    "has",      "have",      "hello",    "here",    "hi",
		"i",      "if",     "in",        "is",        "it",      "leave",    "mail",      "message",  "morning", "my",
		"no",     "not",    "note",      "notice",    "of",      "office",   "on",        "or",       "our",     "out",
		"please", "police", "received",  "refer",     "regards", "reply",    "response",  "returned", "send",    "sent",
		"she",    "sorry",  "team",      "thank",     "thanks",  "that",     "the",       "their",    "they",    "this",
		"to",     "today",  "until",     "urgent",    "us",      "vacation", "was",       "we",       "what",    "when",
		"which",  "who",    "why",       "will",      "with",    "yes",      "you",       "your"
	};
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strlen(words[i]) == n && strncasecmp(word, words[i], n) == 0)
			return true;
	return false;
}

static bool letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/* Two to five words of letters, none of them one that sentences are made of. Behind a comma or a dash may stand what
 * the person does. */
static bool is_name(const char *s)
{
	size_t words = 0, letters = 0;
	const char *p = s;
	while (*p != '\0' && *p != ',' && strncmp(p, " - ", 3) != 0 && *p != '(') {
		size_t n = 0, own = 0;
		for (; p[n] != '\0' && strchr(" ,(", p[n]) == NULL; n++) {
			if (!letter((unsigned char)p[n]) && strchr("-'.", p[n]) == NULL)
				return false;
			own += letter((unsigned char)p[n]);
		}
		if (n > 0 && (own == 0 || no_name_word(p, n)))
			return false;
		words += n > 0;
		letters += own;
		p += n;
		while (*p == ' ' && strncmp(p, " - ", 3) != 0)
			p++;
	}
	return words >= 2 && words <= 5 && letters >= 4 && strlen(s) < WG_ANSWER_PERSON - 1;
}

/* "Confirmed by Sam Example", "Name: Sam Example": where the name may begin. */
static const char *behind_word(const char *line)
{
	static const char *const words[] = { "confirmed by ", "received by ", "acknowledged by ", "confirmed - ",
		                                 "received - ",   "confirmed: ",  "received: ",       "confirmed, ",
		                                 "received, ",    "name: ",       "my name is " };
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (starts(line, words[i]))
			return line + strlen(words[i]);
	return line;
}

/* Lines that say nothing beside the name. */
static bool polite(const char *line)
{
	static const char *const words[] = { "hi",
		                                 "hello",
		                                 "hi all",
		                                 "good morning",
		                                 "good afternoon",
		                                 "good evening",
		                                 "dear all",
		                                 "dear colleague",
		                                 "dear colleagues",
		                                 "received",
		                                 "received with thanks",
		                                 "received, thanks",
		                                 "received, thank you",
		                                 "confirmed",
		                                 "acknowledged",
		                                 "thanks",
		                                 "many thanks",
		                                 "thank you",
		                                 "ok",
		                                 "noted",
		                                 "regards",
		                                 "kind regards",
		                                 "best regards",
		                                 "best wishes",
		                                 "sent from my iphone",
		                                 "sent from my ipad",
		                                 "get outlook for ios",
		                                 "get outlook for android",
		                                 "sent from outlook for ios",
		                                 "sent from outlook for android",
		                                 "sent from mail for windows" };
	char bare[64];
	size_t n = strlen(line);
	while (n > 0 && strchr(",.!", line[n - 1]) != NULL)
		n--;
	if (n == 0 || n >= sizeof bare)
		return n == 0;
	memcpy(bare, line, n);
	bare[n] = '\0';
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strcasecmp(bare, words[i]) == 0)
			return true;
	return starts(line, "sent from my ") && n < 40;
}

static bool refusal(const char *line)
{
	return starts(line, "refused") || starts(line, "we refuse") || starts(line, "not for us") ||
	       starts(line, "this is not for us") || starts(line, "it is not for us");
}

/* ---- the whole */

struct said {
	struct wg_answer *a;
	struct wg_buf words;
	bool name_missed; /* there was a first line, and it is no name */
	bool disclaimer;  /* up to the next empty line */
};

/* A name; what stands behind it, after a comma, a dash or a bracket, is what the person does, or something that was
 * said. */
static void take_name(struct wg_answer *a, const char *name)
{
	const char *dash = strstr(name, " - ");
	size_t n = strcspn(name, ",(");
	n = dash != NULL && (size_t)(dash - name) < n ? (size_t)(dash - name) : n;
	const char *tail = name + n + strspn(name + n, " ,-(");
	(void)snprintf(a->person, sizeof a->person, "%.128s", name); /* shorter, see is_name */
	a->more = a->more || (tail[0] != '\0' && !wg_answer_title(tail));
}

/* "CONFIRM wgc-... Sam Example", wherever it stands. */
static bool explicit_line(struct wg_answer *a, const char *line)
{
	char token[WG_TOKEN_TEXT];
	size_t at = 0;
	if (!starts(line, "confirm ") || !wg_token_find(line, strlen(line), &at, token))
		return false;
	const char *name = line + at;
	name += strspn(name, " :,-");
	if (is_name(name))
		take_name(a, name);
	return true;
}

static void take_line(struct said *s, const char *line)
{
	struct wg_answer *a = s->a;
	char token[WG_TOKEN_TEXT];
	size_t at = 0;
	if (line[0] == '\0' || only(line, "-_=* ", 1) || explicit_line(a, line) || polite(line))
		return;
	if (wg_token_find(line, strlen(line), &at, token) && (starts(line, "code:") || at < sizeof token + 2))
		return; /* our own line, or the code alone */
	const char *name = behind_word(line);
	if (a->person[0] == '\0' && !s->name_missed && !a->refused && is_name(name)) {
		take_name(a, name);
		return;
	}
	if (a->person[0] != '\0' && strcasecmp(line, a->person) == 0)
		return; /* the name again, as a signature */
	s->disclaimer = s->disclaimer || (a->person[0] != '\0' && wg_answer_disclaimer(line));
	if (s->disclaimer)
		return; /* of an organisation, whatever was sent; the mail itself is kept */
	if (a->person[0] == '\0' && !s->name_missed && refusal(line))
		a->refused = true;
	else if (a->person[0] == '\0' || !wg_answer_signature(line))
		a->more = a->more || !a->refused;
	s->name_missed = a->person[0] == '\0' && !a->refused;
	wg_buf_printf(&s->words, "%s%s", s->words.len > 0 ? " " : "", line);
}

void wg_answer_text(struct wg_answer *a, const char *text, size_t len)
{
	struct lines l = { .text = text, .len = len };
	struct said said = { .a = a, .words = WG_BUF(WG_LIMIT_MESSAGE) };
	char line[LINE_MAX_BYTES];
	bool after = false; /* behind an attribution: what follows is quoted, with marks or without */
	while (next_line(&l, line) && !said.words.failed) {
		if (line[0] == '>') {
			after = false;
			continue;
		}
		if (after && line[0] != '\0')
			break;
		said.disclaimer = said.disclaimer && line[0] != '\0';
		if (after || line[0] == '\0')
			continue;
		if (quotation(line, &l) || only(line, "_", 20))
			break;
		if (strcmp(line, "--") == 0) /* a signature, up to the quotation */
			while (next_line(&l, line) && line[0] != '>' && !quotation(line, &l) && !attribution(line, &l))
				;
		else if (attribution(line, &l)) {
			while (!ends(line, "wrote:") && next_line(&l, line))
				;
			after = true;
		} else
			take_line(&said, line);
	}
	(void)wg_defang(wg_buf_text(&said.words), a->words, sizeof a->words); /* returns its argument */
	a->more = a->more || said.words.len >= sizeof a->words;
	wg_buf_wipe(&said.words);
}
