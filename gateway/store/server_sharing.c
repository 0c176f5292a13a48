/* server_sharing.c owns the questions about sharing on their way to the store: the context of a decision, a child's
 * records, the register.
 * SECURITY: requests come from processes that talk to strangers; what does not read as it should ends the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/server_internal.h"

enum wg_code wg_op_context(struct wg_ask *ask, struct wg_err *err)
{
	WG_CLEANUP(wg_context_free) struct wg_context context = { 0 };
	char message[WG_ID_TEXT], child_as[WG_ID_TEXT];
	unsigned count = 0;
	wg_cur_name(&ask->in, message, sizeof message);
	uint8_t relation = wg_cur_u8(&ask->in), choice = wg_cur_u8(&ask->in);
	wg_cur_name(&ask->in, child_as, sizeof child_as);
	WG_AUTO_FREE char *concerns = wg_cur_str(&ask->in, WG_CODEC_CONCERNS_MAX);
	WG_AUTO_FREE struct wg_match_key *keys = wg_codec_get_keys(&ask->in, WG_STORE_KEYS_MAX, &count);
	if (concerns == NULL || keys == NULL || !wg_cur_end(&ask->in) || relation > WG_RELATION_AFTER ||
	    choice > WG_CHILD_NEW)
		return wg_ask_malformed(ask, err);
	bool turn = true;
	enum wg_code code =
		wg_store_context_in_turn(ask->server->store, message, (enum wg_relation)relation, keys, count,
	                             (enum wg_child_choice)choice, child_as, concerns, &turn, &context, err);
	if (code == WG_OK && turn)
		wg_codec_put_context(ask->answer, &context);
	/* what is before it ends, at the latest with its lease */
	ask->nothing = code == WG_OK && !turn;
	ask->wait_ms = UINT32_MAX;
	ask->server->turns_given += code == WG_OK && turn;
	return code;
}

enum wg_code wg_op_strangers(struct wg_ask *ask, struct wg_err *err)
{
	unsigned count = 0;
	uint64_t child = wg_cur_u64(&ask->in);
	WG_AUTO_FREE struct wg_match_key *keys = wg_codec_get_keys(&ask->in, WG_STORE_SEARCH_MAX, &count);
	WG_AUTO_FREE bool *hit = calloc((size_t)count + 1, sizeof *hit);
	if (keys == NULL || hit == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_strangers(ask->server->store, child, keys, count, hit, err);
	wg_buf_u32(ask->answer, count);
	for (unsigned i = 0; i < count; i++)
		wg_buf_u8(ask->answer, hit[i]);
	return code;
}

enum wg_code wg_op_child(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT];
	unsigned count = 0;
	uint64_t child = 0;
	wg_cur_name(&ask->in, id, sizeof id);
	WG_AUTO_FREE struct wg_match_key *keys = wg_codec_get_keys(&ask->in, WG_STORE_KEYS_MAX, &count);
	if (keys == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_child(ask->server->store, id, keys, count, &child, err);
	if (code == WG_OK)
		wg_buf_u64(ask->answer, child);
	return code;
}

enum wg_code wg_op_record(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_record_new record;
	char who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	unsigned pulled = 0;
	uint64_t child = wg_cur_u64(&ask->in);
	wg_cur_name(&ask->in, record.id, sizeof record.id);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	record.blob = wg_cur_bytes(&ask->in, &record.blob_len);
	if (record.blob == NULL || !wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_record(ask->server->store, ask->server->now, child, &record, who, why, &pulled, err);
	if (code == WG_OK)
		wg_buf_u64(ask->answer, pulled);
	return code;
}

enum wg_code wg_op_records(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_record *records = NULL;
	char who[WG_LIMIT_NAME + 1];
	unsigned count = 0;
	uint64_t child = wg_cur_u64(&ask->in);
	wg_cur_name(&ask->in, who, sizeof who);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_records(ask->server->store, ask->server->now, child, who, &records, &count, err);
	if (code == WG_OK)
		wg_codec_put_records(ask->answer, records, count);
	wg_records_free(records, count);
	return code;
}

enum wg_code wg_op_register(struct wg_ask *ask, struct wg_err *err)
{
	char who[WG_LIMIT_NAME + 1];
	uint64_t child = wg_cur_u64(&ask->in);
	int64_t from = (int64_t)wg_cur_u64(&ask->in), until = (int64_t)wg_cur_u64(&ask->in);
	wg_cur_name(&ask->in, who, sizeof who);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_register(ask->server->store, ask->server->now, child, from, until, who, ask->answer, err);
}

enum wg_code wg_op_exempt(struct wg_ask *ask, struct wg_err *err)
{
	char delivery[WG_ID_TEXT], code[WG_CODEC_EXEMPTION_MAX + 1], who[WG_LIMIT_NAME + 1], why[WG_STORE_REASON];
	wg_cur_name(&ask->in, delivery, sizeof delivery);
	wg_cur_name(&ask->in, code, sizeof code);
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, why, sizeof why);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_exempt(ask->server->store, ask->server->now, delivery, code, who, why, err);
}
