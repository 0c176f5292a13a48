"""A world of mail domains on loopback: BIND with a signed root and a zone for each case, a relay in front of it that can
lose and forge answers, and a web server for MTA-STS policies."""
import base64
import contextlib
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ops/lib"))
import ports

ROOT_TTL = "3600"
ALGORITHM = "ECDSAP256SHA256"


def tool(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")
    if found is None:
        raise RuntimeError(f"{name} is missing: ops/packages test installs it")
    return found


def run(*words, cwd=None, check=True):
    done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True, timeout=150, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{words[0]}: {done.stderr or done.stdout}")
    return done


def free_port():
    """A port free for UDP and TCP; that of TCP is ours until we end."""
    while True:
        port = ports.free_port()
        with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", port))
            return port


class Zone:
    """One zone. records: lines of a zone file, names relative to the zone. how: signed, unsigned (no DS above), nsec3,
    expired, broken:TYPE (the signatures over that type do not fit), missing (the server cannot load it), no-ds."""

    def __init__(self, name, records, how="signed"):
        self.name, self.records, self.how = name, records, how

    def text(self, extra=""):
        head = f"$TTL {ROOT_TTL}\n@ IN SOA ns. admin. 1 3600 900 604800 60\n@ IN NS ns.test.\n"
        return head + self.records + "\n" + extra + "\n"


class Names:
    """Signs the zones and serves them by a BIND of its own."""

    def __init__(self, folder, zones):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.zones = {zone.name: zone for zone in zones}
        self.process = None

    def parent(self, name):
        while name:
            name = name.partition(".")[2]
            if name in self.zones:
                return name
        return ""

    def sign(self, zone, extra):
        file = self.folder / f"{zone.name or 'root'}.db"
        file.write_text(zone.text(extra))
        origin = zone.name + "."
        if zone.how in ("unsigned", "missing"):
            return "" if zone.how == "unsigned" else None
        keys = self.folder / "keys"
        run(tool("dnssec-keygen"), "-q", "-K", keys, "-a", ALGORITHM, "-f", "KSK", origin)
        when = ["-s", "20200101000000", "-e", "20200201000000"] if zone.how == "expired" else []
        denial = ["-3", "-", "-H", "0"] if zone.how == "nsec3" else []
        signed = self.folder / f"{file.name}.signed"
        run(tool("dnssec-signzone"), "-q", "-P", "-S", "-z", *denial, *when, "-K", keys, "-d", self.folder, "-o", origin,
            "-f", signed, file, cwd=self.folder)
        text = signed.read_text()
        if zone.how.startswith("broken:"):
            text = spoil(text, zone.how.partition(":")[2])
        file.write_text(text)
        return "" if zone.how == "no-ds" else (self.folder / f"dsset-{origin}").read_text()

    def make(self):
        (self.folder / "keys").mkdir()
        below = {name: "" for name in self.zones}
        for name in sorted(self.zones, key=lambda n: -len(n.split(".")) if n else 1):
            zone = self.zones[name]
            ds = self.sign(zone, below[name])
            if name:
                above = below[self.parent(name)] + f"{name}. IN NS ns.test.\n"
                below[self.parent(name)] = above + (ds or "")
            else:
                (self.folder / "anchor").write_text(ds)
        return self

    def start(self):
        lines = [f'zone "{z.name or "."}" {{ type primary; file "{self.file(z)}"; }};' for z in self.zones.values()]
        (self.folder / "named.conf").write_text(f"""options {{
    directory "{self.folder}"; listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    pid-file none; session-keyfile none; lock-file none; recursion no; notify no; dnssec-validation no;
    allow-transfer {{ none; }}; check-names primary ignore;
}};
controls {{ }};
""" + "\n".join(lines) + "\n")
        self.log = open(self.folder / "named.log", "wb")
        self.process = subprocess.Popen([tool("named"), "-g", "-n", "1", "-c", str(self.folder / "named.conf")], stderr=self.log,
                                        stdout=self.log, stdin=subprocess.DEVNULL)
        for _ in range(200):
            if b"running" in (self.folder / "named.log").read_bytes():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("named did not start:\n" + (self.folder / "named.log").read_text()[-2000:])

    def file(self, zone):
        return "there-is-no-such-file" if zone.how == "missing" else f"{zone.name or 'root'}.db"

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.log.close()


def spoil(text, kind):
    """The same signed zone, with a bit of each signature over that type turned."""
    def turn(match):
        signature = re.sub(r"[\s()]", "", match.group(3))
        raw = bytearray(base64.b64decode(signature))
        raw[5] ^= 1
        return match.group(1) + match.group(2) + base64.b64encode(bytes(raw)).decode() + " )"
    pattern = re.compile(r"(RRSIG\s+%s )(.*?\(\s*\d+ \d+ \d+ \S+\s+)([A-Za-z0-9+/=\s]+)\)" % kind, re.S)
    spoilt, count = pattern.subn(turn, text)
    if count == 0:
        raise RuntimeError(f"no signature over {kind} to spoil")
    return spoilt


# ---- the relay

def question(packet):
    """Name (lower case) and type of the question of a query."""
    at, labels = 12, []
    while packet[at] != 0:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace").lower())
        at += packet[at] + 1
    return ".".join(labels), struct.unpack("!H", packet[at + 1:at + 3])[0], at + 5


MX, TXT, TLSA = 15, 16, 52


class Relay:
    """What an attacker on the way could be: loses queries for names that begin with "lost", answers those in forged."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.port = free_port()
        self.forged = {} # (name, type): (owner, rdata) without a signature
        self.lose = set() # (name, type)
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", self.port))
        self.tcp.listen(64)
        for loop in (self.run_udp, self.run_tcp):
            threading.Thread(target=loop, daemon=True).start()

    def answer(self, packet):
        """None: forward it; b"": lose it; otherwise the answer."""
        name, kind, end = question(packet)
        if (name, kind) in self.lose:
            return b""
        if (name, kind) not in self.forged:
            return None
        rdata = self.forged[name, kind]
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(rdata)) + rdata
        return packet[:2] + b"\x85\x80" + b"\0\1\0\1\0\0\0\0" + packet[12:end] + record

    def run_udp(self):
        while True:
            try:
                packet, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self.one_udp, args=(packet, peer), daemon=True).start()

    def one_udp(self, packet, peer):
        with contextlib.suppress(OSError, struct.error, IndexError):
            answer = self.answer(packet)
            if answer is None:
                with socket.socket(type=socket.SOCK_DGRAM) as up:
                    up.settimeout(5)
                    up.sendto(packet, ("127.0.0.1", self.upstream))
                    answer = up.recv(65535)
            if answer:
                self.udp.sendto(answer, peer)

    def run_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.one_tcp, args=(peer,), daemon=True).start()

    def one_tcp(self, peer):
        with contextlib.suppress(OSError, struct.error, IndexError), peer, socket.create_connection(("127.0.0.1", self.upstream), 5) as up:
            while True:
                packet = self.read(peer)
                if packet is None:
                    return
                answer = self.answer(packet)
                if answer is None:
                    up.sendall(struct.pack("!H", len(packet)) + packet)
                    answer = self.read(up)
                if not answer:
                    return
                peer.sendall(struct.pack("!H", len(answer)) + answer)

    @staticmethod
    def read(sock):
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
            more = sock.recv(4096)
            if not more:
                return None
            data += more
        return data[2:]

    def stop(self):
        for sock in (self.udp, self.tcp):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


# ---- certificates

class Authority:
    """A throwaway authority: ca.pem, and NAME.pem with NAME.key for what it issues."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = pathlib.Path(folder), name
        self.pem = self.folder / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN=Throwaway {name}", "-keyout", self.folder / f"{name}.key", "-out", self.pem, "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, hosts, more=()):
        key, out = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        names = ",".join("DNS:" + host for host in hosts)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=decides nothing",
            "-keyout", key, "-out", self.folder / f"{name}.csr")
        run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.pem, "-CAkey", self.folder / f"{self.name}.key",
            "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", out, *more)
        return out, key


def tlsa(pem, usage, selector=1, matching=1):
    """The record's text for a certificate in a file."""
    if selector == 1:
        key = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout", "-pubkey"], capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    else:
        der = subprocess.run(["openssl", "x509", "-in", str(pem), "-outform", "DER"], capture_output=True, check=True).stdout
    data = der if matching == 0 else hashlib.sha256(der).digest() if matching == 1 else hashlib.sha512(der).digest()
    return f"TLSA {usage} {selector} {matching} {data.hex()}"


# ---- policies

class Policies:
    """A web server for https://mta-sts.DOMAIN/.well-known/mta-sts.txt. answers: host to (status, type, body)."""

    def __init__(self, certificate, wrong):
        self.answers, self.asked = {}, []
        self.wrong_hosts = set()
        right, self.bad = self.context(*certificate), self.context(*wrong)

        def choose(sock, name, _context):
            if name in self.wrong_hosts:
                sock.context = self.bad
        right.sni_callback = choose
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host = self.headers.get("Host", "").partition(":")[0]
                world.asked.append((host, self.path))
                status, kind, body = world.answers.get(host, (404, "text/plain", b"no"))
                if status == 0: # never answers
                    time.sleep(30)
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status in (301, 302):
                    self.send_header("Location", "https://elsewhere.example/.well-known/mta-sts.txt")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, client_address):
                request.settimeout(30)
                with contextlib.suppress(OSError, ssl.SSLError):
                    with right.wrap_socket(request, server_side=True) as tls:
                        Handler(tls, client_address, self)

            def handle_error(self, *_args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def context(certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def policy(mode="enforce", mx=("mx.{domain}",), max_age=86400):
    lines = ["version: STSv1", f"mode: {mode}", *[f"mx: {host}" for host in mx], f"max_age: {max_age}"]
    return ("\r\n".join(lines) + "\r\n").encode()
