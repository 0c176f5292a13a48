/* base64_x86.c owns base64's inner step by the byte shuffles of x86-64 (SSSE3; the way of W. Mula, "Base64 encoding
 * with SIMD instructions", 2016): a mail is encoded three times over, one layer in the other. */
#include "base/base64_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define STEP __attribute__((target("ssse3")))
#define TAKES 12 /* bytes that become 16 digits; so many are read: */
#define READS 16

/* Four times three bytes, each three spread over four bytes of six bits. */
STEP static __m128i spread(__m128i in)
{
	const __m128i twice = _mm_shuffle_epi8(in, _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
	const __m128i high = _mm_mulhi_epu16(_mm_and_si128(twice, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
	const __m128i low = _mm_mullo_epi16(_mm_and_si128(twice, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
	return _mm_or_si128(high, low);
}

/* Of each number below 64 its digit: what has to be added to it depends on which of five ranges it lies in. */
STEP static __m128i digits(__m128i numbers)
{
	const __m128i add = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
	                                  '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	const __m128i capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), numbers);
	const __m128i range =
		_mm_or_si128(_mm_subs_epu8(numbers, _mm_set1_epi8(51)), _mm_and_si128(capital, _mm_set1_epi8(13)));
	return _mm_add_epi8(numbers, _mm_shuffle_epi8(add, range));
}

STEP static size_t put(const uint8_t *p, size_t len, char *out)
{
	size_t i = 0;
	for (size_t o = 0; len - i >= READS; i += TAKES, o += 16)
		_mm_storeu_si128((__m128i *)(out + o), digits(spread(_mm_loadu_si128((const __m128i *)(p + i)))));
	return i;
}

size_t wg_base64_x86_put(const uint8_t *p, size_t len, char *out)
{
	return __builtin_cpu_supports("ssse3") != 0 ? put(p, len, out) : 0;
}

#else

size_t wg_base64_x86_put(const uint8_t *p, size_t len, char *out)
{
	(void)p, (void)len, (void)out;
	return 0;
}

#endif
