"""IMAP servers on 127.0.0.1 that misbehave in one named way each, and an oracle of what they saw.

Each Server has one mailbox INBOX with MAILS in it (UIDs 1, 2, 3). `seen` holds what came in the clear beyond CAPABILITY, STARTTLS,
LOGOUT and NOOP, whether a password or token came and how, and what was marked or moved. With server.how = {} it behaves.
"""
import base64
import os
import re
import socket
import ssl
import threading
import time

PASSWORD = "letmein-2026"
USER = "notices@gateway.example"
MAILS = {n: (f"Subject: mail {n}\r\nMessage-ID: <{n}@zoo.example>\r\n\r\n" + f"line of mail {n}\r\n" * (200 * n)).encode() for n in (1, 2, 3)}
HARMLESS = (b"CAPABILITY", b"STARTTLS", b"LOGOUT", b"NOOP")
# What one on the wire would like us to believe.
BELIEVE = b"* OK [UIDVALIDITY 666] forged\r\n* OK [PERMANENTFLAGS ()] none\r\n* 4000000000 EXISTS\r\n* LIST () \"%\" x\r\n"


class Gone(Exception):
    pass


class Seen:
    def __init__(self):
        self.clear, self.logins, self.marked, self.moved, self.connections = b"", 0, set(), set(), 0
        self.flags = {}


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock, self.how, self.seen = server, sock, dict(server.how), server.seen
        self.tls, self.buffer = False, b""

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(4096 if self.tls else 1)
            if not data:
                raise Gone
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        if not self.tls:
            words = line.split()
            if len(words) < 2 or words[1].upper() not in HARMLESS:
                self.seen.clear += line + b"\n"
        return line.rstrip(b"\r")

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if "version" in self.how:
            context.minimum_version = context.maximum_version = self.how["version"]
            context.set_ciphers("ALL:@SECLEVEL=0")
        path = os.path.join(self.server.certs, self.how.get("cert", "mail/server"))
        context.load_cert_chain(path + ".pem", path + ".key")
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.tls = True

    def endless(self, line):
        while True:
            self.send(line)

    def greet(self):
        if "silent" in self.how:
            time.sleep(3600)
        if "drip" in self.how:
            while True:
                self.send(b"*")
                time.sleep(0.5)
        if "endless-greeting" in self.how:
            self.endless(b"* OK and on and on " * 100)
        self.send(self.how.get("greeting", b"* OK zoo ready\r\n"))
        if self.how.get("greeting", b"* OK").startswith(b"* BYE"):
            raise Gone

    def capability(self, tag):
        if "endless-capability" in self.how and self.tls:
            self.endless(b"* CAPABILITY IMAP4rev1 AND MORE\r\n")
        words = ["IMAP4rev1"]
        if not self.tls and self.how.get("starttls") is not None or (not self.tls and "starttls" not in self.how):
            words.append("STARTTLS")
        words += self.how.get("auth", ["AUTH=PLAIN", "SASL-IR"]) if self.tls else ["LOGINDISABLED"]
        if self.how.get("move", True):
            words.append("MOVE")
        extra = self.how.get("before-tls", b"") if not self.tls else b""
        self.send(extra + f"* CAPABILITY {' '.join(words)}\r\n".encode() + tag + b" OK done\r\n")

    def login(self, tag, rest):
        data = rest.split()
        text = data[1] if len(data) > 1 else None
        if text is None:
            self.send(b"+ \r\n")
            text = self.line()
        decoded = base64.b64decode(text)
        if data[0].upper() == b"LOGIN":
            self.send(b"+ UGFzc3dvcmQ6\r\n")
            decoded += base64.b64decode(self.line())
        self.seen.logins += 1
        if not self.tls:
            self.seen.clear += decoded
        good = PASSWORD.encode() in decoded and "refuse-login" not in self.how
        self.send(tag + (b" OK in\r\n" if good else b" NO [AUTHENTICATIONFAILED] no\r\n"))

    def select(self, tag):
        if "select-no" in self.how:
            return self.send(tag + b" NO no such mailbox\r\n")
        if "endless-select" in self.how:
            self.endless(b"* 3 RECENT\r\n")
        validity = self.server.validity
        flags = self.how.get("permanent", b"(\\Seen \\Flagged \\*)")
        self.send(b"* %d EXISTS\r\n* FLAGS (\\Seen)\r\n" % self.how.get("exists", len(self.server.mails)))
        self.send(self.how.get("validity", b"* OK [UIDVALIDITY %d] is\r\n" % validity))
        self.send(b"* OK [PERMANENTFLAGS " + flags + b"] these\r\n")
        self.send(tag + b" OK [READ-WRITE] selected\r\n")

    def search(self, tag, what):
        if what.startswith(b"UID "):
            again = self.how.get("search-again", b"* SEARCH " + (what[4:] if int(what[4:]) in self.server.mails else b"") + b"\r\n")
            return self.send(again + tag + b" OK done\r\n")
        left = sorted(u for u in self.server.mails if u not in self.seen.moved and "$Wardgate" not in self.seen.flags.get(u, ()))
        if "search-no" in self.how:
            return self.send(tag + b" NO cannot\r\n")
        if "search-bye" in self.how:
            self.send(b"* BYE tired\r\n")
            raise Gone
        self.send(self.how.get("search", b"* SEARCH " + " ".join(map(str, left)).encode() + b"\r\n"))
        self.send(tag + b" OK done\r\n")

    def fetch(self, tag, numbers, what):
        if b"RFC822.SIZE" in what:
            for uid in map(int, numbers.split(b",")):
                if uid in self.server.mails:
                    self.send(self.how.get("size", b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, len(self.server.mails[uid]))).replace(
                        b"UIDUID", b"%d" % uid))
            return self.send(tag + b" OK done\r\n")
        uid = int(numbers)
        if uid not in self.server.mails:
            return self.send(tag + b" OK nothing there\r\n")
        mail = self.server.mails[uid] if b"MESSAGE-ID" not in what else b"Message-ID: <%d@zoo.example>\r\n\r\n" % uid
        section = what.split(b" ", 1)[1].strip() if what.startswith(b"(") else what
        if uid == self.how.get("uid", 2) and b"MESSAGE-ID" not in what and "body" in self.how:
            if "once" in self.how:
                self.server.how = {}
            return self.how["body"](self, tag, uid, mail)
        self.send(b"* %d FETCH (UID %d %s {%d}\r\n" % (uid, uid, section, len(mail)) + mail + b")\r\n" + tag + b" OK done\r\n")

    def store(self, tag, rest):
        if "store-no" in self.how:
            return self.send(tag + b" NO [NOPERM] not here\r\n")
        if "store-drop" in self.how:
            raise Gone
        numbers, _, flags = rest.partition(b" ")
        for uid in map(int, numbers.split(b",")):
            self.seen.flags.setdefault(uid, set()).update(re.search(rb"\((.*)\)", flags).group(1).decode().split())
            self.seen.marked.add(uid)
        self.send(tag + b" OK stored\r\n")

    def uid(self, tag, rest):
        verb, _, rest = rest.partition(b" ")
        verb = verb.upper()
        if verb == b"SEARCH":
            self.search(tag, rest)
        elif verb == b"FETCH":
            numbers, _, what = rest.partition(b" ")
            self.fetch(tag, numbers, what)
        elif verb == b"STORE":
            self.store(tag, rest)
        elif verb == b"MOVE":
            if "move-no" in self.how:
                return self.send(tag + b" NO [NOPERM] not there\r\n")
            self.seen.moved |= set(map(int, rest.split(b" ")[0].split(b",")))
            self.send(tag + b" OK moved\r\n")
        else:
            self.send(tag + b" BAD what\r\n")

    def serve(self):
        if self.server.implicit:
            self.start_tls()
        self.greet()
        while True:
            tag, _, rest = self.line().partition(b" ")
            verb, _, rest = rest.partition(b" ")
            verb = verb.upper()
            if verb == b"CAPABILITY":
                self.capability(tag)
            elif verb == b"STARTTLS":
                answer = self.how.get("starttls", b"OK go\r\n")
                if answer is None or not answer:
                    raise Gone
                self.send(tag + b" " + answer)
                if answer.startswith(b"OK"):
                    self.start_tls()
            elif verb == b"AUTHENTICATE":
                self.login(tag, rest)
            elif verb == b"LOGIN":
                self.seen.logins += 1
                self.send(tag + b" NO\r\n")
            elif verb == b"SELECT":
                self.select(tag)
            elif verb == b"UID":
                self.uid(tag, rest)
            elif verb == b"LIST":
                self.send(b'* LIST (\\Noselect) "/" ""\r\n' + tag + b" OK listed\r\n")
            elif verb == b"LOGOUT":
                self.send(b"* BYE\r\n" + tag + b" OK\r\n")
                raise Gone
            else:
                self.send(tag + b" OK\r\n")

    def run(self):
        try:
            self.serve()
        except (Gone, OSError, ssl.SSLError, ValueError, AttributeError):
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass


class Server:
    def __init__(self, certs, how, implicit=False, mails=None):
        self.certs, self.how, self.implicit, self.seen, self.validity = str(certs), how, implicit, Seen(), 7
        self.mails, self.first = mails or MAILS, None # first: when somebody first came, monotonic
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.first = self.first or time.monotonic()
            self.seen.connections += 1
            threading.Thread(target=Connection(self, sock).run, daemon=True).start()

    def close(self):
        self.listener.close()


# ---- what is answered to the FETCH of one mail

def raw(form):
    """form: the whole answer, with %(uid)d, %(len)d and TAG."""
    def body(c, tag, uid, mail):
        c.send((form.encode() % {b"uid": uid, b"len": len(mail)}).replace(b"MAIL", mail).replace(b"TAG", tag))
    return body


def drop(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail)) + mail[:100])
    raise Gone


def new_validity(c, tag, uid, mail):
    c.server.validity += 1
    drop(c, tag, uid, mail)


def bye(c, tag, uid, mail):
    c.send(b"* BYE tired\r\n")
    raise Gone


def short(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail) + 5000) + mail + b")\r\n" + tag + b" OK done\r\n")


def long(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail) - 500) + mail + b")\r\n" + tag + b" OK done\r\n")


def drip(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail)))
    for byte in mail:
        c.send(bytes([byte]))
        time.sleep(0.2)


def endless(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {9223372036854775807}\r\n" % uid)
    c.endless(b"x" * 65536)


def endless_lines(c, tag, uid, mail):
    c.send(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(mail)) + mail + b")\r\n")
    c.endless(b"* OK still there\r\n" * 100)
