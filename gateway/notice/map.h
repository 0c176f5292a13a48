/* Maps: which labels of a form go where in a notice. A reader's <fields> in, a notice and a report out. */
#ifndef WG_NOTICE_MAP_H
#define WG_NOTICE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "notice/notice.h"

/* Labelled fields as a reader wrote them (xsd/fields.xsd). */
struct wg_field {
	char *label, *value, *at; /* at: where it stood, in words for people: "body, line 12", "table 1, row 2" */
	char *section;            /* the heading that it stands under; or NULL */
	unsigned row; /* of a table with a heading row: counted through the document from 1, so that answers of one row
	                 stay together; else 0 */
};

/* A document inside the one that was read: an attachment, or one row of a table with its heading row. */
struct wg_part {
	char *at, *name, *type; /* name and type as declared, or NULL: what it is, its content says */
	bool shown;             /* a mail shows it within its text: a logo, or a picture that somebody pasted */
	uint8_t *bytes;
	size_t len;
};

struct wg_fields {
	char reader[32];
	struct wg_field *fields;
	size_t count;
	struct wg_part *parts;
	size_t n_parts;
	bool divided;     /* every part is a message of its own (a table, one notice a row); there are no fields then */
	char *subject;    /* of a mail, or NULL: a hint for choosing the map */
	char *from;       /* of a mail, or NULL: never trusted for who may submit */
	char *message_id; /* of a mail, or NULL */
	uint8_t
		*notice_xml; /* reader xml found one of our own notices, or a mail carried exactly one: its bytes; else NULL */
	size_t notice_xml_len;
	char *text; /* the words outside any field, at most 64 KiB, kept for the person who looks; or NULL */
};

/* Parses what a reader wrote; a reader may have been taken over by its document, so it is validated like any outside
 * XML. */
enum wg_code wg_fields_parse(const void *bytes, size_t len, struct wg_fields **out, struct wg_err *err) WG_MUST;
/* What the reader of XML means when it writes nothing: the document, which is given here and copied, is a notice of
 * ours. Whether it is a valid one, and whether it is one at all, nobody has proven yet. WG_SYSTEM: no memory. */
enum wg_code wg_fields_of_notice(const void *bytes, size_t len, struct wg_fields **out, struct wg_err *err) WG_MUST;
void wg_fields_freep(struct wg_fields **fields);

struct wg_maps; /* all maps of a folder; immutable */

/* Loads every *.xml of maps_dir, validated by xsd_dir/map.xsd; checks that every "to" is a place in the notice schema.
 * WG_CONFIG with file:line otherwise. Keeps a pointer to schema. */
enum wg_code wg_maps_load(const char *maps_dir, const char *xsd_dir, const struct wg_schema *schema,
                          struct wg_maps **out, struct wg_err *err) WG_MUST;
/* The same with one map only, from a file that may stand anywhere, and the tables of codes of maps_dir; map NULL: all
 * of maps_dir. */
enum wg_code wg_maps_load_only(const char *maps_dir, const char *xsd_dir, const struct wg_schema *schema,
                               const char *map, struct wg_maps **out, struct wg_err *err) WG_MUST;
void wg_maps_freep(struct wg_maps **maps);

enum wg_placing {
	WG_PLACED,   /* went to `to` */
	WG_UNMAPPED, /* no map knows the label */
	WG_UNREAD, /* the label is known, the value could not be read as its type; kept as it was said where the schema can,
	              else only here */
	WG_AMBIGUOUS,  /* two fields want the same place, with different values */
	WG_EMPTY,      /* the label is known and nothing was written */
	WG_NOT_CARRIED /* a password: never carried */
};

/* What became of one field. */
struct wg_placement {
	const char *label, *at; /* borrowed from the fields */
	char to[128];           /* "" when nowhere */
	enum wg_placing what;
	char note[160]; /* why, for a person; no value */
};

struct wg_report {
	char map[WG_CATEGORIES_TEXT / 8]; /* id of the map used; "" when none recognised it */
	struct wg_placement *placements;
	size_t count;
	unsigned prose; /* sentences outside any field that the map does not expect: nobody has read them yet */
	char missing[WG_NOTICE_MISSING_TEXT]; /* mandatory places of the kind that stayed empty, separated by blanks */
	bool attention; /* a person must look: something unmapped, unread, ambiguous or missing, or no map at all */
};

/* What intake knows, to be written into the header. Times in RFC 3339. */
struct wg_envelope_facts {
	const char *id, *organisation, *received, *source_system, *source_reference; /* NULL where unknown */
};

/* Builds the notice. WG_OK also when attention is needed: *out is then the notice as far as it goes (it may be invalid,
 * or NULL when no map recognised the fields) and the report says what is missing. */
enum wg_code wg_map_apply(const struct wg_maps *maps, const struct wg_fields *fields,
                          const struct wg_envelope_facts *facts, struct wg_notice **out, struct wg_report **report,
                          struct wg_err *err) WG_MUST;
/* Sentences in the words outside any field (text may be NULL), but for those that begin as one of the maps expects. */
unsigned wg_maps_sentences(const struct wg_maps *maps, const char *text);

void wg_report_freep(struct wg_report **report);

/* Drafts a map for forms of that kind from an example, in XML: labels only, no answer of it; places where other maps or
 * the schema suggest them, the others as comments. WG_CONFIG when there is no such kind. */
enum wg_code wg_map_draft(const struct wg_maps *maps, const struct wg_fields *fields, const char *kind, const char *id,
                          struct wg_buf *out, struct wg_err *err) WG_MUST;

/* What a list of maps shows. */
struct wg_map_about {
	const char *id, *kind, *file;
	size_t fields, labels;
};
size_t wg_maps_count(const struct wg_maps *maps);
struct wg_map_about wg_maps_about(const struct wg_maps *maps, size_t i);

/* The map that the fields would be given to, whatever map was loaded alone; NULL with the reason in why. */
const char *wg_maps_choose(const struct wg_maps *maps, const struct wg_fields *fields, char *why, size_t size);

/* "placed", "unmapped", "unread", "ambiguous", "empty" or "not-carried". */
const char *wg_placing_name(enum wg_placing what);

/* The report as XML (urn:wardgate:report:1): every source field with its label, value, where it stood, where it went,
 * why not. */
enum wg_code wg_report_write(const struct wg_report *report, const struct wg_fields *fields, struct wg_buf *out,
                             struct wg_err *err) WG_MUST;

#endif
