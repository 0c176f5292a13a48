/* mesh_token.c owns the token that every request to MESH carries. */
#include <string.h>
#include <time.h>

#include "channel/mesh.h"
#include "crypto/crypto.h"

/* A mailbox, a nonce, a password and a time. */
#define TOKEN_MAX 1024

enum wg_code wg_mesh_token(const char *mailbox, const char *password, const char *key, const char *nonce,
                           unsigned count, int64_t wall, struct wg_buf *out, struct wg_err *err)
{
	char when[16], hash[WG_HASH_TEXT];
	struct tm utc;
	time_t seconds = (time_t)(wall / 1000);
	WG_AUTO_BUF struct wg_buf text = WG_BUF(TOKEN_MAX);
	if (gmtime_r(&seconds, &utc) == NULL || strftime(when, sizeof when, "%Y%m%d%H%M", &utc) == 0)
		return wg_err_set(err, WG_SYSTEM, "the clock says no time that can be written");
	wg_buf_printf(&text, "%s:%s:%u:%s:%s", mailbox, nonce, count, password, when);
	enum wg_code code = wg_buf_check(&text, "token", err);
	if (code == WG_OK)
		code = wg_hmac_hex(key, strlen(key), text.data, text.len, hash, err);
	wg_buf_wipe(&text);
	if (code != WG_OK)
		return code;
	wg_buf_printf(out, "NHSMESH %s:%s:%u:%s:%s", mailbox, nonce, count, when, hash);
	return wg_buf_check(out, "token", err);
}
