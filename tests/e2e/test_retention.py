#!/usr/bin/env python3
"""After the years that the policy says: what goes, what stays, and that neither a copy of the database nor the storage key brings
back what went."""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import test_gateway as g
import world as w
from clocks import DAY, Clock

HEAD = 2048
DATA = bytes.fromhex("06092a864886f70d010701")  # the object identifier of data, in DER
SIX_YEARS = 6 * 366 * DAY


class Retention(g.Case):
    organisations = ("staffordshire",)

    @classmethod
    def prepare(cls):
        cls.clock = Clock(cls.folder / "clock")
        cls.world.environment, cls.world.outside, cls.world.days = cls.clock.environment(), cls.clock.environment(outside=True), 9999

    @classmethod
    def mail_port(cls):
        return cls.world.start_mail()

    def six_years_pass(self):
        """First a week, in which all that nobody confirms is told to everybody, then the time for which the policy keeps things."""
        self.clock.let_pass(7 * DAY)
        told, since = -1, 0

        def over():
            nonlocal told, since
            mails = len(self.world.mails())
            if mails != told:
                told, since = mails, time.monotonic()
            return time.monotonic() - since > 4 and not self.host.rows("--state", "sealed")
        w.wait_for("all that follows has followed", 60, over)
        self.host.stop()
        self.host.start()  # what was written is in the files, and can be measured
        self.clock.let_pass(SIX_YEARS)

    def purged(self, *words):
        """message -> fate, and the sums. Of these kinds only."""
        fates, sums = {}, {"purged": 0, "kept": 0, "bytes": 0}
        for kind in ("missing", "found"):
            lines = [json.loads(line) for line in self.host.cli("purge", "--json", "--kind", kind, *words).stdout.splitlines()]
            fates |= {m["message"]: m["fate"] for one in lines[:-1] for m in one["messages"]}
            sums = {name: sums[name] + lines[-1][name] for name in sums}
        return fates, sums

    def unmask(self, message, which="notice"):
        return self.host.cli("queue", "show", message, "--unmask", "--which", which, check=False)

    def found_again(self, reference):
        """Reported and found: both messages."""
        ids = []
        for kind in ("missing", "found"):
            ids.append(self.submit(g.report(reference, kind)))
            self.settle(ids[-1])
        return ids

    def keep(self, name):
        """A copy of both files as they are, with the gateway stopped."""
        self.host.stop()
        folder = self.folder / name
        shutil.copytree(self.host.state, folder, ignore=lambda _, names: [n for n in names if not n.endswith((".db", ".db-wal"))])
        return folder

    def put_back(self, folder, *names):
        self.host.stop()
        for name in names:
            for end in ("", "-wal"):
                (self.host.state / (name + end)).unlink(missing_ok=True)
                if (folder / (name + end)).exists():
                    shutil.copy(folder / (name + end), self.host.state / (name + end))
        self.host.start()

    def original(self, folder, message, keys=True):
        """The original of a message as a backup has it; without keys, with its head masked as it stands there."""
        with sqlite3.connect(folder / "store.db") as store:
            digest, size, blob = store.execute("SELECT b.hash, b.size, b.bytes FROM message m JOIN blob b ON b.id = m.original WHERE m.id = ?",
                                               (message,)).fetchone()
        self.assertEqual(len(blob), size)
        if not keys:
            return blob
        key = self.key(folder, message)  # keys_mask.c says how
        mask = b"".join(hashlib.sha256(i.to_bytes(4, "big") + key + digest[:16].encode()).digest() for i in range(1, HEAD // 32 + 1))
        opened = bytes(a ^ b for a, b in zip(blob, mask)) + blob[HEAD:]
        self.assertEqual(hashlib.sha256(opened).hexdigest(), digest)
        return opened

    def key(self, folder, message):
        """What keys.db has for it."""
        with sqlite3.connect(folder / "store.db") as store, sqlite3.connect(folder / "keys.db") as keys:
            (head,) = store.execute("SELECT b.head FROM message m JOIN blob b ON b.id = m.original WHERE m.id = ?", (message,)).fetchone()
            (row,) = keys.execute("SELECT bytes FROM head WHERE id = ?", (head,)).fetchone()
        return row[-32:]

    def opens(self, sealed):
        """Whether somebody with the storage key reads the child's name in it."""
        mine = self.world.pki / "staffordshire"
        done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", mine / "storage.key", "-recip", mine / "storage.pem"],
                              input=sealed, capture_output=True)
        return done.returncode == 0 and b"Canaryname" in done.stdout

    def test_a_life_of_six_years(self):
        old = self.found_again("SP-50-000001")
        held = self.found_again("SP-50-000002")
        child = self.found_again("SP-50-000003")
        still_missing = self.submit(g.report("SP-50-000004"))
        self.settle(still_missing)
        asks = self.submit(g.report("SP-50-000005", extra="Shoe horn colour: Canary green\n"))
        self.becomes(asks, "attention")
        self.host.cli("purge", "hold", held[0], "--why", "case review 12")
        done = self.host.cli("purge", "hold", child[1], "--child", "--why", "case review 13")
        self.assertIn("2 messages are kept", done.stdout)
        self.assertEqual(self.host.cli("purge", "hold", held[0], check=False).returncode, 64)

        self.assertIn("Nothing has been kept", self.host.cli("purge", "--dry-run").stdout)
        before = self.keep("before")
        self.host.start()
        self.six_years_pass()

        # what would go and what would stay, and why
        fates, total = self.purged("--dry-run")
        want = {old[0]: "purge", old[1]: "purge", held[0]: "legal-hold", held[1]: "purge", child[0]: "legal-hold", child[1]: "legal-hold",
                still_missing: "missing", asks: "attention"}
        self.assertEqual({m: fates.get(m) for m in want}, want)
        gone = {m for m, fate in fates.items() if fate == "purge"}
        self.assertEqual((total["purged"], total["kept"]), (len(gone), len(fates) - len(gone)))
        words = self.host.cli("purge", "--dry-run").stdout
        for part in ("missing: kept 6 years, by:", "under legal hold", "would go", "Nothing was changed", "the child is missing"):
            self.assertIn(part, words)
        self.assertNotIn("Canaryname", words)
        self.assertIn("Canaryname", self.unmask(old[0]).stdout)

        # it goes
        size = sum(p.stat().st_size for p in self.host.state.glob("*.db"))
        fates, total = self.purged()
        self.assertEqual({m for m, fate in fates.items() if fate == "purge"}, gone)
        self.assertGreater(total["bytes"], 0)
        self.assertLess(sum(p.stat().st_size for p in self.host.state.glob("*.db")), size)
        today = self.clock.true().strftime("%Y-%m")
        for which in ("notice", "original"):
            done = self.unmask(old[0], which)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, f"was destroyed on {today}-.. under the retention rule")
        self.assertIn("Canaryname", self.unmask(held[0]).stdout)
        self.assertIn("kept P6Y by", self.host.cli("queue", "show", old[0], "--json").stdout)
        self.assertEqual(len(json.loads(self.host.cli("explain", old[0], "--json").stdout)), 3)
        self.host.cli("audit", "verify")
        self.assertEqual(self.purged()[1]["purged"], 0)
        self.assertEqual(self.submit(g.report("SP-50-000001")), old[0])  # a replayed archive brings nothing back

        # no file of the live system has a key of it any more, and without that nobody opens a backup
        after = self.keep("after")
        sealed = self.original(before, old[0])
        wrapped = sealed[sealed.index(DATA) - 44:sealed.index(DATA) - 4]  # it stands before the content's head
        key = self.key(before, old[0])
        self.assertTrue(key in (before / "keys.db").read_bytes())
        for name in ("store.db", "keys.db"):
            self.assertFalse(wrapped in (before / name).read_bytes(), name)
            self.assertFalse(key in (after / name).read_bytes(), name)
        self.assertTrue(self.opens(self.original(before, old[0])))  # as long as somebody kept an old keys.db
        self.assertFalse(self.opens(self.original(before, old[0], keys=False)))
        self.assertTrue(self.opens(self.original(before, held[0])))

        # store.db of the backup, keys.db of today
        self.put_back(before, "store.db")
        done = self.unmask(old[0], "original")
        self.assertRegex(done.stderr, "was destroyed on")
        self.assertIn("Canaryname", self.unmask(held[0]).stdout)
        self.assertIn("Canaryname", self.unmask(still_missing).stdout)
        self.host.cli("audit", "verify")

        # the right one again
        self.put_back(after, "store.db")
        self.host.cli("audit", "verify")
        self.host.cli("purge", "unhold", child[1], "--child", "--why", "review closed")
        self.six_years_pass()
        fates, _ = self.purged()
        self.assertEqual({m for m, fate in fates.items() if fate == "purge"}, set(child))


if __name__ == "__main__":
    unittest.main()
