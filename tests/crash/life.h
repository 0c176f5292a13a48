/* The life of a few messages on a store: accepted, processed, delivered, acknowledged; by the public store.h only, as
 * the store role does it (a transaction, a mark, one commit, and only then an answer). What the sender and the
 * recipients saw stands in memory that outlives the process, so that whoever kills it can read it. */
#ifndef TESTS_CRASH_LIFE_H
#define TESTS_CRASH_LIFE_H

#include <stdbool.h>
#include <stdio.h>

#include "store/store.h"

#define LIFE_EVENTS 16384
#define LIFE_MESSAGES_MAX 4096

enum life_kind {
	LIFE_START,    /* a process opens the store */
	LIFE_SUBMIT,   /* the sender is about to hand in submission n */
	LIFE_ACK,      /* and has a receipt for it: words is the id */
	LIFE_GOT,      /* a recipient got an envelope: words is the reference */
	LIFE_RECEIPT,  /* the store has taken a recipient's receipt for good: words is the delivery's id */
	LIFE_STATE,    /* at the end: a delivery (words) and its state */
	LIFE_REFUSED,  /* the store said no, or that it fails: words */
	LIFE_SILENT,   /* it failed without a word */
	LIFE_UNSYNCED, /* a sync of this file failed, so said the kernel */
	LIFE_SYNCED,   /* a folder, for which that was said, was synced after all */
	LIFE_LEAKED,   /* descriptors were left open after a close */
	LIFE_UNSOUND,  /* audit or database are not whole: words */
	LIFE_CLOSED    /* the store was closed in good order */
};

struct life_event {
	enum life_kind kind;
	unsigned n;  /* the submission; LIFE_GOT: the recipient */
	bool maybe;  /* LIFE_GOT: the recipient was told that it may have it already */
	bool unsure; /* LIFE_GOT: just when the power went: it may have left, or not */
	int64_t at;  /* monotonic ns; 0 when nobody asks for it */
	char words[WG_REFERENCE_TEXT + 64];
	char more[24];              /* LIFE_STATE: the state */
	char digest[WG_STORE_HASH]; /* SHA-256 of the body */
};

/* Kept in shared memory. The first process to touch it is the parent; there is one writer at a time. */
struct life {
	char folder[128];
	unsigned messages; /* to be handed in: number 0 to messages - 1 */
	unsigned runs;     /* processes so far */
	bool timed;        /* say when each event was */
	bool one;          /* there is only the recipient 0 */
	bool early;        /* the control, which has to be found guilty: answers leave before the commit, */
	bool ahead;        /* and this one has left, and its commit is not done */
	long asked;        /* allocations of the last process, when they are counted */
	unsigned count;    /* of events; more than LIFE_EVENTS: the last ones were lost, which is a fault of the test */
	struct life_event events[LIFE_EVENTS];
};

/* Room for one, shared with every child that is forked afterwards. Never NULL: says so and exits. */
struct life *life_new(void);
/* The folder stays. */
void life_reset(struct life *life, unsigned messages);
struct life_event *life_put(struct life *life, enum life_kind kind, unsigned n, const char *words);

/* Forgets what happened after an instant. */
void life_cut(struct life *life, int64_t at);

/* One process's work: opens, recovers, does everything that is still to be done, closes. 0: all is done; 3: the store
 * said that it cannot; other: see stderr. Calls nothing of the system but what the store does. */
int life_run(struct life *life);
/* The same, and then looks at everything: the audit, the states, and (of SQLite) both files. */
int life_finish(struct life *life);

/* One line of JSON for each event since `from`. */
void life_print(const struct life *life, unsigned from, FILE *out);

#endif
