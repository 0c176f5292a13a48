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

/* Maps of one folder: one per form. */
#define WG_MAP_MAPS_MAX 64

/* How the value of a field is read; the names stand in map_load.c and xsd/map.xsd. */
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
	WG_AS_COUNT
};

/* One spelling of a label, folded. open: it ended in "*" and more words may follow. */
struct wg_map_label {
	char *text;
	bool open;
	size_t field; /* index into the map's fields; unused in a signature */
};

struct wg_map_labels {
	struct wg_map_label *list;
	size_t count;
};

struct wg_map_field {
	char to[WG_MAP_TO_MAX]; /* "" for a password only; the place that holds when, where and by for combined answers */
	enum wg_map_as as;
	char *heading; /* several answers share the place, or repeat: the words before this one; else NULL */
	char area[16]; /* of a police force */
	int line;
};

/* Invariants: (1) no two labels are equal in text and open; (2) fields of one place all have a heading, or the place
 * repeats, or they are the parts of one name. */
struct wg_map {
	char id[WG_LIMIT_NAME + 1], kind[WG_LIMIT_NAME + 1];
	char over[WG_LIMIT_NAME + 1]; /* id of a map that gives way where both fit; or "" */
	char *required;
	struct wg_map_field *fields;
	size_t n_fields;
	struct wg_map_labels labels;
	struct wg_map_labels signature; /* labels that only this form has */
	struct wg_map_labels subjects;  /* words in the subject of a mail */
	struct wg_map_labels prose;     /* sentences around the form that say nothing of the child */
};

/* One code of a table, valid from one day until another, both included. */
struct wg_map_code {
	char table[WG_LIMIT_NAME + 1], value[16];
	char *name;
	struct wg_map_labels words; /* folded, without the words that its table ignores */
	char *ignore;               /* the table's, folded */
	int64_t from, until;
};

struct wg_maps {
	const struct wg_schema *schema;
	struct wg_map *maps;
	size_t count;
	struct wg_map_code *codes;
	size_t n_codes;
};

/* A label as maps compare it: numbering before it and signs behind it gone, folded. */
void wg_map_label_fold(const char *label, char out[WG_MAP_LABEL_MAX]);

/* The spelling that matches a folded label: an equal one before an open one, a longer open one before a shorter. NULL:
 * none. */
const struct wg_map_label *wg_map_labels_find(const struct wg_map_labels *labels, const char *folded);

/* Splits "a | b* | c" into folded spellings and appends them. WG_CONFIG on an empty or an equal one. */
enum wg_code wg_map_labels_add(struct wg_map_labels *labels, const char *list, size_t field, struct wg_err *err)
	WG_MUST;
void wg_map_labels_free(struct wg_map_labels *labels);

/* True when one of the phrases stands in text as whole words. */
bool wg_map_phrase_in(const struct wg_map_labels *phrases, const char *text);

/* Reads a <codes> document. */
enum wg_code wg_map_codes_read(struct wg_maps *maps, const struct wg_xml *xml, struct wg_err *err) WG_MUST;
void wg_map_codes_free(struct wg_maps *maps);

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

/* True when both say the same for a place of that kind. */
bool wg_map_same(enum wg_map_as as, const char *a, const char *b, int64_t day);

#endif
