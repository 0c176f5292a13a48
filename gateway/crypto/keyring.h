/* Our own key pairs of one purpose: the last, the present one, the next. All of them open; the newest that is valid
 * signs. So a partner may use an old certificate of ours while another has the new one already. */
#ifndef WG_CRYPTO_KEYRING_H
#define WG_CRYPTO_KEYRING_H

#include "crypto/crypto.h"

#define WG_KEYRING_MAX 4

struct wg_keyring {
	struct wg_key *keys[WG_KEYRING_MAX];
	struct wg_cert *certs[WG_KEYRING_MAX];
	size_t count;
};

/* Takes both over, also when it fails (then they are freed). WG_CONFIG when they do not belong together. */
enum wg_code wg_keyring_add(struct wg_keyring *ring, struct wg_key **key, struct wg_cert **cert, struct wg_err *err)
	WG_MUST;
/* Frees what it holds and empties it. */
void wg_keyring_free(struct wg_keyring *ring);

/* The pair that signs at now (wall ms): of those made for signing and valid then, the one that became valid last (of
 * two at once, the one behind). WG_CRYPTO when there is none, with the reason of each. */
enum wg_code wg_keyring_signer(const struct wg_keyring *ring, int64_t now, size_t *which, struct wg_err *err) WG_MUST;

/* Wire form, private keys included, to hand the ring to a confined reader, and back: wipe both buffers. A pair whose
 * key stays in an HSM is left out, for it can sign here and open nothing there; WG_CONFIG when no other is left. */
enum wg_code wg_keyring_write(const struct wg_keyring *ring, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_keyring_read(const void *p, size_t len, struct wg_keyring *out, struct wg_err *err) WG_MUST;

/* wg_cms_decrypt with whichever pair the object was encrypted to; no pair fits: WG_CRYPTO "could not be opened". */
enum wg_code wg_keyring_decrypt(const struct wg_keyring *ring, const void *der, size_t len, struct wg_buf *out,
                                struct wg_err *err) WG_MUST;

#endif
