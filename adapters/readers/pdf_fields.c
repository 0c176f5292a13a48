/* pdf_fields.c owns the tree of a form's fields: who is a group, who is a field, what is inherited, and what each is
 * called.
 * SECURITY: the tree may have loops, share branches and be deep: every numbered object is passed once, the depth and
 * the number of fields are bounded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/pdf_internal.h"

/* Places of one field on the pages, and so the choices of a group: the longest list of councils has some 400. */
#define BOXES_MAX 1000
/* What a place may say: viewers do not show it. */
#define ANNOTATION_HIDDEN 0x02
#define ANNOTATION_NO_VIEW 0x20

static bool lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* One part of a name as one line, without the number that form programs put behind it ("Name[0]"). */
static void part_of(struct wg_pdf *pdf, qpdf_oh node, char out[WG_PDF_NAME_BYTES])
{
	WG_PDF_SCOPE(pdf);
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	wg_pdf_text(pdf, wg_pdf_key(pdf, node, "/T"), &text);
	const char *words = wg_buf_text(&text);
	size_t n = strcspn(words, "\n");
	if (n >= WG_PDF_NAME_BYTES)
		n = WG_PDF_NAME_BYTES - 1;
	while (n > 0 && ((uint8_t)words[n] & 0xC0) == 0x80)
		n--; /* cut between characters */
	size_t digits = n;
	while (digits > 1 && words[digits - 1] == ']' && n == digits)
		digits--;
	if (digits < n) {
		while (digits > 0 && words[digits - 1] >= '0' && words[digits - 1] <= '9')
			digits--;
		if (digits > 0 && words[digits - 1] == '[')
			n = digits - 1;
	}
	memcpy(out, words, n);
	out[n] = '\0';
}

/* Groups that form programs make for themselves: they say nothing. */
static bool says_nothing(const char *part)
{
	if (part[0] == '\0' || part[0] == '#' || strcmp(part, "topmostSubform") == 0 || strcmp(part, "form1") == 0)
		return true;
	return strncmp(part, "Page", 4) == 0 && part[4 + strspn(part + 4, "0123456789")] == '\0';
}

/* Some programs write the whole name into one part ("child.name"): what is before the last full stop is the group. Not
 * in "D.O.B". */
static void split_part(struct wg_pdf_node *node)
{
	char *dot = strrchr(node->own, '.');
	if (dot == NULL || strchr(node->own, ' ') != NULL || dot - node->own < 2 || strlen(dot) < 3)
		return;
	*dot = '\0';
	char *group = strrchr(node->own, '.');
	group = group == NULL ? node->own : group + 1;
	if (strlen(group) < 2) {
		*dot = '.';
		return;
	}
	if (!says_nothing(group))
		memmove(node->section, group, strlen(group) + 1);
	memmove(node->own, dot + 1, strlen(dot + 1) + 1);
}

/* "date_of_birth" and "dateOfBirth" as words; a name that has blanks is left as it is. */
static char *words_of(const char *name)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(2 * WG_PDF_NAME_BYTES);
	bool words = strchr(name, ' ') != NULL;
	for (size_t i = 0; name[i] != '\0'; i++) {
		if (!words && i > 0 && upper(name[i]) && lower(name[i - 1]))
			wg_buf_putc(&out, ' ');
		wg_buf_putc(&out, !words && (name[i] == '_' || name[i] == '-') ? ' ' : name[i]);
	}
	return strdup(wg_buf_text(&out));
}

/* The tooltip of the field, else one that all its boxes have, else its name. NULL: no memory. */
static char *label_of(struct wg_pdf *pdf, qpdf_oh field, const struct wg_pdf_node *node)
{
	WG_PDF_SCOPE(pdf);
	WG_AUTO_FREE char *label = wg_pdf_copy(pdf, wg_pdf_key(pdf, field, "/TU"));
	if (label == NULL || label[strspn(label, " \t\n")] != '\0')
		return wg_steal(&label);
	for (size_t i = 0; i < node->n_boxes; i++) {
		WG_AUTO_FREE char *other = wg_pdf_copy(pdf, wg_pdf_key(pdf, node->boxes[i], "/TU"));
		if (other == NULL)
			return NULL;
		if (other[0] == '\0' || (i > 0 && strcmp(label, other) != 0))
			return words_of(node->own);
		free(label);
		label = wg_steal(&other);
	}
	return label[0] != '\0' ? wg_steal(&label) : words_of(node->own);
}

static bool is_hidden(struct wg_pdf *pdf, const struct wg_pdf_node *node)
{
	WG_PDF_SCOPE(pdf);
	for (size_t i = 0; i < node->n_boxes; i++)
		if ((wg_pdf_integer(pdf, wg_pdf_key(pdf, node->boxes[i], "/F")) & (ANNOTATION_HIDDEN | ANNOTATION_NO_VIEW)) ==
		    0)
			return false;
	return true;
}

static struct wg_pdf_field *grow(struct wg_pdf_form *form)
{
	if (form->count >= WG_LIMIT_FIELDS) {
		form->over = "there are more fields than the limit";
		return NULL;
	}
	if (form->count == form->cap) {
		size_t cap = form->cap == 0 ? 64 : form->cap * 2;
		struct wg_pdf_field *bigger = reallocarray(form->fields, cap, sizeof *bigger);
		if (bigger == NULL) {
			form->no_memory = true;
			return NULL;
		}
		form->fields = bigger;
		form->cap = cap;
	}
	return &form->fields[form->count];
}

static void field_free(struct wg_pdf_field *f)
{
	free(f->label);
	free(f->value);
	free(f->section);
	free(f->name);
}

static void emit(struct wg_pdf_form *form, qpdf_oh field, const struct wg_pdf_node *node)
{
	struct wg_pdf *pdf = form->pdf;
	if (wg_pdf_is_push_button(pdf, node))
		return;
	struct wg_pdf_field *slot = grow(form);
	if (slot == NULL)
		return;
	struct wg_pdf_field f = { .label = label_of(pdf, field, node), .hidden = is_hidden(pdf, node) };
	f.name = strdup(node->name);
	f.section = node->section[0] != '\0' ? words_of(node->section) : NULL;
	if (f.label != NULL)
		f.value = wg_pdf_value(pdf, node, f.label, &f.remark);
	if (f.label == NULL || f.value == NULL || f.name == NULL) {
		form->no_memory = true;
		field_free(&f);
		return;
	}
	for (size_t i = 0; i < node->n_boxes; i++) {
		uint64_t id = wg_pdf_id(pdf, node->boxes[i]);
		if (id != 0)
			(void)wg_pdf_map_add(&form->widgets, id, (uint32_t)form->count); /* the first one keeps it */
	}
	*slot = f;
	form->count++;
}

static qpdf_oh inherited(struct wg_pdf *pdf, qpdf_oh node, const char *key, qpdf_oh from_above)
{
	qpdf_oh own = wg_pdf_key(pdf, node, key);
	return wg_pdf_is(pdf, own, ot_null) ? from_above : own;
}

static void append_name(char name[WG_PDF_NAME_BYTES], const char *part)
{
	size_t n = strlen(name);
	if (part[0] != '\0') /* cut at worst, for people only */
		(void)snprintf(name + n, WG_PDF_NAME_BYTES - n, "%s%s", n > 0 ? "." : "", part);
}

static void walk(struct wg_pdf_form *form, qpdf_oh field, const struct wg_pdf_node *above, unsigned depth);

/* Kids that are fields of their own are walked; those that are only places on a page are noted. Returns whether there
 * was a field among them. */
static bool walk_kids(struct wg_pdf_form *form, qpdf_oh kids, struct wg_pdf_node *node, qpdf_oh *boxes, unsigned depth)
{
	struct wg_pdf *pdf = form->pdf;
	size_t n = wg_pdf_items(pdf, kids);
	bool fields = false;
	for (size_t i = 0; i < n && form->over == NULL && !form->no_memory && !pdf->no_memory; i++) {
		qpdf_oh kid = wg_pdf_item(pdf, kids, i);
		bool dict = wg_pdf_is(pdf, kid, ot_dictionary);
		form->odd = form->odd || !dict;
		if (dict && (qpdf_oh_has_key(pdf->q, kid, "/T") || qpdf_oh_has_key(pdf->q, kid, "/Kids"))) {
			fields = true;
			walk(form, kid, node, depth + 1);
		} else if (dict && node->n_boxes >= BOXES_MAX) {
			form->over = "a field of the PDF has more boxes than the limit";
		} else if (dict) {
			boxes[node->n_boxes++] = kid;
		}
	}
	return fields;
}

static void walk(struct wg_pdf_form *form, qpdf_oh field, const struct wg_pdf_node *above, unsigned depth)
{
	struct wg_pdf *pdf = form->pdf;
	WG_PDF_SCOPE(pdf);
	uint64_t id = wg_pdf_id(pdf, field);
	if (depth > WG_PDF_DEPTH_MAX) {
		form->over = "the fields of the PDF are nested deeper than the limit";
		return;
	}
	if ((id != 0 && !wg_pdf_map_add(&form->nodes, id, 0)) || !wg_pdf_is(pdf, field, ot_dictionary)) {
		form->odd = true;
		return;
	}
	WG_AUTO_FREE struct wg_pdf_node *node = malloc(sizeof *node);
	WG_AUTO_FREE qpdf_oh *boxes = calloc(BOXES_MAX, sizeof *boxes);
	if (node == NULL || boxes == NULL) {
		form->no_memory = true;
		return;
	}
	*node = *above;
	node->n_boxes = 0;
	node->boxes = boxes;
	node->type = inherited(pdf, field, "/FT", above->type);
	node->value = inherited(pdf, field, "/V", above->value);
	node->options = inherited(pdf, field, "/Opt", above->options);
	if (qpdf_oh_has_key(pdf->q, field, "/Ff"))
		node->flags = wg_pdf_integer(pdf, wg_pdf_key(pdf, field, "/Ff"));
	if (!says_nothing(above->own))
		memcpy(node->section, above->own, sizeof node->section);
	part_of(pdf, field, node->own);
	append_name(node->name, node->own);
	split_part(node);
	qpdf_oh kids = wg_pdf_key(pdf, field, "/Kids");
	bool groups = walk_kids(form, kids, node, boxes, depth);
	if (wg_pdf_items(pdf, kids) == 0)
		boxes[node->n_boxes++] = field; /* field and box in one */
	if ((!groups || node->n_boxes > 0) && form->over == NULL)
		emit(form, field, node);
}

void wg_pdf_fields(struct wg_pdf_form *form, qpdf_oh field)
{
	struct wg_pdf *pdf = form->pdf;
	WG_PDF_SCOPE(pdf);
	qpdf_oh nothing = wg_pdf_key(pdf, field, "/");
	const struct wg_pdf_node above = { .type = nothing, .value = nothing, .options = nothing };
	walk(form, field, &above, 0);
}
