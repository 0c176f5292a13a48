/* The command `consent`: what its two files share. */
#ifndef WG_CLI_CONSENT_H
#define WG_CLI_CONSENT_H

#include "cli/people.h"
#include "policy/consent.h"

/* The records that the store has of the child, opened; reading is logged. */
enum wg_code wg_consent_records(const struct wg_process *process, struct wg_admin *admin, uint64_t child,
                                struct wg_consents **out, struct wg_err *err) WG_MUST;

/* What is in force now for each role and category, and every answer there was, the newest first; names of those who
 * answered are in it. */
void wg_consent_print(const struct wg_consents *consents, int64_t now, struct wg_buf *out);
void wg_consent_json(const struct wg_consents *consents, int64_t now, struct wg_buf *out);
/* One line a role: what is in force. */
void wg_consent_in_force(const struct wg_consents *consents, int64_t now, struct wg_buf *out);

#endif
