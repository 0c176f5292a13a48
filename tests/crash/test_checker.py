#!/usr/bin/env python3
"""Histories that the checker must find guilty, each of exactly what it is guilty of, and innocent ones beside them."""
import io
import json
import sys
import unittest

import checker


def submit(n, body=None, thread=None, to=(0, 1)):
    return {"event": "submit", "n": n, "body": body or f"body-{n}", "thread": thread, "to": list(to)}


def ack(n, words=None):
    return {"event": "ack", "n": n, "words": words or f"ID{n}"}


def got(recipient, n, reference=None, maybe=False, body=None):
    return {"event": "got", "n": recipient, "words": reference or f"ID{n}.{recipient}", "body": body or f"body-{n}", "maybe": maybe}


def receipt(recipient, n):
    return {"event": "receipt", "n": recipient, "words": f"ID{n}.{recipient}"}


def state(recipient, n, words):
    return {"event": "state", "n": 0, "words": f"ID{n}.{recipient}", "state": words}


START = {"event": "start", "n": 0}
WHOLE = [START, submit(1), ack(1), got(0, 1), got(1, 1)]


def one(kind, words="x"):
    return {"event": kind, "n": 0, "words": words}


INNOCENT = {
    "whole": WHOLE,
    "acknowledged after a second try": [submit(1), START, submit(1), ack(1), got(0, 1), got(1, 1)],
    "the same receipt again": WHOLE + [submit(1), ack(1)],
    "again, and it says so": WHOLE + [START, got(0, 1, maybe=True)],
    "not waited for": [submit(1, thread="t"), submit(2, thread="t"), ack(1), ack(2), got(0, 2), got(0, 1), got(1, 1), got(1, 2)],
    "two threads": [submit(1, thread="t"), ack(1), submit(2, thread="u"), ack(2), got(0, 2), got(0, 1), got(1, 1), got(1, 2)],
    "a disk that failed, then another process": [START, one("unsynced"), one("refused"), START, submit(1), ack(1), got(0, 1), got(1, 1)],
    "a folder that was synced after all": [START, one("unsynced", "folder"), one("synced", "folder"), submit(1), ack(1), got(0, 1), got(1, 1)],
    "receipts kept": WHOLE + [receipt(0, 1), state(0, 1, "acknowledged"), state(1, 1, "handed-over")],
    "refused, later taken": [START, submit(1), one("refused"), one("closed"), submit(1), ack(1), got(0, 1), got(1, 1)],
}
GUILTY = {
    "one recipient never got it": ("lost", [submit(1), ack(1), got(0, 1)]),
    "nobody got it": ("lost", [submit(1), ack(1)]),
    "a receipt that is gone": ("lost", WHOLE + [receipt(0, 1), state(1, 1, "acknowledged")]),
    "a receipt that moved nothing": ("lost", WHOLE + [receipt(0, 1), state(0, 1, "handed-over")]),
    "never acknowledged, half delivered": ("half", [submit(1), got(0, 1)]),
    "no answer at all": ("unanswered", [submit(1)]),
    "two references": ("doubled", WHOLE + [got(0, 1, "ID9.0", maybe=True)]),
    "again without a word": ("doubled", WHOLE + [START, got(0, 1)]),
    "two receipts": ("doubled", WHOLE + [ack(1, "ID7")]),
    "never handed in": ("invented", WHOLE + [got(0, 5)]),
    "altered": ("invented", [submit(1), ack(1), got(0, 1), got(1, 1), got(1, 1, "ID1.x", body="body-l")]),
    "for somebody else": ("invented", WHOLE + [got(2, 1)]),
    "a receipt for two": ("invented", WHOLE + [submit(2), ack(2, "ID1"), got(0, 2), got(1, 2)]),
    "a receipt for what never was": ("invented", WHOLE + [ack(3)]),
    "overtaken": ("out of order", [submit(1, thread="t"), ack(1), submit(2, thread="t"), ack(2),
                                   got(0, 2), got(0, 1), got(1, 1), got(1, 2)]),
    "promised on a failed disk": ("untrue", [START, submit(1), one("unsynced", "store.db-wal"), ack(1), got(0, 1), got(1, 1)]),
    "another folder was synced": ("untrue", [START, submit(1), one("unsynced", "store.db-wal"), one("synced", "folder"), ack(1),
                                             got(0, 1), got(1, 1)]),
    "a receipt taken on a failed disk": ("untrue", WHOLE + [one("unsynced", "keys.db-wal"), receipt(0, 1)]),
    "silence": ("silent", WHOLE + [one("silent")]),
    "a leak": ("leaked", WHOLE + [one("leaked")]),
    "damage": ("unsound", WHOLE + [one("unsound")]),
    "an event that nobody knows": ("unknown event", WHOLE + [one("surprise")]),
}


def judge(lines):
    history = checker.History("a test")
    for line in lines:
        history.take(line)
    return history.judge()


class Histories(unittest.TestCase):
    def test_innocent(self):
        for name, lines in INNOCENT.items():
            with self.subTest(name):
                self.assertEqual(judge(lines), [])

    def test_guilty(self):
        for name, (what, lines) in GUILTY.items():
            with self.subTest(name):
                found = {fault.split(":")[0] for fault in judge(lines)}
                self.assertIn(what, found)
                self.assertLessEqual(found - {what}, {"unanswered"})

    def test_stream(self):
        """Several cases in one stream; what is cut short is guilty."""
        lines = [{"case": "a"}, *WHOLE, {"end": "a"}, {"case": "b"}, *WHOLE]
        text = [json.dumps(line) for line in lines]
        out = io.StringIO()
        self.assertEqual(checker.run(text, out=out), (2, 1))
        self.assertIn("no end", out.getvalue())
        self.assertEqual(checker.run(text[:-1 - len(WHOLE)], out=out), (1, 0))
        self.assertEqual(checker.run(text[:-1 - len(WHOLE)], True, out=out), (1, 0))
        self.assertEqual(checker.run([], out=out), (0, 0))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
