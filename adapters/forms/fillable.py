"""A form as a fillable PDF: printed questions on the left, form fields on the right, whose tooltip is the question."""
import io

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import cm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfdoc import PDFName, PDFPage, PDFString
from reportlab.pdfgen import canvas

import look

WIDTH, HEIGHT = A4
MARGIN = 2 * cm
SPLIT = MARGIN + 6.2 * cm  # between questions and answers
RIGHT = WIDTH - MARGIN
TOP, BOTTOM = HEIGHT - 2.2 * cm, 2 * cm
PAD = 5
LINE_OF_ANSWER = 15
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
# The tab key goes through the boxes row by row.
PDFPage.__Defaults__ = {**PDFPage.__Defaults__, "Tabs": PDFName("R")}
DATE_HELP = "dd/mm/yyyy"
WHEN_HELP = "For example 21/11/2026 at 21:40"


def hex_colour(text):
    return HexColor("#" + text)


class Page:
    """A pen that goes down the page, and on to the next."""

    def __init__(self, form, out, pages):
        self.form = form
        self.pages = pages  # in all, as far as known
        self.pen = canvas.Canvas(out, pagesize=A4, invariant=1, lang="en-GB", pageCompression=1)
        self.pen.setTitle(form.title)
        self.pen.setSubject(form.version)
        self.pen.setAuthor("")
        self.pen.setCreator("")
        self.pen.setProducer("")
        self.pen.setViewerPreference("DisplayDocTitle", "true")
        self.number = 0
        self.y = 0
        self.start()

    def start(self):
        self.number += 1
        self.y = TOP
        pen = self.pen
        pen.setFillColor(hex_colour(look.INK))
        pen.setFont(BOLD, 8)
        pen.drawString(MARGIN, HEIGHT - 1.3 * cm, look.MARKING.upper())
        pen.setFillColor(hex_colour(look.FAINT))
        pen.setFont(PLAIN, 8)
        pen.drawString(MARGIN, 1.2 * cm, f"{self.form.title}. {self.form.version}")
        pen.drawRightString(RIGHT, 1.2 * cm, f"Page {self.number} of {self.pages}")

    def room(self, height):
        """Goes on to the next page when so much does not fit."""
        if self.y - height < BOTTOM:
            self.pen.showPage()
            self.start()

    def text(self, words, font=PLAIN, size=10, ink="000000", after=5):
        lines = simpleSplit(words, font, size, RIGHT - MARGIN)
        self.room(len(lines) * size * 1.3 + after)
        self.pen.setFillColor(hex_colour(ink))
        self.pen.setFont(font, size)
        for line in lines:
            self.y -= size * 1.3
            self.pen.drawString(MARGIN, self.y, line)
        self.y -= after

    def band(self, title):
        self.room(3.2 * cm)  # no heading alone at the end of a page
        self.y -= 12
        self.pen.setFillColor(hex_colour(look.BAND))
        self.pen.rect(MARGIN, self.y - 22, RIGHT - MARGIN, 22, stroke=0, fill=1)
        self.pen.setFillColor(white)
        self.pen.setFont(BOLD, 12)
        self.pen.drawString(MARGIN + PAD + 1, self.y - 15.5, title)
        self.y -= 27


def hint_of(question):
    return question.help or {"date": DATE_HELP, "when": WHEN_HELP}.get(question.answer, "")


def unset(pen, reference):
    """Takes the chosen line back: reportlab wants one at first."""
    field = pen._doc.idToObject[reference.name].dict
    field["V"] = field["DV"] = PDFString("")
    field.pop("I", None)


def add_field(page, question, x, y, width, height):
    """The box: named by group and question, so that no two are the same; the tooltip is what readers and screen readers say."""
    form = page.pen.acroForm
    common = {"name": f"{question.group}.{question.name}", "tooltip": question.label, "x": x, "y": y, "width": width, "height": height,
              "borderWidth": 0, "fillColor": white, "textColor": hex_colour("000000"), "fontName": PLAIN, "fontSize": 10}
    if question.options:
        flags = "combo" if question.answer == "choice" else "combo edit"
        form.choice(value=" ", options=[" ", *question.options], fieldFlags=flags, **common)
        unset(page.pen, form.fields[-1])
    else:
        form.textfield(value="", maxlen=None, fieldFlags="multiline" if question.answer == "long" else "", **common)


def add_question(page, question):
    left = SPLIT - MARGIN - 2 * PAD
    asked = simpleSplit(question.label, BOLD, 9.5, left)
    hints = simpleSplit(hint_of(question), PLAIN, 8, left) if hint_of(question) else []
    height = max(len(asked) * 12 + len(hints) * 10 + 2 * PAD, question.lines * LINE_OF_ANSWER + 2 * PAD, 26)
    page.room(height)
    pen, top = page.pen, page.y
    pen.setStrokeColor(hex_colour(look.LINE))
    pen.setLineWidth(0.5)
    pen.setFillColor(hex_colour(look.TINT))
    pen.rect(MARGIN, top - height, SPLIT - MARGIN, height, stroke=1, fill=1)
    pen.rect(SPLIT, top - height, RIGHT - SPLIT, height, stroke=1, fill=0)
    y = top - PAD - 8
    pen.setFillColor(hex_colour(look.INK))
    pen.setFont(BOLD, 9.5)
    for line in asked:
        pen.drawString(MARGIN + PAD, y, line)
        y -= 12
    pen.setFillColor(hex_colour(look.FAINT))
    pen.setFont(PLAIN, 8)
    for line in hints:
        pen.drawString(MARGIN + PAD, y + 1, line)
        y -= 10
    add_field(page, question, SPLIT + 1, top - height + 1, RIGHT - SPLIT - 2, height - 2)
    page.y = top - height


def write(form, pages):
    """The bytes, and how many pages there are."""
    out = io.BytesIO()
    page = Page(form, out, pages)
    page.text(form.title, BOLD, 22, look.INK, after=6)
    page.text(form.purpose, BOLD, 10.5, after=6)
    for words in form.guidance:
        page.text(words, after=4)
    for part in form.sections:
        page.band(part.title)
        for note in part.notes:
            page.text(note, size=9.5)
        for question in part.questions:
            add_question(page, question)
    page.pen.showPage()
    page.pen.save()
    return out.getvalue(), page.number


def make(form):
    """The bytes of the .pdf."""
    _, pages = write(form, 0)
    return write(form, pages)[0]
