/* admin.c owns the operator's connection to the store. */
#include "role/admin.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "role/role.h"
#include "store/server.h"

/* In the child: a store process for one peer; ends when the peer does. */
static void serve_one(const struct wg_config *config, int fd)
{
	struct wg_server *server = NULL;
	struct wg_err err = { 0 };
	wg_role_signals();
	enum wg_code code = wg_server_open(config->state, &server, &err);
	if (code == WG_OK)
		code = wg_server_attach(server, fd, WG_ROLE_ADMIN, &err);
	if (code == WG_OK)
		code = wg_server_run(server, &wg_role_stop, &err);
	wg_server_freep(&server);
	_exit(code == WG_OK ? 0 : 1);
}

enum wg_code wg_admin_open(const struct wg_config *config, struct wg_admin *out, struct wg_err *err)
{
	struct wg_client *client = NULL;
	int ends[2];
	enum wg_code code = wg_client_open(config->state, WG_ROLE_ADMIN, &client, err);
	if (code == WG_OK) {
		*out = (struct wg_admin){ .client = client };
		return WG_OK;
	}
	if (code != WG_AGAIN && code != WG_NOT_FOUND)
		return code;
	if (access(config->state, R_OK | X_OK) != 0)
		return wg_err_set(err, WG_AGAIN, "the gateway does not run and has no store in %s yet: start it with wardgate serve", config->state);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return wg_err_errno(err, "socket pair");
	pid_t pid = fork();
	if (pid == 0) {
		wg_closep(&ends[0]);
		serve_one(config, ends[1]);
	}
	wg_closep(&ends[1]);
	if (pid < 0) {
		wg_closep(&ends[0]);
		return wg_err_errno(err, "fork");
	}
	code = wg_client_adopt(ends[0], &client, err);
	*out = (struct wg_admin){ .client = client, .store = pid };
	if (code != WG_OK)
		wg_admin_close(out);
	return code;
}

void wg_admin_close(struct wg_admin *admin)
{
	int status;
	wg_client_freep(&admin->client);
	if (admin->store <= 0)
		return;
	(void)kill(admin->store, SIGTERM); /* it has nothing left to answer */
	while (waitpid(admin->store, &status, 0) < 0 && errno == EINTR)
		;
	admin->store = 0;
}
