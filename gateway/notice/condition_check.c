/* condition_check.c owns reading a condition's names: a misspelt place would be no error to XPath, only never true, and
 * a rule that is never true withholds or shares the wrong thing in silence. */
#include "notice/condition_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/schema_internal.h"
#include "notice/schema_nearest.h"

/* Predicates and brackets within each other. */
#define NESTING_MAX 16

/* Of XPath 1.0's functions all but those that ask where a node stands among others (what a condition means must not
 * hang on the order in which somebody wrote things down) and those for ids and namespaces, of which facts have none. */
static const char *const core_functions[] = {
	"boolean",
	"ceiling",
	"concat",
	"contains",
	"count",
	"false",
	"floor",
	"local-name",
	"name",
	"normalize-space",
	"not",
	"number",
	"round",
	"starts-with",
	"string",
	"string-length",
	"substring",
	"substring-after",
	"substring-before",
	"sum",
	"translate",
	"true",
};
static const char *const node_tests[] = { "text", "node" };
static const char *const axes[] = { "child", "attribute", "self", "descendant", "descendant-or-self" };
static const char *const word_operators[] = { "and", "or", "div", "mod" };

enum token {
	T_END,
	T_NAME,
	T_VARIABLE,
	T_FUNCTION,
	T_AXIS,
	T_OPERATOR,
	T_SLASH,
	T_DOUBLE_SLASH,
	T_AT,
	T_DOT,
	T_DOTS,
	T_STAR,
	T_OPEN,
	T_CLOSE,
	T_OPEN_PREDICATE,
	T_CLOSE_PREDICATE,
	T_COMMA,
	T_LITERAL,
	T_NUMBER
};

struct scanner {
	const char *p;
	enum token before; /* the token before this one; T_END at the start */
	enum token token;
	char name[WG_LIMIT_NAME + 1]; /* "" when the token is none with a name */
};

/* Where the path being read stands. An unknown type means that names below it are checked against the whole schema
 * only. */
struct position {
	const struct wg_type *context[NESTING_MAX]; /* of each open bracket, to start paths from */
	bool known_context[NESTING_MAX];
	size_t depth;
	const struct wg_type *here;
	bool known;
};

struct check {
	const struct wg_vocabulary *vocabulary;
	const struct wg_schema *schema;
	struct wg_err *err;
};

/* XPath 1.0 3.7: behind anything but these an operator is expected, so that a name there is an operator and *
 * multiplies. */
static bool operand_expected(enum token before)
{
	switch (before) {
	case T_END:
	case T_AXIS:
	case T_OPERATOR:
	case T_SLASH:
	case T_DOUBLE_SLASH:
	case T_AT:
	case T_OPEN:
	case T_OPEN_PREDICATE:
	case T_COMMA:
		return true;
	case T_NAME:
	case T_VARIABLE:
	case T_FUNCTION:
	case T_DOT:
	case T_DOTS:
	case T_STAR:
	case T_CLOSE:
	case T_CLOSE_PREDICATE:
	case T_LITERAL:
	case T_NUMBER:
		break;
	}
	return false;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

static bool in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* The name at the scanner; false when it is too long to be one of ours. */
static bool read_name(struct scanner *s)
{
	size_t n = 0;
	while (name_char(s->p[n]))
		n++;
	if (n == 0 || n > WG_LIMIT_NAME)
		return false;
	memcpy(s->name, s->p, n);
	s->name[n] = '\0';
	s->p += n;
	return true;
}

static bool next_word(struct scanner *s)
{
	if (!read_name(s))
		return false;
	const char *q = s->p + strspn(s->p, " \t\r\n");
	if (!operand_expected(s->before))
		s->token = T_OPERATOR;
	else if (strncmp(q, "::", 2) == 0) {
		s->token = T_AXIS;
		s->p = q + 2;
	} else
		s->token = *q == '(' ? T_FUNCTION : T_NAME;
	return true;
}

/* Two-character signs before their first character. */
static const struct {
	const char *sign;
	enum token token;
} signs[] = {
	{ "//", T_DOUBLE_SLASH }, { "/", T_SLASH },     { "..", T_DOTS },          { "@", T_AT },
	{ "(", T_OPEN },          { ")", T_CLOSE },     { "[", T_OPEN_PREDICATE }, { "]", T_CLOSE_PREDICATE },
	{ ",", T_COMMA },         { "!=", T_OPERATOR }, { "<=", T_OPERATOR },      { ">=", T_OPERATOR },
	{ "=", T_OPERATOR },      { "<", T_OPERATOR },  { ">", T_OPERATOR },       { "+", T_OPERATOR },
	{ "-", T_OPERATOR },      { "|", T_OPERATOR },
};

/* Reads the next token; false at something that is none. */
static bool next_token(struct scanner *s)
{
	s->before = s->token;
	s->p += strspn(s->p, " \t\r\n");
	char c = *s->p;
	if (c == '\0') {
		s->token = T_END;
		return true;
	}
	if (c == '"' || c == '\'') {
		const char *close = strchr(s->p + 1, c);
		s->token = T_LITERAL;
		s->p = close != NULL ? close + 1 : s->p;
		return close != NULL;
	}
	if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)s->p[1]))) {
		s->token = T_NUMBER;
		s->p += strspn(s->p, "0123456789.");
		return true;
	}
	if (c == '$') {
		s->p++;
		s->token = T_VARIABLE;
		return read_name(s);
	}
	for (size_t i = 0; i < WG_COUNT(signs); i++) {
		if (strncmp(s->p, signs[i].sign, strlen(signs[i].sign)) != 0)
			continue;
		s->p += strlen(signs[i].sign);
		s->token = signs[i].token;
		return true;
	}
	if (c == '*' || c == '.') {
		s->p++;
		s->token = c == '.' ? T_DOT : operand_expected(s->before) ? T_STAR : T_OPERATOR;
		return true;
	}
	return next_word(s);
}

static enum wg_code unknown(const struct check *check, const char *what, const char *name, const char *nearest)
{
	if (nearest[0] == '\0')
		return wg_err_set(check->err, WG_CONFIG, "unknown %s \"%s\"", what, name);
	return wg_err_set(check->err, WG_CONFIG, "unknown %s \"%s\"; did you mean \"%s\"?", what, name, nearest);
}

static size_t length(const char *const *list)
{
	size_t n = 0;
	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static enum wg_code check_function(const struct check *check, const char *name)
{
	const char *const *own = check->vocabulary->functions;
	size_t n = length(own);
	if (in(name, own, n) || in(name, core_functions, WG_COUNT(core_functions)) ||
	    in(name, node_tests, WG_COUNT(node_tests)))
		return WG_OK;
	if (strcmp(name, "position") == 0 || strcmp(name, "last") == 0)
		return wg_err_set(check->err, WG_CONFIG,
		                  "%s() is not for conditions: they must not depend on the order of elements", name);
	const char *a = wg_nearest(name, own, n), *b = wg_nearest(name, core_functions, WG_COUNT(core_functions));
	return unknown(check, "function", name, n > 0 && wg_distance(name, a) <= wg_distance(name, b) ? a : b);
}

/* An element or attribute name: in the type where the path stands if that is known, else anywhere in the schema. */
static enum wg_code check_step(const struct check *check, struct position *at, const struct scanner *s, bool attribute)
{
	bool anywhere = wg_schema_knows(check->schema, s->name, attribute);
	if (!anywhere && !attribute && wg_schema_knows(check->schema, s->name, true))
		return wg_err_set(check->err, WG_CONFIG, "\"%s\" is an attribute; did you mean \"@%s\"?", s->name, s->name);
	if (!anywhere)
		return unknown(check, attribute ? "attribute" : "element", s->name,
		               wg_schema_nearest(check->schema, s->name, attribute));
	if (!at->known)
		return WG_OK;
	const struct wg_place *place = attribute ? NULL : wg_type_place(at->here, s->name);
	if (attribute ? wg_type_attribute(at->here, s->name) == NULL : place == NULL) {
		const char *nearest = wg_type_nearest(at->here, s->name, attribute), *sign = attribute ? "@" : "";
		if (!attribute && wg_type_attribute(at->here, s->name) != NULL)
			return wg_err_set(check->err, WG_CONFIG, "\"%s\" is an attribute there; did you mean \"@%s\"?", s->name,
			                  s->name);
		if (nearest[0] == '\0')
			return wg_err_set(check->err, WG_CONFIG, "\"%s%s\": nothing of the kind stands there", sign, s->name);
		return wg_err_set(check->err, WG_CONFIG, "\"%s%s\" does not stand there; did you mean \"%s%s\"?", sign, s->name,
		                  sign, nearest);
	}
	if (!attribute)
		at->here = place->type;
	return WG_OK;
}

static enum wg_code open_bracket(const struct check *check, struct position *at, bool predicate)
{
	if (at->depth + 1 == NESTING_MAX)
		return wg_err_set(check->err, WG_CONFIG, "brackets are nested more than %d deep", NESTING_MAX);
	at->depth++;
	at->context[at->depth] = predicate ? at->here : at->context[at->depth - 1];
	at->known_context[at->depth] = predicate ? at->known : at->known_context[at->depth - 1];
	return WG_OK;
}

/* Behind "]" the path goes on from where the predicate stood; behind ")" nothing is known. */
static void close_bracket(struct position *at, bool predicate)
{
	at->here = at->context[at->depth];
	at->known = predicate && at->known_context[at->depth];
	at->depth -= at->depth > 0 ? 1 : 0;
}

/* A path that begins here begins at the context of the bracket around it. */
static void begin_path(struct position *at, const struct scanner *s)
{
	if (s->before == T_SLASH || s->before == T_DOUBLE_SLASH || s->before == T_AXIS || s->before == T_AT)
		return;
	at->here = at->context[at->depth];
	at->known = at->known_context[at->depth];
}

static enum wg_code check_axis(const struct check *check, struct position *at, const struct scanner *s)
{
	if (!in(s->name, axes, WG_COUNT(axes)))
		return wg_err_set(check->err, WG_CONFIG, "axis \"%s\" is not for conditions", s->name);
	begin_path(at, s);
	at->known = at->known && (strcmp(s->name, "child") == 0 || strcmp(s->name, "attribute") == 0);
	return WG_OK;
}

static enum wg_code check_token(const struct check *check, struct position *at, const struct scanner *s,
                                bool *attribute)
{
	bool is_attribute = *attribute;
	*attribute = s->token == T_AT || (s->token == T_AXIS && strcmp(s->name, "attribute") == 0);
	switch (s->token) {
	case T_NAME:
		begin_path(at, s);
		return check_step(check, at, s, is_attribute);
	case T_VARIABLE:
		if (!in(s->name, check->vocabulary->variables, length(check->vocabulary->variables)))
			return unknown(check, "variable", s->name,
			               wg_nearest(s->name, check->vocabulary->variables, length(check->vocabulary->variables)));
		break;
	case T_FUNCTION:
		return check_function(check, s->name);
	case T_OPERATOR:
		if (s->name[0] != '\0' && !in(s->name, word_operators, WG_COUNT(word_operators)))
			return unknown(check, "operator", s->name, wg_nearest(s->name, word_operators, WG_COUNT(word_operators)));
		break;
	case T_AXIS:
		return check_axis(check, at, s);
	case T_SLASH: /* at the start: the document, whose one child is <notice>; the facts' own form is the relative path
	               */
		if (operand_expected(s->before))
			return wg_err_set(check->err, WG_CONFIG, "paths begin at the notice, without \"/\" before them");
		break;
	case T_AT:
		begin_path(at, s);
		break;
	case T_DOT:
		begin_path(at, s);
		break;
	case T_DOUBLE_SLASH:
	case T_DOTS:
	case T_STAR:
		at->known = false;
		break;
	case T_OPEN:
	case T_OPEN_PREDICATE:
		return open_bracket(check, at, s->token == T_OPEN_PREDICATE);
	case T_CLOSE:
	case T_CLOSE_PREDICATE:
		close_bracket(at, s->token == T_CLOSE_PREDICATE);
		break;
	case T_NUMBER:
		if (s->before == T_OPEN_PREDICATE && s->p[strspn(s->p, " \t\r\n")] == ']')
			return wg_err_set(check->err, WG_CONFIG,
			                  "[number] is not for conditions: they must not depend on the order of elements");
		break;
	case T_END:
	case T_COMMA:
	case T_LITERAL:
		break;
	}
	return WG_OK;
}

enum wg_code wg_condition_check(const char *text, const struct wg_vocabulary *vocabulary,
                                const struct wg_schema *schema, struct wg_err *err)
{
	struct scanner s = { .p = text, .token = T_END };
	struct check check = { .vocabulary = vocabulary, .schema = schema, .err = err };
	struct position at = { .context = { schema->root.type }, .known_context = { true } };
	bool attribute = false;
	enum wg_code code = WG_OK;
	do {
		s.name[0] = '\0';
		if (!next_token(&s))
			return wg_err_set(err, WG_CONFIG, "cannot be read from character %zu on", (size_t)(s.p - text) + 1);
		code = check_token(&check, &at, &s, &attribute);
	} while (code == WG_OK && s.token != T_END);
	return code;
}
