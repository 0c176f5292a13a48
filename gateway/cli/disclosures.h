/* The command `disclosures`: the register for people, as its files share it. */
#ifndef WG_CLI_DISCLOSURES_H
#define WG_CLI_DISCLOSURES_H

#include "cli/people.h"
#include "policy/directory.h"

enum wg_disclosures_for {
	WG_FOR_CASE_REVIEW,   /* everything that is recorded */
	WG_FOR_SUBJECT_ACCESS /* what was marked exempt is left out, without a trace */
};

struct wg_disclosing {
	const struct wg_directory *directory; /* names of organisations; NULL: ids only */
	enum wg_disclosures_for purpose;
	bool html;
};

/* Takes out of the register what is not for that purpose; *left_out counts the entries. */
void wg_disclosures_filter(json_t *entries, enum wg_disclosures_for purpose, unsigned *left_out);

/* The entries as text, or as a whole page. */
void wg_disclosures_print(const struct wg_disclosing *d, const json_t *entries, struct wg_buf *out);

/* Of corrections, recalls and found notices among the entries: who has not confirmed them, with whom to ring. json: one
 * object a line. */
void wg_disclosures_unconfirmed(const struct wg_disclosing *d, const json_t *entries, bool json, struct wg_buf *out);

/* What became of a delivery, in words. */
void wg_disclosures_outcome(const json_t *entry, struct wg_buf *out);

#endif
