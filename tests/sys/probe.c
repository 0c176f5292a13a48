/* probe.c is the foreign program of these tests: its first argument says how it behaves. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/sandbox.h"

extern char **environ;

static int copy(int from)
{
	char buf[4096];
	ssize_t n;
	while ((n = read(from, buf, sizeof buf)) > 0)
		if (wg_fd_write(STDOUT_FILENO, buf, (size_t)n, NULL) != WG_OK)
			return 1;
	return n < 0;
}

/* Everything that the child's start promises, one line each. */
static int surroundings(void)
{
	char cwd[256];
	size_t variables = 0;
	for (char **e = environ; *e != NULL; e++)
		variables += strncmp(*e, "ASAN_OPTIONS=", 13) != 0; /* what a sanitizer build is given */
	(void)printf("variables %zu\ncwd %s\nown group %d\n", variables, getcwd(cwd, sizeof cwd), getpgrp() == getpid());
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)printf("fd %d\n", fd);
	struct sigaction old;
	sigset_t mask;
	(void)sigaction(SIGPIPE, NULL, &old); /* valid arguments */
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	(void)printf("SIGPIPE default %d blocked %d\n", old.sa_handler == SIG_DFL, sigismember(&mask, SIGPIPE));
	struct rlimit cpu, core;
	(void)getrlimit(RLIMIT_CPU, &cpu);
	(void)getrlimit(RLIMIT_CORE, &core);
	(void)printf("cpu %ju core %ju\n", (uintmax_t)cpu.rlim_cur, (uintmax_t)core.rlim_cur);
	return 0;
}

static int eat(void)
{
	for (;;) {
		void *p = malloc((size_t)1024 * 1024);
		if (p == NULL)
			abort(); /* as the libraries of the readers do */
		memset(p, 1, (size_t)1024 * 1024);
	}
}

static int spin(void)
{
	volatile bool on = true;
	while (on)
		continue;
	return 1;
}

static int flood(void)
{
	char line[4096];
	memset(line, 'f', sizeof line);
	while (wg_fd_write(STDOUT_FILENO, line, sizeof line, NULL) == WG_OK)
		continue;
	return 1;
}

/* A grandchild that outlives its parent and keeps the output open; its number is the output. */
static int grandchild(bool wait_too)
{
	pid_t pid = fork();
	if (pid < 0)
		return 1;
	if (pid == 0) {
		(void)sleep(600);
		_exit(0);
	}
	(void)printf("%d", (int)pid);
	(void)fflush(stdout); /* main looks at what went wrong */
	if (wait_too)
		(void)sleep(600);
	return 0;
}

static int confined(const char *deed)
{
	struct wg_err err;
	const struct wg_sandbox box = { .kind = WG_SANDBOX_READER };
	if (wg_sandbox_harden(&err) != WG_OK || wg_sandbox_enter(&box, &err) != WG_OK)
		return 1;
	if (strcmp(deed, "cat") == 0)
		return copy(STDIN_FILENO);
	if (strcmp(deed, "open") == 0)
		return open("/etc/hostname", O_RDONLY) < 0;
	if (strcmp(deed, "abort") == 0)
		abort();
	return 1;
}

/* The store of a file, and the run of a child, under whatever strace does to their system calls. */
static int store(const char *path, const char *text)
{
	struct wg_err err;
	enum wg_code code = wg_file_write(path, text, strlen(text), 0640, &err);
	if (code != WG_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	return wg_code_exit(code);
}

static int nested(const char *self)
{
	struct wg_err err;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	const struct wg_child spec = {
		.program = self,
		.argv = (const char *const[]){ self, "cat", NULL },
		.in = "in",
		.in_len = 2,
		.wall_ms = 20000,
		.cpu_s = 20,
		.memory = (uint64_t)1 << 30,
	};
	enum wg_code code = wg_child_run(&spec, &out, &err);
	(void)printf("%s %s", wg_code_name(code), code == WG_OK ? wg_buf_text(&out) : err.text);
	return 0;
}

static int plain(const char *self, const char *mode)
{
	if (strcmp(mode, "cat") == 0)
		return copy(STDIN_FILENO);
	if (strcmp(mode, "secret") == 0)
		return copy(3);
	if (strcmp(mode, "surroundings") == 0)
		return surroundings();
	if (strcmp(mode, "sleep") == 0)
		return (int)sleep(600);
	if (strcmp(mode, "spin") == 0)
		return spin();
	if (strcmp(mode, "eat") == 0)
		return eat();
	if (strcmp(mode, "flood") == 0)
		return flood();
	if (strcmp(mode, "grandchild") == 0)
		return grandchild(false);
	if (strcmp(mode, "grandchild-and-wait") == 0)
		return grandchild(true);
	if (strcmp(mode, "nested") == 0)
		return nested(self);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	int status = EX_USAGE;
	if (argc == 2)
		status = plain(argv[0], argv[1]);
	else if (argc == 3 && strcmp(argv[1], "confined") == 0)
		status = confined(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "exit") == 0)
		status = argv[2][0] == '6' ? EX_DATAERR : 3;
	else if (argc == 4 && strcmp(argv[1], "say") == 0) {
		(void)fputs(argv[2], stderr);
		status = argv[3][0] == '6' ? EX_DATAERR : 3;
	} else if (argc == 4 && strcmp(argv[1], "store") == 0)
		status = store(argv[2], argv[3]);
	if (fflush(stdout) != 0)
		return EX_IOERR;
	return status;
}
