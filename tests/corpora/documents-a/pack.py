"""pack.py owns ZIP files that are the same bytes whenever they are made."""
import io
import re
import zipfile

LONG_AGO = (2026, 1, 5, 9, 0, 0)
SAVED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def repack(data):
    """The same entries in the same order, without the time at which they were written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename, LONG_AGO)
            entry.compress_type = zipfile.ZIP_STORED if info.filename == "mimetype" else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            content = source.read(info.filename)
            if info.filename == "docProps/core.xml":
                content = SAVED.sub(rb"\g<1>2026-01-05T09:00:00Z", content)
            target.writestr(entry, content)
    return out.getvalue()
