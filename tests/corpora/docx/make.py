"""Writes the Word documents of this folder: /usr/bin/python3 tests/corpora/docx/make.py. All people are invented.

Each is made from its parts by hand, so that it has exactly what Word, older Words and other programs write; the same bytes
every time. What the reader must answer stands beside each as .fields.xml.
"""
import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMESPACES = (f'xmlns:w="{W}" xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
              'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
              'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
              'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
              'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
              'xmlns:o="urn:schemas-microsoft-com:office:office"')
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def esc(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def r(text, bold=False, extra=""):
    """A run."""
    return (f'<w:r><w:rPr>{"<w:b/>" if bold else ""}{extra}</w:rPr>'
            + "".join({"\n": "<w:br/>", "\t": "<w:tab/>"}.get(t) or f'<w:t xml:space="preserve">{esc(t)}</w:t>' for t in split(text))
            + "</w:r>")


def split(text):
    part = ""
    for c in text:
        if c in "\n\t":
            if part:
                yield part
            yield c
            part = ""
        else:
            part += c
    if part:
        yield part


def p(*runs, style=None):
    inside = "".join(run if run.startswith("<") else r(run) for run in runs)
    return f'<w:p><w:pPr>{f"<w:pStyle w:val={chr(34)}{style}{chr(34)}/>" if style else ""}</w:pPr>{inside}</w:p>'


def b(text):
    return r(text, bold=True)


def tc(*content, span=None, merge=None, fill=None):
    inside = "".join(c if c.startswith(("<w:p>", "<w:tbl>", "<w:sdt>")) else p(c) for c in content) or p()
    properties = (f'<w:gridSpan w:val="{span}"/>' if span else "")
    properties += {None: "", "start": '<w:vMerge w:val="restart"/>', "on": "<w:vMerge/>"}[merge]
    properties += f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def tr(*cells, heading=False):
    return f'<w:tr><w:trPr>{"<w:tblHeader/>" if heading else ""}</w:trPr>{"".join(c if c.startswith("<w:tc>") or c.startswith("<w:sdt>") else tc(c) for c in cells)}</w:tr>'


def tbl(*rows):
    return f'<w:tbl><w:tblPr/><w:tblGrid/>{"".join(rows)}</w:tbl>'


def sdt(content, alias=None, tag=None, kind="<w:text/>", placeholder=False):
    properties = f'<w:alias w:val="{alias}"/>' if alias else ""
    properties += f'<w:tag w:val="{tag}"/>' if tag else ""
    properties += "<w:showingPlcHdr/>" if placeholder else ""
    return f"<w:sdt><w:sdtPr>{properties}{kind}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def box(ticked, alias=None):
    kind = f'<w14:checkbox><w14:checked w14:val="{int(ticked)}"/></w14:checkbox>'
    return sdt(r("\u2612" if ticked else "\u2610"), alias=alias, kind=kind)


def field(code, result="", data=""):
    """A field of the old kind: begin, instruction, separate, result, end."""
    char = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    return (f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r><w:r><w:instrText> {code} </w:instrText></w:r>'
            + char.format("separate") + result + char.format("end"))


def old_text(result):
    return field("FORMTEXT", r(result), '<w:ffData><w:name w:val="Text1"/><w:enabled/><w:textInput/></w:ffData>')


def old_box(ticked):
    state = "<w:checked/>" if ticked else '<w:checked w:val="0"/>'
    return field("FORMCHECKBOX", "", f'<w:ffData><w:name w:val="Check1"/><w:checkBox><w:sizeAuto/><w:default w:val="0"/>{state}</w:checkBox></w:ffData>')


def old_list(chosen, *entries):
    entries = "".join(f'<w:listEntry w:val="{e}"/>' for e in entries)
    return field("FORMDROPDOWN", "", f'<w:ffData><w:name w:val="Dropdown1"/><w:ddList><w:result w:val="{chosen}"/>{entries}</w:ddList></w:ffData>')


def sym(char, font="Wingdings"):
    return f'<w:r><w:sym w:font="{font}" w:char="{char}"/></w:r>'


STYLES = "".join(
    f'<w:style w:type="{kind}" w:styleId="{id}"><w:name w:val="{name}"/>{f"<w:basedOn w:val={chr(34)}{based}{chr(34)}/>" if based else ""}{more}</w:style>'
    for kind, id, name, based, more in [
        ("paragraph", "Normal", "Normal", None, ""),
        ("paragraph", "Heading1", "heading 1", "Normal", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr>'),
        ("paragraph", "berschrift2", "heading 2", "Normal", ""),
        ("paragraph", "CouncilHeading", "Council Heading", "Heading1", ""),
        ("paragraph", "Title", "Title", "Normal", ""),
        ("paragraph", "TOC1", "toc 1", "Normal", ""),
        ("paragraph", "Question", "Question", "Normal", "<w:rPr><w:b/></w:rPr>"),
        ("character", "Strong", "Strong", None, "<w:rPr><w:b/></w:rPr>"),
        ("character", "Note", "Internal Note", None, "<w:rPr><w:vanish/></w:rPr>"),
    ])


def write(name, body, relations=(), parts=None, type=DOCUMENT, main="word/document.xml", namespaces=NAMESPACES, types=""):
    """relations of the main part: (type, target) or (type, target, True) for an external one; parts: name -> text or bytes."""
    parts = dict(parts or {})
    folder, _, base = main.rpartition("/")
    relations = [("styles", "styles.xml"), *relations]
    parts[f"{folder}/styles.xml"] = f"<w:styles {namespaces}>{STYLES}</w:styles>"
    parts[main] = f"<w:document {namespaces}><w:body>{body}<w:sectPr/></w:body></w:document>"
    parts[f"{folder}/_rels/{base}.rels"] = relationships(relations)
    parts["_rels/.rels"] = relationships([("officeDocument", main)])
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="bin" ContentType="application/octet-stream"/>{types}'
        f'<Override PartName="/{main}" ContentType="{type}"/></Types>')
    (HERE / name).with_suffix(".part.xml").write_text(parts[main])  # the fuzz target puts it into a sound archive
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(parts):
            info = zipfile.ZipInfo(part, (2026, 1, 5, 9, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            content = parts[part]
            if isinstance(content, str):
                content = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content).encode()
            archive.writestr(info, content)


def relationships(relations):
    lines = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{target}"{" TargetMode=" + chr(34) + "External" + chr(34) if external else ""}/>'
        for i, (kind, target, external) in enumerate([(*relation, False)[:3] for relation in relations], 1))
    return f'<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def side(kind, inside):
    return f"<w:{kind} {NAMESPACES}>{inside}</w:{kind}>"


def controls():
    click = r("Click or tap here to enter text.")
    write("01-content-controls.docx",
          p("Return home interview", style="Title")
          + p("Name of child: ", sdt(r("Tess ") + r("Example"), alias="Full name"))
          + p(b("Known as"), " ", sdt(r("Tessie"), tag="knownAs"))
          + p("Date of birth: ", sdt(r("14/02/2011"), alias="Date of birth", kind='<w:date w:fullDate="2011-02-14T00:00:00Z"/>'))
          + p("Placement type", sdt(r("Foster care"), kind="<w:dropDownList/>"))
          + p("Ethnicity: ", sdt(click, alias="Ethnicity", placeholder=True))
          + p("Spoke English at home: ", box(True), " Yes ", box(False), " No")
          + p("Consent given ", box(True, alias="Consent to share"))
          + p("Copy to the school ", box(False, alias="Copy to school"))
          + p("Mother: ", sdt(r("Alex Sample"), alias="Name"))
          + p("Father: ", sdt(r("Robin Specimen"), alias="Name"))
          + sdt(p("She left after an argument.") + p("She went to the park."), alias="What happened", kind="")
          + tbl(tr("Why did you leave?", sdt(tc("I was bored."), alias="Reason for leaving", kind="")),
                tr("Where did you go?", tc(p(sdt(r("To my friend's house"), alias="Where")))),
                tr("Seen by a doctor", tc(p(sdt(click, alias="Doctor", placeholder=True)))),
                tr("Return time", tc(p("about ", sdt(r("22:30"), tag="goog_rdk_1"), " hours")))))


def two_columns():
    write("02-two-columns.docx",
          p("MISSING CHILD REPORT", style="Title")
          + tbl(tr(tc(p(b("SECTION A: THE CHILD")), span=2, fill="D9E2F3")), tr("Full name:", "Kit Placeholder"),
                tr("DOB", "03/09/2010"), tr("Address", tc("1 Nowhere Street", "Sampleton", "ZZ9 9ZZ")),
                tr("", "since June 2026"), tr("NHS number", "999 000 0018"),
                tr(tc(p(b("Section B: Last seen")), span=2, fill="D9E2F3")), tr("When", "21/11/2026 18:30"), tr("Where", "Bus station"),
                tr(tc(p(b("Circumstances")), span=2)), tr(tc("He left after tea: nobody saw where he went.", "He took his bag.", span=2)),
                tr("Is he at risk? (tick)", "\u2612 Yes  \u2610 No  \u2610 Not known"))
          + tbl(tr("Question", "Answer"), tr("Has he gone missing before?", "Twice"), tr("", "")))


def four_columns():
    write("03-four-columns.docx",
          tbl(tr(tc(p(b("Child"))), "Robin Specimen", tc(p(b("Date of birth"))), "01/05/2009"),
              tr("Gender", "Male", "Ethnicity", ""), tr("School", "Notreal Academy", "Year", "10"),
              tr("\u2612", "Lives in care", "\u2610", "Has a passport"),
              tr("1", "Social worker", "Alex Sample"), tr("Telephone: 07700 900123", "E-mail: alex@council.example")))


def records():
    head = ("Name", "Relationship", "Telephone")
    write("04-header-rows.docx",
          p("Family and friends", style="Heading1")
          + tbl(tr(*(tc(p(b(h))) for h in head)), tr("Jo Example", "Mother", "01632 960001"), tr("Sam Fictional", "Friend", ""), tr("", "", ""))
          + p("Earlier episodes", style="berschrift2")
          + tbl(tr("Date", "From", "Returned by", heading=True), tr("01/02/2026", "Home", "Police"), tr(tc("05/03/2026", merge="start"), "School", "Himself"),
                tr(tc(merge="on"), "Home", "Carer"))
          + p("Who else knows")
          + tbl(tr("Person", "Role", "Agency", "Contact details"), tr("Alex Sample", "Social worker", "Example Council", "01632 960002"))
          + p("Vehicle seen", style="CouncilHeading")
          + tbl(tr(*(tc(h, fill="EEEEEE") for h in ("Make", "Colour", "Registration"))), tr("Example", "Red", "ZZ99 ZZZ"),
                tr(*(tc(h, fill="EEEEEE") for h in ("Driver", "Seen at", "Time"))), tr("Not known", "Station", "19:05")))


def paragraphs():
    write("05-label-paragraphs.docx",
          p("NOTICE OF PLACEMENT", style="Title") + p(b("CHILD'S DETAILS"))
          + p(b("Full name:"), " Tess Example") + p(b("Known as"), " Tessie") + p("Date of birth\t14/02/2011")
          + p("Gender: F      Legal status: Section 20") + p("Address: 1 Nowhere Street\nSampleton\nZZ9 9ZZ")
          + p("") + p(b("Placement")) + p("Start date: 1 December 2026") + p("Type .......... Children's home")
          + p("Reasons:") + p("\u2022 closer to school") + p("\u2022 near her aunt") + p("")
          + p("1. Social worker: Alex Sample") + p("2. Telephone: 01632 960003") + p("Thank you for reading this form."))


def questions():
    write("06-questions.docx",
          p("Interview with the young person", style="Heading1") + p("Why did you leave?", style="Question")
          + p("I had a row with my carer about my phone.") + p("") + p("Where did you go, and who were you with?", style="Question")
          + p("To town.") + p("With Sam.") + p("") + p("What would help?", style="Heading1") + p("Someone to talk to.")
          + p("Did anybody hurt you or ask you to do something that you did not want to do?") + p("No.") + p("")
          + p(b("Referral considered?"), " Yes, to the health team") + p(b("Views of the carer")) + p("She wants him to be safe.")
          + tbl(tr(tc(p(b("Did you sleep?")))), tr("On a sofa."), tr(tc(p(b("Did you eat?")))), tr(""), tr("Any injuries? none")))


def ticks():
    wing = r("\u00FE", extra='<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')
    wing_off = r("\u00A8", extra='<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')
    write("07-tick-boxes.docx",
          p("Injured: \u2610 Yes \u2612 No") + p("Looked after \u2611 Yes \u2610 No") + p("Risk level: ", sym("F0A8"), " Standard ", sym("F0FE"), " Medium ", sym("F0A8"), " High")
          + p("Medication needed: ", wing, " Yes ", wing_off, " No") + p("Passport: [x] Yes [ ] No") + p("Interpreter: Yes \u25A1 No \u25A0")
          + p("Informed: ", sym("F052", "Wingdings 2"), " parents ", sym("F0A3", "Wingdings 2"), " school ", sym("F052", "Wingdings 2"), " carer")
          + p("Purposes of the interview (tick all that apply)") + p("\u2612 Triggers") + p("\u2610 Harm") + p("\u2612 Other: to say sorry")
          + p("") + p("\u2612 I agree that this is shared with the police")
          + tbl(tr("Substances", tc("\u2610 Alcohol", "\u2612 Cannabis", "\u2612 Tobacco", "about ten a day")), tr("Photograph enclosed", "\u2612"),
                tr("\u2610", "Known to carry a weapon"), tr("Vulnerable", tc(p(box(False), " Yes ", box(True), " No"))), tr("Nothing ticked", "\u2610 A \u2610 B")))


def old_fields():
    write("08-old-form-fields.docx",
          p("Full name ", old_text("Kit Placeholder")) + p("Date of birth: ", old_text("03/09/2010")) + p("Nickname ", old_text("\u2002\u2002\u2002\u2002\u2002"))
          + p("In care: ", old_box(True), " Yes ", old_box(False), " No") + p("Risk: ", old_list(2, "Choose one", "Standard", "Medium", "High"))
          + p("Page ", field("PAGE", r("1")), " of ", field("NUMPAGES", r("2")))
          + tbl(tr("Police reference", tc(p(old_text("ZZ-20261121-0042")))), tr("Met by", tc(p(old_list(0, "Social worker", "Police")))),
                tr("Seen", tc(p(old_box(False), " Alone ", old_box(True), " With a carer")))))


def shape(inside):
    return ('<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><a:graphic><a:graphicData><wps:wsp><wps:txbx><w:txbxContent>'
            f"{inside}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice>"
            f"<mc:Fallback><w:pict><v:textbox><w:txbxContent>{inside}</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>")


def around():
    change = 'w:id="1" w:author="Alex Sample" w:date="2026-11-22T09:00:00Z"'
    write("09-around-the-body.docx",
          p("Full name: ", f"<w:ins {change}>{r('Tess')}</w:ins>", f"<w:del {change}><w:r><w:delText>Jess</w:delText></w:r></w:del>", " Example",
            '<w:r><w:commentReference w:id="0"/></w:r>')
          + p("School: Notreal Academy", shape(p("Police reference: ZZ-20261121-0042")))
          + p("Class: 9B", r("hidden words", extra="<w:vanish/>"), r(" and more", extra='<w:rStyle w:val="Note"/>'), '<w:r><w:footnoteReference w:id="2"/></w:r>')
          + p("Contents ........ 2", style="TOC1")
          + p(f'<w:hyperlink r:id="rId9">{r("Website: www.council.example")}</w:hyperlink>'),
          relations=[("header", "header1.xml"), ("header", "header2.xml"), ("footer", "footer1.xml"), ("footnotes", "footnotes.xml"), ("comments", "comments.xml"),
                     ("hyperlink", "https://www.council.example/", True)],
          parts={"word/header1.xml": side("hdr", p("Example Council") + p("Case number: EX-4711")),
                 "word/header2.xml": side("hdr", p("Example Council")),
                 "word/footer1.xml": side("ftr", tbl(tr("Telephone: 01632 960009", "Page 1"))),
                 "word/footnotes.xml": side("footnotes", f'<w:footnote w:type="separator" w:id="-1">{p("x")}</w:footnote><w:footnote w:id="2">{p("She moved class in May.")}</w:footnote>'),
                 "word/comments.xml": side("comments", f'<w:comment w:id="0">{p("Please check the spelling.")}{p("It was Jess before.")}</w:comment>')})


def tables():
    write("10-tables-within.docx",
          tbl(tr(tc(tbl(tr("Full name", "Tess Example"), tr("Gender", "Female")), "Interviewer: Robin Specimen"), tc("")))
          + tbl(tr(tc("Mother", merge="start"), "Name", "Jo Example"), tr(tc(merge="on"), "Telephone", "01632 960001"),
                tr(tc("Hobbies", merge="start"), "football"), tr(tc(merge="on"), "chess"))
          + tbl(tr(*(tc(p(b(h))) for h in ("Indicator", "Yes", "No", "Comments"))), tr("Unexplained gifts", "x", "", "a phone"), tr("Older friends", "", "\u2713", ""),
                tr("Goes missing at night", "", "", ""))
          + tbl(tr(*(tc(p(b(h))) for h in ("Question", "Answer", "Evidence"))), tr("Where did you stay?", "At a friend's", "said so"))
          + tbl(tr(*(tc(p(b(h))) for h in ("", "Home", "School"))), tr("Happy", "yes", "no"))
          + tbl(tr("A: one", "B: two"), tr(tc(p("More: three"), p("Most: four"))))
          + p("Signed: Robin Specimen"))


def active():
    write("11-macros.docm", p("Full name: Tess Example"), relations=[("vbaProject", "vbaProject.bin")], parts={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0 not a real one"}, type=MACROS)
    write("12-links-and-objects.docx",
          p("Full name: Tess Example") + p('<w:r><w:object><o:OLEObject Type="Embed" ProgID="Excel.Sheet.12" r:id="rId3"/></w:object></w:r>')
          + p("<w:r><w:drawing><wp:inline><a:graphic><a:graphicData><a:blip/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>")
          + '<w:altChunk r:id="rId4"/>' + p("Age: 15"),
          relations=[("oleObject", "embeddings/oleObject1.bin"), ("aFChunk", "chunk.html"), ("image", "http://192.0.2.1/x.png", True), ("settings", "settings.xml")],
          parts={"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0 not a real one", "word/chunk.html": b"<p>Full name: Somebody Else</p>",
                 "word/settings.xml": side("settings", ""),
                 "word/_rels/settings.xml.rels": relationships([("attachedTemplate", "file:///C:/Templates/Form.dotm", True)])})


PICTURE = p("<w:r><w:drawing><wp:inline><a:graphic><a:graphicData><a:blip/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>")
PNG = b"\x89PNG\r\n\x1a\n"


def pictures():
    """A council's logo and its template on a server call nobody; a picture that may be a photograph does."""
    settings = {"word/settings.xml": side("settings", ""),
                "word/_rels/settings.xml.rels": relationships([("attachedTemplate", "file:///C:/Templates/Form.dotm", True)])}
    write("15-logo-and-template.docx", PICTURE + p("Full name: Tess Example"), relations=[("image", "media/image1.png"), ("settings", "settings.xml")],
          parts={**settings, "word/media/image1.png": PNG + bytes(range(256)) * 40})
    write("16-photograph.docx", PICTURE + p("Full name: Tess Example"), relations=[("image", "media/image1.png")],
          parts={"word/media/image1.png": PNG + bytes(range(256)) * 200})


def unusual():
    write("13-strict-and-renamed.docx",
          p(r("Full "), r("na"), r("me: T"), r("ess Ex"), r("ample"))
          + f'<w:customXml w:element="x">{p("Date of birth: ", "<w:smartTag w:element=" + chr(34) + "date" + chr(34) + ">" + r("14/02/2011") + "</w:smartTag>")}</w:customXml>'
          + p("Reference: ", f'<w:fldSimple w:instr="DOCPROPERTY Ref">{r("EX-1")}</w:fldSimple>')
          + p("Soft\u00ADhyphens and\u00A0blanks: plain\u200B text"),
          main="content/main7.xml", namespaces=NAMESPACES.replace(W, STRICT))
    write("14-blank-form.docx",
          p("Return interview", style="Heading1")
          + tbl(tr("Full name", ""), tr("Date of birth", ""), tr("Did you feel safe?", "\u2610 Yes \u2610 No"), tr("Risk", tc(p(sdt(r("Choose an item."), alias="Risk level", placeholder=True)))))
          + p("Signed: ____________") + p("Date ..........") + p("What happened?") + p(""))


for make in (controls, two_columns, four_columns, records, paragraphs, questions, ticks, old_fields, around, tables, active, pictures, unusual):
    make()
