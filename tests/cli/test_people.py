#!/usr/bin/env python3
"""What people do: put down and end answers about sharing, decide what a rule leaves to them, and account for who was told what. One gateway
with a small policy of its own (people-policy.xml), a mail server, and the real program."""
import contextlib
import email
import fcntl
import html.parser
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
REPORT = (ROOT / "ops/lib/missing-report.eml").read_bytes()
ID = "06bcd8k1m3v5x7z9a2c4e6g8j0"
OK, USAGE, DATA, NOT_FOUND = 0, 64, 65, 66
CHILDREN = {  # name -> date of birth as typed, NHS number, police reference
    "Tess Example": ("14/03/2012", "999 000 0018", "SP-EX-20261121-0417"),
    "Robin Specimen": ("02/05/2011", "999 000 0026", "SP-EX-20261121-0500"),
    "Kit Placeholder": ("03/06/2010", "999 000 0034", "SP-EX-20261121-0600"),
    "Alex Sample": ("04/07/2011", "999 000 0042", "SP-EX-20261121-0700"),
}


def report(name, kind="missing", reference=None, circumstances=None):
    """The example report, of another child."""
    birth, nhs, own = CHILDREN[name]
    data = REPORT if kind == "missing" else (ROOT / "ops/lib/found-report.eml").read_bytes()
    for old, new in ((b"Tess Example (known as Tessie)", name.encode()), (b"Tess Example", name.encode()), (b"14/03/2012", birth.encode()),
                     (b"999 000 0018", nhs.encode()), (b"SP-EX-20261121-0417", (reference or own).encode()),
                     (b"-0001@", f"-{(reference or own)[-4:]}@".encode()), (b"-0002@", f"-{(reference or own)[-4:]}@".encode())):
        data = data.replace(old, new)
    if circumstances is not None:
        data = re.sub(rb"(?m)^Circumstances of going missing: .*$", lambda m: b"Circumstances of going missing: " + circumstances.encode(), data)
    return data


class Page(html.parser.HTMLParser):
    """Counts elements and keeps the text; every element that is opened is closed."""
    void = {"meta", "br", "link", "img", "hr"}

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.faults = [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.text += data

    def count(self, tag):
        return len([t for t, _ in self.elements if t == tag])


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-people-"))
        cls.world = w.World(cls.folder, PROGRAM)
        cls.world.desks = {"staffordshire": {"social-work": "allocated-social-worker", "lead": "review-lead"}}
        cls.world.make_pki()
        cls.gateway = cls.world.make_gateways(cls.world.start_mail(), ("staffordshire",))[0]
        cls.gateway.config.write_text(cls.gateway.config.read_text().replace(f"{ROOT}/policy/staffordshire-stoke.xml",
                                                                             f"{ROOT}/tests/cli/people-policy.xml"))
        cls.gateway.start()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    def run(self, *words, **more):
        if words and isinstance(words[0], unittest.TestResult):
            return super().run(*words)
        return subprocess.run([PROGRAM, *map(str, words), "--config", self.gateway.config], capture_output=True, text=True, timeout=150, **more)

    def good(self, *words, **more):
        done = self.run(*words, **more)
        self.assertEqual(done.returncode, OK, f"{words}: {done.stderr}{done.stdout}")
        return done

    def bad(self, status, says, *words, **more):
        done = self.run(*words, **more)
        self.assertEqual(done.returncode, status, f"{words}: {done.stderr}{done.stdout}")
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")
        return done

    def submit(self, data):
        """Its id, when everything that can go has gone and the rest waits for a person."""
        path = self.folder / "report.eml"
        path.write_bytes(data)
        message = self.world.submit(self.gateway, path, "staffordshire-police")
        self.settle(message)
        return message

    def settle(self, message):
        def still():
            rows = [r for r in self.gateway.deliveries(message) if r["desk"] != "lead" and r["state"] != "superseded"]
            return rows if rows and all(r["state"] in ("handed-over", "received", "review", "withheld") for r in rows) else None
        return w.wait_for(f"{message} is decided and sent", 60, still)

    def waiting(self, message):
        """The delivery of a message that waits for a review."""
        return w.wait_for(f"{message} has a review", 60, lambda: next((r["id"] for r in self.gateway.deliveries(message)
                                                                      if r["state"] == "review"), None))

    def json(self, *words):
        return json.loads(self.good(*words, "--json").stdout)

    def lines(self, *words):
        return [json.loads(line) for line in self.good(*words, "--json").stdout.splitlines()]

    def nothing_personal(self, *texts):
        log = self.gateway.log.read_text()
        for text in (log, *texts):
            for name, (birth, nhs, _) in CHILDREN.items():
                for word in (*name.split(), birth, nhs, nhs.replace(" ", "")):
                    self.assertNotIn(word, text)


class Consent(People):
    def test_recorded_shown_withdrawn(self):
        message = self.submit(report("Tess Example"))
        review = self.waiting(message)
        self.assertIn("not known", self.good("consent", "show", "--child", message).stdout)
        done = self.good("consent", "record", "--child", "nhs:999 000 0018", "--to", "front-door,police-missing", "--state", "given", "--by", "child",
                         "--competent", "yes", "--name", "Tess Example", "--form", "spoken", "--told", "who sees it, and why", "--told-by", "the worker",
                         "--told-at", "before the talk", "--language", "English", "--purpose", "to bring her home", "--limits", "not my address",
                         "--categories", "circumstances last-seen", "--until", "2030-12-31", "--at", "22 November 2025 10:30", "--why", "said it")
        self.assertIn("1 message about the child is decided again", done.stdout)
        self.assertIn("front-door: given, about last-seen circumstances", done.stdout)
        # what was unsent under the old answer is gone at once, and decided anew
        w.wait_for("the review is superseded", 10, lambda: next(r for r in self.gateway.deliveries(message) if r["id"] == review)["state"] == "superseded")
        self.settle(message)
        self.assertNotEqual(self.waiting(message), review)
        shown = self.good("consent", "show", "--child", "SP-EX-20261121-0417").stdout
        for words in ("22 November 2025, 10:30: given", "the child (Tess Example), judged able to decide this, spoken", "who sees it, and why",
                      "until        1 January 2031, 00:00", "not my address", "before the talk", "everybody else: not-known, about everything"):
            self.assertIn(words, shown)
        done = self.good("consent", "withdraw", "--child", "-", "--to", "*", "--by", "child", "--why", "she rang", input="Tess Example, 14/03/2012\n")
        self.assertIn("recorded: withdrawn", done.stdout)
        record = self.json("consent", "show", "--child", f"staffordshire-police:{CHILDREN['Tess Example'][2]}")
        self.assertEqual([r["state"] for r in record["records"]], ["withdrawn", "given"])
        self.assertEqual(record["records"][1] | {"id": "", "recorded-by": ""}, {
            "id": "", "state": "given", "at": "2025-11-22T10:30:00Z", "until": "2031-01-01T00:00:00Z", "to": ["front-door", "police-missing"],
            "categories": ["last-seen", "circumstances"], "answered-by": "child", "name": "Tess Example", "competent": "yes", "form": "spoken",
            "told": "who sees it, and why", "told-by": "the worker", "told-at": "before the talk", "language": "English",
            "purpose": "to bring her home", "limits": "not my address", "reason": None, "recorded-by": "", "message": None})
        self.assertEqual({(r["role"], r["state"]) for r in record["in-force"]},
                         {("front-door", "withdrawn"), ("police-missing", "withdrawn"), ("*", "withdrawn")})
        # the log knows who, and why, and no name; the database holds no word of it
        history = self.good("audit", "verify").stdout
        self.assertIn("clean", history)
        self.settle(message)
        self.nothing_personal(self.good("queue", "show", message, "--json").stdout)
        self.gateway.stop()
        for path in self.gateway.state.iterdir():
            if path.is_file():
                for word in (b"not my address", b"Tess Example", b"to bring her home"):
                    self.assertNotIn(word, path.read_bytes(), path)
        self.gateway.start()

    def test_refused_words(self):
        message = self.submit(report("Robin Specimen"))
        child = ("consent", "record", "--child", message, "--why", "test")
        for status, says, *words in (
                (DATA, 'did you mean "front-door"?', "--to", "front-dor", "--state", "given", "--by", "child"),
                (DATA, "the policy knows no role", "--to", "nobody-we-know-of", "--state", "given", "--by", "child"),
                (DATA, "knows no role", "--to", "front-door,*", "--state", "given", "--by", "child"),
                (DATA, 'did you mean "health"', "--to", "*", "--state", "given", "--by", "child", "--categories", "helth"),
                (DATA, "--at", "--to", "*", "--state", "given", "--by", "child", "--at", "2030-01-01T00:00:00Z"),
                (DATA, "--until: a day", "--to", "*", "--state", "given", "--by", "child", "--until", "soon"),
                (DATA, "before it was answered", "--to", "*", "--state", "given", "--by", "child", "--until", "2020-01-01"),
                (DATA, "cannot be kept", "--to", "*", "--state", "given", "--by", "child", "--limits", "x" * 3001),
                (DATA, "cannot be kept", "--to", "*", "--state", "given", "--by", "child", "--name", "two\nlines")):
            with self.subTest(words):
                self.bad(status, says, *child, *words)
        self.assertEqual(self.json("consent", "show", "--child", message)["records"], [])
        for typed in ("nhs:9990000026x", "Nobody Canaryname", "Nobody Canaryname, 2011-01-01", "Canary:77", "Canary-99", "9990000050"):
            done = self.run("consent", "show", "--child", typed)
            self.assertIn(done.returncode, (DATA, NOT_FOUND))
            for word in ("Canary", "77", "999", "2011"):
                self.assertNotIn(word, done.stderr)
        self.bad(NOT_FOUND, "", "consent", "show", "--child", ID)
        self.nothing_personal()

    def test_what_steers_a_terminal_does_not(self):
        message = self.submit(report("Kit Placeholder"))
        self.bad(DATA, "cannot be kept", "consent", "record", "--child", message, "--to", "*", "--state", "not-sought", "--by", "nobody", "--reason",
                 "a \x1b[31m b\x9b", "--why", "test")
        self.good("consent", "record", "--child", message, "--to", "*", "--state", "not-sought", "--by", "nobody", "--reason", "it would\nendanger",
                  "--why", "test")
        self.assertIn("reason       it would endanger", self.good("consent", "show", "--child", message).stdout)


class Review(People):
    def test_seen_and_decided(self):
        message = self.submit(report("Tess Example", circumstances="<script>alert(1)</script> went out & did not come back"))
        review = self.waiting(message)
        found = self.waiting(self.submit(report("Robin Specimen", kind="found")))
        listed = self.lines("review", "list")
        self.assertEqual([r["id"] for r in listed if r["id"] in (found, review)], [found, review])  # due in one hour, due in four
        row = next(r for r in listed if r["id"] == review)
        self.assertEqual((row["organisation"], row["role"], row["of"], row["second-person"], row["overdue"]),
                         ("derbyshire", "front-door", "placing", True, False))
        self.assertIn("people-policy/two-people (S-09)", row["why"])
        text = self.good("review", "list").stdout
        self.assertRegex(text, rf"(?m)^{review}  due in 3 h \d+ min  missing to derbyshire/front-door, as front-door of placing, for ")
        self.assertIn("two people, one after the other", text)
        self.nothing_personal(text)

        shown = self.good("review", "show", review).stdout
        copy, original = shown.split("THE ORIGINAL")
        self.assertIn("WHAT THE RECIPIENT WOULD SEE", copy)
        self.assertIn("Tess Example", copy)
        self.assertIn("Circumstances:", copy)
        self.assertNotIn("Quaker", copy)
        self.assertNotIn("Asthma", copy)
        self.assertIn("- child/religion: Quaker [not shared: equality]", original)
        self.assertIn("  child/name/full: Tess Example\n", original)
        self.assertRegex(original, r"- missing/last-seen/by: .* \[not shared: third-party\]")

        page = Page(self.good("review", "show", review, "--html").stdout)
        self.assertEqual((page.faults, page.open), ([], []))
        self.assertEqual((page.count("script"), page.count("iframe"), page.count("html"), page.count("main")), (0, 0, 1, 1))
        self.assertEqual(page.elements[0], ("html", {"lang": "en-GB"}))
        self.assertEqual(page.count("title"), 1)
        self.assertFalse([a for t, a in page.elements if a.get("src") or a.get("href") or any(k.startswith("on") for k in a)])
        self.assertIn("<script>alert(1)</script> went out & did not come back", page.text)  # as words
        self.assertIn("[not shared: equality]", page.text)
        data = self.json("review", "show", review)
        self.assertIn("<copy-for organisation=\"derbyshire\"", data["copy"])
        self.assertNotIn("Quaker", data["copy"])
        self.assertEqual([l["not-shared"] for l in data["original"] if l["place"] == "child/religion"], [["equality"]])
        self.bad(NOT_FOUND, "no delivery", "review", "show", ID)
        self.bad(NOT_FOUND, "no delivery", "review", "show", message)  # a message is not a delivery

        self.assertIn("somebody else must release it too", self.good("review", "release", review, "--why", "agreed with the social worker").stdout)
        self.assertIn(f"a second person: {pwd.getpwuid(os.getuid()).pw_name} was the first", self.good("review", "list").stdout)
        self.assertEqual(self.run("review", "release", review, "--why", "once more").returncode, DATA)
        self.assertEqual(self.waiting(message), review)
        self.assertIn("is withheld", self.good("review", "withhold", found, "--why", "the address would tell").stdout)
        self.bad(DATA, "does not wait for a review", "review", "release", found, "--why", "after all")
        self.assertNotIn(found, self.good("review", "list").stdout)
        self.assertEqual(os.geteuid(), 0, "the second of two people is another user: run this as root")
        for path in (self.folder, self.gateway.folder, self.gateway.state):
            path.chmod(0o711)
        for path in self.gateway.state.glob("*.sock"):
            path.chmod(0o777)
        done = self.run("review", "release", review, "--why", "read it too", user="nobody")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertIn("released and on its way", done.stdout)
        w.wait_for("it is sent", 60, lambda: next(r for r in self.gateway.deliveries(message) if r["id"] == review)["state"] == "handed-over")
        text = self.good("disclosures", "--child", message).stdout
        self.assertIn("released it, ", text)
        self.assertIn("read it too", text)

    def test_what_the_search_found_is_said(self):
        """Another child's name in the text: it waits, also for those whom the policy would send to, and the reviewer is told where."""
        self.submit(report("Alex Sample"))
        message = self.submit(report("Kit Placeholder", reference="SP-EX-20261121-0602", circumstances="went out with Alex Sample"))
        row = next(r for r in self.gateway.deliveries(message) if r["organisation"] == "derbyshire-police")
        self.assertEqual(row["state"], "review", row)
        text = self.good("review", "show", row["id"]).stdout
        self.assertRegex(text, r"(?m)^  the search of its text found what may be of somebody else.*\n    .* at missing/circumstances$")
        page = Page(self.good("review", "show", row["id"], "--html").stdout)
        self.assertIn("missing/circumstances", page.text)
        self.assertIn("The search of its text found", page.text)
        self.assertEqual([f["place"] for f in self.json("review", "show", row["id"])["record"]["found"]], ["missing/circumstances"])
        self.assertNotIn("Alex", self.good("review", "list").stdout)

    def test_the_overdue_comes_first(self):
        soon = self.waiting(self.submit(report("Robin Specimen", kind="found", reference="SP-EX-20261121-0501")))
        late = self.waiting(self.submit(report("Robin Specimen", reference="SP-EX-20261121-0502", circumstances="gone once more")))
        self.gateway.stop()
        with contextlib.closing(sqlite3.connect(self.gateway.state / "store.db")) as db, db:  # two hours and five minutes ago
            db.execute("UPDATE delivery SET due = ? WHERE id = ?", (int(time.time() * 1000) - (2 * 60 + 5) * 60000, late))
        self.gateway.start()
        rows = [r for r in self.lines("review", "list") if r["id"] in (soon, late)]
        self.assertEqual([(r["id"], r["overdue"]) for r in rows], [(late, True), (soon, False)])
        self.assertRegex(self.good("review", "list").stdout, rf"(?m)^{late}  overdue by 2 h [5-9] min  missing to derbyshire/front-door")
        self.assertIn("overdue by 2 h", self.good("review", "show", late).stdout)

    def on_terminal(self, columns, *words):
        """What the program writes on a terminal of so many columns."""
        ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        attributes = termios.tcgetattr(its)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(its, termios.TCSANOW, attributes)
        process = subprocess.Popen([PROGRAM, *words, "--config", self.gateway.config], stdout=its)
        os.close(its)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        self.assertEqual(process.wait(60), OK)
        return text.decode()

    def test_side_by_side_on_a_wide_terminal(self):
        message = self.submit(report("Tess Example", reference="SP-EX-20261121-0418", circumstances="\u00e9" * 300 + " went out"))
        review = self.waiting(message)
        lines = self.on_terminal(161, "review", "show", review).splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith("WHAT THE RECIPIENT WOULD SEE"))
        self.assertEqual(lines[head].index("|"), 80)
        for line in lines[head:]:
            self.assertEqual(line[80], "|", line)
            self.assertLessEqual(len(line), 161)
        left, right = ("\n".join(line[a:b].rstrip() for line in lines[head + 1:]) for a, b in ((0, 80), (82, None)))
        self.assertIn("Tess Example", left)
        self.assertNotIn("Quaker", left)
        self.assertIn("- child/religion: Quaker [not shared: equality]", right)
        self.assertIn("went out", right)
        narrow = self.on_terminal(100, "review", "show", review)
        self.assertIn("\nTHE ORIGINAL (- stays behind)\n", narrow)
        self.assertEqual(narrow, self.good("review", "show", review).stdout)

    def test_overrides_are_looked_at(self):
        message = self.submit(report("Kit Placeholder"))
        override = next(r for r in self.lines("review", "list") if r["what"] == "override" and r["message"] == message)
        self.assertEqual((override["desk"], override["state"]), ("social-work", "handed-over"))
        shown = self.good("review", "show", override["id"]).stdout
        self.assertRegex(shown, r"against +consent, which is not-known: circumstances by rule people-policy/safeguard \(S-20\);\s+people-policy/asked would")
        self.bad(DATA, "does not wait", "review", "release", override["id"], "--why", "test")
        self.good("review", "seen", override["id"])
        self.assertNotIn(override["id"], self.good("review", "list").stdout)
        self.bad(DATA, "overrides no consent", "review", "seen", override["id"])


class Disclosures(People):
    def test_register(self):
        message = self.submit(report("Tess Example"))
        other = self.submit(report("Robin Specimen"))
        text = self.good("disclosures", "--child", "nhs:9990000018").stdout
        for words in (message, "missing to Derbyshire Constabulary (example)", "derbyshire-police/missing, as police-missing of placing, by mail",
                      "by rule people-policy/find (S-15); lawful basis UK GDPR 6(1)(e), 9(2)(g)", "would share", "waits for a person's decision",
                      "handed over, not confirmed by a person, ", "which this rule overrides (people-policy/asked would have kept it back)",
                      "child/name/full", "policy      people-policy 1, "):
            self.assertIn(words, " ".join(text.split()) if "  " not in words else text)
        self.assertNotIn(other, text)
        self.nothing_personal(text)
        entries = self.json("disclosures", "--child", message)
        self.assertEqual({e["message"] for e in entries}, {message})
        self.assertLess({e["message"] for e in entries}, {e["message"] for e in self.json("disclosures", "--all")})
        self.assertEqual(self.json("disclosures", "--child", message, "--until", "2020-01-01"), [])
        self.assertEqual(len(self.json("disclosures", "--child", message, "--since", "2020-01-01", "--until", "2099-01-01T00:00:00Z")), len(entries))
        self.assertIn("Nothing is recorded", self.good("disclosures", "--child", message, "--until", "2020-01-01").stdout)

        page = Page(self.good("disclosures", "--child", message, "--html").stdout)
        self.assertEqual((page.faults, page.open, page.count("script"), page.count("html")), ([], [], 0, 1))
        self.assertEqual((page.count("table"), page.count("caption")), (len(entries), len(entries)))
        self.assertFalse([a for t, a in page.elements if t == "th" and a.get("scope") != "row"])
        for line in text.splitlines():
            self.assertLess(len(line), 111, line)

        # a subject's access: an exempt entry leaves no trace, a mark taken away none either
        gone = next(e for e in entries if e["desk"] == "social-work")["delivery"]
        back = next(e for e in entries if e["desk"] == "missing")["delivery"]
        self.good("disclosures", "exempt", gone, "--code", "serious-harm", "--why", "agreed with <the worker>")
        self.good("disclosures", "exempt", back, "--code", "crime", "--why", "an error")
        self.good("disclosures", "exempt", back, "--code", "none", "--why", "it was an error")
        self.assertIn("serious-harm, by ", self.good("disclosures", "--child", message, "--for", "case-review").stdout)
        for form in ((), ("--html",), ("--json",)):
            done = self.good("disclosures", "--child", message, "--for", "subject-access", *form)
            for word in (gone, "serious-harm", "xempt", "agreed with", "an error", "left out", "left_out", "social-work/", "staffordshire/social-work"):
                self.assertNotIn(word, done.stdout, form)
            self.assertIn(back, done.stdout)
            self.assertIn(f"{gone} (serious-harm, by ", done.stderr)
            self.assertIn("1 left out", done.stderr)
        self.assertEqual(len(self.json("disclosures", "--child", message, "--for", "subject-access")), len(entries) - 1)
        self.bad(NOT_FOUND, "", "disclosures", "exempt", ID, "--code", "crime", "--why", "test")

    def test_who_has_not_confirmed(self):
        found = self.submit(report("Kit Placeholder", kind="found"))
        self.submit(report("Kit Placeholder", reference="SP-EX-20261121-0601", circumstances="gone again"))
        rows = self.lines("disclosures", "--unconfirmed", found)
        self.assertEqual({r["kind"] for r in rows}, {"found"})
        self.assertEqual({(r["organisation"], r["desk"]) for r in rows},
                         {("derbyshire", "front-door"), ("derbyshire-police", "missing"), ("staffordshire", "social-work")})
        self.assertEqual({r["telephone"] for r in rows}, {"01632 960999"})
        self.assertEqual({r["message"] for r in self.lines("disclosures", "--unconfirmed")}, {found})
        text = self.good("disclosures", "--unconfirmed").stdout
        self.assertIn("ring        01632 960999", text)
        self.nothing_personal(text)
        self.receipt(found, level="received")  # a machine's word
        states = {r["organisation"]: r["state"] for r in self.lines("disclosures", "--unconfirmed", found)}
        self.assertEqual(states["derbyshire-police"], "received")
        self.assertIn("received, not confirmed by a person", self.good("disclosures", "--unconfirmed", found).stdout)
        self.receipt(found, level="acknowledged", person="Sam Example")
        self.assertNotIn("derbyshire-police", {r["organisation"] for r in self.lines("disclosures", "--unconfirmed", found)})

    def receipt(self, message, **said):
        """What Derbyshire Police say of their copy of a message, over HTTPS."""
        ids = [email.message_from_bytes(p.read_bytes())["Message-ID"].strip(" <>") for p in self.world.mails()
               if p.parts[-3].endswith("@derbyshire-police.example")]
        reference = next(i.split("@")[0] for i in ids if i.startswith(message))
        mine = self.world.pki / "derbyshire-police"
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(mine / "client.pem", mine / "client.key")
        connection = http.client.HTTPSConnection("localhost", self.gateway.port, timeout=30, context=context)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/receipts", json.dumps({"reference": reference} | said), {"Content-Type": "application/json"})
        self.assertEqual(connection.getresponse().status, 200)


class Misuse(unittest.TestCase):
    def test_words(self):
        child, why = ("--child", ID), ("--why", "test")
        for words, says in (
                (("consent",), "say record, withdraw or show"), (("consent", "list"), "say record"), (("consent", "show"), "--child REF"),
                (("consent", "record", *child, *why, "--state", "given", "--by", "child"), "--to ROLE"),
                (("consent", "record", *child, "--to", "*", "--state", "given", "--by", "child"), "--why"),
                (("consent", "record", *child, *why, "--to", "*", "--by", "child"), "--state given"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "withdrawn", "--by", "child"), "consent withdraw"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "given"), "--by child"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "given", "--by", "nobody"), "somebody gave or refused"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "not-known", "--by", "carer"), "--by nobody"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "not-sought", "--by", "nobody"), "--reason"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "refused", "--by", "child", "--until", "2030-01-01"), "--until"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "given", "--by", "carer", "--competent", "yes"), "a child who answered"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "given", "--by", "child", "--competent", "*"), "--competent"),
                (("consent", "record", *child, *why, "--to", "*", "--state", "given", "--by", "child", "--form", "sung"), "--form"),
                (("consent", "withdraw", *child, *why, "--to", ","), "--to ROLE"),
                (("review", "lost"), "say list, show"), (("review", "show"), "name one delivery"), (("review", "list", ID), "takes no operands"),
                (("review", "release", ID), "--why"), (("review", "withhold", ID, "--why", ""), "--why"), (("review", "list", "--html"), "--html"),
                (("disclosures",), "--child REF, or --all"), (("disclosures", *child, "--all"), "--child REF, or --all"),
                (("disclosures", ID), "--unconfirmed"), (("disclosures", *child, "--for", "fun"), "--for"),
                (("disclosures", "--all", "--for", "subject-access"), "one child"), (("disclosures", "--unconfirmed", "x"), "26 characters"),
                (("disclosures", "--unconfirmed", "--all"), "stands alone"), (("disclosures", "exempt", ID, *why), "--code"),
                (("disclosures", "exempt", ID, "--code", "shame", *why), "--code"), (("disclosures", "exempt", ID, "--code", "*", *why), "--code"),
                (("disclosures", "exempt", ID, "--code", "crime"), "--why"), (("disclosures", "exempt", "--code", "crime", *why), "26 characters"),
                (("disclosures", *child, "--code", "crime"), "for exempt"), (("disclosures", *child, "--html", "--json"), "--html or --json")):
            with self.subTest(words):
                done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=150)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
