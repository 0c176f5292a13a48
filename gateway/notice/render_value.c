/* render_value.c owns what stands beside a label: the words of an element, the meaning of its code, and what its
 * attributes add. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/render_internal.h"

#define BLANKS " \t\r\n"

const char *wg_render_attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (strcmp((const char *)a->name, name) == 0)
			return a->children != NULL ? (const char *)a->children->content : "";
	return NULL;
}

const char *wg_render_attribute_or(const xmlNode *node, const char *name)
{
	const char *value = wg_render_attribute(node, name);
	return value != NULL ? value : "";
}

/* The text of an element without elements: a notice is canonical, so that it is one node. */
static const char *text_of(const xmlNode *node)
{
	return node->children != NULL && node->children->content != NULL ? (const char *)node->children->content : "";
}

/* before, the value, after: nothing when the attribute is not there. */
static void put_attribute(const xmlNode *node, const char *before, const char *name, const char *after,
                          struct wg_buf *out)
{
	const char *value = wg_render_attribute(node, name);
	if (value == NULL)
		return;
	wg_buf_puts(out, before);
	wg_buf_puts(out, value);
	wg_buf_puts(out, after);
}

/* The same with blanks for the hyphens of a name. */
static void put_name(const xmlNode *node, const char *before, const char *name, const char *after, struct wg_buf *out)
{
	const char *value = wg_render_attribute(node, name);
	if (value == NULL)
		return;
	wg_buf_puts(out, before);
	wg_render_blanks(value, out);
	wg_buf_puts(out, after);
}

static bool is_day(const char *s)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i = 0;
	for (; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != '-')
			return false;
	return s[i] == '\0';
}

/* "14 March 2011"; what is no day as it is. */
static void put_day(const char *s, struct wg_buf *out)
{
	static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
		                                  "July",    "August",   "September", "October", "November", "December" };
	unsigned month = is_day(s) ? (unsigned)(s[5] - '0') * 10 + (unsigned)(s[6] - '0') : 0;
	if (month < 1 || month > WG_COUNT(months))
		wg_buf_puts(out, s);
	else
		wg_buf_printf(out, "%s %s %.4s", s + (s[8] == '0' ? 9 : 8), months[month - 1], s);
}

/* An instant as an English clock shows it ("21 July 2026, 22:40"); what is none as it is. */
static void put_instant(const char *s, struct wg_buf *out)
{
	char words[WG_CLOCK_WORDS];
	int64_t wall;
	wg_buf_puts(out, wg_clock_parse(s, &wall) ? wg_clock_words(wall, words) : s);
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether said, its blanks run together, begins with the words of an answer ("not-known" is "Not known"). */
static bool begins_with(const char *said, const char *answer)
{
	said += strspn(said, BLANKS);
	for (; *answer != '\0'; answer++) {
		size_t blanks = strspn(said, BLANKS);
		char c = blanks > 0 ? ' ' : *said;
		if (small(c) != small(*answer == '-' ? ' ' : *answer) || (blanks > 0 && said[blanks] == '\0'))
			return false;
		said += blanks > 0 ? blanks : 1;
	}
	return true;
}

/* Characters of UTF-8 text, but no more than that many. */
static size_t characters(const char *s, size_t most)
{
	size_t n = 0;
	for (; *s != '\0' && n < most; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80 ? 1 : 0;
	return n;
}

/* Whose number or name it is: the first of these. */
static void put_beside(const xmlNode *node, struct wg_buf *out)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (wg_list_has("scheme network force", (const char *)a->name)) {
			put_attribute(node, " (", (const char *)a->name, ")", out);
			return;
		}
}

/* Public codes are short; our own are words, and said already. */
#define SHORT_CODE 4

static void put_plain(const xmlNode *node, const struct wg_place *place, struct wg_buf *out)
{
	const char *text = text_of(node), *code = wg_render_attribute(node, "code");
	const char *answer = wg_render_attribute(node, "answer"), *verbatim = wg_render_attribute(node, "said");
	const char *meaning = place != NULL ? wg_place_meaning(place, text, code) : "";
	bool said = text[strspn(text, BLANKS)] != '\0', means = meaning[0] != '\0';
	if (answer != NULL && !begins_with(text, answer)) {
		wg_render_words(answer, out);
		wg_buf_puts(out, said ? " - " : "");
	}
	if (means && (!said || node->properties == NULL))
		wg_buf_puts(out, meaning);
	else if (!said && verbatim != NULL)
		wg_buf_puts(out, verbatim);
	else
		put_day(text, out);
	if (code != NULL && (characters(code, SHORT_CODE + 1) <= SHORT_CODE || !(said || means)))
		put_attribute(node, said || means ? " (" : "(", "code", ")", out);
	put_beside(node, out);
	const char *postcode = wg_render_attribute(node, "postcode"), *value = wg_render_attribute(node, "value");
	if (postcode != NULL && strstr(text, postcode) == NULL)
		put_attribute(node, ", ", "postcode", "", out);
	if (value != NULL) {
		wg_buf_puts(out, said ? " [" : "[");
		put_instant(value, out);
		wg_buf_puts(out, "]");
	}
}

/* ---- elements that are told in their own way */

static void put_when(const xmlNode *node, struct wg_buf *out)
{
	put_instant(text_of(node), out);
}

static void put_risk(const xmlNode *node, struct wg_buf *out)
{
	static const struct {
		const char *code, *words;
	} risks[] = { { "NAR", "No apparent risk" },
		          { "VLOW", "Very low" },
		          { "LOW", "Low" },
		          { "MEDIUM", "MEDIUM" },
		          { "HIGH", "HIGH" } };
	for (size_t i = 0; i < WG_COUNT(risks); i++)
		if (strcmp(text_of(node), risks[i].code) == 0)
			wg_buf_puts(out, risks[i].words);
	put_attribute(node, " - ", "said", "", out);
	put_attribute(node, " (", "scheme", ")", out);
}

/* "999 000 0018" */
static void put_nhs_number(const xmlNode *node, struct wg_buf *out)
{
	const char *s = text_of(node);
	for (size_t group = 0; group < 2; group++) {
		for (size_t n = 0; *s != '\0'; s++) {
			n += ((unsigned char)*s & 0xC0) != 0x80 ? 1 : 0;
			if (n > 3)
				break;
			wg_buf_putc(out, *s);
		}
		wg_buf_putc(out, ' ');
	}
	wg_buf_puts(out, s);
}

static void put_attachment(const xmlNode *node, struct wg_buf *out)
{
	put_attribute(node, "", "name", "", out);
}

static void put_told(const xmlNode *node, struct wg_buf *out)
{
	wg_buf_puts(out, text_of(node));
	put_attribute(node, " (by ", "by", ")", out);
	put_attribute(node, " (", "at", ")", out);
}

static void put_consent(const xmlNode *node, struct wg_buf *out)
{
	const char *to = wg_render_attribute_or(node, "to"), *until = wg_render_attribute(node, "until");
	const char *at = wg_render_attribute(node, "at");
	wg_buf_puts(out, strcmp(to, "*") == 0 ? "With everybody" : "With ");
	if (strcmp(to, "*") != 0)
		wg_render_blanks(to, out);
	wg_buf_puts(out, ": ");
	put_name(node, "", "state", "", out);
	put_attribute(node, ", for ", "categories", "", out);
	if (until != NULL) {
		wg_buf_puts(out, ", until ");
		put_day(until, out);
	}
	put_attribute(node, " (answered by ", "by", ")", out);
	put_name(node, " (", "answered-by", ")", out);
	put_name(node, " (judged able to decide: ", "competent", ")", out);
	put_name(node, " (", "form", ")", out);
	if (at != NULL) {
		wg_buf_puts(out, " [");
		put_instant(at, out);
		wg_buf_puts(out, "]");
	}
	put_attribute(node, " - ", "reason", "", out);
	if (text_of(node)[0] != '\0') {
		wg_buf_puts(out, " - ");
		wg_buf_puts(out, text_of(node));
	}
}

static void put_authority(const xmlNode *node, struct wg_buf *out)
{
	bool named = wg_render_attribute(node, "name") != NULL;
	put_attribute(node, "", "name", " (", out);
	wg_buf_puts(out, text_of(node));
	wg_buf_puts(out, named ? ")" : "");
}

static void put_ring(const xmlNode *node, struct wg_buf *out)
{
	put_attribute(node, "", "telephone", " - ", out);
	wg_buf_puts(out, text_of(node));
}

static void put_recipient(const xmlNode *node, struct wg_buf *out)
{
	wg_buf_puts(out, text_of(node));
	wg_buf_puts(out, " (");
	put_attribute(node, "", "organisation", "", out);
	put_attribute(node, ", ", "desk", "", out);
	wg_buf_puts(out, ")");
}

static void put_kind(const xmlNode *node, struct wg_buf *out)
{
	wg_render_blanks(text_of(node), out);
}

static void put_desk(const xmlNode *node, struct wg_buf *out)
{
	put_attribute(node, "", "organisation", "", out);
	put_attribute(node, ", ", "desk", "", out);
}

static void put_addressed(const xmlNode *node, struct wg_buf *out)
{
	put_desk(node, out);
	put_attribute(node, " (", "role", ")", out);
}

static void put_source(const xmlNode *node, struct wg_buf *out)
{
	put_attribute(node, "", "reference", "", out);
	put_attribute(node, " (", "system", ")", out);
}

/* P6Y, P18M, P90D */
static void put_keep(const xmlNode *node, struct wg_buf *out)
{
	const char *text = text_of(node);
	size_t n = strlen(text) > 2 ? strlen(text) - 2 : 0; /* of the number between */
	wg_buf_puts(out, "This copy may be kept for ");
	wg_buf_put(out, text + (n > 0 ? 1 : 0), n);
	wg_buf_puts(out, strchr(text, 'Y') != NULL ? " year" : strchr(text, 'M') != NULL ? " month" : " day");
	wg_buf_puts(out, n == 1 && text[1] == '1' ? "." : "s.");
}

static void put_concerns(const xmlNode *node, struct wg_buf *out)
{
	wg_buf_puts(out, "This ");
	put_attribute(node, "", "relation", "", out);
	wg_buf_puts(out, " ");
	put_attribute(node, "", "id", "", out);
}

/* parent NULL: wherever it stands. */
static const struct {
	const char *name, *parent;
	void (*put)(const xmlNode *node, struct wg_buf *out);
} own_ways[] = {
	{ "sent", NULL, put_when },
	{ "received", NULL, put_when },
	{ "handed-over", NULL, put_when },
	{ "opened", NULL, put_when },
	{ "acknowledged", NULL, put_when },
	{ "since", "delivery", put_when },
	{ "since", "operation", put_when },
	{ "risk", "episode", put_risk },
	{ "risk", "entry", put_risk },
	{ "new-risk", NULL, put_risk },
	{ "previous-risk", NULL, put_risk },
	{ "wanted-risk", NULL, put_risk },
	{ "nhs-number", NULL, put_nhs_number },
	{ "mother-nhs-number", NULL, put_nhs_number },
	{ "attachment", NULL, put_attachment },
	{ "told", "sharing", put_told },
	{ "consent", "sharing", put_consent },
	{ "placing", NULL, put_authority },
	{ "host", NULL, put_authority },
	{ "police", "authorities", put_authority },
	{ "ehc-plan-authority", NULL, put_authority },
	{ "ring", "delivery", put_ring },
	{ "recipient", "delivery", put_recipient },
	{ "kind", "delivery", put_kind },
	{ "to", "header", put_addressed },
	{ "sender", NULL, put_desk },
	{ "copy-for", NULL, put_desk },
	{ "source", "header", put_source },
	{ "keep", "header", put_keep },
	{ "concerns", "header", put_concerns },
};

void wg_render_value(const xmlNode *node, const struct wg_place *place, struct wg_buf *out)
{
	for (size_t i = 0; i < WG_COUNT(own_ways); i++)
		if (wg_render_is(node, own_ways[i].parent, own_ways[i].name)) {
			own_ways[i].put(node, out);
			return;
		}
	put_plain(node, place, out);
}
