/* answer_signature.c owns telling a signature from words that matter, where no "-- " parts them: what a person does, a
 * telephone number, an address of mail or web, an organisation's disclaimer. SECURITY: words of a stranger, and a word
 * too many that is taken for a signature is a sentence that nobody reads. So everything here is a closed list, and what
 * is not plainly of it is something that was said. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "readers/answer_internal.h"

/* A line of a signature has no more words than this, a telephone number no fewer digits. */
#define TITLE_WORDS 8
#define DIGITS_LEAST 6

static bool is_one_of(const char *word, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && strncasecmp(word, list[i], n) == 0)
			return true;
	return false;
}

/* Words of posts and organisations; each line of one has at least one of them. */
static bool post_word(const char *word, size_t n)
{
	static const char *const words[] = {
		"adviser",      "advisor",        "agency",       "authority", "centre",     "chief",        "constable",
		"constabulary", "coordinator",    "co-ordinator", "council",   "department", "desk",         "detective",
		"directorate",  "director",       "division",     "duty",      "education",  "front",        "head",
		"hub",          "inspector",      "lead",         "manager",   "mash",       "multi-agency", "nhs",
		"nurse",        "office",         "officer",      "pc",        "police",     "practitioner", "pronouns",
		"safeguarding", "school",         "section",      "senior",    "sergeant",   "service",      "services",
		"social",       "superintendent", "supervisor",   "support",   "team",       "trust",        "unit",
		"worker",       "worker's"
	};
	return is_one_of(word, n, words, WG_COUNT(words));
}

static bool joining_word(const char *word, size_t n)
{
	static const char *const words[] = { "&", "-", "|", "and", "for", "of", "the" };
	return is_one_of(word, n, words, WG_COUNT(words));
}

/* What sentences about a child are made of, written with a capital too. */
static bool telling_word(const char *word, size_t n)
{
	static const char *const words[] = {
		"a",           "absent",   "again",  "already",   "am",       "are",      "arrested", "arrived",     "asleep",
		"at",          "away",     "back",   "been",      "boy",      "but",      "by",       "call",        "calling",
		"child",       "children", "closed", "dead",      "died",     "do",       "does",     "ask",         "father",
		"former",      "found",    "from",   "girl",      "gone",     "has",      "have",     "he",          "her",
		"here",        "him",      "his",    "home",      "hospital", "hurt",     "ill",      "in",          "injured",
		"is",          "it",       "known",  "left",      "male",     "female",   "me",       "missing",     "mother",
		"moved",       "my",       "never",  "no",        "nobody",   "not",      "now",      "off",         "on",
		"or",          "our",      "out",    "parents",   "placed",   "please",   "returned", "ring",        "runs",
		"safe",        "said",     "says",   "seen",      "she",      "sorry",    "still",    "taken",       "that",
		"their",       "there",    "they",   "this",      "to",       "today",    "tonight",  "transferred", "unable",
		"unavailable", "unknown",  "urgent", "was",       "we",       "went",     "were",     "will",        "with",
		"wrong",       "you",      "your",   "accident",  "await",    "awaiting", "contact",  "escalated",   "forward",
		"forwarded",   "handed",   "need",   "needs",     "over",     "pass",     "passed",   "refer",       "referred",
		"see",         "sent",     "speak",  "suspended", "try",      "wanted",   "wants"
	};
	return is_one_of(word, n, words, WG_COUNT(words));
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A word may begin a name of a post or an organisation, or belong within one. */
static bool title_word(const char *word, size_t n)
{
	if (telling_word(word, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool fine = is_capital(word[i]) || (word[i] >= 'a' && word[i] <= 'z') || (unsigned char)word[i] >= 0x80 ||
		            strchr("-&|'", word[i]) != NULL;
		if (!fine)
			return false;
	}
	return post_word(word, n) || joining_word(word, n) || is_capital(word[0]);
}

/* "Missing Persons", "Missing Children": what a unit is called, and no news. How long it is; 0 when it is not there. */
static size_t unit_of_missing(const char *p)
{
	static const char *const units[] = { "missing persons", "missing person", "missing people", "missing children" };
	for (size_t i = 0; i < WG_COUNT(units); i++) {
		size_t n = strlen(units[i]);
		if (strncasecmp(p, units[i], n) == 0 && (p[n] == '\0' || strchr(" ,/()", p[n]) != NULL))
			return n;
	}
	return 0;
}

bool wg_answer_title(const char *s)
{
	size_t words = 0, posts = 0;
	for (const char *p = s; *p != '\0';) {
		size_t unit = unit_of_missing(p), n = unit > 0 ? unit : strcspn(p, " ,/()");
		if (n > 0 && unit == 0 && !title_word(p, n))
			return false;
		words += n > 0;
		posts += unit > 0 || (n > 0 && post_word(p, n));
		p += n + strspn(p + n, " ,/()");
	}
	return posts > 0 && words <= TITLE_WORDS;
}

/* "Tel: ", "M. ", "Direct dial - ": what is behind it, or s. */
static const char *behind_label(const char *s)
{
	static const char *const labels[] = { "telephone", "tel",    "phone", "mobile", "mob",     "direct dial", "direct",
		                                  "office",    "e-mail", "email", "web",    "website", "fax",         "ext",
		                                  "t",         "m",      "e",     "w",      "f" };
	for (size_t i = 0; i < WG_COUNT(labels); i++) {
		size_t n = strlen(labels[i]);
		if (strncasecmp(s, labels[i], n) == 0 && s[n] != '\0' && strchr(" :.-", s[n]) != NULL)
			return s + n + strspn(s + n, " :.-");
	}
	return s;
}

static bool is_number(const char *s)
{
	size_t digits = 0;
	for (const char *p = s; *p != '\0'; p++) {
		if (digits >= DIGITS_LEAST && strncasecmp(p, "ext", 3) == 0)
			p += strspn(p + 3, "ension.: ") + 3;
		digits += *p >= '0' && *p <= '9';
		if (*p == '\0')
			break;
		if ((*p < '0' || *p > '9') && strchr(" +()-./", *p) == NULL)
			return false;
	}
	return digits >= DIGITS_LEAST;
}

/* One word that is an address of mail or web. */
static bool is_address(const char *s)
{
	bool one = s[0] != '\0' && s[strcspn(s, " ")] == '\0';
	return one && (strchr(s, '@') != NULL || strncasecmp(s, "www.", 4) == 0 || strncasecmp(s, "http://", 7) == 0 ||
	               strncasecmp(s, "https://", 8) == 0);
}

bool wg_answer_signature(const char *line)
{
	const char *rest = behind_label(line);
	return is_number(rest) || is_address(rest) || wg_answer_title(line);
}

bool wg_answer_disclaimer(const char *line)
{
	static const char *const begins[] = { "this e-mail and any ",
		                                  "this email and any ",
		                                  "this e-mail is intended ",
		                                  "this email is intended ",
		                                  "this message is intended ",
		                                  "this e-mail is confidential",
		                                  "this email is confidential",
		                                  "this e-mail may contain ",
		                                  "this email may contain ",
		                                  "this e-mail contains ",
		                                  "this email contains ",
		                                  "this communication is intended ",
		                                  "the information contained in this e-mail",
		                                  "the information contained in this email",
		                                  "the information in this e-mail",
		                                  "the information in this email",
		                                  "the contents of this e-mail",
		                                  "the contents of this email",
		                                  "if you are not the intended recipient",
		                                  "if you have received this e-mail in error",
		                                  "if you have received this email in error",
		                                  "please consider the environment",
		                                  "think before you print",
		                                  "disclaimer:",
		                                  "confidentiality notice:",
		                                  "privacy notice:" };
	for (size_t i = 0; i < WG_COUNT(begins); i++)
		if (strncasecmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return strcasecmp(line, "disclaimer") == 0 || strcasecmp(line, "confidentiality notice") == 0;
}
