#!/usr/bin/env python3
"""Every mail of tests/corpora/mail, converted by the real program, gives exactly the notice and the report that stand beside it.

NAME.notice.xml  what is printed; none where no map recognises the form
NAME.report.xml  the extraction report; only where a person must look, so its presence is the expected exit status: 10 with it, 0 without

After a change that is meant to alter them: test_convert_corpus.py --update, and read the difference.
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILS = ROOT / "tests/corpora/mail"
SCHEMA = ROOT / "xsd/wardgate/1/notice.xsd"
FACTS = ["--id", "0" * 26, "--received", "2026-11-22T09:30:00Z", "--organisation", "staffordshire-police"]
ATTENTION = 10
MAILS_AT_LEAST = 40
WHOLE_AT_LEAST = 30  # of them placed wholly: exit 0
LOOKED_AT_AT_LEAST = 8  # and these deliberately not
SECRETS = [b"Sample-Pass-123"]  # stand in the mails, and may stand nowhere behind them


def convert(wardgate, mail, folder):
    """Exit status, notice, report and messages of one conversion; a notice or report that is not there is None."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run([wardgate, "convert", "--report", report, *FACTS, mail], capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout or None, report.read_bytes() if report.exists() else None, done.stderr


def difference(path, expected, got):
    """What differs, as a maintainer reads it."""
    old, new = ((b or b"").decode("utf-8", "replace").splitlines() for b in (expected, got))
    lines = difflib.unified_diff(old, new, f"{path.name} (expected)", f"{path.name} (got)", lineterm="")
    return "\n".join(lines) or "differs in bytes that are no text"


def valid(notice):
    """None, or what xmllint says against the notice."""
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, notice], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def read(path):
    return path.read_bytes() if path.exists() else None


def check(wardgate, mail, folder):
    """The faults of one mail."""
    notice, report = mail.with_suffix(".notice.xml"), mail.with_suffix(".report.xml")
    expected = read(notice), read(report)
    status, got, got_report, said = convert(wardgate, mail, folder)
    faults = []
    if expected == (None, None):
        faults.append(f"has neither {notice.name} nor {report.name}: run with --update, and read what it wrote")
    if status != (ATTENTION if expected[1] else 0):
        faults.append(f"exit status {status}, and {report.name} {'stands' if expected[1] else 'does not stand'} beside it\n{said.decode()}")
    if got != expected[0]:
        faults.append(difference(notice, expected[0], got))
    if expected[1] and got_report != expected[1]:
        faults.append(difference(report, expected[1], got_report))
    if status == ATTENTION and not said.startswith(b"wardgate convert: a person must look: "):
        faults.append(f"asks for a person without saying why: {said!r}")
    if any(secret in part for secret in SECRETS for part in (got or b"", got_report or b"", said)):
        faults.append("a password was carried")
    if expected[0] and not expected[1] and (complaint := valid(notice)):
        faults.append(f"{notice.name} is not valid\n{complaint}")
    return faults


def update(wardgate, mail, folder):
    """Writes what the program says now."""
    status, notice, report, said = convert(wardgate, mail, folder)
    if status not in (0, ATTENTION):
        sys.exit(f"{mail.name}: exit status {status}: {said.decode()}")
    for suffix, content in ((".notice.xml", notice), (".report.xml", report if status == ATTENTION else None)):
        path = mail.with_suffix(suffix)
        if read(path) == content:
            continue
        print(("wrote " if content else "removed ") + path.name)
        if content:
            path.write_bytes(content)
        else:
            path.unlink()


def strays():
    """Expectations whose mail is gone."""
    known = {mail.stem for mail in MAILS.glob("*.eml")}
    for kind in ("notice", "report", "fields"):
        for path in sorted(MAILS.glob(f"*.{kind}.xml")):
            if path.name.removesuffix(f".{kind}.xml") not in known:
                yield f"{path.name} has no mail"


def counts(mails):
    """The corpus is as large as it is meant to be."""
    looked_at = sum(mail.with_suffix(".report.xml").exists() for mail in mails)
    for what, have, want in (("mails", len(mails), MAILS_AT_LEAST), ("placed wholly", len(mails) - looked_at, WHOLE_AT_LEAST),
                             ("for a person", looked_at, LOOKED_AT_AT_LEAST)):
        if have < want:
            yield f"the corpus has {have} {what}, and should have {want}"


def main():
    wardgate = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
    if not os.access(wardgate, os.X_OK):
        sys.exit(f"{wardgate} is no program: build it, or name another in WARDGATE")
    mails = sorted(MAILS.glob("*.eml"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if sys.argv[1:] == ["--update"]:
            for mail in mails:
                update(wardgate, mail, folder)
            return 0
        if sys.argv[1:]:
            sys.exit(__doc__)
        for mail in mails:
            faults = check(wardgate, mail, folder)
            passed, failed = passed + (not faults), failed + bool(faults)
            for fault in faults:
                print(f"{mail.name}: {fault}")
    for fault in [*strays(), *counts(mails)]:
        print(fault)
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
