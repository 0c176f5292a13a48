/* The partners' certificates and anchors, loaded once: which of a desk's certificates a copy is encrypted to. */
#ifndef WG_ROLE_DESK_CERTS_H
#define WG_ROLE_DESK_CERTS_H

#include "crypto/judge.h"
#include "crypto/keyring.h"
#include "crypto/trust_set.h"
#include "policy/directory.h"

/* What was judged last of a certificate, and against what. */
struct wg_judged {
	int64_t second; /* of the wall clock; certificates, lists and answers know no finer time */
	const void *anchors, *revocations;
	struct wg_cert_judgement judgement;
};

/* The S/MIME certificates of one desk. */
struct wg_desk_cert {
	const struct wg_organisation *organisation;
	const struct wg_desk *desk;
	struct wg_cert *certs[WG_DESK_CERTIFICATES]; /* NULL where one could not be loaded: */
	char faults[WG_DESK_CERTIFICATES][256];      /* why */
	unsigned count;
	struct wg_judged judged[WG_DESK_CERTIFICATES];
};

/* Loads the certificates of all desks; one that cannot be loaded is no failure here, its fault is kept. The caller
 * frees with wg_desk_certs_free. */
enum wg_code wg_desk_certs_load(const struct wg_directory *directory, struct wg_desk_cert **out, unsigned *count,
                                struct wg_err *err) WG_MUST;
void wg_desk_certs_free(struct wg_desk_cert *certs, unsigned count);

/* The anchors of every organisation of the directory: its own, or else those in ca. The caller frees. */
enum wg_code wg_anchors_load(const struct wg_directory *directory, const char *ca, struct wg_trust_set **out,
                             struct wg_err *err) WG_MUST;

/* What certificates are held against. */
struct wg_held {
	const struct wg_trust_set *anchors;
	const struct wg_revocations *revocations; /* NULL: nothing is held */
};

/* One of a desk's certificates judged for encrypting to that desk at now. */
void wg_desk_cert_judge(const struct wg_held *held, const struct wg_desk_cert *certs, unsigned which, int64_t now,
                        struct wg_cert_judgement *out);

/* The certificates that a copy for desk is encrypted to at now: every good one, so that in a change-over either key
 * opens it. Judged once a second, as fine as certificates write time, and kept in certs: what changes the contents of
 * held gives it other pointers. doubt (size bytes): what nobody knows of those that were chosen, "" mostly. WG_CONFIG
 * when there is none: says of each why not. */
enum wg_code wg_desk_certs_choose(const struct wg_held *held, struct wg_desk_cert *certs, unsigned count,
                                  const struct wg_desk *desk, int64_t now,
                                  const struct wg_cert *out[WG_DESK_CERTIFICATES], unsigned *chosen, char *doubt,
                                  size_t size, struct wg_err *err) WG_MUST;

#endif
