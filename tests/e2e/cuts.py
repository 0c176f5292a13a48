#!/usr/bin/env python3
"""Submissions while connections are cut at random moments on every side: between the submitting agencies and the gateway,
between the gateway and the other gateway that it pushes to, and between the gateway and its mail server (a real
Postfix). One desk is reached by mail that Postfix hands to the other gateway by LMTP. Afterwards an independent check
reads what the clients were told, both databases and the mailboxes: none lost, over HTTPS each exactly once, a mail twice
only where the gateway says that the answer was lost and only under one Message-ID, which the receiving gateway folds.

usage: cuts.py [--notices N] [--share P] [--seed S] [--seconds S] [--folder DIR]
The last line is `N passed, N failed`.
"""
import argparse
import asyncio
import collections
import email
import math
import os
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "ops/lib"), str(ROOT / "tests/e2e")]
import chaos
import world as w

# Of the connections that are kept for many copies: every one has to be cut sooner or later, or there is little to see.
KEPT = 1
MOST = 200000  # bytes that a connection may carry before it is cut
RESET = struct.pack("ii", 1, 0)


class Cutter(threading.Thread):
    """A port that passes bytes to another one, TLS and all, and ends a share of its connections at a random byte or
    after a random pause, by a reset or an ordinary end, in the direction that happens to be flowing."""

    def __init__(self, target, share, dice):
        super().__init__(daemon=True)
        self.target, self.share, self.dice = target, share, dice
        self.connections, self.cut, self.open = 0, collections.Counter(), True
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.port = None

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()

    def begin(self):
        self.start()
        self.ready.wait()
        return self.port

    def end(self, writer, how):
        if how == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        else:
            writer.close()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        doomed = self.open and self.dice.random() < self.share
        # small numbers fall into the handshake, large ones into a body or behind many requests
        left = [int(math.exp(self.dice.uniform(math.log(50), math.log(MOST))))] if doomed else [math.inf]
        how = self.dice.choice(["reset", "end"])
        after = self.dice.uniform(0.001, 2) if doomed and self.dice.random() < 0.2 else None
        tasks = [asyncio.ensure_future(self.pump(reader, back, left)), asyncio.ensure_future(self.pump(there, writer, left))]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=after)
        if doomed and (not done or left[0] <= 0):
            self.cut[how] += 1
        else:
            how = "end"
            if pending:  # one side has ended: the other may still say something
                await asyncio.wait(pending, timeout=5)
        for task in tasks:
            task.cancel()
        for side in (writer, back):
            self.end(side, how)

    async def pump(self, reader, writer, left):
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    return
                if len(data) >= left[0]:
                    writer.write(data[:int(left[0])])
                    left[0] = 0
                    return
                left[0] -= len(data)
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            return


def judge(verdict, gateways, clients, count):
    host, placing, police = gateways
    told = {(n, k): i for c in clients for n, k, i in c.told}
    verdict.check("every client got a receipt for every notice", [c.fault for c in clients if c.fault] or ([] if len(told) == count else [len(told)]))
    for gateway in gateways:
        done = gateway.cli("audit", "verify", check=False)
        verdict.check(f"audit verify of {gateway.organisation}: {(done.stdout or done.stderr).splitlines()[0]}", [] if done.returncode == 0 else [done.stderr])
    db, other, third = map(chaos.database, gateways)
    messages = {r["id"]: r for r in db.execute("SELECT * FROM message WHERE way = 'https'")}
    verdict.check("none lost: every acknowledged notice is in the store", [i for i in told.values() if i not in messages])
    verdict.check("none invented: nothing is there that no client was told of", [i for i in messages if i not in set(told.values())])
    verdict.check("every notice is routed", [(r["id"], r["state"], r["reason"]) for r in messages.values() if r["state"] != "routed"])
    deliveries = [d for d in db.execute("SELECT d.*, m.id AS mid FROM delivery d JOIN message m ON m.seq = d.message WHERE m.way = 'https'")
                  if d["state"] != "superseded"]
    ends = ("handed-over", "received", "opened", "acknowledged")
    verdict.check("every copy reached its recipient", [(d["id"], d["recipient"], d["state"], d["reason"]) for d in deliveries if d["state"] not in ends])
    pushed = [d for d in deliveries if d["channel"] == "https"]
    arrived = collections.Counter(r["way"] for r in other.execute("SELECT way FROM message"))
    verdict.check(f"over HTTPS exactly once: {len(pushed)} copies, {arrived['https']} messages there", [] if arrived["https"] == len(pushed) > 0 else [arrived])
    mailed = [d for d in deliveries if d["recipient"] == "derbyshire-police/missing"]
    lmtp = list(third.execute("SELECT id, state, reason FROM message WHERE way = 'lmtp'"))
    routed = [r for r in lmtp if r["state"] == "routed"]
    strays = [(r["id"], r["state"], r["reason"]) for r in lmtp if r["state"] not in ("routed", "duplicate")]
    maybe = sum(1 for d in mailed if d["maybe"])
    verdict.check(f"a mail that came twice was folded into one: {len(mailed)} copies, {len(lmtp)} mails, {len(lmtp) - len(routed)} folded",
                  strays or ([] if len(routed) == len(mailed) > 0 and len(lmtp) - len(routed) <= maybe else [(len(routed), len(mailed), maybe)]))
    for base in (db, other, third):
        base.close()
    return deliveries


def judge_mail(verdict, world, deliveries):
    arrived = collections.Counter()
    for path in world.mails():
        message = email.message_from_bytes(path.read_bytes())
        arrived[message["Message-ID"].strip("<>").split("@")[0]] += 1
    names = {f"{d['mid']}.{d['organisation']}.{d['desk']}": d for d in deliveries if d["channel"] == "mail" and d["recipient"] != "derbyshire-police/missing"}
    verdict.check(f"every mail handed over is in a mailbox ({len(names)})", [n for n in names if arrived[n] == 0])
    verdict.check("a mail came twice only where its answer was lost", [n for n, d in names.items() if arrived[n] > 1 and not d["maybe"]])
    print(f"mails: {sum(arrived.values())}, second copies under the same Message-ID: {sum(n - 1 for n in arrived.values())}, "
          f"answers lost: {sum(1 for d in names.values() if d['maybe'])}")


def without_deadlines(folder):
    """The policies, but nobody has to confirm: among thousands of notices that no person answers the ladder's own notices
    would soon be most of the traffic. test_deadlines.py is about them."""
    shutil.copytree(ROOT / "policy", folder)
    for path in folder.glob("*.xml"):
        path.write_text(re.sub(r"<deadline\b.*?</deadline>", "", path.read_text(), flags=re.DOTALL))
    return folder


def queue_is_empty(world):
    return subprocess.run(["postqueue", "-c", world.folder / "postfix/etc", "-j"], capture_output=True, text=True, check=True).stdout == ""


def make_world(folder, share, dice):
    world = w.World(folder)
    world.make_pki()
    world.policies = without_deadlines(world.folder / "policy")
    lmtp = world.folder / "mail-in/lmtp"
    lmtp.parent.mkdir()
    shutil.chown(lmtp.parent, group="postfix")
    lmtp.parent.chmod(0o2750)  # the socket gets the group of its folder
    world.postfix_environment = {"WG_LMTP": str(lmtp), "WG_LMTP_FOR": "missing@derbyshire-police.example"}
    mail = Cutter(world.start_postfix(), KEPT, dice)
    for org in ("staffordshire", "derbyshire", "derbyshire-police"):
        world.gateways[org] = w.Gateway(world, org, w.free_port())
    host, placing, police = world.gateways.values()
    submit, push = Cutter(host.port, share, dice), Cutter(placing.port, KEPT, dice)
    for cutter in (mail, submit, push):
        cutter.begin()
    police.intake = f'\n    <lmtp socket="{lmtp}"/>'
    world.how["derbyshire-police", "missing"] = 'channel="mail" address="missing@derbyshire-police.example"'
    police.own["missing"] = 'channel="mail" address="report@derbyshire-police.example"'
    world.how["derbyshire", "front-door"] = f'channel="https" url="https://localhost:{push.port}/v1/notices"'
    for gateway in world.gateways.values():
        gateway.write(world.gateways, mail.port)
    return world, submit, (submit, push, mail)


def main():
    parser = argparse.ArgumentParser(prog="cuts.py")
    parser.add_argument("--notices", type=int, default=10000)
    parser.add_argument("--share", type=float, default=0.3, help="of the connections that are cut")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--seconds", type=int, default=3000, help="give up after this long")
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="wardgate-cuts-")
    deadline = time.monotonic() + options.seconds
    print(f"seed {options.seed}, {options.notices} notices, {options.share:.0%} of the connections cut, folder {folder}", flush=True)
    dice, verdict = random.Random(options.seed), chaos.Verdict()
    world, submit, cutters = make_world(folder, options.share, dice)
    gateways = list(world.gateways.values())
    try:
        for gateway in gateways:
            gateway.start()
        items = [(n, "missing", chaos.notice(n, "missing", options.seed)) for n in range(options.notices)]
        clients = [chaos.Client(gateways[0], world.pki, items[c::8], deadline, lambda: 1) for c in range(8)]
        for client in clients:
            client.port = submit.port
            client.start()
        while (alive := [c for c in clients if c.is_alive()]) and time.monotonic() < deadline:
            alive[0].join(10)
            print(f"  {sum(len(c.told) for c in clients)} receipts, {sum(sum(c.cut.values()) for c in cutters)} connections cut", flush=True)
        for gateway in gateways:
            w.wait_for(f"{gateway.organisation} has nothing unfinished", max(1, deadline - time.monotonic()), lambda g=gateway: chaos.unfinished(g) == 0)
        for cutter, name in zip(cutters, ("submitting", "pushing", "mailing")):
            verdict.check(f"{name}: {cutter.connections} connections, cut {dict(cutter.cut)}", [] if sum(cutter.cut.values()) > 0 else [cutter.cut])
        print(f"tries for {options.notices} notices: {sum(c.tries for c in clients)}")
        w.wait_for("Postfix has handed its last over", max(1, deadline - time.monotonic()), lambda: queue_is_empty(world))
        for gateway in gateways:
            w.wait_for(f"{gateway.organisation} has nothing unfinished", max(1, deadline - time.monotonic()), lambda g=gateway: chaos.unfinished(g) == 0)
            gateway.stop()
        deliveries = judge(verdict, gateways, clients, options.notices)
        judge_mail(verdict, world, deliveries)
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
