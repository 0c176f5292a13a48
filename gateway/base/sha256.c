/* sha256.c owns SHA-256 as FIPS 180-4 section 6.2 describes it. */
#include "base/sha256.h"

#include <endian.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256_internal.h"

const uint32_t wg_sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void schedule(const uint8_t *p, uint32_t w[64])
{
	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 | (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
	for (size_t t = 16; t < 64; t++) {
		uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
		uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
}

static void compress(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64];
	schedule(p, w);
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
	for (size_t t = 0; t < 64; t++) {
		uint32_t t1 = i + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + wg_sha256_k[t] + w[t];
		uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		i = g, g = f, f = e, e = d + t1;
		d = c, c = b, b = a, a = t1 + t2;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d;
	h[4] += e, h[5] += f, h[6] += g, h[7] += i;
}

void wg_sha256_blocks(uint32_t h[8], const uint8_t *p, size_t count)
{
	for (; count > 0; count--, p += 64)
		compress(h, p);
}

static void take(uint32_t h[8], const uint8_t *p, size_t count)
{
	static enum { UNKNOWN, C, X86 } how; /* asked once a process: in a virtual machine the question is slow */
	if (how == UNKNOWN)
		how = wg_sha256_x86_there() ? X86 : C;
	(how == X86 ? wg_sha256_x86_blocks : wg_sha256_blocks)(h, p, count);
}

static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static void put(const uint32_t h[8], uint8_t out[WG_SHA256_LEN])
{
	for (size_t i = 0; i < 8; i++) {
		const uint32_t word = htobe32(h[i]);
		memcpy(out + 4 * i, &word, sizeof word);
	}
}

void wg_sha256_init(struct wg_sha256 *s)
{
	*s = (struct wg_sha256){ .len = 0 };
	memcpy(s->h, start, sizeof s->h);
}

void wg_sha256_update(struct wg_sha256 *s, const void *p, size_t len)
{
	const uint8_t *in = p;
	size_t have = s->len % sizeof s->block;
	s->len += len;
	if (have > 0) {
		size_t want = sizeof s->block - have;
		size_t n = len < want ? len : want;
		if (n > 0)
			memcpy(s->block + have, in, n);
		if (n < want)
			return;
		take(s->h, s->block, 1);
		in += n;
		len -= n;
	}
	const size_t whole = len / sizeof s->block, rest = len % sizeof s->block;
	if (whole > 0)
		take(s->h, in, whole);
	if (rest > 0)
		memcpy(s->block, in + len - rest, rest);
}

void wg_sha256_final(struct wg_sha256 *s, uint8_t out[WG_SHA256_LEN])
{
	static const uint8_t pad[64] = { 0x80 };
	uint64_t bits = s->len * 8;
	size_t have = s->len % sizeof s->block;
	wg_sha256_update(s, pad, have < 56 ? 56 - have : 120 - have);
	uint8_t tail[8];
	for (size_t i = 0; i < sizeof tail; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	wg_sha256_update(s, tail, sizeof tail);
	put(s->h, out);
}

/* Of what is one block with its padding. */
static void one_block(const void *p, size_t len, uint8_t out[WG_SHA256_LEN])
{
	uint32_t h[8];
	uint8_t block[64] = { 0 };
	memcpy(h, start, sizeof h);
	if (len > 0)
		memcpy(block, p, len);
	block[len] = 0x80;
	block[62] = (uint8_t)(len >> 5); /* its length in bits */
	block[63] = (uint8_t)(len << 3);
	take(h, block, 1);
	put(h, out);
	wg_wipe(block, sizeof block); /* a key may have been in it */
}

void wg_sha256(const void *p, size_t len, uint8_t out[WG_SHA256_LEN])
{
	if (len <= WG_SHA256_SHORT) {
		one_block(p, len, out);
		return;
	}
	struct wg_sha256 s;
	wg_sha256_init(&s);
	wg_sha256_update(&s, p, len);
	wg_sha256_final(&s, out);
}
