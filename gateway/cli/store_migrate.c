/* store_migrate.c owns `store migrate`: which version is there, what each step does, and doing it. */
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/store.h"
#include "store/migrate.h"

static void put_json(const struct wg_schema_view *v, const struct wg_store_place *place, bool dry, struct wg_buf *out)
{
	wg_buf_printf(
		out, "{\"version\":%" PRId64 ",\"program\":%" PRId64 ",\"bytes\":%" PRIu64 ",\"needed\":%" PRIu64 ",\"free\":",
		v->version, v->current, v->size, v->needed);
	if (v->room_known)
		wg_buf_printf(out, "%" PRIu64, v->room);
	else
		wg_buf_puts(out, "null");
	wg_buf_printf(out, ",\"migrated\":%s,\"steps\":[", !dry && v->version < v->current ? "true" : "false");
	for (int64_t n = v->version; n < v->current; n++) {
		wg_buf_printf(out, "%s{\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"words\":", n == v->version ? "" : ",", n,
		              n + 1);
		wg_buf_put_json(out, wg_store_schema_step(place, n));
		wg_buf_putc(out, '}');
	}
	wg_buf_puts(out, "]}\n");
}

static void put_words(const struct wg_schema_view *v, const struct wg_store_place *place, bool dry, struct wg_buf *out)
{
	if (v->version == v->current) {
		wg_buf_printf(out, "The store has schema version %" PRId64 ", this program's: there is nothing to do.\n",
		              v->version);
		return;
	}
	wg_buf_printf(out, "The store has schema version %" PRId64 ", this program's is %" PRId64 ". %s\n", v->version,
	              v->current, dry ? "It would be brought there by:" : "It was brought there by:");
	for (int64_t n = v->version; n < v->current; n++)
		wg_buf_printf(out, "  %" PRId64 " to %" PRId64 "  %s\n", n, n + 1, wg_store_schema_step(place, n));
	if (!dry)
		return;
	wg_buf_printf(out, "in one transaction, which takes up to %" PRIu64 " MiB while it runs; ", v->needed >> 20);
	if (v->room_known)
		wg_buf_printf(out, "%" PRIu64 " MiB are free.\n", v->room >> 20);
	else
		wg_buf_puts(out, "what is free there the database's administrator knows.\n");
	wg_buf_puts(out,
	            "Nothing was changed. There is no way back but a backup (wardgate backup): an older program refuses "
	            "the new schema.\n");
}

static enum wg_code migrate(const struct wg_store_place *place, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = NULL;
	return wg_store_open_at(place, &store, err);
}

int wg_store_migrate_run(const struct wg_cli *cli, bool dry)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 16);
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_schema_view view = { 0 };
	struct wg_store_place place = { 0 };
	struct wg_err err = { 0 };
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK) {
		wg_config_place(config, &place);
		code = wg_store_schema(&place, &view, &err);
	}
	if (code == WG_OK && view.version == 0)
		code = wg_err_set(&err, WG_CONFIG, "there is no store yet: the first start of the gateway makes it");
	if (code == WG_OK && !dry && view.version < view.current)
		code = migrate(&place, &err);
	if (code == WG_OK && cli->json)
		put_json(&view, &place, dry, &out);
	else if (code == WG_OK)
		put_words(&view, &place, dry, &out);
	if (code == WG_OK && !wg_print(&out))
		return EX_IOERR;
	if (code == WG_OK && dry && view.room_known)
		code = wg_schema_room(&view, &err); /* as it would end */
	return code == WG_OK ? EX_OK : wg_fail("store migrate", &err);
}
