/* pg_refers.c owns what rows refer to without PostgreSQL's looking after it.
 *
 * It held every row that a notice leaves against what that refers to: some thirty looks and locks a notice. But each of
 * these rows is put by a transaction that has put, or just read, what it refers to, with the turn to write, and nothing
 * that is referred to is ever deleted. Where a person or a partner names what is referred to, or where it is rare,
 * PostgreSQL still looks (pg_schema.c). `wardgate store check`, and a store that is copied, look at all of it. */
#include "base/mem.h"
#include "store/check_internal.h"
#include "store/pg_internal.h"

#define REFERS(F)                                       \
	F("message", "original", "blob", "id")              \
	F("message", "notice", "blob", "id")                \
	F("message", "report", "blob", "id")                \
	F("message", "child", "child", "id")                \
	F("message", "episode", "episode", "id")            \
	F("episode", "child", "child", "id")                \
	F("episode", "opened_by", "message", "seq")         \
	F("episode", "closed_by", "message", "seq")         \
	F("child_key", "child", "child", "id")              \
	F("child_key", "message", "message", "seq")         \
	F("episode_reference", "episode", "episode", "id")  \
	F("episode_reference", "message", "message", "seq") \
	F("record", "child", "child", "id")                 \
	F("record", "message", "message", "seq")            \
	F("record", "blob", "blob", "id")                   \
	F("delivery", "message", "message", "seq")          \
	F("delivery", "episode", "episode", "id")           \
	F("delivery", "envelope", "blob", "id")             \
	F("disclosure", "delivery", "delivery", "seq")

#define DROP(table, column, other, key) "ALTER TABLE " table " DROP CONSTRAINT IF EXISTS " table "_" column "_fkey;"
const char wg_pg_refers_drop[] = REFERS(DROP) "UPDATE version SET number = 6;";

#define QUESTION(table, column, other, key)                                                                        \
	{ "SELECT 'a row of " table "' FROM " table " r WHERE r." column " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " \
	  "" other " o WHERE o." key " = r." column ")",                                                               \
	  "names one of " other " that is not there" },
enum wg_code wg_pg_refers_check(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	static const struct wg_check_question list[] = { REFERS(QUESTION) };
	return wg_check_questions(store, check, list, WG_COUNT(list), err);
}
