/* What the files of MESH share: mesh.c (sending, tracking), mesh_inbox.c (fetching), mesh_ask.c (one request). */
#ifndef WG_CHANNEL_MESH_INTERNAL_H
#define WG_CHANNEL_MESH_INTERNAL_H

#include "channel/https_internal.h"
#include "channel/mesh.h"
#include "channel/session_internal.h"

/* Ids of MESH: 32 hexadecimal digits, or a time and six digits; ours of a mailbox by the configuration's schema. */
#define WG_MESH_ID 65

struct wg_mesh {
	struct wg_session base;
	const struct wg_send_target *target;
	struct wg_https http;
	struct wg_buf password, key; /* wiped at the end */
	char nonce[33];
	unsigned count;               /* requests under this nonce */
	struct wg_mesh_message facts; /* of the answer's headers */
	unsigned chunks;              /* of the message that is fetched, by its headers */
	char base_url[600];           /* .../messageexchange/MAILBOX */
};

struct wg_mesh *wg_mesh_of(struct wg_session *session);
/* Letters, digits, "_" and "-", 1 to 64. */
bool wg_mesh_id_valid(const char *id);
/* One request to base_url + path, with a fresh token. extra: further headers, NULL-terminated, "Name: value". WG_AGAIN
 * with words when no whole answer came; otherwise *end has the status. */
enum wg_code wg_mesh_ask(struct wg_mesh *m, const char *method, const char *path, const char *const *extra,
                         const void *body, size_t len, struct wg_https_end *end, struct wg_err *err) WG_MUST;
/* "answered STATUS: WORDS": the words of the answer's detail, defanged. */
void wg_mesh_words(const struct wg_mesh *m, const struct wg_https_end *end, char *out, size_t size);

#endif
