"""as_pdf.py owns PDF forms. Layouts: names (a box is named as its question), tips (boxes are numbered, the question is the tip that
a person sees when pointing at the box)."""
import io
import textwrap

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

import form as forms

LEFT, RIGHT, TOP, BOTTOM = 50, 545, 790, 60


class Page:
    """Where the next thing is drawn."""

    def __init__(self, form):
        self.out = io.BytesIO()
        self.canvas = canvas.Canvas(self.out, pagesize=A4, invariant=1)
        self.canvas.setTitle(form.title)
        self.canvas.setAuthor("Sample Council")
        self.tips = form.layout == "tips"
        self.y, self.boxes, self.names = TOP, 0, {}

    def room(self, height):
        if self.y - height < BOTTOM:
            self.canvas.showPage()
            self.y = TOP
        self.y -= height

    def words(self, text, font, size, width=92):
        for line in textwrap.wrap(text, width):
            self.room(size + 5)
            self.canvas.setFont(font, size)
            self.canvas.drawString(LEFT, self.y, line)

    def name(self, label):
        """The box's own name: of a form that was made by a program it is only a number. Names are unique in a file."""
        self.boxes += 1
        self.names[label] = self.names.get(label, 0) + 1
        plain = label.replace(".", "")
        if self.tips:
            return f"Text{self.boxes}"
        return plain if self.names[label] == 1 else f"{plain} #{self.names[label]}"

    def text(self, label, value):
        lines = sum(max(1, -(-len(line) // 88)) for line in value.split("\n"))
        height = 16 if lines == 1 else 13 * lines + 6
        self.room(height + 4)
        self.canvas.acroForm.textfield(name=self.name(label), tooltip=label, value=value, x=LEFT, y=self.y, width=RIGHT - LEFT,
                                       height=height, fontSize=9, borderWidth=1, maxlen=5000, fieldFlags="multiline" if lines > 1 else "")

    def ticks(self, label, ticks):
        """One answer of several: radio buttons, named by the question. More than one may be ticked: boxes of their own."""
        if len(ticks) == 1 or sum(ticked for ticked, _ in ticks) > 1:
            for ticked, words in ticks:
                self.room(18)
                self.canvas.acroForm.checkbox(name=self.name(f"{label} {words}".strip()), tooltip=f"{label} - {words}".strip(" -"), checked=ticked, x=LEFT,
                                              y=self.y, size=13)
                self.canvas.setFont("Helvetica", 9)
                self.canvas.drawString(LEFT + 20, self.y + 3, words)
            return
        self.room(20)
        name, x = self.name(label), LEFT
        for ticked, words in ticks:
            self.canvas.acroForm.radio(name=name, tooltip=label, value=words, selected=ticked, x=x, y=self.y, size=14)
            self.canvas.setFont("Helvetica", 9)
            self.canvas.drawString(x + 18, self.y + 3, words)
            x += 30 + 6 * len(words)

    def field(self, field):
        self.words(field.label, "Helvetica-Bold", 9)
        if field.ticks:
            self.ticks(field.label, field.ticks)
        else:
            self.text(field.label, field.value)


def make(form):
    page = Page(form)
    page.words(form.title, "Helvetica-Bold", 15, 55)
    for section in form.sections:
        if section.heading:
            page.room(8)
            page.words(section.heading, "Helvetica-Bold", 12)
        for block in section.blocks:
            if isinstance(block, str):
                page.words(block, "Helvetica-Oblique", 9)
            elif isinstance(block, forms.Field):
                page.field(block)
            else:
                raise ValueError("a PDF form has no tables with a heading row here")
    page.canvas.save()
    return page.out.getvalue()
