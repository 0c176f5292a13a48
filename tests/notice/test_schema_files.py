#!/usr/bin/env python3
"""The schema as files: another validator takes every example, the reference names everything, the codes say where they come from."""
import os
import pathlib
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
XSD = ROOT / "xsd/wardgate/1"
EXAMPLES = ROOT / "tests/corpora/notice"
PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
XS = "{http://www.w3.org/2001/XMLSchema}"
WG = "{urn:wardgate:schema:1}"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def schema(*words):
    return subprocess.run([PROGRAM, "schema", *words], capture_output=True, text=True, timeout=60)


def documents():
    return [ET.parse(path).getroot() for path in sorted(XSD.glob("*.xsd"))]


def kinds():
    for root in documents():
        for kind in root.findall(f"{XS}simpleType[@name='kind']/{XS}restriction/{XS}enumeration"):
            yield kind


def lists():
    for root in documents():
        for simple in root.findall(f"{XS}simpleType"):
            if simple.find(f"{XS}restriction/{XS}enumeration") is not None:
                yield simple


class Examples(unittest.TestCase):
    def test_xmllint_takes_every_example(self):
        names = [kind.get("value") for kind in kinds()]
        self.assertGreater(len(names), 40)
        files = [str(EXAMPLES / f"{name}.xml") for name in names]
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", str(XSD / "notice.xsd"), *files],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_xmllint_refuses_what_we_refuse(self):
        text = (EXAMPLES / "return-interview.xml").read_text().replace("OFFERED_ACCEPTED_COMPLETED", "OFFERED_PERHAPS")
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", str(XSD / "notice.xsd"), "-"], input=text,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_the_readme_names_every_kind_and_file(self):
        readme = (ROOT / "xsd/README.md").read_text()
        for kind in kinds():
            self.assertTrue(f"`{kind.get('value')}`" in readme, kind.get("value"))
        for path in XSD.glob("*.xsd"):
            self.assertTrue(f"`{path.name}`" in readme, path.name)


    def test_the_pieces_in_the_readme_are_valid(self):
        bodies = {}
        for kind in kinds():
            bodies.setdefault(kind.findtext(f"{XS}annotation/{XS}appinfo/{WG}body"), kind.get("value"))
        seen = set()
        for block in re.split(r"\n\n", (ROOT / "xsd/README.md").read_text()):
            body = re.match(r"    <([a-z-]+)>", block)
            if body is None or body.group(1) not in bodies:
                continue
            seen.add(body.group(1))
            text = (f'<notice xmlns="urn:wardgate:notice:1" id="a" kind="{bodies[body.group(1)]}" version="1">'
                    f'<header><sender organisation="a"/></header><child/><authorities/>{block}</notice>')
            done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", str(XSD / "notice.xsd"), "-"], input=text,
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, block + done.stderr)
        self.assertGreater(len(seen), 9)


class Codes(unittest.TestCase):
    def test_every_public_list_names_scheme_and_source(self):
        ours = {"kind", "answer", "looked-after", "precision", "relation", "area", "answer-state", "answer-reason", "item-fault",
                "photograph-type", "confirmation", "alert-state", "category", "consent-by", "consent-competent", "consent-form"}
        for simple in lists():
            scheme = simple.find(f"{XS}annotation/{XS}appinfo/{WG}scheme")
            self.assertEqual(scheme is None, simple.get("name") in ours, simple.get("name"))
            if scheme is not None:
                self.assertRegex(scheme.get("id"), r"^[a-z0-9-]+$")
                self.assertGreater(len(scheme.get("source")), 5)

    def test_dates_are_days_and_in_order(self):
        dated = 0
        for simple in lists():
            for code in simple.iter(f"{WG}code"):
                days = [code.get(name) for name in ("from", "until") if code.get(name) is not None]
                self.assertTrue(days)
                self.assertTrue(all(DAY.fullmatch(day) for day in days), days)
                self.assertEqual(days, sorted(days))
                dated += 1
        self.assertGreater(dated, 8)


class Reference(unittest.TestCase):
    def test_every_declaration_is_in_it(self):
        for words, escape in ((("doc",), lambda s: s.replace("_", "\\_")), (("doc", "--html"), lambda s: s)):
            done = schema(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for root in documents():
                for element in root.iter(f"{XS}element"):
                    name = element.get("name")
                    self.assertTrue(re.search(rf"\b{re.escape(name)}\b", done.stdout), name)
                for code in root.iter(f"{XS}enumeration"):
                    self.assertTrue(escape(code.get("value")) in done.stdout, code.get("value"))
                for scheme in root.iter(f"{WG}scheme"):
                    self.assertTrue(scheme.get("id") in done.stdout, scheme.get("id"))

    def test_html_is_whole(self):
        root = ET.fromstring(schema("doc", "--html").stdout.replace("<!DOCTYPE html>\n", "").replace('<meta charset="UTF-8">', ""))
        self.assertEqual([h.text for h in root.iter("h2")], ["Kinds of notice", "Parts of a notice", "Code lists"])
        self.assertGreater(len(root.findall(".//tr")), 1500)
        self.assertFalse([e for e in root.iter() if e.tag in ("script", "a", "img", "link")])

    def test_paths(self):
        every = schema("paths").stdout.splitlines()
        self.assertGreater(len(every), 1400)
        one = schema("paths", "return-interview").stdout.splitlines()
        self.assertLess(set(one), set(every))
        self.assertTrue([line for line in one if re.match(r"interview/account/why-left +text +child-account", line)])
        self.assertFalse([line for line in one if line.startswith("missing/")])
        self.assertTrue([line for line in every if line.startswith("child/telephone[+]/@network ")])

    def test_misuse(self):
        self.assertIn('did you mean "return-interview"?', schema("paths", "return-intervew").stderr)
        for words, status in (((), 64), (("doc", "x"), 64), (("paths", "--html"), 64), (("doc", "--html", "--markdown"), 64),
                              (("paths", "nothing"), 78)):
            self.assertEqual(schema(*words).returncode, status, words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
