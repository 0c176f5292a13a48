#!/usr/bin/env python3
"""Whole gateways struck call by call. A gateway runs as it does in a town hall; one of its roles, with the readers and senders
that it started, is watched (crash_strike), and during the life of a child's two notices it is killed before one of its system
calls, or one fails, once or for good; or it is refused memory (crash_refuse), once or for good. The supervisor starts again what ended. Then checker.py judges what the sender was told
and what the three recipients got.

usage: gateways.py [--points N] [--seed S] [--jobs J] [--roles ROLE ...] [--how HOW ...] [--postgresql] [--folder DIR]
                   [--set ELEMENTS]

N points (400): as many of each role, a third of them kills, a third errors, a third memory; every fifth while the role starts
anew. Says for
each that is wrong what was struck. --postgresql: the store is a PostgreSQL, which itself is not struck. Needs root, to watch processes that nobody else may look into. The last line is
`N passed, N failed`.
"""
import argparse
import base64
import collections
import email
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "ops/lib"), str(HERE)]
import checker
import recipient as https_recipient
import senders
import world as w

BIN = pathlib.Path(os.environ.get("WARDGATE", ROOT / "build/release/bin/wardgate")).parent
ROLES = ("intake", "process", "deliver", "store")
HOST, PLACING = "staffordshire", "derbyshire"
HOWS = ("kill", "refuse-once", "once", "kill", "refuse-good", "good")
RECIPIENTS = [PLACING, HOST, "derbyshire-police"]  # the first over HTTPS, the others by mail
MAILS = {"front-door@staffordshire.example": 1, "missing@derbyshire-police.example": 2}
HOLD_S = 2        # so long lasts what fails for good, when it does not end before;
WORDS_S = 20      # and until somebody is told of it, at most
PATIENCE_S = 120  # a notice that is nowhere after this is lost
OPENED = 20       # of so many copies one is opened with its recipient's key
# How a role may end when something fails: by itself, by us, or by GLib, which ends a program that is refused memory.
FINE_ENDS = ("exit ", "signal 9 ", "signal 5 ")
AS_MAIL = b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n"


class Database:
    """A PostgreSQL for one gateway."""
    SERVER = ROOT / "tests/store/pg_server"

    def __init__(self, folder):
        self.folder = folder
        subprocess.run([self.SERVER, "safe", folder], check=True)
        for name in ("wardgate", "keys"):
            self.ask(f"CREATE DATABASE {name}", "postgres")
        where = f"host={folder} user=wardgate dbname="
        self.element = f'<store driver="postgresql" database="{where}wardgate" keys="{where}keys"/>'

    def ask(self, sql, database="wardgate"):
        """Rows of texts."""
        done = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-F", "\t", "-h", self.folder, "-U", "wardgate", "-c", sql, database], check=True,
                              capture_output=True, text=True)
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def stop(self):
        subprocess.run([self.SERVER, "stop", self.folder], check=True)


class Striker:
    """crash_strike on one role."""

    def __init__(self, pid, words):
        self.process = subprocess.Popen([BIN / "crash_strike", str(pid), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.struck, self.calls, self.at = None, 0, None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.ready.wait(30)

    def read(self):
        for line in self.process.stdout:
            if line.startswith("struck "):
                self.struck, self.at = line.split(maxsplit=1)[1].strip(), time.monotonic()
            elif line.endswith(" calls\n"):
                self.calls = int(line.split()[0])
            self.ready.set()
        self.ready.set()

    def stop(self):
        """What it watched goes on; how many calls there were."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(30)
        self.thread.join(30)
        words = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        if self.process.returncode != 0 and "nobody to watch" not in words:  # it may end before it is found
            raise RuntimeError(words.strip() or f"crash_strike: {self.process.returncode}")
        return self.calls


class Refuser:
    """Memory that a role is refused: refuse.c, to whose processes this speaks through a file. As a Striker."""
    FORM = struct.Struct("=16sQQQQ")

    def __init__(self, path, role, words):
        self.path, self.role = path, role
        self.good = words[0] == "refuse-good"
        self.struck, self.at, self.calls = None, None, 0
        self.write(int(words[1]) + 1 if len(words) > 1 else 0)

    def write(self, at):
        with open(self.path, "r+b") as file:
            file.write(self.FORM.pack(self.role.encode(), at, self.good, 0, 0))

    def look(self):
        with open(self.path, "rb") as file:
            _, _, _, asked, hit = self.FORM.unpack(file.read(self.FORM.size))
        self.calls = max(self.calls, asked)
        if hit and self.at is None:
            self.struck, self.at = f"memory refused {hit}", time.monotonic()

    def stop(self):
        self.look()
        with open(self.path, "r+b") as file:
            file.write(self.FORM.pack(b"", 0, 0, 0, 0))
        return self.calls


class Log:
    """What the gateway says, as far as it was read."""

    def __init__(self, path):
        self.path, self.offset, self.pids, self.up = path, 0, {}, set()
        self.rest = b""

    def more(self):
        """The new lines; pids and up are as of the last of them."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        *whole, self.rest = (self.rest + data).split(b"\n")
        found = []
        for text in whole:
            try:
                line = json.loads(text)
            except ValueError:
                line = {"event": "not-json", "level": "error", "line": text.decode(errors="replace")}
            found.append(line)
            event = line.get("event")
            if event in ("started", "ended"):
                self.up.discard(line["child"])
                self.pids.pop(line["child"], None)
            if event == "started":
                self.pids[line["child"]] = int(line["pid"])
            elif event == "ready":
                self.up.add(line.get("role"))
        return found


class Case:
    """A child's two notices, and what became of them."""

    def __init__(self, number):
        self.number = number
        self.kinds = {kind: 2 * number + i for i, kind in enumerate(senders.KINDS)}
        self.told, self.lines, self.name = {}, [], ""

    def event(self, event, n, **more):
        self.lines.append({"event": event, "n": n, **more})

    def history(self, maybe):
        """As checker.py reads it. What came of the notices is known by the id of their receipts."""
        history = checker.History(self.name)
        numbers = {receipt: n for n, receipt in self.told.items()}
        for line in self.lines:
            if line["event"] == "got":
                n = numbers.get(line["words"].split(".")[0])
                line = line | {"body": f"notice {n}", "maybe": maybe(line["words"])}
            history.take(line)
        return history


class Stage:
    """One gateway, its sender and its recipients."""

    def __init__(self, folder, elements, postgresql, pki=None):
        self.world = w.World(folder)
        for path in (folder.parent, folder):
            path.chmod(0o755)  # the database runs as a user of its own
        self.database = Database(folder / "pg") if postgresql else None
        if pki is None:
            self.world.make_pki()
        else:
            shutil.copytree(pki, self.world.pki, symlinks=True)
        self.recipient = https_recipient.Recipient(self.world.pki, PLACING)
        self.gateway = w.Gateway(self.world, HOST, w.free_port())
        self.gateway.beside = elements + (self.database.element if self.database else "")
        self.refuse = self.world.folder / "refuse"
        self.refuse.write_bytes(bytes(Refuser.FORM.size))
        self.world.environment = {"LD_PRELOAD": str(BIN / "crash_refuse.so"), "WG_REFUSE": str(self.refuse)}
        self.world.gateways[HOST] = self.gateway
        self.gateway.write({PLACING: self.recipient}, self.world.start_mail(), retry=(1, 2, 3600))
        self.gateway.start()
        self.log = Log(self.gateway.log)
        self.sender = senders.Load([self.gateway.port], self.world.pki, 0, 0, PATIENCE_S)
        self.asked = 0  # for memory, in the last life
        self.cases, self.of_id, self.early = [], {}, collections.defaultdict(list)
        self.lock = threading.Lock()
        self.arrived, self.mails, self.odd = 0, set(), []

    def close(self):
        self.world.close()
        self.recipient.stop()
        if self.database:
            self.database.stop()

    # ---- what arrives

    def got(self, reference, recipient):
        with self.lock:
            case = self.of_id.get(reference.split(".")[0])
            if case is None:
                self.early[reference.split(".")[0]].append((reference, recipient))
            else:
                case.event("got", recipient, words=reference)

    def look(self):
        """Takes in what came since, over HTTPS and by mail."""
        with self.recipient.lock:
            arrivals, self.arrived = self.recipient.arrivals[self.arrived:], len(self.recipient.arrivals)
        for _, key, _, _ in arrivals:
            self.got(key, 0)
        for path in sorted(p for a in MAILS for p in (self.world.folder / "maildir" / a / "new").glob("*") if p not in self.mails):
            self.mails.add(path)
            with open(path, "rb") as file:
                head = email.message_from_bytes(file.read(4096))
            if head["Message-ID"]:
                self.got(head["Message-ID"].strip("<>").split("@")[0], MAILS[head["To"].strip("<>")])

    def complete(self, case):
        self.look()
        with self.lock:
            had = {(line["n"], line["words"].split(".")[0]) for line in case.lines if line["event"] == "got"}
        return len(case.told) == len(case.kinds) and len(had) >= len(RECIPIENTS) * len(case.kinds)

    # ---- one point

    def hand_in(self, case, deadline):
        for kind, n in case.kinds.items():
            with self.lock:
                case.event("submit", n, body=f"notice {n}", thread="child", to=list(range(len(RECIPIENTS))))
            receipt = None
            while receipt is None and time.monotonic() < deadline:
                receipt = self.sender.once(self.gateway.port, f"{kind}-{case.number}", senders.notice(case.number, kind))
                if receipt is None:
                    time.sleep(0.05)
            if receipt is None:
                return
            with self.lock:
                case.told[n] = receipt
                case.event("ack", n, words=receipt)
                self.of_id[receipt] = case
                early = self.early.pop(receipt, ())
            for reference, recipient in early:
                self.got(reference, recipient)

    def settled(self):
        """All roles are there."""
        def up():
            self.log.more()
            return set(ROLES) <= self.log.up
        w.wait_for("all roles are ready", PATIENCE_S, up)

    def restarted(self, role):
        """Its pid, just when it was started anew."""
        old = self.log.pids[role]
        os.kill(old, signal.SIGKILL)  # the child of our own gateway
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self.log.more()
            if self.log.pids.get(role, old) != old:
                return self.log.pids[role]
            time.sleep(0.001)
        raise TimeoutError(f"{role} was not started again")

    def tell_ends(self, case, said):
        for line in said:
            if line.get("event") == "ended" and not line["how"].startswith(FINE_ENDS):
                case.event("unsound", 0, words=f"{line['child']} ended with {line['how']}")
            elif line.get("event") == "not-json":
                case.event("unsound", 0, words=f"said what is no line of the log: {line['line'][:200]}")

    @staticmethod
    def hold(struck, how, told):
        """How long after the blow it is waited for: what fails for good is to be heard of. A connection that breaks is its peer's
        affair, which tries again; a signal comes once; and who cannot write has no log either."""
        if not how.endswith("good") or struck is None:
            return 0
        alone = struck.endswith(" socket") or " EINTR " in struck or struck.startswith("write")
        return HOLD_S if told or alone else WORDS_S

    def life(self, role, words, anew):
        """(the case, what was struck or None, calls)"""
        case = Case(len(self.cases))
        self.settled()
        pid = self.restarted(role) if anew else self.log.pids[role]
        memory = words[0].startswith("refuse")
        requests = Refuser(self.refuse, role, words if memory else ["refuse"])  # at the least they are counted
        striker = requests if memory else Striker(pid, words)
        deadline = time.monotonic() + PATIENCE_S
        sender = threading.Thread(target=self.hand_in, args=(case, deadline), daemon=True)
        self.cases.append(case)
        sender.start()
        said, done = [], False
        told = False
        while not done and time.monotonic() < deadline:
            time.sleep(0.01)
            said += self.log.more()
            done = self.complete(case)
            if memory:
                striker.look()
            told = told or any(line.get("level") in ("warning", "error") for line in said)
            if striker.at is not None and time.monotonic() > striker.at + self.hold(striker.struck, words[0], told):
                break
        calls, self.asked = striker.stop(), requests.stop()
        said += self.log.more()
        if not done and not told and self.hold(striker.struck, words[0], told) == WORDS_S:
            case.event("silent", f"{WORDS_S} s")
        while not done and time.monotonic() < deadline:
            time.sleep(0.01)
            done = self.complete(case)
        sender.join(PATIENCE_S)
        if words[0].endswith("good") and self.log.pids.get(role) == pid:
            os.kill(pid, signal.SIGKILL)  # what it has said once it does not say again for a while
        self.tell_ends(case, said + self.log.more())
        case.name = f"{role}{' starting anew' if anew else ''}, {' '.join(map(str, words))}: {striker.struck or 'nothing'}"
        return case, striker.struck, calls

    # ---- the judgement

    def unsure(self):
        """References of the copies of which the gateway itself says that they may have arrived more than once. Its database is
        looked at when it is stopped: before, whoever opens it is in the way of a store that starts anew."""
        sql = "SELECT m.id, d.organisation, d.desk FROM delivery d JOIN message m ON m.seq = d.message WHERE d.maybe"
        if self.database:
            return {".".join(row) for row in self.database.ask(f"{sql} = 1")}
        with sqlite3.connect(f"file:{next(self.gateway.state.glob('store.db'))}?mode=ro", uri=True) as db:
            return {".".join(row) for row in db.execute(sql)}

    def judge(self, case, unsure=None):
        """unsure: None, while it runs, for all: what came again is judged in the end."""
        return case.history(lambda reference: unsure is None or reference in unsure).judge()

    def opened(self, number):
        """One in so many copies says what it has to say to whom it is for."""
        found = []
        copies = [(0, key, None, body) for key, (_, body) in self.recipient.copies.items()]
        copies += [(MAILS[p.parent.parent.name], None, p, None) for p in sorted(self.mails)]
        for recipient, key, path, body in copies[::number]:
            if path is None:
                path = self.world.folder / "copy.p7m"
                path.write_bytes(AS_MAIL + base64.encodebytes(body))
            else:
                key = email.message_from_bytes(path.read_bytes())["Message-ID"].strip("<>").split("@")[0]
            case = self.of_id.get(key.split(".")[0])
            text = "\n".join(part.get_payload(decode=True).decode(errors="replace")
                             for part in email.message_from_bytes(self.world.open_mail(path, RECIPIENTS[recipient])).walk()
                             if part.get_content_maintype() in ("application", "text"))
            if case is None or f"{senders.MARK}{case.number}<" not in text:
                found.append(f"{key} for {RECIPIENTS[recipient]} is not what was handed in")
        return found, len(copies[::number])

    def end(self):
        """What is wrong at the end of all, each a line: what came late, the states, the log."""
        self.settled()
        found = []
        try:
            w.wait_for("nothing is unfinished", PATIENCE_S, lambda: not self.gateway.rows())
        except TimeoutError:
            found += [f"unfinished: {json.dumps(row)}" for row in self.gateway.rows()[:3]]
        verified = self.gateway.cli("audit", "verify", check=False)
        if verified.returncode != 0:
            found.append(f"audit verify: {verified.stderr.strip()}")
        self.look()
        self.gateway.stop()
        with self.lock:
            if self.early:
                found.append(f"copies of what nobody has a receipt for: {dict(self.early)}")
        if self.recipient.differing:
            found.append(f"came again and differed: {self.recipient.differing}")
        unsure = self.unsure()
        for case in self.cases:
            found += [f"in the end, {case.name}: {fault}" for fault in self.judge(case, unsure)]
        self.again = sum(n - 1 for case in self.cases for n in
                         collections.Counter(line["words"] for line in case.lines if line["event"] == "got").values())
        wrong, self.tested = self.opened(OPENED)
        return found + wrong

    def control(self):
        """The judgement of a history of which one delivery is struck out, and of one where a copy came twice: both guilty."""
        for case in self.cases:
            lines = case.lines
            at = next((i for i, line in enumerate(lines) if line["event"] == "got"), None)
            if at is None or self.judge(case):
                continue
            first = lines[at]
            try:
                case.lines = lines[:at] + lines[at + 1:]
                without = [f for f in self.judge(case) if f.startswith("lost")]
                case.lines = [*lines, first | {"words": first["words"] + "-other"}]
                twice = [f for f in self.judge(case) if f.startswith("doubled")]
            finally:
                case.lines = lines
            if sum(line.get("words") == first["words"] for line in lines) == 1:
                return bool(without and twice)
        return False


class Run:
    def __init__(self, args):
        self.args, self.dice = args, random.Random(args.seed)
        self.lock = threading.Lock()
        self.counts, self.guilty, self.missed = collections.Counter(), [], 0
        self.struck = collections.Counter()
        self.calls, self.asked = {}, {}

    def plan(self, stage):
        """How many calls each role makes in such a life, and when it starts anew; then the points."""
        for role in self.args.roles:
            for anew in (False, True):
                case, _, calls = stage.life(role, ["count"], anew)
                faults = stage.judge(case)
                if faults:
                    raise RuntimeError(f"{role}: without being struck: {faults[:3]}")
                self.calls[role, anew], self.asked[role, anew] = calls, stage.asked
        print("calls of one life:", ", ".join(f"{role} {self.calls[role, False]}, starting anew {self.calls[role, True]}" for role in self.args.roles),
              flush=True)
        print("requests for memory:", ", ".join(f"{role} {self.asked[role, False]}, starting anew {self.asked[role, True]}" for role in self.args.roles),
              flush=True)
        points, dice, hows = [], self.dice, [how for how in HOWS if how in self.args.how]
        for i in range(self.args.points):
            role = self.args.roles[i % len(self.args.roles)]  # so that each lives a while before it is struck again
            turn = i // len(self.args.roles)
            anew = turn % 5 == 4
            how = hows[(turn + turn // 5) % len(hows)]
            there = (self.asked if how.startswith("refuse") else self.calls)[role, anew]
            at = dice.randrange(max(1, int(there * 0.9)))
            points.append((role, [how, at] + ([dice.randrange(1000)] if how in ("once", "good") else []), anew))
        return points

    def work(self, stage, points):
        while True:
            with self.lock:
                if not points:
                    return
                role, words, anew = points.pop(0)
            case, struck, _ = stage.life(role, words, anew)
            faults = stage.judge(case)
            with self.lock:
                if struck is None:
                    self.missed += 1
                else:
                    self.counts[role, words[0]] += 1
                    self.struck[struck.split()[0]] += 1
                if faults:
                    self.guilty.append(case.name)
                    print("GUILTY", case.name, *faults[:5], *map(json.dumps, case.lines), sep="\n  ", flush=True)
                tried = sum(self.counts.values())
                if self.args.points >= 100 and tried % 50 == 0 and struck:
                    print(f"{tried} of {self.args.points} points, {len(self.guilty)} guilty", flush=True)

    def guarded(self, stage, points, broken):
        try:
            self.work(stage, points)
        except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError, KeyError, sqlite3.Error) as fault:
            broken.append(f"{type(fault).__name__}: {fault}")

    def run(self, folder):
        args, stages, broken = self.args, [], []
        passed = failed = 0
        try:
            for job in range(args.jobs):
                stages.append(Stage(folder / f"stage-{job}", args.set, args.postgresql, stages[0].world.pki if stages else None))
            points = self.plan(stages[0])
            threads = [threading.Thread(target=self.guarded, args=(stage, points, broken)) for stage in stages]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for role in args.roles:
                of_role = {how: n for (r, how), n in sorted(self.counts.items()) if r == role}
                wrong = [name for name in self.guilty if name.startswith(role)]
                passed, failed = passed + (not wrong), failed + bool(wrong)
                print(f"{'FAILED' if wrong else 'ok    '} {role}: {sum(of_role.values())} points ({of_role}), {len(wrong)} guilty")
            ends = broken + [fault for stage in stages for fault in stage.end()]
            passed, failed = passed + (not ends), failed + bool(ends)
            print(f"{'FAILED' if ends else 'ok    '} in the end nothing is unfinished, nothing came late, the logs are whole, and of"
                  f" {sum(stage.tested for stage in stages)} copies that were opened each is what was handed in", *ends[:10], sep="\n  ")
            control = all(stage.control() for stage in stages)
            passed, failed = passed + control, failed + (not control)
            print(f"{'ok    ' if control else 'FAILED'} the control: a history without one delivery, and one with a second copy, are found guilty")
        finally:
            for stage in stages:
                stage.close()
        print("struck:", *(f"{name} {count}" for name, count in self.struck.most_common()))
        print(f"{sum(self.counts.values())} points tried, {self.missed} lives ended before their point; {sum(stage.again for stage in stages)} copies"
              " came again under the reference that they had, each of which the gateway says that it may have arrived before")
        return passed, failed


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--points", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=list(ROLES))
    parser.add_argument("--how", nargs="+", choices=sorted(set(HOWS)), default=list(HOWS))
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--folder")
    parser.add_argument("--set", default="", help="elements of the configuration beside <deliver>")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    if os.geteuid() != 0:
        print("FAILED: who watches the roles of a gateway has to be root: run this as root\n0 passed, 1 failed")
        return 1
    print(f"seed {args.seed}", flush=True)
    folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="wg-gateways-"))
    passed, failed = Run(args).run(folder)
    if failed:
        print(f"everything is in {folder}")
    elif args.folder is None:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
