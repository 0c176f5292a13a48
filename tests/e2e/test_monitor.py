#!/usr/bin/env python3
"""What the operator's machines see while the gateway works: metrics that Prometheus's own checker takes, health, and an
alert that is said once when it starts and once when it clears."""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import world as w
from test_gateway import CANARIES, report


class Monitor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-monitor-"))
        cls.world = w.World(cls.folder)
        cls.world.make_pki()
        cls.world.gateways["staffordshire"] = cls.gate = w.Gateway(cls.world, "staffordshire", w.free_port())
        cls.gate.beside = '<monitor socket="monitor.sock" oldest="1"/>'
        cls.gate.mail = ' engine="libesmtp"'  # the other engine, in the whole gateway and under its confinement
        cls.gate.roles_wanted = cls.gate.roles_wanted | {"monitor"}
        cls.gate.write(cls.world.gateways, cls.world.start_mail())
        cls.gate.start()
        cls.socket = cls.gate.folder / "monitor.sock"

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.folder)

    def ask(self, path, method="GET", body=None):
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        connection.sock.connect(str(self.socket))
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def metrics(self):
        status, text = self.ask("/metrics")
        self.assertEqual(status, 200)
        return text

    def alerts(self, event, key):
        return [l for l in self.gate.log_lines() if l.get("event") == event and l.get("alert") == key]

    def test_1_metrics(self):
        self.world.submit(self.gate, self.path(report("SP-71-000001")), "staffordshire-police")
        w.wait_for("the copies are handed over", 60, lambda: not self.gate.rows())
        text = w.wait_for("metrics say so", 60, lambda: (t := self.metrics()) if 'wardgate_deliveries{state="handed-over"}' in self.metrics() else None)
        done = subprocess.run([ROOT / "tests/peers/promtool.sh", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertIn("wardgate_accepting 1\n", text)
        self.assertIn("wardgate_clock_ok 1\n", text)
        self.assertRegex(text, r'wardgate_deliveries_total\{channel="mail",outcome="handed-over"\} [1-9]')
        for canary in CANARIES:
            self.assertNotIn(canary.decode(), text)
        self.assertEqual([l for l in self.gate.log_lines() if l.get("event") == "alert"], [])  # nothing is wrong yet

    def test_2_health_and_nothing_else(self):
        self.assertEqual(self.ask("/health/live"), (200, '{"status":"ok"}\n'))
        self.assertEqual(self.ask("/health/ready")[0], 200)
        self.assertEqual(self.ask("/")[0], 404)
        self.assertEqual(self.ask("/metrics/../health/live")[0], 404)
        self.assertNotEqual(self.ask("/metrics", "DELETE")[0], 200)
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)

    def test_3_an_alert_starts_once_and_clears_once(self):
        key = "undelivered staffordshire/front-door"
        port = self.world.mail.port
        self.world.mail.stop()
        self.world.submit(self.gate, self.path(report("SP-71-000002")), "staffordshire-police")
        w.wait_for("the alert is said", 120, lambda: self.alerts("alert", key))
        w.wait_for("the metrics count it", 60, lambda: "\nwardgate_alerts 0\n" not in self.metrics())
        self.assertRegex(self.metrics(), r'wardgate_recipient_oldest_seconds\{recipient="staffordshire/front-door"\} [1-9]')
        self.gate.stop()
        self.gate.start()  # what was said before a restart is not said again
        config = self.gate.config.read_text()
        self.gate.config.write_text(config.replace(f'port="{port}"', f'port="{self.world.start_mail()}"'))
        self.gate.process.send_signal(1)
        w.wait_for("the copies are handed over", 60, lambda: not self.gate.rows())
        w.wait_for("the alert has cleared", 120, lambda: self.alerts("alert-cleared", key))
        self.assertEqual(len(self.alerts("alert", key)), 1)
        self.assertEqual(len(self.alerts("alert-cleared", key)), 1)

    def shown(self):
        """The certificate that the gateway shows at its HTTPS door."""
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        mine = self.world.pki / "staffordshire-police"
        context.load_cert_chain(mine / "client.pem", mine / "client.key")
        try:
            with socket.create_connection(("127.0.0.1", self.gate.port), timeout=10) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as tls:
                return tls.getpeercert(True)
        except OSError:
            return None

    def test_4_a_renewed_certificate_is_taken_up_by_itself(self):
        text = self.metrics()
        self.assertRegex(text, r'wardgate_certificate_left_seconds\{name="intake https [0-9a-f]{8}",use="intake https"\} [1-9]')
        before = self.shown()
        new, mine = self.world.pki / "derbyshire", self.world.pki / "staffordshire"
        for ending in ("pem", "key"):  # written beside it and renamed, as certbot does
            part = mine / f"new.{ending}"
            shutil.copy2(new / f"server.{ending}", part)
            part.rename(mine / f"server.{ending}")
        w.wait_for("the other certificate is shown", 60, lambda: self.shown() not in (None, before))
        self.assertEqual(len([l for l in self.gate.log_lines() if l.get("event") == "certificates-changed"]), 1)
        (mine / "server.key").write_text("half written")
        w.wait_for("what does not fit is refused, in words", 60, lambda: [l for l in self.gate.log_lines() if l.get("event") == "reload-refused"])
        self.assertIsNotNone(self.shown())  # and the old one goes on

    def path(self, data):
        path = self.folder / "report.eml"
        path.write_bytes(data)
        return path


class InTrouble(unittest.TestCase):
    """Whoever watches goes on, whatever it meets."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-monitor-"))
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
        children = pathlib.Path(f"/proc/{self.gate.process.pid}/task/{self.gate.process.pid}/children")
        before = set(children.read_text().split())
        self.gate.process.send_signal(signal.SIGHUP)
        checks = w.wait_for("it is checked", 20, lambda: set(children.read_text().split()) - before)
        for pid in checks:
            os.kill(int(pid), signal.SIGSTOP)
        w.wait_for("that is given up", 90, lambda: self.events(event="reload-refused"))
        self.assertIn("took longer", self.events(event="reload-refused")[0]["error"])
        os.kill(self.gate.roles()["deliver"], signal.SIGKILL)
        w.wait_for("who dies is started again", 20, lambda: len(self.events(event="ready", role="deliver")) > 1)

    def events(self, **wanted):
        return [l for l in self.gate.log_lines() if wanted.items() <= l.items()]

    def live(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
        connection.close()
        return status

    def test_it_does_not_end_for_what_it_meets(self):
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
