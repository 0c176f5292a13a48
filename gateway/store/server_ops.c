/* server_ops.c owns the table of who may ask what, and each question's way to the store.
 * SECURITY: requests come from processes that talk to strangers. What a role's row does not name, or what does not read
 * as it should, ends its connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/server_internal.h"

enum wg_code wg_ask_malformed(struct wg_ask *ask, struct wg_err *err)
{
	ask->malformed = true;
	return wg_err_set(err, WG_REJECT, "the request does not read as it should, or memory ran out");
}

enum wg_code wg_ask_denied(struct wg_ask *ask, const char *what, struct wg_err *err)
{
	ask->malformed = true;
	return wg_err_set(err, WG_DENIED, "%s", what);
}

static enum wg_code op_add(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_server *s = ask->server;
	struct wg_msg_new msg;
	struct wg_msg_receipt receipt;
	if (!wg_codec_get_msg_new(&ask->in, &msg))
		return wg_ask_malformed(ask, err);
	if (strcmp(msg.way, "self") == 0) /* those are made by process, and believed */
		return wg_ask_denied(ask, "intake may not hand in a notice of our own", err);
	/* Twice: once in the write-ahead log, once in the database. */
	uint64_t needed = WG_STORE_RESERVE + 2 * (uint64_t)msg.blob_len;
	if (!s->accepting || s->room < needed)
		return wg_err_set(err, WG_AGAIN, "not accepting: %s",
		                  s->accepting ? "disk: too little is free for this message" : s->why);
	enum wg_code code = wg_store_add(s->store, s->now, &msg, &receipt, err);
	if (code == WG_OK) {
		s->room -= 2 * (uint64_t)msg.blob_len;
		wg_codec_put_receipt(ask->answer, &receipt);
	}
	return code;
}

/* Whether it would be of use to hand something in; nothing else of the store's state. */
static enum wg_code op_ready(struct wg_ask *ask, struct wg_err *err)
{
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return ask->server->accepting ? WG_OK : wg_err_set(err, WG_AGAIN, "not accepting: %s", ask->server->why);
}

/* The time is in every answer. */
static enum wg_code op_time(struct wg_ask *ask, struct wg_err *err)
{
	return wg_cur_end(&ask->in) ? WG_OK : wg_ask_malformed(ask, err);
}

static enum wg_code op_status(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], organisation[WG_LIMIT_NAME + 1];
	struct wg_msg_status status = { .deliveries = NULL };
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, organisation, sizeof organisation);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_status(ask->server->store, id, organisation, &status, err);
	if (code == WG_OK)
		wg_codec_put_status(ask->answer, &status);
	free(status.deliveries);
	free(status.parts);
	return code;
}

static enum wg_code op_lease_messages(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	ask->wait_ms = wg_cur_u32(&ask->in);
	unsigned max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = WG_OK;
	if (!ask->server->dry) /* who waits beside another finds what that one found */
		code = wg_store_lease_messages(ask->server->store, ask->server->now, ask->conn->owner, max, &jobs, &count, err);
	if (code == WG_OK)
		wg_codec_put_msg_jobs(ask->answer, jobs, count);
	ask->nothing = count == 0;
	ask->server->dry = code == WG_OK && ask->nothing;
	wg_msg_jobs_free(jobs, count);
	return code;
}

static struct wg_part *part_of(const struct wg_conn *c, const uint8_t hash[WG_SHA256_LEN])
{
	struct wg_part *part = c->parts;
	while (part != NULL && memcmp(part->hash, hash, WG_SHA256_LEN) != 0)
		part = part->next;
	return part;
}

static const uint8_t *find_part(void *arg, const uint8_t hash[WG_SHA256_LEN], size_t *len)
{
	const struct wg_part *part = part_of(arg, hash);
	if (part == NULL)
		return NULL;
	*len = part->len;
	return part->bytes;
}

/* What was taken as a part was hashed then, of the bytes that are kept. */
static bool hash_of_part(void *arg, const void *p, size_t len, uint8_t hash[WG_SHA256_LEN])
{
	const struct wg_conn *c = arg;
	for (const struct wg_part *part = c->parts; part != NULL; part = part->next)
		if (part->bytes == p && part->len == len) {
			memcpy(hash, part->hash, WG_SHA256_LEN);
			return true;
		}
	return false;
}

static enum wg_code op_part(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_conn *c = ask->conn;
	size_t len;
	uint8_t hash[WG_SHA256_LEN];
	const uint8_t *p = wg_cur_bytes(&ask->in, &len);
	if (p == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	wg_sha256(p, len, hash);
	if (part_of(c, hash) != NULL)
		return WG_OK; /* there already: this transaction runs a second time, and it counts once */
	if (len > WG_CODEC_PARTS_MAX - c->parts_bytes)
		return wg_ask_malformed(ask, err);
	struct wg_part *part = malloc(sizeof *part + len);
	if (part == NULL)
		return wg_ask_malformed(ask, err);
	memcpy(part->hash, hash, sizeof hash);
	part->len = len;
	memcpy(part->bytes, p, len);
	part->next = c->parts;
	c->parts = part;
	c->parts_bytes += len;
	return WG_OK;
}

static enum wg_code op_done(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_msg_done done;
	struct wg_msg_done_result result;
	ask->conn->parts_used = true;
	if (!wg_codec_get_done(&ask->in, find_part, ask->conn, &done))
		return wg_ask_malformed(ask, err);
	wg_store_on_hash(ask->server->store, hash_of_part, ask->conn);
	enum wg_code code = wg_store_done(ask->server->store, ask->server->now, &done, &result, err);
	wg_store_on_hash(ask->server->store, NULL, NULL);
	if (code == WG_OK)
		wg_codec_put_result(ask->answer, &result);
	wg_codec_done_free(&done);
	return code;
}

static enum wg_code op_put_back(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], reason[WG_STORE_REASON];
	wg_cur_name(&ask->in, id, sizeof id);
	uint64_t token = wg_cur_u64(&ask->in);
	unsigned wait_ms = wg_cur_u32(&ask->in);
	wg_cur_name(&ask->in, reason, sizeof reason);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_put_back(ask->server->store, ask->server->now, id, token, wait_ms, reason, err);
}

static enum wg_code op_epoch(struct wg_ask *ask, struct wg_err *err)
{
	char epoch[WG_STORE_HASH];
	wg_cur_name(&ask->in, epoch, sizeof epoch);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_epoch(ask->server->store, ask->server->now, epoch, err);
}

static enum wg_code op_lease_deliveries(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0;
	ask->wait_ms = wg_cur_u32(&ask->in);
	unsigned max = wg_cur_u32(&ask->in);
	unsigned per_recipient = wg_cur_u32(&ask->in);
	WG_AUTO_FREE char *busy = wg_cur_str(&ask->in, WG_STORE_BUSY_MAX);
	if (busy == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_lease_deliveries(ask->server->store, ask->server->now, ask->conn->owner, busy, max,
	                                              per_recipient, &jobs, &count, err);
	if (code == WG_OK)
		wg_codec_put_dlv_jobs(ask->answer, jobs, count);
	ask->nothing = count == 0;
	wg_dlv_jobs_free(jobs, count);
	return code;
}

static enum wg_code op_report(struct wg_ask *ask, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_dlv_report *reports = NULL;
	unsigned count = 0, stale = 0;
	if (!wg_codec_get_reports(&ask->in, &reports, &count))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_report(ask->server->store, ask->server->now, reports, count, &stale, err);
	if (code == WG_OK)
		wg_buf_u32(ask->answer, stale);
	return code;
}

static enum wg_code op_list(struct wg_ask *ask, struct wg_err *err)
{
	char what[16], state[24], id[WG_ID_TEXT], after[WG_ID_TEXT];
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	wg_cur_name(&ask->in, what, sizeof what);
	wg_cur_name(&ask->in, state, sizeof state);
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, after, sizeof after);
	unsigned max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_list_after(ask->server->store, what, state, id, after, max, &rows, &count, err);
	if (code == WG_OK)
		wg_codec_put_rows(ask->answer, rows, count);
	return code;
}

/* It takes effect with the commit; the next transaction begins with what follows from it. */
static enum wg_code accept_clock(struct wg_server *s, const char *who, const char *why, struct wg_err *err)
{
	char words[WG_STORE_REASON + WG_TRUSTED_TEXT + 4];
	if (!s->time.fault)
		return wg_err_set(err, WG_REJECT, "nothing is wrong with the clock");
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who acts and why: it goes into the log");
	(void)snprintf(words, sizeof words, "%s: %s", s->clock, why); /* it fits */
	s->time_accepted = true;
	return wg_store_time_log(s->store, s->now, who, words, err);
}

static enum wg_code op_act(struct wg_ask *ask, struct wg_err *err)
{
	char action[16], id[WG_ID_TEXT], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	unsigned changed = 0;
	wg_cur_name(&ask->in, action, sizeof action);
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	bool clock = strcmp(action, "accept-clock") == 0 && id[0] == '\0';
	enum wg_code code = clock ? accept_clock(ask->server, who, why, err)
	                          : wg_store_act(ask->server->store, ask->server->now, action, id, who, why, &changed, err);
	if (code == WG_OK)
		wg_buf_u32(ask->answer, clock ? 1 : changed);
	return code;
}

static enum wg_code op_assign(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], to[WG_LIMIT_NAME + 1], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, to, sizeof to);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_assign(ask->server->store, ask->server->now, id, to, who, why, err);
}

static enum wg_code op_resolve(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	size_t len;
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	const uint8_t *blob = wg_cur_bytes(&ask->in, &len);
	if (blob == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_resolve(ask->server->store, ask->server->now, id, who, why, blob, len, err);
}

static enum wg_code op_explain(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT];
	wg_cur_name(&ask->in, id, sizeof id);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_explain(ask->server->store, id, ask->answer, err);
}

static enum wg_code op_related(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT];
	wg_cur_name(&ask->in, id, sizeof id);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_related(ask->server->store, id, ask->answer, err);
}

static enum wg_code op_blob(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], which[16], who[WG_LIMIT_NAME + 1];
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	wg_cur_name(&ask->in, id, sizeof id);
	wg_cur_name(&ask->in, which, sizeof which);
	wg_cur_name(&ask->in, who, sizeof who);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_blob(ask->server->store, ask->server->now, id, which, who, &bytes, &len, err);
	if (code == WG_OK)
		wg_buf_put(ask->answer, bytes, len);
	return code;
}

static enum wg_code op_audit(struct wg_ask *ask, struct wg_err *err)
{
	uint64_t entries = 0;
	char head[WG_STORE_HASH], kept_head[WG_STORE_HASH];
	const uint64_t kept = wg_cur_u64(&ask->in);
	wg_cur_name(&ask->in, kept_head, sizeof kept_head);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_audit(ask->server->store, &entries, head, err);
	if (code == WG_OK && kept_head[0] != '\0')
		code = wg_store_contains(ask->server->store, kept, kept_head, err);
	if (code == WG_OK) {
		wg_buf_u64(ask->answer, entries);
		wg_buf_str(ask->answer, head);
	}
	return code;
}

static enum wg_code op_history(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT];
	wg_cur_name(&ask->in, id, sizeof id);
	unsigned max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_history(ask->server->store, id, max, ask->answer, err);
}

static enum wg_code op_health(struct wg_ask *ask, struct wg_err *err)
{
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_health(ask->server->store, ask->server->now, ask->server->accepting, ask->server->why,
	                       ask->server->clock, ask->answer, err);
}

#define INTAKE (1u << WG_ROLE_INTAKE)
#define PROCESS (1u << WG_ROLE_PROCESS)
#define DELIVER (1u << WG_ROLE_DELIVER)
#define ADMIN (1u << WG_ROLE_ADMIN)
#define MONITOR (1u << WG_ROLE_MONITOR)

/* Who may ask what. */
static const struct row {
	const char *name;
	unsigned roles;
	bool waits, silent;
	enum wg_code (*run)(struct wg_ask *ask, struct wg_err *err);
} table[WG_OP_END] = {
	[WG_OP_ADD] = { "add", INTAKE, false, false, op_add },
	[WG_OP_ADD_LATER] = { "add-later", INTAKE, false, false, op_add },
	[WG_OP_READY] = { "ready", INTAKE, false, false, op_ready },
	[WG_OP_TIME] = { "time", INTAKE | PROCESS | DELIVER | ADMIN | MONITOR, false, false, op_time },
	[WG_OP_STATUS] = { "status", INTAKE, false, false, op_status },
	[WG_OP_LEASE_MESSAGES] = { "lease-messages", PROCESS, true, false, op_lease_messages },
	[WG_OP_PART] = { "part", PROCESS, false, true, op_part },
	[WG_OP_DONE] = { "done", PROCESS, false, false, op_done },
	[WG_OP_PUT_BACK] = { "put-back", PROCESS, false, false, op_put_back },
	[WG_OP_EPOCH] = { "epoch", PROCESS, false, false, op_epoch },
	[WG_OP_LEASE_DELIVERIES] = { "lease-deliveries", DELIVER, true, false, op_lease_deliveries },
	[WG_OP_REPORT] = { "report", DELIVER, false, false, op_report },
	[WG_OP_LIST] = { "list", ADMIN, false, false, op_list },
	[WG_OP_ACT] = { "act", ADMIN, false, false, op_act },
	[WG_OP_ASSIGN] = { "assign", ADMIN, false, false, op_assign },
	[WG_OP_RESOLVE] = { "resolve", ADMIN, false, false, op_resolve },
	[WG_OP_LEGAL_HOLD] = { "legal-hold", ADMIN, false, false, wg_op_legal_hold },
	[WG_OP_PURGE] = { "purge", ADMIN, false, false, wg_op_purge },
	[WG_OP_RECEIPT] = { "receipt", INTAKE | PROCESS | DELIVER, false, false, wg_op_receipt },
	[WG_OP_TOKEN] = { "token", INTAKE, false, false, wg_op_token },
	[WG_OP_TASKS] = { "tasks", PROCESS, false, false, wg_op_tasks },
	[WG_OP_TASK_DONE] = { "task-done", PROCESS, false, false, wg_op_task_done },
	[WG_OP_INBOX] = { "inbox", INTAKE, false, false, wg_op_inbox },
	[WG_OP_INBOX_TAKE] = { "inbox-take", INTAKE, false, false, wg_op_inbox_take },
	[WG_OP_HOOKS] = { "hooks", DELIVER, false, false, wg_op_hooks },
	[WG_OP_HOOK_DONE] = { "hook-done", DELIVER, false, false, wg_op_hook_done },
	[WG_OP_AWAITED] = { "awaited", DELIVER, false, false, wg_op_awaited },
	[WG_OP_ALERTS] = { "alerts", MONITOR, false, false, wg_op_alerts },
	[WG_OP_METRICS] = { "metrics", MONITOR | ADMIN, false, false, wg_op_metrics },
	[WG_OP_SILENCE] = { "silence", MONITOR | ADMIN, false, false, wg_op_silence },
	[WG_OP_TROUBLE] = { "trouble", INTAKE, false, false, wg_op_trouble },
	[WG_OP_RECEIPTS] = { "receipts", ADMIN, false, false, wg_op_receipts },
	[WG_OP_EXPLAIN] = { "explain", ADMIN, false, false, op_explain },
	[WG_OP_RELATED] = { "related", ADMIN, false, false, op_related },
	[WG_OP_BLOB] = { "blob", ADMIN, false, false, op_blob },
	[WG_OP_AUDIT] = { "audit", ADMIN, false, false, op_audit },
	[WG_OP_HISTORY] = { "history", ADMIN, false, false, op_history },
	[WG_OP_HEALTH] = { "health", ADMIN | MONITOR, false, false, op_health },
	[WG_OP_CONTEXT] = { "context", PROCESS, true, false, wg_op_context },
	[WG_OP_STRANGERS] = { "strangers", PROCESS, false, false, wg_op_strangers },
	[WG_OP_CHILD] = { "child", ADMIN, false, false, wg_op_child },
	[WG_OP_RECORD] = { "record", ADMIN, false, false, wg_op_record },
	[WG_OP_RECORDS] = { "records", ADMIN, false, false, wg_op_records },
	[WG_OP_REGISTER] = { "register", ADMIN, false, false, wg_op_register },
	[WG_OP_BACKUP_BEGIN] = { "backup-begin", ADMIN, false, false, wg_op_backup_begin },
	[WG_OP_BACKUP_STATE] = { "backup-state", ADMIN, false, false, wg_op_backup_state },
	[WG_OP_BACKUP_HEADS] = { "backup-heads", ADMIN, false, false, wg_op_backup_heads },
	[WG_OP_BACKUP_END] = { "backup-end", ADMIN, false, false, wg_op_backup_end },
	[WG_OP_EXEMPT] = { "exempt", ADMIN, false, false, wg_op_exempt },
};

bool wg_ops_allowed(unsigned op, enum wg_store_role role)
{
	return op < WG_OP_END && (table[op].roles & 1u << role) != 0;
}

const char *wg_ops_name(unsigned op)
{
	return op < WG_OP_END && table[op].name != NULL ? table[op].name : "nothing known";
}

bool wg_ops_waits(unsigned op)
{
	return op < WG_OP_END && table[op].waits;
}

bool wg_ops_silent(unsigned op)
{
	return op < WG_OP_END && table[op].silent;
}

bool wg_ops_reads(unsigned op)
{
	static const bool reads[WG_OP_END] = {
		[WG_OP_TIME] = true,     [WG_OP_STATUS] = true,  [WG_OP_LIST] = true,    [WG_OP_METRICS] = true,
		[WG_OP_SILENCE] = true,  [WG_OP_EXPLAIN] = true, [WG_OP_RELATED] = true, [WG_OP_AUDIT] = true,
		[WG_OP_RECEIPTS] = true, [WG_OP_HISTORY] = true, [WG_OP_HEALTH] = true,
	};
	return op < WG_OP_END && reads[op];
}

enum wg_code wg_ops_run(struct wg_ask *ask, unsigned op, struct wg_err *err)
{
	enum wg_code code = table[op].run(ask, err);
	return code == WG_OK ? wg_buf_check(ask->answer, "the answer", err) : code;
}
