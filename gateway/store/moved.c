/* moved.c owns what the old store says after a move: where all that it holds has gone, so that no gateway goes on from
 * it. Two that go on from the same would send everything twice. */
#include <stdio.h>

#include "base/clock.h"
#include "store/migrate.h"
#include "store/move.h"
#include "store/move_internal.h"
#include "store/purge_internal.h"

#define MOVED "moved"
#define WORDS_MAX 512 /* "time place" */

enum wg_code wg_moved_put(struct wg_store *store, const char *where, struct wg_err *err)
{
	char words[WORDS_MAX], when[WG_CLOCK_TEXT];
	(void)snprintf(words, sizeof words, "%s to %s", wg_clock_format(wg_clock_now(), when),
	               where != NULL ? where : "another place"); /* cut is fine */
	return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text(MOVED), wg_db_text(words)), err);
}

enum wg_code wg_store_moved(struct wg_store *store, struct wg_err *err)
{
	char words[WORDS_MAX];
	enum wg_code code = wg_db_meta(store, MOVED, words, sizeof words, err);
	if (code != WG_OK || words[0] == '\0')
		return code;
	return wg_err_set(
		err, WG_CONFIG,
		"this store was copied at %.300s, and what was under way goes on there: from here it would be sent "
		"a second time. Use the configuration of the new one. Only where that was never started, or is "
		"destroyed: wardgate store reopen --why TEXT",
		words);
}

enum wg_code wg_store_reopen(const struct wg_store_place *place, const char *who, const char *why, struct wg_err *err)
{
	struct wg_store *store = NULL;
	char words[WORDS_MAX];
	const struct wg_now now = { .wall = wg_clock_now(), .steady = wg_clock_monotonic() };
	const struct wg_entry entry = { .who = WG_WHO_ADMIN, .person = who, .event = "reopen-store", .detail = why };
	struct wg_schema_view view = { .version = 0 };
	enum wg_code code = wg_store_schema(place, &view, err);
	if (code == WG_OK && view.version == 0)
		code = wg_err_set(err, WG_CONFIG, "there is no store");
	if (code == WG_OK)
		code = wg_store_open_at(place, &store, err);
	if (code == WG_OK)
		code = wg_store_begin(store, err);
	if (code == WG_OK)
		code = wg_db_meta(store, MOVED, words, sizeof words, err);
	if (code == WG_OK && words[0] == '\0')
		code = wg_err_set(err, WG_NOT_FOUND, "this store was not copied anywhere, or is open again already");
	if (code == WG_OK)
		code = wg_query_run(store, "DELETE FROM meta WHERE key = '" MOVED "'", NULL, 0, err);
	if (code == WG_OK)
		code = wg_chain_append(store, now, &entry, err);
	if (code == WG_OK)
		code = wg_store_commit(store, err);
	else if (store != NULL)
		wg_store_rollback(store);
	wg_store_closep(&store);
	return code;
}
