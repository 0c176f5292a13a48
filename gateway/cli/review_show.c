/* review_show.c owns how copy and original are shown beside each other, for a terminal and for programs.
 * SECURITY: words of strangers: nothing of them may steer the terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/review.h"

/* Columns of a terminal from which on two texts beside each other can be read. */
#define WIDE 120

const char *wg_review_missing(const struct wg_review_line *line, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned c = 0; c < wg_category_count(); c++) {
		if ((line->missing >> c & 1) == 0)
			continue;
		int n = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", wg_category_name(c));
		if (n < 0 || (size_t)n >= size - used)
			break; /* cut: the first say enough */
		used += (size_t)n;
	}
	return out;
}

const char *wg_review_value(const struct wg_review_line *line)
{
	return strcmp(line->path, "attachment") == 0 ? "(a picture)" : line->value;
}

bool wg_review_override(const json_t *record, size_t *at, struct wg_buf *out)
{
	const json_t *reasons = json_object_get(record, "reasons");
	while (*at < json_array_size(reasons) && !json_is_true(json_object_get(json_array_get(reasons, *at), "override")))
		++*at;
	const json_t *r = json_array_get(reasons, *at);
	if (r == NULL)
		return false;
	wg_buf_printf(out, "consent, which is %s: %s by rule %s", wg_people_text(r, "consent"),
	              wg_people_text(r, "category"), wg_people_text(r, "rule"));
	if (wg_people_text(r, "source")[0] != '\0')
		wg_buf_printf(out, " (%s)", wg_people_text(r, "source"));
	if (wg_people_text(r, "kept_back")[0] != '\0')
		wg_buf_printf(out, "; %s would have kept it back", wg_people_text(r, "kept_back"));
	return true;
}

/* ---- text */

/* What the copy says, and what the original says, line by line; each is wrapped in its column or in the whole width. */
static enum wg_code put_line(void *arg, const struct wg_review_line *line, struct wg_err *err)
{
	struct wg_buf *out = arg;
	char missing[512];
	const char *value = wg_review_value(line);
	(void)err;
	wg_buf_printf(out, "%s%s: ", line->missing != 0 ? "- " : "  ", line->path);
	for (const char *p = value; *p != '\0'; p++)
		wg_buf_putc(out, *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : *p);
	if (line->missing != 0)
		wg_buf_printf(out, " [not shared: %s]", wg_review_missing(line, missing, sizeof missing));
	wg_buf_putc(out, '\n');
	return WG_OK;
}

/* Bytes of the first n characters of UTF-8, or of all up to end. */
static size_t bytes_of(const char *s, size_t len, size_t n)
{
	size_t i = 0;
	for (; i < len; i++)
		if (((unsigned char)s[i] & 0xC0) != 0x80 && n-- == 0)
			break;
	return i;
}

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

/* The next piece of a text that fits into width, broken at a line end, or at a blank; where to go on. */
static const char *piece(const char *text, size_t width, size_t *len)
{
	size_t line = strcspn(text, "\n"), fits = bytes_of(text, line, width), n = fits;
	if (fits < line) {
		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			n = fits;
		*len = n;
		return text + n + (text[n] == ' ');
	}
	*len = line;
	return text + line + (text[line] == '\n');
}

static void beside(struct wg_buf *out, const char *left, const char *right, size_t width)
{
	while (*left != '\0' || *right != '\0') {
		size_t l, r;
		const char *l_next = piece(left, width, &l), *r_next = piece(right, width, &r);
		wg_buf_put(out, left, l);
		wg_buf_printf(out, "%*s |%s", (int)(width - characters(left, l)), "", r > 0 ? " " : "");
		wg_buf_put(out, right, r);
		wg_buf_putc(out, '\n');
		left = l_next;
		right = r_next;
	}
}

/* Without anything that steers a terminal, lines kept; the caller frees. */
static char *shown(const char *text)
{
	size_t size = strlen(text) * 4 + 1, used = 0;
	char *out = calloc(size, 1);
	while (out != NULL && *text != '\0') {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);
		if (line == NULL) {
			free(out);
			return NULL;
		}
		used += strlen(wg_defang(line, out + used, size - used));
		wg_wipe(line, n);
		free(line);
		text += n;
		if (*text == '\n') {
			out[used++] = '\n';
			text++;
		}
	}
	if (out != NULL)
		out[used] = '\0';
	return out;
}

static void put_labelled(struct wg_buf *out, const char *label, const char *words)
{
	if (words[0] == '\0')
		return;
	wg_buf_printf(out, "  %-8s ", label);
	wg_people_words(11, words, out);
}

static void put_found(const json_t *record, struct wg_buf *out)
{
	const json_t *found = json_object_get(record, "found");
	if (json_array_size(found) == 0)
		return;
	wg_buf_puts(out, "  the search of its text found what may be of somebody else, or must stay confidential:\n");
	for (size_t i = 0; i < json_array_size(found); i++) {
		const json_t *one = json_array_get(found, i);
		WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
		wg_buf_printf(&line, "%s at %s", wg_people_text(one, "what"), wg_people_text(one, "place"));
		wg_buf_puts(out, "    ");
		wg_people_words(6, wg_buf_text(&line), out);
	}
}

static void put_overrides(const json_t *record, struct wg_buf *out)
{
	for (size_t i = 0;; i++) {
		WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
		if (!wg_review_override(record, &i, &line))
			return;
		put_labelled(out, "against", wg_buf_text(&line));
	}
}

static void put_head(const struct wg_reviewing *r, struct wg_buf *out)
{
	const struct wg_row *row = &r->row;
	int64_t now = wg_clock_now();
	char due[64], persons[160];
	wg_buf_printf(out, "%s of message %s: %s to %s/%s, as %s%s%s, by %s: %s\n", row->id, row->message,
	              row->kind[0] != '\0' ? row->kind : "notice", row->organisation, row->desk, row->role,
	              row->of[0] != '\0' ? " of " : "", row->of, row->channel, row->state);
	if (strcmp(row->state, "review") == 0) {
		put_labelled(out, "why", row->reason);
		put_labelled(out, "due", wg_review_due(row, now, due, sizeof due));
		put_labelled(out, "decides", wg_review_persons(row, persons, sizeof persons));
	}
	put_overrides(r->record, out);
	if (strcmp(row->state, "review") == 0 && wg_people_text(r->record, "escalate")[0] != '\0')
		wg_buf_printf(out, "  when it is overdue, %s is told\n", wg_people_text(r->record, "escalate"));
	put_found(r->record, out);
}

enum wg_code wg_review_text(struct wg_reviewing *r, unsigned columns, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf copy = WG_BUF(WG_LIMIT_READER_OUTPUT), original = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_render_text(r->review.copy, &copy, err);
	if (code == WG_OK)
		code = wg_review_each(&r->review, put_line, &original, err);
	if (code == WG_OK)
		code = wg_buf_check(&original, "original", err);
	WG_AUTO_FREE char *left = code == WG_OK ? shown(wg_buf_text(&copy)) : NULL;
	WG_AUTO_FREE char *right = code == WG_OK ? shown(wg_buf_text(&original)) : NULL;
	wg_buf_wipe(&copy);
	wg_buf_wipe(&original);
	if (code != WG_OK)
		return code;
	if (left == NULL || right == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a review");
	put_head(r, out);
	if (columns >= WIDE) {
		size_t width = (columns - 3) / 2;
		wg_buf_putc(out, '\n');
		beside(out, "WHAT THE RECIPIENT WOULD SEE", "THE ORIGINAL (- stays behind)", width);
		beside(out, left, right, width);
	} else {
		wg_buf_printf(out, "\nWHAT THE RECIPIENT WOULD SEE\n\n%s\nTHE ORIGINAL (- stays behind)\n\n%s", left, right);
	}
	wg_wipe(left, strlen(left));
	wg_wipe(right, strlen(right));
	return WG_OK;
}

/* ---- JSON */

struct listing {
	struct wg_buf *out;
	bool more;
};

static enum wg_code put_line_json(void *arg, const struct wg_review_line *line, struct wg_err *err)
{
	struct listing *l = arg;
	const char *between = "";
	(void)err;
	wg_buf_puts(l->out, l->more ? "," : "");
	l->more = true;
	wg_buf_printf(l->out, "{\"place\":\"%s\",\"category\":\"%s\",\"value\":", line->path,
	              wg_category_name(line->category));
	wg_buf_put_json(l->out, line->value);
	wg_buf_puts(l->out, ",\"not-shared\":[");
	for (unsigned c = 0; c < wg_category_count(); c++)
		if ((line->missing >> c & 1) != 0) {
			wg_buf_printf(l->out, "%s\"%s\"", between, wg_category_name(c));
			between = ",";
		}
	wg_buf_puts(l->out, "]}");
	return WG_OK;
}

enum wg_code wg_review_json(struct wg_reviewing *r, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf copy = WG_BUF(WG_LIMIT_MESSAGE);
	struct listing listing = { .out = out };
	char *record = json_dumps(r->record, JSON_COMPACT);
	enum wg_code code = wg_notice_serialise(r->review.copy, &copy, err);
	if (code == WG_OK && record != NULL) {
		wg_buf_printf(
			out,
			"{\"id\":\"%s\",\"message\":\"%s\",\"organisation\":\"%s\",\"desk\":\"%s\",\"state\":\"%s\",\"record\":",
			r->row.id, r->row.message, r->row.organisation, r->row.desk, r->row.state);
		wg_buf_puts(out, record);
		wg_buf_puts(out, ",\"copy\":");
		wg_buf_put_json(out, wg_buf_text(&copy));
		wg_buf_puts(out, ",\"original\":[");
		code = wg_review_each(&r->review, put_line_json, &listing, err);
		wg_buf_puts(out, "]}\n");
	} else if (code == WG_OK) {
		code = wg_err_set(err, WG_SYSTEM, "no memory for a review");
	}
	free(record);
	wg_buf_wipe(&copy);
	return code;
}
