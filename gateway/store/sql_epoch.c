/* sql_epoch.c owns the epoch: the policy and directory that decisions are taken under. */
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

enum wg_code wg_epoch_now(struct wg_store *store, char out[WG_STORE_HASH], struct wg_err *err)
{
	return wg_db_meta(store, "epoch", out, WG_STORE_HASH, err);
}

enum wg_code wg_store_epoch(struct wg_store *store, struct wg_now now, const char *epoch, struct wg_err *err)
{
	char old[WG_STORE_HASH];
	if (*epoch == '\0')
		return wg_err_set(err, WG_REJECT, "an epoch has a name");
	enum wg_code code = wg_epoch_now(store, old, err);
	if (code != WG_OK || strcmp(old, epoch) == 0)
		return code;
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	code = wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("epoch"), wg_db_text(epoch)), err);
	if (code == WG_OK) {
		const struct wg_entry entry = { .who = WG_WHO_PROCESS, .event = "epoch", .detail = epoch };
		code = wg_chain_append(store, now, &entry, err);
	}
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_MSG_OLD_EPOCH, WG_ARGS(wg_db_text(epoch)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_message_again(store, now, seqs[i], "policy or directory changed", err);
	return code;
}
