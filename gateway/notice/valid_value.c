/* valid_value.c owns the simple types: their lengths, patterns and codes, read from the schema once.
 * SECURITY: the values are outside bytes. A yes here is believed, so what is not plainly valid is left to libxml2. */
#include <libxml/tree.h>
#include <libxml/xmlregexp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/valid_internal.h"
#include "notice/xml.h"

/* Ranges of characters beyond ASCII in one pattern: 5 in that of all prose. */
#define RANGES_MAX 8
/* Bytes of a pattern: some 90 in the longest. */
#define PATTERN_MAX 1024

/* A set of characters, any number of times: the pattern of all prose and lines, which is most of a notice. libxml2's
 * automaton takes a hundred times as long for it. */
struct letters {
	bool ascii[128];
	struct {
		uint32_t first, last;
	} ranges[RANGES_MAX];
	size_t n_ranges;
};

/* One of the patterns of a type, of which one has to fit. */
struct pattern {
	struct pattern *next;
	struct letters *letters; /* NULL: see automaton */
	xmlRegexp *automaton;
};

/* What XML Schema's own types are here. */
enum built_in { TYPE_STRING, TYPE_TOKEN, TYPE_INSTANT, TYPE_BYTES };

struct wg_simple {
	struct wg_simple *next; /* of the schema's */
	char name[WG_LIMIT_NAME + 1];
	const struct wg_simple *rests_on; /* NULL: one of XML Schema's own */
	enum built_in built_in;
	bool known;
	size_t shortest, longest; /* characters, of TYPE_BYTES bytes */
	struct pattern *patterns; /* NULL: any */
	char **codes;             /* sorted */
	size_t n_codes;
	bool listed; /* one of the codes, of which there may be none */
};

/* ---- reading a pattern */

/* One character of a set at *p, an escape too; false when it is more than a character. */
static bool read_letter(const char **p, uint32_t *c)
{
	static const char signs[] = "tnr-\\.*+?()[]{}^|", meant[] = "\t\n\r-\\.*+?()[]{}^|";
	const char *s = *p;
	if (*s == '\\') {
		const char *sign = s[1] != '\0' ? strchr(signs, s[1]) : NULL;
		if (sign == NULL)
			return false;
		*c = (unsigned char)meant[sign - signs];
		*p = s + 2;
		return true;
	}
	size_t n = *s != '\0' && strchr("[]^-", *s) == NULL ? wg_utf8_decode(s, strlen(s), c) : 0;
	*p = s + n;
	return n > 0;
}

static bool add_range(struct letters *l, uint32_t first, uint32_t last)
{
	for (uint32_t c = first; c <= last && c < WG_COUNT(l->ascii); c++)
		l->ascii[c] = true;
	if (last < WG_COUNT(l->ascii))
		return true;
	if (l->n_ranges == RANGES_MAX)
		return false;
	l->ranges[l->n_ranges].first = first;
	l->ranges[l->n_ranges++].last = last;
	return true;
}

/* True when the pattern is one set of characters and an asterisk, in the plainest of writings. */
static bool read_letters(const char *p, struct letters *l)
{
	*l = (struct letters){ 0 };
	if (*p++ != '[')
		return false;
	while (*p != ']') {
		uint32_t first, last;
		if (!read_letter(&p, &first))
			return false;
		last = first;
		if (*p == '-' && (p++, !read_letter(&p, &last)))
			return false;
		if (last < first || !add_range(l, first, last))
			return false;
	}
	return strcmp(p, "]*") == 0;
}

static enum wg_code add_pattern(struct wg_simple *simple, const struct _xmlNode *facet, struct wg_err *err)
{
	char text[PATTERN_MAX];
	struct letters letters;
	if (!wg_xml_attr_into(facet, "value", text, sizeof text)) {
		simple->known = false;
		return WG_OK;
	}
	struct pattern *pattern = calloc(1, sizeof *pattern);
	if (pattern == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	pattern->next = simple->patterns;
	simple->patterns = pattern;
	if (read_letters(text, &letters)) {
		pattern->letters = malloc(sizeof letters);
		if (pattern->letters == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
		*pattern->letters = letters;
		return WG_OK;
	}
	pattern->automaton = xmlRegexpCompile((const xmlChar *)text);
	return pattern->automaton != NULL
	           ? WG_OK
	           : wg_err_set(err, WG_CONFIG, "the pattern of the type \"%s\" cannot be used", simple->name);
}

/* ---- reading a type */

static struct wg_simple *add_simple(struct wg_schema *schema, const char *name)
{
	struct wg_simple *simple = calloc(1, sizeof *simple);
	if (simple == NULL || strlen(name) >= sizeof simple->name) {
		free(simple);
		return NULL;
	}
	memcpy(simple->name, name, strlen(name) + 1);
	simple->longest = SIZE_MAX;
	simple->known = true;
	simple->next = schema->simples;
	schema->simples = simple;
	return simple;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A value as its type has it: blanks run together, none around it. */
static bool is_token(const char *s)
{
	for (size_t i = 0; s[i] != '\0'; i++)
		if (s[i] == '\t' || s[i] == '\n' || s[i] == '\r' ||
		    (s[i] == ' ' && (i == 0 || s[i + 1] == ' ' || s[i + 1] == '\0')))
			return false;
	return true;
}

/* Takes ownership of value. */
static enum wg_code add_code(struct wg_simple *simple, char *value, struct wg_err *err)
{
	char **codes = value != NULL ? reallocarray(simple->codes, simple->n_codes + 1, sizeof *codes) : NULL;
	if (codes == NULL) {
		free(value);
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	}
	simple->codes = codes;
	simple->codes[simple->n_codes++] = value;
	simple->listed = true;
	simple->known = simple->known && is_token(value) && simple->built_in == TYPE_TOKEN;
	return WG_OK;
}

static void read_length(struct wg_simple *simple, const struct _xmlNode *facet, size_t *length)
{
	char text[24];
	uint64_t n = 0;
	simple->known =
		wg_xml_attr_into(facet, "value", text, sizeof text) && wg_num_parse(text, 0, SIZE_MAX / 2, &n) && simple->known;
	*length = (size_t)n;
}

static enum wg_code read_facet(struct wg_simple *simple, const struct _xmlNode *facet, struct wg_err *err)
{
	const char *name = wg_xml_name(facet);
	if (strcmp(name, "annotation") == 0)
		return WG_OK;
	if (strcmp(name, "pattern") == 0)
		return add_pattern(simple, facet, err);
	if (strcmp(name, "enumeration") == 0)
		return add_code(simple, wg_xml_attr(facet, "value"), err);
	if (strcmp(name, "minLength") == 0)
		read_length(simple, facet, &simple->shortest);
	else if (strcmp(name, "maxLength") == 0)
		read_length(simple, facet, &simple->longest);
	else
		simple->known = false; /* libxml2 knows it */
	return WG_OK;
}

static enum wg_code read_restriction(struct wg_schema *schema, struct wg_simple *simple,
                                     const struct _xmlNode *definition, struct wg_err *err)
{
	char base[WG_LIMIT_NAME + 1];
	const struct _xmlNode *restriction = wg_xml_first(definition, "restriction");
	if (restriction == NULL || !wg_xml_attr_into(restriction, "base", base, sizeof base) || base[0] == '\0') {
		simple->known = false; /* a list, a union, or a type within a type */
		return WG_OK;
	}
	enum wg_code code = wg_simple_named(schema, base, &simple->rests_on, err);
	if (code != WG_OK)
		return code;
	simple->known = simple->rests_on->known;
	simple->built_in = simple->rests_on->built_in;
	for (const struct _xmlNode *c = wg_xml_first(restriction, NULL); c != NULL && code == WG_OK;
	     c = wg_xml_next(c, NULL))
		code = read_facet(simple, c, err);
	if (simple->n_codes > 0)
		qsort(simple->codes, simple->n_codes, sizeof *simple->codes, by_code);
	return code;
}

/* One of XML Schema's own. */
static void read_built_in(struct wg_simple *simple)
{
	static const struct {
		const char *name;
		enum built_in is;
	} types[] = { { "xs:string", TYPE_STRING },
		          { "xs:token", TYPE_TOKEN },
		          { "xs:dateTime", TYPE_INSTANT },
		          { "xs:base64Binary", TYPE_BYTES } };
	simple->known = false;
	for (size_t i = 0; i < WG_COUNT(types); i++)
		if (strcmp(types[i].name, simple->name) == 0) {
			simple->built_in = types[i].is;
			simple->known = true;
		}
}

/* The recursion ends at a type of XML Schema's own: wg_xml_xsd_load has refused types that rest on themselves. */
enum wg_code wg_simple_named(struct wg_schema *schema, const char *name, const struct wg_simple **out,
                             struct wg_err *err)
{
	for (const struct wg_simple *s = schema->simples; s != NULL; s = s->next)
		if (strcmp(s->name, name) == 0) {
			*out = s;
			return WG_OK;
		}
	struct wg_simple *simple = add_simple(schema, name);
	if (simple == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	*out = simple;
	const struct _xmlNode *definition = wg_schema_global(schema, "simpleType", name);
	if (definition != NULL)
		return read_restriction(schema, simple, definition, err);
	read_built_in(simple);
	return WG_OK;
}

enum wg_code wg_simple_fixed(struct wg_schema *schema, const struct wg_simple *of, const char *value,
                             const struct wg_simple **out, struct wg_err *err)
{
	struct wg_simple *simple = add_simple(schema, "");
	if (simple == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	simple->rests_on = of;
	simple->built_in = of->built_in;
	simple->known = of->known;
	*out = simple;
	return add_code(simple, strdup(value), err);
}

bool wg_simple_known(const struct wg_simple *simple)
{
	return simple->known;
}

void wg_schema_free_valid(struct wg_schema *schema)
{
	for (struct wg_simple *next, *s = schema->simples; s != NULL; s = next) {
		next = s->next;
		for (struct pattern *after, *p = s->patterns; p != NULL; p = after) {
			after = p->next;
			xmlRegFreeRegexp(p->automaton);
			free(p->letters);
			free(p);
		}
		for (size_t i = 0; i < s->n_codes; i++)
			free(s->codes[i]);
		free(s->codes);
		free(s);
	}
	schema->simples = NULL;
}

/* ---- judging a value */

static bool in_ranges(const struct letters *l, uint32_t c)
{
	for (size_t i = 0; i < l->n_ranges; i++)
		if (c >= l->ranges[i].first && c <= l->ranges[i].last)
			return true;
	return false;
}

static bool only_letters(const struct letters *l, const char *s)
{
	while (*s != '\0') {
		uint32_t c = (unsigned char)*s;
		size_t n = 1;
		bool good = false;
		if (c < WG_COUNT(l->ascii))
			good = l->ascii[c];
		else
			good = (n = wg_utf8_decode(s, strnlen(s, 4), &c)) > 0 && in_ranges(l, c);
		if (!good)
			return false;
		s += n;
	}
	return true;
}

static bool fits(const struct pattern *patterns, const char *value)
{
	for (const struct pattern *p = patterns; p != NULL; p = p->next)
		if (p->letters != NULL ? only_letters(p->letters, value)
		                       : xmlRegexpExec(p->automaton, (const xmlChar *)value) == 1)
			return true;
	return patterns == NULL;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80 ? 1 : 0;
	return n;
}

/* Reads as many digits as the shape has letters d; what else is in the shape has to stand there. False or the first
 * byte behind. */
static const char *read_shape(const char *s, const char *shape, unsigned *numbers)
{
	bool inside = false;
	for (; *shape != '\0'; s++, shape++) {
		bool digit = *s >= '0' && *s <= '9';
		if (*shape == 'd' ? !digit : *s != *shape)
			return NULL;
		if (*shape == 'd' && !inside)
			*++numbers = 0;
		inside = *shape == 'd';
		if (inside)
			*numbers = *numbers * 10 + (unsigned)(*s - '0');
	}
	return s;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Digits behind a second's point: of more, libxml2's sum may come to a whole minute. */
#define FRACTION_MAX 9

/* 2026-11-20T22:41:07Z, 2026-11-20T22:41:07.25+01:00: XML Schema part 2, 3.2.7, without its rarer forms. */
static bool is_instant(const char *s)
{
	enum { BEFORE, YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };
	unsigned at[PARTS] = { 0 }, zone[3] = { 0 };
	s = read_shape(s, "dddd-dd-ddTdd:dd:dd", at);
	if (s == NULL || at[YEAR] == 0 || at[MONTH] < 1 || at[MONTH] > 12 || at[DAY] < 1 ||
	    at[DAY] > days_of(at[YEAR], at[MONTH]) || at[HOUR] > 23 || at[MINUTE] > 59 || at[SECOND] > 59)
		return false;
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");
		if (n == 0 || n > FRACTION_MAX)
			return false;
		s += 1 + n;
	}
	if (strcmp(s, "Z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s = read_shape(s + 1, "dd:dd", zone);
	return s != NULL && *s == '\0' && zone[1] < 14 && zone[2] < 60;
}

/* Base64 in one line, and how many bytes it stands for. */
static bool is_bytes(const char *s, size_t *length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strspn(s, digits), pad = strspn(s + n, "=");
	if (s[n + pad] != '\0' || pad > 2 || (n + pad) % 4 != 0)
		return false;
	/* the bits behind the last byte are nought */
	size_t last = pad > 0 ? (size_t)(strchr(digits, s[n - 1]) - digits) : 0;
	*length = (n + pad) / 4 * 3 - pad;
	return pad == 0 || last % (pad == 1 ? 4 : 16) == 0;
}

static bool is_code(const struct wg_simple *simple, const char *value)
{
	return simple->n_codes > 0 &&
	       bsearch(&value, simple->codes, simple->n_codes, sizeof *simple->codes, by_code) != NULL;
}

bool wg_simple_holds(const struct wg_simple *simple, const char *value)
{
	size_t length = 0;
	bool good = simple->known;
	if (good && simple->built_in == TYPE_BYTES)
		good = is_bytes(value, &length);
	else
		length = characters(value);
	if (good && simple->built_in == TYPE_TOKEN)
		good = is_token(value);
	else if (good && simple->built_in == TYPE_INSTANT)
		good = is_instant(value);
	for (const struct wg_simple *s = simple; s != NULL && good; s = s->rests_on)
		good = length >= s->shortest && length <= s->longest && (!s->listed || is_code(s, value)) &&
		       fits(s->patterns, value);
	return good;
}
