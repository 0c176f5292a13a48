/* store.c: the role that keeps. The only process that opens the database; it holds ciphertext and keyed hashes, opens
 * no message, and has no network but to a database that is not here. */
#include <stdlib.h>

#include "base/log.h"
#include "role/role.h"
#include "store/server.h"
#include "sys/file.h"
#include "sys/sandbox.h"

static void on_event(void *arg, const char *event, enum wg_store_role role, const struct wg_err *what)
{
	(void)arg;
	if (what->text[0] != '\0')
		wg_log_err(WG_LOG_WARNING, event, what, "peer", wg_store_role_name(role), NULL);
	else
		wg_log(WG_LOG_WARNING, event, "peer", wg_store_role_name(role), NULL);
}

enum wg_code wg_role_store(const struct wg_config *config, struct wg_err *err)
{
	struct wg_server *server = NULL;
	const char *const folder[] = { config->state, NULL };
	char *files[WG_STORE_READS] = { NULL };
	const char *reads[WG_STORE_READS + 1] = { NULL };
	size_t count = 0;
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_STORE, .write = folder, .read = reads };
	struct wg_store_place place;
	wg_config_place(config, &place);
	enum wg_code code = wg_file_mkdir(config->state, err);
	if (place.database != NULL)
		sandbox.kind = WG_SANDBOX_SHARED; /* it has to find its database again when that was away */
	if (code == WG_OK)
		code = wg_store_reads(&place, files, &count, err);
	for (size_t i = 0; i < count; i++)
		reads[i] = files[i];
	if (code == WG_OK)
		code = wg_server_open_at(&place, &server, err);
	if (code == WG_OK)
		code = wg_role_confine(&sandbox, err);
	if (code == WG_OK) {
		wg_server_on_event(server, on_event, NULL);
		wg_log(WG_LOG_INFO, "ready", NULL);
		code = wg_server_run(server, &wg_role_stop, err);
	}
	wg_server_freep(&server);
	for (size_t i = 0; i < count; i++)
		free(files[i]);
	return code;
}
