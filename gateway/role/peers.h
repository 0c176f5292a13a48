/* The other sides of our TLS connections. Their chains are in no file of ours: they are known once they were seen.
 * Whoever meets one judges it by what was fetched (crypto/peer.h) and writes its chain down under STATE/seen; the
 * monitor role reads that folder and fetches what says whether it was revoked. The folder is a hint to it, nothing
 * more: a chain that does not lead to the anchors of its place is thrown away unasked. */
#ifndef WG_ROLE_PEERS_H
#define WG_ROLE_PEERS_H

#include "crypto/peer.h"
#include "policy/directory.h"
#include "role/config.h"

/* Where a peer is met. Each place has anchors of its own. */
enum wg_peer_kind {
	WG_PEER_HTTPS, /* servers of a partner: copies over HTTPS, webhooks */
	WG_PEER_MAIL,  /* the smarthost; under route="direct" a partner's mail servers that no DANE record vouches for */
	WG_PEER_MESH,
	WG_PEER_IMAP,
	WG_PEER_CLIENT /* a partner's machines at our own HTTPS intake */
};
#define WG_PEER_KINDS 5
const char *wg_peer_kind_name(enum wg_peer_kind kind); /* "https", "mail", "mesh", "imap", "client" */

#define WG_PEER_HOST 9 /* 8 digits of the hash of a host, "" for none */
struct wg_peer_place {
	enum wg_peer_kind kind;
	char organisation[WG_LIMIT_NAME + 1]; /* "" for what is no partner's: smarthost, MESH, IMAP */
	char host[WG_PEER_HOST];              /* which of several; of a client, and of direct mail, "" */
};

/* STATE/seen */
enum wg_code wg_peers_folder(const struct wg_config *config, char out[WG_PATH_TEXT], struct wg_err *err) WG_MUST;
/* Makes STATE/trust and STATE/seen, for who is about to be confined to them. */
enum wg_code wg_peers_prepare(const struct wg_config *config, struct wg_err *err) WG_MUST;

/* ---- at the connection */

/* Lives as long as the connections. Does not move: its members point into it. */
struct wg_peer_watch {
	struct wg_peer peer; /* for struct wg_tls */
	struct wg_peer_place place;
	char held[WG_PATH_TEXT], seen[WG_PATH_TEXT]; /* seen "": nothing is written down */
	const char *lists[3];
};

/* For connections of that kind with the organisation (NULL: nobody's), to the host (NULL, or a host or URL). config
 * and organisation outlive it. What it meets is written down; set peer.told to change that. */
void wg_peer_watch(struct wg_peer_watch *watch, const struct wg_config *config,
                   const struct wg_organisation *organisation, enum wg_peer_kind kind, const char *host);

/* The same connections, now with another organisation; what is known of chains is kept. */
void wg_peer_watch_whom(struct wg_peer_watch *watch, const struct wg_config *config,
                        const struct wg_organisation *organisation);

/* Writes a chain down that was met there, unless that was done in the last hours; refused: in the last minute, so that
 * the last that was met at a place is the last that was written down. Of hostile bytes nothing is kept but what is a
 * certificate. A fault costs the asking about it only: it is logged. */
void wg_peer_note(const struct wg_peer_place *place, const char *seen, const char *pem, size_t len, bool refused);

/* ---- what was seen */

/* How long a chain that is not met any more is asked about. */
#define WG_PEER_KEEP_MS ((int64_t)30 * 24 * 3600 * 1000)
/* Chains that are kept: a mail server and an HTTPS server of every council and force, with their clients. */
#define WG_PEER_SEEN_MAX 2048

struct wg_peer_file {
	struct wg_peer_place place;
	char name[160];  /* below STATE/seen */
	int64_t seen_at; /* wall ms; to a few hours */
	bool last;       /* that was met at its place */
	bool current;    /* or met within the last day: beside the last, where there are several machines */
};
/* What lies there, in no order. The caller frees *out. */
enum wg_code wg_peers_list(const struct wg_config *config, int64_t now, struct wg_peer_file **out, unsigned *count,
                           struct wg_err *err) WG_MUST;

/* Changes when a chain was seen for the first time, and now and then besides. 0 when there is none. */
uint64_t wg_peers_stamp(const struct wg_config *config);

/* The anchors of a place, PEM file; NULL when configuration and directory know no such place any more. *need: how
 * strictly it is asked there. */
const char *wg_peer_anchors(const struct wg_config *config, const struct wg_directory *directory,
                            const struct wg_peer_place *place, enum wg_revocation_need *need);

#endif
