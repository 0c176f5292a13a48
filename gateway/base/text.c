/* text.c owns the checks that outside text passes before it reaches a log, a header or a path.
 * SECURITY: every argument may come from outside. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64_internal.h"
#include "base/limits.h"

size_t wg_utf8_decode(const char *s, size_t len, uint32_t *c)
{
	const uint8_t *p = (const uint8_t *)s;
	if (len == 0)
		return 0;
	size_t n;
	uint32_t v, least;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	} else if ((p[0] & 0xE0) == 0xC0) {
		n = 2, v = p[0] & 0x1F, least = 0x80;
	} else if ((p[0] & 0xF0) == 0xE0) {
		n = 3, v = p[0] & 0x0F, least = 0x800;
	} else if ((p[0] & 0xF8) == 0xF0) {
		n = 4, v = p[0] & 0x07, least = 0x10000;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3F);
	}
	if (v < least || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
		return 0;
	*c = v;
	return n;
}

/* Eight bytes at once, while they are ASCII. */
static size_t ascii(const char *s, size_t len)
{
	size_t n = 0;
	for (uint64_t eight; len - n >= sizeof eight; n += sizeof eight) {
		memcpy(&eight, s + n, sizeof eight);
		if ((eight & 0x8080808080808080u) != 0)
			break;
	}
	return n;
}

bool wg_utf8_valid(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint64_t eight;
		if (len - i >= sizeof eight && (memcpy(&eight, s + i, sizeof eight), eight & 0x8080808080808080) == 0) {
			i += sizeof eight; /* all ASCII */
			continue;
		}
		uint32_t c;
		i += ascii(s + i, len - i);
		if (i == len)
			break;
		size_t n = wg_utf8_decode(s + i, len - i, &c);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

const char *wg_defang(const char *s, char *out, size_t size)
{
	size_t len = strlen(s), o = 0;
	bool cut = false;
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = wg_utf8_decode(s + i, len - i, &c);
		/* C0, DEL, C1, line and paragraph separators, the bidirectional overrides that reorder a terminal line, and
		 * what no XML can hold: the words may have to be told in a notice */
		bool bad = n == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
		           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFFFE || c == 0xFFFF;
		size_t width = bad ? 1 : n;
		if (width > size - 1 - o) {
			cut = true;
			break;
		}
		if (bad)
			out[o] = '?';
		else
			memcpy(out + o, s + i, n);
		o += width;
		i += n == 0 ? 1 : n;
	}
	out[o] = '\0';
	if (cut && size > 4) {
		size_t at = o < size - 4 ? o : size - 4;
		while (at > 0 && ((uint8_t)out[at] & 0xC0) == 0x80)
			at--;
		memcpy(out + at, "...", 4);
	}
	return out;
}

bool wg_num_parse(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	if (*s == '\0')
		return false;
	uint64_t v = 0;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool wg_hostname_valid(const char *s)
{
	size_t label = 0, total = 0;
	bool letter = false; /* all digits and dots would be an address literal */
	for (; *s != '\0'; s++, total++) {
		if (*s == '.') {
			if (label == 0 || s[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_alnum(*s) && !(*s == '-' && label > 0))
			return false;
		letter = letter || !(*s >= '0' && *s <= '9');
		if (++label > 63)
			return false;
	}
	return letter && label > 0 && s[-1] != '-' && total <= 253;
}

static bool dot_atom_at_host(const char *s, size_t most, size_t most_before)
{
	static const char atext[] = "!#$%&'*+-/=?^_`{|}~";
	size_t len = strnlen(s, most + 1);
	const char *at = strchr(s, '@');
	if (len > most || at == NULL || at == s || (size_t)(at - s) > most_before)
		return false;
	for (const char *p = s; p < at; p++) {
		if (*p == '.') {
			if (p == s || p + 1 == at || p[1] == '.')
				return false;
		} else if (!is_alnum(*p) && strchr(atext, *p) == NULL) {
			return false;
		}
	}
	return wg_hostname_valid(at + 1) && strchr(at + 1, '.') != NULL;
}

bool wg_address_valid(const char *s)
{
	return dot_atom_at_host(s, WG_LIMIT_ADDRESS, 64);
}

bool wg_message_id_valid(const char *s)
{
	return dot_atom_at_host(s, WG_LIMIT_MESSAGE_ID, WG_LIMIT_MESSAGE_ID);
}

bool wg_name_valid(const char *s)
{
	size_t len = strnlen(s, WG_LIMIT_NAME + 1);
	if (len == 0 || len > WG_LIMIT_NAME || s[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return false;
	return true;
}

bool wg_list_has(const char *list, const char *name)
{
	size_t want = strlen(name);
	while (*list != '\0') {
		list += strspn(list, " \t\r\n");
		size_t n = strcspn(list, " \t\r\n");
		if (n == 1 && *list == '*')
			return true;
		if (n == want && n > 0 && memcmp(list, name, n) == 0)
			return true;
		list += n;
	}
	return false;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t wg_base64_put(const void *p, size_t len, char *out)
{
	const uint8_t *b = p;
	size_t i = wg_base64_x86_put(b, len, out), o = i / 3 * 4;
	for (; len - i >= 3; i += 3, o += 4) {
		uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];
		out[o] = base64_digits[v >> 18];
		out[o + 1] = base64_digits[v >> 12 & 63];
		out[o + 2] = base64_digits[v >> 6 & 63];
		out[o + 3] = base64_digits[v & 63];
	}
	if (i < len) {
		uint32_t v = (uint32_t)b[i] << 16 | (len - i > 1 ? (uint32_t)b[i + 1] << 8 : 0);
		out[o++] = base64_digits[v >> 18];
		out[o++] = base64_digits[v >> 12 & 63];
		out[o++] = len - i > 1 ? base64_digits[v >> 6 & 63] : '=';
		out[o++] = '=';
	}
	return o;
}

char *wg_base64_encode(const void *p, size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	char *out = malloc((len + 2) / 3 * 4 + 1);
	if (out == NULL)
		return NULL;
	out[wg_base64_put(p, len, out)] = '\0';
	return out;
}

/* -1: no digit. */
static int base64_value(char c)
{
	static const signed char values[256] = {
		['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
		['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
		['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
		['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
		['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
		['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
		['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
		['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
	};
	return values[(uint8_t)c] - 1;
}

/* Whole groups of four digits from the beginning; returns how many characters they were. */
static size_t base64_groups(const char *s, size_t len, uint8_t *out)
{
	size_t i = 0;
	for (; len - i >= 4; i += 4, out += 3) {
		int a = base64_value(s[i]), b = base64_value(s[i + 1]), c = base64_value(s[i + 2]), d = base64_value(s[i + 3]);
		if ((a | b | c | d) < 0)
			break;
		uint32_t v = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
	return i;
}

enum wg_code wg_base64_decode(const char *s, size_t len, uint8_t **out, size_t *out_len, struct wg_err *err)
{
	uint8_t *b = malloc(len / 4 * 3 + 3);
	if (b == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory for %zu bytes of base64", len);
	size_t o = 0, digits = 0, padding = 0;
	uint32_t v = 0;
	for (size_t i = 0; i < len; i++) {
		if (digits % 4 == 0 && padding == 0) {
			size_t n = base64_groups(s + i, len - i, b + o);
			o += n / 4 * 3;
			digits += n;
			i += n;
			if (i == len)
				break;
		}
		char c = s[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		int d = base64_value(c);
		if (c == '=' && ++padding <= 2)
			d = 0;
		else if (d < 0 || padding > 0) {
			free(b);
			return wg_err_set(err, WG_REJECT, "not base64 at byte %zu", i);
		}
		v = v << 6 | (uint32_t)d;
		if (++digits % 4 == 0) {
			b[o++] = (uint8_t)(v >> 16);
			b[o++] = (uint8_t)(v >> 8);
			b[o++] = (uint8_t)v;
			v = 0;
		}
	}
	if (digits % 4 != 0 || padding > o) {
		free(b);
		return wg_err_set(err, WG_REJECT, "base64 ends in the middle of a group");
	}
	*out = b;
	*out_len = o - padding;
	return WG_OK;
}

void wg_hex(const void *p, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = p;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * len] = '\0';
}
