/* sandbox_filter.c owns the lists of allowed system calls. What is on no list kills the process, loudly (SIGSYS), so
 * that a list that is too short shows in the first test and not as a strange errno in the field.
 * SECURITY: a line added here widens what an attacker inside that process can do: name the library that needs it. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/sandbox_internal.h"

#define NEST WG_SANDBOX_BIT(WG_SANDBOX_NEST)
#define READER (WG_SANDBOX_BIT(WG_SANDBOX_READER) | NEST)
#define SHARED WG_SANDBOX_BIT(WG_SANDBOX_SHARED)
#define STORE (WG_SANDBOX_BIT(WG_SANDBOX_STORE) | SHARED)
#define INTAKE WG_SANDBOX_BIT(WG_SANDBOX_INTAKE)
#define TEAM WG_SANDBOX_BIT(WG_SANDBOX_TEAM)
#define PROCESS (WG_SANDBOX_BIT(WG_SANDBOX_PROCESS) | TEAM)
#define DELIVER WG_SANDBOX_BIT(WG_SANDBOX_DELIVER)
#define MONITOR WG_SANDBOX_BIT(WG_SANDBOX_MONITOR)
#define FETCH WG_SANDBOX_BIT(WG_SANDBOX_FETCH)
#define HSM_LOCAL WG_SANDBOX_BIT(WG_SANDBOX_HSM)
#define HSM_NET WG_SANDBOX_BIT(WG_SANDBOX_HSM_NET)
#define HSM (HSM_LOCAL | HSM_NET)
/* Those that change files. */
#define WRITING (STORE | INTAKE | PROCESS | DELIVER | MONITOR | HSM)
#define ROLES (WRITING | FETCH)
#define ALL (READER | ROLES)
/* Those that start other processes or threads. */
#define FORKING (PROCESS | DELIVER | MONITOR | FETCH | HSM)
/* Those that connect to other machines. */
#define OUTWARD (DELIVER | MONITOR | FETCH | HSM_NET | SHARED)

/* New namespaces, and nothing else, are kept out of clone: threads (the resolver of libcurl) and forks look the same
 * otherwise. */
#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
/* SOCK_NONBLOCK and SOCK_CLOEXEC ride in the same argument as the type. */
#define SOCKET_TYPE_MASK 0xf

struct plain_rule {
	unsigned kinds;
	int call;
};

static const struct plain_rule plain_rules[] = {
	/* bytes on open descriptors */
	{ ALL, SCMP_SYS(read) },
	{ ALL, SCMP_SYS(write) },
	{ ALL, SCMP_SYS(readv) },
	{ ALL, SCMP_SYS(writev) },
	{ ALL, SCMP_SYS(close) },
	{ ALL, SCMP_SYS(lseek) },
	{ ALL, SCMP_SYS(fstat) },
	{ ALL, SCMP_SYS(poll) },
	{ ALL, SCMP_SYS(ppoll) },
	/* memory and the end; sysinfo is asked by qsort, sched_getaffinity by allocators that count processors */
	{ ALL, SCMP_SYS(munmap) },
	{ ALL, SCMP_SYS(mremap) },
	{ ALL, SCMP_SYS(madvise) },
	{ ALL, SCMP_SYS(brk) },
	{ ALL, SCMP_SYS(futex) },
	{ ALL, SCMP_SYS(sysinfo) },
	{ ALL, SCMP_SYS(sched_getaffinity) },
	{ ALL, SCMP_SYS(sched_yield) },
	{ ALL, SCMP_SYS(getrandom) },
	{ ALL, SCMP_SYS(exit) },
	{ ALL, SCMP_SYS(exit_group) },
	{ ALL, SCMP_SYS(restart_syscall) },
	/* clocks: the vDSO calls the kernel when the machine's clock source needs it */
	{ ALL, SCMP_SYS(clock_gettime) },
	{ ALL, SCMP_SYS(clock_getres) },
	{ ALL, SCMP_SYS(gettimeofday) },
	{ ALL, SCMP_SYS(time) },
	{ ALL, SCMP_SYS(times) },
	{ ALL, SCMP_SYS(clock_nanosleep) },
	{ ALL, SCMP_SYS(nanosleep) },
	{ ALL, SCMP_SYS(getrusage) },
	/* own signals; sigaltstack is the sanitizers' too */
	{ ALL, SCMP_SYS(rt_sigaction) },
	{ ALL, SCMP_SYS(rt_sigprocmask) },
	{ ALL, SCMP_SYS(rt_sigreturn) },
	{ ALL, SCMP_SYS(sigaltstack) },
	/* who am I */
	{ ALL, SCMP_SYS(getpid) },
	{ ALL, SCMP_SYS(getppid) },
	{ ALL, SCMP_SYS(gettid) },
	{ ALL, SCMP_SYS(getuid) },
	{ ALL, SCMP_SYS(geteuid) },
	{ ALL, SCMP_SYS(getgid) },
	{ ALL, SCMP_SYS(getegid) },
	{ ALL, SCMP_SYS(uname) },
	{ ROLES, SCMP_SYS(rt_sigpending) },
	{ ROLES, SCMP_SYS(rt_sigtimedwait) },
	{ ROLES, SCMP_SYS(rt_sigsuspend) },
	{ ROLES, SCMP_SYS(signalfd4) },
	/* waiting (libevent, libcurl) */
	{ ROLES, SCMP_SYS(epoll_create1) },
	{ ROLES, SCMP_SYS(epoll_ctl) },
	{ ROLES, SCMP_SYS(epoll_wait) },
	{ ROLES, SCMP_SYS(epoll_pwait) },
	{ ROLES, SCMP_SYS(epoll_pwait2) },
	{ ROLES, SCMP_SYS(select) },
	{ ROLES, SCMP_SYS(pselect6) },
	{ ROLES, SCMP_SYS(eventfd2) },
	{ ROLES, SCMP_SYS(timerfd_create) },
	{ ROLES, SCMP_SYS(timerfd_settime) },
	{ ROLES, SCMP_SYS(pipe) },
	{ ROLES, SCMP_SYS(pipe2) },
	{ ROLES, SCMP_SYS(dup) },
	{ ROLES, SCMP_SYS(dup2) },
	{ ROLES, SCMP_SYS(dup3) },
	/* files: which ones is Landlock's matter */
	{ ROLES, SCMP_SYS(open) },
	{ ROLES, SCMP_SYS(openat) },
	{ ROLES, SCMP_SYS(stat) },
	{ ROLES, SCMP_SYS(lstat) },
	{ ROLES, SCMP_SYS(newfstatat) },
	{ ROLES, SCMP_SYS(statx) },
	{ ROLES, SCMP_SYS(access) },
	{ ROLES, SCMP_SYS(faccessat) },
	{ ROLES, SCMP_SYS(faccessat2) },
	{ ROLES, SCMP_SYS(readlink) },
	{ ROLES, SCMP_SYS(readlinkat) },
	{ ROLES, SCMP_SYS(getcwd) },
	{ ROLES, SCMP_SYS(getdents64) },
	{ ROLES, SCMP_SYS(statfs) },
	{ ROLES, SCMP_SYS(fstatfs) },
	{ ROLES, SCMP_SYS(pread64) },
	{ WRITING, SCMP_SYS(pwrite64) },
	{ ROLES, SCMP_SYS(fadvise64) },
	{ WRITING, SCMP_SYS(fsync) },
	{ WRITING, SCMP_SYS(fdatasync) },
	{ WRITING, SCMP_SYS(ftruncate) },
	{ WRITING, SCMP_SYS(fallocate) },
	{ WRITING, SCMP_SYS(rename) },
	{ WRITING, SCMP_SYS(renameat) },
	{ WRITING, SCMP_SYS(renameat2) },
	{ WRITING, SCMP_SYS(unlink) },
	{ WRITING, SCMP_SYS(unlinkat) },
	{ WRITING, SCMP_SYS(mkdir) },
	{ WRITING, SCMP_SYS(mkdirat) },
	{ WRITING, SCMP_SYS(rmdir) },
	{ WRITING, SCMP_SYS(fchmod) },
	{ WRITING, SCMP_SYS(flock) },
	{ WRITING, SCMP_SYS(umask) },
	{ STORE, SCMP_SYS(fchown) }, /* SQLite gives its log the owner of the database when it runs as root */
	{ INTAKE, SCMP_SYS(inotify_init1) },
	{ INTAKE, SCMP_SYS(inotify_add_watch) },
	{ INTAKE, SCMP_SYS(inotify_rm_watch) },
	/* sockets that are open already */
	{ ROLES, SCMP_SYS(sendto) },
	{ ROLES, SCMP_SYS(sendmsg) },
	{ ROLES, SCMP_SYS(recvfrom) },
	{ ROLES, SCMP_SYS(recvmsg) },
	{ ROLES, SCMP_SYS(shutdown) },
	{ ROLES, SCMP_SYS(getsockopt) },
	{ ROLES, SCMP_SYS(setsockopt) },
	{ ROLES, SCMP_SYS(getsockname) },
	{ ROLES, SCMP_SYS(getpeername) },
	{ STORE | INTAKE | MONITOR, SCMP_SYS(accept) },
	{ STORE | INTAKE | MONITOR, SCMP_SYS(accept4) },
	/* outward; bind is for the resolver's netlink socket, and Landlock forbids it for TCP */
	{ OUTWARD | TEAM, SCMP_SYS(connect) },
	{ OUTWARD, SCMP_SYS(bind) },
	{ OUTWARD, SCMP_SYS(sendmmsg) },
	{ OUTWARD, SCMP_SYS(recvmmsg) },
	/* starting, limiting and ending what they start */
	{ FORKING, SCMP_SYS(wait4) },
	{ FORKING, SCMP_SYS(waitid) },
	{ FORKING, SCMP_SYS(kill) },
	{ FORKING, SCMP_SYS(tgkill) },
	{ FORKING, SCMP_SYS(setpgid) },
	{ FORKING, SCMP_SYS(setsid) },
	{ FORKING, SCMP_SYS(chdir) },
	{ FORKING, SCMP_SYS(close_range) },
	{ FORKING, SCMP_SYS(pidfd_open) },
	{ FORKING, SCMP_SYS(pidfd_send_signal) },
	{ FORKING, SCMP_SYS(set_robust_list) },
	{ FORKING, SCMP_SYS(rseq) },
	{ FORKING, SCMP_SYS(alarm) },
	{ FORKING, SCMP_SYS(setitimer) },
	/* exec, the dynamic loader, and what a reader does before and while it confines itself further */
	{ PROCESS, SCMP_SYS(execve) },
	{ PROCESS, SCMP_SYS(vfork) },
	{ PROCESS, SCMP_SYS(arch_prctl) },
	{ PROCESS, SCMP_SYS(set_tid_address) },
	{ PROCESS, SCMP_SYS(seccomp) },
	{ PROCESS, SCMP_SYS(landlock_create_ruleset) },
	{ PROCESS, SCMP_SYS(landlock_add_rule) },
	{ PROCESS, SCMP_SYS(landlock_restrict_self) },
#if WG_ASAN
	{ PROCESS, SCMP_SYS(personality) }, /* the sanitizer of a started program asks how memory is laid out */
#endif
#ifdef WG_COVERAGE
	{ READER, SCMP_SYS(openat) }, /* a coverage build writes its counts at exit; it is never put to work */
	{ READER, SCMP_SYS(mkdir) },
	{ READER, SCMP_SYS(ftruncate) },
#endif
};

/* One rule is allowed when all of its comparisons hold; several rules for one call are alternatives. */
struct argument_rule {
	unsigned kinds;
	int call;
	unsigned count;
	struct scmp_arg_cmp when[2];
};

/* clang-format off */
#define EQUAL(argument, value) { (argument), SCMP_CMP_EQ, (scmp_datum_t)(value), 0 }
#define MASKED(argument, mask, value) { (argument), SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(value) }
/* clang-format on */

static const struct argument_rule argument_rules[] = {
	/* no new code in those that load nothing any more. The others: the loader of a started program, and the name
	 * service modules that getaddrinfo loads when it needs them */
	{ ALL, SCMP_SYS(mmap), 1, { MASKED(2, PROT_EXEC, 0) } },
	{ ALL, SCMP_SYS(mprotect), 1, { MASKED(2, PROT_EXEC, 0) } },
	{ FORKING, SCMP_SYS(mmap), 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
	{ PROCESS, SCMP_SYS(mprotect), 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
	/* libc's fstat is this call on the descriptor itself */
	{ READER, SCMP_SYS(newfstatat), 1, { EQUAL(3, AT_EMPTY_PATH) } },
	{ ALL, SCMP_SYS(ioctl), 1, { EQUAL(1, TCGETS) } }, /* isatty */
	{ ROLES, SCMP_SYS(ioctl), 1, { EQUAL(1, FIONREAD) } },
	{ ROLES, SCMP_SYS(ioctl), 1, { EQUAL(1, FIONBIO) } },
	{ ALL, SCMP_SYS(fcntl), 1, { EQUAL(1, F_GETFD) } },
	{ ALL, SCMP_SYS(fcntl), 1, { EQUAL(1, F_GETFL) } },
	{ ALL, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETFD) } },
	{ ALL, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETFL) } },
	{ ROLES, SCMP_SYS(fcntl), 1, { EQUAL(1, F_DUPFD) } },
	{ ROLES, SCMP_SYS(fcntl), 1, { EQUAL(1, F_DUPFD_CLOEXEC) } },
	{ WRITING, SCMP_SYS(fcntl), 1, { EQUAL(1, F_GETLK) } },
	{ WRITING, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETLK) } },
	{ WRITING, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETLKW) } },
	{ INTAKE, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETLEASE) } }, /* drop folders: nobody is writing the file any more */
#ifdef WG_COVERAGE
	{ READER, SCMP_SYS(fcntl), 1, { EQUAL(1, F_SETLKW) } },
#endif
	/* a pair of connected sockets reaches nobody else (libevent's signals, libcurl's wake-up, the nests of readers) */
	{ STORE | INTAKE | PROCESS | OUTWARD, SCMP_SYS(socketpair), 1, { EQUAL(0, AF_UNIX) } },
	{ OUTWARD, SCMP_SYS(socket), 2, { EQUAL(0, AF_INET), MASKED(1, SOCKET_TYPE_MASK, SOCK_STREAM) } },
	{ OUTWARD, SCMP_SYS(socket), 2, { EQUAL(0, AF_INET), MASKED(1, SOCKET_TYPE_MASK, SOCK_DGRAM) } },
	{ OUTWARD, SCMP_SYS(socket), 2, { EQUAL(0, AF_INET6), MASKED(1, SOCKET_TYPE_MASK, SOCK_STREAM) } },
	{ OUTWARD, SCMP_SYS(socket), 2, { EQUAL(0, AF_INET6), MASKED(1, SOCKET_TYPE_MASK, SOCK_DGRAM) } },
	/* the resolver: which families does this machine have (route netlink), and is there a name service daemon */
	{ OUTWARD, SCMP_SYS(socket), 2, { EQUAL(0, AF_NETLINK), EQUAL(2, 0) } },
	{ DELIVER | MONITOR | HSM_NET | SHARED | TEAM,
	  SCMP_SYS(socket),
	  2,
	  { EQUAL(0, AF_UNIX), MASKED(1, SOCKET_TYPE_MASK, SOCK_STREAM) } },
	{ FORKING, SCMP_SYS(clone), 1, { MASKED(0, CLONE_NAMESPACES, 0) } },
	{ FORKING, SCMP_SYS(prlimit64), 1, { EQUAL(0, 0) } }, /* only one's own limits */
	{ FORKING, SCMP_SYS(prctl), 1, { EQUAL(0, PR_SET_PDEATHSIG) } },
	{ FORKING, SCMP_SYS(prctl), 1, { EQUAL(0, PR_SET_NO_NEW_PRIVS) } },
	{ FORKING, SCMP_SYS(prctl), 1, { EQUAL(0, PR_SET_DUMPABLE) } },
	{ FORKING, SCMP_SYS(prctl), 1, { EQUAL(0, PR_SET_NAME) } },
	{ PROCESS, SCMP_SYS(prctl), 1, { EQUAL(0, PR_SET_SECCOMP) } },
	/* a nest, and what its copies do until they are readers: wg_sandbox_narrow takes these away again */
	{ NEST, SCMP_SYS(recvmsg), 1, { EQUAL(0, WG_NEST_FD) } },
	{ NEST, SCMP_SYS(sendto), 1, { EQUAL(0, WG_NEST_FD) } },
	{ NEST, SCMP_SYS(clone), 2, { EQUAL(0, WG_NEST_CLONE), EQUAL(1, 0) } },
	{ NEST, SCMP_SYS(prctl), 2, { EQUAL(0, PR_SET_PDEATHSIG), EQUAL(1, SIGKILL) } },
	{ NEST, SCMP_SYS(seccomp), 1, { EQUAL(0, SECCOMP_SET_MODE_FILTER) } },
};

static int add_plain(scmp_filter_ctx filter, unsigned kind)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < WG_COUNT(plain_rules); i++)
		if ((plain_rules[i].kinds & kind) != 0)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_rules[i].call, 0);
	return r;
}

static int add_arguments(scmp_filter_ctx filter, unsigned kind, uint32_t self)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < WG_COUNT(argument_rules); i++) {
		const struct argument_rule *rule = &argument_rules[i];
		if ((rule->kinds & kind) != 0)
			r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call, rule->count, rule->when);
	}
	/* abort and raise, to itself only; the forking kinds, whose children inherit this, have it on the plain list, and
	 * the copies of a nest narrow it */
	if (r == 0 && kind == NEST)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
	else if (r == 0 && (kind & FORKING) == 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &(struct scmp_arg_cmp)EQUAL(0, self));
	/* the resolver asks whether there is a name service daemon, and goes on without one */
	if (r == 0 && kind == FETCH)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
		                     (struct scmp_arg_cmp)EQUAL(0, AF_UNIX));
	/* PKCS#11 modules complain to syslog, and go on without it */
	if (r == 0 && (kind & (INTAKE | DELIVER | HSM_NET)) != 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 2,
		                     (struct scmp_arg_cmp)EQUAL(0, AF_UNIX),
		                     (struct scmp_arg_cmp)MASKED(1, SOCKET_TYPE_MASK, SOCK_DGRAM));
	/* a module that looks for a daemon or a network finds none, and says that it has no token */
	if (r == 0 && kind == HSM_LOCAL)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0);
	/* clone3 hides its flags behind a pointer; libc falls back to clone when told that there is none */
	if (r == 0 && (kind & FORKING) != 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

static void filter_free(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

/* The filter of a kind, loaded. 0, or -errno. */
static int load(enum wg_sandbox_kind kind)
{
	WG_CLEANUP(filter_free) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	unsigned bit = WG_SANDBOX_BIT(kind);
	if (filter == NULL)
		return -ENOMEM;
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: the lists are long */
	if (r == 0)
		r = add_plain(filter, bit);
	if (r == 0)
		r = add_arguments(filter, bit, (uint32_t)getpid());
	return r == 0 ? seccomp_load(filter) : r;
}

static enum wg_code loaded(int r, struct wg_err *err)
{
	if (r == 0)
		return WG_OK;
	errno = -r;
	(void)wg_err_errno(err, "seccomp");
	if (err != NULL)
		err->code = WG_SYSTEM; /* whatever errno was, the caller must not go on */
	return WG_SYSTEM;
}

enum wg_code wg_sandbox_filter(enum wg_sandbox_kind kind, struct wg_err *err)
{
	return loaded(load(kind), err);
}

/* ---- the second filter of a nest's copy ---- */

/* What a nest may and a reader may not: a handful. */
#define NARROW_MOST 8
/* Of a 64-bit argument, the half that holds a process id. */
#define LOW_HALF (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4)

/* The calls of which a nest has a rule and a reader has none; how many, also when they are more than fit. */
static unsigned narrow_calls(unsigned calls[static NARROW_MOST])
{
	unsigned n = 0;
	for (size_t i = 0; i < WG_COUNT(plain_rules); i++)
		if (plain_rules[i].kinds == NEST && n++ < NARROW_MOST)
			calls[n - 1] = (unsigned)plain_rules[i].call;
	for (size_t i = 0; i < WG_COUNT(argument_rules); i++)
		if (argument_rules[i].kinds == NEST && n++ < NARROW_MOST)
			calls[n - 1] = (unsigned)argument_rules[i].call;
	return n;
}

/* Each of these dies, and so does a signal to anybody else. Foreign architectures need not be looked at: the nest's own
 * filter, which stays, kills them, and all filters are asked. */
enum wg_code wg_sandbox_narrow(struct wg_err *err)
{
	struct sock_filter code[NARROW_MOST + 6];
	unsigned calls[NARROW_MOST], n = narrow_calls(calls);
	unsigned short at = 0;
	if (n > NARROW_MOST)
		return loaded(-E2BIG, err);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < n; i++) /* to the last instruction: behind the other calls there are 4 */
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], (uint8_t)(n - 1 - i + 4), 0);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SCMP_SYS(tgkill), 0, 2);
	code[at++] =
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + LOW_HALF);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	const struct sock_fprog program = { .len = at, .filter = code };
	return loaded(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno, err);
}
