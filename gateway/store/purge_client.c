/* purge_client.c owns what the command line asks about retention. */
#include "store/client_internal.h"

enum wg_code wg_client_legal_hold(struct wg_client *client, uint64_t child, const char *id, bool on, const char *who,
                                  const char *why, unsigned *changed, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u64(&body, child);
	wg_buf_str(&body, id);
	wg_buf_u8(&body, on);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	enum wg_code code = *id != '\0' ? wg_client_check_id(id, err) : WG_OK;
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_LEGAL_HOLD, &body, &answer, err);
	if (code != WG_OK)
		return code;
	unsigned n = wg_cur_u32(&answer);
	if (!wg_cur_end(&answer))
		return wg_client_garbled(err);
	*changed = n;
	return WG_OK;
}

enum wg_code wg_client_purge(struct wg_client *client, const struct wg_purge *what, struct wg_buf *out, uint64_t *freed,
                             bool *more, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, what->kind);
	wg_buf_u64(&body, (uint64_t)what->before);
	wg_buf_u8(&body, what->dry);
	wg_buf_str(&body, what->after);
	wg_codec_put_words(&body, what->who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, what->why, WG_STORE_REASON - 1);
	enum wg_code code = *what->after != '\0' ? wg_client_check_id(what->after, err) : WG_OK;
	if (code == WG_OK)
		code = wg_client_check_text(what->kind, WG_LIMIT_NAME, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_PURGE, &body, &answer, err);
	if (code != WG_OK)
		return code;
	uint64_t bytes = wg_cur_u64(&answer);
	bool again = wg_cur_u8(&answer) != 0;
	size_t len;
	const uint8_t *rows = wg_cur_bytes(&answer, &len);
	if (rows == NULL || !wg_cur_end(&answer))
		return wg_client_garbled(err);
	wg_buf_put(out, rows, len);
	*freed = bytes;
	*more = again;
	return wg_client_check(out, "the store's answer", err);
}
