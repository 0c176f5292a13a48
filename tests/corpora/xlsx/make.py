#!/usr/bin/env python3
"""Makes the workbooks of this folder, the same bytes every time: make.py [FOLDER]. Needs openpyxl.

What spreadsheet programs write comes from openpyxl; what no honest program writes is made by changing parts of that.
"""
import datetime
import io
import pathlib
import re
import sys
import zipfile

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

HERE = pathlib.Path(__file__).resolve().parent
LONG_AGO = (2026, 1, 5, 9, 0, 0)
HEADINGS = ["Person ID", "Name", "DOB", "Missing from", "Returned", "Looked after", "Placing authority"]
EPISODES = [
    ["P-1001", "EXAMPLE, Tess", datetime.date(2011, 3, 14), datetime.datetime(2026, 11, 20, 21, 40), datetime.datetime(2026, 11, 21, 6, 5), True, "Derby"],
    ["P-1002", "SPECIMEN, Robin", datetime.date(2010, 7, 2), datetime.datetime(2026, 11, 19, 17, 0), None, False, "Stoke-on-Trent"],
    ["P-1003", "SAMPLE, Alex", datetime.date(2012, 12, 31), datetime.datetime(2026, 11, 18, 8, 30), datetime.datetime(2026, 11, 18, 22, 15), True, "Leicester"],
]
FORM = [("Name of child", "Tess Example"), ("DOB", datetime.date(2011, 3, 14)), ("Placement address", "1 Example Road\nSampletown\nZZ9 9ZZ"),
        ("Telephone", "01632 960123"), ("Risk", "☐ Low  ☒ Medium  ☐ High"), ("Nickname", None)]


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shared(data):
    """The same with its texts in a part of their own, as the usual spreadsheet program writes them; openpyxl writes them into the cells."""
    texts = []

    def text(match):
        if match[2] not in texts:
            texts.append(match[2])
        return b'%s t="s"><v>%d</v></c>' % (match[1], texts.index(match[2]))

    def change(name, content):
        if name.startswith("xl/worksheets/sheet"):
            content = re.sub(rb'(<c [^>]*?) t="inlineStr"><is>(<t.*?</t>)</is></c>', text, content, flags=re.S)
        elif name == "xl/_rels/workbook.xml.rels":
            content = content.replace(b"</Relationships>", b'<Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                                      b'sharedStrings" Target="sharedStrings.xml" Id="rId99"/></Relationships>')
        return content
    with_numbers = repack(data, change, plain=True)
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    part = b'<sst xmlns="%s">%s</sst>' % (namespace, b"".join(b"<si>%s</si>" % text for text in texts))
    return repack(with_numbers, extra=[("xl/sharedStrings.xml", part)], plain=True)


def repack(data, change=lambda name, content: content, extra=(), plain=False):
    """With its texts apart (unless plain) the same entries without the time; change(name, content) may change one (None: leave it out); extra are added."""
    data = data if plain else shared(data)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        parts = [(info.filename, source.read(info.filename)) for info in source.infolist()]
        for name, content in [*parts, *extra]:
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>2026-01-05T09:00:00Z", content)
            content = change(name, content)
            if content is None:
                continue
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(entry, content)
    return out.getvalue()


def table(rows=EPISODES, title=None, name="Episodes"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    if title:
        sheet.append([title])
        sheet.append([])
    sheet.append(HEADINGS)
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, datetime.datetime):
                cell.number_format = "dd/mm/yyyy hh:mm"
            elif isinstance(cell.value, datetime.date):
                cell.number_format = "dd/mm/yyyy"
    return book


def form(rows=FORM, bold=True):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Form"
    sheet.append(["Placement notice"])
    sheet.merge_cells("A1:B1")
    sheet.append(["Child"])
    for label, value in rows:
        sheet.append([label, value])
        sheet.cell(sheet.max_row, 1).font = Font(bold=bold)
    return book


def replaced(part, old, new):
    def change(name, content):
        if name != part:
            return content
        if old not in content:
            sys.exit(f"{part} has no {old}")
        return content.replace(old, new, 1)
    return change


def numbers():
    """Every kind of number that a cell shows as something else."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Numbers"
    cells = [("whole", 42, "General"), ("telephone", 1632960123, "00000000000"), ("fraction", 0.1, "General"), ("percent", 0.25, "0%"),
             ("date", 40616, "dd/mm/yyyy"), ("date of a text format", 40616, '"on" d mmm yyyy'), ("date and time", 46346.9027777778, "dd/mm/yyyy hh:mm"),
             ("date with a time behind it", 46346.5, "dd/mm/yyyy"), ("time", 0.902777777777778, "hh:mm"), ("elapsed", 1.5, "[h]:mm"),
             ("before the day that never was", 59, "dd/mm/yyyy"), ("behind it", 61, "dd/mm/yyyy"), ("leap day", 45351, "dd/mm/yyyy"),
             ("coloured number", 7, "[Red]0.00"), ("month", 46327, "mmm yyyy"), ("negative", -3, "0"), ("big", 123456789012, "0"), ("yes", True, "General")]
    for label, value, number_format in cells:
        sheet.append([label + ":", value])
        sheet.cell(sheet.max_row, 2).number_format = number_format
    return book


def with_inner_table():
    book = form()
    sheet = book.active
    sheet.append([])
    sheet.append(["Associates"])
    sheet.append(["Name", "Relationship", "Address", "Telephone"])
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    sheet.append(["Kit Placeholder", "friend", "2 Example Road", "07700 900123"])
    sheet.append(["Sam Sample", "cousin", None, "07700 900124"])
    second = book.create_sheet("Addresses")
    second.append(["Address", "Who lives there", "Why"])
    second.append(["3 Example Road", "aunt", "was found there"])
    second.append(["4 Example Road", "unknown", None])
    return book


def merged():
    """The child's name once for two episodes."""
    book = table([EPISODES[0], [None, None, None, *EPISODES[1][3:]]])
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("B2:B3")
    book.active.merge_cells("C2:C3")
    return book


def hidden():
    book = table()
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["G"].hidden = True
    other = book.create_sheet("Old")
    other.append(["left", "over", "words"])
    other.sheet_state = "hidden"
    return book


def options():
    """A hidden sheet that only holds the options of a list."""
    book = form()
    lists = book.create_sheet("Lists")
    for word in ("Low", "Medium", "High"):
        lists.append([word])
    lists.sheet_state = "hidden"
    check = DataValidation(type="list", formula1="=Lists!$A$1:$A$3")
    book.active.add_data_validation(check)
    check.add("B7")
    return book


def formulas():
    book = table([EPISODES[0]])
    book.active["B2"] = '=HYPERLINK("http://attacker.example/","EXAMPLE, Tess")'
    book.active["A2"] = "=1+1"
    return book


def cached():
    """A formula as a spreadsheet program saves it: with its result."""
    return repack(saved(formulas()), replaced("xl/worksheets/sheet1.xml", b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"))


def comments():
    book = form()
    book.active["B3"].comment = Comment("Ask the social worker first.", "Desk")
    return book


def empty_rows():
    book = table([EPISODES[0]])
    book.active.append([])
    book.active.append([])
    book.active.append(EPISODES[1])
    book.active["D6"].number_format = "dd/mm/yyyy hh:mm"
    book.active.append([])
    book.active.append(["End of report"])
    return book


def four_across():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Surname:", "Example", "Forename:", "Tess"])
    sheet.append(["DOB:", "14/03/2011", "Sex:", "Female"])
    sheet.append(["What happened?"])
    sheet.append(["Left after tea.\nNot seen since."])
    for row in (3, 4):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=4)
    return book


def ambiguous():
    book = form(bold=False)
    book.active.append(["Name", "of", "a", "friend"])
    book.active.append(["Kit", "or", "Sam", "Sample"])
    return book


def million(declared):
    """A sheet that says that it has a million rows, or has 30,000 that are empty."""
    rows = b"".join(b'<row r="%d"/>' % n for n in range(5, 30005)) if not declared else b""
    def change(name, content):
        if name != "xl/worksheets/sheet1.xml":
            return content
        if declared:
            return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:G1048576"', content)
        return content.replace(b"</sheetData>", rows + b"</sheetData>")
    return repack(saved(table()), change)


def rows_2001():
    return table([[f"P-{n}", *EPISODES[0][1:]] for n in range(2001)])


def content_type(old, new):
    return replaced("[Content_Types].xml", old, new)


def make():
    """Names and bytes."""
    plain = saved(table())
    yield "01-three-rows", repack(plain)
    yield "02-one-row", repack(saved(table([EPISODES[0]], "Missing episodes, November 2026")))
    yield "03-form", repack(saved(form()))
    yield "04-numbers", repack(saved(numbers()))
    yield "05-numbers-1904", repack(saved(numbers()), replaced("xl/workbook.xml", b"<workbookPr", b'<workbookPr date1904="1"'))
    yield "06-inner-tables", repack(saved(with_inner_table()))
    yield "07-merged-rows", repack(saved(merged()))
    yield "08-hidden", repack(saved(hidden()))
    yield "09-options-hidden", repack(saved(options()))
    yield "10-formula-without-result", repack(saved(formulas()))
    yield "11-formula-with-result", cached()
    yield "12-comments", repack(saved(comments()))
    yield "13-empty-rows", repack(saved(empty_rows()))
    yield "14-four-across", repack(saved(four_across()))
    yield "15-ambiguous-rows", repack(saved(ambiguous()))
    two = table([EPISODES[0]])
    two.create_sheet("Second").append(HEADINGS)
    two["Second"].append(["P-9", "OTHER, Kit", "01/02/2012", "20/11/2026 10:00", None, "yes", "Derby"])
    yield "16-two-sheets", repack(saved(two))
    yield "17-escapes", repack(saved(form([("Notes:", "one_x000D_\ntwo & <three> _x005F_x0041_")])))
    yield "18-inline", repack(saved(form([("Name:", "Tess")])), plain=True, change=replaced(
        "xl/worksheets/sheet1.xml", b'<c r="B3" t="inlineStr"><is><t>Tess</t></is></c>',
        b'<c r="B3" t="inlineStr"><is><r><t>Tess </t></r><r><t>Example</t></r><rPh sb="0" eb="1"><t>spoken</t></rPh></is></c>'))
    yield "19-errors", repack(saved(form([("Name:", "Tess"), ("Age:", 15)])), replaced(
        "xl/worksheets/sheet1.xml", b'<c r="B4" t="n"><v>15</v></c>', b'<c r="B4" t="e"><v>#REF!</v></c>'))
    yield "20-macros", repack(plain, extra=[("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0not run")])
    yield "21-external-links", repack(plain, extra=[("xl/externalLinks/externalLink1.xml", b"<externalLink/>")])
    drawing = b'<d:wsDr xmlns:d="urn:d" xmlns:a="urn:a"><a:p><a:t>Do not tell the father</a:t></a:p></d:wsDr>'
    yield "22-text-box", repack(plain, extra=[("xl/drawings/drawing1.xml", drawing)])
    side = form([("Name:", "Tess"), ("DOB:", "14/03/2011")])
    side.active.insert_cols(1)
    side.active["A3"] = "Who it is about"
    side.active.merge_cells("A3:A4")
    yield "23-heading-at-the-side", repack(saved(side))

    yield "bad-million-declared", million(True)
    yield "bad-30000-rows", million(False)
    yield "bad-2001-rows", repack(saved(rows_2001()))
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'
    yield "bad-doctype", repack(plain, replaced("xl/worksheets/sheet1.xml", b"<worksheet", doctype))
    yield "bad-string-number", repack(plain, replaced("xl/worksheets/sheet1.xml", b't="s"><v>0</v>', b't="s"><v>999</v>'))
    yield "bad-rows-in-disorder", repack(plain, replaced("xl/worksheets/sheet1.xml", b'<row r="3"', b'<row r="1"'))
    yield "bad-cell-in-other-row", repack(plain, replaced("xl/worksheets/sheet1.xml", b'r="B3"', b'r="B9"'))
    yield "bad-cell-twice", repack(plain, replaced("xl/worksheets/sheet1.xml", b'r="B3"', b'r="A3"'))
    yield "bad-not-xml", repack(plain, replaced("xl/worksheets/sheet1.xml", b"</sheetData>", b""))
    yield "bad-sheet-missing", repack(plain, lambda name, content: None if name == "xl/worksheets/sheet1.xml" else content)
    yield "bad-no-workbook", repack(plain, lambda name, content: None if name == "_rels/.rels" else content)
    yield "bad-binary", repack(plain, replaced("_rels/.rels", b"xl/workbook.xml", b"xl/workbook.bin"))
    yield "bad-target-outside", repack(plain, replaced("xl/_rels/workbook.xml.rels", b"/xl/worksheets/sheet1.xml", b"../../etc/sheet1.xml"))
    yield "bad-target-external", repack(plain, replaced("xl/_rels/workbook.xml.rels", b'Target="/xl/worksheets/sheet1.xml"',
                                                        b'TargetMode="External" Target="http://attacker.example/"'))
    yield "bad-empty", repack(saved(openpyxl.Workbook()))
    no_names = openpyxl.Workbook()
    for _ in range(3):
        no_names.active.append([1234567, "14/03/2011", "Tess", "01632 960123"])
    yield "bad-no-heading", repack(saved(no_names))
    deep = b"<x>" * 200 + b"</x>" * 200
    yield "bad-deep", repack(plain, replaced("xl/worksheets/sheet1.xml", b"<sheetData>", deep + b"<sheetData>"))
    long_cell = openpyxl.Workbook()
    long_cell.active.append(["Name:", "x"])
    yield "bad-long-cell", repack(saved(long_cell), lambda name, content: re.sub(rb"<t>x</t>", b"<t>" + b"y" * 200000 + b"</t>", content))
    heading_only = openpyxl.Workbook()
    heading_only.active.append(HEADINGS)
    yield "bad-heading-only", repack(saved(heading_only))
    lists = table()
    lists.create_sheet("Guidance").append(["How to fill in this workbook"])
    yield "bad-words-beside-tables", repack(saved(lists))


def main():
    folder = pathlib.Path(sys.argv[1]) if sys.argv[1:] else HERE
    for name, content in make():
        (folder / f"{name}.xlsx").write_bytes(content)


if __name__ == "__main__":
    main()
