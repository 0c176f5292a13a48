/* least.c is a program that waits for documents as a reader does and does nothing with them: it reads one, unconfined
 * and without a library, and says one word. What ops/bench holds the cost of a reader's child against. */
#include <unistd.h>

#include "sys/nest.h"

int main(void)
{
	static char block[16384];
	struct wg_err err;
	if (!wg_nest_is() || wg_nest_serve(NULL, &err) != WG_OK)
		return 1;
	while (read(STDIN_FILENO, block, sizeof block) > 0)
		continue;
	_exit(write(STDOUT_FILENO, "read", 4) == 4 ? 0 : 1);
}
