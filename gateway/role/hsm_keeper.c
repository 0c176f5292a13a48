/* hsm_keeper.c: the process that holds the HSM. It talks to the process role only, over one socket, and to the HSM; it
 * sees encrypted keys, hashes and content keys, and no message.
 * SECURITY: the module is code of its maker, and may need sockets: so it runs here, where there is nothing to take away
 * but what it holds itself, and is confined before it is loaded, for it may start threads. */
#include "role/hsm_keeper.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypto/hsm.h"
#include "role/role.h"
#include "sys/sandbox.h"

#define SOCKET_FD 3

bool wg_hsm_keeper_needed(const struct wg_config *c)
{
	bool any = wg_hsm_named(c->storage.key);
	for (unsigned i = 0; i < c->smime_count; i++)
		any = any || wg_hsm_named(c->smimes[i].key);
	return any && c->hsm.module[0] != '\0';
}

static enum wg_code confine(const struct wg_config *c, struct wg_err *err)
{
	const char *const read[] = { c->hsm.module, c->hsm.pin,
		                         c->hsm.configuration[0] != '\0' ? c->hsm.configuration : NULL, NULL };
	const char *const write[] = { c->hsm.folder[0] != '\0' ? c->hsm.folder : NULL, NULL };
	const struct wg_sandbox sandbox = { .kind = c->hsm.network ? WG_SANDBOX_HSM_NET : WG_SANDBOX_HSM,
		                                .read = read,
		                                .write = write };
	return wg_role_confine(&sandbox, err);
}

static _Noreturn void keep(const struct wg_config *config, int fd, pid_t parent)
{
	static const struct wg_hsm_line line = { .to = SOCKET_FD, .from = SOCKET_FD };
	struct wg_err err = { 0 };
	wg_log_role("hsm");
	(void)signal(SIGTERM, SIG_IGN); /* it ends with its role, not before; cannot fail */
	(void)signal(SIGINT, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || dup2(fd, SOCKET_FD) != SOCKET_FD ||
	    close_range(SOCKET_FD + 1, ~0u, 0) != 0)
		_exit(1);
	if (confine(config, &err) != WG_OK) {
		wg_log_err(WG_LOG_ERROR, "cannot-start", &err, NULL);
		_exit(1);
	}
	wg_hsm_serve(&line, config->hsm.network ? ""
	                                        : "; a module that reaches its HSM through sockets needs "
	                                          "<hsm network=\"true\"/>");
	_exit(0);
}

enum wg_code wg_hsm_keeper_start(const struct wg_config *config, struct wg_err *err)
{
	static struct wg_hsm_line line; /* lives as long as the keys that ask over it */
	int ends[2];
	if (!wg_hsm_keeper_needed(config))
		return WG_OK;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return wg_err_errno(err, "socket for the HSM");
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		keep(config, ends[1], parent);
	wg_closep(&ends[1]);
	if (pid < 0) {
		enum wg_code code = wg_err_errno(err, "process for the HSM");
		wg_closep(&ends[0]);
		return code;
	}
	line = (struct wg_hsm_line){ .to = ends[0], .from = ends[0] };
	wg_hsm_ask_over(&line);
	return WG_OK;
}
