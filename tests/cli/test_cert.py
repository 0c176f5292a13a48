#!/usr/bin/env python3
"""wardgate cert and why-not, against a partner's own authority: its lists over HTTP, its responder a real one (openssl ocsp)."""
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
MAILBOX = "safeguarding@partner.example"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-cert-"))
        cls.world = w.World(cls.folder, PROGRAM)
        cls.world.make_pki()
        cls.gateway = cls.world.make_gateways(2525)[0]
        cls.good = cls.gateway.config.read_text()
        cls.directory = (cls.gateway.folder / "directory.xml").read_text()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        """A fresh partner, whose lists are served; its responder is started by whoever needs it."""
        self.responder = None
        self.partner = pathlib.Path(tempfile.mkdtemp(dir=self.folder, prefix="partner-"))
        handler = functools.partial(Quiet, directory=str(self.partner / "www"))
        self.lists = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.lists.serve_forever, daemon=True).start()
        self.ocsp_port = w.free_port()
        subprocess.run([ROOT / "tests/crypto/partner-pki", self.partner, str(self.lists.server_port), str(self.ocsp_port)], check=True,
                       stdout=subprocess.DEVNULL)
        self.configure(private=True)
        self.direct("next")

    def tearDown(self):
        self.stop_responder()
        self.lists.shutdown()
        self.lists.server_close()
        shutil.rmtree(self.gateway.folder / "state", ignore_errors=True)

    def run(self, *words):
        if words and isinstance(words[0], unittest.TestResult):
            return super().run(*words)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WARDGATE")}
        return subprocess.run([PROGRAM, *map(str, words), "--config", self.gateway.config], capture_output=True, text=True, timeout=150, env=environment)

    def expect(self, status, *words):
        done = self.run(*words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def configure(self, private, smime=""):
        monitor = f'  <monitor socket="monitor.sock" private-addresses="{"true" if private else "false"}"/>\n'
        text = self.good.replace("  <samples", monitor + "  <samples")
        if smime:
            head, tail = text.split("<smime ", 1)
            own, rest = tail.split("/>", 1)
            text = f"{head}<smime {own}>{smime}</smime>{rest}"
        self.gateway.config.write_text(text)

    def direct(self, *names, revocation="required", address=MAILBOX, suspended="false"):
        """The directory, with the partner; names: certificates of its desk."""
        more = "".join(f'<certificate file="{self.partner}/{n}.pem"/>' for n in names[1:])
        entry = f"""  <organisation id="partner" kind="provider" areas="860">
    <name>Partner (example)</name>
    <domain>partner.example</domain>
    <signer certificate="{self.partner}/sign.pem"/>
    <trust ca="{self.partner}/root.pem" revocation="{revocation}"/>
    <desk name="safeguarding" roles="provider" channel="mail" address="{address}" certificate="{self.partner}/{names[0]}.pem"
          suspended="{suspended}" telephone="01632 960777">{more}</desk>
  </organisation>
</directory>"""
        (self.gateway.folder / "directory.xml").write_text(self.directory.replace("</directory>", entry))

    def start_responder(self, signer="ocsp"):
        self.stop_responder()
        p = self.partner
        self.responder = subprocess.Popen(
            ["openssl", "ocsp", "-port", f"{self.ocsp_port}", "-index", p / "sub.index", "-CA", p / "sub.pem", "-rsigner", p / f"{signer}.pem",
             "-rkey", p / f"{signer}.key", "-nmin", "180"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        # asked by connecting, it would wait for what that connection says
        for line in self.responder.stdout:
            if "waiting for OCSP client" in line:
                return
        self.fail("openssl ocsp does not listen")

    def stop_responder(self):
        if self.responder:
            self.responder.kill()
            self.responder.wait()
            self.responder.stdout.close()
            self.responder = None

    def items(self, status=None):
        done = self.run("cert", "status", "--json")
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def item(self, what, whose, file=""):
        found = [i for i in self.items() if i["what"] == what and i["whose"] == whose and i["file"].endswith(file)]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def desk(self, file=""):
        return self.item("desk", "partner/safeguarding", file)

    def revoke(self, name):
        with open(self.partner / "log", "ab") as log:
            subprocess.run(["openssl", "ca", "-config", "sub.conf", "-revoke", f"{name}.pem"], cwd=self.partner, check=True, stderr=log)
            subprocess.run(["openssl", "ca", "-config", "sub.conf", "-gencrl", "-out", "list.pem"], cwd=self.partner, check=True, stderr=log)
            subprocess.run(["openssl", "crl", "-in", "list.pem", "-outform", "DER", "-out", "www/sub.crl"], cwd=self.partner, check=True, stderr=log)


class Revocation(Case):
    def test_fetched_and_believed(self):
        self.assertEqual(self.desk()["revocation"], "missing")
        self.assertEqual(self.desk()["level"], "broken")  # required
        text = self.expect(1, "why-not", "partner/safeguarding")
        self.assertIn("has not answered yet", " ".join(text.split()))
        self.assertIn("wardgate cert fetch", " ".join(text.split()))
        self.assertIn("01632 960777", text)
        self.start_responder()
        self.assertIn("kept", self.expect(0, "cert", "fetch"))
        self.assertEqual(sorted(p.name.split("-")[0] for p in (self.gateway.folder / "state/trust").iterdir()), ["crl", "crl", "ocsp", "ocsp"])
        self.assertEqual((self.desk()["revocation"], self.desk()["level"]), ("good", "ok"))
        self.assertIn("Nothing stands in the way of partner/safeguarding.", self.expect(0, "why-not", "partner/safeguarding"))
        self.assertIn("0 asked", self.expect(0, "cert", "fetch"))  # nothing is due
        self.assertIn("4 asked, 4 kept", self.expect(0, "cert", "fetch", "--all"))
        self.items(0)

    def test_offered(self):
        self.direct("next", revocation="offered")
        self.assertEqual((self.desk()["revocation"], self.desk()["level"], self.desk()["used"]), ("missing", "warning", True))
        self.items(1)
        self.assertIn("Nothing stands in the way", self.expect(0, "why-not", "partner/safeguarding"))
        self.direct("next", revocation="none")
        self.assertEqual((self.desk()["revocation"], self.desk()["level"]), (None, "ok"))
        # one that names nobody to ask: said, and nothing that anybody could mend
        nobody = self.item("desk", "derbyshire/front-door")
        self.assertEqual((nobody["revocation"], nobody["level"], nobody["used"]), ("nowhere", "ok", True))
        self.assertIn("names nobody to ask", nobody["words"])

    def test_what_is_over_says_since_when(self):
        self.direct("old", revocation="none")
        text = self.run("cert", "status").stdout
        days = int(re.search(r"expired (\d+) days ago \(2021-01-01\)", text)[1])
        self.assertEqual(self.desk("old.pem")["days"], -days)
        self.assertRegex(text, r"partner/safeguarding +over +EC")
        self.assertNotRegex(text, r"-\d+ days")

    def test_private_addresses_are_not_asked_unless_told(self):
        self.configure(private=False)
        self.start_responder()
        text = self.expect(1, "cert", "fetch")
        self.assertIn("private network", text)
        self.assertIn(" 0 kept", text)
        self.assertEqual(list((self.gateway.folder / "state/trust").iterdir()), [])

    def test_revoked(self):
        self.direct("desk", "next")
        self.start_responder()
        self.expect(0, "cert", "fetch")
        self.assertEqual([i["used"] for i in self.items(0) if i["what"] == "desk" and i["whose"].startswith("partner/")], [True, True])
        self.revoke("next")
        self.start_responder()
        self.expect(0, "cert", "fetch", "--all")
        self.assertEqual(self.desk("next.pem")["revocation"], "revoked")
        self.assertEqual(self.desk("desk.pem")["level"], "warning")  # the only one left, and it has six days
        self.assertEqual(self.desk("desk.pem")["stage"], 7)
        self.assertIn("was revoked", self.expect(0, "why-not", "partner/safeguarding"))
        self.revoke("desk")
        self.stop_responder()  # the list alone says it too
        self.expect(1, "cert", "fetch", "--all")
        self.items(2)
        text = self.expect(1, "why-not", "partner/safeguarding")
        self.assertEqual(text.count("was revoked"), 2)
        self.assertIn("ask the partner for the certificate that is used now", " ".join(text.split()))

    def test_answers_that_are_not_kept(self):
        for signer, words in (("stranger", "entitles"), ("ocsp-no-use", "entitles"), ("ocsp-listed", "entitles")):
            with self.subTest(signer):
                self.start_responder(signer)
                text = self.expect(1, "cert", "fetch", "--all")
                self.assertIn(words, " ".join(text.split()))
                self.assertFalse([p for p in (self.gateway.folder / "state/trust").iterdir() if p.name.startswith("ocsp")])
        for name, words in (("stranger.crl", "not made by its issuer"), ("stale.crl", "time is over")):
            with self.subTest(name):
                shutil.copy(self.partner / "crl" / name, self.partner / "www/sub.crl")
                shutil.rmtree(self.gateway.folder / "state/trust")
                self.assertIn(words, self.expect(1, "cert", "fetch"))
        (self.partner / "www/sub.crl").write_bytes(b"0" * (17 << 20))
        self.assertIn("the answer has more than", self.expect(1, "cert", "fetch"))
        (self.partner / "www/sub.crl").unlink()
        self.assertIn("404", self.expect(1, "cert", "fetch"))

    def test_an_older_answer_takes_no_newer_ones_place(self):
        self.start_responder()
        old = (self.partner / "www/sub.crl").read_bytes()
        time.sleep(1.1)  # the times of lists are whole seconds
        self.revoke("next")
        self.start_responder()
        self.expect(0, "cert", "fetch")
        self.stop_responder()
        (self.partner / "www/sub.crl").write_bytes(old)
        text = self.expect(1, "cert", "fetch", "--all")
        self.assertIn("older than the one that is held", text)
        self.assertEqual(self.desk()["revocation"], "revoked")

    def test_damaged_and_forgotten_files(self):
        self.start_responder()
        self.expect(0, "cert", "fetch")
        trust = self.gateway.folder / "state/trust"
        for path in trust.iterdir():
            path.write_bytes(b"damaged")
        self.assertEqual(self.desk()["revocation"], "missing")
        self.expect(0, "cert", "fetch")  # what cannot be read is due
        self.assertEqual(self.desk()["revocation"], "good")
        (self.gateway.folder / "directory.xml").write_text(self.directory)
        self.expect(0, "cert", "fetch")
        self.assertEqual(list(trust.iterdir()), [])

    def test_redirect_to_another_scheme(self):
        class Elsewhere(Quiet):
            def do_GET(self):
                self.send_response(302)
                self.send_header("Location", "file:///etc/hostname")
                self.end_headers()
        self.lists.RequestHandlerClass = Elsewhere
        self.start_responder()
        self.assertIn("failed http://", self.expect(1, "cert", "fetch"))
        self.assertFalse([p for p in (self.gateway.folder / "state/trust").iterdir() if p.name.startswith("crl")])


class WhyNot(Case):
    def setUp(self):
        super().setUp()
        self.direct("next", revocation="none")

    def test_every_reason(self):
        table = [
            (dict(), 0, ["Nothing stands in the way"]),
            (dict(suspended="true"), 1, ["the desk is suspended"]),
            (dict(address="someone@partner.example"), 1, [f"it is for {MAILBOX}", "correct address="]),
        ]
        for more, status, words in table:
            with self.subTest(**more):
                self.direct("next", revocation="none", **more)
                text = self.expect(status, "why-not", "partner/safeguarding")
                for word in words:
                    self.assertIn(word, " ".join(text.split()))
        for name, words in (("old", "it expired at 2021-01-01"), ("sign", "not made for encrypting"), ("future", "it is not valid before"),
                            ("other", "someone-else@partner.example"), ("nowhere", "nowhere.pem")):
            with self.subTest(name):
                self.direct(name, revocation="none")
                self.assertIn(words, self.expect(1, "why-not", "partner/safeguarding"))
                self.direct(name, "next", revocation="none")  # another is good: nothing is in the way
                self.assertIn(words, self.expect(0, "why-not", "partner/safeguarding"))

    def test_another_authority(self):
        text = (self.gateway.folder / "directory.xml").read_text().replace("/root.pem", "/stranger.pem")
        (self.gateway.folder / "directory.xml").write_text(text)
        text = " ".join(self.expect(1, "why-not", "partner/safeguarding").split())
        self.assertIn("Partner root", text)
        self.assertIn("who is not among the anchors", " ".join(text.split()))

    def test_whom(self):
        self.assertIn("it has partner/safeguarding", self.expect(66, "why-not", "partner/nobody"))
        self.assertIn("no such organisation", self.expect(66, "why-not", "nobody/nobody"))
        self.assertEqual(self.run("why-not").returncode, 64)

    def test_json(self):
        steps = [json.loads(line) for line in self.expect(0, "why-not", "partner/safeguarding", "--json").splitlines()]
        self.assertTrue(all(s["state"] in ("good", "note") and s["words"] for s in steps))
        self.assertIn("certificate next.pem", [s["what"] for s in steps])

    def test_online(self):
        """derbyshire is reached by HTTPS: a server of its own, one of another name, one without TLS, none."""
        pki = self.world.pki
        port = self.world.gateways["derbyshire"].port
        mine = self.gateway.config.read_text()
        self.assertIn("NO", self.expect(1, "why-not", "derbyshire/front-door", "--online"))
        for name, status in (("derbyshire/server", 0), ("hostile/wrong-name-server", 1), ("hostile/expired-server", 1), ("hostile/unknown-ca-server", 1)):
            with self.subTest(name):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
                context.load_verify_locations(pki / "ca.pem")
                context.verify_mode = ssl.CERT_REQUIRED
                got = []
                listener = socket.create_server(("127.0.0.1", port), reuse_port=True)

                def serve():
                    try:
                        plain, _ = listener.accept()
                        with context.wrap_socket(plain, server_side=True) as tls:
                            got.append(tls.recv(100))
                    except OSError:
                        pass
                thread = threading.Thread(target=serve)
                thread.start()
                self.expect(status, "why-not", "derbyshire/front-door", "--online")
                thread.join()
                listener.close()
                self.assertEqual(got, [b""] if status == 0 else [])  # let in, and nothing was sent
        self.assertEqual(mine, self.gateway.config.read_text())


class Status(Case):
    def setUp(self):
        super().setUp()
        self.direct("next", revocation="none")

    def test_all_of_them(self):
        items = self.items(0)
        self.assertEqual({i["what"] for i in items}, {"storage", "smime", "intake https", "https out", "desk", "signer", "anchor"})
        self.assertTrue(all(i["days"] is not None and i["key"] and i["fingerprint"] for i in items))
        text = self.expect(0, "cert", "status")
        self.assertIn("partner/safeguarding", text)
        self.assertIn("0 broken", text)
        self.assertEqual(self.run("cert").returncode, 64)

    def test_change_over_of_a_desk(self):
        self.direct("old", "desk", "next", revocation="none")
        self.assertEqual([(i["used"], i["level"], i["stage"]) for i in self.items(0) if i["whose"] == "partner/safeguarding"],
                         [(False, "ok", -1), (True, "ok", -1), (True, "ok", -1)])
        self.direct("desk", revocation="none")
        self.assertEqual((self.desk()["stage"], self.desk()["level"]), (7, "warning"))
        self.direct("old", revocation="none")
        self.assertEqual((self.desk()["stage"], self.desk()["level"]), (0, "broken"))

    def test_our_own(self):
        pki, partner = self.world.pki, self.partner
        self.configure(True, smime=f'<pair certificate="{partner}/desk.pem" key="{partner}/desk.key"/>')
        self.items(0)  # the one that ends soon is followed by another
        text = self.gateway.config.read_text()
        own = f'<smime certificate="{pki}/staffordshire/smime.pem" key="{pki}/staffordshire/smime.key"'
        self.gateway.config.write_text(text.replace(own, f'<smime certificate="{partner}/old.pem" key="{partner}/old.key"'))
        self.assertEqual(self.item("smime", "", "desk.pem")["stage"], 7)
        self.assertIn("nothing can be signed", self.item("smime", "", "desk.pem")["words"])
        self.assertEqual(self.item("smime", "", "old.pem")["level"], "ok")
        self.gateway.config.write_text(text.replace(own, f'<smime certificate="{pki}/staffordshire/smime.pem" key="{pki}/derbyshire/smime.key"'))
        self.assertIn("does not belong", self.item("smime", "", "staffordshire/smime.pem")["words"])
        self.items(2)

    def test_samples(self):
        self.gateway.config.write_text(self.gateway.config.read_text().replace('allowed="true"', 'allowed="false"'))
        self.assertEqual({i["level"] for i in self.items(2) if i["what"] in ("storage", "smime", "intake https")}, {"broken"})


class Hsm(unittest.TestCase):
    """A gateway whose storage key, signing key and TLS keys are in a token: it takes in, stores, signs and delivers."""
    MODULE, PIN = "/usr/lib/softhsm/libsofthsm2.so", "31415926535897"  # so long that no id holds it by chance

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-hsm-"))
        cls.world = w.World(cls.folder, PROGRAM)
        cls.world.make_pki()
        hsm = cls.folder / "hsm"
        hsm.mkdir(mode=0o700)
        (hsm / "tokens").mkdir()
        (hsm / "softhsm2.conf").write_text(f"directories.tokendir = {hsm}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        (hsm / "pin").write_text(cls.PIN + "\n")
        (hsm / "pin").chmod(0o600)
        os.environ["SOFTHSM2_CONF"] = str(hsm / "softhsm2.conf")
        cls.tool("softhsm2-util", "--init-token", "--free", "--label", "wardgate", "--pin", cls.PIN, "--so-pin", "2718")
        mine = cls.world.pki / "staffordshire"
        for number, name in enumerate(("storage", "smime", "server", "client"), 1):
            cls.tool("openssl", "pkey", "-in", mine / f"{name}.key", "-outform", "DER", "-out", hsm / "in.der")
            cls.tool("openssl", "pkey", "-in", mine / f"{name}.key", "-pubout", "-outform", "DER", "-out", hsm / "out.der")
            for kind, file in (("privkey", "in.der"), ("pubkey", "out.der")):
                usage = ("--usage-sign", "--usage-decrypt", "--usage-derive") if kind == "privkey" else ()
                cls.tool("pkcs11-tool", "--module", cls.MODULE, "--token-label", "wardgate", "--login", "--pin", cls.PIN, "--write-object", hsm / file,
                         "--type", kind, "--label", name, "--id", f"0{number}", *usage)
        (hsm / "in.der").unlink()

    @classmethod
    def tearDownClass(cls):
        for server in (*cls.world.gateways.values(), cls.world.mail):
            if server is not None:
                server.stop()
        os.environ.pop("SOFTHSM2_CONF")
        shutil.rmtree(cls.folder)

    @staticmethod
    def tool(*words):
        subprocess.run([str(x) for x in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_all_in_the_token(self):
        port = self.world.start_mail()
        mine, theirs = self.world.make_gateways(port, drops=("staffordshire-police",))
        pki = self.world.pki / "staffordshire"
        text = mine.config.read_text()
        for name in ("storage", "smime", "server", "client"):
            text = text.replace(f'key="{pki}/{name}.key"', f'key="pkcs11:token=wardgate;object={name};type=private"')
        text = text.replace("  <samples", f'  <hsm module="{self.MODULE}" pin="{self.folder}/hsm/pin" folder="{self.folder}/hsm"/>\n  <samples')
        mine.config.write_text(text)
        done = subprocess.run([PROGRAM, "check", "--config", mine.config], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        theirs.start()
        mine.start()
        message = self.world.submit(mine, ROOT / "ops/lib/missing-report.eml", "staffordshire-police")
        for _ in range(750):
            rows = subprocess.run([PROGRAM, "--json", "queue", "list", "--all", "--config", mine.config], capture_output=True, text=True).stdout
            rows = [json.loads(line) for line in rows.splitlines()]
            states = {r["organisation"] + "/" + r["desk"]: r["state"] for r in rows if r["desk"]}
            if states and not set(states.values()) & {"sealed", "sending", "deferred"}:
                break
            time.sleep(0.2)
        self.assertTrue(states, mine.log.read_text()[-3000:])
        self.assertLessEqual(set(states.values()), {"received", "handed-over", "acknowledged", "opened"}, rows)
        self.assertIn("derbyshire/front-door", states)  # by HTTPS, with the client key of the token; its gateway believed the signature
        log = mine.log.read_text()
        self.assertNotIn(self.PIN, log)
        self.assertTrue(message)


if __name__ == "__main__":
    unittest.main(verbosity=1)
