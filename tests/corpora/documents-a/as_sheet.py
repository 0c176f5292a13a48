"""as_sheet.py owns spreadsheets (xlsx) and tables in text (csv). Layouts: form (question beside answer, one under the other), list
(a heading row, and one row for every value of the boxes, parted by " // ")."""
import csv
import datetime
import io
import re

import openpyxl
from openpyxl.styles import Font

import form as forms
import pack

PARTED = re.compile(r"\s*//\s*")


class Heading(list):
    """The row that names the columns of a table."""


class Across(list):
    """A heading, merged over the columns."""


def rows(form):
    """The cells, row by row."""
    if form.layout == "list":
        fields = form.fields()
        yield [field.label for field in fields]
        yield from zip(*(PARTED.split(field.value) for field in fields), strict=True)
        return
    if form.title:
        yield [form.title]
    for section in form.sections:
        if section.heading:
            yield Across([section.heading])
        for block in section.blocks:
            if isinstance(block, forms.Table):
                yield Heading(block.headings)
                yield from block.rows
            else:
                yield [block] if isinstance(block, str) else [block.label, "; ".join(w for on, w in block.ticks if on) if block.ticks else block.value]


def make_csv(form):
    out = io.StringIO()
    csv.writer(out, delimiter=form.head.get("delimiter", ",")).writerows(rows(form))
    return out.getvalue().encode(form.head.get("charset", "utf-8-sig"))


def typed(value):
    """A day as spreadsheets keep it, where the description says so: {2026-11-19}."""
    if match := re.fullmatch(r"\{(.+)\}", value):
        return datetime.datetime.fromisoformat(match[1])
    return value


def make_xlsx(form):
    book = openpyxl.Workbook()
    book.properties.creator = "Sample Council"
    book.properties.created = book.properties.modified = datetime.datetime(2026, 1, 5, 9)
    sheet = book.active
    sheet.title = form.head.get("sheet", "Sheet1")
    for number, row in enumerate(rows(form), 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column, typed(value))
            if isinstance(cell.value, datetime.datetime):
                cell.number_format = "dd/mm/yyyy hh:mm" if cell.value.hour or cell.value.minute else "dd/mm/yyyy"
            if isinstance(row, Heading) or (number if form.layout == "list" else column) == 1:
                cell.font = Font(bold=True)
        if isinstance(row, Across):
            sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=2)
    out = io.BytesIO()
    book.save(out)
    return pack.repack(out.getvalue())
