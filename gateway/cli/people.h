/* What the commands share that speak about one child and about what people decided: which child, and times and words as
 * people read them. */
#ifndef WG_CLI_PEOPLE_H
#define WG_CLI_PEOPLE_H

#include <jansson.h>

#include "cli/cli.h"
#include "role/admin.h"
#include "role/process.h"

/* The child that was typed after --child; "-" reads one line from standard input, so that a name stands in no list of
 * processes. WG_REJECT and WG_NOT_FOUND repeat nothing of it. */
enum wg_code wg_people_child(const struct wg_process *process, struct wg_admin *admin, const char *typed,
                             uint64_t *child, struct wg_err *err) WG_MUST;

/* wg_clock_words of RFC 3339; "" of what is none. out has WG_CLOCK_WORDS bytes. */
const char *wg_people_stamp(const char *rfc3339, char *out);

/* What a person typed as a day ("2026-11-22", "22/11/2026") or, at, as a moment ("2026-11-22T10:30:00Z", "22 November
 * 2026 10:30"). False when it cannot be read surely. latest: the last day that is believed. */
bool wg_people_day(const char *typed, int64_t latest, char out[11]);
bool wg_people_moment(const char *typed, int64_t latest, int64_t *out);

/* The text of a member, "" when it is not there; never NULL. */
const char *wg_people_text(const json_t *object, const char *name);

/* Words of a person or of a document for a terminal: nothing that steers it, in lines that begin at column indent; the
 * first begins where out stands. */
void wg_people_words(size_t indent, const char *words, struct wg_buf *out);

/* Text content of HTML. */
void wg_people_html(const char *words, struct wg_buf *out);
/* A whole page up to its body: language, title, styles that also print; no script, nothing fetched. */
void wg_people_page(const char *title, struct wg_buf *out);

/* A list typed with commas or blanks as one with single blanks; the caller frees. NULL when memory ran out. */
char *wg_people_list(const char *typed);

#endif
