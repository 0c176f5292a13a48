/* sqlite_schema_fewer.c owns the migration from version 11 to 12: less to do for each row. No triggers count any more
 * (sql_count.c does, and the table is counted once more here); the conditions of indexes are ORs (sql_text.h); of
 * children only those are in child_records whose records have ever changed. */
#include "store/sql_text.h"
#include "store/sqlite_internal.h"

#define AGAIN(kind, rows)                                         \
	"INSERT INTO counter(kind, name, n) SELECT '" kind "', " rows \
	" ON CONFLICT(kind, name) DO UPDATE SET n = excluded.n;"
#define INDEX(name, on) "DROP INDEX " name "; CREATE INDEX " name " ON " on ";"

/* clang-format off */
const char wg_schema_fewer[] =
	"DROP TRIGGER message_counted; DROP TRIGGER message_moved; DROP TRIGGER delivery_counted;"
	"DROP TRIGGER delivery_moved; DROP TRIGGER receipt_counted;"
	"UPDATE counter SET n = 0 WHERE kind IN ('message','delivery','receipt','open','unconfirmed');"
	AGAIN("message", "state, count(*) FROM message WHERE 1 GROUP BY state")
	AGAIN("delivery", "state, count(*) FROM delivery WHERE 1 GROUP BY state")
	AGAIN("receipt", "level, count(*) FROM receipt WHERE 1 GROUP BY level")
	AGAIN("open", "recipient, count(*) FROM delivery WHERE " WG_SQL_DLV_OPEN " GROUP BY recipient")
	AGAIN("unconfirmed", "recipient, count(*) FROM delivery WHERE " WG_SQL_DLV_UNCONFIRMED " GROUP BY recipient")
	INDEX("delivery_open", "delivery(recipient, episode, turn, message) WHERE " WG_SQL_DLV_OPEN)
	INDEX("delivery_accepted", "delivery(message) WHERE " WG_SQL_DLV_OPEN)
	INDEX("delivery_valid", "delivery(valid_until) WHERE " WG_SQL_DLV_ENDS)
	INDEX("delivery_ready", "delivery(recipient, ready_at) WHERE " WG_SQL_DLV_READY)
	INDEX("delivery_unconfirmed", "delivery(recipient, handed_at) WHERE " WG_SQL_DLV_UNCONFIRMED)
	INDEX("child_records", "child(records) WHERE records > 0")
	"PRAGMA user_version=12;";
/* clang-format on */
