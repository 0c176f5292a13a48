#!/usr/bin/env python3
"""What changes by itself, as agencies meet it: a form that came before its child was missing is shown to the police when it is, without anybody
doing anything, and what has not gone out by then is taken back when it is found. A real gateway under the policy of Leicester,
Leicestershire and Rutland."""
import datetime
import json
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_sharing as sharing

w, SENT = sharing.w, sharing.SENT
POLICE = ("leicestershire-police", "missing")
AGENCIES = {
    "leicester": ("council", 'code="856"', "Leicester City Council (example)", {"front-door": "front-door"}),
    "leicestershire-police": ("police", 'code="E23000021" areas="855 856 857"', "Leicestershire Police (example)", {"missing": "police-missing"}),
}
DESKS = {"leicester": {"social-work": "allocated-social-worker", "review": "review-lead", "duty": "emergency-duty missing-lead team-manager iro"}}


def notice(kind, number, sender, body, risk=""):
    """A notice about one invented child a number."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="example-{kind}-{number}" kind="{kind}" version="1">
  <header><sender organisation="{sender}"/><received>2026-11-21T17:00:00Z</received></header>{risk}
  <child looked-after="true">
    <name><full>Robin Turning{sharing.letters(number)}</full></name>
    <date-of-birth>{sharing.born(number)}</date-of-birth>
    <description><hair>Canaryhair</hair></description>
  </child>
  <authorities><placing name="Leicester">856</placing><host name="Leicester">856</host></authorities>
  {body}
</notice>
""".encode()


def form(number, more="", before=""):
    return notice("profile", number, "leicester", f"<profile>{before}<interests>Canarytrains</interests>{more}</profile>")


def missing(number):
    risk = "<episode><risk>HIGH</risk></episode>"
    return notice("missing", number, "leicestershire-police", "<missing><circumstances>Left after tea</circumstances></missing>", risk)


def found(number):
    return notice("found", number, "leicestershire-police", "<found/>")


class Episodes(sharing.Case):
    organisations, policy, agencies, desks = ("leicester",), "leicester-leicestershire-rutland", AGENCIES, DESKS

    def hand_in(self, data, who="leicestershire-police"):
        message = self.submit(data, who)
        return message, self.settled(message)

    def police(self, message, *states):
        """What became of the police's copy, once it is in one of these states."""
        return w.wait_for(f"the police's copy of {message} is {states}", 60,
                          lambda: next((r for r in [self.rows(message).get(POLICE)] if r and r["state"] in states), None))

    def copies(self, number, kind):
        return [xml for xml in self.mails_to(*POLICE, kind) if "Turning" + sharing.letters(number) + "</full>" in xml]

    def store(self, sql, *values):
        """What the database answers while nothing else has it open."""
        self.gate.stop()
        db = sqlite3.connect(self.gate.state / "store.db")
        try:
            with db:
                return db.execute(sql, values).fetchall()
        finally:
            db.close()
            self.gate.start()

    def test_a_form_waits_for_the_day_it_is_needed(self):
        message, rows = self.hand_in(form(1), "leicester")
        self.assertEqual(rows[POLICE]["state"], "withheld")
        self.assertIn("philomena-not-missing", rows[POLICE]["reason"])
        self.assertIn(rows["leicester", "social-work"]["state"], SENT)
        other, _ = self.hand_in(form(2), "leicester")
        self.hand_in(missing(1))
        self.police(message, *SENT)
        copy = w.wait_for("the police have the form", 30, lambda: self.copies(1, "profile"))[0]
        self.assertIn("Canaryhair", copy)
        self.assertEqual(self.records(message)[POLICE]["verdict"], "send")
        self.assertEqual(self.rows(other)[POLICE]["state"], "withheld")  # another child's stays where it is
        history = " ".join(self.gate.cli("queue", "show", message).stdout.split())
        self.assertIn("episode changed", history)
        self.assertEqual(len([x for x in self.mails_to("leicester", "social-work", "profile") if "Turning" + sharing.letters(1) + "</full>" in x]), 1)
        self.hand_in(found(1))  # they have it; nothing is sent twice, nothing is unsaid
        self.settled(message)
        self.assertIn(self.rows(message)[POLICE]["state"], SENT)
        self.assertEqual(len(self.copies(1, "profile")), 1)

    def test_what_has_not_gone_out_is_taken_back_when_the_child_is_found(self):
        message, rows = self.hand_in(form(3, '<release answer="no"/>'), "leicester")
        self.assertEqual(rows[POLICE]["state"], "withheld")
        self.hand_in(missing(3))
        review = self.police(message, "review")
        self.assertIn("form-not-agreed", review["reason"])
        self.hand_in(found(3))
        self.police(message, "withheld")
        refused = self.gate.cli("review", "release", review["id"], "--why", "read too late", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.copies(3, "profile"), [])

    def test_a_decision_says_until_when_it_was_agreed_to(self):
        message, _ = self.hand_in(form(4), "leicester")
        day = datetime.date.today() + datetime.timedelta(days=40)
        self.gate.cli("consent", "record", "--child", message, "--state", "given", "--by", "parental-responsibility", "--to", "*",
                      "--until", day.isoformat(), "--why", "asked at the visit")
        self.assertEqual(self.records(message)["leicester", "social-work"]["valid_until"], "")  # decided, and sent, before
        again, _ = self.hand_in(form(4, before="<found-before>Sampleton bus station</found-before>"), "leicester")
        ends = {r["valid_until"][:10] for r in self.records(again).values()}
        self.assertTrue(ends <= {"", day.isoformat(), (day + datetime.timedelta(days=1)).isoformat()} and len(ends) > 1, ends)
        kept = self.store("SELECT d.desk, d.valid_until, x.record FROM delivery d JOIN disclosure x ON x.delivery = d.seq"
                          " JOIN message m ON m.seq = d.message WHERE m.id = ?", again)
        for desk, until, record in kept:
            said = json.loads(record)["valid_until"]
            self.assertEqual(until // 1000, int(datetime.datetime.fromisoformat(said).timestamp()) if said else 0, desk)

    def test_a_consent_that_ended_while_the_machine_was_off(self):
        message, _ = self.hand_in(form(5, '<release answer="no"/>'), "leicester")
        self.hand_in(missing(5))
        review = self.police(message, "review")
        self.store("UPDATE delivery SET valid_until = 1 WHERE id = ?", review["id"])
        again = w.wait_for("it is decided again", 60, lambda: next((r for r in [self.rows(message).get(POLICE)] if r and r["id"] != review["id"]), None))
        self.assertEqual(again["state"], "review")
        self.assertIn("consent ended", self.gate.cli("queue", "show", message).stdout)
        self.assertNotEqual(self.gate.cli("review", "release", review["id"], "--why", "read too late", check=False).returncode, 0)
        self.gate.cli("review", "release", again["id"], "--why", "agreed since")
        self.settled(message)
        self.assertEqual(len(self.copies(5, "profile")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
