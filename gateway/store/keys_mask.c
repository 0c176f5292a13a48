/* keys_mask.c owns the mask over the head of a blob: what SHA-256 makes of the blob's key, a counter and the blob's own
 * hash, as the one-step derivation of NIST SP 800-56C rev. 2, section 4.1, with a block of the hash for each 32 bytes.
 * The hash is in it so that a number that is given again, after its transaction came to nothing, does not give the same
 * mask to other bytes. */
#include <string.h>

#include "base/mem.h"
#include "store/keys_internal.h"

/* Of the blob's hash, as text; with counter and key it fits one block of SHA-256, of 55 bytes at most. */
#define HASH_PART 16
_Static_assert(4 + WG_KEYS_LEN + HASH_PART <= WG_SHA256_SHORT, "one block");

void wg_keys_mask(const uint8_t key[WG_KEYS_LEN], const char hash[WG_STORE_HASH], uint8_t *blob, size_t len)
{
	uint8_t in[4 + WG_KEYS_LEN + HASH_PART] = { 0 }, mask[WG_SHA256_LEN];
	const size_t head = len < WG_STORE_HEAD ? len : WG_STORE_HEAD;
	memcpy(in + 4, key, WG_KEYS_LEN);
	memcpy(in + 4 + WG_KEYS_LEN, hash, HASH_PART);
	for (size_t at = 0; at < head; at += sizeof mask) {
		const size_t n = head - at < sizeof mask ? head - at : sizeof mask;
		in[3] = (uint8_t)(at / sizeof mask + 1); /* 64 blocks */
		wg_sha256(in, sizeof in, mask);
		for (size_t i = 0; i < n; i++)
			blob[at + i] ^= mask[i];
	}
	wg_wipe(in, sizeof in);
	wg_wipe(mask, sizeof mask);
}

bool wg_keys_join(const uint8_t *row, size_t row_len, const uint8_t *rest, size_t rest_len,
                  const char hash[WG_STORE_HASH], uint8_t *out, size_t size)
{
	const bool masked = rest_len == size;
	if (rest_len > size || (masked ? row_len != WG_KEYS_ROW : row_len < size - rest_len))
		return false;
	if (masked && strlen(hash) < HASH_PART) /* a damaged row */
		return false;
	if (!masked)
		memcpy(out, row, size - rest_len);
	if (rest_len > 0)
		memcpy(out + (size - rest_len), rest, rest_len);
	if (masked)
		wg_keys_mask(row + WG_KEYS_ROW - WG_KEYS_LEN, hash, out, size);
	return true;
}
