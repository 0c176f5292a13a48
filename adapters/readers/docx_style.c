/* docx_style.c owns the styles of a Word document.
 * SECURITY: a style may be based on itself: a chain is followed for so many steps only. */
#include "readers/docx_style.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "readers/office_xml.h"

/* Word itself allows some ten. */
#define BASED_ON_MAX 12

void wg_docx_styles_free(struct wg_docx_styles *styles)
{
	for (size_t i = 0; i < styles->n; i++) {
		free(styles->list[i].id);
		free(styles->list[i].based_on);
	}
	free(styles->list);
	*styles = (struct wg_docx_styles){ 0 };
}

bool wg_docx_toggle(const xmlNode *properties, const char *name, bool *said)
{
	const xmlNode *node = wg_office_child(properties, name);
	*said = node != NULL;
	if (node == NULL)
		return false;
	const char *value = wg_office_attr(node, "val");
	return strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && strcmp(value, "off") != 0;
}

static bool style_read(const xmlNode *node, struct wg_docx_style *style)
{
	const xmlNode *name_node = wg_office_child(node, "name"), *based = wg_office_child(node, "basedOn");
	const xmlNode *run = wg_office_child(node, "rPr");
	const xmlNode *level = wg_office_child(wg_office_child(node, "pPr"), "outlineLvl");
	const char *name = name_node != NULL ? wg_office_attr(name_node, "val") : "";
	*style = (struct wg_docx_style){ .id = strdup(wg_office_attr(node, "styleId")),
		                             .based_on = strdup(based != NULL ? wg_office_attr(based, "val") : "") };
	style->heading = strncasecmp(name, "heading ", 8) == 0 ||
	                 (level != NULL && strcmp(wg_office_attr(level, "val"), "9") != 0); /* 9: body text */
	style->title = strcasecmp(name, "title") == 0 || strcasecmp(name, "subtitle") == 0;
	style->contents = strncasecmp(name, "toc ", 4) == 0;
	style->bold = wg_docx_toggle(run, "b", &style->bold_said);
	style->hidden = wg_docx_toggle(run, "vanish", &style->hidden_said);
	return style->id != NULL && style->based_on != NULL;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct wg_docx_style *)a)->id, ((const struct wg_docx_style *)b)->id);
}

bool wg_docx_styles_read(const xmlNode *root, struct wg_docx_styles *styles)
{
	size_t n = 0;
	bool good = true;
	*styles = (struct wg_docx_styles){ 0 };
	for (const xmlNode *s = root != NULL ? root->children : NULL; s != NULL; s = s->next)
		n += wg_office_is(s, "style");
	styles->list = calloc(n + 1, sizeof *styles->list);
	if (styles->list == NULL)
		return false;
	for (const xmlNode *s = root != NULL ? root->children : NULL; s != NULL && good; s = s->next)
		if (wg_office_is(s, "style"))
			good = style_read(s, &styles->list[styles->n++]);
	if (good)
		qsort(styles->list, styles->n, sizeof *styles->list, by_id);
	return good;
}

static const struct wg_docx_style *find(const struct wg_docx_styles *styles, const char *id)
{
	const struct wg_docx_style key = { .id = (char *)id };
	return styles->n > 0 ? bsearch(&key, styles->list, styles->n, sizeof key, by_id) : NULL;
}

struct wg_docx_style wg_docx_style_of(const struct wg_docx_styles *styles, const char *id)
{
	struct wg_docx_style all = { 0 };
	const struct wg_docx_style *s = find(styles, id);
	if (s == NULL) { /* a document without its styles: the names that Word gives */
		all.heading = strncasecmp(id, "Heading", 7) == 0;
		all.title = strcasecmp(id, "Title") == 0;
		all.contents = strncasecmp(id, "TOC", 3) == 0;
		return all;
	}
	for (unsigned step = 0; s != NULL && step < BASED_ON_MAX; step++) {
		all.heading = all.heading || s->heading;
		all.title = all.title || s->title;
		all.contents = all.contents || s->contents;
		all.bold = all.bold_said ? all.bold : s->bold;
		all.hidden = all.hidden_said ? all.hidden : s->hidden;
		all.bold_said = all.bold_said || s->bold_said;
		all.hidden_said = all.hidden_said || s->hidden_said;
		s = s->based_on[0] != '\0' ? find(styles, s->based_on) : NULL;
	}
	return all;
}
