/* token.c owns single-use tokens: made, found in what people write, hashed.
 * SECURITY: texts are a stranger's. A token that is read here proves nothing yet: the store knows its hash or it does
 * not. */
#include "base/token.h"

#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"

#define MARK_LEN (sizeof WG_TOKEN_MARK - 1)

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum wg_code wg_token_make(char out[static WG_TOKEN_TEXT], struct wg_err *err)
{
	uint8_t random[16];
	char made[WG_TOKEN_TEXT] = WG_TOKEN_MARK;
	enum wg_code code = wg_random(random, sizeof random, err);
	if (code != WG_OK)
		return code;
	unsigned bits = 2, held = 0; /* 130 bits: two that are 0 stand before the 128 */
	size_t n = MARK_LEN;
	for (size_t i = 0; i < sizeof random; i++) {
		held = (held << 8 | random[i]) & 0xFFFu; /* at most 4 were left over */
		for (bits += 8; bits >= 5; bits -= 5)
			made[n++] = digits[held >> (bits - 5) & 31];
	}
	made[n] = '\0';
	memcpy(out, made, sizeof made);
	wg_wipe(made, sizeof made);
	wg_wipe(random, sizeof random);
	return WG_OK;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The digit that c is, or NUL. */
static char digit_of(char c)
{
	c = lower(c);
	c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
	return c != '\0' && strchr(digits, c) != NULL ? c : '\0';
}

static bool is_word(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

/* Exactly WG_TOKEN_DIGITS digits at s, of left bytes, and no further letter. */
static bool take(const char *s, size_t left, char out[static WG_TOKEN_TEXT])
{
	char made[WG_TOKEN_TEXT] = WG_TOKEN_MARK;
	if (left < WG_TOKEN_DIGITS || (left > WG_TOKEN_DIGITS && is_word(s[WG_TOKEN_DIGITS])))
		return false;
	for (size_t i = 0; i < WG_TOKEN_DIGITS; i++)
		if ((made[MARK_LEN + i] = digit_of(s[i])) == '\0')
			return false;
	memcpy(out, made, sizeof made);
	return true;
}

static bool marked(const char *s, size_t left)
{
	for (size_t i = 0; i < MARK_LEN; i++)
		if (left <= i || lower(s[i]) != WG_TOKEN_MARK[i])
			return false;
	return true;
}

bool wg_token_find(const char *text, size_t len, size_t *at, char out[static WG_TOKEN_TEXT])
{
	for (size_t i = *at; i < len; i++) {
		if ((i > 0 && is_word(text[i - 1])) || !marked(text + i, len - i) ||
		    !take(text + i + MARK_LEN, len - i - MARK_LEN, out))
			continue;
		*at = i + MARK_LEN + WG_TOKEN_DIGITS;
		return true;
	}
	*at = len;
	return false;
}

bool wg_token_parse(const char *text, size_t len, char out[static WG_TOKEN_TEXT])
{
	while (len > 0 && wg_is_space(text[len - 1]))
		len--;
	while (len > 0 && wg_is_space(text[0]))
		text++, len--;
	size_t skip = marked(text, len) ? MARK_LEN : 0;
	return len - skip == WG_TOKEN_DIGITS && take(text + skip, len - skip, out);
}

void wg_token_hash(const char *token, char out[static WG_TOKEN_HASH])
{
	uint8_t hash[WG_SHA256_LEN];
	wg_sha256(token, strlen(token), hash);
	wg_hex(hash, sizeof hash, out);
}
