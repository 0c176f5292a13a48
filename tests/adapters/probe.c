/* probe.c is a reader that its document has taken over: it does what the document names. Built on the same
 * wg_reader_main as the real ones, so that what stops it stops them. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "readers/reader.h"

static enum wg_code nothing_to_prepare(struct wg_err *err)
{
	(void)err;
	return WG_OK;
}

static int misbehave(const char *what)
{
	if (strcmp(what, "open") == 0)
		return open("/etc/hostname", O_RDONLY | O_CLOEXEC);
	if (strcmp(what, "create") == 0)
		return open("/tmp/readers-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (strcmp(what, "socket") == 0)
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strcmp(what, "unix") == 0)
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strcmp(what, "fork") == 0)
		return fork();
	if (strcmp(what, "exec") == 0)
		return execl("/bin/true", "true", (char *)NULL);
	if (strcmp(what, "kill") == 0)
		return kill(getppid(), SIGTERM);
	if (strcmp(what, "executable") == 0)
		return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
	return 0; /* "nothing" */
}

static enum wg_code read_document(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	(void)err;
	int result = misbehave(wg_buf_text(in));
	wg_buf_printf(out, "did %s: %d", wg_buf_text(in), result < 0 ? -1 : 0);
	return WG_OK;
}

int main(void)
{
	static const struct wg_reader reader = { .name = "probe", .prepare = nothing_to_prepare, .read = read_document };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
