"""What ops/bench measures: the readers; decisions about recipients; and one gateway that takes notices over HTTPS and delivers three copies of each to a real Postfix."""
import argparse
import json
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

# A child of its own for each notice, so that each is an episode of its own and nothing waits for an order.
UNIQUE = (("Tess Example", "Tess@N@ Example@N@"), (">SP-26-445566<", ">BENCH-@N@<"), (">C-000123<", ">C-@N@<"))

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


def template():
    text = (ROOT / "tests/corpora/notice/missing-example.xml").read_text()
    text = text.replace("    <nhs-number>9990000018</nhs-number>\n", "")
    for old, new in UNIQUE:
        if old not in text:
            raise RuntimeError(f"the example notice no longer holds {old}")
        text = text.replace(old, new)
    return text


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


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(f) for f in fields[11:15])  # user and system, own and of children that ended
    return total / 100


def count_done(gateway):
    return sum(1 for line in gateway.log_lines() if line.get("event") == "handed-over")


def measure(world, binary, notices, seconds):
    gateway, = world.make_gateways(world.start_postfix(), organisations=("staffordshire",))
    path = world.folder / "template.xml"
    path.write_text(template())
    gateway.start()
    roles = gateway.roles()
    client = world.pki / "staffordshire-police"
    started = time.monotonic()
    out = subprocess.run([binary / "load", gateway.url, client / "client.pem", client / "client.key", world.pki / "ca.pem", path, str(notices), "8"],
                         capture_output=True, text=True)
    if out.returncode != 0:
        raise RuntimeError(f"load: {out.stderr.strip()}")
    accept = notices / float(out.stdout.split()[3])
    w.wait_for("all copies are handed over", seconds, lambda: not gateway.rows())
    took = time.monotonic() - started
    copies = count_done(gateway)
    cpu = cpu_seconds(roles.values())
    gateway.stop()
    return accept, notices / took, copies / notices, cpu / notices


def main():
    parser = argparse.ArgumentParser(prog="ops/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--notices", type=int)
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--json", help="write the figures there too")
    options = parser.parse_args()
    notices = options.notices or (500 if options.quick else 2000)
    binary = pathlib.Path(options.binary)
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as folder:
        world = w.World(folder, binary / "wardgate")
        world.make_pki()
        mine = world.pki / "staffordshire"
        try:
            floor = figures(binary / "floor", ROOT / "tests/corpora/notice/missing-example.xml", ROOT / "xsd/wardgate/1/notice.xsd",
                            mine / "smime.pem", mine / "smime.key", f"{folder}/floor.db", "2" if options.quick else "5")
            accept, deliver, copies, cpu = measure(world, binary, notices, 900)
        finally:
            world.close()
    rows = readers(binary, 2000 if options.quick else 6000) + decisions(binary)
    rows += [("floor-accept", floor["floor-accept"], "notices/s"), ("floor-deliver", floor["floor-deliver"], "notices/s"),
            ("accepted", accept, "notices/s"), ("delivered", deliver, "notices/s"), ("copies", copies, "copies/notice"),
            ("cpu", cpu * 1000, "ms/notice"), ("accept-vs-floor", accept / floor["floor-accept"], "ratio"),
            ("deliver-vs-floor", deliver / floor["floor-deliver"], "ratio"), ("cpu-vs-floor", cpu * floor["floor-deliver"], "ratio")]
    for name, value, unit in rows:
        print(f"{name} {value:.3f} {unit}")
    if options.json:
        machine = {"system": platform.platform(), "processors": len(open("/proc/cpuinfo").read().split("processor\t")) - 1}
        pathlib.Path(options.json).write_text(json.dumps({"machine": machine, "figures": {n: [v, u] for n, v, u in rows}}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as fault:
        sys.exit(f"ops/bench: {fault}")
