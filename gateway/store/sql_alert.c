/* sql_alert.c owns the alerts that hold: each is logged and told once when it starts and once when it clears. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

struct alerts {
	struct wg_alert *list;
	size_t count;
};

static void alerts_free(struct alerts *a)
{
	free(a->list);
}

/* Those that held until now. */
static enum wg_code read_known(struct wg_store *store, struct alerts *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	out->list = calloc(WG_STORE_ALERTS_MAX, sizeof *out->list);
	if (out->list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code =
		wg_query_open(&q, store, "SELECT key, words, since FROM alert ORDER BY since, key", NULL, 0, err);
	while (code == WG_OK && out->count < WG_STORE_ALERTS_MAX) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		struct wg_alert *a = &out->list[out->count++];
		(void)snprintf(a->key, sizeof a->key, "%s", wg_query_text(&q, 0)); /* both were bounded when they came */
		(void)snprintf(a->words, sizeof a->words, "%s", wg_query_text(&q, 1));
		a->since = wg_query_int(&q, 2);
	}
	return code;
}

static const struct wg_alert *find(const struct wg_alert *list, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].key, key) == 0)
			return &list[i];
	return NULL;
}

/* The length of the first word of a key without its level. */
static size_t kind_len(const char *key)
{
	size_t n = strcspn(key, " "), at = n;
	while (at > 0 && key[at - 1] >= '0' && key[at - 1] <= '9')
		at--;
	return at > 1 && at < n && key[at - 1] == '-' ? at - 1 : n;
}

/* Another level of the same holds now. */
static bool is_replaced(const struct wg_alert *list, size_t count, const char *key)
{
	size_t kind = kind_len(key);
	const char *rest = key + strcspn(key, " ");
	if (key[kind] != '-')
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *other = list[i].key;
		if (kind_len(other) == kind && other[kind] == '-' && strncmp(other, key, kind) == 0 &&
		    strcmp(other + strcspn(other, " "), rest) == 0)
			return true;
	}
	return false;
}

/* It started or it ended: the log, and a task. */
static enum wg_code tell(struct wg_store *store, struct wg_now now, const struct wg_alert *a, struct wg_err *err)
{
	char detail[WG_STORE_REASON + WG_STORE_DETAIL];
	(void)snprintf(detail, sizeof detail, "%s: %s", a->key, a->words); /* it fits */
	const struct wg_entry entry = { .who = WG_WHO_MONITOR,
		                            .event = a->cleared ? "alert-cleared" : "alert",
		                            .detail = detail };
	enum wg_code code = wg_chain_append(store, now, &entry, err);
	return code == WG_OK
	           ? wg_query_run(
					 store,
					 "INSERT INTO task(kind, alert, detail, cleared, since, due) VALUES('alert', ?1, ?2, ?3, ?4, ?5)",
					 WG_ARGS(wg_db_text(a->key), wg_db_text(a->words), wg_db_int(a->cleared), wg_db_int(a->since),
	                         wg_db_int(now.wall)),
					 err)
	           : code;
}

/* One that holds now: *started when it did not before. */
static enum wg_code hold_one(struct wg_store *store, struct wg_now now, const struct wg_alert *before,
                             struct wg_alert *a, bool *started, struct wg_err *err)
{
	*started = before == NULL;
	a->since = before != NULL ? before->since : now.wall;
	if (before != NULL && strcmp(before->words, a->words) == 0)
		return WG_OK;
	enum wg_code code = wg_query_run(
		store,
		"INSERT INTO alert(key, words, since) VALUES(?1, ?2, ?3) ON CONFLICT(key) DO UPDATE SET words = excluded.words",
		WG_ARGS(wg_db_text(a->key), wg_db_text(a->words), wg_db_int(a->since)), err);
	return code == WG_OK && *started ? tell(store, now, a, err) : code;
}

/* One that does not hold any more; nothing is said when another level has taken its place. */
static enum wg_code clear_one(struct wg_store *store, struct wg_now now, struct wg_alert *a, bool replaced,
                              struct wg_err *err)
{
	a->cleared = true;
	enum wg_code code = wg_query_run(store, "DELETE FROM alert WHERE key = ?1", WG_ARGS(wg_db_text(a->key)), err);
	return code == WG_OK && !replaced ? tell(store, now, a, err) : code;
}

static enum wg_code check_alerts(const struct wg_alert *list, unsigned count, struct wg_err *err)
{
	if (count > WG_STORE_ALERTS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d alerts", WG_STORE_ALERTS_MAX);
	for (unsigned i = 0; i < count; i++) {
		char key[sizeof list->key];
		bool clean = strcmp(wg_defang(list[i].key, key, sizeof key), list[i].key) == 0;
		if (!clean || list[i].key[0] == '\0' || find(list, i, list[i].key) != NULL)
			return wg_err_set(err, WG_REJECT, "an alert has a key of its own, one line of text");
	}
	return WG_OK;
}

enum wg_code wg_store_alerts(struct wg_store *store, struct wg_now now, const struct wg_alert *list, unsigned count,
                             struct wg_alert **out, unsigned *changed, struct wg_err *err)
{
	WG_CLEANUP(alerts_free) struct alerts known = { 0 };
	unsigned n = 0;
	WG_AUTO_FREE struct wg_alert *told = calloc((size_t)count + WG_STORE_ALERTS_MAX + 1, sizeof *told);
	if (told == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = check_alerts(list, count, err);
	if (code == WG_OK)
		code = read_known(store, &known, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		bool started = false;
		struct wg_alert a = { .since = 0 };
		memcpy(a.key, list[i].key, sizeof a.key);
		(void)wg_defang(list[i].words, a.words, sizeof a.words);
		code = hold_one(store, now, find(known.list, known.count, a.key), &a, &started, err);
		if (code == WG_OK && started)
			told[n++] = a;
	}
	for (size_t i = 0; code == WG_OK && i < known.count; i++)
		if (find(list, count, known.list[i].key) == NULL) {
			bool replaced = is_replaced(list, count, known.list[i].key);
			code = clear_one(store, now, &known.list[i], replaced, err);
			if (!replaced)
				told[n++] = known.list[i];
		}
	if (code != WG_OK)
		return code;
	*out = wg_steal(&told);
	*changed = n;
	return WG_OK;
}
