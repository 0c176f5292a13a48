/* What a notice tells the store about child and episode: hashes, and its kind's part in an episode. */
#ifndef WG_ROLE_MATCH_H
#define WG_ROLE_MATCH_H

#include "base/buf.h"
#include "store/store.h"

/* What a kind of notice has to do with a missing episode; false for a kind that is not known. */
bool wg_match_relation(const char *kind, enum wg_relation *out);

/* s without case, blanks and punctuation, so that spellings of one name meet. Letters outside ASCII stay apart from
 * those without their marks: written as their number. */
void wg_match_fold(const char *s, struct wg_buf *out);

#endif
