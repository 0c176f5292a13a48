#!/usr/bin/python3
"""Mail to the servers of a domain, the whole way: signed zones (BIND), MTA-STS, a real Postfix and servers that show the
wrong certificate. A mail arrives only where it should; the others do not see a byte of it."""
import json
import logging
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mail_world as world

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("WARDGATE_DIRECT_PROBE", str(ROOT / "build/release/bin/direct_probe"))
CANARY = b"CANARY-0815"
logging.getLogger("mail.log").setLevel(logging.CRITICAL) # refused handshakes are what most cases are about
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Mailbox:
    """Keeps what it was given, and everything else it was told."""

    def __init__(self):
        self.mails, self.connections = [], 0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append((envelope.rcpt_tos[0], envelope.content))
        return "250 kept"


class Server(Controller):
    """A mail server on an address of its own; tls: certificate and key, or None where it offers no TLS."""

    def __init__(self, address, port, tls):
        self.tls = None
        if tls is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        super().__init__(Mailbox(), hostname=address, port=port)

    def factory(self):
        self.handler.connections += 1
        return SMTP(self.handler, hostname="mail.specimen.example", tls_context=self.tls, require_starttls=self.tls is not None)

    def _trigger_server(self):  # the base class connects once to see whether it is up
        super()._trigger_server()
        self.handler.connections = 0


class Postfix:
    def __init__(self, folder, port, pki):
        folder.mkdir()
        os.chmod(folder, 0o755)
        self.folder = folder
        self.process = subprocess.Popen([ROOT / "tests/peers/postfix.sh", folder, str(port), pki], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
        self.stop()
        raise RuntimeError("Postfix did not start (it needs root)")

    def mails(self):
        box = self.folder / "mail/all/new"
        return [file.read_bytes() for file in box.iterdir()] if box.is_dir() else []

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


# domain: words, zone's records, expected outcome ("ok", "defer", "refused"), TLS fault, who gets it, words of the detail
def cases(t):
    def mx(*hosts):
        lines = [f"@ IN MX {10 * (i + 1)} mx{i + 1}\nmx{i + 1} IN A {host}\n" for i, host in enumerate(hosts)]
        return "".join(lines)

    def at(host, pem, usage=3, selector=1):
        return f"_{t.port}._tcp.{host} IN {world.tlsa(pem, usage, selector)}\n"
    sts = '_mta-sts IN TXT "v=STSv1; id=1;"\nmta-sts IN A 127.0.0.1\n'
    postfix, own, good, wrong, bare = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
    return {
        "postfix": ("DANE 3 1 1, Postfix", mx(postfix) + at("mx1", t.postfix_pem), "ok", False, "postfix", ""),
        "self": ("DANE 3 1 1, authority unknown, other name, run out", mx(own) + at("mx1", t.own[0]), "ok", False, own, ""),
        "anchor": ("DANE 2 0 1", mx(good) + at("mx1", t.ca, 2, 0), "ok", False, good, ""),
        "anchor-name": ("DANE 2 0 1, another name in the certificate", mx(wrong) + at("mx1", t.ca, 2, 0), "defer", True, None, ""),
        "mismatch": ("DANE, another key; the certificate is right by PKIX", mx(good) + at("mx1", t.own[0]), "defer", True, None, ""),
        "rescue": ("the same, and the MTA-STS policy would let it pass", mx(good) + at("mx1", t.own[0]) + sts, "defer", True, None, ""),
        "second": ("the first server fails DANE, the second passes", mx(good, own) + at("mx1", t.own[0]) + at("mx2", t.own[0]), "ok", False, own, ""),
        "fallback": ("the first server fails DANE, the second has none", mx(own, good) + at("mx1", t.ca), "defer", True, None, ""),
        "bogus": ("DANE, signatures wrong", mx(good) + at("mx1", t.good[0]), "defer", True, None, "signatures"),
        "bare": ("DANE, no STARTTLS offered", mx(bare) + at("mx1", t.good[0]), "defer", True, None, "STARTTLS"),
        "named": ("secure MX, no TLSA, right name", mx(good), "ok", False, good, ""),
        "named-wrong": ("secure MX, no TLSA, another name", mx(wrong), "defer", True, None, ""),
        "named-self": ("secure MX, no TLSA, authority unknown", mx(own), "defer", True, None, ""),
        "sts": ("MTA-STS enforced, right name", mx(good) + sts, "ok", False, good, ""),
        "sts-wrong": ("MTA-STS enforced, another name in the certificate", mx(wrong) + sts, "defer", True, None, ""),
        "sts-self": ("MTA-STS enforced, authority unknown", mx(own) + sts, "defer", True, None, ""),
        "sts-other": ("MTA-STS enforced, names another server", mx(good) + sts, "defer", True, None, "MTA-STS"),
        "plain": ("neither, unsigned", mx(good), "defer", False, None, "publishes neither"),
        "null": ("null MX", "@ IN MX 0 .\n", "refused", False, None, "takes no mail"),
    }


STS = ["sts", "sts-wrong", "sts-self", "sts-other", "rescue"]
UNSIGNED = {"sts", "sts-wrong", "sts-self", "sts-other", "plain"}
UNTOUCHED = {"bogus", "sts-other", "plain", "null"} # no connection at all


class MailDirect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-direct-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        cls.port = world.free_port()
        pki = cls.folder / "pki"
        world.run(ROOT / "certs-example/make", pki)
        cls.postfix_pem = pki / "mail/server.pem"
        authority = world.Authority(cls.folder, "own-ca")
        cls.ca = authority.pem
        names = ["sts", "anchor", "named", "mismatch", "rescue", "second", "fallback", "sts-other", "plain", "bogus"]
        cls.good = list(authority.issue("good", [f"mx{n}.{name}.example" for name in names for n in (1, 2)]))
        chain = cls.folder / "good-chain.pem"
        chain.write_text(cls.good[0].read_text() + cls.ca.read_text())
        cls.good_chain = (chain, cls.good[1])
        elsewhere = authority.issue("wrong", ["mail.elsewhere.example"])
        both = cls.folder / "wrong-chain.pem"
        both.write_text(elsewhere[0].read_text() + cls.ca.read_text())
        cls.wrong = (both, elsewhere[1])
        cls.own = world.Authority(cls.folder, "stranger").issue("own", ["mail.elsewhere.example"], ["-days", "-1"])
        policies = world.Policies(authority.issue("sts", [f"mta-sts.{name}.example" for name in STS]), elsewhere)
        cls.addClassCleanup(policies.stop)
        cls.policies = policies
        for name in ("sts", "sts-wrong", "sts-self", "rescue"):
            policies.answers[f"mta-sts.{name}.example"] = (200, "text/plain", world.policy(mx=(f"mx1.{name}.example",)))
        policies.answers["mta-sts.sts-other.example"] = (200, "text/plain", world.policy(mx=("mx1.elsewhere.example",)))
        cls.cases = cases(cls)
        zones = [world.Zone("", ""), world.Zone("test", "ns IN A 127.0.0.1\n"), world.Zone("example", "")]
        for name, case in cls.cases.items():
            how = "unsigned" if name in UNSIGNED else "broken:TLSA" if name == "bogus" else "signed"
            zones.append(world.Zone(f"{name}.example", case[1], how))
        cls.names = world.Names(cls.folder, zones).make().start()
        cls.addClassCleanup(cls.names.stop)
        cls.postfix = Postfix(cls.folder / "postfix", cls.port, pki)
        cls.addClassCleanup(cls.postfix.stop)
        cls.servers = {}
        for address, tls in (("127.0.0.2", cls.own), ("127.0.0.3", cls.good_chain), ("127.0.0.4", cls.wrong), ("127.0.0.5", None)):
            server = Server(address, cls.port, tls)
            server.start()
            cls.addClassCleanup(server.stop)
            cls.servers[address] = server.handler

    def send(self, name):
        words = [PROBE, self.folder / "anchor", f"127.0.0.1@{self.names.port}", self.ca, self.policies.port, self.port]
        done = subprocess.run([*map(str, words)], input=f"front-door@{name}.example\n", text=True, capture_output=True, timeout=90, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_every_case(self):
        wrong = []
        for name, (words, _zone, what, fault, who, says) in self.cases.items():
            before = len(self.postfix.mails())
            for server in self.servers.values():
                server.mails.clear()
                server.connections = 0
            got = self.send(name)
            arrived = [address for address, server in self.servers.items() for _ in server.mails]
            arrived += ["postfix"] * (len(self.wait_for_postfix(before + (who == "postfix"))) - before)
            touched = sum(server.connections for server in self.servers.values())
            good = (got["what"] == what and got["tls"] == fault and arrived == ([who] if who else []) and says in got["detail"] and
                    (name not in UNTOUCHED or touched == 0))
            print(f"{'' if good else 'WRONG '}{words:60} {got['what']:8} {'TLS fault' if got['tls'] else '':10} {got['detail']}")
            if not good:
                wrong.append((name, got, arrived, touched))
            for server in self.servers.values():
                for _to, content in server.mails:
                    self.assertIn(CANARY, content)
        self.assertEqual(wrong, [])

    def wait_for_postfix(self, count):
        for _ in range(1200):
            if len(self.postfix.mails()) >= count:
                break
            time.sleep(0.1)
        return self.postfix.mails()


if __name__ == "__main__":
    unittest.main(verbosity=2)
