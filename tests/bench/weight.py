"""What a gateway weighs, how soon it is ready, and whether a full store slows it down."""
import os
import pathlib
import re
import shutil
import time

import compare
import setting
import stored
import sums
import ways
import world as w

PER_S = 20       # notices a second, for how soon a gateway with a full queue accepts one
HOUR = (3600, 3600, 86400)  # retry: what could not be handed over waits that long


def memory(pid):
    """(PSS, RSS) in MiB of the process and all that descend from it. What several share counts once in the first and with each in the second."""
    pss = rss = 0
    for one in w.family(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # a reader that has just ended
        pss += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))
        rss += int(re.search(r"^Rss:\s+(\d+)", text, re.MULTILINE).group(1))
    return pss / 1024, rss / 1024


def memory_rows(pid, name):
    pss, rss = memory(pid)
    return [(f"memory-{name}-pss", pss, "MiB"), (f"memory-{name}-rss", rss, "MiB"), (f"processes-{name}", len(w.family(pid)), "processes")]


def size_of(folder):
    return sum(p.stat().st_size for p in folder.glob("*.db*"))


def idle(bench):
    """Resident memory of all roles that do nothing, and how long an empty gateway takes to be ready."""
    folder = bench.folder("idle")
    single = setting.Single(folder, bench.binary, bench.pki(), w.free_port())
    try:
        started = time.monotonic()
        single.gateway.start()
        ready = time.monotonic() - started
        time.sleep(bench.size("settle-s"))  # what the start needed is given back
        return [*memory_rows(single.gateway.process.pid, "idle"), ("ready-empty", ready, "s")]
    finally:
        single.close()


def queued(bench):
    """A gateway whose mail server is down, with so many copies waiting (--size queued=): restarted, until it is ready; and its memory then."""
    wanted = bench.size("queued")
    seed = min(bench.size("seed"), wanted)
    single = setting.Single(bench.folder("queued"), bench.binary, bench.pki(), w.free_port(), retry=HOUR)
    gateway = single.gateway
    try:
        gateway.start()
        single.submit(seed)
        w.wait_for("all of them are sealed", setting.LIMIT_S, lambda: waiting(gateway) >= seed)
        gateway.stop()
        copies = -(-wanted // seed)
        stored.grow(gateway.state, copies, share=True)
        single.first = 2 * copies * seed
        started = time.monotonic()
        gateway.start()
        ready = time.monotonic() - started
        time.sleep(bench.size("settle-s"))  # what the start needed is given back
        rows = memory_rows(gateway.process.pid, "queued")
        said = single.submit(int(bench.size("queued-s") * PER_S), PER_S * 60)
        return [("queued", copies * seed, "copies"), ("ready-queued", ready, "s"), *rows, ("queued-accept-p50", said["p50"], "s"),
                ("queued-accept-p99", said["p99"], "s")]
    finally:
        single.close()


def waiting(gateway):
    """Copies that are sealed and not handed over."""
    time.sleep(0.2)  # it has better things to do
    return sum(r["state"] in ("sealed", "deferred", "sending") for r in gateway.rows() if r["desk"])


def million(bench):
    """Notices delivered per second with so many stored (--size million=), against 1,000 stored, in rounds that take turns."""
    folder, sizes, rows, lanes = bench.folder("million"), {"few": bench.size("few"), "many": bench.size("million")}, [], {}
    seed = bench.size("seed")
    try:
        for name in sizes:
            lanes[name] = compare.Lane(bench, folder, name)
        few, many = (lanes[name].single.gateway for name in sizes)
        few.start()
        lanes["few"].deliver(seed)
        few.stop()
        rows += [("stored-bytes", size_of(few.state) / seed, "bytes/notice"), *stored.counts(few.state, seed)]
        take_over(few, many)
        for name, lane in lanes.items():
            copies = -(-sizes[name] // seed)
            started = time.monotonic()
            stored.grow(lane.single.gateway.state, copies)
            bench.note(f"{copies * seed} stored notices were made in {time.monotonic() - started:.0f} s,"
                       f" {size_of(lane.single.gateway.state) / 2**30:.2f} GiB with blobs cut short")
            lane.single.first = copies * seed * 2
            started = time.monotonic()
            lane.single.gateway.start()
            rows += [(f"stored-{name}", copies * seed, "notices"), (f"ready-{name}", time.monotonic() - started, "s")]
        rates = compare.race(bench, lanes)
        rows += memory_rows(many.process.pid, "million")
    finally:
        for lane in lanes.values():
            lane.close()
    return [*rows, *compare.rows_of("delivered-of-few", rates["few"], "notices/s"), *compare.rows_of("delivered-of-many", rates["many"], "notices/s"),
            ("many-vs-few", sums.median(rates["many"]) / sums.median(rates["few"]), "ratio")]


def take_over(one, other):
    """The other gateway gets the first one's store, and what belongs to it."""
    if other.state.exists():
        shutil.rmtree(other.state)
    stored.copy_of(one.state, other.state)
    shutil.copy2(one.folder / "lookup.key", other.folder / "lookup.key")
    os.chmod(other.folder / "lookup.key", 0o600)
