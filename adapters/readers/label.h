/* Where a line of a form splits into label and value. Knows how people lay forms out, nothing of what they say. */
#ifndef WG_READERS_LABEL_H
#define WG_READERS_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one line; value_len 0: the value stands on the lines below. */
struct wg_label {
	size_t label_len;
	size_t value;  /* offset */
	bool question; /* the label is a question: its answer may stand after a blank line */
};

/* A byte that HTML puts behind a bold run at the start of a line: what is before it is a label. Never in outside text,
 * where control characters are replaced. */
#define WG_LABEL_MARK '\x01'

/* "Label: value", "Label ....: value", "Label .... value", "Label<mark>value", "A question? value". *start is the
 * offset behind bullets and numbering. False when the line is prose. */
bool wg_label_split(const char *line, size_t *start, struct wg_label *out);
/* "Label - value": only for documents that are laid out so throughout. */
bool wg_label_split_dash(const char *line, struct wg_label *out);
/* Line and the one below it are one question, cut in two by the width of the page. */
bool wg_label_wraps(const char *line, const char *below);

/* Lines that belong to no field. */
bool wg_label_is_heading(const char *line);    /* capitals only, or drawn with - = _ * */
bool wg_label_is_rule(const char *line);       /* drawn only */
bool wg_label_is_sign_off(const char *line);   /* "Kind regards," and the like */
bool wg_label_is_disclaimer(const char *line); /* the start of one */
/* Labels of a business card: below a sign-off they are not the form's. */
bool wg_label_is_contact(const char *label, size_t len);
/* "From", "Sent", "To" ... : which one, from 1; 0 when it is none. Bits for a set: 1u << number. */
unsigned wg_label_mail_header(const char *label, size_t len);
/* What stands between a covering note and the mail that it forwards or answers. */
bool wg_label_is_forward(const char *line);

#endif
