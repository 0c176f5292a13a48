/* What a person types to say which child: turned into the hashes by which the store knows one. Personal data: never in
 * a log, a file name or an error's words. */
#ifndef WG_ROLE_CHILD_REF_H
#define WG_ROLE_CHILD_REF_H

#include "base/buf.h"
#include "policy/directory.h"
#include "store/client.h"

/* What may be typed, for the words to a person. */
#define WG_CHILD_REF_FORMS                                                                                           \
	"the id of a message about the child; an NHS number (or nhs:NUMBER); SYSTEM:NUMBER for a number in an agency's " \
	"system; a police reference (or FORCE:REFERENCE); or \"full name, date of birth\""

/* Keys of one reference: a number without its system may be that of each organisation of the directory. */
#define WG_CHILD_REF_KEYS 1024

struct wg_child_ref {
	char id[WG_ID_TEXT]; /* of a message, or "" and keys */
	struct wg_match_key *keys;
	unsigned count;
};

/* today: days since 1970-01-01; nobody is born later. WG_REJECT, without a word of what was typed, for what can be no
 * reference. wg_child_ref_free in any case. */
enum wg_code wg_child_ref_read(const char *typed, const struct wg_directory *directory, const struct wg_buf *lookup_key,
                               int64_t today, struct wg_child_ref *out, struct wg_err *err) WG_MUST;
void wg_child_ref_free(struct wg_child_ref *ref);

/* Asks the store. WG_NOT_FOUND when nobody is known by it; WG_REJECT when more than one child is. */
enum wg_code wg_child_ref_find(const struct wg_child_ref *ref, struct wg_client *client, uint64_t *child,
                               struct wg_err *err) WG_MUST;

#endif
