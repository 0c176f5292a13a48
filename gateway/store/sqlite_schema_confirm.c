/* sqlite_schema_confirm.c owns the migration from version 4 to 5: what comes back from recipients, and what follows
 * when nothing does. message: submission_key is the first idempotency key it was handed in under; sender_reference and
 * sender_copy_hash say how the partner gateway that sent it knows it. delivery: reference, token_hash, copy_hash,
 * confirm and hook as in struct wg_dlv_new; pending is the rank of a receipt that came while it was being sent (0:
 * none); ready_at: from when it could be sent; handed_at, received_at, acknowledged_at: when it first came that far (0:
 * not yet). receipt: same is what makes it the same receipt again; moved: 1 it moved its delivery, 2 it will when the
 * attempt ends; salt makes the hash of its words in the log say nothing of them. task: due NULL when there is nothing
 * to do. counter: how many there are, kept by triggers, so that nobody counts a million rows. */
#include "store/sql_text.h"
#include "store/sqlite_internal.h"

/* One more, or n more, in a counter. */
#define COUNT(kind, name, n)                                                               \
	"INSERT INTO counter(kind, name, n) SELECT " kind ", " name ", " n " WHERE " n " <> 0" \
	" ON CONFLICT(kind, name) DO UPDATE SET n = n + excluded.n;"
#define UNCONFIRMED(row)                                                                                     \
	"((NEW.confirm <> '' AND " row ".state IN ('handed-over','received','opened')) OR (NEW.channel = 'pull'" \
	" AND " row ".state = 'handed-over'))"
#define ENDS "('handed-over','received','opened','acknowledged','refused','withheld','failed','recalled','superseded')"

#define OUTCOME COUNT("'outcome'", "NEW.channel || ' ' || NEW.state", "(NEW.state IN " ENDS ")")
#define MESSAGE_NEW COUNT("'message'", "NEW.state", "1")
#define MESSAGE_MOVED COUNT("'message'", "OLD.state", "-1") MESSAGE_NEW
#define DELIVERY_NEW \
	COUNT("'delivery'", "NEW.state", "1") OUTCOME COUNT("'open'", "NEW.recipient", WG_SQL_DLV_OPEN_OF("NEW."))
#define DELIVERY_MOVED                                                                                            \
	COUNT("'delivery'", "OLD.state", "-1")                                                                        \
	COUNT("'delivery'", "NEW.state", "1")                                                                         \
	OUTCOME COUNT("'open'", "NEW.recipient", "(" WG_SQL_DLV_OPEN_OF("NEW.") " - " WG_SQL_DLV_OPEN_OF("OLD.") ")") \
		COUNT("'unconfirmed'", "NEW.recipient", "(" UNCONFIRMED("NEW") " - " UNCONFIRMED("OLD") ")")
#define RECEIPT_NEW COUNT("'receipt'", "NEW.level", "1")
#define TRIGGER(name, when, what) "CREATE TRIGGER " name " AFTER " when " BEGIN " what " END;"

const char wg_schema_confirm[] =
	"ALTER TABLE message ADD COLUMN submission_key TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN sender_reference TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN sender_copy_hash TEXT NOT NULL DEFAULT '';"
	"UPDATE message SET submission_key = s.key FROM submission s WHERE s.message = message.seq;"
	"CREATE INDEX message_heard ON message(organisation, accepted_at) WHERE " WG_SQL_MSG_HEARD ";"
	"ALTER TABLE delivery ADD COLUMN reference TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN token_hash TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN copy_hash TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN confirm TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN hook INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN ready_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN handed_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN received_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN acknowledged_at INTEGER NOT NULL DEFAULT 0;"
	"UPDATE delivery SET reference = (SELECT m.id FROM message m WHERE m.seq = delivery.message) || '.' ||"
	" organisation || '.' || desk,"
	" ready_at = max(not_before, coalesce((SELECT x.decided_at FROM disclosure x WHERE x.delivery = delivery.seq),"
	" since)),"
	" handed_at = coalesce((SELECT l.at FROM log l WHERE l.delivery = delivery.id AND l.delivery <> '' AND"
	" l.state IN ('handed-over','received') ORDER BY l.seq LIMIT 1), 0),"
	" received_at = CASE WHEN state = 'received' THEN since ELSE 0 END;"
	"CREATE INDEX message_attention ON message(since) WHERE state = 'attention';"
	"CREATE INDEX delivery_reference ON delivery(reference) WHERE reference <> '';"
	"CREATE INDEX delivery_token ON delivery(token_hash) WHERE token_hash <> '';"
	"DROP INDEX delivery_sealed;"
	"CREATE INDEX delivery_sealed ON delivery(recipient, turn, message, seq) WHERE state = 'sealed' AND"
	" channel <> 'pull';"
	"DROP INDEX delivery_deferred;"
	"CREATE INDEX delivery_deferred ON delivery(recipient, next_try, wait_ms) WHERE state = 'deferred' AND"
	" channel <> 'pull';"
	"CREATE INDEX delivery_pull ON delivery(organisation, turn, message, seq) WHERE " WG_SQL_DLV_PULL ";"
	"CREATE INDEX delivery_fetched ON delivery(organisation, turn, message, seq) WHERE channel = 'pull' AND"
	" state = 'handed-over';"
	"CREATE INDEX delivery_pull_deadline ON delivery(deadline) WHERE " WG_SQL_DLV_PULL ";"
	"CREATE INDEX delivery_ready ON delivery(recipient, ready_at) WHERE " WG_SQL_DLV_READY ";"
	"CREATE INDEX delivery_unconfirmed ON delivery(recipient, handed_at) WHERE " WG_SQL_DLV_UNCONFIRMED ";"
	"CREATE INDEX delivery_handed ON delivery(recipient, handed_at) WHERE handed_at <> 0;"
	"CREATE INDEX delivery_accepted ON delivery(message) WHERE " WG_SQL_DLV_OPEN ";"

	"CREATE TABLE receipt(seq INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER NOT NULL REFERENCES delivery(seq),"
	" recipient TEXT NOT NULL, at INTEGER NOT NULL, level TEXT NOT NULL, giver TEXT NOT NULL, way TEXT NOT NULL,"
	" asked TEXT NOT NULL, same TEXT NOT NULL, by_token INTEGER NOT NULL, person TEXT NOT NULL, detail TEXT NOT NULL,"
	" copy_hash TEXT NOT NULL, log_head TEXT NOT NULL, message TEXT NOT NULL, said_at INTEGER NOT NULL,"
	" salt TEXT NOT NULL, moved INTEGER NOT NULL DEFAULT 0, UNIQUE(asked, giver, same, level)) STRICT;"
	"CREATE INDEX receipt_delivery ON receipt(delivery, seq);"
	"CREATE INDEX receipt_recipient ON receipt(recipient, at);"
	"CREATE TRIGGER receipt_kept BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;"
	"CREATE TABLE task(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, delivery INTEGER REFERENCES"
	" delivery(seq), state TEXT NOT NULL DEFAULT '', alert TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',"
	" cleared INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 1, steps INTEGER NOT NULL DEFAULT 0,"
	" since INTEGER NOT NULL, due INTEGER) STRICT;"
	"CREATE UNIQUE INDEX task_delivery ON task(delivery, kind, state) WHERE delivery IS NOT NULL;"
	"CREATE INDEX task_due ON task(due, id) WHERE due IS NOT NULL;"
	"CREATE TABLE hook(delivery INTEGER PRIMARY KEY REFERENCES delivery(seq), token INTEGER NOT NULL DEFAULT 1,"
	" attempts INTEGER NOT NULL DEFAULT 0, due INTEGER) STRICT;"
	"CREATE INDEX hook_due ON hook(due) WHERE due IS NOT NULL;"
	"CREATE TABLE alert(key TEXT PRIMARY KEY, words TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE counter(kind TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(kind, name)) STRICT,"
	" WITHOUT ROWID;"
	"INSERT INTO counter SELECT 'message', state, count(*) FROM message GROUP BY state;"
	"INSERT INTO counter SELECT 'delivery', state, count(*) FROM delivery GROUP BY state;"
	"INSERT INTO counter SELECT 'outcome', channel || ' ' || state, count(*) FROM delivery WHERE state IN " ENDS
	" GROUP BY channel, state;"
	"INSERT INTO counter SELECT 'open', recipient, sum(" WG_SQL_DLV_OPEN
	") FROM delivery GROUP BY recipient;" TRIGGER("message_counted", "INSERT ON message", MESSAGE_NEW)
		TRIGGER("message_moved", "UPDATE OF state ON message WHEN NEW.state <> OLD.state", MESSAGE_MOVED)
			TRIGGER("delivery_counted", "INSERT ON delivery", DELIVERY_NEW)
				TRIGGER("delivery_moved", "UPDATE OF state ON delivery WHEN NEW.state <> OLD.state", DELIVERY_MOVED)
					TRIGGER("receipt_counted", "INSERT ON receipt", RECEIPT_NEW) "PRAGMA user_version=5;";
