/* sql_record.c owns the records of a child: answers about sharing, as ciphertext. Whenever they change, what was
 * decided under the old ones is not sent any more from that transaction on, and is decided again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

void wg_records_free(struct wg_record *records, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(records[i].blob);
	free(records);
}

struct list {
	struct wg_record *records;
	unsigned count;
};

static void list_free(struct list *l)
{
	wg_records_free(l->records, l->count);
	*l = (struct list){ 0 };
}

static enum wg_code number_of(struct wg_store *store, enum wg_sql sql, const struct wg_arg *args, size_t count,
                              bool *found, int64_t *n, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, sql, args, count, &row, err);
	*n = code == WG_OK && row ? wg_db_col_int(store, sql, 0) : 0;
	if (found != NULL)
		*found = row;
	wg_db_end(store, sql);
	return code;
}

static enum wg_code raise_number(struct wg_store *store, int64_t child, struct wg_err *err)
{
	return wg_db_run(store, SQL_RECORDS_CHANGED, WG_ARGS(wg_db_int(child)), err);
}

/* The records of the child are others now: what is unsent of it (but for message `but`) is decided again. */
static enum wg_code changed(struct wg_store *store, struct wg_now now, int64_t child, int64_t but, unsigned *pulled,
                            struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = raise_number(store, child, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_MSG_PULL, WG_ARGS(wg_db_int(child), wg_db_int(but)), SIZE_MAX, &seqs, &n, err);
	if (code == WG_OK) /* what is being sent too: it may come back */
		code = wg_db_run(store, SQL_DLV_STALE, WG_ARGS(wg_db_int(child), wg_db_int(but)), err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_message_again(store, now, seqs[i], "consent changed", err);
	if (code == WG_OK && pulled != NULL)
		*pulled = (unsigned)n;
	return code;
}

/* The hash and the id stand where SQL_AUDIT_RECORD looks for them. */
static enum wg_code log_record(struct wg_store *store, struct wg_now now, const struct wg_entry *like,
                               const struct wg_record_new *record, int64_t child, const char *hash, const char *why,
                               struct wg_err *err)
{
	char detail[WG_STORE_REASON + 256];
	(void)snprintf(detail, sizeof detail, "record=%s id=%s child=%" PRId64 " %s", hash, record->id, child,
	               why); /* it fits */
	struct wg_entry entry = *like;
	entry.event = "record";
	entry.detail = detail;
	return wg_chain_append(store, now, &entry, err);
}

/* *fresh: it was not there before. *full: the child has as many as it may have, and it was not kept. has: how many it
 * has, -1: that is asked. */
static enum wg_code put(struct wg_store *store, struct wg_now now, int64_t child, int64_t message,
                        const struct wg_record_new *record, const struct wg_entry *like, const char *why, int64_t has,
                        bool *fresh, bool *full, struct wg_err *err)
{
	int64_t n = 0, blob = 0;
	char hash[WG_STORE_HASH];
	bool known = false;
	*fresh = *full = false;
	enum wg_code code = number_of(store, SQL_RECORD_FIND, WG_ARGS(wg_db_text(record->id)), &known, &n, err);
	if (code != WG_OK || known)
		return code;
	n = has;
	if (has < 0)
		code = number_of(store, SQL_RECORD_COUNT, WG_ARGS(wg_db_int(child)), NULL, &n, err);
	*full = code == WG_OK && n >= WG_STORE_RECORDS_MAX;
	if (code != WG_OK || *full)
		return code;
	code = wg_blob_put(store, record->blob, record->blob_len, &blob, hash, err);
	if (code == WG_OK)
		code = wg_db_run(
			store, SQL_RECORD_PUT,
			WG_ARGS(wg_db_text(record->id), wg_db_int(child), wg_db_int(now.wall), wg_db_ref(message), wg_db_int(blob)),
			err);
	*fresh = true;
	return code == WG_OK ? log_record(store, now, like, record, child, hash, why, err) : code;
}

/* The records that came with a message go where the message goes. */
static enum wg_code take_along(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, int64_t child,
                               bool *moved, struct wg_err *err)
{
	int64_t n = 0;
	char detail[96];
	*moved = false;
	if (msg->child == 0 || msg->child == child)
		return WG_OK;
	enum wg_code code =
		number_of(store, SQL_RECORD_OF_MESSAGE, WG_ARGS(wg_db_int(msg->seq), wg_db_int(child)), NULL, &n, err);
	if (code != WG_OK || n == 0)
		return code;
	*moved = true;
	code = wg_db_run(store, SQL_RECORD_MOVE, WG_ARGS(wg_db_int(msg->seq), wg_db_int(child)), err);
	(void)snprintf(detail, sizeof detail, "%" PRId64 " from child=%" PRId64 " to child=%" PRId64, n, msg->child,
	               child); /* it fits */
	const struct wg_entry entry = {
		.who = WG_WHO_PROCESS, .event = "records-moved", .message = msg->id, .detail = detail
	};
	if (code == WG_OK)
		code = wg_chain_append(store, now, &entry, err);
	return code == WG_OK ? changed(store, now, msg->child, msg->seq, NULL, err) : code;
}

enum wg_code wg_records_keep(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             const struct wg_msg_done *done, const struct wg_matched *m, bool *stale, bool *full,
                             struct wg_err *err)
{
	const struct wg_entry like = { .who = WG_WHO_PROCESS, .message = msg->id };
	int64_t at = 0, kept = 0;
	enum wg_code code = WG_OK;
	bool any = false;
	if (!m->fresh)
		code = number_of(store, SQL_RECORDS_AT, WG_ARGS(wg_db_int(m->child)), NULL, &at, err);
	*stale = at > msg->lease_records;
	*full = false;
	if (code == WG_OK)
		code = take_along(store, now, msg, m->child, &any, err);
	for (unsigned i = 0; code == WG_OK && i < done->consent_count; i++) {
		bool fresh = false, over = false;
		code = put(store, now, m->child, msg->seq, &done->consents[i], &like, "came with the notice",
		           m->fresh ? kept : -1, &fresh, &over, err);
		any = any || fresh;
		kept += fresh;
		*full = *full || over;
	}
	if (code != WG_OK || !any)
		return code;
	return m->fresh ? raise_number(store, m->child, err) : changed(store, now, m->child, msg->seq, NULL, err);
}

void wg_records_ahead(struct wg_store *store, const struct wg_msg_done *done)
{
	for (unsigned i = 0; i < done->consent_count; i++)
		wg_db_ahead(store, SQL_RECORD_FIND, WG_ARGS(wg_db_text(done->consents[i].id)));
}

enum wg_code wg_records_seen(struct wg_store *store, const struct wg_msg_rec *msg, int64_t child, struct wg_err *err)
{
	int64_t head = 0, at = 0;
	if (child == 0) /* nobody yet, of whom there are none */
		return WG_OK;
	enum wg_code code = number_of(store, SQL_RECORDS_AT, WG_ARGS(wg_db_int(child)), NULL, &at, err);
	if (code != WG_OK || msg->owner == 0 || at <= msg->lease_records)
		return code; /* as they were at the lease: what changes from now on gets a higher number */
	code = number_of(store, SQL_RECORDS_HEAD, NULL, 0, NULL, &head, err);
	if (code != WG_OK)
		return code;
	return wg_db_run(store, SQL_RECORDS_SEEN, WG_ARGS(wg_db_int(msg->seq), wg_db_int(head)), err);
}

enum wg_code wg_records_of(struct wg_store *store, int64_t child, struct wg_record **out, unsigned *count,
                           struct wg_err *err)
{
	WG_CLEANUP(list_free) struct list l = { .records = calloc(WG_STORE_RECORDS_MAX, sizeof *l.records) };
	int64_t blobs[WG_STORE_RECORDS_MAX];
	unsigned n = 0;
	bool row = true;
	if (l.records == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code =
		wg_db_query(store, SQL_RECORDS, WG_ARGS(wg_db_int(child), wg_db_int(WG_STORE_RECORDS_MAX)), err);
	while (code == WG_OK && n < WG_STORE_RECORDS_MAX) {
		code = wg_db_step(store, SQL_RECORDS, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_db_col_text(store, SQL_RECORDS, 0, l.records[n].id, WG_ID_TEXT);
		l.records[n].at = wg_db_col_int(store, SQL_RECORDS, 1);
		blobs[n++] = wg_db_col_int(store, SQL_RECORDS, 2);
	}
	wg_db_end(store, SQL_RECORDS);
	for (; code == WG_OK && l.count < n; l.count += code == WG_OK) {
		struct wg_record *r = &l.records[l.count];
		code = wg_blob_get(store, blobs[l.count], &r->blob, &r->blob_len, err);
	}
	if (code != WG_OK)
		return code;
	*count = n;
	*out = wg_steal(&l.records);
	l.count = 0;
	return WG_OK;
}

static enum wg_code check_child(struct wg_store *store, int64_t child, struct wg_err *err)
{
	bool known = false;
	int64_t at;
	enum wg_code code = number_of(store, SQL_RECORDS_AT, WG_ARGS(wg_db_int(child)), &known, &at, err);
	return code == WG_OK && !known ? wg_err_set(err, WG_NOT_FOUND, "no child has this number") : code;
}

enum wg_code wg_record_check(const struct wg_record_new *record, struct wg_err *err)
{
	if (!wg_id_valid(record->id))
		return wg_err_set(err, WG_REJECT, "the id of a record is not one of a message or record");
	if (record->blob_len == 0 || record->blob_len > WG_STORE_RECORD_MAX)
		return wg_err_set(err, record->blob_len == 0 ? WG_REJECT : WG_LIMIT, "a record has between 1 and %zu bytes",
		                  WG_STORE_RECORD_MAX);
	return WG_OK;
}

enum wg_code wg_store_record(struct wg_store *store, struct wg_now now, uint64_t child,
                             const struct wg_record_new *record, const char *who, const char *why, unsigned *pulled,
                             struct wg_err *err)
{
	const struct wg_entry like = { .who = WG_WHO_ADMIN, .person = who, .message = record->id };
	bool fresh = false, full = false;
	unsigned n = 0;
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who records and why: it goes into the log");
	enum wg_code code = wg_record_check(record, err);
	if (code == WG_OK)
		code = check_child(store, (int64_t)child, err);
	if (code == WG_OK)
		code = put(store, now, (int64_t)child, 0, record, &like, why, -1, &fresh, &full, err);
	if (code == WG_OK && full)
		code = wg_err_set(err, WG_LIMIT, "a child has at most %d records", WG_STORE_RECORDS_MAX);
	if (code == WG_OK && fresh)
		code = changed(store, now, (int64_t)child, 0, &n, err);
	if (code == WG_OK)
		*pulled = n;
	return code;
}

enum wg_code wg_store_records(struct wg_store *store, struct wg_now now, uint64_t child, const char *who,
                              struct wg_record **out, unsigned *count, struct wg_err *err)
{
	char detail[48];
	if (*who == '\0')
		return wg_err_set(err, WG_REJECT, "say who reads: it goes into the log");
	enum wg_code code = check_child(store, (int64_t)child, err);
	(void)snprintf(detail, sizeof detail, "child=%" PRId64, (int64_t)child); /* it fits */
	const struct wg_entry entry = { .who = WG_WHO_ADMIN, .person = who, .event = "records", .detail = detail };
	if (code == WG_OK)
		code = wg_chain_append(store, now, &entry, err);
	return code == WG_OK ? wg_records_of(store, (int64_t)child, out, count, err) : code;
}
