/* mem.c owns the wiping of secrets and the closing of descriptors. */
#include "base/mem.h"

#include <string.h>
#include <unistd.h>

void wg_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing to do about a failed close of what was only read, or was synced before */
	*fd = -1;
}

void wg_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}
