#!/usr/bin/env python3
"""What may befall the PostgreSQL under a gateway and takes long to stage: a synchronous standby that stops answering, a disk
that is really full, under the tables and under the write-ahead log. Of ops/torture --database. Needs root, to mount small disks.
"""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_gateway as g
import postgres
import world as w

MAIL = {"Content-Type": "message/rfc822"}
PADDING = b"X-Padding: " + b"x" * 60 + b"\n"
BIG = 24000


class Staged(g.Case):
    organisations = ("staffordshire",)

    @classmethod
    def prepare(cls):
        cls.folder.chmod(0o755)  # the server runs as a user of its own
        make = cls.world.make_gateways

        def shared(*words, **more):
            return make(*words, **more, prepare=lambda gateway: setattr(gateway, "beside", cls.element()))
        cls.world.make_gateways = shared

    @staticmethod
    def notice(reference, size=0):
        """A report, with so many bytes that say nothing in its head."""
        return PADDING * (size // len(PADDING)) + g.report(reference)

    def hand_in(self, reference, size=0):
        """The status of one submission."""
        code, headers, body = self.request("POST", "/v1/notices", self.notice(reference, size), MAIL)
        self.assertIn(code, (202, 503), body)
        self.assertEqual(code == 503, "retry-after" in {name.lower() for name in headers}, headers)
        return code

    def many(self, references, then=None):
        """All at once; statuses by reference. then: done when the first few are on their way."""
        found = {}
        senders = [threading.Thread(target=lambda r=r: found.__setitem__(r, self.hand_in(r))) for r in references]
        for number, sender in enumerate(senders):
            sender.start()
            if then is not None and number == len(senders) // 2:
                then()
        for sender in senders:
            sender.join()
        self.assertEqual(set(found), set(references))
        return found

    def goes_on(self, references):
        """All of them are taken at last, once, and delivered; the log is whole."""
        ids = [w.wait_for(f"{r} is taken", 120, lambda r=r: self.submit(g.report(r), check=False)) for r in references]
        for message in ids:
            self.settle(message)
        self.assertEqual(len(set(ids)), len(references))
        self.host.cli("audit", "verify")
        return ids

    def is_away(self):
        w.wait_for("nothing is taken", 60, lambda: self.request("GET", "/health/ready")[0] == 503)


class Standby(Staged):
    @classmethod
    def prepare(cls):
        cls.pair = postgres.Pair(cls.folder, ("wardgate", "keys"))
        cls.pair.start()
        super().prepare()

    @classmethod
    def element(cls):
        return f'<store driver="postgresql" database="{cls.pair.address("wardgate")}" keys="{cls.pair.address("keys")}"/>'

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        cls.pair.stop()
        shutil.rmtree(cls.folder)

    def standing_still(self):
        return w.family(self.pair.standby.process.pid)

    def test_1_it_stops_and_goes_on(self):
        """Commits hang: nobody is told that anything was taken, and what was committed by the primary alone meanwhile is there
        once."""
        self.settle(self.submit(g.report("SB-1")))
        roles, stopped = self.host.roles(), self.standing_still()
        references = [f"SB-2-{n}" for n in range(8)]
        try:
            self.many(references, then=lambda: postgres.tell(stopped, signal.SIGSTOP))
            self.is_away()
            late = [f"SB-3-{n}" for n in range(4)]
            self.assertEqual(set(self.many(late).values()), {503})
        finally:
            postgres.tell(stopped, signal.SIGCONT)
        self.goes_on(references + late)
        self.assertEqual(self.host.roles(), roles)

    def test_2_it_stops_and_the_primary_dies(self):
        """What only the primary had is gone with it, and nobody was told that it was there."""
        stopped, references = self.standing_still(), [f"SB-4-{n}" for n in range(8)]
        try:
            found = self.many(references, then=lambda: postgres.tell(stopped, signal.SIGSTOP))
            self.is_away()
            self.pair.primary.kill()
        finally:
            postgres.tell(stopped, signal.SIGCONT)
        self.pair.fail_over()
        self.pair.primary.ask("ALTER SYSTEM RESET synchronous_standby_names")
        self.pair.primary.ask("SELECT pg_reload_conf()")
        hashes = {row[0] for row in self.pair.primary.ask("SELECT content_hash FROM message", "wardgate")}
        for reference in (r for r, code in found.items() if code == 202):
            self.assertIn(hashlib.sha256(g.report(reference)).hexdigest(), hashes, f"{reference} was acknowledged, and is gone")
        self.goes_on(references)


class Disk(Staged):
    """A tmpfs of a size that can be changed."""
    SIZE = 96

    @classmethod
    def prepare(cls):
        cls.database = pathlib.Path(tempfile.mkdtemp(prefix="wg-disk-"))
        cls.database.chmod(0o755)
        cls.small = cls.database / "small"
        cls.small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={cls.SIZE}m,mode=0700", "tmpfs", cls.small], check=True)
        shutil.chown(cls.database, "postgres", "postgres")
        shutil.chown(cls.small, "postgres", "postgres")
        bin = postgres.programs()
        data, wal = cls.places()
        postgres.run(bin / "initdb", "-D", data, "-X", wal, "-U", "wardgate", "-A", "trust", "-E", "UTF8", "--locale=C")
        cls.data = data
        cls.server("start")
        for name in ("wardgate", "keys"):
            subprocess.run(["psql", "-X", "-q", "-h", cls.database, "-U", "wardgate", "-c", f"CREATE DATABASE {name}", "postgres"], check=True)
        super().prepare()

    @classmethod
    def server(cls, what):
        postgres.run(postgres.programs() / "pg_ctl", "-D", cls.data, "-w", "-t", "120", "-l", cls.database / "log", "-m", "immediate", "-o",
                     f"-k {cls.database} -c listen_addresses= -c shared_buffers=16MB -c min_wal_size=32MB -c max_wal_size=48MB -c autovacuum=off", what)

    @classmethod
    def element(cls):
        where = f"host={cls.database} user=wardgate dbname="
        return f'<store driver="postgresql" database="{where}wardgate" keys="{where}keys"/>'

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        try:
            cls.server("stop")
        except RuntimeError:
            pass  # it had ended by itself
        subprocess.run(["umount", cls.small], check=True)
        shutil.rmtree(cls.database)
        super().tearDownClass()

    def fill(self):
        """The disk has nothing left: a file beside the database's."""
        with open(self.small / "ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass

    def empty(self):
        (self.small / "ballast").unlink()

    def until_refused(self, name):
        """Notices until one is refused; which were taken."""
        taken = []
        for n in range(400):
            if self.hand_in(f"{name}-{n}", BIG) == 503:
                return taken, n
            taken.append(n)
        self.fail("it never became full")

    def full(self, name):
        first, roles = self.submit(g.report(f"{name}-0")), self.host.roles()
        self.settle(first)
        self.fill()
        taken, refused = self.until_refused(f"{name}-FULL")
        print(f"{name}: {len(taken)} taken on the full disk, then refused", file=sys.stderr)
        for n in range(40):  # again and again, of any size: an answer, and nobody ends
            self.hand_in(f"{name}-FULL-{refused + n}", BIG * (n % 2))
            time.sleep(0.1)
        self.is_away()
        return first, roles, taken

    def after(self, name, first, roles, taken):
        self.goes_on([f"{name}-{n}" for n in range(1, 4)])
        self.assertEqual(self.submit(g.report(f"{name}-0")), first)
        w.wait_for("nothing is unfinished", 120, lambda: not self.host.rows())
        for n in taken:  # the same is known: it is there
            before = len(self.host.rows("--all"))
            self.submit(self.notice(f"{name}-FULL-{n}", BIG))
            self.assertEqual(len(self.host.rows("--all")), before)
        self.host.cli("audit", "verify")
        self.assertEqual(self.host.roles(), roles)


class Tables(Disk):
    """The tables' disk is full, that of the write-ahead log is not."""
    @classmethod
    def places(cls):
        (cls.database / "wal").mkdir()
        shutil.chown(cls.database / "wal", "postgres", "postgres")
        return cls.small / "data", cls.database / "wal/wal"

    def test_full(self):
        found = self.full("TB")
        self.empty()
        self.after("TB", *found)


class Log(Disk):
    """The write-ahead log's disk is full: the server ends by itself, and cannot start before there is room."""
    @classmethod
    def places(cls):
        (cls.database / "tables").mkdir()
        shutil.chown(cls.database / "tables", "postgres", "postgres")
        return cls.database / "tables/data", cls.small / "wal"

    def test_full(self):
        first, roles, taken = self.full("WL")
        self.empty()
        if subprocess.run(["psql", "-X", "-h", self.database, "-U", "wardgate", "-c", "SELECT 1", "postgres"], capture_output=True).returncode != 0:
            self.server("restart")
        self.after("WL", first, roles, taken)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("FAILED: small disks are mounted by root: run this as root")
        sys.exit(1)
    unittest.main(verbosity=2)
