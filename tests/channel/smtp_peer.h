/* For the SMTP tests: certificates, peers that misbehave (tests/peers/smtp_zoo.py), and workers that may be killed. */
#ifndef WG_TEST_SMTP_PEER_H
#define WG_TEST_SMTP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "channel/send.h"

/* A cmocka group's setup and teardown: a fresh folder with everything certs-example/make leaves in its "pki". */
int smtp_setup(void **state);
int smtp_teardown(void **state);
/* A path below that folder, in one of a few static buffers. */
const char *smtp_path(const char *fmt, ...) WG_PRINTF(1, 2);

struct smtp_peer {
	pid_t pid;
	int in, out; /* its standard input and output */
	unsigned port;
	char folder[512];
	char report[65536]; /* what it printed at its end */
};

/* A port of this process, as text: for a server that is started. */
const char *smtp_own_port(void);

/* Starts program with the arguments (NULL-ended, after the program's own name), waits until it says "port N". */
void smtp_peer_exec(struct smtp_peer *peer, const char *program, const char *const *args);
/* A scenario of smtp_zoo.py, or of another zoo beside it. */
void smtp_peer_start(struct smtp_peer *peer, const char *scenario);
void smtp_peer_start_in(struct smtp_peer *peer, const char *zoo, const char *scenario);
void smtp_peer_stop(struct smtp_peer *peer);
/* The number behind a word of the report; -1 when the word is missing. */
long smtp_peer_number(const struct smtp_peer *peer, const char *word);
/* How many lines of the report begin with that. */
size_t smtp_peer_lines(const struct smtp_peer *peer, const char *start);
/* The content of the accepted message number i (from 1). */
void smtp_peer_accepted(const struct smtp_peer *peer, int i, struct wg_buf *out);
/* A whole file; fails the test when it cannot be read. */
void smtp_read(const char *path, struct wg_buf *out);

/* The path of a file of mode 0600 that holds it. */
const char *smtp_secret(const char *secret);

/* Waits until a file in folder (a Maildir's new) holds needle, and reads it, with line ends as a Unix mailbox has them;
 * fails the test when none does within a minute. */
void smtp_arrived(const char *folder, const char *needle, struct wg_buf *out);
void smtp_to_lf(struct wg_buf *b);

enum smtp_ended { SMTP_RAN, SMTP_HUNG, SMTP_DIED };
/* Runs work(arg) in a child that is killed after limit_ms. arg should lie in memory from smtp_shared. */
enum smtp_ended smtp_work(void (*work)(void *arg), void *arg, int limit_ms);
/* Zeroed memory that a child shares with its parent. */
void *smtp_shared(size_t size);

/* A mail of at least size bytes, full of lines that tempt: dots, "From ", the longest that is allowed. */
void smtp_mail(struct wg_buf *out, size_t size);

#endif
