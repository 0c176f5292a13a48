/* mailbox_keeper.c owns the processes that poll a mailbox: a keeper that lives as long as intake, a poller for each
 * poll. It may connect outward, look up names and start pollers; it reads the anchors and the secret, and nothing else.
 * Both confine themselves before the first outside byte, and die with intake. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/hsm.h"
#include "role/mailbox_internal.h"
#include "role/trust.h"
#include "sys/sandbox.h"

/* Where the socket to intake is, behind the standard descriptors. */
#define SOCKET_FD 3
/* A poll of 512 mails takes seconds; of large ones over a slow line, minutes. */
#define POLL_MS (15 * 60 * 1000)
/* The longest pause after polls that failed, unless the configured one is longer. */
#define BACK_OFF_MS (10 * 60 * 1000)
/* Before the next of several polls of a full mailbox: a server that never has enough must not keep us busy. */
#define MORE_MS 200
/* One mail twice, libcurl's buffers and OpenSSL's. */
#define MEMORY ((rlim_t)512 * 1024 * 1024)
#define CPU_S 300

struct keeper {
	const struct wg_mailbox_box *box;
	const struct wg_config *config;
	struct wg_mailbox_shared *shared;
	int64_t pause_ms, took_ms; /* took: the poll that ended last */
};

/* ---- the poller */

static struct wg_imap_box box_of(const struct wg_imap *b)
{
	return (struct wg_imap_box){
		.host = b->host,
		.port = b->port,
		.implicit = b->tls == WG_CONFIG_IMPLICIT,
		.ca = b->ca,
		.user = b->user,
		.secret = b->secret,
		.xoauth2 = b->auth == WG_AUTH_XOAUTH2,
		.folder = b->folder,
	};
}

static _Noreturn void poll_once(const struct keeper *k, pid_t keeper)
{
	struct wg_mailbox_poller poller = { .fd = SOCKET_FD, .shared = k->shared };
	const struct wg_imap_sink sink = { .arg = &poller, .give = wg_mailbox_give, .settle = wg_mailbox_settle };
	const struct rlimit cpu = { .rlim_cur = CPU_S, .rlim_max = CPU_S };
	const struct rlimit memory = { .rlim_cur = MEMORY, .rlim_max = MEMORY };
	struct wg_err err = { 0 };
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != keeper || setrlimit(RLIMIT_CPU, &cpu) != 0 ||
	    (!WG_ASAN && setrlimit(RLIMIT_AS, &memory) != 0))
		_exit(1);
	k->shared->code = wg_mailbox_time(&poller, &err);
	if (k->shared->code == WG_OK && k->box->imap != NULL) {
		struct wg_imap_box box = box_of(k->box->imap);
		struct wg_peer_watch watch;
		wg_peer_watch(&watch, k->config, NULL, WG_PEER_IMAP, box.host);
		watch.peer.told = wg_mailbox_met; /* this process changes no file */
		watch.peer.arg = &poller;
		box.peer = &watch.peer;
		k->shared->code = wg_imap_poll(&box, &sink, &k->shared->progress, &err);
	} else if (k->shared->code == WG_OK) {
		k->shared->code = wg_mailbox_poll_mesh(k->config, &poller, &err);
	}
	(void)snprintf(k->shared->words, sizeof k->shared->words, "%.399s", err.text); /* cut is acceptable in words */
	k->shared->over = true;
	_exit(0);
}

/* ---- the keeper */

/* Waits for ms, or for the poller's end when pidfd is one; false when intake is gone. */
static bool wait_for(int pidfd, int64_t ms)
{
	int64_t until = wg_clock_monotonic() + ms, left;
	while ((left = until - wg_clock_monotonic()) > 0) {
		/* what comes in on the socket is for the poller: only its end concerns us */
		struct pollfd fds[] = { { .fd = SOCKET_FD }, { .fd = pidfd, .events = POLLIN } };
		if (poll(fds, WG_COUNT(fds), (int)left) < 0 && errno != EINTR)
			return false;
		if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return false;
		if (fds[1].revents != 0)
			return true;
	}
	return true;
}

/* Runs one poll; what became of it is in shared. False when intake is gone. */
static bool run_poll(struct keeper *k)
{
	pid_t keeper = getpid();
	int status = 0;
	int64_t start = wg_clock_monotonic();
	k->shared->over = false;
	pid_t pid = fork();
	if (pid == 0)
		poll_once(k, keeper);
	if (pid < 0) {
		k->shared->code = WG_SYSTEM;
		(void)snprintf(k->shared->words, sizeof k->shared->words, "no process for a poll: %s", strerror(errno));
		return true;
	}
	WG_AUTO_CLOSE int pidfd = pidfd_open(pid, 0);
	bool there = pidfd >= 0 && wait_for(pidfd, POLL_MS);
	(void)kill(pid, SIGKILL); /* it is ours and not reaped: it is there, or a zombie */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	k->took_ms = wg_clock_monotonic() - start;
	if (k->shared->over)
		return there;
	k->shared->code = WG_LIMIT;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		(void)snprintf(k->shared->words, sizeof k->shared->words,
		               "%s: the poll was killed, or took longer than %d minutes", k->box->host, POLL_MS / 60000);
	else
		(void)snprintf(k->shared->words, sizeof k->shared->words, "%s: the polling process ended by itself (%s %d)",
		               k->box->host, WIFSIGNALED(status) ? "signal" : "exit",
		               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return there;
}

/* Says how it went, and how long to wait now. */
static bool say_over(struct keeper *k)
{
	struct wg_mailbox_packet packet = { .what = WG_MAILBOX_OVER,
		                                .code = k->shared->code,
		                                .size = k->shared->progress.kept,
		                                .serial = (uint32_t)(k->took_ms / 1000) };
	struct wg_err err;
	int64_t usual = (int64_t)k->box->poll_s * 1000, most = usual > BACK_OFF_MS ? usual : BACK_OFF_MS;
	/* a poller that was taken over may have written anything there */
	if ((unsigned)k->shared->code > WG_DENIED)
		k->shared->code = packet.code = WG_CORRUPT;
	if (k->shared->code != WG_OK)
		(void)snprintf(packet.words, sizeof packet.words, "%.*s", (int)sizeof k->shared->words - 1, k->shared->words);
	if (k->shared->code == WG_OK)
		k->pause_ms = k->shared->progress.more && k->shared->progress.kept > 0 ? MORE_MS : usual;
	else
		/* what came forward is tried again soon */
		k->pause_ms = k->pause_ms < usual || k->shared->progress.kept > 0 ? usual
		              : k->pause_ms < most / 2                            ? 2 * k->pause_ms
		                                                                  : most;
	return wg_mailbox_send(SOCKET_FD, &packet, &err) == WG_OK;
}

/* The PKCS#11 module is loaded while files can still be opened; pollers find it there. When it cannot be, each poll
 * says so, and the other ways in go on. */
static void wake_hsm(const struct wg_mailbox_box *box)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	struct wg_err ignored;
	if (box->imap == NULL && wg_hsm_named(box->mesh->mesh.tls.key) &&
	    wg_key_load(box->mesh->mesh.tls.key, &key, &ignored) != WG_OK)
		return;
}

static enum wg_code confine(const struct wg_config *config, const struct wg_mailbox_box *box, struct wg_err *err)
{
	char folders[WG_MAILBOX_FILES][WG_PATH_TEXT];
	const char *files[WG_MAILBOX_FILES];
	char trust[WG_PATH_TEXT];
	const char *read[WG_MAILBOX_FILES + 3] = { box->imap != NULL ? box->imap->ca : config->mesh.ca };
	unsigned count = wg_mailbox_files(box, files), n = 1;
	for (unsigned i = 0; i < count; i++) {
		wg_mailbox_secret_folder(config, box, files[i], folders[i]);
		read[n++] = folders[i][0] != '\0' ? folders[i] : files[i];
	}
	/* intake has made it (wg_peers_prepare) */
	if (wg_trust_folder(config, trust, err) == WG_OK && access(trust, R_OK) == 0)
		read[n++] = trust;
	bool hsm = box->imap == NULL && wg_hsm_named(config->mesh.tls.key) && config->hsm.folder[0] != '\0';
	const char *const write[] = { hsm ? config->hsm.folder : NULL, NULL };
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_FETCH, .read = read, .write = write };
	return wg_sandbox_enter(&sandbox, err);
}

static _Noreturn void keep(const struct wg_config *config, const struct wg_mailbox_box *box, int fd, pid_t intake)
{
	struct keeper k = { .box = box, .config = config };
	struct wg_err err = { 0 };
	k.shared = mmap(NULL, sizeof *k.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != intake || k.shared == MAP_FAILED ||
	    dup2(fd, SOCKET_FD) != SOCKET_FD || close_range(SOCKET_FD + 1, ~0u, 0) != 0)
		_exit(1);
	(void)signal(SIGTERM, SIG_IGN); /* cannot fail; it ends with intake, not before */
	(void)signal(SIGINT, SIG_IGN);
	wake_hsm(box);
	/* a file that is not there yet: nothing is polled until it is, and the other ways in go on */
	while (confine(config, box, &err) != WG_OK) {
		k.shared->code = WG_CONFIG;
		(void)snprintf(k.shared->words, sizeof k.shared->words, "%.399s", err.text); /* cut is acceptable in words */
		if (!say_over(&k) || !wait_for(-1, k.pause_ms))
			_exit(0);
	}
	while (run_poll(&k) && say_over(&k) && wait_for(-1, k.pause_ms))
		;
	_exit(0);
}

enum wg_code wg_mailbox_start(const struct wg_config *config, const struct wg_mailbox_box *box, int *fd,
                              struct wg_err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return wg_err_errno(err, "socket for a mailbox");
	pid_t intake = getpid(), pid = fork();
	if (pid == 0)
		keep(config, box, ends[1], intake);
	wg_closep(&ends[1]);
	if (pid < 0) {
		enum wg_code code = wg_err_errno(err, "process for a mailbox");
		wg_closep(&ends[0]);
		return code;
	}
	*fd = ends[0];
	return WG_OK;
}
