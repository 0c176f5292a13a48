#!/usr/bin/env python3
"""What goes on when something about the gateway does not: a source that does not answer, a file of one partner that is not
there, a check that hangs."""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib")]
import world as w


class InTrouble(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-trouble-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.deaf = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
        self.addCleanup(self.deaf.close)
        self.deaf.settimeout(60)
        self.partner = self.folder / "partner"
        self.partner.mkdir()
        port = str(self.deaf.getsockname()[1])
        subprocess.run([ROOT / "tests/crypto/partner-pki", self.partner, port, port], check=True, stdout=subprocess.DEVNULL)
        self.world = w.World(self.folder)
        self.addCleanup(self.world.close)
        self.world.make_pki()
        self.world.gateways["staffordshire"] = self.gate = w.Gateway(self.world, "staffordshire", w.free_port())
        self.port = w.free_port()
        self.gate.beside = f'<monitor address="127.0.0.1" port="{self.port}" private-addresses="true"/>'
        self.gate.roles_wanted = self.gate.roles_wanted | {"monitor"}
        self.gate.write({}, 2525)
        directory = self.gate.folder / "directory.xml"
        directory.write_text(directory.read_text().replace("</directory>", f"""  <organisation id="partner" kind="provider" areas="860">
    <name>Partner (example)</name>
    <domain>partner.example</domain>
    <signer certificate="{self.partner}/sign.pem"/>
    <trust ca="{self.partner}/root.pem"/>
    <desk name="safeguarding" roles="provider" channel="mail" address="safeguarding@partner.example"
          certificate="{self.partner}/next.pem"/>
  </organisation>
</directory>"""))
        self.gate.start()

    def test_what_one_partner_lacks_stops_nobody_else(self):
        directory = self.gate.folder / "directory.xml"
        directory.write_text(directory.read_text().replace(f'{self.partner}/next.pem"/>', f"""{self.partner}/next.pem"/>
    <desk name="duty" roles="provider" channel="pull" certificate="{self.partner}/next.pem" webhook="https://localhost:1/"
          webhook-secret="{self.partner}/not-there"/>"""))
        (self.partner / "sign.pem").unlink()
        self.gate.process.send_signal(1)
        w.wait_for("it is taken as it is", 60, lambda: self.events(event="reload"))
        for role in ("process", "deliver", "monitor"):
            w.wait_for(f"{role} is there again", 60, lambda: len(self.events(event="ready", role=role)) > 1)
        self.assertEqual({l["how"] for l in self.events(event="ended")}, {"exit 0"})

    def test_a_check_that_hangs(self):
        """A file system or an HSM that does not answer: here, the process that checks is stopped."""
        asked, _ = self.deaf.accept()
        self.addCleanup(asked.close)
        w.wait_for("the process that checks is caught", 120, self.catch_check)
        w.wait_for("that is given up", 120, lambda: self.events(event="reload-refused"))
        self.assertIn("took longer", self.events(event="reload-refused")[0]["error"])
        os.kill(self.gate.roles()["deliver"], signal.SIGKILL)
        w.wait_for("who dies is started again", 60, lambda: len(self.events(event="ready", role="deliver")) > 1)

    def catch_check(self):
        """Has the configuration checked, and stops the process that does it; None when it was faster. It is a child of the
        supervisor that stays what it was forked from, while roles become programs of their own."""
        pid = self.gate.process.pid
        children, mine = pathlib.Path(f"/proc/{pid}/task/{pid}/children"), pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        done = len(self.events(event="reload"))
        ready = {role: len(self.events(event="ready", role=role)) for role in self.gate.roles_wanted - {"store"}}
        before = set(children.read_text().split())
        self.gate.process.send_signal(signal.SIGHUP)
        while len(self.events(event="reload")) == done:
            for child in set(children.read_text().split()) - before:
                try:
                    os.kill(int(child), signal.SIGSTOP)
                    if pathlib.Path(f"/proc/{child}/cmdline").read_bytes() == mine and len(self.events(event="reload")) == done:
                        return child
                    os.kill(int(child), signal.SIGCONT)
                except (ProcessLookupError, FileNotFoundError):
                    pass  # it ended
        w.wait_for("those that it has now are ready", 60, lambda: all(len(self.events(event="ready", role=role)) > n for role, n in ready.items()))
        return None

    def events(self, **wanted):
        return [l for l in self.gate.log_lines() if wanted.items() <= l.items()]

    def live(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
        connection.close()
        return status

    def test_the_monitor_goes_on(self):
        asked, _ = self.deaf.accept()  # a list of revoked certificates is being fetched
        self.addCleanup(asked.close)
        self.gate.process.send_signal(1)
        w.wait_for("the next monitor is there", 60, lambda: len(self.events(event="ready", role="monitor")) > 1)
        self.assertEqual(self.live(), 200)  # at the same address, though that source has not answered yet
        (self.partner / "root.pem").write_text("no certificate")
        w.wait_for("that one cannot be looked at is said", 120, lambda: self.events(event="alert", alert="certificate all"))
        self.assertEqual(self.live(), 200)
        self.assertEqual({l["how"] for l in self.events(event="ended", child="monitor")}, {"exit 0"})


if __name__ == "__main__":
    unittest.main(verbosity=1)
