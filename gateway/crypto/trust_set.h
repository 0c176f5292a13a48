/* Anchors per organisation: who may vouch for whom. A signer whose chain ends in the anchors of one partner can never
 * speak for another. */
#ifndef WG_CRYPTO_TRUST_SET_H
#define WG_CRYPTO_TRUST_SET_H

#include "crypto/crypto.h"

struct wg_trust_set;

/* Groups of organisations with anchors of their own: as many as a directory has partners outside the common authority.
 */
#define WG_TRUST_SET_MAX 256

enum wg_code wg_trust_set_new(struct wg_trust_set **out, struct wg_err *err) WG_MUST;
void wg_trust_set_freep(struct wg_trust_set **set);

/* Organisations (names separated by blanks) that share the anchors in pem; revocation lists among it are left out here:
 * wg_revocations judges those. WG_CONFIG when there is no certificate in it, or an organisation was there already. */
enum wg_code wg_trust_set_add(struct wg_trust_set *set, const char *organisations, const void *pem, size_t len,
                              struct wg_err *err) WG_MUST;

/* The anchors of one organisation, borrowed; NULL when the set does not know it. */
const struct wg_trust *wg_trust_set_of(const struct wg_trust_set *set, const char *organisation);

/* Wire form, to hand the set to a confined reader, and back. wg_trust_set_read takes the whole of it. */
void wg_trust_set_write(const struct wg_trust_set *set, struct wg_buf *out);
enum wg_code wg_trust_set_read(const void *p, size_t len, struct wg_trust_set **out, struct wg_err *err) WG_MUST;

/* Organisations whose anchors accept cert for purpose now: names separated by blanks appended to out, "" for none. */
enum wg_code wg_trust_set_match(const struct wg_trust_set *set, const struct wg_cert *cert, enum wg_purpose purpose,
                                struct wg_buf *out, struct wg_err *err) WG_MUST;

/* wg_cms_verify against the whole set: the content into out, the signer's certificate to *signer (the caller frees),
 * and to organisations the names for whom that signer may speak by its chain, separated by blanks. WG_CRYPTO "could not
 * be opened" when that is nobody, and for everything else that wg_cms_verify refuses. Which of them it is is decided by
 * whoever has the directory: the certificate must be one of the organisation's recorded signers. */
enum wg_code wg_cms_verify_set(const struct wg_trust_set *set, const void *der, size_t len, struct wg_buf *out,
                               struct wg_cert **signer, struct wg_buf *organisations, struct wg_err *err) WG_MUST;

#endif
