/* Tests of sys/sandbox.h: for each kind, what must work and what must kill. Each deed is done in a process of its own,
 * which has confined itself as a role would. A row that expects death proves itself by the rows that expect life. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "scratch.h"
#include "sys/child.h"
#include "sys/sandbox.h"

#define PROBE WG_BINARY_DIR "/bin/sys_probe"

/* What is open before the process confines itself, as a role's listener and the store's socket are. */
static struct {
	int pipe[2];
	int listener; /* listens on loopback; one connection waits */
	int bound;    /* bound, does not listen */
	int fresh;    /* a TCP socket that is nothing yet */
	int connected;
	struct sockaddr_in to;
} world;

static const char *read_list[2], *write_list[2];
static const char *const execute_list[] = { WG_BINARY_DIR "/bin", NULL };

static bool world_make(void)
{
	socklen_t len = sizeof world.to;
	world.to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	world.listener = socket(AF_INET, SOCK_STREAM, 0);
	world.bound = socket(AF_INET, SOCK_STREAM, 0);
	world.fresh = socket(AF_INET, SOCK_STREAM, 0);
	world.connected = socket(AF_INET, SOCK_STREAM, 0);
	return pipe(world.pipe) == 0 && bind(world.listener, (struct sockaddr *)&world.to, len) == 0 &&
	       bind(world.bound, (struct sockaddr *)&world.to, len) == 0 && listen(world.listener, 5) == 0 &&
	       getsockname(world.listener, (struct sockaddr *)&world.to, &len) == 0 &&
	       connect(world.connected, (struct sockaddr *)&world.to, len) == 0;
}

/* ---- deeds: true when it worked; errno tells a refusal ---- */

static int compare_ints(const void *a, const void *b)
{
	int x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static bool compute(void)
{
	enum { COUNT = 3000000 };
	int *v = malloc(COUNT * sizeof *v);
	if (v == NULL)
		return false;
	for (int i = 0; i < COUNT; i++)
		v[i] = COUNT - 1 - i;
	qsort(v, COUNT, sizeof *v, compare_ints);
	bool sorted = v[0] == 0;
	v = realloc(v, 10);
	free(v);
	char c = 'x', d = 0;
	return sorted && write(world.pipe[1], &c, 1) == 1 && read(world.pipe[0], &d, 1) == 1 && d == 'x' && time(NULL) > 0;
}

static bool stdio_and_signals(void)
{
	FILE *f = fdopen(world.pipe[1], "w"); /* stdio asks for the kind of descriptor and its buffer size */
	(void)signal(SIGUSR1, SIG_IGN);       /* valid arguments */
	return f != NULL && fprintf(f, "%s\n", "text") == 5 && fflush(f) == 0 && isatty(world.pipe[1]) == 0 &&
	       raise(SIGUSR1) == 0;
}

static bool open_foreign(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool read_granted(void)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	return wg_file_read(scratch_path("read/f"), &b, NULL) == WG_OK;
}

static bool write_where_read(void)
{
	return open(scratch_path("read/new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool write_granted(void)
{
	const char *path = scratch_path("write/f"), *folder = scratch_path("write/sub");
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	return wg_file_write(path, "x", 1, 0600, NULL) == WG_OK && wg_file_read(path, &b, NULL) == WG_OK &&
	       wg_file_mkdir(folder, NULL) == WG_OK && rename(path, scratch_path("write/sub/g")) == 0 &&
	       wg_file_remove(scratch_path("write/sub/g"), NULL) == WG_OK && rmdir(folder) == 0;
}

/* What SQLite does to its files, locks included. */
static bool database_calls(void)
{
	WG_AUTO_CLOSE int fd = open(scratch_path("write/db"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char c = 'x';
	struct stat st;
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || pwrite(fd, &c, 1, 4095) != 1 || pread(fd, &c, 1, 0) != 1)
		return false;
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map != MAP_FAILED && munmap(map, 4096) == 0 && fdatasync(fd) == 0 && ftruncate(fd, 0) == 0 &&
	       fstat(fd, &st) == 0 && fchown(fd, geteuid(), getegid()) == 0 && access(scratch_path("write/db"), F_OK) == 0;
}

static bool watch_folder(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return fd >= 0 && inotify_add_watch(fd, scratch_path("write"), IN_MOVED_TO) >= 0;
}

static bool do_accept(void)
{
	return accept4(world.listener, NULL, NULL, SOCK_CLOEXEC) >= 0;
}

static bool do_listen(void)
{
	return listen(world.bound, 5) == 0;
}

static bool do_connect(void)
{
	return connect(world.fresh, (struct sockaddr *)&world.to, sizeof world.to) == 0;
}

static bool do_bind(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return bind(world.fresh, (struct sockaddr *)&any, sizeof any) == 0;
}

static bool talk(void)
{
	int on = 1;
	char c = 'x';
	return send(world.connected, &c, 1, MSG_NOSIGNAL) == 1 && recv(world.connected, &c, 1, MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN && setsockopt(world.connected, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 &&
	       shutdown(world.connected, SHUT_WR) == 0;
}

static bool tcp4(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0;
}

static bool raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static bool packet_socket(void)
{
	return socket(AF_PACKET, SOCK_DGRAM, 0) >= 0;
}

static bool unix_datagram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
}

static bool unix_stream(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool netlink_audit(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) >= 0;
}

static bool vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0;
}

static bool resolve(void)
{
	struct addrinfo *list = NULL;
	int r = getaddrinfo("localhost", "25", &(struct addrinfo){ .ai_socktype = SOCK_STREAM }, &list);
	if (list != NULL)
		freeaddrinfo(list);
	return r == 0;
}

static bool do_fork(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static void *thread_body(void *arg)
{
	return arg;
}

static bool thread(void)
{
	pthread_t t;
	return pthread_create(&t, NULL, thread_body, NULL) == 0 && pthread_join(t, NULL) == 0;
}

static bool namespaces(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0L);
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool do_exec(void)
{
	(void)execve("/usr/bin/true", (char *const[]){ "true", NULL }, (char *const[]){ NULL }); /* returns when refused */
	return false;
}

static bool run_reader(void)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	const struct wg_child spec = {
		.program = PROBE,
		.argv = (const char *const[]){ PROBE, "confined", "cat", NULL },
		.in = "in",
		.in_len = 2,
		.secret = "k",
		.secret_len = 1,
		.wall_ms = 30000,
		.cpu_s = 20,
		.memory = (uint64_t)1 << 30,
	};
	enum wg_code code = wg_child_run(&spec, &out, NULL);
	errno = EACCES; /* whatever stopped it stopped the child, not this process */
	return code == WG_OK && strcmp(wg_buf_text(&out), "in") == 0;
}

/* A program outside the list: the exec fails in the child. */
static bool run_other(void)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	const struct wg_child spec = {
		.program = "/usr/bin/true",
		.argv = (const char *const[]){ "true", NULL },
		.wall_ms = 30000,
		.cpu_s = 20,
		.memory = (uint64_t)1 << 30,
	};
	enum wg_code code = wg_child_run(&spec, &out, NULL);
	errno = EACCES; /* as above */
	return code == WG_OK;
}

static bool executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool made_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool signal_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool limit_parent(void)
{
	struct rlimit old;
	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &old) == 0;
}

static bool push_terminal(void)
{
	return ioctl(world.pipe[0], TIOCSTI, "x") == 0;
}

static bool set_owner(void)
{
	return fcntl(world.pipe[0], F_SETOWN, getppid()) == 0;
}

static bool be_dumpable_for_others(void)
{
	return prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY) == 0;
}

enum fate { LIVES, DIES, DENIED, FAILS };

/* One column for each kind, in the order of enum wg_sandbox_kind. */
struct deed {
	const char *name;
	bool (*run)(void);
	enum fate fate[12];
};

/* clang-format off */
static const struct deed deeds[] = {
	/*                                    reader  store   intake  process deliver monitor fetch hsm hsm-net shared team nest */
	{ "compute", compute,               { LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES } },
	{ "stdio, signals", stdio_and_signals, { LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES } },
	{ "open /etc/passwd", open_foreign, { DIES, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DIES } },
	{ "read granted", read_granted,     { DIES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES } },
	{ "write where read", write_where_read, { DIES, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DIES } },
	{ "write granted", write_granted,   { DIES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES, LIVES, LIVES, LIVES, LIVES, DIES } },
	{ "database", database_calls,       { DIES, LIVES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, LIVES, DIES, DIES } },
	{ "watch folder", watch_folder,     { DIES, DIES, LIVES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "accept", do_accept,              { DIES, LIVES, LIVES, DIES, DIES, LIVES, DIES, DIES, DIES, LIVES, DIES, DIES } },
	{ "listen", do_listen,              { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "connect", do_connect,            { DIES, DIES, DIES, DIES, LIVES, LIVES, LIVES, DIES, LIVES, LIVES, DENIED, DIES } },
	{ "bind TCP", do_bind,              { DIES, DIES, DIES, DIES, DENIED, DENIED, DENIED, DIES, DENIED, DENIED, DIES, DIES } },
	{ "talk", talk,                     { DIES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES } },
	{ "socket TCP", tcp4,               { DIES, DIES, DIES, DIES, LIVES, LIVES, LIVES, DENIED, LIVES, LIVES, DIES, DIES } },
	{ "socket raw", raw_socket,         { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DENIED, DIES, DIES, DIES, DIES } },
	{ "socket packet", packet_socket,   { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DENIED, DIES, DIES, DIES, DIES } },
	{ "socket Unix datagram", unix_datagram, { DIES, DIES, DENIED, DIES, DENIED, DIES, DENIED, DENIED, DENIED, DIES, DIES, DIES } },
	{ "socket Unix stream", unix_stream, { DIES, DIES, DIES, DIES, LIVES, LIVES, DENIED, DENIED, LIVES, LIVES, LIVES, DIES } },
	{ "socket audit", netlink_audit,    { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DENIED, DIES, DIES, DIES, DIES } },
	{ "socket vsock", vsock,            { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DENIED, DIES, DIES, DIES, DIES } },
	{ "resolve", resolve,               { DIES, DIES, DIES, DIES, LIVES, LIVES, LIVES, FAILS, LIVES, LIVES, DIES, DIES } },
	{ "fork", do_fork,                  { DIES, DIES, DIES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES, LIVES, DIES } },
	{ "thread", thread,                 { DIES, DIES, DIES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES, LIVES, DIES } },
	{ "namespaces", namespaces,         { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "exec", do_exec,                  { DIES, DIES, DIES, DENIED, DIES, DIES, DIES, DIES, DIES, DIES, DENIED, DIES } },
	{ "run a reader", run_reader,       { DIES, DIES, DIES, LIVES, DENIED, DENIED, DENIED, DENIED, DENIED, DIES, LIVES, DIES } },
	{ "run another", run_other,         { DIES, DIES, DIES, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DIES, DENIED, DIES } },
	{ "executable memory", executable_memory, { DIES, DIES, DIES, LIVES, LIVES, LIVES, LIVES, LIVES, LIVES, DIES, LIVES, DIES } },
	{ "made executable", made_executable, { DIES, DIES, DIES, LIVES, DIES, DIES, DIES, DIES, DIES, DIES, LIVES, DIES } },
	{ "signal parent", signal_parent,   { DIES, DIES, DIES, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DIES, DENIED, DIES } },
	{ "limit parent", limit_parent,     { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "TIOCSTI", push_terminal,         { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "F_SETOWN", set_owner,            { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
	{ "PR_SET_PTRACER", be_dumpable_for_others, { DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES, DIES } },
};
/* clang-format on */

/* Calls that no kind has any business with; they die before their arguments are looked at. */
static const struct {
	const char *name;
	long call;
} never[] = {
	{ "ptrace", SYS_ptrace },
	{ "process_vm_readv", SYS_process_vm_readv },
	{ "process_vm_writev", SYS_process_vm_writev },
	{ "mount", SYS_mount },
	{ "umount2", SYS_umount2 },
	{ "pivot_root", SYS_pivot_root },
	{ "chroot", SYS_chroot },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
	{ "bpf", SYS_bpf },
	{ "keyctl", SYS_keyctl },
	{ "add_key", SYS_add_key },
	{ "request_key", SYS_request_key },
	{ "perf_event_open", SYS_perf_event_open },
	{ "userfaultfd", SYS_userfaultfd },
	{ "io_uring_setup", SYS_io_uring_setup },
	{ "memfd_create", SYS_memfd_create },
	{ "memfd_secret", SYS_memfd_secret },
	{ "execveat", SYS_execveat },
	{ "open_by_handle_at", SYS_open_by_handle_at },
	{ "setuid", SYS_setuid },
	{ "setgid", SYS_setgid },
	{ "setgroups", SYS_setgroups },
	{ "setresuid", SYS_setresuid },
	{ "capset", SYS_capset },
	{ "symlink", SYS_symlink },
	{ "link", SYS_link },
	{ "mknod", SYS_mknod },
	{ "chmod", SYS_chmod },
	{ "chown", SYS_chown },
	{ "reboot", SYS_reboot },
	{ "init_module", SYS_init_module },
	{ "kexec_load", SYS_kexec_load },
	{ "settimeofday", SYS_settimeofday },
	{ "clock_settime", SYS_clock_settime },
	{ "sethostname", SYS_sethostname },
	{ "swapon", SYS_swapon },
	{ "acct", SYS_acct },
	{ "quotactl", SYS_quotactl },
	{ "syslog", SYS_syslog },
	{ "pidfd_getfd", SYS_pidfd_getfd },
	{ "kcmp", SYS_kcmp },
	{ "shmget", SYS_shmget },
	{ "msgget", SYS_msgget },
	{ "sched_setaffinity", SYS_sched_setaffinity },
	{ "setpriority", SYS_setpriority },
	{ "openat2", SYS_openat2 },
	{ "no such call", 9999 },
};

/* ---- the runs ---- */

enum { EXIT_WORKED = 10, EXIT_REFUSED, EXIT_DENIED, EXIT_UNCONFINED };

/* What a nest's copy is: a nest, and narrowed. */
#define NARROWED (WG_SANDBOX_NEST + 1)

static bool confine(enum wg_sandbox_kind kind, struct wg_err *err)
{
	const struct wg_sandbox nest = { .kind = WG_SANDBOX_NEST };
	struct wg_sandbox box = { .kind = kind };
	if ((int)kind == NARROWED)
		return wg_sandbox_harden(err) == WG_OK && wg_sandbox_enter(&nest, err) == WG_OK &&
		       wg_sandbox_narrow(err) == WG_OK;
	if (kind != WG_SANDBOX_READER && kind != WG_SANDBOX_NEST) {
		box.read = read_list;
		box.write = write_list;
		box.execute = kind == WG_SANDBOX_PROCESS || kind == WG_SANDBOX_TEAM ? execute_list : NULL;
	}
	return wg_sandbox_harden(err) == WG_OK && wg_sandbox_enter(&box, err) == WG_OK;
}

static int do_in_child(enum wg_sandbox_kind kind, bool (*run)(void), long call)
{
	struct wg_err err;
	pid_t pid = fork();
	if (pid == 0) {
		if (!world_make() || !confine(kind, &err))
			_exit(EXIT_UNCONFINED);
		errno = 0;
		bool worked = run != NULL ? run() : syscall(call, 0L, 0L, 0L, 0L, 0L, 0L) >= 0;
		_exit(worked ? EXIT_WORKED : errno == EACCES || errno == EPERM ? EXIT_DENIED : EXIT_REFUSED);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1U);
	return abi > 0 ? (int)abi : 0;
}

static bool fate_met(int status, enum fate fate)
{
	switch (fate) {
	case LIVES:
		return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_WORKED;
	case DIES:
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	case FAILS: /* a library does something about it */
		return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED;
	case DENIED: /* Landlock's part: an older kernel has less of it, and there the deed may work */
		return WIFEXITED(status) &&
		       (WEXITSTATUS(status) == EXIT_DENIED || (landlock_abi() < 6 && WEXITSTATUS(status) == EXIT_WORKED));
	}
	return false;
}

static void each_kind_may_what_its_row_says(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < WG_COUNT(deeds); i++) {
		for (int kind = WG_SANDBOX_READER; kind <= WG_SANDBOX_NEST; kind++) {
			int status = do_in_child((enum wg_sandbox_kind)kind, deeds[i].run, 0);
			if (!fate_met(status, deeds[i].fate[kind])) {
				print_error("%s, kind %d: wait status %#x\n", deeds[i].name, kind, (unsigned)status);
				wrong++;
			}
		}
	}
	assert_int_equal(wrong, 0);
}

static void some_calls_are_for_nobody(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < WG_COUNT(never); i++) {
		for (int kind = WG_SANDBOX_READER; kind <= WG_SANDBOX_NEST; kind++) {
			int status = do_in_child((enum wg_sandbox_kind)kind, NULL, never[i].call);
			if (!fate_met(status, DIES)) {
				print_error("%s, kind %d: wait status %#x\n", never[i].name, kind, (unsigned)status);
				wrong++;
			}
		}
	}
	assert_int_equal(wrong, 0);
}

/* What a nest does and a reader may not: the order and its answer, the copy, the tie to who asked, a filter more. */
static bool hear(void)
{
	return recvmsg(3, &(struct msghdr){ 0 }, MSG_DONTWAIT) >= 0;
}

static bool answer(void)
{
	return send(3, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

static bool copy_itself(void)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0L, 0L, 0L, 0L);
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool be_tied(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

static bool one_filter_more(void)
{
	struct sock_filter all[] = { { .code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW } };
	const struct sock_fprog program = { .len = 1, .filter = all };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static bool signal_sibling(void)
{
	return syscall(SYS_tgkill, (long)getppid(), (long)getppid(), 0L) == 0;
}

/* The copy of a nest has a reader's fate in all, and what it could do as a nest it cannot any more. */
static void narrowed_is_a_reader(void **state)
{
	(void)state;
	static const struct {
		bool (*run)(void);
		enum fate nest;
	} own[] = { { hear, FAILS },    { answer, FAILS },          { copy_itself, LIVES },
		        { be_tied, LIVES }, { one_filter_more, LIVES }, { signal_sibling, DENIED } };
	int wrong = 0;
	for (size_t i = 0; i < WG_COUNT(deeds) + WG_COUNT(never); i++) {
		bool deed = i < WG_COUNT(deeds);
		size_t k = deed ? i : i - WG_COUNT(deeds);
		int status = do_in_child(NARROWED, deed ? deeds[k].run : NULL, deed ? 0 : never[k].call);
		if (!fate_met(status, deed ? deeds[k].fate[WG_SANDBOX_READER] : DIES)) {
			print_error("%s: wait status %#x\n", deed ? deeds[k].name : never[k].name, (unsigned)status);
			wrong++;
		}
	}
	for (size_t i = 0; i < WG_COUNT(own); i++) {
		int as_nest = do_in_child(WG_SANDBOX_NEST, own[i].run, 0), narrowed = do_in_child(NARROWED, own[i].run, 0);
		if (!fate_met(as_nest, own[i].nest) || !fate_met(narrowed, DIES)) {
			print_error("own %zu: wait status %#x, %#x\n", i, (unsigned)as_nest, (unsigned)narrowed);
			wrong++;
		}
	}
	while (waitpid(-1, NULL, 0) > 0) /* the copies are ours */
		continue;
	assert_int_equal(wrong, 0);
}

#if defined(__x86_64__)
/* getpid by the 32-bit gate, whose numbers mean other calls: allowed by neither name. */
static bool old_gate(void)
{
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory");
	return r > 0;
}

static void foreign_architecture_dies(void **state)
{
	(void)state;
	for (int kind = WG_SANDBOX_READER; kind <= WG_SANDBOX_NEST; kind++) {
		int status = do_in_child((enum wg_sandbox_kind)kind, old_gate, 0);
		/* a kernel without that gate ends the process too, by another signal */
		assert_true(WIFSIGNALED(status));
	}
}
#endif

static bool do_abort(void)
{
	abort();
}

static void abort_is_abort(void **state)
{
	(void)state;
	for (int kind = WG_SANDBOX_READER; kind <= NARROWED; kind++) {
		int status = do_in_child((enum wg_sandbox_kind)kind, do_abort, 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

static bool is_hardened(void)
{
	struct rlimit core;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 && umask(0) == 077;
}

static void hardened(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(wg_sandbox_harden(NULL) == WG_OK && is_hardened() ? EXIT_WORKED : EXIT_REFUSED);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_WORKED);
}

/* A path that is named and absent is an error before anything is confined; missing Landlock is said in words. */
static void what_enter_reports(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct wg_err err;
		int abi = landlock_abi(); /* cannot be asked once confined */
		const struct wg_sandbox wrong = { .kind = WG_SANDBOX_STORE,
			                              .read = (const char *const[]){ "/no/such/path", NULL } };
		enum wg_code code = wg_sandbox_enter(&wrong, &err);
		if (abi > 0 && (code != WG_NOT_FOUND || strstr(err.text, "/no/such/path") == NULL))
			_exit(1);
		if (!confine(WG_SANDBOX_DELIVER, &err))
			_exit(2);
		_exit((err.text[0] == '\0') == (abi > 0) ? EXIT_WORKED : 3);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_WORKED);
}

static int begin(void **state)
{
	(void)state;
	if (!scratch_make() || mkdir(scratch_path("read"), 0700) != 0 || mkdir(scratch_path("write"), 0700) != 0 ||
	    wg_file_write(scratch_path("read/f"), "x", 1, 0600, NULL) != WG_OK)
		return -1;
	read_list[0] = strdup(scratch_path("read"));
	write_list[0] = strdup(scratch_path("write"));
	return read_list[0] != NULL && write_list[0] != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free((void *)(uintptr_t)read_list[0]);
	free((void *)(uintptr_t)write_list[0]);
	return scratch_remove() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_may_what_its_row_says),
		cmocka_unit_test(some_calls_are_for_nobody),
		cmocka_unit_test(narrowed_is_a_reader),
#if defined(__x86_64__)
		cmocka_unit_test(foreign_architecture_dies),
#endif
		cmocka_unit_test(abort_is_abort),
		cmocka_unit_test(hardened),
		cmocka_unit_test(what_enter_reports),
	};
	print_message("Landlock ABI of this kernel: %d\n", landlock_abi());
	return cmocka_run_group_tests(tests, begin, end);
}
