/* Whether a certificate was revoked, by what we hold: lists (RFC 5280 5) and OCSP answers (RFC 6960), from files and
 * fetched. Nothing here reaches the network. What cannot be answered is said as such, never taken for a yes or a no. */
#ifndef WG_CRYPTO_REVOCATION_H
#define WG_CRYPTO_REVOCATION_H

#include "crypto/crypto.h"

enum wg_revocation_state {
	WG_REVOCATION_GOOD,    /* a fresh answer for every certificate below the anchor: not revoked */
	WG_REVOCATION_REVOKED, /* one of the chain was */
	WG_REVOCATION_STALE,   /* an answer is there, and its time is over */
	WG_REVOCATION_MISSING, /* it could be asked for, and nobody has answered yet */
	WG_REVOCATION_NOWHERE  /* the certificate names no list and no responder, and none is configured */
};
const char *wg_revocation_state_name(enum wg_revocation_state state); /* "good", "revoked", "stale", ... */

struct wg_revocation_verdict {
	enum wg_revocation_state state;
	char words[256]; /* for people, which certificate and what; "" when good */
};

/* Lists and answers that are held. One list of a national authority has some MB: */
#define WG_REVOCATION_FILE_MAX ((size_t)16 * 1024 * 1024)
#define WG_REVOCATION_ITEMS_MAX 8192

struct wg_revocations;
enum wg_code wg_revocations_new(struct wg_revocations **out, struct wg_err *err) WG_MUST;
void wg_revocations_freep(struct wg_revocations **revocations);
/* Takes in one file: lists in PEM or one in DER, or one OCSP answer in DER. Signatures are checked when it is used.
 * WG_CRYPTO when it is none of them, WG_LIMIT when it is too large or there are too many. */
enum wg_code wg_revocations_add(struct wg_revocations *revocations, const void *p, size_t len, struct wg_err *err)
	WG_MUST;

/* What is known of cert's whole chain at now (wall ms). revocations may be NULL: nothing is held. WG_CRYPTO when there
 * is no chain to the anchors. */
enum wg_code wg_revocation_judge(const struct wg_revocations *revocations, const struct wg_trust *trust,
                                 const struct wg_cert *cert, int64_t now, struct wg_revocation_verdict *out,
                                 struct wg_err *err) WG_MUST;

/* ---- fetching: who is to be asked, what, and whether the answer may be kept */

#define WG_REVOCATION_SOURCES_MAX 16
struct wg_revocation_source {
	char url[512];  /* http:// or https://: lists and answers are signed, so that plain HTTP is usual */
	char file[80];  /* under which the answer is kept: no part of it comes from outside but as a hash */
	bool ocsp;      /* POST of wg_revocation_request; otherwise GET */
	unsigned depth; /* of the certificate in the chain: 0 the certificate itself */
};
/* All that cert's chain names, at most WG_REVOCATION_SOURCES_MAX. Dates do not matter here. WG_CRYPTO when there is no
 * chain. */
enum wg_code wg_revocation_sources(const struct wg_trust *trust, const struct wg_cert *cert,
                                   struct wg_revocation_source *out, unsigned *count, struct wg_err *err) WG_MUST;
/* The body of an OCSP question with a nonce, DER appended to out. */
enum wg_code wg_revocation_request(const struct wg_trust *trust, const struct wg_cert *cert,
                                   const struct wg_revocation_source *source, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

struct wg_revocation_times {
	int64_t made, next; /* wall ms: this update; next update, or the day after where none is said */
};
/* Whether an answer from source may be kept: made by cert's issuer or, for OCSP, somebody the issuer delegated; about
 * this certificate; not from the future, its time not over; the nonce of request (NULL, 0: none) is the same where
 * there is one. Lists are turned into DER. WG_CRYPTO otherwise, with the reason. */
enum wg_code wg_revocation_admit(const struct wg_trust *trust, const struct wg_cert *cert,
                                 const struct wg_revocation_source *source, const void *request, size_t request_len,
                                 const void *p, size_t len, int64_t now, struct wg_buf *out,
                                 struct wg_revocation_times *times, struct wg_err *err) WG_MUST;
/* The times of a kept file, unverified: when it is due again. WG_CRYPTO when it is no list and no answer. */
enum wg_code wg_revocation_file_times(const void *p, size_t len, struct wg_revocation_times *out, struct wg_err *err)
	WG_MUST;

#endif
