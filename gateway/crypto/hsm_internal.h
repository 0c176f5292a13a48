/* What hsm.c, hsm_do.c and hsm_asking.c share: a key in an HSM, from the side of who holds it and of who asks.
 *
 * Invariants:
 * 1. wg_hsm_asking.line is not NULL, and outlives the key.
 * 2. does is what the key was seen to do; it never grows later. */
#ifndef WG_CRYPTO_HSM_INTERNAL_H
#define WG_CRYPTO_HSM_INTERNAL_H

#include "crypto/crypto_internal.h"
#include "crypto/hsm_wire.h"

#define WG_HSM_SILENT \
	"the HSM does not answer, or the process that holds it ended: see the HSM's own log; what waits is tried again"

/* What the next unwrapping is to be asked with; set from the object that is opened, before OpenSSL opens it. */
struct wg_hsm_expected {
	enum wg_hsm_padding padding; /* 0: nothing is expected, and nothing asked */
	enum wg_hsm_digest digest, mask;
	uint8_t wanted;
	uint8_t label[WG_HSM_LABEL_MAX];
	size_t label_len;
};

/* A key that is somewhere else: its private operations are asked for. */
struct wg_hsm_asking {
	const struct wg_hsm_line *line;
	uint8_t key; /* its number there */
	bool asked;
	struct wg_hsm_expected expected;
};

/* A private key that asks, made of its public half, which is borrowed: RSA or EC. asking is borrowed and outlives it.
 * NULL when that cannot be. */
EVP_PKEY *wg_hsm_asking_key(EVP_PKEY *public, struct wg_hsm_asking *asking);

/* Asks, with the key's own number, and remembers when nobody answered (hsm.c). */
bool wg_hsm_ask_key(struct wg_hsm_asking *asking, const struct wg_hsm_request *request, struct wg_buf *answer);

/* Does what is asked with a key of the HSM, and never tells whether an encrypted key was well made: see WG_HSM_DONE.
 * does: what the key was seen to do (wg_hsm_does), 0 for nothing. The answer into out. */
void wg_hsm_do(EVP_PKEY *pkey, unsigned does, const struct wg_hsm_request *request, struct wg_buf *out);

/* Tries what the key does: WG_HSM_DOES_*; with keys of its own making that nobody gets to see. */
unsigned wg_hsm_does(EVP_PKEY *pkey);

const EVP_MD *wg_hsm_md(enum wg_hsm_digest digest);
/* 0 for a digest that is not used for this. */
enum wg_hsm_digest wg_hsm_digest_of(const X509_ALGOR *algorithm);

#endif
