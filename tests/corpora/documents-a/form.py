"""form.py owns the descriptions: NAME.form says what stands in a document, and as what kind of file it is made.

    as: docx table          the kind of file and its layout, below
    title: Return interview any other line of the head is for the kind of file: from, to, subject, attach of a mail

    # Heading               a section
    > Guidance for staff.   words outside any box
    Label | value           a box; empty when nothing follows the bar
        second line         more of the value, four blanks in front
    Label | [x] Yes [ ] No  tick boxes
    || Name | Age           a table with a heading row, and its rows
    | Robin Specimen | 19
"""
import dataclasses
import re

TICK = re.compile(r"\[([x ])\]\s*([^\[]*)")


@dataclasses.dataclass
class Field:
    label: str
    value: str

    @property
    def ticks(self):
        """[(ticked, words)...], or None when the value is no row of tick boxes."""
        if not self.value.startswith("["):
            return None
        return [(mark == "x", words.strip()) for mark, words in TICK.findall(self.value)]


@dataclasses.dataclass
class Table:
    headings: list
    rows: list


@dataclasses.dataclass
class Section:
    heading: str  # "" before the first
    blocks: list  # str (words outside any box), Field, Table

    def runs(self):
        """The blocks, fields that follow each other as one list."""
        run = []
        for block in self.blocks:
            if isinstance(block, Field):
                run.append(block)
                continue
            if run:
                yield run
            run = []
            yield block
        if run:
            yield run


@dataclasses.dataclass
class Form:
    name: str
    head: dict
    sections: list

    @property
    def kind(self):
        return self.head["as"].split()[0]

    @property
    def layout(self):
        return (self.head["as"].split() + [""])[1]

    @property
    def title(self):
        return self.head.get("title", "")

    def fields(self):
        return [block for section in self.sections for block in section.blocks if isinstance(block, Field)]


def cells(line):
    return [cell.strip() for cell in line.split("|")]


def parse_line(line, section):
    """One line of the body, into the section that it stands in."""
    last = section.blocks[-1] if section.blocks else None
    if line.startswith("    ") and isinstance(last, Field):
        last.value = (last.value + "\n" if last.value else "") + line.strip()
    elif line.startswith("> "):
        section.blocks.append(line[2:].strip())
    elif line.startswith("||"):
        section.blocks.append(Table(cells(line[2:]), []))
    elif line.startswith("|") and isinstance(last, Table):
        last.rows.append(cells(line[1:]))
    elif "|" in line:
        label, value = line.split("|", 1)
        section.blocks.append(Field(label.strip(), value.strip()))
    else:
        raise ValueError(f"not a line of a description: {line!r}")


def parse(name, text):
    top, _, body = text.partition("\n\n")
    head = dict((key.strip(), value.strip()) for key, value in (line.split(":", 1) for line in top.splitlines()))
    form = Form(name, head, [Section("", [])])
    for line in body.splitlines():
        if line.startswith("# "):
            form.sections.append(Section(line[2:].strip(), []))
        elif line.strip():
            parse_line(line, form.sections[-1])
    return form
