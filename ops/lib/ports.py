"""Ports of 127.0.0.1 for servers that tests and demonstrations start.

    ports.py N      for shells: prints N of them on a line, and keeps them until its standard input ends
"""
import socket
import sys

held = []  # the sockets that keep them


def free_port():
    """A port that is this process's own until it ends, whether or not somebody listens there: it stays bound. Linux gives a bound
    port to nobody who asks for any port, or connects, and lets a server have it that names it, with SO_REUSEADDR as servers do."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", 0))
    held.append(one)
    return one.getsockname()[1]


if __name__ == "__main__":
    print(*(free_port() for _ in range(int(sys.argv[1]))), flush=True)
    sys.stdin.read()
