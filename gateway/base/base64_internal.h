/* Base64's inner step with the processor's own instructions. */
#ifndef WG_BASE_BASE64_INTERNAL_H
#define WG_BASE_BASE64_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Encodes as many bytes from the beginning as it can, a multiple of three, into four digits for every three; returns
 * how many, 0 where the processor has no such instructions. */
size_t wg_base64_x86_put(const uint8_t *p, size_t len, char *out);

#endif
