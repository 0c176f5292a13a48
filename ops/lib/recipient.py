"""An agency that takes copies over HTTPS, for ops/cluster-demo: it wants the sender's certificate, keeps each copy under its
Idempotency-Key, and answers one that comes again with the first receipt. It can be told to take copies and not to answer: so
it is known what was under way when its sender died, and when another came with it.
"""
import hashlib
import http.server
import json
import pathlib
import select
import ssl
import threading
import time

BODY_MAX = 4 * 1024 * 1024


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A sender that died, or is refused: that is what this is for."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    def setup(self):
        self.request.do_handshake()  # here, in the connection's own thread
        super().setup()

    def log_message(self, *_):
        pass

    def do_POST(self):
        length, key = int(self.headers.get("Content-Length", -1)), self.headers.get("Idempotency-Key", "")
        if not 0 < length <= BODY_MAX or not key:
            self.send_error(400)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if len(body) == length:
            self.server.recipient.take(key, body, self)

    def gone(self):
        """The other side has closed, or is no more."""
        readable, _, _ = select.select([self.connection], [], [], 0.1)
        if not readable:
            return False
        try:
            self.connection.setblocking(False)
            return self.connection.recv(1) == b""
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.connection.setblocking(True)

    def answer(self, receipt):
        body = json.dumps({"id": receipt}).encode()
        self.send_response(202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Recipient:
    """arrivals: (time, key, new, port of the sender's connection); cut: key -> when its sender was gone, unanswered; copies:
    key -> (time of the first, its body)."""

    def __init__(self, pki, organisation):
        self.lock = threading.Lock()
        self.arrivals, self.copies, self.cut, self.held, self.differing = [], {}, {}, {}, []
        self.open = threading.Event()
        self.open.set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(pki / organisation / "server.pem", pki / organisation / "server.key")
        context.load_verify_locations(pki / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.recipient = self
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}/v1/notices"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True)
        self.thread.start()

    def take(self, key, body, handler):
        """The copy is taken before it is answered; an answer that nobody hears changes nothing of that."""
        with self.lock:
            first = self.copies.setdefault(key, (time.time(), body))
            new = first[1] is body
            if not new and hashlib.sha256(first[1]).digest() != hashlib.sha256(body).digest():
                self.differing.append(key)
            port = handler.client_address[1]
            self.arrivals.append((time.time(), key, new, port))
            self.held[port] = key
        while not self.open.is_set():
            if handler.gone():
                self.cut.setdefault(key, time.time())
                break
        with self.lock:
            self.held.pop(port, None)
        receipt = hashlib.sha256(key.encode()).hexdigest()[:26]
        handler.answer(receipt)

    def hold(self):
        self.open.clear()

    def release(self):
        self.open.set()

    def repeats(self):
        with self.lock:
            return [key for _, key, new, _ in self.arrivals if not new]

    def came_again(self, keys, after):
        """key -> when it came again, of those of keys that did."""
        with self.lock:
            found = {}
            for at, key, new, _ in self.arrivals:
                if key in keys and not new and at > after:
                    found.setdefault(key, at)
            return found

    def stop(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


def connections(port):
    """inode of the sender's socket -> the sender's port, of all connections to that port on this machine."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            mine, other = (int(fields[i].rsplit(":", 1)[1], 16) for i in (1, 2))
            if other == port:
                found[fields[9]] = mine
    return found


def ports_of(pids, port):
    """The ports from which these processes are connected to that port."""
    sockets, found = connections(port), set()
    for pid in pids:
        try:
            for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                target = str(entry.readlink())
                if target.startswith("socket:[") and target[8:-1] in sockets:
                    found.add(sockets[target[8:-1]])
        except OSError:
            pass  # it ended meanwhile
    return found
