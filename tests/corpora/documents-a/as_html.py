"""as_html.py owns web pages and the HTML of mails. Layouts: table, list (dl), paragraphs, cells (a table with the answer under its
question)."""
import html

import form as forms

MARKS = {True: "&#9745;", False: "&#9744;"}


def text(value):
    return html.escape(value, quote=False).replace("\n", "<br>\n")


def answer(field):
    if field.ticks:
        return " &nbsp; ".join(f"{MARKS[ticked]} {text(words)}" for ticked, words in field.ticks)
    return text(field.value) or "&nbsp;"


def fields(run, layout):
    if layout == "list":
        return ["<dl>", *(f"<dt>{text(f.label)}</dt><dd>{answer(f)}</dd>" for f in run), "</dl>"]
    if layout == "paragraphs":
        return [f"<p><b>{text(f.label)}{'' if f.label[-1] in '?:' else ':'}</b> {answer(f)}</p>" for f in run]
    if layout == "cells":
        return ['<table border="1">', *(f"<tr><th>{text(f.label)}</th></tr>\n<tr><td>{answer(f)}</td></tr>" for f in run), "</table>"]
    return ['<table border="1" cellpadding="4">', *(f"<tr><td><b>{text(f.label)}</b></td><td>{answer(f)}</td></tr>" for f in run), "</table>"]


def table(block):
    head = "".join(f"<th>{text(h)}</th>" for h in block.headings)
    return ['<table border="1">', f"<tr>{head}</tr>", *("<tr>" + "".join(f"<td>{text(v)}</td>" for v in row) + "</tr>" for row in block.rows), "</table>"]


def page(form):
    out = ["<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">', f"<title>{text(form.title)}</title>",
           "<style>td { vertical-align: top } th { text-align: left }</style>", "</head>", "<body>"]
    if form.title:
        out.append(f"<h1>{text(form.title)}</h1>")
    for section in form.sections:
        if section.heading:
            out.append(f"<h2>{text(section.heading)}</h2>")
        for block in section.runs():
            if isinstance(block, str):
                out.append(f"<p>{text(block)}</p>")
            else:
                out += table(block) if isinstance(block, forms.Table) else fields(block, form.layout)
    return "\n".join([*out, "</body>", "</html>", ""])


def make(form):
    return page(form).encode()
