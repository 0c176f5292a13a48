/* say_when.c owns the words for a condition: its "and", "or" and "not", and the comparisons that policies use most; the
 * rest stands in quotes, so that nothing is left out. */
#include <string.h>

#include "base/mem.h"
#include "policy/say_internal.h"

/* A part of a condition. */
struct part {
	const char *p;
	size_t n;
};

static struct part trim(struct part s)
{
	while (s.n > 0 && s.p[0] == ' ')
		s.p++, s.n--;
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static bool is(struct part s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static bool begins(struct part s, const char *text)
{
	size_t n = strlen(text);
	return s.n >= n && memcmp(s.p, text, n) == 0;
}

static void put(struct wg_buf *out, struct part s)
{
	wg_buf_put(out, s.p, s.n);
}

/* Where text first stands outside quotes and brackets; s.n when it does not. */
static size_t find(struct part s, const char *text)
{
	int depth = 0;
	char quote = '\0';
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (depth == 0 && begins((struct part){ s.p + i, s.n - i }, text))
			return i;
		else if (c == '\'' || c == '"')
			quote = c;
		else
			depth += (c == '(' || c == '[' ? 1 : 0) - (c == ')' || c == ']' ? 1 : 0);
	}
	return s.n;
}

static struct part behind(struct part s, size_t at)
{
	return (struct part){ s.p + at, s.n - at };
}

/* What a bracket at the start holds, when it closes at the end of s; n is 0 otherwise. */
static struct part inside(struct part s)
{
	if (s.n < 2 || s.p[0] != '(' || s.p[s.n - 1] != ')')
		return (struct part){ s.p, 0 };
	struct part in = { s.p + 1, s.n - 2 };
	return find(in, ")") == in.n ? trim(in) : (struct part){ s.p, 0 };
}

/* A literal without its quotes; n is 0 when it is none. */
static struct part literal(struct part s)
{
	if (s.n < 2 || (s.p[0] != '\'' && s.p[0] != '"') || s.p[s.n - 1] != s.p[0])
		return (struct part){ s.p, 0 };
	return (struct part){ s.p + 1, s.n - 2 };
}

static void put_quoted(struct wg_buf *out, struct part s)
{
	struct part in = literal(s);
	if (in.n > 0)
		s = in;
	wg_buf_putc(out, '"');
	put(out, s);
	wg_buf_putc(out, '"');
}

static bool is_path(struct part s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/@", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

/* What our functions answer, in words. */
static const struct {
	const char *call, *answer, *words;
} answers[] = {
	{ "live-episode()", "yes", "the child is missing now" },
	{ "live-episode()", "no", "the child is not missing now" },
	{ "live-episode()", "not-known", "it is not known whether the child is missing now" },
	{ "relation()", "own", "the child is where its responsible authority is" },
	{ "relation()", "other", "the child is in the area of another authority than the responsible one" },
	{ "relation()", "not-known", "it is not known which authorities are responsible" },
};

/* Calls whose argument, and variables that, stand in a sentence. */
static const struct {
	const char *call, *words;
	bool argument;
} subjects[] = {
	{ "consent(", "consent for ", true },
	{ "working-hours(", "the office with the hours of ", true },
	{ "relation('submitter')", "the sender", false },
	{ "$submitter", "the sender", false },
	{ "$self", "this gateway", false },
};

/* Between the brackets of a call, without quotes. */
static void put_argument(struct part call, struct wg_buf *out)
{
	struct part in = inside(behind(call, find(call, "(")));
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != '\'' && in.p[i] != '"')
			wg_buf_putc(out, in.p[i]);
}

/* "yes" and "no" of an office's hours. */
static struct part answer_word(struct part value, bool hours)
{
	static const struct part open = { "open", 4 }, closed = { "closed", 6 };
	return !hours ? value : is(value, "yes") ? open : closed;
}

/* Comparisons with a sentence of their own; false when it has none. */
static bool say_answer(struct part left, struct part right, bool equal, struct wg_buf *out)
{
	struct part value = literal(right);
	for (size_t i = 0; i < WG_COUNT(answers); i++) {
		if (!is(left, answers[i].call) || !is(value, answers[i].answer))
			continue;
		wg_buf_printf(out, "%s%s", equal ? "" : "it is not so that ", answers[i].words);
		return true;
	}
	for (size_t i = 0; i < WG_COUNT(subjects); i++) {
		if (value.n == 0 || !begins(left, subjects[i].call))
			continue;
		wg_buf_puts(out, subjects[i].words);
		if (subjects[i].argument)
			put_argument(left, out);
		wg_buf_puts(out, equal ? " is " : " is not ");
		put(out, answer_word(value, i == 1));
		return true;
	}
	return false;
}

static void say_age(const char *sign, struct part right, struct wg_buf *out)
{
	static const struct {
		const char *sign, *before, *after;
	} words[] = {
		{ ">=", "", " or older" },    { "<=", "", " or younger" }, { ">", "older than ", "" },
		{ "<", "younger than ", "" }, { "!=", "not ", "" },        { "=", "", "" },
	};
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		if (strcmp(words[i].sign, sign) != 0)
			continue;
		wg_buf_printf(out, "the child is %s", words[i].before);
		put(out, right);
		wg_buf_puts(out, words[i].after);
	}
}

/* What is compared with =, or != : in XPath != asks in addition that there is something. */
static void say_equal(struct part left, struct part right, bool equal, bool negated, struct wg_buf *out)
{
	static const char answer[] = "/@answer";
	if (say_answer(left, right, equal != negated, out))
		return;
	size_t cut =
		left.n > sizeof answer && is(behind(left, left.n - (sizeof answer - 1)), answer) ? sizeof answer - 1 : 0;
	put(out, (struct part){ left.p, left.n - cut });
	if (!equal && !negated)
		wg_buf_puts(out, cut > 0 ? " is answered and not " : " is given and is not ");
	else if (equal != negated)
		wg_buf_puts(out, cut > 0 ? " is answered " : " is ");
	else
		wg_buf_puts(out, cut > 0 ? " is not answered " : " is not ");
	if (is_path(right))
		put(out, right);
	else
		put_quoted(out, right);
}

/* What say_equal has words for. */
static bool is_subject(struct part s)
{
	bool ours = is_path(s);
	for (size_t i = 0; i < WG_COUNT(subjects); i++)
		ours = ours || begins(s, subjects[i].call);
	for (size_t i = 0; i < WG_COUNT(answers); i++)
		ours = ours || is(s, answers[i].call);
	return ours;
}

/* One comparison, variable or place. */
static void say_atom(struct part s, bool negated, struct wg_buf *out)
{
	static const char *const signs[] = { "!=", ">=", "<=", "=", ">", "<" };
	for (size_t i = 0; i < WG_COUNT(signs); i++) {
		size_t at = find(s, signs[i]);
		struct part left = trim((struct part){ s.p, at }), right = trim(behind(s, at));
		if (right.n == 0)
			continue;
		right = trim(behind(right, strlen(signs[i])));
		bool equality = strcmp(signs[i], "=") == 0 || strcmp(signs[i], "!=") == 0;
		if (is(left, "age()") && !negated)
			say_age(signs[i], right, out);
		else if (equality && is_subject(left))
			say_equal(left, right, signs[i][0] == '=', negated, out);
		else
			break;
		return;
	}
	if (s.n > 1 && s.p[0] == '$' && is_path(behind(s, 1))) {
		wg_buf_putc(out, '"');
		for (size_t i = 1; i < s.n; i++)
			wg_buf_putc(out, s.p[i] == '-' ? ' ' : s.p[i]);
		wg_buf_puts(out, negated ? "\" does not apply" : "\" applies");
	} else if (is_path(s)) {
		put(out, s);
		wg_buf_puts(out, negated ? " is not given" : " is given");
	} else {
		put_quoted(out, s);
		wg_buf_puts(out, negated ? " is not so" : " is so");
	}
}

/* s has neither " and " nor " or " outside brackets. */
static bool single(struct part s)
{
	return find(s, " or ") == s.n && find(s, " and ") == s.n;
}

static void say(struct part s, struct wg_buf *out);

static void say_term(struct part s, struct wg_buf *out)
{
	struct part in = inside(s), negated = begins(s, "not") ? inside(trim(behind(s, 3))) : in;
	if (in.n == 0 && negated.n == 0) {
		say_atom(s, false, out);
	} else if (in.n == 0 && single(negated) && inside(negated).n == 0 && !begins(negated, "not")) {
		say_atom(negated, true, out);
	} else {
		wg_buf_puts(out, in.n > 0 ? "(" : "not (");
		say(in.n > 0 ? in : negated, out);
		wg_buf_putc(out, ')');
	}
}

/* "or" binds less than "and". A text has 2000 letters, so it goes no deeper than 400. */
static void say(struct part s, struct wg_buf *out)
{
	static const char *const words[] = { " or ", " and " };
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		size_t at = find(s, words[i]);
		if (at == s.n)
			continue;
		say(trim((struct part){ s.p, at }), out);
		wg_buf_puts(out, words[i]);
		say(trim(behind(s, at + strlen(words[i]))), out);
		return;
	}
	say_term(s, out);
}

void wg_say_when(const char *condition, struct wg_buf *out)
{
	say(trim((struct part){ condition, strlen(condition) }), out);
}
