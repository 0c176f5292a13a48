/* pdf_active.c owns the search for what would act: the whole document is walked, not only the places where actions
 * belong.
 * SECURITY: objects refer to each other in circles and to any depth, so the walk keeps its own list, passes every
 * numbered object once, and counts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "readers/pdf_internal.h"

/* Dictionaries and arrays. The marking for screen readers of a form of 40 pages is some 20,000. */
#define OBJECTS_MAX 300000
/* Keys of one dictionary: fonts have the most, some 30; name trees put theirs into arrays. */
#define KEYS_BYTES ((size_t)1024 * 1024)
/* Scripts of Acrobat's field properties are shorter. */
#define SCRIPT_BYTES 500

/* An object that holds others. */
struct holder {
	qpdf_oh object;
	enum qpdf_object_type_e type;
};

struct walk {
	struct wg_pdf *pdf;
	struct holder *todo; /* released when taken */
	size_t count, cap;
	struct wg_pdf_map seen;
	size_t objects;
	const char *why; /* refused */
	bool over, no_memory;
};

static const char script_words[] =
	"there is a script (JavaScript) in the PDF, which could change what it shows: send a form without scripts, or the "
	"Word version";
static const char launch_words[] =
	"the PDF would start a program or load a file when it is opened or clicked: send a form without that, or the Word "
	"version";
static const char inside_words[] =
	"there are documents inside the PDF: save them, and send each by itself beside the form";
static const char xfa_words[] =
	"the PDF is a form of the kind that only some programs can show (XFA): fill in the Word version, or a PDF form of "
	"the ordinary kind";

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_spaces(const char *p)
{
	while (is_space(*p))
		p++;
	return p;
}

/* Behind numbers, words like true, quoted words without a backslash, and commas; NULL when there is anything else. */
static const char *skip_arguments(const char *p)
{
	for (; *p != ')'; p++) {
		if (*p == '"' || *p == '\'') {
			p += 1 + strcspn(p + 1, *p == '"' ? "\"\\\r\n" : "'\\\r\n");
			if (*p != '"' && *p != '\'')
				return NULL;
		} else if (*p == '\0' || strchr("0123456789., -truefalsnw[]", *p) == NULL) {
			return NULL;
		}
	}
	return p;
}

bool wg_pdf_script_formats(const char *script)
{
	static const char *const known[] = {
		"AFDate_FormatEx(",     "AFDate_KeystrokeEx(",    "AFDate_Format(",       "AFDate_Keystroke(",
		"AFTime_FormatEx(",     "AFTime_Format(",         "AFTime_Keystroke(",    "AFNumber_Format(",
		"AFNumber_Keystroke(",  "AFPercent_Format(",      "AFPercent_Keystroke(", "AFSpecial_Format(",
		"AFSpecial_Keystroke(", "AFSpecial_KeystrokeEx(", "AFRange_Validate(",
	};
	const char *p = skip_spaces(script);
	for (size_t i = 0; i < WG_COUNT(known); i++) {
		size_t n = strlen(known[i]);
		if (strncmp(p, known[i], n) != 0)
			continue;
		p = skip_arguments(p + n);
		if (p == NULL)
			return false;
		p = skip_spaces(p + 1);
		if (*p == ';')
			p = skip_spaces(p + 1);
		return *p == '\0';
	}
	return false;
}

/* The raw string: cleaning would show it as something else than a viewer runs. */
static bool harmless_script(struct walk *walk, qpdf_oh script)
{
	const char *text = NULL;
	size_t len = 0;
	if (!wg_pdf_is(walk->pdf, script, ot_string) || !qpdf_oh_get_value_as_utf8(walk->pdf->q, script, &text, &len) ||
	    len > SCRIPT_BYTES || strlen(text) != len)
		return false;
	return wg_pdf_script_formats(text);
}

static const char *why_refused(struct walk *walk, const char *key, qpdf_oh value)
{
	struct wg_pdf *pdf = walk->pdf;
	if (strcmp(key, "/JS") == 0)
		return harmless_script(walk, value) ? NULL : script_words;
	if (strcmp(key, "/S") == 0 &&
	    (wg_pdf_named(pdf, value, "/Launch") || wg_pdf_named(pdf, value, "/ImportData") ||
	     wg_pdf_named(pdf, value, "/Rendition") || wg_pdf_named(pdf, value, "/RichMediaExecute")))
		return launch_words;
	if (strcmp(key, "/EF") == 0 || strcmp(key, "/Collection") == 0 ||
	    (strcmp(key, "/S") == 0 && wg_pdf_named(pdf, value, "/GoToE")))
		return inside_words;
	return strcmp(key, "/XFA") == 0 ? xfa_words : NULL;
}

/* Takes the handle over: onto the list, or released. */
static void push(struct walk *walk, qpdf_oh object)
{
	struct wg_pdf *pdf = walk->pdf;
	enum qpdf_object_type_e type = qpdf_oh_get_type_code(pdf->q, object);
	bool holds = type == ot_array || type == ot_dictionary || type == ot_stream;
	uint64_t id = holds ? wg_pdf_id(pdf, object) : 0;
	if (!holds || (id != 0 && !wg_pdf_map_add(&walk->seen, id, 0))) {
		qpdf_oh_release(pdf->q, object);
		return;
	}
	if (walk->count == walk->cap) {
		size_t cap = walk->cap == 0 ? 1024 : walk->cap * 2;
		struct holder *bigger = reallocarray(walk->todo, cap, sizeof *bigger);
		if (bigger == NULL) {
			walk->no_memory = true;
			qpdf_oh_release(pdf->q, object);
			return;
		}
		walk->todo = bigger;
		walk->cap = cap;
	}
	walk->todo[walk->count++] = (struct holder){ object, type };
}

static void visit_array(struct walk *walk, qpdf_oh array)
{
	int n = qpdf_oh_get_array_n_items(walk->pdf->q, array);
	walk->over = n > OBJECTS_MAX || walk->count > OBJECTS_MAX;
	for (int i = 0; i < n && !walk->over && !walk->no_memory; i++)
		push(walk, qpdf_oh_get_array_item(walk->pdf->q, array, i));
}

/* The keys are copied first: the library holds one list of keys at a time, and it is asked for objects in between. */
static void visit_dictionary(struct walk *walk, qpdf_oh dict)
{
	qpdf_data q = walk->pdf->q;
	WG_AUTO_BUF struct wg_buf keys = WG_BUF(KEYS_BYTES);
	qpdf_oh_begin_dict_key_iter(q, dict);
	while (qpdf_oh_dict_more_keys(q)) {
		const char *key = qpdf_oh_dict_next_key(q);
		wg_buf_put(&keys, key, strlen(key) + 1);
	}
	if (keys.failed) {
		walk->over = true;
		return;
	}
	for (size_t at = 0; at < keys.len && walk->why == NULL; at += strlen((const char *)keys.data + at) + 1) {
		const char *key = (const char *)keys.data + at;
		qpdf_oh value = qpdf_oh_get_key(q, dict, key);
		walk->why = why_refused(walk, key, value);
		push(walk, value);
	}
}

static void visit(struct walk *walk, const struct holder *holder)
{
	qpdf_data q = walk->pdf->q;
	qpdf_oh object = holder->object;
	if (holder->type == ot_array) {
		visit_array(walk, object);
	} else if (holder->type == ot_stream) {
		qpdf_oh dict = qpdf_oh_get_dict(q, object);
		visit_dictionary(walk, dict);
		qpdf_oh_release(q, dict);
	} else {
		visit_dictionary(walk, object);
	}
	qpdf_oh_release(q, object);
}

static void walk_free(struct walk *walk)
{
	while (walk->count > 0)
		qpdf_oh_release(walk->pdf->q, walk->todo[--walk->count].object);
	free(walk->todo);
	wg_pdf_map_free(&walk->seen);
}

enum wg_code wg_pdf_active(struct wg_pdf *pdf, struct wg_err *err)
{
	WG_CLEANUP(walk_free) struct walk walk = { .pdf = pdf };
	push(&walk, qpdf_get_trailer(pdf->q));
	while (walk.count > 0 && walk.why == NULL && !walk.over && !walk.no_memory && !qpdf_has_error(pdf->q)) {
		const struct holder next = walk.todo[--walk.count]; /* the list may move meanwhile */
		visit(&walk, &next);
		walk.over = walk.over || ++walk.objects > OBJECTS_MAX;
	}
	if (walk.why != NULL)
		return wg_err_set(err, WG_REJECT, "%s", walk.why);
	if (walk.over)
		return wg_err_set(err, WG_LIMIT, "the PDF has more objects than the limit: it is not an ordinary form");
	if (walk.no_memory || walk.seen.no_memory)
		return wg_err_set(err, WG_LIMIT, "the PDF needs more memory than its limit: it is not an ordinary form");
	return wg_pdf_check(pdf, err);
}
