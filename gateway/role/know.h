/* What the gateway knows beside a notice when it decides: what the store has of the child, the answers about sharing,
 * and whom the text of a copy may betray. Inside the process role only. */
#ifndef WG_ROLE_KNOW_H
#define WG_ROLE_KNOW_H

#include "role/outcome.h"

struct wg_known {
	struct wg_context context;
	struct wg_consents *consents;   /* of the child, those that came with this notice among them */
	struct wg_match_key *strangers; /* keys of others that the notice's text holds */
	unsigned stranger_count;
	bool unsearched; /* the text is too long to be searched to its end */
};
void wg_known_free(struct wg_known *known);
#define WG_AUTO_KNOWN __attribute__((cleanup(wg_known_free)))

/* Asks the store, opens the records, and searches the notice. outcome has the keys of the notice already
 * (wg_match_keys); it gets the records that came with the notice, what it concerns, and the keys of addresses that must
 * not become known. WG_CORRUPT: a record cannot be opened; then nothing may be decided, for it could be a refusal. */
enum wg_code wg_know(struct wg_process *process, struct wg_client *client, const struct wg_msg_job *job,
                     struct wg_notice *notice, struct wg_outcome *outcome, struct wg_known *out, struct wg_err *err)
	WG_MUST;

#endif
