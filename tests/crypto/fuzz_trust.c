/* Fuzz target: bytes as a list of revoked certificates or an OCSP answer, and as the wire forms of a trust store and of
 * key pairs. Nothing that is taken in may make a certificate good that was not. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "crypto/keyring.h"
#include "crypto/revocation.h"
#include "crypto/trust_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *r = NULL;
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *set = NULL;
	const struct wg_hsm_line line = { .to = -1, .from = -1 };
	struct wg_keyring ring = { .count = 0 };
	struct wg_revocation_times times;
	if (wg_revocations_new(&r, NULL) != WG_OK)
		abort();
	bool taken = wg_revocations_add(r, data, size, NULL) == WG_OK;
	if (wg_revocation_file_times(data, size, &times, NULL) == WG_OK && !taken)
		abort();
	if (wg_trust_set_read(data, size, &set, NULL) == WG_OK) {
		WG_AUTO_BUF struct wg_buf again = WG_BUF(size + 1);
		wg_trust_set_write(set, &again);
		if (again.failed || again.len != size)
			abort();
	}
	if (wg_keyring_read(data, size, &line, &ring, NULL) == WG_OK)
		wg_keyring_free(&ring);
	return 0;
}
