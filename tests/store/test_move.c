/* A store with something of everything goes into another database and back: not one row, hash or number is another, and
 * what a copy must not touch it does not. With WG_TEST_POSTGRESQL the way leads through a real PostgreSQL. */
#include "confirm.h"
#include "sharing.h"
#include "store/check.h"
#include "store/keys_internal.h"
#include "store/migrate.h"
#include "store/move.h"
#include "store/sqlite_internal.h"

#include <signal.h>
#include <sys/wait.h>

#define EVENING 1700000000000

static void quiet(void *arg, const char *what, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)what;
	(void)done;
	(void)all;
}

static void on_finding(void *arg, const char *words, const char *todo)
{
	(void)todo;
	(void)snprintf(arg, WG_STORE_REASON, "%s", words); /* cut is fine */
}

struct place {
	struct pg_place pg;
	struct wg_store_place place;
	char *folder;
};

/* SQLite always; or wherever the tests' stores are. */
static void place_in(struct place *p, bool sqlite)
{
	p->folder = rig_folder();
	p->place = sqlite ? (struct wg_store_place){ .folder = p->folder } : *pg_place(&p->pg, p->folder);
}

static enum wg_code move(const struct place *from, const struct place *to, struct wg_move_result *out,
                         struct wg_err *err)
{
	char words[WG_STORE_REASON] = "";
	const struct wg_move_job job = {
		.from = &from->place, .to = &to->place, .progress = quiet, .finding = on_finding, .arg = words
	};
	enum wg_code code = wg_store_move(&job, out, err);
	if (code == WG_OK && out->findings > 0)
		fail_msg("%llu findings: %s", (unsigned long long)out->findings, words);
	return code;
}

/* ---- something of everything */

static void put_trouble(struct scene *s)
{
	struct wg_err err = { 0 };
	const struct wg_alert alert = { .key = "disk", .words = "it fills up: 'quoted', \\back, \xc3\xa9 and a\ttab" };
	struct wg_alert *changed = NULL;
	const struct wg_trusted_memory known = { .trusted = s->now.wall };
	unsigned n = 0;
	OK(wg_store_trouble(s->store, s->now, "imap inbox\n", "imap inbox", "it cannot be read", 0, &err));
	OK(wg_store_alerts(s->store, s->now, &alert, 1, &changed, &n, &err));
	free(changed);
	OK(wg_store_time_keep(s->store, &known, &err));
}

static void put_divided(struct scene *s)
{
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_msg_done_result result;
	struct wg_part_new parts[2] = { { .content_type = "text/csv", .blob = "row 1", .blob_len = 5 },
		                            { .content_type = "text/csv", .blob = "row 2", .blob_len = 5 } };
	rig_hash(801, parts[0].content_hash);
	rig_hash(802, parts[1].content_hash);
	add(s, 80, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	done.state = WG_MSG_DIVIDED;
	done.parts = parts;
	done.part_count = 2;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
}

/* Asked twice, so that one of its documents was replaced. */
static void put_attention(struct scene *s)
{
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_msg_done_result result;
	add(s, 70, id);
	for (int i = 0; i < 2; i++) {
		struct wg_msg_job job = take_message(s);
		struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
		done.state = WG_MSG_ATTENTION;
		done.reason = "a place that no map knows";
		OK(wg_store_done(s->store, s->now, &done, &result, &err));
		OK(wg_store_resolve(s->store, s->now, id, "robin", "rang them", i == 0 ? "words" : "other", 5, &err));
	}
}

/* Sent, received, and so long ago that it is purged. */
static void put_purged(struct scene *s)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	const struct wg_dlv_new d = rig_delivery("meadowton", "night");
	const struct notice n = { .relation = WG_RELATION_NONE, .nhs = "old", .deliveries = &d, .delivery_count = 1 };
	char id[WG_ID_TEXT];
	bool more = true;
	uint64_t freed = 0;
	send_notice(s, 60, &n, id);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	s->now.wall += 1000;
	const struct wg_purge p = {
		.kind = "missing", .before = s->now.wall, .after = "", .who = "robin", .why = "a test"
	};
	OK(wg_store_purge(s->store, s->now, &p, &out, &freed, &more, &err));
}

static void put_children(struct scene *s)
{
	struct wg_err err = { 0 };
	const struct wg_record_new consent = { .id = "", .blob = RIG_HEAD "asked", .blob_len = WG_STORE_HEAD + 5 };
	struct wg_record_new consents[1] = { consent };
	static const char record[] = "{\"reasons\":[{\"category\":\"identity\",\"rule\":\"england/frame\"}]}";
	struct wg_dlv_new d[5] = { rig_delivery("meadowton", "duty"), rig_delivery("meadowton", "pull"),
		                       rig_delivery("meadowton", "review"), rig_delivery("meadowton", "none"),
		                       rig_delivery("oatshire", "host") };
	d[0].disclosure = record;
	char first[WG_ID_TEXT], second[WG_ID_TEXT];
	struct wg_receipt_result got;
	OK(wg_id_make(s->now.wall, consents[0].id, &err));
	memcpy(d[1].channel, "pull", 5);
	d[1].hook = true;
	d[2].state = WG_DLV_REVIEW;
	d[2].reason = "names another child; \xe2\x80\x9c"
				  "Tess\xe2\x80\x9d";
	d[3].state = WG_DLV_WITHHELD;
	d[3].reason = "no rule shares it";
	d[3].envelope = NULL;
	d[3].envelope_len = 0;
	memcpy(d[0].confirm, "ladder", 7);
	rig_hash(4242, d[0].token_hash);
	const struct notice n = { .relation = WG_RELATION_OPENS,
		                      .nhs = "tess",
		                      .reference = "OAT-1",
		                      .confidential = "ZZ1 1ZZ",
		                      .deliveries = d,
		                      .delivery_count = 5,
		                      .notice_id = "oat-0001",
		                      .consents = consents,
		                      .consent_count = 1 };
	send_notice(s, 1, &n, first);
	const struct notice follows = { .relation = WG_RELATION_WITHIN, .nhs = "tess", .concerns = "oat-0001" };
	send_notice(s, 2, &follows, second);
	struct wg_dlv_rec to = delivery_to(s, first, "duty");
	OK(wg_store_exempt(s->store, s->now, to.id, "serious-harm", "robin", "a test", &err));
	/* one is acknowledged, one is being sent, and a message is leased: nobody will ever report */
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 0);
	struct wg_receipt_new r = receipt_for(job.id, WG_RECEIPT_ACKNOWLEDGED);
	(void)snprintf(r.organisation, sizeof r.organisation, "%s", job.organisation); /* the same size */
	assert_int_equal(give(s, &r, &got), WG_OK);
	(void)take_delivery(s);
	char waits[WG_ID_TEXT];
	add(s, 3, waits);
	(void)take_message(s);
}

static void put_submitted(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(900);
	memcpy(m.idempotency_key, "key-1", 6);
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
}

static void everything(struct place *p)
{
	struct wg_err err = { 0 };
	struct scene s = { .folder = p->folder, .now = { .wall = EVENING, .steady = 5000 } };
	OK(wg_store_open_at(&p->place, &s.store, &err));
	OK(wg_store_begin(s.store, &err));
	OK(wg_store_epoch(s.store, s.now, "e1", &err));
	put_purged(&s);
	OK(wg_store_commit(s.store, &err)); /* the keys of what was purged go */
	OK(wg_store_begin(s.store, &err));
	put_children(&s); /* first: what waits of the same sender would make its copies wait */
	put_attention(&s);
	(void)take_message(&s);
	put_divided(&s);
	put_trouble(&s);
	put_submitted(&s);
	OK(wg_store_commit(s.store, &err));
	wg_store_closep(&s.store);
}

/* ---- by SQLite's own words: the rows of two folders are the same */

static sqlite3 *open_file(const char *folder, const char *name)
{
	char path[128];
	sqlite3 *db = NULL;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name); /* short */
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(stmt, 0);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	return n;
}

static void spoil(const struct place *p, const char *sql)
{
	sqlite3 *db = open_file(p->folder, "store.db");
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Of each table: rows in one and not in the other, both ways. full: none may be empty but shred, which is at rest. */
static void same_file(const struct place *a, const struct place *b, const char *name, bool full)
{
	sqlite3 *db = open_file(a->folder, name);
	sqlite3_stmt *tables = NULL;
	char sql[512];
	unsigned n = 0;
	(void)snprintf(sql, sizeof sql, "ATTACH '%s/%s' AS other", b->folder, name); /* short */
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT name FROM main.sqlite_schema WHERE type = 'table'", -1, &tables, NULL),
		SQLITE_OK);
	for (; sqlite3_step(tables) == SQLITE_ROW; n++) {
		const char *t = (const char *)sqlite3_column_text(tables, 0);
		(void)snprintf(sql, sizeof sql,
		               "SELECT (SELECT count(*) FROM (SELECT * FROM main.\"%s\" EXCEPT SELECT * FROM other.\"%s\")) +"
		               " (SELECT count(*) FROM (SELECT * FROM other.\"%s\" EXCEPT SELECT * FROM main.\"%s\")) +"
		               " (SELECT count(*) FROM main.\"%s\") - (SELECT count(*) FROM other.\"%s\")",
		               t, t, t, t, t, t); /* it fits */
		if (ask(db, sql) != 0)
			fail_msg("table %s is not the same", t);
		(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM main.\"%s\"", t); /* it fits */
		if (full && ask(db, sql) == 0 && strcmp(t, "shred") != 0)
			fail_msg("table %s is empty: this test has to put something there", t);
	}
	assert_true(n >= 3);
	assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void same_rows(const struct place *a, const struct place *b)
{
	same_file(a, b, "store.db", true);
	same_file(a, b, "keys.db", true);
}

/* ---- the tests */

static void there_and_back(void **state)
{
	struct place a, b, c;
	struct wg_move_result out, back;
	struct wg_err err = { 0 };
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	place_in(&c, true);
	everything(&a);
	OK(move(&a, &b, &out, &err));
	assert_true(out.rows > 50 && out.heads > 5 && out.entries > 10 && out.tables > 20);
	OK(move(&b, &c, &back, &err));
	assert_string_equal(out.content, back.content);
	assert_string_equal(out.head, back.head);
	assert_int_equal(out.entries, back.entries);
	spoil(&a, "DELETE FROM meta WHERE key = 'moved'"); /* what the old one says, and it alone */
	same_rows(&a, &c);
	rig_remove(a.folder);
	rig_remove(b.folder);
	rig_remove(c.folder);
}

static int64_t next_number(struct wg_store *store, unsigned n)
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_rec rec;
	struct wg_msg_new m = rig_message(n);
	OK(wg_store_add(store, (struct wg_now){ .wall = EVENING + 5000, .steady = 1 }, &m, &r, &err));
	OK(wg_message_by_id(store, r.id, &rec, &err));
	return rec.seq;
}

/* Leases come to nothing, numbers go on where they were, and the log is one chain. */
static void goes_on_there(void **state)
{
	const struct wg_now now = { .wall = EVENING + 5000, .steady = 1 };
	struct place a, b;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	unsigned lost = 0;
	int64_t gap = 0, before = 0;
	uint64_t entries = 0;
	char head[WG_STORE_HASH], epoch[WG_STORE_HASH];
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	everything(&a);
	sqlite3 *db = open_file(a.folder, "store.db");
	before = ask(db, "SELECT max(seq) FROM message");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	/* numbers that were given and whose rows are gone are not given again */
	spoil(&a, "UPDATE sqlite_sequence SET seq = seq + 7 WHERE name = 'message'");
	OK(move(&a, &b, &out, &err));
	OK(wg_store_open_at(&b.place, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_query_number(store, "SELECT count(*) FROM message WHERE lease_owner <> 0", NULL, 0, &gap, &err));
	assert_true(gap >= 2);
	OK(wg_store_recover(store, now, &lost, &err));
	assert_true(lost >= 3);
	OK(wg_query_number(store, "SELECT count(*) FROM delivery WHERE state = 'sending'", NULL, 0, &gap, &err));
	assert_int_equal(gap, 0);
	OK(wg_epoch_now(store, epoch, &err));
	assert_string_equal(epoch, "e1");
	assert_int_equal(next_number(store, 5000), before + 8);
	OK(wg_store_audit(store, &entries, head, &err));
	assert_true(entries > out.entries);
	OK(wg_store_contains(store, out.entries, out.head, &err));
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	rig_remove(a.folder);
	rig_remove(b.folder);
}

/* A lease that node 1 of one database gave is not taken for its own by node 1 of another. */
static void leases_of_another_place(void **state)
{
	struct place a, b;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	unsigned lost = 0;
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	everything(&a);
	spoil(&a, "UPDATE message SET lease_owner = (2 << 32) + 5 WHERE lease_owner <> 0");
	OK(move(&a, &b, &out, &err));
	OK(wg_store_open_at(&b.place, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_recover(store, (struct wg_now){ .wall = EVENING + 5000, .steady = 1 }, &lost, &err));
	assert_true(lost >= 3);
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	rig_remove(a.folder);
	rig_remove(b.folder);
}

static void hash_files(const char *folder, char out[WG_STORE_HASH])
{
	static const char *const names[] = { "store.db", "store.db-wal", "keys.db", "keys.db-wal" };
	struct wg_sha256 sha;
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256_init(&sha);
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		char path[128], chunk[4096];
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]); /* short */
		int fd = open(path, O_RDONLY);
		for (ssize_t n; fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0;)
			wg_sha256_update(&sha, chunk, (size_t)n);
		wg_sha256_update(&sha, fd >= 0 ? "+" : "-", 1);
		if (fd >= 0)
			assert_int_equal(close(fd), 0);
	}
	wg_sha256_final(&sha, raw);
	wg_hex(raw, sizeof raw, out);
}

static void what_is_refused(void **state)
{
	struct place a, b;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	char before[WG_STORE_HASH], after[WG_STORE_HASH];
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	FAILS(WG_CONFIG, move(&a, &b, &out, &err)); /* there is nothing */
	everything(&a);
	hash_files(a.folder, before);

	OK(wg_store_open_at(&a.place, &store, &err)); /* a gateway works on it */
	FAILS(WG_AGAIN, move(&a, &b, &out, &err));
	wg_store_closep(&store);

	OK(wg_store_open_at(&b.place, &store, &err)); /* somebody works there, and then has */
	FAILS(WG_AGAIN, move(&a, &b, &out, &err));
	wg_store_closep(&store);
	FAILS(WG_REJECT, move(&a, &b, &out, &err));
	assert_non_null(strstr(err.text, "nothing is overwritten"));

	spoil(&a, "PRAGMA user_version=99");
	FAILS(WG_CONFIG, move(&a, &b, &out, &err));
	assert_non_null(strstr(err.text, "use a newer program"));
	spoil(&a, "PRAGMA user_version=8");
	FAILS(WG_CONFIG, move(&a, &b, &out, &err));
	assert_non_null(strstr(err.text, "store migrate"));
	hash_files(a.folder, after);
	assert_string_not_equal(before, after); /* the version */
	rig_remove(a.folder);
	rig_remove(b.folder);
}

/* Cut off: nobody may use what there is, the old store is whole, and the same again begins anew. */
static void cut_off(void **state)
{
	struct place a, b, c;
	struct wg_move_result out, back;
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	struct wg_schema_view view;
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	place_in(&c, true);
	everything(&a);
	/* a row that no database takes in: behind what comes before it in the order of the tables */
	spoil(&a, "CREATE TABLE kept AS SELECT * FROM trouble; DROP TABLE trouble; CREATE TABLE"
	          " trouble(name TEXT, words TEXT, since INTEGER, PRIMARY KEY(name)) STRICT; INSERT INTO"
	          " trouble SELECT * FROM kept; UPDATE trouble SET words = NULL; DROP TABLE kept");
	FAILS(WG_REJECT, move(&a, &b, &out, &err));
	assert_non_null(strstr(err.text, "begins anew"));
	FAILS(WG_CONFIG, wg_store_open_at(&b.place, &store, &err));
	assert_non_null(strstr(err.text, "was cut off"));
	FAILS(WG_CONFIG, wg_store_schema(&b.place, &view, &err));
	FAILS(WG_CONFIG, move(&b, &c, &out, &err));
	spoil(&a, "UPDATE trouble SET words = 'again'");
	OK(move(&a, &b, &out, &err));
	OK(move(&b, &c, &back, &err));
	assert_string_equal(out.content, back.content);
	OK(wg_store_open_at(&b.place, &store, &err));
	wg_store_closep(&store);
	rig_remove(a.folder);
	rig_remove(b.folder);
	rig_remove(c.folder);
}

static void die(void *arg, const char *what, uint64_t done, uint64_t all)
{
	quiet(arg, what, done, all);
	if (strncmp(what, "looking at", 10) == 0) /* all is put, nothing said to be whole */
		(void)raise(SIGKILL);
}

/* The process that copies is killed. A server may need a moment to see that it is gone. */
static void killed(void **state)
{
	struct place a, b;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	enum wg_code code = WG_AGAIN;
	int status = 0;
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	everything(&a);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char words[WG_STORE_REASON];
		const struct wg_move_job job = {
			.from = &a.place, .to = &b.place, .progress = die, .finding = on_finding, .arg = words
		};
		_exit(wg_store_move(&job, &out, &err) == WG_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	FAILS(WG_CONFIG, wg_store_open_at(&b.place, &store, &err));
	assert_non_null(strstr(err.text, "was cut off"));
	for (int i = 0; i < 2400 && code == WG_AGAIN; i++) {
		code = move(&a, &b, &out, &err);
		if (code == WG_AGAIN)
			(void)usleep(50000); /* tried again anyway */
	}
	OK(code);
	OK(wg_store_open_at(&b.place, &store, &err));
	wg_store_closep(&store);
	rig_remove(a.folder);
	rig_remove(b.folder);
}

/* The old one is not gone on from, nor copied again, until somebody says that it shall be. */
static void only_one_goes_on(void **state)
{
	struct place a, b, c;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	struct wg_server *server = NULL;
	struct wg_store *store = NULL;
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	(void)state;
	place_in(&a, false);
	place_in(&b, true);
	place_in(&c, true);
	OK(wg_store_open_at(&a.place, &store, &err));
	OK(wg_store_begin(store, &err));
	(void)next_number(store, 1);
	OK(wg_store_commit(store, &err));
	wg_store_closep(&store);
	FAILS(WG_NOT_FOUND, wg_store_reopen(&a.place, "robin", "by mistake", &err));
	FAILS(WG_CONFIG, wg_store_reopen(&b.place, "robin", "there is none", &err));
	OK(move(&a, &b, &out, &err));
	FAILS(WG_CONFIG, wg_server_open_at(&a.place, &server, &err));
	assert_non_null(strstr(err.text, "a second time"));
	FAILS(WG_CONFIG, move(&a, &c, &out, &err));
	assert_non_null(strstr(err.text, "wardgate store reopen"));
	OK(wg_server_open_at(&b.place, &server, &err));
	wg_server_freep(&server);
	OK(wg_store_reopen(&a.place, "robin", "the other was destroyed", &err));
	OK(wg_server_open_at(&a.place, &server, &err));
	wg_server_freep(&server);
	OK(wg_store_open_at(&a.place, &store, &err));
	OK(wg_store_begin(store, &err));
	OK(wg_store_audit(store, &entries, head, &err));
	assert_int_equal(entries, 2);
	wg_store_rollback(store);
	wg_store_closep(&store);
	rig_remove(a.folder);
	rig_remove(b.folder);
	rig_remove(c.folder);
}

/* A damaged store is copied as it is, and said to be damaged. */
static void damaged(void **state)
{
	struct place a, b;
	struct wg_move_result out;
	struct wg_err err = { 0 };
	char words[WG_STORE_REASON] = "";
	(void)state;
	place_in(&a, true);
	place_in(&b, false);
	everything(&a);
	spoil(&a, "UPDATE blob SET bytes = CAST('!' || substr(bytes, 2) AS BLOB) WHERE length(bytes) > 2 AND"
	          " id = (SELECT max(original) FROM message)");
	const struct wg_move_job job = {
		.from = &a.place, .to = &b.place, .progress = quiet, .finding = on_finding, .arg = words
	};
	OK(wg_store_move(&job, &out, &err));
	assert_int_equal(out.findings, 1);
	assert_non_null(strstr(words, "the original of message"));
	rig_remove(a.folder);
	rig_remove(b.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(goes_on_there),
		cmocka_unit_test(leases_of_another_place),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(killed),
		cmocka_unit_test(damaged),
		cmocka_unit_test(only_one_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
