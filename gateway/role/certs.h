/* Every certificate and every list of revoked ones that the gateway knows, its own included: what for, how long, and
 * what is wrong. For `wardgate cert status`, `wardgate check`, metrics and alerts. */
#ifndef WG_ROLE_CERTS_H
#define WG_ROLE_CERTS_H

#include "crypto/judge.h"
#include "policy/directory.h"
#include "role/config.h"

enum wg_cert_level {
	WG_CERT_LEVEL_OK,
	WG_CERT_LEVEL_WARNING, /* it works now, and a person has to do something before long */
	WG_CERT_LEVEL_BROKEN   /* something does not work for it: nothing can be signed, nobody reaches that desk */
};
const char *wg_cert_level_name(enum wg_cert_level level); /* "ok", "warning", "broken" */

#define WG_CERT_ITEM_WORDS 512

struct wg_cert_item {
	/* "storage", "smime", "intake https", "confirm page", "mail out", "https out", "mesh", "desk", "signer", "anchor",
	 * "list"; seen on TLS connections: "https server", "mail server", "mesh server", "imap server", "client" */
	const char *what;
	char whose[2 * WG_LIMIT_NAME + 2]; /* "ORGANISATION/DESK", "ORGANISATION"; "" for the gateway's own */
	char file[WG_PATH_TEXT];
	char subject[256], key_type[24], fingerprint[WG_FINGERPRINT_TEXT]; /* "" where it cannot be read, and for lists */
	int64_t not_before, not_after; /* wall ms; a list: made, and when the next is promised; 0: not known */
	int days;                      /* whole days left; negative: since when it is over; 0 where not known */
	/* The step of the warnings that is reached: 60, 30, 14, 7, 1, 0 (over); -1 for none, or where another certificate
	 * takes its place. Alerts start anew at each. */
	int stage;
	bool used;                           /* it is what is used now: signs, opens, is encrypted to, vouches */
	bool asked;                          /* revocation is known to this: */
	enum wg_revocation_state revocation; /* meaningful when asked */
	enum wg_cert_level level;
	char words[WG_CERT_ITEM_WORDS]; /* what is wrong and what to do; "" */
};

/* The caller frees *out with free(). Reads files only; what cannot be read is an item. now: trusted wall time, ms.
 * keys: whether our own are tried too; false for who may not read them. */
enum wg_code wg_certs_list(const struct wg_config *config, const struct wg_directory *directory, int64_t now, bool keys,
                           struct wg_cert_item **out, unsigned *count, struct wg_err *err) WG_MUST;

/* The worst of them. */
enum wg_cert_level wg_certs_worst(const struct wg_cert_item *items, unsigned count);

#endif
