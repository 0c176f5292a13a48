#!/usr/bin/env python3
"""The hostile zoo, met by whole gateways with the defaults of retries and alerts.

One gateway delivers directly to a domain for each row of tests/peers/smtp_hostile.table that has STARTTLS and comes to no
login; four more have one hostile smarthost each, for logins, TLS from the first byte and a revoked certificate.
Four mailboxes of imap_zoo.py for each of four gateways. For every server: the state in the store that the table says, not a
byte outside verified TLS, and the operator told within a minute of the first connection: once, in a mail, or where the
smarthost itself is the hostile one in the inbox that their desk fetches from. Prints the table as it was lived through.
"""
import base64
import concurrent.futures
import email
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e"), str(ROOT / "tests/peers"), str(ROOT / "tests/channel")]
import imap_zoo as z
import mail_world
import smtp_hostile
import smtp_street as street
import world as w

WITHIN = 60      # seconds from the first connection to the operator's knowing
BUSY = 180       # the same on a machine that has more to do than it can: what is promised is promised of one that has not
LIVE = 360       # how long all of it may take before the test gives up waiting; it takes some 70 s
DOMAIN = "zoo.example"
HOME = "staffordshire"
POSTBOX = "127.0.1.1"  # where whoever is no row gets mail
CODES = range(101, 830)
# What the channel says of mails that it is offered together; a gateway offers one after the other, and tries each.
ONE_BY_ONE = {"drop-every-end": ["defer?"] * 3, "421-in-mid-session": ["ok", "defer", "ok"], "421-pipelined": ["ok", "defer", "ok"]}
# Whoever tries again is let in: over before half a minute is, and nobody is told, or perhaps.
PASSING = {"enhanced", "end-451-second", "421-in-mid-session", "421-pipelined", "eager-250"}
CURED = {"no-starttls", "expired", "rcpt-450"}
GIVEN_UP = "rcpt-550"
# organisation, row (name, tls, login), attributes of <mail>
SMARTHOSTS = [
    ("derbyshire", ("auth-535", "starttls", "plain"), 'auth="plain"'),
    ("derbyshire-police", ("implicit-unknown-ca", "implicit", "xoauth2"), 'tls="implicit" auth="xoauth2"'),
    ("staffordshire-police", ("scram-wrong-signature", "starttls", "scram"), 'auth="scram-sha-256"'),
    ("zoo-police", ("revoked", "starttls", "none"), ""),
]
ALL = {1, 2, 3}
I, S = "implicit", "starttls"
# gateway, name, how TLS begins, what the server does, mails that come through, words for the operator (None: it is well)
MAILBOXES = [
    (HOME, "behaves", I, {}, ALL, None),
    (HOME, "literal-drop", I, {"body": z.drop}, {1, 3}, "mail 2"),
    (HOME, "wrong-password", S, {"refuse-login": True}, set(), "did not let"),
    (HOME, "silent", I, {"silent": True}, set(), "too long"),
    ("derbyshire", "behaves-starttls", S, {}, ALL, None),
    ("derbyshire", "no-starttls", S, {"starttls": None}, set(), "no STARTTLS"),
    ("derbyshire", "wrong-name", I, {"cert": "hostile/wrong-name-server"}, set(), "TLS cannot be verified"),
    ("derbyshire", "store-drop", I, {"store-drop": True}, ALL, "marking mails as taken"),
    ("derbyshire-police", "xoauth2", I, {"auth": ["AUTH=XOAUTH2", "SASL-IR"], "login": "xoauth2"}, ALL, None),
    ("derbyshire-police", "injected", S, {"starttls": b"OK go\r\n* OK [UIDVALIDITY 666] x\r\nA003 OK x\r\nA004 OK x\r\n"}, set(), "no server should"),
    ("derbyshire-police", "expired", I, {"cert": "hostile/expired-server"}, set(), "expired"),
    ("derbyshire-police", "drip", I, {"drip": True}, set(), "too long"),
    ("staffordshire-police", "unknown-ca", S, {"cert": "hostile/unknown-ca-server"}, set(), "TLS cannot be verified"),
    ("staffordshire-police", "self-signed", I, {"cert": "hostile/self-signed-server"}, set(), "self-signed"),
    ("staffordshire-police", "endless", I, {"endless-capability": True}, set(), "does not end"),
    ("staffordshire-police", "select-no", I, {"select-no": True}, set(), "cannot be opened"),
]
CANARY = b"Canaryname"
STATES = {"ok": {"handed-over", "received"}, "defer": {"deferred"}, "refused": {"failed"}}


def picture(size):
    """A PNG of noise, so that nothing makes it smaller."""
    side = int((size / 3) ** 0.5)
    lines = b"".join(b"\0" + random.Random(n).randbytes(side * 3) for n in range(side))
    def chunk(kind, data):
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
    head = struct.pack("!IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 1)) + chunk(b"IEND", b"")


def notice(name, sender, code, large=b""):
    """A missing child of its own, placed by the authority of that code."""
    letters = "".join("abcdefghij"[int(c)] if c.isdigit() else c for c in name if c.isalnum())
    attached = (f'<attachment name="{CANARY.decode()}" type="image/png" sha256="{hashlib.sha256(large).hexdigest()}">'
                f'{base64.b64encode(large).decode()}</attachment>' if large else "")
    day = 1 + zlib.crc32(name.encode()) % 28
    return f"""<notice xmlns="urn:wardgate:notice:1" id="zoo-{name}" kind="missing" version="1"><header>
<sender organisation="{sender}"/><received>2026-11-21T20:00:00Z</received></header>
<episode><police-reference force="Staffordshire Police">ZOO-{name}</police-reference></episode>
<child looked-after="true"><name><full>Tess{letters} {CANARY.decode()}{letters}</full></name><date-of-birth>2010-04-{day:02}</date-of-birth></child>
<authorities><placing>{code}</placing><host>860</host></authorities>
<missing><circumstances>Left after tea, {CANARY.decode()}</circumstances></missing>{attached}</notice>
""".encode()


class Gateway(w.Gateway):
    """One with the defaults of its retries, and what the rows need in its directory."""
    more, mail_host, way_out = "", 'host="localhost"', ""

    def directory(self, gateways):
        return super().directory(gateways).replace("</directory>", self.more + "</directory>")

    def write(self, *rest, **more):
        super().write(*rest, **more)
        text = self.config.read_text()
        text = re.sub(r"<retry [^>]*/>", self.way_out, text)
        self.config.write_text(text.replace('<mail host="localhost"', f'<mail {self.mail_host}'))


class Row:
    """One server of the table, and what became of what was handed in for it."""

    def __init__(self, number, row):
        self.number, self.row, self.name = number, row, row["name"]
        self.organisation = f"zoo-{number}"
        self.results = ONE_BY_ONE.get(self.name, row["results"])
        self.mails = int(row["mails"].rstrip(","))
        self.key = f"undelivered {self.organisation}/front-door"
        self.of_all = "refused" in self.results and "ok" in self.results  # it turns away the second of all mails that it meets
        self.first = {}  # delivery -> its row when its first try had come to something

    def fits(self, got):
        if self.of_all:
            return sorted(got) == sorted(self.results)
        return got == self.results or (self.of_session() and set(got) <= {"ok", *self.results})

    def of_session(self):
        """It puts off the first or the second mail of a session: which share one is the gateway's, so that it may meet others, or none."""
        return "only" in self.house.how and not self.of_all

    def persists(self):
        """Whether somebody has to be told: False, True, or None for perhaps."""
        if all(r == "ok" for r in self.results):
            return False
        return None if self.name in PASSING else True


class Zoo(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        began = time.monotonic()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-zoo-"))
        if "WARDGATE_KEEP" not in os.environ:
            cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)  # a server may still write its log
        wanted = [r for r in street.rows() if r["tls"] == "starttls" and r["name"] != "revoked" and (r["login"] == "none" or r["reached"] == "nothing")]
        cls.rows = [Row(n + 2, r) for n, r in enumerate(wanted)]
        cls.by_key = {row.key: row for row in cls.rows}
        codes = [str(CODES[row.number]) for row in cls.rows]
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(cls.stop)
        cls.world.others = {"zoo-police": ("police", f'code="E23000091" areas="{" ".join(codes[:60])}"', "Zoo Police (example)",
                                           {"missing": "police-missing"})}
        cls.world.desks = {org: {"operations": "operator"} for org in [HOME, *(s[0] for s in SMARTHOSTS)]}
        cls.pki = cls.world.pki
        subprocess.run([ROOT / "certs-example/make", cls.pki, "--days", "90", "--organisation", "zoo-police", "--mail-name", f"*.{DOMAIN}"],
                       check=True, stdout=subprocess.DEVNULL)
        cls.desk_certificate()
        cls.start_servers()
        cls.start_names()
        cls.make_gateways(codes)
        with concurrent.futures.ThreadPoolExecutor(len(cls.gateways)) as pool:
            list(pool.map(lambda gateway: gateway.start(), cls.gateways.values()))
        print(f"ready after {time.monotonic() - began:.0f} s: {len(cls.rows)} domains, {len(SMARTHOSTS)} smarthosts, {len(MAILBOXES)} mailboxes")

    @classmethod
    def stop(cls):
        """All at once; each waits for its workers, which nobody answers any more."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda gateway: gateway.stop(), cls.world.gateways.values()))
        cls.world.close()

    @classmethod
    def desk_certificate(cls):
        """One for the desks of all rows: it names no address, and so is for whoever the directory gives it to."""
        extensions = cls.folder / "desk.ext"
        extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n")
        mail_world.run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Desk of a row", "-keyout", cls.folder / "desk.key",
                       "-out", cls.folder / "desk.csr")
        mail_world.run("openssl", "x509", "-req", "-in", cls.folder / "desk.csr", "-CA", cls.pki / "ca.pem", "-CAkey", cls.pki / "ca.key",
                       "-CAcreateserial", "-CAserial", cls.folder / "serial", "-days", "60", "-extfile", extensions, "-out", cls.folder / "desk.pem")

    @classmethod
    def start_servers(cls):
        cls.port = mail_world.free_port()
        cls.postbox = street.House("good", cls.pki, cls.folder / "seen-postbox", POSTBOX, cls.port)
        for row in cls.rows:
            row.house = street.House(row.name, cls.pki, cls.folder / f"seen-{row.number}", f"127.0.1.{row.number}", cls.port)
            row.house.how["of_all"] = row.of_all
        cls.hosts = {}
        for org, (name, tls, login), _ in SMARTHOSTS:
            cls.hosts[org] = street.House(name, cls.pki, cls.folder / f"seen-{org}")
            cls.hosts[org].row = next(r for r in street.rows() if (r["name"], r["tls"], r["login"]) == (name, tls, login))
        cls.boxes = []
        for org, name, tls, how, through, words in MAILBOXES:
            mails = {uid: mail.replace(b"mail", f"mail of {name}".encode()) for uid, mail in z.MAILS.items()}
            server = z.Server(cls.pki, how, tls == I, mails)
            server.label, server.org, server.through, server.words, server.tls = name, org, through, words, tls
            server.key = f"mailbox {z.USER} at localhost:{server.port}"
            cls.boxes.append(server)
            cls.addClassCleanup(server.close)
        for house in [cls.postbox, *cls.hosts.values(), *(row.house for row in cls.rows)]:
            cls.addClassCleanup(house.close)

    @classmethod
    def start_names(cls):
        """Signed, without TLSA: each domain's server is known by its name, and proves it by a certificate."""
        lines = [f"r{r.number}.zoo IN MX 10 mx{r.number}.zoo\nmx{r.number}.zoo IN A 127.0.1.{r.number}\n" for r in cls.rows]
        lines += [f"{org} IN MX 10 postbox.zoo\n" for org in (HOME, "zoo-police", "zoo-others")] + [f"postbox.zoo IN A {POSTBOX}\n"]
        zones = [mail_world.Zone("", ""), mail_world.Zone("test", "ns IN A 127.0.0.1\n"), mail_world.Zone("example", "".join(lines))]
        folder = cls.folder / "names"
        folder.mkdir()
        cls.names = mail_world.Names(folder, zones).make().start()
        cls.addClassCleanup(cls.names.stop)

    @classmethod
    def make_gateways(cls, codes):
        certificate = cls.folder / "desk.pem"
        more = [f'  <organisation id="{row.organisation}" kind="council" code="{code}"><name>Row {row.number} (example)</name>'
                f'<desk name="front-door" roles="front-door" channel="mail" address="front-door@r{row.number}.{DOMAIN}" certificate="{certificate}"'
                f' telephone="01632 960{row.number:03}"/></organisation>' for row, code in zip(cls.rows, codes)]
        if codes[60:]:
            more.append(f'  <organisation id="zoo-others" kind="police" code="E23000092" areas="{" ".join(codes[60:])}"><name>Other Police (example)</name>'
                        f'<desk name="missing" roles="police-missing" channel="mail" address="missing@zoo-others.example" certificate="{certificate}"/>'
                        '</organisation>')
        secret, letmein = cls.private("secret", smtp_hostile.SECRET), cls.private("letmein", z.PASSWORD)
        cls.gateways = {}
        for org in [HOME, *cls.hosts]:
            gateway = cls.gateways[org] = cls.world.gateways[org] = Gateway(cls.world, org, w.free_port())
            gateway.roles_wanted = gateway.roles_wanted | {"monitor"}
            gateway.beside = '<monitor socket="monitor.sock"/>'
            gateway.more = "\n".join(more) if org == HOME else ""
            gateway.intake = "".join(cls.mailbox(box, letmein) for box in cls.boxes if box.org == org)
        home = cls.gateways[HOME]
        home.mail, home.mail_host = ' route="direct"', ""
        home.way_out = f'<dns trust-anchor="{cls.names.folder}/anchor" resolver="127.0.0.1@{cls.names.port}"/>'
        for org, _, attributes in SMARTHOSTS:
            login = f' user="{smtp_hostile.USER}" secret="{secret}"' if "auth=" in attributes else ""
            cls.gateways[org].mail = f' crl="{cls.pki}/crl.pem" {attributes}{login}'
            cls.gateways[org].own["operations"] = 'channel="pull"'  # the smarthost is what is to be told of
        for org, gateway in cls.gateways.items():
            gateway.write({}, cls.port if org == HOME else cls.hosts[org].port, drops=(cls.sender(org),))

    @staticmethod
    def sender(org):
        return "derbyshire-police" if org == "staffordshire-police" else "staffordshire-police"

    @classmethod
    def mailbox(cls, box, letmein):
        auth = ' auth="xoauth2"' if box.how.get("login") == "xoauth2" else ""
        return (f'\n    <imap host="localhost" port="{box.port}" tls="{box.tls}" ca="{cls.pki}/ca.pem" user="{z.USER}" secret="{letmein}"{auth}'
                f'{" poll=" + chr(34) + "20" + chr(34) if box.label == "store-drop" else ""}/>')  # so that it is seen to be over in time

    @classmethod
    def private(cls, name, text):
        folder = cls.folder / "secrets"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o600)
        return folder / name

    # ---- what is looked at while it lives

    def hand_in(self):
        large = picture(700000)
        home = self.gateways[HOME]
        for row in self.rows:
            for n in range(row.mails):
                data = notice(f"{row.number}-{n}", "staffordshire-police", CODES[row.number], large if row.row["size"] == "l" else b"")
                home.drop("staffordshire-police", f"{row.number}-{n}.xml", data)
        for org in self.hosts:
            self.gateways[org].drop(self.sender(org), "one.xml", notice(f"{org}-1", self.sender(org), 860))

    def look(self):
        """One look at the stores; what is new is kept."""
        for found in self.gateways[HOME].rows("--all"):
            row = self.by_organisation.get(found["organisation"])
            if row and found["desk"] and found["id"] not in row.first and (
                    found["state"] in ("failed", "handed-over", "received") or (found["state"] == "deferred" and found["attempts"] == 1)):
                row.first[found["id"]] = found
        self.read_postbox()
        for org in self.hosts:
            self.read_inbox(org)

    def read_postbox(self):
        for at, content in self.postbox.seen.mails[self.read:]:
            self.read += 1
            if b"operations@staffordshire.example" in content.partition(b"\r\n\r\n")[0]:
                path = self.folder / f"told-{self.read}"
                path.write_bytes(content)
                self.opened(HOME, at, self.pool.submit(self.world.open_mail, path, HOME))

    def ask(self, org, path):
        context = ssl.create_default_context(cafile=self.pki / "ca.pem")
        context.load_cert_chain(self.pki / org / "client.pem", self.pki / org / "client.key")
        connection = http.client.HTTPSConnection("localhost", self.gateways[org].port, timeout=30, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            return answer.read()
        finally:
            connection.close()

    def read_inbox(self, org):
        for item in json.loads(self.ask(org, "/v1/inbox"))["items"]:
            if item["desk"] == "operations" and item["delivery"] not in self.fetched:
                self.fetched.add(item["delivery"])
                at, path = time.monotonic(), self.folder / f"fetched-{item['delivery']}"
                path.write_bytes(self.ask(org, f"/v1/inbox/{item['delivery']}"))
                self.opened(org, at, self.pool.submit(self.open_der, path, org))

    def open_der(self, path, org):
        mine = self.pki / org
        inner = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", path, "-recip", mine / "smime.pem", "-inkey", mine / "smime.key"],
                               capture_output=True, check=True).stdout
        return subprocess.run(["openssl", "cms", "-verify", "-CAfile", self.pki / "ca.pem", "-purpose", "smimesign"], input=inner, capture_output=True,
                              check=True).stdout

    def opened(self, org, at, future):
        """Keeps what an operator was told: (gateway, alert) -> [(when, started or cleared, words)]."""
        def keep(done):
            xml = next((p for p in email.message_from_bytes(done.result()).walk() if p.get_content_type().endswith("xml")), None)
            text = xml.get_payload(decode=True).decode() if xml else ""
            said = {name: m.group(1) for name in ("name", "state", "what") if (m := re.search(rf"<{name}>([^<]*)</{name}>", text))}
            with self.lock:
                self.kinds.append(re.search(r'kind="([a-z-]+)"', text).group(1) if text else "?")
                if 'kind="alert"' in text:
                    self.told.setdefault((org, said["name"]), []).append((at, said["state"], said["what"]))
        future.add_done_callback(keep)

    def started(self, org, key):
        with self.lock:
            return [t for t in self.told.get((org, key), []) if t[1] == "started"]

    def wait(self, what, missing):
        """Looks again and again, until nothing is missing; says what was."""
        end, left = self.began + LIVE, None
        while time.monotonic() < end:
            self.look()
            left = missing()
            if not left:
                return
            time.sleep(0.5)
        self.fail(f"{what}: not after {LIVE} s: {left}")

    # ---- the whole life

    def test_the_whole(self):
        self.read, self.fetched, self.told, self.kinds, self.lock = 0, set(), {}, [], threading.Lock()
        self.again = next(box for box in self.boxes if box.label == "store-drop")
        self.by_organisation = {row.organisation: row for row in self.rows}
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        self.addCleanup(self.pool.shutdown)
        self.began = time.monotonic()
        self.hand_in()
        print(f"handed in after {time.monotonic() - self.began:.0f} s")
        self.wait("every operator is told", self.untold)
        self.busy = os.getloadavg()[0] > 1.5 * os.cpu_count()
        print(f"told after {time.monotonic() - self.began:.0f} s")
        self.assertGreaterEqual({a["key"] for a in self.json("alerts")}, {row.key for row in self.rows if row.persists()})
        over = [row for row in self.rows if row.name in CURED or row.name == GIVEN_UP]
        stuck = self.json("stuck")
        faults = [f for row in over for f in self.faults_of_row(row, stuck)]
        self.cure(over)
        self.wait("every first try has come to something", lambda: [(r.name, len(r.first)) for r in self.rows if len(r.first) < r.mails])
        print(f"tried after {time.monotonic() - self.began:.0f} s")
        stuck = self.json("stuck")
        faults += [f for row in self.rows if row not in over for f in self.faults_of_row(row, stuck)]
        faults += [f for org, house in self.hosts.items() for f in self.faults_of_smarthost(org, house)]
        faults += [f for box in self.boxes for f in self.faults_of_mailbox(box)]
        self.say_worst()
        self.assertEqual(faults, [])
        self.assertGreaterEqual(len(self.rows), 60)
        self.clear(over)

    def json(self, command):
        return [json.loads(line) for line in self.gateways[HOME].cli(command, "--json").stdout.splitlines()]

    def untold(self):
        if self.started(self.again.org, self.again.key):
            self.again.how = {}  # it works from now on
        missing = [row.name for row in self.rows if row.persists() and not self.started(HOME, row.key)]
        missing += [org for org, house in self.hosts.items() if not self.started(org, "undelivered staffordshire/front-door")]
        return missing + [box.label for box in self.boxes if box.words and not self.started(box.org, box.key)]

    # ---- what must hold

    def tell(self, org, key, first, must):
        """Faults of the telling, and the seconds it took."""
        started = self.started(org, key)
        took = started[0][0] - first if started and first else None
        faults = []
        if must is True and not started:
            faults.append("nobody was told")
        if must is False and started:
            faults.append(f"told for nothing: {started[0][2]}")
        if len(started) > 1:
            faults.append(f"told {len(started)} times")
        if took is not None and took > (BUSY if self.busy else WITHIN):
            faults.append(f"told after {took:.0f} s")
        if took is not None and must is True:
            self.times.append((took, key))
        return faults, took

    times = []

    def secrets(self, house, addresses):
        """What must not stand in what came before TLS: letters, and the login as it is carried."""
        secret = smtp_hostile.SECRET.encode()
        plain = base64.b64encode(b"\0gateway\0" + secret)
        token = base64.b64encode(b"user=gateway\1auth=Bearer " + secret + b"\1\1")
        clear = house.clear()
        return [c for c in (secret, plain, token, CANARY, b"MAIL FROM", b"RCPT TO", b"DATA\r\n", b"AUTH ", *addresses) if c in clear]

    def outside(self, house, reached, addresses):
        faults = []
        if house.seen.stray() != 0:
            faults.append(f"{house.seen.stray()} bytes outside TLS")
        if found := self.secrets(house, addresses):
            faults.append(f"outside TLS: {found}")
        if reached == "nothing" and (house.seen.inside or house.seen.taken):
            faults.append("it was spoken to inside TLS")
        if reached == "session" and house.seen.taken:
            faults.append("it has seen a mail")
        return faults

    def faults_of_row(self, row, stuck):
        first = list(row.first.values())
        got = [next(w for w, states in STATES.items() if r["state"] in states) + ("?" if r["may-have-arrived"] else "") for r in first]
        faults = [] if row.fits(got) else [f"{got} instead of {row.results}"]
        bad = next((r for r in first if r["state"] not in STATES["ok"]), first[0])
        unmet = row.of_session() and set(got) == {"ok"}
        if row.row["words"] != "-" and not unmet and row.row["words"] not in bad["reason"]:
            faults.append(f"says {bad['reason']!r}, not {row.row['words']!r}")
        faults += self.outside(row.house, row.row["reached"], [f"r{row.number}.{DOMAIN}".encode()])
        if row.row["accepted"] == 0 and row.house.seen.accepted:
            faults.append(f"{row.house.seen.accepted} mails accepted")
        telling, took = self.tell(HOME, row.key, row.house.seen.first, row.persists())
        faults += telling
        listed = [s for s in stuck if s.get("organisation") == row.organisation and s["state"] in ("deferred", "sending", "failed")]
        if row.persists() and (not listed or not all(s["reason"] for s in listed)):
            faults.append(f"not stuck, or without words: {listed}")
        print(f"{'WRONG ' if faults else ''}{row.name:26} {','.join(got):22} {f'{took:4.0f} s' if took else '      '}  {bad['reason'][:90]}")
        return [(row.name, *faults)] if faults else []

    def faults_of_smarthost(self, org, house):
        house.rows = [r for r in self.gateways[org].rows("--all") if r["channel"] == "mail" and r["desk"]]
        faults = [] if {r["state"] for r in house.rows} <= {"deferred", "sending"} else [f"{[r['state'] for r in house.rows]}"]
        if not all(house.row["words"] in r["reason"] for r in house.rows):
            faults.append(f"says {[r['reason'] for r in house.rows]}, not {house.row['words']!r}")
        faults += self.outside(house, house.row["reached"], [b"staffordshire.example"])
        telling, took = self.tell(org, "undelivered staffordshire/front-door", house.seen.first, True)
        print(f"{'WRONG ' if faults or telling else ''}{house.row['name']:26} {house.row['login']:22} {f'{took:4.0f} s' if took else '      '}"
              f"  {house.rows[0]['reason'][:90]}")
        return [(org, *faults, *telling)] if faults or telling else []

    def faults_of_mailbox(self, box):
        faults = []
        if box.seen.clear:
            faults.append(f"outside TLS: {box.seen.clear[:200]}")
        if "cert" in box.how and box.seen.logins:
            faults.append("a login to a server that proved nothing")
        if box.words is None and box.seen.marked | box.seen.moved != box.through:
            faults.append(f"{box.seen.marked} were taken")
        telling, took = self.tell(box.org, box.key, box.first, box.words is not None)
        said = self.started(box.org, box.key)
        if said and box.words not in said[0][2]:
            faults.append(f"says {said[0][2]!r}, not {box.words!r}")
        print(f"{'WRONG ' if faults or telling else ''}mailbox {box.label:18} {','.join(map(str, sorted(box.through))):22} {f'{took:4.0f} s' if took else '      '}"
              f"  {said[0][2][:90] if said else ''}")
        return [(box.label, *faults, *telling)] if faults or telling else []

    def say_worst(self):
        worst = sorted(self.times)[-1]
        print(f"told of {len(self.times)} servers, the last {worst[0]:.1f} s after its first connection: {worst[1]}")

    # ---- and over again

    def cure(self, over):
        """Servers that are well again, and a copy that a person has given up."""
        home = self.gateways[HOME]
        for row in over:
            row.house.cured = row.name != GIVEN_UP
        for found in home.rows():
            row = self.by_organisation.get(found["organisation"])
            if row in over and row.name == GIVEN_UP:
                home.cli("queue", "cancel", found["id"], "--why", "they were told by telephone")
            elif row in over:  # it may have gone by itself meanwhile
                home.cli("queue", "retry", found["id"], "--why", "their server is well again", check=False)

    def clear(self, over):
        """Each is said once to be over, and nothing was lost or doubled."""
        keys = [(HOME, row.key) for row in over] + [(self.again.org, self.again.key)]

        def clears(key):
            with self.lock:
                return [t for t in self.told.get(key, []) if t[1] == "cleared"]
        self.wait("what is over is said", lambda: [key for key in keys if not clears(key)])
        for key in keys:
            self.assertEqual((len(clears(key)), len(self.started(*key))), (1, 1), key)
        for row in over:
            want = 0 if row.name == GIVEN_UP else row.mails
            self.assertEqual(row.house.seen.accepted, want, row.name)
        for org in {b.org for b in self.boxes}:
            mine = [b for b in self.boxes if b.org == org]
            kept = [r for r in self.gateways[org].rows("--all") if r["way"] == "imap" and not r["desk"]]
            self.assertEqual(len(kept), sum(len(b.through) for b in mine), org)  # each once, however often it was offered
        self.assertEqual(self.again.seen.marked, ALL)
        print(f"over after {time.monotonic() - self.began:.0f} s")


if __name__ == "__main__":
    unittest.main(verbosity=1)
