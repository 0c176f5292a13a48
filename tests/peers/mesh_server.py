#!/usr/bin/python3 -Wignore
"""A MESH service on 127.0.0.1 as the public description of the API (version 2) has it: two mailboxes, tokens, chunks,
acknowledgement, tracking, reports. Client certificates are required.

usage: mesh_server.py CERTS DIR [FAULT]

CERTS is what certs-example/make left. Mailboxes: WGOT001 and WGOT002, password "mesh-password", shared key
"mesh-shared-key". Prints "port N" and serves until standard input ends; then prints what it saw, one fact a line:
  sent ID FROM TO WORKFLOW LOCAL BYTES STATUS    each message
  tokens N       different tokens it accepted
  refused N      requests it refused for their token
  plain N        requests without a client certificate (must be 0)
The bytes of message ID are in DIR/ID.

FAULT: drop-last (closes without answering the last chunk, once), drop-first (a chunk before it), busy (503 with
Retry-After), wrong-password (all tokens refused), no-id, junk, huge, report (a report that message SENT-0 was not
delivered waits in WGOT001), expired (what is sent is not delivered: tracking says so).
"""
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

CERTS, DIR = sys.argv[1:3]
FAULT = sys.argv[3] if len(sys.argv) > 3 else ""
KEY, PASSWORD = b"mesh-shared-key", "mesh-password"
MAILBOXES = ("WGOT001", "WGOT002")
SEEN, MESSAGES, COUNT = set(), {}, {"refused": 0, "plain": 0}
LOCK = threading.Lock()


def authorised(mailbox, token):
    """NHSMESH MAILBOX:NONCE:COUNT:TIME:HASH; a nonce and count are good once, a time for two hours."""
    match = re.fullmatch(r"NHSMESH ([A-Z0-9]+):([0-9A-Za-z-]+):(\d+):(\d{12}):([0-9a-f]{64})", token or "")
    if match is None or FAULT == "wrong-password":
        return False
    who, nonce, count, when, given = match.groups()
    text = f"{who}:{nonce}:{count}:{PASSWORD}:{when}".encode()
    age = abs(time.time() - time.mktime(time.strptime(when + " UTC", "%Y%m%d%H%M %Z")) + time.timezone)
    if who != mailbox or (nonce, count) in SEEN or age > 7200:
        return False
    if not hmac.compare_digest(given, hmac.new(KEY, text, hashlib.sha256).hexdigest()):
        return False
    SEEN.add((nonce, count))
    return True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.mesh.v2+json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def fault(self, status, code, words):
        self.say(status, {"message_id": None, "internal_id": "x", "detail": [{"event": "SEND", "code": code, "msg": words}]})

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urllib.parse.urlsplit(self.path)
        parts = path.path.strip("/").split("/")
        with LOCK:
            if not self.connection.getpeercert():
                COUNT["plain"] += 1
                return self.fault(403, "EPL-151", "no certificate")
            if len(parts) < 2 or parts[0] != "messageexchange" or parts[1] not in MAILBOXES:
                return self.fault(404, "EPL-151", "No mailbox matched")
            if not authorised(parts[1], self.headers.get("Authorization")):
                COUNT["refused"] += 1
                return self.fault(403, "EPL-152", "Invalid Authentication Token")
            if FAULT == "busy":
                return self.say(503, b"<html>busy</html>", [("Retry-After", "120")])
            return self.route(parts[1], parts[2:], urllib.parse.parse_qs(path.query), body)

    def route(self, mailbox, rest, query, body):
        method = self.command
        if method == "POST" and rest == ["outbox"]:
            return self.send(mailbox, body)
        if method == "POST" and len(rest) == 3 and rest[0] == "outbox":
            return self.chunk(mailbox, rest[1], int(rest[2]), body)
        if method == "GET" and rest == ["outbox", "tracking"]:
            return self.track(mailbox, query.get("messageID", [""])[0])
        if method == "GET" and rest == ["inbox"]:
            ids = [i for i, m in MESSAGES.items() if m["to"] == mailbox and m["status"] == "accepted"]
            return self.say(200, {"messages": ids, "links": {"self": "/"}, "approx_inbox_count": len(ids)})
        if method == "GET" and len(rest) in (2, 3) and rest[0] == "inbox":
            return self.fetch(mailbox, rest[1], int(rest[2]) if len(rest) == 3 else 1)
        if method == "PUT" and len(rest) == 4 and rest[0] == "inbox" and rest[2:] == ["status", "acknowledged"]:
            message = MESSAGES.get(rest[1])
            if message is None or message["to"] != mailbox:
                return self.fault(404, "20", "Message does not exist")
            message["status"] = "acknowledged"
            return self.say(200)
        return self.fault(404, "EPL-151", "nothing here")

    def range(self):
        match = re.fullmatch(r"(\d+):(\d+)", self.headers.get("Mex-Chunk-Range") or "1:1")
        return (int(match.group(1)), int(match.group(2))) if match else (0, 0)

    def lost(self, number, total):
        """True when the answer to this chunk is to be lost, once."""
        global FAULT
        if (FAULT == "drop-last" and number == total) or (FAULT == "drop-first" and number == 1 and total > 1):
            FAULT = ""
            self.close_connection = True
            self.connection.close()
            return True
        return False

    def send(self, mailbox, body):
        number, total = self.range()
        to = self.headers.get("Mex-To")
        if self.headers.get("Mex-From") != mailbox:
            return self.fault(417, "07", "Invalid From Address in the control file")
        if to not in MAILBOXES:
            return self.fault(417, "12", "Unregistered to address")
        if number != 1 or not body:
            return self.fault(417, "InvalidHeaderChunks", "Invalid chunk values sent in Mex-Chunk-Range header")
        ident = hashlib.sha256(os.urandom(16)).hexdigest()[:32].upper()
        MESSAGES[ident] = {"from": mailbox, "to": to, "workflow": self.headers.get("Mex-WorkflowID") or "-",
                           "local": self.headers.get("Mex-LocalID") or "-", "chunks": [body], "total": total,
                           "status": "accepted" if total == 1 else "uploading"}
        if self.lost(number, total):
            return None
        if FAULT == "no-id":
            return self.say(202, {"ok": True})
        if FAULT == "junk":
            return self.say(202, b"\xff\xfe not JSON {{{")
        if FAULT == "huge":
            return self.say(202, b'{"message_id": "' + b"A" * 200000 + b'"}')
        return self.say(202, {"message_id": ident})

    def chunk(self, mailbox, ident, number, body):
        message = MESSAGES.get(ident)
        if message is None or message["from"] != mailbox:
            return self.fault(404, "20", "Message does not exist")
        if self.range() != (number, message["total"]) or number != len(message["chunks"]) + 1:
            return self.fault(417, "InvalidHeaderChunks", "Invalid chunk values sent in Mex-Chunk-Range header")
        message["chunks"].append(body)
        if number == message["total"]:
            message["status"] = "accepted"
        if self.lost(number, message["total"]):
            return None
        return self.say(202)

    def track(self, mailbox, ident):
        message = MESSAGES.get(ident)
        if message is None or message["from"] != mailbox:
            return self.fault(404, "20", "Message does not exist")
        if FAULT == "expired":
            return self.say(200, {"message_id": ident, "status": "error", "status_code": "14",
                                  "status_description": "Message not collected by recipient after 5 days"})
        return self.say(200, {"message_id": ident, "local_id": message["local"], "status": message["status"]})

    def fetch(self, mailbox, ident, number):
        message = MESSAGES.get(ident)
        if message is None or message["to"] != mailbox:
            return self.fault(404, "20", "Message does not exist")
        headers = [("Mex-From", message["from"]), ("Mex-To", mailbox), ("Mex-MessageID", ident),
                   ("Mex-WorkflowID", message["workflow"]), ("Mex-LocalID", message["local"]),
                   ("Mex-MessageType", message.get("type", "DATA"))]
        if message.get("type") == "REPORT":
            headers += [("Mex-LinkedMsgID", message["linked"]), ("Mex-StatusCode", "14"),
                        ("Mex-StatusDescription", "Message not collected by recipient after 5 days")]
            return self.say(200, b"", headers)
        total = len(message["chunks"])
        if not 1 <= number <= total or (FAULT == "lost-part" and number > 1):
            return self.fault(404, "20", "Message does not exist")
        if FAULT != "no-range":
            headers.append(("Mex-Chunk-Range", f"{number}:{total}" + (" " if FAULT == "blank-range" else "")))
        return self.say(206 if number < total else 200, message["chunks"][number - 1], headers)

    do_GET = do_POST = do_PUT = serve


def main():
    if FAULT == "report":
        MESSAGES["REPORT0"] = {"from": "SPINE", "to": "WGOT001", "workflow": "WG", "local": "-", "chunks": [b""],
                               "total": 1, "status": "accepted", "type": "REPORT", "linked": "SENT0"}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(f"{CERTS}/derbyshire/server.pem", f"{CERTS}/derbyshire/server.key")
    context.load_verify_locations(f"{CERTS}/ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("port", server.server_address[1], flush=True)
    sys.stdin.read()
    with LOCK:
        for ident, m in MESSAGES.items():
            whole = b"".join(m["chunks"])
            with open(os.path.join(DIR, ident), "wb") as out:
                out.write(whole)
            print("sent", ident, m["from"], m["to"], m["workflow"], m["local"], len(whole), m["status"])
        print("tokens", len(SEEN))
        for name, n in COUNT.items():
            print(name, n, flush=True)


main()
