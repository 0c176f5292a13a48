/* intake_confirm_page.c owns the words and the form of the confirm page. Nothing on it is of the child: the
 * page is shown to whoever opens the link. Which copy it is, is said by our reference and the time, so that somebody
 * with four such mails knows which one this is. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/intake_confirm.h"

/* Dark on light at more than 7:1 (WCAG 2.2 AAA), large enough to read and to hit. */
const char wg_confirm_css[] =
	"body{font:1.2rem/1.5 sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c;background:#fff}\n"
	"label{display:block;font-weight:bold;margin-top:1.5rem}\n"
	"input{font:inherit;width:100%;box-sizing:border-box;padding:.4rem;border:2px solid #0b0c0c}\n"
	"button{font:inherit;margin-top:1rem;padding:.6rem 1rem;border:2px solid #00401a;background:#00571f;color:#fff}\n"
	"button.no{border-color:#0b0c0c;background:#fff;color:#0b0c0c}\n"
	"input:focus,button:focus{outline:4px solid #9a5b00}\n"
	"fieldset{border:0;border-top:2px solid #b1b4b6;margin:2rem 0 0;padding:0}\n"
	"legend{font-weight:bold;padding:0 1rem 0 0}\n"
	"dl{margin:1.5rem 0;padding:1rem;border:2px solid #0b0c0c}\n"
	"dt{font-weight:bold}\n"
	"dd{margin:0 0 .6rem;overflow-wrap:anywhere}\n"
	"dd:last-child{margin-bottom:0}\n"
	".fault{border-left:6px solid #942514;padding-left:1rem;font-weight:bold}\n";

static const struct {
	const char *title, *words;
} pages[] = {
	[WG_CONFIRM_ASK] = { "Confirm that you have this notice",
	                     "The message that brought you here holds a notice about a child. Please confirm only when you "
	                     "have read it and will act on it, or have handed it to somebody who will." },
	[WG_CONFIRM_MISSING] = { "Confirm that you have this notice",
	                         "Something is missing: type your name, and, when the notice is not for you, the reason." },
	[WG_CONFIRM_DONE] = { "Thank you. It is recorded that you have this notice",
	                      "The sender can see that it is with you. You may close this page." },
	[WG_CONFIRM_NOT_US] = { "Thank you. It is recorded that this notice is not for you",
	                        "The sender is told, with your reason. Please delete the message. You may close this "
	                        "page." },
	[WG_CONFIRM_AGAIN] = { "You have answered this already", "Your first answer stands. You may close this page." },
	[WG_CONFIRM_USED] = { "This notice was answered already", "The answer that came first stands. If you do not know "
	                                                          "who in your team gave it, or it should not have been "
	                                                          "given, ring us." },
	[WG_CONFIRM_GONE] = { "This copy does not count any more", "Its sender has recalled it, or a newer copy has taken "
	                                                           "its place: look for a later message from us. If there "
	                                                           "is none, ring us." },
	[WG_CONFIRM_WRONG] = { "This link cannot be used",
	                       "It may be incomplete, or too old. Open it from the message again, whole, or reply to the "
	                       "message with your name, or ring the number that stands in it." },
	[WG_CONFIRM_TOO_MANY] = { "Too many tries", "Please try again in ten minutes, or ring the number in the message." },
	[WG_CONFIRM_LATER] = { "This cannot be recorded now", "Please open the link again in a few minutes: it shows "
	                                                      "whether your answer was recorded. Or ring the number in "
	                                                      "the message." },
};

static const char form[] =
	"<form method=\"post\" accept-charset=\"utf-8\">\n"
	"<label for=\"name\">Your name</label>\n"
	"<input id=\"name\" name=\"name\" type=\"text\" maxlength=\"120\" autocomplete=\"name\" required"
	" aria-describedby=\"why\">\n"
	"<p id=\"why\">Your name is recorded with this notice, so that everybody knows who has it.</p>\n"
	"<p><button type=\"submit\" name=\"answer\" value=\"have\">I have this notice and will act on it</button></p>\n"
	"<fieldset><legend>If it should not have come to you</legend>\n"
	"<label for=\"reason\">Why it is not for you</label>\n"
	"<input id=\"reason\" name=\"reason\" type=\"text\" maxlength=\"200\" aria-describedby=\"no-names\">\n"
	"<p id=\"no-names\">Please do not write anything about the child here.</p>\n"
	"<p><button class=\"no\" type=\"submit\" name=\"answer\" value=\"refuse\">This is not for us</button></p>\n"
	"</fieldset>\n</form>\n";

static void put_text(struct wg_buf *out, const char *text)
{
	wg_buf_put_xml(out, text, strlen(text));
}

/* One line of what is known; nothing where there is nothing. */
static void put_line(struct wg_buf *out, const char *name, const char *text, bool *open)
{
	if (text[0] == '\0')
		return;
	wg_buf_printf(out, "%s<dt>%s</dt><dd>", *open ? "" : "<dl>\n", name);
	put_text(out, text);
	wg_buf_puts(out, "</dd>\n");
	*open = true;
}

/* Which copy, and what was recorded of it. Where nothing was, the reader still has to find the mail that it is about.
 */
static void put_facts(const struct wg_confirm_shown *s, struct wg_buf *out)
{
	bool open = false;
	put_line(out, "Our reference", s->reference, &open);
	put_line(out, "Sent", s->sent, &open);
	put_line(out, "To", s->to, &open);
	put_line(out, "Recorded", s->said, &open);
	put_line(out, "When", s->said_at, &open);
	put_line(out, "Name", s->person, &open);
	if (open)
		wg_buf_puts(out, "</dl>\n");
}

static void put_ring(const struct wg_confirm_shown *s, struct wg_buf *out)
{
	wg_buf_puts(out, "<p>Questions: ");
	put_text(out, s->us);
	wg_buf_puts(out, s->telephone[0] != '\0' ? ", telephone " : "");
	put_text(out, s->telephone);
	wg_buf_puts(out, "</p>\n");
}

void wg_confirm_html(enum wg_confirm_page page, const struct wg_confirm_shown *s, struct wg_buf *out)
{
	bool asks = page == WG_CONFIRM_ASK || page == WG_CONFIRM_MISSING;
	wg_buf_printf(out,
	              "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta name=\"robots\" content=\"noindex\">\n<title>%s</title>\n<link rel=\"stylesheet\" href=\"",
	              pages[page].title);
	put_text(out, s->style);
	wg_buf_printf(out, "\">\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", pages[page].title);
	wg_buf_printf(out, "<p%s>%s</p>\n", page == WG_CONFIRM_MISSING ? " class=\"fault\" role=\"alert\"" : "",
	              pages[page].words);
	put_facts(s, out);
	if (asks)
		wg_buf_puts(out, form);
	if (s->reference[0] != '\0') /* who has no right link is told no more than that */
		put_ring(s, out);
	wg_buf_puts(out, "</main>\n</body>\n</html>\n");
}

/* ---- what comes back */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)((at - digits) % 16) : -1;
}

/* Decodes and trims; false when it does not fit or is not one line of UTF-8. */
static bool decode(const char *p, size_t len, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		char c = p[i] == '+' ? ' ' : p[i];
		if (c == '%') {
			int high = i + 2 < len ? digit(p[i + 1]) : -1, low = i + 2 < len ? digit(p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (n + 1 >= size || (unsigned char)c < 0x20 || c == 0x7f)
			return false;
		if (n > 0 || c != ' ')
			out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return wg_utf8_valid(out, n);
}

int wg_confirm_field(const char *body, size_t len, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);
	unsigned found = 0;
	out[0] = '\0';
	for (size_t at = 0; at < len;) {
		const char *end = memchr(body + at, '&', len - at);
		size_t n = end != NULL ? (size_t)(end - body) - at : len - at;
		if (n > name_len && body[at + name_len] == '=' && memcmp(body + at, name, name_len) == 0) {
			if (found++ > 0 || !decode(body + at + name_len + 1, n - name_len - 1, out, size)) {
				out[0] = '\0';
				return -1;
			}
		}
		at += n + 1;
	}
	return out[0] != '\0' ? 1 : 0;
}
