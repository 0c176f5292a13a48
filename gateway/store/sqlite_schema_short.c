/* sqlite_schema_short.c owns the migration from version 12 to 13: keyed hashes of half the length (WG_STORE_KEY), cut
 * as the process role cuts them from now on, so that what was kept is found. Tables that are looked into by such a hash
 * lie in the order of what has them, so that what a notice adds lands beside each other; only the index by the hash,
 * which holds nothing else, is written to at random places. */
#include "store/sql_text.h"
#include "store/sqlite_internal.h"

#define CUT(column) "substr(" column ", 1, " WG_SQL_KEY_DIGITS ")"
/* Its rows in the order of the new one's key: each is put behind the one before. */
#define ANEW(table, columns, key, from)                                          \
	"CREATE TABLE cut(" columns ", PRIMARY KEY(" key ")) STRICT, WITHOUT ROWID;" \
	"INSERT INTO cut SELECT " from " FROM " table " ORDER BY " key ";"           \
	"DROP TABLE " table "; ALTER TABLE cut RENAME TO " table ";"

/* clang-format off */
const char wg_schema_short[] =
	ANEW("child_key", "key TEXT NOT NULL, child INTEGER NOT NULL REFERENCES child(id), kind INTEGER NOT NULL,"
	     " scope TEXT NOT NULL, message INTEGER REFERENCES message(seq)", "child, kind, key",
	     CUT("key") ", child, kind, " CUT("scope") ", message")
	"CREATE INDEX child_key_key ON child_key(key, kind, child) WHERE " WG_SQL_KEY_FINDS ";"
	ANEW("episode_reference", "key TEXT NOT NULL, episode INTEGER NOT NULL REFERENCES episode(id),"
	     " message INTEGER REFERENCES message(seq)", "episode, key",
	     CUT("key") ", episode, message")
	"CREATE INDEX episode_reference_key ON episode_reference(key, episode);"
	"DROP INDEX message_content;"
	"UPDATE message SET content_key = " CUT("content_key") " WHERE content_key IS NOT NULL;"
	"CREATE UNIQUE INDEX message_content ON message(organisation, content_key) WHERE content_key IS NOT NULL;"
	"PRAGMA user_version=13;";
/* clang-format on */
