/* attention_case.c owns one message that waits for a person: opening it, and showing it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/attention.h"
#include "cli/operator.h"
#include "notice/value.h"
#include "policy/reasons.h"
#include "role/answer.h"
#include "role/mail_in.h"
#include "role/outcome.h"

/* Columns of the listing: what the document says, and where it went. */
#define LEFT 62
#define WIDTH 110

static enum wg_code find_row(struct wg_case *c, const char *id, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_list(c->admin->client, "messages", "*", id, 1, &rows, &count, err);
	if (code == WG_OK && count == 0)
		code =
			wg_err_set(err, WG_NOT_FOUND, "there is no message %s; wardgate attention list shows those that wait", id);
	else if (code == WG_OK && strcmp(rows[0].state, "attention") != 0)
		code =
			wg_err_set(err, WG_REJECT, "%s is %s: nobody has to look at it; wardgate queue show %s tells its history",
		               id, rows[0].state, id);
	if (code == WG_OK)
		c->row = rows[0];
	free(rows);
	return code;
}

static enum wg_code read_earlier(struct wg_case *c, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_RESOLUTION_MAX);
	enum wg_code code = wg_operator_open(c->config, c->admin, c->row.id, "resolution", &text, err);
	if (code == WG_NOT_FOUND)
		return WG_OK;
	if (code == WG_OK)
		code = wg_resolution_parse(wg_buf_text(&text), text.len, "the earlier resolution", &c->earlier, err);
	wg_buf_wipe(&text);
	return code;
}

/* As the process role does. When it was accepted is not in the row; what it waits since is later by moments. */
static enum wg_code read_anew(struct wg_case *c, const struct wg_buf *original, struct wg_err *err)
{
	WG_AUTO_MAIL_IN struct wg_mail_in mail = { 0 };
	struct wg_msg_job job = { .accepted_at = c->row.since };
	enum wg_document kind;
	memcpy(job.id, c->row.id, sizeof job.id);
	memcpy(job.organisation, c->row.organisation, sizeof job.organisation);
	c->facts = (struct wg_envelope_facts){
		.id = c->row.id,
		.organisation = c->row.organisation[0] != '\0' ? c->row.organisation : WG_MAIL_UNKNOWN,
		.received = wg_clock_format(c->row.since, c->received),
	};
	memcpy(job.way, c->row.way, sizeof job.way);
	if (wg_mail_in_is(&job)) {
		struct wg_answer answer = { 0 };
		struct wg_err ignored; /* what is no answer is read as a document */
		enum wg_code opened = wg_mail_in_open(&c->process, job.way, original, &mail, err);
		if (opened == WG_OK && wg_answer_look(&c->config->paths, &mail.text, &answer, &ignored) == WG_OK)
			c->answer = answer.kind != WG_ANSWER_NONE && answer.kind != WG_ANSWER_PORTAL;
		return opened == WG_OK ? wg_handle_read(&c->process, &job, original, &mail, &c->read, err) : opened;
	}
	enum wg_code code = wg_document_kind(original->data, original->len, NULL, NULL, &kind, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(job.content_type, sizeof job.content_type, "%s", wg_document_type(kind)); /* fits */
	return wg_handle_read(&c->process, &job, original, NULL, &c->read, err);
}

enum wg_code wg_case_open(struct wg_case *c, const char *id, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf original = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = find_row(c, id, err);
	if (code == WG_OK)
		code = wg_process_load(c->config, &c->process, err);
	if (code == WG_OK)
		code = wg_operator_open(c->config, c->admin, id, "original", &original, err);
	if (code == WG_OK)
		code = read_anew(c, &original, err);
	if (code == WG_OK)
		code = read_earlier(c, err);
	wg_buf_wipe(&original);
	return code;
}

void wg_case_close(struct wg_case *c)
{
	wg_resolution_freep(&c->earlier);
	wg_read_free(&c->read);
	wg_process_free(&c->process);
}

enum wg_code wg_case_table(const struct wg_resolution *r, struct wg_err *err)
{
	if (r->give_back != NULL)
		return wg_err_set(
			err, WG_REJECT,
			"a table cannot be returned as a form: cancel it with wardgate queue cancel, and tell its owner");
	if (r->count > 0 || !r->text_read || r->kind[0] != '\0' || r->new_child || r->new_episode ||
	    r->same_child[0] != '\0')
		return wg_err_set(
			err, WG_REJECT,
			"the rows of a table are answered one by one, as messages; say \"text is read\" and nothing else");
	return WG_OK;
}

struct wg_resolving wg_case_resolving(const struct wg_case *c)
{
	return (struct wg_resolving){ .schema = c->process.schema,
		                          .maps = c->process.maps,
		                          .fields = c->read.fields,
		                          .report = c->read.report,
		                          .facts = &c->facts };
}

/* ---- showing */

/* Bytes of the first n characters of UTF-8, or of all. */
static size_t bytes_of(const char *s, size_t n)
{
	size_t i = 0;
	for (; s[i] != '\0'; i++)
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

/* How much of text fits into width, broken at a blank where there is one; *next is where to go on. */
static size_t piece(const char *text, size_t width, size_t *next)
{
	size_t fits = bytes_of(text, width), n = fits;
	if (text[fits] != '\0') {
		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			n = fits;
	}
	*next = n + (text[n] == ' ');
	return n;
}

/* Two texts beside each other, each wrapped in its column. */
static void beside(struct wg_buf *out, const char *left, const char *right)
{
	for (bool first = true; *left != '\0' || *right != '\0'; first = false) {
		size_t l_next = 0, r_next = 0, indent = first ? 0 : 4;
		size_t l = piece(left, LEFT - indent, &l_next), r = piece(right, WIDTH - LEFT - 3, &r_next);
		wg_buf_printf(out, "%*s", (int)indent, "");
		wg_buf_put(out, left, l);
		wg_buf_printf(out, "%*s | ", (int)(LEFT - indent - characters(left, l)), "");
		wg_buf_put(out, right, r);
		wg_buf_putc(out, '\n');
		left += l_next;
		right += r_next;
	}
}

/* A copy for a terminal: one line, nothing that steers it. */
static char *shown(const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	char *safe = malloc(size);
	if (safe != NULL)
		(void)wg_defang(text, safe, size);
	return safe;
}

static void put_field(const struct wg_case *c, size_t i, bool values, struct wg_buf *out)
{
	const struct wg_field *f = &c->read.fields->fields[i];
	const struct wg_placement *p = &c->read.report->placements[i];
	WG_AUTO_FREE char *label = shown(f->label),
					  *value = shown(!values                     ? "..."
	                                 : p->what == WG_NOT_CARRIED ? "(not shown: it may hold a password)"
	                                                             : f->value);
	WG_AUTO_BUF struct wg_buf left = WG_BUF(WG_LIMIT_READER_OUTPUT), right = WG_BUF(1024);
	wg_buf_printf(&left, "%3zu %s: %s", i + 1, label != NULL ? label : "?", value != NULL ? value : "?");
	if (p->to[0] != '\0')
		wg_buf_puts(&right, p->to);
	if (p->what != WG_PLACED)
		wg_buf_printf(&right, "%s? %s", p->to[0] != '\0' ? " " : "", p->note);
	beside(out, wg_buf_text(&left), wg_buf_text(&right));
	wg_buf_wipe(&left);
}

static void put_words(const char *words, struct wg_buf *out)
{
	for (const char *line = words; *line != '\0';) {
		char one[512], safe[2048];
		size_t n = strcspn(line, "\n");
		(void)snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), line);
		wg_buf_printf(out, "  %s\n", wg_value_secret(one) ? "(not shown)" : wg_defang(one, safe, sizeof safe));
		line += n + (line[n] == '\n');
	}
}

static void put_fields(const struct wg_case *c, bool values, struct wg_buf *out)
{
	const struct wg_report *report = c->read.report;
	if (c->read.divided) {
		wg_buf_printf(
			out,
			"\nThe document is a table of %zu rows, each to be a message of its own; beside them there is something\n"
			"that was not read: look at the original. Answer \"text is read\", and the rows go on.\n",
			c->read.n_parts);
		return;
	}
	if (report == NULL) {
		wg_buf_puts(out, "\nThe document is a notice already; what came beside it:\n");
		for (size_t i = 0; i < c->read.fields->count; i++) {
			WG_AUTO_FREE char *label = shown(c->read.fields->fields[i].label);
			wg_buf_printf(out, "  %s\n", label != NULL ? label : "?");
		}
		return;
	}
	wg_buf_putc(out, '\n');
	beside(out, "what the document says", "where it went");
	for (int i = 0; i < WIDTH; i++)
		wg_buf_putc(out, i == LEFT + 1 ? '+' : '-');
	wg_buf_putc(out, '\n');
	for (size_t i = 0; i < report->count; i++)
		if (report->placements[i].what != WG_EMPTY)
			put_field(c, i, values, out);
	if (report->missing[0] != '\0')
		wg_buf_printf(out, "\nNeeded for a notice of this kind, and not there (a|b: one of them is enough):\n  %s\n",
		              report->missing);
}

void wg_case_print(const struct wg_case *c, bool values, struct wg_buf *out)
{
	const struct wg_row *r = &c->row;
	char age[32], safe[sizeof r->reason + 1];
	wg_buf_printf(out, "%s from %s by %s, waiting for %s, %s%s\n", r->id,
	              r->organisation[0] != '\0' ? r->organisation : "nobody knows whom", r->way,
	              wg_age(wg_clock_now() - r->since, age, sizeof age),
	              r->assigned[0] != '\0' ? "looked after by " : "nobody looks after it yet", r->assigned);
	wg_buf_puts(out, "  ");
	wg_reasons_wrap(2, wg_defang(r->reason, safe, sizeof safe), out);
	put_fields(c, values, out);
	if (c->read.fields->text != NULL && values) {
		wg_buf_puts(out, "\nWords outside any field:\n");
		put_words(c->read.fields->text, out);
	}
	if (c->answer)
		wg_buf_puts(out,
		            "\nIt answers a copy that this gateway sent. Once you have done what it asks for, answer \"text is "
		            "read\";\nto have it read as a notice of its own, say of which kind it is (\"kind = found\").\n");
	if (c->earlier != NULL)
		wg_buf_puts(out, "\nSomebody has answered some of it before; --edits begins with those answers.\n");
	wg_buf_printf(out,
	              "\nNext:\n"
	              "  wardgate attention show %s --edits > FILE      questions to answer\n"
	              "  wardgate attention resolve %s --with FILE --why TEXT\n"
	              "  wardgate attention return %s --why TEXT        back to its owner for completion\n"
	              "  wardgate queue show %s --unmask --which original\n",
	              r->id, r->id, r->id, r->id);
}
