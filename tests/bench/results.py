"""tests/bench/RESULTS.md: the figures that have to be shown, each with its threshold and whether it is reached; then all figures, and where the time went."""
import datetime
import pathlib

import sums

PATH = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
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


def write(found, took, path=PATH):
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    path.write_text(text_of(found, took, when))
