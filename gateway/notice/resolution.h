/* Resolutions: what a person decided about a document that was not wholly understood. It is kept with the message and
 * applied whenever the document is read again, so that everything still starts from the stored original. As text:
 *
 *     # a comment; a line that begins with blanks goes on with the one above
 *     child/date-of-birth = 14/03/2011
 *     missing/last-seen/when = not known
 *     field 12 -> missing/other (Anything else)      the answer of field 12 belongs there
 *     field 13 is read (Form version)                a person has read it; it is not carried
 *     text is read                                   the words outside any field
 *     kind = missing                                 where no map knew the form
 *     same child as 06bcd8k1m3v5x7z9a2c4e6g8j0       or: new child
 *     new episode                                    of that child, whatever is open
 *     return = Please add the date of birth.         back to its owner for completion
 *     sender = derbyshire-police                     of a mail that nobody signed: a person has asked them
 *
 * Fields are counted from 1, as in the extraction report; the label in brackets, where it is given, has to be the
 * field's: a document that is read differently later is not changed by a decision about something else. */
#ifndef WG_NOTICE_RESOLUTION_H
#define WG_NOTICE_RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "notice/map.h"

/* The text of one resolution: a long form written out by hand. */
#define WG_RESOLUTION_MAX ((size_t)256 * 1024)

enum wg_resolved {
	WG_RESOLVED_SET,   /* to = value */
	WG_RESOLVED_MOVED, /* field -> to */
	WG_RESOLVED_READ   /* field is read */
};

struct wg_resolution_line {
	enum wg_resolved what;
	unsigned field; /* MOVED, READ */
	char *label;    /* MOVED, READ: or NULL */
	char *to;       /* SET, MOVED */
	char *value;    /* SET */
	int line;
};

struct wg_resolution {
	struct wg_resolution_line *lines;
	size_t count;
	bool text_read;
	bool new_child, new_episode;
	char same_child[WG_LIMIT_NAME + 1]; /* id of a message about the same child, or "" */
	char kind[WG_LIMIT_NAME + 1];       /* or "" */
	char *give_back;                    /* words for the owner of the form, or NULL */
	char sender[WG_LIMIT_NAME + 1];     /* organisation that sent a mail, or "" */
};

/* WG_REJECT with name:line, what is wrong and what to write instead; never with a value. */
enum wg_code wg_resolution_parse(const char *text, size_t len, const char *name, struct wg_resolution **out,
                                 struct wg_err *err) WG_MUST;
void wg_resolution_freep(struct wg_resolution **resolution);
#define WG_AUTO_RESOLUTION __attribute__((cleanup(wg_resolution_freep)))

/* The same as text, each field with its label. */
void wg_resolution_write(const struct wg_resolution *resolution, const struct wg_fields *fields, struct wg_buf *out);

/* A document as it was read; all borrowed. */
struct wg_resolving {
	const struct wg_schema *schema;
	const struct wg_maps *maps;
	const struct wg_fields *fields;
	const struct wg_report *report; /* NULL when the document was a notice already */
	const struct wg_envelope_facts *facts;
};

/* Applies the resolution to *notice (NULL: made, of the kind that the resolution names). open gets one line for each
 * thing that still waits for a person ("field 12", "text", "child/date-of-birth", "kind"); empty: nothing does.
 * Values are read as the maps read them. WG_REJECT names the line whose value cannot be read or whose field is
 * another one; the notice is then not to be used. */
enum wg_code wg_resolution_apply(const struct wg_resolving *r, const struct wg_resolution *resolution,
                                 struct wg_notice **notice, struct wg_buf *open, struct wg_err *err) WG_MUST;

/* What a person is asked, to be filled in and handed to wg_resolution_parse: one entry for each thing that is open.
 * values: also the answers as they were written. sender: it is not known who sent it. */
void wg_resolution_template(const struct wg_resolving *r, const struct wg_notice *notice, bool values, bool sender,
                            struct wg_buf *out);

#endif
