"""Where the time goes: perf on each role while notices are delivered as fast as can be, the functions that took most by role. Where perf may not run that is
said instead; `valgrind --tool=callgrind` of one role is then the way."""
import re
import shutil
import subprocess
import time

import setting
import ways
import world as w

TOP = 18      # functions of a role
SETTLE_S = 1  # until the load is under way


def top(text):
    """[(share, object, function)] of what `perf report --stdio` printed."""
    found = re.findall(r"^\s+(\d+\.\d+)%\s+(\S+)\s+\[[.k]\]\s+(.+?)(?:\s+-\s+-)?\s*$", text, re.MULTILINE)
    return [(float(share), where, function) for share, where, function in found]


def members(role, pid):
    return [str(one) for one in w.family(pid)] if role == "process" or role == "deliver" else [str(pid)]


def profile(bench):
    """Rows: processor seconds of each role a notice; the functions go to bench.profile, as text."""
    if shutil.which("perf") is None:
        bench.note("no profile: perf is missing (Debian package linux-perf)")
        return []
    folder = bench.folder("profile")
    sink = setting.Sink(folder)
    front = single = None
    recorders, lines, rows = [], [], []
    try:
        front = setting.Front(folder / "front", bench.pki(), sink)
        single = setting.Single(folder / "gateway", bench.binary, bench.pki(), front.port)
        single.gateway.start()
        count = setting.SESSIONS * 4
        started = time.monotonic()
        single.submit(count)
        sink.wait(count)
        wanted = max(setting.SESSIONS * 2, int(count / (time.monotonic() - started) * bench.size("profile-s")))
        before = {role: (pid, ways.cpu_seconds(pid)) for role, pid in single.gateway.roles().items()}
        for role, (pid, _) in before.items():
            output = folder / f"{role}.data"
            recorders.append((role, output, subprocess.Popen(
                ["perf", "record", "-q", "-F", "499", "-o", output, "-p", ",".join(members(role, pid)), "--inherit"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)))
        time.sleep(SETTLE_S)
        single.submit(wanted)
        sink.wait(count + wanted)
        for role, output, recorder in recorders:
            recorder.send_signal(2)
            errors = recorder.communicate(timeout=60)[1]
            pid, used = before[role]
            rows.append((f"cpu-{role}", (ways.cpu_seconds(pid) - used) / wanted * 1000, "ms/notice"))
            lines += [f"{role}: {rows[-1][1]:.3f} ms of processor time a notice"]
            done = subprocess.run(["perf", "report", "--stdio", "-q", "--no-children", "-g", "none", "--sort", "dso,symbol", "-i", output],
                                  capture_output=True, text=True)
            found = top(done.stdout)
            lines += [f"  {share:6.2f} %  {function}  ({where})" for share, where, function in found[:TOP]]
            if not found:
                lines += [f"  nothing was sampled: {(errors + done.stderr).strip()[:300]}"]
    finally:
        for _, _, recorder in recorders:
            if recorder.poll() is None:
                recorder.kill()
                recorder.wait()
        for side in (front, sink):
            if side is not None:
                side.stop()
        if single is not None:
            single.close()
    bench.profile = "\n".join(lines) + "\n"
    return rows
