/* people.c owns what the commands share that speak about one child: naming it, and times and words for people.
 * SECURITY: what is printed comes from documents of strangers and from other people's hands: no control characters to a
 * terminal, no markup into a page. */
#include "cli/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/value.h"
#include "policy/reasons.h"
#include "role/child_ref.h"
#include "sys/file.h"

#define DAY_MS INT64_C(86400000)
/* A name and a date, typed. */
#define TYPED_MAX 1024

/* ---- the child */

static enum wg_code read_line(struct wg_buf *line, struct wg_err *err)
{
	enum wg_code code = wg_file_read("-", line, err);
	if (code == WG_LIMIT)
		return wg_err_set(err, WG_REJECT, "--child -: one line was expected on standard input");
	if (code == WG_OK && line->len > 0)
		line->data[strcspn((const char *)line->data, "\r\n")] = '\0';
	return code;
}

enum wg_code wg_people_child(const struct wg_process *process, struct wg_admin *admin, const char *typed,
                             uint64_t *child, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF(TYPED_MAX);
	struct wg_child_ref ref = { 0 };
	enum wg_code code = WG_OK;
	if (strcmp(typed, "-") == 0) {
		code = read_line(&line, err);
		typed = wg_buf_text(&line);
	}
	if (code == WG_OK)
		code = wg_child_ref_read(typed, process->directory, &process->lookup_key, wg_clock_now() / DAY_MS, &ref, err);
	if (code == WG_OK)
		code = wg_child_ref_find(&ref, admin->client, child, err);
	wg_child_ref_free(&ref);
	wg_buf_wipe(&line);
	return code;
}

/* ---- times */

const char *wg_people_stamp(const char *rfc3339, char *out)
{
	int64_t ms;
	out[0] = '\0';
	return wg_clock_parse(rfc3339, &ms) ? wg_clock_words(ms, out) : out;
}

bool wg_people_day(const char *typed, int64_t latest, char out[11])
{
	return wg_value_date(typed, latest, out);
}

bool wg_people_moment(const char *typed, int64_t latest, int64_t *out)
{
	struct wg_value_when when;
	if (wg_clock_parse(typed, out))
		return true;
	return wg_value_when(typed, latest, &when) && wg_clock_parse(when.value, out);
}

/* ---- words */

const char *wg_people_text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s != NULL ? s : "";
}

void wg_people_words(size_t indent, const char *words, struct wg_buf *out)
{
	size_t size = strlen(words) * 4 + 1;
	WG_AUTO_FREE char *line = strdup(words), *safe = malloc(size);
	if (line == NULL || safe == NULL) {
		wg_buf_fail(out);
		return;
	}
	for (char *p = line; *p != '\0'; p++)
		if (strchr("\n\r\t", *p) != NULL)
			*p = ' ';
	wg_reasons_wrap(indent, wg_defang(line, safe, size), out);
	wg_wipe(line, strlen(line));
	wg_wipe(safe, size);
}

void wg_people_html(const char *words, struct wg_buf *out)
{
	wg_buf_put_xml(out, words, strlen(words));
}

void wg_people_page(const char *title, struct wg_buf *out)
{
	wg_buf_puts(out,
	            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"UTF-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width\">\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	            "img-src data:\">\n<title>");
	wg_people_html(title, out);
	wg_buf_puts(
		out, "</title>\n<style>\n"
			 "body { font: 1rem/1.5 Arial, Helvetica, sans-serif; color: #0b0c0c; background: #fff; margin: 1.5rem; }\n"
			 "h1 { font-size: 1.75rem; } h2 { font-size: 1.25rem; margin-top: 2rem; }\n"
			 "table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }\n"
			 "caption { text-align: left; font-weight: bold; padding: 0.5rem 0; }\n"
			 "th, td { border-bottom: 1px solid #505a5f; padding: 0.35rem 0.75rem 0.35rem 0; text-align: left; "
			 "vertical-align: top; overflow-wrap: anywhere; }\n"
			 "td.words { white-space: pre-wrap; } th[scope=row] { width: 30%; }\n"
			 "tr.withheld > * { background: #f3f2f1; } .mark { font-weight: bold; color: #942514; }\n"
			 ".sides { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; }\n"
			 "@media (max-width: 60rem) { .sides { display: block; } }\n"
			 "@media print { body { margin: 0; font-size: 10pt; } section, tr { break-inside: avoid; } }\n"
			 "</style>\n</head>\n<body>\n");
}

char *wg_people_list(const char *typed)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)4096);
	wg_buf_puts(&out, "");
	for (const char *p = typed; *p != '\0';) {
		p += strspn(p, ", \t");
		size_t n = strcspn(p, ", \t");
		if (n > 0 && out.len > 0)
			wg_buf_putc(&out, ' ');
		wg_buf_put(&out, p, n);
		p += n;
	}
	return out.failed ? NULL : out.len > 0 ? wg_buf_steal(&out) : strdup("");
}
