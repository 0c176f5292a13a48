/* sqlite_schema.c owns the tables and their migration, forward only: migration N takes version N to N + 1. */
#include "base/mem.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"
#include "store/sqlite_internal.h"
#include "sys/file.h"

#define APPLICATION_ID "2002875236" /* "wgsd" */

/* Texts for states, so that a person with the sqlite3 command can read them. blob: named by the hash of its content.
 * message.seq is the accept order. delivery.message is its seq; recipient is "organisation/desk".
 * Partial indexes hold what is still to do, so that they stay small however long the gateway runs. */
static const char *const migrations[] = {
	"PRAGMA application_id=" APPLICATION_ID ";"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE blob(id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;"
	"CREATE TABLE episode(id INTEGER PRIMARY KEY AUTOINCREMENT, made_at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE episode_key(key TEXT PRIMARY KEY, episode INTEGER NOT NULL REFERENCES episode(id)) STRICT, WITHOUT "
	"ROWID;"
	"CREATE TABLE message("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, organisation TEXT NOT NULL, content_hash TEXT "
	"NOT NULL,"
	" content_type TEXT NOT NULL, way TEXT NOT NULL, accepted_at INTEGER NOT NULL, state TEXT NOT NULL, since INTEGER "
	"NOT NULL,"
	" reason TEXT, original INTEGER NOT NULL REFERENCES blob(id), notice INTEGER REFERENCES blob(id), report INTEGER "
	"REFERENCES blob(id),"
	" kind TEXT NOT NULL DEFAULT '', content_key TEXT, epoch TEXT, episode INTEGER REFERENCES episode(id), "
	"duplicate_of TEXT,"
	" again INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL DEFAULT 0, wait_ms "
	"INTEGER NOT NULL DEFAULT 0,"
	" lease_owner INTEGER NOT NULL DEFAULT 0, lease_token INTEGER NOT NULL DEFAULT 0, lease_until INTEGER NOT NULL "
	"DEFAULT 0,"
	" UNIQUE(organisation, content_hash)) STRICT;"
	"CREATE UNIQUE INDEX message_content ON message(organisation, content_key) WHERE content_key IS NOT NULL;"
	"CREATE INDEX message_waiting ON message(seq) WHERE " WG_SQL_MSG_WAITING ";"
	"CREATE INDEX message_leased ON message(lease_owner) WHERE lease_owner <> 0;"
	"CREATE TABLE submission(organisation TEXT NOT NULL, key TEXT NOT NULL, message INTEGER NOT NULL REFERENCES "
	"message(seq),"
	" PRIMARY KEY(organisation, key)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE delivery("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, message INTEGER NOT NULL REFERENCES message(seq),"
	" episode INTEGER REFERENCES episode(id), recipient TEXT NOT NULL, organisation TEXT NOT NULL, desk TEXT NOT NULL, "
	"role TEXT NOT NULL,"
	" channel TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL, held_from TEXT, reason TEXT, epoch TEXT NOT "
	"NULL,"
	" envelope INTEGER REFERENCES blob(id), deadline INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
	" next_try INTEGER NOT NULL DEFAULT 0, wait_ms INTEGER NOT NULL DEFAULT 0, maybe INTEGER NOT NULL DEFAULT 0, "
	"receipt TEXT,"
	" lease_owner INTEGER NOT NULL DEFAULT 0, lease_token INTEGER NOT NULL DEFAULT 0, lease_until INTEGER NOT NULL "
	"DEFAULT 0) STRICT;"
	"CREATE INDEX delivery_message ON delivery(message);"
	"CREATE INDEX delivery_open ON delivery(recipient, episode, message) WHERE " WG_SQL_DLV_OPEN ";"
	"CREATE INDEX delivery_sealed ON delivery(recipient, message, seq) WHERE state = 'sealed';"
	"CREATE INDEX delivery_deferred ON delivery(recipient, next_try, wait_ms) WHERE state = 'deferred';"
	"CREATE INDEX delivery_leased ON delivery(lease_owner) WHERE lease_owner <> 0;"
	"CREATE TABLE disclosure(delivery INTEGER PRIMARY KEY REFERENCES delivery(seq), decided_at INTEGER NOT NULL, "
	"record TEXT NOT NULL) STRICT;"
	"CREATE TABLE log(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL, message "
	"TEXT NOT NULL,"
	" delivery TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) "
	"STRICT;"
	"CREATE INDEX log_message ON log(message, seq);"
	"CREATE INDEX log_delivery ON log(delivery, seq) WHERE delivery <> '';"
	"CREATE TRIGGER log_kept BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;"
	"CREATE TRIGGER log_fixed BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;"
	"CREATE TRIGGER disclosure_kept BEFORE DELETE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are kept'); END;"
	"CREATE TRIGGER disclosure_fixed BEFORE UPDATE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are kept'); "
	"END;"
	"PRAGMA user_version=1;",

	/* Children apart from their episodes; what a person says of a message and who looks after it; messages divided into
	 * others. Until now an episode was whatever shared a key, so each was in fact one child with all its episodes: it
	 * becomes a child with one episode. Of what kind its keys were cannot be told: kind -1, which agrees with any.
	 * turn: the place in the order of sending, that of the message that came in; a part has its parent's. */
	"CREATE TABLE child(id INTEGER PRIMARY KEY AUTOINCREMENT, made_at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE child_key(key TEXT NOT NULL, child INTEGER NOT NULL REFERENCES child(id), kind INTEGER NOT NULL,"
	" scope TEXT NOT NULL, message INTEGER REFERENCES message(seq), PRIMARY KEY(key, kind, child)) STRICT, WITHOUT "
	"ROWID;"
	"CREATE INDEX child_key_child ON child_key(child);"
	"CREATE TABLE episode_reference(key TEXT NOT NULL, episode INTEGER NOT NULL REFERENCES episode(id),"
	" message INTEGER REFERENCES message(seq), PRIMARY KEY(key, episode)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX episode_reference_episode ON episode_reference(episode);"
	"CREATE TABLE part(parent INTEGER NOT NULL REFERENCES message(seq), number INTEGER NOT NULL, message INTEGER NOT "
	"NULL"
	" REFERENCES message(seq), PRIMARY KEY(parent, number)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX part_message ON part(message);"
	"ALTER TABLE episode ADD COLUMN child INTEGER REFERENCES child(id);"
	"ALTER TABLE episode ADD COLUMN opened_by INTEGER REFERENCES message(seq);"
	"ALTER TABLE episode ADD COLUMN closed_by INTEGER REFERENCES message(seq);"
	"ALTER TABLE episode ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN assigned TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN resolution INTEGER REFERENCES blob(id);"
	"ALTER TABLE message ADD COLUMN child INTEGER REFERENCES child(id);"
	"ALTER TABLE message ADD COLUMN child_how TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN episode_new INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN doubt TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;"
	"INSERT INTO child(id, made_at) SELECT id, made_at FROM episode;"
	"INSERT INTO child_key(key, child, kind, scope) SELECT key, episode, -1, '' FROM episode_key;"
	"DROP TABLE episode_key;"
	"UPDATE message SET turn = seq, child = episode, child_how = CASE WHEN episode IS NULL THEN '' ELSE 'keys' END;"
	"UPDATE delivery SET turn = message;"
	"CREATE INDEX message_episode ON message(episode) WHERE episode IS NOT NULL;"
	"CREATE INDEX message_child ON message(child) WHERE child IS NOT NULL;"
	"UPDATE episode SET child = id,"
	" opened_by = (SELECT max(m.seq) FROM message m WHERE m.episode = episode.id AND m.kind = 'missing');"
	"UPDATE episode SET closed_by = (SELECT max(m.seq) FROM message m WHERE m.episode = episode.id AND m.kind = 'found'"
	" AND m.seq > coalesce(episode.opened_by, 0));"
	"UPDATE episode SET ended = closed_by IS NOT NULL;"
	"CREATE INDEX episode_child ON episode(child);"
	"DROP INDEX message_waiting;"
	"CREATE INDEX message_waiting ON message(bulk, turn, seq) WHERE " WG_SQL_MSG_WAITING ";"
	"CREATE INDEX message_before ON message(organisation, turn, seq) WHERE " WG_SQL_MSG_WAITING ";"
	"DROP INDEX delivery_open;"
	"CREATE INDEX delivery_open ON delivery(recipient, episode, turn, message) WHERE " WG_SQL_DLV_OPEN ";"
	"DROP INDEX delivery_sealed;"
	"CREATE INDEX delivery_sealed ON delivery(recipient, turn, message, seq) WHERE state = 'sealed';"
	"PRAGMA user_version=2;",

	/* Who may see what, and why. message: the id that the notice gives itself, what it has to do with an episode
	 * (enum wg_relation; of what is here already only what opened or ended one is told), a legal hold, when its
	 * content was purged; lease_records: child.records as they stood when the message was leased or its context was
	 * asked for. child.records: raised to a number higher than any other whenever the child's records change.
	 * delivery.stale: what it was decided on has changed since: not leased. valid_until: when a consent ends that it
	 * rests on; 0: no such instant. refused: a person has said no. message.watches: its decision depends on whether the
	 * child is missing: 0 no, 1 it was not when it was taken, 2 it was.
	 * record: answers about sharing; blob is NULL once purged. concern: what a message names in header/concerns. */
	"ALTER TABLE message ADD COLUMN notice_id TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE message ADD COLUMN relation INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN lease_records INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN purged_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN watches INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX message_notice ON message(notice_id) WHERE notice_id <> '';"
	"UPDATE message SET relation = 1 WHERE seq IN (SELECT opened_by FROM episode);"
	"UPDATE message SET relation = 2 WHERE seq IN (SELECT closed_by FROM episode WHERE closed_by IS NOT opened_by);"
	"ALTER TABLE child ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE child ADD COLUMN records INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX child_records ON child(records);"
	"ALTER TABLE delivery ADD COLUMN side TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN due INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN second_person INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN released_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE delivery ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN alarm_of INTEGER REFERENCES delivery(seq);"
	"ALTER TABLE delivery ADD COLUMN overrides INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE delivery ADD COLUMN valid_until INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX delivery_valid ON delivery(valid_until) WHERE " WG_SQL_DLV_ENDS ";"
	"CREATE INDEX delivery_review ON delivery(due) WHERE state = 'review';"
	"CREATE INDEX delivery_alarm ON delivery(alarm_of) WHERE alarm_of IS NOT NULL;"
	"CREATE INDEX delivery_override ON delivery(seq) WHERE overrides = 1 AND seen_at = 0;"
	"CREATE INDEX disclosure_decided ON disclosure(decided_at);"
	"CREATE TABLE concern(message INTEGER NOT NULL REFERENCES message(seq), id TEXT NOT NULL, recalls INTEGER NOT NULL,"
	" PRIMARY KEY(message, id)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX concern_id ON concern(id);"
	"CREATE TABLE record(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, child INTEGER NOT NULL"
	" REFERENCES child(id), at INTEGER NOT NULL, message INTEGER REFERENCES message(seq), blob INTEGER REFERENCES"
	" blob(id)) STRICT;"
	"CREATE INDEX record_child ON record(child, seq);"
	"CREATE INDEX record_message ON record(message) WHERE message IS NOT NULL;"
	"CREATE TABLE exemption(seq INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER NOT NULL REFERENCES delivery(seq),"
	" at INTEGER NOT NULL, code TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL) STRICT;"
	"CREATE INDEX exemption_delivery ON exemption(delivery, seq);"
	"CREATE TRIGGER exemption_kept BEFORE DELETE ON exemption BEGIN SELECT RAISE(ABORT, 'exemptions are kept'); END;"
	"CREATE TRIGGER exemption_fixed BEFORE UPDATE ON exemption BEGIN SELECT RAISE(ABORT, 'exemptions are kept'); END;"
	"PRAGMA user_version=3;",

	/* The heads of the blobs go to keys.db: wg_sqlite_keys_move, before this. */
	"PRAGMA user_version=4;",

	wg_schema_confirm,

	/* delivery.known: who handed the message in may know of this recipient; of what was decided before, nobody has said
	 * so. */
	"ALTER TABLE delivery ADD COLUMN known INTEGER NOT NULL DEFAULT 0;"
	"PRAGMA user_version=6;",

	/* delivery.fault_at: since when it cannot be handed over, the start of the first attempt that came to nothing; 0
	 * while nothing is known to be wrong, and once nobody tries any more. state goes first in the index, so that each
	 * question about one recipient is one look. trouble: what is in the way of a way in, as intake says. */
	"ALTER TABLE delivery ADD COLUMN fault_at INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX delivery_fault ON delivery(recipient, state, fault_at) WHERE fault_at <> 0;"
	"CREATE TABLE trouble(name TEXT PRIMARY KEY, words TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"PRAGMA user_version=7;",

	/* by which copy of a partner's gateway a message came: its later forms are found */
	"CREATE INDEX message_copy ON message(sender_reference, organisation) WHERE sender_reference <> '';"
	"PRAGMA user_version=8;",

	/* what SQL_DLV_NEXT asks beside delivery_deferred: of a recipient that nothing reaches, only what is due is read */
	"CREATE INDEX delivery_set_back ON delivery(recipient, next_try - wait_ms) WHERE state = 'deferred' AND"
	" channel <> 'pull';"
	"CREATE INDEX delivery_last_try ON delivery(recipient, deadline) WHERE state = 'deferred' AND channel <> 'pull'"
	" AND since < deadline;"
	"PRAGMA user_version=9;",

	wg_schema_count,

	/* What disclosure records say alike: each said once, and its id in the records instead (sql_passage.c). Two rows
	 * have a hash where one of them was damaged. A record of before, packed = 0, stays as it is. */
	"CREATE TABLE passage(id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL, words TEXT NOT NULL) STRICT;"
	"CREATE INDEX passage_hash ON passage(hash);"
	"CREATE TRIGGER passage_kept BEFORE DELETE ON passage BEGIN SELECT RAISE(ABORT, 'passages are kept'); END;"
	"CREATE TRIGGER passage_fixed BEFORE UPDATE ON passage BEGIN SELECT RAISE(ABORT, 'passages are kept'); END;"
	"ALTER TABLE disclosure ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;"
	"PRAGMA user_version=11;",

	wg_schema_fewer,

	wg_schema_short,
};
/* What each does, for a person. */
static const char *const words[] = {
	"makes the tables of a new store",
	"children apart from their episodes, what a person says of a message, messages divided into others",
	"who may see what: records about sharing, reviews with a time, legal holds, exemptions",
	"moves the keys of all documents into keys.db and writes the database anew: each document is copied once",
	"receipts, references, tasks and what is not confirmed; counters of all rows",
	"whether a sender may know of a recipient",
	"since when a copy cannot be handed over, and what is in the way of a way in",
	"an index: messages by the copy that a partner sent",
	"two indexes: what is deferred by when it is due",
	"how rows are counted, in fewer steps",
	"what disclosure records say alike, from now on kept once",
	"rows are counted by who moves them, and indexes whose conditions are judged faster",
	"keys by which children, episodes and the same content are found are half as long: their tables are written anew",
};
_Static_assert(WG_COUNT(words) == WG_COUNT(migrations), "words for each migration");
/* The first version whose blobs have their heads in keys.db. */
#define KEYED 4
#define VERSION ((int)(sizeof migrations / sizeof migrations[0]))

const char *wg_sqlite_step_words(int64_t version)
{
	return version >= 0 && version < VERSION ? words[version] : "";
}

void wg_sqlite_migration(int64_t version, uint64_t size, struct wg_schema_view *out)
{
	out->version = version;
	out->current = VERSION;
	out->size = size;
	/* Documents, most of a store, are only touched where their keys leave them: the new table, the log of the
	 * transaction that fills it, and the file written anew. */
	if (version > 0 && version < VERSION)
		out->needed = (version < KEYED ? 3 * size : size / 2) + WG_STORE_RESERVE;
}

static enum wg_code version_of(struct wg_store *store, int *version, struct wg_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum wg_code code = WG_OK;
	if (sqlite3_prepare_v2(wg_sqlite_of(store)->db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		code = wg_sqlite_fail(store, "schema version", err);
	else
		*version = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt); /* repeats a failure seen above */
	return code;
}

static enum wg_code migrate(struct wg_store *store, struct wg_err *err)
{
	int from = 0;
	enum wg_code code = version_of(store, &from, err);
	if (code == WG_OK) /* off: a table that others point to is made anew */
		code = wg_sqlite_exec(store, "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE", err);
	for (int v = from; code == WG_OK && v < VERSION; v++) {
		if (v == KEYED - 1)
			code = wg_sqlite_keys_move(store, err);
		if (code == WG_OK)
			code = wg_sqlite_exec(store, migrations[v], err);
	}
	if (code == WG_OK)
		code = wg_sqlite_exec(store, "COMMIT; PRAGMA foreign_keys=ON", err);
	if (code != WG_OK)
		(void)sqlite3_exec(wg_sqlite_of(store)->db, "ROLLBACK", NULL, NULL,
		                   NULL); /* the store is not opened: closing rolls back too */
	return code;
}

/* A migration that stops for want of room has changed nothing, but has taken what others need meanwhile. */
static enum wg_code check_room(struct wg_store *store, const char *folder, int version, struct wg_err *err)
{
	struct wg_schema_view view = { 0 };
	int64_t size = 0;
	enum wg_code code = wg_query_number(store, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
	                                    NULL, 0, &size, err);
	if (code == WG_OK)
		code = wg_file_free(folder, &view.room, err);
	wg_sqlite_migration(version, (uint64_t)size, &view);
	return code == WG_OK ? wg_schema_room(&view, err) : code;
}

/* Before anything is made or changed. */
enum wg_code wg_sqlite_check_schema(struct wg_store *store, const char *folder, bool *keyed, struct wg_err *err)
{
	int version = 0;
	enum wg_code code = version_of(store, &version, err);
	if (code == WG_OK && version > VERSION)
		code = wg_schema_newer(version, VERSION, err);
	if (code == WG_OK && version > 0 && version < VERSION)
		code = check_room(store, folder, version, err);
	if (code == WG_OK)
		*keyed = version >= KEYED;
	return code;
}

enum wg_code wg_sqlite_current(struct wg_store *store, bool *current, struct wg_err *err)
{
	int version = 0;
	enum wg_code code = version_of(store, &version, err);
	if (code == WG_OK)
		*current = version == VERSION;
	return code;
}

enum wg_code wg_sqlite_aside(struct wg_store *store, const char *folder,
                             enum wg_code (*work)(struct wg_store *store, struct wg_err *err), struct wg_err *err)
{
	char *place = sqlite3_mprintf("%s", folder), *before_it = sqlite3_temp_directory;
	if (place == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	sqlite3_temp_directory = place;
	enum wg_code code = wg_sqlite_exec(store, "PRAGMA temp_store=FILE", err);
	if (code == WG_OK)
		code = work(store, err);
	struct wg_err fault = { 0 };
	const enum wg_code back = wg_sqlite_exec(store, "PRAGMA temp_store=MEMORY", &fault);
	sqlite3_temp_directory = before_it;
	sqlite3_free(place);
	if (code == WG_OK && back != WG_OK && err != NULL)
		*err = fault;
	return code == WG_OK ? back : code;
}

enum wg_code wg_sqlite_schema(struct wg_store *store, const char *folder, struct wg_err *err)
{
	bool current = false;
	enum wg_code code = wg_sqlite_current(store, &current, err);
	return code == WG_OK && !current ? wg_sqlite_aside(store, folder, migrate, err) : code;
}
