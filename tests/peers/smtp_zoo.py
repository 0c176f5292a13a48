#!/usr/bin/python3 -Wignore
"""A mail server on 127.0.0.1 that misbehaves in one named way, and an oracle of what it saw.

usage: smtp_zoo.py SCENARIO CERTS DIR

CERTS is what certs-example/make left. Prints "port N" and serves until standard input ends; then prints what it saw, one
fact a line, and exits:
  clear N        bytes of envelope or content that came without TLS (must be 0)
  accepted N     messages it took responsibility for; message I is in DIR/accepted-I
  taken N        bytes of content read in all, accepted or not
  rcpt ADDRESS   each address it was given
  client NAME    the common name of each client certificate
  verb VERB      each command, in the clear or not

SCENARIO-quiet is the same without TLS session tickets: bare libesmtp hangs on those before it can show other faults.
"""
import os
import socket
import ssl
import sys
import threading
import time

OTHER = b"550 refused\r\n"
# Answers as the one who sits on the wire would put them: EHLO, MAIL, RCPT, DATA, end of DATA.
INJECTED = b"250-mail.example\r\n250 SIZE\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok queued as INJECTED\r\n221 bye\r\n"

SCENARIOS = {
    "good": {},
    "pipelining": {"offer": ["PIPELINING"]},
    "chunking": {"offer": ["PIPELINING", "CHUNKING", "SIZE 100000000", "ENHANCEDSTATUSCODES", "8BITMIME"]},
    "chunking-slow": {"offer": ["PIPELINING", "CHUNKING"], "small": True, "pause": 0.5},
    "chunking-554": {"offer": ["PIPELINING", "CHUNKING"], "end": "554 5.7.1 not wanted", "small": True},
    "chunking-stall": {"offer": ["PIPELINING", "CHUNKING"], "small": True, "stall": True},
    "no-starttls": {"starttls": None},
    "starttls-454": {"starttls": b"454 not now\r\n"},
    "starttls-502": {"starttls": b"502 what?\r\n"},
    "starttls-two-lines": {"starttls": b"220-ready\r\n220 go\r\n"},
    "starttls-drop": {"starttls": b""},
    "ehlo-refused": {"ehlo": b"502 what?\r\n"},
    "greeting-554": {"greeting": b"554 go away\r\n"},
    "inject": {"starttls": b"220 go\r\n" + INJECTED, "all": OTHER},
    "inject-early": {"early": b"220 go\r\n" + INJECTED, "all": OTHER},
    "inject-junk": {"starttls": b"220 go\r\n\x16\x03\x03\x00\x05junk"},
    "wrong-name": {"cert": "hostile/wrong-name-server"},
    "unknown-ca": {"cert": "hostile/unknown-ca-server"},
    "expired": {"cert": "hostile/expired-server"},
    "revoked": {"cert": "hostile/revoked-server"},
    "tls-1.1": {"version": ssl.TLSVersion.TLSv1_1},
    "tls-1.2": {"version": ssl.TLSVersion.TLSv1_2},
    "tickets": {"tickets": 8},
    "client-cert": {"client": True},
    "stall": {"small": True, "stall": True},
    "pause": {"small": True, "pause": 2.5},
    "endless-ehlo": {"endless": b"250-X-MORE-AND-MORE\r\n"},
    "endless-ehlo-tls": {"endless_tls": b"250-X-MORE-AND-MORE\r\n"},
    "endless-line": {"endless_greeting": b"220 and on and on " * 64},
    "drip": {"drip": True},
    "silent": {"silent": True},
    "drop-in-data": {"small": True, "drop_at": 100000},
    "drop-after-data": {"drop_end": True},
    "half-answer": {"half": True},
    "controls": {"end": "250 ok queued as A\0B\033[2JC\x07\x7f\xff"},
    "mail-450": {"mail": "450 later"},
    "mail-530": {"mail": "530 5.7.0 authentication required"},
    "mail-550": {"mail": "550 no such sender"},
    "rcpt-550-chunking": {"rcpt": "550 no such desk", "offer": ["PIPELINING", "CHUNKING"]},
    "rcpt-450": {"rcpt": "450 later"},
    "rcpt-550": {"rcpt": "550 no such desk"},
    "data-451": {"data": "451 later"},
    "data-554": {"data": "554 no"},
    "end-451": {"end": "451 later"},
    "end-554": {"end": "554 not wanted"},
    "end-354": {"end": "354 go on"},
    "mail-550-second": {"mail": "550 no", "only": 2},
    "mail-550-second-pipelined": {"mail": "550 no", "only": 2, "offer": ["PIPELINING"]},
    "rcpt-550-second": {"rcpt": "550 no such desk", "only": 2},
    "rcpt-550-second-pipelined": {"rcpt": "550 no such desk", "only": 2, "offer": ["PIPELINING"]},
    "rcpt-550-second-chunking": {"rcpt": "550 no such desk", "only": 2, "offer": ["PIPELINING", "CHUNKING"]},
    "end-451-second": {"end": "451 later", "only": 2},
    "end-554-second": {"end": "554 not wanted", "only": 2},
}


class Seen:
    """What all connections saw together."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.Lock()
        self.clear = self.accepted = self.taken = self.messages = 0
        self.rcpts, self.clients, self.verbs = [], [], []

    def accept(self, content):
        with self.lock:
            self.accepted += 1
            with open(os.path.join(self.folder, f"accepted-{self.accepted}"), "wb") as f:
                f.write(content)

    def report(self):
        with self.lock:
            lines = [f"clear {self.clear}", f"accepted {self.accepted}", f"taken {self.taken}"]
            lines += [f"rcpt {r}" for r in self.rcpts] + [f"client {c}" for c in self.clients]
            lines += [f"verb {v}" for v in self.verbs]
        return "\n".join(lines) + "\n"


class Gone(Exception):
    pass


class Connection:
    def __init__(self, sock, how, certs, seen):
        self.sock, self.how, self.certs, self.seen = sock, how, certs, seen
        self.tls = False
        self.reader = None
        self.message = 0
        self.paused = False

    def send(self, data):
        self.sock.sendall(data)

    def read(self, count):
        """In the clear byte by byte, so that nothing that belongs to TLS is swallowed."""
        data = self.reader.read(count) if self.tls else self.sock.recv(1)
        if not data:
            raise Gone
        return data

    def line(self):
        if self.tls:
            data = self.reader.readline()
            if not data:
                raise Gone
            return data
        data = b""
        while not data.endswith(b"\n"):
            data += self.read(1)
        return data

    def wants(self, key):
        """The answer that this scenario has for that place in this message, or None."""
        if self.how.get("only") in (None, self.message):
            return self.how.get(key)
        return None

    def answer(self, key, normal):
        self.send((self.wants(key) or normal).encode("latin-1") + b"\r\n" if "all" not in self.how else self.how["all"])

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if "version" in self.how:
            context.minimum_version = context.maximum_version = self.how["version"]
            context.set_ciphers("ALL:@SECLEVEL=0")
        path = os.path.join(self.certs, self.how.get("cert", "mail/server"))
        context.load_cert_chain(path + ".pem", path + ".key")
        context.num_tickets = self.how.get("tickets", 2)
        if self.how.get("client"):
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(os.path.join(self.certs, "ca.pem"))
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.reader = self.sock.makefile("rb")
        self.tls = True
        if self.how.get("client"):
            names = [v for rdn in self.sock.getpeercert()["subject"] for k, v in rdn if k == "commonName"]
            self.seen.clients += names

    def ehlo(self):
        if "ehlo" in self.how:
            return self.send(self.how["ehlo"])
        endless = self.how.get("endless_tls" if self.tls else "endless")
        while endless:
            self.send(endless)
        lines = ["mail.example"] + self.how.get("offer", [])
        if not self.tls and self.how.get("starttls", b"") is not None:
            lines.append("STARTTLS")
        text = "".join(f"250-{x}\r\n" for x in lines[:-1]) + f"250 {lines[-1]}\r\n"
        if self.tls and "all" in self.how:
            return self.send(self.how["all"])
        early = self.how.get("early") if not self.tls else None
        self.send(text.encode() + (early or b""))
        if early and self.sock.recv(1, socket.MSG_PEEK) == b"\x16":
            self.start_tls()

    def took(self, count):
        """Counts content, and stops or pauses where the scenario says so."""
        with self.seen.lock:
            self.seen.taken += count
            if not self.tls:
                self.seen.clear += count
        if self.seen.taken > self.how.get("drop_at", 1 << 62):
            raise Gone
        if self.how.get("stall") and self.seen.taken > 20000:
            time.sleep(3600)
        if self.how.get("pause") and self.seen.taken > 20000 and not self.paused:
            self.paused = True
            time.sleep(self.how["pause"])

    def end(self, content, good):
        if self.how.get("drop_end"):
            raise Gone
        if self.how.get("half"):
            self.send(b"250-half\r\n")
            raise Gone
        if not good:
            return self.send(b"554 no valid recipients\r\n")
        refused = self.wants("end")
        if "all" in self.how or (refused and not refused.startswith("2")):
            return self.answer("end", "")
        self.seen.accept(content)
        self.answer("end", f"250 2.0.0 Ok: queued as Q{self.seen.accepted:06d}")

    def data(self, good):
        if not good:
            return self.send(b"554 no valid recipients\r\n")
        if self.wants("data") or "all" in self.how:
            return self.answer("data", "")
        self.send(b"354 go\r\n")
        content, whole = [], True  # whole: the line before ended in CRLF
        while True:
            line = self.line()
            if whole and line == b".\r\n":
                break
            self.took(len(line))
            content.append(line[1:] if whole and line.startswith(b".") else line)
            whole = line.endswith(b"\r\n")
        self.end(b"".join(content), good)

    def bdat(self, words, content, good):
        left = int(words[1])
        while left:
            piece = self.read(min(left, 4096))
            left -= len(piece)
            self.took(len(piece))
            content.append(piece)
        if self.wants("end") and good:
            return self.answer("end", "")
        if not good:
            return self.send(b"554 5.5.1 no valid recipients\r\n")
        if words[-1].upper() == b"LAST":
            return self.end(b"".join(content), good)
        self.send(b"250 2.0.0 chunk\r\n")

    def greet(self):
        if self.how.get("silent"):
            time.sleep(3600)
        while "endless_greeting" in self.how:
            self.send(self.how["endless_greeting"])
        while self.how.get("drip"):
            self.send(b"2")
            time.sleep(0.02)
        self.send(self.how.get("greeting", b"220 mail.example ESMTP\r\n"))

    def serve(self):
        self.greet()
        good, chunks = False, []
        while True:
            line = self.line()
            words = line.split() or [b""]
            verb = words[0].upper()
            self.seen.verbs.append(verb.decode("latin-1")[:20])
            if not self.tls and verb not in (b"EHLO", b"HELO", b"STARTTLS", b"QUIT", b"RSET"):
                self.seen.clear += len(line)
            if verb == b"EHLO":
                self.ehlo()
            elif verb == b"STARTTLS":
                reply = self.how.get("starttls", b"220 go\r\n") or b""
                self.send(reply)
                if not reply:
                    return
                if reply.startswith(b"220"):
                    self.start_tls()
            elif verb == b"MAIL":
                self.message += 1
                good, chunks = False, []
                self.mailed = not (self.wants("mail") or "all" in self.how)
                self.answer("mail", "250 ok")
            elif verb == b"RCPT":
                self.seen.rcpts.append(words[1].decode("latin-1"))
                if not self.mailed:
                    self.send(b"503 no MAIL\r\n")
                else:
                    good = not (self.wants("rcpt") or "all" in self.how)
                    self.answer("rcpt", "250 ok")
            elif verb == b"DATA":
                self.data(good)
                good = False
            elif verb == b"BDAT":
                self.bdat(words, chunks, good)
                good = good and words[-1].upper() != b"LAST"
            elif verb == b"QUIT":
                return self.send(b"221 bye\r\n")
            elif verb == b"RSET":
                good = False
                self.send(b"250 ok\r\n")
            else:
                self.send(b"250 ok\r\n" if verb == b"HELO" else b"500 what?\r\n")

    def run(self):
        try:
            self.serve()
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass


def main(scenarios=SCENARIOS, connection=Connection, seen_as=Seen):
    name, certs, folder = sys.argv[1:]
    how, seen = dict(scenarios[name.removesuffix("-quiet")]), seen_as(folder)
    if name.endswith("-quiet"):
        how["tickets"] = 0
    listener = socket.socket()
    if how.get("small"):  # so that a receiver who does not read is felt at once
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print("port", listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=connection(sock, how, certs, seen).run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    print(seen.report(), end="", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
