/* Conditions that partial indexes and statements share: SQLite uses such an index only when the words are the same. */
#ifndef WG_STORE_SQL_TEXT_H
#define WG_STORE_SQL_TEXT_H

/* Messages that process has to do. */
#define WG_SQL_MSG_WAITING "state IN ('accepted','normalised')"
/* Deliveries that are not at their end: wg_delivery_open. */
#define WG_SQL_DLV_OPEN "state IN ('decided','sealed','sending','review','deferred','held')"
/* Those of them that are good until an instant, and not taken back yet. */
#define WG_SQL_DLV_ENDS "valid_until <> 0 AND stale = 0 AND " WG_SQL_DLV_OPEN
/* Waiting to be fetched by its recipient. */
#define WG_SQL_DLV_PULL "channel = 'pull' AND state IN ('sealed','deferred')"
/* On its way: nobody but the machines is in the way. */
#define WG_SQL_DLV_READY "state IN ('sealed','sending','deferred')"
/* The other side has it, and nobody there has said that they have, though a rule asks for it, or though they fetched it
 * themselves. */
#define WG_SQL_DLV_UNCONFIRMED                                             \
	"((confirm <> '' AND state IN ('handed-over','received','opened')) OR" \
	" (channel = 'pull' AND state = 'handed-over'))"
/* Messages by which a sender is heard of: not the rows of a table, nor our own. */
#define WG_SQL_MSG_HEARD "bulk = 0 AND way <> 'self' AND organisation <> ''"
/* What still needs a machine's turn or a person's: for lists. */
#define WG_SQL_MSG_UNFINISHED "state IN ('accepted','normalised','attention')"
#define WG_SQL_DLV_UNFINISHED "state IN ('decided','sealed','sending','review','deferred','held','failed')"
/* A wait is over at its instant, or when that lies further ahead than the wait was long (the clock was set back). ?1 is
 * now. */
#define WG_SQL_DUE "(next_try <= ?1 OR next_try - wait_ms > ?1)"
/* ... or of a delivery when its deadline has come: it is tried once more then. */
#define WG_SQL_DLV_DUE "(next_try <= ?1 OR next_try - wait_ms > ?1 OR (deadline <= ?1 AND since < deadline))"

#endif
