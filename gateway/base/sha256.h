/* SHA-256 (FIPS 180-4) for naming stored bytes and chaining the log. Not for secrets but for the mask
 * of store/keys_mask.c: keyed hashes belong to the crypto room. */
#ifndef WG_BASE_SHA256_H
#define WG_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define WG_SHA256_LEN 32

struct wg_sha256 {
	uint32_t h[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void wg_sha256_init(struct wg_sha256 *s);
void wg_sha256_update(struct wg_sha256 *s, const void *p, size_t len);
void wg_sha256_final(struct wg_sha256 *s, uint8_t out[WG_SHA256_LEN]);

/* The most bytes that are one block with their padding. */
#define WG_SHA256_SHORT 55

/* The three in one; of at most WG_SHA256_SHORT bytes it takes little more than that block. */
void wg_sha256(const void *p, size_t len, uint8_t out[WG_SHA256_LEN]);

#endif
