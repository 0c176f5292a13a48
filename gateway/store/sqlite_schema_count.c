/* sqlite_schema_count.c owns the migration from version 9 to 10: the triggers that keep the table counter, said anew.
 * For each list of more than two words after IN SQLite makes a table whenever it is asked, and a move of a delivery
 * asked a dozen times: here they are CASEs. What they count is what sqlite_schema_confirm.c says. */
#include "store/sqlite_internal.h"

/* 1 or 0. */
#define OPEN(row)                                                                                                    \
	"CASE " row ".state WHEN 'sealed' THEN 1 WHEN 'sending' THEN 1 WHEN 'decided' THEN 1 WHEN 'review' THEN 1 WHEN " \
	"'deferred' THEN 1 WHEN 'held' THEN 1 ELSE 0 END"
#define ENDED                                                                                                  \
	"CASE NEW.state WHEN 'handed-over' THEN 1 WHEN 'received' THEN 1 WHEN 'opened' THEN 1 WHEN 'acknowledged'" \
	" THEN 1 WHEN 'refused' THEN 1 WHEN 'withheld' THEN 1 WHEN 'failed' THEN 1 WHEN 'recalled' THEN 1 WHEN"    \
	" 'superseded' THEN 1 ELSE 0 END"
#define UNCONFIRMED(row)                                                                    \
	"(CASE " row ".state WHEN 'handed-over' THEN NEW.confirm <> '' OR NEW.channel = 'pull'" \
	" WHEN 'received' THEN NEW.confirm <> '' WHEN 'opened' THEN NEW.confirm <> '' ELSE 0 END)"

#define COUNTED " ON CONFLICT(kind, name) DO UPDATE SET n = n + excluded.n;"
#define COUNT(kind, name, n) "INSERT INTO counter(kind, name, n) VALUES(" kind ", " name ", " n ")" COUNTED
/* Only what changes it is written: a page of the table is one page more in the log. */
#define COUNT_IF(kind, name, n) \
	"INSERT INTO counter(kind, name, n) SELECT " kind ", " name ", " n " WHERE " n " <> 0" COUNTED

#define TRIGGER(name, when, what) "DROP TRIGGER " name "; CREATE TRIGGER " name " AFTER " when " BEGIN " what " END;"
#define OUTCOME COUNT_IF("'outcome'", "NEW.channel || ' ' || NEW.state", "(" ENDED ")")

/* clang-format off */
const char wg_schema_count[] =
	TRIGGER("message_counted", "INSERT ON message", COUNT("'message'", "NEW.state", "1"))
	TRIGGER("message_moved", "UPDATE OF state ON message WHEN NEW.state <> OLD.state",
	        COUNT("'message'", "OLD.state", "-1") COUNT("'message'", "NEW.state", "1"))
	TRIGGER("delivery_counted", "INSERT ON delivery",
	        COUNT("'delivery'", "NEW.state", "1") OUTCOME COUNT_IF("'open'", "NEW.recipient", "(" OPEN("NEW") ")"))
	TRIGGER("delivery_moved", "UPDATE OF state ON delivery WHEN NEW.state <> OLD.state",
	        COUNT("'delivery'", "OLD.state", "-1") COUNT("'delivery'", "NEW.state", "1") OUTCOME
	        COUNT_IF("'open'", "NEW.recipient", "(" OPEN("NEW") " - " OPEN("OLD") ")")
	        COUNT_IF("'unconfirmed'", "NEW.recipient", "(" UNCONFIRMED("NEW") " - " UNCONFIRMED("OLD") ")"))
	TRIGGER("receipt_counted", "INSERT ON receipt", COUNT("'receipt'", "NEW.level", "1"))
	"PRAGMA user_version=10;";
/* clang-format on */
