/* keyring_answer.c owns what a confined reader may ask of our keys in the HSM.
 * SECURITY: the reader holds hostile mail and may be that mail's tool. It gets, for each key, one answer, of a kind
 * that opens a mail and does nothing else: no signature, nothing raw, and nothing that tells one bad request from
 * another. */
#include <openssl/ec.h>

#include "crypto/hsm_internal.h"
#include "crypto/keyring.h"

bool wg_keyring_in_hsm(const struct wg_keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i]->hsm && ring->keys[i]->does != 0)
			return true;
	return false;
}

/* The key that is meant; NULL when the request is none that a reader makes. */
static const struct wg_key *key_of(const struct wg_keyring *ring, const struct wg_hsm_request *r)
{
	const struct wg_key *key = r->key < ring->count ? ring->keys[r->key] : NULL;
	if (key == NULL || !key->hsm || key->does == 0)
		return NULL;
	size_t size = (size_t)EVP_PKEY_get_size(key->pkey), bits = (size_t)EVP_PKEY_get_bits(key->pkey);
	int kind = EVP_PKEY_get_base_id(key->pkey);
	bool fits = (r->op == WG_HSM_UNWRAP && kind == EVP_PKEY_RSA && r->data_len == size) ||
	            (r->op == WG_HSM_DERIVE && kind == EVP_PKEY_EC && r->data_len == 1 + 2 * ((bits + 7) / 8));
	return fits ? key : NULL;
}

enum wg_code wg_keyring_answer(void *arg, const void *question, size_t len, struct wg_buf *answer, struct wg_err *err)
{
	struct wg_keyring_asks *asks = arg;
	struct wg_hsm_request r;
	enum wg_hsm_status status = WG_HSM_GONE;
	const uint8_t *p;
	size_t n;
	const struct wg_key *key = wg_hsm_get(question, len, &r) ? key_of(asks->ring, &r) : NULL;
	bool again = key != NULL && (asks->asked & 1U << r.key) != 0;
	if (key == NULL || again)
		return wg_err_set(err, WG_REJECT,
		                  "it could not be opened: the process that reads it asked our HSM for what no mail needs");
	asks->asked |= 1U << r.key;
	if (key->asking == NULL)
		wg_hsm_do(key->pkey, key->does, &r, answer);
	else if (!wg_hsm_ask_key(key->asking, &r, answer))
		wg_buf_reset(answer);
	if (!wg_hsm_told(answer, &status, &p, &n))
		status = WG_HSM_GONE;
	switch (status) {
	case WG_HSM_DONE:
		return WG_OK;
	case WG_HSM_REFUSED:
		return wg_err_set(err, WG_REJECT, "it could not be opened: it was not sealed as a key of ours wants it");
	case WG_HSM_UNABLE:
		return wg_err_set(err, WG_CONFIG,
		                  "it is sealed to our key in the HSM in a way that the HSM does not open (%s): tell its "
		                  "sender to use another, or add a pair with a key file; then wardgate queue retry",
		                  r.op == WG_HSM_DERIVE       ? "ECDH"
		                  : r.padding == WG_HSM_PKCS1 ? "PKCS#1 v1.5"
		                                              : "OAEP");
	case WG_HSM_GONE:
		break;
	}
	return wg_err_set(err, WG_SYSTEM, WG_HSM_SILENT);
}
