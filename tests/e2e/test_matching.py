#!/usr/bin/env python3
"""Notices about one child find each other, a doubt about the child waits for a person, and a table of rows becomes a message a row."""
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

HEADING = ("Full name;Date of birth;Police incident number;Force;Risk level;When last seen;Where last seen;Circumstances of going missing;"
           "Looked after child;Placing authority;Host authority")


def row(reference):
    name = f"Tess{g.letters(reference)} Canaryname{g.letters(reference)}"
    return (f"{name};07/08/2009;{reference};Staffordshire Police;High;21/11/2026 at 19:30;Canarystreet bus stop;Left after tea;Yes;Derbyshire;"
            "Staffordshire")


def table(references):
    return ("\r\n".join([HEADING] + [row(r) for r in references]) + "\r\n").encode()


class Case(g.Case):
    organisations = ("staffordshire",)

    def submit_table(self, data):
        return self.world.submit(self.host, self.path(data, "table.csv"), "staffordshire-police")

    def parts(self, message):
        return [r for r in self.host.rows("--all") if r["part-of"] == message]

    def reported(self, reference, kind="missing"):
        return self.submit(g.report(reference, kind))


class Tables(Case):
    def test_twelve_rows_are_twelve_notices(self):
        references = [f"E2E-ROW-{n:02}" for n in range(12)]
        message = self.submit_table(table(references))
        self.assertEqual(self.becomes(message, "divided")["reason"], "divided into 12 messages")
        parts = w.wait_for("the rows are there", 60, lambda: (lambda p: p if len(p) == 12 else None)(self.parts(message)))
        for part in parts:
            self.settle(part["id"])
        states = {p["state"] for p in self.parts(message)}
        self.assertEqual(states, {"routed"})
        self.assertEqual(self.host.deliveries(message), [])
        shown = self.host.cli("queue", "show", message).stdout
        self.assertIn("divided into 12 messages: 12 routed", shown)
        self.assertIn(f"part of message {message}", self.host.cli("queue", "show", parts[0]["id"]).stdout)
        self.assertIn("Canaryname", self.host.cli("queue", "show", parts[0]["id"], "--unmask").stdout)
        self.assertNotIn("Canaryname", shown)
        status, _, body = self.request("GET", f"/v1/notices/{message}")
        self.assertEqual(status, 200)
        answer = json.loads(body)
        self.assertEqual((answer["state"], len(answer["parts"])), ("divided", 12))
        self.assertEqual({p["state"] for p in answer["parts"]}, {"routed"})
        self.assertEqual({p["id"] for p in answer["parts"]}, {p["id"] for p in parts})

        # the next week's table: what was sent before is not sent again
        again = self.submit_table(table(references + ["E2E-ROW-12"]))
        self.assertEqual(self.becomes(again, "divided")["reason"], "divided into 13 messages; 12 of them were there before")
        self.settle(next(p["id"] for p in self.rows_of(again) if p["id"] not in {x["id"] for x in parts}))
        self.assertEqual(len(self.host.deliveries(parts[0]["id"])), 3)
        self.assertIn("clean", self.host.cli("audit", "verify").stdout)

    def rows_of(self, message):
        return json.loads(self.request("GET", f"/v1/notices/{message}")[2])["parts"]

    def test_killed_while_it_is_divided(self):
        references = [f"E2E-KILLED-{n:02}" for n in range(40)]
        message = self.submit_table(table(references))
        for role in ("process", "store", "process", "store"):
            self.host.kill_role(role)
        self.becomes(message, "divided")
        parts = self.parts(message)
        self.assertEqual(len(parts), 40)
        for part in parts:
            self.settle(part["id"])
            self.assertEqual(len(self.host.deliveries(part["id"])), 3)
        self.assertEqual({p["state"] for p in self.parts(message)}, {"routed"})
        self.assertIn("clean", self.host.cli("audit", "verify").stdout)


class Children(Case):
    def related(self, message):
        lines = self.host.cli("queue", "show", message, "--json").stdout.splitlines()
        return next(json.loads(line) for line in lines if line.startswith('{"child"'))

    def resolve(self, message, line):
        subprocess.run([self.world.program, "attention", "resolve", message, "--with", "-", "--why", "seen the papers", "--config",
                        self.host.config], input=line + "\n", capture_output=True, text=True, check=True)

    def test_two_episodes_of_one_child(self):
        first = self.reported("E2E-TWO")
        self.settle(first)
        found = self.reported("E2E-TWO", "found")
        self.settle(found)
        # the name is made of the reference: keep the child, change the number
        data = g.report("E2E-TWO").decode().replace("Police incident number: E2E-TWO", "Police incident number: E2E-2").replace("19:30", "23:30")
        second = self.submit(data.encode())
        self.settle(second)
        self.assertEqual(self.related(found)["same-episode"], [first])
        self.assertEqual(self.related(found)["child"], "keys")
        self.assertEqual(self.related(first)["child"], "new")
        self.assertEqual(self.related(second)["same-episode"], [])
        self.assertEqual(self.related(second)["same-child"], [found, first])
        text = self.host.cli("explain", found).stdout
        self.assertIn(f"same episode as {first}", text)
        self.assertNotIn("Canaryname", text)
        history = " ".join(self.host.cli("queue", "show", second).stdout.split())
        self.assertIn("the same child as message", history)
        self.assertIn("a new episode", history)

    def test_a_doubt_waits_until_a_person_says_which_child(self):
        first = self.reported("E2E-DOUBT")
        self.settle(first)
        # day and month exchanged, another number: the same child, or another one?
        data = g.report("E2E-DOUBT").decode().replace("07/08/2009", "08/07/2009").replace("number: E2E-DOUBT", "number: E2E-D2")
        doubtful = self.submit(data.encode())
        row = self.becomes(doubtful, "attention")
        self.assertIn(first, row["reason"])
        self.assertIn("day and month exchanged", row["reason"])
        self.assertNotIn("Canary", row["reason"])
        self.assertEqual(self.host.deliveries(doubtful), [])
        self.resolve(doubtful, f"same child as {first}")
        # the child is certain now; two numbers for one open episode go on, and a person is told
        self.settle(doubtful)
        self.assertIn("police reference", self.state(doubtful)["reason"])
        self.assertIn(first, self.related(doubtful)["same-child"])
        self.assertEqual(self.related(doubtful)["child"], "person")
        self.host.cli("queue", "retry", doubtful)
        self.becomes(doubtful, "routed")
        # what was learned: the next one is matched without a person
        found = g.report("E2E-DOUBT", "found").decode().replace("07/08/2009", "08/07/2009").replace("number: E2E-DOUBT", "number: E2E-D2")
        next_one = self.submit(found.encode())
        self.settle(next_one)
        self.assertEqual(self.state(next_one)["state"], "routed")
        self.assertIn(first, self.related(next_one)["same-episode"])

    def test_a_person_says_that_it_is_another_child(self):
        first = self.reported("E2E-TWIN")
        self.settle(first)
        data = g.report("E2E-TWIN").decode().replace("Full name: Tess", "Full name: Robin").replace("number: E2E-TWIN", "number: E2E-T2")
        twin = self.submit(data.encode())
        self.assertIn("the same surname and date of birth, but another name", self.becomes(twin, "attention")["reason"])
        self.resolve(twin, "new child")
        self.settle(twin)
        self.assertEqual(self.related(twin)["same-child"], [])
        found = g.report("E2E-TWIN", "found").decode().replace("Full name: Tess", "Full name: Robin").replace("number: E2E-TWIN", "number: E2E-T2")
        of_twin = self.submit(found.encode())
        self.settle(of_twin)
        self.assertEqual(self.related(of_twin)["same-child"], [twin])
        self.assertIn("clean", self.host.cli("audit", "verify").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
