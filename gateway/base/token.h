/* The single-use token of one copy: whoever has read the copy has it, and nobody else. In a mail, a page and a reply it
 * is written "wgc-" and 26 digits, one word without a blank, so that no way of quoting, wrapping or folding takes it
 * apart. Only its SHA-256 is kept. Never logged, in no subject and no file name. */
#ifndef WG_BASE_TOKEN_H
#define WG_BASE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* 128 random bits in Crockford's base32: 26 digits of 5 bits, the first of them of 3. */
#define WG_TOKEN_DIGITS 26
#define WG_TOKEN_MARK "wgc-"
#define WG_TOKEN_TEXT (sizeof WG_TOKEN_MARK + WG_TOKEN_DIGITS) /* "wgc-7k3m...", with its NUL */
#define WG_TOKEN_HASH 65                                       /* SHA-256 as lower-case hex, with its NUL */

/* WG_SYSTEM when the kernel has no randomness. Wipe it after use. */
enum wg_code wg_token_make(char out[static WG_TOKEN_TEXT], struct wg_err *err) WG_MUST;

/* The next token in text from *at on, as it was made: upper case is folded, and o, i and l, which nobody can tell from
 * 0 and 1, are read as these (Crockford). *at moves behind it. False when there is no more. */
bool wg_token_find(const char *text, size_t len, size_t *at, char out[static WG_TOKEN_TEXT]);

/* All of text is one token, with or without its mark and blanks around it: what a person types or a link holds. */
bool wg_token_parse(const char *text, size_t len, char out[static WG_TOKEN_TEXT]);

/* What the store knows it by: SHA-256 of the token as it was made, its mark included, in hex. */
void wg_token_hash(const char *token, char out[static WG_TOKEN_HASH]);

#endif
