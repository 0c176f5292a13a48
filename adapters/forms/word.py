"""A form as a Word document: questions on the left, content controls on the right, which hold the name of the question (alias) for
the reader and a short name (tag) for programs. Help stands in the empty box and goes when something is written: beside the question
a reader would take it for a part of it."""
import datetime
import io
import zipfile

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

import look

FONT = "Arial"
LEFT, RIGHT = Cm(6.2), Cm(10.8)
MADE = datetime.datetime(2026, 11, 1, 9, 0, 0)
ZIPPED = (2026, 11, 1, 9, 0, 0)
PROMPTS = {"line": "Click here to write", "long": "Click here to write", "date": "dd/mm/yyyy", "when": "For example 21/11/2026 at 21:40",
           "yes-no": "Choose, or write more", "choice": "Choose", "choice-or-words": "Choose, or write"}


def element(name, parent=None, **attributes):
    """A WordprocessingML element; attributes in its namespace."""
    node = OxmlElement("w:" + name)
    for key, value in attributes.items():
        node.set(qn("w:" + key), str(value))
    if parent is not None:
        parent.append(node)
    return node


def colour(text):
    return RGBColor.from_string(text)


def set_fonts(document):
    for name, size, bold, ink in (("Normal", 10.5, False, "000000"), ("Title", 24, True, look.INK), ("Heading 1", 13, True, "FFFFFF")):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = FONT, Pt(size), bold, colour(ink)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in list(fonts.attrib):
            if key.endswith("Theme"):
                del fonts.attrib[key]
        for key in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn("w:" + key), FONT)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    border = document.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if border is not None:
        document.styles["Title"].element.pPr.remove(border)
    heading = document.styles["Heading 1"]
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(16), Pt(6)
    heading.paragraph_format.keep_with_next = True
    shade(heading.element.get_or_add_pPr(), look.BAND)
    language = element("lang", val="en-GB", eastAsia="en-GB", bidi="ar-SA")
    run = document.styles["Normal"].element.get_or_add_rPr()
    for old in run.findall(qn("w:lang")):
        run.remove(old)
    run.append(language)


def shade(properties, fill):
    """Behind a paragraph or a cell; within paragraph properties the schema wants it before the spacing."""
    node = element("shd", val="clear", color="auto", fill=fill)
    before = next((c for c in properties if c.tag in (qn("w:spacing"), qn("w:outlineLvl"), qn("w:vAlign"))), None)
    if before is not None:
        before.addprevious(node)
    else:
        properties.append(node)


def faint(paragraph, text, size=8.5):
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(size), colour(look.FAINT)
    return run


def page_field(paragraph, what):
    for kind, text in (("begin", None), (None, what), ("end", None)):
        run = faint(paragraph, "", 8)._r
        if kind:
            element("fldChar", run, fldCharType=kind)
        else:
            element("instrText", run).text = text


def set_page(document, form):
    part = document.sections[0]
    part.page_width, part.page_height = Cm(21), Cm(29.7)
    part.left_margin = part.right_margin = Cm(2)
    part.top_margin, part.bottom_margin = Cm(1.8), Cm(1.8)
    head = part.header.paragraphs[0]
    head.add_run(look.MARKING.upper()).font.size = Pt(8)
    head.runs[0].bold = True
    foot = part.footer.paragraphs[0]
    faint(foot, f"{form.title}. {form.version}. Page ", 8)
    page_field(foot, "PAGE")
    faint(foot, " of ", 8)
    page_field(foot, "NUMPAGES")


def control(question, number):
    """The box of one question."""
    sdt = element("sdt")
    properties = element("sdtPr", sdt)
    element("alias", properties, val=question.label)
    element("tag", properties, val=f"{question.group}.{question.name}"[:64])
    element("id", properties, val=number)
    element("lock", properties, val="sdtLocked")
    element("showingPlcHdr", properties)
    if question.answer == "date":
        date = element("date", properties)
        element("dateFormat", date, val="dd/MM/yyyy")
        element("lid", date, val="en-GB")
        element("storeMappedDataAs", date, val="dateTime")
        element("calendar", date, val="gregorian")
    elif question.options:
        choice = element("dropDownList" if question.answer == "choice" else "comboBox", properties)
        for option in question.options:
            element("listItem", choice, displayText=option, value=option)
    else:
        element("text", properties, **({"multiLine": 1} if question.answer == "long" else {}))
    run = element("r", element("sdtContent", sdt))
    look_of = element("rPr", run)
    element("rStyle", look_of, val="PlaceholderText")
    element("t", run).text = question.help or PROMPTS[question.answer]
    return sdt


def add_placeholder_style(document):
    style = document.styles.add_style("Placeholder Text", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    style.element.set(qn("w:styleId"), "PlaceholderText")
    style.font.color.rgb = colour(look.FAINT)


def dress(table, title):
    """Borders, room around the words, and a name for screen readers; in the order that the schema of Word wants."""
    properties = table._tbl.tblPr
    borders = element("tblBorders")
    properties.find(qn("w:tblLayout")).addprevious(borders)
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        element(side, borders, val="single", sz=4, space=0, color=look.LINE)
    margins = element("tblCellMar")
    properties.find(qn("w:tblLayout")).addnext(margins)
    for side, width in (("top", 55), ("left", 100), ("bottom", 55), ("right", 100)):
        element(side, margins, w=width, type="dxa")
    element("tblCaption", properties, val=title)


def add_question(table, question, number):
    row = table.add_row()
    properties = row._tr.get_or_add_trPr()
    element("cantSplit", properties)
    if question.lines > 1:
        element("trHeight", properties, val=260 * question.lines + 120, hRule="atLeast")
    left, right = row.cells
    left.width, right.width = LEFT, RIGHT
    shade(left._tc.get_or_add_tcPr(), look.TINT)
    asked = left.paragraphs[0]
    asked.paragraph_format.space_after = Pt(0)
    run = asked.add_run(question.label)
    run.bold, run.font.size = True, Pt(10)
    answer = right.paragraphs[0]
    answer.paragraph_format.space_after = Pt(0)
    answer._p.append(control(question, number))


def add_section(document, part, first):
    document.add_heading(part.title, level=1)
    for note in part.notes:
        document.add_paragraph(note)
    table = document.add_table(rows=0, cols=2)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    dress(table, part.title)
    for column, width in zip(table.columns, (LEFT, RIGHT)):
        column.width = width
    for i, question in enumerate(part.questions):
        add_question(table, question, first + i)


def protect(document):
    """Only the boxes can be written in, and the tab key goes from box to box. No password: who has to change the form may."""
    settings = document.settings.element
    node = element("documentProtection", edit="forms", enforcement=1)
    before = settings.find(qn("w:defaultTabStop"))
    if before is not None:
        before.addprevious(node)
    else:
        settings.append(node)


def describe(document, form):
    about = document.core_properties
    about.title, about.subject, about.language, about.version = form.title, form.purpose[:250], "en-GB", form.version
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.created = about.modified = about.last_printed = MADE
    about.revision = 1


def always_the_same(packed):
    """The archive with fixed times, in a fixed order."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            if name == "docProps/thumbnail.jpeg":
                continue
            info = zipfile.ZipInfo(name, ZIPPED)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            new.writestr(info, old.read(name))
    return out.getvalue()


def drop_thumbnail(document):
    """The template's picture of itself."""
    relations = document.part.package.rels
    for key in [k for k, r in relations.items() if r.reltype.endswith("/thumbnail")]:
        del relations[key]


def make(form):
    """The bytes of the .docx."""
    document = docx.Document()
    set_fonts(document)
    add_placeholder_style(document)
    set_page(document, form)
    document.add_paragraph(form.title, style="Title")
    document.add_paragraph().add_run(form.purpose).bold = True
    for text in form.guidance:
        document.add_paragraph(text)
    number = 1
    for part in form.sections:
        add_section(document, part, number)
        number += len(part.questions)
    faint(document.add_paragraph(), form.version)
    protect(document)
    drop_thumbnail(document)
    describe(document, form)
    out = io.BytesIO()
    document.save(out)
    return always_the_same(out.getvalue())
