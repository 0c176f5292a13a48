#!/usr/bin/env python3
"""Ways between gateways and desks beside mail and push: MESH there and back, and a desk that is told by a webhook and fetches."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import random
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
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import test_gateway as g
import world as w

BOXES = {"staffordshire": "WGOT001", "derbyshire": "WGOT002"}
POLICE = "derbyshire-police"
LIMIT = 16 * 1024 * 1024


class Hooks(http.server.BaseHTTPRequestHandler):
    """A desk's receiver of webhooks: keeps what comes, and has no time for each the first time. Whatever is sent to /page
    is answered with a page, as by a proxy before a desk that is away."""
    got, lock = {}, threading.Lock()  # webhook-id -> what came

    def log_message(self, *_):
        pass

    def do_POST(self):
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/page":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>Back soon</html>")
            return
        with self.lock:
            seen = self.got.setdefault(self.headers["webhook-id"], [])
            seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(503 if len(seen) == 1 else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Case(g.Case):
    """The host's gateway and the placing authority's, with a MESH mailbox each; the placing authority's police fetch."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(cls.world.close)
        cls.world.make_pki()
        port = cls.world.start_mail()
        pki = cls.world.pki
        (cls.folder / "at-mesh").mkdir()
        cls.service = w.Peer(["/usr/bin/python3", "-Wignore", ROOT / "tests/peers/mesh_server.py", pki, cls.folder / "at-mesh", cls.mesh_fault],
                             cls.folder / "mesh.log")
        cls.addClassCleanup(cls.service.stop)
        cls.hooks = cls.serve_hooks()
        cls.secret = cls.private("webhook.secret", "whsec_" + base64.b64encode(os.urandom(32)).decode())
        password, key = cls.private("mesh.password", "mesh-password"), cls.private("mesh.key", "mesh-shared-key")
        cls.world.how = {
            ("derbyshire", "front-door"): cls.front_door(),
            (POLICE, "missing"): f'channel="pull" webhook="https://localhost:{cls.hooks.server_address[1]}/hooks/missing"'
                                 f' webhook-secret="{cls.secret}"',
        }
        for org, box in BOXES.items():
            gateway = cls.world.gateways[org] = w.Gateway(cls.world, org, w.free_port())
            gateway.beside = (f'<mesh url="https://localhost:{cls.service.port}" mailbox="{box}" ca="{pki}/ca.pem" certificate="{pki}/{org}/client.pem"'
                              f' key="{pki}/{org}/client.key" password="{password}" shared-key="{key}" poll="1" chunk="2048"/>')
        cls.host, cls.placing = cls.gateways = list(cls.world.gateways.values())
        cls.host.own["front-door"] = 'channel="pull"'  # a desk that never fetches
        for gateway in cls.gateways:
            gateway.write(cls.world.gateways, port)
        cls.before()
        for gateway in cls.gateways:
            gateway.start()

    mesh_fault = ""

    @classmethod
    def front_door(cls):
        return 'channel="mesh" mailbox="WGOT002" workflow="WG_NOTICE"'

    @classmethod
    def before(cls):
        """What is to be there before the gateways are."""

    @classmethod
    def private(cls, name, text):
        path = cls.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    @classmethod
    def serve_hooks(cls):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.world.pki / POLICE / "server.pem", cls.world.pki / POLICE / "server.key")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks)
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return server

    @classmethod
    def tearDownClass(cls):
        """All is cleaned up by addClassCleanup: also after a start that failed."""

    def delivery(self, message, desk, *states):
        """The delivery of a message to that desk, once it is in one of the states."""
        def look():
            rows = [r for r in self.host.deliveries(message) if f"{r['organisation']}/{r['desk']}" == desk]
            return rows[0] if rows and rows[0]["state"] in states else None
        return w.wait_for(f"{message} to {desk} is {' or '.join(states)}", 60, look)

    def events(self, gateway, **wanted):
        return [l for l in gateway.log_lines() if all(l.get(k) == v for k, v in wanted.items())]


class Mesh(Case):
    def test_there_received_and_routed(self):
        message = self.submit(g.report("MESH-1"))
        self.delivery(message, "derbyshire/front-door", "handed-over", "received")
        there = w.wait_for("the placing authority has taken it", 60, lambda: self.events(self.placing, event="accepted", way="mesh"))
        self.assertEqual(len(there), 1)
        row = self.becomes_at(self.placing, there[0]["message"], "routed")
        self.assertEqual(row["organisation"], "staffordshire")
        own = self.settle(there[0]["message"], gateway=self.placing)
        self.assertIn(("derbyshire", "front-door", "mail"), {(r["organisation"], r["desk"], r["channel"]) for r in own})
        self.delivery(message, "derbyshire/front-door", "received")  # tracking says so: it was acknowledged to MESH
        self.assertEqual(self.events(self.placing, event="mailbox-failing"), [])
        time.sleep(2.5)  # two more polls: it is not fetched again
        self.assertEqual(self.events(self.placing, event="accepted-again"), [])
        self.assertFalse([l for l in self.placing.log_lines() for c in g.CANARIES if c.decode() in json.dumps(l)])

    def becomes_at(self, gateway, message, state):
        return w.wait_for(f"{message} is {state}", 60, lambda: (lambda r: r if r["state"] == state else None)(self.state(message, gateway)))


class Sender(Case):
    """Something else than a gateway writes to the placing authority's mailbox."""

    @classmethod
    def call(cls, org, method, path, data=None, headers=()):
        """As any client of MESH: status and body."""
        box, stamp, nonce = BOXES[org], time.strftime("%Y%m%d%H%M", time.gmtime()), os.urandom(8).hex()
        digest = hmac.new(b"mesh-shared-key", f"{box}:{nonce}:1:mesh-password:{stamp}".encode(), hashlib.sha256).hexdigest()
        context = ssl.create_default_context(cafile=cls.world.pki / "ca.pem")
        context.load_cert_chain(cls.world.pki / org / "client.pem", cls.world.pki / org / "client.key")
        connection = http.client.HTTPSConnection("localhost", cls.service.port, timeout=w.PATIENCE_S, context=context)
        try:
            connection.request(method, f"/messageexchange/{box}/{path}", data,
                               {"Authorization": f"NHSMESH {box}:{nonce}:1:{stamp}:{digest}"} | dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @classmethod
    def send(cls, name, data):
        status, _ = cls.call("staffordshire", "POST", "outbox", data, {"Mex-To": "WGOT002", "Mex-From": "WGOT001", "Mex-WorkflowID": "OTHER",
                                                                       "Mex-LocalID": name, "Content-Type": "application/octet-stream"})
        assert status == 202, name

    def left(self):
        """How many messages wait for the placing authority at MESH."""
        return len(json.loads(self.call("derbyshire", "GET", "inbox")[1])["messages"])

    def at_mesh(self):
        """Local id -> what MESH has of it in the end; the service is over then."""
        self.service.process.stdin.close()
        facts = [l.split() for l in self.service.process.stdout.read().splitlines() if l.startswith("sent ")]
        return {f[5]: f[7] for f in facts}


class Trouble(Sender):
    def test_killed_while_it_polls(self):
        """Pollers, keeper and intake killed at random moments: none lost, none twice, and nothing left at MESH."""
        names = [f"many-{i}" for i in range(200)]
        dice, kills = random.Random(20261122), 0

        def children(pid):
            try:
                return [int(x) for x in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                return []

        def told():
            return {l["message"] for l in self.placing.log_lines() if l.get("event") in ("accepted", "accepted-again") and l.get("way") == "mesh"}
        sender = threading.Thread(target=lambda: [self.send(n, f"The words of {n}.".encode()) for n in names])
        sender.start()
        end = time.monotonic() + 400
        while sender.is_alive() or len(told()) < len(names):
            self.assertLess(time.monotonic(), end, f"{len(told())} taken, {kills} kills")
            time.sleep(0.005)
            intake = self.placing.roles().get("intake")
            keepers = children(intake) if intake else []
            pollers = [p for k in keepers for p in children(k)]
            if not pollers or kills >= 12:
                continue
            time.sleep(dice.uniform(0, 0.15))
            try:
                os.kill(dice.choice(pollers * 8 + keepers + [intake]), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        sender.join()
        self.assertGreaterEqual(kills, 5)
        w.wait_for("nothing is left at MESH", 60, lambda: self.left() == 0)
        self.assertEqual(len(told()), len(names))
        self.assertEqual(set(self.at_mesh().values()), {"acknowledged"})
        print(f"MESH in: {len(names)} messages, {kills} kills, {len(self.events(self.placing, event='accepted-again'))} met again and folded",
              file=sys.stderr)
        # and now the service is gone: said once
        w.wait_for("an alarm", 60, lambda: self.events(self.placing, event="mailbox-failing", user="WGOT002", code="again"))


class Strangers(Sender):
    """What lies in the mailbox is no notice of a gateway's."""

    @classmethod
    def before(cls):
        pki, cls.sent = cls.world.pki, {}
        me = pki / "staffordshire-police"
        entity = cls.folder / "entity"
        entity.write_bytes(b"Content-Type: text/plain\r\n\r\nPolice incident number: STRANGE-1\r\n")
        for name, signer in (("unsigned", None), ("client", "client"), ("not-for-us", "smime")):
            data = entity.read_bytes()
            if signer is not None:
                der = subprocess.run(["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", entity, "-signer",
                                      me / f"{signer}.pem", "-inkey", me / f"{signer}.key"], capture_output=True, check=True).stdout
                data = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n" + \
                    base64.encodebytes(der)
            to = "staffordshire-police" if name == "not-for-us" else "derbyshire"
            sealed = subprocess.run(["openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc", pki / to / "smime.pem"],
                                    input=data, capture_output=True, check=True).stdout
            cls.sent[name] = sealed
        cls.sent |= {"words": b"Please ring me.", "mail": g.report("STRANGE-2"), "large": os.urandom(LIMIT + 1000)}
        for name, data in cls.sent.items():
            cls.send(name, data)

    def test_each_waits_for_a_person(self):
        wanted = len(self.sent)
        there = w.wait_for("all are taken", 90, lambda: (lambda e: e if len(e) >= wanted else None)(self.events(self.placing, event="accepted", way="mesh")))
        rows = [w.wait_for("a person is wanted", 60, lambda m=e["message"]: (lambda r: r if r["state"] == "attention" else None)(
            self.state(m, self.placing))) for e in there]
        self.assertEqual(len({r["id"] for r in rows}), wanted)
        self.assertEqual([r["organisation"] for r in rows if r["organisation"]], [])  # none of them is anybody's
        self.assertEqual(len(self.events(self.placing, event="mail-too-large")), 1)
        w.wait_for("all but the large one are acknowledged", 30, lambda: self.left() == 1)
        time.sleep(2.5)  # two more polls
        self.assertEqual(len(self.events(self.placing, event="mail-too-large")), 1)
        self.assertEqual(self.events(self.placing, event="accepted-again"), [])
        self.assertEqual(self.events(self.placing, event="mailbox-failing"), [])
        self.assertEqual(self.at_mesh(), {n: "accepted" if n == "large" else "acknowledged" for n in self.sent})


class Report(Case):
    mesh_fault = "report"

    def test_is_logged_and_acknowledged_once(self):
        said = w.wait_for("the report is logged", 30, lambda: self.events(self.host, event="mesh-report"))
        self.assertIn("SENT0", said[0]["why"])
        self.assertIn("not collected", said[0]["why"])
        time.sleep(2.5)
        self.assertEqual(len(self.events(self.host, event="mesh-report")), 1)
        self.assertEqual(self.events(self.host, event="accepted"), [])


class Page(Case):
    @classmethod
    def front_door(cls):
        return f'channel="https" url="https://localhost:{cls.hooks.server_address[1]}/page"'

    def test_no_receipt(self):
        """Somebody took it; whether that is the desk's machine only a receipt would say, and its deadline runs."""
        message = self.submit(g.report("PAGE-1"))
        self.assertEqual(self.delivery(message, "derbyshire/front-door", "handed-over", "received")["state"], "handed-over")


class Lossy(threading.Thread):
    """A port that passes bytes to another one; what comes back after a copy went there is held until it is cut off, when the
    other side has done what it was asked for. While it is shut nobody gets through; afterwards nothing is held any more."""
    COPY = 8192  # bytes: more than a handshake with a client's certificate, less than a copy

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target, self.shut, self.pairs, self.was_cut = target, False, [], threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]

    def run(self):
        while True:
            try:
                near = self.server.accept()[0]
                if self.shut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.pairs.append((near, far))
            gone = [0]  # bytes that went there on this connection
            for a, b, back in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.pump, args=(a, b, gone, back), daemon=True).start()

    def pump(self, source, sink, gone, back):
        try:
            while data := source.recv(65536):
                if not back:
                    gone[0] += len(data)
                elif gone[0] > self.COPY:
                    self.was_cut.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """What is held meets connections that are no more."""
        self.shut = True
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.was_cut.set()


class LaterForm(Case):
    """The answer to a push is lost, and the policy changes before it is tried again."""

    @classmethod
    def front_door(cls):
        cls.way = Lossy(w.free_port())
        cls.way.start()
        return f'channel="https" url="https://localhost:{cls.way.port}/v1/notices"'

    @classmethod
    def before(cls):
        cls.way.target = cls.placing.port
        for name in ("england", "staffordshire-stoke"):
            shutil.copy(ROOT / f"policy/{name}.xml", cls.host.folder)
        cls.rules()
        directory = cls.placing.folder / "directory.xml"
        directory.write_text(re.sub(r'(<desk name="front-door" roles="front-door") channel="[^"]*" (?:address|url)="[^"]*(?:derbyshire|localhost)[^"]*"',
                                    r'\1 channel="pull"', directory.read_text(), count=1))
        cls.host.config.write_text(cls.host.config.read_text().replace(f"{ROOT}/policy/staffordshire-stoke.xml", "local.xml"))

    @classmethod
    def rules(cls, more="", version=1):
        (cls.host.folder / "local.xml").write_text(
            f'<policy xmlns="urn:wardgate:policy:1" id="local" extends="staffordshire-stoke" version="{version}">{more}</policy>')

    def copies(self):
        return [r for r in self.placing.rows("--all") if not r["desk"] and r["organisation"] == "staffordshire" and r["way"] == "https"]

    def loses_the_answer(self, reference):
        """The message, and the two forms that the other gateway has of it: it took the first, and nobody heard."""
        before = {r["id"] for r in self.copies()}
        message = self.submit(g.report(reference))

        def new():
            return sorted(r["id"] for r in self.copies() if r["id"] not in before)
        first = w.wait_for("the copy is at the other gateway", 60, new)
        self.way.cut()
        self.assertEqual(len(first), 1)
        self.becomes_at(first[0])
        self.assertTrue(self.delivery(message, "derbyshire/front-door", "deferred")["may-have-arrived"])
        self.rules('<rule id="later" effect="withhold" kind="*" categories="description circumstances" to="front-door">'
                   '<source>S-30</source></rule>', 2)
        os.kill(self.host.process.pid, signal.SIGHUP)
        w.wait_for("it was decided again", 60, lambda: [r for r in self.host.deliveries(message)
                   if (r["organisation"], r["state"]) == ("derbyshire", "superseded")])
        self.way.shut = False
        row = w.wait_for("its later form was taken", 60, lambda: [r for r in self.host.deliveries(message)
                         if (r["organisation"], r["state"]) == ("derbyshire", "received")])[0]
        self.assertIn(f"an earlier form was taken before as {first[0]}", row["reason"])
        both = w.wait_for("both are there", 60, lambda: len(new()) == 2 and new())
        self.becomes_at(both[1])
        return message, both

    def becomes_at(self, message):
        w.wait_for(f"{message} is routed", 60, lambda: any(r["id"] == message and r["state"] == "routed" for r in self.copies()))

    def test_one_of_two_forms_is_shown(self):
        message, (first, later) = self.loses_the_answer("LATER-1")
        items = json.loads(self.ask_placing("/v1/inbox?limit=500"))["items"]
        self.assertEqual([i["reference"][:26] for i in items if i["reference"][:26] in (first, later)], [later])
        old, new = (self.placing.deliveries(m)[0] for m in (first, later))
        self.assertEqual((old["state"], new["state"]), ("recalled", "sealed"))
        self.assertEqual(old["reason"], f"a later form of the same copy came as message {later}")
        self.assertIn(f"another form of the same copy as message {first}\n", self.placing.cli("queue", "show", later).stdout)
        self.assertIn(f"another form of the same copy as message {later}\n", self.placing.cli("queue", "show", first).stdout)
        self.assertEqual(self.request_placing("GET", f"/v1/inbox/{new['id']}")[0], 200)
        status, _, said = self.request_placing("POST", f"/v1/inbox/{new['id']}/ack", {"person": "Sam Example"})
        self.assertEqual(status, 200, said)
        w.wait_for("the sender hears who has it", 90, lambda: [r for r in self.host.deliveries(message)
                   if (r["organisation"], r["state"]) == ("derbyshire", "acknowledged")])

    def ask_placing(self, path):
        status, _, body = self.request_placing("GET", path)
        self.assertEqual(status, 200)
        return body

    def request_placing(self, method, path, body=None):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(self.world.pki / "derbyshire/client.pem", self.world.pki / "derbyshire/client.key")
        connection = http.client.HTTPSConnection("localhost", self.placing.port, timeout=w.PATIENCE_S, context=context)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


class Pull(Case):
    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        status, headers, body = self.request(method, path, None if body is None else json.dumps(body).encode(), headers, POLICE)
        return status, headers, body

    def test_told_fetched_and_acknowledged(self):
        message = self.submit(g.report("HOOK-1"))
        row = self.delivery(message, f"{POLICE}/missing", "sealed")
        path, headers, body = w.wait_for("a webhook that was taken, under the same id as the one that was refused", 90, lambda: (
            lambda seen: seen[1] if len(seen) > 1 else None)(Hooks.got.get(row["id"], [])))
        self.assertEqual(path, "/hooks/missing")
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        secret = base64.b64decode(self.secret.read_text().strip().removeprefix("whsec_"))
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode())
        self.assertLess(abs(time.time() - int(headers["webhook-timestamp"])), 120)
        told = json.loads(body)
        self.assertEqual((told["type"], set(told["data"])), ("notice.available", {"reference", "delivery", "kind"}))
        for canary in [*g.CANARIES, b"HOOK", b"Tess"]:
            self.assertNotIn(canary, body)

        items = json.loads(self.ask("GET", "/v1/inbox")[2])["items"]
        item = next(i for i in items if i["delivery"] == told["data"]["delivery"])
        self.assertEqual(item["reference"], told["data"]["reference"])
        status, headers, sealed = self.ask("GET", f"/v1/inbox/{item['delivery']}")
        self.assertEqual((status, headers["ETag"].strip('"')), (200, hashlib.sha256(sealed).hexdigest()))
        self.delivery(message, f"{POLICE}/missing", "handed-over")
        status, _, said = self.ask("POST", f"/v1/inbox/{item['delivery']}/ack", {"person": "Sam Example", "id": "hook-1", "sha256": item["sha256"]})
        self.assertEqual((status, json.loads(said)["state"]), (200, "acknowledged"))
        self.delivery(message, f"{POLICE}/missing", "acknowledged")
        self.assertEqual(len(Hooks.got[row["id"]]), 2)

    def test_one_that_never_fetches_is_seen(self):
        message = self.submit(g.report("HOOK-2"))
        self.delivery(message, "staffordshire/front-door", "sealed")
        self.delivery(message, "derbyshire/front-door", "received")
        waiting = [(r["organisation"], r["desk"], r["channel"], r["state"]) for r in self.host.rows() if r.get("message") == message]
        self.assertIn(("staffordshire", "front-door", "pull", "sealed"), waiting)
        row = next(r for r in self.host.deliveries(message) if (r["organisation"], r["desk"]) == ("staffordshire", "front-door"))
        shown = next(l for l in self.host.cli("queue", "list").stdout.splitlines() if l.startswith(row["id"]))
        self.assertRegex(shown, r"sealed .* to staffordshire/front-door by pull, for \d+ \w+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
