"""Writes the OpenDocument texts of this folder: /usr/bin/python3 tests/corpora/odt/make.py. All people are invented.

Each is made from its parts by hand, so that it has exactly what LibreOffice and older programs write; the same bytes every
time. What the reader must answer stands beside each as .fields.xml.
"""
import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent
TEXT = "application/vnd.oasis.opendocument.text"
O = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = " ".join(f'xmlns:{short}="{O}{name}:1.0"' for short, name in [
    ("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("draw", "drawing"), ("form", "form"),
    ("fo", "xsl-fo-compatible"), ("script", "script"), ("manifest", "manifest")])
NAMESPACES += (' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
               ' xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"')


def p(*content, style="Standard"):
    return f'<text:p text:style-name="{style}">{"".join(content)}</text:p>'


def h(content, level=1):
    return f'<text:h text:style-name="Heading_20_{level}" text:outline-level="{level}">{content}</text:h>'


def b(content):
    return f'<text:span text:style-name="T1">{content}</text:span>'


def cell(*content, span=None, rows=None, style=None):
    attributes = f' table:number-columns-spanned="{span}"' if span else ""
    attributes += f' table:number-rows-spanned="{rows}"' if rows else ""
    attributes += f' table:style-name="{style}"' if style else ""
    inside = "".join(c if c.startswith("<text:p") or c.startswith("<table") or c.startswith("<text:list") else p(c) for c in content)
    return f"<table:table-cell{attributes}>{inside}</table:table-cell>" + "<table:covered-table-cell/>" * ((span or 1) - 1)


COVERED = "<table:covered-table-cell/>"


def row(*cells):
    return "<table:table-row>" + "".join(c if c.startswith("<table:") else cell(c) for c in cells) + "</table:table-row>"


def table(*rows):
    return f'<table:table table:name="Table1"><table:table-column table:number-columns-repeated="4"/>{"".join(rows)}</table:table>'


AUTOMATIC = (
    '<style:style style:name="T1" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="T2" style:family="text"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Question"/>'
    '<style:style style:name="Grey" style:family="table-cell"><style:table-cell-properties fo:background-color="#dddddd"/></style:style>')
STYLES = (
    '<style:style style:name="Standard" style:family="paragraph"/>'
    '<style:style style:name="Question" style:family="paragraph" style:parent-style-name="Standard"><style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="Heading_20_1" style:family="paragraph" style:default-outline-level="1"/>'
    '<style:style style:name="Heading_20_2" style:family="paragraph" style:default-outline-level="2"/>'
    '<style:style style:name="Title" style:family="paragraph"/>'
    '<style:style style:name="Loop" style:family="paragraph" style:parent-style-name="Loop"/>')


def write(name, body, masters="", parts=None, type=TEXT, manifest=""):
    parts = dict(parts or {})
    parts["content.xml"] = (f'<office:document-content {NAMESPACES} office:version="1.3"><office:automatic-styles>{AUTOMATIC}</office:automatic-styles>'
                            f"<office:body><office:text>{body}</office:text></office:body></office:document-content>")
    parts["styles.xml"] = (f'<office:document-styles {NAMESPACES} office:version="1.3"><office:styles>{STYLES}</office:styles>'
                           f'<office:master-styles><style:master-page style:name="Standard">{masters}</style:master-page></office:master-styles></office:document-styles>')
    parts["META-INF/manifest.xml"] = f'<manifest:manifest {NAMESPACES}><manifest:file-entry manifest:full-path="/" manifest:media-type="{type}"/>{manifest}</manifest:manifest>'
    (HERE / name).with_suffix(".part.xml").write_text(parts["content.xml"])  # the fuzz target puts it into a sound archive
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", (2026, 1, 5, 9, 0, 0)), type)
        for part in sorted(parts):
            info = zipfile.ZipInfo(part, (2026, 1, 5, 9, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, ('<?xml version="1.0" encoding="UTF-8"?>\n' + parts[part]).encode())


def tables():
    write("01-tables.odt",
          p("Missing child report", style="Title") + h("The child")
          + table(row(cell("About the child", span=2, style="Grey")), row("Full name", "Tess Example"), row("Date of birth", "14/02/2011"),
                  row("Address", cell("1 Nowhere Street", "Sampleton", "ZZ9 9ZZ")), row("At risk?", "\u2612 Yes \u2610 No"))
          + table(row("Gender", "Female", "Ethnicity", "White British"), row("School", "Notreal Academy", "Year", "9"))
          + h("Friends", 2)
          + table("<table:table-header-rows>" + row("Name", "Relationship", "Telephone") + "</table:table-header-rows>",
                  row("Sam Fictional", "Friend", "07700 900123"), row("Jo Example", "Mother", "")))


def paragraphs():
    write("02-paragraphs.odt",
          h("Placement notice") + p(b("Full name:"), " Kit Placeholder") + p(b("Known as"), " Kitty") + p("Date of birth:<text:tab/>03/09/2010")
          + p("Gender: M<text:s text:c=\"6\"/>Legal status: Section 31") + p("Address: 1 Nowhere Street<text:line-break/>Sampleton<text:line-break/>ZZ9 9ZZ")
          + p("Reasons:") + f"<text:list><text:list-item>{p('closer to school')}</text:list-item><text:list-item>{p('near his aunt')}</text:list-item></text:list>"
          + p() + p("Why was he moved?", style="P1") + p("The home closed.") + p()
          + table(row(p(b("What does he think?"))), row("He is glad."), row(p(b("Anything else?"))), row("")))


def form_controls():
    forms = ('<office:forms><form:form form:name="Form"><form:text form:id="c1" form:name="Full name" form:current-value="Robin Specimen"/>'
             '<form:checkbox form:id="c2" form:name="Check Box 1" form:label="Yes" form:current-state="checked"/>'
             '<form:checkbox form:id="c3" form:name="Check Box 2" form:label="No"/>'
             '<form:listbox form:id="c4" form:name="Risk"><form:option form:label="Low"/><form:option form:label="High" form:current-selected="true"/></form:listbox>'
             '<form:date form:id="c5" form:name="Date Field 1" form:current-value="21/11/2026"/>'
             '<form:checkbox form:id="c6" form:name="Consent" form:current-state="checked"/></form:form></office:forms>')
    control = '<draw:control text:anchor-type="as-char" draw:control="{}"/>'
    write("03-form-controls.odt",
          forms + p("Name: ", control.format("c1")) + p("In care: ", control.format("c2"), control.format("c3")) + p("Level of risk: ", control.format("c4"))
          + p("Last seen on ", control.format("c5")) + p(control.format("c6"), " agrees that this is shared")
          + p("Where: ", '<text:text-input text:description="Place last seen">Bus station</text:text-input>')
          + p("Reported by ", '<text:drop-down text:name="Reporter"><text:label text:value="Carer"/><text:label text:current-selected="true" text:value="School"/>School</text:drop-down>')
          + p("Vehicle: ", '<text:placeholder text:placeholder-type="text">&lt;write here&gt;</text:placeholder>'))


def content_controls():
    write("04-content-controls.odt",
          p("Child: ", '<loext:content-control loext:alias="Full name">Kit Placeholder</loext:content-control>')
          + p("Ethnicity: ", '<loext:content-control loext:alias="Ethnicity" loext:showing-place-holder="true">Click here</loext:content-control>')
          + p("Injured: ", '<loext:content-control loext:checkbox="true" loext:checked="false">\u2610</loext:content-control> Yes ',
              '<loext:content-control loext:checkbox="true" loext:checked="true">\u2612</loext:content-control> No')
          + table(row("Date of birth", cell(p('<loext:content-control loext:date="true" loext:alias="DOB">03/09/2010</loext:content-control>')))))


def around():
    tracked = ('<text:tracked-changes><text:changed-region text:id="ct1"><text:deletion><office:change-info><dc:creator>Alex Sample</dc:creator></office:change-info>'
               f'{p("Jess")}</text:deletion></text:changed-region></text:tracked-changes>')
    frame = f'<draw:frame><draw:text-box>{p("Police reference: ZZ-20261121-0042")}</draw:text-box></draw:frame>'
    write("05-around-the-body.odt",
          tracked + p("Full name: Tess ", '<text:change text:change-id="ct1"/>', "Example", "<office:annotation><dc:creator>Alex</dc:creator><text:p>Check the spelling.</text:p></office:annotation>")
          + p("School: Notreal Academy", frame)
          + p("Class: 9B", '<text:span text:style-name="T2">hidden words</text:span>', '<text:hidden-text text:string-value="more of them"/>',
              '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Since May.</text:p></text:note-body></text:note>')
          + p('<draw:frame><draw:image xlink:href="http://192.0.2.1/x.png"/></draw:frame>', "Age: 15")
          + p("Contents of the bag: a phone", style="Loop")
          + '<text:table-of-content><text:index-body>' + p("About ..... 1") + "</text:index-body></text:table-of-content>",
          masters=f'<style:header>{p("Example Council")}{p("Case number: EX-4711")}</style:header><style:footer>{p("Telephone: 01632 960009")}</style:footer>')


def spans():
    write("06-spans-and-nesting.odt",
          table(row(cell("Mother", rows=2, style="Grey"), "Name", "Jo Example"), row(COVERED, "Telephone", "01632 960001"),
                row(cell("Hobbies", rows=2), cell("football", span=2)), row(COVERED, cell("chess", span=2)))
          + table(row(cell(table(row("Height", "160 cm"), row("Build", "slim"))), cell("Hair: brown")))
          + table(row(*(cell(p(b(x))) for x in ("Factor", "Yes", "No"))), row("Gifts", "\u2612", "\u2610"), row("Older friends", "\u2610", "\u2612")))


def macros():
    write("07-macros.odt", p("Full name: Tess Example"), parts={"Basic/Standard/Module1.xml": "<module/>", "Basic/script-lc.xml": "<library/>"})


for make in (tables, paragraphs, form_controls, content_controls, around, spans, macros):
    make()
