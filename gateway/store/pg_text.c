/* pg_text.c owns what PostgreSQL is asked where that is not the text that SQLite understands too. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/pg_internal.h"
#include "store/sql_text.h"

char *wg_pg_text(const char *sql)
{
	char *out = strdup(sql);
	bool quoted = false;
	for (char *p = out; p != NULL && *p != '\0'; p++) {
		if (*p == '\'')
			quoted = !quoted;
		if (*p == '?' && !quoted && isdigit((unsigned char)p[1]))
			*p = '$';
	}
	return out;
}

/* Leases are judged by the clock of the machine that gave them: each node looks after its own, and any of them after
 * those of a node that is no more. 0: no node's. */
#define NODE "current_setting('wardgate.node')::bigint"
#define OWN " AND lease_until <= ?1 AND lease_owner >> 32 IN (0, " NODE ") ORDER BY +seq"
#define NOBODYS " AND NOT EXISTS (SELECT 1 FROM node n WHERE n.id = lease_owner >> 32) ORDER BY +seq"
/* Rows that somebody has leased: a range of the index of these (<> 0 alone is none, and a plan that is made while the
 * store is new then reads all messages, which it goes on doing when there are many). */
#define LEASED "lease_owner > 0"
/* What is looked up with each row of what stands before it, and never first: without OFFSET 0 the order would be the
 * planner's, who judges a new store by its size. */
#define FOR_EACH(columns, from_where, name) \
	" CROSS JOIN LATERAL (SELECT " columns " FROM " from_where " OFFSET 0) AS " name

/* Of message m: what it is called by (?2, as in sql_text.c), who recalls that by its name, and may. */
#define WHOLE FOR_EACH("id", "message w WHERE w.seq = p.parent", "w")
#define CALLED                                                                                       \
	"SELECT m.id UNION ALL SELECT coalesce(?2, m.notice_id) UNION ALL SELECT w.id FROM part p" WHOLE \
	" WHERE p.message = m.seq"
#define RECALLS FOR_EACH("message", "concern c WHERE c.id = n.id AND c.recalls = 1", "c")
#define LATER                                                                                                  \
	"message r WHERE r.seq = c.message AND r.seq <> m.seq AND r.organisation = m.organisation AND r.state NOT" \
	" IN ('rejected','duplicate') AND (r.turn, r.seq) > (m.turn, m.seq)"
#define RECALLING FOR_EACH("id, seq", LATER, "r")

/* Of hook h, if it is to be told now. */
#define HOOKED FOR_EACH("*", "delivery d WHERE d.seq = h.delivery AND d.epoch = ?2 AND " WG_SQL_IN_TURN, "d")
#define ITS_KIND FOR_EACH("kind", "message m WHERE m.seq = d.message", "m")

#define SOME_LOG(which)                                                                                               \
	"SELECT * FROM (SELECT seq, at, actor, event, message, delivery, state, detail, prev, hash FROM log WHERE " which \
	" ORDER BY seq LIMIT ?2) AS found"
#define LOG_OF_MESSAGE SOME_LOG("message = ?1")
#define LOG_OF_DELIVERY SOME_LOG("delivery = ?1 AND delivery <> '' AND message <> ?1")

/* Of a name that thousands have no more than are held against a message (WG_EVIDENCE_MAX). */
#define CHILDREN(which) \
	"SELECT child FROM child_key WHERE key = ?1 AND " which " AND " WG_SQL_KEY_FINDS " ORDER BY child LIMIT 256"
_Static_assert(WG_EVIDENCE_MAX == 256, "as the statement says");
#define OF_THAT_KIND CHILDREN("kind = ?2")
#define OF_OLD CHILDREN("kind = -1")
/* Each is taken out of its text once, not with each use. */
#define KEYS_OF_LIST                                                                            \
	"(SELECT substr(value, 3) AS key, left(value, 2)::bigint AS kind, number - 1 AS place FROM" \
	" json_array_elements_text(?1::json) WITH ORDINALITY AS list(value, number) OFFSET 0) AS k"
#define SOUGHT "key = k.key AND kind IN (k.kind, -1) AND " WG_SQL_KEY_FINDS

#define IDS(table, column)                                                                                    \
	"SELECT nextval(s.name) FROM (SELECT pg_get_serial_sequence('" table "', '" column "')::regclass AS name" \
	" OFFSET 0) AS s, generate_series(1, ?1)"

static const char *const texts[PG_COUNT] = {
	[SQL_BEGIN] = "BEGIN",
	[SQL_LOG_OF] = /* two ranges: of "or" it makes none */
	("SELECT * FROM (" LOG_OF_MESSAGE " UNION ALL " LOG_OF_DELIVERY ") AS both_of ORDER BY seq LIMIT ?2"),
	[SQL_RECALLED_BY] = ("SELECT r.id FROM message m CROSS JOIN LATERAL (" CALLED ") AS n(id)" RECALLS RECALLING
	                     " WHERE m.id = ?1 AND m.organisation <> '' ORDER BY r.seq LIMIT 1"),
	[SQL_HOOKS] = /* the columns of the row with the least, which SQLite gives beside min() */
	("SELECT * FROM (SELECT DISTINCT ON (d.recipient) d.organisation, d.desk, d.id, d.reference, m.kind, h.token,"
	 " h.attempts, h.due FROM hook h" HOOKED ITS_KIND
	 " WHERE h.due IS NOT NULL AND h.due <= ?1 ORDER BY d.recipient, h.due) AS w ORDER BY w.due LIMIT ?3"),
	[SQL_MSG_PUT] = /* ?11: its number (wg_pg_numbered) */
	("INSERT INTO message(id, organisation, content_hash, content_type, way, accepted_at, state, since, original, bulk,"
	 " turn, submission_key) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 'accepted', ?7, ?8, CASE WHEN ?9 IS NULL THEN 0 ELSE 1 END,"
	 " coalesce(?9, ?11), ?10) RETURNING seq"),
	[SQL_CHILD_BY_KEY] = /* here every row of a question is read, so that it says how many it needs */
	("SELECT child FROM (" OF_THAT_KIND ") AS a UNION SELECT child FROM (" OF_OLD ") AS b ORDER BY 1"),
	[SQL_STRANGERS] = /* a look into the index for each, whatever the planner makes of a list of unknown length */
	("SELECT k.place, own.one IS NOT NULL FROM " KEYS_OF_LIST " CROSS JOIN LATERAL"
	 " (SELECT 1 AS one FROM child_key WHERE " SOUGHT " LIMIT 1) AS known LEFT JOIN LATERAL"
	 " (SELECT 1 AS one FROM child_key WHERE " SOUGHT " AND child = ?2 LIMIT 1) AS own ON true"),
	[SQL_MSG_EXPIRED] = ("SELECT seq FROM message WHERE " LEASED OWN),
	[SQL_DLV_EXPIRED] = ("SELECT seq FROM delivery WHERE " LEASED OWN),
	[SQL_MSG_LEASED] = ("SELECT seq FROM message WHERE " LEASED NOBODYS),
	[SQL_DLV_LEASED] = ("SELECT seq FROM delivery WHERE " LEASED NOBODYS),
	[SQL_MSG_WORK] = /* and what it may be about, as another node left it */
	("SELECT w.seq, w.lease_token, w.lease_owner, CASE WHEN (w.turn, w.seq) < (m.turn, m.seq) AND w.bulk <= m.bulk"
	 " THEN 1 ELSE 0 END, k.about FROM message m CROSS JOIN message w LEFT JOIN work k ON k.seq = w.seq AND k.token ="
	 " w.lease_token WHERE m.id = ?1 AND w." LEASED " AND w.seq <> m.seq"),
	[PG_NOTE] = /* for the other nodes */
	("INSERT INTO work(seq, token, about) VALUES(?1, ?2, ?3) ON CONFLICT(seq) DO UPDATE SET token ="
	 " excluded.token, about = excluded.about"),
	/* By a lock of our own, not of a row: a turn in which nothing is written writes nothing then. */
	[PG_LOCK] = "SELECT pg_advisory_xact_lock(2002875237, hashtext(current_schema()))",
	[PG_TURN] = "SELECT turn FROM writer",
	[PG_TURN_SAME] = "SELECT 1 / CASE WHEN turn = ?1 THEN 1 ELSE 0 END FROM writer",
	[PG_TURN_PUT] = "UPDATE writer SET turn = ?1, node = ?2",
	[PG_AT_ONCE] = "SET CONSTRAINTS ALL IMMEDIATE",
	[PG_IDS] = IDS("blob", "id"),
	[PG_IDS + 1] = IDS("message", "seq"),
	[PG_IDS + 2] = IDS("child", "id"),
	[PG_IDS + 3] = IDS("episode", "id"),
	[PG_IDS + 4] = IDS("delivery", "seq"),
	[PG_IDS + 5] = IDS("receipt", "seq"),
};

const char *wg_pg_sql(int id)
{
	return texts[id] != NULL ? texts[id] : wg_sql_text[id];
}

char *wg_pg_numbered(const char *sql, const char *column, size_t count)
{
	char *out = NULL;
	const char *columns = strchr(sql, '('), *values = strstr(sql, "VALUES("), *end = strstr(sql, " RETURNING ");
	if (columns == NULL || values == NULL || end == NULL)
		return NULL; /* the tests of every statement would not get here */
	columns++;
	values += strlen("VALUES(");
	if (asprintf(&out, "%.*s%s, %.*s?%zu, %.*s", (int)(columns - sql), sql, column, (int)(values - columns), columns,
	             count + 1, (int)(end - values), values) < 0)
		return NULL;
	for (char *p = out; *p != '\0'; p++) /* no texts with question marks in an insertion */
		if (*p == '?')
			*p = '$';
	return out;
}
