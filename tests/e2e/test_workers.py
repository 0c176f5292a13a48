#!/usr/bin/env python3
"""Several workers of the process role, notices of few children from several senders all at once, workers killed meanwhile: for each child what one process would
have made of it that takes them in the order of their receipts. Judged by what the database and the log say, not by the gateway's own words."""
import collections
import os
import pathlib
import signal
import sqlite3
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import chaos
import test_gateway as g
import world as w

CHILDREN, WORKERS = 6, 4
KINDS = ("missing", "found", "missing", "found")  # of each child, in this order
SENDERS = ("staffordshire-police", "derbyshire")
READ = """SELECT m.seq, m.id, m.state, m.reason, m.kind, m.child, m.episode, m.organisation FROM message m ORDER BY m.turn, m.seq"""


def sender(child, step):
    """The police say that a child was found; that it is missing its council says of every second one."""
    return SENDERS[child % 2] if KINDS[step] == "missing" else SENDERS[0]


def notice(child, step):
    """One of a child's; the second episode has a police reference of its own."""
    data = chaos.notice(child, KINDS[step], "workers").decode()
    return (data.replace(f'id="{child:026d}"', f'id="{child * 10 + step:026d}"').replace(f"CHAOS-workers-{child}<", f"WORKERS-{child}-{step // 2}<")
            .replace('sender organisation="staffordshire-police"', f'sender organisation="{sender(child, step)}"')
            .replace("Left after tea.", f"Left after tea, time {step}.").replace("Railway station", f"Railway station {step}")).encode()


class Case(g.Case):
    organisations = ("staffordshire",)

    def setUp(self):
        self.host.stop()
        self.host.config.write_text(self.host.config.read_text().replace("<samples", f'<process workers="{WORKERS}"/><samples'))
        self.host.start()

    def submit_all(self):
        """Interleaved over the children, by both senders; ids by child, in order."""
        ids = collections.defaultdict(list)
        for step in range(len(KINDS)):
            for child in range(CHILDREN):
                who = sender(child, step)
                ids[child].append(self.world.submit(self.host, self.path(notice(child, step), "notice.xml"), who))
        return ids

    def test_each_child_in_its_order(self):
        before = {number: w.wait_for(f"worker {number} runs", 60, lambda n=number: self.host.worker(n)) for number in range(WORKERS)}
        self.assertEqual(len(set(before.values())), WORKERS)
        for pid in (self.host.roles()["process"], *before.values()):  # who keeps them, which holds the keys too, is confined as they are
            self.assertIn("Seccomp:\t2", pathlib.Path(f"/proc/{pid}/status").read_text())
        for pid in before.values():
            os.kill(pid, signal.SIGSTOP)  # so that all of it waits when they begin
        ids = self.submit_all()
        for pid in before.values():
            os.kill(pid, signal.SIGCONT)
        for number in range(WORKERS):
            self.host.kill_worker(number)
        w.wait_for("nothing is unfinished", 120, lambda: not self.host.rows())
        self.host.stop()
        db = sqlite3.connect(f"file:{next(self.host.state.glob('store.db'))}?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        messages = {r["id"]: r for r in db.execute(READ)}
        self.assertEqual({(m["state"], m["reason"] or "") for m in messages.values()}, {("routed", "")})
        for child, mine in ids.items():
            rows = [messages[i] for i in mine]
            self.assertEqual(len({r["child"] for r in rows}), 1, child)
            episodes = [r["episode"] for r in rows]
            self.assertEqual(episodes, [episodes[0]] * 2 + [episodes[2]] * 2, child)
            self.assertNotEqual(episodes[0], episodes[2])
        self.assertEqual(len({r["child"] for r in messages.values()}), CHILDREN)
        self.assertEqual(db.execute("SELECT count(*) FROM episode WHERE ended = 0").fetchone()[0], 0)
        told = collections.defaultdict(set)
        for r in db.execute("SELECT m.id, d.recipient FROM delivery d JOIN message m ON m.seq = d.message WHERE d.state = 'handed-over'"):
            told[r["id"]].add(r["recipient"])
        for mine in ids.values():
            for missing, found in (mine[:2], mine[2:]):
                self.assertGreater(len(told[missing]), 0)
                others = {r for r in told[missing] if not r.startswith(SENDERS[0] + "/")}  # who says so is not told
                self.assertLessEqual(others, told[found], "whoever was told that it is missing is told that it was found")
        verdict = chaos.Verdict()
        chaos.out_of_order(verdict, self.host, db)
        db.close()
        self.assertEqual(verdict.failed, 0)
        self.assertIn("clean", self.host.cli("audit", "verify").stdout)  # without a gateway that runs: of the files


if __name__ == "__main__":
    unittest.main(verbosity=2)
