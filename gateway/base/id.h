/* Message ids: made once, at intake, and the same over every retry and every channel. */
#ifndef WG_BASE_ID_H
#define WG_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define WG_ID_LEN 26
#define WG_ID_TEXT (WG_ID_LEN + 1)

/* 48 bits of wall time and 80 random bits, as 26 lower-case Crockford base32 digits: sorts by time, fits a Message-ID,
 * an URL and a file name, says nothing of the child. out has WG_ID_TEXT bytes. WG_SYSTEM when the kernel has no
 * randomness. */
enum wg_code wg_id_make(int64_t wall_ms, char *out, struct wg_err *err) WG_MUST;

bool wg_id_valid(const char *s);

/* len random bytes from the kernel. */
enum wg_code wg_random(void *out, size_t len, struct wg_err *err) WG_MUST;

/* The reference under which one copy travels, the same over every retry: MESSAGE.ORGANISATION.DESK; at mail it is
 * followed by "@domain of from". */
#define WG_REFERENCE_TEXT (WG_ID_TEXT + 2 * (WG_LIMIT_NAME + 1))
/* An Idempotency-Key: a reference, and behind it ":" and 16 digits when a later form of the copy had to be sent. */
#define WG_LIMIT_KEY 200

#endif
