/* A store moved to another database, SQLite or PostgreSQL, row by row: everything that is kept, the log with its
 * hashes, the keys, and what the next numbers are. Both gateways are stopped. What is written is read back and held
 * against what was read; then the old one is marked, and no gateway starts on it any more; only then the new store can
 * be used. Of the old one nothing else is changed. */
#ifndef WG_STORE_MOVE_H
#define WG_STORE_MOVE_H

#include "store/store.h"

struct wg_move_job {
	/* Of this program's schema, with nobody working on it. */
	const struct wg_store_place *from;
	/* Empty: no file, no table. Or what a copy that was cut off has left: that is thrown away. */
	const struct wg_store_place *to;
	/* For people: which place that is. NULL: not said. */
	const char *where;
	/* Told now and then: what is being done. all is 0. */
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t all);
	/* What of the store is not as it was written (wardgate store check): the copy is a true one of a damaged store. */
	void (*finding)(void *arg, const char *words, const char *todo);
	void *arg;
};

struct wg_move_result {
	unsigned tables;
	uint64_t rows, bytes; /* of both databases */
	uint64_t heads;       /* of them the keys of documents */
	uint64_t findings;
	uint64_t entries; /* of the log, and its end: the same as before */
	char head[WG_STORE_HASH];
	char content[WG_STORE_HASH]; /* SHA-256 over all rows: whoever copies it back gets the same */
};

/* Inside a transaction. WG_CONFIG, with words for people, when the store was copied elsewhere and is not to be gone on
 * from. */
enum wg_code wg_store_moved(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Of one that was copied: it may be gone on from again, which is logged with who said so and why. Nobody works on it
 * (WG_AGAIN). WG_NOT_FOUND: it was not copied. */
enum wg_code wg_store_reopen(const struct wg_store_place *place, const char *who, const char *why, struct wg_err *err)
	WG_MUST;

/* WG_AGAIN: a gateway works on one of them, or the disk has no room. WG_REJECT: `to` is not empty, or holds what
 * contradicts its schema. WG_CONFIG: `from` is empty, of another schema, or was copied
 * already. WG_CORRUPT: what was read back is not what
 * was read. After a failure `to` is either as it was, or refused by every program until the copy is repeated, which
 * begins anew; the words say which. */
enum wg_code wg_store_move(const struct wg_move_job *job, struct wg_move_result *out, struct wg_err *err) WG_MUST;

#endif
