/* ask.c owns the words by which a copy asks to be confirmed. They stand first, so that whoever opens the mail sees them
 * and every way of quoting keeps the code; answer.c of the readers finds it again. */
#include "role/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void wg_ask_link(const char *url, const char *token, struct wg_buf *out)
{
	size_t n = strlen(url);
	wg_buf_printf(out, "%s%s%s", url, n > 0 && url[n - 1] == '/' ? "" : "/", token);
}

void wg_ask_text(const struct wg_ask *ask, struct wg_buf *out)
{
	char when[WG_CLOCK_WORDS];
	bool link = ask->url[0] != '\0';
	wg_buf_puts(out, "PLEASE CONFIRM THAT YOU HAVE THIS NOTICE\n");
	if (ask->until > 0)
		wg_buf_printf(out, "By %s. After that somebody else is told.\n", wg_clock_words(ask->until, when));
	if (ask->reply)
		wg_buf_puts(out, "\n  Reply to this message and type your name on the first line. Leave the code below\n"
		                 "  in the reply; nothing else is needed. If your mail program does not encrypt the\n"
		                 "  reply, delete the notice from it and leave only the code.\n");
	if (link) {
		wg_buf_printf(out, "\n  %s this page, and enter your name:\n  ", ask->reply ? "Or open" : "Open");
		wg_ask_link(ask->url, ask->token, out);
		wg_buf_putc(out, '\n');
	}
	if (ask->reply)
		wg_buf_printf(out,
		              "\n  Code: %s\n\n  Is it not for you? Reply with \"not for us\" on the first line, and why.\n",
		              ask->token);
	if (ask->reference[0] != '\0')
		wg_buf_printf(out, "\n  Our reference: %s\n", ask->reference);
	wg_buf_puts(out, "\n  Questions: ");
	wg_buf_puts(out, ask->ask_whom);
	wg_buf_printf(out, "%s%s\n\n", ask->telephone[0] != '\0' ? ", telephone " : "", ask->telephone);
}

/* A line of the page; words are already safe. */
static void open_line(struct wg_buf *out)
{
	wg_buf_puts(out, "<p style=\"margin: 0 0 8px; font-size: 16px;\">");
}

static void put_page(const struct wg_ask *ask, struct wg_buf *out)
{
	static const char *const close = "</p>";
	char when[WG_CLOCK_WORDS];
	wg_buf_puts(out,
	            "<div style=\"margin: 0 0 16px; padding: 12px 16px; max-width: 720px; border: 3px solid #1d3557;\">"
	            "<p style=\"margin: 0 0 8px; font-size: 20px; font-weight: bold;\">Please confirm that you have "
	            "this notice</p>");
	if (ask->until > 0) {
		open_line(out);
		wg_buf_printf(out, "By <b>%s</b>. After that somebody else is told.%s", wg_clock_words(ask->until, when),
		              close);
	}
	if (ask->reply) {
		open_line(out);
		wg_buf_printf(out,
		              "Reply to this message and type your name on the first line. Leave the code below in the reply; "
		              "nothing else is needed. If your mail program does not encrypt the reply, delete the notice "
		              "from it and leave only the code.%s",
		              close);
	}
	if (ask->url[0] != '\0') {
		struct wg_buf link WG_AUTO_BUF = WG_BUF(2048);
		wg_ask_link(ask->url, ask->token, &link);
		open_line(out);
		wg_buf_puts(out, ask->reply ? "Or open <a href=\"" : "Open <a href=\"");
		wg_buf_put_xml(out, wg_buf_text(&link), link.len);
		wg_buf_printf(out, "\">this page</a> and enter your name.%s", close);
		wg_buf_wipe(&link);
	}
	if (ask->reply) {
		open_line(out);
		wg_buf_printf(out, "Code: %s%s", ask->token, close);
		open_line(out);
		wg_buf_printf(out, "Is it not for you? Reply with \"not for us\" on the first line, and why.%s", close);
	}
	if (ask->reference[0] != '\0') {
		open_line(out);
		wg_buf_printf(out, "Our reference: %s%s", ask->reference, close);
	}
	open_line(out);
	wg_buf_puts(out, "Questions: ");
	wg_buf_put_xml(out, ask->ask_whom, strlen(ask->ask_whom));
	wg_buf_puts(out, ask->telephone[0] != '\0' ? ", telephone " : "");
	wg_buf_put_xml(out, ask->telephone, strlen(ask->telephone));
	wg_buf_printf(out, "%s</div>", close);
}

enum wg_code wg_ask_html(const struct wg_ask *ask, const char *page, struct wg_buf *out, struct wg_err *err)
{
	/* the page is our own: the first <body is its own, for words of a notice have no < in them there */
	const char *body = strstr(page, "<body"), *end = body != NULL ? strchr(body, '>') : NULL;
	if (end == NULL)
		return wg_err_set(err, WG_SYSTEM, "a notice was rendered without a body");
	wg_buf_put(out, page, (size_t)(end + 1 - page));
	put_page(ask, out);
	wg_buf_puts(out, end + 1);
	return wg_buf_check(out, "page of a notice", err);
}
