/* Writing of one value into the notice, for the files that know what it means. */
#ifndef WG_NOTICE_MAP_PUT_H
#define WG_NOTICE_MAP_PUT_H

#include "notice/map_internal.h"

/* As in xsd/wardgate/1/types.xsd, here in bytes. */
#define WG_MAP_TEXT_MAX 20000
#define WG_MAP_LINE_MAX 300

/* One value under way. */
struct wg_map_placing {
	const struct wg_map_target *t;
	struct wg_map_outcome *outcome;
	struct wg_err *err;
	enum wg_code code; /* the first failure sticks */
	bool made;         /* an element that repeats was made for this value */
};

/* Says what became of the value, and why. */
void wg_map_note(struct wg_map_placing *p, enum wg_placing what, const char *words);

/* Remembers where the value went. */
void wg_map_went_to(struct wg_map_placing *p, const char *path);

/* The same of what is below the field's own place. */
void wg_map_went_below(struct wg_map_placing *p, const char *below);

/* Writes a text ("" below: the field's own place); a line, whose line ends become commas. False, with a note, when it
 * is too long. */
bool wg_map_put(struct wg_map_placing *p, const char *below, const char *value);
bool wg_map_put_line(struct wg_map_placing *p, const char *below, const char *value);

/* Writes an attribute of the place that was just written. */
void wg_map_put_attribute(struct wg_map_placing *p, const char *below, const char *name, const char *value);

/* The value as one line; false when that is longer than a line may be. */
bool wg_map_one_line(const char *value, char out[WG_MAP_LINE_MAX + 1]);

/* What stands there; the caller frees; NULL when nothing does. */
char *wg_map_get(const struct wg_map_placing *p, const char *below);

/* For a place that holds no words: a value that says that nobody knows leaves it empty, and calls nobody; any other is
 * unread, with why. */
void wg_map_unread(struct wg_map_placing *p, const char *value, const char *why);

/* True when both have the same words. */
bool wg_map_same_words(const char *a, const char *b);

/* Values that become codes. */
void wg_map_place_code(struct wg_map_placing *p, const char *value);
void wg_map_place_consent(struct wg_map_placing *p, const char *value);

#endif
