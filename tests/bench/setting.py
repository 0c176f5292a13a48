"""The setting of the comparison with Postfix: one gateway that signs with P-256, one recipient a notice, whose key is RSA-2048, smtp-sink as its mail
server; and a Postfix with its default settings, smtp-source before it and the same smtp-sink behind it.

smtp-sink speaks no TLS and a gateway sends nothing without: an nginx (stream) before it ends the TLS. What that costs counts as the gateway's; Postfix talks
to its smtp-sink in the clear. The sink itself says how many messages it has, for both alike.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

SESSIONS = 16       # connections that the load keeps, ours and Postfix's
MAIL_BYTES = 6144   # of a plain mail
LIMIT_S = 600       # for one phase; longer: a fault
POSTFIX = "/usr/lib/postfix/sbin/master"
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"
SENDER, DESK = "staffordshire-police", ("staffordshire", "front-door")

# A child of its own for each notice, so that each is an episode of its own and nothing waits for an order.
UNIQUE = (("Tess Example", "Tess@N@ Example@N@"), (">SP-26-445566<", ">BENCH-@N@<"), (">C-000123<", ">C-@N@<"),
          ('id="01k9tess00examp1e0m1ss1ng1"', 'id="01k9tess00examp1e0@0N@"'))
# Without a second authority only the front door of the child's own is told; the force that hands it in has it already.
ONE = (('<placing name="Derbyshire">830</placing>', '<placing name="Staffordshire">860</placing>'),
       ('<police area="placing" name="Derbyshire Constabulary">E23000018</police>', '<police area="placing" name="Staffordshire Police">E23000015</police>'),
       ('organisation="derbyshire-police"', f'organisation="{SENDER}"'))


def template(one=True):
    """The example notice with @N@ where its number goes, @0N@ with noughts before it, some 4.6 KB; one: it has a single recipient."""
    text = (ROOT / "tests/corpora/notice/missing-example.xml").read_text()
    text = text.replace("    <nhs-number>9990000018</nhs-number>\n", "")
    for old, new in (*UNIQUE, *(ONE if one else ())):
        if old not in text:
            raise RuntimeError(f"the example notice no longer holds {old}")
        text = text.replace(old, new)
    return text


def must_have(path, package):
    found = shutil.which(path, path="/usr/sbin:/usr/bin:/sbin:/bin") or (path if os.path.exists(path) else None)
    if found is None:
        raise RuntimeError(f"{path} is missing: ops/packages test (Debian package {package})")
    return found


def sign_with_p256(pki, organisation):
    """Gives the organisation a P-256 key to sign with; the RSA-2048 one that it had becomes desk.pem and desk.key, its desk's."""
    mine = pki / organisation
    for end in ("pem", "key"):
        (mine / f"smime.{end}").rename(mine / f"desk.{end}")
    extensions = mine / "signer.ext"
    extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyAgreement\nextendedKeyUsage=emailProtection\n"
                          f"subjectAltName=email:gateway@{organisation}.example,DNS:{organisation}.example\n")
    marker = "/O=wardgate EXAMPLE - not for real use"
    for words in (("genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", mine / "smime.key"),
                  ("req", "-new", "-config", "/dev/null", "-key", mine / "smime.key", "-subj", f"{marker}/OU={organisation}/CN=Robin Specimen",
                   "-out", mine / "signer.csr"),
                  ("x509", "-req", "-in", mine / "signer.csr", "-CA", pki / "ca.pem", "-CAkey", pki / "ca.key", "-days", "30",
                   "-extfile", extensions, "-out", mine / "smime.pem")):
        done = subprocess.run(["openssl", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {words[0]}: {done.stderr.strip()}")
    (mine / "smime.key").chmod(0o600)


class Sink:
    """Postfix's smtp-sink; count is how many messages it has taken."""

    def __init__(self, folder):
        self.port, self.count = w.free_port(), 0
        user = ("-u", "nobody") if os.geteuid() == 0 else ()
        self.errors = open(folder / "sink.log", "ab")
        self.process = subprocess.Popen([must_have("smtp-sink", "postfix"), *user, "-c", f"127.0.0.1:{self.port}", "256"],
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        w.wait_for(f"smtp-sink listens (log: {folder}/sink.log)", 30, lambda: greets(self.port, self.process))
        self.port_tls = None

    def read(self):
        rest = b""
        while block := os.read(self.process.stdout.fileno(), 65536):
            rest = (rest + block)[-4096:]
            if found := re.findall(rb"mesg=(\d+)\s", rest):
                self.count = int(found[-1])

    def wait(self, count):
        """The seconds from now until it has so many."""
        start, end = time.monotonic(), time.monotonic() + LIMIT_S
        while self.count < count:
            if time.monotonic() > end:
                raise TimeoutError(f"smtp-sink has {self.count} messages, not {count}, after {LIMIT_S} s")
            time.sleep(0.01)
        return time.monotonic() - start

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.reader.join(30)
        self.process.stdout.close()
        self.errors.close()


def greets(port, process):
    if process.poll() is not None:
        raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            return s.recv(3) == b"220"
    except OSError:
        return False


class Front:
    """An nginx that ends TLS before a sink."""

    def __init__(self, folder, pki, sink):
        program = must_have("nginx", "nginx-light")
        must_have(STREAM, "libnginx-mod-stream")
        folder.mkdir()
        self.port = w.free_port()
        (folder / "nginx.conf").write_text(
            f"load_module {STREAM};\ndaemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
            "events { worker_connections 256; }\n"
            f"stream {{ server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {pki}/mail/server.pem; ssl_certificate_key {pki}/mail/server.key;\n"
            f"ssl_session_cache shared:all:1m; proxy_pass 127.0.0.1:{sink.port}; }} }}\n")
        self.process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=open(folder / "start.log", "wb"))
        w.wait_for(f"nginx listens (log: {folder})", 30, lambda: (folder / "nginx.pid").exists() and (folder / "nginx.pid").read_text().strip())

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Postfix:
    """Debian's Postfix in a folder of its own, on loopback, its settings the default ones but for that. Its log goes to syslog, as it does by default.

    deliver=False: it only accepts. Then there is no queue manager, and as cleanup would wait a second for one with each message (in_flow_delay),
    it does not: as fast as Postfix can accept while it does nothing else.
    """

    def __init__(self, folder, relay, deliver):
        must_have(POSTFIX, "postfix")
        if os.geteuid() != 0:
            raise RuntimeError("Postfix needs root")
        queues = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
        for name in (*queues, "pid", "maildrop", "public"):
            (folder / "spool" / name).mkdir(parents=True)
        for name in ("etc", "data", "log"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        for path in (*(folder / "spool" / name for name in queues), folder / "data"):
            shutil.chown(path, "postfix")
            path.chmod(0o700)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            shutil.chown(folder / "spool" / name, "postfix", "postdrop")
            (folder / "spool" / name).chmod(mode)
        self.port = w.free_port()
        (folder / "etc/main.cf").write_text(
            f"compatibility_level = 3.6\nqueue_directory = {folder}/spool\ndata_directory = {folder}/data\nmyhostname = relay.example\nmydestination =\n"
            f"mynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nalias_maps =\nrelayhost = [127.0.0.1]:{relay}\n"
            + ("" if deliver else "in_flow_delay = 0\n"))
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd", "postlog unix-dgram n - n - 1 postlogd", "pickup unix n - n 60 1 pickup",
                    "cleanup unix n - n - 0 cleanup", "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite",
                    "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify",
                    "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap", "showq unix n - n - - showq", "error unix - - n - - error",
                    "retry unix - - n - - error", "smtp unix - - n - - smtp", "relay unix - - n - - smtp", "anvil unix - - n - 1 anvil",
                    "scache unix - - n - 1 scache", *(["qmgr unix n - n 300 1 qmgr"] if deliver else [])]
        (folder / "etc/master.cf").write_text("\n".join(services) + "\n")
        self.log = open(folder / "log/master", "ab")
        # a session, hence a process group, of its own: the master ends its children through that
        self.process = subprocess.Popen([POSTFIX, "-c", folder / "etc", "-d"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        w.wait_for(f"Postfix greets (log: {folder}/log/master)", 60, lambda: greets(self.port, self.process))

    def submit(self, count):
        """Seconds that it took to hand in so many, over connections that are kept."""
        start = time.monotonic()
        done = subprocess.run([must_have("smtp-source", "postfix"), "-d", "-s", str(min(SESSIONS, count)), "-m", str(count), "-l", str(MAIL_BYTES),
                               "-f", "sender@one.example", "-t", "desk@two.example", f"127.0.0.1:{self.port}"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"smtp-source: {done.stderr.strip()}")
        return time.monotonic() - start

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Single:
    """A gateway whose notices have one recipient each; a front and a sink are its mail server. store: further elements beside <deliver>."""

    def __init__(self, folder, binary, pki, port, beside="", **more):
        self.world = w.World(folder, binary / "wardgate")
        self.world.pki, self.binary = pki, binary
        self.world.certificates = {DESK: "staffordshire/desk.pem"}
        self.gateway, = self.world.make_gateways(port, organisations=("staffordshire",), prepare=lambda g: self.prepare(g, beside), **more)
        self.first, self.stopped = 0, []

    @staticmethod
    def prepare(gateway, beside):
        gateway.mail, gateway.beside = ' tls="implicit"', beside

    def submit(self, count, per_minute=0, sessions=SESSIONS):
        """What load says: seconds, cpu, p50 and p99, by name."""
        path = self.gateway.folder / "template.xml"
        path.write_text(template())
        client = self.world.pki / SENDER
        done = subprocess.run([self.binary / "load", str(self.gateway.port), client / "client.pem", client / "client.key", self.world.pki / "ca.pem", path,
                               str(count), str(min(sessions, count)), str(self.first), *([str(per_minute)] if per_minute else [])],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"load: {done.stderr.strip()[:2000]}")
        self.first += count
        words = done.stdout.split()
        return {words[i]: float(words[i + 1]) for i in range(2, len(words), 2)}

    def close(self):
        self.world.close()
