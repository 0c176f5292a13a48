/* docx_style.c owns what a Word document says of its styles. */
#include "readers/docx_style.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/office_xml.h"

bool wg_docx_toggle(const xmlNode *properties, const char *name, bool *said)
{
	const xmlNode *node = wg_office_child(properties, name);
	*said = node != NULL;
	if (node == NULL)
		return false;
	const char *value = wg_office_attr(node, "val");
	return strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && strcmp(value, "off") != 0;
}

/* Below them nothing is asked for. */
static const char *const kept[] = { "style", "name basedOn rPr pPr", "b vanish outlineLvl" };

bool wg_docx_styles_keep(const char *name, size_t depth)
{
	return depth <= WG_COUNT(kept) && wg_list_has(kept[depth - 1], name);
}

static bool is_title(const char *name)
{
	return strcasecmp(name, "title") == 0 || strcasecmp(name, "subtitle") == 0;
}

static bool style_read(const xmlNode *node, struct wg_office_styles *styles)
{
	const xmlNode *name_node = wg_office_child(node, "name"), *based = wg_office_child(node, "basedOn");
	const xmlNode *run = wg_office_child(node, "rPr");
	const xmlNode *level = wg_office_child(wg_office_child(node, "pPr"), "outlineLvl");
	const char *name = name_node != NULL ? wg_office_attr(name_node, "val") : "";
	struct wg_office_style style = { .id = strdup(wg_office_attr(node, "styleId")),
		                             .based_on = strdup(based != NULL ? wg_office_attr(based, "val") : "") };
	style.heading = strncasecmp(name, "heading ", 8) == 0 || is_title(name) ||
	                (level != NULL && strcmp(wg_office_attr(level, "val"), "9") != 0); /* 9: body text */
	style.contents = strncasecmp(name, "toc ", 4) == 0;
	style.bold = wg_docx_toggle(run, "b", &style.bold_said);
	style.hidden = wg_docx_toggle(run, "vanish", &style.hidden_said);
	return wg_office_styles_add(styles, &style);
}

bool wg_docx_styles_read(const xmlNode *root, struct wg_office_styles *styles)
{
	bool good = true;
	for (const xmlNode *s = root != NULL ? root->children : NULL; s != NULL && good; s = s->next)
		if (wg_office_is(s, "style"))
			good = style_read(s, styles);
	wg_office_styles_sort(styles);
	return good;
}

struct wg_office_style wg_docx_style_of(const struct wg_office_styles *styles, const char *id)
{
	struct wg_office_style style;
	if (!wg_office_style_of(styles, id, &style)) {
		style.heading = strncasecmp(id, "Heading", 7) == 0 || is_title(id);
		style.contents = strncasecmp(id, "TOC", 3) == 0;
	}
	return style;
}
