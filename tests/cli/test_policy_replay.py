#!/usr/bin/env python3
"""`wardgate policy replay`: what past messages would have come to under another policy, over the store of a real gateway."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
OK, NOT_FOUND, CONFIG = 0, 66, 78

# Placing front door and the police of the place get the report, and whoever was told hears of the return. The front door
# gets the risk only when it was agreed to, and the circumstances while the child is missing.
POLICY = """<policy xmlns="urn:wardgate:policy:1" id="replayed" version="1">
  <role name="police-missing" at="police">Finds.</role>
  <role name="front-door" at="council">Takes in.</role>
  <route kind="missing"><to role="police-missing" of="placing"/><to role="front-door" of="placing"/><source>S-15</source></route>
  <route kind="found"><to role="*" of="told"/><source>MK-10</source></route>
  <rule id="frame" effect="share" kind="*" to="police-missing front-door" categories="administrative identity">
    <basis gdpr="6(1)(e)"/><source>S-15</source>
  </rule>
  <rule id="risk" effect="share" kind="*" to="police-missing front-door" categories="risk" text="unreviewed">
    <basis gdpr="6(1)(e) 9(2)(g)"/><source>S-15</source>
  </rule>
  <rule id="last-seen" effect="share" kind="*" to="front-door" categories="last-seen" text="unreviewed">
    <when>live-episode() = 'yes'</when><basis gdpr="6(1)(e) 9(2)(g)"/><source>S-15</source>
  </rule>
  <rule id="gate" effect="withhold" kind="*" to="front-door" categories="risk" unless="consent"><source>S-05</source></rule>
</policy>
"""


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-replay-"))
        cls.world = w.World(cls.folder, PROGRAM)
        cls.world.make_pki()
        cls.gateway = cls.world.make_gateways(cls.world.start_mail(), ("staffordshire",))[0]
        policy = cls.folder / "replayed.xml"
        policy.write_text(POLICY)
        cls.gateway.config.write_text(cls.gateway.config.read_text().replace(f"{ROOT}/policy/staffordshire-stoke.xml", str(policy)))
        cls.gateway.start()
        cls.messages = [cls.submit("missing-report.eml")]
        decided = time.time()  # the register has whole seconds: what is said in a later one was said after it
        w.wait_for("a later second", 10, lambda: time.time() >= decided + 2)
        cls.gateway.cli("consent", "record", "--child", cls.messages[0], "--to", "front-door", "--state", "given", "--by", "child",
                        "--why", "asked on the telephone")
        cls.settle(cls.messages[0])
        cls.messages.append(cls.submit("found-report.eml"))

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def submit(cls, name):
        message = cls.world.submit(cls.gateway, ROOT / "ops/lib" / name, "staffordshire-police")
        cls.settle(message)
        return message

    @classmethod
    def settle(cls, message):
        def still():
            rows = [r for r in cls.gateway.deliveries(message) if r["state"] != "superseded"]
            return rows if rows and all(r["state"] in ("handed-over", "received", "withheld", "review") for r in rows) else None
        return w.wait_for(f"{message} is decided and sent", 60, still)

    def replay(self, *changes, since="2020-01-01", more=()):
        new = self.folder / "new"
        new.mkdir(exist_ok=True)
        text = POLICY
        for old, now in changes:
            self.assertIn(old, text)
            text = text.replace(old, now)
        (new / "replayed.xml").write_text(text)
        words = [PROGRAM, "policy", "replay", new / "replayed.xml", "--since", since, *more, "--config", self.gateway.config]
        plain = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=150)
        self.assertEqual(plain.returncode, OK, plain.stderr)
        found = subprocess.run([*map(str, words), "--json"], capture_output=True, text=True, timeout=150)
        return plain.stdout, json.loads(found.stdout)

    def test_the_same_policy_gives_the_same(self):
        """So the facts of then are found again: the consent, who was told, that the child was missing."""
        rows = self.gateway.rows("--all")
        text, found = self.replay()
        self.assertEqual(found["gains"], [])
        self.assertEqual((found["messages"], found["replayed"], found["differing"], found["gained"], found["lost"], found["not-replayed"]),
                         (2, 2, 0, 0, 0, []))
        self.assertIn("2 of 2 messages replayed, 0 come to something else", text)
        self.assertEqual(self.gateway.rows("--all"), rows)  # nothing is changed

    def test_what_would_have_been_gained_and_lost(self):
        text, found = self.replay(('to="police-missing front-door" categories="risk"', 'to="front-door" categories="risk description"'))
        by = {(g["kind"], g["who"].split(" ")[0], g["what"], g.get("category")) for g in found["gains"]}
        self.assertIn(("missing", "police-missing", "loses", "risk"), by)
        self.assertIn(("missing", "front-door", "gains", "description"), by)
        self.assertEqual(found["gained"], sum(g["count"] for g in found["gains"] if g["what"] == "gains"))
        self.assertEqual(found["lost"], sum(g["count"] for g in found["gains"] if g["what"] == "loses"))
        self.assertIn("  missing to police-missing of placing (derbyshire-police/missing)\n    loses risk (1, such as " + self.messages[0], text)

    def test_consent_of_then_counts(self):
        _, found = self.replay()
        self.assertEqual(found["differing"], 0)  # it was given before the child was found: nothing was kept back then
        _, found = self.replay((' unless="consent"', ""))
        self.assertEqual([(g["kind"], g["what"], g["category"]) for g in found["gains"]], [("found", "loses", "risk")])

    def test_who_was_told_counts(self):
        text, found = self.replay(('<to role="*" of="told"/>', '<to role="front-door" of="told"/>'))
        self.assertIn(("found", "no-recipient"), {(g["kind"], g["what"]) for g in found["gains"]})
        self.assertIn("is no recipient any more", text)

    def test_missing_then_counts(self):
        _, found = self.replay(("live-episode() = 'yes'", "live-episode() = 'no'"))
        kinds = {(g["kind"], g["what"], g.get("category")) for g in found["gains"]}
        self.assertTrue(kinds and all(category == "last-seen" for _, _, category in kinds), kinds)

    def test_verdict_and_new_recipient(self):
        _, found = self.replay(('<to role="front-door" of="placing"/>', '<to role="front-door" of="placing"/><to role="front-door" of="host"/>'),
                               ("</policy>", '<rule id="look" effect="review" kind="missing" to="police-missing"><source>S-09</source></rule></policy>'))
        self.assertIn(("front-door of host (staffordshire/front-door)", "recipient"), {(g["who"], g["what"]) for g in found["gains"]})
        self.assertIn(("send", "review"), {(g.get("was"), g.get("is")) for g in found["gains"]})

    def test_time(self):
        for since, more in (("2100-01-01", ()), ("2020-01-01", ("--until", "2020-02-01"))):
            _, found = self.replay(since=since, more=more)
            self.assertEqual(found["messages"], 0)
        _, found = self.replay(since="2020-01-01T00:00:00Z", more=("--until", "2100-01-01T00:00:00Z"))
        self.assertEqual(found["messages"], 2)

    def test_reading_is_logged(self):
        self.replay()
        self.assertRegex(self.gateway.cli("queue", "show", self.messages[0]).stdout, "read|opened")

    def test_nothing_personal_is_printed(self):
        text, found = self.replay(('to="police-missing front-door" categories="risk"', 'to="front-door" categories="risk description"'))
        for word in ("Tess", "Example", "14/03/2012", "2012-03-14", "9990000018"):
            self.assertNotIn(word, text + json.dumps(found))

    def test_what_cannot_be_opened_is_named(self):
        """As what is not kept any more: listed with its reason, and no error of the whole."""
        other = self.gateway.folder / "other.xml"
        mine, theirs = self.world.pki / "staffordshire", self.world.pki / "derbyshire"
        other.write_text(self.gateway.config.read_text().replace(f"{mine}/storage.", f"{theirs}/storage."))
        words = [PROGRAM, "policy", "replay", self.folder / "replayed.xml", "--since", "2020-01-01", "--config", other]
        plain = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=150)
        self.assertEqual(plain.returncode, OK, plain.stderr)
        self.assertIn("Could not be replayed:\n", plain.stdout)
        self.assertIn("0 of 2 messages replayed", plain.stdout)
        found = json.loads(subprocess.run([*map(str, words), "--json"], capture_output=True, text=True, timeout=150).stdout)
        self.assertEqual({m["message"] for m in found["not-replayed"]}, set(self.messages))
        self.assertTrue(all(m["reason"] for m in found["not-replayed"]))

    def test_no_gateway(self):
        done = subprocess.run([PROGRAM, "policy", "replay", self.folder / "replayed.xml", "--since", "2026-01-01", "--config",
                               self.folder / "nowhere.xml"], capture_output=True, text=True, timeout=150)
        self.assertIn(done.returncode, (NOT_FOUND, CONFIG))
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
