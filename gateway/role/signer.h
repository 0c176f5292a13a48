/* Who may have signed what an organisation handed in. */
#ifndef WG_ROLE_SIGNER_H
#define WG_ROLE_SIGNER_H

#include "role/process.h"

/* The certificate that signed (fingerprint, as wg_read_sealed gave it) is one of those recorded for organisation, its
 * chain may speak for them (may_speak_for, from the same), it is made for signing and valid now, and it was not revoked
 * as far as the organisation's trust asks. WG_REJECT when it is not theirs; WG_CONFIG when it is ours to mend: nothing
 * recorded, a file that cannot be read, an expired or revoked certificate of theirs, no fresh answer where one is
 * required: the message waits for a person. */
enum wg_code wg_signer_check(const struct wg_process *process, const char *organisation, const char *fingerprint,
                             const char *may_speak_for, struct wg_err *err) WG_MUST;

#endif
