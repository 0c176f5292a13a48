#!/usr/bin/env python3
"""`wardgate policy`: the tests of the policies that come with the gateway, and what the command says of right and wrong ones."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
TESTS = ROOT / "policy/tests"
PAGE = ROOT / "ops/man/wardgate-policy.5"
OK, ATTENTION, USAGE, DATA, NO_INPUT, IO, CONFIG = 0, 10, 64, 65, 66, 74, 78

POLICY = """<policy xmlns="urn:wardgate:policy:1" id="small" version="1">
  <role name="front-door" at="council">Takes in.</role>
  <role name="police-missing" at="police">Finds.</role>
  <role name="school" at="school" named="child/school">Teaches.</role>
  <route kind="missing"><to role="front-door" of="placing"/><to role="police-missing" of="host"/><source>SSOT 9.1; S-15</source></route>
  <rule id="frame" effect="share" kind="*" to="front-door police-missing" categories="administrative identity">
    <basis gdpr="6(1)(e)"/><source>S-31</source>
  </rule>
  <rule id="risk" effect="share" kind="missing" to="police-missing" categories="risk" overrides="consent" keep="P1Y" delay="PT30M">
    <basis gdpr="6(1)(e) 9(2)(g)"/><source>S-20; NN 5.7</source>
  </rule>
  <rule id="gate" effect="withhold" kind="missing" to="*" categories="risk" unless="consent" marker="say"><source>S-05</source></rule>
  <rule id="look" effect="review" kind="missing" to="front-door" due="PT4H" second-person="true"><when>episode/risk = 'HIGH'</when>
    <source>S-09</source></rule>
  <grades of="860" allow="MEDIUM HIGH"><source>SSOT 6</source></grades>
  <retention kind="*" at="council" keep="P6Y"><source>G-14</source></retention>
</policy>
"""

TEST = """<tests xmlns="urn:wardgate:policy-tests:1" policy="small.xml" directory="directory.xml" now="2026-11-22T10:00:00Z"
       from="staffordshire" self="staffordshire">
  <notice name="missing" kind="missing" placing="830" host="860">
    <set place="child/name/full">Tess Example</set>
    <set place="episode/risk">MEDIUM</set>
  </notice>
  <test id="one" covers="S-15" about="Something about this test.">
    <given notice="missing" %(given)s</given>
    %(expect)s
  </test>
</tests>
"""


def run(*words, env=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WARDGATE")}
    return subprocess.run([PROGRAM, "policy", *map(str, words)], capture_output=True, text=True, timeout=120,
                          env={**environment, **(env or {})})


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-policy-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "small.xml").write_text(POLICY)
        shutil.copy(TESTS / "directory.xml", self.folder)

    def write_test(self, expect, given=">", name="t.xml"):
        path = self.folder / name
        path.write_text(TEST % {"given": given, "expect": expect})
        return path

    def says(self, done, status, *words, where="stdout"):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, getattr(done, where))
        return done


class Shipped(Case):
    """What comes with the gateway: run by ctest, so that no policy is in force whose tests fail."""

    def test_all_pass(self):
        done = run("test", TESTS)
        self.assertEqual(done.returncode, OK, done.stdout[-6000:] + done.stderr)
        passed, failed = map(int, re.search(r"\n?(\d+) passed, (\d+) failed\n$", done.stdout).groups())
        self.assertEqual(failed, 0)
        self.assertGreaterEqual(passed, 250)

    def test_found_without_being_named(self):
        self.assertEqual(run("test").stdout, run("test", TESTS).stdout)

    def test_trace_is_fresh_and_whole(self):
        done = run("trace", "--requirements", TESTS / "requirements.txt", "--tests", TESTS, ROOT / "policy/midlands.xml")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertEqual((ROOT / "policy/TRACE.md").read_text(), done.stdout,
                         "policy/TRACE.md is not of these policies and tests: make it anew as wardgate-policy(5) shows")
        for number in range(1, 69):
            self.assertRegex(done.stdout, rf"(?m)^\| R-{number:02d} \| ")
        for number in (*range(1, 26), 30, 31):
            self.assertRegex(done.stdout, rf"(?m)^\| S-{number:02d} \| ")
        for number in range(1, 41):
            self.assertRegex(done.stdout, rf"(?m)^\| MK-{number:02d} \| ")

    def test_every_policy_can_be_explained_and_is_the_same_as_itself(self):
        for policy in sorted((ROOT / "policy").glob("*.xml")):
            if policy.name.startswith("directory"):
                continue
            with self.subTest(policy=policy.name):
                text = self.says(run("explain", policy), OK, "Signature", "Who is told").stdout
                for line in text.splitlines():
                    self.assertLess(len(line), 200)
                page = self.says(run("explain", "--html", policy), OK, "<!DOCTYPE html>", "</html>").stdout
                self.assertEqual(page.count("<ul>"), page.count("</ul>"))
                ids = set(re.findall(r"\[([a-z0-9/$-]+)\]", text))
                self.assertEqual(ids, set(re.findall(r"<code>([a-z0-9/$-]+)</code>", page)))
                self.says(run("diff", policy, policy, "--tests", TESTS), OK, "none differs", "0 categories gained, 0 lost")


class Manual(Case):
    def blocks(self):
        text = PAGE.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "").replace("\\&", "")
        return re.findall(r"(?s)\.nf\n(.*?)\.fi\n", text)

    def test_its_policy_and_its_test_work(self):
        policy, test = (b for b in self.blocks() if b.startswith("<"))
        (self.folder / "specimen.xml").write_text(policy)
        (self.folder / "specimen-test.xml").write_text(test)
        self.says(run("test", self.folder / "specimen-test.xml"), OK, "1 passed, 0 failed")

    def test_no_warnings(self):
        done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-K", "utf8", "-z", PAGE], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_names_everything(self):
        text = PAGE.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
        for schema in ("policy.xsd", "policy-tests.xsd"):
            source = (ROOT / "xsd" / schema).read_text()
            for name in set(re.findall(r'<xs:(?:attribute|element) name="([a-z-]+)"', source)):
                self.assertRegex(text, rf"\b{name}\b", f"{schema} has {name}")
        helped = subprocess.run([PROGRAM, "policy", "--help"], capture_output=True, text=True).stdout
        for option in set(re.findall(r"--[a-z-]+", helped)):
            self.assertIn(option, text)


class Expectations(Case):
    """Each kind of expectation: met, and not met with words that say what came and why."""
    MET = (
        '<expect to="front-door" of="placing" organisation="derbyshire" desk="front-door" verdict="send"/>',
        '<expect to="police-missing" gives="identity" given-by="small/frame" only="identity risk" override="risk" kept-back="small/gate"/>',
        '<expect to="police-missing" keep="P1Y" delay="PT30M" due="none" escalate="none" second-person="false" in-text="nothing"/>',
        '<expect to="front-door" withholds="risk" withheld-by="small/gate" says="risk" override="nothing"/>',
        '<expect to="front-door" route-source="SSOT 9.1"><because category="risk" rule="small/gate" source="S-05" consent="not-known"/></expect>',
        '<expect to="police-missing"><because category="risk" basis="9(2)(g)"/><copy-has>Tess Example</copy-has></expect>',
        '<expect to="front-door"><copy-lacks>MEDIUM</copy-lacks></expect>',
        '<expect-not to="school"/>',
        '<expect-recipients>police-missing of host, front-door of placing</expect-recipients>',
        '<expect-all-reachable/>',
        '<expect-grade accepted="true"/>',
        '<expect-retention at="council" keep="P6Y" source="G-14"/><expect-retention at="police" keep="unsaid"/>',
    )
    UNMET = (
        ('<expect to="school"/>', "school is no recipient; recipients: front-door of placing (derbyshire/front-door)"),
        ('<expect to="front-door" of="host"/>', "front-door of host is no recipient"),
        ('<expect to="front-door" organisation="staffordshire"/>', "front-door at staffordshire is no recipient"),
        ('<expect to="front-door" verdict="review"/>', "expected review, came send"),
        ('<expect to="front-door" stopped-by="small/look"/>', "came no rule: it is sent"),
        ('<expect to="front-door" gives="risk"/>', "risk is kept back by small/gate (S-05), consent not-known"),
        ('<expect to="front-door" gives="health"/>', "the notice holds nothing of health"),
        ('<expect to="front-door" gives="identity" given-by="small/risk"/>', "is expected by small/risk and is given by small/frame (S-31)"),
        ('<expect to="police-missing" only="identity"/>', "risk is not expected: given by small/risk (S-20; NN 5.7)"),
        ('<expect to="front-door" only="identity risk"/>', "risk is missing: kept back by small/gate"),
        ('<expect to="police-missing" withholds="risk"/>', "risk is given by small/risk"),
        ('<expect to="front-door" withholds="risk" withheld-by="no-rule"/>', "is expected by no-rule and is kept back by small/gate"),
        ('<expect to="front-door" silent="risk"/>', "silent="),
        ('<expect to="police-missing" override="nothing"/>', "override=: police-missing of host"),
        ('<expect to="police-missing" override="identity"/>', "identity is given by small/frame"),
        ('<expect to="police-missing" override="risk" kept-back="small/frame"/>', "kept back by small/gate and not by small/frame"),
        ('<expect to="police-missing" keep="P6Y"/>', "expected P6Y, came P1Y"),
        ('<expect to="police-missing" delay="PT1H"/>', "expected PT1H, came 30 minutes"),
        ('<expect to="front-door" due="PT4H"/>', "expected PT4H, came none"),
        ('<expect to="front-door" escalate="school"/>', "expected school, came none"),
        ('<expect to="front-door" second-person="true"/>', "nobody or one person"),
        ('<expect to="front-door" in-text="risk"/>', "in-text="),
        ('<expect to="front-door" route-source="NN 8"/>', '"NN 8" does not stand in: SSOT 9.1; S-15'),
        ('<expect to="front-door"><because category="risk" rule="small/risk"/></expect>', "risk is expected by small/risk and is kept back"),
        ('<expect to="front-door"><because category="risk" consent="given"/></expect>', "is not-known and not given"),
        ('<expect to="front-door"><because category="health"/></expect>', "the notice holds nothing of health"),
        ('<expect to="front-door"><because category="identity" basis="9(2)(g)"/></expect>', "does not stand in"),
        ('<expect to="front-door"><copy-has>MEDIUM</copy-has></expect>', "does not hold these words"),
        ('<expect to="front-door"><copy-lacks>Tess</copy-lacks></expect>', "holds these words"),
        ('<expect to="front-door"><copy-lacks>nowhere</copy-lacks></expect>', "so this shows nothing"),
        ('<expect-not to="front-door"/>', "front-door of placing (derbyshire/front-door) is a recipient, by the route of SSOT 9.1"),
        ('<expect-recipients>front-door of placing</expect-recipients>', "police-missing of host (staffordshire-police/missing) is a recipient too"),
        ('<expect-recipients>front-door of placing, school of named, police-missing of host</expect-recipients>', "school of named is no recipient"),
        ('<expect-recipients>nobody</expect-recipients>', "is a recipient too"),
        ('<expect-unreachable contains="school"/>', '"school" does not stand in'),
        ('<expect-grade accepted="false"/>', "the grade of risk is accepted"),
        ('<expect-retention at="council" keep="P1Y"/>', "a council keeps such a notice P6Y (G-14)"),
        ('<expect-retention at="police" keep="P1Y"/>', "nothing is said"),
    )

    def test_met(self):
        for expect in self.MET:
            with self.subTest(expect=expect):
                self.says(run("test", self.write_test(expect)), OK, "1 passed, 0 failed")

    def test_unmet(self):
        for expect, word in self.UNMET:
            with self.subTest(expect=expect):
                path = self.write_test(expect)
                line = path.read_text().splitlines().index("    " + expect) + 1
                done = self.says(run("test", path), DATA, "FAILED  t/one", f"{path}:{line}: ", word, "what came:")
                self.assertTrue(done.stdout.endswith("\n0 passed, 1 failed\n"), done.stdout)

    def test_what_is_given_counts(self):
        for given, expect in (
            ('><consent state="given" to="front-door"/>', '<expect to="front-door" gives="risk" given-by="no-rule small/risk"/>'),
            ('><consent state="refused" to="*"/>', '<expect to="front-door"><because category="risk" consent="refused"/></expect>'),
            ('><consent state="given" to="*" until="2026-11-22T10:00:00Z" at="2026-11-01T10:00:00Z"/>',
             '<expect to="front-door"><because category="risk" consent="expired"/></expect>'),
            ('><consent state="given" to="*" at="2026-11-23T10:00:00Z"/>', '<expect to="front-door"><because category="risk" consent="not-known"/></expect>'),
            ('><consent state="refused" to="*" categories="identity"/>', '<expect to="front-door"><because category="risk" consent="not-known"/></expect>'),
            ('><set place="episode/risk">HIGH</set>', '<expect to="front-door" verdict="review" stopped-by="small/look" due="PT4H" second-person="true"/>'),
            ('><clear place="episode/risk"/>', '<expect to="front-door" only="identity"/>'),
            ('><set place="episode/risk">LOW</set>', '<expect-grade accepted="false" contains="SSOT 6"/>'),
            ('from="derbyshire">', '<expect-not to="front-door"/>'),
            ('placing="855">', '<expect to="front-door" organisation="leicestershire"/>'),
            ('host="000">', '<expect-unreachable contains="police-missing of 000"/>'),
        ):
            with self.subTest(given=given):
                done = run("test", self.write_test(expect, given))
                if "given-by=\"no-rule" in expect:  # nothing grants it to the front door: consent gives nothing by itself
                    self.says(done, DATA, "kept back: no rule gives it")
                else:
                    self.says(done, OK, "1 passed, 0 failed")

    def test_json_and_verbose(self):
        path = self.write_test('<expect to="front-door" gives="risk"/>')
        done = self.says(run("test", "--json", path), DATA)
        found = json.loads(done.stdout)
        self.assertEqual((found["passed"], found["failed"]), (0, 1))
        self.assertEqual(found["tests"][0]["id"], "t/one")
        self.assertEqual(found["tests"][0]["covers"], "S-15")
        self.assertIn("small/gate", found["tests"][0]["unmet"][0]["text"])
        path = self.write_test('<expect to="front-door"/>')
        self.says(run("test", "--verbose", path), OK, "passed  t/one", "given: administrative identity", "kept back: risk")

    def test_a_copy_must_be_valid(self):
        """A policy that gives a part and not what the schema wants with it, or not even the frame."""
        text = POLICY.replace('categories="administrative identity"', 'categories="identity"')
        (self.folder / "small.xml").write_text(text)
        done = run("test", self.write_test('<expect to="front-door"/>'))
        self.assertIn(done.returncode, (OK, DATA))  # "administrative" is always kept: then the copy is valid
        self.assertRegex(done.stdout, r"(1 passed, 0 failed|no valid copy)")


class Refused(Case):
    """A file of tests that would say nothing is not run, and stops none of the others."""
    BAD = (
        ('<expect to="frontdoor"/>', 'no layer of small 1 has the role "frontdoor"'),
        ('<expect-recipients>front-dor of placing</expect-recipients>', 'has the role "front-dor"'),
        ('<expect to="front-door" gives="helth"/>', "gives=: "),
        ('<expect to="front-door"><because category="helth"/></expect>', "category=: "),
        ('<expect to="front-door" gives="nothing"/>', "gives=: "),
        ('<expect to="front-door" verdict="maybe"/>', "verdict"),
        ('<expect to="front-door" colour="red"/>', "colour"),
        ('<expect-something/>', "expect-something"),
        ("", "expect"),
        ('<expect to="front-door" given-by="small/frame"/>', "given-by= says nothing without gives="),
        ('<expect to="front-door" withheld-by="small/gate"/>', "withheld-by= says nothing without withholds="),
        ('<expect to="front-door" kept-back="small/gate"/>', "kept-back= says nothing without override="),
    )

    def test_expectations(self):
        good = self.write_test('<expect to="front-door"/>', name="good.xml")
        for expect, word in self.BAD:
            with self.subTest(expect=expect):
                bad = self.write_test(expect, name="bad.xml")
                self.says(run("test", bad, good), DATA, f"FAILED  {bad}", word, "1 passed, 1 failed")

    def test_given(self):
        for given, word in (
            ('><set place="child/nam/full">x</set>', "nam"), ('><clear place="child/nam"/>', "nam"),
            ('><set place="found/whereabouts">x</set>', "not a place in a notice of this kind"),
            ('><set place="episode/risk">PURPLE</set>', "not valid"), ('><consent state="yes" to="*"/>', "state"),
            ('><consent state="given" to="frontdoor"/>', 'has the role "frontdoor"'),
            ('><consent state="given" to="*" categories="helth"/>', "categories=: "),
            ('now="2026-13-40T10:00:00Z">', "not a time that exists"), ('now="yesterday">', "now"),
        ):
            with self.subTest(given=given):
                done = self.says(run("test", self.write_test('<expect to="front-door"/>', given)), DATA, word, "0 passed, 1 failed")
                self.assertNotIn("PURPLE", done.stdout)  # values are not repeated

    def test_notices(self):
        for notice, word in (
            ('<notice name="a"/>', "one of kind=, file= and like="), ('<notice name="a" kind="missing" like="missing"/>', "one of kind="),
            ('<notice name="a" like="later"/>', 'no notice "later" further up'), ('<notice name="a" kind="mising"/>', 'did you mean "missing"'),
            ('<notice name="a" file="nowhere.xml"/>', "nowhere.xml"), ('<notice name="missing" kind="missing"/>', "only once"),
            ('<notice name="a" kind="missing"><set place="episode/risk">PURPLE</set></notice>', "not valid"),
        ):
            with self.subTest(notice=notice):
                path = self.write_test('<expect to="front-door"/>')
                path.write_text(path.read_text().replace("  <test id", f"  {notice}\n  <test id", 1))
                self.says(run("test", path), DATA, f"{path}:", word, "0 passed, 1 failed")

    def test_notice_from_a_file(self):
        path = self.write_test('<expect to="front-door" of="placing" gives="identity"/>')
        path.write_text(path.read_text().replace('kind="missing" placing="830" host="860"', 'file="n.xml"'))
        shutil.copy(ROOT / "tests/corpora/notice/missing-example.xml", self.folder / "n.xml")
        self.says(run("test", path), OK, "1 passed, 0 failed")

    def test_files(self):
        self.says(run("test", self.folder / "nowhere"), NO_INPUT, "nowhere", where="stderr")
        (self.folder / "empty").mkdir()
        self.says(run("test", self.folder / "empty"), CONFIG, "no test", where="stderr")
        (self.folder / "not.xml").write_text("<!DOCTYPE x><x/>")
        self.says(run("test", self.folder / "not.xml"), DATA, "0 passed, 1 failed")
        bad = self.write_test('<expect to="front-door"/>')
        bad.write_text(bad.read_text().replace("small.xml", "nowhere.xml"))
        self.says(run("test", bad), DATA, "nowhere.xml")

    def test_misuse(self):
        for words in ((), ("pray",), ("test", "--loud"), ("check", "a", "b"), ("check", "--at", "noon", "a"), ("diff", "a"),
                      ("diff", "a", "b", "--at", "noon"), ("replay", "a"), ("replay", "a", "--since", "long ago"), ("explain", "a", "b"),
                      ("trace", "a"), ("trace", "--requirements", "a")):
            with self.subTest(words=words):
                done = run(*words)
                self.assertEqual((done.returncode, done.stdout), (USAGE, ""), done.stderr)
                self.assertTrue(done.stderr.startswith("wardgate policy"), done.stderr)

    def test_full_disk_is_no_success(self):
        path = self.write_test('<expect to="front-door"/>')
        for words in (("test", path), ("explain", self.folder / "small.xml"), ("diff", self.folder / "small.xml", self.folder / "small.xml"),
                      ("check", self.folder / "small.xml"),
                      ("trace", "--requirements", TESTS / "requirements.txt", "--tests", TESTS, ROOT / "policy/midlands.xml")):
            with self.subTest(words=words), open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, "policy", *map(str, words)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=150)
                self.assertNotIn(done.returncode, (OK, ATTENTION), done.stderr)


class Check(Case):
    def test_finds_and_counts(self):
        done = self.says(run("check", "--at", "2026-11-22T10:00:00Z", self.folder / "small.xml"), ATTENTION, "to look at")
        as_json = json.loads(run("check", "--json", "--at", "2026-11-22T10:00:00Z", self.folder / "small.xml").stdout)
        self.assertEqual(as_json["count"], len(as_json["findings"]))
        for finding in as_json["findings"]:
            self.assertIn(finding, done.stdout)

    def test_directory_is_asked(self):
        alone = run("check", self.folder / "small.xml")
        self.assertIn("nobody asked whom it reaches", alone.stdout)
        self.assertNotIn("nobody asked", run("check", "--directory", self.folder / "directory.xml", self.folder / "small.xml").stdout)
        self.says(run("check", self.folder / "nowhere.xml"), CONFIG, "nowhere.xml", where="stderr")


class Diff(Case):
    def change(self, *pairs):
        new = self.folder / "new"
        new.mkdir(exist_ok=True)
        text = POLICY
        for old, now in pairs:
            self.assertIn(old, text)
            text = text.replace(old, now)
        (new / "small.xml").write_text(text)
        return new / "small.xml"

    def diff(self, *pairs, notices=False):
        self.write_test('<expect to="front-door"/>')
        words = ("diff", self.folder / "small.xml", self.change(*pairs), "--tests", self.folder / "t.xml")
        words += ("--notices", ROOT / "tests/corpora/notice") if notices else ()
        text = self.says(run(*words), OK).stdout
        return text, json.loads(self.says(run(*words, "--json"), OK).stdout)

    def test_category_gained(self):
        text, found = self.diff(('to="*" categories="risk" unless', 'to="school" categories="risk" unless'),
                                ('<rule id="risk" effect="share" kind="missing" to="police-missing"',
                                 '<rule id="risk" effect="share" kind="missing" to="police-missing front-door"'))
        self.assertIn("front-door of placing (derbyshire/front-door)\n    gains risk (1, such as t/one)", text)
        self.assertEqual((found["gained"], found["lost"], found["compared"], found["differing"]), (1, 0, 1, 1))
        self.assertEqual({(r["change"], r["id"]) for r in found["rules"]}, {("changed", "small/gate"), ("changed", "small/risk")})

    def test_recipient_lost_and_verdict(self):
        text, found = self.diff(('<to role="front-door" of="placing"/>', ""), ("<when>episode/risk = 'HIGH'</when>", ""),
                                ('effect="review" kind="missing" to="front-door"', 'effect="review" kind="missing" to="police-missing"'))
        self.assertIn("is no recipient any more", text)
        self.assertIn("loses identity", text)
        self.assertIn("review instead of send", text)
        self.assertIn({"what": "verdict", "was": "send", "is": "review"},
                      [{k: g[k] for k in ("what", "was", "is") if k in g} for g in found["gains"]])

    def test_route_moved_is_not_changed(self):
        more = '<route kind="found"><to role="front-door" of="placing"/><source>SSOT 10</source></route>\n  '
        _, found = self.diff(('<route kind="missing">', more + '<route kind="missing">'))
        self.assertEqual([(r["change"], r["what"]) for r in found["rules"]], [("added", "route")])
        _, found = self.diff((' marker="say"', ""))
        self.assertEqual([(r["change"], r["id"]) for r in found["rules"]], [("changed", "small/gate")])

    def test_examples(self):
        _, found = self.diff(('<to role="front-door" of="placing"/>', ""), notices=True)
        self.assertGreater(found["compared"], 2)
        self.assertGreater(found["unread"], 0)  # the corpus also holds what is no notice
        done = run("diff", self.folder / "small.xml", self.folder / "small.xml", "--notices", ROOT / "tests/corpora/notice")
        self.says(done, CONFIG, "--directory", where="stderr")

    def test_tests_of_another_policy_say_nothing_here(self):
        other = self.write_test('<expect to="front-door"/>')
        other.write_text(other.read_text().replace("small.xml", "other.xml"))
        found = json.loads(run("diff", "--json", self.folder / "small.xml", self.folder / "small.xml", "--tests", other).stdout)
        self.assertEqual(found["compared"], 0)


class Trace(Case):
    def trace(self, requirements, expect='<expect to="front-door"/>'):
        path = self.folder / "requirements.txt"
        path.write_text(requirements)
        self.write_test(expect)
        return run("trace", "--requirements", path, "--tests", self.folder / "t.xml", self.folder / "small.xml")

    def test_whole(self):
        (self.folder / "there").write_text("")
        done = self.trace("# a remark\n\nS-15 | Sharing | \\ bars\n".replace(" | \\ bars", "") +
                          "S-99 | Elsewhere | product: there: it stands there\nR-01 | Outside | outside: people do it\n"
                          "R-02 | Nothing | unsaid: nothing\nS-31 | Recorded | outside: x\nS-20 | y | outside: y\nS-05 | z | outside: z\n"
                          "S-09 | a | outside: a\n")
        self.says(done, OK, "| S-15 | Sharing | small: route-1 | t: one |", "| R-01 | Outside | people do it |", "Nothing is missing.",
                  "| S-99 | Elsewhere | `there` | it stands there |")
        self.assertEqual(done.stderr, "")

    def test_missing(self):
        rest = "".join(f"{i} | x | outside: x\n" for i in ("S-31", "S-20", "S-05", "S-09"))
        self.says(self.trace("S-15 | a\nS-16 | b\n" + rest), DATA, "S-16: no rule cites it: b", "S-16: no test covers it: b", where="stderr")
        self.says(self.trace("S-20 | a\n"), DATA, "small/frame cites S-31, which is not on the list", "covers S-15, which is not on the list",
                  where="stderr")
        self.says(self.trace("S-15 | a | product: nowhere: x\n" + rest), DATA, "there is no nowhere", where="stderr")

    def test_refused(self):
        for line in ("S-1 | a", "S-15", "X-15 | a", "S-15 | ", "S-15 | a | because", "S-15 | a | product: x", "S-15 | a | outside:",
                     "S-15 | a\nS-15 | b", "S-15 | \0"):
            with self.subTest(line=line):
                done = self.says(self.trace(line + "\n"), CONFIG, "requirements.txt", where="stderr")
                self.assertEqual(done.stdout, "")


class Ranges(Case):
    def test_sources_name_ranges(self):
        text = POLICY.replace("<source>S-31</source>", "<source>S-01 to S-03; MK-04 to 06; XS-07, S-081, S-31</source>")
        (self.folder / "small.xml").write_text(text)
        self.write_test('<expect to="front-door"/>')
        path = self.folder / "requirements.txt"
        ids = ("S-01", "S-02", "S-03", "MK-04", "MK-05", "MK-06", "S-07", "S-08", "S-31", "S-15", "S-20", "S-05", "S-09")
        path.write_text("".join(f"{i} | x | outside: x\n" for i in ids))
        done = self.says(run("trace", "--requirements", path, "--tests", self.folder / "t.xml", self.folder / "small.xml"), OK)
        cited = {line.split(" | ")[0][2:] for line in done.stdout.splitlines() if "small: frame" in line}
        self.assertEqual(cited, {"S-01", "S-02", "S-03", "MK-04", "MK-05", "MK-06", "S-31"})


if __name__ == "__main__":
    unittest.main()
