"""One PostgreSQL in a folder of its own, on a Unix socket alone, with its default settings: what is committed is on the disk."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import world as w
from postgres import START_S, as_owner, programs, run

OWNER, DATABASES = "wardgate", ("store", "keys")


class Postgres:
    def __init__(self, folder):
        programs_in = programs()
        folder.chmod(0o711)
        data, self.log = folder / "data", folder / "postgresql.log"
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="wg-bench-"))  # a socket's path is short
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            for path in (data, self.sockets):
                shutil.chown(path, "postgres", "postgres")
        self.sockets.chmod(0o755)
        run(programs_in / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(as_owner(programs_in / "postgres", "-D", data, "-k", self.sockets, "-c", "listen_addresses="),
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True)
        w.wait_for(f"PostgreSQL answers (log: {self.log})", START_S,
                   lambda: subprocess.run([programs_in / "pg_isready", "-q", "-h", self.sockets], stdin=subprocess.DEVNULL).returncode == 0)
        for name in DATABASES:
            run(programs_in / "createdb", "-h", self.sockets, "-U", OWNER, name)

    def element(self):
        """For a gateway's configuration."""
        database, keys = (f"host={self.sockets} dbname={name} user={OWNER}" for name in DATABASES)
        return f'<store driver="postgresql" database="{database}" keys="{keys}"/>'

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast: clients are sent away
            self.process.wait(60)
        shutil.rmtree(self.sockets, ignore_errors=True)
