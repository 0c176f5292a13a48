/* sandbox.c owns the order of confinement: harden, then files, then system calls. */
#include "sys/sandbox.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sys/sandbox_internal.h"

#if WG_ASAN
/* The leak checker stops the process with ptrace and reads /proc, which the filter forbids: it is turned off, by its
 * own hook, for a process that confined itself. Leaks are looked for in the tests of the unconfined code. */
static int confined;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return confined;
}
#endif

enum wg_code wg_sandbox_harden(struct wg_err *err)
{
	const struct rlimit none = { 0 };
	(void)umask(077); /* cannot fail */
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return wg_err_errno(err, "no core files");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return wg_err_errno(err, "not dumpable");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return wg_err_errno(err, "no new privileges");
	return WG_OK;
}

enum wg_code wg_sandbox_enter(const struct wg_sandbox *what, struct wg_err *err)
{
	int abi = 0;
	enum wg_code code = wg_sandbox_landlock(what, &abi, err); /* first: the filter allows none of its calls */
	if (code == WG_OK)
		code = wg_sandbox_filter(what->kind, err);
	if (code != WG_OK)
		return wg_err_add(err, "confinement");
#if WG_ASAN
	confined = 1;
#endif
	if (abi == 0)
		return wg_err_put(err, WG_OK, "this kernel has no Landlock: files are guarded by their permissions alone");
	if (err != NULL)
		*err = (struct wg_err){ .code = WG_OK };
	return WG_OK;
}
