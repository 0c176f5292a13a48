#!/usr/bin/env python3
"""Mail that comes by LMTP while the role that takes it in is refused memory: what was answered with 250 is there, what was not
is there at most once when it is sent again, and nothing is answered for good that was only memory.

usage: lmtp.py [--points N] [--seed S] [--folder DIR]

N points (150): one request for memory of the intake role is refused during a conversation, once or, every other time, with
all that follow until it is over. The last line is `N passed, N failed`.
"""
import argparse
import pathlib
import random
import shutil
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "ops/lib"), str(HERE)]
import gateways
import world as w

PATIENCE_S = 60


def mail(number):
    return (f"From: missing@staffordshire-police.example\r\nTo: front-door@staffordshire.example\r\nSubject: report {number}\r\n"
            f"Message-ID: <lmtp-{number}@staffordshire-police.example>\r\n\r\nPolice incident number: LMTP-{number}\r\n").encode()


class Stage:
    def __init__(self, folder):
        self.world = w.World(folder)
        self.world.make_pki()
        self.gateway = w.Gateway(self.world, gateways.HOST, w.free_port())
        self.socket = self.world.folder / "lmtp"
        self.gateway.intake = f'\n    <lmtp socket="{self.socket}"/>'
        self.refuse = self.world.folder / "refuse"
        self.refuse.write_bytes(bytes(gateways.Refuser.FORM.size))
        self.world.environment = {"LD_PRELOAD": str(gateways.BIN / "crash_refuse.so"), "WG_REFUSE": str(self.refuse)}
        self.world.gateways[gateways.HOST] = self.gateway
        self.gateway.write({}, self.world.start_mail())
        self.gateway.start()
        self.log = gateways.Log(self.gateway.log)

    def once(self, number):
        """The answer's code to one mail; None: the connection broke, or there was none."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(30)
                s.connect(str(self.socket))
                lines = s.makefile("rb")

                def answer():
                    while True:
                        line = lines.readline()
                        if len(line) < 4:
                            raise ConnectionError("closed")
                        if line[3:4] != b"-":
                            return int(line[:3])
                codes = [answer()]
                for command in (b"LHLO localhost", b"MAIL FROM:<missing@staffordshire-police.example>", b"RCPT TO:<front-door@staffordshire.example>",
                                b"DATA"):
                    s.sendall(command + b"\r\n")
                    codes.append(answer())
                    if codes[-1] >= 400:
                        return codes[-1]
                s.sendall(mail(number) + b".\r\n")
                return answer()
        except OSError:
            return None

    def taken(self):
        """The messages that came by LMTP."""
        return [row for row in self.gateway.rows("--all") if row["way"] == "lmtp"]


def point(stage, number, words):
    """What is wrong, or None; and the refuser."""
    before = len(stage.taken())
    refuser = gateways.Refuser(stage.refuse, "intake", words)
    code = stage.once(number)
    refuser.stop()
    if code is not None and 500 <= code < 600:
        return f"answered with {code} for good", refuser
    if code == 250 and len(stage.taken()) != before + 1:
        return f"acknowledged, and {len(stage.taken()) - before} there", refuser
    again = None
    end = time.monotonic() + PATIENCE_S
    while code != 250 and again != 250 and time.monotonic() < end:
        again = stage.once(number)  # as a mail server does
        if again is not None and again >= 500:
            return f"sent again, answered with {again}", refuser
        time.sleep(0.05 if again != 250 else 0)
    if code != 250 and again != 250:
        return "not taken any more", refuser
    copies = len(stage.taken()) - before
    if copies not in (1, 2) or (copies == 2 and code == 250):  # an answer that was lost: the process role finds the same content
        return f"{copies} there", refuser
    for line in stage.log.more():
        if line.get("event") == "ended" and not line["how"].startswith(gateways.FINE_ENDS):
            return f"{line['child']} ended with {line['how']}", refuser
    return None, refuser


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--points", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    args = parser.parse_args()
    dice = random.Random(args.seed)
    folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="wg-lmtp-"))
    stage = Stage(folder)
    struck, guilty = 0, []
    try:
        for number in (-1, 0):  # what is asked for once and kept is so by the first
            wrong, counted = point(stage, number, ["refuse"])
        if wrong is not None or counted.calls == 0:
            raise RuntimeError(f"without being refused anything: {wrong}, {counted.calls} requests")
        print(f"seed {args.seed}; requests for memory of one conversation: {counted.calls}", flush=True)
        for number in range(1, args.points + 1):
            words = ["refuse-good" if number % 2 else "refuse-once", dice.randrange(counted.calls)]
            wrong, refuser = point(stage, number, words)
            struck += refuser.struck is not None
            if wrong is not None:
                guilty.append(number)
                print("GUILTY", *words, wrong, flush=True)
        verified = stage.gateway.cli("audit", "verify", check=False)
        if verified.returncode != 0:
            guilty.append("audit")
            print("FAILED audit verify:", verified.stderr.strip())
    finally:
        stage.world.close()
    right = not guilty and struck > args.points // 2
    print(f"{'ok    ' if right else 'FAILED'} LMTP: {struck} of {args.points} points struck, {len(guilty)} guilty")
    if right and args.folder is None:
        shutil.rmtree(folder)
    print(f"{int(right)} passed, {int(not right)} failed")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
