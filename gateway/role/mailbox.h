/* The processes that poll one mailbox: of a mail server, or the own one of MESH. A keeper is forked before intake
 * confines itself, since intake itself may connect nowhere; it may, and holds nothing: neither the store's socket nor a
 * key. It starts a poller for each poll, which reads the mailbox's secret, and kills it when it takes too long. What
 * they say to intake are packets on one socket (SOCK_SEQPACKET: a poller that is killed has said whole packets).
 * Private to gateway/role. */
#ifndef WG_ROLE_MAILBOX_H
#define WG_ROLE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "role/config.h"

enum wg_mailbox_what {
	/* from the poller */
	WG_MAILBOX_BEGIN = 1, /* a mail of `size` bytes follows */
	WG_MAILBOX_BYTES,
	WG_MAILBOX_END,
	WG_MAILBOX_LARGE, /* one that was not fetched: size as far as it is known, words its Message-ID or "" */
	WG_MAILBOX_SEEN,  /* the chain of its server, as PEM in bytes; code: WG_CRYPTO when it was refused; has no answer */
	WG_MAILBOX_REPORT, /* MESH says that one of ours was not delivered: words say which and why; has no answer */
	/* from the keeper */
	WG_MAILBOX_OVER, /* a poll ended: code and words; size: how many mails were kept; serial: how long it took, s */
	/* to the poller */
	WG_MAILBOX_KEPT,
	WG_MAILBOX_NOT_KEPT,
	/* from the poller, before anything else: what is the time; to it: size is wg_clock_now of intake */
	WG_MAILBOX_TIME
};

/* Bytes of content in one packet: well below what a socket's buffer holds. */
#define WG_MAILBOX_CHUNK ((size_t)60 * 1024)
#define WG_MAILBOX_PACKET (WG_MAILBOX_CHUNK + 1024)

struct wg_mailbox_packet {
	enum wg_mailbox_what what;
	uint32_t serial; /* of the mail; never the same twice in the life of a keeper */
	uint32_t uid;
	uint64_t size;
	enum wg_code code;
	char words[512];
	const uint8_t *bytes; /* borrowed */
	size_t len;
};

/* What the other side may be: hostile, since a poller meets strangers. WG_CORRUPT when it is no packet. */
void wg_mailbox_pack(const struct wg_mailbox_packet *packet, struct wg_buf *out);
enum wg_code wg_mailbox_unpack(const void *bytes, size_t len, struct wg_mailbox_packet *out, struct wg_err *err)
	WG_MUST;

/* What is polled. Points into the configuration. */
struct wg_mailbox_box {
	const char *way;         /* "imap" or "mesh", as the store has it */
	const char *host, *user; /* for people; of MESH: the service's URL, the mailbox's id */
	unsigned poll_s;
	const struct wg_imap *imap;   /* NULL: MESH */
	const struct wg_config *mesh; /* NULL: IMAP */
};
/* All mailboxes of the configuration, those of mail servers first. at: below the count. */
#define WG_MAILBOXES (WG_CONFIG_IMAPS + 1)
unsigned wg_mailbox_count(const struct wg_config *config);
struct wg_mailbox_box wg_mailbox_at(const struct wg_config *config, unsigned at);

/* Forks the keeper of box; *fd is its socket, the caller's to close, which ends the keeper and its poller (so does the
 * end of the caller). Call it before anything secret is in memory. */
enum wg_code wg_mailbox_start(const struct wg_config *config, const struct wg_mailbox_box *box, int *fd,
                              struct wg_err *err) WG_MUST;

/* The files that the poller of box reads anew at each poll, beside the anchors; the number of them. */
#define WG_MAILBOX_FILES 4
unsigned wg_mailbox_files(const struct wg_mailbox_box *box, const char *files[WG_MAILBOX_FILES]);
/* The folder that the keeper may read to find such a file, so that one that is replaced is found: that of the file,
 * unless a key of this gateway that is not for this mailbox lies there too; then "", and only the file itself may be
 * read until the next start. */
void wg_mailbox_secret_folder(const struct wg_config *config, const struct wg_mailbox_box *box, const char *file,
                              char out[WG_PATH_TEXT]);

#endif
