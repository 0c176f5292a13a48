/* value_answer.c owns answers that are words: what somebody agreed to.
 * SECURITY: the words come from strangers' documents; whatever is longer than WG_VALUE_MAX is free text and not looked
 * into. */
#include <string.h>

#include "base/mem.h"
#include "notice/value.h"

struct phrase {
	const char *words, *state;
};

static const struct phrase consents[] = {
	{ "yes", "given" },
	{ "y", "given" },
	{ "given", "given" },
	{ "agreed", "given" },
	{ "agree", "given" },
	{ "agrees", "given" },
	{ "consent", "given" },
	{ "consents", "given" },
	{ "consented", "given" },
	{ "consent given", "given" },
	{ "consent obtained", "given" },
	{ "obtained", "given" },
	{ "verbal consent", "given" },
	{ "verbal consent given", "given" },
	{ "written consent", "given" },
	{ "written consent given", "given" },
	{ "verbally", "given" },
	{ "yes verbally", "given" },
	{ "yes verbal", "given" },
	{ "yes in writing", "given" },
	{ "no", "refused" },
	{ "n", "refused" },
	{ "refused", "refused" },
	{ "refuses", "refused" },
	{ "declined", "refused" },
	{ "declines", "refused" },
	{ "does not agree", "refused" },
	{ "did not agree", "refused" },
	{ "doesnt agree", "refused" },
	{ "didnt agree", "refused" },
	{ "not agreed", "refused" },
	{ "disagrees", "refused" },
	{ "no consent", "refused" },
	{ "consent refused", "refused" },
	{ "consent declined", "refused" },
	{ "does not consent", "refused" },
	{ "did not consent", "refused" },
	{ "not given", "refused" },
	{ "consent not given", "refused" },
	{ "not sought", "not-sought" },
	{ "consent not sought", "not-sought" },
	{ "not asked", "not-sought" },
	{ "was not asked", "not-sought" },
	{ "not yet asked", "not-sought" },
	{ "not requested", "not-sought" },
	{ "not discussed", "not-sought" },
	{ "nobody asked", "not-sought" },
	{ "withdrawn", "withdrawn" },
	{ "withdrew", "withdrawn" },
	{ "consent withdrawn", "withdrawn" },
	{ "revoked", "withdrawn" },
};

/* Words behind an answer that limit or turn it. */
static bool conditional(const char *folded)
{
	static const char *const words[] = { "but",     "except",   "not",      "only",  "unless",    "apart",
		                                 "if",      "however",  "provided", "later", "now",       "then",
		                                 "though",  "although", "until",    "no",    "withdrawn", "withdrew",
		                                 "refused", "changed",  "some",     "part",  "partly",    "yes" };
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		for (size_t i = 0; i < WG_COUNT(words); i++)
			if (strlen(words[i]) == n && strncmp(words[i], p, n) == 0)
				return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

static const char *consent_of(const char *folded)
{
	for (size_t i = 0; i < WG_COUNT(consents); i++)
		if (strcmp(consents[i].words, folded) == 0)
			return consents[i].state;
	const char *answer = wg_value_answer(folded);
	return answer != NULL && strcmp(answer, "not-known") == 0 ? answer : NULL;
}

const char *wg_value_consent(const char *s)
{
	char folded[WG_VALUE_MAX], rest[WG_VALUE_MAX];
	if (strlen(s) >= sizeof folded || !wg_value_fold(s, folded, sizeof folded))
		return NULL;
	const char *whole = consent_of(folded);
	size_t n = strcspn(s, ",;.:\n(");
	const char *dash = strstr(s, " -"), *wide = strstr(s, " \xe2\x80\x93");
	if (dash != NULL && (size_t)(dash - s) < n)
		n = (size_t)(dash - s);
	if (wide != NULL && (size_t)(wide - s) < n)
		n = (size_t)(wide - s);
	if (whole != NULL || s[n] == '\0')
		return whole;
	char head[WG_VALUE_MAX];
	memcpy(head, s, n);
	head[n] = '\0';
	if (!wg_value_fold(head, folded, sizeof folded) || !wg_value_fold(s + n, rest, sizeof rest) || conditional(rest))
		return NULL;
	return consent_of(folded);
}
