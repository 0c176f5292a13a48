#!/usr/bin/python3
"""wardgate map: a form that nobody here has seen is added with a map alone; what map new, map test and map list say."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import docx
from lxml import etree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import forms_nobody_knows as forms

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
SEEDS = [int(s) for s in os.environ.get("WARDGATE_SEEDS", "1 2 3 4 5 6").split()]
MAP = "{urn:wardgate:map:1}"
NOTICE = "{urn:wardgate:notice:1}"
OK, ATTENTION, USAGE, DATA, CONFIG = 0, 10, 64, 65, 78
REPORT = ROOT / "ops/lib/missing-report.eml"


def run(*words, data=None, stdin=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WARDGATE")}
    if data is not None:
        environment["WARDGATE_DATA"] = str(data)
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=150, env=environment, input=stdin, check=False)


def folded(label):
    """As a draft writes a label."""
    label = re.sub(r"\(please specify\)", "", label)
    return " ".join("".join(c.lower() if c.isalnum() else " " for c in label).split())


def complete(draft, boxes):
    """The draft with the places of the description: nothing but data is put in. Fails when a box is not in the draft."""
    root = etree.fromstring(draft.encode())
    wanted = list(boxes)
    for node in list(root):
        source = node
        if isinstance(node, etree._Comment):
            inside = re.search(r"<field .*/>", node.text or "", re.S)
            if inside is None:
                continue
            source = etree.fromstring(f'<x xmlns="urn:wardgate:map:1">{inside.group()}</x>')[0]
        if source.tag != MAP + "field":
            continue
        labels = [label.strip() for label in source.get("labels").split("|")]
        under = source.get("under")
        here = [b for b in wanted if any(folded(b.label) == folded(label) for label in labels)
                and (b.section is None or under is None or folded(b.section) == folded(under))]
        for box in here:
            wanted.remove(box)
            field = etree.SubElement(root, MAP + "field", to=box.to, labels=folded(box.label), source=source.get("source"), **{"as": box.how})
            for name, words in box.more.items():
                field.set(name, folded(words) if name == "under" else words)
        root.remove(node)
    if wanted:
        raise AssertionError(f"the draft does not know {[b.label for b in wanted]}:\n{draft}")
    return etree.tostring(root, encoding="unicode")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="wardgate-map-"))) if hasattr(
            self, "enterContext") else pathlib.Path(tempfile.mkdtemp(prefix="wardgate-map-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def expect(self, status, done, *stderr):
        self.assertEqual(done.returncode, status, f"{done.args}:\n{done.stderr}{done.stdout}")
        for words in stderr:
            self.assertIn(words, done.stderr)
        return done.stdout


class Unknown(Case):
    """The form of a description that differs from all others, added with a map alone."""

    def data(self, text):
        """A data folder whose maps are the project's and this one."""
        data = self.folder / "data"
        (data / "adapters").mkdir(parents=True)
        (data / "xsd").symlink_to(ROOT / "xsd")
        shutil.copytree(ROOT / "adapters/maps", data / "adapters/maps")
        (data / "adapters/maps/unknown.xml").write_text(text, encoding="utf-8")
        return data

    def check(self, seed, kind):
        form = forms.Form(seed)
        path = self.folder / f"form.{kind}"
        boxes = getattr(form, kind)(path)
        before = self.expect(ATTENTION, run("map", "test", "--json", path))
        self.assertFalse(json.loads(before)["complete"], "the project's maps know a form that nobody knows")
        draft = self.expect(OK, run("map", "new", "--kind", form.kind, "--id", "unknown", path))
        asked = " ".join(map(folded, [form.title, *form.headings, *(b.label for b in boxes)])).split()
        written = " ".join(re.findall(r'(?:labels|titles|under)="([^"]*)"', draft))
        for answer in [b.answer for b in boxes if b.answer] + [w for p in form.people for w in p]:
            for word in re.findall(r"[A-Za-z]{3,}|\d{3,}", answer):
                if word.lower() not in asked:
                    self.assertNotIn(word.lower(), written.split(), "an answer stands in the draft")
        complete_map = self.folder / "unknown.xml"
        complete_map.write_text(complete(draft, boxes), encoding="utf-8")
        said = json.loads(self.expect(OK, run("map", "test", "--json", complete_map, path)))
        self.assertEqual((said["answered"], said["placed"], said["complete"]), (said["answered"], said["answered"], True))
        # by the gateway's own choice among all maps, every answer at its place
        data = self.data(complete_map.read_text(encoding="utf-8"))
        said = json.loads(self.expect(OK, run("map", "test", "--json", path, data=data)))
        self.assertEqual([f["map"] for f in said["forms"]], ["unknown"])
        for field in said["forms"][0]["fields"]:
            box = [b for b in boxes if folded(b.label) == folded(field["label"])]
            self.assertTrue(any(b.to.replace("[+]", "") in field["to"] for b in box), field)
        notice = etree.fromstring(self.expect(OK, run("convert", path, data=data)).encode())
        self.assertEqual(notice.get("kind"), form.kind)
        self.assertEqual(notice.findtext(f"{NOTICE}child/{NOTICE}name/{NOTICE}full"), "Tess EXAMPLE")
        associates = [[c.text for c in a] for a in notice.iter(NOTICE + "associate")]
        if any(b.answer is None for b in boxes):
            self.assertEqual(associates, [list(p) for p in form.people])
        shutil.rmtree(data)

    def test_forms(self):
        for seed in SEEDS:
            for kind in ("docx", "html", "csv", "eml"):
                with self.subTest(seed=seed, kind=kind):
                    print(f"seed {seed}, {kind}", file=sys.stderr)
                    self.check(seed, kind)


class Commands(Case):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_list(self):
        maps = json.loads(self.expect(OK, run("map", "list", "--json")))["maps"]
        kinds = {m["id"]: m["kind"] for m in maps}
        self.assertEqual((kinds["missing-report"], kinds["found-report"]), ("missing", "found"))
        text = self.expect(OK, run("map", "list"))
        self.assertEqual(len(text.splitlines()), len(maps))

    def test_the_project_s_own_form(self):
        text = self.expect(OK, run("map", "test", REPORT))
        self.assertIn("map missing-report", text)
        self.assertRegex(text, r"coverage: (\d+) of \1 answered boxes have their place \(100 %\)\n")
        said = json.loads(self.expect(OK, run("map", "test", "--json", REPORT)))
        self.assertTrue(said["complete"])
        self.assertNotIn("value", said["forms"][0]["fields"][0])

    def test_answers_are_shown_when_asked_for(self):
        value = json.loads(self.expect(OK, run("map", "test", "--show-values", "--json", REPORT)))["forms"][0]["fields"][0]["value"]
        self.assertNotIn(value, self.expect(OK, run("map", "test", REPORT)))
        self.assertIn(value, self.expect(OK, run("map", "test", "--show-values", REPORT)))

    def test_what_is_not_placed(self):
        mail = self.write("a.eml", "From: a@home.example\nSubject: Missing\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
                                   "Full name: Tess Example\nShoe size: 5\nNHS number: 1234567890\nHeight:\nPassword: hunter-example\n")
        text = self.expect(ATTENTION, run("map", "test", "--show-values", mail))
        for words in (r"unmapped +Shoe size", r"unread +NHS number", r"empty +Height", r"not-carried +Password", r"placed +Full name +\S.*child/name/full",
                      "missing: child/date-of-birth\\|child/age", r"coverage: 1 of 3 answered"):
            self.assertRegex(text, words)
        self.assertNotIn("hunter-example", text)

    def test_a_map_is_wrong_at_a_line(self):
        for words, text in (("bad.xml:3", '<map xmlns="urn:wardgate:map:1" id="a" kind="missing">\n<recognise labels="a"/>\n'
                                          '<field to="child/aeg" as="line" labels="a" source="t"/></map>'),
                            ("bad.xml:1", '<map xmlns="urn:wardgate:map:1" id="a" kind="mising"><recognise labels="a"/>'
                                          '<field to="child/age" as="line" labels="a" source="t"/></map>'),
                            ("bad.xml:2", '<map xmlns="urn:wardgate:map:1" id="a" kind="missing"><recognise labels="a"/>\n'
                                          '<field to="child/disability-kind[+]" as="code" table="disabilty" labels="a" source="t"/></map>')):
            self.expect(CONFIG, run("map", "test", self.write("bad.xml", text), REPORT), words)

    def test_a_map_from_standard_input(self):
        draft = self.expect(OK, run("map", "new", REPORT))
        self.assertIn('id="missing-report" kind="missing"', draft)  # named after the file; the kind is that of the map which knows it
        said = json.loads(self.expect(OK, run("map", "test", "--json", "-", REPORT, stdin=draft)))
        self.assertTrue(said["complete"], "all of it is known, so a draft is enough")

    def test_misuse(self):
        for words in (("map",), ("map", "new"), ("map", "test"), ("map", "list", "x"), ("map", "new", "--id", "A b", "x"), ("map", "old"),
                      ("map", "list", "--kind", "missing"), ("map", "new", "a", "b")):
            self.expect(USAGE, run(*words), "usage: wardgate map")
        self.expect(CONFIG, run("map", "new", "--kind", "mising", REPORT), 'did you mean "missing"')
        unknown = self.write("b.eml", "From: a@home.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain\n\nOdd label: 5\n")
        self.expect(CONFIG, run("map", "new", unknown), "--kind", "return-interview")
        self.expect(DATA, run("map", "test", ROOT / "tests/corpora/notice/missing-example.xml"), "is a notice already")

    def test_the_worked_form_of_the_manual(self):
        """adapters/maps/README.md teaches with a form and a map that do what it says."""
        text = (ROOT / "adapters/maps/README.md").read_text(encoding="utf-8")
        worked = text.split("## A worked form")[1].split("\n## ")[0]
        form, taught = (re.sub(r"(?m)^ {4}", "", b) for b in re.findall(r"(?m)((?:^ {4}.*\n)+)", worked))
        document, table = docx.Document(), None
        for line in form.splitlines():
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 1:
                document.add_heading(line, 1)
                table = None
                continue
            heading = table is None and len(cells) > 2
            table = table or document.add_table(0, len(cells))
            for cell, words in zip(table.add_row().cells, cells):
                cell.paragraphs[0].add_run(words).bold = heading
        document.save(self.folder / "worked.docx")
        said = json.loads(self.expect(OK, run("map", "test", "--json", self.write("specimen-house.xml", taught), self.folder / "worked.docx")))
        self.assertEqual(said["answered"], 14)
        places = {f["to"].split()[0] for f in said["forms"][0]["fields"]}
        self.assertLessEqual({"child/name/full", "missing/informant/name", "missing/informant/telephone", "sharing/consent", "missing/associate/address"}, places)


if __name__ == "__main__":
    unittest.main(verbosity=1)
