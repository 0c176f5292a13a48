#!/usr/bin/env python3
"""Makes the pictures of this corpus: python3 make.py (needs PIL, and cjpeg and djpeg of libjpeg-turbo).

A coloured square, coded in the ways in which photographs come, with all that cameras, telephones and programs write
beside one. Every word of that begins with Zq: none may be in what the gateway passes on. NAME.clean is what it passes
on, and NAME shows the same: `make.py --check` decodes both and compares them point by point.
"""
import io
import pathlib
import struct
import subprocess
import sys
import zlib

from PIL import Image

HERE = pathlib.Path(__file__).parent
WIDE, HIGH = 40, 24


def square(mode="RGB"):
    image = Image.new("RGB", (WIDE, HIGH))
    image.putdata([(x * 6, y * 10, (x * y) % 256) for y in range(HIGH) for x in range(WIDE)])
    return image.convert(mode)


def jpeg(mode="RGB", **how):
    out = io.BytesIO()
    square(mode).save(out, "JPEG", quality=60, **how)
    return out.getvalue()


def cjpeg(*options):
    out = io.BytesIO()
    square().save(out, "PPM")
    return subprocess.run(["cjpeg", "-quality", "60", *options], input=out.getvalue(), stdout=subprocess.PIPE,
                          check=True).stdout


def segment(marker, payload):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload


def exif(order, orientation, thumbnail=b""):
    """Camera, position and thumbnail, as a telephone writes them."""
    def entry(tag, kind, count, value):
        return struct.pack(order + "HHI", tag, kind, count) + value

    def number(kind, value):
        return struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)

    make, note = b"ZqCamera\0", b"ZqOwner Tess Example, 5 Sample Street\0"
    degrees = struct.pack(order + "6I", 52, 1, 38, 1, 1234, 100)
    ifd0 = 8
    gps = ifd0 + 2 + 12 * 4 + 4
    ifd1 = gps + 2 + 12 * 3 + 4
    data = ifd1 + 2 + 12 * 2 + 4
    at = {name: data + offset for name, offset in
          (("make", 0), ("note", len(make)), ("degrees", len(make) + len(note)))}
    thumb = at["degrees"] + len(degrees)
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", ifd0)
    out += struct.pack(order + "H", 4)
    out += entry(0x010F, 2, len(make), number(4, at["make"]))
    out += entry(0x0112, 3, 1, number(3, orientation))
    out += entry(0x8298, 2, len(note), number(4, at["note"]))
    out += entry(0x8825, 4, 1, number(4, gps)) + number(4, ifd1)
    out += struct.pack(order + "H", 3)
    out += entry(1, 2, 2, b"N\0\0\0") + entry(2, 5, 3, number(4, at["degrees"])) + entry(3, 2, 2, b"W\0\0\0")
    out += number(4, 0)
    out += struct.pack(order + "H", 2)
    out += entry(0x0201, 4, 1, number(4, thumb)) + entry(0x0202, 4, 1, number(4, len(thumbnail))) + number(4, 0)
    return segment(0xE1, b"Exif\0\0" + out + make + note + degrees + thumbnail)


def beside():
    """What programs add."""
    return b"".join((
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>ZqXmp 5 Sample Street</x:xmpmeta>"),
        segment(0xE2, b"ICC_PROFILE\0\1\1ZqProfile"),
        segment(0xE2, b"MPF\0ZqMore"),
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x08ZqCity  "),
        segment(0xFE, b"ZqComment taken at 5 Sample Street"),
    ))


def head_at(picture):
    """Where the first segment after JFIF's begins."""
    return 4 + struct.unpack(">H", picture[4:6])[0] if picture[3] == 0xE0 else 2


def with_all(picture, order=">", orientation=6):
    thumbnail = segment(0xFE, b"ZqThumbnail").join((b"\xff\xd8", jpeg("L")[2:]))
    at = head_at(picture)
    return picture[:at] + exif(order, orientation, thumbnail) + beside() + picture[at:] + b"ZqAfter" + thumbnail


def jfif_thumbnail(picture):
    head = picture[6:18]
    small = b"ZqSmallThumb" * 1
    extension = segment(0xE0, b"JFXX\0\x13\2\2" + b"ZqExtension.")
    return picture[:2] + segment(0xE0, head + b"\2\2" + small) + extension + picture[head_at(picture):]


def fill(picture):
    """Fill bytes before every marker outside the coded picture, and before its restart markers."""
    out, at = picture[:2], 2
    while picture[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", picture[at + 2:at + 4])[0]
        out += b"\xff\xff\xff" + picture[at:end]
        at = end
    rest = picture[at:]
    for marker in range(0xD0, 0xDA):
        rest = rest.replace(bytes([0xFF, marker]), b"\xff\xff" + bytes([0xFF, marker]))
    return out + rest


def between_scans(picture):
    """A comment before every scan."""
    return picture.replace(b"\xff\xda", segment(0xFE, b"ZqBetween") + segment(0xE5, b"ZqMaker") + b"\xff\xda")


def chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(mode="RGB", **how):
    out = io.BytesIO()
    square("RGB").convert(mode).save(out, "PNG", **how)
    return out.getvalue()


def png_with_all(picture, first=b""):
    text = (chunk(b"tEXt", b"Comment\0ZqText 5 Sample Street") + chunk(b"zTXt", b"ZqKey\0\0" + zlib.compress(b"Zq")) +
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0ZqXmp") + chunk(b"tIME", b"\x07\xea\x0b\x14\x16\x29\x07") +
            chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1") + chunk(b"eXIf", exif(">", 6)[10:]) +
            chunk(b"iCCP", b"ZqProfile\0\0" + zlib.compress(b"Zq")) + chunk(b"zqPr", b"ZqPrivate"))
    end = picture.rindex(b"IEND") - 4
    return (picture[:33] + first + text + picture[33:end] + chunk(b"tEXt", b"Comment\0ZqLast") + picture[end:] +
            b"ZqAfter" + picture)


def animated(picture):
    data = picture[picture.index(b"IDAT") - 4:picture.rindex(b"IEND") - 4]
    control = struct.pack(">IIIIIHHBB", 0, WIDE, HIGH, 0, 0, 1, 10, 0, 0)
    second = struct.pack(">IIIIIHHBB", 1, WIDE, HIGH, 0, 0, 1, 10, 0, 0)
    return (picture[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", control) + data +
            chunk(b"fcTL", second) + chunk(b"fdAT", struct.pack(">I", 2) + b"ZqFrame") + chunk(b"IEND", b""))


def split_data(picture):
    """IDAT in pieces, as encoders write it."""
    at = picture.index(b"IDAT") - 4
    size = struct.unpack(">I", picture[at:at + 4])[0]
    data = picture[at + 8:at + 8 + size]
    pieces = b"".join(chunk(b"IDAT", data[i:i + 100]) for i in range(0, size, 100))
    return picture[:at] + pieces + picture[at + 12 + size:]


def pictures():
    baseline, progressive = jpeg(), jpeg(progressive=True)
    restarts = cjpeg("-restart", "1B")
    colours = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"sRGB", b"\0") + chunk(b"cHRM", struct.pack(
        ">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
    palette = square().quantize(16)
    out = io.BytesIO()
    palette.save(out, "PNG", transparency=3, bits=4)
    return {
        "baseline.jpg": baseline,
        "baseline-all.jpg": with_all(baseline),
        "progressive-all.jpg": with_all(progressive, "<", 8),
        "upright.jpg": with_all(baseline, "<", 1),
        "no-jfif.jpg": with_all(baseline[:2] + baseline[head_at(baseline):], ">", 3),
        "restarts.jpg": with_all(restarts),
        "restarts-progressive.jpg": cjpeg("-restart", "2B", "-progressive"),
        "fill.jpg": fill(restarts),
        "scans.jpg": between_scans(progressive),
        "thumbnails.jpg": jfif_thumbnail(baseline),
        "inks.jpg": with_all(jpeg("CMYK")),
        "grey.jpg": with_all(jpeg("L"), "<", 5),
        "arithmetic.jpg": cjpeg("-arithmetic"),
        "colour.png": png(),
        "colour-all.png": png_with_all(png(), colours),
        "transparent.png": png_with_all(png("RGBA")),
        "palette.png": png_with_all(out.getvalue()),
        "grey.png": png("L"),
        "bits.png": png("1"),
        "animated.png": animated(png()),
        "pieces.png": png_with_all(split_data(png())),
    }


def same_picture(name):
    def points(path):
        if name.endswith(".png"):
            image = Image.open(path)
            return image.size, image.convert("RGBA").tobytes()
        return subprocess.run(["djpeg", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
    return points(HERE / name) == points(HERE / (name + ".clean"))


def main():
    if sys.argv[1:] == ["--check"]:
        wrong = [p.stem for p in HERE.glob("*.clean") if not same_picture(p.stem)]
        print(f"{len(list(HERE.glob('*.clean')))} pictures, {len(wrong)} changed", *wrong)
        return 1 if wrong else 0
    for name, picture in pictures().items():
        (HERE / name).write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
