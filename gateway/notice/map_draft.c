/* map_draft.c owns the drafting of a map from an example form.
 * SECURITY: the form is about a child. Only labels are written, and of them only words that no answer could have given
 * (map_draft_words.c); never where a box stood, which may name a file or a sheet. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_draft.h"
#include "notice/value.h"

/* Labels of <recognise>; headings that are titles stand near the top. */
#define SIGNATURES_MAX 6
#define TITLE_LINES 6

/* A line of the draft. */
struct drafted {
	char label[WG_MAP_LABEL_MAX + 2];
	char under[WG_MAP_LABEL_MAX]; /* "" when the label says enough */
	struct wg_draft_place place;
	size_t number; /* of the question in the form, from 1 */
	size_t into;   /* this one or an earlier one that has the same place: they share a line */
};

struct drafting {
	const struct wg_maps *maps;
	const struct wg_fields *fields;
	struct wg_draft_form form;
	struct wg_draft_words words;
	struct drafted *lines;
	size_t count, left_out;
	struct wg_buf *out;
};

/* Something that a reader says of a document, rather than a question. */
static bool remark(const char *label)
{
	return strstr(label, "(not read)") != NULL;
}

/* Another line of the same words and heading is there already. */
static bool known(const struct drafting *d, const struct drafted *line)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->lines[i].label, line->label) == 0 && strcmp(d->lines[i].under, line->under) == 0)
			return true;
	return false;
}

/* The label stands under more than one heading. */
static bool in_sections(const struct wg_fields *fields, const struct wg_field *field)
{
	char key[WG_MAP_LABEL_MAX], other[WG_MAP_LABEL_MAX];
	wg_map_label_fold(field->label, key);
	for (size_t i = 0; i < fields->count; i++) {
		const char *section = fields->fields[i].section;
		wg_map_label_fold(fields->fields[i].label, other);
		if (strcmp(key, other) == 0 && (section == NULL || strcmp(section, field->section) != 0))
			return true;
	}
	return false;
}

/* Two lines of one place become one, as the reader of maps wants it. */
static size_t shares(const struct drafting *d, const struct drafted *line)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct wg_draft_place *p = &d->lines[i].place, *q = &line->place;
		if (p->trust >= WG_DRAFT_LIKELY && strcmp(p->to, q->to) == 0 && p->as == q->as && p->heading == q->heading &&
		    strcmp(p->area, q->area) == 0 && strcmp(d->lines[i].under, line->under) == 0)
			return i;
	}
	return d->count;
}

/* The line as a map would hold it, as far as clashes go. */
static struct wg_map_field as_field(const struct drafted *line)
{
	struct wg_map_field f = { .as = line->place.as, .heading = (char *)line->place.heading };
	memcpy(f.to, line->place.to, sizeof f.to);
	f.place = wg_map_hash(f.to, strlen(f.to));
	const char *add = strstr(f.to, "[+]/");
	f.group = add != NULL ? (size_t)(add - f.to) : 0;
	f.under.count = line->under[0] != '\0';
	return f;
}

/* Another line fills the place in another way. */
static bool taken(const struct drafting *d, const struct drafted *line)
{
	struct wg_map_field own = as_field(line);
	for (size_t i = 0; i < d->count; i++) {
		struct wg_map_field other = as_field(&d->lines[i]);
		if (d->lines[i].place.trust >= WG_DRAFT_LIKELY && wg_map_field_clash(&other, &own))
			return true;
	}
	return false;
}

static void draft_line(struct drafting *d, const struct wg_field *field)
{
	struct drafted *line = &d->lines[d->count];
	*line = (struct drafted){ .number = d->count + d->left_out + 1 };
	if (remark(field->label))
		return;
	if (!wg_draft_label(&d->words, field->label, line->label)) {
		d->left_out++;
		return;
	}
	if (field->section != NULL && in_sections(d->fields, field)) {
		char under[WG_MAP_LABEL_MAX + 2];
		if (wg_draft_label(&d->words, field->section, under) && strchr(under, '*') == NULL)
			(void)snprintf(line->under, sizeof line->under, "%.*s", WG_MAP_LABEL_MAX - 1, under);
	}
	if (known(d, line))
		return;
	wg_draft_find(d->maps, &d->form, field->label, field->section, &line->place);
	line->into = shares(d, line);
	if (line->into == d->count && line->place.trust >= WG_DRAFT_LIKELY && taken(d, line))
		line->place.trust = WG_DRAFT_PERHAPS;
	d->count++;
}

static void put(struct wg_buf *out, const char *name, const char *value)
{
	wg_buf_printf(out, " %s=\"", name);
	wg_buf_put_xml(out, value, strlen(value));
	wg_buf_puts(out, "\"");
}

static void put_labels(const struct drafting *d, size_t first)
{
	wg_buf_puts(d->out, " labels=\"");
	for (size_t i = first; i < d->count; i++) {
		if (d->lines[i].into != first)
			continue;
		wg_buf_puts(d->out, i == first ? "" : " | ");
		wg_buf_put_xml(d->out, d->lines[i].label, strlen(d->lines[i].label));
	}
	wg_buf_puts(d->out, "\"");
}

static void put_field(const struct drafting *d, size_t i)
{
	const struct drafted *line = &d->lines[i];
	const struct wg_draft_place *p = &line->place;
	bool nowhere = p->trust == WG_DRAFT_NONE;
	wg_buf_puts(d->out, "<field");
	if (nowhere || p->as != WG_AS_PASSWORD)
		put(d->out, "to", nowhere ? "?" : p->to);
	put(d->out, "as", nowhere ? "text" : wg_map_as_name(p->as));
	if (p->table[0] != '\0' && p->as == WG_AS_CODE)
		put(d->out, "table", p->table);
	if (p->role[0] != '\0')
		put(d->out, "role", p->role);
	if (p->area[0] != '\0')
		put(d->out, "area", p->area);
	if (p->heading != NULL)
		put(d->out, "heading", p->heading);
	if (line->under[0] != '\0')
		put(d->out, "under", line->under);
	put_labels(d, i);
	wg_buf_printf(d->out, " source=\"question %zu of the form\"/>", line->number);
}

static void put_line(const struct drafting *d, size_t i)
{
	const struct wg_draft_place *p = &d->lines[i].place;
	if (d->lines[i].into != i)
		return;
	wg_buf_puts(d->out, "\t");
	if (p->trust == WG_DRAFT_SURE)
		wg_buf_printf(d->out, "<!-- sure: the map %s knows it -->\n\t", p->map);
	else if (p->trust == WG_DRAFT_LIKELY)
		wg_buf_puts(d->out, "<!-- likely: the schema calls it so -->\n\t");
	else
		wg_buf_puts(d->out, p->trust == WG_DRAFT_PERHAPS ? "<!-- perhaps: " : "<!-- where? ");
	put_field(d, i);
	wg_buf_puts(d->out, p->trust >= WG_DRAFT_LIKELY ? "\n" : " -->\n");
}

/* A heading that says which form it is, of words that are nobody's. */
static void put_titles(const struct drafting *d)
{
	char title[WG_MAP_LABEL_MAX], best[WG_MAP_LABEL_MAX] = "";
	const char *p = d->fields->text != NULL ? d->fields->text : "";
	for (int lines = 0; *p != '\0' && lines < TITLE_LINES; lines++) {
		char line[WG_MAP_LABEL_MAX];
		size_t n = strcspn(p, "\n");
		(void)snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), p);
		if (wg_draft_title(&d->words, line, title) && strlen(title) > strlen(best))
			memcpy(best, title, sizeof best);
		p += n + (p[n] == '\n');
	}
	if (d->fields->count > 0 && d->fields->fields[0].section != NULL && best[0] == '\0' &&
	    wg_draft_title(&d->words, d->fields->fields[0].section, title))
		memcpy(best, title, sizeof best);
	if (best[0] != '\0')
		put(d->out, "titles", best);
}

/* No other map has the label: it may mark this form. */
static bool marks(const struct drafting *d, const char *label)
{
	struct wg_map_keys keys;
	if (strchr(label, '*') != NULL)
		return false;
	wg_map_label_keys(label, &keys);
	for (size_t i = 0; i < d->maps->count; i++)
		if (wg_map_knows(&d->maps->maps[i], &keys) || wg_map_labels_find(&d->maps->maps[i].signature, &keys) != NULL)
			return false;
	return true;
}

static void put_recognise(const struct drafting *d)
{
	size_t n = 0;
	wg_buf_puts(d->out, "\t<recognise");
	put_titles(d);
	wg_buf_puts(d->out, " labels=\"");
	for (int pass = 0; pass < 2 && n == 0; pass++) /* where other maps know all labels, the first must do */
		for (size_t i = 0; i < d->count && n < SIGNATURES_MAX; i++) {
			bool said = false;
			for (size_t k = 0; k < i && !said; k++)
				said = strcmp(d->lines[k].label, d->lines[i].label) == 0;
			if (said || (pass == 0 && !marks(d, d->lines[i].label)))
				continue;
			wg_buf_puts(d->out, n++ > 0 ? " | " : "");
			wg_buf_put_xml(d->out, d->lines[i].label, strlen(d->lines[i].label));
		}
	wg_buf_puts(d->out, "\"/>\n\n");
}

static void put_all(const struct drafting *d, const char *id)
{
	const char *wants = wg_schema_requires(d->maps->schema, d->form.kind);
	wg_buf_puts(
		d->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!-- Drafted from an example form. Read every line: \"sure\" and \"likely\" were not seen by a person. Put a "
		"place\n"
		"     into the lines that are comments and take their signs away; name in recognise what only this form has.\n"
		"     wardgate map test shows what becomes of each box. adapters/maps/README.md says the rest.");
	if (wants != NULL)
		wg_buf_printf(d->out, "\n     The kind wants: %s", wants);
	if (d->left_out > 0)
		wg_buf_printf(d->out, "\n     Left out, because they may be answers rather than questions: %zu labels.",
		              d->left_out);
	wg_buf_puts(d->out, " -->\n<map xmlns=\"urn:wardgate:map:1\"");
	put(d->out, "id", id);
	put(d->out, "kind", d->form.kind);
	wg_buf_puts(d->out, ">\n");
	put_recognise(d);
	for (size_t i = 0; i < d->count; i++)
		put_line(d, i);
	wg_buf_puts(d->out, "</map>\n");
}

enum wg_code wg_map_draft(const struct wg_maps *maps, const struct wg_fields *fields, const char *kind, const char *id,
                          struct wg_buf *out, struct wg_err *err)
{
	struct drafting d = { .maps = maps, .fields = fields, .form = { .kind = kind }, .out = out };
	char why[160];
	if (wg_schema_body(maps->schema, kind) == NULL)
		return wg_err_set(err, WG_CONFIG, "\"%s\" is not a kind of notice; did you mean \"%s\"?", kind,
		                  wg_schema_kind_nearest(maps->schema, kind));
	if (fields->count == 0)
		return wg_err_set(err, WG_REJECT, "no labelled boxes were found in the form: there is nothing to draft from");
	WG_AUTO_FREE struct drafted *lines = calloc(fields->count, sizeof *lines);
	if (lines == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a draft");
	d.lines = lines;
	d.form.prefer = wg_maps_choose(maps, fields, why, sizeof why);
	enum wg_code code = wg_draft_words_load(&d.words, maps, fields, err);
	for (size_t i = 0; i < fields->count && code == WG_OK; i++)
		draft_line(&d, &fields->fields[i]);
	if (code == WG_OK)
		put_all(&d, id);
	wg_draft_words_free(&d.words);
	return code == WG_OK ? wg_buf_check(out, "draft", err) : code;
}
