/* Maps as this room holds them. */
#ifndef WG_NOTICE_MAP_INTERNAL_H
#define WG_NOTICE_MAP_INTERNAL_H

#include "base/limits.h"
#include "notice/map.h"

struct wg_xml;
struct _xmlNode;

/* Labels are cut at this many bytes when they are compared: the longest prompt of the protocols has 160. */
#define WG_MAP_LABEL_MAX 512
/* A path into the notice; the longest has 40 bytes. */
#define WG_MAP_TO_MAX 96

/* A code; the longest of the outcomes of return interviews has 28 bytes. */
#define WG_MAP_CODE_MAX 48

/* How far ahead a meeting, a birth or the end of a placement may lie, in days: a child's whole minority. */
#define WG_MAP_AHEAD (20 * 366)

/* Files in common that one map uses, and that there are. */
#define WG_MAP_USES_MAX 8
#define WG_MAP_COMMONS_MAX 32

/* Maps of one folder: one per form. */
#define WG_MAP_MAPS_MAX 256

/* How the value of a field is read; the names stand in map_field.c and xsd/map.xsd. */
enum wg_map_as {
	WG_AS_TEXT,
	WG_AS_LINE,
	WG_AS_PERSON_NAME,
	WG_AS_FORENAMES,
	WG_AS_SURNAME,
	WG_AS_KNOWN_AS,
	WG_AS_DATE,
	WG_AS_WHEN,
	WG_AS_WHEN_WHERE,
	WG_AS_WHERE_WHEN_BY,
	WG_AS_YES_NO,
	WG_AS_LOOKED_AFTER,
	WG_AS_ADDRESS,
	WG_AS_TELEPHONE,
	WG_AS_NETWORK,
	WG_AS_NHS_NUMBER,
	WG_AS_RISK,
	WG_AS_SEX,
	WG_AS_POLICE_REFERENCE,
	WG_AS_FORCE_NAME,
	WG_AS_POLICE_FORCE,
	WG_AS_AUTHORITY,
	WG_AS_ETHNICITY,
	WG_AS_LEGAL_STATUS,
	WG_AS_PLACEMENT_TYPE,
	WG_AS_ONLINE_IDENTITY,
	WG_AS_PASSWORD,
	WG_AS_CODE,
	WG_AS_CONSENT,
	WG_AS_DATE_AHEAD,
	WG_AS_WHEN_AHEAD,
	WG_AS_NUMBER,
	WG_AS_EMAIL,
	WG_AS_PUPIL_NUMBER,
	WG_AS_COUNT
};

/* One spelling of a label. text: folded; key: what is compared, text without plurals, or text itself. open: it ended in
 * "*" and more words may follow. */
struct wg_map_label {
	char *text, *key;
	bool open;
	size_t field; /* index into the map's fields; unused in a signature */
};

/* Spellings with an index by key, so that many maps with many spellings cost little. Equal ones may stand there more
 * than once when their fields are of different sections. */
struct wg_map_labels {
	struct wg_map_label *list;
	size_t count;
	struct wg_map_slot {
		uint32_t hash, entry; /* entry: index into list and 1 more; 0: free */
	} * slots;
	size_t n_slots; /* a power of two, at least twice count; or 0 */
};

struct wg_map_field {
	char to[WG_MAP_TO_MAX]; /* "" for a password only; the place that holds when, where and by for combined answers */
	uint32_t place;         /* a hash of to: many fields are compared with many */
	size_t group;           /* length of the part of to up to a [+] that more steps follow; 0: there is none */
	enum wg_map_as as;
	char *heading;                /* several answers share the place, or repeat: the words before this one; else NULL */
	struct wg_map_labels under;   /* words of the headings that this field must stand under; none: anywhere */
	char area[16];                /* of a police force */
	char role[WG_LIMIT_NAME + 1]; /* of consent: to whom */
	char table[WG_LIMIT_NAME + 1]; /* of codes; "" where as="code" is not meant */
	bool coded;                    /* the place holds words with a code beside them */
	bool common;                   /* copied of a file that several maps use, which owns what it points at */
	size_t same; /* the first field of the map with the same place and the same way to read it: often itself */
	int line;
};

/* Invariants: (1) no two labels are equal in key and open, unless their fields stand under different headings; (2)
 * fields of one place all have a heading, or stand under different headings, or the place repeats, or they are the
 * parts of one name. */
struct wg_map {
	char id[WG_LIMIT_NAME + 1], kind[WG_LIMIT_NAME + 1];
	char *file;                  /* it was read from */
	char *over;                  /* ids of maps that give way where both fit, with blanks between; or "" */
	char *required;              /* places without which a person must look; NULL: those of the schema */
	struct wg_map_field *fields; /* its own, and behind them those of the files that it uses */
	size_t n_fields;
	struct wg_map_labels labels;                /* its own */
	const struct wg_map *uses[WG_MAP_USES_MAX]; /* files in common: their labels, read once for all maps */
	size_t offset[WG_MAP_USES_MAX];             /* where the fields of each begin */
	size_t n_uses;
	struct wg_map_labels signature; /* labels that only this form has */
	struct wg_map_labels titles;    /* printed over the form */
	struct wg_map_labels subjects;  /* words in the subject of a mail */
	struct wg_map_labels prose;     /* sentences around the form that say nothing of the child */
};

/* One code of a table, valid from one day until another, both included. */
struct wg_map_code {
	char table[WG_LIMIT_NAME + 1], value[WG_MAP_CODE_MAX];
	char *name;
	struct wg_map_labels words; /* folded, without the words that its table ignores */
	char *ignore;               /* the table's, folded */
	int64_t from, until;
};

struct wg_maps {
	bool forced; /* the one map there is takes every form */
	const struct wg_schema *schema;
	struct wg_map *commons[WG_MAP_COMMONS_MAX]; /* files in common, in the shape of maps without kind */
	size_t n_commons;
	struct wg_map *maps;
	size_t count;
	struct wg_map_code *codes;
	size_t n_codes;
};

/* A label as people compare it: numbering before it and signs behind it gone, folded. */
void wg_map_label_fold(const char *label, char out[WG_MAP_LABEL_MAX]);

/* The same without hints at its end such as "(dd/mm/yyyy)" or "please specify". */
void wg_map_label_bare(const char *label, char out[WG_MAP_LABEL_MAX]);

/* The same as maps compare it, into key: plurals gone too. bare: without hints at its end such as "(dd/mm/yyyy)" or
 * "please specify"; equal to key when there are none. */
struct wg_map_keys {
	char key[WG_MAP_LABEL_MAX], bare[WG_MAP_LABEL_MAX];
};
void wg_map_label_keys(const char *label, struct wg_map_keys *out);

/* Takes plurals off a folded text, in place. */
void wg_map_label_singular(char *folded);

/* Spellings that match, one after another: equal ones, equal ones without the hint, then open ones, a longer before a
 * shorter. NULL: no more. *walk begins as { 0 }. */
struct wg_map_walk {
	int tier;
	size_t slot, length;
};
const struct wg_map_label *wg_map_labels_next(const struct wg_map_labels *labels, const struct wg_map_keys *keys,
                                              struct wg_map_walk *walk);

/* The first of them; or NULL. */
const struct wg_map_label *wg_map_labels_find(const struct wg_map_labels *labels, const struct wg_map_keys *keys);

/* Where a box stands: in a row of a table with a heading row; in none, below such a table, under its heading; else. */
enum wg_map_stand { WG_MAP_ALONE, WG_MAP_IN_ROW, WG_MAP_BESIDE_ROWS };

/* The field of the map that a label below a heading (NULL: below none) belongs to: one that must stand under such a
 * heading before one that may stand anywhere, the map's own before those that it uses; below a table
 * none that makes an element of each row. A heading that is the form's title counts as one for rows only. NULL when
 * there is none, or, with *tie, when two fit equally. */
const struct wg_map_field *wg_map_field_find(const struct wg_map *map, const char *label, const char *section,
                                             enum wg_map_stand stand, bool *tie);

/* Some field of the map has the label, under whatever heading. */
bool wg_map_knows(const struct wg_map *map, const struct wg_map_keys *keys);

/* Splits "a | b* | c" into spellings and appends them. WG_CONFIG on an empty or an equal one: fields tells, where it is
 * not NULL, which of them stand under different headings. */
enum wg_code wg_map_labels_add(struct wg_map_labels *labels, const char *list, size_t field,
                               const struct wg_map_field *fields, struct wg_err *err) WG_MUST;
void wg_map_labels_free(struct wg_map_labels *labels);

/* Bytes of the longest phrase that stands in text as whole words; 0: none does. */
size_t wg_map_phrase_in(const struct wg_map_labels *phrases, const char *text);

/* A hash of n bytes. */
uint32_t wg_map_hash(const char *text, size_t n);

/* Reads one <field> or <recognise> of a map. */
enum wg_code wg_map_field_read(struct wg_maps *maps, struct wg_map *map, const struct wg_xml *xml,
                               const struct _xmlNode *node, struct wg_err *err) WG_MUST;
/* Takes over the fields of a file in common; node: where the map says so. */
enum wg_code wg_map_field_use(struct wg_map *map, const struct wg_map *common, const struct wg_xml *xml,
                              const struct _xmlNode *node, struct wg_err *err) WG_MUST;
enum wg_code wg_map_recognise_read(struct wg_map *map, const struct wg_xml *xml, const struct _xmlNode *node,
                                   struct wg_err *err) WG_MUST;

/* True when two fields of a map cannot both fill their place. */
bool wg_map_field_clash(const struct wg_map_field *a, const struct wg_map_field *b);

/* Writes nothing into the field's place: WG_CONFIG when a notice of that kind has none. */
enum wg_code wg_map_field_try(const struct wg_map_field *field, struct wg_notice *notice, struct wg_err *err) WG_MUST;

/* Name of a way to read values, as maps write it. */
const char *wg_map_as_name(enum wg_map_as as);

/* Reads a <codes> document. */
enum wg_code wg_map_codes_read(struct wg_maps *maps, const struct wg_xml *xml, struct wg_err *err) WG_MUST;
void wg_map_codes_free(struct wg_maps *maps);
bool wg_map_codes_known(const struct wg_maps *maps, const char *table);

/* The one code of the table that the words mean on that day, whole or in parts that agree ("C2 - full care order");
 * NULL when none or several do. */
const struct wg_map_code *wg_map_codes_find(const struct wg_maps *maps, const char *table, const char *words,
                                            int64_t day);

/* The map that the fields belong to; NULL with the reason, for people, in why. */
const struct wg_map *wg_map_choose(const struct wg_maps *maps, const struct wg_fields *fields, char *why, size_t size);

/* What became of a value. */
struct wg_map_outcome {
	enum wg_placing what;
	bool attention;
	char to[128], note[160];
};

/* Where a value goes. */
struct wg_map_target {
	const struct wg_maps *maps;
	const struct wg_map_field *field;
	struct wg_notice *notice;
	bool *joins; /* of a group: the element is there already, because another field of the same row made it */
	int64_t day; /* in London, on which the words arrived; since 1970-01-01 */
	bool secret_label;
	bool whole_name; /* for a part of a name: the whole name was given too, by a field of its own */
};

/* Reads one value as its field says and writes it into the notice. Words only for outcome; err is for a fault of the
 * map or the machine. */
enum wg_code wg_map_place(const struct wg_map_target *target, const char *value, struct wg_map_outcome *outcome,
                          struct wg_err *err) WG_MUST;

/* The values of a label that asks for usernames and passwords together: only the parts that are surely a service and a
 * username are carried. Writes them one a line; *left: something was left out. False when it does not fit. */
bool wg_map_identities(const char *value, bool secret_label, char *out, size_t size, bool *left);

/* Sentences of text, but for those that begin as one of the maps expects. */
unsigned wg_map_sentences(const struct wg_map *maps, size_t count, const char *text);

/* Places all answers. field_of: for each source field the map's field, or SIZE_MAX. */
struct wg_map_filling {
	const struct wg_maps *maps;
	const struct wg_map *map;
	const struct wg_fields *fields;
	const size_t *field_of;
	const bool *secret_label;
	struct wg_report *report;
	struct wg_notice *notice;
	int64_t day;
	struct wg_err *err;
};
enum wg_code wg_map_fill(struct wg_map_filling *filling) WG_MUST;

/* London's day of the arrival, since 1970-01-01; today where it is not said (NULL). */
int64_t wg_map_day(const char *received);

/* Writes what intake knows into the header of a new notice. */
enum wg_code wg_map_header(struct wg_notice *notice, const struct wg_envelope_facts *facts, struct wg_err *err) WG_MUST;

/* True when both say the same for a place of that kind. */
bool wg_map_same(enum wg_map_as as, const char *a, const char *b, int64_t day);

#endif
