#!/usr/bin/env python3
"""A whole gateway whose store is a PostgreSQL: everyday, its store killed, its database killed, and what it refuses."""
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_gateway as g
import postgres
import world as w

SERVER = g.ROOT / "tests/store/pg_server"


class Shared(g.Case):
    organisations = ("staffordshire",)

    @classmethod
    def prepare(cls):
        cls.database = cls.folder / "pg"
        cls.folder.chmod(0o755)  # the server runs as a user of its own where this is root
        subprocess.run([SERVER, "safe", cls.database], check=True)
        cls.psql("CREATE DATABASE wardgate", "CREATE DATABASE keys")
        where = f"host={cls.database} user=wardgate dbname="
        beside = f'<store driver="postgresql" database="{where}wardgate" keys="{where}keys"/>'
        make = cls.world.make_gateways

        def shared(*words, **more):
            return make(*words, **more, prepare=lambda gateway: setattr(gateway, "beside", beside))
        cls.world.make_gateways = shared

    @classmethod
    def psql(cls, *commands, database="postgres"):
        words = [word for command in commands for word in ("-c", command)]
        return subprocess.run(["psql", "-X", "-A", "-t", "-h", cls.database, "-U", "wardgate", *words, database], check=True,
                              capture_output=True, text=True).stdout.strip()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        subprocess.run([SERVER, "stop", cls.database], check=True)
        super().tearDownClass()

    def test_accepted_delivered_and_in_the_database(self):
        message = self.submit(g.report("PG-1"))
        self.settle(message)
        self.assertEqual(self.psql(f"SELECT count(*) FROM message WHERE id = '{message}'", database="wardgate"), "1")
        self.assertNotEqual(self.psql("SELECT count(*) FROM head", database="keys"), "0")
        self.assertFalse((self.host.state / "store.db").exists())
        self.host.cli("audit", "verify")

    def test_the_gateway_needs_no_more_than_its_role(self):
        self.settle(self.submit(g.report("PG-6")))
        self.psql("CREATE ROLE wardgate_gateway LOGIN", "CREATE ROLE wardgate_reader LOGIN")
        for database in ("wardgate", "keys"):
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.database, "-U", "wardgate", "-f",
                            g.ROOT / "ops/postgresql/roles.sql", database], check=True)
        self.host.stop()
        owner = self.host.config.read_text()
        self.host.config.write_text(owner.replace("user=wardgate ", "user=wardgate_gateway "))
        self.host.start()
        message = self.submit(g.report("PG-7"))
        self.settle(message)
        self.host.cli("audit", "verify")
        self.assertEqual(self.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'wardgate_gateway'"), "2")
        for table in ("log", "disclosure", "passage", "exemption"):
            with self.assertRaises(subprocess.CalledProcessError):
                self.psql("SET ROLE wardgate_gateway", f"DELETE FROM {table}", database="wardgate")
        self.host.stop()
        self.host.config.write_text(owner)
        self.host.start()

    def test_the_store_is_killed(self):
        first = self.submit(g.report("PG-2"))
        self.host.kill_role("store")
        w.wait_for("it takes again", 60, lambda: self.submit(g.report("PG-3"), check=False))
        self.settle(first)
        self.assertEqual(self.submit(g.report("PG-2")), first)
        self.host.cli("audit", "verify")

    def test_the_database_ends_its_connections(self):
        first, store = self.submit(g.report("PG-4")), self.host.roles()["store"]
        self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wardgate'")
        second = w.wait_for("it takes again", 60, lambda: self.submit(g.report("PG-5"), check=False))
        self.settle(first)
        self.settle(second)
        self.assertEqual(self.host.roles()["store"], store)  # it connected again: nobody had to start anew
        self.host.cli("audit", "verify")

    def test_a_copy_of_the_server_is_whole(self):
        """What ops/BACKUP.md says of PostgreSQL: a copy under way of work, started beside it, and checked."""
        for n in range(3):
            self.settle(self.submit(g.report(f"PG-10-{n}")))
        copy = self.folder / "copy"
        subprocess.run([SERVER, "copy", self.database, copy], check=True)
        try:
            there = self.folder / "there"
            (there / "state").mkdir(parents=True, mode=0o700)
            text = self.host.config.read_text().replace(f"host={self.database} ", f"host={copy} ")
            (there / "gateway.xml").write_text(text.replace(f"{self.host.state}", f"{there}/state"))
            done = subprocess.run([self.world.program, "store", "check", "--config", there / "gateway.xml"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        finally:
            subprocess.run([SERVER, "stop", copy], check=True)

    def server(self):
        """The processes of the database."""
        return w.family(int((self.database / "data/postmaster.pid").read_text().split()[0]))

    def test_the_database_stands_still(self):
        """Nothing is closed and nothing answers: all who come meanwhile are told to come again, and what they sent is there
        once, whether it had been taken or not."""
        self.settle(self.submit(g.report("PG-11")))
        roles, found = self.host.roles(), []
        type = {"Content-Type": "message/rfc822"}
        senders = [threading.Thread(target=lambda n=n: found.append((n, *self.request("POST", "/v1/notices", g.report(f"PG-12-{n}"), type)[:2])))
                   for n in range(8)]
        stopped = self.server()
        try:
            for number, sender in enumerate(senders):
                sender.start()
                if number == 3:  # some are on their way, some come later
                    postgres.tell(stopped, signal.SIGSTOP)
            for sender in senders:
                sender.join()
            self.assertEqual(len(found), len(senders))
            for _, code, headers in found:
                self.assertIn(code, (202, 503))
                self.assertEqual(code == 503, "retry-after" in {name.lower() for name in headers})
            self.assertIn(503, [code for _, code, _ in found])
            w.wait_for("nothing is taken", 60, lambda: self.request("GET", "/health/ready")[0] == 503)
            self.assertEqual(self.request("GET", "/v1/inbox")[0], 503)
        finally:
            postgres.tell(stopped, signal.SIGCONT)
        again = [w.wait_for("it takes again", 60, lambda n=n: self.submit(g.report(f"PG-12-{n}"), check=False)) for n in range(len(senders))]
        for message in again:
            self.settle(message)
        self.assertEqual(len(set(again)), len(senders))
        self.assertEqual(self.psql("SELECT count(*) - count(DISTINCT content_hash) FROM message", database="wardgate"), "0")
        self.assertEqual(self.host.roles(), roles)
        self.host.cli("audit", "verify")

    def test_the_database_is_started_anew(self):
        """An end at once and a start: whoever comes meanwhile is told to come again, and what was taken is there."""
        first, roles = self.submit(g.report("PG-8")), self.host.roles()
        self.settle(first)
        for way in ("immediate", "fast"):
            subprocess.run([SERVER, "halt", self.database, way], check=True)
            code, headers, _ = self.request("POST", "/v1/notices", g.report(f"PG-9-{way}"), {"Content-Type": "message/rfc822"})
            self.assertEqual(code, 503)
            self.assertIn("retry-after", {name.lower() for name in headers})
            subprocess.run([SERVER, "again", self.database], check=True)
            self.settle(w.wait_for("it takes again", 60, lambda: self.submit(g.report(f"PG-9-{way}"), check=False)))
        self.assertEqual(self.submit(g.report("PG-8")), first)
        self.assertEqual(self.host.roles(), roles)
        self.host.cli("audit", "verify")


if __name__ == "__main__":
    unittest.main()
