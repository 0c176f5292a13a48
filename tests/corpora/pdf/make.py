#!/usr/bin/env python3
"""Writes the PDF forms of this folder: the ordinary ones, those that are refused, and seeds. The same bytes each time."""
import io
import pathlib
import zlib

from reportlab.lib import pdfencrypt
from reportlab.pdfgen import canvas

HERE = pathlib.Path(__file__).parent
CONFINED = HERE.parent / "pdf-confined"  # what a fuzz target must not meet


class Pdf:
    """A PDF by hand: objects in order, a table of their places, a trailer. Object 1 is the catalogue."""

    def __init__(self, catalogue="", pages="/Kids[3 0 R]/Count 1", version="1.7"):
        self.version = version
        self.objects = {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R" + catalogue.encode("latin-1") + b">>",
                        2: b"<</Type/Pages" + pages.encode("latin-1") + b">>"}

    def put(self, number, body):
        self.objects[number] = body.encode("latin-1") if isinstance(body, str) else body
        return self

    def page(self, *annotations):
        return self.put(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[" + refs(annotations) + "]>>")

    def form(self, *fields, more=""):
        return self.put(4, "<</Fields[" + refs(fields) + "]" + more + ">>")

    def bytes(self, trailer=""):
        out = io.BytesIO()
        out.write(b"%PDF-" + self.version.encode() + b"\n%\xe2\xe3\xcf\xd3\n")
        places = write_objects(out, self.objects)
        start = out.tell()
        out.write(table(places, first=True))
        out.write(f"trailer\n<</Size {max(places) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode("latin-1"))
        return out.getvalue()

    def seed(self):
        """The objects alone: fuzz_pdf writes the rest around them."""
        return b"\0".join(self.objects.get(n, b"null") for n in range(1, max(self.objects) + 1))

    def packed(self):
        """The same, with the objects in a compressed stream, as programs write since 2003."""
        inside = {n: body for n, body in self.objects.items() if b"stream" not in body}
        return pack(self.version, inside, {n: b for n, b in self.objects.items() if n not in inside})


def refs(numbers):
    return " ".join(f"{n} 0 R" for n in numbers)


def write_objects(out, objects):
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = out.tell()
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    return places


def table(places, first):
    lines = ["xref\n"]
    if first:
        lines.append("0 1\n0000000000 65535 f \n")
    lines += [f"{number} 1\n{place:010} 00000 n \n" for number, place in sorted(places.items())]
    return "".join(lines).encode()


def stream(dictionary, data):
    return f"<<{dictionary}/Length {len(data)}>>stream\n".encode("latin-1") + data + b"\nendstream"


def object_stream(objects, squeeze=1, pad=b""):
    heads, bodies = "", b""
    for number, body in sorted(objects.items()):
        heads += f"{number} {len(bodies)} "
        bodies += body + b" "
    data = heads.encode() + bodies + pad
    for _ in range(squeeze):
        data = zlib.compress(data, 9)
    return stream(f"/Type/ObjStm/N {len(objects)}/First {len(heads)}/Filter[{'/FlateDecode' * squeeze}]", data)


def pack(version, inside, outside, squeeze=1, pad=b""):
    numbers = sorted(inside)
    holder, xref = max([*inside, *outside]) + 1, max([*inside, *outside]) + 2
    out = io.BytesIO()
    out.write(b"%PDF-" + version.encode() + b"\n%\xe2\xe3\xcf\xd3\n")
    places = write_objects(out, {**outside, holder: object_stream(inside, squeeze, pad)})
    start = places[xref] = out.tell()
    rows = b""
    for number in range(xref + 1):
        if number in inside:
            rows += bytes([2]) + holder.to_bytes(4, "big") + numbers.index(number).to_bytes(2, "big")
        elif number in places:
            rows += bytes([1]) + places[number].to_bytes(4, "big") + bytes(2)
        else:
            rows += bytes(7)
    body = stream(f"/Type/XRef/Size {xref + 1}/W[1 4 2]/Root 1 0 R/Filter/FlateDecode", zlib.compress(rows, 9))
    out.write(f"{xref} 0 obj\n".encode() + body + f"\nendobj\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def update(before, objects):
    """What a program appends when it saves: the new objects, and where they are."""
    previous = int(before.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    out = io.BytesIO()
    out.write(before)
    out.seek(0, io.SEEK_END)
    places = write_objects(out, {n: b.encode("latin-1") for n, b in objects.items()})
    start = out.tell()
    out.write(table(places, first=False))
    out.write(f"trailer\n<</Size 6/Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def wide(text):
    """A string in UTF-16BE, in hex."""
    return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"


BOX = "/Type/Annot/Subtype/Widget/Rect[100 700 300 720]"


def text_field(name, label, value, more=""):
    return f"<<{BOX}/FT/Tx/T({name})/TU({label})/V({value}){more}>>"


def one_field(catalogue="", more="", **rest):
    """The smallest form that is read."""
    return Pdf(catalogue, **rest).page(5).form(5).put(5, text_field("name", "Full name of child", "Tess Example", more))


def program_made(encrypt=None):
    """As a form program makes it: every kind of field."""
    out = io.BytesIO()
    page = canvas.Canvas(out, invariant=1, encrypt=encrypt, pageCompression=1)
    form = page.acroForm
    page.setTitle("Missing child: report")
    page.drawString(50, 780, "Missing child: report")
    form.textfield(name="child.name", tooltip="Full name of child", x=150, y=740, width=300, value="Tess Example")
    form.textfield(name="child.born", tooltip="Date of birth", x=150, y=710, value="14/03/2011", maxlen=10)
    form.textfield(name="circumstances", tooltip="What happened?", x=150, y=600, width=300, height=80, fieldFlags="multiline",
                   value="Left after tea.\nSaid she would go to town.")
    form.textfield(name="child.alias", tooltip="Known as", x=150, y=570, value="")
    form.choice(name="authority", tooltip="Placing authority", x=150, y=540, width=200, value="Specimen", fieldFlags="combo",
                options=[("Specimen City", "Specimen"), ("Example Shire", "Example")])
    form.checkbox(name="photo", tooltip="Photograph attached", x=150, y=510, checked=True)
    form.checkbox(name="phone", tooltip="Telephone with the child", x=150, y=480, checked=False)
    for i, value in enumerate(("High", "Medium", "Low")):
        form.radio(name="risk", tooltip="Risk level", value=value, selected=value == "Medium", x=150 + 60 * i, y=450)
    page.showPage()
    form.textfield(name="reporter.name", tooltip="Name of reporter", x=150, y=740, value="Robin Specimen")
    form.listbox(name="languages", tooltip="Languages spoken", x=150, y=600, width=200, height=60, value="Welsh",
                 options=["English", "Welsh", "Polish"])
    page.showPage()
    page.save()
    return out.getvalue()


def hierarchy():
    """Groups, inheritance, four ways to write letters, two pages whose order is not that of the list."""
    pdf = Pdf(pages="/Kids[3 0 R 30 0 R]/Count 2").form(10, 20, 40)
    pdf.page(12, 11, 14)
    pdf.put(30, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots 31 0 R>>").put(31, "[21 0 R 13 0 R]")
    pdf.put(10, "<</T(child_details)/FT/Tx/Kids[11 0 R 12 0 R 13 0 R 14 0 R]>>")
    pdf.put(11, f"<<{BOX}/Parent 10 0 R/T(name)/TU(Full name of child)/V{wide('Zoë Żółć-Example ✓')}>>")
    pdf.put(12, f"<<{BOX}/Parent 10 0 R/T(dateOfBirth)/V(14/03/2011)>>")
    pdf.put(13, f"<<{BOX}/Parent 10 0 R/T(address)/TU(Home address)/Ff 4096/V(1 Invented Row\\rPlaceholder Town\\r\\nZZ9 9ZZ)>>")
    pdf.put(14, f"<<{BOX}/Parent 10 0 R/T(alias)/TU(Known as)/V(\\357\\273\\277Ren\\303\\251e)>>")
    pdf.put(20, "<</T(carer)/Kids[22 0 R]>>")
    pdf.put(22, "<</Parent 20 0 R/T(home)/FT/Tx/Kids[21 0 R]>>")
    pdf.put(21, f"<<{BOX}/Parent 22 0 R/T(phone)/TU(Telephone of home)/V(01632 960123 \\205 day \\240 \\(caf\\351\\))>>")
    return pdf.put(40, "<</FT/Tx/T(reference)/TU(Our reference)/V(EX-2026-0001)>>")


def look(*states):
    return "/AP<</N<<" + "".join(f"/{s} 99 0 R" for s in states) + ">>>>"


def buttons():
    """Ticks: alone, in groups, with words of their own, in unison."""
    pdf = Pdf().page(*range(10, 30)).put(99, stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b""))
    pdf.form(10, 11, 12, 50, 53, 56, 21, 22, 23, 60)
    pdf.put(10, f"<<{BOX}/FT/Btn/T(told)/TU(Told why we share)/V/Yes/AS/Yes{look('Yes', 'Off')}>>")
    pdf.put(11, f"<<{BOX}/FT/Btn/T(copy)/TU(Copy given)/V/Off/AS/Off{look('Off', 'Yes')}>>")
    pdf.put(12, f"<<{BOX}/FT/Btn/T(who)/TU(Who told the child)/V/Social#20worker/AS/Social#20worker{look('Social#20worker')}>>")
    pdf.put(50, "<</FT/Btn/Ff 49152/T(consent)/TU(Does the child agree?)/V/1/Opt[(Yes, all of it)(No)(Not asked)]/Kids[13 0 R 14 0 R 15 0 R]>>")
    for i, number in enumerate((13, 14, 15)):
        pdf.put(number, f"<<{BOX}/Parent 50 0 R/AS/{'1' if i == 1 else 'Off'}{look(str(i), 'Off')}>>")
    pdf.put(53, "<</FT/Btn/T(safe)/TU(Safe at home?)/V/No/Kids[16 0 R 17 0 R]>>")
    pdf.put(16, f"<<{BOX}/Parent 53 0 R/AS/Off{look('Yes')}>>").put(17, f"<<{BOX}/Parent 53 0 R/AS/No{look('No')}>>")
    pdf.put(56, "<</FT/Btn/Ff 49152/T(level)/TU(Risk level)/V/c/Kids[18 0 R 19 0 R 20 0 R]>>")
    for number, state, words in ((18, "a", "Low"), (19, "b", "Medium"), (20, "c", "High")):
        pdf.put(number, f"<<{BOX}/Parent 56 0 R/TU({words})/AS/{'c' if state == 'c' else 'Off'}{look(state, 'Off')}>>")
    pdf.put(21, f"<<{BOX}/FT/Btn/Ff 65536/T(print)/TU(Print this form)/A<</S/Named/N/Print>>>>")
    pdf.put(22, f"<<{BOX}/FT/Btn/T(unclear)/TU(Stored, not shown)/V/Yes/AS/Off{look('Yes')}>>")
    pdf.put(23, f"<<{BOX}/FT/Btn/T(unclear2)/TU(Shown, not stored)/AS/Yes{look('Yes')}>>")
    pdf.put(60, "<</FT/Btn/Ff 33603584/T(twice)/V/Y/Kids[24 0 R 25 0 R]>>")
    pdf.put(24, f"<<{BOX}/Parent 60 0 R/TU(Is there a plan?)/AS/Y{look('Y')}>>")
    pdf.put(25, f"<<{BOX}/Parent 60 0 R/TU(Is there a plan?)/AS/Y{look('Y')}>>")
    for number in (26, 27, 28, 29):
        pdf.put(number, "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(https://council.example/)>>>>")
    return pdf


def choices():
    pdf = Pdf().page(10, 11, 12, 13).form(10, 11, 12, 13)
    options = f"/Opt[[(S)(Specimen City)][(E){wide('Île of Example')}](Other)]"
    pdf.put(10, f"<<{BOX}/FT/Ch/Ff 131072/T(la)/TU(Placing authority)/V(E){options}>>")
    pdf.put(11, f"<<{BOX}/FT/Ch/Ff 2097152/T(lang)/TU(Languages spoken)/V[(S)(Other)(S)]{options}/I[0 2]>>")
    pdf.put(12, f"<<{BOX}/FT/Ch/Ff 393216/T(typed)/TU(School)/V(A school typed in){options}>>")
    return pdf.put(13, f"<<{BOX}/FT/Ch/T(none)/TU(Religion){options}>>")


def odd():
    """What is neither refused nor an ordinary answer."""
    pdf = Pdf().page(5, 6, 7, 8, 9, 10, 11, 12, 13, 14).form(5, 6, 7, 8, 14)
    pdf.put(5, text_field("name", "Full name of child", "Tess Example"))
    pdf.put(6, text_field("secret", "Facebook login", "Sample-Pass-123", "/Ff 8192"))
    pdf.put(7, f"<<{BOX}/FT/Sig/T(signed)/TU(Signature of manager)/V<</Type/Sig/Contents<00>>>>>")
    date = "AFDate_KeystrokeEx(\"dd/mm/yyyy\");"
    pdf.put(8, text_field("born", "Date of birth", "14/03/2011",
                          f"/AA<</K<</S/JavaScript/JS({date.replace('(', chr(92) + '(').replace(')', chr(92) + ')')})>>>>"))
    pdf.put(9, "<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(She was seen in town again at 9pm.\\rNo coat.)>>")
    pdf.put(10, "<</Type/Annot/Subtype/Ink/Rect[0 0 9 9]/InkList[[0 0 9 9]]>>")
    pdf.put(11, f"<<{BOX}/FT/Tx/T(Text7)/V(a field that the list of the form does not have)>>")
    pdf.put(12, f"<<{BOX}/FT/Btn/Ff 65536/T(send)/A<</S/SubmitForm/F(https://council.example/)>>>>")
    pdf.put(13, "<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Parent 9 0 R>>")
    return pdf.put(14, text_field("version", "Form version", "3", "/F 2"))


def livecycle():
    """Names as one form designer makes them, saved without its second copy of the form."""
    pdf = Pdf().page(13, 14).form(10)
    pdf.put(10, "<</T(topmostSubform[0])/Kids[11 0 R]>>").put(11, "<</T(Page1[0])/Parent 10 0 R/Kids[12 0 R 14 0 R]>>")
    pdf.put(12, "<</T(Informant[0])/Parent 11 0 R/Kids[13 0 R]>>")
    pdf.put(13, f"<<{BOX}/Parent 12 0 R/FT/Tx/T(Name[0])/V(Robin Specimen)>>")
    return pdf.put(14, f"<<{BOX}/Parent 11 0 R/FT/Tx/T(PoliceReference[12])/V(EX/0042/26)>>")


def values_kept():
    """Saved twice, each time with another answer: the last one counts."""
    first = update(one_field().bytes(), {5: text_field("name", "Full name of child", "Kit Placeholder")})
    return update(first, {5: text_field("name", "Full name of child", "Alex Sample")})


def good():
    return {"01-program-made": program_made(), "02-hierarchy": hierarchy().bytes(), "03-buttons": buttons().bytes(), "04-choices": choices().bytes(),
            "05-saved-twice": values_kept(), "06-packed": hierarchy().packed(), "07-odd": odd().bytes(), "08-designer-names": livecycle().bytes(),
            "09-loop-of-kids": kids_loop()}


def kids_loop():
    return Pdf().page(6).form(5).put(5, "<</T(a)/Kids[6 0 R 7 0 R]>>").put(6, text_field("b", "Full name of child", "Tess Example")) \
        .put(7, "<</T(c)/Parent 5 0 R/Kids[5 0 R 7 0 R]>>").bytes()


def script(text):
    return f"<</S/JavaScript/JS({text})>>"


def deep(levels, key, last):
    pdf = Pdf()
    return pdf, {n: f"<</T(a)/{key}[{n + 1} 0 R]/Type/Pages>>" if n < 100 + levels else last for n in range(100, 101 + levels)}


def deep_kids():
    pdf, chain = deep(200, "Kids", text_field("z", "Full name of child", "Tess Example"))
    pdf.page().form(100)
    for number, body in chain.items():
        pdf.put(number, body)
    return pdf.bytes()


def deep_pages():
    pdf, chain = deep(200, "Kids", "<</Type/Page>>")
    pdf.objects[2] = b"<</Type/Pages/Kids[100 0 R]/Count 1>>"
    pdf.form(5).put(5, text_field("z", "Full name of child", "Tess Example"))
    for number, body in chain.items():
        pdf.put(number, body)
    return pdf.bytes()


def page_cycle():
    pdf = one_field(pages="/Kids[3 0 R 50 0 R]/Count 2")
    return pdf.put(50, "<</Type/Pages/Kids[2 0 R 50 0 R]/Count 1>>").bytes()


def xref_loop():
    plain = one_field().bytes()
    start = int(plain.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    return plain.replace(b"/Root 1 0 R", f"/Root 1 0 R/Prev {start}".encode())


def bomb():
    """Two gigabytes of blanks in a stream of objects, pressed twice."""
    pdf = one_field()
    squeeze = zlib.compressobj(9)
    heads, bodies = "", b""
    for number, body in sorted(pdf.objects.items()):
        heads += f"{number} {len(bodies)} "
        bodies += body + b" "
    data = squeeze.compress(heads.encode() + bodies)
    for _ in range(2048):
        data += squeeze.compress(b" " * (1 << 20))
    data = zlib.compress(data + squeeze.flush(), 9)
    inside = stream(f"/Type/ObjStm/N {len(pdf.objects)}/First {len(heads)}/Filter[/FlateDecode/FlateDecode]", data)
    whole = pdf.packed()
    begin = whole.index(b"<</Type/ObjStm")
    end = whole.index(b"endstream", begin) + len(b"endstream")
    start = int(whole.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    moved = start + len(inside) - (end - begin)
    return repair_xref(whole[:begin] + inside + whole[end:], start, moved)


def repair_xref(whole, start, moved):
    """The stream of places says where it stands itself."""
    begin = whole.index(b"stream\n", moved) + 7
    end = whole.index(b"\nendstream", begin)
    rows = zlib.compress(zlib.decompress(whole[begin:end]).replace(start.to_bytes(4, "big"), moved.to_bytes(4, "big")), 9)
    head = whole[moved:begin].replace(f"/Length {end - begin}".encode(), f"/Length {len(rows)}".encode())
    return whole[:moved] + head + rows + f"\nendstream\nendobj\nstartxref\n{moved}\n%%EOF\n".encode()


def archive(comment):
    return b"PK\x05\x06" + bytes(16) + len(comment).to_bytes(2, "little") + comment


def refused():
    plain = one_field().bytes()
    return {
        "script-open": one_field("/OpenAction" + script("app.alert\\(1\\)")).bytes(),
        "script-names": one_field("/Names<</JavaScript<</Names[(a)" + script("this.x=1;") + "]>>>>").bytes(),
        "script-field": one_field(more="/AA<</C" + script("event.value=AFSimple_Calculate;") + ">>").bytes(),
        "script-behind-format": one_field(more="/AA<</F" + script("AFDate_FormatEx\\(\"dd\"\\);app.x\\(\\)") + ">>").bytes(),
        "script-stream": one_field("/OpenAction<</S/JavaScript/JS 9 0 R>>").put(9, stream("", b"app.alert(1)")).bytes(),
        "script-name-escaped": one_field("/OpenAction<</#53/J#61vaScript/#4aS(x)>>").bytes(),
        "launch": one_field(more="/A<</S/Launch/F(cmd.exe)>>").bytes(),
        "import-data": one_field("/OpenAction<</S/ImportData/F(x.fdf)>>").bytes(),
        "xfa": Pdf().page(5).form(5, more="/XFA 9 0 R").put(5, text_field("name", "Full name of child", "Tess Example"))
                    .put(9, stream("", b"<xdp:xdp/>")).bytes(),
        "embedded": one_field("/Names<</EmbeddedFiles<</Names[(a)9 0 R]>>>>").put(9, "<</Type/Filespec/F(a.exe)/EF<</F 10 0 R>>>>")
                    .put(10, stream("/Type/EmbeddedFile", b"MZ")).bytes(),
        "encrypted": program_made(pdfencrypt.StandardEncryption("invented", strength=128)),
        "restricted": program_made(pdfencrypt.StandardEncryption("", ownerPassword="invented", canModify=0, strength=40)),
        "no-form": Pdf().page().put(4, "null").bytes(),
        "form-without-fields": Pdf().page().form().bytes(),
        "note-only": Pdf().page(5).form().put(5, "<</Type/Annot/Subtype/FreeText/Contents(Tess Example)>>").bytes(),
        "deep-kids": deep_kids(), "deep-pages": deep_pages(), "xref-loop": xref_loop(),
        "before": b"<html><script>x</script></html>\n" + plain,
        "behind": plain + b"<html><script>x</script></html>\n",
        "archive": plain + archive(b"\n%%EOF\n"),
        "cut": plain[:len(plain) // 2], "cut-but-ended": plain[:len(plain) // 2] + b"\n%%EOF\n",
        "no-root": plain.replace(b"/Root 1 0 R", b"/Root 9 0 R"),
        "xref-lies": plain.replace(b"00000 n", b"00001 n"),
        "page-cycle": page_cycle(),
    }


def main():
    for name, pdf in (("hierarchy", hierarchy()), ("buttons", buttons()), ("choices", choices()), ("odd", odd()), ("names", livecycle())):
        (HERE / f"{name}.objects").write_bytes(pdf.seed())
    CONFINED.mkdir(exist_ok=True)
    (CONFINED / "bomb.pdf").write_bytes(bomb())
    for name, content in {**good(), **refused()}.items():
        (HERE / f"{name}.pdf").write_bytes(content)


if __name__ == "__main__":
    main()
