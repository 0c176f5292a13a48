/* Owns the sender, the two recipients and the roles between them, all in one process. */
#include "life.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/sqlite_internal.h"

#define SENDER "oatshire-police"
#define ROUNDS_MAX 4000
/* A process in which so many requests in a row failed without the store being at fault is started anew. */
#define FAILURES_MAX 4
#define BODY_MAX 60000
#define OWNER 7
#define LEASE 8

static const struct recipient {
	const char *organisation, *desk, *channel;
} recipients[] = { { "meadowton", "front-door", "https" }, { "barleyford", "night-desk", "mail" } };

struct run {
	struct life *life;
	struct wg_store *store;
	struct wg_now now;
	struct wg_err err;
	unsigned failures;
	bool over; /* the store is at fault, or too much failed */
	bool busy; /* this round did something */
};

/* ---- what was seen */

struct life *life_new(void)
{
	struct life *life = mmap(NULL, sizeof *life, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (life == MAP_FAILED) {
		perror("crash harness: shared memory");
		exit(70);
	}
	return life;
}

void life_reset(struct life *life, unsigned messages)
{
	life->messages = messages;
	life->runs = life->count = 0;
	life->ahead = false;
}

struct life_event *life_put(struct life *life, enum life_kind kind, unsigned n, const char *words)
{
	if (life->count >= LIFE_EVENTS)
		abort(); /* the test's own bug: make room */
	struct life_event *e = &life->events[life->count];
	memset(e, 0, sizeof *e);
	struct timespec now = { 0 };
	if (life->timed)
		(void)clock_gettime(CLOCK_MONOTONIC, &now); /* it exists */
	e->at = now.tv_sec * 1000000000 + now.tv_nsec;
	e->kind = kind;
	e->n = n;
	(void)snprintf(e->words, sizeof e->words, "%s", words); /* cut is fine */
	life->count++;
	return e;
}

void life_cut(struct life *life, int64_t at)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < life->count; i++)
		if (life->events[i].at <= at || life->events[i].kind == LIFE_GOT) {
			life->events[kept] = life->events[i];
			life->events[kept++].unsure = life->events[i].unsure || life->events[i].at > at;
		}
	life->count = kept;
}

static bool has(const struct life *life, enum life_kind kind, unsigned n, const char *words)
{
	for (unsigned i = 0; i < life->count; i++) {
		const struct life_event *e = &life->events[i];
		if (e->kind == kind && e->n == n && (words == NULL || strcmp(e->words, words) == 0))
			return true;
	}
	return false;
}

static void hash_of(const void *p, size_t len, char out[WG_STORE_HASH])
{
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(p, len, raw);
	wg_hex(raw, sizeof raw, out);
}

static void refused(struct run *run, unsigned n)
{
	(void)life_put(run->life, run->err.text[0] == '\0' ? LIFE_SILENT : LIFE_REFUSED, n, run->err.text);
}

/* ---- one request, as the store role answers it */

static bool failed(struct run *run, unsigned n)
{
	struct wg_err why = { 0 };
	refused(run, n);
	run->over = run->over || wg_store_fault(run->store, &why) != WG_OK || ++run->failures >= FAILURES_MAX;
	return false;
}

static bool begin(struct run *run)
{
	run->err = (struct wg_err){ 0 };
	if (run->over)
		return false;
	if (wg_store_begin(run->store, &run->err) != WG_OK) {
		wg_store_rollback(run->store);
		return failed(run, 0);
	}
	if (wg_store_mark(run->store, &run->err) != WG_OK) {
		wg_store_rollback(run->store);
		return failed(run, 0);
	}
	return true;
}

/* True once it is durable. */
static bool end(struct run *run, enum wg_code code, unsigned n)
{
	if (wg_store_fault(run->store, &run->err) != WG_OK || wg_store_full(run->store)) {
		wg_store_rollback(run->store);
		return failed(run, n);
	}
	if (code != WG_OK) {
		struct wg_err more = { 0 };
		bool undone = wg_store_undo(run->store, &more) == WG_OK && wg_store_commit(run->store, &more) == WG_OK;
		if (!undone)
			wg_store_rollback(run->store);
		(void)wg_store_full(run->store); /* of this transaction, not of the next */
		return failed(run, n);
	}
	code = wg_store_keep(run->store, &run->err);
	if (code == WG_OK)
		code = wg_store_commit(run->store, &run->err);
	(void)wg_store_full(run->store); /* likewise; the code says it */
	if (code != WG_OK) {
		wg_store_rollback(run->store);
		return failed(run, n);
	}
	run->failures = 0;
	run->busy = true;
	return true;
}

/* ---- the sender */

static size_t body_of(unsigned n, uint8_t *out)
{
	size_t len = WG_STORE_HEAD + 100 + n * 977 % 6000 + (n % 7 == 2 ? 40000 : 0);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((i * 2654435761u + n * 40503u) >> 9);
	(void)snprintf((char *)out, 32, "submission %u", n); /* it fits */
	return len;
}

static void submit(struct run *run, unsigned n)
{
	static uint8_t body[BODY_MAX];
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = { .organisation = SENDER,
		                    .content_type = "application/xml",
		                    .way = "https",
		                    .blob = body,
		                    .blob_len = body_of(n, body) };
	hash_of(body, m.blob_len, m.content_hash);
	(void)snprintf(m.idempotency_key, sizeof m.idempotency_key, "key-%u", n);           /* short */
	(void)snprintf(m.id, sizeof m.id, "%016u%010u", run->life->runs, run->life->count); /* exactly an id */
	struct life_event *e = life_put(run->life, LIFE_SUBMIT, n, m.idempotency_key);
	memcpy(e->digest, m.content_hash, sizeof e->digest);
	if (!begin(run))
		return;
	if (run->life->early)
		(void)life_put(run->life, LIFE_ACK, n, m.id);
	run->life->ahead = run->life->early;
	enum wg_code code = wg_store_add(run->store, run->now, &m, &receipt, &run->err);
	const bool done = end(run, code, n);
	run->life->ahead = false;
	if (done && !run->life->early)
		(void)life_put(run->life, LIFE_ACK, n, receipt.id);
}

static void sender(struct run *run)
{
	for (unsigned n = 0, tries = 0; n < run->life->messages && !run->over; n += tries == 0) {
		if (has(run->life, LIFE_ACK, n, NULL))
			continue;
		submit(run, n);
		tries = has(run->life, LIFE_ACK, n, NULL) ? 0 : tries + 1;
	}
}

/* ---- process */

static void key_of(unsigned child, struct wg_match_key *out)
{
	char words[32], hash[WG_STORE_HASH];
	out->kind = WG_KEY_NAME_BIRTH;
	out->scope[0] = '\0';
	(void)snprintf(words, sizeof words, "child %u", child); /* it fits */
	hash_of(words, strlen(words), hash);
	(void)snprintf(out->key, sizeof out->key, "%.*s", WG_STORE_KEY - 1, hash); /* cut, as keys are */
}

static unsigned number_of(const struct wg_msg_job *job)
{
	uint64_t n = 0;
	(void)wg_num_parse(job->idempotency_key + 4, 0, LIFE_MESSAGES_MAX, &n); /* what else it says, a recipient sees */
	return (unsigned)n;
}

static enum wg_code decide(struct run *run, const struct wg_msg_job *job)
{
	unsigned n = number_of(job);
	struct wg_match_key key;
	struct wg_dlv_new d[WG_COUNT(recipients)];
	struct wg_msg_done_result result;
	struct wg_msg_done done = { .token = job->token,
		                        .state = WG_MSG_ROUTED,
		                        .notice = job->blob,
		                        .notice_len = job->blob_len,
		                        .report = job->blob,
		                        .report_len = WG_STORE_HEAD,
		                        .relation = n % 2 == 0 ? WG_RELATION_OPENS : WG_RELATION_CLOSES,
		                        .keys = &key,
		                        .key_count = 1,
		                        .epoch = "e1",
		                        .deliveries = d,
		                        .delivery_count = WG_COUNT(d) };
	memcpy(done.id, job->id, sizeof done.id);
	(void)snprintf(done.kind, sizeof done.kind, "%s", n % 2 == 0 ? "missing" : "found"); /* short */
	key_of(n / 2, &key);
	for (size_t i = 0; i < WG_COUNT(d); i++) {
		d[i] = (struct wg_dlv_new){ .role = "front-door",
			                        .state = WG_DLV_SEALED,
			                        .disclosure = "{\"rule\":\"share\"}",
			                        .envelope = job->blob,
			                        .envelope_len = job->blob_len,
			                        .deadline = INT64_MAX / 2,
			                        .known = true };
		(void)snprintf(d[i].organisation, sizeof d[i].organisation, "%s", recipients[i].organisation); /* short */
		(void)snprintf(d[i].desk, sizeof d[i].desk, "%s", recipients[i].desk);
		(void)snprintf(d[i].channel, sizeof d[i].channel, "%s", recipients[i].channel);
	}
	return wg_store_done(run->store, run->now, &done, &result, &run->err);
}

static void process(struct run *run)
{
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	bool before = run->busy;
	if (!begin(run) ||
	    !end(run, wg_store_lease_messages(run->store, run->now, OWNER, LEASE, &jobs, &count, &run->err), 0)) {
		wg_msg_jobs_free(jobs, count);
		return;
	}
	run->busy = before || count > 0;
	for (unsigned i = 0; i < count && !run->over; i++)
		if (begin(run))
			(void)end(run, decide(run, &jobs[i]), 0); /* what failed is leased again */
	wg_msg_jobs_free(jobs, count);
}

/* ---- deliver, and the recipients */

static unsigned recipient_of(const struct wg_dlv_job *job)
{
	unsigned i = 0;
	while (i < WG_COUNT(recipients) && strcmp(recipients[i].organisation, job->organisation) != 0)
		i++;
	return i;
}

static void receive(struct run *run, const struct wg_dlv_job *job)
{
	struct life_event *e = life_put(run->life, LIFE_GOT, recipient_of(job), job->reference);
	e->maybe = job->maybe;
	hash_of(job->envelope, job->envelope_len, e->digest);
	memcpy(e->more, job->channel, sizeof job->channel);
}

static void deliver(struct run *run)
{
	struct wg_dlv_job *jobs = NULL;
	struct wg_dlv_report reports[LEASE];
	unsigned count = 0, stale = 0;
	bool before = run->busy;
	if (!begin(run) ||
	    !end(run, wg_store_lease_deliveries(run->store, run->now, OWNER, "", LEASE, 2, &jobs, &count, &run->err), 0)) {
		wg_dlv_jobs_free(jobs, count);
		return;
	}
	run->busy = before || count > 0;
	for (unsigned i = 0; i < count; i++) {
		receive(run, &jobs[i]);
		reports[i] = (struct wg_dlv_report){ .token = jobs[i].token, .state = WG_DLV_HANDED_OVER, .detail = "taken" };
		memcpy(reports[i].id, jobs[i].id, sizeof reports[i].id);
	}
	if (count > 0 && begin(run))
		(void)end(run, wg_store_report(run->store, run->now, reports, count, &stale, &run->err), 0);
	wg_dlv_jobs_free(jobs, count);
}

/* Each recipient says that it has what it has, until it is told that this is known. */
static void acknowledge(struct run *run)
{
	for (unsigned i = 0; i < run->life->count && !run->over; i++) {
		const struct life_event *e = &run->life->events[i];
		struct wg_receipt_new r = { .level = WG_RECEIPT_ACKNOWLEDGED, .way = "https", .person = "Sam Duty" };
		struct wg_receipt_result result;
		struct wg_err no = { 0 };
		if (e->kind != LIFE_GOT || e->n >= WG_COUNT(recipients) || has(run->life, LIFE_RECEIPT, e->n, e->words))
			continue;
		(void)snprintf(r.reference, sizeof r.reference, "%s", e->words); /* it was one */
		(void)snprintf(r.id, sizeof r.id, "receipt of %.100s", e->words);
		(void)snprintf(r.organisation, sizeof r.organisation, "%s", recipients[e->n].organisation);
		if (!begin(run) ||
		    !end(run, wg_store_receipt(run->store, run->now, WG_WHO_INTAKE, &r, &result, &no, &run->err), e->n))
			continue;
		if (no.code == WG_OK)
			(void)life_put(run->life, LIFE_RECEIPT, e->n, e->words);
		else
			(void)life_put(run->life, LIFE_UNSOUND, e->n, no.text);
	}
}

/* ---- the process */

static bool start(struct run *run)
{
	unsigned lost = 0;
	(void)life_put(run->life, LIFE_START, run->life->runs, run->life->folder);
	if (wg_store_open(run->life->folder, &run->store, &run->err) != WG_OK) {
		refused(run, 0);
		return false;
	}
	if (wg_store_begin(run->store, &run->err) != WG_OK ||
	    wg_store_recover(run->store, run->now, &lost, &run->err) != WG_OK ||
	    wg_store_epoch(run->store, run->now, "e1", &run->err) != WG_OK ||
	    wg_store_commit(run->store, &run->err) != WG_OK) {
		refused(run, 0);
		return false;
	}
	return true;
}

static struct run run_new(struct life *life)
{
	const int64_t hour = 3600000;
	life->runs++;
	return (struct run){ .life = life,
		                 .now = { .wall = 1700000000000 + life->runs * hour, .steady = 1000 + life->runs * hour } };
}

int life_run(struct life *life)
{
	struct run run = run_new(life);
	if (!start(&run)) {
		wg_store_closep(&run.store);
		return 3;
	}
	run.busy = true;
	for (unsigned round = 0; round < ROUNDS_MAX && run.busy && !run.over; round++) {
		run.busy = false;
		run.now.wall += 600000; /* whatever waits has waited */
		run.now.steady += 600000;
		sender(&run);
		process(&run);
		deliver(&run);
		acknowledge(&run);
	}
	bool over = run.over;
	wg_store_closep(&run.store);
	if (!over)
		(void)life_put(life, LIFE_CLOSED, 0, "");
	return over ? 3 : 0;
}

/* ---- at the end */

static void originals(struct run *run)
{
	for (unsigned i = 0; i < run->life->count; i++) {
		struct life_event e = run->life->events[i];
		WG_AUTO_FREE uint8_t *bytes = NULL;
		static uint8_t body[BODY_MAX];
		size_t len = 0;
		if (e.kind != LIFE_ACK)
			continue;
		if (wg_store_blob(run->store, run->now, e.words, "original", "robin", &bytes, &len, &run->err) != WG_OK)
			(void)life_put(run->life, LIFE_UNSOUND, e.n, run->err.text);
		else if (len != body_of(e.n, body) || memcmp(bytes, body, len) != 0)
			(void)life_put(run->life, LIFE_UNSOUND, e.n, "an original is not what was handed in");
	}
}

static void states(struct run *run)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	if (wg_store_list(run->store, "deliveries", "*", "", WG_STORE_LIST_MAX, &rows, &count, &run->err) != WG_OK)
		(void)life_put(run->life, LIFE_UNSOUND, 0, run->err.text);
	for (unsigned i = 0; i < count; i++) {
		char words[WG_REFERENCE_TEXT];
		(void)snprintf(words, sizeof words, "%s.%s.%s", rows[i].message, rows[i].organisation, rows[i].desk);
		struct life_event *e = life_put(run->life, LIFE_STATE, 0, words);
		(void)snprintf(e->more, sizeof e->more, "%s", rows[i].state); /* the same size */
	}
	free(rows);
}

/* What SQLite itself says of its file, without the driver. */
static void integrity(struct life *life, const char *name)
{
	char path[160], words[160] = "it cannot be opened";
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	(void)snprintf(path, sizeof path, "%s/%s", life->folder, name); /* short */
	if (access(path, F_OK) != 0)
		return; /* another driver's store */
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		(void)snprintf(words, sizeof words, "%s: %s", name, (const char *)sqlite3_column_text(stmt, 0)); /* cut */
	(void)sqlite3_finalize(stmt); /* was only read */
	(void)sqlite3_close(db);
	if (strcmp(words + strlen(words) - 4, ": ok") != 0)
		(void)life_put(life, LIFE_UNSOUND, 0, words);
}

static int look(struct life *life)
{
	struct run run = run_new(life);
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	if (!start(&run) || wg_store_begin(run.store, &run.err) != WG_OK) {
		(void)life_put(life, LIFE_UNSOUND, 0, run.err.text);
		wg_store_closep(&run.store);
		return 3;
	}
	if (wg_store_audit(run.store, &entries, head, &run.err) != WG_OK)
		(void)life_put(life, LIFE_UNSOUND, 0, run.err.text);
	originals(&run);
	states(&run);
	wg_store_rollback(run.store);
	wg_store_closep(&run.store);
	integrity(life, "store.db");
	integrity(life, "keys.db");
	return 0;
}

int life_finish(struct life *life)
{
	int code = life_run(life);
	return code == 0 ? look(life) : code;
}

static const char *const names[] = {
	[LIFE_START] = "start",       [LIFE_SUBMIT] = "submit", [LIFE_ACK] = "ack",         [LIFE_GOT] = "got",
	[LIFE_RECEIPT] = "receipt",   [LIFE_STATE] = "state",   [LIFE_REFUSED] = "refused", [LIFE_SILENT] = "silent",
	[LIFE_UNSYNCED] = "unsynced", [LIFE_SYNCED] = "synced", [LIFE_LEAKED] = "leaked",   [LIFE_UNSOUND] = "unsound",
	[LIFE_CLOSED] = "closed",
};

/* A word of a JSON string: what could end it is left out. */
static void put_word(FILE *out, const char *key, const char *s)
{
	(void)fprintf(out, ",\"%s\":\"", key);
	for (; *s != '\0'; s++)
		if (*s != '"' && *s != '\\' && (unsigned char)*s >= ' ')
			(void)fputc(*s, out);
	(void)fputc('"', out);
}

void life_print(const struct life *life, unsigned from, FILE *out)
{
	for (unsigned i = from; i < life->count; i++) {
		const struct life_event *e = &life->events[i];
		(void)fprintf(out, "{\"event\":\"%s\",\"n\":%u", names[e->kind], e->n);
		put_word(out, "words", e->words);
		if (e->digest[0] != '\0')
			put_word(out, "body", e->digest);
		if (e->more[0] != '\0')
			put_word(out, e->kind == LIFE_STATE ? "state" : "channel", e->more);
		if (e->kind == LIFE_SUBMIT)
			(void)fprintf(out, ",\"thread\":\"child %u\",\"to\":%s", e->n / 2, life->one ? "[0]" : "[0,1]");
		if (e->unsure)
			(void)fprintf(out, ",\"unsure\":true");
		(void)fprintf(out, e->maybe ? ",\"maybe\":true}\n" : "}\n");
	}
}
