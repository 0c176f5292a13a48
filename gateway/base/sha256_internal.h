/* SHA-256's inner step, in C and with the processor's own instructions. */
#ifndef WG_BASE_SHA256_INTERNAL_H
#define WG_BASE_SHA256_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4 section 4.2.2. */
extern const uint32_t wg_sha256_k[64];

/* Takes in count blocks of 64 bytes each. */
void wg_sha256_blocks(uint32_t h[8], const uint8_t *p, size_t count);
/* The same; only where wg_sha256_x86_there says true. */
void wg_sha256_x86_blocks(uint32_t h[8], const uint8_t *p, size_t count);
bool wg_sha256_x86_there(void);

#endif
