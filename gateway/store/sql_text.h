/* Conditions that partial indexes and statements share: SQLite uses such an index only when the words are the same. */
#ifndef WG_STORE_SQL_TEXT_H
#define WG_STORE_SQL_TEXT_H

/* Messages that process has to do. */
#define WG_SQL_MSG_WAITING "state IN ('accepted','normalised')"
/* For a list of more than two words after IN SQLite makes a table whenever it is asked, and of partial indexes it is
 * asked twice each time a row is moved: hence OR, the likely ones first. d: "" or the name of the row with a point. */
#define WG_SQL_IN(d, what) d "state = '" what "'"
/* Deliveries that are not at their end: wg_delivery_open. */
#define WG_SQL_DLV_OPEN_OF(d)                                                                                   \
	"(" WG_SQL_IN(d, "sealed") " OR " WG_SQL_IN(d, "sending") " OR " WG_SQL_IN(d, "deferred") " OR " WG_SQL_IN( \
		d, "decided") " OR " WG_SQL_IN(d, "review") " OR " WG_SQL_IN(d, "held") ")"
#define WG_SQL_DLV_OPEN WG_SQL_DLV_OPEN_OF("")
/* Those of them that are good until an instant, and not taken back yet. */
#define WG_SQL_DLV_ENDS "valid_until <> 0 AND stale = 0 AND " WG_SQL_DLV_OPEN
/* Waiting to be fetched by its recipient. */
#define WG_SQL_DLV_PULL "channel = 'pull' AND state IN ('sealed','deferred')"
/* On its way: nobody but the machines is in the way. */
#define WG_SQL_DLV_READY_OF(d) \
	"(" WG_SQL_IN(d, "sealed") " OR " WG_SQL_IN(d, "sending") " OR " WG_SQL_IN(d, "deferred") ")"
#define WG_SQL_DLV_READY WG_SQL_DLV_READY_OF("")
/* The other side has it, and nobody there has said that they have, though a rule asks for it, or though they fetched it
 * themselves. */
#define WG_SQL_DLV_UNCONFIRMED                                                                              \
	"((confirm <> '' AND (" WG_SQL_IN("", "handed-over") " OR " WG_SQL_IN("", "received") " OR " WG_SQL_IN( \
		"", "opened") ")) OR (channel = 'pull' AND " WG_SQL_IN("", "handed-over") "))"
/* Messages by which a sender is heard of: not the rows of a table, nor our own. */
#define WG_SQL_MSG_HEARD "bulk = 0 AND way <> 'self' AND organisation <> ''"
/* Digits of a key: WG_STORE_KEY. */
#define WG_SQL_KEY_DIGITS "32"
/* Of a child's keys those that somebody is found by: all but a first name with a date of birth (WG_KEY_FORENAME_BIRTH),
 * which counts once a child is found by another. */
#define WG_SQL_KEY_FINDS "kind <> 7"
/* What still needs a machine's turn or a person's: for lists. */
#define WG_SQL_MSG_UNFINISHED "state IN ('accepted','normalised','attention')"
#define WG_SQL_DLV_UNFINISHED "state IN ('decided','sealed','sending','review','deferred','held','failed')"
/* A wait is over at its instant, or when that lies further ahead than the wait was long (the clock was set back). ?1 is
 * now. */
#define WG_SQL_DUE "(next_try <= ?1 OR next_try - wait_ms > ?1)"
/* Never one while an earlier one of the same episode and recipient is not at its end, nor while an earlier message of
 * the same sender still waits to be decided: it may be of the same episode (found must not overtake a missing report
 * that was put back). Whose a mail is, is known when it was opened: until then it may be of any
 * sender whose messages come that way. WG_STORE_TRIES bounds that wait. An alarm waits for nobody, and has no episode
 * that another would wait for. Nothing that was decided on what has changed since, under a consent that has ended,
 * whose time has not come, or whose disclosure record is missing: no record, no send. */
#define WG_SQL_IN_TURN                                                                                            \
	"d.stale = 0 AND (d.valid_until = 0 OR d.valid_until > ?1) AND d.not_before <= ?1 AND EXISTS (SELECT 1 FROM " \
	"disclosure x WHERE x.delivery = d.seq)"                                                                      \
	" AND (d.alarm_of IS NOT NULL OR (NOT EXISTS (SELECT 1 FROM delivery e WHERE " WG_SQL_DLV_OPEN_OF(            \
		"e.") " AND e.recipient = d.recipient AND e.episode = d.episode"                                          \
			  " AND (e.turn, e.message) < (d.turn, d.message)) AND NOT EXISTS (SELECT 1 FROM message w WHERE "    \
			  "w." WG_SQL_MSG_WAITING " AND w.again = 0 AND (w.turn, w.seq) < (d.turn, d.message)"                \
			  " AND w.organisation IN (SELECT organisation FROM message WHERE seq = d.message UNION SELECT '')"   \
			  " AND (w.organisation <> '' OR w.way = (SELECT way FROM message WHERE seq = d.message)))))"

#endif
