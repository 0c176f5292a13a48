/* purge.c owns the choice of what is purged: what has been still for long enough and waits for nothing and nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* Content destroyed in one transaction: its pages go through the write-ahead log, for which WG_STORE_RESERVE has room
 * on a disk that is full. */
#define BYTES_MAX ((uint64_t)32 * 1024 * 1024)
/* The page of keys.db that one key gives back. */
#define HEAD_PAGES_BYTES 1024

struct row {
	int64_t seq, accepted, last;
	char id[WG_ID_TEXT], kind[WG_LIMIT_NAME + 1], organisation[WG_LIMIT_NAME + 1], fate[16];
};

struct rows {
	struct row *list;
	size_t count;
};

static void rows_free(struct rows *rows)
{
	free(rows->list);
}

/* One column, the fate of message m. A child that is missing as far as is known keeps its messages of that episode. */
#define FATE                                                                                                           \
	"CASE WHEN m.legal_hold <> 0 OR EXISTS (SELECT 1 FROM child c WHERE c.id = m.child AND c.legal_hold <> 0)"         \
	" THEN 'legal-hold' WHEN m.state = 'attention' THEN 'attention'"                                                   \
	" WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.seq AND (d.state = 'review' OR (d.overrides = 1"       \
	" AND d.seen_at = 0 AND d.state NOT IN ('superseded','recalled','withheld')))) THEN 'review'"                      \
	" WHEN " WG_PURGE_OPEN(                                                                                            \
		"m") " THEN 'undelivered'"                                                                                     \
			 " WHEN EXISTS (SELECT 1 FROM episode e WHERE e.id = m.episode AND e.ended = 0 AND e.opened_by IS NOT "    \
			 "NULL)"                                                                                                   \
			 " THEN 'missing' WHEN EXISTS (SELECT 1 FROM concern n JOIN message w ON w.seq = n.message WHERE n.id IN " \
			 "(m.id,"                                                                                                  \
			 " CASE m.notice_id WHEN '' THEN m.id ELSE m.notice_id END) AND w.purged_at = 0 AND " WG_PURGE_OPEN(       \
				 "w") ")"                                                                                              \
					  " OR EXISTS (SELECT 1 FROM part p JOIN message w ON w.seq = p.message WHERE p.parent = m.seq "   \
					  "AND"                                                                                            \
					  " w.purged_at = 0 AND " WG_PURGE_OPEN("w") ") THEN 'concerned' ELSE 'purge' END"

static const char select_due[] =
	"SELECT seq, accepted_at, last, id, kind, organisation, fate FROM (SELECT m.seq, m.accepted_at, max(m.accepted_at, "
	"coalesce((SELECT max(l.at) FROM log l WHERE l.message = m.id AND"
	" l.event NOT IN (" WG_PURGE_LOOKS ")), 0)) AS last, m.id, m.kind, m.organisation, " FATE " AS fate"
	" FROM message m WHERE m.purged_at = 0 AND m.kind = ?1 AND m.seq > ?2 AND m.accepted_at < ?3) AS m WHERE last < ?3"
	" AND (last >= ?5 OR last < ?3 - ?6)"
	" ORDER BY seq LIMIT ?4";

static enum wg_code read_rows(struct wg_store *store, const struct wg_purge *what, int64_t after, struct rows *rows,
                              struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	rows->list = calloc(WG_STORE_REPORTS_MAX, sizeof *rows->list);
	if (rows->list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	int64_t until = 0, by = 0;
	enum wg_code code = wg_store_time_lost(store, &until, &by, err);
	if (code == WG_OK)
		code = wg_query_open(&q, store, select_due,
		                     WG_ARGS(wg_db_text(what->kind), wg_db_int(after), wg_db_int(what->before),
		                             wg_db_int(WG_STORE_REPORTS_MAX), wg_db_int(until), wg_db_int(by)),
		                     err);
	while (code == WG_OK && rows->count < WG_STORE_REPORTS_MAX) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		struct row *r = &rows->list[rows->count++];
		r->seq = wg_query_int(&q, 0);
		r->accepted = wg_query_int(&q, 1);
		r->last = wg_query_int(&q, 2);
		(void)snprintf(r->id, sizeof r->id, "%s", wg_query_text(&q, 3)); /* all four were bounded when they came */
		(void)snprintf(r->kind, sizeof r->kind, "%s", wg_query_text(&q, 4));
		(void)snprintf(r->organisation, sizeof r->organisation, "%s", wg_query_text(&q, 5));
		(void)snprintf(r->fate, sizeof r->fate, "%s", wg_query_text(&q, 6));
	}
	return code;
}

static void put_row(struct wg_buf *out, const struct row *r, bool first)
{
	char accepted[WG_CLOCK_TEXT], last[WG_CLOCK_TEXT];
	wg_buf_printf(out,
	              "%s{\"message\":\"%s\",\"kind\":\"%s\",\"organisation\":\"%s\",\"accepted\":\"%s\",\"last\":\"%s\","
	              "\"fate\":\"%s\"}",
	              first ? "" : ",", r->id, r->kind, r->organisation, wg_clock_format(r->accepted, accepted),
	              wg_clock_format(r->last, last), r->fate);
}

static enum wg_code check_words(struct wg_now now, const struct wg_purge *what, struct wg_err *err)
{
	if (!what->dry && (*what->who == '\0' || *what->why == '\0'))
		return wg_err_set(err, WG_REJECT, "say who purges and by which rule: it goes into the log");
	if (!what->dry && what->before > now.wall)
		return wg_err_set(err, WG_REJECT, "that lies in the future: is the clock of this machine right?");
	return WG_OK;
}

static enum wg_code start_of(struct wg_store *store, const char *after, int64_t *seq, struct wg_err *err)
{
	struct wg_msg_rec rec;
	*seq = 0;
	if (*after == '\0')
		return WG_OK;
	enum wg_code code = wg_message_by_id(store, after, &rec, err);
	if (code == WG_OK)
		*seq = rec.seq;
	return code;
}

/* The rows in turn, until enough content is destroyed for one transaction. *done: how many were dealt with. */
static enum wg_code purge_rows(struct wg_store *store, struct wg_now now, const struct wg_purge *what,
                               const struct rows *rows, size_t *done, uint64_t *bytes, uint64_t *heads,
                               struct wg_err *err)
{
	char why[WG_STORE_REASON + WG_LIMIT_NAME + 16];
	(void)snprintf(why, sizeof why, "kind=%s: %s", what->kind, what->why); /* it fits: both are bounded */
	enum wg_code code = WG_OK;
	for (*done = 0; code == WG_OK && *done < rows->count && *bytes < BYTES_MAX; (*done)++) {
		const struct row *r = &rows->list[*done];
		uint64_t size = 0;
		if (strcmp(r->fate, "purge") != 0)
			continue;
		code = wg_purge_size(store, r->seq, &size, err);
		if (code == WG_OK && !what->dry)
			code = wg_purge_message(store, now, r->seq, r->id, what->who, why, heads, err);
		*bytes += size;
	}
	return code;
}

/* What was freed goes back to the disk. */
static enum wg_code give_back(struct wg_store *store, uint64_t heads, uint64_t *freed, struct wg_err *err)
{
	uint64_t bytes = 0;
	enum wg_code code = store->driver->give_back(store, &bytes, err);
	if (code == WG_OK)
		*freed = bytes + heads * HEAD_PAGES_BYTES;
	return code;
}

enum wg_code wg_store_purge(struct wg_store *store, struct wg_now now, const struct wg_purge *what, struct wg_buf *out,
                            uint64_t *freed, bool *more, struct wg_err *err)
{
	WG_CLEANUP(rows_free) struct rows rows = { 0 };
	uint64_t bytes = 0, heads = 0;
	size_t done = 0;
	int64_t after = 0;
	enum wg_code code = check_words(now, what, err);
	if (code == WG_OK)
		code = start_of(store, what->after, &after, err);
	if (code == WG_OK)
		code = read_rows(store, what, after, &rows, err);
	if (code == WG_OK)
		code = purge_rows(store, now, what, &rows, &done, &bytes, &heads, err);
	bool last = done == rows.count && rows.count < WG_STORE_REPORTS_MAX;
	if (code == WG_OK && !what->dry && last)
		code = wg_purge_children(store, now, what->before, what->who, &heads, err);
	if (code == WG_OK && heads > 0)
		code = give_back(store, heads, &bytes, err);
	if (code != WG_OK)
		return code;
	wg_buf_putc(out, '[');
	for (size_t i = 0; i < done; i++)
		put_row(out, &rows.list[i], i == 0);
	wg_buf_putc(out, ']');
	*freed = bytes;
	*more = !last;
	return WG_OK;
}
