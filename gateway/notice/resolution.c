/* resolution.c owns the text of resolutions: reading, writing, and the template that a person fills in.
 * SECURITY: the text comes from an operator, the labels in a template from a stranger's document: they are written
 * as comments on one line. */
#include "notice/resolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/map_internal.h"
#include "notice/resolution_internal.h"
#include "notice/value.h"

/* One logical line: continuation lines joined, blanks at both ends gone. */
struct line {
	const char *name;
	int number;
	char *text;
};

static enum wg_code complain(const struct line *line, const char *what, struct wg_err *err)
{
	return wg_err_set(err, WG_REJECT, "%s:%d: %s", line->name, line->number, what);
}

static char *trim(char *s)
{
	s += strspn(s, " \t\r\n");
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		n--;
	s[n] = '\0';
	return s;
}

static struct wg_resolution_line *grow(struct wg_resolution *r)
{
	struct wg_resolution_line *list = reallocarray(r->lines, r->count + 1, sizeof *list);
	if (list == NULL)
		return NULL;
	r->lines = list;
	list[r->count] = (struct wg_resolution_line){ 0 };
	return &list[r->count++];
}

static bool is_path(const char *s)
{
	return s[0] >= 'a' && s[0] <= 'z' && strlen(s) < WG_MAP_TO_MAX &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz-/@[]+") == strlen(s);
}

/* "12 -> missing/other (Label)" or "12 is read (Label)", behind the word field. */
static enum wg_code read_field_line(const struct line *line, char *rest, struct wg_resolution *r, struct wg_err *err)
{
	uint64_t number;
	size_t digits = strspn(rest, "0123456789");
	char *words = rest + digits, *label = strchr(words, '('), *close = label != NULL ? strrchr(label, ')') : NULL;
	char count[8] = "";
	if (digits == 0 || digits >= sizeof count)
		return complain(line, "say which field: \"field 12 -> PLACE\" or \"field 12 is read\"", err);
	memcpy(count, rest, digits);
	struct wg_resolution_line *l = grow(r);
	if (l == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	l->line = line->number;
	if (!wg_num_parse(count, 1, WG_LIMIT_FIELDS, &number))
		return complain(line, "there is no such field", err);
	l->field = (unsigned)number;
	if (close != NULL) {
		*close = '\0';
		*label++ = '\0';
		if ((l->label = strdup(trim(label))) == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	}
	words = trim(words);
	if (strcmp(words, "is read") == 0) {
		l->what = WG_RESOLVED_READ;
		return WG_OK;
	}
	l->what = WG_RESOLVED_MOVED;
	if (strncmp(words, "->", 2) != 0 || !is_path(trim(words + 2)))
		return complain(line, "say where it goes (\"field 12 -> missing/other\"), or \"field 12 is read\"", err);
	l->to = strdup(trim(words + 2));
	return l->to != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
}

/* "place = value", or one of our own words before the sign. */
static enum wg_code read_set_line(const struct line *line, char *text, char *sign, struct wg_resolution *r,
                                  struct wg_err *err)
{
	*sign = '\0';
	char *to = trim(text), *value = trim(sign + 1);
	if (value[0] == '\0')
		return complain(line, "write a value behind the =, or \"not known\"", err);
	if (strcmp(to, "kind") == 0) {
		if (!wg_name_valid(value))
			return complain(line, "that is not a kind of notice; wardgate schema doc lists them", err);
		(void)snprintf(r->kind, sizeof r->kind, "%s", value);
		return WG_OK;
	}
	if (strcmp(to, "sender") == 0) {
		if (!wg_name_valid(value))
			return complain(line, "name the organisation that sent it by its id in the directory", err);
		(void)snprintf(r->sender, sizeof r->sender, "%s", value);
		return WG_OK;
	}
	if (strcmp(to, "return") == 0) {
		free(r->give_back);
		r->give_back = strdup(value);
		return r->give_back != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	}
	if (!is_path(to))
		return complain(line, "before the = stands no place of a notice; wardgate schema paths lists them", err);
	struct wg_resolution_line *l = grow(r);
	if (l == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	l->what = WG_RESOLVED_SET;
	l->line = line->number;
	l->to = strdup(to);
	l->value = strdup(value);
	return l->to != NULL && l->value != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
}

static enum wg_code read_line(const struct line *line, struct wg_resolution *r, struct wg_err *err)
{
	static const char same[] = "same child as ";
	char *text = line->text, *sign;
	if (strncmp(text, "field", 5) == 0 && (text[5] == ' ' || text[5] == '\t'))
		return read_field_line(line, trim(text + 5), r, err);
	if (strcmp(text, "text is read") == 0) {
		r->text_read = true;
	} else if (strcmp(text, "new child") == 0) {
		r->new_child = true;
	} else if (strcmp(text, "new episode") == 0) {
		r->new_episode = true;
	} else if (strncmp(text, same, sizeof same - 1) == 0) {
		char *id = trim(text + sizeof same - 1);
		if (!wg_id_valid(id))
			return complain(line, "name the other message by its id (26 characters)", err);
		(void)snprintf(r->same_child, sizeof r->same_child, "%s", id);
	} else if ((sign = strchr(text, '=')) != NULL) {
		return read_set_line(line, text, sign, r, err);
	} else {
		return complain(line, "not understood; write \"PLACE = value\", \"field 12 -> PLACE\" or \"field 12 is read\"",
		                err);
	}
	return WG_OK;
}

/* The next line that says something, with those below it that begin with blanks. *at moves behind it. */
static bool next_line(const char **at, int *number, struct line *line, struct wg_buf *text)
{
	const char *p = *at;
	wg_buf_reset(text);
	while (*p != '\0') {
		size_t n = strcspn(p, "\n");
		bool more = text->len > 0 && (p[0] == ' ' || p[0] == '\t') && strspn(p, " \t\r") < n;
		if (text->len > 0 && !more)
			break;
		++*number;
		if (more || (p[0] != '#' && strspn(p, " \t\r") < n)) {
			if (text->len == 0)
				line->number = *number;
			else
				wg_buf_putc(text, '\n');
			size_t skip = more ? strspn(p, " \t") : 0;
			wg_buf_put(text, p + skip, n - skip);
		}
		p += n + (p[n] == '\n');
	}
	*at = p;
	line->text = text->len > 0 ? trim((char *)(uintptr_t)wg_buf_text(text)) : NULL;
	return line->text != NULL;
}

enum wg_code wg_resolution_parse(const char *text, size_t len, const char *name, struct wg_resolution **out,
                                 struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(WG_RESOLUTION_MAX + 1), one = WG_BUF(WG_RESOLUTION_MAX + 1);
	WG_AUTO_RESOLUTION struct wg_resolution *r = calloc(1, sizeof *r);
	struct line line = { .name = name };
	int number = 0;
	if (r == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a resolution");
	if (memchr(text, '\0', len) != NULL || !wg_utf8_valid(text, len))
		return wg_err_set(err, WG_REJECT, "%s: is not UTF-8 text", name);
	wg_buf_put(&all, text, len);
	enum wg_code code = wg_buf_check(&all, name, err);
	const char *at = wg_buf_text(&all);
	while (code == WG_OK && next_line(&at, &number, &line, &one)) {
		code = wg_buf_check(&one, name, err);
		if (code == WG_OK)
			code = read_line(&line, r, err);
	}
	if (code == WG_OK && r->new_child && r->same_child[0] != '\0')
		code = wg_err_set(err, WG_REJECT, "%s: it says both \"new child\" and \"same child as\"", name);
	wg_buf_wipe(&all);
	wg_buf_wipe(&one);
	if (code == WG_OK)
		*out = wg_steal(&r);
	return code;
}

void wg_resolution_freep(struct wg_resolution **resolution)
{
	struct wg_resolution *r = *resolution;
	*resolution = NULL;
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->lines[i].label);
		free(r->lines[i].to);
		free(r->lines[i].value);
	}
	free(r->lines);
	free(r->give_back);
	free(r);
}

/* On one line, so that a label or a value never ends the line it stands on. */
static void put_flat(struct wg_buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		wg_buf_putc(out, *s == '\n' || *s == '\r' || *s == '\t' ? ' ' : *s);
}

/* A value of several lines: every further one begins with blanks. */
static void put_value(struct wg_buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			wg_buf_puts(out, "\n    ");
		else if (*s != '\r')
			wg_buf_putc(out, *s);
	}
}

static void put_label(struct wg_buf *out, const struct wg_resolution_line *l, const struct wg_fields *fields)
{
	const char *label = l->label;
	if (label == NULL && l->field <= fields->count)
		label = fields->fields[l->field - 1].label;
	if (label == NULL)
		return;
	wg_buf_puts(out, " (");
	put_flat(out, label);
	wg_buf_putc(out, ')');
}

void wg_resolution_write(const struct wg_resolution *resolution, const struct wg_fields *fields, struct wg_buf *out)
{
	const struct wg_resolution *r = resolution;
	if (r->sender[0] != '\0')
		wg_buf_printf(out, "sender = %s\n", r->sender);
	if (r->kind[0] != '\0')
		wg_buf_printf(out, "kind = %s\n", r->kind);
	for (size_t i = 0; i < r->count; i++) {
		const struct wg_resolution_line *l = &r->lines[i];
		if (l->what == WG_RESOLVED_SET) {
			wg_buf_printf(out, "%s = ", l->to);
			put_value(out, l->value);
		} else {
			wg_buf_printf(out, l->what == WG_RESOLVED_READ ? "field %u is read" : "field %u -> ", l->field);
			wg_buf_puts(out, l->what == WG_RESOLVED_READ ? "" : l->to);
			put_label(out, l, fields);
		}
		wg_buf_putc(out, '\n');
	}
	wg_buf_puts(out, r->text_read ? "text is read\n" : "");
	wg_buf_puts(out, r->new_child ? "new child\n" : "");
	wg_buf_puts(out, r->new_episode ? "new episode\n" : "");
	if (r->same_child[0] != '\0')
		wg_buf_printf(out, "same child as %s\n", r->same_child);
	if (r->give_back != NULL) {
		wg_buf_puts(out, "return = ");
		put_value(out, r->give_back);
		wg_buf_putc(out, '\n');
	}
}

/* ---- the template */

static void put_field_question(const struct wg_resolving *r, size_t i, bool values, struct wg_buf *out)
{
	const struct wg_placement *p = &r->report->placements[i];
	wg_buf_printf(out, "\n# Field %zu (", i + 1);
	put_flat(out, p->at);
	wg_buf_puts(out, "), \"");
	put_flat(out, p->label);
	wg_buf_printf(out, "\": %s.\n", p->note[0] != '\0' ? p->note : "not placed");
	if (values) {
		wg_buf_puts(out, "#   It says: ");
		put_flat(out, p->what != WG_NOT_CARRIED ? r->fields->fields[i].value : "(not shown)");
		wg_buf_putc(out, '\n');
	}
	if (p->to[0] != '\0' && strchr(p->to, ' ') == NULL)
		wg_buf_printf(out, "#%s = \n", p->to);
	wg_buf_printf(out, "#field %zu -> \n#field %zu is read\n", i + 1, i + 1);
}

void wg_resolution_template(const struct wg_resolving *r, const struct wg_notice *notice, bool values, bool sender,
                            struct wg_buf *out)
{
	wg_buf_puts(out,
	            "# Take the # away from one line of each question, and complete it. \"not known\" is an answer.\n"
	            "# Places: wardgate schema paths. A value of several lines: begin the further ones with a blank.\n");
	if (sender)
		wg_buf_puts(
			out, "\n# It is not certain who sent this: anybody can write any name into a mail. Ask the organisation\n"
				 "# that it seems to come from, by a number that you know and not by one in the mail; then name it\n"
				 "# by its id in the directory (sender = derbyshire-police).\n#sender = \n");
	if (notice == NULL)
		wg_buf_puts(out, "\n# No map knew this form: which kind of notice is it?\n#kind = \n");
	for (size_t i = 0; r->report != NULL && i < r->report->count; i++)
		if (wg_resolution_needs(r, i))
			put_field_question(r, i, values, out);
	if (r->report == NULL || r->report->prose > 0) {
		wg_buf_puts(out, "\n# There are words outside any field.\n");
		for (const char *line = values && r->fields->text != NULL ? r->fields->text : ""; *line != '\0';) {
			size_t n = strcspn(line, "\n");
			WG_AUTO_FREE char *one = strndup(line, n);
			wg_buf_printf(out, "#   %s\n", one == NULL || wg_value_secret(one) ? "(not shown)" : one);
			line += n + (line[n] == '\n');
		}
		wg_buf_puts(out, "#text is read\n");
	}
	const char *missing = r->report != NULL ? r->report->missing : "";
	if (missing[0] != '\0')
		wg_buf_puts(out, "\n# Needed for a notice of this kind, and not there (a|b: one of them is enough):\n");
	for (size_t n; *missing != '\0'; missing += n + (missing[n] == ' ')) {
		n = strcspn(missing, " ");
		wg_buf_puts(out, "#");
		wg_buf_put(out, missing, n);
		wg_buf_puts(out, " = \n");
	}
}
