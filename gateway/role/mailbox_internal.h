/* The parts of the processes that poll a mailbox: packets (mailbox.c), processes (mailbox_keeper.c), a poll of MESH
 * (mailbox_mesh.c). */
#ifndef WG_ROLE_MAILBOX_INTERNAL_H
#define WG_ROLE_MAILBOX_INTERNAL_H

#include "channel/imap.h"
#include "channel/mesh.h"
#include "role/mailbox.h"
#include "role/peers.h"

/* MESH messages that are too large, and have their note in the store: not fetched again while the keeper lives. */
#define WG_MAILBOX_PASSED 64

/* Shared by the keeper and its pollers; each poller writes, and the keeper reads when it has ended, killed or not. */
struct wg_mailbox_shared {
	struct wg_imap_progress progress;
	uint32_t serial; /* of the last mail that was given */
	bool over;       /* code and words are the poll's own */
	enum wg_code code;
	char words[400];
	char passed[WG_MAILBOX_PASSED][sizeof((struct wg_mesh_message *)0)->id];
	unsigned passed_count; /* of all time: the oldest gives way */
};

/* arg of the two functions below, which are the sink of the poll. */
struct wg_mailbox_poller {
	int fd;
	struct wg_mailbox_shared *shared;
	uint32_t serials[WG_IMAP_BATCH];
	unsigned count; /* given and not settled */
};
/* Asks intake for the time, by which this poll judges certificates: keepers outlive what they knew of it. */
enum wg_code wg_mailbox_time(const struct wg_mailbox_poller *poller, struct wg_err *err) WG_MUST;
enum wg_code wg_mailbox_give(void *arg, const struct wg_imap_mail *mail, struct wg_err *err) WG_MUST;
enum wg_code wg_mailbox_settle(void *arg, bool *kept, unsigned count, struct wg_err *err) WG_MUST;

/* One poll of the own MESH mailbox, as wg_imap_poll does it: what is there is fetched and given, and acknowledged to
 * MESH once intake says that it is kept. progress.at is the place in the list; 0 after a poll that came to its end. */
enum wg_code wg_mailbox_poll_mesh(const struct wg_config *config, struct wg_mailbox_poller *poller, struct wg_err *err)
	WG_MUST;

/* What the poller tells of its server's certificate: arg is the poller. */
void wg_mailbox_met(void *arg, const struct wg_peer_look *look);

/* One packet, whole; blocks while intake is behind. */
enum wg_code wg_mailbox_send(int fd, const struct wg_mailbox_packet *packet, struct wg_err *err) WG_MUST;

#endif
