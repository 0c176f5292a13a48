/* pdf_value.c owns what a field's answer says in words.
 * SECURITY: the answer is taken only where the document says it once; a box that looks ticked and has another value is
 * left to a person. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/pdf_internal.h"

/* Flags of fields (PDF 32000-1, tables 226 to 230). */
#define FLAG_PASSWORD (1 << 13)
#define FLAG_PUSH_BUTTON (1 << 16)
/* Ticked lines of one list. */
#define CHOSEN_MAX 500
/* Lines of one list: countries and councils have some 400. */
#define OPTIONS_MAX 2000

static const char password_words[] = "it is a password: never carried";
static const char stream_words[] = "the answer is stored in a way that is not read here: see the original";
static const char unclear_words[] = "the PDF stores one answer and shows another: see the original";
static const char chosen_words[] = "more lines are chosen than the limit: see the original";
static const char signed_words[] = "there is a signature in the PDF, which is not checked here: see the original";

bool wg_pdf_is_push_button(struct wg_pdf *pdf, const struct wg_pdf_node *node)
{
	return wg_pdf_named(pdf, node->type, "/Btn") && (node->flags & FLAG_PUSH_BUTTON) != 0;
}

/* Adds words to what is there, parted by "; ", unless they are there already. */
static void join(struct wg_buf *out, const char *words)
{
	size_t n = strlen(words);
	for (const char *p = wg_buf_text(out); n > 0 && *p != '\0';) {
		const char *end = strstr(p, "; ");
		size_t len = end != NULL ? (size_t)(end - p) : strlen(p);
		if (len == n && memcmp(p, words, n) == 0)
			return;
		p += end != NULL ? len + 2 : len;
	}
	if (n > 0 && out->len > 0)
		wg_buf_puts(out, "; ");
	wg_buf_puts(out, words);
}

/* What a list shows for a stored value: its own words when the list does not have it (a box that can be typed into). */
static char *shown(struct wg_pdf *pdf, const struct wg_pdf_node *node, qpdf_oh value)
{
	WG_PDF_SCOPE(pdf);
	WG_AUTO_FREE char *stored = wg_pdf_copy(pdf, value);
	size_t n = wg_pdf_items(pdf, node->options);
	for (size_t i = 0; stored != NULL && i < n && i < OPTIONS_MAX; i++) {
		WG_PDF_SCOPE(pdf);
		qpdf_oh option = wg_pdf_item(pdf, node->options, i);
		if (wg_pdf_items(pdf, option) != 2)
			continue; /* stored and shown are the same */
		WG_AUTO_FREE char *export = wg_pdf_copy(pdf, wg_pdf_item(pdf, option, 0));
		if (export == NULL || strcmp(export, stored) == 0)
			return export == NULL ? NULL : wg_pdf_copy(pdf, wg_pdf_item(pdf, option, 1));
	}
	return wg_steal(&stored);
}

static char *chosen(struct wg_pdf *pdf, const struct wg_pdf_node *node, const char **remark)
{
	WG_PDF_SCOPE(pdf);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_MESSAGE);
	size_t n = wg_pdf_items(pdf, node->value);
	if (n == 0)
		return shown(pdf, node, node->value);
	if (n > CHOSEN_MAX) {
		*remark = chosen_words;
		return strdup("");
	}
	for (size_t i = 0; i < n; i++) {
		WG_AUTO_FREE char *words = shown(pdf, node, wg_pdf_item(pdf, node->value, i));
		if (words == NULL)
			return NULL;
		join(&out, words);
	}
	return out.failed ? NULL : strdup(wg_buf_text(&out));
}

char *wg_pdf_value(struct wg_pdf *pdf, const struct wg_pdf_node *node, const char *label, const char **remark)
{
	WG_PDF_SCOPE(pdf);
	bool filled = !wg_pdf_is(pdf, node->value, ot_null);
	if (wg_pdf_named(pdf, node->type, "/Btn"))
		return wg_pdf_ticked(pdf, node, label, remark);
	if (wg_pdf_named(pdf, node->type, "/Sig")) {
		*remark = filled ? signed_words : NULL;
		return strdup("");
	}
	if (wg_pdf_is(pdf, node->value, ot_stream)) {
		*remark = stream_words;
		return strdup("");
	}
	if (wg_pdf_named(pdf, node->type, "/Ch"))
		return chosen(pdf, node, remark);
	WG_AUTO_FREE char *value = wg_pdf_copy(pdf, node->value);
	if (value != NULL && value[0] != '\0' && (node->flags & FLAG_PASSWORD) != 0) {
		*remark = password_words;
		value[0] = '\0';
	}
	return wg_steal(&value);
}

/* One box of a group. */
struct box {
	char *state; /* the name that it has when it is ticked; "" when the document does not say */
	char *words; /* what stands beside it; "" */
	bool on;     /* it looks ticked */
};

static void box_free(struct box *box)
{
	free(box->state);
	free(box->words);
}
#define AUTO_BOX __attribute__((cleanup(box_free)))

/* The name of the first picture that is not that of the empty box. */
static char *state_of(struct wg_pdf *pdf, qpdf_oh box)
{
	WG_PDF_SCOPE(pdf);
	qpdf_oh pictures = wg_pdf_key(pdf, wg_pdf_key(pdf, box, "/AP"), "/N");
	if (!wg_pdf_is(pdf, pictures, ot_dictionary))
		return strdup("");
	qpdf_oh_begin_dict_key_iter(pdf->q, pictures);
	WG_AUTO_BUF struct wg_buf state = WG_BUF(WG_LIMIT_MESSAGE);
	while (qpdf_oh_dict_more_keys(pdf->q) && state.len == 0) {
		const char *key = qpdf_oh_dict_next_key(pdf->q);
		if (strcmp(key, "/Off") != 0)
			wg_pdf_clean(key + 1, strlen(key + 1), &state);
	}
	return state.failed ? NULL : strdup(wg_buf_text(&state));
}

static bool read_box(struct wg_pdf *pdf, const struct wg_pdf_node *node, size_t i, const char *label, struct box *box)
{
	WG_PDF_SCOPE(pdf);
	qpdf_oh shows = wg_pdf_key(pdf, node->boxes[i], "/AS");
	box->state = state_of(pdf, node->boxes[i]);
	box->on = wg_pdf_is(pdf, shows, ot_name) && !wg_pdf_named(pdf, shows, "/Off");
	if (i < wg_pdf_items(pdf, node->options)) {
		box->words = wg_pdf_copy(pdf, wg_pdf_item(pdf, node->options, i));
	} else {
		box->words = wg_pdf_copy(pdf, wg_pdf_key(pdf, node->boxes[i], "/TU"));
		if (box->words != NULL && (node->n_boxes < 2 || strcmp(box->words, label) == 0))
			box->words[0] = '\0'; /* it is the question */
	}
	return box->state != NULL && box->words != NULL;
}

/* Names that programs give to a tick that has no words. */
static bool only_a_tick(const char *state)
{
	static const char *const names[] = { "Yes", "On", "1", "True", "Checked", "X", "Ja", "Oui" };
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcasecmp(names[i], state) == 0)
			return true;
	return false;
}

char *wg_pdf_ticked(struct wg_pdf *pdf, const struct wg_pdf_node *node, const char *label, const char **remark)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_FREE char *value = wg_pdf_copy(pdf, node->value);
	bool lone = node->n_boxes == 1, known = false;
	if (value == NULL)
		return NULL;
	bool stored = value[0] != '\0' && strcmp(value, "Off") != 0;
	for (size_t i = 0; i < node->n_boxes; i++) {
		AUTO_BOX struct box box = { 0 };
		if (!read_box(pdf, node, i, label, &box))
			return NULL;
		bool ticked = stored && strcmp(box.state[0] != '\0' ? box.state : value, value) == 0;
		known = known || ticked;
		if (box.on != ticked && (box.on || box.state[0] != '\0'))
			*remark = unclear_words;
		if (!ticked)
			continue;
		if (box.words[0] != '\0')
			join(&out, box.words);
		else
			join(&out, lone && only_a_tick(value) ? "yes" : value);
	}
	if (stored && !known)
		*remark = unclear_words;
	return out.failed ? NULL : strdup(*remark == NULL ? wg_buf_text(&out) : "");
}
