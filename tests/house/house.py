"""The rules of the house that a compiler does not know.

    python3 tests/house/house.py [ROOT]

Looks at every file that git tracks (or, where there is no git, at every file) and prints one line per broken rule.
"""
import os
import re
import subprocess
import sys

# Each room may include itself and the rooms named after it.
ROOMS = {
    "base": [],
    "sys": ["base"],
    "notice": ["sys", "base"],
    "crypto": ["sys", "base"],
    "policy": ["notice", "crypto", "sys", "base"],
    "store": ["policy", "notice", "sys", "base"],
    "channel": ["store", "policy", "crypto", "notice", "sys", "base"],
    "role": ["channel", "store", "policy", "crypto", "notice", "sys", "base"],
    "cli": ["role", "channel", "store", "policy", "crypto", "notice", "sys", "base"],
}

# What an include begins with, and the places (prefixes of paths) that may have it.
LIBRARIES = {
    "openssl/": ["gateway/crypto/", "gateway/channel/", "adapters/readers/smime"],
    "libxml/": ["gateway/notice/", "adapters/readers/"],
    "libxslt/": [],  # of tests only
    "libexslt/": [],
    "sqlite3": ["gateway/store/"],
    "libpq-fe": ["gateway/store/"],
    "curl/": ["gateway/channel/"],
    "libesmtp": ["gateway/channel/"],
    "unbound": ["gateway/channel/"],
    "event2/": ["gateway/channel/", "gateway/role/"],
    "gmime/": ["adapters/readers/"],
    "qpdf/": ["adapters/readers/pdf"],
    "glib": ["adapters/readers/"],
    "seccomp": ["gateway/sys/"],
    "linux/landlock": ["gateway/sys/"],
    "linux/seccomp": ["gateway/sys/"],
    "jansson": ["gateway/role/", "gateway/cli/", "gateway/channel/mesh"],
}

# Functions that cannot be used safely, or not checked, and what to use instead.
BANNED = {
    "atoi": "wg_num_parse", "atol": "wg_num_parse", "atoll": "wg_num_parse", "atof": "wg_num_parse",
    "strtol": "wg_num_parse", "strtoul": "wg_num_parse", "strtoll": "wg_num_parse", "strtoull": "wg_num_parse",
    "sscanf": "a cursor", "fscanf": "a cursor", "scanf": "a cursor",
    "strcpy": "struct wg_buf", "strcat": "struct wg_buf", "stpcpy": "struct wg_buf", "strncat": "struct wg_buf",
    "sprintf": "snprintf or struct wg_buf", "vsprintf": "vsnprintf or struct wg_buf",
    "gets": "wg_file_read", "strtok": "strcspn", "alloca": "malloc",
    "system": "wg_child_run", "popen": "wg_child_run", "mktemp": "mkstemp", "tmpnam": "mkstemp", "tempnam": "mkstemp",
}

# Who may ask the machine's clock, which may be wrong: who judges it, shows it, or compares it with what the machine
# stamped. All others go by the store's time.
WALL_CLOCK = re.compile(r"\bwg_clock_wall\s*\(")
MAY_ASK_WALL_CLOCK = {"gateway/base/clock.c", "gateway/base/clock.h", "gateway/base/log.c", "gateway/channel/dns.c",
                      "gateway/role/peers.c", "gateway/store/sql_db.c"}

MAX_FILE = 800
MAX_FUNCTION = 100

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Real domains of those whose people and cases must never stand here.
REAL_ADDRESS = re.compile(r"[\w.+-]@(?:[\w-]+\.)*(?:gov\.uk|police\.uk|nhs\.uk|nhs\.net|parliament\.uk|mod\.uk)\b", re.I)
KEY_NAME = re.compile(r"\.(pem|key|crt|cer|der|p12|pfx|p7b|p7m|p8|jks|csr)$", re.I)
KEY_TEXT = re.compile(r"-----BEGIN [A-Z0-9 ]*(PRIVATE KEY|CERTIFICATE)[A-Z ]*-----")
MACHINE_PATH = re.compile(r"(?<![\w.$}{])(/wo" r"rk/|/tmp/bash_" r"jobs|/home/\w+/|/ro" r"ot/)")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(sorted(BANNED)))
FUNCTION_END = re.compile(r"^}")
FUNCTION_BEGIN = re.compile(r"^{")


def strip_c(text):
    """The same lines without comments and without what strings and characters hold."""
    out = []
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match.group(0)
        if found.startswith(("/*", "//")):
            return " " + "\n" * found.count("\n")
        return found[0] + found[0]

    out.append(token.sub(blank, text))
    return "".join(out)


def tracked(root):
    """Paths of all files, relative to root."""
    try:
        listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True).stdout
        found = [name for name in listing.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = []
    if not found:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in (".git", "build", "__pycache__")]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(name for name in found if os.path.isfile(os.path.join(root, name)))


def check_includes(path, lines):
    """Upward includes between rooms, and libraries outside their room."""
    room = path.split("/")[1] if path.startswith("gateway/") and path.count("/") >= 2 else None
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(2)
        other = target.split("/")[0]
        if other in ROOMS and room in ROOMS and "/" in target and match.group(1) == '"':
            if other != room and other not in ROOMS[room]:
                yield number, "upward include: %s may not include %s" % (room, target)
            if other != room and "_internal." in target:
                yield number, "%s is private to its room" % target
        if not path.startswith(("gateway/", "adapters/")):
            continue # tests hold the libraries themselves against us
        for prefix, places in LIBRARIES.items():
            if target.startswith(prefix) and not path.startswith(tuple(places)):
                yield number, "<%s> belongs in %s" % (target, ", ".join(places))


def check_functions(lines):
    """Functions longer than the maximum. Relies on the format: the braces of a function stand in column 0."""
    begin = None
    for number, line in enumerate(lines, 1):
        if FUNCTION_BEGIN.match(line):
            begin = number
        elif FUNCTION_END.match(line) and begin is not None:
            if number - begin + 1 > MAX_FUNCTION:
                yield begin, "function of %d lines (at most %d)" % (number - begin + 1, MAX_FUNCTION)
            begin = None


def check_c(path, text):
    lines = text.split("\n")
    bare = strip_c(text).split("\n")
    if len(lines) - 1 > MAX_FILE:
        yield len(lines) - 1, "file of %d lines (at most %d)" % (len(lines) - 1, MAX_FILE)
    yield from check_includes(path, lines)
    yield from check_functions(bare)
    for number, line in enumerate(bare, 1):
        for name in CALL.findall(line):
            yield number, "%s is banned: use %s" % (name, BANNED[name])
        if WALL_CLOCK.search(line) and not path.startswith("tests/") and path not in MAY_ASK_WALL_CLOCK:
            yield number, "the machine's clock may be wrong: use wg_clock_now"
    if path.endswith(".c") and not text.startswith("/*"):
        yield 1, "a .c file opens with a comment that says what it owns"


def check_any(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if REAL_ADDRESS.search(line):
            yield number, "an address in a real agency's domain: use .example or .test"
        if MACHINE_PATH.search(line):
            yield number, "a path of one machine"
        if KEY_TEXT.search(line) and not path.endswith((".c", ".h", ".py", ".sh")):
            yield number, "a key or certificate"
        if UNFINISHED.search(line):
            yield number, "unfinished: finish it, or open an issue"


def check_file(root, path):
    if KEY_NAME.search(path):
        yield 1, "a key or certificate: make it at run time"
    with open(os.path.join(root, path), "rb") as file:
        raw = file.read()
    if b"\0" in raw:
        return
    text = raw.decode("utf-8", "replace")
    if path.endswith((".c", ".h")):
        yield from check_c(path, text)
    yield from check_any(path, text)


def main(argv):
    root = argv[1] if len(argv) > 1 else "."
    files = tracked(root)
    broken = 0
    for path in files:
        for number, what in check_file(root, path):
            print("%s:%d: %s" % (path, number, what))
            broken += 1
    print("%d files, %d broken rules" % (len(files), broken))
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
