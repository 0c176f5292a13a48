#!/usr/bin/env python3
"""The independent checker: reads what a sender was told and what recipients got, and says what is wrong. It knows nothing of
the gateway and shares no code with it.

usage: checker.py [--expect-guilty] [FILE]     (standard input without FILE)

One JSON object a line. {"case": NAME} begins a case, {"end": NAME} ends it: what is in no case is one of its own.
  {"event": "start"}                                              a gateway's process starts
  {"event": "submit", "n": 3, "body": HASH, "thread": T, "to": [0, 1]}  the sender is about to hand in submission 3
  {"event": "ack", "n": 3, "words": ID}                           and has a receipt
  {"event": "got", "n": 1, "words": REFERENCE, "body": HASH, "maybe": true}   recipient 1 got it
  {"event": "receipt", "n": 1, "words": REFERENCE}                its receipt was taken for good
  {"event": "state", "words": REFERENCE, "state": STATE}          at the end, as the gateway says
  {"event": "refused" | "closed"}                                 an answer; says nothing here
  {"event": "unsynced", "words": FILE}                            the disk failed to sync it, and told this process so
  {"event": "synced", "words": FOLDER}                            it did after all (only ever said of a folder)
  {"event": "silent" | "leaked" | "unsound", "words": WHAT}

What it finds:
  lost          acknowledged, and a recipient never got it; or a recipient's receipt was taken and is not there
  half          never acknowledged, and some of its recipients got it
  doubled       a recipient has one submission under two references, or again without a word that it may have it; or one
                submission has two receipts
  invented      got by a recipient that it is not for, or never handed in, or altered; a receipt for two submissions
  out of order  of one thread, a later one before an earlier one that was acknowledged before the later was handed in
  untrue        acknowledged by a process after the disk said that it failed
  unanswered    handed in, and no receipt even when all was well again
  silent, leaked, unsound    what the harness itself saw
The last line is `N cases, N guilty`. The exit status is 0 when none is guilty (with --expect-guilty: when all are).
"""
import collections
import json
import sys


class History:
    def __init__(self, name):
        self.name = name
        self.submitted = {}  # n -> (body, thread, recipients, place of the first try)
        self.acked = {}      # n -> (id, place)
        self.got = []        # (recipient, reference, body, maybe, place)
        self.receipts, self.states = {}, {}
        self.unsure = set()  # got just when the power went: again is no fault
        self.faults = []
        self.place, self.unsynced = 0, None

    def fault(self, what, words):
        self.faults.append(f"{what}: {words}")

    def take(self, line):
        self.place += 1
        handler = getattr(self, "on_" + line["event"], None)
        if handler is None:
            self.fault("unknown event", line["event"])
        else:
            handler(line)

    def on_start(self, _):
        self.unsynced = None

    def on_refused(self, _):
        pass

    on_closed = on_refused

    def on_unsynced(self, line):
        self.unsynced = self.unsynced or line["words"]

    def on_synced(self, line):
        if self.unsynced == line["words"]:
            self.unsynced = None

    def promised(self, what):
        if self.unsynced is not None:
            self.fault("untrue", f"{what} after {self.unsynced} could not be synced")

    def on_submit(self, line):
        self.submitted.setdefault(line["n"], (line["body"], line.get("thread"), line["to"], self.place))
        if self.submitted[line["n"]][0] != line["body"]:
            self.fault("broken history", f"submission {line['n']} has two bodies")

    def on_ack(self, line):
        n = line["n"]
        self.promised(f"submission {n} was acknowledged")
        if n not in self.submitted:
            self.fault("invented", f"a receipt for {n}, which was never handed in")
        first = self.acked.setdefault(n, (line["words"], self.place))
        if first[0] != line["words"]:
            self.fault("doubled", f"submission {n} has the receipts {first[0]} and {line['words']}")

    def on_got(self, line):
        self.got.append((line["n"], line["words"], line["body"], line.get("maybe", False) or line["words"] in self.unsure, self.place))
        if line.get("unsure"):
            self.unsure.add(line["words"])

    def on_receipt(self, line):
        self.promised(f"the receipt of {line['words']} was taken")
        self.receipts[line["words"]] = line["n"]

    def on_state(self, line):
        self.states[line["words"]] = line["state"]

    def on_silent(self, line):
        self.fault("silent", f"a failure without words ({line['n']})")

    def on_leaked(self, line):
        self.fault("leaked", line["words"])

    def on_unsound(self, line):
        self.fault("unsound", line["words"])

    def judge(self):
        """All that is wrong, each a line."""
        ids = collections.Counter(i for i, _ in self.acked.values())
        for i in (i for i, count in ids.items() if count > 1):
            self.fault("invented", f"{i} is the receipt of {ids[i]} submissions")
        bodies = {body: n for n, (body, _, _, _) in self.submitted.items()}
        had, first = {}, {}  # (recipient, submission) -> reference, place of the first
        for recipient, reference, body, maybe, place in self.got:
            n = bodies.get(body)
            if n is None:
                self.fault("invented", f"{recipient} got {reference}, which nobody handed in like that")
                continue
            if recipient not in self.submitted[n][2]:
                self.fault("invented", f"{recipient} got submission {n}, which is not for it")
            before = had.setdefault((recipient, n), reference)
            if first.setdefault((recipient, n), place) == place:
                continue
            if before != reference:
                self.fault("doubled", f"{recipient} has submission {n} as {before} and as {reference}")
            elif not maybe:
                self.fault("doubled", f"{recipient} got {reference} again, and nothing said that it might have it")
        self.judge_missing(first)
        self.judge_order(first)
        for reference in self.receipts:
            state = self.states.get(reference) if self.states else "acknowledged"
            if state != "acknowledged":
                self.fault("lost", f"the receipt of {reference}, which is {state or 'gone'}")
        return self.faults

    def judge_missing(self, first):
        for n, (_, _, recipients, _) in self.submitted.items():
            missing = [r for r in recipients if (r, n) not in first]
            if n in self.acked:
                for recipient in missing:
                    self.fault("lost", f"submission {n} was acknowledged and {recipient} never got it")
            else:
                self.fault("unanswered", f"submission {n}")
                if missing and len(missing) < len(recipients):
                    self.fault("half", f"submission {n} reached some: not {missing}")

    def judge_order(self, first):
        threads = collections.defaultdict(list)
        for n, (_, thread, recipients, place) in self.submitted.items():
            if thread is not None and n in self.acked:
                threads[thread].append((place, n, recipients))
        for members in threads.values():
            members.sort()
            for i, (_, earlier, _) in enumerate(members):
                for place, later, recipients in members[i + 1:]:
                    if self.acked[earlier][1] > place:
                        continue  # the sender did not wait: either order is right
                    for r in recipients:
                        if (r, earlier) in first and (r, later) in first and first[r, earlier] > first[r, later]:
                            self.fault("out of order", f"{r} got submission {later} before {earlier}")


def cases(lines):
    """Each case whole, as its lines come in; one without an end is a fault of its own."""
    history = None
    for text in lines:
        line = json.loads(text)
        if "case" in line:
            if history is not None:
                history.fault("broken history", "the case has no end")
                yield history
            history = History(line["case"])
        elif "end" in line:
            yield history
            history = None
        else:
            history = history or History("history")
            history.take(line)
    if history is not None:
        if history.name != "history":
            history.fault("broken history", "the case has no end")
        yield history


def run(lines, expect_guilty=False, out=sys.stdout, tell=20):
    """How many cases there were, and how many of them are guilty; tells of those that are not as expected."""
    count = guilty = 0
    for history in cases(lines):
        count += 1
        faults = history.judge()
        guilty += bool(faults)
        if bool(faults) != expect_guilty and tell > 0:
            tell -= 1
            print(f"{'not found guilty' if expect_guilty else 'GUILTY'} {history.name}", *faults[:5], sep="\n  ", file=out)
    print(f"{count} cases, {guilty} guilty", file=out, flush=True)
    return count, guilty


def main(argv):
    expect = "--expect-guilty" in argv
    files = [a for a in argv[1:] if a != "--expect-guilty"]
    if any(f.startswith("-") for f in files) or len(files) > 1:
        print(__doc__, file=sys.stderr)
        return 64
    lines = sys.stdin
    if files:
        with open(files[0], encoding="utf-8") as file:
            lines = file.readlines()
    count, guilty = run(lines, expect)
    return 0 if count > 0 and guilty == (count if expect else 0) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
