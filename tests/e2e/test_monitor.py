#!/usr/bin/env python3
"""What the operator's machines see while the gateway works: metrics that Prometheus's own checker takes, health, and an
alert that is said once when it starts and once when it clears."""
import http.client
import pathlib
import re
import shutil
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
        # nothing is wrong yet; on a machine that is slow a copy may have waited for a second
        self.assertEqual([l for l in self.gate.log_lines() if l.get("event") == "alert" and not l["alert"].startswith("undelivered ")], [])

    def test_2_health_and_nothing_else(self):
        self.assertEqual(self.ask("/health/live"), (200, '{"status":"ok"}\n'))
        self.assertEqual(self.ask("/health/ready")[0], 200)
        self.assertEqual(self.ask("/")[0], 404)
        self.assertEqual(self.ask("/metrics/../health/live")[0], 404)
        self.assertNotEqual(self.ask("/metrics", "DELETE")[0], 200)
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)

    def test_3_an_alert_starts_once_and_clears_once(self):
        key = "undelivered staffordshire/front-door"
        w.wait_for("what was late before is over", 60, lambda: len(self.alerts("alert", key)) == len(self.alerts("alert-cleared", key)))
        before = len(self.alerts("alert", key))
        port = self.world.mail.port
        self.world.mail.stop()
        self.world.submit(self.gate, self.path(report("SP-71-000002")), "staffordshire-police")
        w.wait_for("the alert is said", 120, lambda: len(self.alerts("alert", key)) > before)
        w.wait_for("the metrics count it", 60, lambda: "\nwardgate_alerts 0\n" not in self.metrics())
        self.assertRegex(self.metrics(), r'wardgate_recipient_oldest_seconds\{recipient="staffordshire/front-door"\} [1-9]')
        self.gate.stop()
        self.gate.start()  # what was said before a restart is not said again
        config = self.gate.config.read_text()
        self.gate.config.write_text(config.replace(f'port="{port}"', f'port="{self.world.start_mail()}"'))
        self.gate.process.send_signal(1)
        w.wait_for("the copies are handed over", 60, lambda: not self.gate.rows())
        w.wait_for("the alert has cleared", 120, lambda: len(self.alerts("alert-cleared", key)) > before)
        self.assertEqual(len(self.alerts("alert", key)), before + 1)
        self.assertEqual(len(self.alerts("alert-cleared", key)), before + 1)

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
        series = sorted(set(re.findall(r"^wardgate_[a-z_]+", text, re.M)))
        told = self.gate.cli("metrics").stdout  # the command says what the socket does
        self.assertEqual(sorted(set(re.findall(r"^wardgate_[a-z_]+", told, re.M))), series)
        left = [l for l in text.splitlines() if l.startswith("wardgate_certificate_left_seconds")]
        self.assertEqual([l for l in told.splitlines() if l.startswith("wardgate_certificate_left_seconds")], left)
        self.assertRegex(text, r'wardgate_certificate_left_seconds\{name="intake https [0-9a-f]{8}",use="intake https"\} [1-9]')
        before = self.shown()
        new, mine = self.world.pki / "derbyshire", self.world.pki / "staffordshire"
        for ending in ("pem", "key"):  # written beside it and renamed, as certbot does
            part = mine / f"new.{ending}"
            shutil.copy2(new / f"server.{ending}", part)
            part.rename(mine / f"server.{ending}")
        w.wait_for("the other certificate is shown", 60, lambda: self.shown() not in (None, before))
        seen = len([l for l in self.gate.log_lines() if l.get("event") == "certificates-changed"])
        self.assertIn(seen, (1, 2))  # it may have looked between the two renames
        refused = lambda: [l for l in self.gate.log_lines() if l.get("event") == "reload-refused"]
        before = len(refused())
        (mine / "server.key").write_text("half written")
        w.wait_for("what does not fit is refused, in words", 60, lambda: len(refused()) > before)
        self.assertIsNotNone(self.shown())  # and the old one goes on

    def path(self, data):
        path = self.folder / "report.eml"
        path.write_bytes(data)
        return path


if __name__ == "__main__":
    unittest.main(verbosity=1)
