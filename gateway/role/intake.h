/* The intake role's inside: what its two ways in (HTTPS, drop folders) share. Private to gateway/role. */
#ifndef WG_ROLE_INTAKE_H
#define WG_ROLE_INTAKE_H

#include <sys/types.h>

#include "base/buf.h"
#include "channel/httpd.h"
#include "channel/lmtp.h"
#include "crypto/crypto.h"
#include "crypto/rest.h"
#include "policy/directory.h"
#include "role/config.h"
#include "role/mailbox.h"
#include "role/peers.h"
#include "store/client.h"

struct event;
struct event_base;
struct wg_dropped;

struct wg_intake;

/* The fate of a message that was offered to the store: receipt when failed->code is WG_OK, otherwise why it was not
 * taken (WG_AGAIN: not now; also when the role ends). */
typedef void wg_intake_told(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                            const struct wg_err *failed);

/* A message that waits for its receipt. Slots are numbered, the number is the tag on the store's socket. */
struct wg_pending {
	wg_intake_told *told; /* NULL: free slot */
	void *arg;
	uint32_t number; /* the caller's own */
	int64_t until;   /* steady ms: told WG_AGAIN, WG_INTAKE_LATE, if the store has not answered then; 0: it waits */
};
/* Nobody knows: the store did not answer in time, and may still take it. Whoever sends it again gets the receipt. */
#define WG_INTAKE_LATE "the store has not answered yet"
#define WG_INTAKE_PENDING 256

/* A file in a drop folder that cannot be taken. Known by its inode: its name may hold the name of a person. */
struct wg_drop_fault {
	unsigned drop; /* which folder of the configuration */
	ino_t inode;
	bool seen; /* still there at the look that goes on now */
	char why[160];
};
/* Files that are in the way at the same time; of more than these nothing more is said until some are gone. */
#define WG_INTAKE_FAULTS 64

/* A mailbox that is polled by processes of its own (mailbox.h), and what came of the mail in hand. */
struct wg_mailbox {
	struct wg_intake *intake;
	struct wg_mailbox_box box;
	int fd; /* -1: free */
	struct event *event;
	struct wg_buf mail;
	uint32_t serial;
	uint64_t size;
	bool taking;        /* a mail has begun and not ended */
	enum wg_code fault; /* of the last poll: said when it changes */
	bool said;          /* to the store, since the role began */
};

struct wg_intake {
	const struct wg_config *config;
	struct wg_directory *directory;
	struct wg_cert *storage_cert;
	struct wg_rest *rest;    /* seals to it */
	struct wg_client *adds;  /* many additions under way, answers as they come */
	struct wg_client *asks;  /* one question, one answer */
	struct wg_client *looks; /* whether the store takes anything: asked without waiting */
	int64_t looked_at;       /* monotonic ms of the question that is not answered yet; 0: there is none */
	struct event_base *base;
	struct event *unsent; /* the store reads: what it was sent by adds goes on */
	struct wg_httpd *httpd;
	struct wg_lmtp *lmtp;
	struct wg_confirm *confirm;
	struct ssl_ctx_st *tls;
	struct wg_peer_watch clients; /* of that context */
	struct wg_pending pending[WG_INTAKE_PENDING];
	unsigned pending_count; /* of them, not free */
	struct wg_mailbox mailboxes[WG_MAILBOXES];
	unsigned mailbox_count;
	struct wg_dropped *dropped; /* files that the store was given and has not answered yet (intake_drop.c) */
	unsigned dropped_count;
	struct wg_drop_fault faults[WG_INTAKE_FAULTS];
	unsigned fault_count;
	struct wg_buf openapi; /* the description of the interface, served as it is */
	bool full;             /* the store takes nothing now */
	bool crowded;          /* not for want of disk, but because too much waits to be worked off */
	bool apart;            /* nor that: the store cannot reach its database, or says nothing */
	bool draining;         /* told to stop: finishes what is in hand, takes nothing new */
	struct wg_err fatal;   /* why the role cannot go on */
	bool failed;
};

/* Encrypts bytes to the storage certificate into blob and fills msg, which points into blob. The kind decides the
 * content type. */
enum wg_code wg_intake_seal(struct wg_intake *intake, const char *organisation, const char *key, const char *way,
                            const void *bytes, size_t len, const char *declared, const char *name, struct wg_buf *blob,
                            struct wg_msg_new *msg, struct wg_err *err) WG_MUST;

/* The same for what a mail server or MESH hands over: whatever its bytes are, it is a mail (by MESH: a sealed object,
 * or else a mail), and it is taken; who sent it is for process to find out. way: "imap", "lmtp" or "mesh". */
enum wg_code wg_intake_seal_mail(struct wg_intake *intake, const char *way, const void *bytes, size_t len,
                                 struct wg_buf *blob, struct wg_msg_new *msg, struct wg_err *err) WG_MUST;

/* As much waits for the store as may: nothing more can be offered. */
bool wg_intake_laden(const struct wg_intake *intake);
/* Offers a sealed message to the store; told is called once with its fate, never from within this call when it returns
 * WG_OK. patience: ms after which it is told that it does not know; 0: it waits as long as that takes. WG_AGAIN: the
 * gateway is laden, or the store is gone (then the role ends too); told is not called. */
enum wg_code wg_intake_add(struct wg_intake *intake, const struct wg_msg_new *msg, wg_intake_told *told, void *arg,
                           uint32_t number, int64_t patience, struct wg_err *err) WG_MUST;
/* Takes the answers that the store has given. */
void wg_intake_take(struct wg_intake *intake);
/* After the ways in ended: what is still in hand is told WG_AGAIN. Senders, who got no answer, send again. */
void wg_intake_drop_pending(struct wg_intake *intake);

/* The receipt as JSON: id, sha256, accepted, state. */
void wg_intake_receipt(const struct wg_msg_receipt *receipt, struct wg_buf *out);

/* The role cannot go on (the store is gone): ends the loop. */
void wg_intake_fail(struct wg_intake *intake, const struct wg_err *err);

/* HTTPS: the handler. */
void wg_intake_http(void *arg, struct wg_http_request *request);
/* Why nothing can be taken now, for people; NULL when it can. For wg_httpd_spec.busy. */
const char *wg_intake_busy(void *arg);
/* Which client may finish the handshake: one that the directory knows; and, of those, what is known of its being
 * revoked (crypto/peer.h). */
bool wg_intake_admit(void *arg, const struct wg_cert_facts *client);
void wg_intake_met(void *arg, const struct wg_peer_look *look);

/* LMTP: listens, when the configuration says where. */
enum wg_code wg_intake_lmtp_start(struct wg_intake *intake, struct wg_err *err) WG_MUST;

/* Mailboxes: the processes are started first of all, before a key or the store's socket is in memory; what they hand
 * over is watched for once there is a loop. */
enum wg_code wg_intake_mailbox_start(struct wg_intake *intake, struct wg_err *err) WG_MUST;
enum wg_code wg_intake_mailbox_watch(struct wg_intake *intake, struct wg_err *err) WG_MUST;
/* Ends the processes. */
void wg_intake_mailbox_stop(struct wg_intake *intake);

/* Drop folders: made when missing; looks through all once, offering to the store what was renamed in. */
enum wg_code wg_intake_drops_prepare(const struct wg_config *config, struct wg_err *err) WG_MUST;
void wg_intake_drops_scan(struct wg_intake *intake);

/* Says in the log why a file is not taken: once, and again only when the reason is another one. */
void wg_drop_fault_note(struct wg_intake *intake, unsigned drop, ino_t inode, const struct wg_err *why);
/* It is still there, and nothing new is known of it. False: it was never in the way. */
bool wg_drop_fault_keep(struct wg_intake *intake, unsigned drop, ino_t inode);
/* It is dealt with: says so if it was in the way. */
void wg_drop_fault_over(struct wg_intake *intake, unsigned drop, ino_t inode);
/* After a look through a folder: says of what was in the way before and is not any more that it is gone. */
void wg_drop_fault_sweep(struct wg_intake *intake, unsigned drop);

#endif
