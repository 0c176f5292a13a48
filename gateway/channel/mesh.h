/* MESH, the NHS's mailboxes: what wg_way_mesh does not say of itself. Source: the public description of the MESH API
 * (version 2). Paths, headers and the token are those of that description. */
#ifndef WG_CHANNEL_MESH_H
#define WG_CHANNEL_MESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "channel/session.h"

/* The token of one request: "NHSMESH MAILBOX:NONCE:COUNT:YYYYMMDDHHMM:HASH", HASH the HMAC-SHA-256 under the shared key
 * of "MAILBOX:NONCE:COUNT:PASSWORD:YYYYMMDDHHMM", in hex. wall: ms; the time is UTC. */
enum wg_code wg_mesh_token(const char *mailbox, const char *password, const char *key, const char *nonce,
                           unsigned count, int64_t wall, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* What the service knows of a message that was sent. */
enum wg_mesh_track {
	WG_MESH_WAITING,      /* in the recipient's mailbox, not fetched */
	WG_MESH_ACKNOWLEDGED, /* fetched, and the recipient's system has confirmed that it keeps it */
	WG_MESH_UNDELIVERED,  /* it will not be delivered; words say why */
	WG_MESH_UNKNOWN       /* no answer, or one that says none of these; words say which */
};
enum wg_mesh_track wg_mesh_track(struct wg_session *session, const char *message_id, char *words, size_t size);

/* One message out of the own mailbox. */
struct wg_mesh_message {
	char id[65], from[65], workflow[65], local_id[129];
	bool report;                            /* not a message but a report that one of ours was not delivered */
	char linked[65], status[17], said[256]; /* of a report: which message, its code, its words */
};
#define WG_MESH_INBOX_MAX 500

/* Ids of what waits in the own mailbox, each 65 bytes; at most WG_MESH_INBOX_MAX. WG_AGAIN with words when the service
 * cannot be asked. The caller frees *ids. */
enum wg_code wg_mesh_list(struct wg_session *session, char (**ids)[65], unsigned *count, struct wg_err *err) WG_MUST;
/* All chunks of one. WG_LIMIT when it is larger than out may be; WG_NOT_FOUND when it is not there any more. */
enum wg_code wg_mesh_fetch(struct wg_session *session, const char *id, struct wg_mesh_message *facts,
                           struct wg_buf *out, struct wg_err *err) WG_MUST;
/* It is kept: the service may forget it. */
enum wg_code wg_mesh_keep(struct wg_session *session, const char *id, struct wg_err *err) WG_MUST;

#endif
