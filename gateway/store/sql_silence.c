/* sql_silence.c owns the view of silence: from whom, and to whom, nothing was heard for longer than is usual for
 * them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* What is usual is what was so in the last 90 days, by the latest 200 events: seasons change, and agencies reorganise.
 */
#define LOOK_BACK_MS (90LL * 24 * 3600 * 1000)
#define EVENTS_MAX 200
/* Fewer events than these say nothing of what is usual. */
#define EVENTS_LEAST 5
/* Nobody is missed within the hour; silent is who is away for twice as long as usual. */
#define USUAL_LEAST_S 3600
#define SILENT_FACTOR 2

/* Each organisation once, by looks into the index. */
static const char select_senders[] =
	"WITH RECURSIVE o(name) AS (SELECT min(organisation) FROM message WHERE " WG_SQL_MSG_HEARD
	" UNION ALL SELECT (SELECT min(organisation) FROM message WHERE " WG_SQL_MSG_HEARD " AND organisation > o.name)"
	" FROM o WHERE o.name IS NOT NULL) SELECT name FROM o WHERE name IS NOT NULL";
static const char select_recipients[] = "SELECT name FROM counter WHERE kind = 'open' ORDER BY name";

/* The latest first; ?2: not before. */
static const char select_from[] = "SELECT accepted_at FROM message WHERE organisation = ?1 AND " WG_SQL_MSG_HEARD
								  " AND accepted_at >= ?2 ORDER BY accepted_at DESC LIMIT ?3";
static const char select_to[] =
	"SELECT at FROM (SELECT handed_at AS at FROM delivery WHERE recipient = ?1 AND handed_at <> 0 AND handed_at >= ?2"
	" ORDER BY handed_at DESC LIMIT ?3) AS h UNION ALL SELECT at FROM (SELECT at FROM receipt WHERE recipient = ?1 AND"
	" at >= ?2 ORDER BY at DESC LIMIT ?3) AS r ORDER BY 1 DESC LIMIT ?3";

static int longer_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

/* The longest gap but one, in seconds; 0 when there is too little to say. events: the latest first. */
static int64_t usual_of(const int64_t *events, size_t n)
{
	int64_t gaps[EVENTS_MAX];
	if (n < EVENTS_LEAST)
		return 0;
	for (size_t i = 0; i + 1 < n; i++)
		gaps[i] = (events[i] - events[i + 1]) / 1000;
	qsort(gaps, n - 1, sizeof gaps[0], longer_first);
	return gaps[1] > USUAL_LEAST_S ? gaps[1] : USUAL_LEAST_S;
}

static enum wg_code events_of(struct wg_store *store, const char *sql, const char *name, int64_t from, int64_t max,
                              int64_t *events, size_t *n, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	*n = 0;
	enum wg_code code = wg_query_open(&q, store, sql, WG_ARGS(wg_db_text(name), wg_db_int(from), wg_db_int(max)), err);
	while (code == WG_OK && *n < (size_t)max) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		events[(*n)++] = wg_query_int(&q, 0);
	}
	return code;
}

static void member(struct wg_buf *out, bool first, const char *name, const char *text, size_t len)
{
	char copy[2 * WG_LIMIT_NAME + 2];
	(void)snprintf(copy, sizeof copy, "%.*s", (int)len, text); /* names are bounded */
	wg_buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
	wg_buf_put_json(out, copy);
}

static enum wg_code put_one(struct wg_store *store, struct wg_now now, const char *name, bool from, bool first,
                            struct wg_buf *out, struct wg_err *err)
{
	int64_t events[EVENTS_MAX], last = 0;
	size_t n = 0, cut = strcspn(name, "/");
	char text[WG_CLOCK_TEXT] = "";
	const char *sql = from ? select_from : select_to;
	enum wg_code code = events_of(store, sql, name, 0, 1, &last, &n, err); /* however long ago */
	if (code == WG_OK)
		code = events_of(store, sql, name, now.wall - LOOK_BACK_MS, EVENTS_MAX, events, &n, err);
	if (code != WG_OK)
		return code;
	int64_t gap = last == 0 || last > now.wall ? 0 : (now.wall - last) / 1000, usual = usual_of(events, n);
	wg_buf_puts(out, first ? "\n{" : ",\n{");
	member(out, true, "organisation", name, cut);
	member(out, false, "desk", name[cut] == '/' ? name + cut + 1 : "", strlen(name));
	member(out, false, "direction", from ? "from" : "to", 4);
	member(out, false, "last", last != 0 ? wg_clock_format(last, text) : "", sizeof text);
	wg_buf_printf(out, ",\"gap_s\":%" PRId64 ",\"usual_s\":%" PRId64 ",\"silent\":%s}", gap, usual,
	              usual != 0 && gap > SILENT_FACTOR * usual ? "true" : "false");
	return WG_OK;
}

static enum wg_code put_all(struct wg_store *store, struct wg_now now, bool from, unsigned *count, struct wg_buf *out,
                            struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	enum wg_code code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = wg_query_open(&q, store, from ? select_senders : select_recipients, NULL, 0, err);
	while (code == WG_OK && !out->failed) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		code = put_one(store, now, wg_query_text(&q, 0), from, (*count)++ == 0, out, err);
	}
	return code;
}

enum wg_code wg_store_silence(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
{
	unsigned count = 0;
	wg_buf_putc(out, '[');
	enum wg_code code = put_all(store, now, true, &count, out, err);
	if (code == WG_OK)
		code = put_all(store, now, false, &count, out, err);
	wg_buf_puts(out, "]\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}
