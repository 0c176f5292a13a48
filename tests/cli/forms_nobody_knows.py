"""Forms that differ from all others: a description (boxes, where each goes, what is answered) made of a seed, and written as DOCX, HTML, CSV and e-mail."""
import csv
import html
import io
import random

import docx

NOUNS = ("lantern kettle orchard bramble saddle thimble compass ladder beacon marble pebble wicket gable hinge rudder anvil satchel trellis "
         "funnel spindle bobbin tassel girder plinth cornice mantel tinder flagon").split()
ADJECTIVES = "amber crooked hollow gilded nimble brittle speckled drowsy lopsided feathered tidal woollen".split()
SHAPES = ("{a} {n} of the {m}", "Which {n} was {a}?", "{n} and {m}", "{a} {n} (please specify)", "{n} beside the {a} {m}:", "{a} {m} ({n})")

# place, how it is read, an answer, more of the map's words
SHARED = [
    ("child/nhs-number", "nhs-number", "999 000 0018", {}),
    ("child/telephone", "telephone", "07700 900123", {}),
    ("authorities/placing", "authority", "Derbyshire", {}),
    ("episode/police-reference", "police-reference", "26*0123456", {}),
    ("child/legal-status", "legal-status", "Section 20", {}),
    ("child/ethnicity", "ethnicity", "White British", {}),
    ("child/school", "text", "Placeholder Academy", {}),
    ("sharing/consent[+]", "consent", "Agreed", {"role": "police"}),
    ("child/social-worker/email", "email", "robin@county.example", {}),
]
KINDS = {
    "missing": [
        ("missing/last-seen/when", "when", "about 9pm on 21/11/2026", {}, True),
        ("missing/last-seen/where", "text", "Example Park", {}),
        ("missing/circumstances", "text", "Left after tea.", {}),
        ("missing/self-harm", "yes-no", "No", {}),
        ("missing/missing-from", "address", "1 Sample Street, ZZ9 9ZZ", {}),
    ],
    "return-interview": [
        ("interview/held/when", "when", "21 November 2026 at 14:30", {}, True),
        ("interview/held/by", "line", "Kit Placeholder", {}, True),
        ("interview/outcome", "code", "Offered and accepted", {"table": "interview-outcome"}),
        ("interview/account/why-left", "text", "Wanted some air.", {}),
        ("interview/account/with-whom", "text", "Nobody", {}),
        ("interview/account/encouraged", "yes-no", "Not known", {}),
    ],
    "placement-notice": [
        ("placement-notice/starts", "date-ahead", "01/12/2026", {}, True),
        ("child/placement/provider", "line", "Specimen House", {}, True),
        ("placement-notice/change", "code", "New placement", {"table": "placement-change"}),
        ("placement-notice/risk-missing", "yes-no", "Yes - twice", {}),
        ("placement-notice/needs", "text", "A quiet room.", {}),
    ],
    "absence": [
        ("absence/since", "when", "21-Nov-2026 21:40", {}, True),
        ("absence/whereabouts", "address", "2 Sample Street, ZZ9 9ZZ", {}, True),
        ("absence/steps-taken", "text", "Rang twice.", {}),
        ("absence/curfew", "yes-no", "Yes", {}),
    ],
}
ALWAYS = [("child/name", "person-name", "EXAMPLE, Tess (known as Tessie)", {}), ("child/date-of-birth", "date", "14th March 2011", {})]
PEOPLE = [("Sam Sample", "school", "07700 900456"), ("Alex Test", "not known", "07700 900789"), ("Jo Invented", "cousin", "N/K")]


class Box:
    """A box of a form: its label, where it goes, what is answered."""

    def __init__(self, label, to, how, answer, more, section=None):
        self.label, self.to, self.how, self.answer, self.more, self.section = label, to, how, answer, dict(more), section


class Form:
    """A form of a kind of notice, made of a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seen = set()
        self.kind = self.random.choice(sorted(KINDS))
        must = [p for p in KINDS[self.kind] if len(p) == 5]
        may = [p for p in KINDS[self.kind] if len(p) == 4]
        chosen = ALWAYS + must + may[:self.random.randint(2, len(may))] + self.random.sample(SHARED, 5)
        self.boxes = [Box(self.label(), p[0], p[1], p[2], p[3]) for p in chosen]
        self.random.shuffle(self.boxes)
        self.title = f"{self.random.choice(ADJECTIVES)} {self.random.choice(NOUNS)} sheet".title()
        # two boxes with one label, told apart by the headings over them
        alike, self.headings = self.label(), [self.plain(), self.plain()]
        for section, to, how, answer in ((self.headings[0], "child/social-worker/name", "line", "Robin Specimen"),
                                         (self.headings[1], "child/placement/address", "address", "3 Sample Street, ZZ9 9ZZ")):
            self.boxes.append(Box(alike, to, how, answer, {"under": section}, section))
        body = {"missing": "missing", "return-interview": "interview"}.get(self.kind)
        self.columns = []
        if body is not None:
            self.columns = [Box(self.plain(), f"{body}/associate[+]/{name}", how, None, {})
                            for name, how in (("name", "line"), ("relationship", "line"), ("telephone", "telephone"))]
        self.people = PEOPLE[:self.random.randint(2, len(PEOPLE))]

    def label(self):
        """A label that no other box of the form has."""
        while True:
            noun, other = self.random.sample(NOUNS, 2)
            label = self.random.choice(SHAPES).format(n=noun, m=other, a=self.random.choice(ADJECTIVES))
            words = frozenset(w for w in "".join(c if c.isalpha() else " " for c in label.lower()).split())
            if words not in self.seen:
                self.seen.add(words)
                return label[0].upper() + label[1:]

    def plain(self):
        """A label as headings and columns have it: no question."""
        while True:
            label = self.label()
            if label[-1].isalpha():
                return label

    def docx(self, path):
        document = docx.Document()
        document.add_heading(self.title, 0)
        table = document.add_table(0, 2)
        for box in (b for b in self.boxes if b.section is None):
            cells = table.add_row().cells
            cells[0].text, cells[1].text = box.label, box.answer
        for box in (b for b in self.boxes if b.section is not None):
            document.add_heading(box.section, 2)
            document.add_paragraph(f"{box.label.rstrip(':')}: {box.answer}")
        if self.columns:
            document.add_heading("Others", 2)
            table = document.add_table(1, len(self.columns))
            for cell, column in zip(table.rows[0].cells, self.columns):
                cell.paragraphs[0].add_run(column.label).bold = True
            for person in self.people:
                for cell, words in zip(table.add_row().cells, person):
                    cell.text = words
        document.save(path)
        return [*self.boxes, *self.columns]

    def html(self, path):
        plain = [b for b in self.boxes if b.section is None]
        rows = "".join(f"<tr><th>{html.escape(b.label)}</th><td>{html.escape(b.answer)}</td></tr>" for b in plain)
        parts = "".join(f"<h2>{html.escape(b.section)}</h2><p>{html.escape(b.label.rstrip(':'))}: {html.escape(b.answer)}</p>"
                        for b in self.boxes if b.section is not None)
        path.write_text(f"<!DOCTYPE html><html><head><title>{self.title}</title></head><body><h1>{self.title}</h1>"
                        f"<table>{rows}</table>{parts}</body></html>", encoding="utf-8")
        return self.boxes

    def csv(self, path):
        plain = [b for b in self.boxes if b.section is None]
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([b.label.rstrip(":?") for b in plain])  # as systems call their columns
        writer.writerow([b.answer for b in plain])
        path.write_text(out.getvalue(), encoding="utf-8")
        return plain

    def eml(self, path):
        plain = [b for b in self.boxes if b.section is None]
        lines = "".join(f"{b.label.rstrip(':')}: {b.answer}\n" for b in plain)
        path.write_text(f"From: kit@home.example\nTo: desk@gateway.example\nSubject: {self.title}\nMIME-Version: 1.0\n"
                        f"Content-Type: text/plain; charset=utf-8\n\n{lines}", encoding="utf-8")
        return plain
