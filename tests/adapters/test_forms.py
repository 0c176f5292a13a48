#!/usr/bin/python3
"""The blank forms, filled in and read back through the real program.

Every question of every form has an answer in tests/corpora/forms. Written into the Word document and into the PDF, and read back by
`wardgate convert`, both give the notice that stands beside the answers, the same bytes below the header, and nobody is called to
look. The forms themselves are the same bytes whenever they are made.

After a change that is meant to alter the notices: test_forms.py --update, and read the difference.
"""
import difflib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

from lxml import etree

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = ROOT / "adapters/forms"
CORPUS = ROOT / "tests/corpora/forms"
FACTS = ["--id", "0" * 26, "--received", "2026-11-26T09:30:00Z", "--organisation", "derbyshire"]
ATTENTION = 10
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FORM = "{urn:wardgate:form:1}"


def answers_of(form):
    """Question to answer, as the file has them."""
    lines = (CORPUS / f"{form}.answers").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" = ", 1) for line in lines if line.strip()]
    return {label: value.replace("\\n", "\n") for label, value in pairs}


def questions_of(form):
    return [q.get("label") for q in etree.parse(FORMS / f"{form}.xml").getroot().iter(FORM + "question")]


def make(folder, **environment):
    subprocess.run([sys.executable, "-B", FORMS / "make.py", folder], check=True, env={**os.environ, **environment})
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())}


def write_control(control, answer):
    """What Word does when somebody fills in a control: the words, without the look of the prompt."""
    properties, content = control.find(W + "sdtPr"), control.find(W + "sdtContent")
    properties.remove(properties.find(W + "showingPlcHdr"))
    run = content.find(W + "r")
    for child in list(run):
        run.remove(child)
    for i, line in enumerate(answer.split("\n")):
        if i:
            etree.SubElement(run, W + "br")
        text = etree.SubElement(run, W + "t")
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        text.text = line


def fill_word(blank, answers):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blank)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                tree = etree.fromstring(data)
                left = dict(answers)
                for control in tree.iter(W + "sdt"):
                    write_control(control, left.pop(control.find(f"{W}sdtPr/{W}alias").get(W + "val")))
                if left:
                    raise AssertionError(f"no control for {sorted(left)}")
                data = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
            new.writestr(name, data)
    return out.getvalue()


def pdf_string(text):
    return b"<FEFF" + text.replace("\n", "\r").encode("utf-16-be").hex().upper().encode() + b">"


def unescaped(raw):
    return re.sub(rb"\\(.)", rb"\1", raw).decode("latin-1")


def fill_pdf(blank, answers):
    """What a program does that saves a filled form: the changed fields behind the old document, and where they are."""
    out = io.BytesIO(blank)
    out.seek(0, io.SEEK_END)
    left, places = dict(answers), {}
    for number, body in re.findall(rb"(?s)(\d+) 0 obj\n(.*?)\nendobj", blank):
        label = re.search(rb"/TU \(((?:\\.|[^\\)])*)\)", body)
        if label is None:
            continue
        value = pdf_string(left.pop(unescaped(label.group(1))))
        changed, n = re.subn(rb"/V \(\s*\)", lambda _, v=value: b"/V " + v, body)
        if n != 1:
            raise AssertionError(f"{label.group(1)}: not an empty field")
        places[int(number)] = out.tell()
        out.write(number + b" 0 obj\n" + changed + b"\nendobj\n")
    if left:
        raise AssertionError(f"no field for {sorted(left)}")
    start = out.tell()
    trailer = re.search(rb"(?s)trailer\n<<(.*?)>>\nstartxref\n(\d+)", blank)
    out.write(b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % place for place in sorted(places.items())))
    out.write(b"trailer\n<<" + trailer.group(1) + b"/Prev " + trailer.group(2) + b">>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def convert(wardgate, document, folder, name):
    """Exit status, notice, and everything that was said."""
    path, report = folder / name, folder / "report.xml"
    path.write_bytes(document)
    report.unlink(missing_ok=True)
    done = subprocess.run([wardgate, "convert", "--report", report, *FACTS, path], capture_output=True, timeout=150, check=False)
    said = done.stderr.decode()
    if done.returncode == ATTENTION and report.exists():
        fields = etree.parse(report).getroot()
        said += "".join(f"  {f.get('became') or f.get('what')}: {f.get('label')}: {f.get('note') or ''}\n" for f in fields
                        if (f.get("became") or f.get("what") or "placed") not in ("placed", "empty"))
    return done.returncode, done.stdout.decode(), said


def below_header(notice):
    return notice.partition("</header>")[2]


def difference(name, expected, got):
    return "\n".join(difflib.unified_diff(expected.splitlines(), got.splitlines(), f"{name} (expected)", f"{name} (got)", lineterm=""))


def round_trip(wardgate, form, blanks, folder, update):
    """The faults of one form."""
    answers, expected = answers_of(form), CORPUS / f"{form}.notice.xml"
    if list(answers) != questions_of(form):
        asked = questions_of(form)
        return [f"{form}.answers does not answer the questions of the form, in their order: "
                f"{sorted(set(asked) ^ set(answers)) or 'another order'}"]
    faults, notices = [], {}
    for ending, fill in (("docx", fill_word), ("pdf", fill_pdf)):
        status, notices[ending], said = convert(wardgate, fill(blanks[f"{form}.{ending}"], answers), folder, f"{form}.{ending}")
        if status != 0:
            faults.append(f"{form}.{ending}: exit status {status}: {said}")
    if below_header(notices["docx"]) != below_header(notices["pdf"]) or not below_header(notices["pdf"]):
        faults.append(f"{form}: Word and PDF give different notices:\n{difference(form, notices['docx'], notices['pdf'])}")
    if update:
        expected.write_text(notices["pdf"], encoding="utf-8")
    elif not expected.exists() or notices["pdf"] != expected.read_text(encoding="utf-8"):
        faults.append(difference(expected.name, expected.read_text(encoding="utf-8") if expected.exists() else "", notices["pdf"]))
    for ending in ("docx", "pdf"):
        status, _, said = convert(wardgate, blanks[f"{form}.{ending}"], folder, f"blank.{ending}")
        if status != ATTENTION:
            faults.append(f"{form}.{ending}, blank: exit status {status} instead of {ATTENTION}: {said}")
    return faults


def main():
    wardgate = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
    update = sys.argv[1:] == ["--update"]
    if sys.argv[1:] and not update:
        sys.exit(__doc__)
    if not os.access(wardgate, os.X_OK):
        sys.exit(f"{wardgate} is no program: build it, or name another in WARDGATE")
    forms = sorted(path.stem for path in FORMS.glob("*.xml"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        blanks = make(folder / "a", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1")
        faults = [] if blanks == make(folder / "b", TZ="UTC", PYTHONHASHSEED="2") else ["the same description gave different bytes"]
        if sorted(blanks) != sorted(f"{form}.{ending}" for form in forms for ending in ("docx", "pdf")):
            faults.append(f"made {sorted(blanks)}")
        for form in forms:
            faults += round_trip(wardgate, form, blanks, folder, update)
    for fault in faults:
        print(fault)
    print(f"{len(forms)} forms, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
