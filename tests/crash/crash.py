#!/usr/bin/env python3
"""Tries points at which a store is killed, or a system call fails, and lets checker.py judge each: see points.c.

usage: crash.py [--points N] [--seed S] [--jobs J] [--control N]

N points (300) are spread evenly over all there are: killed at each call, killed at each call of the recovery from that, every
error of every call, each allocation refused; the seed says with which it begins. Beside them every error of a sync of the folder. --control: also so many points (60) of a gateway that answers before
its commit, all of them between the two: three in four have to be found guilty. The last line is `N passed, N failed`.
"""
import argparse
import collections
import concurrent.futures
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import checker

HERE = pathlib.Path(__file__).resolve().parent
POINTS = pathlib.Path(os.environ.get("CRASH_POINTS", HERE.parents[1] / "build/release/bin/crash_points"))
NONE = str(2 ** 32 - 1)  # a first point that is never reached
# What a store is known to call between opening and closing: if it no longer does, the harness looks at the wrong thing.
KINDS = {"openat", "pread64", "pwrite64", "fdatasync", "fcntl", "close"}


class Progress:
    """A line now and then, from whatever thread."""

    def __init__(self, total):
        self.total, self.done, self.step = total, 0, max(100, total // 20)
        self.lock = threading.Lock()

    def lines(self, stream):
        for line in stream:
            if line.startswith('{"end"'):
                with self.lock:
                    self.done += 1
                    if self.done % self.step == 0:
                        print(f"{self.done} of {self.total} points", flush=True)
            yield line


def total(mode, steps):
    """How many points there are in a mode."""
    done = subprocess.run([POINTS, mode, "--from", NONE, "--steps", steps], capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-3])


def judge(mode, every, first, steps, progress):
    """Runs every so many points of a mode: cases, guilty, what the checker said."""
    said = io.StringIO()
    with subprocess.Popen([POINTS, mode, "--every", str(every), "--from", str(first), "--steps", steps], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        words = []
        reader = threading.Thread(target=lambda: words.append(process.stderr.read()))
        reader.start()
        count, guilty = checker.run(progress.lines(process.stdout), out=said)
        reader.join()
    if process.returncode != 0 or not words[0].startswith(f"{count} of "):
        raise RuntimeError(f"crash_points {mode} --every {every} --from {first}: status {process.returncode}: {words[0][-2000:]}")
    return mode, count, guilty, said.getvalue()


def plan(points, seed, jobs, control):
    """(mode, every, first) of each piece of work; small modes are tried whole before large ones get more."""
    steps = str(min(40, max(3, points // 100)))
    sizes = {mode: total(mode, steps) for mode in ("kill", "recover", "error", "memory")}
    left, pieces = min(points, sum(sizes.values())), []
    for i, (mode, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        every = max(1, -(-size * (len(sizes) - i) // left)) if left > 0 else size
        left -= -(-size // every)
        parts = min(4 * jobs, max(1, points // 200))
        pieces += [(mode, every * parts, (seed + every * part) % (every * parts), steps) for part in range(parts)]
    pieces.append(("folders", max(1, 300 // points), 0, steps))
    if control > 0:
        pieces.append(("early", -(-total("early", steps) // control), 0, steps))
    return sizes, pieces


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--control", type=int, default=60)
    args = parser.parse_args()
    passed = failed = 0
    calls = collections.Counter(subprocess.run([POINTS, "calls"], capture_output=True, text=True, check=True).stdout.split())
    print("calls of one life:", *(f"{name} {count}" for name, count in calls.most_common()))
    missing = KINDS - set(calls)
    if missing:
        failed += 1
        print("FAILED: the store no longer makes these calls, which are to be struck:", *missing)
    sizes, pieces = plan(args.points, args.seed, args.jobs, args.control)
    print("points there are:", *(f"{mode} {size}" for mode, size in sizes.items()))
    progress = Progress(args.points + args.control)
    cases, bad = collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for work in concurrent.futures.as_completed([pool.submit(judge, *piece, progress) for piece in pieces]):
            mode, count, guilty, said = work.result()
            cases[mode] += count
            bad[mode] += guilty
            if guilty and mode != "early":
                print(said, end="", flush=True)
    for mode in cases:
        right = bad[mode] == 0 if mode != "early" else 4 * bad[mode] >= 3 * cases[mode] > 0  # what is durable already is not lost
        passed, failed = passed + right, failed + (not right)
        print(f"{'ok    ' if right else 'FAILED'} {mode}: {cases[mode]} points, {bad[mode]} guilty"
              + (" (the control: three in four have to be)" if mode == "early" else ""))
    print(f"{sum(cases.values()) - cases['early']} points tried")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
