#!/usr/bin/env python3
"""What follows when a recipient does not confirm, with real gateways and a real mail server: the alternate, the team out
of hours, the sender, the operator, each once, in order; an acknowledgement ends it; a partner's gateway says by itself
how far its copy has come. The steps of the test's policy are half minutes, which tests/peers/clock_shift.c lets pass."""
import email
import http.client
import json
import pathlib
import shutil
import ssl
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import world as w
from clocks import SECOND, Clock
from test_gateway import CANARIES, report

# Of the first child nobody at the placing force confirms; of the second somebody at the host's front door, in between.
POLICY = """<policy xmlns="urn:wardgate:policy:1" id="test" extends="staffordshire-stoke" version="1">
  <deadline id="door" kind="missing" to="front-door" of="host">
    <when>episode/police-reference = 'SP-80-000002'</when>
    <step not="acknowledged" after="PT30S" tell="alternate"/>
    <step not="acknowledged" after="PT150S" tell="out-of-hours"/>
    <step not="acknowledged" after="PT160S" tell="operator"/>
    <source>S-01</source>
  </deadline>
  <deadline id="nobody" kind="missing" to="police-missing" of="placing">
    <when>episode/police-reference = 'SP-80-000001'</when>
    <step not="received" after="PT30S" tell="alternate"/>
    <step not="acknowledged" after="PT60S" tell="out-of-hours"/>
    <step not="acknowledged" after="PT90S" tell="sender"/>
    <step not="acknowledged" after="PT120S" tell="operator"/>
    <source>S-01</source>
  </deadline>
</policy>
"""
FRONT_DOOR = ('channel="mail" address="front-door@staffordshire.example" alternate="staffordshire/second" '
              'out-of-hours="staffordshire/night"')
FORCE = ('channel="mail" address="missing@derbyshire-police.example" alternate="derbyshire-police/second" '
         'out-of-hours="derbyshire-police/night"')
STEP = 30 * SECOND
QUIET = 1.5  # seconds: longer than a role sleeps before it asks the store for what is due


class Deadlines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-deadlines-"))
        cls.world = w.World(cls.folder)
        cls.clock = Clock(cls.folder / "clock")
        cls.world.environment, cls.world.outside = cls.clock.environment(), cls.clock.environment(outside=True)
        cls.opened = {}  # path of a mail -> who, its notice, its text
        policies = cls.folder / "policy"
        policies.mkdir()
        for name in ("england", "staffordshire-stoke"):
            shutil.copy(ROOT / f"policy/{name}.xml", policies)
        (policies / "test.xml").write_text(POLICY)
        cls.world.policies, cls.world.policy = policies, "test"
        cls.world.desks = {"staffordshire": {"ops": "operator", "second": "missing-lead", "night": "emergency-duty"},
                           "derbyshire-police": {"second": "police-spoc", "night": "police-control-room"}}
        cls.world.how[("derbyshire-police", "missing")] = FORCE
        cls.world.make_pki()

        def prepare(gateway):
            if gateway.organisation == "staffordshire":
                gateway.own["front-door"] = FRONT_DOOR
        cls.host, cls.placing = cls.world.make_gateways(cls.world.start_mail(), prepare=prepare)
        for gateway in (cls.host, cls.placing):
            gateway.start()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    # ---- helpers

    def submit(self, reference):
        path = self.folder / f"{reference}.eml"
        path.write_bytes(report(reference))
        return self.world.submit(self.host, path, "staffordshire-police")

    def told(self, kind="not-confirmed"):
        """What came by mail of that kind, in the order in which it came: (who, the notice)."""
        found = []
        for path in sorted(self.world.mails(), key=lambda p: p.stat().st_mtime_ns):
            if path not in self.opened:
                head = path.read_bytes().partition(b"\n\n")[0]
                address = email.message_from_bytes(head)["To"].strip("<>")
                organisation = address.partition("@")[2].partition(".")[0]
                inner = email.message_from_bytes(self.world.open_mail(path, organisation))
                xml = next(p.get_payload(decode=True) for p in inner.walk() if p.get_filename() == "notice.xml")
                text = next(p.get_payload(decode=True) for p in inner.walk() if p.get_content_type() == "text/plain")
                self.opened[path] = (address, xml.decode(), text.decode())
            if f'kind="{kind}"' in self.opened[path][1]:
                found.append(self.opened[path])
        return found

    def about(self, message, kind="not-confirmed"):
        return [(who, xml, text) for who, xml, text in self.told(kind) if f"<reference>{message}." in xml]

    def ask(self, gateway, who, body):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        mine = self.world.pki / who
        context.load_cert_chain(mine / "client.pem", mine / "client.key")
        connection = http.client.HTTPSConnection("localhost", gateway.port, context=context, timeout=20)
        connection.request("POST", "/v1/receipts", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def delivery(self, gateway, message, organisation, desk):
        return next((r for r in gateway.deliveries(message) if (r["organisation"], r["desk"]) == (organisation, desk)), None)

    # ---- the cases

    def test_1_nobody_confirms(self):
        message = self.submit("SP-80-000001")
        w.wait_for("it is handed over", 60, lambda: [r for r in self.host.deliveries(message)
                   if (r["organisation"], r["state"]) == ("derbyshire-police", "handed-over")])
        self.assertEqual(self.about(message), [])
        for number in (1, 2, 3, 4):
            self.clock.let_pass(STEP)
            w.wait_for(f"{number} are told", 60, lambda n=number: len(self.about(message)) >= n)
        self.clock.let_pass(STEP)
        time.sleep(QUIET)  # nothing more comes
        told = self.about(message)
        self.assertEqual([who for who, _, _ in told],
                         ["second@derbyshire-police.example", "night@derbyshire-police.example", "missing@staffordshire-police.example",
                          "ops@staffordshire.example"])
        for _, xml, text in told:
            for canary in CANARIES:
                self.assertNotIn(canary.decode(), xml + text)
            lines = [line for line in text.splitlines() if line.strip()]
            self.assertIn("NOT CONFIRMED", lines[1])
            self.assertIn("What to do now", lines[3])
            self.assertRegex(lines[5], r"^Do this: +Ring 01632 960999 \(Derbyshire Constabulary")
        self.assertIn("<missing>received</missing>", told[0][1])
        self.assertIn("<missing>acknowledged</missing>", told[3][1])
        history = self.host.cli("queue", "show", message).stdout
        self.assertRegex(history, r"(?m)told +\w+\n    not received: derbyshire-police/second$")
        self.host.cli("audit", "verify")
        # those alarms are under no deadline themselves
        own = [r for r in self.host.rows("--all") if r.get("kind") == "not-confirmed" and r["desk"]]
        self.assertFalse([r for r in own if r["state"] not in ("handed-over", "received")], own)

    def test_2_an_acknowledgement_ends_it(self):
        message = self.submit("SP-80-000002")
        w.wait_for("it is handed over", 60, lambda: [r for r in self.host.deliveries(message)
                   if (r["organisation"], r["state"]) == ("staffordshire", "handed-over")])
        self.clock.let_pass(STEP)
        w.wait_for("the alternate is told", 60, lambda: len(self.about(message)) == 1)
        reference = f"{message}.staffordshire.front-door"
        self.assertEqual(self.ask(self.host, "derbyshire", {"reference": reference, "level": "acknowledged", "person": "Sam Example"})[0], 404)
        status, answer = self.ask(self.host, "staffordshire", {"reference": reference, "level": "acknowledged", "person": "Sam Example"})
        self.assertEqual((status, answer["state"]), (200, "acknowledged"))
        self.clock.let_pass(5 * STEP)
        time.sleep(QUIET)
        self.assertEqual([who for who, _, _ in self.about(message)], ["second@staffordshire.example"])

    def test_3_the_partners_gateway_says_it_by_itself(self):
        message = self.submit("SP-80-000003")
        here = lambda: self.delivery(self.host, message, "derbyshire", "front-door")
        w.wait_for("the partner's gateway has it", 60, lambda: here() and here()["state"] in ("handed-over", "received"))
        there = w.wait_for("it goes on to their front door", 60, self.latest_there)
        status, answer = self.ask(self.placing, "derbyshire", {"reference": f"{there['message']}.derbyshire.front-door",
                                                               "level": "acknowledged", "person": "Robin Specimen"})
        self.assertEqual((status, answer["state"]), (200, "acknowledged"))
        w.wait_for("the host's gateway knows who has it", 60, lambda: here()["state"] == "acknowledged")
        receipts = self.host.cli("queue", "show", message).stdout
        self.assertIn("Robin Specimen", receipts)
        self.assertFalse(self.about(message, "receipt"))  # receipts get none

    def latest_there(self):
        """The delivery to their own front door of what came last, once all three came."""
        rows = self.placing.rows("--all")
        last = [r["id"] for r in rows if not r["desk"]][-1:]
        there = [r for r in rows if (r["organisation"], r["desk"]) == ("derbyshire", "front-door")]
        return next((r for r in there if [r["message"]] == last and r["state"] == "handed-over"), None) if len(there) == 3 else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
