/* sql_token.c owns what whoever has a token may see of its copy. Looking uses nothing up and writes nothing:
 * programs that scan mails look as well. SECURITY: strangers ask. Tokens are found by their hash; a wrong one, and one
 * whose message was purged, are answered with the same words. */
#include <string.h>

#include "base/mem.h"
#include "store/purge_internal.h"

static enum wg_code find(struct wg_store *store, const char *hash, int64_t *seq, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_DLV_BY_TOKEN, WG_ARGS(wg_db_text(hash), wg_db_text("")), &row, err);
	*seq = code == WG_OK && row ? wg_db_col_int(store, SQL_DLV_BY_TOKEN, 0) : 0;
	wg_db_end(store, SQL_DLV_BY_TOKEN);
	return code;
}

static enum wg_code read_said(struct wg_store *store, int64_t seq, struct wg_token_view *view, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_RECEIPT_TOKEN, WG_ARGS(wg_db_int(seq)), &row, err);
	if (code == WG_OK && row) {
		wg_db_col_text(store, SQL_RECEIPT_TOKEN, 0, view->person, sizeof view->person);
		view->said_at = wg_db_col_int(store, SQL_RECEIPT_TOKEN, 3);
		if (!wg_receipt_level_find(wg_db_col_borrow(store, SQL_RECEIPT_TOKEN, 2), &view->said))
			code = wg_err_set(err, WG_CORRUPT, "a receipt is of a level that does not exist");
	}
	wg_db_end(store, SQL_RECEIPT_TOKEN);
	return code;
}

enum wg_code wg_store_token(struct wg_store *store, const char *token_hash, struct wg_token_view *out,
                            struct wg_err *err)
{
	struct wg_token_view view = { .said = WG_RECEIPT_NOTED };
	struct wg_dlv_rec d = { .seq = 0 };
	int64_t seq = 0, kept = 0;
	enum wg_code code = find(store, token_hash, &seq, err);
	if (code == WG_OK)
		code = wg_query_number(store,
		                       "SELECT coalesce((SELECT CASE WHEN m.purged_at = 0 THEN 1 ELSE 0 END FROM delivery d "
		                       "JOIN message m ON m.seq ="
		                       " d.message WHERE d.seq = ?1), 0)",
		                       WG_ARGS(wg_db_int(seq)), &kept, err);
	if (code == WG_OK && kept == 0)
		code = wg_err_set(err, WG_NOT_FOUND, "no such token");
	if (code == WG_OK)
		code = wg_delivery_by_seq(store, seq, &d, err);
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT handed_at FROM delivery WHERE seq = ?1", WG_ARGS(wg_db_int(seq)),
		                       &view.sent, err);
	if (code == WG_OK)
		code = read_said(store, seq, &view, err);
	if (code != WG_OK)
		return code;
	memcpy(view.reference, d.reference, sizeof view.reference);
	memcpy(view.organisation, d.organisation, sizeof view.organisation);
	memcpy(view.desk, d.desk, sizeof view.desk);
	view.state = d.state;
	*out = view;
	return WG_OK;
}
