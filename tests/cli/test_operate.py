#!/usr/bin/env python3
"""What a duty officer and a sysadmin type when something is stuck: one gateway whose mail server is down, a copy that nobody fetched to the end,
a message that a person must look at, a clock that was set forward; and nothing of a child in any of it."""
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import test_gateway as g
import world as w

OK, LOOK, USAGE, DATA = 0, 10, 64, 65
SHIFT = pathlib.Path(os.environ["WARDGATE"]).parent / "clock_shift.so"
DAYS = 40
WIDE = 100


class Operate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-operate-"))
        cls.world = w.World(cls.folder)
        cls.world.how = {("derbyshire", "front-door"): 'channel="pull" alternate="derbyshire-police/missing"'}
        cls.world.make_pki()
        cls.world.gateways["staffordshire"] = cls.gate = w.Gateway(cls.world, "staffordshire", w.free_port())
        cls.gate.beside = '<monitor socket="monitor.sock" oldest="1"/>'
        cls.gate.roles_wanted = cls.gate.roles_wanted | {"monitor"}
        cls.gate.write(cls.world.gateways, w.free_port())  # nobody listens there: the mail server is down
        directory = cls.gate.folder / "directory.xml"
        text, numbers = directory.read_text(), iter(range(1, 99))
        directory.write_text(re.sub("01632 960999", lambda m: f"01632 9600{next(numbers):02}", text))
        cls.phones = dict(re.findall(r'<organisation id="([^"]+)"(?:(?!</organisation>).)*?telephone="([^"]+)"', directory.read_text(), re.S))
        cls.gate.start()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    def run_cli(self, *words, status=OK, **more):
        """Every output of these commands: its width, and no child in it."""
        done = self.gate.cli(*words, check=False, **more)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        said = done.stdout + done.stderr
        for canary in g.CANARIES:
            self.assertNotIn(canary.decode().lower(), said.lower(), words)
        if "--json" not in words and "metrics" not in words:
            long = [l for l in done.stdout.splitlines() if len(l) > WIDE]
            self.assertEqual(long, [], words)
        return done

    def lines(self, *words, status=OK):
        return [json.loads(line) for line in self.run_cli(*words, "--json", status=status).stdout.splitlines()]

    def submit(self, data):
        path = self.folder / "report.eml"
        path.write_bytes(data)
        return self.world.submit(self.gate, path, "staffordshire-police")

    def stuck(self, *more):
        return self.lines("stuck", *more, status=LOOK)

    def wait_stuck(self, message, classes):
        def look():
            done = self.gate.cli("stuck", "--json", check=False)
            rows = [r for r in map(json.loads, done.stdout.splitlines()) if r.get("message") == message]
            return rows if {r["class"] for r in rows} == classes else None
        return w.wait_for(f"{message} is {classes}", 60, look)

    def request(self, method, path, body=None):
        words = ["curl", "-sS", "--fail", "-X", method, "--cacert", self.world.pki / "ca.pem", "--cert", self.world.pki / "derbyshire/client.pem",
                 "--key", self.world.pki / "derbyshire/client.key", f"https://localhost:{self.gate.port}{path}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "--data", json.dumps(body)]
        return subprocess.run(words, capture_output=True, check=True).stdout

    def audit(self):
        """The log as the store left it."""
        with sqlite3.connect(f"file:{self.gate.state}/store.db?mode=ro", uri=True) as db:
            return "\n".join(f"{actor} {event} {detail}" for actor, event, detail in db.execute("SELECT actor, event, detail FROM log"))

    def test_0_nothing(self):
        self.assertEqual(self.run_cli("stuck").stdout, "Nothing is stuck.\n")
        self.assertEqual(self.run_cli("stuck", "--json").stdout, "")
        self.assertEqual(self.run_cli("silence").stdout, "Nobody is silent for longer than is usual for them.\n")
        self.assertEqual(self.run_cli("silence", "--json").stdout, "")
        self.assertTrue(self.run_cli("clock").stdout.startswith("The clock is right: "))
        self.assertIn("nothing is wrong with the clock", self.run_cli("clock", "accept", "--why", "to see", status=DATA).stderr)
        for words in (("stuck", "more"), ("stuck", "--after", "soon"), ("clock", "accept"), ("clock", "set"), ("clock", "--why", "x"),
                      ("alerts", "x"), ("silence", "x"), ("metrics", "x")):
            self.run_cli(*words, status=USAGE)

    def test_1_a_mail_server_is_down(self):
        message = self.submit(g.report("SP-72-000001"))
        rows = {r["organisation"]: r for r in self.wait_stuck(message, {"not-handed-over"})}
        self.assertIn("staffordshire", rows)
        row = w.wait_for("it was tried", 60, lambda: next((r for r in self.stuck() if r["organisation"] == "staffordshire" and r["attempts"] > 1), None))
        self.assertEqual((row["telephone"], row["state"] in ("deferred", "sending"), row["way"]), (self.phones["staffordshire"], True, "mail"))
        self.assertEqual(row["do"], f"wardgate why-not {row['id']}")
        listed = next(r for r in self.lines("queue", "list") if r["id"] == row["id"])
        self.assertEqual((listed["telephone"], listed["unconfirmed"], listed["handed-over"]), (self.phones["staffordshire"], False, None))
        self.assertEqual(row["since"], listed["ready"])  # not the last try
        text = self.run_cli("stuck", status=LOOK).stdout
        self.assertRegex(text, r"(?m)^staffordshire/front-door: 1 copy is not handed over, for ")
        self.assertRegex(text, r"(?m)^    since \d+ \w+ 20\d\d, \d\d:\d\d; \w+, missing by mail, tried \d+ times")
        self.assertIn(f"    ring: {self.phones['staffordshire']}\n", text)
        self.assertIn(f"    do: wardgate why-not {row['id']}\n", text)
        self.assertIn("    why: ", text)
        self.submit(g.report("SP-72-000002"))
        w.wait_for("two copies are one entry", 60, lambda: "staffordshire/front-door: 2 copies are not handed over, the oldest for" in
                   self.gate.cli("stuck").stdout)
        self.assertEqual(self.gate.cli("stuck", "--after", "60", check=False).stdout, "Nothing is stuck.\n")
        self.assertIn(f"ring {self.phones['staffordshire']}", self.run_cli("queue", "list").stdout)
        self.assertIn("wardgate_recipient_open", self.run_cli("metrics").stdout)
        type(self).message, type(self).delivery = message, row["id"]

    def test_2_alerts(self):
        key = "undelivered staffordshire/front-door"
        w.wait_for("the monitor says so", 120, lambda: key in [json.loads(l)["key"] for l in self.gate.cli("alerts", "--json").stdout.splitlines()])
        self.assertTrue(all(r["since"] and r["words"] for r in self.lines("alerts", status=LOOK)))
        text = self.run_cli("alerts", status=LOOK).stdout
        self.assertRegex(text, r"(?m)^undelivered staffordshire/front-door\n    since .*, for ")
        self.assertIn("see wardgate stuck", " ".join(text.split()))

    def test_3_a_copy_that_nobody_confirms(self):
        items = w.wait_for("a copy lies ready", 60, lambda: json.loads(self.request("GET", "/v1/inbox"))["items"])
        delivery = items[0]["delivery"]
        self.assertRegex(self.run_cli("stuck", status=LOOK).stdout,
                         r"(?m)^derbyshire/front-door: 2 copies are not handed over(.*\n){2}    why: it lies ready, and nobody there has fetched it$")
        self.request("GET", f"/v1/inbox/{delivery}")
        row = w.wait_for("it is stuck", 60, lambda: next((r for r in self.stuck() if r["id"] == delivery and r["class"] == "not-confirmed"), None))
        self.assertEqual((row["telephone"], row["otherwise"]), (self.phones["derbyshire"], [{"desk": "derbyshire-police/missing",
                                                                                            "telephone": self.phones["derbyshire-police"]}]))
        self.assertIn(f"ring: {self.phones['derbyshire']}; otherwise derbyshire-police/missing {self.phones['derbyshire-police']}\n",
                      self.run_cli("stuck", status=LOOK).stdout)
        self.assertIn("derbyshire/front-door: 1 copy is not confirmed by a person, for ", self.run_cli("stuck", status=LOOK).stdout)
        self.assertIn("1 is handed over and not confirmed", self.run_cli("queue", "list").stdout)
        self.assertEqual([r["id"] for r in self.lines("queue", "list", "--state", "unconfirmed")], [delivery])
        shown = self.run_cli("queue", "show", delivery).stdout
        self.assertIn("not confirmed by a person, handed over ", shown)
        self.assertNotIn("what came back", shown)
        with self.assertRaises(subprocess.CalledProcessError):
            self.request("POST", f"/v1/inbox/{delivery}/ack", {"person": "Pat Officer-Example", "sha256": "00" * 32})
        self.assertIn(f"receipt-refused {delivery}\n    it is of another copy than the one that was sent\n", self.run_cli("queue", "show", delivery).stdout)
        self.request("POST", f"/v1/inbox/{delivery}/ack", {"person": "Pat Officer-Example"})
        shown = self.run_cli("queue", "show", delivery).stdout
        self.assertRegex(shown, r"what came back:\n  .*  acknowledged by pull, Pat Officer-Example of derbyshire\n")
        said = next(json.loads(l) for l in self.run_cli("queue", "show", delivery, "--json").stdout.splitlines() if l.startswith('{"receipts"'))
        self.assertEqual([(r["delivery"], r["level"], r["way"], r["person"], r["organisation"], r["moved"]) for r in said["receipts"]],
                         [(delivery, "acknowledged", "pull", "Pat Officer-Example", "derbyshire", True)])
        self.assertNotIn(delivery, [r["id"] for r in self.stuck()])

    def test_4_a_message_in_attention(self):
        message = self.submit(g.report("SP-72-000004", extra="Shoe horn colour: Canarystreet green\n"))
        row = self.wait_stuck(message, {"attention"})[0]
        self.assertEqual((row["telephone"], row["do"]), (self.phones["staffordshire-police"], f"wardgate attention show {message}"))
        text = self.run_cli("stuck", status=LOOK).stdout
        self.assertTrue(text.startswith("from staffordshire-police: 1 message waits for a person, for "), text)  # the worst first
        self.assertIn(f"do: wardgate attention show {message}\n", text)

    def test_5_a_store_that_is_down_or_without_a_directory(self):
        directory = self.gate.folder / "directory.xml"
        kept = directory.read_text()
        directory.write_text("<nonsense/>")
        done = self.run_cli("stuck", status=LOOK)
        directory.write_text(kept)
        self.assertIn("no telephone numbers", done.stderr)
        self.assertIn("staffordshire/front-door: ", done.stdout)

    def test_6_silence(self):
        rows = self.lines("silence", "--all")
        sender = next(r for r in rows if r["organisation"] == "staffordshire-police" and r["direction"] == "from")
        self.assertEqual((sender["silent"], sender["telephone"]), (False, self.phones["staffordshire-police"]))
        self.assertIn("from staffordshire-police: heard of ", self.run_cli("silence", "--all").stdout)
        for number in range(3):
            self.submit(g.report(f"SP-72-00001{number}"))

    def test_7_a_clock_that_jumped(self):
        self.gate.stop()
        shifted = os.environ | {"LD_PRELOAD": str(SHIFT), "CLOCK_SHIFT": str(DAYS * 86400000 + 5000)}
        self.assertEqual(self.gate.cli("clock", "--json", check=False).returncode, OK)
        # Off for 40 days is no fault: the first that sees a machine come back takes the time from its clock, and silence has begun.
        done = self.run_cli("silence", status=LOOK, env=shifted)
        self.assertRegex(done.stdout, r"from staffordshire-police: nothing for (39|40) d .*; usual is at most 1 h 0 min\n    last ")
        self.assertIn(f"    ring {self.phones['staffordshire-police']}\n", done.stdout)
        done = self.run_cli("clock", status=LOOK)  # and now it is set back by so much
        self.assertIn("the machine says", done.stdout)
        self.assertIn("clock accept --why TEXT", done.stdout)
        row = self.lines("clock", status=LOOK)[0]
        self.assertFalse(row["ok"])
        self.assertGreater(row["store"], row["machine"])
        self.assertIn("clock: the clock", self.run_cli("stuck", status=LOOK).stdout)
        self.assertEqual(self.stuck()[0]["class"], "clock")
        self.gate.start()
        self.assertIn("the clock was set back by ", self.run_cli("clock", status=LOOK).stdout)
        self.assertIn("accepted: it is ", self.run_cli("clock", "accept", "--why", "compared with two other clocks").stdout)
        w.wait_for("the clock is believed", 20, lambda: self.gate.cli("clock", check=False).returncode == OK)
        self.assertNotIn("clock: ", self.run_cli("stuck", status=LOOK).stdout)
        self.gate.stop()
        self.assertRegex(self.audit(), r"admin:\S+ accept-clock the clock was set back by .*: compared with two other clocks")


if __name__ == "__main__":
    unittest.main(verbosity=1)
