#!/usr/bin/env python3
"""The gateway as its users meet it: submitting, refusing, retrying, ordering, explaining, and what happens when things break."""
import email
import email.policy
import http.client
import json
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import chaos
import world as w

CANARIES = [b"Canaryname", b"Canarystreet", b"2009-08-07", b"07/08/2009", b"07700 900987"]


def letters(reference):
    return "".join(c if c.isalpha() else "qrstuvwxyz"[int(c)] for c in reference.lower() if c.isalnum())


def report(reference, kind="missing", name=None, extra=""):
    """A police report e-mail as bytes; of another child for another reference."""
    name = name or f"Tess{letters(reference)} Canaryname{letters(reference)}"
    body = {"missing": "When last seen: 21/11/2026 at 19:30\nWhere last seen: Canarystreet bus stop\n"
                       "Circumstances of going missing: Left after tea\n",
            "found": "When found: 22/11/2026 at 02:50\nWhere found: Canarystreet station\nReturned to: Sample House\n"}[kind]
    subject = {"missing": "MISSING PERSON REPORT", "found": "MISSING PERSON FOUND"}[kind]
    return (f"From: missing@staffordshire-police.example\nTo: front-door@staffordshire.example\nSubject: {subject}\n"
            f"Message-ID: <{reference}-{kind}@staffordshire-police.example>\nContent-Type: text/plain; charset=utf-8\n\n"
            f"Police incident number: {reference}\nForce: Staffordshire Police\nRisk level: High\nFull name: {name}\nDate of birth: 07/08/2009\n"
            f"Looked after child: Yes\nPlacing authority: Derbyshire\nHost authority: Staffordshire\nMobile number: 07700 900987\n{body}{extra}").encode()


class Case(unittest.TestCase):
    """One world for all cases of a class: a Postfix, a host gateway with a drop folder, a placing gateway."""
    organisations = ("staffordshire", "derbyshire")

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-e2e-"))
        cls.world = w.World(cls.folder)
        cls.prepare()
        cls.world.make_pki()
        cls.gateways = cls.world.make_gateways(cls.mail_port(), cls.organisations, drops=("staffordshire-police",))
        cls.host = cls.gateways[0]
        for gateway in cls.gateways:
            gateway.start()

    @classmethod
    def prepare(cls):
        """Before anything of the world is made."""

    @classmethod
    def mail_port(cls):
        return cls.world.start_postfix()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    def path(self, data, name="report.eml"):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def submit(self, data, **more):
        return self.world.submit(more.pop("gateway", self.host), self.path(data), "staffordshire-police", **more)

    def state(self, message, gateway=None):
        return next(r for r in (gateway or self.host).rows("--all") if r["id"] == message)

    def settle(self, message, wanted=("handed-over", "received"), gateway=None):
        gateway = gateway or self.host

        def look():
            rows = gateway.deliveries(message)
            return rows if rows and all(r["state"] in wanted for r in rows) else None
        return w.wait_for(f"the deliveries of {message} are {wanted}", 60, look)

    def becomes(self, message, state):
        return w.wait_for(f"{message} is {state}", 60, lambda: (lambda r: r if r["state"] == state else None)(self.state(message)))

    def request(self, method, path, body=None, headers=None, who="staffordshire-police"):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(self.world.pki / f"{who}/client.pem" if "/" not in who else self.world.pki / f"{who}.pem",
                                self.world.pki / f"{who}/client.key" if "/" not in who else self.world.pki / f"{who}.key")
        connection = http.client.HTTPSConnection("localhost", self.host.port, timeout=w.PATIENCE_S, context=context)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


class Everyday(Case):
    def test_three_recipients_three_copies_each_valid(self):
        message = self.submit((ROOT / "ops/lib/missing-report.eml").read_bytes())
        rows = self.settle(message)
        self.assertEqual({(r["organisation"], r["channel"]) for r in rows},
                         {("derbyshire", "https"), ("staffordshire", "mail"), ("derbyshire-police", "mail")})
        notice = self.folder / "three.xml"
        notice.write_text(self.host.cli("queue", "show", message, "--unmask").stdout)
        copies = set()
        for who in ("derbyshire", "staffordshire", "derbyshire-police"):
            copy = self.host.cli("decide", "--project", who, "--from", "staffordshire-police", notice).stdout
            done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", ROOT / "xsd/wardgate/1/notice.xsd", "-"], input=copy,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            copies.add(frozenset(e.tag for e in ET.fromstring(copy).iter()))
        self.assertEqual(len(copies), 3)

    def test_stuck_says_what_the_mail_server_said(self):
        message = self.submit(report("E2E-STUCK"))
        rows = {r["id"] for r in self.settle(message) if r["channel"] == "mail" and r["state"] == "handed-over"}
        self.assertGreater(len(rows), 0)

        def look():
            lines = map(json.loads, self.host.cli("stuck", "--after", "0", "--json").stdout.splitlines())
            return [r for r in lines if r.get("id") in rows]
        found = w.wait_for("a second has passed", 30, look)
        self.assertEqual({(r["class"], r["reason"]) for r in found}, {("not-confirmed", "")})
        self.assertTrue(all("2.0.0" in r["taken_with"] for r in found), found)
        self.assertRegex(self.host.cli("stuck", "--after", "0", "--all").stdout, r"(?m)^    taken with: accepted 2.0.0")

    def test_explain_names_rule_basis_and_source(self):
        message = self.submit(report("E2E-EXPLAIN"))
        self.settle(message)
        records = json.loads(self.host.cli("explain", message, "--json").stdout)
        self.assertEqual(len(records), 3)
        for record in (r["record"] for r in records):
            self.assertEqual({r["category"] for r in record["reasons"]}, set(record["granted"]) | set(record["withheld"]))
            for reason in record["reasons"]:
                if reason["effect"] == "share" and reason["category"] != "administrative":
                    self.assertTrue(reason["rule"] and reason["basis"] and reason["source"], reason)
                if reason["effect"] == "withhold" and reason["rule"]:
                    self.assertTrue(reason["source"], reason)
        text = self.host.cli("explain", message).stdout
        self.assertIn("UK GDPR", text)
        self.assertNotIn("Canaryname", text)

    def test_same_twice_is_one(self):
        data = report("E2E-TWICE")
        first = self.submit(data)
        self.assertEqual(self.submit(data), first)
        self.settle(first)
        self.assertEqual(self.submit(data), first)
        receipt = self.host.drop("staffordshire-police", "again.eml", data)
        self.assertEqual(json.loads(w.wait_for("receipt", 30, lambda: receipt.exists() and receipt.read_text()))["id"], first)
        self.assertEqual(len(self.host.deliveries(first)), 3)

    def test_same_content_by_another_way_is_one(self):
        first = self.submit(report("E2E-CONTENT"))
        self.settle(first)
        second = self.submit(report("E2E-CONTENT").replace(b"Message-ID: <E2E", b"Message-ID: <other-E2E"))
        self.assertNotEqual(first, second)
        self.becomes(second, "duplicate")
        self.assertEqual(self.host.deliveries(second), [])

    def test_idempotency_key_with_other_content_is_refused(self):
        headers = {"Content-Type": "message/rfc822", "Idempotency-Key": "e2e-key"}
        self.assertEqual(self.request("POST", "/v1/notices", report("E2E-KEY-1"), headers)[0], 202)
        status, heads, body = self.request("POST", "/v1/notices", report("E2E-KEY-2"), headers)
        self.assertEqual((status, heads["Content-Type"]), (422, "application/problem+json"))
        self.assertIn("Idempotency-Key", json.loads(body)["title"])

    def test_unmapped_field_waits_for_a_person(self):
        message = self.submit(report("E2E-UNMAPPED", extra="Favourite invented colour: ultraviolet\n"))
        row = self.becomes(message, "attention")
        self.assertIn("1 field unmapped", row["reason"])
        self.assertEqual(self.host.deliveries(message), [])
        kept = self.host.cli("queue", "show", message, "--unmask", "--which", "report").stdout
        self.assertIn("Favourite invented colour", kept)
        self.assertIn("ultraviolet", kept)

    def test_documents_of_every_type(self):
        folder = ROOT / "tests/corpora/documents-a"
        for name, kind in (("missing-09-force-form.docx", "missing"), ("missing-02-cmd-odt.odt", "missing"), ("missing-04-pdf.pdf", "missing"),
                           ("missing-03-html.html", "missing"), ("absence-03-csv.csv", "absence"), ("interview-13-xlsx-form.xlsx", "return-interview")):
            message = self.world.submit(self.host, folder / name, "staffordshire-police")
            row = w.wait_for(f"{name} is read", 60, lambda: (lambda r: r if r["state"] in ("routed", "attention") else None)(self.state(message)))
            self.assertEqual(row["kind"], kind, name)
            self.assertNotIn("unmapped", row["reason"], name)  # that nobody gets it, or that a child resembles another, is another matter

    def test_drop_folder(self):
        receipt = self.host.drop("staffordshire-police", "dropped.eml", report("E2E-DROP"))
        answer = json.loads(w.wait_for("receipt", 30, lambda: receipt.exists() and receipt.read_text()))
        self.assertEqual(set(answer), {"id", "sha256", "accepted", "state"})
        w.wait_for("the file is gone", 10, lambda: not (receipt.parent / "dropped.eml").exists())
        self.settle(answer["id"])

    def test_drop_folder_waits_for_the_writer(self):
        """A file that is written in place, against the rule, is not taken half."""
        data = report("E2E-SLOW-WRITER")
        path = self.host.folder / "drop-staffordshire-police/new/slow.eml"
        with open(path, "wb") as f:
            f.write(data[:100])
            f.flush()
            # another file renamed in makes the gateway look
            other = self.host.drop("staffordshire-police", "other.eml", report("E2E-OTHER"))
            w.wait_for("the other receipt", 30, other.exists)
            self.assertTrue(path.exists())
            self.assertFalse(path.with_name("slow.eml.receipt.json").exists())
            f.write(data[100:])
        w.wait_for("its receipt", 30, path.with_name("slow.eml.receipt.json").exists)

    def test_drop_folder_refusal_has_an_answer(self):
        self.host.drop("staffordshire-police", "picture.eml", b"\x89PNG\r\n\x1a\n" + bytes(100))
        answer = self.host.folder / "drop-staffordshire-police/refused/picture.eml.refused.json"
        w.wait_for("the refusal", 30, answer.exists)
        self.assertIn("a picture", json.loads(answer.read_text())["refused"])

    def test_status_is_for_the_submitter_only(self):
        message = self.submit(report("E2E-STATUS"))
        self.settle(message)
        status, _, body = self.request("GET", f"/v1/notices/{message}")
        self.assertEqual(status, 200)
        found = json.loads(body)
        self.assertEqual({d["state"] for d in found["deliveries"]}, {"handed-over", "received"})
        self.assertEqual(len(found["deliveries"]) + sum(o["count"] for o in found["others"]), len(self.host.deliveries(message)))
        self.assertEqual(self.request("GET", f"/v1/notices/{message}", who="derbyshire")[0], 404)

    def test_hostile_documents_are_refused_with_reasons(self):
        nested = b"From: a@b.example\nSubject: x\nMIME-Version: 1.0\n" + b"".join(
            f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n".encode() for i in range(10000)) + b"Content-Type: text/plain\n\nx\n"
        bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
        xxe = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'
        for name, data, words in (("nested.eml", nested, "more part boundaries than the limit"), ("bomb.xml", bomb, "DOCTYPE"), ("xxe.xml", xxe, "DOCTYPE")):
            with self.subTest(name):
                message = self.world.submit(self.host, self.path(data, name), "staffordshire-police")
                self.assertIn(words, self.becomes(message, "rejected")["reason"])
        self.settle(self.submit(report("E2E-AFTER-HOSTILE")))

    def test_wrong_types_and_places(self):
        eml = report("E2E-WRONG")
        for method, path, headers, wanted in (
                ("POST", "/v1/notices", {"Content-Type": "application/xml"}, 415), ("POST", "/v1/notices", {}, 415),
                ("POST", "/v1/notices", {"Content-Type": "message/rfc822", "Idempotency-Key": "a b"}, 400),
                ("GET", "/v1/notices", {}, 405), ("GET", "/v1/nothing", {}, 404), ("GET", "/v1/notices/../../etc", {}, 404)):
            with self.subTest(path=path, headers=headers):
                status, heads, body = self.request(method, path, eml if method == "POST" else None, headers)
                self.assertIn(status, (wanted, 400))
                problem = json.loads(body)
                self.assertTrue(problem["type"].startswith("urn:wardgate:problem:"), problem)
                self.assertEqual(problem["status"], status)

    def test_unknown_agency_does_not_get_in(self):
        for who in ("hostile/unknown-agency-client", "hostile/unknown-ca-client", "hostile/no-eku-client", "hostile/expired-client"):
            with self.subTest(who), self.assertRaises((ssl.SSLError, OSError, http.client.HTTPException)):
                self.request("POST", "/v1/notices", report("E2E-STRANGER"), {"Content-Type": "message/rfc822"}, who=who)

    def test_mail_opens_in_gpgsm(self):
        message = self.submit(report("E2E-GPGSM"))
        self.settle(message)
        reference = f"{message}.staffordshire.front-door@"
        path = w.wait_for("the mail is there", 30, lambda: next((m for m in self.world.mails() if reference.encode() in m.read_bytes()), None))
        opened = email.message_from_bytes(self.world.open_mail(path, "staffordshire"), policy=email.policy.default)
        self.assertIn("Canaryname", opened.get_body(("plain",)).get_content())
        home = self.folder / "gnupg"
        home.mkdir(mode=0o700)
        run = lambda *a, **k: subprocess.run(["gpgsm", "--homedir", home, "--batch", "--disable-dirmngr", "--disable-crl-checks", *a],
                                             capture_output=True, **k)
        mine, ca = self.world.pki / "staffordshire", self.world.pki / "ca.pem"
        print_of = subprocess.run(["openssl", "x509", "-in", ca, "-noout", "-fingerprint", "-sha1"], capture_output=True, text=True, check=True).stdout
        (home / "trustlist.txt").write_text(print_of.split("=")[1].strip() + " S relax\n")
        self.assertEqual(run("--import", ca).returncode, 0)
        for _ in range(10):  # gpgsm 2.2 cannot read one PKCS#12 file in some twenty, for good: it depends on the random salt
            p12 = subprocess.run(["openssl", "pkcs12", "-export", "-legacy", "-in", mine / "smime.pem", "-inkey", mine / "smime.key",
                                  "-passout", "pass:"], capture_output=True, check=True).stdout
            imported = run("--pinentry-mode", "loopback", "--passphrase", "", "--import", self.path(p12, "key.p12"))
            if imported.returncode == 0:
                break
        der = email.message_from_bytes(path.read_bytes()).get_payload(decode=True)
        opened = run("--pinentry-mode", "loopback", "--passphrase", "", "--decrypt", self.path(der, "mail.p7m"))
        self.assertEqual(opened.returncode, 0, imported.stderr.decode() + opened.stderr.decode())
        inner = email.message_from_bytes(opened.stdout).get_payload(decode=True)
        verified = run("--verify", self.path(inner, "inner.p7s"))
        self.assertIn(b"Good signature", verified.stderr)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)

    def test_hold_and_release(self):
        message = self.submit(report("E2E-HOLD"))
        self.settle(message)
        done = self.host.cli("queue", "hold", message, "--why", "test", check=False)
        self.assertEqual(done.returncode, 65)  # nothing left to hold
        self.assertIn("nothing of", done.stderr)
        self.assertEqual(self.host.cli("queue", "hold", message, check=False).returncode, 64)

    def test_reload_with_a_faulty_configuration_changes_nothing(self):
        good = self.host.config.read_text()
        before = self.host.roles()
        try:
            self.host.config.write_text(good.replace("<retry ", "<retri "))
            self.host.process.send_signal(signal.SIGHUP)
            w.wait_for("the refusal is logged", 30, lambda: any(l.get("event") == "reload-refused" and "gateway.xml:" in l["error"] for l in self.host.log_lines()))
            self.assertEqual(self.host.roles(), before)
        finally:
            self.host.config.write_text(good)
        self.host.process.send_signal(signal.SIGHUP)
        w.wait_for("the roles are new", 60, lambda: all(self.host.roles()[r] != before[r] for r in ("intake", "process", "deliver")))
        w.wait_for("intake answers again", 60, lambda: self.submit(report("E2E-RELOADED"), check=False))

    def test_no_personal_data_outside_the_seal(self):
        message = self.submit(report("E2E-CANARY"))
        self.settle(message)
        self.becomes(self.submit(report("E2E-CANARY-2", extra="Canaryname label: Canarystreet\n")), "attention")
        places = [p for g in self.gateways for p in (g.log, *g.state.rglob("*")) if p.is_file()] + self.world.mails()
        self.assertGreater(len(places), 5)
        for path in places:
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue  # the gateway was faster
            for canary in CANARIES:
                self.assertNotIn(canary, data, path.name)
                self.assertNotIn(canary.decode(), path.name)
        for gateway in self.gateways:
            for words in (("queue", "list", "--all"), ("queue", "list", "--all", "--json"), ("queue", "show", message), ("explain", message)):
                text = gateway.cli(*words, check=False).stdout
                self.assertFalse([c for c in CANARIES if c.decode() in text], words)

    def test_looking_at_a_notice_is_logged(self):
        message = self.submit(report("E2E-LOOK"))
        self.settle(message)
        self.assertIn("Canaryname", self.host.cli("queue", "show", message, "--unmask").stdout)
        history = json.loads(self.host.cli("queue", "show", message, "--json").stdout.split("\n[", 1)[1].join(["[", ""]))
        self.assertTrue([e for e in history if "notice" in e["detail"] or "read" in e["event"]], history)

    def test_every_log_line_is_json(self):
        for gateway in self.gateways:
            self.assertFalse([l for l in gateway.log_lines() if l["event"] == "not-json"])


class Killed(Case):
    def test_kill_9_of_any_role(self):
        for role in chaos.ROLES:
            with self.subTest(role):
                self.host.kill_role(role)
                data = report(f"E2E-KILL-{role}", name=f"Robin Canaryname {role}")
                message = w.wait_for("a receipt", 60, lambda: self.submit(data, check=False))
                self.settle(message)
        self.host.stop()
        done = self.host.cli("audit", "verify")  # without a running gateway
        self.assertIn("clean", done.stdout)
        self.host.start()


    def failed_sync(self, data):
        """Hands in while the disk says EIO once: the receipt, if there was one, and whether the disk had said it before."""
        before, log = self.host.roles()["store"], self.folder / "strace.log"
        log.unlink(missing_ok=True)
        strace = subprocess.Popen(["strace", "-f", "-q", "-ttt", "-o", log, "-e", "trace=fsync,fdatasync",
                                   "-e", "inject=fsync,fdatasync:error=EIO:when=1", "-p", str(before)], stderr=subprocess.PIPE)
        try:
            w.wait_for("strace is attached", 30, lambda: all(re.search(r"TracerPid:\t[1-9]", path.read_text())
                                                             for path in pathlib.Path(f"/proc/{before}/task").glob("*/status")))
            since = time.time()
            receipt = self.submit(data, check=False)
            w.wait_for("a new store runs", 30, lambda: self.host.roles()["store"] != before)
        finally:
            strace.terminate()
            strace.communicate()
        said = [float(line.split()[1]) for line in log.read_text().splitlines() if "EIO" in line]
        self.assertNotEqual(said, [])
        return receipt, min(said) < since

    def test_failed_sync_is_never_acknowledged(self):
        """The disk says EIO once: the store gives no receipt, stops trusting what it has open, and starts again from what is durable."""
        for n in range(10):  # what the store writes by itself may be met too
            data = report(f"E2E-EIO-{n}")
            receipt, early = self.failed_sync(data)
            if not early:
                break
            w.wait_for("the new store takes notices", 60, lambda: self.submit(data, check=False))
        self.assertFalse(early)
        self.assertIsNone(receipt)
        message = w.wait_for("a receipt", 60, lambda: self.submit(data, check=False))
        self.settle(message)
        self.assertIn("clean", self.host.cli("audit", "verify").stdout)


class DeadRecipient(Case):
    """The mail server answers, the placing authority's gateway does not."""

    def test_order_and_independence(self):
        placing = self.gateways[1]
        placing.stop()
        missing = self.submit(report("E2E-ORDER"))
        w.wait_for("mail is handed over while HTTPS waits", 60, lambda: sorted(r["state"] for r in self.host.deliveries(missing))
                   in (["deferred", "handed-over", "handed-over"], ["handed-over", "handed-over", "sending"]))
        found = self.submit(report("E2E-ORDER", "found"))
        w.wait_for("found goes by mail", 60, lambda: [r["state"] for r in self.host.deliveries(found) if r["channel"] == "mail"] == ["handed-over"] * 2)
        waiting = next(r for r in self.host.deliveries(found) if r["channel"] == "https")
        self.assertEqual((waiting["state"], waiting["attempts"]), ("sealed", 0))  # never tried before missing arrived
        placing.start()
        self.settle(missing)
        self.settle(found)
        order = {k: n for n, k in enumerate(w.wait_for("both are read there", 60, lambda: (lambda k: k if all(k) and "found" in k else None)(
            [r["kind"] for r in placing.rows("--all") if not r["desk"]])))}
        self.assertLess(order["missing"], order["found"])  # as they are listed: ids of one millisecond are in no order

    def hold(self, delivery):
        """Between two tries; while it is just being tried nothing can be held."""
        w.wait_for(f"{delivery} is held", 60, lambda: self.host.cli("queue", "hold", delivery, "--why", "wrong desk", check=False).returncode == 0)

    def test_hold_release_cancel_retry(self):
        placing = self.gateways[1]
        placing.stop()
        try:
            message = self.submit(report("E2E-HAND", name="Sam Canaryname"))
            late = w.wait_for("deferred", 60, lambda: next((r for r in self.host.deliveries(message) if r["state"] == "deferred"), None))
            self.hold(late["id"])
            self.assertEqual(next(r for r in self.host.deliveries(message) if r["id"] == late["id"])["state"], "held")
            self.host.cli("queue", "release", late["id"], "--why", "it is right after all")
        finally:
            placing.start()
        self.host.cli("queue", "retry", late["id"], check=False)
        self.settle(message)


class HostileMailServer(Case):
    """A mail server that takes STARTTLS away: nothing leaves, the message waits, the operator is told."""
    organisations = ("staffordshire",)
    scenario = "no-starttls"

    @classmethod
    def mail_port(cls):
        cls.zoo = w.Peer(["/usr/bin/python3", ROOT / "tests/peers/smtp_zoo.py", cls.scenario, cls.world.pki, cls.folder], cls.folder / "zoo.log")
        return cls.zoo.port

    def test_nothing_leaves(self):
        message = self.submit(report("E2E-ZOO"))
        w.wait_for("a deferral", 60, lambda: any(r["state"] == "deferred" for r in self.host.deliveries(message)))
        self.assertFalse([r for r in self.host.deliveries(message) if r["state"] in ("handed-over", "received")])
        w.wait_for("the alarm", 60, lambda: any(l.get("alarm") == "tls" for l in self.host.log_lines()))

    @classmethod
    def tearDownClass(cls):
        cls.world.gateways["staffordshire"].stop()
        out, _ = cls.zoo.process.communicate()
        super().tearDownClass()
        seen = dict(line.split(None, 1) for line in out.splitlines() if " " in line)
        if seen.get("clear") != "0" or seen.get("accepted") != "0":
            raise AssertionError(f"the server saw {seen}")


class HostileWrongName(HostileMailServer):
    scenario = "wrong-name"


class FullDisk(Case):
    """The state folder on a small file system of its own."""
    organisations = ("staffordshire",)

    def test_full_then_recovers(self):
        self.host.stop()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", self.host.state], check=True)
        try:
            self.host.start()
            first = self.submit(report("E2E-DISK-ONE"))
            self.settle(first)
            store = self.host.roles()["store"]
            subprocess.run(["sh", "-c", 'exec dd if=/dev/zero of="$1" bs=1M 2>/dev/null', "sh", self.host.state / "filler"], check=False)

            def told():
                try:
                    answer = self.request("POST", "/v1/notices", report(f"E2E-DISK-{time.monotonic_ns()}"), {"Content-Type": "message/rfc822"})
                except OSError:  # refused, and closed, before it was read
                    return None
                return answer if answer[0] == 503 else None
            status, _, body = w.wait_for("503", 60, told)
            self.assertIn("again later", json.loads(body)["detail"])
            (self.host.state / "filler").unlink()
            second = w.wait_for("accepted again", 60, lambda: self.submit(report("E2E-DISK-TWO"), check=False))
            self.settle(second)
            self.assertIn("clean", self.host.cli("audit", "verify").stdout)
            self.assertEqual(self.host.roles()["store"], store)  # it waited for room
        finally:
            self.host.stop()
            subprocess.run(["umount", self.host.state], check=True)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
