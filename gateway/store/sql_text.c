/* sql_text.c owns the text of every statement. Values are always bound, never pasted. */
#include "store/sql_text.h"

#include "store/sql_internal.h"

#define MSG_COLUMNS                                                                                                   \
	"SELECT seq, id, state, organisation, content_hash, content_type, accepted_at, original, notice, report, again, " \
	"tries,"                                                                                                          \
	" lease_owner, lease_token, episode, reason, resolution, child, child_how, episode_new, doubt, turn, way,"        \
	" notice_id, lease_records, submission_key FROM message "
#define DLV_COLUMNS                                                                                                   \
	"SELECT d.seq, d.message, d.id, m.id, d.organisation, d.desk, d.role, d.channel, d.state, d.held_from, d.epoch, " \
	"d.envelope,"                                                                                                     \
	" d.deadline, d.next_try, d.attempts, d.maybe, d.lease_owner, d.lease_token, d.side, d.reason, d.due,"            \
	" d.second_person, d.released_by, d.alarm_of, d.overrides, d.seen_at, d.stale, d.valid_until, d.reference,"       \
	" d.copy_hash, d.confirm, d.hook, d.pending, d.since, d.not_before, d.known FROM delivery d"                      \
	" JOIN message m ON"                                                                                              \
	" m.seq = d.message "
/* A person has to decide, be it held by one meanwhile. */
#define IN_REVIEW "(d.state = 'review' OR (d.state = 'held' AND d.held_from = 'review'))"
/* What every move of a delivery leaves in its row. While it is tried again, what went wrong the last time stays. */
#define DLV_MOVED                                                                                                \
	"state = ?2, since = ?3, reason = CASE WHEN ?2 = 'sending' THEN reason ELSE ?4 END, fault_at = CASE"         \
	" WHEN ?2 = 'sending' OR (?2 IN ('deferred', 'failed') AND fault_at <> 0) THEN fault_at"                     \
	" WHEN ?2 IN ('deferred', 'failed') AND state = 'sending' THEN since WHEN ?2 = 'failed' THEN ?3 ELSE 0 END," \
	" ready_at = CASE WHEN ?5 <> 0 THEN ?5 ELSE ready_at END," /* when it first came so far */                   \
	" handed_at = CASE WHEN handed_at = 0 AND ?6 <> 0 THEN ?3 ELSE handed_at END,"                               \
	" received_at = CASE WHEN received_at = 0 AND ?7 <> 0 THEN ?3 ELSE received_at END,"                         \
	" acknowledged_at = CASE WHEN acknowledged_at = 0 AND ?8 <> 0 THEN ?3 ELSE acknowledged_at END"
#define LOG_COLUMNS "SELECT seq, at, actor, event, message, delivery, state, detail, prev, hash FROM log "
/* Of several of one reference or token: the one whose copy it says it is, then one that was sent, the newest. ?2 is the
 * hash of that copy, or "". */
#define MEANT                                                                                                         \
	" ORDER BY (?2 <> '' AND copy_hash = ?2 AND (attempts > 0 OR handed_at <> 0)) DESC,"                              \
	" CASE WHEN state IN ('sending','handed-over','received','opened','refused','acknowledged') OR (state = 'failed'" \
	" AND attempts > 0) THEN 0 WHEN state NOT IN ('superseded','recalled') THEN 2 - CASE WHEN attempts > 0 THEN 1 "   \
	"ELSE 0 END ELSE 4 -"                                                                                             \
	" CASE WHEN attempts > 0 THEN 1 ELSE 0 END END, alarm_of IS NOT NULL, seq DESC LIMIT 1"

_Static_assert(WG_STORE_KEY == 33 && WG_KEY_FORENAME_BIRTH == 7, "as WG_SQL_KEY_DIGITS and WG_SQL_KEY_FINDS say");
/* Whose ?1 is, of a time when the store did not know what its keys stood for. */
#define OF_OLD "SELECT child FROM child_key WHERE key = ?1 AND kind = -1 AND " WG_SQL_KEY_FINDS
/* Of the list that SQL_STRANGERS is given: whether anybody, or by `whose` somebody, has such a key. OR: for a list
 * after IN SQLite makes a table for each. */
#define SOUGHT "SELECT 1 FROM child_key WHERE key = substr(k.value, 3) AND " WG_SQL_KEY_FINDS
#define SOUGHT_BY(whose)                                                                 \
	"(EXISTS (" SOUGHT " AND kind = CAST(substr(k.value, 1, 2) AS BIGINT)" whose ") OR " \
	"EXISTS (" SOUGHT " AND kind = -1" whose "))"

#define REGISTER                                                                                                      \
	"SELECT m.id, m.kind, m.organisation, m.accepted_at, d.id, d.organisation, d.desk, d.role, d.side, d.channel,"    \
	" d.state, d.reason, d.epoch, x.decided_at, (SELECT l.at FROM log l WHERE l.delivery = d.id AND l.delivery <> ''" \
	" AND l.state IN ('handed-over','received','opened','acknowledged','refused') ORDER BY l.seq LIMIT 1), "          \
	"d.receipt, d.maybe, d.overrides, x.record,"                                                                      \
	" d.seq, x.packed FROM disclosure x JOIN delivery d ON d.seq = x.delivery JOIN message m ON m.seq = d.message "
/* Under a consent that has ended by ?1; what is being sent is looked at when it comes back. */
#define DLV_ENDED WG_SQL_DLV_ENDS " AND valid_until <= ?1 AND state <> 'sending'"
#define REGISTER_WHEN " AND x.decided_at >= ?2 AND x.decided_at < ?3 ORDER BY x.decided_at, d.seq LIMIT ?4"

/* Whether a child has an open episode, as a message about it sees it, that itself counts nothing: what it ended alone
 * is open still for itself, an episode that is its alone is none. ?3 and ?4 are the relations that open and close. */
#define LIVE(child, seq)                                                                                          \
	"EXISTS (SELECT 1 FROM episode e WHERE e.child = " child " AND (e.ended = 0 OR (e.closed_by = " seq           \
	" AND NOT EXISTS (SELECT 1 FROM message c WHERE c.episode = e.id AND c.seq <> " seq " AND c.relation = ?4)))" \
	" AND EXISTS (SELECT 1 FROM message o WHERE o.episode = e.id AND o.seq <> " seq " AND (o.relation = ?3 OR"    \
	" o.seq = e.opened_by OR e.opened_by IS NULL)))"

/* And the deferred deliveries of recipient ?2 of which `which` is so, the first in that order: one range of an index.
 */
#define DLV_DEFERRED(which, order)                                                                                  \
	" UNION SELECT seq, turn, message FROM (SELECT seq, turn, message FROM delivery d WHERE state = 'deferred'"     \
	" AND channel <> 'pull' AND recipient = ?2 AND epoch = ?3 AND " which " AND " WG_SQL_IN_TURN " ORDER BY " order \
	" LIMIT ?4) AS found"

/* ORDER BY +seq and the like: SQLite may not take the order of the rows for it, which would mean to read them all, nor
 * an index that gives the order and reads more (tests/store/test_plans). */
const char *const wg_sql_text[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_MARK] = "SAVEPOINT request",
	[SQL_KEEP] = "RELEASE request",
	[SQL_UNDO] = "ROLLBACK TO request",

	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_PUT] =
		"INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value",

	[SQL_BLOB_PUT] = "INSERT INTO blob(hash, size, head, bytes) VALUES(?1, ?2, ?3, ?4) RETURNING id",
	[SQL_BLOB_GET] = "SELECT hash, bytes, size, head FROM blob WHERE id = ?1",
	[SQL_BLOB_ALL] = "SELECT id FROM blob WHERE head <> 0 ORDER BY id",
	[SQL_BLOB_REPLACED] = "INSERT INTO replaced(message, blob) VALUES(?1, ?2) ON CONFLICT(message, blob) DO NOTHING",

	[SQL_LOG_HEAD] = "SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1",
	[SQL_LOG_PUT] = "INSERT INTO log(seq, at, actor, event, message, delivery, state, detail, prev, hash)"
					" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_LOG_ALL] = LOG_COLUMNS "ORDER BY seq",
	[SQL_LOG_OF] = LOG_COLUMNS "WHERE message = ?1 OR (delivery = ?1 AND delivery <> '') ORDER BY seq LIMIT ?2",
	[SQL_LOG_LAST] = "SELECT * FROM (" LOG_COLUMNS "ORDER BY seq DESC LIMIT ?1) AS found ORDER BY seq",

	[SQL_AUDIT_MESSAGE] =
		"SELECT m.id FROM message m WHERE m.state IS DISTINCT FROM (SELECT l.state FROM log l WHERE l.message = m.id"
		" AND l.delivery = '' AND l.state <> '' ORDER BY l.seq DESC LIMIT 1)",
	[SQL_AUDIT_DELIVERY] =
		"SELECT d.id FROM delivery d WHERE d.state IS DISTINCT FROM (SELECT l.state FROM log l WHERE l.delivery = d.id"
		" AND l.delivery <> '' AND l.state <> '' ORDER BY l.seq DESC LIMIT 1)",
	[SQL_AUDIT_GONE] =
		"SELECT l.message, l.delivery FROM log l WHERE l.state <> '' AND ((l.delivery = '' AND NOT EXISTS"
		" (SELECT 1 FROM message m WHERE m.id = l.message)) OR (l.delivery <> '' AND NOT EXISTS"
		" (SELECT 1 FROM delivery d WHERE d.id = l.delivery)))",
	[SQL_AUDIT_DISCLOSURE] =
		"SELECT d.id, (SELECT x.record FROM disclosure x WHERE x.delivery = d.seq), coalesce(b.hash, '-'),"
		" (SELECT l.detail FROM log l WHERE l.delivery = d.id AND l.delivery <> '' ORDER BY l.seq LIMIT 1),"
		" (SELECT x.packed FROM disclosure x WHERE x.delivery = d.seq)"
		" FROM delivery d LEFT JOIN blob b ON b.id = d.envelope",
	[SQL_AUDIT_PASSAGE] = "SELECT id, hash, words FROM passage ORDER BY id",
	[SQL_AUDIT_ORIGINAL] =
		"SELECT m.id FROM message m LEFT JOIN blob b ON b.id = m.original WHERE NOT EXISTS (SELECT 1 FROM log l"
		" WHERE l.message = m.id AND l.event = 'accepted' AND l.detail LIKE '% blob=' || b.hash)",
	[SQL_AUDIT_NOTICE] =
		"SELECT m.id FROM message m LEFT JOIN blob b ON b.id = m.notice WHERE m.notice IS NOT NULL AND NOT EXISTS"
		" (SELECT 1 FROM log l WHERE l.message = m.id AND l.detail LIKE 'notice=' || b.hash || ' %')",
	[SQL_AUDIT_REPORT] =
		"SELECT m.id FROM message m LEFT JOIN blob b ON b.id = m.report WHERE m.report IS NOT NULL AND NOT EXISTS"
		" (SELECT 1 FROM log l WHERE l.message = m.id AND l.detail LIKE 'notice=% report=' || b.hash || ' %')",

	[SQL_AUDIT_RESOLUTION] = /* the last that was logged, or none at all */
	"SELECT m.id FROM message m LEFT JOIN blob b ON b.id = m.resolution WHERE b.hash IS DISTINCT FROM (SELECT"
	" substr(l.detail, 12, 64) FROM log l WHERE l.message = m.id AND l.event = 'resolve' ORDER BY l.seq DESC LIMIT 1)",

	/* the blob of each is the one that was logged; a purged one has none */
	[SQL_AUDIT_RECORD] =
		"SELECT r.id FROM record r LEFT JOIN blob b ON b.id = r.blob LEFT JOIN message m ON m.seq = r.message"
		" WHERE NOT EXISTS (SELECT 1 FROM log l WHERE l.message = coalesce(m.id, r.id) AND l.event = 'record'"
		" AND l.detail LIKE 'record=' || coalesce(b.hash, '%') || ' id=' || r.id || ' %')",
	[SQL_AUDIT_RECORD_GONE] = "SELECT substr(l.detail, 76, 26) FROM log l WHERE l.event = 'record' AND NOT EXISTS"
							  " (SELECT 1 FROM record r WHERE r.id = substr(l.detail, 76, 26))",
	[SQL_AUDIT_EXEMPTION] =
		"SELECT d.id FROM exemption x JOIN delivery d ON d.seq = x.delivery WHERE NOT EXISTS (SELECT 1 FROM log l"
		" WHERE l.delivery = d.id AND l.delivery <> '' AND l.event = 'exempt' AND l.at = x.at"
		" AND l.detail LIKE 'code=' || x.code || ' %')",
	[SQL_AUDIT_EXEMPTION_GONE] =
		"SELECT l.delivery FROM log l WHERE l.event = 'exempt' AND (SELECT count(*) FROM log k WHERE"
		" k.delivery = l.delivery AND k.delivery <> '' AND k.event = 'exempt') <> (SELECT count(*) FROM exemption x"
		" JOIN delivery d ON d.seq = x.delivery WHERE d.id = l.delivery)",

	[SQL_MSG_PROOF] =
		"SELECT m.id, m.state, (SELECT l.state FROM log l WHERE l.message = m.id AND l.delivery = '' AND l.state <> ''"
		" ORDER BY l.seq DESC LIMIT 1), (SELECT l.detail FROM log l WHERE l.message = m.id AND l.event = 'accepted'"
		" ORDER BY l.seq LIMIT 1), b.hash, b.size FROM message m LEFT JOIN blob b ON b.id = m.original WHERE m.seq = "
		"?1",
	[SQL_DLV_PROOF] =
		"SELECT d.id, m.id, d.state, (SELECT l.state FROM log l WHERE l.delivery = d.id AND l.delivery <> ''"
		" AND l.state <> '' ORDER BY l.seq DESC LIMIT 1), (SELECT l.message || ' ' || l.detail FROM log l WHERE "
		"l.delivery = d.id"
		" AND l.delivery <> '' ORDER BY l.seq LIMIT 1), coalesce(b.hash, '-'), x.record, x.packed, b.size FROM "
		"delivery d"
		" LEFT JOIN message m ON m.seq = d.message LEFT JOIN blob b ON b.id = d.envelope"
		" LEFT JOIN disclosure x ON x.delivery = d.seq WHERE d.seq = ?1",

	[SQL_KEY_FIND] = "SELECT message FROM submission WHERE organisation = ?1 AND key = ?2",
	[SQL_KEY_PUT] = "INSERT INTO submission(organisation, key, message) VALUES(?1, ?2, ?3)",
	[SQL_CONTENT_FIND] = "SELECT seq FROM message WHERE organisation = ?1 AND content_hash = ?2",

	[SQL_MSG_PUT] =
		"INSERT INTO message(id, organisation, content_hash, content_type, way, accepted_at, state, since, original, "
		"bulk,"
		" turn, submission_key) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 'accepted', ?7, ?8, CASE WHEN ?9 IS NULL THEN 0 ELSE 1 "
		"END,"
		" coalesce(?9, (SELECT seq FROM sqlite_sequence WHERE name = 'message') + 1, 1)," /* else its own number */
		" ?10) RETURNING seq",
	[SQL_MSG_BY_ID] = MSG_COLUMNS "WHERE id = ?1",
	[SQL_MSG_BY_SEQ] = MSG_COLUMNS "WHERE seq = ?1",
	[SQL_MSG_STATE] = /* what was rejected or given back may be sent again: it gives up its content's key */
	"UPDATE message SET state = ?2, since = ?3, reason = ?4, again = ?5,"
	" content_key = CASE WHEN ?2 IN ('rejected','returned') THEN NULL ELSE content_key END,"
	" lease_token = lease_token + CASE WHEN lease_owner <> 0 THEN 1 ELSE 0 END, lease_owner = 0, lease_until = 0,"
	" doubt = CASE WHEN ?2 = 'accepted' THEN '' ELSE doubt END," /* a person has seen it */
	" tries = 0, next_try = 0, wait_ms = 0 WHERE seq = ?1",
	[SQL_MSG_LEASE] = "UPDATE message SET lease_owner = ?2, lease_until = ?3, lease_token = lease_token + 1,"
					  " lease_records = (SELECT coalesce(max(records), 0) FROM child WHERE records > 0) WHERE seq = ?1",
	[SQL_MSG_UNLEASE] =
		"UPDATE message SET lease_owner = 0, lease_until = 0, lease_token = lease_token + 1, tries = ?2, next_try = ?3,"
		" wait_ms = ?4, reason = ?5 WHERE seq = ?1",
	[SQL_MSG_DUE] = "UPDATE message SET next_try = 0, wait_ms = 0 WHERE seq = ?1 AND next_try <> 0",
	[SQL_MSG_NEXT] = "SELECT seq FROM message WHERE " WG_SQL_MSG_WAITING " AND lease_owner = 0 AND " WG_SQL_DUE
					 " AND bulk = ?3 ORDER BY turn, seq LIMIT ?2",
	[SQL_MSG_OWNED] = "SELECT seq FROM message WHERE lease_owner <> 0 AND lease_owner = ?1 ORDER BY +seq",
	[SQL_MSG_EXPIRED] = "SELECT seq FROM message WHERE lease_owner <> 0 AND lease_until <= ?1 ORDER BY +seq",
	[SQL_MSG_LEASED] = "SELECT seq FROM message WHERE lease_owner <> 0 ORDER BY +seq",
	[SQL_MSG_WORK] = /* what is in work beside message ?1; whether it goes before: by its turn, and rows go after what
	                    came alone */
	"SELECT w.seq, w.lease_token, w.lease_owner, CASE WHEN (w.turn, w.seq) < (m.turn, m.seq) AND w.bulk <= m.bulk"
	" THEN 1 ELSE 0 END FROM message m CROSS JOIN message w WHERE m.id = ?1 AND w.lease_owner <> 0 AND w.seq <> m.seq",
	[SQL_MSG_DONE] = /* it is decided, and what was found of it; no longer leased, as with every move */
	"UPDATE message SET notice = coalesce(?2, notice), report = coalesce(?3, report), kind = ?4, content_key = CASE "
	"WHEN"
	" ?10 IN ('rejected','returned') THEN NULL ELSE coalesce(content_key, ?5) END, epoch = ?6, notice_id = ?7,"
	" relation = ?8, watches = ?9, state = ?10, since = ?11, reason = ?12, again = 0, child = ?13, child_how = ?14,"
	" episode = ?15, episode_new = ?16, doubt = ?17, sender_reference = CASE WHEN ?18 <> '' THEN ?18 ELSE"
	" sender_reference END, sender_copy_hash = CASE WHEN ?18 <> '' THEN ?19 ELSE sender_copy_hash END,"
	" lease_token = lease_token + 1, lease_owner = 0, lease_until = 0, tries = 0, next_try = 0, wait_ms = 0"
	" WHERE seq = ?1",
	[SQL_MSG_DUPLICATE] = "UPDATE message SET duplicate_of = ?2, kind = ?3 WHERE seq = ?1",
	[SQL_MSG_SAME] = /* of the organisation of message ?1, another with that content */
	"SELECT o.id FROM message m CROSS JOIN message o WHERE m.id = ?1 AND o.content_key IS NOT NULL AND o.organisation ="
	" m.organisation AND o.content_key = ?2 AND o.seq <> m.seq",
	[SQL_MSG_OLD_EPOCH] =
		"SELECT DISTINCT message FROM delivery WHERE " WG_SQL_DLV_OPEN " AND state <> 'sending' AND epoch <> ?1",

	[SQL_MSG_ASSIGN] = "UPDATE message SET assigned = ?2 WHERE seq = ?1",
	[SQL_MSG_RESOLVE] = "UPDATE message SET resolution = ?2 WHERE seq = ?1",
	[SQL_MSG_ORGANISATION] = /* once; the key of its content was among those of nobody */
	"UPDATE message SET organisation = ?2, content_key = NULL WHERE seq = ?1 AND organisation = ''",
	[SQL_MSG_KEY] = "UPDATE message SET submission_key = ?2 WHERE seq = ?1 AND submission_key = ''",

	[SQL_CHILD_PUT] = "INSERT INTO child(made_at) VALUES(?1) RETURNING id",
	[SQL_CHILD_BY_KEY] = /* two ranges in order, merged: of a name that thousands have only as many are read as are
	                        taken */
	"SELECT child FROM child_key WHERE key = ?1 AND kind = ?2 AND " WG_SQL_KEY_FINDS " UNION " OF_OLD " ORDER BY 1",
	[SQL_CHILD_BY_REFERENCE] =
		"SELECT e.child FROM episode_reference r JOIN episode e ON e.id = r.episode WHERE r.key = ?1"
		" AND e.child IS NOT NULL UNION " OF_OLD " ORDER BY 1",
	[SQL_CHILD_KEYS] = "SELECT key, kind, scope FROM child_key WHERE child = ?1",
	[SQL_CHILD_KEY] = "INSERT INTO child_key(key, child, kind, scope, message) VALUES(?1, ?2, ?3, ?4, ?5)"
					  " ON CONFLICT(key, kind, child) DO NOTHING",
	[SQL_CHILD_LAST] = "SELECT id FROM message WHERE child = ?1 AND seq <> ?2 ORDER BY seq DESC LIMIT 1",
	[SQL_CHILD_UNLEARN] = "DELETE FROM child_key WHERE child = ?1 AND message = ?2",

	[SQL_STRANGERS] = /* ?1: kind, of two digits, and key of each: its place, and whether ?2 has it. One look for a key
	                     that nobody has, as most are; some more for the others, however many children have them */
	"SELECT k.key, " SOUGHT_BY(" AND child = ?2") " FROM json_each(?1) k WHERE EXISTS (" SOUGHT ") AND " SOUGHT_BY(""),
	[SQL_STRANGER_REFERENCE] = "SELECT count(*), coalesce(max(CASE WHEN c.child = ?2 THEN 1 ELSE 0 END), 0) FROM "
							   "(SELECT e.child FROM episode_reference r"
							   " JOIN episode e ON e.id = r.episode WHERE r.key = ?1 AND e.child IS NOT NULL UNION"
							   " " OF_OLD ") c",
	[SQL_LIVE] = "SELECT " LIVE("?1", "?2"),
	[SQL_LIVE_TURNED] = /* of the child of message ?1 now, and of its child before, ?2 */
	"SELECT m.seq FROM message m WHERE m.child IN (?2, (SELECT child FROM message WHERE seq = ?1)) AND m.watches <> 0"
	" AND m.state IN ('routed','attention') AND +m.purged_at = 0 AND (m.watches = 2) <> " LIVE(
		"m.child", "m.seq") " ORDER BY +m.seq",
	[SQL_EPISODE_MESSAGES] = "SELECT seq FROM message WHERE episode = ?1 AND seq <> ?2 ORDER BY seq",
	[SQL_TOLD] = /* who has it or will have it; what may have arrived counts too, whatever became of it */
	"SELECT organisation, desk, role, side FROM delivery WHERE message = ?1 AND alarm_of IS NULL"
	" AND state <> 'superseded' AND (state IN ('decided','sealed','sending','deferred','handed-over','received',"
	"'acknowledged','opened','refused') OR (state = 'held' AND held_from <> 'review') OR maybe = 1)"
	" GROUP BY organisation, desk, role, side ORDER BY min(seq)",

	[SQL_CONCERN_CLEAR] = "DELETE FROM concern WHERE message = ?1",
	[SQL_CONCERN_PUT] = "INSERT INTO concern(message, id, recalls) VALUES(?1, ?2, ?3) ON CONFLICT(message, id) DO"
						" NOTHING",
	[SQL_CONCERN_SAME] = /* a duplicate stands for the message that it is a duplicate of */
	"INSERT INTO concern(message, id, recalls) SELECT ?1, duplicate_of, ?3 FROM message WHERE id = ?2"
	" AND state = 'duplicate' AND duplicate_of IS NOT NULL ON CONFLICT(message, id) DO NOTHING",
	[SQL_CONCERNED] = /* by either id; what it is a duplicate of; its parts */
	"SELECT seq FROM message WHERE id = ?1 UNION SELECT seq FROM message WHERE notice_id = ?1 AND notice_id <> ''"
	" UNION SELECT o.seq FROM message d JOIN message o ON o.id = d.duplicate_of WHERE d.id = ?1 AND"
	" d.state = 'duplicate' UNION SELECT p.message FROM message w JOIN part p ON p.parent = w.seq WHERE w.id = ?1"
	" ORDER BY 1",
	[SQL_RECALLED_BY] = /* a later message of the same sender says so of message ?1, which calls itself ?2 (NULL: as was
	                       kept), or of the one that it is a part of, and was not turned away; in this order, for a
	                       sender has many messages and recalls few */
	"WITH named(id) AS (SELECT ?1 UNION ALL SELECT coalesce(?2, notice_id) FROM message WHERE id = ?1 UNION ALL SELECT"
	" w.id FROM message o JOIN part p ON p.message = o.seq JOIN message w ON w.seq = p.parent WHERE o.id = ?1)"
	" SELECT r.id FROM message m CROSS JOIN named n CROSS JOIN concern c ON c.id = n.id AND c.recalls = 1 CROSS JOIN"
	" message r ON r.seq = c.message AND r.seq <> m.seq AND r.organisation = m.organisation"
	" AND m.organisation <> '' AND r.state NOT IN"
	" ('rejected','duplicate') AND (r.turn, r.seq) > (m.turn, m.seq) WHERE m.id = ?1 ORDER BY r.seq LIMIT 1",

	[SQL_RECORD_FIND] = "SELECT child FROM record WHERE id = ?1",
	[SQL_RECORD_COUNT] = "SELECT count(*) FROM record WHERE child = ?1",
	[SQL_RECORD_PUT] = "INSERT INTO record(id, child, at, message, blob) VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_RECORD_MOVE] = "UPDATE record SET child = ?2 WHERE message = ?1",
	[SQL_RECORD_OF_MESSAGE] = "SELECT count(*) FROM record WHERE message = ?1 AND child <> ?2",
	[SQL_RECORDS] = /* but for those whose content was destroyed */
	"SELECT r.id, r.at, r.blob FROM record r JOIN blob b ON b.id = r.blob WHERE r.child = ?1 AND b.head <> 0"
	" ORDER BY r.seq LIMIT ?2",
	[SQL_RECORDS_HEAD] = "SELECT coalesce(max(records), 0) FROM child WHERE records > 0",
	[SQL_RECORDS_AT] = "SELECT records FROM child WHERE id = ?1",
	[SQL_RECORDS_CHANGED] =
		"UPDATE child SET records = (SELECT coalesce(max(records), 0) + 1 FROM child WHERE records > 0) WHERE id = ?1",
	[SQL_RECORDS_SEEN] = "UPDATE message SET lease_records = ?2 WHERE seq = ?1",
	[SQL_DLV_STALE] = "UPDATE delivery SET stale = 1 WHERE " WG_SQL_DLV_OPEN
					  " AND message IN (SELECT seq FROM message WHERE child = ?1 AND seq <> ?2)",
	[SQL_DLV_STALE_OF] = "UPDATE delivery SET stale = 1 WHERE " WG_SQL_DLV_OPEN " AND message = ?1",
	[SQL_DLV_ENDED] = "SELECT DISTINCT +message FROM delivery WHERE " DLV_ENDED,
	[SQL_DLV_ENDED_STALE] = "UPDATE delivery SET stale = 1 WHERE " DLV_ENDED,
	[SQL_MSG_PULL] = "SELECT m.seq FROM message m WHERE m.child = ?1 AND m.seq <> ?2 AND EXISTS (SELECT 1 FROM"
					 " delivery d WHERE d.message = m.seq AND " WG_SQL_DLV_OPEN_OF("d.") " AND d.state <> 'sending')"
																						 " ORDER BY m.seq",

	[SQL_EPISODE_PUT] =
		"INSERT INTO episode(made_at, child, opened_by, closed_by, ended) VALUES(?1, ?2, ?3, ?4, ?5) RETURNING id",
	[SQL_EPISODE_KNOWN] = "SELECT e.id FROM episode_reference r JOIN episode e ON e.id = r.episode WHERE r.key = ?1"
						  " AND e.child = ?2 ORDER BY e.ended, e.id DESC LIMIT 1",
	[SQL_EPISODE_LAST] = "SELECT id FROM episode WHERE child = ?1 AND ended = ?2 ORDER BY id DESC LIMIT 1",
	[SQL_EPISODE_GET] =
		"SELECT e.ended, EXISTS (SELECT 1 FROM episode_reference r WHERE r.episode = e.id), coalesce(m.turn, 0)"
		" FROM episode e LEFT JOIN message m ON m.seq = e.closed_by WHERE e.id = ?1",
	[SQL_EPISODE_OPENED] = "UPDATE episode SET opened_by = coalesce(opened_by, ?2) WHERE id = ?1",
	[SQL_EPISODE_END] = "UPDATE episode SET ended = 1, closed_by = coalesce(closed_by, ?2) WHERE id = ?1",
	[SQL_EPISODE_END_OPEN] = "UPDATE episode SET ended = 1, closed_by = ?2 WHERE child = ?1 AND ended = 0",
	[SQL_EPISODE_REOPEN] = "UPDATE episode SET ended = 0, closed_by = NULL WHERE closed_by = ?1",
	[SQL_EPISODE_EMPTY] = "UPDATE episode SET ended = 1 WHERE opened_by = ?1 AND NOT EXISTS"
						  " (SELECT 1 FROM message m WHERE m.episode = episode.id AND m.seq <> ?1)",
	[SQL_EPISODE_REFERENCE] = "INSERT INTO episode_reference(key, episode, message) VALUES(?1, ?2, ?3)"
							  " ON CONFLICT(key, episode) DO NOTHING",
	[SQL_EPISODE_UNLEARN] = "DELETE FROM episode_reference WHERE message = ?1",
	[SQL_EPISODE_FIRST] = "SELECT id FROM message WHERE episode = ?1 AND seq <> ?2 ORDER BY seq LIMIT 1",

	[SQL_PART_PUT] = "INSERT INTO part(parent, number, message) VALUES(?1, ?2, ?3)"
					 " ON CONFLICT(parent, number) DO UPDATE SET message = excluded.message",
	[SQL_PARTS] =
		"SELECT m.id, m.state FROM part p JOIN message m ON m.seq = p.message WHERE p.parent = ?1 ORDER BY p.number",
	[SQL_EARLIER_FORMS] =
		"SELECT o.seq FROM message m JOIN message o ON o.sender_reference = m.sender_reference AND"
		" o.sender_reference <> '' AND o.organisation = m.organisation AND o.seq < m.seq WHERE m.seq ="
		" ?1 AND m.organisation <> '' ORDER BY o.seq",
	[SQL_SAME_COPY] =
		"SELECT o.id, o.state FROM message m JOIN message o ON o.sender_reference = m.sender_reference AND"
		" o.sender_reference <> '' AND o.organisation = m.organisation AND o.seq <> m.seq WHERE m.seq = ?1"
		" AND m.organisation <> '' ORDER BY o.seq",
	[SQL_PARENTS] = "SELECT m.id, m.state FROM part p JOIN message m ON m.seq = p.parent WHERE p.message = ?1 GROUP BY "
					"m.seq, m.id, m.state "
					"ORDER BY m.seq",
	[SQL_SAME_CHILD] = "SELECT id, state FROM message WHERE child = ?1 AND seq <> ?2 ORDER BY seq DESC LIMIT ?3",
	[SQL_SAME_EPISODE] = "SELECT id, state FROM message WHERE episode = ?1 AND seq <> ?2 ORDER BY seq DESC LIMIT ?3",

	[SQL_DLV_PUT] = "INSERT INTO delivery(id, message, episode, recipient, organisation, desk, role, channel, state, "
					"since, held_from,"
					" reason, epoch, envelope, deadline, maybe, turn, side, not_before, due, second_person, alarm_of,"
					" overrides, refused, valid_until, reference, token_hash, copy_hash, confirm, hook, known, "
					"ready_at) VALUES(?1, ?2, ?3,"
					" ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,"
					" ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32) RETURNING seq",
	[SQL_DLV_BY_ID] = DLV_COLUMNS "WHERE d.id = ?1",
	[SQL_DLV_BY_SEQ] = DLV_COLUMNS "WHERE d.seq = ?1",
	[SQL_DLV_OF_MESSAGE] = "SELECT seq FROM delivery WHERE message = ?1 ORDER BY seq",
	[SQL_DLV_STATE] = "UPDATE delivery SET " DLV_MOVED " WHERE seq = ?1",
	[SQL_DLV_LEASE] = "UPDATE delivery SET " DLV_MOVED ", lease_owner = ?9, lease_until = ?10,"
					  " lease_token = lease_token + 1 WHERE seq = ?1",
	[SQL_DLV_END] =
		"UPDATE delivery SET " DLV_MOVED ", lease_owner = 0, lease_until = 0, lease_token = lease_token + 1,"
		" attempts = attempts + 1, next_try = ?9, wait_ms = ?10, maybe = CASE WHEN maybe <> 0 OR ?11 <> 0"
		" THEN 1 ELSE 0 END, receipt = ?12 WHERE seq = ?1",
	[SQL_DLV_HOLD] = "UPDATE delivery SET held_from = ?2 WHERE seq = ?1",
	[SQL_DLV_DUE] = "UPDATE delivery SET next_try = 0, wait_ms = 0, deadline = CASE WHEN deadline > ?2 THEN deadline "
					"ELSE ?2 END WHERE seq = ?1",
	[SQL_DLV_RECIPIENT] = "SELECT min(recipient) FROM delivery WHERE " WG_SQL_DLV_OPEN " AND recipient > ?1",
	[SQL_DLV_NEXT] = /* of what was deferred: what is due; when the clock was set back; once more at the deadline. Whom
	                    nothing reaches may have a hundred thousand, of which only what is due may be read. */
	"SELECT seq, turn, message FROM (SELECT seq, turn, message FROM delivery d WHERE state = 'sealed' AND "
	"channel <> 'pull' AND recipient = ?2 AND epoch = ?3 AND " WG_SQL_IN_TURN
	" ORDER BY turn, message, seq LIMIT ?4) AS found"
	/* clang-format off */
	DLV_DEFERRED("next_try <= ?1", "next_try")
	DLV_DEFERRED("next_try - wait_ms > ?1", "next_try - wait_ms")
	DLV_DEFERRED("deadline <= ?1 AND since < deadline", "deadline")
	/* clang-format on */
	" ORDER BY 2, 3, 1 LIMIT ?4",
	[SQL_DLV_OWNED] = "SELECT seq FROM delivery WHERE lease_owner <> 0 AND lease_owner = ?1 ORDER BY +seq",
	[SQL_DLV_EXPIRED] = "SELECT seq FROM delivery WHERE lease_owner <> 0 AND lease_until <= ?1 ORDER BY +seq",
	[SQL_DLV_LEASED] = "SELECT seq FROM delivery WHERE lease_owner <> 0 ORDER BY +seq",
	[SQL_DLV_ALARMS] = "SELECT seq FROM delivery WHERE alarm_of = ?1 ORDER BY seq",
	[SQL_DLV_REFUSED] = "SELECT refused FROM delivery WHERE message = ?1 AND recipient = ?2 AND alarm_of IS NULL"
						" ORDER BY seq DESC LIMIT 1",
	[SQL_DLV_REFUSE] = "UPDATE delivery SET refused = ?2 WHERE seq = ?1",
	[SQL_DLV_RELEASED_BY] = "UPDATE delivery SET released_by = ?2 WHERE seq = ?1",
	[SQL_DLV_SEEN] = "UPDATE delivery SET seen_at = ?2 WHERE seq = ?1",
	[SQL_DLV_PENDING] = "UPDATE delivery SET pending = ?2 WHERE seq = ?1",
	[SQL_DLV_BY_REFERENCE] = "SELECT seq FROM delivery WHERE reference = ?1 AND reference <> ''" MEANT,
	[SQL_DLV_BY_TOKEN] = "SELECT seq FROM delivery WHERE token_hash = ?1 AND token_hash <> ''" MEANT,

	[SQL_RECEIPT_SAME] =
		"SELECT delivery, moved FROM receipt WHERE asked = ?1 AND giver = ?2 AND same = ?3 AND level = ?4",
	[SQL_RECEIPT_TOKEN] =
		"SELECT person, moved, level, at FROM receipt WHERE delivery = ?1 AND by_token = 1 AND level IN"
		" ('acknowledged','refused') ORDER BY seq LIMIT 1",
	[SQL_RECEIPT_COUNT] = "SELECT count(*) FROM receipt WHERE delivery = ?1 AND giver = ?2 AND by_token = ?3",
	[SQL_RECEIPT_PUT] = "INSERT INTO receipt(delivery, recipient, at, level, giver, way, asked, same, by_token, person,"
						" detail, copy_hash, log_head, message, said_at, salt) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
						" ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) RETURNING seq",
	[SQL_RECEIPT_MOVED] = "UPDATE receipt SET moved = ?2 WHERE seq = ?1",
	[SQL_RECEIPT_WAITING] = "SELECT seq, level, person, detail FROM receipt WHERE delivery = ?1 AND moved = 2"
							" ORDER BY seq",

	[SQL_TASK_START] =
		"INSERT INTO task(kind, delivery, since, due) VALUES('confirm', ?1, ?2, ?2) ON CONFLICT(delivery, kind, state)"
		" WHERE delivery IS NOT NULL DO UPDATE SET since = excluded.since, due = excluded.due, token = task.token + 1",
	[SQL_TASK_LOOK] = "UPDATE task SET due = ?2, token = token + 1 WHERE delivery = ?1 AND kind = 'confirm'",
	[SQL_TASK_PAUSE] = "UPDATE task SET due = NULL, token = token + 1 WHERE delivery = ?1 AND kind = 'confirm' AND due"
					   " IS NOT NULL",
	[SQL_TASK_CARRY] = /* who has waited, has waited since then, and is not told the same again; by another rule others
	                      are told. While a person has it, it rests */
	"INSERT INTO task(kind, delivery, since, steps) SELECT 'confirm', n.seq, o.since, CASE WHEN n.confirm = p.confirm"
	" THEN o.steps ELSE 0 END FROM task o JOIN delivery p ON p.seq = o.delivery JOIN delivery n ON n.seq = ?1 WHERE "
	"o.delivery = ?2"
	" AND o.kind = 'confirm' AND n.confirm <> '' AND n.alarm_of IS NULL ON CONFLICT(delivery, kind, state) WHERE"
	" delivery IS NOT NULL DO UPDATE SET since = CASE WHEN task.since < excluded.since THEN task.since ELSE "
	"excluded.since END, steps = excluded.steps",
	[SQL_TASK_ANSWER] = /* once for each delivery and level, to whoever asked for it */
	"INSERT INTO task(kind, delivery, state, since, due) SELECT 'answer', ?1, ?2, ?3, ?3 FROM delivery d JOIN message m"
	" ON m.seq = d.message WHERE d.seq = ?1 AND m.sender_reference <> '' ON CONFLICT(delivery, kind, state) WHERE"
	" delivery IS NOT NULL DO NOTHING",
	[SQL_TASKS] =
		"SELECT t.id, t.token, t.kind, m.id, d.id, d.reference, m.organisation, m.sender_reference, m.sender_copy_hash,"
		" m.kind, d.organisation, d.desk, d.role, d.side, d.confirm, CASE WHEN t.kind = 'answer' THEN t.state ELSE "
		"d.state END,"
		" (SELECT r.person FROM receipt r WHERE r.delivery = d.seq AND r.level = 'acknowledged' ORDER BY r.seq LIMIT "
		"1),"
		" CASE WHEN t.kind = 'alert' THEN t.detail ELSE d.reason END, t.since, d.handed_at, d.received_at, "
		"d.acknowledged_at, t.steps,"
		" t.alert, t.cleared, (SELECT r.at FROM receipt r WHERE r.delivery = d.seq AND r.level = 'opened' ORDER BY "
		"r.seq"
		" LIMIT 1), d.known FROM task t LEFT JOIN delivery d ON d.seq = t.delivery LEFT JOIN message m ON"
		" m.seq = d.message WHERE t.due IS NOT NULL AND t.due <= ?1 ORDER BY t.due, t.id LIMIT ?2",
	[SQL_TASK_FIND] =
		"SELECT id, kind, delivery, steps, alert FROM task WHERE id = ?1 AND token = ?2 AND due IS NOT NULL",
	[SQL_TASK_DONE] = "UPDATE task SET steps = ?2, due = ?3, token = token + 1 WHERE id = ?1",
	[SQL_HOOK_PUT] = "INSERT INTO hook(delivery, due) VALUES(?1, ?2) ON CONFLICT(delivery) DO UPDATE SET"
					 " due = excluded.due, token = hook.token + 1",

	[SQL_HOOK_END] = "UPDATE hook SET due = NULL, token = token + 1 WHERE delivery = ?1 AND due IS NOT NULL",
	[SQL_HOOKS] = /* of what could be fetched now; of each desk the one that has waited longest */
	"SELECT d.organisation, d.desk, d.id, d.reference, m.kind, h.token, h.attempts, min(h.due) FROM hook h JOIN"
	" delivery d ON d.seq = h.delivery JOIN message m ON m.seq = d.message WHERE h.due IS NOT NULL AND h.due <= ?1 AND"
	" d.epoch = ?2 AND " WG_SQL_IN_TURN " GROUP BY d.recipient ORDER BY min(h.due) LIMIT ?3",
	[SQL_INBOX] = /* what was not fetched, in turn; what was, and nobody has said that it arrived */
	"SELECT seq, turn, message FROM (SELECT seq, turn, message FROM delivery d WHERE d.organisation = ?2 AND"
	" " WG_SQL_DLV_PULL " AND (turn, message, seq) > (?4, ?5, ?6) AND epoch = ?3 AND " WG_SQL_IN_TURN
	" ORDER BY turn, message, seq LIMIT ?7) AS found UNION ALL SELECT seq, turn, message FROM (SELECT d.seq, d.turn, "
	"d.message"
	" FROM delivery d WHERE d.organisation = ?2 AND d.channel = 'pull' AND d.state = 'handed-over' AND"
	" (d.turn, d.message, d.seq) > (?4, ?5, ?6) AND (d.valid_until = 0 OR d.valid_until > ?1) AND (SELECT"
	" m.purged_at FROM message m WHERE m.seq = d.message) = 0 ORDER BY d.turn, d.message, d.seq LIMIT ?7) AS found"
	" ORDER BY 2, 3, 1 LIMIT ?7",
	[SQL_INBOX_READY] =
		"SELECT 1 FROM delivery d WHERE seq = ?2 AND " WG_SQL_DLV_PULL " AND epoch = ?3 AND " WG_SQL_IN_TURN,
	[SQL_INBOX_ITEM] =
		"SELECT d.id, d.reference, d.desk, m.kind, d.copy_hash, d.state, d.since, b.size FROM delivery d JOIN message m"
		" ON m.seq = d.message JOIN blob b ON b.id = d.envelope WHERE d.seq = ?1",
	[SQL_DLV_UNFETCHED] = "SELECT seq FROM delivery WHERE " WG_SQL_DLV_PULL " AND deadline <= ?1 AND epoch = ?2 AND"
						  " stale = 0 ORDER BY deadline, seq",
	[SQL_DISCLOSURE_PUT] = "INSERT INTO disclosure(delivery, decided_at, record, packed) VALUES(?1, ?2, ?3, ?4)",
	[SQL_PASSAGE_FIND] = "SELECT id, words FROM passage WHERE hash = ?1 ORDER BY id",
	[SQL_PASSAGE_PUT] = "INSERT INTO passage(hash, words) VALUES(?1, ?2) RETURNING id",
	[SQL_PASSAGE_GET] = "SELECT hash, words FROM passage WHERE id = ?1",
	[SQL_EXPLAIN] =
		"SELECT d.id, d.organisation, d.desk, d.role, d.side, d.channel, d.state, d.reason, d.epoch, x.decided_at,"
		" x.record, d.due, d.second_person, d.overrides, x.packed FROM message m"
		" JOIN delivery d ON d.message = m.seq JOIN disclosure x ON x.delivery = d.seq WHERE m.id = ?1 ORDER BY d.seq",

	[SQL_REGISTER_CHILD] = REGISTER "WHERE m.child = ?1" REGISTER_WHEN,
	[SQL_REGISTER_ALL] = REGISTER "WHERE ?1 = 0" REGISTER_WHEN,
	[SQL_REGISTER_ACTS] = "SELECT at, substr(actor, 7), event, detail FROM log WHERE delivery = ?1 AND delivery <> ''"
						  " AND actor LIKE 'admin:%' ORDER BY seq",
	[SQL_EXEMPTION_PUT] = "INSERT INTO exemption(delivery, at, code, who, why) VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_EXEMPTION] = "SELECT code, who, why, at FROM exemption WHERE delivery = ?1 ORDER BY seq DESC LIMIT 1",

	[SQL_LIST_MESSAGES] =
		"SELECT id, id, state, organisation, '', '', kind, way, since, next_try, tries, reason, 0, assigned,"
		" (SELECT p.id FROM part x JOIN message p ON p.seq = x.parent WHERE x.message = message.seq ORDER BY +p.seq "
		"LIMIT 1), '', '', 0, 0, 0, '', 0, 0, 0, 0, 0, 0"
		" FROM message WHERE (?1 = '*' OR state = ?1 OR (?1 = '' AND " WG_SQL_MSG_UNFINISHED
		")) AND (?2 = '' OR id = ?2) AND seq > ?4 AND ?5 = 0 ORDER BY seq LIMIT ?3",
	[SQL_LIST_DELIVERIES] =
		"SELECT d.id, m.id, d.state, d.organisation, d.desk, d.channel, m.kind, m.way, d.since, d.next_try, d.attempts,"
		" d.reason, d.maybe, '', '', d.role, d.side, CASE WHEN " IN_REVIEW " THEN d.due ELSE 0 END, d.not_before,"
		" " IN_REVIEW " AND d.second_person <> 0, CASE WHEN " IN_REVIEW
		" THEN d.released_by ELSE '' END, d.alarm_of IS NOT NULL,"
		" d.overrides <> 0 AND d.seen_at = 0, d.ready_at, d.handed_at, coalesce((SELECT t.steps FROM task t WHERE"
		" t.delivery = d.seq AND t.kind = 'confirm'), 0), EXISTS (SELECT 1 FROM delivery u WHERE u.seq = d.seq AND"
		" " WG_SQL_DLV_UNCONFIRMED "), d.fault_at"
		" FROM delivery d JOIN message m ON m.seq = d.message WHERE (?1 = '*' OR d.state = ?1 OR"
		" (?1 = '' AND d." WG_SQL_DLV_UNFINISHED ") OR (?1 = 'overrides' AND d.overrides = 1 AND d.seen_at = 0 AND"
		" d.state <> 'superseded') OR (?1 = 'unconfirmed' AND d.seq IN (SELECT seq FROM delivery WHERE"
		" " WG_SQL_DLV_UNCONFIRMED
		"))) AND (?2 = '' OR m.id = ?2 OR d.id = ?2) AND (d.message, d.seq) > (?4, ?5) ORDER BY d.message, d.seq"
		" LIMIT ?3",
	[SQL_COUNT_ADD] = "INSERT INTO counter(kind, name, n) VALUES(?1, ?2, ?3) ON CONFLICT(kind, name) DO UPDATE SET"
					  " n = counter.n + excluded.n",
	[SQL_COUNT_MESSAGES] = "SELECT name, n FROM counter WHERE kind = 'message' AND n <> 0 ORDER BY name",
	[SQL_COUNT_DELIVERIES] = "SELECT name, n FROM counter WHERE kind = 'delivery' AND n <> 0 ORDER BY name",
	[SQL_COUNT_REVIEWS] = "SELECT count(*), count(CASE WHEN due <> 0 AND due < ?1 THEN 1 END), coalesce(min(CASE WHEN"
						  " due <> 0 THEN due END), 0) FROM delivery WHERE state = 'review'",
	[SQL_COUNT_OVERRIDES] =
		"SELECT count(*) FROM delivery WHERE overrides = 1 AND seen_at = 0 AND state <> 'superseded'",
	[SQL_WAITING] = "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counter WHERE kind = 'message'"
					" AND name IN ('accepted','normalised')",
	[SQL_OLDEST] = /* of what waits in each of the two queues, and of what is not sent, the first: looks into indexes */
	"SELECT min(at) FROM (SELECT * FROM (SELECT accepted_at AS at FROM message WHERE " WG_SQL_MSG_WAITING
	" AND bulk = 0 ORDER BY turn, seq LIMIT 1) AS found UNION ALL SELECT * FROM (SELECT accepted_at FROM message WHERE"
	" " WG_SQL_MSG_WAITING
	" AND bulk = 1 ORDER BY turn, seq LIMIT 1) AS found UNION ALL SELECT accepted_at FROM message WHERE"
	" seq = (SELECT min(message) FROM delivery WHERE " WG_SQL_DLV_OPEN ")) AS o",
};
