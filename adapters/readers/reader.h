/* What every reader program is: confined before its first outside byte, one document in, one answer out, gone. */
#ifndef WG_READERS_READER_H
#define WG_READERS_READER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct wg_reader {
	const char *name; /* in messages on standard error */
	/* Loads everything that is opened lazily (libraries, character sets) and what the gateway itself hands over (keys);
	 * the last moment a file may be opened, and no outside byte was read yet. */
	enum wg_code (*prepare)(struct wg_err *err);
	/* Libraries that are loaded with others and never called when a document is read (sys/nest.h); NULL: none. */
	const char *const *leave;
	/* The document in, the whole answer out. */
	enum wg_code (*read)(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err);
};

/* The body of main. Hardens, prepares, confines itself, then reads standard input to its end (at most in_max bytes),
 * (as a nest, sys/nest.h, it does that in a child for each document, which confines itself before it reads), and writes
 * the answer to standard output only when it is whole. Exit status: 0; 65 (EX_DATAERR) when the document is at fault,
 * with one line on standard error that says what is wrong and never quotes the document; 71 (EX_OSERR) when the machine
 * is. Does not return: it leaves without running exit handlers, which the confinement would kill. */
void wg_reader_main(const struct wg_reader *reader, size_t in_max) __attribute__((noreturn));

/* The first argument, when there is one, is the time in ms by which certificates are judged: the gateway's, which goes
 * on when the machine's clock is set. False when it cannot be read. */
bool wg_reader_time(int argc, char **argv);

/* Reads a descriptor to its end into out, whose maximum bounds it (WG_LIMIT). */
enum wg_code wg_reader_slurp(int fd, struct wg_buf *out, const char *what, struct wg_err *err) WG_MUST;

#endif
