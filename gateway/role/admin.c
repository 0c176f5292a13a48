/* admin.c owns the operator's connection to the store. */
#include "role/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "role/role.h"
#include "store/server.h"
#include "sys/sandbox.h"

/* A store that is just starting, or just ending, is locked and serves nobody: it is waited for, ten seconds in all. */
#define OPEN_TRIES 50
/* A store that hangs is not waited for. */
#define TIME_WAIT_S 2
#define OPEN_PAUSE_MS 200

/* The driver's file (sqlite_db.c); another driver has another one. */
#define WG_STORE_DATABASE "store.db"

/* Whoever owns the store's folder owns all in it: run by root, this process becomes that user, so that it leaves
 * nothing behind that the gateway could not open afterwards. */
static enum wg_code become_owner(const char *folder, struct wg_err *err)
{
	struct stat st;
	if (stat(folder, &st) != 0)
		return wg_err_errno(err, "%s", folder);
	if (geteuid() != 0 || st.st_uid == 0)
		return WG_OK;
	if (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0)
		return wg_err_errno(err, "becoming the owner of %s", folder);
	return WG_OK;
}

/* The code as one byte, then the words; cut, the parent says less. */
static void tell_parent(int say, enum wg_code code, const struct wg_err *err)
{
	char words[1 + WG_ERR_TEXT_MAX];
	words[0] = (char)code;
	size_t n = strlen(err->text);
	memcpy(words + 1, err->text, n);
	(void)!write(say, words, n + 1);
}

/* In the child: a store process for one peer; ends when the peer does. Says on `say` why it could not start; closes it
 * when it could. */
static void serve_one(const struct wg_config *config, int fd, int say, pid_t parent)
{
	struct wg_server *server = NULL;
	const char *const folder[] = { config->state, NULL };
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_STORE, .write = folder };
	struct wg_err err = { 0 };
	wg_role_signals();
	struct wg_store_place place;
	wg_config_place(config, &place);
	enum wg_code code = become_owner(config->state, &err);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* whose peer was killed must not keep the store locked; cannot fail */
	if (getppid() != parent)
		_exit(1);
	if (code == WG_OK)
		code = wg_sandbox_harden(&err);
	if (code == WG_OK)
		code = wg_server_open_at(&place, &server, &err);
	if (code == WG_OK)
		code = wg_server_attach(server, fd, WG_ROLE_ADMIN, &err);
	if (code == WG_OK)
		code = wg_sandbox_enter(&sandbox, &err);
	if (code != WG_OK)
		tell_parent(say, code, &err);
	wg_closep(&say);
	if (code == WG_OK)
		code = wg_server_run(server, &wg_role_stop, &err);
	wg_server_freep(&server);
	_exit(code == WG_OK ? 0 : 1);
}

/* Forks the store process; *fd is our end of its socket. *locked: another process has the store, and does not serve yet
 * or no longer. */
static enum wg_code start_store(const struct wg_config *config, pid_t *store, int *fd, bool *locked, struct wg_err *err)
{
	int ends[2], said[2];
	char said_words[1 + WG_ERR_TEXT_MAX] = "";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return wg_err_errno(err, "socket pair");
	if (pipe2(said, O_CLOEXEC) != 0) {
		enum wg_code code = wg_err_errno(err, "pipe");
		wg_closep(&ends[0]);
		wg_closep(&ends[1]);
		return code;
	}
	*fd = ends[0];
	pid_t parent = getpid();
	*store = fork();
	if (*store == 0) {
		wg_closep(&ends[0]);
		wg_closep(&said[0]);
		serve_one(config, ends[1], said[1], parent);
	}
	wg_closep(&ends[1]);
	wg_closep(&said[1]);
	ssize_t n = 0;
	while (*store > 0 && (n = read(said[0], said_words, sizeof said_words - 1)) < 0 && errno == EINTR)
		;
	wg_closep(&said[0]);
	if (*store < 0)
		return wg_err_errno(err, "fork");
	if (n <= 0)
		return WG_OK;
	*locked = said_words[0] == (char)WG_AGAIN;
	return wg_err_set(err, WG_AGAIN, "the gateway does not run, and its store cannot be opened: %s", said_words + 1);
}

/* There is a store to open: looking must not make one, which would then be the looker's. */
static enum wg_code find_store(const struct wg_config *config, struct wg_err *err)
{
	char database[WG_PATH_TEXT];
	if (config->store.database[0] != '\0')
		return WG_OK; /* that is asked when it is opened */
	enum wg_code code = wg_path_join(config->state, WG_STORE_DATABASE, database, err);
	if (code != WG_OK || access(database, R_OK | W_OK) == 0)
		return code;
	if (errno == ENOENT)
		return wg_err_set(err, WG_AGAIN,
		                  "the gateway does not run and has no store in %s yet: start it with wardgate serve",
		                  config->state);
	if (errno == EACCES || errno == EPERM)
		return wg_err_set(err, WG_DENIED, "you may not open the store in %s: be the user of the gateway, or root",
		                  config->state);
	return wg_err_errno(err, "the store in %s cannot be opened", config->state);
}

/* One try: the gateway's own store process, or one for us alone. */
static enum wg_code try_open(const struct wg_config *config, struct wg_admin *out, bool *locked, struct wg_err *err)
{
	struct wg_client *client = NULL;
	int fd = -1;
	*out = (struct wg_admin){ 0 };
	*locked = false;
	enum wg_code code = wg_client_open(config->state, WG_ROLE_ADMIN, &client, err);
	if (code == WG_OK) {
		out->client = client;
		return WG_OK;
	}
	if (code != WG_AGAIN && code != WG_NOT_FOUND)
		return code;
	code = find_store(config, err);
	if (code == WG_OK)
		code = start_store(config, &out->store, &fd, locked, err);
	if (code == WG_OK)
		code = wg_client_adopt(fd, &out->client, err);
	else
		wg_closep(&fd);
	if (code != WG_OK)
		wg_admin_close(out);
	return code;
}

enum wg_code wg_admin_open(const struct wg_config *config, struct wg_admin *out, struct wg_err *err)
{
	const struct timespec pause = { .tv_nsec = (long)OPEN_PAUSE_MS * 1000 * 1000 };
	bool locked = true;
	enum wg_code code = WG_AGAIN;
	for (unsigned i = 0; i < OPEN_TRIES && locked; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL); /* woken early, it is tried early */
		code = try_open(config, out, &locked, err);
	}
	if (code == WG_OK)
		code = wg_client_time(out->client, err); /* before anything is judged by the machine's clock */
	if (code != WG_OK)
		wg_admin_close(out);
	return code;
}

void wg_admin_time(const struct wg_config *config)
{
	const struct timeval wait = { .tv_sec = TIME_WAIT_S };
	WG_CLEANUP(wg_client_freep) struct wg_client *client = NULL;
	struct wg_err ignored = { 0 };
	if (wg_client_open(config->state, WG_ROLE_ADMIN, &client, &ignored) == WG_OK &&
	    setsockopt(wg_client_fd(client), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	    wg_client_time(client, &ignored) != WG_OK)
		return; /* as the header says */
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
