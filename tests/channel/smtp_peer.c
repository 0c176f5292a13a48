/* Owns what the SMTP tests share; see the header. */
#include "smtp_peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../own_port.h"
#include "base/mem.h"
#include "base/text.h"

#define ARGS_MAX 12
/* How often to look whether a mail has arrived, and how many times: a minute. */
#define LOOK_MS 50
#define LOOKS 1200
/* The largest message of these tests, with room. */
#define CONTENT_MAX ((size_t)64 * 1024 * 1024)

static char root[64];

const char *smtp_path(const char *fmt, ...)
{
	static char paths[8][512];
	static size_t next;
	char *path = paths[next++ % WG_COUNT(paths)], tail[400];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(tail, sizeof tail, fmt, args); /* a cut path fails where it is used */
	va_end(args);
	(void)snprintf(path, sizeof paths[0], "%s/%s", root, tail);
	return path;
}

const char *smtp_own_port(void)
{
	static char text[8];
	unsigned short port = own_port();

	assert_int_not_equal(port, 0);
	(void)snprintf(text, sizeof text, "%u", (unsigned)port); /* five digits */
	return text;
}

/* Runs a program to its end; its exit status. */
static int run(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		(void)dup2(null, 1); /* a failure only makes the test louder */
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int smtp_setup(void **state)
{
	(void)state; /* the folder is this file's own */
	(void)snprintf(root, sizeof root, "/tmp/wg-smtp-XXXXXX");
	if (!mkdtemp(root) || chmod(root, 0711) != 0) /* a real mail server delivers as another user */
		return -1;
	const char *argv[] = { WG_SOURCE_DIR "/certs-example/make", smtp_path("pki"), "--smime-key", "ec", NULL };
	return run(argv);
}

int smtp_teardown(void **state)
{
	const char *argv[] = { "/bin/rm", "-rf", root, NULL };

	(void)state; /* as above */
	return run(argv);
}

/* Reads until the peer has said a whole line, or closed. */
static void read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
}

void smtp_peer_exec(struct smtp_peer *peer, const char *program, const char *const *args)
{
	const char *argv[ARGS_MAX] = { program };
	int in[2], out[2];
	char line[64];
	uint64_t port;

	for (size_t i = 0; args[i]; i++) {
		assert_true(i + 2 < ARGS_MAX);
		argv[i + 1] = args[i];
	}
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0) {
		(void)dup2(in[0], 0); /* a failure shows as a peer that says nothing */
		(void)dup2(out[1], 1);
		(void)execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	peer->in = in[1];
	peer->out = out[0];
	read_line(peer->out, line, sizeof line);
	assert_memory_equal(line, "port ", 5);
	assert_true(wg_num_parse(line + 5, 1, 65535, &port));
	peer->port = (unsigned)port;
}

void smtp_peer_start_in(struct smtp_peer *peer, const char *zoo, const char *scenario)
{
	static int number;

	(void)snprintf(peer->folder, sizeof peer->folder, "%s", smtp_path("peer-%d", ++number));
	assert_int_equal(mkdir(peer->folder, 0700), 0);
	const char *args[] = { scenario, smtp_path("pki"), peer->folder, NULL };
	char program[512];
	(void)snprintf(program, sizeof program, "%s/tests/peers/%s", WG_SOURCE_DIR, zoo); /* a cut path does not start */
	smtp_peer_exec(peer, program, args);
}

void smtp_peer_start(struct smtp_peer *peer, const char *scenario)
{
	smtp_peer_start_in(peer, "smtp_zoo.py", scenario);
}

void smtp_peer_stop(struct smtp_peer *peer)
{
	size_t len = 0;
	ssize_t got;

	(void)close(peer->in); /* the sign to end */
	while (len + 1 < sizeof peer->report &&
	       (got = read(peer->out, peer->report + len, sizeof peer->report - 1 - len)) > 0)
		len += (size_t)got;
	peer->report[len] = '\0';
	(void)close(peer->out);
	assert_int_equal(waitpid(peer->pid, NULL, 0), peer->pid);
}

static const char *next_line(const char *p)
{
	const char *end = strchr(p, '\n');
	return end ? end + 1 : p + strlen(p);
}

size_t smtp_peer_lines(const struct smtp_peer *peer, const char *start)
{
	size_t count = 0;

	for (const char *p = peer->report; *p; p = next_line(p))
		count += strncmp(p, start, strlen(start)) == 0;
	return count;
}

long smtp_peer_number(const struct smtp_peer *peer, const char *word)
{
	for (const char *p = peer->report; *p; p = next_line(p)) {
		char digits[24];
		uint64_t number;
		size_t len = strlen(word);
		if (strncmp(p, word, len) != 0 || p[len] != ' ')
			continue;
		(void)snprintf(digits, sizeof digits, "%.*s", (int)strcspn(p + len + 1, "\n"), p + len + 1); /* fits a number */
		if (wg_num_parse(digits, 0, INT32_MAX, &number))
			return (long)number;
	}
	return -1;
}

void smtp_read(const char *path, struct wg_buf *out)
{
	char piece[65536];
	ssize_t got;
	int fd WG_AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);

	*out = WG_BUF(CONTENT_MAX);
	assert_true(fd >= 0);
	while ((got = read(fd, piece, sizeof piece)) > 0)
		wg_buf_put(out, piece, (size_t)got);
	assert_int_equal(wg_buf_check(out, "content", NULL), WG_OK);
}

void smtp_peer_accepted(const struct smtp_peer *peer, int i, struct wg_buf *out)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/accepted-%d", peer->folder, i);
	smtp_read(path, out);
}

const char *smtp_secret(const char *secret)
{
	const char *path = smtp_path("secret");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret, strlen(secret)), (ssize_t)strlen(secret));
	assert_int_equal(close(fd), 0);
	return path;
}

void smtp_to_lf(struct wg_buf *b)
{
	size_t len = 0;

	for (size_t i = 0; i < b->len; i++)
		if (!(b->data[i] == '\r' && i + 1 < b->len && b->data[i + 1] == '\n'))
			b->data[len++] = b->data[i];
	b->len = len;
}

/* True: one of the files holds needle, and is in out. */
static bool look(const char *folder, const char *needle, struct wg_buf *out)
{
	bool found = false;
	DIR *dir = opendir(folder);

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !found; entry = readdir(dir)) {
		char path[1024];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name); /* a cut path does not open */
		wg_buf_free(out);
		smtp_read(path, out);
		found = memmem(out->data, out->len, needle, strlen(needle)) != NULL;
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

void smtp_arrived(const char *folder, const char *needle, struct wg_buf *out)
{
	for (int i = 0; i < LOOKS; i++) {
		if (look(folder, needle, out)) {
			smtp_to_lf(out);
			return;
		}
		(void)poll(NULL, 0, LOOK_MS); /* only a pause */
	}
	fail_msg("nothing in %s holds \"%s\"", folder, needle);
}

void *smtp_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	return p;
}

enum smtp_ended smtp_work(void (*work)(void *arg), void *arg, int limit_ms)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		work(arg);
		_exit(0);
	}
	int fd WG_AUTO_CLOSE = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	assert_true(fd >= 0);
	bool in_time = poll(&ended, 1, limit_ms) == 1;
	if (!in_time)
		(void)kill(pid, SIGKILL); /* it may just have ended by itself */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!in_time)
		return SMTP_HUNG;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SMTP_RAN : SMTP_DIED;
}

void smtp_mail(struct wg_buf *out, size_t size)
{
	static const char *const lines[] = { ".",   "..", ".hidden", "From nobody", "", "QUIT", "Subject: not a header",
		                                 "-- ", "\t" };

	*out = WG_BUF(CONTENT_MAX);
	wg_buf_puts(
		out,
		"From: gateway@wardgate.example\r\nTo: desk@front-door.example\r\nDate: Sun, 22 Nov 2026 09:30:00 +0000\r\n"
		"Message-Id: <specimen@wardgate.example>\r\nSubject: Notice\r\nMIME-Version: 1.0\r\n\r\n");
	for (size_t i = 0; out->len < size; i++) {
		if (i % 16 == 15)
			for (size_t k = 0; k < 998; k++)
				wg_buf_putc(out, (char)('!' + (i + k) % 90));
		else
			wg_buf_printf(out, "%s%zu", lines[i % WG_COUNT(lines)], i);
		wg_buf_puts(out, i % 3 ? "\r\n" : "\r\n.\r\n");
	}
	wg_buf_puts(out, ".\r\n");
	assert_int_equal(wg_buf_check(out, "mail", NULL), WG_OK);
}
