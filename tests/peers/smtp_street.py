"""Many of the servers of smtp_hostile.py in one process, each at an address of its own on 127.0.1.0/24 and the next, all
on one port: the mail servers of as many domains, as one gateway that delivers directly meets them."""
import os
import pathlib
import socket
import threading
import time

import smtp_hostile

TABLE = pathlib.Path(__file__).with_name("smtp_hostile.table")
COLUMNS = ("name", "tls", "login", "mails", "size", "ms", "results", "alarm", "accepted", "reached", "words")


def rows():
    """The table, a dictionary for each row."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    found = [dict(zip(COLUMNS, line, strict=True)) for line in lines]
    return [{**row, "results": row["results"].split(","), "accepted": int(row["accepted"]),
             "words": row["words"].replace("_", " ")} for row in found]


class Seen(smtp_hostile.Seen):
    """Beside what it saw, when: first is the first connection, mails the mail that it took, each with its time."""

    def __init__(self, folder):
        super().__init__(folder)
        self.first, self.mails = None, []

    def accept(self, content):
        super().accept(content)
        self.mails.append((time.monotonic(), content))


class House:
    """One server. cured: those who come from now on find it well."""

    def __init__(self, scenario, certs, folder, address="127.0.0.1", port=0):
        os.makedirs(folder)
        self.how, self.certs, self.seen, self.cured = dict(smtp_hostile.SCENARIOS[scenario]), str(certs), Seen(str(folder)), False
        self.listener, self.open = socket.socket(), []
        if self.how.get("small"):
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.seen.first = self.seen.first or time.monotonic()
            how = {} if self.cured else self.how
            self.open = [s for s in self.open if s.fileno() >= 0] + [sock]
            threading.Thread(target=self.one, args=(sock, how), daemon=True).start()

    def one(self, sock, how):
        smtp_hostile.Connection(sock, how, self.certs, self.seen).run()

    def clear(self):
        """What came before TLS, or where TLS was never reached, in one piece."""
        return b"\n".join(bytes(raw) for raw in self.seen.recorders)

    def close(self):
        """For good, and whoever is still there is cut off."""
        self.listener.close()
        for sock in self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
