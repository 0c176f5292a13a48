#!/usr/bin/env python3
"""A gateway moves from SQLite to PostgreSQL and back, with copies under way: nothing is lost, nothing is sent twice, and what
must not be copied is not."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_gateway as g
import world as w

SERVER = g.ROOT / "tests/store/pg_server"


class Copy(g.Case):
    organisations = ("staffordshire", "derbyshire")

    @classmethod
    def prepare(cls):
        cls.database = cls.folder / "pg"
        cls.folder.chmod(0o755)  # the server runs as a user of its own where this is root
        subprocess.run([SERVER, "safe", cls.database], check=True)
        subprocess.run(["psql", "-X", "-q", "-h", cls.database, "-U", "wardgate", "-c", "CREATE DATABASE wardgate", "-c",
                        "CREATE DATABASE keys", "postgres"], check=True)

    @classmethod
    def mail_port(cls):
        return cls.world.start_mail()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        subprocess.run([SERVER, "stop", cls.database], check=True)
        super().tearDownClass()

    def copy(self, source, target, status=0):
        done = subprocess.run([self.world.program, "--json", "store", "copy", "--from", source, "--to", target], capture_output=True,
                              text=True, env=self.world.env(), timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 else done.stderr

    def to_placing(self, message):
        return next((r for r in self.host.deliveries(message) if r["organisation"] == "derbyshire"), None)

    def head(self):
        said = json.loads(self.host.cli("audit", "verify", "--json").stdout)
        return f"{said['entries']}:{said['head']}"

    def moved(self, name, change, state=None):
        """Another configuration of the same gateway."""
        path = self.host.folder / name
        path.write_text(change(self.host.config.read_text()))
        return path

    def go_on_with(self, config, state=None):
        self.host.config = config
        self.host.state = state or self.host.state
        self.host.start()

    def refused(self, shared):
        """While the gateway runs, by another's configuration, with other keys."""
        self.assertIn("another process has this store open", self.copy(self.host.config, shared, 75))
        self.assertIn("within one gateway", self.copy(self.gateways[1].config, shared, 78))
        other = self.host.folder / "other.key"
        other.write_bytes(bytes(32))
        other.chmod(0o600)
        wrong = self.moved("wrong.xml", lambda text: text.replace('key="lookup.key"', f'key="{other}"'))
        self.assertIn("the lookup key is not the same", self.copy(self.host.config, wrong, 78))

    def reopened(self, config, doing):
        """The mark of a store that was copied, taken away for a moment: nobody starts on it without."""
        log = self.host.folder / "again.log"
        with open(log, "wb") as said:
            started = subprocess.Popen([self.world.program, "serve", "--config", config], stdout=said, stderr=said, env=self.world.env())
        try:
            w.wait_for("the store refuses to start", 60, lambda: "from here it would be sent a second time" in log.read_text())
        finally:
            started.terminate()
            started.wait(60)
        said = subprocess.run([self.world.program, "store", "reopen", "--why", "a test", "--config", config], env=self.world.env(),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(said.returncode, 0, said.stderr)
        return doing()

    def test_there_and_back(self):
        placing = self.gateways[1]
        placing.stop()
        before = [self.submit(g.report(f"SP-70-{n:06}")) for n in range(3)]
        for message in before:
            w.wait_for("the copy for the placing council waits", 60, lambda m=message: (self.to_placing(m) or {}).get("state") == "deferred")
        where = f"host={self.database} user=wardgate dbname="
        store = f'<store driver="postgresql" database="{where}wardgate" keys="{where}keys"/>\n  <samples '
        shared = self.moved("shared.xml", lambda text: text.replace("<samples ", store))
        self.refused(shared)
        self.host.stop()
        first = self.host.config
        there = self.copy(first, shared)
        self.assertEqual(there["findings"], 0)
        self.assertGreater(there["keys"], len(before))
        self.assertIn("this store was copied at", self.copy(first, shared, 78))
        self.assertIn("the new store: the database has tables", self.reopened(first, lambda: self.copy(first, shared, 65)))

        self.go_on_with(shared)
        self.host.cli("audit", "verify", "--contains", f"{there['entries']}:{there['head']}")
        self.assertEqual(self.submit(g.report("SP-70-000000")), before[0])
        after = [self.submit(g.report(f"SP-70-{n:06}")) for n in range(3, 6)]
        placing.start()
        for message in before + after:
            w.wait_for("the placing council has it", 60, lambda m=message: (self.to_placing(m) or {}).get("state") == "received")
            self.settle(message)

        self.host.stop()
        place = self.host.folder / "state-back"
        back = self.moved("back.xml", lambda text: text.replace(store, "<samples ").replace('state="state"', f'state="{place}"'))
        again = self.copy(shared, back)
        self.assertEqual(again["findings"], 0)
        self.assertGreater(again["entries"], there["entries"])
        self.host.config = back
        self.assertEqual(self.host.cli("store", "check", "--deep", check=False).returncode, 0)
        self.go_on_with(back, place)
        self.assertEqual(self.submit(g.report("SP-70-000004")), after[1])
        last = self.submit(g.report("SP-70-000006"))
        w.wait_for("the last arrives too", 60, lambda: (self.to_placing(last) or {}).get("state") == "received")
        self.settle(last)
        self.assertEqual({r["id"] for r in self.host.rows("--all") if not r["desk"]}, {*before, *after, last})
        self.head()

        # each copy once: over HTTPS by what the other gateway was asked to take, by mail under its Message-ID
        logged = [json.loads(line) for line in placing.log.read_text().splitlines() if line.startswith("{")]
        taken = [e for e in placing.rows("--all") if not e["desk"] and e["way"] == "https"]
        self.assertEqual(len(taken), len(before) + len(after) + 1, logged[-3:])
        ids = [re.search(rb"(?mi)^message-id: *(\S+)", path.read_bytes())[1] for path in self.world.mails()
               if b"From: gateway@staffordshire.example" in path.read_bytes()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreaterEqual(len(ids), len(before) + len(after) + 1)


if __name__ == "__main__":
    unittest.main()
