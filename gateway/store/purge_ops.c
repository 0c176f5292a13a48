/* purge_ops.c owns the two questions about retention, on their way to the store.
 * SECURITY: requests come from another process; what does not read as it should ends its connection. */
#include "store/server_internal.h"

enum wg_code wg_op_legal_hold(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	unsigned changed = 0;
	uint64_t child = wg_cur_u64(&ask->in);
	wg_cur_name(&ask->in, id, sizeof id);
	unsigned on = wg_cur_u8(&ask->in);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	if (!wg_cur_end(&ask->in) || on > 1)
		return wg_ask_malformed(ask, err);
	enum wg_code code =
		wg_store_legal_hold(ask->server->store, ask->server->now, child, id, on == 1, who, why, &changed, err);
	if (code == WG_OK)
		wg_buf_u32(ask->answer, changed);
	return code;
}

enum wg_code wg_op_purge(struct wg_ask *ask, struct wg_err *err)
{
	char kind[WG_LIMIT_NAME + 1], after[WG_ID_TEXT], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	WG_AUTO_BUF struct wg_buf rows = WG_BUF(WG_LIMIT_FRAME - WG_WIRE_HEAD - WG_WIRE_NOW);
	uint64_t freed = 0;
	bool more = false;
	wg_cur_name(&ask->in, kind, sizeof kind);
	uint64_t before = wg_cur_u64(&ask->in);
	unsigned dry = wg_cur_u8(&ask->in);
	wg_cur_name(&ask->in, after, sizeof after);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	if (!wg_cur_end(&ask->in) || dry > 1 || before > INT64_MAX)
		return wg_ask_malformed(ask, err);
	const struct wg_purge what = {
		.kind = kind, .before = (int64_t)before, .dry = dry == 1, .after = after, .who = who, .why = why
	};
	if (ask->server->time.fault && !what.dry)
		return wg_err_set(err, WG_REJECT,
		                  "%s, so how old anything is cannot be told: nothing is purged until the clock is right, or "
		                  "somebody says that it is (wardgate clock)",
		                  ask->server->clock);
	enum wg_code code = wg_store_purge(ask->server->store, ask->server->now, &what, &rows, &freed, &more, err);
	if (code == WG_OK)
		code = wg_buf_check(&rows, "the list of messages", err);
	if (code != WG_OK)
		return code;
	ask->destroys = !what.dry;
	wg_buf_u64(ask->answer, freed);
	wg_buf_u8(ask->answer, more);
	wg_buf_bytes(ask->answer, rows.data, rows.len);
	return WG_OK;
}
