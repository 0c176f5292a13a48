/* label.c owns the shapes of a form's lines.
 * SECURITY: the lines are outside text; every look-ahead stops at the NUL, and nothing here is worse than linear in the
 * line. */
#include "readers/label.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* A label is a few words; the longest question of the published forms has 160 characters. */
#define LABEL_BYTES 120
#define QUESTION_BYTES 240
#define LOWER_CASE_WORDS 3
#define DASH_WORDS 6

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || ((uint8_t)c & 0x80) != 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Bullets and numbering: "- ", "* ", "1. ", "a) ", "Q12. ". */
static size_t skip_bullet(const char *s)
{
	size_t i = strspn(s, " \t");
	if ((s[i] == '-' || s[i] == '*' || s[i] == 'o') && is_blank(s[i + 1]))
		i += 1;
	else if (strncmp(s + i, "\xE2\x80\xA2", 3) == 0 || strncmp(s + i, "\xC2\xB7", 2) == 0) /* bullet, middle dot */
		i += s[i] == '\xE2' ? 3 : 2;
	i += strspn(s + i, " \t");
	size_t j = i;
	if (s[j] == 'Q' && is_digit(s[j + 1]))
		j++;
	size_t digits = strspn(s + j, "0123456789");
	if (digits == 0 && s[j] >= 'a' && s[j] <= 'z')
		digits = 1;
	if (digits > 0 && digits <= 3 && (s[j + digits] == '.' || s[j + digits] == ')') && is_blank(s[j + digits + 1]))
		return j + digits + 1 + strspn(s + j + digits + 1, " \t");
	return i;
}

static size_t count_words(const char *s, size_t len)
{
	size_t words = 0;
	for (size_t i = 0; i < len; i++)
		words += !is_blank(s[i]) && (i == 0 || is_blank(s[i - 1]));
	return words;
}

/* What stands before a separator can be a label: letters in it, not too long, no sentence end inside, and, unless it
 * begins with a capital or a digit, only very few words ("dob", "last seen"), so that "she said to her friend: ..."
 * stays prose. */
static bool can_be_label(const char *s, size_t len, size_t max)
{
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len == 0 || len > max)
		return false;
	bool letters = false;
	for (size_t i = 0; i < len; i++) {
		letters = letters || is_letter(s[i]);
		if (i >= 3 && i + 2 < len && s[i] == '.' && is_blank(s[i + 1]) && s[i + 2] >= 'A' && s[i + 2] <= 'Z' &&
		    is_letter(s[i - 1]) && is_letter(s[i - 2]) && is_letter(s[i - 3]))
			return false; /* the end of a sentence, not of an abbreviation */
	}
	if (!letters)
		return false;
	bool lower = s[0] >= 'a' && s[0] <= 'z';
	return !lower || count_words(s, len) <= LOWER_CASE_WORDS;
}

/* A colon that separates: not the one of a time, a ratio or a web address. */
static bool separates(const char *s, size_t i)
{
	if (s[i] != ':' || strncmp(s + i, "://", 3) == 0)
		return false;
	return !(i > 0 && is_digit(s[i - 1]) && is_digit(s[i + 1]));
}

static const char *const interrogatives[] = { "who",   "what",  "when", "where", "which",  "why", "how",  "is",  "are",
	                                          "was",   "were",  "do",   "does",  "did",    "has", "have", "any", "can",
	                                          "could", "would", "will", "if",    "should", "in",  "at",   "had" };

static bool asks(const char *s)
{
	size_t n = 0;
	while (is_letter(s[n]))
		n++;
	for (size_t i = 0; i < WG_COUNT(interrogatives); i++)
		if (strlen(interrogatives[i]) == n && strncasecmp(s, interrogatives[i], n) == 0)
			return s[0] >= 'A' && s[0] <= 'Z';
	return false;
}

static void set(struct wg_label *out, const char *s, size_t label_len, size_t value, bool question)
{
	while (label_len > 0 && is_blank(s[label_len - 1]))
		label_len--;
	*out = (struct wg_label){ .label_len = label_len, .value = value + strspn(s + value, " \t"), .question = question };
}

/* "(Network and phone number required)" behind a question belongs to it; "(none)" is an answer. Bytes to skip. */
static size_t skip_hint(const char *s)
{
	size_t at = strspn(s, " \t"), close = strcspn(s + at, ")");
	if (s[at] != '(' || s[at + close] != ')' || count_words(s + at, close) < 3)
		return 0;
	return at + close + 1;
}

/* "Identify any place they may go to and why: to find peace and quiet?" is one question in spite of its colon. */
static bool is_request(const char *s)
{
	static const char *const verbs[] = { "identify ", "detail ", "details of ", "describe ",
		                                 "give ",     "list ",   "explain ",    "state " };
	size_t n = strlen(s);
	for (size_t i = 0; i < WG_COUNT(verbs); i++)
		if (strncasecmp(s, verbs[i], strlen(verbs[i])) == 0)
			return n > 0 && n < QUESTION_BYTES && s[n - 1] == '?' && strcspn(s, "?") == n - 1;
	return false;
}

/* "Yes", "No, never": not "No one knows". */
static bool is_yes_or_no(const char *s)
{
	static const char *const words[] = { "yes", "no", "not known", "unknown", "none", "n/a", "n/k" };
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		size_t n = strlen(words[i]);
		if (strncasecmp(s, words[i], n) == 0 &&
		    (s[n] == '\0' || strchr(",.;(-\n", s[n]) != NULL || (s[n] == ' ' && strspn(s + n, " ") == strlen(s + n))))
			return true;
	}
	return false;
}

/* "Is this out of character? Yes": the first question mark followed by a blank, a bracket or the end. "Photograph
 * attached? Yes": a few words, and an answer that they can only have been asked for. */
static bool split_question(const char *s, struct wg_label *out)
{
	size_t i = strcspn(s, "?");
	if (s[i] != '?' || i > QUESTION_BYTES || count_words(s, i) < 2 || !is_letter(s[0]))
		return false;
	if (s[i + 1] != '\0' && !is_blank(s[i + 1]) && s[i + 1] != ':')
		return false;
	size_t end = i + 1 + skip_hint(s + i + 1), value = end + strspn(s + end, " \t:");
	bool short_one = count_words(s, i) <= DASH_WORDS && s[0] >= 'A' && s[0] <= 'Z' && is_yes_or_no(s + value);
	if (s[value] != '\0' && !asks(s) && s[end] != ':' && !short_one)
		return false; /* prose with a question in it */
	if (!can_be_label(s, i, QUESTION_BYTES))
		return false;
	set(out, s, end, value, true);
	return true;
}

/* "Label ..... value": four dots or more, or three and a blank. */
static bool split_leaders(const char *s, struct wg_label *out)
{
	const char *dots = strstr(s, "...");
	if (dots == NULL)
		return false;
	size_t at = (size_t)(dots - s), run = strspn(dots, ".");
	if (run < 4 && !(at > 0 && is_blank(s[at - 1])))
		return false;
	size_t value = at + run + strspn(s + at + run, " \t:");
	if (!can_be_label(s, at, LABEL_BYTES) || s[value] == '\0')
		return false;
	set(out, s, at, value, false);
	return true;
}

static bool split_colon(const char *s, struct wg_label *out)
{
	size_t i = 0;
	while (s[i] != '\0' && i <= LABEL_BYTES && !separates(s, i))
		i++;
	if (s[i] != ':' || !separates(s, i))
		return false;
	if (!is_blank(s[i + 1]) && s[i + 1] != '\0' && !can_be_label(s, i, 40))
		return false; /* "a:b" within words is a separator only behind something short */
	if (!can_be_label(s, i, LABEL_BYTES))
		return false;
	set(out, s, i, i + 1, false);
	return true;
}

bool wg_label_split(const char *line, size_t *start, struct wg_label *out)
{
	const char *mark = strchr(line, WG_LABEL_MARK);
	size_t skip = skip_bullet(line);
	const char *s = line + skip;
	*start = skip;
	if (mark != NULL && mark >= s) {
		set(out, s, (size_t)(mark - s), (size_t)(mark - s) + 1, false);
		return can_be_label(s, (size_t)(mark - s), QUESTION_BYTES);
	}
	size_t colon = strcspn(s, ":"), query = strcspn(s, "?");
	if ((query < colon || is_request(s)) && split_question(s, out))
		return true;
	return split_colon(s, out) || split_leaders(s, out);
}

bool wg_label_split_dash(const char *line, struct wg_label *out)
{
	size_t start = skip_bullet(line);
	const char *s = line + start;
	const char *plain = strstr(s, " - "), *en = strstr(s, " \xE2\x80\x93 ");
	const char *dash = plain == NULL || (en != NULL && en < plain) ? en : plain;
	if (dash == NULL || start != strspn(line, " \t"))
		return false;
	size_t len = (size_t)(dash - s);
	if (!(s[0] >= 'A' && s[0] <= 'Z') || count_words(s, len) > DASH_WORDS || !can_be_label(s, len, LABEL_BYTES))
		return false;
	set(out, line, start + len, start + len + (dash == plain ? 3 : 5), false);
	return true;
}

bool wg_label_wraps(const char *line, const char *below)
{
	const char *s = line + skip_bullet(line);
	size_t n = strlen(below);
	while (n > 0 && is_blank(below[n - 1]))
		n--;
	return asks(s) && strchr(s, '?') == NULL && strchr(s, ':') == NULL && strlen(s) + n < QUESTION_BYTES && n > 1 &&
	       below[n - 1] == '?' && strcspn(below, "?") == n - 1;
}

bool wg_label_is_rule(const char *line)
{
	size_t n = strspn(line, "-=_*~# \t");
	return n >= 3 && line[n] == '\0';
}

bool wg_label_is_heading(const char *line)
{
	size_t letters = 0, n = strlen(line);
	if (wg_label_is_rule(line))
		return true;
	if (n > 4 && strspn(line, "-=_*~#") >= 2 && strchr("-=_*~#", line[n - 1]) != NULL)
		return true; /* "=== Description ===" */
	for (size_t i = 0; i < n; i++) {
		if ((line[i] >= 'a' && line[i] <= 'z') || is_digit(line[i]) || line[i] == ':')
			return false;
		letters += is_letter(line[i]);
	}
	return letters >= 6 && n <= 60;
}

static bool begins(const char *line, const char *const *words, size_t n)
{
	line += strspn(line, " \t*");
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(line, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

bool wg_label_is_sign_off(const char *line)
{
	static const char *const words[] = { "kind regards", "best regards", "regards",         "many thanks",
		                                 "thanks",       "thank you",    "yours sincerely", "yours faithfully",
		                                 "best wishes",  "sent from my", "with thanks",     "kindest regards" };
	size_t n = strlen(line);
	return n <= 40 && strchr(line, ':') == NULL && begins(line, words, WG_COUNT(words));
}

bool wg_label_is_disclaimer(const char *line)
{
	static const char *const words[] = { "this e-mail",
		                                 "this email",
		                                 "this message and any",
		                                 "this message is",
		                                 "this communication",
		                                 "the information contained in",
		                                 "the information in this",
		                                 "the contents of this",
		                                 "the content of this",
		                                 "confidentiality notice",
		                                 "disclaimer",
		                                 "legal notice",
		                                 "email disclaimer",
		                                 "e-mail disclaimer",
		                                 "if you are not the intended",
		                                 "if you have received this",
		                                 "important: this e",
		                                 "important notice",
		                                 "notice: this e",
		                                 "caution: this e",
		                                 "warning: this e",
		                                 "caution: external",
		                                 "external email",
		                                 "please consider the environment",
		                                 "internet e-mail",
		                                 "you don't often get email" };
	return begins(line, words, WG_COUNT(words));
}

/* True when the label, without blanks around it, is one of the list; its number from 1 otherwise 0. */
static unsigned listed(const char *label, size_t len, const char *const *list, size_t n)
{
	while (len > 0 && (is_blank(*label) || *label == '*'))
		label++, len--;
	while (len > 0 && (is_blank(label[len - 1]) || label[len - 1] == '*'))
		len--;
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && strncasecmp(label, list[i], len) == 0)
			return (unsigned)i + 1;
	return 0;
}

bool wg_label_is_contact(const char *label, size_t len)
{
	static const char *const list[] = {
		"tel",      "telephone", "phone",         "t",         "m",        "e",           "w",
		"f",        "mob",       "mobile",        "email",     "e-mail",   "web",         "website",
		"www",      "fax",       "ext",           "extension", "direct",   "direct dial", "dd",
		"ddi",      "office",    "address",       "twitter",   "facebook", "x",           "follow us",
		"internal", "desk",      "working hours", "pronouns",  "call",     "visit",       "http",
		"https"
	};
	return listed(label, len, list, WG_COUNT(list)) != 0;
}

unsigned wg_label_mail_header(const char *label, size_t len)
{
	static const char *const list[] = { "from", "sent",     "date",       "to",          "subject",     "cc",
		                                "bcc",  "reply-to", "importance", "attachments", "sensitivity", "priority" };
	return listed(label, len, list, WG_COUNT(list));
}

bool wg_label_is_forward(const char *line)
{
	size_t dashes = strspn(line, "- \t");
	const char *s = line + dashes;
	static const char *const words[] = { "original message", "forwarded message", "original appointment",
		                                 "forwarded by" };
	if (dashes >= 2 && begins(s, words, WG_COUNT(words)))
		return true;
	size_t n = strlen(line);
	if (strncasecmp(line, "begin forwarded message", 23) == 0)
		return true;
	return n > 10 && n < 300 && strncmp(line, "On ", 3) == 0 && strcmp(line + n - 6, "wrote:") == 0;
}
