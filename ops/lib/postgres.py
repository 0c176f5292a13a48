"""PostgreSQL for ops/cluster-demo: a primary and a synchronous standby, each in a folder of its own, on Unix sockets alone.

Whoever can pass into the sockets' folder (mode 0700) is let in; nothing listens on the network. PostgreSQL refuses to run as
root: for root it runs as the user postgres. What is started is ended by process id.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import world as w

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWNER = "wardgate"
STANDBY = "standby"
# Everything that is acknowledged is on the disk of both; small, for a demonstration.
SETTINGS = {
    "listen_addresses": "", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_level": "replica", "hot_standby": "on",
    "max_connections": "120", "shared_buffers": "64MB", "dynamic_shared_memory_type": "mmap", "wal_log_hints": "on", "wal_keep_size": "256MB",
    "max_wal_senders": "4", "wal_sender_timeout": "10s", "wal_receiver_timeout": "10s", "logging_collector": "off",
}
START_S = 120  # for what hangs


def programs():
    """Where the server's programs are: of the newest version that is installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL's server is not installed: ops/packages")
    return found[-1].parent


def as_owner(*words):
    words = [str(word) for word in words]
    return words if os.geteuid() != 0 else ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *words]


def run(*words):
    done = subprocess.run(as_owner(*words), capture_output=True, text=True, cwd="/", timeout=START_S)
    if done.returncode != 0:
        raise RuntimeError(f"{pathlib.Path(words[0]).name}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def tell(pids, number):
    """That signal to those of them that live."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # it ended meanwhile


def kill_family(process):
    """SIGKILL to a process and all its descendants, as when a machine loses its power: none of them has a last word. The
    first goes first, so that it starts none anew."""
    members = w.family(process.pid)
    tell(members, signal.SIGKILL)
    process.wait()
    return len(members)


class Server:
    def __init__(self, place, name):
        self.place, self.name = place, name
        self.data, self.socket, self.log = place.folder / name, place.sockets / name, place.folder / f"{name}.log"
        self.process = None

    def address(self, database="postgres"):
        return f"host={self.socket} dbname={database} user={OWNER}"

    def start(self, **settings):
        words = [word for name, value in (SETTINGS | settings).items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(as_owner(programs() / "postgres", "-D", self.data, "-k", self.socket, *words), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd="/", start_new_session=True)
        w.wait_for(f"PostgreSQL ({self.name}) answers (log: {self.log})", START_S, self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ({self.name}) ended with {self.process.returncode}; see {self.log}")
        return subprocess.run([programs() / "pg_isready", "-q", "-h", self.socket], stdin=subprocess.DEVNULL).returncode == 0

    def ask(self, sql, database="postgres"):
        """Rows of texts; NULL is empty."""
        done = subprocess.run([programs() / "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-c", sql, self.address(database)],
                              capture_output=True, text=True, timeout=START_S)
        if done.returncode != 0:
            raise RuntimeError(f"psql ({self.name}): {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def kill(self):
        """The machine it runs on is gone."""
        kill_family(self.process)
        self.forget_memory()

    def promote(self):
        run(programs() / "pg_ctl", "promote", "-D", self.data, "-w", "-t", START_S)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast: clients are sent away
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def forget_memory(self):
        """What a killed server leaves beside its files: one small segment of shared memory, named in postmaster.pid."""
        pid = self.data / "postmaster.pid"
        lines = pid.read_text().splitlines() if pid.exists() else []
        numbers = lines[6].split() if len(lines) > 6 else []
        if len(numbers) == 2:
            subprocess.run(as_owner("ipcrm", "-m", numbers[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Pair:
    """A primary and its synchronous standby, and the databases in them."""

    def __init__(self, folder, databases):
        self.folder = folder / "postgresql"
        self.databases = databases
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="wg-cluster-"))  # a socket's path is short
        for path in (self.folder, self.sockets):
            path.mkdir(exist_ok=True)
            path.chmod(0o700)
        self.primary, self.standby = Server(self, "one"), Server(self, "two")
        for server in (self.primary, self.standby):
            server.socket.mkdir()
        if os.geteuid() == 0:
            folder.chmod(0o711)  # the server's user must be able to pass through it
            for path in (self.folder, self.sockets, *self.sockets.iterdir()):
                shutil.chown(path, "postgres", "postgres")

    def start(self):
        bin = programs()
        run(bin / "initdb", "-D", self.primary.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums")
        self.primary.start()
        for name in self.databases:
            self.primary.ask(f'CREATE DATABASE "{name}"')
        run(bin / "pg_basebackup", "-D", self.standby.data, "-R", "-c", "fast", "-X", "stream", "-d",
            f"host={self.primary.socket} user={OWNER} application_name={STANDBY}")
        self.standby.start()
        self.primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        self.primary.ask("SELECT pg_reload_conf()")
        w.wait_for("the standby is synchronous", START_S, self.is_synchronous)

    def is_synchronous(self):
        return [STANDBY, "sync"] in self.primary.ask("SELECT application_name, sync_state FROM pg_stat_replication")

    def fail_over(self):
        """After the primary is gone: the other one takes over, and is alone."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def address(self, database):
        """For a client that has to find the one that can be written to: both, in the order that they were made in."""
        hosts = ",".join(str(s.socket) for s in sorted((self.primary, self.standby), key=lambda s: s.name))
        return f"host={hosts} dbname={database} user={OWNER}"

    def version(self):
        return re.match(r"[\d.]+", self.primary.ask("SHOW server_version")[0][0])[0]

    def stop(self):
        for server in (self.primary, self.standby):
            server.stop()
        shutil.rmtree(self.sockets)
