#!/usr/bin/python3
"""The same interview in every kind of document that people send gives the same notice, byte for byte below the header.

The documents are made from one description by the makers of tests/corpora/documents-a, and read by the real program. XML, as a case
system exports it, is made here. And `convert --into` writes what it prints.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/corpora/documents-a"))

import as_mail  # noqa: E402
import form as forms  # noqa: E402
import make  # noqa: E402

FACTS = ["--id", "0" * 26, "--received", "2026-11-22T09:30:00Z", "--organisation", "derby"]
INTERVIEW = """\
as: {kind}
title: Return home interview
from: Sal Standin <sal.standin@agency.example>
to: missing@council.example
subject: Return home interview

Name of child | Tess Example
Date of birth | 14/03/2011
Police incident number | DP-20261116-0412
Placing authority | Derby City Council
Date and time of interview | 18/11/2026 16:30
Where did the interview take place? | Specimen Lodge, the small lounge
Name of interviewer | Sal Standin
Was the interview held within 72 hours of return? | [x] Yes [ ] No
How did you leave? | Out of the fire door by the kitchen.
Why did you go? | I was angry. Kit had asked me to come out.
Where did you go? | Sample Park, then a flat on Mockup Parade
Who were you with? | Kit Placeholder and his cousin
Did you self-harm whilst missing? | No
How did you get back? | Walked, then the bus
"""
NOTE = """\
as: eml plain
from: Sal Standin <sal.standin@agency.example>
to: missing@council.example
subject: Return home interview

> Please see the attached form.
"""
LAYOUTS = ["docx table", "docx pairs", "docx below", "docx paragraphs", "docx controls", "odt table", "odt paragraphs", "pdf form", "pdf tips",
           "html table", "html cells", "html paragraphs", "html list", "eml plain", "eml html", "xlsx form", "csv form"]
ATTACHED = ["docx table", "docx controls", "odt table", "pdf form", "html table", "xlsx form"]


def described(kind):
    return forms.parse("same", INTERVIEW.format(kind=kind))


def as_xml(form):
    """What a case system exports: an element for each box, named by its label."""
    lines = ["<?xml version=\"1.0\"?>", "<ReturnHomeInterview>"]
    for field in form.fields():
        name = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", field.label))
        value = "; ".join(words for ticked, words in field.ticks if ticked) if field.ticks else field.value
        lines.append(f"  <{name}>{value}</{name}>")
    return "\n".join(lines + ["</ReturnHomeInterview>", ""]).encode()


def documents():
    """(what, ending, bytes) of all."""
    for kind in LAYOUTS:
        form = described(kind)
        yield kind, form.kind, as_mail.make(form) if form.kind == "eml" else make.MAKERS[form.kind](form)
    for kind in ATTACHED:
        form = described(kind)
        attached = form.kind, f"interview.{form.kind}", make.MAKERS[form.kind](form)
        yield f"{kind}, attached", "eml", as_mail.make(forms.parse("note", NOTE), attached)
    yield "xml", "xml", as_xml(described("xml"))


def convert(path, *more):
    return subprocess.run([os.environ["WARDGATE"], "convert", *FACTS, *more, path], capture_output=True, timeout=150, check=False)


def below_header(notice):
    head, end, body = notice.partition(b"</header>")
    return body if end else head


def check_same(folder):
    """The faults: what is read otherwise than the first, or not wholly."""
    first = None
    for number, (what, ending, data) in enumerate(documents()):
        path = folder / f"{number:02}.{ending}"
        path.write_bytes(data)
        done = convert(path)
        body = below_header(done.stdout)
        if done.returncode != 0 or b"<interview" not in body:
            yield f"{what}: exit status {done.returncode}: {done.stderr.decode(errors='replace').strip()}"
        elif first is None:
            first = body
        elif body != first:
            yield f"{what}: another notice:\n{body.decode()}\ninstead of\n{first.decode()}"


def check_into(folder):
    """--into writes a file for each row, and exactly what is printed without it."""
    path = folder / "rows.csv"
    path.write_text("Full name,Date of birth,Police incident number,Last seen,Last seen location\r\n"
                    "Tess Example,14/03/2011,LP-20261121-0601,21/11/2026 16:30,Sample Street\r\n"
                    "Robin Specimen,01/02/2010,LP-20261121-0602,not a time,Sample House\r\n", encoding="ascii")
    printed, done = convert(path), convert(path, "--into", folder / "notices")
    names = sorted(p.name for p in (folder / "notices").iterdir())
    written = b"".join((folder / "notices" / name).read_bytes() for name in names if not name.endswith(".report.xml"))
    if names != ["001.xml", "002.report.xml", "002.xml"]:
        yield f"--into wrote {names}"
    if done.stdout or not written or written != printed.stdout:
        yield "--into wrote something else than is printed"
    if (printed.returncode, done.returncode) != (10, 10) or b"2 rows" not in done.stderr:
        yield f"exit status {done.returncode}: {done.stderr.decode()}"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        faults = [*check_same(folder), *check_into(folder)]
    print(*faults, sep="\n\n")
    print(f"{len(LAYOUTS) + len(ATTACHED) + 1} documents, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
