/* client_sharing.c owns what is asked about sharing: the context of a decision, a child's records, the register. */
#include <string.h>

#include "store/client_internal.h"

/* An answer that is one number. */
static enum wg_code call_for_u64(struct wg_client *client, enum wg_op op, const struct wg_buf *body, uint64_t *out,
                                 struct wg_err *err)
{
	struct wg_cur answer;
	enum wg_code code = wg_client_call(client, op, body, &answer, err);
	if (code != WG_OK)
		return code;
	uint64_t n = wg_cur_u64(&answer);
	if (!wg_cur_end(&answer))
		return wg_client_garbled(err);
	*out = n;
	return WG_OK;
}

enum wg_code wg_client_context(struct wg_client *client, const char *message, enum wg_relation relation,
                               const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                               const char *child_as, const char *concerns, struct wg_context *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, message);
	wg_buf_u8(&body, (uint8_t)relation);
	wg_buf_u8(&body, (uint8_t)choice);
	wg_buf_str(&body, wg_id_valid(child_as) ? child_as : "");
	wg_buf_str(&body, concerns);
	wg_codec_put_keys(&body, keys, key_count);
	enum wg_code code = wg_client_check_id(message, err);
	if (code == WG_OK && (key_count > WG_STORE_KEYS_MAX ||
	                      strnlen(concerns != NULL ? concerns : "", WG_CODEC_CONCERNS_MAX + 1) > WG_CODEC_CONCERNS_MAX))
		code = wg_err_set(err, WG_LIMIT, "a message with more than %d keys, or that concerns more than %d others",
		                  WG_STORE_KEYS_MAX, WG_STORE_CONCERNS_MAX);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_CONTEXT, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_context(&answer, out))
		code = wg_client_garbled(err);
	return code;
}

enum wg_code wg_client_strangers(struct wg_client *client, uint64_t child, const struct wg_match_key *keys,
                                 unsigned key_count, bool *hit, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	size_t len = 0;
	if (key_count > WG_STORE_SEARCH_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d keys in one search", WG_STORE_SEARCH_MAX);
	wg_buf_u64(&body, child);
	wg_codec_put_keys(&body, keys, key_count);
	enum wg_code code = wg_client_call(client, WG_OP_STRANGERS, &body, &answer, err);
	if (code != WG_OK)
		return code;
	const uint8_t *bits = wg_cur_bytes(&answer, &len);
	if (bits == NULL || !wg_cur_end(&answer) || len != key_count)
		return wg_client_garbled(err);
	for (unsigned i = 0; i < key_count; i++)
		hit[i] = bits[i] != 0;
	return WG_OK;
}

enum wg_code wg_client_child(struct wg_client *client, const char *id, const struct wg_match_key *keys,
                             unsigned key_count, uint64_t *child, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_str(&body, id);
	wg_codec_put_keys(&body, keys, key_count);
	enum wg_code code = *id != '\0' ? wg_client_check_id(id, err) : WG_OK;
	if (code == WG_OK && key_count > WG_STORE_KEYS_MAX)
		code = wg_err_set(err, WG_LIMIT, "more than %d keys", WG_STORE_KEYS_MAX);
	return code == WG_OK ? call_for_u64(client, WG_OP_CHILD, &body, child, err) : code;
}

enum wg_code wg_client_record(struct wg_client *client, uint64_t child, const struct wg_record_new *record,
                              const char *who, const char *why, unsigned *pulled, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	uint64_t n = 0;
	if (record->blob_len > WG_STORE_RECORD_MAX) /* the store would drop who sends more */
		return wg_err_set(err, WG_LIMIT, "a record has at most %zu bytes", WG_STORE_RECORD_MAX);
	if (!wg_id_valid(record->id))
		return wg_err_set(err, WG_REJECT, "the id of a record is not one of a message or record");
	wg_buf_u64(&body, child);
	wg_buf_str(&body, record->id);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	wg_buf_bytes(&body, record->blob, record->blob_len);
	enum wg_code code = call_for_u64(client, WG_OP_RECORD, &body, &n, err);
	if (code == WG_OK)
		*pulled = (unsigned)n;
	return code;
}

enum wg_code wg_client_records(struct wg_client *client, uint64_t child, const char *who, struct wg_record **out,
                               unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u64(&body, child);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	enum wg_code code = wg_client_call(client, WG_OP_RECORDS, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_records(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}

enum wg_code wg_client_register(struct wg_client *client, uint64_t child, int64_t from, int64_t until, const char *who,
                                struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u64(&body, child);
	wg_buf_u64(&body, (uint64_t)from);
	wg_buf_u64(&body, (uint64_t)until);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	enum wg_code code = wg_client_call(client, WG_OP_REGISTER, &body, &answer, err);
	if (code != WG_OK)
		return code;
	wg_buf_put(out, answer.p, answer.left);
	return wg_client_check(out, "the register", err);
}

enum wg_code wg_client_exempt(struct wg_client *client, const char *delivery, const char *code, const char *who,
                              const char *why, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, delivery);
	wg_buf_str(&body, code);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	enum wg_code fate = wg_client_check_id(delivery, err);
	if (fate == WG_OK)
		fate = wg_client_check_text(code, WG_CODEC_EXEMPTION_MAX, err);
	return fate == WG_OK ? wg_client_call(client, WG_OP_EXEMPT, &body, &answer, err) : fate;
}
