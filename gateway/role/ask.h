/* What a copy asks of whoever reads it: to confirm, with a name, that a person has it. Stands above the text and the
 * page of the copy, never in its XML. */
#ifndef WG_ROLE_ASK_H
#define WG_ROLE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/token.h"

/* All borrowed. */
struct wg_ask {
	const char *token;     /* of this copy */
	const char *reference; /* of this copy, as the page to confirm on shows it; "" for none */
	bool reply;            /* an answer by mail reaches us */
	const char *url;       /* of the page to confirm on; "" for none */
	int64_t until;         /* wall ms by when; 0: nothing is said but soon */
	const char *ask_whom;  /* name of the organisation to ring; never NULL */
	const char *telephone; /* its number; "" when unknown */
};

/* The link: url, "/" and the token, whose SHA-256 wg_dlv_new.token_hash is. */
void wg_ask_link(const char *url, const char *token, struct wg_buf *out);

/* The block as text, and put into a page right behind its <body>. WG_SYSTEM when the page has none. */
void wg_ask_text(const struct wg_ask *ask, struct wg_buf *out);
enum wg_code wg_ask_html(const struct wg_ask *ask, const char *page, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
