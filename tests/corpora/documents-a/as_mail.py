"""as_mail.py owns mails. Layouts: plain (Label: answer), below (the answer under its question), html. attach: another description,
which is made and attached; its body is then what the head says under words."""
import email.message
import email.policy

import as_html
import form as forms

TYPES = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf",
         "odt": "application/vnd.oasis.opendocument.text", "csv": "text/csv", "html": "text/html",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def answer(field):
    if field.ticks:
        return "  ".join(f"[{'x' if ticked else ' '}] {words}" for ticked, words in field.ticks)
    return field.value


def plain_block(block, layout):
    if isinstance(block, str):
        return [block, ""]
    if isinstance(block, forms.Table):
        return ["\t".join(row) for row in (block.headings, *block.rows)] + [""]
    if layout == "below":
        return [line for field in block for line in (field.label, answer(field), "")]
    return [f"{field.label}{'' if field.label[-1] in '?:' else ':'} {answer(field)}".rstrip() for field in block] + [""]


def plain(form):
    lines = []
    for section in form.sections:
        if section.heading:
            lines += [section.heading.upper(), ""]
        for block in section.runs():
            lines += plain_block(block, form.layout)
    return "\n".join(lines).rstrip("\n") + "\n"


def make(form, attached=None):
    """attached: (kind, name, bytes) or None."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP.clone(max_line_length=78))
    mail["From"], mail["To"] = form.head["from"], form.head["to"]
    mail["Subject"], mail["Date"] = form.head["subject"], form.head.get("date", "Thu, 19 Nov 2026 10:12:00 +0000")
    mail["Message-ID"] = f"<{form.name}@{form.head['from'].rpartition('@')[2].rstrip('>')}>"
    if form.layout == "html":
        mail.set_content(as_html.page(form), subtype="html", cte="quoted-printable")
    else:
        mail.set_content(plain(form), cte="quoted-printable")
    if attached:
        kind, name, data = attached
        main, _, sub = TYPES[kind].partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
        mail.set_boundary(f"=_{form.name}")
    return mail.as_bytes()
