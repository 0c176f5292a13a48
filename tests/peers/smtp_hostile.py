#!/usr/bin/python3 -Wignore
"""Mail servers on 127.0.0.1 that misbehave, for a client that keeps sessions, logs in and speaks TLS from the first byte.

usage: smtp_hostile.py SCENARIO CERTS DIR

Everything smtp_zoo.py has, and more; tests/peers/smtp_hostile.table says what the gateway has to make of each. Beside what
smtp_zoo.py reports:
  clear N        bytes outside TLS that are neither EHLO, STARTTLS, NOOP, QUIT nor a TLS handshake (must be 0)
  inside N       bytes read inside TLS, whoever the server turned out to be
  connections N  TCP connections
  resumed N      TLS handshakes that resumed a session
  login WHAT     each login: "ok NAME" or "bad NAME"
  param PARAM    each parameter of MAIL and RCPT
What came outside TLS is kept in DIR/clear-N.
"""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import smtp_zoo
from smtp_zoo import Gone, INJECTED

USER, SECRET = "gateway", "CANARY-secret-01632"
ALL_AUTH = "AUTH PLAIN SCRAM-SHA-256 XOAUTH2"
BUSY = "421 4.3.2 shutting down"

SCENARIOS = dict(smtp_zoo.SCENARIOS)
SCENARIOS.update({
    # TLS
    "implicit": {"implicit": True},
    "implicit-plain": {"implicit": True, "no_tls": True},
    "implicit-wrong-name": {"implicit": True, "cert": "hostile/wrong-name-server"},
    "implicit-unknown-ca": {"implicit": True, "cert": "hostile/unknown-ca-server"},
    "implicit-expired": {"implicit": True, "cert": "hostile/expired-server"},
    "self-signed": {"cert": "hostile/self-signed-server"},
    "not-yet-valid": {"cert": "hostile/future-server"},
    "client-purpose": {"cert": "derbyshire/client"},
    "handshake-silent": {"handshake": "silent"},
    "handshake-cut": {"handshake": "cut"},
    "handshake-junk": {"handshake": "junk"},
    "handshake-drip": {"handshake": "drip"},
    "starttls-inside-only": {"inside_starttls": True},
    "inject-split": {"starttls": b"220 go\r\n", "after_starttls": INJECTED},
    "tickets-many": {"tickets": 32, "offer": ["PIPELINING"]},
    # greeting, EHLO
    "greeting-421": {"greeting": b"421 4.3.2 too busy\r\n"},
    "greeting-http": {"greeting": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"},
    "greeting-multiline": {"greeting": b"220-mail.example\r\n220-no advertising\r\n220 ESMTP\r\n"},
    "ehlo-421": {"ehlo": b"421 4.3.2 shutting down\r\n"},
    "ehlo-wrong-continuation": {"ehlo": b"250-mail.example\r\n550-no\r\n250 STARTTLS\r\n"},
    "ehlo-nul": {"ehlo": b"250-mail.example\r\n250 START\0TLS\r\n"},
    "ehlo-129-lines": {"offer": [f"X-EXTENSION-{i}" for i in range(200)]},
    "ehlo-in-first-line": {"ehlo": b"250 STARTTLS\r\n"},
    "ehlo-endless-line-tls": {"endless_tls": b"250-" + b"x" * 4096},
    # answers before their questions
    "early-answers": {"early_inside": b"250 ok\r\n250 ok\r\n354 go\r\n250 ok queued as EARLY\r\n", "hear_only": True},
    "early-end": {"small": True, "early_end": b"250 ok queued as EARLY\r\n"},
    "early-refusal": {"small": True, "early_end": b"552 5.3.4 too large, really\r\n"},
    # answers that are none
    "mail-nul": {"mail": "250 o\0k"},
    "rcpt-wrong-continuation": {"rcpt": "250-ok\r\n550 no"},
    "data-250": {"data": "250 ok"},
    "end-controls": {"end": "250 ok queued as A\033[2JC\x07\x7f\xff\rB"},
    "end-nul": {"end": "250 o\0k"},
    "end-drip": {"end_drip": True},
    "end-silent": {"end_silent": True},
    "end-endless": {"end_endless": True},
    "rcpt-drip": {"rcpt_drip": True},
    # sessions
    "drop-after-354": {"drop_354": True},
    "drop-every-end": {"drop_end": True},
    "rst-after-250": {"rst_after": True},
    "close-after-250": {"close_after": True},
    "idle-close": {"close_after": True},
    "idle-421": {"close_after": True, "parting": b"421 4.4.2 idle for too long\r\n"},
    "gone-at-second-mail": {"mail_drop": 2},
    "one-per-connection": {"mail": BUSY, "only": 2},
    "421-at-mail": {"mail": BUSY},
    "421-at-rcpt": {"rcpt": BUSY},
    "421-at-end": {"end": BUSY},
    "421-in-mid-session": {"rcpt": BUSY, "only": 2},
    "421-pipelined": {"rcpt": BUSY, "only": 2, "offer": ["PIPELINING"]},
    "one-pipelined": {"mail": BUSY, "only": 2, "offer": ["PIPELINING"]},
    "data-554-second-pipelined": {"data": "554 no", "only": 2, "offer": ["PIPELINING"]},
    # DATA that was pipelined behind a refused command is taken up all the same (RFC 2920 3.1): any content would count as accepted
    "eager-554": {"rcpt": "550 5.1.1 no such desk", "only": 2, "offer": ["PIPELINING"], "eager": "554 no valid recipients"},
    "eager-250": {"rcpt": "450 4.2.1 this desk is busy", "only": 2, "offer": ["PIPELINING"], "eager": "250 ok"},
    "eager-at-mail": {"mail": "550 no such sender", "only": 2, "offer": ["PIPELINING"], "eager": "250 ok"},
    "eager-gone": {"rcpt": "550 5.1.1 no such desk", "only": 2, "offer": ["PIPELINING"], "eager": ""},
    "rset-refused": {"per": [{"rcpt": "550 5.1.1 no such desk", "rset": "502 what?"}, {}]},
    "certificate-changes": {"close_after": True, "per": [{}, {"cert": "hostile/wrong-name-server"}]},
    "authority-changes": {"close_after": True, "offer": [ALL_AUTH], "per": [{}, {"cert": "hostile/unknown-ca-server"}]},
    "resumes": {"close_after": True, "shared": True},
    "resumes-1.2": {"close_after": True, "shared": True, "version": ssl.TLSVersion.TLSv1_2},
    "resumption-refused": {"close_after": True},
    "starttls-then-gone": {"close_after": True, "per": [{}, {"starttls": None}]},
    # extensions
    "size-552": {"offer": ["SIZE 100"]},
    "size-552-mail": {"mail": "552 5.3.4 too large"},
    "size-552-end": {"end": "552 5.3.4 too large"},
    "dsn": {"offer": ["DSN", "PIPELINING", "SIZE"]},
    "dsn-clear-only": {"offer_clear": ["DSN", "SIZE 1", "PIPELINING", "REQUIRETLS", ALL_AUTH], "offer": []},
    "require-tls": {"offer": ["REQUIRETLS"]},
    "require-tls-refused": {"offer": ["REQUIRETLS"], "mail": "550 5.7.30 REQUIRETLS support required"},
    "enhanced": {"rcpt": "450 4.2.1 this desk is busy", "only": 1},
    "5xx-on-one-of-three": {"rcpt": "550 5.1.1 no such desk", "only": 2, "offer": ["PIPELINING"]},
    "4xx-for-ever": {"mail": "451 4.7.1 greylisted"},
    # logins
    "auth-plain": {"offer": [ALL_AUTH]},
    "auth-scram": {"offer": ["AUTH SCRAM-SHA-256"]},
    "auth-scram-plus": {"offer": ["AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS"]},
    "auth-scram-plus-1.2": {"offer": ["AUTH SCRAM-SHA-256-PLUS"], "version": ssl.TLSVersion.TLSv1_2},
    "auth-xoauth2": {"offer": [ALL_AUTH]},
    "auth-clear-only": {"offer_clear": [ALL_AUTH], "offer": []},
    "auth-none": {},
    "auth-other-only": {"offer": ["AUTH LOGIN CRAM-MD5"]},
    "auth-535": {"offer": [ALL_AUTH], "auth": "535 5.7.8 no"},
    "auth-454": {"offer": [ALL_AUTH], "auth": "454 4.7.0 the directory is away"},
    "auth-endless": {"offer": [ALL_AUTH], "auth": "334 "},
    "auth-drop": {"offer": [ALL_AUTH], "auth": ""},
    "auth-wanted": {"mail": "530 5.7.0 authentication required"},
    "xoauth2-expired": {"offer": [ALL_AUTH], "token": "expired"},
    "scram-bad-password": {"offer": [ALL_AUTH], "scram": "other-password"},
    "scram-wrong-signature": {"offer": [ALL_AUTH], "scram": "signature"},
    "scram-no-signature": {"offer": [ALL_AUTH], "scram": "unproven"},
    "scram-iterations": {"offer": [ALL_AUTH], "scram": "iterations", "iterations": 2000000000},
    "scram-few-iterations": {"offer": [ALL_AUTH], "scram": "iterations", "iterations": 1},
    "scram-other-nonce": {"offer": [ALL_AUTH], "scram": "nonce"},
    "scram-extension": {"offer": [ALL_AUTH], "scram": "mandatory"},
    "scram-junk": {"offer": [ALL_AUTH], "scram": "junk"},
})


def sha256_hmac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


class Seen(smtp_zoo.Seen):
    def __init__(self, folder):
        super().__init__(folder)
        self.inside = self.connections = self.resumed = 0
        self.logins, self.params, self.recorders = [], [], []
        self.context = None

    def stray(self):
        """Bytes in the clear that should not have been there."""
        allowed, count = (b"EHLO ", b"STARTTLS\r\n", b"NOOP\r\n", b"QUIT\r\n"), 0
        for number, raw in enumerate(self.recorders):
            with open(os.path.join(self.folder, f"clear-{number}"), "wb") as f:
                f.write(raw)
            text = raw.split(b"\x16\x03", 1)[0]
            count += sum(len(line) for line in text.splitlines(True) if not line.startswith(allowed))
        return count

    def report(self):
        self.clear = self.stray()
        lines = [f"inside {self.inside}", f"connections {self.connections}", f"resumed {self.resumed}"]
        lines += [f"login {x}" for x in self.logins] + [f"param {x}" for x in self.params]
        return super().report() + "\n".join(lines) + "\n"


class Connection(smtp_zoo.Connection):
    def __init__(self, sock, how, certs, seen):
        with seen.lock:
            number = seen.connections
            seen.connections += 1
            self.raw = bytearray()
            seen.recorders.append(self.raw)
        how = {**how, **how["per"][min(number, len(how["per"]) - 1)]} if "per" in how else how
        super().__init__(sock, how, certs, seen)

    # ---- bytes

    def read(self, count):
        data = super().read(count)
        self.note(data)
        return data

    def note(self, data):
        if self.tls:
            self.seen.inside += len(data)
        else:
            self.raw += data

    def line(self):
        if not self.tls:
            return super().line() # which reads, and so notes, byte by byte
        data = super().line()
        self.note(data)
        return data

    def cut(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.sock.detach())
        raise Gone

    # ---- TLS

    def start_tls(self):
        how = self.how.get("handshake")
        if self.how.get("after_starttls"):
            time.sleep(0.05) # so that it comes apart from the 220
            self.send(self.how["after_starttls"])
        if how:
            self.raw += self.sock.recv(65536)
        if how == "cut":
            raise Gone
        while how == "silent":
            self.raw += self.sock.recv(65536) or self.gone()
        if how == "junk":
            self.send(b"\x16\x03\x03\x40\x00" + b"\xff" * 16384)
        while how == "drip":
            for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\x03" * 16000:
                self.send(bytes([byte]))
                time.sleep(0.02)
        self.wrap()

    def gone(self):
        raise Gone

    def context(self):
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
        return context

    def wrap(self):
        with self.seen.lock:
            if self.how.get("shared") and not self.seen.context:
                self.seen.context = self.context()
        context = self.seen.context or self.context()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.reader = self.sock.makefile("rb")
        self.tls = True
        self.seen.resumed += bool(self.sock.session_reused)

    def greet(self):
        if self.how.get("implicit") and not self.how.get("no_tls"):
            self.wrap()
        super().greet()

    # ---- commands

    def ehlo(self):
        offers = self.how.get("offer", [])
        clear = self.how.get("offer_clear", offers)
        if not self.tls:
            self.how = {**self.how, "offer": clear}
        super().ehlo()
        self.how = {**self.how, "offer": offers}
        if self.tls and self.how.get("early_inside"):
            self.send(self.how["early_inside"])
            while self.how.get("hear_only"):
                self.line()

    def content(self):
        content, whole = [], True
        while True:
            line = self.line()
            if whole and line == b".\r\n":
                return b"".join(content)
            self.took(len(line))
            content.append(line[1:] if whole and line.startswith(b".") else line)
            whole = line.endswith(b"\r\n")
            if self.how.get("early_end") and len(content) == 3:
                self.send(self.how["early_end"])
                time.sleep(0.3)

    def nothing_for_nobody(self):
        """DATA is taken up though nobody is there to get it."""
        self.send(b"354 go\r\n")
        if content := self.content():
            self.seen.accept(content)
        if not self.how["eager"]:
            raise Gone
        self.send(self.how["eager"].encode() + b"\r\n")

    def data(self, good):
        if not good and "eager" in self.how:
            return self.nothing_for_nobody()
        if not good or self.wants("data"):
            return super().data(good)
        self.send(b"354 go\r\n")
        if self.how.get("drop_354"):
            raise Gone
        content = self.content()
        if self.how.get("end_drip"):
            for byte in b"250 " + b"x" * 100000:
                self.send(bytes([byte]))
                time.sleep(0.02)
        if self.how.get("end_silent"):
            time.sleep(3600)
        while self.how.get("end_endless"):
            self.send(b"250-and on\r\n")
        self.end(content, good)
        if self.how.get("rst_after"):
            time.sleep(0.1) # or the RST overtakes the 250
            self.cut()
        if self.how.get("close_after"):
            self.send(self.how.get("parting", b""))
            try:
                self.sock = self.sock.unwrap() # a decent end
            except (OSError, ssl.SSLError):
                pass
            raise Gone

    def serve(self):
        self.greet()
        good, self.mailed = False, False
        while True:
            line = self.line()
            words = line.split() or [b""]
            verb = words[0].upper()
            self.seen.verbs.append(verb.decode("latin-1")[:20] if verb.isalpha() else "?")
            if verb == b"EHLO":
                self.ehlo()
            elif verb == b"STARTTLS" and self.tls:
                self.send(b"503 we are there already\r\n")
            elif verb == b"STARTTLS":
                reply = self.how.get("starttls", b"220 go\r\n") or b""
                self.send(reply)
                if not reply:
                    return
                if reply.startswith(b"220"):
                    self.start_tls()
            elif verb == b"AUTH":
                self.auth(words)
            elif verb == b"MAIL":
                with self.seen.lock:
                    self.seen.messages += 1
                    self.message = self.seen.messages if self.how.get("of_all") else self.message + 1
                if self.message == self.how.get("mail_drop"):
                    raise Gone
                self.seen.params += [w.decode("latin-1") for w in words[2:]]
                self.mailed, good = not self.wants("mail"), False
                self.answer("mail", "250 ok")
            elif verb == b"RCPT":
                good = self.rcpt(words)
            elif verb == b"DATA":
                self.data(good)
                good = False
            elif verb == b"QUIT":
                return self.send(b"221 bye\r\n")
            elif verb == b"RSET":
                good = False
                self.send(self.how.get("rset", "250 ok").encode() + b"\r\n")
            else:
                self.send(b"250 ok\r\n" if verb == b"NOOP" else b"500 what?\r\n")

    def answer(self, key, normal):
        reply = self.wants(key) or normal
        super().answer(key, normal)
        if reply.startswith("421"):
            raise Gone

    def rcpt(self, words):
        self.seen.rcpts.append(words[1].decode("latin-1"))
        self.seen.params += [w.decode("latin-1") for w in words[2:]]
        while self.how.get("rcpt_drip"):
            self.send(b"2")
            time.sleep(0.02)
        if not self.mailed:
            self.send(b"503 no MAIL\r\n")
            return False
        self.answer("rcpt", "250 ok")
        return not self.wants("rcpt")

    # ---- logins

    def part(self, data):
        """One 334, and the answer to it."""
        self.send(b"334 " + base64.b64encode(data) + b"\r\n")
        return base64.b64decode(self.line().strip())

    def auth(self, words):
        name = words[1].decode("latin-1")
        if "auth" in self.how:
            while self.how["auth"].startswith("334"):
                self.send(b"334 \r\n")
                self.line()
            if not self.how["auth"]:
                raise Gone
            return self.send(self.how["auth"].encode() + b"\r\n")
        first = base64.b64decode(words[2]) if len(words) > 2 else self.part(b"")
        good = {"PLAIN": self.plain, "XOAUTH2": self.xoauth2}.get(name, self.scram)(first, name)
        self.seen.logins.append(("ok " if good else "bad ") + name)
        if good is not None:
            self.send(b"235 2.7.0 welcome\r\n" if good else b"535 5.7.8 no\r\n")

    def plain(self, first, _):
        return first == f"\0{USER}\0{SECRET}".encode()

    def xoauth2(self, first, _):
        if first == f"user={USER}\1auth=Bearer {SECRET}\1\1".encode() and "token" not in self.how:
            return True
        self.part(b'{"status":"401","schemes":"bearer","scope":"mail"}')
        return False

    def binding(self, name):
        """What a client that binds has to send, by the definitions; Python's ssl has no exporter, so that of TLS 1.3 is
        only checked for its form by us; the real server in the tests knows it."""
        if self.sock.version() == "TLSv1.3":
            return b"p=tls-exporter,,", None
        path = os.path.join(self.certs, self.how.get("cert", "mail/server")) + ".pem"
        with open(path) as f:
            pem = f.read()
        der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):])
        return b"p=tls-server-end-point,,", hashlib.sha256(der).digest()

    def scram(self, first, name):
        fault, salt = self.how.get("scram"), b"a salt of 16 bytes"
        head, bare = first[:first.index(b"n=")], first[first.index(b"n="):]
        bound = b""
        if name.endswith("-PLUS"):
            expected, bound = self.binding(name)
            if head != expected:
                return False
        elif head not in (b"y,,", b"n,,"):
            return False
        nonce = bare.split(b",r=")[1]
        theirs = (b"x" * len(nonce) if fault == "nonce" else nonce) + b"ours"
        rounds = self.how.get("iterations", 4096)
        server_first = b"r=" + theirs + b",s=" + base64.b64encode(salt) + b",i=%d" % rounds
        if fault == "mandatory":
            server_first = b"m=beyond," + server_first
        if fault == "junk":
            server_first = bytes(range(256)) * 2
        answer = self.part(server_first)
        without, proof = answer.rsplit(b",p=", 1)
        channel = base64.b64decode(without[2:without.index(b",r=")])
        if bound is None: # an exporter: 32 bytes that only the two ends know
            if not channel.startswith(head) or len(channel) != len(head) + 32:
                return False
        elif channel != head + bound:
            return False
        password = "another" if fault == "other-password" else SECRET
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
        auth = bare + b"," + server_first + b"," + without
        key = sha256_hmac(salted, b"Client Key")
        want = bytes(a ^ b for a, b in zip(key, sha256_hmac(hashlib.sha256(key).digest(), auth)))
        if base64.b64decode(proof) != want:
            return False
        signature = sha256_hmac(sha256_hmac(salted, b"Server Key"), auth)
        if fault == "signature":
            signature = bytes(32)
        if fault != "unproven":
            self.part(b"v=" + base64.b64encode(signature))
        return True


if __name__ == "__main__":
    smtp_zoo.main(SCENARIOS, Connection, Seen)
