/* sqlite_time.c owns what the next process has to know of the time, and what the log says of the clock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sqlite_internal.h"

#define TIME_TEXT 32
/* No instant that we remember is further away than this, in ms: the year 9999. */
#define TIME_MAX 253402300799999ULL

static enum wg_code get(struct wg_store *store, const char *key, int64_t *out, struct wg_err *err)
{
	char text[TIME_TEXT];
	uint64_t n = 0;
	*out = 0;
	enum wg_code code = wg_db_meta(store, key, text, sizeof text, err);
	bool less = text[0] == '-';
	if (code == WG_OK && wg_num_parse(text + less, 0, TIME_MAX, &n)) /* else: it was never kept */
		*out = less ? -(int64_t)n : (int64_t)n;
	return code;
}

static enum wg_code put(struct wg_store *store, const char *key, int64_t value, struct wg_err *err)
{
	char text[TIME_TEXT];
	(void)snprintf(text, sizeof text, "%" PRId64, value); /* 20 digits at most */
	return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text(key), wg_db_text(text)), err);
}

enum wg_code wg_store_time_known(struct wg_store *store, int64_t *trusted, int64_t *ahead, struct wg_err *err)
{
	enum wg_code code = get(store, "time", trusted, err);
	return code == WG_OK ? get(store, "time-ahead", ahead, err) : code;
}

enum wg_code wg_store_time_keep(struct wg_store *store, int64_t trusted, int64_t ahead, struct wg_err *err)
{
	enum wg_code code = put(store, "time", trusted, err);
	return code == WG_OK ? put(store, "time-ahead", ahead, err) : code;
}

enum wg_code wg_store_time_log(struct wg_store *store, struct wg_now now, const char *who, const char *words,
                               struct wg_err *err)
{
	const struct wg_entry entry = { .who = who != NULL ? WG_WHO_ADMIN : WG_WHO_STORE,
		                            .person = who,
		                            .event = who != NULL ? "accept-clock" : "clock",
		                            .detail = words };
	return wg_chain_append(store, now, &entry, err);
}
