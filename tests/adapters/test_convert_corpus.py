#!/usr/bin/env python3
"""Every document of the corpora, converted by the real program, gives exactly the notice and the report that stand beside it.

NAME.notice.xml  what is printed; none where no map recognises the form
NAME.report.xml  the extraction report; only where a person must look, so its presence is the expected exit status: 10 with it, 0 without

A document that divides (a table, one notice a row) has NAME.001.notice.xml, NAME.001.report.xml and so on, in its own order.

After a change that is meant to alter them: test_convert_corpus.py --update [FOLDER...], and read the difference.
"""
import collections
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = ROOT / "tests/corpora"
SCHEMA = ROOT / "xsd/wardgate/1/notice.xsd"
FACTS = ["--id", "0" * 26, "--received", "2026-11-22T09:30:00Z", "--organisation", "staffordshire-police"]
ATTENTION = 10
ENDINGS = {".eml", ".docx", ".odt", ".pdf", ".xlsx", ".csv", ".html", ".xml"}
BESIDE = re.compile(r"(?P<name>.+?)(\.(?P<part>\d{3}))?\.(?P<kind>notice|report|fields)\.xml")
# How many there must be in a folder: documents, of them placed wholly (exit 0), and deliberately not.
FOLDERS = {"mail": (63, 43, 19), "html": (6, 4, 2), "documents-a": (95, 81, 14), "documents-b": (65, 55, 6)}
DOCUMENTS_AT_LEAST = 220
SECRETS = [b"Sample-Pass-123"]  # stand in the documents, and may stand nowhere behind them

Part = collections.namedtuple("Part", "suffix notice report")  # suffix: "" or ".001"; what is not there is None


def documents(folder):
    """The documents of a corpus, without what stands beside them."""
    return sorted(p for p in folder.glob("*") if p.suffix in ENDINGS and not BESIDE.fullmatch(p.name))


def split(many):
    """Several XML documents, one behind the other."""
    return [b"<?xml " + part for part in (many or b"").split(b"<?xml ")[1:]]


def convert(wardgate, document, folder):
    """Exit status, parts and messages of one conversion. Reports come for every part, in order; a report without a map has no notice."""
    path = folder / "report.xml"
    path.unlink(missing_ok=True)
    done = subprocess.run([wardgate, "convert", "--report", path, *FACTS, document], capture_output=True, timeout=150, check=False)
    notices, reports = split(done.stdout), split(path.read_bytes() if path.exists() else None)
    if len(reports) < 2:
        report = reports[0] if reports and done.returncode == ATTENTION else None
        return done.returncode, [Part("", done.stdout or None, report)], done.stderr
    parts = []
    for number, report in enumerate(reports, 1):
        notice = notices.pop(0) if b' map=""' not in report and notices else None
        parts.append(Part(f".{number:03}", notice, report if b' attention="true"' in report else None))
    if notices:
        sys.exit(f"{document.name}: more notices than reports")
    return done.returncode, parts, done.stderr


def beside(document, part, kind):
    return document.with_name(f"{document.stem}{part}.{kind}.xml")


def read(path):
    return path.read_bytes() if path.exists() else None


def expectations(document):
    """What stands beside a document, as parts."""
    found = [BESIDE.fullmatch(p.name) for p in document.parent.glob(f"{document.stem}.*.xml")]
    numbers = sorted({m["part"] for m in found if m and m["name"] == document.stem and m["part"]})
    suffixes = [f".{n}" for n in numbers] or [""]
    return [Part(s, read(beside(document, s, "notice")), read(beside(document, s, "report"))) for s in suffixes]


def difference(path, expected, got):
    """What differs, as a maintainer reads it."""
    old, new = ((b or b"").decode("utf-8", "replace").splitlines() for b in (expected, got))
    lines = difflib.unified_diff(old, new, f"{path.name} (expected)", f"{path.name} (got)", lineterm="")
    return "\n".join(lines) or "differs in bytes that are no text"


def valid(notice):
    """None, or what xmllint says against the notice."""
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, notice], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def check_part(document, want, got):
    """The faults of one part."""
    notice, report = beside(document, want.suffix, "notice"), beside(document, want.suffix, "report")
    if want.notice is None and want.report is None:
        yield f"has neither {notice.name} nor {report.name}: run with --update, and read what it wrote"
    if got.notice != want.notice:
        yield difference(notice, want.notice, got.notice)
    if got.report != want.report:
        yield difference(report, want.report, got.report)
    if want.notice and not want.report and (complaint := valid(notice)):
        yield f"{notice.name} is not valid\n{complaint}"


def check(wardgate, document, folder):
    """The faults of one document."""
    expected = expectations(document)
    status, parts, said = convert(wardgate, document, folder)
    for want, got in zip(expected, parts):
        yield from check_part(document, want, got)
    if len(parts) != len(expected):
        yield f"gives {len(parts)} notices or reports, and {len(expected)} stand beside it"
    due = ATTENTION if any(part.report for part in expected) else 0
    if status != due:
        yield f"exit status {status}, and {due} is due by what stands beside it\n{said.decode()}"
    if status == ATTENTION and not re.match(rb"wardgate convert: ([^:\n]+: )?a person must look: ", said):
        yield f"asks for a person without saying why: {said!r}"
    written = [said, *(text for part in parts for text in (part.notice, part.report) if text)]
    if any(secret in text for secret in SECRETS for text in written):
        yield "a password was carried"


def write(path, content):
    if read(path) == content:
        return
    print(("wrote " if content else "removed ") + path.name)
    if content:
        path.write_bytes(content)
    else:
        path.unlink()


def update(wardgate, document, folder):
    """Writes what the program says now."""
    status, parts, said = convert(wardgate, document, folder)
    if status not in (0, ATTENTION):
        print(f"{document.name}: NOT READ, exit status {status}: {said.decode().strip()}")
        return
    for gone in {p.suffix for p in expectations(document)} - {p.suffix for p in parts}:
        for kind in ("notice", "report"):
            write(beside(document, gone, kind), None)
    for part in parts:
        write(beside(document, part.suffix, "notice"), part.notice)
        write(beside(document, part.suffix, "report"), part.report)


def strays(folder):
    """Expectations whose document is gone, and documents that would share theirs."""
    known = collections.Counter(document.stem for document in documents(folder))
    for path in sorted(folder.glob("*.xml")):
        if (m := BESIDE.fullmatch(path.name)) and m["name"] not in known:
            yield f"{folder.name}/{path.name} has no document"
    for path in sorted(folder.glob("*.form")):
        if path.stem not in known:
            yield f"{folder.name}/{path.name} describes a document that was not made: run make.py"
    for stem, count in known.items():
        if count > 1:
            yield f"{folder.name}/{stem}: {count} documents have this name"


def counts(name, found):
    """A corpus is as large as it is meant to be."""
    looked_at = sum(any(part.report for part in expectations(document)) for document in found)
    have = len(found), len(found) - looked_at, looked_at
    kinds = collections.Counter(document.suffix[1:] for document in found)
    print(f"{name}: {have[0]} documents ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}), "
          f"{have[1]} placed wholly, {have[2]} for a person")
    for what, there, want in zip(("documents", "placed wholly", "for a person"), have, FOLDERS[name]):
        if there < want:
            yield f"{name} has {there} {what}, and should have {want}"


def main():
    wardgate = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
    if not os.access(wardgate, os.X_OK):
        sys.exit(f"{wardgate} is no program: build it, or name another in WARDGATE")
    updating = sys.argv[1:2] == ["--update"]
    names = sys.argv[2:] if updating and sys.argv[2:] else list(FOLDERS)
    if (sys.argv[1:] and not updating) or set(names) - set(FOLDERS):
        sys.exit(__doc__)
    corpora = {name: documents(CORPORA / name) for name in names}
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for document in (d for found in corpora.values() for d in found):
            if updating:
                update(wardgate, document, folder)
                continue
            faults = list(check(wardgate, document, folder))
            passed, failed = passed + (not faults), failed + bool(faults)
            for fault in faults:
                print(f"{document.parent.name}/{document.name}: {fault}")
    if updating:
        return 0
    faults = [fault for name, found in corpora.items() for fault in (*strays(CORPORA / name), *counts(name, found))]
    if (total := sum(map(len, corpora.values()))) < DOCUMENTS_AT_LEAST:
        faults.append(f"{total} documents in all, and there should be {DOCUMENTS_AT_LEAST}")
    print("\n".join(faults + [f"{passed} passed, {failed + len(faults)} failed"]))
    return 1 if failed or faults else 0


if __name__ == "__main__":
    sys.exit(main())
