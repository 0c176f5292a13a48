"""A small world on loopback: a throwaway authority, two gateways (a placing and a host authority's) and a mail server.

Used by ops/demo, ops/bench, ops/torture and the end-to-end tests. Everything it makes is in one folder; everything it
starts is ended by process id. Only the Python standard library.
"""
import json
import os
import pathlib
import secrets
import signal
import subprocess
import time

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]

COUNCILS = {"derbyshire": ("830", "Derbyshire County Council (example)"), "staffordshire": ("860", "Staffordshire County Council (example)")}
FORCES = {
    "derbyshire-police": ("E23000018", "830 831", "Derbyshire Constabulary (example)"),
    "staffordshire-police": ("E23000015", "860 861", "Staffordshire Police (example)"),
}
# What comes is waited for at least so long: a machine that does much else may let a process stand for a while.
PATIENCE_S = 150
START_TRIES = 5  # a role that ended by itself so often before its gateway was ready will not come up


def wait_for(what, seconds, probe):
    """Calls probe until it answers something true, more seldom the longer it takes: whoever asks all the time keeps those from
    their work for whom it waits. Says what was waited for when it never comes."""
    seconds = max(seconds, PATIENCE_S)
    start = now = time.monotonic()
    while now < start + seconds:
        answer = probe()
        if answer:
            return answer
        took = time.monotonic() - now
        time.sleep(max(took, min(0.25, 0.05 + (now - start) / 40)))
        now = time.monotonic()
    raise TimeoutError(f"{what}: not after {seconds} s")


def family(pid):
    """That process and all that descend from it and live."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def parent(pid):
    """Whose child a process is; FileNotFoundError when there is none with that number."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


class Peer:
    """A server program that prints `port N` when it is ready, and ends when its standard input does."""

    def __init__(self, argv, log, environment=None):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=os.environ | (environment or {}))
        line = self.process.stdout.readline().split()
        if len(line) < 2 or line[0] != "port":
            raise RuntimeError(f"{argv[1] if len(argv) > 1 else argv[0]} did not start; see {log}")
        self.port = int(line[1])

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


class Gateway:
    """One wardgate with its own folder, keys and directory."""

    def __init__(self, world, organisation, port):
        self.world, self.organisation, self.port = world, organisation, port
        self.folder = world.folder / organisation
        self.config = self.folder / "gateway.xml"
        self.log = self.folder / "gateway.log"
        self.state = self.folder / "state"
        self.process = None
        self.mail = ""  # further attributes of <mail>
        self.intake, self.beside = "", ""  # further elements of <intake>, and beside <deliver>
        self.own = {}  # desk -> channel="..." and what belongs to it: how it reaches a desk of its own
        self.roles_wanted = {"store", "process", "deliver", "intake"}

    url = property(lambda self: f"https://localhost:{self.port}/v1/notices")

    def write(self, gateways, mail_port, drops=(), retry=(1, 4, 3600)):
        """gateways: organisation -> Gateway, those that other gateways reach by HTTPS."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "lookup.key").write_bytes(secrets.token_bytes(32))
        (self.folder / "lookup.key").chmod(0o600)
        (self.folder / "directory.xml").write_text(self.directory(gateways))
        pki = self.world.pki
        mine = pki / self.organisation
        folders = "".join(f'\n    <drop folder="{self.folder}/drop-{who}" organisation="{who}"/>' for who in drops)
        self.config.write_text(f"""<?xml version="1.0" encoding="UTF-8"?>
<gateway xmlns="urn:wardgate:config:1" organisation="{self.organisation}" state="state">
  <policy file="{self.world.policies}/{self.world.policy}.xml"/>
  <directory file="directory.xml"/>
  <storage certificate="{mine}/storage.pem" key="{mine}/storage.key"/>
  <smime certificate="{mine}/smime.pem" key="{mine}/smime.key" ca="{pki}/ca.pem"/>
  <lookup key="lookup.key"/>
  <intake>
    <https address="127.0.0.1" port="{self.port}" certificate="{mine}/server.pem" key="{mine}/server.key" client-ca="{pki}/ca.pem"/>{self.intake}{folders}
  </intake>
  <deliver>
    <mail host="localhost" port="{mail_port}" ca="{pki}/ca.pem" from="gateway@{self.organisation}.example"{self.mail}/>
    <https certificate="{mine}/client.pem" key="{mine}/client.key" ca="{pki}/ca.pem"/>
    <retry first="{retry[0]}" most="{retry[1]}" give-up="{retry[2]}"/>
  </deliver>
  {self.beside}
  <samples allowed="true"/>
</gateway>
""")

    def directory(self, gateways):
        pki = self.world.pki
        out = ['<?xml version="1.0" encoding="UTF-8"?>\n<directory xmlns="urn:wardgate:directory:1" version="demo">']
        rows = [(o, "council", f'code="{c}"', n, {"front-door": "front-door"}) for o, (c, n) in COUNCILS.items()]
        rows += [(o, "police", f'code="{c}" areas="{a}"', n, {"missing": "police-missing"}) for o, (c, a, n) in FORCES.items()]
        rows += [(o, *rest) for o, rest in self.world.others.items()]
        for org, kind, attributes, name, desks in rows:
            out.append(f"""  <organisation id="{org}" kind="{kind}" {attributes}>
    <name>{name}</name>
    <domain>{org}.example</domain>
    <client dns="{org}.example"/>
    <signer certificate="{pki}/{org}/smime.pem"/>""")
            for number, (desk, roles) in enumerate((desks | self.world.desks.get(org, {})).items()):
                peer = gateways.get(org) if number == 0 else None
                how = (f'channel="https" url="{peer.url}"' if peer is not None and peer is not self
                       else f'channel="mail" address="{desk}@{org}.example"')
                how = self.own.get(desk, how) if org == self.organisation else self.world.how.get((org, desk), how)
                suspended = ' suspended="true"' if (org, desk) in self.world.suspended else ""
                certificate = pki / self.world.certificates.get((org, desk), f"{org}/smime.pem")
                out.append(f'    <desk name="{desk}" roles="{roles}" {how} certificate="{certificate}" telephone="01632 960999"'
                           f'{suspended}/>')
            out.append("  </organisation>")
        return "\n".join(out) + "\n</directory>\n"

    def start(self):
        self.started_at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.world.program, "serve", "--config", self.config], stderr=log, stdout=log,
                                            stdin=subprocess.DEVNULL, env=self.world.env())
        self.wait_ready()

    def log_lines(self, offset=0):
        """The lines after that offset, but for one that is just being written."""
        for line in self.log.read_bytes()[offset:].rpartition(b"\n")[0].decode(errors="replace").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                yield {"event": "not-json", "line": line}

    def wait_ready(self, seconds=60):
        def ready():
            lines = list(self.log_lines(self.started_at))
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway of {self.organisation} ended with {self.process.returncode}; see {self.log}")
            up = {l.get("role") for l in lines if l.get("event") == "ready"}
            ends = [l["child"] for l in lines if l.get("event") == "ended" and l["how"].startswith("exit ") and l["child"] not in up]
            if len(ends) >= START_TRIES:
                raise RuntimeError(f"the gateway of {self.organisation}: {ends[-1]} does not start; see {self.log}")
            return self.roles_wanted <= up
        wait_for(f"the gateway of {self.organisation} is ready (log: {self.log})", seconds, ready)

    def stop(self, seconds=PATIENCE_S):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(seconds)
        self.process = None

    def roles(self):
        """role -> pid of what runs now, from the supervisor's log."""
        found = {}
        for line in self.log_lines(self.started_at):
            if line.get("event") == "started":
                found[line["child"]] = int(line["pid"])
        return found

    def worker(self, number):
        """The pid of a worker of the process role, from its log; None: there is none yet."""
        found = None
        for line in self.log_lines(self.started_at):
            if line.get("event") == "worker-started" and line.get("worker") == str(number):
                found = int(line["pid"])
        return found

    def kill_worker(self, number):
        """SIGKILL to one worker of the process role, and waits for the next; one that ended with its role just then is let go."""
        def killed():
            pid = self.worker(number)
            try:
                if parent(pid) != self.roles()["process"]:
                    return None
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, FileNotFoundError):
                return None
            return pid
        pid = wait_for(f"worker {number} runs", 30, killed)
        wait_for(f"worker {number} runs again", 30, lambda: self.worker(number) != pid)

    def kill_role(self, role):
        """SIGKILL to a role, and waits for the next; one that ends by itself just then (its store was killed) is let go."""
        def killed():
            pid = self.roles()[role]
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return None
            return pid
        pid = wait_for(f"{role} runs", 30, killed)
        wait_for(f"{role} runs again", 30, lambda: self.roles()[role] != pid)

    def cli(self, *words, check=True, text=True, **more):
        more.setdefault("env", self.world.env())
        done = subprocess.run([self.world.program, *words, "--config", self.config], capture_output=True, text=text, **more)
        if check and done.returncode not in (0, 10):
            raise RuntimeError(f"wardgate {' '.join(map(str, words))}: {done.stderr}")
        return done

    def rows(self, *words):
        return [json.loads(line) for line in self.cli("queue", "list", "--json", *words).stdout.splitlines()]

    def deliveries(self, message):
        return [r for r in self.rows("--all") if r["message"] == message and r["desk"]]

    def drop(self, who, name, data):
        """Hands a file over as the drop folder's rule says: written under tmp/, renamed into new/."""
        base = self.folder / f"drop-{who}"
        part = base / "tmp" / name
        part.write_bytes(data)
        os.rename(part, base / "new" / name)
        return base / "new" / (name + ".receipt.json")


class World:
    def __init__(self, folder, program=None):
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pki = self.folder / "certs"
        self.program = pathlib.Path(program or os.environ.get("WARDGATE", ROOT / "build/release/bin/wardgate"))
        self.gateways, self.mail = {}, None
        self.others = {}        # organisation -> (kind, attributes, name, {desk: roles}) beside the councils and forces
        self.desks = {}         # organisation -> {desk: roles}: further desks, reached by mail
        self.suspended = set()  # (organisation, desk)
        self.how = {}           # (organisation, desk) -> channel="..." and what belongs to it, for the other gateways
        self.certificates = {}  # (organisation, desk) -> another certificate of that desk, below the folder of certificates
        self.postfix_environment = {}
        self.policies = ROOT / "policy"
        self.environment = {}   # of the gateways and their commands, beside what all have
        self.outside = {}       # of what everybody else runs
        self.policy = "staffordshire-stoke"
        self.days = 90          # for which the certificates are good

    def env(self, outside=False):
        return os.environ | (self.outside if outside else self.environment)

    def make_pki(self):
        more = [word for org in self.others for word in ("--organisation", org)]
        subprocess.run([ROOT / "certs-example/make", self.pki, "--days", str(self.days), *more], check=True, stdout=subprocess.DEVNULL,
                       env=self.env(outside=True) | ({"WARDGATE_CERTS_CACHE": ""} if self.outside else {}))  # of another time than the others

    def start_mail(self):
        """The small mail server; the port it listens on."""
        self.mail = Peer(["/usr/bin/python3", ROOT / "tests/peers/maildir_smtpd.py", self.folder / "maildir", self.pki / "mail/server.pem",
                          self.pki / "mail/server.key"], self.folder / "mail.log")
        return self.mail.port

    def start_postfix(self):
        """A real Postfix; its users must be able to pass through the folders above."""
        self.folder.chmod(0o711)
        self.mail = Peer([ROOT / "tests/peers/postfix.sh", self.folder / "postfix", str(free_port()), self.pki], self.folder / "postfix.log",
                         self.postfix_environment)
        if self.mail.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"Postfix did not get ready; see {self.folder}/postfix.log")
        return self.mail.port

    def make_gateways(self, mail_port, organisations=("staffordshire", "derbyshire"), drops=(), prepare=None, **more):
        """prepare: called with each before anything of it is written."""
        for org in organisations:
            self.gateways[org] = Gateway(self, org, free_port())
            if prepare is not None:
                prepare(self.gateways[org])
        for gateway in self.gateways.values():
            gateway.write(self.gateways, mail_port, drops, **more)
        return [self.gateways[o] for o in organisations]

    def submit(self, gateway, path, who, check=True):
        """As `who`, with its client certificate; the message id of the receipt."""
        mine = self.pki / who
        done = subprocess.run([self.program, "submit", "--json", "--url", gateway.url, "--certificate", mine / "client.pem",
                               "--key", mine / "client.key", "--ca", self.pki / "ca.pem", path], capture_output=True, text=True, env=self.env(outside=True))
        if done.returncode == 0:
            return json.loads(done.stdout)["accepted"]
        if check:
            raise RuntimeError(done.stderr.strip())
        return None

    def mails(self):
        """Every mail that arrived, whichever server took it."""
        found = sorted(p for pattern in ("maildir/*/new/*", "postfix/mail/all/new/*") for p in self.folder.glob(pattern))
        # what the mail server itself reports to the gateway holds a copy's reference too, and is no copy
        return [p for p in found if b"multipart/report" not in p.read_bytes().partition(b"\n\n")[0]]

    def open_mail(self, path, organisation):
        """What the recipient sees, opened and verified by the openssl command: the inner MIME entity, as bytes."""
        mine = self.pki / organisation
        inner = subprocess.run(["openssl", "cms", "-decrypt", "-in", path, "-recip", mine / "smime.pem", "-inkey", mine / "smime.key"],
                               capture_output=True, env=self.env(outside=True))
        if inner.returncode != 0:
            raise RuntimeError(f"openssl cms -decrypt: {inner.stderr.decode()}")
        done = subprocess.run(["openssl", "cms", "-verify", "-CAfile", self.pki / "ca.pem", "-purpose", "smimesign"], input=inner.stdout,
                              capture_output=True, env=self.env(outside=True))
        if done.returncode != 0:
            raise RuntimeError(f"openssl cms -verify: {done.stderr.decode()}")
        return done.stdout

    def close(self):
        for gateway in self.gateways.values():
            try:
                gateway.stop()
            except subprocess.TimeoutExpired:
                gateway.process.kill()
        if self.mail is not None:
            self.mail.stop()
