/* sandbox_landlock.c owns the Landlock ruleset. The system calls are made by number and the kernel is asked which
 * version it speaks: libc 2.36 has no wrappers, and Debian 12's header is older than the kernels beneath it. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/sandbox_internal.h"

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_ALL_ABI_1 ((1ULL << 13) - 1)
#define FS_REFER (1ULL << 13)     /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)

#define GRANT_READ (FS_READ_FILE | FS_READ_DIR)
#define GRANT_EXECUTE (GRANT_READ | FS_EXECUTE)
#define GRANT_WRITE \
	(GRANT_READ | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_FILE | FS_REMOVE_DIR | FS_MAKE_REG | FS_MAKE_DIR | FS_REFER)
/* The rights that make sense for what is not a folder; the kernel refuses the others there. */
#define GRANT_ON_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* What libraries of a kind open by themselves. Public files of the system; one that is not there is passed over. */
struct builtin {
	unsigned kinds;
	uint64_t grant;
	const char *path;
};

#define READER WG_SANDBOX_BIT(WG_SANDBOX_READER)
#define SHARED WG_SANDBOX_BIT(WG_SANDBOX_SHARED)
#define STORE (WG_SANDBOX_BIT(WG_SANDBOX_STORE) | SHARED)
#define INTAKE WG_SANDBOX_BIT(WG_SANDBOX_INTAKE)
#define PROCESS (WG_SANDBOX_BIT(WG_SANDBOX_PROCESS) | WG_SANDBOX_BIT(WG_SANDBOX_TEAM))
#define DELIVER WG_SANDBOX_BIT(WG_SANDBOX_DELIVER)
#define MONITOR WG_SANDBOX_BIT(WG_SANDBOX_MONITOR)
#define FETCH WG_SANDBOX_BIT(WG_SANDBOX_FETCH)
#define HSM_NET WG_SANDBOX_BIT(WG_SANDBOX_HSM_NET)
#define HSM (WG_SANDBOX_BIT(WG_SANDBOX_HSM) | HSM_NET)
#define OUTWARD (DELIVER | MONITOR | FETCH | HSM_NET | SHARED)
#define ROLES (STORE | INTAKE | PROCESS | OUTWARD | HSM)

static const struct builtin builtins[] = {
	{ ROLES, GRANT_READ, "/dev/null" },
	{ ROLES, GRANT_READ, "/dev/urandom" },
	{ ROLES, GRANT_READ, "/etc/localtime" },
	{ ROLES, GRANT_READ, "/usr/share/zoneinfo" },
	{ INTAKE | PROCESS | OUTWARD | HSM, GRANT_READ, "/etc/ssl/openssl.cnf" },
	{ INTAKE | PROCESS | OUTWARD, GRANT_READ, "/etc/ssl/certs" },
	/* programs that are started: their loader, its libraries and charset tables */
	{ PROCESS, GRANT_EXECUTE, "/usr/lib" },
	{ PROCESS, GRANT_EXECUTE, "/usr/lib64" },
	{ PROCESS, GRANT_EXECUTE, "/lib" },
	{ PROCESS, GRANT_EXECUTE, "/lib64" },
	{ PROCESS | OUTWARD | HSM, GRANT_READ, "/etc/ld.so.cache" },
	{ PROCESS | OUTWARD | HSM, GRANT_READ, "/etc/ld.so.preload" },
	/* name resolution */
	{ OUTWARD, GRANT_READ, "/usr/lib" },
	{ OUTWARD, GRANT_READ, "/lib" },
	{ OUTWARD, GRANT_READ, "/etc/resolv.conf" },
	{ OUTWARD, GRANT_READ, "/run/systemd/resolve" },
	{ OUTWARD, GRANT_READ, "/etc/nsswitch.conf" },
	{ OUTWARD, GRANT_READ, "/etc/host.conf" },
	{ OUTWARD, GRANT_READ, "/etc/hosts" },
	{ OUTWARD, GRANT_READ, "/etc/gai.conf" },
	{ OUTWARD, GRANT_READ, "/etc/services" },
	/* modules, their libraries, and what their makers have them configured with */
	{ HSM, GRANT_READ, "/usr/lib" },
	{ HSM, GRANT_READ, "/usr/lib64" },
	{ HSM, GRANT_READ, "/usr/local/lib" },
	{ HSM, GRANT_READ, "/lib" },
	{ HSM, GRANT_READ, "/lib64" },
	{ HSM, GRANT_READ, "/opt" },
	{ HSM, GRANT_READ, "/etc/softhsm" },
	{ HSM, GRANT_READ, "/etc/opensc" },
	{ HSM, GRANT_READ, "/etc/pkcs11" },
	{ HSM, GRANT_READ, "/etc/Chrystoki.conf" },
	{ HSM, GRANT_READ, "/etc/yubihsm_pkcs11.conf" },
	{ HSM, GRANT_READ, "/usr/share/p11-kit" },
#if WG_ASAN
	{ ROLES, GRANT_READ, "/proc" }, /* the sanitizer of a started program reads its own map of memory */
#endif
};

static uint64_t handled_fs(int abi)
{
	uint64_t all = FS_ALL_ABI_1;
	if (abi >= 2)
		all |= FS_REFER;
	if (abi >= 3)
		all |= FS_TRUNCATE;
	if (abi >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static int create(const struct wg_sandbox *what, int abi)
{
	struct ruleset_attr attr = { .handled_access_fs = handled_fs(abi) };
	size_t size = offsetof(struct ruleset_attr, handled_access_net);
	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP | ((OUTWARD & WG_SANDBOX_BIT(what->kind)) != 0 ? 0 : NET_CONNECT_TCP);
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		size = sizeof attr;
	}
	return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
}

static enum wg_code grant(int ruleset, const char *path, uint64_t access, int abi, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return wg_err_errno(err, "%.200s", path);
	if (!S_ISDIR(st.st_mode))
		access &= GRANT_ON_FILE;
	struct path_beneath_attr rule = { .allowed_access = access & handled_fs(abi), .parent_fd = fd };
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		return wg_err_errno(err, "Landlock rule for %.200s", path);
	return WG_OK;
}

static enum wg_code grant_list(int ruleset, const char *const *list, uint64_t access, int abi, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (; code == WG_OK && list != NULL && *list != NULL; list++)
		code = grant(ruleset, *list, access, abi, err);
	return code;
}

static enum wg_code grant_builtins(int ruleset, enum wg_sandbox_kind kind, int abi, struct wg_err *err)
{
	for (size_t i = 0; i < WG_COUNT(builtins); i++) {
		if ((builtins[i].kinds & WG_SANDBOX_BIT(kind)) == 0)
			continue;
		enum wg_code code = grant(ruleset, builtins[i].path, builtins[i].grant, abi, err);
		if (code != WG_OK && code != WG_NOT_FOUND)
			return code;
	}
	return WG_OK;
}

enum wg_code wg_sandbox_landlock(const struct wg_sandbox *what, int *abi, struct wg_err *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);
	if (version < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
		return wg_err_errno(err, "Landlock version");
	*abi = version > 0 ? (int)version : 0;
	if (*abi == 0)
		return WG_OK;
	WG_AUTO_CLOSE int ruleset = create(what, *abi);
	if (ruleset < 0)
		return wg_err_errno(err, "Landlock ruleset");
	enum wg_code code = grant_list(ruleset, what->read, GRANT_READ, *abi, err);
	if (code == WG_OK)
		code = grant_list(ruleset, what->write, GRANT_WRITE, *abi, err);
	if (code == WG_OK)
		code = grant_list(ruleset, what->execute, GRANT_EXECUTE, *abi, err);
	if (code == WG_OK)
		code = grant_builtins(ruleset, what->kind, *abi, err);
	if (code != WG_OK)
		return code;
	/* Landlock asks for it, so that confinement cannot trick a set-user-id program */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return wg_err_errno(err, "no new privileges");
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return wg_err_errno(err, "Landlock");
	return WG_OK;
}
