#!/usr/bin/python3
"""Makes the blank forms: a Word document and a fillable PDF of every description (*.xml) beside this file.

usage: make.py FOLDER [NAME...]

The same description gives the same bytes, whenever and wherever it is made. What a description may say: xsd/form.xsd.
"""
import dataclasses
import pathlib
import sys

from lxml import etree

import fillable
import word

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = HERE.parents[1] / "xsd/form.xsd"
NS = "{urn:wardgate:form:1}"
YES_NO = ["Yes", "No", "Not known"]


@dataclasses.dataclass
class Question:
    label: str
    answer: str
    help: str
    lines: int
    options: list
    group: str  # of its section, as one word
    name: str  # of its own, as one word


@dataclasses.dataclass
class Section:
    title: str
    notes: list
    questions: list


@dataclasses.dataclass
class Form:
    id: str
    title: str
    purpose: str
    version: str
    guidance: list
    sections: list


def slug(text):
    """A name for programs: small letters, digits and hyphens."""
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower().replace("'", ""))
    return "-".join(letters.split())


def words(node):
    return " ".join((node.text or "").split())


def question(node, group):
    answer = node.get("answer", "line")
    options = YES_NO if answer == "yes-no" else [words(o) for o in node.findall(NS + "option")]
    return Question(node.get("label"), answer, node.get("help", ""), int(node.get("lines", "3")) if answer == "long" else 1, options, group,
                    slug(node.get("label")))


def section(node):
    group = slug(node.get("title"))
    return Section(node.get("title"), [words(n) for n in node.findall(NS + "note")], [question(q, group) for q in node.findall(NS + "question")])


def load(path):
    """The form of a description; a mistake in it ends the program with file and line."""
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError as fault:
        sys.exit(f"{path.name}: {fault}")
    if not schema.validate(root):
        sys.exit("\n".join(f"{path.name}:{e.line}: {e.message}" for e in schema.error_log))
    for node in root.iter(NS + "question"):
        wants = node.get("answer", "").startswith("choice")
        if wants != (node.find(NS + "option") is not None):
            sys.exit(f"{path.name}:{node.sourceline}: {'a choice needs options' if wants else 'only a choice has options'}: {node.get('label')}")
    return Form(root.get("id"), words(root.find(NS + "title")), words(root.find(NS + "purpose")), root.get("version"),
                [words(g) for g in root.findall(NS + "guidance")], [section(s) for s in root.findall(NS + "section")])


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if sys.argv[1:] else 64
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(HERE.glob("*.xml")):
        if sys.argv[2:] and path.stem not in sys.argv[2:]:
            continue
        form = load(path)
        (folder / f"{form.id}.docx").write_bytes(word.make(form))
        (folder / f"{form.id}.pdf").write_bytes(fillable.make(form))
    return 0


if __name__ == "__main__":
    sys.exit(main())
