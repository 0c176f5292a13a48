/* Who is at the other end of a TLS connection, once the chain was verified: whether a certificate of it was revoked, by
 * the lists and answers that were fetched in the background. Reads files, never the network. Not for DANE: there the
 * records of the server's operator decide alone (RFC 7672 3.1). */
#ifndef WG_CRYPTO_PEER_H
#define WG_CRYPTO_PEER_H

#include "crypto/judge.h"

/* What was found, within the handshake. Borrowed for the call. */
struct wg_peer_look {
	const char *pem; /* the chain that was verified, the leaf first, without the anchor */
	size_t len;
	const char *fingerprint;  /* of the leaf: SHA-256, lower-case hex */
	enum wg_cert_fault fault; /* FINE; REVOKED or UNKNOWN: the handshake ends */
	bool doubt;               /* FINE, though nobody knows now whether it was revoked */
	const char *words;        /* which certificate, which authority, since when, what to do; "" when good */
};
/* Called before a refusal too. Not for every handshake: one whose chain was let in a moment ago is not told. */
typedef void wg_peer_told(void *arg, const struct wg_peer_look *look);

#define WG_PEER_WORDS 320
/* Chains that are let in, and for how long that is believed without another look; a list that comes in
 * between, or changes, is seen at once. */
#define WG_PEER_KNOWN 64
#define WG_PEER_KNOWN_MS (60 * 1000)

/* Belongs to one process and, by struct wg_tls, to any number of its contexts. Starts zeroed. */
struct wg_peer {
	const char *held; /* folder of what was fetched: files named as in struct wg_revocation_source; NULL: none */
	const char *const *lists;     /* and files of lists that a person put somewhere, up to a NULL; or NULL */
	enum wg_revocation_need need; /* may be changed until the judgement: by wg_tls_admit, which knows who it is */
	wg_peer_told *told;           /* or NULL */
	void *arg;
	char words[WG_PEER_WORDS]; /* why the last handshake was refused; "" when it was not, for this reason */
	struct {
		uint8_t key[32]; /* of the chain, and of the files that speak of it */
		int64_t until;   /* wall ms */
	} known[WG_PEER_KNOWN];
	unsigned next;
	uint64_t stamp; /* of folder and lists at the last judgement; 0: there was none */
};

/* Whether folder or lists have changed since the last judgement: what was verified before, a connection that is kept or
 * a session to be resumed, has to be looked at again. peer may be NULL: no. */
bool wg_peer_news(const struct wg_peer *peer);

#endif
