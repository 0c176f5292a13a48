/* The two halves of the processes that poll a mailbox: packets (mailbox.c), processes (mailbox_keeper.c). */
#ifndef WG_ROLE_MAILBOX_INTERNAL_H
#define WG_ROLE_MAILBOX_INTERNAL_H

#include "channel/imap.h"
#include "role/mailbox.h"

/* Shared by the keeper and its pollers; each poller writes, and the keeper reads when it has ended, killed or not. */
struct wg_mailbox_shared {
	struct wg_imap_progress progress;
	uint32_t serial; /* of the last mail that was given */
	bool over;       /* code and words are the poll's own */
	enum wg_code code;
	char words[400];
};

/* arg of the two functions below, which are the sink of the poll. */
struct wg_mailbox_poller {
	int fd;
	struct wg_mailbox_shared *shared;
	uint32_t serials[WG_IMAP_BATCH];
	unsigned count; /* given and not settled */
};
enum wg_code wg_mailbox_give(void *arg, const struct wg_imap_mail *mail, struct wg_err *err) WG_MUST;
enum wg_code wg_mailbox_settle(void *arg, bool *kept, unsigned count, struct wg_err *err) WG_MUST;

/* One packet, whole; blocks while intake is behind. */
enum wg_code wg_mailbox_send(int fd, const struct wg_mailbox_packet *packet, struct wg_err *err) WG_MUST;

#endif
