"""tests/bench/RESULTS.md: the figures that have to be shown, each with its threshold and whether it is reached; then all figures, and where the time went."""
import datetime
import pathlib

import sums

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = ROOT / "tests/bench/RESULTS.md"
BEGIN, END = "<!-- measured: written by ops/bench --record -->", "<!-- end of what was measured -->"
PEAK = 5  # the busiest second beside the average one: an assumption, for sizing
# name, bound, what it is. Resident memory is counted once where processes share it (PSS); the sum of RSS stands below for comparison.
BOUNDS = (
    ("accept-vs-postfix", ">= 3", "accepted notices/s over mutual-TLS HTTPS, against Postfix accepting plain mail"),
    ("deliver-vs-postfix", ">= 2", "notices/s accepted, decided, sealed and delivered by mail, against Postfix relaying plain mail"),
    ("cpu-vs-floor", "<= 1.5", "processor seconds per delivered notice, against the floor program"),
    ("accept-p99", "<= 0.025", "accept latency p99 at half load (s)"),
    ("handed-over-p99", "<= 1", "accepted to handed over p99 at half load (s)"),
    ("memory-idle-pss", "<= 96", "resident memory of all roles, idle (MiB)"),
    ("memory-queued-pss", "<= 192", "resident memory of all roles, 100,000 queued (MiB)"),
    ("many-vs-few", ">= 0.9", "throughput with 1,000,000 notices stored, against 1,000"),
    ("postgresql-vs-sqlite", ">= 0.6", "PostgreSQL on the same machine, against SQLite"),
    ("ready-queued", "<= 5", "restart with 100,000 queued until ready (s)"),
)
HOW = """How it is measured: `ops/bench --help`. The gateway and Postfix keep the same number of connections and take turns in rounds; a figure is the median
of its rounds, `-spread` how far they lie apart as a share of it. Accepting: our process and deliver roles stand still, Postfix runs without its queue
manager and without waiting for it (`in_flow_delay = 0`); nothing of Postfix's settings is changed else but for loopback, and its log, which goes to syslog by
default, is read by nobody here: all of that is in Postfix's favour. Delivering: to smtp-sink, from the first submission until it has the last message. A
gateway sends nothing without TLS, which smtp-sink has not: an nginx before it ends TLS, on the same processors, and that too counts as ours. Half load is half
of `delivered`. Processor time is that of all roles, their children and readers, user and system; the floor's that of the same library calls in one program.
Large stores are made of the rows of 200 real notices, copied offline under other ids and keys, blobs and disclosures of the delivered ones cut short.
"""


def verdict(figures, name, bound):
    """(value, reached or not) as words."""
    if name not in figures:
        return "-", "not measured"
    value = figures[name][0]
    return sums.shown(value), "reached" if sums.reached(value, bound) else "not reached"


def text_of(found, took, when):
    figures, around = found["figures"], found["around"]
    lines = ["# What ops/bench measured", "", f"Written by `ops/bench --record` on {when}, in {took / 60:.1f} minutes. Commit {around['commit']}.", "",
             "| what | at least / most | measured | |", "|---|---|---|---|"]
    for name, bound, words in BOUNDS:
        lines.append(f"| {words}: `{name}` | {bound.replace('>=', '≥').replace('<=', '≤')} | {' | '.join(verdict(figures, name, bound))} |")
    for name in ("memory-idle", "memory-queued"):
        if f"{name}-rss" in figures:
            lines += ["", f"`{name}-pss` counts once what processes share; the sum of RSS, which counts it once for each, is"
                      f" {sums.shown(figures[f'{name}-rss'][0])} MiB."]
    lines += ["", "Kill points, power cuts and what they lost: `ops/torture`.", "", HOW, "## Machine and versions", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in around.items()]
    lines += ["", "## All figures", "", "```", *(sums.line(name, *figures[name]) for name in figures), "```", ""]
    if found["notes"]:
        lines += ["## Said while measuring", "", *(f"- {note}" for note in found["notes"]), ""]
    lines += ["## Where the time goes", "", "`perf` on each role while notices are delivered as fast as can be, kernel included.", "", "```",
              (found["profile"] or "no profile was made").rstrip(), "```"]
    return "\n".join(lines) + "\n"


def replaced(text, table):
    """ops/SCALING.md with another table between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise RuntimeError(f"ops/SCALING.md: the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table}{END}{after}"


def scaling(figures, day=10_000_000):
    """What one node carries and what a day of so many notices is, as a table; what was not measured says so."""
    def of(name, words, make):
        have = [figures[n][0] for n in name.split()] if all(n in figures for n in name.split()) else None
        return f"| {words} | {'not measured' if have is None else make(*have)} | {', '.join(f'`{n}`' for n in name.split())} |"
    second, peak = day / 86400, day / 86400 * PEAK
    return "\n".join([
        "| what | | from |", "|---|---|---|",
        of("accepted", "accepted a second, while nothing else is done", lambda a: f"{a:,.0f} notices"),
        of("delivered", "accepted, decided, sealed and delivered a second, one recipient each", lambda d: f"{d:,.0f} notices"),
        of("delivered", "a node's day at that rate without a pause", lambda d: f"{d * 86400 / 1e6:,.1f} million notices"),
        of("deliver-cpu", f"processor seconds of a day of {day:,}", lambda c: f"{c / 1000 * day:,.0f}: {c / 1000 * day / 86400:,.1f} processors all day"),
        of("delivered", f"nodes like this one for {second:,.0f}/s, the average of {day:,} a day, half loaded", lambda d: f"{-(-second // (d / 2)):,.0f}"),
        of("delivered", f"nodes for {peak:,.0f}/s, {PEAK} times that, fully loaded", lambda d: f"{-(-peak // d):,.0f}"),
        of("stored-bytes", f"stored of a day of {day:,}", lambda b: f"{b * day / 1e9:,.0f} GB ({b / 1000:,.0f} kB a notice)"),
        of("stored-rows", f"rows of a day of {day:,}", lambda r: f"{r * day / 1e6:,.0f} million ({r:.1f} a notice)"),
        of("stored-log", f"log entries of a day of {day:,}, one chain", lambda e: f"{e * day / 1e6:,.0f} million ({e:.1f} a notice, {e * second:,.0f}/s)"),
        of("deliver-flushes", f"flushes of the disk at {second:,.0f}/s, were the groups no larger", lambda f: f"{f * second:,.0f}/s ({f:.2f} a notice)"),
        of("delivered-on-postgresql", "delivered a second by one node with PostgreSQL on the same machine", lambda d: f"{d:,.0f} notices"),
        of("memory-idle-pss memory-queued-pss memory-million-pss", "memory of all roles: idle; 100,000 queued; 1,000,000 stored",
           lambda *m: "; ".join(f"{x:,.0f}" for x in m) + " MiB"),
        of("many-vs-few", "throughput with 1,000,000 stored, against 1,000", lambda r: f"{r:.2f} ×"),
        of("ready-queued", "ready after a restart with 100,000 queued", lambda s: f"{s:.1f} s"),
    ]) + "\n"


def write(found, took, path=PATH, sizes=ROOT / "ops/SCALING.md"):
    sizes.write_text(replaced(sizes.read_text(), scaling(found["figures"])))
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    path.write_text(text_of(found, took, when))
