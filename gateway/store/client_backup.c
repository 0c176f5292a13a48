/* client_backup.c owns what the command line asks for a backup. */
#include <string.h>

#include "store/client_internal.h"

enum wg_code wg_client_backup_begin(struct wg_client *client, const char *who, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	return wg_client_call(client, WG_OP_BACKUP_BEGIN, &body, &answer, err);
}

enum wg_code wg_client_backup_state(struct wg_client *client, struct wg_copy_state *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_copy_state state;
	struct wg_cur answer;
	enum wg_code code = wg_client_call(client, WG_OP_BACKUP_STATE, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_copy(&answer, &state))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = state;
	return code;
}

enum wg_code wg_client_backup_heads(struct wg_client *client, int64_t after, bool gone, struct wg_buf *out,
                                    struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u64(&body, (uint64_t)after);
	wg_buf_u8(&body, gone);
	enum wg_code code = wg_client_call(client, WG_OP_BACKUP_HEADS, &body, &answer, err);
	if (code != WG_OK)
		return code;
	wg_buf_put(out, answer.p, answer.left);
	return wg_client_check(out, "the store's answer", err);
}

enum wg_code wg_client_backup_end(struct wg_client *client, const char *who, const char *words, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, words, WG_COPY_WORDS - 1);
	return wg_client_call(client, WG_OP_BACKUP_END, &body, &answer, err);
}
