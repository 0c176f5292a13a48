/* The store: what was accepted, decided and sent. One driver behind it (SQLite; PostgreSQL later); only the store process calls this.
 * Times are wall-clock ms for people and order; waiting is kept as wall ms too, judged against `now` given by the caller. Every
 * change appends to the hash-chained log in the same transaction. Originals and envelopes are ciphertext; the store cannot open them. */
#ifndef WG_STORE_STORE_H
#define WG_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "base/limits.h"

struct wg_store;

/* STATES.md has the table; names as text are those of the enum in lower case with hyphens. */
enum wg_message_state { WG_MSG_ACCEPTED, WG_MSG_NORMALISED, WG_MSG_ROUTED, WG_MSG_ATTENTION, WG_MSG_REJECTED, WG_MSG_DUPLICATE };
enum wg_delivery_state {
	WG_DLV_DECIDED, WG_DLV_SEALED, WG_DLV_SENDING, WG_DLV_HANDED_OVER, WG_DLV_RECEIVED, WG_DLV_ACKNOWLEDGED,
	WG_DLV_REVIEW, WG_DLV_WITHHELD, WG_DLV_DEFERRED, WG_DLV_FAILED, WG_DLV_RECALLED, WG_DLV_SUPERSEDED, WG_DLV_HELD
};
const char *wg_message_state_name(enum wg_message_state state);
const char *wg_delivery_state_name(enum wg_delivery_state state);

#define WG_STORE_HASH 65

/* A new message. The blob is its ciphertext. */
struct wg_msg_new {
	char id[WG_ID_TEXT];
	char organisation[WG_LIMIT_NAME + 1];  /* who submitted, as authenticated */
	char idempotency_key[129];             /* "" when none */
	char content_hash[WG_STORE_HASH];      /* SHA-256 of the plaintext original, hex */
	char content_type[64];
	char way[16];                          /* "https", "drop" */
	const void *blob;
	size_t blob_len;
};

/* What the sender is told: given only after the row is durable. */
struct wg_msg_receipt {
	char id[WG_ID_TEXT];
	char content_hash[WG_STORE_HASH];
	int64_t accepted_at;
	enum wg_message_state state;
	bool duplicate;                        /* it was there already: same organisation and key, or same organisation and content */
};

enum wg_code wg_store_open(const char *folder, struct wg_store **out, struct wg_err *err) WG_MUST;
void wg_store_closep(struct wg_store **store);

#endif
