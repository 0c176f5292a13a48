#!/usr/bin/env python3
"""Power cuts on real file systems: an image of ext4 and one of XFS, each on a loop device, with a store working on it. At a
random moment the file system is shut down as if the power had gone: nothing that was not on disk yet gets there. Then it is
unmounted, mounted again, the store recovers (now and then cut off again), everything is finished, and checker.py judges.

usage: power.py [--cuts N] [--seed S] [--control N] [--guilty N] [--only ext4|xfs] [--folder DIR]

N cuts (6) on each file system, half as many of files written by wg_file_write. Controls that have to lose something, or the
harness proves nothing (--guilty times, 1, in --control rounds of each at most, 40): the store under eatmydata, and files without the sync of their folder.
Needs root and loop devices; a machine without them fails this test. The last line is `N passed, N failed`.
"""
import argparse
import array
import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import checker

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("CRASH_POINTS", HERE.parents[1] / "build/release/bin/crash_points")).parent
SHUTDOWN = 0x8004587D     # FS_IOC_SHUTDOWN, _IOR('X', 125, __u32), of XFS and ext4: what `xfs_io -x -c shutdown` asks for
NOLOGFLUSH = 2            # as when the power goes: not even the journal is written
SIZE = {"ext4": 96 << 20, "xfs": 304 << 20}
MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
LIVES = 8                 # cuts that one store lives through before there is a new one
MESSAGES, FILES = 12, 60  # of one load


class Disk:
    """An image, mounted below a folder; its loop device goes when it is unmounted."""

    def __init__(self, folder, kind):
        self.kind = kind
        self.image, self.path = folder / f"{kind}.img", folder / kind
        self.path.mkdir()

    def __enter__(self):
        with open(self.image, "wb") as file:
            file.truncate(SIZE[self.kind])
        self.call(*MKFS[self.kind], self.image)
        self.mount()
        return self

    def __exit__(self, *_):
        if os.path.ismount(self.path):
            self.unmount()
        self.image.unlink()

    @staticmethod
    def call(*argv):
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stderr.strip()} (root, loop devices and this file system are needed)")
        return done.stdout

    def mount(self):
        self.call("mount", "-o", "loop", "-t", self.kind, self.image, self.path)

    def unmount(self):
        for _ in range(50):  # somebody may look at a new mount for a moment
            done = subprocess.run(["umount", self.path], capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(done.stderr)

    def cut(self):
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, array.array("I", [NOLOGFLUSH]))
        finally:
            os.close(fd)


class Load:
    """crash_load: see load.c."""

    def __init__(self, environment=None):
        self.process = subprocess.Popen([BIN / "crash_load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=os.environ | (environment or {}))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("crash_load ended")
        return line.rstrip("\n")

    def begin(self, words):
        """Its process id: it works now."""
        self.tell(words)
        return int(self.answer().removeprefix("loading "))

    def end(self):
        return int(self.answer().removeprefix("down "))

    def history(self):
        self.tell("history")
        lines = []
        while (line := self.answer()) != "end":
            lines.append(line)
        return lines


class Trial:
    """Cuts on one disk."""

    def __init__(self, disk, dice, what, environment=None):
        self.disk, self.dice, self.what, self.environment = disk, dice, what, environment
        self.load, self.cuts, self.during, self.guilty = None, 0, 0, []
        self.usual = 0.0  # seconds that a load takes that is not cut off
        self.acked = self.number = 0

    def power_goes(self, words, after):
        """Whether it went while the load ran."""
        pid = self.load.begin(words)
        time.sleep(after)
        # What the process saw after this instant nobody saw: the machine was off. (Of ext4 a sync that is under way when the
        # file system is shut down may come back as if all were well.)
        instant = time.monotonic_ns()
        self.disk.cut()
        killer = threading.Timer(60, os.kill, (pid, signal.SIGKILL))  # its own child, which has to end by itself
        killer.start()
        status = self.load.end()
        killer.cancel()
        self.load.tell(f"cut {instant}")
        self.disk.unmount()
        self.disk.mount()
        self.cuts += 1
        self.during += status != 0
        self.usual *= 1.05 if status != 0 else 0.85  # whatever else the machine does, most cuts fall into the load
        return status != 0

    def measure(self, size):
        """How long a load takes here, so that the cuts fall into it."""
        begun = time.monotonic()
        self.load.begin(f"load {size}")
        if self.load.end() != 0:
            raise RuntimeError(f"without a power cut it failed too: {self.load.history()[-5:]}")
        self.usual = time.monotonic() - begun

    def life(self, number, cuts):
        size = MESSAGES if self.what == "store" else FILES
        folder = self.disk.path / f"life-{number}"
        self.load = Load(self.environment)
        try:
            self.load.tell(f"{self.what} {folder}")
            if self.usual == 0:
                self.measure(size)
            end = self.cuts + cuts
            while self.cuts < end:
                during = self.power_goes(f"load {size}", self.dice.uniform(0, self.usual * 1.1))
                if during and self.what == "store" and self.cuts < end and self.dice.random() < 0.3:
                    self.power_goes("load 0", self.dice.uniform(0, self.usual / 4))  # and again while it recovers
                self.load.begin("finish")
                status = self.load.end()
                if not self.judge(f"{self.disk.kind} {self.what} {number}, cut {self.cuts}", status):
                    return
        finally:
            self.load.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def judge(self, name, status):
        history = checker.History(name)
        lines = self.load.history()
        for line in lines:
            history.take(json.loads(line))
        self.acked = max(self.acked, len(history.acked))
        if status != 0:
            history.fault("unsound", f"it does not start again: {status}")
        faults = history.judge()
        if faults:
            self.guilty.append((name, faults))
            if self.environment is None:
                print("GUILTY", name, *faults[:5], *lines[-40:], sep="\n  ", flush=True)
        return not faults

    def run(self, cuts, lives=LIVES, guilty=None):
        """guilty: after so many it is enough."""
        while self.cuts < cuts and (guilty is None or len(self.guilty) < guilty):
            self.life(self.number, min(lives, cuts - self.cuts))
            self.number += 1


def trials(kind, args, folder, said):
    """What is tried on one file system: (name, trial, has to be guilty)."""
    dice = random.Random(f"{args.seed} {kind}")
    eat = {"LD_PRELOAD": "libeatmydata.so"}
    blind = {"LD_PRELOAD": str(BIN / "no_folder_sync.so")}
    rows = [("store", None, args.cuts, False), ("files", None, args.cuts // 2, False),
            ("store", eat, args.control, True), ("files", blind, args.control, True)]
    with Disk(folder, kind) as disk:
        for what, environment, cuts, control in rows:
            if cuts == 0:
                continue
            trial = Trial(disk, dice, what, environment)
            lives = 1 if control else LIVES
            step = max(LIVES, cuts // 10)
            most = cuts if control else 6 * cuts  # more than were asked for only when all came after the load
            while trial.cuts < cuts or (trial.during == 0 and trial.cuts < most):
                trial.run(max(trial.cuts + 1, min(cuts, trial.cuts + step)), lives, guilty=args.guilty if control else None)
                if control and len(trial.guilty) >= args.guilty:
                    break
                if cuts >= 100:
                    print(f"{kind} {what}: {trial.cuts} cuts, {len(trial.guilty)} guilty", flush=True)
            said.append((kind, what, control, trial))


def report(said, guilty):
    passed = failed = 0
    for kind, what, control, trial in said:
        # cuts that all came too early or too late would prove nothing
        right = len(trial.guilty) >= guilty if control else not trial.guilty and trial.during > 0 and trial.acked > 0
        name = f"{kind}: {what}" + (", the control" if control else "")
        print(f"{'ok    ' if right else 'FAILED'} {name}: {trial.cuts} cuts, {trial.during} of them while it worked,"
              f" {len(trial.guilty)} guilty" + (f" (at least {guilty} have to be)" if control else ""))
        if not control or not right:
            for case, faults in trial.guilty[:5]:
                print(f"  {case}", *faults[:5], sep="\n    ")
        passed, failed = passed + right, failed + (not right)
    return passed, failed


def guarded(kind, args, folder, said):
    try:
        trials(kind, args, folder, said)
    except (RuntimeError, OSError) as fault:
        said.append((kind, str(fault), None, None))


def alone():
    """Into a mount namespace of its own. Else whoever makes one meanwhile has our mounts too, and unmounting does not end them;
    and whatever happens to this program, its mounts end with it."""
    if os.environ.get("WG_POWER_ALONE") is None:
        os.environ["WG_POWER_ALONE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv])


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", type=int, default=40)
    parser.add_argument("--guilty", type=int, default=1)
    parser.add_argument("--only", choices=sorted(SIZE))
    parser.add_argument("--folder")
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("FAILED: cutting the power of a file system needs root: run this as root\n0 passed, 1 failed")
        return 1
    alone()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    print(f"seed {args.seed}")
    said = []
    with tempfile.TemporaryDirectory(prefix="wg-power-", dir=args.folder) as name:
        threads = [threading.Thread(target=guarded, args=(kind, args, pathlib.Path(name), said))
                   for kind in SIZE if args.only in (None, kind)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    broken = [row for row in said if row[3] is None]
    for kind, fault, _, _ in broken:
        print(f"FAILED {kind}: {fault}")
    passed, failed = report([row for row in said if row[3] is not None], args.guilty)
    print(f"{passed} passed, {failed + len(broken)} failed")
    return 0 if passed > 0 and failed + len(broken) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
