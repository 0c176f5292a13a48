#!/usr/bin/env python3
"""The other sides of TLS connections: a certificate that is revoked while nginx, Postfix, Dovecot and a partner's machine use it, an
authority that falls silent, and what the gateway makes of it, by lists and answers that it fetches beside the connections."""
import functools
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import test_gateway as g
import world as w

SERVERS = ("https server", "mail server", "imap server")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Case(g.Case):
    """One gateway; the placing authority's server is an nginx, the smarthost a Postfix, the mailbox in a Dovecot: all three show the same
    certificate, of an authority with a list and a responder of its own."""
    revocation = "offered"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wg-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.folder.chmod(0o711)
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(cls.world.close)
        cls.world.make_pki()
        cls.make_authority()
        cls.start_servers()
        pki = cls.world.pki
        cls.both = cls.folder / "both.pem"
        cls.both.write_text((pki / "ca.pem").read_text() + (cls.partner / "root.pem").read_text())
        (cls.folder / "imap.secret").write_text("letmein-2026\n")
        (cls.folder / "imap.secret").chmod(0o600)
        cls.host = cls.world.gateways["staffordshire"] = w.Gateway(cls.world, "staffordshire", w.free_port())
        cls.host.roles_wanted = cls.host.roles_wanted | {"monitor"}
        cls.host.beside = '<monitor socket="monitor.sock" revocation="2" private-addresses="true"/>'
        cls.host.mail = f' revocation="{cls.revocation}"'
        cls.host.intake = (f'<imap host="localhost" port="{cls.dovecot.port}" tls="starttls" ca="{cls.partner}/root.pem" user="in@gateway.example"'
                           f' secret="{cls.folder}/imap.secret" poll="2" revocation="{cls.revocation}"/>')
        cls.host.write(cls.world.gateways, cls.world.mail.port)
        cls.adapt()
        cls.host.start()

    @classmethod
    def tearDownClass(cls):
        """All is cleaned up by addClassCleanup: also after a start that failed."""

    @classmethod
    def make_authority(cls):
        cls.partner = cls.folder / "partner"
        cls.responder = None
        (cls.partner / "www").mkdir(parents=True)
        cls.lists = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(cls.partner / "www")))
        threading.Thread(target=cls.lists.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.lists.server_close)
        cls.addClassCleanup(cls.lists.shutdown)
        cls.addClassCleanup(cls.stop_responder)
        cls.ocsp_port = w.free_port()
        subprocess.run([ROOT / "tests/crypto/partner-pki", cls.partner, str(cls.lists.server_port), str(cls.ocsp_port)], check=True,
                       stdout=subprocess.DEVNULL)

    @classmethod
    def start_servers(cls):
        cls.shown = cls.folder / "shown"
        (cls.shown / "mail").mkdir(parents=True)
        shutil.copy(cls.partner / "root.pem", cls.shown / "ca.pem")
        cls.show("server", reload=False)
        cls.start_nginx()
        cls.world.mail = w.Peer([ROOT / "tests/peers/postfix.sh", cls.folder / "postfix", str(w.free_port()), cls.shown], cls.folder / "postfix.log")
        if cls.world.mail.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"Postfix did not get ready; see {cls.folder}/postfix.log")
        cls.dovecot = w.Peer([ROOT / "tests/peers/dovecot.sh", cls.folder / "dv", cls.shown, *(str(w.free_port()) for _ in range(2))], cls.folder / "dovecot.log")
        cls.addClassCleanup(cls.dovecot.stop)

    @classmethod
    def start_nginx(cls):
        cls.nginx_port, at = w.free_port(), cls.folder / "nginx"
        at.mkdir()
        (at / "nginx.conf").write_text(f"""daemon off; worker_processes 1; pid {at}/pid; error_log {at}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format seen '$ssl_client_verify $request_method $uri $status'; access_log {at}/log seen;
  client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi;
  scgi_temp_path {at}/scgi;
  server {{
    listen 127.0.0.1:{cls.nginx_port} ssl; ssl_certificate {cls.shown}/mail/server.pem; ssl_certificate_key {cls.shown}/mail/server.key;
    ssl_client_certificate {cls.world.pki}/ca.pem; ssl_verify_client on; ssl_verify_depth 3;
    default_type application/json; client_max_body_size 20m;
    location = /v1/notices {{ return 202 '{{"id":"nginx-1"}}'; }}
  }}
}}
""")
        cls.nginx_log = at / "log"
        cls.nginx = subprocess.Popen(["nginx", "-p", at, "-c", at / "nginx.conf"], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.nginx.wait)
        cls.addClassCleanup(cls.nginx.terminate)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", cls.nginx_port)) == 0
        w.wait_for("nginx listens", 30, listens)

    @classmethod
    def show(cls, name, reload=True):
        """The servers show that certificate from now on; of those that run, nginx."""
        for ending in ("pem", "key"):
            part = cls.shown / "mail/part"
            shutil.copy(cls.partner / f"{name}.{ending}", part)
            part.rename(cls.shown / f"mail/server.{ending}")
        if reload:
            cls.nginx.send_signal(signal.SIGHUP)

    @classmethod
    def adapt(cls):
        """Whom the gateway deals with, and whom it believes."""
        partner = f"""<organisation id="derbyshire" kind="council" code="830">
    <name>Derbyshire County Council (example)</name>
    <domain>partner.example</domain>
    <client dns="partner.example"/>
    <signer certificate="{cls.partner}/sign.pem"/>
    <trust ca="{cls.both}" revocation="{cls.revocation}"/>
    <desk name="front-door" roles="front-door" channel="https" url="https://localhost:{cls.nginx_port}/v1/notices"
          certificate="{cls.partner}/next.pem" telephone="01632 960777"/>
  </organisation>"""
        path = cls.host.folder / "directory.xml"
        text = re.sub(r'<organisation id="derbyshire".*?</organisation>', partner, path.read_text(), flags=re.S)
        path.write_text(text)
        text = cls.host.config.read_text().replace(f'client-ca="{cls.world.pki}/ca.pem"', f'client-ca="{cls.both}"')
        text = re.sub(r'(<mail [^>]*ca=)"[^"]*"', rf'\1"{cls.partner}/root.pem"', text)
        cls.host.config.write_text(text)

    # ---- the authority

    @classmethod
    def start_responder(cls):
        cls.stop_responder()
        p = cls.partner
        cls.responder = subprocess.Popen(
            ["openssl", "ocsp", "-port", f"{cls.ocsp_port}", "-index", p / "hosts.index", "-CA", p / "hosts.pem", "-rsigner", p / "hosts-ocsp.pem",
             "-rkey", p / "hosts-ocsp.key", "-nmin", "180"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in cls.responder.stdout:
            if "waiting for OCSP client" in line:
                return
        raise RuntimeError("openssl ocsp does not listen")

    @classmethod
    def stop_responder(cls):
        if cls.responder:
            cls.responder.kill()
            cls.responder.wait()
            cls.responder.stdout.close()
            cls.responder = None

    def make_list(self, *options):
        with open(self.partner / "log", "ab") as log:
            subprocess.run(["openssl", "ca", "-config", "hosts.conf", "-gencrl", "-out", "list.pem", *options], cwd=self.partner, check=True, stderr=log)
            subprocess.run(["openssl", "crl", "-in", "list.pem", "-outform", "DER", "-out", "part.crl"], cwd=self.partner, check=True, stderr=log)
        (self.partner / "part.crl").rename(self.partner / "www/hosts.crl")

    def revoke(self, *names):
        with open(self.partner / "log", "ab") as log:
            for name in names:
                subprocess.run(["openssl", "ca", "-config", "hosts.conf", "-revoke", f"{name}.pem"], cwd=self.partner, check=True, stderr=log)
        self.make_list()

    # ---- what there is to see

    def items(self, *what):
        rows = [json.loads(line) for line in self.host.cli("cert", "status", "--json", check=False).stdout.splitlines()]
        return [r for r in rows if r["what"] in what and r["whose"] != "staffordshire-police"]

    def are(self, revocation, *what):
        def look():
            rows = self.items(*what)
            return rows if {r["what"] for r in rows} == set(what) and all(r["revocation"] == revocation for r in rows) else None
        return w.wait_for(f"{what} are {revocation}", 90, look)

    def alerts(self, event, start):
        return [l for l in self.host.log_lines() if l.get("event") == event and l.get("alert", "").startswith(start)]

    def copy(self, message, organisation, *states):
        def look():
            rows = [r for r in self.host.deliveries(message) if r["organisation"] == organisation]
            return rows[0] if rows and rows[0]["state"] in states else None
        return w.wait_for(f"the copy of {message} for {organisation} is {' or '.join(states)}", 90, look)

    def events(self, **wanted):
        return [l for l in self.host.log_lines() if all(l.get(k) == v for k, v in wanted.items())]

    def posts(self):
        return self.nginx_log.read_text().count("POST") if self.nginx_log.exists() else 0

    def hand_in(self, name):
        """As the partner's own machine; the status of the answer, or why there is none."""
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(self.partner / "machine.pem", self.partner / "machine.key")
        connection = http.client.HTTPSConnection("localhost", self.host.port, timeout=30, context=context)
        try:
            connection.request("POST", "/v1/notices", g.report(name), {"Content-Type": "message/rfc822"})
            return connection.getresponse().status
        except OSError as e:
            return str(e)
        finally:
            connection.close()


class Offered(Case):
    """One story, in order."""

    def test_1_good(self):
        self.start_responder()
        message = self.submit(g.report("PEERS-1"))
        self.copy(message, "derbyshire", "received")
        self.copy(message, "staffordshire", "handed-over")
        self.assertEqual(self.hand_in("PEERS-1-PARTNER"), 202)
        rows = self.are("good", *SERVERS, "client")
        self.assertEqual({(r["what"], r["whose"], r["level"]) for r in rows},
                         {("https server", "derbyshire", "ok"), ("mail server", "", "ok"), ("imap server", "", "ok"), ("client", "derbyshire", "ok")})
        police = [json.loads(l) for l in self.host.cli("cert", "status", "--json", check=False).stdout.splitlines() if '"staffordshire-police"' in l]
        # its machine names nobody whom one could ask: shown, and no alarm
        self.assertEqual([(r["revocation"], r["level"]) for r in police if r["what"] == "client"], [("nowhere", "ok")])
        self.assertEqual([l for l in self.alerts("alert", "") if "Partner machines" in l["why"]], [])
        w.wait_for("lists and answers", 60, lambda: {p.name.split("-")[0] for p in (self.host.state / "trust").iterdir()} == {"crl", "ocsp"})

    def test_2_revoked_everywhere(self):
        self.revoke("server", "machine")
        self.start_responder()
        for row in self.are("revoked", *SERVERS, "client"):
            self.assertEqual(row["level"], "broken")
            self.assertRegex(row["words"], r'CN=Partner (server|machine).* was revoked by ".*CN=Partner machines.*", since 20')
        for start in ("certificate https server derbyshire ", "certificate mail server ", "certificate imap server ", "certificate client derbyshire "):
            alert = w.wait_for(f"the alert {start}", 60, lambda: self.alerts("alert", start))
            self.assertEqual(len(alert), 1)
            self.assertIn("was revoked", alert[0]["why"])
        before, mails = self.posts(), len(self.world.mails())
        message = self.submit(g.report("PEERS-2"))
        row = self.copy(message, "derbyshire", "deferred")
        self.assertRegex(row["reason"], r"the server has to replace its certificate: .*CN=Partner server.* was revoked by .*, since 20")
        self.assertRegex(self.copy(message, "staffordshire", "deferred")["reason"], "CN=Partner server.* was revoked by ")
        self.assertTrue([l for l in self.events(event="deferred", organisation="derbyshire", alarm="tls") if "was revoked" in l["why"]])
        self.assertEqual((self.posts(), len(self.world.mails())), (before, mails))
        w.wait_for("the mailbox is not polled", 60, lambda: [l for l in self.events(event="mailbox-failing") if "was revoked" in l["error"]])
        self.assertIsInstance(self.hand_in("PEERS-2-PARTNER"), str)  # an alert, or the end of the connection that it came with
        refused = self.events(event="client-refused", organisation="derbyshire")
        self.assertRegex(refused[0]["why"], r"the client has to replace its certificate: .*CN=Partner machine.* was revoked")
        self.submit(g.report("PEERS-2-POLICE"))  # everybody else comes in as before
        type(self).waiting = message

    def test_3_replaced(self):
        self.show("spare")
        self.host.cli("queue", "retry", next(r["id"] for r in self.host.deliveries(self.waiting) if r["organisation"] == "derbyshire"), check=False)
        self.copy(self.waiting, "derbyshire", "received")
        w.wait_for("the alert is over", 90, lambda: self.alerts("alert-cleared", "certificate https server derbyshire "))
        self.assertEqual(len([r for r in self.items("https server") if r["level"] != "ok"]), 0)

    def test_4_silent(self):
        """The last answer runs out: an alarm, and the work goes on; then the authority is back."""
        self.are("good", "https server")
        self.stop_responder()
        for path in (self.host.state / "trust").glob("ocsp-*"):
            path.unlink()
        self.make_list("-crlsec", "8")
        self.host.cli("cert", "fetch", "--all", check=False)
        (self.partner / "www/hosts.crl").rename(self.partner / "www/away")
        self.are("stale", "https server")
        w.wait_for("the alert", 90, lambda: self.alerts("alert", "revocation https server derbyshire "))
        message = self.submit(g.report("PEERS-4"))
        self.copy(message, "derbyshire", "received")
        self.make_list()
        self.start_responder()
        w.wait_for("the alert is over", 120, lambda: self.alerts("alert-cleared", "revocation https server derbyshire "))


class Required(Case):
    """Nobody answers at first: nothing goes anywhere, and nothing is lost; then somebody does."""
    revocation = "required"

    @classmethod
    def start_servers(cls):
        (cls.partner / "www/hosts.crl").rename(cls.partner / "www/away")
        super().start_servers()

    def test_held_until_somebody_answers(self):
        w.wait_for("the desk's certificate is known to be good", 60,
                   lambda: [r for r in self.items("desk") if r["whose"] == "derbyshire/front-door" and r["revocation"] == "good"])
        time.sleep(11)  # until the process role has heard of it
        message = self.submit(g.report("PEERS-5"))
        row = self.copy(message, "derbyshire", "deferred")
        self.assertRegex(row["reason"], r'nobody knows whether ".*CN=Partner server.*" was revoked: .* has not answered yet')
        self.assertIn("wardgate cert fetch", row["reason"])
        self.assertIn("nobody knows whether", self.copy(message, "staffordshire", "deferred")["reason"])
        self.assertEqual(self.posts(), 0)
        self.assertNotEqual(self.hand_in("PEERS-5-PARTNER"), 202)
        w.wait_for("the alert", 60, lambda: self.alerts("alert", "revocation https server derbyshire "))
        w.wait_for("the mailbox", 60, lambda: [l for l in self.events(event="mailbox-failing") if "nobody knows whether" in l["error"]])
        (self.partner / "www/away").rename(self.partner / "www/hosts.crl")
        self.copy(message, "derbyshire", "received")
        self.copy(message, "staffordshire", "handed-over")
        w.wait_for("the partner gets in", 60, lambda: self.hand_in("PEERS-5-PARTNER") == 202)
        w.wait_for("the mailbox is polled", 60, lambda: self.events(event="mailbox-cleared"))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
