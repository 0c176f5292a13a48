/* server_backup.c owns the one copy that is being made, whose it is, and the answers about it. */
#include <string.h>

#include "base/mem.h"
#include "store/server_internal.h"

void wg_server_copy_end(struct wg_server *server)
{
	wg_copy_freep(&server->copy);
	server->copy_owner = 0;
}

bool wg_server_copying(const struct wg_server *server)
{
	struct wg_copy_state state;
	if (server->copy == NULL || server->copy_failed.code != WG_OK)
		return false;
	wg_copy_state(server->copy, &state);
	return !state.ready;
}

void wg_server_copy(struct wg_server *server)
{
	if (!wg_server_copying(server))
		return;
	if (wg_copy_step(server->copy, server->now, &server->copy_failed) != WG_OK)
		wg_server_tell(server, "backup-failed", WG_ROLE_ADMIN, &server->copy_failed);
}

static enum wg_code mine(const struct wg_ask *ask, struct wg_err *err)
{
	const struct wg_server *s = ask->server;
	if (s->copy == NULL || s->copy_owner != ask->conn->owner)
		return wg_err_set(err, WG_NOT_FOUND, "no backup was begun here");
	if (s->copy_failed.code != WG_OK) {
		if (err != NULL)
			*err = s->copy_failed;
		return s->copy_failed.code;
	}
	return WG_OK;
}

enum wg_code wg_op_backup_begin(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_server *s = ask->server;
	char who[WG_LIMIT_NAME + 1];
	wg_cur_name(&ask->in, who, sizeof who);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	if (s->copy != NULL && s->copy_owner != ask->conn->owner)
		return wg_err_set(err, WG_AGAIN, "another backup is being taken: wait for its end");
	enum wg_code code = wg_store_backup_log(s->store, s->now, who, false, "", err);
	if (code == WG_OK && s->copy == NULL) { /* there already: this transaction runs a second time */
		s->copy_failed = (struct wg_err){ .code = WG_OK };
		code = wg_copy_start(s->store, s->now, s->folder, &s->copy, err);
		s->copy_owner = ask->conn->owner;
	}
	return code;
}

enum wg_code wg_op_backup_state(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_copy_state state;
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = mine(ask, err);
	if (code != WG_OK)
		return code;
	wg_copy_state(ask->server->copy, &state);
	wg_codec_put_copy(ask->answer, &state);
	return WG_OK;
}

enum wg_code wg_op_backup_heads(struct wg_ask *ask, struct wg_err *err)
{
	const int64_t after = (int64_t)wg_cur_u64(&ask->in);
	const bool gone = wg_cur_u8(&ask->in) != 0;
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = mine(ask, err);
	return code == WG_OK ? wg_store_heads(ask->server->store, after, gone, ask->answer, err) : code;
}

enum wg_code wg_op_backup_end(struct wg_ask *ask, struct wg_err *err)
{
	char who[WG_LIMIT_NAME + 1], words[WG_COPY_WORDS];
	wg_cur_name(&ask->in, who, sizeof who);
	wg_cur_name(&ask->in, words, sizeof words);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = mine(ask, err); /* the copy goes with the connection: this may run a second time */
	return code == WG_OK ? wg_store_backup_log(ask->server->store, ask->server->now, who, true, words, err) : code;
}
