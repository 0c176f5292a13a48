"""as_docx.py owns Word documents. Layouts: table (question beside answer), pairs (two of them in a row), below (the answer in the
row under its question), paragraphs (Label: answer), controls (content controls, as a form that is filled on the screen)."""
import datetime
import io

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

import form as forms
import pack

MARKS = {True: "\u2612", False: "\u2610"}
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"


def element(tag, **attributes):
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn("w:" + name), value)
    return made


def control(paragraph, label, text, multi=False):
    """A plain-text content control with a title and a tag, as Word writes it."""
    sdt, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
    properties.append(element("w:alias", val=label[:60]))
    properties.append(element("w:tag", val="".join(c if c.isalnum() else "_" for c in label.lower())[:40]))
    if text == "":
        properties.append(element("w:showingPlcHdr"))
    kind = element("w:text")
    if multi:
        kind.set(qn("w:multiLine"), "1")
    properties.append(kind)
    run = paragraph.add_run(text if text else "Click or tap here to enter text.")
    if text == "":
        style = element("w:rStyle", val="PlaceholderText")
        run._r.get_or_add_rPr().insert(0, style)
    content.append(run._r)
    sdt.append(properties)
    sdt.append(content)
    paragraph._p.append(sdt)


def checkbox(paragraph, ticked):
    """A tick box as a content control of Word 2010."""
    sdt, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
    box = properties.makeelement("{%s}checkbox" % W14, nsmap={"w14": W14})
    state = properties.makeelement("{%s}checked" % W14)
    state.set("{%s}val" % W14, "1" if ticked else "0")
    box.append(state)
    properties.append(box)
    run = paragraph.add_run(MARKS[ticked])
    content.append(run._r)
    sdt.append(properties)
    sdt.append(content)
    paragraph._p.append(sdt)


def fill_ticks(paragraph, ticks, controls):
    for number, (ticked, words) in enumerate(ticks):
        if number:
            paragraph.add_run("   ")
        if controls:
            checkbox(paragraph, ticked)
        else:
            paragraph.add_run(MARKS[ticked])
        paragraph.add_run(" " + words)


def fill(cell, field, controls):
    """The answer, into a cell."""
    paragraph = cell.paragraphs[0]
    if field.ticks:
        fill_ticks(paragraph, field.ticks, controls)
    elif controls:
        control(paragraph, field.label, field.value, "\n" in field.value)
    else:
        for number, line in enumerate(field.value.split("\n")):
            (cell.add_paragraph() if number else paragraph).add_run(line)


def question(cell, label):
    cell.paragraphs[0].add_run(label).bold = True


def write_fields(document, run, layout):
    """Fields that follow each other, as one table."""
    across = 4 if layout == "pairs" else 1 if layout == "below" else 2
    table = document.add_table(rows=0, cols=across)
    table.style = "Table Grid"
    row = []
    for field in run:
        if layout == "below":
            question(table.add_row().cells[0], field.label)
            fill(table.add_row().cells[0], field, False)
            continue
        row = row or list(table.add_row().cells)
        question(row.pop(0), field.label)
        fill(row.pop(0), field, layout == "controls")


def write_paragraphs(document, run):
    for field in run:
        paragraph = document.add_paragraph()
        paragraph.add_run(field.label + ("" if field.label[-1] in "?:" else ":")).bold = True
        paragraph.add_run(" ")
        if field.ticks:
            fill_ticks(paragraph, field.ticks, False)
        for number, line in enumerate([] if field.ticks else field.value.split("\n")):
            if number:
                paragraph.add_run().add_break()
            paragraph.add_run(line)


def write_table(document, block):
    table = document.add_table(rows=1, cols=len(block.headings))
    table.style = "Table Grid"
    for cell, heading in zip(table.rows[0].cells, block.headings):
        question(cell, heading)
    for values in block.rows:
        for cell, value in zip(table.add_row().cells, values):
            cell.paragraphs[0].add_run(value)


def make(form):
    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.created = "Sample Council", datetime.datetime(2026, 1, 5, 9)
    properties.modified, properties.last_modified_by = properties.created, "Sample Council"
    if form.title:
        document.add_heading(form.title, 0)
    for section in form.sections:
        if section.heading:
            document.add_heading(section.heading, 2)
        for block in section.runs():
            if isinstance(block, str):
                document.add_paragraph(block)
            elif isinstance(block, forms.Table):
                write_table(document, block)
            elif form.layout == "paragraphs":
                write_paragraphs(document, block)
            else:
                write_fields(document, block, form.layout)
            document.add_paragraph()
    out = io.BytesIO()
    document.save(out)
    return pack.repack(out.getvalue())
