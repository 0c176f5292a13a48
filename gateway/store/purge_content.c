/* purge_content.c owns the destruction of content: the rest of each blob goes with the transaction, its head, which
 * holds the key, once that is durable (the table shred). What stays: the row of the message, its deliveries, the
 * disclosure records, the log, and of each blob its hash and its length. */
#include <inttypes.h>
#include <stdio.h>

#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* Children forgotten in one call. */
#define CHILDREN_MAX 1024

enum wg_code wg_purge_size(struct wg_store *store, int64_t seq, uint64_t *bytes, struct wg_err *err)
{
	int64_t n = 0;
	enum wg_code code =
		wg_query_number(store, "SELECT sum(size) FROM blob WHERE head <> 0 AND id IN (" WG_PURGE_BLOBS ")",
	                    WG_ARGS(wg_db_int(seq)), &n, err);
	if (code == WG_OK)
		*bytes = (uint64_t)n;
	return code;
}

/* blobs: a query for numbers of blobs, with ?1 for what they belong to. */
static enum wg_code destroy(struct wg_store *store, struct wg_now now, const char *blobs, int64_t of, uint64_t *heads,
                            struct wg_err *err)
{
	char sql[1024];
	(void)snprintf(sql, sizeof sql,
	               "INSERT INTO shred(head, at) SELECT head, ?2 FROM blob WHERE head <> 0 AND id IN (%s)"
	               " ON CONFLICT(head) DO NOTHING",
	               blobs); /* our own words: they fit */
	enum wg_code code = wg_query_run(store, sql, WG_ARGS(wg_db_int(of), wg_db_int(now.wall)), err);
	if (code == WG_OK)
		*heads += (uint64_t)store->driver->changes(store);
	(void)snprintf(sql, sizeof sql, "UPDATE blob SET bytes = ?2, head = 0 WHERE head <> 0 AND id IN (%s)", blobs);
	if (code == WG_OK)
		code = wg_query_run(store, sql, WG_ARGS(wg_db_int(of), wg_db_blob("", 0)), err);
	store->keys->shred = true;
	wg_fresh_clear(store);
	return code;
}

enum wg_code wg_purge_message(struct wg_store *store, struct wg_now now, int64_t seq, const char *id,
                              const char *person, const char *why, uint64_t *heads, struct wg_err *err)
{
	enum wg_code code = destroy(store, now, WG_PURGE_BLOBS, seq, heads, err);
	if (code == WG_OK)
		code = wg_query_run(store, "DELETE FROM replaced WHERE message = ?1", WG_ARGS(wg_db_int(seq)), err);
	if (code == WG_OK)
		code = wg_receipt_forget(store, seq, err);
	if (code == WG_OK)
		code = wg_query_run(store, "UPDATE message SET purged_at = ?2 WHERE seq = ?1",
		                    WG_ARGS(wg_db_int(seq), wg_db_int(now.wall)), err);
	const struct wg_entry entry = { .who = person != NULL ? WG_WHO_ADMIN : WG_WHO_STORE,
		                            .person = person,
		                            .event = "purged",
		                            .message = id,
		                            .detail = why };
	return code == WG_OK ? wg_chain_append(store, now, &entry, err) : code;
}

enum wg_code wg_purge_forget(struct wg_store *store, struct wg_now now, int64_t child, const char *person,
                             uint64_t *heads, struct wg_err *err)
{
	static const char *const sql[] = {
		"UPDATE record SET blob = NULL WHERE child = ?1",
		"DELETE FROM child_key WHERE child = ?1",
		"DELETE FROM episode_reference WHERE episode IN (SELECT id FROM episode WHERE child = ?1)",
	};
	char detail[64];
	enum wg_code code =
		destroy(store, now, "SELECT blob FROM record WHERE child = ?1 AND blob IS NOT NULL", child, heads, err);
	for (size_t i = 0; code == WG_OK && i < sizeof sql / sizeof sql[0]; i++)
		code = wg_query_run(store, sql[i], WG_ARGS(wg_db_int(child)), err);
	(void)snprintf(detail, sizeof detail, "child=%" PRId64 " ", child); /* it fits */
	const struct wg_entry entry = {
		.who = person != NULL ? WG_WHO_ADMIN : WG_WHO_STORE, .person = person, .event = "forgotten", .detail = detail
	};
	return code == WG_OK ? wg_chain_append(store, now, &entry, err) : code;
}

enum wg_code wg_purge_children(struct wg_store *store, struct wg_now now, int64_t before, const char *person,
                               uint64_t *heads, struct wg_err *err)
{
	int64_t children[CHILDREN_MAX];
	size_t n = 0;
	bool row = true;
	WG_AUTO_QUERY struct wg_query q = { 0 };
	enum wg_code code = wg_query_open(
		&q, store,
		"SELECT c.id FROM child c WHERE c.legal_hold = 0 AND (EXISTS (SELECT 1 FROM child_key k WHERE k.child = c.id)"
		" OR EXISTS (SELECT 1 FROM record r WHERE r.child = c.id AND r.blob IS NOT NULL))"
		" AND EXISTS (SELECT 1 FROM message m WHERE m.child = c.id)"
		" AND NOT EXISTS (SELECT 1 FROM message m WHERE m.child = c.id AND m.purged_at = 0)"
		" AND NOT EXISTS (SELECT 1 FROM record r WHERE r.child = c.id AND r.at >= ?1) LIMIT ?2",
		WG_ARGS(wg_db_int(before), wg_db_int(CHILDREN_MAX)), err);
	while (code == WG_OK && n < CHILDREN_MAX) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		children[n++] = wg_query_int(&q, 0);
	}
	wg_query_end(&q);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_purge_forget(store, now, children[i], person, heads, err);
	return code;
}
