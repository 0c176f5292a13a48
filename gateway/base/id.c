/* id.c owns message ids. */
#include "base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const char id_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum wg_code wg_random(void *out, size_t len, struct wg_err *err)
{
	uint8_t *p = out;
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return wg_err_errno(err, "random bytes");
		p += n;
		len -= (size_t)n;
	}
	return WG_OK;
}

enum wg_code wg_id_make(int64_t wall_ms, char *out, struct wg_err *err)
{
	uint8_t r[10];
	enum wg_code code = wg_random(r, sizeof r, err);
	if (code != WG_OK)
		return code;
	uint64_t t = (uint64_t)wall_ms;
	for (int i = 9; i >= 0; i--, t >>= 5)
		out[i] = id_digits[t & 31];
	for (int half = 0; half < 2; half++) { /* 40 bits are 8 digits */
		uint64_t v = 0;
		for (int i = 0; i < 5; i++)
			v = v << 8 | r[half * 5 + i];
		for (int i = 7; i >= 0; i--, v >>= 5)
			out[10 + half * 8 + i] = id_digits[v & 31];
	}
	out[WG_ID_LEN] = '\0';
	return WG_OK;
}

bool wg_id_valid(const char *s)
{
	size_t n = strnlen(s, WG_ID_LEN + 1);
	return n == WG_ID_LEN && strspn(s, id_digits) == n;
}
