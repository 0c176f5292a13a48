#!/usr/bin/env python3
"""Notices under load while roles of two gateways are killed at random; afterwards an independent check that reads what the
clients were told, the databases, the mailboxes and the log, and says: lost, doubled, out of order, illegal.

usage: chaos.py [--notices N] [--kills K] [--seed S] [--seconds S] [--folder DIR] [--postfix]
The last line is `N passed, N failed`.
"""
import argparse
import collections
import email
import http.client
import json
import os
import pathlib
import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

ROLES = ("store", "intake", "process", "deliver")
WORKERS = 3  # of the process role, whatever this machine has
FINAL = {"handed-over", "received", "acknowledged", "withheld", "failed", "recalled", "superseded"}


def notice(number, kind, run):
    """Child number N, missing or found; the pair shares a police reference, so that it is one episode."""
    body = {
        "missing": """<missing><last-seen><when value="2026-11-20T20:30:00Z" precision="minute">20/11/2026 20:30</when><where>Bus stop, Madeup Road</where></last-seen>
    <circumstances>Left after tea.</circumstances></missing>""",
        "found": """<found><when value="2026-11-21T02:30:00Z" precision="minute">21/11/2026 02:30</when><where>Railway station, Exampleton</where></found>""",
    }[kind]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="{number:026d}" kind="{kind}" version="1">
  <header><sender organisation="staffordshire-police"/><marking>OFFICIAL-SENSITIVE</marking></header>
  <episode><police-reference force="Staffordshire Police">CHAOS-{run}-{number}</police-reference><risk>HIGH</risk></episode>
  <child looked-after="true"><name><full>Tess{number} Example{number}</full></name><date-of-birth>2011-03-14</date-of-birth></child>
  <authorities><placing>830</placing><host>860</host><police area="placing">E23000018</police><police area="host">E23000015</police></authorities>
  {body}
</notice>
""".encode()


class Client(threading.Thread):
    """Submits its share, each until it has a receipt, whatever breaks on the way; keeps what it was told."""

    def __init__(self, gateway, pki, items, deadline, progress):
        super().__init__(daemon=True)
        self.gateway, self.items, self.deadline, self.progress = gateway, items, deadline, progress
        self.context = ssl.create_default_context(cafile=pki / "ca.pem")
        self.context.load_cert_chain(pki / "staffordshire-police/client.pem", pki / "staffordshire-police/client.key")
        self.told = []          # (number, kind, id)
        self.tries, self.port = 0, gateway.port
        self.fault = None

    def once(self, number, kind, data):
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=20, context=self.context)
        try:
            connection.request("POST", "/v1/notices", data, {"Content-Type": "application/xml", "Idempotency-Key": f"{kind}-{number}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 202:
                return json.loads(body)["id"]
            if answer.status != 503:
                raise RuntimeError(f"{answer.status}: {body[:300]}")
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            connection.close()
        return None

    def run(self):
        try:
            for i, (number, kind, data) in enumerate(self.items):
                while i > self.progress() * len(self.items) and time.monotonic() < self.deadline:
                    time.sleep(0.02)  # so that the kills fall among the submissions, not after them
                while True:
                    self.tries += 1
                    receipt = self.once(number, kind, data)
                    if receipt is not None:
                        self.told.append((number, kind, receipt))
                        break
                    if time.monotonic() > self.deadline:
                        raise TimeoutError(f"no receipt for {kind} {number}")
                    time.sleep(0.05)
        except (RuntimeError, TimeoutError) as fault:
            self.fault = fault


class Killer(threading.Thread):
    def __init__(self, gateways, kills, pause, dice):
        super().__init__(daemon=True)
        self.gateways, self.kills, self.pause, self.dice = gateways, kills, pause, dice
        self.done = collections.Counter()

    def progress(self):
        """How much of the killing is done; a little ahead, so that the last notices meet kills too."""
        return sum(self.done.values()) / self.kills * 1.1 + 0.02 if self.kills else 1

    def run(self):
        while sum(self.done.values()) < self.kills:
            gateway, role = self.dice.choice(self.gateways), self.dice.choice((*ROLES, "worker", "worker"))
            above = gateway.roles().get("process") if role == "worker" else gateway.process.pid
            pid = gateway.worker(self.dice.randrange(WORKERS)) if role == "worker" else gateway.roles().get(role)
            try:
                # only what is still the child of this gateway's supervisor, or of its process role: a number may have been used again
                if w.parent(pid) == above:
                    os.kill(pid, signal.SIGKILL)
                    self.done[f"{gateway.organisation} {role}"] += 1
            except (OSError, ValueError):
                pass
            time.sleep(self.dice.uniform(0, 2 * self.pause))


class Verdict:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, what, faults):
        if faults:
            self.failed += 1
            print(f"FAILED {what}: {len(faults)}, e.g. {list(faults)[:3]}")
        else:
            self.passed += 1
            print(f"ok     {what}")


def database(gateway):
    db = sqlite3.connect(f"file:{next(gateway.state.glob('*.db'))}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def unfinished(gateway):
    health = gateway.rows()
    return len(health)


def legal_transitions():
    """from -> {to}, read from the table of gateway/store/STATES.md, one for messages and one for deliveries."""
    tables, current = {"message": collections.defaultdict(set), "delivery": collections.defaultdict(set)}, None
    for line in (ROOT / "gateway/store/STATES.md").read_text().splitlines():
        if line.startswith("#"):
            words = line.lower()
            current = "message" if "message" in words else "delivery" if "deliver" in words else current
        cells = [c.strip().strip("`") for c in line.strip().strip("|").split("|")]
        if line.startswith("|") and current and len(cells) >= 2:
            tables[current][cells[0]].add(cells[1])
    return tables


def judge(verdict, host, placing, clients, count):
    told = {(n, k): i for c in clients for n, k, i in c.told}
    verdict.check("every client got a receipt for every notice", [c.fault for c in clients if c.fault] or ([] if len(told) == 2 * count else [len(told)]))
    for gateway in (host, placing):
        done = gateway.cli("audit", "verify", check=False)
        verdict.check(f"audit verify of {gateway.organisation}: {(done.stdout or done.stderr).splitlines()[0]}", [] if done.returncode == 0 else [done.stderr])
    db, other = database(host), database(placing)
    messages = {r["id"]: r for r in db.execute("SELECT * FROM message")}
    verdict.check("every acknowledged notice is in the store (none lost)", [i for i in told.values() if i not in messages])
    verdict.check("no notice is there twice or unasked (none invented)", [i for i in messages if i not in set(told.values())])
    verdict.check("every message is routed", [(r["id"], r["state"], r["reason"]) for r in messages.values() if r["state"] != "routed"])
    deliveries = list(db.execute("SELECT d.*, m.id AS mid, m.seq AS mseq FROM delivery d JOIN message m ON m.seq = d.message"))
    live = [d for d in deliveries if d["state"] != "superseded"]
    per = collections.Counter((d["mid"], d["recipient"]) for d in live)
    verdict.check("three deliveries per notice, one per recipient", [k for k, n in per.items() if n != 1] or
                  ([] if len(per) == 6 * count else [f"{len(per)} of {6 * count}"]))
    verdict.check("every delivery is at its end", [(d["id"], d["state"], d["reason"]) for d in live if d["state"] not in ("handed-over", "received")])
    records = {r[0] for r in db.execute("SELECT delivery FROM disclosure")}
    verdict.check("every delivery has its disclosure record", [d["id"] for d in deliveries if d["seq"] not in records])
    arrived = list(other.execute("SELECT * FROM message"))
    verdict.check("none doubled, none lost over HTTPS: the other gateway has each once", [] if len(arrived) == 2 * count else [f"{len(arrived)} of {2 * count}"])
    verdict.check("the other gateway routed each", [(r["id"], r["state"], r["reason"]) for r in arrived if r["state"] != "routed"])
    for gateway, base in ((host, db), (placing, other)):
        out_of_order(verdict, gateway, base)
        base.close()
    return deliveries


def out_of_order(verdict, gateway, db):
    """Per episode and recipient the hand-overs in the log follow the accept order; and every logged change is in the table."""
    rows = {d["id"]: (d["episode"], d["recipient"], d["mseq"]) for d in
            db.execute("SELECT d.id, d.episode, d.recipient, m.seq AS mseq FROM delivery d JOIN message m ON m.seq = d.message")}
    last, faults, table, at, illegal = {}, [], legal_transitions(), {}, []
    for e in db.execute("SELECT * FROM log ORDER BY seq"):
        if e["delivery"] and e["state"] in ("handed-over", "received"):
            episode, recipient, mseq = rows[e["delivery"]]
            if last.get((episode, recipient), 0) > mseq:
                faults.append((e["delivery"], recipient))
            last[episode, recipient] = mseq
        if e["state"]:
            what, key = ("delivery", e["delivery"]) if e["delivery"] else ("message", e["message"])
            before = at.get(key)
            if before and before != e["state"] and e["state"] not in table[what][before]:
                illegal.append((key, before, e["state"]))
            at[key] = e["state"]
    verdict.check(f"{gateway.organisation}: found never overtook missing", faults)
    verdict.check(f"{gateway.organisation}: every change of state is in STATES.md", illegal)


def judge_mail(verdict, world, deliveries, count):
    """Each mail delivery arrived; more than once only under the same Message-ID and where the gateway itself says that it may have."""
    arrived = collections.Counter()
    for path in world.mails():
        message = email.message_from_bytes(path.read_bytes())
        arrived[message["Message-ID"].strip("<>").split("@")[0]] += 1
    mails = [d for d in deliveries if d["channel"] == "mail" and d["state"] == "handed-over"]
    names = {f"{d['mid']}.{d['organisation']}.{d['desk']}": d for d in mails}
    verdict.check("every mail handed over is in a mailbox", [n for n in names if arrived[n] == 0])
    verdict.check("a mail came twice only where its delivery may have arrived before", [n for n, d in names.items() if arrived[n] > 1 and not d["maybe"]])
    print(f"mails: {sum(arrived.values())} of which second copies under the same Message-ID: {sum(n - 1 for n in arrived.values())}")


def main():
    parser = argparse.ArgumentParser(prog="chaos.py")
    parser.add_argument("--notices", type=int, default=1000, help="children; each is reported missing, then found")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--seconds", type=int, default=3000, help="give up after this long")
    parser.add_argument("--pause", type=float, default=0.25, help="mean pause between kills in seconds")
    parser.add_argument("--folder")
    parser.add_argument("--postfix", action="store_true", help="mail to a real Postfix instead of the small server")
    options = parser.parse_args()
    children = max(1, options.notices // 2)
    folder = options.folder or tempfile.mkdtemp(prefix="wardgate-chaos-")
    deadline = time.monotonic() + options.seconds
    print(f"seed {options.seed}, {2 * children} notices of {children} children, {options.kills} kills, folder {folder}", flush=True)
    dice, verdict, world = random.Random(options.seed), Verdict(), w.World(folder)
    world.make_pki()
    try:
        host, placing = world.make_gateways(world.start_postfix() if options.postfix else world.start_mail())
        for gateway in (host, placing):
            gateway.config.write_text(gateway.config.read_text().replace("<samples", f'<process workers="{WORKERS}"/><samples'))
            gateway.start()
        items = [(n, k, notice(n, k, options.seed)) for n in range(children) for k in ("missing", "found")]
        share = [[i for i in items if i[0] % 8 == c] for c in range(8)]
        killer = Killer([host, placing], options.kills, options.pause, dice)
        clients = [Client(host, world.pki, s, deadline, killer.progress) for s in share]
        for thread in (*clients, killer):
            thread.start()
        while killer.is_alive() and time.monotonic() < deadline:
            killer.join(10)
            print(f"  {sum(killer.done.values())} kills, {sum(len(c.told) for c in clients)} receipts", flush=True)
        for client in clients:
            client.join(max(1, deadline - time.monotonic()))
        for gateway in (host, placing):
            w.wait_for(f"{gateway.organisation} has nothing unfinished", max(1, deadline - time.monotonic()), lambda g=gateway: unfinished(g) == 0)
        verdict.check(f"at least {options.kills} kills: {dict(killer.done)}", [] if sum(killer.done.values()) >= options.kills else [killer.done])
        for gateway in (host, placing):
            gateway.stop()
        deliveries = judge(verdict, host, placing, clients, children)
        judge_mail(verdict, world, deliveries, children)
    except (TimeoutError, RuntimeError) as fault:
        verdict.check("the run came to its end", [fault])
    finally:
        world.close()
    if verdict.failed:
        print(f"seed {options.seed}; everything is in {folder}")
    elif options.folder is None:
        subprocess.run(["rm", "-rf", folder], check=True)
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
