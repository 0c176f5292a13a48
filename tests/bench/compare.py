"""The gateway beside Postfix and beside the floor program: the same machine, the same disk, the same number of kept connections, one after the other in
rounds, every second round the other way about. What is printed is the median of the rounds, and how far they lie apart."""
import os
import signal
import subprocess
import time

import postgres_side
import setting
import sums
import ways
import world as w


def count_for(rate, seconds):
    """Messages of a round that is to take so long."""
    return max(setting.SESSIONS * 2, min(int(rate * seconds), 200000))


def rows_of(name, values, unit):
    return [(name, sums.median(values), unit), (f"{name}-spread", sums.spread(values), "share")]


def flushes(folder):
    """Times that the disk below the folder was told to make everything durable, since the machine started; None where the kernel does not say."""
    device = os.stat(folder).st_dev
    for line in open("/proc/diskstats"):
        fields = line.split()
        if [int(fields[0]), int(fields[1])] == [os.major(device), os.minor(device)] and len(fields) > 18:
            return int(fields[18])
    return None


class Stopped:
    """Roles of a gateway that do nothing for a while."""

    def __init__(self, gateway, *roles):
        self.heads = [gateway.roles()[role] for role in roles]

    def __enter__(self):
        for pid in self.heads:
            os.kill(pid, signal.SIGSTOP)
        self.pids = [pid for head in self.heads for pid in w.family(head)]  # the processes that do a role's work too
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)


def accept(bench):
    """Notices and mails accepted per second, durably, while neither is handed on: our process and deliver roles stand still, Postfix has no queue manager."""
    folder = bench.folder("accept")
    sink = setting.Sink(folder)
    ours = theirs = None
    try:
        theirs = setting.Postfix(folder / "postfix", sink.port, deliver=False)
        ours = setting.Single(folder / "gateway", bench.binary, bench.pki(), sink.port)
        ours.gateway.start()
        with Stopped(ours.gateway, "process", "deliver"):
            seconds = bench.size("accept-s")
            warm = bench.size("warm")
            count = {"ours": count_for(warm / ours.submit(warm)["seconds"], seconds), "theirs": count_for(warm / theirs.submit(warm), seconds)}
            rates, client, cpu = {"ours": [], "theirs": []}, [], []
            pid = ours.gateway.process.pid
            for turn in sums.turns(bench.size("rounds"), ("ours", "theirs")):
                for side in turn:
                    if side == "theirs":
                        rates[side].append(count[side] / theirs.submit(count[side]))
                        continue
                    before = ways.cpu_seconds(pid)
                    said = ours.submit(count[side])
                    rates[side].append(count[side] / said["seconds"])
                    client.append(said["cpu"] / count[side])
                    cpu.append((ways.cpu_seconds(pid) - before) / count[side])
            half = max(1, int(sums.median(rates["ours"]) * 60 / 2))
            alone = ours.submit(count_for(half / 60, bench.size("half-s")), half)
    finally:
        for side in (theirs, sink):
            if side is not None:
                side.stop()
        if ours is not None:
            ours.close()
    return [*rows_of("accepted", rates["ours"], "notices/s"), *rows_of("postfix-accepted", rates["theirs"], "mails/s"),
            ("accept-vs-postfix", sums.median(rates["ours"]) / sums.median(rates["theirs"]), "ratio"),
            ("accept-cpu", sums.median(cpu) * 1000, "ms/notice"), ("accept-client-cpu", sums.median(client) * 1000, "ms/notice"),
            ("accept-alone-p50", alone["p50"], "s"), ("accept-alone-p99", alone["p99"], "s")]


def floor(bench):
    """The library calls that a notice cannot do without, and nothing else: for one recipient and for three."""
    mine, folder = bench.pki() / "staffordshire", bench.folder("floor")
    (folder / "notice.xml").write_text(setting.template().replace("@N@", "0").replace("@0N@", "00000000"))
    rows = []
    for recipients, end in ((1, ""), (3, "-of-three")):
        said = subprocess.run([bench.binary / "floor", folder / "notice.xml", setting.ROOT / "xsd/wardgate/1/notice.xsd", mine / "smime.pem",
                               mine / "smime.key", mine / "desk.pem", mine / "storage.pem", mine / "storage.key", folder / f"floor{recipients}.db",
                               str(bench.size("floor-s")), str(recipients)], check=True, capture_output=True, text=True).stdout
        rows += [(name + end, value, unit) for name, (value, unit) in sums.parse(said).items() if end == "" or not name.startswith("floor-accept")]
    return rows


def deliver(bench):
    """Notices accepted, decided, signed, sealed and handed over by mail per second, from the first submission until smtp-sink has the last; Postfix
    relaying mails the same way; what one costs in processor time beside the floor; and how long one takes at half that load."""
    folder, floor_rows = bench.folder("deliver"), {name: value for name, value, _ in bench.rows("floor")}
    sinks = [setting.Sink(folder), setting.Sink(folder)]
    front = ours = theirs = None
    try:
        theirs = setting.Postfix(folder / "postfix", sinks[1].port, deliver=True)
        front = setting.Front(folder / "front", bench.pki(), sinks[0])
        ours = setting.Single(folder / "gateway", bench.binary, bench.pki(), front.port)
        ours.gateway.start()
        pid = ours.gateway.process.pid

        def one(side, count):
            sink, start = sinks[side == "theirs"], time.monotonic()
            goal = sink.count + count
            (theirs if side == "theirs" else ours).submit(count)
            sink.wait(goal)
            return count / (time.monotonic() - start)
        seconds = bench.size("deliver-s")
        count = {side: count_for(one(side, bench.size("warm")), seconds) for side in ("ours", "theirs")}
        rates, cpu, flushed = {"ours": [], "theirs": []}, [], {"ours": [], "theirs": []}
        for turn in sums.turns(bench.size("rounds"), ("ours", "theirs")):
            for side in turn:
                before, disk = ways.cpu_seconds(pid), flushes(folder)
                rates[side].append(one(side, count[side]))
                if disk is not None:
                    flushed[side].append((flushes(folder) - disk) / count[side])
                if side == "ours":
                    cpu.append((ways.cpu_seconds(pid) - before) / count[side])
        rate, first = sums.median(rates["ours"]), ours.first
        half = max(1, int(rate * 60 / 2))
        number = count_for(half / 60, bench.size("half-s"))
        goal = sinks[0].count + number
        load = ours.submit(number, half)
        sinks[0].wait(goal)
        ours.gateway.stop()
        waits = ways.times(ours.gateway, first, number)
    finally:
        for side in (theirs, front, *sinks):
            if side is not None:
                side.stop()
        if ours is not None:
            ours.close()
    if len(waits) != number:
        raise RuntimeError(f"{len(waits)} copies of {number} notices are in the store; see {folder}/gateway")
    late = [done - accepted for accepted, done in waits]
    return [*rows_of("delivered", rates["ours"], "notices/s"), *rows_of("postfix-relayed", rates["theirs"], "mails/s"),
            *((name, sums.median(flushed[side]), unit) for side, name, unit in
              (("ours", "deliver-flushes", "flushes/notice"), ("theirs", "postfix-flushes", "flushes/mail")) if flushed[side]),
            ("deliver-vs-postfix", rate / sums.median(rates["theirs"]), "ratio"), ("deliver-cpu", sums.median(cpu) * 1000, "ms/notice"),
            ("cpu-vs-floor", sums.median(cpu) * 1000 / floor_rows["floor-cpu"], "ratio"), ("half-load", half / 60, "notices/s"),
            ("accept-p50", load["p50"], "s"), ("accept-p99", load["p99"], "s"),
            ("handed-over-p50", sums.percentile(late, 50), "s"), ("handed-over-p99", sums.percentile(late, 99), "s")]


class Lane:
    """A gateway with one recipient a notice, its front and its sink."""

    def __init__(self, bench, folder, name, **more):
        self.sink = setting.Sink(folder)
        self.front = setting.Front(folder / f"front-{name}", bench.pki(), self.sink)
        self.single = setting.Single(folder / name, bench.binary, bench.pki(), self.front.port, **more)

    def deliver(self, count):
        """Notices per second from the first submission until the sink has the last."""
        goal, start = self.sink.count + count, time.monotonic()
        self.single.submit(count)
        self.sink.wait(goal)
        return count / (time.monotonic() - start)

    def close(self):
        self.single.close()
        self.front.stop()
        self.sink.stop()


def race(bench, lanes):
    """name -> rates of the rounds, of lanes that take turns; all of them get the same number of notices, the slowest one's."""
    count = min(count_for(lane.deliver(bench.size("warm")), bench.size("store-s")) for lane in lanes.values())
    rates = {name: [] for name in lanes}
    for turn in sums.turns(bench.size("store-rounds"), tuple(lanes)):
        for name in turn:
            rates[name].append(lanes[name].deliver(count))
    return rates


def postgresql(bench):
    """The delivering of `deliver` on a store in PostgreSQL on the same machine, against the one in SQLite."""
    if 'name="store"' not in (setting.ROOT / "xsd/config.xsd").read_text():
        bench.note('postgresql-vs-sqlite is absent: this program has no <store driver="postgresql"> yet')
        return []
    folder, server, lanes = bench.folder("postgresql"), None, {}
    try:
        server = postgres_side.Postgres(bench.folder("postgresql-server"))
        for name, beside in (("sqlite", ""), ("postgresql", server.element())):
            lanes[name] = Lane(bench, folder, name, beside=beside)
            lanes[name].single.gateway.start()
        rates = race(bench, lanes)
        if (lanes["postgresql"].single.gateway.state / "store.db").exists():
            raise RuntimeError("the gateway on PostgreSQL keeps a store.db: that is not what was to be measured")
    finally:
        for lane in lanes.values():
            lane.close()
        if server is not None:
            server.stop()
    return [*rows_of("delivered-on-sqlite", rates["sqlite"], "notices/s"), *rows_of("delivered-on-postgresql", rates["postgresql"], "notices/s"),
            ("postgresql-vs-sqlite", sums.median(rates["postgresql"]) / sums.median(rates["sqlite"]), "ratio")]
