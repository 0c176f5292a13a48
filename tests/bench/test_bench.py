#!/usr/bin/env python3
"""The benchmark's own arithmetic against numbers worked out by hand, and (Whole) that every figure is printed, by a run that is as short as can be."""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "ops/lib"))
import bench
import hot
import results
import setting
import sums

TINY = {"rounds": 1, "accept-s": 0.05, "deliver-s": 0.05, "store-s": 0.05, "store-rounds": 1, "half-s": 0.05, "floor-s": 0.05, "full": 8, "drain": 8, "send-floor-s": 0.2,
        "ways-whole": 1, "reader-ms": 10, "profile-s": 1, "warm": 16, "seed": 16, "few": 32, "after-idle": 8, "queued-s": 1, "settle-s": 0.5, "queued": 160, "million": 320}
RATES = {"accept": ("accepted", "postfix-accepted"), "deliver": ("delivered", "postfix-relayed")}
FIGURES = {
    "floor": {"floor-accept", "floor-deliver", "floor-cpu", "floor-deliver-of-three", "floor-cpu-of-three"},
    "accept": {"accept-vs-postfix", "accept-cpu", "accept-client-cpu", "accept-alone-p50", "accept-alone-p99"},
    "deliver": {"deliver-vs-postfix", "deliver-cpu", "cpu-vs-floor", "half-load", "accept-p50", "accept-p99", "handed-over-p50", "handed-over-p99"},
    "idle": {"memory-idle-pss", "memory-idle-rss", "processes-idle", "ready-empty"},
    "mail": {f"mail-{n}" for n in ("notices", "accepted", "copies", "cpu", "floor", "delivered", "vs-floor", "connections", "reused", "resumed",
                                   "half-load", "latency-p50", "latency-p99")},
    "queued": {"queued", "ready-queued", "memory-queued-pss", "memory-queued-rss", "processes-queued", "queued-accept-p50", "queued-accept-p99"},
    "million": {"stored-bytes", "stored-rows", "stored-log", "stored-few", "stored-many", "ready-few", "ready-many", "memory-million-pss", "memory-million-rss", "processes-million",
                "delivered-of-few", "delivered-of-few-spread", "delivered-of-many", "delivered-of-many-spread", "many-vs-few"},
    "readers": {f"reader-{n}{end}" for n in bench.READERS for end in ("", "-sandbox", "-cpu", "-least")},
    "postgresql": {"delivered-on-sqlite", "delivered-on-sqlite-spread", "delivered-on-postgresql", "delivered-on-postgresql-spread", "postgresql-vs-sqlite"},
    "decisions": {"policy-decisions"},
}
FIGURES["push"] = {name.replace("mail-", "push-") for name in FIGURES["mail"]}
for group, names in RATES.items():
    FIGURES[group] |= {name + end for name in names for end in ("", "-spread")}


class Sums(unittest.TestCase):
    def test_percentile(self):
        """The least value that so many percent of all do not exceed: nothing between two values, the last one for 100."""
        for values, part, wanted in (([7], 50, 7), ([7], 99, 7), ([1, 2], 50, 1), ([3, 1, 2], 50, 2), (list(range(1, 101)), 99, 99),
                                     (list(range(1, 101)), 100, 100), (list(range(1, 102)), 99, 100), ([5, 5, 5, 9], 75, 5), ([5, 5, 5, 9], 76, 9),
                                     ([1, 2, 3], 0, 1)):
            with self.subTest(values=values, part=part):
                self.assertEqual(sums.percentile(values, part), wanted)

    def test_median_and_spread(self):
        self.assertEqual(sums.median([9, 1, 5]), 5)
        self.assertEqual(sums.median([9, 1, 5, 6]), 5.5)
        self.assertEqual(sums.median([4]), 4)
        self.assertEqual(sums.spread([8, 10, 12]), 0.4)
        self.assertEqual(sums.spread([8]), 0)

    def test_turns(self):
        """Everybody once a round, and whoever was first is last in the next."""
        self.assertEqual(list(sums.turns(3, ("a", "b"))), [["a", "b"], ["b", "a"], ["a", "b"]])
        self.assertEqual(list(sums.turns(0, ("a", "b"))), [])

    def test_reached(self):
        for value, bound, wanted in ((3, ">= 3", True), (2.999, ">= 3", False), (1.5, "<= 1.5", True), (1.51, "<= 1.5", False)):
            self.assertEqual(sums.reached(value, bound), wanted, (value, bound))

    def test_line(self):
        """What is printed can be read again, small figures too."""
        self.assertEqual(sums.line("a", 0.0123456, "s"), "a 0.012346 s")
        self.assertEqual(sums.line("a", 1234.5678, "notices/s"), "a 1234.568 notices/s")
        self.assertEqual(sums.line("a", 0, "share"), "a 0.000 share")
        self.assertEqual(sums.parse("a 1.500 ms/notice\n\nb 2 ratio\n"), {"a": (1.5, "ms/notice"), "b": (2.0, "ratio")})


class Said(unittest.TestCase):
    def test_ratios_come_last(self):
        run = bench.Bench(pathlib.Path("/nowhere"), "/nowhere", {})
        run.found = {"x": [("r", 2.0, "ratio"), ("a", 1.0, "s")], "y": [("b", 3.0, "s")]}
        self.assertEqual(list(run.figures().items()), [("a", (1.0, "s")), ("b", (3.0, "s")), ("r", (2.0, "ratio"))])

    def test_one_that_fails_does_not_stop_the_others(self):
        def fails(_):
            raise TimeoutError("smtp-sink: not after 1 s")
        before = dict(bench.GROUPS)
        bench.GROUPS["floor"] = (fails, True)
        try:
            run = bench.Bench(pathlib.Path("/nowhere"), "/nowhere", {})
            self.assertEqual(run.rows("floor"), [])
        finally:
            bench.GROUPS.update(before)
        self.assertEqual(run.failed, ["floor"])
        self.assertIn("floor FAILED: smtp-sink: not after 1 s", run.notes)

    def test_thresholds(self):
        """Reached, not reached and not measured are told apart, each beside its threshold."""
        found = {"figures": {"accept-vs-postfix": [3.2, "ratio"], "cpu-vs-floor": [1.7, "ratio"]}, "around": {"commit": "abc"}, "notes": ["said"], "profile": ""}
        text = results.text_of(found, 60, "today")
        rows = {name: line for line in text.splitlines() for name, _, _ in results.BOUNDS if f"`{name}`" in line and line.startswith("|")}
        self.assertEqual(set(rows), {name for name, _, _ in results.BOUNDS})
        self.assertTrue(rows["accept-vs-postfix"].endswith("| ≥ 3 | 3.200 | reached |"), rows)
        self.assertTrue(rows["cpu-vs-floor"].endswith("| ≤ 1.5 | 1.700 | not reached |"), rows)
        self.assertTrue(rows["ready-queued"].endswith("| ≤ 5 | - | not measured |"), rows)
        self.assertIn("accept-vs-postfix 3.200 ratio", text)
        self.assertIn("- said", text)

    def test_sizes(self):
        """10 million a day are 115.7 a second: two nodes of 120/s half loaded, five for the busiest second; what was not measured is not made up."""
        table = results.scaling({"delivered": (120, "notices/s"), "stored-bytes": (160000, "bytes/notice"), "deliver-cpu": (8.64, "ms/notice")})
        for words in ("| nodes like this one for 116/s, the average of 10,000,000 a day, half loaded | 2 |", "nodes for 579/s, 5 times that, fully loaded | 5 |",
                      "| 1,600 GB (160 kB a notice) |", "| 86,400: 1.0 processors all day |", "| not measured | `stored-log` |", "| 10.4 million notices |"):
            self.assertIn(words, table)
        page = f"a\n{results.BEGIN}\nold\n{results.END}\nb\n"
        self.assertEqual(results.replaced(page, "new\n"), f"a\n{results.BEGIN}\nnew\n{results.END}\nb\n")
        self.assertIn(results.BEGIN, (results.ROOT / "ops/SCALING.md").read_text())
        with self.assertRaises(RuntimeError):
            results.replaced("no marks", "new")

    def test_profile_is_read(self):
        text = "    12.34%  wardgate  [.] wg_sha256_x86_blocks    -      -\n     1.00%  [kernel.kallsyms]  [k] copy_page_range\n# nothing\n"
        self.assertEqual(hot.top(text), [(12.34, "wardgate", "wg_sha256_x86_blocks"), (1.0, "[kernel.kallsyms]", "copy_page_range")])

    def test_one_recipient(self):
        """The notice of the comparison has one authority, and nothing of the example's second one."""
        text = setting.template()
        self.assertEqual(text.count(">860<"), 2)
        self.assertNotIn(">830<", text)
        self.assertTrue(3500 < len(text) < 5000, len(text))


class Whole(unittest.TestCase):
    def test_every_figure_is_printed(self):
        groups = [name for name in bench.GROUPS if name not in ("profile", "decisions")]  # perf may not run everywhere; decisions have a test of their own
        with tempfile.TemporaryDirectory(prefix="wg-bench-test-") as folder:
            target = pathlib.Path(folder) / "figures.json"
            done = subprocess.run([sys.executable, HERE / "bench.py", "--binary", pathlib.Path(os.environ["WARDGATE"]).parent, "--json", target, "--only", *groups,
                                   *(word for name, value in TINY.items() for word in ("--size", f"{name}={value}"))], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            written = json.loads(target.read_text())
        lines = done.stdout.splitlines()
        figures = sums.parse(done.stdout)
        wanted = set().union(*(FIGURES[group] for group in groups if group in FIGURES))
        self.assertEqual(wanted - set(figures), set(), done.stderr)
        self.assertEqual(len(lines), len(figures), "one line for each")
        for name, (value, unit) in figures.items():
            self.assertTrue(math.isfinite(value), (name, value))
            self.assertAlmostEqual(written["figures"][name][0], value, delta=0.001, msg=name)
            self.assertEqual(written["figures"][name][1], unit)
        units = [line.split()[2] for line in lines]
        self.assertEqual(units, sorted(units, key=lambda unit: unit == "ratio"), "ratios last")
        self.assertEqual(figures["queued"][0], TINY["queued"])
        self.assertEqual(figures["stored-many"][0], TINY["million"])
        for name in ("commit", "kernel", "openssl", "libxml2", "sqlite", "postfix"):
            self.assertTrue(written["around"][name], name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
