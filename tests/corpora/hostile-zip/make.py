"""Writes the hostile archives of this folder: /usr/bin/python3 tests/corpora/hostile-zip/make.py.

Each is one document that a reader must refuse, or reduce to its text; tests/adapters/test_office_hostile.c says which. They are
written byte by byte, because no library would write them. None holds anything that does harm.
"""
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
BODY = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>Full name: Tess Example</w:t></w:r></w:p></w:body></w:document>'
TYPES = (f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
RELS = f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
NS = "urn:oasis:names:tc:opendocument:xmlns:"
CONTENT = (f'<office:document-content xmlns:office="{NS}office:1.0" xmlns:text="{NS}text:1.0"><office:body><office:text>'
           "<text:p>Full name: Tess Example</text:p></office:text></office:body></office:document-content>")


class Entry:
    """One entry as an honest program writes it; every field may be bent afterwards, in either header."""

    def __init__(self, name, data=b"", stored=False):
        data = data.encode() if isinstance(data, str) else data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.packed = data if stored else packer.compress(data) + packer.flush()
        self.name = self.local_name = name.encode() if isinstance(name, str) else name
        self.method = self.local_method = 0 if stored else 8
        self.flags = self.local_flags = 0
        self.crc = zlib.crc32(data)
        self.size = len(data)
        self.local_size = self.local_packed_size = self.local_extra_len = None
        self.packed_size = len(self.packed)
        self.extra = self.local_extra = b""
        self.made_by, self.attributes = 20, 0
        self.offset = None
        self.before = self.behind = b""
        self.no_local = False

    def local(self):
        size = self.size if self.local_size is None else self.local_size
        packed = self.packed_size if self.local_packed_size is None else self.local_packed_size
        return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, self.local_flags, self.local_method, 0, 0x5C25, self.crc, packed, size,
                           len(self.local_name), self.local_extra_len or len(self.local_extra)) + self.local_name + self.local_extra + self.packed

    def central(self, offset):
        return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, self.made_by, 20, self.flags, self.method, 0, 0x5C25, self.crc, self.packed_size,
                           self.size, len(self.name), len(self.extra), 0, 0, 0, self.attributes, offset) + self.name + self.extra


def archive(entries, before=b"", behind=b"", comment=b"", count=None, end64=b""):
    out = before
    central = b""
    for entry in entries:
        out += entry.before
        offset = len(out) if entry.offset is None else entry.offset
        if not entry.no_local:
            out += entry.local()
        out += entry.behind
        central += entry.central(offset)
    number = len(entries) if count is None else count
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, number, number, len(central), len(out), len(comment))
    return out + central + end64 + end + comment + behind


def docx(body=BODY, more=(), types=TYPES, rels=RELS):
    return [Entry("[Content_Types].xml", types), Entry("_rels/.rels", rels), Entry("word/document.xml", body), *more]


def bent(which=2, **fields):
    """A good document of which one entry is bent."""
    entries = docx()
    for name, value in fields.items():
        setattr(entries[which], name, value)
    return entries


def odt(content=CONTENT, type="application/vnd.oasis.opendocument.text", more=()):
    return [Entry("mimetype", type, stored=True), Entry("content.xml", content), *more]


def part(entries, name, text):
    return [entry for entry in entries if entry.name != name.encode()] + [Entry(name, text)]


def zip64(*numbers):
    return struct.pack("<HH", 1, 8 * len(numbers)) + struct.pack(f"<{len(numbers)}Q", *numbers)


def overlapping():
    """Many entries that share one packed stream."""
    kernel = Entry("word/document.xml", " " * 400_000)
    entries = docx(body=" ")[:2] + [kernel]
    start = len(archive(entries[:2])) - 22 - sum(len(e.central(0)) for e in entries[:2])
    for i in range(300):
        copy = Entry(f"word/p{i:03}.xml", " " * 400_000)
        copy.offset, copy.no_local = start, True
        entries.append(copy)
    return archive(entries)


def overlap():
    """An entry within the bytes of another."""
    entries = docx(more=[Entry("word/media/x.bin", b"y" * 100, stored=True), Entry("word/media/y.bin", b"z" * 10, stored=True)])
    entries[3].packed = entries[3].packed[:20] + entries[4].local() + entries[3].packed[20 + len(entries[4].local()):]
    entries[4].offset, entries[4].no_local = len(b"".join(e.local() for e in entries[:3])) + 30 + len(entries[3].name) + 20, True
    return archive(entries)


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
XXE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
GOOD = archive(docx())
MADE = {
    # archives that are not what they seem
    "bomb-ratio.docx": archive(docx(body=BODY.replace("Tess", " " * 20_000_000))),
    "bomb-total.docx": archive(docx(more=[Entry(f"word/media/p{i}.xml", " " * 520_000) for i in range(100)])),
    "bomb-overlap.docx": overlapping(),
    "overlap.docx": overlap(),
    "bomb-lying-size.docx": archive(docx(body=BODY.replace("Tess", " " * 4_000_000))[:2] + [(lambda e: (setattr(e, "size", 3000), e)[1])(Entry("word/document.xml", BODY.replace("Tess", " " * 4_000_000)))]),
    "zip64-size.docx": archive(bent(size=0xFFFFFFFF, extra=zip64(1 << 40))),
    "zip64-two-sizes.docx": archive(bent(extra=zip64(5))),
    "zip64-missing.docx": archive(bent(packed_size=0xFFFFFFFF)),
    "zip64-end.docx": archive(docx(), end64=struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 9, 9, 9, 9) + struct.pack("<IIQI", 0x07064B50, 0, 0, 1)),
    "count-65535.docx": archive(docx(), count=0xFFFF),
    "count-too-small.docx": archive(docx(), count=2),
    "traversal.docx": archive(docx(more=[Entry("../../etc/cron.d/x", "x")])),
    "traversal-inside.docx": archive(docx(more=[Entry("word/../../x", "x")])),
    "absolute.docx": archive(docx(more=[Entry("/etc/x", "x")])),
    "backslash.docx": archive(docx(more=[Entry("..\\x", "x")])),
    "drive.docx": archive(docx(more=[Entry("C:x", "x")])),
    "name-nul.docx": archive(docx(more=[Entry(b"word/a\0.xml", "x")])),
    "name-latin1.docx": archive(docx(more=[Entry(b"word/\xe9.xml", "x")])),
    "name-empty.docx": archive(docx(more=[Entry("", "x")])),
    "name-twice.docx": archive(docx(more=[Entry("word/document.xml", BODY.replace("Tess", "Jess"))])),
    "name-twice-case.docx": archive(docx(more=[Entry("Word/Document.xml", BODY.replace("Tess", "Jess"))])),
    "name-unicode-extra.docx": archive(bent(extra=struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil")),
    "symlink.docx": archive(docx(more=[(lambda e: (setattr(e, "made_by", 3 << 8 | 20), setattr(e, "attributes", 0o120777 << 16), e)[2])(Entry("word/link", "/etc/passwd", stored=True))])),
    "encrypted.docx": archive(bent(flags=1, local_flags=1)),
    "encrypted-aes.docx": archive(bent(extra=struct.pack("<HHHHBH", 0x9901, 7, 2, 0x4541, 3, 8))),
    "method-lzma.docx": archive(bent(method=14, local_method=14)),
    "mismatch-name.docx": archive(bent(local_name=b"word/document.xmx")),
    "mismatch-method.docx": archive(bent(local_method=0)),
    "mismatch-size.docx": archive(bent(local_size=7)),
    "mismatch-flags.docx": archive(bent(local_flags=8)),
    "data-before.docx": archive(docx(), before=b"%PDF-1.7\n"),
    "data-before-zip.docx": b"PK\x03\x04" + GOOD,
    "data-between.docx": archive(bent(before=b"<html>hidden</html>")),
    "data-behind.docx": GOOD + b"<html>behind</html>",
    "comment.docx": archive(docx(), comment=b"hello"),
    "truncated.docx": GOOD[: len(GOOD) // 2],
    "truncated-end.docx": GOOD[:-5],
    "wrong-crc.docx": archive(bent(crc=0x12345678)),
    "broken-deflate.docx": archive(bent(packed=bytes(reversed(docx()[2].packed)))),
    "directory-offset.docx": GOOD[:-6] + struct.pack("<I", 7) + GOOD[-2:],
    "offset-outside.docx": archive(docx()[:1] + bent(which=1, local_extra_len=0xFFFF)[1:2] + bent(offset=0x5B415443)[2:]),
    "no-entries.docx": struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0, 0, 0, 0, 0),
    "old-doc-or-password.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504,
    # sound archives with something else in them
    "doctype.docx": archive(docx(body=LAUGHS + BODY)),
    "doctype-external.docx": archive(docx(body=XXE + BODY.replace("Tess", "&x;"))),
    "doctype-unread-part.docx": archive(docx(more=[Entry("customXml/item1.xml", XXE + "<r>&x;</r>")])),
    "doctype-utf16.docx": archive(docx(more=[Entry("customXml/item1.xml", ('<?xml version="1.0" encoding="UTF-16"?>' + LAUGHS + "<l/>").encode("utf-16"))])),
    "doctype-relations.docx": archive(docx(rels=LAUGHS + RELS)),
    "malformed.docx": archive(docx(body=BODY[:-9])),
    "deep.docx": archive(docx(body=BODY.replace("<w:p>", "<w:p>" + "<w:ins>" * 300).replace("</w:p>", "</w:ins>" * 300 + "</w:p>"))),
    "no-body.docx": archive(docx(body="<x/>")),
    "no-types.docx": archive(docx()[1:]),
    "no-main.docx": archive(docx()[:2]),
    "main-is-a-sheet.docx": archive(docx(types=TYPES.replace("wordprocessingml.document", "spreadsheetml.sheet"))),
    "two-mains.docx": archive(docx(rels=RELS.replace("</Relationships>", f'<Relationship Id="r2" Type="{OFFICE}/officeDocument" Target="word/other.xml"/></Relationships>'))),
    "main-outside.docx": archive(docx(rels=RELS.replace("word/document.xml", "../../etc/hostname"))),
    "main-external.docx": archive(docx(rels=RELS.replace("/></Rel", ' TargetMode="External"/></Rel'))),
    "zip-in-zip.docx": archive(docx(more=[Entry("word/embeddings/inner.docx", archive(docx(body=" " * 1000)))])),
    "not-a-zip.docx": b"%PDF-1.7\n%nothing",
    "encrypted.odt": archive(odt(more=[Entry("META-INF/manifest.xml", "<m><file-entry full-path='content.xml'><encryption-data/></file-entry></m>")])),
    "no-text.odt": archive(odt(type="application/vnd.oasis.opendocument.spreadsheet")),
    "no-content.odt": archive(odt()[:1]),
    "doctype.odt": archive(odt(content=LAUGHS + CONTENT)),
    "malformed.odt": archive(odt(content=CONTENT[:-5])),
    "style-loop.odt": archive(odt(content=CONTENT.replace("<office:body>", f'<office:automatic-styles><s:style xmlns:s="{NS}style:1.0" s:name="a" s:family="paragraph" s:parent-style-name="a"/></office:automatic-styles><office:body>').replace("<text:p>", '<text:p text:style-name="a">'))),
    "nothing.docx": b"",
}

for name, content in MADE.items():
    (HERE / name).write_bytes(content)
(HERE / "good.docx").write_bytes(GOOD)
(HERE / "good.odt").write_bytes(archive(odt()))
