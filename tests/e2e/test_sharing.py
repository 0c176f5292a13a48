#!/usr/bin/env python3
"""Who may see what, as agencies meet it: refusals and overrides, two authorities, a parent, addresses, corrections, and a withdrawal while
a message waits. Real gateways, real mail, real seals; what each recipient got is opened with its own key."""
import email
import email.policy
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

NS = "{urn:wardgate:notice:1}"
SENT = {"handed-over", "received", "acknowledged"}
OTHERS = {
    "example-interviews": ("provider", 'areas="830 831 860 861"', "Example Interviews (example)", {"desk": "interview-provider"}),
    "sample-school": ("school", 'code="999901"', "Sample Academy", {"office": "school"}),
    "example-health": ("health", 'areas="860 861"', "Example Health Trust (example)", {"nurse": "safeguarding-health looked-after-health"}),
}
DESKS = {
    "staffordshire": {"review": "review-lead", "family": "parent", "duty": "emergency-duty missing-lead team-manager iro district-lead"},
    "derbyshire": {"social-work": "allocated-social-worker", "family": "parent"},
}


def interview(number, sharing="", account="", child="", placing="830", extra=""):
    """A return home interview as the provider's own system would send it; one invented child a number."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="example-interview-{number}" kind="return-interview" version="1">
  <header><sender organisation="example-interviews"/><received>2026-11-21T17:00:00Z</received></header>
  <episode><police-reference force="Staffordshire Police">SP-60-{number:06}</police-reference></episode>
  <child looked-after="true">
    <name><full>Robin Invented{letters(number)}</full></name>
    <date-of-birth>{born(number)}</date-of-birth>
    {child}<school>Sample Academy</school>
  </child>
  <authorities><placing name="Derbyshire">{placing}</placing><host name="Staffordshire">860</host></authorities>
  <interview>
    <outcome code="OFFERED_ACCEPTED_COMPLETED"/>
    <held><when value="2026-11-21T14:00:00Z" precision="minute">today at two</when><by>Sky Placeholder</by></held>
    <account><what-happened>Canaryaccount walked along the canal.</what-happened>{account}</account>
    {extra}
    <recommendation>Canaryadvice: agree visits to friends.</recommendation>
  </interview>
  <sharing><told by="Sky Placeholder">Who hears of it, and why</told>{sharing}</sharing>
</notice>
""".encode()


def born(number):
    """A day of birth of its own for each child: those of the same day and first name would be taken for each other."""
    return f"20{10 + number % 3}-{1 + number % 12:02}-{1 + number % 28:02}"


def letters(number):
    return "".join("abcdefghij"[int(c)] for c in str(number))


def missing(number, name=None, extra="", grade="High", circumstances="Left after tea"):
    return (f"From: missing@staffordshire-police.example\nTo: front-door@staffordshire.example\nSubject: MISSING PERSON REPORT\n"
            f"Message-ID: <sharing-{number}@staffordshire-police.example>\nContent-Type: text/plain; charset=utf-8\n\n"
            f"Police incident number: SP-61-{number:06}\nForce: Staffordshire Police\nRisk level: {grade}\n"
            f"Full name: {name or 'Robin Pretend' + letters(number)}\nDate of birth: {born(number)}\n"
            f"Looked after child: Yes\nPlacing authority: Derbyshire\nHost authority: Staffordshire\nWhen last seen: 21/11/2026 at 19:30\n"
            f"Where last seen: Sample bus stop\nCircumstances of going missing: {circumstances}\n{extra}").encode()


def refused(*roles):
    return "".join(f'<consent to="{role}" state="refused" by="child">No</consent>' for role in roles)


def given(*roles):
    return "".join(f'<consent to="{role}" state="given" by="child">Yes</consent>' for role in roles)


class Case(unittest.TestCase):
    organisations, policy, agencies, desks = ("staffordshire",), "staffordshire-stoke", OTHERS, DESKS

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-sharing-"))
        cls.world = w.World(cls.folder)
        cls.world.others, cls.world.desks, cls.world.policy = cls.agencies, cls.desks, cls.policy
        cls.world.make_pki()
        cls.port = cls.world.start_mail()
        cls.gate, *cls.others = cls.world.make_gateways(cls.port, cls.organisations)
        cls.gate.start()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    def submit(self, data, who="example-interviews", name="notice.xml"):
        path = self.folder / name
        path.write_bytes(data)
        return self.world.submit(self.gate, path, who)

    def rows(self, message):
        return {(r["organisation"], r["desk"]): r for r in self.gate.deliveries(message) if r["state"] != "superseded" and not r.get("alarm")}

    def settled(self, message, rest=("review", "withheld", "recalled", "failed", "held")):
        def look():
            row = next(r for r in self.gate.rows("--all") if r["id"] == message)
            rows = self.rows(message)
            return rows if row["state"] in ("routed", "attention") and all(r["state"] in SENT or r["state"] in rest for r in rows.values()) else None
        try:
            return w.wait_for(f"message {message} has come to rest", 60, look)
        except TimeoutError:
            print(self.gate.cli("queue", "show", message).stdout)
            raise

    def records(self, message):
        return {(r["organisation"], r["desk"]): r["record"] for r in json.loads(self.gate.cli("explain", message, "--json").stdout)
                if r["state"] != "superseded"}

    def mails_to(self, organisation, desk, kind=None):
        """The copies that a desk got, opened with its key: XML texts."""
        found = []
        for path in self.world.mails():
            if email.message_from_bytes(path.read_bytes())["To"].strip("<>") != f"{desk}@{organisation}.example":
                continue
            inner = email.message_from_bytes(self.world.open_mail(path, organisation), policy=email.policy.default)
            part = next(p for p in inner.walk() if p.get_content_type() == "application/xml")
            found.append(part.get_payload(decode=True).decode())
        return [xml for xml in found if kind is None or f'kind="{kind}"' in xml]

    def copy(self, organisation, desk, needle):
        """The one copy at a desk that speaks of needle."""
        return w.wait_for(f"{organisation}/{desk} has its copy", 30, lambda: next((x for x in self.mails_to(organisation, desk) if needle in x), None))


class Interviews(Case):
    def test_a_child_who_refused_but_disclosed_a_crime(self):
        message = self.submit(interview(1, refused("police-missing", "front-door", "school"),
                                        '<crime answer="yes">Canarycrime: was robbed.</crime>'))
        rows = self.settled(message)
        records = self.records(message)
        for who in (("staffordshire-police", "missing"), ("staffordshire", "front-door"), ("derbyshire", "front-door")):
            self.assertIn(rows[who]["state"], SENT, who)
            self.assertIn("Canaryaccount", self.copy(*who, "SP-60-000001"))
        police = records["staffordshire-police", "missing"]
        self.assertIn("child-account", police["overridden"])
        reason = next(r for r in police["reasons"] if r["category"] == "child-account")
        self.assertEqual((reason["rule"], reason["consent"], reason["override"]), ("england/disclosure-to-police", "refused", True))
        self.assertTrue(reason["kept_back"].startswith("staffordshire-stoke/"))
        self.assertEqual(rows["sample-school", "office"]["state"], "withheld")
        self.assertEqual(self.mails_to("sample-school", "office"), [])
        said = self.gate.cli("explain", message).stdout
        self.assertIn("england/disclosure-to-police", said)
        listed = self.gate.cli("review", "list").stdout
        self.assertIn(rows["staffordshire-police", "missing"]["id"], listed)
        self.gate.cli("review", "seen", rows["staffordshire-police", "missing"]["id"], "--why", "spoke with the interviewer")
        self.assertNotIn(rows["staffordshire-police", "missing"]["id"], self.gate.cli("review", "list").stdout)

    def test_a_child_who_refused_and_disclosed_nothing(self):
        message = self.submit(interview(2, refused("police-missing", "front-door", "school")))
        rows = self.settled(message)
        records = self.records(message)
        for who in (("staffordshire-police", "missing"), ("staffordshire", "front-door")):
            self.assertNotIn("child-account", records[who]["granted"], who)
            self.assertEqual(records[who]["overridden"], [])
            for xml in self.mails_to(*who):
                self.assertNotIn("Invented" + letters(2) + "</full>" if "Canaryaccount" in xml and "SP-60-000002" in xml else "\0", xml)
        self.assertEqual(rows["sample-school", "office"]["state"], "withheld")

    def test_placing_and_host_each_in_its_own_words(self):
        message = self.submit(interview(3, given("*"), '<with-whom>Canaryfriend Placeholder</with-whom>'))
        self.settled(message)
        for r in self.rows(message).values():
            if r["state"] == "review":
                self.gate.cli("review", "release", r["id"], "--why", "read")
        self.settled(message)
        host, placing = (self.copy(o, "front-door", "SP-60-000003") for o in ("staffordshire", "derbyshire"))
        self.assertIn("Canaryaccount", host)
        self.assertIn("Canaryaccount", placing)
        self.assertIn("Canaryfriend", placing)
        self.assertNotIn("Canaryfriend", host)
        self.assertIn('desk="front-door" organisation="staffordshire"' if 'desk="front-door" organisation' in host else 'organisation="staffordshire"', host)

    def test_the_sexual_activity_block_goes_to_the_social_worker_only(self):
        block = "<sexual-activity><took-part answer=\"yes\">Canaryblock</took-part></sexual-activity>"
        message = self.submit(interview(4, given("*"), '<crime answer="yes">was hurt</crime>', extra=block))
        rows = self.settled(message)
        for r in rows.values():
            if r["state"] == "review":
                self.gate.cli("review", "release", r["id"], "--why", "read")
        self.settled(message)
        self.assertIn("Canaryblock", self.copy("derbyshire", "social-work", "SP-60-000004"))
        for organisation, desk in rows:
            if (organisation, desk) != ("derbyshire", "social-work"):
                for xml in self.mails_to(organisation, desk):
                    self.assertNotIn("Canaryblock", xml, (organisation, desk))
        self.assertNotIn("sexual", self.copy("staffordshire", "front-door", "SP-60-000004"))

    def test_what_a_reviewer_sees_is_what_is_sent(self):
        message = self.submit(interview(5, given("school")))
        rows = self.settled(message)
        school = rows["sample-school", "office"]
        self.assertEqual(school["state"], "review")
        shown = self.gate.cli("review", "show", school["id"]).stdout
        self.assertIn("Canaryadvice", shown)
        self.assertIn("Canaryaccount", shown)  # the original beside it
        self.gate.cli("review", "release", school["id"], "--why", "agreed with the child")
        self.settled(message)
        copy = self.copy("sample-school", "office", "SP-60-000005")
        self.assertIn("Canaryadvice", copy)
        self.assertNotIn("Canaryaccount", copy)

    def test_the_register_accounts_for_it(self):
        message = self.submit(interview(6, refused("school") + given("police-missing", "front-door")))
        rows = self.settled(message)
        entries = json.loads(self.gate.cli("disclosures", "--child", message, "--json").stdout)
        entries = entries["entries"] if isinstance(entries, dict) else entries
        states = {(e["organisation"], e["desk"]): e["state"] for e in entries if e["message"] == message}
        self.assertEqual(states["sample-school", "office"], "withheld")
        text = self.gate.cli("disclosures", "--child", message).stdout
        self.assertIn("UK GDPR", text)
        self.assertNotIn("Canary", text)
        self.gate.cli("disclosures", "exempt", rows["staffordshire-police", "missing"]["id"], "--code", "serious-harm", "--why", "advice of the DPO")
        subject = self.gate.cli("disclosures", "--child", message, "--for", "subject-access").stdout
        self.assertNotIn("staffordshire-police", subject)
        self.assertIn("staffordshire-police", self.gate.cli("disclosures", "--child", message, "--for", "case-review").stdout)


class Reports(Case):
    def test_another_child_in_the_text_interrupts(self):
        first = self.submit(missing(10, name="Kit Canarysibling"), "staffordshire-police", "first.eml")
        self.settled(first)
        message = self.submit(missing(11, circumstances="Left with Kit Canarysibling after tea"), "staffordshire-police", "second.eml")
        rows = self.settled(message)
        self.assertEqual(rows["staffordshire", "front-door"]["state"], "review")
        self.assertIn("another child's name", rows["staffordshire", "front-door"]["reason"])
        self.assertNotIn("Canarysibling", rows["staffordshire", "front-door"]["reason"])
        self.assertIn(rows["derbyshire", "front-door"]["state"], SENT)  # the placing authority is given other people

    def test_a_password_is_never_carried_and_the_person_is_warned(self):
        message = self.submit(missing(12, extra="Social media: invented-robin\nPassword: Canarysecret9\n"), "staffordshire-police", "pw.eml")
        row = w.wait_for("it waits for a person", 30, lambda: next((r for r in self.gate.rows("--all") if r["id"] == message and r["state"] == "attention"), None))
        self.assertIn("came with a password", row["reason"])
        self.assertTrue(all(r["state"] in SENT for r in self.settled(message).values()))  # the child is looked for meanwhile
        self.assertNotIn("Canarysecret9", self.gate.cli("attention", "show", message).stdout)
        self.assertNotIn("Canarysecret9", self.gate.cli("queue", "show", message, "--unmask").stdout)

    def test_a_wrong_grade_calls_a_person_and_holds_nobody_back(self):
        message = self.submit(missing(13, grade="Low"), "staffordshire-police", "low.eml")
        rows = self.settled(message)
        self.assertTrue(rows and all(r["state"] in SENT for r in rows.values()), rows)
        row = next(r for r in self.gate.rows("--all") if r["id"] == message)
        self.assertEqual(row["state"], "attention")
        self.assertIn("grade", row["reason"])


class Withdrawal(Case):
    """The placing authority has a gateway of its own, which is down at first."""
    organisations = ("staffordshire", "derbyshire")

    def test_a_withdrawal_pulls_back_what_waits_for_a_retry(self):
        message = self.submit(interview(20, given("front-door", "police-missing")))
        waiting = w.wait_for("it waits for a retry", 30, lambda: next(
            (r for who, r in self.rows(message).items() if who == ("derbyshire", "front-door") and r["state"] == "deferred"), None))
        self.assertIn("child-account", self.records(message)["derbyshire", "front-door"]["granted"])
        start = time.monotonic()
        said = self.gate.cli("consent", "withdraw", "--child", message, "--to", "front-door", "--why", "she rang").stdout
        w.wait_for("the copy is pulled back", 60, lambda: waiting["id"] not in {r["id"] for r in self.gate.rows("--all")
                                                                               if r["state"] in ("sealed", "deferred", "sending", "review")})
        took = time.monotonic() - start  # what is promised is one second; a loaded machine may start programs slowly
        print(f"withdrawn and pulled back after {took:.2f} s, two programs started; {said.strip().splitlines()[-1]}")
        w.wait_for("it is decided again", 30, lambda: self.rows(message).get(("derbyshire", "front-door"), {}).get("state") not in (None, "decided"))
        record = self.records(message)["derbyshire", "front-door"]
        self.assertNotIn("child-account", record["granted"])
        self.assertIn("withdrawn", {r["consent"] for r in record["reasons"]})
        self.others[0].start()
        again = self.rows(message)["derbyshire", "front-door"]
        if again["state"] == "review":
            self.gate.cli("review", "release", again["id"], "--why", "the rest may go")
        self.settled(message)

        def read_there():
            rows = [r for r in self.others[0].rows("--all") if not r["desk"]]
            return None if any(r["state"] == "accepted" for r in rows) else rows
        for row in w.wait_for("it is read there", 60, read_there):
            self.assertNotIn("Canaryaccount", self.others[0].cli("queue", "show", row["id"], "--unmask").stdout)
        shown = json.loads(self.gate.cli("consent", "show", "--child", message, "--json").stdout)
        self.assertIn("withdrawn", json.dumps(shown))


class Family(Case):
    """A child of Staffordshire placed in Derbyshire, where the protocol has parents told unless it harms the child."""
    organisations, policy = ("derbyshire",), "derby-derbyshire"

    def report(self, number, extra=""):
        return (missing(number, extra=extra).replace(b"Placing authority: Derbyshire\nHost authority: Staffordshire",
                                                     b"Placing authority: Staffordshire\nHost authority: Derbyshire")
                .replace(b"staffordshire-police", b"derbyshire-police").replace(b"Force: Staffordshire Police", b"Force: Derbyshire Constabulary"))

    def test_a_parent_whom_telling_would_endanger(self):
        message = self.submit(self.report(30), "derbyshire-police", "family.eml")
        rows = self.settled(message)
        parent = rows["staffordshire", "family"]
        self.assertEqual(parent["state"], "review")
        self.assertIn("england/parent-at-risk", parent["reason"])
        self.assertIn(rows["derbyshire", "front-door"]["state"], SENT)  # nobody else waits for that
        self.gate.cli("review", "withhold", parent["id"], "--why", "the social worker says telling him would endanger her")
        self.assertEqual(self.rows(message)["staffordshire", "family"]["state"], "withheld")
        self.assertEqual(self.mails_to("staffordshire", "family"), [])
        self.assertIn("withh", self.gate.cli("disclosures", "--child", message).stdout)

    def test_an_address_kept_from_a_parent(self):
        message = self.submit(self.report(31, "Confidential address: 4 Canaryhidden Mews, ZZ9 9ZY\nHome address: 5 Sample Road, ZZ1 1ZZ\n"),
                              "derbyshire-police", "address.eml")
        rows = self.settled(message)
        self.gate.cli("review", "release", rows["staffordshire", "family"]["id"], "--why", "may be told that she is missing")
        self.settled(message)
        copy = self.copy("staffordshire", "family", "SP-61-000031")
        for kept in ("Canaryhidden", "ZZ9 9ZY", "Sample Road", "Sample bus stop"):
            self.assertNotIn(kept, copy)
        self.assertIn("Canaryhidden", self.copy("staffordshire", "front-door", "SP-61-000031"))

    def test_a_confidential_address_in_free_text_interrupts(self):
        first = self.submit(self.report(32, "Confidential address: 4 Canaryhidden Mews, ZZ9 9ZX\n"), "derbyshire-police", "address2.eml")
        self.settled(first)
        message = self.submit(self.report(33).replace(b"Left after tea", b"Said she would go to Canaryhidden Mews, ZZ9 9ZX"),
                              "derbyshire-police", "text.eml")
        rows = self.settled(message)
        self.assertEqual(rows["derbyshire", "front-door"]["state"], "review")
        self.assertIn("a confidential address in", rows["derbyshire", "front-door"]["reason"])
        self.assertNotIn("ZZ9", rows["derbyshire", "front-door"]["reason"])


class Corrections(Case):
    def test_a_correction_follows_the_copies(self):
        message = self.submit(missing(40), "staffordshire-police", "wrong.eml")
        rows = self.settled(message)
        told = {who for who, r in rows.items() if r["state"] in SENT}
        self.assertGreaterEqual(len(told), 3)
        self.world.suspended.add(("derbyshire-police", "missing"))
        (self.gate.folder / "directory.xml").write_text(self.gate.directory(self.world.gateways))
        self.gate.stop()
        self.gate.start()
        correction = f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="example-correction-40" kind="correction" version="1">
  <header><sender organisation="staffordshire-police"/><received>2026-11-22T12:00:00Z</received>
    <concerns id="{message}" relation="corrects"/></header>
  <episode><police-reference force="Staffordshire Police">SP-61-000040</police-reference></episode>
  <child looked-after="true"><name><full>Robin Pretend{letters(40)}</full></name><date-of-birth>{born(40)}</date-of-birth></child>
  <authorities><placing name="Derbyshire">830</placing><host name="Staffordshire">860</host></authorities>
  <answer><explanation>Canarycorrected: the bus stop was another one.</explanation>
    <item><place>missing/last-seen/where</place><fault>WRONG</fault></item></answer>
</notice>""".encode()
        second = self.submit(correction, "staffordshire-police", "correction.xml")
        rows = self.settled(second)
        self.assertEqual({who for who, r in rows.items() if r["state"] in SENT}, told - {("derbyshire-police", "missing")})
        row = next(r for r in self.gate.rows("--all") if r["id"] == second)
        self.assertEqual(row["state"], "attention")
        self.assertIn("suspended", row["reason"])
        for who in told - {("derbyshire-police", "missing")}:
            self.assertIn("Canarycorrected", self.copy(*who, "example-correction-40"))
        unconfirmed = self.gate.cli("disclosures", "--unconfirmed", second).stdout
        self.assertIn("derbyshire", unconfirmed)
        self.assertIn("01632 960999", unconfirmed)

    def test_what_nobody_here_knows_cannot_be_corrected(self):
        unknown = f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="example-correction-41" kind="recall" version="1">
  <header><sender organisation="staffordshire-police"/><received>2026-11-22T12:00:00Z</received>
    <concerns id="01k9nothinghere0000000000" relation="recalls"/></header>
  <child><name><full>Robin Pretend{letters(41)}</full></name><date-of-birth>{born(41)}</date-of-birth></child>
  <authorities><placing name="Derbyshire">830</placing><host name="Staffordshire">860</host></authorities>
  <answer><explanation>Sent by mistake.</explanation></answer>
</notice>""".encode()
        message = self.submit(unknown, "staffordshire-police", "recall.xml")
        row = w.wait_for("it waits for a person", 30, lambda: next((r for r in self.gate.rows("--all") if r["id"] == message and r["state"] == "attention"), None))
        self.assertIn("not known here", row["reason"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
