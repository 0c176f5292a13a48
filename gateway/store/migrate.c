/* migrate.c owns the look at a store's version, whichever its database. */
#include "store/migrate.h"

#include <inttypes.h>

#include "store/driver.h"

static const struct wg_driver *driver_of(const struct wg_store_place *place)
{
	return place->database != NULL ? &wg_pg_driver : &wg_sqlite_driver;
}

enum wg_code wg_store_schema(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err)
{
	struct wg_schema_view view = { 0 };
	enum wg_code code = driver_of(place)->look(place, &view, err);
	if (code == WG_OK && view.version > view.current)
		return wg_schema_newer(view.version, view.current, err);
	if (code == WG_OK)
		*out = view;
	return code;
}

const char *wg_store_schema_step(const struct wg_store_place *place, int64_t version)
{
	return driver_of(place)->step_words(version);
}

enum wg_code wg_schema_newer(int64_t version, int64_t current, struct wg_err *err)
{
	return wg_err_set(err, WG_CONFIG,
	                  "the store has schema version %" PRId64 ", this program knows up to %" PRId64
	                  ": use a newer program",
	                  version, current);
}

enum wg_code wg_schema_room(const struct wg_schema_view *view, struct wg_err *err)
{
	return view->room >= view->needed
	           ? WG_OK
	           : wg_err_set(err, WG_AGAIN,
	                        "bringing the store from schema version %" PRId64 " to %" PRId64 " takes up to %" PRIu64
	                        " MiB while it runs, and %" PRIu64 " MiB are free: make room; nothing was changed",
	                        view->version, view->current, view->needed >> 20, view->room >> 20);
}
