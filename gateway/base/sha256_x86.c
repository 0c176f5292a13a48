/* sha256_x86.c owns SHA-256's inner step by the SHA extensions of x86-64 (Intel, "Intel SHA Extensions", 2013): some
 * five times as fast as the C of sha256.c, and the store hashes whatever it keeps and every entry of its log. */
#include "base/sha256_internal.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

/* CPUID leaf 1, ECX, and leaf 7, EBX. */
#define SSSE3 (1u << 9)
#define SSE4_1 (1u << 19)
#define SHA (1u << 29)
#define STEP __attribute__((target("sha,sse4.1,ssse3")))

bool wg_sha256_x86_there(void)
{
	unsigned a = 0, b = 0, c = 0, d = 0;
	if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & SSSE3) == 0 || (c & SSE4_1) == 0)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & SHA) != 0;
}

STEP static __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

STEP static void store(void *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

/* Four rounds. w: their part of the message schedule. */
STEP static void rounds(__m128i state[2], __m128i w, const uint32_t *k)
{
	const __m128i sum = _mm_add_epi32(w, load(k));
	state[1] = _mm_sha256rnds2_epu32(state[1], state[0], sum);
	state[0] = _mm_sha256rnds2_epu32(state[0], state[1], _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the schedule, from the sixteen before them, the oldest first in w[from]. */
STEP static __m128i next(const __m128i w[4], unsigned from)
{
	const __m128i a = w[from & 3], b = w[(from + 1) & 3], c = w[(from + 2) & 3], d = w[(from + 3) & 3];
	const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
	return _mm_sha256msg2_epu32(sum, d);
}

STEP static void one_block(__m128i state[2], const uint8_t *p)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); /* the words are big endian */
	const __m128i before[2] = { state[0], state[1] };
	__m128i w[4];
	for (unsigned i = 0; i < 4; i++) {
		w[i] = _mm_shuffle_epi8(load(p + (size_t)16 * i), swap);
		rounds(state, w[i], wg_sha256_k + (size_t)4 * i);
	}
	for (unsigned i = 4; i < 16; i++) {
		w[i & 3] = next(w, i);
		rounds(state, w[i & 3], wg_sha256_k + (size_t)4 * i);
	}
	state[0] = _mm_add_epi32(state[0], before[0]);
	state[1] = _mm_add_epi32(state[1], before[1]);
}

/* The instructions want the state as ABEF and CDGH, the highest word first. */
STEP void wg_sha256_x86_blocks(uint32_t h[8], const uint8_t *p, size_t count)
{
	const __m128i badc = _mm_shuffle_epi32(load(h), 0xb1), hgfe = _mm_shuffle_epi32(load(h + 4), 0x1b);
	__m128i state[2] = { _mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0) };
	for (; count > 0; count--, p += 64)
		one_block(state, p);
	const __m128i abef = _mm_shuffle_epi32(state[0], 0x1b), cdgh = _mm_shuffle_epi32(state[1], 0xb1);
	store(h, _mm_blend_epi16(abef, cdgh, 0xf0));
	store(h + 4, _mm_alignr_epi8(cdgh, abef, 8));
}

#else

bool wg_sha256_x86_there(void)
{
	return false;
}

void wg_sha256_x86_blocks(uint32_t h[8], const uint8_t *p, size_t count)
{
	wg_sha256_blocks(h, p, count);
}

#endif
