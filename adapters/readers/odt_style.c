/* odt_style.c owns what an OpenDocument text says of its styles. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "readers/odt_internal.h"
#include "readers/office_xml.h"

/* Names longer than this are no style that anything is drawn with. */
#define KEY_BYTES 200

/* Families have names of their own: "P1" may be a paragraph's and a table's. */
static bool key(const char *family, const char *name, char out[KEY_BYTES])
{
	int n = snprintf(out, KEY_BYTES, "%s/%s", family, name);
	return n > 0 && n < KEY_BYTES;
}

static bool is_heading(const xmlNode *node, const char *name)
{
	return wg_office_attr(node, "default-outline-level")[0] != '\0' || strncmp(name, "Heading_20_", 11) == 0 ||
	       strcmp(name, "Title") == 0 || strcmp(name, "Subtitle") == 0;
}

static bool style_read(const xmlNode *node, struct wg_office_styles *styles)
{
	const xmlNode *text = wg_office_child(node, "text-properties");
	const xmlNode *cell = wg_office_child(node, "table-cell-properties");
	const xmlNode *section = wg_office_child(node, "section-properties");
	const char *family = wg_office_attr(node, "family"), *name = wg_office_attr(node, "name");
	const char *parent = wg_office_attr(node, "parent-style-name");
	char id[KEY_BYTES], based_on[KEY_BYTES];
	if (!key(family, name, id) || !key(family, parent, based_on))
		return true;
	struct wg_office_style style = { .id = strdup(id), .based_on = strdup(parent[0] != '\0' ? based_on : "") };
	style.heading = strcmp(family, "paragraph") == 0 && is_heading(node, name);
	style.contents = strncmp(name, "Contents_20_", 12) == 0;
	if (text != NULL) {
		const char *weight = wg_office_attr(text, "font-weight"), *display = wg_office_attr(text, "display");
		style.bold_said = weight[0] != '\0';
		style.bold = strcmp(weight, "bold") == 0 || strchr("6789", weight[0] != '\0' ? weight[0] : 'n') != NULL;
		style.hidden_said = display[0] != '\0';
		style.hidden = strcmp(display, "none") == 0;
	}
	if (section != NULL)
		style.hidden = style.hidden || strcmp(wg_office_attr(section, "display"), "none") == 0;
	const char *fill = cell != NULL ? wg_office_attr(cell, "background-color") : "";
	style.shaded = fill[0] == '#' && strcasecmp(fill, "#ffffff") != 0;
	return wg_office_styles_add(styles, &style);
}

bool wg_odt_styles_read(const xmlNode *root, struct wg_office_styles *styles)
{
	static const char *const places[] = { "styles", "automatic-styles" };
	bool good = true;
	for (size_t i = 0; i < WG_COUNT(places); i++) {
		const xmlNode *place = wg_office_child(root, places[i]);
		for (const xmlNode *s = place != NULL ? place->children : NULL; s != NULL && good; s = s->next)
			if (wg_office_is(s, "style"))
				good = style_read(s, styles);
	}
	return good;
}

struct wg_office_style wg_odt_style_of(const struct wg_office_styles *styles, const char *family, const char *name)
{
	char id[KEY_BYTES];
	struct wg_office_style style = { 0 };
	if (name[0] != '\0' && key(family, name, id) && !wg_office_style_of(styles, id, &style))
		style.heading = strncmp(name, "Heading_20_", 11) == 0;
	return style;
}
