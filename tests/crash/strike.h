/* A process whose system calls are counted, and of which one is struck: it is killed before that call, or the call
 * fails or does half of what it was asked. What strace's inject does, without a program being started for every try. */
#ifndef TESTS_CRASH_STRIKE_H
#define TESTS_CRASH_STRIKE_H

#include <stdbool.h>
#include <stdint.h>

enum strike_how {
	STRIKE_NOT,
	STRIKE_KILL,
	STRIKE_FAIL,
	STRIKE_SHORT /* a write: half of it is written */
};

struct strike {
	enum strike_how how;
	unsigned at;   /* which call, counted from 0 */
	int error;     /* FAIL: errno */
	bool for_good; /* FAIL: that call, and all of its kind after it */
};

#define STRIKE_CALLS_MAX 20000

/* What was seen. */
struct strike_seen {
	unsigned calls;
	uint16_t numbers[STRIKE_CALLS_MAX]; /* of the calls, in their order */
	bool folder[STRIKE_CALLS_MAX];      /* it was a sync of a folder */
	bool watched[STRIKE_CALLS_MAX];     /* *watch was true just before it */
	const bool *watch;                  /* NULL: nobody asks; kept from run to run */
	bool struck;
	long number;    /* of the call that was struck */
	char path[160]; /* what its descriptor stood for; "" for none */
	int status;     /* as of waitpid */
	int open_before,
		open_after; /* descriptors, when it began and when it was about to end by itself (-1: it was not) */
};

/* Called for every sync that was made to fail by an error of the disk: of a file; of a folder, when a name in it was
 * made or taken away since it was last synced. good: a folder for which it was called was synced after all. (What the
 * journal could not write it does not forget, unlike the pages of a file: a folder's later success can be believed.) */
typedef void strike_unsynced(void *arg, const char *path, bool good);

/* Runs fn(arg) in a child and ends it with its result. Exits with words where this machine does not allow it. */
void strike_run(const struct strike *strike, int (*fn)(void *arg), void *arg, strike_unsynced *unsynced,
                struct strike_seen *seen);

/* The errors that such a call may meet: a list that ends with 0; NULL for a call that cannot fail, or whose failure
 * says nothing. */
const int *strike_errors(long number);
/* The same for a call whose descriptor is a socket. */
const int *strike_errors_of_socket(long number);
const char *strike_name(long number);
bool strike_writes(long number);

#endif
