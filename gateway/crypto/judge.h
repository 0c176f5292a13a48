/* One certificate judged for one use: whether it may be used now, and if not, which check failed, in plain words. */
#ifndef WG_CRYPTO_JUDGE_H
#define WG_CRYPTO_JUDGE_H

#include "crypto/revocation.h"

enum wg_revocation_need {
	WG_NEED_ANSWER_IF_ANY, /* used where there is an answer; none, or a stale one, is a doubt */
	WG_NEED_FRESH_ANSWER,  /* nothing goes without a fresh answer */
	WG_NEED_NOTHING        /* nobody asks */
};

enum wg_cert_fault {
	WG_CERT_FINE,
	WG_CERT_USE,     /* key usage or extended key usage */
	WG_CERT_ADDRESS, /* another mailbox or host */
	WG_CERT_EARLY,   /* not valid yet */
	WG_CERT_EXPIRED,
	WG_CERT_CHAIN, /* does not lead to the anchors, or something on the way there is wrong or too weak */
	WG_CERT_REVOKED,
	WG_CERT_UNKNOWN /* whether it was revoked, and that is required */
};
const char *wg_cert_fault_name(enum wg_cert_fault fault); /* "", "use", "address", "early", "expired", ... */

struct wg_judge {
	const struct wg_trust *trust;
	const struct wg_revocations *revocations; /* NULL: nothing is held */
	enum wg_revocation_need need;
	int64_t now; /* wall ms */
	enum wg_purpose purpose;
	/* For mail: the mailbox that the certificate must be for, or NULL. It is when a subject alternative name is this
	 * mailbox, or stands for its whole domain (a DNS name that is the domain, or RFC 3183's
	 * domain-confidentiality-authority@domain), or when there is no mailbox in it at all: then the directory, which
	 * lists it for the desk, vouches. */
	const char *address;
	/* Where address is NULL: mail domains (separated by blanks) of which one must be that of a mailbox or DNS name in
	 * the certificate, where it has any; NULL or "" asks nothing. */
	const char *domains;
};

struct wg_cert_judgement {
	enum wg_cert_fault fault;
	bool doubt; /* it may be used, though nobody knows now whether it was revoked: an alarm, where an answer could be
	               had */
	bool asked; /* whether it was revoked: */
	enum wg_revocation_state revocation; /* meaningful when asked */
	char words[256];                     /* what is wrong or in doubt; "" */
};

/* out is always filled in. */
void wg_cert_judge(const struct wg_judge *judge, const struct wg_cert *cert, struct wg_cert_judgement *out);

#endif
