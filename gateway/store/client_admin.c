/* client_admin.c owns what the command line asks. */
#include <string.h>

#include "store/client_internal.h"

static enum wg_code list(struct wg_client *client, const char *what, const char *state, const char *id,
                         const char *after, unsigned max, struct wg_row **out, unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, what);
	wg_buf_str(&body, state);
	wg_buf_str(&body, id);
	wg_buf_str(&body, after);
	wg_buf_u32(&body, max);
	enum wg_code code = *id != '\0' ? wg_client_check_id(id, err) : WG_OK;
	if (code == WG_OK && *after != '\0')
		code = wg_client_check_id(after, err);
	if (code == WG_OK)
		code = wg_client_check_text(what, 15, err);
	if (code == WG_OK)
		code = wg_client_check_text(state, 23, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_LIST, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_rows(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}

enum wg_code wg_client_list(struct wg_client *client, const char *what, const char *state, const char *id, unsigned max,
                            struct wg_row **out, unsigned *count, struct wg_err *err)
{
	return list(client, what, state, id, "", max, out, count, err);
}

enum wg_code wg_client_list_after(struct wg_client *client, const char *what, const char *state, const char *after,
                                  unsigned max, struct wg_row **out, unsigned *count, struct wg_err *err)
{
	return list(client, what, state, "", after, max, out, count, err);
}

enum wg_code wg_client_act(struct wg_client *client, const char *action, const char *id, const char *who,
                           const char *why, unsigned *changed, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, action);
	wg_buf_str(&body, id);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	bool clock = *id == '\0' && strcmp(action, "accept-clock") == 0;
	enum wg_code code = clock ? WG_OK : wg_client_check_id(id, err);
	if (code == WG_OK)
		code = wg_client_check_text(action, 15, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_ACT, &body, &answer, err);
	if (code != WG_OK)
		return code;
	unsigned n = wg_cur_u32(&answer);
	if (!wg_cur_end(&answer))
		return wg_client_garbled(err);
	*changed = n;
	return WG_OK;
}

enum wg_code wg_client_assign(struct wg_client *client, const char *id, const char *to, const char *who,
                              const char *why, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, id);
	wg_buf_str(&body, to);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	enum wg_code code = wg_client_check_id(id, err);
	if (code == WG_OK)
		code = wg_client_check_text(to, WG_LIMIT_NAME, err);
	return code == WG_OK ? wg_client_call(client, WG_OP_ASSIGN, &body, &answer, err) : code;
}

enum wg_code wg_client_resolve(struct wg_client *client, const char *id, const char *who, const char *why,
                               const void *blob, size_t len, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (len > WG_STORE_RESOLUTION_MAX) /* the store would drop who sends more */
		return wg_err_set(err, WG_LIMIT, "a resolution has at most %zu bytes", (size_t)WG_STORE_RESOLUTION_MAX);
	wg_buf_str(&body, id);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	wg_codec_put_words(&body, why, WG_STORE_REASON - 1);
	wg_buf_bytes(&body, blob, len);
	enum wg_code code = wg_client_check_id(id, err);
	return code == WG_OK ? wg_client_call(client, WG_OP_RESOLVE, &body, &answer, err) : code;
}

/* The whole answer is text or bytes for the caller. */
static enum wg_code call_for_bytes(struct wg_client *client, enum wg_op op, const struct wg_buf *body,
                                   struct wg_buf *out, struct wg_err *err)
{
	struct wg_cur answer;
	enum wg_code code = wg_client_call(client, op, body, &answer, err);
	if (code != WG_OK)
		return code;
	wg_buf_put(out, answer.p, answer.left);
	return wg_client_check(out, "the store's answer", err);
}

enum wg_code wg_client_explain(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_str(&body, id);
	enum wg_code code = wg_client_check_id(id, err);
	return code == WG_OK ? call_for_bytes(client, WG_OP_EXPLAIN, &body, out, err) : code;
}

enum wg_code wg_client_related(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_str(&body, id);
	enum wg_code code = wg_client_check_id(id, err);
	return code == WG_OK ? call_for_bytes(client, WG_OP_RELATED, &body, out, err) : code;
}

enum wg_code wg_client_blob(struct wg_client *client, const char *id, const char *which, const char *who,
                            struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_str(&body, id);
	wg_buf_str(&body, which);
	wg_codec_put_words(&body, who, WG_LIMIT_NAME);
	enum wg_code code = wg_client_check_id(id, err);
	if (code == WG_OK)
		code = wg_client_check_text(which, 15, err);
	return code == WG_OK ? call_for_bytes(client, WG_OP_BLOB, &body, out, err) : code;
}

enum wg_code wg_client_audit(struct wg_client *client, uint64_t kept, const char *kept_head, uint64_t *entries,
                             char head[WG_STORE_HASH], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	char hash[WG_STORE_HASH];
	wg_buf_u64(&body, kept);
	wg_buf_str(&body, kept_head);
	enum wg_code code = wg_client_check_text(kept_head, WG_STORE_HASH - 1, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_AUDIT, &body, &answer, err);
	if (code != WG_OK)
		return code;
	uint64_t n = wg_cur_u64(&answer);
	wg_cur_name(&answer, hash, sizeof hash);
	if (!wg_cur_end(&answer))
		return wg_client_garbled(err);
	*entries = n;
	memcpy(head, hash, sizeof hash);
	return WG_OK;
}

enum wg_code wg_client_history(struct wg_client *client, const char *id, unsigned max, struct wg_buf *out,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_str(&body, id);
	wg_buf_u32(&body, max);
	enum wg_code code = *id != '\0' ? wg_client_check_id(id, err) : WG_OK;
	return code == WG_OK ? call_for_bytes(client, WG_OP_HISTORY, &body, out, err) : code;
}

enum wg_code wg_client_health(struct wg_client *client, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	return call_for_bytes(client, WG_OP_HEALTH, &body, out, err);
}
