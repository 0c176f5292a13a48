/* project_read.c owns the quick reading of a copy's bytes before they leave.
 * SECURITY: shares no code with what made or wrote the copy, and builds nothing: it goes through the bytes as they
 * would go out, and what is not plainly a notice's declaration, tags, attributes and text is no yes. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/notice_internal.h"

/* Elements within each other: the schema is 5 deep. */
#define DEPTH_MAX 16

struct reading {
	const struct wg_schema *schema;
	wg_categories granted;
	const char *p, *end; /* end is a NUL */
	const struct wg_place *open[DEPTH_MAX];
	size_t depth;
};

static bool takes(struct reading *r, const char *words)
{
	size_t n = strlen(words);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, words, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* A name of the schema: small letters, digits, hyphens. */
static bool read_name(struct reading *r, char name[WG_LIMIT_NAME + 1])
{
	size_t n = 0;
	while ((r->p[n] >= 'a' && r->p[n] <= 'z') || (r->p[n] >= '0' && r->p[n] <= '9') || r->p[n] == '-')
		n++;
	if (n == 0 || n > WG_LIMIT_NAME)
		return false;
	memcpy(name, r->p, n);
	name[n] = '\0';
	r->p += n;
	return true;
}

/* Up to the first of stops, over references to the characters that have to be written so; false at any other. */
static bool read_words(struct reading *r, const char *stops)
{
	static const char *const references[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#9;", "&#10;", "&#13;" };
	for (;;) {
		size_t known = 0;
		r->p += strcspn(r->p, stops);
		if (*r->p != '&')
			return true;
		while (known < WG_COUNT(references) && !takes(r, references[known]))
			known++;
		if (known == WG_COUNT(references))
			return false;
	}
}

/* The text up to the next tag. Where elements stand there are only blanks between them. */
static bool read_text(struct reading *r)
{
	if (wg_place_text(r->open[r->depth - 1]))
		return read_words(r, "&<>") && takes(r, "<");
	r->p += strspn(r->p, " \n");
	return takes(r, "<");
}

/* seen: one bit for each that the element has had. */
static bool read_attribute(struct reading *r, const struct wg_place *place, unsigned *seen)
{
	char name[WG_LIMIT_NAME + 1];
	if (!read_name(r, name) || !takes(r, "=\""))
		return false;
	const struct wg_attribute *known = wg_type_attribute(place->type, name);
	if (known == NULL || (wg_place_attribute_category(place, known) & r->granted) == 0)
		return false;
	unsigned bit = 1u << (known - place->type->attributes);
	if ((*seen & bit) != 0)
		return false;
	*seen |= bit;
	return read_words(r, "&<>\"\t\n") && takes(r, "\"");
}

static bool read_attributes(struct reading *r, const struct wg_place *place)
{
	unsigned seen = 0;
	while (takes(r, " "))
		if (!read_attribute(r, place, &seen))
			return false;
	return true;
}

/* The tag of an element whose name was read; open when others follow in it. */
static bool read_opening(struct reading *r, const struct wg_place *place)
{
	if (!read_attributes(r, place))
		return false;
	if (takes(r, "/>"))
		return true;
	if (r->depth == DEPTH_MAX || !takes(r, ">"))
		return false;
	r->open[r->depth++] = place;
	return true;
}

static bool read_element(struct reading *r)
{
	char name[WG_LIMIT_NAME + 1];
	if (!read_name(r, name))
		return false;
	const struct wg_place *place = wg_type_place(r->open[r->depth - 1]->type, name);
	/* a photograph has to be looked at as well */
	return place != NULL && (place->category & r->granted) != 0 && place->words != WG_WORDS_BYTES &&
	       read_opening(r, place);
}

static bool read_closing(struct reading *r)
{
	return takes(r, r->open[--r->depth]->name) && takes(r, ">");
}

static bool read_root(struct reading *r)
{
	return (r->schema->root.category & r->granted) != 0 &&
	       takes(r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notice xmlns=\"" WG_NOTICE_NS "\"") &&
	       read_opening(r, &r->schema->root);
}

/* UTF-8 of characters that XML can hold as they are. */
static bool plain_bytes(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t')
			return false;
	return wg_utf8_valid(text, len) && memmem(text, len, "\xEF\xBF\xBE", 3) == NULL &&
	       memmem(text, len, "\xEF\xBF\xBF", 3) == NULL;
}

bool wg_project_read(const struct wg_schema *schema, const char *text, size_t len, wg_categories granted)
{
	struct reading r = { .schema = schema, .granted = granted, .p = text, .end = text + len };
	if (!plain_bytes(text, len) || !read_root(&r))
		return false;
	while (r.depth > 0)
		if (!read_text(&r) || !(takes(&r, "/") ? read_closing(&r) : read_element(&r)))
			return false;
	return strcmp(r.p, "\n") == 0;
}
