#!/usr/bin/env python3
"""A backup under load, what it refuses, and the gateway that is put back: nothing acknowledged before it is lost, nothing goes out by
itself that may have gone out since, and what a person releases is known again by who had it."""
import json
import pathlib
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import test_gateway as g
import world as w


class Backup(g.Case):
    organisations = ("staffordshire", "derbyshire")

    @classmethod
    def mail_port(cls):
        return cls.world.start_mail()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placing = cls.gateways[1]
        cls.key, cls.certificate = cls.folder / "backup.key", cls.folder / "backup.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", cls.key, "-out", cls.certificate, "-days", "30",
                        "-subj", "/CN=backup"], check=True, capture_output=True)
        cls.key.chmod(0o600)
        cls.host.stop()
        text = cls.host.config.read_text().replace("<samples ", f'<backup><certificate file="{cls.certificate}"/></backup>\n  <samples ')
        cls.host.config.write_text(text)
        cls.host.start()
        cls.store, cls.keys = cls.folder / "to-store", cls.folder / "to-keys"
        cls.store.mkdir()
        cls.keys.mkdir()

    def to_placing(self, message):
        return next((r for r in self.host.deliveries(message) if r["organisation"] == "derbyshire"), None)

    def messages_there(self):
        return {r["id"] for r in self.placing.rows("--all") if not r["desk"]}

    def restore(self, store, keys, into, check=False):
        return self.host.cli("restore", "--json", store, keys, "--key", self.key, "--certificate", self.certificate, "--into", into,
                             check=check)

    def sent(self):
        """Mails of this gateway; the other one writes to its own desks."""
        return sum(b"From: gateway@staffordshire.example" in path.read_bytes() for path in self.world.mails())

    def refused(self):
        """What is no place for a backup, and what is no backup."""
        same = self.host.cli("backup", self.store, self.store, check=False)
        self.assertIn("two places", same.stderr)
        self.assertEqual(same.returncode, 65, same.stderr)
        self.assertNotEqual(self.host.cli("backup", self.store, self.folder / "nowhere", check=False).returncode, 0)
        self.assertEqual([*self.store.iterdir(), *self.keys.iterdir()], [])

    def damaged(self, store, keys):
        """Flipped, cut, exchanged: refused before anything is written."""
        whole = store.read_bytes()
        for name, bad in (("flipped", whole[:-40000] + bytes([whole[-40000] ^ 1]) + whole[-39999:]), ("cut", whole[:-17]),
                          ("head", b"x" + whole[1:]), ("longer", whole + bytes(40))):
            path = self.folder / f"{name}.store"
            path.write_bytes(bad)
            into = self.folder / f"into-{name}"
            done = self.restore(path, keys, into)
            self.assertNotEqual(done.returncode, 0, name)
            self.assertFalse(into.exists(), name)
        self.assertNotEqual(self.restore(keys, store, self.folder / "into-crossed").returncode, 0)
        full = self.restore(store, keys, self.store)
        self.assertEqual(full.returncode, 65, full.stderr)
        self.assertIn("not empty", full.stderr)

    def test_backup_under_load_and_the_way_back(self):
        self.refused()
        self.placing.stop()
        waits = self.submit(g.report("SP-60-000001"))
        w.wait_for("the copy for the placing council waits", 60, lambda: (self.to_placing(waits) or {}).get("state") == "deferred")

        before, after, stop = [waits], [], threading.Event()
        began = threading.Event()

        def load():
            n = 2
            while not stop.is_set():
                known = began.is_set()
                message = self.submit(g.report(f"SP-60-{n:06}"))
                (after if known else before).append(message)
                n += 1
        thread = threading.Thread(target=load)
        thread.start()
        try:
            w.wait_for("notices come in", 60, lambda: len(before) > 4)
            began.set()
            certain = list(before)
            done = self.host.cli("backup", "--json", self.store, self.keys)
        finally:
            stop.set()
            thread.join()
        said = json.loads(done.stdout)
        store, keys = pathlib.Path(said["store"]), pathlib.Path(said["keys"])
        self.assertEqual([*self.store.iterdir(), *self.keys.iterdir()], [store, keys])
        self.assertTrue(said["verified"])
        self.assertEqual(said["findings"], 0)
        self.assertGreater(said["blobs"], len(certain))
        for path in (store, keys):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertNotIn(b"SQLite", path.read_bytes())
            self.assertNotIn(b"derbyshire", path.read_bytes())
        self.assertEqual([p.name for p in self.host.state.iterdir() if p.name.startswith("backup-")], [])
        logged = [json.loads(line.rstrip(",")) for line in self.host.cli("audit", "verify", "--json").stdout.splitlines()]
        self.assertTrue(logged[0]["clean"])
        self.assertGreater(logged[0]["entries"], said["entries"])
        self.damaged(store, keys)

        # what happens after the backup, and is not known to it
        self.placing.start()
        w.wait_for("the placing council has it", 60, lambda: self.to_placing(waits)["state"] == "received")
        self.host.stop()
        w.wait_for("all is read there", 60, lambda: not [r for r in self.placing.rows("--all") if r["state"] == "accepted"])
        mails, had = self.sent(), self.messages_there()
        self.assertGreater(mails, 0)
        into = self.folder / "restored"
        done = self.restore(store, keys, into)
        self.assertEqual(done.returncode, 0, done.stderr)
        back = json.loads(done.stdout)
        self.assertEqual((back["head"], back["entries"], back["at"], back["findings"]), (said["head"], said["entries"], said["at"], 0))
        self.assertGreaterEqual(back["held"], 1)
        self.assertEqual(sorted(p.name for p in into.iterdir()), ["keys.db", "store.db"])
        self.host.config.write_text(self.host.config.read_text().replace('state="state"', f'state="{into}"'))
        self.host.state = into
        checked = self.host.cli("store", "check", "--deep", check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout)

        self.host.start()
        rows = {r["id"]: r for r in self.host.rows("--all")}
        self.assertEqual([m for m in certain if m not in rows], [])
        self.assertEqual(self.host.cli("store", "check", check=False).returncode, 75)
        held = self.to_placing(waits)
        self.assertEqual((held["state"], held["may-have-arrived"]), ("held", True))
        self.assertIn("put back", held["reason"])
        self.assertEqual(json.loads(self.host.cli("audit", "verify", "--json").stdout)["clean"], True)
        shown = self.host.cli("queue", "show", waits, "--unmask").stdout
        self.assertIn("Canaryname", shown)

        # messages that were not decided in the backup are decided now, and their copies held too
        w.wait_for("all is decided", 60, lambda: not [r for r in self.host.rows("--all") if r["state"] in ("accepted", "normalised")])
        self.assertEqual(self.sent(), mails)

        # released by a person, under the reference that it always had: who has it knows it again
        self.host.cli("queue", "release", held["id"], "--why", "asked: not sure")
        w.wait_for("it is received", 60, lambda: self.to_placing(waits)["state"] == "received")
        self.assertEqual(self.messages_there(), had)


if __name__ == "__main__":
    unittest.main()
