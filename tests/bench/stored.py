"""A store made large without the gateway's help: the rows of a few real notices are copied, offline, under other ids, keys and hashes, until there are as many
as wanted. All tables and indexes grow as they would.

What the copies lack: their blobs and disclosures are cut short (nobody reads those again), or shared (share=True: what waits will be read); and their log
entries have hashes that prove nothing, so `wardgate audit verify` fails on such a store, as it must.
"""
import os
import shutil
import sqlite3

CUT = 64  # bytes of a blob that is kept of a copy; a notice has some 120 KB of them, and 1.3 KB of disclosure
CUT_DISCLOSURE = 256
LATER_MS = 30 * 86400 * 1000  # for what would come due while it is measured

# Other numbers: table -> columns that count rows, with the table whose rows they count.
COUNTED = {
    "blob": {"id": "blob", "head": "head"},
    "child": {"id": "child"},
    "episode": {"id": "episode", "child": "child", "opened_by": "message", "closed_by": "message"},
    "message": {"seq": "message", "original": "blob", "notice": "blob", "report": "blob", "episode": "episode", "child": "child", "turn": "message"},
    "submission": {"message": "message"},
    "delivery": {"seq": "delivery", "message": "message", "episode": "episode", "envelope": "blob", "turn": "message"},
    "disclosure": {"delivery": "delivery"},
    "log": {"seq": "log"},
    "child_key": {"child": "child", "message": "message"},
    "episode_reference": {"episode": "episode", "message": "message"},
    "record": {"seq": "record", "child": "child", "message": "message", "blob": "blob"},
    "task": {"id": "task", "delivery": "delivery"},
}
# Other texts. An id keeps its time and its end, a hash its end; eight digits between are another number, spread over all there are.
SCATTER = "printf('%08x', (copy * 2654435761) & 4294967295)"
IDS = {"message": ("id", "notice_id"), "delivery": ("id",), "log": ("message", "delivery"), "record": ("id",)}
HASHES = {"blob": ("hash",), "message": ("content_hash", "content_key"), "child_key": ("key",), "episode_reference": ("key",), "log": ("prev", "hash"),
          "delivery": ("copy_hash",)}
COPIES = "WITH RECURSIVE copies(copy) AS (SELECT 1 WHERE ?1 > 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy + 1 < ?1)"


def highest(db, share):
    """table -> the number after which a copy's rows begin."""
    tops = {table: db.execute(f"SELECT coalesce(max({next(iter(columns))}), 0) FROM {table}").fetchone()[0]
            for table, columns in COUNTED.items() if table in columns.values()}
    tops["head"] = db.execute("SELECT coalesce(max(head), 0) FROM blob").fetchone()[0]
    return tops | ({"blob": 0, "head": 0} if share else {})


def expressions(db, table, tops):
    """(column, what a copy has there) for every column of the table."""
    for column, in db.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall():
        words = column
        if column in COUNTED[table]:
            words = f"{column} + copy * {tops[COUNTED[table][column]]}"
        elif column in IDS.get(table, ()):
            words = f"CASE WHEN length({column}) = 26 THEN substr({column}, 1, 8) || {SCATTER} || substr({column}, 17) ELSE {column} END"
        elif column in HASHES.get(table, ()):
            words = f"CASE WHEN length({column}) IN (32, 64) THEN {SCATTER} || substr({column}, 9) ELSE {column} END"
        elif (table, column) in (("submission", "key"), ("message", "submission_key")):
            words = f"'load-' || (CAST(substr({column}, 6) AS INTEGER) + copy * {tops['message']})"
        elif (table, column) == ("delivery", "reference"):
            words = f"substr(reference, 1, 8) || {SCATTER} || substr(reference, 17)"
        elif (table, column) == ("blob", "bytes"):
            words = f"coalesce(substr(bytes, 1, {CUT}), x'')"  # of nothing it makes NULL
        elif (table, column) == ("disclosure", "record"):
            words = f"substr(record, 1, {CUT_DISCLOSURE})"
        elif (table, column) == ("task", "due"):
            words = f"due + {LATER_MS}"
        yield column, words


def grow(state, copies, share=False):
    """The store in that folder, which nobody has open, becomes so many times as large."""
    db = sqlite3.connect(state / "store.db", isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-2097152", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        # Indexes stay: one that is made at the end has full pages, each of which the next insertion would split, and no store in use has that.
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        tops = highest(db, share)
        db.execute("BEGIN")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for table in COUNTED:
            if share and table == "blob":
                continue
            pairs = list(expressions(db, table, tops))
            db.execute(f"CREATE TEMP TABLE few AS SELECT * FROM {table}")
            db.execute(f"{COPIES} INSERT INTO {table}({', '.join(c for c, _ in pairs)}) SELECT {', '.join(e for _, e in pairs)} FROM copies, few", (copies,))
            db.execute("DROP TABLE few")
        for _, text in triggers:
            db.execute(text)
        db.execute("UPDATE counter SET n = n * ?", (copies,))
        db.execute("UPDATE meta SET value = (SELECT seq || ' ' || hash FROM log ORDER BY seq DESC LIMIT 1) WHERE key = 'log-head'")
        db.execute("UPDATE meta SET value = ? WHERE key = 'head-last'", (tops["head"] * copies,) if not share else
                   db.execute("SELECT value FROM meta WHERE key = 'head-last'").fetchone())
        db.execute("COMMIT")
    finally:
        db.close()
    if not share:
        grow_keys(state, copies, tops["head"])
    for name in ("store.db", "keys.db"):
        written(state / name)


def written(path):
    """It is on the disk: else the first flush of who uses it would wait for all of it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def grow_keys(state, copies, top):
    """A key for each blob: short ones, for nobody will open those."""
    db = sqlite3.connect(state / "keys.db", isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        db.execute("BEGIN")
        db.execute("DELETE FROM head WHERE id > ?", (top,))  # were made, and not given yet
        db.execute("CREATE TEMP TABLE few AS SELECT id, substr(bytes, 1, ?) AS bytes FROM head", (CUT,))
        db.execute(f"{COPIES} INSERT INTO head(id, bytes) SELECT id + copy * ?2, bytes FROM copies, few", (copies, top))
        db.execute("UPDATE batch SET first = ?, last = ?", (top * copies + 1, top * copies))
        db.execute("COMMIT")
    finally:
        db.close()


def counts(state, notices):
    """Rows of all tables, and log entries, of a notice."""
    db = sqlite3.connect(f"file:{state}/store.db?mode=ro", uri=True)
    try:
        rows = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}
    finally:
        db.close()
    return [("stored-rows", sum(rows.values()) / notices, "rows/notice"), ("stored-log", rows["log"] / notices, "entries/notice")]


def copy_of(state, target):
    """A folder as the first one is, which nobody has open."""
    shutil.copytree(state, target)
