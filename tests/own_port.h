/* A port of 127.0.0.1 for a server that a test starts. */
#ifndef WG_TEST_OWN_PORT_H
#define WG_TEST_OWN_PORT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A port that is this process's own until it ends, as in ops/lib/ports.py: its socket stays open and bound, and Linux
 * gives a bound port to nobody who asks for any, but lets a server have it that names it, with SO_REUSEADDR. 0: there
 * is none. */
static inline unsigned short own_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
	    bind(fd, (struct sockaddr *)&a, len) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return 0;
	return ntohs(a.sin_port);
}

#endif
