/* review.c owns what a person sees who has to decide about a delivery.
 * SECURITY: a copy that is not the one that would be sent would make a person answer for something else: the hash that
 * stands in the disclosure record has to fit, or nothing is shown. */
#include "role/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "notice/xml.h"
#include "notice/xml_attr.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s != NULL ? s : "";
}

/* A list of names in the record as a set. A name that is no category any more can be in no notice that is read now. */
static bool categories_of(const json_t *record, const char *name, wg_categories *out)
{
	const json_t *list = json_object_get(record, name);
	*out = WG_CATEGORIES_NONE;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *category = json_string_value(json_array_get(list, i));
		*out |= category != NULL ? wg_category_find(category) : WG_CATEGORIES_NONE;
	}
	return json_is_array(list);
}

static enum wg_code check_hash(const struct wg_notice *copy, const json_t *record, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	char hash[WG_HASH_TEXT];
	enum wg_code code = wg_notice_serialise(copy, &bytes, err);
	if (code == WG_OK)
		wg_sha256_hex(bytes.data, bytes.len, hash);
	wg_buf_wipe(&bytes);
	if (code != WG_OK)
		return code;
	if (strcmp(hash, text_of(record, "copy_sha256")) != 0)
		return wg_err_set(err, WG_CORRUPT,
		                  "what is made now of notice and record is not the copy that would be sent: it is not shown; "
		                  "have the message decided again (wardgate queue retry, or a restart of the gateway)");
	return WG_OK;
}

enum wg_code wg_review_open(const struct wg_schema *schema, const struct wg_buf *notice, const json_t *record,
                            const char *organisation, const char *desk, struct wg_review *out, struct wg_err *err)
{
	struct wg_copy want = { .organisation = organisation, .desk = desk, .reason = WG_COPY_REASON };
	*out = (struct wg_review){ 0 };
	if (!categories_of(record, "granted", &want.granted) || !categories_of(record, "marked", &want.mark) ||
	    text_of(record, "copy_sha256")[0] == '\0')
		return wg_err_set(
			err, WG_CORRUPT,
			"the disclosure record does not say what the copy is: nothing was made for this recipient, or "
			"by a gateway of an earlier version");
	want.keep = text_of(record, "keep");
	out->granted = want.granted | wg_category_find("administrative"); /* which is always kept */
	enum wg_code code = wg_notice_parse(schema, notice->data, notice->len, "notice", &out->original, err);
	if (code == WG_OK)
		code = wg_notice_project(out->original, &want, &out->copy, err);
	if (code == WG_OK)
		code = check_hash(out->copy, record, err);
	if (code != WG_OK)
		wg_review_close(out);
	return code;
}

void wg_review_close(struct wg_review *review)
{
	wg_notice_freep(&review->original);
	wg_notice_freep(&review->copy);
}

/* ---- the lines of the original */

struct walk {
	const struct wg_notice_element *places;
	unsigned count;
	wg_categories granted;
	enum wg_code (*each)(void *arg, const struct wg_review_line *line, struct wg_err *err);
	void *arg;
	struct wg_err *err;
};

/* The place of that path; everything that holds something is in the list. What is not counts as withheld. */
static enum wg_code tell(const struct walk *w, const char *path, const char *value)
{
	struct wg_review_line line = { .path = path, .value = value, .missing = wg_categories_all() & ~w->granted };
	for (unsigned i = 0; i < w->count; i++)
		if (strcmp(w->places[i].path, path) == 0) {
			line.category = w->places[i].category;
			line.missing = w->places[i].need & ~w->granted;
		}
	return w->each(w->arg, &line, w->err);
}

static enum wg_code tell_text(const struct walk *w, const struct _xmlNode *node, const char *attribute,
                              const char *path)
{
	char *text = attribute != NULL ? wg_xml_attr(node, attribute) : wg_xml_text(node);
	if (text == NULL)
		return wg_err_set(w->err, WG_SYSTEM, "no memory for the words of a notice");
	enum wg_code code = WG_OK;
	if (text[strspn(text, " \t\r\n")] != '\0' || attribute != NULL)
		code = tell(w, path, text);
	wg_wipe(text, strlen(text));
	free(text);
	return code;
}

/* The recursion is bounded by the depth that wg_xml_parse allows, a path by the schema, whose longest is in
 * struct wg_notice_element. */
static enum wg_code walk_node(const struct walk *w, const struct _xmlNode *node, const char *path)
{
	char below[sizeof w->places->path];
	const char *name, *between = path[0] != '\0' ? "/" : "";
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && (name = wg_xml_attr_name(node, i)) != NULL; i++) {
		(void)snprintf(below, sizeof below, "%s%s@%s", path, between, name); /* fits, as said above */
		code = tell_text(w, node, name, below);
	}
	if (code == WG_OK && wg_xml_first(node, NULL) == NULL)
		code = tell_text(w, node, NULL, path);
	for (const struct _xmlNode *c = wg_xml_first(node, NULL); code == WG_OK && c != NULL; c = wg_xml_next(c, NULL)) {
		(void)snprintf(below, sizeof below, "%s%s%s", path, between, wg_xml_name(c)); /* likewise */
		code = walk_node(w, c, below);
	}
	return code;
}

enum wg_code wg_review_each(struct wg_review *review,
                            enum wg_code (*each)(void *arg, const struct wg_review_line *line, struct wg_err *err),
                            void *arg, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_notice_element *places = NULL;
	struct walk w = { .granted = review->granted, .each = each, .arg = arg, .err = err };
	struct _xmlDoc *facts = wg_notice_facts(review->original, err);
	if (facts == NULL)
		return WG_SYSTEM; /* its words are there */
	enum wg_code code = wg_notice_elements(review->original, &places, &w.count, err);
	w.places = places;
	/* a document is the parent of its root like any node */
	const struct _xmlNode *root = wg_xml_first((const struct _xmlNode *)(const void *)facts, "notice");
	return code == WG_OK && root != NULL ? walk_node(&w, root, "") : code;
}
