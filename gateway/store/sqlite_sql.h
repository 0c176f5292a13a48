/* Conditions that partial indexes and statements share: SQLite uses such an index only when the words are the same. */
#ifndef WG_STORE_SQLITE_SQL_H
#define WG_STORE_SQLITE_SQL_H

/* Messages that process has to do. */
#define WG_SQL_MSG_WAITING "state IN ('accepted','normalised')"
/* Deliveries that are not at their end: wg_delivery_open. */
#define WG_SQL_DLV_OPEN "state IN ('decided','sealed','sending','review','deferred','held')"
/* Those of them that are good until an instant, and not taken back yet. */
#define WG_SQL_DLV_ENDS "valid_until <> 0 AND stale = 0 AND " WG_SQL_DLV_OPEN
/* What still needs a machine's turn or a person's: for lists. */
#define WG_SQL_MSG_UNFINISHED "state IN ('accepted','normalised','attention')"
#define WG_SQL_DLV_UNFINISHED "state IN ('decided','sealed','sending','review','deferred','held','failed')"
/* A wait is over at its instant, or when that lies further ahead than the wait was long (the clock was set back). ?1 is
 * now. */
#define WG_SQL_DUE "(next_try <= ?1 OR next_try - wait_ms > ?1)"

#endif
