/* review_page.c owns the page that has copy and original side by side.
 * SECURITY: words of strangers in a page: every one is escaped, no script runs, nothing is fetched. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/review.h"

static void put_fact(struct wg_buf *out, const char *label, const char *words)
{
	if (words[0] == '\0')
		return;
	wg_buf_printf(out, "<tr><th scope=\"row\">%s</th><td>", label);
	wg_people_html(words, out);
	wg_buf_puts(out, "</td></tr>\n");
}

static void put_head(const struct wg_reviewing *r, struct wg_buf *out)
{
	char due[64], persons[160];
	WG_AUTO_BUF struct wg_buf whom = WG_BUF((size_t)1024);
	wg_buf_printf(&whom, "%s/%s, as %s%s%s", r->row.organisation, r->row.desk, r->row.role,
	              r->row.of[0] != '\0' ? " of " : "", r->row.of);
	wg_buf_puts(out, "<h1>What one recipient would see</h1>\n<table>\n<caption>The delivery</caption>\n");
	put_fact(out, "Delivery", r->row.id);
	put_fact(out, "Message", r->row.message);
	put_fact(out, "Kind", r->row.kind);
	put_fact(out, "To", wg_buf_text(&whom));
	put_fact(out, "State", r->row.state);
	for (size_t i = 0;; i++) {
		WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
		if (!wg_review_override(r->record, &i, &line))
			break;
		put_fact(out, "Against", wg_buf_text(&line));
	}
	if (strcmp(r->row.state, "review") == 0) {
		put_fact(out, "Why it waits", r->row.reason);
		put_fact(out, "Due", wg_review_due(&r->row, wg_clock_now(), due, sizeof due));
		put_fact(out, "Who must decide", wg_review_persons(&r->row, persons, sizeof persons));
	}
	wg_buf_puts(out, "</table>\n");
}

static void put_found(const json_t *record, struct wg_buf *out)
{
	const json_t *found = json_object_get(record, "found");
	if (json_array_size(found) == 0)
		return;
	wg_buf_puts(out, "<table>\n<caption>The search of its text found what may be of somebody else, or must stay "
	                 "confidential</caption>\n<tr><th scope=\"col\">What</th><th scope=\"col\">Where</th></tr>\n");
	for (size_t i = 0; i < json_array_size(found); i++) {
		wg_buf_puts(out, "<tr><td>");
		wg_people_html(wg_people_text(json_array_get(found, i), "what"), out);
		wg_buf_puts(out, "</td><td>");
		wg_people_html(wg_people_text(json_array_get(found, i), "place"), out);
		wg_buf_puts(out, "</td></tr>\n");
	}
	wg_buf_puts(out, "</table>\n");
}

static enum wg_code put_row(void *arg, const struct wg_review_line *line, struct wg_err *err)
{
	struct wg_buf *out = arg;
	char missing[512];
	(void)err;
	wg_buf_printf(out, "<tr%s><th scope=\"row\">%s</th><td class=\"words\">",
	              line->missing != 0 ? " class=\"withheld\"" : "", line->path);
	wg_people_html(wg_review_value(line), out);
	if (line->missing != 0)
		wg_buf_printf(out, " <span class=\"mark\">[not shared: %s]</span>",
		              wg_review_missing(line, missing, sizeof missing));
	wg_buf_puts(out, "</td></tr>\n");
	return WG_OK;
}

/* What stands in the body of the page that the recipient gets; the style is this page's own. */
static enum wg_code put_copy(struct wg_reviewing *r, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf page = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_render_html(r->review.copy, &page, err);
	const char *body = code == WG_OK ? strstr(wg_buf_text(&page), "<body") : NULL;
	const char *start = body != NULL ? strchr(body, '>') : NULL, *end = NULL;
	for (const char *p = start; p != NULL && (p = strstr(p, "</body>")) != NULL; p++)
		end = p;
	if (code == WG_OK && end == NULL)
		code = wg_err_set(err, WG_CONFIG, "a copy was rendered without a body");
	if (code == WG_OK)
		wg_buf_put(out, start + 1, (size_t)(end - start - 1));
	wg_buf_wipe(&page);
	return code;
}

enum wg_code wg_review_html(struct wg_reviewing *r, struct wg_buf *out, struct wg_err *err)
{
	wg_people_page("What one recipient would see", out);
	wg_buf_puts(out, "<main>\n");
	put_head(r, out);
	put_found(r->record, out);
	wg_buf_puts(out, "<div class=\"sides\">\n<section aria-labelledby=\"copy\">\n<h2 id=\"copy\">The copy, as the "
	                 "recipient would see it</h2>\n");
	enum wg_code code = put_copy(r, out, err);
	wg_buf_puts(out,
	            "\n</section>\n<section aria-labelledby=\"original\">\n<h2 id=\"original\">The whole original</h2>\n"
	            "<table>\n<caption>Every place of the notice; what stays behind is marked</caption>\n"
	            "<tr><th scope=\"col\">Place</th><th scope=\"col\">What it says</th></tr>\n");
	if (code == WG_OK)
		code = wg_review_each(&r->review, put_row, out, err);
	wg_buf_puts(out, "</table>\n</section>\n</div>\n</main>\n</body>\n</html>\n");
	return code;
}
