"""What ops/bench measures: the readers; decisions about recipients; and one gateway that takes notices over HTTPS and delivers three copies of
each, by mail and by HTTPS push (ways.py)."""
import argparse
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import ways
import world as w

# How much of each: notices as fast as can be and into a backlog, seconds of the floor and of half load.
QUICK = {"full": 200, "drain": 60, "floor-s": 2, "paced-s": 6}
LONG = {"full": 2000, "drain": 700, "floor-s": 10, "paced-s": 60}

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


def figures(program, *words):
    out = subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value, _ in (line.split(None, 2) for line in out.splitlines())}


def readers(binary, milliseconds):
    """Documents per second of each reader, started anew for each as the gateway does, and what of it is the confinement."""
    rows = []
    for name, document in READERS.items():
        out = subprocess.run([binary / "readers", name, binary / f"wardgate-reader-{name}", binary / f"bare-{name}", ROOT / "tests/corpora" / document,
                              str(milliseconds)], check=True, capture_output=True, text=True).stdout
        rows += [(n, float(value), unit) for n, value, unit in (line.split(None, 2) for line in out.splitlines())]
    return rows


def decisions(binary):
    """Recipients decided per second on one core, with the policies of all regions."""
    out = subprocess.run([binary / "test_speed"], check=True, capture_output=True, text=True).stdout
    line, = (line for line in out.splitlines() if line.startswith("policy-decisions "))
    return [("policy-decisions", float(line.split()[1]), "decisions/s")]


def say(rows):
    for name, value, unit in rows:
        print(f"{name} {value:.3f} {unit}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="ops/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--notices", type=int)
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--json", help="write the figures there too")
    options = parser.parse_args()
    sizes = dict(QUICK if options.quick else LONG)
    sizes["full"] = options.notices or sizes["full"]
    binary = pathlib.Path(options.binary).resolve()
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as folder:
        world = w.World(folder, binary / "wardgate")
        world.make_pki()
        mine = world.pki / "staffordshire"
        try:
            floor = figures(binary / "floor", ROOT / "tests/corpora/notice/missing-example.xml", ROOT / "xsd/wardgate/1/notice.xsd",
                            mine / "smime.pem", mine / "smime.key", f"{folder}/floor.db", "2" if options.quick else "5")
            (accept, deliver, copies, cpu), mail = ways.mail(world, binary, sizes)
            say(mail)
            other = w.World(f"{folder}/push", binary / "wardgate")
            other.pki = world.pki
            try:
                _, push = ways.push(other, binary, sizes, world.mails()[0])
                say(push)
            finally:
                other.close()
        finally:
            world.close()
    rows = readers(binary, 1000 if options.quick else 6000) + decisions(binary)
    rows += [("floor-accept", floor["floor-accept"], "notices/s"), ("floor-deliver", floor["floor-deliver"], "notices/s"),
            ("accepted", accept, "notices/s"), ("delivered", deliver, "notices/s"), ("copies", copies, "copies/notice"),
            ("cpu", cpu * 1000, "ms/notice"), ("accept-vs-floor", accept / floor["floor-accept"], "ratio"),
            ("deliver-vs-floor", deliver / floor["floor-deliver"], "ratio"), ("cpu-vs-floor", cpu * floor["floor-deliver"], "ratio")]
    say(rows)
    rows += mail + push
    if options.json:
        machine = {"system": platform.platform(), "processors": len(open("/proc/cpuinfo").read().split("processor\t")) - 1}
        pathlib.Path(options.json).write_text(json.dumps({"machine": machine, "figures": {n: [v, u] for n, v, u in rows}}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as fault:
        sys.exit(f"ops/bench: {fault}")
