"""The story that ops/cluster-demo tells: three nodes of one organisation share one PostgreSQL with a synchronous standby; a node
dies under load, then the primary; afterwards it is judged what the senders were told and what the recipients got.
"""
import argparse
import base64
import collections
import email
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import postgres
import recipient as https_recipient
import senders
import world as w
from tell import check, checks, say, show, title

HOST, PLACING = "staffordshire", "derbyshire"
NODES = ("node-a", "node-b", "node-c")
DATABASE, KEYS = "wardgate", "wardgate-keys"
TAKEN_OVER_S = 30  # within which a dead node's leases are another's
# who gets each notice: over HTTPS, and by mail
OVER_HTTPS = f"{PLACING}/front-door"
MAILS = {"front-door@staffordshire.example": HOST, "missing@derbyshire-police.example": "derbyshire-police"}
RECIPIENTS = [OVER_HTTPS, *MAILS]
MARKED = re.compile(senders.MARK + r"(\d+)\b")
KIND = re.compile(r'<(?:\w+:)?notice\b[^>]*\bkind="(missing|found)"')
# What the openssl command wants before a copy that came without a mail's head.
AS_MAIL = b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal: the user's, or the terminal's when it closes."""


class Node(w.Gateway):
    """One machine of the organisation: its own folder, sockets and port; keys, policy, directory and database are shared."""

    def __init__(self, world, name, pair):
        super().__init__(world, HOST, w.free_port())
        self.name, self.pair = name, pair
        self.folder = world.folder / name
        self.config, self.log, self.state = self.folder / "gateway.xml", self.folder / "gateway.log", self.folder / "state"

    def set_up(self, peers, mail_port, shared_key):
        self.beside = f'<store driver="postgresql" database="{self.pair.address(DATABASE)}" keys="{self.pair.address(KEYS)}"/>'
        self.write(peers, mail_port, retry=(1, 2, 3600))
        shutil.copy(shared_key, self.folder / "lookup.key")

    def pids(self):
        return w.family(self.process.pid)

    def kill(self):
        """As when its machine loses its power."""
        count = postgres.kill_family(self.process)
        self.process = None
        return count

    def ready(self):
        """What a load balancer asks, without a certificate of its own being known here."""
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(self.world.pki / "staffordshire-police/client.pem", self.world.pki / "staffordshire-police/client.key")
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=10, context=context)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Story:
    def __init__(self, options):
        self.options = options
        self.world = w.World(options.folder or tempfile.mkdtemp(prefix="wardgate-cluster-"))
        self.pair = postgres.Pair(self.world.folder, (DATABASE, KEYS))
        self.recipient, self.load, self.nodes = None, None, []

    # ---- 1

    def set_up(self):
        title("1. Three nodes, one database and its standby, all of it on this machine")
        self.world.make_pki()
        self.pair.start()
        say(f"PostgreSQL {self.pair.version()}: a primary and a standby, made with pg_basebackup; a commit is answered when both have it on "
            f"disk (synchronous_standby_names = '{postgres.STANDBY}').")
        check("the standby is synchronous (pg_stat_replication)", self.pair.is_synchronous())
        mail_port = self.world.start_mail()
        self.recipient = https_recipient.Recipient(self.world.pki, PLACING)
        self.nodes = [Node(self.world, name, self.pair) for name in NODES]
        key = self.world.folder / "lookup.key"
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        for node in self.nodes:
            self.world.gateways[node.name] = node  # so that it is stopped whatever happens
            node.set_up({PLACING: self.recipient}, mail_port, key)
        for node in self.nodes:
            node.start()
        say("Nodes of Staffordshire's gateway: " + ", ".join(f"{n.name} (port {n.port})" for n in self.nodes) + ". The same organisation, keys, "
            "policy and directory; each with a state folder of its own; one database.")
        say(f"Who receives: {OVER_HTTPS} over HTTPS (port {self.recipient.port}), it counts every copy; "
            f"{' and '.join(MAILS)} by mail (port {mail_port}).")
        check("each node says that it is ready (GET /health/ready)", all(n.ready() for n in self.nodes))

    # ---- 2

    def begin(self):
        options = self.options
        title("2. Reports come in, to all three")
        self.load = senders.Load([n.port for n in self.nodes], self.world.pki, options.children, options.senders, options.patience)
        say(f"{options.senders} senders of Staffordshire Police tell of {options.children} children, each missing and later found: "
            f"{self.load.total} notices, each with an Idempotency-Key; who gets no answer from one node asks the next with the same key.")
        self.load.allow(0.2)
        self.load.start()
        self.load.wait(0.2, options.patience)
        counts = self.load.by_port()
        show(", ".join(f"{n.name} acknowledged {counts[n.port]}" for n in self.nodes))
        check("every node takes notices", all(counts[n.port] > 0 for n in self.nodes))

    # ---- 3

    def under_way(self):
        """node -> keys of the copies that it is just handing over, while the recipient does not answer."""
        with self.recipient.lock:
            held = dict(self.recipient.held)
        ports = {n.name: https_recipient.ports_of(n.pids(), self.recipient.port) for n in self.nodes}
        return {name: [key for port, key in held.items() if port in mine] for name, mine in ports.items()}

    def catch(self, share):
        """A node that is just handing copies over, more of them than the others, and the keys of those; load comes up to that share."""
        self.recipient.hold()
        self.load.allow(share)

        def somebody_sends():
            found = self.under_way()
            return found if any(found.values()) else None
        busy = w.wait_for("a node hands a copy over", self.options.patience, somebody_sends)
        victim = max(self.nodes, key=lambda n: len(busy[n.name]))
        return victim, self.under_way()[victim.name]

    def taken_over(self, leased, since):
        """Seconds until the last of these copies came from another node."""
        w.wait_for("what the node had under way comes from another", self.options.patience,
                   lambda: len(self.recipient.came_again(leased, since)) == len(leased))
        took = max(self.recipient.came_again(leased, since).values()) - since
        show(f"taken over after {took:.1f} s (at most {TAKEN_OVER_S} s are allowed)")
        return took

    def kill_node(self):
        title("3. A node dies")
        victim, leased = self.catch(0.5)
        count, died = victim.kill(), time.time()
        say(f"{victim.name} is killed (SIGKILL to its {count} processes) while {len(leased)} of its copies were taken by the recipient and not "
            "yet answered: nobody knows whether they arrived.")
        w.wait_for("the recipient sees that the connections are gone", self.options.patience, lambda: set(leased) <= set(self.recipient.cut))
        self.recipient.release()
        self.load.wait(0.4, self.options.patience)
        say("The senders go on with the other two.")
        took = self.taken_over(leased, died)
        check(f"the dead node's leases are taken over within {self.options.within} seconds: after {took:.1f} s", took <= self.options.within)
        self.load.wait(0.5, self.options.patience)
        self.dead = victim

    # ---- 4

    def kill_primary(self):
        title("4. The primary dies")
        gone = self.pair.primary
        self.load.allow(0.65)
        self.load.wait(0.55, self.options.patience)
        gone.kill()
        killed = time.monotonic()
        self.load.allow(0.8)  # so that there is something to take, however quick all was before
        say("The primary is killed (SIGKILL to all of its processes) under load; the standby is promoted (pg_ctl promote).")
        self.pair.fail_over()
        promoted = time.monotonic()
        first = w.wait_for("a receipt after the promotion", self.options.patience, lambda: next((at for at, _ in self.load.receipts if at > promoted), None))
        show(f"promoted after {promoted - killed:.1f} s; the first receipt {first - promoted:.1f} s later. The nodes found the new primary by themselves.")
        self.load.wait(0.8, self.options.patience)
        w.wait_for("both nodes are ready", self.options.patience, lambda: all(n.ready() for n in self.nodes if n.process is not None))
        check("the nodes go on by themselves on the promoted standby", True)

    # ---- 5

    def come_back(self):
        title("5. The dead node comes back")
        self.dead.start()
        w.wait_for(f"{self.dead.name} is ready", self.options.patience, self.dead.ready)
        check(f"{self.dead.name} starts on what its death left, and says that it is ready", self.dead.ready())
        before = self.load.by_port()[self.dead.port]
        self.load.allow(0.9)
        self.load.wait(0.9, self.options.patience)
        got = self.load.by_port()[self.dead.port] - before
        check(f"it takes notices again ({got})", got > 0)

    # ---- 6

    def hang_node(self):
        title("6. A node hangs, and comes to")
        victim, leased = self.catch(1)
        pids, since, logged = victim.pids(), time.time(), victim.log.stat().st_size
        postgres.tell(pids, signal.SIGSTOP)
        self.recipient.release()
        say(f"{victim.name} is stopped (SIGSTOP) with {len(leased)} copies under way; the recipient answers, and nobody hears it.")
        try:
            took = self.taken_over(leased, since)
        finally:
            postgres.tell(pids, signal.SIGCONT)
        check(f"a hanging node's leases are taken over within {self.options.within} seconds: after {took:.1f} s", took <= self.options.within)
        say(f"{victim.name} goes on (SIGCONT) and does not know that it was given up.")
        w.wait_for(f"{victim.name} has seen it and started anew", self.options.patience, lambda: self.came_to(victim, logged))
        check(f"{victim.name} sees that it was given up, and starts anew by itself", victim.ready())

    def came_to(self, node, logged):
        """Its store process has ended since and is there again; or, where it stood still within a transaction, which PostgreSQL
        ended, it has gone on as a new node."""
        events = [line.get("event") for line in node.log_lines(logged) if line.get("role") == "store"]
        return ("node-given-up" in events or "stopped" in events and events[-1] == "ready") and node.ready()

    # ---- 7

    def settle(self):
        """Until nothing is under way any more."""
        left = None

        def done():
            nonlocal left
            time.sleep(0.2)
            left = self.nodes[0].rows()
            return not left
        try:
            w.wait_for("every copy is delivered", self.options.patience, done)
        except TimeoutError:
            pass  # the checks say what is missing
        return left

    def marked(self, text):
        """Which notice it is: (child, kind)."""
        number, kind = MARKED.search(text), KIND.search(text)
        return (int(number[1]), kind[1]) if number and kind else None

    def opened(self, sealed, organisation):
        """The notice in a copy, opened with its recipient's key by the openssl command."""
        entity = self.world.open_mail(sealed, organisation)
        parts = email.message_from_bytes(entity).walk()
        return "\n".join(part.get_payload(decode=True).decode(errors="replace") for part in parts if part.get_content_maintype() in ("application", "text"))

    def received(self):
        """(time, recipient, reference, notice) of everything that arrived, each once: a mail by its Message-ID, a copy over HTTPS
        by its Idempotency-Key; and how many came again under the same."""
        found, again = [], collections.Counter()
        path = self.world.folder / "copy.p7m"
        for key, (at, body) in self.recipient.copies.items():
            path.write_bytes(AS_MAIL + base64.encodebytes(body))
            found.append((at, OVER_HTTPS, key, self.marked(self.opened(path, PLACING))))
        again[OVER_HTTPS] = len(self.recipient.repeats())
        seen = set()
        for path in self.world.mails():
            mail = email.message_from_bytes(path.read_bytes())
            to, reference = mail["To"].strip("<>"), mail["Message-ID"]
            if to not in MAILS:
                continue  # the gateway's own alerts to its operator
            if (to, reference) in seen:
                again[to] += 1
                continue
            seen.add((to, reference))
            found.append((int(path.name.split(".")[0]) / 1e9, to, reference, self.marked(self.opened(path, MAILS[to]))))
        unread = [f for f in found if f[3] is None]
        if unread:
            raise RuntimeError(f"{len(unread)} copies cannot be told apart, such as {unread[0][:3]}")
        return found, again

    def history(self, received):
        """Everything in the order of the clock, as tests/crash/checker.py reads it."""
        numbers = {which: n for n, which in enumerate(self.load.submitted)}
        lines = [(at, {"event": "submit", "n": n, "body": f"{which[1]}-{which[0]}", "thread": f"child {which[0]}", "to": list(range(len(RECIPIENTS)))})
                 for which, at in self.load.submitted.items() for n in (numbers[which],)]
        lines += [(at, {"event": "ack", "n": numbers[which], "words": receipt}) for which, (at, receipt) in self.load.told.items()]
        lines += [(at, {"event": "got", "n": RECIPIENTS.index(who), "words": reference, "body": f"{which[1]}-{which[0]}"})
                  for at, who, reference, which in received]
        return [json.dumps(line) for _, line in sorted(lines, key=lambda pair: pair[0])]

    def judged(self, lines, name, guilty=False):
        path = self.world.folder / name
        path.write_text("\n".join(lines) + "\n")
        done = subprocess.run([sys.executable, w.ROOT / "tests/crash/checker.py", *(["--expect-guilty"] if guilty else []), path], capture_output=True,
                              text=True)
        if done.returncode != 0:
            show(done.stdout.strip() or done.stderr.strip())
        return done.returncode == 0

    def judge(self):
        title(f"{6 if self.options.short else 7}. Was anything lost?")
        left = self.settle()
        load = self.load
        check(f"every sender has a receipt for every notice ({len(load.told)} of {load.total}; {load.turned} tries went on to another node)",
              len(load.told) == load.total and not load.faults)
        check("nothing is under way any more, on any node", not left)
        received, again = self.received()
        counts = collections.Counter(who for _, who, _, _ in received)
        pairs = collections.Counter((who, which) for _, who, _, which in received)
        for who in RECIPIENTS:
            missing = sum(pairs[who, which] == 0 for which in load.told)
            check(f"{who} has every acknowledged notice ({counts[who]} of {load.total})", missing == 0)
        check(f"over HTTPS each exactly once ({again[OVER_HTTPS]} came again under the key that it has, after an answer was lost, and counted once)",
              all(pairs[OVER_HTTPS, which] == 1 for which in load.told) and not self.recipient.differing)
        mailed = sum(again[who] for who in MAILS)
        check(f"by mail each under one Message-ID ({mailed} came again under it)", all(pairs[who, which] <= 1 for who in MAILS for which in load.told))
        lines = self.history(received)
        check("an independent checker finds nothing lost, doubled, invented or out of order: found never before missing",
              self.judged(lines, "history.jsonl"))
        struck = next(i for i, line in enumerate(lines) if '"got"' in line)
        check("the same checker, with one delivery struck out of the history, says that it was lost",
              self.judged(lines[:struck] + lines[struck + 1:], "history-struck.jsonl", guilty=True))
        verified = [n.cli("audit", "verify", check=False) for n in self.nodes]
        said = {(v.stdout or v.stderr or "no answer").splitlines()[0] for v in verified}
        check(f"the log is one chain, and every node sees the same (wardgate audit verify: {'; '.join(sorted(said))})",
              all(v.returncode == 0 for v in verified) and len(said) == 1)

    def run(self):
        self.set_up()
        self.begin()
        self.kill_node()
        self.kill_primary()
        self.come_back()
        if not self.options.short:
            self.hang_node()
        self.load.allow(1)
        self.load.wait(1, self.options.patience)
        self.judge()

    def close(self):
        if self.load is not None:
            self.load.end()
        if self.recipient is not None:
            self.recipient.release()
        try:
            self.world.close()
        finally:
            if self.recipient is not None:
                self.recipient.stop()
            self.pair.stop()


def summary(story):
    failed = [text for text, ok in checks if not ok]
    title("Summary")
    if not failed:
        say("A node and the database's primary were lost under load{}. Every notice that a sender has a receipt for reached all of its recipients, "
            "over HTTPS once, in order; the log is one chain. The new primary is alone now: make another standby (pg_basebackup), and name it in "
            "synchronous_standby_names; ops/SCALING.md says how.".format("" if story.options.short else ", and a node hung"))
    print(f"\n  {len(checks) - len(failed)} checks passed, {len(failed)} failed")
    for text in failed:
        print(f"  FAILED: {text}")
    print(f"""
  Everything it made is in {story.world.folder}:
    node-a/, node-b/, node-c/   each node: gateway.xml, directory.xml, state/, gateway.log
    postgresql/                 both servers' data and logs
    history.jsonl               what the senders were told and what the recipients got
    maildir/ADDRESS/new/        the sealed mails
""")
    return 0 if not failed else 1


def faults(story):
    """The last words of each node's log that tell of a fault."""
    for node in story.nodes:
        told = [line for line in (node.log_lines() if node.log.exists() else ()) if line.get("level") in ("error", "warning")]
        for line in told[-3:]:
            yield f"  {node.name}: " + json.dumps(line)


def arguments():
    parser = argparse.ArgumentParser(prog="ops/cluster-demo")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--children", type=int, default=300)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--patience", type=int, default=180, help="seconds until something that does not come is given up")
    parser.add_argument("--within", type=int, default=TAKEN_OVER_S, help="seconds in which a dead node's leases are taken over")
    parser.add_argument("--short", action="store_true", help="without the node that hangs")
    return parser.parse_args()


def stop(number, _frame):
    """However the demo is ended, what it started is ended too."""
    for once in ENDINGS:
        signal.signal(once, signal.SIG_IGN)
    raise Ended(number)


def main():
    options = arguments()
    sys.stdout.reconfigure(line_buffering=True)
    for number in ENDINGS:
        signal.signal(number, stop)
    story, status = Story(options), 1
    try:
        story.run()
        status = summary(story)
    except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError, KeyError, ValueError) as fault:
        print(f"\nThe demo stopped: {fault}", *faults(story), f"Everything it made, with the logs, is in {story.world.folder}", sep="\n", file=sys.stderr)
    except Ended as end:
        status = 128 + end.args[0]
        print(f"\nStopped; everything it made is in {story.world.folder}")
    finally:
        story.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
