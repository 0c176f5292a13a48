/* resolve.c owns what a person's resolution makes of a message, the notice that goes back to a form's owner included.
 * That notice names places and labels only, never an answer: it is administrative throughout. */
#include "role/resolve.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "role/mail_in.h"

/* The words on a form's question that go back; what is longer is cut, as the schema wants. */
#define LABEL_MAX 300

/* A person has to look again, and why. */
static void ask_again(struct wg_read *read, const char *reason)
{
	read->attention = true;
	(void)snprintf(read->reason, sizeof read->reason, "%s", reason); /* cut: words */
}

/* What is open after the resolution, on one line. */
static void still_open(struct wg_read *read, const struct wg_buf *open)
{
	char words[400];
	(void)snprintf(words, sizeof words, "after the resolution still open: %.350s", wg_buf_text(open));
	for (char *p = words; *p != '\0'; p++)
		if (*p == '\n')
			*p = p[1] == '\0' ? '\0' : ',';
	ask_again(read, words);
}

static enum wg_code apply(const struct wg_process *p, const struct wg_envelope_facts *facts,
                          const struct wg_resolution *resolution, struct wg_read *read, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf open = WG_BUF(WG_RESOLUTION_MAX);
	struct wg_err invalid = { 0 };
	/* what called a person was not in the report: something beside the form */
	bool beside = read->attention && read->report != NULL && !read->report->attention;
	const struct wg_resolving resolving = {
		.schema = p->schema, .maps = p->maps, .fields = read->fields, .report = read->report, .facts = facts
	};
	enum wg_code code = wg_resolution_apply(&resolving, resolution, &read->notice, &open, err);
	if (code != WG_OK)
		return code;
	if (beside && !resolution->text_read)
		wg_buf_puts(&open, "text\n");
	if (open.len > 0) {
		still_open(read, &open);
	} else if (wg_notice_validate(read->notice, &invalid) != WG_OK) {
		ask_again(read, invalid.text);
	} else {
		read->attention = false;
		read->reason[0] = '\0';
	}
	return WG_OK;
}

/* ---- back to the owner of the form */

static enum wg_code set(struct wg_notice *notice, const char *path, const char *value, enum wg_code so_far,
                        struct wg_err *err)
{
	return so_far == WG_OK && value != NULL && value[0] != '\0' ? wg_notice_set(notice, path, value, err) : so_far;
}

static enum wg_code add_item(struct wg_notice *notice, const char *place, const char *label, const char *fault,
                             struct wg_err *err)
{
	size_t n = label != NULL ? strlen(label) : 0;
	for (; n > LABEL_MAX || (n > 0 && n < strlen(label) && ((unsigned char)label[n] & 0xC0) == 0x80); n--)
		; /* to the end of a letter */
	WG_AUTO_FREE char *line = label != NULL ? strndup(label, n) : NULL;
	if (label != NULL && line == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a notice");
	enum wg_code code = wg_notice_set(notice, "answer/item[+]/fault", fault, err);
	code = set(notice, "answer/item[last]/place", place, code, err);
	return set(notice, "answer/item[last]/label", line, code, err);
}

/* "child/date-of-birth|child/age" as an owner reads it: "child: date of birth, or child: age". */
static void in_words(const char *places, size_t n, struct wg_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *p = places + i;
		if (*p == '|' || *p == '/')
			wg_buf_puts(out, *p == '|' ? ", or " : ": ");
		else if (*p != '@')
			wg_buf_putc(out, *p == '-' ? ' ' : *p);
	}
}

/* Places that the kind needs and that are empty; of several that stand for one another, place is the first. */
static enum wg_code add_missing(struct wg_notice *notice, const char *missing, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t n; *missing != '\0' && code == WG_OK; missing += n + (missing[n] == ' ')) {
		WG_AUTO_BUF struct wg_buf words = WG_BUF(4096);
		char place[WG_LIMIT_NAME * 2];
		n = strcspn(missing, " ");
		(void)snprintf(place, sizeof place, "%.*s", (int)strcspn(missing, "| "), missing);
		in_words(missing, n, &words);
		code = wg_buf_check(&words, "label", err);
		if (code == WG_OK)
			code = add_item(notice, place, wg_buf_text(&words), "MISSING", err);
	}
	return code;
}

/* Questions whose answer could not be read, or that were answered in two ways. */
static enum wg_code add_unclear(struct wg_notice *notice, const struct wg_report *report, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < report->count && code == WG_OK; i++) {
		const struct wg_placement *p = &report->placements[i];
		if (p->what == WG_UNREAD || p->what == WG_AMBIGUOUS)
			code = add_item(notice, strchr(p->to, ' ') == NULL ? p->to : NULL, p->label, "UNCLEAR", err);
	}
	return code;
}

static enum wg_code give_back(const struct wg_process *p, const struct wg_msg_job *job,
                              const struct wg_resolution *resolution, struct wg_read *read, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_FREE char *reference =
		read->notice != NULL ? wg_notice_get(read->notice, "header/source/@reference") : NULL;
	char id[WG_LIMIT_NAME + 1], received[WG_CLOCK_TEXT];
	(void)snprintf(id, sizeof id, "%s-return", job->id); /* fits: 26 letters and 7 */
	enum wg_code code = wg_notice_new(p->schema, "form-return", id, &notice, err);
	code = set(notice, "header/sender/@organisation", p->config->organisation, code, err);
	code = set(notice, "header/source/@reference", reference, code, err);
	code = set(notice, "header/received", wg_clock_format(job->accepted_at, received), code, err);
	code = set(notice, "header/concerns[+]/@id", job->id, code, err);
	code = set(notice, "header/concerns[last]/@relation", "answers", code, err);
	code = set(notice, "answer/reason", "INCOMPLETE", code, err);
	code = set(notice, "answer/explanation", resolution->give_back, code, err);
	if (code == WG_OK && read->report != NULL)
		code = add_missing(notice, read->report->missing, err);
	if (code == WG_OK && read->report != NULL)
		code = add_unclear(notice, read->report, err);
	if (code == WG_OK)
		code = wg_notice_validate(notice, err);
	if (code != WG_OK)
		return code;
	wg_notice_freep(&read->notice);
	read->notice = wg_steal(&notice);
	read->attention = false;
	read->reason[0] = '\0';
	return WG_OK;
}

enum wg_code wg_resolve(const struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *text,
                        struct wg_read *read, struct wg_resolution **out, struct wg_err *err)
{
	WG_AUTO_RESOLUTION struct wg_resolution *resolution = NULL;
	struct wg_err fault = { 0 };
	char received[WG_CLOCK_TEXT];
	const struct wg_envelope_facts facts = {
		.id = job->id,
		.organisation = job->organisation,
		.received = wg_clock_format(job->accepted_at, received),
	};
	enum wg_code code = wg_resolution_parse(wg_buf_text(text), text->len, "resolution", &resolution, &fault);
	if (code == WG_OK && resolution->sender[0] != '\0' && !wg_mail_in_is(job))
		code = wg_err_set(&fault, WG_REJECT, "sender: who handed it in is known; take that line away");
	if (code == WG_OK)
		code = resolution->give_back != NULL ? give_back(p, job, resolution, read, &fault)
		                                     : apply(p, &facts, resolution, read, &fault);
	if (code == WG_SYSTEM) {
		*err = fault;
		return code;
	}
	if (code != WG_OK)
		ask_again(read, fault.text);
	*out = wg_steal(&resolution);
	return WG_OK;
}
