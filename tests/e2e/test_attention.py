#!/usr/bin/env python3
"""A person's way with what the gateway did not understand: looked at, assigned, answered, returned; each step in the log and none with a
name in it."""
import email
import email.message
import email.policy
import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import test_gateway as g
import world as w


class Attention(g.Case):
    organisations = ("staffordshire",)

    def waiting(self, reference, extra, **more):
        """A report that waits for a person: its id."""
        message = self.submit(g.report(reference, extra=extra, **more))
        self.becomes(message, "attention")
        return message

    def attention(self, *words, **more):
        return self.host.cli("attention", *words, **more)

    def answer(self, message, lines, check=True):
        return subprocess.run([self.world.program, "attention", "resolve", message, "--with", "-", "--why", "rang the home", "--config",
                               self.host.config], input=lines, capture_output=True, text=True, check=check)

    def test_a_field_without_a_place_is_given_one(self):
        message = self.waiting("SP-40-000001", "Shoe horn colour: Canary green\n")
        listed = [json.loads(line) for line in self.attention("list", "--json").stdout.splitlines()]
        self.assertIn(message, {row["id"] for row in listed})
        shown = self.attention("show", message).stdout
        self.assertIn("Shoe horn colour: Canary green", shown)
        self.assertIn("child/name/full", shown)
        self.assertNotIn("Canary green", self.attention("show", message, "--labels-only").stdout)
        asked = self.attention("show", message, "--edits").stdout
        number = next(line.split()[1] for line in asked.splitlines() if line.startswith("#field") and "->" in line)
        self.answer(message, f"field {number} -> missing/other (Shoe horn colour)\n")
        self.settle(message)
        self.assertIn("Canary green", self.host.cli("queue", "show", message, "--unmask").stdout)
        history = self.host.cli("queue", "show", message, "--json").stdout
        self.assertIn("rang the home", history)
        self.assertNotIn("Canary", history)

    def test_unanswered_questions_are_named(self):
        message = self.waiting("SP-40-000002", "Shoe horn colour: green\nHis mother must not be told where he sleeps tonight.\n")
        for lines, says in (("", "not everything is answered yet"), ("field 99 is read\n", "no field of that number"),
                            ("child/date-of-birth = yesterday\n", "child/date-of-birth: not a date"), ("nonsense\n", "1: not understood")):
            done = self.answer(message, lines, check=False)
            self.assertEqual(done.returncode, 65, done.stderr)
            self.assertIn(says, done.stderr)
            self.assertNotIn("yesterday", done.stderr)
        self.assertEqual(self.state(message)["state"], "attention")
        self.assertEqual(self.host.deliveries(message), [])

    def test_a_missing_answer_is_set_or_not_known(self):
        for reference, name, line in (("SP-40-000003", "Robin Canaryone", "child/date-of-birth = 07/08/2009\n"),
                                      ("SP-40-000004", "Kit Canarytwo", "child/date-of-birth = not known\n")):
            message = self.submit(g.report(reference, name=name).replace(b"Date of birth: 07/08/2009\n", b""))
            self.becomes(message, "attention")
            self.assertIn("child/date-of-birth", self.attention("show", message).stdout)
            self.answer(message, line)
            self.settle(message)

    def test_a_person_says_which_child_it_is(self):
        known = self.submit(g.report("SP-40-000010", name="Alex Canarythree"))
        self.settle(known)
        other = g.report("SP-40-000011", name="Alex Canarythree").replace(b"07/08/2009", b"07/08/2011")
        message = self.submit(other)
        self.assertIn(known, self.becomes(message, "attention")["reason"])
        self.assertEqual(self.host.deliveries(message), [])
        self.answer(message, "new child\n")
        self.settle(message)
        third = self.submit(other.replace(b"SP-40-000011", b"SP-40-000012").replace(b"Left after tea", b"Left after lunch"))
        self.settle(third)  # now this child is known by its own name and birth

    def test_assigned_to_somebody(self):
        message = self.waiting("SP-40-000005", "Shoe horn colour: green\n")
        self.attention("assign", message, "--to", "Officer Example")
        self.assertIn("with Officer Example", self.attention("list").stdout)
        self.attention("assign", message, "--to", "")
        self.assertIn("with nobody", self.attention("list").stdout)
        self.host.cli("queue", "cancel", message, "--why", "test")
        self.assertNotEqual(self.attention("assign", message, "--to", "Officer Example", check=False).returncode, 0)

    def test_a_form_goes_back_to_its_owner_and_nowhere_else(self):
        data = g.report("SP-40-000006").decode().replace("Date of birth: 07/08/2009\n", "Date of birth: when the Canary sang\n")
        message = self.submit(data.encode())
        self.becomes(message, "attention")
        self.attention("return", message, "--why", "Please add the date of birth.")
        rows = self.settle(message)
        self.assertEqual({r["organisation"] for r in rows}, {"staffordshire-police"})
        self.becomes(message, "returned")
        reference = f"{message}.staffordshire-police.".encode()
        sealed = w.wait_for("the mail is there", 30, lambda: next((m for m in self.world.mails() if reference in m.read_bytes()), None))
        opened = email.message_from_bytes(self.world.open_mail(sealed, "staffordshire-police"), policy=email.policy.default)
        told = opened.get_body(("plain",)).get_content()
        self.assertIn("Please add the date of birth.", told)
        self.assertIn("child: date of birth, or child: age", told)
        self.assertNotIn("Canary", told)

    def test_a_grade_that_no_child_has_calls_a_person_and_goes_on(self):
        message = self.submit(g.report("SP-40-000013", name="Bo Canaryfour").replace(b"Risk level: High", b"Risk level: Low"))
        self.settle(message)
        self.assertIn("grade of risk", self.becomes(message, "attention")["reason"])
        self.answer(message, "text is read\n")
        self.becomes(message, "routed")

    def test_a_table_with_words_beside_it(self):
        head = "Child ID,Name,Date of birth,Date and time missing,Placing authority,Host authority,Police ref\n"
        rows = "".join(f"C-{n},Canaryfive{n} Sample{n},0{n}/02/2011,21/11/2026 18:0{n},Derbyshire,Staffordshire,SP-41-00000{n}\n" for n in (1, 2))
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"], mail["Subject"] = "missing@staffordshire-police.example", "front-door@staffordshire.example", "Episodes"
        mail["Message-ID"] = "<table-1@staffordshire-police.example>"
        mail.set_content("Please note that the second of them must not be told to his uncle at all.\n")
        mail.add_attachment((head + rows).encode(), maintype="text", subtype="csv", filename="episodes.csv")
        message = self.submit(mail.as_bytes())
        self.becomes(message, "attention")
        self.assertIn("table of 2 rows", self.attention("show", message).stdout)
        self.assertEqual(self.attention("return", message, "--why", "not a form", check=False).returncode, 65)
        self.assertEqual(self.answer(message, "new child\n", check=False).returncode, 65)
        self.assertEqual(self.state(message)["state"], "attention")
        self.answer(message, "text is read\n")
        self.becomes(message, "divided")

    def test_who_looked_is_logged(self):
        message = self.waiting("SP-40-000007", "Shoe horn colour: green\n")
        before = self.host.cli("queue", "show", message, "--json").stdout.count('"read"')
        self.attention("show", message)
        self.assertGreater(self.host.cli("queue", "show", message, "--json").stdout.count('"read"'), before)

    def test_answers_outlive_a_restart_and_are_shown_again(self):
        message = self.waiting("SP-40-000008", "Shoe horn colour: green\nAnother strange box: blue\n")
        self.host.stop()
        self.host.start()
        asked = self.attention("show", message, "--edits").stdout
        numbers = [line.split()[1] for line in asked.splitlines() if line.startswith("#field") and "->" in line]
        self.assertEqual(len(numbers), 2)
        self.answer(message, "".join(f"field {n} is read\n" for n in numbers))
        self.settle(message)
        self.assertEqual(self.host.cli("audit", "verify").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
