/* Sealing: a projection becomes one envelope that only its recipient can open. Runs where the S/MIME key is: the
 * process role. */
#ifndef WG_ROLE_SEAL_H
#define WG_ROLE_SEAL_H

#include "base/id.h"
#include "base/limits.h"
#include "notice/notice.h"
#include "role/ask.h"
#include "role/desk_certs.h"

struct wg_sealing {
	const struct wg_keyring *ring; /* our S/MIME pairs: the newest that is valid signs */
	struct wg_held held;           /* what the partners' certificates are held against */
	struct wg_desk_cert *certs;    /* every desk's certificates, loaded at start */
	unsigned cert_count;
	const char *from; /* mailbox the gateway writes from; NULL: mail is off */
};

/* One copy on its way; all borrowed. */
struct wg_sending {
	const char *reference; /* at mail its Message-ID, followed by "@domain of from" */
	long long date_ms;
	const struct wg_organisation *organisation;
	const struct wg_desk *desk;
	const struct wg_ask *ask; /* how its reader confirms it; NULL: nothing is asked */
};

/* The envelope of copy for a desk: a whole mail for WG_CHANNEL_MAIL, a DER object for every other channel; the bare XML
 * for desks of HTTPS and PULL with WG_FORMAT_XML, which needs no certificate and is neither signed nor encrypted: it
 * may leave inside mutual TLS only. It holds what the desk wants of text, page and XML. The recipient's certificates
 * are chosen anew each time (wg_desk_certs_choose). WG_CONFIG when the desk cannot be reached securely; says which
 * certificate and why. */
enum wg_code wg_seal(const struct wg_sealing *sealing, const struct wg_notice *copy, const struct wg_sending *sending,
                     struct wg_buf *out, struct wg_err *err) WG_MUST;

/* MESSAGE.ORGANISATION.DESK into out. */
void wg_reference(const char *message_id, const char *organisation, const char *desk,
                  char out[static WG_REFERENCE_TEXT]);
/* Whether s is one. */
bool wg_reference_valid(const char *s);

#endif
