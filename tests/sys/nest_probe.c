/* nest_probe.c is a program that waits in a nest: its input says what its child does. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/nest.h"

static unsigned runs;     /* in this process */
static struct rlimit cpu; /* the nest's, which its children have too; they may not ask */

static int surroundings(void)
{
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)printf("fd %d\n", fd);
	(void)printf("cpu %ju\n", (uintmax_t)cpu.rlim_cur);
	return 0;
}

static int tell(long n)
{
	(void)printf("%ld", n);
	return 0;
}

static int obey(const char *in, long nest)
{
	volatile bool on = true;
	if (strcmp(in, "count") == 0)
		return tell(++runs);
	if (strcmp(in, "pid") == 0)
		return tell(getpid());
	if (strcmp(in, "parent") == 0)
		return tell(getppid());
	if (strcmp(in, "nest") == 0)
		return tell(nest);
	if (strcmp(in, "surroundings") == 0)
		return surroundings();
	if (strcmp(in, "abort") == 0)
		abort();
	while (strcmp(in, "spin") == 0 && on)
		continue;
	if (strcmp(in, "hang") == 0)
		return (int)sleep(60);
	if (strcmp(in, "refuse") == 0) {
		(void)fputs("no good\n", stderr);
		return EX_DATAERR;
	}
	if (strcmp(in, "open") == 0) /* it is confined */
		return open("/etc/hostname", O_RDONLY) < 0;
	return EX_USAGE;
}

int main(void)
{
	struct wg_err err;
	char in[100];
	long nest = getpid();
	(void)getrlimit(RLIMIT_CPU, &cpu); /* valid arguments */
	if (!wg_nest_is() || wg_nest_serve(NULL, &err) != WG_OK)
		return EX_USAGE;
	size_t n = fread(in, 1, sizeof in - 1, stdin);
	in[n] = '\0';
	int status = obey(in, nest);
	_exit(fflush(stdout) == 0 ? status : EX_IOERR);
}
