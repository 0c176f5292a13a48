/* Our own key pairs of one purpose: the last, the present one, the next. All of them open; the newest that is valid
 * signs. So a partner may use an old certificate of ours while another has the new one already. */
#ifndef WG_CRYPTO_KEYRING_H
#define WG_CRYPTO_KEYRING_H

#include "crypto/crypto.h"
#include "crypto/hsm_wire.h"

#define WG_KEYRING_MAX 4

/* What is asked of a certificate of ours for each signature. */
struct wg_keyring_use {
	bool known; /* it could be read; if not, the reason is found out when it is asked for */
	bool can_sign;
	int64_t not_before, not_after; /* wall ms */
};

struct wg_keyring {
	struct wg_key *keys[WG_KEYRING_MAX];
	struct wg_cert *certs[WG_KEYRING_MAX];
	struct wg_keyring_use uses[WG_KEYRING_MAX];
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

/* Wire form, private keys included, to hand the ring to a confined reader, and back: wipe both buffers. Of a pair whose
 * key stays in an HSM the reader gets the certificate alone, and asks over line (borrowed; NULL: such pairs are left
 * out) for what the key has to do; one that only signs is left out. WG_CONFIG when none is left that opens. */
enum wg_code wg_keyring_write(const struct wg_keyring *ring, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_keyring_read(const void *p, size_t len, const struct wg_hsm_line *line, struct wg_keyring *out,
                             struct wg_err *err) WG_MUST;

/* The other end of that line, for one mail: which keys were asked for. Zeroed at first. */
struct wg_keyring_asks {
	const struct wg_keyring *ring;
	unsigned asked; /* one bit for each key */
};
/* Answers a question of a reader that may have been taken over by what it reads. Each key may be asked once: a mail is
 * sealed to it once. WG_REJECT: it asked for what it may not; WG_CONFIG: the HSM does not do this, with words for the
 * operator; WG_SYSTEM: the HSM does not answer. None of them tells how well made an encrypted key was. arg: a
 * wg_keyring_asks. */
enum wg_code wg_keyring_answer(void *arg, const void *question, size_t len, struct wg_buf *answer, struct wg_err *err)
	WG_MUST;
/* A pair has its key in an HSM, and a reader will ask for it. */
bool wg_keyring_in_hsm(const struct wg_keyring *ring);

/* wg_cms_decrypt with whichever pair the object was encrypted to; no pair fits: WG_CRYPTO "could not be opened". */
enum wg_code wg_keyring_decrypt(const struct wg_keyring *ring, const void *der, size_t len, struct wg_buf *out,
                                struct wg_err *err) WG_MUST;

#endif
