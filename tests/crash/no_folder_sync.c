/* Preloaded, it takes the sync of a folder for done: the control of power.py, which then has to lose names. */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return (int)syscall(SYS_fsync, fd);
}
