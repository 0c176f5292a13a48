"""One gateway under load, and what its ways out reach: mail to a real Postfix, HTTPS push to an nginx.

nginx, not a second gateway: that one would decide, seal and deliver on the same processors, and the figure would be of both. nginx takes the
copy, drops it and answers 202, so the figure is the sending side's.
"""
import email
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import setting
import sums
import world as w

SUBMITTERS = 8
# Both servers close a connection that was idle for so long; ours then opens it again, and may resume its TLS session.
SERVER_IDLE_S = 4
LIMIT_S = 300  # for one phase; longer: a fault

NGINX = """daemon off; worker_processes 1; pid @F@/nginx.pid; error_log @F@/error.log;
events { worker_connections 64; }
http {
access_log off; client_body_temp_path @F@/body; proxy_temp_path @F@/proxy; fastcgi_temp_path @F@/fastcgi;
uwsgi_temp_path @F@/uwsgi; scgi_temp_path @F@/scgi; ssl_session_cache shared:all:1m;
keepalive_requests 1000000; keepalive_timeout @IDLE@s;
server { listen 127.0.0.1:@PORT@ ssl; ssl_certificate @PKI@/derbyshire/server.pem; ssl_certificate_key @PKI@/derbyshire/server.key;
ssl_client_certificate @PKI@/ca.pem; ssl_verify_client on; ssl_verify_depth 3; ssl_session_tickets on; client_max_body_size 64m;
default_type application/json; location = /v1/notices { return 202 '{"id":"bench"}'; } } }
"""


def cpu_seconds(pid):
    """Of that process and all its descendants: who lives speaks for itself, who ended is in its parent's."""
    total = 0
    for one in w.family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile: a reader of some milliseconds
        total += sum(int(f) for f in fields[11:15])  # user and system, own and of children that ended
    return total / os.sysconf("SC_CLK_TCK")


class Nginx:
    def __init__(self, folder, pki):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        if program is None:
            raise RuntimeError("nginx is missing: ops/packages test")
        folder.mkdir()
        self.port = w.free_port()
        text = NGINX.replace("@F@", str(folder)).replace("@PKI@", str(pki)).replace("@PORT@", str(self.port)).replace("@IDLE@", str(SERVER_IDLE_S))
        (folder / "nginx.conf").write_text(text)
        self.process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=open(folder / "start.log", "wb"))
        w.wait_for("nginx listens", 30, lambda: (folder / "nginx.pid").exists() and (folder / "nginx.pid").read_text().strip())

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def times(gateway, first, count):
    """(accepted, handed over) of every copy of those notices, in seconds by the store's clock. The store lets nobody else in while it runs."""
    db = sqlite3.connect(f"file:{gateway.state}/store.db?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT s.key, m.accepted_at, d.since FROM submission s JOIN message m ON m.seq = s.message JOIN delivery d"
                          " ON d.message = m.seq WHERE d.state IN ('handed-over','received')").fetchall()
    finally:
        db.close()
    return [(accepted / 1000, since / 1000) for key, accepted, since in rows if first <= int(key.removeprefix("load-")) < first + count]


class Load:
    """One gateway that takes notices over HTTPS, and all that is asked of it in turn; its figures have the way's name before theirs."""

    def __init__(self, way, gateway, binary):
        self.way, self.gateway, self.binary = way, gateway, binary
        self.first = 0   # number of the next notice
        self.copies = 0  # per notice

    def submit(self, count, per_minute=0):
        """Seconds that it took."""
        world, path = self.gateway.world, self.gateway.folder / "template.xml"
        path.write_text(setting.template(one=False))
        client = world.pki / "staffordshire-police"
        out = subprocess.run([self.binary / "load", str(self.gateway.port), client / "client.pem", client / "client.key", world.pki / "ca.pem", path,
                              str(count), str(SUBMITTERS), str(self.first), *([str(per_minute)] if per_minute else [])], capture_output=True, text=True)
        if out.returncode != 0:
            raise RuntimeError(f"load: {out.stderr.strip()}")
        self.first += count
        return float(out.stdout.split()[3])

    def gone(self):
        """Copies that the other side has, by the log."""
        data = self.gateway.log.read_bytes()
        return sum(data.count(b'"event":"%s"' % state) for state in (b"handed-over", b"received"))

    def wait_gone(self, count):
        def there():
            time.sleep(0.1)  # the gateway has better things to do
            return self.gone() >= count
        w.wait_for(f"{self.way}: {count} copies are handed over", LIMIT_S, there)

    def full(self, count):
        """As fast as notices are taken: accepted and delivered per second, copies for each, processor seconds for each."""
        started, cpu = time.monotonic(), cpu_seconds(self.gateway.process.pid)
        accept = count / self.submit(count)
        w.wait_for(f"{self.way}: all copies are handed over", 3 * LIMIT_S, lambda: not self.gateway.rows())
        took = time.monotonic() - started
        gone = self.gone()
        self.copies = gone // count
        if gone == 0 or gone % count != 0:
            raise RuntimeError(f"{self.way}: {count} notices and {gone} copies; see {self.gateway.log}")
        return accept, count / took, self.copies, (cpu_seconds(self.gateway.process.pid) - cpu) / count

    def drain(self, count):
        """Copies out of a backlog, while nothing else is done: the deliver role is stopped until all are sealed. Their numbers, and when it began."""
        gone, first, pid = self.gone(), self.first, self.gateway.roles()["deliver"]

        def all_sealed():
            time.sleep(0.5)
            return sum(r["state"] in ("sealed", "sending") for r in self.gateway.rows() if r["desk"]) >= count * self.copies
        os.kill(pid, signal.SIGSTOP)
        try:
            self.submit(count)
            w.wait_for(f"{self.way}: all copies are sealed", LIMIT_S, all_sealed)
            go = time.time()
        finally:
            os.kill(pid, signal.SIGCONT)
        self.wait_gone(gone + count * self.copies)
        return first, go

    def paced(self, per_minute, count):
        """Notices that come one by one at that rate; the number of the first."""
        gone, first = self.gone(), self.first
        self.submit(count, per_minute)
        self.wait_gone(gone + count * self.copies)
        return first

    def times(self, first, count):
        """What times() finds, all of it."""
        found = times(self.gateway, first, count)
        if len(found) != count * self.copies:
            raise RuntimeError(f"{self.way}: {len(found)} copies of {count} notices are in the store")
        return found

    def after_idle(self, count):
        """The servers have closed what was idle: connections are opened again."""
        time.sleep(SERVER_IDLE_S + 2)
        gone = self.gone()
        self.submit(count)
        self.wait_gone(gone + count * self.copies)

    def sessions(self):
        """Copies, connections, resumed, reused of all sessions with targets of the kind, and how many sessions; when the gateway has ended."""
        kind = {"mail": "mail", "push": "https"}[self.way]
        lines = [l for l in self.gateway.log_lines() if l.get("event") == "session" and l["target"] == kind]
        if not lines:
            raise RuntimeError(f"{self.way}: no session in the log; see {self.gateway.log}")
        return [sum(int(l[name]) for l in lines) for name in ("copies", "connections", "resumed", "reused")] + [len(lines)]


def floor_send(binary, world, way, port, copy, connections, seconds):
    mine = world.pki / "staffordshire"
    out = subprocess.run([binary / "floor_send", {"mail": "smtp", "push": "https"}[way], str(port), world.pki / "ca.pem", mine / "client.pem",
                          mine / "client.key", copy, str(connections), str(seconds)], capture_output=True, text=True)
    if out.returncode != 0:
        raise RuntimeError(f"floor_send: {out.stderr.strip()}")
    return float(out.stdout.split()[1])


def measure(load, port, copy_of, sizes):
    """Everything about one way, as rows. copy_of: makes a file of one copy as it goes out."""
    full = load.full(sizes["full"])
    per_minute = max(1, int(full[1] * 60 / 2))
    count = max(SUBMITTERS, min(per_minute * sizes["half-s"] // 60, 5000))
    accepted, delivered, copies_each, cpu = full
    rows = [("notices", delivered, "notices/s"), ("accepted", accepted, "notices/s"), ("copies", copies_each, "copies/notice"), ("cpu", cpu * 1000, "ms/notice")]
    if not sizes["ways-whole"]:  # then neither the floor nor backlog, half load and connections
        load.gateway.stop()
        return [(f"{load.way}-{name}", value, unit) for name, value, unit in rows]
    floor = floor_send(load.binary, load.gateway.world, load.way, port, copy_of(), load.copies, sizes["send-floor-s"])
    backlog, go = load.drain(sizes["drain"])
    paced = load.paced(per_minute, count)
    load.after_idle(sizes["after-idle"])
    load.gateway.stop()
    out = load.times(backlog, sizes["drain"])
    drained = len(out) / (max(done for _, done in out) - go)
    waits = sorted(done - accepted for accepted, done in load.times(paced, count))
    copies, connections, resumed, reused, sessions = load.sessions()
    again = connections - sessions
    rows += [("floor", floor, "copies/s"), ("delivered", drained, "copies/s"), ("vs-floor", drained / floor, "ratio"),
             ("connections", connections, "connections"), ("reused", reused / copies, "share"),
             ("resumed", resumed / again if again > 0 else 0, "share"), ("half-load", per_minute / 60, "notices/s"),
             ("latency-p50", sums.percentile(waits, 50), "s"), ("latency-p99", sums.percentile(waits, 99), "s")]
    return [(f"{load.way}-{name}", value, unit) for name, value, unit in rows]


def mail(world, binary, sizes):
    world.postfix_environment = {"WG_SMTPD_TIMEOUT": str(SERVER_IDLE_S)}
    port = world.start_postfix()
    gateway, = world.make_gateways(port, organisations=("staffordshire",))
    gateway.start()
    return measure(Load("mail", gateway, binary), port, lambda: world.mails()[0], sizes)


def push(world, binary, sizes, example_mail=None):
    """The same, with every desk reached by HTTPS. example_mail: a copy as mail; HTTPS carries what is sealed in it; None: not needed."""
    nginx = Nginx(world.folder / "nginx", world.pki)
    try:
        how = f'channel="https" url="https://localhost:{nginx.port}/v1/notices"'
        world.how = {(org, desk): how for org in (*w.COUNCILS, *w.FORCES) for desk in ("front-door", "missing")}
        gateway = w.Gateway(world, "staffordshire", w.free_port())
        gateway.own = {"front-door": how}
        world.gateways["staffordshire"] = gateway
        gateway.write(world.gateways, 9)
        gateway.start()

        def sealed():
            path = world.folder / "copy.p7m"
            parts = email.message_from_bytes(example_mail.read_bytes()).walk()
            path.write_bytes(next(p for p in parts if p.get_content_type() == "application/pkcs7-mime").get_payload(decode=True))
            return path
        return measure(Load("push", gateway, binary), nginx.port, sealed, sizes)
    finally:
        nginx.stop()
