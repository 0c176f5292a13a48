/* store_copy.c owns `store copy` and the way back, `store reopen`: which two gateways, and what is said of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "cli/operator.h"
#include "cli/progress.h"
#include "cli/store.h"
#include "store/move.h"
#include "sys/file.h"

static enum wg_code hash_of(const char *path, uint8_t out[WG_SHA256_LEN], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_file_read(path, &text, err);
	if (code == WG_OK)
		wg_sha256(text.data, text.len, out);
	wg_buf_wipe(&text); /* it may be a key */
	return code;
}

static enum wg_code same_file(const char *a, const char *b, const char *what, struct wg_err *err)
{
	uint8_t one[WG_SHA256_LEN], other[WG_SHA256_LEN];
	if (strcmp(a, b) == 0)
		return WG_OK;
	enum wg_code code = hash_of(a, one, err);
	if (code == WG_OK)
		code = hash_of(b, other, err);
	if (code == WG_OK && memcmp(one, other, sizeof one) != 0)
		code =
			wg_err_set(err, WG_CONFIG,
		               "%s is not the same in the two configurations (%.300s, %.300s): what is stored goes by it, so "
		               "the copy could not be read; name the same",
		               what, a, b);
	return code;
}

/* Another gateway, or other keys: what is copied would be of no use there, or somebody else's. */
static enum wg_code fit(const struct wg_config *from, const struct wg_config *to, struct wg_err *err)
{
	if (strcmp(from->organisation, to->organisation) != 0)
		return wg_err_set(err, WG_CONFIG,
		                  "the one is a gateway of %s, the other of %s: a store moves within one gateway",
		                  from->organisation, to->organisation);
	enum wg_code code = same_file(from->storage.certificate, to->storage.certificate, "the storage certificate", err);
	return code == WG_OK ? same_file(from->lookup_key, to->lookup_key, "the lookup key", err) : code;
}

static void put_where(const struct wg_config *config, struct wg_buf *out)
{
	wg_buf_printf(out, "%s%s", config->store.database[0] != '\0' ? "the PostgreSQL of " : "",
	              config->store.database[0] != '\0' ? config->file : config->state);
}

static void put_copied(const struct wg_cli *cli, const struct wg_move_result *r, const struct wg_config *from,
                       const struct wg_config *to, struct wg_buf *out)
{
	if (cli->json) {
		wg_buf_printf(out,
		              "{\"tables\":%u,\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"keys\":%" PRIu64
		              ",\"entries\":%" PRIu64 ",\"head\":\"%s\",\"content\":\"%s\",\"findings\":%" PRIu64 "}\n",
		              r->tables, r->rows, r->bytes, r->heads, r->entries, r->head, r->content, r->findings);
		return;
	}
	wg_buf_printf(out,
	              "Copied and verified: %" PRIu64 " rows of %u tables (%" PRIu64 " bytes, %" PRIu64
	              " keys of documents among them), read back and the same.\nThe log has %" PRIu64
	              " entries and ends with %s,\nas before. SHA-256 of the content: %s\n",
	              r->rows, r->tables, r->bytes, r->heads, r->entries, r->head, r->content);
	wg_buf_puts(out, "From now on start the gateway with ");
	wg_buf_puts(out, to->file);
	wg_buf_puts(out, " only: what is under way goes on there.\nThe old store (");
	put_where(from, out);
	wg_buf_puts(out, ") says so, and no gateway starts on it any more: two that go on from\nthe same would send "
	                 "everything twice. Destroy it, its keys first, before something purged here has to be\ngone.\n");
	if (r->findings > 0)
		wg_buf_printf(out, "%" PRIu64 " things in it are not as they were written (above), here as there.\n",
		              r->findings);
}

int wg_store_copy_run(const struct wg_cli *cli, const char *from, const char *to)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 16), where = WG_BUF((size_t)1 << 13);
	WG_AUTO_FREE struct wg_config *old = NULL, *new = NULL;
	struct wg_progress progress = WG_PROGRESS("store copy");
	struct wg_move_result result;
	struct wg_store_place old_place, new_place;
	struct wg_err err = { 0 };
	enum wg_code code = wg_config_load(from, &old, &err);
	if (code == WG_OK)
		code = wg_config_load(to, &new, &err);
	if (code == WG_OK)
		code = fit(old, new, &err);
	if (code == WG_OK)
		code = wg_file_mkdir(new->state, &err);
	if (code != WG_OK)
		return wg_fail("store copy", &err);
	wg_config_place(old, &old_place);
	wg_config_place(new, &new_place);
	put_where(new, &where);
	const struct wg_move_job job = { .from = &old_place,
		                             .to = &new_place,
		                             .where = wg_buf_text(&where),
		                             .progress = wg_progress_tell,
		                             .finding = wg_progress_finding,
		                             .arg = &progress };
	code = wg_store_move(&job, &result, &err);
	if (code != WG_OK)
		return wg_fail("store copy", &err);
	put_copied(cli, &result, old, new, &out);
	return !wg_print(&out) ? EX_IOERR : result.findings > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

int wg_store_reopen_run(const struct wg_cli *cli, const char *why)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_store_place place;
	struct wg_err err = { 0 };
	char name[WG_OPERATOR_TEXT];
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code != WG_OK)
		return wg_fail("store reopen", &err);
	wg_config_place(config, &place);
	code = wg_store_reopen(&place, wg_operator(name), why, &err);
	if (code != WG_OK)
		return wg_fail("store reopen", &err);
	(void)puts("The gateway may be started on this store again: what was under way when it was copied goes on from "
	           "here."); /* stdout */
	return EX_OK;
}
