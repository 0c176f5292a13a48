#!/usr/bin/env python3
"""Whole gateways whose machine's clock is set while they run (a day back, ten years on), is wrong when they start (1970,
2000, 2036), and shows what is rare: Christmas, both changes of summer time. Real processes, real mail; between them and
the kernel stands tests/peers/clock_shift.c, which shows them a clock that this test sets, or lets hours pass in a
moment, and the steady clock with it."""
import email
import json
import os
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import unittest
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import world as w
from clocks import DAY, HOUR, MINUTE, SECOND, Clock, instant
from test_gateway import report

TEN_YEARS = 3652 * DAY
LONDON = zoneinfo.ZoneInfo("Europe/London")
LOOK = 10        # exit status: somebody should look
QUIET = 1.5      # seconds: longer than a role sleeps before it asks the store for what is due

# What comes after hours, here and in test_turning.py, comes after hours here too: nobody waits for them.
POLICY = """<policy xmlns="urn:wardgate:policy:1" id="test" extends="staffordshire-stoke" version="1">
  <hours name="door" days="mon tue wed thu fri" opens="09:00" closes="17:00"><source>S-01</source></hours>
  <deadline id="door" kind="missing" to="front-door" of="host">
    <when>@kind = 'missing'</when>
    <step not="acknowledged" after="PT1H" tell="alternate"/>
    <step not="acknowledged" after="PT2H" tell="out-of-hours"/>
    <step not="acknowledged" after="PT3H" tell="sender"/>
    <step not="acknowledged" after="PT4H" tell="operator"/>
    <source>S-01</source>
  </deadline>
  <deadline id="placing" kind="missing" to="front-door police-missing" of="placing">
    <when>@kind = 'missing'</when>
    <step not="handed-over" after="PT30H" tell="operator"/>
    <source>S-01</source>
  </deadline>
  <deadline id="office" kind="found" to="front-door" of="host">
    <when>@kind = 'found'</when>
    <step not="acknowledged" after="PT3H" in="desk" tell="alternate"/>
    <step not="acknowledged" after="PT10H" in="desk" tell="out-of-hours"/>
    <step not="acknowledged" after="P2D" in="desk" tell="sender"/>
    <step not="acknowledged" after="P3D" in="desk" tell="operator"/>
    <source>S-01</source>
  </deadline>
  <deadline id="found-elsewhere" kind="found" to="front-door police-missing" of="placing">
    <when>@kind = 'found'</when>
    <step not="handed-over" after="P20D" tell="operator"/>
    <source>S-01</source>
  </deadline>
  <rule id="later" effect="share" kind="missing" to="front-door" of="placing" categories="administrative" delay="PT2H">
    <basis gdpr="6(1)(e)"/>
    <source>S-01</source>
  </rule>
  <rule id="grown-up" effect="review" kind="missing" to="*" due="PT4H" escalate="operator">
    <when>age() &gt;= 18</when>
    <source>S-01</source>
  </rule>
</policy>
"""
DOOR = 'channel="mail" address="front-door@staffordshire.example" alternate="staffordshire/second" out-of-hours="staffordshire/night" hours="door"'
LADDER = ["second@staffordshire.example", "night@staffordshire.example", "missing@staffordshire-police.example", "ops@staffordshire.example"]


def words_of(when):
    """As the clocks in London show it, by the time zones of this machine's Python."""
    local = when.astimezone(LONDON)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local.day} {local:%B %Y, %H:%M}" + (f" {local.tzname()}" if twice else "")


def setUpModule():
    """One authority for all worlds, good from before the first until after the last of them, not for ten years."""
    global pki
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-clock-certs-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    clock = Clock(folder / "clock", "2026-03-20T00:00:00Z")
    world = w.World(folder)
    world.days, world.outside = 700, clock.environment(outside=True)
    world.make_pki()
    pki = world.pki


class Case(unittest.TestCase):
    maxDiff = None
    start = "2026-12-02T10:00:00Z"  # a Wednesday

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-clock-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.world = w.World(self.folder)
        self.addCleanup(self.world.close)
        self.clock = Clock(self.folder / "clock", self.start)
        self.world.environment, self.world.outside = self.clock.environment(), self.clock.environment(outside=True)
        self.world.pki = pki
        policies = self.folder / "policy"
        policies.mkdir()
        for name in ("england", "staffordshire-stoke"):
            shutil.copy(ROOT / f"policy/{name}.xml", policies)
        (policies / "test.xml").write_text(POLICY)
        self.world.policy = os.path.relpath(policies / "test", ROOT / "policy")
        self.world.desks = {"staffordshire": {"ops": "operator", "second": "missing-lead", "night": "emergency-duty"}}
        self.prepare()
        self.set_wrong()
        self.opened = {}  # path of a mail -> what is in it
        self.gate, = self.world.make_gateways(self.world.start_mail(), ("staffordshire",), prepare=self.furnish, retry=(1200, 3600, 7 * 24 * 3600))
        self.gate.start()

    def prepare(self):
        """Nobody listens where the placing force wants its copies."""
        self.world.how[("derbyshire-police", "missing")] = f'channel="https" url="https://localhost:{w.free_port()}/v1/notices"'

    def set_wrong(self):
        """The clock is right when the gateway is made."""

    def furnish(self, gateway):
        gateway.own["front-door"] = DOOR
        gateway.beside = '<monitor socket="monitor.sock" oldest="72000"/>'
        gateway.roles_wanted = gateway.roles_wanted | {"monitor"}

    # ---- helpers

    def submit(self, reference, kind="missing", born="07/08/2011", check=True):
        data = report(reference, kind).replace(b"07/08/2009", born.encode())
        seen = (self.clock.true() - 2 * DAY).strftime("%d/%m/%Y").encode()
        path = self.folder / f"{reference}-{kind}.eml"
        path.write_bytes(re.sub(rb"(When last seen|When found): \d\d/\d\d/\d{4}", lambda m: m[1] + b": " + seen, data))
        return self.world.submit(self.gate, path, "staffordshire-police", check=check)

    def open_all(self):
        """Everything that came by mail, in the order in which it came: (who, kind, the notice's XML, its text)."""
        found = []
        for path in sorted(self.world.mails(), key=lambda p: p.stat().st_mtime_ns):
            if path not in self.opened:
                address = email.message_from_bytes(path.read_bytes().partition(b"\n\n")[0])["To"].strip("<>")
                inner = email.message_from_bytes(self.world.open_mail(path, address.partition("@")[2].partition(".")[0]))
                xml = next(p.get_payload(decode=True) for p in inner.walk() if p.get_filename() == "notice.xml").decode()
                text = next(p.get_payload(decode=True) for p in inner.walk() if p.get_content_type() == "text/plain").decode()
                self.opened[path] = (address, re.search(r'<notice[^>]* kind="([^"]+)"', xml)[1], xml, text)
            found.append(self.opened[path])
        return found

    def told(self, message, kind="not-confirmed"):
        """Who was told of that message, in order."""
        return [who for who, what, xml, _ in self.open_all() if what == kind and message in xml]

    def alerts(self, words):
        return [xml for _, kind, xml, _ in self.open_all() if kind == "alert" and words in xml]

    def wait_told(self, message, count, what="those who stand in are told", kind="not-confirmed"):
        w.wait_for(f"{what} ({count})", 30, lambda: len(self.told(message, kind)) >= count)
        return self.told(message, kind)

    def state(self, message, organisation):
        return next((r["state"] for r in self.gate.deliveries(message) if r["organisation"] == organisation), None)

    def becomes(self, message, organisation, *states):
        w.wait_for(f"the copy of {message} for {organisation} is {states}", 30, lambda: self.state(message, organisation) in states)

    def words(self):
        return json.loads(self.gate.cli("clock", "--json", check=False).stdout)["words"]

    def clock_says(self, words):
        w.wait_for(f"the store says: {words}", 20, lambda: self.words() == words)

    def nothing_more(self):
        """Nothing is sent, told or given up in a while, whatever the operator is told of the whole."""
        before = (self.mails(), self.states())
        time.sleep(QUIET)
        self.assertEqual((self.mails(), self.states()), before)

    def mails(self):
        return [(who, kind) for who, kind, _, _ in self.open_all() if kind != "alert"]

    def states(self):
        """Between two tries it is one, and nothing new."""
        return sorted((r["id"], r["state"].replace("sending", "deferred")) for r in self.gate.rows("--all") if r["desk"] and r["kind"] != "alert")

    def audit(self, backwards=0):
        """The log is whole, and its times never go back; but where a person said that they should."""
        self.gate.cli("audit", "verify")
        self.gate.stop()  # which has the database for itself
        with sqlite3.connect(f"file:{self.gate.state}/store.db?mode=ro", uri=True) as db:
            times = [at for at, in db.execute("SELECT at FROM log ORDER BY seq")]
        self.assertEqual(sum(later < at for at, later in zip(times, times[1:])), backwards)


class SetWhileItRuns(Case):
    """The same story, with the clock set a day back or ten years on soon after its beginning."""

    def story(self, by, words):
        true = self.clock.true()
        door = self.submit("SP-90-000001")
        grown = self.submit("SP-90-000002", born="07/08/2007")
        self.becomes(door, "staffordshire", "handed-over")
        self.becomes(door, "derbyshire-police", "deferred")
        self.becomes(grown, "staffordshire", "review")
        self.assertEqual(self.state(door, "derbyshire"), "sealed")  # it waits for two hours

        self.clock.set_by(by)
        self.clock_says(words)
        self.nothing_more()
        done = self.gate.cli("clock", check=False)
        self.assertEqual(done.returncode, LOOK)
        self.assertIn("Nothing expires by the machine's clock", done.stdout)
        self.nobody_minds()

        # what comes now is taken, read, sealed and sent as if nothing was, and its times are right
        late = self.submit("SP-90-000003")
        self.becomes(late, "staffordshire", "handed-over")
        self.becomes(late, "derbyshire-police", "deferred")
        for row in self.gate.deliveries(late):
            self.assertLess(abs(instant(row["since"]) - self.clock.true()), MINUTE, row)

        self.clock.until(true + 59 * MINUTE)
        self.nothing_more()
        self.clock.until(true + 62 * MINUTE)
        self.assertEqual(self.wait_told(door, 1), LADDER[:1])
        self.assertEqual(self.wait_told(late, 1), LADDER[:1])
        attempts = next(r for r in self.gate.deliveries(door) if r["organisation"] == "derbyshire-police")["attempts"]
        self.assertGreaterEqual(attempts, 2)  # it was tried again after twenty minutes
        self.clock.until(true + 118 * MINUTE)
        self.assertEqual((self.told(door), self.state(door, "derbyshire")), (LADDER[:1], "sealed"))
        self.clock.until(true + 123 * MINUTE)
        self.becomes(door, "derbyshire", "handed-over")
        for hour in (2, 3, 4):
            self.clock.until(true + hour * HOUR + 4 * MINUTE)
            self.assertEqual(self.wait_told(door, hour), LADDER[:hour])
            self.assertEqual(self.wait_told(late, hour), LADDER[:hour])
        self.assertEqual(self.wait_told(grown, 3, "each of its reviews is overdue", "review-overdue"), 3 * ["ops@staffordshire.example"])
        self.nothing_more()

        w.wait_for("the operator was told of the clock", 30, lambda: self.alerts(words))
        for line in self.gate.cli("alerts", "--json", check=False).stdout.splitlines():
            self.assertNotIn("certificate", line)

        # it is put right again
        mails = self.mails()
        self.clock.set_by(0 * DAY)
        self.clock_says("ok")
        w.wait_for("the operator is told that it is over", 30, lambda: len([a for a in self.alerts("clock") if "<state>cleared</state>" in a]) == 1)
        self.nothing_more()
        self.assertEqual(self.mails(), mails)
        self.assertEqual((self.told(door), self.told(late)), (LADDER, LADDER))
        again = self.submit("SP-90-000004")
        self.becomes(again, "staffordshire", "handed-over")
        self.audit()
        copies = [xml for _, kind, xml, _ in self.open_all() if kind == "missing"]
        self.assertEqual(len(copies), len(set(re.search(r'<copy-for.*', xml, re.S)[0] for xml in copies)))

    def nobody_minds(self):
        """Certificates are judged by the right time."""
        for line in self.gate.cli("cert", "status", "--json", check=False).stdout.splitlines():
            self.assertGreater(json.loads(line).get("days", 1), 0, line)
        done = self.gate.cli("purge", "--kind", "missing", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing is purged until the clock is right", done.stderr)

    def test_a_day_back(self):
        self.story(-DAY, "the clock was set back by 1 day")

    def test_ten_years_on(self):
        self.story(TEN_YEARS, "the clock was set forward by 3652 days")


class WrongAtTheStart(Case):
    def begin(self):
        message = self.submit("SP-91-000001")
        self.becomes(message, "staffordshire", "handed-over")
        self.becomes(message, "derbyshire-police", "deferred")
        return message

    def attempts(self, message):
        return next(r for r in self.gate.deliveries(message) if r["organisation"] == "derbyshire-police")["attempts"]

    def test_a_flat_battery(self):
        """The machine is off for three hours, and comes up in another century, more than once."""
        message, others = self.begin(), []
        self.gate.stop()
        self.clock.let_pass(3 * HOUR + 5 * MINUTE)
        for number, (year, words) in enumerate(((2036, r"forward by 33\d\d days"), (2000, r"back by 98\d\d days"), (1970, r"back by 207\d\d days"))):
            self.clock.set_to(f"{year}-01-01T00:00:30Z")
            self.gate.start()
            self.assertRegex(self.words(), words)
            self.nothing_more()
            others.append(self.submit(f"SP-92-00000{number}"))
            self.becomes(others[-1], "staffordshire", "handed-over")
            self.assertEqual(self.gate.cli("purge", check=False).returncode, 65)
            if year != 1970:
                self.gate.stop()
        self.assertEqual(self.told(message), [])
        tried = self.attempts(message)
        self.clock.set_by(0 * DAY)  # the network tells the time; nobody has to say that it is right
        self.clock_says("ok")
        self.assertEqual(self.wait_told(message, 3), LADDER[:3])  # it was due while the machine was off
        w.wait_for("it is tried again", 30, lambda: self.attempts(message) > tried)
        self.nothing_more()
        self.assertEqual([self.told(m) for m in others], [[], [], []])  # they came just now
        self.assertEqual(self.gate.cli("clock").returncode, 0)
        self.clock.let_pass(HOUR)
        self.assertEqual(self.wait_told(message, 4), LADDER)
        self.assertEqual([self.wait_told(m, 1) for m in others], 3 * [LADDER[:1]])
        self.audit()

    def story(self, words, backwards=0):
        """The clock was wrong when the gateway was made; it is put right, and somebody says so."""
        true = self.clock.true()
        message = self.begin()
        tried = self.attempts(message)
        self.clock.set_by(0 * DAY)
        self.clock_says(words)
        self.gate.cli("clock", "accept", "--why", "by the wireless")
        self.clock_says("ok")
        self.assertLess(abs(instant(json.loads(self.gate.cli("clock", "--json").stdout)["store"]) - self.clock.true()), MINUTE)
        self.nothing_more()
        for row in self.gate.deliveries(message):
            self.assertLess(abs(instant(row["since"]) - true), 2 * MINUTE, row)
        self.clock.until(true + 58 * MINUTE)
        w.wait_for("it is tried again", 30, lambda: self.attempts(message) > tried)
        self.nothing_more()
        self.assertEqual((self.told(message), self.state(message, "derbyshire")), ([], "sealed"))
        for hour in (1, 2, 3, 4):
            self.clock.until(true + hour * HOUR + 2 * MINUTE)
            self.assertEqual(self.wait_told(message, hour), LADDER[:hour])
        self.becomes(message, "derbyshire", "handed-over")
        self.audit(backwards)

    def test_a_day_ahead_until_somebody_saw_it(self):
        self.story("the clock was set back by 1 day", backwards=1)

    def test_a_day_behind_until_somebody_saw_it(self):
        self.story("the clock was set forward by 1 day")

    def set_wrong(self):
        """Before the first start."""
        self.clock.set_by({"test_a_day_ahead_until_somebody_saw_it": DAY, "test_a_day_behind_until_somebody_saw_it": -DAY}
                          .get(self._testMethodName, 0 * DAY))


class Seasons(Case):
    """Nights, holidays, and the hours that do not come or come twice; in between nothing but sleep."""
    start = "2026-03-28T22:29:00Z"
    desks = DOOR

    def prepare(self):
        """All copies can be handed over."""

    def follow(self, message, dues):
        """Each is told at its instant, not before and once."""
        for number, due in enumerate(dues):
            self.clock.until(instant(due) - 30 * SECOND)
            time.sleep(QUIET)
            self.assertEqual(self.told(message), LADDER[:number], f"before {due}")
            self.clock.until(instant(due) + 90 * SECOND)
            self.assertEqual(self.wait_told(message, number + 1, f"due at {due}"), LADDER[:number + 1])
            self.shown(message)

    def shown(self, message):
        """People are told the time that their clocks show."""
        before = words_of(self.clock.true())
        said = self.gate.cli("clock").stdout
        self.assertIn(said, [f"The clock is right: {words}.\n" for words in (before, words_of(self.clock.true()))])
        ready = next(r["ready"] for r in self.gate.deliveries(message) if (r["organisation"], r["desk"]) == ("staffordshire", "front-door"))
        text = [text for _, kind, xml, text in self.open_all() if kind == "not-confirmed" and message in xml][-1]
        self.assertIn(words_of(instant(ready)), " ".join(text.split()))

    def begin(self, when, number, kinds=("missing", "found")):
        """One that somebody has to look for at once, one for the office."""
        self.clock.until(when)
        messages = [self.submit(f"SP-9{3 + len(kind) % 2}-00000{number}", kind) for kind in kinds]
        for message in messages:
            self.becomes(message, "staffordshire", "handed-over")
        return messages

    def test_christmas(self):
        """2026: Christmas Day is a Friday, Boxing Day the Saturday, and Monday the 28th is its bank holiday."""
        missing, found = self.begin("2026-12-23T16:29:50Z", 1)
        self.follow(missing, ["2026-12-23T17:30:00Z", "2026-12-23T18:30:00Z", "2026-12-23T19:30:00Z", "2026-12-23T20:30:00Z"])
        # open until five, and from nine to five on the 24th: three hours of it; ten of it end on the 29th
        self.follow(found, ["2026-12-24T11:30:00Z", "2026-12-29T10:30:00Z", "2026-12-29T16:30:00Z", "2026-12-30T16:30:00Z"])
        self.finish()

    def test_summer_time(self):
        """N hours are N hours, and nine o'clock is nine o'clock; in 2027 the Monday after the change is Easter Monday."""
        missing, found = self.begin("2026-03-28T22:29:50Z", 1)
        self.follow(missing, ["2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"])
        self.follow(found, ["2026-03-30T11:00:00Z", "2026-03-31T10:00:00Z", "2026-04-01T08:00:00Z", "2026-04-02T08:00:00Z"])
        missing, found = self.begin("2026-10-24T22:29:50Z", 2)
        self.follow(missing, ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"])
        self.follow(found, ["2026-10-26T12:00:00Z", "2026-10-27T11:00:00Z", "2026-10-28T09:00:00Z", "2026-10-29T09:00:00Z"])
        found, = self.begin("2027-03-27T22:29:50Z", 3, ["found"])
        self.follow(found, ["2027-03-30T11:00:00Z", "2027-03-31T10:00:00Z", "2027-04-01T08:00:00Z", "2027-04-02T08:00:00Z"])
        found, = self.begin("2027-10-30T22:29:50Z", 4, ["found"])
        self.follow(found, ["2027-11-01T12:00:00Z", "2027-11-02T11:00:00Z", "2027-11-03T09:00:00Z", "2027-11-04T09:00:00Z"])
        self.finish()

    def finish(self):
        self.nothing_more()
        self.assertEqual(self.words(), "ok")
        self.audit()


if __name__ == "__main__":
    unittest.main(verbosity=2)
