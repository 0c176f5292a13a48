"""as_odt.py owns OpenDocument texts. Layouts: table (question beside answer), below (answer under its question), paragraphs."""
import io

from odf import dc, element, meta, opendocument, table, text
from odf.style import Style, TextProperties

import form as forms
import pack

MARKS = {True: "\u2612", False: "\u2610"}


def words(field):
    if field.ticks:
        return "   ".join(f"{MARKS[ticked]} {option}" for ticked, option in field.ticks)
    return field.value


def paragraph(value, bold=None):
    """A paragraph; line ends inside it are line breaks."""
    made = text.P(stylename=bold) if bold else text.P()
    for number, line in enumerate(value.split("\n")):
        if number:
            made.addElement(text.LineBreak())
        made.addText(line)
    return made


def cell(row, value, bold=None):
    made = table.TableCell()
    for line in value.split("\n"):
        made.addElement(paragraph(line, bold))
    row.addElement(made)


def add_table(body, rows, bold):
    """rows: lists of (value, whether it is a question)."""
    made = table.Table()
    made.addElement(table.TableColumn(numbercolumnsrepeated=max(len(row) for row in rows)))
    for values in rows:
        row = table.TableRow()
        for value, asks in values:
            cell(row, value, bold if asks else None)
        made.addElement(row)
    body.addElement(made)


def add_paragraphs(body, run, bold):
    for field in run:
        made = text.P()
        asked = text.Span(stylename=bold)
        asked.addText(field.label + ("" if field.label[-1] in "?:" else ":"))
        made.addElement(asked)
        made.addText(" ")
        for number, line in enumerate(words(field).split("\n")):
            if number:
                made.addElement(text.LineBreak())
            made.addText(line)
        body.addElement(made)


def add(body, block, layout, bold):
    if isinstance(block, str):
        body.addElement(paragraph(block))
    elif isinstance(block, forms.Table):
        add_table(body, [[(h, True) for h in block.headings], *([(v, False) for v in row] for row in block.rows)], bold)
    elif layout == "paragraphs":
        add_paragraphs(body, block, bold)
    elif layout == "below":
        add_table(body, [row for field in block for row in ([(field.label, True)], [(words(field), False)])], bold)
    else:
        add_table(body, [[(field.label, True), (words(field), False)] for field in block], bold)


def make(form):
    element.Element.namespaces.clear()  # odfpy keeps in it what earlier documents used, and writes it into this one
    document = opendocument.OpenDocumentText()
    bold = Style(name="Question", family="paragraph")
    bold.addElement(TextProperties(fontweight="bold"))
    strong = Style(name="Strong", family="text")
    strong.addElement(TextProperties(fontweight="bold"))
    document.styles.addElement(bold)
    document.styles.addElement(strong)
    document.meta.addElement(meta.CreationDate(text="2026-01-05T09:00:00"))
    document.meta.addElement(dc.Date(text="2026-01-05T09:00:00"))
    if form.title:
        document.text.addElement(text.H(outlinelevel=1, text=form.title))
    for section in form.sections:
        if section.heading:
            document.text.addElement(text.H(outlinelevel=2, text=section.heading))
        for block in section.runs():
            add(document.text, block, form.layout, strong if form.layout == "paragraphs" else bold)
            document.text.addElement(text.P())
    out = io.BytesIO()
    document.write(out)
    return pack.repack(out.getvalue())
