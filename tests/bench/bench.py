"""What ops/bench measures, and how it is said: one line per figure, `name value unit`, the ratios last; JSON on demand. Each group of figures is a function
that can be called alone (--only)."""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import compare
import hot
import results
import setting
import sums
import ways
import weight
import world as w

# Seconds of a round and of what is measured once, rounds, notices of the three-copy gateways, milliseconds of a reader. Two stores are compared in more
# rounds: one round and the next lie further apart than what is to be told of them (of one commit, five gave 0.84 to 0.94 for a million stored).
LONG = {"rounds": 5, "accept-s": 3, "deliver-s": 6, "store-s": 4, "store-rounds": 15, "half-s": 15, "floor-s": 4, "full": 200, "drain": 200, "send-floor-s": 5,
        "ways-whole": True, "reader-ms": 2000, "profile-s": 6, "warm": 64, "seed": 200, "few": 1000, "after-idle": 24,
        "queued-s": 10, "settle-s": 3, "queued": 100000, "million": 1000000}
QUICK = LONG | {"rounds": 3, "accept-s": 0.8, "deliver-s": 1.5, "store-s": 0.8, "store-rounds": 3, "half-s": 3, "floor-s": 0.5, "full": 24,
                "ways-whole": False, "reader-ms": 100, "warm": 32, "settle-s": 1.5}
LEFT_OUT = ("--quick leaves out: copies out of a backlog, connections kept and resumed, latency of the three-copy gateways and their bare senders; a store of"
            " 100,000 queued and of 1,000,000 delivered notices; its rounds are short and few")

# One ordinary document of each type.
READERS = {
    "mail": "mail/01-plain-missing.eml",
    "xml": "notice/missing-example.xml",
    "docx": "documents-a/interview-01-derbyshire-table.docx",
    "odt": "documents-a/interview-04-derbyshire-odt.odt",
    "pdf": "documents-a/interview-05-generic-pdf.pdf",
    "xlsx": "documents-a/interview-13-xlsx-form.xlsx",
    "csv": "documents-a/absence-03-csv.csv",
    "html": "documents-a/interview-14-html-page.html",
}


def readers(bench):
    """Documents read per second by each reader, started anew for each, and what of it is the confinement. Processor time of a document that a waiting
    reader's child reads, as in the gateway, and of one that a child reads which does nothing."""
    rows = []
    for name, document in READERS.items():
        out = subprocess.run([bench.binary / "readers", name, bench.binary / f"wardgate-reader-{name}", bench.binary / f"bare-{name}", bench.binary / "least",
                              ROOT / "tests/corpora" / document, str(bench.size("reader-ms"))], check=True, capture_output=True, text=True).stdout
        rows += [(n, value, unit) for n, (value, unit) in sums.parse(out).items()]
    return rows


def decisions(bench):
    """Recipients decided per second on one core, with the policies of all regions."""
    out = subprocess.run([bench.binary / "test_speed"], check=True, capture_output=True, text=True).stdout
    line, = (line for line in out.splitlines() if line.startswith("policy-decisions "))
    return [("policy-decisions", float(line.split()[1]), "decisions/s")]


def mail(bench):
    """A gateway whose notices have three recipients, by mail to a Postfix over TLS; RSA-2048 signatures. (--quick: throughput only)"""
    world = w.World(bench.folder("mail"), bench.binary / "wardgate")
    world.pki = bench.plain_pki()
    try:
        return ways.mail(world, bench.binary, bench.sizes)
    finally:
        bench.example_mail = next(iter(world.mails()), None)
        world.close()


def push(bench):
    """The same, three recipients by HTTPS push to an nginx. (--quick: throughput only)"""
    if bench.size("ways-whole"):
        bench.rows("mail")  # whose copy its floor sends
    world = w.World(bench.folder("push"), bench.binary / "wardgate")
    world.pki = bench.plain_pki()
    try:
        return ways.push(world, bench.binary, bench.sizes, bench.example_mail)
    finally:
        world.close()


# In the order in which they are measured. quick: whether --quick has them.
GROUPS = {
    "floor": (compare.floor, True),
    "accept": (compare.accept, True),
    "deliver": (compare.deliver, True),
    "postgresql": (compare.postgresql, True),
    "idle": (weight.idle, True),
    "mail": (mail, True),
    "push": (push, True),
    "readers": (readers, True),
    "decisions": (decisions, True),
    "queued": (weight.queued, False),
    "million": (weight.million, False),
    "profile": (hot.profile, False),
}


class Bench:
    """One run: where its programs and folders are, how large it is, and what was found so far."""

    def __init__(self, binary, folder, sizes):
        self.binary, self.base, self.sizes = binary, pathlib.Path(folder), sizes
        self.found, self.notes, self.took, self.example_mail, self.profile = {}, [], {}, None, ""
        self.failed = []

    def size(self, name):
        return self.sizes[name]

    def folder(self, name):
        """A new folder that Postfix's users can pass through."""
        path = self.base / f"{name}-{len(list(self.base.iterdir()))}"
        path.mkdir(mode=0o711)
        path.chmod(0o711)
        return path

    def plain_pki(self):
        """Where everybody signs with RSA-2048."""
        world = w.World(self.base / "plain", self.binary / "wardgate")
        if not (world.pki / "ca.pem").exists():
            world.make_pki()
        return world.pki

    def pki(self):
        """Where Staffordshire signs with P-256, and its desk has an RSA-2048 key."""
        pki = self.base / "single-certs"
        if not pki.exists():
            shutil.copytree(self.plain_pki(), pki)
            setting.sign_with_p256(pki, "staffordshire")
        return pki

    def rows(self, group):
        """The group's rows, measured now if they are not there."""
        if group not in self.found:
            started = time.monotonic()
            try:
                self.found[group] = GROUPS[group][0](self)
            except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError, sqlite3.Error) as fault:  # the others are measured all the same
                self.found[group] = []
                self.failed.append(group)
                self.note(f"{group} FAILED: {fault}")
                self.notes += [f"{group}: {path.relative_to(self.base)}: {line[:300]}" for path in self.base.glob(f"{group}-*/**/gateway.log")
                               for line in path.read_text(errors="replace").splitlines()[-3:]]  # the folder goes when this ends
            self.took[group] = time.monotonic() - started
        return self.found[group]

    def note(self, words):
        self.notes.append(words)

    def figures(self):
        """name -> (value, unit), the ratios last."""
        rows = [row for group in self.found.values() for row in group]
        return {name: (value, unit) for last in (False, True) for name, value, unit in rows if (unit == "ratio") == last}


def first_line(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    return (done.stdout.splitlines() or [""])[0].strip() if done.returncode == 0 else "not known"


def processor():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def surroundings(base):
    """What the figures belong to."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "commit": first_line("git", "-C", ROOT, "rev-parse", "HEAD") + (" (changed)" if first_line("git", "-C", ROOT, "status", "--porcelain", "-uno") else ""),
        "processor": processor(), "processors": os.cpu_count(), "memory-GiB": round(memory, 1), "kernel": platform.release(), "system": platform.platform(),
        "file-system": first_line("stat", "-f", "-c", "%T", base), "load-before": os.getloadavg()[0],
        "openssl": first_line("openssl", "version"), "libxml2": first_line("xml2-config", "--version"), "sqlite": sqlite3.sqlite_version,
        "postfix": first_line("/usr/sbin/postconf", "-h", "mail_version"), "nginx": first_line("dpkg-query", "-W", "-f", "${Version}\n", "nginx-light"),
        "postgresql": first_line("dpkg-query", "-W", "-f", "${Version}\n", "postgresql-15"),
    }


def arguments():
    parser = argparse.ArgumentParser(prog="ops/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), metavar="NAME", default=None)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


def sizes_of(options):
    sizes = dict(QUICK if options.quick else LONG)
    for word in options.size:
        name, _, value = word.partition("=")
        if name not in sizes or not re.fullmatch(r"\d+(\.\d+)?", value):
            raise RuntimeError(f"--size {word}: NAME=NUMBER, a NAME of {' '.join(sizes)}")
        sizes[name] = float(value) if "." in value else int(value)
    return sizes


def main():
    options = arguments()
    started = time.monotonic()
    groups = options.only or ([] if options.profile else [name for name, (_, quick) in GROUPS.items() if quick or not options.quick])
    if options.profile and "profile" not in groups:
        groups = [*groups, "profile"]
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-", dir=options.folder) as folder:
        pathlib.Path(folder).chmod(0o711)
        bench = Bench(options.binary.resolve(), folder, sizes_of(options))
        around = surroundings(folder)
        for group in groups:
            for name, value, unit in bench.rows(group):
                if unit != "ratio":
                    print(sums.line(name, value, unit), flush=True)
    for name, (value, unit) in bench.figures().items():
        if unit == "ratio":
            print(sums.line(name, value, unit), flush=True)
    if bench.profile:
        print(bench.profile, end="")
    took = time.monotonic() - started
    for words in (*bench.notes, *([LEFT_OUT] if options.quick and not options.only else []),
                  f"{took:.0f} s in all: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in bench.took.items())):
        print(f"note: {words}", file=sys.stderr)
    found = {"around": around, "seconds": {n: round(t, 1) for n, t in bench.took.items()}, "notes": bench.notes, "profile": bench.profile,
             "figures": {name: [value, unit] for name, (value, unit) in bench.figures().items()}}
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.record:
        results.write(found, took)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as fault:
        sys.exit(f"ops/bench: {fault}")
