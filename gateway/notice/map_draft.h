/* Drafting of a map from an example form, for the files that do it. */
#ifndef WG_NOTICE_MAP_DRAFT_H
#define WG_NOTICE_MAP_DRAFT_H

#include "notice/map_internal.h"

/* Words that may stand in a draft: those of the maps and of the schema, which are nobody's; and words of this form's
 * answers, which are somebody's. */
struct wg_draft_words {
	struct wg_map_labels common, personal;
};
enum wg_code wg_draft_words_load(struct wg_draft_words *words, const struct wg_maps *maps,
                                 const struct wg_fields *fields, struct wg_err *err) WG_MUST;
void wg_draft_words_free(struct wg_draft_words *words);

/* The label as a draft may write it, folded: cut, with a "*" behind it, before the first word that could be somebody's.
 * False when nothing is left. */
bool wg_draft_label(const struct wg_draft_words *words, const char *label, char out[WG_MAP_LABEL_MAX + 2]);

/* The longest run of two or more common words in a line; false when there is none. */
bool wg_draft_title(const struct wg_draft_words *words, const char *line, char out[WG_MAP_LABEL_MAX]);

/* A place for a label. */
enum wg_draft_trust {
	WG_DRAFT_NONE,
	WG_DRAFT_PERHAPS, /* some words agree */
	WG_DRAFT_LIKELY,  /* the schema calls it so */
	WG_DRAFT_SURE     /* another map knows the label */
};
struct wg_draft_place {
	enum wg_draft_trust trust;
	char to[WG_MAP_TO_MAX];
	enum wg_map_as as;
	char table[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1], area[16];
	char map[WG_LIMIT_NAME + 1]; /* that knows it */
	const char *heading;         /* borrowed from that map; or NULL */
};
struct wg_draft_form {
	const char *kind;
	const char *prefer; /* the map that the form would be given to; or NULL */
};
void wg_draft_find(const struct wg_maps *maps, const struct wg_draft_form *form, const char *label, const char *section,
                   struct wg_draft_place *out);

#endif
