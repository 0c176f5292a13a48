#!/usr/bin/env python3
"""Makes the documents of this folder from their descriptions: make.py [NAME...]. The same description gives the same bytes.

NAME.form is the description (form.py says how it reads). After making, run test_convert_corpus.py --update documents-a and read the
notice against the description. Needs the Debian packages python3-docx, python3-odf, python3-reportlab, python3-openpyxl.
"""
import pathlib
import sys

import as_docx
import as_html
import as_mail
import as_odt
import as_pdf
import as_sheet
import form as forms

HERE = pathlib.Path(__file__).resolve().parent
MAKERS = {"docx": as_docx.make, "odt": as_odt.make, "pdf": as_pdf.make, "xlsx": as_sheet.make_xlsx, "csv": as_sheet.make_csv,
          "html": as_html.make}


def load(name):
    return forms.parse(name, (HERE / f"{name}.form").read_text(encoding="utf-8"))


def make(name):
    """The ending and the bytes of a document."""
    form = load(name)
    if form.kind != "eml":
        return form.kind, MAKERS[form.kind](form)
    attached = None
    if other := form.head.get("attach"):
        kind, data = make(other)
        attached = kind, form.head.get("attached-as", f"{other}.{kind}"), data
    return "eml", as_mail.make(form, attached)


def main():
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.form"))
    for name in names:
        ending, data = make(name)
        path = HERE / f"{name}.{ending}"
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
            print("made", path.name)


if __name__ == "__main__":
    main()
