/* What a notice tells the store about child and episode: hashes, and its kind's part in an episode. */
#ifndef WG_ROLE_MATCH_H
#define WG_ROLE_MATCH_H

#include "base/buf.h"
#include "policy/directory.h"
#include "store/store.h"

/* What a kind of notice has to do with a missing episode; false for a kind that is not known. */
bool wg_match_relation(const char *kind, enum wg_relation *out);

/* s without case, blanks and punctuation, so that spellings of one name meet. Letters outside ASCII stay apart from
 * those without their marks: written as their number. */
void wg_match_fold(const char *s, struct wg_buf *out);

/* The keyed hash of what a key is made of: "nhs-number" of the digits, "name" of the full name, "birth" of the ISO
 * date, "child" of name and date, "police-reference" of number and force, "local-id" of number and system,
 * "confidential" of a postcode; b is "" where there is one part only. Folded, so spellings meet. WG_LIMIT for words
 * that are no key. */
enum wg_code wg_match_hash(const struct wg_buf *lookup_key, const char *what, const char *a, const char *b,
                           char out[static WG_STORE_KEY], struct wg_err *err) WG_MUST;

/* The id of the organisation of that name (or id) in the directory; kind "" for any; NULL when there is none. */
const char *wg_match_organisation(const struct wg_directory *directory, const char *name, const char *kind);

/* What a local number is one of: the organisation that a system is named after, otherwise the system "of" the
 * organisation that hands the notice in; with system "" that organisation: two agencies' words for different things do
 * not meet. */
#define WG_MATCH_SCOPE 512
void wg_match_scope(const struct wg_directory *directory, const char *system, const char *organisation,
                    char out[static WG_MATCH_SCOPE]);

#endif
